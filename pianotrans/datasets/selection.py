"""Parts of a data set: one split, recordings by name, the first few."""

from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from pianotrans.datasets.listing import DatasetListing, Pair, Unmatched
from pianotrans.datasets.naming import excerpt, quoted
from pianotrans.errors import DatasetError
from pianotrans.names import composed


def select_split(listing: DatasetListing, split: str) -> DatasetListing:
    """The pairs of one split.

    Raises DatasetError where no pair does, naming the splits that there are.
    """
    selected = _select(listing, lambda one: one.split is not None and composed(one.split) == composed(split))
    if selected.pairs:
        return selected
    where = f"{excerpt(listing.root)}: split {quoted(split)}"
    if split in listing.splits:
        raise DatasetError(
            f"{where} has no pair whose files are both there ({len(selected.unmatched)} incomplete, such as "
            f"{selected.unmatched[0]}). Complete the data set, or choose another split."
        )
    if not listing.splits:
        raise DatasetError(f"{where}: this data set states no splits. Leave the split out.")
    raise DatasetError(f"{where} does not exist. Choose one of {', '.join(map(excerpt, listing.splits))}.")


def select_names(listing: DatasetListing, pattern: str) -> DatasetListing:
    """Pairs whose name `matches` a pattern. Raises DatasetError if there are none."""
    selected = _select(listing, lambda one: matches(one.name, pattern))
    if not selected.pairs:
        example = f" They are called like {quoted(listing.pairs[0].name)}." if listing.pairs else ""
        raise DatasetError(
            f"{excerpt(listing.root)}: none of {len(listing.pairs)} names holds or matches {quoted(pattern)}."
            f"{example} Give a part of a name, or a glob such as '*op10*'."
        )
    return selected


def matches(name: str, pattern: str) -> bool:
    """Whether a name contains `pattern`, or matches it as a glob (`*` crosses folders).

    Case is ignored, and so is how letters of the pattern are composed.
    """
    wanted, given = composed(pattern).casefold(), name.casefold()
    return wanted in given or fnmatchcase(given, wanted)


def limit_pairs(listing: DatasetListing, n_pairs: int) -> DatasetListing:
    """The first `n_pairs` pairs; all where there are fewer. Raises DatasetError for less than one."""
    if n_pairs < 1:
        raise DatasetError(f"a limit of {n_pairs} recordings: it must be 1 or more. Leave it out to take all.")
    return replace(listing, pairs=listing.pairs[:n_pairs])


def _select(listing: DatasetListing, wanted: Callable[[Pair | Unmatched], bool]) -> DatasetListing:
    return replace(
        listing,
        pairs=tuple(filter(wanted, listing.pairs)),
        unmatched=tuple(filter(wanted, listing.unmatched)),
    )
