"""One like to a friend who has gone silent: is it liked back, does it open a door, and do the two talk again?"""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.analysis.verdicts import Ruling, Verdict
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
    share,
    table_of,
    thousand,
    together,
)
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges
from experiments.sweeps.sweep_result import SweepResult

NOTHING, LIKE, SHUT = "nothing", "like", "like, door shut"
PER_THOUSAND = "of 1,000 ties that were silent"
FIRST = "outcome"


def liked_back(sweeps: Sweeps) -> ClaimFinding:
    """Whether people like something of somebody silent who liked something of theirs, within 14 and 60 days."""
    swept = sweeps["one_like"]
    effects = {days: _more(swept, f"focal_liked_back_{days}", f"within {days} days") for days in (14, 60)}
    judged = {one.label: judge(swept, one) for one in effects.values()}
    without, after = _levels(swept, "focal_liked_back_60")
    soon, later = effects[14].mean, effects[60].mean
    few = all(one.word is Verdict.FAILS for one in judged.values())
    title = f"Of 1,000 likes to somebody silent, {thousand(after.mean.value)} are liked back within two months;\n"
    title += f"without the like, {thousand(without.mean.value)} would like something, too"
    return ClaimFinding(
        ruling=together(judged),
        effect=(
            f"Of 1,000 people who get a like from somebody who was silent, {thousand(after.mean.value)} like something of theirs within 60 "
            f"days; {thousand(without.mean.value)} would have anyway. So one like adds {thousand(later.value)} ({thousand(later.low)} … "
            f"{thousand(later.high)}), and {thousand(soon.value)} within two weeks. "
            + ("Likes are seldom returned because the model has no rule for it: a like only makes the next word to its sender "
               "easier, and whose pictures one likes later is a choice among everyone in the feed. No log at hand has likes, so nobody can say how often people like back."
               if few else hanging_on(swept, effects[14]))
        ),
        pictures=(_picture("liked_back", title, swept, "focal_liked_back_60", effects[60]),),
        tables={"Likes back, one like less nothing": table_of(swept, list(effects.values()), first=FIRST, digits=4)},
        checked=("one_like",),
    )  # fmt: skip


def open_door(sweeps: Sweeps) -> ClaimFinding:
    """What one like does through the door that it opens: the same like with the door open and shut."""
    swept = sweeps["one_like"]
    effects = [
        _more(swept, "focal_answered", "the other writes", base=SHUT),
        _more(swept, "focal_reconnected", "the two talk again", base=SHUT),
    ]
    rest = _more(swept, "focal_answered", "the other writes", arm=SHUT)
    wrote, verdict = effects[0], judge(swept, effects[0])
    title = f"An open door makes {thousand(wrote.mean.value)} more of 1,000 people write within 60 days;\n"
    title += (
        "with the door shut, a like changes nothing"
        if _is_nothing(rest)
        else f"with the door shut, a like adds {thousand(rest.mean.value)}"
    )
    return ClaimFinding(
        ruling=Ruling(Verdict.BY_CONSTRUCTION, "a rule says that a like opens a door, and that people write more readily through it"),
        effect=(
            f"Through the door, {thousand(wrote.mean.value)} ({thousand(wrote.mean.low)} … {thousand(wrote.mean.high)}) more of 1,000 people write "
            f"within 60 days to somebody who liked something of theirs, and {thousand(effects[1].mean.value)} more pairs talk again. With "
            f"the door shut, the same like adds {thousand(rest.mean.value)} ({thousand(rest.mean.low)} … {thousand(rest.mean.high)}). At least "
            f"{thousand(wrote.least)} of 1,000 more write in {share(verdict.share)} of the plausible worlds. {hanging_on(swept, wrote)} "
            "Nobody has measured whether a like opens a door; its range is from not at all to fully."
        ),
        pictures=(_picture("open_door", title, swept, "focal_answered", wrote, (NOTHING, SHUT, LIKE)),),
        tables={"One like with the door open, less with it shut": table_of(swept, effects, first=FIRST, digits=4)},
        checked=("one_like",),
    )  # fmt: skip


def talk_again(sweeps: Sweeps) -> ClaimFinding:
    """Whether two people talk again within 60 days after one like, more than after nothing."""
    swept = sweeps["one_like"]
    effect = _more(swept, "focal_reconnected", "talk again")
    answered = _more(swept, "focal_answered", "the other writes")
    without, after = _levels(swept, "focal_reconnected")
    one = effect.mean
    likes = f" One more talks again for about {1 / one.value:,.0f} likes." if one.low > 0 else ""
    return ClaimFinding(
        ruling=together({"one like": judge(swept, effect)}),
        effect=(
            f"Of 1,000 friendships that have gone silent, about {thousand(without.mean.value)} start talking again within two months anyway, "
            f"and about {thousand(after.mean.value)} after one like: {thousand(one.value)} more (95% interval {thousand(one.low)} … "
            f"{thousand(one.high)}; in 90% of plausible worlds {thousand(effect.range[0])} to {thousand(effect.range[1])}).{likes} "
            f"{hanging_on(swept, effect)}"
        ),
        pictures=(
            _picture(
                "one_like",
                f"Of 1,000 old friends, {thousand(without.mean.value)} talk again within two months anyway,\n"
                f"{thousand(after.mean.value)} after one like",
                swept,
                "focal_reconnected",
                effect,
            ),
        ),
        tables={"One like less nothing, within 60 days": table_of(swept, [effect, answered], first=FIRST, digits=4)},
        checked=("one_like",),
    )  # fmt: skip


def _is_nothing(effect: Effect) -> bool:
    return bool(abs(effect.mean.value) < 0.0005)


def _arms(swept: SweepResult, measure: str) -> pd.DataFrame:
    return swept.arms(measure, "row")


def _more(swept: SweepResult, measure: str, label: str, *, arm: str = LIKE, base: str = NOTHING) -> Effect:
    arms = _arms(swept, measure)
    return gain(swept, label, arms[arm], arms[base], swept.verdict.least(measure))


def _levels(swept: SweepResult, measure: str) -> tuple[Effect, Effect]:
    arms = _arms(swept, measure)
    return level(swept, NOTHING, arms[NOTHING]), level(swept, LIKE, arms[LIKE])


def _picture(
    name: str, title: str, swept: SweepResult, measure: str, effect: Effect, rows: tuple[str, ...] = (NOTHING, LIKE)
) -> FigureSpec:
    """How many of 1,000 do something in each arm, and how many more after a like."""
    arms = _arms(swept, measure) * 1000
    more = Effect(LIKE, effect.values * 1000, effect.least * 1000)
    data = pd.concat(
        [
            plotted(PER_THOUSAND, swept, [level(swept, row, arms[row]) for row in rows]),
            plotted(f"more than after {'a like, door shut' if SHUT in rows else 'nothing'}", swept, [more]),
        ],
        ignore_index=True,
    )
    within = "14" if measure.endswith("_14") else "60"
    return FigureSpec(
        name,
        Words(
            title,
            f"Ties that had gone silent, within {within} days after nothing or one like; the same ties in the same worlds.\n{DOTS}",
            f"{setting_of(swept)}\nDashed: the smallest effect of interest; behind the number, the share of worlds that reach it.",
        ),
        data,
        partial(draw_ranges, unit="ties", digits=1),
    )
