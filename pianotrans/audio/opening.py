"""From a path or a file to a reader: choose the decoder, and check that the file is complete."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from pianotrans.audio.beginning import BeginningDecoder
from pianotrans.audio.containers import data_bytes, ends_inside_ogg_page, is_chained_ogg
from pianotrans.audio.decoder import Decoder, NotDecodableError
from pianotrans.audio.reader import MISSING_S, AudioReader, truncated_error
from pianotrans.audio.reading import Reading
from pianotrans.audio.soundfile_decoder import SoundFileDecoder
from pianotrans.errors import AudioError
from pianotrans.memory import decoding

AudioSource = str | os.PathLike[str] | BinaryIO


def open_audio(source: AudioSource, reading: Reading = Reading()) -> AudioReader:  # noqa: B008 - frozen
    """Open a recording in any format that libsndfile or FFmpeg reads, or the sound of a video.

    Args:
        source: a path, or a seekable binary file, which is read from its beginning and stays open.
        reading: which part and track to read, and whether a damaged file is read as far as possible.

    Raises AudioError, with a text fit for the user, for whatever cannot be read.
    """
    file, name, owned = _open_file(source)
    decoder: Decoder | None = None
    try:
        _check_readable(file, name)
        with decoding(name):
            sizes = data_bytes(file)
            is_cut_ogg = ends_inside_ogg_page(file)
            decoder = _open_decoder(file, name)
        if is_cut_ogg and not reading.allow_damaged:
            raise _cut_ogg_error(name, decoder.duration_s)
        if sizes and not reading.allow_damaged:
            _check_sizes(*sizes, decoder.duration_s, name)
        if reading.end_s is not None:
            decoder = BeginningDecoder(decoder, reading.end_s)
        return AudioReader(decoder, name, allow_damaged=reading.allow_damaged, file=file if owned else None)
    except BaseException:
        if decoder is not None:
            decoder.close()
        if owned:
            file.close()
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


def _open_decoder(file: BinaryIO, name: str) -> Decoder:
    """The decoder that serves best; if none does, the error is of the one that understood more."""
    file.seek(0)
    head = file.read(12)
    refusal: AudioError | None = None
    if not _ffmpeg_serves_better(file, head):
        try:
            return SoundFileDecoder(file, name)
        except NotDecodableError:
            pass
        except AudioError as error:
            refusal = error
    return _open_with_ffmpeg(file, name, head, refusal)


def _open_with_ffmpeg(file: BinaryIO, name: str, head: bytes, refusal: AudioError | None) -> Decoder:
    from pianotrans.audio.pyav_decoder import PyAvDecoder  # 30 MB of libraries that most runs do not need

    try:
        return PyAvDecoder(file, name)
    except AudioError as error:
        if refusal is None:
            raise
        raise refusal from error
    except NotDecodableError as error:
        raise refusal or AudioError(f"{name}: {_not_decodable(head)}") from error


def _ffmpeg_serves_better(file: BinaryIO, head: bytes) -> bool:
    """Whether a file is MPEG audio or a chain of Ogg streams.

    Both libraries decode MPEG audio to the same samples, but the libmpg123 inside libsndfile writes warnings
    to stderr. Of a chain libsndfile reads only the first stream; a single one it ends more exactly.
    """
    is_mpeg = head[:3] == b"ID3" or (head[0] == 0xFF and head[1:2] >= b"\xe0")
    return is_mpeg or is_chained_ogg(file)


def _check_sizes(declared: int, present: int, decodable_s: float | None, name: str) -> None:
    """Raise AudioError if the header declares more bytes of sound than are present."""
    if decodable_s:
        promised_s = decodable_s * declared / max(1, present)
        if promised_s - decodable_s > MISSING_S:
            raise truncated_error(name, promised_s, decodable_s)
    elif present < 0.99 * declared:
        raise AudioError(
            f"{name}: header promises {declared} bytes of sound, {present} are there. "
            "The file looks truncated; re-export it, or pass --allow-damaged."
        )


def _not_decodable(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "an MP4 file without a readable index (moov). The file looks truncated; re-export it."
    return "not an audio format that libsndfile or FFmpeg knows. Give a WAV, FLAC, MP3, M4A or other recording."


def _cut_ogg_error(name: str, decodable_s: float | None) -> AudioError:
    rest = "" if decodable_s is None else f", {decodable_s:.1f} s can be decoded"
    return AudioError(
        f"{name}: breaks off inside an Ogg page{rest}. "
        "The file looks truncated; re-export it, or pass --allow-damaged."
    )
