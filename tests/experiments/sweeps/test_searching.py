"""A search proposes points that depend on its seed and on outcomes, in the same worlds, and checks its winner."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.config.errors import ConfigError
from experiments.config.reading import load, settings_in
from experiments.config.settings import Experiment
from experiments.sweeps import runner, store
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.making import prepare
from experiments.sweeps.search_space import Proposal, SearchSpace, as_lines, optimise, search_space
from experiments.sweeps.searching import Goal, RunMaker, Searched, Tried, ranked, searched
from experiments.sweeps.store import Row
from sim.model.strategies import mixture_of

RANGES = """
[sweep.sample.ranges]
parameters.effort_minutes = [15, 120]
parameters.ease = [1.5, 3.5]

[sweep.grid]
run.sociability = ["any", "high"]
"""
SPACE = SearchSpace(
    ranges={"x": (0.0, 1.0), "rate": (0.001, 10.0), "n": (1, 9)},
    log=frozenset({"rate"}),
    whole=frozenset({"n"}),
    levels={"word": ("a", "b", [1, 2])},
    strategy="check_in",
    mixed=("check_in", "show_up", "handwritten_notes"),
)
GOAL = Goal("reconnected", maximise=True, trials=5, held_out=4, seed=1)


def toy(point: Proposal) -> float:
    """Best, with 0, at x = 0.3, rate = 0.1 and the word b."""
    x, rate, word = (point.point[name] for name in ("x", "rate", "word"))
    return -((x - 0.3) ** 2) - 0.05 * math.log10(rate / 0.1) ** 2 - 0.2 * (word != "b")


def proposals(trials: int, seed: int, maximise: bool = True) -> list[Proposal]:
    sign, found = 1 if maximise else -1, list[Proposal]()

    def value_of(number: int, proposal: Proposal) -> float:
        assert number == len(found)
        found.append(proposal)
        return sign * toy(proposal)

    optimise(SPACE, value_of, trials, seed=seed, maximise=maximise)
    return found


@pytest.fixture
def experiment(config: Path) -> Experiment:
    config.write_text(config.read_text().replace("{ handwritten_notes = 0.5, show_up = 0.5 }", '"show_up"') + RANGES)
    return load(config)


class Toy:
    """Rows whose measure is a function of the settings and the world, and the runs that were asked for."""

    def __init__(self, noise: float = 1.0) -> None:
        self.asked: list[RunSpec] = []
        self.noise = noise

    def __call__(self, runs: Sequence[RunSpec]) -> list[Row]:
        self.asked += runs
        return [{"id": run.id, "error": None, "reconnected": self.value(run)} for run in runs]

    def value(self, run: RunSpec) -> float:
        return run.parameters.effort_minutes / 60 + self.noise * np.random.default_rng(run.world.seed).normal()


def nothing(*_: object) -> None:
    pass


def table(found: Searched) -> list[Any]:
    """Everything that a search says."""
    trials = [(one.proposal, one.values.tolist(), one.problem) for one in (found.baseline, *found.trials)]
    of = found.held_out
    return [*trials, found.best.number, of.winner, of.baseline, of.low, of.high, [run.id for run in found.runs]]


# Proposals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("maximise", [True, False])
def test_the_best_point_of_a_toy_is_found(maximise: bool) -> None:
    values = [toy(one) for one in proposals(80, seed=3, maximise=maximise)]
    assert max(values) > -0.02
    assert np.mean(values[-20:]) > np.mean(values[:10]) / 3  # all are at most 0; the first are at random


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1), more=st.integers(0, 15))
def test_the_same_seed_gives_the_same_points_and_more_trials_begin_with_them(seed: int, more: int) -> None:
    first = proposals(14, seed)
    assert proposals(14 + more, seed)[:14] == first
    assert proposals(14, (seed + 1) % 2**32) != first


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1))
def test_points_are_within_what_may_be_searched(seed: int) -> None:
    for point, strategy in proposals(12, seed):
        assert 0 <= point["x"] <= 1
        assert 0.001 <= point["rate"] <= 10
        assert type(point["n"]) is int
        assert 1 <= point["n"] <= 9
        assert point["word"] in SPACE.levels["word"]
        assert mixture_of(strategy)
        assert set(strategy) <= set(SPACE.mixed)
        assert all(round(100 * share) == pytest.approx(100 * share) for share in dict(strategy).values())


def test_trials_without_a_value_do_not_end_it() -> None:
    asked = []

    def value_of(number: int, proposal: Proposal) -> float | None:
        asked.append(number)
        return None if number % 2 else toy(proposal)

    optimise(SPACE, value_of, 30, seed=1)
    assert asked == list(range(30))


# Worlds ----------------------------------------------------------------------------------------------------------


def test_all_trials_have_the_same_worlds_and_the_check_has_none_of_them(experiment: Experiment) -> None:
    found = searched(experiment, search_space(experiment, "check_in"), GOAL, Toy(), nothing)
    seeds = [[(run.world.seed, run.seed) for run in one.runs] for one in (found.baseline, *found.trials)]
    assert seeds == [seeds[0]] * 6
    assert len(set(seeds[0])) == 3
    fresh = [(run.world.seed, run.seed) for run in found.held_out.runs]
    assert fresh[:4] == fresh[4:]
    assert len(set(fresh)) == 4
    for place in (0, 1):  # worlds, and then draws
        assert {one[place] for one in fresh}.isdisjoint(one[place] for one in seeds[0])


def test_a_trial_is_the_sweep_of_its_settings(experiment: Experiment) -> None:
    found = searched(experiment, search_space(experiment, "check_in"), GOAL, Toy(), nothing)
    for one in (found.best, found.baseline):
        levels = {name: [level] for name, level in one.proposal.point.items()}
        given_ = {"sweep.strategies": ["wait", "check_in"], "sweep.grid": levels, "sweep.replicates": 3}
        base = {"world": {"people": 40, "burn_in_years": 0, "seed": 5}, "parameters.effort_minutes": 240}
        run = {"adopters": 4, "strategy_days": 20, "follow_up_days": 5}
        same = load(None, given=list(settings_in({**base, "run": run, **given_})))
        assert {run.id for run in one.runs} == {run.id for run in runs_of(same) if run.strategy == "check_in"}


def test_the_winner_is_the_best_trial_and_pasted_lines_are_its_settings(experiment: Experiment) -> None:
    found = searched(experiment, search_space(experiment, "check_in+show_up"), GOAL, Toy(), nothing)
    assert found.best.values.mean() == max(one.values.mean() for one in found.trials)
    lines = tomllib.loads(as_lines(found.best.proposal, experiment))
    plain = Path("tiny.toml").read_text().split("[sweep.sample.ranges]")[0]
    Path("plain.toml").write_text(plain)
    again = load(Path("plain.toml"), given=list(settings_in(lines)))
    mixture = found.best.proposal.strategy
    assert {run.id for run in found.best.runs} == {run.id for run in runs_of(again) if run.strategy == mixture}


def test_what_is_minimised_is_smallest(experiment: Experiment) -> None:
    goal = Goal("reconnected", maximise=False, trials=5, held_out=4, seed=1)
    found = searched(experiment, search_space(experiment, "check_in"), goal, Toy(), nothing)
    assert found.best.values.mean() == min(one.values.mean() for one in found.trials)


def test_a_gain_that_is_chance_alone_is_not_confirmed(experiment: Experiment) -> None:
    """Values that do not depend on the settings: the search finds a gain, and the check does not."""

    class Chance(Toy):
        def value(self, run: RunSpec) -> float:
            return float(np.random.default_rng(int(run.id, 16)).normal())

    goal = Goal("reconnected", maximise=True, trials=40, held_out=200, seed=1)
    found = searched(experiment, search_space(experiment, "check_in"), goal, Chance(), nothing)
    assert found.best.values.mean() - found.baseline.values.mean() > 0.5
    assert found.held_out.low < 0 < found.held_out.high


# Stopping --------------------------------------------------------------------------------------------------------


def search_in(folder: Path, experiment: Experiment, stop_after: int | None = None) -> Searched:
    prepare(folder, [])
    saved = 0

    def hand_on_stop() -> None:
        nonlocal saved
        saved += 1
        if saved == stop_after:
            raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as executor:
        rows_of = RunMaker(folder, executor, runner.Checkpoints(folder / "checkpoints", 10), 0, hand_on_stop)
        return searched(experiment, search_space(experiment, "check_in"), GOAL, rows_of, nothing)


@pytest.mark.parametrize("stop_after", [1, 4, 6])
def test_a_search_that_was_stopped_ends_like_one_that_was_not(
    experiment: Experiment, stop_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = runner.run_one

    def counted(run: RunSpec, *arguments: Any, **options: Any) -> Any:
        made.append(run.id)
        return real(run, *arguments, **options)

    whole = table(search_in(Path("whole"), experiment))
    monkeypatch.setattr(runner, "run_one", counted)
    with pytest.raises(KeyboardInterrupt):
        search_in(Path("stopped"), experiment, stop_after)
    saved = set(store.finished(Path("stopped")).index)
    assert saved
    made.clear()
    assert table(search_in(Path("stopped"), experiment)) == whole
    assert sorted(made) == sorted(set(whole[-1]) - saved)
    made.clear()
    assert table(search_in(Path("stopped"), experiment)) == whole
    assert made == []


# Failures and mistakes -------------------------------------------------------------------------------------------


def test_trials_that_fail_are_passed_over_and_say_why(experiment: Experiment) -> None:
    class Failing(Toy):
        def __call__(self, runs: Sequence[RunSpec]) -> list[Row]:
            rows = super().__call__(runs)
            if runs[0].scenario == "trial 1":
                rows[2] |= {"error": "ValueError: no"}
            if runs[0].scenario == "trial 3":
                rows[0] |= {"reconnected": math.nan}
            return rows

    found = searched(experiment, search_space(experiment, "check_in"), GOAL, Failing(), nothing)
    problems = [one.problem for one in found.trials]
    assert problems[1] == "ValueError: no"
    assert problems[3].startswith("reconnected is missing in 1 of 3 worlds")
    assert [bool(problem) for problem in problems] == [False, True, False, True, False]
    assert {one.number for one in ranked(found.trials, maximise=True)} == {0, 2, 4}


def test_points_that_are_not_allowed_are_failed_trials(experiment: Experiment) -> None:
    sweep = experiment.sweep
    assert sweep is not None
    never = sweep.model_copy(update={"grid": {"run.adopters": (41,)}})  # of 40 people
    changed = experiment.model_copy(update={"sweep": never})
    space = search_space(changed, "check_in")
    with pytest.raises(ConfigError, match=r"All 5 trials failed.*needs 41 of 40 people"):
        searched(changed, space, GOAL, Toy(), nothing)


def test_an_experiment_whose_own_runs_fail_cannot_be_improved(experiment: Experiment) -> None:
    def failing(runs: Sequence[RunSpec]) -> list[Row]:
        return [{"id": run.id, "error": "ValueError: no", "reconnected": None} for run in runs]

    with pytest.raises(ConfigError, match="as it stands cannot be compared: ValueError: no"):
        searched(experiment, search_space(experiment, "check_in"), GOAL, failing, nothing)


def test_equals_are_ranked_by_their_number() -> None:
    point = Proposal({}, "check_in")
    trials = [Tried(number, point, [], np.array([value])) for number, value in enumerate([1.0, 2.0, 2.0, 0.0])]
    assert [one.number for one in ranked(trials, maximise=True)] == [1, 2, 0, 3]
    assert [one.number for one in ranked(trials, maximise=False)] == [3, 0, 1, 2]


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (None, "--strategy is missing, because the sweep has several arms; expected one of check_in, show_up."),
        ("chek_in", "--strategy chek_in: chek_in is not a strategy; did you mean check_in?"),
        ("check_in+", "an empty name is not a strategy"),
        ("check_in+check_in", "check_in is there twice"),
    ],
)
def test_wrong_strategies_are_refused(experiment: Experiment, strategy: str | None, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        search_space(experiment, strategy)
    assert said in str(refused.value)


def test_what_cannot_be_searched_is_refused(experiment: Experiment) -> None:
    sweep = experiment.sweep
    assert sweep is not None
    for changes, said in (
        ({"grid": {}, "sample": None}, "tiny has nothing to search; give ranges"),
        ({"zip": {"parameters.luring": (1, 2)}}, "[sweep.zip] cannot be searched"),
        ({"rows": {"one": {"parameters.ease": 2}}}, "[sweep.rows] cannot be searched"),
    ):
        with pytest.raises(ConfigError) as refused:
            search_space(experiment.model_copy(update={"sweep": sweep.model_copy(update=changes)}), "check_in")
        assert said in str(refused.value)
