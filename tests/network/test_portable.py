"""The network in the operations that other runtimes have is the network, whatever the length."""

import pytest
import torch

from pianotrans.network import Model
from pianotrans.network.portable import PortableNetwork
from tests.inference.making import small_model
from tests.network.test_harmonic import model as harmonic_model
from tests.network.test_harmonic import noise


@pytest.fixture(scope="module", params=["harmonic", "transformer"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    if request.param == "transformer":
        return small_model(tmp_path_factory.mktemp("small"))
    return harmonic_model().requires_grad_(False)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("n_hops", [0.1, 1, 20, 33.3])
def test_it_gives_the_same_scores(model: Model, n_channels: int, n_hops: float):
    samples = noise(n_channels, round(n_hops * model.config.spectrogram.hop_samples))
    samples[:, samples.shape[1] // 2 :] = 0
    context, scores = model(samples[None])
    for found, expected in zip(PortableNetwork(model)(samples), (context[0], *scores.factors), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
