"""What must be true of checkpoints: however often a run is cut off, what comes of it is the same to the bit."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.model.gestures import KINDS
from sim.model.strategies import NAMES
from sim.run import Run
from sim.runtime import checkpoint, storage
from sim.state.population import PERSON, World

PEOPLE, DAYS = 60, 24
EACH_DAY: dict[str, Any] = {"checkpoint_minutes": 0}
TOLD: dict[str, Any] = {"days": 12, "strategy": "check_in", "adopters": 10, "seed": 5, "log": True}


def settled_world() -> World:
    """A small world with much going on: plans, letters under way, bookings, members of meetups."""
    few = sim.Parameters(ties_at_start=12, community_size=20, industries=3, effort_minutes=900, tie_capacity=20)
    young = sim.worlds.generated(people=PEOPLE, burn_in_years=0, seed=3, parameters=few, cache=False)
    busy = {"host_event": 0.4, "start_meetup": 0.3, "handwritten_notes": 0.3}
    return sim.simulate(young, days=40, strategy=busy, adopters=20, seed=3, series=False).world


@pytest.fixture(scope="module")
def world() -> World:
    world = settled_world()
    assert all(len(getattr(world, name)) for name in World.ARRAYS)
    return world


class CrashError(Exception):
    """Stands for a crash."""


def cut_off(world: World, path: Path, day: int, **arguments: Any) -> None:
    """Let a run end in a crash after this day, with a checkpoint after each."""

    def crash(done: int, _: int) -> None:
        if done >= day:
            raise CrashError

    with pytest.raises(CrashError):
        sim.simulate(world, **arguments, **EACH_DAY, checkpoint=path, progress=crash)


def days_reported(world: World, path: Path, **arguments: Any) -> tuple[list[int], Run]:
    """The days that progress tells of, and what comes of the run."""
    days: list[int] = []
    options = {**EACH_DAY, **arguments}
    return days, sim.simulate(world, **options, checkpoint=path, progress=lambda done, _: days.append(done))


def assert_same(one: Run, two: Run) -> None:
    """Equal to the bit in all that comes of a run."""
    assert one.world.differences(two.world) == []
    assert one.world.names is two.world.names
    assert one.measures.scalars.keys() == two.measures.scalars.keys()
    np.testing.assert_array_equal([*one.measures.scalars.values()], [*two.measures.scalars.values()])
    np.testing.assert_array_equal(one.adopters, two.adopters)
    tables = ((one.log, two.log), (one.measures.series, two.measures.series))
    for mine, theirs in (*tables, (one.measures.at_risk, two.measures.at_risk)):
        if mine is None or theirs is None:
            assert mine is theirs
        else:
            pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


# To the bit --------------------------------------------------------------------------------------------------------


def mixtures() -> st.SearchStrategy[dict[str, float]]:
    """Up to three strategies."""
    several = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
    return several.map(lambda names: {name: 1 / len(names) for name in names})


def gestures() -> st.SearchStrategy[sim.Gesture]:
    """Extra gestures of any kind, on any day."""
    return st.builds(
        lambda day, kind, sender, step: sim.Gesture(day, kind, sender, (sender + step) % PEOPLE),
        st.integers(0, DAYS - 1),
        st.sampled_from([kind for kind in KINDS if kind != "post"]),
        st.integers(0, PEOPLE - 1),
        st.integers(1, PEOPLE - 1),
    )


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    stops=st.sets(st.integers(1, DAYS - 1), min_size=1, max_size=3),
    strategy=st.none() | mixtures(),
    adopters=st.integers(1, 20),
    strategy_days=st.none() | st.integers(0, DAYS),
    extra=st.lists(gestures(), max_size=4),
    focal=st.lists(st.sampled_from([(1, 2), (9, 5), (30, 4)]), unique=True),
    parameters=st.none() | st.builds(sim.Parameters, effort_minutes=st.just(2_000.0), tie_capacity=st.integers(3, 30)),
    log=st.booleans(),
    series=st.booleans(),
    seed=st.sampled_from([0, 7, 2**64 - 1]),
)
def test_a_run_that_was_cut_off_goes_on_to_the_bit(
    world: World, stops: set[int], strategy: dict[str, float] | None, adopters: int, **more: Any
) -> None:
    arguments = {"days": DAYS, "strategy": strategy, "adopters": adopters if strategy else None, **more}
    whole = sim.simulate(world, **arguments)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        path = Path(folder, "deep", "checkpoint")
        for day in sorted(stops):
            cut_off(world, path, day, **arguments)
        days, resumed = days_reported(world, path, **arguments)
        assert days == list(range(max(stops), DAYS + 1))
        assert list(path.parent.iterdir()) == []
    assert_same(resumed, whole)


LONG: dict[str, Any] = {"days": 120, "strategy": {"check_in": 0.5, "host_event": 0.5}, "adopters": 20, "seed": 5}
CHILD = """
import itertools, os, signal
import sim

flushes, fsync = itertools.count(1), os.fsync
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL) if next(flushes) == {last_flush} else fsync(file)
sim.simulate(sim.storage.load_world("world"), **{run!r}, log=True, checkpoint="long", checkpoint_minutes=0,
    progress=lambda done, days: print(done, flush=True))
"""


@pytest.mark.parametrize("amid_a_saving", [False, True])
def test_a_run_that_was_killed_goes_on_to_the_bit(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, amid_a_saving: bool
) -> None:
    """By SIGKILL, at whatever moment, and when a new checkpoint is written but not yet in its place."""
    monkeypatch.chdir(tmp_path)
    storage.save_world(world, "world")
    kept = killed_run(2 * 25 - 1 if amid_a_saving else 0)[-1]  # each saving flushes its file, then the folder
    assert kept == 24 or not amid_a_saving
    assert len(list(tmp_path.glob(".*-long.half"))) == 1 or not amid_a_saving
    days, resumed = days_reported(world, Path("long"), **LONG, log=True, checkpoint_minutes=10)
    assert days[0] in (kept, kept + 1)  # killed after a saving and before it arguments of the day
    assert_same(resumed, sim.simulate(world, **LONG, log=True))
    assert [file.name for file in tmp_path.iterdir()] == ["world"]


def killed_run(last_flush: int) -> list[int]:
    """The days of which a run arguments in another process that was killed, during this flush or (0) at any moment."""
    command = [sys.executable, "-c", CHILD.format(run=LONG, last_flush=last_flush)]
    environment = {**os.environ, "PYTHONPATH": str(Path(sim.__file__).parents[1])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        days = [int(run.stdout.readline()) for _ in range(20)]
        if not last_flush:
            run.kill()
        days += map(int, run.stdout)
    assert run.returncode == -signal.SIGKILL
    assert days == list(range(1, days[-1] + 1))
    return days


# Which file is gone on from ----------------------------------------------------------------------------------------


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "nothing in it": lambda content: b"",
    "half a file": lambda content: content[: len(content) // 2],
    "all but the end": lambda content: content[:-1],
    "a flipped bit": lambda content: content[:9_000] + bytes([content[9_000] ^ 1]) + content[9_001:],
    "text": lambda content: b"source,target,time\n",
    "one array": lambda content: packed(np.save, np.zeros(3)),
    "other arrays": lambda content: packed(np.savez, np.zeros(3)),
}


def packed(save: Callable[..., None], array: np.ndarray) -> bytes:
    file = io.BytesIO()
    save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("damage", DAMAGE)
def test_with_a_damaged_checkpoint_a_run_begins_anew(world: World, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "checkpoint"
    arguments = {**TOLD, "days": 3}
    cut_off(world, path, 2, **arguments)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.warns(
        UserWarning, match=r"is damaged or is not a checkpoint \(.+\)\. The run starts again .*replaces it"
    ):
        days, run = days_reported(world, path, **arguments)
    assert days == [1, 2, 3]
    assert_same(run, sim.simulate(world, **arguments))
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=100)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_every_flipped_bit_is_noticed(where: float, bit: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "records")
        storage.save_records({"some": np.arange(9), "nothing": np.zeros(0, PERSON)}, path)
        content = bytearray(path.read_bytes())
        content[int(where * len(content))] ^= 1 << bit
        path.write_bytes(content)
        with pytest.raises(ValueError, match="its checksum is wrong"):
            storage.load_records(path)


OTHER: dict[str, dict[str, Any]] = {
    "seed": {"seed": 6},
    "days": {"days": 13},
    "strategy": {"strategy": "wait"},
    "adopters": {"adopters": 11},
    "strategy_days": {"strategy_days": 12},
    "within": {"within": 3},
    "log": {"log": False},
    "series": {"series": False},
    "extra": {"extra": [sim.Gesture(11, "like", 3, 17)]},
    "parameters": {"parameters": sim.Parameters(effort_minutes=901)},
}


@pytest.mark.parametrize("other", OTHER)
def test_the_checkpoint_of_another_run_is_not_used(world: World, tmp_path: Path, other: str) -> None:
    path = tmp_path / "checkpoint"
    cut_off(world, path, 9, **TOLD)
    arguments = {**TOLD, **OTHER[other]}
    with pytest.warns(UserWarning, match=r"checkpoint belongs to a different run, .* starts again .* replaces it"):
        days, run = days_reported(world, path, **arguments)
    assert days[0] == 1
    assert_same(run, sim.simulate(world, **arguments))


def test_runs_with_other_idle_adopters_are_other_runs(world: World, tmp_path: Path) -> None:
    """They differ in nothing but whom is measured."""
    arguments = {**TOLD, "strategy": "wait"}
    cut_off(world, tmp_path / "checkpoint", 9, **{**arguments, "adopters": [1, 2]})
    with pytest.warns(UserWarning, match="belongs to a different run"):
        assert days_reported(world, tmp_path / "checkpoint", **{**arguments, "adopters": [1, 3]})[0][0] == 1


def test_the_checkpoint_of_another_world_is_not_used(world: World, tmp_path: Path) -> None:
    cut_off(world, tmp_path / "checkpoint", 9, **TOLD)
    other = world.copy()
    other.ties["post_seen"][-1] -= 1
    with pytest.warns(UserWarning, match="belongs to a different run"):
        assert days_reported(other, tmp_path / "checkpoint", **TOLD)[0][0] == 1


def test_the_checkpoint_of_another_program_is_not_used(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(world, tmp_path / "checkpoint", 9, **TOLD)
    monkeypatch.setattr(checkpoint, "model_fingerprint", lambda: "newer")
    with pytest.warns(UserWarning, match="belongs to a different run, or to a different version of the program"):
        assert days_reported(world, tmp_path / "checkpoint", **TOLD)[0][0] == 1


def test_the_checkpoint_of_another_kind_of_machine_is_not_used(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "kind_of_machine", lambda: "vax no-fma")
        cut_off(world, tmp_path / "checkpoint", 9, **TOLD)
    with pytest.warns(UserWarning, match=r"saved on a different kind of machine \(vax no-fma; this is .+\)"):
        days, run = days_reported(world, tmp_path / "checkpoint", **TOLD)
    assert days[0] == 1
    assert_same(run, sim.simulate(world, **TOLD))


HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no words": lambda kept: kept.pop("said"),
    "other words": lambda kept: kept.update(said=np.frombuffer(b"[1]", np.uint8)),
    "words nested for ever": lambda kept: kept.update(said=np.frombuffer(b"[" * 100_000, np.uint8)),
    "no people": lambda kept: kept.update(people=kept["people"][:0]),
    "people with ties to nobody": lambda kept: kept["ties"]["other"].__setitem__(0, 10_000),
    "other records": lambda kept: kept.update(mail=np.zeros(3)),
    "one tie at risk for all": lambda kept: kept.update(recorded_at_risk=kept["recorded_at_risk"][:1]),
    "other ties at risk": lambda kept: kept["recorded_at_risk"]["low"].__setitem__(0, -5),
    "counts of fewer people": lambda kept: kept.update(recorded_sent=kept["recorded_sent"][:1]),
    "half a log": lambda kept: kept.update(log=np.zeros(3, np.uint8)),
}


@pytest.mark.parametrize("harm", HOSTILE)
def test_records_with_a_good_checksum_and_strange_content_are_not_used(world: World, tmp_path: Path, harm: str) -> None:
    path, arguments = tmp_path / "checkpoint", {**TOLD, "days": 3}
    cut_off(world, path, 2, **arguments)
    kept = storage.load_records(path)
    HOSTILE[harm](kept)
    storage.save_records(kept, path)
    with pytest.warns(UserWarning, match=r"is damaged or is not a checkpoint \(.+\). The run starts again"):
        days, run = days_reported(world, path, **arguments)
    assert days == [1, 2, 3]
    assert_same(run, sim.simulate(world, **arguments))


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 and no more", b"\x93NUMPY\x01\x00v\x00{'descr':", b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 70_000],
)
def test_a_good_checksum_over_no_records_is_no_reason_to_crash(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "records"
    path.write_bytes(hashlib.sha256(content).digest() + content)
    with pytest.raises(ValueError, match="it does not contain records"):
        storage.load_records(path)


def test_what_changes_nothing_may_change(world: World, tmp_path: Path) -> None:
    """Threads, the minutes between checkpoints, whether arguments are Python's or NumPy's."""
    cut_off(world, tmp_path / "checkpoint", 9, **TOLD)
    arguments = {**TOLD, "threads": 2, "checkpoint_minutes": 3, "days": np.int64(12), "seed": np.uint64(5)}
    assert days_reported(world, tmp_path / "checkpoint", **arguments)[0] == [9, 10, 11, 12]


# Saving ------------------------------------------------------------------------------------------------------------


def test_a_short_run_keeps_nothing_and_a_long_one_does_when_it_is_time(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[int] = []
    monkeypatch.setattr(checkpoint, "save_records", lambda records, path: kept.append(len(records["log"])))
    path = tmp_path / "deep" / "checkpoint"
    sim.simulate(world, **TOLD, checkpoint=path)
    assert kept == []
    assert not path.parent.exists()
    minutes = iter(range(1_000))
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: 60.0 * next(minutes))  # each look at the clock
    sim.simulate(world, **{**TOLD, "days": 24, "log": False}, checkpoint=path, checkpoint_minutes=7)
    assert kept == [0, 0, 0]


def test_a_disk_that_refuses_only_warns(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint before stays, and no scraps."""
    path = tmp_path / "checkpoint"
    cut_off(world, path, 3, **TOLD)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.warns(UserWarning, match="could not be saved.*No space left"):
            cut_off(world, path, 9, **TOLD)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    days, run = days_reported(world, path, **TOLD)
    assert days[0] == 3
    assert_same(run, sim.simulate(world, **TOLD))


def test_what_a_kill_left_during_saving_is_removed(world: World, tmp_path: Path) -> None:
    for name in ("a[1]", "a1"):
        (tmp_path / f".4711-{name}.half").write_bytes(b"PK")
    sim.simulate(world, **TOLD, **EACH_DAY, checkpoint=tmp_path / "a[1]")
    assert [file.name for file in tmp_path.iterdir()] == [".4711-a1.half"]


@pytest.mark.parametrize("minutes", [-1, float("nan"), "10", True])
def test_minutes_must_be_a_number_of_them(world: World, tmp_path: Path, minutes: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="checkpoint_minutes is"):
        sim.simulate(world, **TOLD, checkpoint=tmp_path / "checkpoint", checkpoint_minutes=minutes)


def test_a_folder_is_no_checkpoint(world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="which is a folder; give the path of a file"):
        sim.simulate(world, **TOLD, checkpoint=tmp_path)
