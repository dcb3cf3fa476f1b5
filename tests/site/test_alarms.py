"""The alarms of a site file: what becomes of them, and what each mistake is told like."""

from pathlib import Path
from typing import Any

import pytest

from throng.alarm.rule import Rule
from throng.data.alarm_presets import PRESETS
from throng.data.errors import SiteError
from throng.data.release import QUANTITIES
from throng.site.read import read_site

SITE = """name = "Central"
[[camera]]
name = "north"
address = "film.mp4"
[[camera.line]]
name = "door"
from = [1, 2]
to = [30, 40]
[[camera.zone]]
name = "hall"
corners = [[0, 0], [90, 0], [90, 90], [0, 90]]
[camera.calibration]
points_px = [[1,2],[30,4],[5,60],[70,80]]
points_m = [[0,0],[1,0],[0,1],[1,1]]
[[camera]]
name = "south"
address = "film.mp4"
[[camera.zone]]
name = "yard"
corners = [[0, 0], [90, 0], [90, 90], [0, 90]]
[[camera]]
name = "roof"
address = "film.mp4"
"""
LINE = len(SITE.splitlines()) + 1


def alarm(text: str, *, name: str = "a", camera: str = "north", place: str = "hall") -> str:
    return f'[[alarm]]\nname = "{name}"\ncamera = "{camera}"\nplace = "{place}"\n{text}\n'


def rules(folder: Path, text: str) -> list[Rule]:
    (folder / "site.toml").write_text(SITE + text)
    return [Rule(**table.settings()) for table in read_site(folder / "site.toml").alarm]


def told(folder: Path, text: str) -> str:
    with pytest.raises(SiteError) as caught:
        rules(folder, text)
    return str(caught.value).replace(f"{folder / 'site.toml'}:", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'preset = "standing-crowd"',
            {"quantity": "density", "threshold": 5.0, "clear": 3.0, "severity": "danger", "direction": "above"},
        ),
        ('preset = "moving-crowd"', {"quantity": "density", "threshold": 4.0, "clear": 2.0, "severity": "danger"}),
        ('preset = "queue"', {"quantity": "wait", "threshold": 600.0, "clear": 300.0, "severity": "warning"}),
        (
            'preset = "standing-crowd"\nabove = 4\nclear = 2.5\nseverity = "warning"',
            {"quantity": "density", "threshold": 4.0, "clear": 2.5, "severity": "warning"},
        ),
        ('preset = "standing-crowd"\nabove = 4', {"threshold": 4.0, "clear": 2.0, "severity": "danger"}),
        (
            'quantity = "occupancy"\nabove = 300',
            {"threshold": 300.0, "clear": 150.0, "severity": "warning", "for_s": 120.0, "within_s": 0.0},
        ),
        (
            'quantity = "mean_speed"\nbelow = 0.3\nfor_s = 300\nwithin_s = 600',
            {"direction": "below", "threshold": 0.3, "clear": 0.6, "for_s": 300.0, "within_s": 600.0},
        ),
    ],
)
def test_an_alarm_becomes_a_rule(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    (rule,) = rules(tmp_path, alarm(text))
    assert (rule.name, rule.camera, rule.place) == ("a", "north", "hall")
    assert {key: getattr(rule, key) for key in expected} == expected


def test_without_metres_and_at_a_line(tmp_path: Path) -> None:
    two = alarm('quantity = "occupancy"\nabove = 50', camera="south", place="yard")
    two += alarm('quantity = "specific_flow"\nabove = 1.3', name="b", place="door")
    assert [rule.quantity for rule in rules(tmp_path, two)] == ["occupancy", "specific_flow"]


def test_what_has_a_share_of_the_budget_may_be_watched(tmp_path: Path) -> None:
    slow = alarm('quantity = "speed_now"\nbelow = 0.3')
    (rule,) = rules(tmp_path, f"{slow}[budget]\nshares = {{ speed_now = 0.2 }}\n")
    assert (rule.quantity, rule.direction, rule.threshold) == ("speed_now", "below", 0.3)


NOT_METRES = 'density needs metres: give camera "south" a [camera.calibration] table'
CLEAR = "clear must lie on the other side of the level 4, not at 4: set it to a level at which nobody need be called"
SPEED = 'preset "queue" watches wait: remove quantity or preset'
HALL = "in, out, in_total, out_total, specific_flow"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (alarm(""), f'{LINE}: alarm["a"].quantity: give the alarm a quantity to watch, or a preset'),
        (alarm('quantity = "density"'), f'{LINE}: alarm["a"].above: give the level at which the alarm rings: above or below'),
        (
            alarm('quantity = "faces"\nabove = 1'),
            f'{LINE + 4}: alarm["a"].quantity: there is no such quantity: take one of {", ".join(QUANTITIES)}',
        ),
        (
            alarm('quantity = "density"\nabove = 1\nbelow = 1'),
            f'{LINE + 6}: alarm["a"].below: an alarm rings either above or below a level: remove one of them',
        ),
        (alarm('quantity = "density"\nabove = 4\nclear = 4'), f'{LINE + 6}: alarm["a"].clear: {CLEAR}'),
        (alarm('preset = "queue"\nquantity = "density"'), f'{LINE + 5}: alarm["a"].quantity: {SPEED}'),
        (
            alarm('preset = "queue"', camera="east"),
            f'{LINE + 2}: alarm["a"].camera: there is no camera "east": take one of "north", "south", "roof"',
        ),
        (
            alarm('preset = "queue"', place="door 2"),
            f'{LINE + 3}: alarm["a"].place: camera "north" has no line or zone "door 2": take one of "door", "hall"',
        ),
        (
            alarm('preset = "queue"', camera="roof"),
            f'{LINE + 3}: alarm["a"].place: camera "roof" has no line or zone "hall": give it one, a [[camera.line]] or '
            "[[camera.zone]] table",
        ),
        (alarm('preset = "moving-crowd"', camera="south", place="yard"), f'{LINE + 4}: alarm["a"].preset: {NOT_METRES}'),
        (
            alarm('quantity = "speed_now"\nbelow = 0.3'),
            f'{LINE + 4}: alarm["a"].quantity: speed_now needs a share of the privacy budget: set budget.shares.speed_now',
        ),
        (
            alarm('quantity = "density"\nabove = 4', camera="south", place="yard"),
            f'{LINE + 4}: alarm["a"].quantity: {NOT_METRES}',
        ),
        (
            alarm('quantity = "density"\nabove = 4', place="door"),
            f'{LINE + 4}: alarm["a"].quantity: the line "door" has no density: take one of {HALL}',
        ),
        (
            alarm('preset = "queue"') + alarm('preset = "moving-crowd"'),
            f'{LINE + 6}: alarm["a"].name: two alarms have the name "a": give each its own',
        ),
    ],
)
def test_mistakes(tmp_path: Path, text: str, message: str) -> None:
    assert told(tmp_path, text) == message


def test_levels_that_are_no_numbers(tmp_path: Path) -> None:
    assert "above 0 and at most 1e+06" in told(tmp_path, alarm('quantity = "density"\nabove = -1'))
    assert "from 60 to 3600 (seconds)" in told(tmp_path, alarm('preset = "queue"\nfor_s = 10'))
    assert '"standing-crowd" or "moving-crowd" or "queue"' in told(tmp_path, alarm('preset = "riot"'))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_rule_and_names_its_source(tmp_path: Path, name: str) -> None:
    (rule,) = rules(tmp_path, alarm(f'preset = "{name}"'))
    levels = PRESETS[name]  # type: ignore[index]
    assert rule.gap > 0
    assert levels.source
