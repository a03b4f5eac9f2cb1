"""The MIDI that a page downloads is the file that the command wrote with it, with beats and without."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import pytest

from tests.agreement import recordings
from tests.browser import chromium, troubles_of
from tests.commands.driving import run

pytestmark = [
    *(pytest.mark.shared, pytest.mark.weights, pytest.mark.slow),
    pytest.mark.xdist_group("browser"),
]

FEW_NOTES_S = 0.8  # too few for beats


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


def downloaded(browser: Any, report: Path) -> bytes:
    page = browser.new_page()
    troubles = troubles_of(page)
    page.goto(report.as_uri())
    page.locator("html[data-ready]").wait_for()
    with page.expect_download() as waiting:
        page.locator("#download").click()
    content = Path(waiting.value.path()).read_bytes()
    assert troubles == []
    page.close()
    return content


@pytest.mark.parametrize(("end_s", "has_beats"), [(10.0, True), (FEW_NOTES_S, False)])
def test_it_is_the_file(browser: Any, shared: Path, published: Any, tmp_path: Path, end_s: float, has_beats: bool):
    (haydn,) = (one.audio for one in recordings(shared) if one.audio.stem == "haydn_sonata")
    result = run("transcribe", haydn, "--end", end_s, "-o", tmp_path, "--format", "html,mid", "--device", "cpu")
    assert result.exit_code == 0, result.output
    midi = tmp_path / "haydn_sonata.mid"
    kinds = {message.type for message in mido.MidiFile(midi).tracks[0]}
    assert ("time_signature" in kinds) is has_beats
    assert downloaded(browser, midi.with_suffix(".html")) == midi.read_bytes()
