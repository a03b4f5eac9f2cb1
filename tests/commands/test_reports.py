"""`transcribe --format html`: the page that is written, and where it is not."""

import json
from pathlib import Path

from pianotrans.views.report import json_for_script

from .driving import clip, names, only_error, transcribe


def test_a_report_holds_what_the_other_formats_hold(tmp_path: Path):
    recording = clip(tmp_path / "a<b>.wav")
    result = transcribe(recording, "--format", "html,json", "-q")
    assert result.exit_code == 0, result.stderr
    page = (tmp_path / "a<b>.html").read_text(encoding="utf-8")
    written = json.loads((tmp_path / "a<b>.json").read_text())
    assert written["notes"], "the tiny model hears some"
    notes = [
        [n["onset_s"], n["offset_s"], n["key"], n["velocity"], n.get("onset_confidence")] for n in written["notes"]
    ]
    assert f'"notes":{json_for_script(notes)}' in page
    assert "<h1>a&lt;b&gt;.wav</h1>" in page
    assert '"media_type":"audio/mpeg"' in page


def test_a_report_goes_where_it_is_told(tmp_path: Path):
    recording = clip(tmp_path / "song.wav")
    assert transcribe(recording, "-o", tmp_path / "page.html", "-q").exit_code == 0
    assert names(tmp_path) == ["page.html", "song.wav"]
    result = transcribe(recording, "-o", "-", "--format", "html", "-q")
    assert result.stdout_bytes == (tmp_path / "page.html").read_bytes()


def test_a_collection_has_no_reports_yet(tmp_path: Path):
    clip(tmp_path / "in" / "song.wav")
    (tmp_path / "out").mkdir()
    result = transcribe(tmp_path / "in", "-o", tmp_path / "out", "--format", "mid,html")
    assert result.exit_code == 2
    assert "html is for recordings that are named themselves" in only_error(result)
    assert names(tmp_path / "out") == []
