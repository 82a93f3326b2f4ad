"""The page on notebooks and the notebooks themselves: all of their code runs, at toy size."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from experiments import notebook
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "notebook.md"
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
TOY = {
    "world.people": 40,
    "world.burn_in_years": 0,
    "run.adopters": 4,
    "run.strategy_days": 20,
    "run.follow_up_days": 241,
    "sweep.replicates": 2,
}
pytestmark = pytest.mark.usefixtures("config", "in_threads")


@pytest.fixture(autouse=True)
def at_toy_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps without mistakes are made in small worlds, and figures are not shown."""
    real = notebook.sweep

    def small(config: Any, changes: Mapping[str, Any] | None = None, **options: Any) -> notebook.Sweep:
        toy = {} if "world.peple" in config else TOY
        return real(config, {**(changes or {}), **toy}, **options)

    monkeypatch.setattr(notebook, "sweep", small)
    monkeypatch.setattr(plt, "show", lambda: None)


def executed(code: str, names: dict[str, Any]) -> Any:
    """Execute a cell; returns the value of its last expression, as a notebook shows it."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if isinstance(last, ast.Expr) else None


def shown(value: Any) -> bool:
    """Whether a notebook shows a value as more than text."""
    return any(hasattr(value, name) for name in ("_repr_html_", "_repr_png_"))


def test_the_code_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = PAGE.read_text("utf-8")
    blocks, names = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE), dict[str, Any]()
    values = [executed(block, names) for block in blocks]
    assert isinstance(values[0], notebook.Sweep)
    (printed,) = re.findall(r"This prints:\n\n```\n(.*?)```", text, re.DOTALL)
    assert capsys.readouterr().out == printed
    assert Path("effort.pdf").exists()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    codes = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    values = [executed(code, names) for code in codes]
    assert sum(map(shown, values)) >= 4
    plt.close("all")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))
    for cell in stored["cells"]:
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)
    assert stored["metadata"].keys() == {"kernelspec", "language_info"}
    links = re.findall(r"\]\((?!http)([^)#]+)", json.dumps(stored))
    assert links
    assert all((path.parent / link).exists() for link in links)


def test_the_page_names_every_method() -> None:
    text = PAGE.read_text("utf-8")
    public = {name for name in vars(notebook.Sweep) if not name.startswith("_")} - {"table", "name", "folder"}
    assert [name for name in sorted(public) if not re.search(rf"\b{name}\b", text)] == []
    assert all(f"notebook.{name}" in text for name in notebook.__all__ if name != "Sweep")
    assert {path.name for path in NOTEBOOKS} == set(re.findall(r"\(notebooks/(\S+?)\)", text))
