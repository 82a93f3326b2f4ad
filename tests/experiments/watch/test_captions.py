"""Each caption's day and fact is that of the record, for any record and for what was really simulated."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.watch.between import Between, Event
from experiments.watch.captions import MOST, NAMES, Caption, Told, Topic, captions, lines, name_of_person, years
from experiments.watch.page_state import BY_HAND
from sim.model.gestures import DEFAULT_GESTURES, KINDS
from sim.run import Gesture, Simulation

DAYS = 20
SPOKEN = [kind for kind in KINDS if kind != "post"]


def record(events: list[Event], doors: dict[int, float] | None = None, talked_again: int | None = None) -> Between:
    between = Between(cast(Simulation, None), 0, 1)
    between.events = sorted(events, key=lambda event: (event.day, event.second))
    between.doors, between.talked_again = doors or {}, talked_again
    return between


def event(kind: str, day: int, *, of_first: bool = False, noticed: bool = True, **more: bool) -> Event:
    worded = DEFAULT_GESTURES[kind].worded
    return Event(
        day, 50_000, day, of_first, kind, worded, more.get("in_person", False), noticed, more.get("answers", False)
    )


def arrived(gesture: Gesture, day: int, noticed: bool) -> Event:
    worded = DEFAULT_GESTURES[gesture.kind].worded
    return Event(gesture.day, gesture.second, day, True, gesture.kind, worded, False, noticed, False)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    found = []
    for _ in range(draw(st.integers(0, 5))):
        sent = draw(st.integers(0, DAYS - 1))
        kind = draw(st.sampled_from(SPOKEN))
        flags = draw(st.tuples(*[st.booleans()] * 4))
        second, day = draw(st.integers(0, 86_399)), min(DAYS - 1, sent + draw(st.integers(0, 3)))
        found.append(Event(sent, second, day, flags[0], kind, DEFAULT_GESTURES[kind].worded, *flags[1:]))
    return found


@st.composite
def stories(draw: st.DrawFn) -> Told:
    gesture = Gesture(0, draw(st.sampled_from(BY_HAND)), 0, 1)
    own = [arrived(gesture, draw(st.integers(0, 3)), draw(st.booleans()))] if draw(st.booleans()) else []
    shared, more, other = draw(events()), draw(events()), draw(events())
    doors = st.dictionaries(st.integers(0, DAYS - 1), st.floats(0, 1))
    talked = st.none() | st.integers(0, DAYS - 1)
    return Told(
        you="Ada",
        other="Ben",
        silent=draw(st.integers(90, 4_000)),
        gesture=draw(st.none() | st.just(gesture)),
        after=record([*own, *shared, *more], draw(doors), draw(talked)),
        without=draw(st.none() | st.just(record([*shared, *other], draw(doors), draw(talked)))),
        day=DAYS if draw(st.booleans()) else DAYS - 1,
        days=DAYS,
    )


def by_topic(told: Told) -> dict[Topic, Caption]:
    found = captions(told)
    assert len({each.topic for each in found}) == len(found) <= MOST
    assert lines(found) == [(each.day, each.text) for each in found]
    assert [each.day for each in found] == sorted(each.day for each in found)
    assert all(each.text.endswith(".") and "{" not in each.text and each.day <= told.day for each in found)
    return {each.topic: each for each in found}


@given(stories())
def test_each_caption_is_what_the_record_has(told: Told) -> None:
    found, after, without = by_topic(told), told.after, told.without
    assert found[Topic.APART].day == 0
    assert f"have not been in touch for {years(told.silent)}" in found[Topic.APART].text
    if told.gesture is None:
        assert list(found) == [Topic.APART]
        return
    gesture = told.gesture
    assert (found[Topic.SENT].day, found[Topic.SENT].text[:4]) == (gesture.day, "You ")

    own = [
        e for e in after.events if (e.sent, e.second, e.kind) == (0, gesture.second, gesture.kind) and e.is_from_first
    ]
    own = [e for e in own if not e.answers]
    assert (Topic.NOTICED in found) == (bool(own) and own[0].noticed)
    assert (Topic.MISSED in found) == (bool(own) and not own[0].noticed)
    if own:
        said = found[Topic.NOTICED if own[0].noticed else Topic.MISSED]
        assert said.day == own[0].day
        before = without.doors.get(said.day, 0) if without else after.doors.get(said.day - 1, 0)
        assert ("A door opens" in said.text) == (own[0].noticed and after.doors.get(said.day, 0) > before)

    later = [e for e in after.events if e.sent > 0 or e.second >= gesture.second]
    signs = [e for e in later if e.noticed and not e.is_from_first]
    assert (Topic.REACHED in found) == bool(signs)
    if signs:
        said, sign = found[Topic.REACHED], signs[0]
        assert said.day == sign.day
        known = [(e.sent, e.second, e.kind, e.is_from_first) for e in without.events] if without else []
        is_known = (sign.sent, sign.second, sign.kind, sign.is_from_first) in known
        assert ("only because of" in said.text) == (without is not None and not is_known)
        assert ("as without" in said.text) == is_known

    assert (Topic.TALKING in found) == (after.talked_again is not None)
    if after.talked_again is not None:
        said = found[Topic.TALKING]
        assert said.day == after.talked_again
        met = [e for e in after.events if e.in_person and e.worded and e.noticed and e.day <= said.day]
        assert ("in person" in said.text) == bool(met)


@given(stories())
def test_the_end_says_what_came_of_it_and_only_at_the_end(told: Told) -> None:
    found, after, without = by_topic(told), told.after, told.without
    assert (Topic.END in found) == (told.day == DAYS and told.gesture is not None)
    if Topic.END not in found:
        return
    text = found[Topic.END].text
    if without is None:
        assert ("do not talk again" in text) == (after.talked_again is None)
        return
    talked = (after.talked_again is not None, without.talked_again is not None)
    assert text.startswith("Nothing came of it") == (talked == (False, False))
    assert ("they talk again, too" in text) == (talked == (True, True))
    if talked[1]:
        assert f"on day {without.talked_again}" in text or after.talked_again == without.talked_again
    if talked == (True, False):
        assert ("nothing happens between them" in text) == (not without.events)
        assert str(len(without.events)) in text or len(without.events) < 2


def test_a_story_in_which_nothing_happens_says_so() -> None:
    gesture = Gesture(0, "like", 0, 1)
    missed = record([arrived(gesture, 0, noticed=False)])
    told = Told("Ada", "Ben", 1_000, gesture, missed, record([]), DAYS, DAYS)
    assert [each.text for each in captions(told)][2:] == [
        "Ben does not notice it.",
        "Nothing came of it: they do not talk again in these 20 days. Without the like, nothing happens either.",
    ]
    same = [event("message", 3)]
    told = told._replace(after=record([*missed.events, *same]), without=record(same))
    assert captions(told)[-1].text.endswith("Without the like, the same happens between them.")


def test_the_anecdote_of_the_essay_reads_as_it_happened() -> None:
    gesture = Gesture(0, "like", 0, 1)
    happened = [
        arrived(gesture, 0, noticed=True),
        event("like", 3),
        event("message", 5, of_first=True),
        event("conversation", 9, in_person=True),
        event("message", 11, of_first=True, answers=True),
    ]
    told = Told("Ada", "Ben", 1_000, gesture, record(happened, {0: 1.0}, 11), record([]), DAYS, DAYS)
    assert lines(captions(told)) == [
        (0, "Ada and Ben were close once. They have not been in touch for 2.7 years."),
        (0, "You like something that Ben posted."),
        (0, "Ben notices. A door opens: for a while, writing to Ada feels less strange."),
        (3, "Ben likes something that Ada posted, only because of the like."),
        (11, "Words have gone back and forth, and they have met in person: after 2.7 years, they talk again."),
        (20, "Without the like, nothing happens between them in these 20 days."),
    ]


@pytest.mark.parametrize("kind", BY_HAND)
def test_each_gesture_by_hand_has_words_of_its_own(kind: str) -> None:
    told = Told("Ada", "Ben", 1_000, Gesture(0, kind, 0, 1), record([]), record([]), 0, DAYS)
    assert "You send Ben a" not in captions(told)[1].text or kind == "note"


def test_a_name_is_stable_and_no_two_are_the_same() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 50
    assert [name_of_person(person) for person in range(300)] == [name_of_person(person) for person in range(300)]
    assert {name_of_person(person) for person in range(300)} == set(NAMES)
