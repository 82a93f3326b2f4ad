"""What the answers rest on, from made-up effects over real draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.verdicts import Ruling, Verdict
from experiments.config.reading import load
from experiments.essay import rests_on
from experiments.essay.essay import BY_NAME, JudgedClaim, drawn
from experiments.essay.findings import ClaimFinding
from experiments.essay.findings.effects import Effect, MainEffect
from experiments.figures import BLUE, VERMILLION
from experiments.figures.page import STYLES
from experiments.sweeps.sweep_result import SweepResult
from tests.conftest import ROOT

WORLDS = 240


def claim(name: str, number: str | None, slope: float = 1.0) -> JudgedClaim:
    """A claim with an effect that grows with one number, if any, beside chance."""
    (sweep, *_) = BY_NAME[name].sweeps
    runs = pd.DataFrame({"replicate": range(WORLDS), "people": 240})
    swept = SweepResult(load(ROOT / "configs" / f"{sweep}.toml"), runs, [], {}, Path())
    assert swept.experiment.sweep is not None
    of_all = swept.experiment.sweep.model_copy(update={"replicates": WORLDS})
    swept = replace(swept, experiment=swept.experiment.model_copy(update={"sweep": of_all}))
    ranks = np.zeros(len(swept.levels)) if number is None else swept.levels[number].rank(pct=True).to_numpy()
    chance = np.random.default_rng(len(name)).normal(0, 0.2, (len(ranks), 2))
    main = MainEffect(sweep, Effect("an effect", slope * ranks[:, None] + chance), digits=2)
    finding = ClaimFinding(Ruling(Verdict.HOLDS), "An effect.", main, (), {}, ())
    return JudgedClaim(BY_NAME[name], finding, finding.ruling, {sweep: swept})


DOOR, EASE = "gestures.like.opens_door", "closeness_meeting"


def test_the_table_begins_with_the_number_that_matters() -> None:
    table = rests_on.table(claim("one_like", DOOR))
    first = table.iloc[0]
    assert len(table) == 5
    assert (first["number"], first["beyond chance"]) == (f"`{DOOR}`", "yes")
    assert float(first["rank correlation"]) > 0.5
    low, high = (float(first[name]) for name in table.columns[-2:])
    assert high - low == pytest.approx(2 / 3, abs=0.1), "of ranks from 0 to 1, the upper third less the lower"
    share, conf = first["share of the variance (first-order Sobol index)"].rstrip("%)").split("% (± ")
    assert abs(int(share) - 100) <= 2 * int(conf), "nothing else makes draws differ"
    assert list(table["beyond chance"][1:]) == ["no"] * 4


def test_the_figure_has_every_number_that_matters_and_says_which_moves_most() -> None:
    report = [claim("one_like", DOOR), claim("barrier", DOOR, -1.0), claim("naturals", EASE), claim("in_touch", None)]
    picture = rests_on.picture(report)
    data = picture.data.set_index(["number", "claim"])
    assert list(dict.fromkeys(picture.data["number"])) == ["like opens door", "closeness meeting"]
    assert list(dict.fromkeys(picture.data["claim"])) == ["one like", "barrier", "naturals", "in touch"]
    assert data.loc[("like opens door", "one like"), "correlation"] > 0.5
    assert data.loc[("like opens door", "barrier"), "correlation"] < -0.5
    assert data["beyond_chance"].sum() == 3
    numbers = report[0].sweeps["one_like"].levels.shape[1]
    assert picture.words.title == (
        f"2 of {numbers} unmeasured numbers move an answer beyond chance:\n"
        "3 of 4 answers, 2 of them by “like opens door”"
    )
    assert max(map(len, picture.words.title.split("\n"))) <= 62, "as many letters as a title has room for"
    axes = drawn(picture, STYLES["talk"]).axes[0]
    colours = {
        tuple((255 * one[:3]).round().astype(int)) for marks in axes.collections for one in marks.get_facecolor()
    }
    assert colours == {tuple(bytes.fromhex(one[1:])) for one in (BLUE, VERMILLION)}


def test_numbers_for_which_the_figure_has_no_room_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    report = [claim("one_like", DOOR), claim("barrier", DOOR, -1.0), claim("naturals", EASE), claim("in_touch", None)]
    whole = rests_on.picture(report)
    monkeypatch.setattr(rests_on, "_MOST_ROWS", 1)
    cut = rests_on.picture(report)
    assert cut.data["number"].nunique() == 1
    assert cut.words.title == whole.words.title
    assert cut.words.footer == f"{whole.words.footer} The 1 numbers that move most answers are shown."


def test_with_nothing_beyond_chance_the_figure_says_so() -> None:
    picture = rests_on.picture([claim("one_like", None)])
    assert not picture.data["beyond_chance"].any()
    assert picture.words.title.endswith("draws, too few to tell")
    assert drawn(picture, STYLES["paper"]).axes


def test_with_too_few_draws_only_numbers_beyond_chance_are_listed() -> None:
    """Rank correlations of 164 numbers over 25 draws are large by chance, and shares of the variance unknown."""

    def fewer(one: JudgedClaim) -> JudgedClaim:
        ((name, swept),) = one.sweeps.items()
        values = one.finding.main.effect.values.copy()
        values[25:] = np.nan
        main = one.finding.main._replace(effect=one.finding.main.effect._replace(values=values))
        return replace(one, finding=replace(one.finding, main=main), sweeps={name: swept})

    none = rests_on.table(fewer(claim("one_like", None)))
    assert none.to_dict("records") == [{"number": "none found", "rank correlation": "–", "beyond chance": "–"}]
    some = rests_on.table(fewer(claim("one_like", DOOR, 10.0)))
    assert some["number"].to_list() == [f"`{DOOR}`"]
    assert list(some.columns) == list(none.columns)
