"""Warns where the dialplan has nothing for a destination that was just set.

FreeSWITCH itself is asked for its dialplan, as ``doctor`` does: the daemon does not need it. Where
FreeSWITCH does not answer there is no warning, and the entry is set all the same. A context that
cannot be read is said to be that, and never to lack the destination.
"""

from __future__ import annotations

import click

from fluxcc.cli.session import Session
from fluxcc.domain.errors import PbxError
from fluxcc.domain.sight import Sight
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
            read = inquiry.context(context)
            found = fate(read.xml, destination, inquiry.evaluate)
    except PbxError:
        return
    if read.sight is Sight.MISSING:
        warning = _("Warning: FreeSWITCH has no dialplan context {context}.")
    elif read.sight is Sight.UNSEEN:
        warning = _(
            "Note: dialplan context {context} cannot be read, so whether anything there answers"
            " {destination} cannot be seen. Dial it on a telephone."
        )
    elif found is Fate.ENDED:
        warning = _(
            "Warning: dialplan context {context} hangs up every call before anything answers"
            " {destination}."
        )
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
