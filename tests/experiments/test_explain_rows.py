"""Explanations of strategies, gestures and places, of the model and of a file, and of their phrases."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.config.catalogue import range_of, settings_of, short_name
from experiments.config.reading import load
from experiments.config.rows import MODELS
from experiments.explain import close_names, entries_of, explained, within
from sim.model.grammar import MEASURED, NAMED, ORDERS, SOURCES, STATES
from sim.model.parameters import Parameters
from sim.model.strategies import STRATEGIES, StrategyRow
from tests.experiments.conftest import Rekindle, refused

OWN = """
[strategies.birthday_calls]
whom = "ties, birthday within {ahead} days"
what = "voice_memo"
session_minutes = 15
ahead = 3
[strategies.check_in]
message_share = 0.4
[gestures.voice_memo]
based_on = "message"
source = "a guess"
[places.gym]
based_on = "hangout"
[tags]
friends = [3, 17]
[ladders]
private_voice_memo = 1.5
"""


@pytest.fixture
def own(config: Path) -> Path:
    config.write_text(config.read_text() + OWN)
    return config


def test_every_number_of_a_file_is_explained_with_value_range_and_source(own: Path) -> None:
    experiment = load(own)
    known = entries_of(experiment)
    tables = ("parameters.strategies.", "parameters.gestures.", "parameters.places.", "parameters.ladders.")
    numbers = {".".join(path): field for path, field in settings_of(experiment).items() if range_of(field)}
    there = {name for name in numbers if name.startswith(tables)}
    absent = {name for name in there if ".ladders." in name and not explained(short_name(name), known)}
    assert {name for name in absent if name.endswith("_voice_memo")} == {
        f"parameters.ladders.{channel}_voice_memo" for channel in ("feed", "in_person")
    }, "steps that nobody gave are not listed"
    for name in there - absent:
        for written in (name, short_name(name)):
            (entry,) = explained(written, known)
            assert entry.sort == "parameter"
            assert {"Value", "Range", "Meaning", "Source", "Assumed"} <= entry.facts.keys(), name


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_is_explained_under_both_of_its_names_with_all_its_numbers(name: str) -> None:
    (entry,) = explained(name)
    assert explained(f"strategies.{name}") == [entry]
    assert set(STRATEGIES[name].numbers) <= entry.facts.keys()
    assert {"session_minutes", "sessions", "Source", "Assumed"} <= entry.facts.keys()
    for number, value in STRATEGIES[name].numbers.items():
        (one,) = explained(f"strategies.{name}.{number}")
        assert (float(one.facts["Value"]), one.facts["Unit"]) == (value, "probability")
    for field in StrategyRow.model_fields:
        assert len(explained(f"parameters.strategies.{name}.{field}")) == 1


@pytest.mark.parametrize("table", MODELS)
def test_a_field_is_explained_whatever_its_row(table: str, own: Path) -> None:
    """With its unit and range, if it is a number, and its values in the rows that have it."""
    known, parameters = entries_of(load(own)), load(own).parameters
    for name, field in MODELS[table].model_fields.items():
        if name in ("whom", "what"):  # which are explained as phrases
            continue
        (entry,) = explained(f"{table}.{name}", known)
        assert (entry.sort, entry.facts["Meaning"]) == ("field", field.description)
        assert ("Range" in entry.facts) == (range_of(field) is not None)
        assert ("Unit" in entry.facts) or range_of(field) is None
        assert entry in explained(name, known)
    (minutes,) = explained("session_minutes", known)
    assert (minutes.facts["Unit"], minutes.facts["Range"]) == ("minutes", "0 … 10,000")
    values = dict(line.split(": ") for line in minutes.facts["Values"].splitlines())
    assert values == {name: f"{row.session_minutes:g}" for name, row in parameters.strategies.items() if name != "wait"}
    (attendance,) = explained("attendance", known)
    assert attendance.facts["In the essay's places"] == "hangout_attendance 0.2, group_attendance 0.7"
    assert "a row must give it" in explained("minutes", known)[0].facts["Default"]


def test_short_names_of_numbers_and_steps_and_near_names_of_fields() -> None:
    assert [entry.name for entry in explained("message_share")] == ["strategies.check_in.message_share"]
    assert [entry.name for entry in explained("private_message")] == ["ladders.private_message"]
    assert close_names("sesion_minutes")[0] == "session_minutes"
    assert close_names("basedon")[0] == "based_on"
    assert len(explained("based_on")) == 3


def test_values_of_a_file_are_shown_beside_those_that_ship(own: Path) -> None:
    known = entries_of(load(own))
    (share,) = explained("strategies.check_in.message_share", known)
    assert (share.facts["Value"], share.facts["Default"]) == ("0.4", "0.7")
    (ahead,) = explained("strategies.birthday_calls.ahead", known)
    assert (ahead.facts["Value"], ahead.facts["Unit"], ahead.facts["Range"]) == ("3", "days", "0 … 364")
    (minutes,) = explained("gestures.voice_memo.minutes", known)
    assert minutes.facts["Source"] == "a guess"
    assert explained("birthday_calls") == explained("voice_memo") == [], "the next reader does not see them"
    assert {entry.name for entry in within("strategies", known)} == {*STRATEGIES, "birthday_calls"}


def test_all_phrases_are_listed() -> None:
    (whom,) = explained("whom")
    assert whom.facts["Sources"].splitlines() == list(SOURCES)
    assert whom.facts["Orders"].splitlines() == list(ORDERS)
    (conditions,) = explained("conditions")
    assert conditions.facts["Conditions"].splitlines() == list(STATES)
    assert len(conditions.facts["With a number"].splitlines()) == len(MEASURED)
    assert [line.removesuffix(" NAME") for line in conditions.facts["With a name"].splitlines()] == list(NAMED)
    assert len(explained("what")) == 1


def test_outcomes_of_added_gestures_are_explained(own: Path) -> None:
    known = entries_of(load(own))
    for name in ("sent_voice_memo", "answered_voice_memo"):
        (entry,) = explained(name, known)
        assert "voice_memo" in entry.facts["Meaning"]
        assert entry.facts["Unit"] == "gestures per person"
        assert explained(name) == []


def test_the_command_lists_rows_and_takes_a_file(own: Path, rekindle: Rekindle) -> None:
    said = rekindle("explain", "strategies").out
    assert all(name in said for name in STRATEGIES)
    assert "birthday_calls" not in said
    assert "birthday_calls" in rekindle("explain", "strategies", "--config", own).out
    assert "voice_memo" in rekindle("explain", "gestures", "--config", own).out
    assert "gym" in rekindle("explain", "places", "--config", own).out
    assert "birthday within {ahead} days" in rekindle("explain", "birthday_calls", "--config", own).out
    assert "add --config FILE" in refused(rekindle("explain", "birthday_calls"))
    assert "did you mean birthday_calls?" in refused(rekindle("explain", "birthday_cals", "--config", own))


def test_plan_and_sweep_warn_of_strategies_that_no_arm_follows(own: Path, rekindle: Rekindle, in_threads: None) -> None:
    warned = "No arm follows the strategy birthday_calls; add it to sweep.strategies"
    few = ("--set", "sweep.replicates=1", "--set", "world.people=20")
    assert warned in rekindle("plan", own).err
    assert warned in rekindle("sweep", own, *few).err
    arms = ("--set", 'sweep.strategies=["wait", "birthday_calls", "check_in"]')
    assert "No arm follows" not in rekindle("plan", own, *arms).err
    assert Parameters().strategies == STRATEGIES


def test_results_and_comparisons_take_short_names_of_factors(own: Path, rekindle: Rekindle, in_threads: None) -> None:
    changes = ["sweep.grid.strategies.check_in.message_share=[0.2, 0.8]", 'sweep.strategies=["wait", "check_in"]']
    swept = rekindle("sweep", own, *(part for change in changes for part in ("--set", change)))
    assert swept.code == 0, swept.err
    query = 'SELECT DISTINCT "strategies.check_in.message_share" FROM runs ORDER BY 1'
    assert rekindle("results", "tiny", query, "--format", "csv").out.split()[1:] == ["0.2", "0.8"]
    for name in ("strategies.check_in.message_share", "parameters.strategies.check_in.message_share"):
        compared = rekindle("compare", name, "--runs", "results/tiny/runs.parquet", "--format", "csv")
        assert compared.code == 0, compared.err
        assert compared.out
