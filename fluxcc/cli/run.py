"""``run``: the daemon, in the foreground."""

from __future__ import annotations

import faulthandler
import os
import resource
import sys
from pathlib import Path

import click

from fluxcc.cli.session import MISCONFIGURED, Session, pass_session
from fluxcc.config import Settings, load


@click.command("run")
@pass_session
def run_command(session: Session) -> None:
    """Run the daemon in the foreground (systemd does so)."""
    # Its files are for its group at most, and there are no core dumps: they would have the numbers
    # of callers and the password. The unit says the same, for a daemon that systemd starts.
    _open_closed_streams()
    os.umask(os.umask(0o777) | 0o027)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = session.load_settings(is_password_needed=True)

    from fluxcc import logs  # noqa: PLC0415  # the rest of it takes its time

    # systemd's watchdog ends a stuck daemon by SIGABRT; the journal then has its stack.
    faulthandler.enable()
    with logs.in_background():
        logs.set_up(settings.log.level, settings.log.format)
        sys.excepthook = logs.log_crash
        failure = _live(settings, session.file)
    if failure:
        click.echo(failure, err=True)
        sys.exit(MISCONFIGURED)


def _live(settings: Settings, file: Path | None) -> str:
    """The daemon's life; why it ended, where an administrator must act."""
    from fluxcc import bootstrap, runtime  # noqa: PLC0415  # gevent takes its time
    from fluxcc.domain.errors import (  # noqa: PLC0415
        AddressRefusedError,
        LinkRefusedError,
        StartError,
    )

    runtime.log_failures()
    try:
        bootstrap.daemon(settings, lambda: load(file, os.environ)).run()
    except AddressRefusedError as error:
        return (
            f"{error}; have that ACL admit it (loopback.auto has 127.0.0.1 and ::1), or set"
            " pbx.host to an address from which it is admitted"
        )
    except StartError as error:
        return str(error)
    except LinkRefusedError as error:
        return f"{error}; set pbx.password or pbx.password_file to event_socket's"
    return ""


def _open_closed_streams() -> None:
    """Where the daemon was started without standard streams, let nothing else take their numbers:
    what is written to stderr would go into a connection or the store."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # It gets the lowest number that is free, which is this one.
            os.open(os.devnull, os.O_RDWR)
    # Python has none for one that was closed when it began.
    sys.stderr = sys.stderr or os.fdopen(2, "w")
