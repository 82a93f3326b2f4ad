"""Results of a sweep, finished or not: as a table, under SQL, and how far it has come.

In a notebook:

    from experiments import results
    runs = results.load("nine_strategies")             # one row a run, as pandas has it
    results.query("nine_strategies", "SELECT scenario, avg(reconnected) FROM runs GROUP BY scenario")
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from experiments import store
from experiments.store import StoreError

RESULTS = Path("results")
MEANS = (
    "SELECT scenario, count(*) AS runs, avg(reconnected) AS reconnected, avg(lasting) AS lasting "
    "FROM runs WHERE error IS NULL AND reconnected IS NOT NULL GROUP BY scenario ORDER BY min(point), scenario"
)


@dataclass(frozen=True)
class Progress:
    """How far a sweep has come.

    Attributes:
        asked: runs that the last sweep asked for.
        done: how many of them are there.
        failed: how many failed when they were last tried.
        arms: a row an arm, in the order of the design: ``scenario``, ``asked``, ``done``.
        seconds: that a run took, mean; NaN where none is there.
        parts: files that hold runs.
        size: of these files, bytes.
        origin: where the sweep comes from: command line, versions, commit and configuration.
    """

    asked: int
    done: int
    failed: int
    arms: pd.DataFrame
    seconds: float
    parts: int
    size: int
    origin: dict[str, Any]

    @property
    def left(self) -> int:
        """Runs that are still to be made."""
        return self.asked - self.done


def load(name: str | Path, folder: str | Path = RESULTS) -> pd.DataFrame:
    """One row a run of the last sweep of this name: arm, replicate, factors, seeds and every measure.

    Measures of runs that are not there yet are missing, and of failed ones the error is there.

    Args:
        name: of the sweep, or the path of its folder.
        folder: in which results lie.

    Raises:
        StoreError: there are no such results; the text names those that there are.
    """
    where = _place(name, folder)
    design, _ = _design(where)
    rows = store.finished(where)
    failed = _failures(where)
    rows = pd.concat([rows, failed.loc[failed.index.difference(rows.index)]]) if len(failed) else rows
    return store.table_of(design, rows)


def query(name: str | Path, sql: str = MEANS, folder: str | Path = RESULTS) -> pd.DataFrame:
    """What SQL finds in the table ``runs`` of a sweep, see `load`. Names with a dot go in double quotes.

    Raises:
        StoreError: there are no such results, or the SQL is wrong; the text says where.
    """
    import duckdb  # is slow to load, and only a question needs it

    runs = load(name, folder)
    with duckdb.connect() as connection:
        connection.register("runs", _with_measures(runs))
        try:
            found = connection.sql(sql)
        except duckdb.Error as error:
            raise StoreError(f"The query failed: {error}") from None
        if found is None:
            raise StoreError(f"The query {sql!r} selects nothing; begin it with SELECT.")
        return found.df()


def _with_measures(runs: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns that any finished run has, so that a question can be asked before one is there."""
    missing = [column for column in ("error", "reconnected", "lasting") if column not in runs]
    return runs.assign(**dict.fromkeys(missing))


def progress(name: str | Path, folder: str | Path = RESULTS) -> Progress:
    """How far a sweep has come.

    Raises:
        StoreError: there are no such results.
    """
    where = _place(name, folder)
    design, origin = _design(where)
    rows = store.finished(where, ["seconds"])
    design = design.assign(done=design["id"].isin(rows.index))
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
    except (OSError, ValueError, KeyError, pa.ArrowException, json.JSONDecodeError):
        raise StoreError(f"{where / store.DESIGN} is damaged; run the sweep again, its runs are kept.") from None


def _failures(where: Path) -> pd.DataFrame:
    """Runs that failed when the last table was made, indexed by id."""
    try:
        table, _ = store.read_table(where / store.TABLE)
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return pd.DataFrame(columns=pd.Index(["error", "traceback"]))
    return table[table["error"].notna()].drop_duplicates("id").set_index("id")[["error", "traceback"]]
