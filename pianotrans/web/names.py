"""The names of recordings, and of the files that are made of them: legal and unique on every system."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from pianotrans.names import composed, folded
from pianotrans.workers.formats import suffix_of

_MAX_BYTES = 255  # of a name in UTF-8; Windows and macOS count in larger units
_MARGIN_BYTES = 20  # for the suffix and a number
_ILLEGAL = re.compile(r'[\\/:*?"<>|]')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)  # on Windows


def file_name(name: str) -> str:
    """A file's name without the folders that a browser may have added."""
    return name.rpartition("/")[2]


def download_name(name: str, format_name: str) -> str:
    """The name of a result, as `transcribe` would give it if every system allows it: song.mp3 becomes song.mid."""
    return legal_stem(name) + suffix_of(format_name)


def disposition(name: str) -> str:
    """The header Content-Disposition of a file that is to be saved under this name (RFC 6266)."""
    quoted = quote(name)
    return f'attachment; filename="{name}"' if quoted == name else f"attachment; filename*=utf-8''{quoted}"


def legal_stem(name: str) -> str:
    """The name of a recording without its suffix, changed only as far as some system does not allow it.

    Illegal characters are replaced, dots and spaces at the end dropped, names of devices marked, long names cut.
    """
    printable = "".join(char if char.isprintable() else "_" for char in composed(name))
    stem = PurePosixPath(_ILLEGAL.sub("_", printable)).stem.rstrip(". ")
    if _DEVICE.match(stem):
        stem = f"_{stem}"
    return stem.encode()[: _MAX_BYTES - _MARGIN_BYTES].decode(errors="ignore").rstrip(". ") or "recording"


def unique_stem(name: str, taken: set[str]) -> str:
    """A legal stem that no system takes for one of those in `taken`; it is added to them: song, song (2)."""
    stem = free = legal_stem(name)
    number = 1
    while folded(free) in taken:
        number += 1
        free = f"{stem} ({number})"
    taken.add(folded(free))
    return free
