"""A worker without a model: it writes the files and the score of a transcription that a user has edited."""

import base64
import json
import re
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

from pianotrans.edits import Applied, apply_edits, parse_edits
from pianotrans.errors import EditsError, PianotransError
from pianotrans.events import Durations, Performance
from pianotrans.events.receivers import settings_for
from pianotrans.processes import ignore_interrupts, limit_threads, offer_to_die_first
from pianotrans.score.score import Score
from pianotrans.workers.formats import FORMATS, NO_BEAT, Heard

_RECORDING = re.compile(rb'<script type="text/plain" id="recording">([A-Za-z0-9+/=]*)</script>')


@dataclass(frozen=True)
class Fit:
    """What a file is for: the name of a receiver, and how long notes last, where that is said."""

    receiver: str | None = None
    durations: Durations | None = None


@dataclass(frozen=True)
class Revise:
    """To the worker: apply edits to a transcription, and write it in a format."""

    transcription: Path  # its result in JSON
    title: str  # what the recording is called
    edits: bytes  # the document
    format: str | None = None  # None: the score, as a report shows it
    report: Path | None = None  # its result in HTML, from which the recording is taken
    fit: Fit = Fit()


@dataclass(frozen=True)
class Revised:
    """The content of the file."""

    content: bytes


@dataclass(frozen=True)
class Refused:
    """Why there is none: what was asked for cannot be done, or else a bug, which has a trace."""

    error: str  # one line
    trace: str | None = None


def serve_revisions(connection: "Connection[Revised | Refused, Revise]", n_threads: int | None = None) -> None:
    """The main function of the process: follow orders until the other side closes the pipe."""
    ignore_interrupts()
    limit_threads(n_threads)
    offer_to_die_first()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            connection.send(answer_to(connection.recv()))


def answer_to(order: Revise) -> Revised | Refused:
    """Do what is asked. Every failure becomes the answer."""
    try:
        return Revised(revise(order))
    except PianotransError as error:
        return Refused(" ".join(str(error).split()))
    except Exception as error:
        return Refused(f"unexpected {type(error).__name__}: {error}", "".join(traceback.format_exception(error)))


def revise(order: Revise) -> bytes:
    """The content of the file: without any edits the very bytes of the transcription's own.

    The score is JSON: `score` and `pages` as in the report, `remarks` about it, and `conflicts`, the edits that
    could not be done, one line each.

    Raises EditsError for edits or a transcription that cannot be read, and the errors of the formats.
    """
    heard, applied = _heard(order.transcription, order.title, order.edits, order.fit)
    if order.format is None:
        return _score_json(heard, applied)
    if FORMATS[order.format].needs_audio:
        return _report(heard, order)
    return FORMATS[order.format].encode(heard)


@lru_cache(maxsize=2)  # another format of the same edits needs no new score; results of a job never change
def _heard(transcription: Path, title: str, edits: bytes, fit: Fit) -> tuple[Heard, Applied]:
    applied = apply_edits(_performance(transcription, title), parse_edits(edits))
    source = BytesIO()
    source.name = title
    heading = applied.edits.said.title
    fitting, midi = settings_for(fit.receiver, {"durations": fit.durations})
    scoring = applied.score_settings()
    heard = Heard(
        applied.performance,
        source,
        scoring=scoring,
        midi=midi,
        heading=heading,
        fitting=fitting,
        beats_in=applied.transcribed,
    )
    return heard, applied


def _performance(path: Path, title: str) -> Performance:
    """A transcription as it was before a score was made of it."""
    try:
        performance = Performance.from_dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError, PianotransError) as error:
        raise EditsError(f"{title}: its transcription cannot be read. Transcribe it again.") from error
    return replace(performance, remarks=tuple(r for r in performance.remarks if r.kind != NO_BEAT.kind))


def _score_json(heard: Heard, applied: Applied) -> bytes:
    from pianotrans.views.score_data import score_parts

    parts = score_parts(_score(heard))
    answer = {
        "score": parts.data,
        "pages": parts.pages.decode(),
        "remarks": [remark.text for remark in heard.told.remarks] + list(parts.remarks),
        "conflicts": [conflict.text for conflict in applied.conflicts],
    }
    return json.dumps(answer, allow_nan=False, separators=(",", ":")).encode()


def _report(heard: Heard, order: Revise) -> bytes:
    from pianotrans.views import EncodedAudio, report_html

    score = _score(heard)
    found = None if order.report is None else _RECORDING.search(order.report.read_bytes())
    audio = EncodedAudio(base64.b64decode(found[1])) if found and found[1] else None
    return report_html(score.performance, title=heard.title, audio=audio, score=score)


def _score(heard: Heard) -> Score:
    assert heard.score is not None
    return heard.score
