"""Connections that say nothing, too much or too slowly, and more of them than the server takes."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from pianotrans.web import connections as connections_module
from pianotrans.web.guard import Access
from pianotrans.web.service import Limits

from .making import SOON_S, Site, serving
from .test_dispatcher import until
from .test_events import listening

GET = b"GET /api/limits HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"POST /api/jobs?name=x.mp3 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextlib.contextmanager
def connected(site: Site, sent: bytes = b"") -> Iterator[socket.socket]:
    """A connection, and what it says at first."""
    address = (site.client.base_url.host, site.client.base_url.port)
    with socket.create_connection(address, timeout=SOON_S) as connection:
        connection.sendall(sent)
        yield connection


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed the connection; what it has answered is dropped."""
    connection.setblocking(False)
    try:
        while True:
            if not connection.recv(65536):
                return True
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def answers(site: Site) -> bool:
    """Whether a new client gets an answer."""
    with httpx.Client(base_url=site.client.base_url, timeout=SOON_S, trust_env=False) as client:
        return client.get("/api/limits").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /",
        b"\r\n",
        GET[:-2],
        GET + b"GET / HT",
        GET + GET + b"\r\n",
        CHUNKED.replace(b"name=x.mp3", b"") + b"5\r\n",
    ],
)
def test_what_never_asks_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes):
    monkeypatch.setattr(connections_module, "_PATIENCE_S", 0.3)
    with serving(tmp_path) as site, connected(site, sent) as connection:
        until(lambda: is_closed(connection))
        assert answers(site)


def test_a_header_in_drops_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections_module, "_PATIENCE_S", 0.3)
    with serving(tmp_path) as site, connected(site, GET) as connection:
        end_s = time.monotonic() + SOON_S
        while not is_closed(connection):
            assert time.monotonic() < end_s
            with contextlib.suppress(ConnectionError):
                connection.send(b"G")
            time.sleep(0.05)


def test_what_is_being_answered_is_not_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections_module, "_PATIENCE_S", 0.1)

    def body() -> Iterator[bytes]:
        for _ in range(10):
            time.sleep(0.05)
            yield b"sound"

    with serving(tmp_path) as site, listening(site) as page:
        assert site.post(content=body()).status_code == 201
        assert site.wait(site.client.get("/api/jobs").json()["jobs"][0]["id"])["state"] == "done"
        names = []
        while "done" not in names:
            name, event = next(page)
            names.append(event["state"] if name == "job" else name)


@pytest.mark.parametrize(
    "overhead", [b"GET / HTTP/1.1\r\nX: ", b"GET /", CHUNKED + b"1;", CHUNKED + b"1\r\nx\r\n0\r\nX: "], ids=str
)
def test_headers_and_trailers_have_an_end(tmp_path: Path, overhead: bytes):
    with serving(tmp_path) as site, connected(site, overhead) as connection:

        def send() -> bool:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                connection.send(b"x" * 10_000)
            return is_closed(connection)

        until(send)
        assert site.client.get("/api/jobs").json()["jobs"] == []


def test_many_that_ask_nothing_lock_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections_module, "_MAX_CONNECTIONS", 20)
    with serving(tmp_path) as site, ExitStack() as stack:
        silent = [stack.enter_context(connected(site)) for _ in range(50)]
        assert answers(site)
        until(lambda: sum(map(is_closed, silent)) >= 30)
        assert not is_closed(silent[-1]), "the oldest make room"


def test_more_than_there_is_room_for_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections_module, "_MAX_CONNECTIONS", 5)
    with serving(tmp_path) as site:
        site.client.close()
        with ExitStack() as stack:
            pages = [stack.enter_context(listening(site)) for _ in range(5)]
            for page in pages:
                next(page)
            with pytest.raises(httpx.TransportError):
                answers(site)
            assert next(pages[0])[0] == "queue", "those that are open go on"
        until(lambda: not site.service.listeners._listeners)
        assert answers(site)


def test_a_lack_of_open_files_is_told_in_one_line(tmp_path: Path):
    resource = pytest.importorskip("resource", reason="not on this system")
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc here")
    told: list[str] = []
    with serving(tmp_path, say=told.append, detail=told.append) as site, ExitStack() as stack:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        n_open = max(int(path.name) for path in Path("/proc/self/fd").iterdir()) + 1
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (n_open + 20, limits[1]))
            with contextlib.suppress(OSError):
                while True:
                    stack.enter_context(connected(site))
            until(lambda: told)
            time.sleep(2.5)  # it is tried again every second
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert len(told) == 1
        assert "ulimit" in told[0]
        until(lambda: answers(site))


@pytest.mark.parametrize("is_let_in", [True, False])
def test_chunks_of_one_byte_do_not_take_the_server(tmp_path: Path, is_let_in: bool):
    """Four clients send as fast as they can."""
    stop, piece = threading.Event(), b"1\r\nx\r\n" * 10_000

    def send() -> None:
        with connected(site, CHUNKED) as connection, contextlib.suppress(OSError):
            while not stop.is_set():
                connection.sendall(piece)

    access = Access() if is_let_in else Access(False, token="a-token-of-more-than-16")
    with serving(tmp_path, access=access, limits=Limits(max_upload_bytes=10**9)) as site:
        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        took_s = []
        for _ in range(10):
            start_s = time.monotonic()
            assert site.client.get("/").status_code == (200 if is_let_in else 401)
            took_s.append(time.monotonic() - start_s)
        stop.set()
        for thread in threads:
            thread.join(SOON_S)
    assert sorted(took_s)[5] < 2.0, "a quarter of a second; with uvicorn's other parser, more than ten"
