"""Contact logs, calibrations and validations as tables in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Group
from rich.text import Text

from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.validate import accepted, judged

if TYPE_CHECKING:
    from experiments.logs.calibrate import Ledger
from experiments.terminal.numbers import counted, digits
from experiments.terminal.tables import table_of


def log_table(logs: Mapping[str, pd.DataFrame], resamples: int) -> Group:
    """Statistics of contact logs side by side: value and interval of each, by the log's name."""
    titles = [title for name in logs for title in (name.replace("_", "\n"), "95 % interval")]
    table = table_of("statistic", *titles, "unit", text=("unit",), whole=True)
    for name, statistic in STATISTICS.items():
        rows = [found.set_index("statistic").loc[name] for found in logs.values()]
        cells = [cell for row in rows for cell in (digits(row["value"]), digits(row["low"], row["high"]))]
        table.add_row(name, *cells, statistic.unit)
    drawn = f"95 % intervals: bootstrap over people, {counted(resamples, 'resample')}."
    said = f"{drawn if resamples else 'No intervals: no resamples.'} – is missing: the log is too short or thin."
    return Group(table, Text(f"{said}\n`rekindle explain NAME` says what a statistic is."))


def ledger_table(ledger: Ledger) -> Group:
    """What a calibration fitted on what: parameters before and after, statistics real, before and after."""
    fitted = table_of("parameter", "at the start", "found", "looked for in", whole=True)
    for one in ledger.fitted:
        limits = f"{one.low:g} … {one.high:g}"
        fitted.add_row(one.name, f"{ledger.start[one.name]:.4g}", f"{ledger.found[one.name]:.4g}", limits)
    aims = table_of("statistic", "real", "at the start", "found", whole=True)
    for name, real in ledger.real.items():
        aims.add_row(name, *map(digits, (real, ledger.simulated_at_start[name], ledger.simulated[name])))
    trials = counted(ledger.trials, "trial")
    said = f"Loss {ledger.loss_at_start:.3f} at the start, {ledger.loss:.3f} at the best of {trials}."
    return Group(fitted, aims, Text(f"{said} It is 0 where all agree, and 0.7 where all are 15 % off."))


def validation_tables(rows: pd.DataFrame, counts: pd.DataFrame, told: Mapping[str, bool]) -> Group:
    """Each statistic of a real log beside simulated worlds, and how many are met."""
    table = table_of(
        "statistic", "mark", "real", "95 % interval", "simulated", "over worlds", "ratio", "met", "in range", whole=True
    )
    for name, row in rows.iterrows():
        table.add_row(
            str(name), row["mark"], digits(row["real"]), digits(row["low"], row["high"]), digits(row["simulated"]),
            digits(row["least"], row["most"]), "–" if math.isnan(row["ratio"]) else f"{row['ratio']:.2f}",
            "yes" if row["met"] else "NO", "–" if pd.isna(row["in_range"]) else ("yes" if row["in_range"] else "no"),
        )  # fmt: skip
    met = [f"{mark}: {int(row['met'])} of {int(row['statistics'])}" for mark, row in counts.iterrows()]
    gate = ", ".join(f"{name} {'holds' if holds else 'fails'}" for name, holds in told.items() if name != "passed")
    passed = "passed" if told["passed"] else "not passed"
    said = (
        f"Met (within 15 % or inside the real interval): {'; '.join(met)}.\nGate {passed}: {gate or 'nothing to tell'}."
    )
    return Group(table, Text(said))


def facts_table(known: pd.DataFrame) -> Group:
    """Published facts: what is accepted, what the real log and a simulated world have."""
    table = table_of("published fact", "accepted", "real", "simulated")
    for name, row in known.iterrows():
        said = "–" if math.isnan(row["low"]) else accepted(row["low"], row["high"])
        real, found = judged(row["real"], row["real_holds"]), judged(row["simulated"], row["simulated_holds"])
        table.add_row(str(name), said, real, found)
    return Group(table, Text("✗ is outside what is accepted, – is missing or needs a list of ties."))
