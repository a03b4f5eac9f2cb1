"""Names of files at the borders of the program: shown to people, stored as text, put into tables, compared.

The name of a file may be any bytes; Python keeps those that are not UTF-8 as lone surrogates. Neither SQLite nor
UTF-8 files can hold these, and control characters in a name can make a terminal do anything.
"""

import csv
import io
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence

_INVISIBLE = {"Cc", "Cs", "Zl", "Zp", "Cf"}
_JOINERS = "\u200c\u200d"  # of the category Cf, but scripts and emoji need them
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def shown(name: str | os.PathLike[str]) -> str:
    r"""A name as messages show it: one line, with everything that has no shape of its own made visible.

    Control characters and marks that turn the direction of text become `\x1b` or `\u202e`, and bytes that are not
    UTF-8 become `\xe9`. Two names may look the same.
    """
    text = os.fspath(name)
    return text if text.isascii() and text.isprintable() else "".join(map(_shown_character, text))


def stored(name: str | os.PathLike[str]) -> str:
    r"""A name as text that any database and file can hold; `restored` gives the name back.

    That is the name itself, unless it holds something else than text (or looks as if it had): then `\udce9` stands
    for a byte that is not UTF-8, and `\\` for a backslash.
    """
    text = os.fspath(name)
    if "\\ud" not in text and not _SURROGATE.search(text):
        return text
    return text.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode("utf-8")


def restored(text: str) -> str:
    """The name that was `stored`."""
    if "\\ud" not in text:
        return text
    return _ESCAPED.sub(lambda match: "\\" if match[1] == "\\" else chr(int(match[1][1:], 16)), text)


def composed(name: str) -> str:
    """A name in composed Unicode (NFC), for comparing: a Mac decomposes the letters that others keep."""
    return unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """The same text for names that some file system would not keep apart: by case, or by how accents are encoded.

    Canonical caseless matching, section 3.13 of the Unicode standard.
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in CSV, safe to open in a spreadsheet: texts are `shown`, and none of them is taken for a formula."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(heading)
    writer.writerows([_cell(value) if isinstance(value, str) else value for value in row] for row in rows)
    return table.getvalue()


def _cell(text: str) -> str:
    line = shown(text)
    return f"'{line}" if line.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(line) else line


def _shown_character(character: str) -> str:
    if unicodedata.category(character) not in _INVISIBLE or character in _JOINERS:
        return character
    if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8, as `os.fsdecode` keeps it
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
