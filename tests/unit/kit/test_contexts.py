"""Whether a configuration's contexts include the kit's file, and what stands before it there."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluxcc.kit.contexts import Reach, read_contexts, with_gate_first, with_gate_first_undone

INCLUDE = '<X-PRE-PROCESS cmd="include" data="{}"/>'
STOCK = """<include>
  <!-- <context name="public"> -->
  <context name="public">
    <extension name="unloop"><condition/></extension>
    <X-PRE-PROCESS cmd="include" data="public/*.xml"/>
  </context>
</include>
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    (tmp_path / "dialplan").mkdir()
    return tmp_path


def write(configuration: Path, name: str, body: str) -> Path:
    """A file with one context of its name."""
    file = configuration / f"dialplan/{name}.xml"
    file.write_text(f'<include>\n<context name="{name}">\n{body}\n</context>\n</include>\n')
    return file


def read_one(configuration: Path) -> Reach:
    (reach,) = read_contexts(configuration)
    return reach


def test_which_contexts_include_the_kit(configuration: Path) -> None:
    public = configuration / "dialplan/public.xml"
    public.write_text(STOCK)
    default = write(configuration, "default", INCLUDE.format("default/*.xml"))
    x = write(configuration, "x", "")
    assert read_contexts(configuration) == [
        Reach("default", default, True, ""),
        Reach("public", public, True, "unloop"),
        Reach("x", x, False, ""),
    ]


@pytest.mark.parametrize(
    ("context", "included", "expected"),
    [
        ("public", "public/00_fluxcc.xml", True),
        ("public", "public/*.xml", True),
        ("public", "default/*.xml", False),
        ("default", "default/*.xml", True),
        ("default", "public/*.xml", False),
        # Another context needs the gate, wherever its trunks come from.
        ("carrier", "public/*.xml", True),
        ("carrier", "carrier/*.xml", False),
    ],
)
def test_each_context_needs_the_file_of_its_kind(
    configuration: Path, context: str, included: str, expected: bool
) -> None:
    write(configuration, context, INCLUDE.format(included))
    assert read_one(configuration).is_included is expected


def test_an_include_in_a_comment_does_not_count(configuration: Path) -> None:
    write(configuration, "public", f"<!-- {INCLUDE.format('public/*.xml')} -->")
    assert not read_one(configuration).is_included


def test_an_extension_in_a_comment_does_not_come_first(configuration: Path) -> None:
    body = f'<!-- <extension name="old"> -->\n{INCLUDE.format("public/*.xml")}'
    write(configuration, "public", body)
    assert read_one(configuration).before == ""


def test_what_stands_behind_the_include_does_not_come_first(configuration: Path) -> None:
    body = f'{INCLUDE.format("public/*.xml")}\n<extension name="later"/>'
    write(configuration, "public", body)
    assert read_one(configuration).before == ""


def test_the_gate_is_put_first(configuration: Path) -> None:
    file = configuration / "dialplan/public.xml"
    file.write_text(STOCK)
    file.write_bytes(with_gate_first(read_one(configuration)))
    reach = read_one(configuration)
    assert (reach.is_included, reach.before) == (True, "")
    (line,) = [line for line in file.read_text().splitlines() if "00_fluxcc.xml" in line]
    # FreeSWITCH ignores everything else on a directive's line.
    assert line.strip() == INCLUDE.format("public/00_fluxcc.xml")
    assert file.read_text().replace(f"{line}\n", "") == STOCK


def test_the_gate_is_put_into_the_context_that_is_meant(configuration: Path) -> None:
    file = configuration / "dialplan/all.xml"
    other = b'<context name="other">\n<extension name="caf\xe9"/>\n</context>\n'
    file.write_bytes(other + b'<context name="public">\n</context>\n')
    found = {reach.context: reach for reach in read_contexts(configuration)}
    changed = with_gate_first(found["public"])
    # The other context is as it was, bytes that are no UTF-8 among them.
    assert changed.startswith(other)
    assert b"public/00_fluxcc.xml" in changed.removeprefix(other)


def test_a_domains_context_takes_in_its_own_gate(configuration: Path) -> None:
    write(configuration, "a.example", INCLUDE.format("domain/00_fluxcc.xml"))
    assert read_one(configuration).is_included


def test_what_was_put_first_can_be_taken_out(configuration: Path) -> None:
    public = configuration / "dialplan/public.xml"
    public.write_text(STOCK)
    assert with_gate_first_undone(configuration) == {}
    public.write_bytes(with_gate_first(read_one(configuration)))
    assert with_gate_first_undone(configuration) == {public: STOCK.encode()}
