"""Which way the media of a bridge takes. Counterpart: ``pbx.answers.read_media``."""

from __future__ import annotations

from enum import Enum, auto


class Media(Enum):
    """The way of a bridge's media, as its originatee shows it."""

    HERE = auto()
    """Through FreeSWITCH, which can put the legs into a conference."""
    PAST = auto()
    """From one telephone to the other (``bypass_media``, ``uuid_media off``); it can be brought
    back."""
    PROXIED = auto()
    """Through FreeSWITCH, which does not look at it (``proxy_media``). It cannot be brought back,
    and a conference puts such a leg out after one frame."""
    UNKNOWN = auto()
    """The leg is in no bridge now, or on its way from one of these to another."""


PROXY_CODEC = "PROXY"
"""The codec of a leg whose media FreeSWITCH passes on unseen (``switch_core_media.c``)."""
