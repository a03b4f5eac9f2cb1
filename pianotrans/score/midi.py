"""A score as MIDI."""

from pianotrans.events.midi import midi_bytes
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.score.score import Score


def score_midi(score: Score, settings: MidiSettings | None = None) -> bytes:
    """The performance of a score as a MIDI file, in musical time where its beats were found.

    Notes stay where they were played unless `settings` asks for a grid. Raises MidiError if MIDI cannot hold it.
    """
    settings = settings or MidiSettings()
    has_map = score.is_found and settings.tempo == "map"
    return midi_bytes(
        score.performance,
        tempo_map=score.tempo_map if has_map else None,
        tempo_per=settings.tempo_per,
        bpm=settings.bpm,
        grid=settings.grid,
        hands=score.hands if settings.hands else None,
        midi_format=settings.format,
        options=settings.options(),
    )
