"""What is told of measured speeds. The speeds themselves are for `make bench`: no test takes the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks import machine, speed, speed_report


def results(core: float = 4e6, engine: float = 1e4, numba: float = 1e5) -> dict[str, Any]:
    """A run at one size in which four took part."""
    medians = {"core-2": 2 * core, "core-1": core, "mesa-engine": engine, "numba": numba}
    rows: dict[str, Any] = {name: speed.summary([value, 1.1 * value, 0.9 * value]) for name, value in medians.items()}
    rows["core-2/full"] = speed.summary([core])
    rows["mesa"] = {"not_measured": "too slow at this size"}
    return {
        "when": "2025-01-01T00:00:00+00:00",
        "machine": {"processor": "one", "cores": 2, "load": [0.1]},
        "limits": {"random updates, 1 thread": 5e7},
        "speeds": {"1000": rows},
        "worlds": {
            "1000": {"ties_a_person": 61.0, "build": 1, "burn_in_a_year": 2, "save": 3, "load": 4, "bytes_a_tie": 76}
        },
        "memory_a_tie": {"mesa": 300.0},
        "ties_a_person": {"1000": 61.0},
        "burn_in_years": {"1000": 1.0},
        "load_after": [0.2],
    }


def text(*tables: object) -> str:
    """As printed."""
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115 - the console closes with us
    console.print(*tables)
    return console.export_text()


def test_tables_give_medians_extremes_and_reasons() -> None:
    said = text(speed_report.speed_table(results()), speed_report.ratio_table(results()))
    assert "8 M (7.2 M – 8.8 M)" in said
    assert "not measured: too slow at this size" in said
    assert "800 x" in said
    assert "2 x" in text(speed_report.workload_table(results()))
    assert "76" in text(speed_report.world_table(results()))
    assert "300" in text(speed_report.memory_table(results()))


def test_the_core_must_be_twenty_times_the_mesa_engine() -> None:
    assert speed.too_slow(results(core=2.1e5)) == []
    assert speed.too_slow(results(core=1.9e5)) == ["19.0 times at 1,000 people"]


def test_a_slower_machine_is_not_a_slower_core() -> None:
    now, then = results(core=2e6, engine=5e3, numba=5e4), results()
    assert speed_report.comparison(now, then)[1] == []


def test_what_became_more_than_a_tenth_slower_is_named() -> None:
    table, slower = speed_report.comparison(results(core=3.5e6), results())
    assert slower == [
        "our core, 2 threads at 1,000 people, 0.88",
        "our core, 1 thread at 1,000 people, 0.88",
        "our core, 2 threads: six strategies, log kept at 1,000 people, 0.88",
    ]
    assert "slower" in text(table)


def test_figure(tmp_path: Path) -> None:
    speed_report.draw(results(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"speed.png", "speed.svg"}


def test_each_competitor_lives_what_it_carries() -> None:
    assert speed.entries_of(["core-1", "numba"], ["ordinary", "lists", "full"]) == [
        *("core-1", "numba"),
        *("core-1/lists", "numba/lists"),
        "core-1/full",
    ]


@pytest.mark.parametrize(("a_day", "days"), [(0.001, 2_002), (0.3, 7), (1.0, 7), (3.0, 3), (60.0, 1)])
def test_stretches_are_whole_weeks_where_a_week_is_short(a_day: float, days: int) -> None:
    assert speed._days(a_day, 2.0) == days


def test_competitors_that_do_not_fit_together_are_measured_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "memory_needed", lambda name, world: float(len(name)))
    monkeypatch.setattr(speed, "free_memory", lambda: 10.0 / speed.SPARE)
    assert list(speed.groups(["mesa", "core-1", "core-2", "numba"], None)) == [
        ["mesa", "core-1"],
        ["core-2"],
        ["numba"],
    ]  # type: ignore[arg-type]


def test_limits_of_the_machine() -> None:
    found = machine.limits(gib=2**-8, repeats=1)
    assert "random updates, 1 thread" in found
    assert all(speed > 0 for speed in found.values())
