"""What is to be done about a recording, by what the ledger and the output folder say of it."""

from dataclasses import dataclass
from enum import Enum, auto

from pianotrans.batch.identity import Identity, digest, identify
from pianotrans.batch.item import Item
from pianotrans.batch.ledger import Entry, EntryState
from pianotrans.errors import AudioError, OutputError
from pianotrans.workers.storage import Address, exists, is_file, read


class Verdict(Enum):
    """What is to be done about a recording."""

    todo = auto()
    done = auto()
    failed = auto()
    taken = auto()  # somebody else is at it: look again later


@dataclass(frozen=True)
class Judgement:
    """A verdict; for what is done or failed also the recording's identity now."""

    verdict: Verdict
    identity: Identity | None = None


def judge(entry: Entry, item: Item, settings: str, *, retry_failed: bool) -> Judgement:
    """Compare an entry with the recording, the settings and the outputs as they are now.

    The recording is read only if all else says that nothing is to be done, and its size or time has changed.
    """
    todo = Judgement(Verdict.todo)
    if entry.is_taken():
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
    except AudioError:  # to be told when it is tried
        return todo
    return Judgement(verdict, identity) if identity.content == entry.identity.content else todo


def check_outputs(entry: Entry, item: Item, identity: Identity) -> None:
    """Raise OutputError unless every output is free, or holds what the ledger says was written for this recording.

    What was made from another recording of the same name, or changed since, is not ours to replace.
    """
    known = entry.identity
    is_ours = known is not None and (known.source == identity.source or known.content == identity.content)
    for path in item.outputs.values():
        if not exists(path):
            continue
        if not is_ours and known is not None and _is_written(path, entry):
            raise OutputError(
                f"{path}: already exists, made from {known.source}. "
                "Pass --overwrite to replace it, or choose another output folder."
            )
        if not _is_written(path, entry):
            changed = " and has been changed since it was written" if entry.written else ""
            raise OutputError(f"{path}: already exists{changed}. Pass --overwrite to replace it.")


def _is_written(path: Address, entry: Entry) -> bool:
    content = read(path)
    return content is not None and digest(content).hexdigest() in entry.written
