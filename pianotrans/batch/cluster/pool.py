"""A pool of workers that are actors: one for every place in the cluster, on nodes that join later, too."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pianotrans.batch.cluster.places import Place, places_on
from pianotrans.batch.cluster.session import Session, import_ray
from pianotrans.batch.cluster.station import Expected, Station
from pianotrans.errors import ClusterError, DeviceError
from pianotrans.inference.registry import default_model, find_model
from pianotrans.workers.messages import Died, Failed, Finished, Message, Ready, Said, Task, Unable
from pianotrans.workers.pool import Report, Worker, WorkerPool
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import Address

_LOOK_S = 5.0  # at who has joined, and who is gone
_PATIENCE_S = 60.0  # until somebody waiting for the first worker is told why that may be
_ATTEMPTS = 2  # to start a worker on a node before it is left alone


@dataclass(eq=False)
class _Actor(Worker):
    place: Place
    handle: Any
    heard: Any  # the reference to what it says next


class ClusterPool(WorkerPool[_Actor]):
    """Workers on a Ray cluster, each at one task at a time. Nothing is connected before `start`.

    A worker that dies is replaced, unless its node seems to be the reason. Every node needs the same pianotrans,
    and the recordings under the same paths. Ray ends the workers when this process ends, however it does.
    """

    def __init__(
        self, recipe: Recipe, address: str, n_workers: int | None = None, witnesses: Sequence[Address] = ()
    ):
        """Prepare.

        Args:
            recipe: what to make of every recording.
            address: as `ray.init` takes it, or `local` for a cluster of this machine alone.
            n_workers: on every node without GPUs; one for every four CPUs if None.
            witnesses: recordings that every node must see to be of use.

        Raises ClusterError if Ray is not installed, DeviceError for a device that no cluster knows, ModelError
        for an unknown model.
        """
        super().__init__()
        if recipe.device.startswith("cuda:"):
            raise DeviceError(
                f"device {recipe.device!r}: on a cluster every worker is given a GPU of its own. Use --device cuda."
            )
        self._ray = import_ray()
        self._recipe = replace(recipe, model=_model_for_all(recipe.model or default_model()))
        self._expected = Expected.of(self._recipe, [path.absolute() for path in witnesses])
        self._address, self._n_workers = address, n_workers
        self._session: Session | None = None
        self._failures: Counter[str] = Counter()  # by node, of workers that died before they were ready
        self._shunned: dict[str, Exception] = {}  # nodes, and why
        self._looked_s = self._started_s = 0.0
        self._is_patient = True

    def start(self) -> None:
        """Connect and start the workers, unless that is done. Raises ClusterError if that fails."""
        if self._session is None:
            self._session = Session(self._address)
            self._started_s = time.monotonic()
            with self._session.explained():
                self._fill_places()

    def give(self, task: Task) -> None:
        """Hand a task to an idle worker; there must be one."""
        worker = self._idle()[0]
        worker.task = task
        with self._connected().explained():
            worker.handle.give.remote(replace(task, source=task.source.absolute()))

    def listen(self, timeout_s: float) -> Iterator[Report]:
        """What the workers have to say, as soon as one has, or after the timeout.

        Raises ClusterError if the connection is lost, or why the last worker is not there any more.
        """
        if self._session is None:
            time.sleep(timeout_s)
            return
        with self._session.explained():
            if time.monotonic() - self._looked_s > _LOOK_S or not self._workers:
                self._fill_places()
            by_heard = {worker.heard: worker for worker in self._workers}
            heard, _ = self._ray.wait(list(by_heard), timeout=timeout_s)
            if heard:  # and whoever else has something to say already, so that nobody is always last
                heard, _ = self._ray.wait(list(by_heard), num_returns=len(by_heard), timeout=0)
            reports = [report for reference in heard for report in self._read(by_heard[reference])]
        yield from (*reports, *self._explain_waiting())

    def close(self) -> None:
        """End all workers at once, whatever they are at. They have nothing open but their recordings."""
        for worker in self._workers:
            self._end(worker)
        self._workers.clear()
        if self._session is not None:
            self._session.close()
            self._session = None

    def _fill_places(self) -> None:
        """Put a worker on every place that has none."""
        self._looked_s = time.monotonic()
        nodes = [node for node in self._ray.nodes() if node["Alive"] and node["NodeID"] not in self._shunned]
        wanted = Counter(place for node in nodes for place in places_on(node, self._recipe.device, self._n_workers))
        taken = Counter(worker.place for worker in self._workers)
        for place in (wanted - taken).elements():
            self._add_worker(place)
        if not self._workers:
            raise next(reversed(self._shunned.values()), None) or ClusterError(
                f"--cluster {self._address}: no node has room for a worker on --device {self._recipe.device}. "
                "`ray status` shows what there is."
            )

    def _connected(self) -> Session:
        assert self._session is not None
        return self._session

    def _add_worker(self, place: Place) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        station = self._ray.remote(Station).options(
            num_cpus=place.n_cpus,
            num_gpus=place.n_gpus,
            max_concurrency=2,  # a task may come while somebody listens
            scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False),
        )
        actor = station.remote(replace(self._recipe, device=place.device), place.n_threads, self._expected)
        self._workers.append(_Actor(place, actor, actor.hear.remote()))

    def _read(self, worker: _Actor) -> Iterator[Report]:
        try:
            message: Message | None = self._ray.get(worker.heard)
        except self._ray.exceptions.RayError as error:
            yield from self._bury(worker, reason_of(error))
            return
        if isinstance(message, Unable):
            yield from self._shun(worker, ClusterError(f"{worker.place.host}: {message.error}"))
            return
        worker.heard = worker.handle.hear.remote()
        task = worker.task
        if isinstance(message, Ready):
            worker.is_ready = True
            self._failures.pop(worker.place.node, None)
        elif message is not None:
            if isinstance(message, Finished | Failed):
                worker.task = None
            yield Report(task, message)

    def _bury(self, worker: _Actor, reason: str) -> Iterator[Report]:
        """Take a dead worker out; its place is filled at the next look, unless its node seems to be the reason."""
        host, node = worker.place.host, worker.place.node
        if not worker.is_ready:
            self._failures[node] += 1
            if self._failures[node] >= _ATTEMPTS:
                yield from self._shun(worker, ClusterError(f"{host}: no worker can start there ({reason})."))
                return
        self._remove(worker)
        if worker.task is not None:
            yield Report(worker.task, Died(None, f"{reason}, on {host}"))
        else:
            yield Report(None, Said(f"{host}: a worker is gone ({reason})."))

    def _shun(self, worker: _Actor, error: ClusterError) -> Iterator[Report]:
        """Leave a node alone from now on; workers that it has go on."""
        self._shunned[worker.place.node] = error
        self._remove(worker)
        if self._workers:  # else the error itself is told
            yield Report(None, Said(f"Going on without a node. {error}"))

    def _remove(self, worker: _Actor) -> None:
        self._workers.remove(worker)
        self._end(worker)

    def _end(self, worker: _Actor) -> None:
        with suppress(Exception):  # whatever hinders it, it is as good as gone
            self._ray.kill(worker.handle)

    def _explain_waiting(self) -> Iterator[Report]:
        if any(worker.is_ready for worker in self._workers):
            self._is_patient = False
        elif self._is_patient and time.monotonic() - self._started_s > _PATIENCE_S:
            self._is_patient = False
            line = "Still waiting for a first worker. Others may be using the cluster; `ray status` tells."
            yield Report(None, Said(line))


def reason_of(error: Exception) -> str:
    """Why an actor is gone, in a few of Ray's many words."""
    text = re.sub(r"\x1b\[\d+m", "", str(error)).strip()
    if "creation task" in text or "Traceback" in text:
        return text.splitlines()[-1].strip()
    because = re.search(r"because (.+?)[.\n]", text)
    return because[1] if because else text.partition("\n")[0].rstrip(".")


def _model_for_all(model: str) -> str:
    """A model's name, or its folder in full: a worker's working folder is another one."""
    return model if find_model(model).name == model else str(Path(model).absolute())
