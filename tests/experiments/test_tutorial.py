"""The tutorial: its files are experiments, its commands work in its order, and print what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from experiments import cli
from experiments.config.reading import load
from tests.conftest import ROOT
from tests.experiments.conftest import Rekindle

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
TOY = ("world.people=40", "run.adopters=3", "run.strategy_days=20", "sweep.replicates=2")


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d]{2,}", text))


def test_the_commands_of_the_tutorial_work_and_print_what_it_shows(
    config: Path, rekindle: Rekindle, in_threads: None
) -> None:
    toy = [word for change in TOY for word in ("--set", change)]
    printed, ran = "", set()
    for language, text in BLOCKS[1:]:
        match language:
            case "toml":
                Path("first.toml").write_text(text, encoding="utf-8")
                assert load(Path("first.toml")).sweep is not None
            case "bash":
                for command in map(shlex.split, text.splitlines()):
                    assert command[0] == "rekindle"
                    outcome = rekindle(*command[1:], *(toy if command[1] == "sweep" else ()))
                    assert outcome.code == 0, outcome.err
                    printed = outcome.out
                    ran.add(command[1])
            case "text":
                assert words(text) - words(printed) == set()
            case _:
                raise AssertionError(f"nothing runs blocks of {language}")
    assert ran == {"sweep", "compare", "figure", "explain", "new"}


def test_the_tutorial_installs_what_there_is() -> None:
    language, text = BLOCKS[0]
    assert language == "bash"
    assert [(ROOT / path).exists() for path in re.findall(r"--constraint (\S+) \.$", text, re.MULTILINE)] == [True]
    assert {line.split()[1] for line in text.splitlines() if line.startswith("rekindle ")} <= cli.COMMANDS.keys()
