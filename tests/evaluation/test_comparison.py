"""Two evaluations, read back from JSON: refused unless comparable, else differences by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from pianotrans.errors import EvaluationError
from pianotrans.evaluation import (
    KEYS,
    Evaluation,
    EvaluationSettings,
    FScore,
    compare,
    compare_systems,
    load_evaluation,
    score_piece,
    to_dict,
)
from pianotrans.evaluation.texts import pieces_csv

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings()


def evaluation(seed: int, *, jitter_s: float = 0.02, settings: EvaluationSettings = SETTINGS, n_pieces: int = 5):
    played = [crowd(number, n_notes=25, duration_s=10.0) for number in range(n_pieces)]
    scored = [
        score_piece(one, heard(one, seed + i, jitter_s=jitter_s), settings, name=f"p{i}")
        for i, one in enumerate(played)
    ]
    return Evaluation(settings, tuple(scored))


def saved(path, one: Evaluation):
    path.write_text(json.dumps(to_dict(one)))
    return load_evaluation(path)


@pytest.fixture
def a(tmp_path):
    return saved(tmp_path / "A.json", evaluation(0))


def test_differences_are_those_of_the_pieces(tmp_path, a):
    ours, theirs = evaluation(0), evaluation(50, jitter_s=0.04)
    differences = {one.column: one for one in compare(a, saved(tmp_path / "B.json", theirs))}
    column = "keys onset"
    f1 = [
        [next(s for c, s in p.scores.items() if c.name == column).f1 for p in one.pieces] for one in (ours, theirs)
    ]
    change = np.subtract(f1[1], f1[0])
    one = differences[column]
    assert (one.n_pieces, one.mean_a, one.mean_b) == (
        5,
        pytest.approx(np.mean(f1[0])),
        pytest.approx(np.mean(f1[1])),
    )
    assert one.difference == pytest.approx(change.mean())
    assert one.difference < -0.05
    assert one.interval.low <= one.difference <= one.interval.high < 0
    exact = scipy.stats.permutation_test((change,), np.mean, permutation_type="samples").pvalue
    assert one.p == pytest.approx(exact)


def test_any_number_of_systems_is_compared_with_the_first(tmp_path, a):
    others = [saved(tmp_path / f"{seed}.json", evaluation(seed, jitter_s=0.04)) for seed in (50, 60)]
    means = compare_systems((a, *others))
    pairs = [{one.column: one for one in compare(a, other)} for other in others]
    for one in means:
        if one.system:
            assert one.difference == pairs[one.system - 1][one.column]
            if one.n_pieces == one.difference.n_pieces:  # not of pieces that only one of both defines
                assert one.mean == pytest.approx(one.difference.mean_b)
        else:
            assert one.difference is None
    assert [one.system for one in means if one.column == "keys onset"] == [0, 1, 2]
    assert {one.is_f1 for one in means if one.column.startswith(("music", "velocity", "pedal"))} == {False}
    assert all(one.interval.low - 1e-9 <= one.mean <= one.interval.high + 1e-9 for one in means if one.interval)


def test_a_csv_stands_for_the_evaluation_it_was_written_by(tmp_path, a):
    (tmp_path / "pieces.csv").write_text(pieces_csv(evaluation(0)))
    wide = load_evaluation(tmp_path / "pieces.csv")
    differences = {one.column: one for one in compare(a, wide)}
    assert {"keys onset", "velocity slope", "music timing melody"} <= differences.keys()
    for one in differences.values():
        assert one.difference == pytest.approx(0, abs=1e-6)


def test_pieces_of_a_csv_are_found_by_path_or_by_name(tmp_path, a):
    def given(*rows: str):
        (tmp_path / "b.csv").write_text("\n".join(["piece,composer,keys onset", *rows]))
        return load_evaluation(tmp_path / "b.csv")

    found = given("2018/p0.midi,Bach,1", "p1.wav,Bach,", "x\\p2,Haydn,0.5", "p3,?,0.5", "p4,?,0.5", "q/p9,?,0.1")
    (one,) = compare(a, found)
    assert (one.column, one.n_pieces, one.mean_b) == ("keys onset", 4, 2.5 / 4)
    for rows in (("p0,Bach,1",), ("a/p0,?,1", "b/p0,?,1", "p1,?,1", "p2,?,1", "p3,?,1", "p4,?,1")):
        with pytest.raises(EvaluationError, match=r"b\.csv: lacks \d of the 5 pieces of .*A\.json"):
            compare(a, given(*rows))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"x\.csv: has no rows\. Needed are the columns piece"),
        ("name,onset\na,1\n", r"has name, onset\. Needed"),
        ("piece,keys onset\na,97.5\n", r"line 2: keys onset is 97\.5\. Needed is F1 from 0 to 1"),
        ("piece,metric,value\na,keys onset,good\n", r"line 2: 'good' is no number"),
    ],
)
def test_other_tables_are_refused(tmp_path, text, message):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(EvaluationError, match=message):
        load_evaluation(tmp_path / "x.csv")


def test_a_csv_with_nothing_in_common_is_refused(tmp_path, a):
    (tmp_path / "b.csv").write_text("piece,loudness\n" + "".join(f"p{i},1\n" for i in range(5)))
    with pytest.raises(EvaluationError, match=r"b\.csv: has loudness, and none of the columns"):
        compare(a, load_evaluation(tmp_path / "b.csv"))


def test_the_same_twice_does_not_differ(a):
    for one in compare(a, a):
        assert (one.difference, one.interval.low if one.interval else 0.0, one.p) == (0.0, 0.0, 1.0)


def test_columns_that_no_piece_defines_are_left_out(tmp_path):
    one = performance(note(1, 2))
    alone = saved(tmp_path / "A.json", Evaluation(SETTINGS, (score_piece(one, one, SETTINGS, name="p"),)))
    differences = compare(alone, alone)
    assert not [one for one in differences if "pedal" in one.column]
    assert [(one.n_pieces, one.interval, one.p) for one in differences] == [(1, None, 1.0)] * 12


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (EvaluationSettings(onset_tolerance_s=0.03), r"onset tolerance \(s\) 0\.05, .* with 0\.03\. Evaluate both"),
        (EvaluationSettings(conventions=(KEYS,)), r"durations keys and sounding, .*B\.json with keys\."),
        (EvaluationSettings(align=True), r"align False, .* with True"),
    ],
)
def test_other_settings_are_refused(tmp_path, a, settings, message):
    with pytest.raises(EvaluationError, match=message):
        compare(a, saved(tmp_path / "B.json", evaluation(0, settings=settings)))


def test_other_pieces_are_refused_either_way(tmp_path, a):
    fewer = saved(tmp_path / "B.json", evaluation(0, n_pieces=3))
    for pair in ((a, fewer), (fewer, a)):
        with pytest.raises(EvaluationError, match=r"B\.json: lacks 2 of the 5 pieces of .*A\.json, such as p3\."):
            compare(*pair)


def test_other_references_are_refused(tmp_path, a):
    other = evaluation(0)
    first = other.pieces[0]
    column, score = next(iter(first.scores.items()))
    scores = first.scores | {column: FScore(score.matched, score.reference + 1, score.estimate)}
    other = replace(other, pieces=(replace(first, scores=scores), *other.pieces[1:]))
    with pytest.raises(EvaluationError, match=r"p0: the reference is not the same .*keys onset: 25 and 26"):
        compare(a, saved(tmp_path / "B.json", other))


def test_nothing_to_compare(tmp_path):
    nothing = saved(tmp_path / "A.json", Evaluation(SETTINGS, ()))
    with pytest.raises(EvaluationError, match=r"hold no pieces"):
        compare(nothing, nothing)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xc0nothing", r"x\.json: is not JSON\. Pass what"),
        (b"[1]", r"is not an evaluation of version 1"),
        (b'{"format": "pianotrans-evaluation", "version": 2}', r"is not an evaluation of version 1"),
        (b'{"format": "pianotrans-evaluation", "version": 1}', r"is damaged \(KeyError\('pieces'\)\)"),
        (
            b'{"format": "pianotrans-evaluation", "version": 1, "pieces": [{"name": "a", "scores": 3}]}',
            r"is damaged",
        ),
    ],
)
def test_files_that_are_something_else_are_refused(tmp_path, content, message):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(EvaluationError, match=message):
        load_evaluation(tmp_path / "x.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EvaluationError, match=r"none\.json: cannot be read \(No such file"):
        load_evaluation(tmp_path / "none.json")
