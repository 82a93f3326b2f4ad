"""A check of perceived strangeness: how many people write to an old friend, with and without a warm-up?

In experiments, 30% and 31% of people wrote to an old friend, and 53% after a warm-up with three others (Aknin &
Sandstrom 2024). The script computes these shares in the model, over random draws and reticence, on the private
channel, at the mean practice of a population that lives at that ease. It uses two definitions of "old friend": a tie
with monthly contact for a year and then none for five, and the dormant ties that people in a burnt-in world have,
which are warmer.

    python -m verification.rule_three    prints the shares over ease, draws results/verification/rule_three.png
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numba import njit
from scipy import stats

import sim
from experiments.figures import BLUE, GREY, STYLE, VERMILLION
from sim.measures import dormant_pairs
from sim.model import rules
from sim.model.gestures import Channel
from sim.model.parameters import TRACES

OUT = Path("results/verification/rule_three.png")
EASES = np.arange(0.5, 4.01, 0.5)
QUANTILES = (np.arange(400) + 0.5) / 400
PRIVATE = int(Channel.PRIVATE)


@njit
def _share_who_write(strengths: np.ndarray, reticence: np.ndarray, practice: float, settings: np.ndarray) -> float:
    """The mean probability of a question or a harder gesture to ties of these strengths with shut doors."""
    total = 0.0
    for strength in strengths:
        for weight in reticence:
            least = np.inf
            for step in range(settings[0].steps[PRIVATE]):  # the rest of the row is not part of the ladder
                kind = settings[0].ladder[PRIVATE, step]
                least = min(least, rules.barrier(kind, PRIVATE, strength, 0.0, 0, 0.0, weight, settings[0]))
            total += rules.expit(settings[0].ease + settings[0].practice_effect * practice - least)
    return total / (len(strengths) * len(reticence))


def share_who_write(strengths: np.ndarray, practice: float, parameters: sim.Parameters) -> float:
    """The same, over the distribution of reticence in the parameters."""
    spread = stats.norm.ppf(QUANTILES, parameters.reticence_mean, parameters.reticence_sd)
    return float(_share_who_write(strengths, np.maximum(0.0, spread), practice, np.array([parameters.packed])))


def warmed_up(practice: float, parameters: sim.Parameters) -> float:
    """Practice after three worded gestures in the previous hour."""
    for _ in range(3):
        practice = rules.practised(practice, parameters.packed)
    return practice


def mean_practice(world: sim.World) -> float:
    """The mean practice of a population on a morning."""
    people, p = world.people, world.parameters.packed
    return float(
        np.mean([rules.practice_now(person["practice"], world.day - person["practised"], p) for person in people])
    )


def dormant_strengths(world: sim.World) -> np.ndarray:
    """Strengths at 100 evenly spaced quantiles of the dormant ties of a world, in both directions."""
    dormant = dormant_pairs(world, world.parameters)
    pairs = set(zip(dormant["low"].tolist(), dormant["high"].tolist(), strict=True))
    p, strengths = world.parameters.packed, []
    for owner, tie in zip(world.owners().tolist(), world.ties, strict=True):
        if (owner, tie["other"]) in pairs or (tie["other"], owner) in pairs:
            strengths.append(rules.strength(rules.activation(tie["traces"], world.day - tie["last_contact"], p), p))
    return np.quantile(strengths, (np.arange(100) + 0.5) / 100)


def faded_strength(parameters: sim.Parameters) -> float:
    """The strength of a tie after a year of monthly contact and five years of silence."""
    traces, p = np.zeros(TRACES, np.float32), parameters.packed
    for _ in range(13):
        strength = rules.strength(rules.activation(traces, 30, p), p)
        rules.add_contact(traces, 30, rules.saturated(1.0, strength, p))
    return float(rules.strength(rules.activation(traces, 5 * 365, p), p))


def shares_at(ease: float, people: int, years: float) -> dict[str, float]:
    """The shares who would write in a population that is burnt in at this ease."""
    parameters = sim.Parameters(ease=ease)
    world = sim.worlds.generated(people=people, burn_in_years=years, seed=1, parameters=parameters, cache=False)
    practice, dormant = mean_practice(world), dormant_strengths(world)
    faded = np.array([faded_strength(parameters)])
    warm = warmed_up(practice, parameters)
    return {
        "ease": ease,
        "mean practice": practice,
        "strength, dormant": float(dormant.mean()),
        "strength, faded": float(faded[0]),
        "faded": share_who_write(faded, practice, parameters),
        "faded, warmed up": share_who_write(faded, warm, parameters),
        "dormant": share_who_write(dormant, practice, parameters),
        "dormant, warmed up": share_who_write(dormant, warm, parameters),
    }


def ease_for(table: pd.DataFrame, column: str, share: float) -> float:
    """The ease at which a column reaches a share, by linear interpolation."""
    return float(np.interp(share, table[column], table["ease"]))


def draw(table: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(11, 7), layout="constrained")
    axes = figure.subplots()
    for name, colour in (("faded", BLUE), ("dormant", VERMILLION)):
        words = {"faded": "silent for five years", "dormant": "dormant tie of a world"}[name]
        for column, style, after in ((name, "-", ""), (f"{name}, warmed up", "--", ", warmed up")):
            shares = table[column].to_numpy()
            axes.plot(table["ease"], shares, style, color=colour, lw=3)
            end = (float(table["ease"].iloc[-1]), float(shares[-1]))
            axes.annotate(words + after, end, (8, 0), textcoords="offset points", color=colour, va="center")
    for share, text in ((0.3, "people: 30%"), (0.53, "people, warmed up: 53%")):
        axes.axhline(share, color=GREY, lw=1.5, ls=":")
        axes.annotate(text, (0.5, share), (0, 4), textcoords="offset points", color=GREY)
    axes.axvline(sim.Parameters().ease, color=GREY, lw=1.5)
    axes.annotate("default ease", (sim.Parameters().ease, 0.02), (5, 0), textcoords="offset points", color=GREY)
    axes.set(xlabel="ease (logit)", ylabel="share who write to an old friend", xlim=(0.5, 4), ylim=(0, 1))
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main(people: int = 300, years: float = 1) -> pd.DataFrame:
    """Print and draw; returns the shares, with a row for each ease and one for the default ease."""
    eases = sorted({*EASES.tolist(), sim.Parameters().ease})
    table = pd.DataFrame([shares_at(ease, people, years) for ease in eases])
    print(table.round(3).to_string(index=False))
    for column, share in (("faded", 0.3), ("dormant", 0.3), ("faded, warmed up", 0.53), ("dormant, warmed up", 0.53)):
        print(f"{column}: {share:.2f} at an ease of {ease_for(table, column, share):.2f}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE | {"font.size": 15}):
        draw(table).savefig(OUT, bbox_inches="tight")
    print(f"wrote {OUT}")
    return table


def test_people_write_to_an_old_friend_as_often_as_people_do() -> None:
    """After five silent years, 25% to 40% write; after a warm-up, 45% to 60%."""
    table = main().set_index("ease")
    row = table.loc[sim.Parameters().ease]
    assert 0.25 < row["faded"] < 0.40
    assert 0.45 < row["faded, warmed up"] < 0.60
    assert (table["dormant"].diff().dropna() > 0).all()


if __name__ == "__main__":
    main()
