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
    of_world, of_log = golden.of_fast_engine(golden.cases()[name])
    pinned = PINNED["digests"]
    assert (of_world, of_log) == (pinned[name], pinned[f"{name}: log"]), ADVICE


@pytest.mark.parametrize("name", golden.cases())
def test_the_mesa_engine_gives_the_pinned_results(name: str) -> None:
    assert golden.of_mesa_engine(golden.cases()[name]) == PINNED["digests"][name], ADVICE


def test_the_pinned_results_are_of_the_code_as_it_is() -> None:
    assert code_hash(PACKAGE) == PINNED["code"], ADVICE
    assert PINNED["digests"].keys() == {*golden.cases(), *(f"{name}: log" for name in golden.cases())}


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
    said = {"version": 3, "fingerprint": "f", "code": "c", "digests": {"a": "1", "gone": "2"}}
    same = golden.accepted(said, {"a": "1", "new": "3"})
    assert (same["version"], same["fingerprint"]) == (3, "f")
    other = golden.accepted(said, {"a": "2", "new": "3"})
    assert (other["version"], other["fingerprint"] != "f") == (4, True)
    assert same["code"] == other["code"] == code_hash(PACKAGE)
