"""Edits as a document says them; README.md describes it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from pianotrans.events import Note, Pedal
from pianotrans.score.beats.hints import GivenBeats, TimeSignature

FORMAT, VERSION = "pianotrans edits", 2
KNOWN_VERSIONS = (1, 2)
HANDS = {"right": 1, "left": 2}

Event = TypeVar("Event", bound=Note | Pedal)


@dataclass(frozen=True, slots=True)
class Change(Generic[Event]):
    """What becomes of an event that `was` in the transcription.

    `fields` are some of `onset_s`, `offset_s`, `key`, `velocity`, `hand` ("right", "left" or None) and `accepted`.
    """

    id: str
    was: Event
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deletion(Generic[Event]):
    """An event that is to go."""

    id: str
    was: Event


@dataclass(frozen=True, slots=True)
class Addition(Generic[Event]):
    """An event that the transcription lacks; `hand` is "right", "left" or None."""

    id: str
    event: Event
    hand: str | None = None


@dataclass(frozen=True, slots=True)
class TrackEdits(Generic[Event]):
    """All edits of notes, or of pedals."""

    changed: tuple[Change[Event], ...] = ()
    deleted: tuple[Deletion[Event], ...] = ()
    added: tuple[Addition[Event], ...] = ()

    @property
    def n_edits(self) -> int:
        """How many there are."""
        return len(self.changed) + len(self.deleted) + len(self.added)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "changed": [{"id": c.id, "was": event_fields(c.was), **c.fields} for c in self.changed],
            "deleted": [{"id": d.id, "was": event_fields(d.was)} for d in self.deleted],
            "added": [
                {"id": a.id, **event_fields(a.event), **({"hand": a.hand} if a.hand else {})} for a in self.added
            ],
        }


@dataclass(frozen=True, slots=True)
class ScoreHints:
    """What the user says of the score, as the options of the command take it; None is nothing."""

    time_signature: str | None = None
    key: str | None = None
    swing: bool | None = None
    title: str | None = None


@dataclass(frozen=True)
class Edits:
    """What differs from the transcription that has this `title`, `n_notes` and `digest`; see `digest_of`.

    `meters` are (index of a downbeat among the beats, the time signature from there on). `dismissed` are notes that
    were not transcribed, but nearly, and that the user says are none: the page remembers them.
    """

    title: str | None
    n_notes: int
    digest: str | None
    notes: TrackEdits[Note] = TrackEdits()
    pedals: TrackEdits[Pedal] = TrackEdits()
    dismissed: tuple[Deletion[Note], ...] = ()
    beats: GivenBeats | None = None
    meters: tuple[tuple[int, TimeSignature], ...] = ()
    said: ScoreHints = ScoreHints()

    @property
    def n_edits(self) -> int:
        """How many notes and pedals they change, delete and add."""
        return self.notes.n_edits + self.pedals.n_edits

    @property
    def n_changes(self) -> int:
        """How much they say: each note, pedal and candidate, the beats, and each thing about the score."""
        n_said = sum(value is not None for value in asdict(self.said).values())
        return self.n_edits + len(self.dismissed) + (self.beats is not None) + n_said

    def to_dict(self) -> dict[str, Any]:
        """The document as plain data; `parse_edits` restores it."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "transcription": {"title": self.title, "n_notes": self.n_notes, "digest": self.digest},
            "notes": self.notes.to_dict(),
            "pedals": self.pedals.to_dict(),
            "candidates": {"dismissed": [{"id": d.id, "was": event_fields(d.was)} for d in self.dismissed]},
            "beats": None if self.beats is None else _beats(self.beats, dict(self.meters)),
            "score": {name: value for name, value in asdict(self.said).items() if value is not None},
        }


def event_fields(event: Note | Pedal) -> dict[str, Any]:
    """An event as the document writes it."""
    times_s = {"onset_s": event.onset_s, "offset_s": event.offset_s}
    if isinstance(event, Note):
        return {**times_s, "key": event.key, "velocity": event.velocity}
    return {**times_s, "kind": event.kind}


def _beats(beats: GivenBeats, meters: Mapping[int, TimeSignature]) -> list[dict[str, Any]]:
    assert beats.is_downbeat is not None
    pairs = zip(beats.times_s.tolist(), beats.is_downbeat.tolist(), strict=True)
    rows: list[dict[str, Any]] = [{"onset_s": onset_s, "downbeat": is_downbeat} for onset_s, is_downbeat in pairs]
    for i, meter in meters.items():
        rows[i]["time_signature"] = str(meter)
    return rows
