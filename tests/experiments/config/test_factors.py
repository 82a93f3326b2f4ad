"""What a sweep varies: levels, points, and the errors of those that cannot be."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.config.errors import ConfigError
from experiments.config.factors import METHODS, crossed, drawn_points, flattened, points_drawn, span_of, spelled_out
from experiments.config.reading import load
from experiments.config.settings import Experiment, SweepSettings
from experiments.sweeps.design import at, described, points_of, runs_of, shard_of

SWEEP = """\
[world]
people = 40
[run]
adopters = 4
[sweep]
replicates = 2
strategies = ["wait", "check_in"]
[sweep.grid]
run.adopters = [2, 4]
"parameters.effort_minutes" = { from = 15, to = 60, count = 4 }
[sweep.zip]
world.people = [40, 60]
world.parameters.community_size = [20, 30]
"""


def swept(tmp_path: Path, text: str = SWEEP, *changes: str) -> Experiment:
    path = tmp_path / "swept.toml"
    path.write_text(text)
    return load(path, changes)


def problem(tmp_path: Path, text: str, *changes: str) -> str:
    with pytest.raises(ConfigError) as raised:
        runs_of(swept(tmp_path, text, *changes))
    return str(raised.value)


def test_a_grid_is_crossed_with_a_zip_and_both_with_strategies(tmp_path: Path) -> None:
    runs = runs_of(swept(tmp_path))
    minutes = (15.0, 30.0, 45.0, 60.0)
    points = [
        {
            "run.adopters": adopters,
            "parameters.effort_minutes": effort,
            "world.people": people,
            "world.parameters.community_size": size,
        }
        for adopters, effort, (people, size) in product((2, 4), minutes, ((40, 20), (60, 30)))
    ]
    assert [(run.replicate, run.factors, run.strategy) for run in runs] == [
        (replicate, point, strategy) for replicate in (0, 1) for point in points for strategy in ("wait", "check_in")
    ]
    assert len({run.id for run in runs}) == len({(run.scenario, run.replicate) for run in runs}) == len(runs)
    last = runs[-1]
    assert last.scenario == "check_in, adopters 4, effort_minutes 60.0, people 60, community_size 30"
    assert (last.adopters, last.parameters.effort_minutes, last.world.people) == (4, 60.0, 60)
    assert last.world.parameters.community_size == last.parameters.community_size == 30, "runs go on as worlds began"
    assert {run.seed - run.replicate for run in runs} == {1}, "all arms of a replicate share their draws"


def test_a_table_in_a_table_is_a_path() -> None:
    nested = {"run": {"adopters": [1]}, "parameters.ease": {"from": 1, "to": 2, "count": 2}}
    assert dict(flattened(nested)) == {"run.adopters": [1], "parameters.ease": {"from": 1, "to": 2, "count": 2}}


def test_an_empty_table_and_steps_with_a_part_missing_are_values() -> None:
    nested: dict[str, Any] = {"a": {}, "b": {"from": 1}, "c": {"count": 2, "x": 1}, "d": {"e": {"f": 1}, "g": 0}}
    assert list(flattened(nested)) == [
        ("a", {}), ("b", {"from": 1}), ("c", {"count": 2, "x": 1}), ("d.e.f", 1), ("d.g", 0),
    ]  # fmt: skip


def steps(begin: object = 0, end: object = 1, count: object = 2, **more: object) -> dict[str, object]:
    return {"from": begin, "to": end, "count": count, **more}


@pytest.mark.parametrize(
    "wrong",
    [steps(count=1), steps(count=10_001), steps(count=True), steps(count=2.0), steps(True), steps(end=False),
     steps("0"), steps(None), steps(float("inf")), steps(float("nan")), steps(-1.01e300), steps(end=1.01e300),
     steps(step=1), {"from": 0, "to": 1}, {"from": 0, "count": 2}, 3, "ab", [], ()],
)  # fmt: skip
def test_what_are_no_levels_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="expected a list of levels"):
        spelled_out(wrong, whole=False)


def test_levels_at_the_very_ends_of_what_is_allowed_are_levels() -> None:
    assert spelled_out(steps(-1e300, 1e300), whole=False) == (-1e300, 1e300)
    assert spelled_out(steps(count=2), whole=False) == (0, 1)
    assert len(spelled_out(steps(count=10_000), whole=False)) == 10_000
    assert spelled_out(steps(0, 10, 4), whole=True) == (0, 3, 7, 10)
    assert all(type(level) is int for level in spelled_out(steps(0, 10, 4), whole=True))
    assert spelled_out([1, 1.0, True, "1"], whole=True) == (1, 1.0, True, "1")
    assert spelled_out((5,), whole=False) == (5,)
    with pytest.raises(ValueError, match="twice"):
        spelled_out([0.5, 1, 0.5], whole=False)


@pytest.mark.parametrize("wrong", [[1, 1], [2, 1], [1], [0, 1, 2], [0, True], [0, "1"], [0, 1.01e300], "01", 3, {}])
def test_what_is_no_range_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="the lower end first"):
        span_of(wrong)


def test_a_range_has_two_ends() -> None:
    assert span_of([1, 2]) == (1.0, 2.0)
    assert span_of((-1e300, 1e300)) == (-1e300, 1e300)
    assert all(type(end) is float for end in span_of([1, 2]))


@given(st.integers(-50, 50), st.integers(1, 100), st.integers(2, 30))
def test_even_steps_go_from_one_end_to_the_other(low: int, width: int, count: int) -> None:
    levels = spelled_out({"from": low, "to": low + width, "count": count}, whole=False)
    assert (levels[0], levels[-1], len(levels)) == (low, low + width, count)
    assert np.diff(levels) == pytest.approx(width / (count - 1))


@given(st.lists(st.integers(1, 4), max_size=3), st.integers(0, 3), st.integers(0, 3))
def test_crossing_multiplies(sizes: list[int], rows: int, drawn: int) -> None:
    grid = {f"g{k}": tuple(range(size)) for k, size in enumerate(sizes)}
    beside = {"z": tuple(range(rows)), "y": tuple(range(rows))} if rows else {}
    points = crossed(grid, beside, [{"s": k} for k in range(drawn)])
    assert len(points) == int(np.prod(sizes)) * max(1, rows) * max(1, drawn)
    assert len({tuple(point.items()) for point in points}) == len(points)
    assert all(point.get("z") == point.get("y") for point in points)


@settings(max_examples=20)
@given(st.sampled_from(METHODS), st.integers(1, 3), st.integers(0, 1_000))
def test_drawn_points_stay_in_their_ranges_and_are_keyed(method: str, power: int, seed: int) -> None:
    ranges = {"a": (-1.0, 1.0), "b": (10.0, 11.0), "c": (0.0, 0.001)}
    points = 2**power
    drawn = drawn_points(ranges, method, points, seed)
    rows = {"morris": points * 4, "saltelli": points * 5}.get(method, points)
    assert drawn.shape == (rows, 3)
    for column, (low, high) in zip(drawn.T, ranges.values(), strict=True):
        assert low <= column.min() <= column.max() <= high
    assert (drawn == drawn_points(ranges, method, points, seed)).all()
    assert (drawn != drawn_points(ranges, method, points, seed + 1)).any()


def test_a_latin_hypercube_has_a_point_in_each_slice() -> None:
    drawn = drawn_points({"a": (0.0, 1.0), "b": (0.0, 2.0)}, "latin_hypercube", 50, seed=3)
    for column, width in zip(drawn.T, (1, 2), strict=True):
        assert sorted((column / width * 50).astype(int)) == list(range(50))


def test_a_trajectory_moves_one_factor_a_step() -> None:
    drawn = drawn_points({"a": (0.0, 1.0), "b": (5.0, 6.0), "c": (0.0, 9.0)}, "morris", 5, seed=1).reshape(5, 4, 3)
    assert ((np.diff(drawn, axis=1) != 0).sum(axis=2) == 1).all()


def test_a_trajectory_is_on_a_grid_of_four_levels_and_moves_by_two_of_three_steps() -> None:
    """Morris (1991): p levels, and steps of p / (2 (p - 1)) of the range."""
    drawn = drawn_points({"a": (0.0, 3.0), "b": (5.0, 8.0)}, "morris", 40, seed=1)
    assert np.unique(drawn[:, 0].round(9)).tolist() == [0, 1, 2, 3]
    assert np.unique(drawn[:, 1].round(9)).tolist() == [5, 6, 7, 8]
    moves = np.abs(np.diff(drawn.reshape(40, 3, 2), axis=1)).sum(axis=2)
    assert moves == pytest.approx(2)


def test_the_points_of_sobol_fill_every_slice_too() -> None:
    """A power of two of them has one point in each of as many slices of each range."""
    drawn = drawn_points({"a": (0.0, 1.0), "b": (2.0, 4.0)}, "sobol", 64, seed=3)
    for column, low, width in zip(drawn.T, (0, 2), (1, 2), strict=True):
        assert sorted(((column - low) / width * 64).astype(int)) == list(range(64))


def test_drawn_whole_numbers_are_whole(tmp_path: Path) -> None:
    text = "[sweep.sample]\npoints = 8\n[sweep.sample.ranges]\nworld.people = [100, 900]\nparameters.ease = [0, 5]"
    points = points_of(swept(tmp_path, text))
    assert all(type(point["world.people"]) is int and 0 <= point["parameters.ease"] <= 5 for point in points)
    runs = runs_of(swept(tmp_path, text, "sweep.replicates=1"))
    assert [run.scenario for run in runs[:2]] == ["wait, point 0", "wait, point 1"]
    assert [run.factors for run in runs] == points


def test_the_design_describes_each_run(tmp_path: Path) -> None:
    experiment = swept(tmp_path, SWEEP, "sweep.grid.run.adopters=[2, 0.5, [1, 3]]")
    design, runs = described(runs_of(experiment)), runs_of(experiment)
    assert design["id"].to_list() == [run.id for run in runs]
    assert set(design["run.adopters"]) == {"2", "0.5", "[1, 3]"}, "what is not all numbers is text"
    assert design["parameters.effort_minutes"].to_list() == [run.factors["parameters.effort_minutes"] for run in runs]
    assert (design["world_seed"] - design["replicate"] == 1).all()
    assert design.groupby("point")["scenario"].nunique().eq(2).all()


@given(st.integers(1, 7), st.integers(1, 5), st.integers(1, 9))
@settings(max_examples=30)
def test_shards_make_each_run_once(replicates: int, arms: int, count: int) -> None:
    grid = {"parameters.ease": tuple(range(arms))}
    experiment = Experiment(name="a", sweep=SweepSettings(replicates=replicates, grid=grid))
    runs = runs_of(experiment)
    shards = [shard_of(runs, number, count) for number in range(1, count + 1)]
    assert sorted(run.id for shard in shards for run in shard) == sorted(run.id for run in runs)
    if replicates >= count:
        worlds = [{run.world.seed for run in shard} for shard in shards]
        assert sum(map(len, worlds)) == replicates, "no world is built by two jobs"
        assert all(worlds), "no job is idle"


def test_without_strategies_the_runs_own_is_varied(tmp_path: Path) -> None:
    text = "[run]\nstrategy = 'check_in'\n[sweep]\nreplicates = 1\n[sweep.grid]\nparameters.ease = [1, 2]"
    assert [run.scenario for run in runs_of(swept(tmp_path, text))] == ["check_in, ease 1", "check_in, ease 2"]


def test_two_settings_of_one_name_are_distinguished(tmp_path: Path) -> None:
    text = "[sweep]\nreplicates = 1\n[sweep.grid]\nparameters.ease = [1, 2]\nworld.parameters.ease = [3]"
    runs = runs_of(swept(tmp_path, text))
    assert runs[0].scenario == "wait, parameters.ease 1, world.parameters.ease 3"
    assert (runs[0].parameters.ease, runs[0].world.parameters.ease) == (1, 3)


def test_a_parameter_of_its_own_does_not_follow_the_worlds(tmp_path: Path) -> None:
    experiment = swept(tmp_path, "[world.parameters]\nease = 2\n[parameters]\nease = 1")
    moved = at(experiment, {"world.parameters.ease": 4.0})
    assert (moved.world.parameters.ease, moved.parameters.ease) == (4.0, 1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "run.adopterz = [3]",
            ["line 6, sweep.grid.run.adopterz", "no such setting; did you mean run.adopters?"],
        ),
        ("parameters.ease = 3", ["line 6, sweep.grid.parameters.ease = 3", "expected a list of levels"]),
        ("parameters.ease = []", ["expected a list of levels"]),
        ("parameters.ease = [1, 1]", ["the level 1 twice"]),
        ("parameters.ease = [1, 99]", ["the level 99: expected a number from -5 to 10 (logit)"]),
        ('parameters.ease = [1, "a", 99]', ['the levels "a", 99: expected a number']),
        ("run.adopters = [0, 50.5, 2]", ["the levels 0, 50.5: expected a count"]),
        ('parameters.ease = ["a"]', ['the level "a": expected a number']),
        ("parameters.ease = { from = 1, to = 2 }", ["with a count of 2 to 10,000"]),
        ("parameters.ease = { from = 1, to = 99, count = 3 }", ["the levels 50.0, 99.0: expected a number"]),
        ("run.adopters = [0]", ["the level 0: expected a count such as 20"]),
        ("world.seed = [1, 2]", ["cannot be varied", "sweep.replicates"]),
        ("run.strategy = ['wait']", ["cannot be varied", "sweep.strategies"]),
        ("world.log = ['a.csv']", ["cannot be varied", "--world"]),
        ("sweep.replicates = [1]", ["is not a setting of a run; only world, run, inject and parameters"]),
        ("parameters = [1]", ["is a table; give a setting in it, such as parameters."]),
        ("run.adopters = [50]", ["an invalid point, run.adopters = 50", "50 of 40 people"]),
        ("parameters.encounter_known = [0.9]", ["an invalid point", "must be 1 or less"]),
    ],
)
def test_a_factor_that_cannot_be_varied_is_refused(tmp_path: Path, line: str, said: list[str]) -> None:
    message = problem(tmp_path, f"[world]\npeople = 40\n[sweep]\nreplicates = 2\n[sweep.grid]\n{line}\n")
    for part in said:
        assert part in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[sweep.zip]\nparameters.ease = [1, 2]\nrun.adopters = [3]",
            ["they differ: parameters.ease has 2, run.adopters has 1"],
        ),
        (
            "[sweep.grid]\nparameters.ease = [1]\n[sweep.zip]\nparameters.ease = [2]",
            ["varies parameters.ease in two of"],
        ),
        ("[sweep.grid]\n", ["line 1, [sweep.grid]", "is empty"]),
        ("[sweep.sample]\nmethod = 'sobel'", ["line 2, sweep.sample.method"]),
        (
            "[sweep.sample]\npoints = 3\nmethod = 'sobol'\nranges.parameters.ease = [1, 2]",
            ["power of two", "such as 4"],
        ),
        (
            "[sweep.sample]\npoints = 4",
            ["line 1, sweep.sample.ranges", "is missing; give at least one range, or set plausible = true"],
        ),
        ("[sweep.sample]\nranges.parameters.ease = [2, 1]", ["expected a range", "the lower end first"]),
        ("[sweep.sample]\nranges.parameters.ease = [0, 20]", ["the level 20.0: expected a number"]),
        ("[sweep.sample]\nranges.run.adopters = [1, 2]", ["is not a number, so it has no range"]),
    ],
)
def test_impossible_designs_are_refused(tmp_path: Path, text: str, said: list[str]) -> None:
    message = problem(tmp_path, text)
    for part in said:
        assert part in message


def test_a_sweep_that_never_ends_is_refused_at_once(tmp_path: Path) -> None:
    text = (
        "[sweep.grid]\nparameters.ease = { from = 0, to = 4, count = 9999 }\n"
        "parameters.load_scale = { from = 1, to = 9, count = 9999 }"
    )
    message = problem(tmp_path, text, "sweep.replicates=100")
    assert "has 9,998,000,100 runs, more than the limit of 1,000,000" in message
    drawn = "[sweep.sample]\nmethod = 'saltelli'\npoints = 65536\nranges.parameters.ease = [0, 1]"
    assert "196,608 sampled" in problem(tmp_path, drawn)


@given(st.sampled_from(METHODS), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=20)
def test_points_are_counted_before_they_are_drawn(method: str, ranges: int, power: int) -> None:
    named = {f"r{k}": (0.0, 1.0) for k in range(ranges)}
    assert points_drawn(method, ranges, 2**power) == len(drawn_points(named, method, 2**power, 1))


def test_all_errors_come_at_once(tmp_path: Path) -> None:
    text = SWEEP.replace("run.adopters = [2, 4]", "run.adoptrs = [2]").replace("to = 60", "to = 'x'")
    message = problem(tmp_path, text, "sweep.zip.world.people=[1, 60]")
    assert "has 3 errors" in message
    assert all(
        part in message for part in ("line 9, ", "line 10, ", "--set sweep.zip.world.people=[1, 60]: the level 1")
    )


values: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        ["-1", "0", "1e400", "nan", "true", "''", "[]", "{}", "[1, 'a']", "{ from = 1 }", "1979-05-27", "[[1]]"]
    ),
    st.integers().map(str),
    st.floats().map(str),
)


@settings(max_examples=200)
@given(st.data())
def test_a_malformed_file_is_refused_in_words(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A valid file with a value replaced, a line lost or doubled, or a few characters changed: an error in words."""
    lines = SWEEP.splitlines()
    at_line = data.draw(st.integers(0, len(lines) - 1))
    change = data.draw(st.sampled_from(["value", "lost", "twice", "characters"]))
    if change == "value":
        lines[at_line] = f"{lines[at_line].split('=')[0]}= {data.draw(values)}"
    elif change == "characters":
        start = data.draw(st.integers(0, len(lines[at_line])))
        lines[at_line] = lines[at_line][:start] + data.draw(st.text(max_size=3)) + lines[at_line][start + 1 :]
    else:
        lines[at_line : at_line + 1] = [] if change == "lost" else [lines[at_line]] * 2
    path = tmp_path_factory.mktemp("malformed") / "swept.toml"
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    with suppress(ConfigError):
        runs_of(load(path))


ROWS = """
[sweep]
replicates = 1

[sweep.rows."as given"]

[sweep.rows."no doors"]
parameters.gestures.like.opens_door = 0.0
"parameters.feed_boost" = 0.5
"""


def test_rows_change_several_settings_under_a_name_and_leave_the_others(tmp_path: Path) -> None:
    given, shut = runs_of(swept(tmp_path, ROWS))
    assert [run.row for run in (given, shut)] == ["as given", "no doors"]
    assert shut.scenario == "wait, no doors"
    assert given.factors == {"parameters.gestures.like.opens_door": 1.0, "parameters.feed_boost": 0.0}
    assert (shut.parameters.gestures["like"].opens_door, shut.parameters.feed_boost) == (0.0, 0.5)
    assert given.parameters.gestures == swept(tmp_path, "").parameters.gestures
    assert described([given, shut])["row"].tolist() == ["as given", "no doors"]


def test_rows_are_crossed_with_a_grid(tmp_path: Path) -> None:
    runs = runs_of(swept(tmp_path, ROWS + "\n[sweep.grid]\nparameters.ease = [1.0, 2.0]\n"))
    assert [(run.row, run.parameters.ease) for run in runs] == [
        ("as given", 1.0), ("no doors", 1.0), ("as given", 2.0), ("no doors", 2.0)
    ]  # fmt: skip


def test_a_row_with_something_wrong_says_so(tmp_path: Path) -> None:
    text = "[sweep]\nreplicates = 1\n[sweep.rows.one]\nparameters.eas = 1.0\n[sweep.rows.two]\nparameters.ease = 99.0\n"
    message = problem(tmp_path, text)
    assert "did you mean parameters.ease?" in message
    assert "the level 99.0: expected a number from -5 to 10" in message


def test_full_changes_what_it_names_and_only_with_the_option(tmp_path: Path) -> None:
    path = tmp_path / "sizes.toml"
    path.write_text(
        '[sweep]\nreplicates = 2\n[sweep.grid]\n"parameters.ease" = [1.0]\n[full]\n"sweep.replicates" = 7\n'
        '"sweep.grid" = { "parameters.ease" = [1.0, 2.0] }\n'
    )
    laptop, full = load(path), load(path, full=True)
    assert (len(runs_of(laptop)), len(runs_of(full))) == (2, 14)
    assert len(runs_of(load(path, ["sweep.replicates=3"], full=True))) == 6
    path.write_text('[full]\n"sweep.replicats" = 7\n')
    with pytest.raises(ConfigError, match=r"no setting sweep\.replicats"):
        load(path)
