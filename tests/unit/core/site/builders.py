"""Nodes of one site on fakes."""

from __future__ import annotations

from fluxcc.config import NumberSettings, PbxSettings, Settings, SiteSettings
from fluxcc.core.ports import Batch
from fluxcc.core.site.membership import Membership
from fluxcc.domain.provisioning import Entry
from tests.builders import World
from tests.fake_site import FakeDatabase, FakeSite


class Member(World):
    """A node of a site, recovered and connected."""

    def __init__(
        self, name: str, database: FakeDatabase, *entries: Entry, former: Member | None = None
    ) -> None:
        """With these entries of before the site, or with the store of a ``former`` life."""
        self.site = FakeSite(database)
        settings = Settings(
            pbx=PbxSettings(node=name),
            numbers=NumberSettings(area_code="11"),
            site=SiteSettings(url="postgresql://site"),
        )
        super().__init__(settings, site=self.site)
        self.store.write(Batch(entries=entries))
        if former is not None:
            self.store.__dict__.update(former.store.__dict__)
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
