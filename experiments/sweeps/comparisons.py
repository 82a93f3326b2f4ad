"""What is compared: two arms, the levels of a factor, or two tables; for `rekindle compare` and notebooks.

The names are those that users write, and an error says what to write instead.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from experiments.analysis.compare import (
    OUTCOMES,
    RESAMPLES,
    Compared,
    Contrast,
    PairingError,
    compared,
    level_names,
    level_text,
    short_levels,
)
from experiments.config.catalogue import full_name, short_name
from experiments.config.errors import ConfigError
from experiments.config.own_measures import measures_in
from experiments.sweeps import store
from experiments.terminal.legend import Legend
from experiments.terminal.numbers import counted
from sim.model.former_names import accepted_name, present_name
from sim.model.outcomes import Measure
from sim.model.parameters import Parameters
from sim.model.spelling import nearest

STRATEGY = "strategy"  # a factor of every sweep
_MOST_NAMED = 6
_ROWS = ("strategies", "gestures", "places")  # tables of parameters to which rows can be added
_TEXTS = ("label", "colour", "essay", "meaning", "source")


@dataclass(frozen=True)
class RunTable:
    """The table of a sweep: its path, its runs, their provenance and the factors of its arms."""

    path: Path
    runs: pd.DataFrame
    origin: dict[str, Any]

    @property
    def factors(self) -> tuple[str, ...]:
        """What the sweep varied, by path, the strategy first."""
        return (STRATEGY, *self.origin.get("factors", ()))

    @property
    def measures(self) -> dict[str, Measure]:
        """The measures that the table has, those of added gestures and of the user's own among them."""
        known = measures_in(self.origin["config"])
        return {name: known[name] for name in self.runs.columns if name in known}


@dataclass(frozen=True)
class Comparison:
    """The contrasts to compute, the tables they come from, and notes about these."""

    contrasts: list[Contrast]
    tables: list[RunTable]
    name: str
    notes: list[str]

    def answered(self, measures: Sequence[str], resamples: int = RESAMPLES) -> Compared:
        """The paired differences of each contrast in each measure.

        Raises:
            ConfigError: if the two sides cannot be paired.
        """
        try:
            return compared(self.contrasts, measures, resamples)
        except PairingError as problem:
            raise ConfigError(f"{' and '.join(str(table.path) for table in self.tables)}: {problem}.") from None

    @property
    def all_notes(self) -> list[str]:
        """Sentences on failed runs, on what is left out and on differences between tables, and those of the legend."""
        arms = [name for contrast in self.contrasts for name in (contrast.a, contrast.b, *contrast.levels())]
        legend = Legend.of_configs(table.origin["config"] for table in self.tables)
        return [*_failures(self.contrasts), *_one_sided(self.contrasts), *self.notes, *legend.notes(arms)]


def table_at(path: Path) -> RunTable:
    """The table of a sweep at a path.

    Raises:
        StoreError: if there is none.
    """
    return RunTable(path, *store.table_at(path))


def factor_named(name: str, factors: Sequence[str]) -> str | None:
    """The factor that a user means by its path, its short path or its last words; None if it is none or several."""
    for wanted in (name, full_name(name), present_name(full_name(name))):
        if wanted in factors:
            return wanted
    ends = [factor for factor in factors if factor.endswith(f".{present_name(name)}")]
    return ends[0] if len(ends) == 1 else None


def is_file(name: str) -> bool:
    """Whether a name is that of a table, and not of an arm or a factor."""
    return name.endswith(".parquet") or Path(name).is_file()


# Two tables ------------------------------------------------------------------------------------------------------


def of_two_tables(a: str, b: str | None, runs: Path | None, baseline: str | None) -> Comparison:
    """Compare arms of the same name in two tables, given by their paths.

    Raises:
        ConfigError: if these are not two tables with an arm in common.
    """
    if b is None:
        raise ConfigError(f"{a} is a table, and B is missing; give a second table, or two arms and --runs {a}.")
    if not (is_file(a) and is_file(b)):
        arm, table = (b, a) if is_file(a) else (a, b)
        raise ConfigError(f"{table} is a table, and {arm} is not; give two tables, or two arms and --runs {table}.")
    for option, value in (("--runs", runs), ("--baseline", baseline)):
        if value is not None:
            raise ConfigError(f"{option} {value} does not apply to a comparison of two tables; leave it out.")
    if Path(a).resolve() == Path(b).resolve():
        raise ConfigError(f"{a} and {b} are the same table; give two different ones.")
    first, second = table_at(Path(a)), table_at(Path(b))
    a_name, b_name = _names(first.path, second.path)
    contrast = Contrast(a_name, b_name, first.runs, second.runs, ("scenario",))
    if not contrast.levels():
        raise ConfigError(
            f"{a} and {b} have no arm in common: the first has {_few(first.runs['scenario'])}, the second "
            f"{_few(second.runs['scenario'])}. Give two sweeps of the same arms."
        )
    _refuse_other_points(first, second)
    return Comparison([contrast], [first, second], _named(a_name, b_name), _apart(first.origin, second.origin))


def _refuse_other_points(a: RunTable, b: RunTable) -> None:
    """Check that arms of the same name have the same levels: arms at sampled points are named by number only."""
    shared = [name for name in a.factors if name != STRATEGY and name in b.factors]
    sides = [table.runs.drop_duplicates("scenario").set_index("scenario")[shared] for table in (a, b)]
    for arm in sides[0].index.intersection(sides[1].index):
        for name in shared:
            levels = [level_text(side.loc[arm, name]) for side in sides]
            if levels[0] != levels[1]:
                raise ConfigError(
                    f"{arm} has {name} = {levels[0]} in {a.path} and {levels[1]} in {b.path}: their points were drawn "
                    "separately, so arms of the same name differ. Give both sweeps the same ranges, points and seed."
                )


def _names(a: Path, b: Path) -> tuple[str, str]:
    """Names that distinguish two paths: ``old`` and ``new`` for old/runs.parquet and new/runs.parquet."""
    parts = (path.resolve().parts[::-1] for path in (a, b))
    first, second = next((one, other) for one, other in zip(*parts, strict=False) if one != other)
    return first.removesuffix(".parquet"), second.removesuffix(".parquet")


def _apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Notes on the differences between two tables."""
    configs = [_completed(origin["config"]) for origin in (a, b)]
    before, after = map(_flat, configs)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    names = [name for name in names if name != "name" and not name.startswith("sweep.")]
    alone = _rows_of_one(*configs)
    names = [name for name in names if not name.startswith(tuple(f"{row}." for row in alone))]
    names = [name for name in names if not _is_text(name)]
    differences = [f"{row}, which only {side} has" for row, side in alone.items()]
    differences += [f"{name} {_shown(before.get(name))} and {_shown(after.get(name))}" for name in names[:_MOST_NAMED]]
    differences += [f"{len(names) - _MOST_NAMED} more settings"] * (len(names) > _MOST_NAMED)
    differences += ["the model's code"] * (a["model"] != b["model"])
    notes = (
        [f"A and B differ in: {'; '.join(differences)}."]
        if differences
        else ["A and B have the same settings and model."]
    )
    if any(name.startswith("world.") for name in names):
        notes.append("Their worlds have the same seeds but different settings, so they are not the same worlds.")
    return notes


def _completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration with the parameters that its version did not have yet."""
    tables = {**config}
    for holder in (tables, tables.setdefault("world", {})):
        with suppress(ValueError):  # of a version whose parameters cannot be read any more
            if "parameters" in holder:
                holder["parameters"] = Parameters.model_validate(holder["parameters"]).model_dump(mode="json")
    return tables


def _rows_of_one(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, str]:
    """The paths of strategies, gestures and places that only one of two configurations has, with A or B."""
    of_each = [
        {f"parameters.{table}.{row}" for table in _ROWS for row in (config.get("parameters") or {}).get(table) or {}}
        for config in (a, b)
    ]
    return {row: "A" if row in of_each[0] else "B" for row in sorted(of_each[0] ^ of_each[1])}


def _is_text(path: str) -> bool:
    """Whether a setting only names or explains a strategy."""
    return path.startswith("parameters.strategies.") and path.rpartition(".")[2] in _TEXTS


def _flat(value: Any, above: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping) or above == "run.strategy":
        return {above: value}
    return {
        path: one
        for name, within in value.items()
        for path, one in _flat(within, f"{above}.{name}" if above else str(name)).items()
    }


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# One table -------------------------------------------------------------------------------------------------------


def of_one_table(table: RunTable, a: str, b: str | None, baseline: str | None) -> Comparison:
    """Compare two arms of a table, or the levels of one of its factors.

    Raises:
        ConfigError: if these are not two arms, or a factor and perhaps one of its levels.
    """
    table = _with_short_levels(table)
    arms = {*table.runs["scenario"], *table.runs[STRATEGY]}
    a = a if a in arms or full_name(a) not in table.factors else full_name(a)
    a = a if a in arms or present_name(a) not in table.factors else accepted_name(a)
    a = a if a in arms else factor_named(a, table.factors) or a
    for name in (a, *([] if b is None else [b])):
        if name not in arms and name not in table.factors:
            raise ConfigError(
                f"{name!r} is not an arm or factor of {table.path}; {_hint(name, [*arms, *table.factors])}"
            )
    if a in table.factors:
        if b is not None:
            raise ConfigError(
                f"{a} is a factor; its levels are compared with one of them, so give --baseline LEVEL instead of {b}."
            )
        return _of_factor(table, a, baseline)
    if b is None:
        others = [name for name in table.runs[STRATEGY].unique() if name != a]
        raise ConfigError(f"{a} is an arm, and B is missing; give a second arm, such as {_few(others) or 'wait'}.")
    if baseline is not None:
        raise ConfigError(f"--baseline {baseline} only applies to a factor, and {a} is an arm; leave it out.")
    if b in table.factors:
        raise ConfigError(f"{b} is a factor and {a} is an arm; give two arms, or only the factor.")
    if a == b:
        raise ConfigError(f"A and B are both {a}; give two different arms.")
    return Comparison([_of_arms(table, a, b)], [table], _named(a, b), [])


def _with_short_levels(table: RunTable) -> RunTable:
    levels = {name: short_levels(table.runs[name]) for name in table.factors if name != STRATEGY}
    return replace(table, runs=table.runs.assign(**levels))


def _of_arms(table: RunTable, a: str, b: str) -> Contrast:
    """Compare two strategies at equal levels of all factors, or two arms given by their full names."""
    strategies = {a, b} <= set(table.runs[STRATEGY])
    column = STRATEGY if strategies else "scenario"
    for name in (a, b):
        if name not in set(table.runs[column]):
            raise ConfigError(
                f"{name} is {'a strategy' if column == 'scenario' else 'one arm'} with several levels in {table.path}, "
                f"and the other is a single arm; give two strategies, or two arms: {_few(table.runs['scenario'])}."
            )
    of_a, of_b = (table.runs[table.runs[column] == name] for name in (a, b))
    return Contrast(a, b, of_a, of_b, _varied(table, STRATEGY) if strategies else ())


def _of_factor(table: RunTable, factor: str, baseline: str | None) -> Comparison:
    """Compare every level of a factor with the baseline level, at equal levels of the other factors."""
    texts, names = table.runs[factor].map(level_text), level_names(table.runs, (factor,))
    levels = list(names.unique())
    base = levels[0] if baseline is None else names[texts == _level(baseline, list(texts.unique()), factor)].iloc[0]
    if len(levels) == 1:
        raise ConfigError(f"{factor} has only one level in {table.path}, {levels[0]}; a comparison needs at least two.")
    within = _varied(table, factor)
    contrasts = [
        Contrast(level, base, table.runs[names == level], table.runs[names == base], within)
        for level in levels
        if level != base
    ]
    paired = [contrast for contrast in contrasts if contrast.levels()]
    if not paired:
        raise ConfigError(
            f"No run with another level of {factor} has the same {', '.join(within)} as a run with {base}; a "
            "comparison needs runs that differ in one factor only, such as those of [sweep.grid]."
        )
    alone = [contrast.a for contrast in contrasts if not contrast.levels()]
    notes = [f"Left out, because no run differs from them in {factor} only: {_few(alone)}."] if alone else []
    differing = [contrast.without_equal_levels() for contrast in paired]
    equal = [name for _, names in differing for name in names]
    if any(contrast.levels() for contrast, _ in differing):  # otherwise, that all are equal is the answer
        paired = [contrast for contrast, _ in differing if contrast.levels()]
        notes += [f"Left out, because {short_name(factor)} changes nothing there: {_few(equal)}."] if equal else []
    return Comparison(paired, [table], _named(factor, base), notes)


def _level(wanted: str, levels: Sequence[str], factor: str) -> str:
    number = _number(wanted)
    same = [wanted, *(level_text(float(f"{number:.{digits}g}")) for digits in range(12, 3, -1))]  # 60.0 is 60
    for level in same:
        if level in levels:
            return level
    raise ConfigError(f"--baseline {wanted} is not a level of {factor}; {_hint(wanted, levels)}")


def _number(text: str) -> float:
    """The number in a text; infinity if it is not a number."""
    try:
        return float(text)
    except ValueError:
        return math.inf


def _varied(table: RunTable, but: str) -> tuple[str, ...]:
    """The factors with several levels in a table, except one."""
    return tuple(name for name in table.factors if name != but and table.runs[name].map(level_text).nunique() > 1)


# Measures and notes --------------------------------------------------------------------------------------------------


def chosen_measures(wanted: Sequence[str] | None, tables: Sequence[RunTable]) -> list[str]:
    """The measures to compare: the requested ones, or by default those of `OUTCOMES` that all tables have.

    Raises:
        ConfigError: if a table lacks a requested measure, or has no measures at all.
    """
    wanted = [accepted_name(name) for name in wanted or ()]
    for table in tables:
        known = list(table.measures)
        if not known:
            raise ConfigError(f"{table.path} has no measures, because all of its runs failed; run the sweep again.")
        for name in wanted:
            if name not in known:
                raise ConfigError(f"--measure {name} {_why_not(name, table)}; {_hint(name, known)}")
    usual = [name for name in OUTCOMES if all(name in table.runs for table in tables)]
    return list(dict.fromkeys(wanted or usual))


def _why_not(name: str, table: RunTable) -> str:
    """The reason why a name is not a measure of a table."""
    if name not in table.runs:
        return f"is not a measure in {table.path}"
    return "is part of the design, not a measure" if is_numeric_dtype(table.runs[name]) else "is text, not a number"


def _hint(name: str, known: Sequence[str]) -> str:
    close = nearest(name, known) or nearest(name, [one.rpartition(".")[2] for one in known if "." in one])
    close = next((one for one in known if one == close or one.endswith(f".{close}")), None) if close else None
    in_order = sorted(known, key=lambda name: (_number(name), name))
    return f"did you mean {close}?" if close else f"known: {_few(in_order)}."


def _few(names: Sequence[str] | pd.Series) -> str:
    """The first few names, and the number of others."""
    each = list(dict.fromkeys(names))
    more = f" and {len(each) - _MOST_NAMED} more" if len(each) > _MOST_NAMED else ""
    return ", ".join(each[:_MOST_NAMED]) + more


def _failures(contrasts: Sequence[Contrast]) -> list[str]:
    """A note on the number of failed runs in each arm."""
    sides = [runs for contrast in contrasts for runs in (contrast.a_runs, contrast.b_runs)]
    each = pd.concat(sides).drop_duplicates("id")
    failed = each[each["error"].notna()]
    if failed.empty:
        return []
    of = ", ".join(f"{arm}: {count}" for arm, count in failed["scenario"].value_counts(sort=False).items())
    return [
        f"{len(failed):,} of {counted(len(each), 'run')} failed and are left out, together with their worlds ({of})."
    ]


def _one_sided(contrasts: Sequence[Contrast]) -> list[str]:
    alone = [level for contrast in contrasts for level in contrast.one_sided()]
    return [f"Left out, because only one of the two has it: {_few(alone)}."] if alone else []


def _named(*names: str) -> str:
    """The file name of a comparison's figures. If signs had to be replaced, it ends in four digits of a hash."""
    plain = "-".join(re.sub(r"[^\w.]+", "_", name).strip("_") for name in ("compare", *names))
    same = plain == "-".join(("compare", *names))
    return plain if same else f"{plain}-{hashlib.sha256(' '.join(names).encode()).hexdigest()[:4]}"
