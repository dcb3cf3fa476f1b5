"""Turns: no more than two at a time, no endless queue, and a place that is left is free again."""

import asyncio
import threading

import pytest

from throng.data.errors import AccountError
from throng.hub.people.turns import Turns

pytestmark = pytest.mark.anyio


async def test_two_at_a_time_and_refused_when_the_queue_is_full() -> None:
    turns = Turns(at_once=2, most_waiting=3)
    gate, lock = threading.Event(), threading.Lock()
    now, most = 0, 0

    def work() -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        gate.wait(10)
        with lock:
            now -= 1
        return threading.get_ident()

    waiting = [asyncio.ensure_future(turns.run(work)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(AccountError) as refused:
        await turns.run(work)
    assert (refused.value.status, refused.value.wait_s > 0) == (503, True)
    gate.set()
    threads = await asyncio.gather(*waiting)
    assert most == 2
    assert threading.get_ident() not in threads
    assert await turns.run(lambda: 7) == 7
    turns.close()


async def test_whoever_goes_away_leaves_the_place() -> None:
    turns = Turns(at_once=1, most_waiting=1)
    gate = threading.Event()
    waiting = [asyncio.ensure_future(turns.run(gate.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    gate.set()
    for _ in range(500):
        if turns._taken == 0:
            break
        await asyncio.sleep(0.01)
    assert await turns.run(lambda: 7) == 7
    turns.close()


async def test_an_error_of_the_work_is_told_and_leaves_the_place() -> None:
    turns = Turns(at_once=1, most_waiting=0)

    def wrong() -> None:
        raise AccountError("no")

    for _ in range(3):
        with pytest.raises(AccountError, match="no"):
            await turns.run(wrong)
    turns.close()
