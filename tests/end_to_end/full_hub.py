"""A hub on a small disk that fills, is killed there, starts again, and has room again; what is wrong fails an assertion.

To be run where a disk may be mounted: `unshare -Urm python full_hub.py FOLDER`.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.killable import SENSORS, HubProcess, make_place
from tests.end_to_end.left_behind import copied, look
from tests.end_to_end.senders import Acting, Administrator, Sender

DISK_MB, ROOM_KB = 16, 300


def _until(enough: Callable[[], object], threads: list[Sender]) -> None:
    while not enough():
        assert not [thread.problem for thread in threads if thread.problem]
        time.sleep(0.02)


def main(folder: Path) -> None:
    """Fill it."""
    disk, copy = folder / "disk", folder / "copy"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)], check=True)
    place = make_place(disk)
    ballast = disk / "ballast"
    free = int(subprocess.check_output(["df", "-B1", "--output=avail", str(disk)]).split()[-1])
    ballast.write_bytes(bytes(free - ROOM_KB * 1024))
    with HubProcess(place) as hub:
        senders = [Sender(place, sensor, seed=7) for sensor in SENSORS[:2]]
        people = Administrator(place)
        acting: list[Acting] = [*senders, people]
        for sender in senders:
            sender.start()
        _until(lambda: all(sender.sent_away for sender in senders), senders)
        people.start()
        _until(lambda: people.sent_away, senders)
        assert not people.look()
        hub.kill()
        told = {sentence for each in acting for sentence in each.sent_away}
        assert all("full" in sentence or "No space left" in sentence for sentence in told), told
        noted = [sender.look() for sender in senders]
        before = look(copied(disk, copy), noted, people.look(), head="")
        hub.begin()  # whether it starts or not, it breaks nothing
        time.sleep(1.0)
        hub.kill()
        again = look(copied(disk, copy), [sender.look() for sender in senders], people.look(), head=before.head)
        ballast.unlink()
        hub.start()
        acknowledged = sum(len(one.acknowledged) for one in noted)
        _until(lambda: sum(len(sender.look().acknowledged) for sender in senders) > acknowledged + 10, senders)
        _until(people.look, senders)
        for thread in acting:
            thread.finish()
        assert hub.stop() == 0
    look(disk, [sender.look() for sender in senders], people.look(), head=again.head)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
