"""Joint draws of assumed numbers: within their ranges, the same when there are more, and settings like any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.config.errors import ConfigError
from experiments.config.plausible import number_of, plausible_draws, plausible_ranges, setting_of
from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.sweeps.design import draws_in, points_of, runs_of
from sim.model.parameters import Parameters
from sim.model.plausible import PLAUSIBLE


def test_all_numbers_are_drawn_evenly_within_their_ranges_and_independently() -> None:
    table = plausible_draws(2_000, seed=3)
    assert [number_of(name) for name in table] == list(PLAUSIBLE)
    for name, values in table.items():
        found = PLAUSIBLE[number_of(str(name))]
        assert found.low <= values.min() <= values.max() <= found.high
        at = np.log(values / found.low) / np.log(found.high / found.low) if found.log else None
        share = (values - found.low) / (found.high - found.low) if at is None else at
        assert np.abs(np.sort(share) - np.linspace(0, 1, len(share))).max() < 0.05, f"{name} is drawn evenly"
    apart = plausible_draws(128, seed=1).rank().corr().to_numpy()
    np.fill_diagonal(apart, 0)
    assert np.abs(apart).max() < 0.5, "no pair of numbers goes together, in few draws of many numbers"


@given(fewer=st.integers(1, 20), more=st.integers(0, 30), seed=st.integers(0, 3))
def test_more_draws_begin_with_the_same_ones(fewer: int, more: int, seed: int) -> None:
    leave = ["ladders", "gestures", "strategies"]
    some, all_of_them = plausible_draws(fewer, seed, leave), plausible_draws(fewer + more, seed, leave)
    assert len(some) == fewer
    assert (some == all_of_them.head(fewer)).all(axis=None)


@pytest.mark.parametrize("path", ["ease", "strategies.check_in.session_minutes", "gestures.like.opens_door"])
def test_a_number_has_a_setting_and_back(path: str) -> None:
    assert number_of(setting_of(path)) == path


def test_what_is_left_is_not_drawn() -> None:
    names = {number_of(name) for name in plausible_ranges(["ladders", "gestures.note", "ease"])}
    assert not {"ease", "ladders.feed_comment", "gestures.note.mass"} & names
    assert "gestures.like.opens_door" in names
    with pytest.raises(ValueError, match='"ladder" is not a number'):
        plausible_ranges(["ladder"])


def experiment_of(tmp_path: Path, text: str) -> Experiment:
    path = tmp_path / "own.toml"
    path.write_text(f"[world]\npeople = 40\nburn_in_years = 0\n[run]\nadopters = 2\n{text}")
    return load(path)


DRAWN = '[sweep]\nreplicates = 3\nstrategies = ["wait", "check_in"]\n[sweep.plausible]\nworlds = 2\nseed = 5\n'


def test_each_world_has_a_draw_which_its_arms_share(tmp_path: Path) -> None:
    """Two replicates have the first draw, each in a world of its own, and the third has the next one."""
    runs = runs_of(experiment_of(tmp_path, DRAWN))
    draws = plausible_draws(2, 5)
    assert [run.replicate for run in runs] == [0, 0, 1, 1, 2, 2]
    for run in runs:
        draw = draws.iloc[run.replicate // 2]
        assert run.parameters.ease == run.world.parameters.ease == draw["world.parameters.ease"]
        assert run.parameters.ladders == run.world.parameters.ladders
        assert (
            run.parameters.strategies["check_in"].numbers["message_share"]
            == draw["parameters.strategies.check_in.message_share"]
        )
        assert run.parameters.plan_gap_days == round(draw["world.parameters.plan_gap_days"])
    assert len({run.world.seed for run in runs}) == 3
    assert len({run.id for run in runs}) == 6


def test_factors_come_before_draws_and_the_posterior_before_ranges(tmp_path: Path) -> None:
    varied = experiment_of(tmp_path, DRAWN + "[sweep.grid]\nparameters.ease = [1.0, 2.0]\n")
    assert [run.parameters.ease for run in runs_of(varied)] == [1.0, 1.0, 2.0, 2.0] * 3
    both = experiment_of(tmp_path, DRAWN.replace("replicates", 'draws = "posterior"\nreplicates'))
    alone = experiment_of(tmp_path, '[sweep]\nreplicates = 3\ndraws = "posterior"\n')
    assert len(draws_in(both)) == 2
    for drawn, posterior in zip(draws_in(both), draws_in(alone), strict=False):
        assert posterior.items() <= drawn.items()
        assert drawn.keys() == posterior.keys() | plausible_draws(2, 5).columns


def test_more_replicates_keep_the_runs_of_fewer(tmp_path: Path) -> None:
    few, many = (runs_of(experiment_of(tmp_path, DRAWN.replace("= 3", f"= {count}"))) for count in (3, 8))
    assert [run.id for run in few] == [run.id for run in many[: len(few)]]


def test_what_is_left_does_not_change_the_draws_of_others() -> None:
    all_of_them, some = plausible_draws(5, seed=2), plausible_draws(5, seed=2, leave=["ease", "gestures.note"])
    assert "world.parameters.ease" not in some
    assert (some == all_of_them[some.columns]).all(axis=None)


ROWS = """
[sweep.rows]
"as drawn" = {}
"known" = { "parameters.acceptance_ratio" = 1.0 }
"""


def test_a_row_that_leaves_a_drawn_number_alone_has_the_drawn_value(tmp_path: Path) -> None:
    """Otherwise, what the row is compared with would have the default instead."""
    draw = plausible_draws(1, 5).iloc[0]["world.parameters.acceptance_ratio"]
    one = experiment_of(tmp_path, DRAWN.replace("= 3", "= 2").replace('"check_in"', '"show_up"') + ROWS)
    for run in runs_of(one):
        assert run.world.parameters.acceptance_ratio == draw
        wanted = draw if run.row == "as drawn" else 1.0
        assert run.parameters.acceptance_ratio == run.factors["parameters.acceptance_ratio"] == wanted
    plain = experiment_of(tmp_path, "[sweep]\nreplicates = 1\n" + ROWS)
    assert [run.parameters.acceptance_ratio for run in runs_of(plain)] == [Parameters().acceptance_ratio, 1.0]


def test_a_world_can_have_several_runs_that_differ_in_their_seed(tmp_path: Path) -> None:
    runs = runs_of(experiment_of(tmp_path, "[sweep]\nreplicates = 2\n[sweep.grid]\nrun.seed = [1, 101]\n"))
    assert [run.seed for run in runs] == [1, 101, 2, 102]
    assert [run.world.seed for run in runs] == [1, 1, 2, 2]
    assert len({run.id for run in runs}) == 4


def test_a_sample_can_have_all_plausible_ranges(tmp_path: Path) -> None:
    text = '[sweep]\nreplicates = 1\n[sweep.sample]\nmethod = "morris"\npoints = 2\nplausible = true\n'
    text += 'leave = ["ladders"]\n'
    sweep = experiment_of(tmp_path, text).sweep
    assert sweep is not None
    sample = sweep.sample
    assert sample is not None
    assert set(sample.ranges) == set(plausible_ranges(["ladders"]))
    assert set(sample.log) == {setting_of(path) for path, one in PLAUSIBLE.items() if one.log and "ladders" not in path}
    own = experiment_of(tmp_path, f"{text}[sweep.sample.ranges]\nparameters.effort_minutes = [15, 120]\n")
    points = points_of(own)
    assert len(points) == 2 * (len(sample.ranges) + 2)
    rates = np.array([point["world.parameters.pull_floor"] for point in points])
    found = PLAUSIBLE["pull_floor"]
    assert np.unique((np.log(rates / found.low) / np.log(found.high / found.low) * 3).round(6)).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[sweep.plausible]\nleave = ["easy"]\n',
            'line 7, sweep.plausible.leave = ["easy"]: "easy" is not a number',
        ),
        ('[sweep.sample]\nplausible = true\nleave = ["easy"]\n', '"easy" is not a number with a plausible range'),
        ("[verdict.smallest]\nkep = 0.5\n", '"kep" is not a measure; did you mean kept?'),
        ("[sweep.sample]\nplausible = false\n", "is missing; give at least one range, or set plausible = true"),
        ('[sweep.sample]\nlog = ["parameters.ease"]\n[sweep.sample.ranges]\nparameters.ease = [0, 2]\n', "begins at 0"),
        ('[sweep.sample]\nlog = ["ease"]\n[sweep.sample.ranges]\nparameters.ease = [1, 2]\n', "which is no range"),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        experiment_of(tmp_path, text)
    assert said in str(refused.value)
