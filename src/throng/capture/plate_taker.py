"""Takes the plate of one camera while somebody waits for it, from the pictures that are looked at anyway."""

import threading
from collections.abc import Callable

from throng.capture.plate import FindPeople, PlateBuilder
from throng.capture.released_plate import released
from throng.data.frame import Frame
from throng.data.plate_picture import COLLECTING, NO_MODEL, NO_PICTURE, SOMEBODY, WAITS, PlatePicture, Why
from throng.data.secrecy import MemoryOnly

FIRST_S = 180.0
"""Who stood for less than 40 per cent of this leaves no trace, and who stood for less than 60 per cent is covered."""
LONGEST_S = 1800.0
_LONGEST_GAP_S, _FARTHEST_BACK_S = 30.0, 1.0
"""Between two pictures of one scene; farther back is a clock that was set."""
_LOOK_AGAIN_S = 30.0
"""For a model, where there was none."""


class Queue:
    """Whose turn it is to collect: one camera at a time in a process, since samples take up to 200 MB."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: list[str] = []

    def is_first(self, name: str) -> bool:
        """Whether it is this one's turn; it waits from now on if it did not yet."""
        with self._lock:
            if name not in self._names:
                self._names.append(name)
            return self._names[0] == name

    def leave(self, name: str) -> None:
        """Let the next have its turn."""
        with self._lock:
            if name in self._names:
                self._names.remove(name)


class PlateTaker(MemoryOnly):
    """Collects samples of a camera's pictures while its plate is asked for, and sends it once nobody is left in it.

    The median is checked in a thread of its own, so that measuring goes on. After three minutes of pictures, and where somebody
    cannot be ruled out after six, twelve and twenty-four; then all samples are let go and it begins anew. So it does after an
    outage or a jump of the clock: a camera that was dark or moved may show another scene.

    Parameters
    ----------
    camera : str
    find_people : callable
        Gives what finds people in a still picture; None where nothing here can.
    send : callable
        Takes the plate; called in the checking thread.
    tell : callable
        Is told why there is none yet.
    queue : Queue
        That of the process.
    """

    __slots__ = (
        "_again_s",
        "_ask",
        "_began_s",
        "_builder",
        "_camera",
        "_check",
        "_done",
        "_due_s",
        "_find",
        "_find_people",
        "_newest_s",
        "_queue",
        "_said",
        "_send",
        "_tell",
        "_why",
    )

    def __init__(
        self,
        camera: str,
        *,
        find_people: Callable[[], FindPeople | None],
        send: Callable[[PlatePicture], None],
        tell: Callable[[Why], None],
        queue: Queue,
    ) -> None:
        self._camera, self._find_people, self._send, self._tell, self._queue = camera, find_people, send, tell, queue
        self._ask: int | None = None
        self._done: int | None = None
        self._find: FindPeople | None = None
        self._builder: PlateBuilder | None = None
        self._check: threading.Thread | None = None
        self._why: Why = COLLECTING
        self._said: tuple[int | None, Why] | None = None
        self._began_s = self._newest_s = self._again_s = float("-inf")
        self._due_s = FIRST_S

    @property
    def is_wanted(self) -> bool:
        """Whether a plate is asked for that was not sent yet."""
        return self._ask is not None and self._ask != self._done

    def ask(self, ask: int | None) -> None:
        """Take a plate for the request of this number; None: nobody waits for one. From any thread."""
        self._ask = ask

    def see(self, frame: Frame) -> None:
        """Take in the next picture; costs nothing while no plate is asked for."""
        since_s, self._newest_s = frame.time_s - self._newest_s, frame.time_s
        if not self.is_wanted or not -_FARTHEST_BACK_S <= since_s <= _LONGEST_GAP_S:
            self._let_go()
        if not self.is_wanted or (self._check is not None and self._check.is_alive()):
            return
        if self._builder is None and not self._begin(frame.time_s):
            return
        assert self._builder is not None
        assert self._find is not None
        self._say(self._why)  # who asks anew hears it too
        self._builder.offer(frame)
        if frame.time_s - self._began_s >= self._due_s:
            self._due_s *= 2
            self._check = threading.Thread(
                target=self._checked, args=(self._builder, self._find), name=f"plate of {self._camera}"
            )
            self._check.daemon = True
            self._check.start()

    def interrupted(self) -> None:
        """Nothing can be known from the camera's pictures at present."""
        if self.is_wanted:
            self._say(NO_PICTURE)
        self._let_go()

    def _begin(self, now_s: float) -> bool:
        if now_s < self._again_s <= now_s + _LOOK_AGAIN_S:
            return False
        if not self._queue.is_first(self._camera):
            self._say(WAITS)
            return False
        self._find = self._find_people()
        if self._find is None:
            self._say(NO_MODEL)
            self._again_s = now_s + _LOOK_AGAIN_S
            self._queue.leave(self._camera)
            return False
        self._why = COLLECTING
        self._builder, self._began_s, self._due_s = PlateBuilder(longest_s=LONGEST_S), now_s, FIRST_S
        return True

    def _checked(self, builder: PlateBuilder, find: FindPeople) -> None:
        """In a thread of its own: nobody else touches the builder meanwhile."""
        plate = None
        try:
            plate, ask = builder.build(find), self._ask
            # Let go of meanwhile: the camera was dark or moved, or nobody waits any more.
            if builder is not self._builder or ask is None:
                return
            if plate is not None:
                self._send(released(plate, camera=self._camera, ask=ask))
                self._done = ask
            else:
                self._say(SOMEBODY)
        finally:
            # After a fault, too: the next camera has its turn some time.
            if builder is self._builder and (plate is not None or self._due_s > LONGEST_S):
                self._let_go()

    def _say(self, why: Why) -> None:
        self._why = why
        if self._said != (self._ask, why):
            self._said = self._ask, why
            self._tell(why)

    def _let_go(self) -> None:
        self._builder = self._find = None
        self._queue.leave(self._camera)
