"""Passwords come from outside the site file and are never shown."""

import os
import traceback
from pathlib import Path

import pytest

from throng.data.errors import SiteError
from throng.site.credentials import credentials
from throng.site.model import Site

SECRET = "hunter2-geheim"


def site(folder: Path, **keys: str) -> Site:
    camera = {"name": "north", "address": "rtsp://camera/1", **keys}
    return Site.model_validate({"name": "Central", "camera": [camera]}, context={"folder": folder})


def got(made: Site) -> tuple[str | None, str | None]:
    user, password = credentials(made.camera[0], made)
    assert SECRET not in repr((user, password))
    return (user.get_secret_value() if user else None), (password.get_secret_value() if password else None)


def told(made: Site) -> str:
    with pytest.raises(SiteError) as caught:
        credentials(made.camera[0], made)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def password_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "north.password"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_without_credentials_there_are_none(tmp_path: Path) -> None:
    assert got(site(tmp_path)) == (None, None)
    assert got(site(tmp_path, user="viewer")) == ("viewer", None)


def test_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORTH", SECRET)
    assert got(site(tmp_path, user="viewer", password_env="NORTH")) == ("viewer", SECRET)


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("NORTH", raising=False)
    if value is not None:
        monkeypatch.setenv("NORTH", value)
    assert told(site(tmp_path, user="viewer", password_env="NORTH")) == (
        'camera "north": the environment variable NORTH is not set: set it to the camera\'s password'
    )


@pytest.mark.parametrize("mode", [0o600, 0o400])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_from_a_file(tmp_path: Path, mode: int, end: bytes) -> None:
    password_file(tmp_path, f"{SECRET} ü".encode() + end, mode)
    assert got(site(tmp_path, user="viewer", password_file="north.password")) == ("viewer", f"{SECRET} ü")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o700])
def test_a_file_that_others_may_read(tmp_path: Path, mode: int) -> None:
    path = password_file(tmp_path, SECRET.encode(), mode)
    assert told(site(tmp_path, user="viewer", password_file="north.password")) == (
        f'camera "north": the password file {path} has mode {mode:04o}, but only its owner may read it: run chmod 600 {path}'
    )


@pytest.mark.parametrize(
    "content", [b"", b"\n", SECRET.encode() + b"\nand more\n", b"\xff" + SECRET.encode(), SECRET.encode() * 400]
)
def test_a_file_without_a_password(tmp_path: Path, content: bytes) -> None:
    path = password_file(tmp_path, content)
    assert told(site(tmp_path, user="viewer", password_file="north.password")) == (
        f'camera "north": the password file {path} must hold one line of UTF-8 text, the password'
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "north.password"
    assert told(site(tmp_path, user="viewer", password_file="north.password")) == (
        f'camera "north": the password file {path} cannot be read: no such file or directory'
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = password_file(tmp_path, SECRET.encode(), 0)
    assert told(site(tmp_path, user="viewer", password_file="north.password")) == (
        f'camera "north": the password file {path} cannot be read: permission denied'
    )
