"""What people should know about one recording, such as a pause in it or a piano that is out of tune."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

NOT_SOLO_PIANO = "not solo piano"  # a kind of remark that the pages show as a badge; its `share` is 0…1


@dataclass(frozen=True, slots=True)
class Remark:
    """One line about a recording. It is no error: the recording was transcribed.

    `kind` and `values` are for programs: the kind of remark, for example "tuning", and its figures by name, with
    units in the names.
    """

    kind: str
    text: str  # for people, without the recording's name
    values: Mapping[str, float | int | str] = field(default_factory=dict, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """The remark as one flat object; `from_dict` restores it."""
        return {"kind": self.kind, "text": self.text, **self.values}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Restore a remark from the result of `to_dict`. Raises KeyError if its kind or text is missing."""
        values = {name: value for name, value in data.items() if name not in ("kind", "text")}
        return cls(str(data["kind"]), str(data["text"]), values)
