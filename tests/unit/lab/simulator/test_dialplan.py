"""Configuration, conditions, expansion and the two little languages of a dialplan."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from fluxcc.lab.simulator.configuration import Configuration, ConfigurationError
from fluxcc.lab.simulator.dialplan import Action, Hunt
from fluxcc.lab.simulator.expansion import expand
from fluxcc.lab.simulator.expressions import cond, expr
from fluxcc.lab.simulator.hashtable import DUMP_USAGE, USAGE, HashTable

from .conftest import Scene


def _hunt(xml: str, number: str = "1000") -> list[Action]:
    inline: list[Action] = []
    hunt = Hunt(
        read_field=lambda name: number if name == "destination_number" else name,
        expand=lambda text: text,
        run_inline=inline.append,
        matched=lambda caught: None,
    )
    context = ElementTree.fromstring(f"<context>{xml}</context>")
    hunt.through(context)
    return [*inline, *hunt.actions]


def _extension(conditions: str, attributes: str = "") -> str:
    return f"<extension {attributes}>{conditions}</extension>"


def _condition(expression: str, inside: str, attributes: str = "") -> str:
    return (
        f'<condition field="destination_number" expression="{expression}" {attributes}>'
        f"{inside}</condition>"
    )


A, B, C = (f'<action application="{name}" data="$1"/>' for name in "abc")
ANTI = '<anti-action application="anti"/>'


def _names(actions: list[Action]) -> str:
    return " ".join(action.application for action in actions)


def test_the_first_extension_that_matches_ends_the_hunt() -> None:
    first, second = _extension(_condition("^1", A)), _extension(_condition("^1", B))
    assert _names(_hunt(first + second)) == "a"
    assert _names(_hunt(_extension(_condition("^1", A), 'continue="true"') + second)) == "a b"
    assert _names(_hunt(_extension(_condition("^2", A)) + second)) == "b"
    assert _hunt(_extension(_condition("^2", A))) == []


def test_what_an_expression_caught_goes_into_the_data() -> None:
    assert _hunt(_extension(_condition("^10(.*)$", A))) == [Action("a", "00")]
    assert _hunt(_extension(_condition("^(1)", A.replace("$1", "$0$1$2")))) == [Action("a", "11")]
    assert _hunt(_extension(_condition("^1000$", A))) == [Action("a", "$1")]


@pytest.mark.parametrize(
    ("first", "stop", "names"),
    [
        ("^1", "on-false", "a b"),
        ("^2", "on-false", "anti"),
        ("^1", "on-true", "a"),
        ("^2", "on-true", "anti b"),
        ("^1", "always", "a"),
        ("^2", "always", "anti"),
        ("^1", "never", "a b"),
        ("^2", "never", "anti b"),
    ],
)
def test_break_says_whether_the_next_condition_is_looked_at(
    first: str, stop: str, names: str
) -> None:
    conditions = _condition(first, A + ANTI, f'break="{stop}"') + _condition("^1", B)
    assert _names(_hunt(_extension(conditions))) == names


def test_nested_conditions_and_those_without_a_field() -> None:
    nested = _condition("^1(0)", A + _condition("^(10)", B) + _condition("^2", C))
    assert _hunt(_extension(nested)) == [Action("a", "0"), Action("b", "10")]
    assert _names(_hunt(_extension(f"<condition>{A}</condition>"))) == "a"


@pytest.mark.parametrize(
    ("attributes", "names"),
    [("", "a"), ('break="never"', "a c"), ('require-nested="false"', "a c")],
)
def test_a_nested_condition_that_fails_stops_its_extension(attributes: str, names: str) -> None:
    outer = _condition("^1", A + _condition("^2", B), attributes) + _condition("^1", C)
    assert _names(_hunt(_extension(outer))) == names


def test_an_anti_action_ends_the_hunt_like_an_action() -> None:
    first, second = _extension(_condition("^2", A + ANTI)), _extension(_condition("^1", B))
    assert _names(_hunt(first + second)) == "anti"


@pytest.mark.parametrize(
    ("kind", "names"), [("all", ""), ("any", "a"), ("xor", "a")], ids=["all", "any", "xor"]
)
def test_several_expressions_in_one_condition(kind: str, names: str) -> None:
    regexes = "".join(
        f'<regex field="destination_number" expression="{expression}"/>'
        for expression in ("^1", "^2")
    )
    assert _names(_hunt(_extension(f'<condition regex="{kind}">{regexes}{A}</condition>'))) == names


def test_an_inline_action_runs_during_the_hunt() -> None:
    inline = '<action application="set" data="x=1" inline="true"/>'
    assert _names(_hunt(_extension(_condition("^1", A + inline)))) == "set a"


def test_includes_are_pasted_sorted_and_variables_filled_in(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "freeswitch.xml").write_text(
        '<?xml version="1.0"?>\n<document>\n'
        '  <X-PRE-PROCESS cmd="set" data="who=me"/>\n'
        '  <section name="dialplan">\n'
        '    <X-PRE-PROCESS cmd="include" data="parts/*.xml"/> dropped\n'
        "  </section>\n</document>\n"
    )
    for name in ("b", "a"):
        (tmp_path / "parts" / f"{name}.xml").write_text(
            f'<include>\n<context name="{name}-$${{who}}"/>\n</include>\n'
        )
    configuration = Configuration(tmp_path)
    assert list(configuration.contexts()) == ["a-me", "b-me"]
    assert configuration.variables["who"] == "me"
    assert configuration.module("nope.conf") is None


def test_a_fault_keeps_what_was_read_before(configuration: Path) -> None:
    read = Configuration(configuration)
    (configuration / "dialplan" / "default" / "99_broken.xml").write_text("<include>\n<extension>")
    with pytest.raises(ConfigurationError):
        read.reload()
    assert "default" in read.contexts()
    with pytest.raises(ConfigurationError):
        Configuration(configuration / "nowhere")


def test_users_are_found_with_their_dial_string(configuration: Path) -> None:
    read = Configuration(configuration)
    assert (read.dial_string("1000", "pbx.test") or "").startswith("sofia/external/${dialed_user}@")
    assert read.dial_string("1000", "elsewhere") is None
    assert read.dial_string("1999", "pbx.test") is None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${a}", "A"),
        ("x${a}y${b}z", "xAyz"),
        ("${upper(${a} b)}", "A B"),
        ("${a${none}}", "A"),
        ("${long:1:2}", "on"),
        ("${long:-2}", "ng"),
        ("${open", "${open"),
        ("$1 {a}", "$1 {a}"),
    ],
)
def test_expansion(text: str, result: str) -> None:
    variables = {"a": "A", "long": "long"}
    assert (
        expand(text, lambda name: variables.get(name, ""), lambda name, inside: inside.upper())
        == result
    )


def test_what_came_in_is_not_expanded_again() -> None:
    assert expand("${a}", lambda name: "${b}", lambda name, inside: "") == "${b}"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 > 2 ? true : false", "false"),
        ("2 > 1 ? true : false", "true"),
        ("1.5 >= 1.5 ? true : false", "true"),
        ("abc == abc ? yes : no", "yes"),
        ("abc != abc ? yes : no", "no"),
        ("'a b' == 'a b' ? yes : no", "yes"),
        ("abc == 3 ? yes : no", "yes"),
        ("12345 > abc ? yes : no", "yes"),
        ("1 == 2 ? yes", ""),
        (" > 2 ? true : false", "-ERR"),
        ("> 2 ? true : false", "-ERR"),
        ("1 2 ? true : false", "-ERR"),
        ("", "-ERR"),
    ],
)
def test_cond_as_freeswitch_answers_it(text: str, result: str) -> None:
    assert cond(text) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [("1+2", "3"), ("1 + 2 * 3", "7"), ("-(4/8)", "-0.5"), ("1/0", "ERR"), ("a+1", "ERR")],
)
def test_expr(text: str, result: str) -> None:
    assert expr(text) == result


def test_hash_answers_as_mod_hash() -> None:
    table = HashTable()
    assert table.command("select/a/b") == ""
    assert table.command("insert/a/b/c/d") == "+OK\n"
    assert table.command("select/a/b") == "c/d"
    assert table.command("insert_ifempty/a/b/x") == "-ERR key already exists\n"
    assert table.command("delete_ifmatch/a/b/x") == "-ERR Not found\n"
    assert table.dump("db a") == "D/a_b/c/d\n"
    assert table.dump("all") == "D/a_b/c/d\n"
    assert table.dump("limit") == ""
    assert table.command("delete/a/b") == "+OK\n"
    assert table.command("delete/a/b") == "-ERR Not found\n"
    assert [table.command(text) for text in ("", "insert/a/b", "bogus/a/b/c")] == [USAGE] * 3
    assert table.dump("hash") == DUMP_USAGE


GATE = """<include>
  <extension name="gate">
    <condition
      field="${cond(${hash(select/gate/${caller_id_number})} &gt; ${strepoch()} ? true : false)}"
      expression="^true$">
      <action application="hangup" data="CALL_REJECTED"/>
    </condition>
  </extension>
</include>
"""


@pytest.fixture
def gated(configuration: Path, scene: Scene) -> Scene:
    (configuration / "dialplan" / "public" / "00_gate.xml").write_text(GATE)
    assert scene.pbx.api("reloadxml") == "+OK [Success]\n"
    return scene


def _status(scene: Scene, number: str) -> int:
    caller = scene.call("9999", number=number)
    scene.until(lambda: caller.is_answered or caller.is_ended)
    return scene.pbx.outside.final_status(caller)


def test_a_gate_refuses_before_the_answer_until_its_time_is_over(gated: Scene) -> None:
    now = int(gated.pbx.api("strepoch"))
    gated.pbx.api(f"hash insert/gate/111/{now + 60}")
    gated.pbx.api(f"hash insert/gate/222/{now - 1}")
    assert _status(gated, "111") == 603
    assert _status(gated, "222") == 200
    assert _status(gated, "333") == 200


def test_reloadxml_says_that_it_happened(scene: Scene) -> None:
    scene.pbx.api("reloadxml")
    assert len(scene.said("RELOADXML")) == 1


def test_what_stands_on_a_line_with_an_include_tag_is_dropped(configuration: Path) -> None:
    """As in FreeSWITCH, to whom the tag is there for validators alone."""
    (configuration / "dialplan" / "public" / "00_first.xml").write_text(
        '<include><extension name="lost"/>\n<extension name="kept"/>\n</include>'
    )
    names = [each.get("name") for each in Configuration(configuration).contexts()["public"]]
    assert names[0] == "kept"
    assert "lost" not in names


# What a condition caught


def _caught(*expressions: tuple[str, str]) -> list[list[str]]:
    kept: list[list[str]] = []
    hunt = Hunt(
        read_field=lambda name: name,
        expand=lambda text: text,
        run_inline=lambda action: None,
        matched=kept.append,
    )
    conditions = "".join(
        f'<condition field="{field}" expression="{expression}"/>'
        for field, expression in expressions
    )
    hunt.through(ElementTree.fromstring(f"<context>{_extension(conditions)}</context>"))
    return kept


def test_every_branch_of_a_reset_numbers_its_groups_anew() -> None:
    assert _caught(("12", "^(?|a(.)|(.)(.))$")) == [["12", "1", "2"]]


def test_a_group_that_catches_nothing_makes_freeswitch_forget_those_before_it() -> None:
    assert _caught(("12", "^(1)(x*)(2)$")) == [["2"]]
    assert _caught(("12", "^(1)2(x)?$")) == [["12", "1"]]
