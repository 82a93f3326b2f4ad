"""Imports run one way. docs/architecture.md draws the map that this file enforces."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

MOST_LEVELS = 8

# What each package may import at run time, within its half of the program. `experiments` may import all of `sim`.
ALLOWED = {
    "sim.model": "",
    "sim.contact_logs": "",
    "sim.state": "model",
    "sim.engine": "model state",
    "sim.measures": "model state engine",
    "sim.runtime": "model state engine measures contact_logs",
    "sim.run": "model state engine measures runtime",
    "sim.gpu": "model state engine runtime",
    "sim.worlds": "model state engine runtime run contact_logs",
    "sim.reference": "model state engine measures run worlds",
    "experiments.terminal": "",
    "experiments.provenance": "terminal",
    "experiments.config": "terminal",
    "experiments.analysis": "terminal provenance config",
    "experiments.logs": "terminal provenance config analysis",
    "experiments.explain": "config logs",
    "experiments.figures": "terminal config analysis logs",
    "experiments.forecasts": "terminal config analysis logs",
    "experiments.sweeps": "terminal provenance config analysis logs",
    "experiments.watch": "terminal config sweeps",
    "experiments.essay": "terminal provenance config analysis logs figures sweeps",
    "experiments.commands": "terminal provenance config analysis logs explain figures forecasts sweeps watch essay",
    "experiments.cli": "terminal config sweeps commands",
}


def files() -> Iterator[Path]:
    for half in ("sim", "experiments"):
        yield from (ROOT / half).rglob("*.py")


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def package_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Modules that a file imports at run time, also within functions, and the names that it takes from them."""
    tree = ast.parse(file.read_text())
    for_types = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in for_types and not node.level:
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import) and node not in for_types:
            yield from ((alias.name, "") for alias in node.names)


def target(module: str, name: str) -> str:
    """The module that an import needs: ``from sim import rules`` needs ``sim.rules`` if that is a module."""
    whole = ROOT / module.replace(".", "/") / name
    return f"{module}.{name}" if name and (whole.with_suffix(".py").exists() or whole.is_dir()) else module


@cache
def edges() -> set[tuple[str, str, str]]:
    """Which package imports which, and in which file."""
    return {
        (package_of(module_of(file)), package_of(target(*one)), str(file.relative_to(ROOT)))
        for file in files()
        for one in imports(file)
        if one[0].split(".")[0] in ("sim", "experiments")
    }


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_what_it_may(package: str) -> None:
    half = package.split(".")[0]
    may = {f"{half}.{name}" for name in ALLOWED[package].split()} | {package, half}
    for one, other, file in edges():
        if one == package and other.startswith(f"{half}."):
            assert other in may, f"{file} imports {other}, which {package} may not: see docs/architecture.md"


def test_the_model_knows_nothing_of_experiments() -> None:
    assert [edge for edge in edges() if edge[0].startswith("sim") and edge[1].startswith("experiments")] == []


def test_every_package_is_on_the_map() -> None:
    assert {package_of(module_of(file)) for file in files()} - {"sim", "experiments"} == ALLOWED.keys()


@pytest.mark.parametrize("half", ["sim", "experiments"])
def test_there_are_few_levels_and_no_cycle(half: str) -> None:
    allowed = {f: {f"{half}.{name}" for name in ALLOWED[f].split()} for f in ALLOWED if f.startswith(half)}
    level: dict[str, int] = {}
    for package in TopologicalSorter(allowed).static_order():  # which raises if there is a cycle
        level[package] = 1 + max((level[other] for other in allowed[package]), default=0)
    assert max(level.values()) <= MOST_LEVELS


def test_modules_within_a_package_have_no_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for file in files():
        module = module_of(file)
        found = {target(*one) for one in imports(file) if one[0].split(".")[0] in ("sim", "experiments")}
        graph[module] = {other for other in found if other.count(".") == 2} - {module}
    list(TopologicalSorter(graph).static_order())


def test_nothing_private_is_taken_from_another_module() -> None:
    taken = [
        f"{file.relative_to(ROOT)}: {module}.{name}"
        for file in files()
        for module, name in imports(file)
        if module.split(".")[0] in ("sim", "experiments") and name.startswith("_")
    ]
    assert taken == []
