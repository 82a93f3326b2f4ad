"""All forecasts of who comes back on the development logs and on mailboxes, with a prior that knows none of the log.

    python -m verification.forecast_boards ../shared/data [--figure docs/forecast_leaderboard.png]

`rekindle benchmark-forecasts` uses the shipped prior, which was learned from these logs, too. Here each log and its
mailboxes have a prior from the other logs. Tables are those of docs/forecast.md. Takes about ten minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.commands.benchmarking import plotted, scores_of
from experiments.figures.leaderboard import leaderboard_figure
from experiments.figures.page import FOR_DOCS
from experiments.forecasts.leaderboard import CUTS, LEARNED, Board, board, scored
from experiments.forecasts.learned import Prior
from verification.forecast_prior import One, learn, logs_of, mailboxes, teaching

CUT_OF_MAILBOXES = 0.7  # one morning each, because there are sixty of each log


def usable(one: One) -> One:
    """The log up to the day from which it was not recorded."""
    return one if one.end >= one.log.days else one._replace(log=one.log.before(int(one.end)))


def together(boxes: list[One], prior: Prior) -> Board | None:
    """The boards of mailboxes as one, with people of their own in each."""
    parts = []
    for number, one in enumerate(boxes):
        found = board(usable(one).log, cuts=[CUT_OF_MAILBOXES], prior=prior, resamples=0)
        if found is not None:
            own = np.int64(number + 1) << 32
            parts.append(found.table.assign(low=found.table["low"] + own, high=found.table["high"] + own))
    if not parts:
        return None
    return scored(pd.concat(parts, ignore_index=True), [LEARNED])


def printed(boards: dict[str, Board]) -> pd.DataFrame:
    """Print the scores of each log, best first; returns them."""
    table = scores_of(boards)
    for name, one in boards.items():
        rows = table[table["log"] == name].set_index("forecast")
        came = f"{len(one.table):,} pairs, {one.back:.1%} came back; learned: mean {one.table[LEARNED].mean():.1%}"
        print(f"\n{name}: {came}\n{rows.drop(columns=['log', 'pairs', 'came_back']).round(4).to_string()}", flush=True)
    return table


def main() -> None:
    """Print the tables, and draw the figure if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    ones = logs_of(options.folder)
    boxes = {one.name: mailboxes(one) for one in ones}
    taught = {one.name: [teaching(one)] for one in ones}
    of_boxes = {name: [teaching(one) for one in some] for name, some in boxes.items()}
    whole, cut = {}, {}
    for one in ones:
        prior = learn([log for other, logs in taught.items() if other != one.name for log in logs])
        found = board(usable(one).log, cuts=CUTS, prior=prior)
        if found is not None:
            whole[one.name.replace("_", " ")] = found
        prior = learn([log for other, logs in of_boxes.items() if other != one.name for log in logs])
        found = together(boxes[one.name], prior)
        if found is not None:
            cut[f"mailboxes of {one.name.replace('_', ' ')}"] = found
    table = printed(whole)
    printed(cut)
    if options.figure:
        figure = leaderboard_figure(plotted(table), LEARNED, FOR_DOCS)
        with FOR_DOCS.in_use():
            figure.savefig(options.figure)
        print(f"\nWritten: {options.figure}")


if __name__ == "__main__":
    main()
