"""Backups by the running hub: made, listed, and good for a restore."""

import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.hub.admin.conftest import Office, problem_of
from tests.hub.making import SEAL

from throng.data.errors import StoreError
from throng.hub.admin.backups import Backups
from throng.hub.sensors.refusal import Refused
from throng.seal.stream import SealedReader
from throng.store.backup import check_backup

pytestmark = pytest.mark.anyio
ROUTE, PAGE = "/api/v1/backups", "/admin/backup"
NAME = re.compile(r"throng-\d{4}-\d\d-\d\dT\d{6}Z\.backup")


async def test_a_backup_is_made_and_holds_what_the_answer_says(office: Office) -> None:
    async with office.browser() as http:
        assert (await http.get(ROUTE)).json() == []
        answer = await http.post(ROUTE, json={})
        assert answer.status_code == 201
        told = answer.json()
        assert (await http.get(ROUTE)).json() == [{key: told[key] for key in ("name", "made", "size_bytes")}]
    assert NAME.fullmatch(told["name"])
    path = office.folder / "backups" / told["name"]
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert path.stat().st_size == told["size_bytes"]
    with path.open("rb") as file:
        file.readline()
        read = check_backup(SealedReader(file, SEAL))
    assert (read.rows, read.records, read.log_bytes) == (told["rows"], told["records"], told["log_bytes"])
    assert read.records > 5
    assert ("backup.make", "ok") in office.events()


async def test_a_request_that_says_nothing_makes_none(office: Office) -> None:
    async with office.browser() as http:
        assert (await http.post(ROUTE)).status_code == 422
        assert (await http.post(ROUTE, json={"path": "/tmp/x"})).status_code == 422
        answer = await http.post(PAGE)
        assert (answer.status_code, bool(problem_of(answer))) == (422, True)
    assert not (office.folder / "backups").exists()


async def test_the_page_makes_one_and_lists_it(office: Office) -> None:
    async with office.browser() as http:
        assert "There is no backup yet" in (await http.get("/admin")).text
        assert "There is no backup here yet" in (await http.get(PAGE)).text
        answer = await http.post(PAGE, data={"make": "now"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?done=made")
        assert NAME.search((await http.get(PAGE)).text)
        assert "backup" not in (await http.get("/admin")).text.partition("<main")[2].lower()


def test_of_two_in_one_second_or_at_once_one_is_refused(office: Office) -> None:
    backups = Backups(office.hub.kept, now=lambda: datetime(2026, 11, 30, 12, tzinfo=UTC))
    backups.make(who="Ada", address="")
    with pytest.raises(Refused, match="in this second"):
        backups.make(who="Ada", address="")
    with backups._lock, pytest.raises(Refused, match="is being made"):
        backups.make(who="Ada", address="")
    assert [one.name for one in backups.all()] == ["throng-2026-11-30T120000Z.backup"]


def test_what_is_no_backup_is_not_listed(office: Office) -> None:
    backups = Backups(office.hub.kept)
    backups.folder.mkdir()
    for name in ("notes.txt", "throng-2026-11-30T120000Z.backup.part", "throng-2026-99-30T120000Z.backup"):
        (backups.folder / name).touch()
    (backups.folder / "throng-2026-11-30T120000Z.backup").symlink_to(office.folder / "audit.jsonl")
    (backups.folder / "throng-2026-11-30T120001Z.backup").mkdir()
    assert backups.all() == []


async def test_a_folder_that_cannot_be_written_is_told(office: Office) -> None:
    (office.folder / "backups").touch()  # a file in its place
    with pytest.raises(StoreError, match="cannot be made: file exists"):
        Backups(office.hub.kept).make(who="Ada", address="")
    async with office.browser() as http:
        answer = await http.post(PAGE, data={"make": "now"})
        assert (answer.status_code, "cannot be made" in problem_of(answer)) == (503, True)
        assert (await http.post(ROUTE, json={})).status_code == 503


def test_the_folder_lies_where_the_data_does(office: Office) -> None:
    assert Backups(office.hub.kept).folder == Path(office.hub.kept.log.path).parent / "backups"
