"""`pianotrans evaluate score`, as a user meets it."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.evaluation.score.making import PAGE, made_score, write_dataset

from .driving import only_error, run


def evaluate(*arguments: object):
    """`evaluate score`; anything but a planned exit is an error of the test."""
    result = run("evaluate", "score", *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set, of which true scores are made."""
    making = ModuleType("pianotrans.score.making")
    making.make_score = lambda performance, _: made_score(performance)
    monkeypatch.setitem(sys.modules, "pianotrans.score.making", making)
    return write_dataset(tmp_path / "asap")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two scores, the second of which has one note fewer."""
    paths = tmp_path / "true.musicxml", tmp_path / "made.musicxml"
    paths[0].write_text(PAGE)
    note = "<note><grace/><pitch><step>A</step><octave>5</octave></pitch><voice>1</voice><staff>1</staff></note>"
    assert note in PAGE
    paths[1].write_text(PAGE.replace(note, ""))
    return paths


def cells(text: str, label: str) -> list[str]:
    """What stands behind the first row of this label."""
    line = next(line for line in text.splitlines() if line.strip().startswith(label))
    return line.strip().removeprefix(label).split()


def test_a_data_set(root: Path):
    result = evaluate(root)
    assert (result.exit_code, result.stderr) == (0, "")
    assert cells(result.stdout, "staff right") == ["100.0"]
    assert cells(result.stdout, "grace notes, F1") == ["–"]
    assert cells(result.stdout, "notes") == []  # the heading of a group comes first
    assert cells(result.stdout, "Other")[:2] == ["1", "100.0"]
    assert cells(result.stdout, "ties") == ["0.33", "0.33"]
    assert "Someone__Piece__A" in result.stdout


def test_kinds_of_hints_side_by_side(root: Path):
    result = evaluate(root, "--hints", "none,bpm+meter,beats", "--limit", 1)
    assert cells(result.stdout, "staff right") == ["100.0"] * 3


def test_json(root: Path):
    data = json.loads(evaluate(root, "--json", "--one-each", "--filter", "Other").stdout)
    assert [one["name"] for one in data["pieces"]] == ["Other__Piece__B"]
    assert data["summary"]["none"]["beats"] == 1


def test_some_fail(root: Path):
    (root / "alignment/Other__Piece__B.tsv.gz").unlink()
    result = evaluate(root, "--quiet")
    assert result.exit_code == 1
    assert "Other__Piece__B" in only_error(result)
    assert "mean of 1 piece" in result.stdout


def test_a_missing_folder_of_transcriptions(root: Path):
    result = evaluate(root, "--transcribed", "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr


def test_two_files(files: tuple[Path, Path]):
    result = evaluate(*files)
    assert (result.exit_code, result.stderr) == (0, "")
    assert cells(result.stdout, "multi-pitch") == ["93.3"]  # 8 notes of which 7 are found: 14/15
    assert cells(result.stdout, "notes") == ["2.67", "3.00"]
    data = json.loads(evaluate(*files, "--json").stdout)
    assert data["mv2h"]["multi_pitch"] == pytest.approx(14 / 15)


def test_the_same_file_twice(files: tuple[Path, Path]):
    assert json.loads(evaluate(files[0], files[0], "--json").stdout)["mv2h"]["mv2h"] == 1


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("ROOT", "--hints", "tempo"), 2, "--hints"),
        (("ROOT", "--filter", "nobody"), 1, "nobody"),
        (("ROOT", "--split", "none"), 1, "split none"),
        (("nowhere",), 2, "nowhere"),
        (("ROOT/performances",), 1, "performances.csv"),
        (("TRUE", "nowhere"), 1, "nowhere"),
        (("TRUE", "ROOT/performances.csv"), 1, "performances.csv"),
    ],
)
def test_bad_input(arguments, exit_code: int, said: str, root: Path, files: tuple[Path, Path]):
    given = [str(one).replace("ROOT", str(root)).replace("TRUE", str(files[0])) for one in arguments]
    result = evaluate(*given)
    assert result.exit_code == exit_code
    assert said in only_error(result)
    assert result.stdout == ""
