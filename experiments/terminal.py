"""What commands write to: a console as wide as its reader, and lines that name the files written."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

WIDTH_OF_A_FILE = 130  # columns, where output is no terminal


def console_of(width: int = WIDTH_OF_A_FILE) -> Console:
    """The terminal, or a console of this many columns where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=width)


def say_written(path: Path, console: Console) -> None:
    """Name a file that was written, on a line of its own however long."""
    console.print(f"Written: {path}", highlight=False, soft_wrap=True)
