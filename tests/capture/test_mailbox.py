"""Between reader and consumer: the newest frame, outages at once and repeated."""

import time

import av

from throng.capture.mailbox import SILENT, Arrival, Mailbox
from throng.data.outage import Outage


def arrival(index: int) -> Arrival:
    return Arrival(av.VideoFrame(16, 16, "bgr24"), float(index), index)


def test_only_the_newest_frame_is_kept_and_the_others_are_counted() -> None:
    box = Mailbox(silence_s=60.0)
    for index in range(5):
        box.put(arrival(index))
    taken = box.take()
    assert isinstance(taken, Arrival)
    assert (taken.index, box.dropped) == (4, 4)


def test_an_outage_that_is_over_before_anybody_looked_is_still_told_and_in_order() -> None:
    box = Mailbox(silence_s=60.0)
    box.put(arrival(0))
    box.fail("gone")
    box.heard()
    box.put(arrival(1))
    first, second = box.take(), box.take()
    assert isinstance(first, Outage)
    assert isinstance(second, Arrival)
    assert (first.reason, second.index, box.dropped) == ("gone", 1, 1)


def test_an_outage_is_repeated_about_once_a_second_until_a_frame_comes() -> None:
    box = Mailbox(silence_s=60.0)
    box.fail("gone")
    begun_s = time.monotonic()
    assert [item.reason for item in (box.take(), box.take()) if isinstance(item, Outage)] == ["gone", "gone"]
    assert time.monotonic() - begun_s >= 0.99


def test_a_silent_camera_is_out_whatever_its_reader_waits_for() -> None:
    taken = Mailbox(silence_s=0.05).take()
    assert isinstance(taken, Outage)
    assert taken.reason == SILENT


def test_what_is_left_is_delivered_before_the_end() -> None:
    box = Mailbox(silence_s=60.0)
    box.put(arrival(0))
    box.end()
    assert isinstance(box.take(), Arrival)
    assert box.take() is None
