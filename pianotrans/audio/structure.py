"""Whether a container is in order between two of its packets.

Where time stamps jump, this tells a pause from a loss: a program that pauses writes the next packet right behind
the last one, while a demuxer that has lost its way skips bytes until it finds something that it knows.
"""

from pianotrans.audio.demuxers import MATROSKA
from pianotrans.audio.plainfile import PlainFile

_MAX_ELEMENTS = 100_000  # a damaged file must not loop for ever


def is_intact(kind: str, file: PlainFile, begin: int, end: int | None, stream_id: int) -> bool:
    """Whether nothing is damaged or missing between the places of two packets, as FFmpeg gives them, in bytes.

    `kind` is the container's name, `stream_id` the number of the stream in it. Without an end all the rest of the
    file is looked at. True for containers that cannot be judged in this way.
    """
    with file.undisturbed():
        if kind == MATROSKA:
            return _is_intact_matroska(file, begin, end)
        if kind == "flv":
            return _is_intact_flv(file, begin, end)
        if kind == "mpegts":
            return _is_intact_transport(file, begin, end, stream_id)
        if kind == "asf":
            return _is_intact_asf(file, begin, end if end is None else max(end, file.tell()))
        if kind == "avi":
            return _is_intact_avi(file, begin, end)
        if kind == "mpeg":
            return _is_intact_program(file, begin, end)
        return kind != "flac"  # its time stamps have no gaps


# Matroska: elements of identifier, size and content. https://www.rfc-editor.org/rfc/rfc9559

_SEGMENT, _CLUSTER, _BLOCK_GROUP = 0x18538067, 0x1F43B675, 0xA0
_SIMPLE_BLOCK, _BLOCK = 0xA3, 0xA1
_OPENED = {_SEGMENT, _CLUSTER, _BLOCK_GROUP}
_PASSED = {
    *(0x1A45DFA3, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367),  # top level
    *(0xE7, 0x5854, 0xA7, 0xAB, 0xAF, _SIMPLE_BLOCK),  # in a cluster
    *(_BLOCK, 0x75A1, 0x9B, 0xFA, 0xFB, 0xFD, 0xA4, 0x75A2, 0x8E, 0xC8, 0xA2),  # in a group of blocks
    *(0xEC, 0xBF),  # anywhere
}


def matroska_is_cut(file: PlainFile) -> bool:
    """Whether a Matroska file is shorter than it says."""
    with file.undisturbed():
        size = file.size()
        position = 0
        while element := _read_element(file, position):
            identifier, content, n_bytes = element
            if n_bytes is None:
                return False
            if content + n_bytes > size:
                return True
            if identifier == _SEGMENT:
                return False
            position = content + n_bytes
        return False


def _is_intact_matroska(file: PlainFile, begin: int, end: int | None) -> bool:
    """A packet's place is that of a block's content; 0 is the beginning of the file."""
    size = file.size()
    position = begin if begin == 0 else _after_block(file, begin)
    for _ in range(_MAX_ELEMENTS):
        if position is None or position >= size:
            return position is not None and end is None  # a file that breaks off is another matter
        element = _read_element(file, position)
        if element is None:
            return False
        identifier, content, n_bytes = element
        if identifier in (_SIMPLE_BLOCK, _BLOCK) and end is not None and content >= end:
            return content == end
        if identifier in _OPENED:
            position = content
        elif identifier in _PASSED and n_bytes is not None:
            position = content + n_bytes
        else:
            return False
    return True


def _after_block(file: PlainFile, content: int) -> int | None:
    """Where the block ends whose content begins at a place."""
    for length in range(1, 9):
        element = _read_element(file, content - 1 - length)
        if element and element[0] in (_SIMPLE_BLOCK, _BLOCK) and element[1] == content and element[2]:
            return content + element[2]
    return None


def _read_element(file: PlainFile, position: int) -> tuple[int, int, int | None] | None:
    """An element's identifier, the place of its content and its size, if that is known; None if there is none."""
    if file.seek(position) < 0:
        return None
    head = file.read(16)
    n_identifier = _vint_length(head[:1])
    n_size = _vint_length(head[n_identifier : n_identifier + 1])
    if not n_identifier or n_identifier > 4 or not n_size or len(head) < n_identifier + n_size:
        return None
    identifier = int.from_bytes(head[:n_identifier], "big")
    all_ones = (1 << 7 * n_size) - 1
    n_bytes = int.from_bytes(head[n_identifier : n_identifier + n_size], "big") & all_ones
    return identifier, position + n_identifier + n_size, None if n_bytes == all_ones else n_bytes


def _vint_length(first: bytes) -> int:
    return 9 - first[0].bit_length() if first and first[0] else 0


# FLV: tags of type, size, time, content, and their size once more


def _is_intact_flv(file: PlainFile, begin: int, end: int | None) -> bool:
    size = file.size()
    end = size if end is None else end
    position = begin or 13
    while position < end:
        file.seek(position)
        head = file.read(4)
        if len(head) < 4 or head[0] & 0x1F not in (8, 9, 18):
            return False
        n_bytes = 11 + int.from_bytes(head[1:4], "big")
        file.seek(position + n_bytes)
        if int.from_bytes(file.read(4), "big") not in (0, n_bytes):
            return False
        position += n_bytes + 4
    return position == end or end == size


# AVI: chunks of name, size and content, padded to an even length; a packet's place is that of its content


def _is_intact_avi(file: PlainFile, begin: int, end: int | None) -> bool:
    if end is None or not begin:
        return True
    position = begin - 8
    while position < end - 8:
        file.seek(position)
        head = file.read(8)
        if not head[:4].isalnum():
            return False
        n_bytes = int.from_bytes(head[4:], "little")
        position += 12 if head[:4] in (b"LIST", b"RIFF") else 8 + n_bytes + n_bytes % 2
    return position == end - 8


# MPEG program stream: packets that begin with 00 00 01, a number, and mostly their length

_PACK, _END = 0xBA, 0xB9


def _is_intact_program(file: PlainFile, begin: int, end: int | None) -> bool:
    size = file.size()
    position = begin
    while position < (size if end is None else end):
        file.seek(position)
        head = file.read(14)
        if len(head) < 6:
            return True
        if head[:3] != b"\0\0\1" or head[3] < _END:
            return end is None and not any(head)  # padding
        if head[3] == _PACK:
            position += 14 + (head[13:] or b"\0")[0] % 8 if head[4] >> 6 == 1 else 12
        else:
            position += 4 if head[3] == _END else 6 + int.from_bytes(head[4:6], "big")
    return end is None or position == end


# ASF: packets of one length, which the header tells, each with the same first bytes

_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEADER_BYTES = 2**16
_ASF_INDEX = bytes.fromhex("90080033")  # which may follow the packets
_ASF_PACKET_BEGIN = b"\x82\0\0"


def _is_intact_asf(file: PlainFile, begin: int, end: int | None) -> bool:
    file.seek(0)
    header = file.read(_ASF_HEADER_BYTES)
    at = header.find(_ASF_FILE_PROPERTIES)
    n_packet = int.from_bytes(header[at + 92 : at + 96], "little")
    if at < 0 or n_packet < len(_ASF_PACKET_BEGIN) or not begin:
        return True
    last = file.size() if end is None else end
    for position in range(begin, last, n_packet):
        file.seek(position)
        if file.read(len(_ASF_PACKET_BEGIN)) != _ASF_PACKET_BEGIN:
            file.seek(position)
            return file.read(4) == _ASF_INDEX and end is None
    return True


# MPEG transport stream: packets of 188 bytes that count up, stream by stream

_PACKET_BYTES = 188
_CHUNK_PACKETS = 4096


def _is_intact_transport(file: PlainFile, begin: int, end: int | None, stream_id: int) -> bool:
    size = file.size()
    end = size if end is None else end
    counter: int | None = None
    position = begin
    while position + _PACKET_BYTES <= end:
        file.seek(position)
        chunk = file.read(min(_CHUNK_PACKETS, (end - position) // _PACKET_BYTES) * _PACKET_BYTES)
        for at in range(0, len(chunk) - _PACKET_BYTES + 1, _PACKET_BYTES):
            if chunk[at] != 0x47:
                return position == begin and at == 0  # not packets of this length at all
            has_content = chunk[at + 3] & 0x10
            if (chunk[at + 1] & 0x1F) << 8 | chunk[at + 2] != stream_id or not has_content:
                continue
            now = chunk[at + 3] & 0x0F
            is_announced = chunk[at + 3] & 0x20 and chunk[at + 4] and chunk[at + 5] & 0x80
            if counter is not None and now not in (counter, (counter + 1) % 16) and not is_announced:
                return False
            counter = now
        position += max(len(chunk), _PACKET_BYTES)
    return True
