"""The equations of the model document in plain NumPy, and worlds to test the rules in.

What is called "direct" is 64-bit NumPy that knows nothing of `sim.model.rules`, with the numbers of
configs/uncalibrated.toml, which no calibration moves.
"""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

import sim
from sim.model import rules
from sim.model.gestures import Channel
from sim.model.parameters import TRACES
from sim.run import begin
from sim.state.population import NOBODY
from tests.conftest import ROOT

NUMBERS = tomllib.loads((ROOT / "configs/uncalibrated.toml").read_text())["parameters"]
P = sim.Parameters(**NUMBERS).packed
QUIET = {"routine_rate": 0, "feed_rate": 0, "encounter_rate": 0, "birthday_noticed": 0, "post_rate": 0}
quick = settings(max_examples=200)
shares = st.floats(0, 1)

ANSWER = {
    "smile": -0.8, "hello": -0.8, "compliment": -1.3, "question": -1.3, "comment": -1.8, "introduction": -1.3,
    "message": -1.8, "note": -2.0, "call": -1.5, "conversation": -1.0, "invitation": -1.5,
}  # fmt: skip
RUNG = {
    "like": 0, "smile": 0, "hello": 0, "compliment": 1, "question": 1, "comment": 1, "introduction": 2, "message": 2,
    "note": 3, "call": 3, "conversation": 4, "invitation": 3, "post": 0,
}  # fmt: skip
LADDER = {
    Channel.FEED: {"like": 0.0, "comment": 2.2, "message": 3.5},
    Channel.PRIVATE: {"question": 0.8, "message": 1.2, "call": 2.6},
    Channel.IN_PERSON: {"smile": 0.1, "hello": 0.3, "compliment": 1.2, "question": 1.5, "conversation": 2.4},
}
channels = st.sampled_from(sorted(LADDER))
states = st.tuples(
    shares, shares, st.integers(0, 4), st.floats(0, 3), st.floats(0, 6)
)  # as `direct_barrier` takes them


def expit(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def logit(p: Any) -> Any:
    return np.log(p) - np.log1p(-p)


def direct_strength(contacts: list[tuple[int, float]], day: int) -> float:
    """Strength by the power law itself: ``sum of mass * age**-0.8``, ages from one day, over (day, mass)."""
    activation = sum(mass * (day - when + 1) ** -0.8 for when, mass in contacts)
    return activation / (activation + 0.5)


def direct_answer(kind: str, strength: Any, openness: Any, tries: Any) -> Any:
    """The probability of an answer without earlier gestures on the same day."""
    return expit(
        ANSWER[kind] + 0.8 * strength + 0.43 * openness + 0.36 * np.minimum(1, tries) - 0.35 * np.maximum(0, tries - 1)
    )


def direct_barrier(
    kind: str, risk: float, strength: Any, openness: Any, opened_by: Any, tries: Any, reticence: Any
) -> Any:
    """The comfort that a gesture needs, in logits."""
    welcome = direct_answer(kind, strength, openness, tries) if kind in ANSWER else 0.5
    doubt = logit(welcome) - logit(0.55 * welcome)
    door = openness * 0.5 ** np.maximum(0, RUNG[kind] - opened_by)
    return risk + (1 - strength) * (1 - door) * (reticence + doubt)


def direct_choice(channel: Channel, ease_and_practice: Any, *state: Any) -> dict[str, Any]:
    """The probability of each gesture on a ladder, and of none, over the logistic random term of comfort.

    A gesture is taken when comfort reaches its barrier and none of those after it.
    """
    share, weight_bound = {}, np.inf
    for kind, risk in reversed(LADDER[channel].items()):
        barrier = direct_barrier(kind, risk, *state) - ease_and_practice
        share[kind] = np.maximum(0.0, expit(-barrier) - expit(-weight_bound))
        weight_bound = np.minimum(weight_bound, barrier)
    return {"none": expit(weight_bound), **share}


def remembered(gaps_and_masses: list[tuple[int, float]]) -> tuple[np.ndarray, list[tuple[int, float]]]:
    """Traces after a history of (days since the contact before, mass); and (day, mass as saturated) of each contact."""
    traces, contacts, day = np.zeros(TRACES, np.float32), [], 0
    for gap, mass in gaps_and_masses:
        held = rules.strength(rules.activation(traces, gap, P), P)
        added = rules.saturated(mass, held, P)
        rules.add_contact(traces, gap, added)
        day += gap
        contacts.append((day, added))
    return traces, contacts


def strength_after(traces: np.ndarray, silence: int) -> float:
    return rules.strength(rules.activation(traces, silence, P), P)


def quiet(**changes: Any) -> sim.Parameters:
    """Parameters with which nothing happens unless put in by hand, and nobody lacks minutes."""
    return sim.Parameters(**{**NUMBERS, **QUIET, "weekly_minutes": 10_000, **changes})


def row_of(world: sim.World, owner: int, other: int) -> int:
    first, slots = world.people[owner][["first", "slots"]]
    return int(first + np.flatnonzero(world.ties["other"][first : first + slots] == other)[0])


def with_varied_ties(world: sim.World, acquaintances: float = 0.3) -> sim.World:
    """The same people, with doors and tries of every sort; this share of ties are acquaintances."""
    varied, draw = world.copy(), np.random.default_rng(5)
    ties = varied.ties
    held = ties["other"] != NOBODY
    count = int(held.sum())
    ties["openness"][held] = draw.random(count)
    ties["opened"][held] = world.day - draw.integers(0, 60, count)
    ties["opened_by"][held] = draw.integers(0, 5, count)
    ties["unanswered"][held] = 3 * draw.random(count)
    ties["last_sent"][held] = world.day - draw.integers(0, 60, count)
    low = np.minimum(varied.owners(), ties["other"])[held]
    high = np.maximum(varied.owners(), ties["other"])[held]
    ties["acquaintance"][held] = draw.random((len(world), len(world)))[low, high] < acquaintances
    return varied


def perceived(world: sim.World, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Strength, openness, rung of the door and tries without an answer of these rows of ties, today."""
    tie = world.ties[rows]
    held = [rules.strength(rules.activation(row["traces"], world.day - row["last_contact"], P), P) for row in tie]
    openness = tie["openness"] * 0.5 ** ((world.day - tie["opened"]) / 21)
    tries = tie["unanswered"] * 0.5 ** ((world.day - tie["last_sent"]) / 30)
    return np.array(held), openness, tie["opened_by"].astype(int), tries


def morning(world: sim.World, parameters: sim.Parameters, *extra: sim.Gesture) -> sim.World:
    """The world on the first morning of a run with these parameters and extra gestures."""
    return begin(
        world, strategy=None, adopters=None, seed=0, parameters=parameters, strategy_days=None, extra=extra, days=1
    )[0]


def have_mutual_tie(world: sim.World) -> np.ndarray:
    """Whether any two people share a tie, acquaintances apart; shape (n, n)."""
    ties = (world.ties["other"] != NOBODY) & (world.ties["acquaintance"] == 0)
    known = np.zeros((len(world), len(world)), int)
    known[world.owners()[ties], world.ties["other"][ties]] = 1
    return known @ known.T > 0
