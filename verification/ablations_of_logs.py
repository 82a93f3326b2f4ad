"""What each mechanism is needed for: how many statistics of real logs are met with it and without it.

Each mechanism is switched off alone (those that are off by default are switched on), in worlds with the levels of each
log, which stay as they were read. The three that matter most, and those that harm, are also judged with the levels
read again without them, because other levels may make up for them.

    python -m verification.ablations_of_logs [LOG …]    prints tables, writes results/verification/ablations_of_logs.csv
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

import sim
from experiments.logs.levels import LEAST_PRESENCE, LEVELS, presence, read_levels
from experiments.logs.validate import FIRST, gate, summary, table
from sim.model.parameters import NEW_PARAMETERS
from verification.worlds_of_logs import OUT, Known, known, with_values, worlds

LOGS = ("company_mail", "university_email", "facebook_wall", "college_messages", "phones")
SEEDS = (1, 2)
OTHER_SEEDS = (3, 4)  # with all mechanisms, to see how much counts move with the seed

# What switches each mechanism off, or on if it is off by default.
NEW: dict[str, dict[str, Any]] = {
    "sittings": {"sitting_prompts": 1.0, "sitting_same": 0.0},
    "hours": {"hour_activity": [1.0] * 24},
    "weekdays": {"weekday_activity": [1.0] * 7},
    "levels of periods": {"channel_levels": []},
    "arriving and leaving": {"arriving_share": 0.0, "leaving_rate": 0.0},
    "responsiveness": {"responsiveness_sd": 0.0},
    "new ties": {"routine_new": 0.0},
    "less activity of the unobserved": {"unobserved_activity": 1.0},
    "quick answers": {"quick_share": 0.0},
    "answers by strength": {"answer_strength": sim.Parameters().answer_strength},
}
ON: dict[str, dict[str, Any]] = {
    "closeness (on)": {"closeness_gain": 0.01},
}
EARLIER: dict[str, dict[str, Any]] = {
    "liking of one's own": {"affinity_sd": 0.0},
    "groups": {"group_pull": 0.0},
    "spells": {"spell_sd": 0.0},
    "receiving leaves less": {"encoding_received": 1.0},
    "limit on minutes": {"weekly_minutes": 10_000.0},
}
MECHANISMS = {**NEW, **ON, **EARLIER}
MOST = 3  # mechanisms whose levels are read again
READ_AGAIN = ("company_mail", "university_email")  # the logs on which they are


def without(levels: sim.Parameters, values: dict[str, Any]) -> sim.Parameters:
    """Parameters with these values; if everybody is there from the start, activity is not divided by who is."""
    found = with_values(levels, values)
    if "arriving_share" not in values or not levels.channel_levels:
        return found
    middle = (np.arange(len(levels.channel_levels)) + 0.5) * levels.channel_level_days
    there = presence(middle, levels.arriving_share, levels.arriving_days, levels.leaving_rate)
    return with_values(found, {"channel_levels": list(levels.channel_levels * np.maximum(there, LEAST_PRESENCE))})


def row_of(log: Known, parameters: sim.Parameters, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """What worlds meet, the gate, and how well trees tell the first of them from the log."""
    found = pd.concat([worlds(log, parameters, seeds[:1], apart=True), worlds(log, parameters, seeds[1:])])
    rows = table(log.measured, found.to_dict("records"), fitted=log.fitted)
    counts = summary(rows)["met"]
    return {
        "first": int(counts[FIRST]),
        "all": int(counts["all"]),
        "of": len(rows),
        "gate": "passed" if gate(rows)["passed"] else "failed",
        "auc_people": found["auc_people"].iloc[0],
        "auc_pairs": found["auc_pairs"].iloc[0],
        "met": frozenset(rows.index[rows["met"]]),
    }


def ablations(log: Known) -> Iterator[dict[str, Any]]:
    """One row with all mechanisms as read, one with other seeds, and one without each."""
    whole = row_of(log, log.levels)
    yield {"log": log.name, "mechanism": "as read", **whole}
    yield {
        "log": log.name,
        "mechanism": "as read, other seeds",
        **compared(row_of(log, log.levels, OTHER_SEEDS), whole),
    }
    for name, values in MECHANISMS.items():
        yield {"log": log.name, "mechanism": name, **compared(row_of(log, without(log.levels, values)), whole)}


def compared(row: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """A row, with the change from all mechanisms and the statistics that are met no longer or newly."""
    lost, gained = sorted(whole["met"] - row["met"]), sorted(row["met"] - whole["met"])
    return {**row, "change": row["all"] - whole["all"], "lost": lost, "gained": gained}


def read_again(log: Known, name: str) -> dict[str, Any]:
    """What is met without a mechanism if the other levels are read without it."""
    values = MECHANISMS[name]
    found = read_levels(log.real, sim.Parameters(), log.window, fixed=values)
    whole = row_of(log, log.levels)
    return {"log": log.name, "mechanism": f"{name}, read again", **compared(row_of(log, found.parameters), whole)}


def most_needed(rows: pd.DataFrame) -> list[str]:
    """The new mechanisms without which most statistics are lost, summed over logs."""
    return list(_changes(rows).index[:MOST])


def harmful(rows: pd.DataFrame) -> list[str]:
    """The new mechanisms without which statistics are gained, summed over logs."""
    return list(_changes(rows)[lambda change: change > 0].index)


def _changes(rows: pd.DataFrame) -> pd.Series:
    """Statistics gained without each new mechanism, summed over logs; the most needed first."""
    of = rows[rows["mechanism"].isin(NEW)]
    return of["change"].groupby(of["mechanism"]).sum().sort_values()


def numbers_of_parameters(log: Known) -> str:
    """How many numbers of the model there are, and how many were read from a log."""
    scalars = [name for name, field in sim.Parameters.model_fields.items() if field.annotation in (float, int)]
    usual = sim.Parameters()
    read = [name for name in scalars if getattr(log.levels, name) != getattr(usual, name)]
    searched = [level.parameter for level in LEVELS]
    lists = {name: len(getattr(log.levels, name)) for name in ("hour_activity", "weekday_activity", "channel_levels")}
    return (
        f"{log.name}: {len(scalars)} parameters are single numbers, {len(NEW_PARAMETERS)} of all are new; "
        f"{len(searched)} levels are searched for by statistics; {len(read)} single numbers differ from the defaults "
        f"({', '.join(read)}); lists that are read at once: {lists}"
    )


def main(names: Sequence[str] = LOGS) -> pd.DataFrame:
    """Print the tables; returns one row per log and mechanism."""
    found = []
    for name in names:
        print("\n" + numbers_of_parameters(known(name)), flush=True)
        for row in ablations(known(name)):
            found.append(row)
            _say(row)
    again = [*most_needed(pd.DataFrame(found)), *harmful(pd.DataFrame(found))]
    print(f"\nRead again without: {', '.join(again)}")
    for name in [name for name in names if name in READ_AGAIN]:
        for mechanism in again:
            found.append(read_again(known(name), mechanism))
            _say(found[-1])
    rows = pd.DataFrame(found).drop(columns="met")
    rows.to_csv(OUT / "ablations_of_logs.csv", index=False)
    return rows


def _say(row: dict[str, Any]) -> None:
    met = f"{row['first']} of the first, {row['all']} of {row['of']} ({row.get('change', 0):+d})"
    apart = f"AUC {row['auc_people']:.3f}, {row['auc_pairs']:.3f}"
    print(f"{row['log']}, {row['mechanism']}: {met}, gate {row['gate']}, {apart}", flush=True)
    for word in ("lost", "gained"):
        if row.get(word):
            print(f"    {word}: {', '.join(row[word])}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or LOGS)
