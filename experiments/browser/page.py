"""The page as Solara has it: a tab is one widget and one `Session`; what the tab leaves behind is ended with it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import solara

from experiments import runner
from experiments.browser.asked import OPENING, OPENING_BESIDE, Asked
from experiments.browser.session import Session
from experiments.browser.widget import WorldWidget
from experiments.stage import Stage

SESSIONS: weakref.WeakSet[Session] = weakref.WeakSet()  # of all tabs that are open
_opening = Asked(changes=OPENING, beside=OPENING_BESIDE)
_presets: dict[str, Any] = {}


def set_up(opening: Asked | None, presets: dict[str, Any]) -> None:
    """Say what tabs show at first, and from which files they can choose."""
    global _opening
    _opening = opening or _opening
    _presets.clear()
    _presets.update(presets)


def warm_up() -> None:
    """Make the opening ready while the browser still loads: its world, and what is compiled for it."""
    experiment = _opening.experiment()
    stage = Stage(runner.world_of(experiment.world), experiment, _opening.strategies(experiment))
    stage.step()
    stage.look()


@solara.component
def Page() -> None:  # noqa: N802 - Solara looks for this name
    """A tab."""
    solara.Title("Rekindle")
    query = solara.use_router().search or ""
    element = WorldWidget.element()

    def live() -> Callable[[], None]:
        widget = solara.get_widget(element)
        session = Session(widget.send, query, _opening, dict(_presets))
        SESSIONS.add(session)
        widget.on_msg(lambda _, message, __: session.hear(message))
        session.start()
        return session.close

    solara.use_effect(live, [])
