"""MIDI whose ticks are musical time, against mido, pretty_midi and what we read."""

import io
from fractions import Fraction
from itertools import pairwise

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.errors import MidiError
from pianotrans.events import (
    Note,
    NoteGrid,
    Pedal,
    Performance,
    TempoMap,
    TempoPer,
    load_midi,
    midi_bytes,
    quantise,
)
from pianotrans.events.conductor import conduct
from pianotrans.events.lead_in import with_lead_in

from .strategies import quick
from .tempo_maps import make_map, tempo_maps

few = settings(quick, max_examples=25)  # each writes and reads files
per = st.sampled_from(list(TempoPer))
played = st.builds(
    lambda seed, n, end_s: random_performance(seed, n, end_s),
    st.integers(0, 2**32 - 1),
    st.integers(0, 60),
    st.floats(1, 60),
)
"""Drawn by a seed: what a note is does not matter here, only where it is."""


def random_performance(seed, n, end_s):
    rng = np.random.default_rng(seed)
    notes = [
        Note(onset_s, onset_s + length_s, int(key), int(velocity))
        for onset_s, length_s, key, velocity in zip(
            rng.uniform(0, end_s, n),
            rng.exponential(0.4, n) + 1e-3,
            rng.integers(21, 109, n),
            rng.integers(1, 128, n),
            strict=True,
        )
    ]
    pedals = [Pedal(onset_s, onset_s + 0.5, "sustain") for onset_s in np.arange(0.3, end_s, 0.5)]
    return Performance(tuple(notes), tuple(pedals), end_s)


def load(data):
    return load_midi(io.BytesIO(data))


def messages(data):
    return mido.MidiFile(file=io.BytesIO(data))


def conducted(data, kind):
    """(tick, message) of the first track."""
    tick, found = 0, []
    for message in messages(data).tracks[0]:
        tick += message.time
        if message.type == kind:
            found.append((tick, message))
    return found


def longest_tick_s(data):
    return max(message.tempo for _, message in conducted(data, "set_tempo")) / 960e6


def assert_notes_stay(performance, data):
    """Every note and pedal within a tick of where it was, but for those of one key on one tick."""
    loaded, tick_s = load(data), longest_tick_s(data)
    onsets_s = {}
    for note in loaded.notes:
        onsets_s.setdefault(note.key, []).append((note.onset_s, note.offset_s, note.velocity))
    following_s, end_s = {}, performance.duration_s
    for note in reversed(performance.notes):
        next_s = following_s.get(note.key, np.inf)
        following_s[note.key] = note.onset_s
        end_s = max(end_s, min(note.offset_s, next_s))
        if next_s - note.onset_s <= tick_s:
            continue
        near = [
            span
            for span in onsets_s[note.key]
            if abs(span[0] - note.onset_s) <= tick_s / 2 * 1.001 and span[2] == note.velocity
        ]
        assert near
        expected_s = min(note.offset_s, next_s)
        assert any(abs(offset_s - expected_s) <= max(tick_s * 1.001, 1e-3) for _, offset_s, _ in near)
    end_s = max([end_s, *(pedal.offset_s for pedal in performance.pedals)])
    assert loaded.duration_s >= end_s - tick_s, "it lasts as long as what is left of it"


@few
@given(played, tempo_maps, per)
def test_notes_stay_where_they_were_played(performance, tempo_map, tempo_per):
    data = midi_bytes(performance, tempo_map=tempo_map, tempo_per=tempo_per)
    assert_notes_stay(performance, data)
    assert midi_bytes(load(data), tempo_map=tempo_map, tempo_per=tempo_per) == data


@few
@given(tempo_maps, per)
def test_ticks_are_musical_time(tempo_map, tempo_per):
    """A note on a beat lies on the tick of the beat; with one tempo for each bar, a note on a bar line does."""
    led = with_lead_in(tempo_map)
    places = led.bar_lines() if tempo_per == "bar" else led.positions
    spans = [(led.time_at(a), led.time_at(b)) for a, b in pairwise(places)]
    performance = Performance(tuple(Note(*span, 60, 64) for span in spans))
    conductor = conduct(tempo_map, tempo_per)
    onsets = [note.onset for note in quantise(performance, conductor.clock).notes]
    assert onsets == [place * 960 for place in places[:-1]]


@few
@given(tempo_maps)
def test_one_tempo_for_each_beat_or_bar(tempo_map):
    led = with_lead_in(tempo_map)
    for tempo_per, places in ((TempoPer.beat, led.positions[:-1]), (TempoPer.bar, led.bar_lines())):
        ticks = [tick for tick, _ in conduct(tempo_map, tempo_per).tempi]
        long = {tick for a, b in pairwise(led.positions) for tick in range(int(a * 960), int(b * 960), 16 * 960)}
        assert set(ticks) - long <= {place * 960 for place in places} | {0}
        assert set(ticks) >= {place * 960 for place in places if 0 < place < led.positions[-1]}
        assert ticks == sorted(set(ticks))


def test_nothing_is_said_behind_the_end():
    """A file lasts as long as its longest track."""
    data = midi_bytes(Performance(duration_s=1.2), tempo_map=make_map(0.0, [(4, 4)] * 4))
    assert [tick for tick, _ in conducted(data, "set_tempo")] == [0, 960, 1920]
    assert load(data).duration_s == 1.2


def test_what_the_first_track_says():
    tempo_map = TempoMap(
        tuple(map(Fraction, range(8))),
        (0.0, 0.5, 1.1, 1.6, 2.0, 2.5, 3.0, 3.5),
        ((Fraction(0), 3, 4), (Fraction(1), 3, 4), (Fraction(4), 6, 8)),
        ((Fraction(0), -3, "minor"), (Fraction(4), 0, None)),
    )
    data = midi_bytes(Performance(duration_s=5), tempo_map=tempo_map)
    assert [(tick, message.tempo) for tick, message in conducted(data, "set_tempo")] == [
        (960 * i, round(1e6 * seconds)) for i, seconds in enumerate((0.5, 0.6, 0.5, 0.4, 0.5, 0.5, 0.5))
    ]
    signatures = conducted(data, "time_signature")
    assert [(tick, m.numerator, m.denominator) for tick, m in signatures] == [
        (0, 1, 4),
        (960, 3, 4),
        (3840, 6, 8),
    ]
    assert [(tick, m.key) for tick, m in conducted(data, "key_signature")] == [(0, "Cm"), (3840, "C")]
    read = pretty_midi.PrettyMIDI(io.BytesIO(data))
    assert [signature.numerator for signature in read.time_signature_changes] == [1, 3, 6]
    assert read.get_tempo_changes()[1] == pytest.approx([120, 100, 120, 150, 120])


@pytest.mark.parametrize("mode", ["major", "minor", None])
def test_every_key_has_a_name(mode):
    for fifths in range(-7, 8):
        tempo_map = TempoMap((Fraction(0), Fraction(1)), (0.0, 1.0), key_signatures=((Fraction(0), fifths, mode),))
        data = midi_bytes(Performance(), tempo_map=tempo_map)
        (key,) = pretty_midi.PrettyMIDI(io.BytesIO(data)).key_signature_changes
        name = pretty_midi.key_number_to_key_name(key.key_number)
        tonic = (7 * fifths + (9 if mode == "minor" else 0)) % 12
        assert (key.key_number % 12, "minor" in name) == (tonic, mode == "minor")


@pytest.mark.slow
@pytest.mark.parametrize(("tempo_per", "first_s"), [(TempoPer.beat, -1.3), (TempoPer.bar, 2.7)])
def test_an_hour_of_rubato(tempo_per, first_s):
    rng = np.random.default_rng(5)
    beats_s = 0.55 * np.exp(rng.normal(0, 0.15, 997)) + rng.uniform(0, 1e-6, 997)
    tempo_map = make_map(first_s, ((4, 4),) * 1600, 1, tuple(beats_s.tolist()))
    performance = random_performance(7, 2000, 3600.0)
    data = midi_bytes(performance, tempo_map=tempo_map, tempo_per=tempo_per)
    assert_notes_stay(performance, data)
    conductor = conduct(tempo_map, tempo_per)
    led = with_lead_in(tempo_map)
    off_s = [abs(conductor.clock.seconds(int(line * 960)) - led.time_at(line)) for line in led.bar_lines()]
    assert max(off_s) <= 4e-6
    notes = pretty_midi.PrettyMIDI(io.BytesIO(data)).instruments[0].notes
    ours = load(data).notes
    assert len(notes) == len(ours)
    assert np.allclose(sorted(note.start for note in notes), [note.onset_s for note in ours], atol=1e-6)


@few
@given(played, st.one_of(st.none(), tempo_maps), st.integers(0, 2**32 - 1))
def test_two_hands_are_the_same_performance(performance, tempo_map, seed):
    hands = np.random.default_rng(seed).integers(1, 3, performance.n_notes).tolist()
    data = midi_bytes(performance, tempo_map=tempo_map, hands=hands)
    assert load(data) == load(midi_bytes(performance, tempo_map=tempo_map))
    right, left = messages(data).tracks[1:]
    assert (right.name, left.name) == ("right hand", "left hand")
    for channel, track in enumerate((right, left)):
        said = [message for message in track if not message.is_meta]
        assert {message.channel for message in said} == {channel}
        controls = [message.value for message in said if message.type == "control_change"]
        assert len(controls) == 2 * len(quantise(load(data)).pedals) or tempo_map is not None
        n_struck = sum(message.type == "note_on" and message.velocity > 0 for message in said)
        assert n_struck <= hands.count(channel + 1)
    struck = [message for track in (right, left) for message in track if message.type == "note_on"]
    assert sum(message.velocity > 0 for message in struck) == load(data).n_notes


def test_each_hand_plays_its_notes():
    performance = Performance((Note(0, 1, 60, 10), Note(0, 1, 40, 20), Note(1, 2, 60, 30), Note(1, 2, 72, 40)))
    hands = [{20: 2, 30: 2}.get(note.velocity, 1) for note in performance.notes]
    for grid in (None, NoteGrid(Fraction(1, 4))):
        data = midi_bytes(performance, hands=hands, grid=grid)
        velocities = [
            {m.velocity for m in track if m.type == "note_on"} - {0} for track in messages(data).tracks[1:]
        ]
        assert velocities == [{10, 40}, {20, 30}]
    instruments = pretty_midi.PrettyMIDI(io.BytesIO(data)).instruments
    assert [instrument.name for instrument in instruments] == ["right hand", "left hand"]


def test_hands_stay_with_their_notes_on_a_grid():
    """The left hand's note comes later and sorts first once both are on the grid."""
    performance = Performance((Note(0.49, 1, 72, 10), Note(0.52, 1, 40, 20)))
    data = midi_bytes(performance, hands=[1, 2], grid=NoteGrid(Fraction(1, 4)))
    velocities = [{m.velocity for m in t if m.type == "note_on"} - {0} for t in messages(data).tracks[1:]]
    assert velocities == [{10}, {20}]
    assert [(note.key, note.onset_s) for note in load(data).notes] == [(40, 0.5), (72, 0.5)]


def test_a_steady_tempo_says_nothing_of_bars():
    performance = random_performance(3, 50, 20.0)
    data = midi_bytes(performance, bpm=97)
    assert [message.tempo for _, message in conducted(data, "set_tempo")] == [618_557]
    assert conducted(data, "time_signature") == []
    assert_notes_stay(performance, data)
    assert midi_bytes(load(data), bpm=97) == data
    assert midi_bytes(performance, bpm=120) == midi_bytes(performance)
    tempo_map = make_map(0.0, [(4, 4)] * 3)
    assert midi_bytes(performance, tempo_map=tempo_map, bpm=97) == data


def test_on_a_grid_notes_lie_on_ticks_of_the_grid():
    tempo_map = make_map(1.3, [(4, 4)] * 10, 1, (0.5, 0.61, 0.47))
    data = midi_bytes(random_performance(3, 50, 20.0), tempo_map=tempo_map, grid=NoteGrid(Fraction(1, 16), 1.0))
    ticks = []
    for track in messages(data).tracks[1:]:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                ticks.append(tick)
    assert sum(tick % 240 == 0 for tick in ticks) >= 48  # all but strikes of one key at one place


@pytest.mark.parametrize("bpm", [0, -1, 3.5, 2e8])
def test_a_tempo_that_midi_cannot_hold(bpm):
    with pytest.raises(MidiError, match="quarters a minute"):
        midi_bytes(Performance(), bpm=bpm)


def test_a_beat_that_midi_cannot_hold():
    tempo_map = TempoMap(tuple(map(Fraction, range(3))), (0.0, 1.0, 18.0))
    with pytest.raises(MidiError, match=r"17\.0 s before 18\.0 s"):
        midi_bytes(Performance(), tempo_map=tempo_map)


def test_one_hand_for_each_note():
    with pytest.raises(MidiError, match="1 hands for 2 notes"):
        midi_bytes(Performance((Note(0, 1, 60, 1), Note(0, 1, 61, 1))), hands=[1])
