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
from experiments.explain import Entry, close_names, entries, entries_of, explained, within
from experiments.terminal.columns import Columns
from experiments.terminal.console import stdout_console
from experiments.terminal.tables import table_of
from sim.model.parameters import Parameters
from sim.model.places import PLACES

# The columns of tables of rows: fields, of which some are texts.
_COLUMNS = {
    "strategies": ("whom", "what", "place", "session_minutes", "sessions"),
    "gestures": ("channel", "rung", "minutes", "noticed", "opens_door", "mass", "answer"),
    "places": ("based_on", "regulars", "attendance", "people", "every_days", "meets"),
}
_TEXTS = ("whom", "what", "place", "channel", "based_on")


def explain(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A name or a table such as world. Default: list all names.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="CONFIG", help="A TOML file, whose own rows and measures are explained, too."),
    ] = None,
) -> None:
    """Explain a parameter, gesture, strategy, measure, statistic or setting: value, unit, range and source."""
    console = stdout_console()
    experiment = None if config is None else load(config)
    known = entries() if experiment is None else entries_of(experiment)
    if name is None:
        console.print(names_table(known))
        return
    matches = explained(name, known)
    inner = within(name, known)
    if not matches and name.lower().removeprefix("parameters.") in _COLUMNS:
        parameters = Parameters() if experiment is None else experiment.parameters
        console.print(rows_table(name.lower().removeprefix("parameters."), parameters))
        return
    if not matches and inner:
        console.print(f"[{name}] is a table of an experiment file. It contains:", highlight=False, markup=False)
        console.print(entries_table(inner))
        return
    if not matches:
        close = close_names(name, known)
        hint = f"did you mean {', '.join(close)}?" if close else "`rekindle explain` lists all names."
        if config is None and not close:
            hint += " For a name of your own, add --config FILE."
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


def rows_table(table: str, parameters: Parameters) -> Group:
    """The rows of strategies, gestures or places, with their main fields."""
    columns = _COLUMNS[table]
    shown = table_of("name", *columns, text=[name for name in columns if name in _TEXTS], whole=True)
    for name, row in getattr(parameters, table).items():
        shown.add_row(name, *(_cell(getattr(row, column)) for column in columns))
    example = next(iter(getattr(parameters, table)), "NAME")
    lines = [f"`rekindle explain {table}.{example}` shows all fields of a row."]
    if table == "places":
        lines.insert(0, f"Besides these, there are {', '.join(PLACES)}, whose numbers are parameters.")
    return Group(*([shown] if getattr(parameters, table) else []), Text("\n".join(lines)))


def _cell(value: object) -> str:
    if value is None or value in ("", ()):
        return "–"
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


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
        table,
        Text(
            "You can also look up strategies.NAME.FIELD, gestures.KIND.FIELD, sent_KIND, answered_KIND and "
            "everyone_MEASURE."
        ),
    )
