from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.logs import calibrate as module
from experiments.logs.absences import absences
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
    proposed,
    ranges_of,
    read_ledger,
)
from experiments.logs.contact_log import values
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.published import facts, ties_of
from experiments.logs.simulated import (
    Window,
    lived,
    simulated_facts,
    simulated_log,
    simulated_values,
    window_of,
)
from experiments.logs.trials import Trial, trials_in
from experiments.logs.writing import written
from sim.contact_logs import LogError
from sim.engine.day import Core
from tests.conftest import ROOT

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
    assert whole.trials == len((tmp_path / "parts" / "trials.jsonl").read_text().splitlines()) - 1 == 7
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
    for path in (ROOT / "docs" / "ledgers").glob("*.json"):
        assert read_ledger(path).trials > 0


def test_trials_are_counted_as_they_are_made(tmp_path: Path) -> None:
    """The best is found, whichever it is, and what the simulated logs say at the start and there."""
    told: list[tuple[int, int]] = []
    real, search = simulated_log(LIVELY, WINDOW, seed=9), Search(FIT, AIMS, WINDOW, 1)
    calibrate(real, search, name="own", trials=2, folder=tmp_path, progress=lambda *done: told.append(done))
    ledger = calibrate(real, search, name="own", trials=4, folder=tmp_path, progress=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2), (3, 4), (4, 4)]
    with trials_in(
        tmp_path, json.loads((tmp_path / "trials.jsonl").read_text().splitlines()[0])["search"], print
    ) as kept:
        done = kept.done
    best = min(done, key=lambda trial: trial.loss)
    assert (ledger.found, ledger.loss, ledger.simulated) == (best.numbers, best.loss, best.simulated)
    assert (ledger.start, ledger.loss_at_start) == (done[0].numbers, done[0].loss)
    assert (ledger.simulated_at_start, ledger.real) == (done[0].simulated, {aim: values(real)[aim] for aim in AIMS})
    for trial in done:
        found = values(simulated_log(changed(sim.Parameters(), trial.numbers), WINDOW, seed=1))
        assert trial.simulated == {aim: found[aim] for aim in AIMS}
        assert trial.loss == misfit(found, ledger.real)


def test_statistics_that_a_log_is_too_short_for_are_left_out_and_a_world_without_words_is_no_error(
    tmp_path: Path,
) -> None:
    real = simulated_log(LIVELY, WINDOW, seed=9)
    aims = ("first_answered_7d", "hazard_per_day_180_365")
    fit = (Range("routine_rate", 0.0, 0.1),)
    base = sim.Parameters(routine_rate=0, birthday_noticed=0, feed_rate=0, encounter_rate=0)
    search = Search(fit, aims, WINDOW, 1, base)
    with pytest.raises(ConfigError, match="Nobody wrote in any of the 1 worlds"):
        calibrate(real, search, name="own", trials=1, folder=tmp_path)
    ledger = calibrate(real, search, name="own", trials=3, folder=tmp_path)
    assert set(ledger.real) == {"first_answered_7d"}
    assert ledger.loss < ledger.loss_at_start == np.inf
    assert np.isnan(ledger.simulated_at_start["first_answered_7d"])
    with pytest.raises(ConfigError, match="own is too short"):
        calibrate(real, Search(fit, aims[1:], WINDOW, 1, base), name="own", trials=1, folder=tmp_path)


def test_a_statistic_of_zero_has_no_ratio_and_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "values", lambda _: dict(zip(AIMS, (0.5, 0.0), strict=True)))
    real = simulated_log(LIVELY, WINDOW, seed=9)
    ledger = calibrate(real, Search(FIT, AIMS, WINDOW, 1), name="own", trials=1, folder=tmp_path)
    assert ledger.real == {AIMS[0]: 0.5}
    assert ledger.loss == 0


def test_another_search_does_not_go_into_the_same_folder(tmp_path: Path) -> None:
    fitted(tmp_path, 1)
    with pytest.raises(ConfigError, match="another seed"):
        fitted(tmp_path, 1, seed=2)


def test_the_seed_of_a_search_is_one_unless_another_is_given() -> None:
    assert Search(FIT, AIMS, WINDOW).seed == 1


def test_the_same_seed_gives_the_same_log_on_any_number_of_threads() -> None:
    one, two = (simulated_log(LIVELY, WINDOW, seed=3, threads=threads) for threads in (1, 2))
    other = simulated_log(LIVELY, WINDOW, seed=4)
    assert (one.time == two.time).all()
    assert (one.source == two.source).all()
    assert len(other) != len(one) or (other.time != one.time).any()
    assert window_of(one).people == one.people


@pytest.mark.parametrize(
    ("people", "days", "window"),
    [(1, 0.4, (2, 1)), (2, 1.4, (2, 1)), (3, 1.6, (3, 2)), (4_000, 90.0, (4_000, 90)), (4_001, 90.0, (4_000, 90))],
)
def test_a_window_has_the_size_of_a_log_within_reason(people: int, days: float, window: tuple[int, int]) -> None:
    log: Any = SimpleNamespace(people=people, days=days, observed=None, since_start=np.array([0.0, 1.0]))
    assert window_of(log) == Window(*window, burn_in_years=1.0)
    assert window_of(SimpleNamespace(**vars(log) | {"since_start": np.array([0.0, 86_400.0])})).whole_days  # type: ignore[arg-type]
    assert window_of(log, most_people=3).people == min(3, window[0])


def test_a_simulated_log_has_what_is_written_on_each_day_at_its_second() -> None:
    world = sim.worlds.generated(people=60, burn_in_years=0.1, seed=3, parameters=LIVELY, cache=False)
    core = Core(world, seed=3)
    sent = [written(core.step().sent) for _ in range(120)]
    times = [day * 86_400 + second for day, some in enumerate(sent) for second in np.unique(some["second"]).tolist()]
    threads = numba.get_num_threads()
    log, after = lived(LIVELY, WINDOW, seed=3)
    assert numba.get_num_threads() == threads
    assert np.diff(np.unique(log.time)).tolist() == np.diff(times).tolist()
    assert (after.day, len(after)) == (world.day + 120, 60)


def test_facts_of_a_simulated_log_and_of_the_world_after_it_are_one_table() -> None:
    log, world = lived(LIVELY, WINDOW, seed=3)
    found = simulated_facts(LIVELY, WINDOW, 3)
    assert found.index.to_list() == list(range(len(found)))
    in_log, absent = facts(log, ties=ties_of(world)), absences(world, seed=3)
    assert found["fact"].to_list() == [*in_log["fact"], *absent["fact"]]
    assert found["value"].to_list() == pytest.approx([*in_log["value"], *absent["value"]], nan_ok=True)
    assert simulated_values(LIVELY, WINDOW, 3) == pytest.approx(values(log), nan_ok=True)


def test_worlds_of_a_search_do_not_fill_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    real = sim.worlds.generated
    monkeypatch.setattr(sim.worlds, "generated", lambda **options: asked.append(options) or real(**options))
    simulated_log(LIVELY, WINDOW, seed=3)
    assert [options["cache"] for options in asked] == [False]


def test_a_silent_world_says_so() -> None:
    silent = sim.Parameters(routine_rate=0, birthday_noticed=0, feed_rate=0, encounter_rate=0)
    with pytest.raises(LogError):
        simulated_log(silent, WINDOW, seed=1)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("rutine_rate", "did you mean routine_rate"),
        ("routine_rate=0.5", "write routine_rate=LOW:HIGH"),
        ("routine_rate=0.5:0.1", "from 0 to 100"),
        ("routine_rate=a:b", "from 0 to 100"),
        ("routine_rate=0:999", "from 0 to 100"),
        ("gestures.like.source", "no parameter"),
    ],
)
def test_an_impossible_range_says_what_to_write(wish: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ranges_of([wish])


def test_ranges_are_taken_from_the_parameters_or_from_the_wish() -> None:
    own, wished = ranges_of(["answer_strength", "routine_rate=0.01:0.5"])
    assert (own.low, own.high, own.by_factor) == (-5, 5, False)
    assert (wished.low, wished.high, wished.by_factor) == (0.01, 0.5, True)


def test_a_range_is_searched_by_factors_if_it_spans_more_than_tenfold() -> None:
    spans = [(0.1, 1.0), (0.0999, 1.0), (0.0, 1.0), (-1.0, 20.0), (1.0, 10.1)]
    assert [Range("ease", *span).by_factor for span in spans] == [False, True, False, False, True]


def test_a_wish_may_have_the_very_limits_of_a_parameter_and_no_others() -> None:
    (whole,) = ranges_of(["routine_rate=0:100"])
    assert (whole.low, whole.high) == (0, 100)
    for wish in ("routine_rate=0:100.1", "routine_rate=-0.1:10", "routine_rate=1:1", "routine_rate=:1"):
        with pytest.raises(ConfigError, match="from 0 to 100"):
            ranges_of([wish])
    with pytest.raises(ConfigError, match="same parameter twice"):
        ranges_of(["routine_rate", "routine_rate=0:1"])


def test_a_statistic_that_never_happens_counts_as_wrong_by_ten() -> None:
    real = {"reactivated_30d": 0.4}
    assert misfit({"reactivated_30d": 0.0}, real) == pytest.approx(misfit({"reactivated_30d": 0.04}, real))


def trials(*losses: float) -> list[Trial]:
    """Trials at different places, with these losses."""
    places = [{"routine_rate": 0.1 + 0.03 * k, "gestures.message.answer": -2 + 0.2 * k} for k in range(len(losses))]
    return [Trial(place, {}, loss) for place, loss in zip(places, losses, strict=True)]


def test_twice_as_many_trials_as_parameters_are_drawn_at_random_and_later_ones_follow_the_losses() -> None:
    def follows(count: int) -> bool:
        losses = [float(k) for k in range(count)]
        return proposed(FIT, trials(*losses), 1) != proposed(FIT, trials(*losses[::-1]), 1)

    assert [follows(count) for count in (2, 3, 4, 5)] == [False, False, True, True]


def test_no_two_trials_of_a_search_are_drawn_alike_and_seeds_may_be_large() -> None:
    drawn = [tuple(proposed(FIT, trials(*[1.0] * count), seed).values()) for count in (1, 2, 3) for seed in range(30)]
    assert len(set(drawn)) == len(drawn)
    for seed in (4_294, 4_295, 8_000, 2**40):
        found = proposed(FIT, trials(1.0), seed)
        assert all(one.low <= found[one.name] <= one.high for one in FIT)


def test_statistics_that_are_held_out_cannot_be_fitted() -> None:
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
