"""What a recording becomes: the content of a file for every format that a recipe asks for."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pianotrans.events import Performance, extend_by_pedal
from pianotrans.events.export import encode
from pianotrans.workers.recipe import Recipe

PAGE = "html"
"""The one format that holds the recording, too: 0.64 MB of it a minute."""


def render(
    performance: Performance, recipe: Recipe, source: Path | BinaryIO, formats: Iterable[str] | None = None
) -> tuple[Performance, dict[str, bytes]]:
    """The performance as the recipe wants it, and what is to be written, by format (mid, json, csv, html).

    Args:
        performance: as transcribed.
        recipe: says what to do to it.
        source: the recording, which is read once more where a page is to hold it.
        formats: if not those of the recipe.

    Raises MidiError where MIDI cannot hold the performance, AudioError if the recording cannot be read any more.
    """
    performance = recipe.cleaning.apply(performance)
    if recipe.sounding:
        performance = extend_by_pedal(performance)
    if not recipe.pedal:
        performance = performance.without_pedals()
    names = tuple(recipe.formats if formats is None else formats)
    contents = {name: encode(performance, f"performance.{name}") for name in names if name != PAGE}
    if PAGE in names:
        from pianotrans.views import report_page

        if not isinstance(source, Path):
            source.seek(0)
        title = PurePosixPath(str(source.name)).name
        contents[PAGE] = report_page(performance, source, title=title, allow_truncated=recipe.allow_truncated)
    return performance, contents
