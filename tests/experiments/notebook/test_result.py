"""What a notebook reads from a sweep is what the commands print and draw."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from experiments import notebook
from experiments.config.errors import ConfigError
from experiments.sweeps import results, store
from experiments.sweeps.store import StoreError
from tests.experiments.conftest import RUNS, Rekindle

GRID = {
    "sweep.strategies": ["wait", "check_in", "show_up"],
    "sweep.grid": {"parameters.effort_minutes": [60, 240]},
    "sweep.series_days": 7,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("swept")


@pytest.fixture
def result(config: Path, folder: Path, in_threads: None) -> notebook.Sweep:
    """A sweep of three strategies at two levels of effort in three worlds, made once."""
    Path("results").symlink_to(folder)
    return notebook.sweep(config, GRID, progress=False)


def test_the_tables_have_the_same_values(result: notebook.Sweep) -> None:
    pd.testing.assert_frame_equal(result.runs, store.read_table(RUNS)[0])
    pd.testing.assert_frame_equal(result.to_arrow().to_pandas(), result.runs)
    copy = result.to_pandas()
    copy["reconnected"] = 0.0
    assert (result.runs["reconnected"] > 0).any()
    polars = pytest.importorskip("polars")
    found = result.to_polars()
    assert isinstance(found, polars.DataFrame)
    assert found["reconnected"].to_list() == result.runs["reconnected"].to_list()


def test_numbers_are_shared_and_not_copied(result: notebook.Sweep) -> None:
    arrow = result.to_arrow()
    numbers = result.runs.select_dtypes("number")
    shared = [
        result.runs[name].to_numpy().__array_interface__["data"][0] == arrow[name].chunk(0).buffers()[1].address
        for name in numbers
    ]
    assert len(shared) > 50
    assert all(shared)
    pytest.importorskip("polars")
    column = result.to_polars()["reconnected"].to_numpy(allow_copy=False)
    assert np.shares_memory(column, result.runs["reconnected"].to_numpy())


def test_without_polars_it_says_how_to_get_it(result: notebook.Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ModuleNotFoundError, match=r"to_polars needs Polars; install it with `pip install .*\[polars\]"):
        result.to_polars()


@pytest.mark.parametrize(
    ("asked", "options", "words"),
    [
        (("wait",), {}, ("strategy", "--baseline", "wait")),
        (("check_in",), {}, ("strategy", "--baseline", "check_in")),
        (("check_in", "wait"), {"measure": "sent"}, ("check_in", "wait", "--measure", "sent")),
        (("effort_minutes",), {"baseline": 240, "resamples": 3_000},
         ("parameters.effort_minutes", "--baseline", "240", "--resamples", "3000")),
        ((), {"measure": ["sent", "kept"]}, ("strategy", "--measure", "sent", "--measure", "kept")),
    ],
)  # fmt: skip
def test_comparisons_are_those_of_the_command(
    asked: tuple[str, ...], options: dict, words: tuple[str, ...], result: notebook.Sweep, rekindle: Rekindle
) -> None:
    found = result.compare(*asked, **options)
    told = rekindle("compare", *words, "--runs", RUNS, "--format", "json")
    of_command = pd.DataFrame(json.loads(told.out))
    columns = ["measure", "a", "b", "level", "worlds", "left_out", "note"]
    assert found[columns].to_dict("records") == of_command[columns].to_dict("records")
    for name in ("a_mean", "b_mean", "difference", "low", "high"):
        np.testing.assert_allclose(found[name].astype(float), of_command[name].astype(float), rtol=1e-8)
    notes = [re.sub(r"\s+", " ", note) for note in found.attrs["notes"]]
    assert all(note in re.sub(r"\s+", " ", told.err) for note in notes)


def test_histories_are_those_of_its_runs(result: notebook.Sweep) -> None:
    days = result.series()
    assert set(days["id"]) == set(result.runs["id"])
    assert sorted(days["day"].unique()) == [0, 7, 14, 21, 24]
    pd.testing.assert_frame_equal(days, results.load("tiny", table="series"))
    with pytest.raises(StoreError, match=r"--set sweep\.events=true"):
        result.events()
    with pytest.raises(StoreError, match=r"--set sweep\.people=true"):
        result.people()
    assert result.query("SELECT count(*) AS many FROM runs")["many"].tolist() == [len(result.runs)]
    assert list(result.query()["scenario"]) == list(results.query("tiny")["scenario"])


def test_figures_are_those_of_the_command(result: notebook.Sweep, rekindle: Rekindle) -> None:
    asked = {"x": "effort_minutes", "measure": "reconnected"}
    told = rekindle("figure", "tiny", *(word for name, one in asked.items() for word in (f"--{name}", one)))
    (path,) = re.findall(r"Written: (\S+\.png)", told.out)
    drawn = image.imread(io.BytesIO(result.figure(style="talk", **asked)._repr_png_()))
    np.testing.assert_array_equal(drawn, image.imread(path))
    small = image.imread(io.BytesIO(result.figure(**asked)._repr_png_()))
    assert small.shape[:2] == (544, 968)


def test_a_figure_of_indices_is_of_the_strategy_that_is_asked_for(config: Path, in_threads: None) -> None:
    sampled = {
        "method": "morris",
        "points": 2,
        "ranges": {"parameters.effort_minutes": [30, 240], "parameters.ease": [1, 4]},
    }
    changes = {"sweep": {"strategies": ["wait", "check_in", "show_up"], "replicates": 2, "sample": sampled}}
    swept = notebook.sweep(config, changes, progress=False)
    first, second = (swept.figure(strategy=name, measure="sent") for name in ("check_in", "show_up"))
    assert first._repr_png_() == swept.figure(measure="sent")._repr_png_() != second._repr_png_()
    with pytest.raises(ConfigError, match="There is no figure of host_event alone; there is indices-sent-check_in, "):
        swept.figure(strategy="host_event", measure="sent")
    found = swept.sensitivity("sent")
    assert list(found.columns[:4]) == ["factor", "mu_star", "mu_star_conf", "sigma"]
    assert found.groupby("strategy").size().to_dict() == {"wait": 2, "check_in": 2, "show_up": 2}
    with pytest.raises(ConfigError, match=r"measure=snt is not a measure .* did you mean sent\?"):
        swept.sensitivity("snt")


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda one: one.compare("wait", measure="reconected"), "measure=reconected is not a measure"),
        (lambda one: one.compare("effort_minutes", baseline=7), "baseline=7 is not a level of parameters.effort_"),
        (lambda one: one.compare("check_in", "wat"), "'wat' is not an arm or factor"),
        (lambda one: one.figure(x="effort"), "x=effort is no factor of this sweep"),
        (lambda one: one.figure(panel="kept"), "panel=kept is a measure; give it with measure=, and here one of"),
        (lambda one: one.figure(style="poster"), "style=poster is no style; the styles are notebook, talk, paper."),
        (lambda one: one.sensitivity(), "were not drawn for a sensitivity analysis"),
    ],
)  # fmt: skip
def test_errors_name_arguments(call, problem: str, result: notebook.Sweep) -> None:
    with pytest.raises(ConfigError) as error:
        call(result)
    assert problem in str(error.value)
    assert "--" not in str(error.value)


def test_there_is_no_other_argument_of_a_figure(result: notebook.Sweep) -> None:
    with pytest.raises(TypeError, match=r"figure\(\) has no argument z; it has x, y, colour, panel, measure, strategy"):
        result.figure(z="day")


def test_a_sweep_of_the_command_can_be_loaded(result: notebook.Sweep) -> None:
    for loaded in (notebook.load("tiny"), notebook.load("results/tiny"), notebook.load("tiny", results="results")):
        pd.testing.assert_frame_equal(loaded.runs, result.runs)
    with pytest.raises(StoreError, match=r"There is no table results/other/runs\.parquet"):
        notebook.load("other")


def test_a_result_shows_its_arms(result: notebook.Sweep) -> None:
    text, html = repr(result), result._repr_html_()
    said = "Sweep tiny, 18 runs: 6 arms in 3 worlds, none failed. Kept in results/tiny."
    assert text.startswith(said)
    assert html.startswith(f"<p>{said}")
    means = result.runs.groupby("scenario")["reconnected"].mean()
    for arm, mean in means.items():
        assert re.search(rf"{re.escape(arm)} +{mean:.6f}".rstrip("0"), text)
        assert f"<th>{arm}</th>\n      <td>{mean:.3g}</td>" in html
    assert "kept_up" not in text  # which no run of this length has


def test_names_are_escaped_and_many_arms_are_counted(config: Path, in_threads: None) -> None:
    rows = {f"<b>{at}</b>": {"parameters.ease": at / 10} for at in range(13)}
    few = {"sweep": {"strategies": ["wait"], "replicates": 1, "rows": rows}}
    html = notebook.sweep(config, few, progress=False)._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;11&lt;/b&gt;" in html
    assert "… and 1 more arms, see `runs`." in html
