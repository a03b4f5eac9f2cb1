"""`pianotrans evaluate midi` and `evaluate compare`, as a user meets them."""

import json
from pathlib import Path

import pytest

from pianotrans.events import Performance
from tests.evaluation.making import crowd, heard, note, performance

from .driving import errors, names, only_error, run, run_process

FILES = ["circumstances.csv", "errors.csv", "pieces.csv", "summary.json", "summary.md", "tolerances.csv"]
PICTURES = ["circumstances.png", "deviations.png", "pieces.png", "registers.png"]


def evaluate(*arguments: object):
    """`evaluate midi`, or another sub-command; anything but a planned exit is an error of the test."""
    command = () if arguments[0] == "compare" else ("midi",)
    result = run("evaluate", *command, *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def save(path: Path, one: Performance) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    one.save(path)
    return path


@pytest.fixture
def folders(tmp_path, monkeypatch) -> tuple[Path, Path]:
    """Three pieces in folders ref and est, of the working folder."""
    monkeypatch.chdir(tmp_path)
    for seed in range(3):
        played = crowd(seed, n_notes=40, duration_s=10.0)
        save(Path(f"ref/2006/{seed}.midi"), played)
        save(Path(f"est/2006/{seed}.mid"), heard(played, seed))
    return Path("ref"), Path("est")


def row(text: str, label: str) -> list[str]:
    """The cells of the first row of a table that has this label."""
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [label] and len(line.split()) > 1)


def test_two_files(folders):
    result = evaluate("ref/2006/0.midi", "est/2006/0.mid")
    assert (result.exit_code, result.stderr) == (0, "")
    data = json.loads(evaluate("ref/2006/0.midi", "est/2006/0.mid", "--json").stdout)
    assert row(result.stdout, "onset")[3] == f"{data['summary']['keys onset']['f1'] * 100:.2f}"
    for said in (
        "notes, keys",
        "notes, sounding",
        "Durations keys: both",
        "50 ms",
        "20 %",
        "0.1 of the reference's range",
    ):
        assert said in result.stdout
    assert "bootstrap" not in result.stdout, "one piece has no interval"


def test_two_folders(folders):
    result = evaluate(*folders)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "mean of 3 pieces" in result.stdout
    data = json.loads(evaluate(*folders, "--json").stdout)
    assert [piece["name"] for piece in data["pieces"]] == ["2006/0", "2006/1", "2006/2"]
    assert row(result.stdout, "onset")[3] == f"{data['summary']['keys onset']['f1'] * 100:.2f}"
    assert row(result.stdout, "onset")[-1] == "3"


@pytest.mark.parametrize("width", [80, 100])
def test_tables_fit(folders, width, monkeypatch):
    monkeypatch.setattr("pianotrans.commands.evaluate.tables.FILE_WIDTH", width)
    text = evaluate(*folders, "--align", "--detail").stdout
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text, "nothing is cut off"


def test_durations_are_named_for_both_sides(folders):
    data = json.loads(evaluate(*folders, "--json", "--durations", "keys", "--est-durations", "sounding").stdout)
    assert data["settings"]["conventions"] == [["keys", "sounding"]]
    assert "keys-sounding onset" in data["summary"]
    text = evaluate(*folders, "--durations", "sounding").stdout
    assert "notes, keys" not in text


def test_details_are_printed_on_request(folders):
    """What stands in the tables is what stands in the JSON."""
    plain, detailed = (evaluate(*folders, *more).stdout for more in ((), ("--detail",)))
    details = json.loads(evaluate(*folders, "--json").stdout)["details"]
    assert f"down {100 * details['pedal']['reference_down']:.1f} %" in plain
    assert f"rank correlation {details['velocity']['rank_correlation']:.3f}" in plain
    assert "since the key's last stroke" not in plain
    first = next(one for one in details["circumstances"] if one["band"] == "first stroke")
    cells = row(detailed, "first")[2:]
    assert cells[0] == str(first["n_reference"])
    assert cells[1] == f"{100 * first['recall']:.1f}"
    assert f"{100 * details['tolerances']['onset_f1'][0]:.2f}" in detailed


def test_align_prints_what_was_removed(folders):
    played = crowd(5, n_notes=40, duration_s=10.0, n_keys=20)
    save(Path("late/a.mid"), heard(played, 5, late_s=0.5, jitter_s=0.001))
    save(Path("on_time/a.mid"), played)
    result = evaluate("on_time", "late", "--align")
    assert float(row(result.stdout, "a")[1]) == pytest.approx(500, abs=3)
    assert "was removed" in result.stdout
    assert float(row(evaluate("on_time", "late").stdout, "onset")[3]) < 30
    assert float(row(result.stdout, "onset")[3]) > 80


def test_files_without_a_partner_are_told_and_written_down(folders):
    save(Path("ref/extra.mid"), performance(note(1, 2)))
    save(Path("est/other.mid"), performance(note(1, 2)))
    result = evaluate(*folders, "--json", "--quiet")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == ["no estimate for ref/extra.mid", "no reference for est/other.mid"]
    unmatched = json.loads(result.stdout)["unmatched"]
    assert unmatched == {"reference": ["ref/extra.mid"], "estimate": ["est/other.mid"], "dataset": []}


def test_a_broken_file_does_not_stop_the_others(folders):
    Path("est/2006/1.mid").write_bytes(b"junk")
    result = evaluate(*folders, "--json")
    assert result.exit_code == 1
    assert only_error(result).startswith("error: 2006/1: not scored. 1.mid: does not begin as MIDI")
    data = json.loads(result.stdout)
    assert data["n_pieces"] == 2
    assert [failure["name"] for failure in data["failures"]] == ["2006/1"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("ref", "nowhere"), 1, "nowhere: there is no such file or folder"),
        (("ref", "est/2006/0.mid"), 1, "ref is a folder and est/2006/0.mid a file"),
        (("ref", "empty"), 1, "nothing to score: 3 MIDI files in ref, 0 in empty"),
        (("ref", "est/2006"), 1, "3 have the same name but lie in other folders"),
        (("ref", "renamed"), 1, "Name the estimates as the references are"),
        (("junk.mid", "est/2006/0.mid"), 1, "every piece has a file that cannot be read"),
        (("ref", "est", "--onset-tolerance", -1), 2, "--onset-tolerance: -1.0 given. It must be more than 0."),
        (("ref", "est", "--offset-ratio", "nan"), 2, "--offset-ratio: nan given"),
        (("ref", "est", "--output", "junk.mid"), 1, "junk.mid: this folder cannot be made"),
        (("compare", "nowhere.json", "est", "--reference", "ref"), 1, "nowhere.json: cannot be read"),
        (("compare", "ref", "est"), 2, "--reference: ref is a folder"),
        (("compare", "junk.mid", "junk.mid", "--reference", "ref"), 2, "--reference: ref given, but no folder"),
        (("compare", "other.csv", "est", "--reference", "ref"), 1, "other.csv: has name, onset. Needed"),
        (("compare", "junk.mid", "junk.mid"), 1, "junk.mid: is not JSON"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_refusals(folders, arguments, code, message):
    Path("empty").mkdir()
    Path("junk.mid").write_bytes(b"junk")
    Path("other.csv").write_text("name,onset\na,0.5\n")
    save(Path("renamed/x.mid"), performance(note(1, 2)))
    result = evaluate(*arguments)
    assert result.exit_code == code
    assert result.stdout == ""
    assert message in errors(result)[-1]


@pytest.mark.parametrize("arguments", [("--jobs", 0), ("--durations", "long"), ("--seed", -1)])
def test_wrong_usage(folders, arguments):
    result = run("evaluate", "midi", *folders, *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.stderr


@pytest.mark.slow
def test_out_writes_everything_and_replaces_nothing(folders):
    result = evaluate(*folders, "--output", "new/results")
    assert result.exit_code == 0
    assert names(Path("new/results")) == sorted(FILES + PICTURES)
    assert json.loads(Path("new/results/summary.json").read_text())["n_pieces"] == 3
    assert "written to new/results: summary.json" in result.stderr

    Path("new/results/pieces.csv").unlink()
    again = evaluate(*folders, "--output", "new/results")
    assert again.exit_code == 1
    assert "holds summary.json already. Pass --overwrite" in only_error(again)
    assert not Path("new/results/pieces.csv").exists()
    assert evaluate(*folders, "--output", "new/results", "--overwrite").exit_code == 0
    assert names(Path("new/results")) == sorted(FILES + PICTURES)


def test_compare(folders):
    for number, pair in enumerate((folders, (folders[0], folders[0]))):
        Path(f"{number}.json").write_text(evaluate(*pair, "--json").stdout)
    result = evaluate("compare", "0.json", "1.json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "keys onset " in result.stdout
    assert "p is for one column alone" in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 100
    data = json.loads(evaluate("compare", "0.json", "1.json", "--json").stdout)
    first, second = (one for one in data["columns"] if one["column"] == "keys onset")
    assert (first["difference"], second["mean"]) == (None, 1.0)
    assert second["difference"]["difference"] == pytest.approx(1 - first["mean"])
    assert second["difference"]["p"] == 0.25  # three pieces, all better: 2 of 8 choices of signs


def test_compare_takes_files_tables_and_folders(folders):
    """The same transcription as JSON, as this program's csv, as a csv like a paper's, and as a folder."""
    text = evaluate(*folders, "--json").stdout
    Path("a.json").write_text(text)
    pieces = json.loads(text)["pieces"]
    lines = [f"{one['name']}.midi,keys onset,{one['scores']['keys onset']['f1'] - 0.1}" for one in pieces]
    Path("paper.csv").write_text("\n".join(["piece,metric,value", *lines, "another,keys onset,0.5"]))
    result = evaluate("compare", "a.json", "est", "paper.csv", "--reference", "ref", "--detail")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split()[:2] for line in result.stdout.splitlines()[:3]] == [
        ["A", "a.json"],
        ["B", "est"],
        ["C", "paper.csv"],
    ]
    assert "computed elsewhere" in result.stdout
    assert "music dynamics" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    data = json.loads(evaluate("compare", "a.json", "est", "paper.csv", "--reference", "ref", "--json").stdout)
    found = {(one["column"], one["system"]): one for one in data["columns"]}
    assert found["keys onset", 1]["difference"]["difference"] == 0
    assert found["music dynamics", 1]["difference"]["difference"] == 0
    assert found["keys onset", 2]["difference"]["difference"] == pytest.approx(-0.1)
    assert ("keys onset+offset", 2) not in found


def test_compare_refuses_other_settings(folders):
    for number, tolerance_s in enumerate((0.05, 0.03)):
        Path(f"{number}.json").write_text(evaluate(*folders, "--json", "--onset-tolerance", tolerance_s).stdout)
    result = evaluate("compare", "0.json", "1.json")
    assert result.exit_code == 1
    assert "onset tolerance (s) 0.05" in only_error(result)


@pytest.mark.slow
def test_several_processes_print_the_same(folders):
    arguments = ("evaluate", "midi", *folders, "--json")
    alone, together = run(*arguments, "--jobs", 1), run_process(*arguments, "--jobs", 2)
    assert (alone.exit_code, together.returncode) == (0, 0)
    assert alone.stdout_bytes == together.stdout
    assert together.stderr == b""


def test_the_best_scores_fit_too(folders, monkeypatch):
    monkeypatch.setattr("pianotrans.commands.evaluate.tables.FILE_WIDTH", 80)
    text = evaluate("ref", "ref", "--ref-durations", "sounding").stdout
    assert "100.0–100.0" in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80


def miscount(path: Path) -> None:
    """Let the header of a MIDI file count tracks that it does not have."""
    data = bytearray(path.read_bytes())
    data[11] = 200
    path.write_bytes(data)


def test_what_was_wrong_with_a_file_is_told_once(folders):
    plain = evaluate("ref", "est").stdout
    for path in ("ref/2006/1.midi", "est/2006/2.mid"):
        miscount(Path(path))
    result = evaluate("ref", "est")
    assert (result.exit_code, result.stdout) == (0, plain)
    assert [(line.split(":")[0], "200" in line) for line in result.stderr.splitlines()] == [
        ("1.midi", True),
        ("2.mid", True),
    ]
    assert evaluate("ref", "est", "--quiet").stderr == ""


def test_midi_within_riff_files_is_found(folders):
    path = Path("est/2006/0.mid")
    content, plain = path.read_bytes(), evaluate("ref", "est").stdout
    path.with_suffix(".RMI").write_bytes(b"RIFF\0\0\0\0RMIDdata" + len(content).to_bytes(4, "little") + content)
    path.unlink()
    result = evaluate("ref", "est")
    assert (result.exit_code, result.stderr, result.stdout) == (0, "", plain)
