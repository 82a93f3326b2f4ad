"""`rekindle world build|list|show|prune`: the cache of burnt-in worlds, each of which takes minutes to build."""

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
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.config.settings import WorldSettings
from experiments.config.toml_text import show
from experiments.sweeps import runner
from experiments.sweeps.design import runs_of
from experiments.terminal.columns import Columns
from experiments.terminal.console import Changes, Format, Processes, report_compiling, stderr_console, stdout_console
from experiments.terminal.names import as_csv
from experiments.terminal.numbers import counted, number
from experiments.terminal.progress import progress_bar
from experiments.terminal.stopping import saying
from sim.measures import dormant_pairs
from sim.model.spelling import nearest
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
_STOPPED = "Finished worlds are saved; the same command builds the others."


# Build ------------------------------------------------------------------------------------------------------------


def build(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of the experiment.")],
    changes: Changes = None,
    replicates: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Number of worlds. Default: sweep.replicates of the file.")
    ] = None,
    processes: Processes = None,
) -> None:
    """Build the worlds that an experiment needs, and save them in the cache. Existing ones are kept."""
    wanted = _wanted(config, [*(changes or ()), *([f"sweep.replicates={replicates}"] if replicates else ())])
    limit = cache_limit()
    missing = {key: world for key, world in wanted.items() if not _is_there(key)}
    console = stdout_console()
    console.print(f"{_count(len(wanted))}; {len(wanted) - len(missing):,} already in the cache.", highlight=False)
    if missing:
        _build_all(list(missing.values()), min(processes or os.cpu_count() or 1, len(missing)), stderr_console())
    by_key = {world.key: world for world in kept_worlds()}
    kept = [by_key[key] for key in wanted if key in by_key]
    console.print(_worlds_table(kept, {"state": lambda world: "built now" if world.key in missing else "in the cache"}))
    if len(kept) < len(wanted):
        print(
            f"{len(wanted) - len(kept):,} of {len(wanted):,} worlds are not in {worlds_folder()}. Unless an error is "
            f"shown above, together they exceed the limit of {in_bytes(limit)}; increase REKINDLE_CACHE_GB.",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def _wanted(config: Path, changes: Sequence[str]) -> dict[str, WorldSettings]:
    """The burnt-in worlds of an experiment by key, in the order of its runs.

    Raises:
        ConfigError: if it has none.
    """
    runs = runs_of(load(config, changes))
    burnt_in = {_key(world): world for world in runner.worlds_to_keep(runs)}
    if not burnt_in:
        log = runs[0].world.log
        why = f"are replayed from {log}" if log else "have world.burn_in_years = 0"
        raise ConfigError(
            f"{config}: its worlds {why}, and such worlds are not cached because they are built in seconds."
        )
    return burnt_in


def _key(world: WorldSettings) -> str:
    return key_in_cache(
        people=world.people, burn_in_years=world.burn_in_years, seed=world.seed, parameters=world.parameters
    )


def _is_there(key: str) -> bool:
    """Whether a world is in the cache and undamaged; this counts as a use of the world."""
    try:
        load_kept_world(key)
    except WorldError:
        return False
    return True


def _build_all(worlds: Sequence[WorldSettings], processes: int, stderr: Console) -> None:
    """Build worlds and save them: several at a time, or one after another on all cores."""
    report_compiling(stderr)
    with saying(_STOPPED):
        if processes == 1:
            _build_here(worlds, stderr)
        else:
            _build_elsewhere(worlds, processes, stderr)


def _build_here(worlds: Sequence[WorldSettings], stderr: Console) -> None:
    for at, world in enumerate(worlds, start=1):
        with progress_bar(stderr, f"world {at:,} of {len(worlds):,}, days", 0) as report:
            runner.world_of(world, threads=numba.config.NUMBA_NUM_THREADS, progress=report)


def _build_elsewhere(worlds: Sequence[WorldSettings], processes: int, stderr: Console) -> None:
    threads = max(1, numba.config.NUMBA_NUM_THREADS // processes)
    # Signals are deferred, so that no world is left incomplete and the workers end first.
    with held_back() as hand_on_stop, runner.worker_processes(processes) as executor:
        waiting = {executor.submit(_build_one, world, threads) for world in worlds}
        try:
            with progress_bar(stderr, "worlds", len(worlds)) as report:
                while waiting:
                    ended, waiting = wait(waiting, timeout=runner.SECONDS_A_PART)
                    for one in ended:
                        one.result()
                    report(len(worlds) - len(waiting), len(worlds))
                    hand_on_stop()
        except BaseException:
            runner.stop(executor)  # otherwise the executor would first finish all worlds
            raise


def _build_one(world: WorldSettings, threads: int) -> None:
    runner.world_of(world, threads=threads)


# List -------------------------------------------------------------------------------------------------------------


def list_worlds(form: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TABLE) -> None:
    """List the cached worlds, the most recently used first."""
    limit, kept = cache_limit(), kept_worlds()
    if form is Format.JSON:
        print(json.dumps([_row(world) for world in kept], indent=1))
    elif form is Format.CSV:
        rows = pd.DataFrame([_row(world) for world in kept], columns=_FIELDS, dtype=object)
        print(as_csv(rows, index=False).rstrip("\n"))
    else:
        console = stdout_console()
        if kept:
            console.print(_worlds_table(kept, {"last used": lambda world: _ago(world.used)}))
        console.print(_summary(kept, limit), highlight=False, soft_wrap=True)


def _summary(kept: Sequence[KeptWorld], limit: float) -> str:
    """The number and size of the cached worlds, and how many are outdated."""
    size, outdated = sum(world.size for world in kept), sum(not world.is_present for world in kept)
    summary = f"{_count(len(kept))}, {in_bytes(size)} of at most {in_bytes(limit)}, in {worlds_folder()}."
    return summary + (
        f" From another version of the model: {outdated:,}; remove them with `rekindle world prune`." * (outdated > 0)
    )


def _row(world: KeptWorld) -> dict[str, Any]:
    """A world as a row for CSV and JSON; unknown values are None."""
    origin = world.origin or {}
    used = datetime.fromtimestamp(world.used, UTC).isoformat(timespec="seconds")
    known = [origin.get(name) for name in ("people", "days", "seed", "model")]
    return dict(zip(_FIELDS, (world.key, *known, world.is_present, world.size, used), strict=True))


def _worlds_table(worlds: Sequence[KeptWorld], more: Mapping[str, Callable[[KeptWorld], str]]) -> Columns:
    """A table with one world per row; ``more`` are additional columns."""
    titles = ("people", "burn-in", "seed", "model", "size", *more)
    table = Columns("key", *titles, text=("model", *more), whole=True)
    digits = _digits_of_keys(world.key for world in (*worlds, *kept_worlds()))
    for world in worlds:
        cells = (*_made_of(world), in_bytes(world.size), *(say(world) for say in more.values()))
        table.add_row(world.key[:digits], *cells, style=None if world.is_present else "dim")
    return table


def _made_of(world: KeptWorld) -> tuple[str, str, str, str]:
    """The people, burn-in, seed and model of a world, as text."""
    try:
        origin = world.origin or {}
        people, days, seed = (int(origin[name]) for name in ("people", "days", "seed"))
        model = f"{str(origin['model'])[:SHORTEST_KEY]}, {'current' if world.is_present else 'another version'}"
    except (LookupError, TypeError, ValueError):
        return "–", "–", "–", "unknown"
    elsewhere = "" if world.is_of_this_machine or not world.is_present else ", another machine"
    return f"{people:,}", _span(days), str(seed), model + elsewhere


def _digits_of_keys(keys: Iterable[str]) -> int:
    """The number of digits that distinguish all keys, at least eight."""
    known = set(keys)
    return next(n for n in range(SHORTEST_KEY, 33) if len({key[:n] for key in known}) == len(known))


def _span(days: int) -> str:
    """A duration of a burn-in: in years if it is at least one, else in days."""
    return f"{days / DAYS_A_YEAR:.3g} years" if days >= DAYS_A_YEAR else f"{days} days"


def _ago(then: float) -> str:
    """The time since then, in one unit."""
    seconds = max(0.0, time.time() - then)
    for unit, length in (("days", 86_400), ("hours", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit} ago"
    return "just now"


def _count(worlds: int) -> str:
    return counted(worlds, "world")


def in_bytes(size: float) -> str:
    """A size with three digits: ``4.62 MB``."""
    unit, length = next(((unit, length) for unit, length in _UNITS if size >= length), ("kB", 1_000))
    return f"{number(size / length)} {unit}"


# Show -------------------------------------------------------------------------------------------------------------


def show_world(
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Key of the world, or its first digits, from `rekindle world list`.")
    ],
) -> None:
    """Show a cached world: its size, ties and the parameters that differ from the defaults."""
    world = _found(key)
    console = stdout_console()
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(overflow="fold")
    facts.add_column(overflow="fold")
    people, burn_in, seed, model = _made_of(world)
    for name, text in (
        ("key", world.key), ("people", people), ("burn-in", burn_in), ("seed", seed), ("model", model),
        ("size", in_bytes(world.size)), ("last used", _ago(world.used)), *_ties(world),
    ):  # fmt: skip
        facts.add_row(name, text)
    console.print(facts)
    if world.origin is not None and isinstance(world.origin.get("parameters"), Mapping):
        console.print(_changed_table(world.origin["parameters"]))


def _found(key: str) -> KeptWorld:
    """The cached world whose key starts with these digits.

    Raises:
        ConfigError: if there is none, or there are several.
    """
    kept = {world.key: world for world in kept_worlds()}
    found = [name for name in kept if key and name.startswith(key.lower())]
    if len(found) == 1:
        return kept[found[0]]
    digits = _digits_of_keys(kept)
    if found:
        raise ConfigError(
            f"{key}: {len(found)} keys start with this; give one of {', '.join(k[:digits] for k in found)}."
        )
    close = nearest(key, [name[:digits] for name in kept])
    hint = f"did you mean {close}?" if close else "`rekindle world list` shows all keys."
    raise ConfigError(f"{key!r}: no key of a world in {worlds_folder()} starts with this; {hint}")


def _ties(world: KeptWorld) -> list[tuple[str, str]]:
    """The ties per person of a cached world, as text. This does not count as a use of the world."""
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
        ("dormant ties per person", f"{dormant / len(whole):.1f}"),
    ]


def _changed_table(parameters: Mapping[str, Any]) -> Columns | str:
    """The parameters that differ from the defaults; a dash for a name that one of the two versions lacks."""
    here, default = dict(_flat(parameters)), dict(_flat(sim.Parameters().identity()))
    changed = [name for name in (*default, *(here.keys() - default)) if here.get(name, "–") != default.get(name, "–")]
    if not changed:
        return "All parameters have their default values."
    table = Columns("world.parameters", "value", "default", whole=True)
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
        float | None,
        typer.Option(min=0, max=100_000, metavar="DAYS", help="Remove worlds that were not used for this many days."),
    ] = None,
    keep_within: Annotated[
        float | None,
        typer.Option(
            min=0, max=1_000_000, metavar="GB", help="Remove the least recently used worlds until the rest fit."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove all worlds.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be removed, without removing it.")
    ] = False,
) -> None:
    """Remove cached worlds: by default, those of other versions of the model. They can be built again."""
    kept = kept_worlds()
    chosen = kept if everything else _chosen(kept, older_than, keep_within)
    left_behind = scraps()
    freed = sum(world.size for world in chosen) + sum(size_of(folder) for folder in left_behind)
    console = stdout_console()
    if chosen:
        console.print(_worlds_table(chosen, {"last used": lambda world: _ago(world.used)}))
    if not dry_run:
        for world in chosen:
            remove_kept_world(world.key)
        remove_scraps()
    what = _count(len(chosen)) + (
        f" and {counted(len(left_behind), 'leftover')} of killed processes" if left_behind else ""
    )
    done = f"Would remove {what}: {in_bytes(freed)}." if dry_run else f"Removed {what}: {in_bytes(freed)} freed."
    console.print(f"{done} Remaining: {_count(len(kept) - len(chosen))}.", highlight=False)


def _chosen(kept: Sequence[KeptWorld], days: float | None, gigabytes: float | None) -> list[KeptWorld]:
    """The worlds to remove: those that are too old or exceed the size limit; without limits, the outdated ones."""
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
