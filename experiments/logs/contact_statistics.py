"""The statistics of a contact log: name, unit, and a definition in one sentence.

A pair is unordered, a contact is an event in either direction, a gesture is an event seen from its sender, and silence
is the time since the pair's previous contact.
"""

from __future__ import annotations

from typing import NamedTuple


class Statistic(NamedTuple):
    """A named statistic."""

    name: str
    unit: str
    definition: str


_QUANTILES = {"q10": "10th percentile", "q25": "lower quartile", "q50": "median", "q75": "upper quartile",
              "q90": "90th percentile", "q99": "99th percentile"}  # fmt: skip
_PIECES = ("1_3", "3_7", "7_14", "14_30", "30_60", "60_90", "90_180", "180_365")
_ORDINALS = {"1": "most contacted", "2": "second", "3": "third", "5": "fifth", "10": "tenth", "20": "twentieth"}


def _quantiles(*names: str) -> dict[str, str]:
    return {name: _QUANTILES[name] for name in names}


# The name; what fills the gap in the name, and in the definition; unit; definition.
_Row = tuple[str, dict[str, str], str, str]
_CORE_ROWS: list[_Row] = [
    (
        "first_answered_{}", {"1d": "1 day", "7d": "7 days", "30d": "30 days"}, "share",
        "First-ever gestures of a pair that the other person answers within {}. Gestures in the first 30 days "
        "(or the first "
        "tenth, if shorter) or the last 30 days of the log are left out.",
    ),
    (
        "answer_delay_hours_{}", _quantiles("q10", "q25", "q50", "q75", "q90"), "hours",
        "The {} of the delay of answers to first-ever gestures, among answers within 30 days.",
    ),
    (
        "answered_7d_{}",
        {"lt_1h": "less than 1 hour", "1h_1d": "1 hour to 1 day", "1_7d": "1 to 7 days", "7_30d": "7 to 30 days",
         "gt_30d": "over 30 days"}, "share",
        "Gestures after {} of silence that the other person answers within 7 days, without the last 7 days of the log.",
    ),
    (
        "reactivated_{}", {"30d": "30 days", "90d": "90 days", "180d": "180 days"}, "share",
        "Pairs silent for over 30 days that have contact within the next {}: Kaplan & Meier (1958), censored at "
        "the end "
        "of the log.",
    ),
    (
        "reactivated_{}", {"30d_established": "30 days", "90d_established": "90 days", "180d_established": "180 days"},
        "share",
        "Pairs silent for over 30 days that have contact within the next {}, among pairs with at least 10 contacts, in "
        "both directions.",
    ),
    (
        "reactivated_{}", {"90d_one_contact": "90 days"}, "share",
        "Pairs silent for over 30 days that have contact within the next {}, among pairs with one contact.",
    ),
    (
        "hazard_per_day_{}", {name: name.replace("_", " to ") for name in _PIECES}, "per day",
        "Contacts per pair and day, {} days into a silence.",
    ),
    (
        "hazard_slope", {"": ""}, "exponent",
        "Slope of the log hazard on the log of silence from day 1 on: least squares over pieces with at least 10 "
        "contacts, at their geometric middles, weighted by their contacts.",
    ),
    (
        "ratio_per_doubling_{}",
        {"contacts": "the pair's contacts so far", "weeks": "its distinct weeks with contact, at equal contacts",
         "tenure": "the weeks since its first contact"}, "ratio",
        "The factor by which a doubling of {} multiplies the hazard of the next contact, from a piecewise-exponential "
        "regression with silence, mutuality and recent activity of both people.",
    ),
    (
        "last_sender_returns{}", {"": "over 30 days", "_1_7d": "1 to 7 days"}, "share",
        "Contacts after {} of silence that are made by the person who wrote last.",
    ),
    (
        "after_answered_return{}", {"": "", "_permuted": "; with each pair's gaps shuffled, which removes any "
        "effect of an answer"}, "risk ratio",
        "Contact in days 7 to 37 after a gesture that ended over 30 days of silence: the ratio of gestures "
        "answered within "
        "7 days to gestures that were not, matched on history and silence{}.",
    ),
    (
        "isolated", {"": ""}, "share",
        "Contacts after over 30 days of silence that are followed by no contact for 30 days, without the last 30 "
        "days of "
        "the log.",
    ),
    (
        "session_mix_{}",
        {"new": "are the pair's first", "1_7d": "follow 1 to 7 days", "7_30d": "follow 7 to 30 days",
         "gt_30d": "follow over 30 days"}, "share",
        "The share that {}, among contacts that are a pair's first or follow over a day of silence, from day 120 "
        "of the "
        "log on (or 40% into it, if earlier).",
    ),
    (
        "signature_{}", _ORDINALS, "share",
        "Share of an ego's sends that go to the {} alter, mean over egos with at least 20 alters and 50 sends.",
    ),
    (
        "signature_{}", {"top3": "three", "top5": "five"}, "share",
        "Share of an ego's sends that go to the {} most contacted alters, mean over egos with at least 20 alters "
        "and 50 "
        "sends.",
    ),
    (
        "turnover_{}", {"top20": "20", "top5": "5"}, "Jaccard",
        "Similarity of the {} most contacted alters in the two halves of the log's events, mean over egos with "
        "at least "
        "10 alters in both.",
    ),
    (
        "turnover_first_stays", {"": ""}, "share",
        "Egos whose most contacted alter in the first half of the log's events is among the top 5 in the second "
        "half, of "
        "egos with at least 10 alters in both.",
    ),
    (
        "signature_distance_{}", {"own": "its own shares in the second half", "others": "those of another ego"}, "nats",
        "Jensen-Shannon divergence of an ego's shares by rank in the first half of the log's events from {}, mean over "
        "egos with at least 10 alters in both halves.",
    ),
    (
        "contacts_per_pair_{}", _quantiles("q50", "q75", "q90", "q99") | {"mean": "mean"}, "contacts",
        "The {} of the number of contacts of a pair.",
    ),
    ("contacts_per_pair_one", {"": ""}, "share", "Pairs with a single contact."),
    (
        "both_directions{}", {"": "", "_10": " with at least 10 contacts"}, "share",
        "Pairs{} in which both people have written.",
    ),
    (
        "overlap_weight", {"": ""}, "correlation",
        "Spearman's correlation, over pairs, of the overlap of their neighbourhoods (Onnela et al. 2007) with their "
        "contacts.",
    ),
    (
        "clustering", {"": ""}, "share",
        "Pairs of a person's contacts that are in contact with each other, mean over people with at least two "
        "contacts.",
    ),
    (
        "transitivity", {"": ""}, "share",
        "Pairs of a person's contacts that are in contact with each other, over all such pairs of all people.",
    ),
    (
        "burstiness_{}",
        {"ego": "a person's sends, with at least 20 distinct times", "pair": "a pair's contacts, with at least 10"},
        "index", "Mean burstiness of {}, corrected for the number of events (Kim & Jo 2016).",
    ),
    (
        "degree_{}", _quantiles("q10", "q50", "q90", "q99"), "people",
        "The {} of the number of people that a person has contact with.",
    ),
    (
        "sends_per_week_{}", _quantiles("q50", "q90", "q99"), "per week",
        "The {} of the number of gestures that a sender sends per week, over the whole log.",
    ),
]  # fmt: skip
_LATER_ROWS: list[_Row] = [
    (
        "quiet_hours{}", {"": "all people together", "_own": "a person, mean over people with at least 50 sends"},
        "share", "Sends in the quietest six consecutive hours of the day of {}.",
    ),
    ("quiet_weekdays", {"": ""}, "share", "Sends of all people together on the two quietest days of the week."),
    (
        "sends_per_active_day", {"": ""}, "per day",
        "Sends of a person over the days on which the person sends, mean over people with at least 10 sends.",
    ),
    (
        "within_{}", {"1m": "1 minute", "10m": "10 minutes"}, "share",
        "Contacts that follow the pair's previous contact within {}, of all contacts.",
    ),
    (
        "within_10m_reply", {"": ""}, "share",
        "Contacts that follow the pair's previous contact within 10 minutes and come from the other person, of all "
        "contacts.",
    ),
    (
        "conversation_{}", _quantiles("q90") | {"mean": "mean"}, "contacts",
        "The {} of the number of contacts of a conversation, which are contacts of a pair less than an hour apart.",
    ),
    (
        "gone", {"": ""}, "share",
        "People who send nothing in the last fifth of the log's time, of those with at least 10 sends before it.",
    ),
    (
        "arrived", {"": ""}, "share",
        "People who send nothing in the first fifth of the log's time, of those with at least 10 sends after it.",
    ),
    (
        "hazard_while_seen_{}", {name: name.replace("_", " to ") for name in ("90_180", "180_365")}, "per day",
        "Contacts per pair and day, {} days into a silence, counting only days until either person's last contact with "
        "anyone.",
    ),
    (
        "answers_given_{}", _quantiles("q10", "q90"), "share",
        "The {}, over people who received at least 10 gestures, of the share that they answer within 7 days; without "
        "the last 7 days of the log.",
    ),
    (
        "lopsided", {"": ""}, "share",
        "Pairs in which one person made at least 80% of the contacts, of pairs with at least 10.",
    ),
    (
        "kept_after_return", {"": ""}, "share",
        "Pairs with contact in both directions 150 to 240 days after they returned from at least 90 days of silence: "
        "after the third contact in alternation within 60 days.",
    ),
    (
        "kept_after_silence", {"": ""}, "share",
        "Pairs with contact in both directions 150 to 240 days after their 90th day of silence, of those that "
        "stayed silent for 60 days more.",
    ),
]  # fmt: skip


def _named(rows: list[_Row]) -> dict[str, Statistic]:
    return {
        name.format(part): Statistic(name.format(part), unit, text.format(words))
        for name, parts, unit, text in rows
        for part, words in parts.items()
    }


LEAST_UNITS = 5  # people or pairs that a statistic needs to have an interval and to be judged by
CORE = tuple(_named(_CORE_ROWS))  # the statistics that the model was first judged by
STATISTICS = _named(_CORE_ROWS) | _named(_LATER_ROWS)
