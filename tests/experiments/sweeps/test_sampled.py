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
from experiments.sweeps import sampled, store
from experiments.sweeps.design import described, runs_of
from experiments.sweeps.sampled import Spread, next_step, spreads, summary
from experiments.terminal.legend import Legend
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
    return experiment, runs.assign(kept_up=np.nan, people=10, error=None, traceback=None, seconds=1.0)


def printed(runs: pd.DataFrame, held: Sequence[str] = (), width: int = 80) -> str:
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


def test_strategies_that_never_spend_their_minutes_are_named_with_the_number_of_their_points() -> None:
    _, runs = made_up(points=10)
    used = np.where((runs["strategy"] == "check_in") & (runs["point"] < 3), 0.1, 1.0)
    runs = runs.assign(minutes_planned=1.0, minutes_used=1.0, minutes_lost=0.0, used_share=used)
    said = " ".join(printed(runs).split())
    assert "! Less than 90% of the minutes used, so not like-for-like: check_in at 3 of 10 points." in said
    assert "like-for-like" not in printed(runs.assign(used_share=1.0))
    assert "like-for-like" not in printed(runs.drop(columns="used_share"))


def test_labels_of_arms_are_explained() -> None:
    _, runs = made_up(points=10)
    console = Console(width=80)
    with console.capture() as capture:
        console.print(summary(runs, list(RANGES), [], "", Legend({"check_in": {"label": "Phone calls"}})))
    assert "Labels: check_in is “Phone calls”." in capture.get()


def test_hundreds_of_arms_are_a_summary_of_a_few_lines() -> None:
    _, runs = made_up()
    text = printed(runs)
    lines = text.splitlines()
    assert len(lines) < 25
    assert max(map(len, lines)) <= 80
    assert "100 points of 3 settings, 2 worlds each" in text
    for end in (runs[EASE].max(), runs[EASE].min()):
        point = runs.loc[runs[EASE] == end, "point"].iloc[0]
        assert f"+{end:.2f}  point {point}: ease {end:.4g}, like.opens_door" in text
    assert "note.opens_door" in text
    assert "kept_up" not in text, "nobody had the days for it"
    assert lines[-1] == "What next."


def test_an_outcome_that_nothing_moves_has_no_ends() -> None:
    _, runs = made_up(strategies=("wait",))
    assert "point 0:" not in printed(runs)


def test_arms_without_waiting_have_their_levels() -> None:
    _, runs = made_up(strategies=("check_in",))
    (only,) = spreads(runs, [])
    assert only.baseline is None
    assert "Highest reconnected of check_in" in printed(runs)


def test_levels_that_were_not_drawn_have_a_row_each() -> None:
    _, runs = made_up(points=4, grid={"run.adopters": (5, 10)})
    text = printed(runs, ["run.adopters"])
    assert "check_in, adopters 5 " in text
    assert "check_in, adopters 10 " in text


def test_very_many_rows_are_counted() -> None:
    _, runs = made_up(points=2, grid={"run.adopters": tuple(range(1, 41))})
    text = printed(runs, ["run.adopters"])
    assert "… and 56 more rows." in text
    assert len(text.splitlines()) < 50


def spread(
    values: Sequence[float], arm: str = "check_in", baseline: str | None = "wait", measure: str = "reconnected"
) -> Spread:
    return Spread(arm, measure, baseline, pd.Series(np.array(values, float)))


@pytest.mark.parametrize(("points", "many"), [(1, 0), (2, 1), (3, 1), (5, 2), (6, 3), (7, 3), (9, 3)])
def test_up_to_three_points_at_either_end_are_named_and_none_twice(points: int, many: int) -> None:
    levels = pd.DataFrame({"ease": np.arange(points)})
    order = np.random.default_rng(points).permutation(points)
    lines = list(sampled._ends(spread(order), levels))
    highest = [f"    +{points - 1 - k:.2f}  point {order.tolist().index(points - 1 - k)}" for k in range(many)]
    lowest = [f"    {f'+{k:.2f}' if k else '0.00'}  point {order.tolist().index(k)}" for k in range(many)][::-1]
    titles = ["Highest reconnected of check_in:", "Lowest reconnected of check_in:"]
    assert [line.partition(":")[0] for line in lines if line.startswith(" ")] == [*highest, *lowest]
    assert [line for line in lines if not line.startswith(" ")] == titles * bool(many)


@pytest.mark.parametrize(("settings", "more"), [(6, False), (7, True)])
def test_up_to_six_levels_of_a_point_are_named(settings: int, more: bool) -> None:
    said = sampled._levels(pd.Series({f"s{k}": float(k) for k in range(settings)}))
    assert said == ", ".join(f"s{k} {k}.0" for k in range(6)) + " …" * more


def test_the_two_arms_with_the_highest_means_are_named() -> None:
    low, high, middle, flat = (spread(values, arm) for arm, values in
                               {"l": [0, 1], "h": [2, 9], "m": [3, 4], "f": [9, 9]}.items())  # fmt: skip
    wait, kept = spread([10, 20], "wait", None), spread([10, 20], "k", measure="kept")
    assert sampled._worth_naming([low, high, wait, middle, kept, flat]) == [high, middle]
    assert sampled._worth_naming([wait, flat]) == []
    assert sampled._worth_naming([wait]) == [wait]


def test_a_row_has_the_mean_the_deviation_and_the_ends_of_a_spread() -> None:
    table = sampled._table([spread([1, 2, 6, 11]), spread([20, 20.0 + 1e-14], "wait", None, "kept")])
    assert [column.title for column in table.columns] == ["arm", "outcome", "mean", "SD", "min", "median", "max"]
    rows = list(zip(*(column.cells for column in table.columns), strict=True))
    assert rows == [
        ("check_in", "reconnected", "+5.00", "4.55", "+1.00", "+4.00", "+11.0"),
        ("wait", "kept", "20.0", "0", "20.0", "20.0", "20.0"),
    ]


@pytest.mark.parametrize(("levels", "said"), [(11, ""), (12, "… and 2 more rows.")])
def test_up_to_24_rows_are_printed(levels: int, said: str) -> None:
    """Of waiting and a strategy, and the first sentence counts points, settings and worlds."""
    _, runs = made_up(points=2, grid={"run.adopters": tuple(range(1, levels + 2))})
    text = " ".join(printed(runs, ["run.adopters"], width=130).split())
    assert (said in text) if said else ("more rows" not in text)
    assert f"{2 * (levels + 1)} points of 3 settings, 2 worlds each." in text
    assert "Values with a sign are paired differences from `wait`." in text


def test_outcomes_that_no_run_has_are_left_out_and_levels_stand_apart() -> None:
    _, runs = made_up(points=3, grid={"run.adopters": (10, 5)})
    runs["reconnected"] += runs["run.adopters"] * (runs["strategy"] == "check_in")
    found = spreads(runs.drop(columns="kept_up").assign(kept=np.nan), ["run.adopters"])
    arms = [(one.arm, one.measure, one.baseline) for one in found]
    assert arms == [
        ("wait, adopters 10", "reconnected", None), ("check_in, adopters 10", "reconnected", "wait"),
        ("wait, adopters 5", "reconnected", None), ("check_in, adopters 5", "reconnected", "wait"),
    ]  # fmt: skip
    ease = runs.drop_duplicates("point")[EASE].to_numpy()
    of_five = runs[runs["run.adopters"] == 5].drop_duplicates("point")[EASE].to_numpy()
    assert len(ease) == 6
    assert found[3].outcome.to_numpy() == pytest.approx(of_five + 5)
    assert len(found[1].outcome) == 3


def test_a_level_that_is_missing_is_a_level() -> None:
    _, runs = made_up(points=3, grid={"run.adopters": (10, 5)})
    runs["run.adopters"] = runs["run.adopters"].where(runs["run.adopters"] == 10)
    found = spreads(runs, ["run.adopters"])
    assert [one.arm for one in found[::2]] == ["wait, adopters 10.0", "wait, adopters nan"]


def test_a_point_without_one_of_its_runs_has_the_mean_of_the_others() -> None:
    _, runs = made_up(points=3)
    holes = runs["reconnected"].where((runs["point"] != 1) | (runs["replicate"] == 0))
    _, check_in = spreads(runs.assign(reconnected=holes.where(runs["point"] != 2)), [])
    ease = runs.drop_duplicates("point").set_index("point")[EASE]
    assert check_in.outcome.to_dict() == pytest.approx({0: ease[0], 1: ease[1]})


def test_the_command_that_goes_on_is_named() -> None:
    assert "`rekindle sensitivity my --results there`" in next_step("morris", "my", " --results there")
    assert "`rekindle results my`" in next_step("sobol", "my", "")


MINUTES = dict.fromkeys(("minutes_planned", "minutes_used", "minutes_lost", "used_share"), 1.0)


@pytest.mark.parametrize(
    ("made", "file"),
    [
        (lambda: made_up(points=2), "cloud-reconnected"),
        (lambda: made_up(points=2, method="morris"), "indices-reconnected-check_in"),
    ],
)
def test_a_sampled_sweep_has_a_figure(
    config: Path, rekindle: Rekindle, made: Callable[[], tuple[Experiment, pd.DataFrame]], file: str
) -> None:
    experiment, runs = made()
    runs = runs.assign(people=10, **MINUTES)
    store.write_table(Path("results/drawn"), runs, provenance.of_runs(experiment, list(runs["id"])))
    ended = rekindle("figure", "drawn")
    assert ended.code == 0, ended.err
    assert Path(f"results/drawn/{file}.png").exists(), ended.out


def test_a_grid_is_drawn_and_a_single_arm_gets_advice(config: Path, rekindle: Rekindle) -> None:
    for sweep, code, what in (
        (SweepSettings(replicates=2, grid={EASE: (1, 2)}), 0, "lines-reconnected-ease.png"),
        (
            SweepSettings(replicates=2, strategies=("check_in",)),
            2,
            "it has one arm and saved no days, so there is nothing",
        ),
    ):
        experiment = Experiment(name="g", sweep=sweep)
        runs = described(runs_of(experiment)).assign(reconnected=1.0, error=None, people=10, **MINUTES)
        store.write_table(Path("results/g"), runs, provenance.of_runs(experiment, list(runs["id"])))
        ended = rekindle("figure", "g")
        assert ended.code == code
        assert what in ended.out + ended.err


def test_any_sweep_of_strategies_is_drawn_by_its_name(config: Path, rekindle: Rekindle) -> None:
    experiment = Experiment(name="two", sweep=SweepSettings(replicates=3, strategies=("wait", "check_in")))
    runs = described(runs_of(experiment))
    outcome = (runs["strategy"] == "check_in") * 2.0 + runs["replicate"]
    runs = runs.assign(reconnected=outcome, kept_up=outcome, people=10, error=None, **MINUTES)
    store.write_table(Path("results/two"), runs, provenance.of_runs(experiment, list(runs["id"])))
    ended = rekindle("figure", "two", "--data")
    assert ended.code == 0, ended.err
    for ending in ("png", "svg", "pdf", "csv"):
        assert Path(f"results/two/strategies.{ending}").stat().st_size > 100
    assert "was reproduced to the byte" in rekindle("figure", "--check", "results/two/strategies.png").out
    assert "did you mean two?" in rekindle("figure", "twoo").err
