"""Chunks: aligned with their labels whatever is done to them, and the same for the same seed."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from pianotrans.errors import DatasetError
from pianotrans.events import FrameGrid, Performance
from pianotrans.network import ModelConfig
from pianotrans.training.data.augmentation import AugmentationSettings
from pianotrans.training.data.chunks import Batch, Chunk, Chunks, ChunkSettings, collate
from pianotrans.training.data.labels import labels_of
from tests.threads import one_thread

from .recordings import RATE, SMALL, clicks, record, tones

__all__ = ["one_thread"]

OFF = AugmentationSettings.nothing()
PLAIN = ChunkSettings(2.0, 1.0, shift=False, augmentation=OFF)
SHIFTED = replace(PLAIN, shift=True)
AUGMENTED = ChunkSettings(2.0, 1.0, augmentation=AugmentationSettings(1, 0.2, 0.5, 0.5, 3, 0.5, "", 0.5))


def assert_same(one: Chunk, other: Chunk) -> None:
    assert (one.recording, one.start_s) == (other.recording, other.start_s)
    assert torch.equal(one.samples, other.samples)
    for name, values in vars(one.labels).items():
        np.testing.assert_array_equal(values, getattr(other.labels, name))


def test_every_moment_is_heard_equally_often(tmp_path: Path):
    recording = tones(tmp_path / "song.wav", duration_s=5.3)
    chunks = Chunks([recording], SMALL, PLAIN, seed=0)
    starts = [chunks[0, i].start_s for i in range(len(chunks))]
    assert starts == [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0][: len(starts)]
    heard = Counter(
        tenth for tenth in range(53) for start_s in starts if start_s <= tenth / 10 + 0.05 < start_s + 2
    )
    assert set(heard.values()) == {2}


def test_a_chunk_is_the_samples_and_the_labels_of_its_place(tmp_path: Path):
    recording = tones(tmp_path / "song.wav", duration_s=6.0)
    chunks = Chunks([recording], SMALL, SHIFTED, seed=3)
    whole = torch.from_numpy(tones_of(recording))
    performance = recording.events.performance()
    for i in range(len(chunks)):
        chunk = chunks[0, i]
        begin = 4 * RATE + round(chunk.start_s * RATE)
        padded = torch.nn.functional.pad(whole, (4 * RATE, 4 * RATE))
        assert torch.equal(chunk.samples, padded[:, begin : begin + 2 * RATE])
        expected = labels_of(performance, chunk.start_s, SMALL, 2 * RATE)
        for name, values in vars(expected).items():
            np.testing.assert_array_equal(values, getattr(chunk.labels, name))


def tones_of(recording) -> np.ndarray:
    import soundfile

    samples, _ = soundfile.read(recording.audio, dtype="float32", always_2d=True)
    return samples.T.copy()


@pytest.mark.parametrize("from_rate", [44_100, 48_000, 22_050])
@pytest.mark.parametrize(
    "kinds", [{}, {"pitch": 1}, {"room": 1, "equaliser": 1}, {"pitch": 1, "room": 1, "downmix": 1}], ids=str
)
def test_labels_lie_on_the_sound(tmp_path: Path, from_rate: int, kinds: dict[str, float]):
    """Every click is within 0.3 ms of where its label says, after resampling, in any room, at any pitch."""
    config = ModelConfig()
    grid = FrameGrid(config.spectrogram.sample_rate, config.spectrogram.hop_samples)
    recording = clicks(tmp_path / "clicks.wav", [0.3, 1.111, 1.9, 2.7777, 3.5, 4.25], 5.0, from_rate, n_channels=2)
    settings = ChunkSettings(2.0, 1.0, augmentation=replace(OFF, **kinds))
    chunks = Chunks([recording], config, settings, seed=5)
    n_seen = 0
    for i in range(len(chunks)):
        chunk = chunks[0, i]
        labels = chunk.labels
        onsets_s = grid.seconds(labels.begin, labels.onset_position)
        for onset_s in onsets_s[labels.onset_present & (onsets_s > 0.002) & (onsets_s < 1.995)]:
            middle = round(onset_s * 44_100)
            around = chunk.samples[:, max(middle - 400, 0) : middle + 60].abs().sum(dim=0)
            at = max(middle - 400, 0) + int(around.argmax())
            assert at / 44_100 == pytest.approx(onset_s, abs=0.0003)
            n_seen += 1
    assert n_seen >= 8


def test_pitch_moves_the_label_times(tmp_path: Path):
    recording = clicks(tmp_path / "clicks.wav", [0.5, 3.5], 4.0, 44_100)
    settings = ChunkSettings(16.0, 16.0, shift=False, augmentation=replace(OFF, pitch=1, pitch_semitones=1.0))
    chunk = Chunks([recording], ModelConfig(), settings, seed=1)[0, 0]
    grid = FrameGrid(44_100, 1024)
    first, second = sorted(grid.seconds(chunk.labels.begin, chunk.labels.onset_position))
    assert abs((second - first) / 3.0 - 1) > 0.005


def test_the_same_seed_gives_the_same_chunks_whatever_else_is_asked_for(tmp_path: Path):
    recordings = [tones(tmp_path / f"{seed}.wav", seed, n_channels=seed) for seed in (1, 2)]
    one, other = (Chunks(recordings, SMALL, AUGMENTED, seed=7) for _ in range(2))
    for i in range(len(other)):
        other[0, i]  # in another order, and before
    for i in reversed(range(len(one))):
        assert_same(one[0, i], other[0, i])
    for seed, epoch in ((8, 0), (7, 1)):
        chunks = Chunks(recordings, SMALL, AUGMENTED, seed=seed)
        assert not torch.equal(chunks[epoch, 3].samples, one[0, 3].samples)
    assert_same(one[4, 3], other[4, 3])


def batches(chunks: Chunks, n_workers: int) -> list[Batch]:
    keys = [(epoch, i) for epoch in (0, 1) for i in range(len(chunks))]
    return [*DataLoader(chunks, sampler=keys, batch_size=3, num_workers=n_workers, collate_fn=collate)]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more workers than cores
def test_the_number_of_workers_changes_nothing(tmp_path: Path):
    recordings = [tones(tmp_path / f"{seed}.wav", seed) for seed in (1, 2)]
    chunks = Chunks(recordings, SMALL, AUGMENTED, seed=7)
    alone, *others = (batches(chunks, n) for n in (0, 1, 2))
    assert len(alone) == 10
    for other in others:
        for one, another in zip(alone, other, strict=True):
            assert torch.equal(one.samples, another.samples)
            assert one.identities == another.identities
            assert [len(labels) for labels in one.labels] == [len(labels) for labels in another.labels]


def test_shifted_chunks_hold_some_sound(tmp_path: Path):
    recordings = [tones(tmp_path / "long.wav", duration_s=5.0), tones(tmp_path / "short.wav", duration_s=0.5)]
    chunks = Chunks(recordings, SMALL, replace(SHIFTED, hop_s=2.0), seed=1)
    for epoch in range(30):
        for i in range(len(chunks)):
            chunk = chunks[epoch, i]
            longest_s = 5.0 if chunk.recording == "long" else 0.5
            assert chunk.samples.shape == (1, 2 * RATE)
            heard_s = min(chunk.start_s + 2.0, longest_s) - max(chunk.start_s, 0.0)
            assert heard_s > min(1.0, longest_s) - 2 / RATE


def test_a_chunk_without_events(tmp_path: Path):
    silent = record(tmp_path / "silent.wav", np.zeros(3 * RATE, np.float32), Performance(duration_s=3.0))
    chunk = Chunks([silent], SMALL, AUGMENTED, seed=0)[0, 1]
    assert len(chunk.labels) == 0
    assert not chunk.samples.any()


def test_mono_and_stereo_in_one_batch(tmp_path: Path):
    recordings = [tones(tmp_path / f"{n}.wav", n_channels=n) for n in (1, 2, 3)]
    settings = replace(PLAIN, length_s=6.0, hop_s=6.0)
    chunks = Chunks(recordings, SMALL, settings, seed=0)
    batch = collate([chunks[0, i] for i in range(3)])
    assert batch.samples.shape == (3, 6, 6 * RATE)
    assert torch.equal(batch.samples[0], batch.samples[1])
    assert torch.equal(batch.samples[0], batch.samples[2])
    assert batch.identities == ["1 from 0.000 s", "2 from 0.000 s", "3 from 0.000 s"]


def test_repeating_a_channel_changes_nothing_for_the_model(tmp_path: Path):
    from pianotrans.network.spectrogram import Spectrogram

    chunk = Chunks([tones(tmp_path / "song.wav")], SMALL, PLAIN, seed=0)[0, 2]
    spectrogram = Spectrogram(SMALL.spectrogram)
    one, two = spectrogram(chunk.samples[None]), spectrogram(chunk.samples.repeat(2, 1)[None])
    torch.testing.assert_close(one, two, atol=1e-4, rtol=1e-4)


def test_a_data_folder_that_vanishes(tmp_path: Path):
    recording = tones(tmp_path / "disk" / "song.wav")
    chunks = Chunks([recording], SMALL, AUGMENTED, seed=0)
    chunks[0, 0]
    (tmp_path / "disk").rename(tmp_path / "gone")
    with pytest.raises(DatasetError, match=r"^song: .*song.wav cannot be read any more .*Is the data set where it"):
        chunks[0, 0]
    with pytest.raises(DatasetError, match=r"song: .*song.wav cannot be read any more"):
        batches(chunks, 1)


def test_what_is_no_chunk(tmp_path: Path):
    recording = tones(tmp_path / "song.wav")
    chunks = Chunks([recording], SMALL, PLAIN, seed=0)
    for i in (-1, len(chunks)):
        with pytest.raises(IndexError, match=f"chunk {i} of {len(chunks)}"):
            chunks[0, i]
    with pytest.raises(DatasetError, match="there are no recordings to cut into chunks"):
        Chunks([], SMALL, PLAIN, seed=0)
    with pytest.raises(DatasetError, match="seed: -1 given; 0 or more is needed"):
        Chunks([recording], SMALL, PLAIN, seed=-1)
    for hop_s in (0.0, 3.0):
        with pytest.raises(DatasetError, match=rf"chunks.hop_s: {hop_s} given; more than 0 and at most length_s"):
            replace(PLAIN, hop_s=hop_s)
