"""Where keys come from: outside the data folder, readable by nobody else, made once and never silently again."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throng.data.errors import SealError
from throng.seal.box import KEY_BYTES
from throng.seal.keys import CREDENTIAL, KEY_NAME_FILE, load_keys, load_seal, set_passphrase
from throng.seal.passphrase import PASSPHRASE_FILE, read_with_passphrase, write_with_passphrase
from throng.seal.ring import Ring, new_ring, parse_ring, ring_text

QUICK = {"time_cost": 1, "memory_kib": 64, "lanes": 1}
WORDS = "seven green bicycles wait"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CREDENTIALS_DIRECTORY", "THRONG_KEY_FILE", "THRONG_PASSPHRASE_FD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("throng.seal.passphrase.COST", QUICK)
    return tmp_path / "config"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def key_file(path: Path, mode: int = 0o600) -> Path:
    path.write_text(ring_text(new_ring()))
    path.chmod(mode)
    return path


def test_the_first_start_makes_a_key_outside_the_data_folder_that_only_its_owner_reads(data: Path, config: Path) -> None:
    sealed = load_seal(data_folder=data).seal(b"secret", about="a")
    (made,) = (config / "throng").iterdir()
    assert made.name.startswith("data-")
    assert made.stat().st_mode & 0o777 == 0o600
    assert made.parent.stat().st_mode & 0o777 == 0o700
    assert load_seal(data_folder=data).open(sealed, about="a") == b"secret"
    key = next(iter(parse_ring(made.read_text(), where="").keys.values()))
    assert key not in b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert [path.name for path in data.iterdir()] == [KEY_NAME_FILE]


def test_a_data_folder_that_moved_still_finds_its_key(data: Path, tmp_path: Path) -> None:
    sealed = load_seal(data_folder=data).seal(b"secret", about="a")
    moved = Path(shutil.move(data, tmp_path / "elsewhere"))
    assert load_seal(data_folder=moved).open(sealed, about="a") == b"secret"


def test_a_lost_key_is_said_and_no_other_made_in_its_place(data: Path, config: Path) -> None:
    load_seal(data_folder=data)
    (made,) = (config / "throng").iterdir()
    made.unlink()
    with pytest.raises(SealError, match="is gone, and without it"):
        load_seal(data_folder=data)
    assert not list((config / "throng").iterdir())


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", "x" * 65])
def test_a_key_name_that_points_elsewhere_is_refused(data: Path, name: str) -> None:
    data.mkdir()
    (data / KEY_NAME_FILE).write_text(name)
    with pytest.raises(SealError, match="must hold the name of the key file"):
        load_seal(data_folder=data)


def test_two_data_folders_have_two_keys(data: Path, tmp_path: Path) -> None:
    assert load_seal(data_folder=data).current != load_seal(data_folder=tmp_path / "other").current


def test_the_credential_goes_before_the_file_and_the_file_before_all_else(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = load_seal(data_folder=data).current
    named, given_, credentials = key_file(tmp_path / "named"), key_file(tmp_path / "given"), tmp_path / "credentials"
    monkeypatch.setenv("THRONG_KEY_FILE", str(named))
    by_name = load_seal(data_folder=data).current
    by_hand = load_seal(data_folder=data, key_file=given_).current
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert load_seal(data_folder=data).current == by_name
    key_file(credentials / CREDENTIAL, mode=0o440)
    by_systemd = load_keys(data_folder=data, key_file=given_)
    assert len({own, by_name, by_hand, by_systemd.ring.current}) == 4
    with pytest.raises(SealError, match="which Throng cannot change"):
        by_systemd.changed(new_ring())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o700, 0o666])
def test_a_key_file_that_others_may_read_is_refused(data: Path, tmp_path: Path, mode: int) -> None:
    with pytest.raises(SealError, match="but only its owner may read it: run chmod 600"):
        load_seal(data_folder=data, key_file=key_file(tmp_path / "key", mode))


def test_a_key_file_in_the_data_folder_is_refused_also_through_a_link(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.mkdir()
    inside = key_file(data / "key")
    (tmp_path / "link").symlink_to(inside)
    for path in (inside, tmp_path / "link", data / ".." / "data" / "key"):
        with pytest.raises(SealError, match="lies in the data folder"):
            load_seal(data_folder=data, key_file=path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(data))
    with pytest.raises(SealError, match="lies in the data folder"):
        load_seal(data_folder=data)


@pytest.mark.parametrize(
    "content", ["", "# nothing\n", "k1 c2hvcnQ=", "k1", "k1 " + "é" * 8, f"k1 {'A' * 43}=\nk1 {'B' * 42}A="]
)
def test_a_key_file_of_another_form_is_refused_without_quoting_it(data: Path, tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SealError, match="key file") as caught:
        load_seal(data_folder=data, key_file=path)
    assert "c2hvcnQ" not in str(caught.value)
    assert "AAAA" not in str(caught.value)


NAMES = st.text("abcXYZ019-_", min_size=1, max_size=32)


@given(keys=st.dictionaries(NAMES, st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), min_size=1, max_size=5))
def test_a_ring_is_the_same_after_writing_and_reading(keys: dict[str, bytes]) -> None:
    read = parse_ring(ring_text(Ring(keys)), where="")
    assert list(read.keys.items()) == list(keys.items())
    assert not any(key.hex() in repr(read) or repr(key) in repr(read) for key in keys.values())


def test_a_rotated_ring_opens_what_the_old_one_sealed(data: Path) -> None:
    keys = load_keys(data_folder=data)
    sealed = keys.ring.seal().seal(b"secret", about="a")
    keys.changed(keys.ring.with_new_key())
    seal = load_seal(data_folder=data)
    assert seal.current != keys.ring.current
    assert seal.open(sealed, about="a") == b"secret"
    after = load_keys(data_folder=data)
    after.changed(after.ring.only(frozenset()))
    with pytest.raises(SealError, match="which the key ring lacks"):
        load_seal(data_folder=data).open(sealed, about="a")


def test_a_passphrase_opens_the_ring_and_a_wrong_one_is_said(tmp_path: Path) -> None:
    path, ring = tmp_path / PASSPHRASE_FILE, new_ring()
    write_with_passphrase(path, ring, WORDS)
    assert read_with_passphrase(path, WORDS).keys == ring.keys
    with pytest.raises(SealError, match="the passphrase is wrong"):
        read_with_passphrase(path, WORDS + " ")
    assert ring.keys[ring.current] not in path.read_bytes()
    assert WORDS not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_passphrase_is_the_same_however_its_accents_are_typed(tmp_path: Path) -> None:
    path = tmp_path / PASSPHRASE_FILE
    write_with_passphrase(path, new_ring(), "fünf grüne Fahrräder")
    read_with_passphrase(path, "fünf grüne Fahrräder".encode().decode().replace("ü", "u\u0308").replace("ä", "a\u0308"))


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"time_cost": 1, "memory_kib": 99999999999, "lanes": 1, "salt": "", "ring": ""}']
)
def test_a_damaged_passphrase_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / PASSPHRASE_FILE
    path.write_text(content)
    with pytest.raises(SealError, match="is damaged"):
        read_with_passphrase(path, WORDS)


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealError, match="16 to 1,024 characters"):
        write_with_passphrase(tmp_path / PASSPHRASE_FILE, new_ring(), "short")


def test_under_a_passphrase_it_is_asked_for_or_read_from_a_descriptor(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = load_keys(data_folder=data)
    sealed = keys.ring.seal().seal(b"secret", about="a")
    under = set_passphrase(keys, data_folder=data, passphrase=WORDS)
    assert WORDS not in repr(under)
    assert load_seal(data_folder=data, ask=lambda question: WORDS).open(sealed, about="a") == b"secret"
    with pytest.raises(SealError, match="there is nobody to ask"):
        load_seal(data_folder=data)
    for ending in ("", "\n", "\r\n"):
        reading, writing = os.pipe()
        os.write(writing, (WORDS + ending).encode())
        os.close(writing)
        monkeypatch.setenv("THRONG_PASSPHRASE_FD", str(reading))
        assert load_seal(data_folder=data).open(sealed, about="a") == b"secret"
        os.close(reading)
    monkeypatch.setenv("THRONG_PASSPHRASE_FD", "none")
    with pytest.raises(SealError, match="number of an open file"):
        load_seal(data_folder=data)
