"""What the pages for contributors say of the code is true: files and names are there, versions and lists agree."""

from __future__ import annotations

import re
import tokenize
import tomllib
from functools import cache
from pathlib import Path

import pytest

from experiments import cli
from tests.conftest import ROOT

PAGES = ("CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md")
SOURCES = ("sim", "experiments", "verification", "tests", "benchmarks")
NOT_IN_GIT = ("NAME", "MODULE", "../", "results/", "~/", ".venv")  # in names that stand for others, or are made later
NOT_OURS = {"fastmath", "make", "CHANNEL_KIND", "Makefile", "MAJOR.MINOR.PATCH"}
FILE = r"\.(py|md|toml|json|txt|cff|png)$"


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def files_of_the_code() -> list[Path]:
    return [path for folder in SOURCES for path in (ROOT / folder).rglob("*.py") if path != Path(__file__)]


@cache
def names_of_the_code() -> set[str]:
    """Modules and all names that code uses, those in strings among them; comments and prose are left out."""
    found = {path.stem for path in files_of_the_code()}
    for path in files_of_the_code():
        with path.open("rb") as lines:
            for token in tokenize.tokenize(lines.readline):
                if token.type == tokenize.NAME:
                    found.add(token.string)
                elif token.type == tokenize.STRING and " " not in token.string:
                    found.update(re.findall(r"\w+", token.string))
    return found


def in_backticks(page: str, pattern: str) -> list[str]:
    """What stands in backticks within a line and is of this form."""
    text = re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
    return [found for found in re.findall(r"`([^`\n]+)`", text) if re.fullmatch(pattern, found)]


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    names = [name for name in in_backticks(page, r"[\w./*~-]+") if "/" in name or re.search(FILE, name)]
    of_the_code = {path.name for path in files_of_the_code()}
    for name in names:
        if not any(part in name for part in NOT_IN_GIT):
            assert name in of_the_code or any(ROOT.glob(name.rstrip("/"))), name
    for link in re.findall(r"\]\(([^)#]+)", text_of(page)):
        assert (ROOT / page).parent.joinpath(link).exists(), link


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_the_code_that_a_page_uses_is_there(page: str) -> None:
    """Modules, functions, classes and constants: one that was renamed is found here."""
    names = {name for name in in_backticks(page, r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*") if not re.search(FILE, name)}
    assert len(names) > 20
    assert {name for name in names - NOT_OURS if not names_of_the_code().issuperset(name.split("."))} == set()


def test_the_glossary_is_in_alphabetical_order() -> None:
    terms = re.findall(r"^- \*\*(.+?)\*\*", text_of("docs/glossary.md"), re.MULTILINE)
    keys = [re.sub(r"[^a-z0-9 ]", "", term.lower().replace("-", " ")) for term in terms]
    assert len(keys) > 80
    assert keys == sorted(set(keys))


def test_every_command_is_in_the_documentation() -> None:
    page = text_of("docs/command_line.md")
    assert [name for name in (*cli.COMMANDS, *cli.GROUPS) if f"rekindle {name}" not in page] == []


def test_every_check_runs_in_make_verify_or_is_named_here() -> None:
    """Those for which `make verify` is not the place are named on the page for contributors."""
    named = text_of("Makefile") + text_of("CONTRIBUTING.md")
    runnable = [path for path in (ROOT / "verification").glob("*.py") if "__main__" in path.read_text(encoding="utf-8")]
    assert len(runnable) > 10
    for path in runnable:
        assert f"verification.{path.stem}" in named or f"verification/{path.name}" in named, path.name


def test_every_parameter_is_read_somewhere_in_the_model() -> None:
    declared = re.findall(r"^    (\w+): (?:float|int) = _", text_of("sim/model/parameters.py"), re.MULTILINE)
    sources = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim").rglob("*.py"))
    used = set(re.findall(r"\.(\w+)", sources)) | set(re.findall(r"(?:value_of\(|Fact\.STANDING, )\"(\w+)\"", sources))
    assert len(declared) > 80
    assert [name for name in declared if name not in used] == []


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    cited = dict(re.findall(r"^([\w-]+): (.+)$", text_of("CITATION.cff"), re.MULTILINE))
    released = re.findall(r"^## (\S+) \(([\d-]+)\)$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert (cited["version"], cited["date-released"]) == released[0]
    assert released[0][0] == version
    assert text_of("CHANGELOG.md").index("## Unreleased") < text_of("CHANGELOG.md").index(f"## {version}")
