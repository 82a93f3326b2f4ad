"""Published facts about contact logs, measured in real and simulated logs.

`FACTS` describes each fact, how it is measured, the accepted values and the source. `facts` measures all of them in a
log; the measures are in `facts_of_people`, `facts_of_pairs` and `facts_of_networks`. `experiments.logs.absences` checks
for two effects that must be absent.

A pair is unordered, a contact is an event in either direction, months are 30 days from the first event, and a person's
alters are the people whom they wrote to. If a log has too little data for a fact (fewer than 20 events, pairs or
people), its value is nan, and whether it holds is None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from experiments.logs.fact_values import Found
from experiments.logs.facts_of_networks import network, strong_and_weak
from experiments.logs.facts_of_pairs import (
    answers,
    bursts,
    layers,
    next_month,
    open_ties,
    persistence_form,
    reciprocity,
)
from experiments.logs.facts_of_people import dispersion, friends_in_contact, signatures, turnover
from experiments.logs.log import Log
from sim.state.population import World

LEAST = 20  # events, pairs or people that a value needs
NONE, ANY = -math.inf, math.inf
Standing = Literal["published", "published, bounds chosen here", "to be checked"]
Needs = Literal["log", "log and ties", "world"]
CHOSEN: Standing = "published, bounds chosen here"
CHECK: Standing = "to be checked"  # numbers from memory or from a summary of the paper, not from its text


class PublishedFact(NamedTuple):
    """A published fact and what of it is accepted.

    Attributes:
        statement: in a sentence.
        measure: what the value is, with its unit.
        low, high: a value between them (not at an end) is accepted; infinite ends are open. If both are one number, it
            is that number; nan: any value is accepted.
        source: author and year.
        standing: how far to trust the numbers.
        needs: what it is computed from.
    """

    statement: str
    measure: str
    low: float
    high: float
    source: str
    standing: Standing = CHOSEN
    needs: Needs = "log"


FACTS: dict[str, PublishedFact] = {
    "B1_signature_own_below_others": PublishedFact(
        "People distribute their contacts over ranks in a personal way that persists.",
        "Share of egos (10 alters and 50 sends in each half of the log) whose rank shares are closer (Jensen-Shannon "
        "divergence) to their own in the other half than the median of up to 50 other egos' are.",
        0.8, ANY, "Saramäki et al. 2014",
    ),
    "B1_alter_turnover": PublishedFact(
        "Their distribution persists although the alters change.",
        "Mean over these egos of one minus the Jaccard index of their top 20 alters in the two halves.",
        0.3, ANY, "Saramäki et al. 2014",
    ),
    "B1_top_alter": PublishedFact(
        "20% to 25% of what people send goes to one alter.",
        "Mean share of sends to the most contacted alter, over egos with 20 alters and 50 sends.",
        0.20, 0.25, "Saramäki et al. 2014", CHECK,
    ),
    "B1_top_three": PublishedFact(
        "40% to 50% of what people send goes to three alters.",
        "Mean share of sends to the three most contacted alters, over egos with 20 alters and 50 sends.",
        0.40, 0.50, "Saramäki et al. 2014", CHECK,
    ),
    "B2_egos_overdispersed": PublishedFact(
        "In most people's networks, contacts vary more over alters than by chance.",
        "Share of egos with 10 pairs or more whose variance of contacts over pairs is above the mean.",
        0.5, ANY, "Iñiguez et al. 2023", CHECK,
    ),
    "B3_overlap_rises_with_weight": PublishedFact(
        "The more two people are in contact, the more of their other contacts they share.",
        "Spearman correlation over pairs with contacts both ways of contacts and neighbourhood overlap.",
        0.0, ANY, "Onnela et al. 2007",
    ),
    "B3_weak_ties_first": PublishedFact(
        "The network falls apart sooner when weak ties are removed first than when strong ones are.",
        "Difference of the areas under the curves of the largest component, as a share of what it was, over the share "
        "of pairs (both ways) removed: strong first minus weak first.",
        0.0, ANY, "Onnela et al. 2007",
    ),
    "B4_next_month": PublishedFact(
        "30% of the pairs that are active in a month are active in the next.",
        "Share of the pairs active in a month that are active in the next, all months together.",
        0.20, 0.40, "Viswanath et al. 2009",
    ),
    "B4_reciprocated_outlive": PublishedFact(
        "Reciprocated ties outlive others.",
        "Share of pairs active in a month that are active in the next: pairs with contacts both ways in the "
        "month over others.",
        1.0, ANY, "Hidalgo & Rodriguez-Sickert 2008",
    ),
    "B4_power_law": PublishedFact(
        "Ties persist as a power of time, not exponentially.",
        "AIC of an exponential minus that of a power law, both least squares on the log share of pairs active in 15 "
        "days (of the first half) that are active any number of 15-day periods later.",
        0.0, ANY, "Hidalgo & Rodriguez-Sickert 2008", CHECK,
    ),
    "B5_two_way": PublishedFact(
        "People are in two-way contact with few of their friends in a month.",
        "Mean over people of the share of their ties with contacts both ways in the last 30 days.",
        0.02, 0.05, "Marlow 2009", "published", "log and ties",
    ),
    "B5_one_way": PublishedFact(
        "They write to a few more of their friends.",
        "Mean over people of the share of their ties that they wrote to in the last 30 days.",
        0.03, 0.08, "Marlow 2009", "published", "log and ties",
    ),
    "B5_falls_with_list": PublishedFact(
        "The longer the list, the smaller the share.",
        "Spearman correlation of ties and share in two-way contact, over people with 10 ties or more.",
        NONE, 0.0, "Marlow 2009; Yau et al. 2018", "published", "log and ties",
    ),
    "B6_reciprocated": PublishedFact(
        "Some but not all contact is mutual.",
        "Share of ordered pairs with a contact that have one the other way, in the whole log.",
        0.22, 0.84, "Kwak et al. 2010",
    ),
    "B6_lopsided": PublishedFact(
        "One side makes more of the contacts than by chance.",
        "Mean share of contacts made by the busier side, in pairs with 10 or more, minus what fair coins would give.",
        0.0, ANY, "Kovanen, Saramäki & Kaski 2010; Wang, Lizardo & Hachen 2011", "published",
    ),
    "B7_pairs_bursty": PublishedFact(
        "Contacts of a pair come in bursts.",
        "Median burstiness over pairs with contacts at 10 different times, corrected for their number.",
        0.0, ANY, "Goh & Barabási 2008; Kim & Jo 2016", "published",
    ),
    "B7_people_bursty": PublishedFact(
        "A person's sends come in bursts.",
        "Median burstiness of sends over people with 20 different times.",
        0.2, 0.6, "Goh & Barabási 2008; Jo et al. 2012", CHECK,
    ),
    "B7_pairs_above_people": PublishedFact(
        "Bursts are a property of the pair rather than of the person.",
        "Median burstiness over pairs minus median burstiness over people.",
        0.0, ANY, "Karsai, Kaski & Kertész 2012", "published",
    ),
    "B8_layer_ratio": PublishedFact(
        "Alters form layers: each, with those inside it, is about three times as large as these.",
        "Median over egos with 20 pairs or more, in the last year, of the mean (geometric) ratio of successive "
        "cumulative sizes of 4 groups: the best split (k-means, Jenks) of the logarithms of contacts.",
        2.0, 4.0, "Zhou et al. 2005; Dunbar et al. 2015",
    ),
    "B9_clustering_falls": PublishedFact(
        "The more contacts people have, the fewer of these know each other.",
        "Spearman correlation of degree and local clustering over people with two contacts or more, whole log.",
        NONE, 0.0, "Ugander et al. 2011",
    ),
    "B9_friend_paradox": PublishedFact(
        "Most people have fewer friends than their friends have.",
        "Share of people whose degree is below the median degree of those they have contact with, whole log.",
        0.7, ANY, "Ugander et al. 2011",
    ),
    "B9_assortative": PublishedFact(
        "Well-connected people know well-connected people.",
        "Pearson correlation of the degrees of the two people of a pair, whole log.",
        0.0, ANY, "Ugander et al. 2011", "published",
    ),
    "B9_giant_component": PublishedFact(
        "Nearly everyone is connected to everyone.",
        "Share of people in the largest component, whole log.",
        0.99, ANY, "Ugander et al. 2011",
    ),
    "B10_median_delay": PublishedFact(
        "Half of the answers come within an hour.",
        "Median hours from the other's latest contact to an answer, of answers within 7 days, in pairs with 5 contacts "
        "each way.",
        NONE, 1.0, "Kooti et al. 2015",
    ),
    "B10_within_a_day": PublishedFact(
        "90% of the answers come within a day.",
        "Share of answers within 7 days that come within 24 hours, in pairs with 5 contacts each way.",
        0.85, 0.95, "Kooti et al. 2015",
    ),
    "B10_load": PublishedFact(
        "The more people receive, the smaller the share that they answer.",
        "Spearman correlation, over gestures in these pairs after a day of silence, of what the receiver got in the "
        "last 24 hours from anyone and whether the other contacts back within 7 days.",
        NONE, 0.0, "Kooti et al. 2015", "published",
    ),
    "B10_closeness": PublishedFact(
        "How soon people answer hardly depends on how close they are.",
        "Spearman correlation of the delay and the pair's contacts before, over those of these gestures that are "
        "answered within 7 days.",
        -0.3, 0.3, "dissertation on texting, Northwestern University (92 users)",
    ),
    "B11_openings_follow_closings": PublishedFact(
        "People who open more ties close more.",
        "Spearman correlation over people and months, of the middle half of the log, of ties opened and ties closed. "
        "Ties are pairs with 3 contacts; closed: silent for 8 times their mean gap and for a month.",
        0.0, ANY, "Miritello et al. 2013; Navarro et al. 2017", "published",
    ),
    "B11_steady_stock": PublishedFact(
        "The number of open ties stays the same while ties open and close.",
        "Median over people, with 5 open ties on average, of the coefficient of variation over months of open ties, "
        "over that of openings and closings.",
        NONE, 1.0, "Miritello et al. 2013", "published",
    ),
}  # fmt: skip


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
        **signatures(log), **turnover(log), **dispersion(events), **strong_and_weak(events), **next_month(events),
        **persistence_form(events), **friends_in_contact(log, ties), **reciprocity(events), **bursts(log),
        **layers(events), **network(events), **answers(events), **open_ties(events),
    }  # fmt: skip
    return judged_facts(FACTS, found)


def ties_of(world: World) -> np.ndarray:
    """The ties of a world, each once and without acquaintances: ids, shape (ties, 2)."""
    owners, others = world.owners(), world.ties["other"]
    kept = (others > owners) & (world.ties["acquaintance"] == 0)
    return np.column_stack([owners[kept], others[kept]])


def holds(value: float, fact: PublishedFact) -> bool | None:
    """Whether a value is accepted; None if it is missing, or if there is no accepted range."""
    if math.isnan(value) or math.isnan(fact.low):
        return None
    return fact.low < value < fact.high or fact.low == value == fact.high


def judged_facts(known: Mapping[str, PublishedFact], found: Found) -> pd.DataFrame:
    """A table with the value of each fact, and whether it holds; see `facts`."""
    rows = []
    for name, fact in known.items():
        value, count = found[name]
        value = float(value) if count >= LEAST else math.nan
        rows.append((name, value, fact.low, fact.high, holds(value, fact), count))
    table = pd.DataFrame(rows, columns=["fact", "value", "low", "high", "holds", "count"])
    return table.astype({"holds": object})
