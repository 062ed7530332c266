"""What customers hear and press, on the survey above all."""

from __future__ import annotations

from fluxcc.lab.port import Lab
from tests.testing.event_socket import Event

from .tap import Tap


class Ear:
    """Hears what is played to customers and what the survey tells, and presses keys for them."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.tap = Tap(lab, "PLAYBACK_START CUSTOM fluxcc::survey")

    def waits_for(self, leg: str, sound: str, count: int = 1) -> None:
        """Return once this was played to the leg so many times."""
        heard: list[Event] = []

        def is_wanted(event: Event) -> bool:
            if (
                event.get("Event-Name") == "PLAYBACK_START"
                and event.get("Unique-ID") == leg
                and sound in event.get("Playback-File-Path", "")
                and event not in heard
            ):
                heard.append(event)
            return len(heard) >= count

        self.tap.wait(is_wanted, f"{sound} for the {count}. time", timeout=30)

    def presses(self, leg: str, keys: str) -> None:
        """The person on this leg presses keys."""
        assert self._lab.api(f"uuid_recv_dtmf {leg} {keys}").startswith("+OK")

    def answers(self, leg: str, question: int, keys: str, times: int = 1) -> None:
        """Press these keys as soon as the question is asked (for the second time, …)."""
        self.waits_for(leg, f"question_{question}_", times)
        self.presses(leg, keys)

    def surveys(self, leg: str) -> list[Event]:
        """What the survey has told of this leg so far."""
        self.tap.catch_up()
        told = self.tap.of("fluxcc::survey")
        return [event for event in told if event["Fluxcc-Call"] == leg]

    def waits_ended(self, leg: str) -> None:
        """Return once the survey on this leg has told that it ended."""
        self.tap.wait(
            lambda event: event.get("Fluxcc-Call") == leg and event.get("Fluxcc-State") == "ended",
            "the survey tells that it ended",
            timeout=6.0,
        )
