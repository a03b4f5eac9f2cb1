"""What is decided of the recordings that are being transcribed, for the pages that watch."""

import json
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from pianotrans.events import Note, Pedal
from pianotrans.workers.messages import Decided


@dataclass(frozen=True)
class Passage:
    """The notes and pedals of one run of a job, from a place on.

    `notes` and `pedals` are lists as JSON, of what `Bookmark` counts. All that ended by `final_s` is told.
    """

    bookmark: "Bookmark"
    notes: str
    pedals: str
    final_s: float
    is_whole: bool  # it begins at the beginning


@dataclass(frozen=True)
class Bookmark:
    """How much of a run is known: the messages of its worker. A job that is started anew has another run."""

    run: str = ""
    n_messages: int = 0

    @classmethod
    def parse(cls, text: str | None) -> "Bookmark":
        """The place that `str` has written; the beginning for anything else."""
        run, _, number = (text or "").partition("-")
        return cls(run, int(number)) if number.isascii() and number.isdecimal() and len(number) < 10 else cls()

    def __str__(self) -> str:
        return f"{self.run}-{self.n_messages}"


@dataclass
class _Draft:
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    notes: list[str] = field(default_factory=list)  # one text for each message, of 30 bytes a note
    pedals: list[str] = field(default_factory=list)
    final_s: float = 0.0


class LiveNotes:
    """The drafts of all jobs that are running; may be used by any number of threads."""

    def __init__(self) -> None:
        self._drafts: dict[str, _Draft] = {}
        self._lock = threading.Lock()

    def add(self, job_id: str, decided: Decided) -> None:
        """Add what a worker has told of a job."""
        notes = _rows([_note_row(note) for note in decided.notes])
        pedals = _rows([_pedal_row(pedal) for pedal in decided.pedals])
        with self._lock:
            draft = self._drafts.setdefault(job_id, _Draft())
            draft.notes.append(notes)
            draft.pedals.append(pedals)
            draft.final_s = decided.final_s

    def end(self, job_id: str) -> None:
        """Forget the draft of a job that is over, or that begins anew."""
        with self._lock:
            self._drafts.pop(job_id, None)

    def since(self, job_id: str, place: Bookmark = Bookmark()) -> Passage:
        """What was told of a job after a place in the same run, or else from the beginning."""
        with self._lock:
            draft = self._drafts.get(job_id)
            if draft is None:
                return Passage(Bookmark(), "[]", "[]", 0.0, is_whole=True)
            first = place.n_messages if place.run == draft.run else 0
            notes, pedals = draft.notes[first:], draft.pedals[first:]
            now = Bookmark(draft.run, len(draft.notes))
            return Passage(now, _joined(notes), _joined(pedals), draft.final_s, is_whole=first == 0)


def _note_row(note: Note) -> list[Any]:
    return [*_span(note), note.key, note.velocity, _rounded(note.onset_confidence)]


def _pedal_row(pedal: Pedal) -> list[Any]:
    return [*_span(pedal), pedal.controller, _rounded(pedal.onset_confidence)]


def _span(event: Note | Pedal) -> list[float]:
    return [round(event.onset_s, 3), round(event.offset_s, 3)]


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 3)


def _rows(rows: list[list[Any]]) -> str:
    return json.dumps(rows, separators=(",", ":"))[1:-1]


def _joined(rows: list[str]) -> str:
    return f"[{','.join(filter(None, rows))}]"
