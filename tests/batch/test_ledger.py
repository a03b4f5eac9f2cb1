"""The ledger: claims, owners who die, two who share, and what it says when it cannot be used."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pianotrans.batch.database import SCHEMA_VERSION
from pianotrans.batch.identity import Identity
from pianotrans.batch.ledger import EntryState, Figures, Ledger
from pianotrans.batch.owners import HEARTBEAT_S, LEASE_S, Owner, is_at_work
from pianotrans.errors import LedgerError
from tests.commands.driving import as_nobody

NAMES = ("a.wav", "A.wav", "disc 1/练習.wav", "é.wav", "e\N{COMBINING ACUTE ACCENT}.wav", "x" * 4000 + ".wav")
FIGURES = Figures(12.5, 3.25, 40)
ELSEWHERE = Owner("another machine/1", 1, "abc")


def identity(content: str = "c0ffee") -> Identity:
    return Identity("/music/a.wav", 1000, 2**62, 2**62 + 1, content)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1e9

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def two_ledgers(out: Path, clock: Clock, first: Owner | None = None) -> tuple[Ledger, Ledger]:
    ledgers = Ledger(out, first, clock), Ledger(out, None, clock)
    ledgers[0].enrol(NAMES)
    return ledgers


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_recording_from_beginning_to_end(tmp_path: Path):
    with Ledger(tmp_path) as ledger:
        ledger.enrol(NAMES)
        for name in NAMES:
            entry = ledger.entry(name)
            assert (entry.state, entry.identity, entry.written) == (EntryState.waiting, None, frozenset())
            assert ledger.claim(entry, identity(name), "settings")
            assert ledger.announce(name, ["d1", "d2"])
            assert ledger.finish(name, ["a.mid"], ["d1"], FIGURES)
    with Ledger(tmp_path) as again:
        again.enrol([*NAMES, "new.wav"])
        assert [entry.name for entry in again.entries()] == sorted([*NAMES, "new.wav"])
        for name in NAMES:
            entry = again.entry(name)
            assert (entry.state, entry.owner, entry.heartbeat_s) == (EntryState.done, None, None)
            assert (entry.identity, entry.settings) == (identity(name), "settings")
            assert (entry.outputs, entry.written) == (("a.mid",), {"d1"})
            assert (entry.audio_s, entry.took_s, entry.n_notes) == (12.5, 3.25, 40)
        assert [event for _, event, _ in again.history()] == ["claimed", "done"] * len(NAMES)
        assert {owner for *_, owner in again.history()} == {str(ledger.owner)}


def test_nobody_is_enrolled(tmp_path: Path):
    with Ledger(tmp_path) as ledger:
        ledger.enrol([])
        assert ledger.entries() == ledger.history() == []
        with pytest.raises(KeyError, match="missing"):
            ledger.entry("missing")


def test_two_cannot_claim_the_same(tmp_path: Path, clock: Clock):
    one, two = two_ledgers(tmp_path, clock)
    seen_by_both = one.entry("a.wav")
    assert two.claim(seen_by_both, identity(), "s")
    assert not one.claim(seen_by_both, identity(), "s")
    assert not one.claim(one.entry("a.wav"), identity(), "s")
    assert one.entry("A.wav").state is EntryState.waiting
    assert not one.announce("a.wav", ["d"])
    assert not one.finish("a.wav", [], [], FIGURES)
    assert not one.fail("a.wav", "why", 1.0)
    assert not one.release("a.wav")
    assert two.entry("a.wav").state is EntryState.running
    assert two.finish("a.wav", [], [], FIGURES)
    assert not two.finish("a.wav", [], [], FIGURES)


def test_the_claim_of_an_owner_elsewhere_lasts_as_long_as_its_heartbeat(tmp_path: Path, clock: Clock):
    far, here = two_ledgers(tmp_path, clock, ELSEWHERE)
    assert far.claim(far.entry("a.wav"), identity(), "s")
    clock.now_s += LEASE_S - 1
    far.beat()
    clock.now_s += LEASE_S - 1
    stale = here.entry("a.wav")
    assert not here.claim(stale, identity(), "s")
    clock.now_s += 2
    assert not stale.is_taken(clock())
    far.beat()  # just in time, and after `stale` was read
    assert not here.claim(stale, identity(), "s")
    clock.now_s += LEASE_S + 1
    assert here.claim(here.entry("a.wav"), identity(), "s")
    assert not far.announce("a.wav", ["d"])
    far.beat()
    assert here.entry("a.wav").owner == here.owner
    assert HEARTBEAT_S < LEASE_S / 3


def test_the_claim_of_a_dead_process_here_is_free_at_once(tmp_path: Path, clock: Clock):
    me = Owner.this()
    dead, here = two_ledgers(tmp_path, clock, Owner(me.machine, dead_pid(), "abc"))
    assert dead.claim(dead.entry("a.wav"), identity(), "s")
    assert dead.announce("a.wav", ["half"])
    assert here.claim(here.entry("a.wav"), identity(), "s")
    assert here.entry("a.wav").written == {"half"}
    assert not dead.finish("a.wav", [], [], FIGURES)


def test_who_is_at_work():
    me = Owner.this()
    assert is_at_work(me, 100.0, 100.0)
    assert not is_at_work(me, 100.0, 101.0 + LEASE_S)  # the number may be another process's by now
    assert not is_at_work(Owner(me.machine, dead_pid(), "x"), 100.0, 100.0)
    assert is_at_work(Owner(me.machine, 1, "x"), 100.0, 100.0)  # root's, perhaps: we may not signal it
    assert is_at_work(ELSEWHERE, 100.0, 100.0)
    assert not is_at_work(ELSEWHERE, 100.0, 101.0 + LEASE_S)
    assert Owner.parse(str(me)) == me
    assert Owner.parse("a:b:c:1:x") == Owner("a:b:c", 1, "x")
    assert Owner.this() != me


def test_digests_are_kept_until_the_end(tmp_path: Path):
    with Ledger(tmp_path) as ledger:
        ledger.enrol(NAMES)
        for _ in range(2):
            assert ledger.claim(ledger.entry("a.wav"), identity(), "s")
            assert ledger.announce("a.wav", ["old"])
            assert ledger.release("a.wav")
        assert ledger.claim(ledger.entry("a.wav"), identity(), "s")
        assert ledger.announce("a.wav", ["new"])
        assert ledger.entry("a.wav").written == {"old", "new"}
        assert ledger.finish("a.wav", ["a.mid"], ["new"], FIGURES)
        assert ledger.entry("a.wav").written == {"new"}


def test_releasing_all_releases_ones_own(tmp_path: Path, clock: Clock):
    one, two = two_ledgers(tmp_path, clock)
    for ledger, name in ((one, NAMES[0]), (one, NAMES[1]), (two, NAMES[2])):
        assert ledger.claim(ledger.entry(name), identity(), "s")
    one.release_all()
    one.release_all()
    states = {entry.name: entry.state for entry in one.entries()}
    assert [states[name] for name in NAMES[:3]] == [EntryState.waiting, EntryState.waiting, EntryState.running]


def test_recognising_changes_the_identity_only(tmp_path: Path):
    with Ledger(tmp_path) as ledger:
        ledger.enrol(NAMES)
        ledger.claim(ledger.entry("a.wav"), identity(), "s")
        ledger.fail("a.wav", "why", 1.0)
        before = ledger.entry("a.wav")
        ledger.recognise(before, identity("new"))
        after = ledger.entry("a.wav")
        assert after.identity == identity("new")
        assert (after.state, after.error, after.settings) == (before.state, "why", "s")
        ledger.recognise(before, identity("too late"))
        assert ledger.entry("a.wav") == after


# Against a model made of plain dicts


class Sharing(RuleBasedStateMachine):
    """Any sequence of operations of three owners, one of them on another machine, one of them dead at times."""

    names = st.sampled_from(["a", "b"])
    who = st.sampled_from([0, 1, 2])

    @initialize(folder=st.builds(tempfile.TemporaryDirectory))
    def begin(self, folder) -> None:
        self.folder, self.clock = folder, Clock()
        owners = [Owner("one", 1, "x"), Owner("two", 1, "y"), Owner("three", 1, "z")]
        self.ledgers = [Ledger(Path(folder.name), owner, self.clock) for owner in owners]
        self.ledgers[0].enrol(["a", "b"])
        self.model = {name: {"state": "waiting", "owner": None, "beat": 0.0, "written": set()} for name in "ab"}
        self.n_done = dict.fromkeys("ab", 0)

    def teardown(self) -> None:
        for ledger in getattr(self, "ledgers", []):
            ledger.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def owns(self, who: int, name: str) -> bool:
        return self.model[name]["state"] == "running" and self.model[name]["owner"] == who

    @rule(who=who, name=names)
    def claim(self, who: int, name: str) -> None:
        row = self.model[name]
        free = row["state"] != "running" or self.clock() - row["beat"] > LEASE_S
        ledger = self.ledgers[who]
        assert ledger.claim(ledger.entry(name), identity(), "s") == free
        if free:
            row.update(state="running", owner=who, beat=self.clock())

    @rule(who=who, name=names, digest=st.sampled_from("xyz"))
    def announce(self, who: int, name: str, digest: str) -> None:
        assert self.ledgers[who].announce(name, [digest]) == self.owns(who, name)
        if self.owns(who, name):
            self.model[name]["written"].add(digest)

    @rule(who=who, name=names, digest=st.sampled_from("xyz"))
    def finish(self, who: int, name: str, digest: str) -> None:
        assert self.ledgers[who].finish(name, [], [digest], FIGURES) == self.owns(who, name)
        if self.owns(who, name):
            self.model[name].update(state="done", owner=None, written={digest})
            self.n_done[name] += 1

    @rule(who=who, name=names)
    def fail(self, who: int, name: str) -> None:
        assert self.ledgers[who].fail(name, "why", 0.0) == self.owns(who, name)
        if self.owns(who, name):
            self.model[name].update(state="failed", owner=None)

    @rule(who=who, name=names)
    def release(self, who: int, name: str) -> None:
        assert self.ledgers[who].release(name) == self.owns(who, name)
        if self.owns(who, name):
            self.model[name].update(state="waiting", owner=None)

    @rule(who=who)
    def beat(self, who: int) -> None:
        self.ledgers[who].beat()
        for name in "ab":
            if self.owns(who, name):
                self.model[name]["beat"] = self.clock()

    @rule(seconds=st.sampled_from([1.0, LEASE_S / 2, LEASE_S + 1]))
    def wait(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "model"):
            return
        for entry in self.ledgers[0].entries():
            row = self.model[entry.name]
            assert entry.state == row["state"]
            assert entry.written == row["written"]
            owner = None if row["owner"] is None else self.ledgers[row["owner"]].owner
            assert entry.owner == owner
        done = [name for name, event, _ in self.ledgers[1].history() if event == "done"]
        assert {name: done.count(name) for name in "ab"} == self.n_done


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)


# What cannot be used


def test_a_ledger_of_a_newer_version(tmp_path: Path):
    Ledger(tmp_path).close()
    path = tmp_path / ".pianotrans" / "ledger.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(
        LedgerError,
        match=rf"^{path}: written by a newer pianotrans \(ledger version 2; this one knows 1\)\. Upgrade",
    ):
        Ledger(tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"This is no data base. " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_ledger(tmp_path: Path, content: bytes):
    path = tmp_path / ".pianotrans" / "ledger.sqlite"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite: cannot be read or written \(.*Move it away to begin"):
        Ledger(tmp_path)


def test_an_empty_file_becomes_a_ledger(tmp_path: Path):
    """What a power cut leaves of one that was just being made."""
    (tmp_path / ".pianotrans").mkdir()
    (tmp_path / ".pianotrans" / "ledger.sqlite").touch()
    with Ledger(tmp_path) as ledger:
        ledger.enrol(NAMES)
        assert len(ledger.entries()) == len(NAMES)


def test_a_file_in_the_way(tmp_path: Path):
    (tmp_path / ".pianotrans").write_text("mine")
    with pytest.raises(
        LedgerError, match=r"\.pianotrans: this folder cannot be made \(File exists\)\. Choose another output"
    ):
        Ledger(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="another matter there")
def test_a_ledger_that_may_not_be_written(tmp_path: Path):
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        out.chmod(0o755)
        with Ledger(out) as ledger:
            ledger.enrol(NAMES)
        for path in [out / ".pianotrans", *(out / ".pianotrans").iterdir()]:
            path.chmod(0o555)
        message = r"ledger\.sqlite: cannot be read or written \(attempt to write a readonly .*permissions of "
        with as_nobody(), Ledger(out) as ledger, pytest.raises(LedgerError, match=message):
            ledger.enrol(NAMES)
        (out / ".pianotrans").chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="another matter there")
def test_a_full_disk(tmp_path: Path):
    import resource

    with Ledger(tmp_path) as ledger:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limits[1]))  # Python ignores SIGXFSZ: writing fails
        try:
            with pytest.raises(
                LedgerError, match=r"ledger\.sqlite: cannot be .*Look at the free space and the perm"
            ):
                ledger.enrol(f"{i:0100}" for i in range(2000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert ledger.entries() == []
        ledger.enrol(NAMES)
        assert len(ledger.entries()) == len(NAMES)
