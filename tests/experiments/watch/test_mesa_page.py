from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.engine.views import SEEN, see
from sim.state.population import LAST_DAY, NOBODY
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    find_spec("solara") is None or find_spec("altair") is None, reason="the extra watch is not installed"
)
PAGE = ROOT / "experiments" / "watch" / "mesa_page.py"
LIT = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
    .filter((value, place) => place % 4 === 0 && value > 60).length"""


@pytest.fixture(scope="module")
def watched_model() -> type[sim.ReconnectionModel]:
    """The model of the page, which takes more than a second to import."""
    from experiments.watch.watched_model import WatchedModel

    return WatchedModel


def test_a_seed_that_was_typed_is_a_number(watched_model: Any) -> None:
    typed, given = watched_model(people=50, seed="43"), watched_model(people=50, seed=43)
    assert typed.run_seed == given.run_seed == 43
    assert typed.to_world() == given.to_world()


def test_what_is_published_is_of_the_day_that_is_over(watched_model: Any) -> None:
    model = watched_model(people=50, adopters=5, strategy_days=60)
    world = sim.worlds.generated(people=50, burn_in_years=1, seed=1)
    for _ in range(5):
        model.step()
    assert model.published.day == 5
    run = sim.simulate(world, days=5, strategy="check_in", adopters=5, seed=1, strategy_days=60)
    assert model.to_world() == run.world
    assert model.published.outcome.reconnected == run.measures.scalars["reconnected"]
    assert model.published.outcome.active_ties == run.measures.scalars["active_ties"]
    assert len(model.published.ties) == 50


def test_published_ties_are_those_of_the_world(watched_model: Any) -> None:
    model = watched_model(people=50, adopters=5)
    for _ in range(8):
        model.step()
    at_risk = model.measures().at_risk
    back = {(row.low, row.high) for row in at_risk.itertuples() if row.reconnected == row.reconnected}
    assert came_back(model) == back
    assert len(back) > 1, "too few reconnected, so that this test would not notice"
    low, high = min(back)
    for one, other in ((low, high), (high, low)):  # silent again for long
        model.people[one].ties[other].last_two_way -= 200
    model._looked.renew()
    model._publish()
    assert came_back(model) == back - {(low, high)}
    world = model.to_world()
    for person, ties in enumerate(model.published.ties):
        first, slots = int(world.people["first"][person]), int(world.people["slots"][person])
        rows = world.ties[first : first + slots]
        known = rows["other"][(rows["other"] != NOBODY) & (rows["acquaintance"] == 0)].tolist()
        assert [tie.other for tie in ties] == known
        for tie in ties:
            seen, pair = np.zeros(1, SEEN), np.array([[person, tie.other]], np.int32)
            slot = np.full(1, NOBODY, np.int32)
            see(world.people, world.ties, pair, slot, world.day, world.parameters.packed, seen)
            assert tie.strength == pytest.approx(seen["strength"][0, 0])
            assert tie.silence == (seen["silence"][0] if seen["silence"][0] < LAST_DAY else None)


def came_back(model: Any) -> set[tuple[int, int]]:
    """The pairs of the ties that a model says have come back; both sides must say so."""
    sides = {(person, tie.other) for person, ties in enumerate(model.published.ties) for tie in ties if tie.came_back}
    assert sides == {(other, person) for person, other in sides}
    return {(min(pair), max(pair)) for pair in sides}


def test_gestures_of_the_day_are_contacts(watched_model: Any) -> None:
    model = watched_model(people=50, adopters=5)
    assert model.published.contacts == []
    model.step()
    sent = model.record.sent[model.record.sent["receiver"] != NOBODY]
    assert [(made.sender, made.receiver) for made in model.published.contacts] == sent[["sender", "receiver"]].tolist()
    assert len(sent)


def test_mesas_own_page_draws_steps_and_resets(open_solara: Any) -> None:
    page = open_solara(PAGE)
    circle, everyone = ".rk-ties[data-kind=circle]", ".rk-ties[data-kind=map]"
    for picture in (circle, everyone):
        page.wait_for_selector(f"{picture}[data-day='0']")
        assert page.eval_on_selector(f"{picture} canvas", LIT) > 1_000
    assert page.title() == "Rekindle: which old ties come back"
    names = page.eval_on_selector_all("[data-outcome]", "all => all.map(each => each.dataset.outcome)")
    assert names[:4] == ["old_back", "new_active", "reconnected", "kept_up"]
    page.click("button:has-text('Step')")
    page.wait_for_selector(f"{everyone}[data-day='1']")
    page.click("button:has-text('▶')")
    page.wait_for_function("Number(document.querySelector('.rk-ties').dataset.day) > 3")
    page.click("button:has-text('❚❚')")
    page.fill("input[type=text]:not([readonly])", "43")
    page.click("button:has-text('Reset')")
    page.wait_for_selector(f"{circle}[data-day='0']")
    page.click("button:has-text('Step')")
    page.wait_for_selector(f"{everyone}[data-day='1']")
    both = [page.locator(f"{picture} canvas").first.bounding_box() for picture in (circle, everyone)]
    assert sum(box["width"] for box in both) > 0.9 * (1280 - 400 - 60), "they fill what the controls leave"


def test_on_a_phone_the_circle_and_the_controls_can_be_seen(open_solara: Any) -> None:
    page, circle = open_solara(PAGE, size=(390, 844)), ".rk-ties[data-kind=circle]"
    page.wait_for_selector(f"{circle}[data-day='0']")
    box = page.locator(f"{circle} canvas").bounding_box()
    assert (box["x"] >= 0, box["x"] + box["width"] <= 390, box["width"] > 330) == (True, True, True)
    step = page.locator("button:has-text('Step')").bounding_box()
    assert box["y"] + box["height"] / 2 < step["y"] < 844 - step["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_page_that_has_to_compile_opens_and_says_so(open_solara: Any, tmp_path: Path) -> None:
    page = open_solara(PAGE, NUMBA_CACHE_DIR=str(tmp_path))
    page.wait_for_function(
        "/^Compiling the model: \\d+ of about \\d+ functions/.test(document.querySelector('[role=status]')?.innerText)"
    )
    assert page.inner_text(".rk-waiting h1") == page.title() == "Rekindle: which old ties come back"
    first = page.inner_text("[role=status]")
    page.wait_for_function("first => document.querySelector('[role=status]').innerText !== first", arg=first)
