from __future__ import annotations

import csv
import io
import json
import os
import pickle
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from experiments.commands import worlds
from experiments.sweeps import runner
from experiments.terminal import stopping
from sim.engine.day import Core
from sim.runtime import fingerprint, storage
from tests.experiments.conftest import Rekindle, refused

BURNT_IN = ("--set", "world.burn_in_years=0.02")


pytestmark = pytest.mark.usefixtures("config")  # a folder and a cache of its own


@pytest.fixture
def kept(config: Path) -> list[str]:
    """Keys of three kept worlds with the seeds 1, 2, 3; seed 3 was used last, seed 1 three days ago."""
    world = sim.worlds.generated(people=30, burn_in_years=0)
    return [keep(world, seed, days_ago=3 - seed) for seed in (1, 2, 3)]


def keep(world: sim.World, seed: int, days_ago: float) -> str:
    settings = {"people": 30, "days": 400, "seed": seed}
    parameters = sim.Parameters(ease=3.3, gestures={"like": {"mass": 0.1}})
    storage.cached_world(lambda: Core(world, seed=1), parameters, **settings)
    key = storage.content_key(parameters, **settings)
    age(key, days_ago)
    return key


def age(key: str, days: float) -> None:
    used = time.time() - days * 86_400 - 60
    os.utime(storage.worlds_folder() / key, (used, used))


@pytest.fixture
def outdated(kept: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of two more kept worlds: of another model, and of nobody knows what."""
    world = sim.worlds.generated(people=30, burn_in_years=0)
    with monkeypatch.context() as patched:
        patched.setattr(storage, "worlds_fingerprint", lambda: "fedcba9876543210")
        other, unknown = (keep(world, seed, days_ago=9) for seed in (4, 5))
    (storage.worlds_folder() / unknown / "origin.json").unlink()
    age(unknown, 9)
    return [other, unknown]


def keys() -> set[str]:
    return {world.key for world in storage.kept_worlds()}


# Build ------------------------------------------------------------------------------------------------------------


def test_worlds_are_built_once_and_the_experiment_finds_them(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rekindle("world", "build", config, *BURNT_IN, "--replicates", "1", "--processes", "1")
    assert first.code == 0, first.err
    assert "1 world; 0 already in the cache." in first.out
    assert "world 1 of 1, days: 7 of 7" in first.err
    (key,) = keys()
    monkeypatch.setattr(runner, "worker_processes", ThreadPoolExecutor)
    rest = rekindle("world", "build", config, *BURNT_IN, "--processes", "2")
    assert rest.code == 0, rest.err
    assert "3 worlds; 1 already in the cache." in rest.out
    assert "worlds: 2 of 2" in rest.err
    rows = [line.split() for line in rest.out.splitlines() if line.rstrip().endswith(("in the cache", "built now"))]
    assert [(row[4], " ".join(row[-2:])) for row in rows] == [
        ("5", "the cache"),
        ("6", "built now"),
        ("7", "built now"),
    ]
    assert rows[0][0] == key[:8]
    assert pickle.loads(pickle.dumps(worlds._build_one)) is worlds._build_one, "as processes need it"
    monkeypatch.setattr(sys.modules["sim.worlds.generate"], "_first_morning", None)  # nothing can be built any more
    assert rekindle("run", config, *BURNT_IN, "--set", "run.adopters=2").code == 0
    again = rekindle("world", "build", config, *BURNT_IN)
    assert "3 worlds; 3 already in the cache." in again.out
    assert len(keys()) == 3


def test_a_damaged_world_is_built_again(config: Path, rekindle: Rekindle) -> None:
    build = ("world", "build", config, *BURNT_IN, "--replicates", "1")
    rekindle(*build)
    (key,) = keys()
    (storage.worlds_folder() / key / "ties.npy").write_bytes(b"")
    assert "1 world; 0 already in the cache." in rekindle(*build).out
    assert "1 world; 1 already in the cache." in rekindle(*build).out


def test_worlds_that_do_not_fit_into_the_cache_are_spoken_of(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_CACHE_GB", "0.000001")
    ended = rekindle("world", "build", config, *BURNT_IN, "--replicates", "2", "--processes", "1")
    assert ended.code == 1
    assert "1 of 2 worlds are not in" in ended.err
    assert "together they exceed the limit of 1.00 kB; increase REKINDLE_CACHE_GB." in ended.err
    assert len(keys()) == 1


def test_a_stopped_build_says_how_to_go_on(config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> Any:
        raise stopping.Stopped(2)

    monkeypatch.setattr(runner, "world_of", stopped)
    ended = rekindle("world", "build", config, *BURNT_IN, "--processes", "1")
    assert ended.code == 130
    assert ended.err.endswith("Stopped. Finished worlds are saved; the same command builds the others.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "tiny.toml"], "its worlds have world.burn_in_years = 0, and such worlds are not cached"),
        (["build", "tiny.toml", "--set", "world.people=0"], "--set world.people=0: expected a whole number from 2"),
        (["build", "tinny.toml"], "did you mean tiny.toml?"),
        (["build", "logged.toml"], "wall.csv, and such worlds are not cached"),
        (["build", "tiny.toml", "--replicates", "0"], "--replicates 0: expected a whole number from 1"),
        (["show", "fff"], "starts with this; `rekindle world list` shows all keys."),
        (["show", ""], "starts with this"),
        (["show", "../.."], "starts with this"),
        (["prune", "--older-than", "soon"], "--older-than soon: expected a whole number"),
        (["prun"], "No such command 'prun'"),
    ],
)
def test_bad_input_is_one_paragraph(config: Path, rekindle: Rekindle, arguments: list[str], said: str) -> None:
    Path("logged.toml").write_text('[world]\nlog = "wall.csv"\n')
    Path("wall.csv").write_text("source,target,time\n1,2,0\n2,1,5\n")
    assert said in refused(rekindle("world", *arguments))
    assert not storage.worlds_folder().exists()


@pytest.mark.parametrize(
    "command", [["world", "list"], ["world", "build", "tiny.toml", *BURNT_IN], ["run", "tiny.toml", *BURNT_IN]]
)
def test_a_bad_limit_is_one_paragraph(
    config: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("REKINDLE_CACHE_GB", "much")
    assert "REKINDLE_CACHE_GB is 'much'; set it to a number of gigabytes, such as 20." in refused(rekindle(*command))


@pytest.mark.parametrize("command", ["build", "list", "show", "prune"])
def test_help_shows_an_example(rekindle: Rekindle, command: str) -> None:
    assert f"Example: rekindle world {command}" in rekindle("world", command, "--help").out


# List and show ----------------------------------------------------------------------------------------------------


def test_a_list_has_every_world_the_last_used_first(rekindle: Rekindle, kept: list[str], outdated: list[str]) -> None:
    said = rekindle("world", "list").out
    lines = [line.split() for line in said.splitlines()]
    order = [line[0] for line in lines if line and len(line[0]) == 8 and any(key.startswith(line[0]) for key in keys())]
    first, second, third = (key[:8] for key in reversed(kept))
    assert order[:3] == [first, second, third]
    assert set(order[3:]) == {key[:8] for key in outdated}
    of = {line[0]: " ".join(line[1:]) for line in lines if line}
    assert of[first].startswith("30 1.1 years 3 ")
    assert "current" in of[first]
    assert of[third].endswith("2 days ago")
    assert "fedcba98, another version" in of[outdated[0][:8]]
    assert "– – – unknown" in of[outdated[1][:8]]
    assert "5 worlds, " in said
    assert "From another version of the model: 2; remove them with `rekindle world prune`." in said


def test_csv_and_json_say_the_same(rekindle: Rekindle, kept: list[str], outdated: list[str]) -> None:
    rows = json.loads(rekindle("world", "list", "--format", "json").out)
    assert {row["key"] for row in rows} == keys()
    newest = rows[0]
    assert (newest["key"], newest["people"], newest["days"], newest["seed"]) == (kept[2], 30, 400, 3)
    assert (newest["model"], newest["present"]) == (fingerprint.worlds_fingerprint(), True)
    assert newest["bytes"] == storage.size_of(storage.worlds_folder() / kept[2])
    unknown = next(row for row in rows if row["key"] == outdated[1])
    assert (unknown["people"], unknown["model"], unknown["present"]) == (None, None, False)
    told = csv.DictReader(io.StringIO(rekindle("world", "list", "--format", "csv").out))
    assert list(told) == [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]


def test_an_empty_cache_is_an_empty_list(config: Path, rekindle: Rekindle) -> None:
    assert rekindle("world", "list").out.startswith("0 worlds, 0 kB of at most 20.0 GB, in ")
    assert json.loads(rekindle("world", "list", "--format", "json").out) == []
    assert rekindle("world", "list", "--format", "csv").out.startswith("key,people,days,seed,model,present,bytes,")


@given(st.sets(st.text("01", min_size=32, max_size=32), max_size=20))
def test_short_keys_are_unique(keys: set[str]) -> None:
    digits = worlds._digits_of_keys(keys)
    assert len({key[:digits] for key in keys}) == len(keys)
    assert digits == 8 or len({key[: digits - 1] for key in keys}) < len(keys)


def test_a_world_is_shown_with_what_differs_from_the_defaults(rekindle: Rekindle, kept: list[str]) -> None:
    ended = rekindle("world", "show", kept[0][:9].upper())
    assert ended.code == 0, ended.err
    said = {" ".join(line.split()) for line in ended.out.splitlines()}
    assert {f"key {kept[0]}", "people 30", "burn-in 1.1 years", "seed 1", "last used 2 days ago"} <= said
    usual = sim.Parameters()
    assert f"ease 3.3 {usual.ease}" in said
    assert f"gestures.like.mass 0.1 {usual.gestures['like'].mass}" in said
    assert not any(line.startswith("memory_decay") for line in said)
    row = sim.simulate(sim.worlds.generated(people=30, burn_in_years=0), days=1, seed=1).measures.scalars
    assert f"dormant ties per person {row['everyone_dormant_at_start']:.1f}" in said


def test_to_look_at_a_world_is_not_to_use_it(rekindle: Rekindle, kept: list[str]) -> None:
    before = storage.kept_worlds()
    rekindle("world", "show", kept[0])
    rekindle("world", "list")
    assert storage.kept_worlds() == before


def test_a_world_that_cannot_be_read_is_shown_all_the_same(rekindle: Rekindle, outdated: list[str]) -> None:
    other, unknown = outdated
    assert "fedcba98, another version" in rekindle("world", "show", other).out
    (storage.worlds_folder() / unknown / "manifest.json").unlink()
    said = rekindle("world", "show", unknown)
    assert said.code == 0
    assert "this version of the program cannot read it" in said.out


@pytest.mark.parametrize("name", ["ties.npy", "people.npy", "world.json", "origin.json", "manifest.json"])
@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65_535])
def test_commands_cope_with_damaged_worlds(rekindle: Rekindle, kept: list[str], name: str, content: bytes) -> None:
    (storage.worlds_folder() / kept[0] / name).write_bytes(content)
    shown = rekindle("world", "show", kept[0])
    assert shown.code == 0
    assert any(line.startswith("damaged") for line in shown.out.splitlines())
    listed = rekindle("world", "list")
    assert listed.code == 0
    assert kept[0][:8] in listed.out
    assert rekindle("world", "prune", "--all").code == 0
    assert not keys()


def test_a_key_that_several_worlds_share_is_refused(rekindle: Rekindle, kept: list[str]) -> None:
    folder = storage.worlds_folder()
    twin = kept[0][:-1] + ("0" if kept[0][-1] != "0" else "1")
    (folder / kept[1]).rename(folder / twin)
    said = refused(rekindle("world", "show", kept[0][:8]))
    assert "2 keys start with this; give one of " in said
    assert kept[0] in said
    assert twin in said


# Prune ------------------------------------------------------------------------------------------------------------


def size(key: str) -> int:
    return next(world.size for world in storage.kept_worlds() if world.key == key)


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        ([], {3, 4}),  # of `kept` and `outdated`, by place
        (["--older-than", "1.5"], {0, 3, 4}),
        (["--older-than", "5"], {3, 4}),
        (["--older-than", "20"], set()),
        (["--keep-within", "1"], set()),
        (["--keep-within", "TWO"], {0, 3, 4}),
        (["--keep-within", "0"], {0, 1, 2, 3, 4}),
        (["--older-than", "0.5", "--keep-within", "TWO"], {0, 1, 3, 4}),
        (["--older-than", "5", "--keep-within", "TWO"], {0, 3, 4}),
        (["--all"], {0, 1, 2, 3, 4}),
    ],
)
def test_what_prune_removes(
    rekindle: Rekindle, kept: list[str], outdated: list[str], options: list[str], gone: set[int]
) -> None:
    all_of_them = [*kept, *outdated]
    two = f"{(size(kept[1]) + size(kept[2]) + 9) / 1e9:.9f}"
    options = [two if option == "TWO" else option for option in options]
    doomed = {all_of_them[at] for at in gone}
    freed = worlds.in_bytes(sum(size(key) for key in doomed))
    count = worlds._count(len(gone))
    would = rekindle("world", "prune", *options, "--dry-run").out
    assert f"Would remove {count}: {freed}. Remaining: {worlds._count(5 - len(gone))}." in would
    assert keys() == set(all_of_them)
    did = rekindle("world", "prune", *options)
    assert did.code == 0, did.err
    assert f"Removed {count}: {freed} freed." in did.out
    assert all(key[:8] in would and key[:8] in did.out for key in doomed)
    assert keys() == set(all_of_them) - doomed
    assert {folder.name for folder in storage.worlds_folder().iterdir()} == keys()


def test_prune_removes_scraps_and_nothing_else(rekindle: Rekindle, kept: list[str]) -> None:
    folder = storage.worlds_folder()
    for name in ("notes", ".half-written-1"):
        (folder / name).mkdir()
        (folder / name / "text").write_text("text" * 250)
        os.utime(folder / name, (0, 0))
    assert "0 worlds and 1 leftover of killed processes: 1.00 kB" in rekindle("world", "prune", "--dry-run").out
    assert (folder / ".half-written-1").exists()
    rekindle("world", "prune", "--all")
    assert [path.name for path in folder.iterdir()] == ["notes"]
    assert Path("tiny.toml").exists()
