"""Turn a transcription into the contents of files, one for every format of a recipe."""

from pianotrans.events import Performance, extend_by_pedal
from pianotrans.workers.formats import FORMATS, AudioFile, Heard
from pianotrans.workers.recipe import Recipe


def render(performance: Performance, recipe: Recipe, source: AudioFile) -> tuple[Performance, dict[str, bytes]]:
    """Clean up a performance as the recipe says; returns it with the contents of its files by format.

    Args:
        performance: as transcribed.
        recipe: the clean-up, the treatment of pedals, and the formats.
        source: the recording; read once more for formats that contain it.

    Raises MidiError if MIDI cannot hold the performance, AudioError if the recording can no longer be read.
    """
    performance = recipe.cleaning.apply(performance)
    if recipe.sounding:
        performance = extend_by_pedal(performance)
    if not recipe.pedal:
        performance = performance.without_pedals()
    heard = Heard(performance, source, recipe.reading, recipe.scoring, recipe.midi)
    contents = {name: FORMATS[name].encode(heard) for name in recipe.formats}
    return heard.told, contents
