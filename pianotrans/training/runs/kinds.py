"""The kinds of models that can be trained. A new one is a file that makes a `ModelKind`, and a row here."""

from pianotrans.errors import TrainingError
from pianotrans.training.beats.task import BEATS
from pianotrans.training.hands.task import HANDS
from pianotrans.training.meter.task import METER
from pianotrans.training.runs.task import ModelKind
from pianotrans.training.transcription import TRANSCRIPTION

KINDS = {kind.name: kind for kind in (TRANSCRIPTION, BEATS, METER, HANDS)}


def find_kind(name: object, where: str) -> ModelKind:
    """The kind of this name; `where` names the file that asks for it. Raises TrainingError where there is none."""
    if not isinstance(name, str) or name not in KINDS:
        raise TrainingError(f"{where}: kind = {name!r}; one of {', '.join(KINDS)} is needed.")
    return KINDS[name]
