"""One track of a standard MIDI file: bytes to messages and tempi, at absolute ticks.

An event is a delta time, a status byte unless it is that of the message before (running status), and its data.
Events that concern neither notes nor pedals nor time are passed over unseen, whatever they hold.
"""

from dataclasses import dataclass, field

NOTE_OFF, NOTE_ON, CONTROL_CHANGE = 0x80, 0x90, 0xB0

_KEPT = (NOTE_OFF, NOTE_ON, CONTROL_CHANGE)
_ONE_DATA_BYTE = (0xC0, 0xD0)  # program change, channel pressure
_SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # the other system messages have none
_SYSEX, _SYSEX_CONTINUED, _META = 0xF0, 0xF7, 0xFF
_END_OF_TRACK, _SET_TEMPO = 0x2F, 0x51
_LONGEST_NUMBER = 4  # bytes of a delta time or length
_LARGEST_TEMPO = 0xFFFFFF


class _UnreadableError(Exception):
    """No event begins here."""


@dataclass(slots=True)
class MidiTrack:
    """What a track says about notes, pedals and time.

    `messages` are note-offs, note-ons and control changes: (tick, status byte, number of the key or controller,
    velocity or value). `tempi` are (tick, microseconds per quarter). `last_event` is the tick of the last event
    other than the end of the track, which is at the tick `end`. `stop` is the position in the file up to which
    events were read, `is_ended` whether an end of track was among them. `fault` says what kept from reading the
    rest, `repairs` which events were not taken as they stand.
    """

    messages: list[tuple[int, int, int, int]] = field(default_factory=list)
    tempi: list[tuple[int, int]] = field(default_factory=list)
    last_event: int = 0
    end: int = 0
    stop: int = 0
    is_ended: bool = False
    fault: str | None = None
    repairs: set[str] = field(default_factory=set)

    def extend(self, rest: "MidiTrack") -> None:
        """Append what `read_track` read from where this track stopped."""
        self.messages += rest.messages
        self.tempi += rest.tempi
        self.last_event, self.end, self.stop = rest.last_event, rest.end, rest.stop
        self.repairs |= rest.repairs


def read_track(data: bytes, start: int, stop: int, *, tick: int = 0, ends: bool = True) -> MidiTrack:
    """Read the events in `data[start:stop]`, up to the first end of track if it `ends` the track.

    The first delta time counts from `tick`. O(n) for n bytes read.
    """
    track = MidiTrack(last_event=tick, end=tick, stop=start)
    try:
        _read_events(data, track, stop, ends=ends)
    except IndexError:
        track.fault = "is cut off"
    except _UnreadableError:
        track.fault = "is damaged"
    return track


def _read_events(data: bytes, track: MidiTrack, stop: int, *, ends: bool) -> None:
    """Raises IndexError for an event that goes beyond `stop`; the track then holds what comes before."""
    at, running = track.stop, 0
    while at < stop and not (ends and track.is_ended):
        delta, at = _read_number(data, at)
        tick = track.end + delta
        status = data[at]
        if status >= 0x80:
            at += 1
        elif running:
            status = running
        else:
            raise _UnreadableError

        is_end = False
        if status < _SYSEX:
            running = status  # which goes on behind meta and system events, whatever the specification says
            at = _read_channel_message(data, at, stop, tick, status, track)
        elif status == _META:
            kind = data[at]
            begin, at = _read_block(data, at + 1, stop)
            is_end = kind == _END_OF_TRACK
            if kind == _SET_TEMPO:
                _add_tempo(track, tick, data[begin:at])
        elif status in (_SYSEX, _SYSEX_CONTINUED):
            _, at = _read_block(data, at, stop)
        else:
            at += _SYSTEM_DATA_BYTES.get(status, 0)
            if at > stop:
                raise IndexError

        track.end, track.stop = tick, at
        if is_end:
            track.is_ended = True
        else:
            track.last_event = tick


def _read_channel_message(data: bytes, at: int, stop: int, tick: int, status: int, track: MidiTrack) -> int:
    """Keep a message that concerns notes or pedals; the position behind it."""
    kind = status & 0xF0
    end = at + (1 if kind in _ONE_DATA_BYTE else 2)
    if end > stop:
        raise IndexError
    if kind in _KEPT:
        number, value = data[at], data[at + 1]
        if number > 127:
            track.repairs.add("messages for keys or controllers above 127 are left out")
        elif value > 127:
            track.messages.append((tick, status, number, 127))
            track.repairs.add("velocities or controller values above 127 are read as 127")
        else:
            track.messages.append((tick, status, number, value))
    return end


def _add_tempo(track: MidiTrack, tick: int, content: bytes) -> None:
    """A tempo has three bytes. Of more the first three count, unless all are a number that three can hold."""
    tempo = int.from_bytes(content, "big")
    if tempo > _LARGEST_TEMPO:
        tempo = int.from_bytes(content[:3], "big")
    if len(content) < 3 or tempo == 0:
        track.repairs.add("tempo changes without a tempo are left out")
        return
    if len(content) > 3:
        track.repairs.add("tempo changes of more than three bytes are taken for what they seem to be")
    track.tempi.append((tick, tempo))


def _read_block(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """Where the content behind a length begins and ends."""
    length, begin = _read_number(data, at)
    if begin + length > stop:
        raise IndexError
    return begin, begin + length


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length quantity, and the position behind it."""
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    number = byte & 0x7F
    for following in range(at + 1, at + _LONGEST_NUMBER):
        byte = data[following]
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, following + 1
    raise _UnreadableError
