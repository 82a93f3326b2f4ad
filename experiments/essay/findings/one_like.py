"""One like to a friend who has gone silent: is it liked back, does it open a door, and do the two talk again?"""

from __future__ import annotations

from functools import partial

import pandas as pd

from experiments.analysis.verdicts import Ruling, Verdict
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
    share,
    table_of,
    thousand,
)
from experiments.figures.page import Words
from experiments.figures.ranges import draw_ranges
from experiments.sweeps.sweep_result import SweepResult

NOTHING, LIKE, NOTHING_SHUT, SHUT = "nothing", "like", "nothing, doors shut", "like, doors shut"
PER_THOUSAND = "of 1,000 ties that were silent"
FIRST = "outcome"


def liked_back(sweeps: Sweeps) -> ClaimFinding:
    """Whether people like something of somebody silent who liked something of theirs, within 14 and 60 days."""
    swept = sweeps["one_like"]
    effects = {days: _more(swept, f"focal_liked_back_{days}", f"within {days} days") for days in (14, 60)}
    without, after = _levels(swept, "focal_liked_back_60")
    soon, later = effects[14].mean, effects[60].mean
    title = f"Of 1,000 likes to somebody silent, {thousand(after.mean.value)} are liked back within two months;\n"
    title += f"without the like, {thousand(without.mean.value)} would like something, too"
    reached, no_rule = judge(swept, effects[60]), "no rule says that a like is answered with a like"
    return ClaimFinding(
        ruling=Ruling(
            Verdict.BY_CONSTRUCTION,
            f"it fails in nearly all plausible worlds, since {no_rule}" if reached.word is Verdict.FAILS else no_rule,
        ),
        effect=(
            f"Of 1,000 people who get a like from somebody who was silent, {thousand(after.mean.value)} like something of theirs within 60 "
            f"days, and the other notices; {thousand(without.mean.value)} would have anyway. So one like adds {thousand(later.value)} ({thousand(later.low)} … "
            f"{thousand(later.high)}), and {thousand(soon.value)} within two weeks. It is {thousand(effects[60].least)} or more in {share(reached.share)} of the "
            "plausible worlds. In the model a like lowers the barrier to the next gesture, and a feed may show its sender more, but people "
            "do not return likes out of courtesy. No log at hand has likes, so nobody can say how often they do. Whether a like feels good "
            "is not in the model."
        ),
        main=MainEffect("one_like", effects[60], 1, 4),
        pictures=(_picture("liked_back", title, swept, "focal_liked_back_60", effects[60]),),
        tables={"Likes back, one like less nothing": table_of(swept, list(effects.values()), first=FIRST, digits=4)},
        checked=("one_like",),
    )  # fmt: skip


def open_door(sweeps: Sweeps) -> ClaimFinding:
    """What one like does through the doors that likes open: its effect with these open, less that with these shut."""
    swept = sweeps["one_like"]
    effects = [_through_the_door(swept, measure, label) for measure, label in _DOOR.items()]
    rest = _more(swept, "focal_answered", "the other writes", arm=SHUT, base=NOTHING_SHUT)
    wrote, verdict = effects[0], judge(swept, effects[0])
    title = f"An open door makes {thousand(wrote.mean.value)} more of 1,000 people write within 60 days;\n"
    title += (
        "with the doors of likes shut, a like changes nothing"
        if _is_nothing(rest)
        else f"with the doors of likes shut, a like adds {thousand(rest.mean.value)}"
    )
    return ClaimFinding(
        ruling=Ruling(Verdict.BY_CONSTRUCTION, "a rule says that a like opens a door, and that people write more readily through it"),
        effect=(
            f"Through the door, {thousand(wrote.mean.value)} ({thousand(wrote.mean.low)} … {thousand(wrote.mean.high)}) more of 1,000 people write "
            f"within 60 days to somebody who liked something of theirs, and {thousand(effects[1].mean.value)} more pairs talk again. If no like opens a "
            f"door, the same like adds {thousand(rest.mean.value)} ({thousand(rest.mean.low)} … {thousand(rest.mean.high)}). At least {thousand(wrote.least)} of "
            f"1,000 more write in {share(verdict.share)} of the plausible worlds. {hanging_on(swept, wrote, len(effects))} Nobody has measured whether a "
            "like opens a door; its range is from not at all to fully."
        ),
        main=MainEffect("one_like", wrote, len(effects), 4),
        pictures=(_picture("open_door", title, swept, "focal_answered", wrote, (NOTHING, LIKE, NOTHING_SHUT, SHUT), "through the door"),),
        tables={"What one like adds through the door": table_of(swept, effects, first=FIRST, digits=4)},
        checked=("one_like",),
    )  # fmt: skip


_DOOR = {"focal_answered": "the other writes", "focal_reconnected": "the two talk again"}


def _through_the_door(swept: SweepResult, measure: str, label: str) -> Effect:
    arms = swept.arms(measure, "row")
    opened, shut = arms[LIKE] - arms[NOTHING], arms[SHUT] - arms[NOTHING_SHUT]
    return gain(swept, label, opened, shut, swept.verdict.least(measure))


def talk_again(sweeps: Sweeps) -> ClaimFinding:
    """Whether two people talk again within 60 days after one like, more than after nothing."""
    swept = sweeps["one_like"]
    effect = _more(swept, "focal_reconnected", "talk again")
    answered = _more(swept, "focal_answered", "the other writes")
    without, after = _levels(swept, "focal_reconnected")
    one = effect.mean
    likes = f" One more talks again for {1 / one.high:,.0f} to {1 / one.low:,.0f} likes." if one.low > 0 else ""
    return ClaimFinding(
        ruling=Ruling(
            Verdict.BY_CONSTRUCTION,
            "a like acts only through the door that a rule says it opens, so that its size is the result",
        ),
        effect=(
            f"Of 1,000 friendships that have gone silent, about {thousand(without.mean.value)} start talking again within two months anyway, "
            f"and about {thousand(after.mean.value)} after one like: {thousand(one.value)} more (95% interval {thousand(one.low)} … "
            f"{thousand(one.high)}; in 90% of the draws {thousand(effect.range[0])} to {thousand(effect.range[1])}, which includes chance).{likes} At least {thousand(effect.least)} more talk again in {share(judge(swept, effect).share)} of the plausible worlds. "
            f"{hanging_on(swept, effect, 2)}"
        ),
        main=MainEffect("one_like", effect, 2, 4),
        pictures=(
            _picture(
                "one_like",
                f"Of 1,000 old friends, {thousand(without.mean.value)} talk again within two months anyway,\n"
                f"and {thousand(one.value)} more after one like",
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


def _more(swept: SweepResult, measure: str, label: str, *, arm: str = LIKE, base: str = NOTHING) -> Effect:
    arms = swept.arms(measure, "row")
    return gain(swept, label, arms[arm], arms[base], swept.verdict.least(measure))


def _levels(swept: SweepResult, measure: str) -> tuple[Effect, Effect]:
    arms = swept.arms(measure, "row")
    return level(swept, NOTHING, arms[NOTHING]), level(swept, LIKE, arms[LIKE])


def _picture(
    name: str,
    title: str,
    swept: SweepResult,
    measure: str,
    effect: Effect,
    rows: tuple[str, ...] = (NOTHING, LIKE),
    more_than: str = "more than after nothing",
) -> FigureSpec:
    """How many of 1,000 do something in each arm, and how many more after a like."""
    arms = swept.arms(measure, "row") * 1000
    more = effect.times(1000)._replace(label=LIKE)
    data = pd.concat(
        [
            plotted(PER_THOUSAND, swept, [level(swept, row, arms[row]) for row in rows]),
            plotted(more_than, swept, [more]),
        ],
        ignore_index=True,
    )
    return FigureSpec(
        name,
        Words(
            title,
            f"Ties that had gone silent, within 60 days after nothing or one like; the same ties in the same worlds.\n{DOTS}",
            f"{setting_of(swept)}\nDashed: the smallest effect of interest; behind the number, the share of draws that reach it.",
        ),
        data,
        partial(draw_ranges, unit="ties", digits=1),
    )
