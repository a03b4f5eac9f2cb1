"""The silence that encoders put before the sound, for files that do not state it.

A transform codec spreads every sample over several frames, so a decoder begins with sound that was never recorded.
Most containers say how many; raw streams, MPEG-TS, FLV, AVI and fragmented MP4 do not.
"""

ADTS_DELAY_FRAMES = 1  # 1024 samples of AAC-LC, as FFmpeg's encoder has it; Apple's has 2112, Fraunhofer's 2048
MP3_DECODER_SAMPLES = 529  # of every decoder of layer III
MP3_DELAY_SAMPLES = MP3_DECODER_SAMPLES + 576  # LAME's, like that of most encoders

_DELAY_SAMPLES = {
    "mp3": MP3_DELAY_SAMPLES,
    "mp3float": MP3_DELAY_SAMPLES,
    "mp2": 481,  # of the filters of analysis and synthesis
    "mp2float": 481,
    "ac3": 256,
    "eac3": 256,
    "opus": 312,  # at 48 kHz: libopus' look-ahead
}


def usual_delay_samples(codec: str, frame_samples: int) -> int:
    """By how many samples a codec's sound usually comes late, at the rate of the sound; 0 where nothing is usual.

    `frame_samples` is the length of the codec's frames, which is twice as long in HE-AAC.
    """
    return ADTS_DELAY_FRAMES * frame_samples if codec == "aac" else _DELAY_SAMPLES.get(codec, 0)
