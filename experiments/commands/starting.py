"""`rekindle start`: from exports to a plan for the week, by a few questions; the same as three explicit commands."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from experiments.commands.forecasting import plan_week
from experiments.commands.importing import report_import, write_log
from experiments.config.errors import ConfigError
from experiments.imports import identities
from experiments.imports.contacts import Choices
from experiments.imports.gathering import Gathered, gather
from experiments.terminal.console import say_written, stderr_console, stdout_console
from experiments.terminal.names import visible
from experiments.terminal.numbers import counted
from experiments.terminal.progress import progress_bar
from sim.contact_logs import LogError

_OFFERED = 5  # people among whom the user finds themselves
_WORLDS = 40  # enough for an order; `plan-week` takes more by default


def start(
    exports: Annotated[list[Path], typer.Argument(metavar="EXPORT", help="Exports of mail, chats or calls.")],
    folder: Annotated[Path, typer.Option(help="Where to write the log, the sheet and the calendar.")] = Path("my_week"),
    me: Annotated[str | None, typer.Option(help="Your name, address or number; otherwise you are asked.")] = None,
    minutes: Annotated[int | None, typer.Option(min=1, max=300, help="Minutes this week; otherwise asked.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, and take the suggested answers.")] = False,
    worlds: Annotated[int, typer.Option(min=2, max=100_000, help="Simulated worlds.")] = _WORLDS,
) -> None:
    """Go from exports to a plan for this week: read them, say who you are, and get a sheet and a calendar."""
    stdout = stdout_console()
    stdout.print("Everything stays on this machine. No text is read, only who wrote to whom and when.\n")
    found = _read(exports, Choices(me=(me,) if me else ()), {})
    merging = _merged(found, stdout, yes=yes)
    if merging:
        found = _read(exports, Choices(me=(me,) if me else ()), merging)
    report_import(found, stdout, ids=False)
    if not len(found.rows):
        raise LogError("No contact between two people was found, so there is nothing to plan.")
    person = _owner(found, me, stdout, yes=yes)
    budget = minutes or (60 if yes else typer.prompt("How many minutes do you have this week?", default=60, type=int))
    if not 1 <= budget <= 300:
        raise ConfigError(f"{budget} minutes: expected a whole number from 1 to 300.")
    log, sheet, calendar = folder / "log.parquet", folder / "week.html", folder / "week.ics"
    write_log(found.rows, log)
    say_written(log, stdout)
    if merging:
        aliases = folder / "log.aliases.csv"
        identities.written([identities.Alias(one, other, "merged", 1) for one, other in merging.items()], aliases)
        say_written(aliases, stdout)
    stdout.print()
    plan_week(log, person, minutes=budget, ids=True, worlds=worlds, sheet=sheet, calendar=calendar)
    stdout.print("\nThe same, as commands:", highlight=False)
    for words in _commands(exports, log, folder / "log.aliases.csv" if merging else None, person, budget, worlds):
        stdout.print(f"  rekindle {shlex.join(words)}", soft_wrap=True)


def _read(exports: Sequence[Path], choices: Choices, aliases: dict[str, str]) -> Gathered:
    with progress_bar(stderr_console(), "files", len(exports)) as report:
        return gather(exports, choices, aliases=aliases, progress=report)


def _merged(found: Gathered, stdout: Console, *, yes: bool) -> dict[str, str]:
    """Ids that are almost surely one person's, each with the one that stays, if the user agrees."""
    sure = [one for one in identities.proposals(found.contacts) if one.sure >= identities.SURE]
    if not sure:
        return {}
    verb = "is" if len(sure) == 1 else "are"
    reason = "almost surely another's, such as the same number written differently"
    stdout.print(f"{counted(len(sure), 'id')} {verb} {reason}:")
    for one in sure[:_OFFERED]:
        stdout.print(f"  {visible(one.id)} = {visible(one.same_as)} ({one.why})", soft_wrap=True)
    agreed = yes or typer.confirm("Treat them as one person each?", default=True)
    return {one.id: one.same_as for one in sure} if agreed else {}


def _owner(found: Gathered, me: str | None, stdout: Console, *, yes: bool) -> str:
    """The id of the user: as they said, or chosen from those with most contacts."""
    contacts = found.contacts
    if me is not None:
        if me not in contacts:
            raise ConfigError(
                f"--me {me}: nobody in these exports is called that. Leave out --me to choose from a list."
            )
        return me
    offered = list(contacts)[:_OFFERED]
    if yes:
        return offered[0]
    stdout.print("\nWho are you?")
    for number, one in enumerate(offered, start=1):
        stdout.print(f"  {number}  {visible(one)} ({counted(contacts[one], 'contact')})", soft_wrap=True)
    answer = typer.prompt("Number, or the id itself", default="1")
    if answer.isdecimal() and 1 <= int(answer) <= len(offered):
        return offered[int(answer) - 1]
    if answer not in contacts:
        raise ConfigError(f"Nobody in these exports is called {answer}.")
    return str(answer)


def _commands(
    exports: Sequence[Path], log: Path, aliases: Path | None, person: str, minutes: int, worlds: int
) -> list[list[str]]:
    merged = ["--aliases", str(aliases)] if aliases else []
    return [
        ["import", *map(str, exports), "--output", str(log), *merged],
        ["forecast", str(log), "--person", person, "--gestures", "none"],
        ["plan-week", str(log), "--person", person, "--minutes", str(minutes), "--worlds", str(worlds), "--ids"],
    ]
