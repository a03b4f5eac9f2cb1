"""Preparing data sets: what can be used, what cannot and why, and that nothing is done twice."""

import csv
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pianotrans.datasets import find_pairs
from pianotrans.errors import DatasetError, OutputError
from pianotrans.events import Durations, Note, Pedal, Performance
from pianotrans.processes import Death, work_on
from pianotrans.training.data.index import CACHE_FOLDER, FILE_NAME, Recording, read_index
from pianotrans.training.preparation import (
    Preparation,
    PreparationOutcome,
    PreparationSettings,
    report_csv,
    running,
)
from pianotrans.training.preparation.running import PARTS_FOLDER
from tests.synthesis import random_performance, render

RATE = 16_000


@dataclass
class Pairs:
    """A csv of pairs that grows."""

    folder: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        name: str,
        performance: Performance | None = None,
        samples: np.ndarray | None = None,
        *,
        rate: int = RATE,
        suffix: str = ".wav",
        subtype: str | None = None,
        **cells: object,
    ) -> Path:
        performance = performance or random_performance(len(self.rows), 2.0)
        samples = render(performance, rate) if samples is None else samples
        self.folder.mkdir(exist_ok=True)
        soundfile.write(self.folder / f"{name}{suffix}", samples, rate, subtype)
        performance.save(self.folder / f"{name}.mid")
        self.rows.append({"audio": f"{name}{suffix}", "midi": f"{name}.mid", "split": "train"} | cells)
        return self.folder / f"{name}{suffix}"

    def csv(self) -> Path:
        path = self.folder / "pairs.csv"
        columns = list(dict.fromkeys(column for row in self.rows for column in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)
        return path


@pytest.fixture(autouse=True)
def one_process_is_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "work_apart", work_on)


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    return Pairs(tmp_path / "data")


def prepare(pairs: Pairs, out: Path, n_jobs: int = 1, **options: Any) -> dict[str, PreparationOutcome]:
    overwrite = options.pop("overwrite", False)
    listing = find_pairs("csv", pairs.csv())
    settings = PreparationSettings(**options)
    return {one.name: one for one in Preparation(listing, out, settings, overwrite=overwrite).run(n_jobs)}


def ready(outcomes: dict[str, PreparationOutcome], name: str) -> Recording:
    recording = outcomes[name].recording
    assert recording is not None, outcomes[name].refusal
    return recording


def test_what_is_fine(pairs: Pairs, tmp_path: Path):
    performance = random_performance(5, 2.0)
    pairs.add("plain", performance, piano="grand", duration=2.0)
    stereo = np.stack([render(performance, 48_000)] * 2, axis=1)
    pairs.add("stereo", performance, stereo, rate=48_000, split="validation")
    prepare(pairs, tmp_path / "out")
    index = read_index(tmp_path / "out")
    plain, stereo = index.recordings
    assert (plain.name, plain.sample_rate, plain.n_channels, plain.n_samples) == ("plain", RATE, 1, 2 * RATE)
    assert (plain.audio, plain.group, plain.split) == (pairs.folder / "plain.wav", "grand", "train")
    assert (stereo.sample_rate, stereo.n_channels, stereo.split) == (48_000, 2, "validation")
    assert len(plain.events) == len(performance.notes) + len(performance.pedals)
    assert not plain.remarks
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [FILE_NAME]


def test_maestro_mini(shared: Path, tmp_path: Path):
    listing = find_pairs("maestro", shared / "maestro-mini")
    outcomes = [*Preparation(listing, tmp_path / "out", PreparationSettings(listen=False)).run()]
    assert all(outcome.recording for outcome in outcomes)
    index = read_index(tmp_path / "out")
    assert [one.name for one in index.of_split("validation")] == ["2018/debussy_reflets"]
    assert {one.sample_rate for one in index.recordings} == {44_100, 48_000}
    assert {one.n_channels for one in index.recordings} == {1, 2}


@pytest.mark.parametrize(("suffix", "rate", "cache", "is_copied"), [
    (".wav", 48_000, False, False),
    (".wav", 48_000, True, True),
    (".wav", 44_100, True, False),
    (".ogg", 44_100, False, True),
    (".flac", 44_100, False, False),
])  # fmt: skip
def test_copies_are_made_where_they_are_needed(
    pairs: Pairs, tmp_path: Path, suffix: str, rate: int, cache: bool, is_copied: bool
):
    pairs.add("song", suffix=suffix, rate=rate)
    recording = ready(prepare(pairs, tmp_path / "out", cache=cache), "song")
    assert recording.is_cached == is_copied
    assert (tmp_path / "out" / CACHE_FOLDER / "song.flac").exists() == is_copied
    if is_copied:
        (again,) = read_index(tmp_path / "out").recordings
        assert again.audio == tmp_path / "out" / CACHE_FOLDER / "song.flac"
        info = soundfile.info(again.audio)
        assert (info.samplerate, info.frames, info.subtype) == (44_100, again.n_samples, "PCM_16")
        assert recording.duration_s == pytest.approx(2.0, abs=0.01)


def test_copies_are_exact_where_nothing_is_resampled(pairs: Pairs, tmp_path: Path):
    path = pairs.add("song", rate=44_100, suffix=".ogg")
    decoded, _ = soundfile.read(path, dtype="float32")
    copy, _ = soundfile.read(ready(prepare(pairs, tmp_path / "out"), "song").audio, dtype="float32")
    np.testing.assert_allclose(copy, np.clip(decoded, -1, 1 - 2**-15), atol=2**-16)


def test_how_long_notes_last(pairs: Pairs, tmp_path: Path):
    performance = Performance((Note(0.5, 0.7, 60, 64),), (Pedal(0.6, 1.5, "sustain"),), 2.0)
    pairs.add("song", performance)
    keys = ready(prepare(pairs, tmp_path / "keys"), "song").events.performance()
    sounding = ready(prepare(pairs, tmp_path / "long", durations=Durations.sounding), "song").events.performance()
    assert keys.notes[0].offset_s == pytest.approx(0.7, abs=0.001)
    assert sounding.notes[0].offset_s == pytest.approx(1.5, abs=0.001)
    assert keys.pedals == sounding.pedals
    assert keys.pedals
    assert read_index(tmp_path / "long").durations is Durations.sounding


# What is odd, and what cannot be used


SHORT, LONG = random_performance(1, 2.0), random_performance(1, 30.0)
SOUND = render(SHORT, RATE)
DEAF = Performance((), (Pedal(0.1, 1.0, "sustain"),), 2.0)
TOO_HIGH = Performance((Note(0.1, 1.0, 120, 60),), (), 2.0)


def spoiled(place: int, value: float) -> np.ndarray:
    samples = SOUND.copy()
    samples[place] = value
    return samples


def overwritten(path: Path, content: bytes) -> None:
    assert path.is_file()
    path.write_bytes(content)


BAD: dict[str, tuple[Callable[[Pairs], object], str]] = {
    "missing audio": (lambda pairs: pairs.add("bad").unlink(), "audio bad.wav missing. Complete the data set."),
    "missing MIDI": (
        lambda pairs: pairs.add("bad").with_suffix(".mid").unlink(),
        "MIDI bad.mid missing. Complete the data set.",
    ),
    "MIDI longer than audio": (
        lambda pairs: pairs.add("bad", LONG, SOUND),
        "lasts 2.0 s, but its MIDI has notes until 29.",
    ),
    "NaN": (
        lambda pairs: pairs.add("bad", SHORT, spoiled(RATE, np.nan), subtype="FLOAT"),
        "1 of the 32000 samples of a block are NaN or infinite, the first at 1.000 s",
    ),
    "silence": (
        lambda pairs: pairs.add("bad", SHORT, np.zeros(2 * RATE)),
        "bad.wav: is silent from beginning to end",
    ),
    "no samples": (lambda pairs: pairs.add("bad", SHORT, np.zeros(0)), "bad.wav: holds no samples"),
    "cut": (
        lambda pairs: os.truncate(pairs.add("bad", LONG), 100_000),
        "bad.wav: header promises 30.0 s, 3.1 s could be decoded. The file looks truncated",
    ),
    "no audio": (lambda pairs: overwritten(pairs.add("bad"), b"some text"), "bad.wav: not an audio format"),
    "no MIDI": (
        lambda pairs: overwritten(pairs.add("bad").with_suffix(".mid"), b"some text"),
        "bad.mid: does not begin as MIDI files do",
    ),
    "no notes": (lambda pairs: pairs.add("bad", DEAF, SOUND), "bad.mid: holds no notes within a piano's keys"),
    "no piano": (lambda pairs: pairs.add("bad", TOO_HIGH, SOUND), "bad.mid: holds no notes within a piano's keys"),
    "a text of MAPS": (
        lambda pairs: (
            pairs.add("bad", SHORT, midi="bad.txt"),
            (pairs.folder / "bad.txt").write_text("OnsetTime OffsetTime MidiPitch\n0.5 0.7 60\n"),
        ),
        "bad.txt: states neither velocities nor pedals. Give MIDI to train on.",
    ),
}


def spoil(pairs: Pairs, case: str) -> None:
    BAD[case][0](pairs)


@pytest.mark.parametrize("case", BAD)
def test_one_bad_among_good(pairs: Pairs, tmp_path: Path, case: str):
    pairs.add("first")
    spoil(pairs, case)
    pairs.add("last")
    outcomes = prepare(pairs, tmp_path / "out")
    assert BAD[case][1] in outcomes["bad"].refusal
    assert outcomes["bad"].refusal.isprintable()
    assert [one.name for one in read_index(tmp_path / "out").recordings] == ["first", "last"]


@pytest.mark.parametrize(
    ("performance", "options", "remark"),
    [
        (Performance((Note(0.1, 1, 60, 50), Note(0.2, 1, 10, 50)), (), 2.0), {}, "keys are left out: 1"),
        (Performance(tuple(Note(0.05 * i, 2, 40 + i, 64) for i in range(20)), (), 2.0), {}, "the velocity 64"),
        (Performance((Note(0.1, 1, 60, 50),), (), 2.0), {"duration": 9.0}, "9.0 s in the index do not go"),
        (Performance((Note(0.1, 1, 60, 50),), (), 2.0), {"rate": 8000}, "at 8000 Hz the highest partials are"),
        (Performance((Note(0.1, 25, 60, 50),), (), 25.0), {}, "2.0 s of audio, 25.0 s of MIDI do not go"),
    ],
)
def test_oddities_are_remarked(
    pairs: Pairs, tmp_path: Path, performance: Performance, options: dict[str, Any], remark: str
):
    rate = options.get("rate", RATE)
    sound = render(Performance(performance.notes[:1], (), 2.0), rate)
    pairs.add("song", performance, sound, **options)
    (remarked,) = ready(prepare(pairs, tmp_path / "out"), "song").remarks
    assert remark in remarked
    assert read_index(tmp_path / "out").recordings[0].remarks == (remarked,)


def test_what_was_wrong_with_the_midi_is_remarked(pairs: Pairs, tmp_path: Path):
    midi = pairs.add("song").with_suffix(".mid")
    midi.write_bytes(midi.read_bytes()[:-4])
    (remark,) = ready(prepare(pairs, tmp_path / "out"), "song").remarks
    assert "song.mid: " in remark
    assert "cut off" in remark


def test_events_end_where_the_recording_does(pairs: Pairs, tmp_path: Path):
    performance = Performance((Note(0.5, 3.0, 60, 50), Note(2.2, 2.8, 62, 50)), (), 3.0)
    pairs.add("song", performance, render(random_performance(1, 2.0), RATE))
    events = ready(prepare(pairs, tmp_path / "out"), "song").events.performance()
    assert [(note.key, note.offset_s) for note in events.notes] == [(60, 2.0)]


def test_reading_headers_only(pairs: Pairs, tmp_path: Path):
    spoil(pairs, "NaN")
    assert ready(prepare(pairs, tmp_path / "out", listen=False), "bad").n_samples == 2 * RATE
    with pytest.raises(DatasetError, match="no recording can be trained on"):
        prepare(pairs, tmp_path / "out")  # now listening


@pytest.mark.parametrize(
    ("split", "words"), [("trian", "the split 'trian', 'song' among them"), ("", "no split, 'song' among them")]
)
def test_unknown_splits(pairs: Pairs, tmp_path: Path, split: str, words: str):
    pairs.add("good")
    pairs.add("song", split=split)
    message = rf"1 of 2 recordings have {words}. Give each one of train, validation, test"
    with pytest.raises(DatasetError, match=message):
        prepare(pairs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_can_be_used(pairs: Pairs, tmp_path: Path):
    spoil(pairs, "silence")
    with pytest.raises(DatasetError, match=r"data: no recording can be trained on. See the reasons above\.$"):
        prepare(pairs, tmp_path / "out")
    assert not (tmp_path / "out" / FILE_NAME).exists()


# Going on


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the recordings that were checked."""
    names: list[str] = []
    real = running.prepare_recording

    def noted(pair, *arguments):
        names.append(pair.name)
        return real(pair, *arguments)

    monkeypatch.setattr(running, "prepare_recording", noted)
    return names


def test_a_run_goes_on_where_another_was(pairs: Pairs, tmp_path: Path, asked: list[str]):
    for name in ("one", "two", "three"):
        pairs.add(name)
    interrupted = Preparation(find_pairs("csv", pairs.csv()), tmp_path / "out", PreparationSettings()).run()
    next(interrupted), next(interrupted)
    interrupted.close()
    assert not (tmp_path / "out" / FILE_NAME).exists()
    outcomes = prepare(pairs, tmp_path / "out")
    assert asked == ["one", "two", "three"]
    assert [name for name, outcome in outcomes.items() if outcome.was_known] == ["one", "two"]
    assert not (tmp_path / "out" / PARTS_FOLDER).exists()
    assert [one.name for one in read_index(tmp_path / "out").recordings] == ["one", "two", "three"]


def test_what_was_prepared_from_another_folder_is_not_taken(pairs: Pairs, tmp_path: Path):
    for name in ("one", "two"):
        pairs.add(name)
    interrupted = Preparation(find_pairs("csv", pairs.csv()), tmp_path / "out", PreparationSettings()).run()
    next(interrupted)
    interrupted.close()
    shutil.copytree(pairs.folder, tmp_path / "copy")  # with the times of the files
    outcomes = prepare(Pairs(tmp_path / "copy", pairs.rows), tmp_path / "out")
    assert not any(outcome.was_known for outcome in outcomes.values())
    assert {one.audio.parent for one in read_index(tmp_path / "out").recordings} == {tmp_path / "copy"}


def test_only_what_changed_is_checked_again(pairs: Pairs, tmp_path: Path, asked: list[str]):
    paths = [pairs.add(name) for name in ("one", "two")]
    prepare(pairs, tmp_path / "out")
    prepare(pairs, tmp_path / "out")
    assert asked == ["one", "two"]
    os.utime(paths[1], ns=(1, 1))
    prepare(pairs, tmp_path / "out")
    assert asked == ["one", "two", "two"]
    prepare(pairs, tmp_path / "out", durations=Durations.sounding)
    assert asked[3:] == ["one", "two"]
    prepare(pairs, tmp_path / "out", durations=Durations.sounding, overwrite=True)
    assert asked[5:] == ["one", "two"]


def test_a_copy_that_is_gone_is_made_again(pairs: Pairs, tmp_path: Path):
    pairs.add("song", suffix=".ogg")
    copy = ready(prepare(pairs, tmp_path / "out"), "song").audio
    copy.unlink()
    prepare(pairs, tmp_path / "out")
    assert copy.is_file()


def test_the_index_of_another_data_set(pairs: Pairs, tmp_path: Path):
    pairs.add("song")
    prepare(pairs, tmp_path / "out")
    other = Pairs(tmp_path / "other")
    other.add("else")
    with pytest.raises(OutputError, match=r"out: holds the index of .*data. Choose another folder, or pass"):
        prepare(other, tmp_path / "out")
    prepare(other, tmp_path / "out", overwrite=True)
    assert [one.name for one in read_index(tmp_path / "out").recordings] == ["else"]


@pytest.mark.slow
def test_several_processes(pairs: Pairs, tmp_path: Path):
    for i in range(4):
        pairs.add(f"song{i}", suffix=".ogg" if i % 2 else ".wav")
    spoil(pairs, "silence")
    outcomes = prepare(pairs, tmp_path / "out", n_jobs=2)
    assert "silent" in outcomes["bad"].refusal
    assert [one.name for one in read_index(tmp_path / "out").recordings] == [f"song{i}" for i in range(4)]


def test_the_report(pairs: Pairs, tmp_path: Path):
    pairs.add("good", Performance((Note(0.1, 1, 60, 50),), (), 2.0), duration=9.0)
    spoil(pairs, "missing audio")
    rows = [*csv.DictReader(report_csv(prepare(pairs, tmp_path / "out").values()).splitlines())]
    assert [(row["name"], row["state"]) for row in rows] == [("bad", "refused"), ("good", "ready")]
    assert "missing" in rows[0]["remarks"]
    assert (rows[1]["sample_rate"], rows[1]["duration_s"], rows[1]["events"]) == ("16000", "2.000", "1")
    assert "9.0 s in the index" in rows[1]["remarks"]


def test_a_recording_that_kills_the_process_is_left_out(
    pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def work(function: Callable[[Any], Any], jobs: list[Any], _: int):
        for job in jobs:
            yield job, Death("ended by signal 8") if job.name == "bad" else function(job)

    monkeypatch.setattr(running, "work_apart", work)
    pairs.add("good")
    bad = pairs.add("bad")
    outcomes = prepare(pairs, tmp_path / "out")
    assert outcomes["bad"].refusal is not None
    assert outcomes["bad"].refusal.startswith(f"{bad}: the process that decoded it died (ended by signal 8)")
    assert ready(outcomes, "good").n_samples > 0


@pytest.mark.slow
def test_recordings_are_decoded_in_another_process(pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    monkeypatch.setattr(running, "prepare_recording", None)  # in this process
    pairs.add("good")
    assert ready(prepare(pairs, tmp_path / "out"), "good").n_samples > 0
