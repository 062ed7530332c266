"""The static look into a dialplan, against what FreeSWITCH would do with a number."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxcc.domain.sight import Sight
from fluxcc.kit.names import GATE_EXTENSION
from fluxcc.pbx.dialplan import Evaluate, Fate, Gate, Taker, fate, find_gate, takers
from fluxcc.pbx.markup import parse

BRIDGE = '<action application="bridge" data="user/1"/>'
SET = '<action application="set" data="a=b"/>'


def answers(xml: str, destination: str, evaluate: Evaluate | None = None) -> bool | None:
    """Whether the context has anything for the destination; None where that is not known."""
    found = {Fate.TAKEN: True, Fate.CAUGHT: True, Fate.NOTHING: False}
    return found.get(fate(xml, destination, evaluate))


def context(*extensions: str) -> str:
    return f'<context name="default">{"".join(extensions)}</context>'


def extension(
    *conditions: str, name: str = "it", is_continued: bool = False, actions: str = BRIDGE
) -> str:
    *first, last = conditions
    told = [f"<condition {each}/>" for each in first] + [f"<condition {last}>{actions}</condition>"]
    more = ' continue="true"' if is_continued else ""
    return f'<extension name="{name}"{more}>{"".join(told)}</extension>'


def on(pattern: str, field: str = "destination_number") -> str:
    return f'field="{field}" expression="{pattern}"'


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        pytest.param([extension(on("^7001$"))], True, id="its-number"),
        pytest.param([extension(on("^7002$"))], False, id="another-number"),
        pytest.param([], False, id="an-empty-context"),
        pytest.param([extension(on(r"^(\d+)$"))], True, id="any-number"),
        pytest.param([extension(on("^7001$", "${destination_number}"))], True, id="expanded"),
        pytest.param([extension(on("^x$", "${queue}"), on("^7001$"))], None, id="and-a-variable"),
        pytest.param([extension(on("^x$", "${queue}"), on("^7002$"))], False, id="not-even-then"),
        pytest.param([extension(on("^x$", "${looped}"))], False, id="whatever-is-dialled"),
        pytest.param([extension('wday="2-6"', on("^7001$"))], None, id="at-times"),
        pytest.param([extension(on("^7001$") + ' hour="9-17"')], None, id="its-number-at-times"),
        pytest.param([extension(on("^7002$") + ' hour="9-17"')], False, id="another-at-times"),
        pytest.param([extension(on("^7001$"), actions=SET)], False, id="only-prepared"),
        pytest.param(
            [extension("", is_continued=True, actions=SET), extension(on("^7001$"))],
            True,
            id="prepared-then-taken",
        ),
        pytest.param(
            [extension(on("^7"), actions=SET), extension(on("^7001$"))], False, id="taken-away"
        ),
        pytest.param([extension(on("_7XXX"))], None, id="asterisk's-pattern"),
        pytest.param([extension(on("/^7001$/i"))], None, id="delimited"),
        pytest.param([extension(on("^${exten}$"))], None, id="expanded-pattern"),
        pytest.param([extension(on(r"^\Q7001\E$"))], None, id="pcre-only"),
        pytest.param([extension(on("^[[:digit:]]+$"))], None, id="posix-class"),
    ],
)
def test_whether_anything_answers(extensions: list[str], expected: bool | None) -> None:
    assert answers(context(*extensions), "7001") is expected


def test_an_anti_action_leads_on() -> None:
    xml = (
        '<extension name="it"><condition field="destination_number" expression="^7002$"'
        ' break="never"><anti-action application="answer"/></condition></extension>'
    )
    assert answers(context(xml), "7001") is True
    assert answers(context(xml), "7002") is False


@pytest.mark.parametrize(
    ("kind", "patterns", "expected"),
    [
        ("any", ["^7001$", "^8$"], True),
        ("any", ["^7$", "^8$"], False),
        ("all", ["^7", "1$"], True),
        ("all", ["^7", "2$"], False),
        ("xor", ["^7", "1$"], False),
        ("xor", ["^7", "2$"], True),
    ],
)
def test_combined_conditions(kind: str, patterns: list[str], expected: bool) -> None:
    each = "".join(f"<regex {on(pattern)}/>" for pattern in patterns)
    xml = f'<extension name="it"><condition regex="{kind}">{each}{BRIDGE}</condition></extension>'
    assert answers(context(xml), "7001") is expected


def test_a_nested_condition_is_needed() -> None:
    xml = (
        '<extension name="it"><condition field="destination_number" expression="^7">'
        f"<condition {on('^7001$')}>{BRIDGE}</condition></condition></extension>"
    )
    assert answers(context(xml), "7001") is True
    assert answers(context(xml), "7002") is False


@pytest.mark.parametrize(("required", "expected"), [("true", False), ("false", True)])
def test_where_a_nested_condition_is_not_needed_the_next_one_has_its_turn(
    required: str, expected: bool
) -> None:
    nested = f"<condition {on('^2$')}>{BRIDGE}</condition>"
    outer = f'<condition {on("^1$")} require-nested="{required}">{nested}</condition>'
    xml = f'<extension name="it">{outer}<condition>{BRIDGE}</condition></extension>'
    assert answers(context(xml), "1") is expected


def test_a_pattern_that_is_too_long_to_try_may_match_or_not() -> None:
    assert answers(context(extension(on("^1$|" * 300))), "1") is None


def test_a_catch_all_is_told_from_an_extension_of_the_number_s_own() -> None:
    every = extension(on("^(.*)$"), name="wrong-number")
    assert fate(context(every), "7001") is Fate.CAUGHT
    assert fate(context(extension(on("^7001$")), every), "7001") is Fate.TAKEN
    assert fate(context(extension(on("^x$", "${a}"), on("^7001$")), every), "7001") is Fate.TAKEN
    assert fate(context(), "7001") is Fate.NOTHING
    assert fate("", "7001") is Fate.UNKNOWN


LOOK = "${hash(select/rooms/${destination_number})}"


@pytest.mark.parametrize(
    ("value", "expected"), [("1000", True), ("", False), (None, None), ("-ERR", False)]
)
def test_a_look_into_mod_hash_is_taken_where_somebody_can_tell(
    value: str | None, expected: bool | None
) -> None:
    asked: list[str] = []

    def evaluate(text: str) -> str:
        asked.append(text)
        return value or ""

    xml = context(extension(on("^[*]"), on("^[0-9]+$", LOOK)))
    assert answers(xml, "*1000", None if value is None else evaluate) is expected
    assert set(asked) <= {"${hash(select/rooms/*1000)}"}


@pytest.mark.parametrize(
    "field", ["${caller_id_number}", "${system(rm)}", "${hash(delete/x/y)}", "${hash(select/${a})}"]
)
def test_nothing_else_is_asked_for(field: str) -> None:
    def evaluate(text: str) -> str:
        raise AssertionError(text)

    assert answers(context(extension(on("^7"), on("^1", field))), "7001", evaluate) is None


def test_an_odd_destination_is_not_put_into_an_expansion() -> None:
    def evaluate(text: str) -> str:
        raise AssertionError(text)

    assert answers(context(extension(on("^7"), on("^1", LOOK))), "7)} ${x(", evaluate) is None


def test_who_takes_it_is_told_in_order() -> None:
    xml = context(
        extension(on("^x$", "${queue}"), on("^7001$"), name="perhaps"),
        extension(on("^7"), name="surely"),
        extension(on("^7001$"), name="never-reached"),
    )
    assert takers(xml, "7001") == [Taker("perhaps", False), Taker("surely", True)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "can't find anything",
        "<context>",
        "<section/>",
        '<!DOCTYPE x [<!ENTITY a "b">]><context>&a;</context>',
        "<context>" + "<a>" * 200 + "</a>" * 200 + "</context>",
    ],
)
def test_what_is_no_context_tells_nothing(text: str) -> None:
    assert answers(text, "7001") is None


def test_a_document_type_is_refused() -> None:
    with pytest.raises(ValueError, match="document type"):
        parse('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>')


_NAMES = st.sampled_from(["field", "expression", "break", "regex", "wday", "continue", "name"])
_VALUES = st.sampled_from(
    [
        "destination_number",
        "^7001$",
        "(",
        "[[:x:]]",
        "${a}",
        "on-true",
        "always",
        "any",
        "true",
        "[",
    ]
)


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda tag, attributes, inside: (
            f"<{tag} {' '.join(f'{name}={chr(34)}{value}{chr(34)}' for name, value in attributes)}>"
            f"{''.join(inside)}</{tag}>"
        ),
        st.sampled_from(["extension", "condition", "regex", "action", "anti-action"]),
        st.lists(st.tuples(_NAMES, _VALUES), max_size=3, unique_by=lambda pair: pair[0]),
        st.lists(children, max_size=3),
    )


@given(st.recursive(st.just(""), _element, max_leaves=12), st.text(max_size=8))
def test_no_dialplan_breaks_it(xml: str, destination: str) -> None:
    answers(f"<context>{xml}</context>", destination)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    answers(text, "7001")


@given(st.text(max_size=40).filter(lambda text: not set(text) & set('<&"')))
def test_no_pattern_breaks_it(pattern: str) -> None:
    answers(context(extension(on(pattern))), "7001")


GATE = f'<extension name="{GATE_EXTENSION}"><condition/></extension>'


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", Gate(Sight.THERE)),
        ("<extension/>", Gate(Sight.THERE)),
        (extension(on("^1"), is_continued=True, actions=SET), Gate(Sight.THERE)),
        (extension(on("^1"), actions=SET), Gate(Sight.THERE, "it")),
        (extension(on("^1"), is_continued=True), Gate(Sight.THERE, "it", "bridge")),
        (extension(on("^1"), name="", actions=SET), Gate(Sight.THERE, "")),
    ],
    ids=["first", "no-condition", "prepares", "ends-the-hunt", "answers", "nameless"],
)
def test_only_what_prepares_a_call_may_stand_before_the_gate(before: str, expected: Gate) -> None:
    found = find_gate(context(before, GATE))
    assert found == expected


def test_a_context_without_the_gate_and_one_that_cannot_be_read_are_told_apart() -> None:
    assert find_gate(context(extension(on("^1")))) == Gate(Sight.MISSING)
    assert find_gate("-ERR no such context") == Gate(Sight.UNSEEN)
    assert find_gate("") == Gate(Sight.UNSEEN)


def test_a_context_that_hangs_every_call_up_ends_it() -> None:
    ends = '<extension name="no"><condition><action application="{}"/></condition></extension>'
    after = extension(on("^7001$"))
    assert fate(context(ends.format("hangup"), after), "7001") is Fate.ENDED
    assert fate(context(ends.format("respond"), after), "7001") is Fate.ENDED
    assert fate(context(after, ends.format("hangup")), "7001") is Fate.TAKEN
    # A number that is said to be busy has an extension.
    busy = extension(on("^7002$"), actions='<action application="hangup" data="USER_BUSY"/>')
    assert fate(context(busy), "7002") is Fate.TAKEN


ROOM = "${hash(select/r/${destination_number}@${context})} ${hash(select/r/${destination_number})}"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"*1000@a.example": "1000@a.example"}, Fate.TAKEN),
        ({"*1000": "1000"}, Fate.TAKEN),
        ({"*1000@b.example": "1000@b.example"}, Fate.NOTHING),
        ({}, Fate.NOTHING),
    ],
)
def test_look_ups_by_context_are_made(known: dict[str, str], expected: Fate) -> None:
    def evaluate(text: str) -> str:
        return re.sub(r"\$\{hash\(select/r/([^)]*)\)\}", lambda key: known.get(key[1], ""), text)

    where = on("^[a-z.-]+/[a-z.-]*$", "${context}/${domain_name}")
    xml = context(extension(on(r"^\*"), where, on("[0-9]", ROOM))).replace("default", "a.example")
    assert fate(xml, "*1000", evaluate) is expected


@pytest.mark.parametrize(
    ("pattern", "domain", "expected"),
    [
        (r"^[a-z.-]*$", "", True),
        (r"^a\.example$", "", None),
        (r"^a\.example$", "a.example", True),
        (r"^a\.example$", "b.example", None),
    ],
)
def test_a_condition_on_the_domain(pattern: str, domain: str, expected: bool | None) -> None:
    """Of an unknown domain only what holds for any is known."""
    xml = context(extension(on("^7001$"), on(pattern, "${domain_name}")))
    found = fate(xml, "7001", None, domain)
    assert {Fate.TAKEN: True, Fate.NOTHING: False}.get(found) is expected
