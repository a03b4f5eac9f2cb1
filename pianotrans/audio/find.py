"""Recordings in folders."""

import os
from collections.abc import Callable
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


_KNOWN = frozenset(AUDIO_SUFFIXES)

OnRefused = Callable[[AudioError, Path], None]
"""Is told why a folder cannot be read, and which."""


def find_audio(folder: str | os.PathLike[str], on_refused: OnRefused | None = None) -> list[Path]:
    """All files with one of the `AUDIO_SUFFIXES` in a folder and the folders below it, sorted by path.

    Hidden files and folders are skipped. Links to files count as files; links to folders below are not
    followed. With `on_refused`, folders below that cannot be read are left out and told. Otherwise, and if `folder`
    itself cannot be read, raises AudioError. Takes about 1 s for 100 000 files.
    """
    found: list[Path] = []
    open_entries = _list(folder)  # the next one last
    while open_entries:
        entry = open_entries.pop()
        if not entry.is_dir(follow_symlinks=False):
            if os.path.splitext(entry.name)[1].lower() in _KNOWN and _is_file(entry):  # noqa: PTH122 - faster
                found.append(Path(entry.path))
            continue
        try:
            open_entries += _list(entry.path)
        except AudioError as error:
            if on_refused is None:
                raise
            on_refused(error, Path(entry.path))
    return found


def _list(folder: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    """What is in a folder and not hidden, in reverse order of names."""
    try:
        with os.scandir(os.fspath(folder)) as entries:
            seen = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise AudioError(f"{folder}: cannot be read as a folder ({error.strerror}). Check the path.") from error
    return sorted(seen, key=lambda entry: entry.name, reverse=True)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except PermissionError:  # reading it will tell
        return True
    except OSError:  # a link to itself
        return False
