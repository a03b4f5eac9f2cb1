"""Bad input: one clear line, the right exit code, nothing half-written, and the other inputs still done."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from pianotrans.events import load_midi
from tests.audio.recordings import music
from tests.audio.recordings import write as encode
from tests.inference.making import copy_of_tiny, small_model_folder

from .driving import (
    ENVIRONMENT,
    RATE,
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

POSIX = pytest.mark.skipif(os.name != "posix", reason="another matter there")
TRUNCATED = r"header promises 6.0 s, \d.\d s could be decoded. The file looks truncated; re-export it, or pass"


def nothing(path: Path) -> None:
    """The file is not there."""


def text(path: Path) -> None:
    path.write_text("This is a text, and no recording.\n" * 50)


def without_sound(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("No recording.")


def cut_in_the_middle(path: Path) -> None:
    encode(path, music(6.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def with_samples(*values: float) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        samples = noise(3.0)
        samples[RATE : RATE + len(values)] = values
        write(path, samples, subtype="FLOAT")

    return make


BAD: list[tuple[str, Callable[[Path], object], str]] = [
    ("missing.wav", nothing, r"missing.wav: no such file. Check the path.$"),
    ("album", without_sound, r"album: no recordings in this folder. Name a folder with audio files.$"),
    ("empty.wav", Path.touch, r"empty.wav: is empty \(0 bytes\). Give an audio file.$"),
    ("text.wav", text, r"text.wav: not an audio format that libsndfile or FFmpeg knows."),
    ("cut.wav", cut_in_the_middle, "cut.wav: " + TRUNCATED),
    ("cut.2.flac", cut_in_the_middle, "cut.2.flac: " + TRUNCATED),
    ("cut.3.mp3", cut_in_the_middle, "cut.3.mp3: " + TRUNCATED),
    ("none.wav", lambda path: write(path, noise(0.0)), "none.wav: .*no samples"),
    ("nan.wav", with_samples(np.nan), "nan.wav: 1 of the .* NaN or infinite, the first at 1.000 s"),
    ("inf.wav", with_samples(np.inf, -np.inf), "inf.wav: 2 of the .* NaN or infinite, the first at 1.000 s"),
]


def test_bad_among_good_inputs(tmp_path: Path):
    """Every bad input gets one line, and those before and after it are done."""
    out = tmp_path / "out"
    out.mkdir()
    for name, make, _ in BAD:
        make(tmp_path / name)
    goods = [clip(tmp_path / f"{name}.wav", 0.5) for name in ("first", "middle", "last")]
    bads = [tmp_path / name for name, _, _ in BAD]
    result = transcribe(goods[0], *bads[:5], goods[1], *bads[5:], goods[2], "-o", out)
    assert result.exit_code == 1
    lines = errors(result)
    assert len(lines) == len(BAD)
    for name, _, message in BAD:
        (line,) = (line for line in lines if f"{name}: " in line)
        assert_matches(line, message)
    assert "10 of 13 inputs failed." in result.stderr.splitlines()
    assert names(out) == ["first.mid", "last.mid", "middle.mid"]
    assert not [path for path in names(tmp_path) if ".tmp" in path]


def assert_matches(line: str, message: str) -> None:
    assert re.search(message, line), line


@pytest.mark.parametrize("name", ["cut.wav", "cut.flac", "cut.mp3"])
def test_truncated_recordings_pass_where_allowed(tmp_path: Path, name: str):
    cut_in_the_middle(tmp_path / name)
    result = transcribe(tmp_path / name, "--allow-damaged", "--format", "mid,json")
    assert result.exit_code == 0
    assert errors(result) == []
    assert names(tmp_path) == sorted(["cut.json", "cut.mid", name])


@pytest.mark.parametrize(
    ("samples", "subtype"),
    [
        (noise(0.01), "PCM_16"),
        (noise(1 / RATE), "PCM_16"),
        (np.full(2 * RATE, 0.25), "PCM_24"),
        (np.zeros(2 * RATE), "PCM_16"),
        (np.clip(100 * noise(2.0), -1, 1), "PCM_U8"),
        (1e6 * noise(2.0), "FLOAT"),
        (np.zeros((RATE, 8)), "PCM_16"),
    ],
    ids=["10 ms", "one sample", "constant", "silence", "clipped noise", "far too loud", "eight channels"],
)
def test_odd_recordings_give_a_valid_midi(tmp_path: Path, samples: np.ndarray, subtype: str):
    odd = write(tmp_path / "odd.wav", samples, subtype=subtype)
    result = transcribe(odd)
    assert (result.exit_code, errors(result)) == (0, [])
    load_midi(tmp_path / "odd.mid")


@pytest.mark.weights
@pytest.mark.slow
def test_silence_has_no_notes_for_the_published_model(published, tmp_path: Path):
    silence = write(tmp_path / "silence.wav", np.zeros((3 * 44_100, 2)), 44_100)
    result = run("transcribe", silence, "--device", "cpu")
    assert (result.exit_code, errors(result)) == (0, [])
    performance = load_midi(tmp_path / "silence.mid")
    assert (performance.notes, performance.pedals) == ((), ())


# Files and folders one may not use


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anybody may look into; tmp_path lies in one of root's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for path in folder.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)


@POSIX
def test_unreadable_file(open_folder: Path):
    bad = clip(open_folder / "secret.wav", 0.5)
    bad.chmod(0)
    with as_nobody():
        result = transcribe(bad)
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: {bad}: no permission to read it. ")
    assert names(open_folder) == ["secret.wav"]


@POSIX
@pytest.mark.parametrize("given", ["closed", "closed/song.wav", "closed/deeper/song.wav"])
def test_folder_that_may_not_be_entered(open_folder: Path, given: str):
    for name in ("song.wav", "deeper/song.wav"):
        clip(open_folder / "closed" / name, 0.5)
    (open_folder / "closed").chmod(0)
    with as_nobody():
        result = transcribe(open_folder / given)
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: {open_folder / given}: ")
    assert "ermission" in only_error(result)


@pytest.mark.slow
@POSIX
def test_output_folder_that_may_not_be_written(open_folder: Path):
    model = small_model_folder(open_folder / "model")
    song = clip(open_folder / "in" / "disc" / "song.wav", 0.5)
    out = open_folder / "out"
    out.mkdir(mode=0o755)
    before = names(open_folder)
    run("transcribe", "--model", model, song)  # so that all is imported that perhaps root alone may read
    song.with_suffix(".mid").unlink()
    if os.geteuid() != 0:
        for folder in (out, song.parent):
            folder.chmod(0o555)
    for arguments in ([song], [song, "-o", out], [song, "-o", out / "x.mid"], [open_folder / "in", "-o", out]):
        with as_nobody():
            result = run("transcribe", "--model", model, *arguments)
        assert result.exit_code == 1
        assert_matches(only_error(result), r"is not writable|this folder cannot be made \(Permission denied\)")
        assert names(open_folder) == before


@POSIX
def test_disk_full(tmp_path: Path):
    import resource

    songs = [clip(tmp_path / f"{name}.wav", 2.0) for name in ("one", "two")]
    transcribe(songs[0], "-o", tmp_path / "warm.mid")  # what compiles on first use may write to its own cache
    (tmp_path / "warm.mid").unlink()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))  # Python ignores SIGXFSZ: writing raises
    try:
        result = transcribe(*songs)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.exit_code == 1
    for name, line in zip(("one", "two"), errors(result), strict=True):
        assert_matches(line, rf"^error: {name}.mid: no space for \d+ bytes in .*Free some, or choose another")
    assert names(tmp_path) == ["one.wav", "two.wav"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_standard_output_full(tmp_path: Path):
    song = clip(tmp_path / "song.wav", 0.5)
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            command_line("transcribe", "--model", "tiny", song, "-o", "-"),
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            check=False,
            timeout=300,
        )
    assert process.returncode == 1
    assert "standard output: cannot be written (No space left on device)" in only_error(process)
    assert b"Exception ignored" not in process.stderr


# Models


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return clip(tmp_path / "song.wav", 0.5)


def spoil_weights(folder: Path, change: Callable[[bytes], bytes]) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(change(path.read_bytes()))


def without_scorer(content: bytes) -> bytes:
    tensors = safetensors.torch.load(content)
    del tensors["scorer.weight"]
    return safetensors.torch.save(tensors | {"extra": torch.zeros(3)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: spoil_weights(f, lambda c: c[:0]), "not a safetensors file, or a damaged one"),
        (lambda f: spoil_weights(f, lambda c: c[:-100]), "not a safetensors file, or a damaged one"),
        (lambda f: spoil_weights(f, lambda c: b"junk" * len(c)), "not a safetensors file, or a damaged one"),
        (lambda f: spoil_weights(f, without_scorer), "missing: scorer.weight; unexpected: extra"),
        (lambda f: (f / "weights.safetensors").unlink(), "no weights there. Restore the model's folder"),
        (lambda f: edit(f, "width = 32", "width = 64"), "do not fit the model's configuration: of another shape"),
        (lambda f: edit(f, "non-hierarchical", "hierarchical"), "architecture 'hierarchical-transformer' given"),
        (lambda f: edit(f, "n_heads", "n_hands"), "unknown setting n_hands in transformer. Known: width, n_heads"),
        (lambda f: edit(f, "[attributes]", "[attribute]"), "unknown setting attribute. Known: "),
        (lambda f: edit(f, "[attributes]", "[attributes"), "config.toml: not valid TOML"),
        (lambda f: (f / "config.toml").unlink(), "no config.toml in it. A model's folder holds"),
    ],
)
def test_models_that_do_not_work(tmp_path: Path, song: Path, spoil: Callable[[Path], object], message: str):
    folder = copy_of_tiny(tmp_path / "model")
    spoil(folder)
    result = run("transcribe", song, "--model", folder)
    assert result.exit_code == 1
    assert message in only_error(result)
    assert str(folder) in only_error(result)
    assert result.stderr.splitlines() == [only_error(result)]
    assert not song.with_suffix(".mid").exists()


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "config.toml"
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))


def test_unknown_model(song: Path):
    result = run("transcribe", song, "--model", "transcoon")
    assert result.exit_code == 1
    assert "model 'transcoon': neither a known model (transkun-v2, " in only_error(result)


def test_all_inputs_bad_and_the_model_is_not_even_loaded(tmp_path: Path):
    result = run("transcribe", tmp_path / "a.wav", tmp_path / "b.wav", "--model", "nonsense")
    assert result.exit_code == 1
    assert [line.split(": ")[2] for line in errors(result)] == ["no such file. Check the path."] * 2


# Ctrl-C


def test_an_interruption_is_told_in_one_line(song: Path, monkeypatch: pytest.MonkeyPatch):
    from pianotrans.inference.transcriber import Transcriber

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Transcriber, "transcribe", interrupted)
    result = transcribe(song)
    assert result.exit_code == 130
    assert only_error(result).startswith("error: Interrupted. ")
    assert names(song.parent) == ["song.wav"]


@pytest.mark.slow
@pytest.mark.xdist_group("kill")
@pytest.mark.skipif(sys.platform == "win32", reason="other signals there")
def test_ctrl_c_in_the_middle(tmp_path: Path):
    short, long = clip(tmp_path / "short.wav", 0.5), write(tmp_path / "long.wav", noise(600.0))
    process = subprocess.Popen(
        command_line("transcribe", "--model", "tiny", short, long, "--format", "mid,json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stderr is not None
    started = ""
    while "long.wav: started" not in started:
        line = process.stderr.readline()
        assert line, started
        started += line
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 130, stderr
    assert stdout == ""
    assert [line for line in stderr.splitlines() if line.startswith("error: Interrupted. ")]
    assert "Traceback" not in stderr
    assert names(tmp_path) == ["long.wav", "short.json", "short.mid", "short.wav"]
