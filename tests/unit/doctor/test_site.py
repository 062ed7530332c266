"""What is found of a site of several PBXs."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fluxcc.config import PbxSettings, Settings, SiteSettings
from fluxcc.doctor.finding import State
from fluxcc.doctor.site import check_site
from fluxcc.protocol.site import SiteNode, SiteStatus
from tests.fakes import NOW

from .builders import codes, installation

SETTINGS = Settings(pbx=PbxSettings(node="pbx1"), site=SiteSettings(url="postgresql://site"))
NODE = SiteNode(
    name="pbx1",
    silence=1.0,
    silent=False,
    version="2.0",
    tables="0003",
    since=NOW,
    connected=True,
    behind=0,
    clock_offset=0.1,
    calls=0,
    blocks=0,
)
OTHER = replace(NODE, name="pbx2")
SITE = SiteStatus(node="pbx1", nodes=[NODE, OTHER])


def found(status: SiteStatus, settings: Settings = SETTINGS) -> list[str]:
    """The codes of what is found."""
    return codes(check_site(installation(settings=settings, site=lambda: status)))


def test_a_site_in_order_and_a_pbx_alone_have_no_fault() -> None:
    assert found(SITE) == []
    assert found(replace(SITE, failure="away"), Settings()) == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (SiteStatus(node=""), "site-not-joined"),
        (replace(SITE, failure="away"), "site-unreachable"),
        (replace(SITE, telling_failure="no right"), "site-unreachable"),
        (replace(SITE, failure="taken", name_taken_by="old.example"), "site-name-taken"),
        (replace(SITE, history_failure="no right"), "site-history-untold"),
        (replace(SITE, waiting=3, waiting_for=301.0), "site-waiting"),
        (replace(SITE, history_lost={"call": 2}), "site-history-lost"),
        (replace(SITE, nodes=[NODE, replace(OTHER, silent=True)]), "site-node-silent"),
        (replace(SITE, nodes=[NODE, replace(OTHER, behind=1_001)]), "site-node-behind"),
        (replace(SITE, nodes=[NODE, replace(OTHER, clock_offset=-2.0)]), "site-clock-off"),
        (replace(SITE, nodes=[NODE, replace(OTHER, version="2.1")]), "site-versions"),
    ],
)
def test_each_fault_of_a_site_is_found(status: SiteStatus, code: str) -> None:
    assert found(status) == [code]


def test_more_than_two_versions_are_a_grave_fault_and_one_that_is_gone_has_none() -> None:
    third = replace(OTHER, name="pbx3", version="2.2")
    nodes = [NODE, replace(OTHER, version="2.1"), third]
    (finding,) = check_site(
        installation(settings=SETTINGS, site=lambda: replace(SITE, nodes=nodes))
    )
    assert (finding.code, finding.state) == ("site-versions", State.GRAVE)
    assert found(replace(SITE, nodes=[NODE, replace(third, silent=True)])) == ["site-node-silent"]


def test_without_a_daemon_the_site_is_not_looked_at() -> None:
    def down() -> SiteStatus:
        raise ConnectionRefusedError

    (finding,) = check_site(installation(settings=SETTINGS, site=down))
    assert finding.state is State.SKIPPED
