"""Beats and bars edited on the roll, by mouse, keys and buttons. What they became is read from the MIDI."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pianotrans.edits import parse_edits
from pianotrans.events import TempoMap, midi_bytes
from pianotrans.score.midi import score_midi
from tests.browser import chromium, move_fingers, nameless, settle
from tests.views.scores import measure, page, small_score
from tests.views.visiting import Visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

PAGES = (page(measure(0, "n0"), measure(1, "n4")), page(measure(0, "n5"), measure(1, "n7")))
KEYBOARD_PX, LENGTH_S = 54, 9.0
BEATS_S = [float(i) for i in range(9)]  # the last one ends the last bar


class Gridded(Visit):
    """The report about the small score: bars of 2/4, a beat a second."""

    def at(self, time_s: float) -> tuple[float, float]:
        """Where a time is in the strip of bars."""
        box = self.page.locator("#roll").bounding_box()
        return box["x"] + 1 + KEYBOARD_PX + time_s * (box["width"] - 2 - KEYBOARD_PX) / LENGTH_S, box["y"] + 11

    def click(self, time_s: float, **how: Any) -> None:
        self.page.mouse.click(*self.at(time_s), **how)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, from_s: float, to_s: float, *, drop: bool = True) -> None:
        self.page.mouse.move(*self.at(from_s))
        self.page.mouse.down()
        self.page.mouse.move(*self.at((from_s + to_s) / 2))
        self.page.mouse.move(*self.at(to_s))
        if drop:
            self.page.mouse.up()

    def tool(self, name: str) -> Any:
        return self.page.locator("#grid").get_by_role("button", name=name)

    def said(self) -> str:
        text: str = self.page.locator("#grid output").inner_text()
        return text

    def midi(self) -> bytes:
        return self.download("#download")[1]

    def bars(self) -> list[str]:
        """Of each note, as the list has them."""
        return [row.split("\t")[1].strip() for row in self.page.locator("#rows tr").all_inner_texts()]


@pytest.fixture(scope="module")
def shared_visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gridded]:
    score = small_score(pages=PAGES)
    with chromium() as browser:
        yield Gridded(browser, tmp_path_factory.mktemp("report"), score.performance, score=score)


@pytest.fixture
def visit(shared_visit: Gridded) -> Iterator[Gridded]:
    """As it was opened; each test leaves what can be undone."""
    yield shared_visit
    undo = shared_visit.page.get_by_role("button", name="Undo")
    while undo.get_attribute("aria-disabled") == "false":
        undo.click()
    shared_visit.page.locator("#roll").focus()
    shared_visit.press("Escape", "Escape", "Home")
    settle(shared_visit.page)
    assert shared_visit.midi() == score_midi(small_score())
    assert shared_visit.troubles == []


def written(times_s: list[float], *signatures: tuple[int, int, int]) -> bytes:
    """The MIDI of the small score with other beats."""
    positions = tuple(map(Fraction, range(len(times_s))))
    meters = tuple((Fraction(position), *meter) for position, *meter in signatures or [(0, 2, 4)])
    tempo_map = TempoMap(positions, tuple(times_s), meters, ((Fraction(0), -3, "major"),))
    return midi_bytes(small_score().performance, tempo_map=tempo_map)


def moved(i: int, time_s: float) -> list[float]:
    return [*BEATS_S[:i], time_s, *BEATS_S[i + 1 :]]


def test_a_beat_is_dragged_to_an_onset(visit: Gridded):
    visit.drag(3, 3.22)
    assert visit.midi() == written(moved(3, 3.2))
    visit.press("Control+z")
    assert visit.midi() == score_midi(small_score())
    visit.press("Control+Shift+z")
    assert visit.midi() == written(moved(3, 3.2))
    visit.press("Control+z")
    move_fingers(visit.page, [visit.at(time_s) for time_s in (2.9, 3.05, 3.22)])
    assert visit.midi() == written(moved(3, 3.2)), "a finger is less exact"


def test_a_chosen_beat_is_moved_by_keys_and_let_go(visit: Gridded):
    visit.click(5)
    assert "2" in visit.said()
    assert "3" in visit.said()
    visit.press("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight")
    assert visit.midi() == written(moved(5, 5.02))
    visit.press("Escape")
    assert not visit.said().startswith("Beat")
    visit.press("ArrowRight")
    assert visit.midi() == written(moved(5, 5.02)), "the arrow moves the cursor again"


def test_beats_are_inserted_and_removed(visit: Gridded):
    visit.click(2.41, click_count=2)
    assert visit.midi() == written([0, 1, 2, 2.4, *BEATS_S[3:]], (0, 2, 4), (2, 3, 4), (5, 2, 4)), "at an onset"
    visit.press("Delete")
    assert visit.midi() == score_midi(small_score())
    visit.page.locator("#position").fill("2.41")
    visit.page.locator("#roll").focus()
    visit.press("Shift+b")
    assert visit.midi() == written([0, 1, 2, 2.4, *BEATS_S[3:]], (0, 2, 4), (2, 3, 4), (5, 2, 4)), "at the cursor"
    visit.press("Control+z")
    visit.click(3)
    visit.tool("Remove").click()
    assert visit.midi() == written([0, 1, 2, *BEATS_S[4:]], (0, 2, 4), (2, 1, 4), (3, 2, 4))


def test_a_bar_begins_at_another_beat_and_the_list_follows(visit: Gridded):
    assert visit.bars()[:4] == ["1", "1", "1", "1"]
    visit.click(1)
    visit.tool("Bar begins").click()
    assert visit.midi() == written([*BEATS_S, 9.0], (0, 1, 4), (1, 2, 4))
    visit.press("Control+z")
    visit.click(1)
    visit.press("b")
    assert visit.midi() == written([*BEATS_S, 9.0], (0, 1, 4), (1, 2, 4))
    assert visit.bars()[:4] == ["1", "1", "2", "2"]
    assert "web app" in visit.said(), "which engraves the sheet anew"


def test_meter_and_tempo(visit: Gridded):
    visit.click(4)
    visit.page.locator("#grid select").first.select_option("3/4")
    assert visit.midi() == written([*BEATS_S, 9.0, 10.0], (0, 2, 4), (4, 3, 4))
    visit.tool("Beats as found").click()
    assert visit.midi() == score_midi(small_score())
    visit.tool("Half tempo").click()
    assert visit.midi() == written([0, 2, 4, 6, 8, 10, 12])
    visit.tool("Double tempo").click()
    visit.tool("Double tempo").click()
    assert b"\xff\x58\x04\x04\x02" in visit.midi(), "bars of four"


def test_a_key_is_said(visit: Gridded):
    key = visit.page.locator("#grid select").nth(1)
    assert key.locator("optgroup option").count() == 30
    key.select_option("F sharp minor")
    in_key = replace(small_score().tempo_map, key_signatures=((Fraction(0), 3, "minor"),))
    assert visit.midi() == midi_bytes(small_score().performance, tempo_map=in_key)
    _, edits = visit.download("#taking .store")
    assert parse_edits(edits).said.key == "F sharp minor"
    assert "web app" in visit.said(), "which spells the sheet anew"
    visit.page.locator("#languages").select_option("de")
    assert (key.input_value(), "fis-Moll" in key.inner_text()) == ("F sharp minor", True)
    visit.page.locator("#languages").select_option("en")
    visit.page.locator("#roll").focus()
    visit.press("Control+z")
    assert key.input_value() == ""


def test_a_meter_stays_where_it_is_said(visit: Gridded):
    visit.click(4)
    visit.page.locator("#grid select").first.select_option("3/4")
    visit.click(1.6, click_count=2)
    beats_s = [0, 1, 1.6, *BEATS_S[2:], 9.0, 10.0]
    assert visit.midi() == written(beats_s, (0, 3, 4), (3, 2, 4), (5, 3, 4)), "a beat more in the first bar"
    visit.click(1)
    visit.press("b")
    edits = parse_edits(visit.download("#taking .store")[1])
    assert edits.beats is not None
    assert {edits.beats.times_s[i]: str(meter) for i, meter in edits.meters}[5.0] == "3/4", "it begins a beat later"


def test_every_tool_has_a_name_and_swing_is_said(visit: Gridded):
    assert nameless(visit.page) == []
    visit.page.get_by_role("checkbox", name="Swing").check()
    assert visit.page.get_by_role("button", name="Undo").get_attribute("aria-disabled") == "false"
    visit.page.locator("#roll").focus()
    visit.press("Control+z")
    assert not visit.page.get_by_role("checkbox", name="Swing").is_checked()


def test_beats_can_be_put_where_none_were_found(visit: Gridded, tmp_path: Path):
    browser = visit.page.context.browser
    one = Gridded(browser, tmp_path, small_score().performance)
    assert one.midi() == midi_bytes(small_score().performance)
    one.tool("Insert").click()
    times_s = [0.5 * i for i in range(17)]
    tempo_map = TempoMap(tuple(map(Fraction, range(17))), tuple(times_s), ((Fraction(0), 4, 4),))
    assert one.midi() == midi_bytes(small_score().performance, tempo_map=tempo_map)
    assert one.troubles == []
    one.page.context.close()
