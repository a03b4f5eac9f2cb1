"""Windows of the newest sound, and that what stands behind it is not heard as a note."""

from dataclasses import replace

import numpy as np
import pytest

from pianotrans.inference.registry import find_model
from pianotrans.live.decisions import decide
from pianotrans.live.plan import LivePlan
from pianotrans.live.windows import NewestSound

from .made import NUMBERS, PLAN, heard

LONGER = replace(PLAN, heard_frames=130)


@pytest.mark.parametrize("plan", [PLAN, LONGER])
def test_a_window_is_the_newest_sound_with_zeros_behind_it(plan):
    rng = np.random.default_rng(0)
    sound = rng.normal(size=(2, 2517)).astype(np.float32)
    newest, n_given = NewestSound(plan, 2), 0
    for n in (3, 10, 400, 9, 590, 5, 1000, 500):
        newest.push(sound[:, n_given : n_given + n])
        n_given += n
        window = newest.window()
        end = window.end_frame * plan.frame_samples
        assert n_given - plan.frame_samples < end <= n_given
        samples = sound[:, max(end - plan.window_samples, 0) : end]
        assert window.samples.shape == (2, plan.heard_samples)
        np.testing.assert_array_equal(window.samples[:, : samples.shape[1]], samples)
        assert not window.samples[:, samples.shape[1] :].any()


def test_a_transformer_hears_whole_segments_and_a_harmonic_network_its_window():
    for name, window_s, heard_s in (
        ("tiny", 2.0, 4.0),
        ("small", 2.0, 2.0),
        ("tiny", None, 4.0),
        ("small", None, 1.5),
    ):
        plan = LivePlan.of(find_model(name).config(), window_s)
        assert plan.window_s == pytest.approx(window_s or heard_s, abs=plan.frame_s)
        assert plan.heard_samples / plan.sample_rate == pytest.approx(heard_s, abs=plan.frame_s)


def test_what_begins_behind_the_sound_is_no_note():
    in_the_zeros = replace(heard([(1, 45, 60)], 80, LONGER), end_frame=40)
    assert not [*decide([in_the_zeros], LONGER, NUMBERS)]


def test_what_begins_with_the_sound_is_a_note():
    (begun, ended) = decide([heard([(1, 0, 30)], 60)], PLAN, NUMBERS)
    assert (begun.onset_s, ended.played.offset_s) == (0.0, pytest.approx(0.3))
