"""Which recordings are for training, for validation and for tests."""

from dataclasses import replace
from itertools import count

from pianotrans.datasets import DatasetListing, Pair
from pianotrans.datasets.naming import excerpt, quoted
from pianotrans.errors import DatasetError, UsageError
from pianotrans.training.data.index import SPLITS

TRAIN, VALIDATION, _ = SPLITS


def assign_splits(listing: DatasetListing, validation_share: float = 0.0) -> DatasetListing:
    """The listing with the splits that the data set states; all are for training where it states none.

    `validation_share` of the recordings for training, evenly spread, go to validation, if the data set has none.
    Raises UsageError for a share that is not from 0 to below 1, or with a data set that has a validation split.
    """
    if not 0 <= validation_share < 1:
        raise UsageError(f"{validation_share!r} given. It must be 0 or more, and below 1.", "validation_share")
    if not listing.splits:
        listing = replace(
            listing,
            pairs=tuple(replace(pair, split=TRAIN) for pair in listing.pairs),
            unmatched=tuple(replace(one, split=TRAIN) for one in listing.unmatched),
        )
    if not validation_share:
        return listing
    if VALIDATION in listing.splits:
        raise UsageError("this data set has a validation split. Leave the share out.", "validation_share")
    numbers = count()

    def assigned(pair: Pair) -> Pair:
        if pair.split != TRAIN:
            return pair
        n = next(numbers)
        is_chosen = int((n + 1) * validation_share) > int(n * validation_share)
        return replace(pair, split=VALIDATION) if is_chosen else pair

    return replace(listing, pairs=tuple(map(assigned, listing.pairs)))


def check_splits(listing: DatasetListing) -> None:
    """Raise DatasetError unless every recording belongs to train, validation or test."""
    for pair in listing.pairs:
        if pair.split not in SPLITS:
            given = "no split" if pair.split is None else f"the split {quoted(pair.split)}"
            n = sum(one.split == pair.split for one in listing.pairs)
            raise DatasetError(
                f"{excerpt(listing.root)}: {n} of {len(listing.pairs)} recordings have {given}, "
                f"{quoted(pair.name)} among them. Give each one of {', '.join(SPLITS)}, in the column split."
            )
