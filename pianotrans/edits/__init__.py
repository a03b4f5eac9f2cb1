"""What a user changed in a transcription, kept apart from it: reading such edits, and applying them.

Importing this package loads neither torch nor a MIDI library.
"""

from pianotrans.edits.applying import Applied, Conflict, apply_edits
from pianotrans.edits.document import Addition, Change, Deletion, Edits, ScoreHints, TrackEdits
from pianotrans.edits.identity import digest_of, identities_of
from pianotrans.edits.parsing import load_edits, parse_edits

__all__ = [
    "Addition",
    "Applied",
    "Change",
    "Conflict",
    "Deletion",
    "Edits",
    "ScoreHints",
    "TrackEdits",
    "apply_edits",
    "digest_of",
    "identities_of",
    "load_edits",
    "parse_edits",
]
