"""How many friends do people interact with regularly? The essay says: "That number is very small"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts
from experiments.analysis.verdicts import mean, ruled_by_limit
from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps, row_of, setting
from experiments.figures.how_many_friends import draw
from experiments.figures.page import Words
from experiments.logs.log import Log, read
from experiments.logs.writing import written_in
from experiments.sweeps.sweep_result import SweepResult

MONTH = 30.0  # days
SIMULATED = "simulated"
EDGES = (1, 3, 6, 11, 21, 41, 10_000)  # edges of classes of list lengths
LEAST = 20  # people per point, at least
REAL = Path(__file__).with_name("real_lists.json")  # results for logs that are not part of the repository


def finding(sweeps: Sweeps) -> ClaimFinding:
    """The share of a person's ties in two-way contact within the last month, and the shares in real logs."""
    swept, thresholds = sweeps["how_many_friends"], sweeps["how_many_friends"].verdict
    assert thresholds.most is not None
    share = mean(swept.runs["everyone_contact_share"].to_numpy(float))
    ruling = ruled_by_limit(share, thresholds.most, worlds=thresholds.worlds)
    curve = pd.concat([_simulated(swept), _real()], ignore_index=True)
    active = swept.runs["everyone_active_ties"].mean()
    return ClaimFinding(
        ruling=ruling,
        effect=(
            f"Within a month, people are in two-way contact with {share.value:.1%} of the people they know (95% interval over worlds "
            f"{share.low:.1%} … {share.high:.1%}), and within three months with {active:.1f} people. Here “very small” means below "
            f"{thresholds.most:.0%}, the upper end of the published shares of Facebook friends (Marlow 2009). "
            f"{_falling(curve)}"
        ),
        pictures=(FigureSpec("how_many_friends", _words(swept, curve), curve, draw),),
        tables={
            "Share of their ties in two-way contact within 30 days": pd.DataFrame([row_of(share, of="all ties")]),
            "Share of the people in a person's log, by their number": curve,
        },
        checked=("how_many_friends",),
    )


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


def _simulated(swept: SweepResult) -> pd.DataFrame:
    """Mean and interval over worlds for each class of list lengths with enough people."""
    found = []
    for replicate, events in swept.events().groupby("replicate"):
        found.append(
            shares_by_length(read(written_in(events, swept.experiment.parameters.gestures))).assign(replicate=replicate)
        )
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
    """Shares in real logs, as `python -m experiments.essay.findings.how_many_friends LOG …` computed them."""
    kept: Mapping[str, list[dict[str, float]]] = json.loads(REAL.read_text(encoding="utf-8"))
    rows = [{"log": name, **row} for name, of in kept.items() for row in of if row["people"] >= LEAST]
    return pd.DataFrame(rows).rename(columns={"share": "value"}).drop(columns="least")


def _falling(curve: pd.DataFrame) -> str:
    """A sentence on how the share changes with the length of the list, in each log."""
    ranges = []
    for name, rows in curve.groupby("log", sort=False):
        rows = rows.sort_values("length")
        ranges.append(f"{str(name).replace('_', ' ')} {rows['value'].iloc[0]:.0%} to {rows['value'].iloc[-1]:.0%}")
    mine = curve[curve["log"] == SIMULATED].sort_values("length")["value"]
    missed = (
        ". The simulated share rises with the list. This disagrees with published shares, which fall"
        if mine.iloc[-1] > mine.iloc[0]
        else ""
    )
    return f"By log, from the shortest to the longest lists: {'; '.join(ranges)}{missed}."


def _words(swept: SweepResult, curve: pd.DataFrame) -> Words:
    real, simulated = curve[curve["log"] != SIMULATED]["value"], curve[curve["log"] == SIMULATED]["value"]
    few = "few" if max(real.max(), simulated.max()) < 0.1 else "some"
    return Words(
        f"In a month people are in touch with {few} of the people they know:\n{simulated.min():.0%} to {simulated.max():.0%} in the model, "
        f"{real.min():.0%} to {real.max():.0%} in real logs",
        "Share of the people in a person's log with two-way contact in its last 30 days, by their number; simulated\n"
        f"(95% interval over {swept.runs['replicate'].nunique()} worlds, four years of questions and messages) and in three real logs.",
        f"{setting(swept)} Real logs: Facebook wall posts, messages at a college, e-mails at a university.\n"
        "A log has only people who wrote to each other, not all who know each other.",
    )


def main(logs: list[Path]) -> None:
    """Compute the shares of real logs and save them next to this file."""
    found = {path.name.split(".")[0]: shares_by_length(read(path)).to_dict("records") for path in logs}
    REAL.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import sys

    main([Path(name) for name in sys.argv[1:]])
