"""Addresses of a server: no password in them, and nothing unencrypted over a network."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from throng.data.errors import StoreError
from throng.store.postgres_address import connection_uri, is_postgres, postgres_address


def _told(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(connection_uri(postgres_address(address))).query).items()}


@pytest.mark.parametrize(
    "address",
    ["postgresql://ada:open%20sesame@localhost/throng", "postgres://ada@localhost/throng?password=open%20sesame"],
)
def test_a_password_in_it_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(StoreError, match="must not hold a password") as caught:
        postgres_address(address)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["db.example.org", "192.0.2.7", "[2001:db8::7]", "localhost.example.org", "127.0.0.1.example.org"]
)
def test_another_machine_must_prove_who_it_is(host: str) -> None:
    told = _told(f"postgresql://ada@{host}:6000/throng?sslrootcert=/etc/ca.pem")
    assert (told["sslmode"], told["ssl_min_protocol_version"]) == ("verify-full", "TLSv1.3")
    assert (told["host"], told["port"], told["sslrootcert"]) == (host.strip("[]"), "6000", "/etc/ca.pem")
    assert "hostaddr" not in told
    for mode in ("disable", "prefer", "require", "verify-ca"):
        with pytest.raises(StoreError, match='sslmode must be "verify-full"'):
            postgres_address(f"postgresql://ada@{host}/throng?sslmode={mode}")


@pytest.mark.parametrize(
    ("address", "host", "reached"),
    [
        ("postgresql://ada@localhost/throng", "localhost", "127.0.0.1"),
        ("postgresql://ada@127.0.0.2/throng", "127.0.0.2", "127.0.0.2"),
        ("postgresql://ada@[::1]/throng", "::1", "::1"),
        ("postgresql://ada@/throng?host=/run/postgresql", "/run/postgresql", ""),
        ("postgresql://ada@%2Frun%2Fpostgresql/throng", "/run/postgresql", ""),
    ],
)
def test_this_machine_needs_no_certificate_and_no_setting_leads_elsewhere(address: str, host: str, reached: str) -> None:
    query = parse_qs(urlsplit(connection_uri(postgres_address(address))).query, keep_blank_values=True)
    assert (query["host"], query["hostaddr"]) == ([host], [reached])
    assert "sslmode" not in query


def test_a_server_that_asks_for_the_password_in_plain_does_not_get_it() -> None:
    assert _told("postgresql://ada@localhost/throng")["require_auth"] == "scram-sha-256,none"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mysql://ada@localhost/throng", "must begin with postgresql://"),
        ("throng.duckdb", "must begin with postgresql://"),
        ("postgresql://localhost/throng", "must name a user, a host and a database"),
        ("postgresql://ada@localhost/", "must name a user, a host and a database"),
        ("postgresql://ada@/throng", "must name a user, a host and a database"),
        ("postgresql://ada@localhost:port/throng", "cannot be read"),
        ("postgresql://ada@localhost:99999/throng", "cannot be read"),
        ("postgresql://ada@a:1,b:2/throng", "cannot be read"),
        ("postgresql://ada@a,b/throng", "must name one host"),
        ("postgresql://ada@localhost/throng?host=a,b", "must name one host"),
        ("postgresql://ada@localhost/throng?port=%C2%B2", "must be a number"),
        ("postgresql://ada@localhost/throng?options=-cfsync%3Doff", 'asks for "options"'),
        ("postgresql://ada@localhost/throng?hostaddr=192.0.2.7", 'asks for "hostaddr"'),
        ("postgresql://ada@localhost/throng?sslmode", "cannot be read"),
    ],
)
def test_a_wrong_address_is_refused_in_one_sentence(address: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        postgres_address(address)
    assert "\n" not in str(caught.value)


def test_it_is_shown_without_what_it_was_told() -> None:
    shown = str(postgres_address("postgresql://ada@[2001:db8::7]/throng?passfile=/secret/place&sslcert=/c.pem"))
    assert shown == "postgresql://ada@[2001:db8::7]:5432/throng"
    assert postgres_address(shown).host == "2001:db8::7"


@pytest.mark.parametrize("named", ["by PGPASSFILE", "by the address"])
def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    path = tmp_path / "pgpass"
    path.write_text("*:*:*:*:sesame\n")
    told = f"?passfile={path}" if named == "by the address" else ""
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none" if told else path))
    address = postgres_address(f"postgresql://ada@localhost/throng{told}")
    path.chmod(0o640)
    with pytest.raises(StoreError, match=rf"can be read by others \(its mode is 0640\): chmod 600 {path}$"):
        connection_uri(address)
    path.chmod(0o600)
    assert "sesame" not in connection_uri(address)


def test_a_file_is_told_from_a_server() -> None:
    assert is_postgres("postgresql://ada@localhost/throng")
    assert is_postgres("postgres:///throng")
    assert not is_postgres("data/throng.duckdb")
    assert not is_postgres("postgresql.duckdb")
