"""The documents name everything there is, their links lead somewhere, and both languages agree."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from fluxcc import config
from fluxcc.cli import COMMANDS, main, session
from fluxcc.config.settings import DECLARED
from fluxcc.doctor.checks import CHECKS
from fluxcc.domain.actions import ALIASES, ON_CALLS
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.codes import Code, Status
from fluxcc.domain.provisioning import Group, Room, Service
from fluxcc.domain.report import Line
from fluxcc.domain.requests import Reply
from fluxcc.pbx.events import RequestHeaders
from fluxcc.protocol.board import reply_headers
from fluxcc.protocol.operators import CheckedNumber, DaemonStatus, LiveCall
from tests.documents import (
    CONTRACT,
    DOCS,
    DOCUMENTS,
    FENCED,
    HEADING,
    PACKAGE,
    QUOTED,
    ROOT,
    anchors,
    contract_sections,
    name_of,
    prose,
    quoted,
)

PORTUGUESE = [path for path in DOCUMENTS if path.name.endswith(".pt-BR.md")]
BOARD = ("board.md", "board.pt-BR.md")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NOT_BUILT = "*not built yet*"
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def missing(words: Iterator[str] | set[str], path: Path) -> list[str]:
    """The words that stand nowhere in what the document sets as code, each on its own."""
    text = "\n".join(quoted(path))
    return sorted(word for word in words if not re.search(rf"(?<![\w-]){re.escape(word)}\b", text))


def commands(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its whole name."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from commands(child, f"{path} {name}".strip())


# Commands


def test_every_command_is_named() -> None:
    assert not missing({name for name, _ in commands(main)}, DOCS / "commands.md")
    assert {name.split()[0] for name, _ in commands(main)} == set(COMMANDS)


def test_every_option_is_named() -> None:
    options = {
        option
        for command in [main, *(command for _, command in commands(main))]
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--")
    }
    text = "\n".join(quoted(DOCS / "commands.md"))
    assert not [option for option in options if not re.search(rf"{option}\b", text)]


def test_every_check_of_doctor_has_its_place_in_the_list() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    found = re.search(r"^\| check \|[^\n]*\n\|[ -|]*\n((?:\|[^\n]*\n)*)", text, re.MULTILINE)
    assert found
    cells = [row.strip("| ").partition(" | ")[0] for row in found[1].splitlines()]
    assert [name for cell in cells for name in QUOTED.findall(cell)] == [
        check.name for check in CHECKS
    ]


def test_every_exit_code_is_named() -> None:
    codes = {session.FAILED, session.UNAVAILABLE, session.NOT_PERMITTED, session.MISCONFIGURED}
    assert not [code for code in codes if f"| {code} |" not in prose(DOCS / "commands.md")]


@pytest.mark.parametrize(
    "shape",
    [
        AuditRecord,
        Block,
        CallRecord,
        CheckedNumber,
        DaemonStatus,
        Group,
        Line,
        LiveCall,
        Reply,
        Room,
        Service,
    ],
)
def test_every_json_key_is_named(shape: type[msgspec.Struct]) -> None:
    assert set(shape.__struct_fields__) <= quoted(DOCS / "commands.md")


# The board's protocol


@pytest.mark.parametrize("name", BOARD)
class TestBoard:
    def test_has_every_code_and_status(self, name: str) -> None:
        assert {*map(str, Code), *map(str, Status)} <= quoted(DOCS / name)

    def test_puts_every_code_under_its_status(self, name: str) -> None:
        found: dict[str, str] = {}
        status = ""
        for line in prose(DOCS / name).splitlines():
            if heading := re.match(rf"`({'|'.join(Status)})`:", line):
                status = heading[1]
            if not line.startswith("|"):
                continue
            codes, _, told = line.strip("| ").partition("|")
            own = [word for word in QUOTED.findall(told) if word in set(Status)]
            found |= {c: (own or [status])[0] for c in QUOTED.findall(codes) if c in set(Code)}
        assert found == {str(code): str(code.status) for code in Code}

    def test_has_every_action(self, name: str) -> None:
        assert {*map(str, ON_CALLS), *ALIASES} <= quoted(DOCS / name)

    def test_has_every_header(self, name: str) -> None:
        sent = [field.encode_name for field in msgspec.structs.fields(RequestHeaders)]
        told = reply_headers(Reply(request="1", action="prank", code=Code.ENDED), "en")
        assert {*sent, *(header for header, _ in told)} <= quoted(DOCS / name)


# The contract


class TestContract:
    """``docs/contract.md`` names all that there is, and marks what there is not, and only that."""

    def test_has_its_sections(self) -> None:
        assert list(contract_sections()) == ["1", "1a", "2", "2a", *map(str, range(3, 11))]

    def test_marks_what_is_not_built_in_one_way(self) -> None:
        text = CONTRACT.read_text(encoding="utf-8")
        assert NOT_BUILT in text
        rest = text.replace(NOT_BUILT, "").replace("```toml\n# not built yet", "")
        assert not re.findall(r"\bunbuilt|\bnot\s+(?:yet\s+)?built|\bbuilt\s+yet|\(v2\)", rest)

    def test_has_every_code(self) -> None:
        built = set()
        for row in rows(contract_sections()["3"]):
            if QUOTED.findall(row[0]) and QUOTED.findall(row[0])[0] in set(Status):
                status = QUOTED.findall(row[0])[0]
                built |= {(code, status) for code in QUOTED.findall(row[1])}
        assert built == {(str(code), str(code.status)) for code in Code}

    def test_has_every_action(self) -> None:
        assert {*map(str, ON_CALLS)} <= set(QUOTED.findall(contract_sections()["1"]))
        assert {*map(str, ON_CALLS), *ALIASES} <= set(QUOTED.findall(contract_sections()["3"]))

    def test_has_every_header(self) -> None:
        built: set[str] = set()
        for row in rows(contract_sections()["3"]):
            built |= {word for word in QUOTED.findall(row[0]) if word.startswith("Fluxcc-")}
        sent = {field.encode_name for field in msgspec.structs.fields(RequestHeaders)}
        told = reply_headers(Reply(request="1", action="prank", code=Code.ENDED), "en")
        assert built == sent | {header for header, _ in told}

    def test_has_every_command(self) -> None:
        names = {name for name, _ in commands(main)}
        told = {
            re.split(r" (?=[A-Z])", word)[0]
            for row in rows(contract_sections()["4"])
            for word in QUOTED.findall(row[0])
        }
        assert told == names

    def test_has_the_defaults(self) -> None:
        (built,) = map(tomllib.loads, TOML.findall(contract_sections()["5"]))
        known = {(each.section, each.name): each.value(config.Settings()) for each in DECLARED}
        own = {"node", "password_file", "url"}
        for section, key, value in keys(built):
            assert (section, key) in known
            if key not in own:
                default = known[section, key]
                read = (
                    config.read_duration if isinstance(default, config.Duration) else type(default)
                )
                assert read(value) == default


def rows(text: str) -> list[list[str]]:
    """The cells of every table's rows."""
    return [
        re.split(r"(?<!\\) ?\| ?", line.strip())[1:-1]
        for line in text.splitlines()
        if line.startswith("|")
    ]


def keys(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Section (empty for none), key and value of a configuration."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((name, key, each) for key, each in value.items())
        else:
            yield "", name, value


# Everything else


def test_every_make_target_is_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert targets
    assert {f"make {target}" for target in targets} <= quoted(ROOT / "CONTRIBUTING.md")


def test_every_module_has_its_line() -> None:
    """In the section of its folder, or of the nearest folder above that has one."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### `(fluxcc/[\w/]*)`\n(.*?)(?=^###|\Z)", text, re.M | re.S))
    unnamed = []
    for module in sorted(PACKAGE.rglob("*.py")):
        place = module.relative_to(ROOT)
        nearest = next(f"{p}/" for p in place.parents if f"{p}/" in sections)
        # A package says itself what it is, and of migrations there is one more every time.
        is_plain = module.name == "__init__.py" or "versions" in place.parts
        if not is_plain and f"`{place.name}`" not in sections[nearest]:
            unnamed.append(str(place))
    assert not unnamed


def test_every_decision_has_its_number_once() -> None:
    numbers = [path.name[:4] for path in sorted(DOCS.glob("decisions/*.md"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, part = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (part and part not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("portuguese", PORTUGUESE, ids=name_of)
class TestPortuguese:
    def test_has_the_same_headings(self, portuguese: Path) -> None:
        english = english_of(portuguese)
        assert levels(portuguese) == levels(english)

    def test_has_the_same_examples_for_machines(self, portuguese: Path) -> None:
        english = english_of(portuguese)
        assert [protocol(block) for block in FENCED.findall(portuguese.read_text("utf-8"))] == [
            protocol(block) for block in FENCED.findall(english.read_text("utf-8"))
        ]

    def test_knows_the_same_words(self, portuguese: Path) -> None:
        english = english_of(portuguese)
        names = re.compile(r"[a-z]+(?:-[a-z]+)+|Fluxcc-[A-Za-z-]+|--[a-z-]+|fluxcc::\w+")
        words = [set(names.findall(" ".join(quoted(path)))) for path in (portuguese, english)]
        assert words[0] == words[1]


def test_there_is_a_portuguese_document_for_each_who_needs_one() -> None:
    assert {*map(name_of, PORTUGUESE)} == {
        "README.pt-BR.md",
        "docs/api.pt-BR.md",
        "docs/board.pt-BR.md",
        "docs/fusionpbx.pt-BR.md",
        "docs/supervisor.pt-BR.md",
        "docs/web.pt-BR.md",
    }


def english_of(portuguese: Path) -> Path:
    return portuguese.with_name(portuguese.name.replace(".pt-BR.md", ".md"))


def levels(document: Path) -> list[int]:
    return [len(marks) for marks, _ in HEADING.findall(prose(document))]


def protocol(block: str) -> list[str]:
    """What of an example is no sentence for a person: commands, headers, values."""
    return [
        re.sub(r'"[^"]*"$|#.*', "", line).strip()
        for line in block.splitlines()
        if re.match(r"[$<>]| \"|```", line)
    ]
