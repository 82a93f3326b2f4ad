"""Commented experiment files for common questions, to begin one's own with: the files in ``templates/``."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path

from experiments.config.schema import schema as json_schema
from experiments.config.shipped import subject_of

SCHEMA = "experiment.schema.json"  # next to the file, for editors that complete and check it
_FOLDER = files("experiments.config") / "templates"


def names() -> list[str]:
    """The names of the questions, such as ``strategies``."""
    return sorted(one.name.removesuffix(".toml") for one in _FOLDER.iterdir() if one.name.endswith(".toml"))


def asks(name: str) -> str:
    """The question, in a sentence."""
    return subject_of(_template(name))


def needs_log(name: str) -> bool:
    """Whether the question is about a contact log."""
    return "{log}" in _template(name)


def text(name: str, path: Path, log: Path | None = None) -> str:
    """The text of an experiment file for a question.

    Args:
        name: of the question.
        path: of the file that is written, which the commands in its comment name.
        log: the contact log, if the question needs one. The setting in the file is relative to the file's folder.
    """
    filled = _template(name).replace("{file}", str(path)).replace("{name}", path.stem)
    if log is not None:
        filled = filled.replace("{log_from_here}", Path(os.path.relpath(log, path.parent)).as_posix())
    return f"#:schema {SCHEMA}\n{filled.replace('{log}', str(log))}"


def schema() -> str:
    """The text of the JSON Schema that the files name."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _template(name: str) -> str:
    return (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
