"""Rows are made of protected numbers and the mechanism's covariance, of nothing else, and hours are differences of totals."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from throng.data.place import HEAT_COLUMNS, HEAT_ROWS, Extras, Line, Zone
from throng.data.place_size import PlaceSize
from throng.data.release import Kind, hourly_quantities_of, quantities_of
from throng.privacy.derived import Row, density, specific_flow
from throng.privacy.independent import Independent
from throng.privacy.mechanism import Mechanism, Noised, window_standard_error
from throng.privacy.rows import Named, Rows
from throng.privacy.streams import COUNTS, DWELL, SPEED_NOW, STAYS_S, UNIT

TICK_S = 900
ALL = Extras(speed_now=True, dwell=True, heat=True)
SIZES = (PlaceSize(4.0, 0.1, 0.025), PlaceSize(50.0, 2.0, 0.02))
COLUMNS = {COUNTS: 5, DWELL: len(STAYS_S) + 1, SPEED_NOW: 1}


class CovarianceAlone:
    """A mechanism that is asked for its covariance and for nothing else."""

    def __init__(self, mechanism: Mechanism) -> None:
        self._mechanism = mechanism

    @property
    def description(self) -> str:
        raise AssertionError

    def step(self, counts: NDArray[np.int64]) -> Noised:
        raise AssertionError

    def covariance(self, ago: Sequence[int]) -> NDArray[np.float64]:
        return self._mechanism.covariance(ago)


def independent(counters: int, *, rho: float = 10.0, ticks: int = 96) -> Independent:
    return Independent(counters=counters, ticks=ticks, rho=rho, sensitivity=1.0, unit=UNIT)


def made(door: Line, square: Zone, *, tick_s: float = TICK_S) -> Rows:
    rows = Rows([door], [square], in_metres=True, extras=ALL, tick_s=tick_s)
    rows.set_sizes(SIZES)
    return rows


def by_quantity(rows: list[Named]) -> dict[str, Row]:
    return {each.quantity: each.row for each in rows}


def busy(tick: int) -> dict[str, NDArray[np.int64]]:
    """900 people a tick through everything, each for a minute and a half and at 1.5 m/s."""
    classes = np.zeros(COLUMNS[DWELL], np.int64)
    classes[3] = 900
    counts = np.array([900, 900, 900 + 90 * (tick == 0), 900, 225])
    return {COUNTS: UNIT * counts, DWELL: UNIT * classes, SPEED_NOW: UNIT * np.array([45 * (tick == 0)])}


def run(rows: Rows, ticks: int) -> tuple[list[Named], dict[str, Noised], dict[str, Mechanism]]:
    mechanisms: dict[str, Mechanism] = {name: independent(columns) for name, columns in COLUMNS.items()}
    for tick in range(ticks):
        noised = {name: mechanisms[name].step(counts) for name, counts in busy(tick).items()}
        released = rows.known(tick, noised, mechanisms)
    return released, noised, mechanisms


def test_names_come_in_the_order_that_is_documented(door: Line, square: Zone) -> None:
    rows = made(door, square)
    known, noised, mechanisms = run(rows, 4)
    names = [(each.place, each.quantity) for each in known]
    kinds: list[tuple[str, Kind]] = [("door", "line"), ("square", "zone")]
    assert names == [(place, each) for place, kind in kinds for each in quantities_of(kind, in_metres=True, extras=ALL)]
    hourly = [(place, each) for place, kind in kinds for each in hourly_quantities_of(kind)]
    assert [(each.place, each.quantity) for each in rows.hour(noised[COUNTS], mechanisms[COUNTS])] == hourly
    dark = rows.unknown("dark", ends_hour=True)
    assert [(each.place, each.quantity) for each in dark][: len(names) + len(hourly)] == names + hourly
    assert len(dark) == len(names) + len(hourly) + HEAT_COLUMNS * HEAT_ROWS
    assert {each.row.reason for each in dark} == {"dark"}


def test_every_number_of_a_busy_place_is_told_and_nearly_right(door: Line, square: Zone) -> None:
    found = by_quantity(run(made(door, square), 30)[0])
    assert not any(row.reason for row in found.values())
    truths = {"entries": 900.0, "occupancy": 90.0, "density": 1.8, "mean_dwell": 90.0, "wait": 90.0, "mean_speed": 1.5}
    truths |= {"speed_now": 1.5, "specific_flow": 0.5, "dwell_median": 90.0, "dwell_p95": 90.0, "in_total": 27_000.0}
    for quantity, truth in truths.items():
        assert abs(found[quantity].value - truth) < 6 * found[quantity].standard_error, quantity


def test_rows_follow_from_what_was_released_and_the_covariance_alone(door: Line, square: Zone) -> None:
    rows, blind = made(door, square), made(door, square)
    mechanisms: dict[str, Mechanism] = {name: independent(columns) for name, columns in COLUMNS.items()}
    behind: dict[str, Mechanism] = {name: CovarianceAlone(each) for name, each in mechanisms.items()}
    for tick in range(20):
        noised = {name: mechanisms[name].step(counts) for name, counts in busy(tick).items()}
        assert repr(rows.known(tick, noised, mechanisms)) == repr(blind.known(tick, noised, behind))


def test_errors_of_counts_are_the_mechanisms(door: Line, square: Zone) -> None:
    known, noised, _ = run(made(door, square), 9)
    found, tick, total = by_quantity(known), noised[COUNTS].tick_standard_error, noised[COUNTS].total_standard_error
    for quantity in ("in", "out", "entries", "exits"):
        assert found[quantity].standard_error == tick
    assert found["in_total"].standard_error == found["out_total"].standard_error == total
    assert found["occupancy"].standard_error == pytest.approx(2**0.5 * total)
    assert found["density"] == density(found["occupancy"], SIZES[1])
    passed = Row(found["in"].value + found["out"].value, 2**0.5 * tick)
    assert found["specific_flow"] == pytest.approx((*specific_flow(passed, SIZES[0], TICK_S)[:2], ""))


def test_an_hour_is_the_difference_of_two_totals(door: Line, square: Zone) -> None:
    rows, mechanism = made(door, square), independent(5)
    mechanisms: dict[str, Mechanism] = {COUNTS: mechanism, DWELL: independent(8), SPEED_NOW: independent(1)}
    totals, found = [np.zeros(5)], []
    for tick in range(12):
        noised = {name: mechanisms[name].step(counts) for name, counts in busy(tick).items()}
        rows.known(tick, noised, mechanisms)
        if tick % 4 == 3:
            totals.append(noised[COUNTS].totals)
            found.append(rows.hour(noised[COUNTS], mechanism))
    assert {each.row.reason for each in found[0]} == {"the counting began within this hour"}
    for number in (1, 2):
        np.testing.assert_allclose([each.row.value for each in found[number]], (totals[number + 1] - totals[number])[:4])
        errors = [each.row.standard_error for each in found[number]]
        assert errors == pytest.approx([window_standard_error(mechanism, 4)] * 4)


def test_an_hour_after_one_whose_end_was_not_seen_holds_no_more_than_itself(door: Line, square: Zone) -> None:
    rows, mechanism = made(door, square), independent(5)
    mechanisms: dict[str, Mechanism] = {COUNTS: mechanism, DWELL: independent(8), SPEED_NOW: independent(1)}
    totals = []
    for tick in range(8):
        if tick == 3:
            rows.unknown("dark", ends_hour=True)
            continue
        noised = {name: mechanisms[name].step(counts) for name, counts in busy(tick).items()}
        totals.append(noised[COUNTS].totals[:4])
        rows.known(tick, noised, mechanisms)
    hour = rows.hour(noised[COUNTS], mechanism)
    np.testing.assert_allclose([each.row.value for each in hour], totals[-1] - totals[2])
    assert hour[0].row.standard_error == window_standard_error(mechanism, 4)


def test_ticks_of_an_hour_have_no_rows_of_the_hour_beside_them(door: Line, square: Zone) -> None:
    rows = made(door, square, tick_s=3600)
    _, noised, mechanisms = run(rows, 2)
    assert rows.hour(noised[COUNTS], mechanisms[COUNTS]) == []


def test_cells_carry_the_error_of_their_tick(door: Line, square: Zone) -> None:
    noised = independent(HEAT_COLUMNS * HEAT_ROWS).step(np.arange(HEAT_COLUMNS * HEAT_ROWS))
    rows = made(door, square)
    assert {each.row.reason for each in rows.heat(noised)} == {"the counting began within this hour"}
    rows.new_epoch(begins_hour=True)
    heat = rows.heat(noised)
    assert [each.row.value for each in heat] == noised.tick_values.tolist()
    assert {each.row.standard_error for each in heat} == {noised.tick_standard_error}
    assert (heat[0].place, heat[HEAT_COLUMNS].place, heat[-1].place) == ("@0,0", "@0,1", "@15,8")


def test_a_new_epoch_forgets_what_was_released(door: Line, square: Zone) -> None:
    rows, fresh = made(door, square), made(door, square)
    run(rows, 20)
    rows.new_epoch(begins_hour=False)
    mechanisms: dict[str, Mechanism] = {name: independent(columns) for name, columns in COLUMNS.items()}
    noised = {name: mechanisms[name].step(counts) for name, counts in busy(0).items()}
    first = by_quantity(rows.known(20, noised, mechanisms))
    assert repr(first) == repr(by_quantity(fresh.known(20, noised, mechanisms)))
    assert "too few" in first["mean_dwell"].reason
