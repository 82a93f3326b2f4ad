"""Paired differences as a table in a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from rich.console import Group
from rich.text import Text

from experiments.analysis.compare import ENOUGH_WORLDS
from experiments.terminal.columns import Columns
from experiments.terminal.numbers import number, plain, with_sign
from experiments.terminal.tables import ATTACHED, sentences, table_of


def comparison_table(rows: pd.DataFrame, notes: Sequence[str]) -> Group:
    """A table of the paired differences that `experiments.analysis.compare.compared` returns.

    There is one row per measure or, with several contrasts or levels, one table per measure.
    """
    marks, explained = _said_once(rows)
    rows = rows.assign(note=marks)
    if rows["measure"].is_unique:
        tables = [_differences("measure", list(rows["measure"]), rows)]
    else:
        several = rows[["a", "b"]].drop_duplicates().shape[0] > 1
        tables = [
            _differences(str(measure), [row_name(row, several) for _, row in of_measure.iterrows()], of_measure)
            for measure, of_measure in rows.groupby("measure", sort=False)
        ]
    a, b = (rows[side].unique() for side in ("a", "b"))
    lines = [
        f"A: {a[0] if len(a) == 1 else 'the arm that the row names'}. B: {b[0]}. Differences are paired by world; "
        "their 95% intervals are from a bootstrap over worlds."
    ]
    if rows["worlds"].max() >= ENOUGH_WORLDS:
        lines.append("Fewer runs: how many times as many runs independent seeds would need for the same precision.")
    return Group(*tables, Text(sentences([*lines, *explained, *notes])))


def _said_once(rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The marks of each row's notes, and the lines below the table that explain them."""
    each = [[part for part in note.split("; ") if part] for note in rows["note"]]
    found = list(dict.fromkeys(part for parts in each for part in parts))
    of_all = [part for part in found if all(part in parts for parts in each)]
    marks = {part: str(at) for at, part in enumerate((part for part in found if part not in of_all), start=1)}
    explained = [f"{'All rows' if len(each) > 1 else 'Note'}: {'; '.join(of_all)}."] if of_all else []
    explained += [f"Note {mark}: {part}." for part, mark in marks.items()]
    return [", ".join(marks[part] for part in parts if part in marks) for parts in each], explained


def row_name(row: pd.Series, several: bool) -> str:
    """The name of a row: its A, if these differ, and its level."""
    return ", ".join(text for text in (row["a"] if several else "", row["level"]) if text)


def _differences(title: str, names: Sequence[str], rows: pd.DataFrame) -> Columns:
    noted = ["note"] if rows["note"].any() else []
    table = table_of(
        title,
        "A",
        "B",
        "A − B",
        "95% interval",
        "worlds",
        "fewer runs",
        *noted,
        attached=(*ATTACHED, "B", "fewer runs"),
    )
    for name, (_, row) in zip(names, rows.iterrows(), strict=True):
        means = (plain(row["a_mean"]), plain(row["b_mean"]))
        fewer = number(row["fewer_runs"], 2) if row["worlds"] >= ENOUGH_WORLDS else "–"
        counts = (f"{row['worlds']:,}", fewer)
        table.add_row(name, *means, *difference(row), *counts, *([row["note"]] if noted else []))
    return table


def difference(row: pd.Series) -> tuple[str, str]:
    """A difference and its interval, with as many digits as the width of the interval justifies."""
    width = row["high"] - row["low"]
    size = width / 10 if width > 0 else abs(row["difference"]) / 100  # of the last digit
    decimals = min(max(0, -math.floor(math.log10(size))), 9) if size > 0 else 0
    mean, low, high = (with_sign(value, decimals) for value in row[["difference", "low", "high"]])
    return "–" if math.isnan(row["difference"]) else mean, "–" if math.isnan(row["low"]) else f"{low} … {high}"
