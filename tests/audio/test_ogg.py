"""Ogg: pages and their checksums, links of a chain, pages that are missing."""

import io
from pathlib import Path

import numpy as np
import pytest

from pianotrans.audio.ogg import find_links, opus_samples
from pianotrans.audio.plainfile import PlainFile
from pianotrans.errors import AudioError

from .recordings import lag, notes, read, write

RATE = 48_000


@pytest.fixture(params=["ogg", "opus"])
def content(tmp_path: Path, request: pytest.FixtureRequest) -> bytes:
    return write(tmp_path / f"take.{request.param}", notes(4.0, RATE), RATE).read_bytes()


def places(content: bytes) -> list[int]:
    return [at for at in range(len(content)) if content[at : at + 4] == b"OggS"] + [len(content)]


def test_a_whole_file_is_one_link_without_damage(content: bytes):
    (link,) = find_links(PlainFile(io.BytesIO(content)))
    assert (link.begin, link.end, link.n_streams) == (0, len(content), 1)
    assert (link.damages, link.jumps, link.is_cut) == ([], False, False)


def test_every_changed_byte_is_seen(content: bytes):
    for place in np.random.default_rng(0).integers(places(content)[3], len(content), 30):
        changed = bytearray(content)
        changed[place] ^= 0x10
        (link,) = find_links(PlainFile(io.BytesIO(changed)))
        assert link.damages or link.is_cut or place >= places(content)[-2]


def test_a_missing_page_is_seen(content: bytes):
    pages = places(content)
    middle = len(pages) // 2
    lacking = content[: pages[middle]] + content[pages[middle + 1] :]
    (link,) = find_links(PlainFile(io.BytesIO(lacking)))
    assert link.damages == [pages[middle]]
    assert link.is_intact(0, pages[middle] - 1)
    assert not link.is_intact(0, pages[middle])
    with pytest.raises(AudioError, match="damaged at"):
        read(io.BytesIO(lacking))


@pytest.mark.parametrize("second_rate", [RATE, 44_100])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("suffix", ["ogg", "opus"])
def test_all_links_are_read_in_the_format_of_the_first(
    tmp_path: Path, suffix: str, n_channels: int, second_rate: int
):
    if suffix == "opus" and second_rate != RATE:
        pytest.skip("libsndfile writes Opus at few rates")
    first = write(tmp_path / f"1.{suffix}", notes(3.0, RATE), RATE).read_bytes()
    second = write(tmp_path / f"2.{suffix}", notes(2.0, second_rate, n_channels), second_rate).read_bytes()
    heard, info = read(io.BytesIO(first + second + first))
    assert (info.sample_rate, info.n_channels) == (RATE, 1)
    assert heard.shape[1] == pytest.approx(8 * RATE, abs=2)
    assert lag(heard[:, 3 * RATE : 5 * RATE], notes(2.0, RATE)) == pytest.approx(0, abs=1) or second_rate != RATE
    assert lag(heard[:, 5 * RATE :], notes(3.0, RATE)) == pytest.approx(0, abs=1)


def test_links_with_one_serial_number(tmp_path: Path):
    one = write(tmp_path / "1.ogg", notes(3.0, RATE), RATE).read_bytes()
    assert len(find_links(PlainFile(io.BytesIO(one + one)))) == 2
    assert read(io.BytesIO(one + one))[0].shape == (1, 6 * RATE)


@pytest.mark.parametrize(
    ("packet", "n_samples"),
    [(b"\xfc", 960), (b"\x08", 960), (b"\x18", 2880), (b"\x81", 240), (b"\xfb\x03", 2880), (b"", 0)],
)
def test_lengths_of_opus_packets(packet: bytes, n_samples: int):
    assert opus_samples(packet) == n_samples
