"""What the report knows of a score: its data, its engraved pages, and what it says about it."""

import base64
import gzip
from dataclasses import asdict, dataclass
from typing import Any

from pianotrans.errors import ExtraError
from pianotrans.events.conductor import TempoPer, conduct
from pianotrans.score.pitch import KeySignature
from pianotrans.score.score import Measure, Score
from pianotrans.views.sheets import rebuild_pages

_LETTERS, _SIGNS = "FCGDAEB", {-1: " flat", 0: "", 1: " sharp"}
_UNFOUND = "No beat was found: there are no bars, and no score."


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """The parts of a report about a score.

    `data` can be written as JSON. `pages` is the SVG of all pages, compressed with gzip, in base64; empty where
    there are none. `remarks` say why something is missing.
    """

    data: dict[str, Any]
    pages: bytes
    remarks: tuple[str, ...] = ()


def score_parts(score: Score) -> ScoreParts:
    """What a report shows of a score. Without beats there are no bars, without the extra `score` no pages."""
    if not score.is_found:
        return ScoreParts(_data(score), b"", (_UNFOUND,))
    try:
        pages = rebuild_pages(score.to_svg())
    except ExtraError as error:
        return ScoreParts(_data(score), b"", (f"The score cannot be shown. {error}",))
    return ScoreParts(_data(score), base64.b64encode(gzip.compress(pages.encode(), mtime=0)))


def _data(score: Score) -> dict[str, Any]:
    """Bars and beats in order of time, and for each performed note its hand, its bar by index, and its spelling.

    `conductor` is the first track of a MIDI file in musical time, from which the page writes one; its tempo changes
    with every beat, that of `conductor_per_bar` with every bar.
    `ornaments` lists the performed notes of each written one that stands for several.
    """
    bar_of = {measure.position: i for i, measure in enumerate(score.measures)} if score.is_found else {}
    notes: list[list[Any] | None] = [None] * score.performance.n_notes
    for note in score.notes:
        bar = bar_of.get(score.measure_of(note).position)
        for i in note.performed:
            is_written = score.performance.notes[i].key == note.spelling.key  # others belong to an ornament
            notes[i] = [note.staff, bar, note.spelling.name if is_written else None]
    return {
        "facts": _facts(score) if score.is_found else [],
        "bars": [_bar(measure) for measure in score.measures] if score.is_found else [],
        "beats": [_beat(b.time_s, b.is_downbeat, b.confidence) for b in score.beats] if score.is_found else [],
        "notes": notes,
        "conductor": asdict(conduct(score.tempo_map)) if score.is_found else None,
        "conductor_per_bar": asdict(conduct(score.tempo_map, TempoPer.bar)) if score.is_found else None,
        "ornaments": [note.performed for note in score.notes if len(note.performed) > 1],
    }


def _bar(measure: Measure) -> list[Any]:
    times_s = [round(measure.start_s, 3), round(measure.end_s, 3)]
    return [measure.number, *times_s, str(measure.time_signature), round(measure.confidence, 3)]


def _beat(time_s: float, is_downbeat: bool, confidence: float) -> list[Any]:
    return [round(time_s, 3), int(is_downbeat), round(confidence, 3)]


def _facts(score: Score) -> list[str]:
    """Meter, key and tempo in words, as they are at first."""
    first = score.measures[0]
    bpm = score.grid.bpm
    tempo = [] if bpm is None else [f"about {bpm:.0f} beats a minute"]
    return [str(first.time_signature), *_key_name(first.key_signature), *tempo]


def _key_name(key: KeySignature) -> list[str]:
    """["E flat major"]; nothing where the mode is not known."""
    if key.mode is None:
        return []
    sign, place = divmod(key.fifths + (4 if key.mode == "minor" else 1), 7)
    return [f"{_LETTERS[place]}{_SIGNS[sign]} {key.mode}"]
