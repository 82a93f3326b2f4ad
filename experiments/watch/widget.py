"""The picture of a world as a widget, for a page of somebody else: its front end is `page.js` and `page.css`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from experiments.watch.palette import for_browser

_HERE = Path(__file__).parent


class WorldWidget(anywidget.AnyWidget):
    """A world, or two, without controls; nothing is fetched from elsewhere."""

    _esm = _HERE / "page.js"
    _css = _HERE / "page.css"
    bare = traitlets.Bool(True).tag(sync=True)
    palette = traitlets.Dict().tag(sync=True)

    def __init__(self, **values: Any) -> None:
        super().__init__(palette=for_browser(), **values)
