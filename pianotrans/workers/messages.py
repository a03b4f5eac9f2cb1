"""The messages between workers and their callers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pianotrans.events import Note, Pedal
from pianotrans.processes import reason_of_death
from pianotrans.workers.storage import Address

if TYPE_CHECKING:
    from pianotrans.audio.degradation import DegradedReading


@dataclass(frozen=True)
class Task:
    """To a worker: transcribe this recording."""

    name: str  # unique among the tasks of a pool
    source: Address
    title: str | None = None  # what messages and pages call the recording; None: its file name
    is_followed: bool = False  # tell the notes as they are decided
    degraded: "DegradedReading | None" = None  # make the recording worse first


@dataclass(frozen=True)
class Cancel:
    """To a worker: stop the task of this name."""

    name: str


@dataclass(frozen=True)
class Said:
    """One line of news, for example about a download."""

    line: str


@dataclass(frozen=True)
class Ready:
    """The model is loaded."""

    device: str
    model: str


@dataclass(frozen=True)
class Unable:
    """This worker cannot work, nor could another one with the same recipe."""

    error: Exception


@dataclass(frozen=True)
class Progressed:
    """How much of the task is done, in seconds of the recording."""

    done_s: float
    total_s: float | None


@dataclass(frozen=True)
class Decided:
    """What the model has heard since the last message, before any clean-up. What ended by `final_s` is told."""

    notes: tuple[Note, ...]
    pedals: tuple[Pedal, ...]
    final_s: float


@dataclass(frozen=True)
class Finished:
    """The task is done; these are the contents of its output files."""

    contents: dict[str, bytes]  # by format
    audio_s: float
    took_s: float
    n_notes: int
    n_pedals: int
    remarks: tuple[str, ...] = ()  # one line each, for people


@dataclass(frozen=True)
class Failed:
    """The task failed."""

    error: str  # one line
    trace: str
    took_s: float
    is_lasting: bool = True  # False: the recording is not to blame, and a later run may succeed


@dataclass(frozen=True)
class Stopped:
    """The task was cancelled."""


@dataclass(frozen=True)
class Died:
    """The worker died; sent by the pool in its place."""

    exit_code: int | None
    why: str | None = None  # if more is known than the exit code

    @property
    def reason(self) -> str:
        """What ended the process, as far as known."""
        return reason_of_death(self.exit_code) if self.why is None else self.why


Order = Task | Cancel
Message = Said | Ready | Unable | Progressed | Decided | Finished | Failed | Stopped | Died
