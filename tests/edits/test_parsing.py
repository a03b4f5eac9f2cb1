"""Edits from JSON: what is taken, and the one line that refuses the rest."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pianotrans.edits import Edits, load_edits, parse_edits
from pianotrans.errors import EditsError
from pianotrans.events import Note

from .documents import SONG, about, document

FIRST, SECOND, THIRD = map(about, SONG.notes)
PEDAL = about(SONG.pedals[0])
WHOLE = document(
    notes={
        "changed": [{**FIRST, "onset_s": 1.25, "hand": "left", "accepted": True}, {**SECOND, "hand": None}],
        "deleted": [THIRD],
        "added": [{"id": "+1", "onset_s": 0, "offset_s": 0.5, "key": 21, "velocity": 1, "hand": "right"}],
    },
    pedals={
        "changed": [{**PEDAL, "offset_s": 2}],
        "added": [{"id": "+2", "onset_s": 3, "offset_s": 4, "kind": "soft"}],
    },
    candidates={"dismissed": [about(Note(2, 3, 62, 9))]},
    beats=[{"onset_s": 0.5, "downbeat": True, "time_signature": "3/4"}, {"onset_s": 1, "downbeat": False}],
    score={"time_signature": "3/4,17:6/8", "key": "E flat major", "swing": False, "title": "Waltz"},
)


def parsed(data: Any) -> Edits:
    return parse_edits(json.dumps(data))


@pytest.mark.parametrize("data", [WHOLE, document()])
def test_a_document_is_read_and_written_without_loss(data: Any):
    assert parsed(data).to_dict() == data


def test_a_document_of_the_first_version_is_read():
    first = document(
        score={"time_signature": "3/4,17:6/8"}, beats=[{"onset_s": i, "downbeat": True} for i in (1, 2)]
    )
    del first["candidates"]
    assert parsed({**first, "version": 1}).to_dict() == {**first, "candidates": {"dismissed": []}}


def test_edits_are_counted():
    assert (parsed(WHOLE).n_edits, parsed(document()).n_edits) == (6, 0)
    assert (parsed(WHOLE).n_changes, parsed(document()).n_changes) == (6 + 1 + 1 + 4, 0)


def altered(path: str, value: Any) -> dict[str, Any]:
    """The document with a value put in somewhere; `...` takes one out."""
    data = json.loads(json.dumps(WHOLE))
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = data
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("version", 3, "3"),
        ("version", 0, "0"),
        ("version", True, "True"),
        ("format", "pianotrans", "edits"),
        ("extra", 1, "'extra'"),
        ("score", ..., "'score'"),
        ("notes", [], "notes"),
        ("notes/changed", {}, "notes.changed"),
        ("notes/changed/0", 1, r"notes.changed\[0\]"),
        ("notes/changed/0/id", "60", "notes.changed.*60@"),
        ("notes/changed/1/id", FIRST["id"], "twice"),
        ("notes/deleted/0/id", FIRST["id"], "twice"),
        ("pedals/added/0/id", "+1", "twice"),
        ("notes/changed/0/was", ..., "'was'"),
        ("notes/changed/0/was/velocity", 0, "velocity.*0"),
        ("notes/changed/0/was/offset_s", 0.5, "1.0 s to 0.5 s"),
        ("notes/changed/0/onset_s", "1", '"1"'),
        ("notes/changed/0/onset_s", -1, "onset_s.*-1"),
        ("notes/changed/0/onset_s", True, "onset_s.*true"),
        ("notes/changed/0/key", 128, "key.*128"),
        ("notes/changed/0/key", 60.0, r"key.*60\.0"),
        ("notes/changed/0/velocity", True, "velocity.*true"),
        ("notes/changed/0/hand", "both", "right, left"),
        ("notes/changed/0/accepted", 1, "accepted.*1"),
        ("notes/changed/0/colour", "red", "'colour'"),
        ("notes/added/0/id", "+01", "added.*id"),
        ("notes/added/0/accepted", True, "'accepted'"),
        ("pedals/added/0/hand", "left", "'hand'"),
        ("pedals/added/0/kind", "loud", "sustain"),
        ("pedals/changed/0/velocity", 3, "'velocity'"),
        ("beats/0/onset_s", 2, "beats"),
        ("beats/0/downbeat", 1, "downbeat.*1"),
        ("beats/0/time_signature", "3", "time_signature.*'3'"),
        ("beats/0/time_signature", "3/4,2:4/4", "time_signature.*2:4/4"),
        ("beats/0/time_signature", 3, "time_signature.*3"),
        ("beats/1/time_signature", "3/4", r"beats\[1\].*downbeat"),
        ("candidates", ..., "'candidates'"),
        ("candidates/taken", [], "'taken'"),
        ("candidates/dismissed/0/id", "+1", "dismissed.*id"),
        ("candidates/dismissed/0/was/velocity", 0, "velocity.*0"),
        ("candidates/dismissed", 2 * [about(Note(2, 3, 62, 9))], "twice"),
        ("beats", [], "two"),
        ("score/time_signature", "3", "time_signature.*'3'"),
        ("score/key", "H major", "'H major'"),
        ("score/swing", "yes", "swing"),
        ("score/title", "x" * 2000, "title"),
        ("score/tempo", 90, "'tempo'"),
        ("transcription/n_notes", -1, "n_notes.*-1"),
        ("transcription/digest", 3, "digest"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(path: str, value: Any, named: str):
    with pytest.raises(EditsError, match=named) as caught:
        parsed(altered(path, value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "null", '"x"', "{", "[" * 100_000, b"\xff\xfe\x00"])
def test_what_is_no_json_or_no_document_is_refused(text: Any):
    with pytest.raises(EditsError):
        parse_edits(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(number: str):
    text = json.dumps(WHOLE).replace("1.25", number)
    with pytest.raises(EditsError):
        parse_edits(text)


def test_errors_name_the_file(tmp_path: Path):
    (tmp_path / "mine.json").write_text("{}")
    for name in ("mine.json", "none.json"):
        with pytest.raises(EditsError, match=re.escape(name)):
            load_edits(tmp_path / name)
