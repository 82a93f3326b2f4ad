"""docs/odd.md names what exists: parameters, fields of people and ties, and functions; and leaves none out."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

import pytest

import sim
from sim.model.parameters import Parameters
from sim.state.population import PERSON, TIE
from tests.conftest import ROOT

NAMED = r"`([A-Za-z_][\w.]*)`"
TYPES = ("PERSON", "TIE", "GESTURE", "PLAN")  # of `sim.state.population`
OTHERS = {"burn_in_years", "code", "Core.step", "rekindle"}


@cache
def page() -> str:
    return (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", page(), re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@cache
def functions() -> dict[str, set[str]]:
    """The functions and classes of each module of the model, by the module's last name."""
    found: dict[str, set[str]] = {}
    for package in (sim.model, sim.engine, sim.worlds):  # type: ignore[attr-defined]
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            names = vars(importlib.import_module(module.name))
            callables = {name for name, value in names.items() if callable(value)}
            found.setdefault(module.name.rsplit(".", 1)[1], set()).update(callables)
    return found


@pytest.mark.parametrize(("title", "names"), [("Person", PERSON.names), ("Tie", TIE.names)])
def test_the_tables_have_each_field_once(title: str, names: tuple[str, ...]) -> None:
    fields = [cells[0].strip("`") for cells in rows(title)]
    assert sorted(fields) == sorted(names)


def test_every_parameter_is_in_the_table_of_submodels() -> None:
    named = set(re.findall(NAMED, section("7. Submodels")))
    assert Parameters.model_fields.keys() - named == set()


def test_every_submodel_is_a_function_and_its_parameters_exist() -> None:
    table = rows("7. Submodels")
    assert len(table) > 25
    for _, of, parameters in table:
        assert re.findall(NAMED, of), of
        for name in re.findall(NAMED, of):
            module, function = name.split(".")
            assert function in functions()[module], name
        for name in re.findall(NAMED, parameters):
            assert name in Parameters.model_fields, name


def test_every_other_name_exists() -> None:
    """Whatever else stands in backticks is a parameter, a field, a function, a type, or a file."""
    known = {*Parameters.model_fields, *PERSON.names, *TIE.names, *TYPES, *OTHERS, *set().union(*functions().values())}
    for name in re.findall(r"`([^`\n]+)`", page()):
        if "/" in name:
            assert (ROOT / name).exists(), name
        elif "." not in name and " " not in name:
            assert name in known, name


def test_all_seven_elements_and_eleven_concepts_are_there() -> None:
    """Grimm et al. 2020."""
    assert re.findall(r"^## (\d)", page(), re.MULTILINE) == list("1234567")
    concepts = (
        "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing", "Interaction",
        "Stochasticity", "Collectives", "Observation",
    )  # fmt: skip
    text = section("4. Design concepts")
    assert re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE) == list(concepts)


def test_links_lead_somewhere() -> None:
    for link, anchor in re.findall(r"\]\(([^)#]+)(?:#([\w-]+))?\)", page()):
        path = ROOT / "docs" / link
        assert path.exists(), link
        heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
        assert not anchor or anchor in anchors, (link, anchor)
