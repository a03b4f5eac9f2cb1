"""Debian's Chromium, driven by playwright."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

SOON_S = 60.0
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")  # it beeps once a second

_COUNT_COLOURS = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const counts = new Map();
    for (const pixel of new Uint32Array(data.buffer)) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    return [...counts];
}"""
_COUNT_COLUMNS = """(canvas, colour) => {
    const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const pixels = new Uint32Array(data.buffer);
    const columns = new Set();
    pixels.forEach((pixel, i) => { if (pixel === colour) columns.add(i % width); });
    return columns.size;
}"""
_NAMELESS = """() => {
    const hasName = (one) => one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length;
    const kinds = "button, input, select, canvas:not([aria-hidden]), a, progress, summary";
    const all = [...document.querySelectorAll(kinds)];
    return all.filter((one) => one.checkVisibility() && !hasName(one)).map((one) => one.outerHTML);
}"""

Colour = tuple[int, int, int, int]
"""Red, green, blue, opacity, each 0 … 255."""

Place = tuple[float, float]
"""x and y on the screen, in pixels."""


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, with a microphone that beeps; skips where there is none.

    While it is open, no other event loop runs in the thread, so a fixture should last no longer than a module.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if _CHROMIUM is None:
        pytest.skip("no chromium; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_CHROMIUM, args=_MICROPHONE)
        yield browser
        browser.close()


def troubles_of(page: Any) -> list[str]:
    """A list that everything enters that goes wrong in a page from now on, and every dialog that opens."""
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: message.type == "error" and troubles.append(_text(message)))
    page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
    return troubles


def _text(message: Any) -> str:
    return f"{message.text} ({message.location['url']})"


def settle(page: Any) -> None:
    """Wait until what was asked for is on the screen."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def move_fingers(page: Any, *paths: list[Place]) -> None:
    """In Chromium: each goes along its places, all together, once they are down one after the other."""
    client = page.context.new_cdp_session(page)

    def touch(kind: str, places: list[Place]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for n_down in range(1, len(paths) + 1):
        touch("touchStart", [path[0] for path in paths[:n_down]])
    for places in zip(*(path[1:] for path in paths), strict=True):
        touch("touchMove", list(places))
    touch("touchEnd", [])
    client.detach()


def colours(canvas: Any) -> dict[Colour, int]:
    """How often each colour is on a canvas."""
    return {tuple(pixel.to_bytes(4, "little")): n for pixel, n in canvas.evaluate(_COUNT_COLOURS)}  # type: ignore[misc]


def n_columns(canvas: Any, colour: Colour) -> int:
    """In how many columns of a canvas a colour is: the length of what is drawn with it."""
    n: int = canvas.evaluate(_COUNT_COLUMNS, int.from_bytes(bytes(colour), "little"))
    return n


def background(page: Any) -> Colour:
    """The colour behind the text of a page or frame."""
    colour = page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor")
    red, green, blue = map(int, colour.removeprefix("rgb(").removesuffix(")").split(","))
    return red, green, blue, 255


def nameless(page: Any) -> list[str]:
    """The visible elements that a screen reader could not name."""
    found: list[str] = page.evaluate(_NAMELESS)
    return found


def until(condition: Callable[[], object], timeout_s: float = SOON_S) -> None:
    """Wait; the pages' policies forbid playwright's own way to do so."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "too late"
        time.sleep(0.05)


def violations(one: Any) -> list[tuple[str, str, str]]:
    """What axe-core finds on a page: (impact, rule, first element) of all that is serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(one).response["violations"]
    grave = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    return [(rule["impact"], rule["id"], str(rule["nodes"][0]["target"])) for rule in grave]
