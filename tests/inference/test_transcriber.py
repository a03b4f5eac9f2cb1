"""The whole line from a recording to a performance, with the tiny model on synthetic clips."""

import io
import threading
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from numpy.typing import NDArray

import pianotrans
from pianotrans.audio import Reading, from_array, open_audio
from pianotrans.audio.declipping import Declipper
from pianotrans.errors import AudioError, Cancelled, DeviceError, ModelError
from pianotrans.events import Note, Pedal, Performance, load_midi
from pianotrans.inference.runners_up import LEAST_PROBABLE
from pianotrans.inference.transcriber import Progress, Transcriber
from pianotrans.inference.tuning import estimate_tuning
from pianotrans.semicrf import IntervalScores
from tests.agreement import onset_f1
from tests.audio.recordings import cut
from tests.synthesis import random_performance, render

from .making import small_model_folder
from .test_tuning import piano

RATE = 16_000


@pytest.fixture(scope="module")
def tiny() -> Transcriber:
    return Transcriber("tiny", device="cpu", precision="float32")  # the rounding of fewer bits may flip a note


@pytest.fixture(scope="module")
def samples() -> NDArray[np.float32]:
    return render(random_performance(34, 5.0), RATE, 34)


@pytest.fixture(scope="module")
def performance(tiny: Transcriber, samples: NDArray[np.float32]) -> Performance:
    return tiny.transcribe(samples, RATE)


@pytest.fixture
def path(tmp_path: Path, samples: NDArray[np.float32]) -> Path:
    soundfile.write(tmp_path / "clip.wav", samples, RATE, "FLOAT")
    return tmp_path / "clip.wav"


def test_everything_heard_is_as_sure_as_it_is(performance):
    events = (*performance.notes, *performance.pedals)
    for event in events:
        assert 0 <= event.confidence <= event.onset_confidence + 1e-6
    assert np.mean([event.onset_confidence for event in events]) > 0.3
    assert len({event.confidence for event in events}) > 1


def test_runners_up_are_told_with_every_note_and_beside_them(performance):
    assert performance.candidates
    for note in (*performance.notes, *performance.candidates):
        others = note.other_offsets
        assert sum(x.probability for x in others) <= note.onset_confidence + 0.01
        assert [x.offset_s < note.offset_s for x in others] in ([], [True], [False], [True, False])
        assert all(note.onset_s < x.offset_s <= performance.duration_s for x in others)
    for candidate in performance.candidates:
        assert candidate.onset_confidence >= LEAST_PROBABLE
        assert candidate.onset_s < candidate.offset_s


def test_without_confidence_the_same_is_heard(performance, samples):
    plain = Transcriber("tiny", device="cpu", precision="float32", confidence=False).transcribe(samples, RATE)
    nothing = {"confidence": None, "onset_confidence": None, "other_offsets": ()}
    assert list(plain.notes) == [replace(note, **nothing) for note in performance.notes]
    assert plain.candidates == ()


# What comes in


def test_a_recording_that_is_open_is_taken_and_left_open(tiny, samples, performance, path):
    with from_array(samples, RATE) as reader:
        assert tiny.transcribe(reader) == performance
    with path.open("rb") as file, open_audio(file) as reader:
        assert list(tiny.stream(reader))
        assert not file.closed
    for options in (
        {"sample_rate": RATE},
        {"reading": Reading(allow_damaged=True)},
        {"reading": Reading(end_s=1.0)},
    ):
        with from_array(samples, RATE) as reader, pytest.raises(AudioError, match="open already"):
            tiny.transcribe(reader, **options)


def test_a_clock_is_entered_for_every_stage_and_changes_nothing(tiny, samples, performance):
    entered = []

    @contextmanager
    def clock(stage):
        entered.append(stage)
        yield

    assert tiny.transcribe(samples, RATE, clock=clock) == performance
    assert set(entered) == {
        "decode audio",
        "tuning",
        "spectrogram",
        "stem",
        "transformer",
        "upsampling",
        "scorer",
        "semi-CRF",
        "attributes, stitching",
    }
    assert 0 < entered.count("transformer") <= tiny.plan.n_segments(len(samples)), "but for silence"


def test_a_path_and_the_array_in_it_give_the_same(tiny, performance, path):
    assert performance.notes
    assert tiny.transcribe(path) == tiny.transcribe(str(path)) == performance


def test_only_the_beginning_of_a_file(tiny, path, samples, performance):
    begun = tiny.transcribe(path, reading=Reading(end_s=2.5))
    assert begun == tiny.transcribe(samples[: round(2.5 * RATE)], RATE)
    assert begun.duration_s == 2.5
    streamed = list(tiny.stream(path, reading=Reading(end_s=2.5)))
    assert sorted(map(str, streamed)) == sorted(map(str, (*begun.notes, *begun.pedals)))
    assert tiny.transcribe(path, reading=Reading(end_s=60.0)) == performance


def test_samples_are_not_limited(tiny, samples):
    with pytest.raises(AudioError, match=r"end_s=2\.5.*given together with samples"):
        tiny.transcribe(samples, RATE, reading=Reading(end_s=2.5))


def test_a_file_object_stays_open(tiny, performance, path):
    with path.open("rb") as file:
        assert tiny.transcribe(file) == performance
        assert not file.closed
    assert tiny.transcribe(io.BytesIO(path.read_bytes())) == performance


def test_other_containers_of_the_same_samples(tiny, samples):
    few = samples[: 2 * RATE]
    heard = tiny.transcribe(few, RATE)
    assert heard.notes
    for given in (torch.from_numpy(few), few[None], few.tolist(), few.astype(np.float64)):
        assert tiny.transcribe(given, RATE) == heard


def test_integers_have_the_full_scale_of_their_type(tiny, samples):
    integers = (samples[: 2 * RATE] * 32767).astype(np.int16)
    assert tiny.transcribe(integers, RATE) == tiny.transcribe(integers / np.float32(32768), RATE)


def test_two_equal_channels_are_one(tiny, performance, samples):
    both = tiny.transcribe(np.stack([samples, samples]), RATE)
    assert_about_the_same(both, performance)


def test_channels_are_mixed_in_power(tiny, performance, samples):
    """Mixed as a waveform, a channel and its negative would be silence."""
    assert_about_the_same(tiny.transcribe(np.stack([samples, -samples]), RATE), performance)


def test_loudness_does_not_matter(tiny, performance, samples):
    assert_about_the_same(tiny.transcribe(samples / 64, RATE), performance)


def assert_about_the_same(one: Performance, other: Performance) -> None:
    assert [note.key for note in one.notes] == [note.key for note in other.notes]
    for note, expected in zip(one.notes, other.notes, strict=True):
        assert note.onset_s == pytest.approx(expected.onset_s, abs=1e-3)
        assert note.offset_s == pytest.approx(expected.offset_s, abs=1e-3)


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (None, "sample_rate: missing. Samples in an array come without one; pass it in Hz"),
        (3999, r"array: sample rate 3999 Hz. Resample it to 4000–768000 Hz"),
        (16000.5, r"a sample rate of 16000.5 Hz. Give a whole number of Hz"),
    ],
)
def test_arrays_need_a_sample_rate(tiny, samples, rate, message):
    with pytest.raises(AudioError, match=message):
        tiny.transcribe(samples, rate)


def test_files_have_their_own_sample_rate(tiny, path):
    for source in (path, str(path), io.BytesIO(path.read_bytes())):
        with pytest.raises(AudioError, match="sample_rate: given together with a file, which has its own"):
            tiny.transcribe(source, RATE)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\). Give samples of shape"),
        (np.zeros(0), "holds no samples"),
        (np.full(100, np.nan), "100 of the 100 samples of a block are NaN or infinite"),
        (torch.zeros(100, requires_grad=True), "not an array of samples"),
        ([[1.0, 2.0], [3.0]], "not an array of samples"),
        ("missing.wav", "missing.wav: no such file"),
    ],
)
def test_what_cannot_be_transcribed(tiny, source, message):
    rate = None if isinstance(source, str) else RATE
    with pytest.raises(AudioError, match=message):
        tiny.transcribe(source, rate)


# What comes out


@pytest.mark.parametrize("n_samples", [1, 2, 160, 511, 512, 513, 32_000, 32_768, 64_000, 64_001])
def test_any_length_is_transcribed(tiny, n_samples):
    quiet = np.random.default_rng(0).normal(0, 0.1, n_samples).astype(np.float32)
    assert tiny.transcribe(quiet, RATE).duration_s == n_samples / RATE


@pytest.mark.parametrize("value", [0.0, 0.5, -1.0, 1e-30, 1e30])
def test_one_constant_value_is_no_trouble(tiny, value):
    assert tiny.transcribe(np.full(RATE, value, np.float32), RATE).duration_s == 1.0


def test_times_are_those_of_the_recording(tiny, performance, samples):
    n_later = 2 * tiny.plan.hop_samples  # so that the later segments hold the same as before
    later = tiny.transcribe(np.pad(samples, (n_later, 0)), RATE)
    shifted = [(note.key, note.onset_s - n_later / RATE) for note in later.notes]
    assert [key for key, _ in shifted] == [note.key for note in performance.notes]
    np.testing.assert_allclose(
        [onset for _, onset in shifted], [note.onset_s for note in performance.notes], atol=0.01
    )


def test_a_part_has_the_times_of_the_recording_or_its_own(tiny, samples, performance, tmp_path):
    path = tmp_path / "later.wav"
    soundfile.write(path, np.concatenate([np.full(2 * RATE, 0.1), samples, np.full(RATE, 0.1)]), RATE, "FLOAT")
    reading = Reading(start_s=2.0, end_s=7.0)
    part = tiny.transcribe(path, reading=reading)
    assert part.duration_s == 7.0
    assert part.notes
    later = [(note.onset_s + 2.0, note.offset_s + 2.0, note.key) for note in performance.notes]
    assert [(note.onset_s, note.offset_s, note.key) for note in part.notes] == later
    assert tiny.transcribe(path, reading=replace(reading, from_zero=True)) == performance
    with open_audio(path, reading) as reader:
        assert tiny.transcribe(reader) == part
    assert sorted(note.onset_s for note in tiny.stream(path, reading=reading) if isinstance(note, Note)) == sorted(
        note.onset_s for note in part.notes
    )


def tuned(cents: float) -> Transcriber:
    return Transcriber("tiny", device="cpu", precision="float32", tuning=cents)


@pytest.mark.parametrize("cents", [-45, 50, -150])
def test_a_piano_off_pitch_is_corrected_and_its_times_are_mapped_back(samples, performance, cents):
    speed = 2 ** (cents / 1200)
    off_pitch = soxr.resample(samples, RATE * speed, RATE)
    heard = tuned(cents).transcribe(off_pitch, RATE)
    assert heard.duration_s == len(off_pitch) / RATE
    notes = [
        replace(note, onset_s=note.onset_s / speed, offset_s=note.offset_s / speed) for note in performance.notes
    ]
    assert onset_f1(Performance(tuple(notes), (), heard.duration_s), heard) > 0.95
    events = list(tuned(cents).stream(off_pitch, RATE))
    assert tuple(sorted(one.onset_s for one in events if isinstance(one, Note))) == tuple(
        note.onset_s for note in heard.notes
    )


@pytest.mark.slow
def test_the_tuning_is_found_and_told(tiny):
    off_pitch = piano(-45)
    heard = tiny.transcribe(off_pitch, 22_050)
    (remark,) = [remark for remark in heard.remarks if remark.kind == "tuning"]
    assert remark.values["tuning_cents"] == pytest.approx(-45, abs=3)
    cents = estimate_tuning([off_pitch[None]], 22_050).cents
    assert heard.notes == tuned(cents).transcribe(off_pitch, 22_050).notes
    with from_array(off_pitch, 22_050) as reader:
        next(tiny.stream(reader))
        assert [remark.kind for remark in reader.remarks] == ["tuning"]
    left_alone = Transcriber("tiny", device="cpu", precision="float32", tuning="off").transcribe(off_pitch, 22_050)
    assert "tuning" not in [remark.kind for remark in left_alone.remarks]


def test_clipped_peaks_are_restored_and_told(tiny, samples, performance):
    loud = (samples / np.abs(samples).max() * 4).astype(np.float32)
    clipped = np.clip(loud, -1, 1)
    heard = tiny.transcribe(clipped, RATE)
    assert "clipping" in [remark.kind for remark in heard.remarks]
    restored = np.concatenate([*Declipper(1).restore([clipped[None]])], axis=1)
    as_is = Transcriber("tiny", device="cpu", precision="float32", declip=False)
    assert heard.notes == as_is.transcribe(restored, RATE).notes
    assert heard.notes != as_is.transcribe(clipped, RATE).notes
    assert "clipping" not in [remark.kind for remark in performance.remarks]


def test_progress_of_a_piano_off_pitch_is_that_of_the_recording(samples):
    seen: list[Progress] = []
    tuned(-300).transcribe(np.tile(samples, 4), RATE, on_progress=seen.append)
    assert {progress.total_s for progress in seen} == {20.0}
    assert [progress.done_s for progress in seen] == sorted(progress.done_s for progress in seen)
    assert seen[-1].done_s == 20.0


def test_a_transcriber_remembers_nothing(tiny, performance, samples):
    tiny.transcribe(render(random_performance(2, 3.0), RATE), RATE)
    assert tiny.transcribe(samples, RATE) == performance


def test_no_notes_of_a_key_overlap(performance):
    for key in {note.key for note in performance.notes}:
        own = [note for note in performance.notes if note.key == key]
        assert all(one.offset_s <= other.onset_s for one, other in pairwise(own))


def test_another_rate_and_another_channel_give_about_the_same_notes(tiny, performance, samples):
    resampled = soxr.resample(samples, RATE, 44_100, quality="HQ")
    stereo = tiny.transcribe(np.stack([resampled, 0.5 * resampled]), 44_100)
    assert stereo.duration_s == pytest.approx(5.0, abs=1e-4)
    assert onset_f1(performance, stereo) > 0.9


@pytest.mark.weights
@pytest.mark.slow
def test_the_published_model_hears_a_sample_clip_and_nothing_in_silence(published, samples_folder):
    transcriber = Transcriber("transkun-v2", device="cpu")
    nothing = transcriber.transcribe(np.zeros(3 * 44_100, np.float32), 44_100)
    assert replace(nothing, remarks=(), made_by=None) == Performance(duration_s=3.0)
    assert [remark.kind for remark in nothing.remarks] == ["nothing found"]
    found = transcriber.transcribe(samples_folder / "beethoven_fur_elise.flac")
    assert onset_f1(load_midi(samples_folder / "beethoven_fur_elise.mid"), found) > 0.95


def test_a_stream_gives_the_same_events(tiny, performance, samples):
    events = list(tiny.stream(samples, RATE))
    notes = [event for event in events if isinstance(event, Note)]
    pedals = [event for event in events if isinstance(event, Pedal)]
    assert Performance(tuple(notes), tuple(pedals), 5.0) == replace(performance, candidates=(), made_by=None)


# On the way


def test_progress_rises_to_the_end(tiny, samples, path):
    for source, rate in ((samples, RATE), (path, None)):
        seen: list[Progress] = []
        tiny.transcribe(source, rate, on_progress=seen.append)
        done = [progress.done_s for progress in seen]
        assert done[0] == 0
        assert done == sorted(done)
        assert seen[-1] == Progress(5.0, 5.0, 5.0)
        final = [progress.final_s for progress in seen]
        assert final == sorted(final)
        assert {progress.total_s for progress in seen} == {5.0}
        assert len(seen) == 2 + tiny.plan.n_segments(len(samples))


def test_progress_of_a_recording_that_is_shorter_than_it_says(tiny, tmp_path, samples):
    soundfile.write(tmp_path / "clip.flac", samples, RATE)
    seen: list[Progress] = []
    performance = tiny.transcribe(
        cut(tmp_path / "clip.flac", 0.6), on_progress=seen.append, reading=Reading(allow_damaged=True)
    )
    done = [progress.done_s for progress in seen]
    assert 2 < performance.duration_s < 4
    assert done == sorted(done)
    assert seen[-1] == Progress(*3 * (performance.duration_s,))


def test_truncated_recordings_are_refused_unless_allowed(tiny, path):
    broken = cut(path, 0.6)
    with pytest.raises(AudioError, match=r"header promises 5.0 s, 3.0 s could be decoded.*--allow-damaged"):
        tiny.transcribe(broken)
    assert tiny.transcribe(broken, reading=Reading(allow_damaged=True)).duration_s == pytest.approx(3.0, abs=0.01)


def test_cancelled_before_it_began(tiny, samples):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled, match=r"array: stopped at 0.0 s, as asked"):
        tiny.transcribe(samples, RATE, cancel=cancel)


def test_cancelled_on_the_way(tiny, path):
    cancel = threading.Event()
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if progress.done_s > 2:
            cancel.set()

    with pytest.raises(Cancelled, match=r"clip.wav: stopped at \d+\.\d s, as asked"):
        tiny.transcribe(path, on_progress=watch, cancel=cancel)
    assert [progress.done_s > 2 for progress in seen] == [False] * (len(seen) - 1) + [True]
    path.rename(path.with_name("moved.wav"))  # it was closed: an open file is a warning, and so an error


def test_an_exception_of_the_callback_comes_through(tiny, path):
    def fail(progress: Progress) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        tiny.transcribe(path, on_progress=fail)


# How it is made


def test_a_model_folder_and_the_function_of_the_package(tmp_path, samples):
    folder, path = small_model_folder(tmp_path / "small"), tmp_path / "short.wav"
    soundfile.write(path, samples[: RATE // 2], RATE)  # random parameters hear much in little
    expected = Transcriber(folder, device="cpu").transcribe(path)
    assert expected.notes
    assert pianotrans.transcribe(path, model=folder, device="cpu") == expected
    assert pianotrans.Transcriber is Transcriber


def test_impossible_transcribers(tmp_path):
    with pytest.raises(DeviceError, match="device 'tpu': unknown"):
        Transcriber("tiny", device="tpu")
    with pytest.raises(ModelError, match="model 'nonsense': neither a known model"):
        Transcriber("nonsense")
    with pytest.raises(ValueError, match=r"hop_s: 5.0 s given; it must be more than 0 s and at most 4.0 s"):
        Transcriber("tiny", hop_s=5.0)


def test_the_package_has_no_other_attributes():
    with pytest.raises(AttributeError, match="module 'pianotrans' has no attribute 'transcrybe'"):
        _ = pianotrans.transcrybe
    assert all(hasattr(pianotrans, name) for name in pianotrans.__all__)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("n_good", [0, 2])
@pytest.mark.parametrize("confidence", [True, False])
def test_scores_that_are_no_numbers_are_told(
    samples: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch, value: float, n_good: int, confidence: bool
):
    """An activation too large for its precision is no silence; the message says where it was met."""
    ours = Transcriber("tiny", device="cpu", precision="float32", confidence=confidence)
    told: list[Progress] = []
    right = ours.model.scores

    def spoilt(context: torch.Tensor) -> IntervalScores:
        scores = right(context)
        if len(told) > n_good:  # the first is told before any segment
            scores.key[-1, -1, 0] = value
        return scores

    monkeypatch.setattr(ours.model, "scores", spoilt)
    start_s = max(ours.plan.start_s(n_good), 0.0)
    with pytest.raises(ModelError, match=rf"segment at {start_s:.1f} s are not finite.*--precision float32"):
        ours.transcribe(samples, RATE, on_progress=told.append)


def test_it_says_what_made_it():
    program = f"pianotrans {pianotrans.__version__} --model tiny"
    settings = {"device": "cpu", "precision": "float32"}
    assert Transcriber("tiny", **settings).made_by == program
    assert Transcriber("tiny", **settings, hop_s=0.5, tuning=-45).made_by == f"{program} --hop 0.5 --tuning -45"
    assert Transcriber("tiny", **settings, tuning="off").made_by == f"{program} --tuning off"
    assert Transcriber("tiny", **settings, declip=False).made_by == f"{program} --no-declip"
