"""What a recording becomes: the content of a file for every format that a recipe asks for."""

from pianotrans.events import Performance, extend_by_pedal
from pianotrans.workers.formats import FORMATS, AudioFile, Heard
from pianotrans.workers.recipe import Recipe


def render(performance: Performance, recipe: Recipe, source: AudioFile) -> tuple[Performance, dict[str, bytes]]:
    """The performance as the recipe wants it, and the contents of its files by format.

    Args:
        performance: as transcribed.
        recipe: says what to do to it, and in which formats to write it.
        source: the recording; it is read once more for formats that hold it.

    Raises MidiError where MIDI cannot hold the performance, AudioError if the recording cannot be read any more.
    """
    performance = recipe.cleaning.apply(performance)
    if recipe.sounding:
        performance = extend_by_pedal(performance)
    if not recipe.pedal:
        performance = performance.without_pedals()
    heard = Heard(performance, source, recipe.allow_truncated)
    return performance, {name: FORMATS[name].encode(heard) for name in recipe.formats}
