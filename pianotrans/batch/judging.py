"""Decide what to do with a recording, from its ledger entry and the output folder."""

from dataclasses import dataclass
from enum import Enum, auto

from pianotrans.batch.entry import Entry, EntryState
from pianotrans.batch.identity import Identity, digest, identify
from pianotrans.batch.item import Item
from pianotrans.errors import AudioError, OutputError
from pianotrans.names import restored
from pianotrans.workers.storage import Address, exists, is_file, read


class Verdict(Enum):
    """What to do with a recording."""

    todo = auto()
    done = auto()
    failed = auto()
    taken = auto()  # another run is working on it: look again later


@dataclass(frozen=True)
class Judgement:
    """A verdict; for a recording that is done or failed, also its current identity."""

    verdict: Verdict
    identity: Identity | None = None


def judge(entry: Entry, item: Item, settings: str, *, is_taken: bool, retry_failed: bool) -> Judgement:
    """Compare an entry with the current recording, settings and outputs.

    The recording is read only if its size or time has changed and everything else says that there is nothing to do.
    """
    todo = Judgement(Verdict.todo)
    if is_taken:
        return Judgement(Verdict.taken)
    if entry.identity is None or entry.settings != settings:
        return todo
    if entry.state is EntryState.done and all(map(is_file, item.outputs.values())):
        verdict = Verdict.done
    elif entry.state is EntryState.failed and not retry_failed:
        verdict = Verdict.failed
    else:
        return todo
    try:
        identity = identify(item.source, entry.identity)
    except AudioError:  # reported when the recording is tried
        return todo
    return Judgement(verdict, identity) if identity.content == entry.identity.content else todo


def check_outputs(entry: Entry, item: Item, identity: Identity) -> None:
    """Raise OutputError unless every output is free or holds what was written for this recording.

    Outputs of another recording of the same name, and outputs that were changed since, must not be replaced.
    """
    known = entry.identity
    is_ours = known is not None and (known.source == identity.source or known.content == identity.content)
    for path in item.outputs.values():
        if not exists(path):
            continue
        if not is_ours and known is not None and _is_written(path, entry):
            raise OutputError(
                f"{path}: already exists, made from {restored(known.source)}. "
                "Pass --overwrite to replace it, or choose another output folder."
            )
        if not _is_written(path, entry):
            changed = " and has been changed since it was written" if entry.written else ""
            raise OutputError(f"{path}: already exists{changed}. Pass --overwrite to replace it.")


def _is_written(path: Address, entry: Entry) -> bool:
    content = read(path)
    return content is not None and digest(content).hexdigest() in entry.written
