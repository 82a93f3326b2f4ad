"""Settings given as a dict in Python: the same experiment, and the same errors, as from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.config import toml_text
from experiments.config.errors import ConfigError
from experiments.config.reading import load, settings_in

SETTINGS: dict[str, Any] = {
    "world.people": 40,
    "world.parameters.ties_at_start": 50,
    "run.strategy": {"check_in": 0.5, "show_up": 0.5},
    "run.adopters": [1, 2],
    "sweep.strategies": ["wait", {"check_in": 0.25, "show_up": 0.75}],
    "sweep.replicates": 3,
    "sweep.grid.parameters.effort_minutes": {"from": 15, "to": 120, "count": 4},
    "sweep.rows.a row. with a dot.parameters.ease": 2.0,
    "gestures.like.opens_door": 0.25,
    "strategies.memo.whom": "ties, silent for at least {quiet} days",
    "strategies.memo.what": "message",
    "strategies.memo.quiet": 60,
    "strategies.memo.session_minutes": 10,
    "measures.calls.sql": "SELECT count(*) FROM events",
}
ROW = "sweep.rows.a row. with a dot.parameters.ease"  # whose name can only be given in a table


def nested(given: dict[str, Any]) -> dict[str, Any]:
    """The same settings as tables in tables."""
    tables: dict[str, Any] = {}
    for path, value in given.items():
        keys = ["sweep", "rows", "a row. with a dot", "parameters", "ease"] if path == ROW else path.split(".")
        table = tables
        for key in keys[:-1]:
            table = table.setdefault(key, {})
        table[keys[-1]] = value
    return tables


@given(st.lists(st.sampled_from(list(SETTINGS)), unique=True), st.data())
def test_a_dict_is_what_a_file_would_be(names: list[str], data: st.DataObject) -> None:
    """However its paths are divided between tables and dotted keys."""
    names += [name for name in SETTINGS if name.startswith("strategies.") and name not in names]
    chosen = {name: SETTINGS[name] for name in names}
    whole = nested(chosen)
    dotted = data.draw(st.sets(st.sampled_from([name for name in names if name != ROW] or [""])))
    mixed = {name: SETTINGS[name] for name in dotted if name}
    mixed |= nested({name: value for name, value in chosen.items() if name not in dotted})
    of_tables, of_both = (load(None, given=list(settings_in(one))) for one in (whole, mixed))
    assert of_tables == of_both
    text = toml_text.lines(settings_in(mixed))
    assert load(None, given=list(settings_in(toml_text.parsed(text)))) == of_tables


def test_a_dict_changes_a_file_and_keeps_the_rest_of_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[world]\npeople = 40\nseed = 7\n[run]\nstrategy = { check_in = 0.5, show_up = 0.5 }\n")
    changed = load(file, given=list(settings_in({"world": {"people": 60}, "run.strategy": {"wait": 1.0}})))
    assert (changed.world.people, changed.world.seed, changed.run.strategy) == (60, 7, {"wait": 1.0})
    assert load(file, ["world.people=70"], given=[(("world", "people"), 60)]).world.people == 70


def test_numbers_of_numpy_and_ranges_are_numbers_and_lists() -> None:
    values = {"a": np.int64(3), "b": np.linspace(0.0, 1.0, 3), "c": range(2), "d": (1, np.float64(0.5)), "e": Path("x")}
    found = dict(settings_in(values))
    assert found == {("a",): 3, ("b",): [0.0, 0.5, 1.0], ("c",): [0, 1], ("d",): [1, 0.5], ("e",): "x"}
    assert [type(found["a",]), type(found["b",][0]), type(found["d",][1])] == [int, float, float]


def test_files_are_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = {
        "world.log": "wall.csv",
        "run.stop": "mine.py:stop",
        "measures.busy.function": "mine.py:Busy",
        "parameters.strategies.own.function": "mine.py:choose",
        "strategies.own.function": "mine.py:choose",
        "name": "mine.py",
    }
    found = {".".join(path): value for path, value in settings_in(named)}
    assert found == {path: value if path == "name" else str(tmp_path / value) for path, value in named.items()}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"world.peple": 500}, "world.peple = 500: there is no such setting; did you mean world.people?"),
        ({"world": {"people": -3}}, "world.people = -3: expected a whole number from 2 to 10,000,000 "),
        ({"sweep.grid": {"run.adopters": []}}, "sweep.grid.run.adopters = []: expected a list of levels"),
        ({"sweep.grid.run.adopters": ["x"]}, 'the level "x": expected a count'),
        ({3: 4}, "3 is no setting; a key is the path of one, such as 'world.people'."),
        ({"world.people": 1, "run.seed": "a"}, "The dict of settings has 2 errors:\n  "),
    ],
)  # fmt: skip
def test_a_wrong_setting_has_its_path_its_value_and_what_is_expected(given: dict[Any, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(None, given=list(settings_in(given)))
    assert problem in str(error.value)


def test_a_change_of_a_file_is_not_said_to_be_on_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[world]\npeople = 40\n")
    with pytest.raises(ConfigError) as error:
        load(file, given=list(settings_in({"world.people": 1})))
    assert str(error.value).startswith(f"{file}, world.people = 1: expected")
