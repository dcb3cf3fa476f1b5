"""The live feed: what was just stored, to every page that is open and may see it."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from throng.hub.access import Sites

HEARTBEAT_S = 15.0
EVENTS = ("ticks", "now", "cameras", "alarms")
USUAL = ("ticks", "cameras", "alarms")
OF_CAMERAS = ("ticks", "now")
"""Events that a page may want of one camera alone."""
_Told = TypeVar("_Told")
_MOST_WAITING = 256
_MOST_PAGES = 100
_MOST_OF_ONE = 60
"""Pages of one person and his scripts, so that nobody keeps all others out."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event: its name, and its items, each with the site it belongs to and as JSON on one line.

    An event of items is a list of those that a page may see, and none where it may see none. It is made into bytes once for all
    pages that see the same: at 1,039 cameras and 50 pages that is most of the work.

    Attributes
    ----------
    cameras : tuple of str
        Of each item the camera that it is about, where pages may want those of one alone.
    """

    name: str
    items: tuple[tuple[str, str], ...] | None = None
    cameras: tuple[str, ...] = ()
    _encoded: dict[tuple[Sites, str | None], bytes] = field(default_factory=dict, compare=False, repr=False)

    def encode(self, sites: Sites, camera: str | None = None) -> bytes:
        """The bytes on the wire for a page that may see these sites, and wants what is of one camera alone, or of all."""
        if self.items is None:
            return f"event: {self.name}\ndata: {{}}\n\n".encode()
        if self.name not in OF_CAMERAS:
            camera = None
        if (known := self._encoded.get((sites, camera))) is None:
            known = self._encoded[sites, camera] = self._encode(self.items, sites, camera)
        return known

    def _encode(self, items: tuple[tuple[str, str], ...], sites: Sites, camera: str | None) -> bytes:
        if camera is not None:
            items = tuple(item for item, name in zip(items, self.cameras, strict=True) if name == camera)
        seen = [item for site, item in items if site in sites]
        return f"event: {self.name}\ndata: [{','.join(seen)}]\n\n".encode() if seen else b""


BEAT = Event("beat")
"""To a page that would hear nothing else for a while: the feed lives."""
RELOAD = Event("reload")
"""To a page that fell behind: it has missed events and loads its series anew."""
ENDED = Event("ended")
"""To a page whose session is over."""
_CLOSE = Event("close")


class Subscription:
    """One open page: its event loop, its session, what it may see and wants, and the events that wait for it."""

    def __init__(
        self,
        session: bytes,
        sites: Sites,
        *,
        who: str = "",
        events: Sequence[str] = USUAL,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        self.session = session
        self.who = who
        self.sites = sites
        self.events = frozenset(events)
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(most_waiting)

    def offer(self, event: Event) -> None:
        """Hand over an event from any thread, without waiting for the page."""
        with contextlib.suppress(RuntimeError):  # the page's event loop is closed, and the page with it
            self._loop.call_soon_threadsafe(self._append, event)

    async def next(self) -> Event | None:
        """The next event, or None when there was none for a heartbeat."""
        try:
            return await asyncio.wait_for(self._waiting.get(), HEARTBEAT_S)
        except TimeoutError:
            return None

    def _append(self, event: Event) -> None:
        if event in (_CLOSE, ENDED):
            self._clear()
        elif self._waiting.full():
            self._clear()
            event = RELOAD
        self._waiting.put_nowait(event)

    def _clear(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()


class Feed:
    """Gives each event to every open page; a page that is slow loses its place in the feed, and nobody waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: set[Subscription] = set()
        self._closed = False

    def publish(self, event: Event) -> None:
        """Offer an event to every page that wants it; from any thread."""
        with self._lock:
            pages = [page for page in self._pages if event.name in page.events or event.name not in EVENTS]
        for page in pages:
            page.offer(event)

    def end(self, session: bytes) -> None:
        """End the pages of one session."""
        with self._lock:
            pages = [page for page in self._pages if page.session == session]
        for page in pages:
            page.offer(ENDED)

    def close(self) -> None:
        """End every page, now and from now on."""
        with self._lock:
            self._closed = True
        self.publish(_CLOSE)

    @property
    def is_full(self) -> bool:
        """Whether as many pages are live as there may be."""
        with self._lock:
            return len(self._pages) >= _MOST_PAGES

    def has_many(self, who: str) -> bool:
        """Whether somebody has as many pages live as one person may."""
        with self._lock:
            return sum(page.who == who for page in self._pages) >= _MOST_OF_ONE

    def subscribe(self, session: bytes, sites: Sites, *, who: str = "", events: Sequence[str] = USUAL) -> Subscription:
        """Open a page's place in the feed; call in its event loop, and `unsubscribe` at its end."""
        page = Subscription(session, sites, who=who, events=events)
        with self._lock:
            self._pages.add(page)
            if self._closed:
                page.offer(_CLOSE)
        return page

    def unsubscribe(self, page: Subscription) -> None:
        """Close a page's place."""
        with self._lock:
            self._pages.discard(page)


class Gathering(Generic[_Told]):
    """Tells at most so often what came meanwhile, of each thing the newest, so that a thousand changes are one event.

    Parameters
    ----------
    tell : callable
        Is given what came, in the order in which it came; from one thread at a time.
    every_s : float
        Seconds from one time to the next. What comes after a pause is told at once.
    """

    def __init__(self, tell: Callable[[Sequence[_Told]], None], *, every_s: float) -> None:
        self._tell, self._every_s = tell, every_s
        self._lock = threading.Lock()
        self._waiting: dict[str, _Told] = {}
        self._timer: threading.Timer | None = None
        self._told_s = -every_s

    def put(self, told: Mapping[str, _Told]) -> None:
        """Take what there is to tell of some things, by name; from any thread."""
        with self._lock:
            for name in told:
                self._waiting.pop(name, None)
            self._waiting |= told
            wait_s = self._told_s + self._every_s - time.monotonic()
            if wait_s > 0 and self._timer is None:
                self._timer = threading.Timer(wait_s, self.flush)
                self._timer.daemon = True
                self._timer.start()
        if wait_s <= 0:
            self.flush()

    def flush(self) -> None:
        """Tell what waits, now."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            waiting, self._waiting = self._waiting, {}
            if waiting:
                self._told_s = time.monotonic()
                self._tell(list(waiting.values()))


async def stream(
    feed: Feed,
    session: bytes,
    sites: Sites,
    *,
    first: Callable[[], list[Event]],
    is_open: Callable[[bytes], bool],
    who: str = "",
    events: Sequence[str] = USUAL,
    camera: str | None = None,
) -> AsyncIterator[bytes]:
    """The bytes of one page's feed, until its session or the hub ends.

    Parameters
    ----------
    feed : Feed
        What is published.
    session : bytes
        Whose page it is.
    sites : Sites
        What he may see.
    first : callable
        The events that a page starts with; asked once the page misses nothing any more.
    is_open : callable
        Whether a session is still open; asked at every event and heartbeat.
    who : str
        Whose session it is, by name.
    events : sequence of str
        Those of `EVENTS` that the page wants.
    camera : str or None
        The camera to which `OF_CAMERAS` keep; None: all.
    """
    page = feed.subscribe(session, sites, who=who, events=events)
    try:
        yield b"retry: 2000\n\n"
        for state in first():
            yield state.encode(sites)
        heard_s = time.monotonic()
        async for event in _events(page, is_open):
            content = event.encode(sites, camera)
            if not content and time.monotonic() - heard_s >= HEARTBEAT_S:
                content = BEAT.encode(sites)  # all that came was of what it may not see
            if content:
                heard_s = time.monotonic()
                yield content
    finally:
        feed.unsubscribe(page)


async def _events(page: Subscription, is_open: Callable[[bytes], bool]) -> AsyncIterator[Event]:
    while (event := await page.next()) != _CLOSE:
        last = ENDED if not is_open(page.session) else event or BEAT
        yield last
        if last in (ENDED, RELOAD):
            return
