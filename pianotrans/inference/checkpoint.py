"""Reading a model's weights, strictly."""

import hashlib

import safetensors
import torch
from torch import Tensor, nn

from pianotrans.errors import ModelError
from pianotrans.inference.registry import ModelEntry
from pianotrans.network import Model
from pianotrans.network.precision import store_products_in
from pianotrans.weights import decode_weights

_SHOWN = 3


def load_model(entry: ModelEntry, device: torch.device, precision: torch.dtype = torch.float32) -> Model:
    """Build the network of a model and fill it with its weights, ready to infer on `device`.

    Products of the stem and the transformer are taken in `precision`.

    Raises ModelError if the weights are missing, damaged, those of another architecture, or too large for the
    precision.
    """
    model = build_model(entry).to(device)
    config = model.config
    model.fix_embeddings(round(config.segments.segment_s * config.spectrogram.sample_rate))
    store_products_in(precision, model.backbone.stem, model.backbone.blocks)
    if too_large := _not_finite(model.state_dict()):
        kind = str(precision).removeprefix("torch.")
        raise ModelError(f"{entry.weights_path}: {too_large}: too large for {kind}. Pass --precision float32.")
    return model


def build_model(entry: ModelEntry) -> Model:
    """The network of a model with its weights, on the CPU, for segments of any length; errors as above."""
    config = entry.config()
    with torch.device("meta"):  # no time spent on random values that the weights replace
        model = Model(config)
    tensors = read_weights(entry)
    check_fit(model, tensors, str(entry.weights_path))
    model.load_state_dict(tensors, strict=True, assign=True)
    model.reset_constants()
    return model.requires_grad_(False).eval()


def read_weights(entry: ModelEntry) -> dict[str, Tensor]:
    """Read the weights of a model as float32, and verify every byte where the registry knows their hash.

    Raises ModelError if they are missing, cannot be read, are damaged, or hold NaN or infinity.
    """
    path = entry.weights_path
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no weights there. {_remedy(entry)}") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}).") from error
    if entry.weights_sha256 and hashlib.sha256(content).hexdigest() != entry.weights_sha256:
        raise ModelError(f"{path}: damaged (its SHA-256 is not that of the registry). {_remedy(entry)}")
    try:
        tensors = decode_weights(content)
    except (
        safetensors.SafetensorError,
        KeyError,
        ValueError,
    ) as error:  # the last two: unknown types
        raise ModelError(f"{path}: not a safetensors file, or a damaged one ({error}). {_remedy(entry)}") from error
    if spoilt := _not_finite(tensors):
        raise ModelError(f"{path}: {spoilt}: NaN or infinity among the weights. {_remedy(entry)}")
    return tensors


def _not_finite(tensors: dict[str, Tensor]) -> str | None:
    """The name of the first tensor with NaN or infinity in it."""
    return next((name for name, tensor in tensors.items() if not tensor.isfinite().all()), None)


def check_fit(model: nn.Module, tensors: dict[str, Tensor], where: str) -> None:
    """Raise ModelError unless the tensors are exactly those of the model: names and shapes."""
    needed = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    faults = [
        *_listed("missing", sorted(needed.keys() - given.keys())),
        *_listed("unexpected", sorted(given.keys() - needed.keys())),
        *_listed(
            "of another shape",
            [f"{n} {given[n]} instead of {needed[n]}" for n in needed if n in given and needed[n] != given[n]],
        ),
    ]
    if faults:
        raise ModelError(f"{where}: these weights do not fit the model's configuration: {'; '.join(faults)}.")


def _remedy(entry: ModelEntry) -> str:
    if entry.source is None:
        return "Restore the model's folder, or pass --model with another one."
    return f"Run `pianotrans models pull {entry.name} --overwrite`, or pass --model FOLDER."


def _listed(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"{what}: {', '.join(names[:_SHOWN])}{more}"]
