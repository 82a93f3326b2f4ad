"""How far people underestimate that others appreciate it (Liu, Rim, Min & Min 2023, J. Pers. Soc. Psychol. 124:754).

Senders expected less appreciation than receivers felt (5.57 and 6.17 of 7). The gap came from surprise: it was larger
for weak ties, and absent if the contact was expected. The model has no appreciation. Nearest are the answer that a
sender expects, what this doubt weighs in the barrier, and what a message leaves with its receiver.
"""

from __future__ import annotations

import numpy as np

import sim
from sim.model import rules
from sim.model.gestures import Kind
from sim.model.parameters import TRACES
from verification.reenacted.findings import BUILT_IN, CANNOT, Finding, predicted

MESSAGE = int(Kind.MESSAGE)
WEAK, STRONG = 0.1, 0.7  # strengths


def gap(strength: float, p: np.void) -> float:
    """How much lower the probability of an answer is that a sender expects than the true one."""
    real = rules.expit(rules.answer_logit(MESSAGE, strength, 0.0, 0.0, p))
    return float(real * (1 - p["acceptance_ratio"]))


def weight_of_doubt(strength: float, openness: float, p: np.void) -> float:
    """How much doubt adds to the barrier, in logits."""
    welcome = rules.answer_logit(MESSAGE, strength, openness, 0.0, p)
    rung = int(p["rung"][MESSAGE])
    with_doubt = rules.barrier_perceived(MESSAGE, 1, strength, openness, rung, rules.doubt(welcome, p), p)
    return float(with_doubt - rules.barrier_perceived(MESSAGE, 1, strength, openness, rung, 0.0, p))


def left_with_the_receiver(contacts: int, silence: int, parameters: sim.Parameters) -> tuple[float, float]:
    """What a message adds to the receiver's strength, the first after a silence and one more on the next day.

    Args:
        contacts: weekly contacts before the silence, each of mass 1.
        silence: days.
        parameters: parameters.
    """
    p, traces = parameters.packed, np.zeros(TRACES, np.float32)
    for _ in range(contacts):
        rules.add_contact(traces, 7, rules.saturated(1.0, rules.strength(rules.activation(traces, 7, p), p), p))
    gained, wait = [], silence
    for _ in range(2):
        before = rules.strength(rules.activation(traces, wait, p), p)
        mass = p["encoding_received"] * p["mass"][MESSAGE]
        rules.add_contact(traces, wait, rules.saturated(mass, before, p))
        gained.append(float(rules.strength(rules.activation(traces, 0, p), p)) - float(before))
        wait = 1
    return gained[0], gained[1]


def findings() -> list[Finding]:
    """What the model does."""
    p = sim.Parameters().packed
    weak, strong = gap(WEAK, p), gap(STRONG, p)
    doubts = [weight_of_doubt(WEAK, 0.0, p), weight_of_doubt(STRONG, 0.0, p), weight_of_doubt(WEAK, 1.0, p)]
    left = {
        of: [
            left_with_the_receiver(many, silence, sim.Parameters(saturation=of))
            for many, silence in ((4, 365), (52, 7))
        ]
        for of in (1.0, 0.0)
    }
    more = [left[of][0][0] > left[of][1][0] for of in left]
    numbers = "; ".join(
        f"{rows[0][0]:.3f} after a year of silence, {rows[1][0]:.3f} in a weekly tie (`saturation` {of:g})"
        for of, rows in left.items()
    )  # fmt: skip
    first, second = left[1.0][0]
    return [
        Finding(
            "is it underestimated?", "yes, 5.57 expected and 6.17 felt of 7",
            f"expected answers are {p['acceptance_ratio']:.0%} of the real", BUILT_IN,
        ),
        Finding(
            "a larger gap for weak ties?", "yes",
            f"gap {weak:.3f} at strength {WEAK}, {strong:.3f} at {STRONG}", predicted(weak > strong),
        ),
        Finding(
            "does it deter more from weak ties?", "not measured; follows from the gap",
            f"doubt weighs {doubts[0]:.2f} logits at strength {WEAK}, {doubts[1]:.2f} at {STRONG}", BUILT_IN,
        ),
        Finding(
            "no gap if contact is expected?", "yes",
            f"doubt weighs {doubts[2]:.2f} logits behind an open door", BUILT_IN,
        ),
        Finding("does a surprise leave more?", "yes, it is appreciated more", numbers, predicted(all(more))),
        Finding(
            "nothing more if it is expected?", "the gap is absent",
            f"first message {first:.3f}, one more on the next day {second:.3f}", predicted(second < first / 2),
        ),
        Finding("appreciation and surprise", "measured on 7-point scales", "the model has neither", CANNOT),
    ]  # fmt: skip
