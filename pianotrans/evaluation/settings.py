"""What counts as correct, and how long notes last: everything that a score depends on."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from pianotrans.errors import EvaluationError, UsageError
from pianotrans.events import Durations


@dataclass(frozen=True, slots=True)
class Convention:
    """Which durations the reference has and which the estimate, for one set of scores."""

    reference: Durations
    estimate: Durations

    @property
    def name(self) -> str:
        """Short and unique: "keys", "sounding", or where they differ "keys-sounding", reference first."""
        return self.reference if self.reference == self.estimate else f"{self.reference}-{self.estimate}"


KEYS = Convention(Durations.keys, Durations.keys)
SOUNDING = Convention(Durations.sounding, Durations.sounding)

_TOLERANCES = ("onset_tolerance_s", "offset_ratio", "offset_tolerance_s", "velocity_tolerance", "frame_hop_s")


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """Tolerances and conventions; the defaults are those of the MAESTRO literature.

    An offset may deviate by `offset_ratio` of the reference's duration, or by `offset_tolerance_s` if that is
    more. `velocity_tolerance` is a part of the reference's range of velocities, after the estimate's have been
    rescaled linearly (see `matching.velocities_agree`). `frame_hop_s` is the grid of the older papers' frame
    scores. `align` removes a constant offset of the estimate, at most ±`align_window_s`. Only
    what begins at `start_s` or later counts, on both sides, and, with `limit_s`, not later than that many seconds
    after it, where it is cut.

    Raises UsageError for numbers that are not positive and for no conventions or doubled ones.
    """

    onset_tolerance_s: float = 0.05
    offset_ratio: float = 0.2
    offset_tolerance_s: float = 0.05
    velocity_tolerance: float = 0.1
    frame_hop_s: float = 0.01
    conventions: tuple[Convention, ...] = field(default=(KEYS, SOUNDING))
    align: bool = False
    align_window_s: float = 5.0
    start_s: float = 0.0
    limit_s: float | None = None  # of every piece, from start_s on; None: to its end

    def __post_init__(self) -> None:
        for name in (*_TOLERANCES, "align_window_s", "start_s", "limit_s"):
            value = getattr(self, name)
            if name == "limit_s" and value is None:
                continue
            may_be_zero = name in ("offset_ratio", "start_s")
            if not (0 < value < math.inf or (may_be_zero and value == 0)):
                needed = "0 or more" if may_be_zero else "more than 0"
                raise UsageError(f"{value!r} given. It must be {needed}.", name)
        if not self.conventions or len(set(self.conventions)) < len(self.conventions):
            names = ", ".join(convention.name for convention in self.conventions)
            raise UsageError(f"[{names}] given. Name at least one convention, each once.", "durations")

    @property
    def end_s(self) -> float:
        """Where the part of every piece ends that counts; infinity where none is cut."""
        return math.inf if self.limit_s is None else self.start_s + self.limit_s

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain data; `from_dict` restores them."""
        return asdict(self) | {"conventions": [[str(one.reference), str(one.estimate)] for one in self.conventions]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The settings that `to_dict` wrote down, in earlier versions too.

        Raises EvaluationError for unknown fields or values.
        """
        data = {"start_s": 0.0, **data}
        unknown = sorted(set(data) ^ {one.name for one in fields(cls)})
        if unknown:
            raise EvaluationError(f"settings: the fields {unknown} are missing or unknown. Evaluate again.")
        try:
            conventions = tuple(Convention(Durations(ref), Durations(est)) for ref, est in data["conventions"])
            return cls(**{**data, "conventions": conventions})
        except (TypeError, ValueError) as error:
            raise EvaluationError(f"settings: malformed ({error}). Evaluate again.") from error

    def describe(self) -> tuple[str, ...]:
        """One sentence for each convention, to stand beside every table of scores."""
        sentences = [
            f"Tolerances: onset {_ms(self.onset_tolerance_s)}; offset {_ms(self.offset_tolerance_s)} or "
            f"{self.offset_ratio * 100:g} % of the reference's duration, whichever is more; "
            f"velocity {self.velocity_tolerance:g} of the reference's range after linear rescaling."
        ]
        meanings = {
            "keys": "as long as the keys are held",
            "sounding": "lengthened by the sustain pedal (CC64 from 64 on) up to the key's next onset",
        }
        for one in self.conventions:
            if one.reference == one.estimate:
                meaning = f"both sides {meanings[one.reference]}"
            else:
                meaning = f"reference {meanings[one.reference]}, estimate {meanings[one.estimate]}"
            sentences.append(f"Durations {one.name}: {meaning}.")
        if self.start_s > 0:
            end = "" if self.limit_s is None else f" to {self.end_s:g} s; what lasts longer is cut there"
            sentences.append(f"Only what begins at {self.start_s:g} s of every piece or later{end}.")
        elif self.limit_s is not None:
            sentences.append(f"Only the first {self.limit_s:g} s of every piece; what lasts longer is cut there.")
        if self.align:
            sentences.append(
                f"A constant offset within ±{self.align_window_s:g} s was removed from every estimate."
            )
        return tuple(sentences)


def choose_conventions(
    durations: tuple[Durations, ...],
    reference: Durations | None = None,
    estimate: Durations | None = None,
) -> tuple[Convention, ...]:
    """One convention for each of `durations`, in which `reference` and `estimate` replace their side's."""
    chosen = [Convention(reference or one, estimate or one) for one in durations]
    return tuple(dict.fromkeys(chosen))


def in_words(name: str) -> str:
    """A setting's name for messages: "onset_tolerance_s" is "onset tolerance (s)"."""
    return f"{name.removesuffix('_s').replace('_', ' ')}{' (s)' if name.endswith('_s') else ''}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:g} ms"
