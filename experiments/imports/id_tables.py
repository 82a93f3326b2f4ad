"""Small tables about people that a user may have opened in a spreadsheet: CSV with commas or semicolons."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.contact_logs import LogError


def lines_of_table(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The lines of a CSV file in UTF-8 with a heading, each with where it stands, such as ``"a.csv, line 2"``.

    Args:
        path: the file. Spreadsheets of some countries write semicolons instead of commas; the heading shows which.
        columns: those that must be there. Others are given as well, and missing values are empty.

    Raises:
        LogError: a column is missing, or the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            semicolons = ";" in file.readline().partition(",")[0]
            file.seek(0)
            table = csv.DictReader(file, delimiter=";" if semicolons else ",")
            for name in columns:
                if name not in (table.fieldnames or ()):
                    raise LogError(f"{path}, line 1: there is no column {name}; expected {','.join(columns)}.")
            for row in table:
                yield f"{path}, line {table.line_num}", {key: value or "" for key, value in row.items() if key}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LogError(f"{path} cannot be read as a CSV file in UTF-8: {error}.") from None
