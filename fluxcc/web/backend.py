"""What the pages and the API work with, put together: one per process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from fluxcc.config import Settings
from fluxcc.config.values import SQLITE
from fluxcc.web.accounts import Accounts
from fluxcc.web.daemon import Daemon
from fluxcc.web.live import Live
from fluxcc.web.notices import Notices
from fluxcc.web.records import Records
from fluxcc.web.sessions import Sessions
from fluxcc.web.throttle import Throttle

STATE = "STATE_DIRECTORY"
"""Where systemd says that the process may keep files (``StateDirectory=``)."""


class Backend:
    """The parts, by name."""

    def __init__(self, settings: Settings, sessions_file: Path | None = None) -> None:
        """Without a ``sessions_file`` a restart logs everybody out."""
        self.settings = settings
        self.daemon = Daemon(settings.control_socket)
        """Asks for actions and readings."""
        self.records = Records(settings)
        """The past."""
        self.live = Live(self.daemon, self.records.spell)
        """The present, and what happens from now on."""
        self.accounts = Accounts(lambda: self.records.read(lambda history: history.entries()))
        web = settings.web
        self.sessions = Sessions(sessions_file, web.session_idle, web.session_absolute, time.time)
        self.notices = Notices()
        """What pages have still to tell."""
        self.throttle = Throttle(time.monotonic)

    async def start(self) -> None:
        """Begin to watch the daemon."""
        self.live.start()

    async def stop(self) -> None:
        """End everything that was begun."""
        await self.live.stop()
        self.accounts.close()
        self.records.close()
        self.sessions.close()


def sessions_file(settings: Settings, environment: Mapping[str, str]) -> Path | None:
    """Where sessions are kept: in the folder that systemd gives the process, or beside a store that
    is this user's own; otherwise nowhere."""
    if environment.get(STATE):
        return Path(environment[STATE].partition(":")[0]) / "sessions.db"
    folder = Path(settings.store.url.removeprefix(SQLITE)).parent
    if settings.store.url.startswith(SQLITE) and os.access(folder, os.W_OK):
        return folder / "web-sessions.db"
    return None
