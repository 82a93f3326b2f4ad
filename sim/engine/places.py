"""Meetings of the day, over arrays: which places meet, who is there, and who meets whom."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.engine.budget import pay_session
from sim.engine.compiling import new_scratch
from sim.engine.facts import strategy_today
from sim.engine.memory import find_slot
from sim.engine.mind import sample_contact
from sim.engine.sorting import in_a_row
from sim.model import rules
from sim.model.chance import DrawPurpose, Occasion, event_key_of, follow, uniform
from sim.model.compiled import njit
from sim.model.places import Place
from sim.model.strategies import Plan
from sim.model.whom import OF_INDUSTRY, OWN_TIES
from sim.state.population import MEETING, MEMBER, NOBODY, taken


@njit(cache=True)
def goes_today(state: Any, row: int, day: int, planning: bool, seed: int) -> bool:
    """Whether a plan takes its person to a place today: the place meets, and the time budget covers a whole session."""
    plan = state.plans[row]
    strategy = strategy_today(state, plan.strategy)
    if not rules.visits_today(strategy, plan.budget, plan.event_day, day):
        return False
    if strategy.plan == Plan.EVENT:
        return True
    one, number = state.people[plan.person], strategy.place
    place = state.places[number]
    return planning and bool(rules.place_meets(seed, number, one.community, one.group, one.industry, day, place))


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
def with_largest_keys(keys: Any, most: int) -> Any:
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
    return present[with_largest_keys(keys, most)]


@njit(cache=True)
def at_hangout(state: Any, number: int, community: int, going: Any, day: int, seed: int) -> Any:
    """Ids of the people at a community's place today: regulars who come and adopters who visit, sorted."""
    place = state.places[number]
    people = state.community_people[state.community_first[community] : state.community_first[community + 1]]
    here = np.zeros(len(people), np.bool_)
    for k in range(len(people)):
        one = state.people[people[k]]
        regular = rules.is_regular(seed, number, people[k], one.regular, len(people), place)
        comes = regular and rules.hangs_out(seed, number, people[k], day, one.sociability, place)
        here[k] = comes or going[people[k]] != NOBODY
    return people[here]


@njit(cache=True)
def at_group(state: Any, number: int, group: int, going: Any, day: int, seed: int) -> Any:
    """Ids of the members at a group's meeting today, sorted; adopters with a session always come."""
    people = state.group_people[state.group_first[group] : state.group_first[group + 1]]
    here = np.zeros(len(people), np.bool_)
    for k in range(len(people)):
        comes = rules.attends_group(seed, number, people[k], day, state.places[number])
        here[k] = comes or going[people[k]] != NOBODY
    return people[here]


@njit(cache=True)
def at_show(state: Any, number: int, industry: int, going: Any, day: int, seed: int) -> Any:
    """Ids of the people at an industry's trade show: a choice weighted by sociability, and adopters who go; sorted."""
    people = state.industry_people[state.industry_first[industry] : state.industry_first[industry + 1]]
    keys = np.empty(len(people))
    for k in range(len(people)):
        keys[k] = rules.show_key(seed, number, people[k], day, state.people[people[k]].sociability)
    here = np.zeros(len(people), np.bool_)
    here[with_largest_keys(keys, state.places[number].people)] = True
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
    return people[with_largest_keys(keys, state.settings[0].meetup_start)]


@njit(cache=True)
def set_out(state: Any, day: int, planning: bool, seed: int) -> Any:
    """Find the plans that take their person to a place today, and pay for the sessions.

    Nobody is at one place with two plans: the first goes.

    Returns:
        Rows of these plans; and the row by place and person, shape (places, n), `NOBODY` for people without one.
    """
    going = np.full((len(state.places), len(state.people)), NOBODY, np.int32)
    rows = np.empty(len(state.plans), np.int64)
    count = 0
    for row in range(len(state.plans)):
        if goes_today(state, row, day, planning, seed):
            plan = state.plans[row]
            strategy = strategy_today(state, plan.strategy)
            if going[strategy.place, plan.person] != NOBODY:
                continue
            going[strategy.place, plan.person] = row
            rows[count] = row
            count += 1
            if strategy.plan == Plan.PLACE:
                pay_session(plan, strategy, state.settings[0])
            else:
                plan.back_outs = 0
    return rows[:count], going


@njit(cache=True)
def visits(state: Any, rows: Any, going: Any, day: int, seed: int) -> Any:
    """Meetings of adopters at hangouts, groups and trade shows, type `MEETING`."""
    met, count = np.empty(64, MEETING), 0
    for row in rows:
        person, number = state.plans[row].person, strategy_today(state, state.plans[row].strategy).place
        place = state.places[number]
        if place.base == Place.HANGOUT:
            where = state.people[person].community
            present = at_hangout(state, number, where, going[number], day, seed)
        elif place.base == Place.GROUP:
            where = state.people[person].group
            present = at_group(state, number, where, going[number], day, seed)
        elif place.base == Place.SHOW:
            where = state.people[person].industry
            present = at_show(state, number, where, going[number], day, seed)
        else:
            continue
        second = rules.meeting_second(seed, day, number, where)
        for other in people_met(state, person, present[present != person], place.meets, number, day, seed):
            met = add_meeting(met, count, person, other, number, second, row, going[number, other])
            count += 1
    return met[:count]


@njit(cache=True)
def guests_meet(state: Any, crowd: Any, most: int, place: int, second: int, day: int, seed: int) -> Any:
    """Meetings among the guests of one event or meetup, who each seek out some others, type `MEETING`."""
    met, count = np.empty(64, MEETING), 0
    for guest in crowd:
        others = crowd[crowd != guest]
        for other in people_met(state, guest, others, rules.sought_by_guest(most), place, day, seed):
            met = add_meeting(met, count, guest, other, place, second, NOBODY, NOBODY)
            count += 1
    return met[:count]


@njit(cache=True)
def host_meets(host: int, others: Any, place: int, second: int, plan: int) -> Any:
    """Meetings of a host or founder, who has this plan, with these people, type `MEETING`."""
    met = np.empty(len(others), MEETING)
    for k in range(len(others)):
        add_meeting(met, k, host, others[k], place, second, plan, NOBODY)
    return met


@njit(cache=True)
def events(state: Any, bookings: Any, going: Any, day: int, seed: int) -> Any:
    """Meetings at events: all guests and the people they bring meet the host, and each meets some others."""
    p, met = state.settings[0], [np.empty(0, MEETING)]
    for host in np.unique(bookings["host"][bookings["day"] == day]):
        guests = bookings["guest"][(bookings["day"] == day) & (bookings["host"] == host)]
        crowd = with_those_brought(state, guests, host, Place.EVENT, OWN_TIES, p.event_brings, day, seed)
        second = rules.meeting_second(seed, day, Place.EVENT, host)
        met.append(host_meets(host, crowd, Place.EVENT, second, going[Place.EVENT, host]))
        met.append(guests_meet(state, crowd, p.event_meets, Place.EVENT, second, day, seed))
    return in_a_row(met)


@njit(cache=True)
def meetups(state: Any, rows: Any, members: Any, day: int, seed: int) -> Any:
    """Meetings at meetups: members come and may bring someone of the industry; some members leave for good.

    Returns:
        Meetings, type `MEETING`; and the members of meetups afterwards, type `MEMBER`.
    """
    p, met = state.settings[0], [np.empty(0, MEETING)]
    for row in rows:
        founder = state.plans[row].person
        if strategy_today(state, state.plans[row].strategy).place != Place.MEETUP:
            continue
        if not np.any(members["founder"] == founder):
            members = with_members(members, founder, first_members(state, founder, seed))
        crowd, newcomers = at_meetup(state, members, founder, day, seed)
        members = with_members(members, founder, newcomers)
        second = rules.meeting_second(seed, day, Place.MEETUP, founder)
        others = people_met(state, founder, crowd, p.meetup_meets, Place.MEETUP, day, seed)
        met.append(host_meets(founder, others, Place.MEETUP, second, row))
        met.append(guests_meet(state, crowd, p.meetup_meets, Place.MEETUP, second, day, seed))
        for k in range(len(members)):
            if members[k].founder == founder and np.any(crowd == members[k].member):
                if uniform(seed, DrawPurpose.MEETUP_LEAVES, day, members[k].member, founder, 0) < p.meetup_leaves:
                    members[k].left = 1
    return in_a_row(met), members


@njit(cache=True)
def at_meetup(state: Any, members: Any, founder: int, day: int, seed: int) -> Any:
    """Ids of the people at a founder's meetup today: its members, and newcomers whom they bring; then the newcomers.

    People who left the meetup don't come back.
    """
    p, mine = state.settings[0], members["founder"] == founder
    regulars, known = members["member"][mine & (members["left"] == 0)], members["member"][mine]
    crowd = with_those_brought(state, regulars, founder, Place.MEETUP, OF_INDUSTRY, p.meetup_brings, day, seed)
    is_new, is_here = np.zeros(len(crowd), np.bool_), np.zeros(len(crowd), np.bool_)
    for k in range(len(crowd)):
        is_new[k] = k >= len(regulars) and not np.any(known == crowd[k])
        is_here[k] = k < len(regulars) or is_new[k]
    return crowd[is_here], crowd[is_new]


@njit(cache=True)
def gather(state: Any, bookings: Any, members: Any, day: int, planning: bool, seed: int) -> Any:
    """Find today's meetings.

    At a hangout, a group or a trade show, only the meetings of adopters are simulated; those of other people belong to
    ordinary life. At events and meetups, guests meet each other too, because the host brought them together.

    Returns:
        Meetings, type `MEETING`, in which a pair may occur twice at one place; and the members of meetups afterwards.
    """
    rows, going = set_out(state, day, planning, seed)
    visited = visits(state, rows, going, day, seed)
    hosted = events(state, bookings, going, day, seed)
    gathered, members = meetups(state, rows, members, day, seed)
    return in_a_row((visited, hosted, gathered)), members


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
