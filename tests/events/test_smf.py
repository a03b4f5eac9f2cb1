"""Our reading of standard MIDI files against mido's, wherever mido reads them; and files made to harm."""

import io
from contextlib import suppress
from tracemalloc import get_traced_memory, start, stop

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mido import Message, MetaMessage

from pianotrans.errors import MidiError
from pianotrans.events import Note, Pedal, Performance, load_midi, midi_bytes
from pianotrans.events.smf import parse_smf

from .strategies import quick

KEPT = ("note_off", "note_on", "control_change")
SYSTEM = ("sysex", "quarter_frame", "songpos", "song_select", "tune_request", "clock", "start", "continue", "stop")

byte = st.integers(0, 127)
channel = st.integers(0, 15)
messages = st.one_of(
    st.builds(
        lambda kind, c, n, v: Message(kind, channel=c, note=n, velocity=v),
        st.sampled_from(KEPT[:2]),
        channel,
        byte,
        byte,
    ),
    st.builds(lambda c, n, v: Message("control_change", channel=c, control=n, value=v), channel, byte, byte),
    st.builds(lambda c, n: Message("program_change", channel=c, program=n), channel, byte),
    st.builds(lambda c, n: Message("aftertouch", channel=c, value=n), channel, byte),
    st.builds(lambda c, n: Message("pitchwheel", channel=c, pitch=n), channel, st.integers(-8192, 8191)),
    st.builds(lambda c, n, v: Message("polytouch", channel=c, note=n, value=v), channel, byte, byte),
    st.builds(lambda data: Message("sysex", data=data), st.lists(byte, max_size=200)),
    st.builds(lambda n: Message("songpos", pos=n), st.integers(0, 16_383)),
    st.builds(lambda n: Message("song_select", song=n), byte),
    st.builds(lambda n: MetaMessage("set_tempo", tempo=n), st.integers(1, 2**24 - 1)),
    st.builds(
        lambda text: MetaMessage("lyrics", text=text), st.text(st.characters(max_codepoint=255), max_size=200)
    ),
    st.sampled_from([MetaMessage("key_signature", key="Ab"), MetaMessage("time_signature", numerator=3)]),
    st.builds(lambda data: MetaMessage("sequencer_specific", data=data), st.lists(st.integers(0, 255), max_size=9)),
)
delta = st.one_of(st.integers(0, 3), st.sampled_from([127, 128, 16_383, 16_384, 2**21, 2**28 - 1]))
tracks = st.lists(st.tuples(delta, messages), max_size=10)


def written(tracks, kind, division):
    midi = mido.MidiFile(type=kind, ticks_per_beat=division)
    for events in tracks:
        midi.tracks.append(mido.MidiTrack(message.copy(time=time) for time, message in events))
    file = io.BytesIO()
    midi.save(file=file)
    return file.getvalue()


def by_mido(data):
    """(division, tracks): of each its messages, its tempi, the ticks of its last event and of its end."""
    midi = mido.MidiFile(file=io.BytesIO(data))
    result = []
    for track in midi.tracks:
        tick = last = 0
        kept, tempi = [], []
        for message in track:
            tick += message.time
            last = last if message.type == "end_of_track" else tick
            if message.type in KEPT:
                kept.append((tick, *message.bytes()))
            elif message.type == "set_tempo":
                tempi.append((tick, message.tempo))
        result.append((kept, tempi, last, tick))
    return midi.ticks_per_beat, result


def by_us(data):
    file = parse_smf(data)
    assert file.remarks == ()
    return file.division, [(track.messages, track.tempi, track.last_event, track.end) for track in file.tracks]


@quick
@given(st.lists(tracks, min_size=1, max_size=3), st.sampled_from([1, 96, 960, 0x7FFF]))
def test_what_mido_writes_is_read_as_by_mido(tracks, division):
    data = written(tracks, min(1, len(tracks) - 1), division)
    assert by_us(data) == by_mido(data)


WHOLE = midi_bytes(
    Performance(
        (Note(0, 1, 60, 64), Note(1, 2, 62, 64), Note(1, 2, 65, 64)),
        (Pedal(0, 2, "sustain"), Pedal(1, 2, "soft")),
        2,
    )
)


@quick
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_as_by_mido_unless_one_of_us_finds_a_fault(place, value):
    data = WHOLE[:place] + bytes([value]) + WHOLE[place + 1 :]
    try:
        theirs = mido.MidiFile(file=io.BytesIO(data))
    except Exception:  # mido raises many kinds
        return
    file = parse_smf(data)
    odd = {message.type for track in theirs.tracks for message in track} & set(
        SYSTEM
    )  # they end mido's running status
    if not (file.remarks or odd or any(track.fault for track in file.tracks)):
        assert by_us(data) == (by_mido(data)[0] % 2**16, by_mido(data)[1])


@quick
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(WHOLE))
)
def test_damage_is_either_harmless_or_a_midi_error(changes, n_cut):
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    with suppress(MidiError):
        lines = []
        assert load_midi(io.BytesIO(bytes(data[: len(data) - n_cut])), say=lines.append).duration_s >= 0
        assert len(lines) <= 1


@quick
@given(
    st.binary(max_size=60), st.sampled_from([b"", WHOLE[:14], WHOLE[:14] + b"MTrk\0\0\0\x30", b"RIFF\0\0\0\0RMID"])
)
def test_any_bytes_are_either_read_or_a_midi_error(data, front):
    with suppress(MidiError):
        load_midi(io.BytesIO(front + data))


def song(*tracks, division=480):
    chunks = b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return b"MThd\0\0\0\6\0\1" + len(tracks).to_bytes(2, "big") + division.to_bytes(2, "big") + chunks


NOTE = b"\0\x90\x3c\x40\x83\x60\x3c\0"
N = 10_000
HARMFUL = {
    "tempo changes": song(b"\1\xff\x51\3\1\2\3" * N + NOTE),
    "long delta times": song(b"\xff\xff\xff\x7f\x90\x3c\x40" * N + NOTE),
    "slowest tempo": song(b"\0\xff\x51\3\xff\xff\xff" + b"\xff\xff\xff\x7f\x90\x3c\x40" * N, division=1),
    "strikes of one key": song(b"\0\x90\x3c\x40" + b"\0\x3c\x40" * N + b"\1\x3c\0" * N),
    "all notes off": song(b"\0\x90\x3c\x40" + b"\0\x3c\x40" * N + b"\1\xb0\x7b\0" + b"\0\x7b\0" * N),
    "resets": song(b"\0\xb0\x40\x7f\0\x79\0" * N + NOTE),
    "empty tracks": song(NOTE) + b"MTrk\0\0\0\0" * N,
    "tracks whose lengths are too large": song(NOTE) + b"MTrk\xff\xff\xff\xff\0\xff\x2f\0" * N,
    "tracks whose lengths reach to the end": song(NOTE)
    + b"".join(b"MTrk" + (12 * (N - i) - 8).to_bytes(4, "big") + b"\0\xff\x2f\0" for i in range(N)),
    "tracks whose lengths are too small": song(NOTE) + b"MTrk\0\0\0\1\0\xff\x2f\0" * N,
    "ends of track": song(NOTE + b"\0\xff\x2f\0" * N),
    "chunks without content": song(NOTE) + b"abcd\0\0\0\0" * N,
    "names of chunks": song(NOTE) + b"abcd" * N,
    "a length of 4 GB": song(NOTE)[:18] + b"\xff\xff\xff\xff" + NOTE,
    "a text of 256 MB": song(b"\0\xff\1\xff\xff\xff\x7f" + NOTE, NOTE),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_files_made_to_harm_take_time_and_memory_by_their_size(name):
    """A square of their size would be 10^8 steps, which no test bears."""
    data = HARMFUL[name]
    start()
    try:
        assert load_midi(io.BytesIO(data)).n_notes >= 1
        assert get_traced_memory()[1] < 2_000 * len(data) + 1_000_000
    finally:
        stop()


def test_a_file_is_read_no_further_than_a_piece_of_music_goes():
    class Endless(io.RawIOBase):
        n_read = 0

        def read(self, size=-1):
            assert 0 <= size <= 100 * 2**20
            self.n_read += size
            return bytes(size)

    with pytest.raises(MidiError, match="larger than 16 MB"):
        load_midi(Endless())
