"""Python files of the user's: texts that runs carry, and names that are found without executing a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.model.python_files import LARGEST_FILE, FunctionFile, PythonFileError, carrying, read

CODE = """\
from math import sqrt as root
import numpy.linalg

if True:
    def one(): return 1
else:
    class Two: pass
a, (b, *c) = 1, (2, 3)
"""


@pytest.mark.parametrize("name", ["root", "numpy", "one", "Two", "a", "b", "c"])
def test_names_are_found_without_executing_a_file(name: str) -> None:
    FunctionFile("mine.py", name, CODE + "raise SystemExit\n").require_name()


def test_a_name_that_is_not_there_is_missed_unless_the_text_cannot_tell() -> None:
    with pytest.raises(PythonFileError, match=r"^names mine.py:onee, and the file has no onee; did you mean one\?"):
        FunctionFile("deep/mine.py", "onee", CODE).require_name()
    with pytest.raises(PythonFileError, match=r"the file has no zzzzzz; it has one, Two$"):
        FunctionFile("mine.py", "zzzzzz", CODE).require_name()  # what it imports is no remedy
    for more in ("from math import *\n", "globals()['onee'] = 1\n"):
        FunctionFile("mine.py", "onee", CODE + more).require_name()
    with pytest.raises(PythonFileError, match=r"^names mine.py, which is not valid Python: .*\(line 1\)"):
        FunctionFile("mine.py", "x", "def f(:\n").require_name()


def test_a_text_that_is_carried_counts_and_others_are_read_once(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.py", tmp_path / "other.py"
    mine.write_text("x = 1\n")
    other.write_text("x = 2\n")
    with carrying({str(mine): "x = 3\n"}) as texts:
        assert read(str(mine), "x").load() == 3
        assert read(str(other), "x").load() == 2
        other.write_text("x = 4\n")
        assert read(str(other), "x").load() == 2
        assert texts == {str(mine): "x = 3\n", str(other): "x = 2\n"}
    assert (read(str(mine), "x").load(), read(str(other), "x").load()) == (1, 4)


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    large, binary = tmp_path / "large.py", tmp_path / "binary.py"
    large.write_text("#" * (LARGEST_FILE + 1))
    binary.write_bytes(b"\xff\xfe")
    wanted = {large: "more than the limit", binary: "not in UTF-8", tmp_path: "cannot be read: Is a directory"}
    for path, words in wanted.items():
        with pytest.raises(PythonFileError, match=words):
            read(str(path), "x")
    with pytest.raises(PythonFileError, match=r"no such file; did you mean large.py\?"):
        read(str(tmp_path / "larg.py"), "x")
