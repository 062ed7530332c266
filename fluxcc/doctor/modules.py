"""FreeSWITCH's modules that the kit and the daemon need (contract, section 6)."""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc.doctor.finding import Finding, grave
from fluxcc.doctor.installation import Installation
from fluxcc.marking import _

NEEDED = (
    "mod_hash",  # blocks and rooms are kept in it
    "mod_lua",  # the survey and the synchronous door run in it
    "mod_conference",  # the rooms are its conferences
    "mod_dptools",  # the dialplan's applications are in it
    "mod_commands",  # the daemon's commands are in it
)


def check_modules(installation: Installation) -> Iterator[Finding]:
    """Every module that is needed is loaded."""
    for module in NEEDED:
        if not installation.pbx.has_module(module):
            yield grave(
                "module-missing",
                _("FreeSWITCH has not loaded {module}, which fluxcc cannot do without."),
                _(
                    "Run: fs_cli -x 'load {module}', name it in autoload_configs/modules.conf.xml,"
                    " and restart the daemon, which tells FreeSWITCH again what it forgot."
                ),
                module=module,
            )
