"""What commands say and to whom: results to the terminal or a file, progress and notes beside them; common options."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from experiments import runner
from sim.contact_logs import Note

WIDTH_OF_A_FILE = 130  # columns, where output is no terminal

LogFile = Annotated[Path, typer.Argument(metavar="LOG", help="Contact log (CSV, CSV.gz, Parquet: source,target,time).")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, e.g. parameters.ease=3; may be repeated."),
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="CONFIG", help="TOML with [parameters], such as a calibration wrote.")
]
Processes = Annotated[
    int | None, typer.Option(min=1, max=1_024, help="Worker processes; as many as cores if not given.")
]
Results = Annotated[Path, typer.Option(help="Folder that holds all results.")]


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def console_of(width: int = WIDTH_OF_A_FILE) -> Console:
    """The terminal, or a console of this many columns where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=width)


def told_aside() -> Console:
    """Where progress is told: apart from the results, so that these can go to a file."""
    return Console(stderr=True)


def say_written(path: Path, console: Console) -> None:
    """Name a file that was written, on a line of its own however long."""
    console.print(f"Written: {path}", highlight=False, soft_wrap=True)


def tell_of_log(log: object, notes: Iterable[Note], told: Console, *, ids: bool = True) -> None:
    """Say what there is to know about a contact log that was read, beside the results; its ids only if they may be."""
    for note in notes:
        told.print(f"{log}: {note if ids else note.text}", markup=False, highlight=False, soft_wrap=True)


def tell_of_compiling(told: Console) -> None:
    """Say why the first run takes its time."""
    if not runner.is_compiled():
        told.print("The model is compiled first, once; that takes about a minute.", highlight=False)
