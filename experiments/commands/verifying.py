"""`rekindle verify`: is every stored byte what was written?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.config.settings import ConfigError
from experiments.sweeps import integrity, store
from experiments.sweeps.integrity import Checked, State
from experiments.terminal.console import Results, console_of, told_aside
from experiments.terminal.numbers import counted
from experiments.terminal.progress import shown
from sim.runtime.storage import Damage, KeptWorld, check_kept_world, kept_worlds, worlds_folder

_MEGABYTE = 1e6
_SETS_ASIDE = "This command sets damaged parts aside, runs again what they held, and writes damaged tables again:"


def verify(
    name: Annotated[
        str,
        typer.Argument(metavar="[RESULTS]", help="A sweep's name or folder; all results if not given."),
    ] = "",
    worlds: Annotated[bool, typer.Option("--worlds", help="Read the kept worlds instead.")] = False,
    results: Results = Path("results"),
) -> None:
    """Read every stored byte of results, or of kept worlds: what is damaged (exit code 1), and what makes it again."""
    if worlds and name:
        raise ConfigError(f"--worlds reads all kept worlds, not {name}; give one of the two.")
    is_damaged = _verify_worlds() if worlds else _verify_results(name, results)
    if is_damaged:
        raise typer.Exit(1)


# Results ----------------------------------------------------------------------------------------------------------


def _verify_results(name: str, results: Path) -> bool:
    """Read results and print what was found; returns whether anything is damaged."""
    folders = integrity.results_folders(name, results)
    console = console_of()
    found = {folder: _read(folder) for folder in folders}
    for folder, files in found.items():
        _print(folder, files, console)
    damaged = sum(file.state is State.DAMAGED for files in found.values() for file in files)
    count = sum(map(len, found.values()))
    verdict = f"{damaged:,} damaged" if damaged else "nothing is damaged"
    console.print(f"{counted(count, 'file')} read; {verdict}.", highlight=False)
    return damaged > 0


def _read(folder: Path) -> list[Checked]:
    files = integrity.files_of(folder)
    found: list[Checked] = []
    with shown(told_aside(), f"files of {folder.name}", len(files)) as report:
        for done, path in enumerate(files, start=1):
            found += integrity.checked(folder, [path])
            report(done, len(files))
    return found


def _print(folder: Path, files: Sequence[Checked], console: Console) -> None:
    """What a folder holds, kind by kind, and of each damaged file what is wrong."""
    _say(console, str(folder))
    console.print(_table_of(files))
    damaged = [file for file in files if file.state is State.DAMAGED]
    for file in damaged:
        _say(console, file.why if file.why.endswith(".") else f"{file.why}.")
    for file in files:
        if file.state is State.FOREIGN:
            _say(console, file.why)
    if damaged:
        _say_what_helps(folder, damaged, console)
    if any(file.state in (State.LEFT_OVER, State.SET_ASIDE) for file in files):
        _say(console, "Half-written files of ended sweeps, and files set aside, are never read; you can delete them.")
    console.print()


def _table_of(files: Sequence[Checked]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("what", "files", "MB", "found"):
        table.add_column(title, justify="right" if title in ("files", "MB") else "left", overflow="fold")
    for kind in dict.fromkeys(file.kind for file in files):
        mine = [file for file in files if file.kind == kind]
        size = sum(file.size for file in mine) / _MEGABYTE
        table.add_row(kind, f"{len(mine):,}", f"{size:,.1f}", _states(file.state for file in mine))
    return table


def _states(states: Iterable[State]) -> Text:
    """The states of some files: one word where it is that of all, otherwise how many are in each."""
    count = Counter(states)
    if len(count) == 1:
        return Text(str(next(iter(count))))
    return Text(", ".join(f"{many:,} {state}" for state, many in count.most_common()))


def _say_what_helps(folder: Path, damaged: Sequence[Checked], console: Console) -> None:
    if all(file.kind == "other files" for file in damaged):
        _say(console, "Make these files again with the commands that wrote them.")
        return
    command = store.command_of(folder)
    if command is None:
        _say(console, f"{_SETS_ASIDE.removesuffix(':').replace('This command', 'The command of the sweep')}.")
        return
    _say(console, _SETS_ASIDE)
    _say(console, f"    {command}")


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


# Worlds -----------------------------------------------------------------------------------------------------------


def _verify_worlds() -> bool:
    """Read the kept worlds and print what was found; returns whether any is damaged."""
    console, kept = console_of(), kept_worlds()
    found: list[tuple[KeptWorld, Damage | None]] = []
    with shown(told_aside(), "worlds", len(kept)) as report:
        for world in kept:
            found.append((world, check_kept_world(world.key)))
            report(len(found), len(kept))
    if kept:
        console.print(_table_of_worlds(found))
    damaged = [damage for _, damage in found if damage and not damage.is_outdated]
    for damage in damaged:
        _say(console, f"{damage.folder} is damaged: {damage.why}.")
    if damaged:
        _say(console, "A damaged world is built again by the next run that needs it.")
    if any(damage and damage.is_outdated for _, damage in found):
        _say(console, "Nothing asks for worlds of an earlier version any more; `rekindle world prune` removes them.")
    verdict = f"{len(damaged):,} damaged" if damaged else "nothing is damaged"
    console.print(f"{counted(len(kept), 'world')} in {worlds_folder()} read; {verdict}.", highlight=False)
    return bool(damaged)


def _table_of_worlds(found: Sequence[tuple[KeptWorld, Damage | None]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("world", "people", "MB", "found"):
        table.add_column(title, justify="right" if title in ("people", "MB") else "left", overflow="fold")
    for world, damage in found:
        state = "ok" if damage is None else "of an earlier version" if damage.is_outdated else "damaged"
        people = (world.origin or {}).get("people")
        table.add_row(world.key, f"{people:,}" if people else "–", f"{world.size / _MEGABYTE:,.1f}", state)
    return table
