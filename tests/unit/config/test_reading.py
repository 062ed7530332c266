"""The configuration (contract, section 5): defaults, environment, every fault at once."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.config import (
    DECLARED,
    STOCK_PASSWORD,
    Settings,
    default_store,
    load,
    read_duration,
    values,
)
from fluxcc.config.declaration import Declared, Key
from fluxcc.config.reading import LARGEST_FILE
from fluxcc.domain.errors import ConfigurationError

CONTRACT = """
lang = "pt_BR"
[pbx]
node = "pbx1"
host = "127.0.0.1"
port = 8021
password = "secret"
[store]
url = "sqlite:////var/lib/fluxcc/fluxcc.db"
[blocks]
duration = "30m"
internal = ['^\\d{2,6}$']
reject_cause = "CALL_REJECTED"
[numbers]
country = "BR"
area_code = ""
[calls]
group_variables = ["fluxcc_group", "cc_queue"]
agent_variables = ["fluxcc_agent", "cc_agent", "dialed_user"]
[conference]
room = "*{agent}"
context = "default"
[survey]
destination = "*28"
context = "default"
[retention]
calls = "90d"
audit = "365d"
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own configuration is none of the tests' business."""
    monkeypatch.setattr("fluxcc.config.reading.DEFAULT_FILE", tmp_path / "none.toml")


@pytest.fixture
def read(tmp_path: Path):
    """The settings out of a text."""

    def read(text: str, **environment: str) -> Settings:
        file = tmp_path / "fluxcc.toml"
        file.write_text(text, encoding="utf-8")
        return load(file, environment)

    return read


def faults(error: pytest.ExceptionInfo[ConfigurationError]) -> dict[str, str]:
    """Key → what is wrong with it."""
    return {fault.key: fault.problem for fault in error.value.faults}


# Defaults


def test_no_file_at_all_is_a_valid_configuration() -> None:
    settings = load(None, {})
    assert (settings.pbx.host, settings.pbx.port) == ("127.0.0.1", 8021)
    assert settings.pbx.password == STOCK_PASSWORD
    assert settings.store.url == default_store()
    assert settings.blocks.duration == 1800


def test_the_contracts_example_says_what_the_defaults_say(read) -> None:
    settings, defaults = read(CONTRACT), load(None, {})
    for section in ("blocks", "numbers", "calls", "conference", "survey", "retention"):
        assert getattr(settings, section) == getattr(defaults, section)
    assert settings.lang == defaults.lang == "pt_BR"
    assert (settings.pbx.node, settings.pbx.password) == ("pbx1", "secret")
    assert settings.retention.audit == 365 * 86400


def test_an_empty_file_says_the_defaults(read) -> None:
    assert read("") == load(None, {})


# Environment


def test_the_environment_wins_over_the_file(read) -> None:
    settings = read(
        '[pbx]\nhost = "a"\nport = 1\n[blocks]\ninternal = ["x"]\n',
        FLUXCC_PBX_PORT="8022",
        FLUXCC_BLOCKS_DURATION="90s",
        FLUXCC_BLOCKS_INTERNAL="^1$, ^2$",
        FLUXCC_PBX_PASSWORD="p w",
        FLUXCC_LANG="en",
    )
    assert (settings.pbx.host, settings.pbx.port, settings.pbx.password) == ("a", 8022, "p w")
    assert (settings.blocks.duration, settings.blocks.internal) == (90, ("^1$", "^2$"))
    assert settings.lang == "en"


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('lang = "en"')
    assert load(None, {"FLUXCC_CONFIG": str(file)}).lang == "en"


def test_other_programs_variables_are_none_of_ours() -> None:
    load(None, {"PATH": "/bin", "FLUXCC": "x", "FLUXCCTL_X": "y", "FLUXCC_TESTS_X": "1"})


# Faults


def test_every_fault_is_told_at_once_each_with_its_key(read) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(
            """
            lang = "fr"
            speed = 5
            [pbx]
            port = 99999
            hots = "x"
            [store]
            url = "mysql://x"
            [blocks]
            duration = "30"
            internal = ["("]
            reject_cause = "call rejected"
            [numbers]
            country = "Brasil"
            area_code = 11
            [calls]
            group_variables = "cc_queue"
            agent_variables = []
            trunk_users = ["["]
            [conference]
            room = "*1000"
            context = "a b"
            [survey]
            destination = "* 28"
            [retention]
            calls = 90
            """,
            FLUXCC_PBX_PASWORD="x",
        )
    assert set(faults(error)) == {
        *("lang", "speed", "pbx.port", "pbx.hots", "store.url"),
        *("blocks.duration", "blocks.internal", "blocks.reject_cause"),
        *("numbers.country", "numbers.area_code", "calls.group_variables"),
        *("calls.agent_variables", "calls.trunk_users", "conference.room", "conference.context"),
        *("survey.destination", "retention.calls", "FLUXCC_PBX_PASWORD"),
    }
    assert all(faults(error).values())
    assert [fault.key for fault in error.value.faults] == sorted(faults(error))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("pbx = 5", "pbx"),
        ("[pbx]\nport = true", "pbx.port"),
        ("[pbx]\nport = 0", "pbx.port"),
        ('[pbx]\nport = "8021"', "pbx.port"),
        ("[pbx]\nhost = 5", "pbx.host"),
        ('[pbx]\nhost = ""', "pbx.host"),
        ('[pbx]\nnode = "a b"', "pbx.node"),
        ('zone = "America/Nowhere"', "zone"),
        ('zone = "../../etc/localtime"', "zone"),
        ('zone = "America"', "zone"),
        ("[blocks]\ninternal = [1]", "blocks.internal"),
        ('[blocks]\nduration = "0s"', "blocks.duration"),
        ('[blocks]\nduration = "-5m"', "blocks.duration"),
        ('[numbers]\narea_code = "(11)"', "numbers.area_code"),
        ('[store]\nurl = "sqlite:///"', "store.url"),
        ('[calls]\ngroup_variables = ["a b"]', "calls.group_variables"),
        ("lang = 5", "lang"),
        ('[store]\nurl = "sqlite:///:memory:"', "store.url"),
        ("lang = []", "lang"),
        ("[unknown]\nx = 1", "unknown"),
    ],
)
def test_a_fault_names_its_key(read, text: str, key: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(text)
    assert set(faults(error)) == {key}


def test_a_key_named_as_its_section_hides_no_misspelt_one(
    read, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = Declared("log", "log", str, Key("A key that is named as its section."))
    monkeypatch.setattr("fluxcc.config.reading.DECLARED", (*DECLARED, alike))
    with pytest.raises(ConfigurationError) as error:
        read("[log]\nlevle = 'INFO'\n")
    assert set(faults(error)) == {"log.levle"}


@pytest.mark.parametrize("port", ["x", "", "80 21", "-1", "\uff18\uff10", "1" * 50])
def test_a_number_in_the_environment_is_digits(port: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(None, {"FLUXCC_PBX_PORT": port})
    assert set(faults(error)) == {"pbx.port"}


@pytest.mark.parametrize("content", [b"[pbx", b"a = \xff", b"lang = 'en'\nlang = 'en'"])
def test_a_file_that_is_no_toml_is_a_fault_of_the_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "fluxcc.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        load(file, {})
    assert set(faults(error)) == {str(file)}


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(tmp_path / "no.toml", {})
    assert faults(error) == {str(tmp_path / "no.toml"): "does not exist"}


# The password


def test_a_password_file_holds_the_password(tmp_path: Path) -> None:
    secret = tmp_path / "esl.password"
    secret.write_text("s3cret with blanks\n")
    settings = load(None, {"FLUXCC_PBX_PASSWORD_FILE": str(secret)})
    assert settings.pbx.password == "s3cret with blanks"


def test_a_password_file_that_is_missing_or_empty_is_a_fault(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    for file in (empty, tmp_path / "missing", tmp_path):
        with pytest.raises(ConfigurationError) as error:
            load(None, {"FLUXCC_PBX_PASSWORD_FILE": str(file)})
        assert set(faults(error)) == {"pbx.password_file"}


def test_an_operator_needs_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is root's; whoever only asks the daemon for something does without."""
    secret = tmp_path / "esl.password"
    open_ = os.open

    def refuse(path: Path, flags: int) -> int:
        # Root, as whom tests may run, is refused nothing.
        if path == secret:
            raise PermissionError(13, "Permission denied", str(path))
        return open_(path, flags)

    monkeypatch.setattr(os, "open", refuse)
    environment = {"FLUXCC_PBX_PASSWORD_FILE": str(secret)}
    with pytest.raises(ConfigurationError) as error:
        load(None, environment)
    assert set(faults(error)) == {"pbx.password_file"}
    assert load(None, environment, is_password_needed=False).pbx.password == ""


def test_two_passwords_are_one_too_many(tmp_path: Path) -> None:
    secret = tmp_path / "esl.password"
    secret.write_text("a")
    with pytest.raises(ConfigurationError) as error:
        load(None, {"FLUXCC_PBX_PASSWORD_FILE": str(secret), "FLUXCC_PBX_PASSWORD": "b"})
    assert set(faults(error)) == {"pbx.password_file"}


def test_no_fault_tells_the_password(read) -> None:
    with pytest.raises(ConfigurationError) as error:
        read('[pbx]\npassword = "hunter2"\nport = 0\n')
    assert "hunter2" not in str(error.value)


# Durations


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400)]
)
def test_a_duration_has_a_unit(text: str, seconds: int) -> None:
    """Contract, section 4."""
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["3651d", "999999999d", "87601h"])
def test_what_lasts_longer_than_ten_years_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match="ten years"):
        read_duration(text)


@given(st.text().filter(lambda text: not re.fullmatch("[0-9]*[smhd]", text)))
def test_any_other_text_is_a_value_error_that_says_how_it_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="90s, 30m, 2h or 1d"):
        read_duration(text)


# The operators' door


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:////var/lib/fluxcc/fluxcc.db", "/var/lib/fluxcc/fluxcc.sock"),
        ("sqlite:///a.db", "a.sock"),
    ],
)
def test_the_operators_door_is_beside_the_store(url: str, path: str) -> None:
    assert load(None, {"FLUXCC_STORE_URL": url}).control_socket == Path(path)


def test_with_a_server_for_a_store_the_door_is_where_the_file_would_be() -> None:
    settings = load(None, {"FLUXCC_STORE_URL": "postgresql+psycopg://u@h/d"})
    assert settings.control_socket == load(None, {}).control_socket


def test_the_door_can_be_put_elsewhere() -> None:
    assert load(None, {"FLUXCC_CONTROL_SOCKET": "/run/x.sock"}).control_socket == Path(
        "/run/x.sock"
    )


# Watching and retention


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:9137", ("127.0.0.1", 9137)),
        ("localhost:1", ("127.0.0.1", 1)),
        ("[::1]:9137", ("::1", 9137)),
        ("0.0.0.0:9137", ("0.0.0.0", 9137)),
        ("", None),
    ],
)
def test_metrics_are_told_where_it_says(listen: str, address: tuple[str, int] | None) -> None:
    assert load(None, {"FLUXCC_METRICS_LISTEN": listen}).metrics.address == address


def test_metrics_are_told_to_this_machine_alone_unless_somebody_says_otherwise() -> None:
    assert load(None, {}).metrics.address == ("127.0.0.1", 9137)


@pytest.mark.parametrize(
    "listen", [":9137", "9137", "*:9137", "host:9137", "127.0.0.1", "::1:9137", "127.0.0.1:0", "x"]
)
def test_an_address_is_written_out(listen: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load(None, {"FLUXCC_METRICS_LISTEN": listen})
    assert set(faults(error)) == {"metrics.listen"}


def test_log_and_retention_are_checked(read) -> None:
    with pytest.raises(ConfigurationError) as error:
        read('[log]\nformat = "xml"\nlevel = "info"\n[retention]\naudit = "23h"\n')
    assert set(faults(error)) == {"log.format", "log.level", "retention.audit"}


@pytest.mark.parametrize("value", ["-1", "", "a b", "*28/"])
def test_a_destination_is_what_a_supervisor_could_set_too(value: str) -> None:
    """FreeSWITCH takes one that begins with a dash for an option, and the action would fail."""
    with pytest.raises(values.WrongValueError, match="must be a destination"):
        values.destination(value)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large"])
@pytest.mark.parametrize("name", ["fluxcc.toml", "password"])
def test_what_is_no_file_is_not_read(tmp_path: Path, kind: str, name: str) -> None:
    """A daemon that reads its configuration again neither waits for a pipe nor fills its memory."""
    path, config = tmp_path / name, tmp_path / "fluxcc.toml"
    config.write_text(f'[pbx]\npassword_file = "{path}"\n')
    if name == "fluxcc.toml":
        config.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_text("#" * (LARGEST_FILE + 1))
    with pytest.raises(ConfigurationError) as caught:
        load(config, {})
    assert any("cannot be read" in fault.problem for fault in caught.value.faults)


def test_protected_numbers_are_not_too_many() -> None:
    values.protections(("+551133334444",) * values.MOST_PROTECTED)
    with pytest.raises(values.WrongValueError):
        values.protections(("+551133334444",) * (values.MOST_PROTECTED + 1))
