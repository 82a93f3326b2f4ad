"""The answers to the essay's claims in short, as data: verdict, what it rests on, and the main finding.

`rekindle essay` writes them beside its report. Those of the report in the documentation ship with the program, so that
the page can show what is known of many worlds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from experiments.essay.essay import JudgedClaim
from experiments.sweeps.store import write_whole

FILE = "answers.json"


class AnswerInShort(NamedTuple):
    """The answer to a claim.

    Attributes:
        verdict: the word of the verdict.
        on: what it rests on, or what is missing; can be empty.
        found: the title of the claim's main figure, in one line; empty if there is none.
    """

    verdict: str
    on: str
    found: str


def in_short(report: Sequence[JudgedClaim]) -> dict[str, AnswerInShort]:
    """The answers of a report, by claim."""
    return {
        one.claim.name: AnswerInShort(
            str(one.ruling.verdict),
            one.ruling.on,
            one.finding.pictures[0].words.title.replace("\n", " ") if one.finding.pictures else "",
        )
        for one in report
    }


def write(report: Sequence[JudgedClaim], folder: Path) -> Path:
    """Write the answers of a report into a folder, and return the path."""
    path = folder / FILE
    text = json.dumps({name: one._asdict() for name, one in in_short(report).items()}, indent=2, ensure_ascii=False)
    write_whole(path, lambda temporary: temporary.write_text(f"{text}\n", encoding="utf-8"))
    return path


def published() -> dict[str, AnswerInShort]:
    """The answers of the report in the documentation, by claim."""
    text = files("experiments.essay").joinpath(FILE).read_text("utf-8")
    return {name: AnswerInShort(**one) for name, one in json.loads(text).items()}
