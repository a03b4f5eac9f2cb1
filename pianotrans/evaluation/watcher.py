"""What happens in an evaluation, for those who show it."""

from pianotrans.evaluation.collection import Failure


class EvaluationWatcher:
    """Is told what happens in an evaluation; this one keeps it to itself."""

    def unmatched(self, line: str) -> None:
        """A file has no partner."""

    def remarked(self, line: str) -> None:
        """Something was wrong with a file, which was read all the same."""

    def failed(self, failure: Failure) -> None:
        """A piece cannot be scored."""

    def scored(self, n_done: int, n_all: int) -> None:
        """`n_done` pieces have been scored or have failed."""
