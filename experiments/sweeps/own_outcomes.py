"""The measures, stop condition and model that a configuration names: Python files and SQL, read, checked, carried out.

A run carries the text of its files (`sim.model.python_files`), so that what its id hashes is what its worker executes,
on any machine and whatever becomes of the files meanwhile.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

import sim
from experiments.config.errors import SettingError
from experiments.config.settings import Experiment
from experiments.sweeps.histories import EVENTS, PEOPLE, History, columns_of, of_run
from experiments.sweeps.sandbox import shut_in
from sim.model.python_files import FunctionFile, PythonFileError, hash_of_text, read
from sim.model.spelling import nearest
from sim.own_outcomes import STOP, Outcome, OwnOutcomeError, require_outcome

if TYPE_CHECKING:
    import duckdb

TABLES = (EVENTS, PEOPLE)  # that a query of a measure can read
_NUMERIC = ("BOOLEAN", "DECIMAL", "DOUBLE", "FLOAT", "INT", "NULL")  # in names of DuckDB's types


@dataclass(frozen=True)
class OwnSources:
    """All own measures of an experiment, its stop condition and its own model.

    Attributes:
        functions: the measures in Python, by name.
        queries: the measures in SQL, by name.
        stop: the stop condition, if there is one.
        model: the subclass of `sim.ReconnectionModel` that makes the runs, if there is one.
    """

    functions: Mapping[str, FunctionFile] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)
    stop: FunctionFile | None = None
    model: FunctionFile | None = None

    def identity(self) -> list[Any]:
        """What a run's id hashes: the queries, and for each function its name and the text of its file."""
        functions = {name: [one.name, hash_of_text(one.text)] for name, one in self.functions.items()}
        stop = self.stop and [self.stop.name, hash_of_text(self.stop.text)]
        model = [] if self.model is None else [[self.model.name, hash_of_text(self.model.text)]]
        return [dict(self.queries), functions, stop, *model]

    def options(self) -> dict[str, Any]:
        """The options of `sim.simulate` for these measures and this condition."""
        functions: dict[str, Outcome] = {name: one.load() for name, one in self.functions.items()}
        return {"measures": functions, "stop": self.stop and self.stop.load()}

    @property
    def reads_events(self) -> bool:
        """Whether a query needs the contact log of the run."""
        return any(_reads(sql, EVENTS) for sql in self.queries.values())


def own_sources(experiment: Experiment) -> OwnSources | None:
    """The own measures, stop condition and model of an experiment, with the text of their files; None without any.

    Raises:
        SettingError: if a file cannot be read.
    """
    functions, queries = dict[str, FunctionFile](), dict[str, str]()
    for name, measure in experiment.measures.items():
        if measure.function is not None:
            functions[name] = _source(f"measures.{name}.function", measure.function)
        elif measure.sql is not None:
            queries[name] = measure.sql
    stop = experiment.run.stop and _source("run.stop", experiment.run.stop)
    model = experiment.run.model and _source("run.model", experiment.run.model)
    there = functions or queries or stop or model
    return OwnSources(functions, queries, stop or None, model or None) if there else None


def check(experiment: Experiment) -> None:
    """Check own measures, the stop condition and the model before the first run.

    Files are executed, and queries are tried on empty tables.

    Raises:
        SettingError: if something is wrong.
    """
    own = own_sources(experiment)
    if own is None:
        return
    for name, source in own.functions.items():
        _check_source(f"measures.{name}.function", source)
    if own.stop is not None:
        _check_source("run.stop", own.stop)
    if own.model is not None:
        _check_model(own, experiment)
    if own.queries:
        empty = {table: columns_of(table).empty_table() for table in TABLES}
        with _connection(empty) as connection:
            for name, sql in own.queries.items():
                _check_query(f"measures.{name}.sql", sql, connection)


def values_of_queries(own: OwnSources, result: sim.Run) -> dict[str, float]:
    """The measures in SQL of a finished run, by name; nan if a query gives NULL or no row.

    Raises:
        OwnOutcomeError: if a query fails, or gives anything but one number.
    """
    if not own.queries:
        return {}
    wanted = [table for table in TABLES if any(_reads(sql, table) for sql in own.queries.values())]
    tables = {history.table: table for history, table in of_run(result, [History(table) for table in wanted]).items()}
    with _connection(tables) as connection:
        return {name: _value(name, sql, connection) for name, sql in own.queries.items()}


# Python files ----------------------------------------------------------------------------------------------------


def _source(setting: str, written: str) -> FunctionFile:
    file, _, name = written.rpartition(":")
    try:
        return read(file, name)
    except PythonFileError as error:
        raise SettingError(setting, str(error)) from None


def _check_source(setting: str, source: FunctionFile) -> None:
    """Execute the file, and check that its name is a function or a class of the right kind.

    Raises:
        SettingError: if it is not.
    """
    try:
        require_outcome(f"names {source.written}, which", source.load())
    except (PythonFileError, TypeError) as error:
        raise SettingError(setting, str(error).rstrip(".")) from None


def _check_model(own: OwnSources, experiment: Experiment) -> None:
    """Execute the file of a model, and check that it is one and that it can give what the experiment asks of it.

    Raises:
        SettingError: if it is not, or can't.
    """
    assert own.model is not None
    try:
        kind = own.model.load()
    except PythonFileError as error:
        raise SettingError("run.model", str(error).rstrip(".")) from None
    if not (isinstance(kind, type) and issubclass(kind, sim.ReconnectionModel)):
        raise SettingError("run.model", f"names {own.model.written}, which is no subclass of sim.ReconnectionModel")
    sweep, alone = experiment.sweep, "which only the fast engine has; leave it out, or run.model"
    if experiment.inject is not None:
        raise SettingError("inject", f"asks for the outcomes of focal ties, {alone}")
    if sweep and sweep.series_days:
        raise SettingError("sweep.series_days", f"asks for measures of each day, {alone}")
    if sweep and sweep.people:
        raise SettingError("sweep.people", f"asks for outcomes of each person, {alone}")
    for name, sql in own.queries.items():
        if _reads(sql, PEOPLE):
            raise SettingError(f"measures.{name}.sql", f"asks for outcomes of each person, {alone}")


# Queries ---------------------------------------------------------------------------------------------------------


def _connection(tables: Mapping[str, pa.Table]) -> Any:
    """A connection in which queries can read these tables and nothing else.

    It has one thread, so that sums of floats are the same each time.
    """

    def give(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("SET threads = 1")
        for name, table in tables.items():
            connection.register(name, table)

    return shut_in(give, [])


def _reads(sql: str, table: str) -> bool:
    """Whether a query names a table; a word in a text only costs time."""
    return re.search(rf"\b{table}\b", sql, re.IGNORECASE) is not None


def _check_query(setting: str, sql: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Try a query on empty tables.

    Raises:
        SettingError: if it is not a single query that gives one number.
    """
    import duckdb  # slow to import, and only queries need it

    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise SettingError(setting, "is not one query; expected a single SELECT that gives one number")
        found = connection.sql(sql)
        columns, kind, rows = found.columns, str(found.types[0]).upper(), found.limit(2).fetchall()
    except duckdb.Error as error:
        raise SettingError(setting, f"is not a valid query: {_in_words(error)}") from None
    if len(columns) != 1:
        raise SettingError(setting, f"gives the columns {', '.join(columns[:6])}; expected one number, in one column")
    if not any(name in kind for name in _NUMERIC) or any(sign in kind for sign in ("[", "STRUCT", "INTERVAL")):
        raise SettingError(setting, f"gives a value of type {kind}; expected a number")
    if len(rows) > 1:
        raise SettingError(setting, "gives several rows; expected one number, such as count(*) or avg(time)")


def _in_words(error: Exception) -> str:
    """An error of DuckDB in one line, without its copy of the query; names that exist, for one that does not.

    DuckDB's errors have no attributes with the name or its kind, so these are taken from the message.
    """
    first = str(error).strip().partition("\n")[0].strip()
    table = re.search(r'Table with name "?(.+?)"? does not exist', first)
    if table:
        return f"there is no table {table[1]}; the tables are {' and '.join(TABLES)}"
    column = re.search(r'column "(.+?)" not found|not have a column named "(.+?)"', first)
    if column:
        name, known = column[1] or column[2], {table: columns_of(table).names for table in TABLES}
        close = nearest(name, [column for columns in known.values() for column in columns])
        listed = ", and ".join(f"{table} has {', '.join(columns)}" for table, columns in known.items())
        return f"there is no column {name}; {f'did you mean {close}?' if close else listed}"
    return first


def _value(name: str, sql: str, connection: duckdb.DuckDBPyConnection) -> float:
    import duckdb

    try:
        rows = connection.sql(sql).limit(2).fetchall()
    except duckdb.Error as error:
        raise OwnOutcomeError(f"The measure {name} failed: {_in_words(error)}", name) from None
    if len(rows) > 1:
        raise OwnOutcomeError(f"The measure {name} gave several rows; its query must give one number.", name)
    value = rows[0][0] if rows else None
    if value is None:
        return math.nan
    if not isinstance(value, bool | int | float | Decimal) or math.isinf(value):
        raise OwnOutcomeError(f"The measure {name} gave {value!r}; its query must give a finite number, or NULL.", name)
    return float(value)


def settings_of(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """The settings with own measures and conditions, as outcome and path: ``calls``, ``measures.calls.sql``."""
    for name, measure in experiment.measures.items():
        yield name, f"measures.{name}.{'sql' if measure.sql is not None else 'function'}"
    if experiment.run.stop is not None:
        yield STOP, "run.stop"
