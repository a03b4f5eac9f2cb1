"""The measures themselves: correlations of the reference's curves with the estimate's."""

from collections.abc import Callable

import numpy as np

from pianotrans.evaluation.musical.streams import Streams, correlate, hold, split_streams
from pianotrans.evaluation.musical.tension import find_tension
from pianotrans.evaluation.tables import EventTable, Floats

_EPSILON_S = 1e-6
_MOST_OVERLAP = 100.0
_RANGE_DB = 44.0  # from velocity 0 to 127
_VELOCITY_OUTSIDE = 1e-6

DYNAMICS = "dynamics"
MUSICAL_MEASURES = (
    "timing melody",
    "timing bass",
    "timing ratio",
    *(f"articulation {stream} {level}" for level in (64, 127) for stream in ("melody", "bass", "ratio")),
    DYNAMICS,
    "harmony cloud diameter",
    "harmony cloud momentum",
    "harmony tensile strain",
)

_Curve = Callable[[EventTable], Floats]


def musical_measures(
    reference: tuple[EventTable, ...], estimate: tuple[EventTable, ...]
) -> dict[str, float | None]:
    """Every one of `MUSICAL_MEASURES`, from -1 to 1; None where a side lacks the notes, or a curve is constant.

    Each side is its notes as long as they sound, and as long as their keys are held.

    `timing`: time from each onset of a stream to its next, at the onsets of the reference's stream; `ratio` is that
    of the melody over that of all lower notes, at all onsets. `articulation`: key overlap ratios of melody and
    bass, and their ratio, at all onsets of the reference; the estimate's notes last as with a pedal that is down
    from 64, or never (127). `dynamics`: the melody's level over the bass's in dB. `harmony`: curves of tension.
    Cost: some 40 ms for 500 notes.
    """
    if not len(reference[0]) or not len(estimate[0]):
        return dict.fromkeys(MUSICAL_MEASURES)
    ref, ref_held = (split_streams(one) for one in reference)
    est, est_held = (split_streams(one) for one in estimate)
    onsets_s = np.unique(ref.everything.onsets_s)
    values = [
        *_timing(ref, est, onsets_s),
        *_articulation(ref, est, onsets_s),
        *_articulation(ref, est_held, onsets_s),
        correlate(*(_dynamics(one, ref.everything.onsets_s) for one in (ref_held, est_held))),
        *_harmony(ref.everything, est.everything),
    ]
    return dict(zip(MUSICAL_MEASURES, values, strict=True))


def _timing(ref: Streams, est: Streams, onsets_s: Floats) -> tuple[float | None, float | None, float | None]:
    if ref.n_chords_is_n_notes and est.n_chords_is_n_notes:
        return _agreement(ref.everything, est.everything, _intervals_s, onsets_s), None, None
    return (
        _agreement(ref.melody, est.melody, _intervals_s, np.unique(ref.melody.onsets_s)),
        _agreement(ref.lower, est.lower, _intervals_s, np.unique(ref.lower.onsets_s)),
        _ratio_agreement((ref.melody, ref.lower), (est.melody, est.lower), _intervals_s, onsets_s),
    )


def _articulation(ref: Streams, est: Streams, onsets_s: Floats) -> tuple[float | None, float | None, float | None]:
    return (
        _agreement(ref.melody, est.melody, _overlaps, onsets_s),
        _agreement(ref.bass, est.bass, _overlaps, onsets_s),
        _ratio_agreement((ref.melody, ref.bass), (est.melody, est.bass), _overlaps, onsets_s),
    )


def _agreement(ref: EventTable, est: EventTable, curve: _Curve, at_s: Floats) -> float | None:
    if not len(ref) or not len(est):
        return None
    return correlate(*(hold(one.onsets_s, curve(one), at_s, -1.0) for one in (ref, est)))


def _ratio_agreement(
    ref: tuple[EventTable, EventTable], est: tuple[EventTable, EventTable], curve: _Curve, at_s: Floats
) -> float | None:
    if not all(map(len, (*ref, *est))):
        return None
    sides = ([hold(one.onsets_s, curve(one), at_s, -1.0) for one in side] for side in (ref, est))
    return correlate(*(upper / lower for upper, lower in sides))


def _intervals_s(stream: EventTable) -> Floats:
    """From each onset to the next; of the last note its duration."""
    last_s = stream.offsets_s[-1:] - stream.onsets_s[-1:]
    return np.concatenate([np.diff(stream.onsets_s), last_s]) + _EPSILON_S


def _overlaps(stream: EventTable) -> Floats:
    """The key overlap ratio of each note, -1 for the last.

    As in mpteval it is the time from the note's onset to the offset of the note after it, over the time between
    the two onsets. Bresin & Battel (2000), whom it refers to, take the note's own offset and the next onset.
    """
    overlap_s = stream.offsets_s[1:] - stream.onsets_s[:-1]
    ratios = overlap_s / (np.diff(stream.onsets_s) + _EPSILON_S)
    return np.append(np.minimum(ratios, _MOST_OVERLAP), -1.0)


def _dynamics(side: Streams, at_s: Floats) -> Floats:
    """The level of the melody over that of the bass, in dB; without chords, over the quietest note."""
    notes = side.everything
    if side.n_chords_is_n_notes:
        levels_db = _level_db(notes.velocities)
        range_db = levels_db - levels_db.min()
    else:
        if not len(side.melody):
            return np.zeros(len(at_s))
        melody, bass = (
            _level_db(hold(one.onsets_s, one.velocities, notes.onsets_s, _VELOCITY_OUTSIDE))
            for one in (side.melody, side.bass)
        )
        range_db = melody - bass
    return hold(notes.onsets_s, range_db, at_s, -_RANGE_DB)


def _level_db(velocities: Floats) -> Floats:
    """The level of a MIDI velocity: Dannenberg, "The Interpretation of MIDI Velocity" (ICMC 2006), eqs. 7 to 11."""
    ratio = 10 ** (_RANGE_DB / 20)
    offset = 127 / (126 * np.sqrt(ratio)) - 1 / 126
    return np.asarray(20 * np.log10(((1 - offset) / 127 * velocities + offset) ** 2))


def _harmony(ref: EventTable, est: EventTable) -> list[float | None]:
    truth, found = find_tension(ref), find_tension(est)
    return [
        correlate(getattr(truth, name), hold(found.times_s, getattr(found, name), truth.times_s, -1.0))
        for name in ("diameter", "momentum", "strain")
    ]
