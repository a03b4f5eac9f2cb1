"""Which device a name stands for."""

import pytest
import torch

from pianotrans.errors import DeviceError
from pianotrans.inference import devices
from pianotrans.inference.devices import resolve_device, resolve_precision


def pretend(monkeypatch: pytest.MonkeyPatch, *, n_cuda: int = 0, mps: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n_cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("n_cuda", "mps", "name", "expected"),
    [
        (0, False, "auto", "cpu"),
        (0, True, "auto", "mps"),
        (2, False, "auto", "cuda"),
        (2, True, "auto", "cuda"),
        (2, True, "cpu", "cpu"),
        (2, False, "cuda", "cuda"),
        (2, False, "cuda:1", "cuda:1"),
        (0, True, "mps", "mps"),
    ],
)
def test_devices_that_are_there(monkeypatch, n_cuda, mps, name, expected):
    pretend(monkeypatch, n_cuda=n_cuda, mps=mps)
    assert resolve_device(name) == torch.device(expected)


@pytest.mark.parametrize(
    "name", ["gpu", "", "CUDA", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "mps:0", "cuda:0:0", "cuda:²"]
)
def test_unknown_devices(monkeypatch, name):
    pretend(monkeypatch, n_cuda=2, mps=True)
    with pytest.raises(DeviceError, match=r"unknown. Use auto, cpu, cuda, cuda:N or mps\.$") as caught:
        resolve_device(name)
    assert str(caught.value).startswith(f"device {name!r}")


@pytest.mark.parametrize(
    ("n_cuda", "name", "message"),
    [
        (0, "cuda", r"device 'cuda': no CUDA device is usable here \(torch .*\). Use --device cpu"),
        (0, "cuda:3", r"device 'cuda:3': no CUDA device is usable here"),
        (2, "cuda:2", r"device 'cuda:2': this machine has 2 CUDA device\(s\), from cuda:0"),
        (2, "mps", r"device 'mps': this machine or this build of torch has none. Use --device cpu"),
    ],
)
def test_devices_that_are_not_there(monkeypatch, n_cuda, name, message):
    pretend(monkeypatch, n_cuda=n_cuda)
    with pytest.raises(DeviceError, match=message):
        resolve_device(name)


@pytest.mark.parametrize(
    ("device", "has_matrix_units", "expected"),
    [
        ("cpu", False, torch.float32),
        ("cpu", True, torch.bfloat16),
        ("cuda:1", False, torch.float16),
        ("mps", True, torch.float32),
    ],
)
def test_precision_is_less_than_float32_where_that_is_faster(monkeypatch, device, has_matrix_units, expected):
    monkeypatch.setattr(devices, "_cpu_capabilities", lambda: {"amx_bf16": has_matrix_units, "avx512_bf16": True})
    assert resolve_precision("auto", torch.device(device)) == expected
    assert resolve_precision("float32", torch.device(device)) == torch.float32
    assert resolve_precision("float16", torch.device(device)) == torch.float16


def test_a_torch_that_does_not_tell_what_the_cpu_can_do(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert resolve_precision("auto", torch.device("cpu")) == torch.float32


@pytest.mark.parametrize("name", ["half", "", "Float32", "int8"])
def test_unknown_precisions(name):
    with pytest.raises(DeviceError, match=r"^precision '.*': unknown. Use auto, float32, bfloat16, float16\.$"):
        resolve_precision(name, torch.device("cpu"))
