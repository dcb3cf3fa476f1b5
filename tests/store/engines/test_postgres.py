"""What is PostgreSQL's own: many hubs at once, a server that goes away, days that are dropped, and what errors may say."""

import datetime
import os
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.store.cluster import Cluster, running
from tests.store.engines.oracle import HOUR_US, NAMES, Told, rows_of

from throng.data.errors import StoreError
from throng.data.release import Release
from throng.store import postgres_address, postgres_link, postgres_schema
from throng.store.postgres import PostgresStore
from throng.store.postgres_records import PostgresRecords
from throng.store.records import Change
from throng.store.store import COLUMNS

MakeRelease = Callable[..., Release]


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    with PostgresStore(database) as opened:
        yield opened


def _name(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


def _together(*works: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_keeps_exactly_the_allowed_columns(cluster: Cluster, database: str, store: PostgresStore, release: MakeRelease) -> None:
    store.add([release(start_s=86_400.0)])
    columns = cluster.sql(
        "SELECT table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) "
        "FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema') GROUP BY 1 ORDER BY 1",
        _name(database),
    )
    rows = (
        "tick_us bigint, value double precision, standard_error double precision, series integer, part integer, reason integer"
    )
    sums = (
        "hour_us bigint, stored_s double precision, known_s double precision, total double precision, "
        "variance double precision, series integer, ticks integer, known integer"
    )
    kinds = {"VARCHAR": "text", "DOUBLE": "double precision", "TIMESTAMP": "timestamp without time zone"}
    shown = ", ".join(f"{name} {kinds[kind.partition(' ')[0]]}" for name, kind in COLUMNS.items())
    assert dict(line.split("|") for line in columns.splitlines()) == {
        "hourly": sums,
        "hourly_1970_01_02": sums,
        "news": "xid bigint, told timestamp with time zone, series ARRAY",
        "part": "id integer, mechanism text, epoch text, tick_s double precision",
        "reason": "id integer, text text",
        "released": rows,
        "released_1970_01_02": rows,
        "released_rows": shown,
        "schema_version": "version integer",
        "series": "id integer, camera text, place text, quantity text",
    }


def test_its_rows_can_be_read_by_name(cluster: Cluster, database: str, store: PostgresStore, release: MakeRelease) -> None:
    store.add([release(start_s=60.25, value=-2.5), release(start_s=120.0, unknown="dark")])
    query = "SELECT camera, place, quantity, tick_start, tick_s, value, standard_error, unknown FROM throng.released_rows"
    assert cluster.sql(f"{query} WHERE quantity = 'in' ORDER BY tick_start", _name(database)).splitlines() == [
        "north|door|in|1970-01-01 00:01:00.25|60|-2.5|3.5|",
        "north|door|in|1970-01-01 00:02:00|60|||dark",
    ]


def test_what_is_forgotten_stands_in_no_page_of_a_table(cluster: Cluster, database: str, store: PostgresStore) -> None:
    marks = [1234.5678 + number for number in range(4)]
    hours = (3, 30, 40, 60)  # a whole day, the first part of one, its last part, and the next day
    told = [Told(NAMES[0], hour * HOUR_US, 60.0, "noise", "1", mark, 1.0, "") for hour, mark in zip(hours, marks, strict=True)]
    store.add_rows(rows_of(told))

    def found() -> list[bool]:
        cluster.sql("CHECKPOINT", _name(database))
        number = cluster.sql(f"SELECT oid FROM pg_database WHERE datname = '{_name(database)}'")
        pages = b"".join(path.read_bytes() for path in (cluster.folder / "data" / "base" / number).iterdir() if path.is_file())
        return [struct.pack("<d", mark) in pages for mark in marks]

    assert found() == [True] * 4
    assert store.forget(35 * 3600.0) == 2
    assert found() == [False, False, True, True]
    assert [row.tick_start_us for row in store.latest()] == [60 * HOUR_US]


def test_a_camera_whose_clock_is_wrong_is_refused_and_makes_nothing(
    cluster: Cluster, database: str, store: PostgresStore
) -> None:
    for tick_us in (-1, 253_402_300_800_000_000):
        with pytest.raises(StoreError, match="years 1970 to 9999: correct the sensor's clock"):
            store.add_rows(rows_of([Told(NAMES[0], tick_us, 60.0, "noise", "1", 1.0, 1.0, "")]))
    days = [Told(NAMES[0], day * 24 * HOUR_US, 60.0, "noise", "1", 1.0, 1.0, "") for day in range(1_001)]
    with pytest.raises(StoreError, match="may begin 1000 days at most, not 1001"):
        store.add_rows(rows_of(days))
    assert cluster.sql("SELECT count(*) FROM pg_inherits", _name(database)) == "0"


@pytest.fixture(scope="module")
def other_cluster(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server that a test may stop, whose password is in the same file."""
    del cluster  # its password file is the one in use; this server's own line comes first there
    path = Path(os.environ["PGPASSFILE"])
    with running() as started:
        path.write_text(f"*:{started.port}:*:*:{started.password}\n{path.read_text()}")
        yield started


def test_nothing_acknowledged_is_lost_when_the_power_fails_and_work_goes_on_when_the_server_is_back(
    other_cluster: Cluster, release: MakeRelease
) -> None:
    address = other_cluster.address("postgres")
    with PostgresStore(address) as store, PostgresRecords(address) as records:
        for tick in range(20):
            assert store.add([release(start_s=60.0 * tick, value=tick)]) == 3
            records.change([Change("setting", str(tick), {})])
        other_cluster.stop("immediate")
        for ask in (store.latest, lambda: store.add([release(start_s=0.0)]), lambda: records.all("setting")):
            for _ in range(2):
                with pytest.raises(
                    StoreError, match=r"cannot be (read|written): .*(no server answers|broke off|shutting down)"
                ):
                    ask()
        other_cluster.start()
        assert store.series("north", "door", "in", start_s=0, end_s=1e9).values.tolist() == list(range(20))
        assert store.add([release(start_s=0.0), release(start_s=60.0 * 20)]) == 3
        assert len(records.all("setting")) == 20


def test_a_server_that_comes_back_with_another_database_gets_its_own_numbers_of_series(
    cluster: Cluster, database: str, store: PostgresStore, release: MakeRelease
) -> None:
    store.add([release(camera) for camera in ("north", "south", "hall", "square")])
    assert len(store.latest()) == 12
    name = _name(database)
    cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")
    cluster.sql(f"CREATE DATABASE {name} TEMPLATE template0")
    with PostgresStore(database) as other:
        other.add([release("west"), release("east")])
        assert store.add([release("south")]) == 3
        assert {row.camera for row in other.latest()} == {"west", "east", "south"}
        assert store.latest() == other.latest()


def test_a_table_held_by_another_is_waited_for_and_then_told(
    cluster: Cluster, database: str, store: PostgresStore, release: MakeRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add([release()])
    monkeypatch.setitem(postgres_address._SETTINGS, "lock_timeout", 50)
    hold = "BEGIN; LOCK TABLE throng.released; SELECT pg_sleep(0.7); COMMIT"
    holder = threading.Thread(target=lambda: cluster.sql(hold, _name(database)))
    holder.start()
    with PostgresStore(database) as impatient:
        while cluster.sql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'", _name(database)) == "0":
            time.sleep(0.01)
        with pytest.raises(StoreError, match="another program holds the table"):
            impatient.add([release(start_s=60.0)])
        holder.join()
        assert impatient.add([release(start_s=60.0)]) == 3


def test_more_threads_than_connections_wait_for_their_turn(
    store: PostgresStore, release: MakeRelease, cluster: Cluster, database: str
) -> None:
    count = 3 * postgres_link.MOST_CONNECTIONS
    _together(*(lambda tick=tick: store.add([release(start_s=60.0 * tick)]) for tick in range(count)))
    assert len(store.series("north", "door", "in", start_s=0, end_s=1e9)) == count
    connected = cluster.sql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{_name(database)}'")
    assert 1 <= int(connected) <= postgres_link.MOST_CONNECTIONS


def test_an_error_repeats_no_number(cluster: Cluster, database: str, store: PostgresStore, release: MakeRelease) -> None:
    store.add([release(start_s=0.0)])
    cluster.sql("ALTER TABLE throng.released ADD CONSTRAINT small CHECK (value < 1000)", _name(database))
    with pytest.raises(StoreError, match=r"cannot be written: .* refused \(SQLSTATE 23514\)") as caught:
        store.add([release(start_s=60.0, value=98_765.0)])
    assert "9876" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_says_in_one_sentence_why_it_cannot_connect(cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port, name = cluster.port, _name(database)
    cases = {
        f"postgresql://throng@127.0.0.1:{port}/nowhere": "there is no database or user of this name",
        f"postgresql://throng@/{name}?host=/nowhere": "no server answers",
        f"postgresql://throng@127.0.0.1:1/{name}": "no server answers",
        f"postgresql://throng@127.0.0.1:{port}/{name}?sslmode=require": "does not encrypt; set ssl = on there",
    }
    for address, sentence in cases.items():
        _refused(address, sentence)
    monkeypatch.setenv("PGPASSWORD", "open sesame")
    _refused(database, 'the password of "throng" is wrong; look at the file that PGPASSFILE names')
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    _refused(database, 'asks for the password of "throng"')


def _refused(address: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        PostgresStore(address).open()
    assert "\n" not in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_a_newer_schema_is_refused_and_left_alone(cluster: Cluster, database: str) -> None:
    for make, schema in ((PostgresStore, "throng"), (PostgresRecords, "hub")):
        make(database).open().close()
        cluster.sql(f"UPDATE {schema}.schema_version SET version = 99", _name(database))
        with pytest.raises(StoreError, match=r"made by a newer Throng \(its schema is 99, this one knows 1\): update this one"):
            make(database).open()
        assert cluster.sql(f"SELECT version FROM {schema}.schema_version", _name(database)) == "99"


def test_a_schema_of_somebody_else_is_refused_and_left_alone(cluster: Cluster, database: str) -> None:
    cluster.sql("CREATE SCHEMA throng", _name(database))
    _refused(database, 'has a schema "throng" that is not Throng\'s: name another database')


def test_a_database_that_does_not_hold_every_name_is_refused(cluster: Cluster) -> None:
    cluster.sql("CREATE DATABASE old ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        _refused(cluster.address("old"), "does not keep text as UTF-8")
    finally:
        cluster.sql("DROP DATABASE old")


def test_a_migration_that_breaks_off_is_taken_up_again(
    cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch, release: MakeRelease
) -> None:
    with PostgresStore(database) as store:
        store.add([release()])
    broken = (*postgres_schema._STEPS, ("CREATE TABLE throng.more (id integer)", "SELECT 1 / 0"))
    monkeypatch.setattr(postgres_schema, "_STEPS", broken)
    _refused(database, "SQLSTATE 22012")
    look = "SELECT version, to_regclass('throng.more') IS NOT NULL FROM throng.schema_version"
    assert cluster.sql(look, _name(database)) == "1|f"
    monkeypatch.setattr(postgres_schema, "_STEPS", (*broken[:-1], broken[-1][:1]))
    with PostgresStore(database) as store:
        assert len(store.latest()) == 3
    assert cluster.sql(look, _name(database)) == "2|t"


def test_a_user_who_may_not_make_tables_is_told_so(cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.sql("CREATE ROLE reader LOGIN PASSWORD 'sesame'")
    try:
        monkeypatch.setenv("PGPASSWORD", "sesame")
        _refused(database.replace("throng@", "reader@"), '"reader" may not do this')
    finally:
        cluster.sql("DROP ROLE reader")


def test_a_server_is_known_by_its_certificate(other_cluster: Cluster, tmp_path: Path) -> None:
    made, stranger = _certificate(tmp_path / "made"), _certificate(tmp_path / "stranger")
    other_cluster.encrypt(made.with_suffix(".crt"), made.with_suffix(".key"))
    base = f"postgresql://throng@localhost:{other_cluster.port}/postgres?sslmode=verify-full"
    with PostgresStore(f"{base}&sslrootcert={made}.crt") as store:
        assert store.latest() is not None
        encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL"
        assert other_cluster.sql(encrypted) == "t"
    _refused(f"{base}&sslrootcert={stranger}.crt", "is not one to trust; name its authority's file as sslrootcert")
    _refused(f"{base}&sslrootcert={tmp_path}/none.crt", "the authority that .* is to be known by is missing")
    by_number = base.replace("localhost", "127.0.0.1")
    _refused(f"{by_number}&sslrootcert={made}.crt", "is of another machine; use the name that stands in it")


def _certificate(path: Path) -> Path:
    """A certificate of localhost that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    path.with_suffix(".crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    path.with_suffix(".key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path


def test_without_its_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("adbc_driver_manager", "adbc_driver_postgresql"):
        monkeypatch.setitem(sys.modules, name, None)
    _refused("postgresql://throng@localhost:1/throng", r'pip install "throng\[postgresql\]"')
