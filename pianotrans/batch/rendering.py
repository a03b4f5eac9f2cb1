"""What a recording becomes: the content of a file for every format that a recipe asks for."""

import io
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pianotrans.batch.recipe import Recipe
from pianotrans.events import Performance, extend_by_pedal
from pianotrans.events.export import encode

PAGE = "html"
"""The one format that holds the recording, too."""


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
        contents[PAGE] = _page(performance, recipe, source)
    return performance, contents


def _page(performance: Performance, recipe: Recipe, source: Path | BinaryIO) -> bytes:
    """One HTML file that plays the recording and shows what was heard in it; 0.64 MB for every minute."""
    from pianotrans.audio import encode_mp3, open_audio
    from pianotrans.views import Recording, report_html

    if not isinstance(source, Path):
        source.seek(io.SEEK_SET)
    with open_audio(source, allow_truncated=recipe.allow_truncated, limit_s=recipe.limit_s) as reader:
        recording = Recording(encode_mp3(reader))
    title = PurePosixPath(str(source.name)).name
    return report_html(performance, title=title, recording=recording)
