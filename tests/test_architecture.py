"""Imports run one way, functions are short, and names are not used twice. docs/architecture.md draws the map."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

MOST_LEVELS = 8
MOST_LINES = 60  # of code in a function, without its docstring, blank lines and comments
MOST_PARAMETERS = 8  # of a function

# What each package may import at run time, within its half of the program. `experiments` may import all of `sim`.
ALLOWED = {
    "sim.model": "",
    "sim.contact_logs": "",
    "sim.state": "model",
    "sim.engine": "model state",
    "sim.own_outcomes": "model state",
    "sim.measures": "model state engine own_outcomes",
    "sim.runtime": "model state engine measures contact_logs",
    "sim.run": "model state engine own_outcomes measures runtime",
    "sim.gpu": "model state engine runtime",
    "sim.worlds": "model state engine runtime run contact_logs",
    "sim.reference": "model state engine own_outcomes measures run worlds",
    "experiments.terminal": "",
    "experiments.provenance": "terminal",
    "experiments.config": "terminal",
    "experiments.analysis": "terminal provenance config",
    "experiments.imports": "",
    "experiments.logs": "terminal provenance config analysis",
    "experiments.explain": "config logs",
    "experiments.figures": "terminal config analysis logs",
    "experiments.forecasts": "terminal config analysis imports logs",
    "experiments.rivals": "terminal logs",
    "experiments.sweeps": "terminal provenance config analysis logs",
    "experiments.watch": "terminal config sweeps",
    "experiments.essay": "terminal provenance config analysis logs figures sweeps",
    "experiments.sweep_figures": "terminal config analysis explain figures sweeps",
    "experiments.notebook": "terminal provenance config analysis explain figures sweeps sweep_figures",
    "experiments.commands": "terminal provenance config analysis imports logs rivals explain figures forecasts sweeps "
    "sweep_figures watch essay",
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


def test_nothing_private_of_another_module_is_used() -> None:
    """Such as ``store._parts``, where ``store`` is a module of ours, or a private attribute of a class of it."""
    used = []
    for file in files():
        tree = ast.parse(file.read_text("utf-8"))
        ours = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("sim", "experiments")
            for alias in node.names
        }
        for node in ast.walk(tree):
            private = isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr)
            if private and isinstance(node.value, ast.Name) and node.value.id in ours:
                used.append(f"{file.relative_to(ROOT)}: {node.value.id}.{node.attr}")
    assert [one for one in used if not re.search(r"\._(replace|asdict|fields|make|field_defaults)$", one)] == []


Function = ast.FunctionDef | ast.AsyncFunctionDef


def code_lines(function: Function, source: list[str]) -> int:
    """Lines of a function's body, without its docstring, blank lines and comments."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    lines = source[body[0].lineno - 1 : function.end_lineno] if body else []
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def parameters(function: Function) -> int:
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def over_a_limit(file: str, text: str) -> Iterator[str]:
    """The functions that are too long, or have too many parameters, without a reason in their docstring.

    A command of `experiments.commands` may give the reason in the docstring of its module, because its own is its help.
    A class documents the parameters of its `__init__`, so the reason may be there.
    """
    tree, source = ast.parse(text), text.splitlines()
    of_module = ast.get_docstring(tree) if file.startswith("experiments/commands/") else None
    top = set(tree.body)
    of_class = {
        member: ast.get_docstring(kind)
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef)
        for member in kind.body
        if getattr(member, "name", "") == "__init__"
    }
    for function in ast.walk(tree):
        if isinstance(function, Function):
            is_command = function in top and not function.name.startswith("_")
            docstrings = f"{ast.get_docstring(function) or of_class.get(function)}\n{of_module if is_command else None}"
            lines, count = code_lines(function, source), parameters(function)
            for reason, over in (("Long", lines > MOST_LINES), ("Many parameters", count > MOST_PARAMETERS)):
                if over and not re.search(rf"(^|[.!?]\s+){reason} because", docstrings, re.MULTILINE):
                    yield f"{file}: {function.name}"


def test_functions_are_short_and_have_few_parameters_or_a_reason() -> None:
    found = {
        name for file in files() for name in over_a_limit(file.relative_to(ROOT).as_posix(), file.read_text("utf-8"))
    }
    assert sorted(found) == []


def test_the_limits_of_functions_are_found() -> None:
    names = ", ".join(f"p{k}" for k in range(MOST_PARAMETERS + 1))
    wide = f"def wide({names}):\n    pass\n"
    assert list(over_a_limit("sim/a.py", wide)) == ["sim/a.py: wide"]
    assert list(over_a_limit("sim/a.py", wide.replace("pass", '"""Do. Many parameters because of a test."""'))) == []
    long = "def long():\n    # why\n\n" + "    x = 1\n" * (MOST_LINES + 1)
    assert list(over_a_limit("sim/a.py", long)) == ["sim/a.py: long"]
    assert list(over_a_limit("sim/a.py", long.replace("    # why", '    """Do.\n\n    Long because it is."""'))) == []
    assert list(over_a_limit("sim/a.py", long.replace("    x = 1\n", "", 1))) == []
    commands = f'"""Do.\n\nMany parameters because each option is one.\n"""\n{wide}'
    assert list(over_a_limit("sim/a.py", commands)) == ["sim/a.py: wide"]
    assert list(over_a_limit("experiments/commands/a.py", commands)) == []


def test_a_class_name_means_one_thing() -> None:
    defined = defaultdict(list)
    for file in files():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                defined[node.name].append(str(file.relative_to(ROOT)))
    assert {name: where for name, where in defined.items() if len(where) > 1} == {}
