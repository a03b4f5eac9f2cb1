"""What `--degrade` says: names, and levels that belong to the name before them."""

from pianotrans.audio.degradation.degradation import Degradation
from pianotrans.audio.degradation.kinds import KINDS
from pianotrans.errors import UsageError

ALL = "all"


def parse_degradations(text: str) -> tuple[Degradation, ...]:
    """`all`, or names and levels such as `white=20,10,phone,speed=-2`, each once, in the order given.

    A name alone stands for all its usual levels, and a number for another level of the name before it. Raises
    UsageError for anything else.
    """
    found: list[Degradation] = []
    name = ""
    for part in (part.strip() for part in text.split(",")):
        if part == ALL:
            found += [one for each in KINDS for one in _usual(each)]
        elif "=" in part:
            name, _, level = part.partition("=")
            found.append(Degradation(name, _level_of(part, level)))
        elif name and _is_number(part):
            found.append(Degradation(name, float(part)))
        else:
            name = part
            found += _usual(part)
    return tuple(dict.fromkeys(found))


def _usual(name: str) -> list[Degradation]:
    levels = KINDS[name].levels if name in KINDS else ()
    return [Degradation(name, level) for level in levels] or [Degradation(name)]


def _level_of(part: str, level: str) -> float:
    if not _is_number(level):
        raise UsageError(f"{part!r} is not a name and a number. Write for example white=20.", "degrade")
    return float(level)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
