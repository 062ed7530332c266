"""Every shape can be set up, all of them side by side, and leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.testing.waiting import until

from . import scripts
from .cast import Pool
from .port import LabError, Site
from .shape import SHAPES, Shape
from .site import RealSite, why_unavailable

_WHY_NOT = why_unavailable()
assert scripts


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with RealSite() as site:
        yield site


def _play(pool: Pool, shape: Shape) -> str:
    fault = ""
    for _ in range(3):  # FreeSWITCH itself loses some: Shape.reach
        cast = pool.cast()
        try:
            for _ in shape.play(cast):
                pass
            return ""
        except LabError as error:
            fault = f"{shape.name}: {error}"
        finally:
            cast.close()
    return fault


def _legs(site: Site) -> int:
    found = re.search(r"^(\d+) session\(s\) - peak", site.api("status"), re.MULTILINE)
    assert found
    return int(found[1])


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.xdist_group("shapes")
@pytest.mark.timeout(180)
@pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)
def test_every_shape_comes_to_its_end_while_all_others_do(site: Site) -> None:
    pool = Pool(site)
    with ThreadPoolExecutor(len(SHAPES)) as people:
        faults = list(people.map(lambda one: _play(pool, one), SHAPES.values()))
    assert not any(faults), "\n".join(filter(None, faults))
    until(lambda: _legs(site) == 0, "no leg is left over")
