"""Nine strategies: what is left of each over plausible worlds, by effort and size of the world, and how fast it fades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from experiments.analysis.compare import BASELINE, minutes
from experiments.analysis.plausible import chance_best, winner
from experiments.analysis.verdicts import Estimate, difference
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
    MainEffect,
    best_of,
    gain,
    hanging_on,
    interval,
    judge,
    level,
    named,
    plotted,
    setting_of,
    share,
    signed,
    span,
    together,
)
from experiments.figures.nine_strategies_effort import draw_after, draw_effort
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges
from experiments.sweeps.sweep_result import SweepResult
from experiments.terminal.numbers import counted
from sim.model.strategies import NAMES

EFFORT, USUAL = "parameters.effort_minutes", 60.0
MEASURES = {"kept_up": "kept up while it runs", "kept": "kept 240 days later", "kept_new": "new ties, kept"}
SHORT = {"kept_up": "kept up", "kept": "kept", "kept_new": "new, kept"}
HEADLINE = "kept"
HOURS = 100  # of effort, for the spillover
WINDOW = 90  # days within which a tie in touch had words


def finding(sweeps: Sweeps) -> ClaimFinding:
    """What each strategy keeps over plausible worlds, in worlds of two sizes and with three efforts."""
    hour, town = sweeps["strategies_draws"], sweeps["strategies_town"]
    kept, up = gains(hour, HEADLINE), gains(hour, "kept_up")
    judged = {one.label: judge(hour, one) for one in kept}
    best = chance_best({one.label: one.values for one in kept})
    label = hour.legend.label
    after = _after(sweeps["nine_strategies"])
    effort = _by_effort(sweeps)
    return ClaimFinding(
        ruling=together({label(name): judged[name] for name in NAMES if name in judged}),
        effect=f"{_sentence(hour, kept, up)} {_in_town(town)} {_fading(after, sweeps['nine_strategies'])}",
        main=MainEffect("strategies_draws", kept[0]),
        pictures=(
            FigureSpec("strategies_draws", _words(hour, kept, "240 people"), _data(hour), partial(_draw, legend=hour.legend)),
            FigureSpec("strategies_town", _words(town, gains(town, HEADLINE), "1,200 people", alone=True), _data(town), partial(_draw, legend=town.legend)),
            FigureSpec("strategies_effort", _words_of_effort(effort, hour, sweeps["strategies_effort"]), effort, partial(draw_effort, legend=hour.legend)),
            FigureSpec("strategies_after", _words_after(after, sweeps["nine_strategies"]), after, partial(draw_after, legend=hour.legend)),
        ),
        tables={
            "An hour a week for two years, ties per adopter beyond waiting (mean; 90% of draws)": table(hour, best),
            "The same in a town of 1,200 people, with strangers to meet": table(town, chance_best({one.label: one.values for one in gains(town, HEADLINE)})),
            "Ties kept per adopter beyond waiting, by minutes a week (mean with 95% interval; share that keeps enough)": _effort_table(sweeps),
            "At the default numbers, an hour a week for two years (95% intervals over worlds)": _at_defaults(sweeps["nine_strategies"]),
            "What the gains hang on": _dependence(hour),
        },
        checked=("strategies_draws", "nine_strategies"),
    )  # fmt: skip


_draw = partial(draw_ranges, unit="ties per adopter, beyond waiting", digits=1)


def gains(swept: SweepResult, measure: str) -> list[Effect]:
    """The gain of each strategy over waiting in a measure, the largest mean first."""
    arms = swept.arms(measure, "strategy")
    least = swept.verdict.least(measure)
    found = [gain(swept, str(name), arms[name], arms[BASELINE], least) for name in arms if name != BASELINE]
    return sorted(found, key=lambda one: -_known(one.mean.value))


def spillover(swept: SweepResult) -> dict[str, Effect]:
    """Tie ends gained in the whole world per `HOURS` hours that adopters spent, by strategy.

    Each tie has two ends, and each is counted once, whether or not either adopts; what others lose counts, too.
    """
    used, everyone = swept.arms("minutes_used", "strategy"), swept.arms("everyone_kept_all", "strategy")
    people, adopters = swept.world_size, _adopters(swept)
    found = {}
    for name in everyone:
        hours = used[name] * adopters / 60 / HOURS
        if name != BASELINE:
            found[str(name)] = level(
                swept, str(name), (everyone[name] - everyone[BASELINE]) * people / hours.where(hours > 0)
            )
    return found  # fmt: skip


def _known(value: float) -> float:
    return -np.inf if np.isnan(value) else value


def _adopters(swept: SweepResult) -> float:
    wanted = swept.experiment.run.adopters
    if wanted == "newcomers":
        return swept.experiment.world.newcomers
    if isinstance(wanted, float):
        return wanted * swept.world_size
    return wanted if isinstance(wanted, int) else len(wanted)


def _sentence(swept: SweepResult, kept: Sequence[Effect], up: Sequence[Effect]) -> str:
    """The result in everyday words, with what it hangs on."""
    first, busiest, label = kept[0], up[0], swept.legend.label
    best = chance_best({one.label: one.values for one in kept})
    while_it_runs = busiest.mean
    return (
        f"In plausible worlds, an hour a week for two years leaves most behind on average with “{label(first.label)}”: 240 days after it stopped, "
        f"{interval(first.mean)} old ties per adopter are in touch beyond waiting, and at least {first.least:g} in {share(judge(swept, first).share)} of "
        f"the worlds. It keeps the most of {len(kept)} strategies in {share(best[first.label])} of them{best_of(best, first.label, label)}. "
        f"{hanging_on(swept, first)} While it runs, “{label(busiest.label)}” keeps up most: {interval(while_it_runs)}."
    )


def _in_town(swept: SweepResult) -> str:
    kept, new, label = gains(swept, HEADLINE), gains(swept, "kept_new"), swept.legend.label
    if swept.worlds < swept.verdict.worlds:
        people = swept.world_size
        return f"In a town of {people:,} people, only {counted(swept.worlds, 'draw')} passed the gate, too few to say more."
    if not kept or np.isnan(kept[0].mean.value):
        return ""
    return (
        f"In a town of {swept.world_size:,} people ({counted(swept.worlds, 'plausible draw')}, {counted(len(kept), 'strategy')}), "
        f"“{label(kept[0].label)}” keeps most old ties on average ({interval(kept[0].mean)}), and “{label(new[0].label)}” brings most new ones that "
        f"last ({interval(new[0].mean)})."
    )


def _data(swept: SweepResult) -> pd.DataFrame:
    order = [one.label for one in gains(swept, HEADLINE)]
    return pd.concat(
        [
            plotted(title, swept, sorted(gains(swept, of), key=lambda one: order.index(one.label)))
            for of, title in MEASURES.items()
        ],
        ignore_index=True,
    )


def _words(swept: SweepResult, kept: Sequence[Effect], people: str, *, alone: bool = False) -> Words:
    """The words of a figure of gains; one that is not part of the verdict (``alone``) says itself if there are too few draws."""
    first, label = kept[0], swept.legend.label(kept[0].label)
    best = chance_best({one.label: one.values for one in kept})
    if alone and swept.worlds < swept.verdict.worlds:
        title = f"Among {people}, {counted(swept.worlds, 'plausible draw')}:\ntoo few to say what lasts"
    elif np.isnan(first.mean.value):
        title = (
            f"Among {people}, no draw of the assumed numbers\nhas worlds in which silence is as final as in a real log"
        )
    else:
        champion = winner(best)
        who = "No strategy" if champion is None else f"“{swept.legend.label(champion)}”"
        title = (
            f"Among {people}: {who} leaves most behind in nine of ten plausible worlds.\n“{label}” comes first in {best[first.label].value:.0%}, "
            f"with {signed(first.mean.value)} old ties 240 days after two years of it"
        )
    return Words(
        title,
        f"Ties per adopter beyond waiting, an hour a week for two years. The panels have different scales.\n{DOTS}",
        f"{setting_of(swept)}\nDashed: the smallest effect of interest; behind the number, the share of draws that reach it. Chance widens the lines.",
    )  # fmt: skip


def table(swept: SweepResult, best: Mapping[str, Estimate]) -> pd.DataFrame:
    """One row per strategy, that with the highest mean of what is kept first."""
    found = {of: {one.label: one for one in gains(swept, of)} for of in MEASURES}
    over, effort = spillover(swept), minutes(swept.plausible.assign(scenario=swept.plausible["strategy"]))
    rows = []
    for name, kept in found[HEADLINE].items():
        outcomes = {
            SHORT[of]: f"{signed(found[of][name].mean.value)} ({span(found[of][name].range)})" for of in MEASURES
        }
        rows.append(
            {
                "strategy": swept.legend.label(name),
                **outcomes,
                f"everyone's tie ends per {HOURS} hours": interval(over[name].mean),
                f"keeps {kept.least:g} or more": share(judge(swept, kept).share),
                "keeps the most": share(best[name]),
                **effort_columns(effort, name),
            }
        )
    return pd.DataFrame(rows)  # fmt: skip


def effort_columns(effort: pd.DataFrame, name: str) -> dict[str, str]:
    """The minutes of a strategy per adopter, from `minutes`, and whether it used enough for a like-for-like comparison."""
    titles = {"planned": "minutes planned", "used": "minutes used", "lost": "minutes lost"}
    if name not in effort.index:
        return dict.fromkeys((*titles.values(), "comparable effort"), "–")
    of = effort.loc[name]
    return {
        **{title: f"{of[key]:,.0f}" for key, title in titles.items()},
        "comparable effort": "no: under 90% of the minutes used" if of["idle"] else "yes",
    }


def _dependence(swept: SweepResult) -> pd.DataFrame:
    """The numbers on which what each strategy keeps up, keeps, and adds and keeps hangs most; all are one family."""
    effects = [(of, one) for of in MEASURES for one in gains(swept, of)]
    rows = []
    for of, one in effects:
        numbers = ", ".join(f"`{name}`" for name in named(swept, one, family=len(effects)))
        if numbers:
            rows.append({"outcome": SHORT[of], "strategy": swept.legend.label(one.label), "hangs on": numbers})
    return pd.DataFrame(rows or [{"outcome": "any", "strategy": "any", "hangs on": "none found"}])


# Effort --------------------------------------------------------------------------------------------------------------


def _efforts(sweeps: Sweeps) -> dict[float, tuple[SweepResult, list[Effect]]]:
    """What strategies keep, by minutes a week."""
    other = sweeps["strategies_effort"]
    hour = _in_same_draws(sweeps["strategies_draws"], other)
    found = {USUAL: (hour, gains(hour, HEADLINE))}
    for effort, runs in other.runs.groupby(EFFORT):
        there = replace(other, runs=runs)
        found[float(effort)] = there, gains(there, HEADLINE)
    return dict(sorted(found.items()))


def _in_same_draws(hour: SweepResult, other: SweepResult) -> SweepResult:
    """The hour a week in the draws in which other efforts were run, so that a difference is one of effort."""
    assert hour.experiment.sweep is not None
    assert other.experiment.sweep is not None
    fewer = hour.experiment.sweep.model_copy(update={"replicates": other.experiment.sweep.replicates})
    runs = hour.runs[hour.runs["replicate"].isin(other.runs["replicate"].unique())]
    return replace(hour, runs=runs, experiment=hour.experiment.model_copy(update={"sweep": fewer}))


def _by_effort(sweeps: Sweeps) -> pd.DataFrame:
    return pd.DataFrame(
        [
            row_of(one.mean, strategy=one.label, minutes=effort)
            for effort, (_, effects) in _efforts(sweeps).items()
            for one in effects
        ]
    )


def _effort_table(sweeps: Sweeps) -> pd.DataFrame:
    label, columns = sweeps["strategies_draws"].legend.label, {}
    for effort, (swept, effects) in _efforts(sweeps).items():
        columns[f"{effort:g} minutes"] = {
            label(one.label): f"{interval(one.mean)}; {share(judge(swept, one).share)}" for one in effects
        }
    return pd.DataFrame(columns).rename_axis("strategy").reset_index()  # fmt: skip


def _words_of_effort(data: pd.DataFrame, swept: SweepResult, other: SweepResult) -> Words:
    few = other.worlds < other.verdict.worlds
    order = data.sort_values("value").groupby("minutes")["strategy"].last()
    least, most = order.index.min(), order.index.max()
    label = swept.legend.label
    same = order[least] == order[most]
    title = (
        f"What an hour a week leaves, and a quarter of it, and two:\nwith {counted(other.worlds, 'plausible draw')}, too few to rank strategies"
        if few
        else f"“{label(order[most])}” leaves most behind on average\nwith {most:g} minutes a week"
        if least == most
        else f"“{label(order[most])}” leaves most behind on average\nwith {least:g} minutes a week as well as with {most:g}"
        if same
        else f"“{label(order[least])}” leaves most behind on average with {least:g}\nminutes a week, and “{label(order[most])}” with {most:g}"
    )
    return Words(
        title,
        "Old ties in touch 240 days after two years of it, per adopter beyond waiting, by minutes a week;\nmeans over the same plausible worlds with 95% intervals.",
        setting_of(_in_same_draws(swept, other)),
    )  # fmt: skip


# After it stopped, at the default numbers ----------------------------------------------------------------------------


def _after(swept: SweepResult) -> pd.DataFrame:
    """Old ties in touch beyond waiting, by days since the strategy stopped: mean and interval over worlds."""
    series, stop = swept.series(), swept.experiment.run.strategy_days
    series = series[series["day"] >= stop]
    rows = []
    for day, there in series.groupby("day"):
        arms = there.pivot(index="replicate", columns="strategy", values="revived")
        for name in arms:
            if name != BASELINE:
                one = difference(arms[name].to_numpy(), arms[BASELINE].to_numpy())
                rows.append(row_of(one, strategy=str(name), day=int(day) - stop))
    return pd.DataFrame(rows)


def half_life(after: pd.DataFrame, name: str) -> float:
    """Days after which half of a strategy's gain over waiting is gone; nan if it isn't within the run, or never was."""
    mine = after[after["strategy"] == name].sort_values("day")
    if mine.empty or not mine["value"].iloc[0] > 0:
        return float("nan")
    gone = mine[mine["value"] <= mine["value"].iloc[0] / 2]
    return float(gone["day"].iloc[0]) if len(gone) else float("nan")


def _busiest(after: pd.DataFrame) -> str:
    first = after[after["day"] == after["day"].min()]
    return str(first.loc[first["value"].idxmax(), "strategy"])


def _fading(after: pd.DataFrame, swept: SweepResult) -> str:
    if after.empty:
        return ""
    name = _busiest(after)
    mine, half = after[after["strategy"] == name].sort_values("day"), half_life(after, name)
    gone = "more days than were run" if np.isnan(half) else f"{half:.0f} days"
    past = mine[mine["day"] >= WINDOW]
    later = past.iloc[0] if len(past) else mine.iloc[-1]
    return (
        f"At the default numbers, “{swept.legend.label(name)}” has {mine['value'].iloc[0]:.1f} more old ties in touch than waiting on the day on which it stops, "
        f"and {mine['value'].iloc[-1]:.1f} ({mine['low'].iloc[-1]:.1f} … {mine['high'].iloc[-1]:.1f}) {mine['day'].iloc[-1]} days later; half of the gain "
        f"is gone after {gone}. Ties in touch had words within {WINDOW} days. When none of these is a day of the strategy, on day {later['day']:.0f}, "
        f"{later['value']:.1f} are left."
    )


def _words_after(after: pd.DataFrame, swept: SweepResult) -> Words:
    name = _busiest(after)
    mine, half = after[after["strategy"] == name].sort_values("day"), half_life(after, name)
    gone = "more than half is left at the end" if np.isnan(half) else f"half is gone after {half:.0f} days"
    return Words(
        f"What “{swept.legend.label(name)}” gained fades: {mine['value'].iloc[0]:.0f} ties when it stops, "
        f"{mine['value'].iloc[-1]:.1f} after {mine['day'].iloc[-1]} days;\n{gone} (default numbers)",
        f"Old ties with words within {WINDOW} days, per adopter beyond waiting, by days since two years of an hour a week ended;\n"
        f"bands: 95% intervals over {swept.runs['replicate'].nunique()} worlds.",
        setting(swept),
    )  # fmt: skip


def _at_defaults(swept: SweepResult) -> pd.DataFrame:
    """Each strategy's gains beyond waiting, and its minutes."""
    spent = minutes(swept.runs.assign(scenario=swept.runs["strategy"]))
    outcomes = {"reconnected": "reconnected", **SHORT}
    arms = {of: swept.arms(of, "strategy") for of in outcomes}
    names = [name for name in arms["reconnected"] if name != BASELINE]
    rows = []
    for name in names:
        found = {
            of: difference(there[name].to_numpy(), there[BASELINE].to_numpy())
            for of, there in arms.items()
            if len(there)
        }
        rows.append({"strategy": swept.legend.label(name), **{outcomes[of]: interval(one) for of, one in found.items()},
                     **effort_columns(spent, str(name)), "_by": _known(found["reconnected"].value)})  # fmt: skip
    return pd.DataFrame(rows).sort_values("_by", ascending=False).drop(columns="_by")
