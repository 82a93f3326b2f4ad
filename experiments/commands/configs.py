"""`rekindle configs`: the bundled experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.config import shipped
from experiments.config.errors import ConfigError
from experiments.sweeps import store
from experiments.terminal.console import say_written, stdout_console
from experiments.terminal.tables import table_of
from sim.model.spelling import nearest


def configs(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Experiments to print or copy. Default: all of them."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Copy them to this folder, so that you can change them."),
    ] = None,
) -> None:
    """List, print or copy the bundled experiments."""
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
    hint = f"did you mean {close}?" if close else f"known: {', '.join(known)}."
    raise ConfigError(f"There is no bundled experiment {name}; {hint}")


def _list(names: list[str]) -> None:
    console = stdout_console()
    table = table_of("name", "subject", text=("subject",), whole=True)
    for name in names:
        table.add_row(name, shipped.about(name))
    console.print(table)
    console.print(
        "Commands accept these names if no file has that name. `rekindle configs NAME --out FOLDER` copies one.",
        highlight=False,
    )


def _copy(names: list[str], folder: Path) -> None:
    """Copy files to a folder without overwriting any.

    Raises:
        ConfigError: if a file of that name exists, or the folder is a file.
    """
    there = [folder / f"{name}.toml" for name in names if (folder / f"{name}.toml").exists()]
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--out {folder} is a file; give a folder.")
    if there:
        raise ConfigError(f"--out {folder}: {there[0]} already exists; move it away, or give another folder.")
    for name in names:
        text = shipped.text(name)
        store.write_whole(folder / f"{name}.toml", lambda path: path.write_text(text, encoding="utf-8"))  # noqa: B023
        say_written(folder / f"{name}.toml", stdout_console())
