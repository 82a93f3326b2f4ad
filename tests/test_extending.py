"""The page on extending the Mesa model names every method and field that one may use."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import mesa
import pytest

import sim
from sim.reference import records

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
pytestmark = pytest.mark.any_python


def of_mesa() -> set[str]:
    """The names that every model and agent of Mesa has; they differ between its versions."""
    model = mesa.Model()
    return {*dir(model), *dir(mesa.Agent(model)), "datacollector"}


def named_in_page() -> set[str]:
    """Every name in backticks in the section that lists them."""
    section = PAGE.read_text().split("## What you can use and override", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"`(?:\w+\.)*(\w+)`", section))


def public_names(kind: type) -> set[str]:
    """The methods and annotated fields of a class that are defined in this project."""
    own = [each for each in kind.__mro__ if each.__module__.startswith("sim.")]
    names = {name for each in own for name in (*vars(each), *vars(each).get("__annotations__", {}))}
    return {name for name in names - {"observables"} if not name.startswith("_")}  # Mesa 3.5 adds this to each class


@pytest.fixture(scope="module")
def model() -> sim.ReconnectionModel:
    """A model whose people and fields exist."""
    return sim.ReconnectionModel(world=sim.worlds.generated(people=20, burn_in_years=0, seed=1), seed=1)


@pytest.mark.parametrize("kind", [sim.Person, sim.ReconnectionModel])
def test_every_public_method_is_named(kind: type) -> None:
    assert public_names(kind) <= named_in_page()


@pytest.mark.parametrize("kind", [kind for kind in vars(records).values() if dataclasses.is_dataclass(kind)])
def test_every_field_and_method_of_a_record_is_named(kind: type) -> None:
    fields = {field.name for field in dataclasses.fields(kind)}
    assert {kind.__name__, *fields, *public_names(kind)} <= named_in_page()


def test_every_field_of_people_and_model_is_named(model: sim.ReconnectionModel) -> None:
    fields = {*vars(model), *vars(model.people[0])} - of_mesa()
    assert {name for name in fields if not name.startswith("_")} <= named_in_page()


def test_every_name_in_the_page_exists(model: sim.ReconnectionModel) -> None:
    known = public_names(sim.Person) | public_names(sim.ReconnectionModel) | {*vars(model), *vars(model.people[0])}
    for kind in vars(records).values():
        if dataclasses.is_dataclass(kind):
            known |= {kind.__name__, *public_names(kind), *(field.name for field in dataclasses.fields(kind))}
    elsewhere = {"Person", "ReconnectionModel", "people", "PERSON", "rules", "agents", "random", "py"}
    assert named_in_page() <= known | elsewhere
