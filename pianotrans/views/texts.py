"""What the pages say, in every language that there is a file for."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read_texts() -> dict[str, dict[str, Any]]:
    """The texts by language, English first: {"en": {"language": "English", "tools": {"undo": "Undo"}}}.

    A text is a string, or has one for each plural form of its language ("one", "other"), as CLDR names them.
    """
    folder = files("pianotrans.views") / "assets" / "texts"
    codes = sorted(
        (path.name.removesuffix(".json") for path in folder.iterdir()), key=lambda code: (code != "en", code)
    )
    return {code: json.loads((folder / f"{code}.json").read_text(encoding="utf-8")) for code in codes}
