"""The parameters of the model, each with its unit, range, default and source.

Users write `Parameters`, which validates them; the engines read the record `Parameters.packed`. "Assumed" in a source
means that nobody has measured the number. Vary it in a sweep before you trust results that depend on it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from sim.model.former_names import FORMER_NAMES, note_former_names
from sim.model.functions import hash_of
from sim.model.gestures import (
    DEFAULT_GESTURES,
    KINDS,
    LADDERS,
    MOST_KINDS,
    NEW_FIELDS,
    Channel,
    GestureRow,
    Ladders,
)
from sim.model.places import PLACES, PlaceRow
from sim.model.playbook import MOST_TAGS, Playbook, RowError, compiled
from sim.model.spelling import nearest
from sim.model.strategies import STRATEGIES, StrategyRow, amended

MOST_LEVELS = 64  # periods of `Parameters.channel_levels`
TRACES = 6  # exponentially decaying counters of a tie, with half-lives of 5**0 to 5**5 days
HALF_LIVES = 5.0 ** np.arange(TRACES)
HALF_HOUR = 30.0  # minutes of the gesture to which `closeness_gain` refers


def _number(default: float, unit: str, low: float, high: float, meaning: str, source: str) -> Any:
    """A float field in [low, high], with its unit, its meaning and the source of its default."""
    return Field(default, ge=low, le=high, description=meaning, json_schema_extra={"unit": unit, "source": source})


def _count(default: int, unit: str, low: int, high: int, meaning: str, source: str) -> Any:
    """An integer field in [low, high], with its unit, its meaning and the source of its default."""
    return Field(default, ge=low, le=high, description=meaning, json_schema_extra={"unit": unit, "source": source})


class Parameters(BaseModel):
    """All parameters of the model. Objects are immutable.

    Pass the values that differ from the defaults: ``sim.Parameters(memory_decay=0.9)`` or
    ``sim.Parameters(gestures={"like": {"opens_door": 0}})``.

    Raises:
        pydantic.ValidationError: if a name is unknown or a value is outside its range.

    Example:
        >>> import sim
        >>> sim.Parameters(memory_decay=0.9).memory_decay
        0.9
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Memory and strength
    memory_decay: float = _number(1.0, "exponent", 0.2, 1.5, "exponent of forgetting: a contact's trace in memory fades with age in days to the power of minus this", "form: Anderson & Schooler 1991; rounded value chosen while looking at the Facebook wall-post log")
    half_strength: float = _number(0.45, "contacts", 0.01, 10, "activation at which a tie has strength one half", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    pull_exponent: float = _number(0.5, "exponent", 0, 2, "exponent of activation in the weight with which a tie comes to mind", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    pull_floor: float = _number(0.0005, "weight", 0, 1, "weight with which a completely forgotten tie comes to mind", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    feed_boost: float = _number(0.0, "weight", 0, 1, "weight that a feed's ranking algorithm adds to a tie, multiplied by affinity and openness", "assumed; describes an algorithm, not people")
    saturation: float = _number(1.0, "share", 0, 1, "share of a contact's mass that a tie of full strength does not gain; weaker ties lose less, in proportion to strength", "assumed; sweep it from 0, where every contact adds its full mass")
    exposure_mass: float = _number(0.02, "contacts", 0, 1, "memory mass that two people gain of each other from being at the same place", "mere exposure: Bornstein 1989; size assumed")
    encoding_sent: float = _number(1.0, "share of mass", 0, 1, "share of a gesture's mass that the sender's memory gains on sending it", "people remember what they write better than what they read: Slamecka & Graf 1978; size chosen while looking at the Facebook wall-post log")
    encoding_received: float = _number(0.1, "share of mass", 0, 1, "share of a gesture's mass that the receiver's memory gains on noticing it", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    spell_sd: float = _number(0.9, "log", 0, 2, "standard deviation of a person's quiet and busy spells (lognormal, mean 1)", "assumed; rounded value chosen while looking at the Facebook wall-post log; activity is bursty beyond daily and weekly rhythms: Jo et al. 2012")
    spell_days: int = _count(60, "days", 1, 365, "length of a quiet or busy spell", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    group_pull: float = _number(1.5, "log", 0, 5, "additional affinity between members of the same group", "assumed; rounded value chosen while looking at the Facebook wall-post log; shared foci: Feld 1981")
    closeness_gain: float = _number(0.0, "share", 0, 1, "share of the missing closeness that a person gains on noticing a gesture of half an hour from someone to whom they sent one within `two_way_days`", "assumed; 0 switches the slow stock off")
    closeness_by_length: float = _number(0.0, "exponent", 0, 1, "exponent of a gesture's half hours in the closeness that it gives: 0, all gestures give as much; 1, an hour gives as much in messages as in talk", "assumed; friendship grows with hours together: Hall 2019; no study compares hours with the number of contacts")
    closeness_meeting: float = _number(0.0, "share", 0, 1, "share of the missing closeness that two people gain from being at the same place", "assumed; hours together make friends: Hall 2019")
    closeness_half_life: float = _number(3.0, "years", 0.1, 100, "half-life of closeness without contact", "assumed; trust outlives contact: Levin, Walter & Murnighan 2011")
    closeness_pull: float = _number(1.0, "log", 0, 10, "additional affinity at full closeness", "assumed")
    closeness_answer: float = _number(0.5, "logit", 0, 10, "increase in the log odds of an answer at full closeness", "assumed")
    encoding_answered: float = _number(0.0, "share of mass", 0, 1, "share of a gesture's mass that the sender's memory gains on noticing the answer", "assumed; rounded value chosen while looking at the Facebook wall-post log")

    # What brings people to mind
    routine_rate: float = _number(0.055, "per day", 0, 100, "rate at which a contact comes to mind in daily routine, as an occasion to write", "fitted to the Facebook wall-post log")
    routine_new: float = _number(0.0, "share", 0, 0.95, "share of routine prompts that are about somebody new", "0: only contacts come to mind; people keep adding ties at a steady rate of their own: Miritello et al. 2013")
    sitting_prompts: float = _number(1.0, "prompts", 1, 100, "mean number of routine prompts in one sitting; their rate stays `routine_rate`", "1: prompts are independent of each other")
    sitting_same: float = _number(0.0, "probability", 0, 0.95, "probability that the next prompt of a sitting is about the same contact again", "assumed")
    sitting_gap: float = _number(3.0, "minutes", 0.05, 600, "mean time between two prompts of a sitting", "assumed")
    feed_rate: float = _number(0.35, "per day", 0, 20, "rate of looking at feed items", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    encounter_rate: float = _number(0.2, "per day", 0, 10, "rate of chance encounters in person", "assumed")
    encounter_known: float = _number(0.7, "share", 0, 1, "share of chance encounters that are with a contact", "assumed")
    encounter_community: float = _number(0.24, "share", 0, 1, "share of chance encounters that are with anyone of the community; the remaining ones are with anyone at all", "assumed")
    birthday_noticed: float = _number(0.01, "probability", 0, 1, "probability that a contact's birthday is noticed", "size chosen while looking at the Facebook wall-post log; birthdays prompt half of the posts on weak ties: Viswanath et al. 2009")
    post_rate: float = _number(0.3, "per week", 0, 20, "rate of ordinary posts in the feed", "assumed")
    post_days: int = _count(3, "days", 1, 30, "time for which feeds can show a post", "assumed")
    scroll_minutes: float = _number(0.25, "minutes", 0.01, 10, "time to look at one feed item", "assumed")

    # Comfort
    ease: float = _number(2.7, "logit", -5, 10, "comfort without practice, before the random term is added", "set so that about 30% write to an old friend: Aknin & Sandstrom 2024")
    practice_effect: float = _number(1.4, "logit", 0, 10, "comfort that full practice adds", "a warm-up raises the share who write from 31% to 53%: Aknin & Sandstrom 2024")
    practice_gain: float = _number(0.3, "share", 0, 1, "share of the missing practice that a worded gesture adds", "assumed")
    practice_half_life: float = _number(1.0, "days", 0.01, 365, "half-life of practice", "assumed")
    acceptance_ratio: float = _number(0.55, "share", 0.05, 1, "believed probability of an answer, as a share of the real one", "Epley & Schroeder 2014; Flynn & Lake 2008; Bohns 2016")
    reticence_mean: float = _number(2.15, "logit", 0, 10, "mean reticence: how much strangeness deters a person", "assumed")
    reticence_sd: float = _number(0.7, "logit", 0, 5, "standard deviation of reticence over people", "assumed")
    sociability_sd: float = _number(0.64, "log", 0, 2, "standard deviation of sociability over people (lognormal, mean 1)", "fitted to the Facebook wall-post log")
    weekly_minutes: float = _number(287.0, "minutes per week", 0, 10_000, "time for gestures in ordinary life, at average sociability", "41 minutes a day: American Time Use Survey 2015")
    minutes_low: float = _number(0.3, "factor", 0, 1, "lower limit on the factor by which sociability changes the weekly minutes", "assumed")
    minutes_high: float = _number(3.0, "factor", 1, 100, "upper limit on the factor by which sociability changes the weekly minutes", "assumed")

    # The open door
    openness_half_life: float = _number(21.0, "days", 0, 3_650, "half-life of an open door (0: the door is shut by the next day)", "7 to 60 days: Burger et al. 1997; Chuan et al. 2018")

    # Answers
    answer_strength: float = _number(0.14, "logit", -5, 5, "increase in the log odds of an answer at full strength of the tie", "fitted to the Facebook wall-post log")
    answer_openness: float = _number(0.43, "logit", -5, 5, "increase in the log odds of an answer at a fully open door", "pre-notification, odds ratio 1.54: Edwards et al. 2002")
    answer_second: float = _number(0.36, "logit", -5, 5, "increase in the log odds of an answer at the second attempt", "follow-up, odds ratio 1.44: Edwards et al. 2002")
    answer_fatigue: float = _number(0.35, "logit", 0, 5, "decrease in the log odds of an answer at each further attempt", "third follow-up: -20%, according to vendor reports; weak evidence")
    load_scale: float = _number(25.0, "gestures per day", 0.1, 10_000, "number of gestures received in a day at which the probability of an answer halves", "from 25% to under 5% at 100 a day: Kooti et al. 2015")
    responsiveness_sd: float = _number(0.0, "logit", 0, 5, "standard deviation over people of how readily they answer", "0: everybody answers alike")
    quick_share: float = _number(0.0, "share", 0, 1, "share of answers that come at once, because both are there", "0: all delays have one distribution")
    quick_median: float = _number(2.0, "minutes", 0.1, 600, "median delay of answers that come at once", "assumed")
    quick_sigma: float = _number(1.0, "log", 0, 5, "standard deviation of the delay of answers that come at once (lognormal)", "assumed")
    delay_median: float = _number(250.0, "minutes", 0.1, 100_000, "median delay of an answer", "fitted to the Facebook wall-post log; email is answered sooner, after 47 minutes: Kooti et al. 2015")
    delay_sigma: float = _number(2.5, "log", 0, 5, "standard deviation of the delay of an answer (lognormal)", "fitted to the Facebook wall-post log; close to the 2.5 derived from Kooti et al. 2015")
    note_delay_median: float = _number(2_880.0, "minutes", 0.1, 100_000, "median delay of the answer to a note", "assumed")
    note_delay_sigma: float = _number(1.0, "log", 0, 5, "standard deviation of the delay of the answer to a note (lognormal)", "assumed")
    note_days: int = _count(3, "days", 0, 60, "time that a note is in the mail", "assumed")
    mutual_odds: float = _number(1.35, "odds ratio", 0.1, 10, "factor on an acquaintance's odds of answering, given a mutual contact or a shared place", "Mosleh, Eckles & Rand 2025; shared places have a similar effect: Kossinets & Watts 2006")
    unanswered_half_life: float = _number(30.0, "days", 0.1, 3_650, "half-life of the count of unanswered gestures", "assumed")
    unanswered_most: float = _number(3.0, "gestures", 1, 100, "highest count of unanswered gestures", "assumed")

    # Ties
    tie_capacity: int = _count(250, "ties", 1, 100_000, "highest number of ties and acquaintances of a person", "assumed")
    affinity_sd: float = _number(1.2, "log", 0, 3, "standard deviation of affinity, which is independent in the two directions of a tie", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    two_way_days: int = _count(30, "days", 1, 365, "longest time between gestures in both directions that make a two-way contact", "convention")
    dormant_after_days: int = _count(90, "days", 30, 1_000, "time without two-way contact after which a tie is dormant", "convention; sweep it")
    dormant_contacts: int = _count(3, "contacts", 1, 100, "number of two-way contacts that a tie needs before it can be dormant", "convention")
    sale_hazard: float = _number(0.01, "per day", 0, 1, "probability that someone with a tie of full strength buys; it falls with the square of strength", "assumed")

    # Planned effort
    effort_minutes: float = _number(60.0, "minutes per week", 0, 10_000, "planned effort of an adopter", "budget of the question that the project answers")
    follow_through: float = _number(1.0, "logit", 0, 10, "comfort that a plan adds to a gesture", "assumed; sweep it from 0 to 3")
    backed_out_minutes: float = _number(1.0, "minutes", 0.1, 60, "time lost when the person backs out of a planned gesture", "assumed")
    backed_out_most: int = _count(10, "targets", 1, 100, "number of times a person backs out before the session ends", "assumed")
    plan_gap_days: int = _count(30, "days", 0, 3_650, "time before a list may name the same person again", "assumed")
    once_strong: float = _number(5.0, "contacts", 0, 1_000, "least value of the slowest memory trace of a tie that counts as once strong", "assumed")
    usable_share: float = _number(0.5, "share", 0.01, 1, "share of a session at a place that is left for gestures, after travel and preparation", "assumed")

    # Places
    known_weight: float = _number(2.0, "factor", 0.01, 100, "factor by which meeting a contact is more likely than meeting a stranger", "odds about 2: Ingram & Morris 2007")
    hangout_regulars: int = _count(40, "people", 1, 10_000, "number of regulars of a community's hangout", "assumed")
    hangout_attendance: float = _number(0.2, "per day", 0, 1, "probability that a regular comes to the hangout, multiplied by sociability", "assumed")
    hangout_meets: int = _count(3, "people", 1, 1_000, "number of people met on a visit to the hangout", "assumed")
    group_members: int = _count(12, "people", 2, 1_000, "number of members of a group", "assumed")
    group_attendance: float = _number(0.7, "probability", 0, 1, "probability that a member comes to a meeting of the group", "assumed")
    group_meets: int = _count(5, "people", 1, 1_000, "number of people met at a meeting of the group", "assumed")
    event_notice_days: int = _count(14, "days", 1, 365, "time from the invitations to the event", "assumed")
    event_invitations: int = _count(15, "people", 1, 1_000, "number of people invited to an event", "assumed")
    event_brings: float = _number(0.3, "probability", 0, 1, "probability that a guest brings someone to an event", "assumed")
    event_meets: int = _count(6, "people", 1, 1_000, "number of people other than the host whom a guest meets at an event", "assumed")
    show_every_days: int = _count(90, "days", 1, 3_650, "time between the trade shows of an industry", "assumed")
    show_people: int = _count(60, "people", 1, 10_000, "number of people at a trade show", "assumed")
    show_meets: int = _count(14, "people", 1, 1_000, "number of people met at a trade show", "14 encounters in an evening: Ingram & Morris 2007")
    meetup_start: int = _count(4, "people", 1, 1_000, "number of people at the first meetup", "assumed")
    meetup_meets: int = _count(5, "people", 1, 1_000, "number of people met at a meetup", "assumed; the same as in a group")
    meetup_brings: float = _number(0.1, "probability", 0, 1, "probability that an attendee brings someone from the industry to a meetup", "assumed")
    meetup_leaves: float = _number(0.05, "probability", 0, 1, "probability that an attendee leaves the meetup for good", "assumed")

    # Coming and going
    arriving_share: float = _number(0.0, "share", 0, 1, "share of people who join the channel only after a generated world's first day", "0: nobody comes")
    arriving_days: float = _number(100.0, "days", 0.1, 10_000, "mean time until they join (exponential)", "assumed")
    leaving_rate: float = _number(0.0, "per day", 0, 1, "rate at which people leave the channel for good", "0: nobody goes")
    unobserved_activity: float = _number(1.0, "factor", 0, 100, "activity of people whose ties are not all simulated, relative to that of those whose ties are; only in worlds of some observed people", "1: people are as active whether they are observed or not")

    # Where a generated world starts
    community_size: int = _count(55, "people", 2, 10_000, "number of people in a community", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    industries: int = _count(10, "industries", 1, 1_000, "number of industries, each of which crosses communities", "assumed")
    ties_at_start: float = _number(65.0, "ties", 0, 10_000, "mean number of a person's ties on day 0; sociable people have more", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    ties_in_community: float = _number(0.6, "share", 0, 1, "share of ties that are within the community", "assumed")
    ties_in_industry: float = _number(0.2, "share", 0, 1, "share of ties that are within the industry", "assumed")
    past_rate: float = _number(0.01, "per day", 0.0001, 10, "median rate of contacts of a tie before day 0", "assumed; rounded value chosen while looking at the Facebook wall-post log")
    past_sigma: float = _number(1.5, "log", 0, 3, "standard deviation of the rate of contacts before day 0 (lognormal)", "assumed")
    past_years: float = _number(5.0, "years", 0, 40, "length of the simulated past before day 0", "assumed")
    past_stopped: float = _number(0.5, "share", 0, 1, "share of ties whose contacts stopped at a uniformly distributed time before day 0", "assumed")

    hour_activity: tuple[float, ...] = Field((1.0,) * 24, min_length=24, max_length=24, description="how active people are in each hour of the day, from midnight; only ratios matter", json_schema_extra={"unit": "weights", "source": "even; a log can say otherwise"})
    weekday_activity: tuple[float, ...] = Field((1.0,) * 7, min_length=7, max_length=7, description="how active people are on each day of the week, from day 0; only ratios matter", json_schema_extra={"unit": "weights", "source": "even; a log can say otherwise"})
    channel_levels: tuple[float, ...] = Field((), max_length=MOST_LEVELS, description="activity on the channel in periods of `channel_level_days` from `channel_begins` on; before and after them it is 1", json_schema_extra={"unit": "factors", "source": "1; a log can say otherwise"})
    channel_level_days: float = _number(30.0, "days", 1, 5_000, "length of a period of `channel_levels`", "assumed; a log can say otherwise")
    channel_begins: int = _count(0, "day", 0, 16_383, "day of the world on which `channel_levels` begin", "the first day; a log can say otherwise")

    gestures: dict[str, GestureRow] = Field(default_factory=lambda: dict(DEFAULT_GESTURES), validate_default=True, description="numbers of each kind of gesture")
    strategies: dict[str, StrategyRow] = Field(default_factory=lambda: dict(STRATEGIES), description="whom each strategy contacts, what it does, and when")
    places: dict[str, PlaceRow] = Field(default_factory=dict, description="places that are added")
    tags: dict[str, list[int | str]] = Field(default_factory=dict, description="people who have a tag, by its name: ids, or names in the log of a replayed world", json_schema_extra={"unit": "people", "source": "given by the user"})
    ladders: Ladders = Field(default_factory=Ladders, description="perceived risk of spontaneous gestures, in logits")

    @model_validator(mode="before")
    @classmethod
    def _accept_former_names(cls, data: Any) -> Any:
        """Accept former names, with a warning."""
        if not isinstance(data, dict):
            return data
        former = [name for name in data if FORMER_NAMES.get(name) in cls.model_fields]
        for name in former:
            if FORMER_NAMES[name] in data:
                raise ValueError(f"{FORMER_NAMES[name]} is set twice, once under its former name {name}; remove {name}")
        note_former_names(former, stacklevel=4)
        return {FORMER_NAMES[name] if name in former else name: value for name, value in data.items()}

    @model_validator(mode="before")
    @classmethod
    def _complete_rows(cls, data: Any) -> Any:
        """Complete rows of tables that users give in part, such as ``gestures={"like": {"mass": 0.1}}``."""
        if isinstance(data, dict):
            _check_tags(data.get("tags", {}))
            shipped: dict[str, Mapping[str, BaseModel]] = {"gestures": DEFAULT_GESTURES, "strategies": STRATEGIES}
            for table, rows in shipped.items():
                if isinstance(data.get(table), dict):
                    data = {**data, table: _completed(table, data[table], rows)}
        return data

    @field_validator("hour_activity", "weekday_activity", "channel_levels", mode="before")
    @classmethod
    def _accept_lists(cls, data: Any) -> Any:
        """Accept lists, which files have, as well as tuples."""
        return tuple(data) if isinstance(data, list) else data

    @field_validator("hour_activity", "weekday_activity", "channel_levels")
    @classmethod
    def _check_weights(cls, weights: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        if not all(0 <= weight < math.inf for weight in weights):
            raise ValueError("expected finite numbers of 0 or more")
        if info.field_name != "channel_levels" and not any(weights):
            raise ValueError("expected at least one number above 0")
        return weights

    @model_validator(mode="after")
    def _check_tables(self) -> Parameters:
        for path, problem in _problems(self):
            raise RowError(path, problem)
        known_shares = self.encounter_known + self.encounter_community
        if known_shares > 1:
            raise ValueError(f"encounter_known and encounter_community add up to {known_shares:g}; their sum must be 1 or less")
        tie_shares = self.ties_in_community + self.ties_in_industry
        if tie_shares > 1:
            raise ValueError(f"ties_in_community and ties_in_industry add up to {tie_shares:g}; their sum must be 1 or less")
        if self.strategies != STRATEGIES or self.places or len(self.gestures) > len(KINDS):
            assert self.playbook  # reads the rows, so that a mistake in them is found here
        return self

    def __eq__(self, other: object) -> bool:
        """Whether all parameters are equal, with the order of rows, which numbers them.

        Values that are computed from them, such as `playbook`, are not compared.
        """
        if not isinstance(other, Parameters):
            return NotImplemented
        names = ("kinds", "strategy_names", "place_names", *type(self).model_fields)
        return all(getattr(self, name) == getattr(other, name) for name in names)

    __hash__ = None  # type: ignore[assignment]  # tables of rows have no hash

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the gestures, in the order of their numbers."""
        return tuple(self.gestures)

    @property
    def strategy_names(self) -> tuple[str, ...]:
        """The names of the strategies, in the order of their numbers."""
        return tuple(self.strategies)

    @property
    def place_names(self) -> tuple[str, ...]:
        """The names of the places, in the order of their numbers, from nowhere."""
        return ("nowhere", *PLACES, *self.places)

    def identity(self, strategies: Iterable[str] = ()) -> dict[str, Any]:
        """Everything that determines the results of a run of these strategies, as JSON values.

        Strategies that the run doesn't follow are left out, so that it keeps its id when others are added or changed.
        Tags are left out, too, unless a strategy that it follows depends on them.
        So are fields that earlier versions didn't have, unless they differ from the shipped rows.
        """
        data = self.model_dump(mode="json", exclude={"strategies", "places", "tags"})
        for name in NEW_PARAMETERS:
            if getattr(self, name) == type(self).model_fields[name].default:
                del data[name]
        for name, row in data["gestures"].items():
            usual = DEFAULT_GESTURES.get(name)
            for field in NEW_FIELDS:
                if usual is not None and row[field] == getattr(usual, field):
                    del row[field]
        followed = {name: self._described(name) for name in self.followed(strategies)}
        changed = {name: row for name, row in followed.items() if row is not None}
        if changed:
            data["strategies"] = changed
        tags = self._tags_of(followed)
        if tags:
            data["tags"] = tags
        if self.places:
            data["places"] = {name: row.model_dump(mode="json") for name, row in self.places.items()}
        return data

    def followed(self, strategies: Iterable[str]) -> list[str]:
        """These strategies, and those that follow on them."""
        found = dict.fromkeys(strategies)
        pending = list(found)
        while pending:
            then = self.strategies[pending.pop()].then
            if then and then not in found:
                found[then] = None
                pending.append(then)
        return sorted(found)

    def _tags_of(self, strategies: Iterable[str]) -> dict[str, list[int | str]]:
        """The tags on which these strategies depend: those in their phrases, or all of them for a function."""
        rows = [self.strategies[name] for name in strategies] if self.tags else []
        if any(row.function for row in rows):
            return self.tags
        named = {tag for row in rows for tag in row.tags(self.kinds)}
        return {tag: people for tag, people in self.tags.items() if tag in named}

    def _described(self, name: str) -> dict[str, Any] | None:
        """What determines a strategy's results, with its number; None for a shipped one that is unchanged."""
        row, usual = self.strategies[name], STRATEGIES.get(name)
        texts = {"essay", "meaning", "label", "colour", "source"}
        if usual is not None and row.model_dump(exclude=texts) == usual.model_dump(exclude=texts):
            return None
        described = {**row.model_dump(mode="json", exclude=texts), "number": self.strategy_names.index(name)}
        return {**described, "function": hash_of(row.function) if row.function else ""}

    def functions(self, strategies: Iterable[str]) -> dict[int, str]:
        """References to the functions that a run of these strategies calls, by the number of the strategy."""
        followed = {self.strategy_names.index(name): self.strategies[name] for name in self.followed(strategies)}
        return {number: row.function for number, row in followed.items() if row.function}

    @cached_property
    def playbook(self) -> Playbook:
        """All strategies and places as tables, for the engines."""
        return compiled(self.strategies, self.places, self.gestures, tuple(self.tags), lambda name: getattr(self, name))

    @cached_property
    def packed(self) -> np.void:
        """All parameters as one record of type `SETTINGS`, for `sim.rules` and the engines."""
        record = np.zeros(1, dtype=SETTINGS)
        for name in _SCALARS:
            record[name] = getattr(self, name)
        record["kernel"] = kernel(self.memory_decay)
        record["even_hours"] = len(set(self.hour_activity)) == 1
        record["hours"] = np.cumsum([0.0, *self.hour_activity]) / sum(self.hour_activity)
        record["weekdays"] = np.array(self.weekday_activity) * 7 / sum(self.weekday_activity)
        record["busiest_weekday"] = record["weekdays"].max()
        record["levels"][0, : len(self.channel_levels)] = self.channel_levels
        record["level_count"] = len(self.channel_levels)
        kinds = {kind: number for number, kind in enumerate(self.gestures)}
        for kind, row in self.gestures.items():
            number = kinds[kind]
            record["rung"][0, number] = row.rung
            record["minutes"][0, number] = row.minutes
            record["noticed"][0, number] = row.noticed
            record["opens"][0, number] = row.opens_door
            record["mass"][0, number] = row.mass
            record["closer"][0, number] = self._closeness_of(row.minutes)
            record["answer"][0, number] = -np.inf if row.answer is None else row.answer
            record["worded"][0, number] = row.worded
            record["channel"][0, number] = -1 if row.channel is None else Channel[row.channel.upper()]
            record["risk"][0, :, number] = row.felt_risk  # the same on all channels, except for the ladders
            record["answered_with"][0, number] = kinds[row.answered_with or kind]
            record["answered_at_once"][0, number] = row.answered_at_once
            record["invites"][0, number] = row.invites
        for channel in LADDERS:
            ladder = steps_of(self.ladders, channel, kinds)
            record["steps"][0, channel] = len(ladder)
            for step, (kind, risk) in enumerate(ladder.items()):
                record["risk"][0, channel, kinds[kind]] = risk
                record["ladder"][0, channel, step] = kinds[kind]
        packed: np.void = record[0]
        return packed

    def _closeness_of(self, minutes: float) -> float:
        """Share of the missing closeness, 0..1, that a gesture of this many minutes gives in two-way contact."""
        if self.closeness_by_length == 0.0:
            return self.closeness_gain
        half_hours = float((minutes / HALF_HOUR) ** self.closeness_by_length)
        return 1.0 - float((1.0 - self.closeness_gain) ** half_hours)


def steps_of(ladders: Ladders, channel: Channel, kinds: Iterable[str]) -> dict[str, float]:
    """The steps of a channel's ladder, each a kind with its perceived risk in logits; added ones are in their place."""
    shipped = {kind.label: float(getattr(ladders, f"{channel.label}_{kind.label}")) for kind in LADDERS[channel]}
    added = {kind: (ladders.__pydantic_extra__ or {}).get(f"{channel.label}_{kind}") for kind in kinds}
    steps = list(shipped.items())
    for kind, risk in added.items():
        if risk is not None:
            at = next((place for place, (_, other) in enumerate(steps) if other > risk), len(steps))
            steps.insert(at, (kind, risk))
    return dict(steps)


_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN = ("nothing", "if", "or", "else", "otherwise", "and", "not")  # words of the grammar


def _completed(table: str, given: Mapping[str, Any], shipped: Mapping[str, BaseModel]) -> dict[str, Any]:
    """The rows of a table: the shipped ones, changed where they are given, and added ones, in the order given.

    Raises:
        RowError: if an added row is based on a row that there isn't.
    """
    rows: dict[str, Any] = dict(shipped)
    for name, change in given.items():
        if not isinstance(change, Mapping):
            rows[name] = change
            continue
        base = change.get("based_on", name if name in shipped else None)
        if base is not None and base not in rows:
            close = nearest(str(base), rows)
            hint = f'did you mean "{close}"?' if close else f"known are {', '.join(rows)}"
            raise RowError(f"{table}.{name}.based_on", f'there is no row "{base}" before this one; {hint}')
        values = {} if base is None else _written(rows[base])
        rows[name] = amended(values, change) if table == "strategies" else {**values, **change}
        rows[name].pop("based_on", None)
    return rows


def _check_tags(tags: Any) -> None:
    """Check that tags have lists of people; whether there are these people depends on the world.

    Raises:
        RowError: if one hasn't.
    """
    for name, people in tags.items() if isinstance(tags, Mapping) else ():
        if isinstance(people, str | bytes | Mapping) or not isinstance(people, Iterable):
            raise RowError(f"tags.{name}", "expected a list of people, such as [3, 17]")
        for one in people if isinstance(people, list | tuple) else ():
            if isinstance(one, bool) or not (isinstance(one, str) or hasattr(one, "__index__")):
                raise RowError(f"tags.{name}", f"{one!r} is no person; expected ids such as 3, or names of a log")


def _written(row: Any) -> dict[str, Any]:
    """The values of a row that somebody wrote."""
    return dict(row.model_dump(exclude_unset=True)) if isinstance(row, BaseModel) else dict(row)


def _problems(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """What is wrong with the rows of tables, each with its path."""
    gestures = parameters.gestures
    if len(parameters.tags) > MOST_TAGS:
        yield "tags", f"there are {len(parameters.tags)}; at most {MOST_TAGS} can be numbered"
    for table in ("gestures", "strategies", "places", "tags"):
        for name in getattr(parameters, table):
            if not _NAME.fullmatch(name):
                yield f"{table}.{name}", "expected a name of small letters, digits and _, of at most 40 characters"
    for name in gestures.keys() & set(_TAKEN):
        yield f"gestures.{name}", "this word has a meaning of its own in what strategies do; choose another name"
    for name in parameters.places:
        if name in (*PLACES, "nowhere"):
            yield f"places.{name}", f"is a place already; its numbers are parameters, such as {name}_meets"
    if len(gestures) > MOST_KINDS:
        yield "gestures", f"there are {len(gestures)}; at most {MOST_KINDS} can be numbered"
    for name, row in gestures.items():
        if row.answer is not None and row.mass <= 0:
            yield f"gestures.{name}.mass", f"is {row.mass:g}; a gesture that wants an answer must have a mass above 0"
        if row.answered_with is not None and row.answered_with not in gestures:
            close = nearest(row.answered_with, gestures)
            hint = f"did you mean {close}?" if close else f"known are {', '.join(gestures)}"
            yield f"gestures.{name}.answered_with", f'there is no gesture "{row.answered_with}"; {hint}'
    for name, risk in (parameters.ladders.__pydantic_extra__ or {}).items():
        known = [f"{channel.label}_{kind}" for channel in LADDERS for kind in gestures]
        if name not in known:
            close = nearest(name, known)
            yield f"ladders.{name}", "there is no such step; " + (f"did you mean {close}?" if close else "expected CHANNEL_GESTURE, such as private_message")
        elif not (-10 <= risk <= 10 and math.isfinite(risk)):
            yield f"ladders.{name}", f"is {risk:g}; expected a number from -10 to 10 (logits)"


def kernel(decay: float) -> np.ndarray:
    """Coefficients, shape (6,), of six exponentials that approximate ``age**-decay`` for ages of 1 to 4,000 days.

    They minimise relative errors at whole days by non-negative least squares, with days weighted evenly in the logarithm
    of age. Half-lives are 1, 5, 25, 125, 625 and 3,125 days. For decays of 0.6 to 1.0, the sum is within 10% of the
    power law on any day.
    """
    from scipy.optimize import nnls  # importing it takes half a second, which most users of parameters don't need

    ages = np.unique(np.geomspace(1, 4_000, 400).round())
    weights = np.sqrt(np.gradient(np.log(ages)))
    basis = 0.5 ** (ages[:, None] / HALF_LIVES) * ages[:, None] ** decay
    return np.asarray(nnls(basis * weights[:, None], weights)[0])


# Parameters that earlier versions didn't have. At their defaults they change nothing, and so no id.
NEW_PARAMETERS = (
    "closeness_gain", "closeness_by_length", "closeness_meeting", "closeness_half_life", "closeness_pull", "closeness_answer",
    "routine_new", "sitting_prompts", "sitting_same", "sitting_gap",
    "responsiveness_sd", "quick_share", "quick_median", "quick_sigma", "arriving_share", "arriving_days", "leaving_rate",
    "unobserved_activity",
    "hour_activity", "weekday_activity", "channel_levels", "channel_level_days", "channel_begins",
)  # fmt: skip
_SCALARS = tuple(
    name for name, field in Parameters.model_fields.items() if field.annotation in (float, int)
)
_CHANNELS = len(Channel)
_NUMBERS_OF_KINDS = ("minutes", "noticed", "opens", "mass", "answer", "closer")
_FLAGS_OF_KINDS = ("rung", "worded", "channel", "answered_with", "answered_at_once", "invites")

SETTINGS = np.dtype(
    [(name, "f8" if Parameters.model_fields[name].annotation is float else "i8") for name in _SCALARS]
    + [("kernel", "f8", (TRACES,))]
    + [("hours", "f8", (25,)), ("weekdays", "f8", (7,)), ("levels", "f8", (MOST_LEVELS,))]
    + [("even_hours", "i8"), ("busiest_weekday", "f8"), ("level_count", "i8")]
    + [(name, "f8", (MOST_KINDS,)) for name in _NUMBERS_OF_KINDS]
    + [(name, "i8", (MOST_KINDS,)) for name in _FLAGS_OF_KINDS]
    + [("risk", "f8", (_CHANNELS, MOST_KINDS)), ("ladder", "i8", (_CHANNELS, MOST_KINDS)), ("steps", "i8", (_CHANNELS,))],
    align=True,
)
