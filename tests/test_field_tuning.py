"""Recordings off pitch, and others that give nothing, as people meet them: with the published model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pianotrans.events import Performance
from pianotrans.inference.transcriber import Transcriber
from tests.agreement import onset_f1

pytestmark = [pytest.mark.shared, pytest.mark.weights, pytest.mark.slow]


@pytest.fixture(scope="module")
def transcriber(published) -> Transcriber:
    del published  # skips where there are no weights
    return Transcriber("transkun-v2", device="cpu", precision="float32", confidence=False)


@pytest.fixture(scope="module")
def in_tune(shared: Path, transcriber: Transcriber) -> Performance:
    return transcriber.transcribe(shared / "field/detuned/in_tune.ogg")


def test_a_piano_a_quarter_tone_off_is_heard_like_one_in_tune(shared, transcriber, in_tune):
    assert in_tune.remarks == ()
    assert in_tune.n_notes == pytest.approx(158, abs=3)
    for name, cents in (("detuned-45cents", -45), ("detuned50cents", 50)):
        heard = transcriber.transcribe(shared / f"field/detuned/{name}.ogg")
        assert heard.n_notes == pytest.approx(158, abs=16)
        truth = _at(in_tune, cents, transposed=(-1, 0, 1) if abs(cents) == 50 else (0,))
        assert max(onset_f1(one, heard) for one in truth) > 0.9
        (remark,) = heard.remarks
        assert remark.kind == "tuning"
        assert abs(abs(float(remark.values["tuning_cents"])) - abs(cents)) < 3


def test_a_recording_that_is_no_piano_is_told(transcriber):
    noise = np.random.default_rng(0).normal(0, 0.05, 15 * 44_100).astype(np.float32)
    heard = transcriber.transcribe(noise, 44_100)
    assert [remark.kind for remark in heard.remarks] == ["nothing found"]


def _at(performance: Performance, cents: float, transposed: tuple[int, ...]) -> list[Performance]:
    """A performance played faster by as many cents, on keys nearby."""
    speed = 2 ** (cents / 1200)
    return [
        Performance(
            tuple(
                replace(
                    note, onset_s=note.onset_s / speed, offset_s=note.offset_s / speed, key=note.key + semitones
                )
                for note in performance.notes
            )
        )
        for semitones in transposed
    ]
