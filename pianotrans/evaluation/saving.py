"""The files of an evaluation: scores, tables for spreadsheets, mistakes and pictures."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pianotrans.errors import OutputError
from pianotrans.evaluation.bootstrap import SEED
from pianotrans.evaluation.pictures import PICTURES, draw_all
from pianotrans.evaluation.report import to_dict
from pianotrans.evaluation.robustness_picture import draw_robustness
from pianotrans.evaluation.texts import (
    circumstances_csv,
    errors_csv,
    pieces_csv,
    robustness_csv,
    summary_markdown,
    tolerances_csv,
)

if TYPE_CHECKING:
    from pianotrans.evaluation.collection import Evaluation

_TEXTS = ("summary.json", "summary.md", "pieces.csv", "errors.csv", "circumstances.csv", "tolerances.csv")
_OF_STEPS = ("robustness.csv", "robustness.png")


def check_free(folder: Path, *, overwrite: bool = False) -> None:
    """Raise OutputError if a folder holds one of an evaluation's files, unless that may be overwritten."""
    taken = [name for name in (*_TEXTS, *PICTURES, *_OF_STEPS) if (folder / name).exists()]
    if taken and not overwrite:
        raise OutputError(f"{folder}: holds {taken[0]} already. Pass --overwrite, or choose another folder.")


def render_files(evaluation: "Evaluation", *, seed: int = SEED) -> dict[str, bytes]:
    """The content of every file by its name; `seed` is that of the bootstrap."""
    texts = (
        json.dumps(to_dict(evaluation, seed=seed), indent=1, allow_nan=False) + "\n",
        summary_markdown(evaluation, seed=seed),
        pieces_csv(evaluation),
        errors_csv(evaluation),
        circumstances_csv(evaluation),
        tolerances_csv(evaluation),
    )
    files = {name: text.encode() for name, text in zip(_TEXTS, texts, strict=True)} | draw_all(evaluation)
    if evaluation.robustness:
        contents = robustness_csv(evaluation).encode(), draw_robustness(evaluation)
        files |= dict(zip(_OF_STEPS, contents, strict=True))
    return files
