"""What must be true of questions in SQL: they see the tables of their sweep and nothing else of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from experiments.sweeps import results
from experiments.sweeps.sandbox import shut_in
from experiments.sweeps.store import StoreError
from tests.experiments.conftest import KEEP, Rekindle

ESCAPES = [  # questions; the secret stands in secret.txt, secret.csv, secret.json and secret.parquet of the folder
    "SELECT * FROM 'secret.csv'",
    "SELECT * FROM 'secret.parquet'",
    "SELECT * FROM read_csv('secret.csv')",
    "SELECT * FROM sniff_csv('secret.csv')",
    "SELECT * FROM read_json('secret.json')",
    "SELECT * FROM read_parquet('secret.parquet')",
    "SELECT * FROM parquet_metadata('secret.parquet')",
    "SELECT * FROM parquet_kv_metadata('secret.parquet')",
    "SELECT * FROM read_text('secret.txt')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('secret.txt')",
    "SELECT * FROM glob('*')",
    "SELECT * FROM runs JOIN read_text('secret.txt') ON true",
    "SELECT (SELECT content FROM read_text('secret.txt'))",
    "SELECT * FROM query('SELECT * FROM read_text(''secret.txt'')')",
    "SELECT * FROM query_table('secret.csv')",
    "SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')",
    "SELECT * FROM read_parquet('https://example.org/a.parquet')",
    "SELECT * FROM read_parquet('s3://example/a.parquet')",
    "SELECT * FROM sqlite_scan('secret.db', 'a')",
    "SELECT * FROM duckdb_extensions()",
    "SELECT getenv('HOME')",
    "SELECT * FROM secret",
    "SELECT * FROM pd",
    "PIVOT (FROM read_csv('secret.csv')) ON a",
]
COMMANDS = [  # statements that are no questions
    "COPY runs TO 'written.csv'",
    "COPY runs FROM 'secret.csv'",
    "ATTACH 'written.db'",
    "ATTACH 'secret.parquet'",
    "EXPORT DATABASE 'written'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "SET allowed_directories = ['/']",
    "SET python_enable_replacements = true",
    "SET temp_directory = '.'",
    "SET log_query_path = 'written.log'",
    "PRAGMA enable_profiling",
    "CALL enable_logging()",
]


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a table and a file that it may read, among files that it may not."""
    monkeypatch.chdir(tmp_path)
    secret_files()
    pd.DataFrame({"day": [0, 7]}).to_parquet("it's a [part].parquet")

    def give(connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("runs", pd.DataFrame({"a": [1, 2]}))
        connection.from_parquet(["it's a [part].parquet"]).create_view("series")

    with shut_in(give, ["it's a [part].parquet"]) as connection:
        yield connection


def secret_files() -> set[str]:
    """Leave the secret in files of the current folder; returns the names of all that is there."""
    Path("secret.txt").write_text("42424242")
    Path("secret.csv").write_text("a\n42424242\n")
    Path("secret.json").write_text('{"a": 42424242}')
    pd.DataFrame({"a": [42424242]}).to_parquet("secret.parquet")
    return {path.name for path in Path().iterdir()}


def test_a_query_sees_what_it_is_given(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.sql("SELECT sum(a), max(day) FROM runs, series").fetchall() == [(6, 7)]


@pytest.mark.parametrize("sql", [*ESCAPES, *COMMANDS])
def test_a_query_reaches_nothing_else(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    secret = pd.DataFrame({"a": [42424242]})  # a variable that a query by its name must not find
    before = {path.name for path in Path().iterdir()}
    with pytest.raises(duckdb.Error) as refused:
        connection.sql(sql).fetchall()
    assert "42424242" not in str(refused.value)
    assert {path.name for path in Path().iterdir()} == before
    assert len(secret) == 1


def test_what_does_not_fit_into_the_memory_is_put_aside_and_taken_away_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("experiments.sweeps.sandbox._SHARE_OF_MEMORY", 0.0)
    monkeypatch.setattr("experiments.sweeps.sandbox._LEAST_MEMORY", 150_000_000)
    with shut_in(lambda connection: None, []) as connection:
        asked = connection.sql(
            "SELECT max(t) FROM (SELECT repeat(i::VARCHAR, 40) AS t FROM range(1_000_000) AS n(i) ORDER BY t)"
        )
        assert asked.fetchall() == [("9" * 240,)]
        assert list(tmp_path.glob("*/*"))
    assert not list(tmp_path.iterdir())


def test_a_query_stays_in_its_sweep_and_a_refusal_says_what_there_is(
    config: Path, rekindle: Rekindle, in_threads: None
) -> None:
    rekindle("sweep", config, *KEEP, "--set", "sweep.replicates=1")
    before = secret_files()
    for sql in ESCAPES:
        with pytest.raises(StoreError) as refused:
            results.query("tiny", sql)
        said = str(refused.value)
        assert "runs, series, events" in said or "getenv does not exist" in said or "Binder Error" in said, (sql, said)
        assert "install" not in said.lower()
    for sql in COMMANDS:
        with pytest.raises(StoreError, match="is not read-only; expected SELECT"):
            results.query("tiny", sql)
    told = rekindle("results", "tiny", "SELECT * FROM read_text('/etc/passwd')")
    assert told.code == 2
    assert told.err == results.OUT_OF_REACH + "\n"
    assert {path.name for path in Path().iterdir()} == before
    assert results.query("tiny", "SELECT count(*) AS n FROM series JOIN events USING (id)")["n"].item() > 0
    with pytest.raises(StoreError, match="no table evnts"):
        results.query("tiny", "SELECT * FROM evnts")
