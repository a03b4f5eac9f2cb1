"""A transcription with edits applied. `workbench/edits.js` and `piece.js` do the same in the page."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

import numpy as np

from pianotrans.edits.document import HANDS, Addition, Change, Deletion, Edits, TrackEdits
from pianotrans.edits.identity import digest_of, identities_of, number_of
from pianotrans.events import Note, Pedal, Performance
from pianotrans.score.bars import lay_out_bars
from pianotrans.score.beats.hints import GivenBeats, TimeSignature
from pianotrans.score.settings import ScoreSettings
from pianotrans.score.words import parse_key, parse_meters

NEAR_S = 0.05
"""How far from its old onset an event is looked for in another transcription."""

_SHORTEST_S = 0.01  # an event that would have no length, and the least distance of two that overlap

_Event = TypeVar("_Event", bound=Note | Pedal)


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit that could not be done: its event is "missing", or what it adds is "present" already."""

    reason: Literal["missing", "present"]
    edit: Change[Any] | Deletion[Any] | Addition[Any]

    @property
    def text(self) -> str:
        """It in one line."""
        event = self.edit.event if isinstance(self.edit, Addition) else self.edit.was
        name = f"note {event.name}" if isinstance(event, Note) else f"{event.kind} pedal"
        what = {Change: "changed", Deletion: "deleted", Addition: "added"}[type(self.edit)]
        why = "there is none" if self.reason == "missing" else "there is one already"
        return f"{name} at {event.onset_s:.3f} s was not {what}: {why} within {NEAR_S * 1000:.0f} ms."


@dataclass(frozen=True)
class Applied:
    """A performance with edits, and what of them could not be done.

    `hands` has a hand for each note for which the user gave one, 1 (right) or 2 (left), else None. `transcribed` is
    the performance before: beats that nobody edited are looked for there, so that they stay where they are.
    """

    performance: Performance
    edits: Edits
    conflicts: tuple[Conflict, ...]
    hands: tuple[int | None, ...]
    transcribed: Performance

    @property
    def n_applied(self) -> int:
        """How many edits of notes and pedals were done."""
        return self.edits.n_edits - len(self.conflicts)

    def score_settings(self, settings: ScoreSettings | None = None) -> ScoreSettings:
        """The settings with what the edits say of beats, meter, key, swing and hands."""
        settings = settings or ScoreSettings()
        said, hints = self.edits.said, settings.hints
        if said.time_signature is not None:
            hints = replace(hints, meters=parse_meters(said.time_signature))
        if self.edits.beats is not None:
            beats = _usable(self.edits.beats)
            hints = replace(hints, bpm=None, tempo_factor=1.0, downbeats_s=(), pickup=None, beats=beats)
            if self.edits.meters:
                hints = replace(hints, meters=self._meters_by_bar())
            elif not _fits(hints.meters, beats):
                hints = replace(hints, meters=())
        return replace(
            settings,
            hints=hints,
            key=settings.key if said.key is None else parse_key(said.key),
            swing=settings.swing if said.swing is None else said.swing,
            hands=self.hands if any(self.hands) else settings.hands,
        )

    def _meters_by_bar(self) -> tuple[tuple[int, TimeSignature], ...]:
        """The time signatures that stand at beats, by the numbers of their bars; the first holds from bar 1 on."""
        from pianotrans.score.beats.decoding import given_grid

        beats = self.edits.beats
        assert beats is not None
        assert beats.is_downbeat is not None
        onsets_s = [note.onset_s for note in self.performance.notes] or [0.0]
        bars = lay_out_bars(given_grid(beats.times_s, beats.is_downbeat), onsets_s[0], onsets_s[-1])
        numbers = {bars.beats_s[bar.first_beat]: bar.number for bar in bars.bars}
        (_, first), *others = self.edits.meters
        return (1, first), *((numbers[beats.times_s[i]], meter) for i, meter in others)


def apply_edits(performance: Performance, edits: Edits) -> Applied:
    """The performance with what the edits change, delete and add.

    On the transcription that the edits are about, every event is found by its identity. On another one it is found
    by its key, or pedal, and by its nearest onset within `NEAR_S`; what is not found there, and what would be added
    but is there already, are conflicts. Accepted and added events have a confidence of 1. Notes of a key that is
    edited do not overlap afterwards: each is cut where the next begins. What is said of candidates changes no note:
    it is for the page alone. Cost: O(n log n) for n events, and for
    another transcription O(n) more for each event that moved.
    """
    is_same = edits.digest == digest_of(performance)
    notes, note_conflicts = _edited(performance.notes, edits.notes, is_same=is_same)
    pedals, pedal_conflicts = _edited(performance.pedals, edits.pedals, is_same=is_same)
    edited = replace(
        performance,
        notes=tuple(played.event for played in notes),
        pedals=tuple(played.event for played in pedals),
    )
    conflicts = (*note_conflicts, *pedal_conflicts)
    return Applied(edited, edits, conflicts, tuple(played.hand for played in notes), performance)


@dataclass(frozen=True, slots=True)
class _Played(Generic[_Event]):
    """An event, the hand that the user gave it, and whether it is as transcribed."""

    event: _Event
    hand: int | None = None
    is_fresh: bool = False


def _edited(
    transcribed: tuple[_Event, ...], edits: TrackEdits[_Event], *, is_same: bool
) -> tuple[list[_Played[_Event]], list[Conflict]]:
    claimed = [*(change.id for change in edits.changed), *(deletion.id for deletion in edits.deleted)]
    finder = _EventFinder(transcribed, claimed)
    conflicts: list[Conflict] = []
    played: dict[int, _Played[_Event]] = {i: _Played(event) for i, event in enumerate(transcribed)}
    fresh: list[_Played[_Event]] = []
    for change in edits.changed:
        i = finder.find(change)
        if i is None:
            conflicts.append(Conflict("missing", change))
        elif (one := _changed(transcribed[i], change.fields)).is_fresh:
            del played[i]
            fresh.append(one)
    for deletion in edits.deleted:
        i = finder.find(deletion)
        if i is None:
            conflicts.append(Conflict("missing", deletion))
        else:
            del played[i]
    for addition in edits.added:
        if not is_same and finder.nearest(addition.event) is not None:
            conflicts.append(Conflict("present", addition))
        else:
            event = _sure(addition.event)
            times_s = {name: to_microseconds(getattr(event, name)) for name in ("onset_s", "offset_s")}
            fresh.append(_Played(_lasting(event, times_s), HANDS.get(addition.hand or ""), is_fresh=True))
    return _separated(sorted([*played.values(), *fresh], key=lambda played: _order(played.event))), conflicts


class _EventFinder(Generic[_Event]):
    """Finds the transcribed events that edits are about, each once, those of the same identity first."""

    def __init__(self, transcribed: tuple[_Event, ...], ids: Iterable[str]):
        names = identities_of(transcribed)
        self._events = transcribed
        self._by_name = {name: i for i, name in enumerate(names)}
        self._claimed = {self._by_name[name] for name in ids if name in self._by_name}
        self._by_number: dict[int, list[int]] = defaultdict(list)
        for i, event in enumerate(transcribed):
            self._by_number[number_of(event)].append(i)

    def find(self, edit: Change[_Event] | Deletion[_Event]) -> int | None:
        """The index of the event that an edit is about; None if there is none."""
        i = self._by_name.get(edit.id)
        i = self.nearest(edit.was) if i is None else i
        if i is not None:
            self._claimed.add(i)
        return i

    def nearest(self, wanted: _Event) -> int | None:
        """The unclaimed event of the same key or pedal that begins nearest, within `NEAR_S`."""
        free = (i for i in self._by_number[number_of(wanted)] if i not in self._claimed)
        away = [(abs(self._events[i].onset_s - wanted.onset_s), i) for i in free]
        distance_s, i = min(away, default=(math.inf, -1))
        return i if distance_s <= NEAR_S else None


def _changed(event: _Event, fields: Mapping[str, object]) -> _Played[_Event]:
    """The event with new fields; times that differ by less than a microsecond stay."""
    new = {name: value for name, value in fields.items() if name not in ("hand", "accepted")}
    for name in {"onset_s", "offset_s"} & new.keys():
        rounded_s, was_s = to_microseconds(new[name]), getattr(event, name)  # type: ignore[arg-type]
        new[name] = was_s if to_microseconds(was_s) == rounded_s else rounded_s
    hand = HANDS.get(str(fields.get("hand")))
    changed = _lasting(_sure(event) if fields.get("accepted") else event, new)
    return _Played(changed, hand, is_fresh=changed != event or hand is not None)


def _lasting(event: _Event, fields: Mapping[str, object]) -> _Event:
    """The event with new fields; one that would end before it begins lasts 10 ms."""
    onset_s = fields.get("onset_s", event.onset_s)
    if fields.get("offset_s", event.offset_s) <= onset_s:  # type: ignore[operator]
        fields = {**fields, "offset_s": to_microseconds(onset_s + _SHORTEST_S)}  # type: ignore[operator]
    return replace(event, **fields)  # type: ignore[arg-type]


def _sure(event: _Event) -> _Event:
    return replace(event, confidence=1.0, onset_confidence=1.0)


def _order(event: Note | Pedal) -> tuple[object, ...]:
    """As `Performance` orders them."""
    if isinstance(event, Note):
        return event.onset_s, event.key, event.offset_s, event.velocity
    return event.onset_s, event.kind, event.offset_s


def _separated(played: list[_Played[_Event]]) -> list[_Played[_Event]]:
    """On keys and pedals with fresh events, each event is cut where the next begins.

    Where two that overlap begin within 10 ms, the fresh one stays, or the later of two.
    """
    numbers = {number_of(one.event) for one in played if one.is_fresh}
    last: dict[int, int] = {}
    kept: dict[int, _Played[_Event]] = dict(enumerate(played))
    for i, one in enumerate(played):
        number = number_of(one.event)
        if number not in numbers:
            continue
        before = last.get(number)
        if before is not None and kept[before].event.offset_s > one.event.onset_s:
            is_too_close = one.event.onset_s - kept[before].event.onset_s < _SHORTEST_S - 1e-9
            if is_too_close and kept[before].is_fresh and not one.is_fresh:
                del kept[i]
                continue
            if is_too_close:
                del kept[before]
            else:
                cut = replace(kept[before].event, offset_s=_microseconds_before(one.event.onset_s))
                kept[before] = replace(kept[before], event=cut)
        last[number] = i
    return list(kept.values())


def to_microseconds(time_s: float) -> float:
    """A time rounded to whole microseconds, halves up, as JavaScript does."""
    microseconds = time_s * 1e6
    whole = math.floor(microseconds)
    return (whole + (microseconds - whole >= 0.5)) / 1e6


def _microseconds_before(time_s: float) -> float:
    """The last whole microsecond that is not later."""
    rounded_s = to_microseconds(time_s)
    return rounded_s if rounded_s <= time_s else to_microseconds(rounded_s - 1e-6)


def _usable(beats: GivenBeats) -> GivenBeats:
    """Beats of which none is a downbeat say nothing of bars."""
    return beats if beats.is_downbeat is None or beats.is_downbeat.any() else replace(beats, is_downbeat=None)


def _fits(meters: tuple[tuple[int, TimeSignature], ...], beats: GivenBeats) -> bool:
    """Whether at least half of the whole bars have as many beats as their time signature."""
    if not meters or beats.is_downbeat is None:
        return True
    lengths = np.diff(np.flatnonzero(beats.is_downbeat)).tolist()
    in_force = ([meter for first, meter in meters if first <= bar][-1] for bar in range(1, len(lengths) + 1))
    n_fitting = sum(n in (meter.n_beats, meter.numerator) for n, meter in zip(lengths, in_force, strict=True))
    return 2 * n_fitting >= len(lengths)
