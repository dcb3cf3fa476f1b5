"""Turns are taken in order, never more at once than allowed, and given back whatever happens."""

import threading
import time

import pytest

from throng.detect.turns import Turns


@pytest.mark.parametrize("at_once", [1, 3])
def test_all_get_as_many_turns_and_no_more_work_at_once(at_once: int) -> None:
    turns, end = Turns(at_once), time.monotonic() + 1.0
    inside, most, taken = 0, 0, [0] * 8
    count = threading.Lock()

    def work(number: int) -> None:
        nonlocal inside, most
        while time.monotonic() < end:
            with turns:
                with count:
                    inside += 1
                    most = max(most, inside)
                # Some need longer than others, and still nobody comes up short.
                time.sleep(0.002 if number % 2 else 0.006)
                with count:
                    inside -= 1
                taken[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(taken))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == at_once
    # A cycle is the wait for all the others plus one's own work, so those with long work come round a little less often
    # (0.69 times as often in theory, three at once); without an order some come short altogether.
    assert min(taken) >= 0.5 * max(taken)


def test_turns_come_in_the_order_of_asking() -> None:
    turns, order = Turns(), []
    threads = []
    with turns:
        for number in range(5):

            def ask(number: int = number) -> None:
                with turns:
                    order.append(number)

            threads.append(threading.Thread(target=ask))
            threads[-1].start()
            time.sleep(0.05)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_failure_gives_the_turn_back() -> None:
    turns = Turns()
    with pytest.raises(KeyError), turns:
        raise KeyError
    with turns:
        pass
