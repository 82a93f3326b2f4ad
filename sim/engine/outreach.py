"""Phases 2 and 3, over arrays: what brings people to mind, and which gestures come of it.

What happens here concerns only the person who reaches out: their ties, minutes, practice and plans. Spontaneous prompts
come first in the file, planned sittings after them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from sim.engine.compiling import allocating, inlined, new_scratch, outlined
from sim.engine.memory import (
    ANYONE,
    comes_to_mind_from,
    comes_up_in_feed,
    fetch_known,
    find_slot,
    first_for_sure,
    likeliest_in_feed,
    mirror_of,
    next_attempt,
    shown,
)
from sim.engine.places import pay_session
from sim.engine.prefetch import fetch
from sim.engine.sorting import chunks_of, people_of, rows_by
from sim.model import rules
from sim.model.chance import Decision, Occasion, cause_of, poisson, uniform, uniforms_of_people
from sim.model.gestures import Channel, Kind
from sim.model.strategies import Place, Plan, Strategy
from sim.state.population import FEED_ITEM, GESTURE, NEVER, NO_ANSWER, NOBODY, PROMPT

PEOPLE_TOGETHER = 16  # whose prompts are worked out before any of them acts: what they need is on its way meanwhile
EVERYONE_KNOWN, ONCE_STRONG, DORMANT, ACTIVE = range(4)  # whom a list names


@njit(cache=True)
def called(town: Any, met: Any, day: int, seed: int) -> Any:
    """Prompts that come from outside: both sides of each meeting, and birthdays that are noticed.

    Returns:
        Prompts by person; where each person's begin, shape (n + 1,).
    """
    people = town.people
    today = town.birthday_people[town.birthday_first[day % 365] : town.birthday_first[day % 365 + 1]]
    most = 2 * len(met)
    for person in today:
        most += people[person].held
    prompts = np.empty(most, PROMPT)
    count = 0
    for k in range(len(met)):
        low, high, place = met[k].low, met[k].high, met[k].place
        order = int(2**20 * uniform(seed, Decision.MEETING_ORDER, day, low, high, cause_of(Occasion.PLACE, place)))
        slot = find_slot(town, low, high)
        back = mirror_of(town, low, slot)
        for side in range(2):
            prompt = prompts[count]
            prompt.person, prompt.other = (low, high) if side == 0 else (high, low)
            prompt.slot = slot if side == 0 else back
            prompt.plan = met[k].low_plan if side == 0 else met[k].high_plan
            prompt.cause = cause_of(Occasion.MEETING, (place << 20) | order)
            prompt.second, prompt.channel, prompt.place = met[k].second, Channel.IN_PERSON, place
            prompt.attempt = NOBODY
            count += 1
    for person in today:
        for slot in range(people[person].slots):
            if birthday_noticed(town, person, slot, day, seed):
                birthday_prompt(town, person, slot, prompts[count], day, seed)
                count += 1
    found = prompts[:count].copy()
    first, by_person = rows_by(found["person"], len(people))
    for row in range(count):
        found[row] = prompts[by_person[row]]
    return found, first


@inlined
def birthday_noticed(town: Any, person: int, slot: int, day: int, seed: int) -> bool:
    """Whether the one in this slot notices a person's birthday."""
    tie = town.ties[town.people[person].first + slot]
    if tie.other == NOBODY or tie.acquaintance:
        return False
    luck = uniform(seed, Decision.BIRTHDAY_NOTICED, day, tie.other, person, cause_of(Occasion.BIRTHDAY, 0))
    return luck < town.settings[0].birthday_noticed


@inlined
def birthday_prompt(town: Any, person: int, slot: int, prompt: Any, day: int, seed: int) -> None:
    """The prompt that comes of it."""
    tie, cause = town.ties[town.people[person].first + slot], cause_of(Occasion.BIRTHDAY, 0)
    prompt.person, prompt.other, prompt.slot = tie.other, person, tie.mirror
    prompt.cause, prompt.channel, prompt.place, prompt.plan = cause, Channel.PRIVATE, Place.NOWHERE, NOBODY
    prompt.attempt = NOBODY
    prompt.second = int(86_400 * uniform(seed, Decision.PROMPT_SECOND, day, tie.other, person, cause))


@inlined
def sitting_today(town: Any, row: int, day: int, planning: bool) -> float:
    """Minutes that a plan has for a sitting today (feed, list, posts, or an event to invite to); 0 if none."""
    p = town.settings[0]
    plan = town.plans[row]
    way, least = p.plan[plan.strategy], p.session_minutes[plan.strategy]
    if not planning:
        return 0.0
    if way == Plan.EVENT:
        return least if plan.purse >= least and plan.event_day < day else 0.0
    if way == Plan.FEED or way == Plan.LIST or way == Plan.POSTS:
        return rules.sitting_budget(plan.purse, least, rules.sittings_left(day, p.sittings[plan.strategy]))
    return 0.0


@outlined
def most_gestures(town: Any, row: int, minutes: float) -> int:
    """An upper bound of what a sitting can send."""
    p = town.settings[0]
    way = p.plan[town.plans[row].strategy]
    if way == Plan.FEED:
        return 2 * (int(minutes / p.scroll_minutes) + 1)
    if way == Plan.POSTS:
        return int(minutes / p.minutes[Kind.POST]) + 1
    return town.people[town.plans[row].person].held


@inlined
def zeal_today(town: Any, person: int, day: int, seed: int) -> float:
    """Factor on how often others come to a person's mind today; it stays the same for a spell."""
    zeal = town.zeal[person]
    if day >= zeal.until:
        p = town.settings[0]
        zeal.factor = town.people[person].sociability * rules.busyness(seed, person, day, p)
        zeal.until = rules.end_of_spell(seed, person, day, p)
    return float(zeal.factor)


@inlined
def count_ordinary(town: Any, person: int, luck: Any, counts: Any, day: int, seed: int) -> None:
    """How often routine, the feed and encounters bring someone to mind, by the quantiles of luck; shapes (3,)."""
    p, zeal = town.settings[0], zeal_today(town, person, day, seed)
    counts[0] = poisson(p.routine_rate * zeal, luck[0])
    counts[1] = poisson(p.feed_rate * zeal, luck[1])
    counts[2] = poisson(p.encounter_rate * zeal, luck[2])


@outlined
def _count_prompts_of(
    town: Any, start: int, luck: Any, calls_first: Any, counts: Any, how_many: Any, day: int, planning: bool, seed: int
) -> int:
    """Prompts of each of these people; returns room for the gestures that may come of them."""
    room = 0
    for k in range(luck.shape[1]):
        person = start + k
        count_ordinary(town, person, luck[:, k], counts[person], day, seed)
        occasions = counts[person, 0] + counts[person, 1] + counts[person, 2]
        occasions += calls_first[person + 1] - calls_first[person]
        room += occasions + counts[person, 1]
        for row in range(town.plan_first[person], town.plan_first[person + 1]):
            minutes = sitting_today(town, row, day, planning)
            if minutes > 0.0:
                occasions += 1
                room += most_gestures(town, row, minutes)
        how_many[person] = occasions
    return room


@njit(cache=True, parallel=True)
def count_prompts(town: Any, calls_first: Any, day: int, planning: bool, seed: int) -> Any:
    """How often something brings someone to mind, shape (n, 3): routine, feed, encounters; and room for it all.

    Returns:
        The counts; how many prompts each person has in all; where the gestures of each chunk of people may begin, with
        room for all that may come of the prompts, shape (chunks + 1,).
    """
    n = len(town.people)
    counts, how_many = np.empty((n, 3), np.int32), np.empty(n, np.int32)
    room = np.zeros(chunks_of(n) + 1, np.int64)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        luck = np.empty((3, stop - start))
        uniforms_of_people(luck[0], seed, Decision.ROUTINE_COUNT, day, start)
        uniforms_of_people(luck[1], seed, Decision.FEED_COUNT, day, start)
        uniforms_of_people(luck[2], seed, Decision.ENCOUNTER_COUNT, day, start)
        room[part + 1] = _count_prompts_of(town, start, luck, calls_first, counts, how_many, day, planning, seed)
    return counts, how_many, np.cumsum(room)


@inlined
def new_prompt(prompt: Any, person: int, other: int, slot: int, cause: int, channel: int, day: int, seed: int) -> None:
    """An ordinary prompt at a keyed second."""
    prompt.person, prompt.other, prompt.slot, prompt.cause, prompt.channel = person, other, slot, cause, channel
    prompt.second = int(86_400 * uniform(seed, Decision.PROMPT_SECOND, day, person, 0, cause))
    prompt.place, prompt.plan, prompt.attempt = Place.NOWHERE, NOBODY, NOBODY


@inlined
def begin_thought(town: Any, prompt: Any, day: int, seed: int, scratch: Any) -> None:
    """Look for whom a prompt may fall on, and ask memory for the tie."""
    prompt.attempt, prompt.slot, prompt.luck = next_attempt(town, prompt.person, 0, day, prompt.cause, seed, scratch)
    if prompt.slot != NOBODY:
        fetch(town.ties, town.people[prompt.person].first + prompt.slot)


@inlined
def begin_feed_item(town: Any, prompt: Any, among: int, day: int, seed: int, scratch: Any) -> None:
    """Look for whom a feed item may be from, of so many who are shown, and ask memory for the tie."""
    prompt.attempt = 0
    prompt.slot, prompt.luck, prompt.rival = likeliest_in_feed(prompt.person, among, day, prompt.cause, seed, scratch)
    fetch(town.ties, town.people[prompt.person].first + prompt.slot)


@inlined
def stranger(town: Any, person: int, who: float, day: int, cause: int, seed: int) -> int:
    """Whom a chance encounter with no one in particular is with: of the community, or anyone at all."""
    people, p = town.people, town.settings[0]
    u = uniform(seed, Decision.ENCOUNTER_STRANGER, day, person, 0, cause)
    if who >= p.encounter_known + p.encounter_community:
        return int(u * len(people))
    community = people[person].community
    start, stop = town.community_first[community], town.community_first[community + 1]
    return int(town.community_people[start + int(u * (stop - start))])


@inlined
def begin_ordinary_prompts(town: Any, person: int, counts: Any, prompts: Any, day: int, seed: int, scratch: Any) -> int:
    """Begin what routine, the feed and encounters prompt today; returns how many. Whom they fall on may be open yet."""
    count = 0
    for k in range(counts[0] if town.people[person].held > 0 else 0):
        cause = cause_of(Occasion.ROUTINE, k)
        new_prompt(prompts[count], person, NOBODY, NOBODY, cause, Channel.PRIVATE, day, seed)
        begin_thought(town, prompts[count], day, seed, scratch)
        count += 1
    among = shown(town, person, scratch) if counts[1] > 0 else 0
    for k in range(counts[1] if among > 0 else 0):
        new_prompt(prompts[count], person, NOBODY, NOBODY, cause_of(Occasion.FEED, k), Channel.FEED, day, seed)
        begin_feed_item(town, prompts[count], among, day, seed, scratch)
        count += 1
    for k in range(counts[2]):
        cause = cause_of(Occasion.ENCOUNTER, k)
        who = uniform(seed, Decision.ENCOUNTER_WHO, day, person, 0, cause)
        if who >= town.settings[0].encounter_known:
            other = stranger(town, person, who, day, cause, seed)
            if other != person:
                slot = find_slot(town, person, other)
                new_prompt(prompts[count], person, other, slot, cause, Channel.IN_PERSON, day, seed)
                count += 1
        elif town.people[person].held > 0:
            new_prompt(prompts[count], person, NOBODY, NOBODY, cause, Channel.IN_PERSON, day, seed)
            begin_thought(town, prompts[count], day, seed, scratch)
            count += 1
    return count


@inlined
def begin_prompts(
    town: Any, person: int, counts: Any, calls: Any, prompts: Any, day: int, planning: bool, seed: int, scratch: Any
) -> int:
    """The same for all of a person's prompts of the day."""
    count = begin_ordinary_prompts(town, person, counts, prompts, day, seed, scratch)
    for k in range(len(calls)):
        prompts[count] = calls[k]
        count += 1
    for row in range(town.plan_first[person], town.plan_first[person + 1]):
        if sitting_today(town, row, day, planning) > 0.0:
            cause = cause_of(Occasion.PLAN, town.plans[row].strategy << 16)
            new_prompt(prompts[count], person, NOBODY, NOBODY, cause, Channel.PRIVATE, day, seed)
            prompts[count].plan = row
            count += 1
    return count


@inlined
def settle_prompt(town: Any, prompt: Any, day: int, seed: int, scratch: Any) -> bool:
    """Settle whom a prompt falls on, by the tie that was asked for; returns whether there is anybody."""
    person = prompt.person
    if prompt.attempt == NOBODY:
        return True
    if prompt.channel != Channel.FEED:
        prompt.slot = comes_to_mind_from(
            town, person, prompt.attempt, prompt.slot, prompt.luck, day, prompt.cause, ANYONE, 0, seed, scratch
        )
    elif not first_for_sure(town, person, prompt.slot, prompt.luck, prompt.rival, day):
        among = shown(town, person, scratch)
        prompt.slot = comes_up_in_feed(town, person, among, day, prompt.cause, seed, scratch)
    if prompt.slot == NOBODY:
        return False
    prompt.other = town.others[town.people[person].first + prompt.slot]
    return True


@inlined
def settle_prompts(town: Any, prompts: Any, begun: int, day: int, seed: int, scratch: Any) -> int:
    """Settle whom a person's prompts fall on and put them in order of (second, cause, other); returns how many stay."""
    count = 0
    for k in range(begun):
        if settle_prompt(town, prompts[k], day, seed, scratch):
            if count < k:
                prompts[count] = prompts[k]
            count += 1
    for k in range(1, count):
        for j in range(k, 0, -1):
            if not earlier_prompt(prompts[j], prompts[j - 1]):
                break
            scratch.prompt[0] = prompts[j]
            prompts[j] = prompts[j - 1]
            prompts[j - 1] = scratch.prompt[0]
    return count


@inlined
def earlier_prompt(one: Any, two: Any) -> bool:
    """Order of prompts: second, cause, other."""
    if one.second != two.second:
        return one.second < two.second
    if one.cause != two.cause:
        return one.cause < two.cause
    return one.other < two.other


@inlined
def emit(out: Any, count: int, prompt: Any, kind: int, day: int, p: Any) -> int:
    """Put a gesture of this kind, in answer to a prompt, into the person's outbox; returns the new count."""
    gesture = out[count]
    gesture.sender, gesture.receiver, gesture.kind = prompt.person, prompt.other, kind
    gesture.day, gesture.second = day, prompt.second
    gesture.channel = rules.channel_of(kind, prompt.channel, p)
    gesture.arrives_day = day + rules.days_under_way(kind, p)
    gesture.arrives_second = prompt.second
    gesture.at_place = 1 if prompt.place != Place.NOWHERE else 0
    gesture.sure, gesture.noticed = 0, 0
    gesture.cause = prompt.cause
    gesture.parent_cause, gesture.parent_day, gesture.parent_kind = 0, NEVER, NO_ANSWER
    gesture.unanswered = 0.0
    gesture.sender_slot, gesture.receiver_slot = prompt.slot, NOBODY
    return count + 1


@inlined
def emit_post_seen(out: Any, count: int, town: Any, prompt: Any, day: int) -> int:
    """A feed item that a person looks at: the other's post, surely noticed."""
    kept = emit(out, count, prompt, Kind.POST, day, town.settings[0])
    gesture = out[count]
    gesture.sender, gesture.receiver, gesture.sure = prompt.other, prompt.person, FEED_ITEM
    gesture.sender_slot = town.ties[town.people[prompt.person].first + prompt.slot].mirror
    gesture.receiver_slot = prompt.slot
    return kept


@inlined
def comfort_now(people: Any, prompt: Any, day: int, seed: int, p: Any) -> float:
    """Rule 3: what the person dares at this prompt."""
    person = people[prompt.person]
    practice = rules.practice_now(person.practice, day - person.practised, p)
    return rules.comfort(practice, uniform(seed, Decision.COMFORT, day, prompt.person, prompt.other, prompt.cause), p)


@inlined
def practise(person: Any, kind: int, day: int, p: Any) -> None:
    """Rule 8, for the sender of a gesture."""
    if p.worded[kind]:
        person.practice = rules.practised(rules.practice_now(person.practice, day - person.practised, p), p)
        person.practised = day


@inlined
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


@inlined
def dares(town: Any, prompt: Any, kind: int, channel: int, day: int, seed: int) -> bool:
    """Whether a planned gesture is within reach: the plan chooses the rung, not the barrier."""
    p = town.settings[0]
    strength, openness, opened_by, unanswered = felt(town, prompt, day)
    hesitance = town.people[prompt.person].hesitance
    needed = rules.barrier(kind, channel, strength, openness, opened_by, unanswered, hesitance, p)
    return needed <= comfort_now(town.people, prompt, day, seed, p) + p.follow_through


@inlined
def act_spontaneously(town: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """An ordinary prompt: see the feed item, take the last gesture within reach, if there are minutes for it."""
    p = town.settings[0]
    person = town.people[prompt.person]
    if prompt.channel == Channel.FEED:
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


@outlined
def act_at_place(town: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """A planned gesture towards somebody met: the second kind for people known before, while the session lasts."""
    p = town.settings[0]
    plan = town.plans[prompt.plan]
    kind = p.second[plan.strategy]
    if prompt.place != Place.EVENT and (prompt.slot == NOBODY or p.minutes[kind] > plan.usable):
        kind = p.first[plan.strategy]
    if p.minutes[kind] > plan.usable or plan.refusals >= p.refused_most:
        return count
    if not dares(town, prompt, kind, Channel.IN_PERSON, day, seed):
        lost = min(p.refused_minutes, plan.usable)
        plan.usable = rules.minus(plan.usable, lost)
        plan.refused += lost
        plan.refusals += 1
        return count
    plan.usable = rules.minus(plan.usable, p.minutes[kind])
    practise(town.people[prompt.person], kind, day, p)
    return emit(out, count, prompt, kind, day, p)


@outlined
def planned_kind(strategy: int, prompt: Any, day: int, seed: int, p: Any) -> int:
    """The likelier or the other gesture of a strategy, by a keyed draw."""
    share = p.first_share[strategy]
    if share >= 1.0 or uniform(seed, Decision.PLANNED_KIND, day, prompt.person, prompt.other, prompt.cause) < share:
        return p.first[strategy]
    return p.second[strategy]


@allocating
def sit_at_feed(town: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """A planned feed session: scroll, and react once to each person shown, until the minutes are gone."""
    people, p = town.people, town.settings[0]
    plan = town.plans[prompt.plan]
    first = people[prompt.person].first
    scratch = new_scratch(town)
    among = shown(town, prompt.person, scratch)
    done = np.zeros(people[prompt.person].slots, np.bool_)
    spent, refusals, item = 0.0, 0, 0
    start = prompt.cause
    prompt.channel = Channel.FEED
    while spent + p.scroll_minutes <= minutes and refusals < p.refused_most:
        prompt.cause = start + item
        item += 1
        prompt.slot = comes_up_in_feed(town, prompt.person, among, day, prompt.cause, seed, scratch)
        if prompt.slot == NOBODY:
            break
        spent += p.scroll_minutes
        if done[prompt.slot]:
            continue
        done[prompt.slot] = True
        prompt.other = town.others[first + prompt.slot]
        count = emit_post_seen(out, count, town, prompt, day)
        kind = planned_kind(plan.strategy, prompt, day, seed, p)
        if spent + p.minutes[kind] > minutes:
            break
        if dares(town, prompt, kind, Channel.FEED, day, seed):
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


@allocating
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


@outlined
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


@allocating
def sit_over_list(town: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """A sitting of notes, or of messages and calls, down the list until the minutes are gone."""
    people, ties, p = town.people, town.ties, town.settings[0]
    plan = town.plans[prompt.plan]
    wanted = ONCE_STRONG if plan.strategy == Strategy.HANDWRITTEN_NOTES else EVERYONE_KNOWN
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
        if dares(town, prompt, kind, rules.channel_of(kind, Channel.PRIVATE, p), day, seed):
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


@outlined
def sit_to_post(town: Any, prompt: Any, minutes: float, out: Any, count: int, day: int) -> int:
    """Planned posts: as many as the minutes allow; nobody is addressed, so nothing has to be dared."""
    p = town.settings[0]
    plan = town.plans[prompt.plan]
    start = prompt.cause
    spent, item = 0.0, 0
    while spent + p.minutes[Kind.POST] <= minutes:
        prompt.cause = start + item
        item += 1
        spent += p.minutes[Kind.POST]
        practise(town.people[prompt.person], Kind.POST, day, p)
        count = emit(out, count, prompt, Kind.POST, day, p)
    plan.purse = rules.minus(plan.purse, spent)
    plan.spent += spent
    return count


@allocating
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
        if dares(town, prompt, kind, Channel.PRIVATE, day, seed):
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


@allocating
def act_on_plan(town: Any, prompt: Any, out: Any, count: int, day: int, planning: bool, seed: int) -> int:
    """What a person makes of a sitting that is planned."""
    minutes = sitting_today(town, prompt.plan, day, planning)
    way = town.settings[0].plan[town.plans[prompt.plan].strategy]
    if way == Plan.FEED:
        return sit_at_feed(town, prompt, minutes, out, count, day, seed)
    if way == Plan.LIST:
        return sit_over_list(town, prompt, minutes, out, count, day, seed)
    if way == Plan.POSTS:
        return sit_to_post(town, prompt, minutes, out, count, day)
    return sit_to_invite(town, prompt, out, count, day, seed)


@inlined
def act(town: Any, prompt: Any, out: Any, count: int, day: int, planning: bool, seed: int) -> int:
    """What a person makes of one prompt; returns how many gestures are in the outbox after it."""
    if prompt.plan == NOBODY:
        return act_spontaneously(town, prompt, out, count, day, seed)
    if prompt.place != Place.NOWHERE:
        return act_at_place(town, prompt, out, count, day, seed)
    return act_on_plan(town, prompt, out, count, day, planning, seed)


@outlined
def act_together(
    town: Any, active: Any, counts: Any, calls: Any, calls_first: Any, prompts: Any, prompts_first: Any, begun: Any,
    out: Any, count: int, day: int, planning: bool, seed: int, scratch: Any,
) -> int:  # fmt: skip
    """Prompts, then gestures, of a few people who are prompted; ``active`` has their ids.

    Returns:
        How many gestures are in the outbox after them.
    """
    for person in active:
        fetch_known(town, person)
    for k, person in enumerate(active):
        theirs = calls[calls_first[person] : calls_first[person + 1]]
        mine = prompts[prompts_first[k] : prompts_first[k + 1]]
        begun[k] = begin_prompts(town, person, counts[person], theirs, mine, day, planning, seed, scratch)
    for k in range(len(active)):
        mine = prompts[prompts_first[k] : prompts_first[k + 1]]
        begun[k] = settle_prompts(town, mine, begun[k], day, seed, scratch)
    for k in range(len(active)):
        for row in range(prompts_first[k], prompts_first[k] + begun[k]):
            count = act(town, prompts[row], out, count, day, planning, seed)
    return count


@outlined
def prompted(how_many: Any, start: int, active: Any, first: Any) -> int:
    """Who has prompts, of people `start` and on; where those of each begin; returns how many they are."""
    count = 0
    for k in range(len(how_many)):
        active[count] = start + k
        first[count + 1] = first[count] + how_many[k]
        count += how_many[k] > 0
    return count


@njit(cache=True, parallel=True)
def act_all(
    town: Any, counts: Any, calls: Any, calls_first: Any, how_many: Any, first: Any, day: int, planning: bool, seed: int
) -> Any:
    """Prompts, then the gestures that come of them in order of second, person by person.

    They stand in one function because prompts concern only the person who has them; nothing is read in between.

    Returns:
        Gestures and feed items seen, from where each chunk of people begins in `first`; how many there are of each.
    """
    n = len(town.people)
    out = np.empty(first[-1], GESTURE)
    sent = np.zeros(chunks_of(n), np.int64)
    for part in prange(chunks_of(n)):
        scratch = new_scratch(town)
        start, stop = people_of(part, n)
        active, prompts_first = np.empty(stop - start, np.int64), np.zeros(stop - start + 1, np.int64)
        count = prompted(how_many[start:stop], start, active, prompts_first)
        prompts, begun = np.empty(prompts_first[count], PROMPT), np.empty(PEOPLE_TOGETHER, np.int64)
        for begin in range(0, count, PEOPLE_TOGETHER):
            end = min(count, begin + PEOPLE_TOGETHER)
            sent[part] = act_together(
                town, active[begin:end], counts, calls, calls_first, prompts, prompts_first[begin : end + 1], begun,
                out[first[part] : first[part + 1]], sent[part], day, planning, seed, scratch,
            )  # fmt: skip
    return out, sent


@outlined
def _count_seen(out: Any) -> int:
    seen = 0
    for row in range(len(out)):
        seen += out[row].sure == FEED_ITEM
    return seen


@outlined
def _pack(out: Any, gestures: Any, seen: Any) -> None:
    count = count_seen = 0
    for row in range(len(out)):
        if out[row].sure == FEED_ITEM:
            seen[count_seen] = out[row]
            count_seen += 1
        else:
            gestures[count] = out[row]
            count += 1


@njit(cache=True, parallel=True)
def packed_together(out: Any, first: Any, sent: Any) -> Any:
    """What is in everyone's outbox, without the room that was left: gestures, and feed items seen."""
    chunks = len(sent)
    at, at_seen = np.zeros(chunks + 1, np.int64), np.zeros(chunks + 1, np.int64)
    for part in prange(chunks):
        at_seen[part + 1] = _count_seen(out[first[part] : first[part] + sent[part]])
    for part in range(chunks):
        at_seen[part + 1] += at_seen[part]
        at[part + 1] = at[part] + sent[part] - (at_seen[part + 1] - at_seen[part])
    gestures, seen = np.empty(at[chunks], GESTURE), np.empty(at_seen[chunks], GESTURE)
    for part in prange(chunks):
        mine = out[first[part] : first[part] + sent[part]]
        _pack(mine, gestures[at[part] : at[part + 1]], seen[at_seen[part] : at_seen[part + 1]])
    return gestures, seen


@njit(cache=True)
def reach_out(town: Any, met: Any, day: int, planning: bool, seed: int) -> Any:
    """Phases 2 and 3 for everyone.

    Returns:
        Gestures that are sent today; feed items seen.
    """
    calls, calls_first = called(town, met, day, seed)
    counts, how_many, first = count_prompts(town, calls_first, day, planning, seed)
    out, sent = act_all(town, counts, calls, calls_first, how_many, first, day, planning, seed)
    return packed_together(out, first, sent)
