"""What dormant ties are worth (Levin, Walter & Murnighan 2011, Organ. Sci. 22:923).

224 executives contacted ties that had been dormant for three years or more. Their advice was as useful as that of
current ties; trust and a shared view were still there with formerly strong ones, which gave most. Reconnections are
typically not kept up (the authors' summary in MIT Sloan Management Review 52).

Here, one person calls the other once: in ties that have been dormant for three years, the third that was strongest once
and the third that was weakest, and in active ties.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

import sim
from sim.model import rules
from verification.reenacted.findings import (
    BUILT_IN,
    CANNOT,
    UNCLEAR,
    Finding,
    active_pairs,
    burnt_in,
    closeness_of,
    predicted,
    silent_pairs,
    standing_of,
    strengths_of,
    without_common_people,
)

THREE_YEARS, ANSWER_DAYS, LATER = 3 * 365, 7, (150, 240)
CLEAR = 2.0  # standard errors of a difference that counts as one
_NOON = 43_200


class Called(NamedTuple):
    """What a call leads to in the ties of a group, shape (ties,) each.

    Attributes:
        closeness: closeness of the person called before the call, 0..1; 0 without the slow stock.
        answered: whether the person called answers the call.
        after: strength for the person called on the next day, 0..1.
        kept: whether there was contact in both directions on days 150 to 240.
    """

    closeness: np.ndarray
    answered: np.ndarray
    after: np.ndarray
    kept: np.ndarray


def called(world: sim.World, most: int) -> list[Called]:
    """Let one person call the other in formerly strong, formerly weak and active ties, at most this many of each."""
    silent = silent_pairs(world, THREE_YEARS)
    standing = standing_of(world, silent)
    low, high = np.quantile(standing, [1 / 3, 2 / 3])
    groups = without_common_people(silent[standing >= high], silent[standing <= low], active_pairs(world), most=most)
    extra = [sim.Gesture(day=0, kind="call", sender=a, receiver=b) for group in groups for a, b in group.tolist()]
    day = sim.simulate(world, days=1, seed=1, extra=extra, log=True, series=False)
    rest = sim.simulate(day.world, days=LATER[1] - 1, seed=1, log=True, series=False)
    assert day.log is not None
    assert rest.log is not None
    calls = day.log[(day.log["kind"] == "call") & (day.log["time"] == world.day * rules.SECONDS_A_DAY + _NOON)]
    replied = _ways(calls.loc[calls.index.isin(day.log["in_reply_to"]), ["source", "target"]].to_numpy())
    since = (world.day + LATER[0]) * rules.SECONDS_A_DAY
    later = _ways(rest.log.loc[rest.log["time"] >= since, ["source", "target"]].to_numpy())
    return [
        Called(
            closeness_of(world, group[:, ::-1]),
            np.array([(a, b) in replied for a, b in group.tolist()], float),
            strengths_of(day.world, group[:, ::-1]),
            np.array([(a, b) in later and (b, a) in later for a, b in group.tolist()], float),
        )
        for group in groups
    ]


def _ways(rows: np.ndarray) -> set[tuple[int, int]]:
    """Who made a gesture to whom."""
    return {(int(one), int(other)) for one, other in rows.tolist()}


def difference(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """The difference of two means, and its standard error."""
    error = math.sqrt(one.var() / len(one) + other.var() / len(other))
    return float(one.mean() - other.mean()), error


def more(one: np.ndarray, other: np.ndarray) -> str:
    """The verdict on whether the first mean is larger, by `CLEAR` standard errors."""
    gap, error = difference(one, other)
    return UNCLEAR if abs(gap) <= CLEAR * error else predicted(gap > 0)


def as_much(one: np.ndarray, other: np.ndarray) -> str:
    """The verdict on whether the first mean is not smaller, by `CLEAR` standard errors."""
    gap, error = difference(one, other)
    return predicted(gap > -CLEAR * error)


def _shares(*groups: np.ndarray) -> str:
    """Means with their standard errors, in percent."""
    return ", ".join(f"{group.mean():.0%} ± {group.std() / math.sqrt(len(group)):.0%}" for group in groups)


def findings(people: int = 4_000, years: float = 1.0, most: int = 600) -> list[Finding]:
    """What the model does, with the slow stock off and on."""
    found = []
    for slow in (False, True):
        strong, weak, active = called(burnt_in(people, years, slow=slow), most)
        dormant = np.concatenate([strong.answered, weak.answered])
        ties, stock = f"{len(strong.answered)} ties of each kind", "on" if slow else "off"
        found += [
            Finding(
                f"answers, slow stock {stock}", "strong dormant ties give more than weak ones",
                f"{_shares(strong.answered, weak.answered)} of {ties}",
                more(strong.answered, weak.answered),
            ),
            Finding(
                f"strength on the next day, slow stock {stock}", "strong dormant ties give more than weak ones",
                f"{strong.after.mean():.3f}, {weak.after.mean():.3f} (± {difference(strong.after, weak.after)[1]:.3f})",
                more(strong.after, weak.after),
            ),
            Finding(
                f"dormant or active, slow stock {stock}", "dormant ties are as useful as current ones",
                f"answers: dormant and active {_shares(dormant, active.answered)}",
                as_much(dormant, active.answered),
            ),
            Finding(
                f"kept up, slow stock {stock}", "typically not",
                f"two-way contact on days {LATER[0]} to {LATER[1]}: strong, weak, active "
                f"{_shares(strong.kept, weak.kept, active.kept)}",
                predicted(max(strong.kept.mean(), weak.kept.mean()) < 0.5),
            ),
        ]  # fmt: skip
    levels = ", ".join(f"{one.closeness.mean():.2f}" for one in (strong, weak, active))
    found.append(Finding("trust", "still there in strong dormant ties", f"closeness {levels}", BUILT_IN))
    found.append(Finding("advice", "useful and new, as rated by the executives", "the model has none", CANNOT))
    return found
