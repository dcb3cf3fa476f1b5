"""Both kinds of store, and of records, so that one set of tests runs over them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.store.cluster import Cluster, running

from throng.store import postgres_insert
from throng.store.duck import DuckStore
from throng.store.postgres import PostgresStore
from throng.store.postgres_records import PostgresRecords
from throng.store.records import Records
from throng.store.sqlite_records import SqliteRecords
from throng.store.store import Store


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server of our own, whose password is in a file; nobody cuts its power, so that it need not wait for the disk."""
    passwords = tmp_path_factory.mktemp("passwords") / "pgpass"
    with running("fsync=off") as started, pytest.MonkeyPatch.context() as patch:
        passwords.touch(mode=0o600)
        passwords.write_text(f"*:*:*:*:{started.password}\n", encoding="utf-8")
        for name in [name for name in os.environ if name.startswith("PG")]:
            patch.delenv(name)
        patch.setenv("PGPASSFILE", str(passwords))
        yield started


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """The address of an empty database."""
    with cluster.database() as name:
        yield cluster.address(name)


FILLED_FIRST = "postgres, new days filled before they are indexed"


@pytest.fixture(params=["duck", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store, open."""
    if request.param == FILLED_FIRST:
        monkeypatch.setattr(postgres_insert, "LOAD_FROM", 1)
    with ExitStack() as stack:
        if request.param == "duck":
            yield stack.enter_context(DuckStore(tmp_path / "data" / "throng.duckdb"))
        else:
            yield stack.enter_context(PostgresStore(request.getfixturevalue("database")))


@pytest.fixture(params=["duck", "postgres"])
def other_store(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> Iterator[Store]:
    """Another empty store, open."""
    with ExitStack() as stack:
        if request.param == "duck":
            yield stack.enter_context(DuckStore(tmp_path / "other" / "throng.duckdb"))
        else:
            yield stack.enter_context(PostgresStore(cluster.address(stack.enter_context(cluster.database()))))


@pytest.fixture(params=["sqlite", "postgres"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Records]:
    """Empty records, open."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield stack.enter_context(SqliteRecords(tmp_path / "hub.sqlite"))
        else:
            yield stack.enter_context(PostgresRecords(request.getfixturevalue("database")))
