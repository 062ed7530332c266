"""``python -m fluxcc.lab.simulator``: serve one simulated PBX until killed."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import gevent

from .assembly import build
from .server import EventSocket


def main() -> None:
    """Parse the command line, print the bound port when ready, and serve."""
    parser = argparse.ArgumentParser(prog="fluxcc.lab.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument(
        "--conf", type=Path, required=True, help="a FreeSWITCH configuration folder"
    )
    parser.add_argument("--password", default="ClueCon")
    parser.add_argument("--nosql", action="store_true", help="show lists nothing")
    arguments = parser.parse_args()
    logging.basicConfig(format="simulator: %(levelname)s: %(message)s")
    pbx = build(arguments.conf)
    pbx.has_tables = not arguments.nosql
    for folder in pbx.configuration.folders.values():
        folder.mkdir(exist_ok=True)
    server = EventSocket(pbx, arguments.port, arguments.password)
    server.start()
    gevent.spawn(pbx.send_heartbeats)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
