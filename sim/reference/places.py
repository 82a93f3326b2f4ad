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

    @property
    def planning(self) -> bool:
        """Whether strategies still run today."""
        return self.day < self.strategies_end

    def draw(self, purpose: int, person: int, other: int = 0, event_key: int = 0) -> float:
        """A keyed uniform in (0, 1) for a choice of today."""
        return chance.uniform(self.run_seed, purpose, self.day, person, other, event_key)

    def gather(self) -> list[Meeting]:
        """Find today's meetings, with each pair once at each place, sorted by (place, low, high)."""
        going: dict[int, dict[int, PlanOfPerson]] = defaultdict(dict)
        for person in self.people:
            for plan in person.plans:
                if self.goes_today(person, plan):
                    going[self.settings.place[plan.strategy]][person.id] = plan
                    if self.settings.plan[plan.strategy] == Plan.PLACE:
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
        s = self.settings
        place = s.place[plan.strategy]
        if s.plan[plan.strategy] == Plan.EVENT:
            return plan.event_day == self.day
        if s.plan[plan.strategy] != Plan.PLACE or not self.planning or plan.budget < s.session_minutes[plan.strategy]:
            return False
        return bool(rules.place_meets(self.run_seed, place, person.group, person.industry, self.day, self.p))

    def visits(self, going: dict[int, dict[int, PlanOfPerson]]) -> Iterator[Meeting]:
        """Meetings of adopters at hangouts, groups and trade shows."""
        s = self.settings
        most = {Place.HANGOUT: s.hangout_meets, Place.GROUP: s.group_meets, Place.SHOW: s.show_meets}
        visits = [(key, place, plan) for place in most for key, plan in going[place].items()]
        for key, place, plan in sorted(visits, key=lambda visit: (visit[0], visit[2].strategy)):
            person = self.people[key]
            where, present = self.present(person, place, going[place])
            second = rules.meeting_second(self.run_seed, self.day, place, where)
            for other in self.people_met(
                person, [one for one in present if one is not person], int(most[place]), place
            ):
                yield meeting_of(person, other, place, second, plan, going[place].get(other.id))

    def present(self, person: Person, place: int, going: dict[int, PlanOfPerson]) -> tuple[int, list[Person]]:
        """The hangout, group or show that a person goes to, and everyone who is there, sorted by id."""
        if place == Place.HANGOUT:
            crowd = self.communities[person.community]
            return person.community, [one for one in crowd if one.id in going or self.hangs_out(one)]
        if place == Place.GROUP:
            members = self.groups[person.group]
            return person.group, [one for one in members if one.id in going or self.attends_group(one)]
        crowd = self.industries[person.industry]
        keys = [rules.show_key(self.run_seed, one.id, self.day, one.sociability) for one in crowd]
        drawn = {one.id for one in with_largest_keys(crowd, keys, self.settings.show_people)}
        return person.industry, [one for one in crowd if one.id in going or one.id in drawn]

    def hangs_out(self, person: Person) -> bool:
        """Whether a person is at the community's hangout today; only regulars come."""
        return bool(rules.hangs_out(self.run_seed, person.id, self.day, person.regular, person.sociability, self.p))

    def attends_group(self, person: Person) -> bool:
        """Whether a member comes to the group's meeting today."""
        return bool(rules.attends_group(self.run_seed, person.id, self.day, self.p))

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
