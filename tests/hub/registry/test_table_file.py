"""The table of cameras: however a spreadsheet wrote it, all of it or nothing, every mistake with its line, no secret told."""

import csv
import io
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub.registry.conftest import ADDRESS, BY, LINE, PASSWORD, USER, draft

from throng.data.errors import GeometryError, HubError, SiteError
from throng.hub.cameras import Where
from throng.hub.log.log import Log
from throng.hub.registry.importing import Imported, import_table
from throng.hub.registry.places import lines_of, lines_text, zones_of, zones_text
from throng.hub.registry.registry import Registry
from throng.hub.registry.table_file import COLUMNS, MOST_ROWS, read_table, write_table
from throng.site.model import LineTable, ZoneTable

ROW = {
    "name": "north", "site": "west", "address": ADDRESS, "user": USER, "password": PASSWORD, "lat": "52.5", "lon": "13.4",
    "x": "1", "y": "2", "sensor": "box", "tick_s": "30", "lines": "door: 0,0 100,0; exit: 0,5.5 0,99",
    "zones": "hall: 0,0 9,0 9,9",
}  # fmt: skip


def table(*rows: dict[str, str], delimiter: str = ",", columns: tuple[str, ...] = COLUMNS, end: str = "\r\n") -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, delimiter=delimiter, lineterminator=end, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def imported(registry: Registry, content: bytes) -> Imported:
    return import_table(registry, content, by=BY)


def refusal(registry: Registry, content: bytes) -> str:
    before = registry.state
    with pytest.raises(SiteError) as caught:
        imported(registry, content)
    assert registry.state is before
    assert "MARKED" not in str(caught.value)
    return str(caught.value)


def test_a_whole_row_becomes_a_camera(registry: Registry) -> None:
    assert imported(registry, table(ROW)) == Imported(("north",))
    camera = registry.state.cameras["north"]
    assert (camera.site, camera.sensor, camera.where) == ("west", "box", Where(52.5, 13.4, 1.0, 2.0))
    assert (camera.camera.tick_s, [line.name for line in camera.camera.line]) == (30, ["door", "exit"])
    assert camera.camera.line[1].to_px == (0.0, 99.0)
    assert camera.camera.zone[0].corners == ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))
    (work,) = registry.work_of("box")
    assert (work["address"], work["user"], work["password"]) == (ADDRESS, USER, PASSWORD)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_file_is_the_same_however_the_spreadsheet_writes_it(
    registry: Registry, delimiter: str, end: str, mark: bytes
) -> None:
    imported(registry, mark + table(ROW, delimiter=delimiter, end=end))
    registry.remove("north", version=1, by=BY)
    imported(registry, table(ROW))
    assert registry.work_of("box")[0]["line"][1]["to"] == [0.0, 99.0]


def test_empty_lines_and_columns_behind_the_last_are_passed_over(registry: Registry) -> None:
    content = b'Name;SITE;address;;\r\n\r\n;;;;\r\n"north"; west ;rtsp://host/;;\r\n\r\n'
    assert imported(registry, content).added == ("north",)


def test_an_empty_cell_leaves_what_is_known(registry: Registry) -> None:
    imported(registry, table(ROW))
    assert imported(registry, table({"name": "north", "site": "west"})) == Imported(unchanged=1)
    assert imported(registry, table({"name": "north", "site": "west", "tick_s": "60"})).changed == ("north",)
    (work,) = registry.work_of("box")
    assert (work["tick_s"], work["password"], len(work["line"])) == (60, PASSWORD, 2)


def test_importing_again_changes_nothing_and_logs_nothing(registry: Registry, log: Log) -> None:
    imported(registry, table(ROW))
    before, head = registry.state, log.head()
    assert imported(registry, table(ROW)) == Imported(unchanged=1)
    assert registry.state is before
    assert log.head() == head


def test_sites_that_are_not_there_are_made_and_told(registry: Registry) -> None:
    rows = [ROW | {"name": name, "site": site} for name, site in (("a", "new"), ("b", "new"), ("c", "west"))]
    assert imported(registry, table(*rows)).new_sites == ("new",)
    assert registry.state.sites["new"].version == 1


def test_a_dry_run_says_the_same_and_changes_nothing(registry: Registry, log: Log) -> None:
    registry.put(draft(), version=0, by=BY)
    before, head = registry.state, log.head()
    content = table(ROW, ROW | {"name": "south", "site": "new"})
    would = import_table(registry, content, by=BY, dry_run=True)
    assert registry.state is before
    assert log.head() == head
    assert would == imported(registry, content) == Imported(("south",), ("north",), 0, ("new",))


def test_every_mistake_is_told_with_its_line_and_nothing_is_imported(registry: Registry) -> None:
    bad = [
        {"name": "-x"}, {"site": ""}, {"site": "@"}, {"address": ""}, {"address": "film.mp4"}, {"user": ""}, {"lat": "52,5"},
        {"lat": ""}, {"lat": "91"}, {"lon": "nan"}, {"tick_s": "7"}, {"tick_s": "x"}, {"lines": "0,0 1,1"}, {"lines": "a: 0,0"},
        {"lines": "a: 0,0 0,0"}, {"zones": "a: 0,0 1,1"}, {"zones": "a: 0,0 9,9 9,0 0,9"}, {"zones": "door: 0,0 9,0 9,9"},
        {"sensor": "?"},
    ]  # fmt: skip
    rows = [ROW | {"name": f"c{number}"} | change for number, change in enumerate(bad)]
    told = refusal(registry, table(ROW, *rows)).splitlines()
    assert told[0] == f"the file has {len(bad)} mistakes, and nothing was imported:"
    assert [line.split(":")[0] for line in told[1:]] == [f"line {number}" for number in range(3, 3 + len(bad))]


def test_only_the_first_twenty_mistakes_are_told(registry: Registry) -> None:
    told = refusal(registry, table(*(ROW | {"name": f"c{number}", "tick_s": "x"} for number in range(50)))).splitlines()
    assert (len(told), told[-1]) == (22, "and 30 more")


def test_a_name_twice_is_a_mistake_also_in_another_form_of_the_same_letters(registry: Registry) -> None:
    told = refusal(registry, table(ROW | {"name": "café"}, ROW | {"name": "south"}, ROW | {"name": "cafe\u0301"}))
    assert "line 4: has the name of line 2" in told


def test_a_row_that_spans_lines_is_told_by_its_first(registry: Registry) -> None:
    content = table(ROW | {"lines": "door: 0,0\n 100,0"}, ROW | {"name": "south", "tick_s": "x"})
    assert "line 4: tick_s" in refusal(registry, content)


def test_a_camera_of_the_site_file_is_a_mistake(registry: Registry) -> None:
    assert "line 2: names a camera that stands in the site file" in refusal(registry, table(ROW | {"name": "gate"}))


SECRET_CELLS = ("MARKED?: 0,0 9,9", "a: 0,0 9,9; MARKED: 0,0 0,0", "MARKED,MARKED", "MARKED;1", 'MARKED"x', "MARKED")


@pytest.mark.parametrize("password", SECRET_CELLS)
@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("address", "user", "password")])
def test_a_password_in_the_wrong_column_is_never_quoted(registry: Registry, password: str, column: str) -> None:
    try:
        refusal(registry, table(ROW | {column: password}))
    except pytest.fail.Exception:
        assert column in ("name", "site", "sensor")


def test_a_password_with_an_unquoted_comma_is_never_quoted(registry: Registry) -> None:
    for tail in (",1,2,3,4,box,60,,", ",1,2", ""):
        refusal(registry, (",".join(COLUMNS) + f"\nnorth,west,rtsp://h/,ada,MARKED,MARKED{tail}\n").encode())
    refusal(registry, f"north,west,{ADDRESS},{USER},{PASSWORD}\n".encode())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the head line lacks name and site"),
        (b"name,site\n", "no row below its head line"),
        (b"name,site,speed\nx,y,1\n", "no known name in column 3"),
        (b"name,site,site\nx,y,z\n", "names a column twice"),
        ("name,site\nx,y\n".encode("utf-16"), "save it as CSV in UTF-8"),
        ("name,site\nx,y\n".encode("utf-16-le"), "save it as CSV in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "save it as CSV in UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00" * 50, "save it as CSV in UTF-8"),
        ("name,site\nn\xf6rd,west\n".encode("latin-1"), "line 2 is not UTF-8"),
        (b'name,site\n"north,west\n', "no valid CSV"),
        (b"name,site\n" + b"x" * 200_000 + b",y\n", "no valid CSV"),
        (b"name,site\nnorth,west,1\n", "has 3 cells, but the head line has 2"),
        (b"x" * (16 * 2**20 + 1), "larger than 16 MiB"),
        (b"name,site\n" + b"x,y\n" * (MOST_ROWS + 1), "more than 20,000 rows"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(registry: Registry, content: bytes, sentence: str) -> None:
    assert sentence in refusal(registry, content)


@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: f"name,site,lines\n{text}".encode("utf-8", "replace"))
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        rows, found = read_table(content)
    except SiteError:
        return
    assert rows or found


WORDS = st.text("ab ä北.-_1", min_size=1, max_size=8).map(str.strip).filter(lambda text: text[:1] not in ("", ".", "-", "_"))
NUMBERS = st.floats(-1e5, 1e5) | st.integers(-1000, 1000).map(float)
POINTS = st.tuples(NUMBERS, NUMBERS)


@given(places=st.lists(st.tuples(WORDS, POINTS, POINTS), max_size=4))
def test_lines_are_the_same_after_writing_and_reading(
    places: list[tuple[str, tuple[float, float], tuple[float, float]]],
) -> None:
    tables = [LineTable.model_construct(name=name, from_px=one, to_px=other) for name, one, other in places]
    assert lines_of(lines_text(tables)) == [{"name": n, "from": list(one), "to": list(other)} for n, one, other in places]


@given(places=st.lists(st.tuples(WORDS, st.lists(POINTS, min_size=3, max_size=9)), max_size=4))
def test_zones_are_the_same_after_writing_and_reading(places: list[tuple[str, list[tuple[float, float]]]]) -> None:
    tables = [ZoneTable.model_construct(name=name, corners=tuple(corners)) for name, corners in places]
    assert zones_of(zones_text(tables)) == [{"name": n, "corners": [list(point) for point in c]} for n, c in places]


@pytest.mark.parametrize(
    "text", ["0,0 1,1", ": 0,0 1,1", "a: 0,0 1", "a: 0,0 1,1,1", "a: 0,0 nan,1", "a: 0,0 1_0,1", "a: 0,0 x,1"]
)
def test_a_place_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(GeometryError):
        lines_of(text)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    names=st.lists(WORDS, min_size=1, max_size=5, unique=True),
    where=st.sampled_from([None, Where(1.5, -2.0), Where(x=0.0, y=9.0)]),
)
def test_an_export_imports_as_no_change_and_holds_no_secret(registry: Registry, names: list[str], where: Where | None) -> None:
    for name in names:
        if name not in registry.state.cameras:
            registry.put(draft(name, where=where, table={"line": [LINE]}), version=0, by=BY)
    text = write_table(registry.state.cameras.values())
    assert "MARKED" not in text
    assert "10.31.41.59" not in text
    assert import_table(registry, text.encode(), by=BY) == Imported(unchanged=len(registry.state.cameras) - 1)


def test_a_city_is_imported_in_one_go_and_read_again(registry: Registry) -> None:
    rows = [ROW | {"name": f"camera {number}", "site": f"site {number % 30}"} for number in range(1039)]
    started = time.process_time()
    assert len(imported(registry, table(*rows)).added) == 1039
    print(f"1,039 cameras: {time.process_time() - started:.2f} s of CPU")
    assert len(registry.entries()) == 1040
    assert len(registry.work_of("box")) == 1039


def test_more_cameras_than_the_hub_takes_are_refused(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throng.hub.registry.importing.MOST_CAMERAS", 2)
    with pytest.raises(HubError, match="there would be more than 2 cameras"):
        imported(registry, table(ROW, ROW | {"name": "south"}))
    imported(registry, table(ROW))
