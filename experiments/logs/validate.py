"""Comparison of simulated worlds with a real log, statistic by statistic.

A statistic is *fitted* if a fit used it, *seen* if it was looked at while the model was built, and otherwise
*emergent*. Only emergent statistics are evidence for the model. A statistic is met if it is close to the real value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.config.settings import GateSettings
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.gate import HAZARDS, limits_of_silence

FITTED, SEEN, EMERGENT = "fitted", "seen", "emergent"
MARKS = (FITTED, SEEN, EMERGENT)
NEAR = 0.15  # of the real value

# Statistics of the Facebook wall that were seen while the model was built.
LOOKED_AT = frozenset(STATISTICS)

# Worlds outside these limits cannot show what a gesture does.
_GATE = {name: GateSettings.model_fields[name].default for name in ("factor", "reactivated_low", "reactivated_high")}


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
        One row per statistic with a value in the real log, indexed by name, with columns ``mark``, ``real``, ``low``
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
    return rows[rows["real"].notna()]


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
    """How many statistics of each mark, and in total, are met: columns ``statistics``, ``met`` and ``share``."""
    counts = rows.groupby("mark")["met"].agg(statistics="size", met="sum").reindex(MARKS, fill_value=0)
    counts.loc["all"] = [len(rows), int(rows["met"].sum())]
    counts["share"] = counts["met"] / counts["statistics"].where(counts["statistics"] > 0)
    return counts


def gate(rows: pd.DataFrame) -> dict[str, Any]:
    """Whether silence in simulated worlds is as final as in the real log, so that they can show what a gesture does.

    Returns:
        For each of two hazards, whether it is within a factor of two of the real one; for pairs silent for over 30
        days, whether 18% to 44% come back within 90 more days; and ``passed``, whether all that could be checked are
        met.
    """
    real, simulated = rows["real"], rows["simulated"].dropna()
    hazards = {name: float(real[name]) for name in HAZARDS if real.get(name, 0) > 0}
    limits = limits_of_silence(hazards, _GATE["factor"], _GATE["reactivated_low"], _GATE["reactivated_high"])
    checks = {name: bool(low <= simulated[name] <= high) for name, (low, high) in limits.items() if name in simulated}
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


def report(rows: pd.DataFrame, known: pd.DataFrame, checks: Mapping[str, Any], name: str, world: str) -> str:
    """The comparison as Markdown: counts, the gate, and each statistic and published fact, with mismatches marked."""
    counts = summary(rows)
    lines = [f"# Simulated worlds against {name}", "", f"Simulated: {world}.", ""]
    lines += ["| | met | statistics |", "|---|---:|---:|"]
    lines += [f"| {mark} | {int(row['met'])} | {int(row['statistics'])} |" for mark, row in counts.iterrows()]
    lines += ["", "Met: within 15% of the real value, or inside its 95% interval.", ""]
    lines += [f"Gate: {'passed' if checks['passed'] else 'failed'} ({_gate_in_words(checks)}).", ""]
    lines += ["| statistic | mark | real | 95% interval | simulated | worlds | ratio | met | in range |"]
    lines += ["|---|---|---:|---:|---:|---:|---:|---|---|"]
    lines += [_line(str(key), row) for key, row in rows.iterrows()]
    lines += ["", "## Published facts", "", "| fact | accepted | real | simulated |", "|---|---:|---:|---:|"]
    lines += [_fact_line(str(key), row) for key, row in known.iterrows()]
    return "\n".join(lines) + "\n"


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
