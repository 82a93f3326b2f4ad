"""`rekindle film`, `rekindle replay` and `rekindle watch`: show a world."""

from __future__ import annotations

import errno
import json
import webbrowser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from hashlib import sha256
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numba
import typer

from experiments.config import shipped
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.config.settings import Experiment, Strategy, WorldSettings
from experiments.essay import answers
from experiments.sweeps import runner
from experiments.terminal.console import (
    Changes,
    report_compiling,
    report_log_notes,
    say_written,
    stderr_console,
    stdout_console,
)
from experiments.terminal.progress import progress_bar
from sim.contact_logs import LogError
from sim.contact_logs import read as read_contacts
from sim.model.functions import FunctionError
from sim.model.python_files import PythonFileError
from sim.model.strategies import mixture_of
from sim.run import Gesture
from sim.runtime.atomic_files import write_whole
from sim.runtime.fingerprint import model_fingerprint
from sim.runtime.installation import install_command
from sim.state.population import World

if TYPE_CHECKING:
    from experiments.watch.page_state import PageState
    from experiments.watch.playback import Playback
    from experiments.watch.replay import ReplaySpec

_ENDINGS = (".mp4", ".gif")

ConfigFiles = Annotated[list[Path], typer.Argument(metavar="CONFIG...", help="TOML files, one per experiment.")]
SideBySide = Annotated[
    tuple[str, str] | None,
    typer.Option("--side-by-side", metavar="A B", help="Two strategies in the same world, with the same random draws."),
]


def film(
    configs: ConfigFiles,
    out: Annotated[
        Path, typer.Option(metavar="FILE|FOLDER", help="FILE.mp4, FILE.gif, or a folder for one MP4 per CONFIG.")
    ] = Path("film.mp4"),
    side_by_side: SideBySide = None,
    follow: Annotated[int | None, typer.Option(metavar="PERSON", help="Id of a person to highlight.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days to show. Default: the days of the strategy.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Length of the film in seconds.")] = 20.0,
    changes: Changes = None,
) -> None:
    """Make a film (MP4 or GIF) of a world, or of two strategies side by side with the same random draws."""
    _require("film", "av")
    into_folder = out.suffix.lower() not in _ENDINGS
    if into_folder and out.suffix:
        raise ConfigError(f'--out "{out}": expected a file that ends in .mp4 or .gif, or a folder.')
    if len(configs) > 1 and not into_folder:
        raise ConfigError(f'--out "{out}" is one file, and there are {len(configs)} configurations; give a folder.')
    names = Counter(config.stem for config in configs)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ConfigError(
            f"Several configurations are named {twice[0]}, so their films would have the same name; rename one."
        )
    failed = 0
    for config in configs:
        wanted = _Film(config, out / f"{config.stem}.mp4" if into_folder else out, side_by_side, follow, days, seconds)
        try:
            _make(wanted, changes or [], keep=into_folder)
        except (ConfigError, FunctionError, LogError, PythonFileError) as error:
            if len(configs) == 1:
                raise
            failed += 1
            stderr_console().print(str(error), highlight=False, markup=False, soft_wrap=True)
    if failed:
        raise ConfigError(f"{failed} of {len(configs)} films could not be made; see the errors above.")


class _Film(NamedTuple):
    """The content of a film, and its path."""

    config: Path
    out: Path
    pair: tuple[str, str] | None
    follow: int | None
    days: int | None
    seconds: float


def _make(wanted: _Film, changes: list[str], keep: bool) -> None:
    """Make a film, or keep an existing one with the same content if ``keep``.

    Raises:
        ConfigError, LogError: if the configuration, the log or an option is invalid.
    """
    from experiments.watch.film import Shot, description_in, film  # slow to import
    from experiments.watch.page_state import with_strategy
    from experiments.watch.playback import Playback

    experiment = load(wanted.config, changes)
    strategies = checked_pair(wanted.pair, experiment) or [experiment.run.strategy]
    shot = Shot(wanted.days or experiment.run.strategy_days, wanted.seconds, wanted.follow)
    contents = [experiment.model_dump(mode="json", exclude={"sweep", "verdict", "full"}), strategies, shot]
    marker = f"rekindle {sha256(json.dumps([contents, model_fingerprint()]).encode()).hexdigest()[:16]}"
    if keep and description_in(wanted.out) == marker:
        stdout_console().print(f"Already up to date: {wanted.out}", highlight=False, soft_wrap=True)
        return
    world = world_shown(experiment.world)
    _require_person(wanted.follow, world)
    stage = Playback(world, [with_strategy(experiment, each) for each in strategies])
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    with progress_bar(stderr_console(), f"frames of {wanted.out.name}", 0) as report:
        film(stage, shot, wanted.out, report, marker)
    say_written(wanted.out, stdout_console())


def replay(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of the experiment.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="The file to write.")] = Path(
        "replay.html"
    ),
    side_by_side: SideBySide = None,
    follow: Annotated[
        int | None,
        typer.Option(metavar="PERSON", help="Id of the person whose circle is shown. Default: a typical adopter."),
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days to show. Default: all days of the run.")] = None,
    story: Annotated[
        bool, typer.Option("--story", help="The story of two people, with one like and without it, as in `watch`.")
    ] = False,
    changes: Changes = None,
) -> None:
    """Record a world, or two strategies side by side, in one HTML file that plays in any browser, offline."""
    from experiments.watch.page_state import as_config
    from experiments.watch.replay import replay as page_of

    if out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f'--out "{out}": expected a file that ends in .html.')
    if story and (side_by_side or days or follow is not None):
        raise ConfigError("--story has its own worlds, days and people; leave out --side-by-side, --days and --follow.")
    opening = _opening(config, side_by_side, 0, changes or [])
    opening.experiment()
    out.parent.mkdir(parents=True, exist_ok=True)  # before all work, which takes a minute
    state, playback, spec = _story(opening) if story else _recorded(opening, follow, days)
    experiment = state.experiment()
    with progress_bar(stderr_console(), "days recorded", 0) as report:
        page = page_of(playback, experiment, spec, as_config(state, command="replay"), report)
    write_whole(out, lambda path: path.write_text(page, encoding="utf-8"))
    if experiment.world.log is not None:
        stderr_console().print(f"The file shows who of {experiment.world.log} has ties with whom, by number.")
    say_written(out, stdout_console())


def _recorded(opening: PageState, follow: int | None, days: int | None) -> tuple[PageState, Playback, ReplaySpec]:
    """What a replay without a story is of.

    Raises:
        ConfigError: there is no such person to follow.
    """
    from experiments.watch.replay import ReplaySpec, typical_adopter
    from experiments.watch.session import playback_of

    experiment = opening.experiment()
    world = world_shown(experiment.world)
    _require_person(follow, world)
    playback = playback_of(opening, world)
    person = typical_adopter(playback) if follow is None else follow
    return opening, playback, ReplaySpec(days or experiment.run.days, person)


def _story(opening: PageState) -> tuple[PageState, Playback, ReplaySpec]:
    """What the replay of a story is of: the first pair of the world, and a like on the first morning.

    Raises:
        ConfigError: there are no two such people, or the configuration injects gestures.
    """
    from experiments.watch.anecdote import Anecdote, opening_of, state_of_story
    from experiments.watch.captions import lines
    from experiments.watch.playback import Playback
    from experiments.watch.replay import ReplaySpec

    state = state_of_story(opening)
    experiment = state.experiment()
    world = world_shown(experiment.world)
    with progress_bar(stderr_console(), "two people", 0) as report:
        found = opening_of(world, experiment, report)
    anecdote = Anecdote(found, found.pair, 0)
    (you, other, _), told = found.pair, anecdote.told()
    first, second = told["names"]
    like = Gesture(0, "like", you, other)
    playback = Playback(world, [experiment])
    playback.record_between(you, other)
    playback.fork(like)
    spec = ReplaySpec(
        told["days"],
        you,
        title=f"{first} and {second}",
        captions=lambda played: lines(anecdote.captions(played, [like])),
        names={you: f"{first} (you)", other: second},  # captions say “you”
        worlds=("with the like", "without the like"),
        chosen=told,
    )
    return replace(state, hand=(like,), forked=True), playback, spec


def _require_person(person: int | None, world: World) -> None:
    """Check the person of ``--follow``.

    Raises:
        ConfigError: there is no such person.
    """
    if person is not None and not 0 <= person < len(world):
        raise ConfigError(f"--follow {person}: expected a person from 0 to {len(world) - 1:,}.")


def checked_pair(pair: tuple[str, str] | None, experiment: Experiment) -> list[Strategy] | None:
    """Check the two strategies of ``--side-by-side``, which are among those of the experiment.

    Raises:
        ConfigError: if one is not a strategy.
    """
    if pair is None:
        return None
    for name in pair:
        try:
            mixture_of(name, experiment.parameters.strategy_names)
        except ValueError as error:
            raise ConfigError(f"--side-by-side {' '.join(pair)}: {error}") from None
    return list(pair)


def world_shown(settings: WorldSettings) -> World:
    """Build the world of these settings, and show the progress."""
    stderr = stderr_console()
    report_compiling(stderr)
    if settings.log is not None:
        report_log_notes(settings.log, read_contacts(settings.log).notes, stderr)
        return runner.world_of(settings)
    with progress_bar(stderr, "world", 0) as report:
        return runner.world_of(settings, threads=numba.config.NUMBA_NUM_THREADS, progress=report)


def watch(
    config: Annotated[Path | None, typer.Argument(metavar="[CONFIG]", help="TOML file of the experiment.")] = None,
    side_by_side: SideBySide = None,
    day: Annotated[int, typer.Option(min=0, max=5_475, help="Start paused on this day.")] = 0,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port. Default: 8765, or another if that is in use.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the browser.")] = False,
    story: Annotated[
        bool | None,
        typer.Option(
            "--story/--no-story",
            help="Begin with the story of two people. Default: yes, unless something else is asked for.",
        ),
    ] = None,
    question: Annotated[
        str | None, typer.Option(metavar="NAME", help="Begin with a question of the essay, such as one_like.")
    ] = None,
    changes: Changes = None,
) -> None:
    """Watch a world in the browser: compare two strategies side by side, follow a person, send a like."""
    _require("watch", "uvicorn")
    from experiments.watch.anecdote import state_of_story
    from experiments.watch.server import Server

    if question is None:
        opening = _opening(config, side_by_side, day, changes or [])
    elif config is None and side_by_side is None and not story:
        opening = _asked(question, day, changes or [])
    else:
        raise ConfigError("--question says what both worlds are; leave out CONFIG, --side-by-side and --story.")
    if story is None:
        story = config is None and side_by_side is None and day == 0 and question is None
    if story:
        state_of_story(opening)
    known = {name: one._asdict() for name, one in answers.published().items()}
    server = Server(_port(port), opening, _presets(config), tells_story=story, answers=known)
    stdout_console().print(
        f"Open {server.address} to see the world. Press Ctrl-C to stop.", highlight=False, soft_wrap=True
    )
    try:
        with nullcontext() if no_open else _opened(server.address):
            _warm_up()
            server.wait()
    finally:
        server.stop()


def _port(wanted: int | None) -> int:
    """The port that is wanted, or a free one.

    Raises:
        ConfigError: the one that is wanted cannot be used.
    """
    from experiments.watch.server import free_port

    try:
        return free_port(wanted)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "this port is in use" if taken else (error.strerror or str(error)).lower()
        raise ConfigError(f"--port {wanted}: {why}; choose another, or leave out --port for a free one.") from None


@contextmanager
def _opened(address: str) -> Iterator[None]:
    """Open the browser through a file that only this user can read.

    The address contains the token of the page, and all users of a machine can see the arguments of a program.
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
    """Simulate and draw a day of a tiny world, so that compiling happens while the browser loads the page."""
    from experiments.watch.page_state import with_strategy
    from experiments.watch.playback import Playback

    report_compiling(stderr_console())
    tiny = load(None, ["world.people=50", "world.burn_in_years=0"])
    playback = Playback(runner.world_of(tiny.world), [with_strategy(tiny, each) for each in ("wait", "check_in")])
    playback.step()
    playback.look()


def _opening(config: Path | None, pair: tuple[str, str] | None, day: int, changes: list[str]) -> PageState:
    """The initial state of a tab.

    Raises:
        ConfigError: if the configuration or an option is invalid.
    """
    from experiments.watch.page_state import OPENING, OPENING_BESIDE, PageState

    given = dict(change.partition("=")[::2] for change in changes)
    checked_pair(pair, load(config, changes))  # first, so that errors quote the options as typed
    first = {} if config is not None else OPENING
    strategies = {"run.strategy": pair[0]} if pair else {}
    beside = pair[1] if pair else OPENING_BESIDE if config is None and "run.strategy" not in given else None
    opening = PageState(config=config, changes={**first, **given, **strategies}, beside=beside, day=day)
    opening.experiment()
    return opening


def _asked(name: str, day: int, changes: list[str]) -> PageState:
    """The initial state of a tab that begins with a question.

    Raises:
        ConfigError: if there is no such question, or a change is invalid.
    """
    from experiments.watch.page_state import PageState
    from experiments.watch.questions import QUESTIONS

    if name not in QUESTIONS:
        raise ConfigError(f"--question {name}: expected one of {', '.join(QUESTIONS)}.")
    opening = PageState(question=name, changes=dict(change.partition("=")[::2] for change in changes), day=day)
    opening.experiments()
    return opening


def _presets(config: Path | None) -> dict[str, Path]:
    """The configurations that the page offers: those in ``configs`` and in the folder of the given one."""
    folders = [Path(shipped.FOLDER)] + ([config.parent] if config is not None else [])
    there = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
    ships = [] if folders[0].is_dir() else [folders[0] / f"{name}.toml" for name in shipped.names()]
    return {str(path): path for path in (*ships, *there)}


def _require(extra: str, module: str) -> None:
    """Check that an extra is installed.

    Raises:
        ConfigError: if it is not; the message says how to install it.
    """
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise ConfigError(f"`rekindle {extra}` needs more packages; install them with `{install_command(extra)}`.")
