"""Killed at random moments and gone on with: everything is done, nothing twice, and all as without any kill."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pianotrans.batch import Ledger
from pianotrans.batch.entry import EntryState
from tests.commands.driving import ENVIRONMENT, RATE, REPOSITORY, names, write
from tests.synthesis import random_performance, render

pytestmark = pytest.mark.xdist_group("kill")

N_FILES = 40


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL there")
def test_killed_again_and_again(tmp_path: Path):
    for i in range(N_FILES):
        write(tmp_path / "in" / f"disc {i % 4}" / f"{i}.wav", render(random_performance(i, 4.0), RATE, i))
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-m", "tests.batch.killing", str(tmp_path), "1"]
    process = subprocess.run(
        command, capture_output=True, check=False, env=ENVIRONMENT, cwd=REPOSITORY, timeout=300
    )
    assert process.returncode == 0, process.stderr.decode()
    told = json.loads(process.stdout)
    assert told["n_kills"] == 20

    out = tmp_path / "out"
    with Ledger(out) as ledger:
        assert Counter(entry.state for entry in ledger.entries()) == {EntryState.done: N_FILES}
        done = Counter(name for name, event, _ in ledger.history() if event == "done")
        owners = {owner for *_, owner in ledger.history()}
    assert set(done.values()) == {1}
    assert len(owners) >= 3
    assert told["written"]
    for name, mtime_ns in told["written"].items():
        assert (out / name).with_suffix(".mid").stat().st_mtime_ns == mtime_ns, name

    from pianotrans.inference.transcriber import Transcriber

    expected = {f"disc {i % 4}/{i}.mid" for i in range(N_FILES)}
    assert {name for name in names(out) if "pianotrans" not in name} == expected
    transcriber = Transcriber("tiny", device="cpu", precision="float32")
    for name in expected:
        uninterrupted = tmp_path / "uninterrupted.mid"
        transcriber.transcribe((tmp_path / "in" / name).with_suffix(".wav")).save(uninterrupted)
        assert (out / name).read_bytes() == uninterrupted.read_bytes(), name
