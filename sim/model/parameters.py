"""The parameters of the model, each with its unit, range, default and source.

Users write `Parameters`, which validates them; the engines read the record `Parameters.packed`. "Assumed" in a source
means that nobody has measured the number. Vary it in a sweep before you trust results that depend on it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.model.former_names import FORMER_NAMES, note_former_names
from sim.model.gestures import (
    DEFAULT_GESTURES,
    FIXED_CHANNEL,
    KINDS,
    LADDERS,
    WORDLESS,
    Channel,
    GestureRow,
    Kind,
    Ladders,
)
from sim.model.strategies import STRATEGIES

TRACES = 6  # exponentially decaying counters of a tie, with half-lives of 5**0 to 5**5 days
HALF_LIVES = 5.0 ** np.arange(TRACES)


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
    encoding_answered: float = _number(0.0, "share of mass", 0, 1, "share of a gesture's mass that the sender's memory gains on noticing the answer", "assumed; rounded value chosen while looking at the Facebook wall-post log")

    # What brings people to mind
    routine_rate: float = _number(0.055, "per day", 0, 10, "rate at which a contact comes to mind in daily routine, as an occasion to write", "fitted to the Facebook wall-post log")
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

    gestures: dict[str, GestureRow] = Field(default_factory=lambda: dict(DEFAULT_GESTURES), validate_default=True, description="numbers of each kind of gesture")
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
    def _complete_gestures(cls, data: Any) -> Any:
        """Fill in the defaults of gestures that users give in part, such as ``gestures={"like": {"mass": 0.1}}``."""
        if isinstance(data, dict) and isinstance(data.get("gestures"), dict):
            rows: dict[str, Any] = dict(DEFAULT_GESTURES)
            for kind, change in data["gestures"].items():
                named = isinstance(change, dict) and kind in rows
                rows[kind] = {**dict(rows[kind]), **change} if named else change
            data = {**data, "gestures": rows}
        return data

    @model_validator(mode="after")
    def _check_tables(self) -> Parameters:
        unknown = sorted(set(self.gestures) - set(KINDS))
        if unknown:
            raise ValueError(f"unknown gesture {unknown[0]!r}; the kinds are {', '.join(KINDS)}")
        for name, row in self.gestures.items():
            if row.answer is not None and row.mass <= 0:
                raise ValueError(f"gestures.{name}.mass is {row.mass:g}; a gesture that wants an answer must have a mass above 0")
        known_shares = self.encounter_known + self.encounter_community
        if known_shares > 1:
            raise ValueError(f"encounter_known and encounter_community add up to {known_shares:g}; their sum must be 1 or less")
        tie_shares = self.ties_in_community + self.ties_in_industry
        if tie_shares > 1:
            raise ValueError(f"ties_in_community and ties_in_industry add up to {tie_shares:g}; their sum must be 1 or less")
        return self

    @cached_property
    def packed(self) -> np.void:
        """All parameters as one record of type `SETTINGS`, for `sim.rules` and the engines."""
        record = np.zeros(1, dtype=SETTINGS)
        for name in _SCALARS:
            record[name] = getattr(self, name)
        record["kernel"] = kernel(self.memory_decay)
        rows = [self.gestures[name] for name in KINDS]
        record["rung"] = [row.rung for row in rows]
        record["minutes"] = [row.minutes for row in rows]
        record["noticed"] = [row.noticed for row in rows]
        record["opens"] = [row.opens_door for row in rows]
        record["mass"] = [row.mass for row in rows]
        record["answer"] = [-np.inf if row.answer is None else row.answer for row in rows]
        record["worded"] = [kind not in WORDLESS for kind in Kind]
        record["channel"] = [FIXED_CHANNEL.get(kind, -1) for kind in Kind]
        record["risk"] = [row.felt_risk for row in rows]  # the same on all channels, except for the ladders
        record["ladder"] = -1
        for channel, kinds in LADDERS.items():
            for step, kind in enumerate(kinds):
                record["risk"][0, channel, kind] = getattr(self.ladders, f"{channel.label}_{kind.label}")
                record["ladder"][0, channel, step] = kind
        for strategy, row in STRATEGIES.items():
            for name in _PLAN_FIELDS:
                record[name][0, strategy] = getattr(row, name)
        packed: np.void = record[0]
        return packed


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


_SCALARS = tuple(
    name for name, field in Parameters.model_fields.items() if field.annotation in (float, int)
)
_PLAN_FIELDS = ("plan", "place", "first", "second", "first_share", "session_minutes", "sessions")
_KINDS, _CHANNELS, _STRATEGIES = len(Kind), len(Channel), len(STRATEGIES)

SETTINGS = np.dtype(
    [(name, "f8" if Parameters.model_fields[name].annotation is float else "i8") for name in _SCALARS]
    + [("kernel", "f8", (TRACES,))]
    + [(name, "f8", (_KINDS,)) for name in ("minutes", "noticed", "opens", "mass", "answer")]
    + [(name, "i8", (_KINDS,)) for name in ("rung", "worded", "channel")]
    + [("risk", "f8", (_CHANNELS, _KINDS)), ("ladder", "i8", (_CHANNELS, 6))]
    + [(name, "i8", (_STRATEGIES,)) for name in ("plan", "place", "first", "second", "sessions")]
    + [(name, "f8", (_STRATEGIES,)) for name in ("first_share", "session_minutes")],
    align=True,
)
