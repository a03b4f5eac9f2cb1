"""Validation of a transcription model: it transcribes recordings, which are scored like any transcription."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from pianotrans.audio import Reading
from pianotrans.errors import AudioError
from pianotrans.evaluation import KEYS, EvaluationSettings, columns, score_piece
from pianotrans.events import Performance
from pianotrans.inference.transcriber import Transcriber
from pianotrans.training.data.index import Recording
from pianotrans.training.runs.pictures import roll_picture
from pianotrans.training.runs.settings import ValidationSettings
from pianotrans.training.runs.task import Validation

_PICTURE_S = 20.0
_SHOWN = {"onset": "keys onset", "onset+offset": "keys onset+offset", "+velocity": "keys onset+offset+velocity"}


class Validator:
    """Scores models on some recordings, divided among the processes."""

    def __init__(self, recordings: Sequence[Recording], settings: ValidationSettings, fabric: Fabric):
        """Takes as many recordings as the settings allow, evenly spread over those that are given."""
        n = min(settings.recordings, len(recordings))
        chosen = np.linspace(0, len(recordings) - 1, n).round().astype(int)
        self._recordings = [recordings[i] for i in chosen]
        self._seconds = settings.seconds_each
        self._settings = EvaluationSettings(conventions=(KEYS,), limit_s=self._seconds)
        self._fabric = fabric

    def __call__(self, model_folder: Path) -> Validation:
        """Score the model in a folder: mean F1, 0 to 1, by the name of its column (`evaluation.columns`).

        The picture is the piano roll of one recording; it is empty in processes other than the first. The durations
        of the estimate are compared with those in the index, whichever these are. Columns that no recording defines
        are left out. Raises AudioError if a recording cannot be read.
        """
        device = self._fabric.device
        transcriber = Transcriber(model_folder, device="mps" if device.type == "mps" else str(device))
        names = columns(self._settings)
        table = torch.zeros(len(self._recordings), len(names), dtype=torch.float64)
        picture = np.zeros((0, 0, 3), np.uint8)
        for i in range(self._fabric.global_rank, len(table), self._fabric.world_size):
            reference, estimate = self._transcribe(transcriber, self._recordings[i])
            scores = score_piece(reference, estimate, self._settings).scores
            table[i] = torch.tensor([scores[n].f1 if scores[n].is_defined else torch.nan for n in names])
            if i == 0:
                picture = roll_picture(reference, estimate, min(_PICTURE_S, self._seconds, reference.duration_s))
        means = self._gathered(table).nanmean(dim=0).tolist()
        known = {name.name: mean for name, mean in zip(names, means, strict=True) if mean == mean}
        shown = [f"{name} {100 * known[column]:.2f}" for name, column in _SHOWN.items() if column in known]
        return Validation(known, f"F1 % {', '.join(shown) or 'undefined'}", picture)

    def _transcribe(self, transcriber: Transcriber, recording: Recording) -> tuple[Performance, Performance]:
        """What was played at the beginning of a recording, and what is heard there."""
        reference = recording.events.performance(0.0, self._seconds)
        try:
            estimate = transcriber.transcribe(recording.audio, reading=Reading(end_s=self._seconds))
        except AudioError as error:
            raise AudioError(f"{recording.name}: cannot be validated. {error}") from error
        return reference, estimate

    def _gathered(self, table: torch.Tensor) -> torch.Tensor:
        """The rows of all processes; each is zero in all but one."""
        if self._fabric.world_size == 1:
            return table
        reduced = self._fabric.all_reduce(table.float().to(self._fabric.device), reduce_op="sum")
        return torch.as_tensor(reduced).cpu().double()
