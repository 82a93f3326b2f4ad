"""Results are pinned, bit for bit, on both engines; a change of them is a new version of the model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.reference.agents import Person
from sim.runtime.fingerprint import PACKAGE, code_hash
from verification import golden

pytestmark = pytest.mark.any_python

PINNED: dict[str, Any] = json.loads(golden.PATH.read_text())
ADVICE = "python -m verification.golden tells what differs; with --accept it writes sim/model.json"


@pytest.mark.parametrize("name", golden.cases())
def test_the_fast_engine_gives_the_pinned_results(name: str) -> None:
    pinned = tuple(PINNED["digests"][f"{name}{part}"] for part in ("", ": log", ": world"))
    assert golden.of_fast_engine(golden.cases()[name]) == pinned, ADVICE


@pytest.mark.parametrize("name", golden.cases())
def test_the_mesa_engine_gives_the_pinned_results(name: str) -> None:
    assert golden.of_mesa_engine(golden.cases()[name]) == PINNED["digests"][name], ADVICE


def test_the_pinned_results_are_of_the_code_as_it_is() -> None:
    assert code_hash(PACKAGE) == PINNED["code"], ADVICE
    names = {f"{name}{part}" for name in golden.cases() for part in ("", ": log", ": world")}
    assert PINNED["digests"].keys() == names


def test_a_changed_rule_changes_a_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that acts seldom: a gesture that nobody notices."""
    case = golden.cases()["check_in"]
    monkeypatch.setattr(Person, "notices", lambda person, gesture, tie: person.id != 7)
    assert golden.of_mesa_engine(case) != PINNED["digests"]["check_in"]


def test_a_digest_is_of_values_and_not_of_names() -> None:
    world = golden.generated(people=10)
    scalars = {"one": 1.0, "none": float("nan")}
    found = golden.digest(world, scalars)
    assert golden.digest(world, {"other": 1.0, "names": -float("nan")}) == found
    ties = world.ties.copy()
    ties["affinity"][0] = np.nextafter(ties["affinity"][0], np.float32(2))
    assert golden.digest(world.copy(ties=ties), scalars) != found
    assert golden.digest(world, scalars | {"one": 2.0}) != found


def test_a_digest_of_tables_sees_every_value_and_no_byte_order() -> None:
    frame = pd.DataFrame({"time": [1, 2], "share": [0.5, np.nan], "kind": ["like", "note"]})
    found = golden.digest_of_frames(frame)
    swapped = frame.assign(time=frame["time"].to_numpy().astype(">i8"), share=frame["share"].to_numpy().astype(">f8"))
    assert golden.digest_of_frames(swapped) == found
    for column, value in (("time", 3), ("share", 0.25), ("kind", "call")):
        changed = frame.copy()
        changed.loc[1, column] = value
        assert golden.digest_of_frames(changed) != found, column


def test_only_a_changed_digest_makes_a_new_version() -> None:
    pinned = {"version": 3, "fingerprint": "f", "worlds": "w", "code": "c", "digests": {"a": "1", "gone": "2"}}
    same = golden.accepted(pinned, {"a": "1", "new": "3"})
    assert (same["version"], same["fingerprint"], same["worlds"]) == (3, "f", "w")
    other = golden.accepted(pinned, {"a": "2", "new": "3"})
    assert (other["version"], other["fingerprint"] != "f") == (4, True)
    assert same["code"] == other["code"] == code_hash(PACKAGE)


def test_a_new_measure_leaves_worlds_as_they_are() -> None:
    """Runs get new ids, and cached worlds stay; a changed world gets both new."""
    digests = {"a": "1", "a: world": "2"}
    pinned = {"version": 3, "fingerprint": "f", "worlds": "w", "code": "c", "digests": digests}
    measured = golden.accepted(pinned, digests | {"a": "5"})
    assert (measured["version"], measured["fingerprint"] != "f", measured["worlds"]) == (4, True, "w")
    changed = golden.accepted(pinned, {"a": "5", "a: world": "6"})
    assert (changed["fingerprint"] != "f", changed["worlds"] != "w") == (True, True)
