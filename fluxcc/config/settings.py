"""Every setting in one place: type, default, rule, what it means, and whether it may change while
the daemon runs.

Contract, section 5. ``docs/configuration.md`` and the packaged file are made from this by
``make settings``. Counterparts: ``reading`` fills these in, ``reload`` asks what may change.

No ``from __future__ import annotations`` here: these annotations are read at every start, and each
would have to be evaluated out of its text first.
"""

import ipaddress
from pathlib import Path
from typing import Annotated

import msgspec

from fluxcc.config import values
from fluxcc.config.block_settings import BlockSettings
from fluxcc.config.declaration import Key, declared
from fluxcc.config.site_settings import SiteSettings
from fluxcc.config.values import SQLITE, Duration, default_store, read_address
from fluxcc.config.web_settings import WebSettings
from fluxcc.marking import _

LANGUAGES = ("pt_BR", "en")
STOCK_PASSWORD = "ClueCon"  # noqa: S105  # FreeSWITCH's own default, known to everybody
"""What FreeSWITCH is delivered with, so that no configuration at all works beside a stock one."""
SHORTEST_AUDIT = 86400
"""Seconds for which a request ID is remembered (contract, section 3), and so is its row."""


class PbxSettings(msgspec.Struct, frozen=True):
    """The PBX"""

    node: Annotated[
        str,
        Key(
            "Name of this PBX in its store, and in its site. The store keeps the name that it was"
            " made with, whatever the host is called later. In a site of several PBXs (`[site]`)"
            " it must be set, and be another one on each",
            values.node,
            default_told="the name in the store; a new store takes the host's name",
            comment="This FreeSWITCH's name in the store. Where nothing is said: the one that the"
            " store was made with, which was the host's.",
            example="pbx1",
        ),
    ] = ""
    host: Annotated[str, Key("Where FreeSWITCH's event socket listens", values.given)] = "127.0.0.1"
    port: Annotated[int, Key("Its port", values.port)] = 8021
    password: Annotated[
        str,
        Key(
            "Its password. Change the stock one",
            default_told="`ClueCon`, the stock one",
            is_secret=True,
        ),
    ] = ""
    password_file: Annotated[
        str,
        Key(
            "File with the password; not together with `password`. Only the daemon, `doctor` and"
            " `kit install` need to read it: an operator need not",
            default_told="none",
            comment="Only root reads this file: systemd hands its content to the service"
            " (LoadCredential=).",
            packaged="/etc/fluxcc/esl.password",
        ),
    ] = ""

    @property
    def is_on_this_machine(self) -> bool:
        """Whether FreeSWITCH is reached by loopback, and so shares this machine's files."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __repr__(self) -> str:
        """Without the password: settings that are shown end in a log one day."""
        return f"PbxSettings({self.node!r}, {self.host!r}, {self.port!r})"


class StoreSettings(msgspec.Struct, frozen=True):
    """The store"""

    url: Annotated[
        str,
        Key(
            "`sqlite:////path/to/file`. Created and migrated by the daemon. What several PBXs share"
            " is not here but in `[site]`",
            values.store_url,
            default_told="`sqlite:////var/lib/fluxcc/fluxcc.db` for root,"
            " `~/.local/state/fluxcc/fluxcc.db` otherwise",
            packaged="sqlite:////var/lib/fluxcc/fluxcc.db",
        ),
    ] = msgspec.field(default_factory=default_store)

    def __repr__(self) -> str:
        """Without what may have a password in it."""
        return f"StoreSettings({self.url.partition(':')[0]!r})"


class NumberSettings(msgspec.Struct, frozen=True):
    """Numbers"""

    country: Annotated[
        str,
        Key(
            "Country whose numbering plan the trunks use, two capital letters",
            values.country,
            may_change=True,
        ),
    ] = "BR"
    area_code: Annotated[
        str,
        Key(
            "The area code at home (DDD). Set it where trunks present local numbers without one:"
            " only then is the 8- or 9-digit spelling blocked too",
            values.area_code,
            may_change=True,
            comment="The area code (DDD) at home, for numbers that are presented without one, such"
            ' as "11".',
        ),
    ] = ""
    area_codes: Annotated[
        dict[str, str],
        Key(
            "The area code at home of single gateways and dialplan contexts, where they differ:"
            ' `{ public = "11", trunk_rio = "21" }`; in the environment'
            " `public=11,trunk_rio=21`. A gateway's comes before its context's, and both before"
            " `area_code`",
            values.area_codes,
            may_change=True,
        ),
    ] = {}
    withheld: Annotated[
        tuple[str, ...],
        Key(
            "Regular expressions of what stands for a withheld number on these trunks, such as the"
            " site's own pilot number: one must match the whole caller ID as presented, canonical,"
            " or as it is dialled inside its country. Such a caller is never blocked. The usual"
            " words, their spelling on a telephone's keys (266696687), zeros, and the number that"
            " the caller dialled are known without",
            values.expressions,
            may_change=True,
            comment="What else stands for a withheld number here, as regular expressions.",
        ),
    ] = ()


class CallSettings(msgspec.Struct, frozen=True):
    """Calls"""

    group_variables: Annotated[
        tuple[str, ...],
        Key(
            "Channel variables that link a call to its group; the first one that is set wins. What"
            " stands behind its `@` is the SIP domain where it is one (`8000@a.example`), and is"
            " dropped where not (`sales@default`)",
            values.names(_("must be a list of channel variables' names")),
            comment="The channel variables that name a call's group and agent: the first one that"
            " is set.",
        ),
    ] = ("fluxcc_group", "cc_queue")
    agent_variables: Annotated[
        tuple[str, ...],
        Key(
            "The same for the agent's extension. A name of mod_callcenter's that is no extension,"
            " as FusionPBX's UUIDs, stands for the telephone that is called",
            values.names(_("must be a list of channel variables' names")),
        ),
    ] = ("fluxcc_agent", "cc_agent", "dialed_user")
    trunk_contexts: Annotated[
        tuple[str, ...],
        Key(
            "Dialplan contexts in which calls come in from trunks. Who presents an extension's"
            " number there, without having authenticated as it, is a customer and not that agent",
            values.names(_("must be a list of dialplan contexts' names"), may_be_none=True),
            comment="The dialplan contexts that take calls from trunks: nobody is an extension"
            " there by saying so.",
        ),
    ] = ("public",)
    trunk_users: Annotated[
        tuple[str, ...],
        Key(
            "Regular expressions; a directory user whom one of them matches whole is a trunk that"
            " authenticates (by `cidr`, or a GSM gateway that registers) and no telephone: a call"
            " from it is a call from outside",
            values.expressions,
            comment="Directory users that are trunks, as regular expressions, such as '^gsm-.*$'.",
        ),
    ] = ()


class ConferenceSettings(msgspec.Struct, frozen=True):
    """Conferences"""

    room: Annotated[
        str,
        Key(
            "What is dialled for an agent's room; `{agent}` stands for the extension, `{domain}`"
            " for the agent's SIP domain. The kit's"
            " dialplan has `*` and digits: another form needs a change there",
            values.room,
        ),
    ] = "*{agent}"
    context: Annotated[
        str,
        Key(
            "Dialplan context in which rooms are dialled; `{domain}` stands for the agent's SIP"
            " domain, `{context}` for the context of the agent's telephone",
            values.agent_context,
            may_change=True,
        ),
    ] = "default"


class SurveySettings(msgspec.Struct, frozen=True):
    """The survey"""

    destination: Annotated[
        str,
        Key(
            "Where the survey answers, for groups that say nothing else. The kit's dialplan has"
            " `*28`",
            values.destination,
            may_change=True,
            comment="Where a group says nothing else.",
        ),
    ] = "*28"
    context: Annotated[
        str,
        Key(
            "Dialplan context in which it is dialled; `{domain}` and `{context}` as for rooms",
            values.agent_context,
            may_change=True,
        ),
    ] = "default"
    spool: Annotated[
        str,
        Key(
            "Folder in which the survey's script leaves its answers for the daemon. Set the global"
            " variable `fluxcc_survey_spool` in FreeSWITCH's `vars.xml` to the same folder."
            " FreeSWITCH must be able to write there, the daemon to read, rename and delete",
            default_told="FreeSWITCH's `storage_dir`",
            comment="Where the survey leaves its answers; empty for FreeSWITCH's own storage"
            " folder. Any other folder has to be in ReadWritePaths= of the service.",
        ),
    ] = ""


class RetentionSettings(msgspec.Struct, frozen=True):
    """Retention"""

    calls: Annotated[
        Duration,
        Key("How long ended calls and the surveys after them are kept", may_change=True),
    ] = Duration(90 * 86400)
    audit: Annotated[
        Duration,
        Key(
            "How long the audit and ended blocks are kept; at least `1d`, because a request ID is"
            " remembered for 24 h",
            values.at_least(
                SHORTEST_AUDIT,
                _(
                    "must be at least 1d: the audit knows which requests were answered in the last"
                    " 24 h"
                ),
            ),
            may_change=True,
        ),
    ] = Duration(365 * 86400)


class ControlSettings(msgspec.Struct, frozen=True):
    """The operators' door"""

    socket: Annotated[
        str,
        Key(
            "UNIX socket on which the daemon listens for the `fluxcc` command. Whoever may write to"
            " it (mode 0660) is an operator",
            default_told="beside the store, with the ending `.sock`",
            comment="Where the daemon listens to the command fluxcc. Members of the group fluxcc"
            " may use it.",
            packaged="/run/fluxcc/control.sock",
        ),
    ] = ""


class LogSettings(msgspec.Struct, frozen=True):
    """The log"""

    format: Annotated[
        str,
        Key(
            "`text`: one line a record with `key=value`; `json`: one object a line",
            values.one_of(values.LOG_FORMATS, _("must be text or json")),
            may_change=True,
            comment='"text" or "json".',
        ),
    ] = "text"
    level: Annotated[
        str,
        Key(
            "`DEBUG`, `INFO`, `WARNING` or `ERROR`. Only `DEBUG` shows telephone numbers whole;"
            " otherwise all but the last four digits are masked",
            values.one_of(values.LOG_LEVELS, _("must be one of {names}")),
            may_change=True,
            comment='"DEBUG" also shows telephone numbers whole.',
        ),
    ] = "INFO"


class MetricsSettings(msgspec.Struct, frozen=True):
    """Metrics"""

    listen: Annotated[
        str,
        Key(
            "Address and port for [metrics and health](watching.md); empty for nowhere. Only an"
            " address that is written out is listened on: `0.0.0.0:9137` is everybody's",
            values.address,
            comment="Prometheus metrics, /healthz and /readyz; empty for nowhere.",
        ),
    ] = "127.0.0.1:9137"
    # On as delivered: what must be switched on first is missed in the night in which it is needed.

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port; None for nowhere. Raises ``ValueError`` where it is neither."""
        return read_address(self.listen) if self.listen else None


class Settings(msgspec.Struct, frozen=True):
    """Everything."""

    lang: Annotated[
        str,
        Key(
            "Language of replies to boards that do not name one: `pt_BR` or `en`. The `fluxcc`"
            " command speaks the locale's",
            values.one_of(LANGUAGES, _("must be one of {names}")),
            may_change=True,
            comment='Of replies to agents: "pt_BR" or "en".',
        ),
    ] = "pt_BR"
    zone: Annotated[
        str,
        Key(
            "Time zone of replies to boards that do not name one, such as `America/Sao_Paulo`. A"
            " time that is told in another one names it; the `fluxcc` command speaks in the"
            " terminal's (`$TZ`)",
            values.zone,
            may_change=True,
            default_told="the machine's",
            comment='Time zone of times told to agents, such as "America/Sao_Paulo"; empty for this'
            " machine's.",
        ),
    ] = ""
    pbx: PbxSettings = PbxSettings()
    store: StoreSettings = StoreSettings()
    site: SiteSettings = SiteSettings()
    blocks: BlockSettings = BlockSettings()
    numbers: NumberSettings = NumberSettings()
    calls: CallSettings = CallSettings()
    conference: ConferenceSettings = ConferenceSettings()
    survey: SurveySettings = SurveySettings()
    retention: RetentionSettings = RetentionSettings()
    control: ControlSettings = ControlSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    web: WebSettings = WebSettings()

    @property
    def site_node(self) -> str:
        """This node's name in its site; empty where there is no site."""
        return self.pbx.node if self.site.url else ""

    @property
    def numbering(self) -> tuple[str, str, tuple[str, ...], tuple[str, ...], dict[str, str]]:
        """What ``domain.numbers.NumberPlan`` takes, in its order."""
        numbers, internal = self.numbers, self.blocks.internal
        return numbers.country, numbers.area_code, internal, numbers.withheld, numbers.area_codes

    @property
    def control_socket(self) -> Path:
        """Where the daemon listens for operators."""
        if self.control.socket:
            return Path(self.control.socket)
        return Path(self.store.url.removeprefix(SQLITE)).with_suffix(".sock")


DECLARED = tuple(declared(Settings))
"""Every setting, in order."""
MAY_CHANGE = frozenset(each.path for each in DECLARED if each.key.may_change)
"""Keys that count from the next action on; the others need a restart."""
