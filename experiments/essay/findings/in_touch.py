"""How many friends do people interact with regularly? The essay says: "That number is very small"."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.analysis.verdicts import Ruling, Verdict
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import Effect, MainEffect, hanging_on, judge, level, listed, setting_of, share
from experiments.figures.in_touch import draw
from experiments.figures.page import Words
from experiments.logs.log import Log, read
from experiments.sweeps.sweep_result import SweepResult

MONTH = 30.0  # days
SIMULATED = "simulated"
LENGTH, NUMBER = "world.parameters.ties_at_start", "in_touch"
# People known when a world of 240 people begins, by the length that is asked for; and those with whom there is a tie four
# years later, when it is counted, at the default numbers: people meet others meanwhile.
KNOWN, KNOWN_LATER = {30: 28, 115: 83, 250: 114}, {30: 46, 115: 87, 250: 116}
EDGES = (1, 3, 6, 11, 21, 41, 10_000)  # edges of classes of list lengths
LEAST = 20  # people per point, at least
PUBLISHED = (0.02, 0.05)  # of a list, in a month (Marlow 2009; Yau et al. 2018)
EXACT = 1e-9  # a mean over all people of a world has next to no noise
REAL = Path(__file__).with_name("real_lists.json")  # results for logs that are not part of the repository


def finding(sweeps: Sweeps) -> ClaimFinding:
    """The number of people in touch within a month, by the number of people known, and the numbers in real logs."""
    swept = sweeps["in_touch"]
    most, numbers = swept.verdict.most, swept.arms(NUMBER, LENGTH)
    assert most is not None
    levels = {known_of(length): level(swept, str(length), numbers[length]) for length in numbers}
    usual = known_of(swept.experiment.world.parameters.ties_at_start)
    few = Effect("few", most - levels[usual].values, 0.0)
    verdict = judge(swept, few, EXACT)
    short, long = min(levels), max(levels)
    more = levels[long].mean.value - levels[short].mean.value
    real = _real()
    later = listed([str(each) for each in KNOWN_LATER.values()])
    return ClaimFinding(
        ruling=Ruling(Verdict.BY_CONSTRUCTION, "how often people are in contact was fitted to a log of wall posts"),
        effect=(
            f"In a month, people exchange words with {levels[usual].mean.value:.1f} ({levels[usual].range[0]:.1f} to {levels[usual].range[1]:.1f} in 90% of "
            f"draws) others, fewer than {most:g} in {share(verdict.share)} of the plausible worlds, if they know {usual} when their world begins. If "
            f"they know {long} instead of {short}, it is {abs(more):.1f} {'more' if more >= 0 else 'fewer'}; but people meet others meanwhile, and at the "
            f"default numbers lists are {later} long when it is counted. In real logs it is {_told(real)}. "
            f"{hanging_on(swept, levels[usual], what='The number')}"
        ),
        main=MainEffect("in_touch", levels[usual]),
        pictures=(FigureSpec("in_touch", _words(swept, levels), _curve(levels, real), draw),),
        tables={
            "Exchanged words within a month, by the number of people known": pd.DataFrame(
                [
                    {
                        "people known at first": known,
                        "in touch": f"{one.mean.value:.1f} ({one.mean.low:.1f} … {one.mean.high:.1f})",
                        "90% of draws": f"{one.range[0]:.1f} to {one.range[1]:.1f}",
                    }
                    for known, one in sorted(levels.items())
                ]
            ),
            "In real logs, by the number of people whom a person wrote to or heard from": real,
        },
        checked=("in_touch",),
    )  # fmt: skip


def known_of(length: float) -> int:
    """How many people a person knows at the beginning of a world of 240 people, if this many are asked for."""
    return KNOWN.get(int(length), int(length))


def shares_by_length(log: Log) -> pd.DataFrame:
    """The share of a person's contacts in a log with whom there was two-way contact in its last 30 days.

    Returns:
        One row per class of list lengths: ``least``, ``length`` (mean), ``people`` and ``share`` (mean).
    """
    pairs = log.by_pair
    recent = pairs.time > pairs.days - MONTH
    both = _any(pairs.pair, recent & pairs.forward, pairs.pairs) & _any(
        pairs.pair, recent & ~pairs.forward, pairs.pairs
    )
    ends = np.concatenate([pairs.low, pairs.high])
    length = np.bincount(ends, minlength=log.people)
    now = np.bincount(ends, np.concatenate([both, both]).astype(float), minlength=log.people)
    which = np.digitize(length, EDGES)
    rows = []
    for k in range(1, len(EDGES)):
        people = np.flatnonzero(which == k)
        if len(people):
            rows.append({"least": EDGES[k - 1], "length": float(length[people].mean()), "people": len(people),
                         "share": float((now[people] / length[people]).mean())})  # fmt: skip
    return pd.DataFrame(rows)


def _any(pair: np.ndarray, wanted: np.ndarray, pairs: int) -> np.ndarray:
    return np.bincount(pair[wanted], minlength=pairs) > 0


def _real() -> pd.DataFrame:
    """Numbers in real logs, from the shares that `python -m experiments.essay.findings.in_touch LOG …` computed."""
    kept: Mapping[str, list[dict[str, float]]] = json.loads(REAL.read_text(encoding="utf-8"))
    rows = [{"log": name, **row} for name, of in kept.items() for row in of if row["people"] >= LEAST]
    table = pd.DataFrame(rows).drop(columns="least")
    return table.assign(number=table["share"] * table["length"])


def _told(real: pd.DataFrame) -> str:
    last = real.sort_values("length").groupby("log", sort=False).last()
    named = [
        f"{row['number']:.1f} of {row['length']:.0f} ({str(name).replace('_', ' ')})" for name, row in last.iterrows()
    ]
    by_length = real.sort_values("length").groupby("log")["number"]
    grows = bool((by_length.last() > by_length.first()).all())
    why = ". There, people with longer lists are in touch with more others, since they are more active; here only the list is longer"
    return f"{', '.join(named)}, for those with the longest lists{why * grows}"


def _curve(levels: Mapping[int, Effect], real: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {"log": SIMULATED, "length": float(length), "value": one.mean.value, "low": one.range[0], "high": one.range[1]}
        for length, one in sorted(levels.items())
    ]
    return pd.concat(
        [pd.DataFrame(rows), real.rename(columns={"number": "value"})[["log", "length", "value"]]], ignore_index=True
    )


def _span(numbers: Sequence[float]) -> str:
    least, most = f"{min(numbers):.0f}", f"{max(numbers):.0f}"
    return least if least == most else f"{least} to {most}"


def _words(swept: SweepResult, levels: Mapping[int, Effect]) -> Words:
    numbers = [one.mean.value for one in levels.values()]
    return Words(
        f"People exchange words with about {_span(numbers)} others a month,\nwhether they know {min(levels)} people or {max(levels)}",
        "People in two-way contact in the last 30 days, by the number of people known: simulated (band: 90% of plausible\n"
        "worlds) and in real logs, which only have people who wrote to each other.",
        f"{setting_of(swept)}\nGrey: 2% to 5% of a list, as measured on Facebook (Marlow 2009; Yau et al. 2018).",
    )


def main(logs: list[Path]) -> None:
    """Compute the shares of real logs and save them next to this file."""
    found = {path.name.split(".")[0]: shares_by_length(read(path)).to_dict("records") for path in logs}
    REAL.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import sys

    main([Path(name) for name in sys.argv[1:]])
