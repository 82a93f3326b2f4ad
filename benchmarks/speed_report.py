"""Tables, figure and comparison of what `benchmarks.speed` measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from rich.table import Table

from benchmarks.competitors import COMPETITORS, label_of

REFERENCES = ("numba", "mesa")  # peers that stay as they are, so that they stand for the machine
SLOWER = 0.9  # of the earlier speed, both as ratios to a reference
# Okabe & Ito's colours, which colour-blind people tell apart, and a mark each.
_LOOK = {
    "core-2": ("#D55E00", "o", "-"),
    "core-1": ("#D55E00", "o", "--"),
    "mesa-engine": ("#E69F00", "s", "-"),
    "mesa": ("#0072B2", "^", "-"),
    "numba": ("#009E73", "P", "-"),
}


def speed_table(results: dict[str, Any]) -> Table:
    """Person-days a second: median, and extremes, by competitor and size."""
    sizes = list(results["speeds"])
    facts = results["machine"]
    caption = (
        f"median (least – most) of rotating repeats; {facts['processor']}, {facts['cores']} cores, load "
        f"{facts['load'][0]} before and {results['load_after'][0]} after; "
        + "; ".join(
            f"{int(size):,} people: {results['ties_a_person'][size]:.0f} ties each, "
            f"{results['burn_in_years'][size]:g} years burnt in"
            for size in sizes
        )
    )
    table = Table(title="person-days of ordinary life a second", caption=caption)
    table.add_column("")
    for size in sizes:
        table.add_column(f"{int(size):,} people", justify="right")
    for name in names_in(results):
        table.add_row(COMPETITORS[name].label, *(cell(results["speeds"][size].get(name)) for size in sizes))
    return table


def names_in(results: dict[str, Any]) -> list[str]:
    """Competitors that were asked for, in order."""
    return [name for name in COMPETITORS if any(name in rows for rows in results["speeds"].values())]


def cell(row: dict[str, Any] | None) -> str:
    """A median with its extremes, or why there is none."""
    if row is None:
        return "not measured"
    if "not_measured" in row:
        return f"not measured: {row['not_measured']}"
    return f"{short(row['median'])} ({short(row['min'])} – {short(row['max'])})"


def short(value: float) -> str:
    """Three digits, in thousands or millions."""
    if value >= 999_500:
        return f"{value / 1e6:.3g} M"
    return f"{value / 1e3:.3g} k" if value >= 999.5 else f"{value:.3g}"


def ratio_table(results: dict[str, Any]) -> Table:
    """How many times faster the core on its most threads is than each other."""
    sizes = list(results["speeds"])
    table = Table(title="our core, 2 threads, over each", caption="ratios of medians")
    table.add_column("")
    for size in sizes:
        table.add_column(f"{int(size):,} people", justify="right")
    for name in names_in(results):
        if name != "core-2":
            ratios = (ratio(results["speeds"][size], "core-2", name) for size in sizes)
            table.add_row(COMPETITORS[name].label, *("–" if one is None else f"{one:.3g} x" for one in ratios))
    return table


def ratio(rows: dict[str, Any], one: str, two: str) -> float | None:
    """The speed of one over that of another; None if either was not measured."""
    first, second = (rows.get(name, {}).get("median") for name in (one, two))
    return first / second if first and second else None


def workload_table(results: dict[str, Any]) -> Table:
    """What strategies add: person-days a second, the cost over ordinary life, and the core over each, by size."""
    table = Table(
        title="with strategies",
        caption="of a tenth of the people; least and most in brackets; cost is that over ordinary life",
    )
    table.add_column("")
    for heading in ("people", "person-days a second", "cost", "core, 2 threads, over it"):
        table.add_column(heading, justify="right")
    for size, rows in results["speeds"].items():
        for entry in [entry for entry in rows if "/" in entry]:
            name, _, workload = entry.partition("/")
            cost, lead = ratio(rows, name, entry), ratio(rows, f"core-2/{workload}", entry)
            told = ["–" if value is None else f"{value:.3g} x" for value in (cost, lead)]
            table.add_row(label_of(entry), f"{int(size):,}", cell(rows[entry]), *told)
    return table


def world_table(results: dict[str, Any]) -> Table:
    """What worlds cost, by size."""
    table = Table(title="worlds", caption="seconds on 2 threads; a year of burn-in is told from two weeks")
    for heading in ("people", "ties each", "build", "burn in, a year", "save", "load", "bytes a tie direction"):
        table.add_column(heading, justify="right")
    for size, row in results["worlds"].items():
        times = [f"{row[name]:.3g}" for name in ("build", "burn_in_a_year", "save", "load")]
        table.add_row(f"{int(size):,}", f"{row['ties_a_person']:.1f}", *times, f"{row['bytes_a_tie']:.0f}")
    return table


def memory_table(results: dict[str, Any]) -> Table:
    """Bytes a tie direction while a world of 1,000 people is in motion."""
    table = Table(title="memory in motion, 1,000 people", caption="as allocated through Python, people and all")
    table.add_column("")
    table.add_column("bytes a tie direction", justify="right")
    for name, size in results["memory_a_tie"].items():
        table.add_row(COMPETITORS[name].label, f"{size:.0f}")
    return table


def draw(results: dict[str, Any], folder: Path) -> None:
    """Cost of a person-day against size, both in logarithms, as ``speed.png`` and ``speed.svg``."""
    matplotlib.rcParams["svg.hashsalt"] = "rekindle"
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    ends = []
    for name in names_in(results):
        rows = [(int(size), rows[name]) for size, rows in results["speeds"].items() if "median" in rows.get(name, {})]
        if not rows:
            continue
        colour, mark, line = _LOOK[name]
        sizes, costs = [size for size, _ in rows], [1e6 / row["median"] for _, row in rows]
        axes.plot(sizes, costs, color=colour, marker=mark, linestyle=line, linewidth=2)
        axes.vlines(sizes, [1e6 / row["max"] for _, row in rows], [1e6 / row["min"] for _, row in rows], color=colour)
        ends.append((costs[-1], sizes[-1], name))
    axes.set(xscale="log", yscale="log", xlabel="people", ylabel="microseconds a person-day")
    _label(axes, ends)
    axes.set_title("What a person-day of ordinary life costs", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    for kind in ("png", "svg"):
        figure.savefig(folder / f"speed.{kind}", dpi=150)


def _label(axes: Any, ends: list[tuple[float, int, str]]) -> None:
    """Names at the ends of the lines, moved apart where they would cover each other."""
    low, high = axes.get_ylim()
    least = (high / low) ** 0.045  # between two labels
    at = 0.0
    left, right = axes.get_xlim()
    axes.set_xlim(left, right * (right / left) ** 0.45)
    for cost, size, name in sorted(ends):
        at = max(cost, at * least)
        axes.annotate(
            COMPETITORS[name].label, (size, cost), (right * 1.1, at), color=_LOOK[name][0], va="center",
            arrowprops={"arrowstyle": "-", "color": _LOOK[name][0], "alpha": 0.4, "linewidth": 0.8},
        )  # fmt: skip


def comparison(results: dict[str, Any], earlier: dict[str, Any]) -> tuple[Table, list[str]]:
    """Speeds as ratios to a reference, now over then; and in words what became more than a tenth slower.

    Two runs seldom have a machine to themselves, so what is compared is how a competitor stands to a peer that did not
    change and was measured beside it.
    """
    table = Table(title=f"now over {earlier['when']}, each as a ratio to a peer beside it", caption="1 is as before")
    table.add_column("")
    table.add_column("people", justify="right")
    table.add_column("now / then", justify="right")
    slower = []
    for size, rows in results["speeds"].items():
        before = earlier["speeds"].get(size, {})
        reference = next((one for one in REFERENCES if ratio(rows, one, one) and ratio(before, one, one)), None)
        if reference is None:
            continue
        for name in rows:
            now, then = ratio(rows, name, reference), ratio(before, name, reference)
            if now is None or then is None or name == reference:
                continue
            mark = " slower" if now / then < SLOWER else ""
            table.add_row(label_of(name), f"{int(size):,}", f"{now / then:.2f}{mark}")
            if mark:
                slower.append(f"{label_of(name)} at {int(size):,} people, {now / then:.2f}")
    return table, slower
