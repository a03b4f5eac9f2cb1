"""Whether a recording, its MIDI and the index agree on how long it is."""

from pianotrans.datasets.listing import Pair
from pianotrans.datasets.naming import excerpt

TOLERANCE_S = 2.0
RESONANCE_S = 15.0
"""How long a recording may last after its MIDI: in MAPS, strings fade out for up to 10.4 s."""


def check_duration(pair: Pair, audio_s: float, midi_s: float, *, tolerance_s: float = TOLERANCE_S) -> str | None:
    """One line of warning if the durations of a pair do not go together, else None.

    The MIDI may outlast the audio, as measured, by `tolerance_s`, and the audio the MIDI by `RESONANCE_S`
    besides. A duration in the index must not lie outside of both by more than `tolerance_s`: some data sets state
    the one, some the other. A larger difference mostly means that a part of a file is missing.
    """
    stated_s = pair.duration_s
    shortest_s, longest_s = min(audio_s, midi_s), max(audio_s, midi_s)
    measured_agree = -RESONANCE_S - tolerance_s <= midi_s - audio_s <= tolerance_s
    stated_agrees = stated_s is None or shortest_s - tolerance_s <= stated_s <= longest_s + tolerance_s
    if measured_agree and stated_agrees:
        return None
    stated = "" if stated_s is None else f", {stated_s:.1f} s in the index"
    return (
        f"{excerpt(pair.name)}: {audio_s:.1f} s of audio, {midi_s:.1f} s of MIDI{stated} do not go together. "
        "Check that the files are complete."
    )
