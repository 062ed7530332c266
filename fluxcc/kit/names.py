"""The names by which the program and the kit's files in FreeSWITCH know each other.

Counterpart: the XML and Lua in ``freeswitch/``, where ``tests/unit/kit/test_names.py`` finds each
of them. The last word of a constant says where its value stands there. The subclasses and headers
of requests and notices are the board's protocol, and stand in ``fluxcc.pbx.events``, a reply's in
``fluxcc.protocol.board``.
"""

from __future__ import annotations

BLOCK_REALM = "fluxcc_block"
"""mod_hash: a spelling of a blocked number → the epoch second at which the block ends."""
ROOM_REALM = "fluxcc_room"
"""mod_hash: a dialled extension → the conference's name."""
SETTINGS_REALM = "fluxcc"
"""mod_hash: a setting that the dialplan needs → its value."""
REJECT_CAUSE_KEY = "reject_cause"
"""A key of ``SETTINGS_REALM``: the hangup cause with which the gate refuses."""
DIVERT_KEY = "divert"
"""A key of ``SETTINGS_REALM``: where the gate sends blocked callers in place of that."""
PERSON_VARIABLE = "fluxcc_person"
"""Global: the rule by which the gates tell whose number a caller ID is (``domain.dialling``)."""
HOME_VARIABLE = "fluxcc_home"
"""Global: the area code at home."""
HOME_PREFIX = "fluxcc_home_"
"""Global, with the name of a gateway or a context behind it: the area code at home there."""

GATE_EXTENSION = "fluxcc_gate"
"""Refuses blocked callers; has to be the first of its context."""
DOMAIN_GATE_EXTENSION = "fluxcc_domain_gate"
"""Refuses callers whom one domain has blocked; has to be the first of that domain's context."""
INTERNAL_EXTENSION = "fluxcc_internal"
"""Refuses callers from outside who present an extension's number, where that is wanted."""
ROOM_EXTENSION = "fluxcc_room"
"""Takes those who dial a provisioned room into it."""
SURVEY_EXTENSION = "fluxcc_survey"
"""Runs ``SURVEY_SCRIPT``."""
VERSION_ATTRIBUTE = "kit_version"
"""The attribute of each of these extensions that tells the kit's version: FreeSWITCH ignores it and
prints it with the dialplan, unlike a comment."""
VERSION_MARK = "fluxcc-kit-version"
"""What stands before the kit's version in a file's first comment."""

BRIEF_PREFIX = "fluxcc_survey_"
"""Channel variables by which the survey knows what it is about; ``actions.survey`` has the rest of
their names."""
DIVERTED_VARIABLE = "fluxcc_diverted"
"""Channel variable of a blocked caller's leg that was sent elsewhere: it passes the gates."""
ANNOUNCEMENT_VARIABLE = "fluxcc_announcement"
"""Global, an administrator's: the recording that tells blocked callers why."""
REFUSE_INTERNAL_VARIABLE = "fluxcc_refuse_internal"
"""Global, an administrator's: a regular expression of the numbers that no caller from outside may
present."""
SPOOL_VARIABLE = "fluxcc_survey_spool"
"""Global, an administrator's: another folder for the survey's answers than FreeSWITCH's storage."""

GATE_CONTEXT = "public"
"""The stock context that takes calls from trunks; the kit's folder of that name has the gate."""
DESTINATION_CONTEXT = "default"
"""The stock context of telephones; the kit's folder of that name has rooms and survey."""
DOMAIN_CONTEXT = "domain"
"""No context of FreeSWITCH's: the kit's folder of that name has the gate for one domain."""
DIALPLAN_FILE = "00_fluxcc.xml"
"""In the folders of all contexts: FreeSWITCH reads a folder in the order of its files' names."""
GATE_PATH = f"dialplan/{GATE_CONTEXT}/{DIALPLAN_FILE}"
DOMAIN_GATE_PATH = f"dialplan/{DOMAIN_CONTEXT}/{DIALPLAN_FILE}"
DESTINATION_PATH = f"dialplan/{DESTINATION_CONTEXT}/{DIALPLAN_FILE}"
SURVEY_SCRIPT = "avali_e.lua"
"""Asks the survey's questions."""
ROOM_SCRIPT = "fluxcc_room.lua"
"""Releases a person who waits in a room alone."""
REQUEST_SCRIPT = "fluxcc.lua"
"""Sends a board's request and waits for its reply."""
PROMPT_FOLDER = "fluxcc"
"""In FreeSWITCH's folder of sounds: the survey's recordings, each language's in a folder of its
name."""
