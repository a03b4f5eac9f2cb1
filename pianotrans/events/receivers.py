"""What plays or shows a MIDI file, and the settings with which it does that best: `--for`.

A receiver is nothing but a named set of settings. README.md says where each comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from pianotrans.events.conductor import TempoPer
from pianotrans.events.fitting import Fitting
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.events.sustain import Durations

PEDAL_LIFT_S = 0.05
"""How long Pianoteq needs the pedal up to damp (MuseScore's issue 26399)."""


@dataclass(frozen=True)
class Receiver:
    """`settings` are fields of `Fitting` and `MidiSettings` with their values; `reason` says why, in a sentence."""

    name: str
    label: str  # for people
    settings: Mapping[str, Any]
    reason: str


def _receiver(name: str, label: str, reason: str, **settings: Any) -> Receiver:
    return Receiver(name, label, MappingProxyType(settings), reason)


_ALL = (
    _receiver(
        "daw",
        "DAW",
        "A track to edit, on the grid of bars and beats; the instrument's own pedal lengthens the notes.",
        format=1,
        durations=Durations.keys,
        pedal=True,
        tempo="map",
    ),
    _receiver(
        "notation",
        "Notation program",
        "A staff for each hand, a tempo mark a bar at most, and no pedal that ties notes over.",
        format=1,
        durations=Durations.keys,
        pedal=False,
        tempo="map",
        tempo_per=TempoPer.bar,
        hands=True,
    ),
    _receiver(
        "player-piano",
        "Player piano",
        "One track on channel 1; hammers and dampers need time to fall back, and held magnets get warm.",
        format=0,
        durations=Durations.keys,
        pedal=True,
        repeat_gap_s=0.05,
        max_duration_s=30.0,
        pedal_lift_s=0.1,
        hands=False,
    ),
    _receiver(
        "pianoteq",
        "Pianoteq",
        "Its modelled dampers need 50 ms on the strings to silence them, as those of a piano do.",
        format=1,
        durations=Durations.keys,
        pedal=True,
        pedal_lift_s=PEDAL_LIFT_S,
    ),
    _receiver(
        "synthesia",
        "Synthesia",
        "A track for each hand, which it shows in a colour of its own; bars as long as keys are held.",
        format=1,
        durations=Durations.keys,
        pedal=True,
        hands=True,
    ),
)

RECEIVERS = {receiver.name: receiver for receiver in _ALL}


def settings_for(receiver: str | None, given: Mapping[str, Any]) -> tuple[Fitting, MidiSettings]:
    """The settings of a receiver, or the defaults, with those that are `given` (None is not given) in their place.

    Raises KeyError for an unknown receiver, UsageError for settings that contradict each other.
    """
    chosen = dict(RECEIVERS[receiver].settings) if receiver else {}
    chosen |= {name: value for name, value in given.items() if value is not None}
    of_fitting = {field.name for field in fields(Fitting)}
    fitting = Fitting(**{name: value for name, value in chosen.items() if name in of_fitting})
    rest = {name: value for name, value in chosen.items() if name not in of_fitting}
    return fitting, MidiSettings(**rest, receiver=receiver)
