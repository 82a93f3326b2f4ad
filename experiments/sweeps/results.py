"""Results of a sweep, finished or not: as a data frame, with SQL, and its progress.

In a notebook:

    from experiments.sweeps import results
    runs = results.load("nine_strategies")             # a data frame with one row per run
    series = results.load("nine_strategies", table="series")    # if the sweep saved it; likewise events and people
    results.query("nine_strategies", "SELECT scenario, avg(reconnected) FROM runs GROUP BY scenario")
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import provenance
from experiments.analysis.compare import OUTCOMES
from experiments.config.catalogue import short_name
from experiments.config.settings import SweepSettings
from experiments.sweeps import histories, progress_log, store
from experiments.sweeps.histories import EVENTS, PEOPLE, SERIES, History, Stored, requested_histories
from experiments.sweeps.progress_log import Pace
from experiments.sweeps.sandbox import shut_in
from experiments.sweeps.store import StoreError
from experiments.terminal.numbers import counted, number
from experiments.terminal.progress import duration
from sim.model.former_names import former_name, note_former_names

if TYPE_CHECKING:
    import duckdb

RESULTS = Path("results")
RUNS = "runs"
# The histories, and the setting that saves each.
HISTORIES = {SERIES: "sweep.series_days=7", EVENTS: "sweep.events=true", PEOPLE: "sweep.people=true"}
MEANS = (
    "SELECT scenario, count(*) AS runs, avg(reconnected) AS reconnected, avg(kept_up) AS kept_up, "
    "avg(kept) AS kept, avg(kept_new) AS kept_new, avg(used_share) AS used_share "
    "FROM runs WHERE error IS NULL AND reconnected IS NOT NULL GROUP BY scenario ORDER BY min(point), scenario"
)
OUT_OF_REACH = (
    f"A query can only read the tables {', '.join((RUNS, *HISTORIES))} of the sweep, and no other file, network, "
    "extension or setting; use --format and --out to write the result to a file."
)


class NotKeptError(StoreError):
    """A table that was not saved; the message says how to get it."""


@dataclass(frozen=True)
class Progress:
    """The progress of a sweep.

    Attributes:
        requested: number of runs that the last sweep requested.
        done: number of these that are finished, with the histories that it requested.
        failed: number of runs that failed when they were last tried.
        arms: one row per arm, in the order of the design: ``scenario``, ``strategy``, ``point``, ``requested``,
            ``done``, ``failed``.
        failures: the failed runs, the latest first: ``scenario``, ``replicate``, ``error``.
        pace: how fast the runs are made now.
        seconds: mean time of a run; NaN if there is none.
        parts: number of files with runs.
        size: size of these files in bytes.
        histories: the histories in the folder, over all sweeps.
        origin: provenance of the sweep: command line, versions, commit and configuration.
    """

    requested: int
    done: int
    failed: int
    arms: pd.DataFrame
    failures: pd.DataFrame
    pace: Pace
    seconds: float
    parts: int
    size: int
    histories: list[Stored]
    origin: dict[str, Any]

    @property
    def left(self) -> int:
        """The number of runs that remain to be made, those that failed included."""
        return self.requested - self.done

    @property
    def over(self) -> bool:
        """Whether nothing is left, or everything left has failed and no command is trying it again."""
        return self.left == 0 or (self.left == self.failed and self.pace.commands == 0)

    @property
    def seconds_left(self) -> float:
        """About how many seconds the runs that have not been tried will take at the present rate; NaN if unknown."""
        return (self.left - self.failed) / self.pace.rate if self.pace.rate > 0 else math.nan

    @property
    def sentence(self) -> str:
        """How many runs are done, failed and remaining, in a sentence."""
        return f"{self.done:,} of {self.requested:,} runs are done; {self.failed:,} failed, {self.left:,} remaining."

    @property
    def speed(self) -> str:
        """How fast runs are made and when they will be done, in a sentence; empty if no command is at work."""
        if not self.pace.commands:
            return ""
        at_work = f"{counted(self.pace.commands, 'command')} at work on {counted(self.pace.cores, 'core')}"
        if math.isnan(self.seconds_left):
            return f"{at_work}; no run has ended in the last ten minutes."
        end = datetime.now().astimezone() + timedelta(seconds=self.seconds_left)
        rate = f"{number(60 * self.pace.rate)} runs per minute"
        return f"{at_work}, {rate}; about {duration(self.seconds_left)} left, until {end:%a %d %b %H:%M}."


def load(name: str | Path, folder: str | Path = RESULTS, table: str = RUNS) -> pd.DataFrame:
    """A table of the last sweep of this name; each row has the arm, replicate, factors and seeds of its run.

    ``runs`` has one row per run with every measure. Measures of unfinished runs are missing; failed runs have an error.
    ``series`` has one row per saved day, see `sim.measures.Measures`. ``events`` has one row per gesture, see
    `sim.measures.log_frame`; its column ``event`` numbers the gestures of each run from 0. ``people`` has one row per
    person, see `sim.measures.OutcomeRecorder.people`.

    Args:
        name: name of the sweep, or the path of its folder.
        folder: the folder for results.
        table: "runs", "series", "events" or "people"; use `query` for tables that are larger than memory.

    Raises:
        StoreError: if there are no such results; the message lists the known ones.
    """
    where = _place(name, folder)
    design, origin = _design(where)
    if table != RUNS:
        history = _requested_history(origin, where, table)
        return design.merge(histories.read(where, history, _holders(where, design, history)), on="id")
    rows = store.finished(where)
    failed = _failures(where)
    failed = failed.loc[failed.index.difference(rows.index)]
    rows = pd.concat([rows, failed]) if len(failed) else rows
    return store.table_of(design, rows)


def query(name: str | Path, sql: str = MEANS, folder: str | Path = RESULTS) -> pd.DataFrame:
    """The result of an SQL query on the tables ``runs``, ``series``, ``events`` and ``people`` of a sweep, see `load`.

    Quote names with a dot in double quotes. Series and events are read from disk as needed. The query cannot access
    anything else, see `experiments.sweeps.sandbox`.

    Raises:
        StoreError: if there are no such results, or the SQL is not a query or invalid; the message says where.
    """
    import duckdb  # slow to import, and only queries need it

    where = _place(name, folder)
    _require_question(sql)
    if re.fullmatch(r"\s*SHOW\s+(ALL\s+)?TABLES\s*;?\s*", sql, re.IGNORECASE):
        return pd.DataFrame({"name": [RUNS, *_named_histories(where, " ".join(HISTORIES))[0]]})
    while True:
        named, absent = _named_histories(where, sql)
        runs = _with_measures(load(name, folder))
        note_former_names(_other_columns(runs, sql))
        runs = _with_other_columns(runs, sql)
        parts = sorted({str(part) for history in named.values() for part in history["part"]})
        try:
            with shut_in(partial(_give, runs=runs, histories=named), parts) as connection:
                return connection.sql(sql).df()
        except duckdb.PermissionException:  # DuckDB also raises this for a part that has just been removed
            if all(map(os.path.exists, parts)):
                raise StoreError(OUT_OF_REACH) from None
        except duckdb.CatalogException as error:
            raise StoreError(_unknown(str(error), absent)) from None
        except duckdb.BinderException as error:
            raise StoreError(f"The query failed: {error}{_quotes_for(sql, runs)}") from None
        except duckdb.Error as error:
            if all(map(os.path.exists, parts)):
                raise StoreError(f"The query failed: {error}") from None
            # another sweep has just merged parts


def _require_question(sql: str) -> None:
    """Check that the SQL is a single read-only statement.

    Raises:
        StoreError: if it is not.
    """
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise StoreError(f"The query failed: {error}") from None
    if len(statements) != 1:
        raise StoreError(f"The query {sql!r} has {len(statements)} statements; expected exactly one, such as a SELECT.")
    kind = statements[0].type
    pivots = kind == duckdb.StatementType.MULTI and re.match(r"\s*(PIVOT|FROM|SELECT|WITH)\b", sql, re.IGNORECASE)
    if kind != duckdb.StatementType.SELECT and not pivots:
        raise StoreError(
            f"The query {sql!r} is not read-only; expected SELECT, WITH, DESCRIBE or SHOW. Use --format and --out to "
            "write the result to a file."
        )


def _unknown(message: str, absent: Sequence[str]) -> str:
    """The message for a name that DuckDB does not know: for a table, it lists the tables of the sweep.

    DuckDB's errors have no attributes with the name or its kind, so these are taken from the message.
    """
    if absent:
        return "\n".join(absent)
    if "exists in the" in message:  # DuckDB would suggest to install an extension, which is not allowed here
        return OUT_OF_REACH
    table = re.search(r'Table with name "?(.+?)"? does not exist', message)
    return (
        f"There is no table {table[1]}; the tables are {', '.join((RUNS, *HISTORIES))}."
        if table
        else f"The query failed: {message}"
    )


def _quotes_for(sql: str, runs: pd.DataFrame) -> str:
    """A hint if a query uses a column with a dot in its name without quotes."""
    bare = [name for name in runs if "." in name and re.search(rf'(?<![\w."]){re.escape(name)}(?![\w"])', sql)]
    return "".join(f'\nThe column {name} has a dot in its name; write it in double quotes, "{name}".' for name in bare)


def _named_histories(where: Path, sql: str) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """The histories that a query names, as the runs of each with their parts, and messages for those that are missing.

    A name that is not used as a table, such as one in a string, only costs time.
    """
    design, origin = _design(where)
    named, absent = dict[str, pd.DataFrame](), list[str]()
    for table in HISTORIES:
        if re.search(rf"\b{table}\b", sql, re.IGNORECASE):
            try:
                holders = _holders(where, design, _requested_history(origin, where, table))
                histories.require_whole(where, map(Path, sorted(set(holders.values()))))
                columns = _with_other_columns(design, sql)
                named[table] = columns.assign(part=design["id"].map(holders)).dropna(subset=["part"])
            except NotKeptError as error:
                absent.append(str(error))
    return named, absent


def _give(connection: duckdb.DuckDBPyConnection, runs: pd.DataFrame, histories: dict[str, pd.DataFrame]) -> None:
    """Register the tables of a sweep in a connection."""
    connection.register(RUNS, runs)
    for table, of_runs in histories.items():
        _show(connection, table, of_runs)


def _show(connection: duckdb.DuckDBPyConnection, table: str, runs: pd.DataFrame) -> None:
    """Register a history of these runs, each read from its ``part`` and joined with its row of the design."""
    parts, of_runs = f"parts of {table}", f"runs of {table}"
    relation = connection.from_parquet(runs["part"].unique().tolist(), filename=True, union_by_name=True)
    relation.create_view(parts)
    connection.register(of_runs, runs)
    columns = ", ".join(_column(name, relation.columns) for name in histories.columns_of(table).names)
    connection.execute(
        f"CREATE VIEW {table} AS SELECT run.* EXCLUDE (part), {columns} "
        f'FROM "{parts}" AS kept JOIN "{of_runs}" AS run ON kept.id = run.id AND kept.filename = run.part'
    )


def _column(name: str, there: Sequence[str]) -> str:
    """A column of a history in SQL; parts of earlier versions have it under its former name, or not at all."""
    known = [f"kept.{one}" for one in dict.fromkeys((name, former_name(name))) if one in there]
    return f"coalesce({', '.join(known)}) AS {name}" if known else f"NULL::DOUBLE AS {name}"


def _with_measures(runs: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns of finished runs, so that queries also work before a run is finished."""
    missing = [column for column in ("error", *OUTCOMES, "used_share") if column not in runs]
    return runs.assign(**dict.fromkeys(missing))


def _with_other_columns(runs: pd.DataFrame, sql: str) -> pd.DataFrame:
    """The table with copies of columns that the query calls by their former or short names."""
    return runs.assign(**{name: runs[column] for name, column in _other_columns(runs, sql).items()})


def _other_columns(runs: pd.DataFrame, sql: str) -> dict[str, str]:
    """Columns by former or short names that a query mentions; like DuckDB, without regard to case."""
    others = {other(column): column for column in runs.columns for other in (former_name, short_name)}
    return {
        name: column
        for name, column in others.items()
        if name not in runs and re.search(rf"(?<![\w.]){re.escape(name)}\b", sql, re.IGNORECASE)
    }


def progress(name: str | Path, folder: str | Path = RESULTS) -> Progress:
    """The progress of a sweep.

    Raises:
        StoreError: if there are no such results.
    """
    where = _place(name, folder)
    design, origin = _design(where)
    rows = store.finished(where, ["seconds"])
    log = progress_log.lines(where)
    errors = _errors(where, log)
    done = design["id"].isin(histories.there(where, _requested_histories(origin), rows.index))
    design = design.assign(done=done, failed=design["id"].isin(errors.index) & ~done)
    failures = design[design["failed"]].join(errors, on="id").sort_values("at", ascending=False, kind="stable")
    first = {"strategy": ("strategy", "first"), "point": ("point", "first"), "requested": ("done", "size")}
    arms = design.groupby("scenario", sort=False).agg(**first, done=("done", "sum"), failed=("failed", "sum"))
    files = list((where / store.PARTS).glob("*.parquet"))
    mine = rows.loc[rows.index.intersection(pd.Index(design["id"]))]
    return Progress(
        requested=len(design),
        done=int(design["done"].sum()),
        failed=int(design["failed"].sum()),
        arms=arms.reset_index(),
        failures=failures[["scenario", "replicate", "error"]],
        pace=progress_log.pace(log, time.time()),
        seconds=float(mine["seconds"].mean()) if len(mine) else float("nan"),
        parts=len(files),
        size=sum(path.stat().st_size for path in files),
        histories=histories.stored(where),
        origin=origin,
    )


def _errors(where: Path, log: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The error of each run that failed, by id, and when (NaN for those that only the last table has)."""
    logged = progress_log.failures(log)
    in_table = _failures(where)[["error"]].assign(at=math.nan)
    return pd.concat([logged, in_table.loc[in_table.index.difference(logged.index)]])


def _place(name: str | Path, folder: str | Path) -> Path:
    folder = Path(folder)
    for where in (folder / name, Path(name)):
        if (where / store.DESIGN).is_file():
            return where
    there = sorted(path.parent.name for path in folder.glob(f"*/{store.DESIGN}"))
    hint = f"known: {', '.join(there)}" if there else f"{folder} has no results of any sweep"
    raise StoreError(f"There are no results of a sweep named {name}; {hint}.")


def _design(where: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    try:
        return store.read_table(where / store.DESIGN)
    except (OSError, ValueError, KeyError):
        raise StoreError(
            f"{where / store.DESIGN} is damaged; run the sweep again, which keeps its finished runs."
        ) from None


def _requested_histories(origin: dict[str, Any]) -> tuple[History, ...]:
    """The histories that the last sweep requested."""
    return requested_histories(SweepSettings.model_validate(origin["config"]["sweep"]))


def _requested_history(origin: dict[str, Any], where: Path, table: str) -> History:
    """One of the histories that the last sweep requested.

    Raises:
        NotKeptError: if it did not request this one; the message says how to get it.
        StoreError: if there is no table of this name.
    """
    if table not in HISTORIES:
        raise StoreError(f"There is no table {table}; the tables are {', '.join((RUNS, *HISTORIES))}.")
    for history in _requested_histories(origin):
        if history.table == table:
            return history
    raise NotKeptError(
        f"The last sweep in {where} did not save {table}; repeat its command with --set {HISTORIES[table]}:\n"
        f"    {provenance.whole_sweep(origin)} --set {HISTORIES[table]}"
    )


def _holders(where: Path, design: pd.DataFrame, history: History) -> dict[str, str]:
    """The part with the history of each of these runs, by id.

    Raises:
        NotKeptError: if no run has one yet.
    """
    ids = set(design["id"])
    found = {run: str(part) for run, part in histories.parts_by_run(where, history).items() if run in ids}
    if not found:
        raise NotKeptError(f"{where} has no {history.table} yet; they are saved when the first run ends.")
    return found


def _failures(where: Path) -> pd.DataFrame:
    """The runs that failed when the last table was written, indexed by id.

    Raises:
        StoreError: if the table is damaged.
    """
    try:
        table, _ = store.table_at(where / store.TABLE)
    except StoreError:
        if (where / store.TABLE).exists():
            raise
        return pd.DataFrame(columns=pd.Index(["error", "traceback"]))
    return table[table["error"].notna()].drop_duplicates("id").set_index("id")[["error", "traceback"]]
