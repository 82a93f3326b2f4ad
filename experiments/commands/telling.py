"""`rekindle story`: follow one like in detail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments import provenance
from experiments.commands.essaying import style_named
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.config.settings import Experiment
from experiments.config.toml_text import show
from experiments.essay.story import WITH, Story, found, sentences
from experiments.figures import save
from experiments.figures.page import Words
from experiments.figures.story import draw
from experiments.sweeps import store
from experiments.terminal.console import Changes, Results, report_compiling, say_written, stderr_console, stdout_console
from experiments.terminal.progress import progress_bar

NAME = "story"


def story(
    config: Annotated[
        Path, typer.Argument(metavar="[CONFIG]", help="TOML file with an [inject] table.")
    ] = Path("configs/one_like.toml"),
    worlds: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of worlds to search.")] = 20,
    first: Annotated[int, typer.Option("--from", min=0, max=100_000, help="Number of worlds to skip.")] = 0,
    style: Annotated[str, typer.Option(metavar="STYLE", help="Style of the figure: talk or paper.")] = "talk",
    changes: Changes = None,
    results: Results = Path("results"),
) -> None:  # fmt: skip
    """Follow one like that made two people talk again: every event that would not have happened without it."""
    experiment, in_style = load(config, changes or ()), style_named(style)
    _require_a_like(experiment, config)
    console, stderr = stdout_console(), stderr_console()
    report_compiling(stderr)
    one: Story | None = None
    with progress_bar(stderr, "worlds", worlds) as progress:
        for done, one in enumerate(found(experiment, worlds=worlds, first=first), start=1):
            progress(done, worlds)
            if one is not None:
                break
    if one is None:
        console.print(
            f"In worlds {first + 1} to {first + worlds}, no like made two people talk again who otherwise would not have. "
            f"Search further with --from {first + worlds}.",
            highlight=False,
        )
        return
    lines = sentences(one)
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
    folder = results / NAME
    text = "\n".join(["# One like, up close", "", *(f"- {line}" for line in lines), ""])
    store.write_whole(folder / f"{NAME}.md", lambda path: path.write_text(text, encoding="utf-8"))
    say_written(folder / f"{NAME}.md", console)
    figure = draw(one.between, one.elsewhere, _words(one), in_style)
    for path in save(figure, folder, NAME, _origin(one, experiment.model_dump(mode="json")), in_style.settings):
        say_written(path, console)


def _require_a_like(experiment: Experiment, config: Path) -> None:
    """Raise a `ConfigError` unless the experiment injects likes to dormant ties."""
    if experiment.inject is None:
        raise ConfigError(
            f"{config} has no [inject] table; a story needs an injected like, as in configs/one_like.toml."
        )
    if experiment.inject.towards != "dormant":
        raise ConfigError(f'{config}, inject.towards = {show(experiment.inject.towards)}: a story needs "dormant".')
    if experiment.inject.kind != "like":
        raise ConfigError(f'{config}, inject.kind = {show(experiment.inject.kind)}: a story needs "like".')


def _words(one: Story) -> Words:
    day = one.reconnected[WITH]
    years = f"{one.silent / 365:.1f} years" if one.silent >= 365 else f"{one.silent} days"
    return Words(
        f"One like after {years} of silence, and {day} days later they talk again.\nWithout the like, they never do.",
        "All gestures between A, who liked, and B, in two worlds that only differ in the like.\n"
        "Vermillion: without words. Blue: with words. Grey: not noticed.",
        f"Model, not measurement: persons {one.pair[0]} and {one.pair[1]} of world {one.replicate + 1}, selected from many. "
        "That a like opens a door is assumed.\nGestures of one day are drawn together and named once.",
    )


def _origin(one: Story, config: dict[str, Any]) -> dict[str, Any]:
    identity = f"{one.replicate} {one.pair} {config}"
    return {
        "run_hash": provenance.run_hash([identity]),
        "story": {"replicate": one.replicate, "pair": list(one.pair)},
        "config": config,
        **provenance.environment(),
    }
