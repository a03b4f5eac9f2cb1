"""Debian's Firefox, driven by playwright through WebDriver BiDi."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.browser import Place

_FIREFOX = shutil.which("firefox-esr")
_RELAY = Path(__file__).parent / "firefox_relay.py"
_GUEST_ID = 10**9  # the relay's
MICROPHONE_HZ = 440  # of the sine that it gives
_SOUND = {
    "media.cubeb.force_mock_context": True,  # a sound card of its own, as without one it waits for ever
    "media.navigator.streams.fake": True,
    "media.navigator.audio.fake_frequency": MICROPHONE_HZ,
    "media.navigator.permission.disabled": True,
}


class Fingers:
    """Fingers on a page, by a connection beside playwright's, which has none for this browser."""

    def __init__(self, connection: Any):
        self._connection = connection
        self._n_asked = 0

    def move(self, page: Any, *paths: list[Place]) -> None:
        """Each finger goes along its places, all together, once they are down one after the other."""
        tree = self._ask("browsingContext.getTree", {})["contexts"]
        [context] = [one["context"] for one in tree if one["url"] == page.url]
        fingers = [_finger(i, path) for i, path in enumerate(paths)]
        self._ask("input.performActions", {"context": context, "actions": fingers})

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        command = {"id": _GUEST_ID + self._n_asked, "method": method, "params": params}
        self._n_asked += 1
        self._connection.send(json.dumps(command))
        answer = json.loads(self._connection.recv())
        assert answer["type"] == "success", answer
        return answer["result"]


def _finger(i: int, path: list[Place]) -> dict[str, Any]:
    moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 20} for x, y in path]
    down, up = ({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))
    actions = [*i * [{"type": "pause"}], moves[0], down, *moves[1:], up]
    return {"type": "pointer", "id": f"finger {i}", "parameters": {"pointerType": "touch"}, "actions": actions}


@contextmanager
def firefox() -> Iterator[tuple[Any, Fingers]]:
    """The browser and its fingers; skips where there is none. What holds of `chromium` holds of it.

    Its microphone gives a sine. Its windows ignore their colour scheme.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    websockets = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")
    if _FIREFOX is None:
        pytest.skip("no firefox-esr; on Debian: apt-get install firefox-esr")
    with TemporaryDirectory() as folder, playwright.sync_playwright() as driver:
        program, address = Path(folder) / "firefox", Path(folder) / "address"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{_RELAY}" "{address}" "{_FIREFOX}" "$@"\n')
        program.chmod(0o700)
        browser = driver.firefox.launch(executable_path=program, channel="moz-firefox", firefox_user_prefs=_SOUND)
        with websockets.connect(address.read_text()) as connection:
            yield browser, Fingers(connection)
        browser.close()
