"""A worker for the tests of the page, which hears the same in every recording."""

import threading
from functools import cache
from typing import Any

import numpy as np

from pianotrans.audio import encode_mp3, from_array
from pianotrans.events import Note, Pedal, Performance
from pianotrans.events.formats import encode
from pianotrans.views import EncodedAudio, report_html
from pianotrans.workers.formats import FORMATS
from pianotrans.workers.messages import Decided, Failed, Finished, Message, Progressed, Task

from .test_dispatcher import listening_script

LENGTH_S = 8.0
SONG = Performance(
    (Note(1, 2, 60, 127, 1.0, 1.0), Note(3, 5, 64, 127, 0.2, 0.3), Note(5, 7, 67, 1, 1.0, 1.0)),
    (Pedal(0, 3, "sustain"),),
    LENGTH_S,
)
REMARKS = ("the piano is 40 cents flat.", "<b>a pause</b> of 2.0 s at 0:31.")


class Stage:
    """Hears `SONG`, at once or, in what is called slow, when the test lets it go on. What is called bad fails, and
    what is called long goes on until it is cancelled. There is something to tell about what is called flat."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def __call__(self, task: Task, connection: Any) -> Message:
        title = str(task.title)
        if title.startswith("bad"):
            return Failed(f"{title}: no sound in it.", "", 0.1)
        if title.startswith("long"):
            return listening_script(task, connection)
        if title.startswith("slow"):
            connection.send(Progressed(LENGTH_S / 4, LENGTH_S))
            connection.send(Decided(SONG.notes[:1], SONG.pedals, LENGTH_S / 4))
            assert self.may_go_on.wait(60)
        contents = {name: encode(SONG, f"song.{name}") for name in ("mid", "json", "csv")}
        contents |= {
            name: name.encode() for name in FORMATS if name not in contents
        }  # sheets: nobody looks into them
        contents["html"] = _report(title)
        told = REMARKS if title.startswith("flat") else ()
        return Finished(contents, LENGTH_S, 0.1, len(SONG.notes), len(SONG.pedals), told)


def _report(name: str) -> bytes:
    return report_html(SONG, title=name, audio=_tone())


@cache
def _tone() -> EncodedAudio:
    times = np.arange(round(LENGTH_S * 16_000)) / 16_000
    return EncodedAudio(encode_mp3(from_array((0.1 * np.sin(2 * np.pi * 440 * times)).astype(np.float32), 16_000)))
