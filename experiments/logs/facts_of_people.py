"""Published facts about people: whom they write to (B1, B2), and how many of their friends (B5)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from experiments.analysis.bootstrap import divergences, over
from experiments.logs.by_pair import ByPair
from experiments.logs.fact_values import MONTH, Found, counted_mean, ranks_agree
from experiments.logs.log import Log

_NEIGHBOURS = 50  # other egos that each ego's signature is compared with


def _alters(log: Log, which: np.ndarray) -> pd.DataFrame:
    """The alters of each ego in some events: ego, alter, sends, rank (0 is the most contacted), share of the sends."""
    table = pd.DataFrame({"ego": log.source[which], "alter": log.target[which], "sends": 1})
    table = table.groupby(["ego", "alter"], as_index=False).sum()
    table = table.sort_values("sends", ascending=False, kind="stable").sort_values("ego", kind="stable")
    table["rank"] = table.groupby("ego").cumcount()
    table["share"] = table["sends"] / table.groupby("ego")["sends"].transform("sum")
    return table


def _busy(alters: pd.DataFrame) -> pd.DataFrame:
    """The rows of egos with at least 50 sends, because the shares of others are too noisy."""
    return alters[alters.groupby("ego")["sends"].transform("sum") >= 50]


def signatures(log: Log) -> Found:
    """How people distribute what they send over their alters (B1)."""
    alters = _alters(log, np.ones(len(log), bool))
    known = _busy(alters)
    known = known[known["ego"].isin(known.loc[known["rank"] == 19, "ego"])]
    top = {most: known[known["rank"] < most].groupby("ego")["share"].sum().to_numpy() for most in (1, 3)}
    return {"B1_top_alter": counted_mean(top[1]), "B1_top_three": counted_mean(top[3])}


def turnover(log: Log) -> Found:
    """Signatures and alters in the events before the median time, and in the others."""
    early = log.time < np.median(log.time) if len(log) else np.zeros(0, bool)
    halves = [_alters(log, half) for half in (early, ~early)]
    egos = np.intersect1d(*(half.loc[half["rank"] == 9, "ego"] for half in map(_busy, halves)))
    first, second = (_by_rank(half, egos) for half in _same_ranks(halves))
    steps = range(1, min(len(egos), _NEIGHBOURS + 1))
    others = [divergences(first, np.roll(second, -step, axis=0)) for step in steps]
    closer = divergences(first, second) < np.median(others, axis=0) if others else np.zeros(0, bool)
    return {
        "B1_signature_own_below_others": counted_mean(closer.astype(float)),
        "B1_alter_turnover": counted_mean(1 - _common_top(halves, egos, 20)),
    }


def _same_ranks(halves: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """The tables with a dummy first row, so that both have the same number of ranks."""
    most = max((half["rank"].max() for half in halves if len(half)), default=0)
    nobody = pd.DataFrame({"ego": [-1], "alter": [-1], "sends": [0], "rank": [most], "share": [0.0]})
    return [pd.concat([nobody, half]) for half in halves]


def _by_rank(alters: pd.DataFrame, egos: np.ndarray) -> np.ndarray:
    """Shares of the egos' sends by rank, shape (egos, ranks)."""
    known = alters[alters["ego"].isin(egos)]
    shares = np.zeros((len(egos), int(alters["rank"].max()) + 1))
    shares[np.searchsorted(egos, known["ego"]), known["rank"]] = known["share"]
    return shares


def _common_top(halves: list[pd.DataFrame], egos: np.ndarray, most: int) -> np.ndarray:
    """(egos,), Jaccard index of the most contacted alters of two halves."""
    tops = [half.loc[half["ego"].isin(egos) & (half["rank"] < most), ["ego", "alter"]] for half in halves]
    common = np.bincount(np.searchsorted(egos, pd.merge(*tops)["ego"]), minlength=len(egos))
    known = np.bincount(np.searchsorted(egos, pd.concat(tops)["ego"]), minlength=len(egos))
    return over(common, known - common)


def dispersion(events: ByPair) -> Found:
    """Variance over mean of the contacts of each ego's pairs."""
    ego, contacts = np.append(events.low, events.high), np.tile(events.contacts, 2)
    pairs = np.bincount(ego, minlength=events.people)
    mean = over(np.bincount(ego, contacts, minlength=events.people), pairs)
    variance = over(np.bincount(ego, (contacts - mean[ego]) ** 2, minlength=events.people), pairs - 1)
    enough = pairs >= 10
    return {"B2_egos_overdispersed": counted_mean((variance > mean)[enough].astype(float))}


def friends_in_contact(log: Log, ties: np.ndarray | None) -> Found:
    """How many of their ties people are in contact with in a month (B5)."""
    names = ("B5_two_way", "B5_one_way", "B5_falls_with_list")
    if ties is None or log.days < MONTH:
        return dict.fromkeys(names, (math.nan, 0))
    people = pd.factorize(np.concatenate([log.names, np.ravel(ties)]))[0]
    one, two = people[log.people :].reshape(-1, 2).T
    owner, other = np.append(one, two), np.append(two, one)
    width = int(people.max(initial=0)) + 1
    recent = log.time > log.time[-1] - MONTH * 86_400
    written = np.unique(log.source[recent] * width + log.target[recent])
    wrote = np.isin(owner * width + other, written)
    answered = wrote & np.isin(other * width + owner, written)
    length = np.bincount(owner, minlength=width)
    two_way, one_way = (over(np.bincount(owner, flags, minlength=width), length) for flags in (answered, wrote))
    long = length >= 10
    found = (counted_mean(two_way), counted_mean(one_way), ranks_agree(length[long], two_way[long]))
    return dict(zip(names, found, strict=True))
