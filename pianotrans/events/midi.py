"""Standard MIDI files as they are written: 960 ticks per quarter, at a steady tempo or in musical time.

They are written with mido, not with pretty_midi, whose writer ends a track one tick after the last event, so that
the duration is lost.
"""

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from pianotrans.errors import MidiError
from pianotrans.events.conductor import (
    DEFAULT_BPM,
    TICKS_PER_QUARTER,
    TempoPer,
    conduct,
    conduct_steadily,
)
from pianotrans.events.midi_settings import MidiFormat
from pianotrans.events.midi_tracks import conductor_track, one_track, piano_track
from pianotrans.events.note_grid import NoteGrid, quantise_notes, quantise_to_grid
from pianotrans.events.performance import PROGRAM, Note, Performance
from pianotrans.events.smf import Clock
from pianotrans.events.tempo_map import TempoMap
from pianotrans.events.ticks import TICKS_PER_SECOND, Ticks, quantise, tick_at

if TYPE_CHECKING:
    import pretty_midi

_HANDS = {1: "right hand", 2: "left hand"}


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
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_QUARTER, initial_tempo=DEFAULT_BPM)
    midi.instruments.append(piano)
    return midi


def midi_bytes(
    performance: Performance,
    *,
    tempo_map: TempoMap | None = None,
    tempo_per: TempoPer = TempoPer.beat,
    bpm: float | None = None,
    grid: NoteGrid | None = None,
    hands: Sequence[int] | None = None,
    midi_format: MidiFormat = 1,
    options: Sequence[str] = (),
) -> bytes:
    """The performance as a MIDI file: a track of tempo, bars and keys, and one or two of notes.

    A text at its beginning says what made the performance. A pedal is its controller (64, 66 or 67) with value 127
    at its onset and 0 at its offset. The tracks of notes end where the performance does. `load_midi` restores every
    note and pedal on its tick; writing those again in the same way gives the same bytes but for the text.

    Args:
        performance: what to write.
        tempo_map: with it, ticks are musical time, and notes stay where they were played to the tick.
        tempo_per: whether the tempo changes with every position of the map, or with every bar.
        bpm: write one steady tempo in quarters a minute instead, 120 without a map, and no bars.
        grid: move notes towards this grid of the map, or of the steady tempo.
        hands: 1 (right) or 2 (left) for each of `performance.notes`. Each hand gets a track and a channel of its
            own, and both get the pedals.
        midi_format: 1, or 0 for a file in which all this is one track, with the notes on channel 1.
        options: further options of the command line, for the text.

    Raises MidiError if MIDI cannot hold the performance (see `quantise`) or a tempo, if there is not one hand for
    each note, and for hands in a file of one track.
    """
    import mido

    if hands is not None and len(hands) != performance.n_notes:
        raise MidiError(f"{len(hands)} hands for {performance.n_notes} notes. Give one for each.")
    if hands is not None and midi_format == 0:
        raise MidiError("a file of format 0 has one track, and each hand needs its own. Use format 1.")
    steady = DEFAULT_BPM if bpm is None else bpm
    conductor = conduct(tempo_map, tempo_per) if tempo_map and bpm is None else conduct_steadily(steady)
    notes = performance.notes
    if grid is not None:
        musical_time = tempo_map or TempoMap((Fraction(0), Fraction(1)), (0.0, 60 / steady))
        notes = quantise_notes(notes, musical_time, grid)
        performance = quantise_to_grid(performance, musical_time, grid)
    ticks = quantise(performance, conductor.clock)
    text = provenance(performance.made_with(options))
    if midi_format == 0:
        tracks = [one_track(conductor, ticks, "Piano", text)]
    else:
        parts = [("Piano", ticks)] if hands is None else _by_hand(ticks, notes, hands, conductor.clock)
        tracks = [conductor_track(conductor, ticks.end, text)]
        tracks += [piano_track(part, name, channel) for channel, (name, part) in enumerate(parts)]
    file = io.BytesIO()
    mido.MidiFile(type=midi_format, ticks_per_beat=TICKS_PER_QUARTER, tracks=tracks).save(file=file)
    return file.getvalue()


def provenance(performance: Performance) -> str:
    """What made the performance, in printable ASCII, which every program can show."""
    text = performance.made_by or PROGRAM
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)


def _by_hand(
    ticks: Ticks, notes: Iterable[Note], hands: Iterable[int], clock: Clock
) -> Iterable[tuple[str, Ticks]]:
    """(name, what it plays) for each hand; `notes` are those of `ticks`, in the order of `hands`."""
    given = sorted(zip(notes, hands, strict=True), key=lambda pair: (pair[0].onset_s, pair[0].offset_s))
    hand_of = {(tick_at(note.onset_s, clock), note.key): hand for note, hand in given}
    for hand, name in _HANDS.items():
        played = (note for note in ticks.notes if hand_of[note.onset, note.key] == hand)
        yield name, ticks._replace(notes=tuple(played))
