"""What is measured of a score, in the order of its stages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure from 0 to 1: its name in files, its name for people, and what it is about."""

    name: str
    label: str
    group: str


_GROUPS: dict[str, dict[str, str]] = {
    "beats": {
        "beats": "beats, F1",
        "downbeats": "downbeats, F1",
        "cmlt": "CMLt",
        "amlt": "AMLt",
        "bar_right": "beats per bar right",
    },
    "signatures": {
        "time_signature": "time signature right",
        "key_first": "first key right",
        "key_longest": "longest key right",
    },
    "notes": {
        "staff": "staff right",
        "spelling": "spelling right",
        "position": "position, part of the bar",
        "position_quarters": "position, quarter notes",
        "duration": "duration right",
        "grace": "grace notes, F1",
    },
    "MV2H": {
        "multi_pitch": "multi-pitch",
        "voice": "voice",
        "meter": "meter",
        "value": "value",
        "harmony": "harmony",
        "mv2h": "mean",
    },
}

FIGURES = tuple(Figure(name, label, group) for group, names in _GROUPS.items() for name, label in names.items())
