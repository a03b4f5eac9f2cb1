"""Files that are not what they seem: tags in front, blocks, single bits, texts that FFmpeg would play."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from pianotrans.audio.decoder import NotDecodableError
from pianotrans.audio.demuxers import open_container
from pianotrans.audio.plainfile import PlainFile
from pianotrans.errors import AudioError

from .recordings import encode, lag, music, notes, read, write

EMPTY_TAG = b"ID3\x04\x00\x00\x00\x00\x00\x00"


def id3(n_bytes: int, *, has_footer: bool = False) -> bytes:
    size = bytes(n_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00" + (b"\x10" if has_footer else b"\x00") + size + bytes(n_bytes + 10 * has_footer)


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "ogg", "mp3", "m4a", "mkv"])
@pytest.mark.parametrize("tag", [id3(300), id3(0), id3(70_000), id3(40, has_footer=True), 20 * EMPTY_TAG])
def test_a_tag_in_front_changes_nothing(tmp_path: Path, suffix: str, tag: bytes):
    path = tmp_path / f"take.{suffix}"
    (encode if suffix in ("m4a", "mkv") else write)(path, music(1.0))
    expected, _ = read(path)
    heard, _ = read(io.BytesIO(tag + path.read_bytes()))
    np.testing.assert_array_equal(heard, expected)


def test_a_truncated_wav_behind_a_tag_is_still_truncated(tmp_path: Path):
    content = write(tmp_path / "take.wav", music(1.0)).read_bytes()
    with pytest.raises(AudioError, match=r"header promises 1\.0 s, 0\.5 s"):
        read(io.BytesIO(id3(300) + content[: len(content) // 2]))


def test_nothing_but_tags_is_refused_at_once():
    with pytest.raises(AudioError, match="more than 1000 ID3 tags"):
        read(io.BytesIO(EMPTY_TAG * 4_000_000))


def apev2(n_bytes: int) -> bytes:
    """A tag with header and footer, as covers are often put behind MP3s."""
    flags = (0xA0000000, 0x80000000)
    parts = [b"APETAGEX" + struct.pack("<4I", 2000, n_bytes + 32, 1, one) + bytes(8) for one in flags]
    return parts[0] + np.random.default_rng(1).bytes(n_bytes) + parts[1]


TAIL_TAGS = {
    "ID3v1": b"TAG" + bytes(125),
    "APEv2": apev2(40_000),
    "APEv2 and ID3v1": apev2(40_000) + b"TAG" + bytes(125),
    "Lyrics3": b"LYRICSBEGIN" + b"la" * 9000 + b"018011LYRICS200" + b"TAG" + bytes(125),
}


@pytest.mark.parametrize("tag", TAIL_TAGS.values(), ids=TAIL_TAGS)
@pytest.mark.parametrize("options", [{}, {"write_xing": "0"}], ids=["counted", "not counted"])
def test_tags_behind_an_mp3(tmp_path: Path, tag: bytes, options: dict[str, str]):
    content = encode(tmp_path / "take.mp3", notes(3.0), codec="libmp3lame", options=options).read_bytes()
    expected, _ = read(io.BytesIO(content))
    np.testing.assert_array_equal(read(io.BytesIO(content + tag))[0], expected)
    twice, _ = read(io.BytesIO(content + tag + id3(500) + content))
    assert twice.shape[1] == pytest.approx(2 * expected.shape[1], abs=1200)
    assert lag(twice[:, -expected.shape[1] :], expected) == pytest.approx(0, abs=0 if not options else 1200)


def voc(*blocks: bytes) -> io.BytesIO:
    header = b"Creative Voice File\x1a" + struct.pack("<HHH", 26, 0x10A, 0x1129)
    return io.BytesIO(header + b"".join(blocks) + b"\0")


def voc_block(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + len(content).to_bytes(3, "little") + content


def test_a_voc_of_many_blocks():
    samples = np.rint(128 + 100 * music(2.0, 8000)[0]).astype(np.uint8)
    rate = bytes([256 - 1_000_000 // 8000, 0])
    first = voc_block(1, rate + samples[:5000].tobytes())
    heard, info = read(voc(voc_block(5, b"take 3\0"), first, voc_block(2, samples[5000:].tobytes())))
    assert info.sample_rate == 8000
    np.testing.assert_array_equal(heard[0], (samples.astype(np.float32) - 128) / 128)
    for other in (voc_block(3, struct.pack("<HB", 999, 131)), voc_block(1, bytes([194, 0]) + bytes(100))):
        with pytest.raises(AudioError, match=r"a VOC file with .*Convert it to WAV"):
            read(voc(first, other, first))


def dsf(rate: int, n_blocks: int = 40) -> io.BytesIO:
    """DSD of silence: as many ones as zeros."""
    form = b"fmt " + struct.pack("<QIIIIIIQII", 52, 1, 0, 1, 1, rate, 1, n_blocks * 32768, 4096, 0)
    data = b"data" + struct.pack("<Q", 12 + n_blocks * 4096) + b"\x69" * (n_blocks * 4096)
    return io.BytesIO(b"DSD " + struct.pack("<QQQ", 28, 28 + len(form) + len(data), 0) + form + data)


@pytest.mark.parametrize("rate", [2_822_400, 5_644_800])
def test_dsd(rate: int):
    heard, info = read(dsf(rate))
    assert info.sample_rate == rate // 8
    assert heard.shape == (1, 40 * 4096)
    assert np.abs(heard).max() < 0.1


def test_dsd_that_is_too_fast_is_called_by_its_name():
    with pytest.raises(AudioError, match=r"DSD of 11\.3 MHz\. Convert it to PCM"):
        read(dsf(11_289_600))


NO_RECORDINGS = {
    "SBaGen": b"-SE\n# tones\nall: 300/40\nNOW all\n",
    "concat": b"ffconcat version 1.0\nfile take.wav\n",
    "HLS": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\ntake.ts\n#EXT-X-ENDLIST\n",
    "SubRip": b"1\n00:00:01,000 --> 00:00:02,000\nhello\n\n" * 20,
    "WebVTT": b"WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n",
    "SDP": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "GIF": b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00",
    "PNG": bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"),
    "ADX": bytes.fromhex("80000024031204010000ac440000ac4401f403") + bytes(19) + b"(c)CRI" + bytes(2000),
    "MIDI": b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00`MTrk\x00\x00\x00\x04\x00\xff/\x00",
}


@pytest.mark.parametrize("content", NO_RECORDINGS.values(), ids=NO_RECORDINGS)
def test_what_is_no_recording_is_not_even_opened(content: bytes):
    with pytest.raises(NotDecodableError):
        open_container(PlainFile(io.BytesIO(content)))
    with pytest.raises(AudioError, match="not an audio format"):
        read(io.BytesIO(content))
