"""The site of several PBXs: reachable, with all its nodes, of versions that go together, by one
clock, and not behind."""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc.doctor.clock import GRAVE_OFFSET, WARNING_OFFSET
from fluxcc.doctor.finding import Finding, grave, skipped, warning
from fluxcc.doctor.installation import Installation
from fluxcc.domain.errors import SiteUnavailableError
from fluxcc.marking import _
from fluxcc.protocol.site import SiteNode, SiteStatus
from fluxcc.site.rights import read_rights

LONGEST_WAITING = 300.0
"""Seconds that a record may wait for the site while that is reached."""
MOST_BEHIND = 1_000
"""Changes that a node may be behind: a few seconds' worth."""


def check_site(installation: Installation) -> Iterator[Finding]:
    """This PBX reaches its site, and the other nodes are there and as they should be."""
    if not installation.settings.site.url:
        return
    try:
        status = installation.ask_site()
    except (OSError, ValueError):
        yield skipped("site-unasked", _("Not looked at: the daemon does not answer."))
        return
    if not status.node:
        yield grave(
            "site-not-joined",
            _("[site] url is set, and the daemon runs without it."),
            _("Restart the daemon: systemctl restart fluxcc"),
        )
        return
    if status.name_taken_by:
        yield grave(
            "site-name-taken",
            _("Another daemon, on {host}, is in the site as {node}: this one takes NO PART."),
            _(
                "Give one of the two another [pbx] node and restart it; a copy of a machine needs a"
                " store of its own as well. Where the other one is gone for good, end it: this one"
                " takes the name over after 10 s."
            ),
            host=status.name_taken_by,
            node=status.node,
        )
    else:
        yield from _reach(status)
    yield from _told(status)
    for node in status.nodes:
        yield from _node(node)
    yield from _versions(status.nodes)


def check_rights(installation: Installation) -> Iterator[Finding]:
    """The user of ``[site] url`` may create and change the site's tables."""
    settings = installation.settings.site
    if not settings.url:
        return
    try:
        rights = read_rights(settings.url)
    except SiteUnavailableError as error:
        yield skipped(
            "site-rights-unasked",
            _("Not looked at: the site's database does not answer here ({reason})."),
            reason=error,
        )
        return
    if rights.is_read_only:
        yield grave(
            "site-read-only",
            _("The user {user} can write nothing in the site's database {database}."),
            _(
                "Where [site] url names a replica, name the server that can be written as well"
                " (docs/site.md, Failover); else: ALTER ROLE {user} RESET"
                " default_transaction_read_only"
            ),
            user=rights.user,
            database=rights.database,
        )
    if not rights.may_create:
        yield grave(
            "site-may-not-create",
            _("The user {user} may create no tables in the site's database {database}."),
            _("As the server's administrator: ALTER DATABASE {database} OWNER TO {user}"),
            user=rights.user,
            database=rights.database,
        )
    if rights.tables_of_others:
        yield grave(
            "site-tables-of-another",
            _("The user {user} does not own the site's tables {tables}."),
            _("As their owner or the server's administrator: ALTER TABLE … OWNER TO {user}"),
            user=rights.user,
            tables=", ".join(rights.tables_of_others),
        )
    if rights.needs:
        yield grave(
            "site-tables-too-new",
            _("The site's tables need a newer fluxcc (revision {revision})."),
            _("Upgrade this PBX; it goes on alone until then (docs/site.md, Upgrade)."),
            revision=rights.needs,
        )


def _reach(status: SiteStatus) -> Iterator[Finding]:
    reason = status.failure or status.telling_failure
    if reason:
        yield grave(
            "site-unreachable",
            _("The site's database does not do what it is asked for ({reason})."),
            _(
                "Blocks of other PBXs do not come here until it does. Look whether PostgreSQL runs"
                " and can be reached, whether password and pg_hba.conf admit this PBX, and whether"
                " the user owns the database (docs/site.md)."
            ),
            reason=reason,
        )


def _told(status: SiteStatus) -> Iterator[Finding]:
    """What this PBX has to tell the site is told."""
    if status.history_failure and not status.failure:
        yield warning(
            "site-history-untold",
            _("The site does not get the history of this PBX ({reason})."),
            _("Look whether the user owns all tables of the site (docs/site.md)."),
            reason=status.history_failure,
        )
    if status.waiting_for > LONGEST_WAITING and not status.failure:
        yield warning(
            "site-waiting",
            _("{count} records of this PBX wait for the site, the oldest for {seconds} s."),
            _("Look into the log: journalctl -u fluxcc"),
            count=status.waiting,
            seconds=round(status.waiting_for),
        )
    lost = sum(status.history_lost.values())
    if lost:
        yield warning(
            "site-history-lost",
            _("{count} records were deleted for their age before the site had them."),
            _("They are nowhere any more. Raise [retention] above the longest outage."),
            count=lost,
        )


def _node(node: SiteNode) -> Iterator[Finding]:
    if node.silent:
        yield warning(
            "site-node-silent",
            _("PBX {node} has not been heard of for {seconds} s."),
            _(
                "Look after its daemon (fluxcc doctor there). One that is there no more is taken"
                " off by: fluxcc site leave --node {node}"
            ),
            node=node.name,
            seconds=round(node.silence),
        )
        return
    if node.behind > MOST_BEHIND:
        yield warning(
            "site-node-behind",
            _("PBX {node} has not taken in {changes} changes of the site."),
            _("Look into its log: journalctl -u fluxcc"),
            node=node.name,
            changes=node.behind,
        )
    offset = node.clock_offset or 0.0
    if abs(offset) >= WARNING_OFFSET:
        finding = grave if abs(offset) >= GRAVE_OFFSET else warning
        yield finding(
            "site-clock-off",
            _("FreeSWITCH's clock on {node} is {seconds} s away from the site's database's."),
            _(
                "Of marks made apart the later one counts, by these clocks: let all machines keep"
                " their time by NTP (timedatectl set-ntp true), then run there: fs_cli -x 'fsctl"
                " sync_clock'."
            ),
            node=node.name,
            seconds=round(offset),
        )


def _versions(nodes: list[SiteNode]) -> Iterator[Finding]:
    """No more than two versions are side by side, and those for the time of an upgrade."""
    heard = [node for node in nodes if not node.silent]
    versions = sorted({node.version for node in heard})
    if len(versions) > 1:
        finding = grave if len(versions) > 2 else warning
        yield finding(
            "site-versions",
            _("The PBXs of the site run different versions: {versions}."),
            _("Upgrade the others too; two versions may be side by side, and no more."),
            versions=", ".join(versions),
        )
