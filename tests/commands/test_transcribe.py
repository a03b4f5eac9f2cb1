"""`pianotrans transcribe`: what it writes, where, and what it says."""

import json
import os
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pianotrans.events import Cleaning, Performance, extend_by_pedal, load_midi
from pianotrans.inference.transcriber import Transcriber

from .driving import clip, command_line, names, noise, only_error, run, run_process, transcribe, write


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return clip(tmp_path / "song.wav")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Performance:
    """What the tiny model hears in `song`."""
    path = clip(tmp_path_factory.mktemp("heard") / "song.wav")
    return Transcriber("tiny", device="cpu", precision="float32").transcribe(path)


def from_json(path: Path) -> Performance:
    """What was heard; that two seconds of noise have no beat is another matter."""
    performance = Performance.from_dict(json.loads(path.read_text()))
    return replace(performance, remarks=tuple(one for one in performance.remarks if one.kind != "no-beat"))


# Where it writes


def test_beside_the_input(song: Path, heard: Performance):
    result = transcribe(song)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert names(song.parent) == ["song.mid", "song.wav"]
    assert heard.notes
    written = load_midi(song.with_suffix(".mid"))
    assert [(note.key, note.velocity) for note in written.notes] == [
        (note.key, note.velocity) for note in heard.notes
    ]
    assert len(written.pedals) == len(heard.pedals)


def test_into_a_file(song: Path, out: Path):
    assert transcribe(song, "-o", out / "other.mid").exit_code == 0
    assert names(out) == ["other.mid"]


@pytest.mark.parametrize("name", ["other.json", "other.CSV", "other.midi", "other.MID"])
def test_into_a_file_whose_suffix_says_the_format(song: Path, out: Path, name: str):
    assert transcribe(song, "-o", out / name).exit_code == 0
    assert names(out) == [name]
    start = {"json": b"{\n", "csv": b"type,onset_s", "midi": b"MThd", "mid": b"MThd"}
    assert (out / name).read_bytes().startswith(start[name.split(".")[1].lower()])


def test_into_a_folder(song: Path, out: Path):
    assert transcribe(song, "-o", out).exit_code == 0
    assert names(out) == ["song.mid"]


def test_to_standard_output(song: Path, out: Path):
    transcribe(song, "-o", out, "--format", "mid,json,csv")
    for form in ("mid", "json", "csv"):
        result = transcribe(song, "-o", "-", "--format", form)
        assert result.exit_code == 0
        assert result.stdout_bytes == (out / f"song.{form}").read_bytes()
        assert "standard output" in result.stderr
    assert names(song.parent) == ["out/song.csv", "out/song.json", "out/song.mid", "song.wav"]


@pytest.mark.parametrize("name", ["new", "new/", "new.mid/"])
def test_into_a_new_folder(tmp_path: Path, name: str):
    """It is made where nothing else can be meant."""
    song, other = (clip(tmp_path / "in" / part, 0.5) for part in ("song.wav", "other.wav"))
    given = f"{tmp_path}/{name}"
    if name.endswith("/"):
        assert transcribe(song, "-o", given).exit_code == 0
        assert names(tmp_path / name) == ["song.mid"]
        (tmp_path / name / "song.mid").unlink()
        (tmp_path / name).rmdir()
    assert transcribe(song, other, "-o", given).exit_code == 0
    assert names(tmp_path / name) == ["other.mid", "song.mid"]
    shutil.rmtree(tmp_path / name)
    assert transcribe(tmp_path / "in", "-o", given).exit_code == 0
    assert {"other.mid", "song.mid"} < set(names(tmp_path / name)), "with a ledger and a report"


def test_several_inputs(tmp_path: Path, out: Path):
    songs = [clip(tmp_path / name / f"{name}.wav", 0.5) for name in ("one", "two", "three")]
    assert transcribe(*songs, "-o", out).exit_code == 0
    assert names(out) == ["one.mid", "three.mid", "two.mid"]
    assert transcribe(*songs).exit_code == 0
    assert names(tmp_path / "two") == ["two.mid", "two.wav"]


def test_a_folder_keeps_its_structure(tmp_path: Path, out: Path):
    for place in ("a.wav", "disc 1/a.wav", "disc 1/b.flac", "disc 2/side A/a.ogg"):
        clip(tmp_path / "album" / place, 0.5)
    (tmp_path / "album" / "notes.txt").write_text("No recording.")
    assert transcribe(tmp_path / "album", "-o", out).exit_code == 0
    written = [name for name in names(out) if name.endswith(".mid")]
    assert written == ["a.mid", "disc 1/a.mid", "disc 1/b.mid", "disc 2/side A/a.mid"]
    assert transcribe(tmp_path / "album").exit_code == 0
    assert names(tmp_path / "album" / "disc 1") == ["a.mid", "a.wav", "b.flac", "b.mid"]


def test_an_input_named_twice_is_done_once(tmp_path: Path, out: Path):
    song = clip(tmp_path / "album" / "disc" / "song.wav", 0.5)
    for inputs in ([song, song], [tmp_path / "album", song], [song, tmp_path / "album"]):
        result = transcribe(*inputs, "-o", out, "--verbose")
        assert result.exit_code == 0
        assert result.stderr.count("song.wav: started") == 1
        shutil.rmtree(out)
        out.mkdir()


def test_names_with_markup_spaces_and_other_scripts(tmp_path: Path):
    song = clip(tmp_path / "[red] Étude №1 [b] 練習曲.v2.wav", 0.5)
    result = transcribe(song)
    assert result.exit_code == 0
    assert names(tmp_path) == ["[red] Étude №1 [b] 練習曲.v2.mid", song.name]
    assert song.name in result.stderr


def test_a_path_in_the_working_folder(song: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(song.parent)
    assert transcribe("song.wav", "-o", "take.mid").exit_code == 0
    assert names(song.parent) == ["song.wav", "take.mid"]


# What is in the way


def test_an_existing_output_is_kept(song: Path):
    output = song.with_suffix(".mid")
    output.write_text("mine")
    result = transcribe(song)
    assert result.exit_code == 1
    assert only_error(result) == f"error: {output}: already exists. Pass --overwrite to replace it."
    assert output.read_text() == "mine"
    assert names(song.parent) == ["song.mid", "song.wav"]


def test_or_replaced_where_asked(song: Path):
    output = song.with_suffix(".mid")
    output.write_text("mine")
    assert transcribe(song, "--overwrite").exit_code == 0
    assert output.read_bytes().startswith(b"MThd")
    assert names(song.parent) == ["song.mid", "song.wav"]


def test_one_existing_output_does_not_hold_up_the_others(song: Path, tmp_path: Path):
    other = clip(tmp_path / "other.wav", 0.5)
    song.with_suffix(".mid").write_text("mine")
    result = transcribe(song, other)
    assert result.exit_code == 1
    assert "--overwrite" in only_error(result)
    assert "1 of 2 inputs failed." in result.stderr
    assert song.with_suffix(".mid").read_text() == "mine"
    assert other.with_suffix(".mid").read_bytes().startswith(b"MThd")


def test_one_existing_format_keeps_all_from_being_written(song: Path):
    song.with_suffix(".csv").write_text("mine")
    assert transcribe(song, "--format", "mid,csv").exit_code == 1
    assert names(song.parent) == ["song.csv", "song.wav"]


def test_two_recordings_of_one_name(song: Path, tmp_path: Path, out: Path):
    other = clip(tmp_path / "song.flac", 1.0)
    for to in ([], ["-o", out]):
        folder = out if to else tmp_path
        for inputs in ([song, other], [other, song]):
            assert transcribe(*inputs, *to, "--overwrite").exit_code == 0
        assert sorted(path.name for path in folder.glob("*.mid")) == ["song.flac.mid", "song.wav.mid"]
        assert (folder / "song.wav.mid").read_bytes() != (folder / "song.flac.mid").read_bytes()


def test_two_recordings_for_one_output(song: Path, tmp_path: Path, out: Path):
    other = clip(tmp_path / "disc" / "song.wav", 1.0)
    result = transcribe(song, other, "-o", out)
    assert result.exit_code == 1
    line = only_error(result)
    assert line.startswith(f"error: {other}: ")
    assert str(song) in line
    assert names(out) == ["song.mid"]
    result = transcribe(song, other)
    assert result.exit_code == 0
    assert names(tmp_path / "disc") == ["song.mid", "song.wav"]


@pytest.mark.parametrize("name", ["x.mid", "x.json"])
def test_a_recording_is_never_replaced_by_its_own_output(song: Path, name: str):
    source = song.rename(song.with_name(name))
    content = source.read_bytes()
    assert transcribe(source, "--overwrite", "--format", "mid,json").exit_code == 0
    assert source.read_bytes() == content
    assert names(source.parent) == sorted([name, f"{name}.mid", f"{name}.json"])
    result = transcribe(source, "-o", source.parent / "." / name, "--overwrite")
    assert result.exit_code == 2
    assert only_error(result).startswith("error: -o: ") or "--output: " in only_error(result)
    assert source.read_bytes() == content


def test_not_even_by_way_of_a_link(song: Path, tmp_path: Path, out: Path):
    source = song.rename(out / "x.mid")
    content = source.read_bytes()
    (tmp_path / "link").symlink_to(out)
    assert transcribe(source, "-o", tmp_path / "link", "--overwrite").exit_code == 0
    assert source.read_bytes() == content
    assert names(out) == ["x.mid", "x.mid.mid"]


# What it writes


@pytest.mark.parametrize(
    "given",
    [["--format", "mid,json,csv"], ["--format", "MID, .Json,csv,mid"], ["--format", "csv", "--format", "mid,json"]],
)
def test_formats(song: Path, heard: Performance, out: Path, given: list[str]):
    assert transcribe(song, "-o", out, *given).exit_code == 0
    assert names(out) == ["song.csv", "song.json", "song.mid"]
    assert from_json(out / "song.json") == heard
    n_events = len(heard.notes) + len(heard.pedals)
    assert len((out / "song.csv").read_text().splitlines()) == 1 + n_events


def test_no_pedal(song: Path, heard: Performance):
    assert heard.pedals
    assert transcribe(song, "--no-pedal", "--format", "json,mid").exit_code == 0
    assert from_json(song.with_suffix(".json")) == heard.without_pedals().made_with(["--no-pedal"])
    assert load_midi(song.with_suffix(".mid")).pedals == ()


def test_sounding_durations(song: Path, heard: Performance):
    assert heard.pedals_of("sustain")
    assert transcribe(song, "--durations", "sounding", "--format", "json,mid").exit_code == 0
    written = from_json(song.with_suffix(".json"))
    assert written == extend_by_pedal(heard).made_with(["--durations sounding"])
    assert written.pedals_of("sustain") == load_midi(song.with_suffix(".mid")).pedals_of("sustain") == ()
    assert sum(note.offset_s for note in written.notes) > sum(note.offset_s for note in heard.notes)


def test_both_durations_in_one_go(song: Path, heard: Performance):
    assert transcribe(song, "--durations", "both", "--for", "pianoteq").exit_code == 0
    keys, sounding = load_midi(song.with_suffix(".mid")), load_midi(song.with_suffix(".sounding.mid"))
    assert (bool(keys.pedals_of("sustain")), bool(sounding.pedals_of("sustain"))) == (True, False)
    assert keys.n_notes == sounding.n_notes == heard.n_notes
    assert sum(note.offset_s for note in sounding.notes) > sum(note.offset_s for note in keys.notes)


def test_key_durations_are_the_default(song: Path, heard: Performance, out: Path):
    assert transcribe(song, "-o", out / "a.json").exit_code == 0
    assert transcribe(song, "-o", out / "b.json", "--durations", "keys", "--pedal").exit_code == 0
    assert from_json(out / "a.json") == from_json(out / "b.json") == heard


# What it says


def summary_row(stderr: str) -> list[str]:
    lines = stderr.splitlines()
    at = next(i for i, line in enumerate(lines) if line.lstrip().startswith("recording"))
    heading, row = lines[at : at + 2]  # remarks follow
    assert re.split(r"\s{2,}", heading.strip()) == [
        "recording", "notes", "pedals", "duration", "time taken", "speed", "written to",
    ]  # fmt: skip
    return re.split(r"\s{2,}", row.strip())


def test_the_summary_is_right(song: Path, heard: Performance):
    name, n_notes, n_pedals, duration, taken, speed, written = summary_row(transcribe(song).stderr)
    assert (name, written) == ("song.wav", str(song.with_suffix(".mid")))
    assert (int(n_notes), int(n_pedals)) == (len(heard.notes), len(heard.pedals))
    assert duration == "2.0 s"
    assert re.fullmatch(r"\d+\.\d s", taken)
    assert re.fullmatch(r"\d+\.\dx", speed)


def test_the_summary_counts_what_was_written(song: Path, heard: Performance):
    _, n_notes, n_pedals, *_ = summary_row(transcribe(song, "--no-pedal").stderr)
    assert (int(n_notes), n_pedals) == (len(heard.notes), "0")


def test_progress_in_plain_lines(tmp_path: Path):
    songs = [clip(tmp_path / f"{name}.wav", 0.5) for name in ("one", "two")]
    lines = transcribe(*songs).stderr.splitlines()
    assert lines[:2] == ["[1/2] one.wav: started", "[2/2] two.wav: started"]
    assert lines[2].startswith("recording")
    assert len(lines) == 5


def test_plain_progress_tells_speed_and_remaining_time(song: Path, monkeypatch: pytest.MonkeyPatch):
    from pianotrans.commands import console

    monkeypatch.setattr(console, "_PLAIN_INTERVAL_S", 0.0)
    lines = transcribe(song).stderr.splitlines()
    line = r"song\.wav: \d\.\d s of 2\.0 s, about \d+\.\d s left, \d+\.\dx real time"
    assert sum(re.fullmatch(line, text) is not None for text in lines) >= 1


def test_quiet(song: Path):
    result = transcribe(song, "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert song.with_suffix(".mid").exists()
    result = transcribe(song, "-q")
    assert result.stderr.splitlines() == [only_error(result)]


def test_verbose_tells_details(song: Path):
    result = transcribe(song, "--verbose")
    assert re.search(r"^model tiny from .*weights.safetensors, on cpu, loaded in \d+\.\d s$", result.stderr, re.M)
    assert re.search(rf"^{re.escape(str(song))}: \d+ notes in \d+\.\d\d s$", result.stderr, re.M)


def test_tracebacks_are_for_verbose_only(tmp_path: Path):
    missing = tmp_path / "missing.wav"
    assert only_error(transcribe(missing)) == f"error: {missing}: no such file. Check the path."
    stderr = transcribe(missing, "-v").stderr
    assert "Traceback (most recent call last):" in stderr
    assert stderr.splitlines()[-1] == f"error: {missing}: no such file. Check the path."


def test_a_failure_nobody_thought_of(song: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("one\nthing or [another]")

    monkeypatch.setattr(Transcriber, "transcribe", fail)
    result = transcribe(song)
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: {song}: unexpected RuntimeError: one thing or [another].")
    assert "--verbose" in only_error(result)
    assert "in fail\n" in transcribe(song, "--verbose").stderr
    assert names(song.parent) == ["song.wav"]


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["song.wav", "--format", "midi"],
            "unknown format 'midi'. Use mid, sounding.mid, json, csv, html, ",
        ),
        (
            ["song.wav", "--format", ""],
            "unknown format ''. Use mid, sounding.mid, json, csv, html, ",
        ),
        (
            ["song.wav", "--format", "mid,,csv"],
            "unknown format ''. Use mid, sounding.mid, json, csv, html, ",
        ),
        (
            ["song.wav", "-o", "song.txt"],
            "song.txt: neither an existing folder nor a file name with .mid, .sounding.mid, .json, .csv, .html",
        ),
        (["song.wav", "-o", "nowhere/song.mid"], "nowhere/song.mid: the folder nowhere does not exist."),
        (["song.wav", "-o", "nowhere"], "nowhere: neither an existing folder nor"),
        (["song.wav", "-o", "a.mid", "--format", "csv"], "a.mid: contradicts --format csv."),
        (["song.wav", "-o", "a.mid", "--format", "mid,csv"], "a.mid: one file, but --format asks for 2."),
        (["song.wav", "song.flac", "-o", "a.mid"], "a.mid: a single file for several inputs. Name a folder."),
        ([".", "-o", "nowhere/out"], "nowhere/out: the folder nowhere does not exist. Create it first."),
        (["song.wav", "-o", "nowhere/out/"], "nowhere/out: the folder nowhere does not exist. Create it first."),
        (["song.wav", "song.wav", "-o", "song.wav/"], "song.wav: a single file for several inputs. Name a folder."),
        (["https://youtube.com/watch?v=x"], "Download the recording first"),
        (["song.wav", "HTTP://host/song.mp3", "-o", "a.mid"], "s3://bucket/song.wav"),
        (["-"], "--output: standard input has no place of its own for results. Name a file with -o."),
        (["/dev/stdin"], "--output: standard input has no place of its own for results."),
        (["-", "-o", "."], "--output: .: a folder, but standard input has no name."),
        (["-", "-o", "new/"], "--output: new: a folder, but standard input has no name."),
        (["-", "song.wav", "-o", "a.mid"], "standard input: a pipe. Give it alone, without other inputs."),
        (["song.wav", "song.flac", "-o", "-"], "standard output takes one input and one format."),
        (["song.wav", "-o", "-", "--format", "mid,csv"], "standard output takes one input and one format."),
        (["song.wav", "--device", "tpu"], "device 'tpu': unknown. Use auto, cpu, cuda, cuda:N or mps."),
        (["song.wav", "--device", "mps:0"], "device 'mps:0': unknown."),
    ],
)
def test_wrong_usage(song: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str):
    monkeypatch.chdir(song.parent)
    result = run("transcribe", "--model", "tiny", *arguments)
    assert result.exit_code == 2
    assert message in only_error(result)
    assert result.stderr.splitlines() == [only_error(result)]
    assert names(song.parent) == ["song.wav"]


def test_a_device_that_is_not_there(song: Path, monkeypatch: pytest.MonkeyPatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = transcribe(song, "--device", "cuda")
    assert result.exit_code == 2
    assert "device 'cuda': no CUDA device is usable here" in only_error(result)
    assert names(song.parent) == ["song.wav"]


@pytest.mark.parametrize("arguments", [["--durations", "long"], ["--colour"], []])
def test_options_that_do_not_exist(song: Path, arguments: list[str]):
    inputs = [str(song)] if arguments else []
    result = run("transcribe", *inputs, *arguments)
    assert result.exit_code == 2
    assert names(song.parent) == ["song.wav"]


def test_standard_output_on_a_terminal_is_refused(song: Path, monkeypatch: pytest.MonkeyPatch):
    from pianotrans.commands.transcribe import planning

    class Terminal:
        class stdout:  # noqa: N801 - stands for sys.stdout
            isatty = staticmethod(lambda: True)

    monkeypatch.setattr(planning, "sys", Terminal)
    result = transcribe(song, "-o", "-")
    assert result.exit_code == 2
    assert "standard output is a terminal. Redirect it to a file or a pipe." in only_error(result)


# As a process of its own


@pytest.mark.slow
def test_a_process_keeps_its_streams_apart_and_free_of_control_characters(song: Path):
    assert transcribe(song).exit_code == 0
    result = run_process("transcribe", "--model", "tiny", "--precision", "float32", song, "-o", "-")
    assert (result.returncode, result.stdout) == (0, song.with_suffix(".mid").read_bytes())
    assert b"song.wav" in result.stderr
    assert [byte for byte in result.stderr if byte < 32 and byte != ord("\n")] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_on_a_terminal_a_bar_is_shown(tmp_path: Path):
    import fcntl
    import pty
    import struct
    import subprocess
    import termios

    song = write(tmp_path / "song.wav", noise(20.0))
    terminal, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 150, 0, 0))
    process = subprocess.Popen(
        command_line("transcribe", "--model", "tiny", song),
        stdout=subprocess.PIPE,
        stderr=side,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm-256color"},
    )
    os.close(side)
    shown = bytearray()
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux's way to say that the other side was closed
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    assert process.stdout is not None
    assert process.stdout.read() == b""
    process.stdout.close()
    assert process.wait() == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert b"\x1b[" in shown
    assert re.search(r"song\.wav .*━.* \d+ % .*0:00:\d\d .*× real time", text)
    assert re.search(r"recording +notes +pedals +duration +time taken +speed +written to", text)


# How sure it is, and clean-up


def test_json_and_csv_say_how_sure_the_model_is(song: Path, out: Path):
    assert transcribe(song, "-o", out, "--format", "json,csv").exit_code == 0
    assert all(0 <= note.confidence <= 1 for note in from_json(out / "song.json").notes)
    first = (out / "song.csv").read_text().splitlines()[1].split(",")
    assert 0 <= float(first[-2]) <= 1
    assert transcribe(song, "-o", out, "--format", "json", "--no-confidence", "--overwrite").exit_code == 0
    written = json.loads((out / "song.json").read_text())
    assert all("confidence" not in event for name in ("notes", "pedals") for event in written[name])


def test_without_confidence_none_is_computed(song: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr("pianotrans.inference.decoding.decode_with_confidence", lambda *_: asked.append(1))
    assert transcribe(song, "-o", out, "--no-confidence").exit_code == 0
    assert asked == []


def test_doubtful_notes_are_dropped(song: Path, heard: Performance, out: Path):
    limit = sorted(note.confidence for note in heard.notes)[len(heard.notes) // 2]
    expected = Cleaning(min_confidence=limit).apply(heard)
    assert 0 < expected.n_notes < heard.n_notes
    assert transcribe(song, "-o", out, "--min-confidence", str(limit)).exit_code == 0
    assert load_midi(out / "song.mid").n_notes == expected.n_notes


def test_every_step_of_the_clean_up_has_its_option(song: Path, heard: Performance, out: Path):
    options = {
        "--min-velocity": ("min_velocity", 30), "--min-duration": ("min_duration_s", 0.1),
        "--join-gap": ("join_gap_s", 0.5), "--pedal-gap": ("pedal_gap_s", 0.5),
        "--min-onset-confidence": ("min_onset_confidence", 0.7),
        "--velocity-curve": ("velocity_exponent", 0.5),
    }  # fmt: skip
    for option, (name, value) in options.items():
        assert transcribe(song, "-o", out / "a.json", option, value, "--overwrite").exit_code == 0
        expected = Cleaning(**{name: value}).apply(heard).made_with([f"{option} {value}"])
        assert from_json(out / "a.json") == expected, option


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--min-confidence", "0.5", "--no-confidence"), "--no-confidence"),
        (("--min-onset-confidence", "0.5", "--no-confidence"), "--no-confidence"),
        (("--min-confidence", "2"), "--min-confidence: 2.0 given; it must be from 0 to 1."),
        (("--velocity-curve", "nan"), "--velocity-curve: nan given; it must be above 0."),
        (("--repeat-gap", "-1"), "--repeat-gap: -1.0 given; it must be 0 or more."),
    ],
)
def test_clean_up_that_means_nothing_is_wrong_usage(song: Path, options: tuple[str, ...], message: str):
    result = transcribe(song, *options)
    assert result.exit_code == 2
    assert message in only_error(result)
    assert names(song.parent) == ["song.wav"]
