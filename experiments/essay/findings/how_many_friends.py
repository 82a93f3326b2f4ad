"""How many friends are there regular dealings with? "That number is very small"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts
from experiments.analysis.verdicts import mean, ruled_by_limit
from experiments.essay.findings import Finding, Picture, Sweeps, row_of, setting
from experiments.figures.how_many_friends import draw
from experiments.figures.page import Words
from experiments.logs.contact_log import Log, read
from experiments.logs.writing import written_in
from experiments.sweeps.sweep_result import SweepResult

MONTH = 30.0  # days
SIMULATED = "simulated"
EDGES = (1, 3, 6, 11, 21, 41, 10_000)  # of the length of a list
LEAST = 20  # people behind a point
REAL = Path(__file__).with_name("real_lists.json")  # of logs that are not part of the repository


def finding(sweeps: Sweeps) -> Finding:
    """Share of a person's ties in two-way contact within a month, at the end; its list in real logs beside it."""
    swept, asked = sweeps["how_many_friends"], sweeps["how_many_friends"].verdict
    assert asked.most is not None
    share = mean(swept.runs["everyone_contact_share"].to_numpy(float))
    ruling = ruled_by_limit(share, asked.most, worlds=asked.worlds)
    curve = pd.concat([_simulated(swept), _real()], ignore_index=True)
    active = swept.runs["everyone_active_ties"].mean()
    return Finding(
        ruling=ruling,
        effect=(
            f"Within a month people are in two-way contact with {share.value:.1%} ({share.low:.1%} … {share.high:.1%}) of all "
            f"whom they know, and within three with {active:.1f} people; “very small” is taken as under {asked.most:.0%}, the "
            "upper end of what was published for Facebook friends (Marlow 2009). "
            f"{_falling(curve)}"
        ),
        pictures=(Picture("how_many_friends", _words(swept, curve), curve, draw),),
        tables={
            "Share of their ties in two-way contact within 30 days": pd.DataFrame([row_of(share, of="all ties")]),
            "The same of the list that a log shows, by its length": curve,
        },
        checked=("how_many_friends",),
    )


def shares_by_length(log: Log) -> pd.DataFrame:
    """Of everyone whom a person was in contact with in a log: the share in two-way contact in its last 30 days.

    Returns:
        A row a class of lengths: ``least``, ``length`` (mean), ``people`` and ``share`` (mean).
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


def _simulated(swept: SweepResult) -> pd.DataFrame:
    """Over worlds: mean and interval of each class of lengths that most worlds have."""
    found = []
    for replicate, events in swept.events().groupby("replicate"):
        found.append(shares_by_length(read(written_in(events))).assign(replicate=replicate))
    rows = []
    for _, there in pd.concat(found).groupby("least"):
        if there["people"].sum() < LEAST:
            continue
        values = there["share"].to_numpy()
        counts = resampled_counts(len(values), RESAMPLES)
        low, high = np.quantile(counts @ values / len(values), ends_of_interval(len(values)))
        rows.append({"log": SIMULATED, "length": there["length"].mean(), "people": int(there["people"].sum()),
                     "value": values.mean(), "low": low, "high": high})  # fmt: skip
    return pd.DataFrame(rows)


def _real() -> pd.DataFrame:
    """The same in real logs, as `python -m experiments.essay.essay.findings.how_many_friends LOG …` took it."""
    kept: Mapping[str, list[dict[str, float]]] = json.loads(REAL.read_text(encoding="utf-8"))
    rows = [{"log": name, **row} for name, of in kept.items() for row in of if row["people"] >= LEAST]
    return pd.DataFrame(rows).rename(columns={"share": "value"}).drop(columns="least")


def _falling(curve: pd.DataFrame) -> str:
    """Whether longer lists have smaller shares, in each log."""
    told = []
    for name, rows in curve.groupby("log", sort=False):
        rows = rows.sort_values("length")
        told.append(f"{str(name).replace('_', ' ')} {rows['value'].iloc[0]:.0%} to {rows['value'].iloc[-1]:.0%}")
    mine = curve[curve["log"] == SIMULATED].sort_values("length")["value"]
    missed = (
        "; that it rises with the list is a miss, since published shares fall" if mine.iloc[-1] > mine.iloc[0] else ""
    )
    return f"In logs, from the shortest to the longest lists: {'; '.join(told)}{missed}."


def _words(swept: SweepResult, curve: pd.DataFrame) -> Words:
    real, simulated = curve[curve["log"] != SIMULATED]["value"], curve[curve["log"] == SIMULATED]["value"]
    few = "few" if max(real.max(), simulated.max()) < 0.1 else "some"
    return Words(
        f"In a month people are in touch with {few} of those they know:\n{simulated.min():.0%} to {simulated.max():.0%} in the model, "
        f"{real.min():.0%} to {real.max():.0%} in real logs",
        "Share of everyone in a person's log with whom there was contact both ways in its last 30 days, by how many that are;\n"
        f"simulated (interval over {swept.runs['replicate'].nunique()} worlds, four years of questions and messages) and three real logs.",
        f"{setting(swept)} Real logs: Facebook wall posts, messages of a college, e-mails of an institution.\n"
        "A log shows those who ever wrote to each other, and not all who know each other.",
    )


def main(logs: list[Path]) -> None:
    """Take the shares of real logs and keep them beside this file."""
    found = {path.name.split(".")[0]: shares_by_length(read(path)).to_dict("records") for path in logs}
    REAL.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import sys

    main([Path(name) for name in sys.argv[1:]])
