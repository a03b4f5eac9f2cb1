"""`pianotrans evaluate compare`: saved evaluations, published scores, and folders of transcriptions."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.options import AsJson, Quiet, Seed, Verbose
from pianotrans.commands.streams import print_line
from pianotrans.errors import UsageError

if TYPE_CHECKING:
    from pianotrans.evaluation import EvaluationSettings, SavedEvaluation


def compare(
    first: Annotated[
        Path, typer.Argument(metavar="FIRST", help="JSON of an evaluation, a csv of scores, or a folder of MIDI.")
    ],
    others: Annotated[list[Path], typer.Argument(metavar="OTHER...", help="The same of other systems.")],
    reference: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="What was played, to score the folders of MIDI among the systems."),
    ] = None,
    detail: Annotated[
        bool, typer.Option("--detail", help="Compare pedals, velocities and musical measures as well.")
    ] = False,
    as_json: AsJson = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Compare systems on the same pieces: how much they differ from the first, and whether by more than chance.

    JSON is what `evaluate midi` or `evaluate dataset` wrote with --json, or summary.json of their output. A csv has
    the columns piece, metric and value, or piece and a column for each metric.
    Exit codes: 0 done, 1 they cannot be read or do not go together, 2 wrong usage.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter):
        from pianotrans.commands.evaluate.comparison_tables import print_comparison
        from pianotrans.evaluation import compare_systems

        systems = _load_systems((first, *others), reference, reporter)
        means = compare_systems(systems, seed=seed)
        if not as_json:
            print_comparison(systems, means, seed, detail=detail)
            return
        settings = next((one.settings for one in systems if one.settings), None)
        document = {
            "systems": [one.name for one in systems],
            "seed": seed,
            "settings": settings and settings.to_dict(),
            "columns": [asdict(one) for one in means],
        }
        print_line(json.dumps(document, indent=1, allow_nan=False))


def _load_systems(
    paths: tuple[Path, ...], reference: Path | None, reporter: Reporter
) -> tuple["SavedEvaluation", ...]:
    """Read the files; then score the folders, with the settings of the first JSON or the usual ones."""
    from pianotrans.evaluation import EvaluationSettings, load_evaluation

    folders = [path for path in paths if path.is_dir()]
    if folders and reference is None:
        raise UsageError(f"{folders[0]} is a folder. Say what was played, to score it.", "reference")
    if reference is not None and not folders:
        raise UsageError(f"{reference} given, but no folder to score. Leave it out.", "reference")
    saved = {path: load_evaluation(path) for path in paths if path not in folders}
    settings = next((one.settings for one in saved.values() if one.settings), EvaluationSettings())
    if reference is not None:
        saved |= {folder: _score(reference, folder, settings, reporter) for folder in folders}
    return tuple(saved[path] for path in paths)


def _score(reference: Path, folder: Path, settings: "EvaluationSettings", reporter: Reporter) -> "SavedEvaluation":
    from pianotrans.commands.evaluate.showing import show_evaluation
    from pianotrans.evaluation import SavedEvaluation, score_midi

    with show_evaluation(reporter) as watcher:
        return SavedEvaluation.of(score_midi(reference, folder, settings, watcher=watcher), str(folder))
