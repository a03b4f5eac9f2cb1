"""Standard MIDI files (RP-001), read generously: no fault matters where notes, pedals and time are clear."""

from pianotrans.events.smf.clock import Clock
from pianotrans.events.smf.file import StandardMidiFile, parse_smf
from pianotrans.events.smf.track import CONTROL_CHANGE, NOTE_ON, MidiTrack

__all__ = ["CONTROL_CHANGE", "NOTE_ON", "Clock", "MidiTrack", "StandardMidiFile", "parse_smf"]
