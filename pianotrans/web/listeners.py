"""Open pages that listen for changes; told from any thread, served in the server's event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

MakeEvent = Callable[[], str]
"""Makes an event when it is sent, so that it costs nothing if nobody listens or a later one replaces it."""


class Listener:
    """The pending events of one page: only the latest of each key, so a slow page needs little memory.

    `topic` is a job whose notes the page follows; "" stands for the list of all jobs.
    """

    def __init__(self, topic: str = "") -> None:
        self.topic = topic
        self.is_closed = False
        self._pending: dict[str, MakeEvent] = {}
        self._changed = asyncio.Event()

    async def take(self) -> list[str]:
        """The events since the last call, as soon as there are some."""
        await self._changed.wait()
        self._changed.clear()
        pending, self._pending = self._pending, {}
        return [make_event() for make_event in pending.values()]

    def put(self, key: str, make_event: MakeEvent) -> None:
        """Add an event; it replaces a pending one with the same key."""
        self._pending[key] = make_event
        self._changed.set()

    def close(self) -> None:
        """Announce that no more events will come."""
        self.is_closed = True
        self._changed.set()


class Listeners:
    """All open pages."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: set[Listener] = set()
        self._is_closed = False

    def attach(self) -> None:
        """Deliver events in the running event loop from now on."""
        self._loop = asyncio.get_running_loop()

    def add(self, topic: str = "") -> Listener:
        """Add a listener for a new page."""
        listener = Listener(topic)
        if self._is_closed:
            listener.close()
        self._listeners.add(listener)
        return listener

    def remove(self, listener: Listener) -> None:
        """Remove the listener of a page that is gone."""
        self._listeners.discard(listener)

    def tell(self, key: str, make_event: MakeEvent) -> None:
        """Send an event to all pages that show the list of jobs, from any thread, without waiting for them."""
        self._send("", key, make_event)

    def nudge(self, topic: str) -> None:
        """Have all pages that follow a job look for news of it; from any thread, without waiting for them."""
        self._send(topic, topic, lambda: "")

    def _send(self, topic: str, key: str, make_event: MakeEvent) -> None:
        if self._loop is not None and self._listeners:
            with suppress(RuntimeError):  # the loop has ended, and with it the pages
                self._loop.call_soon_threadsafe(self._put, topic, key, make_event)

    def close(self) -> None:
        """Close all listeners. Must be called in the event loop."""
        self._is_closed = True
        for listener in self._listeners:
            listener.close()

    def _put(self, topic: str, key: str, make_event: MakeEvent) -> None:
        for listener in self._listeners:
            if listener.topic == topic:
                listener.put(key, make_event)
