"""`rekindle film` and `rekindle watch`: a world to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numba
import typer

from experiments import runner
from experiments.config import ConfigError, Strategy, WorldSettings, load
from experiments.progress import shown
from experiments.terminal import Changes, console_of, say_written, tell_of_compiling, told_aside
from sim.population import World
from sim.run import mixture_of

_ENDINGS = (".mp4", ".gif")

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of the experiment.")]
SideBySide = Annotated[
    tuple[str, str] | None,
    typer.Option("--side-by-side", metavar="A B", help="Two strategies in one world, with the same luck."),
]


def film(
    config: ConfigFile,
    out: Annotated[Path, typer.Option(metavar="FILE", help="FILE.mp4 or FILE.gif.")] = Path("film.mp4"),
    side_by_side: SideBySide = None,
    follow: Annotated[int | None, typer.Option(metavar="PERSON", help="Id of somebody to keep an eye on.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days shown; those of the strategy if not given.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long the film is.")] = 20.0,
    changes: Changes = None,
) -> None:
    """A film of a world, or of two side by side, drawn from the seed: MP4 or GIF."""
    _require("film", "av")
    from experiments.film import Shot, film  # draws, which takes a second to load
    from experiments.stage import Stage

    if out.suffix.lower() not in _ENDINGS:
        raise ConfigError(f'--out "{out}": name a file that ends in .mp4 or .gif.')
    experiment = load(config, changes or ())
    strategies = checked_pair(side_by_side)
    world = world_shown(experiment.world)
    if follow is not None and not 0 <= follow < len(world):
        raise ConfigError(f"--follow {follow}: the people are 0 to {len(world) - 1:,}.")
    stage = Stage(world, experiment, strategies)
    shot = Shot(days or experiment.run.strategy_days, seconds, follow)
    out.parent.mkdir(parents=True, exist_ok=True)
    with shown(told_aside(), "frames", 0) as report:
        film(stage, shot, out, report)
    say_written(out, console_of())


def checked_pair(pair: tuple[str, str] | None) -> list[Strategy] | None:
    """The two strategies of ``--side-by-side``.

    Raises:
        ConfigError: one of them is none.
    """
    if pair is None:
        return None
    for name in pair:
        try:
            mixture_of(name)
        except ValueError as error:
            raise ConfigError(f"--side-by-side {' '.join(pair)}: {error}") from None
    return list(pair)


def world_shown(settings: WorldSettings) -> World:
    """The world that settings describe; while it is built, how far that is."""
    told = told_aside()
    tell_of_compiling(told)
    if settings.log is not None:
        return runner.world_of(settings)
    with shown(told, "world", 0) as report:
        return runner.world_of(settings, threads=numba.config.NUMBA_NUM_THREADS, progress=report)


def _require(extra: str, module: str) -> None:
    """Make sure that what an extra brings is there.

    Raises:
        ConfigError: it is not; the message says how to get it.
    """
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise ConfigError(f"`rekindle {extra}` needs more packages: pip install --editable '.[{extra}]'")
