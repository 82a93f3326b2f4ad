"""Build the site of the documentation: `python docs/build_site.py FOLDER`, or `make docs`.

The pages of the repository keep their places, so that their links work on the site as well. The reference is written
here, from the program. Any warning of Sphinx is an error: a broken link, or a page that is in none of the lists below.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import ismodule
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import Any

os.environ["NUMBA_DISABLE_JIT"] = "1"  # compiled functions are documented as the Python that they are

import typer
from sphinx.cmd.build import main as sphinx
from typer.cli import get_docs_for_click

import sim
from experiments import cli
from experiments.explain import Entry, entries

ROOT = Path(__file__).parents[1]
COPIED = (".pre-commit-config.yaml", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "configs", "docs")

# Page of names: its title, the sorts of entries of `rekindle explain` on it, and its first words.
EXPLAINED = {
    "settings": (
        "Settings of experiment files",
        ("setting",),
        "Each setting by its path in the file. `--set PATH=VALUE` changes it for one command. The settings in "
        "`[parameters]` are on the pages [Parameters](parameters.md), [Gestures](gestures.md) and "
        "[Strategies](strategies.md).",
    ),
    "parameters": (
        "Parameters",
        ("parameter",),
        "The numbers of the model, each with its unit, range and source. A number that nobody has measured says so, "
        "and has the range in which it plausibly lies.",
    ),
    "gestures": ("Gestures", ("gesture",), "What people do to reach each other, and the numbers of each gesture."),
    "strategies": (
        "Strategies, places and phrases",
        ("strategy", "place", "phrase", "field"),
        "The strategies and places of the model, the phrases in which a strategy says whom it contacts and what it "
        "does, and the fields of rows in an experiment file. [Strategies of your own](../strategies.md) has examples.",
    ),
    "measures": (
        "Measures",
        ("measure",),
        "The outcomes of a run. There are also `sent_KIND` and `answered_KIND` for each kind of gesture, and "
        "`everyone_MEASURE`, the mean over everyone instead of over the adopters.",
    ),
    "statistics": (
        "Statistics of contact logs",
        ("statistic",),
        "What `rekindle log` computes from a contact log, and `rekindle validate` compares with simulated logs. "
        "[Contact logs](../contact_logs.md) explains them.",
    ),
}

COMPOSED = ("parameter", "measure")  # sorts of which only names are shown that are not composed of others

# The pages by what a reader wants: to learn, to do, to look up, to understand.
LISTS = {
    "Tutorial": ("docs/tutorial", "docs/ten_questions"),
    "How-to guides": (
        *(f"docs/{name}" for name in ("command_line", "long_sweeps", "scenario_discovery", "notebook")),
        *(f"docs/{name}" for name in ("strategies", "extending", "watch")),
        *(f"docs/{name}" for name in ("import", "contact_logs", "forecast", "plan_week")),
        "CONTRIBUTING",
    ),
    "Reference": (
        "docs/reference/commands",
        *(f"docs/reference/{name}" for name in EXPLAINED),
        "docs/reference/python",
        *(f"docs/{name}" for name in ("odd", "glossary", "platforms")),
        "CHANGELOG",
    ),
    "Explanation": (
        *(f"docs/{name}" for name in ("model", "essay", "gallery", "strategies_compared", "validation")),
        *(f"docs/{name}" for name in ("scaling", "security", "architecture")),
    ),
}


def main(folder: str) -> int:
    """Build the site in a folder; returns the exit code of Sphinx."""
    with TemporaryDirectory() as temporary:
        sources = Path(temporary) / "sources"
        bring_together(sources)
        strict = ("--quiet", "--fail-on-warning", "--keep-going", "--fresh-env")
        return sphinx([*strict, "-c", str(ROOT / "docs"), "-d", f"{temporary}/read", str(sources), folder])


def bring_together(sources: Path) -> None:
    """Write all pages into a folder, those of the repository at their places in it."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        sources.mkdir(exist_ok=True)
        copy(ROOT / name, sources / name)
    lists = [toctree(title, pages) for title, pages in LISTS.items()]
    (sources / "index.md").write_text("\n".join([(ROOT / "README.md").read_text("utf-8"), *lists]), "utf-8")
    for name, text in reference():
        path = sources / "docs" / "reference" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def toctree(title: str, pages: tuple[str, ...]) -> str:
    """A list of pages for the side of the site; the paths are from the page with the list."""
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```", ""])


def reference() -> Iterator[tuple[str, str]]:
    """The name and the text of each page that is made from the program."""
    yield "commands", "\n".join(commands())
    for name, (title, sorts, first) in EXPLAINED.items():
        known = [one for one in entries() if one.sort in sorts and not (one.sort in COMPOSED and one.made)]
        yield name, "\n\n".join([f"# {title}", first, *map(explained, known)])
    for name in sim.__all__:
        setattr(sim, name, getattr(sim, name))  # those of Mesa are loaded now, so that Sphinx finds them
    modules = [name for name in sim.__all__ if ismodule(getattr(sim, name))]
    others = [name for name in sim.__all__ if name not in modules]
    pages = {
        "sim": automodule("sim", f":members: {', '.join(others)}"),
        **{f"sim.{name}": automodule(getattr(sim, name).__name__) for name in modules},
        **{name: automodule(name, ":imported-members:" * hasattr(import_module(name), "__all__")) for name in used()},
    }
    yield "python", "\n".join(["# Python", "", "```{toctree}", ":maxdepth: 1", "", *pages, "```", ""])
    for name, text in pages.items():
        yield name, f"# {name}\n\n```{{eval-rst}}\n{text}\n```\n"


def used() -> list[str]:
    """The modules of `experiments` that pages use from Python; all others are for the commands."""
    text = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
    found = set()
    for above, names in re.findall(r"^from (experiments[\w.]*) import (.+)$", text, re.MULTILINE):
        modules = {module.name for module in iter_modules(getattr(import_module(above), "__path__", []))}
        found |= {f"{above}.{name}" if name in modules else above for name in names.split(", ")}
    return sorted(found)


def automodule(name: str, *options: str) -> str:
    """The directive that documents a module."""
    return "\n   ".join([f".. automodule:: {name}", *options]) + "\n"


def commands() -> Iterator[str]:
    """The page of the command line: the help of each command, with its arguments and options."""
    yield "# Commands\n\n`rekindle COMMAND --help` prints the same.\n"
    for name in (*cli.COMMANDS, *cli.GROUPS):
        group: Any = typer.main.get_command(cli.app_for(name))
        context = group.make_context("rekindle", [], resilient_parsing=True)
        text = get_docs_for_click(obj=group.commands[name], ctx=context, name=name, call_prefix="rekindle")
        yield re.sub(r"^#", "##", re.sub(r"^\* `--help`.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)


def explained(entry: Entry) -> str:
    """A section with what `rekindle explain` says of a name."""
    return "\n".join(
        [f"## {entry.name}", "", *(f"- **{title}:** {shown(text)}" for title, text in entry.facts.items())]
    )


def shown(text: str) -> str:
    """A text as Markdown that shows it as it is, apart from code in backticks."""
    return html.escape(text, quote=False).replace("*", r"\*").replace("\n", "<br>")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
