"""The table and the picture of what models hear and cost, on two clips."""

from pathlib import Path

import matplotlib.image
import pytest

from tests.benchmarks.tradeoff import CLEAN, COLUMNS, MAESTRO, MAPS, points, run, table
from tests.benchmarks.tradeoff_picture import PEERS, draw_tradeoff


@pytest.mark.slow
def test_two_clips(shared: Path, tmp_path: Path):
    """Of the small model, with the weights that lie in the package."""
    (found,) = run(["small"], shared=shared, degrade="white=20", seconds=8.0, limit=1)
    assert list(found.f1) == [(name, step) for step in (CLEAN, "white=20") for name in (MAESTRO, MAPS)]
    assert found.cost > 0
    assert found.peak_mib > 100
    onset, on_maps = (found.f1[dataset, CLEAN]["onset"] for dataset in (MAESTRO, MAPS))
    assert onset is not None
    assert on_maps is not None
    assert 94 <= onset <= 100
    assert 70 <= on_maps <= 100
    assert found.f1[MAPS, CLEAN]["sustain pedal"] is None, "nobody wrote the pedals of MAPS down"
    lines = table([found]).splitlines()
    assert [line.count("|") for line in lines[:6]] == [len(COLUMNS) + 4] * 6
    assert f"| small | {onset:.1f} | " in table([found])
    assert all(name in line for name, line in zip(PEERS, lines[-len(PEERS) :], strict=True))
    picture = tmp_path / "tradeoff.png"
    picture.write_bytes(draw_tradeoff(points([found])))
    height, width, _ = matplotlib.image.imread(picture).shape
    assert width > 2 * height > 500
