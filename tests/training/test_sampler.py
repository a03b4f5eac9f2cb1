"""Which chunks a step is made of: the same whatever the number of processes, parts and workers."""

from collections import Counter
from itertools import chain, islice

import pytest
import torch

from pianotrans.errors import DatasetError, TrainingError
from pianotrans.inference.registry import find_model
from pianotrans.training.data.chunks import Chunks, ChunkSettings
from pianotrans.training.data.index import read_index
from pianotrans.training.data.sampler import Order, Share, load_parts

from .making import make_index


def steps(share, n_chunks=7, first=0, n_steps=10, seed=0):
    """The chunks of every step, by process-independent part."""
    parts = list(Order(n_chunks, seed, range(first, n_steps), share))
    return [parts[i : i + share.n_parts] for i in range(0, len(parts), share.n_parts)]


@pytest.mark.parametrize(("n_parts", "n_processes"), [(1, 2), (2, 1), (3, 2), (1, 6)])
def test_processes_and_parts_share_the_same_clips(n_parts, n_processes):
    whole = steps(Share(12), n_chunks=7)
    shares = [steps(Share(12, n_parts, n_processes, process)) for process in range(n_processes)]
    for number, (part,) in enumerate(whole):
        assert Counter(chain(*(chain(*share[number]) for share in shares))) == Counter(part)


def test_every_epoch_has_every_chunk_once():
    keys = list(chain(*chain(*steps(Share(3), n_chunks=7, n_steps=14))))
    for epoch in range(6):
        assert sorted(i for e, i in keys if e == epoch) == list(range(7))
    orders = {tuple(i for e, i in keys if e == epoch) for epoch in range(6)}
    assert len(orders) > 1, "not the same order in every epoch"


def test_a_step_may_hold_more_than_an_epoch():
    ((keys,),) = steps(Share(8), n_chunks=3, n_steps=1)
    assert Counter(epoch for epoch, _ in keys) == {0: 3, 1: 3, 2: 2}


def test_going_on_is_the_rest():
    assert steps(Share(4), first=6) == steps(Share(4))[6:]


def test_seeds_differ():
    assert steps(Share(4), seed=1) != steps(Share(4), seed=2)


def test_a_step_must_divide():
    with pytest.raises(TrainingError, match=r"clips_per_step: 6 given; .* accumulation \(2\) .* processes \(2\)"):
        Share(6, 2, 2)


@pytest.fixture(scope="module")
def chunks(tmp_path_factory):
    index = read_index(make_index(tmp_path_factory.mktemp("data"), n_train=2, duration_s=3.0))
    return Chunks(index.of_split("train"), find_model("tiny").config(), ChunkSettings(1.0, 0.5), seed=3)


def test_batches_are_the_same_whatever_reads_them(chunks):
    def first_batches(n_workers):
        order = Order(len(chunks), 3, range(20), Share(8))  # more than one epoch
        return list(islice(load_parts(chunks, order, n_workers), 5))

    alone, helped = first_batches(0), first_batches(2)
    assert [batch.identities for batch in alone] == [batch.identities for batch in helped]
    for one, other in zip(alone, helped, strict=True):
        assert torch.equal(one.samples, other.samples)
        assert [labels.begin.tolist() for labels in one.labels] == [
            labels.begin.tolist() for labels in other.labels
        ]
    n_different = len({identity for batch in alone for identity in batch.identities})
    assert n_different > 2 * len(chunks), "shifted anew in every epoch"


def test_batches_leave_torchs_own_randomness_alone(chunks):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    next(load_parts(chunks, Order(len(chunks), 3, range(2), Share(2)), 0))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("n_workers", [0, 1])
def test_recordings_that_vanish(tmp_path, n_workers):
    """The error says in one line which recording it was, from a worker too."""
    index = read_index(make_index(tmp_path, n_train=1))
    mine = Chunks(index.of_split("train"), find_model("tiny").config(), ChunkSettings(1.0, 0.5), seed=3)
    batches = load_parts(mine, Order(len(mine), 3, range(8), Share(1)), n_workers)
    (tmp_path / "0.flac").unlink()
    with pytest.raises(DatasetError, match=r"0\.flac") as caught:
        next(batches)
    assert "\n" not in str(caught.value)
