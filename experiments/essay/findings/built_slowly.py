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
EARLY = (
    "270 days"  # how long after one day its arms are counted a second time: as long as after half a year of gestures
)
NOTHING_EARLY, WORDS_EARLY, TALKS_EARLY = (f"{name}, {EARLY}" for name in (NOTHING, WORDS_ONCE, TALKS_ONCE))
COUNTED = 420  # days from the first day to the count: half a year, and 240 days
ARMS = (TALKS, TALKS_ONCE, WORDS, WORDS_ONCE)
REFERENCE = {TALKS_EARLY: NOTHING_EARLY, WORDS_EARLY: NOTHING_EARLY}  # of what is not counted after 420 days
OUTCOME = "focal_kept"
SPREAD = "talks spread over half a year", "messages spread over half a year"
TALKING = "talks instead of messages"


def finding(sweeps: Sweeps) -> ClaimFinding:
    """How many more of 100 ties are in touch nine months later, by how four hours were spent."""
    swept = sweeps["built_slowly"]
    arms, least = swept.arms(OUTCOME, "row"), swept.verdict.least(OUTCOME)
    more = {name: of - arms[REFERENCE.get(name, NOTHING)] for name, of in arms.items()}
    zero = 0 * arms[NOTHING]
    later = {TALKS: TALKS, TALKS_ONCE: TALKS_EARLY, WORDS: WORDS, WORDS_ONCE: WORDS_EARLY}  # each after about 270 days
    beyond = {name: gain(swept, name, more[counted], zero, least) for name, counted in later.items()}
    same_day = {name: gain(swept, name, more[name], zero, least) for name in ARMS}
    slowly = {
        SPREAD[0]: gain(swept, "talks, half a year less one day", more[TALKS], more[TALKS_EARLY], least),
        SPREAD[1]: gain(swept, "messages, half a year less one day", more[WORDS], more[WORDS_EARLY], least),
        TALKING: gain(swept, "talks less messages, half a year", more[TALKS], more[WORDS], least),
    }
    at_once = {
        SPREAD[0]: gain(swept, "talks, half a year less one day", more[TALKS], more[TALKS_ONCE], least),
        SPREAD[1]: gain(swept, "messages, half a year less one day", more[WORDS], more[WORDS_ONCE], least),
    }
    return ClaimFinding(
        ruling=together({name: judge(swept, one) for name, one in slowly.items()}),
        effect=_effect(swept, beyond, same_day, slowly, at_once),
        main=MainEffect("built_slowly", slowly[SPREAD[0]], len(slowly), 3),
        pictures=(FigureSpec("built_slowly", _words(swept, beyond), _plotted(swept, arms, later, beyond), partial(draw_ranges, unit="friends", digits=1)),),
        tables={
            "Ties in touch about 270 days after the last gesture, beyond nothing (1 is all of them)": table_of(swept, list(beyond.values()), first="four hours", digits=3),
            "What spreading, and talking, adds": table_of(swept, list(slowly.values()), first="difference", digits=3),
            "The same, if all are counted on one day, 420 days after the first gesture": table_of(swept, [*same_day.values(), *at_once.values()], first="four hours", digits=3),
        },
        checked=("built_slowly",),
    )  # fmt: skip


def _effect(
    swept: SweepResult,
    beyond: dict[str, Effect],
    same_day: dict[str, Effect],
    slowly: dict[str, Effect],
    at_once: dict[str, Effect],
) -> str:
    """The answer in sentences, of 100 friends."""
    none, answered = level(swept, NOTHING, swept.arms(OUTCOME, "row")[NOTHING]), answers(swept)
    first, spread, talking = beyond[TALKS].mean, slowly[SPREAD[0]], slowly[TALKING]
    return (
        f"Of 100 silent friends, {100 * none.mean.value:.0f} would be in touch {COUNTED} days later anyway. Eight talks of half an hour over half a "
        f"year leave {100 * first.value:+.1f} ({100 * first.low:.1f} … {100 * first.high:.1f}) of 100 more in touch on that day, nine months after the last; as many on "
        f"one day leave {100 * beyond[TALKS_ONCE].mean.value:+.1f} after nine months, and {100 * same_day[TALKS_ONCE].mean.value:+.1f} on the same day. So at equal "
        f"delay spreading them adds {100 * spread.mean.value:+.1f}, and spreading 80 messages {100 * slowly[SPREAD[1]].mean.value:+.1f}; counted on the same day it is "
        f"{100 * at_once[SPREAD[0]].mean.value:+.1f} and {100 * at_once[SPREAD[1]].mean.value:+.1f}. Part of this is that more of it is answered: per friend, "
        f"{answered[TALKS].mean.value:.0f} gestures after spread-out talks and {answered[TALKS_ONCE].mean.value:.0f} after those on one day; with messages, "
        f"{answered[WORDS].mean.value:.0f} and {answered[WORDS_ONCE].mean.value:.0f}. {hanging_on(swept, spread, len(slowly), 'What spreading talks adds')} Time spent "
        f"talking keeps {100 * talking.mean.value:+.1f} ({100 * talking.mean.low:.1f} … {100 * talking.mean.high:.1f}) of 100 friends, compared with as much time spent on "
        f"messages. {hanging_on(swept, talking, len(slowly), 'That')} Whether hours or the number of contacts bring people closer is unmeasured "
        "(`closeness_by_length`), and so is how much: perhaps not at all."
    )  # fmt: skip


def _words(swept: SweepResult, beyond: dict[str, Effect]) -> Words:
    talks, once, words = (100 * beyond[name].mean.value for name in (TALKS, TALKS_ONCE, WORDS))
    return Words(
        f"Eight talks over half a year leave {talks:.0f} of 100 more friends in touch nine months later;\n"
        f"the same talks on one day, {once:.0f}; four hours of messages, {words:.0f}",
        f"Four hours with a friend who had gone silent, in talks or messages, on one day or over half a year.\n{DOTS}",
        f"{setting_of(swept)}\nDashed: the smallest effect of interest; behind the number, the share of draws that reach it.",
    )  # fmt: skip


def _plotted(
    swept: SweepResult, arms: dict[str, pd.Series], later: dict[str, str], beyond: dict[str, Effect]
) -> pd.DataFrame:
    """Levels and gains of the four arms, and the levels with nothing after both delays, of 100 friends."""
    levels = {name: arms[counted] for name, counted in later.items()}
    levels |= {f"{NOTHING}, {COUNTED} days": arms[NOTHING], NOTHING_EARLY: arms[NOTHING_EARLY]}
    return pd.concat(
        [
            plotted("in touch nine months later, of 100", swept, [level(swept, name, of).times(100) for name, of in levels.items()]),
            plotted("more than after nothing", swept, [one.times(100) for one in beyond.values()]),
        ],
        ignore_index=True,
    )  # fmt: skip


def answers(swept: SweepResult) -> dict[str, Effect]:
    """How many more gestures are answered in the whole world than after nothing, per friend, by arm."""
    everyone, friends = swept.arms("everyone_answered", "row"), swept.arms("focal", "row")[NOTHING]
    people = swept.world_size
    return {name: level(swept, name, (everyone[name] - everyone[NOTHING]) * people / friends) for name in ARMS}
