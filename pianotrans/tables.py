"""TOML tables as frozen dataclasses, read strictly: no unknown names, no values of another type or out of range."""

import math
import tomllib
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from pianotrans.errors import PianotransError

Table = dict[str, Any]
Error = type[PianotransError]
S = TypeVar("S")

_NAMES = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}

_RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "positive": (lambda x: x > 0, "more than 0"),
    "not_negative": (lambda x: x >= 0, "0 or more"),
    "part": (lambda x: 0 <= x <= 1, "0 to 1"),
    "below_one": (lambda x: 0 <= x < 1, "at least 0 and less than 1"),
}


def read_toml(path: Path, error: Error) -> Table:
    """Parse a TOML file. Raises `error` if it cannot be read or is not valid TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise error(f"{path}: cannot be read ({cause.strerror}).") from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise error(f"{path}: not valid TOML ({cause}).") from cause
    except RecursionError as cause:
        raise error(f"{path}: not valid TOML (nested too deeply).") from cause


def from_table(kind: type[S], table: Any, where: str, error: Error, group: str = "") -> S:
    """Build a dataclass from a parsed table; what the table leaves out keeps its default.

    Fields may be numbers, texts, booleans, `Literal` choices, tuples (from arrays) and dataclasses (from tables). A
    whole number does for a float.

    Args:
        kind: the dataclass.
        table: the parsed TOML.
        where: the file, for messages.
        error: the class of error to raise.
        group: the full name of the table inside its file, empty for the whole file.

    Raises `error` for unknown names and values of another type, and whatever `kind` itself raises.
    """
    if not isinstance(table, dict):
        raise error(f"{where}: {group} is a group of settings, got {table!r}.")
    kinds = get_type_hints(kind)
    names = [one.name for one in fields(cast("Any", kind))]
    if unknown := sorted(set(table) - set(names)):
        inside = f" in {group}" if group else ""
        raise error(f"{where}: unknown setting {', '.join(unknown)}{inside}. Known: {', '.join(names)}.")
    prefix = f"{group}." if group else ""
    values = {
        name: _converted(value, kinds[name], where, f"{prefix}{name}", error) for name, value in table.items()
    }
    return kind(**values)


def check_ranges(settings: object, group: str, error: Error, **names: tuple[str, ...]) -> None:
    """Raise `error` for the first of these settings that is out of its range.

    The keyword names the range: `positive`, `not_negative`, `part` (0 to 1) or `below_one` (0 to less than 1).
    """
    for kind, some in names.items():
        is_good, needed = _RANGES[kind]
        for name in some:
            value = getattr(settings, name)
            if not is_good(value):
                full_name = f"{group}.{name}" if group else name
                raise error(f"{full_name}: {value} given; it must be {needed}.")


def _converted(value: Any, kind: Any, where: str, name: str, error: Error) -> Any:
    if is_dataclass(kind):
        return from_table(cast("type[Any]", kind), value, where, error, name)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise error(f"{where}: {name} = {value!r}; a list is needed.")
        return tuple(_converted(one, get_args(kind)[0], where, name, error) for one in value)
    if kind is float and type(value) is int:
        value = float(value)
    choices = get_args(kind) if get_origin(kind) is Literal else None
    good = value in choices if choices else type(value) is kind
    if not good or (kind is float and not math.isfinite(value)):
        needed = f"one of {', '.join(choices)}" if choices else _NAMES[kind]
        raise error(f"{where}: {name} = {value!r}; {needed} is needed.")
    return value
