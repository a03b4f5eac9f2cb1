"""Open pages that listen for changes; told from any thread, served in the server's event loop."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

MakeEvent = Callable[[], str]
"""Makes an event when it is sent, so that it costs nothing if nobody listens or a later one replaces it."""


class Listener:
    """The pending events of one page: only the latest of each key, so a slow page needs little memory."""

    def __init__(self) -> None:
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

    def add(self) -> Listener:
        """Add a listener for a new page."""
        listener = Listener()
        if self._is_closed:
            listener.close()
        self._listeners.add(listener)
        return listener

    def remove(self, listener: Listener) -> None:
        """Remove the listener of a page that is gone."""
        self._listeners.discard(listener)

    def tell(self, key: str, make_event: MakeEvent) -> None:
        """Send an event to all pages, from any thread, without waiting for them."""
        if self._loop is not None and self._listeners:
            with suppress(RuntimeError):  # the loop has ended, and with it the pages
                self._loop.call_soon_threadsafe(self._put, key, make_event)

    def close(self) -> None:
        """Close all listeners. Must be called in the event loop."""
        self._is_closed = True
        for listener in self._listeners:
            listener.close()

    def _put(self, key: str, make_event: MakeEvent) -> None:
        for listener in self._listeners:
            listener.put(key, make_event)
