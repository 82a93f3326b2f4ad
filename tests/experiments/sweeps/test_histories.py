"""What must be true of series and events: they are those of the run, whole, once, and kept as carefully as its row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from experiments import provenance
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.sweeps import histories, results, runner, store
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.histories import EVENTS, SERIES, Ended, History
from experiments.sweeps.planning import timed
from experiments.sweeps.store import StoreError
from experiments.terminal.numbers import counted
from sim.engine.day import Core
from sim.measures import Measures
from tests.experiments.conftest import KEEP, RESULTS, Rekindle

WEEKS, LOG = History(SERIES, 7), History(EVENTS)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the runs that sweeps in this process make from now on."""
    made: list[str] = []
    run_one = runner.run_one

    def noted(run: RunSpec, **options: Any) -> Ended:
        made.append(run.id)
        return run_one(run, **options)

    monkeypatch.setattr(runner, "run_one", noted)
    return made


def parts(table: str, folder: Path = RESULTS) -> list[Path]:
    return sorted((folder / table).glob("*.parquet"))


def tables(folder: str | Path = "results") -> list[pd.DataFrame]:
    return [results.load("tiny", folder, table) for table in ("runs", "series", "events")]


def assert_same(these: list[pd.DataFrame], those: list[pd.DataFrame]) -> None:
    for one, two in zip(these, those, strict=True):
        pd.testing.assert_frame_equal(one, two, check_exact=True)


def direct(run: RunSpec) -> sim.Run:
    """The run as `sim` alone makes it."""
    world = sim.worlds.generated(people=40, burn_in_years=0, seed=run.world.seed)
    return sim.simulate(
        world,
        days=25,
        strategy=run.strategy,
        adopters=4,
        seed=run.seed,
        strategy_days=20,
        parameters=sim.Parameters(effort_minutes=240),
        log=True,
    )


# What is kept ------------------------------------------------------------------------------------------------------


def test_to_keep_more_changes_nothing_in_a_run(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    assert rekindle("sweep", config, "--results", "without").code == 0
    assert rekindle("sweep", config, *KEEP).code == 0
    without, kept = (pq.read_table(Path(folder, "tiny/runs.parquet")) for folder in ("without", "results"))
    assert as_bytes(without) == as_bytes(kept)
    files = ["design.parquet", "parts", "progress.jsonl", "runs.parquet"]
    assert sorted(path.name for path in Path("without/tiny").iterdir()) == files


def as_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as stream:
        stream.write_table(table.replace_schema_metadata().combine_chunks())
    return bytes(sink.getvalue())


def test_series_and_events_are_those_of_the_run(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    assert rekindle("sweep", config, *KEEP).code == 0
    series, events = (results.load("tiny", table=table) for table in ("series", "events"))
    for table in (series, events):
        assert table.columns[:7].to_list() == [
            "id", "scenario", "strategy", "replicate", "point", "world_seed", "seed"
        ]  # fmt: skip
    for run in runs_of(load(config)):
        whole = direct(run)
        assert whole.log is not None
        assert whole.measures.series is not None
        days = series[(series["scenario"] == run.scenario) & (series["replicate"] == run.replicate)]
        assert (days["seed"] == run.seed).all()
        expected = whole.measures.series.loc[[0, 7, 14, 21, 24]].reset_index()
        pd.testing.assert_frame_equal(days.iloc[:, 7:].reset_index(drop=True), expected, check_exact=True)
        log = events[events["id"] == run.id]
        assert log["event"].to_list() == list(range(len(whole.log)))
        pd.testing.assert_frame_equal(log[whole.log.columns].reset_index(drop=True), whole.log, check_exact=True)
        assert len(log) > 100


@given(st.integers(1, 60), st.integers(1, 40))
def test_each_nth_day_and_the_last(days: int, every: int) -> None:
    whole = pd.DataFrame({"day": range(days), **dict.fromkeys(histories.COLUMNS[SERIES].names[2:], 0.5)})
    run = sim.Run(Measures({}, whole.set_index("day"), whole), np.zeros(0), None, None)  # type: ignore[arg-type]
    kept = histories.of_run(run, [History(SERIES, every)])[History(SERIES, every)]["day"].to_pylist()
    assert kept == sorted({*range(0, days, every), days - 1})


def test_they_are_no_part_of_what_determines_a_run(config: Path) -> None:
    plain, keeping = (runs_of(load(config, changes)) for changes in ((), ("sweep.series_days=3", "sweep.events=true")))
    assert plain == keeping


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("sweep.events=yes", "--set sweep.events=yes: expected true or false"),
        ("sweep.events=1", "expected true or false"),
        ("sweep.series_days=-1", "expected a whole number from 0 to 36,500"),
        ("sweep.grid={sweep.events=[true]}", "is not a setting of a run"),
    ],
)
def test_a_history_that_cannot_be_kept_is_refused(config: Path, change: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(config, [change])


# Sweeps ------------------------------------------------------------------------------------------------------------


def test_shards_give_the_same_tables(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    """That any number of worker processes does, too, is tested in `test_cli.py`."""
    assert rekindle("sweep", config, *KEEP, "--results", "whole").code == 0
    for shard in ("2/2", "1/2"):
        assert rekindle("sweep", config, *KEEP, "--shard", shard).code == 0
    assert_same(tables("whole"), tables())


@pytest.mark.parametrize("table", ["series", "events"])
def test_the_runs_of_a_lost_part_are_made_again(
    config: Path, rekindle: Rekindle, in_threads: None, ran: list[str], table: str
) -> None:
    rekindle("sweep", config, *KEEP)
    before, history = tables(), {"series": WEEKS, "events": LOG}[table]
    lost = parts(table)[0]
    ids = {run for run, part in histories.parts_by_run(RESULTS, history).items() if part == lost}
    assert 0 < len(ids) < 9
    lost.unlink()
    ran.clear()
    assert results.progress("tiny").left == len(ids)
    assert f"Done: {9 - len(ids)}. Remaining: {len(ids)}." in rekindle("plan", config, *KEEP, "--time", "0").out
    assert f"9 runs; {9 - len(ids)} already done" in rekindle("sweep", config, *KEEP).out
    assert sorted(ran) == sorted(ids)
    assert_same(tables(), before)
    assert "9 already done" in rekindle("sweep", config, *KEEP).out


@pytest.mark.parametrize("damage", ["empty", "foreign", "truncated", "flipped"])
def test_a_damaged_part_is_set_aside_and_run_again(
    config: Path, rekindle: Rekindle, in_threads: None, ran: list[str], damage: str
) -> None:
    rekindle("sweep", config, *KEEP)
    before, part = tables(), parts(EVENTS)[0]
    ids = {run for run, holder in histories.parts_by_run(RESULTS, LOG).items() if holder == part}
    whole = part.read_bytes()
    if damage == "foreign":
        pd.DataFrame({"of": ["something else"]}).to_parquet(part)
    else:
        part.write_bytes({"empty": b"", "truncated": whole[: len(whole) // 2], "flipped": flipped(whole, 200)}[damage])
    ran.clear()
    again = rekindle("sweep", config, *KEEP)
    assert again.code == 0
    assert str(part.with_suffix(".damaged")) in again.err
    assert sorted(ran) == sorted(ids)
    assert_same(tables(), before)


def flipped(whole: bytes, at: int, bit: int = 0) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7), st.sampled_from([WEEKS, LOG]))
def test_every_flipped_bit_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, where: float, bit: int, history: History
) -> None:
    """Before a sweep; who reads meanwhile gets a `StoreError` and no other."""
    folder = tmp_path_factory.mktemp("results")
    histories.add(folder, [ended(number, rows=20) for number in range(3)])
    (part,) = parts(history.table, folder)
    whole = part.read_bytes()
    part.write_bytes(flipped(whole, int(where * len(whole)), bit))
    with suppress(StoreError):
        histories.read(folder, history, {"0", "1", "2"})
    assert histories.set_damaged_aside(folder, [WEEKS, LOG]) == [part.with_suffix(".damaged")]
    assert histories.parts_by_run(folder, history) == {}


@pytest.mark.parametrize("ask", ["SELECT * FROM events", "SELECT count(*) FROM series"])
def test_no_query_reads_a_part_that_is_damaged(config: Path, rekindle: Rekindle, in_threads: None, ask: str) -> None:
    rekindle("sweep", config, *KEEP)
    results.query("tiny", ask)
    part = parts("events" if "events" in ask else "series")[0]
    whole = part.read_bytes()
    for at in range(4, len(whole), len(whole) // 40):
        part.write_bytes(flipped(whole, at))
        with pytest.raises(StoreError, match=r"is damaged.*; the sweep renames it"):
            results.query("tiny", ask)
    part.write_bytes(whole)
    results.query("tiny", ask)


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_what_is_there_is_never_wrong_where_a_bit_is_flipped(
    tmp_path_factory: pytest.TempPathFactory, where: float, bit: int
) -> None:
    """Where only footers are read, as `status` does."""
    folder = tmp_path_factory.mktemp("results")
    histories.add(folder, [ended(number, rows=1) for number in range(3)])
    (part,) = parts(EVENTS, folder)
    before, whole = histories.stored(folder), part.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    part.write_bytes(flipped(whole, footer + int(where * (len(whole) - footer)), bit))
    with suppress(StoreError):
        assert histories.stored(folder) == before


def test_a_damaged_part_does_not_concern_a_sweep_without_it(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("sweep", config, *KEEP)
    parts(EVENTS)[0].write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="is damaged, or not a part of a sweep; the sweep renames it"):
        results.load("tiny", table="events")
    assert "9 already done" in rekindle("sweep", config).out


def test_series_of_other_days_are_made(config: Path, rekindle: Rekindle, in_threads: None, ran: list[str]) -> None:
    def sweep(days: int) -> list[int]:
        ran.clear()
        assert rekindle("sweep", config, "--set", f"sweep.series_days={days}").code == 0
        return sorted(results.load("tiny", table="series")["day"].unique()) if days else []

    assert sweep(0) == []
    assert len(ran) == 9
    assert sweep(10) == [0, 10, 20, 24]
    assert len(ran) == 9
    assert sweep(1) == list(range(25))
    assert len(ran) == 9
    assert sweep(10) == [0, 10, 20, 24]
    assert ran == []


def test_a_run_is_there_once_its_row_is_and_that_comes_last(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the sweep had been killed between the two."""

    class KilledError(Exception):
        pass

    def killed(*_: Any) -> int:
        raise KilledError

    with monkeypatch.context() as planted:
        planted.setattr(store, "add", killed)
        with pytest.raises(KilledError):
            rekindle("sweep", config, *KEEP)
    assert parts(SERIES)
    assert parts(EVENTS)
    assert "9 runs; 0 already done" in rekindle("sweep", config, *KEEP).out
    runs, series, events = tables()
    assert len(runs) == 9
    assert not series.duplicated(["id", "day"]).any()
    assert not events.duplicated(["id", "event"]).any()
    counted = results.query("tiny", "SELECT (SELECT count(*) FROM series) AS s, (SELECT count(*) FROM events) AS e")
    assert counted.to_numpy().tolist() == [[len(series), len(events)]]


def test_failed_runs_leave_nothing(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a run whose row is there, and that fails only when its log is asked for."""
    rekindle("sweep", config)
    simulate = runner.simulate

    def fail(run: RunSpec, *more: Any, **options: Any) -> sim.Run:
        if run.replicate == 1:
            raise ZeroDivisionError("a planted fault")
        return simulate(run, *more, **options)

    with monkeypatch.context() as planted:
        planted.setattr(runner, "simulate", fail)
        assert rekindle("sweep", config, *KEEP).code == 1
    table, _ = store.read_table(RESULTS / "runs.parquet")
    assert len(table) == 9
    assert table.loc[table["error"].notna(), "replicate"].to_list() == [1, 1, 1]
    _, series, events = tables()
    assert set(series["replicate"]) == set(events["replicate"]) == {0, 2}
    assert results.progress("tiny").failed == results.progress("tiny").left == 3
    assert "9 runs; 6 already done" in rekindle("sweep", config, *KEEP).out
    assert len(set(results.load("tiny", table="events")["id"])) == 9


@pytest.mark.parametrize("before", [(), (WEEKS,), (WEEKS, LOG)], ids=lambda kept: f"{len(kept)} kept")
@pytest.mark.filterwarnings("ignore:The checkpoint")
def test_a_run_that_was_cut_off_without_its_log_begins_anew(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: tuple[History, ...]
) -> None:
    run = runs_of(load(config))[1]
    often = runner.Checkpoints(tmp_path / "checkpoints", 1e-9)

    def crash(done: int, _: int) -> None:
        if done == 11:
            raise RuntimeError("a planted crash")

    with pytest.raises(RuntimeError, match="planted"):
        runner.simulate(run, runner.world_of(run.world), progress=crash, **histories.options(before), **often.of(run))
    days: list[int] = []
    step = Core.step
    monkeypatch.setattr(Core, "step", lambda core: (days.append(core.day), step(core))[1])
    ended = runner.run_one(run, often, (WEEKS, LOG))
    monkeypatch.undo()
    assert len(days) == (25 - 11 if LOG in before else 25)
    log = direct(run).log
    assert log is not None
    pd.testing.assert_frame_equal(ended.histories[LOG].to_pandas()[log.columns], log, check_exact=True)


def test_a_plan_keeps_and_counts_them(config: Path, rekindle: Rekindle, in_threads: None, ran: list[str]) -> None:
    planned = rekindle("plan", config, *KEEP, "--time", "2")
    assert planned.code == 0, planned.err
    size = sum(path.stat().st_size for table in ("parts", "series", "events") for path in parts(table))
    assert f"{7 * size / 2 / 1e6:,.1f} MB of results" in planned.out
    timing = timed(runs_of(load(config)), Path("elsewhere"), 2, lambda *_: None, (WEEKS, LOG))
    assert timing.run_bytes == pytest.approx(size / 2, rel=0.1)
    assert timing.run_bytes > 1.2 * timed(runs_of(load(config)), Path("a third"), 2, lambda *_: None).run_bytes
    ran.clear()
    assert "9 runs; 2 already done" in rekindle("sweep", config, *KEEP).out
    assert len(ran) == 7


def test_status_says_what_is_kept(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("sweep", config)
    assert "series" not in rekindle("status", "tiny").out
    rekindle("sweep", config, *KEEP)
    rekindle("sweep", config, "--set", "sweep.series_days=9", "--set", "sweep.replicates=1")
    told = rekindle("status", "tiny").out
    assert f"series (every 7 days): 9 runs, {counted(len(parts(EVENTS)), 'file')}, 0.0 MB." in told
    assert "series (every 9 days): 3 runs, 1 file, 0.0 MB." in told
    size = sum(path.stat().st_size for path in parts(EVENTS))
    assert f"events: 9 runs, {counted(len(parts(EVENTS)), 'file')}, {size / 1e6:,.1f} MB." in told


# Questions ---------------------------------------------------------------------------------------------------------


def test_sql_sees_all_three_tables(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    config.write_text(config.read_text() + "\n[sweep.grid]\nparameters.effort_minutes = [60, 240]\n")
    rekindle("sweep", config, *KEEP, "--set", "sweep.replicates=2")
    again = runs_of(load(config))[3]
    histories.add(RESULTS, [runner.run_one(again, histories=(WEEKS, LOG))])  # as a kill may leave it
    runs, series, events = tables()
    assert not events.duplicated(["id", "event"]).any()
    design = runs.columns[: runs.columns.get_loc("seed") + 1].to_list()
    assert "parameters.effort_minutes" in design
    for name, table, order in (("series", series, "day"), ("events", events, "event")):
        assert table.columns[: len(design)].to_list() == design
        found = results.query("tiny", f"SELECT * FROM {name.title()}")
        both = (frame.sort_values(["id", order], ignore_index=True) for frame in (found, table))
        pd.testing.assert_frame_equal(*both, check_dtype=False, check_exact=True)
    answers = results.query(
        "tiny",
        "SELECT answer.id, count(*) AS n FROM events AS answer JOIN Events AS first "
        "ON answer.id = first.id AND answer.in_reply_to = first.event "
        "AND answer.target = first.source AND answer.time >= first.time GROUP BY ALL",
    )
    expected = events[events["in_reply_to"] >= 0].groupby("id").size()
    assert answers.set_index("id")["n"].to_dict() == expected.to_dict()
    assert len(expected) == 12
    sql = (
        'SELECT runs.id, "runs"."parameters.effort_minutes", max(series.sent) FROM runs JOIN series USING (id) '
        "WHERE series.day = 24 AND runs.active_ties = series.active_ties GROUP BY ALL"
    )
    assert len(results.query("tiny", sql)) == 12
    for form in ("csv", "json", "parquet"):
        assert rekindle("results", "tiny", sql, "--format", form, "--out", f"a.{form}").code == 0
    assert len(pd.read_parquet("a.parquet")) == 12
    assert results.query("tiny", "WITH events AS (SELECT 1 AS one) SELECT * FROM events").to_numpy().tolist() == [[1]]


def test_all_tables_that_are_there_are_shown(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("sweep", config)
    assert results.query("tiny", "show tables;")["name"].tolist() == ["runs"]
    rekindle("sweep", config, *KEEP)
    assert results.query("tiny", "SHOW TABLES")["name"].tolist() == ["runs", "series", "events"]
    assert "day" in results.query("tiny", "DESCRIBE series")["column_name"].tolist()
    assert len(results.query("tiny", "PIVOT runs ON strategy USING avg(reconnected) GROUP BY replicate")) == 3


def test_an_arm_that_is_another_under_two_names_has_its_rows_twice(
    config: Path, rekindle: Rekindle, in_threads: None
) -> None:
    """A factor that changes nothing, such as the levels 1 and 1.0 of it, gives two arms one id."""
    rekindle("sweep", config, *KEEP, "--set", "sweep.replicates=1")
    design, origin = store.read_table(RESULTS / "design.parquet")
    twice = pd.concat([design, design.assign(scenario=design["scenario"] + ", too")])
    store.write_design(RESULTS, twice, origin)
    for table in (results.load("tiny", table="series"), results.query("tiny", "SELECT * FROM series")):
        assert table.groupby("scenario").size().to_list() == [5] * 6


@pytest.mark.parametrize("folder", ["re[s]*ults?", "it's", "a=b"])
def test_results_in_any_folder_can_be_queried(config: Path, rekindle: Rekindle, in_threads: None, folder: str) -> None:
    rekindle("sweep", config, *KEEP, "--results", folder)
    found = results.query("tiny", "SELECT count(*) AS n FROM events", folder)
    assert found["n"].item() == len(results.load("tiny", folder, "events"))
    assert "a" not in results.query("tiny", "SELECT * FROM series", folder)


def test_a_table_that_is_not_there_says_how_to_get_it(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["rekindle", "sweep", "tiny.toml"])
    rekindle("sweep", config)
    for table, setting in (("events", "sweep.events=true"), ("series", "sweep.series_days=7")):
        said = f"did not save {table}; repeat its command with --set {setting}:\n    rekindle"
        asked = rekindle("results", "tiny", f"SELECT * FROM {table}")
        assert asked.code == 2
        assert said in asked.err
        assert asked.err.startswith("The last sweep in results/tiny did not save")
        assert "pg_" not in asked.err
        with pytest.raises(StoreError, match="did not save"):
            results.load("tiny", table=table)
    with pytest.raises(StoreError, match="no table contacts"):
        results.load("tiny", table="contacts")
    experiment = load(config, ["sweep.events=true"])
    design, _ = store.read_table(RESULTS / "design.parquet")
    store.write_design(RESULTS, design, provenance.of_runs(experiment, list(design["id"])))
    with pytest.raises(StoreError, match="has no events yet; they are saved when the first run ends"):
        results.load("tiny", table="events")
    assert len(results.query("tiny", "SELECT 'events' FROM runs")) == 9


@pytest.mark.parametrize(
    "ask",
    [lambda: results.load("tiny", table="events"), lambda: results.query("tiny", "SELECT * FROM events")],
    ids=["load", "query"],
)
def test_parts_that_vanish_while_they_are_read_were_put_together(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], pd.DataFrame]
) -> None:
    rekindle("sweep", config, *KEEP)
    count, held, looks = len(ask()), histories.parts_by_run, list[int]()

    def moved(folder: Path, history: History) -> dict[str, Path]:
        looks.append(1)
        there = held(folder, history)
        return {**there, min(there): RESULTS / "events" / "gone.parquet"} if len(looks) <= 2 else there

    monkeypatch.setattr(histories, "parts_by_run", moved)
    assert len(ask()) == count
    assert len(looks) == 3


# Parts -------------------------------------------------------------------------------------------------------------


def ended(number: int, rows: int = 2, every: int = 7) -> Ended:
    """A run that left this many rows of series and events, the last column of which tells whose they are."""
    luck = np.random.default_rng(number)
    days = pa.table({name: pa.array(luck.integers(0, 2**40, rows)).cast(kind.type) for name, kind in fields(SERIES)})
    days = days.set_column(days.num_columns - 1, days.column_names[-1], pa.array([float(number)] * rows, pa.float64()))
    log = pa.table({name: pa.array([number] * rows).cast(kind.type) for name, kind in fields(EVENTS)})
    return Ended({"id": f"{number}", "error": None}, {History(SERIES, every): days, LOG: log})


def fields(table: str) -> list[tuple[str, pa.Field]]:
    return [(field.name, field) for field in list(histories.COLUMNS[table])[1:]]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 30), max_size=4, unique=True), max_size=12),
    st.integers(1, 4),
    st.integers(0, 3),
    st.sampled_from([SERIES, EVENTS]),
)
def test_parts_put_together_hold_the_same_runs_once(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], most: int, rows: int, table: str
) -> None:
    """Of however many rows, be it none; series of other days do not come into it."""
    folder, asked = tmp_path_factory.mktemp("results"), (WEEKS, LOG)
    histories.add(folder, [ended(99, rows, every=3)])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "MOST_SMALL_PARTS", most)
        for batch in batches:
            histories.add(folder, [ended(number, rows) for number in batch])
            histories.put_together(folder, asked)
            assert len(parts(table, folder)) <= most + 1
    history = next(history for history in asked if history.table == table)
    numbers = {number for batch in batches for number in batch} | ({99} if table == EVENTS else set())
    assert set(histories.parts_by_run(folder, history)) == {str(number) for number in numbers}
    found = histories.read(folder, history, {str(number) for number in range(30)})
    expected = sorted(str(number) for number in numbers - {30, 99} for _ in range(rows))
    assert sorted(found["id"]) == expected
    assert (found.iloc[:, -1] == found["id"].astype(int)).all()


def test_large_parts_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    histories.add(tmp_path, [ended(number, rows=5_000) for number in range(5)])
    (large,) = parts(SERIES, tmp_path)
    monkeypatch.setattr(histories, "SMALL", large.stat().st_size)
    for number in range(5, 9):
        histories.add(tmp_path, [ended(number)])
        histories.put_together(tmp_path, [WEEKS])
    assert large in parts(SERIES, tmp_path)
    assert len(parts(SERIES, tmp_path)) == 2
    assert len(histories.parts_by_run(tmp_path, WEEKS)) == 9


def test_as_many_small_parts_as_may_be_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 2)
    for number in range(2):
        histories.add(tmp_path, [ended(number)])
    histories.add(tmp_path, [ended(9, every=3)])  # of other days, which are not merged with those of a week
    histories.put_together(tmp_path, [WEEKS])
    assert len(parts(SERIES, tmp_path)) == 3
    histories.add(tmp_path, [ended(2)])
    histories.put_together(tmp_path, [WEEKS])
    assert len(parts(SERIES, tmp_path)) == 2


def test_a_part_that_another_sweep_removes_first_is_gone_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    for number in range(3):
        histories.add(tmp_path, [ended(number)])
    write = histories._write

    def removed_meanwhile(*asked: Any) -> tuple[Path, int]:
        before = parts(SERIES, tmp_path)
        written = write(*asked)
        before[0].unlink()
        return written

    monkeypatch.setattr(histories, "_write", removed_meanwhile)
    histories.put_together(tmp_path, [WEEKS])
    assert len(parts(SERIES, tmp_path)) == 1
    assert set(histories.parts_by_run(tmp_path, WEEKS)) == {"0", "1", "2"}


def test_the_size_of_what_was_saved_is_that_of_its_files(tmp_path: Path) -> None:
    assert histories.add(tmp_path, []) == 0
    size = histories.add(tmp_path, [ended(1), ended(2, every=3)])
    assert size == sum(path.stat().st_size for table in (SERIES, EVENTS) for path in parts(table, tmp_path))


def test_other_programs_read_parts_and_can_check_their_pages(tmp_path: Path) -> None:
    histories.add(tmp_path, [ended(1, rows=500)])
    for table in (SERIES, EVENTS):
        (part,) = parts(table, tmp_path)
        assert pq.read_schema(part).names == histories.COLUMNS[table].names
        footer = pq.read_metadata(part).metadata
        assert list(footer) == [b"rekindle-histories"], "nothing else, which would repeat the ids"
        assert json.loads(footer[b"rekindle-histories"])["version"] == 3, "known to programs of other versions"
        content = bytearray(part.read_bytes())
        content[len(content) // 4] ^= 1
        damaged = tmp_path / "damaged.parquet"
        damaged.write_bytes(content)
        with pytest.raises(OSError, match="CRC checksum"):
            pq.read_table(damaged, page_checksum_verification=True)


def test_too_little_memory_for_bytes_that_are_right_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories.add(tmp_path, [ended(1)])

    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr("experiments.sweeps.checksums.pq.ParquetFile", full)
    with pytest.raises(MemoryError):
        histories.read(tmp_path, LOG, {"1"})


def test_the_check_of_a_footer_is_that_of_its_contents_in_any_order() -> None:
    assert histories._check_of({"days": 7, "ids": ["a"]}) == histories._check_of({"ids": ["a"], "days": 7})
    assert histories._check_of({"days": 7}) != histories._check_of({"days": 8})


def interrupted(path: Path, missing_ok: bool = False) -> None:
    if path.suffix == ".parquet":
        raise KeyboardInterrupt


def test_a_kill_between_putting_together_and_tidying_up_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    for number in range(3):
        histories.add(tmp_path, [ended(number)])
    with monkeypatch.context() as killed:
        killed.setattr(Path, "unlink", interrupted)
        with pytest.raises(KeyboardInterrupt):
            histories.put_together(tmp_path, [LOG])
    assert len(parts(EVENTS, tmp_path)) == 4
    assert sorted(histories.read(tmp_path, LOG, {"0", "1", "2"})["id"]) == ["0", "0", "1", "1", "2", "2"]
    histories.put_together(tmp_path, [LOG])
    assert len(parts(EVENTS, tmp_path)) == 1


def test_parts_that_another_sweep_puts_together_meanwhile_are_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 1)
    for number in range(3):
        histories.add(tmp_path, [ended(number)])
    read = histories._read

    def gone(holders: dict[str, Path], columns: pa.Schema) -> Iterator[pa.Table]:
        parts(EVENTS, tmp_path)[-1].unlink()
        yield from read(holders, columns)

    monkeypatch.setattr(histories, "_read", gone)
    histories.put_together(tmp_path, [LOG])
    monkeypatch.undo()
    assert len(parts(EVENTS, tmp_path)) == 2
    assert len(list((tmp_path / EVENTS).iterdir())) == 2
    assert len(histories.parts_by_run(tmp_path, LOG)) == 2
    there = histories.paths
    monkeypatch.setattr(histories, "paths", lambda *which: [*there(*which), tmp_path / EVENTS / "gone.parquet"])
    assert histories.set_damaged_aside(tmp_path, [LOG]) == []


def test_a_part_is_as_small_as_may_be(tmp_path: Path) -> None:
    """A gesture of one that has four thousand takes a few bytes, since its number and its time only grow."""
    luck = np.random.default_rng(1)
    log = pa.table(
        {
            "event": range(4_000),
            "source": luck.integers(0, 100, 4_000, np.int32),
            "target": luck.integers(0, 100, 4_000, np.int32),
            "time": np.sort(luck.integers(0, 10**7, 4_000)),
            "kind": ["message"] * 4_000,
            "channel": ["private"] * 4_000,
            "in_reply_to": [-1] * 4_000,
        }
    ).cast(histories.COLUMNS[EVENTS].remove(0))
    assert histories.add(tmp_path, [Ended({"id": "a", "error": None}, {LOG: log})]) < 5 * 4_000


def test_parts_of_another_version_are_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(histories, "VERSION", histories.VERSION + 1)
        histories.add(tmp_path, [ended(1)])
    said = (
        rf"another version .*histories have format {histories.VERSION + 1}, and this version reads "
        rf"{histories.VERSION}.. Move or delete .*events"
    )
    for ask in (lambda: histories.parts_by_run(tmp_path, LOG), lambda: histories.set_damaged_aside(tmp_path, [LOG])):
        with pytest.raises(StoreError, match=said):
            ask()


@pytest.mark.parametrize("table", ["series", "events"])
def test_what_is_in_the_way_is_named_before_the_work(config: Path, rekindle: Rekindle, table: str) -> None:
    RESULTS.mkdir(parents=True)
    (RESULTS / table).write_text("in the way")
    refused = rekindle("sweep", config, *KEEP)
    assert refused.code == 2
    assert f"{RESULTS / table} is a file but must be a folder" in refused.err
