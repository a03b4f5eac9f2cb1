"""MIDI ports: what becomes certain is sent to other programs at once."""

import sys
from importlib.util import find_spec
from typing import Any

from pianotrans.errors import LiveError
from pianotrans.extras import require
from pianotrans.live.decisions import Begun, LiveEvent

_NOTE_OFF, _NOTE_ON, _CONTROL = 0x80, 0x90, 0xB0  # on channel 1
_CLIENT = "pianotrans"


class MidiPort:
    """An output for events, open until `close`. Make it with `open_port`."""

    def __init__(self, output: Any):
        self._output = output
        self._sounding: set[int] = set()

    def send(self, event: LiveEvent) -> None:
        """Send a note on or off, or a pedal's controller. Raises LiveError if the port is gone."""
        if isinstance(event, Begun):
            self._sounding.add(event.number)
            self._send(_down(event.number, event.velocity))
        elif event.number in self._sounding:
            self._sounding.discard(event.number)
            self._send(_up(event.number))

    def close(self) -> None:
        """End what sounds, and close the port. Raises LiveError if it is gone."""
        for number in sorted(self._sounding):
            self._send(_up(number))
        self._sounding.clear()
        self._output.close_port()

    def _send(self, message: tuple[int, int, int]) -> None:
        try:
            self._output.send_raw(*message)
        except (RuntimeError, OSError, ValueError) as error:
            self._sounding.clear()
            raise LiveError(f"MIDI port: cannot be written any more ({error}).") from error


def open_port(name: str) -> MidiPort:
    """Open the output whose name holds `name`, or a new virtual one of that name, which other programs then see.

    Raises ExtraError if rtmidi2 is not installed, LiveError if this machine has no MIDI, or no virtual ports, as
    Windows has none.
    """
    if find_spec("rtmidi2") is None:
        require("live")
    import rtmidi2

    try:
        output = rtmidi2.MidiOut(_CLIENT)
        ports = list(output.ports)
        found = next((i for i, port in enumerate(ports) if name.lower() in port.lower()), None)
        if found is not None:
            output.open_port(found)
        elif sys.platform == "win32":
            there = f"There are: {', '.join(ports)}." if ports else "There is none."
            raise LiveError(
                f"MIDI port {name!r}: not found, and Windows has no virtual ports. Make one with a program such as "
                f"loopMIDI. {there}"
            )
        else:
            output.open_virtual_port(name)
    except (RuntimeError, OSError) as error:
        raise LiveError(
            f"MIDI port {name!r}: this machine's MIDI cannot be used ({error}). Leave --midi-port out."
        ) from error
    return MidiPort(output)


def _down(number: int, velocity: int) -> tuple[int, int, int]:
    return (_CONTROL, -number, 127) if number < 0 else (_NOTE_ON, number, velocity)


def _up(number: int) -> tuple[int, int, int]:
    return (_CONTROL, -number, 0) if number < 0 else (_NOTE_OFF, number, 0)
