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
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from fluxcc.domain.audit import AuditRecord
from fluxcc.domain.blocks import Block
from fluxcc.domain.calls import CallRecord
from fluxcc.domain.provisioning import Entry
from fluxcc.domain.requests import Reply
from fluxcc.domain.retention import RecordKind
from fluxcc.domain.surveys import Survey

Result = TypeVar("Result")


class Clock(Protocol):
    """Time."""

    def now(self) -> float:
        """Seconds since the epoch; may jump."""

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps."""

    @property
    def is_known(self) -> bool:
        """Whether FreeSWITCH's clock, by which blocks end, was ever heard of."""


class Latch(Protocol):
    """Something that one greenlet waits for and another sets, once."""

    def set(self, value: Any) -> None:
        """Wake whoever waits, with this value; a second call does nothing."""

    def wait(self, timeout: float) -> Any:
        """The value, or None after ``timeout`` seconds without one."""


class Runtime(Protocol):
    """The event loop, as far as the core needs one."""

    def latch(self) -> Latch:
        """A new latch."""

    def sleep(self, seconds: float) -> None:
        """Let others run for a while."""

    def offload(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Run ``work`` where it cannot stall the event loop, and return its result."""

    def spawn(self, work: Callable[..., object], *arguments: Any) -> None:
        """Do ``work`` beside everything else; what it raises is logged."""

    def together(self, works: Sequence[Callable[[], None]]) -> None:
        """Begin each in this order, before the one in front has ended; return when all have. Raises
        the first one's exception, in this order."""


class Pbx(Protocol):
    """FreeSWITCH, as far as the core needs it. Every method may raise ``PbxError``."""

    @property
    def is_connected(self) -> bool:
        """Whether commands can be given now."""

    def end_leg(self, leg: str, cause: str) -> bool:
        """Hang the leg up; False where it was gone already."""

    def are_gone(self, legs: Collection[str]) -> bool:
        """Whether none of the legs is there any more (asked, not remembered)."""

    def move_leg(self, leg: str, destination: str, context: str) -> None:
        """Send the leg to a destination of the dialplan; a bridge it is in ends."""

    def move_pair(self, leg: str, destination: str, context: str) -> None:
        """Send an originatee and the leg it is bridged to now to the same destination."""

    def is_taken(self, leg: str, destination: str) -> bool:
        """Whether the dialplan has the leg at that destination now."""

    def brief_leg(self, leg: str, facts: Iterable[tuple[str, str]]) -> None:
        """Give the leg what the survey needs to know."""

    def arm_survey(self, leg: str, destination: str, context: str) -> None:
        """Let the leg go there when the other leg of its bridge ends."""

    def disarm_survey(self, leg: str) -> None:
        """Forget what the leg was to do after its bridge; nothing where the leg is gone."""

    def publish_blocks(self, entries: Iterable[tuple[str, int]]) -> None:
        """Tell the gate: each key is refused until that epoch second."""

    def withdraw_blocks(self, keys: Iterable[str]) -> None:
        """Tell the gate that these keys are free; unknown ones do no harm."""

    def gate_entries(self) -> dict[str, int]:
        """What the gate holds: each key and its end."""

    def publish_rooms(self, rooms: Iterable[tuple[str, str]]) -> None:
        """Tell the kit's dialplan: whoever dials this gets into the conference of that name."""

    def withdraw_rooms(self, dialled: Iterable[str]) -> None:
        """Tell the kit's dialplan that nobody does; unknown ones do no harm."""

    def publish_setting(self, key: str, value: str) -> None:
        """Tell the kit's dialplan a setting."""

    def has_setting(self, key: str) -> bool:
        """Whether mod_hash still knows a setting; not after it was loaded anew."""

    def has_gate(self, context: str) -> bool:
        """Whether the kit's gate stands in that dialplan context (looked up, not remembered)."""

    def announce(self, subclass: str, headers: Sequence[tuple[str, str]]) -> None:
        """Fire a CUSTOM event for whoever listens."""

    def flush_events(self) -> None:
        """Make FreeSWITCH hand over at once the events that wait for us; costs next to nothing."""


class Spool(Protocol):
    """Where the survey's script leaves what it heard, for a daemon that may be down."""

    def locate(self, storage_folder: str) -> None:
        """Where FreeSWITCH keeps its storage; counts where no folder was configured."""

    def read(self) -> Iterable[tuple[str, list[dict[str, str]]]]:
        """Each finished file: its name, and its records from the first to the last."""

    def remove(self, name: str, *, keep_aside: bool) -> None:
        """Take a file out of the spool; with ``keep_aside`` for a person to look at."""


class Batch(msgspec.Struct, frozen=True):
    """What goes to disk in one transaction: the newest state of each thing, oldest thing first."""

    calls: tuple[CallRecord, ...] = ()
    blocks: tuple[Block, ...] = ()
    audit: tuple[AuditRecord, ...] = ()
    surveys: tuple[Survey, ...] = ()
    entries: tuple[Entry, ...] = ()
    removed: tuple[Entry, ...] = ()
    """Entries that are to be deleted."""


class Store(Protocol):
    """What outlives the daemon.

    Every method may raise ``StoreUnavailableError``; all of them block, so they are called through
    ``Runtime.offload``.
    """

    recreated: int
    """Grows when the store was found deleted or corrupt, and another one begun: what was written
    before is not in it."""

    def open(self) -> None:
        """Bring the store up to what this version needs: create it, migrate it."""

    def write(self, batch: Batch) -> None:
        """Write all of it, or nothing: inserted where new, replaced where the id is known."""

    def purge(self, kind: RecordKind, before: float, limit: int) -> int:
        """Delete at most ``limit`` records older than that moment (epoch seconds); how many."""

    def erase(self, kind: RecordKind, numbers: Collection[str], limit: int) -> int:
        """Erase at most ``limit`` records of whom these numbers belong to; how many there were.
        Live calls and blocks stay."""

    def live_blocks(self) -> list[Block]:
        """Every block of this node whose state is live, also those whose time has passed."""

    def block_history(self, number: str) -> list[Block]:
        """Every block that the canonical number ever had on this node."""

    def live_calls(self) -> list[CallRecord]:
        """The calls of this node that were never seen to end."""

    def entries(self) -> list[Entry]:
        """The groups, rooms and services of this node."""

    def unfinished(self) -> list[AuditRecord]:
        """The last requests of this node that began and never ended."""

    def request_ids(self, since: float) -> list[str]:
        """Every request ID that came to this node after that moment (epoch seconds)."""

    def find_reply(self, request: str, since: float) -> Reply | None:
        """What was answered to a request ID after that moment (epoch seconds).

        A request that began and never ended is answered ``outcome-unknown``.
        """
