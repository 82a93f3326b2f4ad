"""How the program was installed, from sources or from a wheel, and how to install optional parts."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

NAME = "rekindle"


@cache
def checkout() -> Path | None:
    """The folder of the sources; None if the program was installed from a wheel."""
    folder = Path(__file__).parents[2]
    try:
        project_file = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return folder if project_file.get("project", {}).get("name") == NAME else None


def install_command(extra: str = "") -> str:
    """The command that installs the program and its dependencies, optionally with those of an extra."""
    folder, part = checkout(), f"[{extra}]" if extra else ""
    if folder is None:
        return f"pip install '{NAME}{part}'"
    return f"pip install --editable '{'.' if folder == Path.cwd() else folder}{part}'"
