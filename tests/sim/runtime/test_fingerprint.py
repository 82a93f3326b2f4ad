"""The fingerprint of the model changes when results can change, and not for what cannot change any."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sim.runtime import fingerprint
from sim.runtime.fingerprint import MODEL, PACKAGE, code_hash, fingerprint_of

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


def test_the_folder_of_compiled_code_is_chosen_before_any_code_of_the_model_is_defined() -> None:
    """Numba would keep what is defined earlier next to its source, and not see a change of a rule in another file."""
    before, chosen, _ = (PACKAGE / "__init__.py").read_text().partition("numba.config.CACHE_DIR = str(")
    assert chosen
    files = [before, *((PACKAGE / "runtime" / name).read_text() for name in ("__init__.py", "fingerprint.py"))]
    at_run_time = [file.partition("if TYPE_CHECKING:")[0] for file in files]
    assert re.findall(r"^(?:from|import) sim\b.*$", "\n".join(at_run_time), re.MULTILINE) == [
        "from sim.runtime import fingerprint"
    ]
