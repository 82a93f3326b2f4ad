from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

import sim
from experiments.watch.server import free_port
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    find_spec("solara") is None or find_spec("altair") is None, reason="the extra watch is not installed"
)


@pytest.fixture(scope="module")
def watched_model() -> type[sim.ReconnectionModel]:
    """The model of the page, which takes more than a second to import."""
    from experiments.watch.mesa_page import WatchedModel

    return WatchedModel


def test_a_seed_that_was_typed_is_a_number(watched_model: Any) -> None:
    typed, given = watched_model(people=50, seed="43"), watched_model(people=50, seed=43)
    assert typed.run_seed == given.run_seed == 43
    assert typed.to_world() == given.to_world()


def test_what_is_published_is_of_the_day_that_is_over(watched_model: Any) -> None:
    model = watched_model(people=50, adopters=5)
    world = sim.worlds.generated(people=50, burn_in_years=1, seed=1)
    for _ in range(5):
        model.step()
    assert model.published.day == 5
    run = sim.simulate(world, days=5, strategy="check_in", adopters=5, seed=1)
    assert model.to_world() == run.world
    assert model.published.reconnected == run.measures.scalars["reconnected"]
    assert len(model.published.picture.people) == 50


@pytest.fixture
def mesa_url(base_url: str) -> Iterator[str]:
    """The second page, as its documentation starts it; asked for after the first, which knows whether it can be."""
    port = free_port(0)
    command = [sys.executable, "-m", "solara", "run", "experiments/watch/mesa_page.py", "--no-open"]
    command += ["--production", "--no-check-version", "--host", "127.0.0.1", "--port", str(port)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("SOLARA_")}
    env["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] = "False"
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def test_mesas_own_page_draws_steps_and_resets(browser: Any, mesa_url: str) -> None:
    page, wrong = browser.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    page.on(
        "request",
        lambda page_state: (
            page_state.url.startswith("http") and mesa_url not in page_state.url and wrong.append(page_state.url)
        ),
    )
    for _ in range(100):
        try:
            page.goto(mesa_url)
            break
        except Exception:  # it has not begun to listen
            wrong.clear()
            time.sleep(0.3)
    page.wait_for_selector(".rk-bare[data-day='0']", timeout=60_000)
    lit = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
        .filter((value, place) => place % 4 === 0 && value > 60).length"""
    assert page.eval_on_selector(".rk-bare .rk-base", lit) > 1_000
    page.click("button:has-text('Step')")
    page.wait_for_selector(".rk-bare[data-day='1']")
    page.click("button:has-text('▶')")
    page.wait_for_function("Number(document.querySelector('.rk-bare').dataset.day) > 3")
    page.click("button:has-text('❚❚')")
    page.fill("input[type=text]", "43")
    page.click("button:has-text('Reset')")
    page.wait_for_selector(".rk-bare[data-day='0']")
    page.click("button:has-text('Step')")
    page.wait_for_selector(".rk-bare[data-day='1']")
    page.close()
    assert not wrong
