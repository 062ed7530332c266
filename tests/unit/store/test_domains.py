"""The table of the SIP domains that were seen, of which each node has its own rows."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from fluxcc.core.ports import Batch
from fluxcc.domain.agents import SeenDomain
from fluxcc.store import domains
from fluxcc.store.engines import create_reader, parse_url
from fluxcc.store.sql_store import SqlStore
from fluxcc.store.upkeep import upgrade

A, B = SeenDomain("a.example", 2.5), SeenDomain("b.example", 1.0)


def test_each_node_reads_its_own_by_name(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fluxcc.db"
    upgrade(url)
    for node, seen in (("pbx1", (B, A)), ("pbx2", (B,))):
        with closing(SqlStore(url, node)) as store:
            store.write(Batch(domains=seen))
    engine = create_reader(parse_url(url))
    with engine.connect() as connection:
        assert domains.read(connection, "pbx1") == [A, B]
        assert domains.read(connection, "pbx2") == [B]
        assert domains.read(connection, "pbx3") == []
    engine.dispose()


def test_a_domain_that_is_seen_again_has_one_row_with_the_new_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fluxcc.db"
    later = SeenDomain(A.name, 9.0)
    with closing(SqlStore(url, "pbx1")) as store:
        store.open()
        store.write(Batch(domains=(A,)))
        store.write(Batch(domains=(later,)))
        assert store.domains() == [later]
