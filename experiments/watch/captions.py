"""What happened between two people after a gesture, in at most six captions: a pure function of what was recorded.

Each caption has a day and a topic, so that a test can check it against the record, and none tells more than the record
has. They are true of any outcome, and say so if nothing came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from experiments.watch.between import Between, Event
from sim.run import Gesture

NAMES = (
    "Ada", "Amir", "Ana", "Anton", "Bea", "Ben", "Bo", "Carla", "Cem", "Chidi", "Clara", "Dana", "David", "Dora",
    "Elif", "Eli", "Emil", "Emma", "Eva", "Farah", "Felix", "Finn", "Grace", "Hana", "Hugo", "Ida", "Ines", "Ivan",
    "Jan", "Jonas", "June", "Kai", "Karim", "Kofi", "Lea", "Leo", "Lina", "Luca", "Maya", "Mei", "Milan", "Mina",
    "Nadia", "Nico", "Nora", "Omar", "Oscar", "Paul", "Petra", "Priya", "Ravi", "Rosa", "Ruth", "Sam", "Sara", "Sofia",
    "Tara", "Theo", "Tom", "Uma", "Vera", "Victor", "Wanda", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
MOST = 6  # captions

_SENT = {
    "like": "You like something that {other} posted.",
    "comment": "You comment on something that {other} posted.",
    "message": "You write {other} a message.",
    "note": "You send {other} a handwritten note.",
    "call": "You call {other}.",
    "invitation": "You invite {other}.",
}
_DOES = {
    "like": "likes something that {to} posted",
    "smile": "smiles at {to}",
    "hello": "says hello to {to}",
    "compliment": "pays {to} a compliment",
    "question": "asks {to} something",
    "comment": "comments on something that {to} posted",
    "message": "writes {to} a message",
    "note": "sends {to} a handwritten note",
    "call": "calls {to}",
    "conversation": "starts a conversation with {to}",
    "invitation": "invites {to}",
}
_NOTICES = {
    "message": "{other} reads it.",
    "note": "{other} reads it.",
    "comment": "{other} reads it.",
    "invitation": "{other} reads it.",
    "call": "The call reaches {other}.",
}
_ANSWERS = {"call": "picks up the phone", "conversation": "stays for a conversation", "smile": "smiles back"}
_ANYWHERE = ("compliment", "question")  # kinds of which a channel says where they happen


class Topic(StrEnum):
    """What a caption is about."""

    APART = "apart"
    SENT = "sent"
    NOTICED = "noticed"
    MISSED = "missed"
    REACHED = "reached"
    TALKING = "talking"
    END = "end"


class Caption(NamedTuple):
    """A caption: its day of the run, its text, and its topic."""

    day: int
    text: str
    topic: Topic


class Told(NamedTuple):
    """What captions are about.

    Attributes:
        you, other: names of the two people, the one who is played and the other.
        silent: days without two-way contact on the first morning.
        gesture: the gesture that was sent by hand; None if there was none yet.
        after: what happened between the two; its first person is the one who is played.
        without: the same in the world without the gesture; None if there is no such world.
        day: days simulated so far.
        days: days of the whole story.
    """

    you: str
    other: str
    silent: int
    gesture: Gesture | None
    after: Between
    without: Between | None
    day: int
    days: int


def name_of_person(person: int) -> str:
    """An invented first name, always the same for the same id. Some people share one."""
    return NAMES[person % len(NAMES)]


def captions(told: Told) -> list[Caption]:
    """The captions so far, in order of day; at most `MOST`."""
    found = [_apart(told)]
    if told.gesture is not None:
        found.append(Caption(told.gesture.day, _sent(told), Topic.SENT))
        found += [each for each in (_received(told), _reached(told), _talking(told)) if each is not None]
        if told.day >= told.days:
            found.append(Caption(told.days, _end(told), Topic.END))
    return sorted(found, key=lambda each: each.day)  # stable, and a note may arrive late


def lines(found: Sequence[Caption]) -> list[tuple[int, str]]:
    """Captions as (day, text)."""
    return [(each.day, each.text) for each in found]


def years(days: int) -> str:
    """A silence in words, such as ``2.7 years`` or ``90 days``."""
    return f"{days / 365:.1f} years" if days >= 365 else f"{days} days"


def _apart(told: Told) -> Caption:
    text = f"{told.you} and {told.other} were close once. They have not been in touch for {years(told.silent)}."
    return Caption(0, text, Topic.APART)


def _sent(told: Told) -> str:
    assert told.gesture is not None
    return _SENT.get(told.gesture.kind, f"You send {{other}} a {_plain(told.gesture.kind)}.").format(other=told.other)


def _is_it(event: Event, gesture: Gesture) -> bool:
    """Whether an event is the gesture that was sent by hand."""
    return (
        event.is_from_first
        and not event.answers
        and (event.sent, event.second, event.kind)
        == (
            gesture.day,
            gesture.second,
            gesture.kind,
        )
    )


def arrival(told: Told) -> Event | None:
    """The arrival of the gesture that was sent by hand; None if it is still on its way."""
    assert told.gesture is not None
    return next((event for event in told.after.events if _is_it(event, told.gesture)), None)


def _received(told: Told) -> Caption | None:
    event = arrival(told)
    if event is None:
        return None
    if not event.noticed:
        missed = "misses the call" if event.kind == "call" else "does not notice it"
        return Caption(event.day, f"{told.other} {missed}.", Topic.MISSED)
    doors, day = told.after.doors, event.day
    shut = doors.get(day - 1, 0.0) if told.without is None else told.without.doors.get(day, 0.0)
    opened = doors.get(day, 0.0) > shut
    door = f" A door opens: for a while, writing to {told.you} feels less strange." if opened else ""
    notices = _NOTICES.get(event.kind, "{other} notices.").format(other=told.other)
    return Caption(event.day, f"{notices}{door}", Topic.NOTICED)


def first_sign(told: Told) -> Event | None:
    """The first gesture of the other, once that by hand was sent, which the person who is played noticed."""
    assert told.gesture is not None
    since = (told.gesture.day, told.gesture.second)
    after = (event for event in told.after.events if (event.sent, event.second) >= since)
    return next((event for event in after if not event.is_from_first and event.noticed), None)


def _reached(told: Told) -> Caption | None:
    event = first_sign(told)
    if event is None:
        return None
    if event.answers:
        does = _ANSWERS.get(event.kind, f"answers with a {_plain(event.kind)}")
    else:
        does = _DOES.get(event.kind, f"sends {{to}} a {_plain(event.kind)}").format(to=told.you)
    where = " in person" if event.in_person and event.kind in _ANYWHERE else ""
    return Caption(event.day, f"{told.other} {does}{where}{_compared(event, told)}.", Topic.REACHED)


def _compared(event: Event, told: Told) -> str:
    """Whether an event is in the world without the gesture, too."""
    if told.without is None:
        return ""
    assert told.gesture is not None
    its = f"the {_plain(told.gesture.kind)}"
    return f", as without {its}" if _same(event) in map(_same, told.without.events) else f", only because of {its}"


def _same(event: Event) -> tuple[object, ...]:
    """What the same event in two worlds has in common."""
    return event.sent, event.second, event.is_from_first, event.kind


def _talking(told: Told) -> Caption | None:
    day = told.after.talked_again
    assert told.gesture is not None
    if day is None or day < told.gesture.day:
        return None
    spoke = any(e.worded and e.in_person and e.noticed and told.gesture.day <= e.day <= day for e in told.after.events)
    where = ", and they have met in person" if spoke else ""
    return Caption(
        day, f"Words have gone back and forth{where}: after {years(told.silent)}, they talk again.", Topic.TALKING
    )


def _end(told: Told) -> str:
    """What came of it, compared with the world without the gesture."""
    gesture, after, without = told.gesture, told.after, told.without
    assert gesture is not None
    its, span = f"the {_plain(gesture.kind)}", f"in these {told.days} days"
    if without is None:
        return f"They talk again {span}." if after.talked_again is not None else f"They do not talk again {span}."
    if after.talked_again is not None and without.talked_again is not None:
        same = after.talked_again == without.talked_again
        when = "on the same day" if same else f"on day {without.talked_again}"
        return f"Without {its}, they talk again, too, {when}."
    if without.talked_again is not None:
        return f"Without {its}, they talk again on day {without.talked_again}; with it, they do not {span}."
    passed = _counted(without.events)
    if after.talked_again is not None:
        if not without.events:
            return f"Without {its}, nothing happens between them {span}."
        return f"Without {its}, they do not talk again {span}: {passed} between them."
    return f"Nothing came of it: they do not talk again {span}. {_nothing(told, its)}"


def only_after(told: Told) -> list[Event]:
    """The events that are only in the world with the gesture, apart from the gesture itself."""
    assert told.gesture is not None
    assert told.without is not None
    there = set(map(_same, told.without.events))
    return [event for event in told.after.events if not _is_it(event, told.gesture) and _same(event) not in there]


def only_without(told: Told) -> list[Event]:
    """The events that are only in the world without the gesture."""
    assert told.without is not None
    there = set(map(_same, told.after.events))
    return [event for event in told.without.events if _same(event) not in there]


def _nothing(told: Told, its: str) -> str:
    """What differs between two worlds in neither of which the two talk again."""
    more, fewer = only_after(told), only_without(told)
    if more and fewer:
        return f"Only with {its}: {_counted(more)} between them; only without it: {_counted(fewer)}."
    if more:
        return f"Only with {its}: {_counted(more)} between them."
    if fewer:
        return f"Only without {its}: {_counted(fewer)} between them."
    assert told.without is not None
    if told.without.events:
        return f"Without {its}, the same happens between them."
    return f"Without {its}, nothing happens either."


def _counted(events: Sequence[Event]) -> str:
    """Gestures in words, such as ``3 gestures (hello, smile)``."""
    kinds = ", ".join(dict.fromkeys(_plain(event.kind) for event in events))
    return f"one gesture ({kinds})" if len(events) == 1 else f"{len(events)} gestures ({kinds})"


def _plain(kind: str) -> str:
    return kind.replace("_", " ")
