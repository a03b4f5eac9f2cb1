"""`pianotrans bench`: every stage is there, with figures that add up."""

import json
from functools import partial
from pathlib import Path

import pytest

from pianotrans.inference import profiling

from .driving import run

STAGES = [
    "decode audio",
    "tuning",
    "spectrogram",
    "stem",
    "transformer",
    "upsampling",
    "scorer",
    "semi-CRF",
    "attributes, stitching",
    "MIDI",
]


@pytest.fixture(autouse=True)
def small_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peak is taken from a product of small matrices: a real one takes longer than all the rest."""
    monkeypatch.setattr(profiling, "matmul_gflops", partial(profiling.matmul_gflops, size=256))


def bench(*arguments: object):
    return run("bench", "--model", "tiny", *arguments)


def report(samples_folder: Path, *arguments: object) -> dict:
    result = bench(samples_folder / "bach_prelude.ogg", "--seconds", 9, "--json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.slow
def test_figures_add_up_and_work_is_counted_as_it_is_done(samples_folder: Path):
    """A shorter hop means more segments per second of audio, and just so much more work."""
    reports = [report(samples_folder, "--hop", hop) for hop in (3, 1.5)]
    for one in reports:
        assert [row["stage"] for row in one["stages"]] == STAGES
        assert sum(row["s_per_s"] for row in one["stages"]) == pytest.approx(one["s_per_s"])
        assert 9 <= one["audio_s"] < 12  # whole blocks
        assert one["matmul_gflops"] > 1
        assert one["start_up_s"] > 0
        for row in one["stages"]:
            counted = row["stage"] in ("stem", "transformer", "upsampling", "scorer", "spectrogram")
            assert (row["gflops"] is not None) == counted, row
    work = [{row["stage"]: row["gflop_per_s_of_audio"] for row in one["stages"]} for one in reports]
    assert work[1]["transformer"] / work[0]["transformer"] == pytest.approx(2, rel=0.35)


def test_table_on_noise():
    result = bench("--seconds", 1)
    assert result.exit_code == 0, result.output
    for stage in (*STAGES[:-2], "real time", "matmul peak", "start-up", "peak memory"):
        assert stage in result.stdout


def test_bad_input(tmp_path):
    assert bench(tmp_path / "none.wav").exit_code == 1
    assert bench("--hop", 99).exit_code == 2
    assert bench("--device", "abacus").exit_code == 2


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0", "1e300"])
def test_lengths_that_mean_nothing_are_refused(seconds: str):
    result = run("bench", "--seconds", seconds)
    assert result.exit_code == 2
    assert "--seconds: " in result.stderr
