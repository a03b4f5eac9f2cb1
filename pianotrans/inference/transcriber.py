"""From a recording to a performance: the whole line of README §1 in one place."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from numpy.typing import ArrayLike

from pianotrans.audio import AudioReader, Block, Reading, from_array, open_audio, resample
from pianotrans.audio.declipping import Declipper
from pianotrans.errors import AudioError, Cancelled, ModelError
from pianotrans.events import Note, Pedal, Performance
from pianotrans.events.performance import PROGRAM
from pianotrans.inference.batching import batch_size_for, decode_in_batches
from pianotrans.inference.checkpoint import load_model
from pianotrans.inference.clock import Clock, no_clock
from pianotrans.inference.decoding import SegmentPaths
from pianotrans.inference.devices import resolve_device, resolve_precision
from pianotrans.inference.listening import CountedBlocks, remark_on_finding
from pianotrans.inference.pedal_bias import check_pedal_bias
from pianotrans.inference.pull import pull
from pianotrans.inference.registry import default_model, find_model
from pianotrans.inference.runners_up import choose_candidates
from pianotrans.inference.segments import SegmentPlan, cut
from pianotrans.inference.solo_piano import judge, remark_on_instrument
from pianotrans.inference.stitching import Event, Stitcher
from pianotrans.inference.times import Times
from pianotrans.inference.tuning import resolve_tuning, tuning_remark
from pianotrans.piano import PEDAL_KINDS
from pianotrans.remarks import Remark

_WHOLE = Reading()
AudioInput = str | os.PathLike[str] | BinaryIO | AudioReader | ArrayLike


@dataclass(frozen=True)
class Progress:
    """How far a transcription has come."""

    done_s: float  # the share of the work that is done, in seconds of the recording
    total_s: float | None  # its length; None where only decoding to the end would tell
    final_s: float = 0.0  # all notes and pedals that have ended by this time of the recording are decided


class CancelSignal(Protocol):
    """Anything that can be asked whether to stop; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether the work is to stop."""
        ...


class Transcriber:
    """A loaded model, ready for any number of recordings.

    Example:
        transcriber = Transcriber()
        for path in paths:
            transcriber.transcribe(path).save(path.with_suffix(".mid"))
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        device: str = "auto",
        hop_s: float | None = None,
        precision: str = "auto",
        confidence: bool = True,
        tuning: str | float = "auto",
        pedal_bias: float = 0.0,
        declip: bool = True,
        say: Callable[[str], None] = lambda _: None,
    ):
        """Load a model; the published weights are fetched the first time.

        Args:
            model: a name from `pianotrans models list`, or a model's folder; the default model if None.
            device: auto, cpu, cuda, cuda:N or mps.
            hop_s: seconds between the starts of two segments; the model's own if None. Longer is faster.
            precision: auto, float32, bfloat16 or float16, for the products of the network. auto takes fewer bits
                where the device is several times faster with them; float32 gives the same notes on every machine.
            confidence: find out how probable every note and pedal is, where notes may end otherwise, and which were
                nearly written, and judge by this whether the recording is solo piano; takes a twentieth more time.
            tuning: correct for a piano that is this many cents sharp, or flat if negative; auto estimates it, off
                takes every piano as it is.
            pedal_bias: added to the score of a held sustain pedal for every second, in units of log-probability.
                Where the pedal is read too rarely, 6.5 finds more of it.
            declip: restore peaks that were cut off before anything is transcribed; recordings without such peaks
                stay as they are to the bit.
            say: told, in one line, of a download.

        Raises:
            ModelError: the model is unknown, cannot be fetched, or is damaged.
            DeviceError: there is no such device or precision.
            UsageError: hop_s is not in (0, segment length], the tuning is not one, or the bias is out of range.
        """
        self.tuning_cents = resolve_tuning(tuning)
        self._hop_s = hop_s
        self.pedal_bias = check_pedal_bias(pedal_bias)
        self.declip = declip
        self.device = resolve_device(device)
        self.precision = resolve_precision(precision, self.device)
        self.confidence = confidence
        self.entry = find_model(model or default_model())
        self.plan = SegmentPlan.of(self.entry.config(), hop_s)
        if not self.entry.weights_path.exists():
            pull(self.entry, say=say)
        self.model = load_model(self.entry, self.device, self.precision)

    def transcribe(
        self,
        source: AudioInput,
        sample_rate: int | None = None,
        *,
        on_progress: Callable[[Progress], Any] | None = None,
        on_decided: Callable[[Note | Pedal], Any] | None = None,
        cancel: CancelSignal | None = None,
        reading: Reading = _WHOLE,
        clock: Clock = no_clock,
    ) -> Performance:
        """Transcribe one recording.

        Args:
            source: a path, a binary file object, a recording opened by `open_audio` (which stays open), or samples:
                (n,) or (channels, n), full scale 1.0 (integers: that of their type). Several channels are mixed in
                power.
            sample_rate: the rate of samples in Hz; files know their own.
            on_progress: called before the first and after every segment.
            on_decided: called with every note and pedal as it is decided, in the order of `stream`.
            cancel: looked at before every segment.
            reading: which part and track of a file to transcribe, and what to do if it is damaged.
            clock: times the stages of the work (see `inference.clock`).

        Raises:
            AudioError: the recording cannot be read to its end, or holds nothing.
            Cancelled: `cancel` was set.
        """
        with _open(source, sample_rate, reading) as reader:
            audio = CountedBlocks(reader, clock, keep_levels=self._judges_instrument)
            events = []
            for event in self._events(audio, on_progress or (lambda _: None), cancel, clock):
                events.append(event)
                if on_decided is not None and event.is_written:
                    on_decided(note_or_pedal(event, self._track_numbers))
        performance = performance_of(events, self._track_numbers, audio.info.origin_s + audio.duration_s)
        found = [*remark_on_finding(performance.n_notes, audio)] or [
            *self._remark_on_instrument(performance, audio)
        ]
        return replace(performance, remarks=(*reader.remarks, *found), made_by=self.made_by)

    def stream(
        self,
        source: AudioInput,
        sample_rate: int | None = None,
        *,
        on_progress: Callable[[Progress], Any] | None = None,
        cancel: CancelSignal | None = None,
        reading: Reading = _WHOLE,
    ) -> Iterator[Note | Pedal]:
        """The notes and pedals of a recording as they are decided, in memory that does not grow with its length.

        Each is final. They come key by key and segment by segment, so not sorted by onset, each as soon as it has
        ended before the next segment begins. Arguments and errors as in `transcribe`; an error that is met late
        comes after what was decided until then. The first events come when the tuning is known, after a minute of
        sound; its remark is among those of the recording, if `open_audio` opened it.
        """
        with _open(source, sample_rate, reading) as reader:
            audio = CountedBlocks(reader)
            for event in self._events(audio, on_progress or (lambda _: None), cancel):
                if event.is_written:
                    yield note_or_pedal(event, self._track_numbers)

    @property
    def made_by(self) -> str:
        """The program, the model, and those settings that its notes depend on, as the command line takes them."""
        words = [f"{PROGRAM} --model {self.entry.name}"]
        words += [] if self._hop_s is None else [f"--hop {self._hop_s:g}"]
        precision = str(self.precision).removeprefix("torch.")
        words += [] if precision == "float32" else [f"--precision {precision}"]
        if self.tuning_cents is not None:
            words.append(f"--tuning {self.tuning_cents:g}" if self.tuning_cents else "--tuning off")
        words += [f"--pedal-bias {self.pedal_bias:g}"] if self.pedal_bias else []
        words += [] if self.declip else ["--no-declip"]
        return " ".join(words)

    @property
    def _track_numbers(self) -> tuple[int, ...]:
        return self.model.config.tracks.numbers

    def _events(
        self,
        audio: CountedBlocks,
        on_progress: Callable[[Progress], Any],
        cancel: CancelSignal | None,
        clock: Clock = no_clock,
    ) -> Iterator[Event]:
        plan, info = self.plan, audio.info
        on_progress(Progress(0.0, info.duration_s))
        audio.detuning_cents = self._detuning_cents(audio)
        times = Times.of(audio.detuning_cents, info.origin_s)
        declipper = Declipper(info.n_channels)
        blocks = declipper.restore(audio) if self.declip else iter(audio)
        blocks = resample(blocks, info.sample_rate * times.rate, plan.sample_rate, info.n_channels)
        stitcher = Stitcher(plan, len(self._track_numbers))
        segments = self._until_cancelled(cut(blocks, info.n_channels, plan), info.name, cancel, times)
        batch_size = batch_size_for(self.device)
        decoded = decode_in_batches(
            self.model,
            segments,
            batch_size,
            with_confidence=self.confidence,
            pedal_bias=self.pedal_bias * plan.frame_duration_s,
            clock=clock,
        )
        tolerance_s = plan.frame_duration_s / 2
        for index, paths in enumerate(decoded):
            self._check(paths, index, info.name)
            with clock("attributes, stitching"):
                events = stitcher.push(paths.read(stitcher.start_frames))
            yield from times.of_recording(events, audio.duration_s, tolerance_s)
            final_s = min(times.recording_s(max(stitcher.final_s, 0.0)), info.origin_s + audio.duration_s)
            on_progress(Progress(self._done_s(index + 1, audio, times), info.duration_s, final_s))
        audio.remarks.extend(declipper.remarks())
        yield from times.of_recording(stitcher.finish(), audio.duration_s, tolerance_s)
        on_progress(Progress(audio.duration_s, audio.duration_s, info.origin_s + audio.duration_s))

    def _detuning_cents(self, audio: CountedBlocks) -> float:
        """How far the piano is off pitch, if that is to be corrected, which becomes a remark; otherwise 0."""
        if self.tuning_cents is None:
            tuning = audio.tuning()
            cents, sureness = (tuning.cents if tuning.is_off else 0.0), tuning.sureness
        else:
            cents, sureness = self.tuning_cents, None
        if cents:
            audio.remarks.append(tuning_remark(cents, sureness))
        return cents

    @property
    def _judges_instrument(self) -> bool:
        return self.confidence and self.entry.solo_piano is not None

    def _remark_on_instrument(self, performance: Performance, audio: CountedBlocks) -> Iterator[Remark]:
        weights, levels = self.entry.solo_piano, audio.levels
        if weights is not None and levels is not None:
            where = {"origin_s": audio.info.origin_s, "cents": audio.detuning_cents}
            yield from remark_on_instrument(judge(performance, levels, weights, **where))

    def _check(self, paths: SegmentPaths, index: int, name: str) -> None:
        """Raise ModelError for a segment of which the model makes no numbers."""
        if not paths.is_finite:
            start_s = max(self.plan.start_s(index), 0.0)
            raise ModelError(
                f"{name}: the model's scores of the segment at {start_s:.1f} s are not finite. "
                "Pass --precision float32, or another --model."
            )

    def _until_cancelled(
        self, segments: Iterator[Block], name: str, cancel: CancelSignal | None, times: Times
    ) -> Iterator[Block]:
        for index, samples in enumerate(segments):
            if cancel is not None and cancel.is_set():
                stopped_s = times.recording_s(max(self.plan.start_s(index), 0.0))
                raise Cancelled(f"{name}: stopped at {stopped_s:.1f} s, as asked.")
            yield samples

    def _done_s(self, n_segments: int, audio: CountedBlocks, times: Times) -> float:
        """Seconds done after `n_segments` segments: each counts the same, the padding at both ends included."""
        if audio.info.duration_s is None:
            return min(max(self.plan.start_s(n_segments) * times.rate, 0.0), audio.duration_s)
        n_all = self.plan.n_segments(round(audio.info.duration_s / times.rate * self.plan.sample_rate))
        return min(audio.info.duration_s * n_segments / n_all, audio.duration_s)


def transcribe(
    source: AudioInput,
    sample_rate: int | None = None,
    *,
    model: str | Path | None = None,
    device: str = "auto",
    on_progress: Callable[[Progress], Any] | None = None,
) -> Performance:
    """Transcribe one recording; see `Transcriber`, which is the way to do several without loading anew.

    The recording is decoded in your process. One that is damaged in a rare way can crash a decoder, and the process
    with it; the command line decodes in processes of its own.
    """
    return Transcriber(model, device=device).transcribe(source, sample_rate, on_progress=on_progress)


def _open(source: AudioInput, sample_rate: int | None, reading: Reading) -> AbstractContextManager[AudioReader]:
    if isinstance(source, AudioReader):
        if sample_rate is not None or reading != _WHOLE:
            raise AudioError(
                "sample_rate, reading: given together with a recording that is open already. "
                "Give them where you open it."
            )
        return nullcontext(source)
    if isinstance(source, str | os.PathLike) or hasattr(source, "read"):
        if sample_rate is not None:
            raise AudioError("sample_rate: given together with a file, which has its own. Leave it out.")
        return open_audio(source, reading)  # type: ignore[arg-type]
    if sample_rate is None:
        raise AudioError("sample_rate: missing. Samples in an array come without one; pass it in Hz.")
    if reading != _WHOLE:
        raise AudioError(f"{reading}: given together with samples. Pass the samples that you want.")
    return from_array(source, sample_rate)


def performance_of(events: Iterable[Event], track_numbers: Sequence[int], duration_s: float) -> Performance:
    """Notes and pedals of the events of a recording of `duration_s` seconds; `track_numbers` as in README §2."""
    written: list[Note | Pedal] = []
    near: list[Note | Pedal] = []
    for event in events:
        (written if event.is_written else near).append(note_or_pedal(event, track_numbers))
    notes = tuple(x for x in written if isinstance(x, Note))
    pedals = tuple(x for x in written if isinstance(x, Pedal))
    candidates = choose_candidates([x for x in near if isinstance(x, Note)], notes)
    return Performance(notes, pedals, duration_s, candidates=candidates)


def note_or_pedal(event: Event, track_numbers: Sequence[int]) -> Note | Pedal:
    """What an event is in music, given the number of every track: a key's, or minus a pedal's controller."""
    number = track_numbers[event.track]
    sureness = (event.confidence, event.onset_confidence)
    if number < 0:
        return Pedal(event.onset_s, event.offset_s, PEDAL_KINDS[-number], *sureness)
    # MIDI reads velocity 0 as "release", and the mode of the 128 classes may be 0
    velocity = max(event.velocity, 1)
    return Note(event.onset_s, event.offset_s, number, velocity, *sureness, event.other_offsets)
