"""The daemon: running, connected, in time, and writing."""

from __future__ import annotations

from collections.abc import Iterator

from fluxcc import __version__
from fluxcc.doctor.finding import Finding, grave, skipped, warning
from fluxcc.doctor.installation import Installation
from fluxcc.doctor.served import INSTALL, kit_remedy
from fluxcc.kit.names import GATE_PATH
from fluxcc.marking import _
from fluxcc.protocol.operators import DaemonStatus

LARGEST_LAG = 2.0
"""Seconds by which events may be late."""


def check_daemon(installation: Installation) -> Iterator[Finding]:
    """The daemon runs, and its status has no fault."""
    socket = installation.settings.control_socket
    try:
        status = installation.ask_daemon()
    except PermissionError:
        yield skipped(
            "daemon-not-permitted",
            _("You may not use the daemon's socket {socket}."),
            _("Run fluxcc doctor as root, or as a member of the socket's group."),
            socket=socket,
        )
        return
    except (OSError, ValueError) as error:
        yield grave(
            "daemon-down",
            _("The daemon does not answer on {socket} ({reason})."),
            _("Start it: systemctl start fluxcc. Why it ended is in: journalctl -u fluxcc"),
            socket=socket,
            reason=error,
        )
        return
    yield from _troubles(status)
    yield from _gate_troubles(status)
    yield from _unmet_gates(installation, status)


def _troubles(status: DaemonStatus) -> Iterator[Finding]:
    """The faults in the daemon's own state."""
    if status.link_refusal:
        yield grave(
            "daemon-refused",
            _("FreeSWITCH refuses the daemon, which it took before: {reason}"),
            _(
                "Undo what was changed in event_socket.conf.xml or its ACL and reload"
                " mod_event_socket: the daemon tries again within 30 s. A new password also goes"
                " into pbx.password_file, and then: systemctl restart fluxcc"
            ),
            reason=status.link_refusal,
        )
    elif not status.connected:
        yield grave(
            "daemon-not-connected",
            _("The daemon has no link to FreeSWITCH ({reason})."),
            _("It tries again by itself; see what is said of link and password."),
            reason=status.link_loss,
        )
    if status.store_failure:
        yield grave(
            "records-not-written",
            _("The daemon cannot write to the store ({reason}); {count} records wait."),
            _(
                "See what is said of the store, and let its file, folder and server be writable for"
                " the service's own user, fluxcc; what waits is written when it can be."
            ),
            reason=status.store_failure,
            count=status.records_pending,
        )
    if status.store_unreadable:
        yield grave(
            "rows-unreadable",
            _("Rows of the store cannot be read, and are left alone: {rows}."),
            _(
                "If a newer fluxcc wrote them, install that one. Otherwise the file is damaged:"
                " restore the last backup, or let sqlite3's .recover make a new file of it."
            ),
            rows=", ".join(f"{count} {table}" for table, count in status.store_unreadable.items()),
        )
    yield from _undeleted(status)
    if abs(status.lag) > LARGEST_LAG:
        yield warning(
            "events-late",
            _("The daemon hears of events {seconds} s after FreeSWITCH says they happened."),
            _("See what is said of the clock; otherwise the machine has too much to do."),
            seconds=round(status.lag, 1),
        )
    if status.version != __version__:
        yield warning(
            "daemon-of-another-version",
            _("The daemon that runs is version {running}; {installed} is installed."),
            _("Restart it: systemctl restart fluxcc"),
            running=status.version,
            installed=__version__,
        )


def _undeleted(status: DaemonStatus) -> Iterator[Finding]:
    """What is too old and is not deleted."""
    if status.clock_doubted:
        yield grave(
            "retention-clock",
            _("Old records are not deleted: FreeSWITCH's clock and the machine's differ."),
            _("Put the clocks right; see what is said of the clock."),
        )
    for kind, share in status.retention_held.items():
        yield grave(
            "retention-held",
            _(
                "{share} of {kind} are too old, more than a usual day leaves; none of them is"
                " deleted."
            ),
            _(
                "See whether the machine's date and [retention] are right. If they are, run: fluxcc"
                " db purge --overdue"
            ),
            kind=kind,
            share=f"{share:.0%}",
        )


def _gate_troubles(status: DaemonStatus) -> Iterator[Finding]:
    """What is wrong with the blocks in mod_hash."""
    if status.connected and not status.gate_told:
        yield grave(
            "gate-not-told",
            _(
                "FreeSWITCH does not take the blocks into mod_hash: the gate may refuse nobody, and"
                " only the daemon ends blocked callers' calls."
            ),
            _(
                "Run: fs_cli -x 'load mod_hash'; the daemon tells it everything at once. If it is"
                " loaded, wait a second and try again."
            ),
        )
    if status.gate_differences:
        yield warning(
            "gate-differed",
            _("The gate differed from the blocks in {count} keys, and was told them again."),
            _(
                "See the daemon's log for what differed, and whether another program writes to the"
                " realm fluxcc_block of mod_hash."
            ),
            count=status.gate_differences,
        )


def _unmet_gates(installation: Installation, status: DaemonStatus) -> Iterator[Finding]:
    """The dialplan contexts by which blocked callers came to the daemon."""
    for context in status.contexts_without_gate:
        # What the dialplan comes from is not to be had while FreeSWITCH does not answer.
        remedy, facts = (
            kit_remedy(installation, GATE_PATH)
            if installation.link_error is None
            else (INSTALL, {"file": GATE_PATH})
        )
        yield grave(
            "caller-without-gate",
            _("A blocked caller came by dialplan context {context}, which has no gate in front."),
            remedy,
            context=context,
            **facts,
        )
    for context in status.contexts_unseen:
        yield skipped(
            "caller-unseen",
            _(
                "A blocked caller came by dialplan context {context}, and whether the gate is there"
                " cannot be seen; the daemon ended the call."
            ),
            _("Find out by a call: fluxcc doctor --call"),
            context=context,
        )
