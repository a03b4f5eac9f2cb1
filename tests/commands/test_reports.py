"""`transcribe --format html`: the page that is written, and where it is not."""

import json
from pathlib import Path

from pianotrans.views.bundling import json_for_script

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


def test_a_collection_has_the_same_reports(tmp_path: Path):
    for name in ("a.wav", "disc 1/b.wav"):
        clip(tmp_path / "in" / name)
    (tmp_path / "out").mkdir()
    arguments = (tmp_path / "in", "-o", tmp_path / "out", "--format", "html,mid", "--jobs", "2")
    assert transcribe(*arguments).exit_code == 0
    pages = ["a.html", "a.mid", "disc 1/b.html", "disc 1/b.mid"]
    assert names(tmp_path / "out") == [".pianotrans/ledger.sqlite", *pages, "report.csv"]
    transcribe(tmp_path / "in" / "a.wav", "-o", tmp_path / "alone.html", "-q")
    assert (tmp_path / "out" / "a.html").read_bytes() == (tmp_path / "alone.html").read_bytes()
    assert "<h1>b.wav</h1>" in (tmp_path / "out" / "disc 1" / "b.html").read_text(encoding="utf-8")
    assert "2 of 2 recordings done, 2 of them before." in " ".join(transcribe(*arguments).stderr.split())


def test_a_bad_recording_has_none_and_the_others_have_theirs(tmp_path: Path):
    clip(tmp_path / "in" / "good.wav")
    (tmp_path / "in" / "bad.wav").write_text("text")
    (tmp_path / "out").mkdir()
    result = transcribe(tmp_path / "in", "-o", tmp_path / "out", "--format", "html")
    assert result.exit_code == 1
    assert "not an audio format" in only_error(result)
    assert names(tmp_path / "out") == [".pianotrans/ledger.sqlite", "good.html", "report.csv"]
