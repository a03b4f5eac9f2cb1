"""What a run and its workers tell each other."""

from dataclasses import dataclass

from pianotrans.processes import reason_of_death
from pianotrans.workers.storage import Address


@dataclass(frozen=True)
class Task:
    """To a worker: transcribe this."""

    name: str
    source: Address


@dataclass(frozen=True)
class Said:
    """One line of news, of a download say."""

    line: str


@dataclass(frozen=True)
class Ready:
    """The model is loaded."""

    device: str


@dataclass(frozen=True)
class Unable:
    """There will be no work from this worker, nor from another like it."""

    error: Exception


@dataclass(frozen=True)
class Progressed:
    """How far the task has come."""

    done_s: float
    total_s: float | None


@dataclass(frozen=True)
class Finished:
    """The task is done, and this is to be written."""

    contents: dict[str, bytes]  # by format
    audio_s: float
    took_s: float
    n_notes: int


@dataclass(frozen=True)
class Failed:
    """The task cannot be done."""

    error: str  # one line
    trace: str
    took_s: float
    is_lasting: bool = True  # False: no fault of the recording's, and another time it may go well


@dataclass(frozen=True)
class Died:
    """From the pool, instead of a worker's last word."""

    exit_code: int | None
    why: str | None = None  # where more is known than an exit code

    @property
    def reason(self) -> str:
        """What ended the process, as far as one can tell."""
        if self.why is not None:
            return self.why
        return reason_of_death(self.exit_code)


Message = Said | Ready | Unable | Progressed | Finished | Failed | Died
