import json
import math

import numpy as np
import pytest
from hypothesis import given

from pianotrans.errors import MidiError, OutputError
from pianotrans.events import Note, OtherOffset, Pedal, Performance, load_midi

from .strategies import fewer, performances


@pytest.mark.parametrize(
    "span", [(-0.1, 1), (1, 1), (2, 1), (math.nan, 1), (0, math.nan), (0, math.inf), ("a", 1), (None, 1)]
)
def test_impossible_times_are_refused(span):
    with pytest.raises(MidiError, match=r"note of key 60: from .* It must begin at 0 s or later, and end after"):
        Note(*span, 60, 64)
    with pytest.raises(MidiError, match=r"soft pedal: from .* It must begin at 0 s or later, and end after"):
        Pedal(*span, "soft")


@pytest.mark.parametrize("key", [-1, 128, 60.0, "60", None])
def test_impossible_keys_are_refused(key):
    with pytest.raises(MidiError, match=r"key .* It must be a whole number from 0 to 127"):
        Note(0, 1, key, 64)


@pytest.mark.parametrize("velocity", [0, 128, 0.5])
def test_impossible_velocities_are_refused(velocity):
    with pytest.raises(MidiError, match=r"velocity .* It must be a whole number from 1 to 127"):
        Note(0, 1, 60, velocity)


def test_unknown_pedal_is_refused():
    with pytest.raises(MidiError, match=r"pedal: kind 'swell' is unknown. Use one of sustain, sostenuto, soft"):
        Pedal(0, 1, "swell")


@pytest.mark.parametrize("confidence", [-1e-9, 1.000001, math.nan, math.inf, "sure"])
def test_impossible_confidences_are_refused(confidence):
    with pytest.raises(MidiError, match=r"note of key 60: confidence .* It must be a number from 0 to 1, or None"):
        Note(0, 1, 60, 64, confidence=confidence)
    with pytest.raises(
        MidiError, match=r"soft pedal: onset_confidence .* It must be a number from 0 to 1, or None"
    ):
        Pedal(0, 1, "soft", onset_confidence=confidence)


def test_confidences_are_unknown_unless_given():
    assert Note(0, 1, 60, 64).confidence is None
    assert Pedal(0, 1, "soft").onset_confidence is None
    note = Note(0, 1, 60, 64, np.float32(0.5), 1)
    assert (type(note.confidence), note.confidence, note.onset_confidence) == (float, 0.5, 1.0)


def test_other_offsets_lie_behind_the_onset_and_have_probabilities():
    assert Note(0, 1, 60, 64).other_offsets == ()
    other = OtherOffset(np.float32(0.5), 1)
    assert (type(other.offset_s), other.offset_s, other.probability) == (float, 0.5, 1.0)
    note = Note(0, 1, 60, 64, other_offsets=(other,))
    assert note.ending_at(0.75) == Note(0, 0.75, 60, 64)
    with pytest.raises(MidiError, match="before its onset"):
        Note(0.5, 1, 60, 64, other_offsets=(other,))
    for wrong in ((-1, 0.5), (math.nan, 0.5), (1, 1.5), (1, None)):
        with pytest.raises(MidiError, match="other offset"):
            OtherOffset(*wrong)


@pytest.mark.parametrize("duration_s", [-1, math.nan, math.inf, "long"])
def test_impossible_duration_is_refused(duration_s):
    with pytest.raises(MidiError, match=r"performance: a duration of .* It must be finite, 0 s or more"):
        Performance(duration_s=duration_s)


def test_values_are_plain_numbers_whatever_was_given():
    note = Note(np.float32(0.5), np.float64(1), np.int64(60), np.int8(64))
    assert [type(v) for v in (note.onset_s, note.offset_s, note.key, note.velocity)] == [
        float,
        float,
        int,
        int,
    ]
    json.dumps(Performance((note,), duration_s=np.float32(2)).to_dict())


def test_events_are_put_in_order():
    late, low, high = Note(1, 2, 21, 1), Note(0, 2, 40, 1), Note(0, 1, 41, 1)
    sustain, soft = Pedal(0, 1, "sustain"), Pedal(0, 2, "soft")
    performance = Performance([late, high, low], [sustain, soft], 1.5)
    assert performance.notes == (low, high, late)
    assert performance.pedals == (soft, sustain)
    assert performance.pedals_of("sustain") == (sustain,)
    assert performance.n_notes == 3
    assert performance.end_s == 2.0
    assert performance.without_pedals() == Performance((low, high, late), (), 1.5)


def test_names_and_controllers():
    assert [Note(0, 1, key, 1).name for key in (0, 21, 60, 61, 108, 127)] == [
        "C-1",
        "A0",
        "C4",
        "C#4",
        "C8",
        "G9",
    ]
    assert [Pedal(0, 1, kind).controller for kind in ("sustain", "sostenuto", "soft")] == [64, 66, 67]


@fewer
@given(performances)
def test_dict_round_trip_is_the_identity(performance):
    assert Performance.from_dict(performance.to_dict()) == performance


_NOTE = {"onset_s": 0, "offset_s": 1, "key": 60, "velocity": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, r"format and version are \('other', 1\). Needed"),
        ({"version": 2}, r"format and version are \('pianotrans', 2\). Needed"),
        ({"tempo": 1}, r"fields \['tempo'\] are missing or unknown"),
        ({"notes": [{"onset_s": 0}]}, "an event or remark is malformed"),
        ({"notes": 3}, "an event or remark is malformed"),
        ({"notes": [_NOTE | {"other_offsets": [{"offset_s": 2}]}]}, "an event or remark is malformed"),
        ({"notes": [_NOTE | {"other_offsets": 3}]}, "an event or remark is malformed"),
        ({"candidates": [{"key": 60}]}, "an event or remark is malformed"),
        ({"remarks": [{"kind": "tuning"}]}, "an event or remark is malformed"),
        ({"remarks": [3]}, "an event or remark is malformed"),
        (
            {"pedals": [{"onset_s": 0, "offset_s": 1, "kind": "soft", "depth": 1}]},
            "an event or remark is malformed",
        ),
        (
            {"notes": [{"onset_s": 2, "offset_s": 1, "key": 1, "velocity": 1}]},
            "note of key 1: from 2 s to 1 s",
        ),
        ({"duration_s": None}, "a duration of None s"),
    ],
)
def test_a_wrong_dict_is_refused(change, message):
    with pytest.raises(MidiError, match=message):
        Performance.from_dict(Performance().to_dict() | change)


def test_a_dict_with_a_missing_field_is_refused():
    data = Performance().to_dict()
    del data["notes"]
    with pytest.raises(MidiError, match=r"fields \['notes'\] are missing or unknown"):
        Performance.from_dict(data)


@pytest.mark.parametrize("suffix", [".mid", ".MIDI", ".json", ".csv"])
def test_save_chooses_the_format_by_suffix(tmp_path, suffix):
    performance = Performance((Note(0.5, 1, 60, 64),), (Pedal(0, 1, "sustain"),), 2)
    path = tmp_path / f"song{suffix}"
    path.write_text("old")
    performance.save(path)
    match suffix.lower():
        case ".json":
            assert Performance.from_dict(json.loads(path.read_text())) == performance
        case ".csv":
            assert path.read_text().startswith("type,")
        case _:
            assert load_midi(path) == performance
    with pytest.raises(OutputError, match=f"song{suffix}: already exists. Pass --overwrite to replace it."):
        performance.save(path, overwrite=False)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("song.xyz", r"song.xyz: the suffix '.xyz' does not name a format"),
        ("song", "song: no suffix names a format"),
    ],
)
def test_save_refuses_other_suffixes(tmp_path, name, message):
    with pytest.raises(OutputError, match=message):
        Performance().save(tmp_path / name)
    assert not list(tmp_path.iterdir())
