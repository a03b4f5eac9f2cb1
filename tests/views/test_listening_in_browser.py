"""Practising with the report: speed, loop, metronome, count-in, hands, waveform, one's own keyboard."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pianotrans.audio import MP3_RATE, PeakMeter, encode_mp3, from_array
from pianotrans.score.midi import score_midi
from pianotrans.views import EncodedAudio
from tests.browser import chromium, move_fingers, nameless, settle, until
from tests.views.scores import small_score
from tests.views.visiting import Visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

LENGTH_S = 9.0
ACCENT_HZ = 1760
_KEYBOARD = """
window.ports = new Map([["1", { name: "Stage piano" }]]);
Object.defineProperty(navigator, "requestMIDIAccess", { value: async () => ({ inputs: ports }) });
"""
_DRAG = """(handle) => {
    const dataTransfer = new DataTransfer();
    handle.dispatchEvent(new DragEvent("dragstart", { dataTransfer }));
    return dataTransfer.getData("DownloadURL");
}"""
_DELETE_ALL = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    while (!(heard.notes.at(-1) > heard.context?.currentTime + 0.1)) await frame();
    const press = (key, ctrlKey) => document.getElementById("roll").dispatchEvent(
        new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true }));
    press("a", true);
    press("Delete", false);
    return heard.nTakenBack;
}"""
_TOGETHER = """() => {
    const heardS = heard.context.currentTime - (heard.context.outputLatency || 0);
    return [heardS, heard.audio.currentTime, heard.notes];
}"""

_NO_SOUND_CARD = """
AudioContext.prototype.resume = () => new Promise(() => {});
const later = window.setTimeout;
window.setTimeout = (action, ms) => later(action, ms / 100);
"""


def recording() -> EncodedAudio:
    """Loud in its first half, soft in the second."""
    times = np.arange(round(LENGTH_S * 16_000)) / 16_000
    sound = np.where(times < LENGTH_S / 2, 0.8, 0.2) * np.sin(2 * np.pi * 440 * times)
    meter = PeakMeter(MP3_RATE)
    return EncodedAudio(encode_mp3(from_array(sound.astype(np.float32), 16_000), tap=meter.add), peaks=meter.read())


class Practice(Visit):
    """A report of four bars of two beats, a second each, and a note every 0.8 s."""

    def place(self, time_s: float) -> float:
        """Where a time lies on the roll, whose whole piece is in view."""
        box = self.box()
        return float(box["x"] + 54 + (box["width"] - 54) * time_s / LENGTH_S)

    def box(self) -> dict[str, float]:
        box: dict[str, float] = self.page.locator("#roll").bounding_box()
        return box

    def mark(self, from_s: float, to_s: float) -> None:
        """Drag along the times."""
        box = self.box()
        y, mouse = box["y"] + box["height"] - 10, self.page.mouse
        mouse.move(self.place(from_s), y)
        mouse.down()
        mouse.move(self.place(to_s), y, steps=3)
        mouse.up()

    def speed(self, percent: int) -> None:
        self.page.get_by_label("Speed").fill(str(percent))

    def start(self, at_s: float) -> None:
        """Play from there, and forget what was heard before."""
        self.page.locator("#position").fill(str(at_s))
        self.page.evaluate("Object.assign(heard, { notes: [], clicks: [], strikes: 0, nTakenBack: 0 })")
        self.page.get_by_role("button", name="Play", exact=True).click()

    def pause(self) -> None:
        self.page.get_by_role("button", name="Pause", exact=True).click()

    def heard(self, what: str) -> Any:
        return self.page.evaluate(f"heard.{what}")

    def at(self) -> float:
        return float(self.page.locator("#position").input_value())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def visit(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """Each test sets the speed that it plays at, and leaves it paused, without a loop, with both hands."""
    score = small_score()
    folder = tmp_path_factory.mktemp("report")
    one = Practice(browser, folder, score.performance, audio=recording(), score=score, script=_KEYBOARD)
    yield one
    assert one.troubles == []
    one.page.context.close()


def test_at_half_speed_recording_and_piano_stay_together(visit: Practice):
    visit.fade(50)
    visit.speed(50)
    visit.start(0)
    drifts = []
    for time_s in (0.5, 1.2):
        visit.wait_past(time_s)
        context_s, media_s, notes = visit.page.evaluate(_TOGETHER)
        behind_s = context_s - notes[-1] - media_s / 0.5  # of the last note, which is one of those every 1.6 s
        drifts.append((behind_s + 0.8) % 1.6 - 0.8)
    visit.pause()
    assert visit.heard("audio.playbackRate") == 0.5
    assert visit.heard("audio.preservesPitch")
    assert drifts == pytest.approx([0, 0], abs=0.1)


def test_the_piano_goes_round_a_loop_without_a_gap(visit: Practice):
    visit.fade(100)
    visit.mark(2.3, 2.9)
    assert "bar 2" in visit.page.locator(".practice").inner_text(), "whole bars"
    visit.speed(150)
    visit.start(0)
    until(lambda: len(visit.heard("notes")) >= 7)
    visit.pause()
    found = np.diff(visit.heard("notes")[:7]) * 1.5
    assert found == pytest.approx([0.8, 1.2] * 3, abs=1e-3), "2.4, 3.2, and again from 2.0 on"
    assert 2 <= visit.at() < 4


def test_the_recording_jumps_back_and_a_click_ends_the_loop(visit: Practice):
    visit.fade(0)
    visit.speed(150)
    visit.start(3.5)
    until(lambda: visit.at() < 3.4)
    visit.pause()
    visit.mark(6, 6)
    assert visit.page.get_by_role("button", name="Loop").get_attribute("aria-pressed") == "false"
    visit.page.locator("#roll").focus()
    for key, pressed in (("l", "true"), ("Escape", "false")):
        visit.page.keyboard.press(key)
        assert visit.page.get_by_role("button", name="Loop").get_attribute("aria-pressed") == pressed


def test_a_finger_marks_a_loop(visit: Practice):
    y = visit.box()["y"] + visit.box()["height"] - 10
    move_fingers(visit.page, [(visit.place(time_s), y) for time_s in (2.3, 2.6, 2.9)])
    assert "bar 2" in visit.page.locator(".practice").inner_text()
    visit.page.get_by_role("button", name="Loop").click()
    assert visit.page.get_by_role("button", name="Loop").get_attribute("aria-pressed") == "false"


def test_every_setting_has_a_key_and_a_button(visit: Practice):
    page = visit.page
    for name, key in (("Metronome", "m"), ("Count-in", "Shift+m"), ("Follow", "w")):
        button = page.locator(".practice").get_by_role("button", name=name)
        before = button.get_attribute("aria-pressed")
        page.locator("#roll").focus()
        page.keyboard.press(key)
        assert button.get_attribute("aria-pressed") != before
        button.click()
        assert button.get_attribute("aria-pressed") == before
    page.locator("#roll").focus()
    visit.speed(100)
    for key, percent in (("]", "105"), ("[", "100"), ("[", "95")):
        page.locator("#roll").focus()
        page.keyboard.press(key)
        assert page.get_by_label("Speed").input_value() == percent
    for hand in ("Right", "Left", "Both"):
        page.keyboard.press("y")
        assert page.get_by_role("radio", name=hand).is_checked()
    for key in ("Home", "f", "a"):
        page.keyboard.press(key)
    assert page.locator("#inspector output").inner_text() == f"{small_score().hands.count(1)} selected"
    page.keyboard.press("Escape")


def test_the_metronome_clicks_on_the_beats_after_a_bar_of_count_in(visit: Practice):
    visit.fade(100)
    visit.page.locator("#roll").focus()
    visit.page.keyboard.press("m")
    visit.page.keyboard.press("Shift+m")
    visit.speed(150)
    visit.start(1.0)
    until(lambda: len(visit.heard("clicks")) >= 5)
    visit.pause()
    visit.page.locator("#roll").focus()
    visit.page.keyboard.press("m")
    visit.page.keyboard.press("Shift+m")
    note_s = visit.heard("notes")[0]  # the one at 1.6
    clicks = sorted(visit.heard("clicks"))[:5]
    assert [1.6 + (time_s - note_s) * 1.5 for time_s, _ in clicks] == pytest.approx([-1, 0, 1, 2, 3], abs=1e-3)
    assert [frequency == ACCENT_HZ for _, frequency in clicks] == [False, True, False, True, False]


def test_one_hand_alone_plays_on_the_piano(visit: Practice):
    visit.fade(0)
    visit.page.get_by_role("radio", name="Left").check()
    visit.speed(150)
    visit.start(0.5)
    until(lambda: len(visit.heard("notes")) >= 2)
    assert visit.heard("audio.paused")
    assert np.diff(visit.heard("notes"))[:1] * 1.5 == pytest.approx([3.2], abs=1e-3), "at 0.8 and at 4.0"
    visit.pause()
    visit.page.get_by_role("radio", name="Both").check()


def test_edits_are_heard_at_once(visit: Practice):
    visit.fade(100)
    visit.speed(100)
    visit.start(0)
    assert visit.page.evaluate(_DELETE_ALL) >= 1, "a note that had been sent ahead"
    n_notes = len(visit.heard("notes"))
    visit.wait_past(visit.at() + 0.5)
    assert len(visit.heard("notes")) == n_notes
    visit.page.keyboard.press("Control+z")
    until(lambda: len(visit.heard("notes")) > n_notes)
    visit.pause()


def test_a_click_on_the_waveform_leads_there(visit: Practice):
    box = visit.box()
    settle(visit.page)
    visit.page.mouse.click(visit.place(6.5), box["y"] + box["height"] - 45)
    assert visit.at() == pytest.approx(6.5, abs=0.05)


def test_ones_own_keyboard_is_heard_and_seen(visit: Practice):
    page = visit.page
    button = page.get_by_role("button", name="My keyboard")
    button.click()
    until(lambda: "Stage piano" in page.locator(".practice").inner_text())
    before, seen = visit.heard("strikes"), visit.colours()
    page.evaluate("ports.get('1').onmidimessage({ data: [0x90, 60, 100] })")
    assert visit.heard("strikes") == before + 1
    accent = (31, 95, 174, 255)
    assert visit.colours()[accent] > seen.get(accent, 0) + 100
    page.evaluate("ports.get('1').onmidimessage({ data: [0x80, 60, 0] })")
    assert visit.colours() == seen
    button.click()
    assert button.get_attribute("aria-pressed") == "false"


def test_the_midi_file_can_be_dragged_out(visit: Practice):
    media_type, name, url = visit.page.locator(".drag-handle").evaluate(_DRAG).split(":", 2)
    assert (media_type, name) == ("audio/midi", "take 1.mid")
    assert base64.b64decode(url.partition(",")[2]) == score_midi(small_score())
    assert nameless(visit.page) == []


def test_without_beats_there_is_no_metronome_and_it_says_why(browser: Any, tmp_path: Path):
    score = small_score(is_found=False)
    one = Practice(browser, tmp_path, score.performance, score=score)
    button = one.page.get_by_role("button", name="Metronome")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert "beats" in one.page.locator(".practice [role=status]").inner_text()
    assert one.troubles == []
    one.page.context.close()


def test_without_a_sound_card_it_says_so(browser: Any, tmp_path: Path):
    one = Practice(browser, tmp_path, small_score().performance, script=_NO_SOUND_CARD)
    one.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: "sound card" in one.page.locator("#trouble").inner_text())
    one.page.get_by_role("button", name="Play", exact=True).wait_for()
    assert one.troubles == []
    one.page.context.close()
