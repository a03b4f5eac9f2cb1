"""What one recording has become, into files or standard output."""

import sys
from typing import TYPE_CHECKING

from pianotrans.batch import Recipe
from pianotrans.batch.recipe import render
from pianotrans.commands.outputs import REPORT, STDOUT, Job, make_folder
from pianotrans.commands.reports import report_page
from pianotrans.errors import OutputError

if TYPE_CHECKING:
    from pianotrans.events import Performance


def write(performance: "Performance", job: Job, recipe: Recipe, *, overwrite: bool) -> "Performance":
    """Write every format; all are made before the first is written. Returns the performance that was written."""
    from pianotrans.events import write_atomically

    files = [name for name in job.outputs if name != REPORT]
    performance, contents = render(
        performance, files, pedal=recipe.pedal, sounding=recipe.sounding, cleaning=recipe.cleaning
    )
    if REPORT in job.outputs:
        contents[REPORT] = report_page(performance, job.source, allow_truncated=recipe.allow_truncated)
    for name, path in job.outputs.items():
        if path == STDOUT:
            _write_stdout(contents[name])
        else:
            make_folder(path.parent)
            write_atomically(path, contents[name], overwrite=overwrite)
    return performance


def _write_stdout(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputError(f"standard output: cannot be written ({error.strerror or error}).") from error
