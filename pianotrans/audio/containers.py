"""What a file's layout says about its length, read from a few bytes of it without decoding.

Decoders do not report these cuts: libsndfile clamps the promise of a header to the size of the file.
"""

import os
import struct
from dataclasses import dataclass

from pianotrans.audio.plainfile import PlainFile
from pianotrans.errors import AudioError

_MAX_CHUNKS = 10_000  # before the samples: a damaged file must not loop for ever


@dataclass(frozen=True)
class _Dialect:
    """How one container lays out its chunks: identifier, size, body."""

    first_chunk: int  # where the first one stands, in bytes
    size_format: str
    data_id: bytes
    alignment: int = 2
    size_counts_header: bool = False


_DIALECTS = {
    b"RIFF": _Dialect(12, "<I", b"data"),
    b"RIFX": _Dialect(12, ">I", b"data"),
    b"RF64": _Dialect(12, "<I", b"data"),
    b"FORM": _Dialect(12, ">I", b"SSND"),
    b"caff": _Dialect(8, ">Q", b"data", alignment=1),
    b"\x30\x26\xb2\x75": _Dialect(  # ASF, which holds WMA
        0, "<Q", bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c"), alignment=1, size_counts_header=True
    ),
    b"riff": _Dialect(  # Sony Wave64
        40, "<Q", bytes.fromhex("64617461f3acd3118cd100c04f8edb8a"), alignment=8, size_counts_header=True
    ),
}


def data_bytes(file: PlainFile) -> tuple[int, int] | None:
    """The size of the sample data, in bytes: (declared by the header, present in the file).

    None if the container is another than WAV, RF64, Wave64, AIFF, CAF, AU and WMA, or declares no size
    because it was written to a pipe.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    magic = file.read(4)
    if magic == b".snd":  # Sun's AU: two numbers, no chunks
        offset, declared = struct.unpack(">II", file.read(8).ljust(8, b"\0"))
        return None if _is_unknown(declared) else (declared, end - offset)
    dialect = _DIALECTS.get(magic)
    if dialect is None:
        return None
    size_64: int | None = None
    position = dialect.first_chunk
    for _ in range(_MAX_CHUNKS):
        if position >= end:
            return None
        file.seek(position)
        header_bytes = len(dialect.data_id) + struct.calcsize(dialect.size_format)
        header = file.read(header_bytes)
        if len(header) < header_bytes:
            return None
        identifier = header[: len(dialect.data_id)]
        (size,) = struct.unpack(dialect.size_format, header[len(dialect.data_id) :])
        if dialect.size_counts_header:
            size -= header_bytes
        if identifier == b"ds64":  # RF64: the true sizes of the whole and of the data
            _, size_64 = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))
        if identifier == dialect.data_id:
            declared = size if size_64 is None else size_64
            return None if _is_unknown(declared) else (declared, end - position - header_bytes)
        position += header_bytes + max(0, size)
        position += -position % dialect.alignment
    return None


def _is_unknown(size: int) -> bool:
    """Whether a size is a placeholder that programs write before they know it: zero, or about the largest."""
    return size <= 0 or any(top - 0x10000 <= size <= top for top in (2**31, 2**32)) or size >= 2**62


_VOC_SOUND, _VOC_CONTINUED, _VOC_SOUND_16 = 1, 2, 9
_VOC_SILENCE, _VOC_REPEAT, _VOC_REPEAT_END, _VOC_EXTENDED = 3, 6, 7, 8


def check_voc(file: PlainFile, name: str) -> None:
    """Raise AudioError for a Creative Voice file with silence, repeats or two rates: FFmpeg passes over them."""
    file.seek(20)
    position = int.from_bytes(file.read(2), "little")
    formats: set[bytes] = set()
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        kind, n_bytes, head = file.read(1), int.from_bytes(file.read(3), "little"), file.read(6)
        if not kind or not kind[0]:
            return
        if kind[0] in (_VOC_SOUND, _VOC_SOUND_16, _VOC_EXTENDED):
            formats.add(kind + head[: 2 if kind[0] == _VOC_SOUND else 6])
        if kind[0] in (_VOC_SILENCE, _VOC_REPEAT, _VOC_REPEAT_END) or len(formats) > 1:
            raise AudioError(f"{name}: a VOC file with silence, repeats or several rates. Convert it to WAV.")
        position += 4 + n_bytes
