"""The files of an evaluation: `pianotrans evaluate --out DIR`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pianotrans.commands.console import Reporter
from pianotrans.errors import OutputError
from pianotrans.files import make_folder, write_atomically

if TYPE_CHECKING:
    from pianotrans.evaluation import Evaluation

_TEXTS = ("summary.json", "summary.md", "pieces.csv", "errors.csv")
_PICTURES = ("deviations.png", "registers.png", "pieces.png", "reliability.png")


def check_free(folder: Path, *, overwrite: bool) -> None:
    """Make the folder, and tell early what cannot be written, before time is spent on scoring.

    Raises OutputError if the folder cannot be made, or holds one of the files and `overwrite` is False.
    """
    make_folder(folder)
    taken = [name for name in (*_TEXTS, *_PICTURES) if (folder / name).exists()]
    if taken and not overwrite:
        raise OutputError(f"{folder}: holds {taken[0]} already. Pass --overwrite, or choose another folder.")


def save(evaluation: "Evaluation", folder: Path, seed: int, reporter: Reporter, *, overwrite: bool) -> None:
    """Write the evaluation's files into a folder that exists; pictures only where matplotlib is installed."""
    from pianotrans.evaluation import to_dict
    from pianotrans.evaluation.pictures import can_draw, draw_all
    from pianotrans.evaluation.texts import errors_csv, pieces_csv, summary_markdown

    texts = (
        json.dumps(to_dict(evaluation, seed=seed), indent=1, allow_nan=False) + "\n",
        summary_markdown(evaluation, seed=seed),
        pieces_csv(evaluation),
        errors_csv(evaluation),
    )
    contents = {name: text.encode() for name, text in zip(_TEXTS, texts, strict=True)}
    if can_draw():
        contents |= draw_all(evaluation)
    else:
        reporter.say("no pictures: matplotlib is not installed. Get it with pip install 'pianotrans[plots]'.")
    for name, content in contents.items():
        write_atomically(folder / name, content, overwrite=overwrite)
    reporter.say(f"written to {folder}: {', '.join(contents)}")
