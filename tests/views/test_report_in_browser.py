"""The report as a reader meets it: opened from disk in Debian's Chromium, with the network off."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pianotrans.audio import encode_mp3, from_array
from pianotrans.events import Cleaning, Note, Pedal, Performance, midi_bytes
from pianotrans.views import Recording, report_html

pytestmark = pytest.mark.slow

EVIL = 'take"><script>document.title="caught"</script><img src=x onerror=alert(1)>.mp3'
LENGTH_S = 20.0
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# What the page does with sound, noted before its own script runs.
_LISTEN = """
window.heard = { strikes: 0 };
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...given) {
  heard.strikes += 1;
  return start.apply(this, given);
};
const Plain = window.Audio;
window.Audio = function (...given) { return (heard.audio = new Plain(...given)); };
"""


def crowd() -> Performance:
    """Notes that overlap, begin together, fall on half ticks; of every confidence, and some of none."""
    rng = random.Random(3)
    notes = []
    for _ in range(600):
        onset_s = rng.choice([rng.uniform(0, 18), rng.randrange(30_000) / 3840 * 2])
        confidence = rng.choice([None, rng.random(), rng.random()])
        notes.append(
            Note(
                onset_s,
                onset_s + rng.uniform(0.0001, 2),
                rng.randint(30, 90),
                rng.randint(1, 127),
                onset_confidence=confidence,
            )
        )
    pedals = tuple(
        Pedal(i, i + rng.uniform(0.2, 1.4), rng.choice(["sustain", "soft"]), rng.random()) for i in range(18)
    )
    return Performance(tuple(notes), pedals, LENGTH_S)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if _CHROMIUM is None:
        pytest.skip("no chromium; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=_CHROMIUM)
        yield one
        one.close()


class Visit:
    """A report opened in a window of its own, and all that went wrong or was asked for on the way."""

    def __init__(self, browser: Any, folder: Path, performance: Performance, **options: Any):
        path = folder / "report.html"
        times = np.arange(round(LENGTH_S * 16_000)) / 16_000
        tone = (0.1 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
        with_sound = options.pop("sound", True)
        recording = Recording(encode_mp3(from_array(tone, 16_000))) if with_sound else None
        path.write_bytes(report_html(performance, title=options.pop("title", "take 1.mp3"), recording=recording))
        viewport = {"width": 1200, "height": 900}
        self.page = browser.new_context(offline=True, viewport=viewport, **options).new_page()
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda message: self.troubles.extend([message.text] * (message.type == "error")))
        self.page.on("dialog", lambda dialog: self.troubles.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.add_init_script(_LISTEN)
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready]", timeout=20_000)

    def drag(self, label: str, value: float) -> None:
        self.page.get_by_label(label).fill(str(value))
        self.settle()

    def settle(self) -> None:
        """Wait until what was asked for is on the screen."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def colours(self) -> dict[tuple[int, int, int], int]:
        """How often each colour is on the canvas."""
        self.settle()
        counts = self.page.evaluate("""() => {
            const roll = document.getElementById("roll");
            const { data } = roll.getContext("2d").getImageData(0, 0, roll.width, roll.height);
            const counts = {};
            for (let i = 0; i < data.length; i += 4) {
              const name = `${data[i]},${data[i + 1]},${data[i + 2]}`;
              counts[name] = (counts[name] ?? 0) + 1;
            }
            return counts;
        }""")
        return {tuple(map(int, name.split(","))): n for name, n in counts.items()}  # type: ignore[misc]

    def wait_past(self, time_s: float) -> None:
        """Until playing has got there; the page's policy forbids playwright's own way to wait."""
        for _ in range(200):
            if float(self.page.evaluate("document.getElementById('position').value")) > time_s:
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"not at {time_s} s after 10 s")

    def now(self) -> str:
        return self.page.locator("#clock").inner_text().split(" / ")[0]

    def download(self, button: str) -> tuple[str, bytes]:
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button", name=button).click()
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


@pytest.fixture(scope="module")
def visit(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A report that several tests look at; each leaves it paused."""
    one = Visit(browser, tmp_path_factory.mktemp("report"), crowd(), title=EVIL)
    yield one
    one.page.context.close()


def test_it_opens_without_a_network_and_nothing_in_its_title_runs(visit: Visit):
    visit.settle()
    assert visit.page.title() == f"{EVIL} – transcription"
    assert visit.page.get_by_role("heading", level=1).inner_text() == EVIL
    assert visit.troubles == []
    assert {url.split(":")[0] for url in visit.requests} <= {"file", "blob"}


def test_notes_and_pedals_are_on_the_canvas(browser: Any, tmp_path: Path):
    loud, soft = (247, 191, 47), (53, 102, 176)
    notes = (Note(1, 2, 60, 127, 1.0), Note(3, 5, 64, 1, None))
    one = Visit(browser, tmp_path, Performance(notes, (Pedal(0, 3, "sustain"),), 10.0), sound=False)
    colours = one.colours()
    assert colours[loud] > 200
    assert colours[soft] == pytest.approx(2 * colours[loud], rel=0.1)
    assert colours[79, 127, 143] > 1000
    before = colours[loud]
    one.page.get_by_role("button", name="Zoom in").click()
    assert one.colours()[loud] == pytest.approx(before / 0.7, rel=0.1)
    one.page.get_by_role("button", name="Whole piece").click()
    assert one.colours()[loud] == before
    assert one.troubles == []
    one.page.context.close()


def test_the_slider_takes_away_what_is_less_sure(visit: Visit):
    performance = crowd()
    for percent in (50, 0):
        visit.drag("Least onset confidence", percent)
        kept = [n for n in performance.notes if n.onset_confidence is None or n.onset_confidence >= percent / 100]
        assert visit.page.locator("#kept").inner_text() == f"{len(kept)} of 600 notes shown"
        assert visit.page.locator("#page").inner_text() == f"1 to 100 of {len(kept)}"
        first = visit.page.locator("#rows tr").first.inner_text().split()
        assert first[3:5] == [kept[0].name, str(kept[0].velocity)]


@pytest.mark.parametrize("percent", [0, 60, 100])
def test_the_download_is_the_command_lines_midi_byte_for_byte(visit: Visit, percent: int):
    performance = crowd()
    visit.drag("Least onset confidence", percent)
    assert visit.download("MIDI, all notes")[1] == midi_bytes(performance)
    kept = Cleaning(min_onset_confidence=percent / 100).apply(performance)
    assert len(kept.notes) < len(performance.notes) or percent == 0
    name, content = visit.download("MIDI, notes shown")
    assert content == midi_bytes(kept)
    assert name.endswith(".mid")
    visit.drag("Least onset confidence", 0)


def test_everything_can_be_done_by_keyboard(visit: Visit):
    page = visit.page
    page.locator("#roll").focus()
    for keys, time in ((["Home"], "0:00"), (["ArrowRight"] * 3, "0:03"), (["Shift+ArrowRight"], "0:13")):
        for key in keys:
            page.keyboard.press(key)
        assert visit.now() == time
    page.keyboard.press("ArrowLeft")
    assert visit.now() == "0:12"
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause").wait_for()
    visit.wait_past(1.0)
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()
    stopped = visit.now()
    page.wait_for_timeout(300)
    assert visit.now() == stopped
    reached = set()
    for _ in range(14):
        reached.add(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Shift+Tab")
    assert {"play", "position", "fade", "filter", "zoom-in", "download", "download-kept", "roll"} <= reached


def test_playing_sounds_the_piano_and_fades_to_the_recording(visit: Visit):
    page = visit.page
    visit.drag("Cross-fade", 100)
    assert page.evaluate("heard.audio.volume") == pytest.approx(0, abs=1e-6)
    visit.drag("Cross-fade", 50)
    assert page.evaluate("heard.audio.volume") == pytest.approx(0.5**0.5, abs=1e-3)
    page.locator("#roll").focus()
    page.keyboard.press("Home")
    page.evaluate("heard.strikes = 0")
    page.get_by_role("button", name="Play").click()
    visit.wait_past(1.0)
    page.get_by_role("button", name="Pause").click()
    stopped_s = page.evaluate("heard.audio.currentTime")
    due = [sum(note.onset_s < stopped_s + ahead for note in crowd().notes) for ahead in (0.9, 1.3)]
    assert due[0] <= page.evaluate("heard.strikes") <= due[1]
    assert page.evaluate("heard.audio.duration") == pytest.approx(LENGTH_S, abs=0.1)
    assert page.evaluate("heard.audio.paused")
    visit.drag("Cross-fade", 0)
    assert page.evaluate("heard.audio.volume") == 1
    assert page.locator("#trouble").inner_text() == ""
    assert visit.troubles == []


def test_a_note_of_the_list_leads_to_its_place(visit: Visit):
    visit.page.get_by_role("button", name="Later").click()
    button = visit.page.locator("#rows button").nth(50)
    wanted = button.inner_text()
    button.click()
    assert visit.now() == wanted.split(".")[0]
    visit.page.get_by_role("button", name="Earlier").click()


def test_everything_has_a_name_for_screen_readers(visit: Visit):
    nameless = visit.page.evaluate("""() => {
        const hasName = (one) => one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.length;
        const all = [...document.querySelectorAll("button, input, select, canvas")];
        return all.filter((one) => !hasName(one)).map((one) => one.id);
    }""")
    assert nameless == []
    tree = visit.page.locator("body").aria_snapshot()
    for name in (
        'button "Play"',
        'combobox "Theme"',
        "columnheader",
        *(f'slider "{one}' for one in ("Position", "Least", "Cross-fade")),
    ):
        assert name in tree
    assert visit.page.get_attribute("html", "lang") == "en"


@pytest.mark.parametrize(("scheme", "paper"), [("light", (255, 255, 255)), ("dark", (21, 23, 28))])
def test_it_is_light_or_dark_as_the_reader_likes(visit: Visit, scheme: str, paper: tuple[int, int, int]):
    visit.page.emulate_media(color_scheme=scheme)
    assert max(visit.colours().items(), key=lambda item: item[1])[0] == paper
    background = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == f"rgb{paper}"
    visit.page.emulate_media(color_scheme="light")


WHITE, DARK = (255, 255, 255), (21, 23, 28)


def ground(visit: Visit) -> tuple[int, int, int]:
    """The colour of most of the canvas, which is the page's, too."""
    colour = max(visit.colours().items(), key=lambda item: item[1])[0]
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb{colour}"
    return colour


def test_the_reader_may_choose_and_it_is_remembered(browser: Any, tmp_path: Path):
    one = Visit(browser, tmp_path, crowd(), color_scheme="light")
    switch = one.page.get_by_label("Theme")
    assert (switch.input_value(), ground(one)) == ("system", WHITE)
    switch.focus()
    one.page.keyboard.press("End")  # by keyboard alone, the last is dark
    assert (switch.input_value(), ground(one)) == ("dark", DARK)
    assert one.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    one.page.reload()
    one.page.wait_for_selector("html[data-ready]", timeout=20_000)
    assert (switch.input_value(), ground(one)) == ("dark", DARK)
    one.page.emulate_media(color_scheme="dark")
    switch.select_option("light")
    assert ground(one) == WHITE
    switch.select_option("system")
    assert ground(one) == DARK
    one.page.emulate_media(color_scheme="light")
    assert ground(one) == WHITE
    assert one.troubles == []
    one.page.context.close()


def test_a_choice_that_cannot_be_kept_does_no_harm(browser: Any, tmp_path: Path):
    """In a frame without rights a look at the storage throws."""
    (tmp_path / "report.html").write_bytes(report_html(crowd(), title="take 1.mp3"))
    outside = tmp_path / "outside.html"
    outside.write_text('<iframe sandbox="allow-scripts" src="report.html" width="1100" height="800"></iframe>')
    page = browser.new_context(offline=True, color_scheme="light").new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(outside.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for(timeout=20_000)
    inside = page.frames[1]
    refused = inside.evaluate("(() => { try { return !localStorage; } catch { return true; } })()")
    assert refused, "else this tests nothing"
    frame.get_by_label("Theme").select_option("dark")
    assert inside.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb{DARK}"
    assert troubles == []
    page.context.close()


def test_twenty_thousand_notes_move_smoothly(browser: Any, tmp_path: Path):
    rng = random.Random(0)
    notes = [
        Note(0.09 * i, 0.09 * i + rng.uniform(0.05, 2), rng.randint(21, 108), rng.randint(1, 127), rng.random())
        for i in range(20_000)
    ]
    one = Visit(browser, tmp_path, Performance(tuple(notes), (), 1801.0), sound=False)
    # The time of the page's own work for a picture, in a view of a minute, where people look at notes
    for _ in range(2):
        one.page.get_by_role("button", name="Zoom out").click()
    median_ms = one.page.evaluate("""async () => {
        const took = [];
        const frame = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = (work) => frame((now) => {
          const before = performance.now();
          work(now);
          took.push(performance.now() - before);
        });
        for (let i = 0; i < 40; i += 1) {
          const right = new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true });
          document.getElementById("roll").dispatchEvent(right);
          await new Promise((done) => frame(() => frame(done)));
        }
        return took.sort((a, b) => a - b)[took.length >> 1];
    }""")
    assert median_ms < 16, "60 pictures a second"
    assert one.troubles == []
    one.page.context.close()


def test_an_empty_performance_can_be_opened(browser: Any, tmp_path: Path):
    one = Visit(browser, tmp_path, Performance((), (), 0.0), sound=False)
    assert one.page.locator("#page").inner_text() == "none"
    assert one.download("MIDI, all notes")[1] == midi_bytes(Performance((), (), 0.0))
    assert one.page.get_by_label("Least onset confidence").is_hidden()
    assert one.troubles == []
    one.page.context.close()
