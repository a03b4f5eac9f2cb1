"""Compressed audio and the sound of videos, through FFmpeg."""

import math
import re
from collections import deque
from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Disposition
from numpy.typing import NDArray

from pianotrans.audio.conversion import FrameConverter
from pianotrans.audio.decoder import Gap, no_samples_error
from pianotrans.audio.delays import usual_delay_samples
from pianotrans.audio.demuxers import CLOCKED, MATROSKA, MOV, open_container
from pianotrans.audio.frames import HEADER_BYTES, parse_mpeg
from pianotrans.audio.plainfile import PlainFile
from pianotrans.audio.samples import MAX_RATE, Block, in_blocks
from pianotrans.audio.structure import is_intact, matroska_is_cut
from pianotrans.audio.timeline import DAMAGE_JITTER_S, JITTER_S, Timeline
from pianotrans.audio.tracks import choose_track, track_remarks
from pianotrans.errors import AudioError

_SEEKABLE = frozenset({MATROSKA, MOV})
_PRE_ROLL_S = 2.0  # decoded before the place that was sought: codecs need some frames to come into step
_LEAST_SEEK_S = 10.0  # nearer places are reached as quickly by decoding
_MAX_LOST_BEGINNING_S = 60.0  # an Ogg that begins later was recorded from a radio station
_AFTERMATH_S = 1.0  # behind a damage, in which time stamps may be put right again
_MAX_JUMP_S = 3600.0  # a longer pause is a damaged time stamp
_RESTART_S = 1.0  # a clock of MPEG that goes back by more than this has been set anew
_MIN_ZEROS = 16  # bytes: a compressed packet that is longer and holds nothing else was never written

IsIntact = Callable[[int, int | None], bool]


class PyAvDecoder:
    """A `Decoder` of one audio track of everything that FFmpeg knows.

    Raises NotDecodableError for a format unknown to FFmpeg, AudioError for a file without decodable audio, or
    without the chosen track. `is_intact` may say better than the container whether nothing is damaged between two
    places in the file.
    """

    def __init__(
        self, file: PlainFile, name: str, track: int | None = None, is_intact: IsIntact | None = None
    ) -> None:
        self._file = file
        self._name = name
        self._given_is_intact = is_intact
        self._container = open_container(file)
        try:
            self._track = choose_track(self._container, track, name)
            self._start()
        except BaseException:
            self._container.close()
            raise

    def _start(self) -> None:
        self._kind: str = self._container.format.name
        self._stream = self._container.streams.audio[self._track - 1]
        self._codec = self._stream.codec_context.name if self._stream.codec_context else ""
        self.remarks = track_remarks(self._track, len(self._container.streams.audio))
        self._places: deque[int] = deque([0], maxlen=3)  # of the last packets, in bytes
        self._lost_s = 0.0  # what could not be decoded since the last frame
        self._is_suspect = False  # whether a packet since the last frame was marked as corrupt
        self._error = ""
        self._damage_ends = 0  # until this position time stamps are believed closely
        self._is_first_packet, self._states_delay, self._coded_as = True, False, self._codec
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            if not self._error:
                raise no_samples_error(self._name)
            raise AudioError(f"{self._name}: nothing could be decoded ({self._error}). Re-export it.")
        self._first = first
        self.sample_rate: int = first.sample_rate
        self.n_channels: int = first.layout.nb_channels
        if self._codec.startswith("dsd") and self.sample_rate > MAX_RATE:
            raise AudioError(
                f"{self._name}: DSD of {8e-6 * self.sample_rate:.1f} MHz. Convert it to PCM of at most 384 kHz."
            )
        self._converter = FrameConverter(first)
        self._set_clock()
        promised_s = self._read_promise()
        self._promised_s = None if promised_s is None else self._first_position / self.sample_rate + promised_s
        self.duration_s = self._promised_s

    @property
    def gaps(self) -> list[Gap]:
        """See `Decoder.gaps`."""
        return self._timeline.gaps

    def seek(self, start_s: float) -> float:
        """See `Decoder.seek`."""
        if start_s < _LEAST_SEEK_S or self._kind not in _SEEKABLE or self._ticks_per_sample is None:
            return 0.0
        position = round((start_s - _PRE_ROLL_S) * self.sample_rate)
        ticks = self._first_ticks + int((position - self._first_position) * self._ticks_per_sample)
        self._frames.close()
        self._container.seek(ticks, stream=self._stream)
        self._places = deque([0], maxlen=3)
        self._frames = self._decode()
        first = next(self._frames, None)
        reached = None if first is None else self._snapped_position(first)
        if first is None or reached is None or not 0 <= reached <= start_s * self.sample_rate:
            self._reopen()
            return 0.0
        self._first = first
        self._timeline = Timeline(self.sample_rate, reached)
        return reached / self.sample_rate

    def blocks(self) -> Iterator[Block]:
        """See `Decoder.blocks`."""
        yield from in_blocks(self._pieces(), self.sample_rate)
        if self._lost_s or not self._ends_intact():
            end_s = self._timeline.position / self.sample_rate
            self._timeline.gaps.append(Gap(end_s, end_s + (self._lost_s or math.inf), is_damage=True))

    def missing_s(self) -> float:
        """See `Decoder.missing_s`."""
        if self._promised_s is None:
            return 0.0
        missing_s = self._promised_s - self._timeline.position / self.sample_rate
        if self._kind == MATROSKA and missing_s > JITTER_S:
            # The header may speak of another track, or of a longer file that this one was cut from.
            is_whole = not matroska_is_cut(self._file) and self._ends_intact()
            return 0.0 if is_whole else missing_s
        return missing_s

    def close(self) -> None:
        """See `Decoder.close`."""
        self._frames.close()
        self._container.close()

    def _reopen(self) -> None:
        self.close()
        self._container = open_container(self._file)
        self._start()

    # What the container says

    def _read_promise(self) -> float | None:
        """The duration, where the header tells it; for other formats FFmpeg guesses (1 s too long in 20)."""
        stream, kind = self._stream, self._kind
        if kind == MATROSKA:
            tag = re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", ""))
            if tag:  # where the stream ends: 00:03:32.400000000
                hours, minutes, seconds = (float(part) for part in tag.groups())
                end_s = 3600 * hours + 60 * minutes + seconds
            elif self._container.duration and len(self._container.streams) == 1:
                end_s = self._container.duration / av.time_base
            else:
                return None
            return end_s - _seconds(stream.start_time, stream.time_base)
        trusted = kind in (MOV, "ogg", "flac", "caf")
        return _seconds(stream.duration, stream.time_base) if trusted and stream.duration else None

    def _set_clock(self) -> None:
        """Find out where the first frame belongs, and how time stamps turn into positions."""
        self._first_position = self._find_first_position()
        self._timeline = Timeline(self.sample_rate)
        self._first_ticks: int = self._first.pts or 0
        if self._error and self._stream.start_time is not None:  # frames were lost before the first one
            self._first_ticks = self._stream.start_time
        base = self._first.time_base or self._stream.time_base
        is_clocked = self._kind in CLOCKED and base and self._first.pts is not None
        self._ticks_per_sample: Fraction | None = 1 / (base * self.sample_rate) if base and is_clocked else None

    def _find_first_position(self) -> int:
        """Where the first frame begins, in samples from time 0, the earliest beginning of sound and pictures.

        Sound that is known to begin with what its encoder added begins behind that.
        """
        rate, stream = self.sample_rate, self._stream
        start_s = self._start_s(stream)
        may_be_lost = self._kind in (MATROSKA, "ogg") and JITTER_S < start_s < _MAX_LOST_BEGINNING_S
        if may_be_lost and not self._is_intact(0, self._places[-1]):
            return round(start_s * rate)
        delay_s = Fraction(0)
        if not self._states_delay:
            delay = usual_delay_samples(self._coded_as, self._first.samples)
            delay_s = Fraction(delay, 48_000 if self._codec == "opus" else rate)
        starts_s = [start_s + delay_s]
        for other in (*self._container.streams.video, *self._container.streams.audio):
            if other.start_time is not None and other.index != stream.index and not _is_picture(other):
                is_alike = other.type == "audio" and other.codec_context and other.codec_context.name == self._codec
                starts_s.append(self._start_s(other) + (delay_s if is_alike else 0))
        if self._kind == MOV and stream.frames and start_s > 0:
            starts_s.append(Fraction(0))  # an edit list that begins with nothing
        return round((start_s - min(starts_s)) * rate)

    def _start_s(self, stream: Any) -> Fraction:
        return Fraction(stream.start_time or 0) * (stream.time_base or 0)

    def _is_intact(self, begin: int, end: int | None) -> bool:
        if self._given_is_intact is not None:
            return self._given_is_intact(begin, end)
        return is_intact(self._kind, self._file, begin, end, self._stream.id)

    def _ends_intact(self) -> bool:
        """Whether nothing is damaged behind the last packets."""
        is_past_damage = self._timeline.position >= self._damage_ends
        return self._kind == "flac" or self._is_intact(self._places[0 if is_past_damage else -1], None)

    # From packets to samples

    def _decode(self) -> Generator[AudioFrame]:
        try:
            for packet in self._container.demux(self._stream):
                self._inspect(packet)
                try:
                    if _was_never_written(packet, self._codec):
                        raise av.InvalidDataError(0, "Invalid data found when processing input")
                    frames = self._stream.decode(packet)
                except MemoryError:
                    raise
                except av.FFmpegError as error:
                    self._note(error, _seconds(packet.duration, packet.time_base))
                else:
                    yield from (frame for frame in frames if frame.samples)
        except MemoryError:
            raise
        except av.FFmpegError as error:
            self._note(error, math.inf)

    def _inspect(self, packet: "Packet[Any]") -> None:
        if packet.pos is not None and packet.pos != self._places[-1]:
            self._places.append(packet.pos)
        self._is_suspect |= packet.is_corrupt
        if self._is_first_packet:
            self._is_first_packet = False
            header = parse_mpeg(bytes(packet)[:HEADER_BYTES]) if self._codec.startswith("mp3") else None
            self._coded_as = header.codec if header else self._codec  # FFmpeg takes all layers for the third
            is_early = packet.pts is not None and packet.pts < 0
            self._states_delay = is_early or packet.is_discard or packet.has_sidedata("skip_samples")

    def _note(self, error: av.FFmpegError, lost_s: float) -> None:
        self._error = self._error or str(error.strerror)
        self._lost_s += lost_s

    def _pieces(self) -> Iterator[NDArray[Any]]:
        for frame in chain([self._first], self._frames):
            if self._kind == "flac" and frame.pts is None:
                self._is_suspect = True  # made of damaged bytes: whole frames know their place
                continue
            for samples in self._converter.convert(frame):
                yield from self._place(samples, frame)
        for rest in self._converter.flush():
            yield from self._timeline.place(rest)

    def _place(self, samples: NDArray[Any], frame: AudioFrame) -> Iterator[NDArray[Any]]:
        position = self._position(frame)
        if position is None and frame is self._first and not self._timeline.position:
            position = self._first_position
        if position is None and self._kind == "avi":
            self._lost_s += self._skipped_s()
        if position is None and self._lost_s:
            yield from self._timeline.silence(samples, round(self._lost_s * self.sample_rate), is_damage=True)
        is_damage = False
        if position is not None:
            jump_s = (position - self._timeline.position) / self.sample_rate
            if abs(jump_s) > _MAX_JUMP_S or (self._kind in ("mpeg", "mpegts") and jump_s < -_RESTART_S):
                position = self._set_clock_anew(frame)
            else:
                is_damage = self._is_damage(jump_s)
        self._lost_s, self._is_suspect = 0.0, False
        yield from self._timeline.place(samples, position, is_damage=is_damage)

    def _is_damage(self, jump_s: float) -> bool:
        """Whether sound was lost where time stamps jump."""
        is_damage = self._lost_s > 0 or self._is_suspect or self._timeline.position < self._damage_ends
        if not is_damage and jump_s > DAMAGE_JITTER_S:
            is_damage = not self._is_intact(self._places[0], self._places[-1])
        if is_damage and abs(jump_s) > DAMAGE_JITTER_S:
            self._damage_ends = self._timeline.position + round(
                (max(0.0, jump_s) + _AFTERMATH_S) * self.sample_rate
            )
        return is_damage

    def _skipped_s(self) -> float:
        """How much sound went with the bytes that a demuxer of a format without time stamps has passed over."""
        begin, end = self._places[max(0, len(self._places) - 2)], self._places[-1]
        heard_s = self._timeline.position / self.sample_rate
        if not heard_s or self._is_intact(begin, end):
            return 0.0
        return heard_s * (end - begin) / begin

    def _set_clock_anew(self, frame: AudioFrame) -> int:
        self._first_ticks, self._first_position = frame.pts or 0, self._timeline.position
        return self._first_position

    def _position(self, frame: AudioFrame) -> int | None:
        """Where a frame belongs by its time stamp, in samples from time 0."""
        if self._ticks_per_sample is None or frame.pts is None:
            return None
        return self._first_position + round((frame.pts - self._first_ticks) / self._ticks_per_sample)

    def _snapped_position(self, frame: AudioFrame) -> int | None:
        """The position, put right where time stamps are rounded and all frames have one length."""
        position = self._position(frame)
        if position is None or self._ticks_per_sample is None or self._ticks_per_sample >= 1:
            return position
        end_of_first = self._first_position + self._first.samples
        snapped = end_of_first + round((position - end_of_first) / frame.samples) * frame.samples
        return snapped if abs(snapped - position) <= 1.1 / self._ticks_per_sample else position


def _was_never_written(packet: "Packet[Any]", codec: str) -> bool:
    """Whether a compressed packet is all zeros, as in a download that was not finished."""
    return packet.size > _MIN_ZEROS and not codec.startswith(("pcm", "dsd")) and not any(bytes(packet))


def _is_picture(stream: Any) -> bool:
    """Whether a stream of pictures is the cover of an album."""
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.still_image))


def _seconds(ticks: int | None, time_base: Fraction | None) -> float:
    return float((ticks or 0) * (time_base or 0))
