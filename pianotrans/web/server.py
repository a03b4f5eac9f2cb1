"""The HTTP server: its socket, and its shutdown."""

import asyncio
import errno
import ipaddress
import socket
import time
import traceback
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from pianotrans.errors import ServerError
from pianotrans.web.connections import BACKLOG, Connections, HttpConnection
from pianotrans.web.service import Service

_GRACE_S = 3  # for requests in progress at shutdown
_NO_MORE_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_SILENCE_S = 60.0  # between two lines about the same trouble


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free port. Raises ServerError if it cannot be opened."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
    except (OSError, UnicodeError) as error:
        raise ServerError(f"host {host!r}: unknown ({error}). Use an address of this machine.") from error
    try:
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise ServerError(
            f"{host}, port {port}: {error.strerror or error}. Choose another --port or --host."
        ) from error


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach the socket."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def address_of(listening: socket.socket) -> str:
    """The URL for a browser on this machine, or on one that can resolve this machine's name."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = socket.gethostname()
    elif address.version == 6:
        host = f"[{host}]"
    return f"http://{host}:{port}/"


class Server(uvicorn.Server):
    """Shuts down promptly, although open pages keep their connections, and when the service is dead."""

    def __init__(self, app: ASGIApp, service: Service):
        super().__init__(
            uvicorn.Config(
                app,
                http=HttpConnection,
                ws="none",
                log_config=None,
                log_level="critical",  # the application reports its errors itself
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_S,
                backlog=BACKLOG,
            )
        )
        self.server_state = Connections()
        self._service = service
        self._silent_until_s = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the server."""
        asyncio.get_running_loop().set_exception_handler(self._report)
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Whether to shut down."""
        return await super().on_tick(counter) or self._service.is_dead

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the connections of open pages, then shut down."""
        self._service.listeners.close()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle Ctrl-C and SIGTERM as a normal end, not as a failure."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()

    def _report(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Report what goes wrong outside of requests; a lack of open files happens many times a second."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _NO_MORE_FILES:
            if time.monotonic() >= self._silent_until_s:
                self._silent_until_s = time.monotonic() + _SILENCE_S
                self._service.say(
                    f"New connections have to wait: {error.strerror}. Raise the limit with ulimit -n."
                )
            return
        self._service.detail(context["message"])
        if error is not None:
            self._service.detail("".join(traceback.format_exception(error)))
