"""The card of a trained model: what it is, what it learnt from, how good it was."""

from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.settings import RunSettings
from pianotrans.training.runs.task import ModelKind


def card(
    name: str, n_parameters: int, kind: ModelKind, about: About, settings: RunSettings, checkpoint: Checkpoint
) -> str:
    """The card as Markdown."""
    rows = {
        "trained by": f"pianotrans {about.version}",
        "began with": about.initial or "random weights",
        **kind.describe(about, settings, checkpoint),
        "size": f"{n_parameters / 1e6:.2f} M parameters, float32",
        "settings": "every one in `training.toml`",
        "licence": "to be chosen by whoever publishes it; the licence of the data may restrict the choice",
    }
    lines = [f"# {name}", "", kind.title, "", "| | |", "|---|---|"]
    lines += [f"| {what} | {text} |" for what, text in rows.items()]
    scores = checkpoint.scores or {}
    figures = kind.report(settings, scores) if kind.best_by in scores else ["It was not validated."]
    return "\n".join([*lines, "", *figures, ""])
