"""Nine strategies: what is left of each over plausible worlds, and what it keeps up while it runs."""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.analysis.compare import minutes
from experiments.analysis.over_draws import shares_of_being_best, winner
from experiments.analysis.verdicts import difference
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, over_draws, row_of, setting
from experiments.figures.nine_strategies_effort import draw_effort, draw_gains
from experiments.figures.over_draws import draw_over_draws
from experiments.figures.page import Words
from experiments.sweeps.sweep_result import SweepResult
from sim.model.strategies import NAMES

EFFORT = "parameters.effort_minutes"
USUAL = 60.0  # minutes a week, in nine_strategies.toml
WAIT = "wait"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """What each strategy keeps over plausible worlds; at the default numbers, what it keeps up at three efforts."""
    swept, drawn = sweeps["nine_strategies"], sweeps["strategies_draws"]
    shares = over_draws.shares(drawn)
    by_effort = _by_effort(sweeps)
    gains = pd.concat([_gains(arms, minutes=effort) for effort, arms in by_effort.items()], ignore_index=True)
    hour = gains[gains["minutes"] == USUAL].sort_values("value", ascending=False)
    left = _gains(swept.arms("kept", "strategy")).sort_values("value", ascending=False)
    return ClaimFinding(
        ruling=over_draws.ruling(shares, [name for name in NAMES if name in shares], drawn),
        effect=f"{over_draws.sentence(drawn)} {_effect(hour, gains, left, swept)}",
        pictures=(
            FigureSpec(
                "strategies_draws",
                _words_over_draws(drawn),
                over_draws.plotted(drawn),
                partial(draw_over_draws, legend=drawn.legend),
            ),
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
            "Over plausible worlds, an hour a week for two years, ties per adopter beyond waiting": over_draws.table(
                drawn
            ),
            "What these gains hang on (rank correlation over draws)": over_draws.dependence(drawn),
            "At the default numbers, an hour a week for two years": _table(swept, hour, left),
            "At the default numbers, ties kept up while the plan runs, beyond waiting, by minutes a week": gains.assign(
                strategy=gains["strategy"].map(swept.legend.label)
            ),
        },
        checked=("nine_strategies", "nine_strategies_effort", "strategies_draws"),
    )


def _by_effort(sweeps: Sweeps) -> dict[float, pd.DataFrame]:
    """Ties per adopter kept up while the plan runs, by minutes a week: one row per world, one column per strategy."""
    found = {USUAL: sweeps["nine_strategies"].arms("kept_up", "strategy")}
    other = sweeps["nine_strategies_effort"].arms("kept_up", [EFFORT, "strategy"])
    for effort in other.columns.get_level_values(0).unique():
        found[float(effort)] = other[effort]
    return dict(sorted(found.items()))


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
        name = str(row["strategy"])
        rows.append(
            {
                "strategy": swept.legend.label(name),
                "kept up while the plan runs": _interval(row),
                "left 240 days after it stopped": _interval(afterwards.loc[name], 2),
                "reconnected": _interval(back.loc[name]),
                **over_draws.effort_columns(spent, name),
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
        f"At the default numbers, “{label(first['strategy'])}” keeps up {first['value']:.1f} "
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


def _words_over_draws(drawn: SweepResult) -> Words:
    found, gained = over_draws.shares(drawn), over_draws.gains(drawn, over_draws.HEADLINE)
    first, kept = over_draws.leading(gained), gained.mean()
    least = drawn.verdict.least(over_draws.HEADLINE)
    label, best = drawn.legend.label(first), shares_of_being_best(gained)
    who = f"“{label[:1].upper()}{label[1:]}”" if winner(best) else "No strategy"
    return Words(
        f"{who} leaves most behind in nine of ten plausible worlds. “{label}” does in {best[first].value:.0%}:\n"
        f"240 days after two years of it, {kept[first]:+.1f} ties, and {least:g} or more in {found[first].value:.0%}",
        "Ties per adopter beyond waiting, an hour a week for two years. Dot: mean over plausible worlds; line: 90% of them.\n"
        "In each world, all assumed numbers are drawn within plausible ranges. The panels have different scales.",
        f"{setting(drawn)} {len(drawn.levels):,} of {drawn.runs['replicate'].nunique():,} drawn worlds pass the gate.\n"
        "Chance within each world widens the lines.",
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
