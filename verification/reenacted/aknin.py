"""Who reaches out to an old friend (Aknin & Sandstrom 2024, Commun. Psychol. 2:34).

Two cells were fitted: 30% write, and 53% after a warm-up (`verification/rule_three.py`). Here are others: whether a
plan helps, old friends beside strangers, the effect of strangeness, and how many people have an old friend at all.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

import sim
from sim.measures import dormant_pairs
from sim.model import rules
from sim.model.gestures import Channel
from verification.reenacted.findings import BUILT_IN, Finding, burnt_in, predicted, standing_of
from verification.rule_three import faded_strength, mean_practice, share_who_write, warmed_up

TWO_THIRDS = 1.67  # times as many after the warm-up
_PER_CONDITION = 0.37  # the largest share in a condition of Studies 3 and 4, read in no text: a limit with a margin


def share_who_talk_to_a_stranger(practice: float, parameters: sim.Parameters) -> float:
    """The share who would begin to talk to a stranger in person, with a question or a conversation."""
    p, spread = parameters.packed, stats.norm.ppf((np.arange(400) + 0.5) / 400)
    total = 0.0
    for reticence in np.maximum(0.0, parameters.reticence_mean + parameters.reticence_sd * spread):
        kinds = [kind for kind in p["ladder"][Channel.IN_PERSON][: p["steps"][Channel.IN_PERSON]] if p["worded"][kind]]
        least = min(rules.barrier(kind, int(Channel.IN_PERSON), 0.0, 0.0, 0, 0.0, reticence, p) for kind in kinds)
        total += rules.expit(p["ease"] + p["practice_effect"] * practice - least)
    return total / 400


def share_with_an_old_friend(world: sim.World) -> tuple[float, float]:
    """The share of people with a dormant tie, and with one that was once strong."""
    found = dormant_pairs(world, world.parameters)
    pairs = np.column_stack([found["low"], found["high"]]).astype(np.int64)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    strong = both[standing_of(world, both) >= world.parameters.once_strong]
    return len(np.unique(both[:, 0])) / len(world), len(np.unique(strong[:, 0])) / len(world)


def findings(people: int = 400, years: float = 1.0) -> list[Finding]:
    """What the model does in the cells of the experiments."""
    parameters = sim.Parameters()
    world = burnt_in(people, years)
    practice = mean_practice(world)
    faded = np.array([faded_strength(parameters)])
    alone = share_who_write(faded, practice, parameters)
    warm = share_who_write(faded, warmed_up(practice, parameters), parameters)
    eased = sim.Parameters(ease=parameters.ease + parameters.follow_through)
    planned = share_who_write(faded, practice, eased)
    stranger = share_who_talk_to_a_stranger(practice, parameters)
    by_strength = [share_who_write(np.array([s]), practice, parameters) for s in (0.0, 0.2, 0.4, 0.6)]
    some, strong = share_with_an_old_friend(world)
    rising = ", ".join(f"{share:.0%}" for share in by_strength)
    return [
        Finding("share who write", "fewer than a third (Studies 3, 4)", f"{alone:.0%}", BUILT_IN),
        Finding("after a warm-up", "two thirds more (Study 7)", f"{warm:.0%}, {warm / alone:.2f} times", BUILT_IN),
        Finding(
            "given time and a reason", "still fewer than a third (Studies 3, 4)",
            f"{planned:.0%} with a plan (`follow_through`)", predicted(planned < _PER_CONDITION),
        ),
        Finding(
            "old friend or stranger", "no more willing than to talk to a stranger (Studies 5, 6)",
            f"{alone:.0%} write to the friend, {stranger:.0%} talk to a stranger", predicted(alone <= stranger + 0.05),
        ),
        Finding(
            "the more like a stranger", "the less willing (Studies 5, 6)",
            f"{rising} at strengths 0, .2, .4, .6", BUILT_IN,
        ),
        Finding(
            "people with an old friend", "about 90% (Study 1)",
            f"{some:.0%} have a dormant tie, {strong:.0%} one that was once strong", BUILT_IN,
        ),
    ]  # fmt: skip
