"""Plays shapes on a real FreeSWITCH and keeps what the event socket told of them.

``python -m tests.shapes.record [SHAPE …] [--domains] [--streams FOLDER] [--digests FOLDER]``

With ``--domains`` it plays those of two domains. The frames of each shape go to
``FOLDER/SHAPE.esl.gz``, and what FreeSWITCH shows at each stage (after how many events, whose leg
is which, ``show channels as json``, ``uuid_dump``) to ``SHAPE.stages.json.gz``; ``recordings.py``
reads both. For human readers a digest goes to ``SHAPE.txt`` and the stages to ``SHAPE.dump.txt``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from . import scripts
from .cast import Cast, Pool
from .digest import Names, digest
from .domains import ONE, TWO
from .listener import Listener, mask
from .port import LabError, Site
from .recordings import STREAMS
from .recordings import TWINS as TWINS_STREAMS
from .shape import SHAPES, TWINS, Shape
from .site import RealSite


class Recording:
    """One shape, from its first call to the end of its last leg."""

    def __init__(self, site: Site, shape: Shape, listener: Listener) -> None:
        self.shape = shape
        self.stages: dict[int, str] = {}
        self.dumps: list[str] = []
        self.snapshots: list[dict[str, Any]] = []
        self.fault = ""
        self._site = site
        self._listener = listener
        self.names = Names({})
        self.legend = ""

    def play(self, cast: Cast) -> None:
        """From stage to stage, and to the end."""
        try:
            for stage in self.shape.play(cast):
                self._reach(f"stage: {stage}", cast)
            self._listener.wait_quiet()
        except (LabError, AssertionError) as error:
            self.fault = f"{type(error).__name__}: {error}"
            self._reach(f"FAILED: {self.fault}", cast)
            traceback.print_exc()
        self._mark("everybody hangs up")
        self.names = Names(cast.legs)
        self.legend = self.names.legend(cast.legs)
        try:
            cast.close()
        except LabError as error:
            self.fault = self.fault or f"the end: {error}"
        self._end()

    def write(self, streams: Path, digests: Path) -> None:
        """The stream, the digest and the dumps."""
        heard = self._listener.heard
        lines = [f"{self.shape.name}: {self.shape.what}", f"on {self._site.name}", self.legend, ""]
        lines += digest(heard, self.stages, self.names)
        digests.mkdir(parents=True, exist_ok=True)
        (digests / f"{self.shape.name}.txt").write_text("\n".join([*lines, ""]))
        dump = "\n".join([*lines[:3], *map(self.names.shorten, self.dumps), ""])
        (digests / f"{self.shape.name}.dump.txt").write_text(dump)
        if not self.fault:
            streams.mkdir(parents=True, exist_ok=True)
            data = gzip.compress(b"".join(one.frame for one in heard), mtime=0)
            (streams / f"{self.shape.name}.esl.gz").write_bytes(data)
            stages = mask(json.dumps(self.snapshots, separators=(",", ":")).encode())
            (streams / f"{self.shape.name}.stages.json.gz").write_bytes(
                gzip.compress(stages, mtime=0)
            )

    def _reach(self, stage: str, cast: Cast) -> None:
        self._listener.wait_quiet()
        self._mark(stage)
        shown = json.loads(self._site.api("show channels as json"))
        rows = shown.get("rows", [])
        self.dumps.append(f"====== {stage}\nshow channels as json\n{_pretty(rows)}")
        roles = {leg: role for role, leg in cast.legs.items()}
        variables = {row["uuid"]: self._dump(row["uuid"]) for row in rows}
        for row in rows:
            dump = "\n".join(f"{key}: {value}" for key, value in variables[row["uuid"]].items())
            self.dumps.append(f"--- uuid_dump of {roles.get(row['uuid'], row['name'])}\n{dump}")
        self.snapshots.append(
            {
                "stage": stage.removeprefix("stage: "),
                "events": len(self._listener.heard),
                "legs": dict(cast.legs),
                "channels": shown,
                "variables": variables,
            }
        )

    def _dump(self, leg: str) -> dict[str, Any]:
        answer = self._site.api(f"uuid_dump {leg} json")
        found: dict[str, Any] = json.loads(answer, strict=False) if answer[:1] == "{" else {}
        return found

    def _mark(self, what: str) -> None:
        place = len(self._listener.heard)
        earlier = self.stages.get(place)
        self.stages[place] = f"{earlier}; {what}" if earlier else what

    def _end(self) -> None:
        deadline = time.monotonic() + 5
        while not self._site.api("show channels count").strip().startswith("0 total"):
            if time.monotonic() > deadline:
                self._mark("legs left over")
                self.fault = self.fault or "legs left over"
                self.dumps.append(self._site.api("show channels"))
                self._site.api("hupall")
                break
            time.sleep(0.05)
        self._listener.wait_quiet()


def _pretty(rows: list[dict[str, str]]) -> str:
    return "\n".join(
        "  " + " ".join(f"{key}={value}" for key, value in row.items() if value) for row in rows
    )


def main() -> int:
    """Record the shapes that are named, or all."""
    assert scripts
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=", ".join([*SHAPES, *TWINS]))
    parser.add_argument("--domains", action="store_true", help="those of two domains")
    parser.add_argument("--streams", type=Path)
    parser.add_argument("--digests", type=Path, default=Path("digests"))
    wanted = parser.parse_args()
    faults = 0
    homes, shapes = (TWO, TWINS) if wanted.domains else (ONE, SHAPES)
    streams = wanted.streams or (TWINS_STREAMS if wanted.domains else STREAMS)
    with RealSite(homes=homes) as site:
        pool = Pool(site)
        for name in wanted.shapes or shapes:
            began = time.monotonic()
            with Listener(site) as listener:
                recording = Recording(site, shapes[name], listener)
                recording.play(pool.cast())
                recording.write(streams, wanted.digests)
            faults += bool(recording.fault)
            stages = "; ".join(recording.stages.values())
            took = f"{time.monotonic() - began:.1f} s"
            print(f"{name:28} {recording.fault or 'ok':40} {took}  {stages}", flush=True)
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
