"""What happens in the evaluation of a data set, for those who show it."""

from contextlib import AbstractContextManager, nullcontext

from pianotrans.batch.run import RunWatcher
from pianotrans.evaluation import EvaluationWatcher


class DatasetWatcher(EvaluationWatcher):
    """Is told what happens in the evaluation of a data set; this one keeps it to itself."""

    def warned(self, line: str) -> None:
        """Something about the data set is odd."""

    def checked(self, n_done: int, n_all: int) -> None:
        """The MIDI of `n_done` recordings has been read."""

    def degrading(self, line: str) -> None:
        """Degraded recordings come next; the line says how much work they are."""

    def transcribing(self) -> AbstractContextManager[RunWatcher]:
        """Who watches the transcription, for as long as it takes."""
        return nullcontext(RunWatcher())
