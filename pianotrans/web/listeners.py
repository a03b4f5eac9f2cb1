"""Open pages that want to know of every change; told from any thread, heard in the server's event loop."""

import asyncio
from contextlib import suppress


class Listener:
    """What one page has not been told yet: of each job only the latest, so a slow page costs no memory."""

    def __init__(self) -> None:
        self.is_closed = False
        self._pending: dict[str, str] = {}
        self._changed = asyncio.Event()

    async def take(self) -> list[str]:
        """The events since the last call, as soon as there are some."""
        await self._changed.wait()
        self._changed.clear()
        events, self._pending = list(self._pending.values()), {}
        return events

    def put(self, key: str, event: str) -> None:
        """An event, in place of an earlier one of this key."""
        self._pending[key] = event
        self._changed.set()

    def close(self) -> None:
        """No more is to come."""
        self.is_closed = True
        self._changed.set()


class Listeners:
    """All open pages."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: set[Listener] = set()
        self._is_closed = False

    def attach(self) -> None:
        """From now on events go to the running event loop."""
        self._loop = asyncio.get_running_loop()

    def add(self) -> Listener:
        """A new page."""
        listener = Listener()
        if self._is_closed:
            listener.close()
        self._listeners.add(listener)
        return listener

    def remove(self, listener: Listener) -> None:
        """A page is gone."""
        self._listeners.discard(listener)

    def tell(self, key: str, event: str) -> None:
        """Tell all pages, from any thread, without waiting for them."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and with it the pages
                self._loop.call_soon_threadsafe(self._put, key, event)

    def close(self) -> None:
        """Let all pages go; to be called in the event loop."""
        self._is_closed = True
        for listener in self._listeners:
            listener.close()

    def _put(self, key: str, event: str) -> None:
        for listener in self._listeners:
            listener.put(key, event)
