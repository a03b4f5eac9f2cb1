"""A model as ONNX graphs, which other runtimes and languages run."""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from pianotrans.files import make_folder, write_folder_atomically
from pianotrans.inference.checkpoint import build_model
from pianotrans.inference.registry import CONFIG_FILE, ModelEntry
from pianotrans.network import AnyModelConfig
from pianotrans.network.portable import PortableAttributes, PortableNetwork
from pianotrans.version import __version__

NETWORK_FILE, ATTRIBUTES_FILE = "network.onnx", "attributes.onnx"
OPSET = 20

_NETWORK_OUTPUTS = ["context", "query", "key", "singleton"]
_ATTRIBUTE_OUTPUTS = ["velocity", "onset_position", "offset_position", "onset_present", "offset_present"]


def export_onnx(entry: ModelEntry, target: Path) -> dict[str, int]:
    """Write a model's graphs, its configuration and a card into a new folder; returns the sizes in bytes.

    Everything is float32. The network takes samples of any length and any number of channels. The graphs name
    their model in their metadata, with what is needed to make sense of frames and tracks. Needs the extra `onnx`;
    takes half a minute.

    Raises ModelError as `load_model`, OutputError where the folder exists or cannot be made.
    """
    model, config = build_model(entry), entry.config()
    width, n_samples = config.context_width, 2 * config.spectrogram.sample_rate
    ends = torch.randn(2, 3, width, generator=torch.Generator().manual_seed(0))
    about = _metadata(entry, config)
    files = {
        NETWORK_FILE: _graph(
            PortableNetwork(model),
            {"samples": torch.randn(2, n_samples, generator=torch.Generator().manual_seed(0))},
            _NETWORK_OUTPUTS,
            {"samples": {0: "channels", 1: "samples"}},
            about,
        ),
        ATTRIBUTES_FILE: _graph(
            PortableAttributes(model.attributes),
            {"begin": ends[0], "end": ends[1]},
            _ATTRIBUTE_OUTPUTS,
            {"begin": {0: "intervals"}, "end": {0: "intervals"}},
            about,
        ),
        CONFIG_FILE: (entry.folder / CONFIG_FILE).read_bytes(),
    }
    files["README.md"] = _card(entry, config).encode()
    make_folder(target.parent)
    write_folder_atomically(target, files)
    return {name: len(content) for name, content in files.items()}


def _graph(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: list[str],
    shapes: dict[str, dict[int, str]],
    about: dict[str, str],
) -> bytes:
    with _quiet():
        program = torch.onnx.export(
            module.eval(),
            kwargs=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    for node in program.model.graph.all_nodes():  # where each was traced, half of a small file
        node.metadata_props.clear()
    program.model.metadata_props.update(about)
    content: bytes = program.model_proto.SerializeToString()
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells of packages that it could do more with, and warns of its own ways."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _metadata(entry: ModelEntry, config: AnyModelConfig) -> dict[str, str]:
    return {
        "model": entry.name,
        "licence": entry.licence,
        "made_by": f"pianotrans {__version__}",
        "sample_rate": str(config.spectrogram.sample_rate),
        "hop_samples": str(config.spectrogram.hop_samples),
        "segment_s": str(config.segments.segment_s),
        "segment_hop_s": str(config.segments.hop_s),
        "tracks": json.dumps(config.tracks.numbers),
        "decoding": "stepwise" if config.decodes_stepwise else "best path",
    }


def _card(entry: ModelEntry, config: AnyModelConfig) -> str:
    tracks, width, spectrogram = config.tracks, config.context_width, config.spectrogram
    pedals = " and ".join(tracks.pedals)
    names = f"{pedals} pedal; " if pedals else ""
    return f"""# {entry.name} as ONNX

{entry.title}. Licence: {entry.licence}. Written by pianotrans {__version__}; float32, opset {OPSET}.

`{NETWORK_FILE}` takes `samples` (channels, samples) at {spectrogram.sample_rate} Hz, float32: a segment of a
recording, {config.segments.segment_s:g} s when pianotrans transcribes; any length will do. It gives, for
N = {tracks.n_tracks} tracks ({names}keys {tracks.lowest_key} to {tracks.highest_key}),
T = ceil(samples / {spectrogram.hop_samples}) + 1 frames and D = {width} numbers:

| output | shape | |
|---|---|---|
| `context` | (N, T, D) | what the network knows of a track at a frame |
| `query` | (N, T, D) | of intervals that end at a frame |
| `key` | (N, T, D) | of intervals that begin at a frame |
| `singleton` | (N, T) | scores of intervals of one frame |

The interval from frame b to frame e > b has the score (e - b) · (query[e] · key[b]) / √D. Frame t is centred on
sample {spectrogram.hop_samples} · t.

`{ATTRIBUTES_FILE}` describes n intervals, given the contexts of their `begin` and `end`, (n, D) each:

| output | type | |
|---|---|---|
| `velocity` | int64 | 0 to 127 |
| `onset_position`, `offset_position` | float32 | frames from the middle of the frame, -0.5 to 0.5 |
| `onset_present`, `offset_present` | bool | whether the note really begins or ends in this segment |

Which intervals are notes is found by a semi-Markov conditional random field over the scores; the documentation of
pianotrans has the recursions ({"step by step, pedals by states" if config.decodes_stepwise else "the best path"}).
"""
