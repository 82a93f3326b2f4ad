"""`rekindle configs`: the experiments that ship with the program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from experiments.config import shipped
from experiments.config.settings import ConfigError, nearest
from experiments.sweeps import store
from experiments.terminal.console import console_of, say_written


def configs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="To print or to copy; all of them if none is given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Copy them there, to change them.")
    ] = None,
) -> None:
    """List, print or copy the experiments that ship with the program."""
    chosen = [_checked(name) for name in names or shipped.names()]
    if out is not None:
        _copy(chosen, out)
    elif names:
        print("\n".join(shipped.text(name) for name in chosen), end="")
    else:
        _list(chosen)


def _checked(name: str) -> str:
    plain = Path(name).name.removesuffix(".toml")
    known = shipped.names()
    if plain in known:
        return plain
    close = nearest(plain, known)
    hint = f"did you mean {close}?" if close else f"there is {', '.join(known)}."
    raise ConfigError(f"No experiment named {name} ships with the program; {hint}")


def _list(names: list[str]) -> None:
    console = console_of()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("about", overflow="fold")
    for name in names:
        table.add_row(Text(name), Text(shipped.about(name)))
    console.print(table)
    console.print(
        "Commands take these names where no such file exists. `rekindle configs NAME --out FOLDER` copies one.",
        highlight=False,
    )


def _copy(names: list[str], folder: Path) -> None:
    """Copy files, none over one that is there.

    Raises:
        ConfigError: a file of that name is there already, or a file is in the folder's place.
    """
    there = [folder / f"{name}.toml" for name in names if (folder / f"{name}.toml").exists()]
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--out {folder}: this is a file; name a folder.")
    if there:
        raise ConfigError(f"--out {folder}: {there[0]} is there already; move it away, or name another folder.")
    for name in names:
        text = shipped.text(name)
        store.write_whole(folder / f"{name}.toml", lambda path: path.write_text(text, encoding="utf-8"))  # noqa: B023
        say_written(folder / f"{name}.toml", console_of())
