"""Performances at other times."""

from pianotrans.events import Note, OtherOffset, Pedal, Performance, retime


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
