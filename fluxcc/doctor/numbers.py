"""Which numbers are internal, and so never blocked (contract, section 1)."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers

from fluxcc.doctor.finding import Finding, grave, warning
from fluxcc.doctor.installation import Installation
from fluxcc.domain.numbers import NumberPlan
from fluxcc.marking import _

MOST_SHOWN = 5
"""Users that are named."""


def check_outside(installation: Installation) -> Iterator[Finding]:
    """No outside number is taken for an extension."""
    plan = _plan(installation)
    example = phonenumbers.example_number_for_type(
        installation.settings.numbers.country, phonenumbers.PhoneNumberType.MOBILE
    )
    if example is None:
        return
    number = phonenumbers.national_significant_number(example)
    if plan.is_internal(number):
        yield grave(
            "outside-internal",
            _("blocks.internal takes {number} for an extension: nobody like it is ever blocked."),
            _("Let blocks.internal match the PBX's own extensions only, such as {example}."),
            number=number,
            example=r"^\d{2,6}$",
        )


def check_users(installation: Installation) -> Iterator[Finding]:
    """Every user of FreeSWITCH's directory is internal."""
    plan = _plan(installation)
    strangers = [
        user for user in installation.pbx.users() if user.isdigit() and not plan.is_internal(user)
    ]
    if strangers:
        shown = ", ".join(strangers[:MOST_SHOWN])
        yield warning(
            "user-not-internal",
            _("{count} users of the directory could be blocked like a stranger: {users}"),
            _("Add a pattern for them to blocks.internal."),
            count=len(strangers),
            users=f"{shown}, …" if len(strangers) > MOST_SHOWN else shown,
        )


def _plan(installation: Installation) -> NumberPlan:
    settings = installation.settings
    return NumberPlan(
        settings.numbers.country,
        settings.numbers.area_code,
        settings.blocks.internal,
        settings.numbers.withheld,
        settings.numbers.area_codes,
    )
