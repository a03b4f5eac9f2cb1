"""Pedals as curves: down by their curve exactly when they are down by their intervals."""

import io

import mido
import numpy as np
import pytest

from pianotrans.errors import MidiError
from pianotrans.events import Pedal, PedalCurve, load_midi, load_pedal_curve


def random_file(seed: int) -> bytes:
    """Moves of pedals and resets on three channels, many at once."""
    rng = np.random.default_rng(seed)
    track = mido.MidiTrack(
        [mido.Message("note_on", note=60, velocity=64), mido.Message("note_off", note=60, time=9)]
    )
    for _ in range(60):
        control = int(rng.choice([64, 64, 64, 67, 121]))
        value = int(rng.choice([0, 50, 63, 64, 100, 127]))
        channel, ticks = int(rng.integers(3)), int(rng.choice([0, 0, 40, 700]))
        track.append(mido.Message("control_change", channel=channel, control=control, value=value, time=ticks))
    file = io.BytesIO()
    mido.MidiFile(tracks=[track]).save(file=file)
    return file.getvalue()


@pytest.mark.parametrize("seed", range(20))
def test_the_curve_is_at_64_when_the_pedal_is_down(seed):
    data = random_file(seed)
    pedals = load_midi(io.BytesIO(data)).pedals_of("sustain")
    curve = load_pedal_curve(io.BytesIO(data))
    edges_s = np.unique(
        [0.0, *curve.times_s, *(time_s for one in pedals for time_s in (one.onset_s, one.offset_s))]
    )
    middles_s = (edges_s[1:] + edges_s[:-1]) / 2
    down = [any(one.onset_s <= time_s < one.offset_s for one in pedals) for time_s in middles_s]
    assert (curve.values_at(middles_s) >= 64).tolist() == down
    assert curve.values[-1] == 0
    whole = PedalCurve.of_pedals(pedals)
    assert (whole.values_at(middles_s) == 127).tolist() == down


def test_overlapping_pedals_are_down_until_the_last_one_goes_up():
    curve = PedalCurve.of_pedals([Pedal(1, 4, "sustain"), Pedal(2, 3, "sustain"), Pedal(4, 5, "sustain")])
    assert curve.values_at(np.array([0.5, 1, 3.5, 4, 5])).tolist() == [0, 127, 127, 127, 0]
    assert PedalCurve.of_pedals([]).values_at(np.array([1.0])).tolist() == [0]


def test_what_is_no_midi_is_refused():
    with pytest.raises(MidiError, match="does not begin as MIDI"):
        load_pedal_curve(io.BytesIO(b"junk"))
