"""The MIDI that a page downloads is the file that the command writes: real recordings, with beats and without."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pianotrans import load_midi
from pianotrans.audio import Reading
from pianotrans.edits import apply_edits, parse_edits
from pianotrans.events import cut_at
from pianotrans.workers.formats import FORMATS, Heard
from tests.agreement import recordings
from tests.browser import chromium, troubles_of

pytestmark = [pytest.mark.shared, pytest.mark.slow, pytest.mark.xdist_group("browser")]

FEW_NOTES_S = 0.8  # too few for beats


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


def download(page: Any, button: str) -> bytes:
    with page.expect_download() as waiting:
        page.locator(button).click()
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.parametrize(
    ("name", "end_s"),
    [("haydn_sonata", 10.0), ("schubert_impromptu", 10.0), ("bach_fugue", 10.0), ("haydn_sonata", FEW_NOTES_S)],
)
def test_it_is_the_file(browser: Any, shared: Path, tmp_path: Path, name: str, end_s: float):
    """As the command goes on once the notes are known."""
    (recording,) = (one for one in recordings(shared) if one.audio.stem == name)
    heard = Heard(cut_at(load_midi(recording.reference), end_s), recording.audio, Reading(end_s=end_s))
    assert heard.score is not None
    assert heard.score.is_found is (end_s != FEW_NOTES_S)
    report = tmp_path / "song.html"
    report.write_bytes(FORMATS["html"].encode(heard))
    page = browser.new_page()
    troubles = troubles_of(page)
    page.goto(report.as_uri())
    page.locator("html[data-ready]").wait_for()
    assert download(page, "#download") == FORMATS["mid"].encode(heard)
    if heard.score.is_found:
        page.locator("#grid [data-grid=begin]").click()
        page.locator("#grid select").nth(1).select_option("E flat major")
        applied = apply_edits(heard.performance, parse_edits(download(page, "#taking .store")))
        assert applied.edits.beats is not None
        edited = Heard(applied.performance, recording.audio, scoring=applied.score_settings())
        assert download(page, "#download") == FORMATS["mid"].encode(edited)
    assert troubles == []
    page.close()
