"""Telephone numbers: which person a caller ID stands for, and under which key the gate knows them.

The canonical number is E.164 with its plus sign. A caller ID is read as what it shows (``shown``),
by the very rule that the kit's gate has (``dialling``), so that the daemon takes for a person whom
the gate refuses and nobody else (contract, section 2a; freeswitch.md, Numbers in Brazil), but for
what the gate cannot read: the daemon ends such a leg itself. What people paste is read by
``pasted``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from fluxcc.domain import dialling, shown
from fluxcc.domain.calls import NOWHERE

_WITHHELD = frozenset(
    {
        "",
        "anonymous",
        "unknown",
        "unavailable",
        "private",
        "restricted",
        "withheld",
        "asserted",
        "_undef_",
    }
)
_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_ANONYMOUS = "anonymous".translate(_KEYPAD)
_SPELT_ON_KEYS = frozenset(
    word.translate(_KEYPAD) for word in (*_WITHHELD, "blocked") if word.isalpha()
)
"""Those words as they are typed on a telephone's keys (266696687 for *anonymous*): what a switch
presents that can present digits only."""
_ONLY_ZEROS = re.compile(r"\+?0+")
"""What some trunks present in place of a withheld number, at any length."""
_PUNCTUATION = re.compile(r"[\s()./\-]+")
_PIECES = re.compile(dialling.PIECES)
_LONGEST_CALLER_ID = 64
_CACHED_NUMBERS = 512
"""Numbers kept as they were read, of some 800 bytes each: an action reads the same one again and
again."""


class Number(msgspec.Struct, frozen=True):
    """A caller ID and what is known of it."""

    seen: str
    """As the trunk presented it, without punctuation."""
    canonical: str
    """E.164 (``+5511988887777``); the caller ID as seen where it is no number of any country."""
    spellings: tuple[str, ...]
    """The usual ways to write it, ``key`` among them, under all of which a block is published: a
    gate of kit version 2 and before knows nothing else. Empty where it cannot be blocked."""
    key: str = ""
    """The one key by which the kit's gate looks the person up; empty where it cannot be blocked."""

    @property
    def is_usable(self) -> bool:
        """Whether it identifies a caller, so that it can be blocked."""
        return bool(self.key)


def is_withheld(caller_id: str) -> bool:
    """Whether this is what a trunk presents where the caller withholds the number."""
    plain = _PUNCTUATION.sub("", caller_id)
    return plain.lower() in _WITHHELD or bool(_ONLY_ZEROS.fullmatch(plain))


class NumberPlan:
    """The numbers of one place: a country and the area code at home (``[numbers]``).

    ``country`` is an ISO 3166 code (``BR``), ``area_code`` the digits in front of a local number,
    or empty where local numbers are never presented without it. ``internal`` are regular
    expressions of which one must match a whole extension (``[blocks] internal``), ``withheld``
    those of what stands for a withheld number here (``[numbers] withheld``): one must match the
    whole caller ID as presented, the canonical number, or that number inside its country.
    ``area_codes`` are those of single gateways and dialplan contexts, by name.
    """

    def __init__(
        self,
        country: str,
        area_code: str,
        internal: tuple[str, ...],
        withheld: tuple[str, ...] = (),
        area_codes: Mapping[str, str] | None = None,
    ) -> None:
        self.configure(country, area_code, internal, withheld, area_codes)

    def configure(
        self,
        country: str,
        area_code: str,
        internal: tuple[str, ...],
        withheld: tuple[str, ...] = (),
        area_codes: Mapping[str, str] | None = None,
    ) -> None:
        """Replace country, area codes and patterns; takes what the constructor takes."""
        self._withheld = tuple(re.compile(pattern) for pattern in withheld)
        self.country = country
        self.area_code = area_code
        self.area_codes = dict(area_codes or {})
        self._code = phonenumbers.country_code_for_region(country)
        self._internal = tuple(re.compile(pattern) for pattern in internal)
        codes = (area_code, *self.area_codes.values())
        self.rule = dialling.rule(country, max(map(len, codes)))
        """What the gate is told."""
        self._rule = re.compile(dialling.in_python(self.rule))
        self._read = lru_cache(maxsize=_CACHED_NUMBERS)(self._read_at_home)

    def forget(self) -> None:
        """Forget the numbers that were read so far."""
        self._read.cache_clear()

    def is_internal(self, number: str) -> bool:
        """Whether this is an extension of the PBX itself, which is never blocked."""
        return any(pattern.fullmatch(number) for pattern in self._internal)

    def homes(self, gateway: str, context: str) -> str:
        """The area codes at home for calls by this gateway and in this dialplan context, for
        ``read``."""
        codes = self.area_codes
        return f"{codes.get(gateway, '')}/{codes.get(context, '')}" if codes else NOWHERE

    def read(self, caller_id: str, homes: str = NOWHERE) -> Number:
        """What a caller ID stands for; see ``Number``. Takes any text and never raises."""
        return self._read(shown.number(caller_id), homes)

    def canonical(self, caller_id: str) -> str:
        """The canonical number alone, or of what identifies nobody the text itself; much quicker
        than ``read``."""
        return self._tell(caller_id, NOWHERE)[1] or caller_id.strip()[:_LONGEST_CALLER_ID]

    def key(self, caller_id: str, homes: str = NOWHERE) -> str:
        """The gate's key of a caller ID, and no more of what ``read`` tells."""
        return self._tell(shown.number(caller_id), homes)[0]

    def person(self, caller_id: str) -> tuple[str, str]:
        """The gate's key and the canonical number of a caller ID, both as it is where it identifies
        nobody, and no more of what ``read`` tells."""
        key, canonical = self._tell(caller_id, NOWHERE)
        return key or caller_id, canonical or caller_id

    def _read_at_home(self, caller_id: str, homes: str) -> Number:
        seen = caller_id.strip()[:_LONGEST_CALLER_ID]
        key, canonical = self._tell(caller_id, homes)
        if not key:
            return Number(seen=seen, canonical=seen, spellings=())
        plain = _PUNCTUATION.sub("", seen)
        own = (each for each in self._spell(canonical) if self._is_own(each, canonical))
        return Number(plain, canonical, tuple(dict.fromkeys((*own, key, plain))), key)

    def _tell(self, caller_id: str, homes: str) -> tuple[str, str]:
        """The gate's key and the canonical number; both empty for what identifies nobody."""
        pieces = _PIECES.match(caller_id.strip()) if len(caller_id) <= _LONGEST_CALLER_ID else None
        plain = "".join(filter(None, pieces.groups())) if pieces else ""
        if is_withheld(plain):
            return "", ""
        found = self._rule.match(dialling.subject(plain, f"{homes}/{self.area_code}"))
        if found is None:
            return "", ""
        key = "".join(filter(None, found.groups()))
        # The last groups are those of other countries' numbers and of what is no number.
        is_national = (found.lastindex or 0) < self._rule.groups - 1
        canonical = f"+{self._code}{key}" if is_national else key
        if self._stands_for_withheld(plain, canonical, key if is_national else ""):
            return "", ""
        return key, canonical

    def _stands_for_withheld(self, plain: str, canonical: str, national: str) -> bool:
        """Whether these digits are what this site's trunks present for a withheld number.

        A word on the keys may be a person's number in some country (*restricted* is one in Austin,
        Texas), and is withheld only where it is none here; *anonymous* always, because blocking it
        would block every such caller.
        """
        typed = plain.removeprefix("+")
        if typed == _ANONYMOUS or (not national and typed in _SPELT_ON_KEYS):
            return True
        texts = {plain, canonical, national or self._national_of(canonical)}
        return any(pattern.fullmatch(text) for pattern in self._withheld for text in texts)

    def _national_of(self, canonical: str) -> str:
        """Another country's number as it is dialled inside that country."""
        if not self._withheld or not canonical.startswith("+"):
            return canonical
        try:
            return phonenumbers.national_significant_number(phonenumbers.parse(canonical))
        except NumberParseException:
            return canonical

    def _is_own(self, spelling: str, canonical: str) -> bool:
        """Whether this spelling stands for this number and no other.

        4004-1234 is a company's number everywhere, and so no way to write +55 11 4004-1234.
        """
        key, read = self._tell(spelling, NOWHERE)
        return read == canonical or (bool(key) and read == spelling)

    def _spell(self, canonical: str) -> list[str]:
        """The usual ways in which a trunk presents a number, the canonical one first."""
        try:
            parsed = phonenumbers.parse(canonical)
        except NumberParseException:
            return []
        digits = canonical[1:]
        if parsed.country_code != self._code:
            return [canonical, digits, f"00{digits}"]
        national = digits.removeprefix(str(self._code))
        prefix = phonenumbers.ndd_prefix_for_region(self.country, True) or ""
        spellings = [canonical, digits, national]
        if prefix and phonenumbers.number_type(parsed) not in _DIALLED_WHOLE:
            spellings.append(f"{prefix}{national}")
        if self.area_code and national.startswith(self.area_code):
            local = national[len(self.area_code) :]
            if phonenumbers.length_of_geographical_area_code(parsed) == len(self.area_code) or (
                phonenumbers.number_type(parsed) is PhoneNumberType.MOBILE
            ):
                spellings.append(local)
        return spellings


_DIALLED_WHOLE = frozenset({PhoneNumberType.SHARED_COST, PhoneNumberType.UAN})
"""Numbers without an area code, presented without the trunk prefix: 4004-xxxx and the like."""
