"""`rekindle film` and `rekindle watch`: a world to look at."""

from __future__ import annotations

import json
import webbrowser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numba
import typer

from experiments.config import shipped
from experiments.config.settings import ConfigError, Strategy, WorldSettings, load
from experiments.sweeps import runner
from experiments.terminal.console import Changes, console_of, say_written, tell_of_compiling, tell_of_log, told_aside
from experiments.terminal.progress import shown
from sim.contact_logs import LogError
from sim.contact_logs import read as read_contacts
from sim.run import mixture_of
from sim.runtime.fingerprint import model_fingerprint
from sim.runtime.installation import install_command
from sim.state.population import World

if TYPE_CHECKING:
    from experiments.watch.page_state import PageState

_ENDINGS = (".mp4", ".gif")

ConfigFiles = Annotated[list[Path], typer.Argument(metavar="CONFIG...", help="TOML files, of an experiment each.")]
SideBySide = Annotated[
    tuple[str, str] | None,
    typer.Option("--side-by-side", metavar="A B", help="Two strategies in one world, with the same luck."),
]


def film(
    configs: ConfigFiles,
    out: Annotated[
        Path, typer.Option(metavar="FILE|FOLDER", help="FILE.mp4 or FILE.gif; or a folder, for an MP4 of each CONFIG.")
    ] = Path("film.mp4"),
    side_by_side: SideBySide = None,
    follow: Annotated[int | None, typer.Option(metavar="PERSON", help="Id of somebody to keep an eye on.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days shown; those of the strategy if not given.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long the film is.")] = 20.0,
    changes: Changes = None,
) -> None:
    """Films of worlds, or of two side by side with the same luck, drawn from the seed: MP4 or GIF."""
    _require("film", "av")
    into_folder = out.suffix.lower() not in _ENDINGS
    if into_folder and out.suffix:
        raise ConfigError(f'--out "{out}": name a file that ends in .mp4 or .gif, or a folder.')
    if len(configs) > 1 and not into_folder:
        raise ConfigError(f'--out "{out}" is one film, and there are {len(configs)} configurations: name a folder.')
    names = Counter(config.stem for config in configs)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ConfigError(f"Several configurations are called {twice[0]}, and so would their films be; rename one.")
    strategies, failed = checked_pair(side_by_side), 0
    for config in configs:
        wanted = _Film(config, out / f"{config.stem}.mp4" if into_folder else out, strategies, follow, days, seconds)
        try:
            _make(wanted, changes or [], keep=into_folder)
        except (ConfigError, LogError) as error:
            if len(configs) == 1:
                raise
            failed += 1
            told_aside().print(str(error), highlight=False, markup=False, soft_wrap=True)
    if failed:
        raise ConfigError(f"{failed} of {len(configs)} films could not be made; why is said above.")


class _Film(NamedTuple):
    """What a film is to show, and where it goes."""

    config: Path
    out: Path
    strategies: list[Strategy] | None
    follow: int | None
    days: int | None
    seconds: float


def _make(wanted: _Film, changes: list[str], keep: bool) -> None:
    """Make a film; or keep the one that is there, if it shows the same and is to be kept.

    Raises:
        ConfigError, LogError: it can not be.
    """
    from experiments.watch.film import Shot, film, told_by  # draws, which takes a second to load
    from experiments.watch.playback import Playback

    experiment = load(wanted.config, changes)
    shot = Shot(wanted.days or experiment.run.strategy_days, wanted.seconds, wanted.follow)
    asked = [experiment.model_dump(mode="json", exclude={"sweep", "verdict", "full"}), wanted.strategies, shot]
    told = f"rekindle {sha256(json.dumps([asked, model_fingerprint()]).encode()).hexdigest()[:16]}"
    if keep and told_by(wanted.out) == told:
        console_of().print(f"Kept: {wanted.out}", highlight=False, soft_wrap=True)
        return
    world = world_shown(experiment.world)
    if wanted.follow is not None and not 0 <= wanted.follow < len(world):
        raise ConfigError(f"--follow {wanted.follow}: the people are 0 to {len(world) - 1:,}.")
    playback = Playback(world, experiment, wanted.strategies)
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    with shown(told_aside(), f"frames of {wanted.out.name}", 0) as report:
        film(playback, shot, wanted.out, report, told)
    say_written(wanted.out, console_of())


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
        tell_of_log(settings.log, read_contacts(settings.log).notes, told)
        return runner.world_of(settings)
    with shown(told, "world", 0) as report:
        return runner.world_of(settings, threads=numba.config.NUMBA_NUM_THREADS, progress=report)


def watch(
    config: Annotated[Path | None, typer.Argument(metavar="[CONFIG]", help="TOML file of the experiment.")] = None,
    side_by_side: SideBySide = None,
    day: Annotated[int, typer.Option(min=0, max=5_475, help="Begin paused on this day.")] = 0,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port; 8765 if it is free, or another, if not given.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    changes: Changes = None,
) -> None:
    """A world in the browser: watch it, lay two strategies side by side, follow a person, send a like."""
    _require("watch", "uvicorn")
    from experiments.watch.server import Server, free_port

    opening = _opening(config, checked_pair(side_by_side), day, changes or [])
    server = Server(free_port(port), opening, _presets(config))
    console_of().print(f"{server.address} shows the world; Ctrl-C ends it.", highlight=False, soft_wrap=True)
    try:
        with nullcontext() if no_open else _opened(server.address):
            _warm_up()
            server.wait()
    finally:
        server.stop()


@contextmanager
def _opened(address: str) -> Iterator[None]:
    """Open the browser, by way of a file that only its user can read.

    All users of a machine see what a program is called with, and the address has the token of the page.
    """
    there = escape(address, quote=True)
    with TemporaryDirectory(prefix="rekindle-") as folder:
        page = Path(folder) / "watch.html"
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={there}">'
            f'<title>Rekindle</title><a href="{there}">Rekindle</a>',
            encoding="utf-8",
        )
        webbrowser.open(page.as_uri())
        yield


def _warm_up() -> None:
    """Compile or load what a day and a picture take, with few people, while the browser still loads the page."""
    from experiments.watch.playback import Playback

    tell_of_compiling(told_aside())
    experiment = load(None, ["world.people=50", "world.burn_in_years=0"])
    playback = Playback(runner.world_of(experiment.world), experiment, ["wait", "check_in"])
    playback.step()
    playback.look()


def _opening(config: Path | None, pair: list[Strategy] | None, day: int, changes: list[str]) -> PageState:
    """What tabs show at first.

    Raises:
        ConfigError: it can not be.
    """
    from experiments.watch.page_state import OPENING, OPENING_BESIDE, PageState

    given = dict(change.partition("=")[::2] for change in changes)
    load(config, changes)  # for its errors, which name options as they were typed
    first = {} if config is not None else OPENING
    strategies = {"run.strategy": str(pair[0])} if pair else {}
    beside = str(pair[1]) if pair else OPENING_BESIDE if config is None and "run.strategy" not in given else None
    opening = PageState(config=config, changes={**first, **given, **strategies}, beside=beside, day=day)
    opening.experiment()
    return opening


def _presets(config: Path | None) -> dict[str, Path]:
    """The configurations that a page can choose from: those in ``configs``, and beside the one that was named."""
    folders = [Path(shipped.FOLDER)] + ([config.parent] if config is not None else [])
    there = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
    ships = [] if folders[0].is_dir() else [folders[0] / f"{name}.toml" for name in shipped.names()]
    return {str(path): path for path in (*ships, *there)}


def _require(extra: str, module: str) -> None:
    """Make sure that what an extra brings is there.

    Raises:
        ConfigError: it is not; the message says how to get it.
    """
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise ConfigError(f"`rekindle {extra}` needs more packages: {install_command(extra)}")
