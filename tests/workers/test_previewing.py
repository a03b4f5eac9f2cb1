"""The process that listens while somebody plays: with the real model, and in what it is told."""

import numpy as np
import pytest

from pianotrans.processes import start_with_pipe
from pianotrans.workers.previewing import Awake, Hush, Listen, Listened, Sound, serve_previews
from tests.synthesis import random_performance, render

RATE, SEED, LENGTH_S, START_S = 48_000, 34, 3.0, 7.0
WAIT_S = 120.0


@pytest.mark.slow
def test_the_small_model_hears_a_recording_in_a_process_of_its_own():
    played = random_performance(SEED, LENGTH_S)
    sound = np.round(20_000 * render(played, RATE, SEED)).astype("<i2")
    process, pipe = start_with_pipe(serve_previews, 1)
    try:
        assert pipe.poll(WAIT_S)
        assert pipe.recv() == Awake()
        pipe.send(Sound(b"before anything began"[:20]))
        pipe.send(Listen("take", RATE, START_S))
        for block in np.array_split(sound, 30):
            pipe.send(Sound(block.tobytes()))
        pipe.send(Hush())
        news: list[Listened] = []
        while not news or news[-1].heard_s < START_S + LENGTH_S - 0.1:
            assert pipe.poll(WAIT_S)
            news.append(pipe.recv())
        assert {one.name for one in news} == {"take"}
        told = {(one.number, round(one.onset_s - START_S, 1)) for some in news for one in some.struck}
        assert told & {(note.key, round(note.onset_s, 1)) for note in played.notes}, "although this is no piano"
    finally:
        pipe.close()
        process.join(WAIT_S)
    assert process.exitcode == 0, "it ends with the pipe"
