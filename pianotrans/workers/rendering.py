"""Turn a transcription into the contents of files, one for every format of a recipe."""

from pianotrans.events import Performance
from pianotrans.workers.formats import FORMATS, AudioFile, Heard
from pianotrans.workers.recipe import Recipe


def render(performance: Performance, recipe: Recipe, source: AudioFile) -> tuple[Performance, dict[str, bytes]]:
    """Clean up a performance as the recipe says; returns it with the contents of its files by format.

    Args:
        performance: as transcribed.
        recipe: the clean-up, how the performance is fitted to its receiver, and the formats.
        source: the recording; read once more for formats that contain it.

    Raises MidiError if MIDI cannot hold the performance, AudioError if the recording can no longer be read.
    """
    performance = recipe.cleaning.apply(performance).made_with(recipe.cleaning.options())
    heard = Heard(performance, source, recipe.reading, recipe.scoring, recipe.midi, fitting=recipe.fitting)
    contents = {name: FORMATS[name].encode(heard) for name in recipe.formats}
    return heard.told, contents
