"""What the answers rest on: the numbers nobody has measured that move the main effect of each claim of the essay.

The draws of all assumed numbers, over which claims are judged, also say on which of them an effect depends. Elementary
effects (Morris) would be steps of one number at a time; here chance between worlds, about one tie, is larger than most
such steps. So every run counts for all numbers: rank correlations find those that matter beyond chance, and first-order
Sobol indices say how much of the difference between plausible worlds each explains alone. With few draws there are no
indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import pandas as pd

from experiments.analysis.plausible import dependence
from experiments.essay.essay import JudgedClaim
from experiments.essay.findings import FigureSpec
from experiments.essay.findings.effects import signed
from experiments.figures.page import Words
from experiments.figures.rests_on import draw_rests_on
from experiments.sweeps.sweep_result import SweepResult
from experiments.terminal.names import distinct_endings
from experiments.terminal.numbers import counted

FIGURE = "rests_on"
TITLE = "What the main effect depends on, over the draws"
_SHOWN, _MOST_ROWS = 5, 20  # numbers in a table, and in the figure


# By results: the report has each table in two files, and the figure, so that they are computed once.
_FOUND: WeakKeyDictionary[SweepResult, dict[tuple[bytes, int], pd.DataFrame]] = WeakKeyDictionary()


def _of(one: JudgedClaim) -> pd.DataFrame:
    main = one.finding.main
    swept = one.sweeps[main.sweep]
    known, key = _FOUND.setdefault(swept, {}), (main.effect.values.tobytes(), main.family)
    if key not in known:
        known[key] = dependence(swept.levels, main.effect.values, main.family)
    return known[key]


def table(one: JudgedClaim) -> pd.DataFrame:
    """The numbers with which the main effect of a claim is most correlated, and how much.

    These are the first five, or only those beyond chance with too few draws for shares of the variance.
    """
    found, digits = _of(one), one.finding.main.digits
    enough = found["share"].notna().any()
    rows = []
    for name, row in (found.head(_SHOWN) if enough else found[found["named"]]).iterrows():
        about = {
            "number": f"`{name}`",
            "rank correlation": signed(row["importance"] * row["direction"], 2),
            "beyond chance": "yes" if row["named"] else "no",
        }
        shares = {
            "share of the variance (first-order Sobol index)": _share(row["share"], row["share_conf"]),
            "effect in the third of the draws where it is lowest": _number(row["where_low"], digits),
            "and highest": _number(row["where_high"], digits),
        }
        rows.append(about | shares if enough else about)
    return pd.DataFrame(rows or [{"number": "none found", "rank correlation": "–", "beyond chance": "–"}])


def picture(report: Sequence[JudgedClaim]) -> FigureSpec:
    """The figure of all claims, with the numbers that matter for any of them beyond chance."""
    found = {one.claim.name.replace("_", " "): _of(one) for one in report}
    names = _rows(found)
    every = list(dict.fromkeys(name for of in found.values() for name in of.index))
    ends = dict(zip(every, distinct_endings(every), strict=True))
    labels = {name: ends[name].replace(".", " ").replace("_", " ") for name in names}
    rows = [
        {
            "number": labels[name],
            "claim": claim,
            "correlation": of.loc[name, "importance"] * of.loc[name, "direction"] if name in of.index else 0.0,
            "beyond_chance": bool(of.loc[name, "named"]) if name in of.index else False,
        }
        for name in names
        for claim, of in found.items()
    ]
    data = pd.DataFrame(rows, columns=["number", "claim", "correlation", "beyond_chance"])
    draws = [one.sweeps[one.finding.main.sweep].worlds for one in report]
    words = _words(found, data, (min(draws), max(draws)))
    return FigureSpec(FIGURE, words, data, draw_rests_on)


def _rows(found: dict[str, pd.DataFrame]) -> list[str]:
    """The numbers beyond chance, by how many claims and how strongly; if none is, the first of each claim."""
    every = pd.concat(found.values())
    some = every[every["named"]] if every["named"].any() else pd.concat([one.head(1) for one in found.values()])
    by = some.groupby(level=0)["importance"].agg(["size", "max"])
    return [str(name) for name in by.sort_values(["size", "max"], ascending=False, kind="stable").index[:_MOST_ROWS]]


def _words(found: dict[str, pd.DataFrame], data: pd.DataFrame, draws: tuple[int, int]) -> Words:
    named = [of.index[of["named"]] for of in found.values()]  # also those for which the figure has no room
    matter, answers = len({name for names in named for name in names}), sum(len(names) > 0 for names in named)
    numbers, of = max(map(len, found.values())), counted(len(found), "answer")
    shown = data["number"].nunique()
    cut = f" The {shown} numbers that move most answers are shown." if matter > shown else ""
    if matter:
        moved = data[data["beyond_chance"]].groupby("number", sort=False)["claim"].size()
        title = f"{matter} of {numbers} unmeasured numbers move{'s' * (matter == 1)} an answer beyond chance:\n"
        title += f"{answers} of {of}, {moved.max()} of them by “{moved.idxmax()}”"
    else:
        title = f"Which of {numbers} unmeasured numbers move an answer?\n"
        title += f"With {draws[0]:,} to {draws[1]:,} draws, too few to tell"
    return Words(
        title,
        "How strongly each number moves an answer's main effect, over plausible draws (rank correlation).\n"
        "Blue: the effect grows with the number. Red: it falls. Faint: within chance.",
        f"Simulated, not measured: {draws[0]:,} to {draws[1]:,} draws pass the gate, by claim.{cut}",
    )


def _share(value: float, conf: float) -> str:
    return "–" if pd.isna(value) else f"{value:.0%} (± {conf:.0%})"


def _number(value: float, digits: int) -> str:
    return "–" if pd.isna(value) else signed(value, digits)
