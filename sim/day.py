"""A day of the model over arrays: the fast engine.

`Core.step` lists the phases of a day once; each is one function below, in that order. Who may write what is the whole
trick: within a phase a person writes only themselves and their own directions of ties, reads others as they were when the
phase began, and draws keyed luck (`sim.chance`). So the order of people does not matter, nor the number of threads, and
`sim.agents` gives the same bits with one Python object per person.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange

from sim import rules
from sim.chance import BATCH, Decision, Occasion, cause_of, follow, next_attempts, poisson, uniform
from sim.gestures import Channel, Kind
from sim.parameters import Parameters
from sim.population import BOOKING, GESTURE, MEMBER, NEVER, NOBODY, World, canonical_mail, free_ties, joined, taken
from sim.strategies import Place, Plan, Strategy

ATTEMPTS = 256  # of keyed rejection before a scan
ROUNDS = 6  # of delivering and answering in a day
CHUNKS = 64  # parts in which people are handed to threads
NO_ANSWER = 255
FEED_ITEM, PLANNED_POST = 1, 2  # posts that are surely noticed
ANYONE, SHOWN, OWN_TIES, OF_INDUSTRY = range(4)  # who may come to mind

PROMPT = np.dtype(
    [
        ("person", "i4"),
        ("second", "i4"),
        ("cause", "u4"),
        ("other", "i4"),  # NOBODY: a sitting over several people
        ("slot", "i4"),  # NOBODY: a stranger
        ("channel", "i4"),
        ("place", "i4"),
        ("plan", "i4"),  # row of the plan that pays; NOBODY: ordinary life
    ],
    align=True,
)
MEETING = np.dtype(
    [
        ("low", "i4"),
        ("high", "i4"),
        ("place", "i4"),
        ("second", "i4"),
        ("low_plan", "i4"),
        ("high_plan", "i4"),
    ],
    align=True,
)

# Numba reads module constants faster than enumerations.
_LIKE, _POST, _INVITATION = int(Kind.LIKE), int(Kind.POST), int(Kind.INVITATION)
_FEED, _PRIVATE, _IN_PERSON = int(Channel.FEED), int(Channel.PRIVATE), int(Channel.IN_PERSON)
_PLAN_FEED, _PLAN_LIST, _PLAN_POSTS = int(Plan.FEED), int(Plan.LIST), int(Plan.POSTS)
_PLAN_PLACE, _PLAN_EVENT = int(Plan.PLACE), int(Plan.EVENT)
_NOTES = int(Strategy.HANDWRITTEN_NOTES)
_NOWHERE, _HANGOUT, _GROUP = int(Place.NOWHERE), int(Place.HANGOUT), int(Place.GROUP)
_EVENT, _SHOW, _MEETUP = int(Place.EVENT), int(Place.SHOW), int(Place.MEETUP)
_O_ROUTINE, _O_FEED, _O_ENCOUNTER = int(Occasion.ROUTINE), int(Occasion.FEED), int(Occasion.ENCOUNTER)
_O_BIRTHDAY, _O_MEETING, _O_PLAN = int(Occasion.BIRTHDAY), int(Occasion.MEETING), int(Occasion.PLAN)
_O_PLACE = int(Occasion.PLACE)
_D_HANGOUT, _D_GROUP_DAY, _D_GROUP = int(Decision.HANGOUT_VISIT), int(Decision.GROUP_DAY), int(Decision.GROUP_VISIT)
_D_SHOW_DAY, _D_SHOW = int(Decision.SHOW_DAY), int(Decision.SHOW_VISIT)
_D_MEMBER, _D_LEAVES, _D_BRINGS = int(Decision.MEETUP_MEMBER), int(Decision.MEETUP_LEAVES), int(Decision.BRINGS_SOMEONE)
_D_MEETS, _D_ORDER, _D_PLACE_SECOND = int(Decision.MEETS), int(Decision.MEETING_ORDER), int(Decision.PLACE_SECOND)
_D_POSTS, _D_ROUTINE, _D_FEED = int(Decision.POSTS), int(Decision.ROUTINE_COUNT), int(Decision.FEED_COUNT)
_D_ENCOUNTER, _D_SECOND = int(Decision.ENCOUNTER_COUNT), int(Decision.PROMPT_SECOND)
_D_MIND, _D_MIND_SCAN = int(Decision.COMES_TO_MIND), int(Decision.COMES_TO_MIND_SCAN)
_D_WHO, _D_STRANGER = int(Decision.ENCOUNTER_WHO), int(Decision.ENCOUNTER_STRANGER)
_D_BIRTHDAY, _D_COMFORT, _D_KIND = int(Decision.BIRTHDAY_NOTICED), int(Decision.COMFORT), int(Decision.PLANNED_KIND)
_D_NOTICED, _D_ANSWERED = int(Decision.NOTICED), int(Decision.ANSWERED)


class Town(NamedTuple):
    """What a phase may read: one record of settings, the people, their ties and plans, and who belongs where."""

    settings: np.ndarray  # (1,), SETTINGS
    people: np.ndarray  # (n,), PERSON
    ties: np.ndarray  # TIE; a person's block is found by `first` and `slots`
    plans: np.ndarray  # PLAN, by (person, strategy)
    plan_first: np.ndarray  # (n + 1,): a person's rows of `plans`
    community_first: np.ndarray  # rows of `community_people` of each community; likewise below
    community_people: np.ndarray
    industry_first: np.ndarray
    industry_people: np.ndarray
    group_first: np.ndarray
    group_people: np.ndarray
    birthday_first: np.ndarray
    birthday_people: np.ndarray


class DayRecord(NamedTuple):
    """What happened on a day, for measures and logs. Pairs are ``low * len(people) + high``.

    Gestures come in the order in which they are settled: by the lower id of the two, then by time.
    """

    day: int
    sent: np.ndarray  # GESTURE, posts that were planned among them
    delivered: np.ndarray  # GESTURE with `noticed` set, posts that were seen among them
    new_ties: np.ndarray  # pairs that answered for the first time
    forgotten: np.ndarray  # pairs that were dropped
    met: np.ndarray  # MEETING


# Finding and remembering -----------------------------------------------------------------------------------------


@njit(cache=True)
def find_slot(people: Any, ties: Any, person: int, other: int) -> int:
    """The slot of a person's tie to another; NOBODY if they do not know each other."""
    first = people[person].first
    for slot in range(people[person].slots):
        if ties[first + slot].other == other:
            return slot
    return NOBODY


@njit(cache=True)
def remember(people: Any, ties: Any, person: int, slot: int, day: int, mass: float, p: Any) -> None:
    """Rules 1, 2 and 5: a contact adds its saturated mass to a person's tie and moves what is derived from it."""
    if mass <= 0.0:
        return
    tie = ties[people[person].first + slot]
    silence = day - tie.last_contact
    held = rules.strength(rules.activation(tie.traces, silence, p), p)
    rules.add_contact(tie.traces, silence, rules.saturated(mass, held))
    tie.last_contact = day
    tie.weight = rules.pull_bound(rules.activation(tie.traces, 0, p), tie.liking, p)
    people[person].ceiling = rules.raised_ceiling(people[person].ceiling, tie.weight)


@njit(cache=True)
def may_come_to_mind(people: Any, tie: Any, day: int, among: int, industry: int, p: Any) -> bool:
    """Whether a tie is among those asked for: anyone, those shown by the feed, ties proper, ties of an industry."""
    if among == ANYONE:
        return True
    if tie.acquaintance:
        return False
    if among == SHOWN:
        return day - people[tie.other].last_post < p.post_days
    return among == OWN_TIES or people[tie.other].industry == industry


@njit(cache=True)
def weight_in_mind(tie: Any, day: int, among: int, p: Any) -> float:
    """Rule 2: the weight of a tie today."""
    boost = 0.0
    if among == SHOWN:
        boost = rules.openness_now(tie.openness, day - tie.opened, p)
    return rules.pull(rules.activation(tie.traces, day - tie.last_contact, p), tie.liking, boost, p)


@njit(cache=True)
def comes_to_mind(
    people: Any, ties: Any, person: int, day: int, cause: int, among: int, industry: int, seed: int, p: Any
) -> int:
    """Rule 2: the slot of whom a prompt falls on, by keyed rejection; NOBODY if there is no candidate.

    An attempt draws a slot and a level by key and holds if the level is below the tie's weight, so a change in one
    weight changes only the picks that touch that tie. The stored bound settles most attempts without looking further.
    """
    first, slots, ceiling = people[person].first, people[person].slots, people[person].ceiling
    if people[person].held == 0:
        return NOBODY
    draws = np.empty((2, BATCH))
    for attempt in range(ATTEMPTS):
        k = attempt % BATCH
        if k == 0:
            next_attempts(draws, seed, _D_MIND, day, person, cause, attempt)
        slot = int(draws[0, k] * slots)
        tie = ties[first + slot]
        level = draws[1, k] * ceiling
        if tie.other == NOBODY or level >= tie.weight or not may_come_to_mind(people, tie, day, among, industry, p):
            continue
        if level < weight_in_mind(tie, day, among, p):
            return slot
    total = 0.0
    for slot in range(slots):
        tie = ties[first + slot]
        if tie.other != NOBODY and may_come_to_mind(people, tie, day, among, industry, p):
            total += weight_in_mind(tie, day, among, p)
    if total <= 0.0:
        return NOBODY
    level = uniform(seed, _D_MIND_SCAN, day, person, 0, cause) * total
    chosen = NOBODY
    for slot in range(slots):
        tie = ties[first + slot]
        if tie.other != NOBODY and may_come_to_mind(people, tie, day, among, industry, p):
            chosen = slot
            level -= weight_in_mind(tie, day, among, p)
            if level < 0.0:
                break
    return chosen


@njit(cache=True)
def shown(town: Any, person: int, day: int) -> Any:
    """Rule 2 for the feed: the weight of each of a person's slots, shape (slots,); 0 for who can not be shown.

    Few can, so the weights are worked out once for all of a person's feed items of a phase.
    """
    people, ties, p = town.people, town.ties, town.settings[0]
    weights = np.zeros(people[person].slots)
    for slot in range(people[person].slots):
        tie = ties[people[person].first + slot]
        if tie.other != NOBODY and may_come_to_mind(people, tie, day, SHOWN, 0, p):
            weights[slot] = weight_in_mind(tie, day, SHOWN, p)
    return weights


@njit(cache=True)
def comes_up_in_feed(town: Any, person: int, weights: Any, day: int, cause: int, seed: int) -> int:
    """The slot of whom a feed item is from: the same choice as `comes_to_mind` makes among those shown."""
    total = 0.0
    for slot in range(len(weights)):
        total += weights[slot]
    if total <= 0.0:
        return NOBODY
    ceiling = town.people[person].ceiling
    draws = np.empty((2, BATCH))
    for start in range(0, ATTEMPTS, BATCH):
        next_attempts(draws, seed, _D_MIND, day, person, cause, start)
        for k in range(BATCH):
            slot = int(draws[0, k] * len(weights))
            if draws[1, k] * ceiling < weights[slot]:
                return slot
    level = uniform(seed, _D_MIND_SCAN, day, person, 0, cause) * total
    chosen = NOBODY
    for slot in range(len(weights)):
        if weights[slot] > 0.0:
            chosen = slot
            level -= weights[slot]
            if level < 0.0:
                break
    return chosen


# Morning: the week begins, people post ---------------------------------------------------------------------------


@njit(cache=True)
def refresh_ceiling(people: Any, ties: Any, person: int, day: int, p: Any) -> None:
    """Rule 2: a person's stored weights and W as of today."""
    first = people[person].first
    heaviest = 0.0
    for slot in range(people[person].slots):
        tie = ties[first + slot]
        if tie.other != NOBODY:
            tie.weight = rules.pull_bound(rules.activation(tie.traces, day - tie.last_contact, p), tie.liking, p)
            heaviest = max(heaviest, tie.weight)
    people[person].ceiling = rules.fresh_ceiling(heaviest)


@njit(cache=True, parallel=True)
def refresh_ceilings(people: Any, ties: Any, day: int, settings: Any) -> None:
    """The same for everyone; on the weekly day, and when the parameters have changed."""
    n = len(people)
    for chunk in prange(CHUNKS):
        for person in range(chunk * n // CHUNKS, (chunk + 1) * n // CHUNKS):
            refresh_ceiling(people, ties, person, day, settings[0])


@njit(cache=True)
def begin_week(people: Any, plans: Any, planning: bool, p: Any) -> None:
    """Rule 4: minutes of ordinary life without carry, planned minutes into the purse."""
    for person in range(len(people)):
        people[person].minutes_left = rules.minutes_of_week(people[person].sociability, p)
    if planning:
        for row in range(len(plans)):
            minutes = p.effort_minutes * plans[row].share
            plans[row].purse = rules.minus(plans[row].purse, -minutes)
            plans[row].filled += minutes


@njit(cache=True, parallel=True)
def post(people: Any, day: int, seed: int, settings: Any) -> None:
    """Ordinary posts: they make their writer showable from this day on."""
    n = len(people)
    for chunk in prange(CHUNKS):
        p = settings[0]
        cost = p.minutes[_POST]
        for person in range(chunk * n // CHUNKS, (chunk + 1) * n // CHUNKS):
            u = uniform(seed, _D_POSTS, day, person, 0, 0)
            if u < rules.post_probability(people[person].sociability, p) and people[person].minutes_left >= cost:
                people[person].minutes_left = rules.minus(people[person].minutes_left, cost)
                people[person].last_post = day


# 1. Gather: who is where, who meets whom -------------------------------------------------------------------------


@njit(cache=True)
def goes_today(town: Any, row: int, day: int, planning: bool, seed: int) -> bool:
    """Whether a plan takes its person to a place today: it meets, and the purse holds the whole session."""
    p = town.settings[0]
    plan = town.plans[row]
    place = p.place[plan.strategy]
    if p.plan[plan.strategy] == _PLAN_EVENT:
        return plan.event_day == day
    if p.plan[plan.strategy] != _PLAN_PLACE or not planning or plan.purse < p.session_minutes[plan.strategy]:
        return False
    person = town.people[plan.person]
    if place == _GROUP:
        return day % 7 == int(7 * uniform(seed, _D_GROUP_DAY, 0, person.group, 0, 0))
    if place == _SHOW:
        offset = int(p.show_every_days * uniform(seed, _D_SHOW_DAY, 0, person.industry, 0, 0))
        return (day + offset) % p.show_every_days == 0
    return True


@njit(cache=True)
def pay_session(plan: Any, p: Any) -> None:
    """Take a session's cost out of the purse; half of it is left for gestures."""
    cost = p.session_minutes[plan.strategy]
    plan.purse = rules.minus(plan.purse, cost)
    plan.spent += cost
    plan.usable = rules.usable_minutes(plan.strategy, p)
    plan.refusals = 0


@njit(cache=True)
def add_meeting(met: Any, count: int, one: int, two: int, place: int, second: int, plan: int, other_plan: int) -> Any:
    """Append a meeting, doubling the array when it is full."""
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
    """Positions of the largest keys, largest first."""
    return np.argsort(-keys, kind="mergesort")[:most]


@njit(cache=True)
def meet(town: Any, person: int, present: Any, most: int, place: int, day: int, seed: int) -> Any:
    """Whom a person meets among those present: a weighted keyed choice, people known already weigh more."""
    keys = np.empty(len(present))
    for k in range(len(present)):
        weight = 1.0
        if find_slot(town.people, town.ties, person, present[k]) != NOBODY:
            weight = town.settings[0].known_weight
        u = uniform(seed, _D_MEETS, day, person, present[k], cause_of(_O_PLACE, place))
        keys[k] = rules.chosen_key(u, weight)
    return present[keenest(keys, most)]


@njit(cache=True)
def at_hangout(town: Any, community: int, going: Any, day: int, seed: int) -> Any:
    """Regulars who are there today and adopters who visit, in order of id."""
    p = town.settings[0]
    people = town.community_people[town.community_first[community] : town.community_first[community + 1]]
    here = np.zeros(len(people), np.bool_)
    for k in range(len(people)):
        chance = p.hangout_attendance * town.people[people[k]].sociability
        regular = town.people[people[k]].regular and uniform(seed, _D_HANGOUT, day, people[k], 0, 0) < chance
        here[k] = regular or going[people[k]] != NOBODY
    return people[here]


@njit(cache=True)
def at_group(town: Any, group: int, going: Any, day: int, seed: int) -> Any:
    """Members who come today, in order of id."""
    people = town.group_people[town.group_first[group] : town.group_first[group + 1]]
    here = np.zeros(len(people), np.bool_)
    for k in range(len(people)):
        comes = uniform(seed, _D_GROUP, day, people[k], 0, 0) < town.settings[0].group_attendance
        here[k] = comes or going[people[k]] != NOBODY
    return people[here]


@njit(cache=True)
def at_show(town: Any, industry: int, going: Any, day: int, seed: int) -> Any:
    """People of the industry drawn by sociability, and adopters who go, in order of id."""
    people = town.industry_people[town.industry_first[industry] : town.industry_first[industry + 1]]
    keys = np.empty(len(people))
    for k in range(len(people)):
        u = uniform(seed, _D_SHOW, day, people[k], 0, 0)
        keys[k] = rules.chosen_key(u, max(1e-6, town.people[people[k]].sociability))
    here = np.zeros(len(people), np.bool_)
    here[keenest(keys, town.settings[0].show_people)] = True
    for k in range(len(people)):
        here[k] = here[k] or going[people[k]] != NOBODY
    return people[here]


@njit(cache=True)
def with_those_brought(
    town: Any, guests: Any, host: int, place: int, among: int, chance: float, day: int, seed: int
) -> Any:
    """Guests, and after them whoever they bring: each at most one own tie, who is not there yet."""
    industry = town.people[host].industry
    crowd = np.empty(2 * len(guests), np.int32)
    crowd[: len(guests)] = guests
    count = len(guests)
    cause = follow(cause_of(_O_PLACE, place), host)
    for guest in guests:
        if uniform(seed, _D_BRINGS, day, guest, host, cause) >= chance:
            continue
        slot = comes_to_mind(town.people, town.ties, guest, day, cause, among, industry, seed, town.settings[0])
        if slot == NOBODY:
            continue
        brought = town.ties[town.people[guest].first + slot].other
        if brought != host and not np.any(crowd[:count] == brought):
            crowd[count] = brought
            count += 1
    return crowd[:count]


@njit(cache=True)
def first_members(town: Any, founder: int, seed: int) -> Any:
    """Strangers of the founder's industry with whom a meetup starts, keenest first."""
    industry = town.people[founder].industry
    people = town.industry_people[town.industry_first[industry] : town.industry_first[industry + 1]]
    strangers = np.zeros(len(people), np.bool_)
    for k in range(len(people)):
        known = find_slot(town.people, town.ties, founder, people[k]) != NOBODY
        strangers[k] = people[k] != founder and not known
    people = people[strangers]
    keys = np.empty(len(people))
    for k in range(len(people)):
        keys[k] = uniform(seed, _D_MEMBER, 0, founder, people[k], 0)
    return people[keenest(keys, town.settings[0].meetup_start)]


@njit(cache=True)
def gather(town: Any, bookings: Any, members: Any, day: int, planning: bool, seed: int) -> Any:
    """Who meets whom today, and the members of meetups after it.

    Places without an adopter are part of ordinary life and not played: of a hangout, a group or a trade show only the
    adopters' own meetings are; events and meetups exist because of their host, so all their guests meet each other.
    """
    p = town.settings[0]
    met = np.empty(64, MEETING)
    count = 0
    going = np.full((_MEETUP + 1, len(town.people)), NOBODY, np.int32)
    rows = np.empty(len(town.plans), np.int64)
    visits = 0
    for row in range(len(town.plans)):
        if goes_today(town, row, day, planning, seed):
            plan = town.plans[row]
            going[p.place[plan.strategy], plan.person] = row
            rows[visits] = row
            visits += 1
            if p.plan[plan.strategy] == _PLAN_PLACE:
                pay_session(plan, p)
            else:
                plan.refusals = 0

    for row in rows[:visits]:
        person, place = town.plans[row].person, p.place[town.plans[row].strategy]
        if place == _HANGOUT:
            where = town.people[person].community
            present, most = at_hangout(town, where, going[place], day, seed), p.hangout_meets
        elif place == _GROUP:
            where = town.people[person].group
            present, most = at_group(town, where, going[place], day, seed), p.group_meets
        elif place == _SHOW:
            where = town.people[person].industry
            present, most = at_show(town, where, going[place], day, seed), p.show_meets
        else:
            continue
        second = int(86_400 * uniform(seed, _D_PLACE_SECOND, day, where, 0, cause_of(_O_PLACE, place)))
        for other in meet(town, person, present[present != person], most, place, day, seed):
            met = add_meeting(met, count, person, other, place, second, row, going[place, other])
            count += 1

    hosts = np.unique(bookings["host"][bookings["day"] == day])
    for host in hosts:
        guests = bookings["guest"][(bookings["day"] == day) & (bookings["host"] == host)]
        crowd = with_those_brought(town, guests, host, _EVENT, OWN_TIES, p.event_brings, day, seed)
        second = int(86_400 * uniform(seed, _D_PLACE_SECOND, day, host, 0, cause_of(_O_PLACE, _EVENT)))
        for guest in crowd:
            met = add_meeting(met, count, host, guest, _EVENT, second, going[_EVENT, host], NOBODY)
            count += 1
        for guest in crowd:
            for other in meet(town, guest, crowd[crowd != guest], (p.event_meets + 1) // 2, _EVENT, day, seed):
                met = add_meeting(met, count, guest, other, _EVENT, second, NOBODY, NOBODY)
                count += 1

    for row in rows[:visits]:
        founder = town.plans[row].person
        if p.place[town.plans[row].strategy] != _MEETUP:
            continue
        if not np.any(members["founder"] == founder):
            members = with_members(members, founder, first_members(town, founder, seed))
        regulars = members["member"][(members["founder"] == founder) & (members["left"] == 0)]
        known = members["member"][members["founder"] == founder]
        crowd = with_those_brought(town, regulars, founder, _MEETUP, OF_INDUSTRY, p.meetup_brings, day, seed)
        fresh = np.zeros(len(crowd), np.bool_)
        here = np.zeros(len(crowd), np.bool_)
        for k in range(len(crowd)):
            fresh[k] = k >= len(regulars) and not np.any(known == crowd[k])
            here[k] = k < len(regulars) or fresh[k]
        members = with_members(members, founder, crowd[fresh])
        crowd = crowd[here]
        second = int(86_400 * uniform(seed, _D_PLACE_SECOND, day, founder, 0, cause_of(_O_PLACE, _MEETUP)))
        for other in meet(town, founder, crowd, p.meetup_meets, _MEETUP, day, seed):
            met = add_meeting(met, count, founder, other, _MEETUP, second, row, NOBODY)
            count += 1
        for guest in crowd:
            for other in meet(town, guest, crowd[crowd != guest], (p.meetup_meets + 1) // 2, _MEETUP, day, seed):
                met = add_meeting(met, count, guest, other, _MEETUP, second, NOBODY, NOBODY)
                count += 1
        for k in range(len(members)):
            if members[k].founder == founder and np.any(crowd == members[k].member):
                if uniform(seed, _D_LEAVES, day, members[k].member, founder, 0) < p.meetup_leaves:
                    members[k].left = 1
    return met[:count], members


@njit(cache=True)
def with_members(members: Any, founder: int, people: Any) -> Any:
    """Members of meetups and these of one founder's after them."""
    larger = np.zeros(len(members) + len(people), MEMBER)
    larger[: len(members)] = members
    for k in range(len(people)):
        larger[len(members) + k].founder = founder
        larger[len(members) + k].member = people[k]
    return larger


def once_each(met: np.ndarray, n: int) -> np.ndarray:
    """Each pair once a place, the first time it was chosen; in the order of (place, low, high)."""
    keys = (met["place"].astype(np.int64) * n + met["low"]) * n + met["high"]
    return met[np.unique(keys, return_index=True)[1]]


# 2. Prompt: what brings people to mind ---------------------------------------------------------------------------


@njit(cache=True)
def called(town: Any, met: Any, day: int, seed: int) -> Any:
    """Prompts that come from outside: both sides of each meeting, and birthdays that are noticed."""
    people, ties, p = town.people, town.ties, town.settings[0]
    today = town.birthday_people[town.birthday_first[day % 365] : town.birthday_first[day % 365 + 1]]
    most = 2 * len(met)
    for person in today:
        most += people[person].held
    prompts = np.empty(most, PROMPT)
    count = 0
    for k in range(len(met)):
        low, high, place = met[k].low, met[k].high, met[k].place
        order = int(2**20 * uniform(seed, _D_ORDER, day, low, high, cause_of(_O_PLACE, place)))
        slot = find_slot(people, ties, low, high)
        back = NOBODY if slot == NOBODY else ties[people[low].first + slot].mirror
        for side in range(2):
            prompt = prompts[count]
            prompt.person, prompt.other = (low, high) if side == 0 else (high, low)
            prompt.slot = slot if side == 0 else back
            prompt.plan = met[k].low_plan if side == 0 else met[k].high_plan
            prompt.cause = cause_of(_O_MEETING, (place << 20) | order)
            prompt.second, prompt.channel, prompt.place = met[k].second, _IN_PERSON, place
            count += 1
    for person in today:
        for slot in range(people[person].slots):
            tie = ties[people[person].first + slot]
            if tie.other == NOBODY or tie.acquaintance:
                continue
            cause = cause_of(_O_BIRTHDAY, 0)
            if uniform(seed, _D_BIRTHDAY, day, tie.other, person, cause) < p.birthday_noticed:
                prompt = prompts[count]
                prompt.person, prompt.other, prompt.slot = tie.other, person, tie.mirror
                prompt.cause, prompt.channel, prompt.place, prompt.plan = cause, _PRIVATE, _NOWHERE, NOBODY
                prompt.second = int(86_400 * uniform(seed, _D_SECOND, day, tie.other, person, cause))
                count += 1
    return prompts[:count]


@njit(cache=True)
def sitting_today(town: Any, row: int, day: int, planning: bool) -> float:
    """Minutes that a plan has for a sitting today (feed, list, posts, or an event to invite to); 0 if none."""
    p = town.settings[0]
    plan = town.plans[row]
    way, least = p.plan[plan.strategy], p.session_minutes[plan.strategy]
    if not planning:
        return 0.0
    if way == _PLAN_EVENT:
        return least if plan.purse >= least and plan.event_day < day else 0.0
    if way == _PLAN_FEED or way == _PLAN_LIST or way == _PLAN_POSTS:
        return rules.sitting_budget(plan.purse, least, rules.sittings_left(day, p.sittings[plan.strategy]))
    return 0.0


@njit(cache=True)
def most_gestures(town: Any, row: int, minutes: float) -> int:
    """An upper bound of what a sitting can send."""
    p = town.settings[0]
    way = p.plan[town.plans[row].strategy]
    if way == _PLAN_FEED:
        return 2 * (int(minutes / p.scroll_minutes) + 1)
    if way == _PLAN_POSTS:
        return int(minutes / p.minutes[_POST]) + 1
    return town.people[town.plans[row].person].held


@njit(cache=True, parallel=True)
def count_prompts(town: Any, calls_first: Any, day: int, planning: bool, seed: int) -> Any:
    """How often something brings someone to mind, shape (n, 3): routine, feed, encounters; and room for it all.

    Returns:
        The counts, prompts in all by person, and an upper bound of the gestures that may come of them.
    """
    n = len(town.people)
    counts = np.empty((n, 3), np.int64)
    prompts, gestures = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for chunk in prange(CHUNKS):
        p = town.settings[0]
        for person in range(chunk * n // CHUNKS, (chunk + 1) * n // CHUNKS):
            zeal = town.people[person].sociability
            counts[person, 0] = poisson(p.routine_rate * zeal, uniform(seed, _D_ROUTINE, day, person, 0, 0))
            counts[person, 1] = poisson(p.feed_rate * zeal, uniform(seed, _D_FEED, day, person, 0, 0))
            counts[person, 2] = poisson(p.encounter_rate * zeal, uniform(seed, _D_ENCOUNTER, day, person, 0, 0))
            occasions = counts[person].sum() + calls_first[person + 1] - calls_first[person]
            prompts[person + 1] = occasions
            gestures[person + 1] = occasions + counts[person, 1]
            for row in range(town.plan_first[person], town.plan_first[person + 1]):
                minutes = sitting_today(town, row, day, planning)
                if minutes > 0.0:
                    prompts[person + 1] += 1
                    gestures[person + 1] += most_gestures(town, row, minutes)
    return counts, prompts, gestures


@njit(cache=True)
def new_prompt(prompt: Any, person: int, other: int, slot: int, cause: int, channel: int, day: int, seed: int) -> None:
    """An ordinary prompt at a keyed second."""
    prompt.person, prompt.other, prompt.slot, prompt.cause, prompt.channel = person, other, slot, cause, channel
    prompt.second = int(86_400 * uniform(seed, _D_SECOND, day, person, 0, cause))
    prompt.place, prompt.plan = _NOWHERE, NOBODY


@njit(cache=True)
def encounter(town: Any, person: int, day: int, cause: int, seed: int) -> Any:
    """Whom a chance encounter is with, and in which slot: someone known, of the community, or anyone at all."""
    people, ties, p = town.people, town.ties, town.settings[0]
    who = uniform(seed, _D_WHO, day, person, 0, cause)
    if who < p.encounter_known:
        slot = comes_to_mind(people, ties, person, day, cause, ANYONE, 0, seed, p)
        return (NOBODY, NOBODY) if slot == NOBODY else (ties[people[person].first + slot].other, slot)
    u = uniform(seed, _D_STRANGER, day, person, 0, cause)
    other = int(u * len(people))
    if who < p.encounter_known + p.encounter_community:
        community = people[person].community
        start, stop = town.community_first[community], town.community_first[community + 1]
        other = town.community_people[start + int(u * (stop - start))]
    if other == person:
        return NOBODY, NOBODY
    return other, find_slot(people, ties, person, other)


@njit(cache=True)
def prompt_person(town: Any, person: int, counts: Any, calls: Any, prompts: Any, day: int, planning: bool, seed: int) -> int:
    """Fill in a person's prompts of the day, in order of (second, cause, other); returns how many."""
    people, ties, p = town.people, town.ties, town.settings[0]
    count = 0
    for k in range(counts[0]):
        cause = cause_of(_O_ROUTINE, k)
        slot = comes_to_mind(people, ties, person, day, cause, ANYONE, 0, seed, p)
        if slot != NOBODY:
            other = ties[people[person].first + slot].other
            new_prompt(prompts[count], person, other, slot, cause, _PRIVATE, day, seed)
            count += 1
    weights = shown(town, person, day) if counts[1] > 0 else np.zeros(0)
    for k in range(counts[1]):
        cause = cause_of(_O_FEED, k)
        slot = comes_up_in_feed(town, person, weights, day, cause, seed)
        if slot != NOBODY:
            other = ties[people[person].first + slot].other
            new_prompt(prompts[count], person, other, slot, cause, _FEED, day, seed)
            count += 1
    for k in range(counts[2]):
        cause = cause_of(_O_ENCOUNTER, k)
        other, slot = encounter(town, person, day, cause, seed)
        if other != NOBODY:
            new_prompt(prompts[count], person, other, slot, cause, _IN_PERSON, day, seed)
            count += 1
    for k in range(len(calls)):
        prompts[count] = calls[k]
        count += 1
    for row in range(town.plan_first[person], town.plan_first[person + 1]):
        if sitting_today(town, row, day, planning) > 0.0:
            cause = cause_of(_O_PLAN, town.plans[row].strategy << 16)
            new_prompt(prompts[count], person, NOBODY, NOBODY, cause, _PRIVATE, day, seed)
            prompts[count].plan = row
            count += 1
    for k in range(1, count):
        for j in range(k, 0, -1):
            if not earlier_prompt(prompts[j], prompts[j - 1]):
                break
            swap(prompts, j - 1, j)
    return count


@njit(cache=True)
def earlier_prompt(one: Any, two: Any) -> bool:
    """Order of prompts: second, cause, other."""
    if one.second != two.second:
        return one.second < two.second
    if one.cause != two.cause:
        return one.cause < two.cause
    return one.other < two.other


@njit(cache=True)
def swap(rows: Any, i: int, j: int) -> None:
    """Exchange two rows of an array of records."""
    kept = rows[i : i + 1].copy()
    rows[i] = rows[j]
    rows[j] = kept[0]


# 3. Reach out: rules 3 and 4 -------------------------------------------------------------------------------------


@njit(cache=True)
def emit(out: Any, count: int, prompt: Any, kind: int, day: int, p: Any) -> int:
    """Put a gesture of this kind, in answer to a prompt, into the person's outbox; returns the new count."""
    gesture = out[count]
    gesture.sender, gesture.receiver, gesture.kind = prompt.person, prompt.other, kind
    gesture.day, gesture.second = day, prompt.second
    gesture.channel = rules.channel_of(kind, prompt.channel, p)
    gesture.arrives_day = day + rules.days_under_way(kind, p)
    gesture.arrives_second = prompt.second
    gesture.at_place = 1 if prompt.place != _NOWHERE else 0
    gesture.sure, gesture.noticed = 0, 0
    gesture.cause = prompt.cause
    gesture.parent_cause, gesture.parent_day, gesture.parent_kind = 0, NEVER, NO_ANSWER
    gesture.unanswered = 0.0
    gesture.sender_slot, gesture.receiver_slot = prompt.slot, NOBODY
    return count + 1


@njit(cache=True)
def emit_post_seen(out: Any, count: int, town: Any, prompt: Any, day: int) -> int:
    """A feed item that a person looks at: the other's post, surely noticed."""
    kept = emit(out, count, prompt, _POST, day, town.settings[0])
    gesture = out[count]
    gesture.sender, gesture.receiver, gesture.sure = prompt.other, prompt.person, FEED_ITEM
    gesture.sender_slot = town.ties[town.people[prompt.person].first + prompt.slot].mirror
    gesture.receiver_slot = prompt.slot
    return kept


@njit(cache=True)
def comfort_now(people: Any, prompt: Any, day: int, seed: int, p: Any) -> float:
    """Rule 3: what the person dares at this prompt."""
    person = people[prompt.person]
    practice = rules.practice_now(person.practice, day - person.practised, p)
    return rules.comfort(practice, uniform(seed, _D_COMFORT, day, prompt.person, prompt.other, prompt.cause), p)


@njit(cache=True)
def practise(person: Any, kind: int, day: int, p: Any) -> None:
    """Rule 8, for the sender of a gesture."""
    if p.worded[kind]:
        person.practice = rules.practised(rules.practice_now(person.practice, day - person.practised, p), p)
        person.practised = day


@njit(cache=True)
def felt(town: Any, prompt: Any, day: int) -> Any:
    """What a person feels towards the other: strength, openness, rung of the door, own tries without an answer."""
    if prompt.slot == NOBODY:
        return 0.0, 0.0, 0, 0.0
    p = town.settings[0]
    tie = town.ties[town.people[prompt.person].first + prompt.slot]
    return (
        rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p),
        rules.openness_now(tie.openness, day - tie.opened, p),
        int(tie.opened_by),
        rules.unanswered_now(tie.unanswered, day - tie.last_sent, p),
    )


@njit(cache=True)
def dares(town: Any, prompt: Any, kind: int, channel: int, day: int, seed: int) -> bool:
    """Whether a planned gesture is within reach: the plan chooses the rung, not the barrier."""
    p = town.settings[0]
    strength, openness, opened_by, unanswered = felt(town, prompt, day)
    hesitance = town.people[prompt.person].hesitance
    needed = rules.barrier(kind, channel, strength, openness, opened_by, unanswered, hesitance, p)
    return needed <= comfort_now(town.people, prompt, day, seed, p) + p.follow_through


@njit(cache=True)
def act_spontaneously(town: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """An ordinary prompt: see the feed item, take the last gesture within reach, if there are minutes for it."""
    p = town.settings[0]
    person = town.people[prompt.person]
    if prompt.channel == _FEED:
        if person.minutes_left < p.scroll_minutes:
            return count
        person.minutes_left = rules.minus(person.minutes_left, p.scroll_minutes)
        count = emit_post_seen(out, count, town, prompt, day)
    dared = comfort_now(town.people, prompt, day, seed, p)
    strength, openness, opened_by, unanswered = felt(town, prompt, day)
    kind = rules.gesture_within_reach(
        prompt.channel, dared, strength, openness, opened_by, unanswered, person.hesitance, p
    )
    if kind < 0 or person.minutes_left < p.minutes[kind]:
        return count
    person.minutes_left = rules.minus(person.minutes_left, p.minutes[kind])
    practise(person, kind, day, p)
    return emit(out, count, prompt, kind, day, p)


@njit(cache=True)
def act_at_place(town: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """A planned gesture towards somebody met: the second kind for people known before, while the session lasts."""
    p = town.settings[0]
    plan = town.plans[prompt.plan]
    kind = p.second[plan.strategy]
    if prompt.place != _EVENT and (prompt.slot == NOBODY or p.minutes[kind] > plan.usable):
        kind = p.first[plan.strategy]
    if p.minutes[kind] > plan.usable or plan.refusals >= p.refused_most:
        return count
    if not dares(town, prompt, kind, _IN_PERSON, day, seed):
        lost = min(p.refused_minutes, plan.usable)
        plan.usable = rules.minus(plan.usable, lost)
        plan.refused += lost
        plan.refusals += 1
        return count
    plan.usable = rules.minus(plan.usable, p.minutes[kind])
    practise(town.people[prompt.person], kind, day, p)
    return emit(out, count, prompt, kind, day, p)


@njit(cache=True)
def planned_kind(strategy: int, prompt: Any, day: int, seed: int, p: Any) -> int:
    """The likelier or the other gesture of a strategy, by a keyed draw."""
    share = p.first_share[strategy]
    if share >= 1.0 or uniform(seed, _D_KIND, day, prompt.person, prompt.other, prompt.cause) < share:
        return p.first[strategy]
    return p.second[strategy]


@njit(cache=True)
def sit_at_feed(town: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """A planned feed session: scroll, and react once to each person shown, until the minutes are gone."""
    people, ties, p = town.people, town.ties, town.settings[0]
    plan = town.plans[prompt.plan]
    first = people[prompt.person].first
    weights = shown(town, prompt.person, day)
    done = np.zeros(len(weights), np.bool_)
    spent, refusals, item = 0.0, 0, 0
    start = prompt.cause
    prompt.channel = _FEED
    while spent + p.scroll_minutes <= minutes and refusals < p.refused_most:
        prompt.cause = start + item
        item += 1
        prompt.slot = comes_up_in_feed(town, prompt.person, weights, day, prompt.cause, seed)
        if prompt.slot == NOBODY:
            break
        spent += p.scroll_minutes
        if done[prompt.slot]:
            continue
        done[prompt.slot] = True
        prompt.other = ties[first + prompt.slot].other
        count = emit_post_seen(out, count, town, prompt, day)
        kind = planned_kind(plan.strategy, prompt, day, seed, p)
        if spent + p.minutes[kind] > minutes:
            break
        if dares(town, prompt, kind, _FEED, day, seed):
            spent += p.minutes[kind]
            practise(people[prompt.person], kind, day, p)
            count = emit(out, count, prompt, kind, day, p)
        else:
            spent += p.refused_minutes
            plan.refused += p.refused_minutes
            refusals += 1
    plan.purse = rules.minus(plan.purse, spent)
    plan.spent += spent
    return count


@njit(cache=True)
def longest_silent(town: Any, person: int, day: int, wanted: int) -> Any:
    """Slots of the ties that a list may name today, longest silent first; `wanted` as in `listed`."""
    people, ties = town.people, town.ties
    first = people[person].first
    slots = np.empty(people[person].held, np.int64)
    keys = np.empty(people[person].held, np.int64)
    count = 0
    for slot in range(people[person].slots):
        tie = ties[first + slot]
        if tie.other != NOBODY and listed(tie, day, wanted, town.settings[0]):
            slots[count] = slot
            keys[count] = (np.int64(tie.last_contact) << 32) + tie.other
            count += 1
    return slots[:count][np.argsort(keys[:count], kind="mergesort")]


EVERYONE_KNOWN, ONCE_STRONG, DORMANT, ACTIVE = range(4)  # whom a list names


@njit(cache=True)
def listed(tie: Any, day: int, wanted: int, p: Any) -> bool:
    """Whether a list of this sort names a tie, left alone for long enough."""
    if day - tie.planned < p.plan_gap_days:
        return False
    if wanted == EVERYONE_KNOWN:
        return True
    if tie.acquaintance:
        return False
    if wanted == ONCE_STRONG:
        return rules.standing(tie.traces, day - tie.last_contact) >= p.once_strong
    if wanted == DORMANT:
        return rules.is_dormant(day, tie.last_two_way, tie.two_way, p)
    return rules.is_active(day, tie.last_two_way, tie.two_way, p)


@njit(cache=True)
def sit_over_list(town: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """A sitting of notes, or of messages and calls, down the list until the minutes are gone."""
    people, ties, p = town.people, town.ties, town.settings[0]
    plan = town.plans[prompt.plan]
    wanted = ONCE_STRONG if plan.strategy == _NOTES else EVERYONE_KNOWN
    spent, refusals = 0.0, 0
    for slot in longest_silent(town, prompt.person, day, wanted):
        if refusals >= p.refused_most:
            break
        tie = ties[people[prompt.person].first + slot]
        prompt.other, prompt.slot = tie.other, slot
        kind = planned_kind(plan.strategy, prompt, day, seed, p)
        if spent + p.minutes[kind] > minutes:
            break
        tie.planned = day
        if dares(town, prompt, kind, rules.channel_of(kind, _PRIVATE, p), day, seed):
            spent += p.minutes[kind]
            practise(people[prompt.person], kind, day, p)
            count = emit(out, count, prompt, kind, day, p)
        else:
            lost = min(p.refused_minutes, minutes - spent)
            spent += lost
            plan.refused += lost
            refusals += 1
    plan.purse = rules.minus(plan.purse, spent)
    plan.spent += spent
    return count


@njit(cache=True)
def sit_to_post(town: Any, prompt: Any, minutes: float, out: Any, count: int, day: int) -> int:
    """Planned posts: as many as the minutes allow; nobody is addressed, so nothing has to be dared."""
    p = town.settings[0]
    plan = town.plans[prompt.plan]
    start = prompt.cause
    spent, item = 0.0, 0
    while spent + p.minutes[_POST] <= minutes:
        prompt.cause = start + item
        item += 1
        spent += p.minutes[_POST]
        practise(town.people[prompt.person], _POST, day, p)
        count = emit(out, count, prompt, _POST, day, p)
    plan.purse = rules.minus(plan.purse, spent)
    plan.spent += spent
    return count


@njit(cache=True)
def sit_to_invite(town: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """Invite dormant and active ties in turn to an evening; without anybody to invite there is none."""
    people, ties, p = town.people, town.ties, town.settings[0]
    plan = town.plans[prompt.plan]
    dormant = longest_silent(town, prompt.person, day, DORMANT)
    active = longest_silent(town, prompt.person, day, ACTIVE)
    if len(dormant) + len(active) == 0:
        return count
    pay_session(plan, p)
    plan.event_day = day + p.event_notice_days
    kind = p.first[plan.strategy]
    invited, d, a = 0, 0, 0
    while invited < p.event_invitations and plan.refusals < p.refused_most and d + a < len(dormant) + len(active):
        if d < len(dormant) and (d <= a or a == len(active)):
            prompt.slot = dormant[d]
            d += 1
        else:
            prompt.slot = active[a]
            a += 1
        if p.minutes[kind] > plan.usable:
            break
        tie = ties[people[prompt.person].first + prompt.slot]
        prompt.other = tie.other
        tie.planned = day
        if dares(town, prompt, kind, _PRIVATE, day, seed):
            plan.usable = rules.minus(plan.usable, p.minutes[kind])
            practise(people[prompt.person], kind, day, p)
            count = emit(out, count, prompt, kind, day, p)
            invited += 1
        else:
            lost = min(p.refused_minutes, plan.usable)
            plan.usable = rules.minus(plan.usable, lost)
            plan.refused += lost
            plan.refusals += 1
    return count


@njit(cache=True)
def act(town: Any, prompt: Any, out: Any, count: int, day: int, planning: bool, seed: int) -> int:
    """What a person makes of one prompt; returns how many gestures are in the outbox after it."""
    if prompt.plan == NOBODY:
        return act_spontaneously(town, prompt, out, count, day, seed)
    if prompt.place != _NOWHERE:
        return act_at_place(town, prompt, out, count, day, seed)
    minutes = sitting_today(town, prompt.plan, day, planning)
    way = town.settings[0].plan[town.plans[prompt.plan].strategy]
    if way == _PLAN_FEED:
        return sit_at_feed(town, prompt, minutes, out, count, day, seed)
    if way == _PLAN_LIST:
        return sit_over_list(town, prompt, minutes, out, count, day, seed)
    if way == _PLAN_POSTS:
        return sit_to_post(town, prompt, minutes, out, count, day)
    return sit_to_invite(town, prompt, out, count, day, seed)


@njit(cache=True, parallel=True)
def reach_out(
    town: Any, counts: Any, calls: Any, calls_first: Any, prompts_first: Any, out_first: Any, day: int, planning: bool,
    seed: int,
) -> Any:  # fmt: skip
    """Phases 2 and 3 for everyone: prompts, then the gestures that come of them in order of second.

    They stand in one function because prompts concern only the person who has them; nothing is read in between.
    """
    n = len(town.people)
    prompts = np.empty(prompts_first[n], PROMPT)
    out = np.empty(out_first[n], GESTURE)
    sent = np.zeros(n + 1, np.int64)
    for chunk in prange(CHUNKS):
        for person in range(chunk * n // CHUNKS, (chunk + 1) * n // CHUNKS):
            mine = prompts[prompts_first[person] : prompts_first[person + 1]]
            box = out[out_first[person] : out_first[person + 1]]
            theirs = calls[calls_first[person] : calls_first[person + 1]]
            filled = prompt_person(town, person, counts[person], theirs, mine, day, planning, seed)
            count = 0
            for k in range(filled):
                count = act(town, mine[k], box, count, day, planning, seed)
            sent[person + 1] = count
    return out, sent


@njit(cache=True)
def packed_together(out: Any, out_first: Any, sent: Any) -> Any:
    """The gestures in everyone's outbox, without the room that was left."""
    total = sent.sum()
    packed = np.empty(total, GESTURE)
    at = 0
    for person in range(len(sent) - 1):
        size = sent[person + 1]
        packed[at : at + size] = out[out_first[person] : out_first[person] + size]
        at += size
    return packed


# Between reaching out and the rounds: strangers become acquaintances, senders keep count ---------------------------


@njit(cache=True)
def strangers_who_met(people: Any, ties: Any, met: Any, gestures: Any) -> Any:
    """Rule 9: pairs (low * n + high, sorted) that met or wrote today and do not know each other yet."""
    n = len(people)
    pairs = np.empty(len(met) + len(gestures), np.int64)
    count = 0
    for k in range(len(met)):
        if find_slot(people, ties, met[k].low, met[k].high) == NOBODY:
            pairs[count] = np.int64(met[k].low) * n + met[k].high
            count += 1
    for k in range(len(gestures)):
        one, two = gestures[k].sender, gestures[k].receiver
        if two != NOBODY and gestures[k].sender_slot == NOBODY and find_slot(people, ties, one, two) == NOBODY:
            pairs[count] = np.int64(min(one, two)) * n + max(one, two)
            count += 1
    return np.unique(pairs[:count])


@njit(cache=True)
def room_needed(people: Any, pairs: Any) -> int:
    """Rows that the pool of ties must have free before these pairs become acquaintances, at most."""
    n = len(people)
    more = np.zeros(n, np.int64)
    for pair in pairs:
        more[pair // n] += 1
        more[pair % n] += 1
    rows = 0
    for person in range(n):
        slots = np.int64(people[person].slots)
        while people[person].held + more[person] > slots:
            slots *= 2
            rows += slots
    return rows


@njit(cache=True)
def free_slot(people: Any, ties: Any, used: int, person: int) -> Any:
    """A person's lowest free slot; when there is none their slots double, at the end of the pool.

    Returns:
        The slot, and the rows of the pool that are in use now.
    """
    first, slots = people[person].first, people[person].slots
    for slot in range(slots):
        if ties[first + slot].other == NOBODY:
            return slot, used
    for slot in range(slots):
        ties[used + slot] = ties[first + slot]
    people[person].first = used
    people[person].slots = 2 * slots
    return slots, used + 2 * slots


@njit(cache=True)
def acquaint(people: Any, ties: Any, used: int, pairs: Any, day: int, seed: int, p: Any) -> int:
    """Rule 9: these pairs hold each other as acquaintances from now on; returns the rows of the pool in use."""
    n = len(people)
    for pair in pairs:
        low, high = pair // n, pair % n
        low_slot, used = free_slot(people, ties, used, low)
        high_slot, used = free_slot(people, ties, used, high)
        new_acquaintance(people, ties, low, low_slot, high, high_slot, day, seed, p)
        new_acquaintance(people, ties, high, high_slot, low, low_slot, day, seed, p)
    return used


@njit(cache=True)
def new_acquaintance(
    people: Any, ties: Any, person: int, slot: int, other: int, mirror: int, day: int, seed: int, p: Any
) -> None:
    """One direction of it."""
    tie = ties[people[person].first + slot]
    tie.other, tie.mirror, tie.acquaintance = other, mirror, 1
    tie.last_contact = day
    tie.last_sent, tie.last_received, tie.last_two_way = NEVER, NEVER, NEVER
    tie.opened, tie.planned, tie.post_seen = NEVER, NEVER, NEVER
    tie.liking = rules.liking(seed, person, other, p)
    tie.weight = rules.pull_bound(0.0, tie.liking, p)
    people[person].ceiling = rules.raised_ceiling(people[person].ceiling, tie.weight)
    people[person].held += 1


@njit(cache=True)
def locate(people: Any, ties: Any, gestures: Any) -> None:
    """Fill in the slots of both sides of each gesture."""
    for k in range(len(gestures)):
        gesture = gestures[k]
        if gesture.receiver == NOBODY or gesture.receiver_slot != NOBODY:
            continue
        if gesture.sender_slot == NOBODY:
            gesture.sender_slot = find_slot(people, ties, gesture.sender, gesture.receiver)
        gesture.receiver_slot = ties[people[gesture.sender].first + gesture.sender_slot].mirror


@njit(cache=True)
def mark_sent(people: Any, ties: Any, gesture: Any, day: int, p: Any) -> None:
    """Rule 6's count of tries, on the sender's side: as before this gesture into it, as after it into the tie."""
    tie = ties[people[gesture.sender].first + gesture.sender_slot]
    before = rules.unanswered_now(tie.unanswered, day - tie.last_sent, p)
    gesture.unanswered = before
    if p.mass[gesture.kind] > 0.0:
        tie.unanswered = rules.unanswered_after(before, p.answer[gesture.kind] > -np.inf, p)
        tie.last_sent = day


@njit(cache=True)
def mark_all_sent(people: Any, ties: Any, sent: Any, order: Any, day: int, p: Any) -> None:
    """The same for all gestures of the day so far, in order of (second, sender, cause)."""
    for k in order:
        if sent[k].kind != _POST:
            mark_sent(people, ties, sent[k], day, p)


@njit(cache=True)
def reach_of_posts(people: Any, ties: Any, sent: Any, day: int, seed: int, p: Any) -> Any:
    """Planned posts, as noticed by those who hold a tie to their writer; the writers become showable."""
    room = 0
    for k in range(len(sent)):
        if sent[k].kind == _POST:
            room += people[sent[k].sender].held
            people[sent[k].sender].last_post = day
    seen = np.empty(room, GESTURE)
    count = 0
    for k in range(len(sent)):
        if sent[k].kind != _POST:
            continue
        writer = sent[k].sender
        for slot in range(people[writer].slots):
            tie = ties[people[writer].first + slot]
            if tie.other == NOBODY or tie.acquaintance:
                continue
            if uniform(seed, _D_NOTICED, day, tie.other, writer, sent[k].cause) < p.noticed[_POST]:
                seen[count] = sent[k]
                seen[count].receiver, seen[count].sure = tie.other, PLANNED_POST
                seen[count].sender_slot, seen[count].receiver_slot = slot, tie.mirror
                count += 1
    return seen[:count]


# 4. Rounds: deliver and answer -----------------------------------------------------------------------------------


@njit(cache=True)
def comes_first(one: Any, two: Any, arrival: bool) -> bool:
    """Order of gestures: second (of arrival or of sending), sender, cause, receiver."""
    if arrival and one.arrives_second != two.arrives_second:
        return one.arrives_second < two.arrives_second
    if not arrival and one.second != two.second:
        return one.second < two.second
    if one.sender != two.sender:
        return one.sender < two.sender
    if one.cause != two.cause:
        return one.cause < two.cause
    return one.receiver < two.receiver


BY_RECEIVER, BY_SENDER, BY_PAIR = range(3)


@njit(cache=True)
def in_order(gestures: Any, n: int, by: int, arrival: bool) -> Any:
    """Rows of the gestures by receiver, sender or lower id, and in order of time within each.

    Returns:
        first, shape (n + 1,): where each person's rows begin in the second; order, shape (len(gestures),).
    """
    first = np.zeros(n + 1, np.int64)
    keys = np.empty(len(gestures), np.int64)
    for k in range(len(gestures)):
        sender, receiver = gestures[k].sender, gestures[k].receiver
        keys[k] = receiver if by == BY_RECEIVER else sender
        if by == BY_PAIR and receiver != NOBODY:
            keys[k] = min(sender, receiver)
        first[keys[k] + 1] += 1
    for person in range(n):
        first[person + 1] += first[person]
    order = np.empty(len(gestures), np.int64)
    filled = first[:n].copy()
    for k in range(len(gestures)):
        at = filled[keys[k]]
        filled[keys[k]] += 1
        start = first[keys[k]]
        while at > start and comes_first(gestures[k], gestures[order[at - 1]], arrival):
            order[at] = order[at - 1]
            at -= 1
        order[at] = k
    return first, order


@njit(cache=True)
def have_mutual_tie(people: Any, ties: Any, one: int, two: int) -> bool:
    """Whether two people share a tie."""
    for slot in range(people[one].slots):
        tie = ties[people[one].first + slot]
        if tie.other == NOBODY or tie.acquaintance:
            continue
        back = find_slot(people, ties, two, tie.other)
        if back != NOBODY and not ties[people[two].first + back].acquaintance:
            return True
    return False


@njit(cache=True)
def notice(town: Any, gesture: Any, tie: Any, openness: float, day: int) -> None:
    """Rule 5, on the receiver's own tie: memory, tries cleared, the door."""
    p = town.settings[0]
    remember(town.people, town.ties, gesture.receiver, gesture.receiver_slot, day, p.mass[gesture.kind], p)
    tie.unanswered = 0.0
    opened = rules.opened_to(gesture.kind, p)
    if opened >= openness:
        tie.openness = opened
        tie.opened = day
        tie.opened_by = p.rung[gesture.kind]


@njit(cache=True)
def answer(town: Any, gesture: Any, reply: Any, day: int, seed: int) -> None:
    """Write the answer to a gesture: its kind, when it is sent, and what it costs."""
    p = town.settings[0]
    kind = rules.answer_kind(gesture.kind)
    person = town.people[gesture.receiver]
    person.minutes_left = rules.minus(person.minutes_left, p.minutes[kind])
    practise(person, kind, day, p)
    delay = rules.answer_delay(
        gesture.kind, gesture.channel, seed, day, gesture.receiver, gesture.sender, gesture.cause, p
    )
    second = gesture.arrives_second + delay
    if delay == 1:
        second = min(second, rules.SECONDS_A_DAY - 1)  # the session ends with the day
    reply.sender, reply.receiver, reply.kind = gesture.receiver, gesture.sender, kind
    reply.day, reply.second = day + second // rules.SECONDS_A_DAY, second % rules.SECONDS_A_DAY
    reply.arrives_day, reply.arrives_second = reply.day, reply.second
    reply.channel = rules.channel_of(kind, gesture.channel, p)
    reply.at_place, reply.sure, reply.noticed = gesture.at_place, 0, 0
    reply.cause = follow(gesture.cause, gesture.day)
    reply.parent_cause, reply.parent_day, reply.parent_kind = gesture.cause, gesture.day, gesture.kind
    reply.unanswered = 0.0
    reply.sender_slot, reply.receiver_slot = gesture.receiver_slot, gesture.sender_slot
    if reply.day == day:
        mark_sent(town.people, town.ties, reply, day, p)


@njit(cache=True)
def odds_of_acquaintance(town: Any, gesture: Any, tie: Any) -> float:
    """Rule 9: a shared place or a mutual contact makes an acquaintance likelier to answer; 1 for ties."""
    if not tie.acquaintance:
        return 1.0
    if gesture.at_place or have_mutual_tie(town.people, town.ties, gesture.receiver, gesture.sender):
        return town.settings[0].mutual_odds
    return 1.0


@njit(cache=True)
def deliver(town: Any, gesture: Any, reply: Any, received: Any, day: int, seed: int) -> None:
    """Rules 5 and 6 for one gesture: is it noticed, what does it leave, is it answered?"""
    people, p = town.people, town.settings[0]
    me, kind = gesture.receiver, gesture.kind
    tie = town.ties[people[me].first + gesture.receiver_slot]
    if kind == _POST:
        written = people[gesture.sender].last_post
        noticed = gesture.sure == PLANNED_POST or tie.post_seen < written
        tie.post_seen = written
    else:
        noticed = uniform(seed, _D_NOTICED, day, me, gesture.sender, gesture.cause) < p.noticed[kind]
    gesture.noticed = 1 if noticed else 0
    if not noticed:
        return
    strength = rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p)
    openness = rules.openness_now(tie.openness, day - tie.opened, p)
    notice(town, gesture, tie, openness, day)
    if kind == _POST:
        return
    before = received[me]
    received[me] += 1
    if p.answer[kind] == -np.inf or people[me].minutes_left < p.minutes[rules.answer_kind(kind)]:
        return
    odds = odds_of_acquaintance(town, gesture, tie)
    chance = rules.answer_probability(kind, strength, openness, gesture.unanswered, odds, before, p)
    if uniform(seed, _D_ANSWERED, day, me, gesture.sender, gesture.cause) < chance:
        answer(town, gesture, reply, day, seed)


@njit(cache=True, parallel=True)
def deliver_round(town: Any, gestures: Any, first: Any, order: Any, received: Any, day: int, seed: int) -> Any:
    """One round: each receiver takes what reached them in order of (second, sender, cause).

    Returns:
        Replies, one row for each gesture, `NO_ANSWER` as the kind where there is none.
    """
    n = len(town.people)
    replies = np.empty(len(gestures), GESTURE)
    for chunk in prange(CHUNKS):
        for at in range(first[chunk * n // CHUNKS], first[(chunk + 1) * n // CHUNKS]):
            k = order[at]
            replies[k].kind = NO_ANSWER
            deliver(town, gestures[k], replies[k], received, day, seed)
    return replies


# 5. Settle: rules 7, 9 and 10 ------------------------------------------------------------------------------------


@njit(cache=True)
def expose(town: Any, met: Any, day: int) -> None:
    """Being in one place leaves a little with both."""
    people, ties, p = town.people, town.ties, town.settings[0]
    for k in range(len(met)):
        slot = find_slot(people, ties, met[k].low, met[k].high)
        mirror = ties[people[met[k].low].first + slot].mirror
        remember(people, ties, met[k].low, slot, day, p.exposure_mass, p)
        remember(people, ties, met[k].high, mirror, day, p.exposure_mass, p)


@njit(cache=True)
def keep_in_mind(town: Any, sent: Any, day: int) -> None:
    """Rule 7: what a gesture leaves with its sender when sent."""
    p = town.settings[0]
    for k in range(len(sent)):
        if sent[k].kind != _POST:
            mass = p.mind_sent * p.mass[sent[k].kind]
            remember(town.people, town.ties, sent[k].sender, sent[k].sender_slot, day, mass, p)


@njit(cache=True)
def settle_noticed(town: Any, gesture: Any, day: int) -> bool:
    """Rules 7 and 9 for a gesture that was noticed: the asker's part of an answer, two-way contact, a new tie.

    Returns:
        Whether the two were acquaintances until now.
    """
    people, ties, p = town.people, town.ties, town.settings[0]
    mine = ties[people[gesture.receiver].first + gesture.receiver_slot]
    theirs = ties[people[gesture.sender].first + gesture.sender_slot]
    is_new = False
    if gesture.parent_kind != NO_ANSWER:
        mass = p.mind_answered * p.mass[gesture.parent_kind]
        remember(people, ties, gesture.receiver, gesture.receiver_slot, day, mass, p)
        is_new = mine.acquaintance == 1
        mine.acquaintance, theirs.acquaintance = 0, 0
    if p.mass[gesture.kind] > 0.0:
        if day - theirs.last_received <= p.two_way_days:
            mine.last_two_way, theirs.last_two_way = day, day
            count = min(255, mine.two_way + 1)
            mine.two_way, theirs.two_way = count, count
        mine.last_received = day
    return is_new


@njit(cache=True)
def settle_all_noticed(town: Any, delivered: Any, day: int) -> Any:
    """The same for everything that was noticed today; returns the pairs that became ties."""
    n = len(town.people)
    new_ties = np.empty(len(delivered), np.int64)
    count = 0
    for k in range(len(delivered)):
        gesture = delivered[k]
        if gesture.noticed and gesture.kind != _POST and settle_noticed(town, gesture, day):
            new_ties[count] = np.int64(min(gesture.sender, gesture.receiver)) * n + max(gesture.sender, gesture.receiver)
            count += 1
    return np.sort(new_ties[:count])


@njit(cache=True)
def weakest(town: Any, person: int, day: int) -> Any:
    """Slots that a person over capacity would drop: acquaintances first, then the least activation, then the lower id."""
    people, ties, p = town.people, town.ties, town.settings[0]
    first = people[person].first
    most = people[person].held - people[person].capacity
    dropped = np.empty(most, np.int64)
    taken = np.zeros(people[person].slots, np.bool_)
    for k in range(most):
        best, best_tie, best_activation, best_other = NOBODY, True, 0.0, 0
        for slot in range(people[person].slots):
            tie = ties[first + slot]
            if tie.other == NOBODY or taken[slot]:
                continue
            is_tie = tie.acquaintance == 0
            held = rules.activation(tie.traces, day - tie.last_contact, p)
            if best == NOBODY or (is_tie, held, tie.other) < (best_tie, best_activation, best_other):
                best, best_tie, best_activation, best_other = slot, is_tie, held, tie.other
        taken[best] = True
        dropped[k] = best
    return dropped


@njit(cache=True)
def forget(town: Any, day: int, nothing: Any) -> Any:
    """Rule 10: whoever holds too many names the weakest; what anybody named goes, both directions, once.

    Returns:
        The pairs that went, sorted.
    """
    people, ties = town.people, town.ties
    n = len(people)
    excess = 0
    for person in range(n):
        excess += max(0, people[person].held - people[person].capacity)
    pairs = np.empty(excess, np.int64)
    count = 0
    for person in range(n):
        if people[person].held > people[person].capacity:
            for slot in weakest(town, person, day):
                other = ties[people[person].first + slot].other
                pairs[count] = np.int64(min(person, other)) * n + max(person, other)
                count += 1
    pairs = np.unique(pairs)
    for pair in pairs:
        low, high = pair // n, pair % n
        slot = find_slot(people, ties, low, high)
        mirror = ties[people[low].first + slot].mirror
        ties[people[low].first + slot] = nothing[0]
        ties[people[high].first + mirror] = nothing[0]
        people[low].held -= 1
        people[high].held -= 1
    return pairs


@njit(cache=True)
def active_ties(people: Any, ties: Any, day: int, p: Any) -> Any:
    """Active ties of each person, shape (n,): the one sweep over all ties, for those who ask."""
    counts = np.zeros(len(people), np.int64)
    for person in range(len(people)):
        for row in range(people[person].first, people[person].first + people[person].slots):
            tie = ties[row]
            if tie.other != NOBODY and tie.acquaintance == 0 and rules.is_active(day, tie.last_two_way, tie.two_way, p):
                counts[person] += 1
    return counts


# The engine ------------------------------------------------------------------------------------------------------


def rows_by(values: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids by group: where each group begins, shape (groups + 1,), and the ids, in order within each."""
    order = np.argsort(values, kind="stable").astype(np.int32)
    first = np.searchsorted(values[order], np.arange(groups + 1))
    return first.astype(np.int64), order


class Core:
    """A world in motion over arrays.

    Args:
        world: where to begin; it is copied.
        seed: of all luck, 64 bits.
    """

    def __init__(self, world: World, *, seed: int) -> None:
        own = world.copy()
        self.day, self.seed = own.day, np.uint64(seed)
        self.parameters: Parameters = own.parameters
        self.strategies_end, self.names = own.strategies_end, own.names
        self.mail, self.bookings, self.members = own.mail, own.bookings, own.members
        self.nothing = free_ties(1)
        self.used = len(own.ties)
        people, n = own.people, len(own)
        self.town = Town(
            np.array([own.parameters.packed]),
            people,
            own.ties,
            own.plans,
            np.searchsorted(own.plans["person"], np.arange(n + 1)).astype(np.int64),
            *rows_by(people["community"], int(people["community"].max()) + 1),
            *rows_by(people["industry"], int(people["industry"].max()) + 1),
            *rows_by(people["group"], int(people["group"].max()) + 1),
            *rows_by(people["birthday"], 365),
        )

    def step(self) -> DayRecord:
        """Simulate one day: the whole model, phase by phase."""
        planning = self.day < self.strategies_end
        self._morning(planning)
        met = self._gather(planning)
        fresh = self._reach_out(met, planning)
        sent, arriving = self._dispatch(met, fresh)
        sent, delivered = self._rounds(sent, arriving)
        record = self._settle(met, sent, delivered)
        self.day += 1
        return record

    def _morning(self, planning: bool) -> None:
        town = self.town
        if self.day % 7 == 0:
            begin_week(town.people, town.plans, planning, town.settings[0])
            refresh_ceilings(town.people, town.ties, self.day, town.settings)
        post(town.people, self.day, self.seed, town.settings)

    def _gather(self, planning: bool) -> np.ndarray:
        if not len(self.town.plans) and not len(self.bookings):
            return np.zeros(0, MEETING)
        met, self.members = gather(self.town, self.bookings, self.members, self.day, planning, self.seed)
        self.bookings = self.bookings[self.bookings["day"] > self.day]
        return once_each(met, len(self.town.people))

    def _reach_out(self, met: np.ndarray, planning: bool) -> np.ndarray:
        """Prompts and what comes of them: gestures that are sent today, and feed items seen."""
        calls = called(self.town, met, self.day, self.seed)
        calls_first, by_person = rows_by(calls["person"], len(self.town.people))
        calls = taken(calls, by_person)
        counts, prompts, room = count_prompts(self.town, calls_first, self.day, planning, self.seed)
        prompts_first, out_first = np.cumsum(prompts), np.cumsum(room)
        out, filled = reach_out(
            self.town, counts, calls, calls_first, prompts_first, out_first, self.day, planning, self.seed
        )
        return packed_together(out, out_first, filled)

    def _dispatch(self, met: np.ndarray, fresh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is sent today, and what arrives today in the first round; strangers become acquaintances."""
        day, mail = self.day, self.mail
        late = mail["day"] == day
        due = (mail["day"] < day) & (mail["arrives_day"] <= day)
        everything = joined(fresh, taken(mail, late), taken(mail, due))
        self.mail = taken(mail, ~late & ~due)
        self._acquaint(strangers_who_met(self.town.people, self.town.ties, met, everything))
        people, ties, settings = self.town.people, self.town.ties, self.town.settings
        locate(people, ties, everything)
        is_due = np.arange(len(everything)) >= len(fresh) + late.sum()
        is_item = everything["sure"] == FEED_ITEM
        sent = taken(everything, ~is_due & ~is_item)
        mark_all_sent(people, ties, sent, self._order(sent, BY_SENDER), day, settings[0])
        posts = reach_of_posts(people, ties, sent, day, self.seed, settings[0])
        now = (sent["kind"] != _POST) & (sent["arrives_day"] == day)
        self._post_off(taken(sent, sent["arrives_day"] > day))
        return sent, joined(taken(sent, now), taken(everything, is_due | is_item), posts)

    def _acquaint(self, pairs: np.ndarray) -> None:
        if not len(pairs):
            return
        town = self.town
        short = self.used + room_needed(town.people, pairs) - len(town.ties)
        if short > 0:
            more = free_ties(max(short, len(town.ties) // 4))
            self.town = town = town._replace(ties=joined(town.ties, more))
        self.used = acquaint(town.people, town.ties, self.used, pairs, self.day, self.seed, town.settings[0])

    def _rounds(self, sent: np.ndarray, arriving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Deliver and answer until nothing more arrives today; what is left after the last round waits."""
        received = np.zeros(len(self.town.people), np.int64)
        all_sent, delivered = [sent], [np.zeros(0, GESTURE)]
        for _ in range(ROUNDS):
            if not len(arriving):
                break
            first, order = in_order(arriving, len(self.town.people), BY_RECEIVER, True)
            replies = deliver_round(self.town, arriving, first, order, received, self.day, self.seed)
            delivered.append(arriving)
            answered = replies["kind"] != NO_ANSWER
            self._book(taken(arriving, answered & (arriving["kind"] == _INVITATION)))
            today = replies["day"] == self.day
            self._post_off(taken(replies, answered & ~today))
            arriving = taken(replies, answered & today)
            all_sent.append(arriving)
        waiting = arriving.copy()
        waiting["arrives_day"] = self.day + 1
        self._post_off(waiting)
        return joined(*all_sent), joined(*delivered)

    def _settle(self, met: np.ndarray, sent: np.ndarray, delivered: np.ndarray) -> DayRecord:
        town, day = self.town, self.day
        sent = taken(sent, self._order(sent, BY_PAIR))
        delivered = taken(delivered, self._order(delivered, BY_PAIR, arrival=True))
        expose(town, met, day)
        keep_in_mind(town, sent, day)
        new_ties = settle_all_noticed(town, delivered, day)
        forgotten = forget(town, day, self.nothing)
        return DayRecord(day, sent, delivered, new_ties, forgotten, met)

    def _order(self, gestures: np.ndarray, by: int, arrival: bool = False) -> np.ndarray:
        order: np.ndarray = in_order(gestures, len(self.town.people), by, arrival)[1]
        return order

    def _post_off(self, gestures: np.ndarray) -> None:
        """Keep for a later day."""
        if len(gestures):
            gestures["sender_slot"] = NOBODY
            gestures["receiver_slot"] = NOBODY
            self.mail = joined(self.mail, gestures)

    def _book(self, accepted: np.ndarray) -> None:
        """Whoever says yes to an invitation is expected on the evening."""
        if len(accepted):
            guests = np.zeros(len(accepted), BOOKING)
            guests["host"], guests["guest"] = accepted["sender"], accepted["receiver"]
            guests["day"] = accepted["day"] + self.parameters.event_notice_days
            self.bookings = np.unique(joined(self.bookings, guests))

    def active_ties(self) -> np.ndarray:
        """Active ties of each person today, shape (n,)."""
        return active_ties(self.town.people, self.town.ties, self.day, self.town.settings[0])

    def to_world(self) -> World:
        """The world as it now is, in its canonical form: people's slots one after another, mail in order."""
        people = self.town.people.copy()
        first = np.concatenate([[0], np.cumsum(people["slots"][:-1], dtype=np.int64)])
        rows = np.repeat(people["first"] - first, people["slots"]) + np.arange(people["slots"].sum())
        people["first"] = first
        return World(
            day=self.day,
            people=people,
            ties=taken(self.town.ties, rows),
            parameters=self.parameters,
            plans=self.town.plans.copy(),
            mail=canonical_mail(self.mail),
            bookings=self.bookings.copy(),
            members=self.members[np.argsort(self.members["founder"], kind="stable")],
            strategies_end=self.strategies_end,
            names=self.names,
        )
