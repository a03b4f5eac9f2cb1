"""What the outputs of recordings are called: each recording has names of its own, the same in every run."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path, PurePosixPath

from pianotrans.batch.entry import Entry
from pianotrans.batch.item import Item
from pianotrans.names import folded, restored
from pianotrans.workers.storage import Address


def name_outputs(items: Iterable[Item], entries: Mapping[str, Entry] | None = None) -> list[Item]:
    """The items, with other names for outputs that more than one of them would write.

    Outputs have the name of their recording without its suffix: `p2.mid`. Where two recordings would share it, both
    outputs have the whole name: `p2.mp3.mid` and `p2.wav.mid`. Names that differ only in case or in the composition
    of their letters count as the same, as for many file systems, and a number is added where nothing else helps.
    An output that would replace a recording of the run has the whole name, too.

    What the ledger's entries say that a recording was called, it is called again, whatever has come or gone since.
    The order of the items has no influence. O(n) for n items.
    """
    items = list(items)
    keys = _Keys()
    stems: dict[int, str] = {}
    taken = _sources_in_the_way(items, keys)
    for index, item in enumerate(items):
        stem = _stem_before(item, (entries or {}).get(item.name))
        if stem is not None and (key := keys.of(item, stem)) not in taken:
            taken.add(key)
            stems[index] = stem
    others = {index: item for index, item in enumerate(items) if index not in stems and item.outputs}
    stems |= _free_stems(others, taken, keys)
    return [
        item.with_stem(stems[index]) if stems.get(index, item.stem) != item.stem else item
        for index, item in enumerate(items)
    ]


def _free_stems(items: Mapping[int, Item], taken: set[str], keys: "_Keys") -> dict[int, str]:
    """Stems for items that have had none before. No two of the keys are the same, and none is `taken`."""
    stems = {index: item.stem for index, item in items.items()}
    wanted = {index: keys.of(item, item.stem) for index, item in items.items()}
    is_settled = False
    while not is_settled:  # a whole name may meet a short one: p2.wav.flac is in the way of p2.wav beside p2.mp3
        counts = Counter(wanted.values())
        is_settled = True
        for index, key in wanted.items():
            item = items[index]
            if (counts[key] > 1 or key in taken) and stems[index] != item.source.name:
                stems[index] = item.source.name
                wanted[index] = keys.of(item, stems[index])
                is_settled = False
    used = {*taken, *wanted.values()}
    for index in _still_shared(wanted, taken, items):
        numbered = (f"{stems[index]}.{number}" for number in count(2))
        stems[index] = next(stem for stem in numbered if keys.of(items[index], stem) not in used)
        used.add(keys.of(items[index], stems[index]))
    return stems


def _still_shared(wanted: Mapping[int, str], taken: set[str], items: Mapping[int, Item]) -> list[int]:
    """The items that need a number: all but the first by name of those that want the same."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index in sorted(wanted, key=lambda index: items[index].source.name):
        groups[wanted[index]].append(index)
    return [index for key, group in groups.items() for index in (group if key in taken else group[1:])]


def _stem_before(item: Item, entry: Entry | None) -> str | None:
    """What a recording's outputs were called in an earlier run, if that is a name that this module gives."""
    whole = item.source.name
    for output in entry.outputs if entry and item.outputs else ():
        stem = PurePosixPath(restored(output)).stem
        if stem in (item.stem, whole) or re.fullmatch(re.escape(whole) + r"\.[1-9]\d{0,8}", stem):
            return stem
    return None


def _sources_in_the_way(items: Sequence[Item], keys: "_Keys") -> set[str]:
    """The keys of outputs that would replace a recording: a WAV file with the name x.mid."""
    suffixes = {path.suffix.lower() for item in items for path in item.outputs.values()}
    sources = [item.source for item in items if item.source.suffix.lower() in suffixes]
    return {keys.beside(source, source.stem) for source in sources}


class _Keys:
    """Texts that are equal for outputs which some file system would not keep apart."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}  # as they are without links, which takes time to find out

    def of(self, item: Item, stem: str) -> str:
        return self.beside(next(iter(item.outputs.values())), stem)

    def beside(self, address: Address, stem: str) -> str:
        folder, _ = os.path.split(str(address))  # `parent` takes longer
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder) if isinstance(address, Path) else folder
        return folded(f"{self._folders[folder]}/{stem}")
