"""The tracks of a MIDI file that is written, as mido's objects."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from pianotrans.events.conductor import Conductor
from pianotrans.events.ticks import Ticks

if TYPE_CHECKING:
    import mido


def conductor_track(conductor: Conductor, end: int, text: str) -> "mido.MidiTrack":
    """A text, then tempo, bars and keys up to a tick, but not beyond: a file lasts as long as its longest track."""
    return _track(_text(text), _conducting(conductor, end))


def piano_track(ticks: Ticks, name: str, channel: int) -> "mido.MidiTrack":
    """Notes and pedals on a channel, which counts from 0."""
    return _track(_piano_head(name, channel), _playing(ticks, channel), ticks.end)


def one_track(conductor: Conductor, ticks: Ticks, name: str, text: str) -> "mido.MidiTrack":
    """All of a file of format 0, on the first channel."""
    events = [*_conducting(conductor, ticks.end), *_playing(ticks, 0)]
    events.sort(key=lambda event: event[0])
    return _track([*_text(text), *_piano_head(name, 0)], events, ticks.end)


def _text(text: str) -> list[Any]:
    from mido import MetaMessage

    return [MetaMessage("text", text=text)]


def _piano_head(name: str, channel: int) -> list[Any]:
    from mido import Message, MetaMessage

    return [MetaMessage("track_name", name=name), Message("program_change", program=0, channel=channel)]


def _conducting(conductor: Conductor, end: int) -> list[tuple[int, Any]]:
    """(tick, message) in order."""
    from mido import MetaMessage

    events = [(tick, MetaMessage("set_tempo", tempo=tempo_us)) for tick, tempo_us in conductor.tempi]
    events += [
        (tick, MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for tick, numerator, denominator in conductor.time_signatures
    ]
    events += [
        (tick, MetaMessage("key_signature", key=_key_name(fifths, mode)))
        for tick, fifths, mode in conductor.key_signatures
    ]
    events = [(tick, message) for tick, message in events if tick == 0 or tick < end]
    return sorted(events, key=lambda event: event[0])


def _key_name(fifths: int, mode: str | None) -> str:
    """The name that mido has for a key; one whose mode is unknown is written as major, as MIDI knows no third."""
    place = fifths + (4 if mode == "minor" else 1)  # from F, in fifths
    return "FCGDAEB"[place % 7] + ("b", "", "#")[place // 7 + 1] + ("m" if mode == "minor" else "")


def _track(head: list[Any], events: Iterable[tuple[int, Any]], end: int | None = None) -> "mido.MidiTrack":
    """A track of messages at absolute ticks, in order; it ends at the last of them unless `end` is given."""
    from mido import MetaMessage, MidiTrack

    track, now = MidiTrack(head), 0
    for tick, message in events:
        message.time = tick - now
        track.append(message)
        now = tick
    track.append(MetaMessage("end_of_track", time=0 if end is None else end - now))
    return track


def _playing(ticks: Ticks, channel: int) -> list[tuple[int, Any]]:
    """(tick, message) in order; within a tick, ends come before beginnings.

    So a pedal that goes down on the very tick where a key is released does not sustain that note, neither in a
    synthesiser nor in `extend_by_pedal`.
    """
    from mido import Message

    note_on = partial(Message, "note_on", channel=channel)
    control = partial(Message, "control_change", channel=channel)
    events = []
    for onset, offset, key, velocity in ticks.notes:
        events.append((offset, 0, key, note_on(note=key, velocity=0)))
        events.append((onset, 3, key, note_on(note=key, velocity=velocity)))
    for onset, offset, controller in ticks.pedals:
        events.append((offset, 1, controller, control(control=controller, value=0)))
        events.append((onset, 2, controller, control(control=controller, value=127)))
    return [(tick, message) for tick, _, _, message in sorted(events, key=lambda event: event[:3])]
