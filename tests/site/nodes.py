"""Nodes of a site: each a PBX with the kit, and its daemon."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from fluxcc.kit import find_kit
from fluxcc.lab.port import Lab
from fluxcc.lab.real import RealLab, why_unavailable
from fluxcc.lab.simulated import SimulatedLab
from tests.testing.daemon import Daemon


def start_nodes(
    opened: ExitStack, url: str, count: int, *, real: int = 0, listen_url: str = ""
) -> list[Daemon]:
    """So many nodes of the site, which run; the last ``real`` of them beside a FreeSWITCH, where
    there is one."""
    if why_unavailable() is not None:
        real = 0
    return [
        start_node(opened, url, number, listen_url, is_real=number > count - real)
        for number in range(1, count + 1)
    ]


def start_node(
    opened: ExitStack, url: str, number: int, listen_url: str = "", *, is_real: bool = False
) -> Daemon:
    """The node of that number, which runs."""
    lab = start_lab(opened, is_real=is_real)
    daemon = new_daemon(opened, lab, url, number, listen_url)
    daemon.start()
    return daemon


def start_lab(opened: ExitStack, *, is_real: bool = False) -> Lab:
    """A PBX with the kit."""
    lab: Lab = opened.enter_context(RealLab() if is_real else SimulatedLab())
    lab.install_kit(find_kit())
    return lab


def new_daemon(opened: ExitStack, lab: Lab, url: str, number: int, listen_url: str = "") -> Daemon:
    """The daemon beside that PBX, not started yet."""
    folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
    settings = {
        "FLUXCC_SITE_URL": url,
        "FLUXCC_SITE_LISTEN_URL": listen_url,
        "FLUXCC_PBX_NODE": f"pbx{number}",
    }
    daemon = Daemon(lab, folder, settings)
    opened.callback(daemon.close)
    return daemon


def names(daemons: list[Daemon]) -> str:
    """How many of which PBX."""
    real = sum(isinstance(daemon.lab, RealLab) for daemon in daemons)
    return f"{len(daemons)} nodes ({real} with FreeSWITCH)"
