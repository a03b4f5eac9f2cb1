"""`pianotrans bench`: every stage is there, with figures that add up."""

import json

import pytest
from typer.testing import CliRunner

from pianotrans.commands.app import app

STAGES = [
    "decode audio",
    "spectrogram",
    "stem",
    "transformer",
    "upsampling",
    "scorer",
    "semi-CRF",
    "attributes, stitching",
    "MIDI",
]


def bench(*arguments: str):
    return CliRunner().invoke(app, ["bench", "--model", "tiny", *arguments])


def test_json(samples_folder):
    result = bench(str(samples_folder / "bach_prelude.ogg"), "--seconds", "9", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert [row["stage"] for row in report["stages"]] == STAGES
    assert sum(row["s_per_s"] for row in report["stages"]) == pytest.approx(report["s_per_s"])
    assert 9 <= report["audio_s"] < 12  # whole blocks
    assert report["matmul_gflops"] > 1
    assert report["start_up_s"] > 0
    for row in report["stages"]:
        counted = row["stage"] in ("stem", "transformer", "upsampling", "scorer", "spectrogram")
        assert (row["gflops"] is not None) == counted, row


def test_work_is_counted_as_it_is_done(samples_folder):
    """A shorter hop means more segments per second of audio, and just so much more work."""
    long, short = (
        json.loads(bench(str(samples_folder / "bach_prelude.ogg"), "--hop", hop, "--json").stdout)
        for hop in ("3", "1.5")
    )
    work = [{row["stage"]: row["gflop_per_s_of_audio"] for row in report["stages"]} for report in (long, short)]
    assert work[1]["transformer"] / work[0]["transformer"] == pytest.approx(2, rel=0.35)


def test_table_on_noise():
    result = bench("--seconds", "5")
    assert result.exit_code == 0, result.output
    for stage in (*STAGES[:-2], "real time", "matmul peak", "start-up", "peak memory"):
        assert stage in result.stdout


def test_bad_input(tmp_path):
    assert bench(str(tmp_path / "none.wav")).exit_code == 1
    assert bench("--hop", "99").exit_code == 2
    assert bench("--device", "abacus").exit_code == 2
