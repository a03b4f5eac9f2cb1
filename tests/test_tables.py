"""TOML tables as dataclasses: what is built, and what is refused with its place."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from pianotrans.errors import ModelError, TrainingError
from pianotrans.tables import check_ranges, from_table, read_toml


@dataclass(frozen=True)
class Inner:
    rate: float = 1.0
    names: tuple[str, ...] = ("a",)


@dataclass(frozen=True)
class Outer:
    n: int = 0
    is_on: bool = False
    kind: Literal["x", "y"] = "x"
    inner: Inner = field(default_factory=Inner)


def test_what_is_left_out_keeps_its_default():
    assert from_table(Outer, {}, "f", ModelError) == Outer()


def test_every_kind_of_value():
    table = {"n": 2, "is_on": True, "kind": "y", "inner": {"rate": 3, "names": ["b", "c"]}}
    built = from_table(Outer, table, "f", ModelError)
    assert built == Outer(2, True, "y", Inner(3.0, ("b", "c")))
    assert isinstance(built.inner.rate, float)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"m": 1}, r"^f: unknown setting m\. Known: n, is_on, kind, inner"),
        ({"inner": {"speed": 1}}, r"^f: unknown setting speed in inner\. Known: rate, names"),
        ({"inner": 3}, "^f: inner is a group of settings, got 3"),
        ({"n": 1.5}, "^f: n = 1.5"),
        ({"n": True}, "^f: n = True"),
        ({"is_on": 1}, "^f: is_on = 1"),
        ({"kind": "z"}, "^f: kind = 'z'; one of x, y"),
        ({"inner": {"rate": "fast"}}, "^f: inner.rate = 'fast'"),
        ({"inner": {"rate": float("inf")}}, "^f: inner.rate = inf"),
        ({"inner": {"names": "a"}}, "^f: inner.names = 'a'; a list"),
        ({"inner": {"names": ["a", 2]}}, "^f: inner.names = 2; a text"),
    ],
)
def test_refused_with_its_place(table: dict[str, object], message: str):
    for error in (ModelError, TrainingError):
        with pytest.raises(error, match=message):
            from_table(Outer, table, "f", error)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("positive", (0.1, 5), (0, -1)),
        ("not_negative", (0, 5), (-1,)),
        ("part", (0, 1), (-0.1, 1.1)),
        ("below_one", (0, 0.9), (1, -0.1)),
    ],
)
def test_ranges(kind: str, good: tuple[float, ...], bad: tuple[float, ...]):
    for value in good:
        check_ranges(Inner(value), "inner", ModelError, **{kind: ("rate",)})
    for value in bad:
        with pytest.raises(ModelError, match=rf"^inner\.rate: {value} given"):
            check_ranges(Inner(value), "inner", ModelError, **{kind: ("rate",)})
        with pytest.raises(TrainingError, match=rf"^rate: {value} given"):
            check_ranges(Inner(value), "", TrainingError, **{kind: ("rate",)})


@pytest.mark.parametrize("content", [b"[a", b"\xff\xfe"])
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes):
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(TrainingError, match=r"x\.toml: not valid TOML"):
        read_toml(tmp_path / "x.toml", TrainingError)


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ModelError, match=r"x\.toml: cannot be read \(No such file"):
        read_toml(tmp_path / "x.toml", ModelError)


def test_toml_that_is_nested_without_end_is_told(tmp_path: Path):
    (tmp_path / "x.toml").write_text(f"x = {'[' * 100_000}")
    with pytest.raises(TrainingError, match=r"x\.toml: not valid TOML"):
        read_toml(tmp_path / "x.toml", TrainingError)
