"""How much of the music a transcription keeps: timing, articulation, dynamics and harmony.

Hu, Martak, Cancino-Chacón & Widmer, "Towards Musically Informed Evaluation of Piano Transcription Models" (ISMIR
2024), as their package `mpteval` 1.1 defines the measures.
"""

from pianotrans.evaluation.musical.measures import DYNAMICS, MUSICAL_MEASURES, musical_measures

__all__ = ["DYNAMICS", "MUSICAL_MEASURES", "musical_measures"]
