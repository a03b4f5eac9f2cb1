"""Recordings transcribed and scored, as they are or degraded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pianotrans.audio.degradation import Degradation, DegradedReading
from pianotrans.batch.collection import Destination, transcribe_items
from pianotrans.batch.dataset_watcher import DatasetWatcher
from pianotrans.batch.item import End, Item
from pianotrans.batch.run import Options
from pianotrans.datasets import Pair, file_of
from pianotrans.evaluation import EvaluationSettings, Failure, FilePair, PieceScores, RobustnessStep, score_pairs
from pianotrans.evaluation.texts import n_pieces
from pianotrans.files import make_folder
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import here

FORMATS_TO_SCORE = ("mid", "json")  # scores are those of MIDI; JSON holds confidences


@dataclass(frozen=True)
class Work:
    """A recording to transcribe and score under a name of its own, perhaps made worse first."""

    name: str
    pair: Pair
    degraded: DegradedReading | None = None

    def item(self, folder: Path, formats: Sequence[str]) -> Item:
        """What to transcribe, with its outputs in the folder."""
        outputs = {name: folder / file_of(self.name, f".{name}") for name in formats}
        return Item(self.name, self.pair.audio, outputs, self.degraded)

    def to_score(self, item: Item) -> FilePair:
        """What to score once it has been transcribed."""
        time_map = None if self.degraded is None else self.degraded.degradation.time_map
        midi, confident = (here(item.outputs[name]) for name in FORMATS_TO_SCORE)
        if time_map is None:
            return FilePair(self.name, self.pair.midi, midi, confident)
        return FilePair(self.name, self.pair.midi, midi, confident, time_map.there, time_map.keys_higher)


def degraded_work(pairs: Sequence[Pair], degradations: Sequence[Degradation], seed: int) -> list[Work]:
    """All recordings with one degradation, then with the next."""
    return [
        Work(f"{one.label}/{pair.name}", pair, DegradedReading(one, f"{seed} {pair.name}"))
        for one in degradations
        for pair in pairs
    ]


class Measured(NamedTuple):
    """What was scored and what could not be; how long the recordings are, and how long new ones took."""

    pieces: tuple[PieceScores, ...]
    failures: tuple[Failure, ...]
    audio_s: float
    new_audio_s: float
    took_s: float


def measure(
    work: Sequence[Work],
    folder: Path,
    *,
    recipe: Recipe,
    options: Options,
    settings: EvaluationSettings,
    n_jobs: int | None,
    watcher: DatasetWatcher,
) -> Measured:
    """Transcribe and score; the transcriptions are kept in the folder. What failed before is tried again."""
    make_folder(folder)
    items = [one.item(folder, recipe.formats) for one in work]
    with watcher.transcribing() as run_watcher:
        outcomes = transcribe_items(items, Destination(folder), recipe, options, run_watcher).outcomes
    good = [(one, outcome) for one, outcome in zip(work, outcomes, strict=True) if outcome.is_good]
    untranscribed = [Failure(one.item.name, one.error or "unknown") for one in outcomes if not one.is_good]
    to_score = [one.to_score(outcome.item) for one, outcome in good]
    pieces, unscored = score_pairs(to_score, settings, n_jobs=n_jobs, watcher=watcher)
    new = [outcome for _, outcome in good if outcome.end is End.done]
    return Measured(
        pieces,
        (*untranscribed, *unscored),
        audio_s=sum(outcome.audio_s for _, outcome in good),
        new_audio_s=sum(outcome.audio_s for outcome in new),
        took_s=sum(outcome.took_s for outcome in new),
    )


def how_much(clean: Measured, n_degradations: int) -> str:
    """How much work the degraded recordings are, by the clean ones that have just been transcribed."""
    all_s = clean.audio_s * n_degradations
    line = f"{n_pieces(len(clean.pieces))}, degraded in {n_degradations} ways: {_in_minutes(all_s)} of sound"
    if clean.new_audio_s:
        line += f", about {_in_minutes(all_s * clean.took_s / clean.new_audio_s)} of work for one process"
    return f"{line}. With --seconds it is less."


def _in_minutes(seconds: float) -> str:
    """A time for people: 40 s, 12 min, 2.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def steps_of(degradations: Sequence[Degradation], pieces: Sequence[PieceScores]) -> tuple[RobustnessStep, ...]:
    """The pieces by the degradation that their names begin with."""
    return tuple(
        RobustnessStep(
            one.name,
            one.level if one.kind.levels else None,
            one.kind.unit,
            tuple(piece for piece in pieces if piece.name.startswith(f"{one.label}/")),
        )
        for one in degradations
    )
