"""Our ordinary day in straightforward Numba: arrays, a loop over people, a look at all ties to choose one."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from benchmarks.peers.start import (
    GESTURE,
    KINDS,
    MESSAGE_SHARE,
    NEVER,
    NO_ANSWER,
    NOTES,
    ROUNDS,
    SECONDS_A_DAY,
    SESSION_MINUTES,
    SESSIONS,
    Start,
    laid_out_anew,
    letters,
    tie_columns,
)
from sim.model.gestures import Channel, Kind

NOTE, CALL = int(Kind.NOTE), int(Kind.CALL)
POST, MESSAGE, INVITATION = int(Kind.POST), int(Kind.MESSAGE), int(Kind.INVITATION)
FEED, PRIVATE, IN_PERSON = int(Channel.FEED), int(Channel.PRIVATE), int(Channel.IN_PERSON)
SITTING = -1  # the channel of a prompt that is a plan's
SLOWEST = 5.0**5  # days, the half-life of the slowest trace


class Town(NamedTuple):
    """People and ties, an array each, of shape (people,) or (ties,); what is not said is as in `sim.state`."""

    sociability: np.ndarray
    reticence: np.ndarray
    practice: np.ndarray
    practised: np.ndarray
    minutes_left: np.ndarray
    last_post: np.ndarray
    community: np.ndarray
    group: np.ndarray
    birthday: np.ndarray
    capacity: np.ndarray
    spell: np.ndarray  # factor of the present quiet or busy spell
    spell_ends: np.ndarray  # day
    first: np.ndarray  # row of a person's first tie
    held: np.ndarray  # ties of a person
    received: np.ndarray  # gestures today
    crowd: np.ndarray  # people by community
    crowd_first: np.ndarray  # where each community begins in it
    plan_first: np.ndarray  # a person's rows of the next three, shape (people + 1,)
    plan_strategy: np.ndarray
    plan_share: np.ndarray
    plan_budget: np.ndarray
    other: np.ndarray  # from here on: by tie
    mirror: np.ndarray
    traces: np.ndarray  # (ties, 6)
    affinity: np.ndarray
    last_contact: np.ndarray
    last_sent: np.ndarray
    last_received: np.ndarray
    last_two_way: np.ndarray
    two_way: np.ndarray
    openness: np.ndarray
    opened: np.ndarray
    opened_by: np.ndarray
    unanswered: np.ndarray
    post_seen: np.ndarray
    acquaintance: np.ndarray
    planned: np.ndarray


class NumbaModel:
    """A step is a day."""

    def __init__(self, start: Start, seed: int) -> None:
        self.day, self.p = start.day, start.p
        self.sent, self.strategies_end = np.zeros(KINDS, np.int64), start.strategies_end
        n = len(start.first) - 1
        community = start.people["community"]
        crowd = np.argsort(community, kind="stable")
        self.held, first = np.diff(start.first).astype(np.int64), start.first[:-1].astype(np.int64)
        self.ties = tie_columns(start)
        self.people: dict[str, np.ndarray] = {name: values.copy() for name, values in start.people.items()}
        self.people |= {
            "spell": np.ones(n),
            "spell_ends": np.full(n, NEVER),
            "first": first,
            "held": self.held,
            "received": np.zeros(n, np.int64),
            "plan_first": np.searchsorted(start.plans["person"], np.arange(n + 1)),
            **{f"plan_{name}": start.plans[name].copy() for name in ("strategy", "share", "budget")},
            "crowd": crowd,
            "crowd_first": np.searchsorted(community[crowd], np.arange(community.max() + 2)),
        }
        self._lay_out_anew(np.zeros(n, np.int64))
        self.later, self.waiting = letters(start)
        begin_draws(seed)

    def _lay_out_anew(self, more: np.ndarray) -> np.ndarray:
        self.people["first"], self.room, moved = laid_out_anew(self.people["first"], self.held, more, self.ties)
        self.town = Town(**self.people, **self.ties)
        return moved

    def step(self) -> None:
        """Simulate one day."""
        planning = self.day < self.strategies_end
        morning(self.town, self.day, planning, self.p)
        reminded, reminded_first = reminders(self.town, self.day, self.p)
        counts, room = count_prompts(self.town, reminded_first, self.p)
        out = reach_out(self.town, counts, reminded, reminded_first, np.cumsum(room), self.day, planning, self.p)
        sent, arriving = self._dispatch(out[(out["kind"] >= 0) & (out["kind"] != POST)], out[out["kind"] == POST])
        sent, delivered = self._rounds(sent, arriving)
        settle(self.town, sent, np.argsort(sent["second"], kind="stable"), delivered, self.day, self.p)
        self.sent += np.bincount(sent["kind"], minlength=KINDS)
        self.waiting["row"] = -1  # rows may have moved by tomorrow
        self.day += 1

    def _dispatch(self, fresh: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is sent before any answer of today, and what arrives; strangers become acquaintances."""
        due = self.later["day"] == self.day
        late, self.later = self.later[due], self.later[~due]
        here = self.waiting["arrives"] <= self.day
        due_now, self.waiting = self.waiting[here], self.waiting[~here]
        everything = np.concatenate([fresh, late, due_now, seen])
        more = look_up(self.town, everything)
        if (self.held + more > self.room).any():
            everything["row"] += np.where(everything["row"] < 0, 0, self._lay_out_anew(more)[everything["sender"]])
        acquaint(self.town, everything, self.day, self.p)
        sent = everything[: len(fresh) + len(late)]
        count_tries(self.town, sent, np.argsort(sent["second"], kind="stable"), self.day, self.p)
        under_way = everything["arrives"] > self.day
        self.waiting = np.concatenate([self.waiting, everything[under_way]])
        return sent, everything[~under_way]

    def _rounds(self, sent: np.ndarray, arriving: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Deliver and answer until nothing more arrives today; what is left waits for tomorrow."""
        self.town.received[:] = 0
        all_sent, delivered = [sent], []
        for _ in range(ROUNDS):
            if not len(arriving):
                break
            order = np.argsort(arriving["second"], kind="stable")
            replies = deliver(self.town, arriving, order, self.day, self.p)
            delivered.append(arriving)
            late = replies["day"] > self.day
            self.later = np.concatenate([self.later, replies[late]])
            arriving = replies[~late]
            all_sent.append(arriving)
        self.waiting = np.concatenate([self.waiting, arriving])
        return np.concatenate(all_sent), np.concatenate(delivered or [arriving])


# What people know ------------------------------------------------------------------------------------------------


@njit(cache=True)
def begin_draws(seed: int) -> None:
    """Begin Numba's own generator anew."""
    np.random.seed(seed)


@njit(cache=True)
def faded(value: float, days: int, half_life: float) -> float:
    """What is left of a value after this many days."""
    if days <= 0 or value == 0.0:
        return value
    return value * 2.0 ** (-days / half_life) if half_life > 0.0 else 0.0


@njit(cache=True)
def logit(probability: float) -> float:
    """Log odds."""
    return math.log(probability / (1.0 - probability))


@njit(cache=True)
def expit(x: float) -> float:
    """The probability with these log odds."""
    return 1.0 / (1.0 + math.exp(-x))


@njit(cache=True)
def activation(town: Any, row: int, day: int, p: Any) -> float:
    """What memory keeps of a tie, in contacts; each half-life is five times the one before."""
    factor = 2.0 ** (-(day - town.last_contact[row] + 1) / SLOWEST)
    total = 0.0
    for b in range(5, -1, -1):
        total += p.kernel[b] * town.traces[row, b] * factor
        factor = factor * factor * factor * factor * factor
    return total


@njit(cache=True)
def strength(town: Any, row: int, day: int, p: Any) -> float:
    """How close a tie is, 0 to 1."""
    held = activation(town, row, day, p)
    return held / (held + p.half_strength)


@njit(cache=True)
def openness(town: Any, row: int, day: int, p: Any) -> float:
    """How open the door still is."""
    return faded(town.openness[row], day - town.opened[row], p.openness_half_life)


@njit(cache=True)
def tries(town: Any, row: int, day: int, p: Any) -> float:
    """Own tries without an answer that still weigh."""
    return faded(town.unanswered[row], day - town.last_sent[row], p.unanswered_half_life)


@njit(cache=True)
def remember(town: Any, row: int, mass: float, day: int, p: Any) -> None:
    """A contact adds its mass, the less the stronger the tie is."""
    if mass <= 0.0:
        return
    gain = mass * (1.0 - strength(town, row, day, p))
    factor = 2.0 ** (-(day - town.last_contact[row]) / SLOWEST)
    for b in range(5, -1, -1):
        town.traces[row, b] = town.traces[row, b] * factor + gain
        factor = factor * factor * factor * factor * factor
    town.last_contact[row] = day


@njit(cache=True)
def find(town: Any, person: int, other: int) -> int:
    """The row of a person's tie to another; -1 for strangers."""
    for row in range(town.first[person], town.first[person] + town.held[person]):
        if town.other[row] == other:
            return row
    return -1


@njit(cache=True)
def answer_logit(kind: int, strength: float, openness: float, tries: float, p: Any) -> float:
    """Log odds of an answer."""
    known = p.answer_strength * strength + p.answer_openness * openness
    return p.answer[kind] + known + p.answer_second * min(1.0, tries) - p.answer_fatigue * max(0.0, tries - 1.0)


# Morning and prompts ---------------------------------------------------------------------------------------------


@njit(cache=True)
def morning(town: Any, day: int, planning: bool, p: Any) -> None:
    """Fresh minutes, of plans too, on the weekly day; ordinary posts; new spells."""
    if planning and day % 7 == 0:
        town.plan_budget[:] += p.effort_minutes * town.plan_share
    for person in range(len(town.first)):
        sociability = town.sociability[person]
        if day % 7 == 0:
            town.minutes_left[person] = p.weekly_minutes * min(max(sociability, p.minutes_low), p.minutes_high)
        if np.random.random() < 1.0 - math.exp(-p.post_rate / 7.0 * sociability):
            if town.minutes_left[person] >= p.minutes[POST]:
                town.minutes_left[person] -= p.minutes[POST]
                town.last_post[person] = day
        if day >= town.spell_ends[person]:
            began = town.spell_ends[person] > NEVER
            town.spell_ends[person] = day + (p.spell_days if began else 1 + np.random.randint(p.spell_days))
            town.spell[person] = math.exp(p.spell_sd * np.random.standard_normal() - 0.5 * p.spell_sd**2)


@njit(cache=True)
def reminders(town: Any, day: int, p: Any) -> Any:
    """Birthdays noticed today: whose rows are reminded, and where each person's reminders begin, (n + 1,)."""
    n = len(town.first)
    rows = []
    first = np.zeros(n + 1, np.int64)
    for celebrant in range(n):
        if town.birthday[celebrant] != day % 365:
            continue
        for row in range(town.first[celebrant], town.first[celebrant] + town.held[celebrant]):
            if not town.acquaintance[row] and np.random.random() < p.birthday_noticed:
                rows.append(town.mirror[row])
                first[town.other[row] + 1] += 1
    first = np.cumsum(first)
    at, ordered = first.copy(), np.empty(len(rows), np.int64)
    for row in rows:
        person = town.other[town.mirror[row]]
        ordered[at[person]] = row
        at[person] += 1
    return ordered, first


@njit(cache=True)
def comes_to_mind(town: Any, person: int, feed: bool, until: Any, day: int, p: Any) -> int:
    """The row of whom a prompt falls on, in proportion to its pull; -1 if nobody can be. `until` is scratch."""
    first, held = town.first[person], town.held[person]
    total = 0.0
    for k in range(held):
        row = first + k
        if not feed or (day - town.last_post[town.other[row]] < p.post_days and not town.acquaintance[row]):
            total += town.affinity[row] * activation(town, row, day, p) ** p.pull_exponent + p.pull_floor
            if feed and p.feed_boost > 0.0:
                total += p.feed_boost * town.affinity[row] * openness(town, row, day, p)
        until[k] = total
    if total <= 0.0:
        return -1
    level = np.random.random() * total
    for k in range(held):
        if level < until[k]:
            return first + k
    return -1


@njit(cache=True)
def encounter(town: Any, person: int, until: Any, day: int, p: Any) -> Any:
    """Whom a chance encounter is with, and the row of their tie: someone known, of the community, or anyone."""
    who = np.random.random()
    if who < p.encounter_known:
        row = comes_to_mind(town, person, False, until, day, p)
        return (-1 if row < 0 else town.other[row]), row
    other: Any = np.random.randint(len(town.first))
    if who < p.encounter_known + p.encounter_community:
        first, stop = town.crowd_first[town.community[person]], town.crowd_first[town.community[person] + 1]
        other = town.crowd[first + np.random.randint(stop - first)]
    if other == person:
        return -1, -1
    return other, find(town, person, other)


@njit(cache=True)
def add_prompt(prompts: Any, count: int, other: int, row: int, channel: int) -> int:
    """Put a prompt where its time is among the others; returns how many there are."""
    if other < 0 and channel != SITTING:
        return count
    second = np.random.randint(SECONDS_A_DAY)
    at = count
    while at > 0 and prompts[at - 1, 0] > second:
        prompts[at] = prompts[at - 1]
        at -= 1
    prompts[at, 0], prompts[at, 1], prompts[at, 2], prompts[at, 3] = second, other, row, channel
    return count + 1


@njit(cache=True)
def count_prompts(town: Any, reminded_first: Any, p: Any) -> Any:
    """Routine, feed and encounters of each person today, (n, 3); room for what may come of all prompts, (n + 1,)."""
    n = len(town.first)
    counts, room = np.empty((n, 3), np.int64), np.zeros(n + 1, np.int64)
    for person in range(n):
        zeal = town.sociability[person] * town.spell[person]
        counts[person, 0] = np.random.poisson(p.routine_rate * zeal)
        counts[person, 1] = np.random.poisson(p.feed_rate * zeal)
        counts[person, 2] = np.random.poisson(p.encounter_rate * zeal)
        others = counts[person].sum() + reminded_first[person + 1] - reminded_first[person]
        plans = town.plan_first[person + 1] - town.plan_first[person]
        room[person + 1] = others + counts[person, 1] + plans * (1 + town.held[person])
    return counts, room


@njit(cache=True)
def prompt(town: Any, person: int, counts: Any, reminded: Any, prompts: Any, until: Any, day: int, p: Any) -> int:
    """Fill in what brings somebody to a person's mind today, in order of time; returns how many."""
    count = 0
    for row in reminded:
        count = add_prompt(prompts, count, town.other[row], row, PRIVATE)
    for _ in range(counts[0]):
        row = comes_to_mind(town, person, False, until, day, p)
        count = add_prompt(prompts, count, -1 if row < 0 else town.other[row], row, PRIVATE)
    for _ in range(counts[1]):
        row = comes_to_mind(town, person, True, until, day, p)
        count = add_prompt(prompts, count, -1 if row < 0 else town.other[row], row, FEED)
    for _ in range(counts[2]):
        other, row = encounter(town, person, until, day, p)
        count = add_prompt(prompts, count, other, row, IN_PERSON)
    for plan in range(town.plan_first[person], town.plan_first[person + 1]):
        count = add_prompt(prompts, count, -1, plan, SITTING)
    return count


# Reaching out ----------------------------------------------------------------------------------------------------


@njit(cache=True)
def comfort(town: Any, person: int, day: int, p: Any) -> float:
    """What a person dares just now."""
    practice = faded(town.practice[person], day - town.practised[person], p.practice_half_life)
    return p.ease + p.practice_effect * practice + logit(max(1e-300, np.random.random()))


@njit(cache=True)
def felt(town: Any, row: int, day: int, p: Any) -> Any:
    """Strength, openness, rung of the door and own tries; of a stranger (-1), nothing."""
    if row < 0:
        return 0.0, 0.0, 0, 0.0
    return strength(town, row, day, p), openness(town, row, day, p), int(town.opened_by[row]), tries(town, row, day, p)


@njit(cache=True)
def barrier(
    kind: int, channel: int, close: float, door: float, opened_by: int, tried: float, reticence: float, p: Any
) -> float:
    """Comfort that a gesture needs."""
    welcome = 0.5
    if p.answer[kind] > -np.inf:
        welcome = expit(answer_logit(kind, close, door, tried, p))
    doubt = logit(welcome) - logit(p.acceptance_ratio * welcome)
    shut = 1.0 - door * 0.5 ** max(0, p.rung[kind] - opened_by)
    return p.risk[channel, kind] + (1.0 - close) * shut * (reticence + doubt)


@njit(cache=True)
def within_reach(town: Any, person: int, row: int, channel: int, day: int, p: Any) -> int:
    """The last gesture of the channel's ladder within reach; -1 if there is none."""
    dared = comfort(town, person, day, p)
    close, door, opened_by, tried = felt(town, row, day, p)
    chosen: Any = -1
    for step in range(p.steps[channel]):
        kind = p.ladder[channel, step]
        if barrier(kind, channel, close, door, opened_by, tried, town.reticence[person], p) <= dared:
            chosen = kind
    return chosen


@njit(cache=True)
def practise(town: Any, person: int, kind: int, day: int, p: Any) -> None:
    """A gesture with words makes the next one easier."""
    if p.worded[kind]:
        practice = faded(town.practice[person], day - town.practised[person], p.practice_half_life)
        town.practice[person] = practice + p.practice_gain * (1.0 - practice)
        town.practised[person] = day


@njit(cache=True)
def spend(town: Any, person: int, kind: int, day: int, p: Any) -> None:
    """A gesture takes minutes and gives practice."""
    town.minutes_left[person] -= p.minutes[kind]
    practise(town, person, kind, day, p)


@njit(cache=True)
def write(gesture: Any, sender: int, receiver: int, row: int, kind: int, channel: int, day: int, second: int) -> None:
    """Fill in a gesture that answers none."""
    gesture.sender, gesture.receiver, gesture.row = sender, receiver, row
    gesture.kind, gesture.channel, gesture.day, gesture.second = kind, channel, day, second
    gesture.arrives, gesture.answers, gesture.tries, gesture.noticed = day, NO_ANSWER, 0.0, False


@njit(cache=True)
def act(town: Any, person: int, prompts: Any, out: Any, day: int, planning: bool, p: Any) -> int:
    """What a person makes of their prompts, into `out`: gestures and feed items seen; returns how many."""
    count = 0
    for k in range(len(prompts)):
        second, other, row, channel = prompts[k, 0], prompts[k, 1], prompts[k, 2], prompts[k, 3]
        if channel == SITTING:
            if planning:
                count = sit(town, person, row, second, out, count, day, p)
            continue
        if channel == FEED:
            if town.minutes_left[person] < p.scroll_minutes:
                continue
            town.minutes_left[person] -= p.scroll_minutes
            write(out[count], other, person, town.mirror[row], POST, FEED, day, second)
            count += 1
        kind: Any = within_reach(town, person, row, channel, day, p)
        if kind >= 0 and town.minutes_left[person] >= p.minutes[kind]:
            spend(town, person, kind, day, p)
            own = p.channel[kind] if p.channel[kind] >= 0 else channel
            write(out[count], person, other, row, kind, own, day, second)
            count += 1
    return count


@njit(cache=True)
def minutes_today(town: Any, plan: int, day: int, p: Any) -> float:
    """Minutes for today's sitting: an even part of the purse, but a whole session if the purse holds one."""
    strategy, weekday = town.plan_strategy[plan], day % 7
    sittings, least, left = SESSIONS[strategy], SESSION_MINUTES[strategy], 0
    for later in range(weekday, 7):
        left += 1 if (later * sittings) % 7 < sittings else 0
    if town.plan_budget[plan] < least or (weekday * sittings) % 7 >= sittings:
        return 0.0
    return max(town.plan_budget[plan] / left, least)


@njit(cache=True)
def longest_silent(town: Any, person: int, plan: int, day: int, p: Any) -> Any:
    """Rows that a plan's list names today: notes go to those who were once strong, other things to everyone."""
    rows = np.empty(town.held[person], np.int64)
    count = 0
    for row in range(town.first[person], town.first[person] + town.held[person]):
        if day - town.planned[row] < p.plan_gap_days:
            continue
        if town.plan_strategy[plan] == NOTES:
            left = town.traces[row, 5] * 2.0 ** (-(day - town.last_contact[row]) / SLOWEST)
            if town.acquaintance[row] or left < p.once_strong:
                continue
        rows[count] = row
        count += 1
    return rows[:count][np.argsort(town.last_contact[rows[:count]])]


@njit(cache=True)
def sit(town: Any, person: int, plan: int, second: int, out: Any, count: int, day: int, p: Any) -> int:
    """Notes, or messages and calls, down the list until today's minutes are gone; returns how many are in `out`."""
    minutes = minutes_today(town, plan, day, p)
    if minutes == 0.0:
        return count
    strategy = town.plan_strategy[plan]
    spent, back_outs = 0.0, 0
    for row in longest_silent(town, person, plan, day, p):
        kind = MESSAGE if np.random.random() < MESSAGE_SHARE else CALL
        kind = NOTE if strategy == NOTES else kind
        if back_outs >= p.backed_out_most or spent + p.minutes[kind] > minutes:
            break
        town.planned[row] = day
        channel = p.channel[kind] if p.channel[kind] >= 0 else PRIVATE
        close, door, opened_by, tried = felt(town, row, day, p)
        needed = barrier(kind, channel, close, door, opened_by, tried, town.reticence[person], p)
        if needed <= comfort(town, person, day, p) + p.follow_through:
            spent += p.minutes[kind]
            practise(town, person, kind, day, p)
            write(out[count], person, town.other[row], row, kind, channel, day, second)
            out[count].arrives = day + (p.note_days if kind == NOTE else 0)
            count += 1
        else:
            spent += min(p.backed_out_minutes, minutes - spent)
            back_outs += 1
    town.plan_budget[plan] -= spent
    return count


@njit(cache=True)
def reach_out(
    town: Any, counts: Any, reminded: Any, reminded_first: Any, room: Any, day: int, planning: bool, p: Any
) -> Any:
    """The loop over people; what a person sends lies from ``room[person]`` on, and the rest of the room has kind -1."""
    n = len(town.first)
    out = np.empty(room[n], GESTURE)
    prompts = np.empty((np.diff(room).max(), 4), np.int64)
    until = np.empty(town.held.max())
    for person in range(n):
        mine = reminded[reminded_first[person] : reminded_first[person + 1]]
        box = out[room[person] : room[person + 1]]
        found = prompt(town, person, counts[person], mine, prompts, until, day, p)
        for k in range(act(town, person, prompts[:found], box, day, planning, p), len(box)):
            box[k].kind = -1
    return out


# Dispatch --------------------------------------------------------------------------------------------------------


@njit(cache=True)
def look_up(town: Any, gestures: Any) -> Any:
    """Fill in rows that are not known; returns how many new ties each person may need, (n,)."""
    more = np.zeros(len(town.first), np.int64)
    for k in range(len(gestures)):
        gesture = gestures[k]
        if gesture.row < 0:
            gesture.row = find(town, gesture.sender, gesture.receiver)
        if gesture.row < 0:
            more[gesture.sender] += 1
            more[gesture.receiver] += 1
    return more


@njit(cache=True)
def acquaint(town: Any, gestures: Any, day: int, p: Any) -> None:
    """A person who writes to a stranger becomes an acquaintance of theirs, and they of the writer."""
    for k in range(len(gestures)):
        gesture = gestures[k]
        if gesture.row < 0:
            gesture.row = find(town, gesture.sender, gesture.receiver)
        if gesture.row < 0:
            row = new_acquaintance(town, gesture.sender, gesture.receiver, day, p)
            town.mirror[row] = new_acquaintance(town, gesture.receiver, gesture.sender, day, p)
            town.mirror[town.mirror[row]] = row
            gesture.row = row


@njit(cache=True)
def new_acquaintance(town: Any, person: int, other: int, day: int, p: Any) -> int:
    """One direction of it; returns its row."""
    row = town.first[person] + town.held[person]
    town.held[person] += 1
    common = p.group_pull if town.group[person] == town.group[other] else 0.0
    town.other[row], town.acquaintance[row], town.last_contact[row] = other, 1, day
    town.affinity[row] = math.exp(p.affinity_sd * np.random.standard_normal() + common)
    town.traces[row] = 0.0
    town.openness[row], town.unanswered[row], town.opened_by[row], town.two_way[row] = 0.0, 0.0, 0, 0
    town.last_sent[row], town.last_received[row], town.last_two_way[row] = NEVER, NEVER, NEVER
    town.opened[row], town.post_seen[row], town.planned[row] = NEVER, NEVER, NEVER
    return row


@njit(cache=True)
def count_try(town: Any, gesture: Any, day: int, p: Any) -> None:
    """Own tries without an answer: as before this gesture into it, as after it into the tie."""
    gesture.tries = tries(town, gesture.row, day, p)
    if p.mass[gesture.kind] > 0.0:
        wanted = 1.0 if p.answer[gesture.kind] > -np.inf else 0.0
        town.unanswered[gesture.row] = min(p.unanswered_most, gesture.tries + wanted)
        town.last_sent[gesture.row] = day


@njit(cache=True)
def count_tries(town: Any, gestures: Any, order: Any, day: int, p: Any) -> None:
    """The same for all gestures, in order of time."""
    for k in order:
        count_try(town, gestures[k], day, p)


# Rounds ----------------------------------------------------------------------------------------------------------


@njit(cache=True)
def deliver(town: Any, gestures: Any, order: Any, day: int, p: Any) -> Any:
    """One round: gestures reach their receivers in order of time; returns the answers."""
    replies = np.empty(len(gestures), GESTURE)
    count = 0
    for k in order:
        if receive(town, gestures[k], day, p):
            answer(town, gestures[k], replies[count], day, p)
            count += 1
    return replies[:count]


@njit(cache=True)
def receive(town: Any, gesture: Any, day: int, p: Any) -> bool:
    """Is it noticed, what does it leave; whether it will be answered."""
    me, kind, row = gesture.receiver, np.int64(gesture.kind), town.mirror[gesture.row]
    if kind == POST:
        written = town.last_post[gesture.sender]
        gesture.noticed = town.post_seen[row] < written
        town.post_seen[row] = written
    else:
        gesture.noticed = np.random.random() < p.noticed[kind]
    if not gesture.noticed:
        return False
    close, door = strength(town, row, day, p), openness(town, row, day, p)
    remember(town, row, p.encoding_received * p.mass[kind], day, p)
    town.unanswered[row] = 0.0
    if p.opens[kind] >= door:
        town.openness[row], town.opened[row], town.opened_by[row] = p.opens[kind], day, p.rung[kind]
    if kind == POST:
        return False
    load = 1.0 + town.received[me] / p.load_scale
    town.received[me] += 1
    if p.answer[kind] == -np.inf or town.minutes_left[me] < p.minutes[answer_kind(kind)]:
        return False
    odds = answer_logit(kind, close, door, gesture.tries, p)
    if town.acquaintance[row] and have_mutual_tie(town, me, gesture.sender):
        odds += math.log(p.mutual_odds)
    return np.random.random() < expit(odds) / load


@njit(cache=True)
def answer_kind(kind: int) -> int:
    """What a gesture is answered with."""
    return MESSAGE if kind == NOTE or kind == INVITATION else kind


@njit(cache=True)
def have_mutual_tie(town: Any, one: int, two: int) -> bool:
    """Whether somebody is a tie of both."""
    for row in range(town.first[one], town.first[one] + town.held[one]):
        if not town.acquaintance[row]:
            back = find(town, two, town.other[row])
            if back >= 0 and not town.acquaintance[back]:
                return True
    return False


@njit(cache=True)
def answer(town: Any, gesture: Any, reply: Any, day: int, p: Any) -> None:
    """Answer at once in person and on the phone, otherwise after a lognormal delay."""
    me, kind = gesture.receiver, answer_kind(np.int64(gesture.kind))
    spend(town, me, kind, day, p)
    if gesture.channel == IN_PERSON or gesture.kind == CALL:
        second = min(gesture.second + 1, SECONDS_A_DAY - 1)
    else:
        median, sigma = p.delay_median, p.delay_sigma
        if gesture.kind == NOTE:
            median, sigma = p.note_delay_median, p.note_delay_sigma
        delay = 60.0 * median * math.exp(sigma * np.random.standard_normal())
        second = gesture.second + np.int64(min(max(1.0, delay), 3_650.0 * SECONDS_A_DAY))
    channel = p.channel[kind] if p.channel[kind] >= 0 else np.int64(gesture.channel)
    sent = day + second // SECONDS_A_DAY
    row = town.mirror[gesture.row]
    write(reply, me, gesture.sender, row if sent == day else -1, kind, channel, sent, second % SECONDS_A_DAY)
    reply.answers = gesture.kind
    if sent == day:
        count_try(town, reply, day, p)


# Settling --------------------------------------------------------------------------------------------------------


@njit(cache=True)
def settle(town: Any, sent: Any, order: Any, delivered: Any, day: int, p: Any) -> None:
    """What gestures leave with their senders, two-way contact, first answers, and forgetting."""
    for k in order:
        remember(town, sent[k].row, p.encoding_sent * p.mass[sent[k].kind], day, p)
    for k in range(len(delivered)):
        if delivered[k].noticed and delivered[k].kind != POST:
            settle_noticed(town, delivered[k], day, p)
    forget(town, day, p)


@njit(cache=True)
def settle_noticed(town: Any, gesture: Any, day: int, p: Any) -> None:
    """An answer makes a tie; a gesture each way within a month is two-way contact."""
    theirs = gesture.row
    mine = town.mirror[theirs]
    if gesture.answers != NO_ANSWER:
        remember(town, mine, p.encoding_answered * p.mass[gesture.answers], day, p)
        town.acquaintance[mine], town.acquaintance[theirs] = 0, 0
    if p.mass[gesture.kind] > 0.0:
        if day - town.last_received[theirs] <= p.two_way_days:
            count = min(255, town.two_way[mine] + 1)
            town.last_two_way[mine], town.last_two_way[theirs] = day, day
            town.two_way[mine], town.two_way[theirs] = count, count
        town.last_received[mine] = day


@njit(cache=True)
def forget(town: Any, day: int, p: Any) -> None:
    """A person with too many ties names acquaintances first, then the weakest; what was named goes, both directions."""
    pairs = []
    for person in range(len(town.first)):
        held, excess = town.held[person], town.held[person] - town.capacity[person]
        if excess <= 0:
            continue
        rank = np.empty(held)
        for k in range(held):
            row = town.first[person] + k
            rank[k] = activation(town, row, day, p) + (0.0 if town.acquaintance[row] else 1e9)
        for k in np.argsort(rank)[:excess]:
            pairs.append((person, np.int64(town.other[town.first[person] + k])))
    for person, other in pairs:
        row = find(town, person, other)
        if row >= 0:  # each may have named the other
            drop(town, other, town.mirror[row])
            drop(town, person, row)


@njit(cache=True)
def drop(town: Any, person: int, row: int) -> None:
    """Take out one direction: the last of the person's rows moves to its place."""
    town.held[person] -= 1
    last = town.first[person] + town.held[person]
    if row == last:
        return
    town.other[row], town.mirror[row], town.affinity[row] = town.other[last], town.mirror[last], town.affinity[last]
    town.traces[row] = town.traces[last]
    town.last_contact[row], town.last_sent[row] = town.last_contact[last], town.last_sent[last]
    town.last_received[row], town.last_two_way[row] = town.last_received[last], town.last_two_way[last]
    town.two_way[row], town.openness[row], town.opened[row] = town.two_way[last], town.openness[last], town.opened[last]
    town.opened_by[row], town.unanswered[row] = town.opened_by[last], town.unanswered[last]
    town.post_seen[row], town.planned[row] = town.post_seen[last], town.planned[last]
    town.acquaintance[row] = town.acquaintance[last]
    town.mirror[town.mirror[row]] = row
