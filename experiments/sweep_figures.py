"""The figure of any sweep, for `rekindle figure` and notebooks: its table, the user's names, the values, the words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from pandas.api.types import is_numeric_dtype
from pydantic import ValidationError

from experiments.analysis.by_level import ARM, at_levels, by_world, has_baseline, means
from experiments.analysis.compare import (
    BASELINE,
    ENOUGH_WORLDS,
    NOT_KNOWN_YET,
    OUTCOMES,
    TOO_FEW,
    Contrast,
    PairingError,
    compared,
    level_names,
    level_text,
    minutes,
    short_levels,
)
from experiments.config.catalogue import short_name
from experiments.config.errors import ConfigError
from experiments.config.own_measures import measures_in
from experiments.config.settings import Experiment
from experiments.explain import entries, entries_of, explained
from experiments.figures import cloud, headlines, heat_map, lines
from experiments.figures.choice import DAY, STRATEGY, ChoiceError, Picture, Varied, fitting
from experiments.figures.comparison import comparison, unit_of
from experiments.figures.letters import drawable
from experiments.figures.nine_strategies import nine_strategies, plotted
from experiments.figures.page import Style, Words
from experiments.figures.panels import AxisNames
from experiments.sweeps import results, store
from experiments.sweeps.comparisons import RunTable, factor_named
from experiments.sweeps.histories import SERIES
from experiments.terminal.legend import Legend
from experiments.terminal.names import at_home, distinct_endings, file_name
from experiments.terminal.numbers import counted
from sim.model.former_names import accepted_name, present_name
from sim.model.outcomes import Measure
from sim.model.spelling import nearest

ROW = "row"
ROLES = ("x", "y", "colour", "panel")
_IN_SERIES = "active_ties"  # the measure of a figure over days, unless another is asked for
_ON_THE_DAY = ("sent", "answered", "new_ties", "reconnected")  # columns of a series that count one day
_PURE = ("", "share", "probability", "factor", "weight", "exponent")  # units that an axis does not need
_ALIKE = 0.5  # of `difflib`, from 0 to 1
_LONGEST_MEANING, _LONGEST_DEFINITION = 60, 150  # letters


@dataclass(frozen=True)
class FigureOptions:
    """The options of `rekindle figure` for a sweep: names of factors and measures, as the user wrote them."""

    x: str | None = None
    y: str | None = None
    colour: str | None = None
    panel: str | None = None
    measure: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The options that were given, by name."""
        return {option: name for option, name in asdict(self).items() if name}


@dataclass(frozen=True)
class SweepFigure:
    """A figure of a sweep.

    Attributes:
        figure: the figure.
        name: what its files are called, without an ending.
        data: the plotted values.
    """

    figure: Figure
    name: str
    data: pd.DataFrame


@dataclass(frozen=True)
class _Sweep:
    """The finished runs of a sweep, those that failed, their provenance, and what they varied."""

    table: RunTable
    runs: pd.DataFrame

    @property
    def path(self) -> Path:
        return self.table.path

    @property
    def origin(self) -> dict[str, Any]:
        return self.table.origin

    @property
    def failed(self) -> int:
        return len(self.table.runs) - len(self.runs)

    @cached_property
    def settings(self) -> dict[str, Any]:
        return dict(self.origin["config"]["sweep"] or {})

    @cached_property
    def legend(self) -> Legend:
        return Legend.of_configs([self.origin["config"]])

    @cached_property
    def measures(self) -> dict[str, Measure]:
        return self.table.measures

    @cached_property
    def has_series(self) -> bool:
        return bool(self.settings.get("series_days")) and (self.path.parent / store.DESIGN).is_file()

    @cached_property
    def series(self) -> pd.DataFrame:
        folder = self.path.parent.resolve()
        rows = results.load(folder.name, folder.parent, SERIES)
        return rows[rows["id"].isin(self.runs["id"])]

    @cached_property
    def varied(self) -> Varied:
        ranges = tuple((self.settings.get("sample") or {}).get("ranges") or ())
        of_rows = dict.fromkeys(name for row in (self.settings.get("rows") or {}).values() for name in row)
        groups = [[STRATEGY], *([name] for name in self.settings.get("grid") or {})]
        groups += [list(self.settings.get("zip") or {}), [ROW, *of_rows]]
        levels = {name: self._levels(name) for group in (*groups, ranges) for name in group if name in self.runs}
        numeric = frozenset(name for name in levels if self._is_number(name))
        several = [[name for name in group if levels.get(name, 0) > 1] for group in groups]
        if has_baseline(self.runs) and not any(several) and not ranges:
            several = [[STRATEGY]]  # one strategy and waiting
        return Varied(
            directions=tuple(
                tuple(sorted(group, key=lambda name: name != ROW and name not in numeric)) for group in several if group
            ),
            levels=levels,
            numeric=numeric,
            drawn=tuple(name for name in ranges if levels.get(name, 0) > 1),
            method=(self.settings.get("sample") or {}).get("method") or "",
            has_baseline=has_baseline(self.runs),
            has_series=self.has_series,
        )

    def _levels(self, name: str) -> int:
        found = set(self.runs[name].map(level_text))
        return len(found - {BASELINE}) if name == STRATEGY and has_baseline(self.runs) else len(found)

    def _is_number(self, name: str) -> bool:
        column = self.runs[name]
        return is_numeric_dtype(column) and column.dtype.kind != "b" and not column.isna().any()

    @cached_property
    def short(self) -> dict[str, str]:
        """The shortest name of each factor, in words."""
        names = list(self.varied.factors)
        return {name: end.replace("_", " ") for name, end in zip(names, distinct_endings(names), strict=True)} | {
            DAY: "day"
        }


def drawn(table: RunTable, asked: FigureOptions, style: Style, called: str) -> tuple[list[SweepFigure], dict[str, Any]]:
    """The figures of a sweep's table, nearly always one, and their provenance.

    Args:
        table: the table.
        asked: what the user asked for.
        style: size and weight of the type.
        called: the name of the figure of a sweep that only varies the strategy.

    Raises:
        ConfigError: a name is unknown, or the sweep cannot be drawn; the message says what to write instead.
    """
    whole = table.runs[table.runs["error"].isna()]
    if whole.empty:
        raise ConfigError(f"{table.path}: it has no finished runs; run the sweep first.")
    factors = [name for name in table.factors if name != STRATEGY and name in whole]
    whole = whole.assign(**{name: short_levels(whole[name]) for name in factors})
    sweep = _Sweep(table, whole)
    roles, measure = _resolved(sweep, asked)
    try:
        picture = fitting(sweep.varied, roles, measure=measure is not None)
    except ChoiceError as problem:
        raise ConfigError(f"{table.path}: {problem}.") from None
    match picture.kind:
        case "strategies":
            figures = [_strategies(sweep, style, called)]
        case "comparison":
            figures = [_comparison(sweep, measure or _usual(sweep), style)]
        case "indices":
            figures = _indices(sweep, measure or _usual(sweep), style)
        case _:
            figures = [_of_levels(sweep, picture, measure, style)]
    wanted = {"style": style.name, "drawn": {"table": table.path.name, "kind": picture.kind, "asked": asked.given}}
    return figures, table.origin | wanted


# Names -----------------------------------------------------------------------------------------------------------


def _resolved(sweep: _Sweep, asked: FigureOptions) -> tuple[dict[str, str], str | None]:
    """The factor of each role, and the measure: the one that --measure, --y or --colour names, if one does."""
    over_days = asked.x == DAY or (not asked.given.keys() & set(ROLES) and not sweep.varied.factors)
    known = _of_series(sweep) if over_days and sweep.has_series else sweep.measures
    roles, named = dict[str, str](), dict[str, str]()
    for option, name in asked.given.items():
        factor = None if option == "measure" else factor_named(name, sweep.varied.factors)
        measure = present_name(name)
        if factor is not None:
            roles[option] = factor
        elif option == "x" and name == DAY:
            roles[option] = DAY
        elif option in ("measure", "y", "colour") and measure in known:
            named[option] = accepted_name(name)
        else:
            raise ConfigError(_unknown(option, name, sweep, known))
    if len(set(named.values())) > 1:
        each = " and ".join(f"--{option} {name}" for option, name in named.items())
        raise ConfigError(f"{each} are two measures, and a figure shows one; leave one out.")
    return roles, next(iter(named.values()), None)


def _unknown(option: str, name: str, sweep: _Sweep, measures: Mapping[str, Measure]) -> str:
    """The message for a name that an option does not take."""
    factors = [short_name(factor) for factor in sweep.varied.factors]
    if option == "measure" and present_name(name) in sweep.measures:
        daily = ", ".join(one for one in measures if not one.startswith("everyone_"))
        return f"--measure {name} has one value per run in {sweep.path}, and none for each day. For each day: {daily}."
    days = [DAY] * (option == "x" and sweep.has_series)
    known = [*([] if option == "measure" else [*factors, *days])]
    taken = [*known, *(measures if option in ("measure", "y", "colour") else ())]
    if option != "measure" and present_name(name) in measures and option not in ("y", "colour"):
        return f"--{option} {name} is a measure; give it with --measure, and here one of {', '.join(known) or 'none'}."
    ends = [_last(one) for one in taken]  # few names, so a weak likeness is a better hint than none
    close = nearest(name, taken) or nearest(name, ends) or next(iter(get_close_matches(name, ends, 1, _ALIKE)), None)
    hint = f"did you mean {close}? " if close else ""
    what = "measure" if option == "measure" else "factor of this sweep"
    listed = f"Factors: {', '.join(known) or 'none'}." if option != "measure" else ""
    shown = [one for one in measures if not one.startswith(("everyone_", "sent_", "answered_", "focal"))]
    listed += f" Measures: {', '.join(shown)} and others." if len(taken) > len(known) else ""
    return f"--{option} {name} is no {what} in {sweep.path}; {hint}{listed.strip()}"


def _of_series(sweep: _Sweep) -> dict[str, Measure]:
    """The measures of each saved day."""
    known = measures_in(sweep.origin["config"])
    found = {}
    for name in sweep.series.columns:
        if name in known and sweep.series[name].notna().any():
            unit, daily = known[name].unit, name.removeprefix("everyone_") in _ON_THE_DAY
            found[name] = known[name]._replace(unit=f"{unit} on the day" if daily else unit, definition="")
    return found


# Figures that exist for arms -------------------------------------------------------------------------------------


def _strategies(sweep: _Sweep, style: Style, called: str) -> SweepFigure:
    """Each strategy against waiting, in three outcomes."""
    runs = sweep.runs.assign(scenario=sweep.runs[STRATEGY])  # without the levels of factors that have only one
    log = sweep.origin["config"]["world"]["log"]
    return SweepFigure(nine_strategies(runs, log, style, sweep.legend), called, plotted(runs).reset_index())


def _comparison(sweep: _Sweep, measure: str, style: Style) -> SweepFigure:
    """Each strategy against waiting, or each level of the first factor against its first one."""
    runs, others = sweep.runs, [group[0] for group in sweep.varied.directions]
    factor = STRATEGY if sweep.varied.has_baseline else others[0]
    within = tuple(name for name in others if name != factor)
    names = runs[factor].map(level_text) if factor in (STRATEGY, ROW) else level_names(runs, (factor,))
    base = BASELINE if factor == STRATEGY and sweep.varied.has_baseline else names.iloc[0]
    sides = [
        Contrast(level, base, runs[names == level], runs[names == base], within)
        for level in names.unique()
        if level != base
    ]
    try:
        found = compared(sides, [measure])
    except PairingError as problem:
        raise ConfigError(f"{sweep.path}: {problem}.") from None
    _require_values(found.rows["difference"], measure, sweep)
    figure = comparison(found, measure, _worlds(sweep), sweep.measures[measure].unit, sweep.legend, style)
    return SweepFigure(figure, file_name(f"comparison-{measure}-{_last(factor)}"), found.rows)


def _indices(sweep: _Sweep, measure: str, style: Style) -> list[SweepFigure]:
    """The indices of each strategy, as `rekindle sensitivity` draws them."""
    from experiments.analysis.sensitivity import SensitivityError, indices  # slow to import
    from experiments.figures.sensitivity import sensitivity

    try:
        each = indices(sweep.table.runs, sweep.origin, measure)
    except SensitivityError as problem:
        raise ConfigError(str(problem)) from None
    figures = []
    for one in each:
        if one.baseline or not sweep.varied.has_baseline:
            name = "-".join(["indices", measure, one.strategy, *map(level_text, one.fixed.values())])
            figures.append(SweepFigure(sensitivity(one, style), file_name(name), one.table.reset_index()))
    return figures


# Figures over levels ---------------------------------------------------------------------------------------------


def _of_levels(sweep: _Sweep, picture: Picture, measure: str | None, style: Style) -> SweepFigure:
    """Lines, curves over days, a map or a cloud."""
    over_days = picture.kind == "series"
    if over_days:
        known = _of_series(sweep)
        measure = measure or (_IN_SERIES if _IN_SERIES in known else next(iter(known), None))
        if measure is None:
            raise ConfigError(f"{sweep.path}: its saved days have no measure with a value.")
    else:
        known, measure = sweep.measures, measure or _usual(sweep)
    runs = sweep.series if over_days else sweep.runs
    values = by_world(runs, measure, [DAY] if over_days else [])
    arms = _arms(sweep, values, picture)
    title = _Texts(sweep, picture, known[measure], style)
    if picture.kind == "cloud":
        return _cloud(title, values, arms)
    found = at_levels(values, arms)
    data = means(found)
    for role, name in (("x", picture.x), ("line", picture.colour), ("panel", picture.panel)):
        if name == DAY or name in sweep.varied.numeric:  # words stay in the order of the design
            data = data.sort_values(role, kind="stable", ignore_index=True)
    _require_values(data["value"], measure, sweep)
    shown = data.assign(line=data["line"].map(title.of_line), panel=data["panel"].map(title.of_panel))
    zero = sweep.varied.has_baseline
    words = title.words(found, data)
    if picture.kind == "map":
        figure = heat_map.draw(shown, words, style, title.axes, zero=zero)
    else:
        if shown["x"].dtype.kind not in "if":
            shown["x"] = shown["x"].map(lambda level: sweep.legend.label(level_text(level)))
        graded = picture.colour in sweep.varied.numeric
        stop = title.stop if over_days else None
        figure = lines.draw(shown, words, style, title.axes, sweep.legend, zero=zero, graded=graded, stop=stop)
    return SweepFigure(figure, title.name, _with_names(data, picture))


def _arms(sweep: _Sweep, values: pd.DataFrame, picture: Picture) -> pd.DataFrame:
    """The levels of each column of values in each role: ``panel``, ``line``, then ``x``, and ``y`` for a map."""
    columns = values.columns.to_frame(index=False)
    factors = sweep.runs.drop_duplicates(ARM).set_index(ARM)
    levels = columns[ARM].join(factors[[name for name in factors.columns if name in sweep.varied.factors]], on=ARM)
    if DAY in columns:
        levels = levels.assign(day=columns[DAY])
    roles = {"panel": picture.panel, "line": picture.colour, "x": picture.x, "y": picture.y}
    if picture.kind != "map":
        del roles["y"]
    return pd.DataFrame({role: levels[name] if name else "" for role, name in roles.items()}, levels.index)


def _with_names(data: pd.DataFrame, picture: Picture) -> pd.DataFrame:
    """The plotted values with the names of factors instead of roles, and without roles that nothing has."""
    roles = {"panel": picture.panel, "line": picture.colour, "x": picture.x, "y": picture.y}
    kept = data.drop(columns=[role for role, name in roles.items() if not name and role in data])
    return kept.rename(columns={role: name for role, name in roles.items() if name})


def _cloud(title: _Texts, values: pd.DataFrame, arms: pd.DataFrame) -> SweepFigure:
    """Dots over one factor, or over each of those on which the outcome depends most."""
    sweep, picture = title.sweep, title.picture
    outcome = values.mean().to_numpy(float)
    _require_values(pd.Series(outcome), title.measure.name, sweep)
    at = sweep.runs.drop_duplicates(ARM).set_index(ARM).loc[pd.MultiIndex.from_frame(values.columns.to_frame())]
    factors = [picture.x] if picture.x else list(sweep.varied.drawn)
    by_point = at.assign(outcome=outcome).groupby(level="point")[[*factors, "outcome"]].mean()
    apart = by_point[factors].corrwith(by_point["outcome"], method="spearman").to_dict()
    most = sorted(factors, key=lambda name: -abs(apart[name]) if apart[name] == apart[name] else 0.0)[:6]
    parts = [arms.assign(x=at[name].to_numpy(float), value=outcome, factor=name) for name in most]
    data = pd.concat(parts, ignore_index=True)
    titles = {name: f"{sweep.short[name]}: {headlines.correlation(apart[name])}" for name in most}
    panel = data["panel"].map(title.of_panel) if picture.x else data["factor"].map(titles)
    shown = data.assign(panel=panel, line=data["line"].map(title.of_line))
    log = (sweep.settings.get("sample") or {}).get("log") or ()
    logs = frozenset(shown.loc[shown["factor"].isin(log), "panel"])
    named = {sweep.short[name]: apart[name] for name in factors}
    said = headlines.of_cloud(named, len(by_point), title.subject)
    some = "" if len(most) == len(factors) else f"\nShown: the {len(most)} of {len(factors)} factors that matter most."
    above = "" if picture.x else " Above: rank correlation."
    differs = "paired difference from waiting, " if sweep.varied.has_baseline else ""
    worlds = counted(int(values.notna().any(axis=1).sum()), "world")
    below = f"Dots: {counted(len(by_point), 'point')}, {differs}mean over {worlds}. Lines: means of slices."
    words = Words(said, f"{below}{above}{some}", title.footer)
    figure = cloud.draw(shown, words, title.style, title.axes, sweep.legend, zero=sweep.varied.has_baseline, log=logs)
    kept = data.drop(columns="factor" if picture.x else "panel")
    return SweepFigure(figure, title.name, _with_names(kept, picture))


def _usual(sweep: _Sweep) -> str:
    """The measure of a figure, unless another is asked for: the first of the outcomes that has values."""
    there = [name for name in (*OUTCOMES, *sweep.measures) if name in sweep.measures]
    return next((name for name in there if sweep.runs[name].notna().any()), there[0])


def _require_values(values: pd.Series, measure: str, sweep: _Sweep) -> None:
    if values.isna().all():
        why = f": {NOT_KNOWN_YET[measure]}" if measure in NOT_KNOWN_YET else "; choose another with --measure"
        raise ConfigError(f"{sweep.path}: no world has a value of {measure}{why}.")


def _worlds(sweep: _Sweep) -> str:
    sizes = sorted({int(size) for size in sweep.runs["people"].dropna()})
    people = f"{sizes[0]:,}" + (f" to {sizes[-1]:,}" if len(sizes) > 1 else "")
    log = sweep.origin["config"]["world"]["log"]
    return f"worlds of {people} people" + (f", replayed from {drawable(Path(log).name)}" if log else "")


def _who(sweep: _Sweep) -> str:
    """Who does what and how long, as far as all runs have it in common; empty if everyone waits."""
    run, factors = sweep.origin["config"]["run"], sweep.varied.factors
    active = [str(name) for name in sweep.runs[STRATEGY].unique() if name != BASELINE]
    if not active:
        return ""
    if (adopters := run["adopters"]) == "newcomers":
        who = "newcomers"
    elif isinstance(adopters, float):
        who = f"{adopters:.0%} of the people"
    else:
        who = counted(adopters if isinstance(adopters, int) else len(adopters), "adopter")
    who = "adopters" if "run.adopters" in factors else who
    what = f" with “{sweep.legend.label(active[0])}”" if len(active) == 1 else ""
    days = "" if "run.strategy_days" in factors or not run["strategy_days"] else f" for {run['strategy_days']:,} days"
    return f"{who}{what}{days}"


def _idle(sweep: _Sweep) -> str:
    """The arms that used under 90% of their minutes, three of them by name."""
    table = minutes(sweep.runs)["idle"]
    names = [sweep.legend.label(str(name)) for name in table.index[table]]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return "; ".join(names[:3]) + more


def _last(name: str) -> str:
    return name.rpartition(".")[2]


# Words -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Texts:
    """All texts of a figure over levels."""

    sweep: _Sweep
    picture: Picture
    measure: Measure
    style: Style

    @cached_property
    def unit(self) -> str:
        unit = unit_of(self.measure.name, self.measure.unit)
        if self.picture.kind == "series":
            unit = self.measure.unit
            unit = unit if self.measure.name.startswith("everyone_") else unit.replace("per person", "per adopter")
        return "" if unit in ("share", "rank") else unit

    @cached_property
    def subject(self) -> headlines.Subject:
        what = self.measure.name.replace("_", " ").capitalize()
        x = self.sweep.short.get(self.picture.x or "", "")
        return headlines.Subject(what, self.unit, x, self.sweep.varied.has_baseline)

    @cached_property
    def axes(self) -> AxisNames:
        beyond = "beyond waiting" if self.sweep.varied.has_baseline else ""
        name, unit = self.measure.name.replace("_", " "), ", ".join(filter(None, (self.unit, beyond)))
        outcome = f"{name}\n{unit}" if unit else name
        x = self._axis(self.picture.x) if self.picture.x else "each factor over its range"
        if self.picture.kind == "map":
            return AxisNames(x, self._axis(self.picture.y or ""), outcome)
        colour = self.picture.colour
        return AxisNames(x, outcome, self.sweep.short[colour] if colour in self.sweep.varied.numeric else "")

    def _axis(self, factor: str) -> str:
        """The name of a factor with its meaning, if that is short, and its unit."""
        if factor == DAY:
            return "days since the start"
        facts = _explained(factor, self.sweep.origin["config"])
        unit = "" if facts.get("Unit", "") in _PURE else f" ({facts['Unit']})"
        meaning = facts.get("Meaning", "").partition(";")[0]
        short = f": {meaning}" if meaning and len(meaning) <= _LONGEST_MEANING and self.picture.kind != "map" else ""
        return f"{self.sweep.short[factor]}{short}{unit}"

    @cached_property
    def stop(self) -> float | None:
        """The day on which the strategy stops, if a figure over days has it and it is the same in all runs."""
        days, last = self.sweep.origin["config"]["run"]["strategy_days"], self.sweep.series[DAY].max()
        is_varied = any(name.startswith("run.") for name in self.sweep.varied.factors)
        return float(days) if days is not None and 0 < days < last and not is_varied else None

    @cached_property
    def name(self) -> str:
        shown = [_last(one) for one in (self.picture.x, self.picture.y, self.picture.colour) if one]
        panels = [f"each_{_last(self.picture.panel)}"] if self.picture.panel else []
        return file_name("-".join([self.picture.kind, self.measure.name, *shown, *panels]))

    @property
    def of_line(self) -> Callable[[Any], str]:
        return level_text

    def of_panel(self, level: Any) -> str:
        return self._level(self.picture.panel, level)

    def _level(self, factor: str | None, level: Any) -> str:
        """A level as titles have it: a strategy or row by its name, a number with its factor."""
        if factor is None:
            return ""
        text = self.sweep.legend.label(level_text(level))
        return text if factor in (STRATEGY, ROW) else f"{self.sweep.short[factor]} = {text}"

    def words(self, found: pd.DataFrame, data: pd.DataFrame) -> Words:
        """Title, subtitle and footer of lines or a map, from the values in each world and their means."""
        fewest, most = int(data["worlds"].min()), int(data["worlds"].max())
        worlds = f"{most} worlds" if fewest == most else f"{fewest} to {most} worlds"
        zero = self.sweep.varied.has_baseline
        spread = "" if self.picture.kind == "map" else " and 95% interval"
        over = f"mean{spread} over {worlds}" if most > 1 else "in one world"
        few = f" ({TOO_FEW})" if most < ENOUGH_WORLDS else ""
        below = f"{'Paired difference from waiting, ' if zero else ''}{over}{few}."
        below = below[:1].upper() + below[1:]
        if self.picture.kind == "map" and zero and ((data["low"] <= 0) & (data["high"] >= 0)).any():
            below = f"{below} White dots: the interval includes zero."
        if self.picture.kind == "series" and self.stop is not None and self.picture.panel:
            below = f"{below} Dashed: the strategy stops."
        return Words(self._headline(found), below, self.footer)

    def _headline(self, found: pd.DataFrame) -> str:
        roles = (self.picture.panel, self.picture.colour, self.picture.x, self.picture.y)

        def named(key: tuple[Any, ...], brief: bool = False) -> str:
            parts = [self._level(role, one) for role, one in zip(roles, key, strict=False)]
            quoted = [part if " = " in part else f"“{part}”" for part in parts if part]
            said = [part.rpartition(" = ")[2] if brief else part.replace(" = ", " ") for part in quoted]
            return " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))

        if self.picture.kind == "series":
            return headlines.of_days(found, self.subject, named, self.stop)
        if self.picture.kind == "map" or self.picture.x not in self.sweep.varied.numeric:
            return headlines.of_cells(found, self.subject, named)
        return headlines.of_lines(found, self.subject, named)

    @cached_property
    def footer(self) -> str:
        """What the worlds are, what was averaged or left out, and what the outcome is."""
        setting = ", ".join(filter(None, (_worlds(self.sweep), _who(self.sweep))))
        notes = [f"Simulated, not measured: {setting}. Many parameters are assumptions."]
        if averaged := [self.sweep.short[name] for name in self.picture.averaged]:
            notes.append(f"Averaged over {', '.join(averaged[:4])}{' and others' if len(averaged) > 4 else ''}.")
        for group in self.sweep.varied.directions:
            if self.picture.x in group and self.picture.x != ROW and len(group) > 1:
                others = [self.sweep.short[name] for name in group if name != self.picture.x]
                notes.append(f"{self.sweep.short[self.picture.x].capitalize()} changes with {', '.join(others)}.")
        if self.sweep.failed:
            notes.append(f"{counted(self.sweep.failed, 'run')} failed and are left out.")
        if self.sweep.varied.has_baseline and (idle := _idle(self.sweep)):
            notes.append(f"Under 90% of the minutes used: {idle}.")
        first = re.split(r" \(|[.:] ", self.measure.definition)[0].rstrip(".")
        name = self.measure.name.replace("_", " ").capitalize()
        said = shortened_end(f"{name}: {first[:1].lower()}{first[1:]}.", _LONGEST_DEFINITION) if first else ""
        return "\n".join(filter(None, (notes[0], " ".join(notes[1:]), said)))


def shortened_end(text: str, most: int) -> str:
    """A text with at most this many characters; a longer one loses its last words."""
    return text if len(text) <= most else f"{text[: most - 1].rpartition(' ')[0]} …"


def _explained(factor: str, config: dict[str, Any]) -> dict[str, str]:
    """What `rekindle explain` says of a factor; empty for a setting that this version does not have."""
    try:
        known = entries_of(Experiment.model_validate(at_home(config)))
    except (ValidationError, ValueError):  # of another version
        known = entries()
    return next((one.facts for one in explained(factor, known) if one.sort in ("parameter", "setting")), {})
