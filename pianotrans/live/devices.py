"""Microphones and line inputs, through PortAudio."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

from pianotrans.audio import Block
from pianotrans.errors import LiveError
from pianotrans.extras import require
from pianotrans.live.fed import FedSource
from pianotrans.live.timekeeping import Timekeeper

_PATIENCE_S = 3.0  # a device that gives nothing for so long has gone
_RATES = (48_000, 44_100, 32_000, 22_050, 16_000)
_MOST_CHANNELS = 2


class DeviceSource(FedSource):
    """An input of this machine. Open it with `open_device`."""

    def __init__(self, name: str, sample_rate: int, n_channels: int, timekeeper: Timekeeper | None = None):
        super().__init__(name, sample_rate, n_channels, patience_s=_PATIENCE_S, timekeeper=timekeeper)
        self._stream: Any = None

    def attach(self, stream: Any) -> None:
        """Take over a stream that calls `receive`, and start it with the first block that is asked for."""
        self._stream = stream

    def receive(self, samples: Any, _n_frames: int, _time: Any, _status: Any) -> None:
        """Called by PortAudio in its own thread, with (n_samples, n_channels); must not wait."""
        self.write(np.array(samples.T, np.float32, order="C"))

    def blocks(self) -> Iterator[Block]:
        """See `SoundSource`."""
        try:
            self._stream.start()
            yield from super().blocks()
        except _failures() as error:
            raise LiveError(f"{self.name}: failed ({_reason(error)}). Check that it is still connected.") from error

    def close(self) -> None:
        """See `SoundSource`."""
        with suppress(*_failures()):  # it may have gone already
            self._stream.close()


def open_device(wanted: str | None = None) -> DeviceSource:
    """Open an input: the default one, or that of a number or of a part of its name.

    It is opened at its own sample rate, or at another one if it refuses that.

    Raises ExtraError if sounddevice is not installed, LiveError if there is no such input or it cannot be opened.
    """
    sounddevice = _portaudio()
    unknown: tuple[type[Exception], ...] = (ValueError, *_failures())
    try:
        device = sounddevice.query_devices(_index_or_name(wanted), "input")
    except unknown as error:
        raise LiveError(_unknown(wanted, sounddevice)) from error
    n_channels = min(int(device["max_input_channels"]), _MOST_CHANNELS)
    refusals = []
    for rate in dict.fromkeys((round(device["default_samplerate"]), *_RATES)):
        source = DeviceSource(str(device["name"]), rate, n_channels)
        try:
            source.attach(
                sounddevice.InputStream(
                    samplerate=rate,
                    device=device["index"],
                    channels=n_channels,
                    dtype="float32",
                    latency="low",
                    callback=source.receive,
                )
            )
        except _failures() as error:
            refusals.append(_reason(error))
            continue
        return source
    raise LiveError(
        f"{device['name']}: cannot be opened ({refusals[0]}). Check that no other program uses it, and that "
        "this one may record sound."
    )


def list_devices() -> list[str]:
    """A line for each input: its number, name, channels and sample rate. Raises as `open_device`."""
    inputs = [device for device in _portaudio().query_devices() if device["max_input_channels"] > 0]
    return [
        f"{device['index']}: {device['name']} ({device['max_input_channels']} channels, "
        f"{device['default_samplerate']:g} Hz)"
        for device in inputs
    ]


def _portaudio() -> ModuleType:
    """The module sounddevice. Raises ExtraError without it, LiveError without the library that it needs."""
    if find_spec("sounddevice") is None:
        require("live")
    try:
        import sounddevice
    except OSError as error:
        raise LiveError(
            "PortAudio: not on this machine. Install the library (Debian, Ubuntu: apt install libportaudio2)."
        ) from error
    return sounddevice  # type: ignore[no-any-return]


def _failures() -> tuple[type[Exception], ...]:
    """What PortAudio raises, if it was loaded at all."""
    loaded = sys.modules.get("sounddevice")
    return (OSError,) if loaded is None else (OSError, loaded.PortAudioError)


def _index_or_name(wanted: str | None) -> int | str | None:
    return int(wanted) if wanted is not None and wanted.isdecimal() else wanted


def _unknown(wanted: str | None, sounddevice: ModuleType) -> str:
    names = [device["name"] for device in sounddevice.query_devices() if device["max_input_channels"] > 0]
    if not names:
        return "input: this machine has no microphone or line input. Connect one, or name a recording with --input."
    which = "the default input" if wanted is None else f"input {wanted!r}"
    return f"{which}: not found, or the name fits several. Give the number or name of one: {', '.join(names)}."


def _reason(error: Exception) -> str:
    return str(error.args[0] if error.args else error)
