"""What the outcomes of a run are: names, units and definitions of all measures. `sim.measures` computes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.model.gestures import KINDS

RECONNECTION_DAYS = 60  # days for three worded gestures in alternation, which make a reconnection
MADE_OF_OTHERS = (
    "everyone_",
    "sent_",
    "answered_",
)  # prefixes of measures of one kind of gesture, or of everyone
INJECTED_WITHIN = 60  # days after an injected gesture in which a reconnection counts
KEPT_UP_FROM, KEPT_UP_TO = 150, 240  # days after a reconnection; a tie that is kept up has two-way contact in them
KEPT_AFTER = 240  # days after the end of the strategy, on which kept ties are counted
LIKED_BACK = (14, 60)  # days in which the receiver of an injected gesture likes the sender
DAYS_RUN = "days_run"  # the measure that a run with a stop condition has in addition
SALE_DAYS = (90, 365)  # days after which the probability of a sale is measured


class Measure(NamedTuple):
    """An outcome, with its name, unit and definition."""

    name: str
    unit: str
    definition: str


def measures_of(kinds: Sequence[str] = KINDS) -> dict[str, Measure]:
    """All outcomes by name, with those of these kinds of gesture."""
    per_person = [
        ("dormant_at_start", "ties per person", "Ties at risk: those that were dormant on the starting day."),
        ("reconnected", "ties per person", "Ties at risk in which the two people sent three worded gestures in alternation within 60 days, the last of them while the strategy ran (with injected gestures: within 60 days of the injection)."),
        ("kept_up", "ties per person", "Of these, the ties that were kept up: in two-way contact on any of days 150 to 240 after the reconnection (with injected gestures: after the starting day, whether the tie reconnected or not). Missing until the outcome is known. Mostly the strategy still runs then, and its own gestures keep these ties up."),
        ("revived", "ties per person", "Ties at risk that are active on the day on which the strategy stops. If it never stops, the day is the end of the run."),
        ("kept", "ties per person", "Ties at risk that are active 240 days after the strategy stopped: two-way contact in the 90 days (dormant_after_days) before. Missing in shorter runs. With injected gestures, run.strategy_days says from which day the 240 days count; without it, from the starting day."),
        ("kept_new", "ties per person", "People with whom a person had no tie on the starting day, and has an active one 240 days after the strategy stopped (see kept). Missing in shorter runs."),
        ("kept_all", "ties per person", "All ties that are active 240 days after the strategy stopped (see kept). Its mean over everyone counts what others lose, too. Missing in shorter runs."),
        ("began_in_feed", "ties per person", "Of the reconnected ties, those whose silence was broken in the feed: the channel of the first noticed gesture after 30 days without one."),
        ("feed_to_person", "ties per person", "Of these, the ties in which a worded gesture in person followed by the end of the run."),
        ("active_ties", "ties per person", "Ties with two-way contact in the last 90 days (dormant_after_days), at the end of the run."),
        ("two_step_reach", "people", "Other people within two steps over active ties at the end of the run: contacts and their contacts, each counted once."),
        ("new_ties", "ties per person", "People with whom a first answer turned an acquaintance into a tie."),
        ("sent", "gestures per person", "Gestures sent, including planned posts."),
        ("initiated", "gestures per person", "Gestures sent that answer no other one, without posts."),
        ("answered", "gestures per person", "Gestures sent that were answered."),
        ("contact_share", "share", "Share of a person's ties with two-way contact in the last 30 days, at the end of the run; people without ties are left out."),
        ("days_to_first_reconnection", "days", "Days until a person's first reconnection; people without one are left out."),
    ]  # fmt: skip
    per_person += [(f"sent_{kind}", "gestures per person", f"Gestures of kind {kind} sent.") for kind in kinds]
    per_person += [
        (f"answered_{kind}", "gestures per person", f"Gestures of kind {kind} sent that were answered.")
        for kind in kinds
        if kind not in ("like", "post")
    ]
    only_adopters = [
        ("industry_rank", "rank", "Rank by active ties among the people of the industry at the end of the run: 1 is the best connected, and equals share a rank."),
        ("industry_rank_two_steps", "rank", "The same rank by two-step reach: how many other people of any industry are within two steps over active ties."),
        ("minutes_planned", "minutes per person", "Planned minutes added to the time budget."),
        ("minutes_used", "minutes per person", "Planned minutes used, including travel, scrolling, and minutes lost when the person backed out."),
        ("minutes_lost", "minutes per person", "Planned minutes lost when the person backed out of a planned gesture."),
        ("used_share", "share", "Minutes used, as a share of minutes planned; minutes left over that are too few for another session are not counted as planned."),
    ]  # fmt: skip
    focal = [
        ("focal", "ties", "Focal ties: the pairs that the run follows."),
        ("focal_reconnected", "share", "Of the focal ties that were dormant on the starting day, the share that reconnected in time (see reconnected)."),
        ("focal_answered", "share", "Of these, the share in which the second person sent the first a worded gesture in time."),
        ("focal_kept_up", "share", "Of these, the share in two-way contact on any of days 150 to 240 after the starting day, reconnected or not. Missing until the outcome is known."),
        ("focal_kept", "share", "Of these, the share that is kept (see kept). Missing in shorter runs."),
    ]  # fmt: skip
    focal += [
        (f"focal_liked_back_{days}", "share", f"Of these, the share in which the second person liked the first within {days} days of the starting day. Missing in shorter runs.")
        for days in LIKED_BACK
    ]  # fmt: skip
    focal += [
        (f"focal_sold_{days}", "probability", f"Probability that the second person of a focal tie has bought from the first within {days} days: one minus the product over days of one minus the day's hazard. Mean over focal ties; missing in shorter runs.")
        for days in SALE_DAYS
    ]  # fmt: skip
    table = {name: Measure(name, unit, text) for name, unit, text in focal}
    for name, unit, text in per_person + only_adopters:
        table[name] = Measure(name, unit, f"{text} Mean over the adopters.")
    for name, unit, text in per_person:
        table[f"everyone_{name}"] = Measure(f"everyone_{name}", unit, f"{text} Mean over everyone.")
    return table


MEASURES = measures_of()
