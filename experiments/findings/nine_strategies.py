"""Nine strategies: which is worth the hour?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from experiments.compare import minutes
from experiments.figures.nine_strategies_effort import draw_chances, draw_effort, draw_gains
from experiments.figures.page import Words
from experiments.findings import Finding, Picture, Sweeps, plain, row_of, setting
from experiments.gate import behind
from experiments.swept import Swept
from experiments.verdicts import Ruling, Word, chances_of_being_best, difference, ruled_by_family, winner

EFFORT = "parameters.effort_minutes"
USUAL = 60.0  # minutes a week, in nine_strategies.toml
JUDGED = (15.0, 60.0, 120.0)
WAIT = "wait"


def finding(sweeps: Sweeps) -> Finding:
    """Gains over waiting in ties reconnected and lasting, at three efforts; and which strategy is the best."""
    swept, asked = sweeps["nine_strategies"], sweeps["nine_strategies"].verdict
    by_effort = _by_effort(sweeps)
    rulings = {
        effort: ruled_by_family(_differences(by_effort[effort]), error=asked.family_error, worlds=asked.worlds)
        for effort in JUDGED
    }
    chances = _chances(sweeps)
    best = winner(chances, asked.best)
    gains = _gains(by_effort)
    hour = gains[gains["minutes"] == USUAL].sort_values("value", ascending=False)
    table = _table(sweeps, hour)
    return Finding(
        ruling=_together(rulings),
        effect=_effect(hour, gains, best, chances, asked.best, swept),
        pictures=(
            Picture("nine_strategies_lasting", _words_of_gains(swept, hour, best, chances), hour, draw_gains),
            Picture("nine_strategies_effort", _words_of_effort(swept, gains), gains, draw_effort),
            Picture("nine_strategies_best", _words_of_chances(sweeps, chances, best), _as_rows(chances), draw_chances),
        ),
        tables={
            "An hour a week for two years": table,
            "Ties gained that last, by minutes a week": gains.assign(strategy=gains["strategy"].map(plain)),
        },
        checked=("nine_strategies", "nine_strategies_effort"),
    )


def _by_effort(sweeps: Sweeps) -> dict[float, pd.DataFrame]:
    """Lasting ties per adopter by minutes a week: a row a world, a column a strategy."""
    found = {USUAL: sweeps["nine_strategies"].arms("lasting", "strategy")}
    other = sweeps["nine_strategies_effort"].arms("lasting", [EFFORT, "strategy"])
    for effort in other.columns.get_level_values(0).unique():
        found[float(effort)] = other[effort]
    return dict(sorted(found.items()))


def _differences(arms: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: (arms[name] - arms[WAIT]).to_numpy() for name in arms if name != WAIT}


def _together(rulings: Mapping[float, Ruling]) -> Ruling:
    """One ruling of several efforts: the same everywhere, or where it is what."""
    words = {ruling.word for ruling in rulings.values()}
    if Word.TOO_FEW in words:
        return Ruling(Word.TOO_FEW)
    if len(words) == 1 and words != {Word.DEPENDS}:
        return Ruling(words.pop())
    said = "; ".join(f"with {effort:g} minutes a week {ruling.on or ruling.word}" for effort, ruling in rulings.items())
    return Ruling(Word.DEPENDS, said)


def _gains(by_effort: Mapping[float, pd.DataFrame]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            row_of(difference(arms[name].to_numpy(), arms[WAIT].to_numpy()), strategy=name, minutes=effort)
            for effort, arms in by_effort.items()
            for name in arms
            if name != WAIT
        ]
    )


def _chances(sweeps: Sweeps) -> dict[str, float]:
    """Probability of being best: over worlds with the numbers as given and with each draw that gets through the gate."""
    given, drawn = sweeps["nine_strategies"], sweeps["nine_strategies_draws"]
    tables = [given.arms("lasting", "strategy")]
    through = drawn.runs[behind(drawn.runs, drawn.gates)]
    for _, runs in through.groupby("row", sort=False):
        tables.append(runs.pivot(index="replicate", columns="strategy", values="lasting").astype(float).dropna())
    return chances_of_being_best(
        [{name: table[name].to_numpy() for name in table if name != WAIT} for table in tables if len(table) > 1]
    )


def _table(sweeps: Sweeps, hour: pd.DataFrame) -> pd.DataFrame:
    """Gains beside the minutes that they cost, so that nothing wins by what costs nothing."""
    swept = sweeps["nine_strategies"]
    spent = minutes(swept.runs.assign(scenario=swept.runs["strategy"]))
    back = swept.arms("reconnected", "strategy")
    rows = []
    for _, row in hour.iterrows():
        came = difference(back[row["strategy"]].to_numpy(), back[WAIT].to_numpy())
        of = spent.loc[row["strategy"]]
        rows.append(
            {
                "strategy": plain(row["strategy"]),
                "lasting": f"{row['value']:+.1f} ({row['low']:.1f} … {row['high']:.1f})",
                "reconnected": f"{came.value:+.1f} ({came.low:.1f} … {came.high:.1f})",
                "lasting per 100 hours": f"{row['value'] / (of['filled'] / 6_000):.1f}",
                "filled, minutes": f"{of['filled']:,.0f}",
                "spent": f"{of['spent']:,.0f}",
                "refused": f"{of['refused']:,.0f}",
                "same effort": "no: under 90 % spent" if of["idle"] else "yes",
            }
        )
    return pd.DataFrame(rows)


def _effect(
    hour: pd.DataFrame, gains: pd.DataFrame, best: str | None, chances: dict[str, float], needed: float, swept: Swept
) -> str:
    first, last = hour.iloc[0], hour.iloc[-1]
    supply = swept.runs[swept.runs["strategy"] == WAIT]["everyone_dormant_at_start"].mean()
    leading = max(chances, key=lambda name: chances[name])
    crowned = (
        f"{plain(leading).capitalize()} is the best with a probability of {chances[leading]:.2f} over worlds and draws of the "
        + ("assumed numbers." if best else f"assumed numbers, which is not the {needed:g} at which a winner is named.")
    )
    return (
        f"With an hour a week for two years, “{plain(first['strategy'])}” gains {first['value']:.1f} "
        f"({first['low']:.1f} … {first['high']:.1f}) lasting ties per adopter over waiting, “{plain(last['strategy'])}” "
        f"{last['value']:.1f} ({last['low']:.1f} … {last['high']:.1f}); a person has {supply:.0f} dormant ties to begin with. "
        f"{_marginal(gains, str(first['strategy']))} {crowned}"
    )


def _marginal(gains: pd.DataFrame, name: str) -> str:
    mine = gains[gains["strategy"] == name].set_index("minutes")["value"]
    return f"A second hour a week would add {mine[120.0] - mine[USUAL]:.1f} more to the first strategy."


def _words_of_gains(swept: Swept, hour: pd.DataFrame, best: str | None, chances: dict[str, float]) -> Words:
    first = hour.iloc[0]
    leading = plain(str(first["strategy"]))
    what = f"{first['value']:.0f} lasting ties more than waiting"
    chance = chances[str(first["strategy"])]
    title = (
        f"“{leading.capitalize()}” is worth the hour most: {what};\nthe best with probability {chance:.2f} over draws of the assumed numbers"
        if best == first["strategy"]
        else f"“{leading.capitalize()}” comes first with {what},\nbut other numbers could change who is first"
    )
    return Words(
        title,
        "Ties per adopter that came back within two years and lasted half a year, more than by waiting;\n"
        f"an hour a week, mean and 95 % interval over {swept.runs['replicate'].nunique()} worlds.",
        f"{setting(swept)} Minutes filled, spent and refused stand in the table beside it.",
    )


def _words_of_effort(swept: Swept, gains: pd.DataFrame) -> Words:
    most = gains["minutes"].max()
    first = str(gains.loc[gains[gains["minutes"] == most]["value"].idxmax(), "strategy"])
    mine = gains[gains["strategy"] == first].set_index("minutes")["value"]
    return Words(
        f"With “{plain(first)}” the first hour a week brings {mine[USUAL]:.0f} lasting ties,\nand a second one {mine[120.0] - mine[USUAL]:.0f} more",
        "Lasting ties per adopter gained over waiting in two years, by minutes a week; bars: 95 % intervals over worlds.",
        setting(swept),
    )


def _words_of_chances(sweeps: Sweeps, chances: dict[str, float], best: str | None) -> Words:
    leading = max(chances, key=lambda name: chances[name])
    needed = sweeps["nine_strategies"].verdict.best
    title = (
        f"“{plain(leading).capitalize()}” is the best of nine with probability {chances[leading]:.2f}:\na winner may be named"
        if best
        else f"No winner: “{plain(leading)}” is the best with probability {chances[leading]:.2f},\nand {needed:g} is needed"
    )
    drawn = sweeps["nine_strategies_draws"].runs["row"].nunique()
    return Words(
        title,
        f"Probability of gaining most lasting ties, over worlds and {drawn + 1} sets of assumed numbers\n"
        "(what a contact leaves, how risky it feels, how much a plan emboldens).",
        setting(sweeps["nine_strategies"]),
    )


def _as_rows(chances: dict[str, float]) -> pd.DataFrame:
    rows = [{"strategy": name, "value": chance} for name, chance in chances.items()]
    return pd.DataFrame(rows).sort_values("value", ascending=False, ignore_index=True)
