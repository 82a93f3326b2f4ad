"""Compares the strength from six leaky counters with that from the exact power law, over many kinds of histories.

python -m verification.strength      prints the largest differences, draws results/verification/strength.png
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import sim
from experiments.figures import BLUE, GREY, INK, STYLE, VERMILLION
from sim.model import rules
from sim.model.parameters import HALF_LIVES, TRACES, kernel

OUT = Path("results/verification/strength.png")
P = sim.Parameters().packed
ALLOWED = 0.03

Contacts = list[tuple[int, float]]  # (day, mass)

# name: the contacts as (day, mass), and the number of days to compare
HISTORIES: dict[str, tuple[Contacts, int]] = {
    "a year of daily contact, then none": ([(day, 1.0) for day in range(365)], 1_500),
    "monthly for a year, then none": ([(day, 1.0) for day in range(0, 365, 30)], 1_500),
    "weekly for a year, three years of silence, a hello": (
        [*((day, 1.0) for day in range(0, 365, 7)), (1_460, 0.05)],
        1_500,
    ),
    "one conversation a year": ([(day, 5.0) for day in range(0, 1_500, 365)], 1_500),
}


def by_traces(contacts: Contacts, days: np.ndarray) -> tuple[np.ndarray, Contacts]:
    """The strength in the evening of each day, and the contacts with their saturated masses."""
    traces, last, pending, added = np.zeros(TRACES, np.float32), 0, list(contacts), []
    strengths = np.zeros(len(days))
    for k, day in enumerate(days):
        while pending and pending[0][0] <= day:
            when, mass = pending.pop(0)
            before = rules.strength(rules.activation(traces, when - last, P), P)
            added.append((when, rules.saturated(mass, before, P)))
            rules.add_contact(traces, when - last, added[-1][1])
            last = when
        strengths[k] = rules.strength(rules.activation(traces, int(day) - last, P), P)
    return strengths, added


def by_power_law(contacts: Contacts, days: np.ndarray) -> np.ndarray:
    """The same from the sum of ``mass * age**-decay`` over all contacts, with ages of one day or more."""
    when, mass = np.array(contacts).T
    ages = days[:, None] - when + 1
    activation = np.where(ages >= 1, mass * np.maximum(ages, 1.0) ** -P["memory_decay"], 0).sum(axis=1)
    return np.asarray(activation / (activation + P["half_strength"]))


def random_history(draw: np.random.Generator) -> Contacts:
    """Bursts of contacts of any mass between silences of any length, for ten years; half end with a small gesture."""
    contacts, day = [], 0
    for _ in range(draw.integers(1, 6)):
        gap, mass = draw.choice([1, 2, 7, 30, 90]), draw.choice([0.02, 0.05, 0.3, 0.5, 1.0, 2.5, 5.0])
        for _ in range(draw.integers(1, 60)):
            day += int(draw.exponential(gap))
            contacts.append((day, float(mass)))
        day += int(10 ** draw.uniform(0, 3.2))
    if draw.random() < 0.5:
        contacts.append((day, 0.05))
    return [contact for contact in contacts if contact[0] < 3_650]


def random_differences(histories: int = 1_000) -> np.ndarray:
    """Strength by traces minus strength by the power law, on 40 days after each history, shape (histories, 40)."""
    draw = np.random.default_rng(1)
    differences = np.empty((histories, 40))
    for k in range(histories):
        contacts = random_history(draw)
        days = contacts[-1][0] + np.unique(np.geomspace(1, 350, 60).astype(int))[:40] - 1
        strengths, added = by_traces(contacts, days)
        differences[k] = strengths - by_power_law(added, days)
    return differences


def draw(differences: np.ndarray) -> Figure:
    """The kernel, a few histories, and the differences over many."""
    figure = Figure(figsize=(18, 6), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1.5, 1])
    ages = np.geomspace(1, 4_000, 500)
    for decay, colour in ((0.4, GREY), (0.8, BLUE), (1.2, VERMILLION)):
        ratio = 0.5 ** (ages[:, None] / HALF_LIVES) @ kernel(decay) * ages**decay
        left.semilogx(ages, ratio, color=colour, lw=3, label=f"decay {decay}")
    left.axhspan(0.9, 1.1, color=GREY, alpha=0.2, lw=0)
    titled(left, "six exponentials divided by the power law", "age in days")
    left.legend(frameon=False)
    for (name, (contacts, until)), colour in zip(HISTORIES.items(), (INK, BLUE, VERMILLION, GREY), strict=True):
        days = np.arange(until)
        strengths, added = by_traces(contacts, days)
        middle.plot(days / 365, strengths, color=colour, lw=3, label=name)
        middle.plot(days / 365, by_power_law(added, days), color="white", lw=1.2, ls=(0, (3, 3)))
    titled(middle, "strength (dashes: exact)", "years")
    middle.set(ylim=(0, 1.35), yticks=np.arange(0, 1.1, 0.2))
    middle.legend(frameon=False, fontsize=12, loc="upper right")
    right.hist(differences.ravel(), bins=80, color=BLUE)
    for side in (-ALLOWED, ALLOWED):
        right.axvline(side, color=VERMILLION, lw=2, ls="--")
    right.set_yscale("log")
    titled(right, f"{len(differences):,} random histories", "strength minus exact strength")
    return figure


def titled(axes: Axes, title: str, x: str) -> None:
    axes.set_title(title, fontsize=17, loc="left")
    axes.set_xlabel(x)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> np.ndarray:
    """Print and draw; returns the differences over random histories."""
    differences = random_differences()
    worst = np.abs(differences).max()
    print(
        f"{len(differences):,} random histories: largest difference {worst:.4f}, mean {np.abs(differences).mean():.4f}"
    )
    for name, (contacts, until) in HISTORIES.items():
        strengths, added = by_traces(contacts, np.arange(until))
        print(f"{name}: largest difference {np.abs(strengths - by_power_law(added, np.arange(until))).max():.4f}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE | {"font.size": 14}):
        draw(differences).savefig(OUT)
    print(f"wrote {OUT}")
    return differences


def test_strength_is_that_of_the_power_law() -> None:
    """The difference is within 0.03 for every history, at ages of a day or more."""
    assert np.abs(main()).max() < ALLOWED
    for contacts, until in HISTORIES.values():
        strengths, added = by_traces(contacts, np.arange(until))
        assert np.abs(strengths - by_power_law(added, np.arange(until))).max() < ALLOWED


if __name__ == "__main__":
    main()
