"""The page for newcomers shows a site file that is taken, commands that there are, and a unit that holds the hub tight."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT
from typer.main import get_command

from throng.site.read import read_site

PAGE = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
SHOWN = {"SECURITY.md", "docs/network.md", "docs/security/README.md", "docs/security/threat-model.md"}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line that the page or its neighbours show, as words."""
    for page in sorted(SHOWN):
        text = (ROOT / page).read_text(encoding="utf-8")
        shown = re.findall(r"^    (?:# )?(?:\$AS_HUB )?throng (.+)$", text, re.MULTILINE) + re.findall(
            r"`throng ([^`]+)`", text
        )
        yield from ((page, line.split()) for line in shown)


def found_in(command: Any, words: list[str]) -> list[str]:
    """The words that name neither a command nor one of its options."""
    inner_ones = getattr(command, "commands", None)
    if inner_ones is not None and words:
        inner = inner_ones.get(words[0])
        return [words[0]] if inner is None else found_in(inner, words[1:])
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return [word for word in words if word.startswith("--") and word not in options]


def test_the_site_file_is_taken(tmp_path: Path) -> None:
    site, database = blocks("toml")
    path = tmp_path / "site.toml"
    path.write_text(site, encoding="utf-8")
    hub = read_site(path).hub
    assert hub is not None
    assert (hub.address, hub.names) == (("0.0.0.0", 8443), ("hub.station.example", "10.0.0.2"))
    (tmp_path / "database.toml").write_text('name = "a"\n' + database, encoding="utf-8")
    assert read_site(tmp_path / "database.toml").hub is not None


def test_every_command_that_is_shown_is_there() -> None:
    from throng.cli.app import app

    shown = list(commands())
    assert len(shown) > 10
    assert [(page, words, wrong) for page, words in shown for wrong in found_in(get_command(app), words)] == []


@pytest.mark.parametrize("words", [["no-such-command"], ["audit", "--no-such-option"]])
def test_a_command_that_is_not_there_is_found(words: list[str]) -> None:
    from throng.cli.app import app

    assert found_in(get_command(app), words) == words[-1:]


def test_the_unit_gives_the_hub_no_more_than_it_needs() -> None:
    (unit,) = blocks("ini")
    lines = [line.partition("=") for line in unit.splitlines() if "=" in line and not line.startswith("#")]
    settings = [(key, value) for key, _, value in lines]
    for key in (
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "RestrictNamespaces",
        "RestrictSUIDSGID",
        "ProtectKernelTunables",
    ):
        assert (key, "yes") in settings
    assert {("User", "throng"), ("ProtectSystem", "strict"), ("CapabilityBoundingSet", ""), ("UMask", "0077")} <= set(settings)
    assert ("IPAddressDeny", "any") in settings
    assert ("LoadCredentialEncrypted", "throng-key") in settings
    # Nothing secret may stand in a unit: every user can read it.
    assert not re.search(r"password|passphrase|Environment=", unit, re.IGNORECASE)
