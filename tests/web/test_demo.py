"""``fluxcc demo --keep``: the page with life in it, for somebody who has nothing but a laptop."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.request import urlopen

import pytest

from tests.testing.ports import free_port


def test_it_serves_the_page_until_it_is_ended_and_leaves_nothing_behind() -> None:
    address = f"127.0.0.1:{free_port()}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLUXCC_")}
    with subprocess.Popen(
        [sys.executable, "-m", "fluxcc", "demo", "--keep"],
        env=kept | {"FLUXCC_WEB_LISTEN": address, "FLUXCC_CONFIG": os.devnull},
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        try:
            told = demo.stdout.readline()
            assert address in told
            assert "carla (agent 1000)" in told
            with urlopen(f"http://{address}/healthz", timeout=20) as answer:
                assert answer.status == 200
        finally:
            # Not SIGINT: what a shell starts in the background ignores it.
            demo.terminate()
        assert demo.wait(30) == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.pid, 0)
