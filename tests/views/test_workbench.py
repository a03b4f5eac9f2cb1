"""The workbench's pure functions in the browser, beside what Python makes of the same pieces."""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pianotrans.edits import apply_edits, digest_of, identities_of, parse_edits
from pianotrans.errors import ScoreError
from pianotrans.events import (
    CONTROLLERS,
    TICKS_PER_SECOND,
    Durations,
    Note,
    Pedal,
    Performance,
    TempoMap,
    midi_bytes,
)
from pianotrans.events.midi import provenance
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.events.receivers import RECEIVERS, settings_for
from pianotrans.score.bars import lay_out_bars
from pianotrans.score.beats.decoding import decode_beats
from pianotrans.score.beats.hints import BeatHints, GivenBeats
from pianotrans.score.making import make_score
from pianotrans.score.midi import score_midi
from pianotrans.score.settings import ScoreSettings
from pianotrans.score.words import parse_key, parse_meters
from pianotrans.views.bundling import join_modules
from pianotrans.views.score_data import score_parts
from tests.browser import chromium, troubles_of
from tests.conftest import REPOSITORY
from tests.edits.documents import document
from tests.events.tempo_maps import KEYS, METERS, make_map
from tests.score.playing import compose, play
from tests.views.long_piece import long_performance

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

N_PIECES = 1000
N_EDITED = 300


def read_module(path: str) -> str:
    folder = Path(__file__).parent if path == "workbench_entry.js" else REPOSITORY / "pianotrans/views/assets"
    return (folder / path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A blank page with the modules of the workbench."""
    with chromium() as browser:
        one = browser.new_page()
        troubles = troubles_of(one)
        one.set_content("""<script id="texts" type="application/json">{"en": {}}</script>""")
        one.add_script_tag(content=join_modules("workbench_entry.js", read_module))
        yield one
        assert troubles == []


def call(page: Any, name: str, values: list[Any]) -> list[Any]:
    """What a function of the entry gives for each value; as text, which crosses to the browser much faster."""
    script = f"(text) => JSON.stringify(JSON.parse(text).map(workbench.{name}))"
    results: list[Any] = json.loads(page.evaluate(script, json.dumps(values)))
    return results


# Pieces


def make_piece(rng: random.Random, n_most: int = 25) -> Performance:
    """Few keys, and times on, beside and between ticks: much collides."""
    tick_s = 1 / TICKS_PER_SECOND / 4

    def span() -> tuple[float, float]:
        onset_s = rng.choice([rng.randrange(20_000) * tick_s, rng.uniform(0, 5)])
        return onset_s, onset_s + rng.choice([rng.randrange(1, 60) * tick_s, rng.uniform(1e-6, 0.02), rng.random()])

    def sure() -> tuple[float, float] | tuple[None, None]:
        return rng.choice([(None, None), (rng.random(), rng.random())])

    notes = (
        Note(*span(), rng.choice([59, 60, 61, 21, 108]), rng.randint(1, 127), *sure())
        for _ in range(rng.randrange(n_most))
    )
    pedals = (Pedal(*span(), rng.choice(list(CONTROLLERS)), *sure()) for _ in range(rng.randrange(6)))
    candidates = tuple(Note(*span(), rng.choice([60, 61]), 50, 0.2, 0.2) for _ in range(rng.randrange(4)))
    return Performance(tuple(notes), tuple(pedals), rng.uniform(0, 8), candidates=candidates)


def make_tempo_map(rng: random.Random) -> TempoMap:
    first_s = rng.choice([0.0, -0.5, -1e-9, 0.01, rng.uniform(-5, 5), rng.uniform(5, 40)])
    bars = rng.choices(METERS, k=rng.randint(1, 6))
    beats_s = [rng.uniform(0.17, 3.0) for _ in range(rng.randint(1, 7))]
    keys = rng.choices(KEYS, k=rng.randint(0, 3))
    return make_map(first_s, bars, rng.randint(0, 3), beats_s, keys)


def data_of(performance: Performance) -> dict[str, Any]:
    """As the report carries it."""
    return {
        "title": "piece",
        "made_by": provenance(performance),
        "digest": digest_of(performance),
        "duration_s": performance.duration_s,
        "notes": [[n.onset_s, n.offset_s, n.key, n.velocity, n.onset_confidence] for n in performance.notes],
        "pedals": [[p.onset_s, p.offset_s, p.controller, p.onset_confidence] for p in performance.pedals],
        "doubt": {"candidates": [[n.onset_s, n.offset_s, n.key, n.velocity, 0.2] for n in performance.candidates]},
    }


def map_data(tempo_map: TempoMap) -> dict[str, Any]:
    def placed(signatures: Any) -> list[Any]:
        return [[position.as_integer_ratio(), *rest] for position, *rest in signatures]

    return {
        "positions": [position.as_integer_ratio() for position in tempo_map.positions],
        "times_s": tempo_map.times_s,
        "time_signatures": placed(tempo_map.time_signatures),
        "key_signatures": placed(tempo_map.key_signatures),
    }


# MIDI


def make_settings(rng: random.Random) -> tuple[str | None, dict[str, Any]]:
    """A receiver, or none, and settings that are given in the place of its own."""
    return rng.choice([None, *RECEIVERS]), {
        "durations": rng.choice(list(Durations)),
        "pedal": rng.choice([None, None, False]),
        "repeat_gap_s": rng.choice([None, None, 0.0, 0.02, round(rng.random(), 3)]),
        "max_duration_s": rng.choice([None, None, 0.01, round(rng.random(), 3)]),
        "pedal_lift_s": rng.choice([None, None, 0.125, round(rng.random(), 3)]),
    }


def test_the_midi_of_a_thousand_pieces_is_the_same_to_the_byte(page: Any):
    rng = random.Random(16)
    pieces, expected = [], []
    for i in range(N_PIECES):
        performance = make_piece(rng)
        tempo_map = None if i % 4 == 0 else make_tempo_map(rng)
        receiver, given = (None, {}) if i % 3 == 0 else make_settings(rng)
        fitting, midi = settings_for(receiver, given)
        hands = [1 + (note.key < 60) for note in performance.notes] if midi.hands else None
        if i % 6 == 0:
            midi, hands = MidiSettings(hands=True), [rng.choice([1, 2]) for _ in performance.notes]
        made = midi_bytes(
            fitting.apply(performance).made_with(fitting.options()),
            tempo_map=tempo_map,
            tempo_per=midi.tempo_per,
            hands=hands,
            midi_format=midi.format,
            options=midi.options(),
        )
        expected.append(made.hex())
        settings = {**asdict(fitting), "receiver": receiver, "format": midi.format, "tempo_per": midi.tempo_per}
        row = {"data": data_of(performance), "hands": hands, "settings": settings}
        pieces.append({**row, "map": tempo_map and map_data(tempo_map)})
    written = call(page, "writeMidi", pieces)
    different = [i for i, (ours, theirs) in enumerate(zip(expected, written, strict=True)) if ours != theirs]
    assert different == []


# Edits


def heard(performance: Performance, hands: tuple[int | None, ...]) -> dict[str, Any]:
    notes = [
        [n.onset_s, n.offset_s, n.key, n.velocity, n.onset_confidence, hand]
        for n, hand in zip(performance.notes, hands, strict=True)
    ]
    pedals = [[p.onset_s, p.offset_s, p.controller, p.onset_confidence] for p in performance.pedals]
    return {"notes": notes, "pedals": pedals}


def another(performance: Performance, rng: random.Random) -> Performance:
    """As another model may hear it: a little later or earlier, and not all of it."""

    def shifted(event: Any) -> Any:
        shift_s = max(rng.choice([0, rng.gauss(0, 0.03)]), -event.onset_s)
        return type(event)(
            *(event.onset_s + shift_s, event.offset_s + shift_s),
            *((event.key, event.velocity) if isinstance(event, Note) else (event.kind,)),
        )

    notes = tuple(shifted(note) for note in performance.notes if rng.random() < 0.9)
    candidates = tuple(map(shifted, performance.candidates))
    pedals = tuple(map(shifted, performance.pedals))
    return Performance(notes, pedals, performance.duration_s, candidates=candidates)


@pytest.fixture(scope="module")
def edited(page: Any) -> list[tuple[Performance, Performance, dict[str, Any]]]:
    """Pieces as two models hear them, and what came of editing them at random."""
    rng = random.Random(17)
    pieces = [make_piece(rng) for _ in range(N_EDITED)]
    others = [another(piece, rng) for piece in pieces]
    given = [
        {"data": data_of(piece), "other": data_of(other), "seed": seed, "n": rng.randrange(16)}
        for seed, (piece, other) in enumerate(zip(pieces, others, strict=True))
    ]
    results = call(page, "tryEdits", given)
    return list(zip(pieces, others, results, strict=True))


def test_undo_redo_and_replay_give_the_very_piece(edited: Any):
    assert [i for i, (_, _, result) in enumerate(edited) if result["wrong"]] == []
    assert sum(len(result["edits"]["notes"]["changed"]) for *_, result in edited) > N_EDITED, (
        "there was something to do"
    )


def test_python_names_events_and_applies_edits_as_the_page_does(edited: Any):
    for performance, _, result in edited:
        assert list(identities_of(performance.notes)) == result["ids"]
        edits = parse_edits(json.dumps(result["edits"]))
        assert edits.to_dict() == result["edits"]
        applied = apply_edits(performance, edits)
        assert applied.conflicts == ()
        wanted = {name: result["piece"][name] for name in ("notes", "pedals")}
        assert heard(applied.performance, applied.hands) == wanted


def test_on_another_transcription_both_find_the_same_and_miss_the_same(edited: Any):
    n_conflicts = 0
    for _, other, result in edited:
        applied = apply_edits(other, parse_edits(json.dumps(result["edits"])))
        found = heard(applied.performance, applied.hands)
        conflicts = [[conflict.reason, conflict.edit.id] for conflict in applied.conflicts]
        conflicts += candidates_missed(other, result)
        wanted = {name: result["moved"][name] for name in ("notes", "pedals")}
        assert (found, conflicts) == (wanted, result["moved"]["conflicts"])
        n_conflicts += len(conflicts)
    assert n_conflicts > 20


def candidates_missed(other: Performance, result: dict[str, Any]) -> list[list[str]]:
    """Of dismissed candidates each takes the nearest of its key within 50 ms that is left."""
    names = dict(zip(identities_of(other.candidates), other.candidates, strict=True))
    dismissed = result["edits"]["candidates"]["dismissed"]
    free = {name: note for name, note in names.items() if name not in {one["id"] for one in dismissed}}
    missed, found = [], []
    for one in dismissed:
        was = one["was"]
        away = {name: abs(n.onset_s - was["onset_s"]) for name, n in free.items() if n.key == was["key"]}
        near = min(away, key=away.__getitem__, default=None)
        if one["id"] in names:
            found.append(one["id"])
        elif near is not None and away[near] <= 0.05:
            found.append(near)
            del free[near]
        else:
            missed.append(["missing", one["id"]])
    assert sorted(result["moved"]["dismissed"]) == sorted(found)
    return missed


@pytest.mark.parametrize("edits", [{}, {"format": "pianotrans edits", "version": 3}, None])
def test_the_page_refuses_what_it_does_not_know(page: Any, edits: Any):
    script = """(edits) => {
        const empty = new workbench.Performance({ notes: [], pedals: [] });
        try { workbench.applyEdits(workbench.pieceOf(empty), edits); }
        catch (error) { return error.reason; }
    }"""
    assert page.evaluate(script, edits) == ("version" if edits and "version" in edits else "format")


# Beats and bars


def grid_of(rng: random.Random) -> list[dict[str, Any]]:
    """Beats with rubato and pauses, in bars of two to four beats, perhaps with a pickup."""
    time_s, beats = rng.choice([0.0, rng.uniform(0, 5)]), []
    left = rng.randrange(4)
    for _ in range(rng.randint(2, 30)):
        beats.append({"onset": time_s, "isDownbeat": left == 0})
        left = rng.randint(2, 4) - 1 if left == 0 else left - 1
        time_s += rng.uniform(0.2, 1.2) if rng.random() < 0.9 else rng.uniform(3, 9)
    beats[-1]["isDownbeat"] |= not any(beat["isDownbeat"] for beat in beats)
    return beats


def test_bars_are_those_that_python_lays_out(page: Any):
    rng = random.Random(18)
    given = [
        {"beats": grid_of(rng), "first_s": rng.uniform(0, 6), "last_s": rng.uniform(6, 40)} for _ in range(200)
    ]
    for case, found in zip(given, call(page, "layOut", given), strict=True):
        times_s = np.array([beat["onset"] for beat in case["beats"]])
        hints = BeatHints(beats=GivenBeats(times_s, np.array([beat["isDownbeat"] for beat in case["beats"]])))
        bars = lay_out_bars(decode_beats(times_s, None, None, hints), case["first_s"], case["last_s"])
        assert found["onsets"] == bars.beats_s.tolist()
        rows = [[bar["number"], bar["firstBeat"], bar["nBeats"], bar["meterBeats"]] for bar in found["bars"]]
        assert rows == [[bar.number, bar.first_beat, bar.n_beats, bar.meter_beats] for bar in bars.bars]


@pytest.mark.parametrize(
    ("n_beats", "meter", "key"),
    [(3, "3/4", "E flat major"), (2, "6/8", "F sharp minor"), (4, "4/4", "3b"), (2, "2/2", "C major")],
)
def test_midi_with_edited_beats_is_that_of_the_command(page: Any, n_beats: int, meter: str, key: str):
    song = play(compose("3/4", 6), 0.6)
    grid = [{"onset_s": round(0.9 + 0.61 * i, 3), "downbeat": i % n_beats == 1} for i in range(16)]
    edits = document(song, beats=grid, score={"time_signature": meter, "key": key})
    (ours,) = call(page, "writeEdited", [{"data": data_of(song), "edits": edits}])
    applied = apply_edits(song, parse_edits(json.dumps(edits)))
    assert ours == score_midi(make_score(applied.performance, applied.score_settings())).hex()


@pytest.mark.parametrize(
    ("beats", "edit", "given", "text"),
    [
        ("|...|...", "removeBeat", [1], "|..|..."),
        ("|...|...", "removeBeat", [4], "|...|.."),
        ("|.", "removeBeat", [0], "|."),
        ("|...|...", "insertBeat", [0.25], "|....|..."),
        ("|...|...", "insertBeat", [0.52], "|...|..."),
        ("|...|...", "insertBeat", [9], "|...|...."),
        ("|...|...|...", "beginBar", [2], "|.|...|...|."),
        ("|...|..|..|..|", "beginBar", [1], "||...|..|..|.."),
        ("...|...|...", "beginBar", [0], "|..|...|..."),
        ("........", "beginBar", [1], ".|......"),
        ("|...|...|...", "setBeatsPerBar", [5, 3], "|...|..|..|."),
        (".|...|...", "setBeatsPerBar", [2, 2], ".|.|.|.|."),
        ("|...|...|", "halveTempo", [], "|.|.|"),
        ("..|...|...", "halveTempo", [], ".|.|."),
        ("|..|..|..|..", "halveTempo", [], "|..|.."),
        ("|.|.|.|.", "halveTempo", [], "|.|."),
        ("|.|.|", "doubleTempo", [], "|...|...|"),
        ("|..|..|", "doubleTempo", [], "|..|..|..|..|"),
        ("|..|", "completeLastBar", [], "|..|.."),
        ("..|..|..", "completeLastBar", [], "..|..|.."),
        (".|..|...", "completeLastBar", [], ".|..|..."),
    ],
)
def test_the_grid_is_edited(page: Any, beats: str, edit: str, given: list[Any], text: str):
    (result,) = call(page, "editBeats", [{"beats": beats, "edit": edit, "given": given}])
    assert result["text"] == text
    assert result["onsets"] == sorted(set(result["onsets"]))


def in_force(text: str, meters: list[str | None]) -> list[tuple[int, str | None]]:
    """The number of beats of each bar, and its meter."""
    starts = [i for i, letter in enumerate(text) if letter == "|"]
    last, bars = None, []
    for start, end in pairwise([*starts, len(text)]):
        last = meters[start] or last
        bars.append((end - start, last))
    return bars


def test_a_meter_stays_with_its_bar_whatever_is_done_before_it(page: Any):
    rng = random.Random(19)
    cases = []
    for _ in range(400):
        lengths = [rng.randint(1, 4) for _ in range(rng.randint(3, 7))]
        text = "." * rng.randrange(3) + "".join("|" + (n - 1) * "." for n in lengths)
        starts = [i for i, letter in enumerate(text) if letter == "|"]
        at = rng.choice(starts[1:])
        i = rng.randrange(at)
        given = {
            "insertBeat": [rng.randrange(at) / 2 + 0.25],
            "removeBeat": [i],
            "moveBeat": [i, rng.uniform(0, 9)],
        }
        edit = rng.choice(list(given))
        cases.append({"beats": text, "meters": {starts[0]: "2/2", at: "5/8"}, "edit": edit, "given": given[edit]})
    for case, result in zip(cases, call(page, "editBeats", cases), strict=True):
        i = result["meters"].index("5/8")
        assert (result["onsets"][i], result["text"][i]) == (max(case["meters"]) / 2, "|")


def test_where_a_bar_begins_elsewhere_each_bar_behind_it_keeps_its_length_and_its_meter(page: Any):
    rng = random.Random(20)
    cases = []
    for _ in range(200):
        text = "".join("|" + (rng.randint(1, 4) - 1) * "." for _ in range(rng.randint(3, 7)))
        at = rng.choice([i for i, letter in enumerate(text) if letter == "|"][1:])
        cases.append(
            {"beats": text, "meters": {0: "2/2", at: "5/8"}, "edit": "beginBar", "given": [rng.randrange(at)]}
        )
    for case, result in zip(cases, call(page, "editBeats", cases), strict=True):
        text, (i,) = case["beats"], case["given"]
        before = in_force(text, [case["meters"].get(k) for k in range(len(text))])
        after = in_force(result["text"], result["meters"])
        cut = text[: i + 1].count("|") - 1
        if text[i] == "|":
            assert after == before
        else:
            assert after[:cut] == before[:cut]
            assert after[cut + 1 : -1] == before[cut:][: len(after) - cut - 2], "the last one may be cut, too"


def test_keys_are_read_as_the_command_reads_them(page: Any):
    letters = ["C", "F", "Bb", "B flat", "c", "f#", "F sharp", "e-flat", "G♯", "H", "b", "Cb", "D♭"]
    texts = [
        f"{letter}{rest}" for letter in letters for rest in ("", " major", " minor", "m", " maj", "  min", "-minor")
    ]
    texts += ["3b", "2#", "0", "-3", "+4", "0#", "8", "-8", "7b", "3 b", "", "major", " 2# "]
    for text, found in zip(texts, call(page, "readKey", texts), strict=True):
        try:
            key = parse_key(text)
        except ScoreError:
            assert found is None, text
        else:
            assert found == [key.fifths, key.mode], text


EDITS_OF_THE_GRID = [
    ("moveBeat", [3, 2.31]),
    ("beginBar", [2]),
    ("insertBeat", [4.21]),
    ("halveTempo", []),
    ("removeBeat", [6]),
]


@pytest.mark.parametrize("written", ["3/4", "6/8", "2/4,3:3/4"])
def test_midi_is_that_of_the_command_where_no_meter_was_said(page: Any, written: str):
    song = play(compose(written.split(",")[0], 6), 0.6)
    score = make_score(song, ScoreSettings(BeatHints(meters=parse_meters(written))))
    data = {**data_of(song), "score": score_parts(score).data}
    given = [
        {"data": data, "edit": edit, "given": values, "said": {"key": "E flat major"}}
        for edit, values in EDITS_OF_THE_GRID
    ]
    for case, result in zip(given, call(page, "writeRegridded", given), strict=True):
        applied = apply_edits(song, parse_edits(json.dumps(result["edits"])))
        made = make_score(applied.performance, applied.score_settings())
        assert result["midi"] == score_midi(made).hex(), case["edit"]


def test_a_beat_stays_between_its_neighbours(page: Any):
    aims = [(1, 0.7), (1, 9), (1, -9), (0, -9), (3, 99)]
    given = [{"beats": "|...", "edit": "moveBeat", "given": aim} for aim in aims]
    moved = [result["onsets"][i] for (i, _), result in zip(aims, call(page, "editBeats", given), strict=True)]
    assert moved == pytest.approx([0.7, 0.9, 0.1, 0, 99])


def test_of_twenty_thousand_notes_a_drag_copies_only_those_that_it_moves(page: Any):
    performance = long_performance()
    ids = identities_of(performance.notes)[5000:5002]
    (counts,) = call(page, "countMoved", [{"data": data_of(performance), "ids": ids}])
    assert counts["n"] == len(performance.notes)
    assert 2 <= counts["nCopied"] <= 4, "those that sound on their keys are cut"
