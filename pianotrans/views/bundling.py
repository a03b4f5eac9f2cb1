"""What a page that can load no files carries: its modules as one script, and data."""

import json
import posixpath
import re
from collections.abc import Callable
from typing import Any

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const|let) )", re.MULTILINE)
_UNKNOWN = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def join_modules(entry: str, read: Callable[[str], str]) -> str:
    """The module `entry` and all that it imports, each once and after those that it needs itself.

    `read` gives the text of a module by its path. The modules share one scope, so no two of them may declare the
    same name. Imports look like `import { clock } from "./format.js";`, and `export` stands before a declaration.
    Raises ValueError for any other form.
    """
    texts: dict[str, str] = {}

    def add(path: str) -> None:
        if path in texts:
            return
        text = read(path)
        texts[path] = ""  # so that modules may import each other
        for imported in _IMPORT.findall(text):
            add(posixpath.normpath(posixpath.join(posixpath.dirname(path), imported)))
        text = _EXPORT.sub("", _IMPORT.sub("", text))
        if unknown := _UNKNOWN.search(text):
            raise ValueError(f"{path}: {unknown[0]!r} cannot be joined with other modules.")
        del texts[path]
        texts[path] = text

    add(entry)
    return "\n".join(texts.values())


def json_for_script(value: Any) -> str:
    """JSON that can stand in a script element: no `<` in it, so nothing ends the element early."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
