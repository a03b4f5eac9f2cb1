"""From a performance to hands, with a small network that knows nothing, and its borders."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.errors import ModelError
from pianotrans.events import Note, Pedal, Performance
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.hands.finding import HandFinder, HandModel, split_hands
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.score.hands.network import HandNetworkConfig
from pianotrans.weights import encode_weights

SMALL = HandNetworkConfig(width=16, n_heads=2, n_blocks=2, reach=8)


@pytest.fixture(scope="module")
def model() -> HandModel:
    torch.manual_seed(0)
    return HandModel(SMALL).eval()


@pytest.fixture(scope="module")
def finder(model: HandModel) -> HandFinder:
    return HandFinder(model)


def melody(n: int, step_s: float = 0.25) -> Performance:
    return Performance(tuple(Note(i * step_s, i * step_s + 0.2, 60 + i % 7, 64) for i in range(n)))


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
def test_every_note_has_a_hand_and_its_probability(finder: HandFinder, n: int):
    hands = finder.find(melody(n))
    assert hands.hand.shape == hands.confidence.shape == (n,)
    assert set(hands.hand.tolist()) <= {RIGHT, LEFT}
    assert np.all((hands.confidence >= 0.5) & (hands.confidence <= 1))


def test_ten_minutes_of_one_repeated_note(finder: HandFinder):
    notes = tuple(Note(i * 0.25, i * 0.25 + 0.1, 60, 64) for i in range(2400))
    hands = finder.find(Performance(notes))
    assert len(set(hands.hand[200:-200].tolist())) == 1


def test_twenty_thousand_notes_in_one_second(finder: HandFinder):
    random = np.random.default_rng(0)
    onset_s, key = random.uniform(0, 1, 20_000), random.integers(21, 109, 20_000)
    notes = tuple(Note(t, t + 0.1, int(k), 64) for t, k in zip(onset_s.tolist(), key, strict=True))
    assert np.isfinite(finder.find(Performance(notes)).confidence).all()


def test_windows_change_nothing(finder: HandFinder):
    notes = NoteTable.from_performance(melody(700, 0.07))
    whole, windowed = finder.predict(notes), finder.predict(notes, window=64)
    torch.testing.assert_close(whole, windowed, atol=1e-4, rtol=1e-4)


def test_padding_changes_nothing(model: HandModel):
    torch.manual_seed(1)
    features, time_s = torch.randn(1, 30, model.network.enter.in_features), torch.arange(30.0)[None] / 5
    key, there = torch.arange(40, 70)[None], torch.ones(1, 30, dtype=torch.bool)
    alone = model.network(features, time_s, key, there)
    wider = [torch.nn.functional.pad(x, (0, 0, 0, 21)) if x.dim() == 3 else x for x in (features,)]
    wider += [torch.nn.functional.pad(x, (0, 21)) for x in (time_s, key, there)]
    padded = model.network(*wider)
    torch.testing.assert_close(alone, padded[:, :30], atol=1e-5, rtol=1e-5)


def test_pedals_change_nothing(finder: HandFinder):
    dry = melody(40)
    wet = Performance(dry.notes, (Pedal(0.1, 2.0, "sustain"),))
    np.testing.assert_array_equal(finder.find(dry).confidence, finder.find(wet).confidence)


def test_a_split_gives_keys_from_it_on_to_the_right_hand():
    hands = split_hands(melody(7), 63)
    assert hands.hand.tolist() == [LEFT] * 3 + [RIGHT] * 4
    assert hands.confidence.tolist() == [1.0] * 7
    assert split_hands(Performance(), 60).hand.shape == (0,)


def test_a_folder_gives_the_same_finder(model: HandModel, finder: HandFinder, tmp_path: Path):
    (tmp_path / "config.toml").write_text("width = 16\nn_heads = 2\nn_blocks = 2\nreach = 8\n")
    (tmp_path / "weights.safetensors").write_bytes(encode_weights(model.state_dict(), 16))
    found, wanted = HandFinder.load(tmp_path).find(melody(50)), finder.find(melody(50))
    np.testing.assert_allclose(found.confidence, wanted.confidence, atol=0.01)


@pytest.mark.parametrize("damage", ["no weights", "cut", "another width", "unknown key"])
def test_a_wrong_folder_is_refused(model: HandModel, tmp_path: Path, damage: str):
    config = "width = 32\n" if damage == "another width" else "width = 16\n"
    config += "n_heads = 2\nn_blocks = 2\nreach = 8\n"
    (tmp_path / "config.toml").write_text(config + ("depth = 3\n" if damage == "unknown key" else ""))
    weights = encode_weights(model.state_dict(), 16)
    if damage != "no weights":
        (tmp_path / "weights.safetensors").write_bytes(weights[:100] if damage == "cut" else weights)
    with pytest.raises(ModelError, match="config.toml" if damage == "unknown key" else "weights.safetensors"):
        HandFinder.load(tmp_path)
