"""MIDI files as people meet them: what was meant is read, and what was wrong is told in one line."""

import io
import os
from pathlib import Path

import pytest
from mido import MidiFile

from pianotrans.errors import MidiError
from pianotrans.events import Note, Pedal, load_midi

SHARED = Path(os.environ.get("PIANOTRANS_SHARED", Path(__file__).parents[3] / "shared"))
ODDITIES = SHARED / "field" / "midi-oddities"

END = b"\0\xff\x2f\0"
FIRST = b"\0\x90\x3c\x40\x83\x60\x80\x3c\x40"  # key 60 for 480 ticks
SECOND = b"\0\x90\x40\x40\x83\x60\x80\x40\x40"  # key 64 for 480 ticks
NOTES = FIRST + SECOND + END
TEMPO = b"\0\xff\x51\x03\x03\xd0\x90"  # 250 000 µs: everything takes half as long
PLAIN = (Note(0, 0.5, 60, 64), Note(0.5, 1, 64, 64))


def header(n_tracks=1, *, kind=1, division=b"\x01\xe0", length=6):
    return b"MThd" + length.to_bytes(4, "big") + bytes([0, kind, 0, n_tracks]) + division


def chunk(content, *, name=b"MTrk", length=None):
    return name + (len(content) if length is None else length).to_bytes(4, "big") + content


def song(content, **fields):
    return header(**fields) + chunk(content)


def told(data):
    """The performance, and all lines that are said about it."""
    lines = []
    performance = load_midi(io.BytesIO(data), say=lines.append)
    return performance, lines


def notes_of(data):
    performance, lines = told(data)
    assert len(lines) <= 1
    assert all("\n" not in line for line in lines)
    return performance.notes


@pytest.mark.shared
@pytest.mark.skipif(not ODDITIES.is_dir(), reason=f"the shared data is not at {SHARED} (PIANOTRANS_SHARED)")
@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("bad_keysig", None),
        ("bad_keysig2", None),
        ("empty_keysig", None),
        ("empty_tempo", "tempo"),
        ("ntrks_too_few", "number of tracks"),
        ("ntrks_too_many", "number of tracks"),
        ("sysex_8bit", None),
        ("sysex_split", None),
        ("timesig_bad", None),
        ("vel_over127", "127"),
    ],
)
def test_files_from_the_field(name, remark):
    path, lines = ODDITIES / f"{name}.mid", []
    notes = load_midi(path, say=lines.append).notes
    late_s = 10 / 960 if name == "sysex_split" else 0
    assert [(n.key, n.velocity) for n in notes] == [(60, 127 if name == "vel_over127" else 64), (64, 64)]
    times = [time_s for note in notes for time_s in (note.onset_s, note.offset_s)]
    assert times == pytest.approx([late_s, 0.5 + late_s, 0.5 + late_s, 1 + late_s], abs=1e-12)
    assert [remark in line for line in lines] == [True] * (remark is not None)
    assert all(line.startswith(path.name) for line in lines)


def test_a_good_file_needs_no_word():
    assert told(song(NOTES)) == (load_midi(io.BytesIO(song(NOTES))), [])


def test_all_remarks_stand_in_one_line():
    loud = NOTES.replace(b"\x3c\x40\x83", b"\x3c\xc8\x83")
    (line,) = told(song(b"\0\xff\x51\0" + loud, n_tracks=3))[1]
    assert all(word in line for word in ("tempo", "127", "number of tracks"))


META = [
    *(bytes([kind, 0]) for kind in (0x00, 0x20, 0x21, 0x54, 0x58, 0x59, 0x7F, 0x6E)),  # empty
    *(bytes([kind, 7, *range(7)]) for kind in (0x00, 0x20, 0x21, 0x54, 0x58, 0x59, 0x7F, 0x6E)),  # too long
    b"\x00\x01\x07",
    b"\x54\x05\xff\xff\xff\xff\xff",
    b"\x58\x04\x00\x09\x00\x00",
    b"\x58\x04\x04\xff\x18\x08",
    b"\x59\x02\x80\x7f",
    b"\x03\x04\xff\xfe\x80\x81",
    b"\x01\x06" + "日本".encode(),
    b"\x01\x04" + "日本".encode("shift_jis"),
    b"\xff\x02\xff\x2f",
]


@pytest.mark.parametrize("meta", META, ids=bytes.hex)
def test_meta_events_that_tell_no_tempo_may_hold_anything(meta):
    event = b"\0\xff" + meta
    assert told(song(event + FIRST + event + SECOND + event + END)) == told(song(NOTES))


@pytest.mark.parametrize(
    ("content", "tempo_us", "is_told"),
    [
        (b"\x03\x03\xd0\x90", 250_000, False),
        (b"\x04\x03\xd0\x90\x00", 250_000, True),
        (b"\x04\x00\x03\xd0\x90", 250_000, True),
        (b"\x00", 500_000, True),
        (b"\x02\x03\xd0", 500_000, True),
        (b"\x03\x00\x00\x00", 500_000, True),
    ],
)
def test_a_tempo_of_any_length(content, tempo_us, is_told):
    performance, lines = told(song(b"\0\xff\x51" + content + NOTES))
    assert performance.duration_s == 2 * tempo_us / 1e6
    assert ["tempo" in line for line in lines] == [True] * is_told


@pytest.mark.parametrize(
    "event",
    [
        b"\0\xf0\x05\x43\x90\xa0\xb0\xf7",
        b"\0\xf0\x00",
        b"\0\xf7\x00",
        b"\0\xf0\x03\x43\x12\x00\0\xf7\x03\x43\x12\xf7",
        b"\0\xf7\x02\xf3\x01",
        *(bytes([0, status]) for status in (0xF4, 0xF5, 0xF6, *range(0xF8, 0xFF))),
        b"\0\xf1\x33",
        b"\0\xf2\x33\x44",
        b"\0\xf3\x33",
    ],
    ids=bytes.hex,
)
def test_system_events_are_passed_over_also_within_running_status(event):
    running = b"\0\x90\x3c\x40\x83\x60\x3c\0" + event + b"\0\x40\x40\x83\x60" + event[1:] + b"\0\x40\0" + END
    assert notes_of(song(event + NOTES)) == notes_of(song(running)) == PLAIN


def test_delta_times_of_passed_over_events_count():
    events = b"\x0a\xff\x01\0\x0a\xf0\x01\xf7\x0a\xf7\x01\x43\x0a\xf8\x0a\xc0\x01\x0a\xe0\x01\x02"
    assert notes_of(song(events + NOTES))[0].onset_s == 60 / 960


@pytest.mark.parametrize("meta", [b"\0\xff\x01\x02hi", b"\0\xff\x06\0"])
def test_running_status_goes_on_behind_meta_events(meta):
    assert (
        notes_of(song(b"\0\x90\x3c\x40" + meta + b"\x83\x60\x3c\0" + meta + b"\0\x40\x40\x83\x60\x40\0" + END))
        == PLAIN
    )


@pytest.mark.parametrize(("value", "read"), [(0x80, 127), (0xC8, 127), (0xFF, 127), (0x7F, 127), (0x01, 1)])
def test_velocities_above_127(value, read):
    performance, lines = told(song(NOTES.replace(b"\x90\x3c\x40", bytes([0x90, 0x3C, value]))))
    assert [n.velocity for n in performance.notes] == [read, 64]
    assert len(lines) == (value > 127)


def test_controller_values_above_127_and_keys_above_127():
    pedal = b"\0\xb0\x40\xc8\x83\x60\xb0\x40\0"
    performance, lines = told(song(pedal + b"\0\xb0\xc0\x10\0\x90\xbc\x40" + NOTES))
    assert performance.pedals == (Pedal(0, 0.5, "sustain"),)
    assert [n.key for n in performance.notes] == [60, 64]
    assert len(lines) == 1


# Headers and chunks


@pytest.mark.parametrize("n_tracks", [0, 1, 2, 3, 255])
@pytest.mark.parametrize("kind", [0, 1, 3, 255])
def test_all_tracks_are_read_whatever_the_header_says(n_tracks, kind):
    performance, lines = told(header(n_tracks, kind=kind) + chunk(TEMPO + END) + chunk(NOTES))
    assert [n.offset_s for n in performance.notes] == [0.25, 0.5]
    assert len(lines) == (n_tracks != 2 or kind > 1)


def test_format_2_is_one_song_if_only_one_track_has_notes():
    assert notes_of(song(NOTES, kind=2)) == PLAIN
    assert notes_of(header(2, kind=2) + chunk(END) + chunk(NOTES)) == PLAIN
    with pytest.raises(MidiError, match="format 2"):
        load_midi(io.BytesIO(header(2, kind=2) + chunk(NOTES) + chunk(NOTES)))


@pytest.mark.parametrize("length", [0, 4, 5, 7, 100, 0xFFFFFFFF])
def test_a_header_of_the_wrong_length(length):
    assert notes_of(song(NOTES, length=length)) == PLAIN


def test_a_longer_header():
    assert notes_of(header(length=9) + b"abc" + chunk(NOTES)) == PLAIN


FOREIGN = chunk(b"MTrk is only a word here", name=b"XFIH")


@pytest.mark.parametrize("between", [FOREIGN, FOREIGN * 3, chunk(b"", name=b"abcd")])
def test_chunks_of_other_kinds_are_skipped_in_silence(between):
    data = header(2) + between + chunk(TEMPO + END) + between + chunk(NOTES) + between
    performance, lines = told(data)
    assert (performance.duration_s, lines) == (0.5, [])


@pytest.mark.parametrize(
    "junk", [b"\0", b"\0" * 128, b"junk", b"TAG" + b"x" * 125, b"MTr", bytes(range(256)), b"\xff\x2f\0"]
)
def test_junk_between_and_behind_tracks(junk):
    data = header(2) + chunk(TEMPO + END) + junk + chunk(NOTES) + junk
    performance, lines = told(data)
    assert [n.offset_s for n in performance.notes] == [0.25, 0.5]
    assert len(lines) == bool(junk.strip(b"\0")), "padding is no fault"


@pytest.mark.parametrize("front", [b"\0", b"\xef\xbb\xbf", bytes(128), b"HTTP/1.1 200 OK\r\n\r\n"])
def test_other_headers_in_front(front):
    performance, lines = told(front + song(NOTES))
    assert (performance.notes, len(lines)) == (PLAIN, 1)


@pytest.mark.parametrize("off_by", [-9, -3, -1, 1, 3, 9, 1000, 2**32 - 100, "all the rest"])
def test_a_length_that_is_wrong(off_by):
    first, second = TEMPO + b"\0\x90\x30\x40\x83\x60\x30\0" + END, NOTES
    right = told(header(2) + chunk(first) + chunk(second))[0]
    off_by = len(chunk(second)) if off_by == "all the rest" else off_by
    lengths = [(len(first) + off_by, len(second)), (len(first), len(second) + off_by)]
    lengths += [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF)]
    for one, two in lengths:
        performance, lines = told(header(2) + chunk(first, length=one) + chunk(second, length=two))
        assert performance == right
        assert ["length" in line for line in lines] == [True]


def test_a_track_without_its_end():
    assert told(header(2) + chunk(TEMPO) + chunk(FIRST + SECOND))[0].notes == told(song(TEMPO + NOTES))[0].notes
    for behind in (b"", b"junk that follows", b"\0" * 99):
        assert notes_of(song(FIRST + SECOND) + behind) == PLAIN
    assert told(song(FIRST + SECOND))[1] == []


def test_events_behind_the_end_of_track():
    performance, lines = told(song(FIRST + END + SECOND + END))
    assert (performance.notes, len(lines)) == (PLAIN, 1)


@pytest.mark.parametrize("junk", [b"\0\0\0\0", b"\xff" * 9, b"junk", b"\0\x90\x48"])
def test_junk_behind_the_end_of_track_within_its_chunk(junk):
    assert notes_of(header(2) + chunk(TEMPO + END + junk) + chunk(NOTES + junk)) == notes_of(song(TEMPO + NOTES))


def test_an_end_of_track_with_content():
    assert notes_of(song(NOTES[:-1] + b"\x02ab")) == PLAIN


@pytest.mark.parametrize("padding", [b"", b"\0"])
@pytest.mark.parametrize("size", [None, 0, 2**32 - 1])
def test_a_riff_file(tmp_path, padding, size):
    content = song(NOTES)
    stated = len(content) if size is None else size
    data = b"RMIDLIST\x04\0\0\0INFOdata" + stated.to_bytes(4, "little") + content + padding
    riff = b"RIFF" + len(data).to_bytes(4, "little") + data
    path = tmp_path / "song.rmi"
    path.write_bytes(riff)
    assert load_midi(path).notes == PLAIN
    with_sounds = riff + b"DLS \x04\0\0\0\1\2\3\4"
    performance, lines = told(with_sounds)
    assert performance.notes == PLAIN
    assert (lines == []) == (size is None)


# Time


@pytest.mark.parametrize(
    ("frames", "ticks", "per_second"),
    [(24, 80, 1920), (25, 40, 1000), (29, 100, 100 * 30_000 / 1001), (30, 80, 2400), (60, 10, 600)],
)
def test_time_in_frames(frames, ticks, per_second):
    notes = notes_of(song(TEMPO + NOTES, division=bytes([256 - frames, ticks])))
    assert [n.offset_s for n in notes] == pytest.approx([480 / per_second, 960 / per_second], rel=1e-15)


def test_the_largest_division_of_a_quarter():
    assert notes_of(song(NOTES, division=b"\x7f\xff"))[0].offset_s == 480 / 0x7FFF / 2


# Controllers that end notes and lift pedals


def cc(number, value=0, *, channel=0, delta=0):
    return bytes([delta, 0xB0 + channel, number, value])


LONG = b"\0\x90\x3c\x40\x64\x3d\x40" + b"%b" + b"\x64\x3c\0\0\x3d\0" + END  # from 0 and 100 to 300 ticks or so


@pytest.mark.parametrize("number", [120, 123, 124, 125, 126, 127])
@pytest.mark.parametrize("value", [0, 127])
def test_notes_end_with_all_notes_off(number, value):
    notes = notes_of(
        song(LONG.replace(b"%b", cc(number, value, delta=50) + b"\0\x90\x3e\x40"), division=b"\x01\xf4")
    )
    assert [(n.onset_s, n.offset_s) for n in notes] == [(0, 0.15), (0.1, 0.15), (0.15, 0.25)]


def test_all_notes_off_ends_nothing_of_another_channel_and_nothing_that_begins_with_it():
    notes = notes_of(song(LONG.replace(b"%b", cc(123, channel=1, delta=50) + b"\0\x90\x3e\x40")))
    assert [n.offset_s for n in notes] == [250 / 960] * 3
    together = b"\0\x90\x3c\x40" + cc(123) + b"\0\x90\x3d\x40\x64\x90\x3c\0\0\x3d\0" + END
    assert [n.offset_s for n in notes_of(song(together))] == [100 / 960] * 2


def test_all_notes_off_holds_for_its_channel_on_every_track():
    tracks = chunk(b"\0\x90\x3c\x40\x83\x60\x3c\0" + END) + chunk(cc(123, delta=96) + END)
    assert [n.offset_s for n in notes_of(header(2) + tracks)] == [0.1]


def test_a_note_that_is_never_released_ends_with_all_notes_off():
    assert [n.offset_s for n in notes_of(song(b"\0\x90\x3c\x40" + cc(123, delta=96) + b"\x60\xff\x2f\0"))] == [0.1]


def test_a_reset_lifts_all_pedals_of_its_channel():
    down = cc(64, 127) + cc(66, 127) + cc(67, 127)
    assert {p.offset_s for p in told(song(down + cc(121, delta=96) + NOTES))[0].pedals} == {0.1}
    assert {p.offset_s for p in told(song(down + cc(121, channel=1, delta=96) + NOTES))[0].pedals} == {1.1}
    two = cc(64, 127) + cc(64, 127, channel=1) + cc(121, delta=96) + cc(121, channel=1, delta=96) + NOTES
    assert [(p.onset_s, p.offset_s) for p in told(song(two))[0].pedals] == [(0, 0.2)]
    assert told(song(cc(121) + NOTES))[0].pedals == ()


def test_sound_off_leaves_pedals_as_they_are():
    assert [
        p.offset_s for p in told(song(cc(64, 127) + cc(120, delta=48) + cc(64, delta=48) + NOTES))[0].pedals
    ] == [0.1]


# Damage


def test_what_there_is_of_a_cut_file_is_read():
    data = song(NOTES)
    for n_bytes in range(len(data)):
        try:
            performance, lines = told(data[:n_bytes])
        except MidiError:
            assert n_bytes < 14 + 8 + 9, "not even the first note has a length"
            continue
        assert performance.notes == (PLAIN if n_bytes >= 14 + 8 + 18 else PLAIN[:1])
        assert ["cut off" in line for line in lines] == [True]


def test_what_comes_before_damage_is_read():
    performance, lines = told(song(FIRST + b"\0\xff\x01\0\xff\xff\xff\xff\xff\xff" + SECOND + END))
    assert performance.notes == PLAIN[:1]
    assert ["damaged at 0.5 s" in line for line in lines] == [True]


def test_damage_of_one_track_leaves_the_others():
    data = header(3) + chunk(TEMPO + END) + chunk(b"\0\x40\x40" + END) + chunk(NOTES)
    performance, lines = told(data)
    assert [n.offset_s for n in performance.notes] == [0.25, 0.5]
    assert ["track 2 is damaged" in line for line in lines] == [True]


def test_without_notes_a_damaged_file_is_refused_and_a_whole_one_is_not():
    with pytest.raises(MidiError, match="cut off"):
        load_midi(io.BytesIO(song(TEMPO + END)[:-2]))
    assert load_midi(io.BytesIO(song(b"\x60\xff\x2f\0"))).duration_s == 0.1


def test_mido_refuses_most_of_these():
    """Else these tests would be of little use."""
    with pytest.raises(OSError, match="127"):
        MidiFile(file=io.BytesIO(song(NOTES.replace(b"\x90\x3c\x40", b"\x90\x3c\xc8"))))
