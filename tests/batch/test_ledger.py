"""The ledger: claims, owners who die, two who share, and what it says when it cannot be used."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pianotrans.batch.database import SCHEMA_VERSION
from pianotrans.batch.entry import EntryState, Figures
from pianotrans.batch.identity import Identity
from pianotrans.batch.ledger import Ledger
from pianotrans.batch.owners import HEARTBEAT_S, LEASE_S, Owner, is_at_work
from pianotrans.errors import LedgerError
from tests.commands.driving import as_nobody
from tests.events.strategies import quick

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
    assert not here.is_taken(stale)
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


def test_a_heartbeat_of_the_future_counts_as_long_as_it_is_renewed(tmp_path: Path, clock: Clock):
    """A machine whose clock is ahead by a year: its claims are respected, but not for ever."""
    ahead = Clock()
    ahead.now_s += 365 * 86400
    with Ledger(tmp_path, ELSEWHERE, ahead) as far, Ledger(tmp_path, None, clock) as here:
        far.enrol(NAMES)
        assert far.claim(far.entry("a.wav"), identity(), "s")
        for _ in range(3):
            assert here.is_taken(here.entry("a.wav"))
            clock.now_s += LEASE_S - 1
            far.beat()
            ahead.now_s += LEASE_S - 1
        assert here.is_taken(here.entry("a.wav"))
        clock.now_s += LEASE_S + 1  # and now it is dead
        assert not here.is_taken(here.entry("a.wav"))
        assert here.claim(here.entry("a.wav"), identity(), "s")


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
        ledger.recognise([(before, identity("new"))])
        after = ledger.entry("a.wav")
        assert after.identity == identity("new")
        assert (after.state, after.error, after.settings) == (before.state, "why", "s")
        ledger.recognise([(before, identity("too late"))])
        assert ledger.entry("a.wav") == after


# Runs with other settings


def test_runs_with_other_settings_are_kept_apart(tmp_path: Path, clock: Clock):
    one, two, three = (Ledger(tmp_path, owner, clock) for owner in (ELSEWHERE, None, None))
    one.join("fast")
    one.enrol(NAMES)
    two.join("fast")
    with pytest.raises(LedgerError, match=rf"^{tmp_path}: .*other settings.*process 1 on another machine"):
        three.join("slow")
    one.leave()
    with pytest.raises(LedgerError, match=rf"process {os.getpid()} "):
        three.join("slow")
    two.leave()
    three.join("slow")
    with pytest.raises(LedgerError, match="other settings"):
        one.join("fast")


@pytest.mark.parametrize("owner", [ELSEWHERE, "dead"], ids=str)
def test_a_run_that_has_died_is_in_nobodys_way(tmp_path: Path, clock: Clock, owner):
    owner = Owner(Owner.this().machine, dead_pid(), "abc") if owner == "dead" else owner
    dead, here = Ledger(tmp_path, owner, clock), Ledger(tmp_path, None, clock)
    dead.join("fast")
    if owner is ELSEWHERE:
        clock.now_s += LEASE_S - 1
        dead.beat()
        clock.now_s += LEASE_S - 1
        with pytest.raises(LedgerError, match="other settings"):
            here.join("slow")
        clock.now_s += 2
    here.join("slow")
    with pytest.raises(LedgerError, match="other settings"):
        dead.beat()  # it was only asleep


def test_a_run_that_slept_goes_on_if_nobody_minds(tmp_path: Path, clock: Clock):
    far, here = Ledger(tmp_path, ELSEWHERE, clock), Ledger(tmp_path, None, clock)
    far.join("fast")
    clock.now_s += LEASE_S + 1
    here.join("slow")
    here.leave()
    far.beat()
    with pytest.raises(LedgerError, match="other settings"):
        here.join("slow")


def test_a_run_of_the_far_future_is_in_nobodys_way(tmp_path: Path, clock: Clock):
    ahead = Clock()
    ahead.now_s += 365 * 86400
    Ledger(tmp_path, ELSEWHERE, ahead).join("fast")
    Ledger(tmp_path, None, clock).join("slow")


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
        match=rf"^{path}: written by a newer pianotrans \(ledger version 2; this one supports 1\)\. Upgrade",
    ):
        Ledger(tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"This is no data base. " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_ledger(tmp_path: Path, content: bytes):
    path = tmp_path / ".pianotrans" / "ledger.sqlite"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite: cannot be read or written \(.*Move it away"):
        Ledger(tmp_path)


def use(out: Path) -> None:
    """What a run does with its ledger."""
    with Ledger(out) as ledger:
        ledger.join("s")
        for entry in ledger.entries():
            ledger.claim(entry, identity(), "s")
            ledger.fail(entry.name, "why", 1.0)
        ledger.leave()


HUGE = "x" * 2_000_000
DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE recordings SET name = x'00ff'",
        "UPDATE recordings SET revision = 'one'",
        "UPDATE recordings SET size = 'big'",
        "UPDATE recordings SET mtime_ns = 0.5",
        "UPDATE recordings SET content = NULL",
        "UPDATE recordings SET size = NULL",
        "UPDATE recordings SET owner = 'me', state = 'running'",
        "UPDATE recordings SET owner = 'a:99999999999999999999:b', state = 'running'",
        "UPDATE recordings SET owner = 'a:-1:b', state = 'running'",
        "UPDATE recordings SET owner = 'a:1:b', state = 'running', heartbeat_s = 'now'",
        "UPDATE recordings SET owner = 'a:1:b', state = 'running', heartbeat_s = 9e999",
        "UPDATE recordings SET audio_s = 'long'",
        "UPDATE recordings SET audio_s = 9e999",
        "UPDATE recordings SET n_notes = 'many'",
        "UPDATE recordings SET outputs = 'a.mid'",
        "UPDATE recordings SET outputs = '{}'",
        "UPDATE recordings SET outputs = '[1]'",
        "UPDATE recordings SET written = '[[]]'",
        f"UPDATE recordings SET written = '{DEEP}'",
        f"UPDATE recordings SET error = '{HUGE}'",
        "UPDATE recordings SET error = CAST(x'ff' AS TEXT)",
        "PRAGMA ignore_check_constraints = ON; UPDATE recordings SET state = 'lost'",
        "ALTER TABLE recordings DROP COLUMN outputs",
        "ALTER TABLE recordings RENAME COLUMN settings TO s",
        "ALTER TABLE recordings RENAME TO songs",
        "DROP TABLE recordings",
        "DROP TABLE history",
        "DROP TABLE recordings; CREATE TABLE recordings (name TEXT, state TEXT)",
        "CREATE TABLE c AS SELECT * FROM recordings; DROP TABLE recordings; ALTER TABLE c RENAME TO recordings",
        "DROP TABLE recordings; CREATE VIEW recordings AS SELECT 1 AS name",
        "DROP TABLE runs; CREATE TABLE runs (owner, settings, heartbeat_s); INSERT INTO runs VALUES (1, 2, 3)",
        "INSERT INTO runs VALUES ('me', 's', 1.0)",
        "INSERT INTO runs VALUES ('a:1:b', 's', 'now')",
        "DROP TABLE runs; CREATE TABLE runs (owner)",
        "PRAGMA user_version = 0",
        "PRAGMA user_version = -5",
    ],
    ids=lambda change: change[:70],
)
def test_a_ledger_that_somebody_has_changed(tmp_path: Path, change: str):
    with Ledger(tmp_path) as ledger:
        ledger.enrol(["a.wav"])
        ledger.claim(ledger.entry("a.wav"), identity(), "s")
        ledger.finish("a.wav", ["a.mid"], ["d"], FIGURES)
    connection = sqlite3.connect(tmp_path / ".pianotrans" / "ledger.sqlite")
    connection.executescript(change)
    connection.close()
    with pytest.raises(LedgerError, match=r"ledger\.sqlite: .*Move it away") as caught:
        use(tmp_path)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@settings(quick, max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_random_bytes_in_a_ledger(random, n_bytes: int):
    with tempfile.TemporaryDirectory() as name:
        with Ledger(Path(name)) as ledger:
            ledger.enrol(["a.wav", "b.wav"])
            path = ledger.path
        content = bytearray(path.read_bytes())
        for _ in range(n_bytes):
            content[random.randrange(len(content))] = random.randrange(256)
        path.write_bytes(content)
        with suppress(LedgerError):
            use(Path(name))


def test_a_folder_in_place_of_the_ledger(tmp_path: Path):
    (tmp_path / ".pianotrans" / "ledger.sqlite").mkdir(parents=True)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite: cannot be read or written"):
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
            with pytest.raises(LedgerError, match=r"ledger\.sqlite: cannot be .*Check the free space and the perm"):
                ledger.enrol(f"{i:0100}" for i in range(2000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert ledger.entries() == []
        ledger.enrol(NAMES)
        assert len(ledger.entries()) == len(NAMES)
