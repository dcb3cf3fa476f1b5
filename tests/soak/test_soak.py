"""Four cameras, three of which break again and again: unknown while they are broken, live afterwards, and nothing grows.

`make soak` runs it for ten minutes, `make test` for a minute and a half. The seed is printed; THRONG_SOAK_SEED sets it.
"""

import itertools
import os
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from statistics import median

import pytest
from tests.end_to_end.running import Running, start
from tests.soak.cameras import EVERY, Camera, JpegCamera
from tests.soak.encoded import RtspCamera, TransportCamera
from tests.soak.faults import SLACK_S, TOLD_S, Fault, Suffered, shuffled
from tests.soak.processes import Held
from tests.soak.scene import HEIGHT_PX, WIDTH_PX
from tests.soak.watch import Seen, Watch

LENGTH_S = float(os.environ.get("THRONG_SOAK_S", "90"))
SEED = int(os.environ.get("THRONG_SOAK_SEED", random.SystemRandom().randrange(10**6)))
LEARN_S = 12.0
"""What a scene looks like is known after five looks, about one a second."""

LONG = LENGTH_S >= 300
MOST_GROWTH_MB = 8.0 if LONG else 60.0
"""From the second third to the last, or to the last ten seconds of the short run, which tells a gross loss only: what is lost
first fills the heap that starting up has left free, and memory swings by some 30 MB as cameras break and come back."""

TICK_S = 1
HEALTHY = "healthy"
KINDS: dict[str, type[Camera]] = {
    HEALTHY: TransportCamera,
    "transport": TransportCamera,
    "jpeg": JpegCamera,
    "rtsp": RtspCamera,
}

SITE = f'name = "Soak"\ntick_s = {TICK_S}\nport = 0\n[budget]\nrho_per_day = 8.0\n'
CAMERA = f"""
[[camera]]
name = "{{name}}"
address = "{{url}}"
detector = "foreground"
[[camera.zone]]
name = "all"
corners = [[0, 0], [{WIDTH_PX}, 0], [{WIDTH_PX}, {HEIGHT_PX}], [0, {HEIGHT_PX}]]
"""


@pytest.mark.slow
@pytest.mark.timeout(LENGTH_S + 200)
def test_cameras_that_break_are_unknown_and_come_back_and_nothing_grows(tmp_path: Path) -> None:
    print(f"\nTHRONG_SOAK_SEED={SEED} THRONG_SOAK_S={LENGTH_S:g}")
    with ExitStack() as open_now:
        # Left last: the threads end when the site does, however this ends.
        threads = open_now.enter_context(ThreadPoolExecutor(len(KINDS)))
        made = [(name, kind(SEED + number)) for number, (name, kind) in enumerate(KINDS.items())]
        cameras = {name: open_now.enter_context(closing(camera)) for name, camera in made}
        text = SITE + "".join(CAMERA.format(name=name, url=camera.url) for name, camera in cameras.items())
        (tmp_path / "site.toml").write_text(text)
        running = start("run", "site.toml", folder=tmp_path)
        open_now.callback(running.stop)
        watch = open_now.enter_context(Watch(running))
        begun_s = time.time()
        assert watch.wait_for(lambda: _all_live(watch), until_s=begun_s + 60.0), watch.history
        time.sleep(LEARN_S)
        told = threads.map(
            lambda name: list(_suffer(name, cameras[name], watch, until_s=begun_s + LENGTH_S)),
            [name for name in cameras if name != HEALTHY],
        )
        suffered = [each for camera in told for each in camera]
        time.sleep(max(0.0, begun_s + LENGTH_S - time.time()))
        _show(suffered, watch)
        assert set(watch.states().values()) == {"live"}, watch.history
        _check_faults(suffered, watch)
        _check_ticks(suffered, watch)
        _check_processes(watch, running)
    assert running.process.returncode == 0
    assert not any("Traceback" in line for line in running.said), running.said


def _all_live(watch: Watch) -> bool:
    return len(watch.history) == len(KINDS) and all(seen[-1].state == "live" for seen in watch.history.values())


def _suffer(name: str, camera: Camera, watch: Watch, *, until_s: float) -> Iterator[Suffered]:
    """Break a camera again and again, while there is time for it to come back."""
    rng = random.Random(f"{SEED} {name}")
    waiting: list[Fault] = []
    coming = shuffled([*EVERY, *camera.suffers], rng)
    while True:
        waiting += itertools.islice(coming, 20 - len(waiting))
        pause_s, part = rng.uniform(3.0, 6.0), rng.random()
        left_s = until_s - time.time() - pause_s
        fault = next((each for each in waiting if each.lasts_s[1] + each.back_s(each.lasts_s[1]) < left_s), None)
        if fault is None:
            return
        waiting.remove(fault)
        time.sleep(pause_s)
        shortest_s, longest_s = fault.lasts_s
        yield _break(name, camera, watch, fault, lasts_s=shortest_s + part * (longest_s - shortest_s))


def _break(name: str, camera: Camera, watch: Watch, fault: Fault, *, lasts_s: float) -> Suffered:
    begun_s = time.time()
    camera.begin(fault.name)
    time.sleep(lasts_s)
    mended_s = time.time()
    camera.mend()
    watch.wait_for(lambda: _is(watch.now(name), "live"), until_s=mended_s + fault.back_s(lasts_s))
    time.sleep(2 * SLACK_S)  # in which a camera that comes back for a moment only goes again
    seen = watch.between(name, begun_s, time.time())
    told = next((each for each in seen if each.state == "unknown"), None)
    returns = [now for before, now in itertools.pairwise(seen) if (before.state, now.state) == ("unknown", "live")]
    reasons = dict.fromkeys(each.reason for each in seen if each.state == "unknown" and each.time_s < mended_s)
    return Suffered(
        name,
        fault,
        begun_s,
        mended_s,
        told_s=told.time_s if told else None,
        # The last of its returns: one that did not last is none.
        live_s=returns[-1].time_s if returns else None,
        returns=len(returns),
        reasons=tuple(reasons),
    )


def _is(seen: Seen | None, state: str) -> bool:
    return seen is not None and seen.state == state


def _check_faults(suffered: Sequence[Suffered], watch: Watch) -> None:
    assert suffered
    for each in suffered:
        assert each.until_told_s is not None or not each.fault.reason, each
        assert each.until_told_s is None or each.until_told_s <= TOLD_S + SLACK_S, each
        assert each.told_s is None or each.until_live_s is not None, each
        assert (each.until_live_s or 0.0) <= each.fault.back_s(each.mended_s - each.begun_s), each
        assert all(each.fault.fits(reason) for reason in each.reasons), each
        assert each.returns == (each.told_s is not None), f"it was live while it was broken, or went again: {each}"
    for name, history in watch.history.items():
        first = next(number for number, seen in enumerate(history) if seen.state == "live")
        spans = [(each.begun_s, each.live_s or each.mended_s) for each in suffered if each.camera == name]
        for seen in history[first:]:
            within = any(start_s <= seen.time_s <= end_s for start_s, end_s in spans)
            assert seen.state == "live" or within, f"{name} was unknown though nothing was wrong: {seen}"


def _check_ticks(suffered: Sequence[Suffered], watch: Watch) -> None:
    for name in KINDS:
        spans = [(each.begun_s, each.told_s, each.live_s, each.mended_s) for each in suffered if each.camera == name]
        rows = [(datetime.fromisoformat(row["time"]).timestamp(), row) for row in watch.rows(name)]
        starts_s = [start_s for start_s, _ in rows]
        assert starts_s == [starts_s[0] + TICK_S * number for number in range(len(rows))], f"{name} lacks ticks"
        assert time.time() - starts_s[-1] < 5 * TICK_S, f"{name} has stopped"
        first_s = next(start_s for start_s, row in rows if row["value"] is not None)
        for start_s, row in rows:
            end_s = start_s + TICK_S
            broken = any(told and live and told <= start_s and end_s <= min(live, mended) for _, told, live, mended in spans)
            well = start_s >= first_s and not any(
                begun < end_s and start_s < live + SLACK_S for begun, told, live, _ in spans if told and live
            )
            assert not broken or (row["value"] is None and row["unknown"]), f"{name} was broken: {row}"
            assert not well or row["value"] is not None, f"{name} was well: {row}"


def _check_processes(watch: Watch, running: Running) -> None:
    assert running.process.poll() is None
    second, last = _thirds(watch)[1:]
    assert {frozenset(held.memory_mb) for held in second + last} == {frozenset(last[-1].memory_mb)}, "a process died"
    newest = last if LONG else last[-10:]
    growth_mb = median(held.total_mb for held in newest) - median(held.total_mb for held in second)
    assert growth_mb <= MOST_GROWTH_MB, f"memory grew by {growth_mb:.1f} MB"
    for pid in last[-1].files:
        for what in ("files", "threads"):
            before, after = (max(getattr(held, what)[pid] for held in part) for part in (second, last))
            assert after <= before + 1, f"{what} of process {pid} grew from {before} to {after}"


def _thirds(watch: Watch) -> list[list[Held]]:
    held = [held for _, held in watch.held]
    third = len(held) // 3
    return [held[:third], held[third : 2 * third], held[2 * third :]]


def _show(suffered: Sequence[Suffered], watch: Watch) -> None:
    print(f"{'camera':10} {'fault':12} {'lasted s':>8} {'unknown after s':>15} {'live after s':>12}  reasons")
    for each in suffered:
        told, live = (f"{value:.1f}" if value is not None else "-" for value in (each.until_told_s, each.until_live_s))
        lasted_s = each.mended_s - each.begun_s
        print(f"{each.camera:10} {each.fault.name:12} {lasted_s:8.1f} {told:>15} {live:>12}  {'; '.join(each.reasons)}")
    for part, name in zip(_thirds(watch), ("first", "second", "last"), strict=True):
        files, threads = (max(sum(getattr(held, what).values()) for held in part) for what in ("files", "threads"))
        memory_mb = [held.total_mb for held in part]
        print(
            f"{name:6} third: memory {median(memory_mb):.1f} MB (most {max(memory_mb):.1f}), files {files}, threads {threads}, "
            f"processes {len(part[-1].memory_mb)}"
        )
