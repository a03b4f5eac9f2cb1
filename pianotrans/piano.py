"""What MIDI calls the parts of a piano: the numbers of its keys and the controllers of its pedals.

Importing this module loads nothing else.
"""

from typing import Literal

LOWEST_KEY, HIGHEST_KEY = 21, 108  # A0 and C8
N_KEYS = HIGHEST_KEY - LOWEST_KEY + 1

PedalKind = Literal["sustain", "sostenuto", "soft"]

SUSTAIN: PedalKind = "sustain"
SOSTENUTO: PedalKind = "sostenuto"
SOFT: PedalKind = "soft"

CONTROLLERS: dict[PedalKind, int] = {SUSTAIN: 64, SOSTENUTO: 66, SOFT: 67}
"""The MIDI controller number of each kind of pedal. Whatever reads, writes or decodes pedals goes by this table."""

PEDAL_KINDS: dict[int, PedalKind] = {controller: kind for kind, controller in CONTROLLERS.items()}
"""The kind of pedal that a MIDI controller number stands for."""
