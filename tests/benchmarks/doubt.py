"""How soon errors are found where doubt leads, and how many actions correct a transcription.

    python -m tests.benchmarks.doubt ROOT… [--keep FOLDER]

Transcribes the recordings with true MIDI below each root (maestro-mini, maps). Errors are extra notes, missed
notes, and notes with a wrong offset, with the tolerances of the evaluation. What can be looked at are the notes and the
candidates, from the least sure: a look at a note finds that it is extra or ends elsewhere, a look at a candidate
finds that it was missed. With --keep the transcriptions stay in FOLDER, and are taken from there the next time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pianotrans import Transcriber
from pianotrans.evaluation.alignment import constant_offset_s
from pianotrans.evaluation.metrics import match_offsets, match_onsets
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.evaluation.tables import EventTable
from pianotrans.events import Note, Performance, load_json, load_midi

SHARES = (0.02, 0.05, 0.10)
SETTINGS = EvaluationSettings()
ALMOST_SURE = 0.9  # what is less sure than this is in the queue of the report
OCTAVE = 12


@dataclass(frozen=True)
class Item:
    """Something to look at: a note or a candidate."""

    doubt: float  # the probability that it is an error
    velocity: int
    is_note: bool
    n_errors: int  # that a look at it finds: 0 or 1
    n_actions: int  # without runners-up: accepting is one, deleting and drawing anew are two
    n_actions_chosen: int  # with them


@dataclass(frozen=True)
class Piece:
    """What can be looked at in a recording, and the errors in it."""

    items: list[Item]
    n_missed: int
    n_found_missed: int  # of these, those that are candidates

    @property
    def n_errors(self) -> int:
        """All of them, whether they can be found by a look or not."""
        return self.n_missed + sum(item.n_errors for item in self.items if item.is_note)


def in_table_order(notes: Sequence[Note]) -> list[Note]:
    """The notes as the rows of an `EventTable`."""
    return sorted(notes, key=lambda note: (note.key, note.onset_s))


def judge(truth: Performance, heard: Performance, *, align: bool) -> Piece:
    """Which notes and candidates of a transcription are errors."""
    ref, est = EventTable.of_notes(truth), EventTable.of_notes(heard)
    shift_s = constant_offset_s(ref, est, window_s=SETTINGS.align_window_s) if align else 0.0
    est = est.shifted(-shift_s)
    right = match_offsets(ref, est, SETTINGS)
    left_ref, left_est = (np.setdiff1d(np.arange(len(x)), right[:, i]) for i, x in enumerate((ref, est)))
    pairs = match_onsets(ref.rows(left_ref), est.rows(left_est), SETTINGS)
    ends_elsewhere = dict(zip(left_est[pairs[:, 1]].tolist(), left_ref[pairs[:, 0]].tolist(), strict=True))
    missed = ref.rows(np.delete(left_ref, pairs[:, 0]))
    items = []
    for i, note in enumerate(in_table_order(heard.notes)):
        is_right, wanted = i in right[:, 1], ends_elsewhere.get(i)
        offset_s = None if wanted is None else float(ref.offsets_s[wanted]) + shift_s
        duration_s = 0.0 if wanted is None else float(ref.offsets_s[wanted] - ref.onsets_s[wanted])
        can_choose = offset_s is not None and any(
            agrees(other.offset_s, offset_s, duration_s) for other in note.other_offsets
        )
        by_hand = 2 if wanted is not None else 1  # deleted and drawn anew, or accepted, or deleted
        items.append(
            Item(1 - note.confidence, note.velocity, True, int(not is_right), by_hand, 1 if can_choose else by_hand)
        )
    candidates = in_table_order(heard.candidates)
    nearly = EventTable.of_notes(Performance(tuple(candidates))).shifted(-shift_s)
    taken = {j: i for i, j in match_onsets(missed, nearly, SETTINGS).tolist()}
    for j, note in enumerate(candidates):
        items.append(Item(note.onset_confidence, note.velocity, False, int(j in taken), 0, 1))
    return Piece(items, len(missed), len(taken))


def agrees(offset_s: float, wanted_s: float, duration_s: float) -> bool:
    """Whether an offset is right, for a note that lasts as long."""
    return abs(offset_s - wanted_s) <= max(SETTINGS.offset_tolerance_s, SETTINGS.offset_ratio * duration_s)


def transcribed(root: Path, keep: Path | None) -> Iterator[tuple[str, Performance, Performance]]:
    """Every recording with true MIDI below a root: its name, the truth, what is heard."""
    transcriber: Transcriber | None = None
    for audio in sorted(path for path in root.rglob("*") if path.suffix in (".wav", ".flac")):
        truths = [path for path in map(audio.with_suffix, (".midi", ".mid")) if path.exists()]
        if not truths or "train" in audio.parts:
            continue
        kept = None if keep is None else keep / f"{audio.stem}.json"
        if kept is None or not kept.exists():
            transcriber = transcriber or Transcriber(precision="float32")
            heard = transcriber.transcribe(audio)
            if kept is not None:
                heard.save(kept)
        else:
            heard = load_json(kept)
        yield audio.stem, load_midi(truths[0]), heard


def found(pieces: Sequence[Piece], order: Callable[[Item], float], share: float, *, notes_only: bool) -> float:
    """The share of all errors among the first items of every recording."""
    n_found = 0
    for piece in pieces:
        items = sorted((x for x in piece.items if x.is_note or not notes_only), key=order)
        n_found += sum(item.n_errors for item in items[: round(share * sum(x.is_note for x in piece.items))])
    return n_found / sum(piece.n_errors for piece in pieces)
