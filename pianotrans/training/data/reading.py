"""A few seconds out of the middle of a recording, read by seeking."""

import numpy as np
import soundfile
import soxr

from pianotrans.audio import Block
from pianotrans.errors import DatasetError
from pianotrans.training.data.index import Recording

SOUGHT_FORMATS = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC"})
"""What libsndfile finds every sample of; lossy formats may be some samples off after a jump."""

_MARGIN_S = 0.02  # read on either side of what is resampled, for the filter to settle
_QUALITY = "HQ"  # as when a recording is transcribed


def read_samples(recording: Recording, begin: int, n: int) -> Block:
    """The samples `begin` to `begin + n` of a recording, (n_channels, n); zeros where there are none.

    Raises DatasetError if the file has gone or changed since it was prepared, or is damaged there.
    """
    samples = np.zeros((n, recording.n_channels), np.float32)
    first, last = max(begin, 0), min(begin + n, recording.n_samples)
    if first < last:
        try:
            with soundfile.SoundFile(recording.audio) as file:
                _check(recording, file)
                file.seek(first)
                n_read = len(file.read(out=samples[first - begin : last - begin]))
        except (soundfile.LibsndfileError, OSError) as error:
            raise DatasetError(
                f"{recording.name}: {recording.audio} cannot be read any more ({_reason(error)}). "
                "Is the data set where it was when it was prepared?"
            ) from error
        if n_read < last - first or not np.isfinite(samples).all():
            raise DatasetError(
                f"{recording.name}: {recording.audio} is damaged between {first / recording.sample_rate:.1f} s and "
                f"{last / recording.sample_rate:.1f} s. Copy it again, and prepare the data set anew."
            )
    return np.ascontiguousarray(samples.T)


def read_at_rate(recording: Recording, begin: int, n: int, rate: int, *, speed: float = 1.0) -> tuple[Block, float]:
    """`n` samples at `rate` Hz from about sample `begin` of a recording on, played `speed` times as fast.

    Returns them, (n_channels, n), and the exact moment of the recording, in seconds, at which they begin; it is
    that of `begin` within half a sample. Speed moves pitch and tempo together, as on a tape; it costs no more
    than the resampling, which a recording of another rate needs anyway. Raises what `read_samples` raises.
    """
    from_rate = recording.sample_rate * speed
    if from_rate == rate:
        return read_samples(recording, begin, n), begin / recording.sample_rate
    margin = round(_MARGIN_S * recording.sample_rate)
    lead = round(margin * rate / from_rate)  # the margin once it is resampled
    n_read = margin + int(np.ceil(n * from_rate / rate)) + margin
    samples = read_samples(recording, begin - margin, n_read)
    resampled = soxr.resample(samples.T, from_rate, rate, quality=_QUALITY)[lead : lead + n]
    start_s = (begin - margin) / recording.sample_rate + lead * speed / rate
    return np.ascontiguousarray(resampled.T), start_s


def _check(recording: Recording, file: soundfile.SoundFile) -> None:
    """Raise DatasetError unless the file is still what was prepared."""
    found = (file.samplerate, file.channels, file.frames)
    needed = (recording.sample_rate, recording.n_channels, recording.n_samples)
    if found != needed:
        raise DatasetError(
            f"{recording.name}: {recording.audio} has changed: rate, channels and samples are {found}, and were "
            f"{needed}. Prepare the data set anew."
        )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).rstrip(".")
