"""The frames of sound without a container: MPEG audio (MP3 and its kin), AAC in ADTS, and AC-3.

Each frame begins with a header that tells its length. ISO/IEC 11172-3 §2.4.1.3, 13818-3, 14496-3 §1.A.3.2,
ATSC A/52 §5.3.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pianotrans.audio.plainfile import PlainFile
from pianotrans.audio.tags import HEAD_BYTES, lyrics_bytes, tag_bytes

HEADER_BYTES = 7
_WINDOW_BYTES = 2**18
_N_CONFIRMED = 3  # frames in a row that must be found to believe in the first
_BEGIN = re.compile(rb"\xff[\xe2-\xff]|\x0b\x77|ID3|APETAGEX")  # of a frame or of a tag


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What the header of a frame says."""

    codec: str  # FFmpeg's name of the decoder
    n_bytes: int
    n_samples: int
    sample_rate: int

    def is_like(self, other: "FrameHeader") -> bool:
        """Whether two frames may stand in one stream."""
        return (self.codec, self.sample_rate) == (other.codec, other.sample_rate)


@dataclass(frozen=True, slots=True)
class SoundFrame:
    """A whole frame."""

    position: int  # in the file, in bytes
    header: FrameHeader
    content: bytes


@dataclass(frozen=True, slots=True)
class Junk:
    """Bytes that are neither frames nor tags."""

    position: int
    n_bytes: int
    is_zero: bool


ParseHeader = Callable[[bytes], FrameHeader | None]

_BIT_RATES = {  # kbit/s by (is MPEG 1, layer)
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG_CODECS = {1: "mp1float", 2: "mp2float", 3: "mp3float"}
_AC3_BIT_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)  # kbit/s
_ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def parse_mpeg(head: bytes) -> FrameHeader | None:
    """Read the header of a frame of MPEG 1, 2 or 2.5, layers I to III; None if there is none."""
    return _parse_mpeg(head[:4])


@lru_cache(2**12)  # the headers of a recording differ by little, and an hour of it has 140 000
def _parse_mpeg(head: bytes) -> FrameHeader | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bit_rate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return None
    is_first = version == 3
    sample_rate = (44_100, 48_000, 32_000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
    n_bits = 1000 * _BIT_RATES[is_first, layer][bit_rate - 1]
    padding = head[2] >> 1 & 1
    n_samples = 384 if layer == 1 else 1152 if layer == 2 or is_first else 576
    slot = 4 if layer == 1 else 1
    n_bytes = (n_samples // 8 * n_bits // slot // sample_rate + padding) * slot
    return FrameHeader(_MPEG_CODECS[layer], n_bytes, n_samples, sample_rate)


@lru_cache(2**12)
def parse_adts(head: bytes) -> FrameHeader | None:
    """Read the header of a frame of AAC in ADTS; None if there is none."""
    if len(head) < HEADER_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    n_bytes = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_ADTS_RATES) or n_bytes <= HEADER_BYTES:
        return None
    return FrameHeader("aac", n_bytes, 1024 * (1 + (head[6] & 3)), _ADTS_RATES[rate])


def parse_ac3(head: bytes) -> FrameHeader | None:
    """Read the header of a frame of AC-3; None if there is none, or one of E-AC-3."""
    if len(head) < HEADER_BYTES or head[:2] != b"\x0b\x77" or head[5] >> 3 > 10:
        return None
    rate, code = head[4] >> 6, head[4] & 63
    if rate == 3 or code >> 1 >= len(_AC3_BIT_RATES):
        return None
    bit_rate = _AC3_BIT_RATES[code >> 1]
    n_bytes = (4 * bit_rate, 2 * (bit_rate * 96_000 // 44_100 + (code & 1)), 6 * bit_rate)[rate]
    return FrameHeader("ac3", n_bytes, 1536, (48_000, 44_100, 32_000)[rate])


def walk(file: PlainFile, parse: ParseHeader, end: int) -> Iterator[SoundFrame | Junk]:
    """All that lies before a place in a file, but for tags.

    A frame behind which no other follows is taken for damaged and belongs to the junk, unless it is the last one.
    """
    window = _Window(file, end)
    position = 0
    last: FrameHeader | None = None
    while position < end:
        head = window.at(position, HEADER_BYTES)
        header = parse(head)
        if header is None and (n_tag := window.tag_bytes(position)):
            position += n_tag
            continue
        if header and _is_confirmed(window, parse, position, header, 1 if last and header.is_like(last) else None):
            yield SoundFrame(position, header, window.at(position, header.n_bytes))
            position += header.n_bytes
            last = header
            continue
        found = _find_frame(window, parse, position + 1)
        if found == end and header and last and header.is_like(last) and position + header.n_bytes <= end:
            yield SoundFrame(position, header, window.at(position, header.n_bytes))  # odd bytes follow at the end
            position += header.n_bytes
        if found > position:
            yield Junk(position, found - position, window.is_zero(position, found))
        position = found


def _is_confirmed(window: "_Window", parse: ParseHeader, position: int, header: FrameHeader, n: int | None) -> bool:
    """Whether a frame is followed by `n` others, or by the end of the sound or a tag, all within the file."""
    for _ in range(n or _N_CONFIRMED):
        position += header.n_bytes
        if position >= window.end:
            return position == window.end
        following = parse(window.at(position, HEADER_BYTES))
        if following is None:
            return bool(window.tag_bytes(position))
        if not following.is_like(header) and n is None:
            return False
        header = following
    return True


def _find_frame(window: "_Window", parse: ParseHeader, position: int) -> int:
    """The place of the next frame or tag; the end of the sound if there is none."""
    while position < window.end:
        content = window.at(position, _WINDOW_BYTES)
        for match in _BEGIN.finditer(content):
            place = position + match.start()
            head = window.at(place, HEAD_BYTES)
            header = parse(head)
            if header and _is_confirmed(window, parse, place, header, None):
                return place
            if 10 < tag_bytes(head) <= window.end - place:
                return place
        position += max(1, len(content) - 8)
        if len(content) < _WINDOW_BYTES:
            break
    return window.end


class _Window:
    """A part of a file that moves on."""

    def __init__(self, file: PlainFile, end: int) -> None:
        self.end = end
        self._file = file
        self._begin = 0
        self._content, self._n_content = b"", 0

    def at(self, position: int, n_bytes: int) -> bytes:
        """At most so many bytes from a place on, none behind the end."""
        offset = position - self._begin
        if offset >= 0 and offset + n_bytes <= self._n_content:
            return self._content[offset : offset + n_bytes]
        n_bytes = min(n_bytes, self.end - position)
        if offset < 0 or offset + n_bytes > self._n_content:
            self._file.seek(position)
            self._content = self._file.read(max(n_bytes, min(2 * _WINDOW_BYTES, self.end - position)))
            self._begin, self._n_content, offset = position, len(self._content), 0
        return self._content[offset : offset + n_bytes]

    def tag_bytes(self, position: int) -> int:
        """The length of the tag at a place, or 0."""
        head = self.at(position, HEAD_BYTES)
        return tag_bytes(head) or (lyrics_bytes(self.at(position, _WINDOW_BYTES)) if head[:1] == b"L" else 0)

    def is_zero(self, begin: int, end: int) -> bool:
        return all(
            not any(self.at(position, min(_WINDOW_BYTES, end - position)))
            for position in range(begin, end, _WINDOW_BYTES)
        )
