"""No document says a number that the program does not have.

Counterpart: ``tests/quantities.py``, which says how a number carries its origin. In every document
but those of ``NOT_HELD`` each duration, size and count has one, or is among the ``FACTS`` with the
reason why nothing in the program decides it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.documents import DOCS, DOCUMENTS, name_of, prose
from tests.quantities import Quantity, agrees, quantities, resolve

NOT_HELD = {
    "configuration.md": "test_documents.py compares each default",
    "contract.md": "it is the origin of what is promised",
    "freeswitch.md": "it is the origin of what was seen",
    "sites.md": "the same",
    "performance.md": "it says what was measured",
    "resilience.md": "the same",
    "scaling.md": "it reckons with what was measured",
}
"""Documents in which a number needs no origin; one that has one is held to it all the same."""
HELD = [
    path
    for path in DOCUMENTS
    if DOCS in path.parents and str(path.relative_to(DOCS)) not in NOT_HELD
]
FACTS = {
    "an example": {
        "decisions/0003-no-monkey-patching.md": ["50 ms", "50 ms"],
        "decisions/0010-end-of-a-block.md": ["29 minutes", "59.1 seconds", "30 minutes"],
        "decisions/0011-the-pbxs-clock.md": ["an hour", "half an hour", "a day"],
        "web.md": ["8 s"],
        "web.pt-BR.md": ["8 s"],
    },
    "what rounding up to a full second of the clock adds": {
        "decisions/0010-end-of-a-block.md": ["a second"],
    },
    "the structure, and no setting: one for events, one for commands": {
        "kit.md": ["two connections"],
    },
    "measured by tests/scenarios/test_start_and_stop.py": {
        "operations.md": ["2 s"],
    },
    "what the tests that are named there send": {
        "security.md": ["64 kB"],
    },
}
"""Reason to document to the quantities that nothing in the program decides, each as often as it
stands there."""


def read(document: Path) -> list[Quantity]:
    is_portuguese = document.name.endswith(".pt-BR.md")
    return list(quantities(prose(document), has_decimal_comma=is_portuguese))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_a_number_is_what_its_origin_says(document: Path) -> None:
    wrong = []
    for quantity in read(document):
        if quantity.origin:
            try:
                is_right = agrees(quantity)
            except LookupError as error:
                wrong.append(f"{quantity.text}: {error}")
            else:
                if not is_right:
                    there = sorted(resolve(quantity.origin))
                    wrong.append(f"{quantity.text}: {quantity.origin} is {there}")
    assert wrong == []


@pytest.mark.parametrize("document", HELD, ids=name_of)
def test_a_number_has_an_origin(document: Path) -> None:
    name = str(document.relative_to(DOCS))
    known = Counter(text for facts in FACTS.values() for text in facts.get(name, []))
    found = Counter(quantity.text for quantity in read(document) if not quantity.origin)
    assert found == known


def test_a_document_that_is_not_held_is_there() -> None:
    assert [name for name in NOT_HELD if not (DOCS / name).is_file()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_an_origin_belongs_to_a_number(document: Path) -> None:
    """A comment is no origin where no number stands in front of it, or where it is spelt so that it
    is not found."""
    assert prose(document).count("<!--") == sum(bool(each.origin) for each in read(document))


@pytest.mark.parametrize("name", ["board", "supervisor"])
def test_the_same_numbers_have_an_origin_in_both_languages(name: str) -> None:
    english, portuguese = (
        [(quantity.values, quantity.origin) for quantity in read(DOCS / f"{name}{tail}")]
        for tail in (".md", ".pt-BR.md")
    )
    assert english == portuguese


# How a number is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("waits 2 s.", ["2 s"]),
        ("waits\n2 s", ["2 s"]),
        ("after 250 ms, 10 µs", ["250 ms", "10 µs"]),
        ("10 to 14 µs", ["14 µs"]),
        ("a second more, once a day, half an hour", ["a second", "once a day", "half an hour"]),
        ("a second look after two minutes", ["two minutes"]),
        ("64 kB, 256 MB and each megabyte", ["64 kB", "256 MB", "each megabyte"]),
        (
            "four native threads, a hundred small files",
            ["four native threads", "a hundred small files"],
        ),
        ("at 20,000 they are dropped", ["20,000"]),
        ("an event, one reply, each question", []),
        ("port 8021, SIP 603, `30m`, `wait 5 s`, 127.0.0.1, Python 3.11", []),
    ],
)
def test_a_quantity_is_found(text: str, found: list[str]) -> None:
    assert [quantity.text for quantity in quantities(text)] == found


# Constants of the standard library: these have no other name tomorrow.
@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("443 s<!-- http.client.HTTPS_PORT -->", True),
        ("443<!-- http.client.HTTPS_PORT --> letters", True),
        ("444 s<!-- http.client.HTTPS_PORT -->", False),
        ("443 ms<!-- http.client.HTTPS_PORT -->", False),
        ("443 minutes<!-- http.client.HTTPS_PORT -->", False),
        ("8 kB<!-- io.DEFAULT_BUFFER_SIZE -->", True),
        ("8 MB<!-- io.DEFAULT_BUFFER_SIZE -->", False),
        ("5 s<!-- contract, section 3 -->", True),
        ("77 s<!-- contract, section 3 -->", False),
        ("8 digits<!-- freeswitch.md, Numbers in Brazil -->", True),
        ("30 minutes<!-- fluxcc.config.BlockSettings.duration -->", True),
        ("31 minutes<!-- fluxcc.config.BlockSettings.duration -->", False),
        ("10<!-- freeswitch/dialplan/default/00_fluxcc.xml fluxcc_room --> digits", True),
        ("75 s<!-- systemd/fluxcc.service WatchdogSec -->", True),
        ("2 s<!-- systemd/fluxcc.service WatchdogSec -->", False),
    ],
)
def test_a_quantity_is_compared(text: str, is_right: bool) -> None:
    (quantity,) = quantities(text)
    assert agrees(quantity) is is_right


def test_a_decimal_comma_is_read() -> None:
    assert [each.values for each in quantities("0,5 s", has_decimal_comma=True)] == [(0.5,)]
    assert [each.values for each in quantities("5.000 ms", has_decimal_comma=True)] == [(5.0,)]


@pytest.mark.parametrize(
    "origin",
    [
        "http.client.NO_SUCH_PORT",
        "no.such.module.NUMBER",
        "http.client.HTTPConnection",
        "fluxcc.config.BlockSettings.length",
        "contract, section 11",
        "freeswitch.md, No such section",
        "nowhere.md, The gate",
        "systemd/fluxcc.service NoSuchSec",
    ],
)
def test_an_origin_that_is_not_there_is_told(origin: str) -> None:
    with pytest.raises(LookupError):
        resolve(origin)
