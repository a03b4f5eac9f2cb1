"""Recordings as they would sound in other rooms, tunings and mixes (README §9).

What happens to a chunk is drawn first, as a `Treatment`. Each kind has a random generator of its own, so that
switching one off leaves the others as they are.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio import Block
from pianotrans.audio.degradation.codecs import Codec
from pianotrans.audio.degradation.filters import BANDS_HZ, equalise
from pianotrans.audio.degradation.noise import Key, Noise, make_noise
from pianotrans.audio.degradation.rooms import Response, find_rooms, make_room, play_in, read_room
from pianotrans.errors import DatasetError

_EQUALISER_TAIL_S = 0.1  # the lowest band has fallen by 60 dB
_NOISE_SLOPES = (0.0, 1.5)  # of power over frequency: from white to between pink and brown

_PITCH, _DOWNMIX, _EQUALISER, _ROOM, _NOISE, _CODEC = range(1, 7)  # generators; 0 is the chunk's own


@dataclass(frozen=True)
class AugmentationSettings:
    """How often each kind happens to a chunk, from 0 (off) to 1 (always), and how strongly."""

    pitch: float = 1.0
    pitch_semitones: float = 0.2  # at most, up or down
    downmix: float = 0.5
    equaliser: float = 0.5
    equaliser_db: float = 3.0  # at most, in each of seven bands
    room: float = 0.3
    room_folder: str = ""  # with impulse responses; empty: rooms are simulated
    noise: float = 0.5
    noise_lowest_db: float = 3.0  # signal to noise
    noise_highest_db: float = 40.0
    codec: float = 0.0  # MP3 or Ogg Vorbis, of any quality

    def __post_init__(self) -> None:
        for name in ("pitch", "downmix", "equaliser", "room", "noise", "codec"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise DatasetError(f"augmentation.{name}: {value} given; a probability from 0 to 1 is needed.")
        for name in ("pitch_semitones", "equaliser_db"):
            if not 0 <= getattr(self, name) <= 24:
                raise DatasetError(f"augmentation.{name}: {getattr(self, name)} given; 0 to 24 is possible.")
        if not self.noise_lowest_db <= self.noise_highest_db:
            raise DatasetError(
                f"augmentation.noise_lowest_db: {self.noise_lowest_db} given, which is above noise_highest_db "
                f"({self.noise_highest_db}). Swap them."
            )

    @classmethod
    def nothing(cls) -> "AugmentationSettings":
        """Everything switched off."""
        return cls(pitch=0, downmix=0, equaliser=0, room=0, noise=0, codec=0)


@dataclass(frozen=True, eq=False)
class Treatment:
    """What happens to one chunk. The speed is for whoever reads it; the rest happens in `apply`."""

    rate: int
    speed: float = 1.0
    weights: NDArray[np.float64] | None = None  # (n_channels,), of a mix to one channel
    response: Response | None = None  # (1 or n_channels, n): room and equaliser in one
    noise: Noise | None = None
    codec: Codec | None = None

    @property
    def n_lead(self) -> int:
        """How many samples before the chunk `apply` needs, for what still rings when it begins."""
        return 0 if self.response is None else self.response.shape[1] - 1

    def apply(self, samples: Block) -> Block:
        """The chunk, (n_channels or 1, n), from (n_channels, n_lead + n) samples of which the first lead in."""
        if self.weights is not None:
            samples = np.asarray(self.weights @ samples, np.float32)[None]
        if self.response is not None:
            samples = play_in(samples, self.response)[:, self.n_lead :]
        if self.noise is not None:
            samples = np.asarray(samples + make_noise(self.noise, samples, self.rate), np.float32)
        if self.codec is not None:
            samples = self.codec.pass_through(samples, self.rate)
        return np.ascontiguousarray(samples, np.float32)


class Augmentation:
    """Draws what happens to chunks at a sample rate. Raises DatasetError if the folder of rooms holds none."""

    def __init__(self, settings: AugmentationSettings, rate: int) -> None:
        self.settings = settings
        self.rate = rate
        wanted = settings.room and settings.room_folder
        self._rooms = find_rooms(Path(settings.room_folder)) if wanted else ()

    def draw(self, key: Key, n_channels: int) -> Treatment:
        """Draw what happens to the chunk of this key, which has `n_channels`; a pure function of the two."""
        random = self._happening(key, _DOWNMIX, self.settings.downmix)
        weights = None if random is None else random.dirichlet(np.ones(n_channels))
        return Treatment(
            self.rate,
            speed=self._speed(key),
            weights=weights,
            response=self._response(key, n_channels if weights is None else 1),
            noise=self._noise(key),
            codec=self._codec(key),
        )

    def _happening(self, key: Key, kind: int, probability: float) -> np.random.Generator | None:
        """The random generator of one kind, if that kind happens to this chunk."""
        random = np.random.default_rng([*key, kind])
        return random if random.random() < probability else None

    def _speed(self, key: Key) -> float:
        random = self._happening(key, _PITCH, self.settings.pitch)
        most = self.settings.pitch_semitones
        return 1.0 if random is None else float(2 ** (random.uniform(-most, most) / 12))

    def _response(self, key: Key, n_channels: int) -> Response | None:
        """Room and equaliser are both linear: the equaliser is applied to the room, and one response is left."""
        in_room = self._happening(key, _ROOM, self.settings.room)
        equalised = self._happening(key, _EQUALISER, self.settings.equaliser)
        response = None if in_room is None else self._room(in_room, n_channels)
        if equalised is None:
            return response
        dry = np.ones((1, 1)) if response is None else response
        most = self.settings.equaliser_db
        gains_db = equalised.uniform(-most, most, len(BANDS_HZ))
        return equalise(np.pad(dry, ((0, 0), (0, round(_EQUALISER_TAIL_S * self.rate)))), gains_db, self.rate)

    def _room(self, random: np.random.Generator, n_channels: int) -> Response:
        if not self._rooms:
            return make_room(random, self.rate, n_channels)
        response = read_room(self._rooms[random.integers(len(self._rooms))], self.rate)
        return response[np.arange(n_channels) % len(response)]

    def _noise(self, key: Key) -> Noise | None:
        random = self._happening(key, _NOISE, self.settings.noise)
        if random is None:
            return None
        level_db = random.uniform(self.settings.noise_lowest_db, self.settings.noise_highest_db)
        return Noise(level_db, random.uniform(*_NOISE_SLOPES), (*key, _NOISE, 1))

    def _codec(self, key: Key) -> Codec | None:
        random = self._happening(key, _CODEC, self.settings.codec)
        return None if random is None else Codec.draw(random, self.rate)
