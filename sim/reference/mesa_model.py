"""The model on Mesa, with one object per person. The phases of a day are the same as in `sim.engine.day`.

People and their decisions are in `sim.reference.agents`. Results agree with those of the fast engine bit for bit.
"""

from __future__ import annotations

import copy
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Self

import mesa
import numpy as np

from sim import worlds
from sim.engine.choosing import functions_of
from sim.engine.network import contact_shares, two_step_reach
from sim.measures import Measures, OutcomeRecorder, mean_or_nan
from sim.model.outcomes import INJECTED_WITHIN
from sim.model.parameters import SETTINGS, Parameters
from sim.model.playbook import stage_of, tag_bits
from sim.model.rules import ROUNDS
from sim.model.strategies import Mixture
from sim.own_outcomes import Outcome, own_outcomes
from sim.reference.agents import PERSON_VALUES, Person
from sim.reference.entry_points import Channel, DrawPurpose, Kind, Occasion, chance, rules
from sim.reference.places import ModelWithPlaces
from sim.reference.records import (
    LETTER_VALUES,
    PLAN_VALUES,
    TIE_VALUES,
    Meeting,
    PlanOfPerson,
    Prompt,
    SentGesture,
    Tie,
    gesture_rows,
)
from sim.reference.strategies import readable, strategies_of
from sim.run import Adopters, Gesture, begin, checked_seed
from sim.state.population import (
    BOOKING,
    FEED_ITEM,
    GESTURE,
    LAST_DAY,
    MEETING,
    MEMBER,
    NO_ANSWER,
    NOBODY,
    PERSON,
    PLAN,
    PLANNED_POST,
    DayRecord,
    FinalState,
    World,
    canonical_mail,
    free_ties,
)

_BITS_OF_A_FRESH_SEED = 48  # short enough to write down and exact in any table


class ReconnectionModel(ModelWithPlaces):
    """The model on Mesa: one step is one day.

    Many parameters because Mesa passes what users vary to the constructor; each has a default.

    Args:
        world: the starting point. By default, a world of `people` is generated without burn-in.
        people: the number of people if no world is given.
        strategy, adopters, parameters, strategy_days, extra: see `sim.simulate`.
        seed: the seed of all random draws, 0 to 2**64 - 1; drawn at random by default, as in any Mesa model.
        rng: Mesa's name for the seed; use it for a seed that `mesa.batch_run` sweeps.
        person_class: the class of people; a subclass of `Person` may override its decisions.
        measures, stop: see `sim.simulate`. When the stop condition is true, ``running`` becomes False, and with it
            `mesa.batch_run` and ``run_model`` end the run.

    Attributes:
        people: all people, by id; ``model.agents`` contains the same objects.
        run_seed: the seed, for repeating a run.
        record: what happened on the last day, in the form that both engines report.
        datacollector: one row for the start and one after each step. Columns for the day: gestures ``sent`` and
            ``answered``, ``new_ties`` and ``forgotten`` ones. Columns for the run so far: ``reconnected`` and
            ``active_ties`` per adopter, and ``everyone_reconnected`` per person. ``day`` counts steps, like Mesa's
            ``Step``.

    Raises:
        TypeError, ValueError: if an argument has the wrong type or is out of range.

    Example:
        >>> import sim
        >>> world = sim.worlds.generated(people=60, burn_in_years=0, seed=1)
        >>> model = sim.ReconnectionModel(world=world, strategy="check_in", adopters=3, seed=1)
        >>> model.step()
        >>> model.to_world() == sim.simulate(world, days=1, strategy="check_in", adopters=3, seed=1).world
        True
    """

    def __init__(
        self,
        *,
        world: World | None = None,
        people: int = 200,
        strategy: Mixture | None = None,
        adopters: Adopters | None = None,
        seed: int | None = None,
        rng: int | None = None,
        parameters: Parameters | None = None,
        strategy_days: int | None = None,
        extra: Sequence[Gesture] = (),
        person_class: type[Person] = Person,
        measures: Mapping[str, Outcome] | None = None,
        stop: Outcome | None = None,
    ) -> None:
        if seed is not None and rng is not None:
            raise ValueError("seed and rng are two names of one number; give one of them.")
        seed = rng if seed is None else seed
        seed = secrets.randbits(_BITS_OF_A_FRESH_SEED) if seed is None else checked_seed(seed)
        super().__init__(rng=seed)
        self._registered = 0  # agents so far
        if world is None:
            world = worlds.generated(people=people, burn_in_years=0, seed=seed, parameters=parameters)
        start, self.adopters = begin(
            world,
            strategy=strategy,
            adopters=adopters,
            seed=seed,
            parameters=parameters,
            strategy_days=strategy_days,
            extra=extra,
        )
        self.run_seed, self.day, self.parameters = seed, start.day, start.parameters
        packed = start.parameters.packed
        self.p = np.array([packed]).view(f"V{packed.nbytes}")[0]  # for the rules
        self.settings = SimpleNamespace(**{name: packed[name].tolist() for name in SETTINGS.names or ()})
        self.strategies_end, self.names = start.strategies_end, start.names
        self.strategies_begin = start.strategies_begin
        self.strategies, self.places = (
            strategies_of(start.parameters.playbook),
            readable(start.parameters.playbook.places),
        )
        self.functions = functions_of(start)
        self.tags = tag_bits(start.parameters.tags, len(start), start.names).tolist()
        self.stages = list(range(len(self.strategies)))  # what followers of each strategy follow today
        self.people: list[Person] = []
        self.mail: list[SentGesture] = []
        self.bookings: set[tuple[int, int, int]] = set()  # host, guest, day
        self.members: dict[int, dict[int, bool]] = {}  # by founder: member, and whether they left
        person_class.create_agents(self, len(start), list(start.people))
        self._load(start)
        self._recorder = OutcomeRecorder(
            start,
            adopters=self.adopters,
            within=INJECTED_WITHIN if extra else strategy_days,
            strategy_days=strategy_days,
            injected=bool(extra),
            series=False,
            own=own_outcomes(measures, stop),
        )
        self.record = DayRecord(start.day - 1, *(np.zeros(0, kind) for kind in (GESTURE, GESTURE, int, int, MEETING)))
        self.datacollector = mesa.DataCollector(model_reporters=dict(REPORTERS))
        self.datacollector.collect(self)

    def register_agent(self, agent: mesa.Agent) -> None:
        """Register an agent under the next number of this model.

        Mesa 3.3 counts agents in a table of their class. That table keeps every model alive, and pickling a model loses
        it. Later versions of Mesa count in the model.
        """
        counters = getattr(type(agent), "_ids", None)
        if counters is not None:
            counters.pop(self, None)
            self._registered += 1
            agent.unique_id = self._registered
        super().register_agent(agent)

    # Copies --------------------------------------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _without_state, (type(self), [type(person) for person in self.people]), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"people": [person.__getstate__() for person in self.people]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for person, values in zip(self.people, state["people"], strict=True):
            _restore(person, values)
        self.__dict__.update(state | {"people": self.people})

    def __copy__(self) -> Self:
        return copy.deepcopy(self)  # if two models shared people, a step of one would change the other

    # A day ---------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Simulate one day, phase by phase.

        Raises:
            ValueError: if the world has reached `LAST_DAY`.
        """
        if self.day == LAST_DAY:
            raise ValueError(f"This world is {self.day:,} days old, the most that a world can be.")
        self.morning()
        met = self.gather()
        self.reach_out(met)
        sent, arriving = self.dispatch(met)
        sent, delivered = self.rounds(sent, arriving)
        self.settle(met, sent, delivered)
        self.day += 1
        self._recorder.observe(self.record, network=self._network, world=self.to_world)
        if self._recorder.stopped:
            self.running = False
        self.datacollector.collect(self)

    def morning(self) -> None:
        """Move strategies to their next stage, and begin the week every seventh day; then everyone may post."""
        rows, elapsed = self.parameters.playbook.strategies, self.day - self.strategies_begin
        self.stages = [stage_of(rows, strategy, elapsed) for strategy in range(len(rows))]
        if self.day % 7 == 0:
            self.agents.do("begin_week")
        self.agents.do("post")

    def reach_out(self, met: list[Meeting]) -> None:
        """Hand out prompts from meetings and birthdays; then everyone reacts to their prompts of the day."""
        for meeting in met:
            self.meeting_prompts(meeting)
        for celebrant in self.birthdays.get(self.day % 365, []):
            for tie in celebrant.ties.values():
                self.birthday_prompt(celebrant, tie)
        self.agents.do("reach_out")

    def meeting_prompts(self, meeting: Meeting) -> None:
        """Give both people of a meeting a prompt, which is a planned one if they came with a plan."""
        low, high, place = meeting.low, meeting.high, meeting.place
        draw = self.draw(DrawPurpose.MEETING_ORDER, low.id, high.id, chance.event_key_of(Occasion.PLACE, place))
        event_key = chance.event_key_of(Occasion.MEETING, (place << 20) | int(2**20 * draw))
        for person, other, plan in ((low, high, meeting.plans[0]), (high, low, meeting.plans[1])):
            person.outside_prompts.append(Prompt(meeting.second, event_key, other, Channel.IN_PERSON, place, plan))

    def birthday_prompt(self, celebrant: Person, tie: Tie) -> None:
        """Give a contact a prompt if they notice the birthday. Acquaintances don't, nor does who is away."""
        person, event_key = tie.other, chance.event_key_of(Occasion.BIRTHDAY, 0)
        if tie.acquaintance or not person.on_channel:
            return
        if person.draw(DrawPurpose.BIRTHDAY_NOTICED, celebrant.id, event_key) < self.settings.birthday_noticed:
            u = person.draw(DrawPurpose.PROMPT_SECOND, celebrant.id, event_key)
            second = rules.second_of_day(u, self.p)
            person.outside_prompts.append(Prompt(second, event_key, celebrant, Channel.PRIVATE))

    def dispatch(self, met: list[Meeting]) -> tuple[list[SentGesture], list[SentGesture]]:
        """Gestures sent today, and those of the first round. Strangers who met or wrote become acquaintances."""
        fresh = [gesture for person in self.people for gesture in person.outbox]
        late = [letter for letter in self.mail if letter.day == self.day]
        due = [letter for letter in self.mail if letter.day < self.day and letter.arrives_day <= self.day]
        self.mail = [
            letter for letter in self.mail if letter.day > self.day or letter.arrives_day > self.day > letter.day
        ]
        self.acquaint(met, [*fresh, *late, *due])
        sent = [gesture for gesture in [*fresh, *late] if gesture.delivery != FEED_ITEM]
        for gesture in sorted(sent, key=lambda gesture: gesture.by_sending):
            if gesture.receiver is not None:
                gesture.sender.mark_sent(gesture)
        self.mail += [gesture for gesture in sent if gesture.arrives_day > self.day]
        arriving = [gesture for gesture in sent if gesture.receiver is not None and gesture.arrives_day == self.day]
        seen = [gesture for gesture in fresh if gesture.delivery == FEED_ITEM]
        return sent, [*arriving, *due, *seen, *self.reach_of_posts(sent)]

    def acquaint(self, met: list[Meeting], gestures: list[SentGesture]) -> None:
        """Make people acquaintances who met or wrote to each other for the first time."""
        pairs = {(meeting.low.id, meeting.high.id) for meeting in met}
        for gesture in gestures:
            if gesture.receiver is not None:
                one, two = gesture.sender.id, gesture.receiver.id
                pairs.add((min(one, two), max(one, two)))
        for low, high in sorted(pairs):
            if high not in self.people[low].ties:
                self.people[low].hold(self.new_acquaintance(low, high))
                self.people[high].hold(self.new_acquaintance(high, low))

    def new_acquaintance(self, person: int, other: int) -> Tie:
        """One direction of a new acquaintance, and a weight bound that covers it."""
        holder = self.people[person]
        one_group = holder.group == self.people[other].group
        affinity = rules.affinity(self.run_seed, person, other, one_group, self.p)
        holder.weight_bound = rules.raised_bound(holder.weight_bound, rules.pull_bound(0.0, affinity, self.p))
        return Tie(self.people[other], last_contact=self.day, affinity=affinity, acquaintance=1)

    def reach_of_posts(self, sent: list[SentGesture]) -> Iterator[SentGesture]:
        """Planned posts, one for each contact who notices one. From today, feeds may show the authors."""
        for post in sent:
            if post.kind != Kind.POST:
                continue
            post.sender.last_post = self.day
            for tie in post.sender.ties.values():
                if not tie.acquaintance:
                    draw = tie.other.draw(DrawPurpose.NOTICED, post.sender.id, post.event_key)
                    if draw < self.settings.noticed[Kind.POST]:
                        yield replace(post, receiver=tie.other, delivery=PLANNED_POST)

    def rounds(
        self, sent: list[SentGesture], arriving: list[SentGesture]
    ) -> tuple[list[SentGesture], list[SentGesture]]:
        """Deliver gestures and collect answers until nothing more arrives or `ROUNDS` rounds are over.

        Returns:
            Everything sent today, including answers, and everything delivered.
        """
        delivered: list[SentGesture] = []
        for person in self.people:
            person.received_today = 0
        for _ in range(ROUNDS):
            if not arriving:
                break
            for gesture in arriving:
                assert gesture.receiver is not None
                gesture.receiver.inbox.append(gesture)
            delivered += arriving
            receivers = self.agents.select(lambda person: len(person.inbox) > 0)
            receivers.do("deliver_round")
            replies = [reply for person in receivers for reply in person.outbox]
            arriving = [reply for reply in replies if reply.day == self.day]
            self.mail += [reply for reply in replies if reply.day > self.day]
            sent = sent + arriving
        self.mail += [replace(gesture, arrives_day=self.day + 1) for gesture in arriving]
        return sent, delivered

    def settle(self, met: list[Meeting], sent: list[SentGesture], delivered: list[SentGesture]) -> None:
        """Update memory and ties at the end of the day, and record what happened."""
        sent = sorted(sent, key=lambda gesture: (gesture.sender.id, *gesture.by_sending))
        delivered = sorted(delivered, key=lambda gesture: (gesture.pair, *gesture.by_arrival))
        self.expose(met)
        for gesture in sent:
            self.remember_sent(gesture)
        new = [self.settle_noticed(gesture) for gesture in delivered if gesture.noticed and gesture.kind != Kind.POST]
        forgotten = self.forget()
        n = len(self.people)
        sent_rows = gesture_rows(sent)
        sent_rows["noticed"] = 0  # a record says this of delivered gestures only
        self.record = DayRecord(
            self.day,
            sent_rows,
            gesture_rows(delivered),
            np.array(sorted(low * n + high for low, high in filter(None, new)), dtype=np.int64),
            np.array([low * n + high for low, high in forgotten], dtype=np.int64),
            np.array([(m.low.id, m.high.id, m.place, m.second, NOBODY, NOBODY) for m in met], dtype=MEETING),
        )

    def expose(self, met: list[Meeting]) -> None:
        """Add `exposure_mass` to both directions of each tie between two people who met, and note the place."""
        for meeting in met:
            for one, other in ((meeting.low, meeting.high), (meeting.high, meeting.low)):
                one.remember(one.ties[other.id], self.settings.exposure_mass)
                one.come_closer(one.ties[other.id], self.settings.closeness_meeting)
                one.ties[other.id].met_at = meeting.place

    def remember_sent(self, gesture: SentGesture) -> None:
        """Add the share `encoding_sent` of a gesture's mass to its sender's tie; a post adds nothing."""
        if gesture.receiver is not None:
            own = gesture.sender.ties[gesture.receiver.id]
            gesture.sender.remember(own, self.settings.encoding_sent * self.settings.mass[gesture.kind])

    def remember_answer(self, gesture: SentGesture) -> None:
        """Add the share `encoding_answered` of the answered gesture's mass to the tie of the person it came from."""
        assert gesture.receiver is not None
        own = gesture.receiver.ties[gesture.sender.id]
        gesture.receiver.remember(own, self.settings.encoding_answered * self.settings.mass[gesture.parent_kind])

    def settle_noticed(self, gesture: SentGesture) -> tuple[int, int] | None:
        """Update two-way contact after a noticed gesture. An answer turns acquaintances into ties.

        Returns:
            The pair, lower id first, if it becomes a tie; None otherwise.
        """
        assert gesture.receiver is not None
        mine = gesture.receiver.ties[gesture.sender.id]
        theirs = gesture.sender.ties[gesture.receiver.id]
        is_new = False
        if gesture.parent_kind != NO_ANSWER:
            self.remember_answer(gesture)
            is_new = mine.acquaintance == 1
            mine.acquaintance = theirs.acquaintance = 0
        if self.settings.mass[gesture.kind] > 0.0:
            if rules.is_two_way(self.day, theirs.last_received, self.p):
                mine.last_two_way = theirs.last_two_way = self.day
                mine.two_way = theirs.two_way = rules.one_more_two_way(mine.two_way)
            mine.last_received = self.day
        one, two = gesture.sender.id, gesture.receiver.id
        return (min(one, two), max(one, two)) if is_new else None

    def forget(self) -> list[tuple[int, int]]:
        """Drop the weakest ties of everyone over capacity, in both directions; returns the pairs, sorted."""
        pairs = set()
        for person in self.people:
            for tie in person.weakest():
                pairs.add((min(person.id, tie.other.id), max(person.id, tie.other.id)))
        for low, high in pairs:
            self.people[low].drop(self.people[low].ties[high])
            self.people[high].drop(self.people[high].ties[low])
        return sorted(pairs)

    # Worlds --------------------------------------------------------------------------------------------------------

    def _load(self, world: World) -> None:
        """Load ties, plans, mail and places from a world."""
        for owner, at in zip(world.owners(), range(len(world.ties)), strict=True):
            row, holder = world.ties[at], self.people[owner]
            if row["other"] != NOBODY:
                values = {name: row[name].item() for name in TIE_VALUES}
                slot = at - int(world.people["first"][owner])
                tie = Tie(self.people[row["other"]], slot, row["traces"].copy(), **values)
                holder.slots[slot] = holder.ties[tie.other.id] = tie
        for row in world.plans:
            plan = PlanOfPerson(**{name: row[name].item() for name in PLAN_VALUES})
            self.people[row["person"]].plans.append(plan)
        self.mail = [self._letter(row) for row in world.mail]
        self.bookings = {(host, guest, day) for host, guest, day in world.bookings.tolist()}
        for founder, member, left in world.members.tolist():
            self.members.setdefault(founder, {})[member] = bool(left)
        self.communities = self._by("community")
        self.industries = self._by("industry")
        self.groups = self._by("group")
        self.birthdays = self._by("birthday")

    def _by(self, name: str) -> dict[int, list[Person]]:
        groups: dict[int, list[Person]] = defaultdict(list)
        for person in self.people:
            groups[getattr(person, name)].append(person)
        return groups

    def _letter(self, row: np.void) -> SentGesture:
        values = {name: row[name].item() for name in LETTER_VALUES}
        return SentGesture(self.people[row["sender"]], self.people[row["receiver"]], **values)

    def active_ties(self) -> np.ndarray:
        """Active ties of each person today, shape (n,)."""
        return np.array([person.active_ties for person in self.people])

    def measures(self) -> Measures:
        """The outcomes of the run so far; see `sim.measures`."""
        world = self.to_world()
        reach = two_step_reach(world.people, world.ties, world.day, world.parameters.packed)
        shares = contact_shares(world.people, world.ties, world.day)
        end = FinalState(self.day, world.people["industry"], world.plans, self.active_ties(), reach, shares)
        return self._recorder.finish(end, lambda: world)

    def _network(self) -> tuple[np.ndarray, np.ndarray]:
        """The people and the ties, as arrays."""
        world = self.to_world()
        return world.people, world.ties

    def to_world(self) -> World:
        """The current world, from which another run can continue on either engine."""
        n = len(self.people)
        people = np.zeros(n, PERSON)
        slots = np.array([len(person.slots) for person in self.people])
        for name in PERSON_VALUES:
            people[name] = [getattr(person, name) for person in self.people]
        people["slots"], people["first"] = slots, np.concatenate([[0], np.cumsum(slots)[:-1]])
        people["degree"] = [len(person.ties) for person in self.people]
        ties = free_ties(int(slots.sum()))
        for person, first in zip(self.people, people["first"], strict=True):
            for tie in person.ties.values():
                row = ties[first + tie.slot]
                row["other"], row["mirror"] = tie.other.id, tie.other.ties[person.id].slot
                for name in ("traces", *TIE_VALUES):
                    row[name] = getattr(tie, name)
        plans = [
            (person.id, *(getattr(plan, name) for name in PLAN_VALUES))
            for person in self.people
            for plan in person.plans
        ]
        members = [
            (founder, member, left)
            for founder in sorted(self.members)
            for member, left in self.members[founder].items()
        ]
        return World(
            day=self.day,
            people=people,
            ties=ties,
            parameters=self.parameters,
            plans=np.array(plans, dtype=PLAN),
            mail=canonical_mail(gesture_rows(self.mail)),
            bookings=np.array(sorted(self.bookings), dtype=BOOKING),
            members=np.array(members, dtype=MEMBER),
            strategies_end=self.strategies_end,
            strategies_begin=self.strategies_begin,
            names=self.names,
        )


def _of_adopters(model: ReconnectionModel, values: Sequence[float] | np.ndarray) -> float:
    """Mean of an outcome over the adopters; nan if there are none."""
    return mean_or_nan(float(np.sum(values)), len(model.adopters))


def _sent(model: ReconnectionModel) -> int:
    return len(model.record.sent)


def _answered(model: ReconnectionModel) -> int:
    return int((model.record.sent["parent_kind"] != NO_ANSWER).sum())


def _new_ties(model: ReconnectionModel) -> int:
    return len(model.record.new_ties)


def _forgotten(model: ReconnectionModel) -> int:
    return len(model.record.forgotten)


def _reconnected(model: ReconnectionModel) -> float:
    return _of_adopters(model, model._recorder.reconnected(model.day)[model.adopters])


def _everyone_reconnected(model: ReconnectionModel) -> float:
    return float(model._recorder.reconnected(model.day).mean())


def _active_ties(model: ReconnectionModel) -> float:
    active = [model.people[person].active_ties for person in model.adopters]  # counting for everyone would be slow
    return _of_adopters(model, active)


# Module-level functions, because a model with lambdas cannot be pickled.
REPORTERS = {
    "run_seed": "run_seed",
    "day": "steps",
    "sent": _sent,
    "answered": _answered,
    "new_ties": _new_ties,
    "forgotten": _forgotten,
    "reconnected": _reconnected,
    "everyone_reconnected": _everyone_reconnected,
    "active_ties": _active_ties,
}


def _without_state(model_class: type[ReconnectionModel], person_classes: Sequence[type[Person]]) -> ReconnectionModel:
    """A model and its people without state, so that the state to restore can refer to each of them."""
    model = model_class.__new__(model_class)
    model.people = [person_class.__new__(person_class) for person_class in person_classes]
    return model


def _restore(person: Person, state: Any) -> None:
    """Restore the state of a person from what its `__getstate__` returned."""
    if hasattr(person, "__setstate__"):
        person.__setstate__(state)
        return
    values, slots = state if isinstance(state, tuple) else (state, {})
    person.__dict__.update(values)
    for name, value in slots.items():
        setattr(person, name, value)
