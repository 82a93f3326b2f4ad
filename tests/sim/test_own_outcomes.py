"""What must be true of a user's own measures and stop conditions, on both engines."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.model.strategies import NAMES
from sim.own_outcomes import Day, OwnOutcomeError
from sim.state.population import World

RUN: dict[str, Any] = {"strategy": "check_in", "adopters": 6, "seed": 5}
FEW = settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])


class SentByAdopters:
    """Counts in two ways: in a number and in an array."""

    total = 0

    def __init__(self) -> None:
        self.by_kind = np.zeros(13, int)

    def observe(self, day: Day) -> None:
        mine = day.sent[np.isin(day.sent["sender"], day.adopters)]
        self.total += len(mine)
        self.by_kind += np.bincount(mine["kind"], minlength=13)

    def result(self) -> int:
        assert self.total == self.by_kind.sum()
        return self.total


class Ties:
    """New ties and those forgotten, net, by person: what the world must show in the end."""

    def __init__(self) -> None:
        self.days: list[int] = []
        self.new: list[np.ndarray] = []

    def observe(self, day: Day) -> None:
        self.days.append(day.day)
        self.new.append(day.new_ties)

    def result(self) -> float:
        assert self.days == list(range(len(self.days)))
        return float(sum(map(len, self.new)))


class AfterTwelveDays:
    days = 0

    def observe(self, day: Day) -> None:
        self.days += 1

    def result(self) -> bool:
        return self.days >= 12


def most_ties(day: Day) -> int:
    return int(day.world().people["degree"].max())


def last_day(day: Day) -> int:
    return day.day


OWN: dict[str, Any] = {"by_adopters": SentByAdopters, "ties": Ties, "most_ties": most_ties, "last_day": last_day}


@pytest.fixture(scope="module")
def world() -> World:
    few = sim.Parameters(ties_at_start=12, community_size=20, industries=3, effort_minutes=900)
    young = sim.worlds.generated(people=60, burn_in_years=0, seed=3, parameters=few, cache=False)
    return sim.simulate(young, days=120, seed=3, series=False).world


def scalars(run: sim.Run) -> dict[str, float]:
    return run.measures.scalars


# Measures ----------------------------------------------------------------------------------------------------------


def test_own_measures_change_nothing_and_agree_with_those_of_the_model(world: World) -> None:
    plain = sim.simulate(world, days=30, **RUN)
    run = sim.simulate(world, days=30, **RUN, measures=OWN)
    assert run.world == plain.world
    np.testing.assert_equal({name: scalars(run)[name] for name in scalars(plain)}, scalars(plain))
    assert scalars(run).keys() - scalars(plain).keys() == OWN.keys()
    assert scalars(run)["by_adopters"] == pytest.approx(6 * scalars(run)["sent"])
    assert scalars(run)["ties"] == pytest.approx(60 * scalars(run)["everyone_new_ties"] / 2)
    assert scalars(run)["most_ties"] == run.world.people["degree"].max()
    assert scalars(run)["last_day"] == 29


@FEW
@given(strategy=st.sampled_from(NAMES), seed=st.integers(0, 99))
def test_both_engines_and_a_simulation_report_the_same(world: World, strategy: str, seed: int) -> None:
    told = {**RUN, "strategy": strategy, "seed": seed, "measures": OWN}
    of_fast = scalars(sim.simulate(world, days=5, **told))
    model, simulation = sim.ReconnectionModel(world=world, **told), sim.Simulation(world, **told)
    for _ in range(5):
        model.step()
        simulation.step()
    np.testing.assert_equal(model.measures().scalars, of_fast)
    np.testing.assert_equal(simulation.measures().scalars, of_fast)


def test_each_run_has_an_object_of_its_own(world: World) -> None:
    first, second = (scalars(sim.simulate(world, days=9, **RUN, measures=OWN)) for _ in range(2))
    np.testing.assert_equal(first, second)


def test_a_copy_of_a_run_counts_on_its_own(world: World) -> None:
    run = sim.Simulation(world, **RUN, measures=OWN)
    for _ in range(4):
        run.step()
    twin = run.twin()
    for _ in range(4):
        twin.step()
    assert run.measures().scalars["last_day"] == 3
    np.testing.assert_equal(twin.measures().scalars, scalars(sim.simulate(world, days=8, **RUN, measures=OWN)))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_mesa_model_continues_with_its_measures(world: World, copied: Callable[[Any], Any]) -> None:
    model = sim.ReconnectionModel(world=world, **RUN, measures=OWN, stop=AfterTwelveDays)
    for _ in range(2):
        model.step()
    other = copied(model)
    for _ in range(2):
        model.step()
        other.step()
    np.testing.assert_equal(other.measures().scalars, model.measures().scalars)


def test_before_the_first_day_an_outcome_of_the_last_day_is_missing(world: World) -> None:
    found = sim.Simulation(world, **RUN, measures=OWN).measures().scalars
    assert np.isnan(found["last_day"])
    assert found["by_adopters"] == 0


@pytest.mark.parametrize(("value", "number"), [(None, np.nan), (np.nan, np.nan), (True, 1), (np.float32(2.5), 2.5)])
def test_numbers_and_missing_values_are_outcomes(world: World, value: Any, number: float) -> None:
    np.testing.assert_equal(scalars(sim.simulate(world, days=1, **RUN, measures={"x": lambda day: value}))["x"], number)


@pytest.mark.parametrize("value", ["3", [1], np.inf, np.zeros(1)])
def test_anything_else_is_refused(world: World, value: Any) -> None:
    with pytest.raises(OwnOutcomeError, match=r"The measure x returned .* finite number, or None"):
        sim.simulate(world, days=1, **RUN, measures={"x": lambda day: value})


def test_a_day_is_over_when_the_next_one_begins(world: World) -> None:
    kept: list[Day] = []

    class Keeps:
        def observe(self, day: Day) -> None:
            assert day.world().day == world.day + day.day + 1
            kept.append(day)

        def result(self) -> int:
            return len(kept)

    sim.simulate(world, days=2, **RUN, measures={"days_kept": Keeps})
    for ask in (kept[0].world, kept[1].reconnected):
        with pytest.raises(RuntimeError, match="This day is over"):
            ask()
    assert len(kept[0].sent) == len(kept[0].record.sent)


def test_reconnections_of_a_day_are_those_so_far(world: World) -> None:
    found: list[np.ndarray] = []
    sim.simulate(world, days=40, **RUN, stop=lambda day: found.append(day.reconnected()) or False)  # type: ignore[func-returns-value]
    end = sim.simulate(world, days=40, **RUN)
    series = end.measures.series
    assert series is not None
    assert found[-1].sum() > 0
    np.testing.assert_allclose([one.mean() for one in found], series["everyone_reconnected"].cumsum())
    np.testing.assert_array_equal(found[-1], end.people["reconnected"])


# Stop conditions -----------------------------------------------------------------------------------------------------


@FEW
@given(days=st.integers(1, 20), asked=st.integers(1, 30), strategy_days=st.integers(0, 30))
def test_a_stopped_run_is_a_shorter_run(world: World, days: int, asked: int, strategy_days: int) -> None:
    told = {**RUN, "strategy_days": strategy_days, "measures": OWN, "log": True}
    stopped = sim.simulate(world, days=asked, **told, stop=lambda day: day.day + 1 >= days)
    short = sim.simulate(world, days=min(days, asked), **told)
    assert stopped.world == short.world
    assert scalars(stopped).pop("days_run") == min(days, asked)
    np.testing.assert_equal(scalars(stopped), scalars(short))
    assert stopped.log is not None
    assert stopped.log.equals(short.log)


def test_a_condition_may_be_a_class(world: World) -> None:
    assert scalars(sim.simulate(world, days=30, **RUN, stop=AfterTwelveDays))["days_run"] == 12
    assert scalars(sim.simulate(world, days=11, **RUN, stop=AfterTwelveDays))["days_run"] == 11
    assert "days_run" not in scalars(sim.simulate(world, days=1, **RUN))


def test_mesa_stops_running(world: World) -> None:
    model = sim.ReconnectionModel(world=world, **RUN, stop=lambda day: day.day == 2)
    model.run_model()
    assert (model.day - world.day, model.measures().scalars["days_run"]) == (3, 3)


@pytest.mark.parametrize("value", [1, None, "yes"])
def test_a_condition_is_true_or_false(world: World, value: Any) -> None:
    with pytest.raises(OwnOutcomeError, match=r"The stop condition returned .* on day 0; it must return"):
        sim.simulate(world, days=2, **RUN, stop=lambda day: value)


# Checkpoints ---------------------------------------------------------------------------------------------------------


class CrashError(Exception):
    """Stands for a crash."""


def cut_off(world: World, path: Path, day: int, **arguments: Any) -> None:
    def crash(done: int, _: int) -> None:
        if done >= day:
            raise CrashError

    with pytest.raises(CrashError):
        sim.simulate(world, **arguments, checkpoint=path, checkpoint_minutes=0, progress=crash)


@pytest.mark.parametrize("day", [1, 7, 11])
def test_a_run_that_was_cut_off_has_the_same_outcomes(world: World, tmp_path: Path, day: int) -> None:
    """It continues after the day before the crash, so the days before are not counted twice or forgotten."""
    told = {**RUN, "days": 30, "measures": OWN, "stop": AfterTwelveDays}
    cut_off(world, tmp_path / "c", day, **told)
    done: list[int] = []
    run = sim.simulate(world, **told, checkpoint=tmp_path / "c", progress=lambda day, _: done.append(day))
    assert done[0] == day
    whole = sim.simulate(world, **told)
    np.testing.assert_equal(scalars(run), scalars(whole))
    assert run.world == whole.world
    assert not (tmp_path / "c").exists()


def test_a_run_does_not_continue_with_other_measures(world: World, tmp_path: Path) -> None:
    told = {**RUN, "days": 8}
    cut_off(world, tmp_path / "c", 5, **told, measures={"a": SentByAdopters})
    saved = (tmp_path / "c").read_bytes()
    for other in ({"a": Ties}, {"b": SentByAdopters}, {}):
        (tmp_path / "c").write_bytes(saved)
        with pytest.warns(UserWarning, match="belongs to a different run"):
            run = sim.simulate(world, **told, measures=other, checkpoint=tmp_path / "c")
        np.testing.assert_equal(scalars(run), scalars(sim.simulate(world, **told, measures=other)))


def test_what_cannot_be_saved_costs_the_checkpoint_and_nothing_else(world: World, tmp_path: Path) -> None:
    class Odd(SentByAdopters):
        def __init__(self) -> None:
            super().__init__()
            self.path = tmp_path  # no plain value

    class Slots(SentByAdopters):
        __slots__ = ("more",)

    told = {**RUN, "days": 6, "measures": {"odd": Odd}}
    with pytest.warns(UserWarning, match=r"without the checkpoint .* the attributes of odd cannot be saved"):
        run = sim.simulate(world, **told, checkpoint=tmp_path / "c", checkpoint_minutes=0)
    assert scalars(run)["odd"] == 6 * scalars(run)["sent"]
    with pytest.warns(UserWarning, match=r"the attributes of s cannot be saved .*Slots"):
        sim.simulate(world, **told | {"measures": {"s": Slots}}, checkpoint=tmp_path / "c", checkpoint_minutes=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.simulate(world, **told, checkpoint=tmp_path / "d", checkpoint_minutes=60)  # too short to be saved


# Mistakes ------------------------------------------------------------------------------------------------------------


class NoResult:
    def observe(self, day: Day) -> None:
        """Observe nothing."""


class NoDay(NoResult):
    def observe(self) -> None:  # type: ignore[override]
        """Take no day."""

    def result(self) -> int:
        return 0


class WithArgument(NoDay):
    def __init__(self, size: int) -> None:
        """Take an argument that no run gives."""

    def observe(self, day: Day) -> None:  # type: ignore[override]
        """Observe nothing."""


class Shares(NoResult):
    seen: list[int] = []  # noqa: RUF012

    def result(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (3, "The measure x is 3; it must be a function of a day, or a class."),
        (
            NoResult,
            "is the class NoResult, which has no result; it must have the methods observe.self, day. and result",
        ),
        (NoDay, "is the class NoDay, whose observe must be observe.self, day."),
        (WithArgument, "is the class WithArgument, whose __init__ must be __init__.self."),
        (Shares, "is the class Shares, whose attribute seen is one list for all runs; make it in __init__"),
        (Ties(), "is an object; give its class"),
        (lambda: 1, "must have one argument"),
    ],
)
def test_what_is_no_measure_is_refused_before_the_first_day(world: World, given: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        sim.simulate(world, days=10**4, **RUN, measures={"x": given})


@pytest.mark.parametrize(
    ("name", "problem"),
    [("kept_up", "that of a measure of the model"), ("days_run", "not days_run"), ("a b", "letters, digits and _")],
)
def test_names_that_are_taken_are_refused(world: World, name: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        sim.simulate(world, days=1, **RUN, measures={name: last_day})


def test_an_error_names_the_measure_the_day_and_the_line(world: World) -> None:
    class Divides(SentByAdopters):
        def observe(self, day: Day) -> None:
            self.total = 1 / (3 - day.day)  # type: ignore[assignment]

    message = r"^The measure x raised ZeroDivisionError on day 3: division by zero \(test_own_outcomes.py, line \d+\)$"
    with pytest.raises(OwnOutcomeError, match=message) as caught:
        sim.simulate(world, days=9, **RUN, measures={"x": Divides})
    assert caught.value.outcome == "x"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
