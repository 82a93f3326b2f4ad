from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from experiments.analysis.compare import TOO_FEW, Compared, Contrast, compared
from experiments.figures import BLUE, GREY, INK, VERMILLION, save
from experiments.figures.comparison import MOST_ROWS, comparison, headline
from experiments.terminal.legend import Legend
from tests.experiments.figures.conftest import ORIGIN

WORLDS = "worlds of 800 people"


def made_up(gains: dict[str, float], worlds: int = 20, levels: int = 1, spent: float = 1.0) -> Compared:
    """Arms that reconnect as many more ties than `wait` as told, with a spread of 0.3 over worlds."""
    random = np.random.default_rng(1)
    base = random.normal(3, 1, (levels, worlds))

    def side(gain: float) -> pd.DataFrame:
        luck = random.normal(0, 0.3, (levels, worlds)) * (gain != 0)
        ties = base + gain + luck - luck.mean(axis=1, keepdims=True)
        frame = pd.DataFrame({"ease": np.repeat(range(levels), worlds), "replicate": np.tile(range(worlds), levels)})
        columns = {"reconnected": ties.ravel(), "world_seed": frame["replicate"], "used_share": spent}
        return frame.assign(**columns, minutes_planned=100.0, minutes_used=100 * spent, minutes_lost=0.0)

    within = ("ease",) if levels > 1 else ()
    contrasts = [Contrast(name, "wait", side(gain), side(0), within) for name, gain in gains.items()]
    return compared(contrasts, ["reconnected"], resamples=2_000)


def drawn(found: Compared) -> Figure:
    return comparison(found, "reconnected", WORLDS)


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in (*figure.texts, *figure.axes[0].texts))


def test_the_title_says_what_the_data_say() -> None:
    said = headline(made_up({"check_in": 3}).rows)
    assert said == "Reconnected: “check in” is 3.00 ties per adopter\nabove “wait”"
    assert "is 3.00 ties per adopter\nbelow “wait”" in headline(made_up({"check_in": -3}).rows)
    assert headline(made_up({"check_in": 0.01}).rows).endswith("“check in” and “wait”\ncannot be distinguished")
    assert headline(made_up({"check_in": 3}, worlds=19).rows).endswith(f"above “wait”, but has {TOO_FEW}")
    assert headline(made_up({"check_in": 3}, levels=2).rows).endswith("above “wait”, in the mean of all")
    several = headline(made_up({"check_in": 1, "show_up": -2, "meet": 0.01}).rows)
    assert several.startswith("Reconnected: “show up” is 2.00")
    assert several.endswith("below “wait”, the furthest of 3")


def test_an_own_measure_has_the_unit_that_the_user_gave() -> None:
    found = made_up({"check_in": 3})
    found = Compared(found.rows.assign(measure="busy_days"), found.by_world)
    figure = comparison(found, "busy_days", WORLDS, "days per year")
    assert figure.axes[0].get_xlabel() == "days per year, “check in” − “wait”"
    assert headline(found.rows, "days per year").startswith("Busy days: “check in” is 3.00 days per year\nabove")
    without = comparison(found, "busy_days", WORLDS, "")
    assert without.axes[0].get_xlabel() == "“check in” − “wait”"
    assert headline(found.rows, "") == "Busy days: “check in” is 3.00\nabove “wait”"


def test_a_dot_a_world_and_zero_among_them() -> None:
    found = made_up({"check_in": 3, "show_up": -1})
    (axes,) = drawn(found).axes
    for dots, differences in zip(axes.collections, found.by_world, strict=True):
        np.testing.assert_allclose(np.asarray(dots.get_offsets())[:, 0], differences)
    low, high = axes.get_xlim()
    assert low < -1 < 0 < 3 < high
    assert [0, 0] in [list(line.get_xdata()) for line in axes.lines]
    far = drawn(made_up({"check_in": 300})).axes[0]
    assert far.get_xlim()[0] < 0


@pytest.mark.parametrize(("gain", "colour"), [(3, BLUE), (-3, VERMILLION), (0.01, GREY)])
def test_the_colour_says_on_which_side_of_zero(gain: float, colour: str) -> None:
    figure = drawn(made_up({"check_in": gain}))
    (mean,) = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert mean.get_color() == colour
    assert ("Grey" in texts(figure)) == (colour == GREY)


def test_rows_are_named_and_numbered() -> None:
    figure = drawn(made_up({"check_in": 3, "show_up": -1}, spent=0.5))
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["show up †", "check in †"]
    assert [text.get_text().split()[0] for text in axes.texts] == ["+3.00", "−1.00"]
    means = {line.get_xdata()[0] > 0: line.get_ydata()[0] for line in axes.lines if line.get_marker() == "D"}
    for text, gained in zip(axes.texts, (True, False), strict=True):  # each beside its mean, the first on top
        assert text.get_position()[1] == pytest.approx(means[gained], abs=0.3)
    assert means[True] > means[False]
    assert "† An arm used less" in texts(figure)
    alone = drawn(made_up({"check_in": 3}, spent=0.5))
    assert "“check in” and “wait” used less" in texts(alone)
    assert [label.get_text() for label in alone.axes[0].get_yticklabels()] == [""]
    assert WORLDS in texts(figure)
    assert figure.get_size_inches().tolist() == [16, 9]


def test_of_many_rows_the_means_are_drawn_and_that_is_said() -> None:
    figure = drawn(made_up({"check_in": 3, "show_up": -1}, levels=6))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "show up\nmean of all",
        "check in\nmean of all",
    ]
    assert "Shown: 2 of 14 rows" in texts(figure)
    many = drawn(made_up({f"arm_{place}": place for place in range(1, 16)}))
    names = [label.get_text() for label in many.axes[0].get_yticklabels()]
    assert names == [f"arm {place}" for place in range(15, 15 - MOST_ROWS, -1)]


def test_few_worlds_and_missing_outcomes_can_be_drawn(tmp_path: Path) -> None:
    assert "interval" not in texts(drawn(made_up({"check_in": 3}, worlds=1)))
    nothing = made_up({"check_in": np.nan, "show_up": 1})
    assert "not known yet" in texts(drawn(nothing))
    assert len(save(drawn(made_up({"check_in": np.nan})), tmp_path, "none", ORIGIN)) == 3


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    first, again = (save(drawn(made_up({"check_in": 3})), tmp_path / name, "comparison", ORIGIN) for name in "ab")
    assert [path.suffix for path in first] == [".png", ".svg", ".pdf"]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.suffix
        assert b"0123456789abcdef" in one.read_bytes()


@pytest.mark.parametrize("count", [1, 5, MOST_ROWS])
@pytest.mark.parametrize("gain", [-1_234.5, 0.01, 1_234.5])
def test_nothing_leaves_the_figure(count: int, gain: float) -> None:
    mixture = "handwritten_notes 0.333333 + engage_regularly 0.333333 + join_community 0.333333"
    figure = drawn(made_up({f"{mixture} {place}": gain for place in range(count)}, spent=0.5))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    axes = figure.axes[0]
    for text in (*figure.texts, *axes.texts, *axes.get_yticklabels(), axes.xaxis.label):
        box = text.get_window_extent(renderer)
        assert 0 <= box.x0 <= box.x1 <= figure.bbox.width, text
        assert 0 <= box.y0 <= box.y1 <= figure.bbox.height, text


def test_what_independent_seeds_would_need_takes_twenty_worlds() -> None:
    said = "Independent seeds would need"
    assert said not in texts(drawn(made_up({"check_in": 3, "show_up": 1}, worlds=19)))
    assert said in texts(drawn(made_up({"check_in": 3, "show_up": 1}, worlds=20)))


def test_added_strategies_have_their_labels_and_colours() -> None:
    legend = Legend({"gifts": {"label": "Birthday gifts", "colour": "#117733"}})
    found = made_up({"gifts": 3, "check_in": 1}, spent=0.5)
    figure = comparison(found, "reconnected", WORLDS, legend=legend)
    ticks = {tick.get_text(): tick.get_color() for tick in figure.axes[0].get_yticklabels()}
    assert ticks == {"Birthday gifts †": "#117733", "check in †": INK}
    assert "“Birthday gifts” is 3.00 ties" in headline(found.rows, legend=legend)
    alone = comparison(made_up({"gifts": 3}, spent=0.5), "reconnected", WORLDS, legend=legend)
    assert "“Birthday gifts”" in alone.axes[0].get_xlabel()
    assert "“Birthday gifts” and “wait” used less than 90% of the minutes" in texts(alone)


def test_measures_of_added_gestures_have_their_units() -> None:
    found = made_up({"check_in": 3})
    rows = found.rows.assign(measure="sent_voice_memo")
    assert headline(rows) == "Sent voice memo: “check in” is 3.00 gestures per adopter\nabove “wait”"
    assert "gestures per person" in headline(rows.assign(measure="everyone_answered_voice_memo"))
