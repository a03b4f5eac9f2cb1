"""`pianotrans models`: the registry, and where the weights lie. No network."""

import shutil
from pathlib import Path

import pytest

from pianotrans.inference import pull as pulling
from pianotrans.inference import registry
from pianotrans.inference.registry import find_model
from tests.inference.making import models_without_weights, put_random_weights, write_package

from .driving import clip, names, only_error, run


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, on a machine without a network."""
    monkeypatch.setenv("PIANOTRANS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pulling, "_package_clients", lambda: [["/no/such/client"]])
    return tmp_path / "cache"


def published_path(cache: Path) -> Path:
    return cache / "models" / "transkun-v2" / "weights.safetensors"


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def test_list_tells_all_of_every_model(cache: Path):
    result = run("models", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("transkun-v2 (default): ")
    assert f"  weights   {published_path(cache)} (not here yet: pianotrans models pull transkun-v2)" in lines
    assert "  SHA-256   ba7e39b629b1b7569b400807ff482ccc090802294add1b586c437bb770291507" in lines
    assert "  licence   MIT" in lines
    assert "  source    transkun==2.0.1, transkun/pretrained/2.0.pt" in lines
    assert [line for line in lines if line.startswith("  F1 %      MAESTRO v3 test") and "onset 98.33" in line]
    tiny = find_model("tiny")
    assert f"  weights   {tiny.weights_path} (in place)" in lines
    assert f"  SHA-256   {tiny.weights_sha256}" in lines


def test_list_knows_what_is_in_place(cache: Path):
    put(published_path(cache), b"")
    assert f"  weights   {published_path(cache)} (in place)" in run("models", "list").stdout.splitlines()


def test_path(cache: Path):
    assert run("models", "path").stdout == f"{published_path(cache)}\n"
    assert run("models", "path", "transkun-v2").stdout == f"{published_path(cache)}\n"
    assert run("models", "path", "tiny").stdout == f"{find_model('tiny').weights_path}\n"


@pytest.mark.parametrize("command", ["path", "verify", "pull"])
def test_unknown_models(command: str):
    result = run("models", command, "transcoon")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "model 'transcoon': neither a known model (transkun-v2, " in only_error(result)


def test_verify(cache: Path):
    result = run("models", "verify", "tiny")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"tiny: the weights are complete and correct ({find_model('tiny').weights_path})\n"


def test_verify_tells_what_is_wrong(cache: Path):
    result = run("models", "verify")
    assert (result.exit_code, result.stdout) == (1, "")
    assert only_error(result).endswith(
        "no weights there. Run `pianotrans models pull transkun-v2 --overwrite`, or pass --model FOLDER."
    )
    put(published_path(cache), b"damaged")
    result = run("models", "verify")
    assert result.exit_code == 1
    assert "damaged (its SHA-256 is not that of the registry)" in only_error(result)


@pytest.mark.weights
@pytest.mark.slow
def test_verify_the_published_weights(published):
    result = run("models", "verify")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("transkun-v2: the weights are complete and correct (")


def test_pull_what_comes_with_the_package(cache: Path):
    result = run("models", "pull", "tiny")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{find_model('tiny').weights_path}\n"


def test_pull_offline(cache: Path):
    result = run("models", "pull")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == "Fetching the weights of transkun-v2 (transkun==2.0.1, once) …"
    message = only_error(result)
    assert "`pianotrans models pull transkun-v2`" in message
    assert "`pip download --no-deps transkun==2.0.1`" in message
    assert "`pianotrans models pull --from FILE.whl`" in message
    assert not published_path(cache).exists()


def test_pull_from_another_wheel(cache: Path, tmp_path: Path):
    write_package(tmp_path)
    wheel = next(tmp_path.glob("*.whl"))
    result = run("models", "pull", "--from", wheel)
    assert (result.exit_code, result.stdout) == (1, "")
    assert only_error(result).startswith(f"error: {wheel}: not the wheel of transkun==2.0.1")
    assert not published_path(cache).exists()


def test_transcribe_without_weights_offline_says_what_to_run(cache: Path, tmp_path: Path):
    song = clip(tmp_path / "song.wav", 0.5)
    result = run("transcribe", song)
    assert result.exit_code == 1
    message = only_error(result)
    for remedy in ("`pianotrans models pull transkun-v2`", "`pip download", "--from FILE.whl", "; or pass --"):
        assert remedy in message
    assert "Fetching the weights of transkun-v2" in result.stderr
    assert not song.with_suffix(".mid").exists()


def test_transcribe_with_damaged_weights_says_how_to_mend_them(cache: Path, tmp_path: Path):
    put(published_path(cache), b"damaged")
    result = run("transcribe", clip(tmp_path / "song.wav", 0.5))
    assert result.exit_code == 1
    assert "damaged" in only_error(result)
    assert "Run `pianotrans models pull transkun-v2 --overwrite`" in only_error(result)


def test_the_small_model_needs_no_network(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = models_without_weights(tmp_path / "models", "small")
    monkeypatch.setattr(registry, "models_folder", lambda: folder)
    song = clip(tmp_path / "song.wav", 0.5)
    result = run("transcribe", song, "--quality", "fast")
    assert (result.exit_code, "'small': has no weights yet" in only_error(result)) == (1, True)
    put_random_weights(folder / "small")
    assert "--quality fast" in only_error(run("transcribe", song))
    result = run("transcribe", song, "--quality", "fast", "--format", "json")
    assert result.exit_code == 0, result.stderr
    assert "--model small" in (tmp_path / "song.json").read_text()


@pytest.mark.parametrize(
    "command",
    [
        ("transcribe", "x.wav"),
        ("evaluate", "dataset", "x"),
        ("score", "x.wav"),
        ("view", "x"),
        ("bench",),
        ("serve",),
    ],
)
def test_quality_is_another_word_for_a_model(command: tuple[str, ...]):
    result = run(*command, "--model", "tiny", "--quality", "best")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--model, --quality: cannot be used together" in only_error(result)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("tiny .", 1, "already exists"),
        ("transcoon new", 2, "model 'transcoon'"),
        ("tiny new --bits 16", 2, "--bits: only for a training run"),
        ("tiny new --checkpoint last --bits 8", 2, "--checkpoint, --bits: "),
        ("transkun-v2 new", 1, "no weights there"),
    ],
)
def test_graphs_that_cannot_be_exported(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, code: int, message: str
):
    monkeypatch.chdir(tmp_path)
    result = run("models", "export", *arguments.split(), "--format", "onnx")
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in only_error(result)
    assert not (tmp_path / "new").exists()


def test_exporting_graphs_needs_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pianotrans.extras.find_spec", lambda _: None)
    result = run("models", "export", "tiny", tmp_path / "new", "--format", "onnx")
    assert (result.exit_code, "[onnx]" in only_error(result)) == (2, True)


def test_a_model_folder_elsewhere(cache: Path, tmp_path: Path):
    folder = shutil.copytree(find_model("tiny").folder, tmp_path / "mine")
    song = clip(tmp_path / "song.wav", 0.5)
    for model in (folder, "tiny"):
        assert run("transcribe", song, "--model", model, "--device", "cpu", "--overwrite").exit_code == 0
    assert "song.mid" in names(tmp_path)
    assert run("models", "path", folder).stdout == f"{folder / 'weights.safetensors'}\n"
    assert run("models", "verify", folder).exit_code == 0
