"""What a command does without is not loaded, so that it answers at once, also where nothing is compiled yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sim
from experiments.cli import COMMANDS, WITHOUT_MODEL

HEAVY = ("matplotlib", "numba", "pandas", "pyarrow", "scipy", "solara")


def loaded_by(code: str) -> set[str]:
    """Which of the heavy packages a new process has loaded after this code."""
    said = f"{code}\nimport sys; print('loaded:', *(name for name in {HEAVY!r} if name in sys.modules))"
    out = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout
    return set(out.partition("loaded:")[2].split())


def test_explaining_loads_no_heavy_package() -> None:
    call = "from experiments.cli import main\ntry: main(['explain', 'feed_rate'])\nexcept SystemExit: pass"
    assert loaded_by(call) == set()


@pytest.mark.parametrize("module", sorted(WITHOUT_MODEL))
def test_commands_without_the_model_do_not_load_what_compiles_it(module: str) -> None:
    assert module in {command.module for command in COMMANDS.values()}
    assert "numba" not in loaded_by(f"import experiments.commands.{module}")


def test_the_package_loads_its_parts_when_they_are_used() -> None:
    assert loaded_by("import sim; sim.gestures.LADDERS; sim.Parameters()") == set()
    assert "numba" in loaded_by("import sim; sim.simulate")


def test_every_public_name_is_there_and_listed() -> None:
    assert set(sim.__all__) <= set(dir(sim))
    assert all(getattr(sim, name) is not None for name in sim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'wrlds'"):
        sim.wrlds  # noqa: B018
