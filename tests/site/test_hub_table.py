"""The [hub] table of a site file: where the hub listens, by which names, and where it keeps things."""

from typing import Any

import pytest
from pydantic import ValidationError

from throng.site.hub import HubTable, is_any
from throng.site.model import Site


def mistake(**keys: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        HubTable.model_validate(keys)
    return str(caught.value)


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        (None, None),
        ("0.0.0.0:8443", ("0.0.0.0", 8443)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::]:443", ("::", 443)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65_535)),
        ("[::ffff:192.0.2.1]:1", ("::ffff:192.0.2.1", 1)),
        ("localhost:8443", ("localhost", 8443)),
    ],
)
def test_where_it_listens(listen: str | None, address: tuple[str, int] | None) -> None:
    assert HubTable(listen=listen).address == address


@pytest.mark.parametrize(
    "listen", ["", "8443", ":8443", "0.0.0.0", "0.0.0.0:", "0.0.0.0:65536", "0.0.0.0:-1", "::1:8443", "[::1]", "a b:1", "h:1\n"]
)
def test_what_is_no_address_and_port_is_refused(listen: str) -> None:
    assert "listen must be an address and a port" in mistake(listen=listen)


@pytest.mark.parametrize("name", ["", "a b", "hub.example/", "https://hub.example", "*", "hub.example\n", "a" * 254, "bücher"])
def test_a_name_is_a_host_name_or_an_address(name: str) -> None:
    assert "names" in mistake(names=[name])


@pytest.mark.parametrize("names", [["hub.example"], ["hub.example", "192.0.2.1", "2001:db8::1"], []])
def test_names_that_are_some_are_taken(names: list[str]) -> None:
    assert HubTable.model_validate({"names": names}).names == tuple(names)


@pytest.mark.parametrize(
    "store",
    [
        "postgresql://user:secret@host/throng",
        "postgresql://:secret@host/throng",
        "postgresql://host/throng?password=secret",
        "postgresql://user@host/throng?sslmode=verify-full&password=secret",
        "postgresql://user@host/throng?sslpassword=secret",
    ],
)
def test_a_store_with_a_password_is_refused(store: str) -> None:
    assert "must not hold a password: put it into a file of mode 0600" in mistake(store=store)


@pytest.mark.parametrize("store", ["", "mysql://host/x", "postgresql://", "postgresql://a b/c", "postgresql://host/a\nb"])
def test_a_store_is_a_database_of_postgresql(store: str) -> None:
    assert "store" in mistake(store=store)


def test_a_store_without_a_password_is_taken() -> None:
    address = "postgresql://throng@db.example:5433/throng?sslmode=verify-full"
    assert HubTable(store=address).store == address


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"listen": "[::]:1", "certificate": "hub.pem"}, "certificate and key come together"),
        ({"listen": "[::]:1", "key": "hub.key"}, "certificate and key come together"),
        ({"certificate": "hub.pem", "key": "hub.key"}, "of use only where the hub listens with TLS"),
        ({"listen": "[::]:1", "certificate": "", "key": "hub.key"}, "certificate"),
        ({"keep_days": 0}, "keep_days"),
        ({"keep_days": 36_501}, "keep_days"),
        ({"keep_days": "30"}, "keep_days"),
        ({"contact": "security@hub.example"}, "contact"),
        ({"contact": "http://hub.example"}, "contact"),
        ({"contact": "mailto:a@hub.example\nPolicy: https://elsewhere.example"}, "contact"),
        ({"key_file": ""}, "key_file"),
        ({"tls": False}, "tls"),
        ({"password": "secret"}, "password"),
    ],
)
def test_what_does_not_go_together_is_refused(keys: dict[str, Any], sentence: str) -> None:
    assert sentence in mistake(**keys)


def test_with_the_table_alone_the_hub_stays_on_this_machine() -> None:
    site = Site.model_validate({"name": "Central", "hub": {}})
    assert site.hub is not None
    assert site.hub.address is None


@pytest.mark.parametrize(
    ("host", "every"),
    [("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("::1", False), ("localhost", False), ("", False)],
)
def test_some_addresses_stand_for_all(host: str, every: bool) -> None:
    assert is_any(host) is every
