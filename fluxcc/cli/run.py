"""``run``: the daemon, in the foreground."""

from __future__ import annotations

import faulthandler
import os
import resource
import sys

import click

from fluxcc.cli.session import MISCONFIGURED, Session, pass_session
from fluxcc.config import load


@click.command("run")
@pass_session
def run_command(session: Session) -> None:
    """Run the daemon in the foreground (systemd does so)."""
    # Its files are for its group at most, and there are no core dumps: they would have the numbers
    # of callers and the password. The unit says the same, for a daemon that systemd starts.
    os.umask(os.umask(0o777) | 0o027)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = session.load_settings(is_password_needed=True)

    from fluxcc import bootstrap, logs, runtime  # noqa: PLC0415  # gevent takes its time
    from fluxcc.domain.errors import (  # noqa: PLC0415
        AddressRefusedError,
        LinkRefusedError,
        StartError,
    )

    logs.set_up(settings.log.level, settings.log.format)
    runtime.log_failures()
    sys.excepthook = logs.log_crash
    # systemd's watchdog ends a stuck daemon by SIGABRT; the journal then has its stack.
    faulthandler.enable()
    try:
        bootstrap.daemon(settings, lambda: load(session.file, os.environ)).run()
    except AddressRefusedError as error:
        click.echo(
            f"{error}; have that ACL admit it (loopback.auto has 127.0.0.1 and ::1), or set"
            " pbx.host to an address from which it is admitted",
            err=True,
        )
        sys.exit(MISCONFIGURED)
    except StartError as error:
        click.echo(str(error), err=True)
        sys.exit(MISCONFIGURED)
    except LinkRefusedError as error:
        click.echo(f"{error}; set pbx.password or pbx.password_file to event_socket's", err=True)
        sys.exit(MISCONFIGURED)
