"""Cores and threads: what a process may use, and how it shares it."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pianotrans import processes
from pianotrans.processes import n_cores
from pianotrans.quota import quota_cores

from .conftest import REPOSITORY


def container(folder: Path, lines: str, **files: str) -> tuple[Path, Path]:
    """The files by which Linux tells a process its limits: the groups, and which of them are its own."""
    own = folder / "cgroup"
    own.write_text(lines)
    groups = folder / "groups"
    for name, content in files.items():
        path = groups / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return groups, own


@pytest.mark.parametrize(
    ("lines", "files", "quota"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, math.inf),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/elsewhere\n", {"cpu.max": "300000 100000\n"}, 3.0),
        (
            "4:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n",
            {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            2.5,
        ),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, math.inf),
        ("1:cpu:/\n0::/\n", {"cpu/cpu.cfs_quota_us": "nonsense", "cpu.max": "1 0"}, math.inf),
        ("", {}, math.inf),
    ],
)
def test_the_share_of_a_container(tmp_path: Path, lines: str, files: dict[str, str], quota: float):
    assert quota_cores(*container(tmp_path, lines, **files)) == quota


def test_no_container_at_all(tmp_path: Path):
    assert quota_cores(tmp_path, tmp_path / "none") == math.inf


@pytest.mark.parametrize(("quota", "n"), [(0.25, 1), (1.0, 1), (1.5, 1), (2.9, 2), (64.0, 4), (math.inf, 4)])
def test_cores_are_whole_ones(monkeypatch: pytest.MonkeyPatch, quota: float, n: int):
    monkeypatch.setattr(processes, "quota_cores", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert n_cores() == n


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity there")
def test_affinity_counts():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert n_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def environment_after(code: str, **given: str) -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_WAIT_POLICY", "KMP_BLOCKTIME")
    program = f"{code}\nimport os\nfor name in {names}: print(name, os.environ.get(name, '-'))"
    clean = {name: value for name, value in os.environ.items() if name not in names}
    process = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=clean | {"PYTHONPATH": str(REPOSITORY)} | given,
        timeout=300,
    )
    return dict(line.split() for line in process.stdout.splitlines())


def test_threads_sleep_while_they_wait():
    """The setting must be there before torch is, whichever room is entered first."""
    for room in ("inference", "training"):
        code = f"import sys\nimport pianotrans.{room}\nassert 'torch' not in sys.modules"
        found = environment_after(code)
        assert (found["OMP_WAIT_POLICY"], found["KMP_BLOCKTIME"]) == ("PASSIVE", "0")
    assert environment_after("import pianotrans.inference", OMP_WAIT_POLICY="ACTIVE")["OMP_WAIT_POLICY"] == "ACTIVE"


def test_threads_are_those_of_the_container():
    code = "from pianotrans import processes\nprocesses.quota_cores = lambda: 1.5\nprocesses.share_cores()\n"
    assert environment_after(code)["OMP_NUM_THREADS"] == "1"
    assert environment_after(code, OMP_NUM_THREADS="2")["OMP_NUM_THREADS"] == "2"
