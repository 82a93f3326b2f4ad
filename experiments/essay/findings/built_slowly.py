"""Relationships are built slowly, by consistent interaction and shared experience: the same four hours, spent in four ways."""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
    MainEffect,
    gain,
    hanging_on,
    judge,
    level,
    plotted,
    setting_of,
    table_of,
    together,
)
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges
from experiments.sweeps.sweep_result import SweepResult

NOTHING = "nothing"
WORDS_ONCE, WORDS, TALKS_ONCE, TALKS = (
    "messages, one day",
    "messages, half a year",
    "talks, one day",
    "talks, half a year",
)
COUNTED = 420  # days from the first day to the count: half a year, and 240 days
ARMS = (TALKS, TALKS_ONCE, WORDS, WORDS_ONCE)
OUTCOME = "focal_kept"
SPREAD = "talks spread over half a year", "messages spread over half a year"
TALKING = "talks instead of messages"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """How many more of 100 ties are in touch 240 days later, by how four hours were spent."""
    swept = sweeps["built_slowly"]
    arms, least = swept.arms(OUTCOME, "row"), swept.verdict.least(OUTCOME)
    beyond = {name: gain(swept, name, arms[name], arms[NOTHING], least) for name in ARMS}
    slowly = {
        SPREAD[0]: gain(swept, "talks, half a year less one day", arms[TALKS], arms[TALKS_ONCE], least),
        SPREAD[1]: gain(swept, "messages, half a year less one day", arms[WORDS], arms[WORDS_ONCE], least),
        TALKING: gain(swept, "talks less messages, half a year", arms[TALKS], arms[WORDS], least),
    }  # fmt: skip
    none, answered = level(swept, NOTHING, arms[NOTHING]), answers(swept)
    first, once, spread, talking = beyond[TALKS].mean, beyond[TALKS_ONCE].mean, slowly[SPREAD[0]], slowly[TALKING]
    data = pd.concat(
        [
            plotted("in touch after 420 days, of 100", swept, [level(swept, name, arms[name]).times(100) for name in (*ARMS, NOTHING)]),
            plotted("more than after nothing", swept, [beyond[name].times(100) for name in ARMS]),
        ],
        ignore_index=True,
    )  # fmt: skip
    return ClaimFinding(
        ruling=together({name: judge(swept, one) for name, one in slowly.items()}),
        effect=(
            f"Of 100 silent friends, {100 * none.mean.value:.0f} would be in touch {COUNTED} days later anyway. Eight talks of half an hour over half a "
            f"year leave {100 * first.value:+.1f} ({100 * first.low:.1f} … {100 * first.high:.1f}) of 100 more in touch on that day, and as many on one day "
            f"{100 * once.value:+.1f}. So spreading them adds {100 * spread.mean.value:+.1f}, and spreading 80 messages "
            f"{100 * slowly[SPREAD[1]].mean.value:+.1f}. Part of this is that they end five months later, nearer to the day of the count, and part that more of it is answered: per friend, {answered[TALKS].mean.value:.0f} gestures after spread-out "
            f"talks and {answered[TALKS_ONCE].mean.value:.0f} after those on one day; with messages, {answered[WORDS].mean.value:.0f} and "
            f"{answered[WORDS_ONCE].mean.value:.0f}. {hanging_on(swept, spread, len(slowly), 'What spreading talks adds')} Time spent talking keeps "
            f"{100 * talking.mean.value:+.1f} ({100 * talking.mean.low:.1f} … {100 * talking.mean.high:.1f}) of 100 friends, compared with as much time spent on messages. "
            f"{hanging_on(swept, talking, len(slowly), 'That')} Whether hours or the number of contacts bring people closer is unmeasured "
            "(`closeness_by_length`), and so is how much: perhaps not at all."
        ),
        main=MainEffect("built_slowly", spread, len(slowly), 3),
        pictures=(
            FigureSpec(
                "built_slowly",
                Words(
                    f"Eight talks over half a year leave {100 * first.value:.0f} of 100 more friends in touch after {COUNTED} days;\n"
                    f"the same talks on one day, {100 * beyond[TALKS_ONCE].mean.value:.0f}; four hours of messages, {100 * beyond[WORDS].mean.value:.0f}",
                    f"Four hours with a friend who had gone silent, in talks or messages, on one day or over half a year.\n{DOTS}",
                    f"{setting_of(swept)}\nDashed: the smallest effect of interest; behind the number, the share of draws that reach it.",
                ),
                data,
                partial(draw_ranges, unit="friends", digits=1),
            ),
        ),
        tables={
            "Ties in touch 420 days after the first gesture, beyond nothing (1 is all of them)": table_of(swept, list(beyond.values()), first="four hours", digits=3),
            "What spreading, and talking, adds": table_of(swept, list(slowly.values()), first="difference", digits=3),
        },
        checked=("built_slowly",),
    )  # fmt: skip


def answers(swept: SweepResult) -> dict[str, Effect]:
    """How many more gestures are answered in the whole world than after nothing, per friend, by arm."""
    everyone, friends = swept.arms("everyone_answered", "row"), swept.arms("focal", "row")[NOTHING]
    people = int(swept.runs["people"].iloc[0])
    return {name: level(swept, name, (everyone[name] - everyone[NOTHING]) * people / friends) for name in ARMS}
