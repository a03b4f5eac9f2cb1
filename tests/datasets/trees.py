"""Made-up data sets: trees of empty files, and indexes over them."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pytest

from pianotrans.datasets import DatasetListing


def touch(root: Path, *names: str) -> Path:
    """Empty files below a folder, which is returned."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def table(columns: Iterable[str], *rows: Iterable[object]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue()


def contents(listing: DatasetListing) -> dict[str, tuple[str, str]]:
    """Audio and MIDI of every pair by its name, as paths below the root."""
    return {
        pair.name: tuple(path.relative_to(listing.root).as_posix() for path in (pair.audio, pair.midi))
        for pair in listing.pairs
    }


def unmatched(listing: DatasetListing) -> list[str]:
    return [str(one) for one in listing.unmatched]


def one_line(caught: pytest.ExceptionInfo[Exception]) -> str:
    """The message, after making sure that it is one line that can be printed and is not endless."""
    message = str(caught.value)
    assert message.isprintable(), repr(message)
    assert len(message) < 900
    assert message.endswith(".")
    return message
