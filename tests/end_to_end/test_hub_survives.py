"""The hub dies, its disk fills, its network is cut, its store goes away: nothing acknowledged is lost or counted twice."""

import os
import random
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.end_to_end.killable import SENSORS, HubProcess, make_place
from tests.end_to_end.left_behind import copied, look
from tests.end_to_end.senders import Acting, Administrator, Sender

KILLS = int(os.environ.get("THRONG_KILLS", "6"))
SEED = int(os.environ.get("THRONG_KILL_SEED", "1"))
_LONGEST_RUN_S = 0.6
_WHILE_STARTING = 0.25


def _killed(hub: HubProcess, chance: random.Random) -> bool:
    """Start it and kill it at a random moment, now and then before it answers; whether it did."""
    if chance.random() < _WHILE_STARTING:
        hub.begin()
        time.sleep(chance.uniform(0, _LONGEST_RUN_S))
        hub.kill()
        return False
    hub.start()
    time.sleep(chance.uniform(0, _LONGEST_RUN_S))
    hub.kill()
    return True


# Python loses sight of a socket whose peer dies between connection and handshake.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.timeout(60 + 10 * KILLS)
def test_a_hub_that_is_killed_at_random_moments_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """`THRONG_KILLS=200 pytest -s` kills it more often; `THRONG_KILL_SEED` gives other moments."""
    place = make_place(tmp_path)
    chance, head = random.Random(SEED), ""
    unanswered = unacknowledged = 0
    with ExitStack() as ended:
        senders = [Sender(place, sensor, seed=SEED) for sensor in SENSORS]
        people = Administrator(place)
        hub = HubProcess(place)
        ended.callback(hub.kill)
        threads: list[Acting] = [*senders, people]
        for thread in threads:
            ended.callback(thread.finishing.set)
            thread.start()
        for _ in range(KILLS):
            answered = _killed(hub, chance)
            noted = [sender.look() for sender in senders]
            left = look(copied(tmp_path, tmp_path / "copy"), noted, people.look(), head=head)
            head = left.head
            unanswered += answered and any(one.in_flight for one in noted)
            unacknowledged += sum(bool(one.in_flight & left.ticks) for one in noted)
        hub.start()
        while not (people.look() and any(sender.look().repeats for sender in senders)):
            assert not [thread.problem for thread in threads if thread.problem]
            time.sleep(0.02)  # on a busy machine nobody may have come so far
        for thread in threads:
            thread.finish()
        assert hub.stop() == 0
    noted = [sender.look() for sender in senders]
    left = look(tmp_path, noted, people.look(), head=head)
    assert left.ticks == set().union(*(one.acknowledged for one in noted))
    changes, repeats = sum(people.acknowledged.values()), sum(one.repeats for one in noted)
    print(
        f"\n{KILLS} kills, seed {SEED}: {unanswered} while a batch was on its way, {unacknowledged} batches stored and not "
        f"acknowledged; {len(left.ticks)} ticks and {changes} changes acknowledged, {repeats} batches repeated"
    )
    assert unanswered
    assert left.ticks
