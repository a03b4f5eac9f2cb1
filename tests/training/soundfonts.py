"""A soundfont, made for the tests: one sine for all keys, in as little as SoundFont 2.01 asks for."""

import struct
from pathlib import Path

import numpy as np

RATE, ROOT_KEY = 22_050, 69
_N_LOOPED = 100 * RATE // 441  # a hundred periods of 441 Hz, which is not quite A4


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _list(name: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", name + b"".join(chunks))


def soundfont(path: Path, *, preset: int = 0) -> Path:
    """Write a soundfont whose only preset has this number; its tone lasts as long as a key is held."""
    wave = np.round(12_000 * np.sin(2 * np.pi * 441 * np.arange(_N_LOOPED) / RATE)).astype("<i2")
    samples = wave.tobytes() + bytes(2 * 46)
    name = b"sine".ljust(20, b"\0")
    end = b"EOS".ljust(20, b"\0")
    bag, no_modulator = struct.pack("<HH", 0, 0), bytes(10)
    hydra = [
        (
            b"phdr",
            name + struct.pack("<HHHIII", preset, 0, 0, 0, 0, 0) + end + struct.pack("<HHHIII", 0, 0, 1, 0, 0, 0),
        ),
        (b"pbag", bag + struct.pack("<HH", 1, 0)),
        (b"pmod", no_modulator),
        (b"pgen", struct.pack("<HH", 41, 0) + bytes(4)),  # its instrument is the first
        (b"inst", name + struct.pack("<H", 0) + end + struct.pack("<H", 1)),
        (b"ibag", bag + struct.pack("<HH", 2, 0)),
        (b"imod", no_modulator),
        (b"igen", struct.pack("<HHHH", 54, 1, 53, 0) + bytes(4)),  # loops, the first sample
        (
            b"shdr",
            name
            + struct.pack("<IIIIIBbHH", 0, len(wave), 0, len(wave) - 1, RATE, ROOT_KEY, 0, 0, 1)
            + end
            + bytes(26),
        ),
    ]
    content = b"sfbk" + b"".join(
        (
            _list(
                b"INFO",
                _chunk(b"ifil", struct.pack("<HH", 2, 1)),
                _chunk(b"isng", b"EMU8000\0"),
                _chunk(b"INAM", b"sine"),
            ),
            _list(b"sdta", _chunk(b"smpl", samples)),
            _list(b"pdta", *(_chunk(name, data) for name, data in hydra)),
        )
    )
    path.write_bytes(_chunk(b"RIFF", content))
    return path
