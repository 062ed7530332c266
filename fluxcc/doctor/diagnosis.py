"""Connects to FreeSWITCH, the daemon and the store as far as they answer, and runs all checks."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from fluxcc.config import Settings
from fluxcc.doctor.checks import Result, run_checks
from fluxcc.doctor.installation import Installation
from fluxcc.domain.errors import PbxError, StoreUnavailableError
from fluxcc.domain.provisioning import Entry
from fluxcc.kit import find_kit
from fluxcc.pbx.inquiry import Inquiry
from fluxcc.pbx.switch import Address
from fluxcc.protocol.operators import (
    DaemonStatus,
)
from fluxcc.protocol.site import SiteStatus
from fluxcc.store.history import History


def diagnose(
    settings: Settings,
    ask_daemon: Callable[[], DaemonStatus],
    *,
    now: Callable[[], float] = time.time,
    places_call: bool = False,
    ask_site: Callable[[], SiteStatus] = lambda: SiteStatus(node=""),
) -> list[Result]:
    """What every check finds. ``now`` gives epoch seconds; the rest is as for ``Installation``."""
    pbx = settings.pbx
    inquiry: Inquiry | PbxError
    with ExitStack() as opened:
        try:
            inquiry = opened.enter_context(Inquiry(Address(pbx.host, pbx.port, pbx.password)))
        except PbxError as error:
            inquiry = error
        installation = Installation(
            settings=settings,
            kit=find_kit(),
            inquiry=inquiry,
            ask_daemon=ask_daemon,
            entries=_read_entries(settings),
            now=now,
            places_call=places_call,
            ask_site=ask_site,
        )
        return list(run_checks(installation))


def _read_entries(settings: Settings) -> list[Entry]:
    """What supervisors have set; nothing where the store cannot be read (see ``check_store``)."""
    try:
        store = History(settings.store.url, [settings.pbx.node])
        try:
            return store.entries()
        finally:
            store.close()
    except StoreUnavailableError:
        return []
