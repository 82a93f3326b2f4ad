"""SQL that sees the tables it is given and nothing else: no other file, no network, no variable of Python.

A question that someone sends you to paste cannot read your files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import duckdb

# Fixed when the connection is made.
_FROM_THE_START = {
    "python_enable_replacements": False,  # or a table's name could be a variable of the caller
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
}
_SHARE_OF_MEMORY, _LEAST_MEMORY = 0.5, 250_000_000  # of what is free, bytes; what takes more goes to the disk


@contextmanager
def shut_in(
    give: Callable[[duckdb.DuckDBPyConnection], None], files: Sequence[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of which queries see what ``give`` puts there, and cannot change that.

    Args:
        give: puts tables and views into the connection.
        files: that the views read, and that therefore stay readable.
    """
    import duckdb  # is slow to load, and only a question needs it

    memory = max(_LEAST_MEMORY, int(_SHARE_OF_MEMORY * psutil.virtual_memory().available))
    with (
        TemporaryDirectory(prefix="rekindle-query-") as aside,
        duckdb.connect(config={**_FROM_THE_START, "temp_directory": aside, "memory_limit": f"{memory}B"}) as connection,
    ):
        give(connection)
        connection.execute(f"SET allowed_paths = [{', '.join(map(_quoted, files))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
