"""`pianotrans transcribe FOLDER -o OUT`: what a collection leaves behind, says, and goes on with."""

import csv
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pianotrans.batch import Ledger
from pianotrans.batch.entry import EntryState
from pianotrans.events import Performance
from pianotrans.inference.transcriber import Transcriber
from pianotrans.remarks import Remark

from .driving import (
    ENVIRONMENT,
    as_nobody,
    clip,
    command_line,
    errors,
    names,
    noise,
    only_error,
    run,
    transcribe,
    write,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="other signals there")


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for place in ("a.wav", "disc 1/[b].wav", "disc 2/é.flac"):
        clip(tmp_path / "album" / place, 0.5)
    (tmp_path / "album" / "cover.jpg").write_text("No recording.")
    return tmp_path / "album"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def written(out: Path) -> list[str]:
    return [name for name in names(out) if name.endswith(".mid")]


def said(result) -> list[str]:
    return result.stderr.splitlines()


def test_done_and_done_before(album: Path, out: Path):
    result = transcribe(album, "-o", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert names(out) == [".pianotrans/ledger.sqlite", "a.mid", "disc 1/[b].mid", "disc 2/é.mid", "report.csv"]
    number = r"\d+\.\d"
    assert re.fullmatch(
        rf"3 of 3 recordings done: 1\.5 s of audio in {number} s, {number}x real time\.", said(result)[-2]
    )
    assert said(result)[-1] == f"Report: {out / 'report.csv'}"
    assert len(said(result)) == 2
    result = transcribe(album, "-o", out)
    assert result.exit_code == 0
    assert said(result)[:2] == ["3 of 3 done before.", "3 of 3 recordings done, 3 of them before."]


def test_new_recordings_are_added(album: Path, out: Path):
    transcribe(album, "-o", out)
    clip(album / "disc 2" / "new.wav", 0.5)
    result = transcribe(album, "-o", out)
    assert said(result)[0] == "3 of 4 done before."
    assert said(result)[-2].startswith("4 of 4 recordings done, 3 of them before: 0.5 s of audio in ")
    assert "disc 2/new.mid" in written(out)


def test_failures_in_a_table_and_in_the_report(album: Path, out: Path):
    bad = album / "disc 1" / "bad [x].wav"
    bad.write_text("text")
    result = transcribe(album, "-o", out)
    assert result.exit_code == 1
    reason = only_error(result).removeprefix("error: ")
    assert reason.startswith(f"{bad}: not an audio format")
    row = next(line for line in said(result) if line.startswith("disc 1/bad [x].wav"))
    assert re.split(r"\s{2,}", row.rstrip())[1].startswith(f"{bad}: ")
    assert said(result)[-2].startswith("3 of 4 recordings done: ")
    with (out / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["input"]: row for row in csv.DictReader(file)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "a.wav": "done", "disc 1/[b].wav": "done", "disc 2/é.flac": "done", "disc 1/bad [x].wav": "failed",
    }  # fmt: skip
    assert rows["disc 1/bad [x].wav"]["error"] == reason
    assert rows["a.wav"]["outputs"] == "a.mid"
    assert float(rows["a.wav"]["audio_s"]) == 0.5

    again = transcribe(album, "-o", out)
    assert (again.exit_code, errors(again)) == (1, [])
    assert "1 of 4 failed before." in said(again)
    assert "1 failed in an earlier run. Pass --retry-failed to retry them." in said(again)
    retried = transcribe(album, "-o", out, "--retry-failed")
    assert only_error(retried) == f"error: {reason}"
    clip(bad, 0.5)
    assert transcribe(album, "-o", out).exit_code == 0


def test_other_settings_do_it_again(album: Path, out: Path):
    transcribe(album, "-o", out)
    result = transcribe(album, "-o", out, "--format", "mid,json")
    assert said(result)[-2].startswith("3 of 3 recordings done: ")
    assert (out / "disc 1" / "[b].json").exists()


def test_foreign_files_are_refused_one_by_one(album: Path, out: Path):
    (out / "a.mid").write_text("mine")
    result = transcribe(album, "-o", out)
    assert result.exit_code == 1
    assert only_error(result) == f"error: {out / 'a.mid'}: already exists. Pass --overwrite to replace it."
    assert (out / "a.mid").read_text() == "mine"
    assert len(written(out)) == 3
    assert transcribe(album, "-o", out, "--overwrite").exit_code == 0
    assert (out / "a.mid").read_bytes().startswith(b"MThd")


def report_of(out: Path) -> dict[str, dict[str, str]]:
    with (out / "report.csv").open(encoding="utf-8", newline="") as file:
        return {row["input"]: row for row in csv.DictReader(file)}


def test_recordings_of_one_name(album: Path, out: Path):
    transcribe(album, "-o", out)
    clip(album / "a.flac", 1.0)
    for place in ("p2.flac", "p2.wav"):
        clip(album / place, 0.5)
    for _ in range(2):
        assert transcribe(album, "-o", out).exit_code == 0
        assert written(out) == [
            *("a.flac.mid", "a.mid", "disc 1/[b].mid", "disc 2/é.mid", "p2.flac.mid", "p2.wav.mid")
        ]
        rows = report_of(out)
        assert {name: rows[name]["outputs"] for name in ("a.wav", "a.flac", "p2.wav")} == {
            "a.wav": "a.mid", "a.flac": "a.flac.mid", "p2.wav": "p2.wav.mid",
        }  # fmt: skip


def test_two_folders_with_the_same_names(album: Path, out: Path, tmp_path: Path):
    other = clip(tmp_path / "other" / "a.wav", 0.5)
    clip(tmp_path / "other" / "c.wav", 0.5)
    result = transcribe(album, tmp_path / "other", "-o", out)
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: {other}: ")
    assert written(out) == ["a.mid", "c.mid", "disc 1/[b].mid", "disc 2/é.mid"]
    rows = report_of(out)
    assert (rows["a.wav"]["state"], rows[str(other)]["state"]) == ("done", "failed")


@POSIX
def test_a_folder_that_cannot_be_read():
    with tempfile.TemporaryDirectory() as name:  # not tmp_path: its parents are closed to others
        album, out = Path(name) / "album", Path(name) / "out"
        clip(album / "a.wav", 0.5)
        closed = clip(album / "closed" / "b.wav", 0.5).parent
        out.mkdir()
        for folder in (Path(name), out):
            folder.chmod(0o777)
        closed.chmod(0)
        try:
            with as_nobody():
                result = transcribe(album, "-o", out)
        finally:
            closed.chmod(0o700)
        assert result.exit_code == 1
        reason = only_error(result).removeprefix("error: ")
        assert reason.startswith(f"{closed}: cannot be read as a folder (Permission denied)")
        assert written(out) == ["a.mid"]
        rows = report_of(out)
        assert (rows["a.wav"]["state"], rows[str(closed)]["state"], rows[str(closed)]["error"]) == (
            "done", "failed", reason,
        )  # fmt: skip


ODD_NAMES = [
    b"caf\xe9.wav", b"caf\\udce9.wav", b"=1+1.wav", b"-x.wav", b"@x.wav", b"a\nb.wav", b"a\rb.wav", b"a\tb.wav",
    b"\x1b[31mred\x1b[0m.wav", b"\xff\xfe.wav", b":smile:.wav", b"[bold]x.wav", b"a;b.wav", b'"q".wav',
    b"'q'.wav", b"a,b.wav", b"%s.wav", b"{x}.wav", b"a\\b.wav", "e\u0301.wav".encode(), "gnp\u202e.wav".encode(),
    "\u2028.wav".encode(), b"\xed\xa0\x80.wav", b"nul\x7f.wav", b" .wav", b"~.wav", b"*?.wav", b"<b>&amp;.wav",
]  # fmt: skip


@pytest.mark.slow
@POSIX
@pytest.mark.skipif(sys.platform == "darwin", reason="names are text there")
@pytest.mark.parametrize("fails", [False, True], ids=["whole", "failing"])
def test_odd_names_in_ledger_report_and_results(tmp_path: Path, out: Path, fails: bool):
    album = tmp_path / "album"
    album.mkdir()
    content = b"no sound" if fails else clip(tmp_path / "take.wav", 0.5).read_bytes()
    for name in ODD_NAMES:
        Path(os.fsdecode(os.fsencode(album) + b"/" + name)).write_bytes(content)
    for _ in range(2):
        result = transcribe(album, "-o", out, "--format", "mid,json,csv,html")
        assert result.exit_code == (1 if fails else 0), result.stderr
    assert f"{len(ODD_NAMES)} of {len(ODD_NAMES)} {'failed' if fails else 'done'} before." in said(result)
    rows = report_of(out)
    assert len(rows) == len(ODD_NAMES)
    for name, row in rows.items():
        assert name[0] not in "=+-@"
        assert name.isprintable()
        assert row["error"].isprintable()
        assert row["state"] == ("failed" if fails else "done")
    assert r"caf\xe9.wav" in rows
    results = [path for path in out.rglob("*") if path.suffix in (".mid", ".json", ".csv", ".html")]
    assert len(results) == (0 if fails else 4 * len(ODD_NAMES)) + 1
    for path in results:
        if path.suffix != ".mid":
            path.read_text(encoding="utf-8")


def test_quiet_and_verbose(album: Path, out: Path):
    (album / "bad.wav").write_text("text")
    result = transcribe(album, "-o", out, "--quiet")
    assert said(result) == [only_error(result)]
    result = transcribe(album, "-o", out, "--verbose", "--retry-failed")
    assert "bad.wav: started" in said(result)
    assert any(line.startswith("Traceback") for line in said(result))


def test_remarks_on_a_recording_are_told(album: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    real = Transcriber.transcribe

    def with_a_remark(*arguments: Any, **options: Any) -> Performance:
        return replace(real(*arguments, **options), remarks=(Remark("tuning", "30 cents flat."),))

    monkeypatch.setattr(Transcriber, "transcribe", with_a_remark)
    lines = said(transcribe(album, "-o", out))
    assert lines.count("a.wav: 30 cents flat.") == 1
    assert sum(line.endswith(": 30 cents flat.") for line in lines) == 3
    assert said(transcribe(album, "-o", out / "again", "--quiet")) == []


def test_plain_progress(album: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    from pianotrans.commands.transcribe import progress as collection_progress

    monkeypatch.setattr(collection_progress, "_PLAIN_INTERVAL_S", 0.0)
    lines = said(transcribe(album, "-o", out))
    pattern = r"2 of 3 recordings, 1\.0 s of 1\.5 s of audio, \d+\.\dx real time, about \d+\.\d s left"
    assert any(re.fullmatch(pattern, line) for line in lines)


def test_no_ledger_where_there_is_no_collection(album: Path, out: Path, tmp_path: Path):
    song = album / "a.wav"
    assert transcribe(song, "-o", out).exit_code == 0
    assert names(out) == ["a.mid"]
    assert transcribe(album).exit_code == 0
    assert not [name for name in names(tmp_path) if ".pianotrans" in name or "report" in name]


def test_an_output_folder_inside_the_collection(album: Path):
    (album / "out").mkdir()
    for _ in range(2):
        assert transcribe(album, "-o", album / "out").exit_code == 0
    assert len(written(album / "out")) == 3
    assert transcribe(album, "-o", album).exit_code == 0
    assert (album / "disc 1" / "[b].mid").exists()


@POSIX
def test_links_in_a_circle(album: Path, out: Path):
    (album / "disc 1" / "loop").symlink_to(album)
    assert transcribe(album, "-o", out).exit_code == 0
    assert len(written(out)) == 3


@pytest.mark.parametrize("arguments", [["--jobs", "2"], ["--retry-failed"]])
def test_options_for_collections_only(album: Path, arguments: list[str]):
    result = transcribe(album / "a.wav", *arguments)
    assert result.exit_code == 2
    assert f"error: {arguments[0]}: only for folders" in only_error(result)


def test_no_jobs_at_all(album: Path, out: Path):
    assert transcribe(album, "-o", out, "--jobs", "0").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--device", "tpu"], 2, "device 'tpu': unknown. Use auto, cpu"),
        (["--model", "transcoon"], 1, "model 'transcoon': neither a known model"),
        (["--hop", "1000"], 2, "hop"),
    ],
)
def test_what_concerns_all_of_them(album: Path, out: Path, arguments: list[str], exit_code: int, message: str):
    result = run(
        "transcribe", "--model", "tiny", "--device", "cpu", "--precision", "float32", album, "-o", out, *arguments
    )
    assert result.exit_code == exit_code
    assert message in only_error(result)
    assert written(out) == []
    assert transcribe(album, "-o", out).exit_code == 0


def test_a_ledger_of_a_newer_version(album: Path, out: Path):
    transcribe(album, "-o", out)
    connection = sqlite3.connect(out / ".pianotrans" / "ledger.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    result = transcribe(album, "-o", out)
    assert result.exit_code == 1
    assert said(result) == [only_error(result)]
    assert "ledger.sqlite: written by a newer pianotrans (ledger version 99; this one supports 1)." in only_error(
        result
    )


def test_an_interruption_says_that_one_can_go_on(album: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
    from pianotrans.inference.transcriber import Transcriber

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Transcriber, "transcribe", interrupted)
        result = transcribe(album, "-o", out)
    assert result.exit_code == 130
    assert "the same command again" in said(result)[0]
    assert only_error(result).startswith("error: Interrupted. ")
    assert transcribe(album, "-o", out).exit_code == 0


# As processes of their own


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command_line("transcribe", "--model", "tiny", "--precision", "float32", *arguments),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, start_new_session=True,
    )  # fmt: skip


def wait_until_running(out: Path, name: str, timeout_s: float = 300.0) -> None:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if (out / ".pianotrans" / "ledger.sqlite").exists():
            with Ledger(out) as ledger:
                if any(entry.name == name and entry.state is EntryState.running for entry in ledger.entries()):
                    return
        time.sleep(0.1)
    raise AssertionError(f"{name} was not begun within {timeout_s} s")


@pytest.mark.slow
@pytest.mark.xdist_group("kill")
@POSIX
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_interrupted_in_the_middle_and_gone_on_with(album: Path, out: Path, how: signal.Signals):
    long = write(album / "z long.wav", noise(3600.0, 4000), 4000)
    process = start(album, "-o", out)
    wait_until_running(out, long.name)
    if how is signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does: to the workers, too
    else:
        process.kill()  # the command alone: its worker has to notice
    stdout, stderr = process.communicate(timeout=300)  # returns when the last process has closed its end
    assert stdout == ""
    assert "Traceback" not in stderr
    assert process.returncode == (130 if how is signal.SIGINT else -9)
    assert written(out) == ["a.mid", "disc 1/[b].mid", "disc 2/é.mid"]
    assert not [name for name in names(out) if name.endswith(".tmp")]
    long.unlink()
    result = transcribe(album, "-o", out)
    assert (result.exit_code, said(result)[0]) == (0, "3 of 3 done before.")


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.xdist_group("kill")
@POSIX
def test_a_file_that_crashes_the_decoder_is_one_failure(album: Path, out: Path, shared: Path):
    shutil.copy(shared / "field" / "attack" / "crash_channels0.adx", album / "b crash.wav")
    process = start(album, "-o", out)
    _, stderr = process.communicate(timeout=200)
    assert process.returncode == 1, stderr
    assert len(written(out)) == 3
    rows = report_of(out)
    assert {name: row["state"] for name, row in rows.items() if row["state"] != "done"} == {"b crash.wav": "failed"}
    assert rows["b crash.wav"]["error"]


@pytest.mark.slow
@POSIX
def test_two_commands_at_once_share_the_work(tmp_path: Path, out: Path):
    for i in range(12):
        clip(tmp_path / "many" / f"{i}.wav", 1.0)
    processes = [start(tmp_path / "many", "-o", out, "--jobs", jobs) for jobs in (1, 2)]
    ends = [process.communicate(timeout=200) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ends
    assert len(written(out)) == 12
    with Ledger(out) as ledger:
        events = [event for _, event, _ in ledger.history()]
    assert (events.count("claimed"), events.count("done")) == (12, 12)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_on_a_terminal_bars_are_shown(album: Path, out: Path):
    import fcntl
    import pty
    import struct
    import termios

    write(album / "long.wav", noise(40.0))
    terminal, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 150, 0, 0))
    process = subprocess.Popen(
        command_line("transcribe", "--model", "tiny", "--precision", "float32", album, "-o", out),
        stderr=side, env={**ENVIRONMENT, "TERM": "xterm-256color"},
    )  # fmt: skip
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
    assert process.wait() == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(
        r"all .*━.*\d of 4 recordings, \d+\.\d s of 41\.5 s of audio, .*x real time, about .* left", text
    )
    assert re.search(r"long\.wav .*━.* of 40\.0 s", text)
    assert "4 of 4 recordings done: 41.5 s of audio" in text
