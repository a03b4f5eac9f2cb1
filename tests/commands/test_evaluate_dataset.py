"""`pianotrans evaluate dataset ROOT`: recordings transcribed and scored, kept and used again."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from pianotrans.batch import Ledger
from pianotrans.events import Performance, load_midi
from tests.synthesis import random_performance

from .driving import SEED, clip, errors, names, only_error, run, transcribe

NAMES = ("a", "disc 1/b", "disc 1/c")
TABLES = {"summary.json", "summary.md", "pieces.csv", "errors.csv"}


def evaluate(*arguments: object):
    """The command with the tiny model; anything but a planned exit is an error of the test."""
    result = run("evaluate", "dataset", "--model", "tiny", "--device", "cpu", "--precision", "float32", *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def said(result) -> list[str]:
    return result.stderr.splitlines()


@pytest.fixture
def songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three recordings with their MIDI, in folder `songs` of the working folder; nothing draws pictures of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pianotrans.evaluation.saving.draw_all", lambda _: {})  # takes longer than all the rest
    for i, name in enumerate(NAMES):
        duration_s = 2.0 + i / 2
        clip(Path("songs", f"{name}.wav"), duration_s)
        random_performance(SEED, duration_s).save(Path("songs", f"{name}.mid"))
    return Path("songs")


def pieces(result) -> list[dict]:
    return json.loads(result.stdout)["pieces"]


def claims(out: Path) -> int:
    """How often a recording was begun."""
    with Ledger(out / "transcriptions") as ledger:
        return [event for _, event, _ in ledger.history()].count("claimed")


def test_the_same_scores_as_of_transcriptions_made_before(songs: Path):
    result = evaluate(songs, "--json")
    assert result.exit_code == 0
    assert [piece["name"] for piece in pieces(result)] == list(NAMES)
    Path("by_hand").mkdir()
    transcribe(songs, "-o", "by_hand")
    by_hand = run("evaluate", "midi", songs, "by_hand", "--json")
    assert pieces(by_hand) == pieces(result)
    assert sum(piece["n_estimate"] for piece in pieces(result)) > 0, "nothing heard, nothing tested"
    assert json.loads(by_hand.stdout)["transcription"] is None


def test_nothing_is_left_behind_without_out(songs: Path):
    before = names(Path())
    result = evaluate(songs)
    assert result.exit_code == 0
    assert names(Path()) == before
    kept, *remarks = said(result)
    assert kept == "The transcriptions are not kept. With -o FOLDER a later run uses them again."
    assert all(re.search(r"found in \d+ s of sound", line) for line in remarks), "the tiny model hears little"
    assert "mean of 3 pieces" in result.stdout
    assert "Transcribed by the model tiny, a segment every 2 s" in result.stdout


@pytest.mark.slow
def test_what_was_transcribed_is_used_again_unless_the_settings_are_others(songs: Path):
    first = evaluate(songs, "--output", "out", "--json")
    assert first.exit_code == 0
    assert set(names(Path("out"))) >= TABLES | {f"transcriptions/{name}.mid" for name in NAMES}
    assert json.loads(Path("out/summary.json").read_text()) == json.loads(first.stdout)
    assert claims(Path("out")) == 3

    refused = evaluate(songs, "--output", "out")
    assert refused.exit_code == 1
    assert "holds summary.json already. Pass --overwrite" in only_error(refused)
    again = evaluate(songs, "--output", "out", "--overwrite", "--onset-tolerance", 0.1, "--json")
    assert again.exit_code == 0
    assert "3 of 3 done before." in said(again)
    assert claims(Path("out")) == 3
    assert [piece["n_estimate"] for piece in pieces(again)] == [piece["n_estimate"] for piece in pieces(first)]

    anew = evaluate(songs, "--output", "out", "--overwrite", "--json", "--hop", 1.0)
    assert anew.exit_code == 0
    assert claims(Path("out")) == 6
    data = json.loads(anew.stdout)
    assert (data["transcription"]["hop_s"], data["settings"]["limit_s"]) == (1.0, None)

    anew = evaluate(songs, "--output", "out", "--overwrite", "--json", "--seconds", 1.2)
    assert anew.exit_code == 0
    assert claims(Path("out")) == 9
    data = json.loads(anew.stdout)
    assert (data["transcription"]["hop_s"], data["settings"]["limit_s"]) == (2.0, 1.2)
    for name, piece in zip(NAMES, pieces(anew), strict=True):
        truth = load_midi(songs / f"{name}.mid")
        assert piece["n_reference"] == sum(note.onset_s < 1.2 for note in truth.notes)
        assert load_midi(Path("out/transcriptions", f"{name}.mid")).duration_s == pytest.approx(1.2, abs=1e-3)
    with (Path("out/transcriptions/report.csv")).open(newline="") as file:
        assert [float(row["audio_s"]) for row in csv.DictReader(file)] == pytest.approx([1.2] * 3)


def test_an_interrupted_run_is_gone_on_with(songs: Path, monkeypatch: pytest.MonkeyPatch):
    from pianotrans.inference.transcriber import Transcriber

    n_begun = 0
    real = Transcriber.transcribe

    def interrupted(*arguments, **options):
        nonlocal n_begun
        n_begun += 1
        if n_begun == 3:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Transcriber, "transcribe", interrupted)
        result = evaluate(songs, "--output", "out")
    assert result.exit_code == 130
    assert said(result)[-1].startswith("error: Interrupted. Run the same command again")
    assert not TABLES & set(names(Path("out")))
    result = evaluate(songs, "--output", "out")
    assert result.exit_code == 0
    assert said(result)[0] == "2 of 3 done before."
    assert claims(Path("out")) == 4


def test_bad_recordings_and_bad_midi_do_not_stop_the_rest(songs: Path):
    (songs / "a.wav").write_text("No recording.")
    (songs / "disc 1" / "b.mid").write_text("No MIDI.")
    result = evaluate(songs, "--output", "out", "--json")
    assert result.exit_code == 1
    told = errors(result)
    assert len(told) == 2
    assert told[0].startswith("error: disc 1/b: not scored. b.mid: does not begin as MIDI files do")
    assert told[1].startswith("error: songs/a.wav: not an audio format")
    assert "1 of 3 recordings scored." in said(result)
    data = json.loads(result.stdout)
    assert [piece["name"] for piece in data["pieces"]] == ["disc 1/c"]
    assert [failure["name"] for failure in data["failures"]] == ["disc 1/b", "a"]
    assert not (Path("out") / "transcriptions/disc 1/b.mid").exists(), "no time is spent on it"

    clip(songs / "a.wav", 2.0)
    random_performance(SEED, 2.5).save(songs / "disc 1" / "b.mid")
    again = evaluate(songs, "--output", "out", "--overwrite", "--json")
    assert again.exit_code == 0, "what failed before is tried again"
    assert len(pieces(again)) == 3


def test_nothing_scored_at_all(songs: Path):
    for path in songs.rglob("*.wav"):
        path.write_text("No recording.")
    result = evaluate(songs, "--output", "out")
    assert (result.exit_code, result.stdout) == (1, "")
    assert errors(result)[-1].startswith("error: nothing was scored: every recording or its MIDI failed.")
    assert len(errors(result)) == 4
    assert not TABLES & set(names(Path("out")))


def test_recordings_without_midi_are_listed(songs: Path):
    for i in range(12):
        clip(songs / f"alone {i:02}.wav", 0.5)
    result = evaluate(songs, "--json", "--quiet")
    assert result.exit_code == 0
    lines = [line for line in said(result) if line.startswith("warning: ")]
    assert lines[0] == "warning: alone 00: no MIDI file for alone 00.wav"
    assert lines[-1] == "warning: and 2 more (--json and summary.json have all)"
    assert len(json.loads(result.stdout)["unmatched"]["dataset"]) == 12


def test_durations_that_do_not_go_together(songs: Path):
    random_performance(SEED, 20.0).save(songs / "a.mid")
    result = evaluate(songs, "--quiet", "--json", "--seconds", 1.0)
    assert result.exit_code == 0
    (line,) = said(result)
    assert line.startswith("warning: a: 2.0 s of audio, 20.0 s of MIDI do not go together.")
    assert json.loads(result.stdout)["warnings"] == [line.removeprefix("warning: ")]


def test_seconds_of_midi_against_midi(songs: Path):
    arguments = ("evaluate", "midi", songs, songs, "--json", "--seconds", 1.2)
    for piece in pieces(run(*arguments)):
        truth = load_midi(songs / f"{piece['name']}.mid")
        assert piece["n_reference"] == piece["n_estimate"] == sum(note.onset_s < 1.2 for note in truth.notes)


def test_a_part_of_a_data_set(songs: Path):
    assert [piece["name"] for piece in pieces(evaluate(songs, "--limit", 2, "--json"))] == [
        "a",
        "disc 1/b",
    ]
    others = evaluate(songs, "--limit", 1, "--tuning", "off", "--pedal-bias", 6.5, "--no-declip")
    assert "--tuning off --pedal-bias 6.5 --no-declip" in " ".join(others.stdout.split())
    filtered = evaluate(songs, "--filter", "DISC", "--layout", "folder", "--json")
    assert [piece["name"] for piece in pieces(filtered)] == ["disc 1/b", "disc 1/c"]
    assert json.loads(filtered.stdout)["transcription"] == {
        "model": "tiny", "hop_s": 2.0, "layout": "folder", "split": None, "name_filter": "DISC", "n_at_most": None,
        "precision": "float32", "tuning": "auto", "pedal_bias": 0.0, "declip": True,
    }  # fmt: skip


def test_a_csv_with_names_that_are_no_paths(songs: Path):
    rows = ["audio,midi,split,name", "songs/a.wav,songs/a.mid,test,../../up:1", "x.wav,x.mid,train,"]
    Path("pairs.csv").write_text("\n".join(rows))
    result = evaluate("pairs.csv", "--split", "test", "--output", "out", "--json")
    assert result.exit_code == 0
    assert [piece["name"] for piece in pieces(result)] == ["../../up:1"]
    assert "transcriptions/%2E%2E/%2E%2E/up%3A1.mid" in names(Path("out"))


def test_velocities_that_maps_texts_do_not_tell(songs: Path):
    folder = Path("maps/ENSTDkAm/MUS")
    folder.mkdir(parents=True)
    shutil.copy(songs / "a.wav", folder / "x.wav")
    notes = load_midi(songs / "a.mid").notes
    lines = ["OnsetTime\tOffsetTime\tMidiPitch", *(f"{n.onset_s}\t{n.offset_s}\t{n.key}" for n in notes)]
    (folder / "x.txt").write_text("\n".join(lines))
    result = evaluate("maps", "--split", "test", "--output", "out", "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert (data["transcription"]["layout"], data["transcription"]["split"]) == ("maps", "test")
    assert data["summary"]["keys onset"]["n_pieces"] == 1
    for column in ("keys onset+velocity", "sounding onset+offset+velocity", "sustain pedal onset"):
        assert data["summary"][column]["f1"] is None


def test_foreign_files_are_not_replaced(songs: Path):
    mine = Path("out/transcriptions/a.mid")
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    result = evaluate(songs, "--output", "out")
    assert result.exit_code == 1
    assert only_error(result) == f"error: {mine}: already exists. Pass --overwrite to replace it."
    assert mine.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("songs", "--layout", "mastro"), 2, "--layout: 'mastro' is unknown. Use one of maestro, maps,"),
        (("songs", "--hop", 99), 2, "--hop: 99.0 s given"),
        (("songs", "--tuning", "high"), 2, "--tuning: 'high' given"),
        (("songs", "--degrade", "brown"), 2, "--degrade: 'brown' is unknown. Use all, list, or some of white"),
        (("songs", "--degrade", "mp3=999"), 2, "--degrade: mp3=999 given. mp3 takes 8 to 320 kbit/s."),
        (("empty", "--degrade", "all"), 1, "empty: this folder is empty."),
        (("songs", "--seconds", 0), 2, "--seconds: 0.0 given. It must be more than 0."),
        (("songs", "--seconds", "nan"), 2, "--seconds: nan given. It must be more than 0."),
        (("songs", "--device", "tpu"), 2, "device 'tpu': unknown. Use auto, cpu"),
        (("songs", "--split", "test"), 1, "split 'test': this data set states no splits."),
        (("songs", "--filter", "zzz"), 1, "none of 3 names holds or matches 'zzz'"),
        (("songs", "--layout", "maestro"), 1, "holds no index of MAESTRO"),
        (("songs", "--model", "transcoon"), 1, "model 'transcoon': neither a known model"),
        (("nowhere",), 1, "nowhere: there is no such folder. Check the path."),
        (("empty",), 1, "empty: this folder is empty."),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_refusals(songs: Path, arguments, code, message):
    Path("empty").mkdir()
    default = () if "--model" in arguments else ("--model", "tiny")
    result = run("evaluate", "dataset", *arguments, *default)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in only_error(result)


# Degraded recordings


@pytest.mark.slow
def test_degraded_recordings_are_scored_and_kept(songs: Path, monkeypatch: pytest.MonkeyPatch):
    (songs / "disc 1/c.wav").unlink()
    clip(songs / "a.wav", 0.4)  # shorter than the tail of the room
    monkeypatch.setattr("pianotrans.evaluation.saving.draw_robustness", lambda _: b"")
    arguments = (songs, "-o", "out", "--json", "--overwrite", "--sanity", "--degrade", "reverb=2.5,speed=4")
    result = evaluate(*arguments)
    assert result.exit_code == 0
    assert any("2 pieces, degraded in 2 ways: 6 s of sound" in line for line in said(result))
    data = json.loads(result.stdout)
    assert data["sanity"]["reference itself"]["keys onset"]["f1"] == 1.0
    steps = data["robustness"]
    assert [(one["degradation"], one["level"], one["unit"]) for one in steps] == [
        ("reverb", 2.5, "s"),
        ("speed", 4.0, "%"),
    ]
    assert {one["summary"]["keys onset"]["n_pieces"] for one in steps} == {2}
    with Path("out/robustness.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["degradation"] for row in rows] == ["as recorded", "reverb", "speed"]
    assert [row["n_pieces"] for row in rows] == ["2"] * 3
    assert "| speed 4 % |" in Path("out/summary.md").read_text(encoding="utf-8")
    kept = Path("out/degraded/speed=4/disc 1/b.mid")
    assert load_midi(kept).duration_s == pytest.approx(2.5 / 1.04, abs=2e-3)

    def begun() -> int:
        with Ledger(Path("out/degraded")) as ledger:
            return [event for _, event, _ in ledger.history()].count("claimed")

    assert begun() == 4
    again = evaluate(*arguments[:-1], "speed=4,reverb=2.5,phone")
    assert again.exit_code == 0
    assert begun() == 6, "what is kept is used again"
    assert json.loads(again.stdout)["robustness"][:2] == steps[::-1]
    assert evaluate(*arguments, "--seed", 1).exit_code == 0
    assert begun() == 10, "another seed is another noise"


def test_degraded_recordings_of_silent_references(songs: Path):
    for name in NAMES:
        Performance().save(songs / f"{name}.mid")
    result = evaluate(songs, "--degrade", "white=0", "--seconds", 1, "--sanity")
    assert result.exit_code == 0
    assert "white 0 dB SNR" in result.stdout
    assert "–" in result.stdout


def test_the_list_of_degradations_needs_no_data_set():
    result = run("evaluate", "dataset", "--degrade", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    for text in ("white", "40,30,20,10,0", "kbit/s", "inverted"):
        assert text in result.stdout


# The shared recordings


@pytest.mark.slow
@pytest.mark.shared
def test_maestro(shared: Path):
    result = evaluate(shared / "maestro-mini", "--split", "test", "--seconds", 4, "--json", "--quiet")
    assert result.exit_code == 0
    assert said(result) == []
    data = json.loads(result.stdout)
    assert data["transcription"]["layout"] == "maestro"
    with (shared / "maestro-mini/maestro-v3.0.0.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    assert len(data["pieces"]) == len(rows) > 0
    for piece, row in zip(data["pieces"], rows, strict=True):
        truth = load_midi(shared / "maestro-mini" / row["midi_filename"])
        assert piece["n_reference"] == sum(note.onset_s < 4 for note in truth.notes)


@pytest.mark.slow
@pytest.mark.shared
def test_maps(shared: Path, tmp_path: Path):
    assert "looks like the layouts" in only_error(evaluate(shared / "maps"))
    result = evaluate(
        shared / "maps",
        "--layout",
        "maps",
        "--limit",
        2,
        "--seconds",
        3,
        "--json",
        "--output",
        tmp_path,
    )
    assert result.exit_code == 0
    assert [piece["name"].split("/")[0] for piece in pieces(result)] == ["ENSTDkAm", "ENSTDkAm"]
    by_csv = evaluate(shared / "maps/pairs.csv", "--split", "test", "--limit", 2, "--seconds", 3, "--json")
    assert pieces(by_csv) == pieces(result)
