"""Standard MIDI files: one piano track, 960 ticks per quarter at 120 quarters a minute.

Files are read and written with mido, not with pretty_midi, whose writer ends a track one tick after the last event,
so the duration is lost. Its reader drops hanging notes and pedals on separate tracks, takes the tempo from the
first track only, and refuses files longer than 87 minutes at this resolution.
"""

import io
import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pianotrans.errors import MidiError
from pianotrans.events.performance import Note, Pedal, Performance
from pianotrans.events.ticks import TICKS_PER_QUARTER, TICKS_PER_SECOND, Ticks, quantise
from pianotrans.piano import CONTROLLERS, PedalKind

if TYPE_CHECKING:
    import mido
    import pretty_midi

_TEMPO_US = 500_000  # microseconds per quarter: MIDI's default, and 120 quarters a minute
_DRUM_CHANNEL = 9
_DOWN = 64  # the controller value from which a pedal counts as down

_Timed = tuple[int, int, Any]
"""A message of a file: (absolute tick, index of its track, mido message)."""


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


def load_midi(source: str | os.PathLike[str] | IO[bytes]) -> Performance:
    """Read a MIDI file, from a path or a file opened in binary mode.

    All tracks and channels except drums are merged into one piano, with one tempo map. A note-off ends all sounding
    notes of its key on its track and channel. Notes that are never released end with the file. A pedal counts as
    down from value 64 on; if it is still down at the end, it goes up with the last event, as in pretty_midi. Events
    without length are dropped. `duration_s` is the end of the longest track.
    Raises MidiError if the file cannot be read, is not a MIDI file, is empty, truncated or damaged.
    """
    name, data = _read(source)
    midi = _parse(name, data)
    timed = _in_order_of_time(midi.tracks)
    clock = _Clock(midi.ticks_per_beat, timed)

    played = [item for item in timed if getattr(item[2], "channel", _DRUM_CHANNEL) != _DRUM_CHANNEL]
    last_event = max((tick for tick, _, message in timed if message.type != "end_of_track"), default=0)
    end = max((tick for tick, _, _ in timed), default=0)
    notes = [
        Note(clock.seconds(onset), clock.seconds(offset), key, velocity)
        for onset, offset, key, velocity in _note_spans(played, end)
        if clock.seconds(onset) < clock.seconds(offset)
    ]
    pedals = [
        Pedal(clock.seconds(onset), clock.seconds(offset), kind)
        for kind in CONTROLLERS
        for onset, offset in _pedal_spans(played, kind, last_event)
        if clock.seconds(onset) < clock.seconds(offset)
    ]
    return Performance(tuple(notes), tuple(pedals), clock.seconds(end))


def _read(source: str | os.PathLike[str] | IO[bytes]) -> tuple[str, bytes]:
    """(the name for messages, the content) of a path or an open file."""
    if not isinstance(source, str | os.PathLike):
        return Path(str(getattr(source, "name", "MIDI data"))).name, source.read()
    path = Path(source)
    try:
        return path.name, path.read_bytes()
    except FileNotFoundError as error:
        raise MidiError(f"{path.name}: there is no such file in {path.parent}. Check the path.") from error
    except IsADirectoryError as error:
        raise MidiError(f"{path.name or path}: is a folder. Pass a MIDI file.") from error
    except OSError as error:
        raise MidiError(f"{path.name}: cannot be read ({error.strerror}). Check its permissions.") from error


def _parse(name: str, data: bytes) -> "mido.MidiFile":
    import mido

    if not data:
        raise MidiError(f"{name}: is empty (0 bytes). Export or copy it again.")
    if not data.startswith(b"MThd"):
        raise MidiError(f"{name}: does not begin as MIDI files do. Pass a standard MIDI file (.mid).")
    try:
        midi = mido.MidiFile(file=io.BytesIO(data))
    except EOFError as error:
        raise MidiError(
            f"{name}: ends in the middle of a track, after {len(data)} bytes. "
            "The file looks truncated; export or copy it again."
        ) from error
    except Exception as error:  # mido raises many kinds: OSError, KeyError, struct.error, …
        raise MidiError(f"{name}: is damaged ({error}). Export or copy it again.") from error
    if not midi.tracks:
        raise MidiError(f"{name}: contains no tracks. Export or copy it again.")
    if midi.type not in (0, 1):
        raise MidiError(
            f"{name}: has MIDI format {midi.type}, a set of unrelated songs. Export it as format 0 or 1."
        )
    if midi.ticks_per_beat <= 0:
        raise MidiError(f"{name}: counts time in SMPTE frames. Export it with ticks per quarter note.")
    return midi


def _in_order_of_time(tracks: Iterable[Iterable[Any]]) -> list[_Timed]:
    """The messages of all tracks in order of time; on the same tick, in order of their tracks."""
    timed = []
    for index, track in enumerate(tracks):
        tick = 0
        for message in track:
            tick += message.time
            timed.append((tick, index, message))
    return sorted(timed, key=lambda item: item[0])


class _Clock:
    """Converts ticks to seconds with a tempo map, in whole microseconds · ticks, so that errors do not add up."""

    def __init__(self, ticks_per_quarter: int, timed: Iterable[_Timed]) -> None:
        self._units_per_second = 1_000_000 * ticks_per_quarter
        self._starts, self._elapsed, self._tempi = [0], [0], [_TEMPO_US]
        for tick, _, message in timed:
            if message.type == "set_tempo":
                self._elapsed.append(self._units(tick))
                self._starts.append(tick)
                self._tempi.append(message.tempo)

    def seconds(self, tick: int) -> float:
        return self._units(tick) / self._units_per_second

    def _units(self, tick: int) -> int:
        i = bisect_right(self._starts, tick) - 1
        return self._elapsed[i] + (tick - self._starts[i]) * self._tempi[i]


def _note_spans(played: Iterable[_Timed], end: int) -> list[tuple[int, int, int, int]]:
    """(onset, offset, key, velocity) of every note, in ticks."""
    spans = []
    held: dict[tuple[int, int, int], list[tuple[int, int]]] = defaultdict(list)  # (onset, velocity)
    for tick, track, message in played:
        if message.type not in ("note_on", "note_off"):
            continue
        string = (track, message.channel, message.note)
        if message.type == "note_on" and message.velocity > 0:
            held[string].append((tick, message.velocity))
            continue
        strikes = held.pop(string, [])
        ended = [strike for strike in strikes if strike[0] < tick]
        spans += [(onset, tick, message.note, velocity) for onset, velocity in ended]
        if ended and len(ended) < len(strikes):
            held[string] = strikes[len(ended) :]  # struck again on this very tick: still held
    for (_, _, key), strikes in held.items():
        spans += [(onset, end, key, velocity) for onset, velocity in strikes]
    return spans


def _pedal_spans(played: Iterable[_Timed], kind: PedalKind, end: int) -> list[tuple[int, int]]:
    """(onset, offset) of every time the pedal was down, in ticks."""
    spans = []
    onset = None
    for tick, _, message in played:
        if message.type != "control_change" or message.control != CONTROLLERS[kind]:
            continue
        if message.value >= _DOWN and onset is None:
            onset = tick
        elif message.value < _DOWN and onset is not None:
            spans.append((onset, tick))
            onset = None
    return spans if onset is None else [*spans, (onset, end)]
