"""How much work one frame of the report is with 20 000 notes: python -m tests.benchmarks.smoothness.

Prints a table in Markdown: for everything that a reader does in a view of a minute, the milliseconds of processor
time that the page's main thread takes for a frame (scripts, layout and painting, which has no graphics card here),
whatever else the machine does. A screen with 60 frames a second leaves 16 ms. Then the size of the file, the time
until it can be used, and the memory that it takes.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.browser import chromium, settle
from tests.views.long_piece import long_score
from tests.views.visiting import Visit

N_STEPS = 12
KEYBOARD_PX = 54
SAVED_MS = 1500  # after the last change
PLAYED_MS = 3000
MIB = 2**20
_TRACED = ["toplevel", "blink.user_timing", "devtools.timeline", "__metadata"]
_MARK = "frame"
_TASK = "ThreadControllerImpl::RunTask"  # others lie inside


@dataclass(frozen=True)
class Trace:
    """What the main thread of the page did, in order of time: marks, and tasks with their processor time."""

    events: list[dict[str, Any]]

    @classmethod
    def read(cls, content: bytes) -> "Trace":
        """From the JSON of Chromium."""
        events = json.loads(content)["traceEvents"]
        mark = next(event for event in events if event["name"] == _MARK)
        own = [event for event in events if (event["pid"], event["tid"]) == (mark["pid"], mark["tid"])]
        return cls(sorted(own, key=lambda event: float(event["ts"])))

    def frames_ms(self, border: str = _MARK) -> list[float]:
        """The work between any two events of this name."""
        found: list[float] = []
        for event in self.events:
            if event["name"] == border:
                found.append(0.0)
            elif event["name"] == _TASK and found:
                found[-1] += event.get("tdur", 0) / 1000
        return found[:-1]


class Reader:
    """A reader of the long piece, who does one thing for a while."""

    def __init__(self, browser: Any, folder: Path):
        self.browser = browser
        self.visit = Visit(browser, folder, long_score().performance, title="long.mp3", score=long_score())
        self.page = self.visit.page
        self.cdp = self.page.context.new_cdp_session(self.page)
        self.box = self.page.locator("#roll").bounding_box()
        self.press("Home", "-", "-")  # a view of a minute

    @contextmanager
    def tracing(self) -> Iterator[list[Trace]]:
        """One trace, once it has ended."""
        traces: list[Trace] = []
        self.browser.start_tracing(page=self.page, categories=_TRACED)
        try:
            yield traces
        finally:
            self.mark()
            traces.append(Trace.read(self.browser.stop_tracing()))

    def mark(self) -> None:
        """A border between two frames."""
        self.page.evaluate(f"performance.mark('{_MARK}')")

    def frames_ms(self, step: Callable[[int], None], n: int = N_STEPS, wait_ms: int = 0) -> list[float]:
        """The work of each of some steps, up to what is seen of it."""
        settle(self.page)
        with self.tracing() as traces:
            for i in range(n):
                self.mark()
                step(i)
                settle(self.page)
                if wait_ms:
                    self.page.wait_for_timeout(wait_ms)
        return traces[0].frames_ms()

    def press(self, *keys: str) -> None:
        """One key after another, on the roll."""
        self.page.locator("#roll").focus()
        for key in keys:
            self.page.keyboard.press(key)
        settle(self.page)

    def move(self, x: float, y: float) -> None:
        """The pointer, to parts of the roll's width and height."""
        width = self.box["width"] - KEYBOARD_PX
        self.page.mouse.move(self.box["x"] + KEYBOARD_PX + x * width, self.box["y"] + y * self.box["height"])

    def find_note(self) -> tuple[float, float]:
        """Puts the pointer on a note near the middle."""
        for i in range(4000):
            x, y = 0.45 + 0.1 * (i % 40) / 40, 0.3 + 0.3 * (i // 40) / 100
            self.move(x, y)
            if self.page.locator("#roll").evaluate("(roll) => roll.style.cursor") == "move":
                return x, y
        raise LookupError("no note near the middle")

    def drag_note(self) -> list[float]:
        """Each step moves what is selected by a pixel or two in time, and now and then by a key."""
        x, y = self.find_note()
        self.page.mouse.down()
        self.move(x + 0.01, y)
        found = self.frames_ms(lambda i: self.move(x + 0.01 + 0.002 * i, y + 0.02 * (i // 5 % 2)))
        self.page.mouse.up()
        self.press("Control+z")
        return found

    def lasso(self, right: float, n_steps: int = N_STEPS) -> list[float]:
        """A frame over the roll from its upper left corner, up to a part of its width."""
        self.move(0.02, 0.06)
        self.page.mouse.down()
        found = self.frames_ms(lambda i: self.move(0.02 + (right - 0.02) * (i + 1) / n_steps, 0.8), n_steps)
        self.page.mouse.up()
        return found

    @property
    def n_selected(self) -> int:
        """As the page says it."""
        said = self.page.locator("#inspector output").inner_text()
        return int(re.sub(r"\D", "", said) or 0)


def editing(reader: Reader) -> Iterator[tuple[str, list[float]]]:
    """What changes the piece."""
    reader.press("Escape")
    yield "drag a note", reader.drag_note()
    reader.press("Escape")
    reader.lasso(0.75, 3)
    yield f"drag {reader.n_selected} selected", reader.drag_note()
    reader.press("Control+a")
    yield "drag all", reader.drag_note()
    reader.press("Escape", "d")
    reader.move(0.3, 0.15)
    reader.page.mouse.down()
    yield "draw a note", reader.frames_ms(lambda i: reader.move(0.31 + 0.002 * i, 0.15))
    reader.page.mouse.up()
    reader.press("v", "Escape", "f")
    yield "move a note by key", reader.frames_ms(lambda _: reader.page.keyboard.press("ArrowRight"))
    yield (
        "undo, redo",
        reader.frames_ms(lambda i: reader.page.keyboard.press("Control+Shift+z" if i % 2 else "Control+z")),
    )
    reader.press("Control+a", "ArrowRight")
    yield (
        "undo, redo a shift of all",
        reader.frames_ms(lambda i: reader.page.keyboard.press("Control+Shift+z" if i % 2 else "Control+z")),
    )
    reader.press("Control+z", "Escape", "o")
    reader.move(0.1, 0.85)
    reader.page.mouse.down()
    yield "draw velocities", reader.frames_ms(lambda i: reader.move(0.1 + 0.01 * i, 0.85 + 0.01 * (i % 5)))
    reader.page.mouse.up()
    reader.press("Control+z", "o", "f")
    yield (
        "an edit, until it is saved",
        reader.frames_ms(lambda _: reader.page.keyboard.press("ArrowUp"), 3, SAVED_MS),
    )


def looking(reader: Reader) -> Iterator[tuple[str, list[float]]]:
    """What changes what is seen."""
    reader.press("Escape", "Home")
    reader.move(0.5, 0.3)
    yield "nothing", reader.frames_ms(lambda _: None)
    yield "point", reader.frames_ms(lambda i: reader.move(0.4 + 0.005 * i, 0.3))
    yield "scroll", reader.frames_ms(lambda _: reader.page.mouse.wheel(0, 40))
    reader.page.keyboard.down("Control")
    yield "zoom", reader.frames_ms(lambda i: reader.page.mouse.wheel(0, 10 if i % 2 else -10))
    reader.page.keyboard.up("Control")
    reader.press("Home")
    yield "next doubtful", reader.frames_ms(lambda _: reader.page.keyboard.press("n"))
    reader.press("Escape", "Home", *7 * "-")
    found = reader.lasso(0.95)
    yield f"lasso, up to {reader.n_selected} notes", found
    reader.press("Escape", "0")
    yield "all in view", reader.frames_ms(lambda _: reader.page.keyboard.press("Shift+ArrowRight"))
    reader.press("Home", *10 * "+")  # a minute again


def playing(reader: Reader) -> Iterator[tuple[str, list[float]]]:
    """What moves by itself, with the piano."""
    for what, tab in (("play", "Piano roll"), ("play, the score in view", "Score")):
        reader.page.get_by_role("tab", name=tab).click()
        settle(reader.page)
        with reader.tracing() as traces:
            reader.mark()
            reader.page.locator("#play").click()
            reader.page.wait_for_timeout(PLAYED_MS)
            reader.page.locator("#play").click()
        yield what, traces[0].frames_ms("FireAnimationFrame")


def opening(browser: Any, folder: Path) -> Iterator[tuple[str, str]]:
    """What it takes to have it at all."""
    page = browser.new_context().new_page()
    path = folder / "report.html"
    yield "size of the file", f"{path.stat().st_size / 1e6:.1f} MB"
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(path.as_uri())
    page.locator("html[data-ready]").wait_for()
    settle(page)
    cdp.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    yield "until it can be used", f"{found['TaskDuration']:.2f} s"
    yield "of which scripts", f"{found['ScriptDuration']:.2f} s"
    yield "memory of its script", f"{found['JSHeapUsedSize'] / MIB:.0f} MiB"
    yield "elements and texts", f"{found['Nodes']:.0f}"


def main() -> None:
    """Print the tables."""
    with chromium() as browser, TemporaryDirectory() as folder:
        reader = Reader(browser, Path(folder))
        print("| processor time of a frame, in ms | median | 95 of 100 are below | most |\n|---|---|---|---|")
        for part in (editing, looking, playing):
            for what, found in part(reader):
                median, high = np.percentile(found, [50, 95])
                print(f"| {what} | {median:.1f} | {high:.1f} | {max(found):.1f} |", flush=True)
        print("\n| | |\n|---|---|")
        for what, text in opening(browser, Path(folder)):
            print(f"| {what} | {text} |")
        assert not reader.visit.troubles, reader.visit.troubles


if __name__ == "__main__":
    main()
