"""What receivers set, and how options override it."""

from typing import Any

import pytest

from pianotrans.errors import UsageError
from pianotrans.events import Durations, Fitting, TempoPer
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.events.receivers import PEDAL_LIFT_S, RECEIVERS, settings_for


def test_without_a_receiver_all_is_as_by_default():
    assert settings_for(None, {"pedal": None, "format": None}) == (Fitting(), MidiSettings())


@pytest.mark.parametrize("name", RECEIVERS)
def test_every_setting_can_be_overridden(name: str):
    other: dict[str, Any] = {
        "format": 1, "durations": Durations.sounding, "pedal": False, "repeat_gap_s": 0.0, "max_duration_s": 1.0,
        "pedal_lift_s": 0.0, "tempo": "fixed", "tempo_per": TempoPer.beat, "hands": False,
    }  # fmt: skip
    assert RECEIVERS[name].settings.keys() <= other.keys()
    overridden = {setting: other[setting] for setting in RECEIVERS[name].settings}
    fitting, midi = settings_for(name, overridden)
    assert midi.receiver == name
    for setting, value in overridden.items():
        assert getattr(fitting if hasattr(fitting, setting) else midi, setting) == value


def test_what_receivers_need():
    player, midi = settings_for("player-piano", {})
    assert (midi.format, midi.hands) == (0, False)
    assert min(player.repeat_gap_s, player.max_duration_s, player.pedal_lift_s) > 0
    assert settings_for("pianoteq", {})[0].pedal_lift_s == PEDAL_LIFT_S == 0.05
    assert settings_for("synthesia", {})[1].hands
    assert settings_for("notation", {})[1].tempo_per is TempoPer.bar
    assert not settings_for("notation", {})[0].pedal


@pytest.mark.parametrize(("name", "given"), [("player-piano", {"hands": True}), ("synthesia", {"format": 0})])
def test_one_track_cannot_hold_two_hands(name: str, given: dict[str, Any]):
    with pytest.raises(UsageError, match="one track") as error:
        settings_for(name, given)
    assert set(error.value.settings) == {"midi_format", "hands"}


def test_settings_are_told_as_options():
    fitting, midi = settings_for("player-piano", {"max_duration_s": 12.5})
    assert fitting.options() == ("--repeat-gap 0.05", "--max-duration 12.5", "--pedal-lift 0.1")
    assert midi.options() == ("--for player-piano", "--midi-format 0")
    assert settings_for(None, {"tempo": "fixed", "bpm": 96, "hands": True})[1].options() == (
        "--hands",
        "--tempo fixed=96",
    )
