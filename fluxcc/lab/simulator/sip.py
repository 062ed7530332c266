"""What mod_sofia and the RTP stack add to a leg: the variables that make an event as large as a
real one.

Its counterparts are ``outside.py`` (calls that come in) and ``dialing.py`` (calls that go out).
"""

from __future__ import annotations

import re
import time
import uuid
from urllib.parse import unquote

from .events import Value

SEEN, PASSED_ON = "PCMU", "PROXY"
"""Codecs: of media that the PBX sees, and of such as it passes on unseen."""

NOT_AGREED = "DELAYED NEGOTIATION"
"""``endpoint_disposition`` of a leg whose codec is agreed on when it is answered."""
_PORTS = {"internal": 5060, "external": 5080, "callids": 5081}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def from_user(typed: str) -> str:
    """The From user as FreeSWITCH makes it of what stood on the wire.

    It ends at a colon (a password would follow), and escapes are decoded after the parsing, so that
    an escaped line feed becomes a real one inside the value.
    """
    return unquote(typed.partition(":")[0], "utf-8", "surrogateescape")


def display_name(typed: str) -> str:
    """The From display name as FreeSWITCH shows it: escapes decoded, raw control characters not."""
    return unquote(_CONTROL.sub(" ", typed), "utf-8", "surrogateescape")


def inbound_variables(
    user: str, port: int, profile: str, dialled: str, call_id: str = ""
) -> dict[str, Value]:
    """An INVITE that came in from ``user``, whose telephone is at ``port``."""
    local = _PORTS.get(profile, 5080)
    shown = user or "nobody"
    caller, called = f"{shown}@127.0.0.1:{port}", f"{dialled}@127.0.0.1:{local}"
    return {
        "sip_from_user": shown,
        "sip_from_port": str(port),
        "sip_from_uri": caller,
        "sip_from_host": "127.0.0.1",
        "sip_call_id": call_id or f"{uuid.uuid4()}@127.0.0.1",
        "sip_local_network_addr": "127.0.0.1",
        "sip_network_ip": "127.0.0.1",
        "sip_network_port": str(port),
        "sip_invite_stamp": str(time.time_ns() // 1000),
        "sip_received_ip": "127.0.0.1",
        "sip_received_port": str(port),
        "sip_via_protocol": "udp",
        "sip_from_user_stripped": shown.removeprefix("+"),
        "sip_from_tag": "1",
        **_profile_variables(profile),
        "sip_full_via": f"SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-1",
        "sip_full_from": f"<sip:{caller}>;tag=1",
        "sip_full_to": f"<sip:{called}>",
        "sip_req_user": dialled,
        "sip_req_port": str(local),
        "sip_req_uri": called,
        "sip_req_host": "127.0.0.1",
        "sip_to_user": dialled,
        "sip_to_port": str(local),
        "sip_to_uri": called,
        "sip_to_host": "127.0.0.1",
        "sip_contact_user": shown,
        "sip_contact_port": str(port),
        "sip_contact_uri": caller,
        "sip_contact_host": "127.0.0.1",
        "sip_via_host": "127.0.0.1",
        "sip_via_port": str(port),
        "max_forwards": "70",
        **media_variables(),
        "endpoint_disposition": "RECEIVED",
    }


def asserted_variables(number: str, *, by_remote_party: bool) -> dict[str, Value]:
    """What a trunk says of a caller with this number who asks for privacy; nothing of others."""
    if not number:
        return {}
    if by_remote_party:
        party = f"<sip:{number}@127.0.0.1>;party=calling;screen=yes;privacy=full"
        return {"sip_Remote-Party-ID": party, "sip_cid_type": "rpid"}
    return {"sip_P-Asserted-Identity": number, "sip_cid_type": "pid", "sip_Privacy": "id"}


def outbound_variables(address: str, profile: str, domain: str) -> dict[str, Value]:
    """An INVITE that goes out to ``address`` (``1000@127.0.0.1:5090``), from a ``domain`` where one
    is told (``sip_invite_domain``)."""
    return {
        "is_outbound": "true",
        "sip_local_network_addr": "127.0.0.1",
        "sip_profile_name": profile,
        "sip_destination_url": f"sip:{address}",
        "local_media_ip": "127.0.0.1",
        "advertised_media_ip": "127.0.0.1",
        "sip_outgoing_contact_uri": f"<sip:mod_sofia@127.0.0.1:{_PORTS.get(profile, 5080)}>",
        "sip_req_uri": address,
        "sip_to_host": address.partition("@")[2].partition(":")[0],
        "sip_from_host": domain or "127.0.0.1",
        "audio_media_flow": "sendrecv",
        **_profile_variables(profile),
    }


def media_variables(codec: str = SEEN) -> dict[str, Value]:
    """What a negotiated audio stream adds; nothing where there is none."""
    if not codec:
        return {}
    return {
        "switch_r_sdp": "v=0\r\no=u 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 37000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
        "ep_codec_string": "CORE_PCM_MODULE.PCMU@8000h@20i@64000b",
        "rtp_use_codec_string": "PCMU",
        "remote_video_media_flow": "inactive",
        "remote_text_media_flow": "inactive",
        "remote_audio_media_flow": "sendrecv",
        "audio_media_flow": "sendrecv",
        "remote_media_ip": "127.0.0.1",
        "remote_media_port": "37000",
        "rtp_audio_recv_pt": "0",
        "rtp_use_codec_name": codec,
        "rtp_use_codec_rate": "8000",
        "rtp_use_codec_ptime": "20",
        "rtp_use_codec_channels": "1",
        "rtp_last_audio_codec_string": "PCMU@8000h@20i@1c",
        "read_codec": codec,
        "original_read_codec": codec,
        "read_rate": "8000",
        "original_read_rate": "8000",
        "write_codec": codec,
        "write_rate": "8000",
        "dtmf_type": "info",
    }


def answered_variables() -> dict[str, Value]:
    """What the 200 OK adds."""
    return {
        "rtp_local_sdp_str": "v=0\r\no=FreeSWITCH 1 2 IN IP4 127.0.0.1\r\ns=FreeSWITCH\r\n"
        "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 29880 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=ptime:20\r\na=sendrecv\r\n",
        "local_media_ip": "127.0.0.1",
        "local_media_port": "29880",
        "rtp_use_timer_name": "soft",
        "rtp_use_pt": "0",
        "sip_to_tag": "simulated",
        "sip_cseq": "1",
    }


def _profile_variables(profile: str) -> dict[str, Value]:
    return {
        "sofia_profile_name": profile,
        "recovery_profile_name": profile,
        "sofia_profile_url": f"sip:mod_sofia@127.0.0.1:{_PORTS.get(profile, 5080)}",
    }
