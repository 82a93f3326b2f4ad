"""Results of a sweep, finished or not: as a table, under SQL, and how far it has come.

In a notebook:

    from experiments import results
    runs = results.load("nine_strategies")             # one row a run, as pandas has it
    series = results.load("nine_strategies", table="series")    # where the sweep kept it; events, too
    results.query("nine_strategies", "SELECT scenario, avg(reconnected) FROM runs GROUP BY scenario")
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import provenance
from experiments.config.settings import SweepSettings
from experiments.sweeps import histories, store
from experiments.sweeps.histories import EVENTS, SERIES, History, Stored, asked_for
from experiments.sweeps.sandbox import shut_in
from experiments.sweeps.store import StoreError

if TYPE_CHECKING:
    import duckdb

RESULTS = Path("results")
RUNS = "runs"
HISTORIES = {SERIES: "sweep.series_days=7", EVENTS: "sweep.events=true"}  # and the setting that keeps them
MEANS = (
    "SELECT scenario, count(*) AS runs, avg(reconnected) AS reconnected, avg(lasting) AS lasting, "
    "avg(kept) AS kept "
    "FROM runs WHERE error IS NULL AND reconnected IS NOT NULL GROUP BY scenario ORDER BY min(point), scenario"
)
OUT_OF_REACH = (
    f"A query sees the tables {', '.join((RUNS, *HISTORIES))} of the sweep, and no other file, network, extension or "
    "setting; --format and --out write what it finds to a file."
)


class NotKeptError(StoreError):
    """A table that is not there; the text says how to get it."""


@dataclass(frozen=True)
class Progress:
    """How far a sweep has come.

    Attributes:
        asked: runs that the last sweep asked for.
        done: how many of them are there, with the histories that it asked for.
        failed: how many failed when they were last tried.
        arms: a row an arm, in the order of the design: ``scenario``, ``asked``, ``done``.
        seconds: that a run took, mean; NaN where none is there.
        parts: files that hold runs.
        size: of these files, bytes.
        histories: what the folder holds of them, of all sweeps.
        origin: where the sweep comes from: command line, versions, commit and configuration.
    """

    asked: int
    done: int
    failed: int
    arms: pd.DataFrame
    seconds: float
    parts: int
    size: int
    histories: list[Stored]
    origin: dict[str, Any]

    @property
    def left(self) -> int:
        """Runs that are still to be made."""
        return self.asked - self.done


def load(name: str | Path, folder: str | Path = RESULTS, table: str = RUNS) -> pd.DataFrame:
    """A table of the last sweep of this name, each row with its run's arm, replicate, factors and seeds.

    Of ``runs`` it is a row a run with every measure. Measures of runs that are not there yet are missing, and of failed
    ones the error is there. Of ``series`` it is a row for each day that was kept, see `sim.measures.Measures`; of
    ``events`` a row a gesture, see `sim.measures.log_frame`, and ``event``, from 0, numbers those of a run.

    Args:
        name: of the sweep, or the path of its folder.
        folder: in which results lie.
        table: "runs", "series" or "events"; what does not fit into the memory can be asked with `query`.

    Raises:
        StoreError: there are no such results; the text names those that there are.
    """
    where = _place(name, folder)
    design, origin = _design(where)
    if table != RUNS:
        history = _asked(origin, where, table)
        return design.merge(histories.read(where, history, _holders(where, design, history)), on="id")
    rows = store.finished(where)
    failed = _failures(where)
    failed = failed.loc[failed.index.difference(rows.index)]
    rows = pd.concat([rows, failed]) if len(failed) else rows
    return store.table_of(design, rows)


def query(name: str | Path, sql: str = MEANS, folder: str | Path = RESULTS) -> pd.DataFrame:
    """What SQL finds in the tables ``runs``, ``series`` and ``events`` of a sweep, see `load`.

    Names with a dot go in double quotes. Series and events are read from their files as the query needs them. The
    query sees nothing else, see `experiments.sweeps.sandbox`.

    Raises:
        StoreError: there are no such results, or the SQL is no question or wrong; the text says where.
    """
    import duckdb  # is slow to load, and only a question needs it

    where = _place(name, folder)
    _require_question(sql)
    if re.fullmatch(r"\s*SHOW\s+(ALL\s+)?TABLES\s*;?\s*", sql, re.IGNORECASE):
        return pd.DataFrame({"name": [RUNS, *_named_histories(where, " ".join(HISTORIES))[0]]})
    while True:
        named, absent = _named_histories(where, sql)
        runs = _with_measures(load(name, folder))
        parts = sorted({str(part) for history in named.values() for part in history["part"]})
        try:
            with shut_in(partial(_give, runs=runs, histories=named), parts) as connection:
                return connection.sql(sql).df()
        except duckdb.PermissionException:  # DuckDB says it of a part that has just gone, too
            if all(map(os.path.exists, parts)):
                raise StoreError(OUT_OF_REACH) from None
        except duckdb.CatalogException as error:
            raise StoreError(_unknown(str(error), absent)) from None
        except duckdb.BinderException as error:
            raise StoreError(f"The query failed: {error}{_quotes_for(sql, runs)}") from None
        except duckdb.Error as error:
            if all(map(os.path.exists, parts)):
                raise StoreError(f"The query failed: {error}") from None
            # another sweep has just put parts together


def _require_question(sql: str) -> None:
    """Let pass one statement that asks and changes nothing.

    Raises:
        StoreError: it is none, several or another one.
    """
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise StoreError(f"The query failed: {error}") from None
    if len(statements) != 1:
        raise StoreError(f"The query {sql!r} has {len(statements)} statements; ask one question, a SELECT, at a time.")
    kind = statements[0].type
    pivots = kind == duckdb.StatementType.MULTI and re.match(r"\s*(PIVOT|FROM|SELECT|WITH)\b", sql, re.IGNORECASE)
    if kind != duckdb.StatementType.SELECT and not pivots:
        raise StoreError(
            f"The query {sql!r} does not ask; begin it with SELECT, WITH, DESCRIBE or SHOW. --format and --out write "
            "what it finds to a file."
        )


def _unknown(said: str, absent: Sequence[str]) -> str:
    """What to say of a name that DuckDB does not know: of a table, which there are, not its own that are like it."""
    if absent:
        return "\n".join(absent)
    if "exists in the" in said:  # followed by how to install an extension, which cannot be done here
        return OUT_OF_REACH
    table = re.search(r'Table with name "?(.+?)"? does not exist', said)
    return (
        f"There is no table {table[1]}; there is {', '.join((RUNS, *HISTORIES))}."
        if table
        else f"The query failed: {said}"
    )


def _quotes_for(sql: str, runs: pd.DataFrame) -> str:
    """A hint, where a query names columns that have a dot without quotes."""
    bare = [name for name in runs if "." in name and re.search(rf'(?<![\w."]){re.escape(name)}(?![\w"])', sql)]
    return "".join(f'\n{name} has a dot: put the name in double quotes, "{name}".' for name in bare)


def _named_histories(where: Path, sql: str) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """The histories that a query names: the runs of each, with the part that holds it; and how to get those not there.

    A word too many, such as one in quotes, only costs time.
    """
    design, origin = _design(where)
    named, absent = dict[str, pd.DataFrame](), list[str]()
    for table in HISTORIES:
        if re.search(rf"\b{table}\b", sql, re.IGNORECASE):
            try:
                holders = _holders(where, design, _asked(origin, where, table))
                histories.require_whole(where, map(Path, sorted(set(holders.values()))))
                named[table] = design.assign(part=design["id"].map(holders)).dropna(subset=["part"])
            except NotKeptError as error:
                absent.append(str(error))
    return named, absent


def _give(connection: duckdb.DuckDBPyConnection, runs: pd.DataFrame, histories: dict[str, pd.DataFrame]) -> None:
    """Put the tables of a sweep where queries see them."""
    connection.register(RUNS, runs)
    for table, of_runs in histories.items():
        _show(connection, table, of_runs)


def _show(connection: duckdb.DuckDBPyConnection, table: str, runs: pd.DataFrame) -> None:
    """Let queries see a history of these runs, each read from its ``part``, with what the design says of them."""
    parts, of_runs = f"parts of {table}", f"runs of {table}"
    connection.from_parquet(runs["part"].unique().tolist(), filename=True).create_view(parts)
    connection.register(of_runs, runs)
    connection.execute(
        f"CREATE VIEW {table} AS SELECT run.* EXCLUDE (part), kept.* EXCLUDE (id, filename) "
        f'FROM "{parts}" AS kept JOIN "{of_runs}" AS run ON kept.id = run.id AND kept.filename = run.part'
    )


def _with_measures(runs: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns that any finished run has, so that a question can be asked before one is there."""
    missing = [column for column in ("error", "reconnected", "lasting", "kept") if column not in runs]
    return runs.assign(**dict.fromkeys(missing))


def progress(name: str | Path, folder: str | Path = RESULTS) -> Progress:
    """How far a sweep has come.

    Raises:
        StoreError: there are no such results.
    """
    where = _place(name, folder)
    design, origin = _design(where)
    rows = store.finished(where, ["seconds"])
    design = design.assign(done=design["id"].isin(histories.there(where, _asked_for(origin))))
    arms = design.groupby("scenario", sort=False)["done"].agg(asked="size", done="sum").reset_index()
    failed = _failures(where).index.intersection(pd.Index(design["id"][~design["done"]]))
    files = list((where / store.PARTS).glob("*.parquet"))
    mine = rows.loc[rows.index.intersection(pd.Index(design["id"]))]
    return Progress(
        asked=len(design),
        done=int(design["done"].sum()),
        failed=len(failed),
        arms=arms,
        seconds=float(mine["seconds"].mean()) if len(mine) else float("nan"),
        parts=len(files),
        size=sum(path.stat().st_size for path in files),
        histories=histories.stored(where),
        origin=origin,
    )


def _place(name: str | Path, folder: str | Path) -> Path:
    folder = Path(folder)
    for where in (folder / name, Path(name)):
        if (where / store.DESIGN).is_file():
            return where
    there = sorted(path.parent.name for path in folder.glob(f"*/{store.DESIGN}"))
    hint = f"there is {', '.join(there)}" if there else f"no sweep has left any in {folder}"
    raise StoreError(f"There are no results of a sweep named {name}; {hint}.")


def _design(where: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    try:
        return store.read_table(where / store.DESIGN)
    except (OSError, ValueError, KeyError):
        raise StoreError(f"{where / store.DESIGN} is damaged; run the sweep again, its runs are kept.") from None


def _asked_for(origin: dict[str, Any]) -> tuple[History, ...]:
    """The histories that the last sweep asked for."""
    return asked_for(SweepSettings.model_validate(origin["config"]["sweep"]))


def _asked(origin: dict[str, Any], where: Path, table: str) -> History:
    """One of the histories that the last sweep asked for.

    Raises:
        NotKeptError: it did not; the text says how to get it.
        StoreError: there is no table of this name.
    """
    if table not in HISTORIES:
        raise StoreError(f"There is no table {table}; there is {', '.join((RUNS, *HISTORIES))}.")
    for history in _asked_for(origin):
        if history.table == table:
            return history
    raise NotKeptError(
        f"The last sweep in {where} kept no {table}; give its command once more, and --set {HISTORIES[table]}:\n"
        f"    {provenance.whole_sweep(origin)} --set {HISTORIES[table]}"
    )


def _holders(where: Path, design: pd.DataFrame, history: History) -> dict[str, str]:
    """The part that holds each of these runs, by id.

    Raises:
        NotKeptError: none is there.
    """
    ids = set(design["id"])
    found = {run: str(part) for run, part in histories.held(where, history).items() if run in ids}
    if not found:
        raise NotKeptError(f"{where} has no {history.table} yet; they come with the first run that ends.")
    return found


def _failures(where: Path) -> pd.DataFrame:
    """Runs that failed when the last table was made, indexed by id.

    Raises:
        StoreError: the table is damaged.
    """
    try:
        table, _ = store.table_at(where / store.TABLE)
    except StoreError:
        if (where / store.TABLE).exists():
            raise
        return pd.DataFrame(columns=pd.Index(["error", "traceback"]))
    return table[table["error"].notna()].drop_duplicates("id").set_index("id")[["error", "traceback"]]
