"""Solara components for any Mesa model with weighted ties: the circle of one agent, and a map of everyone.

They know no model. A `TieAdapter` says how to read it:

    SHOWN = TieAdapter(ties=lambda model, agent: model.ties_of(agent))

    @solara.component
    def Page():
        model, person = solara.use_reactive(model_of_mine), solara.use_reactive(None)
        SolaraViz(model)  # Mesa's controls
        with solara.ColumnsResponsive(12, large=6):  # side by side where there is room
            TieCircle(model.value, SHOWN, person)
            TieMap(model.value, SHOWN, person)

Both also work in ``SolaraViz(components=[...])``, as a function of the model. They are drawn again after each of Mesa's
steps. docs/watch.md has a whole model.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import solara
from mesa.visualization.utils import update_counter

from experiments.watch.palette import FAMILIES
from experiments.watch.weighted_ties import (
    ContactMade,
    TieAdapter,
    TiesRead,
    WeightedTie,
    circle_caption,
    circle_of,
    map_caption,
    map_of,
    places_of,
    read,
    somebody,
)
from experiments.watch.widget import Mounted, TieWidget

__all__ = ["ContactMade", "TieAdapter", "TieCircle", "TieMap", "WeightedTie"]

USUAL_HEIGHT = "min(560px, 70vh)"


@solara.component
def TieCircle(  # noqa: N802 - a component
    model: Any,
    adapter: TieAdapter,
    person: Hashable | solara.Reactive[Hashable | None] | None = None,
    height: str = USUAL_HEIGHT,
) -> None:
    """One agent in the middle, their ties around: the further out, the longer since the last contact.

    A click on somebody puts them in the middle.

    Args:
        model: a Mesa model.
        adapter: how its ties are read.
        person: id of the agent in the middle, or a reactive that holds it and that another component can share. By
            default, and when there is no such agent, the first with a ring, else one with most ties.
        height: of the picture, as CSS has it.

    Raises:
        ValueError: see `experiments.watch.weighted_ties.read`.
    """
    seen = _use_read(model, adapter)
    chosen = solara.use_reactive(person)
    number = _number(seen, chosen.value)
    number = somebody(seen) if number is None else number
    shown: dict[str, Any] = {"caption": "There are no agents."}
    if number is not None:
        shown = circle_of(seen, adapter, number) | {"caption": circle_caption(seen, adapter, number)}
    _Picture(
        kind="circle",
        height=height,
        scene={"kinds": _kinds(seen, adapter)},
        shown=shown,
        on_chosen=lambda click: chosen.set(seen.ids[click[0]]),
    )


@solara.component
def TieMap(  # noqa: N802 - a component
    model: Any,
    adapter: TieAdapter,
    person: Hashable | solara.Reactive[Hashable | None] | None = None,
    height: str = USUAL_HEIGHT,
) -> None:
    """Everyone, with all ties. A click on somebody marks them.

    Args:
        model: a Mesa model.
        adapter: how its ties are read.
        person: id of the agent who is marked, or a reactive that holds it; by default nobody.
        height: of the picture, as CSS has it.

    Raises:
        ValueError: see `experiments.watch.weighted_ties.read`.
    """
    seen = _use_read(model, adapter)
    chosen = solara.use_reactive(person)
    scene = solara.use_memo(lambda: _map_scene(model, seen, adapter), [model, len(seen.ids)])
    number = _number(seen, chosen.value)
    drawn = solara.use_memo(lambda: map_of(seen, adapter), [model, seen.step, update_counter.value])
    _Picture(
        kind="map",
        height=height,
        scene=scene | {"kinds": _kinds(seen, adapter)},
        shown=drawn | {"day": seen.step, "person": number, "caption": map_caption(seen, adapter, number)},
        on_chosen=lambda click: chosen.set(seen.ids[click[0]]),
    )


@solara.component
def _Picture(**values: Any) -> None:  # noqa: N802 - a component
    is_there, set_there = solara.use_state(False)
    if is_there:
        TieWidget.element(**values)
    else:
        Mounted.element(on_there=set_there)


def _use_read(model: Any, adapter: TieAdapter) -> TiesRead:
    """The ties after the last step. A click during a step does not read a model that is half done."""
    return solara.use_memo(lambda: read(model, adapter), [model, update_counter.value])


def _number(seen: TiesRead, agent: Hashable | None) -> int | None:
    return seen.ids.index(agent) if agent in seen.ids else None


def _map_scene(model: Any, seen: TiesRead, adapter: TieAdapter) -> dict[str, Any]:
    return {
        "names": [adapter.name(agent) for agent in seen.ids],
        "places": places_of(model, seen, adapter).tobytes(),
        "ringed": np.array(seen.ringed, np.int32).tobytes(),
    }


def _kinds(seen: TiesRead, adapter: TieAdapter) -> list[list[str]]:
    """The name and the colour of each kind of contact, for a legend; none where the model has no contacts."""
    has_contacts = adapter.contacts is not TieAdapter.__dataclass_fields__["contacts"].default
    return [list(kind) for kind in zip(adapter.kinds, FAMILIES.values(), strict=False)] if has_contacts else []
