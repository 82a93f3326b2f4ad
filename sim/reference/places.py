"""Meetings of the day, on Mesa: which places meet, who is there, and who meets whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import mesa

from sim.model.whom import OF_INDUSTRY, OWN_TIES
from sim.reference.entry_points import DrawPurpose, Occasion, Place, Plan, chance, rules
from sim.reference.records import Meeting, PlanOfPerson, meeting_of

if TYPE_CHECKING:
    from sim.reference.agents import Person


class ModelWithPlaces(mesa.Model):
    """The part of `ReconnectionModel` that brings people together: `gather`, and what it calls."""

    people: list[Person]
    communities: dict[int, list[Person]]
    industries: dict[int, list[Person]]
    groups: dict[int, list[Person]]
    bookings: set[tuple[int, int, int]]
    members: dict[int, dict[int, bool]]
    settings: SimpleNamespace
    p: Any
    run_seed: int
    day: int
    strategies_end: int
    strategies: list[Any]
    stages: list[int]
    functions: dict[int, Any]
    places: list[Any]
    tags: list[int]

    @property
    def planning(self) -> bool:
        """Whether strategies still run today."""
        return self.day < self.strategies_end

    def strategy_today(self, plan: PlanOfPerson) -> Any:
        """The strategy that a plan follows today, which may be a later stage; see `sim.reference.strategies`."""
        return self.strategies[self.stages[plan.strategy]]

    def draw(self, purpose: int, person: int, other: int = 0, event_key: int = 0) -> float:
        """A keyed uniform in (0, 1) for a choice of today."""
        return chance.uniform(self.run_seed, purpose, self.day, person, other, event_key)

    def gather(self) -> list[Meeting]:
        """Find today's meetings, with each pair once at each place, sorted by (place, low, high)."""
        going: dict[int, dict[int, PlanOfPerson]] = defaultdict(dict)
        for person in self.people:
            for plan in person.plans:
                strategy = self.strategy_today(plan)
                if person.id not in going[strategy.place] and self.goes_today(person, plan):
                    going[strategy.place][person.id] = plan
                    if strategy.plan == Plan.PLACE:
                        plan.pay_session(self)
                    else:
                        plan.back_outs = 0
        met: dict[tuple[int, int, int], Meeting] = {}
        for meeting in [*self.visits(going), *self.events(going), *self.meetups(going)]:
            met.setdefault((meeting.place, meeting.low.id, meeting.high.id), meeting)
        self.bookings = {booking for booking in self.bookings if booking[2] > self.day}
        return [met[key] for key in sorted(met)]

    def goes_today(self, person: Person, plan: PlanOfPerson) -> bool:
        """Whether a plan takes its person to a place today: the place meets, and the budget covers a session."""
        strategy, number = self.strategy_today(plan), self.strategy_today(plan).place
        if not rules.visits_today(strategy.packed, plan.budget, plan.event_day, self.day):
            return False
        if strategy.plan == Plan.EVENT:
            return True
        where = person.community, person.group, person.industry
        place = self.places[number].packed
        return self.planning and bool(rules.place_meets(self.run_seed, number, *where, self.day, place))

    def visits(self, going: dict[int, dict[int, PlanOfPerson]]) -> Iterator[Meeting]:
        """Meetings of adopters at hangouts, groups and trade shows."""
        bases = (Place.HANGOUT, Place.GROUP, Place.SHOW)
        numbers = [number for number, place in enumerate(self.places) if place.base in bases]
        visits = [(key, number, plan) for number in numbers for key, plan in going[number].items()]
        for key, number, plan in sorted(visits, key=lambda visit: (visit[0], visit[2].strategy)):
            person = self.people[key]
            where, present = self.present(person, number, going[number])
            second = rules.meeting_second(self.run_seed, self.day, number, where)
            others = [one for one in present if one is not person]
            for other in self.people_met(person, others, self.places[number].meets, number):
                yield meeting_of(person, other, number, second, plan, going[number].get(other.id))

    def present(self, person: Person, number: int, going: dict[int, PlanOfPerson]) -> tuple[int, list[Person]]:
        """The community, group or industry whose place a person goes to, and everyone who is there, sorted by id."""
        place = self.places[number]
        if place.base == Place.HANGOUT:
            crowd = self.communities[person.community]
            return person.community, [one for one in crowd if one.id in going or self.hangs_out(one, number)]
        if place.base == Place.GROUP:
            members = self.groups[person.group]
            return person.group, [one for one in members if one.id in going or self.attends_group(one, number)]
        crowd = self.industries[person.industry]
        keys = [rules.show_key(self.run_seed, number, one.id, self.day, one.sociability) for one in crowd]
        drawn = {one.id for one in with_largest_keys(crowd, keys, place.people)}
        return person.industry, [one for one in crowd if one.id in going or one.id in drawn]

    def hangs_out(self, person: Person, number: int) -> bool:
        """Whether a person is at the community's place of this number today; only regulars come."""
        place, size = self.places[number].packed, len(self.communities[person.community])
        if not rules.is_regular(self.run_seed, number, person.id, person.regular, size, place):
            return False
        return bool(rules.hangs_out(self.run_seed, number, person.id, self.day, person.sociability, place))

    def attends_group(self, person: Person, number: int) -> bool:
        """Whether a member comes to the group's meeting of this number today."""
        return bool(rules.attends_group(self.run_seed, number, person.id, self.day, self.places[number].packed))

    def people_met(self, person: Person, present: list[Person], most: int, place: int) -> list[Person]:
        """The people whom a person meets at a place: a keyed choice in which contacts weigh `known_weight`."""
        event_key = chance.event_key_of(Occasion.PLACE, place)
        keys = []
        for other in present:
            weight = self.settings.known_weight if other.id in person.ties else 1.0
            keys.append(rules.chosen_key(person.draw(DrawPurpose.MEETS, other.id, event_key), weight))
        return with_largest_keys(present, keys, most)

    def events(self, going: dict[int, dict[int, PlanOfPerson]]) -> Iterator[Meeting]:
        """Meetings at events: all guests and the people they bring meet the host, and each meets some others."""
        tonight = sorted((host, guest) for host, guest, day in self.bookings if day == self.day)
        for host_id in sorted({host for host, _ in tonight}):
            host = self.people[host_id]
            guests = [self.people[guest] for key, guest in tonight if key == host_id]
            crowd = self.with_those_brought(guests, host, Place.EVENT, OWN_TIES, self.settings.event_brings)
            second = rules.meeting_second(self.run_seed, self.day, Place.EVENT, host_id)
            for guest in crowd:
                yield meeting_of(host, guest, Place.EVENT, second, going[Place.EVENT].get(host_id), None)
            for guest in crowd:
                others = [one for one in crowd if one is not guest]
                for other in self.people_met(
                    guest, others, rules.sought_by_guest(self.settings.event_meets), Place.EVENT
                ):
                    yield meeting_of(guest, other, Place.EVENT, second, None, None)

    def meetups(self, going: dict[int, dict[int, PlanOfPerson]]) -> Iterator[Meeting]:
        """Meetings at meetups: members come and may bring someone of the industry; some members leave for good."""
        for founder_id, plan in going[Place.MEETUP].items():
            founder = self.people[founder_id]
            if founder_id not in self.members:
                self.members[founder_id] = {one.id: False for one in self.first_members(founder)}
            members = self.members[founder_id]
            regulars = [self.people[member] for member, left in members.items() if not left]
            crowd = self.with_those_brought(regulars, founder, Place.MEETUP, OF_INDUSTRY, self.settings.meetup_brings)
            crowd = [one for one in crowd if not members.get(one.id, False)]
            members.update({one.id: False for one in crowd})
            second = rules.meeting_second(self.run_seed, self.day, Place.MEETUP, founder_id)
            for other in self.people_met(founder, crowd, self.settings.meetup_meets, Place.MEETUP):
                yield meeting_of(founder, other, Place.MEETUP, second, plan, None)
            for guest in crowd:
                others = [one for one in crowd if one is not guest]
                for other in self.people_met(
                    guest, others, rules.sought_by_guest(self.settings.meetup_meets), Place.MEETUP
                ):
                    yield meeting_of(guest, other, Place.MEETUP, second, None, None)
            for guest in crowd:
                if self.draw(DrawPurpose.MEETUP_LEAVES, guest.id, founder_id) < self.settings.meetup_leaves:
                    members[guest.id] = True

    def first_members(self, founder: Person) -> list[Person]:
        """The strangers in the founder's industry with whom a meetup starts, largest key first."""
        crowd = self.industries[founder.industry]
        strangers = [one for one in crowd if one is not founder and one.id not in founder.ties]
        keys = [chance.uniform(self.run_seed, DrawPurpose.MEETUP_MEMBER, 0, founder.id, one.id, 0) for one in strangers]
        return with_largest_keys(strangers, keys, self.settings.meetup_start)

    def with_those_brought(
        self, guests: list[Person], host: Person, place: int, among: int, likely: float
    ) -> list[Person]:
        """The guests, followed by the people they bring: at most one tie each, who isn't there yet."""
        crowd = list(guests)
        event_key = chance.follow(chance.event_key_of(Occasion.PLACE, place), host.id)
        for guest in guests:
            if guest.draw(DrawPurpose.BRINGS_SOMEONE, host.id, event_key) < likely:
                tie = guest.sample_contact(event_key, among, host.industry)
                if tie is not None and tie.other is not host and tie.other not in crowd:
                    crowd.append(tie.other)
        return crowd


def with_largest_keys(people: list[Person], keys: Iterable[float], most: int) -> list[Person]:
    """The people with the largest keys, largest first."""
    ranked = sorted(zip(keys, people, strict=True), key=lambda pair: -pair[0])
    return [person for _, person in ranked[:most]]
