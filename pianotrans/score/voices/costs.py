"""What is learned of durations and voices.

COSTS are minus the log-linear weights with which a note's end is chosen among its candidates, fitted to the notes
of 26 training performances of (n)ASAP. The other costs are chosen on training pieces.
"""

import numpy as np

from pianotrans.score.voices.ends import FEATURES

COSTS = {
    "held": 2.60,
    "short": 2.66,
    "ties": 1.31,
    "dotted": 1.21,
    "jumped": 0.0,
    "held_elsewhere": -0.46,
    "over_bar": -0.40,
    "off_beat_rest": 1.56,
    "rest": -2.48,
    "held_on_beat": -1.09,
    "held_usual": 1.5,  # fitted: -0.18; performances whose notes are prolonged by the pedal ask for more
    "filled_early": 0.38,
    "held_early": 3.68,
    "short_early": -1.64,
    "filled_late": 1.49,
    "held_late": 2.29,
    "short_late": 1.76,
    "held_down": 1.02,
    "crossed": 2.19,
    "near": 1.86,
    "goes_on": -2.25,
}
VECTOR = np.array([COSTS[name] for name in FEATURES])

CROSSING = 2.0  # a note beyond a held one, on the side of the held note's voice
SECOND_VOICE = 0.5  # a note is held where there was one voice before …
STILL_TWO = -0.5  # … and where there were two
