"""Reading site files: what is read, and what each mistake is told like."""

import pickle
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from throng.data.errors import SiteError
from throng.privacy.budget import MECHANISMS, Budget, Shares
from throng.site.budget import BudgetTable
from throng.site.expect import choices, keys_of
from throng.site.model import Camera, Site
from throng.site.read import read_site

SITE_KEYS = "name, data, tick_s, port, precision, budget, hub, camera, alarm"
HEAD = 'name = "Central"\n'
CAMERA = '[[camera]]\nname = "north"\naddress = "film.mp4"\n'
SECRET = "hunter2-geheim"


def read(folder: Path, text: str | bytes) -> Site:
    (folder / "site.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_site(folder / "site.toml")


def told(folder: Path, text: str | bytes) -> str:
    """The mistakes that a file is refused with, without its path."""
    with pytest.raises(SiteError) as caught:
        read(folder, text)
    printed = "".join(traceback.format_exception(caught.value))
    assert SECRET not in printed
    return str(caught.value).replace(f"{folder / 'site.toml'}:", "")


def test_a_whole_site(tmp_path: Path) -> None:
    site = read(
        tmp_path,
        """\ufeffname = "Central station"
        tick_s = 30
        [budget]
        rho_per_day = 1
        [[camera]]
        name = "Süd 2"
        address = "rtsp://10.0.0.5/stream"
        user = "viewer"
        password_env = "PASSWORD"
        anchor = "centre"
        rate_hz = 10
        [[camera.line]]
        name = "door"
        from = [661, 166]
        to = [1859, 520.5]
        [[camera.zone]]
        name = "square"
        corners = [[100,100],[900,100],[900,700],[100,700]]
        [camera.calibration]
        points_px = [[1,2],[30,4],[5,60],[70,80]]
        points_m = [[0,0],[1,0],[0,1],[1,1]]
        [camera.where]
        x = 12.5
        y = 40
        """,
    )
    assert (site.name, site.tick_s, site.port, site.budget.rho_per_day) == ("Central station", 30, 8040, 1.0)
    assert site.data_folder == tmp_path / "data"
    (camera,) = site.camera
    assert (camera.name, camera.anchor, camera.rate_hz, camera.loop) == ("Süd 2", "centre", 10.0, False)
    (line,) = camera.lines()
    np.testing.assert_array_equal(line.ends_px, [[661, 166], [1859, 520.5]])
    (zone,) = camera.zones()
    np.testing.assert_array_equal(zone.corners_px, [[100, 100], [900, 100], [900, 700], [100, 700]])
    assert camera.calibration is not None
    assert camera.calibration.points_m[1] == (1.0, 0.0)
    assert camera.where is not None
    assert (camera.where.lat, camera.where.x, camera.where.y) == (None, 12.5, 40.0)
    assert "10.0.0.5" not in repr(site)
    assert "viewer" not in repr(site)


def test_a_camera_may_have_ticks_of_its_own(tmp_path: Path) -> None:
    site = read(tmp_path, HEAD + "tick_s = 30\n" + CAMERA + "tick_s = 600\n" + CAMERA.replace("north", "south"))
    assert [site.tick_of(camera) for camera in site.camera] == [600, 30]


def test_every_mechanism_of_the_wall_can_be_chosen() -> None:
    assert choices(keys_of(BudgetTable)["mechanism"]) == MECHANISMS


def test_a_whole_budget_is_the_walls_own(tmp_path: Path) -> None:
    written = """[budget]
    mechanism = "pure-tree"
    epsilon_per_day = 0.5
    passage_counters = 4
    pieces = 2
    pieces_measured = "track-eval"
    shares.speed_now = 0.1
    shares.heat = 0.3
    """
    settings = read(tmp_path, HEAD + written + CAMERA).budget.settings()
    wanted = Budget(
        passage_counters=4,
        pieces=2,
        pieces_from="track-eval",
        mechanism="pure-tree",
        epsilon_per_day=0.5,
        shares=Shares(speed_now=0.1, heat=0.3),
    )
    assert Budget(**settings | {"shares": Shares(**settings["shares"])}) == wanted


def test_the_budget_defaults_to_the_walls_own(tmp_path: Path) -> None:
    budget = read(tmp_path, HEAD + CAMERA).budget
    settings = budget.settings()
    assert Budget(**settings | {"shares": Shares(**settings["shares"])}) == Budget()


@pytest.mark.parametrize(
    ("address", "complete"),
    [
        ("film.mp4", "{folder}/film.mp4"),
        ("films/a b.mp4", "{folder}/films/a b.mp4"),
        ("/films/a.mp4", "/films/a.mp4"),
        ("/dev/video0", "/dev/video0"),
        ("RTSP://camera/1", "RTSP://camera/1"),
        ("https://camera:8443/a?channel=1", "https://camera:8443/a?channel=1"),
        ("simulate:concourse/north", "simulate:concourse/north"),
    ],
)
def test_films_lie_beside_the_site_file(tmp_path: Path, address: str, complete: str) -> None:
    site = read(tmp_path, HEAD + CAMERA.replace("film.mp4", address))
    assert site.address(site.camera[0]) == complete.format(folder=tmp_path)


def test_model_files_lie_beside_the_site_file_and_names_stay(tmp_path: Path) -> None:
    for detector, complete in (("models/a.onnx", f"{tmp_path}/models/a.onnx"), ("yolox_nano", "yolox_nano")):
        site = read(tmp_path, HEAD + CAMERA + f'detector = "{detector}"\n')
        assert site.detector(site.camera[0]) == complete


def test_a_site_reaches_another_process_whole(tmp_path: Path) -> None:
    site = read(tmp_path, HEAD + CAMERA)
    again = pickle.loads(pickle.dumps(site))
    assert again == site
    assert again.data_folder == site.data_folder
    assert again.address(again.camera[0]) == str(tmp_path / "film.mp4")


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=64))
def test_names_of_any_script_give_plain_and_different_keys(name: str) -> None:
    try:
        camera = Camera.model_validate({"name": name, "address": "film.mp4"})
    except ValueError:
        return
    other = Camera.model_validate({"name": "n" + camera.name[1:] + "x"[: 64 - len(camera.name)], "address": "film.mp4"})
    assert camera.key.isascii()
    assert set(camera.key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(camera.key) <= 60
    assert (camera.key == other.key) == (camera.name == other.name)


@pytest.mark.parametrize("name", ["Nord", "西口", "उत्तर", "محطة 2", "a.b_c-d", "9"])
def test_names_that_are_good(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, HEAD + CAMERA.replace("north", name)).camera[0].name == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", " a", "a ", "a\\\\b", "a\\nb", "\\u0000", "-a", "x" * 65, "a\\u202eb"]
)
def test_names_that_are_not(tmp_path: Path, name: str) -> None:
    message = told(tmp_path, HEAD + CAMERA.replace("north", name))
    assert message.startswith("3: camera[")
    assert "expected a text of 1 to 64 characters of letters, digits, spaces and . - _, that begins with" in message


NAME = "a text of 1 to 64 characters of letters, digits, spaces and . - _, that begins with a letter or digit"
TICK = "a whole number from 1 to 3600 that divides a day evenly (seconds)"
TWICE = 'two places of this camera have the name "door": give every line and zone its own'
ADDRESS = "a text of 1 to 2048 characters that is an address or a path"
POINT = "a point [x, y] with numbers from -100000 to 100000 (pixels)"
LINE = '[[camera.line]]\nname = "door"\nfrom = [1, 2]\nto = [30, 40]\n'
ZONE = '[[camera.zone]]\nname = "square"\ncorners = [[0, 0], [9, 0], [9, 9], [0, 9]]\n'
LOGIN = "the address holds a user or password: move them to user and password_env or password_file"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # the file
        ("", " the site file is empty: it needs at least a name and one [[camera]] table"),
        ("# nothing\n", " the site file is empty: it needs at least a name and one [[camera]] table"),
        (b'name = "a"\n# gr\xfc\xdfe\n', "2: the site file is not UTF-8, see byte 16 (0xfc): save it as UTF-8"),
        (HEAD.encode("utf-16"), "1: the site file is not UTF-8, see byte 1 (0xff): save it as UTF-8"),
        (HEAD + "port 80\n", "2: the site file is not valid TOML: expected '=' after a key in a key/value pair"),
        (HEAD + "data = folder\n", "2: the site file is not valid TOML: invalid value; texts stand in quotes"),
        (HEAD + HEAD, "2: the site file is not valid TOML: cannot overwrite a value"),
        (HEAD + 'data = "x', "2: the site file is not valid TOML: unterminated string"),
        ("a = " + "[" * 100_000, " the site file nests too deeply"),
        # keys
        (CAMERA, f"1: name: is missing; expected {NAME}"),
        (HEAD, "1: camera: there must be a [[camera]] table, or [hub] for cameras of other machines: add one"),
        (HEAD + "tick_ms = 60\n" + CAMERA, "2: tick_ms: unknown key; did you mean tick_s (seconds)?"),
        (HEAD + "tick = 60\n" + CAMERA, "2: tick: unknown key; did you mean tick_s (seconds)?"),
        (HEAD + "cameras = 60\n" + CAMERA, "2: cameras: unknown key; did you mean camera?"),
        (HEAD + "zzz = 60\n" + CAMERA, f"2: zzz: unknown key; the keys here are {SITE_KEYS}"),
        (HEAD + '"a b" = 60\n' + CAMERA, f'2: "a b": unknown key; the keys here are {SITE_KEYS}'),
        (
            HEAD + "[budget]\nrho_per_day = 1\nport = 80\n" + CAMERA,
            "4: budget.port: unknown key; port belongs at the top of the file, above the first [table]",
        ),
        (HEAD + "rho_per_day = 1\n" + CAMERA, "2: rho_per_day: unknown key; rho_per_day belongs in [budget]"),
        (HEAD + CAMERA + "fps = 5\n", '5: camera["north"].fps: unknown key; did you mean rate_hz (pictures a second)?'),
        (HEAD + CAMERA + "rate_s = 5\n", '5: camera["north"].rate_s: unknown key; did you mean rate_hz (pictures a second)?'),
        (
            HEAD + CAMERA + f'password = "{SECRET}"\n',
            '5: camera["north"].password: unknown key; a password never stands in the site file: '
            "use password_env or password_file",
        ),
        (
            HEAD + CAMERA + "[camera.calibration]\npoints = [[1, 2]]\npoints_px = [[0,0],[9,0],[9,9],[0,9]]\n"
            "points_m = [[0,0],[9,0],[9,9],[0,9]]\n",
            '6: camera["north"].calibration.points: unknown key; did you mean points_px (pixels) or points_m (metres)?',
        ),
        (
            HEAD + CAMERA + "[camera.where]\nlat = 52\n",
            '6: camera["north"].where.lat: a place needs both lat and lon: give the other one too',
        ),
        (
            HEAD + CAMERA + "[camera.where]\nlat = 52\nlon = 5\ny = 1\n",
            '8: camera["north"].where.y: a place needs both x and y: give the other one too',
        ),
        (
            HEAD + CAMERA + "[camera.where]\n",
            '5: camera["north"].where: it says no place: give lat and lon, or x and y, or remove it',
        ),
        # values
        (HEAD + 'tick_s = "60"\n' + CAMERA, f'2: tick_s: expected {TICK}, found "60"'),
        (HEAD + "tick_s = 60.0\n" + CAMERA, f"2: tick_s: expected {TICK}, found 60.0"),
        (HEAD + "tick_s = 0\n" + CAMERA, f"2: tick_s: expected {TICK}, found 0"),
        (HEAD + "tick_s = 7\n" + CAMERA, "2: tick_s: a day has no whole number of ticks of 7 seconds: take 6 or 8"),
        (HEAD + "port = true\n" + CAMERA, "2: port: expected a whole number from 0 to 65535, found true"),
        (HEAD + "port = 1979-05-27\n" + CAMERA, '2: port: expected a whole number from 0 to 65535, found "1979-05-27"'),
        (HEAD + "budget.rho_per_day = nan\n" + CAMERA, "2: budget.rho_per_day: expected a number from 0.0001 to 10, found NaN"),
        (HEAD + "[[budget]]\n" + CAMERA, "2: budget: expected a [budget] table, found an array of tables"),
        (HEAD + CAMERA.replace("[[camera]]", "[camera]"), "2: camera: expected [[camera]] tables, found one table"),
        (HEAD + "camera = [1]\n", "2: camera: expected [[camera]] tables, found [1]"),
        (
            HEAD + CAMERA + 'tiles = "1x1"\n',
            '5: camera["north"].tiles: expected a text of 1 to 3 characters that is columns x rows from "2x1" to "8x8", '
            'found "1x1"',
        ),
        (
            HEAD + CAMERA + 'decoding = "gpu"\n',
            '5: camera["north"].decoding: expected "processor" or "card", found "gpu"',
        ),
        (
            HEAD + CAMERA + 'tiles = "2x1"\ndetector = "foreground"\n',
            '5: camera["north"].tiles: the foreground detector sees the picture at its own size: remove tiles, or name a model',
        ),
        (
            'precision = "half"\n' + HEAD + CAMERA,
            '1: precision: expected "full" or "fast", found "half"',
        ),
        (
            HEAD + CAMERA + 'anchor = "feet"\n',
            '5: camera["north"].anchor: expected "foot" or "centre", found "feet"; did you mean "foot"?',
        ),
        (HEAD + CAMERA + "loop = 1\n", '5: camera["north"].loop: expected true or false, found 1'),
        (
            HEAD + CAMERA + LINE.replace("[1, 2]", "[1, 2, 3]"),
            f'7: camera["north"].line["door"].from: expected {POINT}, found [1, 2, 3]',
        ),
        (HEAD + CAMERA + LINE.replace("30", '"30"'), f'8: camera["north"].line["door"].to: expected {POINT}, found ["30", 40]'),
        (
            HEAD + CAMERA + LINE.replace("[30, 40]", "[1, 2]"),
            '5: camera["north"].line["door"]: line "door" is shorter than one pixel: give two points that differ',
        ),
        (
            HEAD + CAMERA + ZONE.replace("[9, 9]", "\n[9] # no\n"),
            f'8: camera["north"].zone["square"].corners[2]: expected {POINT}, found [9]',
        ),
        (
            HEAD + CAMERA + ZONE.replace("[9, 0], [9, 9]", "[9, 9], [9, 0]"),
            '7: camera["north"].zone["square"].corners: zone "square" crosses itself: the side after corner 1 '
            "meets the side after corner 3; list the corners in the order you would walk around it",
        ),
        (
            HEAD + CAMERA + "[camera.calibration]\npoints_px = [[0,0],[9,0],[9,9],[0,9]]\npoints_m = []\n",
            '7: camera["north"].calibration.points_m: expected 1 to 100 points [x, y] with numbers from -100000000 to '
            "100000000 (metres), found []",
        ),
        (
            HEAD + CAMERA + "calibration.points_px = [[0,0],[9,0],[9,9],[0,9],[5,5]]\n"
            "calibration.points_m = [[0,0],[9,0],[9,9],[0,9]]\n",
            '6: camera["north"].calibration.points_m: points_px has 5 points and points_m has 4: give one ground point for '
            "every picture point, in the same order",
        ),
        # rules
        (HEAD + CAMERA + CAMERA, '6: camera["north"].name: two cameras have the name "north": give each its own'),
        (
            HEAD + CAMERA.replace("north", "caf\u00e9") + CAMERA.replace("north", "cafe\u0301"),
            '6: camera["cafe\u0301"].name: two cameras have the name "caf\u00e9": give each its own',
        ),
        (
            HEAD + CAMERA + LINE + ZONE.replace("square", "door"),
            f'10: camera["north"].zone["door"].name: {TWICE}',
        ),
        (
            HEAD + "[budget]\npassage_counters = 1\n" + CAMERA + ZONE,
            "3: budget.passage_counters: a zone visit takes two counters, so that no zone would ever count: set "
            "passage_counters to 2 or more",
        ),
        (
            HEAD + "[budget.shares]\nheat = 0.5\ndwell = 0.5\n" + CAMERA,
            "2: budget.shares.speed_now: the shares add up to 1: at most 0.9, as the counts need the rest",
        ),
        (
            HEAD + '[budget]\nmechanism = "tree"\nepsilon_per_day = 1\n' + CAMERA,
            "4: budget.epsilon_per_day: the mechanism tree spends rho_per_day: remove epsilon_per_day, or set mechanism = "
            '"pure-tree"',
        ),
        (
            HEAD + '[budget]\nmechanism = "pure-tree"\nrho_per_day = 0.2\n' + CAMERA,
            "4: budget.rho_per_day: the mechanism pure-tree spends epsilon_per_day: remove rho_per_day",
        ),
        (
            HEAD + CAMERA + "tick_s = 7\n",
            '5: camera["north"].tick_s: a day has no whole number of ticks of 7 seconds: take 6 or 8',
        ),
        (
            HEAD + CAMERA.replace("film.mp4", "rtsp://c/1") + 'user = "u"\npassword_env = "A"\npassword_file = "b"\n',
            '7: camera["north"].password_file: the password comes either from password_env or from password_file: '
            "remove one of them",
        ),
        (
            HEAD + CAMERA.replace("film.mp4", "rtsp://c/1") + 'password_env = "A"\n',
            '5: camera["north"].password_env: a password needs a user: add user',
        ),
        (HEAD + CAMERA + 'user = "u"\n', '5: camera["north"].user: only rtsp and http addresses take a user: remove it'),
        # secrets
        *[
            (HEAD + CAMERA.replace("film.mp4", address), f'4: camera["north"].address: {sentence}')
            for address, sentence in [
                (f"rtsp://viewer:{SECRET}@10.0.0.5/stream", LOGIN),
                (f"rtsp://:{SECRET}@10.0.0.5/stream", LOGIN),
                ("rtsp://viewer@10.0.0.5/stream", LOGIN),
                (f"http://10.0.0.5/?channel=1&pwd={SECRET}", LOGIN),
                (f"rtsp://[{SECRET}", "the address is malformed: write it as rtsp://HOST:PORT/PATH"),
                (f"rtsp://a:b@c:{SECRET}", "the address is malformed: write it as rtsp://HOST:PORT/PATH"),
                (f"http:///{SECRET}", "the address names no host: write it as http://HOST:PORT/PATH"),
                (f"rstp://a:{SECRET}@b", "an address begins with rtsp://, rtsps://, http:// or https://, or is a path"),
                (f"simulate:{SECRET}", "a simulated camera is written simulate:SCENARIO/CAMERA"),
            ]
        ],
        (
            HEAD + CAMERA.replace("film.mp4", f"rtsp://a:{SECRET}@b/\\n"),
            f'4: camera["north"].address: expected {ADDRESS}, found '
            '"rtsp://…@b/\\n"',
        ),
        (
            HEAD + CAMERA.replace('"film.mp4"', f'["rtsp://a:{SECRET}@b"]'),
            f'4: camera["north"].address: expected {ADDRESS}, found ["rtsp://…@b"]',
        ),
        (
            HEAD + CAMERA + f'password_env = "{SECRET}"\n',
            '5: camera["north"].password_env: expected a text of 1 to 255 characters of capital letters, digits and _, the '
            "name of an environment variable, found something else, which is not shown because it may be a password",
        ),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert told(tmp_path, text) == message


def test_several_mistakes_are_all_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = HEAD + "tick = 1\nport = -1\n" + CAMERA + "looop = true\n" + LINE + ZONE.replace("square", "door") + CAMERA
    file = tmp_path / "site.toml"
    assert told(tmp_path, text).splitlines() == [
        f"{file} has 5 mistakes:",
        "2: tick: unknown key; did you mean tick_s (seconds)?",
        "3: port: expected a whole number from 0 to 65535, found -1",
        '7: camera["north"].looop: unknown key; did you mean loop?',
        f'13: camera["north"].zone["door"].name: {TWICE}',
        '16: camera["north"].name: two cameras have the name "north": give each its own',
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(SiteError) as caught:
        read_site(missing)
    assert str(caught.value) == f"{missing}: the site file cannot be read: no such file or directory"
    with pytest.raises(SiteError) as caught:
        read_site(tmp_path)
    assert str(caught.value) == f"{tmp_path}: the site file is a folder: give the TOML file in it"


def test_a_site_cannot_be_changed(tmp_path: Path) -> None:
    site = read(tmp_path, HEAD + CAMERA)
    with pytest.raises(ValueError, match="frozen"):
        site.port = 1


values: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["1", "-5", "1e400", "nan", "true", '"x"', '"rtsp://a:b@c"', "1979-05-27", "9" * 30, "''"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: f"[{', '.join(parts)}]")
        | st.sampled_from(["name", "from", "x", "corners"]).flatmap(lambda key: inner.map(lambda value: f"{{{key} = {value}}}"))
    ),
    max_leaves=8,
)
keys = st.sampled_from(
    ["name", "address", "tick_s", "budget", "camera", "line", "zone", "calibration", "corners", "from", "zzz"]
)
headers = st.sampled_from(["[budget]", "[[camera]]", "[[camera.line]]", "[[camera.zone]]", "[camera.calibration]", ""])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.lists(st.tuples(headers, keys, values), max_size=6))
def test_whatever_stands_in_the_file_it_is_read_or_refused(tmp_path: Path, parts: list[tuple[str, str, str]]) -> None:
    text = "".join(f"{header}\n{key} = {value}\n" for header, key, value in parts)
    try:
        read(tmp_path, text)
    except SiteError as error:
        message = str(error)
    else:
        return
    assert message.startswith(str(tmp_path))
    assert "a:b@" not in message
