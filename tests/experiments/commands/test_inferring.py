from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sim
from experiments.commands import inferring
from experiments.logs.draws import posterior_draws, with_draw
from experiments.logs.reference_table import COMMON
from experiments.logs.simulated import Window, simulated_log
from tests.experiments.conftest import refused

LIVELY = sim.Parameters(routine_rate=0.3, tie_capacity=40)
FEW = 40
SIZE = ("--rows", FEW, "--people", 24, "--draws", 20)


@pytest.fixture
def logs(config: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two logs that small worlds left."""
    monkeypatch.setattr("experiments.logs.posterior.FEWEST_ROWS", FEW)
    monkeypatch.setattr("experiments.logs.levels.ROUNDS", 2)
    monkeypatch.setattr("experiments.logs.reference_table.BURN_IN_YEARS", 0.1)
    paths = Path("wall.csv"), Path("mail.csv")
    for seed, path in enumerate(paths, start=1):
        found = simulated_log(LIVELY, Window(people=24, days=62, burn_in_years=0.02), seed=seed)
        rows = pd.DataFrame({"source": found.source, "target": found.target, "time": found.time})
        rows.to_csv(path, index=False)
    return paths


def test_infer_writes_draws_and_continues_where_it_stopped(
    logs: tuple[Path, Path], rekindle: Callable[..., Any]
) -> None:
    told = rekindle("infer", *logs, *SIZE, "-o", "found")
    assert told.code == 0, told.err
    folder = Path("found")
    for name in ("draws.csv", "draws.json", "posterior.csv", "calibration.csv", "report.md", "posterior.png"):
        assert f"Written: found/{name}" in told.out
    draws = posterior_draws(folder / "draws.csv")
    assert draws.shape == (20, len(COMMON))
    assert "# Posterior from wall, mail" in (folder / "report.md").read_text(encoding="utf-8")
    assert "without mail" in (folder / "report.md").read_text(encoding="utf-8")
    assert with_draw(sim.Parameters(), draws.iloc[0]).spell_days == draws.loc[0, "spell_days"]
    before = (folder / "draws.csv").read_bytes()
    table = folder / "table.jsonl"
    table.write_bytes(table.read_bytes()[:-3_000])
    again = rekindle("infer", *logs, *SIZE, "-o", "found")
    assert again.code == 0, again.err
    assert "was damaged and is set aside" in again.err
    assert "levels of" not in again.err  # they are kept, too
    assert (folder / "draws.csv").read_bytes() == before
    assert refused(rekindle("infer", *logs, *SIZE, "-o", "found", "--seed", 2)).startswith(
        "found has a table with another seed. Name another folder with --output"
    )


def test_what_cannot_be_inferred_from_is_named(logs: tuple[Path, Path], rekindle: Callable[..., Any]) -> None:
    wall, mail = logs
    assert "Two logs are called wall; rename one" in refused(rekindle("infer", wall, wall))
    assert "--output wall.csv is a file" in refused(rekindle("infer", mail, "-o", wall))
    Path("pair.csv").write_text("source,target,time\nann,bob,0\nbob,ann,90000\n")
    assert "pair.csv has 2 people in 1 days; an inference needs" in refused(rekindle("infer", "pair.csv"))
    assert refused(rekindle("infer", wall, "--rows", 5)) == f"--rows 5: an inference needs at least {FEW}.\n"


def test_levels_of_another_call_are_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "levels-wall.json"
    assert inferring._kept(path, {"seed": 1}) is None
    path.write_text('{"of": {"seed": 1}, "parameters": {"routine_rate": 0.2}}')
    found = inferring._kept(path, {"seed": 1})
    assert found is not None
    assert found.routine_rate == 0.2
    assert inferring._kept(path, {"seed": 2}) is None
    path.write_text("{")
    assert inferring._kept(path, {"seed": 1}) is None
