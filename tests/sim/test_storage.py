"""Worlds kept on disk."""

import json
import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import storage, worlds
from sim.day import Core
from sim.parameters import Parameters
from sim.population import NOBODY, World
from sim.storage import (
    CacheError,
    KeptWorld,
    cache_folder,
    cached_world,
    content_key,
    kept_worlds,
    least_used,
    load_world,
    model_fingerprint,
    origin_of,
    remove_kept_world,
    remove_scraps,
    scraps,
)
from sim.storage import save_world as save

# Worlds -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    """A world with something in every array."""
    small = worlds.generated(
        people=12, burn_in_years=0, parameters=Parameters(ease=3.3, gestures={"like": {"mass": 0.1}})
    )
    arrays = {name: np.zeros(3, getattr(small, name).dtype) for name in ("plans", "mail", "bookings", "members")}
    arrays["mail"]["cause"] = [1, 2, 2**32 - 1]
    arrays["mail"]["sender_slot"] = arrays["mail"]["receiver_slot"] = NOBODY
    arrays["plans"]["filled"] = 1 / 3
    return small.copy(**arrays, day=11, strategies_end=2**30)


def test_a_kept_world_comes_back_whole(world: World, tmp_path: Path) -> None:
    save(world, tmp_path / "deep" / "world")
    loaded = load_world(tmp_path / "deep" / "world")
    assert loaded.differences(world) == []
    assert loaded.parameters == world.parameters
    assert (loaded.parameters.packed == world.parameters.packed).all()
    assert loaded.names is None
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["world"], "no scraps"


def test_a_world_in_motion_is_kept_in_parts(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core = Core(world, seed=1)
    for _ in range(40):
        core.step()  # blocks of slots move, and no longer lie in the order of people
    whole = core.to_world()
    save(whole, tmp_path / "whole")
    monkeypatch.setattr("sim.day.PEOPLE_A_PART", 7)
    assert core.to_world() == whole
    rest, parts = core.in_parts()
    save(rest, tmp_path / "parts", ties=parts)
    assert load_world(tmp_path / "parts") == load_world(tmp_path / "whole") == whole
    sizes = [{file.name: file.stat().st_size for file in (tmp_path / name).iterdir()} for name in ("parts", "whole")]
    assert sizes[0] == sizes[1]


def test_a_loaded_world_can_be_changed_and_the_file_stays(world: World, tmp_path: Path) -> None:
    save(world, tmp_path / "world")
    loaded = load_world(tmp_path / "world")
    loaded.people["practice"] = 1
    assert load_world(tmp_path / "world") == world


@pytest.mark.parametrize("ids", [[5, 7], ["Ann", "Bob"], [5, "Bob"], [0.5, 1.5]])
def test_names_come_back(tmp_path: Path, ids: list[object]) -> None:
    log = pd.DataFrame({"source": pd.Series(ids[:1]), "target": pd.Series(ids[1:]), "time": [0]})
    replayed = worlds.replayed(log)
    save(replayed, tmp_path / "world")
    names = load_world(tmp_path / "world").names
    assert names is not None
    assert names.tolist() == ids
    assert names.dtype == replayed.names.dtype  # type: ignore[union-attr]


def test_names_that_json_can_not_hold_are_refused(tmp_path: Path) -> None:
    log = pd.DataFrame({"source": [("a", 1)], "target": [("b", 2)], "time": [0]})
    with pytest.raises(ValueError, match=r"The name \('a', 1\) can not be kept"):
        save(worlds.replayed(log), tmp_path / "world")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_what_was_there(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(world, tmp_path / "world")
    other = world.copy(day=12)
    calls = iter([None, None])

    def full_disk(*args: object, **kwargs: object) -> None:
        if next(calls, "full") == "full":
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(storage.np, "save", full_disk)
        with pytest.raises(OSError, match="No space"):
            save(other, tmp_path / "world")
    assert load_world(tmp_path / "world") == world
    save(other, tmp_path / "world")
    assert load_world(tmp_path / "world") == other
    assert [file.name for file in tmp_path.iterdir()] == ["world"]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def other_fields(path: Path) -> None:
    np.save(path, np.zeros(3))


def other_count(path: Path) -> None:
    np.save(path, np.load(path)[:-4])


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "no ties": ("ties.npy", os.remove),
    "half a file": ("ties.npy", truncate),
    "an empty file": ("people.npy", lambda path: path.write_bytes(b"")),
    "garbage": ("mail.npy", lambda path: path.write_bytes(b"\x93NUMPY garbage")),
    "other fields": ("people.npy", other_fields),
    "ties of other people": ("ties.npy", other_count),
    "no JSON": ("world.json", lambda path: path.write_text('{"day": 3')),
    "other JSON": ("world.json", lambda path: path.write_text("[1]")),
    "a key too few": ("world.json", lambda path: path.write_text('{"day": 3}')),
    "unknown parameters": (
        "world.json",
        lambda path: path.write_text(json.dumps(json.loads(path.read_text()) | {"parameters": {"eese": 1}})),
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_of_the_cache_is_made_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    built = []

    def build() -> Core:
        built.append(1)
        return Core(world, seed=1)

    assert cached_world(build, Parameters(), seed=1) == world
    key = content_key(Parameters(), seed=1)
    folder = cache_folder() / "worlds" / key
    assert cached_world(build, Parameters(), seed=1) == world
    assert len(built) == 1
    name, harm = DAMAGE[damage]
    harm(folder / name)
    with pytest.raises(ValueError, match=rf"{key} does not hold a whole world that this version can read \(.+\)"):
        load_world(folder)
    assert cached_world(build, Parameters(), seed=1) == world
    assert len(built) == 2
    assert load_world(folder) == world


def test_a_disk_that_refuses_only_warns(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "rekindle").write_text("in the way")
    with pytest.warns(UserWarning, match="could not be kept"):
        assert cached_world(lambda: Core(world, seed=1), Parameters(), seed=1) == world


def test_the_cache_is_where_the_desktop_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache" / "rekindle"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "rekindle"


def test_the_key_names_all_that_makes_a_world() -> None:
    key = content_key(Parameters(), people=10, seed=1)
    assert key == content_key(Parameters(), seed=1, people=10)
    assert key == content_key(Parameters(ease=Parameters().ease), people=10, seed=1)
    others = {
        content_key(Parameters(), people=11, seed=1),
        content_key(Parameters(), people=10, seed=2),
        content_key(Parameters(ease=3.1), people=10, seed=1),
        content_key(Parameters(gestures={"like": {"mass": 0.1}}), people=10, seed=1),
    }
    assert len(others | {key}) == 5


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; gives the folder of its worlds."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("REKINDLE_CACHE_GB", raising=False)
    return cache_folder() / "worlds"


def keep(world: World, seed: int, days_ago: float = 0.0) -> str:
    """Keep a world under the key of a seed, as if it had last been used so long ago."""
    cached_world(lambda: Core(world, seed=1), Parameters(ease=3.3), people=12, seed=seed)
    key = content_key(Parameters(ease=3.3), people=12, seed=seed)
    used = time.time() - days_ago * 86_400
    os.utime(cache_folder() / "worlds" / key, (used, used))
    return key


def keys() -> list[str]:
    return [kept.key for kept in kept_worlds()]


def no_world() -> Core:
    raise AssertionError("it is kept, and must not be built")


def test_a_kept_world_says_what_it_was_made_of(world: World, cache: Path) -> None:
    key = keep(world, seed=7)
    (kept,) = kept_worlds()
    assert (kept.key, kept.is_present) == (key, True)
    assert kept.origin == origin_of(Parameters(ease=3.3), people=12, seed=7)
    assert kept.origin["parameters"]["ease"] == 3.3
    assert kept.size == sum(file.stat().st_size for file in (cache / key).iterdir())


@pytest.mark.parametrize("text", [None, "", "[1]", '{"people": 12}'])
def test_a_world_that_does_not_say_so_is_unknown(world: World, cache: Path, text: str | None) -> None:
    key = keep(world, seed=7)
    if text is None:
        (cache / key / "origin.json").unlink()
    else:
        (cache / key / "origin.json").write_text(text)
    (kept,) = kept_worlds()
    assert (kept.origin, kept.is_present) == (None, False)
    assert remove_kept_world(kept.key)
    assert keys() == []


def test_a_world_of_another_model_is_not_of_the_present_one(
    world: World, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(storage, "model_fingerprint", lambda: "another")
        keep(world, seed=7)
    assert [kept.is_present for kept in kept_worlds()] == [False]


def test_a_world_that_is_taken_from_the_cache_is_used(world: World, cache: Path) -> None:
    old, older = keep(world, seed=1, days_ago=1), keep(world, seed=2, days_ago=2)
    assert keys() == [old, older]
    cached_world(no_world, Parameters(ease=3.3), people=12, seed=2)
    assert keys() == [older, old]
    assert time.time() - kept_worlds()[0].used < 60


def test_a_full_cache_loses_the_least_used_worlds(world: World, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older, old = keep(world, seed=1, days_ago=2), keep(world, seed=2, days_ago=1)
    size = kept_worlds()[0].size
    monkeypatch.setenv("REKINDLE_CACHE_GB", f"{2.5 * size / 1e9:.9f}")
    new = keep(world, seed=3)
    assert keys() == [new, old]
    cached_world(no_world, Parameters(ease=3.3), people=12, seed=2)
    assert older not in keys()


def test_a_new_world_stays_even_where_it_is_too_large(
    world: World, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(world, seed=1)
    monkeypatch.setenv("REKINDLE_CACHE_GB", "0")
    new = keep(world, seed=2)
    assert keys() == [new]


@pytest.mark.parametrize("said", ["much", "-1", "nan", "20 GB"])
def test_a_limit_that_is_no_number_is_refused_before_the_work(
    cache: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("REKINDLE_CACHE_GB", said)
    with pytest.raises(CacheError, match=f"REKINDLE_CACHE_GB is '{said}'; write a number of gigabytes, such as 20."):
        cached_world(no_world, Parameters(), seed=1)


@given(sizes=st.lists(st.integers(1, 100), max_size=12), limit=st.integers(0, 600))
def test_as_few_worlds_as_must_go_do(sizes: list[int], limit: int) -> None:
    kept = [KeptWorld(str(at), size, -at, None) for at, size in enumerate(sizes)]
    gone = least_used(kept, limit)
    stay = kept[: len(kept) - len(gone)]
    assert gone == kept[len(stay) :][::-1]
    assert sum(world.size for world in stay) <= limit
    assert not gone or sum(world.size for world in [*stay, gone[-1]]) > limit


def test_nothing_but_worlds_is_ever_removed(world: World, cache: Path, tmp_path: Path) -> None:
    key = keep(world, seed=1)
    elsewhere = tmp_path / "elsewhere" / ("a" * 32)
    elsewhere.mkdir(parents=True)
    (elsewhere / "precious").touch()
    (cache / ("b" * 32)).symlink_to(elsewhere)
    (cache / "notes").mkdir()
    (cache / ("c" * 32)).write_text("a file")
    before = sorted(tmp_path.rglob("*"))
    odd = ["", ".", "..", "notes", "../..", "b" * 32, "c" * 32, "d" * 32, str(elsewhere), f"../worlds/{key}"]
    for name in odd:
        assert not remove_kept_world(name), name
    assert sorted(tmp_path.rglob("*")) == before
    assert keys() == [key]
    assert remove_kept_world(key)
    assert not remove_kept_world(key)
    assert sorted(path.name for path in cache.iterdir()) == ["b" * 32, "c" * 32, "notes"]
    assert (elsewhere / "precious").exists()


def test_who_reads_a_world_that_is_removed_keeps_it(world: World, cache: Path) -> None:
    key = keep(world, seed=1)
    reading = load_world(cache / key)
    remove_kept_world(key)
    assert reading == world


def test_a_removal_that_is_stopped_leaves_no_half_world(
    world: World, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keep(world, seed=1)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", stop)
        with pytest.raises(KeyboardInterrupt):
            remove_kept_world(key)
    assert not (cache / key).exists()


def test_scraps_of_killed_processes_go_after_a_day(cache: Path) -> None:
    for name in (".half-written-old", ".removed-old", ".half-written-new", "notes"):
        (cache / name / "fresh").mkdir(parents=True)
        if name != ".half-written-new":
            os.utime(cache / name, (0, 0))
    assert sorted(folder.name for folder in scraps()) == [".half-written-old", ".removed-old"]
    remove_scraps()
    assert sorted(folder.name for folder in cache.iterdir()) == [".half-written-new", "notes"]


def test_readers_writers_and_removers_do_one_another_no_harm(
    world: World, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_CACHE_GB", "0.0000001")  # so each who keeps one removes the others

    def use(worker: int) -> None:
        for turn in range(30):
            seed = (worker + turn) % 3
            assert cached_world(lambda: Core(world, seed=1), Parameters(), seed=seed) == world
            kept_worlds()
            remove_kept_world(content_key(Parameters(), seed=(seed + 1) % 3))

    with warnings.catch_warnings(), ThreadPoolExecutor(4) as pool:
        warnings.filterwarnings("ignore", message="The world could not be kept")  # a rival replaced and removed it
        list(pool.map(use, range(4)))
    assert all(len(folder.name) == 32 for folder in cache.iterdir()), "no scraps"
    assert all(load_world(cache / key) == world for key in keys())


def test_another_program_makes_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fingerprint() -> str:
        model_fingerprint.cache_clear()
        return model_fingerprint()

    real = fingerprint()
    with monkeypatch.context() as patched:
        patched.setattr(storage, "__file__", str(tmp_path / "storage.py"))
        (tmp_path / "rules.py").write_text("half_life = 5")
        before = fingerprint()
        (tmp_path / "rules.py").write_text("half_life = 6")
        changed = fingerprint()
        (tmp_path / "more.py").write_text("")
        assert len({real, before, changed, fingerprint()}) == 4
    assert fingerprint() == real
