"""From a performance to its score: one stage after the other."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from pianotrans.errors import ScoreError
from pianotrans.events import Performance
from pianotrans.score.bars import BarGrid, fixed_bars, lay_out_bars
from pianotrans.score.beats.grid import BeatGrid
from pianotrans.score.beats.hints import BeatHints, TimeSignature
from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.hands.hands import Hands
from pianotrans.score.keys.keys import find_keys
from pianotrans.score.models import load_beat_tracker, load_hand_finder
from pianotrans.score.pitch import KeySignature, Spelling
from pianotrans.score.rhythm.finding import find_positions
from pianotrans.score.rhythm.positions import Positions
from pianotrans.score.rhythm.signatures import beat_length, choose_signatures
from pianotrans.score.score import Measure, Score, ScoreNote
from pianotrans.score.settings import ScoreSettings
from pianotrans.score.spelling.spelling import spell
from pianotrans.score.voices.meter import BarSpan
from pianotrans.score.voices.voices import Voices, assign_voices


def make_score(
    performance: Performance,
    settings: ScoreSettings | None = None,
    *,
    title: str = "",
    beats_in: Performance | None = None,
) -> Score:
    """The score of a performance.

    `beats_in` is another form of it in which the beats are looked for, so that they stay where they are while notes
    are edited. Where no beats are found with enough certainty, and nothing is said of them, it has bars of a fixed
    tempo (`Score.is_found` is False). Raises ScoreError where no beats agree with all hints. Cost: a few
    processor seconds for a thousand notes at most.
    """
    settings = settings or ScoreSettings()
    heard = performance if beats_in is None else beats_in
    grid = load_beat_tracker().find(heard, settings.hints)
    grid = replace(grid, is_given=settings.hints != BeatHints())
    if not grid.is_given and not _has_bars(grid, len(heard.notes)):
        grid = BeatGrid()
    bars = _bars(grid, performance)
    hands = _hands(performance, settings)
    positions = find_positions(performance, bars, hands, settings)
    signatures = choose_signatures(bars, positions, settings.hints.meters)
    spans = _spans(bars, signatures)
    written = _written(performance, bars, spans, hands, positions)
    bar_of_note = np.searchsorted([float(span.position) for span in spans], written.onset, side="right") - 1
    keys = find_keys(written.key, written.release - written.onset, bar_of_note, len(spans), settings.key)
    voices = assign_voices(written.position, written.release, written.key, written.staff, written.is_grace, spans)
    spellings = spell(written.key, written.position, written.staff, bar_of_note, keys)
    notes = _notes(written, positions, hands, voices, spellings)
    measures = _measures(bars, spans, signatures, keys)
    return Score(performance, grid, bars, measures, notes, title)


def _notes(
    written: "_Written", positions: Positions, hands: Hands, voices: Voices, spellings: tuple[Spelling, ...]
) -> tuple[ScoreNote, ...]:
    voice = _voices_of_graces(written, voices.voice)
    notes = [
        ScoreNote(
            written.performed[row],
            written.position[row],
            voices.duration[row],
            int(written.staff[row]),
            voice[row],
            spellings[row],
            bool(written.is_grace[row]),
            bool(positions.is_arpeggiated[i]),
            positions.ornament[i],
            float(hands.confidence[i]),
            float(positions.confidence[i]),
        )
        for row, i in enumerate(written.leader)
    ]
    return tuple(
        sorted(notes, key=lambda note: (note.position, not note.is_grace, note.staff, note.voice, note.performed))
    )


def _measures(
    bars: BarGrid,
    spans: tuple[BarSpan, ...],
    signatures: tuple[TimeSignature, ...],
    keys: tuple[KeySignature, ...],
) -> tuple[Measure, ...]:
    starts_s = bars.beats_s[[bar.first_beat for bar in bars.bars] + [bars.n_beats]].tolist()
    return tuple(
        Measure(
            bar.number,
            span.position,
            span.length,
            signature,
            key,
            starts_s[i],
            starts_s[i + 1],
            float(bars.downbeat_confidence[bar.first_beat]),
        )
        for i, (bar, span, signature, key) in enumerate(zip(bars.bars, spans, signatures, keys, strict=True))
    )


def _has_bars(grid: BeatGrid, n_notes: int) -> bool:
    """Whether there is a whole bar at least, and no more bars than notes: where little happens, all is certain."""
    return 2 <= len(grid.downbeats_s) <= n_notes


def _bars(grid: BeatGrid, performance: Performance) -> BarGrid:
    onsets_s = [note.onset_s for note in performance.notes] or [0.0]
    make = lay_out_bars if grid.is_found else lambda _, first_s, last_s: fixed_bars(first_s, last_s)
    return make(grid, onsets_s[0], onsets_s[-1])


def _hands(performance: Performance, settings: ScoreSettings) -> Hands:
    from pianotrans.score.hands.finding import split_hands

    split_key = settings.split_key
    found = load_hand_finder().find(performance) if split_key is None else split_hands(performance, split_key)
    if not settings.hands:
        return found
    if len(settings.hands) != performance.n_notes:
        raise ScoreError(f"hands: {len(settings.hands)} for {performance.n_notes} notes. Give one for each.")
    given = np.array([hand or 0 for hand in settings.hands])
    return Hands(np.where(given > 0, given, found.hand), np.where(given > 0, 1.0, found.confidence))


def _spans(bars: BarGrid, signatures: tuple[TimeSignature, ...]) -> tuple[BarSpan, ...]:
    """The bars in quarter notes."""
    spans, position = [], Fraction(0)
    for bar, signature in zip(bars.bars, signatures, strict=True):
        # In 6/4, which TimeSignature counts as two beats, six may have been given
        n_beats = bar.meter_beats if bar.meter_beats == signature.numerator else signature.n_beats
        beat = beat_length(n_beats, signature)
        spans.append(BarSpan(position, bar.n_beats * beat, beat))
        position += bar.n_beats * beat
    return tuple(spans)


class _Written(NamedTuple):
    """The notes that are written, each with those that it stands for; `leader` is the first of them."""

    leader: list[int]
    performed: list[tuple[int, ...]]
    position: list[Fraction]
    onset: Array  # the position as a number
    release: Array  # quarter notes
    key: Integers
    staff: Integers
    is_grace: np.ndarray


def _written(
    performance: Performance, bars: BarGrid, spans: tuple[BarSpan, ...], hands: Hands, positions: Positions
) -> _Written:
    members: dict[int, list[int]] = defaultdict(list)
    for i, leader in enumerate(positions.leader.tolist()):
        members[leader].append(i)
    leaders = sorted(members)
    place = _QuarterPositions(bars, spans)
    position = [place.exact(positions.onset[i]) for i in leaders]
    released_s = [max(performance.notes[i].offset_s for i in members[leader]) for leader in leaders]
    return _Written(
        leaders,
        [tuple(members[i]) for i in leaders],
        position,
        np.array([float(p) for p in position]),
        place.quarter_at(bars.beat_at(np.array(released_s, dtype=float))),
        np.array([performance.notes[i].key for i in leaders], dtype=np.int64),
        hands.hand[leaders],
        positions.is_grace[leaders],
    )


class _QuarterPositions:
    """Beats as quarter notes."""

    def __init__(self, bars: BarGrid, spans: tuple[BarSpan, ...]):
        self._start = [
            span.position + i * span.beat_length
            for bar, span in zip(bars.bars, spans, strict=True)
            for i in range(bar.n_beats)
        ]
        self._length = [
            span.beat_length for bar, span in zip(bars.bars, spans, strict=True) for _ in range(bar.n_beats)
        ]
        self._end = self._start[-1] + self._length[-1]

    def exact(self, beat: Fraction) -> Fraction:
        """A position in beats, within the bars."""
        i = min(max(int(beat), 0), len(self._start) - 1)
        return self._start[i] + min(max(beat - i, Fraction(0)), Fraction(63, 64)) * self._length[i]

    def quarter_at(self, beat: Array) -> Array:
        """Numbers of beats, linear between them, at most the end of the last bar."""
        quarters: Array = np.interp(
            beat, np.arange(len(self._start) + 1), [float(p) for p in (*self._start, self._end)]
        )
        return quarters


def _voices_of_graces(written: _Written, voice: Integers) -> list[int]:
    """A grace note goes with the voice of the nearest note that it leads to."""
    main: dict[tuple[Fraction, int], list[int]] = defaultdict(list)
    for row, is_grace in enumerate(written.is_grace.tolist()):
        if not is_grace:
            main[written.position[row], int(written.staff[row])].append(row)
    out = voice.tolist()
    for row in np.flatnonzero(written.is_grace).tolist():
        notes = main[written.position[row], int(written.staff[row])]
        nearest = min(notes, key=lambda other: abs(int(written.key[other] - written.key[row])), default=None)
        out[row] = out[nearest] if nearest is not None else 1
    return [int(v) for v in out]
