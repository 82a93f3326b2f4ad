"""`rekindle figure`: one figure, of a sweep of strategies or of the essay; and whether a figure can be made again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from matplotlib.figure import Figure

from experiments import essay as essays
from experiments import store
from experiments.commands.essaying import FIGURES, NAME, make, style_named
from experiments.config import ConfigError, Experiment, nearest
from experiments.essay import CONFIGS, Told
from experiments.figures import save
from experiments.figures.nine_strategies import nine_strategies, plotted
from experiments.figures.page import FOR_DOCS, Style, provenance_in
from experiments.findings import Picture
from experiments.names import at_home, write_csv
from experiments.swept import asked, collected
from experiments.tables import BASELINE
from experiments.terminal import Changes, Processes, Results, console_of, say_written

SWEEP = "nine_strategies"  # the figure of a sweep's own table; all others are the essay's


def figure(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="nine_strategies, or a figure of the essay such as one_like.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Table of a sweep, for nine_strategies; that in results if not given.")
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
    if (name is None) == (check is None):
        raise ConfigError("Name a figure, such as `rekindle figure one_like`, or a PNG with --check, and not both.")
    if check is not None:
        _check(check, results, processes)
    elif name == SWEEP:
        _of_a_sweep(runs or results / SWEEP / store.TABLE, in_style, data)
    else:
        sentence = _sentence_with(str(name), configs)
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


def _sentence_with(figure: str, configs: Path) -> essays.Sentence:
    """The sentence that a figure belongs to.

    Raises:
        ConfigError: there is no such figure.
    """
    of = {picture: name for name in essays.BY_NAME for picture in PICTURES.get(name, (name,))}
    if figure not in of:
        close = nearest(figure, (*of, SWEEP))
        hint = f"did you mean {close}?" if close else f"there is {', '.join((SWEEP, *of))}."
        raise ConfigError(f"There is no figure {figure!r}; {hint}")
    return essays.BY_NAME[of[figure]]


def _made(sentence: essays.Sentence, experiments: dict[str, Experiment], folder: Path, processes: int | None) -> Told:
    """A sentence judged by results that are there, or are made now."""
    sweeps = {name: asked(experiment) for name, experiment in experiments.items()}
    make(list(sweeps.values()), folder, processes, console_of())
    return essays.told(sentence, {name: collected(one, folder) for name, one in sweeps.items()})


# A sweep's figure ------------------------------------------------------------------------------------------------


def _of_a_sweep(path: Path, style: Style, data: bool) -> None:
    console = console_of()
    drawn, origin, rows = _drawn_from(path, style)
    for written in save(drawn, path.parent, SWEEP, origin, style.settings):
        say_written(written, console)
    if data:
        kept = path.parent / f"{SWEEP}.csv"
        store.write_whole(kept, lambda file: write_csv(rows, file, float_format="%.8g"))
        say_written(kept, console)


def _drawn_from(path: Path, style: Style) -> tuple[Figure, dict[str, Any], pd.DataFrame]:
    """The figure of a sweep's table, with where it comes from, and what is plotted."""
    rows, origin = store.table_at(path)
    whole = rows[rows["error"].isna()]
    if origin.get("factors"):
        raise ConfigError(
            f"{path} varies {', '.join(origin['factors'])}, and this figure draws strategies alone; "
            "see `rekindle compare`."
        )
    if not _comparable(whole):
        raise ConfigError(f"{path} has no finished runs of `{BASELINE}` and another strategy; finish the sweep first.")
    drawn = nine_strategies(whole, origin["config"]["world"]["log"], style)
    return drawn, origin | {"style": style.name}, plotted(whole)


def _comparable(rows: pd.DataFrame) -> bool:
    """Whether there is a baseline, and something to compare with it."""
    return rows["scenario"].nunique() > 1 and BASELINE in set(rows["scenario"])


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
        if path.stem != SWEEP:
            raise ConfigError(
                f"--check {path}: only {SWEEP} and the figures of the essay can be made again from themselves."
            )
        style = style_named(said.get("style", "talk"))
        drawn, origin, _ = _drawn_from(path.parent / store.TABLE, style)
        return save(drawn, aside, path.stem, origin, style.settings)
    sentence = essays.BY_NAME[said["sentence"]]
    experiments = {name: Experiment.model_validate(at_home(of)) for name, of in said["configs"].items()}
    folder = path.parent.parent if (path.parent.parent / store.PARTS).is_dir() else results / NAME
    one = _made(sentence, experiments, folder, processes)
    picture: Picture = next(picture for picture in one.finding.pictures if picture.name == said["figure"])
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
