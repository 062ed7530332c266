"""The board of the documents, in JavaScript, does what they say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.documents import DOCS

from .scene import Scene

NODE = shutil.which("node")


def script(document: str) -> str:
    """The example in a document."""
    text = (DOCS / document).read_text()
    return text.partition("```javascript\n")[2].partition("```")[0]


@pytest.mark.skipif(NODE is None, reason="no Node.js here")
def test_it_asks_and_is_answered(scene: Scene, tmp_path: Path) -> None:
    call = scene.talk(scene.number)
    board = tmp_path / "board.js"
    board.write_text(script("board.md"))
    arguments = [str(NODE), str(board), str(scene.lab.port), scene.lab.password, "prank"]
    told = [
        subprocess.run(  # our own script
            [*arguments, agent], capture_output=True, text=True, timeout=20, check=True
        ).stdout
        for agent in ("1000", "1001")
    ]
    assert told[0].startswith("ok blocked ")
    assert told[1].startswith("refused no-live-call ")
    assert scene.are_gone(call.customer, call.agent_leg)


def test_it_is_the_same_in_both_languages() -> None:
    assert script("board.md") == script("board.pt-BR.md") != ""
