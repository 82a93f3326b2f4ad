"""The Mesa model in Mesa's own page, `SolaraViz`, next to the circle of one person and a map of everyone.

    solara run experiments/watch/mesa_page.py

The page opens before the model is there, says what it waits for, and loads and compiles the model in a thread. So this
file imports neither the model nor Mesa before that.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import solara
import solara.lab

from experiments.terminal.compiling import compile_model

if TYPE_CHECKING:
    from experiments.watch.watched_model import WatchedModel

TITLE = "Rekindle: which old ties come back"
WHAT = (
    "A world of people who drifted apart. Some of them, the adopters, follow a strategy for reconnecting, such as "
    "checking in on those who have been silent longest."
)
STYLE = """
.rk-page { padding: 12px 16px 4px; }
.rk-page p { margin: 0; max-width: 75em; }
.rk-numbers { display: flex; flex-wrap: wrap; gap: 4px 28px; align-items: baseline; padding: 6px 0; }
.rk-numbers > div { cursor: help; }
.rk-numbers b { font-size: 26px; font-variant-numeric: tabular-nums; }
.rk-numbers div:nth-child(2) b { color: #d98200; }
.rk-waiting { max-width: 640px; margin: 12vh auto 0; padding: 0 20px; }
.rk-waiting > * { margin-bottom: 18px; }
/* On a phone, Solara's drawer would cover the page. Here it is a sheet at the bottom, which the menu button hides. */
@media (max-width: 959px) {
  .v-navigation-drawer {
    top: auto !important; bottom: 0; height: 244px !important; width: 100vw !important; min-width: 0 !important;
    max-width: none !important; border-top: 1px solid #8886;
  }
  .v-overlay, .v-navigation-drawer .v-card:first-child .v-card__title { display: none; }
  .rk-page { padding: 0 4px 250px; }
  .rk-numbers { gap: 0 16px; }
  .rk-numbers b { font-size: 20px; }
}
"""
HEIGHT = "clamp(280px, calc(100vh - 330px), 74vw)"  # of a picture: what the texts above and below it leave


class Waiting(NamedTuple):
    """What the page waits for, and how much of it is done, 0 to 100; None if that is unknown."""

    text: str
    percent: float | None = None


@solara.component
def Page() -> None:  # noqa: N802 - a component, which Solara finds by its name
    """The whole page. Each tab has a model of its own."""
    waiting = solara.use_reactive(Waiting("Starting"))

    def ready() -> WatchedModel:
        began = time.monotonic()

        def progress(done: int, total: int, note: str = "", /) -> None:
            seconds = int(time.monotonic() - began)
            text = f"Compiling the model: {done} of about {total} functions, {seconds} s"
            waiting.set(Waiting(f"{text}, {note}" if note else text, 100 * done / total))

        compile_model(progress)
        waiting.set(Waiting("Loading Mesa"))
        from experiments.watch import components  # noqa: F401 - with Mesa, which takes a second or two
        from experiments.watch.watched_model import WatchedModel

        waiting.set(Waiting("Making a world of 150 people"))
        return WatchedModel()

    task = solara.lab.use_task(ready, dependencies=[], raise_error=False)
    solara.Title(TITLE)
    solara.Style(STYLE)
    if task.finished:
        Watched(task.value)
    elif task.error:
        solara.Error(f"The model could not be made. {type(task.exception).__name__}: {task.exception}")
    else:
        Wait(waiting.value)


@solara.component
def Wait(waiting: Waiting) -> None:  # noqa: N802 - a component
    """What the page says until there is a model."""
    with solara.Div(classes=["rk-waiting"]):
        solara.HTML("h1", TITLE)
        solara.HTML("p", WHAT)
        solara.ProgressLinear(True if waiting.percent is None else waiting.percent)
        solara.HTML("p", f"{waiting.text} …", attributes={"role": "status"})
        if waiting.percent is not None:
            solara.HTML("p", "This happens once after an installation or update, and takes a few minutes. Leave the "
                        "page open: it goes on by itself.")  # fmt: skip


@solara.component
def Watched(first: WatchedModel) -> None:  # noqa: N802 - a component
    """Mesa's controls, and what the model shows."""
    from mesa.visualization import Slider, SolaraViz

    from experiments.watch.components import TieCircle, TieMap
    from experiments.watch.watched_model import PARAMETERS, SHOWN_TIES

    controls = {
        "strategy": {"type": "Select", "value": "check_in", "values": list(PARAMETERS.strategy_names),
                     "label": "Strategy"},
        "strategy_days": Slider("Days of the strategy", 365, 30, 730, 5),
        "adopters": Slider("Adopters", 10, 1, 50, 1),
        "people": Slider("People", 150, 50, 500, 10),
        "seed": {"type": "InputText", "value": "1", "label": "Seed of world and random draws"},
    }  # fmt: skip
    model, person = solara.use_reactive(first), solara.use_reactive(None)
    with solara.Div(classes=["rk-page"]):
        Outcomes(model.value)
        with solara.ColumnsResponsive(12, large=6):
            TieCircle(model.value, SHOWN_TIES, person, HEIGHT)
            TieMap(model.value, SHOWN_TIES, person, HEIGHT)
    SolaraViz(model, components=[], model_params=controls, name=TITLE, play_interval=50)


@solara.component
def Outcomes(model: Any) -> None:  # noqa: N802 - a component
    """The day and the outcomes, as `rekindle watch` has them."""
    from mesa.visualization.utils import update_counter

    from experiments.watch.outcomes import SHOWN

    update_counter.get()
    day, outcome, stops = model.published.day, model.published.outcome, model.strategy_days
    strategy, follow = model.strategy.replace("_", " "), "follow" if day < stops else "followed"
    who = f"{len(model.adopters)} of {len(model.people)} people, who have a ring, {follow}"
    solara.HTML("p", f"{who} “{strategy}” until day {stops}. Ties of each, on average:")
    with solara.Div(classes=["rk-numbers"]):
        solara.HTML("div", f"<b>day {day}</b>")
        for shown in SHOWN:
            value = getattr(outcome, shown.name)
            with solara.Tooltip(shown.meaning):
                solara.HTML("div", f"<b data-outcome='{shown.name}'>{value:.1f}</b> {shown.label}")
