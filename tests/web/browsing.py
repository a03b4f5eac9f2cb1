"""The page as a person meets it, in Debian's Chromium."""

import base64
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SOON_S = 20.0
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")  # it beeps once a second

# In the page and in the player's frame: what their policies keep from happening is an error, too.
_TELL_POLICY = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
_DROP = """(files) => {
    const transfer = new DataTransfer();
    for (const [name, content] of files) {
      transfer.items.add(new File([Uint8Array.from(atob(content), (char) => char.charCodeAt(0))], name));
    }
    for (const kind of ["dragenter", "dragover", "drop"]) {
      const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
      document.getElementById("desk").dispatchEvent(new DragEvent(kind, options));
    }
}"""
_COUNT_COLOURS = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const counts = {};
    for (let i = 0; i < data.length; i += 4) {
      const name = `${data[i]},${data[i + 1]},${data[i + 2]},${data[i + 3]}`;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
}"""

Colour = tuple[int, ...]


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, with a microphone that beeps; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if _CHROMIUM is None:
        pytest.skip("no chromium; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_CHROMIUM, args=_MICROPHONE)
        yield browser
        browser.close()


class Tab:
    """The page in a window of its own, or beside `other`; and all that goes wrong in it."""

    def __init__(self, browser: Any, address: str, *, beside: "Tab | None" = None, **options: Any):
        view = {"viewport": {"width": 1180, "height": 860}, "color_scheme": "light"}
        self.context = browser.new_context(**view | options) if beside is None else beside.context
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda message: self.troubles.extend([message.text] * (message.type == "error")))
        self.page.add_init_script(_TELL_POLICY)
        self.page.goto(address)
        self.page.get_by_text("Audio or video, up to").wait_for()

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Files, dragged in from elsewhere."""
        self.page.evaluate(_DROP, [(name, base64.b64encode(content).decode()) for name, content in files])

    def row(self, name: str) -> Any:
        """The line of a recording."""
        heading = self.page.get_by_role("heading", name=name, exact=True)
        return self.page.get_by_role("listitem").filter(has=heading)

    def wait(self, name: str, state: str, timeout_s: float = SOON_S) -> Any:
        """The line of a recording as soon as the server has it, and in this state."""
        line = self.row(name).and_(self.page.locator(f"#jobs [data-state={state}]"))
        line.wait_for(timeout=1000 * timeout_s)
        return line

    def names(self) -> list[str]:
        """Of all recordings, as they stand in the list."""
        return self.page.locator("#jobs .name").all_inner_texts()

    def open(self, name: str) -> Any:
        """The player of a recording, with everything in it."""
        self.row(name).get_by_role("link", name=f"Open: {name}").click()
        return self.player()

    def player(self) -> Any:
        """The player that is open."""
        frame = self.page.frame_locator("#player iframe")
        frame.locator("html[data-ready]").wait_for()
        return frame

    def download(self, control: Any) -> tuple[str, bytes]:
        """What one gets by a click: name and content."""
        with self.page.expect_download() as waiting:
            control.click()
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()

    def text(self) -> str:
        return self.page.locator("body").inner_text()


def colours(canvas: Any) -> dict[Colour, int]:
    """How often each colour is on a canvas; the last number is its opacity."""
    counts = canvas.evaluate(_COUNT_COLOURS)
    return {tuple(map(int, name.split(","))): n for name, n in counts.items()}


def until(condition: Callable[[], object], timeout_s: float = SOON_S) -> None:
    """Wait; the page's policy forbids playwright's own way to do so."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "too late"
        time.sleep(0.05)
