"""Exported graphs in onnxruntime: the network's numbers, and so its notes."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from pianotrans.audio import Reading
from pianotrans.inference import batching
from pianotrans.inference.checkpoint import load_model
from pianotrans.inference.portable import ATTRIBUTES_FILE, NETWORK_FILE, OPSET
from pianotrans.inference.registry import ModelEntry, all_models, find_model
from pianotrans.inference.transcriber import Transcriber
from pianotrans.shipped import models_folder
from tests.agreement import n_same_notes, n_same_pedals
from tests.commands.driving import run
from tests.graphs import Graphs, decoding_with
from tests.inference.making import put_random_weights

pytestmark = pytest.mark.slow
onnx = pytest.importorskip("onnx")


@pytest.fixture(scope="module", params=["small", "tiny"])
def entry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelEntry:
    """A model of each architecture; random weights do where there are none."""
    if request.param in [one.name for one in all_models()]:
        return find_model(request.param)
    folder = tmp_path_factory.mktemp("model") / request.param
    shutil.copytree(models_folder() / request.param, folder)
    put_random_weights(folder)
    return find_model(folder)


@pytest.fixture(scope="module")
def folder(entry: ModelEntry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs") / "of" / "model"
    result = run("models", "export", entry.folder, folder, "--format", "onnx")
    assert (result.exit_code, result.stdout) == (0, f"{folder}\n"), result.stderr
    assert f"{NETWORK_FILE} {(folder / NETWORK_FILE).stat().st_size / 1e6:.1f} MB" in result.stderr
    return folder


def test_scores_and_attributes_are_those_of_torch(entry: ModelEntry, folder: Path):
    model, graphs = load_model(entry, torch.device("cpu")), Graphs(folder)
    hop = entry.config().spectrogram.hop_samples
    for level, n_channels, n_samples in (
        (1, 1, 1),
        (0, 1, 40 * hop),
        (1e-3, 2, 40 * hop + 1),
        (1, 1, 150 * hop - 1),
    ):
        samples = level * torch.randn(n_channels, n_samples, generator=torch.Generator().manual_seed(n_samples))
        with torch.inference_mode():
            context, scores = model(samples[None])
        found_context, found = graphs.scores(samples.numpy())
        for ours, theirs in zip((context[0], *scores.factors), (found_context, *found.factors), strict=True):
            torch.testing.assert_close(theirs, ours, rtol=1e-3, atol=1e-3)
    begin, end = context[0, :, 3], context[0, :, 9]
    for ours, theirs in zip(
        vars(model.attributes.decode(begin, end)).values(), vars(graphs.decode(begin, end)).values(), strict=True
    ):
        torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-4)


def test_notes_and_pedals_are_those_of_torch(
    entry: ModelEntry, folder: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
):
    recording, reading = next(shared.glob("maestro-mini/2008/*.wav")), Reading(end_s=10.0)
    transcriber = Transcriber(entry.folder, device="cpu", precision="float32", confidence=False)
    ours = transcriber.transcribe(recording, reading=reading)
    monkeypatch.setattr(batching, "decode_segments", decoding_with(Graphs(folder)))
    theirs = transcriber.transcribe(recording, reading=reading)
    assert n_same_notes(ours.notes, theirs.notes) == len(ours.notes) == len(theirs.notes)
    assert n_same_pedals(ours.pedals, theirs.pedals) == len(ours.pedals) == len(theirs.pedals)


def test_graphs_say_what_they_are(entry: ModelEntry, folder: Path):
    config = entry.config()
    for name in (NETWORK_FILE, ATTRIBUTES_FILE):
        graph = onnx.load(folder / name)
        onnx.checker.check_model(graph, full_check=True)
        assert [(one.domain, one.version) for one in graph.opset_import] == [("", OPSET)], "no operations of others"
    about = Graphs(folder).metadata
    assert (about["model"], int(about["sample_rate"])) == (entry.name, config.spectrogram.sample_rate)
    assert tuple(json.loads(about["tracks"])) == config.tracks.numbers
    assert (folder / "config.toml").read_bytes() == (entry.folder / "config.toml").read_bytes()
    for value in (config.spectrogram.sample_rate, config.tracks.n_tracks, config.context_width):
        assert str(value) in (folder / "README.md").read_text()
