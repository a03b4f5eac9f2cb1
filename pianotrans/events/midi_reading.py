"""Performances from standard MIDI files of any maker."""

import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import IO

from pianotrans.errors import MidiError
from pianotrans.events.pedal_curves import PedalCurve
from pianotrans.events.performance import Note, Pedal, Performance
from pianotrans.events.smf import CONTROL_CHANGE, NOTE_ON, Clock, StandardMidiFile, parse_smf
from pianotrans.piano import CONTROLLERS, SUSTAIN, PedalKind

_LARGEST_BYTES = 16 * 2**20  # ten hours of piano, with every move of the pedals
_DRUM_CHANNEL = 9
_DOWN = 64  # the controller value from which a pedal counts as down
_RESET_CONTROLLERS = 121
_SILENCES = (120, *range(123, 128))  # all sound off; all notes off, and the changes of mode that imply it

_Played = tuple[int, int, int, int, int]
"""A message: (absolute tick, index of its track, status byte, key or controller, velocity or value)."""


def load_midi(
    source: str | os.PathLike[str] | IO[bytes], *, say: Callable[[str], None] = lambda _: None
) -> Performance:
    """Read a MIDI file, from a path or a file opened in binary mode; also one within a RIFF file (.rmi).

    All tracks and channels except drums are merged into one piano, with one tempo map. A note-off ends all sounding
    notes of its key on its track and channel; "all sound off" and "all notes off" (controllers 120 and 123 to 127)
    end those of their channel that began before. Notes that are never released end with the file. A pedal counts
    as down from value 64 on; "reset all controllers" (121) lifts those of its channel, and a pedal that is still
    down at the end goes up with the last event, as in pretty_midi. Events without length are dropped. `duration_s`
    is the end of the longest track.

    A fault refuses no file as long as notes, pedals and time are clear. `say` gets one line about a file in which
    something was wrong, with what was made of it.
    Raises MidiError if the file cannot be read, is not a MIDI file, is empty, too large, or so damaged that not a
    single note can be read. O(n log n) for n bytes.
    """
    name, data = _read(source)
    try:
        file = parse_smf(data)
        clock = Clock.of(file.division, _tempi(file))
        performance = _perform(file, clock)
        losses = _losses(file, clock)
        if losses and not performance.notes:
            raise MidiError(f"{losses[0]}, before any note. Export or copy it again.")
    except MidiError as error:
        raise MidiError(f"{name}: {error}") from error
    remarks = (*file.remarks, *(f"{loss} and read up to there" for loss in losses))
    if remarks:
        say(f"{name}: {'; '.join(remarks)}.")
    return performance


def load_pedal_curve(source: str | os.PathLike[str] | IO[bytes], kind: PedalKind = SUSTAIN) -> PedalCurve:
    """How far down a pedal is over time in a MIDI file, with every value of its controller.

    `load_midi` says when the same pedal is down, that is, when this curve is at 64 or more. Of several channels the
    highest value counts, but a value below 64 sets all of them, whatever its channel.
    Raises MidiError if the file cannot be read or is not a MIDI file. O(n log n) for n bytes.
    """
    name, data = _read(source)
    try:
        file = parse_smf(data)
        clock = Clock.of(file.division, _tempi(file))
    except MidiError as error:
        raise MidiError(f"{name}: {error}") from error
    end = max(track.last_event for track in file.tracks)
    moves = [*_pedal_moves(_played(file), kind), (end, 0)]
    return PedalCurve.of_moves((clock.seconds(tick), value) for tick, value in moves)


def _read(source: str | os.PathLike[str] | IO[bytes]) -> tuple[str, bytes]:
    """(the name for messages, the content) of a path or an open file."""
    if not isinstance(source, str | os.PathLike):
        name = Path(str(getattr(source, "name", "MIDI data"))).name
        return name, _read_all(name, source)
    path = Path(source)
    try:
        with path.open("rb") as file:
            return path.name, _read_all(path.name, file)
    except FileNotFoundError as error:
        raise MidiError(f"{path.name}: there is no such file in {path.parent}. Check the path.") from error
    except IsADirectoryError as error:
        raise MidiError(f"{path.name or path}: is a folder. Pass a MIDI file.") from error
    except OSError as error:
        raise MidiError(f"{path.name}: cannot be read ({error.strerror}). Check its permissions.") from error


def _read_all(name: str, file: IO[bytes]) -> bytes:
    data = file.read(_LARGEST_BYTES + 1)
    if not data:
        raise MidiError(f"{name}: is empty (0 bytes). Export or copy it again.")
    if len(data) > _LARGEST_BYTES:
        raise MidiError(f"{name}: is larger than {_LARGEST_BYTES >> 20} MB. Pass the MIDI file of one piece.")
    return data


def _tempi(file: StandardMidiFile) -> list[tuple[int, int]]:
    """(tick, microseconds per quarter) of all tracks, in order; on the same tick, in order of their tracks."""
    return sorted((tempo for track in file.tracks for tempo in track.tempi), key=itemgetter(0))


def _played(file: StandardMidiFile) -> list[_Played]:
    """The messages of all tracks, in order, without those to drums."""
    return sorted(
        (
            (tick, index, status, number, value)
            for index, track in enumerate(file.tracks)
            for tick, status, number, value in track.messages
            if status & 0x0F != _DRUM_CHANNEL
        ),
        key=itemgetter(0),
    )


def _perform(file: StandardMidiFile, clock: Clock) -> Performance:
    played = _played(file)
    last_event = max(track.last_event for track in file.tracks)
    end = max(track.end for track in file.tracks)
    notes = [
        Note(onset_s, offset_s, key, velocity)
        for onset, offset, key, velocity in _note_spans(played, end)
        if (onset_s := clock.seconds(onset)) < (offset_s := clock.seconds(offset))
    ]
    pedals = [
        Pedal(onset_s, offset_s, kind)
        for kind in CONTROLLERS
        for onset, offset in _pedal_spans(played, kind, last_event)
        if (onset_s := clock.seconds(onset)) < (offset_s := clock.seconds(offset))
    ]
    return Performance(tuple(notes), tuple(pedals), clock.seconds(end))


def _losses(file: StandardMidiFile, clock: Clock) -> list[str]:
    """The tracks that could not be read to their ends."""
    return [
        f"track {number} {track.fault} at {clock.seconds(track.end):.1f} s"
        for number, track in enumerate(file.tracks, 1)
        if track.fault is not None
    ]


def _note_spans(played: Iterable[_Played], end: int) -> list[tuple[int, int, int, int]]:
    """(onset, offset, key, velocity) of every note, in ticks."""
    spans = []
    silences: dict[int, list[int]] = defaultdict(list)  # by channel: ticks at which all its notes end
    held: dict[tuple[int, int, int], list[tuple[int, int]]] = defaultdict(list)  # (onset, velocity)
    for tick, track, status, number, value in played:
        kind, channel = status & 0xF0, status & 0x0F
        if kind == CONTROL_CHANGE:
            if number in _SILENCES:
                silences[channel].append(tick)
            continue
        string = (track, channel, number)
        if kind == NOTE_ON and value > 0:
            held[string].append((tick, value))
            continue
        strikes = held.pop(string, [])
        ended = [strike for strike in strikes if strike[0] < tick]
        spans += [(onset, tick, channel, number, velocity) for onset, velocity in ended]
        if ended and len(ended) < len(strikes):
            held[string] = strikes[len(ended) :]  # struck again on this very tick: still held
    for (_, channel, key), strikes in held.items():
        spans += [(onset, end, channel, key, velocity) for onset, velocity in strikes]
    return [
        (onset, min(offset, _first_behind(onset, silences[channel], offset)), key, velocity)
        for onset, offset, channel, key, velocity in spans
    ]


def _first_behind(tick: int, ticks: Sequence[int], default: int) -> int:
    """The first of some ticks, in order, that comes after the given one."""
    i = bisect_right(ticks, tick)
    return ticks[i] if i < len(ticks) else default


def _pedal_spans(played: Iterable[_Played], kind: PedalKind, end: int) -> list[tuple[int, int]]:
    """(onset, offset) of every time the pedal was down, in ticks.

    A low value lifts it whatever the channel, a reset only where no other channel has pressed it.
    """
    spans = []
    onset = 0
    pressing: set[int] = set()  # channels
    for tick, _, status, number, value in played:
        if status & 0xF0 != CONTROL_CHANGE or number not in (CONTROLLERS[kind], _RESET_CONTROLLERS):
            continue
        channel = status & 0x0F
        if number != _RESET_CONTROLLERS and value >= _DOWN:
            onset = onset if pressing else tick
            pressing.add(channel)
        elif pressing:
            pressing = pressing - {channel} if number == _RESET_CONTROLLERS else set()
            if not pressing:
                spans.append((onset, tick))
    return [*spans, (onset, end)] if pressing else spans


def _pedal_moves(played: Iterable[_Played], kind: PedalKind) -> list[tuple[int, int]]:
    """(tick, new value) of every move of the pedal, by the same rules as `_pedal_spans`."""
    moves = []
    values: dict[int, int] = {}  # by channel
    for tick, _, status, number, value in played:
        if status & 0xF0 != CONTROL_CHANGE or number not in (CONTROLLERS[kind], _RESET_CONTROLLERS):
            continue
        channel = status & 0x0F
        if number == _RESET_CONTROLLERS:
            values.pop(channel, None)
        elif value < _DOWN:
            values = {channel: value}
        else:
            values[channel] = value
        moves.append((tick, max(values.values(), default=0)))
    return moves
