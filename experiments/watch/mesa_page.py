"""The Mesa model in Mesa's own page, `SolaraViz`, with the widget of `rekindle watch` as a component.

    solara run experiments/watch/mesa_page.py

A step is computed in a thread of the page, which draws whenever it likes. So the model publishes what is drawn at the
end of each step, whole, and components read nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import solara
from mesa.visualization import Slider, SolaraViz
from mesa.visualization.utils import update_counter

import sim
from experiments.watch.layout import Layout as WorldLayout  # Solara uses a `Layout` of this module for its pages
from experiments.watch.layout import WorldFrame, WorldView
from experiments.watch.outcomes import SHOWN
from experiments.watch.widget import WorldWidget
from sim.engine.views import SEEN, see

PARAMETERS = sim.Parameters()  # change them here; added strategies are in the menu


class Published(NamedTuple):
    """The display after a step: the day, a frame, and ties per adopter that reconnected."""

    day: int
    picture: WorldFrame
    reconnected: float


class _Looked:
    """A Mesa model with the interface that `experiments.watch.layout.WorldView` reads."""

    def __init__(self, model: WatchedModel) -> None:
        self.model, self.start = model, model.day
        self.renew()

    def renew(self) -> None:
        self.world = self.model.to_world()

    @property
    def parameters(self) -> sim.Parameters:
        return self.world.parameters

    def see(self, pairs: np.ndarray, slots: np.ndarray) -> np.ndarray:
        world, seen = self.world, np.zeros(len(pairs), SEEN)
        see(world.people, world.ties, pairs, slots, world.day, world.parameters.packed, seen)
        return seen

    def reconnections(self) -> np.ndarray:
        ties = self.model.measures().at_risk
        return ties.loc[ties["reconnected"].notna(), ["low", "high"]].to_numpy(np.int32)


class WatchedModel(sim.ReconnectionModel):
    """The model with arguments as Mesa's controls give them, and with what is drawn of it.

    Args:
        people, strategy, adopters: as in `sim.ReconnectionModel`; the world has a year of ordinary life behind it.
        seed: seed of the world and of random draws; can be text, as typed on the page.
    """

    def __init__(
        self, people: int = 150, strategy: str = "check_in", adopters: int = 10, seed: int | str | None = 1
    ) -> None:
        typed = str(seed).strip()
        number = int(typed) if typed.isdecimal() else 1
        world = sim.worlds.generated(people=int(people), burn_in_years=1, seed=number, parameters=PARAMETERS)
        super().__init__(world=world, strategy=strategy, adopters=min(int(adopters), len(world)), seed=number)
        self.layout = WorldLayout(world, self.adopters)
        self._looked = _Looked(self)
        self._view = WorldView(self.layout, self._looked)  # type: ignore[arg-type]
        self._publish(self.record.sent)

    def step(self) -> None:
        """Simulate a day and update the display."""
        super().step()
        self._looked.renew()
        self._view.take_in(self.record)
        self._view.look()
        self._publish(self.record.sent)

    def _publish(self, sent: np.ndarray) -> None:
        row = self.datacollector.model_vars
        self.published = Published(int(self.steps), self._view.picture(sent), float(row["reconnected"][-1]))


@solara.component
def WorldPicture(model: WatchedModel) -> None:  # noqa: N802 - a component
    """The world, as `rekindle watch` draws it."""
    update_counter.get()
    element = WorldWidget.element()
    latest = solara.use_ref(model)
    latest.current = model

    def answer() -> Callable[[], None]:
        widget = solara.get_widget(element)

        def hear(_: Any, message: dict[str, Any], __: Any) -> None:
            if message.get("do") == "ready":
                tell_scene(widget, latest.current)
                tell_frame(widget, latest.current)

        widget.on_msg(hear)
        return lambda: widget.on_msg(hear, remove=True)

    def anew() -> None:
        tell_scene(solara.get_widget(element), model)

    def frame() -> None:
        tell_frame(solara.get_widget(element), model)

    solara.use_effect(answer, [])
    solara.use_effect(anew, [model])
    solara.use_effect(frame, [model, model.published.day])


def tell_scene(widget: WorldWidget, model: WatchedModel) -> None:
    """Send the places of people and the drawn ties."""
    layout = model.layout
    arrays = (layout.places.astype(np.float32), layout.pairs.astype(np.int32), model.adopters.astype(np.int32))
    message = {
        "is": "scene",
        "people": len(layout.places),
        "arms": ["the Mesa model"],
        "outcomes": [each.told() for each in SHOWN if each.name == "reconnected"],
        "again": False,
    }
    widget.send(message, [array.tobytes() for array in arrays])


def tell_frame(widget: WorldWidget, model: WatchedModel) -> None:
    """Send the bytes of the last day."""
    day, picture, reconnected = model.published
    none = np.zeros(0, np.int32).tobytes()
    message = {"is": "frame", "frame": day, "day": day, "outcomes": [{"reconnected": round(reconnected, 3)}]}
    widget.send(message, [none, none, picture.ties.tobytes(), picture.people.tobytes(), picture.flashes.tobytes()])


@solara.component
def Outcome(model: WatchedModel) -> None:  # noqa: N802 - a component
    """The day and the outcome."""
    update_counter.get()
    day, _, reconnected = model.published
    solara.Text(f"Day {day}: {reconnected:.1f} ties per adopter reconnected")


CONTROLS = {
    "seed": {"type": "InputText", "value": "1", "label": "Seed of world and random draws"},
    "people": Slider("People", 150, 50, 500, 10),
    "adopters": Slider("Adopters", 10, 1, 50, 1),
    "strategy": {"type": "Select", "value": "check_in", "values": list(PARAMETERS.strategy_names), "label": "Strategy"},
}

page = SolaraViz(
    WatchedModel(),
    components=[WorldPicture, Outcome],
    model_params=CONTROLS,
    name="Rekindle on Mesa",
    play_interval=50,
)
