"""Make a model like `models/tiny`: teach its network to hear the tests' own synthesiser.

usage: python -m tests.make_tiny_model OUT [--steps 1200] [--init NAME_OR_FOLDER]

OUT is a folder that must not exist; it becomes a model's folder. Minutes on a laptop.
"""

import argparse
import tempfile
from pathlib import Path

from pianotrans.training.runs.distributed import make_fabric
from pianotrans.training.runs.export import export
from pianotrans.training.runs.run_folder import RunFolder, TrainingRecipe
from pianotrans.training.runs.start import Request, make_loop
from tests.training.making import make_index

N_CLIPS, N_VALIDATION_CLIPS = 600, 20
FIRST_SEED = 1000  # tests use smaller ones
_NEVER = [f"chunks.augmentation.{kind}=0" for kind in ("pitch", "downmix", "equaliser", "room", "noise")]


def main() -> None:
    """Train and write the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--init", help="go on from this model")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = make_index(Path(folder) / "data", N_CLIPS, N_VALIDATION_CLIPS, first_seed=FIRST_SEED)
        recipe = TrainingRecipe.read("tiny", (f"steps={arguments.steps}", *_NEVER))
        run = Path(folder) / "run"
        loop = make_loop(Request(recipe, (data,), run, initial=arguments.init), make_fabric("cpu"), say=print)
        loop.run()
        checkpoint = export(RunFolder(run), arguments.out)
        print(f"{arguments.out}: step {checkpoint.step}, {checkpoint.scores}")


if __name__ == "__main__":
    main()
