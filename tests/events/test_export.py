import csv
import io
import json

import pytest
from hypothesis import given

from pianotrans.events import Note, OtherOffset, Pedal, Performance, csv_text, json_text

from .strategies import fewer, performances

SMALL = Performance((Note(0.5, 1.25, 60, 64), Note(0.1, 2, 37, 1)), (Pedal(0.25, 3, "soft"),), 4)


def test_the_table():
    assert csv_text(SMALL).split("\r\n") == [
        "type,onset_s,offset_s,key,name,velocity,confidence,onset_confidence",
        "note,0.100000,2.000000,37,C#2,1,,",
        "soft,0.250000,3.000000,,,,,",
        "note,0.500000,1.250000,60,C4,64,,",
        "",
    ]


SURE = Performance((Note(0.5, 1.25, 60, 64, 0.75, 1),), (Pedal(0.25, 3, "soft", 0, 0.5),), 4)


def test_the_table_of_what_is_sure():
    assert csv_text(SURE).split("\r\n")[1:3] == [
        "soft,0.250000,3.000000,,,,0.000000,0.500000",
        "note,0.500000,1.250000,60,C4,64,0.750000,1.000000",
    ]


def test_the_json_of_what_is_in_doubt():
    doubtful = Note(0.5, 1.25, 60, 64, 0.75, 1, (OtherOffset(1, 0.125), OtherOffset(2, 0.0625)))
    text = json_text(Performance((doubtful,), (), 4, candidates=(Note(1, 2, 72, 30, 0.25, 0.5),)))
    others = '[{"offset_s": 1.0, "probability": 0.125}, {"offset_s": 2.0, "probability": 0.0625}]'
    assert f'"onset_confidence": 1.0, "other_offsets": {others}}}' in text
    assert text.endswith(
        ' "candidates": [\n  {"onset_s": 1.0, "offset_s": 2.0, "key": 72, "velocity": 30, '
        '"confidence": 0.25, "onset_confidence": 0.5}\n ]\n}\n'
    )


def test_the_json_of_what_is_sure():
    lines = [line.strip(" ,") for line in json_text(SURE).split("\n")]
    assert lines[5] == (
        '{"onset_s": 0.5, "offset_s": 1.25, "key": 60, "velocity": 64, "confidence": 0.75, "onset_confidence": 1.0}'
    )
    assert lines[8] == (
        '{"onset_s": 0.25, "offset_s": 3.0, "kind": "soft", "confidence": 0.0, "onset_confidence": 0.5}'
    )


def test_the_json():
    assert json_text(SMALL).split("\n") == [
        "{",
        ' "format": "pianotrans",',
        ' "version": 1,',
        ' "duration_s": 4.0,',
        ' "notes": [',
        '  {"onset_s": 0.1, "offset_s": 2.0, "key": 37, "velocity": 1},',
        '  {"onset_s": 0.5, "offset_s": 1.25, "key": 60, "velocity": 64}',
        " ],",
        ' "pedals": [',
        '  {"onset_s": 0.25, "offset_s": 3.0, "kind": "soft"}',
        " ]",
        "}",
        "",
    ]
    assert json.loads(json_text(Performance())) == Performance().to_dict()


@fewer
@given(performances)
def test_json_round_trip_is_the_identity(performance):
    assert Performance.from_dict(json.loads(json_text(performance))) == performance


@fewer
@given(performances)
def test_csv_holds_every_event_to_the_microsecond(performance):
    rows = list(csv.DictReader(io.StringIO(csv_text(performance), newline="")))
    notes = [row for row in rows if row["type"] == "note"]
    assert len(notes) == performance.n_notes
    for row, note in zip(notes, performance.notes, strict=True):
        assert float(row["onset_s"]) == pytest.approx(note.onset_s, abs=5.1e-7)
        assert float(row["offset_s"]) == pytest.approx(note.offset_s, abs=5.1e-7)
        assert (int(row["key"]), row["name"], int(row["velocity"])) == (note.key, note.name, note.velocity)
    pedals = sorted((row["type"], row["onset_s"]) for row in rows if row["type"] != "note")
    assert pedals == sorted((pedal.kind, f"{pedal.onset_s:.6f}") for pedal in performance.pedals)
