"""What strategies leave behind over joint draws of all assumed numbers: gains, shares of plausible worlds, and what they hang on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from experiments.analysis.compare import BASELINE, minutes
from experiments.analysis.over_draws import NEEDED, DrawSpread, Share, hangs_on, share_of, shares_of_being_best, spread
from experiments.analysis.verdicts import Ruling, Verdict
from experiments.sweeps.sweep_result import SweepResult

MEASURES = {"kept_up": "kept up", "kept": "kept", "kept_new": "new, kept"}
HEADLINE = "kept"
WORKS, MIXED, WORKS_NOT, UNCLEAR = "in over 90%", "in 10% to 90%", "in under 10%", "undecided"
HOURS = 100  # of effort, for the spillover


def gains(swept: SweepResult, measure: str) -> pd.DataFrame:
    """The gain of each strategy over waiting: one row per draw that passes the gate, one column per strategy."""
    arms = swept.arms(measure, "strategy").reindex(columns=_strategies(swept))
    return arms.drop(columns=BASELINE).sub(arms[BASELINE], axis=0)


def spillover(swept: SweepResult) -> pd.DataFrame:
    """Tie ends gained in the whole world per `HOURS` hours that adopters spent, shape as in `gains`.

    Each tie has two ends, and each is counted once, whether or not either adopts; what others lose counts, too.
    """
    used = swept.arms("minutes_used", "strategy").reindex(columns=_strategies(swept)).drop(columns=BASELINE)
    people, adopters = float(swept.runs["people"].iloc[0]), _adopters(swept)
    spent = used.mul(adopters / 60 / HOURS)
    return (gains(swept, "everyone_kept_all") * people).div(spent.where(spent > 0))


def _strategies(swept: SweepResult) -> list[str]:
    """The strategies of the sweep in order, whether or not any draw passes the gate."""
    return [str(name) for name in swept.runs["strategy"].unique()]


def leading(found: pd.DataFrame) -> str:
    """The strategy with the largest mean gain; the first one if there are no draws."""
    means = found.mean()
    return str(found.columns[0] if means.isna().all() else means.idxmax())


def _adopters(swept: SweepResult) -> float:
    wanted = swept.experiment.run.adopters
    if wanted == "newcomers":
        return swept.experiment.world.newcomers
    if isinstance(wanted, float):
        return wanted * float(swept.runs["people"].iloc[0])
    return wanted if isinstance(wanted, int) else len(wanted)


def shares(swept: SweepResult, measure: str = HEADLINE) -> dict[str, Share]:
    """By strategy, the share of draws in which its gain is at least the smallest effect of interest."""
    least = swept.verdict.least(measure)
    return {str(name): share_of((values >= least).to_numpy()) for name, values in gains(swept, measure).items()}


def group_of(share: Share) -> str:
    """Whether an effect is there in nearly all plausible worlds, in some, or in hardly any; its whole interval decides."""
    if share.low >= NEEDED:
        return WORKS
    if share.high <= 1 - NEEDED:
        return WORKS_NOT
    return MIXED if share.low > 1 - NEEDED and share.high < NEEDED else UNCLEAR


def ruling(found: Mapping[str, Share], judged: Sequence[str], swept: SweepResult) -> Ruling:
    """Whether each of these strategies works in nearly all plausible worlds."""
    groups = {name: group_of(found[name]) for name in judged}
    decided = set(groups.values()) - {UNCLEAR}
    if len(set(groups.values())) == 1 and decided and MIXED not in decided:
        return Ruling(Verdict.HOLDS if WORKS in decided else Verdict.FAILS)
    parts = []
    for group in (WORKS, MIXED, WORKS_NOT, UNCLEAR):
        members = sorted((name for name in judged if groups[name] == group), key=lambda name: -found[name].value)
        if members:
            each = ", ".join(f"{swept.legend.label(name)} ({found[name].value:.0%})" for name in members)
            parts.append(f"{group} of the plausible worlds: {each}" if group != UNCLEAR else f"{group}: {each}")
    depends = MIXED in decided or {WORKS, WORKS_NOT} <= decided
    least = swept.verdict.least(HEADLINE)
    return Ruling(
        Verdict.DEPENDS if depends else Verdict.UNDECIDED,
        f"at least {least:g} ties more than waiting {'; '.join(parts)}",
    )


def table(swept: SweepResult) -> pd.DataFrame:
    """One row per strategy, that with the highest mean of what is kept first; ranges have 90% of the draws."""
    spreads = {measure: _spreads(gains(swept, measure)) for measure in MEASURES}
    over = _spreads(spillover(swept))
    enough, best = shares(swept), shares_of_being_best(gains(swept, HEADLINE))
    effort = minutes(swept.plausible.assign(scenario=swept.plausible["strategy"]))
    least = swept.verdict.least(HEADLINE)
    rows = []
    for name in sorted(enough, key=lambda name: -spreads[HEADLINE][name].value):
        outcomes = {f"{title} (90% of draws)": _range(spreads[measure][name]) for measure, title in MEASURES.items()}
        rows.append(
            {
                "strategy": swept.legend.label(name),
                **outcomes,
                f"tie ends per {HOURS} hours, everyone": _interval(over[name]),
                f"keeps {least:g} or more": str(enough[name]),
                "keeps the most": str(best[name]),
                **effort_columns(effort, name),
            }
        )
    return pd.DataFrame(rows)


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


def dependence(swept: SweepResult) -> pd.DataFrame:
    """The numbers on which what each strategy keeps up, keeps, and adds and keeps hangs most; all rows are one family."""
    effects = {(of, name): values for of in MEASURES for name, values in gains(swept, of).items()}
    rows = []
    for (of, name), values in effects.items():
        named = hangs_on(swept.levels, values, effects_tested=len(effects))
        texts = ", ".join(f"{row.number} ({row.correlation:+.2f})" for row in named.itertuples())
        rows.append(
            {"outcome": MEASURES[of], "strategy": swept.legend.label(str(name)), "hangs on": texts or "none found"}
        )
    return pd.DataFrame(rows)


def plotted(swept: SweepResult) -> pd.DataFrame:
    """One row per strategy and outcome, as in `DrawSpread`, in the order of `table`; with ``measure`` and ``strategy``."""
    spreads = {measure: _spreads(gains(swept, measure)) for measure in MEASURES}
    order = sorted(spreads[HEADLINE], key=lambda name: -spreads[HEADLINE][name].value)
    return pd.DataFrame(
        [{"measure": of, "strategy": name, **spreads[of][name]._asdict()} for of in MEASURES for name in order]
    )


def sentence(swept: SweepResult) -> str:
    """The result in everyday words, with what it hangs on."""
    found, best = shares(swept), shares_of_being_best(gains(swept, HEADLINE))
    kept, up = gains(swept, HEADLINE), gains(swept, "kept_up")
    name, busiest = leading(kept), leading(up)
    named = hangs_on(swept.levels, kept[name])["number"].tolist()
    label, draws = swept.legend.label, len(kept)
    of, while_it_runs = spread(kept[name].to_numpy()), spread(up[busiest].to_numpy())
    least = swept.verdict.least(HEADLINE)
    rests = f" It hangs mostly on {_listed([f'`{one}`' for one in named])}." if named else ""
    return (
        f"In {draws} plausible worlds, an hour a week for two years keeps the most ties with “{label(name)}”: 240 days after it "
        f"stopped, {of.value:+.2f} ({of.low:.2f} … {of.high:.2f}) ties per adopter beyond waiting on average, and at least {least:g} "
        f"in {found[name]} of the worlds. It keeps the most of {len(best)} strategies in {best[name].value:.0%} of them.{rests} While "
        f"it runs, “{label(busiest)}” keeps up the most: {while_it_runs.value:+.1f} ({while_it_runs.least:.1f} to "
        f"{while_it_runs.most:.1f} in 90% of the worlds)."
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _spreads(found: pd.DataFrame) -> dict[str, DrawSpread]:
    return {str(name): spread(values.to_numpy(float)) for name, values in found.items()}


def _range(one: DrawSpread) -> str:
    if np.isnan(one.value):
        return "–"
    return f"{_signed(one.value)} ({_signed(one.least)} to {_signed(one.most)})"


def _interval(one: DrawSpread) -> str:
    if np.isnan(one.value):
        return "–"
    return f"{_signed(one.value)} (95% interval {_signed(one.low)} … {_signed(one.high)})"


def _signed(value: float) -> str:
    """With its sign and one digit; zero has a plus."""
    return f"{round(value, 1) + 0.0:+.1f}"
