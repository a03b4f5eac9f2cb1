"""The report as a reader meets it: opened from disk in Debian's Chromium, with the network off."""

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pianotrans.audio import encode_mp3, from_array
from pianotrans.events import Cleaning, Note, Pedal, Performance, midi_bytes
from pianotrans.remarks import NOT_SOLO_PIANO, Remark
from pianotrans.views import EncodedAudio, report_html
from tests.browser import Colour, background, chromium, nameless, settle, troubles_of, until
from tests.views.visiting import Visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

EVIL = 'take"><script>document.title="caught"</script><img src=x onerror=alert(1)>.mp3'
LENGTH_S = 20.0
LOUD, SOFT, SUSTAIN = (247, 191, 47, 255), (53, 102, 176, 255), (79, 127, 143, 255)
WHITE, DARK = (255, 255, 255, 255), (21, 23, 28, 255)
TWO_NOTES = Performance((Note(1, 2, 60, 127, 1.0), Note(3, 5, 64, 1, None)), (Pedal(0, 3, "sustain"),), 10.0)


@cache
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


@cache
def tone() -> EncodedAudio:
    times = np.arange(round(LENGTH_S * 16_000)) / 16_000
    return EncodedAudio(encode_mp3(from_array((0.1 * np.sin(2 * np.pi * 440 * times)).astype(np.float32), 16_000)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def visit(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A report that several tests look at; each leaves it paused."""
    one = Visit(browser, tmp_path_factory.mktemp("report"), crowd(), title=EVIL, audio=tone())
    yield one
    one.page.context.close()


def test_it_opens_without_a_network_and_nothing_in_its_title_runs(visit: Visit):
    assert visit.page.title() == f"{EVIL} – transcription"
    assert visit.page.get_by_role("heading", level=1).inner_text() == EVIL
    assert visit.troubles == []
    assert {url.split(":")[0] for url in visit.requests} <= {"file", "blob"}


def test_notes_and_pedals_are_on_the_canvas_in_colours_of_the_theme(browser: Any, tmp_path: Path):
    one = Visit(browser, tmp_path, TWO_NOTES)
    found = one.colours()
    assert found[LOUD] > 200
    assert found[SOFT] == pytest.approx(2 * found[LOUD], rel=0.1), "two seconds, and one"
    assert found[SUSTAIN] > 1000
    one.page.get_by_role("button", name="Zoom in").click()
    assert one.colours()[LOUD] == pytest.approx(found[LOUD] / 0.7, rel=0.1)
    one.page.locator("#zoom-all").click()
    assert one.colours()[LOUD] == found[LOUD]

    def theme() -> tuple[str, Colour]:
        """What is chosen, and the colour of most of the canvas, which is that of the page."""
        ground = max(one.colours().items(), key=lambda item: item[1])[0]
        assert background(one.page) == ground
        return one.page.locator("#themes :checked").input_value(), ground

    assert theme() == ("system", WHITE)
    one.page.get_by_role("radio", name="Auto").focus()
    one.page.keyboard.press("ArrowLeft")  # by keyboard alone, the last is dark
    assert theme() == ("dark", DARK)
    assert LOUD not in one.colours(), "it is lighter"
    one.page.reload()
    one.page.locator("html[data-ready]").wait_for()
    assert theme() == ("dark", DARK), "it is remembered"
    one.page.emulate_media(color_scheme="dark")
    one.page.get_by_role("radio", name="Light").check()
    assert theme() == ("light", WHITE)
    one.page.get_by_role("radio", name="Auto").check()
    assert theme() == ("system", DARK)
    one.page.emulate_media(color_scheme="light")
    assert theme() == ("system", WHITE)
    assert one.troubles == []
    one.page.context.close()


def test_the_slider_takes_away_what_is_less_sure(visit: Visit):
    performance = crowd()
    for percent in (50, 0):
        visit.filter(percent)
        kept = [n for n in performance.notes if n.onset_confidence is None or n.onset_confidence >= percent / 100]
        assert visit.page.locator("#kept").inner_text() == f"{len(kept)} of 600 notes shown"
        assert visit.page.locator("#page").inner_text() == f"1 to 100 of {len(kept)}"
        first = visit.page.locator("#rows tr").first.inner_text().split()
        assert first[3:5] == [kept[0].name, str(kept[0].velocity)]


@pytest.mark.parametrize("percent", [0, 60, 100])
def test_the_download_is_the_command_lines_midi_byte_for_byte(visit: Visit, percent: int):
    performance = crowd()
    visit.filter(percent)
    assert visit.download("#download")[1] == midi_bytes(performance)
    kept = Cleaning(min_onset_confidence=percent / 100).apply(performance)
    assert len(kept.notes) < len(performance.notes) or percent == 0
    name, content = visit.download("#download-kept")
    assert content == midi_bytes(kept)
    assert name.endswith(".mid")
    visit.filter(0)


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
    for _ in range(40):
        reached.add(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Shift+Tab")
    assert {"play", "position", "fade", "filter", "zoom-in", "download", "download-kept", "roll"} <= reached


def test_playing_sounds_the_piano_and_fades_to_the_recording(visit: Visit):
    page = visit.page
    visit.fade(100)
    assert page.evaluate("heard.audio.volume") == pytest.approx(0, abs=1e-6)
    visit.fade(50)
    assert page.evaluate("heard.audio.volume") == pytest.approx(0.5**0.5, abs=1e-3)
    page.locator("#roll").focus()
    page.keyboard.press("Home")
    page.evaluate("heard.strikes = heard.nTakenBack = 0")
    page.get_by_role("button", name="Play").click()
    visit.wait_past(1.0)
    now_s, n_sent = page.evaluate("[heard.audio.currentTime, heard.strikes - heard.nTakenBack]")
    page.get_by_role("button", name="Pause").click()
    due = [sum(note.onset_s < now_s + ahead for note in crowd().notes) for ahead in (0.9, 1.3)]
    assert due[0] <= n_sent <= due[1]
    assert page.evaluate("heard.audio.duration") == pytest.approx(LENGTH_S, abs=0.1)
    assert page.evaluate("heard.audio.paused")
    visit.fade(0)
    assert page.evaluate("heard.audio.volume") == 1
    assert page.locator("#trouble").inner_text() == ""
    assert visit.troubles == []


FOREIGN = Remark(NOT_SOLO_PIANO, "40% does not sound like solo piano.", {"share": 0.4})


def test_a_part_has_the_times_of_its_recording_and_sounds_in_step(browser: Any, tmp_path: Path):
    later = Performance(
        tuple(replace(note, onset_s=note.onset_s + 60, offset_s=note.offset_s + 60) for note in TWO_NOTES.notes),
        duration_s=70.0,
        remarks=(
            Remark("tuning", "the piano sounds 45 cents <b>flat</b>."),
            Remark("track", "track 2 of 3."),
            FOREIGN,
        ),
    )
    visit = Visit(browser, tmp_path, later, audio=tone(), start_s=60.0)
    page = visit.page
    assert page.locator("#remarks li").all_inner_texts() == [
        "The piano sounds 45 cents <b>flat</b>.",
        "Track 2 of 3.",
    ]
    assert "40 %" in page.locator("#instrument").inner_text()
    assert page.locator("#clock").inner_text() == "1:00 / 1:10"
    assert "0:10" in page.locator("#facts").inner_text()
    assert page.locator("#rows button").first.inner_text() == "1:01.00"
    page.locator("#roll").focus()
    for key, time, heard_s in (("ArrowRight", "1:01", 1), ("End", "1:10", 10), ("Home", "1:00", 0)):
        page.keyboard.press(key)
        assert visit.now() == time
        assert page.evaluate("heard.audio.currentTime") == pytest.approx(heard_s, abs=0.01)
    seen = visit.colours()
    assert seen.get(LOUD, 0) > 100, "the notes are in view"
    page.get_by_role("button", name="Play").click()
    visit.wait_past(60.5)
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate("heard.audio.currentTime") < 10
    page.locator("#position").fill("62.5")
    assert page.evaluate("heard.audio.currentTime") == pytest.approx(2.5, abs=0.01)
    assert visit.troubles == []
    page.context.close()


def test_a_note_of_the_list_leads_to_its_place(visit: Visit):
    visit.page.get_by_role("button", name="Later").click()
    button = visit.page.locator("#rows button").nth(50)
    wanted = button.inner_text()
    button.click()
    assert visit.now() == wanted.split(".")[0]
    visit.page.get_by_role("button", name="Earlier").click()


def test_everything_has_a_name_for_screen_readers(visit: Visit):
    assert nameless(visit.page) == []
    tree = visit.page.locator("body").aria_snapshot()
    for name in (
        'button "Play"',
        'group "Theme"',
        "columnheader",
        *(f'slider "{one}' for one in ("Position", "Minimum onset confidence", "Cross-fade")),
    ):
        assert name in tree
    assert visit.page.get_attribute("html", "lang") == "en"


def test_without_storage_a_theme_lasts_as_long_as_the_page(browser: Any):
    """A server may send the report so that it has no rights; a look at the storage then throws."""
    page = browser.new_context(color_scheme="light").new_page()
    troubles = troubles_of(page)
    policy = {"Content-Security-Policy": "sandbox allow-scripts"}
    content = report_html(TWO_NOTES, title="take 1.mp3")
    page.route("**/*", lambda route: route.fulfill(body=content, content_type="text/html", headers=policy))
    page.goto("http://report.test/")
    page.locator("html[data-ready]").wait_for()
    refused = page.evaluate("(() => { try { return !localStorage; } catch { return true; } })()")
    assert refused, "else this tests nothing"
    page.get_by_role("radio", name="Dark").check()
    assert background(page) == DARK
    assert troubles == []
    page.context.close()


def test_in_a_frame_it_is_as_the_page_around_it(browser: Any, tmp_path: Path):
    (tmp_path / "report.html").write_bytes(report_html(TWO_NOTES, title="take 1.mp3"))
    outside = tmp_path / "outside.html"
    outside.write_text(
        '<html style="color-scheme: dark"><iframe sandbox="allow-scripts" src="report.html"></iframe></html>'
    )
    page = browser.new_context(offline=True, color_scheme="null").new_page()
    troubles = troubles_of(page)
    page.goto(outside.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for()
    assert background(frame) == DARK
    assert frame.locator("#themes").is_hidden()
    page.evaluate("document.documentElement.style.colorScheme = 'light'")
    until(lambda: background(frame) == WHITE)
    assert troubles == []
    page.context.close()


def test_of_twenty_thousand_notes_only_those_in_view_cost_time(browser: Any, tmp_path: Path):
    rng = random.Random(0)
    notes = [
        Note(0.09 * i, 0.09 * i + rng.uniform(0.05, 2), rng.randint(21, 108), rng.randint(1, 127), rng.random())
        for i in range(20_000)
    ]
    one = Visit(browser, tmp_path, Performance(tuple(notes), (), 1801.0))
    one.page.locator("#roll").focus()
    one.page.keyboard.press("Shift+ArrowRight")
    settle(one.page)
    one.page.evaluate("""() => {
        window.nBars = 0;
        const fill = CanvasRenderingContext2D.prototype.fillRect;
        CanvasRenderingContext2D.prototype.fillRect = function (...given) {
          nBars += 1;
          fill.apply(this, given);
        };
    }""")
    one.page.keyboard.press("ArrowRight")
    settle(one.page)
    in_view = sum(note.onset_s < 30 for note in notes)
    assert in_view < one.page.evaluate("nBars") < 2 * (in_view + 3 * 88), "two pictures, with keyboard and ground"
    one.page.keyboard.press("Home")
    settle(one.page)
    one.page.evaluate("""() => {
        nBars = 0;
        for (const row of document.querySelectorAll("#rows tr")) row.isOld = true;
    }""")
    one.page.keyboard.press("f")
    settle(one.page)
    assert 0 < one.page.evaluate("nBars") < 3 * 88, "what is selected paints no notes"
    one.page.evaluate("nBars = 0")
    one.page.keyboard.press("ArrowUp")
    settle(one.page)
    assert in_view < one.page.evaluate("nBars") < 2 * (in_view + 3 * 88), "an edit paints no more"
    rows = one.page.locator("#rows tr").evaluate_all("(rows) => rows.map((row) => row.isOld === true)")
    assert 1 <= rows.count(False) <= 5, "only its own row, and those of notes that it cuts"
    assert one.page.locator("#rows tr").count() == 100
    assert one.troubles == []
    one.page.context.close()


def test_an_empty_performance_can_be_opened(browser: Any, tmp_path: Path):
    one = Visit(browser, tmp_path, Performance((), (), 0.0))
    assert one.page.locator("#page").inner_text() == "none"
    assert one.download("#download")[1] == midi_bytes(Performance((), (), 0.0))
    assert one.page.locator("#filter").is_hidden()
    assert one.troubles == []
    one.page.context.close()


def test_edits_outlive_the_page(browser: Any, tmp_path: Path):
    page = Visit(browser, tmp_path, TWO_NOTES).page
    page.locator("#roll").focus()
    page.keyboard.press("f")
    page.keyboard.press("Delete")
    page.locator("#keeping[data-state=saved]").wait_for()
    assert "in this browser" in page.locator("#keeping").inner_text()
    page.keyboard.press("i")
    box = page.locator("#roll").bounding_box()
    page.mouse.move(box["x"] + 600, box["y"] + 100)
    page.mouse.down()
    page.reload()  # in the middle of a drag, before it says that the new note is saved
    page.mouse.up()
    until(lambda: page.locator("#rows tr").count() == 2)
    page.context.close()
