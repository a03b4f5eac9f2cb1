"""Recordings to samples: decoding any file, in blocks, and resampling them.

Importing this package loads neither torch nor FFmpeg.
"""

from pianotrans.audio.arrays import from_array
from pianotrans.audio.encoding import encode_mp3, encode_pcm
from pianotrans.audio.find import AUDIO_SUFFIXES, OnRefused, find_audio
from pianotrans.audio.opening import AudioSource, check_file, open_audio
from pianotrans.audio.reader import AudioInfo, AudioReader
from pianotrans.audio.reading import Reading
from pianotrans.audio.resample import resample
from pianotrans.audio.samples import Block

__all__ = [
    "AUDIO_SUFFIXES",
    "AudioInfo",
    "AudioReader",
    "AudioSource",
    "Block",
    "OnRefused",
    "Reading",
    "check_file",
    "encode_mp3",
    "encode_pcm",
    "find_audio",
    "from_array",
    "open_audio",
    "resample",
]
