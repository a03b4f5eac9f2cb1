"""Standard output and standard error: any encoding and width, a full disk, a closed pipe, or no stream at all."""

import codecs
import io
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TextIO, cast

from pianotrans.errors import OutputError
from pianotrans.names import shown

_FIT = "pianotrans.fit"
_LOOKALIKES = {"×": "x", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "•": "*", "→": "->"}
_NARROWEST, _WIDEST = 40, 5000
_CLOSED_PIPE = 141  # 128 + SIGPIPE: what shells see of other tools


def prepare_streams() -> None:
    """Make standard output and standard error ready for whatever they lead to; once, before anything is printed.

    Characters that an encoding lacks are replaced by ones that it has. What cannot be written to standard error is
    dropped: reporting must never stop the work. Standard output that cannot be written ends the program, with an
    OutputError or, where its reader has gone, quietly.
    """
    _limit_width()
    _occupy_closed_descriptors()
    codecs.register_error(_FIT, _fit)
    sys.stdout = cast("TextIO", _Stream(sys.stdout or _unwritable(), _end))
    sys.stderr = cast("TextIO", _Stream(sys.stderr or io.StringIO(), lambda _: None))


def print_line(text: object) -> None:
    """Print a line on standard output at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class _Stream:
    """A stream of text or bytes that calls `on_failure` when it cannot be written, and is silent from then on."""

    def __init__(self, stream: Any, on_failure: Callable[[OSError], object]):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_FIT)
        self._stream, self._on_failure = stream, on_failure
        self._has_failed = False

    @property
    def buffer(self) -> "_Stream":
        return _Stream(self._stream.buffer, self._fail)

    def write(self, content: str | bytes) -> int:
        self._try(lambda: self._stream.write(content))
        return len(content)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, work: Callable[[], object]) -> None:
        if not self._has_failed:
            try:
                work()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._has_failed = True
        self._on_failure(error)


def _end(error: OSError) -> NoReturn:
    if isinstance(error, BrokenPipeError):
        raise SystemExit(_CLOSED_PIPE) from error
    raise OutputError(f"standard output: cannot be written ({error.strerror or error}).") from error


def _limit_width() -> None:
    """Lines are at least as long as a few words, though the terminal then breaks them, and not without end."""
    width = shutil.get_terminal_size().columns
    if "COLUMNS" in os.environ or width < _NARROWEST:
        os.environ["COLUMNS"] = str(min(max(width, _NARROWEST), _WIDEST))


def _occupy_closed_descriptors() -> None:
    """Put something in the place of closed standard streams, lest a file of ours take their numbers."""
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):  # using 0 and 1 still fails
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, mode)


def _unwritable() -> TextIO:
    """Standard output that was closed: fails when it is written."""
    with suppress(OSError):
        return os.fdopen(1, "w", encoding="utf-8", closefd=False)
    return io.StringIO()


def _fit(error: UnicodeError) -> tuple[str, int]:
    """Put ASCII in place of what an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_fitting, error.object[error.start : error.end])), error.end


def _fitting(character: str) -> str:
    """The ASCII that looks most like a character."""
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    if (name := unicodedata.name(character, "")).startswith("BOX DRAWINGS"):
        return "-" if name.endswith("HORIZONTAL") else "|" if name.endswith(" VERTICAL") else "+"
    if name.startswith("BRAILLE"):  # spinners are made of it
        return "."
    if (visible := shown(character)).isascii():
        return visible
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"
