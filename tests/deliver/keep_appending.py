"""Keeps payloads in a spool, as fast as it can, until it is killed; says what it did after it did it, or before it deletes."""

import sys
from pathlib import Path

from throng.deliver.spool import Spool

folder, first = Path(sys.argv[1]), int(sys.argv[2])
spool = Spool(folder, segment_bytes=4000)
number = first
while True:
    batch = range(number, number + 1 + number % 5)
    spool.keep([b"%d " % each + b"x" * (each % 300) for each in batch], rows=[1] * len(batch))
    print("kept", *batch, flush=True)
    number = batch.stop
    if number % 3 == 0:
        oldest = spool.oldest(most_rows=2)
        print("done", *(payload.split()[0].decode() for _, payload in spool.payloads(oldest)), flush=True)
        spool.done(oldest)
