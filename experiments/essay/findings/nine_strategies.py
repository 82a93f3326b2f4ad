"""Nine strategies: the ties that each keeps up while it runs, and those left afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from experiments.analysis.compare import minutes
from experiments.analysis.verdicts import Ruling, Verdict, difference, ruled_by_family
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.nine_strategies_effort import draw_effort, draw_gains
from experiments.figures.page import Words
from experiments.sweeps.sweep_result import SweepResult

EFFORT = "parameters.effort_minutes"
USUAL = 60.0  # minutes a week, in nine_strategies.toml
JUDGED = (15.0, 60.0, 120.0)
WAIT = "wait"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """Ties kept up beyond waiting while the plan runs, at three efforts, and ties left after it stopped."""
    swept, thresholds = sweeps["nine_strategies"], sweeps["nine_strategies"].verdict
    by_effort = _by_effort(sweeps)
    rulings = {
        effort: ruled_by_family(
            _differences(by_effort[effort]), error=thresholds.family_error, worlds=thresholds.worlds
        )
        for effort in JUDGED
    }
    gains = pd.concat([_gains(arms, minutes=effort) for effort, arms in by_effort.items()], ignore_index=True)
    hour = gains[gains["minutes"] == USUAL].sort_values("value", ascending=False)
    left = _gains(swept.arms("kept", "strategy")).sort_values("value", ascending=False)
    return ClaimFinding(
        ruling=_together(rulings),
        effect=_effect(hour, gains, left, swept),
        pictures=(
            FigureSpec(
                "nine_strategies_kept_up",
                _words_of_gains(swept, hour, left),
                hour,
                partial(draw_gains, legend=swept.legend),
            ),
            FigureSpec(
                "nine_strategies_effort",
                _words_of_effort(swept, gains),
                gains,
                partial(draw_effort, legend=swept.legend),
            ),
            FigureSpec(
                "nine_strategies_left",
                _words_of_what_is_left(swept, left),
                left,
                partial(draw_gains, legend=swept.legend),
            ),
        ),
        tables={
            "An hour a week for two years": _table(swept, hour, left),
            "Ties kept up while the plan runs, beyond waiting, by minutes a week": gains.assign(
                strategy=gains["strategy"].map(swept.legend.label)
            ),
        },
        checked=("nine_strategies", "nine_strategies_effort"),
    )


def _by_effort(sweeps: Sweeps) -> dict[float, pd.DataFrame]:
    """Ties per adopter kept up while the plan runs, by minutes a week: one row per world, one column per strategy."""
    found = {USUAL: sweeps["nine_strategies"].arms("kept_up", "strategy")}
    other = sweeps["nine_strategies_effort"].arms("kept_up", [EFFORT, "strategy"])
    for effort in other.columns.get_level_values(0).unique():
        found[float(effort)] = other[effort]
    return dict(sorted(found.items()))


def _differences(arms: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: (arms[name] - arms[WAIT]).to_numpy() for name in arms if name != WAIT}


def _together(rulings: Mapping[float, Ruling]) -> Ruling:
    """One ruling for several efforts: their common verdict, or which effort has which."""
    words = {ruling.verdict for ruling in rulings.values()}
    if Verdict.TOO_FEW in words:
        return Ruling(Verdict.TOO_FEW)
    if len(words) == 1 and words != {Verdict.DEPENDS}:
        return Ruling(words.pop())
    verdicts = "; ".join(
        f"with {effort:g} minutes a week {ruling.on or ruling.verdict}" for effort, ruling in rulings.items()
    )
    return Ruling(Verdict.DEPENDS, verdicts)


def _gains(arms: pd.DataFrame, **more: float) -> pd.DataFrame:
    """The gain of each strategy over waiting, one row per strategy.

    Args:
        arms: one row per world, one column per strategy.
        more: columns with the same value in all rows.
    """
    others = [name for name in arms if name != WAIT]
    rows = [row_of(difference(arms[name].to_numpy(), arms[WAIT].to_numpy()), strategy=name, **more) for name in others]
    return pd.DataFrame(rows)


def _table(swept: SweepResult, hour: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """Each strategy's gains while it runs and afterwards, and the minutes that it used."""
    spent = minutes(swept.runs.assign(scenario=swept.runs["strategy"]))
    back = _gains(swept.arms("reconnected", "strategy")).set_index("strategy")
    afterwards = left.set_index("strategy")
    rows = []
    for _, row in hour.iterrows():
        name, of = row["strategy"], spent.loc[row["strategy"]]
        rows.append(
            {
                "strategy": swept.legend.label(name),
                "kept up while the plan runs": _interval(row),
                "left 240 days after it stopped": _interval(afterwards.loc[name], 2),
                "reconnected": _interval(back.loc[name]),
                "minutes planned": f"{of['planned']:,.0f}",
                "minutes used": f"{of['used']:,.0f}",
                "minutes lost": f"{of['lost']:,.0f}",
                "comparable effort": "no: under 90% of the minutes used" if of["idle"] else "yes",
            }
        )
    return pd.DataFrame(rows)


def _interval(row: pd.Series, digits: int = 1) -> str:
    """A gain with its 95% interval: ``+32.2 (31.7 … 32.7)``."""
    return f"{row['value']:+.{digits}f} ({row['low']:.{digits}f} … {row['high']:.{digits}f})"


def _effect(hour: pd.DataFrame, gains: pd.DataFrame, left: pd.DataFrame, swept: SweepResult) -> str:
    first, last, label = hour.iloc[0], hour.iloc[-1], swept.legend.label
    supply = swept.runs[swept.runs["strategy"] == WAIT]["everyone_dormant_at_start"].mean()
    afterwards = left.set_index("strategy").loc[first["strategy"]]
    return (
        f"With an hour a week for two years, “{label(first['strategy'])}” keeps up {first['value']:.1f} "
        f"({first['low']:.1f} … {first['high']:.1f}) more ties per adopter than waiting, and “{label(last['strategy'])}” "
        f"{last['value']:.1f} ({last['low']:.1f} … {last['high']:.1f}). A person has {supply:.0f} dormant ties at the start. "
        f"{_marginal(gains, str(first['strategy']), swept)} Little is left afterwards: 240 days after the plan stopped, "
        f"{_interval(afterwards, 2)} more of these ties are in contact with “{label(first['strategy'])}” than with waiting. "
        "Intervals are 95% intervals over worlds."
    )


def _marginal(gains: pd.DataFrame, name: str, swept: SweepResult) -> str:
    mine = gains[gains["strategy"] == name].set_index("minutes")["value"]
    return f"A second hour a week adds {mine[120.0] - mine[USUAL]:.1f} more ties to “{swept.legend.label(name)}”."


def _words_of_gains(swept: SweepResult, hour: pd.DataFrame, left: pd.DataFrame) -> Words:
    first = hour.iloc[0]
    afterwards = left.set_index("strategy").loc[first["strategy"], "value"]
    leading = swept.legend.label(str(first["strategy"]))
    return Words(
        f"“{leading[:1].upper()}{leading[1:]}” keeps up {first['value']:.0f} more ties than waiting while the plan runs;\n"
        f"240 days after it stops, {afterwards:+.1f} of them are left",
        "Ties per adopter that came back and were in two-way contact 150 to 240 days later, beyond waiting;\n"
        f"an hour a week for two years, mean and 95% interval over {swept.runs['replicate'].nunique()} worlds.",
        f"{setting(swept)} The table in the report has the minutes planned and used.",
    )


def _words_of_effort(swept: SweepResult, gains: pd.DataFrame) -> Words:
    most = gains["minutes"].max()
    first = str(gains.loc[gains[gains["minutes"] == most]["value"].idxmax(), "strategy"])
    mine = gains[gains["strategy"] == first].set_index("minutes")["value"]
    return Words(
        f"With “{swept.legend.label(first)}” the first hour a week keeps up {mine[USUAL]:.0f} ties while the plan runs,\n"
        f"and a second one {mine[120.0] - mine[USUAL]:.0f} more",
        "Ties per adopter kept up while the plan runs, beyond waiting, by minutes a week; bars: 95% intervals over worlds.",
        setting(swept),
    )


def _words_of_what_is_left(swept: SweepResult, left: pd.DataFrame) -> Words:
    first = left.iloc[0]
    return Words(
        f"240 days after the plan stopped, at most {first['value']:+.1f} ties are left\n"
        f"(“{swept.legend.label(str(first['strategy']))}”)",
        "Formerly dormant ties per adopter that are active 240 days after two years of an hour a week, beyond waiting;\n"
        f"mean and 95% interval over {swept.runs['replicate'].nunique()} worlds. Grey: the interval includes zero.",
        setting(swept),
    )
