"""``python -m chaos``: every theme, or one, in full or in short."""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chaos.report import Report
from chaos.subject import Subject
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.lab.simulated import SimulatedLab

THEMES = ("store", "time", "gate", "soak", "restarts", "link", "kills", "overload")
LIVE = {"restarts": 5, "kills": 60, "gate": 0, "soak": 0}
"""Themes for a real FreeSWITCH too, where there is one, and how many there; the soak only there."""
AT_ONCE = 4
"""Themes side by side in ``--quick``; each has a PBX and a daemon of its own."""
LABS = {"simulator": SimulatedLab, "freeswitch": RealLab}


def main() -> int:
    """Run what was asked for; 1 where a rule is broken."""
    wanted = _arguments()
    why_not = why_unavailable()
    if wanted.pbx == "freeswitch" and why_not:
        print(why_not, file=sys.stderr)
        return 2
    if wanted.quick and not wanted.only:
        return _side_by_side(wanted)
    report = Report()
    _stop_after(wanted.limit)
    for theme, pbx, count in _runs(wanted, has_freeswitch=not why_not):
        print(f"{theme} on {pbx}", flush=True)
        folder = Path(tempfile.mkdtemp(prefix="fluxcc-chaos-"))
        run = importlib.import_module(f"chaos.{'clock' if theme == 'time' else theme}").run
        options = {"minutes": wanted.minutes, "count": wanted.count or count, "rate": wanted.rate}
        taken = {
            name: value
            for name, value in options.items()
            if value and name in inspect.signature(run).parameters
        }
        try:
            run(report, LABS[pbx], folder, quick=wanted.quick, **taken)
        except Exception:
            traceback.print_exc()
            report.broken.append(f"{theme}: ended by an exception")
        finally:
            Subject.close_all()
            if wanted.keep:
                print(f"{theme}: logs and stores in {folder}")
            else:
                shutil.rmtree(folder, ignore_errors=True)
    if report.broken:
        print(f"{len(report.broken)} rules broken", file=sys.stderr)
    return 1 if report.broken else 0


def _runs(wanted: argparse.Namespace, *, has_freeswitch: bool) -> list[tuple[str, str, int]]:
    """Theme, PBX, and how many kills or restarts where that is not as usual."""
    if wanted.only or wanted.pbx:
        return [(theme, wanted.pbx or "simulator", 0) for theme in wanted.only or THEMES]
    if not has_freeswitch:
        return [(theme, "simulator", 0) for theme in THEMES]
    played = [(theme, "simulator", 0) for theme in THEMES if theme != "soak"]
    return played + [(theme, "freeswitch", count) for theme, count in LIVE.items()]


def _side_by_side(wanted: argparse.Namespace) -> int:
    """In short the themes mostly wait, so a few of them run at once, each in a process."""

    def run(theme: str) -> int:
        pbx = wanted.pbx or "simulator"
        command = [sys.executable, "-m", "chaos", "--quick", "--only", theme, "--pbx", pbx]
        done = subprocess.run(
            [*command, "--limit", "120"], capture_output=True, text=True, check=False
        )
        print(done.stdout, done.stderr, sep="", end="", flush=True)
        return done.returncode

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return max(pool.map(run, THEMES))


def _arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="chaos", description=__doc__)
    options.add_argument("--only", action="append", choices=THEMES, help="may be given twice")
    options.add_argument("--quick", action="store_true", help="a minute in all")
    options.add_argument("--pbx", choices=LABS, default="", help="where there is one, both")
    options.add_argument("--count", type=int, default=0, help="how many kills, cuts or restarts")
    options.add_argument(
        "--minutes", type=float, default=0.0, help="of the soak, or of the gate's stress"
    )
    options.add_argument("--rate", type=float, default=0.0, help="calls a second, where it counts")
    options.add_argument("--limit", type=float, default=7200.0, help="seconds until it gives up")
    options.add_argument("--keep", action="store_true", help="leave logs and stores behind")
    return options.parse_args()


def _stop_after(seconds: float) -> None:
    """Whatever hangs, the run ends; the labs' programs end with it."""

    def stop() -> None:
        print(f"not done after {seconds:.0f} s", file=sys.stderr, flush=True)
        Subject.close_all()
        os._exit(3)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    sys.exit(main())
