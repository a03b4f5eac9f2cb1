"""`pianotrans evaluate compare`: two saved evaluations."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.options import AsJson, Quiet, Seed, Verbose
from pianotrans.commands.streams import print_line


def compare(
    a: Annotated[Path, typer.Argument(metavar="A.json", help="JSON of an evaluation.")],
    b: Annotated[Path, typer.Argument(metavar="B.json", help="JSON of another, of the same pieces.")],
    as_json: AsJson = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Compare two systems on the same pieces: how much they differ, and whether by more than chance.

    A and B are what `evaluate midi` or `evaluate dataset` wrote with --json, or summary.json of their output.
    Exit codes: 0 done, 1 they cannot be read or do not go together, 2 wrong usage.
    """
    with exits(Reporter(quiet=quiet, verbose=verbose)):
        from pianotrans.commands.evaluate.tables import print_comparison
        from pianotrans.evaluation import compare as compare_evaluations
        from pianotrans.evaluation import load_evaluation

        saved_a, saved_b = load_evaluation(a), load_evaluation(b)
        differences = compare_evaluations(saved_a, saved_b, seed=seed)
        if not as_json:
            print_comparison(saved_a, saved_b, differences, seed)
            return
        document = {
            "a": str(a),
            "b": str(b),
            "seed": seed,
            "settings": saved_a.settings.to_dict(),
            "differences": [asdict(one) for one in differences],
        }
        print_line(json.dumps(document, indent=1, allow_nan=False))
