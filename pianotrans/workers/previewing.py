"""A worker that hears sound while it is played, for the page that records it."""

import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from pianotrans.audio import Block
from pianotrans.errors import PianotransError
from pianotrans.processes import ignore_interrupts, limit_threads, offer_to_die_first

if TYPE_CHECKING:
    from pianotrans.live.decisions import LiveEvent
    from pianotrans.live.fed import FedSource
    from pianotrans.live.hearing import LiveModel

    _Begun = tuple["Listen", FedSource]

_FULL_SCALE = 32768.0  # of samples of 16 bits


@dataclass(frozen=True)
class Listen:
    """To the worker: sound begins; it ends with the next `Listen` or `Hush`."""

    name: str  # of the sound, which its messages bear
    sample_rate: int  # Hz
    start_s: float = 0.0  # its time at the first sample


@dataclass(frozen=True)
class Sound:
    """To the worker: the next samples, of one channel, with 16 bits, little-endian."""

    samples: bytes


@dataclass(frozen=True)
class Hush:
    """To the worker: the sound is over."""


@dataclass(frozen=True)
class Awake:
    """The model is loaded."""


@dataclass(frozen=True)
class Struck:
    """A key or pedal goes down or, where there is an offset, has gone up."""

    number: int  # the key's, or minus the controller of a pedal
    onset_s: float
    offset_s: float | None
    velocity: int  # of a key
    confidence: float | None  # that something begins there


@dataclass(frozen=True)
class Listened:
    """What has become certain since the last message, and how far the sound is heard."""

    name: str
    heard_s: float
    struck: tuple[Struck, ...]


@dataclass(frozen=True)
class Deaf:
    """The worker cannot hear: there is no model or, where there is a trace, because of a bug."""

    error: str  # one line
    trace: str | None = None


LiveOrder = Listen | Sound | Hush
LiveNews = Awake | Listened | Deaf


def serve_previews(connection: "Connection[LiveNews, LiveOrder]", n_threads: int | None = None) -> None:
    """The main function of the process: hear one sound after another until the other side closes the pipe.

    It answers with `Deaf` and ends where it cannot. On the CPU, which a small model needs little of.
    """
    ignore_interrupts()
    limit_threads(n_threads)
    offer_to_die_first()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            from pianotrans.live.hearing import load_live_model

            model = load_live_model(device="cpu")
            model.warm_up(n_channels=1)
            connection.send(Awake())
            hear_all(connection, model)
        except PianotransError as error:
            connection.send(Deaf(" ".join(str(error).split())))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            trace = "".join(traceback.format_exception(error))
            connection.send(Deaf(f"unexpected {type(error).__name__}: {error}", trace))


def hear_all(connection: "Connection[LiveNews, LiveOrder]", model: "LiveModel") -> None:
    """Hear every sound that comes through a pipe, until that is closed.

    A thread empties the pipe, so that whoever writes never waits for the model. Sound that comes while the model is
    busy is kept for a few seconds, and then lost.
    """
    sounds: SimpleQueue[_Begun | None] = SimpleQueue()
    threading.Thread(target=_follow, args=(connection, sounds.put), name="orders", daemon=True).start()
    while (begun := sounds.get()) is not None:
        listen, source = begun
        for moment in model.sit(source).moments():
            struck = tuple(_struck(event, listen.start_s) for event in moment.events)
            connection.send(Listened(listen.name, listen.start_s + moment.heard_s, struck))


def _follow(connection: "Connection[LiveNews, LiveOrder]", begin: "Callable[[_Begun | None], None]") -> None:
    """Read orders until the pipe is closed: every sound that begins is told at once, and fed from then on."""
    from pianotrans.live.fed import FedSource

    source: FedSource | None = None
    with suppress(EOFError, OSError):
        while True:
            order = connection.recv()
            if isinstance(order, Sound):
                if source is not None:
                    source.write(_block(order.samples))
                continue
            if source is not None:
                source.stop()
                source = None
            if isinstance(order, Listen):
                source = FedSource(order.name, order.sample_rate, n_channels=1)
                begin((order, source))
    if source is not None:
        source.stop()
    begin(None)


def _block(samples: bytes) -> Block:
    return np.frombuffer(samples, "<i2").astype(np.float32)[None] / _FULL_SCALE


def _struck(event: "LiveEvent", start_s: float) -> Struck:
    from pianotrans.live.decisions import Begun

    if isinstance(event, Begun):
        return Struck(event.number, start_s + event.onset_s, None, event.velocity, event.confidence)
    played = event.played
    offset_s = start_s + played.offset_s
    velocity = getattr(played, "velocity", 0)
    return Struck(event.number, start_s + played.onset_s, offset_s, velocity, played.onset_confidence)
