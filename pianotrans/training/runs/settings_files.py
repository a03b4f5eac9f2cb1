"""Settings as TOML: read strictly, changed by `--set`, written down whole, compared."""

import dataclasses
import math
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from pianotrans.errors import TrainingError
from pianotrans.training.runs.settings import TrainingSettings

S = TypeVar("S")
Table = dict[str, Any]


def read_settings(path: Path, changes: Iterable[str] = ()) -> TrainingSettings:
    """The settings of a TOML file, changed by texts like `optimisation.peak_rate=1e-3`.

    Raises TrainingError for a file that cannot be read, unknown names, and values of another type or range.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: not valid TOML ({error}).") from error
    for change in changes:
        _apply(table, change)
    return settings_of(table, str(path))


def settings_of(table: Table, where: str) -> TrainingSettings:
    """Settings from a parsed TOML table; `where` names its file in errors."""
    return _group(TrainingSettings, table, where, "")


def settings_text(settings: TrainingSettings) -> str:
    """All settings as TOML; `settings_of` restores them."""
    import tomli_w

    return tomli_w.dumps(dataclasses.asdict(settings))


def differences(old: TrainingSettings, new: TrainingSettings) -> dict[str, tuple[Any, Any]]:
    """Old and new value of every setting that differs, by its full name."""
    new_values = dict(_flat(dataclasses.asdict(new)))
    both = ((name, (value, new_values[name])) for name, value in _flat(dataclasses.asdict(old)))
    return {name: (before, after) for name, (before, after) in both if before != after}


def _apply(table: Table, change: str) -> None:
    """Put one `--set` into a table."""
    name, separator, text = change.partition("=")
    *groups, last = name.strip().split(".")
    if not separator or not all([*groups, last]):
        raise TrainingError(f"--set {change}: name=value is needed, as in steps=1000.")
    for group in groups:
        table = table.setdefault(group, {})
        if not isinstance(table, dict):
            raise TrainingError(f"--set {change}: {group} is a setting, not a group of them.")
    table[last] = _value(text.strip())


def _value(text: str) -> Any:
    """As TOML has it; what is no TOML is a string without its quotes."""
    try:
        (value,) = tomllib.loads(f"x = {text}").values()
    except (tomllib.TOMLDecodeError, ValueError):
        return text
    return value


def _group(kind: type[S], table: Any, where: str, group: str) -> S:
    """One dataclass of settings from its table."""
    if not isinstance(table, dict):
        raise TrainingError(f"{where}: {group} is a group of settings, got {table!r}.")
    kinds = get_type_hints(kind)
    names = [one.name for one in dataclasses.fields(cast("Any", kind))]
    if unknown := sorted(set(table) - set(names)):
        inside = f" in {group}" if group else ""
        raise TrainingError(f"{where}: unknown setting {', '.join(unknown)}{inside}. Known: {', '.join(names)}.")
    prefix = f"{group}." if group else ""
    return kind(**{name: _converted(value, kinds[name], where, f"{prefix}{name}") for name, value in table.items()})


def _converted(value: Any, kind: Any, where: str, name: str) -> Any:
    """A value of one setting, if it is of its type; whole numbers are floats, too."""
    if dataclasses.is_dataclass(kind):
        return _group(cast("type[Any]", kind), value, where, name)
    if kind is float and type(value) is int:
        value = float(value)
    choices = get_args(kind) if get_origin(kind) is Literal else None
    good = value in choices if choices else type(value) is kind
    if not good or (kind is float and not math.isfinite(value)):
        needed = f"one of {', '.join(choices)}" if choices else _NAMES[kind]
        raise TrainingError(f"{where}: {name} = {value!r}; {needed} is needed.")
    return value


_NAMES = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}


def _flat(table: Table, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
