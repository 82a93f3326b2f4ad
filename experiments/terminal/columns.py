"""Tables that fit a terminal of any width without cutting a number, date or model name.

If a table is too wide, names and prose are folded first (never numbers). Then it is split into several tables below one
another. If even these are too wide, each row becomes a paragraph.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments.terminal.names import visible

FOLDED = 16  # minimum width of a folded name, in characters
_NAME = 40  # width that the name column gets before other columns grow
_BETWEEN = 3  # characters between columns: a separator with a space on either side
_INDENT = 2


@dataclass
class Column:
    """A column of a table.

    Attributes:
        title: heading; a line break in it is kept.
        text: whether the cells are names or prose, which may be folded.
        left: whether the cells are left-aligned.
        joined: whether the column stays next to the one before it, as an interval next to its value.
        cells: the cells as printed.
    """

    title: str
    text: bool
    left: bool
    joined: bool
    cells: list[str] = field(default_factory=list)

    @property
    def natural(self) -> int:
        """The preferred width."""
        return max(_widest(self.title.split("\n")), self._cells)

    @property
    def least(self) -> int:
        """The minimum width: titles break between words, and text breaks anywhere."""
        words = _widest(self.title.split())
        return min(self.natural, FOLDED) if self.text else max(self._cells, min(words, FOLDED))

    @property
    def _cells(self) -> int:
        return _widest(self.cells)


class Columns:
    """A table whose layout depends on the width of the terminal.

    Args:
        first: title of the first column, which names the rows and is repeated if the table is split.
        others: titles of the other columns.
        text: titles of the columns with names or prose, which may be folded.
        attached: titles of the columns that stay next to the one before them, as an interval next to its value.
        whole: whether the first column is never folded, because it only has short names of the program's own.
    """

    def __init__(
        self,
        first: str,
        *others: str,
        text: Collection[str] = (),
        attached: Collection[str] = (),
        whole: bool = False,
    ) -> None:
        self.columns = [Column(_title(first), text=not whole, left=True, joined=False)]
        self.columns += [
            Column(_title(one), text=one in text, left=one in text, joined=one in attached) for one in others
        ]
        self._styles: list[str | None] = []

    def add_row(self, *cells: str, style: str | None = None) -> None:
        """Add a row with one cell per column. Control characters in cells are escaped."""
        for column, cell in zip(self.columns, cells, strict=True):
            column.cells.append(visible(cell))
        self._styles.append(style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """The range of widths: any width works."""
        return Measurement(1, min(options.max_width, _taken([column.natural for column in self.columns])))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, laid out for the available width."""
        parts = self.parts(options.max_width)
        if parts is None:
            yield from self._paragraphs(options.max_width)
            return
        for part in parts:
            yield self._table(part, options.max_width)

    def parts(self, width: int) -> list[list[Column]] | None:
        """The columns of each part, with as few parts as possible; None if the table does not fit in any way."""
        name, *others = self.columns
        groups: list[list[Column]] = []
        for column in others:
            if column.joined and groups:
                groups[-1].append(column)
            else:
                groups.append([column])
        parts = [[name]]
        for group in groups:
            if len(parts[-1]) > 1 and not _fits([*parts[-1], *group], width):
                parts.append([name])
            parts[-1] += group
        return parts if all(_fits(part, width) for part in parts) else None

    def _table(self, columns: Sequence[Column], width: int) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column, wide in zip(columns, _widths(columns, width), strict=True):
            folded = _widest(column.title.split()) > wide  # folded titles are easier to read left-aligned
            title = Text(column.title, justify="left" if folded or column.left else "right")
            table.add_column(title, width=wide, justify="left" if column.left else "right", overflow="fold")
        for at, style in enumerate(self._styles):
            table.add_row(*(Text(column.cells[at]) for column in columns), style=style)
        return table

    def _paragraphs(self, width: int) -> Iterable[RenderableType]:
        """One paragraph per row: its name, then a line for each other cell."""
        name, *others = self.columns
        for at, style in enumerate(self._styles):
            yield Text(f"\n{name.cells[at]}", style=style or "bold", overflow="fold")
            for column in others:
                cell = f"{column.title.replace(chr(10), ' ')}: {column.cells[at]}"
                lines = [cell] if cell_len(cell) + _INDENT <= width else [f"{column.title}:", column.cells[at]]
                for line in lines:
                    yield Padding(Text(line, style=style or "", overflow="fold"), (0, 0, 0, _INDENT))


def _title(text: str) -> str:
    return visible(text, keep="\n")


def _widest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _taken(widths: Sequence[int]) -> int:
    """The width of a table: its columns, the separators, and a space at either end."""
    return sum(widths) + _BETWEEN * (len(widths) - 1) + 2


def _fits(columns: Sequence[Column], width: int) -> bool:
    return _taken([column.least for column in columns]) <= width


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """The width of each column. Space beyond the minimum goes to the names, then to the columns that lack most."""
    widths = [column.least for column in columns]
    wanted = [column.natural for column in columns]
    for _ in itertools.repeat(None, max(0, width - _taken(widths))):
        short = [want - wide for want, wide in zip(wanted, widths, strict=True)]
        if not any(short):
            break
        widths[0 if short[0] and widths[0] < _NAME else short.index(max(short))] += 1
    return widths
