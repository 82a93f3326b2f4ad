"""Reaching out, over arrays: prompts that bring people to mind, and the gestures that people make in response.

Everything here affects only the person who reaches out: their ties, minutes, practice and plans. Spontaneous prompts
come first in the file, planned sessions after them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from sim.engine.compiling import new_scratch, njit_alloc, njit_inline, njit_noalloc
from sim.engine.memory import (
    comes_to_mind_from,
    comes_up_in_feed,
    fetch_known,
    find_slot,
    likeliest_in_feed,
    mirror_of,
    next_attempt,
    shown,
    surely_first,
)
from sim.engine.places import back_out, pay, pay_session
from sim.engine.prefetch import fetch
from sim.engine.sorting import chunks_of, people_of, rows_by
from sim.model import rules
from sim.model.chance import DrawPurpose, Occasion, event_key_of, poisson, uniform, uniforms_of_people
from sim.model.gestures import Channel, Kind
from sim.model.strategies import Place, Plan
from sim.model.whom import ACTIVE, ANYONE, DORMANT
from sim.state.population import FEED_ITEM, GESTURE, NEVER, NO_ANSWER, NOBODY, PROMPT

PEOPLE_TOGETHER = 16  # prompts of this many people are prepared before any of them acts, to hide memory latency


@njit(cache=True)
def outside_prompts(state: Any, met: Any, day: int, seed: int) -> Any:
    """Prompts from outside: one for each side of each meeting, and one for each birthday that is noticed.

    Returns:
        The prompts, type `PROMPT`, sorted by person, and the row at which each person's prompts begin, shape (n + 1,).
    """
    people = state.people
    today = state.birthday_people[state.birthday_first[day % 365] : state.birthday_first[day % 365 + 1]]
    most = 2 * len(met)
    for person in today:
        most += people[person].degree
    prompts = np.empty(most, PROMPT)
    count = 0
    for k in range(len(met)):
        low, high, place = met[k].low, met[k].high, met[k].place
        order = int(
            2**20 * uniform(seed, DrawPurpose.MEETING_ORDER, day, low, high, event_key_of(Occasion.PLACE, place))
        )
        slot = find_slot(state, low, high)
        back = mirror_of(state, low, slot)
        for side in range(2):
            prompt = prompts[count]
            prompt.person, prompt.other = (low, high) if side == 0 else (high, low)
            prompt.slot = slot if side == 0 else back
            prompt.plan = met[k].low_plan if side == 0 else met[k].high_plan
            prompt.event_key = event_key_of(Occasion.MEETING, (place << 20) | order)
            prompt.second, prompt.channel, prompt.place = met[k].second, Channel.IN_PERSON, place
            prompt.attempt = NOBODY
            count += 1
    for person in today:
        for slot in range(people[person].slots):
            if birthday_noticed(state, person, slot, day, seed):
                birthday_prompt(state, person, slot, prompts[count], day, seed)
                count += 1
    found = prompts[:count].copy()
    first, by_person = rows_by(found["person"], len(people))
    for row in range(count):
        found[row] = prompts[by_person[row]]
    return found, first


@njit_inline
def birthday_noticed(state: Any, person: int, slot: int, day: int, seed: int) -> bool:
    """Whether the contact in this slot notices the person's birthday. Acquaintances never do."""
    tie = state.ties[state.people[person].first + slot]
    if tie.other == NOBODY or tie.acquaintance:
        return False
    draw = uniform(seed, DrawPurpose.BIRTHDAY_NOTICED, day, tie.other, person, event_key_of(Occasion.BIRTHDAY, 0))
    return draw < state.settings[0].birthday_noticed


@njit_inline
def birthday_prompt(state: Any, person: int, slot: int, prompt: Any, day: int, seed: int) -> None:
    """Fill in the prompt of a contact, the one in this slot, who noticed the person's birthday."""
    tie, event_key = state.ties[state.people[person].first + slot], event_key_of(Occasion.BIRTHDAY, 0)
    prompt.person, prompt.other, prompt.slot = tie.other, person, tie.mirror
    prompt.event_key, prompt.channel, prompt.place, prompt.plan = event_key, Channel.PRIVATE, Place.NOWHERE, NOBODY
    prompt.attempt = NOBODY
    prompt.second = int(86_400 * uniform(seed, DrawPurpose.PROMPT_SECOND, day, tie.other, person, event_key))


@njit_inline
def minutes_for_session(state: Any, row: int, day: int, planning: bool) -> float:
    """Minutes that a plan has for a session today (feed, list, posts or invitations); 0 if there is no session."""
    p = state.settings[0]
    plan = state.plans[row]
    way, least = p.plan[plan.strategy], p.session_minutes[plan.strategy]
    if not planning:
        return 0.0
    if way == Plan.EVENT:
        return least if plan.budget >= least and plan.event_day < day else 0.0
    if way == Plan.FEED or way == Plan.LIST or way == Plan.POSTS:
        return rules.session_budget(plan.budget, least, rules.sessions_left(day, p.sessions[plan.strategy]))
    return 0.0


@njit_noalloc
def most_gestures(state: Any, row: int, minutes: float) -> int:
    """An upper bound on the gestures and feed items that come out of one session of this many minutes."""
    p = state.settings[0]
    way = p.plan[state.plans[row].strategy]
    if way == Plan.FEED:
        return 2 * (int(minutes / p.scroll_minutes) + 1)
    if way == Plan.POSTS:
        return int(minutes / p.minutes[Kind.POST]) + 1
    return state.people[state.plans[row].person].degree


@njit_inline
def activity_today(state: Any, person: int, day: int, seed: int) -> float:
    """Factor on how often others come to a person's mind today: sociability times the burst factor of the spell."""
    activity = state.activity[person]
    if day >= activity.until:
        p = state.settings[0]
        activity.factor = state.people[person].sociability * rules.burst_factor(seed, person, day, p)
        activity.until = rules.end_of_spell(seed, person, day, p)
    return float(activity.factor)


@njit_inline
def count_ordinary(state: Any, person: int, draw: Any, counts: Any, day: int, seed: int) -> None:
    """Count today's routine, feed and encounter prompts: Poisson counts at the quantiles `draw`; shapes (3,)."""
    p, activity = state.settings[0], activity_today(state, person, day, seed)
    counts[0] = poisson(p.routine_rate * activity, draw[0])
    counts[1] = poisson(p.feed_rate * activity, draw[1])
    counts[2] = poisson(p.encounter_rate * activity, draw[2])


@njit_noalloc
def _count_prompts_of(
    state: Any, start: int, draw: Any, calls_first: Any, counts: Any, how_many: Any, day: int, planning: bool, seed: int
) -> int:
    """Count the prompts of people `start` and up; returns the rows needed for the gestures that may result."""
    room = 0
    for k in range(draw.shape[1]):
        person = start + k
        count_ordinary(state, person, draw[:, k], counts[person], day, seed)
        occasions = counts[person, 0] + counts[person, 1] + counts[person, 2]
        occasions += calls_first[person + 1] - calls_first[person]
        room += occasions + counts[person, 1]
        for row in range(state.plan_first[person], state.plan_first[person + 1]):
            minutes = minutes_for_session(state, row, day, planning)
            if minutes > 0.0:
                occasions += 1
                room += most_gestures(state, row, minutes)
        how_many[person] = occasions
    return room


@njit(cache=True, parallel=True)
def count_prompts(state: Any, calls_first: Any, day: int, planning: bool, seed: int) -> Any:
    """Count each person's prompts for today.

    Returns:
        Three arrays: the counts from routine, feed and encounters, shape (n, 3); each person's total, shape (n,); and
        the row at which the gestures of each chunk of people begin, with room for the maximum, shape (chunks + 1,).
    """
    n = len(state.people)
    counts, how_many = np.empty((n, 3), np.int32), np.empty(n, np.int32)
    room = np.zeros(chunks_of(n) + 1, np.int64)
    for part in prange(chunks_of(n)):
        start, stop = people_of(part, n)
        draw = np.empty((3, stop - start))
        uniforms_of_people(draw[0], seed, DrawPurpose.ROUTINE_COUNT, day, start)
        uniforms_of_people(draw[1], seed, DrawPurpose.FEED_COUNT, day, start)
        uniforms_of_people(draw[2], seed, DrawPurpose.ENCOUNTER_COUNT, day, start)
        room[part + 1] = _count_prompts_of(state, start, draw, calls_first, counts, how_many, day, planning, seed)
    return counts, how_many, np.cumsum(room)


@njit_inline
def new_prompt(
    prompt: Any, person: int, other: int, slot: int, event_key: int, channel: int, day: int, seed: int
) -> None:
    """Fill in a spontaneous prompt. Its second of the day is a keyed draw."""
    prompt.person, prompt.other, prompt.slot, prompt.event_key, prompt.channel = person, other, slot, event_key, channel
    prompt.second = int(86_400 * uniform(seed, DrawPurpose.PROMPT_SECOND, day, person, 0, event_key))
    prompt.place, prompt.plan, prompt.attempt = Place.NOWHERE, NOBODY, NOBODY


@njit_inline
def begin_thought(state: Any, prompt: Any, day: int, seed: int, scratch: Any) -> None:
    """Propose a contact for a prompt and prefetch the tie; `settle_prompt` accepts it or draws again."""
    prompt.attempt, prompt.slot, prompt.draw = next_attempt(
        state, prompt.person, 0, day, prompt.event_key, seed, scratch
    )
    if prompt.slot != NOBODY:
        fetch(state.ties, state.people[prompt.person].first + prompt.slot)


@njit_inline
def begin_feed_item(state: Any, prompt: Any, among: int, day: int, seed: int, scratch: Any) -> None:
    """Propose the author of a feed item among the first `among` contacts in `scratch`, and prefetch the tie."""
    prompt.attempt = 0
    prompt.slot, prompt.draw, prompt.rival = likeliest_in_feed(
        prompt.person, among, day, prompt.event_key, seed, scratch
    )
    fetch(state.ties, state.people[prompt.person].first + prompt.slot)


@njit_inline
def stranger(state: Any, person: int, who: float, day: int, event_key: int, seed: int) -> int:
    """The person met in a chance encounter that isn't with a contact: from the community, or from the whole world."""
    people, p = state.people, state.settings[0]
    u = uniform(seed, DrawPurpose.ENCOUNTER_STRANGER, day, person, 0, event_key)
    if who >= p.encounter_known + p.encounter_community:
        return int(u * len(people))
    community = people[person].community
    start, stop = state.community_first[community], state.community_first[community + 1]
    return int(state.community_people[start + int(u * (stop - start))])


@njit_inline
def begin_ordinary_prompts(
    state: Any, person: int, counts: Any, prompts: Any, day: int, seed: int, scratch: Any
) -> int:
    """Begin today's prompts from routine, feed and encounters; returns how many. Some have no final contact yet."""
    count = 0
    for k in range(counts[0] if state.people[person].degree > 0 else 0):
        event_key = event_key_of(Occasion.ROUTINE, k)
        new_prompt(prompts[count], person, NOBODY, NOBODY, event_key, Channel.PRIVATE, day, seed)
        begin_thought(state, prompts[count], day, seed, scratch)
        count += 1
    among = shown(state, person, scratch) if counts[1] > 0 else 0
    for k in range(counts[1] if among > 0 else 0):
        new_prompt(prompts[count], person, NOBODY, NOBODY, event_key_of(Occasion.FEED, k), Channel.FEED, day, seed)
        begin_feed_item(state, prompts[count], among, day, seed, scratch)
        count += 1
    for k in range(counts[2]):
        event_key = event_key_of(Occasion.ENCOUNTER, k)
        who = uniform(seed, DrawPurpose.ENCOUNTER_WHO, day, person, 0, event_key)
        if who >= state.settings[0].encounter_known:
            other = stranger(state, person, who, day, event_key, seed)
            if other != person:
                slot = find_slot(state, person, other)
                new_prompt(prompts[count], person, other, slot, event_key, Channel.IN_PERSON, day, seed)
                count += 1
        elif state.people[person].degree > 0:
            new_prompt(prompts[count], person, NOBODY, NOBODY, event_key, Channel.IN_PERSON, day, seed)
            begin_thought(state, prompts[count], day, seed, scratch)
            count += 1
    return count


@njit_inline
def begin_prompts(
    state: Any, person: int, counts: Any, calls: Any, prompts: Any, day: int, planning: bool, seed: int, scratch: Any
) -> int:
    """Begin all of a person's prompts of the day, with those from outside and planned sessions; returns how many."""
    count = begin_ordinary_prompts(state, person, counts, prompts, day, seed, scratch)
    for k in range(len(calls)):
        prompts[count] = calls[k]
        count += 1
    for row in range(state.plan_first[person], state.plan_first[person + 1]):
        if minutes_for_session(state, row, day, planning) > 0.0:
            event_key = event_key_of(Occasion.PLAN, state.plans[row].strategy << 16)
            new_prompt(prompts[count], person, NOBODY, NOBODY, event_key, Channel.PRIVATE, day, seed)
            prompts[count].plan = row
            count += 1
    return count


@njit_inline
def settle_prompt(state: Any, prompt: Any, day: int, seed: int, scratch: Any) -> bool:
    """Choose the contact of a prompt, now that its tie is in the cache; returns False if there is nobody to choose."""
    person = prompt.person
    if prompt.attempt == NOBODY:
        return True
    if prompt.channel != Channel.FEED:
        prompt.slot = comes_to_mind_from(
            state, person, prompt.attempt, prompt.slot, prompt.draw, day, prompt.event_key, ANYONE, 0, seed, scratch
        )
    elif not surely_first(state, person, prompt.slot, prompt.draw, prompt.rival, day):
        among = shown(state, person, scratch)
        prompt.slot = comes_up_in_feed(state, person, among, day, prompt.event_key, seed, scratch)
    if prompt.slot == NOBODY:
        return False
    prompt.other = state.contact_ids[state.people[person].first + prompt.slot]
    return True


@njit_inline
def settle_prompts(state: Any, prompts: Any, begun: int, day: int, seed: int, scratch: Any) -> int:
    """Choose the contact of each prompt, and sort by (second, event key, other); returns how many prompts remain."""
    count = 0
    for k in range(begun):
        if settle_prompt(state, prompts[k], day, seed, scratch):
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


@njit_inline
def earlier_prompt(one: Any, two: Any) -> bool:
    """Whether one prompt comes before another: by second, then event key, then the id of the other person."""
    if one.second != two.second:
        return one.second < two.second
    if one.event_key != two.event_key:
        return one.event_key < two.event_key
    return one.other < two.other


@njit_inline
def emit(out: Any, count: int, prompt: Any, kind: int, day: int, p: Any) -> int:
    """Write a gesture of this kind, in response to a prompt, into row `count` of the outbox; returns ``count + 1``."""
    gesture = out[count]
    gesture.sender, gesture.receiver, gesture.kind = prompt.person, prompt.other, kind
    gesture.day, gesture.second = day, prompt.second
    gesture.channel = rules.channel_of(kind, prompt.channel, p)
    gesture.arrives_day = day + rules.days_under_way(kind, p)
    gesture.arrives_second = prompt.second
    gesture.at_place = 1 if prompt.place != Place.NOWHERE else 0
    gesture.delivery, gesture.noticed = 0, 0
    gesture.event_key = prompt.event_key
    gesture.parent_key, gesture.parent_day, gesture.parent_kind = 0, NEVER, NO_ANSWER
    gesture.unanswered = 0.0
    gesture.sender_slot, gesture.receiver_slot = prompt.slot, NOBODY
    return count + 1


@njit_inline
def see_post(out: Any, count: int, state: Any, prompt: Any, day: int) -> int:
    """Write the post that a person sees in the feed into row `count` of the outbox; returns ``count + 1``."""
    kept = emit(out, count, prompt, Kind.POST, day, state.settings[0])
    gesture = out[count]
    gesture.sender, gesture.receiver, gesture.delivery = prompt.other, prompt.person, FEED_ITEM
    gesture.sender_slot = state.ties[state.people[prompt.person].first + prompt.slot].mirror
    gesture.receiver_slot = prompt.slot
    return kept


@njit_inline
def comfort(people: Any, prompt: Any, day: int, seed: int, p: Any) -> float:
    """The person's comfort at this prompt, in logits; see `rules.comfort`."""
    person = people[prompt.person]
    practice = rules.practice_now(person.practice, day - person.practised, p)
    return rules.comfort(
        practice, uniform(seed, DrawPurpose.COMFORT, day, prompt.person, prompt.other, prompt.event_key), p
    )


@njit_inline
def practise(person: Any, kind: int, day: int, p: Any) -> None:
    """Raise the sender's practice if the gesture has words; see `rules.practised`."""
    if p.worded[kind]:
        person.practice = rules.practised(rules.practice_now(person.practice, day - person.practised, p), p)
        person.practised = day


@njit_inline
def send(state: Any, prompt: Any, out: Any, count: int, kind: int, day: int) -> int:
    """Send a gesture of this kind and practise if it has words; returns the new number of gestures in the outbox."""
    p = state.settings[0]
    practise(state.people[prompt.person], kind, day, p)
    return emit(out, count, prompt, kind, day, p)


@njit_inline
def perceived(state: Any, prompt: Any, day: int) -> Any:
    """The state of a tie as its holder perceives it: strength, openness, the rung that opened it, unanswered tries."""
    if prompt.slot == NOBODY:
        return 0.0, 0.0, 0, 0.0
    p = state.settings[0]
    tie = state.ties[state.people[prompt.person].first + prompt.slot]
    return (
        rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p),
        rules.openness_now(tie.openness, day - tie.opened, p),
        int(tie.opened_by),
        rules.unanswered_now(tie.unanswered, day - tie.last_sent, p),
    )


@njit_inline
def choose_gesture(state: Any, prompt: Any, day: int, seed: int) -> int:
    """The last gesture on the channel's ladder that comfort allows; -1 if it allows none."""
    p = state.settings[0]
    allowed = comfort(state.people, prompt, day, seed, p)
    strength, openness, opened_by, unanswered = perceived(state, prompt, day)
    reticence = state.people[prompt.person].reticence
    return int(
        rules.gesture_within_reach(prompt.channel, allowed, strength, openness, opened_by, unanswered, reticence, p)
    )


@njit_inline
def accepts(state: Any, prompt: Any, kind: int, channel: int, day: int, seed: int) -> bool:
    """Whether comfort, plus the follow-through of a plan, reaches the barrier of a planned gesture."""
    p = state.settings[0]
    strength, openness, opened_by, unanswered = perceived(state, prompt, day)
    reticence = state.people[prompt.person].reticence
    needed = rules.barrier(kind, channel, strength, openness, opened_by, unanswered, reticence, p)
    return needed <= comfort(state.people, prompt, day, seed, p) + p.follow_through


@njit_inline
def act_spontaneously(state: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """Respond to a spontaneous prompt: see the feed item if it is one, then send the chosen gesture if time allows."""
    p = state.settings[0]
    person = state.people[prompt.person]
    if prompt.channel == Channel.FEED:
        if person.minutes_left < p.scroll_minutes:
            return count
        person.minutes_left = rules.minus(person.minutes_left, p.scroll_minutes)
        count = see_post(out, count, state, prompt, day)
    kind = choose_gesture(state, prompt, day, seed)
    if kind < 0 or person.minutes_left < p.minutes[kind]:
        return count
    person.minutes_left = rules.minus(person.minutes_left, p.minutes[kind])
    return send(state, prompt, out, count, kind, day)


@njit_noalloc
def act_at_place(state: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """Make a planned gesture to a person met: the second kind if they're a contact and time allows, else the first."""
    p = state.settings[0]
    plan = state.plans[prompt.plan]
    kind = rules.kind_at_place(plan.strategy, prompt.place, prompt.slot == NOBODY, plan.usable, p)
    if p.minutes[kind] > plan.usable or plan.refusals >= p.backed_out_most:
        return count
    if not accepts(state, prompt, kind, Channel.IN_PERSON, day, seed):
        back_out(plan, p)
        return count
    plan.usable = rules.minus(plan.usable, p.minutes[kind])
    return send(state, prompt, out, count, kind, day)


@njit_noalloc
def planned_kind(strategy: int, prompt: Any, day: int, seed: int, p: Any) -> int:
    """The kind of a planned gesture: the strategy's first kind with probability `first_share`, else its second."""
    share = p.first_share[strategy]
    if (
        share >= 1.0
        or uniform(seed, DrawPurpose.PLANNED_KIND, day, prompt.person, prompt.other, prompt.event_key) < share
    ):
        return p.first[strategy]
    return p.second[strategy]


@njit_alloc
def feed_session(state: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """Hold a feed session: scroll and react once to each person shown, until the minutes run out."""
    people, p = state.people, state.settings[0]
    plan = state.plans[prompt.plan]
    first = people[prompt.person].first
    scratch = new_scratch(state)
    among = shown(state, prompt.person, scratch)
    done = np.zeros(people[prompt.person].slots, np.bool_)
    used, refusals, item = 0.0, 0, 0
    start = prompt.event_key
    prompt.channel = Channel.FEED
    while used + p.scroll_minutes <= minutes and refusals < p.backed_out_most:
        prompt.event_key = start + item
        item += 1
        prompt.slot = comes_up_in_feed(state, prompt.person, among, day, prompt.event_key, seed, scratch)
        if prompt.slot == NOBODY:
            break
        used += p.scroll_minutes
        if done[prompt.slot]:
            continue
        done[prompt.slot] = True
        prompt.other = state.contact_ids[first + prompt.slot]
        count = see_post(out, count, state, prompt, day)
        kind = planned_kind(plan.strategy, prompt, day, seed, p)
        if used + p.minutes[kind] > minutes:
            break
        if accepts(state, prompt, kind, Channel.FEED, day, seed):
            used += p.minutes[kind]
            count = send(state, prompt, out, count, kind, day)
        else:
            lost = rules.lost_minutes(minutes - used, p)
            used += lost
            plan.minutes_lost += lost
            refusals += 1
    pay(plan, used)
    return count


@njit_alloc
def longest_silent(state: Any, person: int, day: int, wanted: int) -> Any:
    """Slots of the ties on a list, longest silent first, shape (ties,); see `rules.is_listed` for `wanted`."""
    people, ties = state.people, state.ties
    first = people[person].first
    slots = np.empty(people[person].degree, np.int64)
    keys = np.empty(people[person].degree, np.int64)
    count = 0
    for slot in range(people[person].slots):
        tie = ties[first + slot]
        if tie.other != NOBODY and is_listed(tie, day, wanted, state.settings[0]):
            slots[count] = slot
            keys[count] = (np.int64(tie.last_contact) << 32) + tie.other
            count += 1
    return slots[:count][np.argsort(keys[:count], kind="mergesort")]


@njit_noalloc
def is_listed(tie: Any, day: int, wanted: int, p: Any) -> bool:
    """Whether a list of this filter names a tie today; see `rules.is_listed`."""
    standing = rules.standing(tie.traces, day - tie.last_contact)
    return rules.is_listed(wanted, day, tie.planned, tie.acquaintance != 0, standing, tie.last_two_way, tie.two_way, p)


@njit_alloc
def list_session(state: Any, prompt: Any, minutes: float, out: Any, count: int, day: int, seed: int) -> int:
    """Hold a session of notes, or of messages and calls: work down the list until the minutes run out."""
    people, ties, p = state.people, state.ties, state.settings[0]
    plan = state.plans[prompt.plan]
    wanted = rules.list_of(plan.strategy)
    used, refusals = 0.0, 0
    for slot in longest_silent(state, prompt.person, day, wanted):
        if refusals >= p.backed_out_most:
            break
        tie = ties[people[prompt.person].first + slot]
        prompt.other, prompt.slot = tie.other, slot
        kind = planned_kind(plan.strategy, prompt, day, seed, p)
        if used + p.minutes[kind] > minutes:
            break
        tie.planned = day
        if accepts(state, prompt, kind, rules.channel_of(kind, Channel.PRIVATE, p), day, seed):
            used += p.minutes[kind]
            count = send(state, prompt, out, count, kind, day)
        else:
            lost = rules.lost_minutes(minutes - used, p)
            used += lost
            plan.minutes_lost += lost
            refusals += 1
    pay(plan, used)
    return count


@njit_noalloc
def posting_session(state: Any, prompt: Any, minutes: float, out: Any, count: int, day: int) -> int:
    """Hold a posting session: as many posts as the minutes allow. A post has no addressee, so there is no barrier."""
    p = state.settings[0]
    plan = state.plans[prompt.plan]
    start = prompt.event_key
    used, item = 0.0, 0
    while used + p.minutes[Kind.POST] <= minutes:
        prompt.event_key = start + item
        item += 1
        used += p.minutes[Kind.POST]
        count = send(state, prompt, out, count, Kind.POST, day)
    pay(plan, used)
    return count


@njit_alloc
def inviting_session(state: Any, prompt: Any, out: Any, count: int, day: int, seed: int) -> int:
    """Invite dormant and active ties in turn to an event. Without anyone to invite, no event is planned."""
    people, ties, p = state.people, state.ties, state.settings[0]
    plan = state.plans[prompt.plan]
    dormant = longest_silent(state, prompt.person, day, DORMANT)
    active = longest_silent(state, prompt.person, day, ACTIVE)
    if len(dormant) + len(active) == 0:
        return count
    pay_session(plan, p)
    plan.event_day = day + p.event_notice_days
    kind = p.first[plan.strategy]
    invited, d, a = 0, 0, 0
    while invited < p.event_invitations and plan.refusals < p.backed_out_most and d + a < len(dormant) + len(active):
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
        if accepts(state, prompt, kind, Channel.PRIVATE, day, seed):
            plan.usable = rules.minus(plan.usable, p.minutes[kind])
            count = send(state, prompt, out, count, kind, day)
            invited += 1
        else:
            back_out(plan, p)
    return count


@njit_alloc
def hold_session(state: Any, prompt: Any, out: Any, count: int, day: int, planning: bool, seed: int) -> int:
    """Hold a planned session, of the type that the strategy prescribes; returns the gestures in the outbox so far."""
    minutes = minutes_for_session(state, prompt.plan, day, planning)
    way = state.settings[0].plan[state.plans[prompt.plan].strategy]
    if way == Plan.FEED:
        return feed_session(state, prompt, minutes, out, count, day, seed)
    if way == Plan.LIST:
        return list_session(state, prompt, minutes, out, count, day, seed)
    if way == Plan.POSTS:
        return posting_session(state, prompt, minutes, out, count, day)
    return inviting_session(state, prompt, out, count, day, seed)


@njit_inline
def act(state: Any, prompt: Any, out: Any, count: int, day: int, planning: bool, seed: int) -> int:
    """React to one prompt: spontaneously, as planned at a place, or with a session; returns the gestures so far."""
    if prompt.plan == NOBODY:
        return act_spontaneously(state, prompt, out, count, day, seed)
    if prompt.place != Place.NOWHERE:
        return act_at_place(state, prompt, out, count, day, seed)
    return hold_session(state, prompt, out, count, day, planning, seed)


@njit_noalloc
def act_together(
    state: Any, active: Any, counts: Any, calls: Any, calls_first: Any, prompts: Any, prompts_first: Any, begun: Any,
    out: Any, count: int, day: int, planning: bool, seed: int, scratch: Any,
) -> int:  # fmt: skip
    """Work out the prompts, then the gestures, of a few people whose ids are in ``active``.

    Each pass requests the memory that the next one reads, so the passes must stay separate.

    Returns:
        The number of gestures in the outbox.
    """
    for person in active:
        fetch_known(state, person)
    for k, person in enumerate(active):
        theirs = calls[calls_first[person] : calls_first[person + 1]]
        mine = prompts[prompts_first[k] : prompts_first[k + 1]]
        begun[k] = begin_prompts(state, person, counts[person], theirs, mine, day, planning, seed, scratch)
    for k in range(len(active)):
        mine = prompts[prompts_first[k] : prompts_first[k + 1]]
        begun[k] = settle_prompts(state, mine, begun[k], day, seed, scratch)
    for k in range(len(active)):
        for row in range(prompts_first[k], prompts_first[k] + begun[k]):
            count = act(state, prompts[row], out, count, day, planning, seed)
    return count


@njit_noalloc
def prompted(how_many: Any, start: int, active: Any, first: Any) -> int:
    """Collect the people with prompts, from `start` up, and where the prompts of each begin; returns how many."""
    count = 0
    for k in range(len(how_many)):
        active[count] = start + k
        first[count + 1] = first[count] + how_many[k]
        count += how_many[k] > 0
    return count


@njit(cache=True, parallel=True)
def act_all(
    state: Any,
    counts: Any,
    calls: Any,
    calls_first: Any,
    how_many: Any,
    first: Any,
    day: int,
    planning: bool,
    seed: int,
) -> Any:
    """Work out everyone's prompts and the gestures that result, person by person, in order of time.

    One function does both, because a prompt affects only its own person until gestures are delivered.

    Returns:
        Gestures and feed items seen, with each chunk of people from its row in `first`; and the number in each chunk.
    """
    n = len(state.people)
    out = np.empty(first[-1], GESTURE)
    sent = np.zeros(chunks_of(n), np.int64)
    for part in prange(chunks_of(n)):
        scratch = new_scratch(state)
        start, stop = people_of(part, n)
        active, prompts_first = np.empty(stop - start, np.int64), np.zeros(stop - start + 1, np.int64)
        count = prompted(how_many[start:stop], start, active, prompts_first)
        prompts, begun = np.empty(prompts_first[count], PROMPT), np.empty(PEOPLE_TOGETHER, np.int64)
        for begin in range(0, count, PEOPLE_TOGETHER):
            end = min(count, begin + PEOPLE_TOGETHER)
            sent[part] = act_together(
                state, active[begin:end], counts, calls, calls_first, prompts, prompts_first[begin : end + 1], begun,
                out[first[part] : first[part + 1]], sent[part], day, planning, seed, scratch,
            )  # fmt: skip
    return out, sent


@njit_noalloc
def _count_seen(out: Any) -> int:
    seen = 0
    for row in range(len(out)):
        seen += out[row].delivery == FEED_ITEM
    return seen


@njit_noalloc
def _pack(out: Any, gestures: Any, seen: Any) -> None:
    count = count_seen = 0
    for row in range(len(out)):
        if out[row].delivery == FEED_ITEM:
            seen[count_seen] = out[row]
            count_seen += 1
        else:
            gestures[count] = out[row]
            count += 1


@njit(cache=True, parallel=True)
def packed_together(out: Any, first: Any, sent: Any) -> Any:
    """Pack the outboxes without the unused rows; returns gestures and feed items seen, both of type `GESTURE`."""
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
def reach_out(state: Any, met: Any, day: int, planning: bool, seed: int) -> Any:
    """Find everyone's prompts of the day and the gestures that they make in response.

    Returns:
        Gestures sent today, and feed items seen, both of type `GESTURE`.
    """
    calls, calls_first = outside_prompts(state, met, day, seed)
    counts, how_many, first = count_prompts(state, calls_first, day, planning, seed)
    out, sent = act_all(state, counts, calls, calls_first, how_many, first, day, planning, seed)
    return packed_together(out, first, sent)
