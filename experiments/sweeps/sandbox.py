"""SQL queries that can only read the tables they are given: no other file, no network, no Python variable.

A query that you paste from somewhere else cannot read your files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import duckdb

# Options that can only be set when the connection is created.
_FROM_THE_START = {
    "python_enable_replacements": False,  # otherwise a table name could refer to a Python variable
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
}
_SHARE_OF_MEMORY, _LEAST_MEMORY = 0.5, 250_000_000  # share of free memory, and bytes; larger queries use the disk


@contextmanager
def shut_in(
    give: Callable[[duckdb.DuckDBPyConnection], None], files: Sequence[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which queries can only read the tables that ``give`` registers, and cannot change this.

    Args:
        give: registers tables and views in the connection.
        files: files that the views read.
    """
    import duckdb  # slow to import, and only queries need it

    memory = max(_LEAST_MEMORY, int(_SHARE_OF_MEMORY * psutil.virtual_memory().available))
    with (
        TemporaryDirectory(prefix="rekindle-query-") as temporary,
        duckdb.connect(
            config={**_FROM_THE_START, "temp_directory": temporary, "memory_limit": f"{memory}B"}
        ) as connection,
    ):
        give(connection)
        connection.execute(f"SET allowed_paths = [{', '.join(map(_quoted, files))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
