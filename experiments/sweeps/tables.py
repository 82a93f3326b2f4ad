"""Outcomes of a run or a sweep as tables in a terminal."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from rich.console import Group
from rich.text import Text

from experiments.analysis.compare import (
    BASELINE,
    ENOUGH_WORLDS,
    NOT_KNOWN_YET,
    OUTCOMES,
    RESAMPLES,
    SPENT_ENOUGH,
    TOO_FEW,
    ends_of_interval,
    minutes,
    paired_differences,
    resampled_means,
)
from experiments.terminal.columns import Columns
from experiments.terminal.legend import PLAIN, Legend
from experiments.terminal.names import visible
from experiments.terminal.numbers import counted, number, signed
from experiments.terminal.tables import ATTACHED, table_of
from sim.model.gestures import KINDS
from sim.model.outcomes import MADE_OF_OTHERS, Measure, measures_of

_MOST_ARMS = 120  # most arms that are printed
_IDLE = (
    f"! This strategy used less than {SPENT_ENOUGH:.0%} of its time budget, so it is not a like-for-like comparison."
)


def run_tables(
    measures: Mapping[str, float], own: Mapping[str, Measure] | None = None, kinds: Sequence[str] = KINDS
) -> Group:
    """Tables of one run: each measure for the adopters and for everyone, then gestures by kind.

    Args:
        measures: outcomes by name.
        own: the user's own measures, which get a table of their own.
        kinds: the gestures that there are.
    """
    idle = _is_idle(measures)
    outcomes = table_of("measure", "adopters", "everyone", "unit", text=("unit",), whole=True)
    for name, measure in measures_of(kinds).items():
        if not name.startswith(MADE_OF_OTHERS):
            mine, everyone = (number(measures.get(key, math.nan)) for key in (name, f"everyone_{name}"))
            outcomes.add_row(name, mine + " !" * (idle and name == "used_share"), everyone, measure.unit)
    gestures = table_of("gesture", "sent", "answered", "sent (everyone)", "answered (everyone)", whole=True)
    for kind in kinds:
        keys = (f"sent_{kind}", f"answered_{kind}", f"everyone_sent_{kind}", f"everyone_answered_{kind}")
        gestures.add_row(kind, *(number(measures.get(key, math.nan)) for key in keys))
    notes = [Text(_IDLE)] if idle else []
    if not own:
        return Group(outcomes, gestures, *notes)
    table = table_of("own measure", "value", "unit", text=("unit",), whole=True)
    for name, measure in own.items():
        table.add_row(name, number(measures.get(name, math.nan)), measure.unit)
    return Group(outcomes, gestures, table, *notes)


def own_table(runs: pd.DataFrame, own: Mapping[str, Measure]) -> Columns | None:
    """The mean of each own measure in each arm, with its 95% interval over worlds; None if there is nothing to show.

    Args:
        runs: finished runs, with columns ``scenario``, ``replicate`` and the measures.
        own: the user's own measures.
    """
    if not own or runs["scenario"].nunique() > _MOST_ARMS:
        return None
    table = table_of("own measure", "arm", "mean", "95% interval", "worlds", "unit", text=("arm", "unit"))
    for name, measure in own.items():
        for arm, rows in runs.groupby("scenario", sort=False):
            values = rows[name].dropna().to_numpy(float)
            table.add_row(name, str(arm), *_mean(values), f"{rows['replicate'].nunique():,}", measure.unit)
    return table


def _is_idle(measures: Mapping[str, float]) -> bool:
    """Whether a run used too few of its minutes, as in `minutes`."""
    nothing = measures.get("minutes_planned", 0.0) > 0 and not measures.get("minutes_used", math.nan) > 0
    return nothing or measures.get("used_share", math.nan) < SPENT_ENOUGH


def sweep_tables(runs: pd.DataFrame, factors: Sequence[str], legend: Legend = PLAIN) -> Group:
    """Tables of a sweep: its strategies compared at each point of the factors, or the mean of each arm.

    Args:
        runs: finished runs, with columns ``scenario``, ``strategy``, ``replicate``, ``point``, factors and measures.
        factors: names of the columns that hold levels.
        legend: labels of the arms.
    """
    points = runs["point"].unique()
    if len(points) * runs["strategy"].nunique() > _MOST_ARMS:
        return Group(
            Text(f"The sweep has {runs['scenario'].nunique():,} arms, too many to print; use `rekindle results`.")
        )
    if runs["strategy"].nunique() < 2 or BASELINE not in set(runs["strategy"]):
        return _means_table(runs, legend)
    shown: list[Columns | Text] = []
    of_points = [runs[runs["point"] == point] for point in points]
    found = [_table_and_notes(there.assign(scenario=there["strategy"])) for there in of_points]
    shared = [note for note in found[0][1] if all(note in notes for _, notes in found)]  # printed once, at the end
    for there, (table, notes) in zip(of_points, found, strict=True):
        levels = ", ".join(f"{name} = {_level(there[name].iloc[0])}" for name in factors)
        shown += [Text(f"\n{visible(levels)}")] if levels else []
        shown.append(table)
        own = [note for note in notes if note not in shared]
        shown += [Text("\n".join(own))] if own else []
    return Group(*shown, Text("\n".join(shared)), *map(Text, legend.notes(runs["strategy"].unique())))


def _level(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _means_table(runs: pd.DataFrame, legend: Legend) -> Group:
    """The mean of each outcome in each arm, with its 95% interval over worlds, and idle arms marked."""
    outcomes = [name for name in OUTCOMES if name in runs]
    effort = minutes(runs)
    share = ["share used"] * bool(effort["idle"].any())
    titles = (title for measure in outcomes for title in (OUTCOMES[measure], "95% interval"))
    table = table_of("arm", *titles, *share, "worlds")
    for arm, rows in runs.groupby("scenario", sort=False):
        cells = [cell for measure in outcomes for cell in _mean(rows[measure].dropna().to_numpy(float))]
        used = [_share(effort.loc[arm])] * len(share)
        table.add_row(str(arm), *cells, *used, f"{rows['replicate'].nunique():,}")
    return Group(table, *map(Text, [_IDLE] * len(share) + legend.notes(runs["strategy"].unique())))


def _mean(values: np.ndarray) -> tuple[str, str]:
    if len(values) < 2:
        return number(float(values.mean()) if len(values) else math.nan), "–"
    low, high = np.quantile(resampled_means(values, RESAMPLES), ends_of_interval(len(values)))
    return number(float(values.mean())), f"{number(low)} … {number(high)}"


def sweep_table(runs: pd.DataFrame) -> Group:
    """All arms of a sweep, best first: paired differences with intervals, and how the time budget was used."""
    table, notes = _table_and_notes(runs)
    return Group(table, Text("\n".join(notes)))


def _table_and_notes(runs: pd.DataFrame) -> tuple[Columns, list[str]]:
    known = [name for name in OUTCOMES if name in runs and runs[name].notna().any()]
    paired = {name: paired_differences(runs, name, BASELINE) for name in known}
    base = runs[runs["scenario"] == BASELINE]
    effort = minutes(runs)
    arms = list(paired["reconnected"].sort_values("difference", ascending=False, kind="stable").index)
    effort_titles = ("minutes planned", "minutes used", "minutes lost", "share used")
    titles = (*(title for measure in paired for title in (OUTCOMES[measure], "95% interval")), *effort_titles)
    table = table_of("strategy", *titles, attached=(*ATTACHED, *effort_titles[1:]))
    for arm in arms:
        found = (cell for measure in paired for cell in _interval(paired[measure].loc[arm]))
        table.add_row(str(arm), *found, *_minutes(effort.loc[arm]))
    means = (cell for measure in paired for cell in (number(base[measure].mean()), "(mean)"))
    table.add_row(BASELINE, *means, *_minutes(effort.loc[BASELINE]), style="dim")
    missing = [name for name in OUTCOMES if name in runs and name not in known]
    absent = [f"{OUTCOMES[name].capitalize()} is missing: {NOT_KNOWN_YET[name]}." for name in missing]
    return table, [*_footnotes(paired["reconnected"], effort, known), *absent]


def _interval(row: pd.Series) -> tuple[str, str]:
    interval = "–" if math.isnan(row["low"]) else f"{signed(row['low'])} … {signed(row['high'])}"
    return signed(row["difference"]), interval


def _minutes(row: pd.Series) -> tuple[str, ...]:
    return (*(f"{row[name]:,.0f}" for name in ("planned", "used", "lost")), _share(row))


def _share(row: pd.Series) -> str:
    """The share of its minutes that an arm used, marked if it is too small."""
    share = "–" if math.isnan(row["share"]) else f"{row['share']:.0%}"
    if row["idle"] and share == f"{SPENT_ENOUGH:.0%}":  # round down, so that a marked share is below the threshold
        share = f"{math.floor(1_000 * row['share']) / 10:.1f}%"
    return share + (" !" if row["idle"] else "")


_MEANINGS = {
    "kept_up": "Kept up: in two-way contact 150 to 240 days after coming back, mostly while the strategy still runs.",
    "kept": "Kept: dormant at the start, and active 240 days after the strategy stopped.",
    "kept_new": "New, kept: no tie at the start, and active 240 days after the strategy stopped.",
}


def _footnotes(paired: pd.DataFrame, effort: pd.DataFrame, shown: Collection[str] = tuple(_MEANINGS)) -> list[str]:
    """Sentences about a table with these outcomes."""
    worlds = int(paired["worlds"].min()) if len(paired) else 0
    lines = [
        f"Ties per adopter: paired differences from `{BASELINE}` over {counted(worlds, 'world')}"
        f"{' (bootstrap over worlds)' if worlds > 1 else ''}; the row `{BASELINE}` shows its mean.",
        *([" ".join(meanings)] if (meanings := [_MEANINGS[name] for name in _MEANINGS if name in shown]) else []),
        "Minutes: per adopter over the whole run. Minutes used include those lost because the person backed out. "
        "Share used ignores a remainder too short for another session.",
    ]
    if worlds < ENOUGH_WORLDS:
        lines.append(f"{TOO_FEW.capitalize()}: there are {worlds}, and at least {ENOUGH_WORLDS} are needed.")
    if effort["idle"].any():
        lines.append(_IDLE)
    # Infinite if the difference is the same in every world.
    fewer = paired["fewer_runs"].replace(math.inf, math.nan).dropna()
    if len(fewer) and worlds >= ENOUGH_WORLDS:  # a ratio of variances over few worlds is meaningless
        lines.append(
            f"Without pairing, the same precision would need {number(fewer.median(), 2)} times as many runs (median "
            "over the arms)."
        )
    return lines


def progress_table(arms: pd.DataFrame) -> Columns:
    """The progress of each arm of a sweep; if there are many, only the first and last arms.

    Args:
        arms: one row per arm: ``scenario``, ``requested``, ``done``, and ``failed`` if it is known.
    """
    failures = ["failed"] * bool("failed" in arms and arms["failed"].any())
    table = table_of("arm", "runs done", *failures, "runs requested")
    left_out = len(arms) - _MOST_ARMS
    for at, (arm, *counts) in enumerate(arms[["scenario", "done", *failures, "requested"]].itertuples(index=False)):
        if left_out > 0 and at == _MOST_ARMS // 2:
            table.add_row(f"… {left_out:,} more …", *[""] * len(counts))
        if left_out <= 0 or at < _MOST_ARMS // 2 or at >= len(arms) - _MOST_ARMS // 2:
            table.add_row(str(arm), *(f"{count:,}" for count in counts))
    return table
