"""Numbers that nobody can block (contract, section 2a)."""

from __future__ import annotations

import pytest

from fluxcc.lab.port import Lab

from .people import Person
from .scene import Scene


def test_a_protected_number_is_never_blocked(scene: Scene) -> None:
    """Contract, section 2a: ``number-protected`` for operators; a prank's call ends."""
    one, *_, another = scene.person.other_spellings
    assert scene.daemon.cli("protect", one, "--comment", "the hospital").code == 0
    try:
        printed = scene.daemon.cli("block", another)
        assert (printed.code, printed.stderr.split(":")[0]) == (1, "number-protected")
        talk = scene.talk(scene.number)
        reply = scene.board.prank("1000")
        assert (reply.status, reply.code) == ("ok", "not-blocked-protected")
        assert (reply.blocked, reply.number) == (False, scene.number)
        assert scene.are_gone(*talk.call["legs"])
        assert not scene.is_refused(scene.number)
        (known,) = scene.daemon.cli("protected", "--json").json
        assert (known["number"], known["comment"]) == (scene.number, "the hospital")
        checked = scene.daemon.cli("check", one, "--json").json
        assert (checked["protected"], checked["blockable"]) == (True, False)
    finally:
        assert scene.daemon.cli("unprotect", another).code == 0
    assert scene.daemon.cli("block", another).code == 0
    assert scene.is_refused(scene.number)


def test_a_blocked_number_that_becomes_protected_is_free(scene: Scene) -> None:
    """So that nobody waits half an hour for whom the supervisor protects; the reply says so."""
    assert scene.daemon.cli("block", scene.number).code == 0
    pattern = rf"\+5511{scene.person.local}"
    printed = scene.daemon.cli("protect", pattern)
    try:
        assert (printed.code, printed.stdout.strip()[-2:]) == (0, "1.")
        assert not scene.is_refused(scene.number)
    finally:
        assert scene.daemon.cli("unprotect", pattern).code == 0


def test_what_is_no_expression_is_a_usage_error(scene: Scene) -> None:
    """Contract, section 4: exit code 2."""
    assert scene.daemon.cli("protect", r"\+55(").code == 2


@pytest.mark.parametrize("never", ["{number}", r"\+5511{local}"])
def test_the_configuration_protects_too(lab: Lab, make_daemon, person: Person, never: str) -> None:
    """Contract, sections 2a and 5: ``[blocks] never``, and a block of before the start."""
    daemon = make_daemon()
    daemon.start()
    assert daemon.cli("block", person.number).code == 0
    daemon.stop()
    daemon.environment["FLUXCC_BLOCKS_NEVER"] = never.format(
        number=person.number, local=person.local
    )
    daemon.start()
    printed = daemon.cli("block", person.number)
    assert (printed.code, printed.stderr.split(":")[0]) == (1, "number-protected")
    assert daemon.cli("blocks", "--json").json == []
    caller = lab.call(person.number, "9999")
    caller.wait_answered()
