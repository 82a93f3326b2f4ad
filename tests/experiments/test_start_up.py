"""What is slow to load is not loaded by who does without, and help tells of all commands."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import sim
from experiments import cli
from tests.conftest import ROOT

SLOW = ("SALib", "distributed", "duckdb", "matplotlib", "mesa", "optuna", "pyarrow.dataset", "scipy.optimize",
        "scipy.sparse", "scipy.stats", "sklearn")  # fmt: skip
HEAVY = ("matplotlib", "numba", "pandas", "pyarrow", "scipy", "solara")
_LOADED = "import sys; print(*(name for name in sys.argv[1:] if name in sys.modules))"


def loaded(code: str, names: tuple[str, ...]) -> str:
    """Which of these modules are there once a fresh interpreter has run a piece of code."""
    return subprocess.run(
        [sys.executable, "-c", f"{code}\n{_LOADED}", *names], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_what_most_commands_do_without() -> None:
    """One process loads them one after another, and says after each what is there."""
    commands = ("run", "sweep", "plan", "status", "results", "schema", "explain", "world")
    said = "print(command, *(name for name in sys.argv[1:] if name in sys.modules), sep=',', end=' ')"
    code = (
        f"import sys\nfrom experiments import cli\nfor command in {commands}:\n    cli.app_for(command)\n    {said}\n"
    )
    assert loaded(code, SLOW).split() == list(commands)


def test_what_a_worker_does_without() -> None:
    run = "sim.simulate(sim.worlds.generated(people=9, burn_in_years=0), days=2, strategy='wait', adopters=1, seed=1)"
    assert loaded(f"import sim; from experiments.sweeps import runner; {run}", SLOW) == "scipy.optimize scipy.sparse"


def test_help_is_printed_without_the_model_and_its_libraries() -> None:
    code = (
        "import contextlib, io\nfrom experiments import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):\n"
        "    cli.main(['--help'])\nassert 'plan-week' in said.getvalue()"
    )
    names = ("sim", "numpy", "pandas", "numba", "llvmlite", "scipy", "pyarrow", "pydantic", "experiments.commands")
    assert loaded(code, names) == ""


def test_results_are_read_without_what_only_folders_of_tables_need() -> None:
    code = "import pyarrow as pa\nfrom experiments.sweeps import checksums as c\n"
    code += "t = pa.table({'id': ['a']})\nassert c.parsed(c.parquet_of(t), checked=True) == t"
    assert loaded(code, ("pyarrow.dataset",)) == ""


def test_mesa_is_loaded_when_it_is_needed() -> None:
    assert loaded("import sim; sim.ReconnectionModel, sim.Person, sim.Tie", ("mesa",)) == "mesa"


def test_explaining_loads_nothing_that_is_slow() -> None:
    code = (
        "import contextlib, io\nfrom experiments import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):\n"
        "    cli.main(['explain', 'feed_rate'])\nassert 'per day' in said.getvalue()"
    )
    assert loaded(code, HEAVY) == ""


@pytest.mark.parametrize("module", sorted(cli.WITHOUT_MODEL))
def test_commands_without_the_model_do_not_load_what_compiles_it(module: str) -> None:
    assert module in {command.module for command in cli.COMMANDS.values()}
    assert loaded(f"import experiments.commands.{module}", ("numba",)) == ""


def test_the_package_loads_its_parts_when_they_are_used() -> None:
    assert loaded("import sim; sim.gestures.LADDERS; sim.Parameters()", HEAVY) == ""
    assert loaded("import sim; sim.simulate", ("numba",)) == "numba"


def test_every_public_name_is_there_and_listed() -> None:
    assert set(sim.__all__) <= set(dir(sim))
    assert all(getattr(sim, name) is not None for name in sim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'wrlds'"):
        sim.wrlds  # noqa: B018


@pytest.mark.any_python
def test_help_lists_all_commands(rekindle: Callable[..., Any]) -> None:
    for name, command in cli.COMMANDS.items():
        assert inspect.getdoc(cli.loaded(command.module, name)) == command.help, name
    said = rekindle("--help").out
    assert all(f" {name} " in said for name in [*cli.COMMANDS, *cli.GROUPS])
    for name, (_, text) in cli.GROUPS.items():
        assert text in " ".join(rekindle(name, "--help").out.split())
