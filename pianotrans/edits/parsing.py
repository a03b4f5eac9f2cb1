"""Edits from JSON. Whatever is not as README.md says is refused, with the place in the document where it stands."""

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pianotrans.edits.document import (
    FORMAT,
    HANDS,
    KNOWN_VERSIONS,
    VERSION,
    Addition,
    Change,
    Deletion,
    Edits,
    ScoreHints,
    TrackEdits,
)
from pianotrans.errors import EditsError, PianotransError
from pianotrans.events import CONTROLLERS, Note, Pedal
from pianotrans.score.beats.hints import GivenBeats, TimeSignature
from pianotrans.score.words import parse_key, parse_meters

_ADDED = re.compile(r"\+[1-9]\d{0,8}")
_TRANSCRIBED = re.compile(r"\d{1,3}@\d+\.\d{3}(#\d+)?")
_LONGEST_TEXT = 1000  # characters

_PARTS = ("format", "version", "transcription", "notes", "pedals", "candidates", "beats", "score")

_Event = TypeVar("_Event", bound=Note | Pedal)
_Parsed = TypeVar("_Parsed")


def load_edits(path: str | os.PathLike[str]) -> Edits:
    """The edits in a file. Raises EditsError if it cannot be read, or holds anything else."""
    name = Path(path).name
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise EditsError(f"{name}: cannot be read ({error.strerror or error}). Check the path.") from error
    try:
        return parse_edits(text)
    except EditsError as error:
        raise EditsError(f"{name}: {error}") from error


def parse_edits(text: str | bytes) -> Edits:
    """The edits in a text in JSON. Raises EditsError for anything else."""
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise EditsError("is not JSON. Pass the edits that the page or the server keeps.") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise EditsError("holds no edits. Pass those that the page or the server keeps.")
    if data.get("version") not in KNOWN_VERSIONS or isinstance(data["version"], bool):
        raise EditsError(f"version {data.get('version')!r} is unknown; this program knows {VERSION}. Update it.")
    if data["version"] == 1:
        data = {**data, "candidates": {"dismissed": []}}  # of which it said nothing
    _check_names(data, "edits", _PARTS)
    about = _object(data["transcription"], "transcription", ("title", "n_notes", "digest"))
    edits = Edits(
        title=_text_or_none(about["title"], "transcription.title"),
        n_notes=_whole(about["n_notes"], "transcription.n_notes", 0, 10**9),
        digest=_text_or_none(about["digest"], "transcription.digest"),
        notes=_track(data["notes"], "notes", _note, _NOTE_FIELDS),
        pedals=_track(data["pedals"], "pedals", _pedal, _PEDAL_FIELDS),
        dismissed=_dismissed(data["candidates"]),
        beats=_beats(data["beats"]),
        meters=_meters(data["beats"]),
        said=_said(data["score"]),
    )
    _refuse_doubles(edits)
    return edits


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _refuse_doubles(edits: Edits) -> None:
    tracks = (edits.notes, edits.pedals)
    groups: list[list[str]] = [[edit.id for edit in (*track.changed, *track.deleted)] for track in tracks]
    groups.append([edit.id for track in tracks for edit in track.added])
    groups.append([edit.id for edit in edits.dismissed])
    for ids in groups:
        if doubles := sorted({name for name in ids if ids.count(name) > 1} if len(set(ids)) < len(ids) else ()):
            raise EditsError(f"id {doubles[0]!r} stands twice. Give every event one place.")


# Parts of the document


def _track(
    value: object, where: str, read: Callable[[Mapping[str, Any], str], _Event], fields: Mapping[str, Any]
) -> TrackEdits[_Event]:
    parts = _object(value, where, ("changed", "deleted", "added"))

    def rows(name: str) -> Iterable[tuple[Any, str]]:
        given = _list(parts[name], f"{where}.{name}")
        return ((row, f"{where}.{name}[{i}]") for i, row in enumerate(given))

    def was(row: Mapping[str, Any], place: str) -> _Event:
        return read(row["was"], f"{place}.was")

    changed = []
    for row, place in rows("changed"):
        _object(row, place, ("id", "was"), tuple(fields))
        new = {name: fields[name](row[name], f"{place}.{name}") for name in fields if name in row}
        changed.append(Change(_id(row, place, _TRANSCRIBED), was(row, place), new))
    deleted = [_deletion(row, place, read) for row, place in rows("deleted")]
    added = []
    for row, place in rows("added"):
        event = {name: value for name, value in _mapping(row, place).items() if name not in ("id", "hand")}
        hand = _hand(row["hand"], f"{place}.hand") if "hand" in row and "hand" in fields else None
        if "hand" in row and "hand" not in fields:
            raise EditsError(f"{place}: 'hand' is unknown. Leave it out.")
        added.append(Addition(_id(row, place, _ADDED), read(event, place), hand))
    return TrackEdits(tuple(changed), tuple(deleted), tuple(added))


def _deletion(value: object, where: str, read: Callable[[Mapping[str, Any], str], _Event]) -> Deletion[_Event]:
    row = _object(value, where, ("id", "was"))
    return Deletion(_id(row, where, _TRANSCRIBED), read(row["was"], f"{where}.was"))


def _dismissed(value: object) -> tuple[Deletion[Note], ...]:
    rows = _list(_object(value, "candidates", ("dismissed",))["dismissed"], "candidates.dismissed")
    return tuple(_deletion(row, f"candidates.dismissed[{i}]", _note) for i, row in enumerate(rows))


def _note(value: object, where: str) -> Note:
    row = _object(value, where, ("onset_s", "offset_s", "key", "velocity"))
    return _event(where, lambda: Note(**_read(row, where, _NOTE_FIELDS)))


def _pedal(value: object, where: str) -> Pedal:
    row = _object(value, where, ("onset_s", "offset_s", "kind"))
    return _event(where, lambda: Pedal(**_read(row, where, {**_PEDAL_FIELDS, "kind": _kind})))


def _read(row: Mapping[str, Any], where: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name](value, f"{where}.{name}") for name, value in row.items()}


def _event(where: str, make: Callable[[], _Event]) -> _Event:
    try:
        return make()
    except EditsError:
        raise
    except PianotransError as error:
        raise EditsError(f"{where}: {error}") from error


def _beats(value: object) -> GivenBeats | None:
    if value is None:
        return None
    given = enumerate(_list(value, "beats"))
    rows = [_object(row, f"beats[{i}]", ("onset_s", "downbeat"), ("time_signature",)) for i, row in given]
    times_s = [_time(row["onset_s"], f"beats[{i}].onset_s") for i, row in enumerate(rows)]
    is_downbeat = [_bool(row["downbeat"], f"beats[{i}].downbeat") for i, row in enumerate(rows)]
    try:
        return GivenBeats(np.array(times_s), np.array(is_downbeat, dtype=bool))
    except PianotransError as error:
        raise EditsError(f"beats: {error}") from error


def _meters(beats: list[Mapping[str, Any]] | None) -> tuple[tuple[int, TimeSignature], ...]:
    """Those that stand at beats, which have been read."""
    meters = []
    for i, row in enumerate(beats or []):
        if "time_signature" not in row:
            continue
        where = f"beats[{i}].time_signature"
        text = _text(row["time_signature"], where)
        found = _from_words(text, where, parse_meters)
        if len(found) != 1 or ":" in text or not row["downbeat"]:
            raise EditsError(f"{where}: {_shown(text)}. It must be one like 3/4, at a downbeat.")
        meters.append((i, found[0][1]))
    return tuple(meters)


def _said(value: object) -> ScoreHints:
    row = _object(value, "score", (), ("time_signature", "key", "swing", "title"))
    said = ScoreHints(
        time_signature=_text(row["time_signature"], "score.time_signature") if "time_signature" in row else None,
        key=_text(row["key"], "score.key") if "key" in row else None,
        swing=_bool(row["swing"], "score.swing") if "swing" in row else None,
        title=_text(row["title"], "score.title") if "title" in row else None,
    )
    if said.time_signature is not None:
        _from_words(said.time_signature, "score.time_signature", parse_meters)
    if said.key is not None:
        _from_words(said.key, "score.key", parse_key)
    return said


def _from_words(text: str, where: str, parse: Callable[[str], _Parsed]) -> _Parsed:
    try:
        return parse(text)
    except PianotransError as error:
        raise EditsError(f"{where}: {error}") from error


# Values


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise EditsError(f"{where}: {_shown(value)} where an object was needed.")
    return value


def _object(
    value: object, where: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    row = _mapping(value, where)
    _check_names(row, where, needed, optional)
    return row


def _check_names(
    row: Mapping[str, Any], where: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    if unknown := sorted(row.keys() - {*needed, *optional}):
        raise EditsError(f"{where}: {unknown[0]!r} is unknown. Leave it out.")
    if missing := [name for name in needed if name not in row]:
        raise EditsError(f"{where}: {missing[0]!r} is missing.")


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise EditsError(f"{where}: {_shown(value)} where a list was needed.")
    return value


def _id(row: Mapping[str, Any], where: str, form: re.Pattern[str]) -> str:
    value = row.get("id")
    if not isinstance(value, str) or not form.fullmatch(value):
        example = "+1" if form is _ADDED else "60@12.345"
        raise EditsError(f"{where}.id: {_shown(value)} is none. It must be one like {example!r}.")
    return value


def _time(value: object, where: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < math.inf:  # type: ignore[operator]
        raise EditsError(f"{where}: {_shown(value)}. It must be seconds, 0 or more.")
    return float(value)  # type: ignore[arg-type]


def _whole(value: object, where: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise EditsError(f"{where}: {_shown(value)}. It must be a whole number from {low} to {high}.")
    return value


def _key(value: object, where: str) -> int:
    return _whole(value, where, 0, 127)


def _velocity(value: object, where: str) -> int:
    return _whole(value, where, 1, 127)


def _bool(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise EditsError(f"{where}: {_shown(value)}. It must be true or false.")
    return value


def _hand(value: object, where: str) -> str | None:
    return None if value is None else _choice(value, where, HANDS)


def _kind(value: object, where: str) -> str:
    return _choice(value, where, CONTROLLERS)


def _choice(value: object, where: str, known: Iterable[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise EditsError(f"{where}: {_shown(value)}. It must be one of {', '.join(known)}.")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise EditsError(f"{where}: {_shown(value)}. It must be text of at most {_LONGEST_TEXT} characters.")
    return value


def _text_or_none(value: object, where: str) -> str | None:
    return None if value is None else _text(value, where)


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


_TIMES = {"onset_s": _time, "offset_s": _time}
_NOTE_FIELDS = {**_TIMES, "key": _key, "velocity": _velocity, "hand": _hand, "accepted": _bool}
_PEDAL_FIELDS = {**_TIMES, "accepted": _bool}
