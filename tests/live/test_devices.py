"""Inputs and MIDI ports, with stand-ins for PortAudio and RtMidi."""

import sys
import threading
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pianotrans.errors import ExtraError, LiveError
from pianotrans.events import Note, Pedal
from pianotrans.live import devices, fed
from pianotrans.live.decisions import Begun, Ended
from pianotrans.live.devices import list_devices, open_device
from pianotrans.live.ports import open_port
from pianotrans.live.sources import MOST_BEHIND_S

DEVICES = [
    {"index": 0, "name": "Loudspeaker", "max_input_channels": 0, "default_samplerate": 48000.0},
    {"index": 1, "name": "Built-in Microphone", "max_input_channels": 1, "default_samplerate": 48000.0},
    {"index": 2, "name": "Line In", "max_input_channels": 8, "default_samplerate": 96000.0},
]


class PortAudioError(Exception):
    pass


class FakePortAudio(ModuleType):
    """Enough of sounddevice; `plays` is called in a thread of its own once a stream starts."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.__spec__ = ModuleSpec("sounddevice", None)
        self.devices = DEVICES
        self.refused_rates: set[int] = set()
        self.plays: Any = lambda *_: None
        self.plays_at_once = False
        self.opened: list[dict[str, Any]] = []
        fake = self

        class InputStream:
            def __init__(self, **settings: Any):
                if settings["samplerate"] in fake.refused_rates:
                    raise PortAudioError("Invalid sample rate", -9997)
                self._settings = settings
                fake.opened.append(settings)

            def start(self) -> None:
                self._thread = threading.Thread(target=fake.plays, args=(self._settings["callback"], self))
                self._thread.start()
                if fake.plays_at_once:
                    self._thread.join()

            def close(self) -> None:
                self._thread.join()

        self.InputStream = InputStream

    def query_devices(self, wanted: int | str | None = None, kind: str | None = None) -> Any:
        if kind is None:
            return self.devices
        if wanted is None:
            wanted = 1
        found = [
            one for one in self.devices if wanted == one["index"] or str(wanted).lower() in one["name"].lower()
        ]
        if len(found) != 1 or not found[0]["max_input_channels"]:
            raise ValueError("no such device")
        return found[0]


@pytest.fixture
def portaudio(monkeypatch) -> FakePortAudio:
    fake = FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def say(callback, n_blocks: int, n_channels: int, value: float = 0.25) -> None:
    for _ in range(n_blocks):
        callback(np.full((480, n_channels), value, np.float32), 480, None, None)


def test_an_input_is_chosen_by_name_or_number(portaudio):
    assert [open_device(wanted).name for wanted in (None, "2", "line")] == [
        "Built-in Microphone",
        "Line In",
        "Line In",
    ]
    assert [(one["samplerate"], one["channels"], one["device"]) for one in portaudio.opened] == [
        (48000, 1, 1),
        (96000, 2, 2),
        (96000, 2, 2),
    ]
    assert [line[0] for line in list_devices()] == ["1", "2"]


def test_an_input_that_refuses_its_rate_is_opened_at_another(portaudio):
    portaudio.refused_rates = {96_000, 48_000}
    assert open_device("line").sample_rate == 44_100


@pytest.mark.parametrize("wanted", ["0", "7", "cello", "in"])
def test_an_unknown_input_is_refused_and_the_others_are_named(portaudio, wanted):
    with pytest.raises(LiveError, match=rf"'{wanted}'.*Built-in Microphone, Line In"):
        open_device(wanted)


def test_without_any_input(portaudio):
    portaudio.devices = DEVICES[:1]
    with pytest.raises(LiveError, match=r"--input"):
        open_device()


def test_without_permission(portaudio):
    portaudio.refused_rates = {*range(100_000)}
    with pytest.raises(LiveError, match=r"Built-in Microphone.*Invalid sample rate"):
        open_device()


def test_sound_comes_through_and_a_stopped_input_ends(portaudio):
    def plays(callback, _stream):
        say(callback, 10, 2)
        source.stop()

    portaudio.plays = plays
    source = open_device("line")
    sound = np.concatenate([*source.blocks()], axis=1)
    source.close()
    assert sound.shape == (2, 4800)
    assert (sound == 0.25).all()


def test_a_device_that_disappears_is_an_error(portaudio, monkeypatch):
    monkeypatch.setattr(devices, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(fed, "_WAIT_S", 0.01)
    portaudio.plays = lambda callback, _: say(callback, 10, 1)
    source = open_device()
    blocks = []
    with pytest.raises(LiveError, match=r"Built-in Microphone.*connected"):
        blocks.extend(source.blocks())
    source.close()
    assert sum(block.shape[1] for block in blocks) == 4800


def test_a_reader_that_is_late_loses_sound_and_time_goes_on(portaudio):
    def plays(callback, _stream):
        say(callback, 2000, 1)
        source.stop()

    portaudio.plays, portaudio.plays_at_once = plays, True
    source = open_device()
    sound = np.concatenate([*source.blocks()], axis=1)
    source.close()
    assert source.lost_s == pytest.approx(20.0 - MOST_BEHIND_S)
    assert sound.shape[1] == 960_000
    assert np.count_nonzero(sound) == MOST_BEHIND_S * 48_000


def test_without_the_library(monkeypatch):
    class Missing:
        """A finder for the module, which fails as sounddevice does without PortAudio."""

        @staticmethod
        def find_spec(name: str, *_: Any) -> ModuleSpec | None:
            return ModuleSpec(name, Missing()) if name == "sounddevice" else None

        @staticmethod
        def create_module(_: ModuleSpec) -> None:
            return None

        @staticmethod
        def exec_module(_: ModuleType) -> None:
            raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing, *sys.meta_path])
    with pytest.raises(LiveError, match=r"libportaudio2"):
        open_device()


def test_without_the_extra(monkeypatch):
    monkeypatch.setattr(devices, "find_spec", lambda _: None)
    monkeypatch.setattr("pianotrans.extras.find_spec", lambda _: None)
    with pytest.raises(ExtraError, match=r"sounddevice.*pip install"):
        open_device()


# MIDI


class FakeMidi(ModuleType):
    """Enough of rtmidi2."""

    def __init__(self, ports: list[str]):
        super().__init__("rtmidi2")
        self.__spec__ = ModuleSpec("rtmidi2", None)
        self.sent: list[tuple[int, ...]] = []
        self.opened: list[object] = []
        fake = self

        class MidiOut:
            def __init__(self, _client: str):
                self.ports = ports

            def open_port(self, index: int) -> None:
                fake.opened.append(index)

            def open_virtual_port(self, name: str) -> None:
                fake.opened.append(name)

            def send_raw(self, *message: int) -> None:
                if message[0] == 0x90 and message[1] == 99:
                    raise RuntimeError("gone")
                fake.sent.append(message)

            def close_port(self) -> None:
                fake.opened.append("closed")

        self.MidiOut = MidiOut


@pytest.fixture
def midi(monkeypatch) -> FakeMidi:
    fake = FakeMidi(["Synth 1", "Synth 2"])
    monkeypatch.setitem(sys.modules, "rtmidi2", fake)
    return fake


def test_events_become_messages_and_closing_ends_what_sounds(midi):
    port = open_port("synth 2")
    for event in (
        Begun(-64, 0.0, 127, 1.0),
        Begun(60, 0.0, 80, 1.0),
        Ended(60, Note(0.0, 1.0, 60, 80)),
        Begun(61, 0.0, 1, 1.0),
    ):
        port.send(event)
    port.close()
    assert midi.sent == [
        (0xB0, 64, 127),
        (0x90, 60, 80),
        (0x80, 60, 0),
        (0x90, 61, 1),
        (0xB0, 64, 0),
        (0x80, 61, 0),
    ]
    assert midi.opened == [1, "closed"]
    port.send(Ended(-64, Pedal(0.0, 1.0, "sustain")))
    assert len(midi.sent) == 6, "it was lifted already"


def test_a_port_of_no_name_is_a_virtual_one(midi, monkeypatch):
    open_port("piano")
    assert midi.opened == ["piano"]
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(LiveError, match=r"'piano'.*Synth 1, Synth 2"):
        open_port("piano")


def test_a_port_that_goes_is_an_error(midi):
    port = open_port("piano")
    with pytest.raises(LiveError, match=r"gone"):
        port.send(Begun(99, 0.0, 80, 1.0))
    port.close()


def test_a_machine_without_midi(midi, monkeypatch):
    def refuse(_: str) -> None:
        raise RuntimeError("no sequencer")

    monkeypatch.setattr(midi, "MidiOut", refuse)
    with pytest.raises(LiveError, match=r"no sequencer.*--midi-port"):
        open_port("piano")
