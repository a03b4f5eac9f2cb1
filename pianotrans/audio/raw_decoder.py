"""Sound without a container, frame by frame: MP3 and its kin, AAC in ADTS, AC-3."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from pianotrans.audio.conversion import FrameConverter
from pianotrans.audio.decoder import Gap, NotDecodableError
from pianotrans.audio.delays import usual_delay_samples
from pianotrans.audio.frames import Junk, ParseHeader, SoundFrame, parse_ac3, parse_adts, parse_mpeg, walk
from pianotrans.audio.mp3_info import Mp3Info, parse_info
from pianotrans.audio.plainfile import PlainFile
from pianotrans.audio.samples import Block, in_blocks
from pianotrans.audio.tags import before_trailing_tags
from pianotrans.audio.timeline import Timeline
from pianotrans.errors import AudioError

_PARSERS: dict[str, ParseHeader] = {"mp3": parse_mpeg, "aac": parse_adts, "ac3": parse_ac3}
RAW_FORMATS = frozenset(_PARSERS)
"""FFmpeg's names of the formats that are read here."""
_PRE_ROLL_FRAMES = 20  # decoded before the place that was sought; frames of MP3 borrow from up to nine others
_MAX_ODD_BYTES = 4096  # before the first frame, or of zeros behind the last, that mean nothing
_MAX_ODD_END_S = 0.1  # behind the last frame
_N_TRIED = 100  # frames to find one that can be decoded
_N_HELD = 3  # frames: padding is no longer


@dataclass(frozen=True, slots=True)
class _Step:
    """A frame of which the samples from `begin` to `end` are heard, or without one so much silence."""

    frame: SoundFrame | None
    begin: int
    end: int


class RawDecoder:
    """A `Decoder` of frames that follow one another; files that were joined are read as one.

    Raises NotDecodableError if the file holds no frames, AudioError if none can be decoded.
    """

    def __init__(self, file: PlainFile, name: str, kind: str) -> None:
        self._file, self._parse = file, _PARSERS[kind]
        self._end = before_trailing_tags(file)
        frames = [one for one in islice(self._walk(), _N_TRIED) if isinstance(one, SoundFrame)]
        if not frames:
            raise NotDecodableError("no frames")
        self._first = frames[0]
        self._format = self._decode_any(frames, name)
        self._converter = FrameConverter(self._format)
        self._context = self._open_context()
        self.sample_rate = self._converter.sample_rate
        self.n_channels = self._converter.n_channels
        self._timeline = Timeline(self.sample_rate)
        self._n_missing = 0
        self._n_left_out = 0  # samples still to be left out of what a resampler gives
        self.duration_s = self._read_promise(parse_info(self._first))
        self._steps = self._find_steps()

    @property
    def gaps(self) -> list[Gap]:
        """See `Decoder.gaps`."""
        return self._timeline.gaps

    def seek(self, start_s: float) -> float:
        """See `Decoder.seek`. All headers before the place will be read, those of an hour in a few seconds."""
        start = round(start_s * self.sample_rate)
        position = 0
        before: deque[_Step] = deque(maxlen=_PRE_ROLL_FRAMES)
        for step in self._steps:
            before.append(step)
            position += step.end - step.begin
            if position > start:
                break
        self._steps = chain(before, self._steps)
        self._timeline.position = position - sum(step.end - step.begin for step in before)
        return self._timeline.position / self.sample_rate

    def blocks(self) -> Iterator[Block]:
        """See `Decoder.blocks`."""
        return in_blocks(self._pieces(), self.sample_rate)

    def missing_s(self) -> float:
        """See `Decoder.missing_s`."""
        return self._n_missing / self.sample_rate

    def close(self) -> None:
        """See `Decoder.close`."""

    def _decode_any(self, frames: list[SoundFrame], name: str) -> AudioFrame:
        """One of the frames, decoded: it tells the format, which the header of HE-AAC does not."""
        context = self._open_context()
        for frame in frames:
            try:
                for decoded in context.decode(av.Packet(frame.content)):
                    return decoded
            except MemoryError:
                raise
            except av.FFmpegError:
                continue
        raise AudioError(f"{name}: nothing could be decoded. Re-export it.")

    def _open_context(self) -> AudioCodecContext:
        context = av.CodecContext.create(self._first.header.codec, "r")
        assert isinstance(context, AudioCodecContext)
        return context

    def _walk(self) -> Iterator[SoundFrame | Junk]:
        return walk(self._file, self._parse, self._end)

    def _read_promise(self, info: Mp3Info | None) -> float | None:
        """The length in seconds that a header tells, unless it speaks of a part of the file."""
        if info is None or not info.n_frames:
            return None
        if info.n_bytes and self._end - self._first.position > 1.02 * info.n_bytes + _MAX_ODD_BYTES:
            return None
        n_samples = info.n_frames * self._first.header.n_samples - info.padding - self._delay(info)
        return max(1, n_samples) / self.sample_rate

    def _delay(self, info: Mp3Info | None) -> int:
        if info is not None and info.delay is not None:
            return info.delay
        return usual_delay_samples(self._first.header.codec, self._format.samples)

    def _open_part(self, info: Mp3Info | None, frame: SoundFrame) -> "_Part":
        """A part that begins with a frame; its lengths are put into the rate of the first one."""
        ratio = Fraction(self._first.header.sample_rate, frame.header.sample_rate)
        padding = 0 if info is None else info.padding
        n_told = None if info is None else info.n_frames
        return _Part(n_told, round(self._delay(info) * ratio), round(padding * ratio))

    def _mean_bytes(self, n_bytes: int, n_frames: int) -> float:
        """How many bytes of junk have replaced a frame; best known if the file tells how many frames it had."""
        mean = n_bytes / n_frames if n_frames else float(self._first.header.n_bytes)
        info = parse_info(self._first)
        if info is not None and info.n_frames:
            everything = list(self._walk())
            frames = [one for one in everything if isinstance(one, SoundFrame)]
            n_lost = info.n_frames - (len(frames) - 1)
            n_junk_bytes = sum(one.n_bytes for one in everything if isinstance(one, Junk))
            is_one_file = sum(parse_info(frame) is not None for frame in frames) == 1
            if is_one_file and 0.5 < mean * n_lost / n_junk_bytes < 2:  # else the end is missing, too
                return n_junk_bytes / n_lost
        return mean

    # What is heard

    def _find_steps(self) -> Iterator[_Step]:
        """Frames and gaps in order, without what encoders added."""
        part = self._open_part(None, self._first)
        is_first, n_bytes, n_frames = True, 0, 0
        for one in self._walk():
            if isinstance(one, Junk):
                if n_lost := self._n_lost(one, self._mean_bytes(n_bytes, n_frames), is_first=is_first):
                    yield from part.add(None, n_lost * self._n_samples(self._first), n_lost)
                continue
            info = parse_info(one)
            if info is not None:
                yield from part.finish()
                part = self._open_part(info, one)
            else:
                n_bytes, n_frames = n_bytes + one.header.n_bytes, n_frames + 1
                yield from part.add(one, self._n_samples(one), 1)
            is_first = False
        yield from part.finish()
        self._n_missing = part.n_missing * self._n_samples(self._first)

    def _n_samples(self, frame: SoundFrame) -> int:
        """The length of a frame in the format of the first one, in samples."""
        if frame.header is self._first.header:  # as most are: headers that were read before are found again
            return int(self._format.samples)
        doubling = self._format.samples / self._first.header.n_samples  # of the rate, in HE-AAC
        length = frame.header.n_samples * self._first.header.sample_rate / frame.header.sample_rate
        return round(doubling * length)

    def _n_lost(self, junk: Junk, mean_bytes: float, *, is_first: bool) -> int:
        """How many frames junk has replaced."""
        n_lost = round(junk.n_bytes / mean_bytes)
        is_last = junk.position + junk.n_bytes >= self._end
        is_odd = junk.n_bytes <= _MAX_ODD_BYTES and (is_first or (is_last and junk.is_zero))
        is_short = is_last and n_lost * self._n_samples(self._first) < _MAX_ODD_END_S * self.sample_rate
        return 0 if is_odd or is_short else n_lost

    def _pieces(self) -> Iterator[NDArray[Any]]:
        silent = np.zeros((self.n_channels, 1), np.float32)
        for step in self._steps:
            try:
                if step.frame is not None:
                    for decoded in self._context.decode(av.Packet(step.frame.content)):
                        yield from self._heard(step, decoded)
                    continue
                self._context.flush_buffers()
            except MemoryError:
                raise
            except av.FFmpegError:
                pass
            if step.end > step.begin:
                yield from self._timeline.silence(silent, step.end - step.begin, is_damage=True)
        for samples in self._converter.flush():
            yield from self._timeline.place(samples)

    def _heard(self, step: _Step, decoded: AudioFrame) -> Iterator[NDArray[Any]]:
        is_resampled = decoded.sample_rate != self.sample_rate
        if is_resampled:  # a resampler gives later and in other pieces what it takes
            self._n_left_out += step.begin
        for samples in self._converter.convert(decoded):
            n_left_out = min(self._n_left_out, samples.shape[1])
            self._n_left_out -= n_left_out
            yield from self._timeline.place(
                samples[:, n_left_out:] if is_resampled else samples[:, step.begin : step.end]
            )


class _Part:
    """One of the files that were joined: what is heard of it, frame by frame."""

    def __init__(self, n_told: int | None, delay: int, padding: int) -> None:
        self._n_told = n_told
        self._padding = padding
        self._delay = delay  # samples that are still to be left out
        self._n_frames = 0
        self._held: list[
            _Step
        ] = []  # the last frames of those that were told; only then is it known whether all are

    @property
    def n_missing(self) -> int:
        """How many frames were told and did not come."""
        return max(0, (self._n_told or 0) - self._n_frames)

    def add(self, frame: SoundFrame | None, n_samples: int, n_frames: int) -> Iterator[_Step]:
        """Take a frame, or none for some that were lost; give those of which it is known what is heard."""
        n_left_out = min(self._delay, n_samples)
        self._delay -= n_left_out
        self._n_frames += n_frames
        self._held.append(_Step(frame, n_left_out, n_samples))
        while self._held and (self._n_told is None or self._n_frames > self._n_told or len(self._held) > _N_HELD):
            yield self._held.pop(0)

    def finish(self) -> Iterator[_Step]:
        """The last frames, without padding if they are the ones that were told."""
        padding = self._padding if self._n_frames == self._n_told else 0
        kept: list[_Step] = []
        for step in reversed(self._held):
            n_cut = min(padding, step.end - step.begin)
            padding -= n_cut
            kept.append(_Step(step.frame, step.begin, step.end - n_cut))
        self._held = []
        yield from reversed(kept)
