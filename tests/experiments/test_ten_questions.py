"""Ten questions: the files and commands of the page, in its order and one folder, print each line that it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from experiments import cli
from tests.conftest import ROOT
from tests.experiments.conftest import Rekindle

PAGE = (ROOT / "docs" / "ten_questions.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]


def blocks(section: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def lines(text: str) -> set[str]:
    """The lines without the spaces that tables are set with."""
    return {" ".join(line.split()) for line in text.splitlines() if line.strip(" ─")}


def test_the_commands_of_the_page_work_and_print_what_it_shows(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    for section in SECTIONS:
        printed = ""
        for language, text in blocks(section):
            match language:
                case "toml" | "python":
                    Path(text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
                case "bash":
                    for command in map(shlex.split, text.splitlines()):
                        assert command[0] == "rekindle"
                        outcome = rekindle(*command[1:])
                        assert outcome.code == 0, outcome.err
                        printed += outcome.out
                case "text" if not printed:
                    Path("chat.csv").write_text(text, encoding="utf-8")
                case "text":
                    assert lines(text) - lines(printed) == set(), section.splitlines()[0]
                case _:
                    raise AssertionError(f"nothing runs blocks of {language}")


def test_there_are_ten_and_each_takes_as_many_commands_as_the_page_says() -> None:
    said = {int(number): int(count) for number, count in re.findall(r"^\| \[(\d+)\..*\| (\d+) \|$", PAGE, re.MULTILINE)}
    commands = {
        int(section.split(".")[0]): [line for language, text in blocks(section) if language == "bash"
                                     for line in text.splitlines()]
        for section in SECTIONS
    }  # fmt: skip
    assert said == {number: len(some) for number, some in commands.items()}
    assert list(said) == list(range(1, 11))
    assert {line.split()[1] for some in commands.values() for line in some} <= cli.COMMANDS.keys()
