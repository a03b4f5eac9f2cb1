"""The report: a transcription as one HTML file to see, hear and check it. It opens from disk without a network.

The file is `assets/report.html` with everything put into it: style, scripts, data, sounds. Its policy
(Content-Security-Policy) lets the browser run these scripts alone, and load nothing.
"""

import base64
import hashlib
import html
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pianotrans.audio import MP3_RATE, PEAKS_PER_S, AudioSource, PeakMeter, Reading, encode_mp3, open_audio
from pianotrans.edits import digest_of
from pianotrans.events import OtherOffset, Performance
from pianotrans.events.midi import provenance
from pianotrans.events.receivers import RECEIVERS
from pianotrans.remarks import NOT_SOLO_PIANO
from pianotrans.score.score import Score
from pianotrans.views.bundling import join_modules, json_for_script
from pianotrans.views.score_data import ScoreParts, score_parts
from pianotrans.views.texts import read_texts

_ASSETS = files("pianotrans.views") / "assets"
_STYLES = ("shared/palette.css", "shared/theme.css", "report.css", "workbench/doubt.css")


@dataclass(frozen=True, slots=True)
class EncodedAudio:
    """Audio that a browser can play: the content of a file, and its media type (`audio/mpeg`).

    `peaks` are those of its waveform as `PeakMeter` gives them; empty where they are not known.
    """

    content: bytes
    media_type: str = "audio/mpeg"
    peaks: bytes = b""


def report_page(
    performance: Performance,
    source: AudioSource,
    *,
    title: str,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    score: Score | None = None,
) -> bytes:
    """The report about a transcription, with the recording `source` in it as MP3; see `report_html`.

    Raises AudioError for a recording that cannot be read.
    """
    meter = PeakMeter(MP3_RATE)
    with open_audio(source, reading) as reader:
        audio = EncodedAudio(encode_mp3(reader, tap=meter.add), peaks=meter.read())
    return report_html(performance, title=title, audio=audio, start_s=reading.origin_s, score=score)


def report_html(
    performance: Performance,
    *,
    title: str,
    audio: EncodedAudio | None = None,
    start_s: float = 0.0,
    score: Score | None = None,
) -> bytes:
    """The report, in UTF-8. Without audio it plays the sampled piano alone. The audio begins at `start_s` seconds.

    With the score of this performance it shows beats, bars and hands, and the engraved pages where the extra
    `score` is installed.

    Nothing in the title can become markup. Size: 4/3 of the audio and 0.25 MB, 50 bytes a note, and with a score
    25 more and 2 kB a bar. Memory: twice the size.
    """
    written = None if score is None else score_parts(score)
    style = "\n".join(_text(name) for name in _STYLES)
    theme, script = _text("shared/theme.js"), report_script()
    texts = {
        "title": html.escape(title),
        "policy": html.escape(_policy(style, theme, script)),
        "style": style,
        "theme": theme,
        "script": script,
        "data": json_for_script(_data(performance, title, audio, start_s, written)),
        "texts": json_for_script(read_texts()),
        "samples": json_for_script(_samples()),
    }
    parts = {name: text.encode() for name, text in texts.items()}
    parts["recording"] = b"" if audio is None else base64.b64encode(audio.content)
    parts["pages"] = b"" if written is None else written.pages
    pieces = _text("report.html").encode().split(b"{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:  # in one pass: placeholders in what is put in stay as they are
        name, rest = piece.split(b"}}", 1)
        filled += [parts[name.decode()], rest]
    return b"".join(filled)


@lru_cache(maxsize=1)
def report_script() -> str:
    """The report's modules as one."""
    return join_modules("report.js", _text)


def _data(
    performance: Performance, title: str, audio: EncodedAudio | None, start_s: float, score: ScoreParts | None
) -> dict[str, Any]:
    remarks = [remark.text for remark in performance.remarks if remark.kind != NOT_SOLO_PIANO]
    return {
        "title": title,
        "made_by": provenance(performance),
        "receivers": {name: dict(receiver.settings) for name, receiver in RECEIVERS.items()},
        "foreign_share": _foreign_share(performance),  # has a badge of its own, in the reader's language
        "remarks": remarks if score is None else [*remarks, *score.remarks],
        "start_s": start_s,
        "duration_s": performance.duration_s,
        "digest": digest_of(performance),
        "notes": [[n.onset_s, n.offset_s, n.key, n.velocity, n.onset_confidence] for n in performance.notes],
        "pedals": [[p.onset_s, p.offset_s, p.controller, p.onset_confidence] for p in performance.pedals],
        "doubt": _doubt(performance),
        "media_type": None if audio is None else audio.media_type,
        "waveform": _waveform(audio) if audio and audio.peaks else None,
        "score": None if score is None else score.data,
    }


def _foreign_share(performance: Performance) -> float | None:
    """How much does not sound like solo piano, if that is worth a word."""
    shares = (one.values.get("share") for one in performance.remarks if one.kind == NOT_SOLO_PIANO)
    return next((float(share) for share in shares if share is not None), None)


def _waveform(audio: EncodedAudio) -> dict[str, Any]:
    return {"peaks_per_s": PEAKS_PER_S, "peaks": base64.b64encode(audio.peaks).decode()}


def _doubt(performance: Performance) -> dict[str, Any] | None:
    """How sure each note is as a whole and where else it may end; what was nearly written. None if unknown."""
    if all(note.confidence is None for note in performance.notes) and not performance.candidates:
        return None
    return {
        "notes": [[_rounded(note.confidence), *map(_other, note.other_offsets)] for note in performance.notes],
        "candidates": [
            [round(n.onset_s, 6), round(n.offset_s, 6), n.key, n.velocity, _rounded(n.onset_confidence)]
            for n in performance.candidates
        ],
    }


def _other(other: OtherOffset) -> list[float]:
    return [round(other.offset_s, 4), round(other.probability, 3)]


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 3)


@lru_cache(maxsize=1)
def _samples() -> dict[str, str]:
    """The sounds of the sampled piano by key, in base64."""
    sounds = [path for path in (_ASSETS / "piano").iterdir() if path.name.endswith(".mp3")]
    return {
        path.name.removesuffix(".mp3"): base64.b64encode(path.read_bytes()).decode()
        for path in sorted(sounds, key=lambda path: path.name)
    }


def _policy(style: str, *scripts: str) -> str:
    allowed = " ".join(f"'{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src '{_digest(style)}'; "
        "media-src blob:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _text(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
