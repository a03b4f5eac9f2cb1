"""The checkpoints of a run: folders that appear as a whole; the last ones and the best one are kept.

Each is a model's folder, too: `transcribe --model runs/mine/checkpoints/step-00010000` works.
"""

import json
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from pianotrans.errors import TrainingError
from pianotrans.files import make_folder, write_atomically, write_folder_atomically

SCORES_FILE = "scores.json"
_NAME = re.compile(r"step-[0-9]{8,18}")


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint."""

    folder: Path

    @property
    def step(self) -> int:
        """How many steps had been taken."""
        return int(self.folder.name.removeprefix("step-"))

    @property
    def scores(self) -> dict[str, float] | None:
        """The figures of its validation, 0 to 1; None if it was not validated."""
        try:
            scores = json.loads((self.folder / SCORES_FILE).read_bytes())
            return {str(name): float(score) for name, score in scores.items()}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise TrainingError(f"{self.folder / SCORES_FILE}: cannot be read ({error}). Delete it.") from error

    def add_scores(self, scores: dict[str, float]) -> None:
        """Write down what a validation found."""
        write_atomically(self.folder / SCORES_FILE, json.dumps(scores, indent=1).encode(), overwrite=True)


@dataclass(frozen=True)
class Checkpoints:
    """All checkpoints of a run, in `folder`, compared by the figure `best_by` of their validations."""

    folder: Path
    best_by: str

    def all(self) -> list[Checkpoint]:
        """In order of their steps."""
        folders = (path for path in self.folder.glob("step-*") if _NAME.fullmatch(path.name))
        return sorted(map(Checkpoint, folders), key=lambda one: one.step)

    def last(self) -> Checkpoint | None:
        """The one to continue from."""
        return max(self.all(), key=lambda one: one.step, default=None)

    def best(self) -> Checkpoint | None:
        """The one with the highest figure, the first of several; None if none was validated."""
        scored = [(one, scores.get(self.best_by, 0.0)) for one in self.all() if (scores := one.scores)]
        return max(scored, key=lambda pair: pair[1])[0] if scored else None

    def save(self, step: int, files: dict[str, bytes]) -> Checkpoint:
        """Write a checkpoint. Raises OutputError if that cannot be done; those before stay as they are."""
        make_folder(self.folder)
        checkpoint = Checkpoint(self.folder / f"step-{step:08d}")
        write_folder_atomically(checkpoint.folder, files)
        return checkpoint

    def prune(self, n_kept: int) -> None:
        """Delete all but the last ones and the best one, and what a killed run may have left half-written."""
        best = self.best()
        for checkpoint in self.all()[:-n_kept]:
            if checkpoint != best:
                doomed = self.folder / f".pianotrans-{secrets.token_hex(8)}.tmp"
                checkpoint.folder.rename(doomed)  # no half of it ever has a checkpoint's name
        for path in self.folder.glob(".pianotrans-*.tmp"):
            shutil.rmtree(path, ignore_errors=True)
