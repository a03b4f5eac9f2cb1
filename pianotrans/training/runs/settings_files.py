"""Settings as TOML: read strictly, changed by `--set`, written down whole, compared."""

import dataclasses
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pianotrans.errors import TrainingError
from pianotrans.tables import Table, from_table, read_toml
from pianotrans.training.runs.kinds import find_kind
from pianotrans.training.runs.settings import RunSettings


def read_settings(path: Path, changes: Iterable[str] = ()) -> RunSettings:
    """The settings of a TOML file, changed by texts like `optimisation.peak_rate=1e-3`.

    Raises TrainingError for a file that cannot be read, unknown names, and values of another type or range.
    """
    table = read_toml(path, TrainingError)
    for change in changes:
        _apply(table, change)
    return settings_of(table, str(path))


def settings_of(table: Table, where: str) -> RunSettings:
    """Settings from a parsed TOML table, of the class of its `kind`; `where` names its file in errors."""
    kind = find_kind(table.get("kind", RunSettings.kind), where)
    return from_table(kind.settings, table, where, TrainingError)


def settings_text(settings: RunSettings) -> str:
    """All settings as TOML; `settings_of` restores them."""
    import tomli_w

    return tomli_w.dumps(dataclasses.asdict(settings))


def differences(old: RunSettings, new: RunSettings) -> dict[str, tuple[Any, Any]]:
    """Old and new value of every setting that differs, by its full name."""
    values = [dict(_flat(dataclasses.asdict(settings))) for settings in (old, new)]
    names = dict.fromkeys([*values[0], *values[1]])  # those of another kind have other names
    both = ((name, (values[0].get(name), values[1].get(name))) for name in names)
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


def _flat(table: Table, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
