"""The pages: one module each. A new one adds its handlers to ``HANDLERS`` and its routes to
``permissions.PERMISSIONS``."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from fluxcc.web.pages import (
    acting,
    auditing,
    blocking,
    choices,
    entering,
    grouping,
    me,
    now,
    surveying,
    users,
)

HANDLERS: list[ControllerRouterHandler] = [
    now.now,
    me.me,
    acting.one_call,
    acting.act,
    blocking.blocks,
    blocking.block,
    blocking.release,
    grouping.groups,
    grouping.save,
    grouping.switch_survey,
    grouping.remove,
    surveying.survey,
    auditing.audit,
    users.users,
    users.add_user,
    users.set_password,
    users.remove_user,
    users.add_token,
    users.revoke_token,
    choices.choose_language,
    choices.choose_domain,
    entering.log_in_form,
    entering.log_in,
    entering.log_out,
]
