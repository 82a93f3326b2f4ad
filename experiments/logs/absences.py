"""Two effects that must be absent from a world: closeness from likes alone, and more answers with every attempt.

`ABSENCES` describes the effects, as `experiments.logs.published.FACTS` does, and `absences` runs a world to look for
them.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from experiments.logs.fact_values import Found, counted_mean
from experiments.logs.published import ANY, CHECK, CHOSEN, NONE, PublishedFact, judged_facts
from sim.measures import dormant_pairs
from sim.model import rules
from sim.model.chance import DrawPurpose
from sim.model.parameters import Parameters
from sim.run import Gesture, Run, simulate
from sim.state.population import NOBODY, World

TOUCHES = (1, 2, 3, 4, 6, 8, 12)  # messages in a fortnight
_FORTNIGHT = 14
_NOON = 43_200  # seconds
_LIKING_DAYS = 30
_ANSWER_DAYS = 7
_NO_ANSWERS = -10.0  # logit
ABSENCES: dict[str, PublishedFact] = {
    "like_alone": PublishedFact(
        "Likes do not make people closer unless words follow.",
        "Largest difference that a month of daily likes makes to the strength of dormant ties, either side, 0 to 1; "
        "over pairs without any other gesture or a post read between the two, with likes and without.",
        0.0, 0.0, "Burke & Kraut 2014", "published", "world",
    ),
    "like_and_what_follows": PublishedFact(
        "The effect of a month of daily likes on closeness if words can follow.",
        "Mean difference of strength, 0 to 1, over all these pairs, both sides.",
        math.nan, math.nan, "no published figure", CHECK, "world",
    ),
    "touch_second_helps": PublishedFact(
        "A second attempt is more likely to be answered than a first.",
        "Difference of the probabilities of an answer within a week.",
        0.0, ANY, "Edwards et al. 2002", "published", "world",
    ),
    "touch_further_ones_do_not": PublishedFact(
        "Attempts after the second do not raise the probability of an answer.",
        "The largest difference of a later touch from the second, in the probability of an answer within a week.",
        NONE, 0.02, "Godfrey, Seiders & Voss 2011", CHOSEN, "world",
    ),
    **{
        f"touch_{number}_answered": PublishedFact(
            f"How likely touch {number} in a fortnight is answered if none before it was.",
            "Share of messages to dormant ties answered within a week.",
            math.nan, math.nan, "no published figure", CHECK, "world",
        )
        for number in TOUCHES
    },
}  # fmt: skip


def absences(
    world: World, *, pairs: int = 500, seed: int = 1, threads: int = 1, parameters: Parameters | None = None
) -> pd.DataFrame:
    """Run a world to check that likes alone do not create closeness, and that more attempts do not bring more answers.

    Both checks use dormant ties without common people. *Likes*: one person likes the other every day for a month, or
    does not, with the same random draws. *Attempts*: one person sends 1 to 12 messages on successive days, the last on
    the same day with the same random draws. Nobody answers messages before that day, so the number of messages does not
    change which ties are compared.

    Args:
        world: a world in which nobody follows a strategy.
        pairs: largest number of dormant ties.
        seed: seed of all random draws.
        threads: number of threads of the runs.
        parameters: parameters of the runs; by default those of the world.

    Returns:
        A table like that of `facts`, with the rows of `ABSENCES`; ``count`` is in pairs.
    """
    settings = world.parameters if parameters is None else parameters
    focal = _apart(world, settings, seed)[:pairs]
    found = {**_likes(world, focal, settings, seed, threads), **_touches(world, focal, settings, seed, threads)}
    return judged_facts(ABSENCES, found)


def _apart(world: World, settings: Parameters, seed: int) -> np.ndarray:
    """Dormant ties without a person in common, in random order: ids of both sides, shape (pairs, 2)."""
    found = dormant_pairs(world, settings)
    random = np.random.Generator(np.random.Philox(key=[int(DrawPurpose.BOOTSTRAP), seed]))
    taken: set[int] = set()
    kept = []
    for low, high in random.permutation(np.column_stack([found["low"], found["high"]])).tolist():
        if low not in taken and high not in taken:
            taken |= {low, high}
            kept.append((low, high))
    return np.array(kept, np.int64).reshape(-1, 2)


def _gestures(kind: str, focal: np.ndarray, days: range) -> list[Gesture]:
    """One gesture per day at noon from the first to the second person of each pair."""
    return [
        Gesture(day=day, kind=kind, sender=sender, receiver=receiver, second=_NOON)
        for day in days
        for sender, receiver in focal.tolist()
    ]


def _between(log: pd.DataFrame, focal: np.ndarray) -> np.ndarray:
    """The number of gestures in a log between the two people of each pair, (pairs,)."""
    first, second = log["source"].to_numpy(np.int64), log["target"].to_numpy(np.int64)
    width = int(max(focal.max(initial=0), first.max(initial=0), second.max(initial=0))) + 1
    keys = np.sort(np.minimum(first, second) * width + np.maximum(first, second))
    wanted = focal.min(axis=1) * width + focal.max(axis=1)
    return np.searchsorted(keys, wanted, "right") - np.searchsorted(keys, wanted, "left")


def _likes(world: World, focal: np.ndarray, settings: Parameters, seed: int, threads: int) -> Found:
    arms = [
        simulate(
            world, days=_LIKING_DAYS, seed=seed, threads=threads, parameters=settings, extra=extra, log=True,
            series=False,
        )
        for extra in ([], _gestures("like", focal, range(_LIKING_DAYS)))
    ]  # fmt: skip
    sides = np.concatenate([focal, focal[:, ::-1]])
    without, liked = (_strengths(arm.world, sides).reshape(2, -1) for arm in arms)
    difference = liked - without
    alone = ~np.isnan(difference).any(axis=0) & ~np.logical_or.reduce([_words(world, arm, focal) for arm in arms])
    return {
        "like_alone": (float(np.abs(difference[:, alone]).max(initial=0.0)), int(alone.sum())),
        "like_and_what_follows": counted_mean(difference.mean(axis=0)),
    }


def _words(world: World, arm: Run, focal: np.ndarray) -> np.ndarray:
    """Whether there was anything but likes between the two people, including posts that they read, (pairs,)."""
    assert arm.log is not None
    wrote = _between(arm.log[arm.log["kind"] != "like"], focal) > 0
    sides = np.concatenate([focal, focal[:, ::-1]])
    before, after = _rows(world, sides), _rows(arm.world, sides)
    read = world.ties["post_seen"][before] != arm.world.ties["post_seen"][after]
    return wrote | read.reshape(2, -1).any(axis=0)


def _rows(world: World, sides: np.ndarray) -> np.ndarray:
    """Rows of `ties` with the first person's memory of the second; -1 if forgotten."""
    rows = np.flatnonzero(world.ties["other"] != NOBODY)
    keys = world.owners()[rows].astype(np.int64) * len(world) + world.ties["other"][rows]
    order = np.argsort(keys)
    wanted = sides[:, 0] * len(world) + sides[:, 1]
    place = np.minimum(np.searchsorted(keys[order], wanted), max(len(keys) - 1, 0))
    return np.where(keys[order][place] == wanted, rows[order][place], -1) if len(keys) else np.full(len(wanted), -1)


def _strengths(world: World, sides: np.ndarray) -> np.ndarray:
    """The strength of the second person for the first today, (sides,); nan if forgotten."""
    p = world.parameters.packed
    strengths = np.full(len(sides), np.nan)
    for k, row in enumerate(_rows(world, sides)):
        if row >= 0:
            tie = world.ties[row]
            strengths[k] = rules.strength(rules.activation(tie["traces"], world.day - tie["last_contact"], p), p)
    return strengths


def _touches(world: World, focal: np.ndarray, settings: Parameters, seed: int, threads: int) -> Found:
    comparable, answered = [], []
    for number in TOUCHES:
        undisturbed, answers = _last_touch(world, focal, number, settings, seed, threads)
        comparable.append(undisturbed)
        answered.append(answers)
    same = np.logical_and.reduce(comparable)
    share = {
        number: counted_mean(answers[same].astype(float)) for number, answers in zip(TOUCHES, answered, strict=True)
    }
    count = int(same.sum())
    later = [share[number][0] - share[2][0] for number in TOUCHES if number > 2]
    return {
        "touch_second_helps": (share[2][0] - share[1][0], count),
        "touch_further_ones_do_not": (max(later), count),
        **{f"touch_{number}_answered": found for number, found in share.items()},
    }


def _last_touch(
    world: World, focal: np.ndarray, number: int, settings: Parameters, seed: int, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whether the two people exchanged only this many messages, and whether the last was answered, (pairs,)."""
    quiet = _FORTNIGHT - 1
    first = simulate(
        world, days=quiet, seed=seed, threads=threads, parameters=_without_answers(settings), log=True, series=False,
        extra=_gestures("message", focal, range(quiet - number + 1, quiet)),
    )  # fmt: skip
    last = simulate(
        first.world, days=_ANSWER_DAYS, seed=seed, threads=threads, parameters=settings, log=True, series=False,
        extra=_gestures("message", focal, range(1)),
    )  # fmt: skip
    assert first.log is not None
    assert last.log is not None
    noon = first.world.day * rules.SECONDS_A_DAY + _NOON
    touched = last.log[(last.log["time"] == noon) & (last.log["kind"] == "message")]
    replied = touched[touched.index.isin(last.log["in_reply_to"])]
    undisturbed = (_between(first.log, focal) == number - 1) & (_between(last.log[last.log["time"] < noon], focal) == 0)
    return undisturbed, _between(replied, focal) > 0


def _without_answers(settings: Parameters) -> Parameters:
    """The settings changed so that nobody answers messages."""
    table = settings.model_dump()
    table["gestures"]["message"]["answer"] = _NO_ANSWERS
    return Parameters(**table)
