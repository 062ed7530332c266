"""``fluxcc`` as a process of its own, started cold or warm.

Cold is what everybody does: Python starts and imports for 0.7 s. The scenarios need it hundreds of
times, so most of them start it warm: forked from a process that has imported everything already.
Arguments, environment, output, signals and exit code are the same either way. What differs is what
``/proc`` shows of the command line and the environment, and the umask: tests of these start cold.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

NODE = "test"
"""Who writes the rows of the store."""
AREA_CODE = "11"
"""Where the PBXs of tests, chaos and benchmarks are at home: São Paulo."""

WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(["tests.testing.imported"])


def environment(
    port: int, password: str, database: Path, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The variables of a ``fluxcc`` beside the PBX on this port, with this SQLite file as its
    store; ``settings`` are further ones. The machine's own settings and language do not count."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLUXCC_", "LC_", "LANG"))
    }
    own = {
        "FLUXCC_CONFIG": os.devnull,
        "FLUXCC_PBX_NODE": NODE,
        "FLUXCC_PBX_PORT": str(port),
        "FLUXCC_PBX_PASSWORD": password,
        "FLUXCC_STORE_URL": f"sqlite:///{database}",
        "FLUXCC_NUMBERS_AREA_CODE": AREA_CODE,
        # Several daemons run side by side.
        "FLUXCC_METRICS_LISTEN": "",
    }
    return kept | own | dict(settings or {})


class Program(Protocol):
    """A run of ``fluxcc``."""

    @property
    def pid(self) -> int:
        """Its process."""
        ...

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        ...

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        ...

    def wait(self, timeout: float) -> int:
        """Its exit code. TimeoutError if it still runs after so many seconds."""
        ...


class Cold:
    """Started as an administrator would."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: Path,
        errors: Path,
        *,
        wrapper: Sequence[str] = (),
    ) -> None:
        """Its output is appended to these files; ``wrapper`` is a command that runs it."""
        with output.open("ab") as stdout, errors.open("ab") as stderr:
            self._process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "fluxcc", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        self.pid = self._process.pid
        self.poll = self._process.poll
        self.send_signal = self._process.send_signal

    def wait(self, timeout: float) -> int:
        """See `Program`."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error


class Warm:
    """Forked from a process that has imported everything."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: Path,
        errors: Path,
        *,
        user: int = 0,
        spoil: str = "",
    ) -> None:
        """Its output is appended to these files; only root may let it be another ``user``'s.
        ``spoil`` names what is done to its daemon (see `spoilers`)."""
        self._process = WARM.Process(
            target=_run,
            args=(list(arguments), dict(environment), str(output), str(errors), user, spoil),
            daemon=True,
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """See `Program`."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """See `Program`."""
        if self._process.is_alive():
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """See `Program`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError
        return self._process.exitcode


def _run(
    arguments: list[str],
    environment: dict[str, str],
    output: str,
    errors: str,
    user: int,
    spoil: str,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in ((1, output), (2, errors)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(file, descriptor)
        os.close(file)
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    sys.argv = ["fluxcc", *arguments]

    from fluxcc.cli import main  # noqa: PLC0415  # only the child has any use for it

    if arguments[:1] == ["run"]:
        from tests.testing import stalls  # noqa: PLC0415  # the same

        stalls.watch(stalls.file_beside(Path(errors)))
    if spoil:
        from tests.testing import spoilers  # noqa: PLC0415  # the same

        spoilers.spoil(spoil)

    main()
