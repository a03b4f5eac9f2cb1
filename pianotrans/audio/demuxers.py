"""Which of FFmpeg's formats are recordings, and how one is opened."""

import av
from av.container import InputContainer

from pianotrans.audio.decoder import NotDecodableError
from pianotrans.audio.plainfile import PlainFile

MOV = "mov,mp4,m4a,3gp,3g2,mj2"
MATROSKA = "matroska,webm"
CLOCKED = frozenset({MOV, MATROSKA, "asf", "flac", "flv", "mpeg", "mpegts", "ogg"})
"""Formats whose time stamps are part of the file. For others FFmpeg counts or guesses."""

_RECORDINGS = (
    *("aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dsf", "dts", "dtshd", "eac3", "flac", "flv"),
    *("gsm", "gxf", "iff", "ircam", "loas", MATROSKA, "mlp", MOV, "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mxf"),
    *("nistsphere", "nut", "ogg", "oma", "qcp", "qoa", "rm", "shn", "sox", "spdif", "tak", "truehd", "tta", "voc"),
    *("w64", "wav", "wsd", "wtv", "wv", "xwma"),
)
"""Formats of music, speech and film. No scripts, play lists, pictures or subtitles, and nothing from games."""

_OPTIONS = {
    "format_whitelist": ",".join(_RECORDINGS),
    # A play list names other files and addresses: none of them may be opened.
    "protocol_whitelist": "none",
}


def open_container(file: PlainFile) -> InputContainer:
    """Open a recording with FFmpeg. Raises NotDecodableError for what is none."""
    file.seek(0)
    try:
        # A title in another encoding must not keep us from the sound.
        return av.open(file, "r", options=_OPTIONS, metadata_errors="replace")
    except MemoryError:  # one of FFmpeg's errors, too
        raise
    except (av.FFmpegError, IndexError) as error:  # IndexError: PyAV 18, for text taken for a picture
        raise NotDecodableError(str(error)) from error
