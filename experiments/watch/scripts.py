"""JavaScript modules joined into one text, for front ends that cannot load one from another."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


def joined(entry: Path) -> str:
    """A JavaScript module joined with everything it imports.

    It supports only what the page's modules use: imports of names from files in the same folder, and exports of
    declarations. Top-level names must differ between modules.
    """
    seen: set[str] = set()
    texts: list[str] = []

    def add(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        text = (entry.parent / name).read_text("utf-8")
        for needed in _IMPORT.findall(text):
            add(needed)
        texts.append(_EXPORT.sub("", _IMPORT.sub("", text)))

    add(entry.name)
    return "\n".join(texts)
