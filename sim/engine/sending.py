"""Choosing and sending one gesture: comfort, barriers, and the outbox."""

from __future__ import annotations

from typing import Any

from sim.engine.compiling import njit_inline
from sim.engine.memory import closeness_today
from sim.model import rules
from sim.model.chance import DrawPurpose, uniform
from sim.model.gestures import Kind
from sim.model.places import Place
from sim.state.population import FEED_ITEM, NEVER, NO_ANSWER, NOBODY


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
    after = emit(out, count, prompt, Kind.POST, day, state.settings[0])
    gesture = out[count]
    gesture.sender, gesture.receiver, gesture.delivery = prompt.other, prompt.person, FEED_ITEM
    gesture.sender_slot = state.ties[state.people[prompt.person].first + prompt.slot].mirror
    gesture.receiver_slot = prompt.slot
    return after


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
    """A tie as its holder perceives it: familiarity, openness, the rung that opened it, unanswered tries."""
    if prompt.slot == NOBODY:
        return 0.0, 0.0, 0, 0.0
    p = state.settings[0]
    tie = state.ties[state.people[prompt.person].first + prompt.slot]
    strength = rules.strength(rules.activation(tie.traces, day - tie.last_contact, p), p)
    return (
        rules.familiarity(strength, closeness_today(tie, day, p)),
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
