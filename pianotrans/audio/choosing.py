"""Which decoder serves a file."""

from pianotrans.audio.chain import ChainDecoder
from pianotrans.audio.decoder import Decoder, NotDecodableError
from pianotrans.audio.ogg import OggLink
from pianotrans.audio.plainfile import PlainFile
from pianotrans.audio.reading import Reading
from pianotrans.audio.soundfile_decoder import SoundFileDecoder
from pianotrans.audio.tracks import no_track_error
from pianotrans.errors import AudioError
from pianotrans.remarks import Remark

Chosen = tuple[Decoder, list[Remark]]


def open_with_either(file: PlainFile, name: str, reading: Reading) -> Chosen:
    """Open a file with libsndfile, else with FFmpeg; if none can, the error is of the one that understood more."""
    refusal: AudioError | None = None
    try:
        decoder = SoundFileDecoder(file, name)
    except NotDecodableError:
        pass
    except AudioError as error:
        refusal = error
    else:
        return _with_one_track(decoder, name, reading)
    try:
        return open_with_ffmpeg(file, name, reading)
    except AudioError as error:
        if refusal is None:
            raise
        raise refusal from error


def open_with_ffmpeg(file: PlainFile, name: str, reading: Reading, link: OggLink | None = None) -> Chosen:
    """Open a file with FFmpeg; frames without a container are found here, and only decoded there.

    Raises AudioError for what is no recording.
    """
    from pianotrans.audio.demuxers import open_container  # 30 MB of libraries that most runs do not need
    from pianotrans.audio.pyav_decoder import PyAvDecoder
    from pianotrans.audio.raw_decoder import RAW_FORMATS, RawDecoder

    try:
        with open_container(file) as container:
            kind = container.format.name
        if kind in RAW_FORMATS:
            return _with_one_track(RawDecoder(file, name, kind), name, reading)
        decoder = PyAvDecoder(file, name, reading.track, None if link is None else link.is_intact)
        return decoder, decoder.remarks
    except NotDecodableError as error:
        file.seek(0)
        raise AudioError(f"{name}: {_not_decodable(file.read(12))}") from error


def open_link(file: PlainFile, link: OggLink, name: str, reading: Reading) -> Chosen:
    """Open one stream of an Ogg file, or several side by side.

    libsndfile ends a stream more exactly, but conceals it when pages are lost, and knows nothing of time stamps.
    """
    part = PlainFile(file, link.begin, link.end)
    if link.damages or link.jumps or link.n_streams > 1:
        chosen = open_with_ffmpeg(part, name, reading, link)
    else:
        chosen = open_with_either(part, name, reading)
    if link.is_cut and not reading.allow_damaged:
        chosen[0].close()
        raise _cut_error(name, chosen[0].duration_s)
    return chosen


def open_chain(file: PlainFile, links: list[OggLink], name: str, reading: Reading) -> Decoder:
    """Open Ogg streams that follow one another."""
    return ChainDecoder(len(links), lambda index: open_link(file, links[index], name, reading)[0])


def _with_one_track(decoder: Decoder, name: str, reading: Reading) -> Chosen:
    if reading.track is not None and reading.track > 1:
        decoder.close()
        raise no_track_error(reading.track, 1, name)
    return decoder, []


def _not_decodable(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "an MP4 file without a readable index (moov). The file looks truncated; re-export it."
    return "not an audio format that libsndfile or FFmpeg knows. Give a WAV, FLAC, MP3, M4A or other recording."


def _cut_error(name: str, decodable_s: float | None) -> AudioError:
    rest = "" if decodable_s is None else f", {decodable_s:.1f} s can be decoded"
    return AudioError(
        f"{name}: breaks off inside an Ogg page{rest}. "
        "The file looks truncated; re-export it, or pass --allow-damaged."
    )
