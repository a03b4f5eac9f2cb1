"""How soon errors are found where doubt leads, and how many actions correct a transcription.

    python -m tests.benchmarks.doubt ROOT… [--keep FOLDER]

Transcribes the recordings with true MIDI below each root (maestro-mini, maps). Errors are extra notes, missed
notes, and notes with a wrong offset, with the tolerances of the evaluation. What can be looked at are the notes and
the candidates, from the least sure: a look at a note finds that it is extra or ends elsewhere, a look at a
candidate finds that it was missed. Where offsets do not count, notes are as sure as their onsets. With --keep the
transcriptions stay in FOLDER, and are taken from there the next time.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pianotrans import Transcriber
from pianotrans.evaluation.alignment import constant_offset_s
from pianotrans.evaluation.metrics import match_offsets, match_onsets
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.evaluation.tables import EventTable
from pianotrans.events import Note, Performance, load_json, load_midi

SHARES = (0.02, 0.05, 0.10)
SETTINGS = EvaluationSettings()


@dataclass(frozen=True)
class Item:
    """Something to look at: a note or a candidate.

    Accepting, deleting, drawing, and taking a runner-up are one action each. A note with a wrong offset is deleted
    and drawn anew where its offset is not among the runners-up.
    """

    sureness: float  # of a candidate: that it is rightly not written
    velocity: int
    is_note: bool
    is_error: bool  # that a look finds
    n_actions: int
    n_actions_by_hand: int  # where there are no runners-up


@dataclass(frozen=True)
class Piece:
    """What can be looked at in a recording, and how many notes it misses."""

    items: list[Item]
    n_missed: int

    @property
    def n_notes(self) -> int:
        """Notes that were written."""
        return sum(item.is_note for item in self.items)

    @property
    def n_errors(self) -> int:
        """All of them, whether a look can find them or not."""
        return self.n_missed + sum(item.is_error for item in self.items if item.is_note)


def in_table_order(notes: Sequence[Note]) -> list[Note]:
    """The notes as the rows of an `EventTable`."""
    return sorted(notes, key=lambda note: (note.key, note.onset_s))


def judge(truth: Performance, heard: Performance, *, align: bool, ends: bool) -> Piece:
    """Which notes and candidates of a transcription are errors; with `ends`, also by their offsets."""
    ref, est = EventTable.of_notes(truth), EventTable.of_notes(heard)
    shift_s = constant_offset_s(ref, est, window_s=SETTINGS.align_window_s) if align else 0.0
    est = est.shifted(-shift_s)
    right = match_offsets(ref, est, SETTINGS) if ends else match_onsets(ref, est, SETTINGS)
    left_ref, left_est = (np.setdiff1d(np.arange(len(x)), right[:, i]) for i, x in enumerate((ref, est)))
    pairs = match_onsets(ref.rows(left_ref), est.rows(left_est), SETTINGS)
    wanted = dict(zip(left_est[pairs[:, 1]].tolist(), left_ref[pairs[:, 0]].tolist(), strict=True))
    is_right = np.isin(np.arange(len(est)), right[:, 1])
    items = []
    for i, note in enumerate(in_table_order(heard.notes)):
        row = wanted.get(i)
        others_s = [other.offset_s - shift_s for other in note.other_offsets]
        can_choose = row is not None and any(ends_right(ref, row, offset_s) for offset_s in others_s)
        by_hand = 1 if row is None else 2
        sureness = (note.confidence if ends else note.onset_confidence) or 0.0
        items.append(Item(sureness, note.velocity, True, not is_right[i], 1 if can_choose else by_hand, by_hand))
    missed = ref.rows(np.delete(left_ref, pairs[:, 0]))
    candidates = in_table_order(heard.candidates)
    nearly = EventTable.of_notes(Performance(tuple(candidates))).shifted(-shift_s)
    taken = dict(match_onsets(missed, nearly, SETTINGS)[:, ::-1].tolist())
    for j, note in enumerate(candidates):
        needs_more = ends and j in taken and not ends_right(missed, taken[j], float(nearly.offsets_s[j]))
        items.append(Item(1 - (note.onset_confidence or 0.0), note.velocity, False, j in taken, 1 + needs_more, 0))
    return Piece(items, len(missed))


def ends_right(ref: EventTable, row: int, offset_s: float) -> bool:
    """Whether an offset is that of a note of the reference, as the evaluation has it."""
    duration_s = ref.offsets_s[row] - ref.onsets_s[row]
    tolerance_s = max(SETTINGS.offset_tolerance_s, SETTINGS.offset_ratio * duration_s)
    return bool(abs(offset_s - ref.offsets_s[row]) <= tolerance_s)


def transcribed(root: Path, keep: Path | None) -> Iterator[tuple[Performance, Performance]]:
    """The truth of every recording below a root, and what is heard."""
    transcriber: Transcriber | None = None
    for audio in sorted(path for path in root.rglob("*") if path.suffix in (".wav", ".flac")):
        truths = [path for path in map(audio.with_suffix, (".midi", ".mid")) if path.exists()]
        if not truths or "train" in audio.relative_to(root).parts:
            continue
        kept = None if keep is None else keep / f"{audio.stem}.json"
        if kept is None or not kept.exists():
            transcriber = transcriber or Transcriber(precision="float32")
            heard = transcriber.transcribe(audio)
            if kept is not None:
                heard.save(kept)
        else:
            heard = load_json(kept)
        yield load_midi(truths[0]), heard


def found(pieces: Sequence[Piece], order: Callable[[Item], float], share: float, *, notes_only: bool) -> float:
    """The share of all errors among the first of what can be looked at in each recording: a share of its notes."""
    n_found = 0
    for piece in pieces:
        items = sorted((item for item in piece.items if item.is_note or not notes_only), key=order)
        n_found += sum(item.is_error for item in items[: round(share * piece.n_notes)])
    return n_found / sum(piece.n_errors for piece in pieces)


def by_chance(pieces: Sequence[Piece], share: float) -> float:
    """What looking at notes in any order finds on average."""
    n_found = sum(
        round(share * piece.n_notes) * sum(x.is_error for x in piece.items if x.is_note) / piece.n_notes
        for piece in pieces
    )
    return n_found / sum(piece.n_errors for piece in pieces)


def show_found(name: str, pieces: Sequence[Piece]) -> None:
    """The share of errors found, by order."""
    table = Table(box=None, title=f"{name}: {sum(piece.n_errors for piece in pieces)} errors")
    for heading in ("order", *(f"{share:.0%}" for share in SHARES)):
        table.add_column(heading, justify="left" if heading == "order" else "right")
    orders: dict[str, Callable[[float], float]] = {
        "the least sure first": lambda share: found(pieces, lambda x: x.sureness, share, notes_only=False),
        "without candidates": lambda share: found(pieces, lambda x: x.sureness, share, notes_only=True),
        "the softest first": lambda share: found(pieces, lambda x: x.velocity, share, notes_only=True),
        "the loudest first": lambda share: found(pieces, lambda x: -x.velocity, share, notes_only=True),
        "chance": lambda share: by_chance(pieces, share),
    }
    for order, find in orders.items():
        table.add_row(order, *(f"{find(share):.1%}" for share in SHARES))
    Console(width=100).print(table)


def show_actions(name: str, pieces: Sequence[Piece]) -> None:
    """How many actions it takes to go through all that was written, or the least sure of it, and what is left."""
    n_errors, n_missed = (sum(getattr(piece, what) for piece in pieces) for what in ("n_errors", "n_missed"))
    table = Table(box=None, title=name)
    for heading in ("looked at", "runners-up", "actions", "errors left"):
        table.add_column(heading, justify="right")
    for share in (SHARES[-1], 1.0):
        for with_others in (False, True):
            seen = [item for piece in pieces for item in least_sure(piece, share, notes_only=not with_others)]
            n_actions = sum(item.n_actions if with_others else item.n_actions_by_hand for item in seen)
            n_left = n_errors - sum(item.is_error for item in seen)
            if share == 1:  # what nobody wrote is drawn
                n_drawn = n_missed - sum(item.is_error for item in seen if not item.is_note)
                n_actions, n_left = n_actions + n_drawn, n_left - n_drawn
            cells = (f"{share:.0%}", "yes" if with_others else "no", str(n_actions), f"{n_left} of {n_errors}")
            table.add_row(*cells)
    Console(width=100).print(table)


def least_sure(piece: Piece, share: float, *, notes_only: bool) -> list[Item]:
    """The first of what can be looked at: as many as a share of the notes, or everything."""
    items = sorted((item for item in piece.items if item.is_note or not notes_only), key=lambda item: item.sureness)
    return items if share == 1 else items[: round(share * piece.n_notes)]


def main() -> None:
    """Print both tables for every root."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", type=Path, nargs="+")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    heard = {root: list(transcribed(root, arguments.keep)) for root in arguments.roots}
    for ends, what in ((False, "extra and missed notes"), (True, "with wrong offsets")):
        everything = []
        for root, pairs in heard.items():
            align = root.name == "maps"  # its MIDI is off by a constant
            pieces = [judge(*pair, align=align, ends=ends) for pair in pairs]
            show_found(f"{root.name}, {what}", pieces)
            everything += pieces
        show_found(f"together, {what}", everything)
        show_actions(f"together, {what}", everything)


if __name__ == "__main__":
    main()
