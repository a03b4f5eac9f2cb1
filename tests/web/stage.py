"""A worker for the tests of the page, which hears the same in every recording."""

import threading
from functools import cache
from typing import Any

import numpy as np

from pianotrans.audio import encode_mp3, from_array
from pianotrans.events import Note, Pedal, Performance
from pianotrans.events.export import encode
from pianotrans.files import write_atomically
from pianotrans.views import EncodedAudio, report_html
from pianotrans.web.folders import JobFolder
from pianotrans.web.job import Format
from pianotrans.web.messages import Failed, Finished, Message, Progressed, Task

from .test_dispatcher import listening_script

LENGTH_S = 8.0
SONG = Performance(
    (Note(1, 2, 60, 127, 1.0, 1.0), Note(3, 5, 64, 127, 0.2, 0.3), Note(5, 7, 67, 1, 1.0, 1.0)),
    (Pedal(0, 3, "sustain"),),
    LENGTH_S,
)


class Stage:
    """Hears `SONG`, at once or, in what is called slow, when the test lets it go on. What is called bad fails, and
    what is called long goes on until it is cancelled."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def __call__(self, task: Task, connection: Any) -> Message:
        if task.name.startswith("bad"):
            return Failed(f"{task.name}: no sound in it.", "")
        if task.name.startswith("long"):
            return listening_script(task, connection)
        if task.name.startswith("slow"):
            connection.send(Progressed(LENGTH_S / 4, LENGTH_S))
            assert self.may_go_on.wait(60)
        for format_ in Format:
            content = encode(SONG, f"song.{format_}") if format_ is not Format.html else _report(task.name)
            write_atomically(JobFolder(task.folder).result(format_), content, overwrite=True)
        return Finished(LENGTH_S, len(SONG.notes), len(SONG.pedals))


def _report(name: str) -> bytes:
    return report_html(SONG, title=name, audio=_tone())


@cache
def _tone() -> EncodedAudio:
    times = np.arange(round(LENGTH_S * 16_000)) / 16_000
    return EncodedAudio(encode_mp3(from_array((0.1 * np.sin(2 * np.pi * 440 * times)).astype(np.float32), 16_000)))
