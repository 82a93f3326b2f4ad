"""Meetings of the day, over arrays: which places meet, who is there, and who meets whom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from sim.engine.compiling import new_scratch, njit_inline
from sim.engine.memory import find_slot, sample_contact
from sim.model import rules
from sim.model.chance import DrawPurpose, Occasion, event_key_of, follow, uniform
from sim.model.strategies import Place, Plan
from sim.model.whom import OF_INDUSTRY, OWN_TIES
from sim.state.population import MEETING, MEMBER, NOBODY, taken


@njit(cache=True)
def goes_today(state: Any, row: int, day: int, planning: bool, seed: int) -> bool:
    """Whether a plan takes its person to a place today: the place meets, and the time budget covers a whole session."""
    p = state.settings[0]
    plan = state.plans[row]
    place = p.place[plan.strategy]
    if p.plan[plan.strategy] == Plan.EVENT:
        return plan.event_day == day
    if p.plan[plan.strategy] != Plan.PLACE or not planning or plan.budget < p.session_minutes[plan.strategy]:
        return False
    person = state.people[plan.person]
    if place == Place.GROUP:
        return bool(rules.is_group_day(seed, person.group, day))
    if place == Place.SHOW:
        return bool(rules.is_show_day(seed, person.industry, day, p))
    return True


@njit_inline
def pay(plan: Any, minutes: float) -> None:
    """Take minutes out of a plan's time budget."""
    plan.budget = rules.minus(plan.budget, minutes)
    plan.minutes_used += minutes


@njit_inline
def pay_session(plan: Any, p: Any) -> None:
    """Pay for a session at a place in advance; `usable_share` of it remains for gestures."""
    pay(plan, p.session_minutes[plan.strategy])
    plan.usable = rules.usable_minutes(plan.strategy, p)
    plan.refusals = 0


@njit_inline
def back_out(plan: Any, p: Any) -> None:
    """Charge a gesture that the person backs out of to a session that is already paid for."""
    lost = rules.lost_minutes(plan.usable, p)
    plan.usable = rules.minus(plan.usable, lost)
    plan.minutes_lost += lost
    plan.refusals += 1


@njit(cache=True)
def add_meeting(met: Any, count: int, one: int, two: int, place: int, second: int, plan: int, other_plan: int) -> Any:
    """Write a meeting into row `count`; returns the array, which is a larger copy if it was full."""
    if count == len(met):
        larger = np.empty(2 * len(met), MEETING)
        larger[:count] = met
        met = larger
    met[count].low, met[count].high = min(one, two), max(one, two)
    met[count].low_plan = plan if one < two else other_plan
    met[count].high_plan = other_plan if one < two else plan
    met[count].place, met[count].second = place, second
    return met


@njit(cache=True)
def keenest(keys: Any, most: int) -> Any:
    """Indices of the `most` largest keys, largest first."""
    return np.argsort(-keys, kind="mergesort")[:most]


@njit(cache=True)
def people_met(state: Any, person: int, present: Any, most: int, place: int, day: int, seed: int) -> Any:
    """Ids of the people whom a person meets at a place: a keyed choice in which contacts weigh `known_weight`."""
    keys = np.empty(len(present))
    for k in range(len(present)):
        weight = 1.0
        if find_slot(state, person, present[k]) != NOBODY:
            weight = state.settings[0].known_weight
        u = uniform(seed, DrawPurpose.MEETS, day, person, present[k], event_key_of(Occasion.PLACE, place))
        keys[k] = rules.chosen_key(u, weight)
    return present[keenest(keys, most)]


@njit(cache=True)
def at_hangout(state: Any, community: int, going: Any, day: int, seed: int) -> Any:
    """Ids of the people at a community's hangout today: regulars who come and adopters who visit, sorted."""
    p = state.settings[0]
    people = state.community_people[state.community_first[community] : state.community_first[community + 1]]
    here = np.zeros(len(people), np.bool_)
    for k in range(len(people)):
        one = state.people[people[k]]
        comes = rules.hangs_out(seed, people[k], day, one.regular, one.sociability, p)
        here[k] = comes or going[people[k]] != NOBODY
    return people[here]


@njit(cache=True)
def at_group(state: Any, group: int, going: Any, day: int, seed: int) -> Any:
    """Ids of the members at a group's meeting today, sorted; adopters with a session always come."""
    people = state.group_people[state.group_first[group] : state.group_first[group + 1]]
    here = np.zeros(len(people), np.bool_)
    for k in range(len(people)):
        comes = rules.attends_group(seed, people[k], day, state.settings[0])
        here[k] = comes or going[people[k]] != NOBODY
    return people[here]


@njit(cache=True)
def at_show(state: Any, industry: int, going: Any, day: int, seed: int) -> Any:
    """Ids of the people at an industry's trade show: a choice weighted by sociability, and adopters who go; sorted."""
    people = state.industry_people[state.industry_first[industry] : state.industry_first[industry + 1]]
    keys = np.empty(len(people))
    for k in range(len(people)):
        keys[k] = rules.show_key(seed, people[k], day, state.people[people[k]].sociability)
    here = np.zeros(len(people), np.bool_)
    here[keenest(keys, state.settings[0].show_people)] = True
    for k in range(len(people)):
        here[k] = here[k] or going[people[k]] != NOBODY
    return people[here]


@njit(cache=True)
def with_those_brought(
    state: Any, guests: Any, host: int, place: int, among: int, chance: float, day: int, seed: int
) -> Any:
    """Ids of the guests, followed by the people they bring: at most one tie each, who isn't there yet."""
    industry = state.people[host].industry
    crowd = np.empty(2 * len(guests), np.int32)
    crowd[: len(guests)] = guests
    count, scratch = len(guests), new_scratch(state)
    event_key = follow(event_key_of(Occasion.PLACE, place), host)
    for guest in guests:
        if uniform(seed, DrawPurpose.BRINGS_SOMEONE, day, guest, host, event_key) >= chance:
            continue
        slot = sample_contact(state, guest, day, event_key, among, industry, seed, scratch)
        if slot == NOBODY:
            continue
        brought = state.contact_ids[state.people[guest].first + slot]
        if brought != host and not np.any(crowd[:count] == brought):
            crowd[count] = brought
            count += 1
    return crowd[:count]


@njit(cache=True)
def first_members(state: Any, founder: int, seed: int) -> Any:
    """Ids of the strangers in the founder's industry with whom a meetup starts, largest key first."""
    industry = state.people[founder].industry
    people = state.industry_people[state.industry_first[industry] : state.industry_first[industry + 1]]
    strangers = np.zeros(len(people), np.bool_)
    for k in range(len(people)):
        known = find_slot(state, founder, people[k]) != NOBODY
        strangers[k] = people[k] != founder and not known
    people = people[strangers]
    keys = np.empty(len(people))
    for k in range(len(people)):
        keys[k] = uniform(seed, DrawPurpose.MEETUP_MEMBER, 0, founder, people[k], 0)
    return people[keenest(keys, state.settings[0].meetup_start)]


@njit(cache=True)
def gather(state: Any, bookings: Any, members: Any, day: int, planning: bool, seed: int) -> Any:
    """Find today's meetings.

    At a hangout, a group or a trade show, only the meetings of adopters are simulated; those of other people belong to
    ordinary life. At events and meetups, guests meet each other too, because the host brought them together.

    Returns:
        Meetings, type `MEETING`, in which a pair may occur twice at one place; and the members of meetups afterwards.
    """
    p = state.settings[0]
    met = np.empty(64, MEETING)
    count = 0
    going = np.full((Place.MEETUP + 1, len(state.people)), NOBODY, np.int32)
    rows = np.empty(len(state.plans), np.int64)
    visits = 0
    for row in range(len(state.plans)):
        if goes_today(state, row, day, planning, seed):
            plan = state.plans[row]
            going[p.place[plan.strategy], plan.person] = row
            rows[visits] = row
            visits += 1
            if p.plan[plan.strategy] == Plan.PLACE:
                pay_session(plan, p)
            else:
                plan.refusals = 0

    for row in rows[:visits]:
        person, place = state.plans[row].person, p.place[state.plans[row].strategy]
        if place == Place.HANGOUT:
            where = state.people[person].community
            present, most = at_hangout(state, where, going[place], day, seed), p.hangout_meets
        elif place == Place.GROUP:
            where = state.people[person].group
            present, most = at_group(state, where, going[place], day, seed), p.group_meets
        elif place == Place.SHOW:
            where = state.people[person].industry
            present, most = at_show(state, where, going[place], day, seed), p.show_meets
        else:
            continue
        second = int(
            86_400 * uniform(seed, DrawPurpose.PLACE_SECOND, day, where, 0, event_key_of(Occasion.PLACE, place))
        )
        for other in people_met(state, person, present[present != person], most, place, day, seed):
            met = add_meeting(met, count, person, other, place, second, row, going[place, other])
            count += 1

    hosts = np.unique(bookings["host"][bookings["day"] == day])
    for host in hosts:
        guests = bookings["guest"][(bookings["day"] == day) & (bookings["host"] == host)]
        crowd = with_those_brought(state, guests, host, Place.EVENT, OWN_TIES, p.event_brings, day, seed)
        second = int(
            86_400 * uniform(seed, DrawPurpose.PLACE_SECOND, day, host, 0, event_key_of(Occasion.PLACE, Place.EVENT))
        )
        for guest in crowd:
            met = add_meeting(met, count, host, guest, Place.EVENT, second, going[Place.EVENT, host], NOBODY)
            count += 1
        for guest in crowd:
            most = rules.sought_by_guest(p.event_meets)
            for other in people_met(state, guest, crowd[crowd != guest], most, Place.EVENT, day, seed):
                met = add_meeting(met, count, guest, other, Place.EVENT, second, NOBODY, NOBODY)
                count += 1

    for row in rows[:visits]:
        founder = state.plans[row].person
        if p.place[state.plans[row].strategy] != Place.MEETUP:
            continue
        if not np.any(members["founder"] == founder):
            members = with_members(members, founder, first_members(state, founder, seed))
        regulars = members["member"][(members["founder"] == founder) & (members["left"] == 0)]
        known = members["member"][members["founder"] == founder]
        crowd = with_those_brought(state, regulars, founder, Place.MEETUP, OF_INDUSTRY, p.meetup_brings, day, seed)
        fresh = np.zeros(len(crowd), np.bool_)
        here = np.zeros(len(crowd), np.bool_)
        for k in range(len(crowd)):
            fresh[k] = k >= len(regulars) and not np.any(known == crowd[k])
            here[k] = k < len(regulars) or fresh[k]
        members = with_members(members, founder, crowd[fresh])
        crowd = crowd[here]
        second = int(
            86_400
            * uniform(seed, DrawPurpose.PLACE_SECOND, day, founder, 0, event_key_of(Occasion.PLACE, Place.MEETUP))
        )
        for other in people_met(state, founder, crowd, p.meetup_meets, Place.MEETUP, day, seed):
            met = add_meeting(met, count, founder, other, Place.MEETUP, second, row, NOBODY)
            count += 1
        for guest in crowd:
            most = rules.sought_by_guest(p.meetup_meets)
            for other in people_met(state, guest, crowd[crowd != guest], most, Place.MEETUP, day, seed):
                met = add_meeting(met, count, guest, other, Place.MEETUP, second, NOBODY, NOBODY)
                count += 1
        for k in range(len(members)):
            if members[k].founder == founder and np.any(crowd == members[k].member):
                if uniform(seed, DrawPurpose.MEETUP_LEAVES, day, members[k].member, founder, 0) < p.meetup_leaves:
                    members[k].left = 1
    return met[:count], members


@njit(cache=True)
def with_members(members: Any, founder: int, people: Any) -> Any:
    """Members of meetups, type `MEMBER`, with these people appended as members of one founder's meetup."""
    larger = np.zeros(len(members) + len(people), MEMBER)
    larger[: len(members)] = members
    for k in range(len(people)):
        larger[len(members) + k].founder = founder
        larger[len(members) + k].member = people[k]
    return larger


def once_each(met: np.ndarray, n: int) -> np.ndarray:
    """Meetings with each pair once at each place, the first time it was chosen, sorted by (place, low, high)."""
    keys = (met["place"].astype(np.int64) * n + met["low"]) * n + met["high"]
    return taken(met, np.unique(keys, return_index=True)[1])
