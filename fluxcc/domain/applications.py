"""The dialplan's applications: which of them only prepare, and for how long one of those may have a
leg by itself.

A transfer to a number that nothing answers runs the extensions that a real dialplan begins with
(set, export, hash, log, …), finds nothing more to do, and hangs up with NORMAL_CLEARING
(``docs/sites.md``). What tells it from a service is the application that had the leg last. Names
are FreeSWITCH's, as those of ``causes`` are. Counterpart: ``core.requests.confirmation``.
"""

from __future__ import annotations

from typing import NamedTuple

from fluxcc.domain.causes import NORMAL

PREPARING = frozenset(
    {
        # variables, the caller's profile, data
        *("set", "unset", "multiset", "multiunset", "export", "bridge_export", "push", "unshift"),
        *("set_global", "set_profile_var", "set_user", "set_name", "reuse_caller_profile"),
        *("transfer_vars", "capture", "strftime", "hash", "db", "group", "redis", "memcache"),
        *("set_zombie_exec", "privacy", "early_hangup", "verbose_events", "session_loglevel"),
        *("eval", "stop", "log", "info", "event", "presence", "break", "mkdir", "rename"),
        # look-ups and counters
        *("check_acl", "cidlookup", "enum", "easyroute", "lcr", "distributor", "odbc_query"),
        *("curl", "limit", "limit_hash", "nibblebill", "callcenter_track", "fifo_track_call"),
        *("system", "bgsystem", "mutex", "conference_set_auto_outcall"),
        # what the telephone is told, and what its keys and its sound are to do
        *("answer", "pre_answer", "ring_ready", "acknowledge_call", "wait_for_answer"),
        *("wait_for_silence", "sleep", "send_display", "send_info", "blind_transfer_ack"),
        *("bind_meta_app", "unbind_meta_app", "bind_digit_action", "clear_digit_action"),
        *("digit_action_set_realm", "start_dtmf", "stop_dtmf", "start_dtmf_generate"),
        *("stop_dtmf_generate", "block_dtmf", "unblock_dtmf", "flush_dtmf", "queue_dtmf"),
        *("deduplicate_dtmf", "tone_detect", "stop_tone_detect", "fax_detect", "avmd"),
        *("avmd_start", "avmd_stop", "filter_codecs", "jitterbuffer", "media_reset", "cng_plc"),
        *("novideo", "video_decode", "video_refresh", "preprocess", "remove_bugs"),
        *("set_audio_level", "set_mute", "set_media_stats", "debug_media", "enable_heartbeat"),
        *("enable_keepalive", "recovery_refresh", "clear_speech_cache"),
        # recordings, which go on beside what comes next
        *("record_session", "record_session_mask", "record_session_unmask"),
        *("record_session_pause", "record_session_resume", "stop_record_session"),
        *("displace_session", "stop_displace_session"),
        # what is to happen later: the leg may be over before
        *("sched_hangup", "sched_transfer", "sched_broadcast", "sched_heartbeat", "sched_cancel"),
        # what sends the leg on: what it comes to then is seen for itself
        *("transfer", "execute_extension", "limit_execute", "limit_hash_execute"),
    }
)
"""Applications by which nobody has talked to the caller yet, and nobody was connected. All that
FreeSWITCH's own modules add (1.10.12) were looked through. Any other one talks, also one that is
not known: better to believe in a service that is strange than to call a customer lost who is well.
"""

ENDING = frozenset({"hangup", "respond"})
"""Applications that only end the leg. With the cause with which any dialplan ends, nobody has taken
it; with another one the destination says why it does not: it is busy, for instance."""

_LASTING = frozenset(
    {"cidlookup", "curl", "easyroute", "enum", "lcr", "mutex", "odbc_query", "system"}
    | {"wait_for_answer", "wait_for_silence"}
)
"""Those of ``PREPARING`` that may take any time."""
_LONG_OVER = 0.5
"""Seconds after which any other one is over, also on a busy machine."""
_LONGEST_NUMBER = 9


class Application(NamedTuple):
    """What a leg executes, or executed last."""

    name: str
    """Empty for nothing yet."""
    data: str = ""

    @property
    def is_talking(self) -> bool:
        """Whether it talks to the person on the leg, or connects them with another one."""
        return bool(self.name) and self.name not in PREPARING and self.name not in ENDING

    @property
    def longest(self) -> float | None:
        """Seconds for which a preparing application may have a leg by itself; None for any time.

        A leg that shows it for longer is in a script: one that runs applications by ``session:
        execute`` shows the last of them, also when that is over (``switch_core_session_exec``).
        """
        if self.name == "sleep" and self.data.isdecimal() and len(self.data) <= _LONGEST_NUMBER:
            return int(self.data) / 1000 + _LONG_OVER
        return None if self.name in _LASTING or self.name == "sleep" else _LONG_OVER

    def has_taken(self, cause: str) -> bool:
        """Whether a leg that ended with that cause, and with this application, was taken."""
        return self.is_talking or (self.name in ENDING and cause != NORMAL)
