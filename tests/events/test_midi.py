"""What we write, against mido and pretty_midi and against what we read."""

import io
from typing import Any

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given

from pianotrans import MidiError, __version__
from pianotrans.events import TICKS_PER_SECOND, Note, Pedal, Performance, load_midi, midi_bytes, quantise

from .strategies import fewer, performances


def messages(data):
    """(absolute tick, message) of the piano's track."""
    midi = mido.MidiFile(file=io.BytesIO(data))
    tick, result = 0, []
    for message in midi.tracks[-1]:
        tick += message.time
        result.append((tick, message))
    return result


def load(data):
    return load_midi(io.BytesIO(data))


def read_by_mido(data):
    """(notes, pedals, end) in ticks by an own small reading of mido's messages."""
    notes, pedals, down = [], [], {}
    for tick, message in messages(data):
        if message.type == "note_on":
            if message.velocity:
                assert message.note not in down, "a key is struck while it is held"
                down[message.note] = (tick, message.velocity)
            else:
                onset, velocity = down.pop(message.note)
                notes.append((onset, tick, message.note, velocity))
        elif message.type == "control_change":
            name = -message.control
            if message.value == 127:
                assert name not in down, "a pedal goes down while it is down"
                down[name] = tick
            else:
                assert message.value == 0
                pedals.append((down.pop(name), tick, message.control))
    assert not down
    return sorted(notes, key=lambda n: (n[0], n[2])), sorted(pedals, key=lambda p: (p[0], p[2])), tick


@fewer
@given(performances)
def test_round_trip(performance):
    data = midi_bytes(performance)
    ticks = quantise(performance)

    notes, pedals, end = read_by_mido(data)
    assert (tuple(notes), tuple(pedals), end) == ticks

    loaded = load(data)
    assert quantise(loaded) == ticks
    assert [(n.onset_s, n.offset_s) for n in loaded.notes] == [
        (n.onset / TICKS_PER_SECOND, n.offset / TICKS_PER_SECOND) for n in ticks.notes
    ]
    assert loaded.duration_s == ticks.end / TICKS_PER_SECOND
    assert midi_bytes(loaded) == data


@fewer
@given(performances)
def test_within_a_tick_what_ends_comes_first(performance):
    def rank(message):
        if message.type == "note_on":
            return 3 if message.velocity else 0
        return 2 if message.value else 1

    order = [
        (tick, rank(message))
        for tick, message in messages(midi_bytes(performance))
        if message.type in ("note_on", "control_change")
    ]
    assert order == sorted(order)


@fewer
@given(performances)
def test_pretty_midi_writes_the_same_events(performance):
    file = io.BytesIO()
    performance.to_midi().write(file)
    loaded = load(file.getvalue())
    assert (loaded.notes, loaded.pedals) == (
        load(midi_bytes(performance)).notes,
        load(midi_bytes(performance)).pedals,
    )


def test_pretty_midi_reads_the_same_events():
    performance = Performance(
        (Note(0, 1, 60, 1), Note(1, 2, 60, 127), Note(0.3, 0.301, 0, 64), Note(0.3, 4.7, 127, 64)),
        (Pedal(0, 1, "sustain"), Pedal(1, 4, "sustain"), Pedal(0.5, 3, "soft")),
        10,
    )
    midi = pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(performance)))
    (piano,) = midi.instruments
    assert piano.program == 0
    assert not piano.is_drum
    read = sorted((round(n.start * 1920), n.pitch, round(n.end * 1920), n.velocity) for n in piano.notes)
    assert read == [(n.onset, n.key, n.offset, n.velocity) for n in quantise(performance).notes]
    changes = [(c.number, c.value, round(c.time * 1920)) for c in piano.control_changes]
    assert changes == [
        (64, 127, 0),
        (67, 127, 960),
        (64, 0, 1920),
        (64, 127, 1920),
        (67, 0, 5760),
        (64, 0, 7680),
    ]


def test_the_header():
    midi = mido.MidiFile(file=io.BytesIO(midi_bytes(Performance())))
    assert (midi.type, midi.ticks_per_beat, len(midi.tracks)) == (1, 960, 2)
    assert [m.tempo for m in midi.tracks[0] if m.type == "set_tempo"] == [500_000]
    assert [m.type for m in midi.tracks[0]] == ["text", "set_tempo", "end_of_track"], "no bars that nobody knows"
    assert [m.program for m in midi.tracks[1] if m.type == "program_change"] == [0]


def test_a_text_says_what_made_it():
    def text(performance: Performance, **settings: Any) -> str:
        midi = mido.MidiFile(file=io.BytesIO(midi_bytes(performance, **settings)))
        (said,) = [message.text for message in midi.tracks[0] if message.type == "text"]
        return said

    assert text(Performance()) == f"pianotrans {__version__}"
    made = Performance(made_by="pianotrans 9 --model Flügel\n")
    assert text(made, options=["--no-pedal"], midi_format=0) == "pianotrans 9 --model Fl?gel? --no-pedal"
    assert load(midi_bytes(made)) == Performance()


@fewer
@given(performances)
def test_one_track_holds_what_several_do(performance):
    several, one = midi_bytes(performance), midi_bytes(performance, midi_format=0)
    midi = mido.MidiFile(file=io.BytesIO(one))
    assert (midi.type, len(midi.tracks)) == (0, 1)
    assert {m.channel for m in midi.tracks[0] if not m.is_meta} == {0}
    assert load(one) == load(several)
    assert read_by_mido(one) == read_by_mido(several)


def test_one_track_holds_no_two_hands():
    with pytest.raises(MidiError, match="format 0"):
        midi_bytes(Performance(), hands=[], midi_format=0)


def test_an_empty_performance_keeps_its_duration():
    assert load(midi_bytes(Performance(duration_s=3.5))) == Performance(duration_s=3.5)
    assert load(midi_bytes(Performance())) == Performance()
    assert pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(Performance()))).instruments == []


def long_performance(hours):
    rng = np.random.default_rng(3)
    onsets = np.sort(rng.uniform(0, hours * 3600, 2000))
    notes = [Note(t, t + 0.3, int(k), 64) for t, k in zip(onsets, rng.integers(21, 109, 2000), strict=True)]
    return Performance(tuple(notes), (Pedal(hours * 3600 - 1, hours * 3600, "sustain"),), hours * 3600)


@pytest.mark.parametrize("hours", [1.4, 20])
def test_nothing_drifts_in_hours(hours):
    performance = long_performance(hours)
    data = midi_bytes(performance)
    assert quantise(load(data)) == quantise(performance)
    file = io.BytesIO()
    performance.to_midi().write(file)
    assert load(file.getvalue()).notes == load(data).notes


def test_pretty_midi_reads_87_minutes_and_no_more():
    midi = pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(long_performance(1.44))))
    assert round(midi.get_end_time() * 1920) == 1.44 * 3600 * 1920
    with pytest.raises(ValueError, match=r"largest tick of .* likely corrupt"):
        pretty_midi.PrettyMIDI(io.BytesIO(midi_bytes(long_performance(1.45))))
