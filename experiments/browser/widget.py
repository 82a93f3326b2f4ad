"""The widget that draws a world: its front end is `page.js` and `page.css`, which need nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from experiments.palette import EMBER, FAMILIES, FIRST, INK, NAMES, NIGHT, PANEL, QUIET, SECOND, TIES, opacity
from experiments.scene import FULL, Look

_HERE = Path(__file__).parent


def palette() -> dict[str, Any]:
    """Colours for the browser; of the 256 bytes of a tie, the opacity."""
    return {
        "night": NIGHT,
        "panel": PANEL,
        "ink": INK,
        "quiet": QUIET,
        "ember": EMBER,
        "arms": [FIRST, SECOND],
        "ties": {int(look): colour for look, colour in TIES.items()},
        "families": [{"colour": FAMILIES[family], "name": NAMES[family]} for family in FAMILIES],
        "opacity": [round(opacity(Look(byte >> 6), byte & FULL), 3) for byte in range(256)],
    }


class WorldWidget(anywidget.AnyWidget):
    """A world, or two, with all controls (``bare=False``), or the picture alone for a page that has its own."""

    _esm = _HERE / "page.js"
    _css = _HERE / "page.css"
    bare = traitlets.Bool(False).tag(sync=True)
    palette = traitlets.Dict().tag(sync=True)

    def __init__(self, **values: Any) -> None:
        super().__init__(palette=palette(), **values)
