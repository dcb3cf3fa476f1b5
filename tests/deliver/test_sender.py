"""Delivery: the newest first, everything once it can be, and what is refused set aside."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from throng.data.errors import DeliveryError
from throng.data.release import Release
from throng.data.rows import Rows
from throng.data.wire import decode, encode
from throng.deliver.hub import Answer
from throng.deliver.sender import LIVE_S, MOST_ROWS, Delivery, Pace
from throng.deliver.spool import Spool

MakeRelease = Callable[..., Release]
TAKEN = Answer(200, b'{"rows": 1}')
DOWN = DeliveryError("the hub cannot be reached")


@dataclass
class Hub:
    """Takes batches as `answer` says, and keeps what it took; on (camera, tick), as the hub's store does."""

    answer: Callable[[Rows], Answer] = lambda rows: TAKEN
    batches: list[Rows] = field(default_factory=list)
    taken: dict[tuple[str, int], int] = field(default_factory=dict)
    came: threading.Condition = field(default_factory=threading.Condition)

    def post(self, body: bytes) -> Answer:
        rows = decode(body)
        with self.came:
            self.batches.append(rows)
            try:
                answer = self.answer(rows)
                if answer.status == 200:
                    for place in range(len(rows)):
                        key = rows.series[rows.series_of[place]][0], int(rows.tick_start_us[place]) // 10**6
                        self.taken[key] = self.taken.get(key, 0) + 1
            finally:
                self.came.notify_all()
        return answer

    def wait(self, enough: Callable[[], bool]) -> None:
        with self.came:
            assert self.came.wait_for(enough, 20)


@contextmanager
def _delivery(folder: Path, hub: Hub, *, told: list[str] | None = None, clock_s: float = 0.0) -> Iterator[Delivery]:
    pace = Pace(first_pause_s=0.001, longest_pause_s=0.01, catch_up_pause_s=0.0)
    tell = told.append if told is not None else lambda sentence: None
    clock = lambda: clock_s  # noqa: E731
    with Spool(folder / "spool", clock=clock) as spool, Spool(folder / "refused", clock=clock) as refused:
        delivery = Delivery(spool, refused=refused, post=hub.post, tell=tell, pace=pace, clock=clock)
        delivery.start()
        try:
            yield delivery
        finally:
            delivery.stop()


def _offline(folder: Path, releases: list[Release], *, at_s: float = 0.0) -> None:
    """What a sensor kept that could not deliver."""
    with Spool(folder / "spool", clock=lambda: at_s) as spool:
        spool.keep([encode(Rows.of([one])) for one in releases], rows=[len(one.places) for one in releases])


def _set_aside(folder: Path) -> set[tuple[str, int]]:
    with Spool(folder / "refused") as spool:
        found = [decode(payload) for _, payload in spool.payloads(spool.oldest(most_rows=10**9))]
    return {(rows.series[0][0], int(rows.tick_start_us[0]) // 10**6) for rows in found}


def test_what_is_put_is_delivered_and_deleted(tmp_path: Path, release: MakeRelease) -> None:
    hub = Hub()
    with _delivery(tmp_path, hub) as delivery:
        for number in range(20):
            delivery.put(release(start_s=60.0 * number, value=number))
        hub.wait(lambda: len(hub.taken) == 20)
    assert set(hub.taken.values()) == {2}
    assert delivery.waiting == 0
    assert not list((tmp_path / "spool").glob("*.spool"))


def test_after_a_day_offline_the_newest_goes_first_and_then_the_oldest(tmp_path: Path, release: MakeRelease) -> None:
    count, day_s = 10_500, 86_400.0
    _offline(tmp_path, [release(start_s=float(number)) for number in range(count)], at_s=0.0)
    hub = Hub()
    _offline(tmp_path, [release(start_s=50_000.0)], at_s=day_s - LIVE_S / 2)
    with _delivery(tmp_path, hub, clock_s=day_s):
        hub.wait(lambda: len(hub.taken) == count + 1)
    assert hub.batches[0].tick_start_us.tolist() == [50_000 * 10**6] * 2
    later = [int(batch.tick_start_us[0]) for batch in hub.batches[1:]]
    assert later == sorted(later)
    assert all(len(batch) <= MOST_ROWS for batch in hub.batches)
    assert set(hub.taken.values()) == {2}


def test_live_ones_go_between_the_batches_of_a_sensor_that_catches_up(tmp_path: Path, release: MakeRelease) -> None:
    _offline(tmp_path, [release(start_s=float(number)) for number in range(10_500)], at_s=0.0)
    with _delivery(tmp_path, hub := Hub(), clock_s=1000.0) as delivery:

        def answer(rows: Rows) -> Answer:
            if len(hub.batches) == 1:
                delivery.put(release(start_s=99_000.0))
            return TAKEN

        hub.answer = answer
        hub.wait(lambda: len(hub.taken) == 10_501)
    firsts = [int(batch.tick_start_us[0]) // 10**6 for batch in hub.batches]
    assert firsts.index(99_000) < len(firsts) - 1


def test_at_most_one_batch_is_in_flight(tmp_path: Path, release: MakeRelease) -> None:
    in_flight = threading.Lock()

    def answer(rows: Rows) -> Answer:
        assert in_flight.acquire(blocking=False)
        in_flight.release()
        return TAKEN

    hub = Hub(answer)
    with _delivery(tmp_path, hub) as delivery:
        for number in range(200):
            delivery.put(release(start_s=60.0 * number))
        hub.wait(lambda: len(hub.taken) == 200)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 401, 403, 425, 302])
def test_what_the_hub_cannot_take_now_is_kept_until_it_can(tmp_path: Path, release: MakeRelease, status: int) -> None:
    hub = Hub(lambda rows: Answer(status, b'{"detail": "not now"}', {"retry-after": "0"}) if len(hub.batches) < 4 else TAKEN)
    told: list[str] = []
    with _delivery(tmp_path, hub, told=told) as delivery:
        delivery.put(release(start_s=60.0))
        hub.wait(lambda: bool(hub.taken))
        hub.answer = lambda rows: TAKEN
    assert len(hub.batches) == 4
    assert len(told) == 2
    assert "not now" in told[0]
    assert told[1] == "the hub takes what is sent again"
    assert not _set_aside(tmp_path)


def test_a_cut_network_loses_nothing_over_a_restart(tmp_path: Path, release: MakeRelease) -> None:
    def down(rows: Rows) -> Answer:
        raise DOWN

    hub, told = Hub(down), list[str]()
    with _delivery(tmp_path, hub, told=told) as delivery:
        for number in range(50):
            delivery.put(release(start_s=60.0 * number))
        hub.wait(lambda: len(hub.batches) > 3)
    assert delivery.waiting == 50
    assert told == [str(DOWN)]
    hub.answer = lambda rows: TAKEN
    with _delivery(tmp_path, hub, told=told) as delivery:
        hub.wait(lambda: len(hub.taken) == 50)
    assert delivery.waiting == 0


def test_an_answer_that_was_lost_only_repeats(tmp_path: Path, release: MakeRelease) -> None:
    def taken_but_lost(rows: Rows) -> Answer:
        if len(hub.batches) > 1:
            return TAKEN
        hub.taken["north", 0] = 2
        raise DOWN

    hub = Hub(taken_but_lost)
    with _delivery(tmp_path, hub) as delivery:
        delivery.put(release())
        hub.wait(lambda: len(hub.batches) > 1)
    assert len(hub.batches) == 2
    assert hub.batches[0].values.tolist() == hub.batches[1].values.tolist()
    assert delivery.waiting == 0


def test_what_is_refused_for_good_is_set_aside_and_holds_nothing_back(tmp_path: Path, release: MakeRelease) -> None:
    wrong = {("south", 60 * number) for number in range(40)} | {("north", 300)}

    def answer(rows: Rows) -> Answer:
        keys = {(rows.series[of][0], int(us) // 10**6) for of, us in zip(rows.series_of, rows.tick_start_us, strict=True)}
        return Answer(422, b'{"detail": "that is not yours"}') if keys & wrong else TAKEN

    cameras, told = ("north", "south", "west"), list[str]()
    _offline(tmp_path, [release(camera, 60.0 * number) for number in range(40) for camera in cameras])
    hub = Hub(answer)
    with _delivery(tmp_path, hub, told=told) as delivery:
        hub.wait(lambda: delivery_done(hub))
    assert delivery.waiting == 0
    assert _set_aside(tmp_path) == wrong
    assert set(hub.taken) == {(camera, 60 * number) for camera in cameras for number in range(40)} - wrong
    assert told == ["the hub refused numbers for good, and they were set aside: that is not yours"]


def delivery_done(hub: Hub) -> bool:
    return len(hub.taken) == 79


def test_a_wrong_clock_is_told_with_how_far_it_is_off(tmp_path: Path, release: MakeRelease) -> None:
    early = Answer(425, b'{"detail": "a tick ends in the future"}', {"date": "Tue, 24 Nov 2026 12:00:00 GMT"})
    hub, told = Hub(lambda rows: early), list[str]()
    with _delivery(tmp_path, hub, told=told, clock_s=1_795_521_600.0 + 400.0) as delivery:
        delivery.put(release())
        hub.wait(lambda: len(hub.batches) > 2)
    assert told == ["this machine's clock is 400 s ahead of the hub's, so numbers wait: a tick ends in the future"]
    assert delivery.waiting == 1


def test_a_damaged_payload_is_set_aside(tmp_path: Path, release: MakeRelease) -> None:
    with Spool(tmp_path / "spool", clock=lambda: 0.0) as spool:
        spool.keep([b"no rows of ours", encode(Rows.of([release()]))], rows=[1, 2])
    hub = Hub()
    with _delivery(tmp_path, hub) as delivery:
        hub.wait(lambda: bool(hub.taken))
    assert delivery.waiting == 0


def test_nothing_but_releases_is_delivered(tmp_path: Path) -> None:
    with _delivery(tmp_path, Hub()) as delivery, pytest.raises(TypeError, match="only releases"):
        delivery.put("a track")  # type: ignore[arg-type]


def test_pauses_grow_to_a_minute_and_never_fall_below_what_the_hub_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace()
    for drawn in (0.5, 1.0):
        monkeypatch.setattr("throng.deliver.sender.random.uniform", lambda low, high, drawn=drawn: drawn)
        pauses = [pace.after(failures) for failures in range(1, 2000)]
        assert pauses == sorted(pauses)
        assert pauses[0] == 0.5 * drawn
        assert pauses[-1] == 60.0 * drawn
        assert pace.after(1, asked_s=7.0) == 7.0
        assert pace.after(1, asked_s=1e6) == 60.0
