"""`rekindle world build|list|show|prune`: burnt-in worlds, which cost minutes and are kept in the cache."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import wait
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numba
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

import sim
from experiments.config.settings import ConfigError, WorldSettings, load, nearest, show
from experiments.sweeps import runner
from experiments.sweeps.design import runs_of
from experiments.terminal.columns import Columns
from experiments.terminal.console import Changes, Format, Processes, console_of, tell_of_compiling, told_aside
from experiments.terminal.names import as_csv
from experiments.terminal.numbers import counted, number
from experiments.terminal.progress import shown
from experiments.terminal.stopping import saying
from sim.measures import dormant_pairs
from sim.runtime.interrupts import held_back
from sim.runtime.storage import (
    GIGABYTE,
    KeptWorld,
    OutdatedWorldError,
    WorldError,
    cache_limit,
    kept_worlds,
    least_used,
    load_kept_world,
    load_world,
    remove_kept_world,
    remove_scraps,
    scraps,
    size_of,
    worlds_folder,
)
from sim.state.population import NOBODY
from sim.worlds import key_in_cache
from sim.worlds.people import DAYS_A_YEAR

SHORTEST_KEY = 8
_UNITS = (("GB", GIGABYTE), ("MB", 10**6))
_FIELDS = ("key", "people", "days", "seed", "model", "present", "bytes", "last_used")
_STOPPED = "The worlds that were finished are kept; the same command goes on with the others."


# Build ------------------------------------------------------------------------------------------------------------


def build(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of an experiment.")],
    changes: Changes = None,
    replicates: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Worlds, if not as many as the file's [sweep] says.")
    ] = None,
    processes: Processes = None,
) -> None:
    """Build and keep the worlds that an experiment needs; those that are there already stay."""
    wanted = _wanted(config, [*(changes or ()), *([f"sweep.replicates={replicates}"] if replicates else ())])
    limit = cache_limit()
    missing = {key: world for key, world in wanted.items() if not _is_there(key)}
    console = console_of()
    console.print(f"{_count(len(wanted))}; {len(wanted) - len(missing):,} there already.", highlight=False)
    if missing:
        _build_all(list(missing.values()), min(processes or os.cpu_count() or 1, len(missing)), told_aside())
    by_key = {world.key: world for world in kept_worlds()}
    kept = [by_key[key] for key in wanted if key in by_key]
    console.print(_worlds_table(kept, {"": lambda world: "built now" if world.key in missing else "was there"}))
    if len(kept) < len(wanted):
        print(
            f"{len(wanted) - len(kept):,} of {len(wanted):,} worlds are not in {worlds_folder()}. Where nothing above "
            f"says why, all of them take more than {in_bytes(limit)}: set REKINDLE_CACHE_GB to more.",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def _wanted(config: Path, changes: Sequence[str]) -> dict[str, WorldSettings]:
    """The burnt-in worlds of an experiment, by key, in the order of its runs.

    Raises:
        ConfigError: it has none.
    """
    runs = runs_of(load(config, changes))
    burnt_in = {_key(world): world for world in runner.worlds_to_keep(runs)}
    if not burnt_in:
        log = runs[0].world.log
        why = f"are replayed from {log}" if log else "have world.burn_in_years = 0"
        raise ConfigError(f"{config}: its worlds {why}; such worlds are made in seconds, and none is kept.")
    return burnt_in


def _key(world: WorldSettings) -> str:
    return key_in_cache(
        people=world.people, burn_in_years=world.burn_in_years, seed=world.seed, parameters=world.parameters
    )


def _is_there(key: str) -> bool:
    """Whether a world is kept whole; if so, it has now been used."""
    try:
        load_kept_world(key)
    except WorldError:
        return False
    return True


def _build_all(worlds: Sequence[WorldSettings], processes: int, told: Console) -> None:
    """Build and keep worlds: several at a time, or one after another on all cores."""
    tell_of_compiling(told)
    with saying(_STOPPED):
        if processes == 1:
            _build_here(worlds, told)
        else:
            _build_elsewhere(worlds, processes, told)


def _build_here(worlds: Sequence[WorldSettings], told: Console) -> None:
    for at, world in enumerate(worlds, start=1):
        with shown(told, f"world {at:,} of {len(worlds):,}, days", 0) as report:
            runner.world_of(world, threads=numba.config.NUMBA_NUM_THREADS, progress=report)


def _build_elsewhere(worlds: Sequence[WorldSettings], processes: int, told: Console) -> None:
    threads = max(1, numba.config.NUMBA_NUM_THREADS // processes)
    # So that a world is either kept or not begun, and the workers end first.
    with held_back() as hand_on_stop, runner.worker_processes(processes) as executor:
        waiting = {executor.submit(_build_one, world, threads) for world in worlds}
        try:
            with shown(told, "worlds", len(worlds)) as report:
                while waiting:
                    ended, waiting = wait(waiting, timeout=runner.SECONDS_A_PART)
                    for one in ended:
                        one.result()
                    report(len(worlds) - len(waiting), len(worlds))
                    hand_on_stop()
        except BaseException:
            runner.stop(executor)  # or else the executor would first finish all
            raise


def _build_one(world: WorldSettings, threads: int) -> None:
    runner.world_of(world, threads=threads)


# List -------------------------------------------------------------------------------------------------------------


def list_worlds(form: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TABLE) -> None:
    """The worlds that are kept, the last used first."""
    limit, kept = cache_limit(), kept_worlds()
    if form is Format.JSON:
        print(json.dumps([_row(world) for world in kept], indent=1))
    elif form is Format.CSV:
        rows = pd.DataFrame([_row(world) for world in kept], columns=_FIELDS, dtype=object)
        print(as_csv(rows, index=False).rstrip("\n"))
    else:
        console = console_of()
        if kept:
            console.print(_worlds_table(kept, {"last used": lambda world: _ago(world.used)}))
        console.print(_summary(kept, limit), highlight=False, soft_wrap=True)


def _summary(kept: Sequence[KeptWorld], limit: float) -> str:
    """How many worlds there are, and how many of them nobody will ask for again."""
    size, outdated = sum(world.size for world in kept), sum(not world.is_present for world in kept)
    said = f"{_count(len(kept))}, {in_bytes(size)} of at most {in_bytes(limit)}, in {worlds_folder()}."
    return said + (
        f" Of another version of the model: {outdated:,}; `rekindle world prune` removes them." * (outdated > 0)
    )


def _row(world: KeptWorld) -> dict[str, Any]:
    """A world for CSV and JSON; None is not known."""
    origin = world.origin or {}
    used = datetime.fromtimestamp(world.used, UTC).isoformat(timespec="seconds")
    known = [origin.get(name) for name in ("people", "days", "seed", "model")]
    return dict(zip(_FIELDS, (world.key, *known, world.is_present, world.size, used), strict=True))


def _worlds_table(worlds: Sequence[KeptWorld], more: Mapping[str, Callable[[KeptWorld], str]]) -> Columns:
    """Worlds, one a row; ``more`` are further columns."""
    titles = ("people", "burn-in", "seed", "model", "size", *more)
    table = Columns("key", *titles, text=("model", *more), whole=True)
    digits = _digits_of_keys(world.key for world in (*worlds, *kept_worlds()))
    for world in worlds:
        cells = (*_made_of(world), in_bytes(world.size), *(say(world) for say in more.values()))
        table.add_row(world.key[:digits], *cells, style=None if world.is_present else "dim")
    return table


def _made_of(world: KeptWorld) -> tuple[str, str, str, str]:
    """People, burn-in, seed and model of a world, in words."""
    try:
        origin = world.origin or {}
        people, days, seed = (int(origin[name]) for name in ("people", "days", "seed"))
        model = f"{str(origin['model'])[:SHORTEST_KEY]}, {'the present one' if world.is_present else 'another'}"
    except (LookupError, TypeError, ValueError):
        return "–", "–", "–", "unknown"
    elsewhere = "" if world.is_of_this_machine or not world.is_present else ", another machine"
    return f"{people:,}", _span(days), str(seed), model + elsewhere


def _digits_of_keys(keys: Iterable[str]) -> int:
    """How many digits tell all keys apart, eight at least."""
    known = set(keys)
    return next(n for n in range(SHORTEST_KEY, 33) if len({key[:n] for key in known}) == len(known))


def _span(days: int) -> str:
    """A burn-in in years where it is long, else in days."""
    return f"{days / DAYS_A_YEAR:.3g} years" if days >= DAYS_A_YEAR else f"{days} days"


def _ago(then: float) -> str:
    """How long ago a time was, in one unit."""
    seconds = max(0.0, time.time() - then)
    for unit, length in (("days", 86_400), ("hours", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit} ago"
    return "just now"


def _count(worlds: int) -> str:
    return counted(worlds, "world")


def in_bytes(size: float) -> str:
    """A size in three digits: ``4.62 MB``."""
    unit, length = next(((unit, length) for unit, length in _UNITS if size >= length), ("kB", 1_000))
    return f"{number(size / length)} {unit}"


# Show -------------------------------------------------------------------------------------------------------------


def show_world(key: Annotated[str, typer.Argument(metavar="KEY", help="As `rekindle world list` has it.")]) -> None:
    """What a kept world is: its settings that differ from the defaults, its ties, its size."""
    world = _found(key)
    console = console_of()
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(overflow="fold")
    facts.add_column(overflow="fold")
    people, burn_in, seed, model = _made_of(world)
    for name, said in (
        ("key", world.key), ("people", people), ("burn-in", burn_in), ("seed", seed), ("model", model),
        ("size", in_bytes(world.size)), ("last used", _ago(world.used)), *_ties(world),
    ):  # fmt: skip
        facts.add_row(name, said)
    console.print(facts)
    if world.origin is not None and isinstance(world.origin.get("parameters"), Mapping):
        console.print(_changed_table(world.origin["parameters"]))


def _found(key: str) -> KeptWorld:
    """The kept world whose key begins so.

    Raises:
        ConfigError: none does, or several do.
    """
    kept = {world.key: world for world in kept_worlds()}
    found = [name for name in kept if key and name.startswith(key.lower())]
    if len(found) == 1:
        return kept[found[0]]
    digits = _digits_of_keys(kept)
    if found:
        raise ConfigError(f"{key}: {len(found)} worlds begin so; say which: {', '.join(k[:digits] for k in found)}.")
    close = nearest(key, [name[:digits] for name in kept])
    hint = f"did you mean {close}?" if close else "`rekindle world list` shows which there are."
    raise ConfigError(f"{key!r}: no world in {worlds_folder()} begins so; {hint}")


def _ties(world: KeptWorld) -> list[tuple[str, str]]:
    """Ties per person of a kept world, in words. To look at a world is not to use it: it stays as old as it is."""
    try:
        whole = load_world(worlds_folder() / world.key)
    except OutdatedWorldError:
        return [("ties", "this version of the program cannot read it")]
    except WorldError as problem:
        return [("damaged", problem.why)]
    ties = (whole.ties["other"] != NOBODY) & (whole.ties["acquaintance"] == 0)
    dormant = 2 * len(dormant_pairs(whole, whole.parameters))
    return [
        ("ties per person", f"{ties.sum() / len(whole):.1f}"),
        ("of them dormant", f"{dormant / len(whole):.1f}"),
    ]


def _changed_table(parameters: Mapping[str, Any]) -> Columns | str:
    """The parameters that differ from the defaults; a dash where a name is of another version of the model."""
    here, default = dict(_flat(parameters)), dict(_flat(sim.Parameters().model_dump(mode="json")))
    changed = [name for name in (*default, *(here.keys() - default)) if here.get(name, "–") != default.get(name, "–")]
    if not changed:
        return "All parameters have their defaults."
    table = Columns("world.parameters", "here", "default", whole=True)
    for name in changed:
        table.add_row(name, *(show(values[name]) if name in values else "–" for values in (here, default)))
    return table


def _flat(table: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


# Prune ------------------------------------------------------------------------------------------------------------


def prune(
    older_than: Annotated[
        float | None, typer.Option(min=0, max=100_000, metavar="DAYS", help="Worlds that nobody used for so long.")
    ] = None,
    keep_within: Annotated[
        float | None,
        typer.Option(min=0, max=1_000_000, metavar="GB", help="The least recently used, until the rest fit."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All worlds.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
) -> None:
    """Remove kept worlds: those of other versions of the model, or what the options say; they can be built again."""
    kept = kept_worlds()
    chosen = kept if everything else _chosen(kept, older_than, keep_within)
    left_behind = scraps()
    freed = sum(world.size for world in chosen) + sum(size_of(folder) for folder in left_behind)
    console = console_of()
    if chosen:
        console.print(_worlds_table(chosen, {"last used": lambda world: _ago(world.used)}))
    if not dry_run:
        for world in chosen:
            remove_kept_world(world.key)
        remove_scraps()
    what = _count(len(chosen)) + (f" and the scraps of killed processes ({len(left_behind):,})" if left_behind else "")
    done = f"Would remove {what}: {in_bytes(freed)}." if dry_run else f"Removed {what}: {in_bytes(freed)} freed."
    console.print(f"{done} Left: {_count(len(kept) - len(chosen))}.", highlight=False)


def _chosen(kept: Sequence[KeptWorld], days: float | None, gigabytes: float | None) -> list[KeptWorld]:
    """The worlds to remove: too old ones and, of the rest, what is too much; with neither limit, the outdated."""
    if days is None and gigabytes is None:
        return [world for world in kept if not world.is_present]
    old = [world for world in kept if days is not None and time.time() - world.used > days * 86_400]
    rest = [world for world in kept if world not in old]
    return old + (least_used(rest, gigabytes * GIGABYTE) if gigabytes is not None else [])


app = typer.Typer(no_args_is_help=True)
for name, command, example in (
    ("build", build, "build configs/nine_strategies.toml --replicates 40"),
    ("list", list_worlds, "list --format csv"),
    ("show", show_world, "show 0bf73340"),
    ("prune", prune, "prune --older-than 30 --keep-within 5 --dry-run"),
):
    app.command(name, epilog=f"Example: `rekindle world {example}`")(command)
