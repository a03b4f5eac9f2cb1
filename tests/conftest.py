"""What tests need and may lack: the shared data, the published weights."""

import os
import signal
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # the tests share the cores, so each computes on one
    for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

REPOSITORY = Path(__file__).resolve().parent.parent

SHARED = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))

# A shell that starts the tests in the background has them, and all they start, ignore Ctrl-C. Some test just that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For xdist: a file's tests share what it makes, so they stay together; what takes minutes comes first.

    Files without a slow test come last, as they are small enough for all processes to end at the same time.
    """
    heavy = {item for item in items if item.get_closest_marker("xdist_group")}
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    for item in items:
        if item not in heavy:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(REPOSITORY))))
    items.sort(key=lambda item: (item not in heavy, item.path not in slow))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared recordings and golden values; skips where it is missing."""
    if not (SHARED / "golden").is_dir():
        pytest.skip(f"no shared data in {SHARED}; set PIANOTRANS_SHARED")
    return SHARED


@pytest.fixture(scope="session")
def published():
    """The published model, loaded on the CPU; skips where its weights have not been pulled."""
    import torch

    from pianotrans.inference.checkpoint import load_model
    from pianotrans.inference.registry import find_model

    entry = find_model("transkun-v2")
    if not entry.weights_path.is_file():
        pytest.skip("no published weights; run `pianotrans models pull`")
    return load_model(entry, torch.device("cpu"))


@pytest.fixture(scope="session")
def samples_folder() -> Path:
    """The clips that come with the repository."""
    return REPOSITORY / "data" / "samples"
