"""Performances at other times and on other keys."""

from pianotrans.events import Note, OtherOffset, Pedal, Performance, retime, transpose


def test_every_time_moves_and_nothing_else():
    played = Performance(
        (Note(1.0, 2.0, 60, 50, 0.5, 0.7, (OtherOffset(2.5, 0.1),)), Note(1.5, 4.0, 61, 51)),
        (Pedal(0.5, 3.0, "sustain"),),
        5.0,
        candidates=(Note(3.0, 3.5, 70, 1),),
    )
    assert retime(played, lambda time_s: 2 * time_s + 1) == Performance(
        (Note(3.0, 5.0, 60, 50, 0.5, 0.7), Note(4.0, 9.0, 61, 51)), (Pedal(2.0, 7.0, "sustain"),), 11.0
    )


def test_every_key_moves_as_far_as_midi_goes():
    played = Performance((Note(1.0, 2.0, 60, 50, 0.5), Note(1.5, 4.0, 126, 51)), (Pedal(0.5, 3.0, "sustain"),), 5.0)
    assert transpose(played, 2) == Performance((Note(1.0, 2.0, 62, 50, 0.5),), played.pedals, 5.0)
    assert transpose(played, -1).notes[1].key == 125
