"""``kit install --fusionpbx`` and ``kit remove --fusionpbx``, on a FusionPBX with SQLite; rows in
PostgreSQL are tried in ``tests/unit/kit/test_fusionpbx_table.py``."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fluxcc.cli import main
from fluxcc.domain.errors import LinkLostError
from fluxcc.kit import fusionpbx
from tests.unit.kit.fusionpbx_schema import DIALPLANS

LUA = """<configuration name="lua.conf"><settings>
<param name="xml-handler-script" value="app.lua xml_handler"/>
</settings></configuration>
"""


class Absent:
    """FreeSWITCH, which does not answer."""

    def __init__(self, _address: object) -> None:
        raise LinkLostError("nothing listens")


class Site:
    """One FusionPBX."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf, self.cache = folder / "conf", folder / "cache"
        (self.conf / "autoload_configs").mkdir(parents=True)
        (self.conf / "autoload_configs/lua.conf.xml").write_text(LUA)
        (self.conf / "dialplan").mkdir()
        for name in ("scripts", "sounds", "cache"):
            (folder / name).mkdir()
        self.config = folder / "config.conf"
        self.config.write_text(
            f"database.0.type = sqlite\n"
            f"database.0.path = {folder}\n"
            f"database.0.name = fusionpbx.db\n"
            f"cache.method = file\n"
            f"cache.location = {self.cache}\n"
            f"switch.conf.dir = {self.conf}\n"
            f"switch.scripts.dir = {folder}/scripts\n"
            f"switch.sounds.dir = {folder}/sounds\n"
        )
        self.execute(DIALPLANS)
        self.execute(
            "INSERT INTO v_dialplans (dialplan_uuid, dialplan_name, dialplan_context,"
            " dialplan_order, dialplan_enabled) VALUES ('1', 'user_exists', 'global', 10, 'true')"
        )

    def execute(self, statement: str) -> list[Any]:
        with sqlite3.connect(self.folder / "fusionpbx.db") as database:
            return database.execute(statement).fetchall()

    def rows(self) -> list[Any]:
        return self.execute("SELECT * FROM v_dialplans ORDER BY dialplan_uuid")

    def kit(self, command: str, *options: str) -> Result:
        words = ["kit", command, "--fusionpbx", "--fusionpbx-config", str(self.config), *options]
        return CliRunner().invoke(main, words)

    def files(self) -> set[Path]:
        return {path for path in self.folder.rglob("*") if path.parent != self.cache}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr("fluxcc.pbx.inquiry.Inquiry", Absent)
    monkeypatch.setattr(fusionpbx, "CONFIGURATIONS", ())
    return Site(tmp_path)


def changes(result: Result) -> set[str]:
    return {row["change"] for row in json.loads(result.stdout)["rows"]}


def test_files_are_refused_where_fusionpbx_serves_the_dialplan(site: Site) -> None:
    before = site.files()
    result = CliRunner().invoke(main, ["kit", "install", str(site.conf)])
    assert result.exit_code == 1
    assert result.stderr.startswith("fusionpbx: ")
    assert "fluxcc kit install --fusionpbx" in result.stderr
    assert site.files() == before


def test_rows_scripts_and_sounds_are_put_there_and_the_cache_is_emptied(site: Site) -> None:
    (site.cache / "dialplan.public").touch()
    result = site.kit("install")
    assert (result.exit_code, result.stderr) == (0, "")
    assert '+<extension name="fluxcc_gate"' in result.stdout
    assert "in force from the next call on" in result.stdout
    assert len(site.rows()) == 1 + len(fusionpbx.IDENTITIES)
    assert (site.folder / "scripts/fluxcc_room.lua").exists()
    assert (site.folder / "sounds/fluxcc/pt_BR/thanks.wav").exists()
    assert not list((site.conf / "dialplan").iterdir())
    assert not list(site.cache.iterdir())
    assert changes(site.kit("install", "--json")) == {"same"}


def test_nothing_is_written_on_a_dry_run(site: Site) -> None:
    before = site.rows(), site.files()
    result = site.kit("install", "--dry-run", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["done"] is False
    assert changes(result) == {"new"}
    assert (site.rows(), site.files()) == before


def test_removal_leaves_tables_and_folders_as_they_were(site: Site) -> None:
    before = site.rows(), site.files()
    site.kit("install")
    (site.cache / "dialplan.a.example").touch()
    dry = site.kit("remove", "--dry-run")
    assert "--- v_dialplans fluxcc gate" in dry.stdout
    assert "Nothing was changed." in dry.stdout
    result = site.kit("remove")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "The kit is removed." in result.stdout
    assert (site.rows(), site.files()) == before
    assert not list(site.cache.iterdir())


def test_a_changed_row_is_left_alone_and_named(site: Site) -> None:
    site.kit("install")
    site.execute("UPDATE v_dialplans SET dialplan_xml = '<mine/>' WHERE dialplan_order = 1")
    changed = site.rows()
    for command in ("install", "remove"):
        result = site.kit(command, "--json")
        assert result.exit_code == 1
        assert result.stderr.startswith("kit-file-changed: ")
        assert "v_dialplans fluxcc rooms" in result.stderr
    assert [row for row in site.rows() if row in changed]
    assert [name for (name,) in site.execute("SELECT dialplan_xml FROM v_dialplans")] == [
        None,
        "<mine/>",
    ]
    assert site.kit("install", "--force").exit_code == 0
    assert (site.conf / ".fluxcc-rooms.xml.old").read_text() == "<mine/>"
    assert changes(site.kit("install", "--json")) == {"same"}


def test_a_row_that_may_come_before_the_gate_is_named(site: Site) -> None:
    site.execute("UPDATE v_dialplans SET dialplan_order = -1")
    assert "The dialplan user_exists of context global" in site.kit("install").stdout


def test_a_cache_that_could_not_be_emptied_is_said_to_be_so(site: Site) -> None:
    site.config.write_text(site.config.read_text().replace("= file", "= memcache"))
    result = site.kit("install")
    assert result.exit_code == 1
    assert result.stderr.startswith("cache-not-emptied: ")
    assert "nothing listens" in result.stderr
    assert len(site.rows()) > 1


def test_a_database_that_is_not_there_is_said_to_be_so(site: Site) -> None:
    url = "postgresql://fusionpbx:topsecret@127.0.0.1:1/fusionpbx"
    result = site.kit("install", "--database", url)
    assert result.exit_code == 69
    assert result.stderr.startswith("database-unavailable: ")
    assert "topsecret" not in result.output
    assert not (site.folder / "scripts/fluxcc.lua").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [([], "no-fusionpbx: "), (["--database", "nonsense"], "no-database: ")],
)
@pytest.mark.usefixtures("site")
def test_without_fusionpbxs_word_it_has_to_be_named(options: list[str], code: str) -> None:
    result = CliRunner().invoke(main, ["kit", "install", "--fusionpbx", *options])
    assert result.exit_code == 1
    assert result.stderr.startswith(code)


@pytest.mark.usefixtures("site")
def test_the_sql_can_be_had_without_a_database() -> None:
    put = CliRunner().invoke(main, ["kit", "install", "--fusionpbx", "--print-sql"])
    assert put.exit_code == 0
    assert put.stdout.startswith("BEGIN;\nDELETE FROM v_dialplans")
    assert put.stdout.count("INSERT INTO v_dialplans") == len(fusionpbx.IDENTITIES)
    gone = CliRunner().invoke(main, ["kit", "remove", "--fusionpbx", "--print-sql"])
    assert gone.stdout == fusionpbx.removal()
