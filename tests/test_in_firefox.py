"""Report and web app in Firefox: tests of Chromium that show whether browsers differ; fingers, microphone."""

# ruff: noqa: F401, F811 - tests and fixtures are imported to be run here, with this module's browser

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pianotrans.web.preview import Preview
from pianotrans.workers.previewing import Awake, Listen, Sound
from tests.browser import settle, until
from tests.firefox import MICROPHONE_HZ, Fingers, firefox
from tests.views.scores import small_score
from tests.views.test_listening_in_browser import (
    Practice,
    recording,
    test_at_half_speed_recording_and_piano_stay_together,
    test_the_piano_goes_round_a_loop_without_a_gap,
)
from tests.views.test_report_in_browser import test_edits_outlive_the_page
from tests.views.test_score_in_browser import PAGES, test_the_score_follows_and_a_click_on_it_leads_and_sounds
from tests.views.test_workbench_in_browser import (
    Bench,
    bench,
    shared_bench,
    test_a_drag_can_be_given_up_and_views_move,
    test_edits_are_taken_away_as_a_file_and_brought_back,
    test_numbers_can_be_typed,
    test_pedals_likewise,
    test_the_help_sheet_has_every_key_in_every_language,
    test_the_keyboard_does_it_all,
    test_the_mouse_moves_stretches_and_draws,
    test_the_mouse_selects,
    test_what_is_edited_is_what_is_downloaded_and_undo_gives_back_every_byte,
)
from tests.web.browsing import Tab
from tests.web.making import Scripted, serving
from tests.web.previewing import Listeners
from tests.web.test_edits_in_browser import site, tab, test_they_outlive_a_reload_and_the_server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("firefox")]


@pytest.fixture(scope="module")
def driven() -> Iterator[tuple[Any, Fingers]]:
    with firefox() as both:
        yield both


@pytest.fixture(scope="module")
def browser(driven: tuple[Any, Fingers]) -> Any:
    return driven[0]


@pytest.fixture
def fingers(driven: tuple[Any, Fingers]) -> Fingers:
    return driven[1]


@pytest.fixture(scope="module")
def visit(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A report with a recording and a score."""
    score = small_score(pages=PAGES)
    one = Practice(browser, tmp_path_factory.mktemp("report"), score.performance, audio=recording(), score=score)
    yield one
    assert one.troubles == []
    one.page.context.close()


def test_one_finger_edits_and_two_move_the_view(bench: Bench, fingers: Fingers):
    x, y = bench.at(1.5, 60)
    fingers.move(bench.page, [(x, y), (x + 20, y), (x + 40, y), (x + 60, y)])
    until(lambda: bench.notes()[0][0] > 1.4)
    (left, y), (right, _) = bench.at(4, 50), bench.at(6, 50)
    steps = (0, 20, 40, 60)
    fingers.move(bench.page, [(left - step, y) for step in steps], [(right + step, y) for step in steps])
    settle(bench.page)
    assert len(bench.notes()) == 4
    box = bench.roll.bounding_box()
    bench.page.mouse.click(left - 60, box["y"] + box["height"] - 8)
    held_s = float(bench.page.locator("#position").input_value())
    assert held_s == pytest.approx(4, abs=0.1), "it is still under the finger"


def test_the_server_hears_what_the_microphone_gives_while_it_records(browser: Any, tmp_path: Path):
    """A sine: without a leap, and at its pitch by the rate that the page tells."""
    orders: list[Any] = []

    def main(connection: Any) -> None:
        connection.send(Awake())
        while True:
            orders.append(connection.recv())

    with serving(tmp_path, Scripted(), preview=Preview(Listeners(main))) as site:
        tab = Tab(browser, str(site.client.base_url))
        tab.page.get_by_role("button", name="Record", exact=True).click()
        until(lambda: sum(isinstance(order, Sound) for order in orders) >= 20)
        assert tab.page.locator("#preview-words").inner_text().startswith("This is a quick preview.")
        tab.page.get_by_role("button", name="Stop and transcribe").click()
        tab.page.locator("#jobs [data-state=done]").wait_for()
        assert tab.troubles == []
        tab.context.close()
    [listen] = [order for order in orders if isinstance(order, Listen)]
    sound = np.frombuffer(b"".join(order.samples for order in orders if isinstance(order, Sound)), "<i2")
    sound = sound[listen.sample_rate // 2 :]  # the microphone takes a moment to begin
    cycles = MICROPHONE_HZ * np.arange(len(sound)) / listen.sample_rate
    waves = np.stack([np.sin(2 * np.pi * cycles), np.cos(2 * np.pi * cycles)], axis=1)
    parts, residual, *_ = np.linalg.lstsq(waves, sound, rcond=None)
    assert np.hypot(*parts) > 1000
    assert residual[0] < 1e-3 * np.square(sound.astype(float)).sum()
