"""Settings refuse nonsense, survive JSON, and say what they are."""

import json
import math

import pytest

from pianotrans.errors import EvaluationError, UsageError
from pianotrans.evaluation import KEYS, SOUNDING, Convention, EvaluationSettings, choose_conventions
from pianotrans.events import Durations

KEY, SOUND = Durations.keys, Durations.sounding


@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    "name",
    ["onset_tolerance_s", "offset_tolerance_s", "velocity_tolerance", "frame_hop_s", "align_window_s", "limit_s"],
)
def test_tolerances_are_positive(name, value):
    with pytest.raises(UsageError, match=rf"^{name}: {value!r} given\. It must be more than 0\.$"):
        EvaluationSettings(**{name: value})


def test_no_offset_ratio_is_fine_and_a_negative_one_is_not():
    assert EvaluationSettings(offset_ratio=0).offset_ratio == 0
    with pytest.raises(UsageError, match=r"^offset_ratio: -0\.1 given\. It must be 0 or more\.$"):
        EvaluationSettings(offset_ratio=-0.1)


@pytest.mark.parametrize("conventions", [(), (KEYS, KEYS)])
def test_conventions_are_there_and_differ(conventions):
    with pytest.raises(UsageError, match=r"at least one convention, each once"):
        EvaluationSettings(conventions=conventions)


@pytest.mark.parametrize(
    ("durations", "reference", "estimate", "names"),
    [
        ((KEY, SOUND), None, None, ["keys", "sounding"]),
        ((KEY,), None, None, ["keys"]),
        ((KEY, SOUND), SOUND, None, ["sounding-keys", "sounding"]),
        ((KEY, SOUND), SOUND, KEY, ["sounding-keys"]),
        ((KEY,), None, SOUND, ["keys-sounding"]),
    ],
)
def test_each_side_may_have_its_own_durations(durations, reference, estimate, names):
    assert [one.name for one in choose_conventions(durations, reference, estimate)] == names


def test_a_part_has_a_beginning_and_an_end():
    assert EvaluationSettings().end_s == math.inf
    assert EvaluationSettings(start_s=2.0).end_s == math.inf
    part = EvaluationSettings(start_s=2.0, limit_s=2.5)
    assert part.end_s == 4.5
    assert any("2 s" in sentence and "4.5 s" in sentence for sentence in part.describe())
    with pytest.raises(UsageError, match=r"^start_s: -1 given\. It must be 0 or more\.$"):
        EvaluationSettings(start_s=-1)


def test_settings_of_earlier_versions_are_read():
    data = EvaluationSettings(limit_s=3.0).to_dict()
    del data["start_s"]
    assert EvaluationSettings.from_dict(data) == EvaluationSettings(limit_s=3.0)


def test_settings_survive_json():
    settings = EvaluationSettings(0.03, conventions=(Convention(SOUND, KEY),), align=True, limit_s=10.0)
    assert EvaluationSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"new": 1}, r"fields \['new'\] are missing or unknown"),
        ({"conventions": [["keys", "nonsense"]]}, r"malformed .*nonsense"),
        ({"conventions": [["keys"]]}, r"malformed"),
        ({"frame_hop_s": "x"}, r"malformed"),
    ],
)
def test_malformed_settings_are_refused(change, message):
    with pytest.raises(EvaluationError, match=message):
        EvaluationSettings.from_dict(EvaluationSettings().to_dict() | change)


def test_missing_settings_are_named():
    data = EvaluationSettings().to_dict()
    del data["align"]
    with pytest.raises(EvaluationError, match=r"\['align'\]"):
        EvaluationSettings.from_dict(data)


def test_the_description_names_every_tolerance_and_convention():
    mixed = Convention(SOUND, KEY)
    settings = EvaluationSettings(
        0.03, 0.3, 0.06, 0.2, conventions=(KEYS, SOUNDING, mixed), align=True, limit_s=7.5
    )
    text = " ".join(settings.describe())
    for said in (
        "30 ms",
        "60 ms",
        "30 %",
        "velocity 0.2",
        "keys:",
        "sounding:",
        "sounding-keys:",
        "±5 s",
        "first 7.5 s",
    ):
        assert said in text
