"""A report in a window of the browser."""

from pathlib import Path
from typing import Any

from pianotrans.events import Performance
from pianotrans.score.score import Score
from pianotrans.views import EncodedAudio, report_html
from tests.browser import Colour, colours, settle, troubles_of, until

OPENED_MS = 120_000  # at the latest, with 20 000 notes on a busy machine

# What the page does with sound, noted before its own script runs.
_LISTEN = """
window.heard = { strikes: 0, notes: [], clicks: [], nTakenBack: 0 };
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...given) {
  heard.strikes += 1;
  heard.notes.push(given[0]);
  heard.context = this.context;
  this.fromS = given[0];
  return start.apply(this, given);
};
const stop = AudioBufferSourceNode.prototype.stop;
AudioBufferSourceNode.prototype.stop = function (...given) {
  if (given[0] < this.fromS) heard.nTakenBack += 1;
  return stop.apply(this, given);
};
const tick = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) {
  heard.clicks.push([given[0], this.frequency.value]);
  return tick.apply(this, given);
};
const Plain = window.Audio;
window.Audio = function (...given) { return (heard.audio = new Plain(...given)); };
"""


class Visit:
    """A report opened in a window of its own, and all that went wrong or was asked for on the way."""

    def __init__(
        self,
        browser: Any,
        folder: Path,
        performance: Performance,
        *,
        title: str = "take 1.mp3",
        audio: EncodedAudio | None = None,
        start_s: float = 0.0,
        score: Score | None = None,
        script: str = "",
        **context: Any,
    ):
        path = folder / "report.html"
        path.write_bytes(report_html(performance, title=title, audio=audio, start_s=start_s, score=score))
        usual = {"viewport": {"width": 1200, "height": 900}, "color_scheme": "light"}
        self.page = browser.new_context(offline=True, **usual | context).new_page()
        self.troubles = troubles_of(self.page)
        self.requests: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.add_init_script(_LISTEN + script)
        self.page.goto(path.as_uri(), timeout=OPENED_MS)
        self.page.locator("html[data-ready]").wait_for(timeout=OPENED_MS)

    def filter(self, percent: int) -> None:
        """Show the notes with this confidence at least."""
        self.page.locator("#filter").fill(str(percent))

    def fade(self, percent: int) -> None:
        """From the recording to the piano."""
        self.page.locator("#fade").fill(str(percent))

    def colours(self) -> dict[Colour, int]:
        """How often each colour is on the canvas."""
        settle(self.page)
        return colours(self.page.locator("#roll"))

    def wait_past(self, time_s: float) -> None:
        """Wait until playing has got there."""
        until(lambda: float(self.page.locator("#position").input_value()) > time_s)

    def now(self) -> str:
        return self.page.locator("#clock").inner_text().split(" / ")[0]

    def download(self, button: str) -> tuple[str, bytes]:
        with self.page.expect_download() as waiting:
            self.page.locator(button).click()
        name, content = waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()
        waiting.value.delete()  # else Firefox gives the next one another name
        return name, content
