"""Pictures show each note where it belongs, in its colour, as opaque as it is sure."""

import io
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from pianotrans.events import Note, Pedal, Performance
from pianotrans.views import PICTURE_FORMATS, Comparison, draw_roll, key_spectrum

LOUD, SOFT = (247, 191, 47), (53, 102, 176)  # velocity 127 and 1
MISSED, EXTRA = (230, 126, 0), (184, 0, 63)


def pixels(picture: bytes) -> NDArray[np.int64]:
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("RGB")).astype(np.int64)


def n_like(picture: NDArray[np.int64], colour: Iterable[int]) -> int:
    """Pixels of a colour, below the strip with title and key."""
    return int((np.abs(picture[140:] - list(colour)).max(axis=-1) <= 3).sum())


def blended(colour: Iterable[int], opacity: float) -> list[float]:
    return [opacity * part + (1 - opacity) * 255 for part in colour]


def test_a_note_is_where_it_sounds():
    picture = pixels(draw_roll(Performance((Note(5, 10, 60, 127),), (), 20.0)))
    rows, columns = np.nonzero(np.abs(picture[140:] - list(LOUD)).max(axis=-1) <= 3)
    left, right = 0.55 / 14 * picture.shape[1], (1 - 0.3 / 14) * picture.shape[1]
    expected = [left + (right - left) * part for part in (0.25, 0.5)]
    assert [columns.min(), columns.max()] == pytest.approx(expected, abs=4)
    assert 5 < rows.max() - rows.min() < 40


def test_opacity_is_confidence():
    confidences = (0.0, 0.3, 0.6, None, 1.0)
    keys = (60, 62, 64, 65, 67)  # white ones, as the ground of them is
    notes = tuple(Note(2, 8, key, 1, onset_confidence=c) for key, c in zip(keys, confidences, strict=True))
    picture = pixels(draw_roll(Performance(notes, (), 10.0)))
    for sure in confidences[:3]:
        assert n_like(picture, blended(SOFT, 0.3 + 0.7 * sure)) > 2000
    assert n_like(picture, SOFT) > 2 * 2000, "what has no confidence is as opaque as what is sure"


def test_only_the_stretch_asked_for_is_drawn():
    performance = Performance((Note(1, 2, 60, 127), Note(5, 6, 64, 1)), (Pedal(0, 9, "sustain"),), 10.0)
    picture = pixels(draw_roll(performance, start_s=4.0, end_s=7.0))
    assert n_like(picture, LOUD) == 0
    assert n_like(picture, SOFT) > 1000


def test_a_comparison_colours_what_was_missed_and_what_is_extra():
    matched, missed, extra = (Note(i, i + 1, 60 + i, 127) for i in range(3))
    performance = Performance((matched, extra), (), 5.0)
    nothing = pixels(draw_roll(performance, comparison=Comparison((matched, extra), (), ())))
    assert n_like(nothing, MISSED) == n_like(nothing, EXTRA) == 0
    picture = pixels(draw_roll(performance, comparison=Comparison((matched,), (missed,), (extra,))))
    assert n_like(picture, MISSED) > 1000
    assert n_like(picture, EXTRA) > 1000
    assert n_like(picture, LOUD) == 0


def test_pedals_have_lanes_only_where_there_are_any():
    without = pixels(draw_roll(Performance((), (), 10.0)))
    both = (Pedal(1, 3, "sustain"), Pedal(2, 9, "soft"))
    with_two = pixels(draw_roll(Performance((), both, 10.0)))
    assert with_two.shape[0] > without.shape[0] + 50
    assert n_like(with_two, (79, 127, 143)) > 1000
    assert n_like(with_two, (154, 122, 168)) > 4000


@pytest.mark.slow
@pytest.mark.parametrize("picture_format", PICTURE_FORMATS)
def test_every_format_is_one_and_comes_out_the_same_twice(picture_format: str):
    performance = Performance((Note(5, 10, 60, 100),), (Pedal(1, 3, "sustain"),), 20.0)
    first, second = (draw_roll(performance, picture_format, title="a$b$ <c>") for _ in range(2))
    assert first == second
    assert first.lstrip().startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[picture_format])


@pytest.mark.slow
def test_half_an_hour_has_rows_and_every_note_can_be_seen():
    notes = tuple(Note(i, i + 0.03, 40 + i % 40, 127) for i in range(0, 1800, 2))
    picture = pixels(draw_roll(Performance(notes, (), 1800.0)))
    assert picture.shape[0] > 4000
    near = np.abs(picture[140:] - list(LOUD)).max(axis=-1) <= 90
    assert near.sum() > 4 * len(notes)


def test_the_spectrum_lies_behind_its_note():
    rate = 8000
    times = np.arange(4 * rate) / rate
    tone = (np.sin(2 * np.pi * 440 * times) * (times > 2)).astype(np.float32)
    spectrum = key_spectrum([tone[None]], rate)
    picture = pixels(draw_roll(Performance((Note(0.5, 1.5, 69, 127),), (), 4.0), spectrum=spectrum))
    rows, _ = np.nonzero(np.abs(picture[140:] - list(LOUD)).max(axis=-1) <= 3)
    middle = 140 + (rows.min() + rows.max()) // 2
    dark = picture[middle].sum(axis=-1) < 3 * 190
    assert dark[1300:1900].mean() > 0.95  # but for the lines that mark the time
    assert not dark[100:300].any()
