"""Tables of any width: whatever is in them can be read, and what users wrote is shown as they wrote it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, RenderableType

from experiments.terminal.columns import Columns
from experiments.terminal.console import Terminal

ID = "annegret.maria+lists@example.org"  # of 32 characters, and without a space


def printed(table: RenderableType, width: int, console: type[Console] = Terminal) -> str:
    terminal = console(width=width)
    with terminal.capture() as captured:
        terminal.print(table)
    return captured.get()


def is_shown(value: str, text: str) -> bool:
    """Whether a value without spaces stands in a text, whole or folded: its pieces below one another, in one column."""
    lines = text.splitlines()

    def goes_on(rest: str, row: int, begin: int) -> bool:
        piece = re.match(r"\S*", lines[row][begin:] if row < len(lines) else "")
        assert piece
        left = rest.removeprefix(piece[0])
        return bool(piece[0]) and (not left or (left != rest and goes_on(left, row + 1, begin)))

    return any(
        goes_on(value, row, found.start()) for row, line in enumerate(lines) for found in re.finditer(r"\S+", line)
    )


NAMES = st.text("abcXYZ019[]/:=+-@$^_é–", min_size=1, max_size=40)
NUMBERS = st.from_regex(r"[+−]?\d{1,3}(,\d{3}){0,2}(\.\d{1,3})?( … \d{1,3})?", fullmatch=True)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), width=st.sampled_from([40, 60, 80, 130]), columns=st.integers(0, 9), rows=st.integers(1, 3))
def test_every_cell_can_be_read_at_any_width(data: st.DataObject, width: int, columns: int, rows: int) -> None:
    titles = [f"title {number}" for number in range(columns)]
    text = data.draw(st.sets(st.sampled_from(titles))) if titles else set()
    table = Columns("name", *titles, text=text, attached=titles[1::3])
    for _ in range(rows):
        table.add_row(data.draw(NAMES), *(data.draw(NAMES if title in text else NUMBERS) for title in titles))
    shown = printed(table, width)
    assert max(cell_len(line) for line in shown.splitlines()) <= width
    for column in table.columns:
        for cell in column.cells:
            if column.text:
                assert is_shown(cell, shown), (cell, shown)
            else:
                assert cell in shown, (cell, shown)  # never folded


def wide() -> Columns:
    table = Columns("tie", "last contact", "gesture", "minutes", "gain", "95% interval", attached=("95% interval",))
    for k in range(3):
        table.add_row(f"{ID}.{k}", "2023-11-30", "message", "3", "+47", "+30 … +63")
    return table


@pytest.mark.parametrize("width", [40, 60, 80, 130])
def test_long_ids_cost_no_date_and_no_word(width: int) -> None:
    shown = printed(wide(), width)
    for whole in ("2023-11-30", "message", "+30 … +63"):
        assert shown.count(whole) == 3, shown
    assert all(is_shown(f"{ID}.{k}", shown) for k in range(3)), shown
    assert "…" not in shown.replace(" … ", "")


def test_an_interval_stays_beside_its_value() -> None:
    for width in range(30, 131):
        for line in printed(wide(), width).splitlines():
            assert ("+47" in line) == ("+30 … +63" in line) or "gain: +47" in line or "interval: +30" in line, width


def test_what_fits_stands_in_one_table() -> None:
    assert printed(wide(), 130).count("tie") == 1
    assert printed(wide(), 60).count("tie") == 2
    assert printed(wide(), 130).count("\n") == 3 + 3 + 1  # title, line, rows, and what is about them


@pytest.mark.parametrize(
    "name", ["[bold]x", "[/]", "[/b] off", ":smile:", "a[link=http://x]b", "$5^ not $6^", "12:30 True"]
)
def test_a_name_is_shown_as_it_was_written_on_any_console(name: str) -> None:
    table = Columns(name, name)
    table.add_row(name, name)
    for console in (Terminal, Console):
        assert printed(table, 80, console).count(name) == 4
    assert name in printed(f"Of {name}, this.", 80)
    in_colour = Console(width=80, force_terminal=True, color_system="truecolor")
    with in_colour.capture() as captured:
        in_colour.print(table)
    assert captured.get().count(name) == 4


def test_what_would_move_the_cursor_is_shown_escaped() -> None:
    table = Columns("name", "value", text=("value",))
    table.add_row("a\x1b[2Jb", "line\nanother\u202eback")
    shown = printed(table, 80)
    assert r"a\x1b[2Jb" in shown
    assert r"line\nanother\u202eback" in shown
    assert r"\x1b[31m" in printed("red \x1b[31m", 80)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", shown)
