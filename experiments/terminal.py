"""What commands say: a console as wide as its reader, the files written, and that work was stopped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

WIDTH_OF_A_FILE = 130  # columns, where output is no terminal


def console_of(width: int = WIDTH_OF_A_FILE) -> Console:
    """The terminal, or a console of this many columns where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=width)


def say_written(path: Path, console: Console) -> None:
    """Name a file that was written, on a line of its own however long."""
    console.print(f"Written: {path}", highlight=False, soft_wrap=True)


def stopped(problem: BaseException, kept: str) -> NoReturn:
    """End with a sentence: work on other processes was stopped by Ctrl-C, or one of them died.

    Args:
        problem: `KeyboardInterrupt`, or whatever a dead worker raised.
        kept: what is kept and how to go on.

    Raises:
        typer.Exit: 130 after Ctrl-C, else 1.
    """
    if isinstance(problem, KeyboardInterrupt):
        print(f"Stopped. {kept}", file=sys.stderr)
        raise typer.Exit(130) from None
    print(f"A worker process died, perhaps for want of memory. {kept} Try --processes 1.", file=sys.stderr)
    raise typer.Exit(1) from None
