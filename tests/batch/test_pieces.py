"""The smaller parts: identities, items, recipes, outputs in the way, estimates, the report."""

import csv
import json
import os
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.audio import Reading
from pianotrans.batch import End, Item, Ledger, Outcome, write_report
from pianotrans.batch.estimate import Estimate, size_of
from pianotrans.batch.identity import identify
from pianotrans.errors import AudioError, ModelError
from pianotrans.events import Cleaning, Durations, Fitting, Note, Pedal, Performance, extend_by_pedal
from pianotrans.events.formats import encode
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.score.beats.hints import BeatHints
from pianotrans.score.settings import ScoreSettings
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.rendering import render
from tests.inference.making import copy_of_tiny

from .making import TINY, ScriptedPool, collection, failed, finished, run

# Identities


def test_a_file_is_read_again_only_if_it_may_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.wav"
    path.write_bytes(b"one")
    os.utime(path, ns=(10**18, 10**18))  # long ago
    first = identify(path)
    assert identify(path, first) is first
    path.write_bytes(b"two")
    assert identify(path, first).content != first.content
    os.utime(path, ns=(10**18, 10**18))  # the same size and time: nobody can tell
    assert identify(path, first) is first
    assert identify(path, replace(first, source="/elsewhere/a.wav")).content != first.content


def test_a_file_just_written_is_not_trusted(tmp_path: Path):
    """It may be written again within the same tick of the file system's clock."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"one")
    first = identify(path)
    status = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert identify(path, first).content != first.content


def test_an_empty_file_has_an_identity(tmp_path: Path):
    (tmp_path / "a.wav").touch()
    assert identify(tmp_path / "a.wav").size == 0


def test_a_file_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(AudioError, match=r"a\.wav: no such file\. .*run again\.$"):
        identify(tmp_path / "a.wav")
    with pytest.raises(AudioError, match=r"cannot be read \(Is a directory\)\. Check its permissions\.$"):
        identify(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="names are text there")
def test_names_that_are_no_text_can_be_kept(tmp_path: Path):
    place = Path(os.fsdecode(b"disc/caf\xe9.wav"))
    item = Item.of(place, tmp_path / place, {})
    assert item.name == r"disc/caf\udce9.wav"
    with Ledger(tmp_path) as ledger:
        ledger.enrol([item.name])
        assert ledger.entry(item.name).name == item.name


@pytest.mark.parametrize(
    "names",
    [("Song.wav", "song.wav"), ("é.wav", "e\N{COMBINING ACUTE ACCENT}.wav"), ("x" * 251 + ".wav",), ("Song.wav",) ],
    ids=["case", "composition", "255 bytes", "one"],
)  # fmt: skip
def test_names_that_are_hard_to_tell_apart(tmp_path: Path, names: tuple[str, ...]):
    items = collection(tmp_path, *names)
    if len(list((tmp_path / "in").iterdir())) < len(names):
        pytest.skip("one file on this file system")
    outcomes, _ = run(items, tmp_path / "out")
    assert [outcomes[name].end for name in names] == [End.done] * len(names)
    outputs = [outcomes[name].item.outputs["mid"] for name in names]
    assert [path.read_text() for path in outputs] == [f"MIDI of recording {name}" for name in names]
    assert len({unicodedata.normalize("NFC", path.name).casefold() for path in outputs}) == len(names)


def test_a_name_that_is_too_long_for_its_output(tmp_path: Path):
    (item,) = collection(tmp_path, "x" * 251 + ".wav")
    long = replace(item, outputs={"mid": item.outputs["mid"].with_suffix(".longer")})
    outcomes, _ = run([long], tmp_path / "out")
    assert outcomes[item.name].end is End.failed
    assert "cannot be written (File name too long)" in (outcomes[item.name].error or "")


# Recipes


def test_every_setting_is_in_the_fingerprint():
    changes = [
        {"formats": ("mid", "csv")}, {"fitting": Fitting(pedal=False)}, {"model": "transkun-v2"},
        {"fitting": Fitting(Durations.sounding)},
        {"precision": "bfloat16"}, {"hop_s": 1.0},
        {"reading": Reading(allow_damaged=True)}, {"reading": Reading(end_s=4.0)},
        {"reading": Reading(1.0)}, {"reading": Reading(1.0, from_zero=True)}, {"reading": Reading(track=2)},
        {"tuning": "off"}, {"tuning": -45.0}, {"pedal_bias": 6.5}, {"declip": False},
        {"confidence": False}, {"cleaning": Cleaning(min_velocity=1)},
        {"scoring": ScoreSettings()}, {"scoring": ScoreSettings(swing=True)},
        {"scoring": ScoreSettings(BeatHints(bpm=96))}, {"midi": MidiSettings(tempo="fixed", bpm=96)},
    ]  # fmt: skip
    prints = {TINY.fingerprint(), *(replace(TINY, **change).fingerprint() for change in changes)}
    assert len(prints) == len(changes) + 1
    assert set(Recipe.__dataclass_fields__) == {key for change in changes for key in change} | {
        "device",
        "max_duration_s",
    }
    assert replace(TINY, formats=("a", "b")).fingerprint() == replace(TINY, formats=("b", "a")).fingerprint()
    assert replace(TINY, device="cuda", max_duration_s=1.0).fingerprint() == TINY.fingerprint()


@pytest.mark.parametrize("file", ["weights.safetensors", "config.toml"])
def test_a_model_folder_is_known_by_its_content(tmp_path: Path, file: str):
    folder = copy_of_tiny(tmp_path / "model")
    recipe = Recipe(model=str(folder))
    before = recipe.fingerprint()
    assert recipe.fingerprint() == before
    with (folder / file).open("ab") as out:
        out.write(b"\n")
    assert recipe.fingerprint() != before
    (folder / file).unlink()
    with pytest.raises(ModelError, match=r"no config\.toml|cannot be read \(No such file.*Restore the model's"):
        recipe.fingerprint()


def rendered(heard: Performance, *formats: str, **settings: object) -> tuple[Performance, dict[str, bytes]]:
    return render(heard, Recipe(formats=formats, **settings), Path("no page, so not read"))


def test_rendering():
    heard = Performance((Note(0.0, 1.0, 60, 64),), (Pedal(0.5, 2.0, "sustain"), Pedal(0.5, 2.0, "soft")), 3.0)
    assert rendered(heard)[1] == {}
    assert rendered(heard, "mid", scoring=None) == (heard, {"mid": encode(heard, "x.mid")})
    assert rendered(heard, "mid", fitting=Fitting(pedal=False), scoring=None)[0].pedals == ()
    sounding = Fitting(durations=Durations.sounding)
    written, contents = rendered(heard, "json", "csv", "sounding.mid", fitting=sounding, scoring=None)
    assert written == extend_by_pedal(heard).made_with(["--durations sounding"])
    assert contents == {name: encode(written, f"x.{name}") for name in ("json", "csv", "sounding.mid")}
    kept, both = rendered(heard, "mid", "sounding.mid", scoring=None)
    assert (kept, both["sounding.mid"]) == (heard, contents["sounding.mid"])
    assert both["mid"] == encode(heard, "x.mid")
    assert rendered(heard, cleaning=Cleaning(min_velocity=65))[0].notes == ()
    with pytest.raises(AudioError, match=r"no such file"):
        rendered(heard, "html")


def test_rendering_tells_that_no_beat_was_found():
    heard = Performance((Note(0.0, 1.0, 60, 64),), (), 3.0)
    written, contents = rendered(heard, "mid", "json")
    assert [remark.kind for remark in written.remarks] == ["no-beat"]
    assert replace(written, remarks=()) == heard
    assert contents["mid"] == encode(heard, "x.mid"), "a fixed tempo"
    assert Performance.from_dict(json.loads(contents["json"])) == written
    for formats, settings in ((("csv",), {}), (("mid",), {"midi": MidiSettings(tempo="fixed")})):
        assert rendered(heard, *formats, **settings)[0] == heard, "no score is made"
    assert rendered(Performance((), (), 3.0), "mid", "json")[0].remarks == ()


# Folders


# Estimates

ITEMS = [Item(name, Path(name), {}) for name in ("a.wav", "b.wav", "c.mp3", "d.wav")]


def test_an_estimate_from_beginning_to_end():
    estimate = Estimate([(ITEMS[0], 1000), (ITEMS[1], 3000), (ITEMS[2], 500)])
    assert (estimate.done_s, estimate.total_s, estimate.left_s(5.0)) == (0.0, 0.0, None)
    estimate.progressed(ITEMS[0], 5.0, 10.0)  # so a WAV file has 1 s for 100 bytes; an MP3 file counts as average
    assert (estimate.done_s, estimate.total_s, estimate.left_s(1.0)) == (5.0, 10.0 + 30.0 + 10.0, 9.0)
    estimate.ended(ITEMS[0], 20.0)  # it was longer than its header said
    assert (estimate.done_s, estimate.total_s) == (20.0, 20.0 + 60.0 + 20.0)
    estimate.progressed(ITEMS[2], 4.0, 80.0)
    assert (estimate.done_s, estimate.total_s) == (24.0, 20.0 + 60.0 + 80.0)
    estimate.ended(ITEMS[2], 0.0)  # failed: it brought nothing
    assert (estimate.done_s, estimate.total_s) == (20.0, 20.0 + 60.0)
    estimate.ended(ITEMS[1], 30.0)
    assert (estimate.done_s, estimate.total_s, estimate.left_s(7.0)) == (50.0, 50.0, 0.0)


def test_an_estimate_of_nothing_and_of_nothing_known():
    assert (Estimate([]).total_s, Estimate([]).left_s(1.0)) == (0.0, None)
    estimate = Estimate([(item, None) for item in ITEMS])
    assert estimate.total_s == 0.0
    estimate.progressed(ITEMS[0], 3.0)
    assert estimate.total_s >= estimate.done_s == 3.0
    estimate.ended(ITEMS[0], 5.0)
    assert estimate.total_s == 20.0  # the others are taken to be as long


def test_an_estimate_for_a_worker_that_dies():
    estimate = Estimate([(item, 100) for item in ITEMS[:2]])
    estimate.progressed(ITEMS[0], 9.0, 10.0)
    estimate.progressed(ITEMS[0], 1.0, 10.0)  # begun once more
    assert (estimate.done_s, estimate.total_s) == (1.0, 20.0)


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 10**9)), min_size=4, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(0, 1e5))),
)
def test_never_more_is_done_than_there_is(sizes, steps):
    estimate = Estimate(zip(ITEMS, sizes, strict=True))
    ended = set()
    for i, ends, seconds in steps:
        if i in ended:
            continue
        if ends:
            ended.add(i)
            estimate.ended(ITEMS[i], seconds)
        else:
            estimate.progressed(ITEMS[i], seconds)
        assert -1e-6 <= estimate.done_s <= estimate.total_s + 1e-6
        assert (estimate.left_s(1.0) or 0.0) >= -1e-6


def test_sizes(tmp_path: Path):
    (tmp_path / "b.wav").write_text("text")
    assert size_of(tmp_path / "b.wav") == 4
    assert size_of(tmp_path / "missing.wav") is None


# The report


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


HEADING = ["input", "outputs", "state", "error", "audio_s", "took_s", "n_notes"]


def test_the_report(tmp_path: Path):
    out = tmp_path / "out"
    items = collection(tmp_path, 'a, "b".wav', "bad.wav", "disc/練習.wav", "refused.wav")
    out.mkdir()
    items[3].outputs["mid"].write_text("mine")
    answer = lambda task: failed(task) if task.name == "bad.wav" else finished(task)  # noqa: E731
    outcomes, _ = run(items, out, ScriptedPool(answer))
    with Ledger(out) as ledger:
        for _ in range(2):
            path = write_report(ledger, outcomes.values())
            assert path == out / "report.csv"
            assert rows(path) == [
                HEADING,
                ['a, "b".wav', 'a, "b".mid', "done", "", "10.000", "1.000", "5"],
                ["bad.wav", "", "failed", f"{items[1].source}: no good.", "", "1.000", ""],
                ["disc/練習.wav", "disc/練習.mid", "done", "", "10.000", "1.000", "5"],
                ["refused.wav", "", "failed", outcomes["refused.wav"].error, "", "", ""],
            ]


def test_a_foreign_report_is_kept(tmp_path: Path):
    (tmp_path / "report.csv").write_text("type,onset_s\n")
    with Ledger(tmp_path) as ledger:
        path = write_report(ledger, [])
    assert path == tmp_path / ".pianotrans" / "report.csv"
    assert rows(path) == [HEADING]
    assert (tmp_path / "report.csv").read_text() == "type,onset_s\n"


def test_outcomes_that_are_good():
    good = [end for end in End if Outcome(ITEMS[0], end).is_good]
    assert good == [End.done, End.done_before]
