"""The fingerprint of the model changes when results can change, and not for what cannot change any."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from numba import config

from sim.model import compiled
from sim.runtime import fingerprint
from sim.runtime.fingerprint import MODEL, code_hash, compiled_folder, fingerprint_of

RULE = '''\
"""A rule."""

import math

from model.numbers import HALF_LIFE as half


def openness(days: float, /, most: float = 1.0) -> float:
    """How open a person still is."""
    # It fades.
    rate = math.log(2) / half
    values = [most * math.exp(-rate * days) for day in (days,)]
    try:
        return values[0]
    except IndexError as problem:
        raise ValueError(problem) from problem
'''
NUMBERS = "HALF_LIFE = 21.0  # days\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of two files, whose `model.json` describes it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "rules.py").write_text(RULE)
    (folder / "numbers.py").write_text(NUMBERS)
    (folder / MODEL).write_text(json.dumps({"fingerprint": "0123456789abcdef", "code": code_hash(folder)}))
    assert fingerprint_of(folder) == "0123456789abcdef"
    return folder


def changed(package: Path, before: str, after: str) -> str:
    """The fingerprint with another text in the file of rules."""
    assert before in RULE
    (package / "rules.py").write_text(RULE.replace(before, after))
    return fingerprint_of(package)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# It fades.", "# It fades, as all does."),
        ('"""How open a person still is."""', '"""Openness today."""'),
        ('"""A rule."""\n', ""),
        ("    rate = math.log(2) / half\n", "\n    rate = (math.log(2) /\n            half)\n"),
        ("rate", "per_day"),
        ("for day in", "for one in"),
        ("problem", "error"),
    ],
    ids=["comment", "docstring", "no docstring", "layout", "local name", "loop variable", "name of an error"],
)
def test_what_cannot_change_a_result_changes_nothing(package: Path, before: str, after: str) -> None:
    assert changed(package, before, after) == "0123456789abcdef"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("math.log(2)", "math.log(3)"),
        ("-rate * days", "-rate + days"),
        ("math.exp", "math.expm1"),
        ("values[0]", "values[-1]"),
        ("most: float = 1.0", "most: float = 0.9"),
        ("days: float, /", "days: int, /"),
        ("for day in (days,)", "for day in (most,)"),
        ("most * math.exp", "day * math.exp"),
        ("HALF_LIFE as half", "OTHER_LIFE as half"),
        ("model.numbers", "model.constants"),
    ],
    ids=["number", "operator", "function", "index", "default", "type", "range", "variable", "import", "module"],
)
def test_what_can_change_a_result_makes_another_model(package: Path, before: str, after: str) -> None:
    found = changed(package, before, after)
    assert found != "0123456789abcdef"
    assert len(found) == 16
    assert changed(package, before, before) == "0123456789abcdef", "and back again"


def test_a_moved_file_is_the_same_model(package: Path) -> None:
    (package / "deeper").mkdir()
    (package / "numbers.py").rename(package / "deeper" / "numbers.py")
    (package / "rules.py").write_text(RULE.replace("model.numbers", "model.deeper.numbers"))
    assert fingerprint_of(package) == "0123456789abcdef"
    (package / "deeper" / "numbers.py").write_text("HALF_LIFE = 22.0\n")
    assert fingerprint_of(package) != "0123456789abcdef", "files in folders of a package count, too"


def test_a_new_file_may_change_results(package: Path) -> None:
    (package / "more.py").write_text("import model.rules\nmodel.rules.half = 3\n")
    assert fingerprint_of(package) != "0123456789abcdef"


def test_names_that_are_no_locals_count() -> None:
    """Of parameters, since callers may write them; of globals; of attributes."""
    tokens = [
        list(fingerprint.tokens_of(source.encode(), set()))
        for source in (
            "def f(a):\n    return a",
            "def f(b):\n    return b",
            "def f(a):\n    global c\n    c = a",
            "def f(a):\n    global d\n    d = a",
            "def f(a):\n    return [day for day in a], day",
            "def f(a):\n    return [x for x in a], x",
            "def f(a):\n    a.one = 1",
            "def f(a):\n    a.two = 1",
        )
    ]
    assert all(one != two for at, one in enumerate(tokens) for two in tokens[:at])


def test_a_damaged_note_in_the_cache_is_made_again(package: Path) -> None:
    whole = code_hash(package)
    (note,) = (fingerprint.cache_folder() / "code").glob("*")
    for damage in ("", "0" * 64, "0" * 64 + " 0123456789abcdef", "\0"):
        note.write_text(damage)
        assert code_hash(package) == whole
        assert note.read_text().split()[0] == whole


def test_the_cache_need_not_be_there(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = code_hash(package)
    (package / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(package / "file"))
    assert code_hash(package) == whole


_WHERE_COMPILED_CODE_IS_KEPT = """
import sys
from importlib import import_module
from numba.core.dispatcher import Dispatcher
for name in sys.argv[1:]:
    import_module(name)
kept = [one.stats.cache_path for module in list(sys.modules.values()) if module.__name__.startswith("sim")
        for one in vars(module).values() if isinstance(one, Dispatcher)]
print(len(kept), *{path for path in kept if path is not None})
"""


@pytest.mark.parametrize("first", ["sim.engine.day", "sim.worlds.communities", "sim.model.chance", "sim.run"])
def test_compiled_code_is_kept_in_the_folder_of_its_version_whatever_is_imported_first(
    first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numba would otherwise keep it next to its source, and not see a change of a rule in another file."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    command = [sys.executable, "-c", _WHERE_COMPILED_CODE_IS_KEPT, first]
    count, *folders = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert int(count) > 10
    assert folders
    assert all(Path(folder).is_relative_to(compiled_folder()) for folder in folders)


def test_code_of_others_keeps_its_own_place() -> None:
    before = config.CACHE_DIR
    compiled.njit(cache=True)(lambda number: number + 1)
    assert before == config.CACHE_DIR
