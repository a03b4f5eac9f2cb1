"""What recordings are called: one line of text, the same on every file system."""

import re
from pathlib import Path, PurePath

from pianotrans.names import composed, shown

_SHOWN_CHARACTERS = 160
_RISKY = re.compile(r'[<>:"\\|?*%]|^\.|[. ]$')


def stem_name(path: PurePath) -> str:
    """The name of the recording in a file: its path without the suffix, with "/" between folders; `tidy`."""
    return tidy(path.with_suffix("").as_posix())


def tidy(name: str) -> str:
    """A name in composed Unicode, as some file systems decompose what others keep, that can be printed."""
    return shown(composed(name))


def file_of(name: str, suffix: str) -> Path:
    """A relative path for the results of the recording of this name, unique to the name.

    An index may give a recording any name. Characters that some file system does not allow are spelled as % and
    their code; so is a dot at the beginning, so that no name leads out of its folder.
    """
    return Path(*(_RISKY.sub(_spelled, part) or "%" for part in f"{name}{suffix}".split("/")))


def _spelled(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())


def excerpt(text: object) -> str:
    """A name as messages show it: printable, and without its middle where it is longer than 160 characters."""
    line = shown(str(text))
    half = _SHOWN_CHARACTERS // 2
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:half]}…{line[-half:]}"


def quoted(text: object) -> str:
    """A name as an `excerpt`, in quotes."""
    return f"'{excerpt(text)}'"
