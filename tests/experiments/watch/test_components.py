from __future__ import annotations

import re
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    find_spec("solara") is None or find_spec("altair") is None, reason="the extra watch is not installed"
)
DOCUMENT = (ROOT / "docs" / "watch.md").read_text("utf-8")


@pytest.fixture(scope="module")
def example_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page for another model, as docs/watch.md has it."""
    (code,) = [code for code in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL) if "class Friends" in code]
    file = tmp_path_factory.mktemp("example") / "friends.py"
    file.write_text(code, "utf-8")
    return file


@pytest.fixture(scope="module")
def example(example_file: Path) -> Any:
    spec = spec_from_file_location("friends", example_file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["friends"] = module
    spec.loader.exec_module(module)
    return module


class Rendered:
    """Components as Solara renders them, without a browser, in the layout that holds Mesa's controls."""

    def __init__(self, element: Any) -> None:
        import solara

        from experiments.watch.widget import Mounted

        self.box, self.context = solara.render(solara.AppLayout(children=[element]), handle_error=False)
        for each in self.context.find(Mounted).widgets:
            each.there = True  # as a browser says

    def widget(self, kind: str) -> Any:
        from experiments.watch.widget import TieWidget

        (found,) = [each for each in self.context.find(TieWidget).widgets if each.kind == kind]
        return found

    def click_button(self, label: str) -> None:
        import ipyvuetify

        for button in self.context.find(ipyvuetify.Btn).widgets:
            if label in str(button.children):
                button.click()
                return
        raise AssertionError(f"There is no button {label}.")

    def close(self) -> None:
        self.context.close()


def pairs_of(widget: Any) -> list[list[int]]:
    return np.frombuffer(widget.shown["pairs"], np.int32).reshape(-1, 2).tolist()


def test_the_documented_page_follows_another_model(example: Any) -> None:
    page = Rendered(example.Page())
    circle, everyone = page.widget("circle"), page.widget("map")
    assert (circle.shown["day"], everyone.shown["day"]) == (0, 0)
    graph = example.Friends().graph
    assert pairs_of(everyone) == sorted(sorted((a - 1, b - 1)) for a, b in graph.edges)
    assert {tie["other"] + 1 for tie in circle.shown["ties"]} == set(graph[circle.shown["person"] + 1])
    assert {tie["state"] for tie in circle.shown["ties"]} == {"active", "dormant"}
    page.click_button("Step")
    assert (page.widget("circle").shown["day"], page.widget("map").shown["day"]) == (1, 1)
    assert len(page.widget("map").shown["contacts"]) == 80 * 3 * 4
    page.close()


def test_a_click_in_one_component_is_seen_in_the_other(example: Any) -> None:
    page = Rendered(example.Page())
    assert page.widget("map").shown["person"] is None
    page.widget("map").chosen = [41, 1]
    assert (page.widget("circle").shown["person"], page.widget("map").shown["person"]) == (41, 41)
    other = page.widget("circle").shown["ties"][0]["other"]
    page.widget("circle").chosen = [other, 1]
    assert (page.widget("circle").shown["person"], page.widget("map").shown["person"]) == (other, other)
    page.widget("map").chosen = [41, 2]  # the same as before, once more
    assert page.widget("circle").shown["person"] == 41
    page.close()


def test_reset_shows_the_new_model(example: Any) -> None:
    page = Rendered(example.Page())
    page.widget("map").chosen = [79, 1]
    page.click_button("Step")
    first = page.widget("map").scene["places"]
    page.click_button("Reset")
    assert page.widget("circle").shown["day"] == 0
    assert page.widget("map").scene["places"] == first, "it is the same seed"
    assert page.widget("circle").shown["person"] == 79, "who was followed is followed"
    page.close()


def test_a_map_has_the_places_and_names_of_the_model_that_it_shows(example: Any) -> None:
    import solara

    from experiments.watch.components import TieMap

    models = [example.Friends(people=40, seed=1), example.Friends(people=40, seed=2), example.Friends(people=50)]
    shown = solara.reactive(models[0])

    @solara.component
    def Page() -> None:  # noqa: N802 - a component
        TieMap(shown.value, example.SHOWN)

    page, scenes = Rendered(Page()), []
    for model in models:
        shown.value = model
        scenes.append(page.widget("map").scene)
    assert [len(scene["names"]) for scene in scenes] == [40, 40, 50]
    assert [len(scene["places"]) for scene in scenes] == [320, 320, 400]
    assert scenes[0]["places"] != scenes[1]["places"]
    page.close()


def test_components_stand_in_the_grid_of_solara_viz(example: Any) -> None:
    from mesa.visualization import SolaraViz

    from experiments.watch.components import TieCircle, TieMap

    components = [
        lambda model: TieCircle(model, example.SHOWN, person=5),
        lambda model: TieMap(model, example.SHOWN, height="300px"),
    ]
    page = Rendered(SolaraViz(example.Friends(), components=components))
    assert page.widget("circle").shown["person"] == 4
    assert page.widget("map").height == "300px"
    page.close()


def test_somebody_who_left_is_not_followed_any_more() -> None:
    import mesa
    import solara

    from experiments.watch.components import TieAdapter, TieCircle

    class Leaving(mesa.Model):
        def step(self) -> None:
            self.agents[0].remove()

    model = Leaving()
    mesa.Agent.create_agents(model, 2)
    adapter = TieAdapter(ties=lambda model, agent: [])
    count = solara.reactive(0)

    @solara.component
    def Page() -> None:  # noqa: N802 - a component
        TieCircle(model, adapter, person=1)
        count.get()

    from mesa.visualization.utils import force_update

    page = Rendered(Page())
    assert page.widget("circle").shown["caption"] == "Agent 1 has no ties."
    model.step()
    force_update()
    assert page.widget("circle").shown["caption"] == "Agent 2 has no ties."
    model.step()
    force_update()
    assert page.widget("circle").shown == {"caption": "There are no agents."}
    page.close()


def test_a_picture_comes_once_the_browser_shows_the_page(example: Any) -> None:
    """anywidget drops all messages to a picture that a browser has not loaded within two seconds."""
    import solara

    from experiments.watch.components import TieMap
    from experiments.watch.widget import Mounted, TieWidget

    _, context = solara.render(TieMap(example.Friends(), example.SHOWN), handle_error=False)
    (news,) = context.find(Mounted).widgets
    assert not context.find(TieWidget).widgets
    news.there = True
    assert len(context.find(TieWidget).widgets) == 1
    context.close()


LIT = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
    .filter((value, place) => place % 4 === 0 && value > 60).length"""


def test_the_documented_page_is_drawn_in_a_browser(open_solara: Any, example_file: Path) -> None:
    page = open_solara(example_file)
    circle, everyone = ".rk-ties[data-kind=circle]", ".rk-ties[data-kind=map]"
    for picture in (circle, everyone):
        page.wait_for_selector(f"{picture}[data-day='0']")
        assert page.eval_on_selector(f"{picture} canvas", LIT) > 1_000
    page.click("button:has-text('Step')")
    page.wait_for_selector(f"{everyone}[data-day='1']")
    before = page.inner_text(f"{circle} figcaption")
    box = page.locator(f"{everyone} canvas").last.bounding_box()
    clicked = page.evaluate(  # somebody who stands away from the edge
        """([selector, x, y]) => {
            for (let dx = 0; dx < 200; dx += 6) for (let dy = 0; dy < 200; dy += 6) {
                const canvas = [...document.querySelectorAll(selector)].at(-1);
                const at = { clientX: x + dx, clientY: y + dy, bubbles: true };
                canvas.dispatchEvent(new MouseEvent("mousemove", at));
                if (canvas.style.cursor === "pointer") return [x + dx, y + dy];
            }
        }""",
        [f"{everyone} canvas", box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
    )
    page.mouse.move(*clicked)
    name = page.inner_text(f"{everyone} .rk-tip")
    page.mouse.click(*clicked)
    page.wait_for_function("before => document.querySelector('figcaption').innerText !== before", arg=before)
    assert page.inner_text(f"{circle} figcaption").lower().startswith(name)
    page.close()
