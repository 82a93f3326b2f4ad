"""Worlds kept on disk."""

import json
import multiprocessing
import os
import pickle
import shutil
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import worlds
from sim.engine.day import Core
from sim.model.parameters import Parameters
from sim.runtime import storage
from sim.runtime.storage import (
    CacheError,
    DamagedWorldError,
    KeptWorld,
    MissingWorldError,
    OutdatedWorldError,
    WorldError,
    cache_folder,
    cached_world,
    check_kept_world,
    content_key,
    kept_worlds,
    least_used,
    load_kept_world,
    load_world,
    origin_of,
    remove_kept_world,
    remove_scraps,
    scraps,
    worlds_fingerprint,
)
from sim.runtime.storage import save_world as save
from sim.state.population import NOBODY, World

# Worlds -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    """A world with something in every array."""
    small = worlds.generated(
        people=12, burn_in_years=0, parameters=Parameters(ease=3.3, gestures={"like": {"mass": 0.1}})
    )
    arrays = {name: np.zeros(3, getattr(small, name).dtype) for name in ("plans", "mail", "bookings", "members")}
    arrays["plans"]["person"] = arrays["mail"]["receiver"] = [1, 2, 3]
    arrays["bookings"]["guest"] = arrays["members"]["member"] = [1, 2, 3]
    arrays["mail"]["event_key"] = [1, 2, 2**32 - 1]
    arrays["mail"]["sender_slot"] = arrays["mail"]["receiver_slot"] = NOBODY
    arrays["plans"]["minutes_planned"] = 1 / 3
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
    monkeypatch.setattr("sim.engine.day.PEOPLE_A_PART", 7)
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


@pytest.mark.parametrize(
    ("ids", "names"),
    [([5, 7], [5, 7]), (["Ann", "Bob"],) * 2, ([5, "Bob"], ["5", "Bob"]), ([0.5, 1.5], ["0.5", "1.5"])],
)
def test_names_come_back(tmp_path: Path, ids: list[object], names: list[object]) -> None:
    log = pd.DataFrame({"source": pd.Series(ids[:1]), "target": pd.Series(ids[1:]), "time": [0]})
    replayed = worlds.replayed(log)
    save(replayed, tmp_path / "world")
    loaded = load_world(tmp_path / "world").names
    assert loaded is not None
    assert loaded.tolist() == names
    assert loaded.dtype == replayed.names.dtype  # type: ignore[union-attr]


def test_names_that_json_cannot_hold_are_refused(tmp_path: Path) -> None:
    log = pd.DataFrame({"source": [("a", 1)], "target": [("b", 2)], "time": [0]})
    with pytest.raises(ValueError, match=r"The name \('a', 1\) cannot be saved"):
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
    "a zeroed page": ("ties.npy", lambda path: path.write_bytes(zeroed_page(path.read_bytes(), 1_000))),
    "a header of brackets": ("people.npy", lambda path: path.write_bytes(b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65_535)),
    "another origin": ("origin.json", lambda path: path.write_text(path.read_text().replace("0", "1", 1))),
    "no manifest": ("manifest.json", os.remove),
    "half a manifest": ("manifest.json", truncate),
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
    with pytest.raises(ValueError, match=rf"{key} is not a complete world that this version can read \(.+\)"):
        load_world(folder)
    with pytest.warns(
        UserWarning, match=rf"^The cached world {key[:8]} is damaged \(.+\)\. It is generated again\.$"
    ) as told:
        assert cached_world(build, Parameters(), seed=1) == world
    assert len(told) == 1
    assert len(built) == 2
    assert load_world(folder) == world


def test_a_disk_that_refuses_only_warns(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "rekindle").write_text("in the way")
    with pytest.warns(UserWarning, match="could not be saved"):
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
        patched.setattr(storage, "worlds_fingerprint", lambda: "another")
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
    with pytest.raises(CacheError, match=f"REKINDLE_CACHE_GB is '{said}'; set it to a number of gigabytes"):
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
        warnings.filterwarnings("ignore", message="The world could not be saved")  # a rival replaced and removed it
        list(pool.map(use, range(4)))
    assert all(len(folder.name) == 32 for folder in cache.iterdir()), "no scraps"
    assert all(load_world(cache / key) == world for key in keys())


# Every byte counts ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two worlds that are kept, which differ."""
    folder = tmp_path_factory.mktemp("kept")
    for name, seed in (("world", 1), ("other", 2)):
        save(world.copy(day=11 + seed), folder / name, origin_of(Parameters(), seed=seed))
    return folder


def files_of(folder: Path) -> list[Path]:
    return sorted((folder / "world").iterdir())


def zeroed_page(content: bytes, at: int) -> bytes:
    start = at // 512 * 512
    return content[:start] + bytes(len(content[start : start + 512])) + content[start + 512 :]


CHANGES: dict[str, Callable[[bytes, int], bytes]] = {
    "a flipped bit": lambda content, at: content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :],
    "a zeroed page": zeroed_page,
    "cut off": lambda content, at: content[:at],
    "a byte too many": lambda content, at: content[:at] + b" " + content[at:],
    "two bytes changed places": lambda content, at: content[:at] + content[at : at + 2][::-1] + content[at + 2 :],
}


@pytest.mark.parametrize("change", CHANGES)
@settings(max_examples=40)
@given(which=st.integers(0, 8), where=st.floats(0, 1, exclude_max=True))
def test_whatever_changes_in_a_file_is_noticed(kept: Path, change: str, which: int, where: float) -> None:
    path = files_of(kept)[which]
    before = path.read_bytes()
    after = CHANGES[change](before, int(where * len(before)))
    path.write_bytes(after)
    try:
        if after == before:
            load_world(kept / "world")
        else:
            with pytest.raises(DamagedWorldError, match=r"is not a complete world .* \(.+\)\. Generate the world"):
                load_world(kept / "world")
    finally:
        path.write_bytes(before)
    load_world(kept / "world")


def test_a_file_of_another_world_is_noticed(kept: Path) -> None:
    for path in files_of(kept):
        before, other = path.read_bytes(), (kept / "other" / path.name).read_bytes()
        path.write_bytes(other)
        if other != before:
            with pytest.raises(DamagedWorldError):
                load_world(kept / "world")
        path.unlink()
        try:
            with pytest.raises(WorldError, match=rf"{path.name} is missing|without digests"):
                load_world(kept / "world")
        finally:
            path.write_bytes(before)
    load_world(kept / "world")


def sealed(folder: Path) -> None:
    """Make the manifest right, as somebody would who writes worlds by hand."""
    (folder / "manifest.json").unlink(missing_ok=True)
    entries = {path.name: storage._flushed_entry(path) for path in folder.iterdir()}
    (folder / "manifest.json").write_text(storage._manifest(entries, worlds_fingerprint()))


def header(text: str) -> bytes:
    padded = text.encode().ljust(118)
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded


HOSTILE: dict[str, tuple[str, bytes]] = {
    "no Python": ("mail.npy", header("{'descr': '<f4', 'shape': (3,")),
    "nested for ever": ("mail.npy", b"\x93NUMPY\x01\x00\xf0\xff" + b"(" * 65_520),
    "a huge shape": ("mail.npy", header("{'descr': '<f8', 'fortran_order': False, 'shape': (9" + "9" * 40 + ",)}")),
    "a negative shape": ("mail.npy", header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}")),
    "objects": ("mail.npy", header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}") + b"cos\nabort\n(tR."),
    "another version": ("mail.npy", b"\x93NUMPY\x09\x00"),
    "a packed file": ("mail.npy", b"PK\x03\x04" + bytes(60)),
    "nothing": ("people.npy", b""),
    "no text": ("world.json", b"\xff\xfe"),
    "lists nested for ever": ("world.json", b"[" * 100_000),
    "a number of 5,000 digits": ("world.json", b'{"day": ' + b"9" * 5_000 + b"}"),
    "null": ("world.json", b"null"),
}


def described(**changes: object) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps(json.loads(content) | changes).encode()


STRANGE: dict[str, Callable[[bytes], bytes]] = {
    "a day of text": described(day="3"),
    "a day that is no number": described(day=float("nan")),
    "an old world": described(day=10**9),
    "too few names": described(names=["Ann"], names_type="<U3"),
    "names that fill the memory": described(names=["Ann"] * 12, names_type="<U999999999"),
    "names of another kind": described(names=["Ann"] * 12, names_type="M8[s]"),
    "names of no kind": described(names=["Ann"] * 12, names_type=7),
    "parameters out of range": described(parameters={"ease": 1e9}),
}


@pytest.mark.parametrize("harm", [*HOSTILE, *STRANGE])
def test_hostile_bytes_under_a_right_digest_bring_the_documented_error(kept: Path, tmp_path: Path, harm: str) -> None:
    folder = shutil.copytree(kept / "world", tmp_path / "world")
    name, content = HOSTILE.get(harm, ("world.json", b""))
    (folder / name).write_bytes(content or (STRANGE[harm]((folder / name).read_bytes()) if harm in STRANGE else b""))
    sealed(folder)
    with pytest.raises(DamagedWorldError, match=r"is not a complete world that this version can read \(.+\)"):
        load_world(folder)


@settings(max_examples=50)
@given(which=st.integers(0, 8), content=st.binary(max_size=300), is_sealed=st.booleans())
def test_no_bytes_bring_another_error(kept: Path, which: int, content: bytes, is_sealed: bool) -> None:
    with TemporaryDirectory() as scratch:
        folder = shutil.copytree(kept / "world", Path(scratch, "world"))
        name = files_of(kept)[which].name
        (folder / name).write_bytes(content)
        if is_sealed and name != "manifest.json":
            sealed(folder)
        with suppress(WorldError):
            load_world(folder)


def test_every_byte_is_read_once_a_process_and_again_when_a_file_changes(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    digest = storage._digest
    monkeypatch.setattr(storage, "_digest", lambda file, size: read.append(Path(file.name).name) or digest(file, size))
    save(world, tmp_path / "world")
    names = sorted(read)
    read.clear()
    for _ in range(2):  # a file that has just been written may be written to again without its times telling
        load_world(tmp_path / "world")
        assert sorted(read) == names
        read.clear()
    monkeypatch.setattr(storage, "_UNTOUCHED_NS", -1)
    load_world(tmp_path / "world")
    read.clear()
    load_world(tmp_path / "world")
    assert read == []
    with (tmp_path / "world" / "mail.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    with pytest.raises(DamagedWorldError, match=r"mail\.npy has changed since it was saved"):
        load_world(tmp_path / "world")


def test_a_large_file_is_hashed_in_parts(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_HASHED_TOGETHER", 1_000)
    save(world, tmp_path / "world")
    assert load_world(tmp_path / "world") == world
    content = bytearray((tmp_path / "world" / "ties.npy").read_bytes())
    content[2_500:2_501] = bytes([content[2_500] ^ 1])
    (tmp_path / "world" / "ties.npy").write_bytes(content)
    with pytest.raises(DamagedWorldError, match="ties"):
        load_world(tmp_path / "world")


def test_a_world_under_the_key_of_another_is_damaged(world: World, cache: Path) -> None:
    one, two = keep(world, seed=1), keep(world.copy(day=12), seed=2)
    shutil.rmtree(cache / one)
    shutil.copytree(cache / two, cache / one)
    with pytest.raises(DamagedWorldError, match="belongs to a different world"):
        load_kept_world(one)
    damage = check_kept_world(one)
    assert damage is not None
    assert "different world" in damage.why


def test_too_little_memory_is_no_damage(world: World, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_little(_: World) -> None:
        raise MemoryError

    key = keep(world, seed=1)
    monkeypatch.setattr(storage, "check_world", too_little)
    for look in (load_kept_world, check_kept_world):
        with pytest.raises(MemoryError):
            look(key)


def test_worlds_are_checked_in_full_on_demand(world: World, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_UNTOUCHED_NS", -1)
    key = keep(world, seed=1, days_ago=3)
    before = kept_worlds()
    assert check_kept_world(key) is None
    assert kept_worlds() == before, "to check a world is not to use it"
    monkeypatch.setattr(storage, "_identity", lambda file: 0)  # as if the disk had changed a bit without a word
    load_kept_world(key)
    path = cache / key / "ties.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    load_kept_world(key)
    damage = check_kept_world(key)
    assert damage == storage.Damage(cache / key, "ties.npy has changed since it was saved", False)
    assert check_kept_world("0" * 32) is None


@pytest.mark.parametrize("model", ["present", "another", "unknown"])
def test_damaged_and_outdated_worlds_are_distinguished(
    world: World, cache: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """Worlds of versions that kept no manifest are outdated; the present one keeps one always."""
    with monkeypatch.context() as patched:
        if model == "another":
            patched.setattr(storage, "worlds_fingerprint", lambda: "another")
        key = keep(world, seed=7)
        (cache / key / "manifest.json").unlink()
    if model == "unknown":
        (cache / key / "origin.json").unlink()
    expected = DamagedWorldError if model == "present" else OutdatedWorldError
    with pytest.raises(expected):
        load_world(cache / key)
    damage = check_kept_world(key)
    assert damage is not None
    assert damage.is_outdated == (model != "present")


def test_a_whole_world_of_another_version_that_cannot_be_read_is_outdated(
    world: World, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keep(world, seed=7)
    (cache / key / "world.json").write_text('{"other": "fields"}')
    sealed(cache / key)
    with pytest.raises(DamagedWorldError):
        load_world(cache / key)
    monkeypatch.setattr(storage, "worlds_fingerprint", lambda: "another")
    with pytest.raises(OutdatedWorldError):
        load_world(cache / key)
    assert check_kept_world(key) is None, "its bytes are those that were kept"


def test_nothing_and_a_file_are_no_damage_and_damage(tmp_path: Path) -> None:
    with pytest.raises(MissingWorldError) as missing:
        load_world(tmp_path / "nowhere")
    again = pickle.loads(pickle.dumps(missing.value))  # as worker processes hand it on
    assert (type(again), str(again), again.why) == (MissingWorldError, str(missing.value), missing.value.why)
    (tmp_path / "file").touch()
    with pytest.raises(DamagedWorldError, match="it is not a folder"):
        load_world(tmp_path / "file")
    with pytest.raises(MissingWorldError):
        load_world(tmp_path / "file" / "below")


def test_another_kind_of_machine_has_worlds_of_its_own(
    world: World, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = keep(world, seed=1)
    monkeypatch.setattr(storage, "kind_of_machine", lambda: "vax no-fma")
    there = keep(world, seed=1)
    assert {here, there} == set(keys())
    of_this_machine = {kept.key: kept.is_of_this_machine for kept in kept_worlds()}
    assert of_this_machine == {here: False, there: True}
    assert all(kept.is_present for kept in kept_worlds()), "one version of the model made both"


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_world_that_is_replaced_while_it_is_read_is_no_damaged_one(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_removed: bool
) -> None:
    folder, other, read = tmp_path / "world", world.copy(day=12), storage._manifest_of
    save(world, folder)
    waiting = [lambda: shutil.rmtree(folder) if is_removed else save(other, folder)]

    def read_and_wait(folder: Path) -> dict[str, object]:
        said = read(folder)
        if waiting:
            waiting.pop()()
        return said

    monkeypatch.setattr(storage, "_manifest_of", read_and_wait)
    if is_removed:
        with pytest.raises(MissingWorldError):
            load_world(folder)
    else:
        assert load_world(folder) == other


def test_processes_that_build_one_world_at_once_get_a_whole_one(world: World, cache: Path) -> None:
    key = content_key(Parameters(), seed=1)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=build_again_and_again, args=(world,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert load_kept_world(key) == world
    assert [folder.name for folder in cache.iterdir()] == [key], "no scraps"


def build_again_and_again(world: World) -> None:
    """Keep a world and load it while others do the same: it is never called damaged, and there always is one."""
    warnings.simplefilter("error")
    folder = storage.worlds_folder() / content_key(Parameters(), seed=1)
    for _ in range(12):
        save(world, folder, origin_of(Parameters(), seed=1))
        assert cached_world(lambda: Core(world, seed=1), Parameters(), seed=1) == world
