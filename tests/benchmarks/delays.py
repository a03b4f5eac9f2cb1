"""By how much every codec in every container comes late: the table in pianotrans/audio/README.md.

    python -m tests.benchmarks.delays

writes clicks and notes through all that PyAV and libsndfile write here, reads them, and prints the table.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pianotrans.audio import open_audio
from tests.audio.recordings import encode, lag, notes, write

RATE = 48_000
DURATION_S = 3.0


@dataclass(frozen=True)
class Case:
    """A codec in a container. Without a codec libsndfile writes it."""

    container: str  # as people call it
    codec: str
    suffix: str
    form: str | None = None  # FFmpeg's container
    encoder: str | None = None
    known: str = "none"  # where the delay comes from
    late_ms: float = 0.0  # what remains
    options: dict[str, str] = field(default_factory=dict)

    @property
    def row(self) -> str:
        """The row of the table."""
        remains = "0" if self.late_ms == 0 else f"{self.late_ms:+.1f} ms"
        return f"| {self.container} | {self.codec} | {self.known} | {remains} |"


_FILE, _AAC, _MP3, _AC3 = "stated by the file", "usual: one frame", "usual: 1105 samples", "usual: 256 samples"
_FRAGMENTED = {"movflags": "empty_moov+frag_keyframe+default_base_moof", "frag_duration": "500000"}

CASES = (
    *(Case(name, "PCM", name.lower()) for name in ("WAV", "W64", "RF64", "AIFF", "AU", "CAF")),
    Case("FLAC", "FLAC", "flac"),
    Case("Ogg", "Vorbis", "ogg", known=_FILE),
    Case("Ogg", "Opus", "opus", known=_FILE),
    Case("MP3 with LAME tag", "MP3", "mp3", "mp3", "libmp3lame", _FILE),
    Case("MP3 without tag", "MP3", "mp3", "mp3", "libmp3lame", _MP3, options={"write_xing": "0"}),
    Case("MP2", "MP2", "mp2", "mp2", "mp2", "usual: 481 samples"),
    Case("ADTS", "AAC", "aac", "adts", "aac", _AAC),
    Case("AC-3", "AC-3", "ac3", "ac3", "ac3", _AC3),
    Case("E-AC-3", "E-AC-3", "eac3", "eac3", "eac3", _AC3),
    *(Case("MP4", name, "mp4", "mp4", coder, _FILE) for name, coder in (("AAC", "aac"), ("AC-3", "ac3"))),
    *(
        Case("MP4", name, "mp4", "mp4", coder, _FILE)
        for name, coder in (("MP3", "libmp3lame"), ("Opus", "libopus"))
    ),
    *(Case("MP4", name, "mp4", "mp4", coder) for name, coder in (("FLAC", "flac"), ("ALAC", "alac"))),
    Case("MP4, fragmented", "AAC", "mp4", "mp4", "aac", _AAC, options=_FRAGMENTED),
    Case("MOV", "AAC", "mov", "mov", "aac", _FILE),
    Case("MOV", "PCM", "mov", "mov", "pcm_s24le"),
    *(Case("Matroska", name, "mkv", "matroska", coder, _FILE) for name, coder in (("AAC", "aac"), ("AC-3", "ac3"))),
    *(
        Case("Matroska", name, "mkv", "matroska", coder, _FILE)
        for name, coder in (("MP3", "libmp3lame"), ("MP2", "mp2"))
    ),
    *(Case("Matroska", name, "mkv", "matroska", coder) for name, coder in (("FLAC", "flac"), ("PCM", "pcm_s16le"))),
    Case("WebM", "Opus", "webm", "webm", "libopus", _FILE),
    *(
        Case("MPEG-TS", name, "ts", "mpegts", coder, how)
        for name, coder, how in (("AAC", "aac", _AAC), ("AC-3", "ac3", _AC3))
    ),
    Case("MPEG-TS", "MP3", "ts", "mpegts", "libmp3lame", _MP3),
    Case("MPEG-TS", "MP2", "ts", "mpegts", "mp2", "usual: 481 samples"),
    Case("MPEG-TS", "Opus", "ts", "mpegts", "libopus", "usual: 312 samples"),
    Case("MPEG-PS", "MP2", "mpg", "mpeg", "mp2", "usual: 481 samples"),
    Case("MPEG-PS", "AC-3", "mpg", "mpeg", "ac3", _AC3),
    Case("FLV", "AAC", "flv", "flv", "aac", _AAC),
    Case("FLV", "MP3", "flv", "flv", "libmp3lame", _MP3),
    Case("AVI", "MP3", "avi", "avi", "libmp3lame", _MP3),
    Case("AVI", "AAC", "avi", "avi", "aac", _AAC),
    Case("AVI", "PCM", "avi", "avi", "pcm_s16le"),
    Case("WAV", "MP3", "wav", "wav", "libmp3lame", _MP3),
    Case("ASF", "AAC", "asf", "asf", "aac", _AAC),
    Case("ASF (FFmpeg's encoder)", "WMA", "wma", "asf", "wmav2", "FFmpeg's decoder", -42.7),
    Case("Ogg", "FLAC", "oga", "ogg", "flac"),
    Case("WavPack", "WavPack", "wv", "wv", "wavpack"),
    Case("TTA", "TTA", "tta", "tta", "tta"),
)

HEADER = "| container | codec | delay of the encoder | onsets are late by |\n|---|---|---|---|"


def late_ms(case: Case, folder: Path) -> float:
    """By how many milliseconds sound is heard late."""
    played = notes(DURATION_S, RATE)
    path = folder / f"take.{case.suffix}"
    if case.encoder is None:
        write(path, played, RATE)
    else:
        encode(path, played, RATE, case.encoder, case.form, case.options)
    with open_audio(path) as reader:
        heard = np.concatenate(list(reader.blocks()), axis=1)
    return 1000 * lag(heard, played) / RATE


def main() -> None:
    """Print the table, with what was measured where it differs from what is told."""
    print(HEADER)
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            measured = late_ms(case, Path(folder))
            told = "" if abs(measured - case.late_ms) <= 1 else f" measured: {measured:+.1f} ms"
            print(case.row + told)


if __name__ == "__main__":
    main()
