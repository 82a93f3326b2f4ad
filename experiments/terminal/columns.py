"""Tables that a terminal of any width can show whole: no number, date or word of the model is ever cut.

What does not fit is first folded (names and prose, never numbers), then laid out in several tables below one another,
and where even that takes more columns than there are, as a paragraph a row.
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

FOLDED = 16  # columns that a name keeps where it is folded
_NAME = 40  # columns that a name has before other columns have more than they need
_BETWEEN = 3  # columns: a space on either side of what divides them
_INDENT = 2


@dataclass
class Column:
    """A column of a table.

    Attributes:
        title: above it; a line break in it stays.
        text: whether it holds names or prose, which may be folded.
        left: whether it begins at the left.
        joined: whether it stays beside the column before it, as an interval beside its value.
        cells: as they are shown.
    """

    title: str
    text: bool
    left: bool
    joined: bool
    cells: list[str] = field(default_factory=list)

    @property
    def natural(self) -> int:
        """How wide it wants to be."""
        return max(_widest(self.title.split("\n")), self._cells)

    @property
    def least(self) -> int:
        """How narrow it can be: titles break between words, and text anywhere."""
        words = _widest(self.title.split())
        return min(self.natural, FOLDED) if self.text else max(self._cells, min(words, FOLDED))

    @property
    def _cells(self) -> int:
        return _widest(self.cells)


class Columns:
    """A table, whose layout follows from the width in which it is printed.

    Args:
        first: title of the first column, which names the rows: it is shown again wherever the table goes on below.
        others: titles of the other columns.
        text: titles of others that hold names or prose, which may be folded.
        beside: titles of others that stay beside the one before them, as an interval beside its value.
        whole: whether the first column is never folded, since it holds short words of our own.
    """

    def __init__(
        self,
        first: str,
        *others: str,
        text: Collection[str] = (),
        beside: Collection[str] = (),
        whole: bool = False,
    ) -> None:
        self.columns = [Column(_title(first), text=not whole, left=True, joined=False)]
        self.columns += [
            Column(_title(one), text=one in text, left=one in text, joined=one in beside) for one in others
        ]
        self._styles: list[str | None] = []

    def add_row(self, *cells: str, style: str | None = None) -> None:
        """Add a row, one cell for each column; what cannot be seen in a cell is shown escaped."""
        for column, cell in zip(self.columns, cells, strict=True):
            column.cells.append(visible(cell))
        self._styles.append(style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Any width will do."""
        return Measurement(1, min(options.max_width, _taken([column.natural for column in self.columns])))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table in the columns that there are."""
        parts = self.parts(options.max_width)
        if parts is None:
            yield from self._paragraphs(options.max_width)
            return
        for part in parts:
            yield self._table(part, options.max_width)

    def parts(self, width: int) -> list[list[Column]] | None:
        """The columns of each table, of which as few as can be lie below one another; None where none would fit."""
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
            folded = _widest(column.title.split()) > wide  # whose pieces are easier to read from the left
            title = Text(column.title, justify="left" if folded or column.left else "right")
            table.add_column(title, width=wide, justify="left" if column.left else "right", overflow="fold")
        for at, style in enumerate(self._styles):
            table.add_row(*(Text(column.cells[at]) for column in columns), style=style)
        return table

    def _paragraphs(self, width: int) -> Iterable[RenderableType]:
        """Each row below the other: its name, and a line for each cell."""
        name, *others = self.columns
        for at, style in enumerate(self._styles):
            yield Text(f"\n{name.cells[at]}", style=style or "bold", overflow="fold")
            for column in others:
                said = f"{column.title.replace(chr(10), ' ')}: {column.cells[at]}"
                lines = [said] if cell_len(said) + _INDENT <= width else [f"{column.title}:", column.cells[at]]
                for line in lines:
                    yield Padding(Text(line, style=style or "", overflow="fold"), (0, 0, 0, _INDENT))


def _title(text: str) -> str:
    return visible(text, keep="\n")


def _widest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _taken(widths: Sequence[int]) -> int:
    """Columns of the terminal that a table takes: its columns, what is between them, and a space at either end."""
    return sum(widths) + _BETWEEN * (len(widths) - 1) + 2


def _fits(columns: Sequence[Column], width: int) -> bool:
    return _taken([column.least for column in columns]) <= width


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """How wide each is: what there is beyond the least goes to names, then to those that want most."""
    widths = [column.least for column in columns]
    wanted = [column.natural for column in columns]
    for _ in itertools.repeat(None, max(0, width - _taken(widths))):
        short = [want - wide for want, wide in zip(wanted, widths, strict=True)]
        if not any(short):
            break
        widths[0 if short[0] and widths[0] < _NAME else short.index(max(short))] += 1
    return widths
