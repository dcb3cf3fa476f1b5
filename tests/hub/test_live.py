"""The feed: every page gets every event, and a slow one holds up nobody."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from throng.hub import live
from throng.hub.access import NOWHERE, Sites
from throng.hub.live import (
    BEAT,
    ENDED,
    EVENTS,
    OF_CAMERAS,
    RELOAD,
    USUAL,
    Event,
    Feed,
    Gathering,
    Subscription,
    stream,
)

pytestmark = pytest.mark.anyio
ALL = Sites(everywhere=True)
ALWAYS: Callable[[bytes], bool] = lambda session: True  # noqa: E731


def _tick(number: int) -> Event:
    return Event("ticks", (("", str(number)),))


async def _rest(events: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in events]


async def test_events_come_in_order_from_another_thread() -> None:
    feed = Feed()
    pages = [feed.subscribe(b"a", ALL), feed.subscribe(b"b", ALL)]

    def publish() -> None:
        for i in range(100):
            feed.publish(_tick(i))

    thread = threading.Thread(target=publish)
    thread.start()
    for page in pages:
        assert [await page.next() for _ in range(100)] == [_tick(i) for i in range(100)]
    thread.join()


async def test_an_event_on_the_wire() -> None:
    assert RELOAD.encode(NOWHERE) == b"event: reload\ndata: {}\n\n"
    event = Event("ticks", (("a", "1"), ("b", "2"), ("a", "3")))
    assert event.encode(ALL) == b"event: ticks\ndata: [1,2,3]\n\n"


async def test_a_page_gets_what_it_may_see_and_hears_nothing_of_the_rest() -> None:
    feed = Feed()
    page = stream(feed, b"a", Sites(frozenset({"b"})), first=list, is_open=ALWAYS)
    await anext(page)
    feed.publish(Event("ticks", (("a", "1"),)))
    feed.publish(Event("ticks", (("a", "1"), ("b", "2"))))
    assert await anext(page) == b"event: ticks\ndata: [2]\n\n"


async def test_a_slow_page_loses_its_place_and_a_quick_one_does_not() -> None:
    feed = Feed()
    slow = stream(feed, b"slow", ALL, first=list, is_open=ALWAYS)
    assert (await anext(slow)).startswith(b"retry")
    quick = feed.subscribe(b"quick", ALL)
    for i in range(1000):
        feed.publish(_tick(i))
        assert await quick.next() == _tick(i)
    assert await _rest(slow) == [RELOAD.encode(ALL)]
    feed.publish(_tick(0))  # to a page that is gone
    assert await quick.next() == _tick(0)


async def test_a_page_starts_with_the_states_and_misses_nothing_after_them() -> None:
    feed = Feed()

    def first() -> list[Event]:
        feed.publish(_tick(1))  # published while the states are being asked for
        return [Event("cameras", (("", "1"),))]

    page = stream(feed, b"a", ALL, first=first, is_open=ALWAYS)
    assert [await anext(page) for _ in range(3)][1:] == [Event("cameras", (("", "1"),)).encode(ALL), _tick(1).encode(ALL)]
    feed.close()
    assert await _rest(page) == []


async def test_closing_ends_every_page_now_and_later() -> None:
    feed = Feed()
    pages = [stream(feed, b"a", ALL, first=list, is_open=ALWAYS) for _ in range(3)]
    for page in pages[:2]:
        await anext(page)
    for i in range(500):
        feed.publish(_tick(i))
    feed.close()
    assert [await _rest(page) for page in pages[:2]] == [[], []]
    assert len(await _rest(pages[2])) == 1


async def test_ending_a_session_ends_its_pages_only() -> None:
    feed = Feed()
    mine, other = (stream(feed, session, ALL, first=list, is_open=ALWAYS) for session in (b"a", b"b"))
    await anext(mine)
    await anext(other)
    feed.end(b"a")
    feed.publish(_tick(1))
    assert await _rest(mine) == [ENDED.encode(ALL)]
    assert await anext(other) == _tick(1).encode(ALL)


async def test_a_session_that_is_over_gets_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed()
    is_open = True
    page = stream(feed, b"a", ALL, first=list, is_open=lambda session: is_open)
    await anext(page)
    is_open = False
    feed.publish(_tick(1))
    assert await _rest(page) == [ENDED.encode(ALL)]


async def test_a_silent_feed_has_a_heartbeat_and_ends_with_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.001)
    is_open = True
    page = stream(Feed(), b"a", ALL, first=list, is_open=lambda session: is_open)
    await anext(page)
    assert await anext(page) == b"event: beat\ndata: {}\n\n"
    is_open = False
    assert await _rest(page) == [ENDED.encode(ALL)]


async def test_a_page_that_may_see_nothing_of_what_comes_has_a_heartbeat_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr(Subscription, "next", lambda page: page._waiting.get())
    feed = Feed()
    page = stream(feed, b"a", Sites(frozenset({"b"})), first=list, is_open=ALWAYS)
    await anext(page)
    feed.publish(Event("ticks", (("a", "1"),)))
    assert await anext(page) == BEAT.encode(ALL)


async def test_a_page_gets_the_events_that_it_wants_and_no_other() -> None:
    feed = Feed()
    published = [Event(name, (("", f'"{name} of {camera}"'),), (camera,)) for name in EVENTS for camera in ("a", "b")]
    for events in (USUAL, ("now",), ("now", "alarms"), EVENTS):
        for camera in (None, "b", "not there"):
            page = stream(feed, b"a", ALL, first=list, is_open=ALWAYS, events=events, camera=camera)
            await anext(page)
            for event in published:
                feed.publish(event)
            feed.publish(RELOAD)
            *heard, _ = await _rest(page)
            of_all = [event for event in published if event.name in events and event.name not in OF_CAMERAS]
            of_one = [event for event in published if event.name in events and event.name in OF_CAMERAS]
            wanted = [event for event in of_one if camera in (None, *event.cameras)] + of_all
            assert sorted(heard) == sorted(event.encode(ALL) for event in wanted)


async def test_one_camera_of_another_site_is_not_seen() -> None:
    event = Event("now", (("a", "1"), ("b", "2"), ("a", "3")), ("x", "y", "x"))
    mine = Sites(frozenset({"a"}))
    assert event.encode(mine, "x") == b"event: now\ndata: [1,3]\n\n"
    assert event.encode(mine, "y") == b""
    assert event.encode(ALL, "y") == b"event: now\ndata: [2]\n\n"
    assert event.encode(mine) == b"event: now\ndata: [1,3]\n\n"


def test_what_is_gathered_is_told_once_the_newest_of_each_in_order() -> None:
    told: list[Sequence[int]] = []
    gathering = Gathering(told.append, every_s=3600.0)
    gathering.put({"a": 1})
    assert told == [[1]]  # after a pause at once
    gathering.put({"a": 2, "b": 3})
    gathering.put({"c": 4, "a": 5})
    assert told == [[1]]
    gathering.flush()
    gathering.flush()
    assert told == [[1], [3, 4, 5]]


def test_what_is_gathered_is_told_when_its_time_has_come_though_nothing_more_comes() -> None:
    come = threading.Event()
    told: list[int] = []

    def tell(items: Sequence[int]) -> None:
        told.extend(items)
        if len(told) == 3:
            come.set()

    gathering = Gathering(tell, every_s=0.01)
    for number in range(3):
        gathering.put({str(number): number})
    assert come.wait(30)
    assert told == [0, 1, 2]


async def test_a_page_that_goes_away_leaves_the_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MOST_PAGES", 1)
    feed = Feed()
    page = stream(feed, b"a", ALL, first=list, is_open=ALWAYS)
    assert not feed.is_full
    await anext(page)
    assert feed.is_full
    reading = asyncio.ensure_future(anext(page))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not feed.is_full


def test_offering_to_a_page_whose_loop_is_closed_does_nothing() -> None:
    async def subscribed() -> Subscription:
        return Feed().subscribe(b"a", ALL)

    asyncio.run(subscribed()).offer(_tick(1))
