"""``python -m fuzz``: every target for so many executions, and a table of what came of it.

``python -m fuzz TARGET --runs N`` is one of them, in a process of its own under atheris. A finding
does not end the run: it is kept under ``.fuzz/findings`` once for each place in the program, with
the bytes that made it, and the exit code says that there are some.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import re
import subprocess
import sys
import time
import traceback
from pathlib import Path

FOLDER = Path(".fuzz")
FINDINGS = FOLDER / "findings"
_DONE = re.compile(r"^Done (\d+) (?:runs )?in", re.MULTILINE)
_LAST = re.compile(r"^#(\d+)\s", re.MULTILINE)
SLOWEST = 20
"""Seconds in which an execution must end."""


def run_one(name: str, runs: int) -> None:
    """Does not return: libFuzzer ends the process."""
    import atheris  # noqa: PLC0415  # only where it is installed, and before what it instruments

    with atheris.instrument_imports(include=["fluxcc"]):
        from fuzz import targets  # noqa: PLC0415
    from fuzz.corpus import seeds  # noqa: PLC0415

    target, longest, _ = targets.TARGETS[name]
    corpus = FOLDER / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        kept = corpus / hashlib.sha256(seed).hexdigest()[:32]
        kept.write_bytes(seed[:longest])
    known: set[tuple[str, int]] = set()

    def execute(data: bytes) -> None:
        try:
            target(data)
        except Exception as error:
            # Where in the program, or in the target's own claims, it broke.
            frames = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in frames if "/fluxcc/" in frame.filename] or frames
            own = frames[-1] if isinstance(error, AssertionError) else ours[-1]
            place = (f"{type(error).__name__} {own.filename}", own.lineno or 0)
            if place not in known:
                known.add(place)
                _keep(name, place, data, error)

    FINDINGS.mkdir(parents=True, exist_ok=True)
    arguments = [
        f"-runs={runs}",
        f"-max_len={longest}",
        f"-timeout={SLOWEST}",
        "-rss_limit_mb=1024",
    ]
    arguments += [f"-artifact_prefix={FINDINGS}/{name}-", str(corpus)]
    atheris.Setup([sys.argv[0], *arguments], execute)
    atheris.Fuzz()


def _keep(name: str, place: tuple[str, int], data: bytes, error: Exception) -> None:
    key = hashlib.sha256(repr(place).encode()).hexdigest()[:8]
    (FINDINGS / f"{name}-{key}.bytes").write_bytes(data)
    with contextlib.suppress(RecursionError):
        text = "".join(traceback.format_exception(error))
        (FINDINGS / f"{name}-{key}.txt").write_text(
            text[-4000:], encoding="utf-8", errors="replace"
        )


def run_all(total: int, names: list[str]) -> int:
    """Each target with its share of the executions; the number of findings."""
    from fuzz.targets import TARGETS  # noqa: PLC0415

    FINDINGS.mkdir(parents=True, exist_ok=True)
    print(f"{'target':<14} {'executions':>12} {'seconds':>8} {'findings':>8}", flush=True)
    sums = [0, 0.0, 0]
    for name in names or TARGETS:
        runs = max(1000, round(total * TARGETS[name][2]))
        for old in FINDINGS.glob(f"{name}-*"):
            old.unlink()
        begun = time.monotonic()
        log = FOLDER / f"{name}.log"
        with log.open("wb") as file:
            command = [sys.executable, "-m", "fuzz", name, "--runs", str(runs)]
            ended = subprocess.run(command, stdout=file, stderr=file, check=False)  # noqa: S603
        text = log.read_text(encoding="utf-8", errors="replace")
        told = _DONE.findall(text) or _LAST.findall(text) or ["0"]
        # What libFuzzer stopped at itself (too slow, too much memory) has bytes and no text.
        found = len({path.stem for path in FINDINGS.glob(f"{name}-*")}) or int(
            ended.returncode != 0
        )
        row = [int(told[-1]), time.monotonic() - begun, found]
        sums = [a + b for a, b in zip(sums, row, strict=True)]
        print(f"{name:<14} {row[0]:>12,} {row[1]:>8.0f} {row[2]:>8}", flush=True)
    print(f"{'all':<14} {sums[0]:>12,} {sums[1]:>8.0f} {sums[2]:>8}", flush=True)
    return int(sums[2])


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="fuzz", description="Fuzz what reads strangers' bytes.")
    parser.add_argument("names", nargs="*", metavar="TARGET")
    parser.add_argument("--runs", type=int, help="executions of this one target, in this process")
    parser.add_argument("--total", type=int, default=200_000, help="executions of all together")
    given = parser.parse_args()
    if given.runs is not None:
        run_one(given.names[0], given.runs)
    return 1 if run_all(given.total, given.names) else 0


if __name__ == "__main__":
    sys.exit(main())
