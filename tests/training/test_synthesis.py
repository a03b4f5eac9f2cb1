"""Synthetic data sets: MAESTRO's layout, aligned, the same for the same seed, and complete or gone on with."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pianotrans.datasets import find_pairs
from pianotrans.errors import DatasetError, OutputError
from pianotrans.events import Note, Performance, load_midi
from pianotrans.training.synthesis import SampleLibrary, Stage, Synthesis, SynthesisSettings, Take
from pianotrans.training.synthesis import dataset as dataset_module
from pianotrans.training.synthesis.dataset import assign_splits
from pianotrans.training.synthesis.staging import HAMMER_S
from tests.synthesis import random_performance

from .pianos import whole_piano

TRAIN = {"train": 1.0}
DEFAULTS = SynthesisSettings()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> SampleLibrary:
    return SampleLibrary.open(whole_piano(tmp_path_factory.mktemp("piano")))


def midi(path: Path, *notes: Note, seed: int = 0) -> Path:
    performance = Performance(notes, (), 1.0) if notes else random_performance(seed, 1.0)
    performance.save(path)
    return path


def sources(folder: Path, n: int = 2) -> list[tuple[str, Path]]:
    return [(f"piece{i}", midi(folder / f"{i}.mid", seed=i)) for i in range(n)]


def make(given, library: SampleLibrary, out: Path, settings: SynthesisSettings = DEFAULTS, **options) -> list[Take]:
    return [*Synthesis(given, library, out, settings, TRAIN, **options).run()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


TWO_TAKES = SynthesisSettings(seed=1, n_takes=2)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, library: SampleLibrary) -> Path:
    """A data set of two pieces, in two takes each; nothing of it is to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    takes = make(sources(folder), library, folder / "out", TWO_TAKES)
    assert [take.name for take in takes] == ["piece0_1", "piece0_2", "piece1_1", "piece1_2"]
    return folder


def test_the_layout_of_maestro(tmp_path: Path, finished: Path):
    out = Path(shutil.copytree(finished / "out", tmp_path / "out"))
    from_csv = find_pairs("maestro", out)
    assert [pair.name for pair in from_csv.pairs] == [f"2000/piece{i}_{take}" for i in (0, 1) for take in (1, 2)]
    assert from_csv.splits == ("train",)
    for pair in from_csv.pairs:
        info = soundfile.info(pair.audio)
        assert (info.samplerate, info.channels, info.format, info.subtype) == (44_100, 2, "FLAC", "PCM_16")
        assert info.duration == pytest.approx(pair.duration_s, abs=0.001)
    (out / "maestro-synthetic.csv").unlink()
    assert find_pairs("maestro", out).pairs == from_csv.pairs  # by the json


def test_the_midi_says_what_is_heard(tmp_path: Path, library: SampleLibrary):
    note = Note(0.5, 0.8, 69, 100)
    make([("a", midi(tmp_path / "a.mid", note))], library, tmp_path / "out")
    assert load_midi(tmp_path / "out" / "2000" / "a.midi").notes == load_midi(tmp_path / "a.mid").notes
    sound, _ = soundfile.read(tmp_path / "out" / "2000" / "a.flac")
    height = np.abs(sound).max(axis=1)
    assert np.argmax(height > 0.2 * height.max()) / 44_100 == pytest.approx(0.5 + HAMMER_S, abs=0.002)


def test_the_seed_decides(tmp_path: Path, library: SampleLibrary):
    made, given = [], sources(tmp_path)
    for name, seed, some in (("a", 1, given), ("b", 1, given[::-1]), ("c", 2, given)):
        make(some, library, tmp_path / name, SynthesisSettings(seed))
        made.append(contents(tmp_path / name / "2000"))
    assert made[0] == made[1]
    assert made[0].keys() == made[2].keys()
    for name, content in made[0].items():
        assert (content == made[2][name]) == name.endswith(".midi")


def test_takes_differ_and_dry_ones_cannot(finished: Path):
    made = contents(finished / "out" / "2000")
    assert made["piece0_1.midi"] == made["piece0_2.midi"]
    assert made["piece0_1.flac"] != made["piece0_2.flac"]
    with pytest.raises(DatasetError, match="2 dry takes would all be the same"):
        SynthesisSettings(n_takes=2, dry=True)


def test_stages(library: SampleLibrary):
    stages = [Stage.draw((0, i), 44_100) for i in range(30)]
    assert 2 <= sum(stage.room is None for stage in stages) <= 14
    assert len({stage.tuning_cents for stage in stages}) == 30
    performance = random_performance(1, 2.0)
    dry = Stage().record(performance, library, 44_100)
    assert np.abs(dry).max() == pytest.approx(10 ** (-3 / 20), rel=1e-6)
    np.testing.assert_array_equal(dry[-1], 0)
    wet = stages[0].record(performance, library, 44_100)
    assert np.abs(wet).max() == pytest.approx(stages[0].peak, rel=1e-6)


@pytest.mark.parametrize("n_workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_going_on_where_a_run_was(
    tmp_path: Path, library: SampleLibrary, monkeypatch: pytest.MonkeyPatch, n_workers: int
):
    out, given = tmp_path / "out", sources(tmp_path, 3)
    interrupted = Synthesis(given, library, out, SynthesisSettings(), TRAIN).run()
    first = next(interrupted)
    interrupted.close()
    assert not (out / "maestro-synthetic.csv").exists()
    made = contents(out)
    again = Synthesis(given, library, out, SynthesisSettings(), TRAIN)
    if n_workers == 1:
        asked = []
        monkeypatch.setattr(dataset_module, "_make", lambda take, **_: asked.append(take.name))
        [*again.run()]
        assert asked == ["piece1", "piece2"]
        monkeypatch.undo()
    assert {take.name for take in again.run(n_workers)} == {"piece0", "piece1", "piece2"}
    whole = contents(out)
    assert made.items() <= whole.items()
    assert len(find_pairs("maestro", out).pairs) == 3
    assert first.name == "piece0"


def test_a_folder_with_something_else_in_it(tmp_path: Path, library: SampleLibrary):
    out, given = tmp_path / "out", sources(tmp_path, 1)
    make(given, library, out)
    before = contents(out)
    for settings, shares in ((SynthesisSettings(seed=9), TRAIN), (SynthesisSettings(), {"test": 1.0})):
        with pytest.raises(OutputError, match=r"out: .*--overwrite"):
            Synthesis(given, library, out, settings, shares)
    assert contents(out) == before
    make(given, library, out, SynthesisSettings(seed=9), overwrite=True)
    assert contents(out) != before
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(OutputError, match="file: cannot be used as a folder"):
        Synthesis(given, library, file, SynthesisSettings(), TRAIN)


def test_what_was_overwritten_is_not_taken_for_new(tmp_path: Path, library: SampleLibrary):
    out, given = tmp_path / "out", sources(tmp_path)
    make(given, library, out)
    before = contents(out)
    settings = SynthesisSettings(seed=9)
    interrupted = Synthesis(given, library, out, settings, TRAIN, overwrite=True).run()
    next(interrupted)
    interrupted.close()
    make(given, library, out, settings)
    assert contents(out)["2000/piece1.flac"] != before["2000/piece1.flac"]


def test_other_samples_make_another_data_set(tmp_path: Path, finished: Path):
    other = SampleLibrary.open(whole_piano(tmp_path / "piano", length_s=1.0))
    with pytest.raises(OutputError, match=r"out: .*--overwrite"):
        Synthesis(sources(tmp_path), other, finished / "out", TWO_TAKES, TRAIN)


def test_what_cannot_be_played(tmp_path: Path, library: SampleLibrary):
    (tmp_path / "text.mid").write_text("no MIDI")
    bad = [
        ("text", tmp_path / "text.mid"),
        ("gone", tmp_path / "gone.mid"),
        ("organ", midi(tmp_path / "organ.mid", Note(0, 1, 12, 64), Note(0, 1, 60, 64))),
        ("endless", midi(tmp_path / "endless.mid", Note(7200, 7201, 60, 64))),
    ]
    Performance().save(tmp_path / "none.mid")
    bad.append(("none", tmp_path / "none.mid"))
    synthesis = Synthesis([*bad, *sources(tmp_path, 1)], library, tmp_path / "out", SynthesisSettings(), TRAIN)
    assert [take.name for take in synthesis.takes] == ["piece0"]
    messages = [str(error) for error in synthesis.refusals]
    reasons = (
        "does not begin as MIDI",
        "no such file",
        "no piano has (1), such as key 12",
        "2.0 h",
        "no notes",
    )
    for message, words in zip(messages, reasons, strict=True):
        assert words in message
    with pytest.raises(DatasetError, match="none of the MIDI files can be played"):
        Synthesis(bad, library, tmp_path / "out", SynthesisSettings(), TRAIN)
    assert not (tmp_path / "out").exists()


def test_two_of_one_name(tmp_path: Path, library: SampleLibrary):
    given = [("Piece", midi(tmp_path / "a.mid")), ("piece", midi(tmp_path / "b.mid"))]
    with pytest.raises(DatasetError, match=r"a.mid and .*b.mid: both would be called piece. Rename one of them\.$"):
        Synthesis(given, library, tmp_path / "out", SynthesisSettings(), TRAIN)


def test_splits_come_near_their_shares():
    digests, shares = {f"piece{i}": str(i) for i in range(20)}, {"train": 8.0, "validation": 1.0, "test": 1.0}
    splits = assign_splits(digests, shares, seed=3)
    counts = {split: [*splits.values()].count(split) for split in shares}
    assert counts == {"train": 16, "validation": 2, "test": 2}
    assert assign_splits(digests, shares, seed=4) != splits
    assert assign_splits(dict(reversed(digests.items())), shares, seed=3) == splits
    assert set(assign_splits(digests, {"test": 3.0}, seed=0).values()) == {"test"}


def test_the_recipe_says_what_was_made(finished: Path):
    recipe = json.loads((finished / "out" / "recipe.json").read_text())
    assert recipe["settings"]["seed"] == 1
    assert recipe["takes"][0][0] == "piece0_1"
