"""Comparison of simulated worlds with a real log, statistic by statistic.

A statistic is *fitted* if a fit used it, *seen* if it was looked at while the model was built, and otherwise
*emergent*. Only emergent statistics are evidence for the model. A statistic is met if it is close to the real value.
It is *untestable* if the log is too short for it or has fewer than five people or pairs behind it.

How many statistics another real log would meet is the yardstick: a model that meets no more has learned nothing about
this log in particular.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.logs.contact_statistics import CORE, LEAST_UNITS, STATISTICS
from experiments.logs.discriminator import ToldApart
from experiments.logs.gate import BACK, HAZARDS, limits_of_silence

FITTED, SEEN, EMERGENT = "fitted", "seen", "emergent"
MARKS = (FITTED, SEEN, EMERGENT)
NEAR = 0.15  # of the real value

# Statistics of the Facebook wall that were seen while the model was built.
LOOKED_AT = frozenset(STATISTICS)

FIRST = f"first {len(CORE)}"  # row of a summary: the statistics of `CORE`, of whatever mark
HAZARD_FACTOR, BACK_FACTOR = 2.0, 1.5  # by which worlds may differ from the log and still show what a gesture does
GATE_RULE = (
    f"The gate: hazards within a factor of {HAZARD_FACTOR:g} of the log's own, and the share of silent pairs that come "
    f"back within a factor of {BACK_FACTOR:g}."
)
_MOST_TELLING = 8  # features of a discriminator in a report


class Judgement(NamedTuple):
    """What a comparison with a real log finds.

    Attributes:
        rows: the result of `table`.
        gate: the result of `gate`.
        untestable: the result of `untestable`.
        copies: the result of `copies`.
        apart: the result of `discriminator.told_apart`.
    """

    rows: pd.DataFrame
    gate: Mapping[str, Any]
    untestable: Mapping[str, str]
    copies: pd.DataFrame
    apart: Mapping[str, ToldApart] | str


def table(
    real: pd.DataFrame,
    simulated: Sequence[Mapping[str, float]],
    *,
    fitted: Sequence[str] = (),
    seen: frozenset[str] = frozenset(),
    others: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Each statistic in a real log and in simulated worlds.

    Args:
        real: the result of `contact_log.statistics`, with intervals.
        simulated: the values of each simulated log, one or more.
        fitted: names of statistics that a fit used.
        seen: names of those that were looked at while the model was built.
        others: values of further real logs by name; with the real one they span a range.

    Returns:
        One row per statistic that can be tested, indexed by name, with columns ``mark``, ``real``, ``low``
        and ``high`` (its interval), ``simulated`` (mean over worlds), ``least`` and ``most`` (over worlds), ``ratio``,
        ``near`` (within 15% of the real value), ``inside`` (in its interval), ``met`` (either) and ``in_range``
        (between the least and the largest of all real logs; missing if there is no other log).
    """
    worlds = pd.DataFrame(list(simulated))[list(real["statistic"])].to_numpy(float)
    rows = real.set_index("statistic")[["value", "low", "high"]].rename(columns={"value": "real"})
    rows.insert(0, "mark", [_mark(name, fitted, seen) for name in rows.index])
    known = ~np.isnan(worlds)
    with np.errstate(invalid="ignore"):
        rows["simulated"] = np.where(known.any(axis=0), np.nansum(worlds, axis=0) / known.sum(axis=0), np.nan)
    rows["least"], rows["most"] = _extremes(worlds)
    rows["ratio"] = rows["simulated"] / rows["real"].replace(0, np.nan)
    rows["near"] = (rows["ratio"] - 1).abs() <= NEAR
    rows["inside"] = rows["simulated"].between(rows["low"], rows["high"])
    rows["met"] = rows["near"] | rows["inside"]
    rows["in_range"] = _in_range(rows, others or {})
    return rows[_testable(real).to_numpy()]


def _testable(real: pd.DataFrame) -> pd.Series:
    return real["value"].notna() & (real["units"] >= LEAST_UNITS)


def untestable(real: pd.DataFrame) -> dict[str, str]:
    """The statistics by which nothing can be judged, and why; ``real`` is the result of `contact_log.statistics`."""
    found = real[~_testable(real)].set_index("statistic")
    return {
        str(name): "the log is too short, or has no such data"
        if np.isnan(row["value"])
        else f"people or pairs: {int(row['units'])}, and {LEAST_UNITS} are needed"
        for name, row in found.iterrows()
    }


def copies(real: pd.DataFrame, others: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """How many statistics each other real log would meet if it were the model, by the same rule.

    Args:
        real: the result of `contact_log.statistics` for the log that is judged by.
        others: values of other real logs by name, cut as the real one.

    Returns:
        One row per log, the best first, with columns ``first`` (of `CORE`) and ``all``.
    """
    counts = {name: summary(table(real, [values]))["met"] for name, values in others.items()}
    found = pd.DataFrame(
        {"first": {name: met[FIRST] for name, met in counts.items()},
         "all": {name: met["all"] for name, met in counts.items()}}, columns=["first", "all"],
    )  # fmt: skip
    return found.astype(int).sort_values(["all", "first"], ascending=False, kind="stable")


def yardstick(rows: pd.DataFrame, others: pd.DataFrame) -> list[str]:
    """Sentences on how many statistics the model meets, and how many copies of other real logs would."""
    counts = summary(rows)
    found = []
    for row, column, text in ((FIRST, "first", f"Of the {FIRST} statistics"), ("all", "all", "Of all statistics")):
        tested, met = (int(counts.loc[row, name]) for name in ("statistics", "met"))
        best = f", best copy {others[column].max()} ({others[column].idxmax()})" if len(others) else ""
        found.append(f"{text}, {tested} can be tested: model {met}{best}.")
    return found


def _mark(name: str, fitted: Sequence[str], seen: frozenset[str]) -> str:
    if name in fitted:
        return FITTED
    return SEEN if name in seen else EMERGENT


def _extremes(worlds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest over worlds, shape (worlds, statistics) to (statistics,); nan where all are."""
    none = np.isnan(worlds).all(axis=0)
    least = np.where(none, np.nan, np.nanmin(np.where(np.isnan(worlds), np.inf, worlds), axis=0))
    most = np.where(none, np.nan, np.nanmax(np.where(np.isnan(worlds), -np.inf, worlds), axis=0))
    return least, most


def _in_range(found: pd.DataFrame, others: Mapping[str, Mapping[str, float]]) -> pd.Series:
    """Whether the simulated value lies in what the real logs span."""
    if not others:
        return pd.Series(pd.NA, index=found.index, dtype="boolean")
    logs = pd.DataFrame({"real": found["real"], **{name: pd.Series(dict(values)) for name, values in others.items()}})
    logs = logs.loc[found.index]
    inside = found["simulated"].between(logs.min(axis=1), logs.max(axis=1))
    return inside.astype("boolean").mask(found["simulated"].isna() | (logs.notna().sum(axis=1) < 2))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """How many statistics are met of each mark, of `CORE` and in total: columns ``statistics``, ``met``, ``share``."""
    counts = rows.groupby("mark")["met"].agg(statistics="size", met="sum").reindex(MARKS, fill_value=0)
    first = rows[rows.index.isin(CORE)]
    counts.loc[FIRST] = [len(first), int(first["met"].sum())]
    counts.loc["all"] = [len(rows), int(rows["met"].sum())]
    counts["share"] = counts["met"] / counts["statistics"].where(counts["statistics"] > 0)
    return counts


def gate(rows: pd.DataFrame) -> dict[str, Any]:
    """Whether silence in simulated worlds is as final as in the real log, so that they can show what a gesture does.

    Returns:
        For each of two hazards, whether it is within a factor of 2 of the log's own; for the share of pairs silent for
        over 30 days that come back within 90 more days, whether it is within a factor of 1.5 of the log's own; and
        ``passed``, whether all that could be checked are met. A world without a value fails.
    """
    real, simulated = rows["real"], rows["simulated"]
    own = {name: float(real[name]) for name in (*HAZARDS, BACK) if real.get(name, 0) > 0}
    back = own.get(BACK, np.nan)
    hazards = {name: own[name] for name in HAZARDS if name in own}
    limits = limits_of_silence(hazards, HAZARD_FACTOR, back / BACK_FACTOR, back * BACK_FACTOR)
    checks = {name: bool(low <= simulated[name] <= high) for name, (low, high) in limits.items() if name in own}
    return {**checks, "passed": bool(checks) and all(checks.values())}


def facts_side_by_side(real: pd.DataFrame, simulated: pd.DataFrame) -> pd.DataFrame:
    """Published facts in a real log and in a simulated world.

    Args:
        real: the result of `published.facts` for the log.
        simulated: the result of `published.facts` for the world, followed by rows of `published.absences`.

    Returns:
        Indexed by fact, with columns ``low``, ``high`` (what is accepted), ``real``, ``real_holds``, ``simulated``,
        ``simulated_holds``; a value is missing if the log or world has too little data.
    """
    found = simulated.set_index("fact")[["low", "high", "value", "holds"]]
    found = found.rename(columns={"value": "simulated", "holds": "simulated_holds"})
    here = real.set_index("fact")
    found.insert(2, "real", here["value"].reindex(found.index))
    found.insert(3, "real_holds", here["holds"].reindex(found.index))
    return found


def report(found: Judgement, known: pd.DataFrame, name: str, world: str) -> str:
    """The comparison as Markdown: counts, copies, the gate, what tells them apart, and each statistic and fact."""
    rows, checks = found.rows, found.gate
    counts = summary(rows)
    lines = [f"# Simulated worlds against {name}", "", f"Simulated: {world}.", ""]
    lines += [*yardstick(rows, found.copies), ""]
    lines += ["| | met | statistics |", "|---|---:|---:|"]
    lines += [f"| {mark} | {int(row['met'])} | {int(row['statistics'])} |" for mark, row in counts.iterrows()]
    lines += ["", "Met: within 15% of the real value, or inside its 95% interval.", ""]
    lines += [f"Gate: {'passed' if checks['passed'] else 'failed'} ({_gate_in_words(checks)}).", ""]
    lines += [GATE_RULE, ""]
    lines += [*_copies_in_lines(found.copies), *_apart_in_lines(found.apart)]
    lines += ["| statistic | mark | real | 95% interval | simulated | worlds | ratio | met | in range |"]
    lines += ["|---|---|---:|---:|---:|---:|---:|---|---|"]
    lines += [_line(str(key), row) for key, row in rows.iterrows()]
    if found.untestable:
        lines += ["", "## Untestable in this log", ""]
        lines += [f"- `{one}`: {why}" for one, why in found.untestable.items()]
    lines += ["", "## Published facts", "", "| fact | accepted | real | simulated |", "|---|---:|---:|---:|"]
    lines += [_fact_line(str(key), row) for key, row in known.iterrows()]
    return "\n".join(lines) + "\n"


def _copies_in_lines(others: pd.DataFrame) -> list[str]:
    """A table of how many statistics each other real log would meet."""
    if others.empty:
        return []
    head = [f"| copy of | met of the {FIRST} | met of all |", "|---|---:|---:|"]
    return [*head, *(f"| {name} | {row['first']} | {row['all']} |" for name, row in others.iterrows()), ""]


def _apart_in_lines(found: Mapping[str, ToldApart] | str) -> list[str]:
    """How well trees tell real people and pairs from simulated ones, and the features that tell most."""
    lines = ["## Told apart", ""]
    if isinstance(found, str):
        return [*lines, found, ""]
    lines += [*apart_in_sentences(found), "", "| | feature | loss of AUC | AUC alone | real | simulated |"]
    lines += ["|---|---|---:|---:|---:|---:|"]
    for kind, one in found.items():
        for name, row in one.features.head(_MOST_TELLING).iterrows():
            numbers = f"{row['loss']:.3f} | {row['alone']:.2f} | {row['real']:.3g} | {row['simulated']:.3g}"
            lines.append(f"| {kind} | `{name}` | {numbers} |")
    return [*lines, ""]


def apart_in_sentences(found: Mapping[str, ToldApart] | str) -> list[str]:
    """A sentence for people and one for pairs; or why there is none."""
    if isinstance(found, str):
        return [found]
    return [
        f"Trees tell simulated {kind} from real ones with an AUC of {one.auc:.2f} ({one.low:.2f} to {one.high:.2f}; "
        f".5 is chance), mostly by {', '.join(map(str, one.features.index[:3]))}."
        for kind, one in found.items()
    ]


def accepted(low: float, high: float) -> str:
    """A range as text: ``above 0``, ``below 0``, ``2 to 4``."""
    if low == high:
        return f"exactly {low:g}"
    if np.isinf(low):
        return f"below {high:g}"
    return f"above {low:g}" if np.isinf(high) else f"{low:g} to {high:g}"


def judged(value: float, holds: bool | None) -> str:
    """A value, with a mark if it is outside the accepted range; a dash if it is missing."""
    if value is None or np.isnan(value):
        return "–"
    return f"{value:.3g}" if holds or holds is None else f"{value:.3g} ✗"


def _fact_line(name: str, row: pd.Series) -> str:
    real, found = judged(row["real"], row["real_holds"]), judged(row["simulated"], row["simulated_holds"])
    range_text = "–" if np.isnan(row["low"]) else accepted(row["low"], row["high"])
    return f"| `{name}` | {range_text} | {real} | {found} |"


def _gate_in_words(checks: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {'passed' if holds else 'failed'}" for name, holds in checks.items() if name != "passed")


def _line(name: str, row: pd.Series) -> str:
    cells = [
        f"`{name}`",
        str(row["mark"]),
        f"{row['real']:.3g}",
        f"{row['low']:.3g} … {row['high']:.3g}",
        f"{row['simulated']:.3g}",
        f"{row['least']:.3g} … {row['most']:.3g}",
        f"{row['ratio']:.2f}",
        "yes" if row["met"] else "**no**",
        "–" if pd.isna(row["in_range"]) else ("yes" if row["in_range"] else "no"),
    ]
    return f"| {' | '.join(cells)} |"
