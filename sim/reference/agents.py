"""People as Mesa agents, with their ties and decisions: for reading, extending and watching the model.

All formulas and draws come from `sim.rules` and `sim.chance`, which the fast engine calls too. To change what people
do, override a method of `Person`:

    >>> import sim
    >>> class Silent(sim.Person):
    ...     def choose_gesture(self, prompt):
    ...         return None
    >>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
    >>> model = sim.ReconnectionModel(world=world, seed=1, person_class=Silent)
    >>> model.step()
    >>> len(model.record.sent)
    0
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from sim.model.chance import BATCH
from sim.model.functions import CONTACT, ME, NO_CLAUSE
from sim.model.rules import MOST_ATTEMPTS, SECONDS_A_DAY
from sim.model.whom import A_CONTACT, ANYONE, ATTEMPTS, OF_COMMUNITY, OWN_TIES, SHOWN
from sim.reference.entry_points import Channel, DrawPurpose, Fact, Kind, Occasion, Place, Plan, chance, rules
from sim.reference.records import PlanOfPerson, Prompt, SentGesture, Tie
from sim.state.population import FEED_ITEM, PERSON, PLANNED_POST

if TYPE_CHECKING:
    from sim.reference.mesa_model import ReconnectionModel

NOT_FACTS = frozenset(("other", "tags", "clause", "priority"))  # fields of `CONTACT` that are no `Fact`
PERSON_VALUES = tuple(name for name in PERSON.names or () if name not in ("first", "slots", "degree"))


class Person(mesa.Agent):
    """A person with ties, traits and plans. Subclass it to change decisions.

    Attributes:
        id: row in `World.people`, from 0.
        ties: ties and acquaintances, by the other person's id.
        slots: the same ties by slot, None where a slot is free.
        plans: the strategies that the person follows.
        inbox: gestures that reach the person in the present round.
        outbox: gestures that the person sends in the present phase.
        outside_prompts: today's prompts from meetings and birthdays.
        received_today: gestures noticed today, posts excluded.
    """

    def __init__(self, model: ReconnectionModel, row: np.void) -> None:
        super().__init__(model)
        self.id = len(model.people)
        for name in PERSON_VALUES:
            setattr(self, name, row[name].item())
        self.ties: dict[int, Tie] = {}
        self.plans: list[PlanOfPerson] = []
        self.inbox: list[SentGesture] = []
        self.outbox: list[SentGesture] = []
        self.outside_prompts: list[Prompt] = []
        self.received_today = 0
        model.people.append(self)
        self.slots: list[Tie | None] = [None] * int(row["slots"])

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle a person as its index in the model, since recursing from tie to tie would overflow the stack."""
        people = self.model.people
        if self.id < len(people) and people[self.id] is self:
            return person_of, (self.model, self.id)
        return super().__reduce_ex__(protocol)

    sociability: float
    reticence: float
    practice: float
    practised: int
    minutes_left: float
    weight_bound: float
    capacity: int
    last_post: int
    community: int
    industry: int
    group: int
    birthday: int
    regular: int
    unobserved: int
    arrives: int
    leaves: int
    responsiveness: int
    model: ReconnectionModel

    # What a person knows -------------------------------------------------------------------------------------------

    def draw(self, purpose: int, other: int = 0, event_key: int = 0) -> float:
        """A keyed uniform in (0, 1) for one of this person's choices today."""
        return chance.uniform(self.model.run_seed, purpose, self.model.day, self.id, other, event_key)

    def strength_of(self, tie: Tie | None) -> float:
        """Strength of a tie today, 0..1; 0 for a stranger."""
        if tie is None:
            return 0.0
        return rules.strength(tie.activation(self.model.day, self.model.p), self.model.p)

    def closeness_of(self, tie: Tie | None) -> float:
        """Closeness to the other today, 0..1; 0 for a stranger."""
        return 0.0 if tie is None else tie.closeness_today(self.model.day, self.model.p)

    def familiarity_of(self, tie: Tie | None) -> float:
        """One minus the strangeness of the other today, 0..1; see `rules.familiarity`."""
        return rules.familiarity(self.strength_of(tie), self.closeness_of(tie))

    @property
    def on_channel(self) -> bool:
        """Whether the person has arrived and not yet left; see `rules.is_on_channel`."""
        return rules.is_on_channel(self.model.day, self.arrives, self.leaves)

    def openness_of(self, tie: Tie | None) -> float:
        """Openness of this person towards the other today, 0..1; 0 for a stranger."""
        return 0.0 if tie is None else rules.openness_now(tie.openness, self.model.day - tie.opened, self.model.p)

    def tries_of(self, tie: Tie | None) -> float:
        """Own tries without an answer that still count today; 0 for a stranger."""
        return (
            0.0 if tie is None else rules.unanswered_now(tie.unanswered, self.model.day - tie.last_sent, self.model.p)
        )

    def remember(self, tie: Tie, mass: float) -> None:
        """Add a contact of this mass to one of the person's ties, and raise the weight bound; see `rules.saturated`."""
        if mass <= 0.0:
            return
        day, p = self.model.day, self.model.p
        strength = self.strength_of(tie)
        self.touch(tie, rules.saturated(mass, strength, p))
        self.weight_bound = rules.raised_bound(self.weight_bound, tie.bound(day, p))

    def touch(self, tie: Tie, mass: float) -> None:
        """Add this mass to the traces of a tie, and date them and the closeness today."""
        day, p = self.model.day, self.model.p
        if tie.closeness:
            tie.closeness = rules.closer(tie.closeness_today(day, p), 0.0)
        rules.add_contact(tie.traces, day - tie.last_contact, mass)
        tie.last_contact = day

    def come_closer(self, tie: Tie, gain: float) -> None:
        """Let closeness grow by this share of what it lacks, after a contact today."""
        if gain > 0.0:
            day, p = self.model.day, self.model.p
            tie.closeness = rules.closer(tie.closeness_today(day, p), gain)
            rules.add_contact(tie.traces, day - tie.last_contact, 0.0)
            tie.last_contact = day
            self.weight_bound = rules.raised_bound(self.weight_bound, tie.bound(day, p))

    # Morning -------------------------------------------------------------------------------------------------------

    def begin_week(self) -> None:
        """Refill the weekly minutes, add the week's planned minutes to each plan, and refresh the weight bound."""
        p, s = self.model.p, self.model.settings
        self.minutes_left = rules.minutes_of_week(self.sociability, p)
        if self.model.planning:
            for plan in self.plans:
                if self.model.strategy_today(plan).plan == Plan.NOTHING:
                    continue
                minutes = s.effort_minutes * plan.share
                plan.budget = rules.minus(plan.budget, -minutes)
                plan.minutes_planned += minutes
        weights = [tie.bound(self.model.day, p) for tie in self.ties.values()]
        self.weight_bound = rules.fresh_bound(max(weights, default=0.0))

    def post(self) -> None:
        """Make an ordinary post if the draw and the minutes allow. From today, feeds may show the author."""
        p, s = self.model.p, self.model.settings
        cost = s.minutes[Kind.POST]
        likely = self.draw(DrawPurpose.POSTS) < rules.post_probability(self.sociability, p)
        if likely and self.minutes_left >= cost:
            self.minutes_left = rules.minus(self.minutes_left, cost)
            self.last_post = self.model.day

    # Who comes to mind ---------------------------------------------------------------------------------------------

    def sample_contact(self, event_key: int, among: int, industry: int = 0) -> Tie | None:
        """Sample a contact in proportion to weight: by rejection with keyed draws, then by an exponential race.

        The feed goes straight to the race, since few contacts pass its filter. None means that nobody passes.
        """
        candidates = [tie for tie in self.slots if tie is not None and self.may_come_to_mind(tie, among, industry)]
        if not candidates:
            return None
        proposal_slots = rules.proposal_slots(len(self.slots))
        for u, v in self.attempts(event_key) if among != SHOWN else ():
            slot = int(u * proposal_slots)
            tie = self.slots[slot] if slot < len(self.slots) else None
            if tie is None or not self.may_come_to_mind(tie, among, industry):
                continue
            if v * self.weight_bound < self.weight_in_mind(tie, among):
                return tie
        return self.wins_the_race(candidates, event_key, among)

    def wins_the_race(self, candidates: list[Tie], event_key: int, among: int) -> Tie | None:
        """Sample a contact by an exponential race, with one keyed draw for each; see `rules.race_time`."""
        chosen, first_time = None, np.inf
        for tie in candidates:
            weight = self.weight_in_mind(tie, among)
            if weight > 0.0:
                time = rules.race_time(self.draw(DrawPurpose.COMES_TO_MIND_RACE, tie.other.id, event_key), weight)
                if time < first_time:
                    chosen, first_time = tie, time
        return chosen

    def attempts(self, event_key: int) -> Iterator[tuple[float, float]]:
        """The keyed draws of rejection sampling: a pair of uniforms for each attempt, for the slot and the level."""
        draws = np.empty((2, BATCH))
        for start in range(0, ATTEMPTS, BATCH):
            day, seed = self.model.day, self.model.run_seed
            chance.next_attempts(draws, seed, DrawPurpose.COMES_TO_MIND, day, self.id, event_key, start)
            yield from zip(*draws.tolist(), strict=True)

    def may_come_to_mind(self, tie: Tie, among: int, industry: int) -> bool:
        """Whether a tie passes `ANYONE`, `SHOWN` (by the feed), `OWN_TIES` (no acquaintances) or `OF_INDUSTRY`."""
        if among == ANYONE:
            return True
        if tie.acquaintance:
            return False
        if among == SHOWN:
            return self.model.day - tie.other.last_post < self.model.settings.post_days
        return among == OWN_TIES or tie.other.industry == industry

    def weight_in_mind(self, tie: Tie, among: int) -> float:
        """Weight with which a tie comes to mind today; see `rules.pull`."""
        boost = self.openness_of(tie) if among == SHOWN else 0.0
        day, p = self.model.day, self.model.p
        return rules.pull(tie.activation(day, p), tie.attraction(day, p), boost, p)

    # Prompts -------------------------------------------------------------------------------------------------------

    def prompts(self) -> list[Prompt]:
        """All of today's prompts, in order of time."""
        found = [*self.routine(), *self.feed(), *self.encounters(), *self.outside_prompts, *self.sessions()]
        self.outside_prompts = []
        return sorted(found, key=lambda prompt: prompt.order)

    def count(self, purpose: int, rate: float, level: float = 1.0) -> int:
        """A Poisson count for today; `rate` is per day, before sociability and the burst factor. 0 off the channel."""
        if not self.on_channel:
            return 0
        activity = self.sociability * rules.burst_factor(self.model.run_seed, self.id, self.model.day, self.model.p)
        return chance.poisson(rate * (level * activity), self.draw(purpose))

    def prompt(self, event_key: int, other: Person | None, channel: int) -> Prompt:
        """A spontaneous prompt. Its second of the day is a keyed draw."""
        second = rules.second_of_day(self.draw(DrawPurpose.PROMPT_SECOND, event_key=event_key), self.model.p)
        return Prompt(second, event_key, other, channel)

    def routine(self) -> Iterator[Prompt]:
        """Prompts from routine: occasions to write to someone, in sittings."""
        p, s, index = self.model.p, self.model.settings, 0
        level = rules.channel_level(self.model.day, p) / s.sitting_prompts
        for number in range(self.count(DrawPurpose.ROUTINE_COUNT, s.routine_rate, level)):
            size = self.draw(DrawPurpose.SITTING, event_key=chance.event_key_of(Occasion.ROUTINE, number))
            other: Person | None = None
            second = 0
            for place in range(rules.sitting_size(size, p)):
                event_key = chance.event_key_of(Occasion.ROUTINE, index)
                prompt, same = self.prompt(event_key, None, Channel.PRIVATE), 1.0
                index += 1
                if place > 0:
                    same, gap = chance.two_uniforms(
                        self.model.run_seed, DrawPurpose.SITTING, self.model.day, self.id, 1, event_key
                    )
                    prompt = replace(prompt, second=rules.next_in_sitting(second, gap, p))
                second = prompt.second
                if same >= s.sitting_same:
                    other = self.comes_up(event_key)
                if other is not None:
                    yield replace(prompt, other=other)

    def comes_up(self, event_key: int) -> Person | None:
        """Whom a routine prompt is about: a contact, or somebody new."""
        among = rules.routine_about(self.draw(DrawPurpose.ROUTINE_WHO, event_key=event_key), self.model.p)
        for attempt in range(1, MOST_ATTEMPTS + 1 if among != A_CONTACT else 0):
            other = self.someone(among, self.draw(DrawPurpose.ROUTINE_WHO, attempt, event_key))
            if other is not self and other.on_channel:
                return other
        tie = self.sample_contact(event_key, ANYONE)
        return None if tie is None else tie.other

    def someone(self, among: int, u: float) -> Person:
        """Anyone of the community, or of the whole world, for a uniform draw; contacts are not left out.

        For somebody unobserved it is one of the observed people, or nobody else if there are none.
        """
        crowd = self.model.communities[self.community] if among == OF_COMMUNITY else self.model.people
        if self.unobserved:
            crowd = sorted((one for one in crowd if not one.unobserved), key=lambda one: (one.community, one.id))
        return crowd[int(u * len(crowd))] if crowd else self

    def feed(self) -> Iterator[Prompt]:
        """Prompts from feed items that the person looks at."""
        for index in range(self.count(DrawPurpose.FEED_COUNT, self.model.settings.feed_rate)):
            event_key = chance.event_key_of(Occasion.FEED, index)
            if (tie := self.sample_contact(event_key, SHOWN)) is not None:
                yield self.prompt(event_key, tie.other, Channel.FEED)

    def encounters(self) -> Iterator[Prompt]:
        """Prompts from chance encounters with a contact, someone of the community, or anyone in the world."""
        s = self.model.settings
        for index in range(self.count(DrawPurpose.ENCOUNTER_COUNT, s.encounter_rate)):
            event_key = chance.event_key_of(Occasion.ENCOUNTER, index)
            among = rules.encounter_among(self.draw(DrawPurpose.ENCOUNTER_WHO, event_key=event_key), self.model.p)
            if among == A_CONTACT:
                tie = self.sample_contact(event_key, ANYONE)
                other = None if tie is None else tie.other
            else:
                other = self.someone(among, self.draw(DrawPurpose.ENCOUNTER_STRANGER, event_key=event_key))
            if other is not None and other is not self:
                yield self.prompt(event_key, other, Channel.IN_PERSON)

    def sessions(self) -> Iterator[Prompt]:
        """Prompts that start today's planned sessions: feed, list, posts or invitations."""
        for plan in self.plans:
            if self.minutes_for_session(plan) > 0.0:
                prompt = self.prompt(chance.event_key_of(Occasion.PLAN, plan.strategy << 16), None, Channel.PRIVATE)
                yield replace(prompt, plan=plan)

    def minutes_for_session(self, plan: PlanOfPerson) -> float:
        """Minutes that a plan has for a session today (feed, list, posts or invitations); 0 if there is no session."""
        if not self.model.planning:
            return 0.0
        strategy = self.model.strategy_today(plan)
        return rules.session_minutes(strategy.packed, plan.budget, plan.event_day, self.model.day)

    # Reaching out --------------------------------------------------------------------------------------------------

    def reach_out(self) -> None:
        """React to all of today's prompts; the gestures that result go to the outbox."""
        self.outbox = []
        for prompt in self.prompts():
            self.act(prompt)

    def act(self, prompt: Prompt) -> None:
        """React to one prompt: spontaneously, as planned at a place, or with a planned session."""
        if prompt.plan is None:
            self.act_spontaneously(prompt)
        elif prompt.place != Place.NOWHERE:
            self.act_at_place(prompt, prompt.plan)
        else:
            self.hold_session(prompt, prompt.plan)

    def comfort(self, prompt: Prompt) -> float:
        """The person's comfort at this prompt, in logits; see `rules.comfort`."""
        assert prompt.other is not None
        practice = rules.practice_now(self.practice, self.model.day - self.practised, self.model.p)
        return rules.comfort(practice, self.draw(DrawPurpose.COMFORT, prompt.other.id, prompt.event_key), self.model.p)

    def choose_gesture(self, prompt: Prompt) -> int | None:
        """The last gesture on the channel's ladder that comfort allows; None if it allows none."""
        assert prompt.other is not None
        tie = self.ties.get(prompt.other.id)
        kind = rules.gesture_within_reach(
            prompt.channel,
            self.comfort(prompt),
            self.familiarity_of(tie),
            self.openness_of(tie),
            0 if tie is None else tie.opened_by,
            self.tries_of(tie),
            self.reticence,
            self.model.p,
        )
        return None if kind < 0 else kind

    def accepts(self, prompt: Prompt, kind: int, channel: int) -> bool:
        """Whether comfort, plus the follow-through of a plan, reaches the barrier of a planned gesture."""
        assert prompt.other is not None
        tie = self.ties.get(prompt.other.id)
        needed = rules.barrier(
            kind,
            channel,
            self.familiarity_of(tie),
            self.openness_of(tie),
            0 if tie is None else tie.opened_by,
            self.tries_of(tie),
            self.reticence,
            self.model.p,
        )
        return needed <= self.comfort(prompt) + self.model.settings.follow_through

    def act_spontaneously(self, prompt: Prompt) -> None:
        """Respond to a spontaneous prompt: see the feed item, if any, then send the chosen gesture if time allows."""
        s = self.model.settings
        if prompt.channel == Channel.FEED:
            scroll = s.scroll_minutes
            if self.minutes_left < scroll:
                return
            self.minutes_left = rules.minus(self.minutes_left, scroll)
            self.see_post(prompt)
        assert prompt.other is not None
        if s.arriving_share > 0.0 and self.model.day < prompt.other.arrives:
            return
        kind = self.choose_gesture(prompt)
        if kind is not None and self.minutes_left >= s.minutes[kind]:
            self.minutes_left = rules.minus(self.minutes_left, s.minutes[kind])
            self.send(prompt, kind)

    def see_post(self, prompt: Prompt) -> None:
        """See a post in the feed: it goes to the outbox, as a gesture that this person receives and surely notices."""
        assert prompt.other is not None
        item = self.gesture(prompt, Kind.POST)
        item.sender, item.receiver, item.delivery = prompt.other, self, FEED_ITEM
        self.outbox.append(item)

    def send(self, prompt: Prompt, kind: int) -> None:
        """Send a gesture of this kind, and practise if it has words."""
        self.practise(kind)
        self.outbox.append(self.gesture(prompt, kind))

    def practise(self, kind: int) -> None:
        """Raise practice if the gesture has words; see `rules.practised`."""
        day, p, s = self.model.day, self.model.p, self.model.settings
        if s.worded[kind]:
            self.practice = rules.practised(rules.practice_now(self.practice, day - self.practised, p), p)
            self.practised = day

    def gesture(self, prompt: Prompt, kind: int) -> SentGesture:
        """A gesture of this kind in response to a prompt."""
        day, p = self.model.day, self.model.p
        return SentGesture(
            sender=self,
            receiver=prompt.other,
            day=day,
            second=prompt.second,
            arrives_day=day + rules.days_under_way(kind, p),
            arrives_second=prompt.second,
            kind=int(kind),
            channel=rules.channel_of(kind, prompt.channel, p),
            at_place=int(prompt.place != Place.NOWHERE),
            event_key=prompt.event_key,
        )

    def act_at_place(self, prompt: Prompt, plan: PlanOfPerson) -> None:
        """Make the strategy's gesture to a person met, if it has one for them and time allows."""
        s, strategy = self.model.settings, self.model.strategy_today(plan)
        if strategy.plan == Plan.PLACE and not self.meets_all(strategy.lists[0].terms, prompt, plan.usable):
            return
        kind = self.planned_kind(strategy.clauses, prompt, plan.usable)
        if kind is None or s.minutes[kind] > plan.usable or plan.back_outs >= s.backed_out_most:
            return
        if self.accepts(prompt, kind, rules.channel_of(kind, prompt.channel, self.model.p)):
            plan.usable = rules.minus(plan.usable, s.minutes[kind])
            self.send(prompt, kind)
        else:
            plan.back_out(self.model.p)

    def hold_session(self, prompt: Prompt, plan: PlanOfPerson) -> None:
        """Hold a planned session, of the type that the strategy prescribes."""
        strategy = self.model.strategy_today(plan)
        minutes = rules.minutes_for_gestures(self.minutes_for_session(plan), strategy.packed)
        if strategy.plan == Plan.FEED:
            self.feed_session(prompt, plan, strategy, minutes)
        elif strategy.plan == Plan.LIST:
            self.list_session(prompt, plan, strategy, minutes)
        elif strategy.plan == Plan.POSTS:
            self.posting_session(prompt, plan, strategy, minutes)
        else:
            self.inviting_session(prompt, plan, strategy)

    def planned_kind(self, clauses: list[Any], prompt: Prompt, left: float) -> int | None:
        """The kind of a planned gesture in a session with this many minutes left: that of the first clause that holds.

        None if no clause holds, or the one that does makes no gesture.
        """
        assert prompt.other is not None
        for clause in clauses:
            choice = clause.choices[0]
            if len(clause.choices) > 1:
                draw = self.draw(DrawPurpose.PLANNED_KIND, prompt.other.id, prompt.event_key)
                choice = next((one for one in clause.choices if draw < one.below), clause.choices[-1])
            spare = left - self.model.settings.minutes[choice.kind] if choice.kind >= 0 else left
            if self.meets_all(clause.terms, prompt, spare):
                return choice.kind if choice.kind >= 0 else None
        return None

    def meets_all(self, terms: list[Any], prompt: Prompt, spare: float = 0.0) -> bool:
        """Whether the other person of a prompt meets all conditions; `spare` is for `Fact.MINUTES_TO_SPARE`."""
        return all(rules.meets(self.fact(term.fact, prompt, spare), term.packed) for term in terms)

    def fact(self, fact: int, prompt: Prompt, spare: float = 0.0) -> float:
        """A fact about the other person of a prompt; see `sim.model.grammar.Fact`.

        `spare` is the minutes that the session would have left after a gesture.
        """
        other, day = prompt.other, self.model.day
        assert other is not None
        tie = self.ties.get(other.id)
        about_person: dict[int, Callable[[], Any]] = {
            Fact.KNOWN: lambda: tie is not None,
            Fact.MINUTES_TO_SPARE: lambda: spare,
            Fact.DRAW: lambda: self.draw(DrawPurpose.LIST_ORDER, other.id, prompt.event_key),
            Fact.BIRTHDAY: lambda: rules.days_to_birthday(day, other.birthday),
            Fact.SAME_COMMUNITY: lambda: self.community == other.community,
            Fact.SAME_INDUSTRY: lambda: self.industry == other.industry,
            Fact.SAME_GROUP: lambda: self.group == other.group,
            Fact.MUTUAL: lambda: self.mutual_contacts(other),
        }
        if fact >= Fact.TAGGED:
            return float(self.model.tags[other.id] >> (fact - Fact.TAGGED) & 1)
        if fact in about_person:
            return float(about_person[fact]())
        if tie is None:
            return -float(fact == Fact.NO_ANSWER)
        return self.fact_about_tie(fact, tie)

    def fact_about_tie(self, fact: int, tie: Tie) -> float:
        """A fact that the person remembers of a contact; see `sim.model.grammar.Fact`."""
        day, p = self.model.day, self.model.p
        facts: dict[int, Callable[[], Any]] = {
            Fact.ACQUAINTANCE: lambda: tie.acquaintance,
            Fact.DORMANT: lambda: not tie.acquaintance and rules.is_dormant(day, tie.last_two_way, tie.two_way, p),
            Fact.ACTIVE: lambda: not tie.acquaintance and rules.is_active(day, tie.last_two_way, tie.two_way, p),
            Fact.STANDING: lambda: rules.standing(tie.traces, day - tie.last_contact),
            Fact.SILENCE: lambda: day - tie.last_contact,
            Fact.TWO_WAY: lambda: tie.two_way,
            Fact.TURN: lambda: rules.turn(tie.last_sent, tie.last_received),
            Fact.UNANSWERED: lambda: rules.whole_tries(self.tries_of(tie)),
            Fact.NO_ANSWER: lambda: rules.days_without_answer(day, tie.last_sent, tie.last_received),
            Fact.MET_AT: lambda: tie.met_at,
            Fact.OPENNESS: lambda: self.openness_of(tie),
            Fact.STRENGTH: lambda: self.strength_of(tie),
        }
        return float(facts[fact]())

    def mutual_contacts(self, other: Person) -> int:
        """The number of people to whom both have a tie. Acquaintances don't count."""
        mine = {key for key, tie in self.ties.items() if not tie.acquaintance}
        return sum(key in mine and not tie.acquaintance for key, tie in other.ties.items())

    def make_or_back_out(self, prompt: Prompt, plan: PlanOfPerson, kind: int, left: float) -> tuple[float, bool]:
        """Make a planned gesture, or back out of it, in a session with this many minutes left.

        Returns:
            The minutes used, and whether the gesture was made.
        """
        p, s = self.model.p, self.model.settings
        if self.accepts(prompt, kind, rules.channel_of(kind, prompt.channel, p)):
            self.send(prompt, kind)
            return s.minutes[kind], True
        lost = rules.lost_minutes(left, p)
        plan.minutes_lost += lost
        return lost, False

    def feed_session(self, prompt: Prompt, plan: PlanOfPerson, strategy: Any, minutes: float) -> None:
        """Hold a feed session: scroll and react once to each person shown, until the minutes run out."""
        s = self.model.settings
        scroll = s.scroll_minutes
        done: set[int] = set()
        used, back_outs, item, contacted = 0.0, 0, 0, 0
        while used + scroll <= minutes and back_outs < s.backed_out_most and contacted < strategy.most_people:
            event_key = prompt.event_key + item
            item += 1
            tie = self.sample_contact(event_key, SHOWN)
            if tie is None:
                break
            used += scroll
            if tie.other.id in done:
                continue
            done.add(tie.other.id)
            shown = replace(prompt, event_key=event_key, other=tie.other, channel=Channel.FEED)
            self.see_post(shown)
            wanted = self.meets_all(strategy.lists[0].terms, shown, minutes - used)
            kind = self.planned_kind(strategy.clauses, shown, minutes - used) if wanted else None
            if kind is None:
                continue
            if used + s.minutes[kind] > minutes:
                break
            cost, made = self.make_or_back_out(shown, plan, kind, minutes - used)
            used += cost
            back_outs += not made
            contacted += made
        plan.pay(used + strategy.overhead_minutes)

    def contacts_on_list(self, wanted: Any, gap_days: int, prompt: Prompt) -> list[Tie]:
        """The person's contacts on one list of a strategy, in its order; see `rules.list_key`."""
        named: list[tuple[int, Tie]] = []
        for tie in self.ties.values():
            about = replace(prompt, other=tie.other)
            if rules.may_be_named(self.model.day, tie.planned, gap_days) and self.meets_all(wanted.terms, about):
                named.append((rules.list_key(wanted.sign * self.fact(wanted.fact, about), tie.other.id), tie))
        return [tie for _, tie in sorted(named, key=lambda row: row[0])]

    def contacts_in_turn(self, strategy: Any, prompt: Prompt) -> list[Tie]:
        """The contacts whom a strategy's lists name: one of each list in turn, each contact once."""
        lists = [self.contacts_on_list(wanted, strategy.gap_days, prompt) for wanted in strategy.lists]
        in_turn = [tie for row in zip_longest(*lists) for tie in row if tie is not None]
        return list({tie.other.id: tie for tie in in_turn}.values())

    def orders_for(self, strategy: Any, prompt: Prompt, minutes: float) -> list[tuple[Tie, list[Any]]]:
        """Whom a list session contacts, in order, each with the clauses of which the first that holds applies."""
        if not strategy.chosen:
            return [(tie, strategy.clauses) for tie in self.contacts_in_turn(strategy, prompt)]
        function = self.model.functions.get(strategy.today)
        if function is None:
            return []
        ties = [self.ties[key] for key in sorted(self.ties)]
        contacts = np.zeros(len(ties), CONTACT)
        for tie, seen in zip(ties, contacts, strict=True):
            self.see(tie, seen, prompt, function.reads)
        function.choose(self.seen_by_function(prompt, minutes), contacts, len(strategy.clauses))
        orders = []
        for tie, clause, priority in zip(ties, contacts["clause"].tolist(), contacts["priority"].tolist(), strict=True):
            if clause != NO_CLAUSE and rules.may_be_named(self.model.day, tie.planned, strategy.gap_days):
                orders.append((-priority, tie, [strategy.clauses[int(clause)]]))
        return [(tie, clauses) for _, tie, clauses in sorted(orders, key=lambda order: order[0])]

    def seen_by_function(self, prompt: Prompt, minutes: float) -> Any:
        """What a strategy that is a function sees of the person; see `sim.model.functions.ME`."""
        day = self.model.day
        elapsed, draw = day - self.model.strategies_begin, self.draw(DrawPurpose.LIST_ORDER, 0, prompt.event_key)
        traits = self.sociability, self.reticence, len(self.ties)
        return np.array([(self.id, day, day % 7, elapsed, minutes, *traits, draw)], ME)[0]

    def see(self, tie: Tie, seen: Any, prompt: Prompt, fields: frozenset[str]) -> None:
        """Fill in these fields of what a function sees of a tie; see `sim.model.functions.CONTACT`."""
        about = replace(prompt, other=tie.other)
        seen["other"], seen["clause"] = tie.other.id, NO_CLAUSE
        for name in fields - NOT_FACTS:
            seen[name] = self.fact(getattr(Fact, name.upper()), about)
        if "tags" in fields:
            seen["tags"] = self.model.tags[tie.other.id]

    def list_session(self, prompt: Prompt, plan: PlanOfPerson, strategy: Any, minutes: float) -> None:
        """Hold a session with a list of contacts: work down the list until the minutes run out."""
        s = self.model.settings
        used, back_outs, contacted = 0.0, 0, 0
        for tie, clauses in self.orders_for(strategy, prompt, minutes):
            if back_outs >= s.backed_out_most or contacted >= strategy.most_people:
                break
            named = replace(prompt, other=tie.other)
            kind = self.planned_kind(clauses, named, minutes - used)
            if kind is None:
                continue
            if used + s.minutes[kind] > minutes:
                break
            tie.planned = self.model.day
            cost, made = self.make_or_back_out(named, plan, kind, minutes - used)
            used += cost
            back_outs += not made
            contacted += made
        plan.pay(used + strategy.overhead_minutes)

    def posting_session(self, prompt: Prompt, plan: PlanOfPerson, strategy: Any, minutes: float) -> None:
        """Hold a posting session: as many posts as the minutes allow. A post has no addressee and no barrier."""
        cost = self.model.settings.minutes[Kind.POST]
        used, item = 0.0, 0
        while used + cost <= minutes and item < strategy.most_people:
            self.send(replace(prompt, event_key=prompt.event_key + item), Kind.POST)
            item += 1
            used += cost
        plan.pay(used + strategy.overhead_minutes)

    def inviting_session(self, prompt: Prompt, plan: PlanOfPerson, strategy: Any) -> None:
        """Invite contacts on the lists, in turn, to an event. Without anyone to invite, no event is planned."""
        s = self.model.settings
        contacts = self.contacts_in_turn(strategy, prompt)
        if not contacts:
            return
        plan.pay_session(self.model)
        plan.event_day = self.model.day + s.event_notice_days
        kind, invited = strategy.invite, 0
        for tie in contacts:
            enough = invited >= min(s.event_invitations, strategy.most_people)
            if enough or plan.back_outs >= s.backed_out_most or s.minutes[kind] > plan.usable:
                break
            named = replace(prompt, other=tie.other)
            tie.planned = self.model.day
            if self.accepts(named, kind, rules.channel_of(kind, named.channel, self.model.p)):
                plan.usable = rules.minus(plan.usable, s.minutes[kind])
                self.send(named, kind)
                invited += 1
            else:
                plan.back_out(self.model.p)

    def mark_sent(self, gesture: SentGesture) -> None:
        """Count unanswered tries: store the number before the gesture in it, and the new one in the tie."""
        assert gesture.receiver is not None
        p, s = self.model.p, self.model.settings
        tie = self.ties[gesture.receiver.id]
        gesture.unanswered = self.tries_of(tie)
        if s.mass[gesture.kind] > 0.0:
            tie.unanswered = rules.unanswered_after(gesture.unanswered, s.answer[gesture.kind] > -np.inf, p)
            tie.last_sent = self.model.day

    # Receiving -----------------------------------------------------------------------------------------------------

    def deliver_round(self) -> None:
        """Receive the gestures in the inbox, in order of arrival; answers go to the outbox."""
        self.outbox = []
        for gesture in sorted(self.inbox, key=lambda gesture: gesture.by_arrival):
            self.receive(gesture)
        self.inbox = []

    def receive(self, gesture: SentGesture) -> None:
        """Receive one gesture: notice it or not, take it in, and answer it or not."""
        tie = self.ties[gesture.sender.id]
        gesture.noticed = int(self.notices(gesture, tie))
        if not gesture.noticed:
            return
        strength, openness, closeness = self.strength_of(tie), self.openness_of(tie), self.closeness_of(tie)
        self.take_in(gesture, tie, openness)
        if gesture.kind == Kind.POST:
            return
        earlier = self.received_today
        self.received_today += 1
        if self.will_answer(gesture, tie, strength, closeness, openness, earlier):
            self.answer(gesture)

    def notices(self, gesture: SentGesture, tie: Tie) -> bool:
        """Whether the person notices a gesture; a post in the feed counts only once. Off the channel, nobody does."""
        if not self.on_channel:
            return False
        if gesture.kind == Kind.POST:
            written = gesture.sender.last_post
            is_new = gesture.delivery == PLANNED_POST or tie.post_seen < written
            tie.post_seen = written
            return is_new
        likely = self.model.settings.noticed[gesture.kind]
        return bool(self.draw(DrawPurpose.NOTICED, gesture.sender.id, gesture.event_key) < likely)

    def take_in(self, gesture: SentGesture, tie: Tie, openness: float) -> None:
        """Update the tie after a noticed gesture: memory, unanswered tries and openness."""
        p, s = self.model.p, self.model.settings
        mass = s.mass[gesture.kind]
        self.remember(tie, s.encoding_received * mass)
        if gesture.kind != Kind.POST and mass > 0.0 and rules.is_two_way(self.model.day, tie.last_sent, p):
            self.come_closer(tie, s.closer[gesture.kind])
        tie.unanswered = 0.0
        opened = rules.opened_to(gesture.kind, p)
        if opened >= openness:
            tie.openness, tie.opened, tie.opened_by = opened, self.model.day, s.rung[gesture.kind]

    def will_answer(
        self, gesture: SentGesture, tie: Tie, strength: float, closeness: float, openness: float, earlier: int
    ) -> bool:
        """Whether the person answers: the gesture wants an answer, there is time for one, and the keyed draw is a yes.

        Strength and openness are those before the gesture; `earlier` counts those received today.
        """
        p, s = self.model.p, self.model.settings
        if s.answer[gesture.kind] == -np.inf or self.minutes_left < s.minutes[rules.answer_kind(gesture.kind, p)]:
            return False
        odds_factor = rules.answer_odds_of(closeness, self.responsiveness, p) * self.odds_of_acquaintance(gesture, tie)
        likely = rules.answer_probability(gesture.kind, strength, openness, gesture.unanswered, odds_factor, earlier, p)
        return self.draw(DrawPurpose.ANSWERED, gesture.sender.id, gesture.event_key) < likely

    def odds_of_acquaintance(self, gesture: SentGesture, tie: Tie) -> float:
        """Factor on the odds of an answer: `mutual_odds` for an acquaintance at a shared place or with a mutual tie.

        It is 1 for all other acquaintances and for ties.
        """
        if tie.acquaintance and (gesture.at_place or self.has_mutual_tie(gesture.sender)):
            return float(self.model.settings.mutual_odds)
        return 1.0

    def has_mutual_tie(self, other: Person) -> bool:
        """Whether the two have a tie to the same third person. Acquaintances don't count."""
        return any(
            not tie.acquaintance and key in other.ties and not other.ties[key].acquaintance
            for key, tie in self.ties.items()
        )

    def answer(self, gesture: SentGesture) -> None:
        """Send the answer to a gesture, now or later, and pay its minutes."""
        day, p, s = self.model.day, self.model.p, self.model.settings
        kind = rules.answer_kind(gesture.kind, p)
        self.minutes_left = rules.minus(self.minutes_left, s.minutes[kind])
        self.practise(kind)
        delay = rules.answer_delay(
            gesture.kind, gesture.channel, self.model.run_seed, day, self.id, gesture.sender.id, gesture.event_key, p
        )
        u = self.draw(DrawPurpose.ANSWER_SECOND, gesture.sender.id, chance.follow(gesture.event_key, 1))
        days, second = divmod(rules.answer_second(day, gesture.arrives_second, delay, u, p), SECONDS_A_DAY)
        reply = SentGesture(
            sender=self,
            receiver=gesture.sender,
            day=day + days,
            second=second,
            arrives_day=day + days,
            arrives_second=second,
            kind=kind,
            channel=rules.channel_of(kind, gesture.channel, p),
            at_place=gesture.at_place,
            event_key=chance.follow(gesture.event_key, gesture.day),
            parent_key=gesture.event_key,
            parent_day=gesture.day,
            parent_kind=gesture.kind,
        )
        if reply.day == day:
            self.mark_sent(reply)
        self.outbox.append(reply)
        if s.invites[gesture.kind]:
            self.model.bookings.add((gesture.sender.id, self.id, gesture.day + s.event_notice_days))

    # Forgetting ----------------------------------------------------------------------------------------------------

    def weakest(self) -> list[Tie]:
        """The ties to drop because the person is over capacity.

        Acquaintances go before ties, then the least activation goes first, then the lower id.
        """
        excess = len(self.ties) - self.capacity
        if excess <= 0:
            return []
        day, p = self.model.day, self.model.p
        rank = sorted(self.ties.values(), key=lambda t: (not t.acquaintance, t.activation(day, p), t.other.id))
        return rank[:excess]

    def hold(self, tie: Tie) -> None:
        """Put a tie into the lowest free slot, after adding slots if there is none."""
        if None not in self.slots:
            self.slots += [None] * (rules.more_slots(len(self.slots)) - len(self.slots))
        tie.slot = self.slots.index(None)
        self.slots[tie.slot] = tie
        self.ties[tie.other.id] = tie

    def drop(self, tie: Tie) -> None:
        """Drop one direction of a tie, and free its slot."""
        self.slots[tie.slot] = None
        del self.ties[tie.other.id]

    @property
    def active_ties(self) -> int:
        """The number of active ties today; see `rules.is_active`."""
        day, p = self.model.day, self.model.p
        return sum(
            not tie.acquaintance and rules.is_active(day, tie.last_two_way, tie.two_way, p)
            for tie in self.ties.values()
        )


def person_of(model: ReconnectionModel, person: int) -> Person:
    """The person with this id; used to unpickle people."""
    return model.people[person]
