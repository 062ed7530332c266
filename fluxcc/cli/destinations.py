"""Warns where the dialplan has nothing for a destination that was just set.

FreeSWITCH itself is asked for its dialplan, as ``doctor`` does: the daemon does not need it. Where
FreeSWITCH does not answer there is no warning, and the entry is set all the same.
"""

from __future__ import annotations

import click

from fluxcc.cli.session import Session
from fluxcc.domain.errors import PbxError
from fluxcc.marking import _


def warn_unanswered(session: Session, destination: str, context: str) -> None:
    """Say on stderr that a call to the destination would be hung up, where that is so."""
    # Importing gevent is slow, and most commands of ``provisioning`` never warn.
    from fluxcc.pbx.dialplan import Fate, fate  # noqa: PLC0415
    from fluxcc.pbx.inquiry import Inquiry  # noqa: PLC0415
    from fluxcc.pbx.switch import Address  # noqa: PLC0415

    pbx = session.settings.pbx
    try:
        with Inquiry(Address(pbx.host, pbx.port, pbx.password)) as inquiry:
            xml = inquiry.context(context)
            found = fate(xml, destination, inquiry.evaluate)
    except PbxError:
        return
    if not xml:
        warning = _("Warning: FreeSWITCH has no dialplan context {context}.")
    elif found is Fate.NOTHING:
        warning = _(
            "Warning: nothing in dialplan context {context} answers {destination}; a call that is"
            " sent there is hung up."
        )
    elif found is Fate.CAUGHT:
        warning = _(
            "Warning: dialplan context {context} knows {destination} only as it knows any number."
        )
    else:
        return
    text = session.translate(warning).format(destination=destination, context=context)
    click.echo(text, err=True)
