"""The connections of the server: how many there are, and how long one may take to say what it wants."""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

BACKLOG = 128  # connections that the system keeps until the server takes them, all at once
_MAX_CONNECTIONS = 512
_SPARE_FILES = 64  # for everything that is not a connection
_FILES_EACH = 2  # a connection, and the file that is sent or received
_MANY_FILES = 8192
_READ_BYTES = 32 * 1024  # at once: asyncio's 256 KiB in chunks of one byte take long
_MAX_OVERHEAD_BYTES = 64 * 1024  # before a header ends, or between two pieces of a body
_PATIENCE_S = 20.0
"""A header must have arrived within this time, and so must the rest of a body that nobody reads any more."""


class Connections(ServerState):
    """All connections. If there are too many, those that ask for nothing make room, the oldest first."""

    def __init__(self) -> None:
        super().__init__()
        n_files = _n_files_allowed() - _SPARE_FILES - BACKLOG
        self.limit = min(_MAX_CONNECTIONS, max(1, n_files // _FILES_EACH))
        self.idle: dict[HttpConnection, None] = {}  # in order

    def make_room(self) -> bool:
        """Whether there is room for one more."""
        if len(self.connections) >= self.limit and self.idle:
            next(iter(self.idle)).abort()
        return len(self.connections) < self.limit


class HttpConnection(HttpToolsProtocol):
    """A connection that is closed if it does not send a whole header in time, or sends too large a one.

    Uvicorn limits neither. Its httptools parser is fast enough for bodies in chunks of one byte.
    """

    server_state: Connections

    def __init__(self, config: Config, server_state: Connections, app_state: dict[str, Any], **options: Any):
        super().__init__(config, server_state, app_state, **options)
        self._patience: asyncio.TimerHandle | None = None
        self._has_advanced = False
        self._n_overhead_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection, or close it at once."""
        has_room = self.server_state.make_room()
        super().connection_made(transport)
        if hasattr(transport, "max_size"):
            transport.max_size = _READ_BYTES
        if has_room:
            self._rest()
        else:
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._has_advanced = False
        super().data_received(data)
        self._n_overhead_bytes = 0 if self._has_advanced else self._n_overhead_bytes + len(data)
        if self._n_overhead_bytes > _MAX_OVERHEAD_BYTES:
            self.abort()

    def on_headers_complete(self) -> None:
        """Begin a request."""
        self._has_advanced = True
        self._work()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._has_advanced = True
        super().on_body(body)

    def on_response_complete(self) -> None:
        """End a request; the next one may be waiting."""
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last and not self.transport.is_closing():
            self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._work()
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close without an answer, and make room for others now."""
        self._work()
        self.server_state.connections.discard(self)
        self.transport.abort()

    def _rest(self) -> None:
        """Nothing has been asked for: the time runs, and others come first."""
        self._work()
        self.server_state.idle[self] = None
        self._patience = self.loop.call_later(_PATIENCE_S, self.abort)

    def _work(self) -> None:
        self.server_state.idle.pop(self, None)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _n_files_allowed() -> int:
    """How many files this process may have open."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return _MANY_FILES
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MANY_FILES if soft == resource.RLIM_INFINITY else soft
