"""The kit in FreeSWITCH: complete, and of the version that this program needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fluxcc.doctor.finding import Finding, grave, skipped, warning
from fluxcc.doctor.installation import Installation
from fluxcc.doctor.served import (
    SET_CONTEXT,
    install_remedy,
    installed_version,
    is_nobodys,
    is_unseen,
    kit_remedy,
    unseen_in,
)
from fluxcc.kit import read_version
from fluxcc.kit.names import (
    DESTINATION_PATH,
    GATE_EXTENSION,
    GATE_PATH,
    ROOM_EXTENSION,
    SURVEY_EXTENSION,
)
from fluxcc.marking import _


def check_dialplan(installation: Installation) -> Iterator[Finding]:
    """The dialplan that FreeSWITCH runs has the kit's extensions, of the right version.

    A missing gate is left to ``gate.check_gate``.
    """
    settings = installation.settings
    gates = [(context, GATE_EXTENSION) for context in installation.trunk_contexts]
    others = []
    for key, setting, name in (
        ("conference.context", settings.conference.context, ROOM_EXTENSION),
        ("survey.context", settings.survey.context, SURVEY_EXTENSION),
    ):
        if is_nobodys(installation, setting):
            yield _nobodys(key, setting)
        others += [(context, name) for _domain, context in installation.places(setting)]
    for file, wanted in ((GATE_PATH, gates), (DESTINATION_PATH, others)):
        read = [(installation.context(context), name) for context, name in wanted]
        versions = [installed_version(context.xml, name) for context, name in read]
        found = [version for version in versions if version is not None]
        unseen = [context for context, name in wanted if is_unseen(installation, context)]
        if file == DESTINATION_PATH and len(found) + len(unseen) < len(wanted):
            yield _not_in_force(installation, file)
        elif file == DESTINATION_PATH and unseen:
            yield unseen_in(installation, unseen[0], file)
        elif found:
            needed = read_version(installation.kit / file)
            yield from _compare(installation, file, min(found), needed)


def check_scripts(installation: Installation) -> Iterator[Finding]:
    """The scripts that FreeSWITCH would run are the kit's, of the right version."""
    folder = installation.pbx.variable("script_dir")
    if not installation.is_beside_pbx or not folder:
        yield skipped(
            "scripts-elsewhere", _("FreeSWITCH's scripts are on another machine."), _("Look there.")
        )
        return
    for delivered in sorted((installation.kit / "scripts").glob("*.lua")):
        name = f"scripts/{delivered.name}"
        installed = Path(folder) / delivered.name
        try:
            version = read_version(installed)
        except FileNotFoundError:
            yield _missing(installation, name)
        except OSError as error:
            yield skipped(
                "script-unreadable",
                _("{file} cannot be read: {reason}"),
                _("Run fluxcc doctor as root."),
                file=installed,
                reason=error.strerror,
            )
        else:
            yield from _compare(installation, name, version, read_version(delivered))


def _missing(installation: Installation, file: str) -> Finding:
    remedy, facts = install_remedy(installation, file)
    problem = _("The kit's {file} is not installed in FreeSWITCH.")
    return grave("kit-missing", problem, remedy, **{"file": file, **facts})


def _not_in_force(installation: Installation, file: str) -> Finding:
    remedy, facts = kit_remedy(installation, file)
    problem = _("FreeSWITCH's dialplan does not have the extensions of the kit's {file}.")
    return grave("kit-missing", problem, remedy, **{"file": file, **facts})


def _nobodys(key: str, context: str) -> Finding:
    return warning(
        "context-of-no-domain",
        _(
            "{key} is {context}, a dialplan context that no domain of FusionPBX has: only what is"
            " for all domains is found there."
        ),
        SET_CONTEXT,
        key=key,
        context=context,
    )


def _compare(
    installation: Installation, file: str, installed: int, delivered: int
) -> Iterator[Finding]:
    if installed < delivered:
        remedy, facts = install_remedy(installation, file)
        yield grave(
            "kit-outdated",
            _("FreeSWITCH has {file} of kit version {installed}; this fluxcc needs {delivered}."),
            remedy,
            **{"file": file, "installed": installed, "delivered": delivered, **facts},
        )
    elif installed > delivered:
        yield warning(
            "kit-newer",
            _("FreeSWITCH has {file} of kit version {installed}; this fluxcc knows {delivered}."),
            _("Upgrade fluxcc to the version that the kit came with."),
            file=file,
            installed=installed,
            delivered=delivered,
        )
