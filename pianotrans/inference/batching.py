"""Segments in batches as large as the device's memory takes, and smaller ones where that is too much."""

from collections.abc import Iterable, Iterator
from itertools import islice

import torch

from pianotrans.audio import Block
from pianotrans.errors import DeviceError
from pianotrans.inference.clock import Clock, no_clock
from pianotrans.inference.decoding import SegmentPaths, decode_segments
from pianotrans.network import Model

# Peak of the published model for one segment without chunks: feed-forward, scorer and stem, rounded up.
_BYTES_PER_SEGMENT = 2**30
_LARGEST_BATCH = 32  # half a minute of audio a segment: more would only delay the progress bar


def batch_size_for(device: torch.device) -> int:
    """How many segments to decode at once: one on a CPU, on a GPU what fits into its free memory."""
    if device.type != "cuda":
        return 1
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return max(1, min(_LARGEST_BATCH, int(0.8 * free_bytes / _BYTES_PER_SEGMENT)))


def decode_in_batches(
    model: Model,
    segments: Iterable[Block],
    batch_size: int,
    *,
    with_confidence: bool = False,
    pedal_bias: float = 0.0,
    clock: Clock = no_clock,
) -> Iterator[SegmentPaths]:
    """Decode segments in order, `batch_size` at once; halves the batch whenever the device's memory runs out.

    Raises DeviceError if a single segment does not fit, or if the device fails.
    """
    iterator = iter(segments)
    while batch := list(islice(iterator, batch_size)):
        while batch:
            try:
                decoded = decode_segments(
                    model,
                    batch[:batch_size],
                    with_confidence=with_confidence,
                    pedal_bias=pedal_bias,
                    clock=clock,
                )
            except torch.OutOfMemoryError as error:
                if batch_size == 1:
                    raise DeviceError(
                        "device: its memory does not hold a single segment. Free some, or pass --device cpu."
                    ) from error
                batch_size = max(1, min(batch_size, len(batch)) // 2)
                continue
            except torch.AcceleratorError as error:
                reason = str(error.args[0]).splitlines()[0]
                raise DeviceError(f"device: failed ({reason}). Start again, or pass --device cpu.") from error
            del batch[: len(decoded)]
            yield from decoded
