"""`rekindle figure`: one figure, of a sweep of strategies or of the essay; and whether a figure can be made again."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from matplotlib.figure import Figure

from experiments.analysis.compare import BASELINE
from experiments.commands.essaying import FIGURES, NAME, make, style_named
from experiments.config.settings import ConfigError, Experiment, nearest
from experiments.essay import essay as essays
from experiments.essay.essay import CONFIGS, JudgedClaim
from experiments.essay.findings import FigureSpec
from experiments.figures import save
from experiments.figures.nine_strategies import nine_strategies, plotted
from experiments.figures.page import FOR_DOCS, Style, provenance_in
from experiments.sweeps import store
from experiments.sweeps.swept import asked, collected
from experiments.terminal.console import Changes, Processes, Results, console_of, say_written
from experiments.terminal.names import at_home, write_csv

SWEEP, STRATEGIES = "nine_strategies", "strategies"  # the figure of a sweep's own table; all others are the essay's


def figure(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A sweep, or a figure of the essay such as one_like.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Table of the sweep; results/NAME/runs.parquet if not given.")
    ] = None,
    style: Annotated[str, typer.Option(metavar="STYLE", help="talk or paper.")] = "talk",
    data: Annotated[bool, typer.Option("--data", help="Write the plotted values as CSV, too.")] = False,
    check: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Make this figure again from its own metadata, and compare.")
    ] = None,
    changes: Changes = None,
    configs: Annotated[Path, typer.Option(help="Folder of the essay's files.")] = CONFIGS,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """Draw a figure: PNG, SVG and PDF, with what it was made from in its metadata."""
    console, in_style = console_of(), style_named(style)
    if (name is None and runs is None) == (check is None):
        raise ConfigError("Name a figure, such as `rekindle figure one_like`, or a PNG with --check, and not both.")
    if check is not None:
        _check(check, results, processes)
    elif table := runs or _table_of(str(name), results):
        _of_a_sweep(table, SWEEP if name == SWEEP else STRATEGIES, in_style, data)
    else:
        sentence = essays.BY_NAME[OF_ESSAY[str(name)]]
        experiments = essays.experiments_of([sentence], configs, changes or ())
        one = _made(sentence, experiments, results / NAME, processes)
        picture = next(picture for picture in one.finding.pictures if picture.name == name)
        for written in essays.saved(one, picture, in_style, results / NAME / FIGURES):
            say_written(written, console)
        if data:
            say_written(essays.write_data(picture, results / NAME / FIGURES), console)


# The essay's figures ---------------------------------------------------------------------------------------------

# By the name of the experiment; the headline comes first.
PICTURES: dict[str, tuple[str, ...]] = {
    "one_like": ("one_like", "one_like_curves", "one_like_gestures"),
    "nine_strategies": ("nine_strategies_lasting", "nine_strategies_effort", "nine_strategies_left"),
}


# The sentence that a figure belongs to, by the figure's name.
OF_ESSAY = {picture: name for name in essays.BY_NAME for picture in PICTURES.get(name, (name,))}


def _table_of(name: str, results: Path) -> Path | None:
    """The table of the sweep that is to be drawn; None where the name is that of a figure of the essay.

    Raises:
        ConfigError: it is neither; the message names what it may be.
    """
    if name in OF_ESSAY:
        return None
    if name == SWEEP:
        return results / SWEEP / store.TABLE
    for folder in (results / name, Path(name)):
        if (folder / store.TABLE).is_file():
            return folder / store.TABLE
        if (folder / store.DESIGN).is_file():
            raise ConfigError(f"The sweep {name} is not finished: `rekindle status {name}` says how to go on.")
    sweeps = sorted(path.parent.name for path in results.glob(f"*/{store.TABLE}"))
    close = nearest(name, (*sweeps, *OF_ESSAY, SWEEP))
    hint = f"did you mean {close}?" if close else f"there is {', '.join(dict.fromkeys((SWEEP, *OF_ESSAY, *sweeps)))}."
    raise ConfigError(f"There is no sweep or figure {name!r}; {hint}")


def _made(
    sentence: essays.Claim, experiments: dict[str, Experiment], folder: Path, processes: int | None
) -> JudgedClaim:
    """A sentence judged by results that are there, or are made now."""
    sweeps = {name: asked(experiment) for name, experiment in experiments.items()}
    make(list(sweeps.values()), folder, processes, console_of())
    return essays.judged(sentence, {name: collected(one, folder) for name, one in sweeps.items()})


# A sweep's figure ------------------------------------------------------------------------------------------------


def _of_a_sweep(path: Path, called: str, style: Style, data: bool) -> None:
    """Draw the sweep of a table; the figure goes beside it."""
    console = console_of()
    drawn, origin, rows = _drawn_from(path, style)
    for written in save(drawn, path.parent, called, origin, style.settings):
        say_written(written, console)
    if data:
        kept = path.parent / f"{called}.csv"
        store.write_whole(kept, lambda file: write_csv(rows, file, float_format="%.8g"))
        say_written(kept, console)


def _drawn_from(path: Path, style: Style) -> tuple[Figure, dict[str, Any], pd.DataFrame]:
    """The figure of a sweep's table, with where it comes from, and what is plotted."""
    rows, origin = store.table_at(path)
    whole = rows[rows["error"].isna()]
    if not _is_drawn(whole, origin):
        raise ConfigError(f"{path}: {_instead(path, whole, origin)}")
    drawn = nine_strategies(whole, origin["config"]["world"]["log"], style)
    return drawn, origin | {"style": style.name}, plotted(whole)


def _is_drawn(rows: pd.DataFrame, origin: dict[str, Any]) -> bool:
    """Whether a sweep varies strategies alone, `wait` among them."""
    return not origin.get("factors") and rows["scenario"].nunique() > 1 and BASELINE in set(rows["scenario"])


def _instead(path: Path, rows: pd.DataFrame, origin: dict[str, Any]) -> str:
    """What does draw a sweep that this figure does not."""
    from experiments.analysis.sensitivity import COLUMNS  # loads what analyses, which takes a second

    name, table = path.parent.name, f"--runs {shlex.quote(str(path))}"
    arms, factors = list(dict.fromkeys(rows["scenario"])), origin.get("factors") or []
    method = ((origin["config"]["sweep"] or {}).get("sample") or {}).get("method")
    if not arms:
        return "no run of it is there; finish the sweep first."
    if method in COLUMNS:
        return f"its points were drawn from ranges; `rekindle sensitivity {name}` draws what the outcome hangs on."
    if method:
        return (
            "its points were drawn from ranges, and no figure shows them all; draw them by the method "
            f"{' or '.join(COLUMNS)}, and `rekindle sensitivity {name}` shows what the outcome hangs on."
        )
    if factors:
        return f"it varies {', '.join(factors)}; `rekindle compare {factors[0]} {table}` draws its levels side by side."
    if len(arms) > 1:
        of = shlex.join(arms[:2])
        return f"it has no `{BASELINE}` to compare with; `rekindle compare {of} {table}` draws two of its arms."
    return f"it has the one arm {arms[0]}; add another and `{BASELINE}` to sweep.strategies, and sweep again."


# Whether a figure can be made again ------------------------------------------------------------------------------


def _check(path: Path, results: Path, processes: int | None) -> None:
    """Make a figure again and compare; exit code 1 where it is another."""
    if not path.is_file():
        raise ConfigError(f"--check {path}: there is no such file.")
    try:
        said = provenance_in(path)
    except ValueError as error:
        raise ConfigError(f"--check {error}.") from None
    with tempfile.TemporaryDirectory() as aside:
        made = _again(said, path, Path(aside), results, processes)
        others = _differences(path, made, said)
    console = console_of()
    if not others:
        console.print(f"{path} is the same to the byte, and so are the files beside it.", highlight=False)
        return
    console.print(f"{path} can not be made again: {'; '.join(others)}.", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def _again(said: dict[str, Any], path: Path, aside: Path, results: Path, processes: int | None) -> list[Path]:
    """The files of the same figure, made anew in another folder."""
    if "figure" not in said:
        if path.stem not in (SWEEP, STRATEGIES):
            raise ConfigError(
                f"--check {path}: only figures of a sweep and those of the essay can be made again from themselves."
            )
        style = style_named(said.get("style", "talk"))
        drawn, origin, _ = _drawn_from(path.parent / store.TABLE, style)
        return save(drawn, aside, path.stem, origin, style.settings)
    sentence = essays.BY_NAME[said["sentence"]]
    experiments = {name: Experiment.model_validate(at_home(of)) for name, of in said["configs"].items()}
    folder = path.parent.parent if (path.parent.parent / store.PARTS).is_dir() else results / NAME
    one = _made(sentence, experiments, folder, processes)
    picture: FigureSpec = next(picture for picture in one.finding.pictures if picture.name == said["figure"])
    style = FOR_DOCS if said["style"] == FOR_DOCS.name else style_named(said["style"])
    return essays.saved(one, picture, style, aside)


def _differences(path: Path, made: Sequence[Path], said: dict[str, Any]) -> list[str]:
    """In what a figure and its copy differ, in words."""
    now = provenance_in(next(one for one in made if one.suffix == ".png"))
    told = [f"{name} is another one now" for name in said if json.dumps(now.get(name)) != json.dumps(said[name])]
    for copy in made:
        there = path.with_suffix(copy.suffix)
        if there.exists() and there.read_bytes() != copy.read_bytes():
            told.append(f"{there.name} differs")
    return told
