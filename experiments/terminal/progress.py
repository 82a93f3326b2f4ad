"""Progress of a task: a bar in a terminal or a notebook, occasional plain lines elsewhere."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

FIRST_LINE, SECONDS_BETWEEN_LINES = 20.0, 60.0
_SECONDS_TO_A_BAR = 0.5  # what takes less time needs no bar in a notebook


class Report(Protocol):
    """A callback that takes the amount done, the total, and an optional note."""

    def __call__(self, done: int, total: int, note: str = "", /) -> None:
        """Report the progress."""


@contextmanager
def progress_bar(console: Console, what: str, total: int, every: float | None = None) -> Iterator[Report]:
    """Show the progress of a task; yields a function to call with (done, total).

    Args:
        console: where to print. A terminal or a notebook gets a bar, anything else occasional lines.
        what: name of the task's units, such as "runs".
        total: number of units.
        every: seconds between lines. By default, the first comes after `FIRST_LINE`, then one a minute.
    """
    if console.is_jupyter:
        with _in_a_notebook(what, total, hidden=console.quiet) as report:
            yield report
        return
    if not console.is_terminal:
        yield _plain(console, what, *((FIRST_LINE, SECONDS_BETWEEN_LINES) if every is None else (every, every)))
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)

        def report(done: int, total: int, note: str = "", /) -> None:
            bar.update(task, completed=done, total=total, description=f"{what}, {note}" if note else what)

        yield report


@contextmanager
def _in_a_notebook(what: str, total: int, *, hidden: bool) -> Iterator[Report]:
    """A bar of tqdm's, which needs no more than text; Rich's needs ipywidgets in the notebook's server as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are no ipywidgets
        from tqdm.auto import tqdm
    with tqdm(total=total, desc=what, leave=False, disable=hidden, delay=_SECONDS_TO_A_BAR) as bar:

        def report(done: int, total: int, note: str = "", /) -> None:
            bar.total = total
            bar.set_postfix_str(note, refresh=False)
            bar.update(done - bar.n)

        yield report


def _plain(console: Console, what: str, first_line: float, between_lines: float) -> Report:
    """Print a line after a delay, then at intervals, and one at the end.

    The remaining time is estimated from the second step on, because the first may include compiling the model.
    """
    began = time.monotonic()
    due = began + first_line
    first: tuple[float, int] | None = None

    def report(done: int, total: int, note: str = "", /) -> None:
        nonlocal due, first
        now = time.monotonic()
        first = first or ((now, done) if done else None)
        if done != total and now < due:
            return
        due = now + between_lines
        since, already = first or (now, done)
        left = f", {duration((now - since) / (done - already) * (total - done))} left" if already < done < total else ""
        noted = f", {note}" if note else ""
        console.print(f"{what}: {done:,} of {total:,}{noted}, {duration(now - began)}{left}", highlight=False)

    return report


def duration(seconds: float) -> str:
    """A duration as text: ``40 s``, ``12 min``, ``3 h 20 min``, ``2 days 5 h``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} days {hours % 24} h"


_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "day": 86_400, "days": 86_400}
_AMOUNT = re.compile(rf"(\d+(?:\.\d+)?) ?({'|'.join(sorted(_UNITS, key=len, reverse=True))})")


def seconds_in(text: str) -> float | None:
    """The seconds in a duration as people write it: ``90m``, ``2h``, ``1h30m``, ``3 h 20 min``; None if it is none."""
    text = text.strip()
    if not re.fullmatch(rf"(?:{_AMOUNT.pattern} ?)+", text):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _AMOUNT.findall(text))
