"""Onsets stay where they are through every codec and container, or are late by the figure that the README tells."""

from pathlib import Path

import pytest

from tests.benchmarks.delays import CASES, HEADER, Case, late_ms

README = Path(__file__).parents[2] / "pianotrans" / "audio" / "README.md"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.container} {case.codec}")
def test_onsets_stay_where_they_are(tmp_path: Path, case: Case):
    assert late_ms(case, tmp_path) == pytest.approx(case.late_ms, abs=1.0)


def test_the_readme_tells_the_figures():
    assert "\n".join([HEADER, *(case.row for case in CASES)]) in README.read_text(encoding="utf-8")
