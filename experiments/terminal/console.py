"""What commands say and to whom: results to the terminal or a file, progress and notes beside them; common options."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from experiments.terminal import compiling
from experiments.terminal.names import let_go, visible
from experiments.terminal.progress import Report, shown

if TYPE_CHECKING:
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


class Terminal(Console):
    """A console that prints what it is given as it is written.

    Nothing in it is markup, an emoji's code or worth a colour, whatever names users gave; what would move the cursor
    is shown escaped. Where the reader has gone, the rest is passed over and the work behind it goes on.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text as it is written."""
        return super().render_str(visible(text, keep="\n"), **options)

    def on_broken_pipe(self) -> None:
        """Go on without the reader: there may be results to be kept."""
        let_go(self.file)


def console_of(width: int = WIDTH_OF_A_FILE) -> Console:
    """The terminal, or a console of this many columns where there is none."""
    console = Terminal()
    return console if console.is_terminal else Terminal(width=width)


def told_aside() -> Console:
    """Where progress is told: apart from the results, so that these can go to a file."""
    return Terminal(stderr=True)


def say_written(path: Path, console: Console) -> None:
    """Name a file that was written, on a line of its own however long."""
    console.print(f"Written: {visible(str(path))}", soft_wrap=True)


def tell_of_log(log: object, notes: Iterable[Note], told: Console, *, ids: bool = True) -> None:
    """Say what there is to know about a contact log that was read, beside the results; its ids only if they may be."""
    for note in notes:
        told.print(f"{log}: {note if ids else note.text}", soft_wrap=True)


def tell_of_compiling(told: Console) -> None:
    """Compile the model if no process has, and show how far that is."""
    if compiling.is_compiled():
        return
    told.print("The model is compiled first, once; that takes about a minute.", highlight=False)
    with shown_compiling(told) as report:
        compiling.compile_model(report)


def shown_compiling(told: Console) -> AbstractContextManager[Report]:
    """The progress of compiling, which never stands still for long."""
    return shown(told, "functions compiled", compiling.FUNCTIONS, every=10.0)
