from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import sim
from experiments.analysis.compare import TOO_FEW
from experiments.figures import INK, save
from experiments.figures.nine_strategies import headline, nine_strategies, words
from experiments.terminal.legend import Legend
from sim.model.strategies import NAMES
from tests.experiments.figures.conftest import ORIGIN


def made_up(worlds: int = 20, **gains: float) -> pd.DataFrame:
    """Runs of every strategy; each gains as much over `wait` as told (0 if not), with a spread of 0.3 over worlds."""
    random = np.random.default_rng(1)
    base = random.normal(3, 1, worlds)
    arms = []
    for name in NAMES:
        luck = random.normal(0, 0.3, worlds)
        ties = base + gains.get(name, 0.0) + (0 if name == "wait" else luck - luck.mean())
        columns = {
            "reconnected": ties,
            "kept_up": 0.4 * ties,
            "kept": 0.1 * ties,
            "minutes_planned": 100.0,
            "minutes_used": 99.0,
        }
        share = 0.5 if name == "host_event" else 0.99
        more = {"minutes_lost": 1.0, "used_share": share, "people": 800}
        arms.append(pd.DataFrame({"scenario": name, "replicate": np.arange(worlds), **columns, **more}))
    return pd.concat(arms, ignore_index=True)


def test_the_title_says_what_the_data_say() -> None:
    clear = headline(made_up(check_in=3, show_up=1))
    assert clear == "“Check in” reconnected most in this run:\n3.0 ties per adopter more than waiting"
    close = headline(made_up(check_in=3.0, show_up=2.99))
    assert close.endswith("came first in this run,\nand cannot be distinguished")
    assert "no strategy clearly" in headline(made_up())
    assert TOO_FEW in headline(made_up(worlds=19, check_in=3))


def test_nothing_and_one_alone_do_not_come_first() -> None:
    for worlds in (1, 19, 20):
        nothing = made_up(worlds=worlds).assign(reconnected=0.0)
        assert headline(nothing) == "In this run, no strategy reconnected\nmore ties than waiting"
    for worlds in (19, 20):
        alone = made_up(worlds=worlds, check_in=3)
        alone = alone[alone["scenario"].isin(["wait", "check_in"])]
        assert "“Check in” reconnected" in headline(alone)
        assert "first" not in headline(alone)
        assert "most" not in headline(alone)


def test_strategies_are_sorted_and_labelled() -> None:
    figure = nine_strategies(made_up(**{name: place for place, name in enumerate(NAMES)}))
    left, *others = figure.axes
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names == [words(name) + (" †" if name == "host_event" else "") for name in NAMES if name != "wait"]
    assert figure.get_size_inches().tolist() == [16, 9]
    numbers = [text.get_text() for text in left.texts]
    assert numbers == [f"+{place:.2f}" for place in range(1, 10)]
    assert [len(axes.texts) for axes in others] == [9, 9]


def test_few_worlds_and_missing_outcomes_can_be_drawn(tmp_path: Path) -> None:
    runs = made_up(worlds=1, check_in=3).assign(kept_up=np.nan)
    figure = nine_strategies(runs)
    (said,) = [text.get_text() for text in figure.axes[1].texts]
    assert said.replace("\n", " ") == (
        "not known yet: it is defined only 240 days after a tie came back; increase run.follow_up_days"
    )
    assert len(save(figure, tmp_path, "few", ORIGIN)) == 3
    (said,) = [text.get_text() for text in nine_strategies(runs.assign(kept=np.nan)).axes[2].texts]
    assert "240 days after the strategy stopped" in said.replace("\n", " ")


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    runs = made_up(check_in=3)
    first = save(nine_strategies(runs), tmp_path / "a", "nine_strategies", ORIGIN)
    again = save(nine_strategies(runs), tmp_path / "b", "nine_strategies", ORIGIN)
    assert [path.suffix for path in first] == [".png", ".svg", ".pdf"]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.suffix
    assert len(list((tmp_path / "a").iterdir())) == 3


def test_every_file_tells_where_it_comes_from(tmp_path: Path) -> None:
    png, svg, pdf = save(nine_strategies(made_up(check_in=3)), tmp_path, "nine_strategies", ORIGIN)
    assert json.loads(Image.open(png).info["Description"]) == ORIGIN
    assert ORIGIN["run_hash"] in svg.read_text()
    assert b"made up" in pdf.read_bytes()


@pytest.mark.parametrize("name", ["handwritten_notes", "check_in 0.5 + show_up 0.5"])
def test_words(name: str) -> None:
    assert "_" not in words(name)


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.texts)


def test_all_panels_have_one_scale(tmp_path: Path) -> None:
    figure = nine_strategies(made_up(check_in=30))
    left, *others = figure.axes
    for axes in others:
        assert left.get_xlim() == axes.get_xlim()
        assert left.get_position().width == pytest.approx(axes.get_position().width)
    assert "scale" not in texts(figure)


def test_the_level_of_waiting_is_said() -> None:
    level = made_up().query("scenario == 'wait'")["reconnected"].mean()
    assert f"With waiting alone: {level:.2f} ties per adopter reconnected" in texts(nine_strategies(made_up()))


def test_a_white_strategy_can_be_seen() -> None:
    runs, legend = made_up(check_in=3), Legend({"check_in": {"colour": "#ffffff"}})
    for axes in nine_strategies(runs, legend=legend).axes:
        for line in axes.lines:
            assert str(line.get_color()).lower() != "#ffffff"
        assert legend.on_white("check_in") in [line.get_color() for line in axes.lines if line.get_marker() == "o"]


def test_one_world_has_no_interval_and_is_said_to_have_none() -> None:
    assert "interval" not in texts(nine_strategies(made_up(worlds=1, check_in=3)))
    assert "95% interval over 2 worlds" in texts(nine_strategies(made_up(worlds=2, check_in=3)))


def test_intervals_are_drawn_over_the_dots() -> None:
    axes = nine_strategies(made_up(check_in=300)).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    intervals = [line for line in axes.lines if line.get_marker() == "|"]
    assert len(dots) == len(intervals) == 9
    for dot, interval in zip(dots, intervals, strict=True):
        assert interval.get_markersize() > dot.get_markersize()
        assert axes.lines.index(interval) > axes.lines.index(dot)
        assert interval.get_color() != dot.get_color()


def test_a_replayed_log_is_named() -> None:
    assert "wall.2009.csv.gz" in texts(nine_strategies(made_up(), "logs/wall.2009.csv.gz"))
    assert "replayed" not in texts(nine_strategies(made_up()))


def test_long_names_and_lines_stay_within_the_figure() -> None:
    mixture = "handwritten_notes 0.333333 + engage_regularly 0.333333 + join_community 0.333333"
    other = mixture.replace("notes", "letters")
    runs = made_up(check_in=3, show_up=2.99).replace({"check_in": mixture, "show_up": other})
    figure = nine_strategies(runs, "logs/a_log_with_quite_a_long_name_of_its_own_for_whatever_reason_there_is.csv.gz")
    figure.canvas.draw()
    renderer = FigureCanvasAgg(figure).get_renderer()
    for text in (*figure.texts, *figure.axes[0].get_yticklabels()):
        box = text.get_window_extent(renderer)
        assert 0 <= box.x0 <= box.x1 <= figure.bbox.width, text
        assert 0 <= box.y0 <= box.y1 <= figure.bbox.height, text


def test_the_footnote_can_be_read_from_the_last_row() -> None:
    figure = nine_strategies(made_up(check_in=3))
    (footnote,) = [text for text in figure.texts if "Simulated, not measured" in text.get_text()]
    assert footnote.get_fontsize() >= 18
    assert footnote.get_color() == INK


ADDED = Legend({"gifts": {"label": "Birthday gifts", "colour": "#117733"}, "letters": {}})


def with_added() -> pd.DataFrame:
    runs = made_up(host_event=4, trade_shows=-3)
    return runs.assign(scenario=runs["scenario"].replace({"host_event": "gifts", "trade_shows": "letters"}))


def test_added_strategies_have_their_labels_and_colours_and_are_marked_as_others_are() -> None:
    figure = nine_strategies(with_added(), legend=ADDED)
    left = figure.axes[0]
    names = {label.get_text(): label.get_color() for label in left.get_yticklabels()}
    assert names["Birthday gifts †"] == "#117733"
    assert names["Letters"] == ADDED.colour("letters")
    assert names["Check in"] == INK
    dots = {line.get_color() for line in left.lines if line.get_marker() == "o"}
    assert {"#117733", ADDED.colour("letters")} < dots
    assert headline(with_added(), ADDED).startswith("“Birthday gifts” reconnected most")
    assert "† used less than 90% of its minutes" in texts(figure)


def test_a_legend_without_labels_and_colours_changes_no_byte(tmp_path: Path) -> None:
    runs = made_up(check_in=3)
    usual = Legend(sim.Parameters().strategies)
    first = save(nine_strategies(runs), tmp_path / "a", "nine_strategies", ORIGIN)
    again = save(nine_strategies(runs, legend=usual), tmp_path / "b", "nine_strategies", ORIGIN)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
