"""Forecasts compared on logs: nothing from the future, scores that can be checked, and the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.cli import main
from experiments.commands.benchmarking import plotted, scores_of
from experiments.figures.leaderboard import leaderboard_figure
from experiments.forecasts import leaderboard
from experiments.forecasts.leaderboard import (
    LEARNED,
    MODEL,
    RECALIBRATED,
    TITLES,
    board,
    calibration_slope,
    forecasts_in,
    rfm,
    usual_gap,
)
from experiments.forecasts.mornings import questions
from experiments.logs.log import Log, read
from tests.experiments.forecasts.test_forecast import shuffled_after

DAY = 86_400


def rows(days: int = 400, people: int = 40, seed: int = 1) -> pd.DataFrame:
    """Contacts of pairs with rates of their own, some of which stop for good."""
    random = np.random.default_rng(seed)
    parts = []
    for low in range(people):
        for high in range(low + 1, min(low + 8, people)):
            rate, ends = random.gamma(0.5, 1 / 30), random.uniform(50, 3 * days)
            times = np.cumsum(random.exponential(1 / rate, 60))
            times = times[times < min(days, ends)]
            way = random.random(len(times)) < 0.5
            parts.append(
                pd.DataFrame(
                    {
                        "source": np.where(way, f"p{low}", f"p{high}"),
                        "target": np.where(way, f"p{high}", f"p{low}"),
                        "time": (times * DAY).astype(int),
                    }
                )
            )
    table = pd.concat(parts).sort_values("time", ignore_index=True)
    return table.assign(time=table["time"] - table["time"].min())


@pytest.fixture(scope="module")
def log() -> Log:
    return read(rows())


def test_a_forecast_knows_nothing_of_what_comes_after_its_morning(log: Log) -> None:
    """Chances stay the same if contacts from the morning on are between other people."""
    found = board(log, cuts=[0.6], resamples=0)
    assert found is not None
    (cut,) = found.cuts
    changed = board(read(shuffled_after(rows(), cut, seed=5)), cuts=[0.6], resamples=0)
    assert changed is not None
    assert changed.cuts == found.cuts == [239]
    assert changed.back != found.back
    chances = list(forecasts_in(found.table))
    assert chances == [name for name in TITLES if name not in (MODEL, RECALIBRATED)]
    pd.testing.assert_frame_equal(_sorted(changed.table, chances), _sorted(found.table, chances), rtol=1e-9)


def _sorted(table: pd.DataFrame, chances: list[str]) -> pd.DataFrame:
    """Each forecast's chances in order, because people are numbered as they appear, and so pairs may change places."""
    return pd.DataFrame({name: np.sort(table[name]) for name in chances})


def test_all_forecasts_of_all_mornings_are_scored_together(log: Log) -> None:
    found = board(log, resamples=50)
    assert found is not None
    assert len(found.cuts) == 5
    assert found.within == "40 to 90"
    assert found.back == found.table["came_back"].mean()
    alone = found.scores[found.scores["baseline"].isna() & (found.scores["score"] == "log_loss")].set_index("forecast")
    back = found.table["came_back"].to_numpy()
    for name, row in alone.iterrows():
        chance = found.table[name].to_numpy()
        assert row["value"] == pytest.approx(-np.mean(np.where(back, np.log(chance), np.log1p(-chance))))
    assert alone["value"].idxmin() != "base_rate"
    assert set(found.slopes) == set(alone.index)
    rows = found.rows().set_index("forecast")
    assert rows["log_loss"].is_monotonic_increasing
    assert rows["log_loss"].to_dict() == alone["value"].to_dict()
    apart = rows.loc[LEARNED, "log_loss"] - rows["log_loss"].drop(LEARNED)
    assert rows["learned_minus_value"].drop(LEARNED).to_numpy() == pytest.approx(apart.to_numpy())
    assert (rows["learned_minus_low"] <= rows["learned_minus_high"]).drop(LEARNED).all()
    assert rows["slope"].to_dict() == found.slopes


def test_a_slope_of_one_is_calibrated_and_one_below_is_too_sure() -> None:
    random = np.random.default_rng(3)
    odds = random.normal(-1, 1.5, 40_000)
    back = random.random(len(odds)) < 1 / (1 + np.exp(-odds))
    assert calibration_slope(1 / (1 + np.exp(-odds)), back) == pytest.approx(1, abs=0.05)
    assert calibration_slope(1 / (1 + np.exp(-2 * odds)), back) == pytest.approx(0.5, abs=0.03)
    assert np.isnan(calibration_slope(np.full(len(back), 0.3), back))
    assert np.isnan(calibration_slope(1 / (1 + np.exp(-odds)), np.ones(len(back), bool)))
    for told_apart in (odds > 0, odds < 0):
        assert np.isnan(calibration_slope(1 / (1 + np.exp(-odds)), told_apart))


def test_an_excited_process_without_excitation_is_a_poisson_process() -> None:
    """Contacts at a constant rate: the chance is one minus exp(-rate * days), whatever the silence."""
    random, days, rate, pairs = np.random.default_rng(4), 300, 1 / 60, 2_000
    count = random.poisson(rate * days, pairs)
    of = np.repeat(np.arange(pairs), count)
    table = pd.DataFrame(
        {"source": 2 * of, "target": 2 * of + 1, "time": (random.random(len(of)) * days * DAY).astype(int)}
    )
    log = read(table.sort_values("time", ignore_index=True))
    (asked,) = questions(log, {240: 60}, 30)
    chances = leaderboard._excited(asked)
    assert chances.mean() == pytest.approx(1 - np.exp(-rate * 60), abs=0.03)
    assert chances.std() < 0.05


def test_a_gap_and_a_score_are_what_customer_software_takes_them_for() -> None:
    pairs = pd.DataFrame({"silence": [10.0, 90.0], "contacts": [5, 1], "active_weeks": [4, 1], "tenure": [50.0, 90.0]})
    assert usual_gap(pairs).tolist() == [10.0, 90.0]
    assert rfm(pairs).tolist() == [15.0, 9.0]


def test_a_log_that_is_too_short_has_no_board() -> None:
    assert board(read(rows(days=50)), resamples=0) is None


def test_the_figure_has_a_row_for_each_forecast_and_a_panel_for_each_log(log: Log) -> None:
    found = board(log, cuts=[0.6], resamples=50)
    assert found is not None
    table = scores_of({"one": found, "two": found})
    assert table.groupby("log", sort=False)["log_loss"].is_monotonic_increasing.all()
    shown = plotted(table)
    rows_of_one = found.rows().set_index("forecast")
    worse = rows_of_one["log_loss"].drop(LEARNED) / rows_of_one.loc[LEARNED, "log_loss"] - 1
    assert shown[shown["log"] == "two"].set_index("forecast")["value"].to_dict() == pytest.approx(
        {TITLES[name]: share for name, share in worse.items()}
    )
    assert (shown["low"] <= shown["value"]).all()
    assert (shown["value"] <= shown["high"]).all()
    figure = leaderboard_figure(shown, LEARNED)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["one", "two"]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert sorted(labels) == sorted(TITLES[name] for name in found.slopes if name != LEARNED)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "made_up.csv"
    rows().to_csv(path, index=False)
    return path


def test_the_command_prints_a_table_and_writes_a_figure(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["benchmark-forecasts", str(file), "--resamples", "50", "--results", str(tmp_path / "results")])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "learned (Rekindle)" in said
    assert "silent pairs on 5 mornings (days 199, 239, 279, 318, 358)" in said
    written = {path.name for path in (tmp_path / "results" / "forecast_benchmark").iterdir()}
    assert written == {"scores.csv", "leaderboard.png", "leaderboard.svg", "leaderboard.pdf"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cuts", "0.5,1.2"], "expected shares of a log's time between 0 and 1"),
        (["--cuts", "half"], "expected shares of a log's time between 0 and 1"),
        (["--observed", "other.csv=ids.txt"], "expected LOG=FILE, where LOG is one of the logs given"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    file: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["benchmark-forecasts", str(file), *arguments])
    assert left.value.code == 2
    assert said in capsys.readouterr().err
