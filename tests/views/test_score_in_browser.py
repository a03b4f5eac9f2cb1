"""The score in the report, as a reader meets it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pianotrans.events import Durations, Pedal, midi_bytes
from pianotrans.events.receivers import RECEIVERS, settings_for
from pianotrans.score.midi import score_midi
from tests.browser import chromium, nameless, settle, until
from tests.views.scores import measure, page, small_score
from tests.views.visiting import Visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

PAGES = (
    page(measure(0, "n0", "n1", "n2"), measure(1, "n4")),
    page(measure(0, "n5", "n5-2", "n6"), measure(1, "n7", "n8", "n9")),
)
LOUD, RIGHT, LEFT = (247, 191, 47, 255), (196, 80, 12, 255), (11, 106, 168, 255)
BAR_LINE, WHITE = (138, 144, 160, 255), (255, 255, 255, 255)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def visit(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A report with a score; each test leaves it paused, at the piano roll."""
    score = small_score(pages=PAGES)
    one = Visit(browser, tmp_path_factory.mktemp("report"), score.performance, score=score)
    yield one
    one.page.context.close()


def marks(visit: Visit, name: str, mark: str) -> list[str]:
    """The numbers of the elements that wear a class, in the order of the score."""
    script = "(found, mark) => found.map((one) => one.closest(`[${mark}]`).getAttribute(mark))"
    found: list[str] = visit.page.locator(f"#score {name}").evaluate_all(script, mark)
    return found


def test_bars_are_in_the_roll_and_notes_have_the_colours_of_the_hands(visit: Visit):
    found = visit.colours()
    assert found[BAR_LINE] > 4 * 300, "four lines"
    assert found[LOUD] > 200
    visit.page.get_by_role("radio", name="hand", exact=True).check()
    found = visit.colours()
    assert found[RIGHT] > 100
    assert found.get(LOUD, 0) == 0
    assert visit.page.locator("#hand-legend").is_visible()
    visit.page.get_by_role("radio", name="velocity").check()
    assert visit.colours()[LOUD] > 200
    assert visit.page.locator("#velocity-legend").is_visible()


def test_the_midi_is_in_musical_time_byte_for_byte(visit: Visit):
    score = small_score(pages=PAGES)
    assert visit.download("#download")[1] == score_midi(score) != midi_bytes(score.performance)


def test_the_midi_is_for_its_receiver_byte_for_byte(browser: Any, tmp_path: Path):
    played = replace(small_score().performance, pedals=(Pedal(0.1, 2.5, "sustain"), Pedal(2.52, 5, "sustain")))
    score = replace(small_score(), performance=played)
    one = Visit(browser, tmp_path, played, score=score)
    receiver, durations = one.page.get_by_label("MIDI for"), one.page.get_by_label("Notes last")
    offered = receiver.locator("option").evaluate_all("(options) => options.map(({ value }) => value)")
    assert offered == ["", *RECEIVERS]
    contents = []
    for name in offered:
        for lasting in Durations:
            receiver.select_option(name)
            durations.select_option(lasting)
            fitting, midi = settings_for(name or None, {"durations": lasting})
            fitted = fitting.apply(played).made_with(fitting.options())
            file, content = one.download("#download")
            assert content == score_midi(replace(score, performance=fitted), midi), (name, lasting)
            assert file == ("take 1.sounding.mid" if lasting is Durations.sounding else "take 1.mid")
            contents.append(content)
    assert len(set(contents)) == 2 * len(offered)
    durations.select_option("both")
    for act in (one.page.locator("#download").click, lambda: one.page.keyboard.press("Control+Shift+s")):
        is_second = one.page.expect_download(lambda file: "sounding" in file.suggested_filename)
        with is_second as second, one.page.expect_download() as first:
            act()
        files = [first.value, second.value]
        assert [file.suggested_filename for file in files] == ["take 1.mid", "take 1.sounding.mid"]
        assert [Path(file.path()).read_bytes() for file in files] == contents[-2:]
    one.page.reload()
    one.page.locator("html[data-ready]").wait_for()
    assert (receiver.input_value(), durations.input_value()) == (offered[-1], "both"), "they are remembered"
    assert one.troubles == []
    one.page.context.close()


def test_commas_and_dots_move_by_bars(visit: Visit):
    visit.page.locator("#roll").focus()
    visit.page.keyboard.press("Home")
    times = []
    for key in "..,.":
        visit.page.keyboard.press(key)
        times.append(visit.now())
    assert times == ["0:02", "0:04", "0:02", "0:04"]
    visit.page.keyboard.press("Home")


def test_the_list_has_bars_hands_and_spellings(visit: Visit):
    heads = visit.page.locator("thead th:visible").all_inner_texts()
    assert heads[:5] == ["Onset", "Bar", "Hand", "Duration", "Key"]
    rows = [row.split("\t") for row in visit.page.locator("#rows tr").all_inner_texts()]
    assert [[cell.strip() for cell in row[1:5]] for row in rows[:4]] == [
        ["1", "right", "0.50 s", "E♭4"],
        ["1", "left", "0.50 s", "C3"],
        ["1", "right", "0.50 s", "F4"],
        ["1", "right", "0.50 s", "F#4"],
    ]


def test_the_score_follows_and_a_click_on_it_leads_and_sounds(visit: Visit):
    page = visit.page
    assert page.locator("#score svg").count() == 0, "not before it is wanted"
    page.get_by_role("tab", name="Piano roll").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#score [data-note='9']").wait_for()
    assert page.get_by_role("tab", name="Score").get_attribute("aria-selected") == "true"
    assert page.get_by_role("tabpanel", name="Score").is_visible()
    assert page.locator("#roll").is_hidden()
    assert marks(visit, ".bar.doubtful", "data-bar") == ["2"]
    assert nameless(page) == []

    page.locator("#position").fill("0.1")
    assert (marks(visit, ".sounding", "data-note"), marks(visit, ".present", "data-bar")) == (["0"], ["0"])
    page.locator("#position").fill("2.5")
    assert marks(visit, ".sounding", "data-note") == ["2"], "the trill, by its second note"
    page.locator("#position").fill("4.1")
    assert (marks(visit, ".sounding", "data-note"), marks(visit, ".present", "data-bar")) == (["5", "5"], ["2"])

    page.evaluate("heard.strikes = 0")
    page.locator("#score [data-note='8'] use").click()
    assert visit.now() == "0:06"
    assert marks(visit, ".sounding", "data-note") == ["8"]
    until(lambda: page.evaluate("heard.strikes") == 1)
    assert marks(visit, ".present", "data-bar") == ["3"]
    page.locator("#score [data-bar='1'] .bar").click(position={"x": 150, "y": 60})
    assert visit.now() == "0:02"
    assert page.evaluate("heard.strikes") == 1, "a bar alone does not sound"

    visit.filter(75)
    assert marks(visit, ".pale", "data-note") == ["4", "5", "5", "6", "7", "8", "9"], "not the trill"
    visit.filter(0)
    assert marks(visit, ".pale", "data-note") == []
    page.get_by_role("tab", name="Score").focus()
    page.keyboard.press("Home")
    assert page.locator("#roll").is_visible()
    settle(page)
    assert visit.troubles == []


def test_the_score_stays_in_view_while_it_plays_and_can_be_enlarged(visit: Visit):
    page = visit.page
    page.get_by_role("tab", name="Score").click()
    page.locator("#score [data-note='9']").wait_for()
    width = page.locator("#score .pages").evaluate("(pages) => pages.clientWidth")
    for _ in range(3):
        page.get_by_role("button", name="Zoom in").click()
    assert page.locator("#score .pages").evaluate("(pages) => pages.clientWidth") > 2 * width
    is_in_view = """(ground) => {
        const [bar, box] = [ground, document.getElementById("score")].map((one) => one.getBoundingClientRect());
        return bar.bottom > box.top && bar.top < box.bottom && bar.right > box.left && bar.left < box.right;
    }"""
    for time_s in ("7", "0"):
        page.locator("#position").fill(time_s)
        until(lambda: page.locator("#score .present").evaluate(is_in_view))
    page.get_by_role("button", name="Fit width").click()
    assert page.locator("#score .pages").evaluate("(pages) => pages.clientWidth") == width
    page.get_by_role("tab", name="Piano roll").click()
    assert visit.troubles == []


def test_without_beats_there_are_hands_but_no_bars_and_no_score(browser: Any, tmp_path: Path):
    score = small_score(is_found=False, pages=PAGES)
    one = Visit(browser, tmp_path, score.performance, score=score)
    assert BAR_LINE not in one.colours()
    assert "No beat" in one.page.locator("#remarks").inner_text()
    assert one.page.locator("#tabs").is_hidden()
    assert one.page.locator("thead th:visible").all_inner_texts()[:3] == ["Onset", "Hand", "Duration"]
    assert one.page.get_by_role("radio", name="hand", exact=True).is_visible()
    assert one.troubles == []
    one.page.context.close()
