"""`rekindle explain`: what every name of the model means."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.config.settings import ConfigError
from experiments.explain import close_names, entries, explained, within
from experiments.tables import entries_table, explained_table, names_table
from experiments.terminal.console import console_of


def explain(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Any of them; all are listed if not given.")
    ] = None,
) -> None:
    """What a parameter, gesture, strategy, measure, statistic or setting is: value, unit, range, source, assumed."""
    console = console_of()
    if name is None:
        console.print(names_table(entries()))
        return
    found = explained(name)
    inner = within(name)
    if not found and inner:
        console.print(f"[{name}] is a table of an experiment's file; in it are:", highlight=False, markup=False)
        console.print(entries_table(inner))
        return
    if not found:
        close = close_names(name)
        hint = f"did you mean {', '.join(close)}?" if close else "`rekindle explain` lists all names."
        raise ConfigError(f"Nothing is called {name!r}; {hint}")
    for entry in found:
        console.print(explained_table(entry))
