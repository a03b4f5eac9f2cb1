"""Rooms as impulse responses: made of noise that dies away, or recorded.

Each begins with the direct sound, so that a recording played in it stays aligned with its MIDI.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio.find import find_audio
from pianotrans.audio.opening import open_audio
from pianotrans.audio.resample import resample
from pianotrans.audio.samples import Block
from pianotrans.errors import DatasetError

LONGEST_S = 1.5  # a response is cut there: what comes later is 60 dB down in all but cathedrals

_REVERBERATION_S = (0.2, 1.2)  # time in which the sound of the room falls by 60 dB
_GAP_S = (0.002, 0.025)  # from the direct sound to the first reflections
_DIRECT_DB = (-3.0, 15.0)  # power of the direct sound over that of the room
_DULL_HZ = (2000.0, 9000.0)  # walls and air swallow what lies above

Response = NDArray[np.float64]  # (n_channels, n)


def make_room(random: np.random.Generator, rate: int, n_channels: int) -> Response:
    """A random room; see `room_of`."""
    return room_of(
        random,
        rate,
        n_channels,
        reverberation_s=random.uniform(*_REVERBERATION_S),
        gap_s=random.uniform(*_GAP_S),
        direct_db=random.uniform(*_DIRECT_DB),
        dull_hz=random.uniform(*_DULL_HZ),
        longest_s=LONGEST_S,
    )


def room_of(
    random: np.random.Generator,
    rate: int,
    n_channels: int,
    *,
    reverberation_s: float,
    gap_s: float = 0.01,
    direct_db: float = 0.0,
    dull_hz: float = 5000.0,
    longest_s: float = np.inf,
) -> Response:
    """A room, each channel with reflections of its own; the direct sound is a single 1 at the beginning.

    Polack's model: Gaussian noise under an exponential envelope, dulled by a low-pass. It falls by 60 dB in
    `reverberation_s`; the first reflections come `gap_s` after the direct sound, whose power is `direct_db` over
    that of all reflections.
    """
    from scipy import signal

    gap = round(gap_s * rate)
    n = max(round(min(reverberation_s, longest_s) * rate), gap + 1)
    time_s = np.arange(n) / rate
    tail = random.standard_normal((n_channels, n)) * 10 ** (-3 * time_s / reverberation_s)
    tail = signal.lfilter(*signal.butter(1, min(dull_hz, 0.45 * rate), fs=rate), tail, axis=-1)
    tail[:, :gap] = 0
    power = np.mean(np.sum(tail**2, axis=-1))
    tail *= 10 ** (-direct_db / 20) / np.sqrt(power)
    tail[:, 0] = 1
    response: Response = tail
    return response


def play_in(samples: Block, response: Response) -> Block:
    """Samples (n_channels, n) in a room, (1 or n_channels, any length); what rings on behind their end is cut."""
    from scipy import signal

    played = signal.oaconvolve(samples, response.astype(np.float32), axes=-1)[:, : samples.shape[1]]
    return np.ascontiguousarray(played, np.float32)


def find_rooms(folder: Path) -> tuple[Path, ...]:
    """The recorded impulse responses in a folder. Raises DatasetError if there are none."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder of impulse responses. Check the path.")
    found = tuple(find_audio(folder))
    if not found:
        raise DatasetError(f"{folder}: holds no impulse responses. Give a folder of audio files.")
    return found


@lru_cache(maxsize=64)  # 1 MB each
def read_room(path: Path, rate: int) -> Response:
    """A recorded impulse response from its direct sound on, which is its highest peak, scaled to 1 there.

    Raises AudioError if it cannot be read, DatasetError if it is silent.
    """
    with open_audio(path) as reader:
        info = reader.info
        blocks = resample(reader.blocks(), info.sample_rate, rate, info.n_channels)
        response = np.concatenate([*blocks], axis=1).astype(np.float64)
    heights = np.abs(response).max(axis=0)
    direct = int(heights.argmax())
    if not heights[direct]:
        raise DatasetError(f"{path}: is silent, and so no impulse response. Remove it from its folder.")
    heard: Response = response[:, direct : direct + round(LONGEST_S * rate)] / heights[direct]
    heard.flags.writeable = False
    return heard
