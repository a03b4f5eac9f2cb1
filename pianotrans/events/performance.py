"""Notes, pedals, and the performance that they form. All times are absolute, in seconds."""

import math
import operator
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from pianotrans.errors import MidiError
from pianotrans.piano import CONTROLLERS, PedalKind
from pianotrans.remarks import Remark
from pianotrans.version import __version__

if TYPE_CHECKING:
    import pretty_midi

PROGRAM = f"pianotrans {__version__}"

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True, slots=True)
class OtherOffset:
    """Where a note may end instead, and the probability that it does.

    Raises MidiError for a time that is negative or not finite, and for a probability outside 0…1.
    """

    offset_s: float
    probability: float

    def __post_init__(self) -> None:
        offset_s, probability = _number(self.offset_s), _number(self.probability)
        if not 0 <= offset_s < math.inf or not 0 <= probability <= 1:
            raise MidiError(
                f"other offset: {self.offset_s!r} s with probability {self.probability!r}. "
                "It must be 0 s or later, and a number from 0 to 1."
            )
        object.__setattr__(self, "offset_s", offset_s)
        object.__setattr__(self, "probability", probability)


@dataclass(frozen=True, slots=True)
class Note:
    """A key held from `onset_s` to `offset_s`; `key` is its MIDI number (60 is middle C), `velocity` 1…127.

    For a transcribed note, `confidence` is the model's probability of this note, and `onset_confidence` that of a
    note of this key that begins there, whenever it ends; both within one frame of the model (23 ms) at either end.
    They are None if unknown. `other_offsets` are the best runners-up to its offset, in order of time: at most one
    earlier and one later, each more than a frame away. MIDI holds none of these.

    Raises MidiError for times that are negative, not finite or out of order, for a key or velocity that MIDI cannot
    hold, for a confidence outside 0…1, and for other offsets before the onset.
    """

    onset_s: float
    offset_s: float
    key: int
    velocity: int
    confidence: float | None = None
    onset_confidence: float | None = None
    other_offsets: tuple[OtherOffset, ...] = ()

    def __post_init__(self) -> None:
        what = f"note of key {self.key!r}"
        _set_span(self, what)
        _set_integer(self, "key", what, 0, 127)
        _set_integer(self, "velocity", what, 1, 127)
        _set_confidences(self, what)
        if any(other.offset_s <= self.onset_s for other in self.other_offsets):
            raise MidiError(
                f"{what}: an other offset lies before its onset, {self.onset_s!r} s. It must lie behind."
            )

    def ending_at(self, offset_s: float) -> "Note":
        """The note with another offset, for which the runners-up no longer count."""
        return replace(self, offset_s=offset_s, other_offsets=())

    @property
    def name(self) -> str:
        """The key's name in scientific pitch notation, with sharps: 60 is C4."""
        return f"{_NAMES[self.key % 12]}{self.key // 12 - 1}"


@dataclass(frozen=True, slots=True)
class Pedal:
    """A pedal held down from `onset_s` to `offset_s`; `kind` is "sustain", "sostenuto" or "soft".

    `confidence` and `onset_confidence` have the same meaning as for a note.

    Raises MidiError for times that are negative, not finite or out of order, for an unknown kind, and for a
    confidence outside 0…1.
    """

    onset_s: float
    offset_s: float
    kind: PedalKind
    confidence: float | None = None
    onset_confidence: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in CONTROLLERS:
            raise MidiError(f"pedal: kind {self.kind!r} is unknown. Use one of {', '.join(CONTROLLERS)}.")
        _set_span(self, f"{self.kind} pedal")
        _set_confidences(self, f"{self.kind} pedal")

    def ending_at(self, offset_s: float) -> "Pedal":
        """The pedal lifted at another time."""
        return replace(self, offset_s=offset_s)

    @property
    def controller(self) -> int:
        """The MIDI controller number: 64, 66 or 67."""
        return CONTROLLERS[self.kind]


@dataclass(frozen=True, slots=True)
class Performance:
    """The notes and pedals of a recording of `duration_s` seconds.

    Notes are kept in order of onset and key, pedals in order of onset and kind, whatever their given order. Notes
    of one key may overlap, and events may end after the recording does: `quantise` resolves both for MIDI files.
    `candidates` are notes that the model nearly found: none of them sounds while a note of its key does. `made_by`
    names the program, the model and its settings; MIDI files tell it in a text, but `load_midi` does not read it.
    Raises MidiError for a duration that is negative or not finite.
    """

    notes: tuple[Note, ...] = ()
    pedals: tuple[Pedal, ...] = ()
    duration_s: float = 0.0
    remarks: tuple[Remark, ...] = ()  # about the recording; MIDI and CSV do not hold them
    candidates: tuple[Note, ...] = ()  # nor these
    made_by: str | None = None

    def __post_init__(self) -> None:
        for field in ("notes", "candidates"):
            notes = sorted(getattr(self, field), key=lambda n: (n.onset_s, n.key, n.offset_s, n.velocity))
            object.__setattr__(self, field, tuple(notes))
        pedals = sorted(self.pedals, key=lambda p: (p.onset_s, p.kind, p.offset_s))
        object.__setattr__(self, "pedals", tuple(pedals))
        duration_s = _number(self.duration_s)
        if not 0 <= duration_s < math.inf:
            raise MidiError(f"performance: a duration of {self.duration_s!r} s. It must be finite, 0 s or more.")
        object.__setattr__(self, "duration_s", duration_s)

    @property
    def n_notes(self) -> int:
        """Number of notes."""
        return len(self.notes)

    @property
    def end_s(self) -> float:
        """The end of the recording or of the last event, whichever is later."""
        offsets_s = [note.offset_s for note in self.notes] + [pedal.offset_s for pedal in self.pedals]
        return max([self.duration_s, *offsets_s])

    def pedals_of(self, kind: PedalKind) -> tuple[Pedal, ...]:
        """The pedals of one kind, in order of onset."""
        return tuple(pedal for pedal in self.pedals if pedal.kind == kind)

    def by_key(self) -> tuple[tuple[Note, ...], ...]:
        """The notes of every key that is played, in order of onset."""
        found: dict[int, list[Note]] = {}
        for note in self.notes:
            found.setdefault(note.key, []).append(note)
        return tuple(map(tuple, found.values()))

    def without_pedals(self) -> Self:
        """The same notes, without any pedal."""
        return replace(self, pedals=())

    def made_with(self, options: Sequence[str]) -> Self:
        """The same, told to be made with further options of the command line."""
        return replace(self, made_by=" ".join([self.made_by or PROGRAM, *options])) if options else self

    def to_midi(self) -> "pretty_midi.PrettyMIDI":
        """The performance as a pretty_midi object; see `events.midi.to_pretty_midi`."""
        from pianotrans.events.midi import to_pretty_midi

        return to_pretty_midi(self)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
        """Write the performance atomically to `path`, as MIDI, JSON or CSV by its suffix.

        Raises OutputError if the suffix is not .mid, .midi, .json or .csv, or if the file cannot be written, or
        exists and `overwrite` is False; MidiError if MIDI cannot hold the performance.
        """
        from pianotrans.events.formats import encode
        from pianotrans.files import write_atomically

        write_atomically(path, encode(self, path), overwrite=overwrite)

    def to_dict(self) -> dict[str, Any]:
        """The performance as plain lists, numbers and strings; `from_dict` restores it exactly.

        What is unknown is left out, also `made_by`, and so are `remarks` and `candidates` if there are none.
        """
        remarks = {"remarks": [remark.to_dict() for remark in self.remarks]} if self.remarks else {}
        candidates = {"candidates": [_known(note) for note in self.candidates]} if self.candidates else {}
        made_by = {} if self.made_by is None else {"made_by": self.made_by}
        return {
            "format": "pianotrans",
            "version": 1,
            **made_by,
            "duration_s": self.duration_s,
            **remarks,
            "notes": [_known(note) for note in self.notes],
            "pedals": [_known(pedal) for pedal in self.pedals],
            **candidates,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Restore a performance from the result of `to_dict`.

        Raises MidiError for another format or version, missing or unknown fields, and impossible values.
        """
        given = (data.get("format"), data.get("version"))
        if given != ("pianotrans", 1):
            raise MidiError(f"performance: format and version are {given}. Needed: ('pianotrans', 1).")
        wrong = sorted(
            (data.keys() - {"remarks", "score", "candidates", "made_by"})
            ^ {"format", "version", "duration_s", "notes", "pedals"}
        )
        if wrong:
            raise MidiError(f"performance: fields {wrong} are missing or unknown. Write it anew with to_dict.")
        try:
            notes, candidates = (tuple(map(_note, data.get(name, ()))) for name in ("notes", "candidates"))
            pedals = tuple(Pedal(**pedal) for pedal in data["pedals"])
            remarks = tuple(Remark.from_dict(remark) for remark in data.get("remarks", ()))
        except (AttributeError, KeyError, TypeError) as error:
            raise MidiError(f"performance: an event or remark is malformed ({error}). Write it anew.") from error
        made_by = data.get("made_by")
        if made_by is not None and not isinstance(made_by, str):
            raise MidiError(f"performance: made_by is {made_by!r}. It must be a text.")
        return cls(notes, pedals, data["duration_s"], remarks, candidates, made_by)


def _set_span(event: Note | Pedal, what: str) -> None:
    """Convert the times of an event under construction to plain floats, and refuse impossible ones."""
    onset_s, offset_s = _number(event.onset_s), _number(event.offset_s)
    if not 0 <= onset_s < offset_s < math.inf:
        raise MidiError(
            f"{what}: from {event.onset_s!r} s to {event.offset_s!r} s. "
            "It must begin at 0 s or later, and end after it begins."
        )
    object.__setattr__(event, "onset_s", onset_s)
    object.__setattr__(event, "offset_s", offset_s)


def _set_integer(note: Note, field: str, what: str, low: int, high: int) -> None:
    """Convert a field of a note under construction to a plain int, and refuse one out of range."""
    value = getattr(note, field)
    try:
        number = operator.index(value)
    except TypeError:
        number = low - 1
    if not low <= number <= high:
        raise MidiError(f"{what}: {field} {value!r}. It must be a whole number from {low} to {high}.")
    object.__setattr__(note, field, number)


def _set_confidences(event: Note | Pedal, what: str) -> None:
    """Convert the confidences of an event under construction to plain floats, and refuse impossible ones."""
    for field in ("confidence", "onset_confidence"):
        value = getattr(event, field)
        if value is None:
            continue
        probability = _number(value)
        if not 0 <= probability <= 1:
            raise MidiError(f"{what}: {field} {value!r}. It must be a number from 0 to 1, or None if unknown.")
        object.__setattr__(event, field, probability)


def _known(event: Note | Pedal) -> dict[str, Any]:
    """The fields of an event that have a value."""
    known = {name: value for name, value in asdict(event).items() if value is not None and value != ()}
    if "other_offsets" in known:
        known["other_offsets"] = list(known["other_offsets"])
    return known


def _note(data: Mapping[str, Any]) -> Note:
    others = tuple(OtherOffset(**other) for other in data.get("other_offsets", ()))
    return Note(**{**data, "other_offsets": others})


def _number(value: object) -> float:
    """The value as a plain Python float; NaN if it is not a number."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
