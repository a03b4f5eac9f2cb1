"""Step rules, the rate's course, clipping and averaging, against independent or obvious ones."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.inference.registry import find_model
from pianotrans.network import Model
from pianotrans.training.optimisation.adabelief import AdaBelief
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.clipping import GradientClip
from pianotrans.training.optimisation.groups import decaying_names, make_optimizer
from pianotrans.training.optimisation.schedule import one_cycle
from pianotrans.training.runs.settings import OptimisationSettings

# AdaBelief


def adabelief_of_the_paper(weight, gradients, lr, betas, eps, decay):
    """Algorithm 2, line by line, for one number."""
    m = s = 0.0
    for t, g in enumerate(gradients, 1):
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * (g - m) ** 2 + eps
        weight -= lr * decay * weight
        weight -= lr * (m / (1 - betas[0] ** t)) / (math.sqrt(s / (1 - betas[1] ** t)) + eps)
    return weight


@pytest.mark.parametrize("eps", [1e-16, 1e-3])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adabelief_is_the_papers(eps, decay):
    rng = np.random.default_rng(0)
    weights = [torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in [(3,), (2, 2)]]
    before = [weight.detach().clone() for weight in weights]
    gradients = [rng.normal(size=(7, *weight.shape)) for weight in weights]
    optimizer = AdaBelief(weights, 0.1, betas=(0.8, 0.95), eps=eps, weight_decay=decay)
    for step in range(7):
        for weight, all_of_it in zip(weights, gradients, strict=True):
            weight.grad = torch.tensor(all_of_it[step])
        optimizer.step()
    for weight, old, all_of_it in zip(weights, before, gradients, strict=True):
        for place in np.ndindex(*weight.shape):
            expected = adabelief_of_the_paper(
                old[place].item(), all_of_it[(slice(None), *place)], 0.1, (0.8, 0.95), eps, decay
            )
            assert weight[place].item() == pytest.approx(expected, rel=1e-12)


def test_weights_without_a_gradient_stay():
    weight = torch.ones(2, requires_grad=True)
    AdaBelief([weight], 0.1, weight_decay=0.5).step()
    assert weight.tolist() == [1.0, 1.0]


# Groups


def test_what_decays():
    """Every name was looked at once; a new one must be, too."""
    with torch.device("meta"):
        model = Model(find_model("tiny").config())
    endings = {
        *("backbone.stem.input.weight", "backbone.upsampling.weight", "scorer.weight"),
        *(f"backbone.stem.convolutions.{i}.weight" for i in range(4)),
        *(
            f"attributes.{head}.{layer}.weight"
            for head in ("velocity", "refinement")
            for layer in ("hidden", "output")
        ),
    }
    for block in range(2):
        parts = ["keys_values", "across_places.query", "across_places.output", "across_time.query"]
        parts += ["across_time.output", "after_places.expand", "after_places.contract", "after_time.expand"]
        endings |= {f"backbone.blocks.{block}.{part}.weight" for part in [*parts, "after_time.contract"]}
    assert decaying_names(model) == endings


@pytest.mark.parametrize("name", ["adabelief", "adamw", "muon"])
def test_decay_shrinks_only_what_may(name):
    model = Model(find_model("tiny").config())
    model.requires_grad_(True)
    settings = OptimisationSettings(optimizer=name, peak_rate=0.1, weight_decay=0.5)
    optimizer = make_optimizer(model, settings)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    decaying = decaying_names(model)
    for key, weight in model.named_parameters():
        factor = 1 - 0.1 * 0.5 if key in decaying else 1.0
        torch.testing.assert_close(weight, before[key] * factor)


# The learning rate


@pytest.mark.parametrize(("n_steps", "warm_up"), [(100, 0.05), (100, 0.3), (7, 0.5), (1000, 0.05), (40, 0.0)])
def test_one_cycle_is_torchs(n_steps, warm_up):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there is nothing for the optimizer to do here
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-4, total_steps=n_steps, pct_start=warm_up)
        for step in range(n_steps):
            if warm_up:  # torch divides by zero or begins before the peak without one
                assert one_cycle(step, n_steps, 3e-4, warm_up) == pytest.approx(optimizer.param_groups[0]["lr"])
            if step < n_steps - 1:
                schedule.step()


@given(st.integers(1, 50), st.floats(0, 1))
def test_one_cycle_never_leaves_its_range(n_steps, warm_up):
    rates = [one_cycle(step, n_steps, 1.0, warm_up) for step in range(n_steps)]
    assert all(0 < rate <= 1 for rate in rates)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


# Clipping


def stepped(clip, norm):
    weight = torch.zeros(4, requires_grad=True)
    weight.grad = torch.full((4,), norm / 2)
    told = clip.apply([weight])
    return told, weight.grad.norm().item()


def test_clipping_at_the_quantile_of_what_came_before():
    clip, norms = GradientClip(0.8, 5), []
    for norm in np.random.default_rng(0).lognormal(size=30).tolist():
        bound = np.quantile(norms[-5:], 0.8) if norms else math.inf
        told, clipped = stepped(clip, norm)
        assert told == pytest.approx((norm, bound))
        assert clipped == pytest.approx(min(norm, bound), rel=1e-4)
        norms.append(norm)
        np.testing.assert_allclose(clip.history, norms[-5:], rtol=1e-6)


def test_nothing_that_is_no_number_is_remembered():
    clip = GradientClip(0.5, 5)
    stepped(clip, 1.0)
    (norm, _), _ = stepped(clip, math.nan)
    assert math.isnan(norm)
    assert clip.history.tolist() == [1.0]


@given(st.lists(st.floats(0, 1e6), max_size=12))
def test_a_history_can_be_restored(norms):
    old, new = GradientClip(0.8, 5), GradientClip(0.8, 5)
    old.restore(norms)
    new.restore([3.0])
    new.restore(old.history.tolist())
    assert new.history.tolist() == old.history.tolist() == norms[-5:]
    assert new.bound == old.bound


# Averaging


def test_the_average_is_that_of_all_weights():
    model = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.BatchNorm1d(1))
    average = WeightAverage(model, 0.9)
    expected = model[0].weight.detach().clone()
    for n in range(1, 200):
        with torch.no_grad():
            model[0].weight.copy_(torch.randn(1, 2))
            model[1].running_mean.fill_(n)
        average.update(n)
        decay = min(0.9, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * model[0].weight.detach()
    torch.testing.assert_close(average.tensors()["0.weight"], expected)
    assert average.tensors().keys() == model.state_dict().keys()
    assert average.tensors()["1.running_mean"].item() == 199, "what is not learnt is not averaged"
    other = WeightAverage(model, 0.9)
    other.restore(average.tensors())
    torch.testing.assert_close(other.tensors(), average.tensors(), rtol=0, atol=0)


def test_no_decay_is_no_average():
    model = torch.nn.Linear(2, 1)
    average = WeightAverage(model, 0.0)
    with torch.no_grad():
        model.weight.add_(1.0)
    average.update(1)
    torch.testing.assert_close(average.tensors()["weight"], model.weight, rtol=0, atol=0)
