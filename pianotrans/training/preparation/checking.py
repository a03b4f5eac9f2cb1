"""One recording of a data set: whether it can be trained on, and what is odd about it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from pianotrans.audio import AudioReader, Block, encode_pcm, open_audio, resample
from pianotrans.datasets import Pair, check_duration, file_of, knows_velocity, load_reference
from pianotrans.datasets.durations import TOLERANCE_S
from pianotrans.errors import DatasetError
from pianotrans.events import Durations, Performance, cut_at, extend_by_pedal
from pianotrans.files import make_folder, write_atomically
from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY
from pianotrans.training.data.event_arrays import EventArrays
from pianotrans.training.data.index import CACHE_FOLDER, Recording
from pianotrans.training.data.reading import SOUGHT_FORMATS

CACHE_RATE = 44_100  # Hz, of the published model

_LEAST_RATE = 16_000  # Hz: the model hears up to 8 kHz
_LEAST_NOTES = 20  # from this many notes on, a single velocity is no coincidence


@dataclass(frozen=True)
class PreparationSettings:
    """How a data set is prepared.

    `durations`: how long notes last; with `sounding` pedals are still learnt. `cache`: copy recordings that are not
    of 44.1 kHz, resampled; those that cannot be sought to the sample are copied anyway. `listen`: decode all of
    every recording, which finds damage and silence; without, only headers are read.
    """

    durations: Durations = Durations.keys
    cache: bool = False
    listen: bool = True


@dataclass(frozen=True)
class _Sound:
    """A file that can be read by seeking, and what is known of it."""

    path: Path
    sample_rate: int
    n_channels: int
    n_samples: int
    is_cached: bool

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sample_rate


class _Listener:
    """Counts the samples that pass, and finds their peak."""

    def __init__(self) -> None:
        self.n_samples = 0
        self.peak = 0.0

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            self.n_samples += block.shape[1]
            self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
            yield block


def prepare_recording(pair: Pair, out: Path, settings: PreparationSettings) -> Recording:
    """Check a recording and what was played in it; copy it below `out` where needed.

    Raises DatasetError, MidiError or AudioError, in one line with the name of a file, if it cannot be trained on;
    OutputError if its copy cannot be written.
    """
    performance, remarks = _played(pair)
    sound = _sound(pair, out, settings)
    remarks += _oddities(pair, sound, performance)
    performance = cut_at(performance, sound.duration_s)
    if settings.durations is Durations.sounding:
        performance = replace(performance, notes=extend_by_pedal(performance).notes)
    return Recording(
        name=pair.name,
        audio=sound.path,
        sample_rate=sound.sample_rate,
        n_channels=sound.n_channels,
        n_samples=sound.n_samples,
        split=pair.split or "",
        group=pair.group,
        events=EventArrays.of(performance),
        is_cached=sound.is_cached,
        source=source_of(pair, settings),
        remarks=tuple(remarks),
    )


def source_of(pair: Pair, settings: PreparationSettings) -> str:
    """What a recording is made from, and how: files by size and time. Raises DatasetError if one has gone."""
    files = []
    for path in (pair.audio, pair.midi):
        try:
            status = path.stat()
        except OSError as error:
            raise DatasetError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
        files.append([path.name, status.st_size, status.st_mtime_ns])
    stated = [pair.split, pair.group, pair.duration_s]
    return json.dumps([*files, *stated, settings.durations, settings.cache, settings.listen])


def _played(pair: Pair) -> tuple[Performance, list[str]]:
    """The notes of the piano's keys and the pedals, and what is odd about them."""
    if not knows_velocity(pair.midi):
        raise DatasetError(f"{pair.midi}: states neither velocities nor pedals. Give MIDI to train on.")
    remarks: list[str] = []
    performance = load_reference(pair.midi, say=remarks.append)
    notes = tuple(note for note in performance.notes if LOWEST_KEY <= note.key <= HIGHEST_KEY)
    if not notes:
        raise DatasetError(f"{pair.midi}: holds no notes within a piano's keys. Remove it from the data set.")
    if len(notes) < len(performance.notes):
        remarks.append(f"notes beyond a piano's keys are left out: {len(performance.notes) - len(notes)}")
    if len(notes) >= _LEAST_NOTES and len({note.velocity for note in notes}) == 1:
        remarks.append(f"all notes have the velocity {notes[0].velocity}, which would be learnt")
    return replace(performance, notes=notes), remarks


def _oddities(pair: Pair, sound: _Sound, performance: Performance) -> list[str]:
    """What is odd about a recording and its MIDI. Raises DatasetError where they cannot belong together."""
    last_s = max(note.onset_s for note in performance.notes)
    if last_s > sound.duration_s + TOLERANCE_S:
        raise DatasetError(
            f"{pair.audio}: lasts {sound.duration_s:.1f} s, but its MIDI has notes until {last_s:.1f} s. "
            "One of them is incomplete, or they do not belong together."
        )
    remarks = []
    if warning := check_duration(pair, sound.duration_s, performance.duration_s):
        remarks.append(warning.removeprefix(f"{pair.name}: "))
    if sound.sample_rate < _LEAST_RATE:
        remarks.append(f"at {sound.sample_rate} Hz the highest partials are missing")
    return remarks


def _sound(pair: Pair, out: Path, settings: PreparationSettings) -> _Sound:
    """The recording, or its copy if it needs one."""
    with open_audio(pair.audio) as reader:
        listener = _Listener()
        rate = reader.info.sample_rate
        if _can_be_sought(pair.audio) and not (settings.cache and rate != CACHE_RATE):
            n_samples = soundfile.info(pair.audio).frames
            if settings.listen:
                for _ in listener(reader.blocks()):
                    pass
                n_samples = listener.n_samples
            sound = _Sound(pair.audio, rate, reader.info.n_channels, n_samples, is_cached=False)
        else:
            sound = _copy(reader, listener, out / CACHE_FOLDER / file_of(pair.name, ".flac"))
    if listener.n_samples and not listener.peak:
        raise DatasetError(f"{pair.audio}: is silent from beginning to end. Copy it again.")
    return sound


def _can_be_sought(path: Path) -> bool:
    """Whether libsndfile finds every sample of a file."""
    try:
        return soundfile.info(path).format in SOUGHT_FORMATS
    except soundfile.LibsndfileError:
        return False


def _copy(reader: AudioReader, listener: _Listener, path: Path) -> _Sound:
    """Copy a recording to a FLAC file of 44.1 kHz."""
    rate, n_channels = reader.info.sample_rate, reader.info.n_channels
    blocks = resample(listener(reader.blocks()), rate, CACHE_RATE, n_channels)
    content, n_samples = encode_pcm(blocks, CACHE_RATE, n_channels)
    make_folder(path.parent)
    write_atomically(path, content, overwrite=True)
    return _Sound(path, CACHE_RATE, n_channels, n_samples, is_cached=True)
