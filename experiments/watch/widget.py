"""A picture of ties as a widget for other pages. Its front end is `js/widget.js` and `widget.css`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import ipyvue
import traitlets

from experiments.watch.palette import for_browser
from experiments.watch.scripts import joined

_HERE = Path(__file__).parent


class Mounted(ipyvue.VueTemplate):
    """Nothing that can be seen, and the news that the browser shows it.

    anywidget gives up on a widget that the browser has not loaded within two seconds, and then drops all that is sent
    to it. A page that has just been opened can take longer, so a `TieWidget` comes only once the page is there.

    Attributes:
        there: whether the browser shows it.
    """

    template = traitlets.Unicode(
        "<template><div></div></template><script>module.exports = { mounted() { this.there = true; } };</script>"
    ).tag(sync=True)
    there = traitlets.Bool(False).tag(sync=True)


class TieWidget(anywidget.AnyWidget):
    """A circle or a map of ties. Nothing is fetched from elsewhere.

    Attributes:
        kind: ``circle`` or ``map``.
        height: of the picture, as CSS has it.
        scene: what stays the same from step to step.
        shown: what changes, with a ``caption``; see `experiments.watch.components`.
        chosen: the number of the agent that was clicked on last, and how many clicks there were, so that a second
            click on the same agent counts; empty before the first.
    """

    _esm = joined(_HERE / "js" / "widget.js")
    _css = _HERE / "widget.css"
    palette = traitlets.Dict().tag(sync=True)
    kind = traitlets.Enum(["circle", "map"], "circle").tag(sync=True)
    height = traitlets.Unicode("560px").tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)
    chosen: traitlets.List[int] = traitlets.List().tag(sync=True)

    def __init__(self, **values: Any) -> None:
        super().__init__(palette=for_browser(), **values)
