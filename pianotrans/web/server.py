"""The HTTP server: its socket, and its shutdown."""

import ipaddress
import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from pianotrans.errors import ServerError
from pianotrans.web.listeners import Listeners

_MAX_CONNECTIONS = 512  # at once; many systems allow a process 1024 open files
_GRACE_S = 3  # for requests in progress at shutdown


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
    """Shuts down promptly, although open pages keep their connections."""

    def __init__(self, app: ASGIApp, listeners: Listeners):
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                log_level="critical",  # the application reports its errors itself
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_S,
                backlog=512,
                limit_concurrency=_MAX_CONNECTIONS,
            )
        )
        self._listeners = listeners

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the connections of open pages, then shut down."""
        self._listeners.close()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle Ctrl-C and SIGTERM as a normal end, not as a failure."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()
