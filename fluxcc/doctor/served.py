"""How a dialplan gets the kit, by where FreeSWITCH has the dialplan from; and what is said of a
context that cannot be read.

Counterparts: the checks of ``gate``, ``kit`` and ``destinations``.
"""

from __future__ import annotations

from pathlib import Path

from fluxcc.doctor.finding import Finding, skipped
from fluxcc.doctor.installation import Installation
from fluxcc.domain.sight import Sight
from fluxcc.kit.names import DESTINATION_CONTEXT, VERSION_ATTRIBUTE
from fluxcc.marking import _
from fluxcc.pbx.markup import parse

INSTALL = _(
    "Run: fluxcc kit install DIR, let the context include the kit's {file} (the gate as its first"
    " line), then: fs_cli -x reloadxml"
)
INCLUDE = _(
    "The file is there, and the context does not take it in. In the context's file under"
    " {folder}, as the first line below <context …>, write:"
    ' <X-PRE-PROCESS cmd="include" data="{included}"/> and then: fs_cli -x reloadxml'
)
COMMAND = "fluxcc kit install DIR"
COMMAND_ON_FUSIONPBX = "fluxcc kit install --fusionpbx"
INSTALL_ON_FUSIONPBX = _("Run: fluxcc kit install --fusionpbx")
SERVE = _(
    "What {module} serves has to have the extensions of the kit's {file}, the gate as the first of"
    " its context: fluxcc kit show prints them, docs/kit.md says how they are served."
)

SET_CONTEXT = _(
    "FusionPBX gives each domain a context of its own name. In fluxcc.toml set conference.context"
    ' and survey.context to "{{domain}}" and conference.room to "*29{{agent}}", then: systemctl'
    " restart fluxcc"
)


def kit_remedy(installation: Installation, file: str) -> tuple[str, dict[str, object]]:
    """What to do where a context lacks the extensions of one of the kit's dialplan files: the
    sentence and its facts."""
    server = installation.server
    if server.is_fusionpbx:
        return INSTALL_ON_FUSIONPBX, {}
    if server.module:
        return SERVE, {"module": server.module, "file": file}
    folder = installation.pbx.variable("conf_dir")
    if folder and installation.is_beside_pbx and _is_file(Path(folder) / file):
        included = file.removeprefix("dialplan/")
        return INCLUDE, {"folder": Path(folder) / "dialplan", "included": included}
    return INSTALL, {"file": file}


def install_remedy(installation: Installation, file: str) -> tuple[str, dict[str, object]]:
    """What to do where one of the kit's files is not there, or of another version: the sentence and
    its facts."""
    server = installation.server
    if server.is_fusionpbx:
        return INSTALL_ON_FUSIONPBX, {}
    if server.module and file.startswith("dialplan/"):
        return SERVE, {"module": server.module, "file": file}
    return _("Run: fluxcc kit install DIR, then: fs_cli -x reloadxml"), {}


def installed_version(xml: str, extension: str) -> int | None:
    """The kit version of an extension in a context's XML, 0 where it has none; None where there is
    no such extension."""
    try:
        context = parse(xml)
    except ValueError:
        return None
    for each in context.iter("extension"):
        if each.get("name") == extension:
            version = each.get(VERSION_ATTRIBUTE, "0")
            return int(version) if version.isdecimal() else 0
    return None


def install_command(installation: Installation) -> str:
    """What installs the kit's scripts and recordings, as well as its dialplan."""
    return COMMAND_ON_FUSIONPBX if installation.server.is_fusionpbx else COMMAND


def is_nobodys(installation: Installation, context: str) -> bool:
    """Whether this is the stock context of telephones on FusionPBX, where each domain has one of
    its own name. FusionPBX serves any other name with what is for all domains, and nothing more
    (docs/sites.md, FusionPBX)."""
    return context == DESTINATION_CONTEXT and installation.server.is_fusionpbx


def is_unseen(installation: Installation, context: str) -> bool:
    """Whether a context cannot be read."""
    return installation.context(context).sight is Sight.UNSEEN


def unseen_in(installation: Installation, context: str, what: object) -> Finding:
    """That something in a context that cannot be read was not looked at."""
    return skipped(
        "context-unseen",
        _(
            "Not looked at: {module} serves dialplan context {context} and does not tell what is in"
            " it ({what})."
        ),
        _("Dial it on a telephone. Or let the server answer to xml_locate, as docs/kit.md says."),
        module=installation.server.module,
        context=context,
        what=what,
    )


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:
        return False
