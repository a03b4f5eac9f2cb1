"""The card of a trained model: what it is, what it learnt from, how good it was."""

from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.run_folder import About
from pianotrans.training.runs.settings import TrainingSettings

_SHOWN = (
    "keys onset",
    "keys onset+offset",
    "keys onset+offset+velocity",
    "sustain pedal onset",
    "sustain pedal onset+offset",
)
_DURATIONS = {
    "keys": "as the keys were held",
    "sounding": "as the notes sound, lengthened by the sustain pedal",
}


def card(name: str, n_parameters: int, about: About, settings: TrainingSettings, checkpoint: Checkpoint) -> str:
    """The card as Markdown."""
    seen_s = checkpoint.step * settings.clips_per_step * settings.chunks.length_s
    rows = {
        "trained by": f"pianotrans {about.version}",
        "began with": about.initial or "random weights",
        "learnt from": f"{about.n_recordings} recordings ({about.layout}, split {settings.split}), "
        f"{about.hours:.1f} hours",
        "durations": _DURATIONS.get(about.durations, about.durations),
        "steps": f"{checkpoint.step} of {settings.steps}, {settings.clips_per_step} clips of "
        f"{settings.chunks.length_s:g} s each ({seen_s / 3600:.1f} hours heard)",
        "size": f"{n_parameters / 1e6:.2f} M parameters, float32",
        "settings": "every one in `training.toml`",
        "licence": "to be chosen by whoever publishes it; the licence of the recordings may restrict the choice",
    }
    lines = [f"# {name}", "", "A piano transcription model.", "", "| | |", "|---|---|"]
    lines += [f"| {what} | {text} |" for what, text in rows.items()]
    return "\n".join([*lines, "", *_scores(settings, checkpoint), ""])


def _scores(settings: TrainingSettings, checkpoint: Checkpoint) -> list[str]:
    scores = checkpoint.scores or {}
    shown = [name for name in _SHOWN if name in scores]
    if not shown:
        return ["It was not validated."]
    chosen = settings.validation
    return [
        f"## F1 on the split {chosen.split}, %",
        "",
        f"Mean over at most {chosen.recordings} recordings, the first {chosen.seconds_each:g} s of each; onsets "
        "within 50 ms, offsets within 50 ms or 20 %. Too little to be compared with published scores: "
        "`pianotrans evaluate dataset` measures those.",
        "",
        f"| {' | '.join(name.removeprefix('keys ') for name in shown)} |",
        f"|{'---|' * len(shown)}",
        f"| {' | '.join(f'{100 * scores[name]:.2f}' for name in shown)} |",
    ]
