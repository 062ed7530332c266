"""Telephone numbers: the canonical number of a caller ID, and every spelling a trunk may use.

The canonical number is E.164 with its plus sign. Google's libphonenumber (``phonenumbers``) knows
the numbering plans; this module knows what a PBX's caller ID looks like before it is one
(contract, section 2; freeswitch.md, Numbers in Brazil).
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

DIALLABLE = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
"""What may become a key of the gate (mod_hash). The kit's dialplan has the same expression, so that
no other caller ID reaches an expansion there."""

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
_ONLY_ZEROS = re.compile(r"\+?0+")
"""What some trunks present in place of a withheld number, at any length."""
_PUNCTUATION = re.compile(r"[\s().\-]+")
_LONGEST_CALLER_ID = 64
_CACHED_NUMBERS = 4096


class Number(msgspec.Struct, frozen=True):
    """A caller ID and what is known of it."""

    seen: str
    """As the trunk presented it."""
    canonical: str
    """E.164 (``+5511988887777``); the caller ID as seen where it is no valid number."""
    spellings: tuple[str, ...]
    """Every key under which the gate must know it; empty where it cannot be blocked."""

    @property
    def is_usable(self) -> bool:
        """Whether it identifies a caller, so that it can be blocked."""
        return bool(self.spellings)


def is_withheld(caller_id: str) -> bool:
    """Whether this is what a trunk presents where the caller withholds the number."""
    plain = _PUNCTUATION.sub("", caller_id)
    return plain.lower() in _WITHHELD or bool(_ONLY_ZEROS.fullmatch(plain))


class NumberPlan:
    """The numbers of one place: a country and the area code at home (``[numbers]``).

    ``country`` is an ISO 3166 code (``BR``), ``area_code`` the digits in front of a local number,
    or empty where local numbers are never presented without it. ``internal`` are regular
    expressions of which one must match a whole extension (``[blocks] internal``).
    """

    def __init__(self, country: str, area_code: str, internal: tuple[str, ...]) -> None:
        self.configure(country, area_code, internal)

    def configure(self, country: str, area_code: str, internal: tuple[str, ...]) -> None:
        """Replace country, area code and extensions; takes what the constructor takes."""
        self.country = country
        self.area_code = area_code
        self._internal = tuple(re.compile(pattern) for pattern in internal)
        self.read = lru_cache(maxsize=_CACHED_NUMBERS)(self._read)

    def forget(self) -> None:
        """Forget the numbers that were read so far."""
        self.read.cache_clear()

    def is_internal(self, number: str) -> bool:
        """Whether this is an extension of the PBX itself, which is never blocked."""
        return any(pattern.fullmatch(number) for pattern in self._internal)

    def _read(self, caller_id: str) -> Number:
        """What a caller ID stands for; see ``Number``. Takes any text and never raises."""
        seen = caller_id.strip()
        plain = _PUNCTUATION.sub("", seen)
        if len(seen) > _LONGEST_CALLER_ID or is_withheld(plain) or not DIALLABLE.fullmatch(plain):
            return Number(
                seen=seen[:_LONGEST_CALLER_ID], canonical=seen[:_LONGEST_CALLER_ID], spellings=()
            )
        parsed = self._parse(plain)
        if parsed is None:
            return Number(seen=plain, canonical=plain, spellings=(plain,))
        canonical = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        own = (key for key in self._spell(parsed, canonical) if self._is_own(key, parsed))
        spellings = dict.fromkeys((*own, plain))
        return Number(seen=plain, canonical=canonical, spellings=tuple(spellings))

    def _parse(self, plain: str) -> phonenumbers.PhoneNumber | None:
        """The valid number that these digits stand for, or None.

        Tried in this order, and the first valid one wins: with 00 for the plus sign, as presented
        (national forms and those with a plus sign), as the country code without its plus sign, as
        a local number with the area code at home in front. So 55 is Brazil or Santa Maria by the
        length alone. 00 goes first because libphonenumber takes 55 after it for a carrier.
        """
        country_code = phonenumbers.country_code_for_region(self.country)
        attempts = [plain]
        if plain.startswith("00"):
            attempts.insert(0, f"+{plain[2:]}")
        elif not plain.startswith("+"):
            if plain.startswith(str(country_code)):
                attempts.append(f"+{plain}")
            if self.area_code and not plain.startswith("0"):
                attempts.append(f"{self.area_code}{plain}")
        for attempt in attempts:
            try:
                parsed = phonenumbers.parse(attempt, self.country)
            except NumberParseException:
                continue
            if phonenumbers.is_valid_number(parsed):
                return phonenumbers.PhoneNumber(
                    country_code=parsed.country_code,
                    national_number=parsed.national_number,
                    italian_leading_zero=parsed.italian_leading_zero,
                    number_of_leading_zeros=parsed.number_of_leading_zeros,
                )
        return None

    def _is_own(self, key: str, parsed: phonenumbers.PhoneNumber) -> bool:
        """Whether this spelling stands for this number and no other.

        4004-1234 is a company's number everywhere, and so no way to write +55 11 4004-1234.
        """
        return self._parse(key) in (None, parsed)

    def _spell(self, parsed: phonenumbers.PhoneNumber, canonical: str) -> list[str]:
        """Every way in which a trunk may present a valid number, the canonical one first."""
        digits = canonical[1:]
        if parsed.country_code != phonenumbers.country_code_for_region(self.country):
            return [canonical, digits, f"00{digits}"]
        national = phonenumbers.national_significant_number(parsed)
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
