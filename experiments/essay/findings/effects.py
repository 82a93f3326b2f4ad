"""Effects over plausible worlds: what the findings of the claims share.

An effect has a value in each world of each draw of the assumed numbers, of which only those that pass the gate count.
A claim is judged by the share of draws in which the effect is at least as large as the smallest effect of interest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from experiments.analysis import plausible
from experiments.analysis.plausible import Judged
from experiments.analysis.verdicts import Estimate, Ruling, Verdict, mean
from experiments.sweeps.design import draws_in
from experiments.sweeps.sweep_result import SweepResult
from experiments.terminal.numbers import counted

RANGE = (0.05, 0.95)  # of draws, in tables and figures
_ROUNDING = 1e-9
# Verdicts by sweep and by what was judged, because several tables and figures of a finding have the same ones.
_JUDGED: WeakKeyDictionary[SweepResult, dict[Any, Judged]] = WeakKeyDictionary()


# Draws of which most samples show that one of 164 numbers has a rank correlation of 0.45 with an effect.
SHOW_A_NUMBER = 60


class Effect(NamedTuple):
    """An effect in plausible worlds.

    Attributes:
        label: what tables and figures call it.
        values: one row per draw, one column per world of the draw; missing values are nan.
        least: the smallest effect of interest; nan if the effect is only described.
    """

    label: str
    values: np.ndarray
    least: float = float("nan")

    def times(self, factor: float) -> Effect:
        """The effect in another unit, such as 100 for per cent."""
        return Effect(self.label, self.values * factor, self.least * factor)

    @property
    def by_draw(self) -> np.ndarray:
        """The mean over the worlds of each draw that has any, shape (draws,)."""
        there = self.values[~np.isnan(self.values).all(axis=1)]
        return np.asarray(np.nanmean(there, axis=1)) if len(there) else np.zeros(0)

    @property
    def mean(self) -> Estimate:
        """The mean over draws, with its 95% interval."""
        return mean(self.by_draw)

    @property
    def range(self) -> tuple[float, float]:
        """The range in which 90% of the draws are. Chance within worlds widens it."""
        found = self.by_draw
        if len(found) == 0:
            return float("nan"), float("nan")
        low, high = np.quantile(found, RANGE)
        return float(low), float(high)


class MainEffect(NamedTuple):
    """The effect that an answer is mostly about.

    Attributes:
        sweep: the name of its sweep.
        effect: its values.
        family: the number of effects that are tested together for what they hang on.
        digits: decimals in tables.
    """

    sweep: str
    effect: Effect
    family: int = 1
    digits: int = 1


def by_draw(swept: SweepResult, values: pd.Series) -> np.ndarray:
    """Values by replicate as a table with one row per draw, one column per world; those that are missing are nan."""
    of = swept.draws.loc[values.index]
    frame = pd.DataFrame({"draw": of, "world": of.groupby(of).cumcount(), "value": values})
    return frame.pivot(index="draw", columns="world", values="value").reindex(swept.levels.index).to_numpy(float)


def level(swept: SweepResult, label: str, values: pd.Series) -> Effect:
    """A value in each world, which is described but not judged."""
    return Effect(label, by_draw(swept, values))


def gain(swept: SweepResult, label: str, arm: pd.Series, base: pd.Series, least: float) -> Effect:
    """How much more an arm has than another in the same worlds."""
    return Effect(label, by_draw(swept, arm - base), least)


def lowest_elsewhere(label: str, arms: Sequence[Effect], least: float = float("nan")) -> Effect:
    """The value of whichever arm is lowest on average in the other worlds of the same draw.

    If the arm were chosen by its value in the same world, chance alone would make the chosen one lower than it is. Draws
    of one world have no value.
    """
    values = np.stack([one.values for one in arms])
    found = np.full(values.shape[1:], np.nan)
    for world in range(values.shape[2] if values.shape[2] > 1 else 0):
        others = np.delete(values, world, axis=2)
        known = np.flatnonzero(~np.isnan(others).any(axis=(0, 2)))
        chosen = np.argmin(others[:, known].mean(axis=2), axis=0)
        found[known, world] = values[chosen, known, world]
    return Effect(label, found, least)


def judge(swept: SweepResult, effect: Effect, noise: float | None = None) -> Judged:
    """The verdict on an effect; ``noise`` is needed with one world per draw, see `plausible.judged`."""
    key = (effect.values.tobytes(), effect.values.shape, effect.least, noise)
    known = _JUDGED.setdefault(swept, {})
    if key not in known:
        names = {name: f"`{name}`" for name in swept.levels}
        at_least = effect.least - _ROUNDING  # an effect of this size is large enough
        around = plausible.noise_by_size(effect.values) if noise is None else noise
        known[key] = plausible.judged(swept.levels, effect.values, at_least, around, names, swept.error)
    return known[key]


def named(swept: SweepResult, effect: Effect, family: int = 1) -> list[str]:
    """The numbers that an effect hangs on most, the strongest first; at most three, and only those beyond chance."""
    table = plausible.hangs_on(swept.levels, effect.values, family=family)
    return [str(name) for name, row in table.iterrows() if row["named"]]


def hanging_on(swept: SweepResult, effect: Effect, family: int = 1, what: str = "The effect") -> str:
    """A sentence with the numbers that an effect hangs on most; ``family`` is as for `named`."""
    found = named(swept, effect, family)
    if not found:
        draws = len(effect.by_draw)
        few = ", and so few would show only a strong one" if draws < SHOW_A_NUMBER else ""
        return f"In {counted(draws, 'draw')}, no single number stands out{few}."
    return f"{what} hangs mostly on {listed([f'`{one}`' for one in found])}."


def together(judged: Mapping[str, Judged]) -> Ruling:
    """One verdict on a claim that is about each of several effects.

    It holds if it holds for each, and fails if it fails for any. Otherwise it is undecided if it is for any. The ruling
    names the effects by their verdicts, unless these are all the same.
    """
    words = {one.word for one in judged.values()}
    if len(words) == 1 and words <= {Verdict.HOLDS, Verdict.FAILS}:
        return Ruling(words.pop())
    if len(judged) == 1:
        (only,) = judged.values()
        return Ruling(only.word, only.sentence.removeprefix(f"{only.word}: "))
    parts = []
    for word, said in _GROUPS.items():
        members = sorted((name for name in judged if judged[name].word is word), key=lambda name: -_share(judged[name]))
        if members:
            parts.append(f"{said} {listed([_with_share(name, judged[name]) for name in members])}")
    verdict = next(one for one in (Verdict.FAILS, Verdict.UNDECIDED, Verdict.DEPENDS) if one in words)
    return Ruling(verdict, "; ".join(parts))


_GROUPS = {
    Verdict.HOLDS: "holds for",
    Verdict.DEPENDS: "in some plausible worlds for",
    Verdict.FAILS: "fails for",
    Verdict.UNDECIDED: "undecided for",
}


def _with_share(name: str, judged: Judged) -> str:
    return name if np.isnan(judged.share.value) else f"{name} ({judged.share.value:.0%})"


def _share(judged: Judged) -> float:
    return 0.0 if np.isnan(judged.share.value) else judged.share.value


def table_of(swept: SweepResult, effects: Sequence[Effect], *, first: str, digits: int = 1) -> pd.DataFrame:
    """One row per effect that is judged: mean with interval, range, share of plausible worlds, verdict, what it hangs on.

    Args:
        swept: the sweep.
        effects: the effects, one family.
        first: title of the first column.
        digits: decimals of the effects.
    """
    rows = []
    for effect in effects:
        verdict = judge(swept, effect)
        numbers = ", ".join(f"`{name}`" for name in named(swept, effect, family=len(effects)))
        rows.append(
            {
                first: effect.label,
                "mean (95% interval)": interval(effect.mean, digits),
                "90% of draws": span(effect.range, digits),
                "smallest of interest": f"{effect.least:g}",
                "share of draws that reach it": share(verdict.share),
                "without correcting for chance": f"{_observed(effect):.0%}" if len(effect.by_draw) else "–",
                "verdict": str(verdict.word),
                "hangs on": numbers or "none found",
            }
        )
    return pd.DataFrame(rows)


def _observed(effect: Effect) -> float:
    """The share of draws whose mean effect, which chance within worlds moves, is large enough."""
    return float((effect.by_draw >= effect.least - _ROUNDING).mean())


def plotted(panel: str, swept: SweepResult, effects: Sequence[Effect]) -> pd.DataFrame:
    """The rows of a panel of `figures.ranges.draw_ranges`; the share is missing where an effect is only described."""
    rows = []
    for effect in effects:
        one, (least, most) = effect.mean, effect.range
        judged = None if np.isnan(effect.least) else judge(swept, effect)
        rows.append(
            {
                "panel": panel,
                "row": effect.label,
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "least": least,
                "most": most,
                "smallest": effect.least,
                "share": float("nan") if judged is None else judged.share.value,
            }
        )
    return pd.DataFrame(rows)


def setting_of(swept: SweepResult) -> str:
    """A sentence for a figure's footer: how many plausible worlds, of how many people."""
    people = swept.world_size
    return (
        f"Simulated, not measured: {swept.draws.nunique():,} of {_drawn(swept):,} draws of the assumed numbers pass the gate;"
        f" {counted(int(swept.draws.value_counts().max()) if len(swept.draws) else 0, 'world')} of {people:,} people each."
    )


def _drawn(swept: SweepResult) -> int:
    sweep = swept.experiment.sweep
    assert sweep is not None
    return sweep.replicates if sweep.plausible is None else len(draws_in(swept.experiment))


DOTS = "Dot: mean over plausible worlds, with its 95% interval (thick). Thin line: 90% of the draws, and chance."


def interval(one: Estimate, digits: int = 1) -> str:
    """``+1.5 (1.2 … 1.8)``; a dash if it is missing."""
    if np.isnan(one.value):
        return "–"
    low, high = round(one.low, digits) + 0.0, round(one.high, digits) + 0.0
    ends = "" if np.isnan(one.low) else f" ({low:.{digits}f} … {high:.{digits}f})"
    return f"{signed(one.value, digits)}{ends}"


def span(ends: tuple[float, float], digits: int = 1) -> str:
    """``+0.3 to +3.9``; a dash if it is missing."""
    return "–" if np.isnan(ends[0]) else f"{signed(ends[0], digits)} to {signed(ends[1], digits)}"


def share(one: Estimate) -> str:
    """``83% (69% to 92%)``; a dash if it is missing."""
    return "–" if np.isnan(one.value) else f"{one.value:.0%} ({one.low:.0%} to {one.high:.0%})"


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign; zero has a plus."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def thousand(value: float) -> str:
    """A share as a natural frequency: how many of 1,000. Below ten, with one decimal."""
    if np.isnan(value):
        return "–"
    found = round(value * 1000, 1) + 0.0
    return f"{found:,.0f}" if abs(found) >= 9.95 or found == 0 else f"{found:.1f}"


def best_of(best: Mapping[str, Estimate], named: str, label: Callable[[str], str]) -> str:
    """The end of a sentence on an arm that is the best on average: whether any is the best in 90% of plausible worlds."""
    first = plausible.winner(best)
    if first is None:
        return f", so there is no winner (needed: {plausible.NEEDED:.0%})"
    return (
        ", so it is the best"
        if first == named
        else f"; “{label(first)}” is in {best[first].value:.0%}, so that is the best"
    )


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
