"""What the core needs of the world outside. Each port has one real thing and one fake behind it.

====================  =====================================  =========================
port                  the real thing                         in tests
====================  =====================================  =========================
``Pbx``               ``pbx.switch.Switch``                  ``tests.fakes.FakePbx``
``Store``             ``store.sql_store.SqlStore``           ``tests.fakes.FakeStore``
``Clock``             ``runtime.PbxClock``                   ``tests.fakes.SteppedClock``
``Runtime``           ``runtime.GeventRuntime``              ``tests.fakes.InlineRuntime``
``Spool``             ``spool.FolderSpool``                  ``tests.fakes.FakeSpool``
====================  =====================================  =========================

What a site of several PBXs shares is behind ``core.site.port``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from fluxcc.domain.agents import Agent, SeenDomain
from fluxcc.domain.applications import Application
from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.changes import Change, Mark, MarkKind, SitePosition, Stamp
from fluxcc.domain.media import Media
from fluxcc.domain.persons import Filled, Person
from fluxcc.domain.provisioning import Entry
from fluxcc.domain.requests import Answered
from fluxcc.domain.retention import Place, RecordKind
from fluxcc.domain.shared_entries import EntryStamp
from fluxcc.domain.sight import Sight
from fluxcc.domain.surveys import Survey

Result = TypeVar("Result")


class Clock(Protocol):
    """FreeSWITCH's clock, the machine's own, and one that never jumps. A moment of one clock is
    compared with the same clock only: they may be days apart, and either may be set."""

    def now(self) -> float:
        """Seconds since the epoch by FreeSWITCH's clock, or by the machine's until that is known;
        may jump."""

    def own(self) -> float:
        """Seconds since the epoch by the machine's own clock; may jump."""

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps."""

    @property
    def is_known(self) -> bool:
        """Whether FreeSWITCH's clock, by which blocks end, was read at least once."""


class Latch(Protocol):
    """A value that one greenlet waits for and another sets, once."""

    def set(self, value: Any) -> None:
        """Wake the greenlet that waits, with this value; a second call does nothing."""

    def wait(self, timeout: float) -> Any:
        """The value, or None after ``timeout`` seconds without one."""


class Runtime(Protocol):
    """The event loop, as far as the core needs one."""

    def latch(self) -> Latch:
        """A new latch."""

    def sleep(self, seconds: float) -> None:
        """Return after that time; other greenlets run meanwhile."""

    def offload(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Run ``work`` where it cannot stall the event loop, and return its result."""

    def within(self, seconds: float, work: Callable[..., Result], *arguments: Any) -> Result:
        """As ``offload``, for at most that long: then it raises ``TimeoutError``, and the thread
        goes on by itself."""

    def spawn(self, work: Callable[..., object], *arguments: Any) -> None:
        """Do ``work`` in a greenlet of its own; an exception is logged."""

    def together(self, works: Sequence[Callable[[], None]]) -> None:
        """Begin each in this order without waiting for the one before it; return when all have
        ended. Raises the first exception, in this order."""

    def apart(self, threads: int) -> Runtime:
        """The same event loop with so many native threads of its own, for work that may hang."""

    def wipe_memory(self) -> None:
        """Overwrite what this process has freed, as far as that can be done; other greenlets run
        meanwhile."""


class Pbx(Protocol):
    """FreeSWITCH, as far as the core needs it. Every method may raise ``PbxError``."""

    @property
    def is_connected(self) -> bool:
        """Whether commands can be sent now."""

    def end_leg(self, leg: str, cause: str) -> bool:
        """Hang the leg up; False where it was gone already."""

    def are_gone(self, legs: Collection[str]) -> bool:
        """Whether FreeSWITCH has none of the legs any more (it is asked each time)."""

    def media_of(self, leg: str) -> Media:
        """The way of the media of the bridge whose originatee this leg is."""

    def bring_media_back(self, leg: str) -> None:
        """Make the media of a bridge, named by its originatee, run through FreeSWITCH again; return
        once it does."""

    def user_context(self, agent: Agent) -> str:
        """The dialplan context of a user in FreeSWITCH's directory; empty where it has none."""

    def are_users(self, agents: Sequence[Agent]) -> list[bool]:
        """Whether each of them is a user in FreeSWITCH's directory."""

    def members_of(self, room: str) -> frozenset[str]:
        """The legs in the conference of that name; none where there is no such conference."""

    def move_leg(self, leg: str, destination: str, context: str) -> None:
        """Send the leg to a destination of the dialplan; a bridge it is in ends."""

    def is_past_gate(self, leg: str) -> bool:
        """Whether a blocked caller's leg is there although its gate should have refused it: it was
        neither hung up, nor diverted, nor does it hear the gate's announcement."""

    def divert_leg(self, leg: str, destination: str, context: str) -> None:
        """Send a blocked caller's leg to a destination of the dialplan, past the gates there."""

    def move_pair(self, leg: str, destination: str, context: str) -> None:
        """Send an originatee and the leg it is bridged to now to the same destination."""

    def detain_leg(self, leg: str, *, is_on: bool) -> None:
        """Have the leg wait when its bridge ends, or not any more."""

    def application_of(self, leg: str, destination: str) -> Application | None:
        """What the dialplan does with the leg at that destination now, where it has come there;
        None where it has not, or the leg is gone."""

    def brief_leg(self, leg: str, facts: Iterable[tuple[str, str]]) -> None:
        """Give the leg the facts that the survey reads: (name, value)."""

    def arm_survey(self, leg: str, destination: str, context: str) -> None:
        """Send the leg to that destination when the other leg of its bridge ends."""

    def disarm_survey(self, leg: str) -> None:
        """Undo ``arm_survey``; nothing where the leg is gone."""

    def write_blocks(self, keys: Iterable[str], end_of: Callable[[str], int | None]) -> None:
        """Write each key to the gate with the epoch second at which its block ends, or delete it
        where there is none. Ends are asked for in the moment in which a command is sent."""

    def gate_entries(self) -> dict[str, int]:
        """The gate's blocks: key → epoch second at which it ends, 0 where its value is none."""

    def publish_rooms(self, rooms: Iterable[tuple[str, str]]) -> None:
        """Write rooms for the kit's dialplan: (extension dialled, name of the conference)."""

    def withdraw_rooms(self, dialled: Iterable[str]) -> None:
        """Delete the rooms of these dialled extensions; unknown ones do no harm."""

    def publish_setting(self, key: str, value: str) -> None:
        """Write a setting for the kit's dialplan."""

    def publish_rules(self, rules: Mapping[str, str]) -> None:
        """Set the global variables by which the kit's gates tell whose number a caller ID is
        (``core.gate_rules``), and unset those of earlier settings."""

    def has_setting(self, key: str) -> bool:
        """Whether mod_hash still has a setting; it has none after a reload of the module."""

    def gate_in(self, context: str, *, of_domain: bool) -> Sight:
        """Whether calls in that dialplan context meet the kit's gate first, or the one for a
        domain. It is looked up each time, which may take many seconds where the dialplan is
        served."""

    def announce(self, subclass: str, *each: Sequence[tuple[str, str]]) -> None:
        """Fire CUSTOM events of that subclass, all at once, each with its (header, value)."""

    def flush_events(self) -> None:
        """Make FreeSWITCH send at once the events that are queued for the daemon."""

    def forget_received(self) -> None:
        """Overwrite in memory what was received and has been handled; never raises."""


class SpoolContents(msgspec.Struct, frozen=True):
    """What was found in the survey's spool."""

    files: list[tuple[str, list[dict[str, str]]]]
    """Each finished file: its name, and its records in order, as header → value."""
    faults: dict[str, str]
    """Name of a file that cannot be taken in → why."""


class Spool(Protocol):
    """The folder into which the survey's script writes answers, also while the daemon is down.

    All methods but ``locate`` block, so they are called through ``Runtime.offload``.
    """

    def locate(self, storage_folder: str) -> None:
        """Use the default folder below FreeSWITCH's ``storage_dir``, where none was configured."""

    def read(self, known: Collection[str] = ()) -> SpoolContents:
        """What is in it; files with a ``known`` name are passed over. Raises ``OSError`` where it
        cannot be listed."""

    def remove(self, name: str, *, keep_aside: bool) -> None:
        """Delete a file; with ``keep_aside`` it is set aside instead, for the administrator. Raises
        ``OSError``."""

    def erase(self, has: Callable[[str], bool]) -> str:
        """Delete the files of the person who ``has`` the number in them, those that were set aside
        among them. What is left: the files that cannot be read, or the file of a survey that is
        going on; empty for nothing. Raises ``OSError``."""


class Batch(msgspec.Struct, frozen=True):
    """What is written in one transaction: the newest state of each record, in order of age."""

    calls: tuple[CallRecord, ...] = ()
    blocks: tuple[Block, ...] = ()
    audit: tuple[AuditRecord, ...] = ()
    surveys: tuple[Survey, ...] = ()
    entries: tuple[Entry, ...] = ()
    domains: tuple[SeenDomain, ...] = ()
    removed: tuple[Entry, ...] = ()
    """Entries that are to be deleted."""
    entry_stamps: tuple[EntryStamp, ...] = ()
    """When and where entries were changed, in a site; one that is gone is deleted."""
    position: tuple[SitePosition, ...] = ()
    """How far the site's changes were taken: one at most."""
    unmarked: tuple[int, ...] = ()
    """Ids of marks in the outbox whose records are in the site by now."""
    erased: tuple[tuple[str, Stamp], ...] = ()
    """Ids of blocks that have ended and are to be deleted, because another node erased their
    person, each with its last change: not where it has changed since."""


class Marked(msgspec.Struct, frozen=True):
    """What is marked in the outbox for the site."""

    marks: tuple[tuple[int, Mark], ...] = ()
    """Each with its id, in order."""
    blocks: tuple[Block, ...] = ()
    """The marked blocks that are still there; the others likewise."""
    calls: tuple[CallRecord, ...] = ()
    audit: tuple[AuditRecord, ...] = ()
    surveys: tuple[Survey, ...] = ()
    entries: tuple[Change, ...] = ()


class Waiting(msgspec.Struct, frozen=True):
    """How much is marked in the outbox for the site."""

    count: int = 0
    oldest: float | None = None
    """When the oldest mark was made (epoch seconds); None where there is none."""


class Moment(msgspec.Struct, frozen=True):
    """A moment, in epoch seconds of two clocks that may be days apart."""

    own: float
    """By the machine's clock."""
    pbx: float | None = None
    """By FreeSWITCH's; None where that is not known."""


class Store(Protocol):
    """The database.

    Every method may raise ``StoreUnavailableError``; all of them block, so they are called through
    ``Runtime.offload``.
    """

    recreated: int
    """How often the store was created anew because it was found deleted or corrupt: what was
    written before is not in it."""

    @property
    def unreadable(self) -> Mapping[str, int]:
        """Table → how many of its rows could not be read since the daemon began; they stay."""

    def open(self) -> None:
        """Create the store where there is none, and migrate it to this version."""

    def write(self, batch: Batch) -> None:
        """Write all of it, or nothing: inserted where new, replaced where the id is known."""

    def purge(self, kind: RecordKind, before: float, limit: int) -> int:
        """Delete at most ``limit`` records older than that moment (epoch seconds), the oldest
        first; how many."""

    def share(self, kind: RecordKind, before: float, span: float) -> float:
        """Which share of the records that ``purge`` may delete it would delete, from 0 to 1; 0
        where none of them is older than ``before`` by more than ``span`` seconds."""

    def erase(self, kind: RecordKind, person: Person, limit: int) -> int:
        """Erase at most ``limit`` records of this person; how many there were. Live calls and
        blocks stay."""

    def erase_mentions(self, kind: RecordKind, person: Person, after: Any) -> tuple[int, Any]:
        """Erase the person's number from the texts of other people's records, of the next ones
        after the id ``after`` (None for the first); how many texts, and the ``after`` to go on
        with, None at the end."""

    def wipe(self) -> dict[Place, str]:
        """Overwrite what the database still holds of deleted rows, outside of its rows: the places
        where it may be, and what is left in each; empty for nothing."""

    def fill(self, limit: int) -> Filled:
        """Read the persons of at most ``limit`` records that were written before numbers were read
        as now; how far that is."""

    def live_blocks(self) -> list[Block]:
        """Every block of this node in state ``live``, also those whose time has passed;
        newest first."""

    def domains(self) -> list[SeenDomain]:
        """The SIP domains that were seen on this node."""

    def block_history(self, number: str) -> list[Block]:
        """Every block that the canonical number ever had on this node, newest first."""

    def block_times(self, since: float) -> list[tuple[str, str, float]]:
        """Number, SIP domain and beginning (epoch seconds) of this node's blocks that began at
        ``since`` or later and were not taken back."""

    def ended_changes(self, since: int) -> list[Block]:
        """The ended blocks of this node that were changed in a site at ``since`` (microseconds of
        the epoch) or later, and those of a site that were changed while it was in none."""

    def position(self) -> SitePosition | None:
        """How far this node took the site's changes; None before the first one."""

    def marked(self, kinds: Collection[MarkKind], after: int, limit: int) -> Marked:
        """The first ``limit`` marks of these kinds in the outbox with an id after ``after``, and
        their records as they are now."""

    def waiting(self) -> Waiting:
        """How much the site is still to be told."""

    def mark_again(self, since: int) -> None:
        """Mark for the site every live block that was changed on this node last, those that ended
        and were changed at ``since`` (microseconds of the epoch) or later, and every entry,
        whichever node changed it."""

    def mark_history(self, since: float, after: Any) -> Any:
        """Mark the next records of history that began at ``since`` (epoch seconds) or later, after
        the place ``after`` (None for the first); where to go on, None at the end."""

    def mark_erasure(self, number: str) -> None:
        """Mark that the person with this number is to be erased from the site."""

    def live_calls(self) -> list[CallRecord]:
        """The calls of this node that have no end."""

    def entries(self) -> list[Entry]:
        """The groups, rooms, services, protected numbers, users and tokens of this node, by kind
        and name."""

    def entry_stamps(self) -> list[EntryStamp]:
        """When and where entries were changed in a site, also those that are gone."""

    def forget_removed(self, person: Person) -> None:
        """Forget that this person's number was protected, where it is not any more and the site
        knows that."""

    def unfinished(self) -> list[AuditRecord]:
        """The last requests of this node that began and never ended, newest first."""

    def request_ids(self, since: Moment) -> list[str]:
        """Every request ID that came to this node after that moment by either clock."""

    def find_reply(self, request: str, since: Moment) -> Answered | None:
        """The first request of that ID after that moment by either clock, and its reply; None
        without one.

        A request that began and never ended is answered ``outcome-unknown``.
        """
