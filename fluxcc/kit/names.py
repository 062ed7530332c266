"""The kit's own names, as its dialplan and scripts have them.

Counterpart: the files in ``freeswitch/``; a test finds each name there.
"""

from __future__ import annotations

BLOCK_REALM = "fluxcc_block"
"""mod_hash: a spelling of a blocked number → the epoch second at which the block ends."""
ROOM_REALM = "fluxcc_room"
"""mod_hash: what is dialled → the conference's name."""
SETTINGS_REALM = "fluxcc"
"""mod_hash: a setting that the dialplan needs → its value."""
BRIEF_PREFIX = "fluxcc_survey_"
"""Channel variables by which the survey knows what it is about."""
GATE_EXTENSION = "fluxcc_gate"
ROOM_EXTENSION = "fluxcc_room"
SURVEY_EXTENSION = "fluxcc_survey"
"""The kit's dialplan extensions."""
VERSION_ATTRIBUTE = "kit_version"
"""What each of them carries: FreeSWITCH passes it over, and prints it."""
