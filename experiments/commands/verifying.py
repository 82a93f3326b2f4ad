"""`rekindle verify`: check that every stored byte is what was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from experiments.config.errors import ConfigError
from experiments.sweeps import integrity, store
from experiments.sweeps.integrity import Checked, FileState
from experiments.terminal.columns import Columns
from experiments.terminal.console import Results, stderr_console, stdout_console
from experiments.terminal.numbers import counted
from experiments.terminal.progress import progress_bar
from experiments.terminal.tables import table_of
from sim.runtime.storage import Damage, KeptWorld, check_kept_world, kept_worlds, worlds_folder

_MEGABYTE = 1e6
_SETS_ASIDE = "This command renames damaged parts, repeats their runs, and writes damaged tables again:"


def verify(
    name: Annotated[
        str,
        typer.Argument(metavar="[RESULTS]", help="A sweep or its folder. Default: all results."),
    ] = "",
    worlds: Annotated[bool, typer.Option("--worlds", help="Check the cached worlds instead.")] = False,
    results: Results = Path("results"),
) -> None:
    """Check every stored byte of results or cached worlds. Damage gives exit code 1 and the command for repair."""
    if worlds and name:
        raise ConfigError(f"--worlds checks the cached worlds, and {name} names results; give only one of them.")
    is_damaged = _verify_worlds() if worlds else _verify_results(name, results)
    if is_damaged:
        raise typer.Exit(1)


# Results ----------------------------------------------------------------------------------------------------------


def _verify_results(name: str, results: Path) -> bool:
    """Check results and print the findings; returns whether anything is damaged."""
    folders = integrity.results_folders(name, results)
    console = stdout_console()
    found = {folder: _read(folder) for folder in folders}
    for folder, files in found.items():
        _print(folder, files, console)
    damaged = sum(file.state is FileState.DAMAGED for files in found.values() for file in files)
    count = sum(map(len, found.values()))
    verdict = f"{damaged:,} damaged" if damaged else "nothing is damaged"
    console.print(f"{counted(count, 'file')} checked: {verdict}.", highlight=False)
    return damaged > 0


def _read(folder: Path) -> list[Checked]:
    files = integrity.files_of(folder)
    found: list[Checked] = []
    with progress_bar(stderr_console(), f"files of {folder.name}", len(files)) as report:
        for done, path in enumerate(files, start=1):
            found += integrity.checked(folder, [path])
            report(done, len(files))
    return found


def _print(folder: Path, files: Sequence[Checked], console: Console) -> None:
    """Print the files of a folder by kind, and the problem of each damaged one."""
    _say(console, str(folder))
    console.print(_table_of(files))
    damaged = [file for file in files if file.state is FileState.DAMAGED]
    for file in damaged:
        _say(console, file.why if file.why.endswith(".") else f"{file.why}.")
    for file in files:
        if file.state is FileState.FOREIGN:
            _say(console, file.why)
    if damaged:
        _say_what_helps(folder, damaged, console)
    if any(file.state in (FileState.LEFT_OVER, FileState.SET_ASIDE) for file in files):
        _say(
            console,
            "Incomplete files of ended sweeps and damaged files that were renamed are never read; you can delete them.",
        )
    console.print()


def _table_of(files: Sequence[Checked]) -> Columns:
    table = table_of("kind", "files", "size (MB)", "state", text=("state",))
    for kind in dict.fromkeys(file.kind for file in files):
        mine = [file for file in files if file.kind == kind]
        size = sum(file.size for file in mine) / _MEGABYTE
        table.add_row(kind, f"{len(mine):,}", f"{size:,.1f}", _states(file.state for file in mine))
    return table


def _states(states: Iterable[FileState]) -> str:
    """The states of some files: the state of all, or the number of files in each."""
    count = Counter(states)
    if len(count) == 1:
        return str(next(iter(count)))
    return ", ".join(f"{many:,} {state}" for state, many in count.most_common())


def _say_what_helps(folder: Path, damaged: Sequence[Checked], console: Console) -> None:
    if all(file.kind == "other files" for file in damaged):
        _say(console, "Recreate these files with the commands that wrote them.")
        return
    command = store.command_of(folder)
    if command is None:
        _say(console, f"{_SETS_ASIDE.removesuffix(':').replace('This command', 'The command of this sweep')}.")
        return
    _say(console, _SETS_ASIDE)
    _say(console, f"    {command}")


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


# Worlds -----------------------------------------------------------------------------------------------------------


def _verify_worlds() -> bool:
    """Check the cached worlds and print the findings; returns whether any is damaged."""
    console, kept = stdout_console(), kept_worlds()
    checked: list[tuple[KeptWorld, Damage | None]] = []
    with progress_bar(stderr_console(), "worlds", len(kept)) as report:
        for world in kept:
            checked.append((world, check_kept_world(world.key)))
            report(len(checked), len(kept))
    if kept:
        console.print(_table_of_worlds(checked))
    damaged = [damage for _, damage in checked if damage and not damage.is_outdated]
    for damage in damaged:
        _say(console, f"{damage.folder} is damaged: {damage.why}.")
    if damaged:
        _say(console, "The next run that needs a damaged world builds it again.")
    if any(damage and damage.is_outdated for _, damage in checked):
        _say(console, "Worlds of an earlier version are no longer used; remove them with `rekindle world prune`.")
    verdict = f"{len(damaged):,} damaged" if damaged else "nothing is damaged"
    console.print(f"{counted(len(kept), 'world')} in {worlds_folder()} checked: {verdict}.", highlight=False)
    return bool(damaged)


def _table_of_worlds(found: Sequence[tuple[KeptWorld, Damage | None]]) -> Columns:
    table = table_of("world", "people", "size (MB)", "state", text=("state",))
    for world, damage in found:
        state = "ok" if damage is None else "earlier version" if damage.is_outdated else "damaged"
        people = (world.origin or {}).get("people")
        table.add_row(world.key, f"{people:,}" if people else "–", f"{world.size / _MEGABYTE:,.1f}", state)
    return table
