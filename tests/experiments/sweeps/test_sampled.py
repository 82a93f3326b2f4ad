"""What is printed of a sweep whose points were drawn, and what draws it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments import provenance
from experiments.config.settings import Experiment, SampleSettings, SweepSettings
from experiments.sweeps import store
from experiments.sweeps.design import described, runs_of
from experiments.sweeps.sampled import next_step, spreads, summary
from tests.experiments.conftest import Rekindle

EASE, LIKE, NOTE = "parameters.ease", "parameters.gestures.like.opens_door", "parameters.gestures.note.opens_door"
RANGES = {EASE: (1.0, 4.0), LIKE: (0.0, 1.0), NOTE: (0.0, 1.0)}


def made_up(
    strategies: Sequence[str] = ("wait", "check_in"), points: int = 100, method: Any = "latin_hypercube", **more: Any
) -> tuple[Experiment, pd.DataFrame]:
    """Finished runs whose gain over waiting is the ease of their point, in worlds that differ by 100."""
    sample = SampleSettings(method=method, points=points, ranges=RANGES)
    sweep = SweepSettings(replicates=2, sample=sample, strategies=tuple(strategies), **more)
    experiment = Experiment(name="drawn", sweep=sweep)
    runs = described(runs_of(experiment))
    runs["reconnected"] = runs[EASE] * (runs["strategy"] == "check_in") + 100.0 * runs["replicate"]
    return experiment, runs.assign(lasting=np.nan, people=10, error=None, traceback=None, seconds=1.0)


def said(runs: pd.DataFrame, held: Sequence[str] = (), width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(summary(runs, list(RANGES), held, "What next."))
    return capture.get()


def test_the_spread_is_that_of_paired_differences_over_the_points() -> None:
    _, runs = made_up()
    wait, check_in = spreads(runs, [])
    ease = runs.drop_duplicates("point").set_index("point")[EASE]
    assert (wait.baseline, check_in.baseline) == (None, "wait")
    pd.testing.assert_series_equal(check_in.outcome, ease, check_names=False)
    assert (wait.outcome == 50).all()


def test_hundreds_of_arms_are_a_summary_of_a_few_lines() -> None:
    _, runs = made_up()
    text = said(runs)
    lines = text.splitlines()
    assert len(lines) < 25
    assert max(map(len, lines)) <= 80
    assert "100 points of 3 settings, 2 worlds each" in text
    for end in (runs[EASE].max(), runs[EASE].min()):
        point = runs.loc[runs[EASE] == end, "point"].iloc[0]
        assert f"+{end:.2f}  point {point}: ease {end:.4g}, like.opens_door" in text
    assert "note.opens_door" in text
    assert "lasting" not in text, "nobody had the days for it"
    assert lines[-1] == "What next."


def test_an_outcome_that_nothing_moves_has_no_ends() -> None:
    _, runs = made_up(strategies=("wait",))
    assert "point 0:" not in said(runs)


def test_arms_without_waiting_have_their_levels() -> None:
    _, runs = made_up(strategies=("check_in",))
    (only,) = spreads(runs, [])
    assert only.baseline is None
    assert "Highest reconnected of check_in" in said(runs)


def test_levels_that_were_not_drawn_have_a_row_each() -> None:
    _, runs = made_up(points=4, grid={"run.adopters": (5, 10)})
    text = said(runs, ["run.adopters"])
    assert "check_in, adopters 5 " in text
    assert "check_in, adopters 10 " in text


def test_very_many_rows_are_counted() -> None:
    _, runs = made_up(points=2, grid={"run.adopters": tuple(range(1, 41))})
    text = said(runs, ["run.adopters"])
    assert "… and 56 more rows." in text
    assert len(text.splitlines()) < 50


def test_the_command_that_goes_on_is_named() -> None:
    assert "`rekindle sensitivity my --results there`" in next_step("morris", "my", " --results there")
    assert "`rekindle results my`" in next_step("sobol", "my", "")


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (lambda: made_up(points=2), "sweep.sample.method to morris or saltelli"),
        (lambda: made_up(points=2, method="morris"), "draw which factors matter with `rekindle sensitivity drawn`."),
    ],
)
def test_a_figure_that_is_not_there_says_what_draws_it(
    config: Path, rekindle: Rekindle, made: Callable[[], tuple[Experiment, pd.DataFrame]], what: str
) -> None:
    experiment, runs = made()
    store.write_table(Path("results/drawn"), runs, provenance.of_runs(experiment, list(runs["id"])))
    ended = rekindle("figure", "drawn")
    assert ended.code == 2
    assert what in ended.err
    assert "no such sweep" not in ended.err


def test_a_grid_and_a_single_arm_get_advice_on_figures(config: Path, rekindle: Rekindle) -> None:
    for sweep, what in (
        (SweepSettings(replicates=1, grid={EASE: (1, 2)}), f"`rekindle compare {EASE} --runs results/g/runs.parquet`"),
        (SweepSettings(replicates=1, strategies=("check_in",)), "it has only the arm check_in; add `wait`"),
    ):
        experiment = Experiment(name="g", sweep=sweep)
        runs = described(runs_of(experiment)).assign(reconnected=1.0, error=None)
        store.write_table(Path("results/g"), runs, provenance.of_runs(experiment, list(runs["id"])))
        assert what in rekindle("figure", "g").err


def test_any_sweep_of_strategies_is_drawn_by_its_name(config: Path, rekindle: Rekindle) -> None:
    experiment = Experiment(name="two", sweep=SweepSettings(replicates=3, strategies=("wait", "check_in")))
    runs = described(runs_of(experiment))
    outcome = (runs["strategy"] == "check_in") * 2.0 + runs["replicate"]
    minutes = dict.fromkeys(("minutes_planned", "minutes_used", "minutes_lost", "used_share"), 1.0)
    runs = runs.assign(reconnected=outcome, lasting=outcome, people=10, error=None, **minutes)
    store.write_table(Path("results/two"), runs, provenance.of_runs(experiment, list(runs["id"])))
    ended = rekindle("figure", "two", "--data")
    assert ended.code == 0, ended.err
    for ending in ("png", "svg", "pdf", "csv"):
        assert Path(f"results/two/strategies.{ending}").stat().st_size > 100
    assert "was reproduced to the byte" in rekindle("figure", "--check", "results/two/strategies.png").out
    assert "did you mean two?" in rekindle("figure", "twoo").err
