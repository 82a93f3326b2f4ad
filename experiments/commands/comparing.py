"""`rekindle compare`: two arms, two tables, or the levels of a factor, paired world by world."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer
from pandas.api.types import is_numeric_dtype
from rich.console import Console

from experiments import provenance
from experiments.analysis.compare import (
    RESAMPLES,
    Compared,
    Contrast,
    PairingError,
    compared,
    level_names,
    level_text,
    short_levels,
)
from experiments.analysis.comparison_table import comparison_table
from experiments.config.settings import ConfigError, nearest
from experiments.figures import save
from experiments.figures.comparison import comparison
from experiments.figures.letters import drawable
from experiments.sweeps import store
from experiments.terminal.console import console_of, say_written, told_aside
from experiments.terminal.names import as_csv
from experiments.terminal.numbers import counted
from sim.measures import MEASURES

OUTCOMES = ("reconnected", "lasting", "kept")
STRATEGY = "strategy"  # is a factor of every sweep
_MOST_NAMED = 6
_WHY = {"lasting": " It takes 240 days after a tie came back; see run.follow_up_days."}


@dataclass(frozen=True)
class _Table:
    """A sweep's table: its path, its runs, where they come from, and by what its arms differ."""

    path: Path
    runs: pd.DataFrame
    origin: dict[str, Any]

    @property
    def factors(self) -> tuple[str, ...]:
        return (STRATEGY, *self.origin.get("factors", ()))


@dataclass(frozen=True)
class _Question:
    """What is compared: its sides, the tables they come from, and what must be said of these."""

    contrasts: list[Contrast]
    tables: list[_Table]
    name: str
    notes: list[str]


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="An arm, a table, or a factor such as parameters.ease.")],
    b: Annotated[
        str | None, typer.Argument(metavar="[B]", help="The arm or table that A is compared with; none for a factor.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Table of the arms or the factor; the newest results/*/runs.parquet if not "
                                  "given."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="Of a factor, what others are compared with; its first level "
                                 "if not given."),
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A measure; may be repeated. reconnected, lasting (kept up "
                                       "while the plan runs) and kept (left at the end) if not given."),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=2_000, max=1_000_000, help="Of the bootstrap over worlds.")
    ] = RESAMPLES,
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="What to print.")] = "table",
    folder: Annotated[
        Path | None, typer.Option("--results", "-o", metavar="FOLDER", help="For the plots; beside the table if not "
                                  "given, and none with CSV or JSON."),
    ] = None,
) -> None:  # fmt: skip
    """Paired differences A − B over worlds: 95 % intervals, how many runs pairing saved, and a plot a measure."""
    console = console_of()
    told = console if form == "table" else told_aside()
    if folder is not None and folder.exists() and not folder.is_dir():
        raise ConfigError(f"--results {folder}: this is a file; name a folder.")
    if _is_file(a) or (b is not None and _is_file(b)):
        question = _of_two_tables(a, b, runs, baseline)
    else:
        question = _of_one_table(a, b, runs, baseline, told)
    measures = _measures(measure, question.tables)
    try:
        found = compared(question.contrasts, measures, resamples)
    except PairingError as problem:
        raise ConfigError(f"{' and '.join(str(table.path) for table in question.tables)}: {problem}.") from None
    notes = [*_failures(question.contrasts), *_one_sided(question.contrasts), *question.notes]
    _print(found, notes, form, console, told)
    if folder is None and form == "table":
        folder = question.tables[0].path.parent
    if folder is not None:
        _draw(question, found, measures, resamples, folder, told)


def _is_file(name: str) -> bool:
    return name.endswith(".parquet") or Path(name).is_file()


def _read(path: Path) -> _Table:
    return _Table(path, *store.table_at(path))


def _newest(told: Console) -> Path:
    tables = sorted(Path("results").glob(f"*/{store.TABLE}"), key=lambda path: (path.stat().st_mtime_ns, path))
    if not tables:
        raise ConfigError("There is no results/*/runs.parquet; run `rekindle sweep`, or name a table with --runs.")
    told.print(f"Of {tables[-1]}, the newest table.", highlight=False, soft_wrap=True)
    return tables[-1]


# Two tables ------------------------------------------------------------------------------------------------------


def _of_two_tables(a: str, b: str | None, runs: Path | None, baseline: str | None) -> _Question:
    """The same arms in two tables."""
    if b is None:
        raise ConfigError(f"{a} is compared with what? Name a second table, or arms of this one with --runs {a}.")
    if not (_is_file(a) and _is_file(b)):
        arm, table = (b, a) if _is_file(a) else (a, b)
        raise ConfigError(f"{table} is a table, and {arm} is not; name two tables, or two arms and --runs {table}.")
    for option, value in (("--runs", runs), ("--baseline", baseline)):
        if value is not None:
            raise ConfigError(f"{option} {value}: two tables are compared as they are; leave it out.")
    if Path(a).resolve() == Path(b).resolve():
        raise ConfigError(f"{a} and {b} are the same table; name another.")
    first, second = _read(Path(a)), _read(Path(b))
    a_name, b_name = _names(first.path, second.path)
    contrast = Contrast(a_name, b_name, first.runs, second.runs, ("scenario",))
    if not contrast.levels():
        raise ConfigError(
            f"{a} and {b} have no arm in common: {_few(first.runs['scenario'])} in one, "
            f"{_few(second.runs['scenario'])} in the other; name two sweeps of the same arms."
        )
    _refuse_other_points(first, second)
    return _Question([contrast], [first, second], _named(a_name, b_name), _apart(first.origin, second.origin))


def _refuse_other_points(a: _Table, b: _Table) -> None:
    """Arms of two tables are paired by name, and drawn points are named by number: see that levels are the same."""
    shared = [name for name in a.factors if name != STRATEGY and name in b.factors]
    sides = [table.runs.drop_duplicates("scenario").set_index("scenario")[shared] for table in (a, b)]
    for arm in sides[0].index.intersection(sides[1].index):
        for name in shared:
            levels = [level_text(side.loc[arm, name]) for side in sides]
            if levels[0] != levels[1]:
                raise ConfigError(
                    f"{arm} has {name} = {levels[0]} in {a.path} and {levels[1]} in {b.path}: points were drawn anew, "
                    "so arms of one name are not the same. Draw both sweeps with the same ranges, points and seed."
                )


def _names(a: Path, b: Path) -> tuple[str, str]:
    """What tells two paths apart, from the end: results/old/runs.parquet is ``old`` beside results/new/runs.parquet."""
    parts = (path.resolve().parts[::-1] for path in (a, b))
    first, second = next((one, other) for one, other in zip(*parts, strict=False) if one != other)
    return first.removesuffix(".parquet"), second.removesuffix(".parquet")


def _apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """By what two tables differ, in words."""
    before, after = (_flat(origin["config"]) for origin in (a, b))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    names = [name for name in names if name != "name" and not name.startswith("sweep.")]
    told = [f"{name} {_shown(before.get(name))} and {_shown(after.get(name))}" for name in names[:_MOST_NAMED]]
    told += [f"{len(names) - _MOST_NAMED} more settings"] * (len(names) > _MOST_NAMED)
    told += ["the model's code"] * (a["model"] != b["model"])
    notes = [f"A and B differ in: {'; '.join(told)}."] if told else ["A and B have the same settings and model."]
    if any(name.startswith("world.") for name in names):
        notes.append("Their worlds have the same seeds, and yet are not the same worlds.")
    return notes


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


def _of_one_table(a: str, b: str | None, runs: Path | None, baseline: str | None, told: Console) -> _Question:
    """Two arms of a table, or the levels of one of its factors."""
    table = _with_short_levels(_read(runs or _newest(told)))
    arms = {*table.runs["scenario"], *table.runs[STRATEGY]}
    for name in (a, *([] if b is None else [b])):
        if name not in arms and name not in table.factors:
            raise ConfigError(f"{table.path} has no arm or factor {name!r}; {_hint(name, [*arms, *table.factors])}")
    if a in table.factors:
        if b is not None:
            raise ConfigError(
                f"{a} is a factor, whose levels are compared with one of them; write --baseline, not {b}."
            )
        return _of_factor(table, a, baseline)
    if b is None:
        others = [name for name in table.runs[STRATEGY].unique() if name != a]
        raise ConfigError(f"{a} is compared with what? Name a second arm, such as {_few(others) or 'wait'}.")
    if baseline is not None:
        raise ConfigError(f"--baseline {baseline} is a level of a factor; two arms need none: leave it out.")
    if b in table.factors:
        raise ConfigError(f"{b} is a factor, and {a} an arm; name two arms, or the factor alone.")
    if a == b:
        raise ConfigError(f"{a} is compared with itself; name another arm.")
    return _Question([_of_arms(table, a, b)], [table], _named(a, b), [])


def _with_short_levels(table: _Table) -> _Table:
    levels = {name: short_levels(table.runs[name]) for name in table.factors if name != STRATEGY}
    return replace(table, runs=table.runs.assign(**levels))


def _of_arms(table: _Table, a: str, b: str) -> Contrast:
    """Strategies at equal levels of all factors; arms that are named in full, as they are."""
    strategies = {a, b} <= set(table.runs[STRATEGY])
    column = STRATEGY if strategies else "scenario"
    for name in (a, b):
        if name not in set(table.runs[column]):
            raise ConfigError(
                f"{name} is {'a strategy' if column == 'scenario' else 'one arm'} with several levels in {table.path}, "
                f"and the other is one arm; name two strategies, or two of its arms: {_few(table.runs['scenario'])}."
            )
    of_a, of_b = (table.runs[table.runs[column] == name] for name in (a, b))
    return Contrast(a, b, of_a, of_b, _varied(table, STRATEGY) if strategies else ())


def _of_factor(table: _Table, factor: str, baseline: str | None) -> _Question:
    """Every level of a factor against the baseline level, all else equal."""
    texts, names = table.runs[factor].map(level_text), level_names(table.runs, (factor,))
    levels = list(names.unique())
    base = levels[0] if baseline is None else names[texts == _level(baseline, list(texts.unique()), factor)].iloc[0]
    if len(levels) == 1:
        raise ConfigError(f"{factor} has one level in {table.path}: there is nothing to compare {levels[0]} with.")
    within = _varied(table, factor)
    contrasts = [
        Contrast(level, base, table.runs[names == level], table.runs[names == base], within)
        for level in levels
        if level != base
    ]
    paired = [contrast for contrast in contrasts if contrast.levels()]
    if not paired:
        raise ConfigError(
            f"No run with another level of {factor} has the same {', '.join(within)} as one with {base}; compare needs "
            "runs that differ in one factor alone, as a grid has them."
        )
    alone = [contrast.a for contrast in contrasts if not contrast.levels()]
    notes = [f"Without a partner that differs in {factor} alone, and left out: {_few(alone)}."] if alone else []
    return _Question(paired, [table], _named(factor, base), notes)


def _level(told: str, levels: Sequence[str], factor: str) -> str:
    number = _number(told)
    same = [told, *(level_text(float(f"{number:.{digits}g}")) for digits in range(12, 3, -1))]  # 60.0 is 60
    for level in same:
        if level in levels:
            return level
    raise ConfigError(f"--baseline {told}: {factor} has no such level; {_hint(told, levels)}")


def _number(text: str) -> float:
    """The number that a text is, infinite where it is none."""
    try:
        return float(text)
    except ValueError:
        return math.inf


def _varied(table: _Table, but: str) -> tuple[str, ...]:
    """The factors that have several levels in a table, but for one."""
    return tuple(name for name in table.factors if name != but and table.runs[name].map(level_text).nunique() > 1)


# What is said, and drawn -----------------------------------------------------------------------------------------


def _measures(wanted: Sequence[str] | None, tables: Sequence[_Table]) -> list[str]:
    """The measures to compare; without a wish, those of `OUTCOMES` that all tables have.

    Raises:
        ConfigError: a table lacks one that was asked for, or has none at all.
    """
    for table in tables:
        known = [column for column in table.runs.columns if column in MEASURES]
        if not known:
            raise ConfigError(f"{table.path} has no measures, since each of its runs failed; run the sweep again.")
        for name in wanted or ():
            if name not in known:
                raise ConfigError(f"--measure {name}: {_why_not(name, table)}; {_hint(name, known)}")
    usual = [name for name in OUTCOMES if all(name in table.runs for table in tables)]
    return list(dict.fromkeys(wanted or usual))


def _why_not(name: str, table: _Table) -> str:
    """Why a name is no measure of a table."""
    if name not in table.runs:
        return f"{table.path} has no such measure"
    return (
        "this is set by the design, and no measure"
        if is_numeric_dtype(table.runs[name])
        else "this is text, and not a number"
    )


def _hint(name: str, known: Sequence[str]) -> str:
    close = nearest(name, known)
    in_order = sorted(known, key=lambda name: (_number(name), name))
    return f"did you mean {close}?" if close else f"it has {_few(in_order)}."


def _few(names: Sequence[str] | pd.Series) -> str:
    """Some names, and how many more there are."""
    each = list(dict.fromkeys(names))
    more = f" and {len(each) - _MOST_NAMED} more" if len(each) > _MOST_NAMED else ""
    return ", ".join(each[:_MOST_NAMED]) + more


def _failures(contrasts: Sequence[Contrast]) -> list[str]:
    """How many of the runs failed, and of what."""
    sides = [runs for contrast in contrasts for runs in (contrast.a_runs, contrast.b_runs)]
    each = pd.concat(sides).drop_duplicates("id")
    failed = each[each["error"].notna()]
    if failed.empty:
        return []
    of = ", ".join(f"{arm}: {count}" for arm, count in failed["scenario"].value_counts(sort=False).items())
    return [f"{len(failed):,} of {counted(len(each), 'run')} failed, and are left out with their worlds ({of})."]


def _one_sided(contrasts: Sequence[Contrast]) -> list[str]:
    alone = [level for contrast in contrasts for level in contrast.one_sided()]
    return [f"Only one of the two has, and is left out: {_few(alone)}."] if alone else []


def _print(found: Compared, notes: Sequence[str], form: str, console: Console, told: Console) -> None:
    if form == "table":
        console.print(comparison_table(found.rows, notes), highlight=False)
        return
    if form == "csv":
        print(as_csv(found.rows, index=False, float_format="%.10g"), end="")
    else:
        print(found.rows.to_json(orient="records", force_ascii=False, indent=2, double_precision=10))
    for note in notes:
        told.print(note, highlight=False)


def _draw(
    question: _Question, found: Compared, measures: Sequence[str], resamples: int, folder: Path, told: Console
) -> None:
    """A figure a measure, each with the provenance of its tables."""
    origins = [table.origin for table in question.tables]
    origin = origins[0] if len(origins) == 1 else {
        "run_hash": provenance.run_hash(origin["run_hash"] for origin in origins), "tables": origins
    }  # fmt: skip
    for measure in measures:
        if found.rows.loc[found.rows["measure"] == measure, "difference"].isna().all():
            told.print(
                f"No figure of {measure}: no world has it on both sides.{_WHY.get(measure, '')}", highlight=False
            )
            continue
        asked = {"of": question.name, "measure": measure, "resamples": resamples}
        figure = comparison(found, measure, _worlds(question.tables))
        for path in save(figure, folder, f"{question.name}-{measure}", {**origin, "comparison": asked}):
            say_written(path, told)


def _worlds(tables: Sequence[_Table]) -> str:
    """The worlds behind a figure in words."""
    sizes = sorted({int(size) for table in tables for size in table.runs["people"].dropna()})
    logs = sorted({drawable(Path(log).name) for table in tables if (log := table.origin["config"]["world"]["log"])})
    people = f"{sizes[0]:,}" + (f" to {sizes[-1]:,}" if len(sizes) > 1 else "") if sizes else "no"
    return f"worlds of {people} people" + (f", replayed from {' and '.join(logs)}" if logs else "")


def _named(*names: str) -> str:
    """The name of a comparison's figures; names that are the same but for their signs get some digits."""
    plain = "-".join(re.sub(r"[^\w.]+", "_", name).strip("_") for name in ("compare", *names))
    same = plain == "-".join(("compare", *names))
    return plain if same else f"{plain}-{hashlib.sha256(' '.join(names).encode()).hexdigest()[:4]}"
