"""Both engines produce the same worlds bit for bit, and planted faults make these tests fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.engine.day import Core, DayRecord
from sim.engine.sorting import chunks_of
from sim.model.chance import Occasion
from sim.model.gestures import KINDS, Kind
from sim.model.places import PLACES
from sim.model.strategies import NAMES
from sim.reference import entry_points
from sim.run import begin, on_threads
from sim.state.population import World

pytestmark = pytest.mark.any_python

DIRECTED = tuple(kind for kind in KINDS if kind != "post")

# Settings that would make an example slow over their whole range, or that only matter to the world's past.
NARROWER = {
    "routine_rate": (0.0, 2.0),
    "feed_rate": (0.0, 3.0),
    "encounter_rate": (0.0, 2.0),
    "post_rate": (0.0, 14.0),
    "scroll_minutes": (0.1, 10.0),
    "effort_minutes": (0.0, 2_000.0),
    "tie_capacity": (3, 60),
    "backed_out_most": (1, 20),
    "show_every_days": (1, 30),
    "event_notice_days": (1, 20),
    "community_size": (2, 60),
    "industries": (1, 6),
    "ties_at_start": (0.0, 30.0),
    "past_rate": (0.01, 0.3),
    "past_years": (0.0, 5.0),
    "birthday_noticed": (0.0, 1.0),
    "sitting_prompts": (1.0, 6.0),
    "leaving_rate": (0.0, 0.2),
}
BOUNDS = {
    name: NARROWER.get(name, tuple(next(getattr(m, key) for m in field.metadata if hasattr(m, key)) for key in ("ge",
    "le"))) for name, field in sim.Parameters.model_fields.items()
    if field.annotation in (float, int)
}  # fmt: skip
SHARES = ("encounter_known", "encounter_community", "ties_in_community", "ties_in_industry")  # bounded together


@dataclass(frozen=True)
class Case:
    """A run to compare."""

    people: int
    days: int
    seed: int
    parameters: sim.Parameters
    strategy: dict[str, float]
    adopters: tuple[int, ...]
    extra: tuple[sim.Gesture, ...]
    handover: int
    threads: int
    strategy_days: int | None
    observed: int | None = None

    def world(self) -> World:
        """Where it begins."""
        return sim.worlds.generated(
            people=self.people,
            burn_in_years=0,
            seed=self.seed,
            parameters=self.parameters,
            cache=False,
            observed=self.observed,
        )

    def start(self) -> dict[str, Any]:
        """What both engines are told."""
        return {
            "strategy": self.strategy,
            "adopters": self.adopters,
            "seed": self.seed,
            "strategy_days": self.strategy_days,
            "extra": self.extra,
        }


@st.composite
def parameters(draw: st.DrawFn) -> sim.Parameters:
    """Up to six settings anywhere in their range, much effort and little room, and a change in the gesture table."""
    names = draw(st.lists(st.sampled_from(sorted(set(BOUNDS) - set(SHARES))), max_size=6, unique=True))
    changes: dict[str, Any] = {
        "effort_minutes": draw(st.sampled_from([60.0, 300.0, 2_000.0])),
        "tie_capacity": draw(st.integers(3, 30)),
        "ties_at_start": draw(st.sampled_from([4.0, 10.0, 20.0])),
        "community_size": 20,
        "industries": draw(st.integers(1, 3)),
        "show_every_days": draw(st.integers(1, 20)),
        "event_notice_days": draw(st.integers(1, 6)),
    }
    for name in names:
        low, high = BOUNDS[name]
        number = st.integers(low, high) if isinstance(low, int) and isinstance(high, int) else st.floats(low, high)
        changes[name] = draw(number)
    changes |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "hour_activity": st.sampled_from([tuple(range(24)), (0.0,) * 23 + (1.0,)]),
                "weekday_activity": st.sampled_from([(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5)]),
                "channel_levels": st.lists(st.floats(0, 3), min_size=1, max_size=5).map(tuple),
                "channel_level_days": st.floats(1, 9),
                "channel_begins": st.integers(0, 20),
                "closeness_gain": st.floats(0, 0.5),
                "closeness_by_length": st.floats(0, 1),
            },
        )
    )
    kind = draw(st.sampled_from(KINDS))
    table = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "noticed": st.floats(0, 1),
                "opens_door": st.floats(0, 1),
                "minutes": st.floats(0.1, 40),
                "mass": st.floats(0.001, 10),
            },
        )
    )
    return sim.Parameters(**changes, gestures={kind: table})


@st.composite
def cases(draw: st.DrawFn, fewest: int, people: int, days: int) -> Case:
    """A run of up to this many people and days."""
    n = draw(st.integers(fewest, people))
    length = draw(st.integers(days // 2, days))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    adopters = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=max(1, n // 3), unique=True))
    gesture = st.builds(
        lambda day, kind, sender, step, second: sim.Gesture(day, kind, sender, (sender + step) % n, second),
        st.integers(0, length - 1),
        st.sampled_from(DIRECTED),
        st.integers(0, n - 1),
        st.integers(1, n - 1),
        st.integers(0, 86_399),
    )
    return Case(
        people=n,
        days=length,
        seed=draw(st.sampled_from([0, 1, 17, 2**40 + 3, 2**64 - 1])),
        parameters=draw(parameters()),
        strategy={name: 1 / len(names) for name in names},
        adopters=tuple(adopters),
        extra=tuple(draw(st.lists(gesture, max_size=4))),
        handover=draw(st.integers(1, length - 1)),
        threads=draw(st.sampled_from([1, 2])),
        strategy_days=draw(st.sampled_from([None, None, length // 2])),
        observed=draw(st.sampled_from([None, None, 0, 1, n // 3])),
    )


def stepped(engine: Core | sim.ReconnectionModel, days: int) -> Iterator[DayRecord]:
    """Step an engine, day by day."""
    for _ in range(days):
        yield engine.step() if isinstance(engine, Core) else step_of(engine)


def step_of(model: sim.ReconnectionModel) -> DayRecord:
    """A day of the Mesa model."""
    model.step()
    return model.record


def differences(case: Case, seen: Counter[str] | None = None, person_class: type[sim.Person] = sim.Person) -> list[str]:
    """Where the engines disagree over a run: before a handover in the middle, after it in both directions, at the
    end.
    """
    world = case.world()
    core = Core(begin(world, parameters=None, **case.start())[0], seed=case.seed)
    model = sim.ReconnectionModel(world=world, person_class=person_class, **case.start())
    with on_threads(case.threads):
        first = list(stepped(core, case.handover))
    for mine, theirs in zip(first, stepped(model, case.handover), strict=True):
        if found := record_differences(mine, theirs):
            return found
        count(mine, seen, case.parameters)
    middle = core.to_world()
    if found := middle.differences(model.to_world()):
        return found
    rest = case.days - case.handover
    model = sim.ReconnectionModel(world=middle, seed=case.seed, person_class=person_class)
    run = sim.simulate(middle, days=rest, seed=case.seed, threads=case.threads, series=False)
    for mine, theirs in zip(stepped(core, rest), stepped(model, rest), strict=True):
        if found := record_differences(mine, theirs):
            return found
        count(mine, seen, case.parameters)
    end = core.to_world()
    if seen is not None:
        seen.update(case.parameters.strategy_names[row["strategy"]] for row in end.plans if row["minutes_used"] > 0)
        seen.update(name for name in case.strategy if name == "wait")
    return end.differences(model.to_world()) + end.differences(run.world)


def record_differences(mine: DayRecord, theirs: DayRecord) -> list[str]:
    """Where two reports of a day differ."""
    found = [
        f"day {mine.day}: {name}"
        for name in ("new_ties", "forgotten")
        if not np.array_equal(getattr(mine, name), getattr(theirs, name))
    ]
    for name in ("sent", "delivered", "met"):
        a, b = getattr(mine, name), getattr(theirs, name)
        columns = [column for column in a.dtype.names if not column.endswith(("_slot", "_plan"))]
        if len(a) != len(b):
            found.append(f"day {mine.day}: {name}: {len(a)} and {len(b)} rows")
        else:
            found += [f"day {mine.day}: {name}.{c}" for c in columns if not np.array_equal(a[c], b[c])]
    return found


def count(record: DayRecord, seen: Counter[str] | None, parameters: sim.Parameters) -> None:
    """Keep count of what an example exercised; what the user put in by hand apart."""
    if seen is None:
        return
    own = record.sent[record.sent["event_key"] >> 24 != Occasion.EXTRA]
    seen.update(parameters.kinds[kind] for kind in own["kind"])
    seen.update(parameters.place_names[place] for place in record.met["place"])
    seen["new tie"] += len(record.new_ties)
    seen["forgotten"] += len(record.forgotten)
    seen["answer"] += int((own["parent_kind"] != 255).sum())
    seen["answer to a note"] += int((own["parent_kind"] == Kind.NOTE).sum())
    seen["answer to an invitation"] += int((own["parent_kind"] == Kind.INVITATION).sum())


EVERYTHING = {
    *KINDS,
    *NAMES,
    *PLACES,
    "new tie",
    "forgotten",
    "answer",
    "answer to a note",
    "answer to an invitation",
}


def test_these_worlds_have_several_chunks() -> None:
    """Or else the engines would not be compared where chunks meet, and threads would have nothing to share.

    One thread takes such a world in one chunk.
    """
    with on_threads(2):
        assert chunks_of(40) >= 3
        assert chunks_of(100) >= 6
    assert chunks_of(100) == 1


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def test_engines_agree_on_anything() -> None:
    """100 runs of up to 40 people and 30 days; together they exercise every kind, strategy, place, tie made and
    lost.
    """
    seen: Counter[str] = Counter()

    @settings(max_examples=100, suppress_health_check=SLOW)
    @given(case=cases(fewest=2, people=40, days=30))
    def agree(case: Case) -> None:
        assert differences(case, seen) == []

    for name in NAMES:
        assert differences(busy_case(name), seen) == []
    agree()
    assert {name for name in EVERYTHING if seen[name] == 0} == set()


@settings(max_examples=5, suppress_health_check=SLOW)
@given(case=cases(fewest=100, people=150, days=90))
def test_engines_agree_on_larger_runs(case: Case) -> None:
    """Five runs of up to 150 people and 90 days."""
    assert differences(case) == []


# Faults, each planted in one engine: the comparison above must catch every one
# ------------------------------------------

BUSY = sim.Parameters(
    effort_minutes=900, tie_capacity=14, ties_at_start=12, community_size=20, industries=2, show_every_days=7,
    event_notice_days=3, feed_rate=2, post_rate=3, note_days=2, birthday_noticed=0.3, encoding_answered=0.5,
    routine_rate=0.4,
)  # fmt: skip
Person, Model = sim.Person, sim.ReconnectionModel


def keep_minutes(self: Any) -> None:
    """Morning: last week's minutes are carried over."""
    left = self.minutes_left
    ORIGINAL["begin_week"](self)
    self.minutes_left = entry_points.rules.minus(self.minutes_left, -left)


def stale_bound(self: Any) -> None:
    """Field `weight_bound`: it isn't refreshed once a week."""
    kept = self.weight_bound
    ORIGINAL["begin_week"](self)
    self.weight_bound = kept


def meet_strangers_alike(self: Any, person: Any, present: list[Any], most: int, place: int) -> Any:
    """Gather: people known already weigh no more."""
    known, self.settings.known_weight = self.settings.known_weight, 1.0
    try:
        return ORIGINAL["people_met"](self, person, present, most, place)
    finally:
        self.settings.known_weight = known


def no_birthdays(self: Any, celebrant: Any, tie: Any) -> None:
    """Prompt: nobody notices a birthday."""


def no_practice(self: Any, kind: int) -> None:
    """Reach out: practice does not grow."""


def tries_not_counted(self: Any, gesture: Any) -> None:
    """Dispatch: tries without an answer are not counted."""
    kept = self.ties[gesture.receiver.id].unanswered
    ORIGINAL["mark_sent"](self, gesture)
    self.ties[gesture.receiver.id].unanswered = kept


def latest_first(self: Any) -> None:
    """Rounds: what reached a person is taken in the wrong order."""
    self.outbox = []
    for gesture in sorted(self.inbox, key=lambda gesture: gesture.by_arrival, reverse=True):
        self.receive(gesture)
    self.inbox = []


def door_always_opens(self: Any, gesture: Any, tie: Any, openness: float) -> None:
    """Field `openness`: a smaller gesture shuts the door a little."""
    ORIGINAL["take_in"](self, gesture, tie, 0.0)


def never_tired(self: Any, gesture: Any, tie: Any, *state: float) -> bool:
    """Answer: what was already received today does not matter."""
    return bool(ORIGINAL["will_answer"](self, gesture, tie, *state[:-1], 0))


def answers_leave_nothing(self: Any, gesture: Any) -> None:
    """Settle: an answer adds nothing to the memory of the person who receives it."""


def forget_the_strongest(self: Any) -> Any:
    """Forget: of those over capacity the strongest go."""
    excess = len(self.ties) - self.capacity
    rank = sorted(self.ties.values(), key=lambda tie: -tie.activation(self.model.day, self.model.p))
    return rank[:excess] if excess > 0 else []


def slow_post(self: Any, prompt: Any, kind: int) -> Any:
    """Mail: notes travel a day longer."""
    gesture = ORIGINAL["gesture"](self, prompt, kind)
    gesture.arrives_day += kind == Kind.NOTE
    return gesture


def posts_seen_again(self: Any, gesture: Any, tie: Any) -> bool:
    """Field `post_seen`: every look at a post counts."""
    return True if gesture.kind == Kind.POST else bool(ORIGINAL["notices"](self, gesture, tie))


def last_slot(self: Any, tie: Any) -> None:
    """Field `slot`: a new tie takes the highest free slot."""
    if None not in self.slots:
        self.slots += [None] * (entry_points.rules.more_slots(len(self.slots)) - len(self.slots))
    tie.slot = max(slot for slot, held in enumerate(self.slots) if held is None)
    self.slots[tie.slot] = tie
    self.ties[tie.other.id] = tie


FAULTS: list[tuple[type, str, Callable[..., Any], str]] = [
    (Person, "begin_week", keep_minutes, "wait"),
    (Person, "begin_week", stale_bound, "wait"),
    (Model, "people_met", meet_strangers_alike, "join_community"),
    (Model, "birthday_prompt", no_birthdays, "wait"),
    (Person, "practise", no_practice, "wait"),
    (Person, "mark_sent", tries_not_counted, "check_in"),
    (Person, "deliver_round", latest_first, "host_event"),
    (Person, "take_in", door_always_opens, "engage_regularly"),
    (Person, "will_answer", never_tired, "check_in"),
    (Model, "remember_answer", answers_leave_nothing, "wait"),
    (Person, "weakest", forget_the_strongest, "trade_shows"),
    (Person, "gesture", slow_post, "handwritten_notes"),
    (Person, "notices", posts_seen_again, "share_content"),
    (Person, "hold", last_slot, "start_meetup"),
]
ORIGINAL = {name: getattr(owner, name) for owner, name, _, _ in FAULTS}


def busy_case(strategy: str) -> Case:
    """A busy run in which anything may happen; without a fault the engines agree on it, as the tests above show."""
    return Case(40, 24, 5, BUSY, {strategy: 1.0}, tuple(range(0, 40, 4)), (), 12, 1, None)


@pytest.mark.parametrize(
    ("owner", "name", "fault", "strategy"), FAULTS, ids=[fault.__name__ for _, _, fault, _ in FAULTS]
)
def test_a_planted_fault_is_caught(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, fault: Callable[..., Any], strategy: str
) -> None:
    """A fault in one phase or field of one engine makes the worlds differ."""
    monkeypatch.setattr(owner, name, fault)
    assert differences(busy_case(strategy)) != []
