"""The table and the picture of what models hear and cost, on two clips."""

from pathlib import Path

import matplotlib.image
import pytest

from tests.benchmarks.tradeoff import CLEAN, COLUMNS, MAESTRO, MAPS, points, run, table
from tests.benchmarks.tradeoff_picture import PEERS, draw_tradeoff


@pytest.mark.slow
def test_two_clips(shared: Path, tmp_path: Path):
    """Of the models whose weights lie in the package."""
    found, least = run(["small", "nano"], shared=shared, degrade="white=20", seconds=8.0, limit=1)
    assert list(found.f1) == [(name, step) for step in (CLEAN, "white=20") for name in (MAESTRO, MAPS)]
    assert found.cost > 0
    assert found.peak_mib > 100
    onset, on_maps = (found.f1[dataset, CLEAN]["onset"] for dataset in (MAESTRO, MAPS))
    assert onset is not None
    assert on_maps is not None
    assert 94 <= onset <= 100
    assert 70 <= on_maps <= 100
    assert least.system == "nano"
    assert (least.f1[MAESTRO, CLEAN]["onset"] or 0) >= 90
    assert (least.f1[MAPS, CLEAN]["onset"] or 0) >= 65
    assert found.f1[MAPS, CLEAN]["sustain pedal"] is None, "nobody wrote the pedals of MAPS down"
    lines = table([found, least]).splitlines()
    assert [line.count("|") for line in lines[:10]] == [len(COLUMNS) + 4] * 10
    assert f"| small | {onset:.1f} | " in lines[2]
    assert all(name in line for name, line in zip(PEERS, lines[-len(PEERS) :], strict=True))
    picture = tmp_path / "tradeoff.png"
    picture.write_bytes(draw_tradeoff(points([found, least])))
    height, width, _ = matplotlib.image.imread(picture).shape
    assert width > 2 * height > 500
