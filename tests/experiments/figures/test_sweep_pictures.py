"""Figures of sweeps: what is drawn is what is in the data, and nothing is cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from experiments.figures import cloud, heat_map, lines, save
from experiments.figures.page import STYLES, Words
from experiments.figures.panels import AxisNames, is_geometric
from experiments.terminal.legend import Legend
from tests.experiments.figures.conftest import ORIGIN

WORDS = Words(
    "Kept: the gain over waiting with “show up” rises by 10.2\nties per adopter, the most of 3 lines",
    "Paired difference from waiting, mean and 95% interval over 20 worlds (too few worlds for a verdict).",
    "Simulated, not measured: worlds of 800 people.\nKept: dormant at the start, and active later.",
)
NAMES = AxisNames(
    "effort minutes: planned effort of an adopter (minutes per week)",
    "reconnected\nties per adopter, beyond waiting",
    "reconnected\nties per adopter",
)
MIXTURE = "handwritten_notes 0.333333 + engage_regularly 0.333333"
LEVELS = (15.0, 60.0, 120.0, 240.0)


def levels_of(panels: int, names: tuple[str, ...], size: float = 5.0) -> pd.DataFrame:
    random = np.random.default_rng(1)
    rows = [(f"answer openness = {panel}" if panels > 1 else "", name, x)
            for panel in range(panels) for name in names for x in LEVELS]  # fmt: skip
    table = pd.DataFrame(rows, columns=["panel", "line", "x"]).assign(value=random.normal(size, size / 3, len(rows)))
    return table.assign(low=table["value"] - size / 5, high=table["value"] + size / 4)


def map_of(panels: int, size: float = 5.0) -> pd.DataFrame:
    whole = [levels_of(panels, ("",), size).assign(y=y) for y in (1.5, 2.5, 3.5)]
    return pd.concat(whole, ignore_index=True).assign(value=lambda rows: rows["value"] * rows["y"])


def drawn(kind: str, panels: int, style: str = "talk", size: float = 5.0) -> Figure:
    names, of_style = ("check_in", "show_up", MIXTURE), STYLES[style]
    if kind == "map":
        return heat_map.draw(map_of(panels, size), WORDS, of_style, NAMES, zero=True)
    data = levels_of(panels, names, size)
    if kind == "cloud":
        return cloud.draw(data, WORDS, of_style, NAMES, zero=True, log=frozenset(data["panel"][:1]))
    if kind == "words":
        data = data.assign(x=data["x"].map(lambda x: f"level {x:g}"))
    stop = 100.0 if kind == "days" else None
    return lines.draw(data, WORDS, of_style, NAMES, zero=True, stop=stop)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("panels", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("kind", ["lines", "days", "words", "map", "cloud"])
def test_nothing_leaves_the_figure(kind: str, panels: int, style: str) -> None:
    figure = drawn(kind, panels, style, size=12_345.0)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [text for axes in figure.axes for text in (*axes.texts, axes.xaxis.label, axes.yaxis.label, axes.title,
             axes._left_title, *axes.get_yticklabels())]  # fmt: skip
    texts += [text for legend in figure.legends for text in legend.get_texts()]
    for text in (*figure.texts, *texts):
        if text.get_text() and text.get_visible():
            box = text.get_window_extent(renderer)
            assert 0 <= box.x0 <= box.x1 <= figure.bbox.width, text
            assert 0 <= box.y0 <= box.y1 <= figure.bbox.height, text


def test_lines_go_through_their_values_with_whiskers_to_the_ends() -> None:
    data = levels_of(2, ("a", "b"))
    figure = lines.draw(data, WORDS, STYLES["talk"], NAMES)
    for axes, (_, rows) in zip(figure.axes, data.groupby("panel"), strict=True):
        dots = [line.get_xydata() for line in axes.lines if line.get_marker() == "o"]
        expected = [rows[rows["line"] == name][["x", "value"]].to_numpy() for name in ("b", "a")]
        np.testing.assert_allclose(dots, expected)
        ends = [one for bars in axes.collections if hasattr(bars, "get_segments") for one in bars.get_segments()]
        found = {(x, low, high) for (x, low), (_, high) in ends}
        assert found == set(rows[["x", "low", "high"]].itertuples(index=False, name=None))


def test_panels_share_limits_that_hold_all_intervals_and_zero() -> None:
    data = levels_of(3, ("a",))
    figure = lines.draw(data, WORDS, STYLES["talk"], NAMES, zero=True)
    limits = {axes.get_ylim() for axes in figure.axes}
    ((low, high),) = limits
    assert low <= min(0, data["low"].min())
    assert high > data["high"].max()


def test_many_days_are_a_band_and_few_levels_have_dots() -> None:
    days = pd.concat([levels_of(1, ("",)).assign(x=lambda rows, k=k: rows["x"] + k) for k in range(4)])
    (axes,) = lines.draw(days, WORDS, STYLES["talk"], NAMES).axes
    assert [line for line in axes.lines if line.get_marker() == "o"] == []
    assert len(axes.collections) == 1


def test_lines_of_numbers_go_from_dark_to_light_and_others_have_their_own_colour() -> None:
    def colours(graded: bool, legend: Legend) -> dict[str, float]:
        figure = lines.draw(levels_of(1, ("1", "2", "gifts")), WORDS, STYLES["talk"], NAMES, legend, graded=graded)
        return {text.get_text().strip(): text.get_color() for text in figure.axes[0].texts}

    dark = [sum(int(colour[k : k + 2], 16) for k in (1, 3, 5)) for colour in colours(True, Legend()).values()]
    assert sorted(dark) == sorted(set(dark))
    assert colours(False, Legend({"gifts": {"label": "Gifts", "colour": "#117733"}}))["Gifts"] == "#117733"


def test_a_map_has_the_values_as_colours_and_marks_what_may_be_zero() -> None:
    data = map_of(1)
    data.loc[0, ["low", "high"]] = -1.0, 1.0
    figure = heat_map.draw(data, WORDS, STYLES["talk"], NAMES, zero=True)
    axes, bar = figure.axes
    cells = axes.collections[0]
    expected = data.pivot(index="y", columns="x", values="value").to_numpy()
    np.testing.assert_allclose(np.asarray(cells.get_array()).reshape(expected.shape), expected)
    assert cells.get_cmap().name == "viridis"
    assert cells.get_clim() == (data["value"].min(), data["value"].max())
    assert bar.get_ylabel() == NAMES.colour
    unsure = [line.get_xydata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert unsure == [[[data["x"][0], data["y"][0]]]]
    assert axes.texts, "contours are labelled"


def test_a_map_with_holes_or_of_one_value_has_no_contours() -> None:
    for data in (map_of(1).iloc[1:], map_of(1).assign(value=2.0), map_of(1).assign(value=np.nan)):
        figure = heat_map.draw(data, WORDS, STYLES["talk"], NAMES)
        assert not figure.axes[0].texts


def test_a_cloud_has_every_dot() -> None:
    data = levels_of(2, ("a",))
    figure = cloud.draw(data, WORDS, STYLES["talk"], NAMES)
    for axes, (_, rows) in zip(figure.axes, data.groupby("panel"), strict=True):
        (dots,) = [line.get_xydata() for line in axes.lines if line.get_marker() == "o"]
        assert sorted(map(tuple, dots)) == sorted(rows[["x", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("kind", ["lines", "map", "cloud"])
def test_the_same_data_give_the_same_bytes(kind: str, tmp_path: Path) -> None:
    first, again = (save(drawn(kind, 2), tmp_path / name, kind, ORIGIN) for name in "ab")
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.suffix


@given(st.floats(0.1, 100), st.floats(1.5, 4), st.integers(3, 8))
def test_levels_that_grow_by_a_factor_are_on_a_logarithmic_axis(first: float, factor: float, count: int) -> None:
    geometric = [first * factor**k for k in range(count)]
    assert is_geometric(geometric) == (geometric[-1] >= 5 * first)
    assert not is_geometric([first + factor * k for k in range(count)])
    assert not is_geometric([-first, *geometric])
