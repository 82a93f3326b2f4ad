"""Tables, figure and comparison of what `benchmarks.speed` measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from rich.table import Table

from benchmarks.competitors import COMPETITORS, label_of

REFERENCES = ("numba", "mesa")  # peers that do not change, so their speed measures that of the machine
SLOWER = 0.9  # slower means below this share of the earlier speed, both relative to a reference
# Colours by Okabe & Ito, which colour-blind people can distinguish; and a marker each.
_LOOK = {
    "core-2": ("#D55E00", "o", "-"),
    "core-1": ("#D55E00", "o", "--"),
    "mesa-engine": ("#E69F00", "s", "-"),
    "mesa": ("#0072B2", "^", "-"),
    "numba": ("#009E73", "P", "-"),
}


def speed_table(results: dict[str, Any]) -> Table:
    """Person-days per second by competitor and size: median and extremes."""
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
    table = Table(title="person-days of ordinary life per second", caption=caption)
    table.add_column("")
    for size in sizes:
        table.add_column(f"{int(size):,} people", justify="right")
    for name in names_in(results):
        table.add_row(COMPETITORS[name].label, *(cell(results["speeds"][size].get(name)) for size in sizes))
    return table


def names_in(results: dict[str, Any]) -> list[str]:
    """The measured competitors, in order."""
    return [name for name in COMPETITORS if any(name in rows for rows in results["speeds"].values())]


def cell(row: dict[str, Any] | None) -> str:
    """The median with its extremes, or the reason why there is none."""
    if row is None:
        return "not measured"
    if "not_measured" in row:
        return f"not measured: {row['not_measured']}"
    return f"{short(row['median'])} ({short(row['min'])} – {short(row['max'])})"


def short(value: float) -> str:
    """A number with three digits, in thousands or millions."""
    if value >= 999_500:
        return f"{value / 1e6:.3g} M"
    return f"{value / 1e3:.3g} k" if value >= 999.5 else f"{value:.3g}"


def ratio_table(results: dict[str, Any]) -> Table:
    """The speed of the core on two threads, as a multiple of that of each competitor."""
    sizes = list(results["speeds"])
    table = Table(title="speed of our core on 2 threads, as a multiple of each", caption="ratios of medians")
    table.add_column("")
    for size in sizes:
        table.add_column(f"{int(size):,} people", justify="right")
    for name in names_in(results):
        if name != "core-2":
            ratios = (ratio(results["speeds"][size], "core-2", name) for size in sizes)
            table.add_row(COMPETITORS[name].label, *("–" if value is None else f"{value:.3g} x" for value in ratios))
    return table


def ratio(rows: dict[str, Any], name: str, other: str) -> float | None:
    """The speed of a competitor divided by that of another; None if either was not measured."""
    speed, other_speed = (rows.get(each, {}).get("median") for each in (name, other))
    return speed / other_speed if speed and other_speed else None


def workload_table(results: dict[str, Any]) -> Table:
    """The cost of strategies by size: person-days per second, and ratios to ordinary life and to the core."""
    table = Table(
        title="with strategies",
        caption="a tenth of the people follow them; brackets: least and most; cost: as a multiple of ordinary life",
    )
    table.add_column("")
    for heading in ("people", "person-days per second", "cost", "core, 2 threads, relative to it"):
        table.add_column(heading, justify="right")
    for size, rows in results["speeds"].items():
        for entry in [entry for entry in rows if "/" in entry]:
            name, _, workload = entry.partition("/")
            cost, lead = ratio(rows, name, entry), ratio(rows, f"core-2/{workload}", entry)
            ratios = ["–" if value is None else f"{value:.3g} x" for value in (cost, lead)]
            table.add_row(label_of(entry), f"{int(size):,}", cell(rows[entry]), *ratios)
    return table


def world_table(results: dict[str, Any]) -> Table:
    """The costs of worlds, by size."""
    table = Table(title="worlds", caption="seconds on 2 threads; a year of burn-in is extrapolated from two weeks")
    for heading in ("people", "ties each", "build", "burn in, a year", "save", "load", "bytes per tie direction"):
        table.add_column(heading, justify="right")
    for size, row in results["worlds"].items():
        times = [f"{row[name]:.3g}" for name in ("build", "burn_in_a_year", "save", "load")]
        table.add_row(f"{int(size):,}", f"{row['ties_a_person']:.1f}", *times, f"{row['bytes_a_tie']:.0f}")
    return table


def memory_table(results: dict[str, Any]) -> Table:
    """Bytes per tie direction of a running world of 1,000 people."""
    table = Table(title="memory of a running world, 1,000 people", caption="allocated through Python, including people")
    table.add_column("")
    table.add_column("bytes per tie direction", justify="right")
    for name, size in results["memory_a_tie"].items():
        table.add_row(COMPETITORS[name].label, f"{size:.0f}")
    return table


def draw(results: dict[str, Any], folder: Path) -> None:
    """Draw the cost of a person-day over size, on logarithmic axes, as ``speed.png`` and ``speed.svg``."""
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
    axes.set(xscale="log", yscale="log", xlabel="people", ylabel="microseconds per person-day")
    _label(axes, ends)
    axes.set_title("Cost of a person-day of ordinary life", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    for kind in ("png", "svg"):
        figure.savefig(folder / f"speed.{kind}", dpi=150)


def _label(axes: Any, ends: list[tuple[float, int, str]]) -> None:
    """Label the ends of the lines, with labels moved apart so that they do not overlap."""
    low, high = axes.get_ylim()
    least = (high / low) ** 0.045  # between two labels
    height = 0.0
    left, right = axes.get_xlim()
    axes.set_xlim(left, right * (right / left) ** 0.45)
    for cost, size, name in sorted(ends):
        height = max(cost, height * least)
        axes.annotate(
            COMPETITORS[name].label, (size, cost), (right * 1.1, height), color=_LOOK[name][0], va="center",
            arrowprops={"arrowstyle": "-", "color": _LOOK[name][0], "alpha": 0.4, "linewidth": 0.8},
        )  # fmt: skip


def comparison(results: dict[str, Any], earlier: dict[str, Any]) -> tuple[Table, list[str]]:
    """Speeds relative to a reference, now divided by then; and descriptions of what became more than 10% slower.

    Other load on the machine differs between two measurements. The speed of each competitor is therefore compared
    relative to that of a peer that did not change and was measured at the same time.
    """
    table = Table(title=f"speed now, divided by that of {earlier['when']}, relative to a peer", caption="1: no change")
    table.add_column("")
    table.add_column("people", justify="right")
    table.add_column("now / then", justify="right")
    slower = []
    for size, rows in results["speeds"].items():
        before = earlier["speeds"].get(size, {})
        reference = next((peer for peer in REFERENCES if ratio(rows, peer, peer) and ratio(before, peer, peer)), None)
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
