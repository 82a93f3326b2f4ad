"""Relationships are built slowly, by consistent interaction and shared experience: the same four hours, spent in four ways."""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.essay.findings import ClaimFinding, FigureSpec, Sweeps
from experiments.essay.findings.effects import (
    DOTS,
    Effect,
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

NOTHING = "nothing"
WORDS_ONCE, WORDS, TALKS_ONCE, TALKS = (
    "messages, one day",
    "messages, half a year",
    "talks, one day",
    "talks, half a year",
)
ARMS = (TALKS, TALKS_ONCE, WORDS, WORDS_ONCE)
OUTCOME = "focal_kept"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """How many more of 100 ties are in touch 240 days later, by how four hours were spent."""
    swept = sweeps["built_slowly"]
    arms, least = swept.arms(OUTCOME, "row"), swept.verdict.least(OUTCOME)
    beyond = {name: gain(swept, name, arms[name], arms[NOTHING], least) for name in ARMS}
    slowly = {
        "talks spread over half a year": gain(swept, "talks, half a year less one day", arms[TALKS], arms[TALKS_ONCE], least),
        "messages spread over half a year": gain(swept, "messages, half a year less one day", arms[WORDS], arms[WORDS_ONCE], least),
        "talking instead of writing": gain(swept, "talks less messages, half a year", arms[TALKS], arms[WORDS], least),
    }  # fmt: skip
    none = level(swept, NOTHING, arms[NOTHING])
    first = beyond[TALKS].mean
    spread, shared = slowly["talks spread over half a year"], slowly["talking instead of writing"]
    data = pd.concat(
        [
            plotted("in touch 240 days later, of 100", swept, [_of_hundred(level(swept, name, arms[name])) for name in (*ARMS, NOTHING)]),
            plotted("more than after nothing", swept, [_of_hundred(beyond[name]) for name in ARMS]),
        ],
        ignore_index=True,
    )  # fmt: skip
    return ClaimFinding(
        ruling=together({name: judge(swept, one) for name, one in slowly.items()}),
        effect=(
            f"Of 100 silent friends, {100 * none.mean.value:.0f} would be in touch ten months later anyway. Eight talks of half an hour over half a "
            f"year leave {100 * first.value:+.1f} ({100 * first.low:.1f} … {100 * first.high:.1f}) of 100 more in touch 240 days after the last ones. "
            f"Spread over half a year, the same talks leave {100 * spread.mean.value:+.1f} more than on one day, and {100 * shared.mean.value:+.1f} more "
            f"than the same time in messages. {hanging_on(swept, beyond[TALKS])} How much closeness grows is unmeasured and drawn from nothing to "
            "what Hall's hours imply."
        ),
        pictures=(
            FigureSpec(
                "built_slowly",
                Words(
                    f"Eight talks over half a year leave {100 * first.value:.0f} of 100 more friends in touch 240 days later;\n"
                    f"the same talks on one day, {100 * beyond[TALKS_ONCE].mean.value:.0f}; four hours of messages, {100 * beyond[WORDS].mean.value:.0f}",
                    f"Four hours with a friend who had gone silent, in talks or messages, on one day or over half a year.\n{DOTS}",
                    f"{setting_of(swept)}\nDashed: the smallest effect of interest; behind the number, the share of worlds that reach it.",
                ),
                data,
                partial(draw_ranges, unit="friends", digits=1),
            ),
        ),
        tables={
            "Ties kept 240 days later, beyond nothing (1 is all of them)": table_of(swept, list(beyond.values()), first="four hours", digits=3),
            "What spreading, and talking, adds": table_of(swept, list(slowly.values()), first="difference", digits=3),
        },
        checked=("built_slowly",),
    )  # fmt: skip


def _of_hundred(effect: Effect) -> Effect:
    return Effect(effect.label, effect.values * 100, effect.least * 100)
