"""Contact logs, calibrations and validations as tables in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Group
from rich.text import Text

from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.discriminator import ToldApart
from experiments.logs.validate import (
    GATE_RULE,
    Judgement,
    accepted,
    apart_in_sentences,
    judged,
    summary,
    yardstick,
)

if TYPE_CHECKING:
    from experiments.logs.calibrate import Ledger
from experiments.terminal.columns import Columns
from experiments.terminal.numbers import counted, digits
from experiments.terminal.tables import table_of

_MOST_TELLING = 5  # features of a discriminator


def log_table(logs: Mapping[str, pd.DataFrame], resamples: int) -> Group:
    """Statistics of contact logs side by side: the value and interval of each, by the log's name."""
    titles = [title for name in logs for title in (name.replace("_", "\n"), "95% interval")]
    table = table_of("statistic", *titles, "unit", text=("unit",), whole=True)
    for name, statistic in STATISTICS.items():
        rows = [found.set_index("statistic").loc[name] for found in logs.values()]
        cells = [cell for row in rows for cell in (digits(row["value"]), digits(row["low"], row["high"]))]
        table.add_row(name, *cells, statistic.unit)
    drawn = f"The 95% intervals are from a bootstrap over people with {counted(resamples, 'resample')}."
    drawn = drawn if resamples else "No intervals: no resamples."
    note = f"{drawn} A dash means that the log is too short or has too little data."
    return Group(table, Text(f"{note}\n`rekindle explain NAME` describes a statistic."))


def ledger_table(ledger: Ledger) -> Group:
    """A calibration: parameters before and after, and statistics in the real log, before and after."""
    fitted = table_of("parameter", "at the start", "fitted", "range searched", whole=True)
    for one in ledger.fitted:
        limits = f"{one.low:g} … {one.high:g}"
        fitted.add_row(one.name, f"{ledger.start[one.name]:.4g}", f"{ledger.found[one.name]:.4g}", limits)
    aims = table_of("statistic", "real", "at the start", "fitted", whole=True)
    for name, real in ledger.real.items():
        aims.add_row(name, *map(digits, (real, ledger.simulated_at_start[name], ledger.simulated[name])))
    trials = counted(ledger.trials, "trial")
    note = f"The loss fell from {ledger.loss_at_start:.3f} at the start to {ledger.loss:.3f}, the best of {trials}."
    return Group(fitted, aims, Text(f"{note} It is 0 if all statistics agree, and 0.7 if all are off by 15%."))


def validation_tables(found: Judgement) -> Group:
    """Each statistic in a real log and in simulated worlds, how many agree, and what would tell the logs apart."""
    rows, gates = found.rows, found.gate
    table = table_of(
        "statistic", "mark", "real", "95% interval", "simulated", "over worlds", "ratio", "met", "in range", whole=True
    )
    for name, row in rows.iterrows():
        table.add_row(
            str(name), row["mark"], digits(row["real"]), digits(row["low"], row["high"]), digits(row["simulated"]),
            digits(row["least"], row["most"]), "–" if math.isnan(row["ratio"]) else f"{row['ratio']:.2f}",
            "yes" if row["met"] else "NO", "–" if pd.isna(row["in_range"]) else ("yes" if row["in_range"] else "no"),
        )  # fmt: skip
    met = [f"{mark}: {int(row['met'])} of {int(row['statistics'])}" for mark, row in summary(rows).iterrows()]
    gate = ", ".join(f"{name} {'passed' if holds else 'failed'}" for name, holds in gates.items() if name != "passed")
    passed = "passed" if gates["passed"] else "failed"
    agree = f"Statistics that agree (within 15% of the real value, or inside its 95% interval): {'; '.join(met)}."
    checked = f"Gate {passed}: {gate}." if gate else "Gate not checked: the log is too short for its statistics."
    lines = [agree, checked, GATE_RULE, *yardstick(rows, found.copies), *apart_in_sentences(found.apart)]
    if found.untestable:
        lines.append(f"Untestable, as the log is too short or has too little data: {', '.join(found.untestable)}.")
    return Group(table, Text("\n".join(lines)), *_apart_tables(found.apart))


def _apart_tables(apart: Mapping[str, ToldApart] | str) -> list[Columns]:
    """The features by which trees tell real people and pairs from simulated ones, the most telling first."""
    tables = []
    for kind, one in ({} if isinstance(apart, str) else apart).items():
        table = table_of(f"feature of {kind}", "loss of AUC", "AUC alone", "real", "simulated")
        for name, row in one.features.head(_MOST_TELLING).iterrows():
            numbers = f"{row['loss']:.3f}", f"{row['alone']:.2f}", digits(row["real"]), digits(row["simulated"])
            table.add_row(str(name), *numbers)
        tables.append(table)
    return tables


def facts_table(known: pd.DataFrame) -> Group:
    """Published facts: the accepted range, and the values in the real log and in a simulated world."""
    table = table_of("published fact", "accepted", "real", "simulated")
    for name, row in known.iterrows():
        range_text = "–" if math.isnan(row["low"]) else accepted(row["low"], row["high"])
        real, found = judged(row["real"], row["real_holds"]), judged(row["simulated"], row["simulated_holds"])
        table.add_row(str(name), range_text, real, found)
    return Group(table, Text("✗: outside the accepted range. A dash: missing, or it needs a list of ties."))
