"""SIPp as the trunk, the callers and the agents' telephones.

SIPp rather than a user agent of our own, because another program's idea of SIP is what a PBX meets.
It has no remote control for one call, so its scenarios (``sipp/*.xml``) wait for a request that no
PBX sends, ``HANGUP`` with the call's Call-ID, and then end the call as a telephone would. What
happened is read from SIPp's own trace of messages. A caller is a process, which takes 10 ms to
start; all telephones are one.
"""

from __future__ import annotations

import csv
import itertools
import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .port import LabError
from .ports import PortBlock, Seat
from .processes import ProcessGroup
from .trace import MessageTrace

_SCENARIOS = Path(__file__).with_name("sipp")
_POLL = 0.005
_REACT = 5.0  # how long SIPp and the PBX together may take over one message
_RING = 3.0  # how long a call may take to get from the caller's answer to the agent's telephone
_CREATE_AT_ONCE = 1_000  # calls a second; SIPp starts the first one only after 1/rate seconds
_OUTPUT_TAIL = 2_000
_Found = TypeVar("_Found")


def find_sipp() -> Path | None:
    found = shutil.which("sipp")
    return Path(found) if found else None


@dataclass(frozen=True)
class LoadResult:
    """What became of the calls of a load; a refused or unanswered call has failed."""

    succeeded: int
    failed: int


class Sipp:
    """Starts SIPp processes for one lab."""

    def __init__(
        self, binary: Path, folder: Path, *, ports: PortBlock, processes: ProcessGroup
    ) -> None:
        self._binary = binary
        self._folder = folder
        self._ports = ports
        self._processes = processes
        self._seated: list[_Process] = []
        self._seating = threading.Lock()  # callers may be started from several threads
        self._runs = itertools.count(1)
        folder.mkdir()

    def telephones(self) -> Telephones:
        return Telephones(self._spawn("telephones", self._ports.phones, []))

    def call(
        self,
        number: str,
        destination: str,
        *,
        name: str,
        port: int,
        call_id: str = "",
        headers: str = "",
    ) -> SippCaller:
        """``headers`` are more lines of the INVITE, each with its line end."""
        seat = self._take_seat()
        call_id = call_id or uuid.uuid4().hex
        # SIPp replaces %u and the like in it.
        arguments = ["-m", "1", "-r", str(_CREATE_AT_ONCE), "-cid_str", call_id.replace("%", "%%")]
        # A variable set here is the one text in which SIPp neither replaces [keywords] nor splits
        # at a semicolon; a file to inject from would do both.
        arguments += ["-set", "from", _from_header(number, name, seat.sip)]
        arguments += ["-set", "more", headers]
        arguments += ["-s", destination, f"127.0.0.1:{port}"]
        return SippCaller(self._spawn("caller", seat, arguments), call_id)

    def load(
        self, numbers: Sequence[str], destination: str, *, rate: float, hold: float, port: int
    ) -> LoadResult:
        seat = self._take_seat()
        run = next(self._runs)
        injected = self._folder / f"numbers-{run}.csv"
        statistics = self._folder / f"statistics-{run}.csv"
        injected.write_text("\n".join(["SEQUENTIAL", *numbers, ""]), encoding="utf-8")
        # rate per 1,000 s: SIPp takes whole numbers only
        arguments = ["-r", str(round(rate * 1000)), "-rp", "1000s", "-m", str(len(numbers))]
        arguments += ["-l", str(len(numbers)), "-recv_timeout", str(round(hold * 1000))]
        arguments += ["-inf", str(injected), "-trace_stat", "-stf", str(statistics), "-fd", "1"]
        arguments += ["-s", destination, f"127.0.0.1:{port}"]
        process = self._spawn("crowd", seat, arguments)
        process.wait(len(numbers) / rate + hold + 60)
        return _read_statistics(statistics, process)

    def _spawn(self, scenario: str, seat: Seat, arguments: Sequence[str]) -> _Process:
        run = next(self._runs)
        trace = self._folder / f"{scenario}-{run}.messages"
        output = self._folder / f"{scenario}-{run}.out"
        command: list[str | bytes | Path] = [self._binary, "-sf", _SCENARIOS / f"{scenario}.xml"]
        command += ["-nostdin", "-aa", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-ci", "127.0.0.1"]
        command += ["-p", str(seat.sip), "-mp", str(seat.media), "-cp", str(seat.control)]
        if scenario != "crowd":
            command += ["-trace_msg", "-message_file", trace]
        command += [argument.encode("utf-8", "surrogateescape") for argument in arguments]
        program = self._processes.spawn(command, output=output)
        process = _Process(program, seat, MessageTrace(trace), output)
        if seat is not self._ports.phones:
            with self._seating:
                self._seated.append(process)
        return process

    def _take_seat(self) -> Seat:
        with self._seating:
            for process in [process for process in self._seated if process.has_ended()]:
                self._seated.remove(process)
                self._ports.leave_seat(process.seat)
            return self._ports.take_seat()


class _Process:
    """A running SIPp, its control commands, and its message trace."""

    def __init__(
        self, process: subprocess.Popen[bytes], seat: Seat, trace: MessageTrace, output: Path
    ) -> None:
        self._process = process
        self.seat = seat
        self.trace = trace
        self._output = output

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait(self, timeout: float) -> None:
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise self.error(f"SIPp was not done after {timeout:.0f} s") from error

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def put_receiver_down(self, call_id: str) -> None:
        request = (
            "HANGUP sip:lab@127.0.0.1 SIP/2.0\r\n"
            "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKlab\r\n"
            "From: <sip:lab@127.0.0.1>;tag=lab\r\n"
            "To: <sip:lab@127.0.0.1>\r\n"
            f"Call-ID: {call_id}\r\n"
            "CSeq: 1 HANGUP\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(request.encode(), ("127.0.0.1", self.seat.sip))

    def error(self, text: str) -> LabError:
        printed = self._output.read_text("utf-8", "replace") if self._output.exists() else ""
        return LabError(f"{text}\n{printed[-_OUTPUT_TAIL:]}".rstrip())


class SippCaller:
    """One person who has dialled: a SIPp process, and what its trace says of the call."""

    def __init__(self, process: _Process, call_id: str) -> None:
        self._process = process
        self._call_id = call_id
        self._status = 0  # the newest answer to the INVITE
        self._over = False

    def wait_answered(self, timeout: float = 10.0) -> None:
        self._wait(lambda: self._status >= 200, timeout, "an answer")
        if self._status != 200:
            raise LabError(f"the call was not answered but refused with {self._status}")

    def wait_ended(self, timeout: float = 10.0) -> int:
        self._wait(lambda: self._over, timeout, "the call's end")
        self._process.wait(_REACT)
        return self._status

    def hang_up(self) -> None:
        # before the PBX has said anything there is nothing that could be cancelled
        self._wait(lambda: self._status > 0, _REACT, "any answer")
        if self._over:
            return
        self._process.put_receiver_down(self._call_id)
        self._wait(lambda: self._over, _REACT, "the call's end after hanging up")

    def _wait(self, reached: Callable[[], bool], timeout: float, what: str) -> None:
        deadline = time.monotonic() + timeout
        while True:
            ended = self._process.has_ended()  # asked first: what it wrote last is then there
            self._follow()
            if reached():
                return
            if ended:
                # a call that goes another way than its scenario is ended by SIPp with a BYE of
                # which it awaits no answer
                self._over = self._status >= 200
                if reached():
                    return
                raise self._process.error(f"SIPp ended while the caller waited for {what}")
            if time.monotonic() > deadline:
                raise self._process.error(
                    f"no sign of {what} within {timeout:g} s; the call's status is {self._status}"
                )
            time.sleep(_POLL)

    def _follow(self) -> None:
        for message in self._process.trace.read():
            if message.method == "INVITE" and message.status:
                self._status = message.status
                self._over = self._over or message.status >= 300
            elif message.method == "BYE":
                # theirs, once it is answered, or ours, once they answered it
                self._over = self._over or message.status >= 200


class Telephones:
    """The agents' telephones, all in one process: every extension that is called is answered."""

    def __init__(self, process: _Process) -> None:
        self._process = process
        self._calls: dict[str, str] = {}  # Call-ID → extension, of the calls that are up
        self._ringing: dict[str, str] = {}

    def hang_up(self, extension: str) -> None:
        at = f"at telephone {extension}"
        call_id = self._wait(lambda: self._call_of(extension), _RING, f"a call {at}")
        self._process.put_receiver_down(call_id)
        self._wait(lambda: call_id not in self._calls, _REACT, f"the end of the call {at}")

    def unplug(self) -> None:
        self._process.kill()

    def _call_of(self, extension: str) -> str | None:
        calls = [call_id for call_id, called in self._calls.items() if called == extension]
        return calls[-1] if calls else None

    def _wait(self, found: Callable[[], _Found | None], timeout: float, what: str) -> _Found:
        deadline = time.monotonic() + timeout
        while True:
            ended = self._process.has_ended()
            self._follow()
            if result := found():
                return result
            if ended or time.monotonic() > deadline:
                raise self._process.error(f"no sign of {what} within {timeout:g} s")
            time.sleep(_POLL)

    def _follow(self) -> None:
        for message in self._process.trace.read():
            is_known = message.call_id in self._calls  # asked again where the media is to go
            if message.method == "INVITE" and not message.status and not is_known:
                self._ringing[message.call_id] = message.user
            elif message.method == "ACK" and message.call_id in self._ringing:
                self._calls[message.call_id] = self._ringing.pop(message.call_id)
            elif message.method == "BYE" and message.status >= 200:
                self._calls.pop(message.call_id, None)


def _from_header(number: str, name: str, port: int) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    address = f"{number}@127.0.0.1:{port}" if number else f"127.0.0.1:{port}"
    return f'"{escaped}" <sip:{address}>' if name else f"<sip:{address}>"


def privacy_headers(asserted: str, *, by_remote_party: bool) -> str:
    """What a trunk says of a caller with this number who asks for privacy (RFC 3325, or the draft
    that came before it)."""
    identity = f"<sip:{asserted}@127.0.0.1>"
    if by_remote_party:
        return f"Remote-Party-ID: {identity};party=calling;screen=yes;privacy=full\r\n"
    return f"P-Asserted-Identity: {identity}\r\nPrivacy: id\r\n"


def _read_statistics(path: Path, process: _Process) -> LoadResult:
    if not path.exists():
        raise process.error("SIPp ended before it counted a call")
    with path.open(encoding="utf-8", newline="") as lines:
        last = list(csv.DictReader(lines, delimiter=";"))[-1]
    return LoadResult(int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"]))
