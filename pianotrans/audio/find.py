"""Recordings in folders."""

import os
from pathlib import Path

from pianotrans.errors import AudioError

_LOSSLESS = (
    *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".flac", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"),
    *(".ape", ".wv", ".tta", ".dsf", ".dff"),
)
_LOSSY = (
    *(".opus", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".mp3", ".mp2", ".mpga", ".wma", ".ac3", ".eac3", ".mka"),
)
_VIDEO = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".wmv", ".flv"),
    *(".mpg", ".mpeg", ".mts", ".m2ts", ".3gp", ".ogv"),
)
AUDIO_SUFFIXES = _LOSSLESS + _LOSSY + _VIDEO
"""What can be decoded, in lower case; the first is preferred where a recording is there in several formats."""


def find_audio(folder: str | os.PathLike[str]) -> list[Path]:
    """All files with one of the `AUDIO_SUFFIXES` in a folder and the folders below it, sorted by path.

    Hidden files and folders are skipped. Links to files count as files; links to folders below are not
    followed. Raises AudioError if a folder cannot be read.
    """
    found = []
    for parent, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in files if _looks_like_audio(name)]
    return sorted(path for path in found if path.is_file())


def _looks_like_audio(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in AUDIO_SUFFIXES


def _refuse(error: OSError) -> None:
    raise AudioError(f"{error.filename}: cannot be read as a folder ({error.strerror}). Check the path.") from error
