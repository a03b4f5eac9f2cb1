"""A standard MIDI file: its header, and its tracks wherever they are, also where lengths and counts are wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

from pianotrans.errors import MidiError
from pianotrans.events.smf.track import NOTE_ON, MidiTrack, read_track

_HEADER, _TRACK = b"MThd", b"MTrk"
_CLIP = b"SMF2CLIP"
_HEADER_BYTES, _LEAST_LENGTH = 14, 6  # the header as a whole, and what its length counts at the least
_END_OF_TRACK = b"\xff\x2f\x00"
_WRONG_LENGTH = "the length of a track is wrong"
_FURTHEST_HEADER = 1024  # other programs' headers in front are shorter: MacBinary's has 128 bytes


@dataclass(frozen=True, slots=True)
class StandardMidiFile:
    """What a file says about notes, pedals and time.

    `division` is that of the header: the ticks of a quarter note, or of film frames from 0x8000 on (see `Clock`).
    `remarks` say what was wrong and what was made of it; the faults of tracks are in the tracks.
    """

    division: int
    tracks: tuple[MidiTrack, ...]
    remarks: tuple[str, ...]


def parse_smf(data: bytes) -> StandardMidiFile:
    """Read a standard MIDI file: bare, within a RIFF file (.rmi), or behind a header of another program.

    All tracks are read, however many the header counts and whatever their lengths. What lies between and behind
    them is passed over. A track that cannot be read to its end is read as far as possible. O(n) for n bytes.
    Raises MidiError for anything else, without the name of the file.
    """
    remarks: dict[str, None] = {}  # a set in order
    data = _unwrap(data, remarks)
    if len(data) < _HEADER_BYTES:
        raise MidiError(f"ends in the middle of its header, after {len(data)} bytes. Export or copy it again.")
    length, kind, n_stated, division = (
        int.from_bytes(data[begin:end], "big") for begin, end in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    behind = _HEADER_BYTES - _LEAST_LENGTH + length
    is_right = length >= _LEAST_LENGTH and _begins_chunk(data, behind)
    tracks = tuple(_read_tracks(data, behind if is_right else _HEADER_BYTES, remarks))
    if not tracks:
        raise MidiError("contains no tracks. Export or copy it again.")
    if len(tracks) != n_stated:
        remarks[f"its header gives the number of tracks as {n_stated}, but {len(tracks)} can be read"] = None
    _check_format(kind, tracks, remarks)
    for track in tracks:
        remarks |= dict.fromkeys(sorted(track.repairs))
    return StandardMidiFile(division, tracks, tuple(remarks))


def _unwrap(data: bytes, remarks: dict[str, None]) -> bytes:
    """The file from its header on."""
    if data.startswith(_CLIP):
        raise MidiError("is a MIDI 2.0 clip file, which cannot be read. Export it as a standard MIDI file (.mid).")
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        begin = data.find(_HEADER)
        if begin < 0:
            raise MidiError("is a RIFF file without MIDI in it. Export or copy it again.")
        size = int.from_bytes(data[begin - 4 : begin], "little")
        is_right = _HEADER_BYTES <= size <= len(data) - begin
        return data[begin : begin + size if is_right else None]
    begin = data.find(_HEADER, 0, _FURTHEST_HEADER)
    if begin < 0:
        raise MidiError("does not begin as MIDI files do. Pass a standard MIDI file (.mid).")
    if begin > 0:
        remarks[f"{begin} bytes in front of its header are passed over"] = None
    return data[begin:]


def _check_format(kind: int, tracks: tuple[MidiTrack, ...], remarks: dict[str, None]) -> None:
    """Raise MidiError if the tracks do not belong together."""
    if kind > 2:
        remarks[f"its format {kind} does not exist; all tracks are played together"] = None
    if kind == 2 and sum(map(_has_notes, tracks)) > 1:
        raise MidiError("has MIDI format 2, a set of unrelated songs. Export it as format 0 or 1.")


def _has_notes(track: MidiTrack) -> bool:
    return any(status & 0xF0 == NOTE_ON for _, status, _, _ in track.messages)


def _read_tracks(data: bytes, at: int, remarks: dict[str, None]) -> Iterator[MidiTrack]:
    while (at := _find_track(data, at, remarks)) >= 0:
        start = at + 8
        stop = start + int.from_bytes(data[at + 4 : start], "big")
        read = _read_track if _is_confirmed(data, start, stop) else _read_doubtful_track
        track, at = read(data, start, stop, remarks)
        yield track


def _is_confirmed(data: bytes, start: int, stop: int) -> bool:
    """Whether a track seems to end where its length says: a chunk follows, or the file or the track ends there."""
    return _begins_chunk(data, stop) or (stop <= len(data) and data.endswith(_END_OF_TRACK, start, stop))


def _read_track(data: bytes, start: int, stop: int, remarks: dict[str, None]) -> tuple[MidiTrack, int]:
    """The track in `data[start:stop]`, and where to look for the next one."""
    track = read_track(data, start, stop)
    if track.is_ended and track.stop < stop:
        if _begins_track(data, track.stop):
            remarks[_WRONG_LENGTH] = None
            return track, track.stop
        rest = read_track(data, track.stop, stop, tick=track.end, ends=False)
        if rest.fault is None:
            track.extend(rest)
            remarks["events behind the end of a track are read, too"] = None
    return track, stop


def _read_doubtful_track(data: bytes, start: int, stop: int, remarks: dict[str, None]) -> tuple[MidiTrack, int]:
    """The same where nothing confirms `stop`: it counts only if no end of track comes before the next track."""
    following = data.find(_TRACK, start)
    limit = len(data) if following < 0 else following
    track = read_track(data, start, limit)
    if track.is_ended:
        remarks[_WRONG_LENGTH] = None
        return track, track.stop
    if stop < limit:
        shorter = read_track(data, start, stop)
        if shorter.fault is None:
            return shorter, stop
    track.fault = track.fault or "is cut off"
    return track, limit


def _find_track(data: bytes, at: int, remarks: dict[str, None]) -> int:
    """Where the next track begins, behind chunks of other kinds; -1 if there is none."""
    while not _begins_track(data, at):
        end = _end_of_foreign_chunk(data, at)
        if end is None:
            found = data.find(_TRACK, at)
            if data[at : None if found < 0 else found].strip(b"\0"):
                remarks["bytes outside its tracks are passed over"] = None
            return found
        at = end
    return at


def _begins_chunk(data: bytes, at: int) -> bool:
    """Whether a chunk may begin there, or the file ends."""
    return at == len(data) or _begins_track(data, at) or _end_of_foreign_chunk(data, at) is not None


def _begins_track(data: bytes, at: int) -> bool:
    return data.startswith(_TRACK, at)


def _end_of_foreign_chunk(data: bytes, at: int) -> int | None:
    """Where a chunk that is no track ends; None if there is none, with a name in ASCII and all its content."""
    name = data[at : at + 4]
    end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    return end if len(name) == 4 and name.isalnum() and end <= len(data) else None
