"""The panel of doubtful notes: where it leads, what each choice does to the piece, what the roll shows of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pianotrans.edits import Edits, digest_of, parse_edits
from pianotrans.events import Note, OtherOffset, Performance, midi_bytes
from tests.browser import chromium, until
from tests.views.visiting import Visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

SURE = Note(2, 3, 60, 64, 0.95, 1.0)
ENDS = Note(10, 11, 64, 70, 0.25, 0.96, (OtherOffset(10.5, 0.375), OtherOffset(12, 0.125)))
HIGH = Note(20, 21, 79, 64, 0.375, 0.5)
CANDIDATES = (Note(20.01, 21, 67, 50, 0.25, 0.3125), Note(40, 41, 55, 127, 0.25, 0.25))
SONG = Performance((SURE, ENDS, HIGH), (), 60.0, candidates=CANDIDATES)
NOTHING = Edits("take 1.mp3", len(SONG.notes), digest_of(SONG))
N_KEYS, HIGHEST = 49, 94  # around those of the notes
KEYBOARD_PX, BELOW_PX = 54, 18 + 22  # the lane of the pedal, and times
BRIGHT = (247, 191, 47, 255)  # of velocity 127: nothing but the last candidate


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Visit]:
    one = Visit(browser, tmp_path, SONG)
    one.page.get_by_label("count ends, too").check()
    yield one
    assert one.troubles == []
    one.page.context.close()


def place(visit: Visit) -> str:
    return visit.page.locator("#doubt-place").inner_text()


def choices(visit: Visit) -> list[str]:
    return [text.split("\n")[0] for text in visit.page.locator("#doubt .choices button").all_inner_texts()]


def written(visit: Visit) -> Performance:
    """The notes that the page would save, in MIDI as the command writes it."""
    return visit.download("#download")[1]


def test_keys_lead_from_doubt_to_doubt_and_make_choices(visit: Visit):
    page = visit.page
    page.locator("#roll").focus()
    page.keyboard.press("n")
    assert place(visit) == "1 of 4 doubtful, E4 at 0:10.0, 25 %"
    assert choices(visit) == [
        "It is right a",
        "It is absent 4 % x",
        "It ends earlier, at 0:10.50 38 % e",
        "It ends later, at 0:12.00 13 % l",
    ]
    until(lambda: visit.now() in ("0:10", "0:11"))
    page.get_by_role("button", name="Play", exact=True).wait_for()  # it stops by itself
    page.keyboard.press("e")
    ends_earlier = Note(10, 10.5, 64, 70)
    assert written(visit) == midi_bytes(Performance((SURE, ends_earlier, HIGH), (), 60.0))
    assert place(visit) == "1 of 3 doubtful, G5 at 0:20.0, 38 %"
    page.keyboard.press("o")
    octave_lower = Note(20.01, 21, 67, 64)
    assert written(visit) == midi_bytes(Performance((SURE, ends_earlier, octave_lower), (), 60.0))
    assert place(visit) == "1 of 1 doubtful, not written: G3 at 0:40.0, 25 %"
    page.keyboard.press("c")
    taken = Note(40, 41, 55, 127)
    assert written(visit) == midi_bytes(Performance((SURE, ends_earlier, octave_lower, taken), (), 60.0))
    assert place(visit) == "Nothing here is doubtful."


def test_every_choice_has_a_key(visit: Visit):
    page = visit.page
    page.locator("#roll").focus()
    for keys, words in (("nn", "2 of 4"), ("p", "1 of 4"), ("x", "1 of 3")):
        for key in keys:
            page.keyboard.press(key)
        assert place(visit).startswith(words)
    assert written(visit) == midi_bytes(Performance((SURE, HIGH), (), 60.0)), "it is absent"
    for key in ("Control+z", "Escape", "n"):
        page.keyboard.press(key)
    before = page.evaluate("heard.strikes")
    page.keyboard.press("r")
    until(lambda: page.evaluate("heard.strikes") > before)
    page.keyboard.press("l")
    ends_later = Note(10, 12, 64, 70)
    assert written(visit) == midi_bytes(Performance((SURE, ends_later, HIGH), (), 60.0))
    page.keyboard.press("a")
    assert place(visit).startswith("1 of 2"), "the candidates"
    page.keyboard.press("Escape")
    assert place(visit).startswith("2 doubtful places")
    page.get_by_role("button", name="Previous").click()
    assert place(visit).startswith("1 of 2")


def test_what_is_accepted_or_dismissed_is_in_doubt_no_longer(visit: Visit):
    page = visit.page
    page.locator("#doubt-order").select_option("time")
    page.get_by_role("button", name="Next").click()
    assert place(visit).startswith("1 of 4 doubtful, E4")
    page.get_by_role("button", name="It is right").click()
    page.get_by_role("button", name="It is absent").click()
    assert written(visit) == midi_bytes(Performance((SURE, ENDS), (), 60.0))
    assert place(visit) == "1 of 2 doubtful, not written: G4 at 0:20.0, 31 %"
    page.locator("#doubt-limit").fill("100")
    assert "of 3 doubtful" in place(visit), "the sure note, and two that were not written"
    page.get_by_label("count ends, too").uncheck()
    assert "of 2 doubtful" in place(visit), "its onset is quite sure"


def test_what_is_dismissed_is_kept_and_can_be_taken_back(visit: Visit):
    page = visit.page
    page.locator("#doubt-order").select_option("time")
    page.locator("#roll").focus()
    for key in "nnn":  # to the first candidate
        page.keyboard.press(key)
    assert "not written: G4" in place(visit)
    page.keyboard.press("x")
    assert "of 3 doubtful" in place(visit)
    _, edits = visit.download("#taking .store")
    (dismissed,) = parse_edits(edits).dismissed
    assert (dismissed.id, dismissed.was.key) == ("67@20.010", 67)
    page.locator("#keeping[data-state=saved]").wait_for()
    page.reload()
    page.locator("#keeping[data-state=saved]").wait_for()
    assert place(visit).startswith("2 doubtful"), "ends are not counted"
    none = {"name": "none.json", "mimeType": "application/json", "buffer": json.dumps(NOTHING.to_dict()).encode()}
    page.locator("#taking input").set_input_files(none)
    until(lambda: place(visit).startswith("3 doubtful"))
    page.locator("#roll").focus()
    page.keyboard.press("Control+z")
    assert place(visit).startswith("2 doubtful")


def middle_of(visit: Visit, note: Note) -> dict[str, float]:
    """Where it is on the roll, with all of the song in view."""
    box = visit.page.locator("#roll").bounding_box()
    width, height = box["width"] - 2 - KEYBOARD_PX, box["height"] - 2 - BELOW_PX
    share = (note.onset_s + note.offset_s) / 2 / SONG.duration_s
    return {"x": 1 + KEYBOARD_PX + share * width, "y": 1 + (HIGHEST - note.key + 0.5) * height / N_KEYS}


def test_candidates_are_hollow_and_can_be_clicked(visit: Visit):
    page = visit.page
    page.locator("#zoom-all").click()
    hollow = visit.colours()[BRIGHT]
    assert hollow > 10
    page.evaluate("document.querySelector('#doubt-limit').value = '0'")
    page.locator("#doubt-limit").dispatch_event("input")
    assert place(visit) == "2 doubtful places. Press n to go to the first."
    page.locator("#roll").click(position=middle_of(visit, CANDIDATES[1]))
    assert place(visit) == "2 of 2 doubtful, not written: G3 at 0:40.0, 25 %"
    page.keyboard.press("c")
    assert visit.colours()[BRIGHT] > 2 * hollow, "it is filled"


def test_without_confidences_there_is_no_panel(browser: Any, tmp_path: Path):
    one = Visit(browser, tmp_path, Performance((Note(1, 2, 60, 64),), (), 5.0))
    assert one.page.locator("#doubt").count() == 0
    assert one.troubles == []
    one.page.context.close()
