"""`rekindle figure`: draw a figure of a sweep or of the essay, or check that a figure can be reproduced.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands.essaying import FIGURES, NAME, make, style_named
from experiments.config.errors import ConfigError
from experiments.config.settings import Experiment
from experiments.essay import essay as essays
from experiments.essay import report, rests_on
from experiments.essay.essay import CONFIGS, JudgedClaim
from experiments.figures import save
from experiments.figures.page import FOR_DOCS, Style, provenance_in
from experiments.sweep_figures import FigureOptions, drawn
from experiments.sweeps import store
from experiments.sweeps.comparisons import table_at
from experiments.sweeps.sweep_result import collected, sweep_plan
from experiments.terminal.console import Changes, Processes, Results, say_written, stdout_console
from experiments.terminal.names import at_home, write_csv
from sim.model.spelling import nearest

SWEEP, STRATEGIES = (
    "nine_strategies",
    "strategies",
)  # names of figures of a sweep's table; all other figures belong to the essay


def figure(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A sweep, or a figure of the essay, such as one_like.")
    ] = None,
    runs: Annotated[Path | None, typer.Option(help="Table of the sweep. Default: results/NAME/runs.parquet.")] = None,
    x: Annotated[
        str | None, typer.Option("--x", metavar="NAME", help="Of a sweep: the factor on the x-axis, or day.")
    ] = None,
    y: Annotated[
        str | None, typer.Option("--y", metavar="NAME", help="Of a sweep: a measure, or a second factor for a map.")
    ] = None,
    colour: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a sweep: the factor with a line for each level.")
    ] = None,
    panel: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a sweep: the factor with a panel for each level.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a sweep: the outcome; `rekindle explain` lists all measures.")
    ] = None,
    style: Annotated[str, typer.Option(metavar="STYLE", help="Style: talk or paper.")] = "talk",
    data: Annotated[bool, typer.Option("--data", help="Also write the plotted values as CSV.")] = False,
    check: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Reproduce this figure from its metadata, and compare the bytes.")
    ] = None,
    changes: Changes = None,
    configs: Annotated[Path, typer.Option(help="Folder of the essay's configurations.")] = CONFIGS,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """Draw a figure as PNG, SVG and PDF, with its provenance in the metadata."""
    console, in_style = stdout_console(), style_named(style)
    asked = FigureOptions(x, y, colour, panel, measure)
    if (name is None and runs is None) == (check is None):
        raise ConfigError("Give either a figure, such as `rekindle figure one_like`, or a PNG with --check.")
    if check is not None:
        _check(check, results, processes)
    elif table := runs or _table_of(str(name), results):
        _of_a_sweep(table, SWEEP if name == SWEEP else STRATEGIES, asked, in_style, data)
    elif asked.given:
        raise ConfigError(
            f"--{next(iter(asked.given))} is for figures of a sweep, and {name} is one of the essay; leave it out, or "
            f"give the sweep's table with --runs."
        )
    else:
        claims = essays.chosen(OF_ESSAY[str(name)])
        experiments = essays.experiments_of(claims, configs, changes or ())
        judged = _made(claims, experiments, results / NAME, processes)
        of, picture = next(found for found in report.pictures(judged) if found[1].name == name)
        for written in essays.saved(of, picture, in_style, results / NAME / FIGURES):
            say_written(written, console)
        if data:
            say_written(essays.write_data(picture, results / NAME / FIGURES), console)


# The essay's figures ---------------------------------------------------------------------------------------------

# Figures by experiment, the main one first.
PICTURES: dict[str, tuple[str, ...]] = {
    "nine_strategies": ("strategies_draws", "strategies_town", "strategies_effort", "strategies_after"),
}


# The claims that each figure is about, by the name of the figure.
OF_ESSAY: dict[str, tuple[str, ...]] = {
    picture: (name,) for name in essays.BY_NAME for picture in PICTURES.get(name, (name,))
}
OF_ESSAY[rests_on.FIGURE] = tuple(essays.BY_NAME)


def _table_of(name: str, results: Path) -> Path | None:
    """The table of the sweep to draw; None if the name is a figure of the essay.

    Raises:
        ConfigError: if it is neither; the message lists the known names.
    """
    if name in OF_ESSAY:
        return None
    if name == SWEEP:
        return results / SWEEP / store.TABLE
    for folder in (results / name, Path(name)):
        if (folder / store.TABLE).is_file():
            return folder / store.TABLE
        if (folder / store.DESIGN).is_file():
            raise ConfigError(f"The sweep {name} is not finished; `rekindle status {name}` shows how to continue it.")
    sweeps = sorted(path.parent.name for path in results.glob(f"*/{store.TABLE}"))
    close = nearest(name, (*sweeps, *OF_ESSAY, SWEEP))
    hint = f"did you mean {close}?" if close else f"known: {', '.join(dict.fromkeys((SWEEP, *OF_ESSAY, *sweeps)))}."
    raise ConfigError(f"There is no sweep or figure {name!r}; {hint}")


def _made(
    claims: Sequence[essays.Claim], experiments: dict[str, Experiment], folder: Path, processes: int | None
) -> list[JudgedClaim]:
    """Claims judged by their results, after making those that are missing."""
    sweeps = {name: sweep_plan(experiment) for name, experiment in experiments.items()}
    make(list(sweeps.values()), folder, processes, stdout_console())
    swept = {name: collected(one, folder) for name, one in sweeps.items()}
    return [essays.judged(claim, swept) for claim in claims]


# A sweep's figure ------------------------------------------------------------------------------------------------


def _of_a_sweep(path: Path, called: str, asked: FigureOptions, style: Style, data: bool) -> None:
    """Draw the sweep of a table, and save the figure in the table's folder."""
    console = stdout_console()
    figures, origin = drawn(table_at(path), asked, style, called)
    for one in figures:
        for written in save(one.figure, path.parent, one.name, origin, style.settings):
            say_written(written, console)
        if data:
            kept = path.parent / f"{one.name}.csv"
            rows = one.data
            store.write_whole(kept, lambda file: write_csv(rows, file, index=False, float_format="%.8g"))  # noqa: B023
            say_written(kept, console)


# Checking that a figure can be reproduced -------------------------------------------------------------------------


def _check(path: Path, results: Path, processes: int | None) -> None:
    """Reproduce a figure and compare the bytes; exit code 1 if they differ."""
    if not path.is_file():
        raise ConfigError(f"--check {path}: this file does not exist.")
    try:
        origin = provenance_in(path)
    except ValueError as error:
        raise ConfigError(f"--check {error}.") from None
    with tempfile.TemporaryDirectory() as temporary:
        made = _again(origin, path, Path(temporary), results, processes)
        others = _differences(path, made, origin)
    console = stdout_console()
    if not others:
        console.print(f"{path} was reproduced to the byte, as were the other formats of it.", highlight=False)
        return
    console.print(f"{path} cannot be reproduced: {'; '.join(others)}.", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def _again(origin: dict[str, Any], path: Path, temporary: Path, results: Path, processes: int | None) -> list[Path]:
    """Draw the same figure in another folder; returns its files."""
    if "figure" not in origin:
        return _sweep_again(origin, path, temporary)
    claims = essays.chosen(origin["claims"])
    experiments = {name: Experiment.model_validate(at_home(of)) for name, of in origin["configs"].items()}
    if any(
        one.run.model or one.run.stop or any(measure.function for measure in one.measures.values())
        for one in experiments.values()
    ):
        raise ConfigError(
            f"--check {path}: its metadata name a Python file, which is not executed because a picture says so."
        )
    folder = path.parent.parent if (path.parent.parent / store.PARTS).is_dir() else results / NAME
    judged = _made(claims, experiments, folder, processes)
    of, picture = next(found for found in report.pictures(judged) if found[1].name == origin["figure"])
    style = FOR_DOCS if origin["style"] == FOR_DOCS.name else style_named(origin["style"])
    return essays.saved(of, picture, style, temporary)


def _sweep_again(origin: dict[str, Any], path: Path, temporary: Path) -> list[Path]:
    """Draw the same figure of a sweep, from its table in the folder of the figure; returns its files."""
    made = origin.get("drawn")
    if made is None and path.stem not in (SWEEP, STRATEGIES):
        raise ConfigError(
            f"--check {path}: only figures of a sweep or of the essay can be reproduced from their metadata."
        )
    made, style = made or {"table": store.TABLE, "asked": {}}, style_named(origin.get("style", "talk"))
    figures, now = drawn(table_at(path.parent / Path(made["table"]).name), _asked_in(made), style, path.stem)
    figure = next((one.figure for one in figures if one.name == path.stem), None)
    if figure is None:
        raise ConfigError(f"--check {path}: its sweep is drawn otherwise now, as {figures[0].name}.")
    return save(figure, temporary, path.stem, now, style.settings)


def _asked_in(made: dict[str, Any]) -> FigureOptions:
    """The options in the metadata of a figure, of which only those that there are count."""
    return FigureOptions(
        **{option: str(made["asked"][option]) for option in asdict(FigureOptions()) if option in made["asked"]}
    )


def _differences(path: Path, made: Sequence[Path], origin: dict[str, Any]) -> list[str]:
    """The differences between a figure and its copy, as text."""
    now = provenance_in(next(one for one in made if one.suffix == ".png"))
    found = [f"its {name} has changed" for name in origin if json.dumps(now.get(name)) != json.dumps(origin[name])]
    for copy in made:
        there = path.with_suffix(copy.suffix)
        if there.exists() and there.read_bytes() != copy.read_bytes():
            found.append(f"{there.name} differs")
    return found
