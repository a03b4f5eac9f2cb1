"""Other programs read MusicXML as it is meant: the same notes at the same places, without warnings."""

import warnings
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pianotrans.datasets.asap import list_asap
from pianotrans.score.beats.hints import BeatHints, GivenBeats
from pianotrans.score.making import make_score
from pianotrans.score.notation import musicxml
from pianotrans.score.pitch import Spelling
from pianotrans.score.score import Score
from pianotrans.score.settings import ScoreSettings
from tests.score.test_notation import METERS, rows
from tests.score.toys import make_toy

Heads = Counter[tuple[Fraction, Fraction, str]]
"""Position, duration and name of noteheads or notes."""


def notes_of(score: Score) -> Heads:
    return Counter((note.position, note.duration, note.spelling.name) for note in score.notes)


def heads_of(score: Score) -> Heads:
    """What is written, ties not joined."""
    root = ElementTree.fromstring(musicxml(score))
    divisions = int(root.findtext(".//divisions") or 0)
    found: Heads = Counter()
    for place, measure in zip(score.measures, root.iter("measure"), strict=True):
        now = place.position
        for one in measure:
            step = Fraction(int(one.findtext("duration") or 0), divisions)
            if "id" in one.attrib:
                begin = now - step if one.find("chord") is not None else now
                pitch = Spelling(
                    str(one.findtext("pitch/step")),
                    int(one.findtext("pitch/alter") or 0),
                    int(one.findtext("pitch/octave") or 0),
                )
                found[begin, step, pitch.name] += 1
            if one.tag == "backup":
                now -= step
            elif one.find("chord") is None and one.tag in ("note", "forward"):
                now += step
    return found


def read_by_partitura(path: Path) -> Heads:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import partitura

        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*metronome")  # which it does not know
        part: Any = partitura.load_musicxml(path)[0]
    divisions = int(part.quarter_durations()[0][1])
    found: Heads = Counter()
    for note in part.notes_tied:
        name = Spelling(note.step, note.alter or 0, note.octave).name
        found[Fraction(note.start.t, divisions), Fraction(note.duration_tied, divisions), name] += 1
    return found


def read_by_music21(path: Path) -> Heads:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import music21

        warnings.simplefilter("error")
        stream: Any = music21.converter.parse(path, forceSource=True)
    found: Heads = Counter()
    for chord in stream.flatten().notes:
        for pitch in chord.pitches:
            name = Spelling(pitch.step, int(pitch.alter), pitch.octave).name
            length = Fraction(chord.duration.quarterLength).limit_denominator(5040)
            found[Fraction(chord.offset).limit_denominator(5040), length, name] += 1
    return found


def read_by_verovio(text: str, log: Any) -> list[str]:
    """The ids of the notes on all pages. Fails where Verovio has anything to say."""
    import verovio

    verovio.enableLog(verovio.LOG_WARNING)
    toolkit = verovio.toolkit()
    toolkit.setOptions({"breaks": "none", "adjustPageWidth": True})
    assert toolkit.loadData(text)
    pages = [ElementTree.fromstring(toolkit.renderToSVG(n + 1)) for n in range(toolkit.getPageCount())]
    verovio.enableLog(verovio.LOG_OFF)
    told = log.readouterr()
    assert told.out + told.err == ""
    return [str(one.get("id")) for page in pages for one in page.iter() if one.get("class") == "note"]


def check(score: Score, path: Path, log: Any) -> None:
    text = musicxml(score)
    path.write_bytes(text)
    assert read_by_partitura(path) == notes_of(score)
    assert read_by_music21(path) == heads_of(score)
    written = [one.get("id") for one in ElementTree.fromstring(text).iter("note") if one.get("id")]
    assert sorted(read_by_verovio(text.decode(), log)) == sorted(map(str, written))


def inside(spelling: Spelling) -> Spelling:
    """The note, without signs if they lead out of its octave: C flat 2 sounds as B1."""
    return spelling if spelling.key // 12 - 1 == spelling.octave else replace(spelling, alter=0)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(METERS), rows(), st.integers(-7, 7))
def test_every_score_is_read_as_it_is(tmp_path, capfd, meter, rows, fifths):
    # Each voice in its octaves: MusicXML does not say which of two equal notes a tie goes to.
    moved = [
        (*row[:4], inside(replace(row[4], octave=8 - 2 * (row[2] + row[3] + row[2] // 2) + row[4].octave % 2)))
        for row in rows
    ]
    check(make_toy(meter, 12, moved, fifths=fifths), tmp_path / "toy.musicxml", capfd)


@pytest.mark.slow
@pytest.mark.shared
def test_a_real_piece_is_read_as_it_is(shared: Path, tmp_path: Path, capfd):
    piece = next(one for one in list_asap(shared / "asap") if one.name == "Bach__Fugue__bwv_893__Levitsky04M")
    beats = GivenBeats(piece.beats.times_s, piece.beats.is_downbeat)
    score = make_score(piece.load(), ScoreSettings(hints=BeatHints(beats=beats)))
    assert len(score.notes) > 1000
    check(score, tmp_path / "piece.musicxml", capfd)
