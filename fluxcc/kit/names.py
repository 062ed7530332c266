"""The names that the kit's dialplan and scripts use.

Counterpart: the files in ``freeswitch/``; a test finds each name there.
"""

from __future__ import annotations

BLOCK_REALM = "fluxcc_block"
"""mod_hash: a spelling of a blocked number → the epoch second at which the block ends."""
ROOM_REALM = "fluxcc_room"
"""mod_hash: a dialled extension → the conference's name."""
SETTINGS_REALM = "fluxcc"
"""mod_hash: a setting that the dialplan reads → its value."""
BRIEF_PREFIX = "fluxcc_survey_"
"""Prefix of the channel variables with the facts that the survey reads."""
GATE_EXTENSION = "fluxcc_gate"
ROOM_EXTENSION = "fluxcc_room"
SURVEY_EXTENSION = "fluxcc_survey"
"""The kit's dialplan extensions."""
VERSION_ATTRIBUTE = "kit_version"
"""The attribute of each of them with the kit's version: FreeSWITCH ignores it, and prints it."""
