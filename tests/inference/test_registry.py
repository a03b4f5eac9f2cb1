"""Models by name and by folder, and where their weights lie."""

from pathlib import Path

import platformdirs
import pytest
import torch

from pianotrans.errors import ModelError
from pianotrans.inference import registry
from pianotrans.inference.checkpoint import load_model
from pianotrans.inference.registry import (
    ModelEntry,
    Source,
    all_models,
    default_model,
    find_any_model,
    find_model,
    model_for,
    score_models,
)
from pianotrans.shipped import models_folder

from .making import CONFIG, models_without_weights, put_random_weights


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG)
    return folder


@pytest.fixture
def untrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the models, where those of our own have no weights."""
    folder = models_without_weights(tmp_path / "models", "nano", "small")
    monkeypatch.setattr(registry, "models_folder", lambda: folder)
    return folder


def test_the_default_is_the_published_model():
    entry = find_model(default_model())
    assert entry.name == "transkun-v2"
    assert entry.source == Source(
        "transkun",
        "2.0.1",
        "transkun/pretrained/2.0.pt",
        "50a80010effc2a59ffcd068a95cd2b29bd7f23a27a3515bc3ccd209c89a3d44c",
    )
    assert entry.source.requirement == "transkun==2.0.1"
    assert entry.licence == "MIT"
    assert {score.dataset: score.f1["onset"] for score in entry.scores}["MAESTRO v3 test"] == 98.33


def test_the_tiny_model_comes_with_the_package():
    entry = find_model("tiny")
    assert entry.source is None
    assert entry.weights_path == entry.folder / "weights.safetensors"


def test_every_model_has_what_a_user_wants_to_know(untrained: Path):
    for name in ("nano", "small"):
        put_random_weights(untrained / name)
    assert [entry.name for entry in all_models()] == ["transkun-v2", "small", "nano", "tiny"]
    for entry in all_models():
        assert entry.title
        assert entry.licence
        assert (entry.folder / "config.toml").is_file()
        assert (entry.folder / "README.md").is_file()
        if entry.source is not None:
            assert len(bytes.fromhex(entry.weights_sha256 or "")) == 32


def test_a_model_that_nobody_has_trained_is_not_offered(untrained: Path):
    assert "small" not in [entry.name for entry in all_models()]
    with pytest.raises(
        ModelError, match=r"model 'small': has no weights yet. Train it with `pianotrans train small`"
    ):
        find_model("small")


def test_its_weights_are_all_that_it_lacks(untrained: Path):
    put_random_weights(untrained / "small")
    entry = find_model(model_for("fast"))
    assert (entry.name, entry.weights_path) == ("small", untrained / "small" / "weights.safetensors")
    assert load_model(entry, torch.device("cpu")).config == entry.config()


def test_the_best_model_is_the_default():
    assert model_for("best") == default_model()


def test_models_for_scores_are_not_offered_for_transcription():
    assert "beats" in [entry.name for entry in score_models()]
    assert "beats" not in [entry.name for entry in all_models()]
    with pytest.raises(ModelError, match=r"model 'beats': .* does not transcribe"):
        find_model("beats")
    assert find_any_model("beats").weights_path.is_file()
    assert find_any_model("tiny") == find_model("tiny")


def test_committed_weights_are_small():
    sizes = [path.stat().st_size for path in models_folder().glob("*/weights.safetensors")]
    assert sum(sizes) <= 4 * 2**20


def test_any_folder_is_a_model(folder: Path):
    for given in (folder, str(folder)):
        entry = find_model(given)
        assert entry.name == "mine"
        assert entry.weights_path == folder / "weights.safetensors"
        assert entry.weights_sha256 is None
        assert entry.config().spectrogram.sample_rate == 8000


def test_the_folder_one_is_in_has_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    assert find_model(".").name == "mine"


def test_unknown_model():
    with pytest.raises(
        ModelError, match=r"model 'transcoon': neither a known model \(transkun-v2, .*\) nor a folder"
    ):
        find_model("transcoon")


def test_folder_without_a_configuration(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no config.toml in it. A model's folder holds config.toml and"):
        find_model(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[spectrogram", r"config.toml: not valid TOML \("),
        (b"\xff\xfe", r"config.toml: not valid TOML \("),
        (b"", "architecture None given"),
        (b'architecture = "onsets-and-frames"', "'onsets-and-frames' given; this version runs"),
        (CONFIG.replace("[segments]", "[segmentation]").encode(), "unknown setting segmentation. Known: "),
        (CONFIG.replace("hop_s ", "overlap_s ").encode(), "unknown setting overlap_s in segments. Known: "),
        (CONFIG.replace("8000", '"8 kHz"').encode(), "spectrogram.sample_rate = '8 kHz'; a whole number is needed"),
    ],
)
def test_bad_configurations_name_their_file(folder: Path, content: bytes, message: str):
    (folder / "config.toml").write_bytes(content)
    with pytest.raises(ModelError, match=message) as caught:
        find_model(folder).config()
    assert str(caught.value).startswith(str(folder / "config.toml"))


def entry_with_source() -> ModelEntry:
    return ModelEntry("far", Path("far"), "title", "licence", "0" * 64, Source("a", "1", "b", "0" * 64))


def test_pulled_weights_lie_in_the_platforms_cache(monkeypatch: pytest.MonkeyPatch):
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("PIANOTRANS_CACHE", raising=False)
        else:
            monkeypatch.setenv("PIANOTRANS_CACHE", value)
        cache = platformdirs.user_cache_path("pianotrans")
        assert entry_with_source().weights_path == cache / "models" / "far" / "weights.safetensors"


def test_or_where_the_user_wants_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PIANOTRANS_CACHE", str(tmp_path))
    assert entry_with_source().weights_path == tmp_path / "models" / "far" / "weights.safetensors"


def test_a_user_without_a_home_is_told_which_variable_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def nowhere(*_: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_cache_path", nowhere)
    monkeypatch.delenv("PIANOTRANS_CACHE", raising=False)
    entry = find_model("transkun-v2")
    with pytest.raises(ModelError, match="PIANOTRANS_CACHE"):
        _ = entry.weights_path
    monkeypatch.setenv("PIANOTRANS_CACHE", str(tmp_path))
    assert entry.weights_path == tmp_path / "models" / "transkun-v2" / "weights.safetensors"
