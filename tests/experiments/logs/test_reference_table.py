"""A reference table is a function of its design, whatever stops the process that makes it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from experiments.config.errors import ConfigError
from experiments.logs import reference_table as module
from experiments.logs.calibrate import Range
from experiments.logs.levels import LEVELS, MEAN
from experiments.logs.reference_table import (
    COMMON,
    SPREAD,
    TABLE,
    WIDE,
    Design,
    RealLog,
    TableRow,
    placed,
    real_log,
    row_of,
    rows_of,
    share_of,
    varied,
)
from experiments.logs.simulated import Window
from sim.contact_logs import LogError

REAL = {MEAN: 2.0, "sends_per_week_q90": 6.0, "sends_per_week_q50": 1.0, "gone": 0.2, "arrived": math.nan}
ROWS = 6


@pytest.fixture(autouse=True, scope="module")
def _stubbed() -> Iterator[None]:
    """Simulated logs stand for smooth functions of their parameters, in no time; sometimes nobody writes."""

    def simulated_log(parameters: sim.Parameters, window: Window, *, seed: int, threads: int) -> tuple[float, ...]:
        if seed % 7 == 0:
            raise LogError("Nobody wrote to anybody.")
        return parameters.routine_rate, parameters.spell_sd, parameters.closeness_gain, float(seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "simulated_log", simulated_log)
        patch.setattr(module, "measured", lambda log: dict(zip("abcd", log, strict=True)) | {"missing": math.nan})
        patch.setattr(os, "fsync", lambda _: None)  # no power fails here, and thousands take their time
        yield


def design(seed: int = 1, **changes: Any) -> Design:
    logs = tuple(
        real_log(name, REAL, Window(40, 80, 0.1), sim.Parameters(routine_rate=rate))
        for name, rate in (("wall", 0.05), ("mail", 0.5))
    )
    return replace(Design(logs, seed=seed), **changes)


def made(folder: Path, rows: int = ROWS, of: Design | None = None) -> list[TableRow]:
    return rows_of(of or design(), rows, folder, say=print)


def same(one: list[TableRow], other: list[TableRow]) -> bool:
    return repr(one) == repr(other)  # in which nan equals nan


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 80_000), max_size=3))
def test_any_number_of_kills_gives_the_same_table(cuts: list[int]) -> None:
    """A kill leaves the file cut anywhere, even within its first line."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        whole, folder = made(Path(place) / "whole"), Path(place) / "killed"
        for cut in cuts:
            made(folder)
            path = folder / TABLE
            path.write_bytes(path.read_bytes()[:cut])
        assert same(made(folder), whole)


def test_a_longer_table_begins_like_a_shorter_one(tmp_path: Path) -> None:
    short = made(tmp_path / "short", 3)
    assert same(made(tmp_path / "long", 9)[:3], short)
    assert same(made(tmp_path / "short", 9), made(tmp_path / "long", 9))
    assert same(made(tmp_path / "long", 3), short)  # the rest stays in the file
    assert same([row_of(design(), number) for number in range(3)], short)


def test_rows_and_logs_differ_and_so_do_seeds() -> None:
    one, other, reseeded = row_of(design(), 0), row_of(design(), 1), row_of(design(seed=2), 0)
    assert one.common != other.common
    assert one.common != reseeded.common
    assert one.values["wall"]["b"] == one.values["mail"]["b"] == one.common["spell_sd"]  # it is common to all logs
    assert one.values["mail"]["a"] > 3 * one.values["wall"]["a"]  # levels are a log's own
    assert one.values["wall"]["d"] != one.values["mail"]["d"]  # seeds


def test_a_row_in_which_nobody_wrote_is_empty() -> None:
    rows = [row_of(design(), number) for number in range(60)]
    assert any(row.values["wall"] == {} for row in rows)
    assert any(row.values["wall"] != {} for row in rows)


def test_another_design_is_refused(tmp_path: Path) -> None:
    made(tmp_path)
    with pytest.raises(ConfigError, match=r"has a table with another seed\. Name another folder with --output"):
        made(tmp_path, of=design(seed=2))
    with pytest.raises(ConfigError, match="another prior"):
        made(tmp_path, of=design(prior=(Range("spell_sd", 0.2, 1.5),)))


def test_a_damaged_row_is_an_error_that_names_its_line(tmp_path: Path) -> None:
    made(tmp_path)
    path = tmp_path / TABLE
    path.write_bytes(path.read_bytes().replace(b"spell_sd", b"spell_xx", 2))  # of the design and the first row
    with pytest.raises(ConfigError, match=r"table\.jsonl, line 1: damaged, but 6 valid lines follow"):
        made(tmp_path)


def test_levels_vary_around_what_was_read_by_the_spread_of_their_statistic() -> None:
    log = design().logs[1]
    assert [level.parameter for level in log.levels] == ["routine_rate", "sociability_sd", "leaving_rate"]
    random = np.random.default_rng(1)
    drawn = [varied(log, random) for _ in range(2_000)]
    rates, sds = (np.array([one[name] for one in drawn]) for name in ("routine_rate", "sociability_sd"))
    assert np.log(rates).mean() == pytest.approx(math.log(0.5), abs=0.04)
    assert np.log(rates).std() == pytest.approx(LEVELS[0].gain * WIDE["routine_rate"], rel=0.06)
    assert sds.std() == pytest.approx(LEVELS[1].gain * SPREAD, rel=0.06)
    assert (LEVELS[1].low <= sds).all()


def test_common_parameters_are_no_levels() -> None:
    log = real_log("wall", {**REAL, "signature_top3": 0.4}, Window(40, 80), sim.Parameters())
    assert "affinity_sd" in {one.name for one in COMMON}
    assert "affinity_sd" not in {level.parameter for level in log.levels}
    own = real_log("wall", {**REAL, "signature_top3": 0.4}, Window(40, 80), sim.Parameters(), COMMON[:1])
    assert "affinity_sd" in {level.parameter for level in own.levels}


@pytest.mark.parametrize("one", COMMON, ids=lambda one: one.name)
def test_the_prior_is_uniform_on_its_scale_and_allowed(one: Range) -> None:
    shares = np.linspace(0, 1, 5)
    numbers = np.array([placed(one, float(share)) for share in shares])
    np.testing.assert_allclose(share_of(one, numbers), shares, atol=1e-12)
    assert numbers[0] == pytest.approx(one.low)
    assert numbers[-1] == pytest.approx(one.high)
    middle = math.sqrt(one.low * one.high) if one.high / max(one.low, 1e-9) > 10 and one.low > 0 else None
    assert numbers[2] == pytest.approx(middle if middle else (one.low + one.high) / 2)
    for number in (one.low, one.high):
        kind = sim.Parameters.model_fields[one.name].annotation
        sim.Parameters.model_validate({one.name: round(number) if kind is int else number})


def test_a_log_that_says_nothing_has_no_levels() -> None:
    log = RealLog("wall", {}, Window(40, 80), sim.Parameters(), ())
    assert varied(log, np.random.default_rng(1)) == {}
