"""The tracks that the model decodes side by side: two pedals, then the keys of the piano.

The network knows a pedal's track by minus its controller number, a key's by its MIDI number (DESIGN §4).
"""

SUSTAIN_CONTROLLER = 64
SOFT_CONTROLLER = 67
LOWEST_KEY = 21
HIGHEST_KEY = 108

TRACK_NUMBERS = (-SUSTAIN_CONTROLLER, -SOFT_CONTROLLER, *range(LOWEST_KEY, HIGHEST_KEY + 1))
N_TRACKS = len(TRACK_NUMBERS)
