"""What happens to the level of a recording, and to its channels. Nothing here moves in time."""

import numpy as np

from pianotrans.audio.samples import Block

_FULL_SCALE = 2**15

_RELEASE_S = 0.1  # in which a compressor forgets what was loud
_RATIO = 4.0
_QUIETEST = 1e-12  # power: -120 dB


def store_at(samples: Block, gain_db: float) -> Block:
    """The loudest sample `gain_db` over full scale, or under it, stored with 16 bits: what is over is clipped."""
    peak = np.abs(samples).max(initial=0.0)
    if not peak:
        return samples
    stored = np.rint(samples * (10 ** (gain_db / 20) * _FULL_SCALE / peak))
    return np.asarray(np.clip(stored, -_FULL_SCALE, _FULL_SCALE - 1) / _FULL_SCALE, np.float32)


def compress(samples: Block, rate: int) -> Block:
    """What is louder than the mean goes up by a quarter of its decibels only, as in telephones and cameras."""
    from scipy import signal

    power = np.mean(np.square(samples, dtype=np.float64), axis=0)
    threshold = np.mean(power)
    kept = np.exp(-1 / (_RELEASE_S * rate))
    level = signal.lfilter([1 - kept], [1, -kept], power)
    over = np.maximum(level / max(threshold, _QUIETEST), 1)
    return np.asarray(samples * over ** ((1 / _RATIO - 1) / 2), np.float32)


def leave_one_channel(samples: Block) -> Block:
    """The first channel; the others, of which a mono recording gets one, are silent."""
    left = _at_least_two(samples).copy()
    left[1:] = 0
    return left


def invert_a_channel(samples: Block) -> Block:
    """The last channel with its sign turned; a mono recording gets it as a second one, so that they cancel out."""
    turned = _at_least_two(samples).copy()
    turned[-1] *= -1
    return turned


def _at_least_two(samples: Block) -> Block:
    return np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples
