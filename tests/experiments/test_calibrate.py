from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.logs.calibrate import (
    ALLOWED,
    LEDGER,
    PARAMETERS,
    Ledger,
    Range,
    Search,
    aims_of,
    calibrate,
    changed,
    misfit,
    number_at,
    ranges_of,
    read_ledger,
)
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.simulated import Window, simulated_log, window_of
from sim.contact_logs import LogError

WINDOW = Window(people=60, days=120, burn_in_years=0.1)
FIT = (Range("routine_rate", 0.02, 0.6), Range("gestures.message.answer", -3.0, 1.0))
AIMS = ("first_answered_7d", "sends_per_week_q50")
LIVELY = sim.Parameters(routine_rate=0.2, gestures={"message": {"answer": 0.0}})


def fitted(folder: Path, trials: int, seed: int = 1) -> Ledger:
    real = simulated_log(LIVELY, WINDOW, seed=9)
    return calibrate(real, Search(FIT, AIMS, WINDOW, seed), name="own", trials=trials, folder=folder)


def test_what_a_fit_may_use_are_statistics() -> None:
    assert set(ALLOWED) <= set(STATISTICS)


@given(st.dictionaries(st.sampled_from(ALLOWED), st.floats(0.01, 100), min_size=1), st.floats(0.1, 10))
def test_the_misfit_is_least_where_all_agree_and_grows_with_each_ratio(real: dict[str, float], ratio: float) -> None:
    assert misfit(real, real) == 0
    off = {name: value * ratio for name, value in real.items()}
    further = {name: value * ratio**2 for name, value in real.items()}
    assert misfit(off, real) <= misfit(further, real)
    assert misfit(off, real) == pytest.approx(np.log1p((np.log(ratio) / 0.15) ** 2))
    assert misfit(dict.fromkeys(real, np.nan), real) == pytest.approx(np.log1p((np.log(0.1) / 0.15) ** 2))


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = fitted(tmp_path / "whole", 7)
    fitted(tmp_path / "parts", 3)
    parts = fitted(tmp_path / "parts", 7)
    assert parts == whole
    assert whole.loss <= whole.loss_at_start
    assert whole.start == {"routine_rate": sim.Parameters().routine_rate, "gestures.message.answer": number_at(
        sim.Parameters(), "gestures.message.answer")}  # fmt: skip


def test_the_ledger_is_kept_and_its_parameters_are_an_experiment(tmp_path: Path) -> None:
    ledger = fitted(tmp_path, 2)
    assert read_ledger(tmp_path / LEDGER) == ledger
    experiment = load(tmp_path / PARAMETERS)
    assert experiment.parameters == ledger.parameters()
    assert set(ledger.real) == set(ledger.simulated) == set(AIMS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"loss": ', '"loss": "low", "was": '),
        ('"start": {', '"start": 3, "was": {'),
        ('"fitted": [', '"fitted": [3, '),
        ('"found": {"routine_rate": 0.2', '"found": {"routine_rat": 0.2'),
        ('"found": {"routine_rate": 0.2', '"found": {"routine_rate.low": 0.2'),
        ('"found": {"routine_rate": 0.2', '"found": {"routine_rate": -1'),
        ("{", "[" * 100_000),
    ],
)
def test_a_ledger_that_no_calibration_wrote_is_named(tmp_path: Path, before: str, after: str) -> None:
    numbers = {"routine_rate": 0.2}
    ledger = Ledger(
        log="own", fitted=(Range("routine_rate", 0.1, 0.3),), start=numbers, found=numbers, real={},
        simulated_at_start={}, simulated={"isolated": np.nan}, loss_at_start=np.inf, loss=1.0, trials=1, window=WINDOW,
        seed=1, model="", commit=None,
    )  # fmt: skip
    sound = json.dumps(asdict(ledger))
    (tmp_path / "sound.json").write_text(sound)
    assert read_ledger(tmp_path / "sound.json").loss_at_start == np.inf
    assert before in sound
    (tmp_path / "wrong.json").write_text(sound.replace(before, after, 1))
    with pytest.raises(ConfigError, match=r"wrong\.json is not a ledger, or is damaged"):
        read_ledger(tmp_path / "wrong.json")


def test_the_ledger_of_the_docs_can_be_read() -> None:
    for path in (Path(__file__).parents[2] / "docs" / "ledgers").glob("*.json"):
        assert read_ledger(path).trials > 0


def test_another_search_does_not_go_into_the_same_folder(tmp_path: Path) -> None:
    fitted(tmp_path, 1)
    with pytest.raises(ConfigError, match="another seed"):
        fitted(tmp_path, 1, seed=2)


def test_the_same_luck_gives_the_same_log_on_any_number_of_threads() -> None:
    one, two = (simulated_log(LIVELY, WINDOW, seed=3, threads=threads) for threads in (1, 2))
    other = simulated_log(LIVELY, WINDOW, seed=4)
    assert (one.time == two.time).all()
    assert (one.source == two.source).all()
    assert len(other) != len(one) or (other.time != one.time).any()
    assert window_of(one).people == one.people


def test_a_silent_world_says_so() -> None:
    silent = sim.Parameters(routine_rate=0, birthday_noticed=0, feed_rate=0, encounter_rate=0)
    with pytest.raises(LogError):
        simulated_log(silent, WINDOW, seed=1)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("rutine_rate", "did you mean routine_rate"),
        ("routine_rate=0.5", "write routine_rate=LOW:HIGH"),
        ("routine_rate=0.5:0.1", "from 0 to 10"),
        ("routine_rate=a:b", "from 0 to 10"),
        ("routine_rate=0:99", "from 0 to 10"),
        ("gestures.like.source", "no parameter"),
    ],
)
def test_a_range_that_can_not_be_says_what_to_write(wish: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ranges_of([wish])


def test_ranges_are_taken_from_the_parameters_or_from_the_wish() -> None:
    own, wished = ranges_of(["answer_strength", "routine_rate=0.01:0.5"])
    assert (own.low, own.high, own.by_factor) == (-5, 5, False)
    assert (wished.low, wished.high, wished.by_factor) == (0.01, 0.5, True)


def test_what_is_held_out_can_not_be_fitted() -> None:
    assert aims_of([]) == ALLOWED
    with pytest.raises(ConfigError, match="held out"):
        aims_of(["clustering"])
    with pytest.raises(ConfigError, match="did you mean isolated"):
        aims_of(["isolatet"])


def test_changes_reach_into_tables_and_keep_whole_numbers_whole() -> None:
    changes = changed(sim.Parameters(), {"gestures.note.minutes": 12.0, "tie_capacity": 99.7, "ladders.feed_like": 0.5})
    assert changes.gestures["note"].minutes == 12
    assert changes.tie_capacity == 100
    assert changes.ladders.feed_like == 0.5
