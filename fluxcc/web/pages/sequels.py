"""What became of an action, and of the call after it, out of the audit, in sentences."""

from __future__ import annotations

from fluxcc import i18n
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.codes import SENTENCES, Code
from fluxcc.domain.privacy import WITHHELD
from fluxcc.domain.requests import Reply
from fluxcc.domain.written import as_written
from fluxcc.marking import _
from fluxcc.web.pages.words import Translate

SEQUELS = {
    "answered": _("answered by {who}"),
    "busy": _("it was busy"),
    "abandoned": _("the customer hung up before an answer"),
    "ended": _("nobody answered"),
}


def outcome_text(row: AuditRecord, language: str, number: str | None = None) -> str:
    """The sentence of its code; ``number`` is the row's as the reader may see it."""
    if row.code not in SENTENCES:
        return ""
    shown = row.number if number is None else number
    reply = Reply(
        request=row.request,
        action=row.action,
        code=Code(row.code),
        number=WITHHELD if row.is_private else as_written(shown),
        expires=row.expires,
        nth=row.nth,
    )
    return i18n.sentence(reply, language)


def sequel_word(sequel: str, translate: Translate) -> str:
    """``answered:1001`` → *answered by 1001*."""
    kind, _colon, who = sequel.partition(":")
    return translate(SEQUELS[kind]).format(who=who) if kind in SEQUELS else sequel
