"""Scripts of mod_lua: the language is the real one, FreeSWITCH's part of it is the simulator's."""

from __future__ import annotations

import importlib
import struct
import time
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest

from fluxcc.lab.simulator.channel import Channel
from fluxcc.lab.simulator.sounds import seconds

from .conftest import Scene

Write = Callable[[str], None]
LONG = 30.0


@pytest.fixture
def script(configuration: Path) -> Write:
    """Puts a text where the dialplan's ``lua:ask.lua`` and ``api lua ask.lua`` look for it."""
    pytest.importorskip("lupa", reason="scripts need a Lua: pip install lupa")
    folder = configuration.with_name("scripts")
    folder.mkdir()
    return lambda text: (folder / "ask.lua").write_bytes(text.encode("utf-8", "surrogateescape"))


@pytest.fixture
def sounds(configuration: Path) -> Path:
    """``prompt.wav`` plays for ``LONG``, ``short.wav`` a moment."""
    folder = configuration.with_name("sounds")
    folder.mkdir()
    (folder / "prompt.wav").write_bytes(wav(LONG))
    (folder / "short.wav").write_bytes(wav(0.01))
    return folder


def wav(length: float, rate: int = 100) -> bytes:
    """A recording of so many seconds, with a chunk that nobody knows in front of its data."""
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 7, 1, rate, rate, 1, 8)
    data = bytes(round(length * rate))
    body = b"WAVE" + head + b"odd " + struct.pack("<I", 3) + b"abc\0"
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def run(scene: Scene, more: str = "") -> Channel:
    """Let a customer whom the agent has left run the script, then whatever ``more`` says."""
    customer, _ = scene.bridged_call()
    scene.pbx.api(f"uuid_transfer {customer.uuid} lua:ask.lua{more} inline")
    return customer


def test_a_script_answers_on_the_stream(scene: Scene, script: Write) -> None:
    script(
        "stream:write('+OK ' .. argv[0] .. ' ' .. argv[1] .. '|')\n"
        "stream:write(freeswitch.API():execute('url_encode', argv[2]))\n"
        "stream:write(freeswitch.API():executeString('echo jos\udce9'))"
    )
    assert scene.pbx.api("lua ask.lua a 'é") == "+OK ask.lua a|%27%C3%A9jos\udce9"
    assert scene.pbx.api("lua") == ""


@pytest.mark.parametrize("text", ["stream:write('a') error('b')", "stream:write('a') nope()", "("])
def test_a_script_that_fails(scene: Scene, script: Write, text: str) -> None:
    script(text)
    written = "a" if "write" in text else ""
    assert scene.pbx.api("lua ask.lua") == f"{written}-ERR Cannot execute script\n"
    run(scene, ",park")
    scene.until_event("CHANNEL_PARK")


def test_a_script_that_is_the_command_itself(scene: Scene) -> None:
    """Behind a tilde (mod_lua.cpp, ``lua_parse_and_execute``)."""
    pytest.importorskip("lupa", reason="scripts need a Lua: pip install lupa")
    assert scene.pbx.api("lua ~stream:write('+OK ' .. 'a b')") == "+OK a b"
    assert scene.pbx.api("lua ~nope()") == "-ERR Cannot execute script\n"


def test_a_script_that_is_missing(scene: Scene, script: Write) -> None:
    assert scene.pbx.api("lua ask.lua") == "-ERR Cannot execute script\n"
    run(scene, ",park")
    scene.until_event("CHANNEL_PARK")


def test_without_a_lua_it_is_a_pbx_without_mod_lua(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def there_is_none(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", there_is_none)
    assert scene.pbx.api("lua ask.lua") == "-ERR lua Command not found!\n"
    customer = run(scene, ",park")
    scene.until(lambda: customer.is_ended)
    assert customer.cause == "DESTINATION_OUT_OF_ORDER"
    assert "lupa" in caplog.text


def test_the_dialplan_goes_on_after_a_script(scene: Scene, script: Write) -> None:
    script(
        "session:setVariable('x', session:getVariable('fluxcc_group') .. type(session:answer()))"
        "session:setVariable('y', tostring(session:getVariable('nope')))"
        "session:execute('set', 'z=${y}')"
    )
    customer = run(scene, ",park")
    scene.until_event("CHANNEL_PARK", Unique_ID=customer.uuid)
    assert [customer.variable(name) for name in "xyz"] == ["salesnumber", "nil", "nil"]


def test_a_script_takes_its_leg_along(scene: Scene, script: Write) -> None:
    script("session:setAutoHangup(true)")
    customer = run(scene, ",park")
    scene.until(lambda: customer.is_ended)
    assert customer.cause == "NORMAL_CLEARING"


def test_a_script_hangs_up_and_goes_on(scene: Scene, script: Write) -> None:
    script(
        "session:hangup('USER_BUSY')"
        "local e = freeswitch.Event('CUSTOM', 'a::b') "
        "e:addHeader('Ready', tostring(session:ready())) e:addBody('body') e:fire()"
    )
    customer = run(scene)
    told = scene.until_event("CUSTOM", Event_Subclass="a::b")
    assert (told.get("Ready"), told.body, customer.cause) == ("false", "body", "USER_BUSY")


def test_a_script_asks_by_event_and_hears_the_answer(scene: Scene, script: Write) -> None:
    script(
        "local heard = freeswitch.EventConsumer('CUSTOM', 'a::reply') heard:bind('HEARTBEAT')"
        "local e = freeswitch.Event('CUSTOM', 'a::request') e:addHeader('Id', '7') e:fire()"
        "local reply = heard:pop(1, 5000)"
        "stream:write(reply:getType() .. reply:getHeader('Text') .. reply:getBody())"
        "stream:write(tostring(reply:getHeader('Nope')) .. tostring(heard:pop(1, 10)))"
        "stream:write(tostring(heard:pop()))"
    )
    asked = gevent.spawn(scene.pbx.api, "lua ask.lua")
    assert scene.until_event("CUSTOM", Event_Subclass="a::request").get("Id") == "7"
    scene.pbx.bus.fire("CUSTOM", subclass="a::other")
    scene.pbx.bus.fire("CUSTOM", {"Text": "é"}, subclass="a::reply", body="!")
    assert asked.get(timeout=5) == "CUSTOMé!nilnilnil"


def test_scripts_do_not_wait_for_each_other(scene: Scene, script: Write) -> None:
    script("freeswitch.msleep(200) stream:write(argv[1])")
    before = time.monotonic()
    asked = [gevent.spawn(scene.pbx.api, f"lua ask.lua {number}") for number in range(20)]
    assert [one.get(timeout=5) for one in asked] == [str(number) for number in range(20)]
    assert time.monotonic() - before < 2


ASK = "session:playAndGetDigits({}, 'prompt.wav', 'short.wav', '^[1-5]+$', 'x', 100)"


@pytest.mark.usefixtures("sounds")
@pytest.mark.parametrize(
    ("limits", "keys", "answer"),
    [
        pytest.param("1, 1, 1, 5000, '#'", "4", "4", id="during the prompt"),
        pytest.param("1, 2, 1, 5000, '#'", "4", "4", id="one of two"),
        pytest.param("1, 2, 1, 5000, '#'", "45", "45", id="two"),
        pytest.param("1, 2, 1, 5000, '#'", "4#5", "4", id="ended by a terminator"),
        pytest.param("2, 2, 1, 5000, '#'", "4#", "", id="too few"),
        pytest.param("1, 1, 1, 5000, '#'", "9", "", id="not allowed"),
    ],
)
def test_keys(scene: Scene, script: Write, limits: str, keys: str, answer: str) -> None:
    script(
        f"local a = {ASK.format(limits)} "
        "local e = freeswitch.Event('CUSTOM', 'a::b') e:addHeader('Answer', a) e:fire()"
    )
    customer = run(scene)
    scene.until_event("PLAYBACK_START", Playback_File_Path="prompt.wav")
    scene.pbx.api(f"uuid_recv_dtmf {customer.uuid} {keys}")
    told = scene.until_event("CUSTOM", Event_Subclass="a::b")
    assert (told.get("Answer"), customer.variable("x")) == (answer, answer)


def test_a_second_try(scene: Scene, script: Write, sounds: Path) -> None:
    script(f"{ASK.format('1, 1, 2, 5000, ' + repr('#'))}")
    customer = run(scene, ",park")
    for count, key in enumerate("94", 1):
        scene.until_event("PLAYBACK_START", count, Playback_File_Path="prompt.wav")
        scene.pbx.api(f"uuid_recv_dtmf {customer.uuid} {key}")
    scene.until_event("CHANNEL_PARK", Unique_ID=customer.uuid)
    assert customer.variable("x") == "4"
    assert len(scene.said("PLAYBACK_START", Playback_File_Path="short.wav")) == 1


def test_silence(scene: Scene, script: Write, sounds: Path) -> None:
    sounds.joinpath("short.wav").rename(sounds / "prompt.wav")
    script(f"{ASK.format('1, 1, 2, 50, ' + repr('#'))}")
    customer = run(scene, ",park")
    scene.pbx.api(f"uuid_recv_dtmf {customer.uuid} 4")
    scene.until_event("CHANNEL_PARK", Unique_ID=customer.uuid)
    assert customer.variable("x") == ""
    assert len(scene.said("PLAYBACK_START", Playback_File_Path="prompt.wav")) == 2


def test_nothing_is_waited_for_without_its_prompt(scene: Scene, script: Write) -> None:
    script(f"{ASK.format('1, 1, 2, 60000, ' + repr('#'))}")
    customer = run(scene, ",park")
    scene.until_event("CHANNEL_PARK", Unique_ID=customer.uuid)


@pytest.mark.parametrize("command", ["uuid_kill {}", "uuid_transfer {} park: inline"])
def test_whoever_leaves_ends_the_question(
    scene: Scene, script: Write, sounds: Path, command: str
) -> None:
    script(
        f"local a = {ASK.format('1, 1, 2, 5000, ' + repr('#'))} session:streamFile('prompt.wav') "
        "session:sleep(60000) freeswitch.consoleLog('info', 'over') "
        "local e = freeswitch.Event('CUSTOM', 'a::b') e:addHeader('Answer', a) e:fire()"
    )
    customer = run(scene)
    scene.until_event("PLAYBACK_START", Playback_File_Path="prompt.wav")
    scene.pbx.api(command.format(customer.uuid))
    assert scene.until_event("CUSTOM", Event_Subclass="a::b").get("Answer") == ""


def test_the_length_of_sounds(sounds: Path) -> None:
    (sounds / "other.mp3").write_bytes(b"ID3")
    assert seconds("prompt.wav", sounds) == LONG
    assert seconds(str(sounds / "prompt.wav"), Path("/")) == LONG
    assert seconds("other.mp3", sounds) == 0
    assert seconds("silence_stream://1500", sounds) == 1.5
    assert seconds("silence_stream://-1", sounds) is None
    assert seconds("tone_stream://%(200,800,440);loops=60", sounds) == 60
    assert seconds("tone_stream://%(200,800,440);loops=-1", sounds) is None
    with pytest.raises(OSError, match="nope"):
        seconds("nope.wav", sounds)


def test_where_the_folders_are(scene: Scene, configuration: Path) -> None:
    for variable, folder in {"script_dir": "scripts", "storage_dir": "storage"}.items():
        answer = scene.pbx.api(f"global_getvar {variable}")
        assert answer == str(configuration.with_name(folder))
