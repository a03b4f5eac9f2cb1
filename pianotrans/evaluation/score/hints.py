"""What a user would know of a performance, taken from its annotation."""

from typing import Literal, get_args

import numpy as np

from pianotrans.datasets.beats import BeatAnnotation
from pianotrans.errors import ScoreError, UsageError
from pianotrans.evaluation.score.beats import usual_n_beats
from pianotrans.score.beats.hints import BeatHints, GivenBeats, TimeSignature

HintKind = Literal["none", "bpm", "bpm-off", "bpm+meter", "meter", "downbeat", "beats"]
"""`bpm`: the median tempo; `bpm-off`: 20 % too fast; `meter`: the usual time signature; `downbeat`: the one in the
middle; `beats`: all beats and downbeats."""

_MOST_BEATS = 5  # a usual bar with more of them comes from places without downbeats

HINT_KINDS: tuple[HintKind, ...] = get_args(HintKind)


def parse_hint_kinds(text: str) -> tuple[HintKind, ...]:
    """Kinds separated by commas, each once. Raises UsageError for an unknown one."""
    names = list(dict.fromkeys(text.split(",")))
    if unknown := [name for name in names if name not in HINT_KINDS]:
        raise UsageError(f"{unknown[0]!r} is unknown. Give some of {', '.join(HINT_KINDS)}.", "hints")
    return tuple(kind for name in names for kind in HINT_KINDS if kind == name)


def hints_for(kind: HintKind, truth: BeatAnnotation) -> BeatHints:
    """The hints of one kind. Raises ScoreError where the annotation has too few beats to give them."""
    if kind == "none":
        return BeatHints()
    if len(truth.times_s) < 2:
        raise ScoreError(f"{len(truth.times_s)} beats are annotated: no hints can be taken from them.")
    if kind == "beats":
        return BeatHints(beats=true_beats(truth))
    bpm = 60 / float(np.median(np.diff(truth.times_s)))
    n_beats = usual_n_beats(truth) or 0
    meters = ((1, TimeSignature(n_beats, 4)),) if 1 <= n_beats <= _MOST_BEATS else ()
    downbeats_s = truth.downbeats_s
    middle = (float(downbeats_s[len(downbeats_s) // 2]),) if len(downbeats_s) else ()
    return {
        "bpm": BeatHints(bpm=bpm),
        "bpm-off": BeatHints(bpm=bpm * 1.2),
        "bpm+meter": BeatHints(bpm=bpm, meters=meters),
        "meter": BeatHints(meters=meters),
        "downbeat": BeatHints(downbeats_s=middle),
    }[kind]


def true_beats(truth: BeatAnnotation) -> GivenBeats:
    """The annotated beats; of two at one time the first. Raises ScoreError for fewer than two."""
    later = np.diff(truth.times_s, prepend=-np.inf) > 0
    return GivenBeats(truth.times_s[later], truth.is_downbeat[later])
