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
    memory_decay: float = _number(1.0, "exponent", 0.2, 1.5, "a contact's trace fades as age in days to minus this", "form: Anderson & Schooler 1991; a round number chosen with wall posts in sight")
    half_strength: float = _number(0.45, "contacts", 0.01, 10, "activation at which strength is one half", "assumed; a round number chosen with wall posts in sight")
    pull_exponent: float = _number(0.5, "exponent", 0, 2, "how steeply activation draws thoughts to a tie", "assumed; a round number chosen with wall posts in sight")
    pull_floor: float = _number(0.0005, "weight", 0, 1, "weight of a tie that memory has lost", "assumed; a round number chosen with wall posts in sight")
    feed_boost: float = _number(0.0, "weight", 0, 1, "weight that a ranking algorithm adds in the feed per affinity and openness", "assumed: stands for an algorithm, not for people")
    saturation: float = _number(1.0, "share", 0, 1, "how much less a contact adds to a tie, per strength that it has already", "assumed; sweep from 0: every contact adds its whole mass")
    exposure_mass: float = _number(0.02, "contacts", 0, 1, "memory left by being in one place", "mere exposure: Bornstein 1989; size assumed")
    encoding_sent: float = _number(1.0, "share of mass", 0, 1, "share of a gesture's mass that stays with its sender when sent", "what one makes is remembered better than what one reads: Slamecka & Graf 1978; size chosen with wall posts in sight")
    encoding_received: float = _number(0.1, "share of mass", 0, 1, "share of a gesture's mass that a noticed gesture leaves with its receiver", "assumed; a round number chosen with wall posts in sight")
    spell_sd: float = _number(0.9, "log", 0, 2, "spread of a person's quiet and busy spells (lognormal, mean 1)", "assumed; a round number chosen with wall posts in sight; people are bursty beyond their days and weeks: Jo et al. 2012")
    spell_days: int = _count(60, "days", 1, 365, "length of a spell", "assumed; a round number chosen with wall posts in sight")
    group_pull: float = _number(1.5, "log", 0, 5, "affinity that members of one group share beyond others", "assumed; a round number chosen with wall posts in sight; shared foci: Feld 1981")
    encoding_answered: float = _number(0.0, "share of mass", 0, 1, "share that follows when the answer is noticed", "assumed; a round number chosen with wall posts in sight")

    # What brings people to mind
    routine_rate: float = _number(0.055, "per day", 0, 10, "occasions to write to someone", "fitted to wall posts")
    feed_rate: float = _number(0.35, "per day", 0, 20, "feed items looked at", "assumed; a round number chosen with wall posts in sight")
    encounter_rate: float = _number(0.2, "per day", 0, 10, "chance encounters in person", "assumed")
    encounter_known: float = _number(0.7, "share", 0, 1, "encounters with someone known", "assumed")
    encounter_community: float = _number(0.24, "share", 0, 1, "encounters with anyone of the community; what is left is anyone at all", "assumed")
    birthday_noticed: float = _number(0.01, "probability", 0, 1, "a tie's birthday is noticed", "size chosen with wall posts in sight; birthdays prompt half of the posts on weak ties: Viswanath et al. 2009")
    post_rate: float = _number(0.3, "per week", 0, 20, "ordinary posts", "assumed")
    post_days: int = _count(3, "days", 1, 30, "a post can be shown for this long", "assumed")
    scroll_minutes: float = _number(0.25, "minutes", 0.01, 10, "time that an item seen costs", "assumed")

    # Comfort
    ease: float = _number(2.7, "logit", -5, 10, "comfort before practice and the random term", "set so that about 30 % write to an old friend: Aknin & Sandstrom 2024")
    practice_effect: float = _number(1.4, "logit", 0, 10, "comfort that full practice adds", "warm-up brings 31 to 53 %: Aknin & Sandstrom 2024")
    practice_gain: float = _number(0.3, "share", 0, 1, "share of the missing practice that a worded gesture adds", "assumed")
    practice_half_life: float = _number(1.0, "days", 0.01, 365, "practice halves in", "assumed")
    acceptance_ratio: float = _number(0.55, "share", 0.05, 1, "believed welcome over real welcome", "Epley & Schroeder 2014; Flynn & Lake 2008; Bohns 2016")
    reticence_mean: float = _number(2.15, "logit", 0, 10, "mean weight of strangeness on comfort", "assumed")
    reticence_sd: float = _number(0.7, "logit", 0, 5, "its spread over people", "assumed")
    sociability_sd: float = _number(0.64, "log", 0, 2, "spread of sociability (lognormal, mean 1)", "fitted to wall posts")
    weekly_minutes: float = _number(287.0, "minutes per week", 0, 10_000, "time for gestures in ordinary life", "41 minutes a day: American Time Use Survey 2015")
    minutes_low: float = _number(0.3, "factor", 0, 1, "least factor of sociability on the weekly minutes", "assumed")
    minutes_high: float = _number(3.0, "factor", 1, 100, "largest factor of sociability on the weekly minutes", "assumed")

    # The open door
    openness_half_life: float = _number(21.0, "days", 0, 3_650, "an open door halves in (0: shut by the next day)", "7 to 60: Burger et al. 1997; Chuan et al. 2018")

    # Answers
    answer_strength: float = _number(0.14, "logit", -5, 5, "what full strength adds to an answer", "fitted to wall posts")
    answer_openness: float = _number(0.43, "logit", -5, 5, "what an open door adds to an answer", "pre-notification, odds ratio 1.54: Edwards et al. 2002")
    answer_second: float = _number(0.36, "logit", -5, 5, "what a second try adds", "follow-up, odds ratio 1.44: Edwards et al. 2002")
    answer_fatigue: float = _number(0.35, "logit", 0, 5, "what each further try takes away", "third follow-up -20 %: vendor reports; weak")
    load_scale: float = _number(25.0, "gestures per day", 0.1, 10_000, "gestures received in a day that halve the answers", "25 % to under 5 % at 100 a day: Kooti et al. 2015")
    delay_median: float = _number(250.0, "minutes", 0.1, 100_000, "median answer delay", "fitted to wall posts; e-mail is answered sooner, 47: Kooti et al. 2015")
    delay_sigma: float = _number(2.5, "log", 0, 5, "spread of the answer delay (lognormal)", "fitted to wall posts; near the 2.5 derived from Kooti et al. 2015")
    note_delay_median: float = _number(2_880.0, "minutes", 0.1, 100_000, "median delay of the answer to a note", "assumed")
    note_delay_sigma: float = _number(1.0, "log", 0, 5, "its spread", "assumed")
    note_days: int = _count(3, "days", 0, 60, "a posted note travels for", "assumed")
    mutual_odds: float = _number(1.35, "odds ratio", 0.1, 10, "an acquaintance answers likelier with a mutual contact or at a shared place", "Mosleh, Eckles & Rand 2025; places substitute: Kossinets & Watts 2006")
    unanswered_half_life: float = _number(30.0, "days", 0.1, 3_650, "tries without an answer are forgotten in", "assumed")
    unanswered_most: float = _number(3.0, "gestures", 1, 100, "tries without an answer that still count", "assumed")

    # Ties
    tie_capacity: int = _count(250, "ties", 1, 100_000, "ties and acquaintances that a person can have", "assumed")
    affinity_sd: float = _number(1.2, "log", 0, 3, "spread of the affinity that each feels for each, on their own", "assumed; a round number chosen with wall posts in sight")
    two_way_days: int = _count(30, "days", 1, 365, "gestures in both directions within this are a two-way contact", "a convention")
    dormant_after_days: int = _count(90, "days", 30, 1_000, "without two-way contact a tie is dormant after", "a convention; sweep")
    dormant_contacts: int = _count(3, "contacts", 1, 100, "two-way contacts that make a tie one that can lie dormant", "a convention")
    sale_hazard: float = _number(0.01, "per day", 0, 1, "a full-strength buyer buys with this hazard, times strength squared", "assumed")

    # Planned effort
    effort_minutes: float = _number(60.0, "minutes per week", 0, 10_000, "planned effort of an adopter", "the question's own budget")
    follow_through: float = _number(1.0, "logit", 0, 10, "comfort that a plan adds", "assumed; sweep 0 to 3")
    backed_out_minutes: float = _number(1.0, "minutes", 0.1, 60, "time that a refused plan costs", "assumed")
    backed_out_most: int = _count(10, "targets", 1, 100, "refused plans after which a session ends", "assumed")
    plan_gap_days: int = _count(30, "days", 0, 3_650, "a listed target is left alone for", "assumed")
    once_strong: float = _number(5.0, "contacts", 0, 1_000, "the slowest trace of a tie that was once strong", "assumed")
    usable_share: float = _number(0.5, "share", 0.01, 1, "share of a session at a place that is left for gestures", "assumed")

    # Places
    known_weight: float = _number(2.0, "factor", 0.01, 100, "how much likelier it is to meet a contact", "odds about 2: Ingram & Morris 2007")
    hangout_regulars: int = _count(40, "people", 1, 10_000, "regulars of a community's hangout", "assumed")
    hangout_attendance: float = _number(0.2, "per day", 0, 1, "a regular is there, times sociability", "assumed")
    hangout_meets: int = _count(3, "people", 1, 1_000, "people met in a visit", "assumed")
    group_members: int = _count(12, "people", 2, 1_000, "members of a group", "assumed")
    group_attendance: float = _number(0.7, "probability", 0, 1, "a member comes", "assumed")
    group_meets: int = _count(5, "people", 1, 1_000, "people met in a meeting", "assumed")
    event_notice_days: int = _count(14, "days", 1, 365, "an event takes place this long after its invitations", "assumed")
    event_invitations: int = _count(15, "people", 1, 1_000, "people invited", "assumed")
    event_brings: float = _number(0.3, "probability", 0, 1, "a guest brings someone", "assumed")
    event_meets: int = _count(6, "people", 1, 1_000, "people whom a guest meets besides the host", "assumed")
    show_every_days: int = _count(90, "days", 1, 3_650, "days between the trade shows of an industry", "assumed")
    show_people: int = _count(60, "people", 1, 10_000, "people at a trade show", "assumed")
    show_meets: int = _count(14, "people", 1, 1_000, "people met at a trade show", "14 encounters in an evening: Ingram & Morris 2007")
    meetup_start: int = _count(4, "people", 1, 1_000, "people at the first meetup", "assumed")
    meetup_meets: int = _count(5, "people", 1, 1_000, "people met at a meetup", "assumed, as in a group")
    meetup_brings: float = _number(0.1, "probability", 0, 1, "an attender brings someone of the industry", "assumed")
    meetup_leaves: float = _number(0.05, "probability", 0, 1, "an attender leaves for good", "assumed")

    # Where a generated world starts
    community_size: int = _count(55, "people", 2, 10_000, "people of a community", "assumed; a round number chosen with wall posts in sight")
    industries: int = _count(10, "industries", 1, 1_000, "industries across the communities", "assumed")
    ties_at_start: float = _number(65.0, "ties", 0, 10_000, "mean ties of a person on day 0; the sociable have more", "assumed; a round number chosen with wall posts in sight")
    ties_in_community: float = _number(0.6, "share", 0, 1, "ties within the community", "assumed")
    ties_in_industry: float = _number(0.2, "share", 0, 1, "ties within the industry", "assumed")
    past_rate: float = _number(0.01, "per day", 0.0001, 10, "median rate of past contacts of a tie", "assumed; a round number chosen with wall posts in sight")
    past_sigma: float = _number(1.5, "log", 0, 3, "its spread (lognormal)", "assumed")
    past_years: float = _number(5.0, "years", 0, 40, "length of the past", "assumed")
    past_stopped: float = _number(0.5, "share", 0, 1, "ties whose contacts stopped at a uniform time of the past", "assumed")

    gestures: dict[str, GestureRow] = Field(default_factory=lambda: dict(DEFAULT_GESTURES), validate_default=True, description="the gesture table, by kind")
    ladders: Ladders = Field(default_factory=Ladders, description="felt risk of spontaneous gestures")

    @model_validator(mode="before")
    @classmethod
    def _accept_former_names(cls, data: Any) -> Any:
        """Accept former names, with a warning."""
        if not isinstance(data, dict):
            return data
        former = [name for name in data if name in FORMER_NAMES]
        for name in former:
            if FORMER_NAMES[name] in data:
                raise ValueError(f"{FORMER_NAMES[name]} is given twice, also by its former name {name}")
        note_former_names(former, stacklevel=6)
        return {FORMER_NAMES.get(name, name): value for name, value in data.items()}

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
                raise ValueError(f"gestures.{name}.mass must be above 0, since the gesture wants an answer")
        if self.encounter_known + self.encounter_community > 1:
            raise ValueError("encounter_known and encounter_community together must not exceed 1")
        if self.ties_in_community + self.ties_in_industry > 1:
            raise ValueError("ties_in_community and ties_in_industry together must not exceed 1")
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
