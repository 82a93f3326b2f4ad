"""The drawing of a world as a widget for other pages. Its front end is `js/widget.js` and `page.css`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from experiments.watch.palette import for_browser

_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


def joined(entry: Path) -> str:
    """A JavaScript module joined with everything it imports, because a widget's front end is a single text.

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


class WorldWidget(anywidget.AnyWidget):
    """One or two worlds without controls. Nothing is fetched from elsewhere."""

    _esm = joined(_HERE / "js" / "widget.js")
    _css = _HERE / "page.css"
    palette = traitlets.Dict().tag(sync=True)

    def __init__(self, **values: Any) -> None:
        super().__init__(palette=for_browser(), **values)
