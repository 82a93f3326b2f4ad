"""`rekindle explain`: explain any name of the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.explain import Entry, close_names, entries, explained, own_entries, within
from experiments.terminal.columns import Columns
from experiments.terminal.console import stdout_console
from experiments.terminal.tables import table_of
from sim.model.spelling import alike


def explain(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A name or a table such as world. Default: list all names.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="CONFIG", help="A TOML file, whose own measures are explained, too.")
    ] = None,
) -> None:
    """Explain a parameter, gesture, strategy, measure, statistic or setting: value, unit, range and source."""
    console = stdout_console()
    own = own_entries(load(config).measures) if config is not None else []
    if name is None:
        console.print(names_table([*own, *entries()]))
        return
    matches = [*(entry for entry in own if entry.name == name.removeprefix("measures.")), *explained(name)]
    inner = within(name)
    if not matches and inner:
        console.print(f"[{name}] is a table of an experiment file. It contains:", highlight=False, markup=False)
        console.print(entries_table(inner))
        return
    if not matches:
        close = [*alike(name, [entry.name for entry in own]), *close_names(name)]
        hint = f"did you mean {', '.join(close)}?" if close else "`rekindle explain` lists all names."
        raise ConfigError(f"Unknown name {name!r}; {hint}")
    for entry in matches:
        console.print(explained_table(entry))


def explained_table(entry: Entry) -> Table:
    """The facts about one name."""
    table = Table(
        title=Text(f"{entry.name} ({entry.sort})"), title_justify="left", box=None, show_header=False, padding=(0, 2)
    )
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for title, text in entry.facts.items():
        table.add_row(title, Text(text))
    return table


def entries_table(known: Sequence[Entry]) -> Columns:
    """Names with a short explanation of each."""
    table = table_of("name", "type", "value, unit, meaning", text=("value, unit, meaning",), whole=True)
    for entry in known:
        table.add_row(entry.name, entry.sort, entry.gist)
    return table


def names_table(known: Sequence[Entry]) -> Group:
    """All names with a short explanation, except names that are composed of others."""
    table = entries_table([entry for entry in known if not entry.made])
    return Group(
        table, Text("You can also look up gestures.KIND.NUMBER, sent_KIND, answered_KIND and everyone_MEASURE.")
    )
