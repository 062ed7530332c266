"""Durations, sizes and counts as the documents write them, and where each one comes from.

A quantity that the program decides carries its origin in a comment that no reader sees, right
behind its number or its unit::

    waits up to 2 s<!-- fluxcc.core.requests.confirmation.CONFIRMATION_TIMEOUT --> for it

An origin is one of these:

- a constant, ``package.module.NAME``: a number (of seconds, of bytes, or a count), or a regular
  expression (the largest count that it allows); ``package.module.Struct.field`` is its default;
- a name in another file, ``folder/file NAME``: what a script, a systemd unit, an alarm or an
  extension of the dialplan says;
- a section of a document, ``contract, section 3`` or ``freeswitch.md, The gate``: what was promised
  or found out there.

Counterpart: ``unit/test_document_numbers.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from tests.documents import DOCS, QUOTED, ROOT, contract_sections, section

SECONDS = {
    "µs": 1e-6,
    "ms": 1e-3,
    "s|seconds?|segundos?": 1.0,
    "min|minutes?|minutos?": 60.0,
    "h|hours?|horas?": 3600.0,
    "days?|dias?": 86400.0,
    "weeks?|semanas?": 7 * 86400.0,
    "years?|anos?": 365 * 86400.0,
}
KILO = {"kB|KiB": 1, "MB|MiB|megabytes?": 2, "GB|GiB": 3}
"""Unit to the power of a thousand, or of 1024, that it stands for."""
COUNTED = (
    "characters?|caracteres|letters?|letras|digits?|dígitos|bytes|events?|eventos|replies|"
    "respostas|requests|pedidos|records?|registros|rows|files|arquivos|keys|commands|tries|"
    "tentativas|times|questions?|perguntas|threads|connections|deep"
)
WORDS = {
    "two|dois|duas": 2,
    "three|três": 3,
    "four|quatro": 4,
    "five|cinco": 5,
    "six": 6,
    "seven|sete": 7,
    "eight|oito": 8,
    "nine|nove": 9,
    "ten|dez": 10,
    "twenty|vinte": 20,
    "thirty|trinta": 30,
    "sixty|sessenta": 60,
    "a hundred|cem": 100,
    "a thousand|mil": 1000,
    "half an?": 0.5,
}
ONE = "once an?|an?|one|every|each|uma?|cada"
"""A number only where a unit of time or size follows: a second is one, an event is none."""
_UNITS = "|".join([*SECONDS, *KILO])
_COMMENT = r"<!-- [^>]+ -->"
QUANTITY = re.compile(
    rf"(?<![\w.,:/`±+<-])(?P<number>\d+(?:[.,]\d+)*|\b(?:{'|'.join([*WORDS, ONE])})\b)"
    rf"(?P<inner>{_COMMENT})?"
    rf"(?: (?P<unit>(?:{_UNITS}|(?:[^\W\d_]+ )?(?:{COUNTED}))(?![\w-])))?"
    rf"(?P<outer>{_COMMENT})?",
    re.IGNORECASE,
)
RANGE = re.compile(rf"(\d[\d.,]*)(?= (?:to|or|a|ou) \d[\d.,]* ({_UNITS})(?![\w-]))")
ORDINAL = re.compile(r"a second(?= (?!more|at|or|and|later|after|before)[a-z])")


class Quantity(NamedTuple):
    """One of them, as it stands in a document."""

    text: str
    """Number and unit: ``2 s``."""
    values: tuple[float, ...]
    """In seconds, in bytes (by thousands, and by 1024), or the number itself."""
    origin: str
    """What its comment says; empty where it has none."""


def quantities(text: str, *, has_decimal_comma: bool = False) -> Iterator[Quantity]:
    """The quantities in a document's prose: numbers with a unit, numbers of a thousand and more,
    and whatever has an origin. What is set as code is passed over."""
    plain = QUOTED.sub(lambda found: "`" + "_" * (len(found[0]) - 2) + "`", text)
    plain = re.sub(r"[ \n]+", " ", ORDINAL.sub("another", plain))
    for found in QUANTITY.finditer(plain):
        number, unit = found["number"], found["unit"] or ""
        if re.fullmatch(ONE, number, re.IGNORECASE) and not re.fullmatch(_UNITS, unit):
            continue
        origin = (found["inner"] or found["outer"] or "").removeprefix("<!-- ")
        if unit or origin or re.search(r"\d[.,]\d{3}\b|hundred|thousand", number):
            yield Quantity(
                f"{number} {unit}".strip(),
                values(number, unit, has_decimal_comma=has_decimal_comma),
                origin.removesuffix(" -->"),
            )


def values(number: str, unit: str, *, has_decimal_comma: bool = False) -> tuple[float, ...]:
    """What a number and a unit amount to; a thousand bytes may be 1024."""
    amount = read_number(number, has_decimal_comma=has_decimal_comma)
    for pattern, seconds in SECONDS.items():
        if re.fullmatch(pattern, unit):
            return (amount * seconds,)
    for pattern, power in KILO.items():
        if re.fullmatch(pattern, unit):
            return (amount * 1000**power, amount * 1024**power)
    return (amount,)


def read_number(text: str, *, has_decimal_comma: bool = False) -> float:
    """``1,000`` or ``ten``; in Portuguese ``1.000`` or ``0,1``."""
    for pattern, value in {**WORDS, ONE: 1}.items():
        if re.fullmatch(pattern, text, re.IGNORECASE):
            return value
    thousands, decimal = (".", ",") if has_decimal_comma else (",", ".")
    return float(text.replace(thousands, "").replace(decimal, "."))


def resolve(origin: str) -> set[float]:
    """The values that stand at an origin, in seconds, bytes or as they are. Raises ``LookupError``
    where there is no such thing."""
    document, comma, title = origin.partition(", ")
    if document == "contract":
        return in_prose(contract_sections()[title.removeprefix("section ")])
    if comma:
        if not (DOCS / document).is_file():
            raise LookupError(f"there is no {document}")
        return in_prose(section(DOCS / document, title))
    if found := re.fullmatch(r"(\w+/[\w/.-]+) (\w+)", origin):
        return in_file(found[1], found[2])
    value = constant(origin)
    if isinstance(value, re.Pattern):
        return {max(map(float, re.findall(r"\{\d+,(\d+)\}", value.pattern)))}
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LookupError(f"{origin} is no number")
    return {float(value)}


def constant(name: str) -> Any:
    """What a dotted name stands for; of a struct's field, its default."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            holder: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if isinstance(holder, type) and issubclass(holder, msgspec.Struct):
                fields = {field.name: field.default for field in msgspec.structs.fields(holder)}
                holder = fields[part]
            elif hasattr(holder, part):
                holder = getattr(holder, part)
            else:
                raise LookupError(f"there is no {name}")
        return holder
    raise LookupError(f"there is no {name}")


def in_prose(text: str) -> set[float]:
    """The values of the quantities in a document's section, both ends of a range among them."""
    found = {value for each in quantities(text) for value in each.values}
    ends = (values(number, unit) for number, unit in RANGE.findall(text))
    return found | {value for each in ends for value in each}


def in_file(path: str, name: str) -> set[float]:
    """The numbers that another file gives to a name: in its line; of an alarm, in its rule; of an
    extension of the dialplan, in its element."""
    text = (ROOT / path).read_text(encoding="utf-8")
    end = {".yml": r"(?=\n *- alert|\Z)", ".xml": r"</extension>"}.get(
        path[path.rindex(".") :], "$"
    )
    found = re.search(rf"\b{name}\b(.*?){end}", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"{path} has no {name}")
    unit = 1e-3 if name.endswith("_MS") else 1.0
    return {float(number) * unit for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", found[1])}


def agrees(quantity: Quantity) -> bool:
    """Whether a quantity is what stands at its origin. Raises ``LookupError``."""
    there = resolve(quantity.origin)
    return any(math.isclose(value, other) for value in quantity.values for other in there)
