"""Documents of edits, as the page writes them."""

import copy
from typing import Any

from pianotrans.edits import digest_of, identities_of
from pianotrans.events import Note, Pedal, Performance

SONG = Performance(
    (Note(1, 2, 60, 64, 0.4, 0.5), Note(1.5, 2.5, 64, 70, 0.9, 0.9), Note(3, 4, 60, 30)),
    (Pedal(0.5, 2.2, "sustain", 0.3, 0.3),),
    5.0,
)

_NOTHING = {"changed": [], "deleted": [], "added": []}


def fields_of(event: Note | Pedal) -> dict[str, Any]:
    times_s = {"onset_s": event.onset_s, "offset_s": event.offset_s}
    if isinstance(event, Note):
        return {**times_s, "key": event.key, "velocity": event.velocity}
    return {**times_s, "kind": event.kind}


def about(event: Note | Pedal) -> dict[str, Any]:
    """What an edit of an event begins with."""
    return {"id": identities_of([event])[0], "was": fields_of(event)}


def document(song: Performance = SONG, **parts: Any) -> dict[str, Any]:
    """Edits of a song; `notes` and `pedals` need not be complete."""
    tracks = {name: {**copy.deepcopy(_NOTHING), **parts.pop(name, {})} for name in ("notes", "pedals")}
    return {
        "format": "pianotrans edits",
        "version": 2,
        "transcription": {"title": "song.mp3", "n_notes": song.n_notes, "digest": digest_of(song)},
        **tracks,
        "candidates": {"dismissed": []},
        "beats": None,
        "score": {},
        **parts,
    }
