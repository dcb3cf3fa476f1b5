"""Recordings are read as they were written, in every format and by hand, and mistakes are told with their line."""

import codecs
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.study.walkers import RATE_HZ, by_person, rows_of, walkers, write_jupedsim, write_rows

from throng.data.errors import TrajectoryError
from throng.data.trajectories import Trajectories
from throng.ground.homography import homography_of
from throng.study import text
from throng.study.read import read_trajectories

JUELICH = "# PeTrack project: made-up.pet\n# framerate: 25 fps\n# id frame x/{0} y/{0} z/{0}"
SIX = "%d %d %.4f %.4f %d"


def equal(read: Trajectories, wanted: Trajectories, tolerance: float = 1e-12) -> None:
    assert read.rate_hz == pytest.approx(wanted.rate_hz, rel=1e-9)
    np.testing.assert_array_equal(read.ids, wanted.ids)
    np.testing.assert_array_equal(read.frames, wanted.frames)
    np.testing.assert_allclose(read.xy_m, wanted.xy_m, rtol=0, atol=tolerance)


def with_height(rows: np.ndarray) -> np.ndarray:
    return np.column_stack([rows, np.full(len(rows), 176)])


@pytest.mark.parametrize(("unit", "scale"), [("m", 1.0), ("cm", 100.0)])
@pytest.mark.parametrize("separator", [" ", "\t", "   "])
def test_text_of_juelich_is_read_as_pedpy_reads_it(tmp_path: Path, unit: str, scale: float, separator: str) -> None:
    import pedpy

    wanted = walkers()
    rows = with_height(rows_of(wanted, scale=scale))
    path = write_rows(tmp_path / "walk.txt", rows, header=JUELICH.format(unit), separator=separator, formats=SIX)
    read = read_trajectories(path)
    equal(read, wanted)
    theirs = pedpy.load_trajectory(trajectory_file=path)
    data = theirs.data.sort_values(["frame", "id"])
    assert theirs.frame_rate == read.rate_hz
    np.testing.assert_array_equal(read.ids, data.id)
    np.testing.assert_array_equal(read.frames, data.frame)
    np.testing.assert_allclose(read.xy_m, data[["x", "y"]], rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("header", "given"),
    [
        ("", {"unit": "cm", "rate_hz": 25.0}),
        ("# framerate: 25.00 fps", {"unit": "cm"}),
        ("#framerate:25\n#ID\tFR\tX/cm\tY/cm\tZ/cm", {}),
        ("#description: made up\n#framerate: 25.0\n#ID: the agent ID\n#FR: the current frame\n#X,Y,Z: in cm\n#ID FR X Y Z", {}),
        ("# frame rate 25\n# PersID Frame X [cm] Y [cm] Z [cm]", {}),
        ("# framerate: 25 fps\n\n# x, y in centimetres\n", {}),
        ("# Größe: größer, framerate 25\n# x in cm", {}),
    ],
)
def test_headers_of_all_kinds_are_understood(tmp_path: Path, header: str, given: dict[str, object]) -> None:
    wanted = walkers()
    rows = with_height(rows_of(wanted, scale=100.0))
    path = write_rows(tmp_path / "walk.txt", rows, header=header, formats=SIX)
    equal(read_trajectories(path, **given), wanted)  # type: ignore[arg-type]
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n"))
    equal(read_trajectories(path, **given), wanted)  # type: ignore[arg-type]


def test_columns_in_another_order_follow_the_comment_or_the_option(tmp_path: Path) -> None:
    wanted = walkers()
    rows = rows_of(wanted)[:, [1, 0, 2, 3]]
    path = write_rows(tmp_path / "a.txt", rows, header="# framerate: 25\n# frame id x/m y/m")
    equal(read_trajectories(path), wanted)
    path = write_rows(tmp_path / "b.txt", rows, formats="%.1f %.1f %.4f %.4f", separator="\t")
    equal(read_trajectories(path, columns="frame, id, x, y", rate_hz=25, unit="m"), wanted)


@pytest.mark.parametrize(
    ("header", "separator", "given"),
    [
        ("id,frame,x,y", ",", {"rate_hz": 25.0}),
        ("ID;FRAME;X;Y", ";", {"rate_hz": 25.0}),
        ("track_id\tframe_number\tpos_x [m]\tpos_y [m]", "\t", {"rate_hz": 25.0}),
        ("agent frame x_m y_m", " ", {"rate_hz": 25.0}),
        ('# framerate: 25\n"PedID","Frame","X (m)","Y (m)"', ",", {}),
        ("# framerate: 25 fps\n# id,frame,x/m,y/m", ",", {}),
    ],
)
def test_tables_with_a_header_are_read_by_its_names(
    tmp_path: Path, header: str, separator: str, given: dict[str, object]
) -> None:
    wanted = walkers()
    path = write_rows(tmp_path / "walk.csv", rows_of(wanted), header=header, separator=separator)
    equal(read_trajectories(path, **given), wanted)  # type: ignore[arg-type]


def test_other_columns_may_hold_words_and_ids_may_be_words(tmp_path: Path) -> None:
    wanted = walkers(people=9)
    lines = ["kind,y_cm,x_cm,note,frame,agent"]
    lines += [
        f'walker,{100 * y:.2f}, {100 * x:.2f} ,"a, b",{frame:.0f},ped_{person:.0f}' for person, frame, x, y in rows_of(wanted)
    ]
    (tmp_path / "walk.csv").write_text("\n".join(lines))
    read = read_trajectories(tmp_path / "walk.csv", rate_hz=25)
    equal(read, Trajectories(wanted.ids - 1, wanted.frames, wanted.xy_m, 25.0))


@pytest.mark.parametrize("separator", [";", "\t", " "])
def test_decimal_commas_are_numbers(tmp_path: Path, separator: str) -> None:
    wanted = walkers()
    path = write_rows(tmp_path / "walk.csv", rows_of(wanted), separator=separator)
    path.write_text(separator.join(["id", "frame", "x", "y"]) + "\n" + path.read_text().replace(".", ","))
    equal(read_trajectories(path, rate_hz=25), wanted)


@pytest.mark.parametrize(
    ("name", "form", "scale"), [("time", "%.2f", 1.0), ("t/s", "%.3f", 1.0), ("timestamp_ms", "%.0f", 1000.0)]
)
def test_times_become_frames(tmp_path: Path, name: str, form: str, scale: float) -> None:
    wanted = walkers()
    rows = rows_of(wanted)
    rows[:, 1] = (rows[:, 1] + 2500) * scale / RATE_HZ
    wanted = Trajectories(wanted.ids, wanted.frames + 2500, wanted.xy_m, RATE_HZ)
    path = write_rows(tmp_path / "walk.csv", rows, header=f"id,{name},x,y", separator=",", formats=f"%d {form} %.4f %.4f")
    equal(read_trajectories(path), wanted)
    equal(read_trajectories(path, rate_hz=25.0), wanted)
    with pytest.raises(TrajectoryError, match=r"line \d+: the time .* lies between two frames at 10 frames a second"):
        read_trajectories(path, rate_hz=10.0)


def test_frames_numbered_with_a_step_are_counted_one_by_one(tmp_path: Path) -> None:
    wanted = walkers()
    rows = rows_of(wanted)
    rows[:, 1] = 780 + 10 * rows[:, 1]
    path = write_rows(tmp_path / "walk.txt", rows, header="# framerate: 25\n# x in m")
    read = read_trajectories(path)
    assert read.rate_hz == 2.5
    np.testing.assert_array_equal(read.frames, wanted.frames + 78)


def test_annotations_of_eth_are_read(tmp_path: Path) -> None:
    wanted = walkers()
    rows = rows_of(wanted)
    zero = np.zeros(len(rows))
    table = np.column_stack([1 + 10 * rows[:, 1], rows[:, 0], rows[:, 2], zero, rows[:, 3], zero, zero, zero])
    path = write_rows(tmp_path / "obsmat.txt", table, separator="  ", formats=" ".join(["%.7e"] * 8))
    path.write_text("\n".join(f"   {line}   " for line in path.read_text().splitlines()))
    read = read_trajectories(path)
    equal(read, Trajectories(wanted.ids, wanted.frames, wanted.xy_m, 2.5), tolerance=1e-6)


def test_boxes_stand_on_the_ground_by_a_homography(tmp_path: Path) -> None:
    wanted = walkers()
    homography = homography_of([[0.02, 0, -1], [0, 0.02, -2], [0, 0.0001, 1]])
    order = by_person(wanted)
    feet, _ = homography.to_image(wanted.xy_m[order])
    boxes = [
        f"{frame},{person},{x - 10:.9f},{y - 80:.9f},20,80,{score},{kind},1"
        for frame, person, (x, y) in zip(wanted.frames[order], wanted.ids[order], feet, strict=True)
        for score, kind, person in ((1, 1, person), (0, 1, person + 1000), (1, 3, person + 2000))
    ]
    path = tmp_path / "gt.txt"
    path.write_text("\n".join(boxes))
    equal(read_trajectories(path, rate_hz=25, homography=homography), wanted, tolerance=1e-6)
    with pytest.raises(TrajectoryError, match="holds pixels: give the homography"):
        read_trajectories(path, rate_hz=25)
    points = np.column_stack([wanted.ids[order], wanted.frames[order], feet])
    path = write_rows(tmp_path / "points.csv", points, header="id,frame,x,y", separator=",", formats="%d %d %.9f %.9f")
    equal(read_trajectories(path, rate_hz=25, homography=homography), wanted, tolerance=1e-6)


def test_files_of_jupedsim_are_read(tmp_path: Path) -> None:
    wanted = walkers()
    path = write_jupedsim(tmp_path / "walk.sqlite", wanted)
    equal(read_trajectories(path), wanted)
    with pytest.raises(TrajectoryError, match=r"its rate is 25\.0, not 10"):
        read_trajectories(path, rate_hz=10)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(TrajectoryError, match="no SQLite file of JuPedSim"):
        read_trajectories(path)


@pytest.mark.parametrize("block", [64, 100, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_where_blocks_end_makes_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: bytes) -> None:
    wanted = walkers(people=3, frames=40)
    path = write_rows(tmp_path / "walk.csv", rows_of(wanted), header="# framerate: 25\n\nid,frame,x,y", separator=",")
    path.write_bytes(path.read_bytes().replace(b"\n", end))
    monkeypatch.setattr(text, "BLOCK_BYTES", block)
    seen: list[tuple[int, int]] = []
    equal(read_trajectories(path, progress=lambda done, total: seen.append((done, total))), wanted)
    assert seen == sorted(seen)
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_rows_that_only_the_slow_reader_takes_are_the_same_numbers(tmp_path: Path) -> None:
    wanted = walkers()
    clean = write_rows(tmp_path / "a.csv", rows_of(wanted), header="id,frame,x,y", separator=",")
    odd = write_rows(tmp_path / "b.csv", rows_of(wanted), header="id,frame,x,y", separator=",", formats="%d %d %+.4f %+.4f")
    one, other = read_trajectories(clean, rate_hz=25), read_trajectories(odd, rate_hz=25)
    np.testing.assert_array_equal(one.xy_m, other.xy_m)
    np.testing.assert_array_equal(one.ids, other.ids)


GOOD = ["# framerate: 25", "id,frame,x,y", "1,0,1.0,1.0", "1,1,1.1,1.0", "", "2,0,3,2", "2,1,3,2.1"]


@pytest.mark.parametrize(
    ("line", "now", "words"),
    [
        (4, "1,1,1.1,abc", 'line 4: the y "abc" is no number'),
        (4, "1,1,,1.0", "line 4: the x is empty"),
        (6, "2,0,nan,2", "line 6: the x must be a finite number, not nan"),
        (7, "2,1,inf,2", "line 7: the x must be a finite number, not inf"),
        (6, "2,0.5,3,2", "line 6: the frame must be a whole number, not 0.5"),
        (7, "2,0,3,2", "line 7: this person already has a place in this frame"),
        (7, "2,1,3", "line 7: has 3 columns where the first row has 4"),
        (7, "2,1,3,2,1", "line 7: has 5 columns where the first row has 4"),
        (2, "id,frame,x,z", "names no y"),
        (2, "who,x,y", "names no id and no frame or time"),
        (2, "id,frame,x_cm,y_m", "different units"),
        (7, "2,1,30000,2.1", "spread over 30 km"),
        (7, "2,1,3,2.1\n3,0,0,0\n3,1,90,0\n4,0,0,0\n4,1,90,0\n5,0,0,0\n5,1,90,0", "half of all steps are faster than 10 m/s"),
        (1, "# no rate", "does not tell its frame rate"),
        (1, "# framerate: 25, x in px", "holds pixels: give the homography"),
        (7, "2,900000000,3,2.1", "is the frame column the right one"),
        (7, "2,1e300,3,2.1", "line 7: the frame must lie within 1e+15 of 0"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, line: int, now: str, words: str) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(GOOD))
    assert len(read_trajectories(path)) == 4
    path.write_text("\n".join([*GOOD[: line - 1], now, *GOOD[line:]]))
    with pytest.raises(TrajectoryError) as caught:
        read_trajectories(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "given", "words"),
    [
        (b"", {}, "has no rows"),
        (b"# only\n# comments\n", {}, "has no rows"),
        (b"id,frame,x,y\n", {"rate_hz": 25.0}, "has a header but no rows"),
        (b"\x89HDF\r\n\x1a\n0000", {}, "HDF5"),
        (b"\xff\xfei\0d\0", {}, "UTF-16"),
        (b"\0\1\2", {}, "no text file"),
        (b"1 0 2.0 3.0\n1 1 2.0 3.0\n", {"rate_hz": 25.0}, "does not tell the unit"),
        (b"1 0 2.0 3.0\n1 1 2.0 3.0\n", {"unit": "m"}, "does not tell its frame rate"),
        (b"1 0 2.0\n", {"unit": "m", "rate_hz": 25.0}, "have 3 columns"),
        (b"1,0,2.0,3.0\n", {"rate_hz": 25.0}, "no header"),
        (b"# framerate: 25, x in cm\n1 0 2.0 3.0\n", {"unit": "m"}, "its unit is cm, not m"),
        (b"# framerate: 25, x in cm\n1 0 2.0 3.0\n", {"rate_hz": 16.0}, "its rate is 25.0, not 16.0"),
        (b"id,time,x,y\n1,0,0,0\n", {}, "single moment"),
        (b"id,frame,x,y\n1,0,0,0\n", {"rate_hz": -1.0}, "must be a positive number"),
        (b"id,frame,x,y\n1,0,0,0\n", {"format": "trc"}, 'no format "trc"'),
        (b"id,frame,x,y\n1,0,0,0\n", {"unit": "ft"}, 'no unit "ft"'),
        (b"id,frame,x,y\n1,0,0,0\n", {"format": "jupedsim"}, "no SQLite file"),
        (b"1 2 3 4\n", {"columns": "id frame x"}, "names no y"),
        (b"9" * 3_000_000, {"unit": "m", "rate_hz": 1.0}, "line of more than"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, content: bytes, given: dict[str, object], words: str) -> None:
    path = tmp_path / "walk"
    path.write_bytes(content)
    with pytest.raises(TrajectoryError, match=words.replace("(", r"\(")) as caught:
        read_trajectories(path, **given)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.txt", tmp_path):
        with pytest.raises(TrajectoryError, match="cannot be read"):
            read_trajectories(path)


VALID = (
    b"# framerate: 25 fps\n# id frame x/m y/m z/m\n1 0 1.0 2.0 1.7\n1 1 1.1 2.0 1.7\n2 1 3 3 1.7\n",
    b"id,frame,x,y\n1,0,1.0,2.0\n1,1,1.1,2.0\n",
    b"id;time;x_cm;y_cm\na;0,04;100,5;3\na;0,08;101,5;3\nb;0,08;1;1\n",
    b"1 1 1.0 0 2.0 0 0 0\r\n11 1 1.1 0 2.0 0 0 0\r\n",
    b"1,1,10,10,20,50,1,1,1\n2,1,11,10,20,50,1,1,1\n",
    b"SQLite format 3\0" + bytes(84),
)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(alphabet="0123456789.,;\t \n\r#-+eEnaif\"'xyidframe", max_size=300).map(str.encode),
        st.tuples(st.sampled_from(VALID), st.integers(0, 120), st.integers(0, 12), st.binary(max_size=12)).map(
            lambda parts: parts[0][: parts[1]] + parts[3] + parts[0][parts[1] + parts[2] :]
        ),
    ),
    st.sampled_from([None, 25.0, 1e-300, 1e300]),
    st.sampled_from([None, "m", "cm", "px"]),
    st.sampled_from([None, "juelich", "obsmat", "csv", "mot", "jupedsim"]),
    st.booleans(),
)
@example(b"id,time,x,y\n1,0,0,0\n1,1e308,0,0\n", None, None, None, False)
@example(b"id,time,x,y\n1,-1e308,0,0\n1,1e308,0,0\n", None, None, None, False)
@example(b"id,frame,x,y\n1,0,-1e308,0\n1,1,1e308,0\n", 25.0, None, None, False)
@example(b'id,frame,x,y\n"1,0,0,0\n1",1,0,0\n', 25.0, None, None, False)
def test_any_bytes_are_trajectories_or_an_error(
    tmp_path_factory: pytest.TempPathFactory,
    content: bytes,
    rate_hz: float | None,
    unit: str | None,
    format: str | None,
    with_homography: bool,
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    path.write_bytes(content)
    homography = homography_of(np.diag([0.01, 0.01, 1.0])) if with_homography else None
    try:
        read = read_trajectories(path, rate_hz=rate_hz, unit=unit, format=format, homography=homography)  # type: ignore[arg-type]
    except TrajectoryError:
        return
    assert isinstance(read, Trajectories)
    assert np.isfinite(read.xy_m).all()


@pytest.mark.realdata
def test_all_recordings_at_hand_are_read_as_pedpy_reads_them(shared_data: Path) -> None:
    import pedpy

    files = sorted((shared_data / "trajectories" / "juelich").glob("*.txt"))
    assert files
    for path in files:
        bare = path.name.startswith("uo-")
        given = {"rate_hz": 16.0, "unit": "cm"} if bare else {}
        read = read_trajectories(path, **given)  # type: ignore[arg-type]
        theirs = pedpy.load_trajectory(
            trajectory_file=path,
            default_frame_rate=16.0 if bare else None,
            default_unit=pedpy.TrajectoryUnit.CENTIMETER if bare else None,
        )
        data = theirs.data.sort_values(["frame", "id"])
        assert read.rate_hz == theirs.frame_rate
        np.testing.assert_array_equal(read.ids, data.id)
        np.testing.assert_array_equal(read.frames, data.frame)
        np.testing.assert_allclose(read.xy_m, data[["x", "y"]], rtol=1e-15, atol=0)
        if bare:
            with pytest.raises(TrajectoryError, match="half of all steps are faster"):
                read_trajectories(path, rate_hz=16.0, unit="m")


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["eth_hotel", "ucy_zara01"])
def test_annotations_at_hand_move_at_the_speeds_they_state(shared_data: Path, name: str) -> None:
    path = shared_data / "trajectories" / name / "obsmat.txt"
    read, rows = read_trajectories(path), np.loadtxt(path)
    assert read.rate_hz == 2.5
    assert len(read) == len(rows)
    order = np.lexsort((read.frames, read.ids))
    rows = rows[np.lexsort((rows[:, 0], rows[:, 1]))]
    same = (np.diff(read.ids[order]) == 0) & (np.diff(read.frames[order]) == 1)
    moved = np.hypot(*np.diff(read.xy_m[order], axis=0)[same].T) * read.rate_hz
    stated = np.hypot(rows[1:, 5], rows[1:, 7])[same]
    walking = stated > 0.5
    assert np.median(moved[walking] / stated[walking]) == pytest.approx(1.0, abs=0.02)
