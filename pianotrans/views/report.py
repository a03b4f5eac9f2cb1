"""A transcription as one HTML file to see, hear and check it with: it opens from disk and asks no network.

The page is `assets/report.html` with everything put into it: style, scripts, data, sounds. Its policy
(Content-Security-Policy) lets the browser run just these scripts and fetch nothing at all.
"""

import base64
import hashlib
import html
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pianotrans.events import Performance

_ASSETS = files("pianotrans.views") / "assets"
_SCRIPTS = ("performance.js", "midi.js", "roll.js", "sound.js", "notes.js", "theme.js", "report.js")
"""In order: one module, in which a later script uses what an earlier one defines."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as a browser can play it: an encoded file, and what kind that is (`audio/mpeg`)."""

    content: bytes
    media_type: str = "audio/mpeg"


def report_html(performance: Performance, *, title: str, recording: Recording | None = None) -> bytes:
    """The report, in UTF-8. Without a recording the page plays the sampled piano alone.

    Nothing in the title can become markup. Size: that of the recording and 0.25 MB, times 4/3, and 50 bytes a note.
    Memory: twice that.
    """
    style, script = _text("report.css"), player_script()
    texts = {
        "title": html.escape(title),
        "policy": html.escape(_policy(style, script)),
        "style": style,
        "script": script,
        "data": json_for_script(_data(performance, title, recording)),
        "samples": json_for_script(_samples()),
    }
    parts = {name: text.encode() for name, text in texts.items()}
    parts["recording"] = b"" if recording is None else base64.b64encode(recording.content)
    pieces = _text("report.html").encode().split(b"{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:  # in one pass: what is put in is not looked at again
        name, rest = piece.split(b"}}", 1)
        filled += [parts[name.decode()], rest]
    return b"".join(filled)


@lru_cache(maxsize=1)
def player_script() -> str:
    """The page's scripts as one module."""
    return "\n".join(_text(name) for name in _SCRIPTS)


def json_for_script(value: Any) -> str:
    """JSON that can stand in a script element: no `<` in it, so nothing ends the element early."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _data(performance: Performance, title: str, recording: Recording | None) -> dict[str, Any]:
    return {
        "title": title,
        "duration_s": performance.duration_s,
        "notes": [[n.onset_s, n.offset_s, n.key, n.velocity, n.onset_confidence] for n in performance.notes],
        "pedals": [[p.onset_s, p.offset_s, p.controller, p.onset_confidence] for p in performance.pedals],
        "media_type": None if recording is None else recording.media_type,
    }


@lru_cache(maxsize=1)
def _samples() -> dict[str, str]:
    """The sounds of the sampled piano by key, in base64."""
    sounds = [path for path in (_ASSETS / "piano").iterdir() if path.name.endswith(".mp3")]
    return {
        path.name.removesuffix(".mp3"): base64.b64encode(path.read_bytes()).decode()
        for path in sorted(sounds, key=lambda path: path.name)
    }


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "media-src blob:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _text(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
