"""A lab's configuration: ``conf`` beside this module, with the kit over it.

Counterparts: ``freeswitch`` and ``simulated``, which read the same files.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from .port import LabError

CONFIGURATION = Path(__file__).with_name("conf")
"""Laid out like FreeSWITCH's stock configuration."""
_IN_CONFIGURATION = ("autoload_configs", "dialplan", "directory")
_BESIDE = ("scripts", "sounds")


def lay_out(
    folder: Path,
    kit: Path | None,
    variables: Mapping[str, object],
    *,
    source: Path = CONFIGURATION,
) -> Path:
    """Write the configuration anew into ``folder``, with the kit where there is one; its path.

    ``variables`` are the values that ``vars.xml`` names: the ports and the password of this lab.
    ``source`` is a folder laid out like the lab's own configuration.
    """
    configuration, scripts = folder / "conf", folder / "scripts"
    for old in (configuration, scripts):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(source, configuration)
    scripts.mkdir()
    assign(configuration, variables)
    if kit is not None:
        for parts, place in ((_IN_CONFIGURATION, configuration), (_BESIDE, folder)):
            for part in parts:
                if (kit / part).is_dir():
                    shutil.copytree(kit / part, place / part, dirs_exist_ok=True)
    return configuration


def reload(api: Callable[[str], str]) -> None:
    """Make the PBX read its configuration again. Raises ``LabError`` where it is not taken."""
    answer = api("reloadxml")
    # A fault in the XML is reported after an +OK as well.
    if "Success" not in answer:
        raise LabError(f"the PBX did not take the configuration: {answer}")


def assign(configuration: Path, variables: Mapping[str, object]) -> None:
    """Write the configuration's ``vars.xml``."""
    # One to a line: FreeSWITCH drops everything else on the line of a directive.
    lines = [
        f'  <X-PRE-PROCESS cmd="set" data="{name}={value}"/>' for name, value in variables.items()
    ]
    text = "\n".join(["<include>", *lines, "</include>", ""])
    (configuration / "vars.xml").write_text(text, encoding="utf-8")
