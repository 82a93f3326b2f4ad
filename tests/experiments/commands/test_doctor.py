from __future__ import annotations

import platform
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import sim
from experiments.commands import doctor
from experiments.commands.doctor import Finding, Status
from sim.engine.day import Core
from sim.runtime import fingerprint, storage
from tests.experiments.conftest import Rekindle

pytestmark = pytest.mark.usefixtures("config")  # a folder and a cache of its own


def without_sample(monkeypatch: pytest.MonkeyPatch, state: Status = Status.OK) -> None:
    monkeypatch.setattr(doctor, "sample_found", lambda: Finding(state, "sample run", "Mend it."))


@pytest.mark.any_python
def test_every_check_has_a_line_and_all_is_well(rekindle: Rekindle) -> None:
    ended = rekindle("doctor")
    assert ended.code == 0, ended.out
    *lines, last = ended.out.splitlines()
    assert all(line.split()[0] in ("ok", "warning") for line in lines), lines
    for said in (
        f"Python {platform.python_version()}", "numba ", "extra dev: ", "Numba: threads ", "cache folder: ",
        "cached worlds: 0", "disk of the results folder: ", "results folder: results, does not exist yet",
        f"model {fingerprint.model_fingerprint()}", "gestures, identical on 1 and 2 threads",
    ):  # fmt: skip
        assert any(said in line for line in lines), said
    assert last.startswith("0 problems, ")
    assert not Path("results").exists(), "it only looks"


@pytest.mark.parametrize(("state", "code"), [(Status.OK, 0), (Status.WARNING, 0), (Status.PROBLEM, 1)])
def test_only_a_problem_makes_the_exit_code_1(
    rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch, state: Status, code: int
) -> None:
    without_sample(monkeypatch, state)
    ended = rekindle("doctor")
    assert ended.code == code
    assert f"{state:<8}sample run. Mend it." in ended.out
    assert ("1 problem, " in ended.out) == (code == 1)


def test_another_python_is_a_problem() -> None:
    wanted = SpecifierSet(">=3.11,<3.12")
    assert doctor.python_found(wanted, "3.11.7").state is Status.OK
    assert doctor.python_found(wanted, "3.12.0").state is Status.PROBLEM


def test_packages_that_lack_or_are_too_old_are_named() -> None:
    wanted = [Requirement("numpy>=2"), Requirement("numba>=999"), Requirement("no-such-package")]
    whole, old, lacking = doctor.packages_found(wanted)
    assert (whole.state, whole.text) == (Status.OK, f"packages: numpy {doctor._version('numpy')}")
    assert (old.state, lacking.state) == (Status.PROBLEM, Status.PROBLEM)
    assert old.text.startswith(f"packages: numba {numba.__version__} is not >=999")
    assert "no-such-package is not installed" in lacking.text
    (optional,) = doctor.extras_found({"cluster": wanted[2:]})
    assert optional.state is Status.WARNING
    assert "[cluster]" in optional.remedy


def test_only_machines_with_a_gpu_are_advised_to_install_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    extras = {"gpu": [Requirement("no-such-package")]}
    for there, state in ((None, Status.OK), ("nvidia-smi", Status.WARNING)):
        monkeypatch.setattr(doctor.shutil, "which", lambda _, there=there: there)
        assert [one.state for one in doctor.extras_found(extras)] == [state]


def test_what_is_needed_is_the_same_without_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    of_sources = doctor.needed()
    installed = Message()
    installed["Requires-Python"] = str(of_sources.python)
    for one in of_sources.packages:
        installed["Requires-Dist"] = str(one)
    for name, wanted in of_sources.extras.items():
        installed["Provides-Extra"] = name
        for one in wanted:
            installed["Requires-Dist"] = f'{one}; extra == "{name}"'
    monkeypatch.setattr(doctor, "checkout", lambda: None)
    monkeypatch.setattr(doctor, "metadata", lambda _: installed)
    of_package = doctor.needed()
    assert of_package.python == of_sources.python
    assert of_package.packages == of_sources.packages
    of_users = {part: wanted for part, wanted in of_sources.extras.items() if part not in doctor.OF_SOURCES}
    names = {part: [one.name for one in wanted] for part, wanted in of_users.items()}
    assert {part: [one.name for one in wanted] for part, wanted in of_package.extras.items()} == names
    assert "numba" in [one.name for one in of_sources.packages]
    assert "uvicorn" in names["watch"]


@pytest.mark.parametrize(("threads", "state"), [(4, Status.OK), (1, Status.WARNING), (8, Status.WARNING)])
def test_threads_are_compared_with_cores(monkeypatch: pytest.MonkeyPatch, threads: int, state: Status) -> None:
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", threads)
    monkeypatch.setattr(numba.config, "NUMBA_DEFAULT_NUM_THREADS", 4)
    assert doctor.cores_found().state is state


def test_a_file_in_the_place_of_a_folder_is_a_problem() -> None:
    Path("results").write_text("in the way")
    for folder in (Path("results"), Path("results/deeper")):
        (found,) = doctor.folder_found("results folder", folder)
        assert (found.state, "results is not writable (Not a directory)" in found.text) == (Status.PROBLEM, True)


@pytest.mark.parametrize(("free", "state"), [(9e9, Status.OK), (1e9, Status.WARNING), (1e6, Status.PROBLEM)])
def test_a_full_disk_is_noticed(monkeypatch: pytest.MonkeyPatch, free: float, state: Status) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    _, disk = doctor.folder_found("results folder", Path("results"))
    assert disk.state is state
    assert ("rekindle world prune" in disk.remedy) == (state is not Status.OK)


def test_outdated_worlds_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    world = sim.worlds.generated(people=30, burn_in_years=0)
    storage.cached_world(lambda: Core(world, seed=1), sim.Parameters(), seed=1)
    assert next(doctor.worlds_found()).state is Status.OK
    with monkeypatch.context() as patched:
        patched.setattr(storage, "worlds_fingerprint", lambda: "another")
        storage.cached_world(lambda: Core(world, seed=1), sim.Parameters(), seed=1)
    (found,) = doctor.worlds_found()
    assert found.state is Status.WARNING
    assert "cached worlds: 2, " in found.text
    assert "; 1 from another version of the model" in found.text
    assert "`rekindle world prune`" in found.remedy


def test_a_bad_limit_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REKINDLE_CACHE_GB", "much")
    (found,) = doctor.worlds_found()
    assert found.state is Status.PROBLEM
    assert "REKINDLE_CACHE_GB is 'much'" in found.text


def test_a_model_that_is_not_compiled_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "nowhere")
    assert doctor.model_found().state is Status.WARNING


@pytest.mark.parametrize("what", ["world", "log"])
def test_threads_that_differ_are_a_problem(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    sample = doctor._sample

    def planted(threads: int) -> Any:
        world, log = sample(1)
        if threads == 2 and what == "world":
            world.ties["openness"][0] += 1e-6
        if threads == 2 and what == "log":
            log = log.assign(time=log["time"] + 1)
        return world, log

    monkeypatch.setattr(doctor, "_sample", planted)
    found = doctor.sample_found()
    assert found.state is Status.PROBLEM
    assert "results differ between one thread and two" in found.text


def test_a_run_that_fails_is_a_problem_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> Any:
        raise RuntimeError("first line\n  second line")

    monkeypatch.setattr(doctor, "_sample", fails)
    found = doctor.sample_found()
    assert found.state is Status.PROBLEM
    assert "RuntimeError: first line second line" in found.text


def test_help_shows_an_example(rekindle: Rekindle) -> None:
    assert "Example: rekindle doctor" in rekindle("doctor", "--help").out
