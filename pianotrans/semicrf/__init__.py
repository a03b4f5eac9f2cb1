"""The semi-Markov conditional random field on closed intervals. It knows nothing of pianos.

One axis order everywhere: [track, begin, end].
"""

from pianotrans.semicrf.device import decode_on_device
from pianotrans.semicrf.partition import log_partition, marginals
from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.viterbi import BestMoves, decode, decode_factored

__all__ = [
    "BestMoves",
    "IntervalScores",
    "decode",
    "decode_factored",
    "decode_on_device",
    "log_partition",
    "marginals",
]
