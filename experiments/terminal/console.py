"""Consoles for results (standard output) and progress and notes (standard error), and options shared by commands."""

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
from experiments.terminal.progress import Report, progress_bar

if TYPE_CHECKING:
    from sim.contact_logs import Note

WIDTH_OF_A_FILE = 130  # columns, where output is no terminal

LogFile = Annotated[Path, typer.Argument(metavar="LOG", help="Contact log (CSV, CSV.gz, Parquet: source,target,time).")]
Observed = Annotated[
    Path | None,
    typer.Option(
        "--observed", metavar="FILE", help="Ids of the people all of whose contacts are in the log, one per line. "
        "Default: inferred, such as the owner of a mailbox; otherwise everybody."
    ),
]  # fmt: skip
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a setting, e.g. parameters.ease=3. Can be repeated."),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="CONFIG", help="TOML file with [parameters], such as one written by `rekindle calibrate`."
    ),
]
Processes = Annotated[int | None, typer.Option(min=1, max=1_024, help="Worker processes. Default: one per core.")]
Results = Annotated[Path, typer.Option(help="Folder for results.")]


class Format(StrEnum):
    """The format in which a table is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Terminal(Console):
    """A console that prints text literally, whatever names users chose.

    Text is never interpreted as markup or emoji codes, and is never highlighted. Control characters are escaped. If
    the reader of a pipe is gone, further output is discarded and the command continues.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text without any interpretation."""
        return super().render_str(visible(text, keep="\n"), **options)

    def on_broken_pipe(self) -> None:
        """Continue without a reader, because there may be results to save."""
        let_go(self.file)


def stdout_console(width: int = WIDTH_OF_A_FILE) -> Console:
    """The console for results; it has this many columns if standard output is not a terminal."""
    console = Terminal()
    return console if console.is_terminal else Terminal(width=width)


def stderr_console() -> Console:
    """The console for progress and notes, kept apart from results so that these can be redirected to a file."""
    return Terminal(stderr=True)


def say_written(path: Path, console: Console) -> None:
    """Print the path of a file that was written, on one line."""
    console.print(f"Written: {visible(str(path))}", soft_wrap=True)


def report_log_notes(log: object, notes: Iterable[Note], stderr: Console, *, ids: bool = True) -> None:
    """Print the notes about a contact log that was read; with ``ids=False``, without anybody's id."""
    for note in notes:
        stderr.print(f"{log}: {note if ids else note.text}", soft_wrap=True)


def report_compiling(stderr: Console) -> None:
    """Compile the model if no earlier process has, and show the progress."""
    if compiling.is_compiled():
        return
    stderr.print("Compiling the model; this happens only once and takes about two minutes.", highlight=False)
    with compiling_progress(stderr) as report:
        compiling.compile_model(report)


def compiling_progress(stderr: Console) -> AbstractContextManager[Report]:
    """A progress display for compiling, with a line every ten seconds outside a terminal."""
    return progress_bar(stderr, "functions compiled", compiling.FUNCTIONS, every=10.0)
