"""The kit's rows of FusionPBX's table: what is done with each, and where FusionPBX is at home."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path

import pytest

from fluxcc.kit import find_kit, fusionpbx
from fluxcc.kit.fusionpbx import Row, is_unchanged, plan, read_configuration, removal, serves
from fluxcc.kit.fusionpbx_cache import CacheError, empty
from fluxcc.kit.installation import Change
from fluxcc.kit.parts import Part
from tests.unit.kit.fusionpbx_schema import DIALPLANS

KIT = find_kit()


def rows() -> dict[Part, Row]:
    return {row.part: row for row in plan(KIT, [])}


def change_of(part: Part, **changed: str | None) -> Change:
    """What is done with a row that is there with these columns changed."""
    present = [row.columns | (changed if row.part is part else {}) for row in plan(KIT, [])]
    return {row.part: row.change for row in plan(KIT, present)}[part]


# Rows


def test_there_is_a_row_for_each_part_with_a_uuid_of_its_own() -> None:
    assert set(rows()) == set(Part)
    identities = {row.identity for row in rows().values()}
    assert identities == set(fusionpbx.IDENTITIES)
    assert len(identities) == len(Part)
    assert all(str(uuid.UUID(identity)) == identity for identity in identities)


def test_the_gate_is_of_trunks_and_the_rest_of_every_domain() -> None:
    contexts = {part: row.columns["dialplan_context"] for part, row in rows().items()}
    assert contexts.pop(Part.GATE) == "public"
    assert set(contexts.values()) == {"global"}
    # FusionPBX shows inbound routes of single numbers only with rows of no domain.
    assert {row.columns["domain_uuid"] for row in rows().values()} == {None}


def test_the_gates_come_before_everything() -> None:
    orders = {part: int(row.columns["dialplan_order"] or "") for part, row in rows().items()}
    assert orders[Part.GATE] == orders[Part.DOMAIN_GATE] == 0
    assert min(orders[Part.ROOMS], orders[Part.SURVEY]) > 0


@pytest.mark.parametrize("part", Part)
def test_a_row_that_is_not_there_is_new_and_one_that_is_stays(part: Part) -> None:
    assert rows()[part].change is Change.NEW
    assert change_of(part) is Change.SAME


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("dialplan_enabled", "false"),
        ("dialplan_order", "40"),
        ("dialplan_context", "a.example"),
        ("domain_uuid", str(uuid.UUID(int=1))),
        ("hostname", "pbx2"),
        ("dialplan_continue", "true"),
        ("dialplan_xml", "<extension/>"),
        ("dialplan_xml", None),
    ],
)
def test_what_an_administrator_changed_is_known(column: str, value: str | None) -> None:
    assert change_of(Part.GATE, **{column: value}) is Change.CHANGED
    assert change_of(Part.ROOMS) is Change.SAME


def test_a_changed_condition_is_known() -> None:
    xml = rows()[Part.GATE].columns["dialplan_xml"] or ""
    assert change_of(Part.GATE, dialplan_xml=xml.replace("[0-9]", "[1-9]")) is Change.CHANGED


@pytest.mark.parametrize("column", ["dialplan_description", "dialplan_name", "dialplan_number"])
def test_what_only_people_read_is_theirs(column: str) -> None:
    assert change_of(Part.GATE, **{column: "mine"}) is Change.SAME


def test_a_page_that_saved_the_row_with_other_line_ends_changed_nothing() -> None:
    row = dict(rows()[Part.GATE].columns)
    head, _, xml = (row["dialplan_xml"] or "").partition("\n")
    assert is_unchanged(row | {"dialplan_xml": head + "\n" + xml.replace("\n", "\r\n") + "\r\n"})


def test_a_row_of_an_older_kit_is_upgraded(tmp_path: Path) -> None:
    older = tmp_path / "kit"
    for path in KIT.rglob("*.xml"):
        target = older / path.relative_to(KIT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            path.read_text("utf-8").replace("caller_id_number", "caller_id_name"), "utf-8"
        )
    present = [row.columns for row in plan(older, [])]
    changes = {row.part: row.change for row in plan(KIT, present)}
    assert changes[Part.GATE] is changes[Part.DOMAIN_GATE] is Change.UPGRADED
    assert changes[Part.ROOMS] is changes[Part.SURVEY] is Change.SAME


def test_the_difference_shows_where_the_row_goes_and_its_xml() -> None:
    shown = rows()[Part.DOMAIN_GATE].difference()
    assert "--- /dev/null" in shown
    assert "+dialplan_context: global\n" in shown
    assert '+<extension name="fluxcc_domain_gate"' in shown
    present = rows()[Part.GATE].columns | {"dialplan_enabled": "false"}
    (gate, *_) = plan(KIT, [present])
    assert "-dialplan_enabled: false\n+dialplan_enabled: true\n" in gate.difference()


# SQL for those who give no access


def test_the_sql_puts_the_rows_there_and_takes_them_out() -> None:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute(DIALPLANS)
    database.execute("INSERT INTO v_dialplans (dialplan_uuid, dialplan_name) VALUES ('1', 'x')")
    for _ in range(2):
        database.executescript(fusionpbx.script(plan(KIT, [])))
        names = list(rows()[Part.GATE].columns)
        found = database.execute(
            f"SELECT {', '.join(names)} FROM v_dialplans WHERE dialplan_uuid != '1'"
        ).fetchall()
        present = [
            {k: None if v is None else str(v) for k, v in zip(names, row, strict=True)}
            for row in found
        ]
        assert {row.change for row in plan(KIT, present)} == {Change.SAME}
        assert len(present) == len(Part)
    database.executescript(removal())
    assert database.execute("SELECT dialplan_name FROM v_dialplans").fetchall() == [("x",)]


# FusionPBX's configuration


def test_the_configuration_is_read_as_fusionpbx_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "config.conf"
    file.write_text(
        "#database system settings\n"
        "database.0.type = pgsql\n"
        "database.0.password =  a=b \n"
        "#cache.method = memcache\n"
        "cache.method = file\n"
        "nothing\n"
    )
    assert read_configuration(file) == {
        "database.0.type": "pgsql",
        "database.0.password": "a=b",
        "cache.method": "file",
    }


LUA = '<configuration name="lua.conf"><settings>{}</settings></configuration>'
HANDLER = '<param name="xml-handler-script" value="{}"/>'


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (HANDLER.format("app.lua xml_handler"), True),
        (f"<!-- {HANDLER.format('app.lua xml_handler')} -->", False),
        (HANDLER.format("dp.lua"), False),
        ("", False),
    ],
)
def test_fusionpbx_is_known_by_its_handler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, expected: bool
) -> None:
    monkeypatch.setattr(fusionpbx, "CONFIGURATIONS", ())
    (tmp_path / "autoload_configs").mkdir()
    (tmp_path / "autoload_configs/lua.conf.xml").write_text(LUA.format(settings))
    assert serves(tmp_path) is expected


@pytest.mark.parametrize(("folder", "expected"), [("conf", True), ("other", False)])
def test_fusionpbx_is_known_by_its_own_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, expected: bool
) -> None:
    own = tmp_path / "config.conf"
    own.write_text(f"switch.conf.dir = {tmp_path}/{folder}\n")
    monkeypatch.setattr(fusionpbx, "CONFIGURATIONS", (tmp_path / "none", own))
    assert serves(tmp_path / "conf") is expected


# The cache


def refuse() -> str:
    return "-ERR memcache Command not found!"


def test_the_cache_in_files_loses_its_dialplans_and_nothing_else(tmp_path: Path) -> None:
    for name in ("dialplan.public", "dialplan.a.example", "directory.1000@a.example"):
        (tmp_path / name).touch()
    empty({"cache.method": "file", "cache.location": str(tmp_path)}, refuse)
    assert [path.name for path in tmp_path.iterdir()] == ["directory.1000@a.example"]


@pytest.mark.parametrize("configuration", [{"cache.method": "memcache"}, {}])
def test_memcached_is_emptied_by_freeswitch(configuration: dict[str, str]) -> None:
    asked = []
    empty(configuration, lambda: asked.append("flush") or "+OK")  # type: ignore[func-returns-value]
    assert asked == ["flush"]
    with pytest.raises(CacheError, match="not found"):
        empty(configuration, refuse)


def test_a_cache_of_an_unknown_place_is_said_to_be_so() -> None:
    with pytest.raises(CacheError, match=r"cache\.location"):
        empty({"cache.method": "file"}, refuse)


def test_a_cache_that_cannot_be_emptied_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "dialplan.public").mkdir()
    with pytest.raises(CacheError, match=r"dialplan\.public"):
        empty({"cache.method": "file", "cache.location": str(tmp_path)}, refuse)
