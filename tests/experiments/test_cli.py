from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import sim
from experiments.config.reading import load
from experiments.sweeps import results, runner, store
from experiments.sweeps.design import RunSpec, runs_of
from experiments.sweeps.histories import Ended
from experiments.terminal import compiling
from sim.engine.day import Core
from sim.runtime import fingerprint, memory_limit
from sim.state.population import DayRecord
from tests.conftest import ROOT
from tests.experiments.conftest import KEEP, RUNS, Rekindle, refused


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file() and path.parts[0] != "cache")


# Sweeps ----------------------------------------------------------------------------------------------------------


@pytest.mark.any_python
def test_any_number_of_workers_gives_the_same_tables(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes, and none but this one; of runs, series and events."""
    ended = rekindle("sweep", config, *KEEP, "--processes", "2", "--results", "2")
    assert ended.code == 0, ended.err
    monkeypatch.setattr(runner, "worker_processes", ThreadPoolExecutor)
    assert rekindle("sweep", config, *KEEP, "--results", "none").code == 0
    for table in ("runs", "series", "events"):
        two, none = (results.load("tiny", folder, table) for folder in ("2", "none"))
        pd.testing.assert_frame_equal(two, none, check_exact=True)
    runs = results.load("tiny", "2")
    assert len(runs) == 9
    assert runs["reconnected"].notna().all()
    assert runs["error"].isna().all()


def test_shards_together_make_the_table_of_the_whole(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("sweep", config, "--results", "whole")
    for number in (3, 1, 2):
        ended = rekindle("sweep", config, "--shard", f"{number}/3")
        assert ended.code == 0, ended.err
        assert f"shard {number} of 3: 3 runs; 0 already done." in ended.out
        assert ("the same command without --shard writes the table" in ended.out) == (number != 2)
    whole, merged = (store.read_table(Path(folder) / "tiny/runs.parquet")[0] for folder in ("whole", "results"))
    pd.testing.assert_frame_equal(merged, whole, check_exact=True)
    for wrong in ("0/3", "4/3", "1", "a/b", "1/0"):
        assert "such as 2/8 for the second of eight jobs" in refused(rekindle("sweep", config, "--shard", wrong))


def test_a_sweep_of_factors_compares_strategies_at_each_point(
    config: Path, rekindle: Rekindle, in_threads: None
) -> None:
    grid = "sweep.grid.parameters.effort_minutes=[60, 240]"
    ended = rekindle("sweep", config, "--set", grid)
    assert ended.code == 0, ended.err
    assert ended.out.index("parameters.effort_minutes = 60") < ended.out.index("parameters.effort_minutes = 240")
    assert ended.out.count("paired differences from `wait` over 3 worlds") == 1, "it holds at both points"
    rows, origin = store.read_table(RUNS)
    assert origin["factors"] == ["parameters.effort_minutes"]
    assert rows.groupby("parameters.effort_minutes").size().to_dict() == {60: 9, 240: 9}
    drawn = rekindle("figure", "tiny")
    assert drawn.code == 0, drawn.err
    assert str(RUNS.with_name("lines-reconnected-effort_minutes-strategy.png")) in drawn.out
    alone = rekindle("sweep", config, "--set", grid, "--set", 'sweep.strategies=["check_in"]')
    assert "18 runs" not in alone.out
    assert "check_in, effort_minutes 240" in alone.out
    many = rekindle("sweep", config, "--set", "sweep.grid.parameters.ease={from=1,to=3,count=50}", "--set",
                    "sweep.replicates=1")  # fmt: skip
    assert "The sweep has 150 arms, too many to print; use `rekindle results`" in many.out


def test_fail_fast_stops_at_the_first_failure(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run: RunSpec, *_: Any) -> sim.Run:
        raise ZeroDivisionError("a planted fault")

    monkeypatch.setattr(runner, "_simulated", fail)
    monkeypatch.setattr(runner, "AHEAD", 1)
    ended = rekindle("sweep", config, "--fail-fast")
    assert ended.code == 1
    assert "One run failed" in ended.err
    assert "1 run in" in ended.err
    assert not RUNS.exists()


def test_kept_worlds_serve_the_processes_of_a_later_sweep(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = ["sweep", config, "--processes", "1", "--set", "world.burn_in_years=0.1", "--set", "sweep.replicates=1"]
    with monkeypatch.context() as patched:
        patched.setattr(runner, "worker_processes", ThreadPoolExecutor)
        assert rekindle(*sweep).code == 0
    later = rekindle(*sweep, "--set", 'sweep.strategies=["wait", "start_meetup"]')
    assert later.code == 0, later.err
    assert "2 runs; 1 already done" in later.out


@pytest.mark.any_python
def test_a_sweep_ends_with_its_table_and_the_files(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    ended = rekindle("sweep", config)
    assert ended.code == 0, ended.err
    for said in (
        "check_in",
        "handwritten_notes",
        "show_up",
        "wait",
        "Too few worlds for a verdict: there are 3",
        str(RUNS),
    ):
        assert said in ended.out
    rows, origin = store.read_table(RUNS)
    assert rows["scenario"].to_list()[:3] == ["wait", "check_in", "handwritten_notes 0.5 + show_up 0.5"]
    assert rows["replicate"].to_list() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert origin["config"]["sweep"]["replicates"] == 3
    assert origin["core_seconds"] == round(store.finished(RUNS.parent)["seconds"].sum(), 1) > 0


def test_arms_share_worlds_and_adopters(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("sweep", config)
    rows, _ = store.read_table(RUNS)
    for name in ("dormant_at_start", "world_seed", "seed", "people"):
        assert (rows.groupby("replicate")[name].nunique() == 1).all(), name
    assert rows["dormant_at_start"].nunique() > 1


def test_finished_runs_are_not_run_again(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "9 runs; 0 already done" in rekindle("sweep", config).out
    before = RUNS.read_bytes()
    ran: list[tuple[int, str]] = []

    def noted(run: RunSpec, **options: Any) -> Ended:
        ran.append((run.replicate, run.scenario))
        return run_one(run, **options)

    run_one = runner.run_one
    monkeypatch.setattr(runner, "run_one", noted)
    assert "9 runs; 9 already done" in rekindle("sweep", config).out
    assert ran == []
    more = rekindle("sweep", config, "--set", "sweep.replicates=4", "--set", 'sweep.strategies=["wait", "show_up"]')
    assert "8 runs; 3 already done" in more.out
    assert sorted(ran) == [(0, "show_up"), (1, "show_up"), (2, "show_up"), (3, "show_up"), (3, "wait")]
    assert "9 runs; 9 already done" in rekindle("sweep", config).out
    old, new = store.read_table(RUNS)[0], pd.read_parquet(pd.io.common.BytesIO(before))
    pd.testing.assert_frame_equal(old, new, check_exact=True)


def test_a_failed_run_is_a_row_and_is_tried_again(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = runner._simulated

    def fail_once(run: RunSpec, *options: Any) -> sim.Run:
        if run.scenario == "check_in" and run.replicate == 1:
            raise ZeroDivisionError("a planted fault")
        return simulated(run, *options)

    with monkeypatch.context() as planted:
        planted.setattr(runner, "_simulated", fail_once)
        ended = rekindle("sweep", config)
    assert ended.code == 1
    assert "One run failed" in ended.err
    assert "ZeroDivisionError: a planted fault" in ended.err
    rows, _ = store.read_table(RUNS)
    (row,) = rows[rows["error"].notna()].to_dict("records")
    assert (row["scenario"], row["replicate"]) == ("check_in", 1)
    assert "fail_once" in row["traceback"]
    assert len(rows) == 9
    mended = rekindle("sweep", config)
    assert mended.code == 0
    assert "8 already done" in mended.out
    assert store.read_table(RUNS)[0]["error"].isna().all()


def started_sweep(config: Path, *more: str) -> subprocess.Popen[str]:
    """A long sweep in a process group of its own, once it has kept something."""
    command = [sys.executable, "-m", "experiments.cli", "sweep", str(config), "--set", "sweep.replicates=2000", *more]
    sweep = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, start_new_session=True, text=True
    )
    deadline = time.monotonic() + 300  # the first sweep of a fresh clone compiles the core
    while not list(Path("results/tiny/parts").glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.1)
    return sweep


KEPT = "Stopped. Finished runs are saved in results/tiny; the same command continues from there.\n"


@pytest.mark.parametrize(
    ("number", "to_all"), [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGTERM, True)]
)  # a terminal sends Ctrl-C to the workers too
def test_a_stopped_sweep_keeps_what_had_ended(config: Path, number: signal.Signals, to_all: bool) -> None:
    with started_sweep(config, "--processes", "1") as sweep:  # several are stopped alike, and each takes long to begin
        (os.killpg if to_all else os.kill)(sweep.pid, number)
        _, said = sweep.communicate(timeout=60)
    assert sweep.returncode == 128 + number
    assert said.endswith(KEPT)
    assert "Traceback" not in said
    assert 1 <= len(store.finished(Path("results/tiny"))) < 6_000
    assert ends(sweep.pid)


def test_workers_end_with_a_sweep_that_is_killed(config: Path) -> None:
    with started_sweep(config, "--processes", "2") as sweep:
        os.kill(sweep.pid, signal.SIGKILL)
        sweep.wait(timeout=60)
    assert ends(sweep.pid)
    assert len(store.finished(Path("results/tiny"))) >= 1


def ends(group: int) -> bool:
    """Whether no process of a group is left, within seconds; what is left then is killed."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    os.killpg(group, signal.SIGKILL)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_so(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    simulate = runner.simulate

    def stopped(*arguments: Any, **options: Any) -> Any:
        return simulate(*arguments, **{**options, "progress": lambda done, days: signal.raise_signal(number)})

    monkeypatch.setattr(runner, "simulate", stopped)
    before = signal.getsignal(number)
    ended = rekindle("run", config)
    assert (ended.code, ended.out) == (128 + number, "")
    assert ended.err.endswith("Stopped.\n")
    assert "Traceback" not in ended.err
    assert signal.getsignal(number) is before
    for thread in threading.enumerate():
        if thread.name == "stopping":  # or on a busy machine it would take the next test's signal for this one
            thread.join(10)


def test_want_of_memory_is_one_paragraph(config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: Any, **__: Any) -> Any:
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr(runner, "world_of", too_much)
    monkeypatch.setattr(compiling, "is_compiled", lambda: True)
    assert "not enough memory (Unable to allocate 9 TiB)" in refused(rekindle("run", config))


def test_a_world_that_would_not_fit_is_refused_in_words(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_limit.psutil, "virtual_memory", lambda: SimpleNamespace(available=10_000))
    said = refused(rekindle("run", config))
    assert "people needs about 0.0 GB of memory, but only 0.0 GB are free" in said
    assert "There is not enough" not in said


@pytest.mark.parametrize("content", [b"PAR1", b"", "foreign", "truncated", "flipped"])
def test_a_damaged_part_is_named_set_aside_and_run_again(
    config: Path, rekindle: Rekindle, in_threads: None, content: bytes | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_SMALL_PARTS", 0)
    rekindle("sweep", config)
    before = store.read_table(RUNS)[0]
    (part,) = Path("results/tiny/parts").glob("*.parquet")
    whole = part.read_bytes()
    if content == "foreign":
        pd.DataFrame({"of": ["something else"]}).to_parquet(part)
    elif content == "truncated":
        part.write_bytes(whole[: len(whole) // 2])
    elif content == "flipped":
        part.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    else:
        part.write_bytes(content)
    again = rekindle("sweep", config)
    assert again.code == 0
    assert f"A damaged part was renamed to {part.with_suffix('.damaged')}" in again.err
    assert "9 runs; 0 already done" in again.out
    pd.testing.assert_frame_equal(store.read_table(RUNS)[0], before, check_exact=True)


@pytest.mark.parametrize(
    ("called", "time", "what"), [("put_together", 1, ""), ("finished", 2, "parts"), ("finished", 3, "parts")]
)
def test_runs_that_are_removed_during_a_sweep_are_reported(
    config: Path,
    rekindle: Rekindle,
    in_threads: None,
    monkeypatch: pytest.MonkeyPatch,
    called: str,
    time: int,
    what: str,
) -> None:
    """While it runs, or just before it makes its table; the same command then makes what is missing."""
    assert rekindle("sweep", config, "--results", "alone").code == 0
    real, calls = getattr(store, called), list[int]()

    def removed_first(folder: Path, *more: object) -> object:
        calls.append(1)
        if len(calls) == time:
            shutil.rmtree(folder / what)
        return real(folder, *more)

    with monkeypatch.context() as planted:
        planted.setattr(store, called, removed_first)
        ended = rekindle("sweep", config)
    assert ended.code == 2
    assert "missing from results/tiny" in ended.err
    assert not RUNS.exists()
    assert rekindle("sweep", config).code == 0
    alone, again = (store.read_table(Path(folder) / "tiny/runs.parquet")[0] for folder in ("alone", "results"))
    pd.testing.assert_frame_equal(alone, again, check_exact=True)


@pytest.mark.parametrize("name", ["design.parquet", "runs.parquet"])
def test_a_damaged_table_is_set_aside_and_written_again(
    config: Path, rekindle: Rekindle, in_threads: None, name: str
) -> None:
    rekindle("sweep", config)
    before, path = store.read_table(RUNS)[0], RUNS.with_name(name)
    whole = path.read_bytes()
    path.write_bytes(whole[:99] + bytes([whole[99] ^ 1]) + whole[100:])
    again = rekindle("sweep", config)
    assert again.code == 0
    assert f"A damaged table was renamed to {path.with_suffix('.damaged')}; the sweep writes the table" in again.err
    assert "9 already done" in again.out
    pd.testing.assert_frame_equal(store.read_table(RUNS)[0], before, check_exact=True)


def test_parts_of_an_older_version_are_refused_with_the_way_out(config: Path, rekindle: Rekindle) -> None:
    part = Path("results/tiny/parts/0123.parquet")
    part.parent.mkdir(parents=True)
    pd.DataFrame({"id": ["a"], "scenario": ["wait"]}).to_parquet(part)
    said = refused(rekindle("sweep", config))
    assert str(part) in said
    assert "written by another version of this program (its parts have format 1, and this version reads 3)" in said
    assert "Move or delete results/tiny" in said


@pytest.mark.parametrize("taken", ["results", "results/tiny", "results/tiny/parts", "results/tiny/runs.parquet"])
def test_what_is_in_the_way_is_named_before_the_work(config: Path, rekindle: Rekindle, taken: str) -> None:
    if taken.endswith("runs.parquet"):
        Path(taken).mkdir(parents=True)
    else:
        Path(taken).parent.mkdir(parents=True, exist_ok=True)
        Path(taken).write_text("in the way")
    said = refused(rekindle("sweep", config))
    assert taken in said
    assert "move it away, or choose another folder with --results" in said


def test_a_folder_that_cannot_be_written_is_named_before_the_work(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(store, "write_whole", refuse)
    assert "The folder results/tiny is not writable (Permission denied)" in refused(rekindle("sweep", config))


def test_a_table_that_is_replaced_by_a_smaller_one_is_spoken_of(
    config: Path, rekindle: Rekindle, in_threads: None
) -> None:
    assert "The table there before" not in rekindle("sweep", config).err
    assert "The table there before" not in rekindle("sweep", config).err
    smaller = rekindle("sweep", config, "--set", "sweep.replicates=1")
    assert "The previous table had 9 runs, of which 6 do not belong to this sweep." in smaller.err
    again = rekindle("sweep", config)
    assert "9 already done" in again.out
    assert "The table there before" not in again.err


def test_progress_is_printed_apart_from_results(config: Path, rekindle: Rekindle) -> None:
    ended = rekindle("run", config)
    assert ended.out.startswith("wait: 4 adopters among 40 people")
    assert "days: 25 of 25" in ended.err
    assert "compiled first" not in ended.err


def test_the_first_compilation_is_announced(config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "is_compiled", lambda: False)
    assert "Compiling the model; this happens only once" in rekindle("run", config).err


def test_a_sweep_of_a_contact_log(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    log = Path("wall.csv.gz")
    with gzip.open(log, "wt") as file:
        file.write("source,target,time\n" + "".join(f"p{i % 9},p{i % 7},{i * 9000}\n" for i in range(90)))
    ended = rekindle("sweep", config, "--world", log)
    assert ended.code == 0, ended.err
    rows, _ = store.read_table(Path("results/tiny-wall/runs.parquet"))
    assert (rows["people"] == 9).all()


EACH_DAY = "run.checkpoint_minutes=1e-9"  # as long as a day takes, at least


def cut_off(run: RunSpec, checkpoints: runner.Checkpoints, day: int) -> Path:
    """Let a run end in a crash after this day; gives the checkpoint that is then there."""

    def crash(done: int, _: int) -> None:
        if done == day:
            raise RuntimeError("a planted crash")

    with pytest.raises(RuntimeError, match="planted"):
        runner.simulate(run, runner.world_of(run.world), series=False, progress=crash, **checkpoints.of(run))
    path = checkpoints.folder / run.id
    assert path.is_file()
    return path


def test_a_sweep_continues_within_the_runs_that_were_cut_off(
    config: Path, rekindle: Rekindle, in_threads: None
) -> None:
    rekindle("sweep", config, "--results", "uninterrupted")
    kept = runner.Checkpoints(Path("results/tiny/checkpoints"), 1e-9)
    paths = [cut_off(run, kept, 11) for run in runs_of(load(config))[2:4]]
    with steps_counted() as steps:
        ended = rekindle("sweep", config, "--set", EACH_DAY)
    assert ended.code == 0, ended.err
    assert "9 runs; 0 already done" in ended.out
    assert len(steps) == 9 * 25 - 2 * 11
    assert not any(path.exists() for path in (*paths, kept.folder))
    tables = [store.read_table(Path(folder, "tiny/runs.parquet"))[0] for folder in ("uninterrupted", "results")]
    pd.testing.assert_frame_equal(*(table for table in tables), check_exact=True)


def test_the_checkpoint_of_a_run_of_another_sweep_stays(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    path = cut_off(runs_of(load(config))[-1], runner.Checkpoints(Path("results/tiny/checkpoints"), 1e-9), 11)
    assert rekindle("sweep", config, "--set", "sweep.replicates=1").code == 0
    assert path.is_file()


def test_a_run_that_was_cut_off_goes_on(config: Path, rekindle: Rekindle) -> None:
    """It says so once, and prints what it would have printed."""
    whole = rekindle("run", config)
    assert "Resuming" not in whole.err
    single = runs_of(load(config).model_copy(update={"sweep": None}))[0]
    path = cut_off(single, runner.Checkpoints(fingerprint.cache_folder() / "runs", 1e-9), 11)
    resumed = rekindle("run", config)
    assert resumed.err.count("Resuming from day 11 of 25.\n") == 1
    assert resumed.out == whole.out
    assert not path.exists()


def test_minutes_of_zero_keep_nothing(config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    simulate = sim.simulate
    monkeypatch.setattr(sim, "simulate", lambda *world, **run: told.append(run) or simulate(*world, **run))
    rekindle("run", config, "--set", "run.checkpoint_minutes=0")
    rekindle("run", config)
    assert ["checkpoint" in run for run in told] == [False, True]
    assert told[1]["checkpoint_minutes"] == 10


@contextmanager
def steps_counted() -> Iterator[list[int]]:
    """The days that are simulated meanwhile, in this process."""
    days: list[int] = []
    step = Core.step

    def counted(core: Core) -> DayRecord:
        days.append(core.day)
        return step(core)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Core, "step", counted)
        yield days


# One run, figures, names -------------------------------------------------------------------------------------------


@pytest.mark.any_python
def test_one_run_prints_its_measures(config: Path, rekindle: Rekindle) -> None:
    ended = rekindle("run", config, "--set", "run.strategy=check_in")
    assert ended.code == 0, ended.err
    assert "check_in: 4 adopters among 40 people, 20 of 25 days, seed 1." in ended.out
    for said in ("reconnected", "minutes_used", "message", "invitation", "everyone"):
        assert said in ended.out
    assert files() == ["tiny.toml"]


@pytest.mark.any_python
def test_a_figure_is_drawn_from_a_sweep(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    rekindle("sweep", config)
    ended = rekindle("figure", "nine_strategies", "--runs", RUNS)
    assert ended.code == 0, ended.err
    for ending in ("png", "svg", "pdf"):
        path = RUNS.parent / f"nine_strategies.{ending}"
        assert str(path) in ended.out
        assert path.stat().st_size > 1_000
    talk = (RUNS.parent / "nine_strategies.png").read_bytes()
    ended = rekindle("figure", "nine_strategies", "--runs", RUNS, "--style", "paper", "--data")
    assert ended.code == 0, ended.err
    assert (RUNS.parent / "nine_strategies.png").read_bytes() != talk
    values = pd.read_csv(RUNS.parent / "nine_strategies.csv", index_col=["measure", "strategy"])
    runs = pd.read_parquet(RUNS).pivot(index="replicate", columns="scenario", values="reconnected")
    gained = (runs["check_in"] - runs["wait"]).mean()
    assert values.loc[("reconnected", "check_in"), "difference"] == pytest.approx(gained)
    assert rekindle("figure", "--check", RUNS.parent / "nine_strategies.png").code == 0


@pytest.mark.any_python
def test_explain(config: Path, rekindle: Rekindle) -> None:
    assert "Anderson & Schooler" in rekindle("explain", "memory_decay").out
    assert "handwritten_notes" in rekindle("explain").out
    assert "did you mean memory_decay" in refused(rekindle("explain", "memory_deca"))


@pytest.mark.any_python
@pytest.mark.parametrize("command", ["run", "sweep", "figure", "compare", "explain"])
def test_help_shows_an_example(rekindle: Rekindle, command: str) -> None:
    ended = rekindle(command, "--help")
    assert ended.code == 0
    assert f"Example: rekindle {command}" in ended.out


# Bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "tinny.toml"], "did you mean tiny.toml?"),
        (
            ["sweep", "tiny.toml", "--set", "world.peple=3"],
            "--set world.peple=3: there is no such setting; did you mean",
        ),
        (["sweep", "tiny.toml", "--set", "run.strategy=chek_in"], "did you mean 'check_in'"),
        (["sweep", "tiny.toml", "--set", "parameters.memory_decay=7"], "from 0.2 to 1.5"),
        (["run", "tiny.toml", "--set", "run.strategy={check_in = 0.5}"], "add up to 0.5"),
        (["run", "tiny.toml", "--set", "world.people=1"], "from 2 to"),
        (["sweep", "none.toml"], "has no [sweep]"),
        (["figure", "nine_strategies"], "There is no table"),
        (["figure", "nine_strategies", "--runs", "tiny.toml"], "is not a table of a sweep"),
        (["figure", "nine"], "There is no sweep or figure 'nine'"),
        (
            ["sweep", "tiny.toml", "--processes", "0"],
            "--processes 0: expected a whole number from 1 to 1,024. See `rekindle",
        ),
        (["sweep", "tiny.toml", "--processes", "two"], "--processes two: expected a whole number from 1 to 1,024."),
        (["log", "a.csv", "--format", "xml"], "--format xml: expected one of table, json, csv"),
        (
            ["results", "tiny", "--format", "parket"],
            "--format parket: expected one of table, csv, json, parquet; did you mean parquet?",
        ),
        (["sweep", "tiny.toml", "--processors", "2"], "See `rekindle sweep --help`."),
        (
            ["plan", "tiny.toml", "--set", "sweep.grid.run.adopters=[5, 500]"],
            "tiny.toml, --set sweep.grid.run.adopters=[5, 500]: the sweep has an invalid point, run.adopters = ",
        ),
        (["sweep", "grid.toml"], "grid.toml, line 4, sweep.grid.run.adopters: the sweep has an invalid point"),
        (["sweep", "zip.toml"], "zip.toml, line 4, sweep.zip.run.adopters: the sweep has an invalid point"),
        (["swep"], "No such command 'swep'"),
        (["run"], "CONFIG"),
        (["run", "tiny.toml", "--world", ""], "expected a contact log"),
        (["run", "tiny.toml", "--set", "run.strategy={check_in=0.5"], "this is not TOML"),
        (["run", "logged.toml"], "logged.toml, line 2, world.log: none.csv does not exist."),
        (["run", "logged.toml", "--set", "world.log=nun.csv"], "--set world.log=nun.csv: nun.csv does not exist."),
    ],
)
def test_bad_input_is_one_paragraph(config: Path, rekindle: Rekindle, arguments: list[str], said: str) -> None:
    Path("none.toml").write_text("[world]\npeople = 30\n")
    Path("grid.toml").write_text("world.people = 40\n[sweep]\n[sweep.grid]\nrun.adopters = [5, 500]\n")
    Path("zip.toml").write_text("world.people = 40\n[sweep]\n[sweep.zip]\n'run.adopters' = [5, 500]\n")
    Path("logged.toml").write_text('[world]\nlog = "none.csv"\n')
    before = files()
    assert said in refused(rekindle(*arguments))
    assert files() == before


BAD_LOGS = {
    "missing.csv": None,
    "column.csv": b"source,target\n1,2\n",
    "text.csv": b"source,target,time\n1,2,0\n1,2,noon\n",
    "loops.csv": b"source,target,time\n1,1,0\n2,2,5\n",
    "empty.csv": b"",
    "rows.csv": b"source,target,time\n",
    "broken.csv.gz": gzip.compress(b"source,target,time\n" + b"1,2,0\n" * 999, mtime=0)[:40],
    "broken.parquet": b"PAR1",
}


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize("name", BAD_LOGS)
def test_a_bad_log_is_refused_before_any_work(config: Path, rekindle: Rekindle, command: str, name: str) -> None:
    content = BAD_LOGS[name]
    if content is not None:
        Path(name).write_bytes(content)
    before = files()
    assert name in refused(rekindle(command, config, "--world", name))
    assert files() == before


def test_too_many_adopters_for_a_log(config: Path, rekindle: Rekindle) -> None:
    Path("two.csv").write_text("source,target,time\n1,2,0\n2,1,5\n")
    said = refused(rekindle("sweep", config, "--world", "two.csv"))
    assert said == "tiny.toml, line 7, run.adopters: needs 4 of 2 people; use a smaller number.\n"


def test_a_disk_that_refuses(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    Path("results").write_text("in the way")
    assert "results" in refused(rekindle("sweep", config, "--set", "sweep.replicates=1"))
