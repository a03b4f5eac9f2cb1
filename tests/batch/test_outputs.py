"""What outputs are called: none is shared, none replaces a recording, and a name once given stays."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.batch import End, Item, Ledger
from pianotrans.batch.entry import Figures
from pianotrans.batch.outputs import name_outputs
from pianotrans.events import Fitting
from tests.events.strategies import quick

from .making import TINY, collection, run


def items_of(*names: str, formats: tuple[str, ...] = ("mid",), folder: Path = Path("in")) -> list[Item]:
    out = Path("out")
    return [
        Item.of(Path(name), folder / name, {one: out / Path(name).with_suffix(f".{one}") for one in formats})
        for name in names
    ]


def named(*names: str, **options) -> dict[str, str]:
    given_names = name_outputs(items_of(*names, **options))
    return {item.name: item.outputs["mid"].relative_to("out").as_posix() for item in given_names}


@pytest.mark.parametrize(
    "expected",
    [
        {"a.wav": "a.mid", "b.wav": "b.mid"},
        {"p2.mp3": "p2.mp3.mid", "p2.wav": "p2.wav.mid", "p1.wav": "p1.mid"},
        {"d/p2.mp3": "d/p2.mid", "e/p2.wav": "e/p2.mid"},
        {"p2.mp3": "p2.mp3.mid", "p2.wav": "p2.wav.mid", "p2.wav.flac": "p2.wav.flac.mid"},
        {"p2": "p2.mid", "p2.wav": "p2.wav.mid"},
        {"A.wav": "A.wav.mid", "a.mp3": "a.mp3.mid"},
        {"A.wav": "A.wav.mid", "a.WAV": "a.WAV.2.mid", "a.wav": "a.wav.3.mid"},
        {"\u00e9.mp3": "\u00e9.mp3.mid", "e\u0301.wav": "e\u0301.wav.mid"},
        {"e\u0301.wav": "e\u0301.wav.mid", "\u00e9.wav": "\u00e9.wav.2.mid"},
    ],
    ids=str,
)
def test_examples(expected: dict[str, str]):
    assert named(*expected) == expected
    assert named(*reversed(expected)) == expected


def test_all_formats_of_a_recording_have_one_name():
    (one, two) = name_outputs(items_of("p2.mp3", "p2.wav", formats=("mid", "json")))
    assert [path.name for path in one.outputs.values()] == ["p2.mp3.mid", "p2.mp3.json"]
    assert [path.name for path in two.outputs.values()] == ["p2.wav.mid", "p2.wav.json"]


def test_a_recording_that_is_called_like_an_output():
    assert named("x.mid", "y.wav", folder=Path("out")) == {"x.mid": "x.mid.mid", "y.wav": "y.mid"}
    assert named("x.mid", "x.wav", folder=Path("out")) == {"x.mid": "x.mid.mid", "x.wav": "x.wav.mid"}
    assert named("x.mid", folder=Path.cwd() / "out") == {"x.mid": "x.mid.mid"}
    assert named("x.mid", folder=Path("in")) == {"x.mid": "x.mid"}


stems = st.lists(
    st.text(st.sampled_from("aAb.2\u00e9\u0301e"), min_size=1, max_size=4).filter(lambda s: s.strip(".")),
    max_size=8,
    unique=True,
)


@quick
@given(stems.map(lambda some: [f"{stem}{'.wav' if len(stem) % 2 else '.mp3'}" for stem in some]))
def test_no_two_outputs_are_the_same_anywhere(names: list[str]):
    outputs = named(*names)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in outputs.values()}) == len(names)
    assert named(*reversed(names)) == outputs


# Over several runs


def outputs_of(out: Path) -> dict[str, tuple[str, ...]]:
    with Ledger(out) as ledger:
        return {entry.name: entry.outputs for entry in ledger.entries()}


def test_a_recording_keeps_its_name_when_another_one_comes(tmp_path: Path):
    out = tmp_path / "out"
    run(collection(tmp_path, "p2.wav"), out)
    for _ in range(2):
        outcomes, pool = run(collection(tmp_path, "p2.mp3", "p2.wav"), out)
        assert [outcome.is_good for outcome in outcomes.values()] == [True, True]
        assert (out / "p2.mid").read_text() == "MIDI of recording p2.wav"
        assert (out / "p2.mp3.mid").read_text() == "MIDI of recording p2.mp3"
        assert outputs_of(out) == {"p2.mp3": ("p2.mp3.mid",), "p2.wav": ("p2.mid",)}
    assert pool.given == []


def test_a_recording_keeps_its_name_when_another_one_goes(tmp_path: Path):
    out = tmp_path / "out"
    run(collection(tmp_path, "p2.mp3", "p2.wav"), out)
    items = collection(tmp_path, "p2.wav")
    assert run(items, out)[1].given == []
    outcomes, pool = run(items, out, recipe=replace(TINY, fitting=Fitting(pedal=False)))
    assert pool.given == ["p2.wav"]
    assert outcomes["p2.wav"].end is End.done
    assert outputs_of(out)["p2.wav"] == ("p2.wav.mid",)
    assert sorted(path.name for path in out.glob("*.mid")) == ["p2.mp3.mid", "p2.wav.mid"]


def test_names_in_the_ledger_that_this_program_does_not_give(tmp_path: Path):
    out = tmp_path / "out"
    items = collection(tmp_path, "p2.wav")
    run(items, out)
    with Ledger(out) as ledger:
        ledger.claim(ledger.entry("p2.wav"), ledger.entry("p2.wav").identity, "s")
        ledger.finish("p2.wav", ["../../etc/passwd", "\0", "p2.wav.0.mid"], [], Figures(1.0, 1.0, 1))
    outcomes, _ = run(items, out, overwrite=True)
    assert outcomes["p2.wav"].item.outputs["mid"] == out / "p2.mid"
