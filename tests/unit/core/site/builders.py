"""Nodes of one site on fakes."""

from __future__ import annotations

from fluxcc.config import NumberSettings, PbxSettings, Settings, SiteSettings
from fluxcc.core.site.membership import Membership
from tests.builders import World
from tests.fake_site import FakeDatabase, FakeSite


class Member(World):
    """A node of a site, recovered and connected."""

    def __init__(self, name: str, database: FakeDatabase) -> None:
        self.site = FakeSite(database)
        settings = Settings(
            pbx=PbxSettings(node=name),
            numbers=NumberSettings(area_code="11"),
            site=SiteSettings(url="postgresql://site"),
        )
        super().__init__(settings, site=self.site)
        self.recover()
        self.read()

    @property
    def joined(self) -> Membership:
        """Its part in the site."""
        assert self.membership is not None
        return self.membership

    def feed(self) -> float:
        """Write what waits, and tell the site."""
        self.journal.flush()
        return self.joined.feeding.feed()

    def read(self) -> float:
        """Take in what is new, and write it."""
        pause = self.joined.reading.read()
        self.journal.flush()
        return pause

    def changes(self) -> list[str]:
        """What its notices said of blocks."""
        return [notice["Fluxcc-Change"] for notice in self.pbx.heard("fluxcc::block")]
