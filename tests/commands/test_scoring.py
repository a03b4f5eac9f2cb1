"""Corrections on the command line, through a small command of their own."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.testing

from pianotrans.commands import receiving, scoring
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits

app = typer.Typer()


@app.command(cls=scoring.ScoringCommand)
def correct(
    file: str,
    bpm: scoring.Bpm = None,
    time_signature: scoring.TimeSignatures = None,
    downbeat_at: scoring.DownbeatAt = None,
    pickup: scoring.Pickup = None,
    key: scoring.Key = None,
    half_tempo: scoring.HalfTempo = False,
    double_tempo: scoring.DoubleTempo = False,
    swing: scoring.Swing = False,
    grid: scoring.Grid = None,
    beats: scoring.Beats = None,
    hands: scoring.Hands = None,
    tempo: scoring.Tempo = None,
    tempo_per: scoring.TempoChanges = None,
    quantize: scoring.Quantize = None,
) -> None:
    with exits(Reporter()):
        score = scoring.score_settings(
            bpm=bpm,
            time_signature=time_signature,
            downbeat_at=downbeat_at,
            pickup=pickup,
            key=key,
            half_tempo=half_tempo,
            double_tempo=double_tempo,
            swing=swing,
            grid=grid,
            beats=beats,
            hands=hands,
        )
        _, midi = receiving.receiver_settings(tempo=tempo, tempo_per=tempo_per, quantize=quantize, hands=hands)
        typer.echo(json.dumps({"file": file, **score.to_dict(), "midi": midi.to_dict()}))


def run(*arguments: str) -> Any:
    return typer.testing.CliRunner().invoke(app, ["song.mid", *arguments])


def settings(*arguments: str) -> Any:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_nothing_is_known_by_default() -> None:
    found = settings()
    assert found["hints"] == {
        "bpm": None,
        "tempo_factor": 1.0,
        "meters": [],
        "downbeats_s": [],
        "pickup": None,
        "beats": None,
    }
    assert [found[name] for name in ("key", "subdivisions", "swing", "split_key")] == [None, None, False, None]
    assert found["midi"] == {
        "tempo": "map",
        "bpm": None,
        "tempo_per": "beat",
        "grid": None,
        "hands": False,
        "format": 1,
        "receiver": None,
    }


def test_hints() -> None:
    given = ("--bpm", "96", "--time-signature", "3/4,17:6/8", "--downbeat-at", "1:02.5", "--downbeat-at", "1.35")
    hints = settings(*given, "--pickup", "1")["hints"]
    assert (hints["bpm"], hints["pickup"], hints["downbeats_s"]) == (96, 1, [1.35, 62.5])
    assert hints["meters"] == [[1, "3/4"], [17, "6/8"]]
    assert settings("--half-tempo")["hints"]["tempo_factor"] == 0.5
    assert settings("--double-tempo", "--swing")["hints"]["tempo_factor"] == 2


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("E flat major", [-3, "major"]),
        ("Eb", [-3, "major"]),
        ("c minor", [-3, "minor"]),
        ("F# minor", [3, "minor"]),
        ("F#m", [3, "minor"]),
        ("bb minor", [-5, "minor"]),
        ("b minor", [2, "minor"]),
        ("B", [5, "major"]),
        ("-3", [-3, None]),
        ("3b", [-3, None]),
        ("2#", [2, None]),
        ("0", [0, None]),
    ],
)
def test_keys(text: str, key: list[Any]) -> None:
    assert settings("--key", text)["key"] == key


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (("1/16",), [1, 2, 4]),
        (("1/16,triplets",), [1, 2, 3, 4, 6]),
        (("1/8,triplets",), [1, 2, 3]),
        (("1/4",), [1]),
        (("1/16", "--time-signature", "6/8"), [1, 2, 3, 6]),
        (("auto",), None),
    ],
)
def test_grids(given: tuple[str, ...], parts: list[int] | None) -> None:
    assert settings("--grid", *given)["subdivisions"] == parts


def test_hands_stand_alone_or_with_a_split() -> None:
    result = typer.testing.CliRunner().invoke(app, ["--hands", "song.mid"])
    found = json.loads(result.stdout)
    assert (found["file"], found["midi"]["hands"], found["split_key"]) == ("song.mid", True, None)
    for given, key in ((("--hands", "split=C4"), 60), (("--hands=split=Bb3",), 58), (("--hands", "split=55"), 55)):
        found = settings(*given)
        assert (found["midi"]["hands"], found["split_key"]) == (True, key)


def test_midi() -> None:
    assert settings("--tempo", "fixed")["midi"]["bpm"] == 120
    assert settings("--tempo", "fixed=96.5")["midi"]["bpm"] == 96.5
    assert settings("--tempo-per", "bar")["midi"]["tempo_per"] == "bar"
    grids = [settings("--quantize", text)["midi"]["grid"] for text in ("1/16", "1/8,0.5", "1/16,triplets,0.25")]
    assert [(g["step"], g["strength"], g["triplets"]) for g in grids] == [
        ("1/16", 1.0, False),
        ("1/8", 0.5, False),
        ("1/16", 0.25, True),
    ]


def test_beats(tmp_path: Path) -> None:
    file = tmp_path / "beats.csv"
    file.write_text("time_s,bar,beat\n0.5,1,1\n1,1,2\n")
    assert settings("--beats", str(file))["hints"]["beats"] == {"times_s": [0.5, 1], "is_downbeat": [True, False]}
    for given in (("--bpm", "96"), ("--pickup", "1"), ("--downbeat-at", "1")):
        result = run("--beats", str(file), *given)
        assert result.exit_code == 2
        assert "--beats" in result.output
        assert given[0] in result.output
    file.write_text("1\n0.5\n")
    assert "beats.csv" in run("--beats", str(file)).output
    file.write_bytes(b"\xff\xfe\x00")
    assert run("--beats", str(file)).exit_code == 2
    assert run("--beats", str(tmp_path / "none.csv")).exit_code == 2


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--bpm", "96", "--half-tempo"), ("--bpm", "--half-tempo")),
        (("--half-tempo", "--double-tempo"), ("--half-tempo", "--double-tempo")),
        (("--time-signature", "3/4", "--pickup", "3"), ("--time-signature", "--pickup")),
        (("--tempo", "fixed", "--tempo-per", "bar"), ("--tempo", "--tempo-per")),
        (("--bpm", "1"), ("--bpm",)),
        (("--bpm", "nan"), ("--bpm",)),
        (("--bpm", "fast"), ("--bpm",)),
        (("--time-signature", "3/5"), ("--time-signature",)),
        (("--time-signature", "4"), ("--time-signature",)),
        (("--time-signature", "5:3/4"), ("--time-signature",)),
        (("--downbeat-at", "-1"), ("--downbeat-at",)),
        (("--pickup", "9"), ("--pickup",)),
        (("--key", "g"), ("--key",)),
        (("--key", "H"), ("--key",)),
        (("--key", "G# major"), ("--key",)),
        (("--grid", "1/7"), ("--grid",)),
        (("--grid", "1/16,swing"), ("--grid",)),
        (("--quantize", "1/16,2"), ("--quantize",)),
        (("--quantize", "1/16,x"), ("--quantize",)),
        (("--hands", "split=Z9"), ("--hands",)),
        (("--hands=both",), ("--hands",)),
        (("--tempo", "fixed=1"), ("--tempo",)),
        (("--tempo", "slow"), ("--tempo",)),
    ],
)
def test_what_is_wrong_usage(given: tuple[str, ...], named: tuple[str, ...]) -> None:
    result = run(*given)
    assert result.exit_code == 2
    assert result.stdout == ""
    for option in named:
        assert option in result.stderr
