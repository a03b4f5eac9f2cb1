"""Notes, pedals and performances; MIDI, JSON and CSV; conversion between seconds and frames.

Importing this package loads neither torch nor a MIDI library.
"""

from pianotrans.events.cleaning import Cleaning
from pianotrans.events.conductor import TICKS_PER_QUARTER, TempoPer
from pianotrans.events.cutting import begin_at, cut_at
from pianotrans.events.export import csv_text, json_text
from pianotrans.events.fitting import Fitting
from pianotrans.events.frames import FrameGrid, FrameIntervals
from pianotrans.events.midi import midi_bytes, to_pretty_midi
from pianotrans.events.midi_reading import load_midi, load_pedal_curve
from pianotrans.events.note_grid import NoteGrid, quantise_to_grid
from pianotrans.events.pedal_curves import PEDAL_FLOOR, PedalCurve
from pianotrans.events.performance import Note, OtherOffset, Pedal, Performance
from pianotrans.events.reading import MIDI_SUFFIXES, PERFORMANCE_SUFFIXES, load_json, load_performance
from pianotrans.events.retiming import retime, transpose
from pianotrans.events.sustain import Durations, extend_by_pedal
from pianotrans.events.tempo_map import TempoMap
from pianotrans.events.ticks import TICKS_PER_SECOND, TickNote, TickPedal, Ticks, quantise
from pianotrans.piano import CONTROLLERS, SOFT, SOSTENUTO, SUSTAIN

__all__ = [
    "CONTROLLERS",
    "MIDI_SUFFIXES",
    "PEDAL_FLOOR",
    "PERFORMANCE_SUFFIXES",
    "SOFT",
    "SOSTENUTO",
    "SUSTAIN",
    "TICKS_PER_QUARTER",
    "TICKS_PER_SECOND",
    "Cleaning",
    "Durations",
    "Fitting",
    "FrameGrid",
    "FrameIntervals",
    "Note",
    "NoteGrid",
    "OtherOffset",
    "Pedal",
    "PedalCurve",
    "Performance",
    "TempoMap",
    "TempoPer",
    "TickNote",
    "TickPedal",
    "Ticks",
    "begin_at",
    "csv_text",
    "cut_at",
    "extend_by_pedal",
    "json_text",
    "load_json",
    "load_midi",
    "load_pedal_curve",
    "load_performance",
    "midi_bytes",
    "quantise",
    "quantise_to_grid",
    "retime",
    "to_pretty_midi",
    "transpose",
]
