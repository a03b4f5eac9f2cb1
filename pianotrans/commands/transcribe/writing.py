"""What one recording has become, into files or standard output."""

import sys
from typing import TYPE_CHECKING

from pianotrans.commands.transcribe.outputs import STDOUT, Job
from pianotrans.errors import OutputError
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.rendering import render
from pianotrans.workers.storage import here
from pianotrans.workers.storage import write as write_file

if TYPE_CHECKING:
    from pianotrans.events import Performance


def write(performance: "Performance", job: Job, recipe: Recipe, *, overwrite: bool) -> "Performance":
    """Write every format; all are made before the first is written. Returns the performance that was written."""
    performance, contents = render(performance, recipe, here(job.source), job.outputs)
    for name, path in job.outputs.items():
        if path == STDOUT:
            _write_stdout(contents[name])
        else:
            write_file(path, contents[name], overwrite=overwrite)
    return performance


def _write_stdout(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputError(f"standard output: cannot be written ({error.strerror or error}).") from error
