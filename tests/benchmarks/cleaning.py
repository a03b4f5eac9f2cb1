"""What each step of the clean-up does to the scores: transcribe once, clean many ways.

usage: python -m tests.benchmarks.cleaning [--keep FOLDER]

Transcribes the eleven real recordings of the shared data, applies one step at a time, and prints, for either data
set, means over recordings: precision, recall and F1 of onsets, F1 of notes with offsets. Besides, summed up: notes;
repetitions that follow the note before on their key within 30 ms; strokes of the sustain pedal; and their mean F1.
With --keep the transcriptions stay in FOLDER, and are taken from there the next time.
"""

import argparse
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pianotrans import Transcriber
from pianotrans.evaluation import Column, EvaluationSettings, PieceScores, score_piece
from pianotrans.events import SUSTAIN, Cleaning, Fitting, Performance, load_json, load_midi
from tests.agreement import Recording, recordings
from tests.conftest import REPOSITORY

STEPS: dict[str, Cleaning | Fitting] = {
    "as it is": Cleaning(),
    "--min-onset-confidence 0.9": Cleaning(min_onset_confidence=0.9),
    "--min-confidence 0.3": Cleaning(min_confidence=0.3),
    "--min-velocity 20": Cleaning(min_velocity=20),
    "--min-duration 0.05": Cleaning(min_duration_s=0.05),
    "--join-gap 0.03": Cleaning(join_gap_s=0.03),
    "--repeat-gap 0.03": Fitting(repeat_gap_s=0.03),
    "--pedal-gap 0.1": Cleaning(pedal_gap_s=0.1),
    "--velocity-curve 0.7": Cleaning(velocity_exponent=0.7),
}
CLOSE_S = 0.03


def transcribe_all(shared: Path, keep: Path | None) -> list[tuple[Recording, Performance]]:
    """Every recording with what is heard in it."""
    transcriber: Transcriber | None = None
    found = []
    for recording in recordings(shared):
        kept = None if keep is None else keep / f"{recording.audio.stem}.json"
        if kept is not None and kept.exists():
            found.append((recording, load_json(kept)))
            continue
        transcriber = transcriber or Transcriber()
        performance = transcriber.transcribe(recording.audio)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            performance.save(kept)
        found.append((recording, performance))
    return found


def n_close_repeats(performance: Performance) -> int:
    """How many notes follow the one before on their key within `CLOSE_S` of its end."""
    notes = sorted(performance.notes, key=lambda note: (note.key, note.onset_s))
    return sum(a.key == b.key and b.onset_s - a.offset_s < CLOSE_S - 1e-6 for a, b in pairwise(notes))


def row(cleaned: Sequence[Performance], pieces: Sequence[PieceScores]) -> list[str]:
    """The cells of one step."""

    def mean(group: str, metric: str, what: str) -> str:
        scores = [piece.scores[Column(group, metric)] for piece in pieces]
        values = [getattr(score, what) for score in scores if score.is_defined]
        return f"{100 * np.mean(values):.2f}" if values else "–"

    return [
        str(sum(one.n_notes for one in cleaned)),
        *(mean("keys", "onset", what) for what in ("precision", "recall", "f1")),
        mean("keys", "onset+offset", "f1"),
        mean("keys", "onset+velocity", "f1"),
        str(sum(map(n_close_repeats, cleaned))),
        str(sum(len(one.pedals_of(SUSTAIN)) for one in cleaned)),
        mean("sustain pedal", "onset", "f1"),
    ]


def main() -> None:
    """Print a table for either data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
    heard = transcribe_all(shared, arguments.keep)
    for title, is_maps in (("sampled piano", False), ("MAPS, aligned", True)):
        settings = EvaluationSettings(align=is_maps)
        some = [pair for pair in heard if ("maps" in pair[0].audio.parts) == is_maps]
        table = Table(box=None, title=title)
        for heading in ("step", "notes", "P", "R", "F1", "+offset", "+velocity", "close", "pedals", "pedal F1"):
            table.add_column(heading, justify="left" if heading == "step" else "right", no_wrap=True)
        for name, cleaning in STEPS.items():
            cleaned = [cleaning.apply(performance) for _, performance in some]
            pieces = [
                score_piece(load_midi(recording.truth), one, settings)
                for (recording, _), one in zip(some, cleaned, strict=True)
            ]
            table.add_row(name, *row(cleaned, pieces))
        Console(width=120).print(table)


if __name__ == "__main__":
    main()
