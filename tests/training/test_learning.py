"""It learns: from nothing to nearly everything, and from the published weights to better ones."""

from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
import torch

from pianotrans.training.data.chunks import Batch, Chunks, collate
from pianotrans.training.data.index import FILE_NAME, read_index, write_index
from pianotrans.training.loss import Objective
from pianotrans.training.runs.distributed import make_fabric
from pianotrans.training.runs.run_folder import TrainingRecipe
from pianotrans.training.runs.start import Request, make_loop
from pianotrans.training.runs.task import TOTAL
from tests.commands.driving import run

from .making import make_index

LEARNER = Path(__file__).parent / "learner"


@pytest.mark.slow
def test_a_clip_is_learnt(tmp_path):
    """The network, the objective, the optimizer and the stitching of validation, all at once: a minute."""
    data = make_index(tmp_path / "data", n_train=1, n_validation=0, duration_s=2.0)
    loop = make_loop(Request(TrainingRecipe.read(str(LEARNER)), (data,), tmp_path / "run"), make_fabric("cpu"))
    loop.run()
    scores = loop.checkpoints.last().scores
    assert scores["keys onset"] >= 0.95
    assert scores["keys onset+offset"] >= 0.85


PUBLISHED = (
    *("steps=12", "clips_per_step=1", "workers=0", "save_every_steps=12", "attribute_dropout=0"),
    *("chunks.length_s=2.0", "chunks.hop_s=2.0", "chunks.shift=false"),
    *(f"chunks.augmentation.{kind}=0" for kind in ("pitch", "downmix", "equaliser", "room", "noise")),
    *("optimisation.peak_rate=2e-5", "optimisation.warm_up=0.1", "optimisation.average_decay=0.9"),
    *("validation.every_steps=12", "validation.recordings=1", "validation.seconds_each=4"),
)


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.shared
def test_the_published_weights_learn_more(shared, published, tmp_path):
    """Twelve steps on four seconds of three recordings: these become likelier and likelier, a fourth no worse."""
    data = beginnings(shared / "maestro-mini", tmp_path, duration_s=4.0)
    recipe = TrainingRecipe.read("transkun-v2", PUBLISHED)
    likelihoods = Likelihoods()
    request = Request(recipe, (data,), tmp_path / "run", initial="transkun-v2")
    loop = make_loop(request, make_fabric("cpu"), (likelihoods,))
    chunks = Chunks(read_index(data).of_split("train"), recipe.entry.config(), recipe.settings.chunks, seed=0)
    likelihoods.watch(loop.state.model, collate([chunks[0, i] for i in range(len(chunks))]))
    before = loop.task.validate(Path("transkun-v2")).scores
    loop.run()
    after = loop.checkpoints.last().scores
    assert likelihoods.per_second == sorted(likelihoods.per_second)
    assert likelihoods.per_second[-1] > likelihoods.per_second[0] + 1
    assert before["keys onset"] > 0.9
    for name in ("keys onset", "keys onset+offset"):
        assert after[name] > before[name] - 0.05


class Likelihoods:
    """Log-likelihood of a batch per second of audio: before the first step, and after every fourth."""

    def watch(self, model, batch):
        self._model, self._batch, self.per_second = model, batch, []
        self._measure()

    @torch.no_grad()
    def _measure(self):
        self._model.eval()
        objective = Objective(self._model)
        clips = zip(self._batch.samples, self._batch.labels, strict=True)  # one by one: less memory
        losses = [objective(Batch(clip[None], [labels], [""], [True]))[TOTAL] for clip, labels in clips]
        self.per_second.append(-torch.stack(losses).mean().item())
        self._model.train()

    def stepped(self, report):
        if report.step % 4 == 0:
            self._measure()

    def saved(self, checkpoint):
        pass

    def validated(self, step, validation):
        pass

    def ended(self):
        pass


def beginnings(root, folder, duration_s):
    """The first seconds of recordings in the layout of MAESTRO, prepared."""
    assert run("prepare", root, folder / "whole", "--quick").exit_code == 0
    whole, short = read_index(folder / "whole"), folder / "short"
    recordings = []
    for one in whole.recordings:
        n_samples = round(duration_s * one.sample_rate)
        samples, rate = soundfile.read(one.audio, n_samples)
        path = short / f"{one.name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate)
        recordings.append(replace(one, audio=path, n_samples=n_samples))
    write_index(short / FILE_NAME, replace(whole, root=short, recordings=tuple(recordings)))
    return short
