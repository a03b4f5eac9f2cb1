"""Fifty uploads at once: all are taken or told to come back, none is lost, the page answers, memory stays small."""

from pathlib import Path

import pytest

from tests.benchmarks.uploads import MIB, N_QUEUED, N_UPLOADS, measure


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_fifty_uploads_at_once(tmp_path: Path):
    figures = measure(tmp_path)
    assert figures.codes.total() == N_UPLOADS, figures
    assert set(figures.codes) <= {201, 429}, figures
    assert figures.codes[201] >= N_QUEUED, figures
    assert figures.without_retry_after == 0
    assert figures.lost == set()
    assert figures.states == {"done": figures.codes[201]}
    assert figures.memory_largest - figures.memory_before < 64 * MIB, f"the files hold 500 MiB; {figures}"
    assert len(figures.page_s) > 5, f"the page answers while the files come in; {figures}"
