"""What a pool on a cluster is made of: places on nodes, stations, and what it makes of Ray's answers."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.batch.cluster import pool as pool_module
from pianotrans.batch.cluster import station as station_module
from pianotrans.batch.cluster.places import Place, places_on
from pianotrans.batch.cluster.pool import ClusterPool, reason_of
from pianotrans.batch.cluster.session import Session, import_ray
from pianotrans.batch.cluster.station import Expected, Station
from pianotrans.errors import ClusterError, DeviceError, ModelError
from pianotrans.extras import install_command
from pianotrans.workers.messages import Died, Failed, Finished, Message, Progressed, Ready, Said, Task, Unable
from tests.commands.driving import REPOSITORY, clip, only_error, transcribe

from .making import TINY, failed, finished


def node(name: str, cpus: float = 1, gpus: float = 0, *, alive: bool = True) -> dict:
    resources = {"memory": 1e9} | ({"CPU": cpus} if cpus else {}) | ({"GPU": gpus} if gpus else {})
    return {"NodeID": name * 56, "NodeManagerAddress": f"host {name}", "Alive": alive, "Resources": resources}


# Places


@pytest.mark.parametrize(
    ("cpus", "gpus", "device", "n_workers", "expected"),
    [
        (1, 0, "auto", None, [("cpu", 1, 0, 1)]),
        (3, 0, "auto", None, [("cpu", 3, 0, 3)]),
        (8, 0, "cpu", None, [("cpu", 4, 0, 4)] * 2),
        (10, 0, "auto", None, [("cpu", 5, 0, 5)] * 2),
        (8, 0, "auto", 1, [("cpu", 8, 0, 8)]),
        (2, 0, "auto", 5, [("cpu", 1, 0, 1)] * 2),
        (8, 0, "mps", None, [("mps", 4, 0, 4)] * 2),
        (0, 0, "auto", None, []),
        (0.5, 0, "auto", None, []),
        (8, 0, "cuda", None, []),
        (8, 2, "auto", None, [("cuda", 1, 1, 4)] * 2),
        (8, 2, "cuda", 5, [("cuda", 1, 1, 4)] * 2),
        (8, 2, "cpu", None, [("cpu", 4, 0, 4)] * 2),
        (1, 2, "auto", None, [("cuda", 1, 1, 1)] * 2),
        (0, 1, "auto", None, [("cuda", 0, 1, 1)]),
    ],
)
def test_places(cpus, gpus, device, n_workers, expected):
    assert places_on(node("a", cpus, gpus), device, n_workers) == [
        Place("a" * 56, "host a", *rest) for rest in expected
    ]


@given(st.integers(0, 300), st.integers(0, 16), st.sampled_from(["auto", "cpu", "cuda"]), st.integers(1, 400))
def test_a_node_is_never_asked_for_more_gpus_than_it_has_nor_without_gpus_for_more_cpus(cpus, gpus, device, n):
    for n_workers in (None, n):
        places = places_on(node("a", cpus, gpus), device, n_workers)
        assert sum(place.n_gpus for place in places) <= gpus
        assert all(place.n_threads >= 1 for place in places)
        if not gpus or device == "cpu":
            assert cpus - max(4, len(places)) < sum(place.n_cpus for place in places) <= cpus or not places
            assert bool(places) == (cpus > 0 and device != "cuda")


# Stations


def messages(station: Station) -> Iterator[Message]:
    end_s = time.monotonic() + 300
    while time.monotonic() < end_s:
        message = station.hear()
        if message is not None:
            yield message


@pytest.fixture
def no_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station_module, "limit_threads", lambda _: None)


def test_a_station(tmp_path: Path, no_traces):
    path = clip(tmp_path / "a.wav", 0.5)
    station = Station(TINY, 1, Expected.of(TINY, [path]))
    heard = messages(station)
    assert next(heard) == Ready("cpu", "tiny")
    for source, kind in ((path, Finished), (tmp_path / "b.wav", Failed), (path, Finished)):
        station.give(Task(source.name, source))
        message = next(message for message in heard if not isinstance(message, Progressed))
        assert isinstance(message, kind)


def test_no_news(no_traces, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(station_module, "_PATIENCE_S", 0.01)
    monkeypatch.setattr(station_module, "work", lambda *_: None)
    assert Station(TINY, 1, Expected.of(TINY)).hear() is None


def test_progress_gives_way_to_what_is_newer(no_traces, monkeypatch: pytest.MonkeyPatch):
    def work(recipe, receive, send) -> None:
        for done_s in (1.0, 2.0, 3.0):
            send(Progressed(done_s, 3.0))
        send(Failed("no good", "", 1.0))
        send(Progressed(4.0, 3.0))

    monkeypatch.setattr(station_module, "work", work)
    monkeypatch.setattr(station_module, "_PATIENCE_S", 0.2)
    station = Station(TINY, 1, Expected.of(TINY))
    assert [station.hear() for _ in range(3)] == [Failed("no good", "", 1.0), Progressed(4.0, 3.0), None]


def test_progress_is_not_held_back_for_ever(no_traces, monkeypatch: pytest.MonkeyPatch):
    def work(recipe, receive, send) -> None:
        while True:
            send(Progressed(1.0, None))
            time.sleep(0.001)

    monkeypatch.setattr(station_module, "work", work)
    monkeypatch.setattr(station_module, "_GATHER_S", 0.05)
    assert isinstance(Station(TINY, 1, Expected.of(TINY)).hear(), Progressed)


@pytest.mark.parametrize(
    ("change", "recipe", "message"),
    [
        ({"version": "0.0.1"}, TINY, r"the run uses 0\.0\.1\. Install the same"),
        ({"fingerprint": "{}"}, TINY, "model 'tiny' differs"),
        ({"witnesses": [Path("/nowhere/a.wav")]}, TINY, r"a\.wav: not found on this node.*all nodes share"),
        ({}, replace(TINY, model="another"), "model 'another': neither a known model"),
        ({}, replace(TINY, device="tpu"), "device 'tpu': unknown"),
    ],
)
def test_a_node_that_would_do_something_else(change, recipe, message, no_traces):
    station = Station(recipe, 1, replace(Expected.of(TINY), **change))
    answer = next(messages(station))
    assert isinstance(answer, Unable)
    with pytest.raises((ClusterError, ModelError, DeviceError), match=message):
        raise answer.error


def test_a_station_whose_work_ends_unforeseen(no_traces, monkeypatch: pytest.MonkeyPatch):
    def work(recipe, receive, send) -> None:
        raise MemoryError("too much")

    monkeypatch.setattr(station_module, "work", work)
    with pytest.raises(MemoryError, match="too much"):
        Station(TINY, 1, Expected.of(TINY)).hear()


# A pool on a Ray that is a script


class RayError(Exception):
    pass


class Actor:
    """Knows where it is, what it was given, and what it will say: a message, an error, or nothing yet."""

    def __init__(self, place: str, recipe, n_threads: int, expected: Expected):
        self.place, self.recipe, self.n_threads, self.expected = place, recipe, n_threads, expected
        self.given: list[Task] = []
        self.says: list[Message | Exception | None] = []
        self.is_alive = True
        self.give = SimpleNamespace(remote=self.given.append)
        self.hear = SimpleNamespace(remote=lambda: Reference(self))


class Reference:
    def __init__(self, actor: Actor):
        self.actor = actor


class FakeRay:
    exceptions = SimpleNamespace(RayError=RayError)

    def __init__(self, *nodes: dict):
        self.all_nodes = list(nodes)
        self.actors: list[Actor] = []
        self.options: list[dict] = []

    def nodes(self) -> list[dict]:
        return self.all_nodes

    def remote(self, station: type) -> SimpleNamespace:
        assert station is Station

        def options(**options):
            def remote(*arguments) -> Actor:
                self.options.append(options)
                self.actors.append(Actor(options["scheduling_strategy"].node_id[0], *arguments))
                return self.actors[-1]

            return SimpleNamespace(remote=remote)

        return SimpleNamespace(options=options)

    def wait(self, references, num_returns=1, timeout=None):  # noqa: ARG002 - it is always ready
        assert references
        heard = [reference for reference in references if reference.actor.says][:num_returns]
        return heard, [reference for reference in references if reference not in heard]

    def get(self, reference: Reference):
        answer = reference.actor.says.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kill(self, actor: Actor) -> None:
        actor.is_alive = False
        raise RayError("it is dead already")

    @property
    def alive(self) -> list[Actor]:
        return [actor for actor in self.actors if actor.is_alive]


def a_pool(monkeypatch: pytest.MonkeyPatch, *nodes: dict, **options) -> tuple[ClusterPool, FakeRay]:
    class ASession(Session):
        def __init__(self, address: str):
            self.ray, self.address, self.is_open = ray, address, True

        def close(self) -> None:
            self.is_open = False

    pytest.importorskip("ray")
    ray = FakeRay(*nodes)
    monkeypatch.setattr(pool_module, "import_ray", lambda: ray)
    monkeypatch.setattr(pool_module, "Session", ASession)
    monkeypatch.setattr(pool_module, "_LOOK_S", 0.0)
    return ClusterPool(options.pop("recipe", TINY), "auto", **options), ray


def heard(pool: ClusterPool) -> list[tuple[Task | None, Message]]:
    return [tuple(report) for report in pool.listen(0.0)]


TASK = Task("a.wav", Path("in/a.wav"))


def test_a_pool_that_has_not_started(monkeypatch):
    pool, ray = a_pool(monkeypatch)
    assert (pool.n_idle, pool.tasks, heard(pool)) == (0, [], [])
    pool.close()
    assert ray.actors == []


def test_one_task_for_each_worker_at_a_time(monkeypatch):
    pool, ray = a_pool(monkeypatch, node("a"), node("b", 8, 1), node("c", alive=False), n_workers=3)
    pool.start()
    pool.start()
    assert [actor.place for actor in ray.actors] == ["a", "b", "b", "b"]  # TINY wants CPUs
    assert [(options["num_cpus"], options["num_gpus"]) for options in ray.options] == [(1, 0)] + [(2, 0)] * 3
    assert [actor.n_threads for actor in ray.actors] == [1, 2, 2, 2]
    assert pool.n_idle == 0
    for actor in ray.actors[:2]:
        actor.says = [Ready("cpu", "tiny")]
    assert heard(pool) == []
    assert pool.n_idle == 2
    pool.give(TASK)
    pool.give(replace(TASK, name="b.wav"))
    assert (pool.n_idle, [task.name for task in pool.tasks]) == (0, ["a.wav", "b.wav"])
    assert ray.actors[0].given == [Task("a.wav", Path("in/a.wav").absolute())]
    ray.actors[0].says = [Progressed(1.0, 2.0), None, finished(SimpleNamespace(source=Path(__file__)))]
    ray.actors[1].says = [failed(TASK)]
    (first, progress), (second, failure) = heard(pool)
    assert (first, progress, second.name, failure) == (TASK, Progressed(1.0, 2.0), "b.wav", failed(TASK))
    assert pool.tasks == [TASK]
    assert heard(pool) == []
    assert [type(message) for _, message in heard(pool)] == [Finished]
    assert (pool.n_idle, pool.tasks) == (2, [])
    pool.close()
    assert ray.alive == []
    assert (pool.n_idle, pool.tasks) == (0, [])


def test_nodes_that_join_later(monkeypatch):
    pool, ray = a_pool(monkeypatch, node("a"))
    pool.start()
    ray.all_nodes.append(node("b"))
    assert heard(pool) == heard(pool) == []
    assert [actor.place for actor in ray.actors] == ["a", "b"]


def test_workers_that_die(monkeypatch):
    pool, ray = a_pool(monkeypatch, node("a"), node("b"))
    pool.start()
    for actor in ray.actors:
        actor.says = [Ready("cpu", "tiny")]
    heard(pool)
    pool.give(TASK)
    dead = RayError("The actor died.\nThe actor is dead because its worker process has died. And so on.")
    for actor in ray.actors:
        actor.says = [dead]
    assert heard(pool) == [
        (TASK, Died(None, "its worker process has died, on host a")),
        (None, Said("host b: a worker died (its worker process has died).")),
    ]
    assert (pool.n_idle, pool.tasks) == (0, [])
    heard(pool)
    assert [actor.place for actor in ray.alive] == ["a", "b"]


def test_a_node_that_cannot_start_workers_is_left_alone(monkeypatch):
    pool, ray = a_pool(monkeypatch, node("a"), node("b"))
    pool.start()
    ray.actors[0].says = [RayError("gone")]
    assert heard(pool) == [(None, Said("host a: a worker died (gone)."))]
    heard(pool)
    ray.alive[-1].says = [RayError("gone again")]
    line = "Continuing without one node. host a: no worker can start on this node (gone again)."
    assert heard(pool) == [(None, Said(line))]
    heard(pool)
    assert [actor.place for actor in ray.alive] == ["b"]
    ray.alive[0].says = [Unable(ModelError("no model."))]
    assert heard(pool) == []
    with pytest.raises(ClusterError, match=r"^host b: no model\.$"):
        heard(pool)


def test_a_worker_that_was_ready_may_die_more_often(monkeypatch):
    pool, ray = a_pool(monkeypatch, node("a"))
    pool.start()
    for _ in range(5):
        for answer in (RayError("gone"), Ready("cpu", "tiny"), RayError("gone")):
            if isinstance(answer, Ready):
                heard(pool)
            ray.alive[0].says = [answer]
            heard(pool)
        heard(pool)
    assert [actor.place for actor in ray.alive] == ["a"]


@pytest.mark.parametrize("nodes", [(), (node("a", 0),), (node("a", alive=False),)], ids=len)
def test_a_cluster_without_room(monkeypatch, nodes):
    pool, _ = a_pool(monkeypatch, *nodes)
    with pytest.raises(ClusterError, match="no node has room for a worker on --device cpu"):
        pool.start()
    pool.close()


def test_a_long_wait_is_explained_once(monkeypatch):
    pool, _ = a_pool(monkeypatch, node("a"))
    pool.start()
    assert heard(pool) == []
    monkeypatch.setattr(pool_module, "_PATIENCE_S", 0.0)
    ((_, said),) = heard(pool)
    assert said.line.startswith("Still waiting for the first worker.")
    assert heard(pool) == []


def test_a_connection_that_is_lost(monkeypatch):
    pool, ray = a_pool(monkeypatch, node("a"))
    pool.start()

    def lost(*_, **__):
        raise ConnectionError("hung up.\nAnd more.")

    monkeypatch.setattr(ray, "wait", lost)
    with pytest.raises(ClusterError, match=r"--cluster auto: the connection was lost \(hung up\).*same command"):
        heard(pool)


def test_on_gpus_every_worker_has_one_of_its_own(monkeypatch):
    pool, ray = a_pool(monkeypatch, node("a", 8, 2), node("b", 8), recipe=replace(TINY, device="auto"))
    pool.start()
    assert [(actor.place, actor.recipe.device) for actor in ray.actors] == [
        *[("a", "cuda")] * 2,
        *[("b", "cpu")] * 2,
    ]
    with pytest.raises(DeviceError, match=r"device 'cuda:1'.*Use --device cuda\."):
        a_pool(monkeypatch, recipe=replace(TINY, device="cuda:1"))


def test_paths_are_absolute_for_workers_elsewhere(monkeypatch, tmp_path: Path):
    monkeypatch.chdir(REPOSITORY)
    pool, ray = a_pool(
        monkeypatch, node("a"), recipe=replace(TINY, model="models/tiny"), witnesses=[Path("in/a.wav")]
    )
    pool.start()
    (actor,) = ray.actors
    assert actor.recipe.model == str(REPOSITORY / "models" / "tiny")
    assert actor.expected.witnesses == [REPOSITORY / "in" / "a.wav"]
    monkeypatch.chdir(tmp_path)
    assert actor.expected.fingerprint == replace(TINY, model=actor.recipe.model).fingerprint()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The actor died.\n\tpid: 1\nThe actor is dead because its node has died. Node Id: 7", "its node has died"),
        ("The actor died because of an error raised in its creation task, \x1b[36mray\x1b[39m\n  f\nE: x", "E: x"),
        ("ray::Station.hear()\nTraceback (most recent call last):\n  f\nMemoryError: much\n", "MemoryError: much"),
        ("The actor is not schedulable: gone.", "The actor is not schedulable: gone"),
        ("", ""),
    ],
)
def test_reasons(text: str, reason: str):
    assert reason_of(RayError(text)) == reason


# Addresses, and a Ray that is not there


def test_without_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clip(tmp_path / "in" / "a.wav", 0.5)
    (tmp_path / "out").mkdir()
    for name in [name for name in sys.modules if name.partition(".")[0] == "ray"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"):
        monkeypatch.setenv(name, "1")
    result = transcribe(tmp_path / "in", "-o", tmp_path / "out", "--cluster", "local")
    assert result.exit_code == 2
    assert only_error(result) == (
        f"error: --cluster: the module 'ray' is not installed. Run: {install_command('cluster')}"
    )
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"  # what the user has set stands


def test_a_cluster_is_for_folders(tmp_path: Path):
    result = transcribe(clip(tmp_path / "a.wav", 0.5), "--cluster", "local")
    assert result.exit_code == 2
    assert only_error(result).startswith("error: --cluster: only for folders of recordings")


@pytest.mark.parametrize("address", ["", "nonsense", "host:", ":6379", "host:port", "s3://x:1", "host:99999"])
def test_what_is_no_address(address: str):
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match=r"not an address\. Use auto, local, HOST:PORT or ray://HOST:PORT\."):
        Session(address)


@pytest.mark.slow
def test_a_local_cluster_cannot_be_reached_from_elsewhere():
    pytest.importorskip("ray")
    psutil = pytest.importorskip("psutil")  # Ray brings it along
    session = Session("local")
    try:
        (node,) = session.ray.nodes()
        processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        sockets = [one for process in processes for one in process.net_connections("tcp")]
        listening = [one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN]
    finally:
        session.close()
    assert node["NodeManagerAddress"] == "127.0.0.1"
    assert len(listening) > 2
    assert {address.removeprefix("::ffff:") for address in listening} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_nobody_answers(scheme: str):
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:9: no answer \(.*ray start --head"):
        Session(f"{scheme}127.0.0.1:9")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ConnectionError("Could not find any running Ray instance."), "no cluster runs on this machine"),
        (
            RuntimeError("Version mismatch: 1, not 2.\nAnd so on"),
            r"Ray cannot connect to it \(Version mismatch: 1, not 2\)",
        ),
        (RuntimeError(), r"\(RuntimeError\)"),
    ],
)
def test_what_ray_will_not_connect_to(monkeypatch: pytest.MonkeyPatch, error: Exception, message: str):
    pytest.importorskip("ray")

    def refuse(**_) -> None:
        raise error

    monkeypatch.setattr(import_ray(), "init", refuse)
    before = sys.stdout
    with pytest.raises(ClusterError, match=f"--cluster auto: .*{message}"):
        Session("auto")
    assert sys.stdout is before
