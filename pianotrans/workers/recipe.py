"""How to transcribe the recordings of a run: the model, its settings, and the output formats."""

import hashlib
import json
from dataclasses import asdict, dataclass

from pianotrans.audio import Reading
from pianotrans.errors import ModelError
from pianotrans.events import Cleaning, Fitting
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.inference.pedal_bias import check_pedal_bias
from pianotrans.inference.registry import CONFIG_FILE, ModelEntry, default_model, find_model
from pianotrans.inference.tuning import resolve_tuning
from pianotrans.score.settings import ScoreSettings
from pianotrans.workers.formats import DEFAULT_FORMAT

RESULTS_VERSION = 7
"""Increase this when the program starts to write different results from the same recording and model."""


@dataclass(frozen=True)
class Recipe:
    """The settings of a run; the `fingerprint` holds those that change its results."""

    formats: tuple[str, ...] = (DEFAULT_FORMAT,)
    fitting: Fitting = Fitting()  # noqa: RUF009 - frozen
    model: str | None = None
    device: str = "auto"  # changes only the seventh digit of times: not part of the fingerprint
    precision: str = "auto"
    hop_s: float | None = None
    tuning: str | float = "auto"  # or off, or cents
    pedal_bias: float = 0.0
    declip: bool = True
    reading: Reading = Reading()  # noqa: RUF009 - frozen
    max_duration_s: float | None = None  # refuse longer recordings: changes no result, not part of the fingerprint
    confidence: bool = True
    cleaning: Cleaning = Cleaning()  # noqa: RUF009 - frozen
    scoring: ScoreSettings | None = ScoreSettings()  # noqa: RUF009 - frozen; None makes no score
    midi: MidiSettings = MidiSettings()  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        """Raises UsageError for a tuning that is none, and for a bias out of range."""
        resolve_tuning(self.tuning)
        check_pedal_bias(self.pedal_bias)

    def fingerprint(self) -> str:
        """Everything that determines the results besides the recording, as one line of JSON.

        Raises ModelError for a model that is unknown or cannot be read. Does not load torch.
        """
        entry = find_model(self.model or default_model())
        return json.dumps(
            {
                "results_version": RESULTS_VERSION,
                "model": entry.name,
                "config": _sha256(entry, CONFIG_FILE),
                "weights": entry.weights_sha256 or _sha256(entry, entry.weights_path.name),
                "precision": self.precision,
                "hop_s": self.hop_s,
                "tuning": self.tuning,
                "pedal_bias": self.pedal_bias,
                "declip": self.declip,
                "formats": sorted(self.formats),
                "fitting": asdict(self.fitting),
                "reading": asdict(self.reading),
                "confidence": self.confidence,
                "cleaning": asdict(self.cleaning),
                "scoring": None if self.scoring is None else self.scoring.to_dict(),
                "midi": self.midi.to_dict(),
            },
            sort_keys=True,
        )


def _sha256(entry: ModelEntry, file: str) -> str:
    path = entry.folder / file
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}). "
            "Restore the model's folder, or pass --model with another one."
        ) from error
