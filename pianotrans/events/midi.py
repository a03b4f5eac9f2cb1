"""Standard MIDI files as they are written: one piano track, 960 ticks per quarter at 120 quarters a minute.

They are written with mido, not with pretty_midi, whose writer ends a track one tick after the last event, so that
the duration is lost.
"""

import io
from typing import TYPE_CHECKING, Any

from pianotrans.events.performance import Performance
from pianotrans.events.ticks import TICKS_PER_QUARTER, TICKS_PER_SECOND, Ticks, quantise

if TYPE_CHECKING:
    import pretty_midi

_TEMPO_US = 500_000  # microseconds per quarter: MIDI's default, and 120 quarters a minute


def to_pretty_midi(performance: Performance) -> "pretty_midi.PrettyMIDI":
    """The performance, on the grid of ticks, as a pretty_midi object with one piano.

    Its own `write` gives the same events as `midi_bytes`, but loses the duration.
    Raises MidiError if MIDI cannot hold the performance (see `quantise`).
    """
    import pretty_midi

    ticks = quantise(performance)
    piano = pretty_midi.Instrument(program=0, name="Piano")
    for onset, offset, key, velocity in ticks.notes:
        piano.notes.append(pretty_midi.Note(velocity, key, onset / TICKS_PER_SECOND, offset / TICKS_PER_SECOND))
    for onset, offset, controller in ticks.pedals:
        for value, tick in ((127, onset), (0, offset)):
            piano.control_changes.append(pretty_midi.ControlChange(controller, value, tick / TICKS_PER_SECOND))
    piano.control_changes.sort(key=lambda change: (change.time, change.number, change.value))
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_QUARTER, initial_tempo=120)
    midi.instruments.append(piano)
    return midi


def midi_bytes(performance: Performance) -> bytes:
    """The performance as a MIDI file of format 1: a tempo track and a piano track.

    A pedal is its controller (64, 66 or 67) with value 127 at its onset and 0 at its offset. The piano's track ends
    where the performance does. `load_midi` restores every note and pedal on its tick; writing those again
    gives the same bytes. Raises MidiError if MIDI cannot hold the performance (see `quantise`).
    """
    import mido

    ticks = quantise(performance)
    conductor = mido.MidiTrack(
        [
            mido.MetaMessage("set_tempo", tempo=_TEMPO_US),
            mido.MetaMessage("time_signature", numerator=4, denominator=4),
            mido.MetaMessage("end_of_track"),
        ]
    )
    piano = mido.MidiTrack(
        [mido.MetaMessage("track_name", name="Piano"), mido.Message("program_change", program=0)]
    )
    now = 0
    for tick, _, _, message in _events_in_order(ticks):
        message.time = tick - now
        piano.append(message)
        now = tick
    piano.append(mido.MetaMessage("end_of_track", time=ticks.end - now))

    file = io.BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, tracks=[conductor, piano]).save(file=file)
    return file.getvalue()


def _events_in_order(ticks: Ticks) -> list[tuple[int, int, int, Any]]:
    """(tick, rank, number, message), sorted; within a tick, ends come before beginnings.

    So a pedal that goes down on the very tick where a key is released does not sustain that note, neither in a
    synthesiser nor in `extend_by_pedal`.
    """
    from mido import Message

    events = []
    for onset, offset, key, velocity in ticks.notes:
        events.append((offset, 0, key, Message("note_on", note=key, velocity=0)))
        events.append((onset, 3, key, Message("note_on", note=key, velocity=velocity)))
    for onset, offset, controller in ticks.pedals:
        events.append((offset, 1, controller, Message("control_change", control=controller, value=0)))
        events.append((onset, 2, controller, Message("control_change", control=controller, value=127)))
    return sorted(events, key=lambda event: event[:3])
