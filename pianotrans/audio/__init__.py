"""Recordings to samples: decoding any file, in blocks, and resampling them.

Importing this package loads neither torch nor FFmpeg.
"""

from pianotrans.audio.arrays import from_array
from pianotrans.audio.encoding import MP3_RATE, encode_mp3, encode_pcm
from pianotrans.audio.find import AUDIO_SUFFIXES, OnRefused, find_audio
from pianotrans.audio.opening import AudioSource, check_file, open_audio
from pianotrans.audio.peaks import PEAKS_PER_S, PeakMeter
from pianotrans.audio.reader import AudioInfo, AudioReader
from pianotrans.audio.reading import Reading
from pianotrans.audio.resample import resample
from pianotrans.audio.samples import Block

__all__ = [
    "AUDIO_SUFFIXES",
    "MP3_RATE",
    "PEAKS_PER_S",
    "AudioInfo",
    "AudioReader",
    "AudioSource",
    "Block",
    "OnRefused",
    "PeakMeter",
    "Reading",
    "check_file",
    "encode_mp3",
    "encode_pcm",
    "find_audio",
    "from_array",
    "open_audio",
    "resample",
]
