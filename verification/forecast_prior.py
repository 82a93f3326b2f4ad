"""Learn the prior that forecasts ship with, and score it on each log with that log left out.

    python -m verification.forecast_prior ../shared/data [--write]

The folder has the five development logs. Mailboxes are cut from each: all rows of one person. Scores are those of
docs/forecast.md; `--write` replaces `experiments/forecasts/prior.json` by what all logs say together.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.forecasts import learned
from experiments.forecasts.learned import COEFFICIENTS, FEATURES, MAILBOX, SEVERAL, Known, Prior
from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.forecasts.scores import auc, log_loss
from experiments.logs.log import Log, read_in_file_order

LOGS = ("facebook_wall", "company_mail", "university_email", "college_messages", "phones")
GAPS = {"university_email": 525}  # day from which a log was not recorded
SILENT, DAYS = 30, (30, 90)  # of the pairs that teach
MAILBOXES, FEWEST_CONTACTS = 60, 100  # of each log; contacts of their owners
MOST_PAIRS = 6_000  # of each log, so that none decides alone
FIRST, STEP = 0.2, 30  # where in a log the mornings begin, and days between them


class One(NamedTuple):
    """A log, its name, and the part of it that can be used, in days."""

    name: str
    log: Log
    end: float


def logs_of(folder: Path) -> list[One]:
    """The development logs; phones with their observed people."""
    found = []
    for name in LOGS:
        log = read_in_file_order(folder / f"{name}.csv.gz")
        if name == "phones":
            ids = set((folder / "phones_observed.txt").read_text().split())
            log = replace(log, observed=np.array([str(one) in ids for one in log.names]))
        found.append(One(name, log, GAPS.get(name, log.days)))
    return found


def mailboxes(one: One, most: int = MAILBOXES, seed: int = 7) -> list[One]:
    """Mailboxes of people with many contacts, drawn at random."""
    log = one.log
    owners = np.flatnonzero((np.bincount(np.append(log.source, log.target)) >= FEWEST_CONTACTS) & log.counted)
    drawn = np.random.default_rng(seed).choice(owners, min(most, len(owners)), replace=False)
    found = []
    for owner in drawn:
        rows = (log.source == owner) | (log.target == owner)
        table = pd.DataFrame({"source": log.source[rows], "target": log.target[rows], "time": log.time[rows]})
        box = read_in_file_order(table)
        late = (log.time[rows][0] - log.time[0]) / 86_400
        found.append(One(one.name, replace(box, observed=box.names == owner), one.end - late))
    return found


def teaching(one: One) -> list[tuple[pd.DataFrame, np.ndarray, int]]:
    """Pairs of mornings all over a log, whether they came back, and within how many days."""
    found = []
    for morning in range(max(learned.FIRST_DAYS, int(FIRST * one.end)), int(one.end), STEP):
        pairs = silent_pairs(one.log, morning, SILENT)
        known = [days for days in DAYS if len(pairs) and morning + days <= one.end]
        found += [(pairs, came_back(one.log, pairs, morning, days), days) for days in known]
    return found


def as_known(taught: Sequence[tuple[pd.DataFrame, np.ndarray, int]], prior: Prior) -> Known:
    """These pairs as a log that teaches; at most `MOST_PAIRS` of them, drawn at random."""
    columns = np.concatenate([learned.columns_of(pairs, days, prior) for pairs, _, days in taught])
    back = np.concatenate([back for _, back, _ in taught])
    rows = np.random.default_rng(0).permutation(len(back))[:MOST_PAIRS]
    return Known(columns[rows], back[rows], np.ones(len(rows)))


def wide(taught: Iterable[Sequence[tuple[pd.DataFrame, np.ndarray, int]]]) -> Prior:
    """A wide prior, with the centre and scale of the features of these logs."""
    each = [learned.features_of(pairs) for log in taught for pairs, _, _ in log]
    features = np.concatenate(each)
    spread = np.full(len(COEFFICIENTS), 0.7)
    spread[0] = 2.0
    return Prior(np.zeros(len(COEFFICIENTS)), spread, features.mean(axis=0), np.maximum(features.std(axis=0), 1e-3))


def learn(taught: Sequence[Sequence[tuple[pd.DataFrame, np.ndarray, int]]]) -> Prior:
    """The prior that these logs suggest."""
    usable = [log for log in taught if log]
    start = wide(usable)
    return learned.learned_prior([as_known(log, start) for log in usable], start)


def scored(ones: Sequence[One], prior: Prior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Learned chances 70% into each log, what came of them, and the share of the earlier pairs that came back."""
    chances, backs, shares = [], [], []
    for one in ones:
        morning = int(0.7 * one.end)
        days = int(min(90, one.end - morning))
        if morning < 60 or days < 30:
            continue
        pairs = silent_pairs(one.log, morning, SILENT)
        if pairs.empty:
            continue
        past = one.log.before(morning)
        chances.append(learned.learned_chances(past, morning, pairs, days=days, silent=SILENT, prior=prior))
        backs.append(came_back(one.log, pairs, morning, days))
        before = silent_pairs(past, morning - days, SILENT) if morning > days else pairs.head(0)
        came = came_back(past, before, morning - days, days)
        shares.append(np.full(len(pairs), (came.sum() + 0.5) / (len(came) + 1)))
    return np.concatenate(chances), np.concatenate(backs), np.concatenate(shares)


def report(kind: str, ones: dict[str, list[One]]) -> dict[str, object]:
    """Print the scores of each log with the others' prior; return the prior of all."""
    taught = {name: [teaching(one) for one in some] for name, some in ones.items()}
    print(f"\n{kind}: log loss (base rate's), AUC, forecast over what came back; prior without that log")
    for name, some in ones.items():
        prior = learn([log for other, logs in taught.items() if other != name for log in logs])
        chance, back, share = scored(some, prior)
        print(
            f"  {name:18} {len(back):6,} pairs  {log_loss(chance, back):.4f} ({log_loss(share, back):.4f})  "
            f"{auc(chance, back):.3f}  {chance.mean():.3f} / {back.mean():.3f} = {chance.mean() / back.mean():.2f}",
            flush=True,
        )
    prior = learn([log for logs in taught.values() for log in logs])
    rounded = {name: [float(f"{one:.4g}") for one in getattr(prior, name)] for name in Prior._fields}
    return {"coefficients": list(COEFFICIENTS), **rounded}


def main() -> None:
    """Print the scores, and write the prior if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    logs = logs_of(options.folder)
    whole, boxes = {one.name: [one] for one in logs}, {one.name: mailboxes(one) for one in logs}
    found = {SEVERAL: report(SEVERAL, whole), MAILBOX: report(MAILBOX, boxes)}
    assert len(FEATURES) + 2 == len(COEFFICIENTS)
    if options.write:
        path = Path(learned.__file__).with_name("prior.json")
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(f"\nWritten: {path.name}")


if __name__ == "__main__":
    main()
