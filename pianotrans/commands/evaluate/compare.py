"""`pianotrans evaluate --compare A B`: two saved evaluations."""

import json
from dataclasses import asdict
from pathlib import Path

import typer

from pianotrans.commands.evaluate.tables import print_comparison
from pianotrans.evaluation import compare, load_evaluation


def compare_saved(a: Path, b: Path, seed: int, *, as_json: bool) -> None:
    """Print how two saved evaluations differ; their settings are those they were made with.

    Raises EvaluationError if they cannot be read, or do not go together.
    """
    saved_a, saved_b = load_evaluation(a), load_evaluation(b)
    differences = compare(saved_a, saved_b, seed=seed)
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
    typer.echo(json.dumps(document, indent=1, allow_nan=False))
