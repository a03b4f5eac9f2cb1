"""The palette that pictures, the report and the web page share."""

import re

from pianotrans.events import CONTROLLERS, Note
from pianotrans.views.colours import by_velocity, palette


def test_the_palette_has_a_colour_for_every_velocity_and_pedal():
    steps = [name for name in palette() if name.startswith("velocity-")]
    assert steps == [f"velocity-{i}" for i in range(6)]
    for name in (*steps, *(f"pedal-{kind}" for kind in CONTROLLERS)):
        assert re.fullmatch("#[0-9a-f]{6}", palette()[name])


def test_velocity_goes_from_the_first_colour_to_the_last():
    soft, loud = by_velocity((Note(0, 1, 60, 1), Note(0, 1, 60, 127))).marks
    for mark, name in ((soft, "velocity-0"), (loud, "velocity-5")):
        assert "#" + "".join(f"{round(255 * part):02x}" for part in mark.colour[:3]) == palette()[name]


def test_the_least_certain_note_is_the_faintest():
    (mark,) = by_velocity((Note(0, 1, 60, 1, onset_confidence=0.0),)).marks
    assert 0 < mark.colour[3] == float(palette()["faintest"]) < 1
