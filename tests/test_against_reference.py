"""The real command on the eleven real recordings, against the reference implementation's transcriptions."""

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from pianotrans import Transcriber, load_midi
from pianotrans.audio import Reading
from pianotrans.events import Performance, cut_at
from pianotrans.inference.registry import find_model
from tests.agreement import Recording, f1_columns, n_alike_onsets, n_same_notes, n_same_pedals, recordings
from tests.conftest import REPOSITORY

pytestmark = [
    *(pytest.mark.shared, pytest.mark.weights, pytest.mark.slow),
    pytest.mark.xdist_group("reference"),  # they share what takes minutes to transcribe
]

REFERENCE_HOP_S = "8"
SAME_AT_LEAST = 0.995
ALIKE_AT_LEAST = 0.99  # of the notes, under bfloat16: same key, onset within 10 ms
F1_LOSS_AT_MOST = 0.002
SEGMENT_S = 6.0
BEGINNING_S = 5.0


@pytest.fixture(scope="module")
def transcribed(shared, published, tmp_path_factory):
    """All eleven by one call of the command; pairs of a recording and our MIDI."""
    folder = tmp_path_factory.mktemp("transcribed")
    inputs = [str(recording.audio) for recording in recordings(shared)]
    command = [
        sys.executable,
        str(REPOSITORY / "cli.py"),
        "transcribe",
        *inputs,
        "--tempo",
        "fixed",
        "-o",
        str(folder),
    ]
    command += ["--hop", REFERENCE_HOP_S, "--precision", "float32", "--no-confidence"]  # the MIDI has none
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [(recording, folder / f"{recording.audio.stem}.mid") for recording in recordings(shared)]


def until_its_end(recording: Recording, midi: Path) -> Performance:
    """What is played before a recording ends: the reference hears notes in the silence that it puts behind."""
    return cut_at(load_midi(midi), soundfile.info(recording.audio).duration)


def test_all_eleven_are_there(transcribed):
    assert len(transcribed) == 11


def test_notes_and_pedals_are_the_references(transcribed):
    for recording, path in transcribed:
        ours, theirs = (until_its_end(recording, midi) for midi in (path, recording.reference))
        n_notes = max(len(ours.notes), len(theirs.notes))
        n_pedals = max(len(ours.pedals), len(theirs.pedals))
        assert n_same_notes(ours.notes, theirs.notes) >= SAME_AT_LEAST * n_notes, recording.audio.name
        assert n_same_pedals(ours.pedals, theirs.pedals) >= SAME_AT_LEAST * n_pedals, recording.audio.name


def test_f1_is_the_references(transcribed, shared, tmp_path):
    for recording, path in transcribed:
        reference = tmp_path / path.name
        until_its_end(recording, recording.reference).save(reference)
        ours = f1_columns(shared, recording.truth, path)
        theirs = f1_columns(shared, recording.truth, reference)
        assert ours.keys() == theirs.keys()
        for column, f1 in ours.items():
            assert f1 >= theirs[column] - F1_LOSS_AT_MOST, (recording.audio.name, column)


@pytest.fixture
def short_segments(published, tmp_path) -> Path:
    """The published model with shorter segments: a CPU without units for bfloat16 takes a minute for 16 s."""
    entry = find_model("transkun-v2")
    config, _, _ = (entry.folder / "config.toml").read_text().partition("[segments]")
    folder = tmp_path / "short"
    folder.mkdir()
    (folder / "config.toml").write_text(f"{config}[segments]\nsegment_s = {SEGMENT_S}\nhop_s = {SEGMENT_S}\n")
    (folder / entry.weights_path.name).symlink_to(entry.weights_path)
    return folder


def test_bfloat16_hears_the_same_onsets(shared, short_segments, tmp_path):
    """As float32, which the tests above compare with the reference, in the first segment of one recording."""
    haydn = next(recording for recording in recordings(shared) if recording.audio.stem == "haydn_sonata")
    heard = {}
    for precision in ("float32", "bfloat16"):
        transcriber = Transcriber(short_segments, device="cpu", precision=precision)
        heard[precision] = cut_at(
            transcriber.transcribe(haydn.audio, reading=Reading(end_s=SEGMENT_S)), BEGINNING_S
        )
    n_notes = max(len(performance.notes) for performance in heard.values())
    assert n_notes > 40
    assert n_alike_onsets(heard["bfloat16"].notes, heard["float32"].notes) >= ALIKE_AT_LEAST * n_notes
    for name, performance in (heard | {"truth": cut_at(load_midi(haydn.truth), BEGINNING_S)}).items():
        performance.save(tmp_path / f"{name}.mid")
    full, reduced = (
        f1_columns(shared, tmp_path / "truth.mid", tmp_path / f"{name}.mid") for name in ("float32", "bfloat16")
    )
    assert reduced["onset"] >= full["onset"] - F1_LOSS_AT_MOST
