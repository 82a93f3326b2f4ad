"""Tables of logs, calibrations and validations in a terminal, from made-up numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
from rich.console import Group

from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.discriminator import ToldApart
from experiments.logs.tables import facts_table, ledger_table, log_table, validation_tables
from experiments.logs.validate import Judgement
from experiments.terminal.console import Terminal

NONE = float("nan")


def shown(table: Group) -> list[str]:
    """The lines of a table in a wide terminal, with single spaces."""
    terminal = Terminal(width=400)
    with terminal.capture() as captured:
        terminal.print(table)
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_statistics_of_logs_stand_side_by_side() -> None:
    def found(value: float, low: float) -> pd.DataFrame:
        return pd.DataFrame({"statistic": list(STATISTICS), "value": value, "low": low, "high": 0.75})

    logs = {"wall": found(0.5, 0.25), "mail": found(0.125, NONE)}
    lines = shown(log_table(logs, 100))
    assert "clustering 0.5 0.25 … 0.75 0.125 – share" in lines
    assert any("from a bootstrap over people with 100 resamples." in line for line in lines)
    assert any(line.startswith("No intervals: no resamples.") for line in shown(log_table(logs, 0)))


def test_a_calibration_shows_where_it_began_and_what_it_found() -> None:
    ledger: Any = SimpleNamespace(
        fitted=[SimpleNamespace(name="ease", low=0.5, high=4.0)], start={"ease": 1.0}, found={"ease": 1.2345},
        real={"clustering": 0.3}, simulated_at_start={"clustering": 0.1}, simulated={"clustering": 0.25},
        trials=1, loss_at_start=2.5, loss=0.125,
    )  # fmt: skip
    lines = shown(ledger_table(ledger))
    assert "ease 1 1.234 0.5 … 4" in lines
    assert "clustering 0.3 0.1 0.25" in lines
    assert any("fell from 2.500 at the start to 0.125, the best of 1 trial." in line for line in lines)


def test_a_validation_says_what_agrees_and_whether_the_gate_is_passed() -> None:
    names = ["met", "unmet", "unknown"]
    rows = pd.DataFrame(
        {"mark": "fitted", "real": [0.5, 0.5, NONE], "low": [0.4, NONE, NONE], "high": [0.6, NONE, NONE],
         "simulated": [0.45, 0.9, 0.1], "least": [0.3, 0.8, NONE], "most": [0.7, 1.0, NONE],
         "ratio": [0.9, 1.8, NONE], "met": [True, False, False], "in_range": [True, False, None]}, index=names
    )  # fmt: skip
    none = pd.DataFrame(columns=["first", "all"], dtype=int)
    others = pd.DataFrame({"first": [0, 0], "all": [2, 1]}, index=["mail", "chat"])
    telling = pd.DataFrame({"loss": [0.1], "alone": [0.75], "real": [3.0], "simulated": [NONE]}, index=["gap_days_q10"])
    apart = {"people": ToldApart(0.875, 0.85, 0.9, 10, telling)}
    checks = {"hazard": True, "back": False, "passed": False}
    lines = shown(validation_tables(Judgement(rows, checks, {"clustering": "why"}, others, apart)))
    assert "met fitted 0.5 0.4 … 0.6 0.45 0.3 … 0.7 0.90 yes yes" in lines
    assert "unmet fitted 0.5 – 0.9 0.8 … 1 1.80 NO no" in lines
    assert "unknown fitted – – 0.1 – – NO –" in lines
    assert any("fitted: 1 of 3; seen: 0 of 0; emergent: 0 of 0; first 74: 0 of 0; all: 1 of 3." in x for x in lines)
    assert "Of all statistics, 3 can be tested: model 1, best copy 2 (mail)." in lines
    assert any(
        line.startswith("Trees tell simulated people from real ones with an AUC of 0.88 (0.85") for line in lines
    )
    assert "gap_days_q10 0.100 0.75 3 –" in lines
    assert any(line.startswith("Untestable") and line.endswith(": clustering.") for line in lines)
    assert "Gate failed: hazard passed, back failed." in lines
    assert "Gate not checked: the log is too short for its statistics." in shown(
        validation_tables(Judgement(rows, {"passed": True}, {}, none, "Too few people."))
    )
    lines = shown(validation_tables(Judgement(rows, {"passed": True}, {}, none, "Too few people.")))
    assert "Of all statistics, 3 can be tested: model 1." in lines
    assert "Too few people." in lines
    assert not any(line.startswith("Untestable") for line in lines)


def test_a_fact_shows_the_real_log_before_the_simulated_world() -> None:
    known = pd.DataFrame(
        {"low": [0.2, NONE], "high": [0.4, NONE], "real": [0.3, 0.1], "real_holds": [True, None],
         "simulated": [0.5, NONE], "simulated_holds": [False, None]}, index=["within", "without a range"]
    )  # fmt: skip
    lines = shown(facts_table(known.astype({"real_holds": object, "simulated_holds": object})))
    assert "within 0.2 to 0.4 0.3 0.5 ✗" in lines
    assert "without a range – 0.1 –" in lines
