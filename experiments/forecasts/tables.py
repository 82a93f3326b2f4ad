"""Forecasts and a week's plan as tables in a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from experiments.analysis.compare import ENOUGH_WORLDS, TOO_FEW
from experiments.forecasts.agenda import who
from experiments.terminal.columns import Columns
from experiments.terminal.numbers import counted, points
from experiments.terminal.tables import sentences, table_of

if TYPE_CHECKING:
    from experiments.forecasts.evaluation import Evaluation
    from experiments.forecasts.forecast import Forecast
    from experiments.forecasts.leaderboard import Board
    from experiments.forecasts.trials import TrialResult, TrialTie
    from experiments.forecasts.week import Past, Week


_WEEK = 7 * 86_400.0  # seconds
_OLD_LOG = 14  # days after which a plan says how old its log is
_NOT_KNOWN = (
    "Not known: whether you are in touch elsewhere, why the tie went silent, and whether the other person wants to "
    "hear from you."
)
DRAWS_NOTE = (
    "Draws: parameters that real logs leave possible, the same for two worlds each. A range over draws is where 90% of "
    "them are, without chance within worlds. What a gesture adds is the model's word alone, so this says what logs "
    "leave open of it, not what is true."
)
BOARD_NOTE = (
    "Sorted by log loss; lower is better, also for the Brier score; higher for AUC. Difference: the learned forecast "
    "minus this one, so below 0 the learned one is better; intervals are from a bootstrap over people. Slope: 1 is "
    "calibrated, below 1 is too sure."
)


def board_said(board: Board) -> str:
    """A sentence on the questions of a board."""
    cuts = ", ".join(f"{one:,}" for one in board.cuts)
    on = f"day {cuts}" if len(board.cuts) == 1 else f"{len(board.cuts)} mornings (days {cuts})"
    return f"{counted(len(board.table), 'silent pair')} on {on}; {board.back:.1%} came back within {board.within} days."


def board_table(board: Board) -> Columns:
    """The scores of all forecasts, by rising log loss."""
    from experiments.forecasts.leaderboard import TITLES  # already loaded if there is a board

    titles = ("log loss", "difference", "95% interval", "Brier", "AUC", "slope")
    table = table_of("forecast", *titles, text=("forecast",))
    for row in board.rows().to_dict("records"):
        value, low, high = (row[f"learned_minus_{end}"] for end in ("value", "low", "high"))
        table.add_row(
            TITLES[row["forecast"]],
            f"{row['log_loss']:.4f}",
            _or_dash(value, "+.4f"),
            "–" if math.isnan(low) else f"{_or_dash(low, '+.4f')} … {_or_dash(high, '+.4f')}",
            f"{row['brier']:.4f}",
            _or_dash(row["auc"], ".3f"),
            _or_dash(row["slope"], ".2f"),
        )
    return table


def _or_dash(value: float, form: str) -> str:
    return "–" if math.isnan(value) else f"{value:{form}}".replace("-", "−")


def evaluation_table(evaluation: Evaluation) -> Group:
    """The scores of all forecasts of a log, and what they rest on."""
    training = evaluation.training.drop_duplicates(["cut", "learner", "morning"])
    earlier = len(training[training["learner"] == "simple"])
    lines = [
        board_said(evaluation.board),
        f"The simple forecasts and the recalibration learned from the same question on "
        f"{counted(earlier, 'earlier day')}, the learned one from mornings every 30 days before, up to six.",
        BOARD_NOTE,
        *evaluation.notes,
    ]
    return Group(board_table(evaluation.board), Text("\n".join(lines)))


def forecast_table(found: Forecast, worlds: int, days: int, silent: int, top: int) -> Group:
    """The silent ties with most contacts, with their chances of coming back spontaneously and after a gesture."""
    if found.ties.empty:
        return Group(
            Text(
                f"No tie has been silent for over {silent} days at the end of the log, so there is nothing to forecast."
            )
        )
    kinds = list(found.gains.index)
    shown = [side for side in ("sender", "receiver") if side in found.ties]  # unless ids are hidden
    titles = (*shown, "silent days", "contacts", "comes back", "receiver writes")
    table = table_of("tie", *titles, *(f"after {kind}" for kind in kinds), text=shown)
    columns = ["comes_back", "receiver_writes", *(f"after_{kind}" for kind in kinds)]
    for row in found.ties.head(top).to_dict("records"):
        names = (f"tie {row['tie']}", *(str(row[side]) for side in shown))
        chances = (_percent(row[column]) for column in columns)
        table.add_row(*names, f"{row['silent_days']:,.0f}", f"{row['contacts']:,}", *chances)
    return Group(table, Text(sentences(_forecast_notes(found, worlds, days, silent, top))))


def _forecast_notes(forecast: Forecast, worlds: int, days: int, silent: int, top: int) -> list[str]:
    count, listed = len(forecast.ties), min(top, len(forecast.ties))
    which = "All ties" if listed == count else f"The {listed:,} with most contacts of the {count:,} ties"
    lines = [
        f"{which} silent for over {silent} days. Comes back: the chance that either person contacts the other within "
        f"{days} days if nothing is done, learned from earlier silences of this log and of others. --evaluate shows "
        "how accurate such chances are on this log.",
        "Receiver writes: the part of it in which the receiver contacts the sender, as simulated. After: the same with "
        "one gesture by the sender on the first day, which does not count itself: how much it changes the odds in "
        f"{counted(worlds, 'simulated world')}.",
    ]
    for kind, row in forecast.gains.dropna(subset=["gain"]).iterrows():
        bounds = "" if math.isnan(row["low"]) else f", 95% interval {points(row['low'])} … {points(row['high'])}"
        bounds += _range_over_draws(points(row["least"]), points(row["most"]), row["most"] - row["least"])
        lines.append(f"A {kind} adds {points(row['gain'])} points to “receiver writes” (mean over these ties{bounds}).")
    if forecast.gains["least"].notna().any():
        lines.append(DRAWS_NOTE)
    if len(forecast.gains) and worlds < ENOUGH_WORLDS:
        lines.append(f"{TOO_FEW.capitalize()}: {worlds}. Use at least {ENOUGH_WORLDS}.")
    if len(forecast.gains):
        rounds = "1 round" if forecast.rounds == 1 else f"{forecast.rounds:,} rounds"
        lines += [
            "Each world is run with and without the gesture, with the same random draws. Ties that share no person are "
            f"tested together in one world: {rounds}.",
            "That a like opens a door, and what gestures leave in memory, are assumptions: see `rekindle explain "
            "like`.",
        ]
    return [*lines, *forecast.notes]


def week_table(found: Week, notes: Sequence[str]) -> Group:
    """A week's plan with one row per gesture, and the sentences below it. Ids are shown only if the plan has them."""
    valued = ["value"] if "value" in found.plan else []
    titles = (
        "last contact",
        "silent",
        "known",
        "contacts",
        "last word",
        *valued,
        "gesture",
        "minutes",
        "without",
        "after",
    )
    table = table_of("tie", *titles, "gain", "95% interval")
    for row in found.plan.to_dict("records"):
        gain, low, high = (_in_points(row[name]) for name in ("gain", "low", "high"))
        table.add_row(
            who(row), row["last_contact"] or "–",
            f"{row['silent_days']:,} d", f"{row['known_years']:.1f} y", f"{row['contacts']:,}", row["last_word"],
            *(f"{row[name]:g}" for name in valued), row["gesture"], f"{row['minutes']:g}", _percent(row["without"]),
            _percent(row["after"]), gain, f"{low} … {high}" if low != "–" else "–",
        )  # fmt: skip
    return Group(*([table] if len(found.plan) else []), Text(sentences(notes)))


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.0%}"


def _in_points(gain: float) -> str:
    return "–" if math.isnan(gain) else f"{100 * gain:+.0f}".replace("-", "−")


def week_notes(week: Week, minutes: int, worlds: int, days: int, silent: int, *, brief: bool = False) -> list[str]:
    """Sentences on what a week's plan gains, what it rests on, and what it cannot know.

    A sheet to print has ``brief`` ones, without what explains the columns of the table.
    """
    plan = week.plan
    lines = [_in_all(week, minutes, silent)]
    if brief:
        return [*lines, *_past_notes(week.past), _NOT_KNOWN, *week.notes]
    if len(plan):
        lines += [
            f"Without: the chance that the other person writes within {days} days if nothing is done: part of a "
            "chance that is learned from earlier silences of this log and of others. After: the chance that they "
            "write, or answer the gesture, if all gestures are made on the first day: how much that changes the odds "
            f"in {counted(worlds, 'simulated world')}, where each tie's counts are drawn towards those of all ties, as "
            "far as chance explains their differences. Gain: the difference in points.",
            f"This is the plan that gained most in {worlds} other worlds, of all plans that fit, sorted by gain per "
            "minute in those. The gains shown are from new worlds, which had no part in the choice.",
            *([] if math.isnan(week.over_draws[0]) else [DRAWS_NOTE]),
        ]
    return [
        *lines,
        *_past_notes(week.past),
        "Assumed: that you make the gesture, that there is a post to like or comment on, that a small gesture "
        "opens a door, "
        "and what each gesture leaves in memory (`rekindle explain like`).",
        _NOT_KNOWN,
        *week.notes,
    ]


def old_log_noted(last: date | None, today: date) -> list[str]:
    """A sentence if the log ends more than two weeks ago.

    Args:
        last: the day of its last contact; None if its times are no dates.
        today: the day on which the plan is made.
    """
    ago = 0 if last is None else (today - last).days
    if ago <= _OLD_LOG:
        return []
    return [
        f"The log ends {ago:,} days ago, on {last}. Silence is counted up to that day, and contact since then is "
        "unknown, so a newer export gives a better plan."
    ]


def earlier_plan_noted(entries: Sequence[TrialTie], person: str, now: float) -> list[str]:
    """A sentence if the trial has a plan of the last seven days, whose gestures may still be to be made.

    Args:
        entries: of the trial so far.
        person: whose plan it is.
        now: seconds since 1970.
    """
    recent = [one for one in entries if one.person == person and one.made and now - one.planned_at < _WEEK]
    if not recent:
        return []
    return [
        f"This trial has a plan of the last seven days, with {counted(len(recent), 'gesture')}. This list adds to that "
        "one, and leaves out its people."
    ]


def trial_notes(new: Sequence[TrialTie], without: float, days: int) -> list[str]:
    """Sentences on a trial: what the person must do, and how long it takes until it can show something.

    Args:
        new: the entries of this week.
        without: the mean chance that the other person writes if nothing is done, 0..1.
        days: days within which the other person can write.
    """
    from experiments.forecasts.trials import pairs_needed

    pairs = len(new) // 2
    if not pairs:
        return ["Trial: too few ties for a pair, so none is held out this week."]
    gains = (0.1, 0.2, 0.4)
    needed = [pairs_needed(without, gain) for gain in gains]
    power = ", ".join(
        f"{count:,} pairs for {100 * gain:+.0f} points" for count, gain in zip(needed, gains, strict=True)
    )
    return [
        f"Trial: {counted(pairs, 'tie')} of {2 * pairs}, drawn at random, {'is' if pairs == 1 else 'are'} on this "
        f"plan. Do not write to the others, which aren't shown, for {counted(days, 'day')}; answer if they write. This "
        f"week adds {counted(pairs, 'pair')}. A gain is shown with a power of 80% by {power}. After the {days} days, "
        "export again, and see `rekindle trial`."
    ]


def trial_table(found: TrialResult) -> Group:
    """What a trial found, as a table and sentences."""
    waiting = f" {counted(found.waiting, 'pair')} whose days are not over in this log." if found.waiting else ""
    if not found.pairs:
        return Group(Text(f"No pair's days are over in this log, so there is no result yet.{waiting}"))
    table = table_of("ties", "number", "the other wrote", "you wrote within two weeks", text=("ties",))
    table.add_row("with a gesture", f"{found.pairs:,}", f"{found.with_gesture:.0%}", f"{found.made / found.pairs:.0%}")
    table.add_row("held out", f"{found.pairs:,}", f"{found.held_out:.0%}", f"{found.made_anyway / found.pairs:.0%}")
    sure = "It is clear that gestures helped." if found.low > 0 else "Chance alone could explain this."
    sure = "It is clear that gestures made answers rarer." if found.high < 0 else sure
    return Group(
        table,
        Text(
            f"A planned gesture changed the share of people who wrote by {points(found.effect)} points (95% interval "
            f"{points(found.low)} … {points(found.high)}), by intention to treat. {sure}{waiting}"
        ),
    )


def _in_all(found: Week, minutes: int, silent: int) -> str:
    plan, among = found.plan, counted(found.dormant, "dormant tie")
    among = f"{among}: both people have written, and neither for over {silent} days."
    if plan.empty:
        fitting = f"No gesture that fits into {counted(minutes, 'minute')}"
        return f"{among} {fitting} gains anything, so there is nothing to plan."
    takes = f"The plan takes {plan['minutes'].sum():g} of {counted(minutes, 'minute')} for {len(plan)} of them."
    if math.isnan(found.together[0]):
        return f"{among} {takes} No chance is shown, because this log's past disproves them (see Past)."
    value, low, high, least, most = (_signed(one) for one in (*found.together, *found.over_draws))
    over_draws = _range_over_draws(least, most, found.over_draws[1] - found.over_draws[0])
    return (
        f"{among} {takes} {plan['after'].sum():.1f} of these people would write after it and "
        f"{plan['without'].sum():.1f} without it: {value} (95% interval {low} … {high}{over_draws})."
    )


def _range_over_draws(least: str, most: str, width: float) -> str:
    """The range of a gain after its interval; empty without draws."""
    if math.isnan(width):
        return ""
    return f"; range over draws {least} … {most}" if width else "; draws differ no more than by chance"


def _signed(people: float) -> str:
    return "–" if math.isnan(people) else f"{people:+.1f}".replace("-", "−")


def _past_notes(past: Past | None) -> list[str]:
    """Sentences on how well rankings would have done in the log's own past."""
    from experiments.forecasts.week import CHANCE, FIRST, LATEST, LEARNED, LONGEST

    if past is None:
        return ["Past: rankings cannot be checked, because the log is too short or nobody had a dormant tie."]
    high = past.expected > past.came_back
    trust = f" The chances were far too {'high' if high else 'low'} on this log." if past.disproves else ""
    lines = [
        f"Past: of {counted(past.ties, 'dormant tie')} on day {past.cut:,} of the log, {past.expected:.1%} were "
        f"expected to come back spontaneously within {past.days} days, and {past.came_back:.1%} did.{trust}"
    ]
    if not past.people or not past.came_back:
        why = "Nobody came back" if past.people else f"Nobody had more than {FIRST} of them"
        return [*lines, f"{why}, so rankings cannot be compared. Choose another day with --cut."]
    share = past.rules["share"]
    whose = "one person's list" if past.people == 1 else f"{past.people:,} people's lists"
    lines.append(
        f"Of the first {FIRST} ties on {whose}, {share[LEARNED]:.1%} came back if sorted by learned chance, "
        f"{share[LONGEST]:.1%} if sorted by longest history (most contacts), {share[LATEST]:.1%} if sorted by latest "
        f"contact, and {share[CHANCE]:.1%} in random order."
    )
    apart, low, high = past.rules.loc[LONGEST, ["apart", "low", "high"]]
    if math.isnan(low):
        verdict = ", with too few people to tell which is better"
    else:
        better = "the learned order was better" if low > 0 else "too close to tell which is better"
        better = "the simple rule was better, so use that instead" if high < 0 else better
        verdict = f" (95% interval {points(low)} … {points(high)}): {better}"
    return [
        *lines,
        f"Learned chance minus longest history: {points(apart)} points{verdict}. No log can show what a gesture adds, "
        "because logs do "
        "not record which gestures were made. That gain comes from the model alone.",
    ]
