"""Where the files of jobs lie: one folder each, named after the job's random id and nothing that a user says."""

import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pianotrans.web.job import ID_PATTERN


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @property
    def recording(self) -> Path:
        """What was uploaded."""
        return self.path / "recording"

    def result(self, format_name: str) -> Path:
        """The result in one format."""
        return self.path / f"transcription.{format_name}"

    def make(self) -> None:
        """Make the folder; raises OSError."""
        self.path.mkdir()

    def remove(self) -> None:
        """Remove the folder and all that is in it; what cannot be removed is left to the next start."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_recording(self) -> None:
        """Remove the upload: nobody needs it any more."""
        self.recording.unlink(missing_ok=True)


class JobFolders:
    """The folders of all jobs."""

    def __init__(self, root: Path):
        self._root = root

    def of(self, job_id: str) -> JobFolder:
        """The folder of a job, which may not exist yet."""
        assert re.fullmatch(ID_PATTERN, job_id)
        return JobFolder(self._root / job_id)

    def sweep(self, known: Collection[str]) -> None:
        """Remove what no job owns: uploads that were broken off when the server died."""
        for path in self._root.iterdir():
            if re.fullmatch(ID_PATTERN, path.name) and path.name not in known:
                JobFolder(path).remove()
