"""What the first frame of an MP3 tells about the whole: the headers of Xing, LAME and Fraunhofer."""

from dataclasses import dataclass

from pianotrans.audio.delays import MP3_DECODER_SAMPLES
from pianotrans.audio.frames import SoundFrame

_HEADER_ENDS_AT = 64  # in bytes; where the tag stands depends on the channels
_KNOWN_ENCODERS = (b"LAME", b"Lavf", b"Lavc")


@dataclass(frozen=True)
class Mp3Info:
    """A frame of this kind holds no sound."""

    n_frames: int | None
    n_bytes: int | None
    delay: int | None  # samples before the sound, those of the decoder included
    padding: int  # samples behind it that are to be cut


def parse_info(frame: SoundFrame) -> Mp3Info | None:
    """Read the information in a frame; None if it holds sound."""
    if frame.header.codec != "mp3float":
        return None
    content = frame.content
    for tag in (b"Xing", b"Info"):
        at = content.find(tag, 4, _HEADER_ENDS_AT)
        if at >= 0:
            return _parse_xing(content[at + 4 :])
    at = content.find(b"VBRI", 4, _HEADER_ENDS_AT)
    if at >= 0:
        n_bytes, n_frames = content[at + 10 : at + 14], content[at + 14 : at + 18]
        return Mp3Info(int.from_bytes(n_frames, "big"), int.from_bytes(n_bytes, "big"), None, 0)
    return None


def _parse_xing(rest: bytes) -> Mp3Info:
    flags = rest[3] if len(rest) > 3 else 0
    position = 4
    numbers: list[int | None] = []
    for bit in (1, 2):
        numbers.append(int.from_bytes(rest[position : position + 4], "big") if flags & bit else None)
        position += 4 if flags & bit else 0
    position += (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
    delay, padding = None, 0
    if rest[position : position + 4] in _KNOWN_ENCODERS and len(rest) >= position + 24:
        both = int.from_bytes(rest[position + 21 : position + 24], "big")
        delay = (both >> 12) + MP3_DECODER_SAMPLES
        padding = max(0, (both & 0xFFF) - MP3_DECODER_SAMPLES)
    return Mp3Info(numbers[0], numbers[1], delay, padding)
