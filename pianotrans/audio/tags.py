"""Titles, covers and lyrics that programs put before, behind and between the sound: where they end."""

from pianotrans.audio.plainfile import PlainFile
from pianotrans.errors import AudioError

_MAX_TAGS = 1000  # each could be as small as ten bytes
_LYRICS_BEGIN = b"LYRICSBEGIN"
HEAD_BYTES = 32
"""How much of a tag is needed to know its length."""


def after_leading_tags(file: PlainFile, name: str) -> int:
    """Where a file begins behind its ID3v2 tags, in bytes; any format may have them.

    Raises AudioError for more than a thousand tags.
    """
    position = 0
    for _ in range(_MAX_TAGS):
        file.seek(position)
        n_bytes = _id3_bytes(file.read(HEAD_BYTES))
        if not n_bytes:
            return position
        position += n_bytes
    raise AudioError(f"{name}: begins with more than {_MAX_TAGS} ID3 tags. Remove them.")


def tag_bytes(head: bytes) -> int:
    """The length of the tag that begins with these bytes, or 0 if none does: ID3v1, ID3v2, or APEv2."""
    if head[:3] == b"TAG":
        return 128
    if head[:8] == b"APETAGEX":
        is_header = bool(int.from_bytes(head[20:24], "little") & 1 << 29)
        return 32 + int.from_bytes(head[12:16], "little") if is_header else 32
    return _id3_bytes(head)


def lyrics_bytes(content: bytes) -> int:
    """The length of the Lyrics3 tag with which some bytes begin, which must be all of it; 0 if there is none."""
    if content[:11] != _LYRICS_BEGIN:
        return 0
    ends = [at + 9 for mark in (b"LYRICS200", b"LYRICSEND") if (at := content.find(mark)) >= 0]
    return min(ends, default=0)


def before_trailing_tags(file: PlainFile) -> int:
    """Where the sound ends before tags that can only be read from their ends: APE, Lyrics3, ID3v1; in bytes."""
    end = file.size()
    while True:
        file.seek(max(0, end - 128))
        tail = file.read(min(128, end))
        n_bytes = _trailing_bytes(tail)
        if not 0 < n_bytes <= end:
            return end
        end -= n_bytes


def _trailing_bytes(tail: bytes) -> int:
    if len(tail) == 128 and tail[:3] == b"TAG":
        return 128
    footer = tail[-32:]
    if footer[:8] == b"APETAGEX":
        has_header = int.from_bytes(footer[20:24], "little") & 1 << 31
        return int.from_bytes(footer[12:16], "little") + (32 if has_header else 0)
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return int(tail[-15:-9]) + 15
    return 0


def _id3_bytes(head: bytes) -> int:
    if head[:3] != b"ID3" or len(head) < 10 or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return 10 + size + (10 if head[5] & 0x10 else 0)
