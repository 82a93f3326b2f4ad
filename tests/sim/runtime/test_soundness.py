"""Compiled code takes the indices of a world on trust: whatever could lead it astray is refused before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.runtime import soundness
from sim.runtime.soundness import check_world
from sim.runtime.storage import load_world, save_world
from sim.state.population import NEVER, NOBODY, World

BUSY = {"host_event": 0.3, "start_meetup": 0.3, "handwritten_notes": 0.2, "show_up": 0.2}

DAYS = ("last_contact", "last_sent", "last_received", "last_two_way", "opened", "planned", "post_seen")


@pytest.fixture(scope="module")
def world() -> World:
    """A small world with something in every array."""
    few = sim.Parameters(ties_at_start=12, community_size=20, industries=3, effort_minutes=900, tie_capacity=20)
    young = sim.worlds.generated(people=60, burn_in_years=0, seed=3, parameters=few, cache=False)
    world = sim.simulate(young, days=40, strategy=BUSY, adopters=20, seed=3, series=False).world
    assert all(len(getattr(world, name)) for name in World.ARRAYS)
    return world


def test_worlds_of_every_origin_are_sound_on_every_day(world: World) -> None:
    log = pd.DataFrame({"source": [1, 2, 1, 3], "target": [2, 1, 3, 1], "time": [0, 9e4, 1e6, 1e7]})
    replayed = sim.worlds.replayed(log)
    for start in (world, replayed, sim.worlds.empty(world, newcomers=3), sim.worlds.empty(replayed)):
        run = sim.Simulation(start, strategy=BUSY, adopters=2, seed=5)
        for _ in range(30):
            run.step()
            check_world(run.world())


def row_of(world: World, held: bool) -> int:
    """The first row of ties that is in use, or free."""
    return int(np.flatnonzero((world.ties["other"] != NOBODY) == held)[0])


def put(array: str, column: str, value: object, row: int = 1) -> Callable[[World], None]:
    def change(world: World) -> None:
        getattr(world, array)[column][row] = value

    return change


def put_tie(column: str, value: object, held: bool = True) -> Callable[[World], None]:
    return lambda world: world.ties[column].__setitem__(row_of(world, held), value)


def twice(world: World) -> None:
    world.plans[1] = world.plans[0]


FAULTS: dict[str, tuple[Callable[[World], object], str]] = {
    "people.first": (put("people", "first", 2**40), r"people\.first, row 1, is 1099511627776"),
    "people.first below 0": (put("people", "first", -4), r"people\.first, row 1, is -4"),
    "people.slots": (put("people", "slots", 2**20), r"people\.slots add up to"),
    "people.slots of no four": (
        put("people", "slots", 5),
        r"people\.slots, row 1, is 5; it must be a multiple of 4",
    ),
    "no slots": (put("people", "slots", 0), r"people\.slots, row 1, is 0"),
    "slots moved": (
        lambda world: world.people["slots"].__iadd__(np.resize([4, -4], 60)),
        r"people\.(first|slots), row",
    ),
    "people.degree": (put("people", "degree", 1), r"people\.degree, row 1, is 1; it must be the number of slots"),
    "more held than slots": (put("people", "degree", 10**6), r"people\.degree, row 1, is 1000000"),
    "people.capacity": (put("people", "capacity", 2**31 - 1), r"people\.capacity, row 1, is 2147483647"),
    "capacity below 0": (put("people", "capacity", -1), r"people\.capacity"),
    "people.community": (put("people", "community", -1), r"people\.community, row 1, is -1"),
    "a far community": (put("people", "community", 2**31 - 1), r"people\.community"),
    "people.group": (put("people", "group", 2**30), r"people\.group"),
    "people.industry": (put("people", "industry", -3), r"people\.industry"),
    "people.birthday": (put("people", "birthday", 365), r"people\.birthday, row 1, is 365; it must be from 0 to 364"),
    "people.practised": (put("people", "practised", 16_000), r"people\.practised"),
    "people.last_post": (put("people", "last_post", NEVER - 1), r"people\.last_post"),
    "people.sociability": (put("people", "sociability", np.nan), r"people\.sociability, row 1, is nan"),
    "people.reticence": (put("people", "reticence", np.inf), r"people\.reticence"),
    "people.practice": (put("people", "practice", 1.5), r"people\.practice"),
    "people.minutes_left": (put("people", "minutes_left", -np.inf), r"people\.minutes_left"),
    "people.weight_bound": (put("people", "weight_bound", 0), r"people\.weight_bound"),
    "ties.other": (put_tie("other", 60), "other is not a person of this world"),
    "ties.other below 0": (put_tie("other", -2), "other is not a person of this world"),
    "oneself": (put_tie("other", 0), "other is not a person of this world"),
    "another person": (
        lambda world: put_tie("other", world.ties["other"][row_of(world, True)] % 58 + 1)(world),
        "mirror",
    ),
    "a tie too many": (put_tie("other", 5, held=False), "mirror is not the slot"),
    "a tie too few": (put_tie("other", NOBODY), "mirror is not the slot|must be the number of slots in use"),
    "ties.mirror": (put_tie("mirror", 2**30), "mirror is not the slot"),
    "ties.mirror below 0": (put_tie("mirror", -1), "mirror is not the slot"),
    "ties.traces": (put_tie("traces", np.nan), "a trace, affinity"),
    "ties.traces of a free slot": (put_tie("traces", np.inf, held=False), "a trace, affinity"),
    "ties.affinity": (put_tie("affinity", -1), "a trace, affinity"),
    "ties.openness": (put_tie("openness", 2), "a trace, affinity"),
    "ties.unanswered": (put_tie("unanswered", np.nan), "a trace, affinity"),
    **{
        f"ties.{name}": (put_tie(name, 16_000), "a day is after")
        for name in sim.state.population.TIE.names
        if "last" in name
    },
    "a day before all time": (put_tie("opened", NEVER - 1), "a day is after"),
    "ties.opened_by": (put_tie("opened_by", 5), "opened_by or acquaintance"),
    "ties.acquaintance": (put_tie("acquaintance", 2), "opened_by or acquaintance"),
    "plans.person": (put("plans", "person", 60), r"plans\.person, row 1, is 60; it must be from 0 to 59"),
    "plans.strategy": (put("plans", "strategy", 10), r"plans\.strategy, row 1, is 10; it must be from 0 to 9"),
    "plans twice": (twice, r"plans\.strategy, row 1, .* above the previous strategy"),
    "plans.share": (put("plans", "share", np.nan), r"plans\.share"),
    "plans.budget": (put("plans", "budget", 1e30), r"plans\.budget"),
    "plans.usable": (put("plans", "usable", np.nan), r"plans\.usable"),
    "plans.minutes_planned": (put("plans", "minutes_planned", np.inf), r"plans\.minutes_planned"),
    "plans.back_outs": (put("plans", "back_outs", -1), r"plans\.back_outs"),
    "mail.sender": (put("mail", "sender", -1), r"mail\.sender"),
    "mail.receiver": (put("mail", "receiver", 60), r"mail\.receiver"),
    "mail to oneself": (
        lambda world: world.mail["sender"].__setitem__(0, world.mail["receiver"][0]),
        "from the sender",
    ),
    "mail.kind": (put("mail", "kind", 13, 0), r"mail\.kind"),
    "mail that is a post": (put("mail", "kind", 12, 0), r"mail\.kind"),
    "mail.channel": (put("mail", "channel", 4, 0), r"mail\.channel"),
    "mail.parent_kind": (put("mail", "parent_kind", 13, 0), r"mail\.parent_kind, row 0, is 13; it must be 255"),
    "mail.second": (put("mail", "second", -1, 0), r"mail\.second"),
    "mail.arrives_second": (put("mail", "arrives_second", 86_400, 0), r"mail\.arrives_second"),
    "mail.day": (put("mail", "day", -(2**31), 0), r"mail\.day"),
    "mail.sender_slot": (put("mail", "sender_slot", 0, 0), r"mail\.sender_slot"),
    "mail.receiver_slot": (put("mail", "receiver_slot", 10**6, 0), r"mail\.receiver_slot"),
    "bookings.host": (put("bookings", "host", -1, 0), r"bookings\.host"),
    "bookings.guest": (put("bookings", "guest", 60, 0), r"bookings\.guest"),
    "members.founder": (put("members", "founder", 60, 0), r"members\.founder"),
    "members.member": (put("members", "member", -1, 0), r"members\.member"),
    "members.left": (put("members", "left", 2, 0), r"members\.left"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_world_that_could_lead_compiled_code_astray_is_refused(world: World, tmp_path: Any, fault: str) -> None:
    change, said = FAULTS[fault]
    broken = world.copy()
    change(broken)
    with pytest.raises(ValueError, match=f"The world is invalid: .*({said})"):
        check_world(broken)
    with pytest.raises(ValueError, match="The world is invalid"):
        sim.simulate(broken, days=1, seed=1)
    with pytest.raises(ValueError, match="The world is invalid"):
        sim.Simulation(broken, seed=1)
    save_world(broken, tmp_path / "world")
    with pytest.raises(ValueError, match=r"is not a complete world .* \(The world is invalid"):
        load_world(tmp_path / "world")


def test_threads_share_the_check_of_small_worlds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In these tests; the parts are all people, each once, and a fault in the last one is found."""
    looked: list[tuple[int, int]] = []
    first_fault_of = soundness._first_fault_of

    def noted(people: Any, ties: Any, start: int, stop: int, day: int) -> Any:
        looked.append((int(start), int(stop)))
        return first_fault_of(people, ties, start, stop, day)

    monkeypatch.setattr(soundness, "_first_fault_of", noted)
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    check_world(world)
    assert (len(looked) > 1) == (numba.config.NUMBA_NUM_THREADS > 1)
    assert [person for part in sorted(looked) for person in range(*part)] == list(range(len(world)))
    broken = world.copy()
    broken.ties["mirror"][np.flatnonzero(world.ties["other"] != NOBODY)[-1]] = -1
    with pytest.raises(ValueError, match=r"The world is invalid: .*ties, row"):
        check_world(broken)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"day": -1}, "day is -1"),
        ({"day": 3.5}, "day is 3.5"),
        ({"day": True}, "day is True"),
        ({"day": 20_000}, "day is 20000; it must be 16,383 or less"),
        ({"strategies_end": "never"}, "strategies_end is 'never'"),
        ({"parameters": {"ease": 3}}, "parameters is a dict"),
        ({"names": np.arange(3)}, r"names has the shape \(3,\); it must be \(60,\)"),
        ({"people": np.zeros(0, sim.state.population.PERSON)}, "people has no rows"),
        ({"ties": np.zeros((2, 2), sim.state.population.TIE)}, r"ties has the shape \(2, 2\)"),
    ],
)
def test_a_world_with_strange_attributes_is_refused(world: World, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=f"The world is invalid: {said}"):
        check_world(world.copy(**change))


@settings(max_examples=300)
@given(
    name=st.sampled_from(World.ARRAYS),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), min_size=1, max_size=3),
)
def test_flipped_bits_are_refused_in_words_or_harmless(world: World, name: str, flips: list[tuple[float, int]]) -> None:
    """`verification/damaged_worlds.py` lets runs begin with the harmless ones."""
    broken = world.copy()
    raw = getattr(broken, name).view(np.uint8)
    for where, bit in flips:
        raw[int(where * len(raw))] ^= 1 << bit
    with suppress(ValueError):
        check_world(broken)


def test_one_person_may_meet_more_people_in_a_day_than_anybody_holds() -> None:
    """Sizes that nobody's block had when the run began."""
    few = sim.Parameters(ties_at_start=2, tie_capacity=10)
    crowd = sim.worlds.generated(people=6_000, burn_in_years=0, parameters=few, cache=False)
    letters = [sim.Gesture(0, "message", sender, 0) for sender in range(1, 6_000)]
    run = sim.simulate(crowd, days=2, seed=1, extra=letters, series=False)
    check_world(run.world)
    assert run.core.state.people["slots"][0] > 4 * (few.tie_capacity // 2 + 1_024)
    assert len(run.core.state.free_blocks) > run.core.state.people["slots"][0] // 4
