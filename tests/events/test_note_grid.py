"""Notes moved towards a grid of musical time."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.errors import UsageError
from pianotrans.events import Note, NoteGrid, Pedal, Performance, TempoMap, quantise_to_grid
from pianotrans.events.note_grid import quantise_notes

from .strategies import performances, quick
from .tempo_maps import make_map, tempo_maps

few = settings(quick, max_examples=30)
STEADY = make_map(0.0, [(4, 4)] * 8)  # half a second to a quarter
grids = st.builds(
    NoteGrid,
    st.sampled_from([Fraction(1, n) for n in (1, 4, 8, 12, 16, 32)]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.booleans(),
)


SIXTEENTHS = NoteGrid(Fraction(1, 16))


def on_grid(*spans, grid=SIXTEENTHS, pedals=(), tempo_map=STEADY):
    """Spans in seconds of notes of different keys."""
    notes = tuple(Note(a, b, 60 + i, 64) for i, (a, b) in enumerate(spans))
    moved = quantise_to_grid(Performance(notes, pedals), tempo_map, grid)
    return [(round(n.onset_s, 6), round(n.offset_s, 6)) for n in moved.notes], moved


@few
@given(performances, tempo_maps, grids)
def test_notes_remain_in_order(performance, tempo_map, grid):
    moved = quantise_notes(performance.notes, tempo_map, grid)
    assert [(n.key, n.velocity, n.confidence) for n in moved] == [
        (n.key, n.velocity, n.confidence) for n in performance.notes
    ]
    strikes = {}
    for before, after in zip(performance.notes, moved, strict=True):
        strikes.setdefault(before.key, []).append((before, after))
    for of_key in strikes.values():
        for (before, after), (later_before, later_after) in pairwise(of_key):
            assert after.onset_s <= later_after.onset_s
            if later_before.onset_s - before.onset_s > 1e-3:
                assert after.onset_s < later_after.onset_s
                assert after.offset_s <= later_after.onset_s + 2e-6
    alone = [after for of_key in strikes.values() if len(of_key) == 1 for _, after in of_key]
    in_order = [note for note in moved if note in alone]
    assert all(a.onset_s <= b.onset_s + 1e-9 for a, b in pairwise(in_order))
    assert len(quantise_to_grid(performance, tempo_map, grid).pedals) == len(performance.pedals)


@few
@given(st.lists(st.floats(0, 15), min_size=1, max_size=20), grids)
def test_strength_is_the_share_of_the_way(onsets_s, grid):
    (moved, full) = (
        quantise_notes([Note(t, t + 1, 60 + i, 1) for i, t in enumerate(sorted(onsets_s))], STEADY, g)
        for g in (grid, NoteGrid(grid.step, 1.0, grid.triplets))
    )
    for onset_s, half, whole in zip(sorted(onsets_s), moved, full, strict=True):
        assert half.onset_s == pytest.approx(onset_s + grid.strength * (whole.onset_s - onset_s), abs=1e-9)
        in_bar = (whole.onset_s + 1e-9) % 2
        steps = [2 * float(grid.step), 4 / 3 * float(grid.step)][: 1 + grid.triplets]
        assert min(abs(in_bar / step - round(in_bar / step)) for step in steps) < 1e-6
        assert abs(whole.onset_s - onset_s) <= float(grid.step) + 1e-9


def test_onsets_and_offsets_move_to_the_nearest_sixteenth():
    spans, _ = on_grid((0.01, 0.24), (0.13, 0.66), (0.2, 0.98))
    assert spans == [(0, 0.25), (0.125, 0.625), (0.25, 1)]


def test_a_staccato_keeps_its_length_and_no_note_vanishes():
    spans, _ = on_grid((0.01, 0.03), (0.26, 0.3))
    assert spans == [(0, 0.02), (0.25, 0.28125)]  # a quarter of a sixteenth is 1/32 s


def test_triplets_are_lines_too():
    spans, _ = on_grid((0.34, 1), (0.24, 1), grid=NoteGrid(Fraction(1, 8), triplets=True))
    assert spans == [(0.25, 1), (0.333333, 1)]


def test_every_bar_begins_its_own_grid():
    """Bars of 3/4 last 1.5 s: a grid of half notes has lines at 0, 1, 1.5, 2.5 and 3 s."""
    tempo_map = make_map(0.0, [(3, 4)] * 4)
    spans, _ = on_grid((0.4, 1), (1.3, 2.6), (1.9, 3), (2.2, 3), grid=NoteGrid(Fraction(1, 2)), tempo_map=tempo_map)
    assert [a for a, _ in spans] == [0, 1.5, 1.5, 2.5]


def test_the_grid_follows_rubato():
    tempo_map = TempoMap(tuple(map(Fraction, range(4))), (0.0, 0.5, 1.3, 1.8))
    spans, _ = on_grid((0.52, 0.9), (0.88, 1.32), grid=NoteGrid(Fraction(1, 8)), tempo_map=tempo_map)
    assert spans == [(0.5, 0.9), (0.9, 1.3)]


def test_strikes_of_a_key_that_would_fall_together():
    notes = (Note(0.2, 0.22, 60, 1), Note(0.27, 0.4, 60, 2), Note(0.25, 0.5, 61, 3))
    moved = quantise_to_grid(Performance(notes), STEADY, NoteGrid(Fraction(1, 8)))
    assert [(n.velocity, round(n.onset_s, 6)) for n in moved.notes] == [(1, 0.25), (3, 0.25), (2, 0.3125)]


def test_pedals_go_with_the_onsets():
    pedals = (Pedal(0.24, 0.27, "sustain"), Pedal(0.28, 2, "soft"))
    _, moved = on_grid((0.27, 0.5), (0.99, 2), pedals=pedals)
    assert moved.pedals[0].offset_s == pytest.approx(0.25)
    assert moved.pedals[0].onset_s == pytest.approx(0.22)
    assert moved.pedals[1].offset_s == pytest.approx(2.01)


def test_no_time_before_0_s():
    tempo_map = make_map(-0.2, [(4, 4)] * 2)
    spans, moved = on_grid(
        (0.0, 0.1),
        (0.04, 0.6),
        pedals=(Pedal(0, 0.05, "sustain"),),
        grid=NoteGrid(Fraction(1, 2)),
        tempo_map=tempo_map,
    )
    assert [a for a, _ in spans] == [0, 0]
    assert moved.pedals[0].onset_s == 0


@pytest.mark.parametrize(
    ("step", "strength"),
    [(Fraction(1, 193), 1), (Fraction(5), 1), (Fraction(0), 1), (Fraction(1, 8), 1.1), (Fraction(1, 8), -0.1)],
)
def test_what_is_no_grid(step, strength):
    with pytest.raises(UsageError, match="must be from") as raised:
        NoteGrid(Fraction(step), strength)
    assert raised.value.settings == ("quantize",)


def test_an_empty_performance():
    pedals = (Pedal(0.1, 0.2, "sustain"),)
    assert quantise_to_grid(Performance((), pedals, 3), STEADY, NoteGrid(Fraction(1, 4))).pedals == pedals
    assert np.size(quantise_notes([], STEADY, NoteGrid(Fraction(1, 4)))) == 0
