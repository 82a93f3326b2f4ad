"""`rekindle doctor`: whether this machine can run the model, one line a check, with the remedy."""

from __future__ import annotations

import platform
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import NamedTuple

import numba
import pandas as pd
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rich.text import Text
from typer import Exit

import sim
from experiments.commands.worlds import in_bytes
from experiments.terminal import compiling
from experiments.terminal.console import Results, console_of, tell_of_compiling, told_aside
from experiments.terminal.names import visible
from experiments.terminal.numbers import counted
from sim.runtime.fingerprint import cache_folder, model_fingerprint
from sim.runtime.installation import checkout, install_command
from sim.runtime.storage import CacheError, cache_limit, kept_worlds, size_of, worlds_folder

OF_SOURCES = ("bench", "dev", "test")  # optional parts that only work on the sources
LITTLE_DISK, NO_DISK = 5 * 10**9, 10**8  # bytes
SAMPLE_PEOPLE, SAMPLE_DAYS = 60, 20


class State(StrEnum):
    """How a check came out; only a problem keeps the model from running as it should."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


_STYLES = {State.OK: "green", State.WARNING: "yellow", State.PROBLEM: "bold red"}


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        state: how it came out.
        said: what was checked, and what is there.
        remedy: what to do about it, unless all is well.
    """

    state: State
    said: str
    remedy: str = ""


class Needs(NamedTuple):
    """What the program needs.

    Attributes:
        python: versions of Python.
        packages: without which nothing runs.
        extras: packages of optional parts, by part.
    """

    python: SpecifierSet
    packages: Sequence[Requirement]
    extras: Mapping[str, Sequence[Requirement]]


def doctor(results: Results = Path("results")) -> None:
    """Check versions, cores, cache, disk and the model itself; exit code 1 if there is a problem."""
    console = console_of()
    counts = dict.fromkeys(State, 0)
    for state, said, remedy in findings(results):
        line = Text.assemble((f"{state:<8}", _STYLES[state]), visible(said), visible(f". {remedy}" if remedy else ""))
        console.print(line, highlight=False, soft_wrap=True)
        counts[state] += 1
    console.print(
        f"{counted(counts[State.PROBLEM], 'problem')}, {counted(counts[State.WARNING], 'warning')}.", highlight=False
    )
    if counts[State.PROBLEM]:
        raise Exit(1)


def findings(results: Path) -> Iterator[Finding]:
    """All checks, the quick ones first."""
    needs = needed()
    yield python_found(needs.python, platform.python_version())
    yield from packages_found(needs.packages)
    yield from extras_found(needs.extras)
    yield cores_found()
    yield from folder_found("cache folder", cache_folder())
    yield from worlds_found()
    yield from folder_found("results folder", results)
    yield model_found()
    tell_of_compiling(told_aside())
    yield sample_found()


def needed() -> Needs:
    """What pyproject.toml says that the program needs or, where there is none, what the installed package says."""
    sources = checkout()
    if sources is not None:
        said = tomllib.loads((sources / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras = said.get("optional-dependencies", {})
        return Needs(
            SpecifierSet(said["requires-python"]),
            [Requirement(line) for line in said["dependencies"]],
            {name: [Requirement(line) for line in lines] for name, lines in extras.items()},
        )
    installed = metadata("rekindle")
    wanted = [Requirement(line) for line in installed.get_all("Requires-Dist") or ()]
    without = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    extras = {
        name: [one for one in wanted if one not in without and one.marker and one.marker.evaluate({"extra": name})]
        for name in installed.get_all("Provides-Extra") or ()
        if name not in OF_SOURCES
    }
    return Needs(SpecifierSet(installed["Requires-Python"]), without, extras)


def _anew() -> str:
    """The command that replaces packages that may be damaged."""
    return install_command().replace("pip install", "pip install --force-reinstall", 1)


def python_found(wanted: SpecifierSet, found: str) -> Finding:
    """Whether this is a Python that the program is made for."""
    if found in wanted:
        return Finding(State.OK, f"Python {found}")
    return Finding(
        State.PROBLEM, f"Python {found} is not {wanted}", "Make a new .venv with a Python of these versions."
    )


def packages_found(wanted: Sequence[Requirement]) -> Iterator[Finding]:
    """The packages that are there, in one line, and one for each that is not as it must be."""
    yield from _packages("packages", wanted, State.PROBLEM, f"`{install_command()}` installs it")


def extras_found(extras: Mapping[str, Sequence[Requirement]]) -> Iterator[Finding]:
    """The same for each optional part."""
    for name, wanted in extras.items():
        if name == "gpu" and shutil.which("nvidia-smi") is None:  # which comes with the driver
            yield Finding(State.OK, "optional part gpu: of no use here, for no graphics card of NVIDIA's was found")
            continue
        yield from _packages(f"optional part {name}", wanted, State.WARNING, f"`{install_command(name)}` installs it")


def _packages(what: str, wanted: Sequence[Requirement], otherwise: State, remedy: str) -> Iterator[Finding]:
    found = [(one, _version(one.name)) for one in wanted]
    fits = [f"{one.name} {there}" for one, there in found if there and one.specifier.contains(there, prereleases=True)]
    if fits:
        yield Finding(State.OK, f"{what}: {', '.join(fits)}")
    for one, there in found:
        if there is None:
            yield Finding(otherwise, f"{what}: {one.name} is not installed", f"{remedy}.")
        elif not one.specifier.contains(there, prereleases=True):
            yield Finding(otherwise, f"{what}: {one.name} {there} is not {one.specifier}", f"{remedy} anew.")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def cores_found() -> Finding:
    """Whether Numba's threads are as many as the cores that this process may use."""
    threads, cores = numba.config.NUMBA_NUM_THREADS, numba.config.NUMBA_DEFAULT_NUM_THREADS
    said = f"Numba: threads {threads}, cores {cores}"
    if threads == cores:
        return Finding(State.OK, said)
    few = "cores are left idle" if threads < cores else "threads wait for one another"
    return Finding(State.WARNING, f"{said}: {few}", f"Set NUMBA_NUM_THREADS={cores}, or unset it.")


def folder_found(what: str, folder: Path) -> Iterator[Finding]:
    """Whether a folder can be written, or made, and whether its disk has room."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".doctor-"):
            pass
    except OSError as problem:
        why = problem.strerror or problem
        yield Finding(
            State.PROBLEM, f"{what}: nothing can be written in {there} ({why})", "Make it writable, or name another."
        )
        return
    yield Finding(
        State.OK,
        f"{what}: {folder}, {in_bytes(size_of(folder))}" if there == folder else f"{what}: {folder}, not made yet",
    )
    free = shutil.disk_usage(there).free
    said = f"disk of the {what}: {in_bytes(free)} free"
    if free >= LITTLE_DISK:
        yield Finding(State.OK, said)
    else:
        yield Finding(
            State.PROBLEM if free < NO_DISK else State.WARNING, said, "Make room; `rekindle world prune` may."
        )


def worlds_found() -> Iterator[Finding]:
    """How many worlds are kept, and how many of them are of another version of the model."""
    try:
        limit = cache_limit()
    except CacheError as problem:
        yield Finding(State.PROBLEM, str(problem).rstrip("."))
        return
    kept = kept_worlds()
    outdated = [world for world in kept if not world.is_present]
    size = sum(world.size for world in kept)
    said = f"kept worlds: {len(kept):,}, {in_bytes(size)} of at most {in_bytes(limit)}, in {worlds_folder()}"
    if outdated:
        freed = in_bytes(sum(world.size for world in outdated))
        said += f"; {len(outdated):,} of another version of the model"
        yield Finding(State.WARNING, said, f"`rekindle world prune` removes these and frees {freed}.")
    else:
        yield Finding(State.OK, said)


def model_found() -> Finding:
    """The version of the model, and whether it is compiled."""
    said = f"model {model_fingerprint()}"
    if compiling.is_compiled():
        return Finding(State.OK, f"{said}, compiled")
    return Finding(State.WARNING, f"{said}, not compiled yet", "The first run does it, in about a minute.")


def sample_found() -> Finding:
    """Whether a tiny run gives the same contact log and the same world, bit for bit, on one thread and on two."""
    said = f"sample run of {SAMPLE_PEOPLE} people and {SAMPLE_DAYS} days"
    most = numba.config.NUMBA_NUM_THREADS
    try:
        (one, log), (two, other_log) = (_sample(threads) for threads in (1, min(2, most)))
    except Exception as problem:  # whatever it is, it must be told in a line
        why = " ".join(f"{type(problem).__name__}: {problem}".split())
        return Finding(State.PROBLEM, f"{said}: {why}", f"Delete the cache folder, and install anew: `{_anew()}`.")
    if one != two or not log.equals(other_log):
        remedy = "Set NUMBA_NUM_THREADS=1, and tell the authors."
        return Finding(State.PROBLEM, f"{said}: two threads give other bits than one", remedy)
    if most < 2:
        return Finding(State.WARNING, f"{said}: there is one thread alone, so two were not tried")
    return Finding(State.OK, f"{said}: {len(log):,} gestures, the same bits on 1 and 2 threads")


def _sample(threads: int) -> tuple[sim.World, pd.DataFrame]:
    """The world and the contact log after a tiny run."""
    world = sim.worlds.generated(people=SAMPLE_PEOPLE, burn_in_years=0, seed=1)
    run = sim.simulate(
        world, days=SAMPLE_DAYS, strategy="check_in", adopters=5, seed=1, threads=threads, log=True, series=False
    )
    assert run.log is not None
    return run.world, run.log
