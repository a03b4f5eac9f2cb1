"""Real files, against the independent reading of shared/score_midi.py (pretty_midi)."""

import importlib.util
import io
import os
from pathlib import Path

import numpy as np
import pytest

from pianotrans.events import extend_by_pedal, load_midi, midi_bytes

SHARED = Path(os.environ.get("PIANOTRANS_SHARED", Path(__file__).parents[3] / "shared"))

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared data is not at {SHARED} (PIANOTRANS_SHARED)"),
]

FILES = [
    *sorted((SHARED / "maestro-mini").glob("**/*.mid*")),
    *sorted((SHARED / "maps").glob("ENSTD*/**/*.mid")),
    *sorted((SHARED / "maps" / "reference").glob("*.mid")),
    *sorted((SHARED / "maps" / "train").glob("**/chpn-p1*.mid")),
]


@pytest.fixture(scope="module")
def score_midi():
    spec = importlib.util.spec_from_file_location("score_midi", SHARED / "score_midi.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(performance):
    """As score_midi lists notes: (key, onset, offset, velocity), in order of key and onset."""
    return sorted((n.key, n.onset_s, n.offset_s, n.velocity) for n in performance.notes)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notes_pedals_and_extension_agree(path, score_midi):
    performance = load_midi(path)
    notes, sustain, soft = score_midi.load(str(path))
    np.testing.assert_allclose(table(performance), notes, rtol=0, atol=1e-9)
    for kind, spans in (("sustain", sustain), ("soft", soft)):
        ours = [(pedal.onset_s, pedal.offset_s) for pedal in performance.pedals_of(kind)]
        np.testing.assert_allclose(ours, spans, rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        table(extend_by_pedal(performance)), score_midi.extend(notes, sustain), rtol=0, atol=1e-9
    )

    again = load_midi(io.BytesIO(midi_bytes(performance)))
    assert again == performance, "these files are on our own grid of ticks"


def test_there_are_files():
    assert len(FILES) >= 20


def test_extension_agrees_on_random_performances(score_midi):
    from pianotrans.events import Note, Pedal, Performance

    rng = np.random.default_rng(20)
    for _ in range(300):
        onsets, lengths = rng.uniform(0, 10, 30), rng.uniform(0.002, 3, 30)
        keys = rng.integers(60, 66, 30)
        ends = np.sort(rng.uniform(0, 12, 2 * rng.integers(0, 10))).reshape(-1, 2)
        if rng.random() < 0.5:
            ends[1:, 0] = ends[:-1, 1]  # touching pedals
        notes = [Note(a, a + d, k, 64) for a, d, k in zip(onsets, lengths, keys, strict=True)]
        pedals = [Pedal(a, b, "sustain") for a, b in ends]
        performance = Performance(tuple(notes), tuple(pedals), 20)
        theirs = score_midi.extend(table(performance), [tuple(span) for span in ends])
        ours = table(extend_by_pedal(performance))
        close = np.array([offset - onset for _, onset, offset, _ in ours]) < 1e-3  # padded to 1 ms over there
        np.testing.assert_allclose(np.array(ours)[~close], np.array(theirs)[~close], rtol=0, atol=1e-12)
