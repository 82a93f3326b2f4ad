"""Results as tables in a terminal."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

from experiments.analysis.compare import (
    ENOUGH_WORLDS,
    RESAMPLES,
    SPENT_ENOUGH,
    TOO_FEW,
    ends_of_interval,
    minutes,
    paired_differences,
    resampled_means,
)
from experiments.explain import MADE_OF_OTHERS, Entry
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.validate import accepted, judged
from experiments.terminal.columns import Columns
from experiments.terminal.names import visible
from sim.measures import MEASURES
from sim.model.gestures import KINDS

if TYPE_CHECKING:
    from experiments.forecasts.forecast import Evaluation, Forecast
    from experiments.forecasts.week import Past, Week
    from experiments.logs.calibrate import Ledger

BASELINE = "wait"
_OUTCOMES = {"reconnected": "reconnected", "lasting": "kept up", "kept": "left at end"}  # as titles
_FAR_OFF, _ENOUGH_TIES = 2.0, 20  # times as many, or as few, as came back; of so many ties at least
_MOST_ARMS = 120  # that a terminal is asked to show
_BESIDE = ("95 % interval", "over worlds")  # titles of columns that stay beside the one before them


def number(value: float, digits: int = 3) -> str:
    """A number in a table: few digits, thousands apart, a dash where it is missing."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, digits)}f}"


def signed(value: float) -> str:
    """A difference with its sign: two decimals, one from ten on."""
    if math.isnan(value):
        return "–"
    text = f"{value:+.{1 if abs(value) >= 10 else 2}f}"
    return text.replace("-", "−") if float(text) else "0.00"


def counted(count: int, what: str) -> str:
    """A number of things: ``1 run``, ``2,000 runs``, ``3 strategies``."""
    plural = f"{what[:-1]}ies" if re.search("[^aeiou]y$", what) else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"


def counted_runs(rows: int, different: int) -> str:
    """How many runs a design has, of which rows whose points coincide are one: ``48 rows, 32 different runs``."""
    return counted(rows, "run") if rows == different else f"{rows:,} rows, {counted(different, 'different run')}"


def run_tables(measures: Mapping[str, float]) -> Group:
    """One run: each measure for the adopters and for everyone, then gestures by kind."""
    outcomes = _table("measure", "adopters", "everyone", "unit", text=("unit",), whole=True)
    for name, measure in MEASURES.items():
        if not name.startswith(MADE_OF_OTHERS):
            row = (measures.get(key, math.nan) for key in (name, f"everyone_{name}"))
            outcomes.add_row(name, *(number(value) for value in row), measure.unit)
    gestures = _table("gesture", "sent", "answered", "sent, everyone", "answered, everyone", whole=True)
    for kind in KINDS:
        keys = (f"sent_{kind}", f"answered_{kind}", f"everyone_sent_{kind}", f"everyone_answered_{kind}")
        gestures.add_row(kind, *(number(measures.get(key, math.nan)) for key in keys))
    return Group(outcomes, gestures)


def sweep_tables(runs: pd.DataFrame, factors: Sequence[str]) -> Group:
    """What came of a sweep: its strategies compared at each point of the factors, or the mean of each arm.

    Args:
        runs: finished runs, with columns ``scenario``, ``strategy``, ``replicate``, ``point``, factors and measures.
        factors: names of the columns that hold levels.
    """
    points = runs["point"].unique()
    if len(points) * runs["strategy"].nunique() > _MOST_ARMS:
        return Group(
            Text(f"{runs['scenario'].nunique():,} arms are too many for a table here; see `rekindle results`.")
        )
    if runs["strategy"].nunique() < 2 or BASELINE not in set(runs["strategy"]):
        return Group(_means_table(runs))
    shown: list[Group | Text] = []
    for point in points:
        there = runs[runs["point"] == point]
        levels = ", ".join(f"{name} = {_level(there[name].iloc[0])}" for name in factors)
        shown += [Text(f"\n{visible(levels)}")] if levels else []
        shown.append(sweep_table(there.assign(scenario=there["strategy"])))
    return Group(*shown)


def _level(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _means_table(runs: pd.DataFrame) -> Columns:
    """The mean of each arm in each outcome, with its 95 % interval over worlds."""
    outcomes = [name for name in _OUTCOMES if name in runs]
    table = _table("arm", *(title for measure in outcomes for title in (_OUTCOMES[measure], "95 % interval")), "worlds")
    for arm, rows in runs.groupby("scenario", sort=False):
        cells = [cell for measure in outcomes for cell in _mean(rows[measure].dropna().to_numpy(float))]
        table.add_row(str(arm), *cells, f"{rows['replicate'].nunique():,}")
    return table


def _mean(values: np.ndarray) -> tuple[str, str]:
    if len(values) < 2:
        return number(float(values.mean()) if len(values) else math.nan), "–"
    low, high = np.quantile(resampled_means(values, RESAMPLES), ends_of_interval(len(values)))
    return number(float(values.mean())), f"{number(low)} … {number(high)}"


def sweep_table(runs: pd.DataFrame) -> Group:
    """All arms of a sweep, best first: paired differences with intervals, and where the minutes went, per adopter."""
    paired = {name: paired_differences(runs, name, BASELINE) for name in _OUTCOMES if name in runs}
    base = runs[runs["scenario"] == BASELINE]
    effort = minutes(runs)
    arms = list(paired["reconnected"].sort_values("difference", ascending=False, kind="stable").index)
    spent = ("filled", "spent", "refused", "spent of filled")
    titles = (*(title for measure in paired for title in (_OUTCOMES[measure], "95 % interval")), *spent)
    table = _table("strategy", *titles, beside=(*_BESIDE, *spent[1:]))
    for arm in arms:
        found = (cell for measure in paired for cell in _interval(paired[measure].loc[arm]))
        table.add_row(str(arm), *found, *_minutes(effort.loc[arm]))
    level = (cell for measure in paired for cell in (number(base[measure].mean()), "(its level)"))
    table.add_row(BASELINE, *level, *_minutes(effort.loc[BASELINE]), style="dim")
    notes = _footnotes(paired["reconnected"], effort)
    if runs["lasting"].isna().all():
        notes += "\nKept up takes 240 days after a tie came back: none had them; see run.follow_up_days."
    return Group(table, Text(notes))


def _interval(row: pd.Series) -> tuple[str, str]:
    interval = "–" if math.isnan(row["low"]) else f"{signed(row['low'])} … {signed(row['high'])}"
    return signed(row["difference"]), interval


def _minutes(row: pd.Series) -> tuple[str, ...]:
    share = "–" if math.isnan(row["share"]) else f"{row['share']:.0%}"
    if row["idle"] and share == f"{SPENT_ENOUGH:.0%}":  # which it is not: rounded down, it shows
        share = f"{math.floor(1_000 * row['share']) / 10:.1f}%"
    return (*(f"{row[name]:,.0f}" for name in ("filled", "spent", "refused")), share + (" !" if row["idle"] else ""))


def _footnotes(paired: pd.DataFrame, effort: pd.DataFrame) -> str:
    worlds = int(paired["worlds"].min()) if len(paired) else 0
    lines = [
        f"Ties per adopter: paired differences from `{BASELINE}` over {worlds} world{'' if worlds == 1 else 's'}"
        f"{', bootstrap over worlds' if worlds > 1 else ''}. Minutes per adopter over the whole run.",
        "Kept up: in two-way contact 150 to 240 days after coming back, mostly while the plan still runs. Left at end: "
        "dormant at the start, and in two-way contact in the last 90 days of the run, follow-up days included.",
    ]
    if worlds < ENOUGH_WORLDS:
        lines.append(f"{TOO_FEW.capitalize()}: {worlds}, and {ENOUGH_WORLDS} are the least.")
    if effort["idle"].any():
        lines.append(
            "! spent under 90 % of its minutes, what is too little for one more session left out: it is not the same "
            "effort."
        )
    fewer = paired["fewer_runs"].replace(math.inf, math.nan).dropna()  # infinite: the same difference in every world
    if len(fewer) and worlds >= ENOUGH_WORLDS:  # a ratio of variances over few worlds says nothing
        lines.append(
            f"Independent seeds would have needed {number(fewer.median(), 2)} times the runs (median over the arms)."
        )
    return "\n".join(lines)


def comparison_table(rows: pd.DataFrame, notes: Sequence[str]) -> Group:
    """Paired differences as `experiments.analysis.compare.compared` finds them.

    A measure a row, or a table a measure where there are several contrasts or levels.
    """
    marks, said = _said_once(rows)
    rows = rows.assign(note=marks)
    if rows["measure"].is_unique:
        tables = [_differences("measure", list(rows["measure"]), rows)]
    else:
        several = rows[["a", "b"]].drop_duplicates().shape[0] > 1
        tables = [
            _differences(str(measure), [row_name(row, several) for _, row in of_it.iterrows()], of_it)
            for measure, of_it in rows.groupby("measure", sort=False)
        ]
    a, b = (rows[side].unique() for side in ("a", "b"))
    told = (
        f"A: {a[0] if len(a) == 1 else 'what the row is called'}. B: {b[0]}. Paired differences, world by world; 95 % "
        "intervals: bootstrap over worlds."
    )
    if rows["worlds"].max() >= ENOUGH_WORLDS:
        told += "\nFewer runs: how many times as many independent seeds would have needed for the same precision."
    return Group(*tables, Text(_sentences((told, *said, *notes))))


def _said_once(rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Marks that stand for the notes of each row, and what is said below of all rows and of the marks."""
    each = [[part for part in note.split("; ") if part] for note in rows["note"]]
    found = list(dict.fromkeys(part for parts in each for part in parts))
    of_all = [part for part in found if all(part in parts for parts in each)]
    marks = {part: str(at) for at, part in enumerate((part for part in found if part not in of_all), start=1)}
    said = [f"{'Each row' if len(each) > 1 else 'Note'}: {'; '.join(of_all)}."] if of_all else []
    said += [f"Note {mark}: {part}." for part, mark in marks.items()]
    return [", ".join(marks[part] for part in parts if part in marks) for parts in each], said


def row_name(row: pd.Series, several: bool) -> str:
    """What a row of several is about: its A, where these differ, and its level."""
    return ", ".join(text for text in (row["a"] if several else "", row["level"]) if text)


def _differences(title: str, names: Sequence[str], rows: pd.DataFrame) -> Columns:
    noted = ["note"] if rows["note"].any() else []
    table = _table(
        title, "A", "B", "A − B", "95 % interval", "worlds", "fewer runs", *noted, beside=(*_BESIDE, "B", "fewer runs")
    )
    for name, (_, row) in zip(names, rows.iterrows(), strict=True):
        means = (_plain(row["a_mean"]), _plain(row["b_mean"]))
        fewer = number(row["fewer_runs"], 2) if row["worlds"] >= ENOUGH_WORLDS else "–"
        counts = (f"{row['worlds']:,}", fewer)
        table.add_row(name, *means, *difference(row), *counts, *([row["note"]] if noted else []))
    return table


def difference(row: pd.Series) -> tuple[str, str]:
    """A difference and its interval, to the digits that the interval leaves."""
    width = row["high"] - row["low"]
    size = width / 10 if width > 0 else abs(row["difference"]) / 100  # of the last digit
    decimals = min(max(0, -math.floor(math.log10(size))), 9) if size > 0 else 0
    mean, low, high = (_with_sign(value, decimals) for value in row[["difference", "low", "high"]])
    return "–" if math.isnan(row["difference"]) else mean, "–" if math.isnan(row["low"]) else f"{low} … {high}"


def _with_sign(value: float, decimals: int) -> str:
    """A number with its sign, of which one that is rounded to zero has none."""
    text = f"{value:,.{decimals}f}"
    is_zero = not text.strip("-0.,")
    return text.lstrip("-") if is_zero else f"{value:+,.{decimals}f}".replace("-", "−")


def _plain(value: float) -> str:
    return _digits(value) if 0 < abs(value) < 0.1 else number(value)


def evaluation_table(found: Evaluation) -> Group:
    """How good forecasts were, and how far the model's lie from those that need no model, with intervals."""
    from experiments.forecasts.scores import SCORES  # whoever has forecasts to show has loaded it

    level = found.scores[found.scores["baseline"].isna()].set_index(["forecast", "score"])
    scores = _table("forecast", "log loss", "95 % interval", "Brier", "95 % interval", "AUC", "95 % interval")
    for name in found.forecasts:
        scores.add_row(_words(name), *(cell for score in SCORES for cell in _score(level.loc[(name, score)], "")))
    apart = found.scores[found.scores["baseline"].notna()].set_index(["forecast", "baseline", "score"])
    paired = _table("difference", "log loss", "95 % interval", "Brier", "95 % interval", "AUC", "95 % interval")
    for name, other in apart.index.droplevel("score").unique():
        cells = (cell for score in SCORES for cell in _score(apart.loc[(name, other, score)], "+"))
        paired.add_row(f"{_words(name)} − {_words(other)}", *cells)
    asked, came = len(found.pairs), int(found.pairs["came_back"].sum())
    lines = [
        f"Silent pairs on day {found.cut:,}: {asked:,}, of which {came:,} ({came / asked:.1%}) came back within "
        f"{found.days} days. Pairs {found.days} days earlier, from which all that learns has learned: "
        f"{found.learned_from:,}.",
        "Less is better in log loss and Brier score, more in AUC. Intervals: bootstrap over people.",
        *found.notes,
    ]
    return Group(scores, paired, Text("\n".join(lines))) if len(apart) else Group(scores, Text("\n".join(lines)))


def _words(forecast: str) -> str:
    return {"model_recalibrated": "model, recalibrated", "recency_frequency": "recency, frequency"}.get(
        forecast, forecast.replace("_", " ")
    )


def _score(row: pd.Series, sign: str) -> tuple[str, str]:
    """A score or a difference of scores, and its interval."""
    digits = 3 if row.name[-1] == "auc" else 4
    value, low, high = (
        "–" if math.isnan(one) else f"{one:{sign}.{digits}f}".replace("-", "−") for one in row[["value", "low", "high"]]
    )
    return value, "–" if math.isnan(row["low"]) else f"{low} … {high}"


def forecast_table(found: Forecast, worlds: int, days: int, silent: int, top: int) -> Group:
    """The silent ties with most contacts: their chances to come back, by themselves and after a gesture."""
    if found.ties.empty:
        return Group(Text(f"No tie has been silent for over {silent} days at the end of the log: nothing to forecast."))
    kinds = list(found.gains.index)
    shown = [side for side in ("sender", "receiver") if side in found.ties]  # unless ids are hidden
    titles = (*shown, "silent days", "contacts", "comes back", "receiver writes")
    table = _table("tie", *titles, *(f"after {kind}" for kind in kinds), text=shown)
    columns = ["comes_back", "receiver_writes", *(f"after_{kind}" for kind in kinds)]
    for row in found.ties.head(top).to_dict("records"):
        names = (f"tie {row['tie']}", *(str(row[side]) for side in shown))
        chances = (f"{row[column]:.0%}" for column in columns)
        table.add_row(*names, f"{row['silent_days']:,.0f}", f"{row['contacts']:,}", *chances)
    return Group(table, Text(_sentences(_forecast_notes(found, worlds, days, silent, top))))


def _forecast_notes(found: Forecast, worlds: int, days: int, silent: int, top: int) -> list[str]:
    count, listed = len(found.ties), min(top, len(found.ties))
    which = "All ties" if listed == count else f"The {listed:,} with most contacts of {count:,} ties"
    lines = [
        f"{which} silent for over {silent} days. Chances within {days} days: shares of "
        f"{counted(worlds, 'simulated world')}, good to ±{100 * _margin(worlds):.0f} points, as the "
        "model has them, not recalibrated; --evaluate tells how far to trust them on this log.",
        "Comes back: either contacts the other, if nothing is done. Receiver writes: the receiver does, if nothing is "
        "done, or after one gesture of the sender on the first day; the sender's own gesture is no return.",
    ]
    for kind, row in found.gains.iterrows():
        bounds = "" if math.isnan(row["low"]) else f" ({_points(row['low'])} … {_points(row['high'])})"
        lines.append(f"A {kind} adds {_points(row['gain'])} points to receiver writes, mean over these ties{bounds}.")
    if len(found.gains) and worlds < ENOUGH_WORLDS:
        lines.append(f"{TOO_FEW.capitalize()}: {worlds}, and {ENOUGH_WORLDS} are the least.")
    if len(found.gains):
        rounds = "1 round" if found.rounds == 1 else f"{found.rounds:,} rounds"
        lines += [
            "With and without a gesture all other luck is the same. Ties that share no person are tried together in "
            f"one world: {rounds}.",
            "That a like opens a door, and what gestures leave in memory, is assumed: see `rekindle explain like`.",
        ]
    return [*lines, *found.notes]


def week_table(found: Week, said: Sequence[str]) -> Group:
    """A week's plan, a row a gesture, and what is said of it; ids only where the plan has them."""
    titles = ("last contact", "silent", "known", "contacts", "last word", "gesture", "minutes", "without", "after")
    table = _table("tie", *titles, "gain", "95 % interval")
    for row in found.plan.to_dict("records"):
        gain, low, high = (f"{100 * row[name]:+.0f}".replace("-", "−") for name in ("gain", "low", "high"))
        table.add_row(
            str(row["id"]) if "id" in row else f"tie {row['tie']}", row["last_contact"] or "–",
            f"{row['silent_days']:,} d", f"{row['known_years']:.1f} y", f"{row['contacts']:,}", row["last_word"],
            row["gesture"], f"{row['minutes']:g}", f"{row['without']:.0%}", f"{row['after']:.0%}", gain,
            f"{low} … {high}",
        )  # fmt: skip
    return Group(*([table] if len(found.plan) else []), Text(_sentences(said)))


def week_said(found: Week, minutes: int, worlds: int, days: int, silent: int) -> list[str]:
    """What a week's plan says, rests on and can not know, in sentences."""
    plan = found.plan
    lines = [_in_all(found, minutes, silent)]
    if len(plan):
        lines += [
            f"Without: the share of {counted(worlds, 'simulated world')} in which the other writes within {days} days "
            "if nothing is done. After: in which they write, or answer the gesture, if all of these are made on the "
            "first day. Gain: the difference in points, same worlds, same luck.",
            f"Chosen: what gained most, of all plans that fit, in {worlds} other worlds; by gain per minute.",
        ]
    if len(plan) and found.alike and found.dormant > 1:
        lines.append("How the ties differ in gain is no more than luck, so those with most contacts come first.")
    return [
        *lines,
        *_past_said(found.past),
        "Assumed: that you dare, that a like or comment finds something posted, that a small gesture opens a door, and "
        "what each leaves in memory (`rekindle explain like`).",
        "Not known: whether you are in touch elsewhere, why it went silent, whether the other wishes to hear from you.",
        *found.notes,
    ]


def _in_all(found: Week, minutes: int, silent: int) -> str:
    plan, among = found.plan, counted(found.dormant, "dormant tie")
    among = f"{among}: both have written, and neither for over {silent} days."
    if plan.empty:
        return (
            f"{among} No gesture that fits into {counted(minutes, 'minute')} gains anything: there is nothing to plan."
        )
    value, low, high = (f"{one:+.1f}".replace("-", "−") for one in found.together)
    return (
        f"{among} The plan takes {plan['minutes'].sum():g} of {counted(minutes, 'minute')} for {len(plan)} of them. "
        f"{plan['without'].sum():.1f} of these would write without it, {plan['after'].sum():.1f} after it: {value} "
        f"({low} … {high})."
    )


def _past_said(past: Past | None) -> list[str]:
    """How rankings did on the log's own past, in sentences."""
    from experiments.forecasts.week import CHANCE, FIRST, LATEST, LONGEST, MODEL

    if past is None:
        return ["Past: the log is too short, or nobody had a dormant tie, to tell how rankings did in it."]
    off = past.expected / max(past.came_back, 1e-9)
    sure = past.ties >= _ENOUGH_TIES and not 1 / _FAR_OFF < off < _FAR_OFF
    trust = f" Its chances are far too {'high' if off > 1 else 'low'} on this log." if sure else ""
    lines = [
        f"Past: of {counted(past.ties, 'dormant tie')} on day {past.cut:,} of the log the model expected "
        f"{past.expected:.1%} to come back by themselves within {past.days} days, and {past.came_back:.1%} did.{trust}"
    ]
    if not past.people or not past.came_back:
        why = "Nobody came back" if past.people else f"Nobody had more than {FIRST} of them"
        return [*lines, f"{why}, so rankings can not be compared; ask for another morning with --cut."]
    share = past.rules["share"]
    whose = "one person's list" if past.people == 1 else f"{past.people:,} people's lists"
    lines.append(
        f"Of the first {FIRST} on {whose} {share[MODEL]:.1%} came back with the model's best chances first, "
        f"{share[LONGEST]:.1%} with the longest history (most contacts) first, {share[LATEST]:.1%} with the latest "
        f"contact first, {share[CHANCE]:.1%} by chance."
    )
    apart, low, high = past.rules.loc[LONGEST, ["apart", "low", "high"]]
    if math.isnan(low):
        verdict = ": too few people to tell which is better"
    else:
        better = "the model's order was better" if low > 0 else "there is no telling which is better"
        better = "the simple rule was better: rather go by it" if high < 0 else better
        verdict = f" ({_points(low)} … {_points(high)}): {better}"
    return [
        *lines,
        f"Model minus longest history {_points(apart)} points{verdict}. What a gesture adds no log can tell, for none "
        "says which were made besides: that rests on the model alone.",
    ]


def _margin(worlds: int) -> float:
    """Half the widest 95 % interval of a share of so many worlds."""
    return 1.96 * math.sqrt(0.25 / worlds)


def _points(gain: float) -> str:
    return f"{100 * gain:+.1f}".replace("-", "−")


def _table(
    first: str, *others: str, text: Sequence[str] = (), beside: Sequence[str] = _BESIDE, whole: bool = False
) -> Columns:
    return Columns(first, *others, text=text, beside=beside, whole=whole)


def _sentences(lines: Sequence[str]) -> str:
    """Sentences one below the other; names of users in them cannot break lines, nor do worse."""
    return "\n".join(visible(line) for line in lines)


def frame_table(frame: pd.DataFrame) -> Columns:
    """Any table, its numbers short."""
    titles = list(map(str, frame.columns))
    text = [title for title, dtype in zip(titles, frame.dtypes, strict=True) if dtype.kind not in "biufcmM"]
    table = Columns(*titles, text=text, whole=titles[0] not in text)
    for row in frame.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    if isinstance(value, float | np.floating):
        return number(float(value))
    return (
        "–" if value is None or value is pd.NA else f"{value:,}" if isinstance(value, int | np.integer) else str(value)
    )


def progress_table(arms: pd.DataFrame) -> Columns:
    """How far each arm of a sweep has come; of many arms, those at the ends."""
    table = _table("arm", "done", "asked")
    left_out = len(arms) - _MOST_ARMS
    for at, (arm, asked, done) in enumerate(arms[["scenario", "asked", "done"]].itertuples(index=False)):
        if left_out > 0 and at == _MOST_ARMS // 2:
            table.add_row(f"… {left_out:,} more …", "", "")
        if left_out <= 0 or at < _MOST_ARMS // 2 or at >= len(arms) - _MOST_ARMS // 2:
            table.add_row(str(arm), f"{done:,}", f"{asked:,}")
    return table


def log_table(logs: Mapping[str, pd.DataFrame], resamples: int) -> Group:
    """Statistics of contact logs side by side: value and interval of each, by the log's name."""
    titles = [title for name in logs for title in (name.replace("_", "\n"), "95 % interval")]
    table = _table("statistic", *titles, "unit", text=("unit",), whole=True)
    for name, statistic in STATISTICS.items():
        rows = [found.set_index("statistic").loc[name] for found in logs.values()]
        cells = [cell for row in rows for cell in (_digits(row["value"]), _digits(row["low"], row["high"]))]
        table.add_row(name, *cells, statistic.unit)
    drawn = f"95 % intervals: bootstrap over people, {counted(resamples, 'resample')}."
    said = f"{drawn if resamples else 'No intervals: no resamples.'} – is missing: the log is too short or thin."
    return Group(table, Text(f"{said}\n`rekindle explain NAME` says what a statistic is."))


def _digits(*values: float) -> str:
    """Numbers with three digits each, a dash where one is missing."""
    if any(math.isnan(value) for value in values):
        return "–"
    texts = [np.format_float_positional(value, precision=3, fractional=False, trim="-") for value in values]
    return " … ".join(texts).replace("-", "−")


def explained_table(entry: Entry) -> Table:
    """One name and all that there is to say about it."""
    table = Table(
        title=Text(f"{entry.name} ({entry.sort})"), title_justify="left", box=None, show_header=False, padding=(0, 2)
    )
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for title, text in entry.facts.items():
        table.add_row(title, Text(text))
    return table


def entries_table(known: Sequence[Entry]) -> Columns:
    """Names with their gist."""
    table = _table("name", "sort", "value, unit, meaning", text=("value, unit, meaning",), whole=True)
    for entry in known:
        table.add_row(entry.name, entry.sort, entry.gist)
    return table


def names_table(known: Sequence[Entry]) -> Group:
    """All names with their gist, but for those that are made of others."""
    table = entries_table([entry for entry in known if not entry.made])
    return Group(table, Text("Also gestures.KIND.NUMBER, sent_KIND, answered_KIND and everyone_MEASURE."))


def ledger_table(ledger: Ledger) -> Group:
    """What a calibration fitted on what: parameters before and after, statistics real, before and after."""
    fitted = _table("parameter", "at the start", "found", "looked for in", whole=True)
    for one in ledger.fitted:
        limits = f"{one.low:g} … {one.high:g}"
        fitted.add_row(one.name, f"{ledger.start[one.name]:.4g}", f"{ledger.found[one.name]:.4g}", limits)
    aims = _table("statistic", "real", "at the start", "found", whole=True)
    for name, real in ledger.real.items():
        aims.add_row(name, *map(_digits, (real, ledger.simulated_at_start[name], ledger.simulated[name])))
    trials = counted(ledger.trials, "trial")
    said = f"Loss {ledger.loss_at_start:.3f} at the start, {ledger.loss:.3f} at the best of {trials}."
    return Group(fitted, aims, Text(f"{said} It is 0 where all agree, and 0.7 where all are 15 % off."))


def validation_tables(rows: pd.DataFrame, counts: pd.DataFrame, told: Mapping[str, bool]) -> Group:
    """Each statistic of a real log beside simulated worlds, and how many are met."""
    table = _table(
        "statistic", "mark", "real", "95 % interval", "simulated", "over worlds", "ratio", "met", "in range", whole=True
    )
    for name, row in rows.iterrows():
        table.add_row(
            str(name), row["mark"], _digits(row["real"]), _digits(row["low"], row["high"]), _digits(row["simulated"]),
            _digits(row["least"], row["most"]), "–" if math.isnan(row["ratio"]) else f"{row['ratio']:.2f}",
            "yes" if row["met"] else "NO", "–" if pd.isna(row["in_range"]) else ("yes" if row["in_range"] else "no"),
        )  # fmt: skip
    met = [f"{mark}: {int(row['met'])} of {int(row['statistics'])}" for mark, row in counts.iterrows()]
    gate = ", ".join(f"{name} {'holds' if holds else 'fails'}" for name, holds in told.items() if name != "passed")
    passed = "passed" if told["passed"] else "not passed"
    said = (
        f"Met (within 15 % or inside the real interval): {'; '.join(met)}.\nGate {passed}: {gate or 'nothing to tell'}."
    )
    return Group(table, Text(said))


def facts_table(known: pd.DataFrame) -> Group:
    """Published facts: what is accepted, what the real log and a simulated world have."""
    table = _table("published fact", "accepted", "real", "simulated")
    for name, row in known.iterrows():
        said = "–" if math.isnan(row["low"]) else accepted(row["low"], row["high"])
        real, found = judged(row["real"], row["real_holds"]), judged(row["simulated"], row["simulated_holds"])
        table.add_row(str(name), said, real, found)
    return Group(table, Text("✗ is outside what is accepted, – is missing or needs a list of ties."))
