"""MIDI files of other makers, and files that are none."""

import io
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mido import Message, MetaMessage

from pianotrans.errors import MidiError
from pianotrans.events import Note, Pedal, Performance, load_midi, midi_bytes

from .strategies import quick

END = MetaMessage("end_of_track")


def load(*tracks, ticks_per_beat=500, kind=1):
    """Tracks of (seconds, message), at 1000 ticks a second unless the tempo changes, written by mido."""
    midi = mido.MidiFile(type=kind, ticks_per_beat=ticks_per_beat)
    for events in tracks:
        track, now = mido.MidiTrack(), 0
        for seconds, message in events:
            tick = round(seconds * 1000)
            track.append(message.copy(time=tick - now))
            now = tick
        midi.tracks.append(track)
    file = io.BytesIO()
    midi.save(file=file)
    return load_midi(io.BytesIO(file.getvalue()))


def on(key, velocity=64, channel=0):
    return Message("note_on", note=key, velocity=velocity, channel=channel)


def off(key, channel=0):
    return Message("note_off", note=key, channel=channel)


def cc(value, number=64, channel=0):
    return Message("control_change", control=number, value=value, channel=channel)


def spans(events):
    return [(event.onset_s, event.offset_s) for event in events]


def test_all_tracks_and_channels_but_the_drums_are_the_piano():
    left = [
        (0, on(40)),
        (1, off(40)),
        (1, on(36, channel=9)),
        (2, off(36, channel=9)),
        (2, cc(127, channel=9)),
    ]
    right = [(0.5, on(70, channel=3)), (2, off(70, channel=3))]
    pedal = [(0, cc(127)), (3, cc(0))]  # a track of its own, where pretty_midi loses it
    assert load([(0, END)], left, right, pedal) == Performance(
        (Note(0, 1, 40, 64), Note(0.5, 2, 70, 64)), (Pedal(0, 3, "sustain"),), 3
    )


def test_one_track_of_format_0():
    assert load([(0, on(60)), (1, off(60))], kind=0).notes == (Note(0, 1, 60, 64),)


def test_changes_of_tempo_count_from_any_track():
    slow, fast = MetaMessage("set_tempo", tempo=1_000_000), MetaMessage("set_tempo", tempo=250_000)
    notes = [(0, on(60)), (1, off(60)), (2, on(60)), (4, off(60)), (5, END)]
    assert spans(load([(2, fast), (2, END)], [(0, slow), (0, END)], notes).notes) == [(0, 2), (4, 5)]
    assert load([(2, fast), (2, END)], [(0, slow), (0, END)], notes).duration_s == 5.5


def test_a_tempo_of_zero_would_leave_notes_without_length_and_is_left_out():
    assert spans(load([(0, MetaMessage("set_tempo", tempo=0)), (0, on(60)), (1, off(60))]).notes) == [(0, 1)]


def test_times_are_exact_after_many_changes_of_tempo():
    changes = [(i / 1000, MetaMessage("set_tempo", tempo=333_333)) for i in range(3000)]
    performance = load([*changes, (3.0, on(60)), (6.0, off(60))], ticks_per_beat=7)
    assert spans(performance.notes) == [(3000 * 333_333 / 7e6, 6000 * 333_333 / 7e6)]


def test_a_strike_without_velocity_is_a_release():
    assert spans(load([(0, on(60)), (1, on(60, 0)), (2, on(60)), (3, on(60, 0))]).notes) == [(0, 1), (2, 3)]


def test_running_status():
    track = bytes([0, 0x90, 60, 64, 96, 60, 0, 0, 62, 64, 96, 62, 0, 0, 0xFF, 0x2F, 0])
    data = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(track).to_bytes(4, "big") + track
    assert load_midi(io.BytesIO(data)).notes == (Note(0, 0.5, 60, 64), Note(0.5, 1, 62, 64))


def test_a_note_never_released_ends_with_the_file():
    assert load([(0, on(60)), (1, on(61)), (2, off(61)), (3, END)]) == Performance(
        (Note(0, 3, 60, 64), Note(1, 2, 61, 64)), (), 3
    )


def test_a_release_ends_all_strikes_before_it():
    assert spans(load([(0, on(60)), (1, on(60)), (2, off(60)), (3, off(60))]).notes) == [(0, 2), (1, 2)]


def test_a_release_on_the_tick_of_a_new_strike_belongs_to_the_note_before():
    assert spans(load([(0, on(60)), (1, on(60)), (1, off(60)), (2, off(60))]).notes) == [(0, 1), (1, 2)]
    assert spans(load([(0, on(60)), (1, off(60)), (1, on(60)), (2, off(60))]).notes) == [(0, 1), (1, 2)]


def test_what_has_no_length_is_dropped():
    performance = load([(1, on(60)), (1, off(60)), (1, cc(127)), (1, cc(0)), (2, off(60)), (3, END)])
    assert performance == Performance((), (), 3)


def test_a_pedal_is_down_from_64_on():
    values = [
        (0, cc(63)),
        (1, cc(64)),
        (2, cc(100)),
        (3, cc(70)),
        (4, cc(63)),
        (5, cc(0)),
        (6, cc(127, 67)),
        (7, cc(1, 67)),
        (8, cc(64, 66)),
        (9, cc(63, 66)),
    ]
    assert load(values).pedals == (Pedal(1, 4, "sustain"), Pedal(6, 7, "soft"), Pedal(8, 9, "sostenuto"))


def test_touching_pedals_stay_two():
    assert spans(load([(0, cc(127)), (1, cc(0)), (1, cc(127)), (2, cc(0))]).pedals) == [(0, 1), (1, 2)]


def test_a_pedal_still_down_goes_up_with_the_last_event():
    performance = load([(0, cc(127)), (1, on(60)), (2, off(60)), (3, END)])
    assert spans(performance.pedals) == [(0, 2)]
    assert performance.duration_s == 3


def test_keys_0_and_127_exist():
    assert [n.key for n in load([(0, on(0)), (0, on(127)), (1, off(0)), (1, off(127))]).notes] == [0, 127]


def test_other_events_are_passed_over():
    others = [MetaMessage("lyrics", text="là"), Message("sysex", data=(1, 2)), Message("pitchwheel", pitch=5)]
    assert load([(0, on(60)), *((0.5, other) for other in others), (1, off(60))]).n_notes == 1


def test_a_path_may_be_a_string_and_a_file_may_be_open(tmp_path):
    path = tmp_path / "a.mid"
    path.write_bytes(midi_bytes(Performance((Note(0, 1, 60, 64),), (), 1)))
    with path.open("rb") as file:
        assert load_midi(str(path)) == load_midi(path) == load_midi(file)


WHOLE = midi_bytes(Performance((Note(0, 1, 60, 64), Note(1, 2, 62, 64)), (Pedal(0, 2, "sustain"),), 2))
HEADER = b"MThd\0\0\0\6"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"song.mid: is empty \(0 bytes\). Export or copy it again."),
        (
            b"These are the notes: C D E",
            "song.mid: does not begin as MIDI files do. Pass a standard MIDI file",
        ),
        (WHOLE[:10], r"song.mid: ends in the middle of its header, after 10 bytes"),
        (WHOLE.replace(b"MTrk", b"MTrx"), "song.mid: contains no tracks"),
        (WHOLE[:60], "song.mid: track 2 is cut off at 0.0 s, before any note"),
        (HEADER + b"\0\1\0\0\1\0", "song.mid: contains no tracks"),
        (HEADER + b"\0\2" + WHOLE[10:] + WHOLE[WHOLE.rindex(b"MTrk") :], "song.mid: has MIDI format 2"),
        (WHOLE[:12] + b"\0\0" + WHOLE[14:], "song.mid: .* 0 ticks to a quarter note"),
        (WHOLE[:12] + b"\xe7\0" + WHOLE[14:], "song.mid: .* 0 ticks to a frame"),
        (b"SMF2CLIP\0\0\0\0", "song.mid: is a MIDI 2.0 clip file"),
        (b"RIFF\0\0\0\0WAVEfmt ", "song.mid: does not begin as MIDI files do"),
        (b"RIFF\0\0\0\0RMIDdata\0\0\0\0", "song.mid: .* without MIDI"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, data, message):
    path = tmp_path / "song.mid"
    path.write_bytes(data)
    with pytest.raises(MidiError, match=message) as caught:
        load_midi(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(MidiError, match=r"song.mid: there is no such file in .* Check the path."):
        load_midi(tmp_path / "song.mid")


def test_a_folder(tmp_path):
    with pytest.raises(MidiError, match=r"is a folder. Pass a MIDI file."):
        load_midi(tmp_path)


def test_a_file_that_may_not_be_read():
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path: its parents are closed to others
        Path(folder).chmod(0o755)
        path = Path(folder) / "song.mid"
        path.write_bytes(WHOLE)
        path.chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(MidiError, match=r"song.mid: cannot be read \(Permission denied\)"):
                load_midi(path)
        finally:
            os.seteuid(user)


@quick
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4), st.integers(0, 9))
def test_damage_is_either_harmless_or_a_midi_error(changes, n_cut):
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    with suppress(MidiError):
        assert load_midi(io.BytesIO(bytes(data[: len(data) - n_cut]))).duration_s >= 0
