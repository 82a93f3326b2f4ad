"""The tests that docs/security.md names for its promises are there."""

import re

from tests.conftest import ROOT


def named_in(text: str) -> list[tuple[str, str]]:
    """File and function of each test that a text names; ``::test_x`` alone is of the file that was named last."""
    found, file = [], ""
    for here, function in re.findall(r"`((?:sim|experiments|tests)/[\w/]+\.py)?(?:::(test_\w+))?`", text):
        file = here.removeprefix("tests/") or file
        if here or function:
            found.append((file, function))
    return [(file, function) for file, function in found if "test_" in file]


def test_every_test_that_a_promise_names_is_there() -> None:
    named = named_in((ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
    assert len(named) > 20
    for file, function in named:
        path = ROOT / "tests" / file
        assert path.is_file(), file
        assert not function or f"def {function}(" in path.read_text(encoding="utf-8"), f"{file}::{function}"
