"""The one rule by which the kit's gate and the daemon tell who a caller ID stands for.

It is a regular expression, made here for the configured country out of libphonenumber's metadata.
The daemon tells it to FreeSWITCH as a global variable (``core.publisher``), and a condition of the
gate matches ``subject`` with it; what its groups catch, put together, is the person's key in
mod_hash. The daemon matches the same text (``domain.numbers``).

What FreeSWITCH makes of an expression sets its shape. A group that catches nothing throws away
those before it (``switch_channel_add_variable_var_check``), so that every branch of ``(?|`` has
groups that catch something, in the order of the key; hence the plus sign, the area codes at home
and the ninth digit stand in the subject. There are no backslashes and no ``=``, which
``global_setvar`` would take for its own, and at most nine groups (``mod_dialplan_xml.c``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata

PIECES = (
    "^[ ()./-]*([+]?[0-9]+)"
    + "".join("(?:[ ()./-]+([0-9]+)" for _ in range(6))
    + ")?" * 6
    + "[ ()./-]*$"
)
"""A caller ID whose digits may be written in seven groups; the kit's gates have the same."""

BRAZIL = "BR"
_HOMES = "[^/]*/[^/]*/[^/]*/"
_SEEN = "([+]?[0-9]{3,20})/"
_ABROAD = (
    "(?:1[2-9][0-9]{9}|7[0-9]{10}"
    "|(?:2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])[0-9]{6,13}"
    "|(?:2[1-689]|3[578]|42|5[09]|6[789]|8[0578]|9[679])[0-9]{6,13})"
)
"""Numbers with the code of a country that exists."""
_LOCAL = (5, 9)
"""Digits of a number without its area code, where the country leaves it open."""
_LONGEST = 3_000
"""Characters of a country's patterns; where it has more, its general one has to do. (Those of the
25 countries of North America.)"""
_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number"),
    *("voip", "pager", "uan", "voicemail"),
)


def subject(plain: str, homes: str) -> str:
    """What the rule is matched with: a caller ID without its punctuation, and the area codes of its
    gateway, of its context and of all others, with ``/`` between them."""
    return f"+/{homes}/{plain}/9/{plain}/"


@lru_cache(maxsize=8)
def rule(country: str, area_digits: int = 0) -> str:
    """The expression for a country (ISO 3166) whose area codes at home have so many digits.

    Its branches, of which the first that matches counts: a number of the country; a local number
    at home; one of another country; what is none of these, which stands for itself alone.
    """
    code = phonenumbers.country_code_for_region(country)
    branches = []
    if country == BRAZIL:
        national = f"(?|{_BRAZILIAN}|{_WITHOUT_AREA})"
        branches = [f"[+]/{_HOMES}{national}", _BRAZILIAN_LOCAL]
    elif code:
        branches = [f"[+]/{_HOMES}{_national(country, code)}"]
        if area_digits:
            branches.append(_local(country, area_digits))
    abroad = f"(?!{code})" if code else ""
    # Without its plus sign only where it is longer than any local number.
    branches.append(f"([+])/{_HOMES}(?:[+]|00|(?![+0]|[0-9]{{0,9}}/)){abroad}({_ABROAD})/")
    branches.append(f"[+]/{_HOMES}{_SEEN}")
    return f"^(?|{'|'.join(branches)})"


def in_python(text: str) -> str:
    """The rule as Python reads it, which numbers the groups of every branch anew."""
    return text.replace("(?|", "(?:")


# Any country, by its metadata


def _national(country: str, code: int) -> str:
    """A number of the country: as it is, with the trunk prefix, with its own country code, with
    that twice, or with the plus sign in front of the trunk prefix. Where there is no trunk prefix
    the number as it is comes first."""
    metadata = _metadata(country)
    trunk = _trunk_prefix(metadata)
    abroad = _plain(metadata.international_prefix or "00")
    with_code = f"(?:[+]|{abroad})?(?:{code}){{1,2}}?"
    # In an open plan much begins with digits that could be an area code: 49 30 123405.
    heads = [f"{with_code}(?:{trunk})??", f"(?:{trunk})??"] if trunk else ["", with_code]
    if trunk.startswith("0"):
        # No country's code begins with 0.
        heads.append(f"[+](?:{trunk})")
    return f"(?:{'|'.join(heads)})({_significant(country, code)})/"


def _metadata(region: str) -> Any:
    # None only where there is no such region; the fields are typed as if any could be missing.
    return PhoneMetadata.metadata_for_region(region)


def _trunk_prefix(metadata: Any) -> str:
    """The national prefix with the carriers' codes that may follow it."""
    if metadata.national_prefix_transform_rule or not metadata.national_prefix_for_parsing:
        return _plain(metadata.national_prefix or "")
    return _plain(metadata.national_prefix_for_parsing)


def _significant(country: str, code: int) -> str:
    """The country's numbers, with those of the regions that share its code."""
    patterns: dict[str, None] = {}
    for region in phonenumbers.region_codes_for_country_code(code):
        metadata = _metadata(region)
        for kind in _KINDS:
            described = getattr(metadata, kind)
            if described is not None and described.national_number_pattern:
                patterns[described.national_number_pattern] = None
    text = "|".join(patterns)
    if len(text) > _LONGEST:
        text = _metadata(country).general_desc.national_number_pattern
    return _plain(text)


def _local(country: str, area_digits: int) -> str:
    """A number without its area code, behind the first area code at home that is set."""
    metadata = _metadata(country)
    lengths = {
        length - area_digits
        for described in (metadata.fixed_line, metadata.mobile)
        if described is not None
        for length in described.possible_length
    }
    least, most = _LOCAL
    wanted = sorted(length for length in lengths if least <= length <= most)
    numbers = "|".join(f"[1-9][0-9]{{{length - 1}}}" for length in wanted)
    return f"[+]/(?:[^/]*/){{0,2}}?([0-9]{{1,5}})/(?:[^/]*/){{0,2}}({numbers or '(?!)'})/"


def _plain(pattern: str) -> str:
    """A pattern of libphonenumber's without backslashes and groups."""
    return re.sub(r"\((?!\?)", "(?:", pattern.replace(r"\d", "[0-9]"))


# Brazil (docs/freeswitch.md, Numbers in Brazil)

_CARRIER = "[1-9][0-9]"
"""Any: carriers come and go, and the length tells where the number begins."""
_AREA = "(?:[14689][1-9]|2[12478]|3[1-578]|5[13-5]|7[13-579])"
_MOBILE = "[6-9][0-9]{7}"
"""A mobile number as it was before its ninth digit: the ranges that had numbers then."""
_SUBSCRIBER = f"(?|(9[0-9]{{8}}|[2-5][0-9]{{7}})/|{_MOBILE}/(9)/[+]?[0-9]*({_MOBILE})/)"
"""Behind the area code. Where the ninth digit is missing it comes out of the subject, and the eight
behind it out of the subject's second copy of the number."""
_NO_AREA = (
    "((?:[589]00[0-9]{6,7}|30[0-9]{8}|300[0-9]{5}|(?:30[03][0-9]{3}|4(?:0(?:0[0-9]|20)|370|864))"
    "[0-9]{4}))/"
)
"""Free, premium, shared cost, telemarketing (0303) and collectors (0304, which libphonenumber 9.0
does not know): numbers without an area code."""
_FOREIGN = (
    "[0-9]0|[0-9]{0,9}/"
    "|(?:2[47]|3[12578]|4[2-35-9]|5[135]|6[2-9]|8[24-68]|9[25-7])[0-9]{8}/"
    "|(?:279[012]|[34]19[01]|3[345]9[0-9]|389[2-578]|439[03]|4[69]9[0-9]|489[145]|519[0-9]"
    "|629[0-25-8]|6490|669[0-9]|689[48]|739[0145]|7[49]9[0-9]|8[14]9[0-9]|869[013-579]|929[1-469]"
    "|949[129]|959[34679])[0-9]{7}/"
)
"""What behind a plus sign may be a number of another country, or 55 and a number without area code,
and so is no Brazilian one without its 55; ``tests/unit/domain/test_dialling.py`` derives it from
the metadata."""
_BRAZILIAN = (
    f"(?:(?:(?:0|90)(?:{_CARRIER})??)??"
    f"|(?:[+]|00(?:{_CARRIER})??|0)?(?:55){{1,2}}?(?:0|90)??(?:{_CARRIER})??"
    f"|[+]0(?:{_CARRIER})??"
    f"|(?:[+]|00)(?!{_FOREIGN})"
    "|00(?:1[245]|2[1235]|31|41|[56]5|99)(?![0-9]{0,10}/))"
    f"({_AREA}){_SUBSCRIBER}"
)
"""With the trunk prefix or as a collect call (90), each with a carrier or without; with the country
code, once or twice, and any of these behind it; with a plus sign and no country code; and behind
00 with a carrier that libphonenumber knows."""
_WITHOUT_AREA = f"(?:0??|(?:[+]|00|0)?(?:55){{1,2}}?0??|[+]0){_NO_AREA}"
_BRAZILIAN_LOCAL = f"[+]/(?:[^/]*/){{0,2}}?({_AREA})/(?:[^/]*/){{0,2}}(?:9090)?{_SUBSCRIBER}"
"""A local number, also as a local collect call (9090)."""
