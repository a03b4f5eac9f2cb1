"""Voices and notated durations."""

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.score.voices.choices import Held, OnsetOptions, choose
from pianotrans.score.voices.ends import list_onsets
from pianotrans.score.voices.meter import MOST_PARTS, BarSpan, MetricGrid
from pianotrans.score.voices.voices import assign_voices


def bars(n, length=Fraction(4), beat=Fraction(1)):
    return [BarSpan(i * length, length, beat) for i in range(n)]


def assign(notes, spans=None):
    """Notes are (position, release, key, staff)."""
    position, release, key, staff = zip(*notes, strict=True) if notes else ((), (), (), ())
    spans = spans or bars(int(max(position, default=0)) // 4 + 2)
    found = assign_voices(
        [Fraction(p) for p in position],
        np.array(release, dtype=float),
        np.array(key, dtype=np.int64),
        np.array(staff, dtype=np.int64),
        np.zeros(len(notes), dtype=bool),
        spans,
    )
    return found.voice.tolist(), list(found.duration)


def test_a_scale_has_one_voice_and_no_rests():
    notes = [(Fraction(i, 2), i / 2 + 0.45, 60 + i, 1) for i in range(9)]
    voice, duration = assign(notes)
    assert voice == [1] * 9
    assert duration[:8] == [Fraction(1, 2)] * 8


def test_letting_go_early_makes_no_rests():
    notes = [(Fraction(i, 2), i / 2 + 0.3, 60 + i, 1) for i in range(9)]
    assert assign(notes)[1][:8] == [Fraction(1, 2)] * 8


def test_a_pedal_makes_no_voices():
    notes = [(Fraction(i, 2), i / 2 + 2, 48 + [0, 7, 4, 7][i % 4], 2) for i in range(16)]
    voice, duration = assign(notes)
    assert set(voice) == {1}
    assert duration[:15] == [Fraction(1, 2)] * 15


def test_a_melody_held_over_moving_notes():
    notes = [(Fraction(2 * i), 2 * i + 1.98, 76 + i, 1) for i in range(4)]
    notes += [(Fraction(i, 2), i / 2 + 0.48, 60 + i % 3, 1) for i in range(16)]
    voice, duration = assign(notes)
    assert voice[:4] == [1] * 4
    assert duration[:4] == [Fraction(2)] * 4
    assert set(voice[4:]) == {2}
    assert set(duration[4:15]) == {Fraction(1, 2)}


def test_a_bass_held_under_moving_chords():
    notes = [(Fraction(4 * i), 4 * i + 3.97, 36, 2) for i in range(2)]
    notes += [(Fraction(i), i + 0.95, key, 2) for i in range(1, 8) if i != 4 for key in (52, 55, 60)]
    voice, duration = assign(notes)
    assert voice[:2] == [2, 2]
    assert duration[:2] == [Fraction(4)] * 2
    assert set(voice[2:]) == {1}


def test_triplets_end_on_their_grid():
    notes = [(Fraction(i, 3), i / 3 + 0.2, 60 + i, 1) for i in range(7)]
    assert assign(notes)[1][:6] == [Fraction(1, 3)] * 6


def test_edge_cases():
    assert assign([]) == ([], [])
    assert assign([(Fraction(0), 0.9, 60, 1)])[0] == [1]
    voice, duration = assign([(Fraction(i), i + 5.0, 60, 2) for i in range(12)])
    assert set(voice) == {1}
    assert duration[:11] == [Fraction(1)] * 11


def test_grace_notes_have_no_duration():
    found = assign_voices(
        [Fraction(0), Fraction(0)],
        np.array([0.1, 1.0]),
        np.array([61, 62]),
        np.array([1, 1]),
        np.array([True, False]),
        bars(1),
    )
    assert found.duration[0] == 0
    assert found.duration[1] > 0


_note = st.tuples(
    st.one_of(
        st.integers(0, 24).map(lambda n: Fraction(n, 2)),
        st.integers(0, 36).map(lambda n: Fraction(n, 3)),
        st.integers(0, 96).map(lambda n: Fraction(n, 8)),
        st.integers(0, 60).map(lambda n: Fraction(n, 5)),
    ),
    st.floats(0.01, 6),
    st.integers(40, 80),
    st.integers(1, 2),
)
_meters = st.sampled_from(
    [
        (Fraction(4), Fraction(1)),
        (Fraction(3), Fraction(1)),
        (Fraction(3), Fraction(3, 2)),
        (Fraction(3, 2), Fraction(1, 2)),
        (Fraction(2), Fraction(2)),
    ]
)


@settings(deadline=None, max_examples=100)
@given(st.lists(_note, min_size=1, max_size=20, unique_by=lambda note: (note[0], note[2], note[3])), _meters)
def test_invariants(notes, lengths):
    spans = bars(int(12 / lengths[0]) + 2, *lengths)
    voice, duration = assign([(p, float(p) + r, k, s) for p, r, k, s in notes], spans)
    for number, hand in product((1, 2), (1, 2)):
        meter = MetricGrid(spans, [p for p, _, _, s in notes if s == hand])
        spans_taken = sorted(
            {
                (p, p + d)
                for (p, _, _, s), v, d in zip(notes, voice, duration, strict=True)
                if (s, v) == (hand, number)
            }
        )
        assert all(start < end for start, end in spans_taken)
        assert all(
            end <= later for (_, end), (later, _) in pairwise(spans_taken)
        )  # so chords share their durations, too
        for start, end in spans_taken:
            parts = meter.parts(meter.ticks(start), meter.ticks(end))
            shortest = meter.shortest_end(meter.ticks(start)) == meter.ticks(end)
            assert shortest or (parts is not None and len(parts) <= MOST_PARTS)
    for (p, _, k, s), d in zip(notes, duration, strict=True):
        assert all(p + d <= q for q, _, other, t in notes if (other, t) == (k, s) and q > p)


@settings(deadline=None, max_examples=30)
@given(st.lists(_note, min_size=1, max_size=5, unique_by=lambda note: (note[0], note[2])))
def test_choices_are_those_of_enumeration(notes):
    meter = MetricGrid(bars(4), [p for p, _, _, _ in notes])
    ticks = [meter.ticks(p) for p, *_ in notes]
    releases = [float(p + Fraction(r)) * meter.ticks_per_quarter for p, r, _, _ in notes]
    onsets = list_onsets(meter, ticks, releases, [k for _, _, k, _ in notes])
    options = [OnsetOptions(onset) for onset in onsets]

    def totals(held, i):
        if i == len(options):
            yield 0.0, ()
            return
        for cost, choice, after in options[i].steps(held):
            for rest, choices in totals(after, i + 1):
                yield cost + rest, (choice, *choices)

    best = min(cost for cost, _ in totals(Held(), 0))
    chosen = tuple(choose(options))
    found = min(cost for cost, choices in totals(Held(), 0) if choices == chosen)
    assert abs(found - best) < 1e-6
