"""`rekindle doctor`: check whether this machine can run the model, with one line per check and a remedy."""

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
from experiments.terminal.console import Results, report_compiling, stderr_console, stdout_console
from experiments.terminal.names import visible
from experiments.terminal.numbers import counted
from sim.runtime.fingerprint import cache_folder, model_fingerprint
from sim.runtime.installation import checkout, install_command
from sim.runtime.storage import CacheError, cache_limit, kept_worlds, size_of, worlds_folder

OF_SOURCES = ("bench", "dev", "docs", "test")  # extras for development, which need the sources
LITTLE_DISK, NO_DISK = 5 * 10**9, 10**8  # bytes
SAMPLE_PEOPLE, SAMPLE_DAYS = 60, 20


class Status(StrEnum):
    """The outcome of a check; only a problem prevents the model from running correctly."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


_STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.PROBLEM: "bold red"}


class Finding(NamedTuple):
    """The result of a check.

    Attributes:
        state: the outcome.
        text: what was checked, and what was found.
        remedy: what to do about it; empty if all is well.
    """

    state: Status
    text: str
    remedy: str = ""


class Needs(NamedTuple):
    """The requirements of the program.

    Attributes:
        python: supported versions of Python.
        packages: required packages.
        extras: packages of each extra, by the extra's name.
    """

    python: SpecifierSet
    packages: Sequence[Requirement]
    extras: Mapping[str, Sequence[Requirement]]


def doctor(results: Results = Path("results")) -> None:
    """Check versions, cores, cache, disk and the model itself. A problem gives exit code 1."""
    console = stdout_console()
    counts = dict.fromkeys(Status, 0)
    for state, text, remedy in findings(results):
        line = Text.assemble((f"{state:<8}", _STYLES[state]), visible(text), visible(f". {remedy}" if remedy else ""))
        console.print(line, highlight=False, soft_wrap=True)
        counts[state] += 1
    console.print(
        f"{counted(counts[Status.PROBLEM], 'problem')}, {counted(counts[Status.WARNING], 'warning')}.",
        highlight=False,
    )
    if counts[Status.PROBLEM]:
        raise Exit(1)


def findings(results: Path) -> Iterator[Finding]:
    """Run all checks, the quick ones first."""
    needs = needed()
    yield python_found(needs.python, platform.python_version())
    yield from packages_found(needs.packages)
    yield from extras_found(needs.extras)
    yield cores_found()
    yield from folder_found("cache folder", cache_folder())
    yield from worlds_found()
    yield from folder_found("results folder", results)
    yield model_found()
    report_compiling(stderr_console())
    yield sample_found()


def needed() -> Needs:
    """The requirements in pyproject.toml or, without the sources, in the metadata of the installed package."""
    sources = checkout()
    if sources is not None:
        project = tomllib.loads((sources / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        extras = project.get("optional-dependencies", {})
        return Needs(
            SpecifierSet(project["requires-python"]),
            [Requirement(line) for line in project["dependencies"]],
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
    """The command that reinstalls all packages."""
    return install_command().replace("pip install", "pip install --force-reinstall", 1)


def python_found(wanted: SpecifierSet, found: str) -> Finding:
    """Check the version of Python."""
    if found in wanted:
        return Finding(Status.OK, f"Python {found}")
    return Finding(Status.PROBLEM, f"Python {found} is not {wanted}", "Make a new .venv with a supported version.")


def packages_found(wanted: Sequence[Requirement]) -> Iterator[Finding]:
    """Check the required packages: one line for those that fit, and one for each that does not."""
    yield from _packages("packages", wanted, Status.PROBLEM, f"Install it with `{install_command()}`")


def extras_found(extras: Mapping[str, Sequence[Requirement]]) -> Iterator[Finding]:
    """Check the packages of each extra."""
    for name, wanted in extras.items():
        if name == "gpu" and shutil.which("nvidia-smi") is None:  # nvidia-smi comes with the driver
            yield Finding(Status.OK, "extra gpu: not needed, because no NVIDIA GPU was found")
            continue
        yield from _packages(f"extra {name}", wanted, Status.WARNING, f"Install it with `{install_command(name)}`")


def _packages(what: str, wanted: Sequence[Requirement], otherwise: Status, remedy: str) -> Iterator[Finding]:
    found = [(one, _version(one.name)) for one in wanted]
    fits = [f"{one.name} {there}" for one, there in found if there and one.specifier.contains(there, prereleases=True)]
    if fits:
        yield Finding(Status.OK, f"{what}: {', '.join(fits)}")
    for one, there in found:
        if there is None:
            yield Finding(otherwise, f"{what}: {one.name} is not installed", f"{remedy}.")
        elif not one.specifier.contains(there, prereleases=True):
            yield Finding(otherwise, f"{what}: {one.name} {there} is not {one.specifier}", f"{remedy}.")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def cores_found() -> Finding:
    """Check that Numba uses one thread per core that is available to this process."""
    threads, cores = numba.config.NUMBA_NUM_THREADS, numba.config.NUMBA_DEFAULT_NUM_THREADS
    text = f"Numba: threads {threads}, cores {cores}"
    if threads == cores:
        return Finding(Status.OK, text)
    mismatch = "some cores are idle" if threads < cores else "threads compete for cores"
    return Finding(Status.WARNING, f"{text}: {mismatch}", f"Unset NUMBA_NUM_THREADS, or set it to {cores}.")


def folder_found(what: str, folder: Path) -> Iterator[Finding]:
    """Check that a folder is writable or can be created, and that its disk has space."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".doctor-"):
            pass
    except OSError as problem:
        why = problem.strerror or problem
        yield Finding(
            Status.PROBLEM,
            f"{what}: {existing} is not writable ({why})",
            "Make it writable, or choose another folder.",
        )
        return
    yield Finding(
        Status.OK,
        f"{what}: {folder}, {in_bytes(size_of(folder))}"
        if existing == folder
        else f"{what}: {folder}, does not exist yet",
    )
    free = shutil.disk_usage(existing).free
    text = f"disk of the {what}: {in_bytes(free)} free"
    if free >= LITTLE_DISK:
        yield Finding(Status.OK, text)
    else:
        yield Finding(
            Status.PROBLEM if free < NO_DISK else Status.WARNING,
            text,
            "Free some space, for example with `rekindle world prune`.",
        )


def worlds_found() -> Iterator[Finding]:
    """Check the cache of worlds: how many there are, and how many belong to another version of the model."""
    try:
        limit = cache_limit()
    except CacheError as problem:
        yield Finding(Status.PROBLEM, str(problem).rstrip("."))
        return
    kept = kept_worlds()
    outdated = [world for world in kept if not world.is_present]
    size = sum(world.size for world in kept)
    text = f"cached worlds: {len(kept):,}, {in_bytes(size)} of at most {in_bytes(limit)}, in {worlds_folder()}"
    if outdated:
        freed = in_bytes(sum(world.size for world in outdated))
        text += f"; {len(outdated):,} from another version of the model"
        yield Finding(Status.WARNING, text, f"Remove these with `rekindle world prune`, which frees {freed}.")
    else:
        yield Finding(Status.OK, text)


def model_found() -> Finding:
    """Check the version of the model, and whether it is compiled."""
    text = f"model {model_fingerprint()}"
    if compiling.is_compiled():
        return Finding(Status.OK, f"{text}, compiled")
    return Finding(Status.WARNING, f"{text}, not compiled yet", "The first run compiles it, in about two minutes.")


def sample_found() -> Finding:
    """Check that a tiny run gives the same contact log and world, to the bit, on one thread and on two."""
    text = f"sample run of {SAMPLE_PEOPLE} people and {SAMPLE_DAYS} days"
    most = numba.config.NUMBA_NUM_THREADS
    try:
        (one, log), (two, other_log) = (_sample(threads) for threads in (1, min(2, most)))
    except Exception as problem:  # any failure must become one line
        why = " ".join(f"{type(problem).__name__}: {problem}".split())
        return Finding(Status.PROBLEM, f"{text}: {why}", f"Delete the cache folder, and reinstall: `{_anew()}`.")
    if one != two or not log.equals(other_log):
        remedy = "Set NUMBA_NUM_THREADS=1, and report this to the authors."
        return Finding(Status.PROBLEM, f"{text}: results differ between one thread and two", remedy)
    if most < 2:
        return Finding(Status.WARNING, f"{text}: only one thread is available, so two were not tested")
    return Finding(Status.OK, f"{text}: {len(log):,} gestures, identical on 1 and 2 threads")


def _sample(threads: int) -> tuple[sim.World, pd.DataFrame]:
    """The world and the contact log after a tiny run."""
    world = sim.worlds.generated(people=SAMPLE_PEOPLE, burn_in_years=0, seed=1)
    run = sim.simulate(
        world, days=SAMPLE_DAYS, strategy="check_in", adopters=5, seed=1, threads=threads, log=True, series=False
    )
    assert run.log is not None
    return run.world, run.log
