"""The semi-Markov conditional random field on closed intervals. It knows nothing of pianos.

One axis order everywhere: [track, begin, end].
"""

from pianotrans.semicrf.confidence import Confidence, confidence_under
from pianotrans.semicrf.likelihood import log_partition_factored
from pianotrans.semicrf.likely import LEAST_LIKELY, LikelyIntervals
from pianotrans.semicrf.posterior import Posterior
from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.states import decode_states
from pianotrans.semicrf.stepwise import decode_stepwise, decode_stepwise_with_confidence
from pianotrans.semicrf.stepwise_torch import decode_stepwise_on_device
from pianotrans.semicrf.viterbi import BestMoves, decode, decode_factored, decode_with_confidence
from pianotrans.semicrf.viterbi_torch import decode_on_device

__all__ = [
    "LEAST_LIKELY",
    "BestMoves",
    "Confidence",
    "IntervalScores",
    "LikelyIntervals",
    "Posterior",
    "confidence_under",
    "decode",
    "decode_factored",
    "decode_on_device",
    "decode_states",
    "decode_stepwise",
    "decode_stepwise_on_device",
    "decode_stepwise_with_confidence",
    "decode_with_confidence",
    "log_partition_factored",
]
