"""Rivals of the model, judged as it is: by the same statistics, the same gate, and the same trees.

A rival is a function that fits itself to a real log and makes a log of the same people and days. Some copy parts of the
real log, such as its pairs and their counts, and so meet statistics of these by construction. So it is counted by group
what each meets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.logs.contact_log import values
from experiments.logs.contact_statistics import CORE
from experiments.logs.discriminator import told_apart
from experiments.logs.features import Features, features_of
from experiments.logs.log import Log
from experiments.logs.validate import FITTED, gate, table
from experiments.rivals.hawkes import hawkes, hawkes_two_scales
from experiments.rivals.jin import jin_girvan_newman
from experiments.rivals.kumpula import kumpula
from experiments.rivals.shuffled import constant_rates, shuffled_times
from experiments.rivals.tie_decay import tie_decay
from sim.contact_logs import LogError

MODEL = "the model"

# Statistics by what they are about; each begins with one of these, and the first group that fits is taken.
GROUPS: dict[str, tuple[str, ...]] = {
    "change": ("turnover", "signature_distance", "gone", "arrived"),
    "counts": ("degree", "sends_per_week", "contacts_per_pair", "both_directions", "lopsided", "signature"),
    "network": ("overlap_weight", "clustering", "transitivity"),
    "answers": ("first_answered", "answer_delay", "answered_7d", "answers_given"),
    "silence": (
        "reactivated",
        "hazard",
        "ratio_per_doubling",
        "last_sender",
        "after_answered",
        "isolated",
        "kept",
        "session_mix",
    ),
    "rhythm": ("burstiness", "quiet", "sends_per_active_day", "within", "conversation"),
}


class Rival(NamedTuple):
    """Another model.

    Attributes:
        make: from a real log and a seed to a log.
        copies: groups of statistics that are copied from the real log, wholly or nearly.
        source: where it is from.
    """

    make: Callable[[Log, int], Log]
    copies: tuple[str, ...]
    source: str


RIVALS = {
    "shuffled times": Rival(shuffled_times, ("counts", "network"), "Holme & Saramäki 2012"),
    "constant rates": Rival(constant_rates, ("counts", "network"), "Poisson pairs"),
    "Hawkes": Rival(hawkes, ("counts", "network"), "Hawkes 1971; Blundell et al. 2012"),
    "Hawkes, two scales": Rival(hawkes_two_scales, ("counts", "network"), "as above"),
    "tie decay": Rival(tie_decay, (), "Ahmad, Porter & Beguerisse-Díaz 2021"),
    "growing network": Rival(jin_girvan_newman, (), "Jin, Girvan & Newman 2001"),
    "reinforced ties": Rival(kumpula, (), "Kumpula et al. 2007"),
}


def group_of(statistic: str) -> str:
    """The group of `GROUPS` to which a statistic belongs."""
    return next(group for group, stems in GROUPS.items() if statistic.startswith(stems))


class Made(NamedTuple):
    """The statistics of a rival's log and its features; or only why it made none."""

    values: dict[str, float]
    features: Features | None
    refused: str = ""


def made(name: str, log: Log, seed: int) -> Made:
    """What is compared with a real log, for one of `RIVALS`."""
    try:
        found = RIVALS[name].make(log, seed)
    except LogError as problem:
        return Made({}, None, str(problem))
    return Made(values(found), features_of(found))


class JudgedLog(NamedTuple):
    """What a model meets, the result of `validate.table`, and the features of one of its logs."""

    rows: pd.DataFrame
    features: Features


def comparison(real: pd.DataFrame, features: Features, model: JudgedLog, rivals: Mapping[str, Made]) -> pd.DataFrame:
    """What the model and its rivals meet.

    Args:
        real: the result of `contact_log.statistics` for the real log.
        features: those of the real log.
        model: the model.
        rivals: what each rival made, by name; one that made nothing is left out.

    Returns:
        One row for the model and for each rival, with columns: for each group of `GROUPS` how many statistics are met,
        ``first`` (of `CORE`), ``all``, ``not_copied`` (in the groups that no rival copies), ``neither`` (of these,
        the ones that the model was not fitted to), ``gate``, and how well trees tell its people and pairs from real
        ones (``auc_people``, ``auc_pairs``; missing if that is unknown). The row ``statistics`` says how many can be
        tested.
    """
    every = {MODEL: model}
    for name, one in rivals.items():
        if one.features is not None:
            every[name] = JudgedLog(table(real, [one.values]), one.features)
    fitted = set(model.rows.index[model.rows["mark"] == FITTED])
    tested = _counted(model.rows.assign(met=True), fitted)
    rows: dict[str, dict[str, Any]] = {"statistics": tested | {"gate": "", "auc_people": np.nan, "auc_pairs": np.nan}}
    for name, (judged, found) in every.items():
        apart = told_apart(features, found)
        areas = {"people": np.nan, "pairs": np.nan} if isinstance(apart, str) else {k: v.auc for k, v in apart.items()}
        verdict = "passed" if gate(judged)["passed"] else "failed"
        rows[name] = (
            _counted(judged, fitted) | {"gate": verdict} | {f"auc_{kind}": area for kind, area in areas.items()}
        )
    return pd.DataFrame.from_dict(rows, orient="index")


def _counted(judged: pd.DataFrame, fitted: Collection[str]) -> dict[str, int]:
    """How many statistics are met in each group and in all; ``fitted`` are those that the model was fitted to."""
    met = judged["met"].astype(bool)
    groups = np.array([group_of(str(name)) for name in judged.index])
    found = {group: int(met[groups == group].sum()) for group in GROUPS}
    copied = np.isin(groups, [group for rival in RIVALS.values() for group in rival.copies])
    return {
        **found,
        "first": int(met[judged.index.isin(CORE)].sum()),
        "all": int(met.sum()),
        "not_copied": int(met[~copied].sum()),
        "neither": int(met[~copied & ~judged.index.isin(fitted)].sum()),
    }


def cells_of(found: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """The comparison as text: headings, and the cells of each row.

    The heading of a group says how many of its statistics can be tested. A star marks a group that is copied.
    """
    counts = [*GROUPS, "first", "all", "not_copied", "neither"]
    tested = found.loc["statistics"]
    titles = {"not_copied": "not copied", "neither": "nor fitted", "first": f"first {len(CORE)}"}
    heads = [f"{titles.get(name, name)} ({tested[name]})" for name in counts]
    rows = []
    for name, row in found.drop(index="statistics").iterrows():
        copied = RIVALS[str(name)].copies if name in RIVALS else ()
        numbers = [f"{row[of]}*" if of in copied else str(row[of]) for of in counts]
        rows.append([str(name), *numbers, str(row["gate"]), _area(row["auc_people"]), _area(row["auc_pairs"])])
    return ["", *heads, "gate", "AUC people", "AUC pairs"], rows


def _area(auc: float) -> str:
    return "–" if np.isnan(auc) else f"{auc:.2f}"


def remarks(rivals: Mapping[str, Made]) -> list[str]:
    """Sentences under the comparison."""
    note = (
        "A star marks a group that the rival copies from the real log, wholly or nearly. Not copied: statistics "
        "of other groups. Nor fitted: those of them that the model was not fitted to."
    )
    return [note, *(f"Left out: {name}. {one.refused}" for name, one in rivals.items() if one.refused)]


def in_lines(found: pd.DataFrame, rivals: Mapping[str, Made]) -> list[str]:
    """The comparison as Markdown."""
    heads, rows = cells_of(found)
    lines = ["## Rivals", "", f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 4)}---|---:|---:|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), "", *remarks(rivals), ""]
