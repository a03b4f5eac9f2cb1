"""Key and time signatures."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pianotrans.datasets.beats import BeatAnnotation
from pianotrans.score.score import Measure

_Signature = TypeVar("_Signature", bound=Hashable)


@dataclass(frozen=True, slots=True)
class SignatureScores:
    """Each 1 if right and 0 if not, None where the annotation has none.

    `key_first` and `key_longest` are the first key signature and the one that holds longest, by their sharps and
    flats alone; `time_signature` is the one that holds longest, which must be exactly the same: 2/2 is not 4/4.
    """

    key_first: float | None
    key_longest: float | None
    time_signature: float | None


def score_signatures(truth: BeatAnnotation, measures: Sequence[Measure]) -> SignatureScores:
    """Compare the signatures of measures with the annotated ones."""
    end_s = float(truth.times_s[-1]) if len(truth.times_s) else 0.0
    true_keys = [(one.time_s, one.fifths) for one in truth.key_signatures]
    true_times = [(one.time_s, (one.numerator, one.denominator)) for one in truth.time_signatures]
    keys = [(one.start_s, one.key_signature.fifths) for one in measures]
    times = [(one.start_s, (one.time_signature.numerator, one.time_signature.denominator)) for one in measures]
    last_s = measures[-1].end_s if measures else 0.0
    return SignatureScores(
        key_first=float(bool(keys) and keys[0][1] == true_keys[0][1]) if true_keys else None,
        key_longest=_same(longest(true_keys, end_s), longest(keys, last_s)),
        time_signature=_same(longest(true_times, end_s), longest(times, last_s)),
    )


def longest(changes: Iterable[tuple[float, _Signature]], end_s: float) -> _Signature | None:
    """What holds for the longest time; each holds from its time to that of the next. None if there are none."""
    held_s: dict[_Signature, float] = defaultdict(float)
    in_order = list(changes)
    times_s = [time_s for time_s, _ in in_order] + [end_s]
    for (time_s, signature), until_s in zip(in_order, times_s[1:], strict=True):
        held_s[signature] += max(until_s - time_s, 0.0)
    return max(held_s, key=held_s.__getitem__, default=None)


def _same(true: Hashable, found: Hashable) -> float | None:
    return None if true is None else float(true == found)
