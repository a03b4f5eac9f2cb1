"""The workbench as its user meets it: notes and pedals edited by mouse, by keyboard and by touch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pianotrans.edits import apply_edits, parse_edits
from pianotrans.events import Note, Pedal, Performance, midi_bytes
from tests.browser import Place, chromium, move_fingers, nameless, settle, until
from tests.views.visiting import Visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

PIECE = Performance(
    (
        Note(1, 2, 60, 80, onset_confidence=0.9),
        Note(3, 4, 64, 100, onset_confidence=0.2),
        Note(5, 6, 67, 60, onset_confidence=0.9),
        Note(7, 8, 72, 40, onset_confidence=0.9),
    ),
    (Pedal(1, 3, "sustain", 0.9),),
    10.0,
)
LOWEST, HIGHEST = 42, 90  # 49 keys around those of the piece
KEYBOARD_PX, LANE_PX, TIMES_PX = 54, 18, 22
FRAME_S = 1024 / 44_100
_STATE = """() => {
    const texts = (selector, read) => [...document.querySelectorAll(selector)].map(read);
    return [
        texts("#rows tr", (row) => row.innerText),
        texts("#inspector output, #inspector select", (one) => one.value),
        texts("#toolbar [aria-pressed=true]", (tool) => tool.dataset.command),
    ];
}"""
_UNDO_ALL = "(undo) => { while (undo.getAttribute('aria-disabled') === 'false') undo.click(); }"
INK = (29, 31, 36, 255)


class Bench(Visit):
    """The report about PIECE, and where things are on its roll."""

    def __init__(self, browser: Any, folder: Path, **context: Any):
        super().__init__(browser, folder, PIECE, **context)
        self.roll = self.page.locator("#roll")

    def at(self, time_s: float, key: float | None = None) -> Place:
        """Where the middle of a key is on the screen at a time, or of the pedal lane."""
        box = self.roll.bounding_box()
        width, height = box["width"] - 2, box["height"] - 2
        keys_px = height - TIMES_PX - LANE_PX
        y = keys_px + LANE_PX / 2 if key is None else (HIGHEST - key + 0.5) * keys_px / (HIGHEST - LOWEST + 1)
        return box["x"] + 1 + KEYBOARD_PX + time_s * (width - KEYBOARD_PX) / 10, box["y"] + 1 + y

    def drag(self, start: Place, end: Place, *held: str, drop: bool = True) -> None:
        mouse, keyboard = self.page.mouse, self.page.keyboard
        for key in held:
            keyboard.down(key)
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        mouse.move(*end)
        if drop:
            mouse.up()
        for key in held:
            keyboard.up(key)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def notes(self) -> list[tuple[float, float, str, int]]:
        """Onset, length, name and velocity of each, as the list has them."""
        rows = [row.split() for row in self.page.locator("#rows tr").all_inner_texts()]
        return [(float(row[0].split(":")[1]), float(row[1]), row[3], int(row[4])) for row in rows]

    def seen_at(self, place: Place) -> float:
        """The time at a place of the screen: a click on the times below leads to it."""
        box = self.roll.bounding_box()
        self.page.mouse.click(place[0], box["y"] + box["height"] - 8)
        return float(self.page.locator("#position").input_value())

    def tool(self, name: str) -> Any:
        return self.page.locator("#toolbar").get_by_role("button", name=name)

    def selected(self) -> str:
        said: str = self.page.locator("#inspector output").inner_text()
        return said

    def field(self, name: str) -> str:
        value: str = self.page.locator(f"#inspector [data-field={name}]").input_value()
        return value

    def fill(self, name: str, text: str) -> None:
        """Type into a field, as a person does."""
        self.page.locator(f"#inspector [data-field={name}]").select_text()
        self.page.keyboard.type(text)
        self.press("Enter")

    def state(self) -> tuple[Any, ...]:
        """What buttons and keys change."""
        return tuple(self.page.evaluate(_STATE))

    def begin(self) -> None:
        """As it was opened: nothing edited or selected, nothing to undo, the whole piece in view."""
        self.page.get_by_role("button", name="Undo").evaluate(_UNDO_ALL)
        self.roll.focus()
        self.press("Escape", "v", "0", "Home")
        settle(self.page)
        assert self.notes() == AS_PLAYED


AS_PLAYED = [(1, 1, "C4", 80), (3, 1, "E4", 100), (5, 1, "G4", 60), (7, 1, "C5", 40)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def shared_bench(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    one = Bench(browser, tmp_path_factory.mktemp("report"))
    yield one
    one.page.context.close()


@pytest.fixture
def bench(shared_bench: Bench) -> Iterator[Bench]:
    shared_bench.begin()
    yield shared_bench
    shared_bench.begin()
    assert shared_bench.troubles == []


def test_the_mouse_selects(bench: Bench):
    mouse = bench.page.mouse
    before = bench.colours().get(INK, 0)
    mouse.click(*bench.at(1.5, 60))
    assert (bench.selected(), bench.field("onset"), bench.field("velocity")) == (
        "C4 · 0:01.00 · confidence 90 %",
        "1.000",
        "80",
    )
    assert bench.colours()[INK] > before + 200, "a frame around it"
    bench.drag(bench.at(4.5, 72), bench.at(7.5, 60))
    assert bench.selected() == "2 selected", "the lasso touches half of the second"
    bench.page.keyboard.down("Shift")
    mouse.click(*bench.at(1.5, 60))
    assert bench.selected() == "3 selected"
    mouse.click(*bench.at(5.5, 67))
    assert bench.selected() == "2 selected"
    bench.page.keyboard.up("Shift")
    mouse.click(*bench.at(9.2, 50))
    assert (bench.selected(), bench.now()) == ("Nothing is selected.", "0:09")
    mouse.click(bench.roll.bounding_box()["x"] + 40, bench.at(0, 64)[1])
    assert bench.selected().startswith("E4"), "by its key at the left"
    bench.page.get_by_role("combobox", name="Select").select_option("everything")
    assert bench.selected() == "5 selected"


def test_the_mouse_moves_stretches_and_draws(bench: Bench):
    bench.drag(bench.at(1.5, 60), bench.at(2.5, 62))
    assert bench.notes()[0] == (pytest.approx(2, abs=0.02), 1, "D4", 80)
    bench.drag(bench.at(5.99, 67), bench.at(6.5, 69))
    onset, length, name, _ = bench.notes()[2]
    assert (onset, name) == (5, "G4")
    assert length == pytest.approx(1.5, abs=0.03)
    bench.drag(bench.at(3.01, 64), bench.at(2.5, 64))
    onset, length, *_ = bench.notes()[1]
    assert (onset, length) == (pytest.approx(2.5, abs=0.03), pytest.approx(1.5, abs=0.03))
    x, y = bench.at(7.5, 72)
    bench.drag((x, y), (x + 2, y - 40), "Alt")
    assert bench.notes()[3] == (7, 1, "C5", 60)
    bench.page.mouse.dblclick(*bench.at(9, 50))
    assert bench.notes()[4][2] == "D3"
    assert bench.selected().startswith("D3")
    bench.press("d")
    bench.drag(bench.at(0.5, 80), bench.at(0.8, 80))
    onset, length, name, _ = bench.notes()[0]
    assert (onset, length, name) == (pytest.approx(0.5, abs=0.02), pytest.approx(0.3, abs=0.03), "G#5")
    assert len(bench.notes()) == 6


def test_pedals_likewise(bench: Bench):
    bench.drag(bench.at(2), bench.at(4))
    assert bench.selected().startswith("sustain")
    assert float(bench.field("onset")) == pytest.approx(3, abs=0.02)
    bench.drag(bench.at(4.98), bench.at(5.5))
    assert float(bench.field("length")) == pytest.approx(2.5, abs=0.03)
    bench.page.mouse.dblclick(*bench.at(8))
    assert float(bench.field("onset")) == pytest.approx(8, abs=0.02)
    bench.press("Delete")
    bench.page.mouse.click(bench.roll.bounding_box()["x"] + 20, bench.at(0)[1])
    assert float(bench.field("onset")) == pytest.approx(3, abs=0.02), "all strokes of this pedal, which is one"


def test_a_drag_can_be_given_up_and_views_move(bench: Bench):
    mouse = bench.page.mouse
    bench.drag(bench.at(1.5, 60), bench.at(2.5, 62), drop=False)
    assert float(bench.field("onset")) == pytest.approx(2, abs=0.02), "it is seen before it is done"
    bench.press("Escape")
    mouse.up()
    assert bench.notes() == AS_PLAYED
    assert bench.page.get_by_role("button", name="Undo").get_attribute("aria-disabled") == "true"

    middle, right = bench.at(5, 50), bench.at(9, 50)
    assert bench.seen_at(right) == pytest.approx(9, abs=0.02)
    mouse.move(*middle)
    bench.page.keyboard.down("Control")
    mouse.wheel(0, -250)
    bench.page.keyboard.up("Control")
    until(lambda: bench.seen_at(right) < 7)
    zoomed_s = bench.seen_at(right)
    assert bench.seen_at(middle) == pytest.approx(5, abs=0.02), "it stays where it is"
    mouse.wheel(0, 50)
    until(lambda: bench.seen_at(right) > zoomed_s)
    scrolled_s = bench.seen_at(right)
    mouse.move(*middle)
    mouse.down(button="middle")
    mouse.move(middle[0] - 50, middle[1])
    mouse.move(middle[0] - 100, middle[1])
    mouse.up(button="middle")
    assert bench.seen_at(right) > scrolled_s
    bench.press("h")
    bench.drag(middle, right)
    assert bench.seen_at(right) < scrolled_s
    assert bench.notes() == AS_PLAYED


def test_the_view_has_fewer_keys_and_a_hand_on_the_space_bar(bench: Bench):
    mouse, keyboard = bench.page.mouse, bench.page.keyboard

    def turn(by: float, *held: str) -> None:
        for key in held:
            keyboard.down(key)
        mouse.wheel(0, by)
        for key in held:
            keyboard.up(key)
        settle(bench.page)

    def selected_at(place: Place) -> str:
        bench.press("Escape")
        mouse.click(*place)
        return bench.selected()[:2]

    note, next_key = bench.at(1.5, 60), bench.at(1.9, 61)  # too far for a double click
    assert (selected_at(note), selected_at(next_key)) == ("C4", "No")
    mouse.move(*note)
    turn(-600, "Control", "Shift")
    assert (selected_at(note), selected_at(next_key)) == ("C4", "C4"), "it is higher, where it was"
    turn(-3000, "Shift")
    assert selected_at(note) == "No", "it is out of view"
    bench.press("f")
    middle = bench.at(1.5, (LOWEST + HIGHEST) / 2)
    assert selected_at(middle) == "C4", "what is selected comes into view"
    bench.press("PageDown", "PageUp")
    assert selected_at(middle) == "C4"

    keyboard.down("Space")
    bench.drag(middle, (middle[0], middle[1] - 100))
    keyboard.up("Space")
    assert selected_at(middle) == "No"
    assert selected_at((middle[0], middle[1] - 100)) == "C4"
    assert bench.notes() == AS_PLAYED
    assert bench.page.get_by_role("button", name="Play", exact=True).is_visible(), "it does not play"
    bench.press("Escape", *6 * ("Control+ArrowDown",))
    assert (selected_at(note), selected_at(next_key)) == ("C4", "No")
    bench.press("f", *3 * ("Control+ArrowUp",))
    assert selected_at(next_key) == "C4", "around what is selected"


def test_the_keyboard_does_it_all(bench: Bench):
    bench.press("f")
    assert bench.selected().startswith("C4")
    bench.press("ArrowRight", "ArrowUp", "Shift+ArrowUp", "Shift+ArrowRight", "Alt+ArrowUp")
    assert bench.notes()[0] == (1.01, 1.01, "C#5", 85)
    bench.press("Control+z", "Control+z", "Control+y")
    assert bench.notes()[0] == (1.01, 1.01, "C#5", 80)
    bench.press("f", "k")
    assert bench.selected().startswith("E4")
    bench.press("Control+x")
    assert [name for _, _, name, _ in bench.notes()] == ["C#5", "G4", "C5"]
    bench.press("ArrowRight", "ArrowRight", "Control+v")
    assert bench.notes()[1] == (2, 1, "E4", 100), "at the cursor, which moves while nothing is selected"
    bench.page.locator("#position").fill("2.5")
    bench.roll.focus()
    bench.press("s")
    assert [note[:3] for note in bench.notes()[1:3]] == [(2, 0.5, "E4"), (2.5, 0.5, "E4")]
    bench.press("k", "j")
    assert bench.notes()[1] == (2, 1, "E4", 100)
    bench.press("1")
    assert bench.field("hand") == "1"
    bench.press("Escape", "Home", "i")
    assert (len(bench.notes()), bench.notes()[0][0]) == (5, 0)
    bench.press("Delete", "Control+a")
    assert bench.selected() == "5 selected"
    bench.press("Backspace")
    assert bench.notes() == []
    bench.press("Control+z")
    assert len(bench.notes()) == 4


def test_what_keys_do_other_keys_take_back(bench: Bench):
    bench.press("f", "f", "f", "Shift+f")
    assert bench.selected().startswith("E4")
    for there, back in (
        ("ArrowRight", "ArrowLeft"),
        ("ArrowUp", "ArrowDown"),
        ("Shift+ArrowUp", "Shift+ArrowDown"),
        ("Shift+ArrowRight", "Shift+ArrowLeft"),
        ("Alt+ArrowUp", "Alt+ArrowDown"),
    ):
        bench.press(there)
        assert bench.notes() != AS_PLAYED, there
        bench.press(back)
        assert bench.notes() == AS_PLAYED, back
    bench.press("Escape", "Shift+i")
    assert bench.selected().startswith("sustain")
    bench.press("+")
    right = bench.at(9, 50)
    assert bench.seen_at(right) < 7
    bench.press("-")
    assert bench.seen_at(right) == pytest.approx(9, abs=0.02)


def test_buttons_do_what_keys_do(bench: Bench):
    bench.press("f", "Control+c")
    bench.page.locator("#position").fill("1.5")
    bench.roll.focus()
    before = bench.state()
    bench.press("Escape")
    for name, key in (
        ("Pencil", "d"),
        ("Hand: ", "h"),
        ("Paste", "Control+v"),
        ("Delete", "Delete"),
        ("Split", "s"),
        ("Give to the right", "1"),
        ("Show velocities", "o"),
    ):
        button, states = bench.tool(name), []
        for act in (lambda key=key: bench.press(key), button.click):
            bench.press("f")
            act()
            states.append(bench.state())
            if name == "Show velocities":
                act()  # else they stay
            bench.press("Control+z", "Escape", "v")
        assert states[0] == states[1] != before, name


def test_times_snap_unless_one_says_no(bench: Bench):
    bench.press("x")
    snap = bench.page.get_by_role("combobox", name="Snap to")
    assert snap.input_value() == "frames"
    start, end = bench.at(1.5, 60), bench.at(2.517, 60)
    bench.drag(start, end)
    snapped_s = float(bench.field("onset"))
    assert snapped_s == pytest.approx(FRAME_S * round(snapped_s / FRAME_S), abs=6e-4)
    bench.press("Control+z")
    bench.drag(start, end, "Control")
    free_s = float(bench.field("onset"))
    assert free_s == pytest.approx(2.017, abs=0.006)
    assert free_s != pytest.approx(snapped_s, abs=6e-4)
    snap.select_option("off")


def test_numbers_can_be_typed(bench: Bench):
    bench.press("f")
    for name, value in (("onset", "0.25"), ("length", "2"), ("velocity", "99")):
        bench.fill(name, value)
    assert bench.notes()[0] == (0.25, 2, "C4", 99)
    bench.roll.focus()
    bench.press("o")
    top = bench.roll.bounding_box()["y"] + 1
    height = bench.roll.bounding_box()["height"] - 2
    x, _ = bench.at(0.25, 60)
    bench.page.mouse.click(x, top + height - TIMES_PX - 3)
    assert bench.notes()[0][3] < 6, "in the lane, only of what is selected"
    bench.press("o")


def test_the_slider_reaches_as_far_as_what_is_played(bench: Bench):
    slider = bench.page.locator("#position")
    assert slider.get_attribute("max") == "10", "where the recording ends"
    bench.press("f")
    bench.page.locator("#inspector [data-field=onset]").fill("12")
    bench.press("Enter")
    assert slider.get_attribute("max") == "13"
    bench.roll.focus()
    bench.press("End")
    assert slider.input_value() == "13"
    bench.press("Control+z")
    assert (slider.get_attribute("max"), slider.input_value()) == ("10", "10")
    assert bench.page.locator("#clock").inner_text() == "0:10 / 0:10"


def test_what_is_edited_is_what_is_downloaded_and_undo_gives_back_every_byte(bench: Bench):
    assert bench.download("#download")[1] == midi_bytes(PIECE)
    bench.press("Control+a", "ArrowUp")
    edited = Performance(
        tuple(Note(n.onset_s, n.offset_s, n.key + 1, n.velocity) for n in PIECE.notes),
        PIECE.pedals,
        PIECE.duration_s,
    )
    assert bench.download("#download")[1] == midi_bytes(edited)
    bench.filter(50)
    kept = Performance(tuple(n for n in edited.notes if n.key != 65), edited.pedals, edited.duration_s)
    assert bench.download("#download-kept")[1] == midi_bytes(kept)
    bench.filter(0)
    bench.press("Control+z")
    assert bench.download("#download")[1] == midi_bytes(PIECE)


def test_edits_are_taken_away_as_a_file_and_brought_back(bench: Bench, tmp_path: Path):
    bench.press("Control+a", "ArrowUp")
    edited = bench.download("#download")[1]
    name, content = bench.download("#taking .store")
    assert name.endswith(".edits.json")
    applied = apply_edits(PIECE, parse_edits(content))
    assert midi_bytes(applied.performance) == edited
    bench.press("Control+z")
    (tmp_path / name).write_bytes(content)
    chooser = bench.page.locator("#taking input")
    chooser.set_input_files(tmp_path / name)
    until(lambda: name in bench.page.locator("#taking p").inner_text())
    assert bench.download("#download")[1] == edited
    bench.press("Control+z")
    (tmp_path / "later.json").write_bytes(content.replace(b'"version": 2', b'"version": 9'))
    chooser.set_input_files(tmp_path / "later.json")
    until(lambda: "9" in bench.page.locator("#taking p").inner_text())
    assert bench.download("#download")[1] == midi_bytes(PIECE)


def test_the_help_sheet_has_every_key_in_every_language(bench: Bench):
    bench.press("?")
    sheet = bench.page.get_by_role("dialog", name="Keys and gestures")
    assert sheet.locator("kbd").count() > 50
    assert nameless(bench.page) == []
    bench.press("Escape")
    assert sheet.is_hidden()
    bench.page.locator("#languages").select_option("de")
    bench.page.get_by_role("button", name="Tasten und Gesten").click()
    assert "Rückgängig" in bench.page.get_by_role("dialog").inner_text()
    bench.press("Escape")
    bench.page.locator("#languages").select_option("en")


def test_fingers_edit_and_move_the_view(browser: Any, tmp_path: Path):
    """One is the tool, two move the view. Buttons have room for one, and nothing sticks out."""
    bench = Bench(browser, tmp_path, has_touch=True, viewport={"width": 820, "height": 1180})
    bench.page.touchscreen.tap(*bench.at(5.5, 67))
    until(lambda: bench.selected().startswith("G4"))
    steps = (0, 20, 40, 60)

    def drag(place: Place) -> None:
        move_fingers(bench.page, [(place[0] + step, place[1]) for step in steps])

    def choose(tool: str) -> None:
        def is_chosen() -> bool:
            bench.tool(tool).tap()  # Chromium may take one that comes right behind a drag for a part of it
            settle(bench.page)
            return bool(bench.tool(tool).get_attribute("aria-pressed") == "true")

        until(is_chosen)

    drag(bench.at(1.5, 60))
    until(lambda: bench.notes()[0][0] > 1.5)
    drag(bench.at(7.97, 72))
    until(lambda: bench.notes()[3][1] > 1.5)
    choose("Pencil")
    drag(bench.at(3, 84))
    until(lambda: len(bench.notes()) == 5)
    choose("Pointer")
    bench.tool("Undo").tap()
    (left, y), (right, _) = bench.at(4, 50), bench.at(6, 50)
    move_fingers(bench.page, [(left - step, y) for step in steps], [(right + step, y) for step in steps])
    settle(bench.page)
    assert len(bench.notes()) == 4
    bench.page.touchscreen.tap(*bench.at(5.5, 67))
    small = """(all) => {
        const boxes = all.map((one) => one.getBoundingClientRect());
        return boxes.filter((box) => box.width > 0 && box.height < 40).length;
    }"""
    assert bench.page.locator("#toolbar button, #toolbar select, #inspector input").evaluate_all(small) == 0
    for width in (820, 400, 320):
        bench.page.set_viewport_size({"width": width, "height": 900})
        settle(bench.page)
        assert bench.page.evaluate("document.documentElement.scrollWidth") <= width
    assert bench.troubles == []
    bench.page.context.close()
