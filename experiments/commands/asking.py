"""`rekindle new`: an experiment file for a question of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.config import questions
from experiments.config.errors import ConfigError
from experiments.sweeps import store
from experiments.terminal.console import say_written, stdout_console
from experiments.terminal.tables import table_of
from sim.model.spelling import nearest

USUAL = "strategies"


def new(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Name of the file. Without one, the questions are listed.")
    ] = None,
    about: Annotated[str, typer.Option(metavar="QUESTION", help="What the experiment is about.")] = USUAL,
    log: Annotated[Path | None, typer.Option(metavar="LOG", help="Contact log (source,target,time).")] = None,
) -> None:
    """Write a commented experiment file for a question of your own, and say which commands answer it."""
    if name is None:
        _list()
        return
    _check(about, log)
    path = Path(name if name.endswith(".toml") else f"{name}.toml")
    if path.exists():
        raise ConfigError(f"{path} already exists; give another name.")
    schema, console = path.parent / questions.SCHEMA, stdout_console()
    text = questions.text(about, path, log)
    for file, content in ((path, text), (schema, questions.schema())):
        if file == schema and schema.exists():
            continue  # of another experiment in this folder
        store.write_whole(file, lambda temporary: temporary.write_text(content, encoding="utf-8"))  # noqa: B023
        say_written(file, console)
    commands = [line.removeprefix("#     ") for line in text.splitlines() if line.startswith("#     rekindle ")]
    console.print("Change it as you like. Then:", highlight=False)
    for command in commands:
        console.print(f"    {command}", highlight=False, markup=False, soft_wrap=True)


def _list() -> None:
    console = stdout_console()
    table = table_of("question", "what it asks", text=("what it asks",), whole=True)
    for name in questions.names():
        table.add_row(name, questions.asks(name))
    console.print(table)
    console.print("`rekindle new NAME --about QUESTION` writes NAME.toml. Strategies are the default.", highlight=False)


def _check(about: str, log: Path | None) -> None:
    known = questions.names()
    if about not in known:
        close = nearest(about, known)
        hint = f"did you mean {close}?" if close else f"known: {', '.join(known)}."
        raise ConfigError(f"--about {about} is none of the questions; {hint}")
    if questions.needs_log(about) and log is None:
        raise ConfigError(f"--about {about} needs a contact log; add --log FILE.")
    if log is not None and not questions.needs_log(about):
        about_logs = [name for name in known if questions.needs_log(name)]
        raise ConfigError(f"--log {log} only applies with --about {' or '.join(about_logs)}.")
    if log is not None and not log.is_file():
        raise ConfigError(f"--log {log}: this file does not exist.")
