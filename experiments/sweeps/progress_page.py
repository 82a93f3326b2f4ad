"""The progress of a sweep as one HTML file, which loads nothing from elsewhere and lets the browser read it again."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import provenance
from experiments.sweeps import store
from experiments.sweeps.results import Progress
from experiments.terminal.names import visible
from experiments.terminal.progress import duration

SECONDS_TO_RENEW = 5  # after which a browser reads the file again
_MOST_COLUMNS = 8  # of the table of arms and points
_MOST_ROWS = 200
_MOST_FAILURES = 10


def write_page(path: Path, name: str, found: Progress) -> None:
    """Write the page of a sweep's progress.

    Args:
        path: the HTML file; one that is there is replaced as a whole, so that a browser never reads half of it.
        name: the name of the sweep.
        found: its progress.
    """
    text = page_of(name, found, datetime.now().astimezone())
    path.parent.mkdir(parents=True, exist_ok=True)
    store.write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def page_of(name: str, found: Progress, now: datetime) -> str:
    """The page of a sweep's progress as HTML; it renews itself until the sweep is over."""
    import jinja2  # here, because `rekindle status` seldom writes a page and should answer at once

    source = files("experiments.sweeps").joinpath("progress_page.html.jinja").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    columns, rows = _table(found.arms)
    return environment.from_string(source).render(
        name=name,
        found=found,
        time_left=f"about {duration(found.seconds_left)} left" if found.seconds_left > 0 else "",
        untried=found.left - found.failed,
        percent=100 * found.done // max(1, found.requested),
        columns=columns,
        rows=rows[:_MOST_ROWS],
        more=len(rows) - _MOST_ROWS,
        failures=found.failures.head(_MOST_FAILURES).map(lambda value: visible(str(value))).to_dict("records"),
        seconds=SECONDS_TO_RENEW,
        now=f"{now:%A %d %B %Y, %H:%M:%S}",
        command=provenance.whole_sweep(found.origin),
    )


def _table(arms: pd.DataFrame) -> tuple[list[str], list[tuple[str, list[dict[str, Any] | None]]]]:
    """The titles of columns, and each row with its title and its cells: points by strategies, or arms in one column."""
    strategies, points = list(arms["strategy"].unique()), list(arms["point"].unique())
    if len(points) == 1 or len(strategies) > _MOST_COLUMNS:
        cells: list[tuple[str, list[dict[str, Any] | None]]] = [
            (visible(str(arm["scenario"])), [_cell(arm)]) for arm in arms.to_dict("records")
        ]
        return ["runs"], cells
    by_place = {(arm["point"], arm["strategy"]): arm for arm in arms.to_dict("records")}
    rows: list[tuple[str, list[dict[str, Any] | None]]] = []
    for point in points:
        there = [by_place.get((point, strategy)) for strategy in strategies]
        one = next(arm for arm in there if arm)
        title = str(one["scenario"]).removeprefix(str(one["strategy"])).removeprefix(", ")
        rows.append((visible(title), [arm and _cell(arm) for arm in there]))
    return [visible(strategy) for strategy in strategies], rows


def _cell(arm: dict[Any, Any]) -> dict[str, Any]:
    requested = max(1, int(arm["requested"]))
    return {name: int(arm[name]) for name in ("done", "failed", "requested")} | {
        "done_share": 100 * arm["done"] / requested,
        "failed_share": 100 * arm["failed"] / requested,
    }
