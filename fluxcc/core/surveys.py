"""Surveys (Avali-E) from the daemon's side: arms them on calls, and takes their answers in.

Counterparts: the kit's ``avali_e.lua`` asks the customer, fires each answer as a ``fluxcc::survey``
event and writes the same into its spool; ``actions.survey`` decides which calls get one. An answer
that comes both ways, or twice, is stored once: the script gives each survey an id, and a later
record replaces an earlier one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial

from fluxcc.actions import survey
from fluxcc.actions.rules import Rules
from fluxcc.core.calls.views import Views
from fluxcc.core.happenings import Signal
from fluxcc.core.journal import Journal
from fluxcc.core.ports import Pbx, Runtime, Spool
from fluxcc.core.survey_faults import SurveyFaults
from fluxcc.domain import shown
from fluxcc.domain.calls import Call, Conversation
from fluxcc.domain.errors import PbxError, PbxRejectedError, RefusedError
from fluxcc.domain.persons import Person
from fluxcc.domain.provisioning import MOST_QUESTIONS, Group
from fluxcc.domain.requests import clean_text
from fluxcc.domain.surveys import UNHEARD, Survey

HIGHEST_ANSWER = 10
LONGEST_TEXT = 128
SPOOL_PERIOD = 2.0
"""Seconds between two reads of the spool."""

log = logging.getLogger(__name__)


class Surveys:
    """One per daemon."""

    def __init__(
        self,
        views: Views,
        journal: Journal,
        pbx: Pbx,
        rules: Rules,
        spool: Spool,
        runtime: Runtime,
        faults: SurveyFaults,
        answered: Signal[[Survey]],
    ) -> None:
        self._views = views
        self._journal = journal
        self._pbx = pbx
        self._rules = rules
        self._spool = spool
        self._runtime = runtime
        self.faults = faults
        self._answered = answered
        self._unsettled: set[Call] = set()
        """Calls whose survey is still to be armed or disarmed: FreeSWITCH did not answer."""
        self._done_with: dict[str, bool] = {}
        """Files that were taken in and cannot be removed → whether they are to be kept aside."""
        self._erased: list[Person] | None = None
        """Persons who were erased since the files were read that are being taken in now; None
        while none are."""
        self.taken = 0
        """Surveys taken in from the spool since the daemon started."""
        self.malformed = 0
        """Survey records, from events and the spool, that could not be decoded."""

    def company_changed(self, call: Call) -> None:
        """The customer was connected to an agent, or passed on to an outside party: arm or disarm,
        in a greenlet of its own, a survey that also starts when the telephone hangs up. A survey
        is about the talk with that agent (contract, section 1a.10)."""
        group = survey.group_of(self._views.outline(call), self._rules)
        if group is not None and survey.is_to_be_armed(group):
            self._runtime.spawn(self.settle, call)

    def settle(self, call: Call) -> None:
        """Arm or disarm the survey of a bridged call, as its group has it now.

        Sends commands to FreeSWITCH; where that does not answer, ``settle_rest`` tries again.
        """
        self._unsettled.discard(call)
        if call.customer is None:
            return
        view = self._views.outline(call)
        group = survey.group_of(view, self._rules)
        try:
            if group is None or not survey.is_to_be_armed(group) or not call.is_talking:
                self._pbx.disarm_survey(call.customer.uuid)
            else:
                self._arm(call, view, group)
        except (PbxRejectedError, RefusedError) as error:
            # The leg has just gone, or the dialplan context of its agent is not known.
            log.warning("a survey was not armed or disarmed", extra={"error": str(error)})
        except PbxError as error:
            self._unsettled.add(call)
            log.warning(
                "a survey is not armed or disarmed yet; it is tried again",
                extra={"reason": str(error)},
            )

    @property
    def is_settled(self) -> bool:
        """Whether no call's survey is still to be armed or disarmed."""
        return not self._unsettled

    def settle_rest(self) -> None:
        """Arm or disarm the surveys for which FreeSWITCH did not answer."""
        for call in list(self._unsettled):
            self.settle(call)

    def group_changed(self, group: Group) -> None:
        """Apply a supervisor's change of a group to its calls that are up already."""
        self.faults.group_changed(group)
        for call in self._views.talks_of_group(group.name, group.domain):
            self.settle(call)

    def _arm(self, call: Call, view: Conversation, group: Group) -> None:
        self._pbx.brief_leg(view.customer, survey.brief(view, group).facts)
        if not call.is_survey_over:
            self._pbx.arm_survey(
                view.customer,
                survey.destination(group, self._rules),
                self._rules.context_for(self._rules.survey_context, view),
            )
        if call.is_survey_over:
            # An action disarmed the survey while it was being armed.
            self._pbx.disarm_survey(view.customer)

    def note_answer(self, headers: Mapping[str, str]) -> None:
        """Note an answer that came as an event (its headers). It is in the spool too, so a lost
        event loses nothing."""
        try:
            survey = read_survey(headers)
        except ValueError as error:
            self.malformed += 1
            log.warning("a survey's event was malformed", extra={"error": str(error)})
            return
        self._journal.note(survey)
        self._answered(survey)
        self.faults.told(headers)

    def forget(self, person: Person) -> None:
        """Note no survey of this person that was read before: the spool has it no more."""
        if self._erased is not None:
            self._erased.append(person)

    def empty_spool(self) -> int:
        """Take in the spool's finished files; each is removed once its survey is in the store.

        Returns how many files were taken in.
        """
        self._erased = []
        try:
            return self._take_in(self._erased)
        finally:
            self._erased = None

    def _take_in(self, erased: list[Person]) -> int:
        faults: dict[str, str] = {}
        for name, is_kept_aside in list(self._done_with.items()):
            faults |= self._put_away(name, is_kept_aside=is_kept_aside)
        contents = self._runtime.offload(self._spool.read, frozenset(self._done_with))
        taken = 0
        for name, records in contents.files:
            surveys = self._read_file(name, records)
            if any(person.has(survey.number) for survey in surveys for person in erased):
                faults |= self._put_away(name, is_kept_aside=False)
            elif not surveys or self._journal.commit(surveys[-1]):
                faults |= self._put_away(name, is_kept_aside=not surveys)
                taken += 1
                self._log_taken(surveys)
        self.faults.files_left({**contents.faults, **faults})
        return taken

    def step(self) -> float:
        """Empty the spool; the seconds until the next time."""
        try:
            self.empty_spool()
        except OSError as error:
            self.faults.spool_read(error)
        else:
            self.faults.spool_read(None)
        return SPOOL_PERIOD

    def _read_file(self, name: str, records: list[dict[str, str]]) -> list[Survey]:
        surveys = []
        for headers in records:
            try:
                surveys.append(read_survey(headers))
            except ValueError as error:
                self.malformed += 1
                log.warning(
                    "a survey's record was malformed", extra={"file": name, "error": str(error)}
                )
        return surveys

    def _put_away(self, name: str, *, is_kept_aside: bool) -> dict[str, str]:
        """Remove a file that was taken in, or keep it aside. One that stays is not taken in again,
        and removed as soon as it can be; it is returned with the reason."""
        try:
            self._runtime.offload(partial(self._spool.remove, name, keep_aside=is_kept_aside))
        except OSError as error:
            self._done_with[name] = is_kept_aside
            return {name: error.strerror or str(error)}
        self._done_with.pop(name, None)
        return {}

    def _log_taken(self, records: list[Survey]) -> None:
        if records:
            self.taken += 1
            survey = records[-1]
            self._answered(survey)
            log.info(
                "a survey was taken in",
                extra={
                    "survey": survey.id,
                    "call": survey.call,
                    "group": survey.group,
                    "agent": survey.agent,
                    "answered": len(survey.pressed),
                },
            )


def read_survey(headers: Mapping[str, str]) -> Survey:
    """The survey in an event's headers, or in a line of the spool. Raises ``ValueError``."""

    def text(name: str) -> str:
        return clean_text(headers.get(f"Fluxcc-{name}", ""), LONGEST_TEXT)

    def seconds(name: str) -> float:
        value = float(text(name) or 0)
        if not 0 <= value < 1e11:
            raise ValueError(f"{name} is no time")
        return value

    questions = int(text("Questions"))
    if not 1 <= questions <= MOST_QUESTIONS:
        raise ValueError("Questions is out of range")
    unheard = text("Unheard").split(",")
    answers = tuple(
        UNHEARD if str(n) in unheard else read_answer(text(f"Answer-{n}"))
        for n in range(1, questions + 1)
    )
    if not text("Survey"):
        raise ValueError("Survey is missing")
    return Survey(
        id=text("Survey"),
        call=text("Call"),
        number=clean_text(shown.number(headers.get("Fluxcc-Number", "")), LONGEST_TEXT),
        group=text("Group"),
        agent=text("Agent"),
        direction=text("Direction"),
        started=seconds("Started"),
        offered=seconds("Offered"),
        questions=questions,
        answers=answers,
        domain=text("Domain"),
    )


def read_answer(text: str) -> int | None:
    """The answer that was pressed, 0 to 10; None for an empty text. Raises ``ValueError``."""
    if not text:
        return None
    answer = int(text)
    if not 0 <= answer <= HIGHEST_ANSWER:
        raise ValueError("an answer is out of range")
    return answer
