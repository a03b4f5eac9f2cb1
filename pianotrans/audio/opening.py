"""From a path or a file to a reader: open it, and check that it is complete."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from pianotrans.audio.choosing import open_chain, open_link, open_with_either, open_with_ffmpeg
from pianotrans.audio.containers import check_voc, data_bytes
from pianotrans.audio.decoder import Decoder
from pianotrans.audio.gaps import end_remark
from pianotrans.audio.ogg import find_links
from pianotrans.audio.plainfile import PlainFile
from pianotrans.audio.reader import MISSING_S, AudioReader, truncated_error
from pianotrans.audio.reading import Reading
from pianotrans.audio.tags import after_leading_tags
from pianotrans.errors import AudioError
from pianotrans.memory import decoding
from pianotrans.remarks import Remark

_VOC = b"Creative Voi"

AudioSource = str | os.PathLike[str] | BinaryIO


def open_audio(source: AudioSource, reading: Reading = Reading()) -> AudioReader:  # noqa: B008 - frozen
    """Open a recording in any format that libsndfile or FFmpeg reads, or the sound of a video.

    Args:
        source: a path, or a seekable binary file, which is read from its beginning and stays open.
        reading: which part and track to read, and whether a damaged file is read as far as possible.

    Raises AudioError, with a text fit for the user, for whatever cannot be read.
    """
    source, name, owned = _open_file(source)
    decoder: Decoder | None = None
    try:
        _check_readable(source, name)
        file = PlainFile(source)
        file = PlainFile(source, after_leading_tags(file, name))
        with decoding(name):
            sizes = data_bytes(file)
            decoder, remarks = _open_decoder(file, name, reading)
        if sizes:
            remarks += _judge_sizes(*sizes, decoder.duration_s, name, reading)
        return AudioReader(decoder, name, reading, remarks=remarks, file=source if owned else None)
    except BaseException:
        if decoder is not None:
            decoder.close()
        if owned:
            source.close()
        raise


def check_file(path: str | os.PathLike[str]) -> None:
    """Raise AudioError unless there is a file that can be read and is not empty. Nothing is decoded."""
    file, name, _ = _open_file(path)
    with file:
        _check_readable(file, name)


def _open_file(source: AudioSource) -> tuple[BinaryIO, str, bool]:
    """The file, what to call it, and whether it is ours to close."""
    if not isinstance(source, str | os.PathLike):
        if not hasattr(source, "read") or not hasattr(source, "seek"):
            raise AudioError(
                f"{type(source).__name__} object: neither a path nor a binary file. "
                "Give one of these, or use from_array for samples in memory."
            )
        name = getattr(source, "name", None)
        return source, name if isinstance(name, str) and name else "audio", False
    name = os.fsdecode(source)
    try:
        _check_kind(name, Path(name).stat().st_mode)
        return Path(name).open("rb"), name, True
    except FileNotFoundError as error:
        raise AudioError(f"{name}: no such file. Check the path.") from error
    except PermissionError as error:
        raise AudioError(f"{name}: no permission to read it. Change its permissions, or give a copy.") from error
    except (OSError, ValueError) as error:
        raise AudioError(f"{name}: cannot be opened ({error}). Give an audio file.") from error


def _check_kind(name: str, mode: int) -> None:
    """Raise AudioError for what is no plain file; opening a pipe would wait for somebody to write to it."""
    if stat.S_ISDIR(mode):
        raise AudioError(f"{name}: is a folder. Give an audio file.")
    if not stat.S_ISREG(mode):
        raise AudioError(f"{name}: a pipe, a socket or a device. Give a file that can be read and sought.")


def _check_readable(file: BinaryIO, name: str) -> None:
    try:
        file.seek(0)
        head = file.read(1)
    except (OSError, ValueError) as error:
        raise AudioError(f"{name}: a pipe, or a closed file. Give a file that can be read and sought.") from error
    if not isinstance(head, bytes):
        raise AudioError(f"{name}: a file in text mode. Open it in binary mode.")
    if not head:
        raise AudioError(f"{name}: is empty (0 bytes). Give an audio file.")


def _open_decoder(file: PlainFile, name: str, reading: Reading) -> tuple[Decoder, list[Remark]]:
    """The decoder that serves best, and what is to be said about its choice."""
    links = find_links(file)
    if len(links) > 1:
        return open_chain(file, links, name, reading), []
    if links:
        return open_link(file, links[0], name, reading)
    file.seek(0)
    head = file.read(12)
    if head.startswith(_VOC):
        check_voc(file, name)
    if _ffmpeg_serves_better(head, reading):
        return open_with_ffmpeg(file, name, reading)
    return open_with_either(file, name, reading)


def _ffmpeg_serves_better(head: bytes, reading: Reading) -> bool:
    """Whether a file is MPEG audio, a VOC, or a FLAC that may be damaged.

    Both libraries decode MPEG audio to the same samples, but the libmpg123 inside libsndfile writes warnings to
    stderr. Of a VOC libsndfile reads the first block, and of a FLAC nothing behind the first damage.
    """
    is_mpeg = head[0] == 0xFF and head[1:2] >= b"\xe0"
    return is_mpeg or head.startswith(_VOC) or (reading.allow_damaged and head.startswith(b"fLaC"))


def _judge_sizes(
    declared: int, present: int, decodable_s: float | None, name: str, reading: Reading
) -> list[Remark]:
    """What to say of a recording whose header declares more bytes of sound than are present.

    Raises AudioError for one, unless damaged recordings are allowed.
    """
    if decodable_s:
        promised_s = decodable_s * declared / max(1, present)
        if promised_s - decodable_s <= MISSING_S:
            return []
        if not reading.allow_damaged:
            raise truncated_error(name, promised_s, decodable_s)
        is_met = reading.end_s is None or reading.end_s > decodable_s
        return [end_remark(decodable_s, promised_s - decodable_s)] if is_met else []
    if present < 0.99 * declared and not reading.allow_damaged:
        raise AudioError(
            f"{name}: header promises {declared} bytes of sound, {present} are there. "
            "The file looks truncated; re-export it, or pass --allow-damaged."
        )
    return []
