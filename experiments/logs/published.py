"""Published facts about contact logs, measured in real and simulated logs, and effects that must be absent.

`FACTS` describes each fact, how it is measured, the accepted values and the source. `facts` measures all of them in a
log. `absences` runs a world to check for two effects that must be absent: closeness that grows from likes alone, and
answers that grow with every further attempt.

A pair is unordered, a contact is an event in either direction, months are 30 days from the first event, and a person's
alters are the people whom they wrote to. If a log has too little data for a fact (fewer than 20 events, pairs or
people), its value is nan, and whether it holds is None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from scipy import sparse, stats

from experiments.analysis.bootstrap import burstiness, divergences, line_slopes, over, rank_correlation
from experiments.logs.by_pair import ByPair
from experiments.logs.log import Log
from sim.measures import dormant_pairs
from sim.model import rules
from sim.model.chance import DrawPurpose
from sim.model.parameters import Parameters
from sim.run import Gesture, Run, simulate
from sim.state.population import NOBODY, World

MONTH = 30.0  # days
LEAST = 20  # events, pairs or people that a value needs
TOUCHES = (1, 2, 3, 4, 6, 8, 12)  # messages in a fortnight

_PERIOD = 15.0  # days; of the persistence curve
_FEWEST_PERIODS = 6  # points of that curve
_YEAR = 364.0  # days; a log of one year lasts a little less than 365 from its first event to its last
_NEIGHBOURS = 50  # other egos that each ego's signature is compared with
_ORDERS = 10  # random orders in which equally weighted pairs are removed
_FORTNIGHT = 14
_NOON = 43_200  # seconds
_LIKING_DAYS = 30
_ANSWER_DAYS = 7
_NO_ANSWERS = -10.0  # logit

_NONE, _ANY = -math.inf, math.inf


# The facts --------------------------------------------------------------------------------------------------------

Standing = Literal["published", "published, bounds chosen here", "to be checked"]
Needs = Literal["log", "log and ties", "world"]

_CHOSEN: Standing = "published, bounds chosen here"
_CHECK: Standing = "to be checked"  # numbers from memory or from a summary of the paper, not from its text


class Fact(NamedTuple):
    """A published fact and what of it is accepted.

    Attributes:
        statement: in a sentence.
        measure: what the value is, with its unit.
        low, high: a value between them (not at an end) is accepted; infinite ends are open. If both are one number, it
            is that number; nan: nothing is asked of the value.
        source: author and year.
        standing: how far to trust the numbers.
        needs: what it is computed from.
    """

    statement: str
    measure: str
    low: float
    high: float
    source: str
    standing: Standing = _CHOSEN
    needs: Needs = "log"


FACTS: dict[str, Fact] = {
    "B1_signature_own_below_others": Fact(
        "People distribute their contacts over ranks in a personal way that persists.",
        "Share of egos (10 alters and 50 sends in each half of the log) whose rank shares are closer (Jensen-Shannon "
        "divergence) to their own in the other half than the median of up to 50 other egos' are.",
        0.8, _ANY, "Saramäki et al. 2014",
    ),
    "B1_alter_turnover": Fact(
        "Their distribution persists although the alters change.",
        "Mean over these egos of one minus the Jaccard index of their top 20 alters in the two halves.",
        0.3, _ANY, "Saramäki et al. 2014",
    ),
    "B1_top_alter": Fact(
        "20% to 25% of what people send goes to one alter.",
        "Mean share of sends to the most contacted alter, over egos with 20 alters and 50 sends.",
        0.20, 0.25, "Saramäki et al. 2014", _CHECK,
    ),
    "B1_top_three": Fact(
        "40% to 50% of what people send goes to three alters.",
        "Mean share of sends to the three most contacted alters, over egos with 20 alters and 50 sends.",
        0.40, 0.50, "Saramäki et al. 2014", _CHECK,
    ),
    "B2_egos_overdispersed": Fact(
        "In most people's networks, contacts vary more over alters than by chance.",
        "Share of egos with 10 pairs or more whose variance of contacts over pairs is above the mean.",
        0.5, _ANY, "Iñiguez et al. 2023", _CHECK,
    ),
    "B3_overlap_rises_with_weight": Fact(
        "The more two people are in contact, the more of their other contacts they share.",
        "Spearman correlation over pairs with contacts both ways of contacts and neighbourhood overlap.",
        0.0, _ANY, "Onnela et al. 2007",
    ),
    "B3_weak_ties_first": Fact(
        "The network falls apart sooner when weak ties are removed first than when strong ones are.",
        "Difference of the areas under the curves of the largest component, as a share of what it was, over the share "
        "of pairs (both ways) removed: strong first minus weak first.",
        0.0, _ANY, "Onnela et al. 2007",
    ),
    "B4_next_month": Fact(
        "30% of the pairs that are active in a month are active in the next.",
        "Share of the pairs active in a month that are active in the next, all months together.",
        0.20, 0.40, "Viswanath et al. 2009",
    ),
    "B4_reciprocated_outlive": Fact(
        "Reciprocated ties outlive others.",
        "Share of pairs active in a month that are active in the next: pairs with contacts both ways in the "
        "month over others.",
        1.0, _ANY, "Hidalgo & Rodriguez-Sickert 2008",
    ),
    "B4_power_law": Fact(
        "Ties persist as a power of time, not exponentially.",
        "AIC of an exponential minus that of a power law, both least squares on the log share of pairs active in 15 "
        "days (of the first half) that are active any number of 15-day periods later.",
        0.0, _ANY, "Hidalgo & Rodriguez-Sickert 2008", _CHECK,
    ),
    "B5_two_way": Fact(
        "People are in two-way contact with few of their friends in a month.",
        "Mean over people of the share of their ties with contacts both ways in the last 30 days.",
        0.02, 0.05, "Marlow 2009", "published", "log and ties",
    ),
    "B5_one_way": Fact(
        "They write to a few more of their friends.",
        "Mean over people of the share of their ties that they wrote to in the last 30 days.",
        0.03, 0.08, "Marlow 2009", "published", "log and ties",
    ),
    "B5_falls_with_list": Fact(
        "The longer the list, the smaller the share.",
        "Spearman correlation of ties and share in two-way contact, over people with 10 ties or more.",
        _NONE, 0.0, "Marlow 2009; Yau et al. 2018", "published", "log and ties",
    ),
    "B6_reciprocated": Fact(
        "Some but not all contact is mutual.",
        "Share of ordered pairs with a contact that have one the other way, in the whole log.",
        0.22, 0.84, "Kwak et al. 2010",
    ),
    "B6_lopsided": Fact(
        "One side makes more of the contacts than by chance.",
        "Mean share of contacts made by the busier side, in pairs with 10 or more, minus what fair coins would give.",
        0.0, _ANY, "Kovanen, Saramäki & Kaski 2010; Wang, Lizardo & Hachen 2011", "published",
    ),
    "B7_pairs_bursty": Fact(
        "Contacts of a pair come in bursts.",
        "Median burstiness over pairs with contacts at 10 different times, corrected for their number.",
        0.0, _ANY, "Goh & Barabási 2008; Kim & Jo 2016", "published",
    ),
    "B7_people_bursty": Fact(
        "A person's sends come in bursts.",
        "Median burstiness of sends over people with 20 different times.",
        0.2, 0.6, "Goh & Barabási 2008; Jo et al. 2012", _CHECK,
    ),
    "B7_pairs_above_people": Fact(
        "Bursts are a property of the pair rather than of the person.",
        "Median burstiness over pairs minus median burstiness over people.",
        0.0, _ANY, "Karsai, Kaski & Kertész 2012", "published",
    ),
    "B8_layer_ratio": Fact(
        "Alters form layers: each, with those inside it, is about three times as large as these.",
        "Median over egos with 20 pairs or more, in the last year, of the mean (geometric) ratio of successive "
        "cumulative sizes of 4 groups: the best split (k-means, Jenks) of the logarithms of contacts.",
        2.0, 4.0, "Zhou et al. 2005; Dunbar et al. 2015",
    ),
    "B9_clustering_falls": Fact(
        "The more contacts people have, the fewer of these know each other.",
        "Spearman correlation of degree and local clustering over people with two contacts or more, whole log.",
        _NONE, 0.0, "Ugander et al. 2011",
    ),
    "B9_friend_paradox": Fact(
        "Most people have fewer friends than their friends have.",
        "Share of people whose degree is below the median degree of those they have contact with, whole log.",
        0.7, _ANY, "Ugander et al. 2011",
    ),
    "B9_assortative": Fact(
        "Well-connected people know well-connected people.",
        "Pearson correlation of the degrees of the two people of a pair, whole log.",
        0.0, _ANY, "Ugander et al. 2011", "published",
    ),
    "B9_giant_component": Fact(
        "Nearly everyone is connected to everyone.",
        "Share of people in the largest component, whole log.",
        0.99, _ANY, "Ugander et al. 2011",
    ),
    "B10_median_delay": Fact(
        "Half of the answers come within an hour.",
        "Median hours from the other's latest contact to an answer, of answers within 7 days, in pairs with 5 contacts "
        "each way.",
        _NONE, 1.0, "Kooti et al. 2015",
    ),
    "B10_within_a_day": Fact(
        "90% of the answers come within a day.",
        "Share of answers within 7 days that come within 24 hours, in pairs with 5 contacts each way.",
        0.85, 0.95, "Kooti et al. 2015",
    ),
    "B10_load": Fact(
        "The more people receive, the smaller the share that they answer.",
        "Spearman correlation, over gestures in these pairs after a day of silence, of what the receiver got in the "
        "last 24 hours from anyone and whether the other contacts back within 7 days.",
        _NONE, 0.0, "Kooti et al. 2015", "published",
    ),
    "B10_closeness": Fact(
        "How soon people answer hardly depends on how close they are.",
        "Spearman correlation of the delay and the pair's contacts before, over those of these gestures that are "
        "answered within 7 days.",
        -0.3, 0.3, "dissertation on texting, Northwestern University (92 users)",
    ),
    "B11_openings_follow_closings": Fact(
        "People who open more ties close more.",
        "Spearman correlation over people and months, of the middle half of the log, of ties opened and ties closed. "
        "Ties are pairs with 3 contacts; closed: silent for 8 times their mean gap and for a month.",
        0.0, _ANY, "Miritello et al. 2013; Navarro et al. 2017", "published",
    ),
    "B11_steady_stock": Fact(
        "The number of open ties stays the same while ties open and close.",
        "Median over people, with 5 open ties on average, of the coefficient of variation over months of open ties, "
        "over that of openings and closings.",
        _NONE, 1.0, "Miritello et al. 2013", "published",
    ),
}  # fmt: skip

Found = dict[str, tuple[float, int]]  # by fact: the value, and how many things it rests on


def facts(log: Log, *, ties: np.ndarray | None = None) -> pd.DataFrame:
    """All published facts, measured in a log.

    Args:
        log: real or simulated log.
        ties: (ties, 2), ids (as in ``log.names``) of the people of each tie that exists at the end of the log, in
            contact or not; `ties_of` computes it for a world. Without it, facts that need it are missing.

    Returns:
        One row per fact, in the order of `FACTS`: ``fact``, ``value``, ``low`` and ``high`` (the accepted range),
        ``holds`` (True, False, or None if the value is missing) and ``count`` (events, pairs or people behind it).
    """
    events = log.by_pair
    found: Found = {
        **_signatures(log), **_turnover(log), **_dispersion(events), **_strong_and_weak(events), **_next_month(events),
        **_persistence(events), **_list_in_contact(log, ties), **_reciprocity(events), **_bursts(log),
        **_layers(events), **_network(events), **_answers(events), **_open_ties(events),
    }  # fmt: skip
    return _judged(FACTS, found)


def ties_of(world: World) -> np.ndarray:
    """The ties of a world, each once and without acquaintances: ids, shape (ties, 2)."""
    owners, others = world.owners(), world.ties["other"]
    kept = (others > owners) & (world.ties["acquaintance"] == 0)
    return np.column_stack([owners[kept], others[kept]])


def holds(value: float, fact: Fact) -> bool | None:
    """Whether a value is accepted; None if it is missing, or if there is no accepted range."""
    if math.isnan(value) or math.isnan(fact.low):
        return None
    return fact.low < value < fact.high or fact.low == value == fact.high


def _judged(asked: Mapping[str, Fact], found: Found) -> pd.DataFrame:
    rows = []
    for name, fact in asked.items():
        value, count = found[name]
        value = float(value) if count >= LEAST else math.nan
        rows.append((name, value, fact.low, fact.high, holds(value, fact), count))
    table = pd.DataFrame(rows, columns=["fact", "value", "low", "high", "holds", "count"])
    return table.astype({"holds": object})


# Values with what they rest on ------------------------------------------------------------------------------------


def _mean(values: np.ndarray) -> tuple[float, int]:
    known = values[~np.isnan(values)]
    return (float(known.mean()) if len(known) else math.nan), len(known)


def _median(values: np.ndarray) -> tuple[float, int]:
    known = values[~np.isnan(values)]
    return (float(np.median(known)) if len(known) else math.nan), len(known)


def _ranks_agree(first: np.ndarray, second: np.ndarray) -> tuple[float, int]:
    """Spearman's correlation; nan if either is constant."""
    return float(rank_correlation(first, second)(np.ones((1, len(first))))[0]), len(first)


# B1 and B2: whom people write to ----------------------------------------------------------------------------------


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


def _signatures(log: Log) -> Found:
    alters = _alters(log, np.ones(len(log), bool))
    known = _busy(alters)
    known = known[known["ego"].isin(known.loc[known["rank"] == 19, "ego"])]
    top = {most: known[known["rank"] < most].groupby("ego")["share"].sum().to_numpy() for most in (1, 3)}
    return {"B1_top_alter": _mean(top[1]), "B1_top_three": _mean(top[3])}


def _turnover(log: Log) -> Found:
    """Signatures and alters in the events before the median time, and in the others."""
    early = log.time < np.median(log.time) if len(log) else np.zeros(0, bool)
    halves = [_alters(log, half) for half in (early, ~early)]
    egos = np.intersect1d(*(half.loc[half["rank"] == 9, "ego"] for half in map(_busy, halves)))
    first, second = (_by_rank(half, egos) for half in _same_ranks(halves))
    steps = range(1, min(len(egos), _NEIGHBOURS + 1))
    others = [divergences(first, np.roll(second, -step, axis=0)) for step in steps]
    closer = divergences(first, second) < np.median(others, axis=0) if others else np.zeros(0, bool)
    return {
        "B1_signature_own_below_others": _mean(closer.astype(float)),
        "B1_alter_turnover": _mean(1 - _common_top(halves, egos, 20)),
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


def _dispersion(events: ByPair) -> Found:
    """Variance over mean of the contacts of each ego's pairs."""
    ego, contacts = np.append(events.low, events.high), np.tile(events.contacts, 2)
    pairs = np.bincount(ego, minlength=events.people)
    mean = over(np.bincount(ego, contacts, minlength=events.people), pairs)
    variance = over(np.bincount(ego, (contacts - mean[ego]) ** 2, minlength=events.people), pairs - 1)
    enough = pairs >= 10
    return {"B2_egos_overdispersed": _mean((variance > mean)[enough].astype(float))}


# B3 and B9: the network -------------------------------------------------------------------------------------------


def _degrees(low: np.ndarray, high: np.ndarray, people: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of pairs of each person, (people,), and of common contacts of each pair, (pairs,)."""
    degree = np.bincount(np.append(low, high), minlength=people)
    if not len(low):
        return degree, np.zeros(0)
    graph = _graph(low, high, people)
    return degree, np.asarray((graph @ graph)[low, high]).ravel()


def _graph(low: np.ndarray, high: np.ndarray, people: int) -> sparse.csr_array:
    ones = np.ones(2 * len(low))
    return sparse.csr_array((ones, (np.append(low, high), np.append(high, low))), shape=(people, people))


def _strong_and_weak(events: ByPair) -> Found:
    low, high, contacts = events.low[events.both], events.high[events.both], events.contacts[events.both]
    degree, shared = _degrees(low, high, events.people)
    around = degree[low] + degree[high] - 2 - shared
    known = around > 0
    overlap = shared[known] / around[known]
    return {
        "B3_overlap_rises_with_weight": _ranks_agree(contacts[known], overlap),
        "B3_weak_ties_first": (_fragility(low, high, contacts, events.people), len(low)),
    }


def _fragility(low: np.ndarray, high: np.ndarray, contacts: np.ndarray, people: int) -> float:
    """Area under the largest component with strong pairs removed first, minus that with weak ones removed first.

    Removing one after another is adding them backwards. Pairs of equal weight go in the same random orders in both.
    """
    if not len(low):
        return math.nan
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), 0]))
    differences = []
    for _ in range(_ORDERS):
        luck = random.random(len(low))
        strong_last, strong_first = np.lexsort((luck, contacts)), np.lexsort((luck, -contacts))
        difference = _largest(low[strong_last], high[strong_last], people).mean()
        difference -= _largest(low[strong_first], high[strong_first], people).mean()
        differences.append(difference)
    return float(np.mean(differences)) / float(_largest(low, high, people)[-1])


@njit(cache=True)
def _largest(low: Any, high: Any, people: int) -> Any:
    """The size of the largest component after each pair is added, (pairs,), by union-find with path halving."""
    parent, size = np.arange(people), np.ones(people, np.int64)
    largest = np.empty(len(low), np.int64)
    most = 1
    for k in range(len(low)):
        one, two = low[k], high[k]
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        while parent[two] != two:
            parent[two] = parent[parent[two]]
            two = parent[two]
        if one != two:
            if size[one] < size[two]:
                one, two = two, one
            parent[two] = one
            size[one] += size[two]
            most = max(most, size[one])
        largest[k] = most
    return largest


def _network(events: ByPair) -> Found:
    low, high, people = events.low, events.high, events.people
    degree, shared = _degrees(low, high, people)
    closed = np.bincount(np.append(low, high), np.append(shared, shared), minlength=people) / 2
    clustering = over(closed, degree * (degree - 1) / 2)
    several = degree >= 2
    neighbours = pd.Series(degree[np.append(high, low)]).groupby(np.append(low, high)).median()
    fewer = degree[neighbours.index] < neighbours.to_numpy()
    ends = np.append(degree[low], degree[high]), np.append(degree[high], degree[low])
    varies = len(low) > 0 and np.ptp(ends[0]) > 0
    return {
        "B9_clustering_falls": _ranks_agree(degree[several], clustering[several]),
        "B9_friend_paradox": _mean(fewer.astype(float)),
        "B9_assortative": (float(np.corrcoef(*ends)[0, 1]) if varies else math.nan, len(low)),
        "B9_giant_component": (_largest_share(low, high, people), people),
    }


def _largest_share(low: np.ndarray, high: np.ndarray, people: int) -> float:
    if not people:
        return math.nan
    labels = sparse.csgraph.connected_components(_graph(low, high, people), directed=False)[1]
    return float(np.bincount(labels).max()) / people


# B4: how long pairs go on -----------------------------------------------------------------------------------------


def _next_month(events: ByPair) -> Found:
    """Which pairs of a month are active in the next, for whole months only."""
    months = int(events.days // MONTH)
    whole = events.time < months * MONTH
    cell = events.pair * (months + 1) + np.minimum(events.time // MONTH, months).astype(int)
    cells, row, contacts = np.unique(cell[whole], return_inverse=True, return_counts=True)
    forward = np.bincount(row, events.forward[whole], minlength=len(cells))
    asked = cells % (months + 1) < months - 1
    stays = np.isin(cells + 1, cells)
    both = (forward > 0) & (forward < contacts)
    two_way, one_way = _mean(stays[asked & both].astype(float)), _mean(stays[asked & ~both].astype(float))
    ratio = two_way[0] / one_way[0] if one_way[0] > 0 else math.nan
    return {
        "B4_next_month": _mean(stays[asked].astype(float)),
        "B4_reciprocated_outlive": (ratio, min(two_way[1], one_way[1])),
    }


def _persistence(events: ByPair) -> Found:
    """Which curve fits the share of pairs that are active again after some time."""
    later, share, count = persistence(events)
    known = share > 0
    x, y = later[known], np.log(share[known])
    if len(x) < _FEWEST_PERIODS:
        return {"B4_power_law": (math.nan, count)}
    power, exponential = _misfit(np.log(x), y), _misfit(x, y)
    gain = len(x) * math.log(exponential / power) if power > 0 and exponential > 0 else math.nan
    return {"B4_power_law": (gain, count)}


def persistence(events: ByPair) -> tuple[np.ndarray, np.ndarray, int]:
    """The persistence curve of a log.

    The pairs are those active in each period of 15 days of the first half, the same for every point of the curve.

    Returns:
        Days later, shape (points,); the share of them that is active then, shape (points,); how many they are.
    """
    periods = int(events.days // _PERIOD)
    half = periods // 2
    lags = np.arange(1, periods - half + 1)
    whole = events.time < periods * _PERIOD
    cells = np.unique(events.pair[whole] * max(periods, 1) + (events.time[whole] // _PERIOD).astype(int))
    pair, period = np.divmod(cells, max(periods, 1))
    active = sparse.csr_array((np.ones(len(cells)), (pair, period)), shape=(max(events.pairs, 1), max(periods, 1)))
    together = (active.T @ active).toarray()
    there = together.diagonal()[:half].sum()
    again = np.array([together.diagonal(lag)[:half].sum() for lag in lags])
    return lags * _PERIOD, np.divide(again, there, out=np.zeros(len(lags)), where=there > 0), int(there)


def _misfit(x: np.ndarray, y: np.ndarray) -> float:
    """Sum of squares left by the least squares line."""
    slope = line_slopes(x[None], y[None], np.ones((1, len(x))))[0]
    return float((((y - y.mean()) - slope * (x - x.mean())) ** 2).sum())


# B5: friends in contact -------------------------------------------------------------------------------------------


def _list_in_contact(log: Log, ties: np.ndarray | None) -> Found:
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
    found = (_mean(two_way), _mean(one_way), _ranks_agree(length[long], two_way[long]))
    return dict(zip(names, found, strict=True))


# B6, B7 and B8: pairs ---------------------------------------------------------------------------------------------


def _reciprocity(events: ByPair) -> Found:
    mutual = 2 * int(events.both.sum())
    ordered = events.pairs + mutual // 2
    forward, contacts = events.per_pair(events.forward), events.contacts
    busy = contacts >= 10
    share = np.maximum(forward, contacts - forward)[busy] / contacts[busy]
    half = contacts[busy] // 2
    fair = 0.5 + stats.binom.pmf(half, 2 * half, 0.5) / 2  # mean share of the busier side of fair coins
    return {
        "B6_reciprocated": (mutual / ordered if ordered else math.nan, ordered),
        "B6_lopsided": _mean(share - fair),
    }


def _bursts(log: Log) -> Found:
    events = log.by_pair
    order = np.argsort(log.source, kind="stable")
    people = _median(burstiness(log.source[order], log.time[order], log.people, 20))
    pairs = _median(burstiness(events.pair, events.time, events.pairs, 10))
    return {
        "B7_pairs_bursty": pairs,
        "B7_people_bursty": people,
        "B7_pairs_above_people": (pairs[0] - people[0], min(pairs[1], people[1])),
    }


def _layers(events: ByPair) -> Found:
    """Groups of each ego's pairs by their contacts in the last year."""
    if events.days < _YEAR:
        return {"B8_layer_ratio": (math.nan, 0)}
    recent = events.time > events.days - 365
    contacts = events.per_pair(recent).astype(int)
    there = contacts > 0
    ego = np.append(events.low[there], events.high[there])
    order = np.argsort(ego, kind="stable")
    counts = np.tile(contacts[there], 2)[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(ego))])
    large = np.flatnonzero(np.diff(starts) >= 20)
    return {"B8_layer_ratio": _median(np.array([layer_ratio(counts[starts[k] : starts[k + 1]]) for k in large]))}


def layer_ratio(contacts: np.ndarray) -> float:
    """The geometric mean of the ratios of successive cumulative sizes of four layers.

    Args:
        contacts: (pairs,), of one ego, all above 0; layers are the groups of their logarithms with the least sum of
            squares within. Fewer than four different numbers have none: nan.
    """
    numbers, many = np.unique(contacts, return_counts=True)
    if len(numbers) < 4:
        return math.nan
    sizes = _best_groups(np.log(numbers), many.astype(float), 4)
    return float((sizes.sum() / sizes[-1]) ** (1 / 3))


@njit(cache=True)
def _best_groups(values: Any, many: Any, groups: int) -> Any:
    """Sizes of the groups of ascending values that have the least sum of squares within (Fisher 1958: exact)."""
    n = len(values)
    weight, first, second = np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1)
    for k in range(n):
        weight[k + 1] = weight[k] + many[k]
        first[k + 1] = first[k] + many[k] * values[k]
        second[k + 1] = second[k] + many[k] * values[k] ** 2
    least = np.full((groups + 1, n + 1), np.inf)
    begins = np.zeros((groups + 1, n + 1), np.int64)
    least[0, 0] = 0.0
    for group in range(1, groups + 1):
        for end in range(group, n + 1):
            for begin in range(group - 1, end):
                mean = (first[end] - first[begin]) / (weight[end] - weight[begin])
                within = second[end] - second[begin] - mean * (first[end] - first[begin])
                if least[group - 1, begin] + within < least[group, end]:
                    least[group, end] = least[group - 1, begin] + within
                    begins[group, end] = begin
    sizes = np.empty(groups)
    end = n
    for group in range(groups, 0, -1):
        begin = begins[group, end]
        sizes[group - 1] = weight[end] - weight[begin]
        end = begin
    return sizes


# B10: answers -----------------------------------------------------------------------------------------------------


def _answers(events: ByPair) -> Found:
    """Answers in pairs with five contacts each way, as in the study."""
    forward = events.per_pair(events.forward)
    mutual = np.minimum(forward, events.contacts - forward) >= 5
    asked = mutual[events.pair] & (events.time <= events.days - 7)
    answered = asked & (events.answer <= 7)
    latest = answered & (events.answer_row == np.arange(len(events)) + 1)
    hours = events.answer[latest] * 24
    opening = events.first | (events.silence > 1)
    asked, answered = asked & opening, answered & opening
    return {
        "B10_median_delay": _median(hours),
        "B10_within_a_day": _mean((hours <= 24).astype(float)),
        "B10_load": _ranks_agree(_received(events)[asked], answered[asked]),
        "B10_closeness": _ranks_agree(events.answer[answered], events.before[answered]),
    }


def _received(events: ByPair) -> np.ndarray:
    """Gestures that the receiver of each event got in the 24 hours up to it, itself included, (events,)."""
    receiver = np.where(events.forward, events.high[events.pair], events.low[events.pair])
    far = events.days + 10  # between the times of one person and of the next
    keys = receiver * far + events.time
    known = np.sort(keys)
    return np.searchsorted(known, keys, "right") - np.searchsorted(known, keys - 1, "right")


# B11: ties that open and close ------------------------------------------------------------------------------------


def _open_ties(events: ByPair) -> Found:
    """Openings, closings and open ties by person and month, without the ends of the log, where they are unknown."""
    months = int(events.days // MONTH)
    edge = math.ceil(months / 4)
    names = ("B11_openings_follow_closings", "B11_steady_stock")
    if months - 2 * edge < 3:
        return dict.fromkeys(names, (math.nan, 0))
    opened, closed = (_by_month(events, flags, months) for flags in _turns(events))
    middle = slice(edge, months - edge)
    stock = (np.cumsum(opened, axis=1) - np.cumsum(closed, axis=1))[:, middle]
    opened, closed = opened[:, middle], closed[:, middle]
    with_ties = (stock + opened + closed).sum(axis=1) > 0
    flow = opened + closed
    settled = (stock.mean(axis=1) >= 5) & (flow.sum(axis=1) > 0)
    steadiness = over(_variation(stock[settled]), _variation(flow[settled]))
    agree = _ranks_agree(opened[with_ties].ravel(), closed[with_ties].ravel())
    return dict(zip(names, (agree, _median(steadiness)), strict=True))


def _turns(events: ByPair) -> tuple[np.ndarray, np.ndarray]:
    """Whether a tie opens with an event, and whether it closes with it, each (events,)."""
    last = np.append(events.first[1:], np.ones(min(1, len(events)), bool))
    gaps = events.contacts - 1
    mean_gap = over(events.time[last] - events.time[events.first], gaps)
    patience = np.maximum(8 * mean_gap, MONTH)[events.pair]
    is_tie = (events.contacts >= 3)[events.pair]
    opens = events.first | (events.silence > patience)
    return is_tie & opens, is_tie & (events.seen > patience)


def _by_month(events: ByPair, which: np.ndarray, months: int) -> np.ndarray:
    """The number of selected events of each person's pairs in each month, shape (people, months)."""
    month = (events.time[which] // MONTH).astype(int)
    pair = events.pair[which][month < months]
    cells = np.append(events.low[pair], events.high[pair]) * months + np.tile(month[month < months], 2)
    return np.bincount(cells, minlength=events.people * months).reshape(events.people, months)


def _variation(rows: np.ndarray) -> np.ndarray:
    """Coefficients of variation of rows."""
    return over(rows.std(axis=1), rows.mean(axis=1))


# What must not happen ---------------------------------------------------------------------------------------------

ABSENCES: dict[str, Fact] = {
    "like_alone": Fact(
        "Likes do not make people closer unless words follow.",
        "Largest difference that a month of daily likes makes to the strength of dormant ties, either side, 0 to 1; "
        "over pairs without any other gesture or a post read between the two, with likes and without.",
        0.0, 0.0, "Burke & Kraut 2014", "published", "world",
    ),
    "like_and_what_follows": Fact(
        "The effect of a month of daily likes on closeness if words can follow.",
        "Mean difference of strength, 0 to 1, over all these pairs, both sides.",
        math.nan, math.nan, "no published figure", _CHECK, "world",
    ),
    "touch_second_helps": Fact(
        "A second attempt is more likely to be answered than a first.",
        "Difference of the probabilities of an answer within a week.",
        0.0, _ANY, "Edwards et al. 2002", "published", "world",
    ),
    "touch_further_ones_do_not": Fact(
        "Attempts after the second do not raise the probability of an answer.",
        "The largest difference of a later touch from the second, in the probability of an answer within a week.",
        _NONE, 0.02, "Godfrey, Seiders & Voss 2011", _CHOSEN, "world",
    ),
    **{
        f"touch_{number}_answered": Fact(
            f"How likely touch {number} in a fortnight is answered if none before it was.",
            "Share of messages to dormant ties answered within a week.",
            math.nan, math.nan, "no published figure", _CHECK, "world",
        )
        for number in TOUCHES
    },
}  # fmt: skip


def absences(
    world: World, *, pairs: int = 500, seed: int = 1, threads: int = 1, parameters: Parameters | None = None
) -> pd.DataFrame:
    """Run a world to check that likes alone do not create closeness, and that more attempts do not bring more answers.

    Both checks use dormant ties without common people. *Likes*: one person likes the other every day for a month, or
    does not, with the same random draws. *Attempts*: one person sends 1 to 12 messages on successive days, the last on
    the same day with the same random draws. Nobody answers messages before that day, so the number of messages does not
    change which ties are compared.

    Args:
        world: a world in which nobody follows a strategy.
        pairs: largest number of dormant ties.
        seed: seed of all random draws.
        threads: number of threads of the runs.
        parameters: parameters of the runs; by default those of the world.

    Returns:
        A table like that of `facts`, with the rows of `ABSENCES`; ``count`` is in pairs.
    """
    settings = world.parameters if parameters is None else parameters
    focal = _apart(world, settings, seed)[:pairs]
    found = {**_likes(world, focal, settings, seed, threads), **_touches(world, focal, settings, seed, threads)}
    return _judged(ABSENCES, found)


def _apart(world: World, settings: Parameters, seed: int) -> np.ndarray:
    """Dormant ties without a person in common, in random order: ids of both sides, shape (pairs, 2)."""
    found = dormant_pairs(world, settings)
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), seed]))
    taken: set[int] = set()
    kept = []
    for low, high in random.permutation(np.column_stack([found["low"], found["high"]])).tolist():
        if low not in taken and high not in taken:
            taken |= {low, high}
            kept.append((low, high))
    return np.array(kept, np.int64).reshape(-1, 2)


def _gestures(kind: str, focal: np.ndarray, days: range) -> list[Gesture]:
    """One gesture per day at noon from the first to the second person of each pair."""
    return [
        Gesture(day=day, kind=kind, sender=sender, receiver=receiver, second=_NOON)
        for day in days
        for sender, receiver in focal.tolist()
    ]


def _between(log: pd.DataFrame, focal: np.ndarray) -> np.ndarray:
    """The number of gestures in a log between the two people of each pair, (pairs,)."""
    first, second = log["source"].to_numpy(np.int64), log["target"].to_numpy(np.int64)
    width = int(max(focal.max(initial=0), first.max(initial=0), second.max(initial=0))) + 1
    keys = np.sort(np.minimum(first, second) * width + np.maximum(first, second))
    asked = focal.min(axis=1) * width + focal.max(axis=1)
    return np.searchsorted(keys, asked, "right") - np.searchsorted(keys, asked, "left")


# Likes alone


def _likes(world: World, focal: np.ndarray, settings: Parameters, seed: int, threads: int) -> Found:
    arms = [
        simulate(
            world, days=_LIKING_DAYS, seed=seed, threads=threads, parameters=settings, extra=extra, log=True,
            series=False,
        )
        for extra in ([], _gestures("like", focal, range(_LIKING_DAYS)))
    ]  # fmt: skip
    sides = np.concatenate([focal, focal[:, ::-1]])
    without, liked = (_strengths(arm.world, sides).reshape(2, -1) for arm in arms)
    difference = liked - without
    alone = ~np.isnan(difference).any(axis=0) & ~np.logical_or.reduce([_words(world, arm, focal) for arm in arms])
    return {
        "like_alone": (float(np.abs(difference[:, alone]).max(initial=0.0)), int(alone.sum())),
        "like_and_what_follows": _mean(difference.mean(axis=0)),
    }


def _words(world: World, arm: Run, focal: np.ndarray) -> np.ndarray:
    """Whether there was anything but likes between the two people, including posts that they read, (pairs,)."""
    assert arm.log is not None
    said = _between(arm.log[arm.log["kind"] != "like"], focal) > 0
    sides = np.concatenate([focal, focal[:, ::-1]])
    before, after = _rows(world, sides), _rows(arm.world, sides)
    read = world.ties["post_seen"][before] != arm.world.ties["post_seen"][after]
    return said | read.reshape(2, -1).any(axis=0)


def _rows(world: World, sides: np.ndarray) -> np.ndarray:
    """Rows of `ties` with the first person's memory of the second; -1 if forgotten."""
    rows = np.flatnonzero(world.ties["other"] != NOBODY)
    keys = world.owners()[rows].astype(np.int64) * len(world) + world.ties["other"][rows]
    order = np.argsort(keys)
    asked = sides[:, 0] * len(world) + sides[:, 1]
    place = np.minimum(np.searchsorted(keys[order], asked), max(len(keys) - 1, 0))
    return np.where(keys[order][place] == asked, rows[order][place], -1) if len(keys) else np.full(len(asked), -1)


def _strengths(world: World, sides: np.ndarray) -> np.ndarray:
    """The strength of the second person for the first today, (sides,); nan if forgotten."""
    p = world.parameters.packed
    strengths = np.full(len(sides), np.nan)
    for k, row in enumerate(_rows(world, sides)):
        if row >= 0:
            tie = world.ties[row]
            strengths[k] = rules.strength(rules.activation(tie["traces"], world.day - tie["last_contact"], p), p)
    return strengths


# Ever more touches


def _touches(world: World, focal: np.ndarray, settings: Parameters, seed: int, threads: int) -> Found:
    asked, answered = [], []
    for number in TOUCHES:
        undisturbed, answers = _last_touch(world, focal, number, settings, seed, threads)
        asked.append(undisturbed)
        answered.append(answers)
    same = np.logical_and.reduce(asked)
    share = {number: _mean(answers[same].astype(float)) for number, answers in zip(TOUCHES, answered, strict=True)}
    count = int(same.sum())
    later = [share[number][0] - share[2][0] for number in TOUCHES if number > 2]
    return {
        "touch_second_helps": (share[2][0] - share[1][0], count),
        "touch_further_ones_do_not": (max(later), count),
        **{f"touch_{number}_answered": found for number, found in share.items()},
    }


def _last_touch(
    world: World, focal: np.ndarray, number: int, settings: Parameters, seed: int, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whether the two people exchanged only this many messages, and whether the last was answered, (pairs,)."""
    quiet = _FORTNIGHT - 1
    first = simulate(
        world, days=quiet, seed=seed, threads=threads, parameters=_without_answers(settings), log=True, series=False,
        extra=_gestures("message", focal, range(quiet - number + 1, quiet)),
    )  # fmt: skip
    last = simulate(
        first.world, days=_ANSWER_DAYS, seed=seed, threads=threads, parameters=settings, log=True, series=False,
        extra=_gestures("message", focal, range(1)),
    )  # fmt: skip
    assert first.log is not None
    assert last.log is not None
    noon = first.world.day * rules.SECONDS_A_DAY + _NOON
    touched = last.log[(last.log["time"] == noon) & (last.log["kind"] == "message")]
    replied = touched[touched.index.isin(last.log["in_reply_to"])]
    undisturbed = (_between(first.log, focal) == number - 1) & (_between(last.log[last.log["time"] < noon], focal) == 0)
    return undisturbed, _between(replied, focal) > 0


def _without_answers(settings: Parameters) -> Parameters:
    """The settings changed so that nobody answers messages."""
    table = settings.model_dump()
    table["gestures"]["message"]["answer"] = _NO_ANSWERS
    return Parameters(**table)
