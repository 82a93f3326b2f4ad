"""Results as tables in a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from experiments.compare import ENOUGH_WORLDS, TOO_FEW, minutes, paired_differences
from experiments.contact_statistics import STATISTICS
from experiments.explain import MADE_OF_OTHERS, Entry
from sim.gestures import KINDS
from sim.measures import MEASURES

BASELINE = "wait"
_OUTCOMES = ("reconnected", "lasting")
_WIDEST = 10_000  # columns of a console that makes a table no narrower than it wants to be
_Block = tuple[Sequence[str], Sequence[Sequence[str]]]  # titles of columns, and the cells of each row


def number(value: float, digits: int = 3) -> str:
    """A number in a table: few digits, thousands apart, a dash where it is missing."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, digits)}f}"


def signed(value: float) -> str:
    """A difference with its sign: two decimals, one from ten on."""
    if math.isnan(value):
        return "–"
    text = f"{value:+.{1 if abs(value) >= 10 else 2}f}"
    return text.replace("-", "−") if float(text) else "0.00"


def run_tables(measures: Mapping[str, float]) -> Group:
    """One run: each measure for the adopters and for everyone, then gestures by kind."""
    outcomes = _table("measure", "adopters", "everyone", "unit")
    for name, measure in MEASURES.items():
        if not name.startswith(MADE_OF_OTHERS):
            row = (measures.get(key, math.nan) for key in (name, f"everyone_{name}"))
            outcomes.add_row(name, *(number(value) for value in row), measure.unit)
    gestures = _table("gesture", "sent", "answered", "sent, everyone", "answered, everyone")
    for kind in KINDS:
        keys = (f"sent_{kind}", f"answered_{kind}", f"everyone_sent_{kind}", f"everyone_answered_{kind}")
        gestures.add_row(kind, *(number(measures.get(key, math.nan)) for key in keys))
    return Group(outcomes, gestures)


def sweep_table(runs: pd.DataFrame, width: int) -> Group:
    """All arms of a sweep, best first: paired differences with intervals, and where the minutes went, per adopter.

    What does not fit side by side into this many columns stands in tables of its own, so that no number is cut.
    """
    paired = {measure: paired_differences(runs, measure, BASELINE) for measure in _OUTCOMES}
    base = runs[runs["scenario"] == BASELINE]
    effort = minutes(runs)
    arms = list(paired["reconnected"].sort_values("difference", ascending=False, kind="stable").index)
    blocks: list[_Block] = [
        (
            (measure, "95 % interval"),
            [*(_interval(paired[measure].loc[arm]) for arm in arms), (number(base[measure].mean()), "(its level)")],
        )
        for measure in _OUTCOMES
    ]
    minutes_of = [_minutes(effort.loc[arm]) for arm in (*arms, BASELINE)]
    blocks.append((("filled", "spent", "refused", "spent of filled"), minutes_of))
    return Group(*_side_by_side([*arms, BASELINE], blocks, width), Text(_footnotes(paired["reconnected"], effort)))


def _side_by_side(arms: Sequence[str], blocks: Sequence[_Block], width: int) -> list[Table]:
    """As many blocks of columns beside one another as fit; names are broken before numbers are."""
    tables: list[Table] = []
    beside: list[_Block] = []
    for block in blocks:
        wider = _arm_table(arms, [*beside, block])
        if beside and Console(width=_WIDEST).measure(wider).minimum > width:
            wider, beside = _arm_table(arms, [block]), []
        else:
            tables = tables[:-1]
        beside.append(block)
        tables.append(wider)
    return tables


def _arm_table(arms: Sequence[str], blocks: Sequence[_Block]) -> Table:
    titles = [title for titles, _ in blocks for title in titles]
    rows = [[cell for _, rows in blocks for cell in rows[at]] for at in range(len(arms))]
    table = _table("strategy", *titles)
    names, *numbers = table.columns
    names.no_wrap, names.overflow = False, "fold"
    for column, cells in zip(numbers, zip(titles, *rows, strict=True), strict=True):
        column.no_wrap, column.min_width = True, max(len(cell) for cell in cells)
    for arm, row in zip(arms, rows, strict=True):
        table.add_row(arm, *row, style="dim" if arm == BASELINE else None)
    return table


def _interval(row: pd.Series) -> tuple[str, str]:
    interval = "–" if math.isnan(row["low"]) else f"{signed(row['low'])} … {signed(row['high'])}"
    return signed(row["difference"]), interval


def _minutes(row: pd.Series) -> tuple[str, ...]:
    share = "–" if math.isnan(row["share"]) else f"{row['share']:.0%}"
    return (*(f"{row[name]:,.0f}" for name in ("filled", "spent", "refused")), share + (" !" if row["idle"] else ""))


def _footnotes(paired: pd.DataFrame, effort: pd.DataFrame) -> str:
    worlds = int(paired["worlds"].min()) if len(paired) else 0
    lines = [
        f"Ties per adopter: paired differences from `{BASELINE}` over {worlds} world{'' if worlds == 1 else 's'}"
        f"{', bootstrap over worlds' if worlds > 1 else ''}. Minutes per adopter over the whole run.",
    ]
    if worlds < ENOUGH_WORLDS:
        lines.append(f"{TOO_FEW.capitalize()}: {worlds}, and {ENOUGH_WORLDS} are the least.")
    if effort["idle"].any():
        lines.append("! spent under 90 % of its minutes: it is not the same effort.")
    fewer = paired["fewer_runs"].replace(math.inf, math.nan).dropna()  # infinite: the same difference in every world
    if len(fewer):
        lines.append(
            f"Independent seeds would have needed {number(fewer.median(), 2)} times the runs (median over the arms)."
        )
    return "\n".join(lines)


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for title in others:
        table.add_column(title, justify="left" if title == "unit" else "right")
    return table


def log_table(logs: Mapping[str, pd.DataFrame], resamples: int) -> Group:
    """Statistics of contact logs side by side: value and interval of each, by the log's name."""
    titles = [title for name in logs for title in (name.replace("_", "\n"), "95 % interval")]
    table = _table("statistic", *titles, "unit")
    for column in table.columns:
        column.no_wrap = True
    for name, statistic in STATISTICS.items():
        rows = [found.set_index("statistic").loc[name] for found in logs.values()]
        cells = [cell for row in rows for cell in (_digits(row["value"]), _digits(row["low"], row["high"]))]
        table.add_row(name, *cells, statistic.unit)
    said = (
        f"95 % intervals: bootstrap over people, {resamples:,} resamples. – is missing: the log is too short or thin."
    )
    return Group(table, Text(f"{said}\n`rekindle explain NAME` says what a statistic is."))


def _digits(*values: float) -> str:
    """Numbers with three digits each, a dash where one is missing."""
    if any(math.isnan(value) for value in values):
        return "–"
    texts = [np.format_float_positional(value, precision=3, fractional=False, trim="-") for value in values]
    return " … ".join(texts).replace("-", "−")


def explained_table(entry: Entry) -> Table:
    """One name and all that there is to say about it."""
    table = Table(
        title=f"{entry.name} ({entry.sort})", title_justify="left", box=None, show_header=False, padding=(0, 2)
    )
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    for title, text in entry.facts.items():
        table.add_row(title, Text(text))
    return table


def names_table(known: Sequence[Entry]) -> Group:
    """All names with their gist, but for those that are made of others."""
    table = _table("name", "sort")
    table.add_column("value, unit, meaning")
    for entry in known:
        if not entry.made:
            table.add_row(entry.name, entry.sort, Text(entry.gist))
    return Group(table, Text("Also gestures.KIND.NUMBER, sent_KIND, answered_KIND and everyone_MEASURE."))
