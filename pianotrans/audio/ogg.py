"""Ogg: pages, and the streams that follow one another in a file. https://www.rfc-editor.org/rfc/rfc3533."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pianotrans.audio.plainfile import PlainFile

_HEADER_BYTES = 27
_BACKWARDS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_WINDOW_BYTES = 2**20
_MAX_ODD_BYTES = 1024  # behind the last page, which mean nothing


@dataclass(frozen=True, slots=True)
class OggPage:
    """A page; its end lies beyond the file if that was cut."""

    begin: int
    end: int
    is_first: bool  # of its stream
    granule: int  # the time at its end in the units of its codec; -1 if no packet ends on it
    serial: int
    sequence: int
    packets: tuple[bytes, ...]  # the first bytes of the packets that begin on it
    is_sound: bool  # whether its checksum is right


@dataclass
class OggLink:
    """A stream, or several side by side, between two places in a file."""

    begin: int
    end: int = 0
    n_streams: int = 0
    codec: bytes = b""
    damages: list[int] = field(default_factory=list)  # places in the file behind which pages are damaged or missing
    jumps: bool = False  # whether its time stamps go on further than its packets
    is_cut: bool = False

    def is_intact(self, begin: int, end: int | None) -> bool:
        """Whether nothing is damaged between two places, counted from the link's beginning."""
        last = self.end if end is None else self.begin + end
        return not any(self.begin + begin < place <= last for place in self.damages)


def find_links(file: PlainFile) -> list[OggLink]:
    """The links of a chain of Ogg streams, which mostly has one; empty for other files. Reads the whole file."""
    links: list[OggLink] = []
    file.seek(0)
    if file.read(4) != b"OggS":
        return links
    clocks: dict[int, _PageClock] = {}
    was_first, end = False, 0
    for page in _pages(file):
        if isinstance(page, int):
            if links and (page > _MAX_ODD_BYTES or end + page < file.size()):
                links[-1].damages.append(end)
            continue
        if page.is_first and not was_first:
            links.append(OggLink(page.begin))
            clocks = {}
        was_first = page.is_first
        if not links:
            links.append(OggLink(0))
        link = links[-1]
        link.end = end = min(page.end, file.size()) if page.end > link.end else link.end
        link.is_cut = page.end > end
        if page.is_first:
            clocks[page.serial] = _PageClock(page)
            link.n_streams += 1
            link.codec = link.codec or page.packets[0][:8] if page.packets else link.codec
        elif page.serial in clocks and not link.is_cut:
            clocks[page.serial].read(page, link)
    return links


class _PageClock:
    """Whether the pages of one stream count up without a gap, in number and in time."""

    def __init__(self, first: OggPage) -> None:
        self._sequence = first.sequence
        self._granule: int | None = None
        head = first.packets[0] if first.packets else b""
        self._is_opus = head[:8] == b"OpusHead"
        self._longest = 0  # samples of a packet of Vorbis at the most
        if head[:7] == b"\x01vorbis" and len(head) > 28:
            self._longest = (1 << (head[28] >> 4)) // 2

    def read(self, page: OggPage, link: OggLink) -> None:
        is_missing = page.sequence != (self._sequence + 1) & 0xFFFFFFFF
        if is_missing:
            link.damages.append(page.begin)
        self._sequence = page.sequence
        if page.granule <= 0:
            return
        if self._granule is not None and not is_missing and self._lasts(page) is not None:
            link.jumps |= page.granule - self._granule > (self._lasts(page) or 0)
        self._granule = page.granule

    def _lasts(self, page: OggPage) -> int | None:
        """How long the packets of a page last at the most, in samples; None if it cannot be told."""
        if self._is_opus:
            lengths = [opus_samples(packet) for packet in page.packets]
            return sum(lengths) + max(lengths, default=5760)  # one may have begun on the page before
        return (len(page.packets) + 1) * self._longest if self._longest else None


def opus_samples(packet: bytes) -> int:
    """How long a packet of Opus lasts, in samples at 48 kHz (RFC 6716 §3.1), by its first two bytes."""
    if not packet:
        return 0
    mode = packet[0] >> 3
    if mode < 12:
        length = (480, 960, 1920, 2880)[mode & 3]
    elif mode < 16:
        length = (480, 960)[mode & 1]
    else:
        length = (120, 240, 480, 960)[mode & 3]
    code = packet[0] & 3
    n_frames = 1 if code == 0 else 2 if code < 3 else packet[1] & 63 if len(packet) > 1 else 0
    return n_frames * length


def _pages(file: PlainFile) -> Iterator[OggPage | int]:
    """The pages of a file; a number of bytes stands for something else, or for a damaged one."""
    size = file.size()
    position = 0
    while position < size:
        page = _read_page(file, position, size)
        if page is None:
            found = _find_capture(file, position + 1, size)
            yield found - position
            position = found
        elif page.is_sound or page.end > size:
            yield page
            position = page.end
        else:
            found = _find_capture(file, position + 1, size)
            yield found - position
            position = found


def _read_page(file: PlainFile, position: int, size: int) -> OggPage | None:
    file.seek(position)
    header = file.read(_HEADER_BYTES)
    if header[:4] != b"OggS":
        return None
    if len(header) < _HEADER_BYTES:
        return OggPage(position, size + 1, False, -1, -1, -1, (), False)
    lacing = file.read(header[26])
    content = file.read(sum(lacing))
    end = position + _HEADER_BYTES + header[26] + sum(lacing)
    is_whole = end <= size and len(lacing) == header[26]
    blank = header[:22] + bytes(4) + header[26:]
    is_sound = is_whole and _checksum(blank + lacing + content) == int.from_bytes(header[22:26], "little")
    packets = []
    begin = at = 0
    is_continued = bool(header[5] & 1)
    for length in lacing:
        at += length
        if length < 255:
            if not is_continued:
                packets.append(content[begin : begin + 32])
            begin, is_continued = at, False
    if begin < at and not is_continued:
        packets.append(content[begin : begin + 32])
    return OggPage(
        position,
        max(end, position + _HEADER_BYTES + 1) if is_whole else size + 1,
        bool(header[5] & 2),
        int.from_bytes(header[6:14], "little", signed=True),
        int.from_bytes(header[14:18], "little"),
        int.from_bytes(header[18:22], "little"),
        tuple(packets),
        is_sound,
    )


def _find_capture(file: PlainFile, position: int, size: int) -> int:
    while position < size:
        file.seek(position)
        content = file.read(_WINDOW_BYTES)
        at = content.find(b"OggS")
        if at >= 0:
            return position + at
        position += max(1, len(content) - 3) if len(content) == _WINDOW_BYTES else len(content) or 1
    return size


def _checksum(content: bytes) -> int:
    """Ogg's, which is that of zip files with all bits in opposite order, and begins and ends with zeros."""
    reflected = zlib.crc32(content.translate(_BACKWARDS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)
