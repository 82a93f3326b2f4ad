"""The project's English: words that it does not use, in prose, docstrings, comments and texts that users see."""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

HERE = Path(__file__).name

# A word that is avoided, and what to write in its place.
AVOIDED = {
    r"whoever": "the person who, anyone who",
    r"of late": "recently",
    r"amid": "during",
    r"so many": "this many, or the number",
    r"can not": "cannot",
    r"by themselves": "spontaneously, on their own",
    r"what is too little for": "less than",
    r"luck": "draw, random draw",
}
GENERATED = ("docs/essay.md", "docs/essay/", "docs/ledgers/")


def files(*patterns: str) -> Iterator[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("git, which lists the files, has nothing to say outside its checkout")
    found = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in found.stdout.split("\0"):
        if name and not name.startswith(GENERATED) and Path(name).name != HERE:
            yield ROOT / name


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page; of a Python file, its strings and comments."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), start=1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            yield from enumerate(token.string.splitlines(), start=token.start[0])


def test_avoided_words_are_avoided() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: “{match[0]}”: write {instead}"
        for path in files("*.py", "*.md", "*.toml", "*.jinja", "*.js", "*.html", "Makefile")
        for line, text in prose_of(path)
        for word, instead in AVOIDED.items()
        if (match := re.search(rf"(?<![\w`]){word}(?![\w`])", text, re.IGNORECASE))
    ]
    assert found == []


def test_the_search_finds_them(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text('x = "so many"  # amid\n"""Whoever\nof late."""\n')
    words = [match for _, text in prose_of(path) for word in AVOIDED for match in re.findall(word, text, re.IGNORECASE)]
    assert words == ["so many", "amid", "Whoever", "of late"]
