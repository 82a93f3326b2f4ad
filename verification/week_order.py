"""Whose first five come back: dormant ties in the order of the learned chance, and in the order of simple rules.

    python -m verification.week_order ../shared/data

Each of the five development logs, and up to 500 mailboxes cut from each, are asked on five mornings, with a prior that
knows neither the log nor its mailboxes. A list is one person's dormant ties on one morning, as `rekindle plan-week`
ranks them. Intervals are over people: the lists of one person on several mornings count as one. The table is that of
docs/plan_week.md. Takes a quarter of an hour.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from experiments.forecasts.leaderboard import CUTS
from experiments.forecasts.learned import Prior, learned_chances
from experiments.forecasts.mornings import mornings
from experiments.forecasts.pairs import came_back, silent_pairs
from experiments.forecasts.week import CHANCE, FIRST, LATEST, LEARNED, LONGEST, first_of_lists, mean_of
from verification.forecast_boards import usable
from verification.forecast_prior import One, learn, logs_of, mailboxes, teaching

DAYS, SILENT = 60, 90  # as plan-week asks
MAILBOXES = 500  # of each log that are judged; fewer teach, as those of the shipped prior
RANKINGS = [LEARNED, LONGEST, LATEST, CHANCE]


def lists_of(one: One, prior: Prior) -> Iterator[pd.DataFrame]:
    """The shares of the first ties of each list that came back, by person, for each morning."""
    log = usable(one).log
    for cut, days in mornings(log.days, DAYS, CUTS).items():
        pairs = silent_pairs(log, cut, SILENT)
        pairs = pairs[pairs["both_wrote"] == 1].reset_index(drop=True)
        if len(pairs):
            chances = learned_chances(log.before(cut), cut, pairs, days=days, silent=SILENT, prior=prior)
            found = first_of_lists(pairs, came_back(log, pairs, cut, days), chances)
            if log.observed is not None:  # a person some of whose contacts are missing has no whole list
                found = found[log.observed[found.index]]
            yield found.assign(cut=cut)


def judged(name: str, lists: Iterable[pd.DataFrame]) -> dict[str, object]:
    """A row of the table."""
    every = pd.concat(lists)
    people = every.groupby(level=0)[RANKINGS].mean()
    print(name, flush=True)
    row: dict[str, object] = {"log": name, "lists": len(every), "people": len(people)}
    row |= {ranking: f"{100 * people[ranking].mean():.1f}" for ranking in RANKINGS}
    for rule in (LONGEST, LATEST):
        value, low, high = (100 * end for end in mean_of((people[LEARNED] - people[rule]).to_numpy()))
        row[f"learned − {rule}"] = f"{value:+.2f} ({low:+.2f} … {high:+.2f})"
    return row


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    ones = logs_of(parser.parse_args().folder)
    taught = {one.name: [teaching(one)] for one in ones}
    of_boxes = {one.name: [teaching(box) for box in mailboxes(one)] for one in ones}
    rows, in_all = [], []
    for one in ones:
        prior = learn([log for other, logs in taught.items() if other != one.name for log in logs])
        rows.append(judged(one.name, lists_of(one, prior)))
    for one in ones:
        prior = learn([log for other, logs in of_boxes.items() if other != one.name for log in logs])
        judge = enumerate(mailboxes(one, MAILBOXES))
        by_box = ((number, found) for number, box in judge for found in lists_of(box, prior))
        each = [found.set_axis([f"{one.name} {number}"] * len(found)) for number, found in by_box]
        rows.append(judged(f"mailboxes of {one.name}", each))
        in_all += each
    rows.append(judged("all mailboxes", in_all))
    print(f"Percentage of the first {FIRST} that came back; people with more than {FIRST} dormant ties")
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
