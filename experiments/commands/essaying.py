"""`rekindle essay`: every sentence of the essay put to the test, and one report of all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from experiments.commands.sweeping import CHECKPOINTS, carry_out, prepare, workers_of
from experiments.config.settings import ConfigError
from experiments.essay import essay as essays
from experiments.essay import report
from experiments.essay.essay import CONFIGS, JudgedClaim
from experiments.figures.page import FOR_DOCS, STYLES, Style
from experiments.sweeps import planning, runner, store
from experiments.sweeps.swept import Asked, Swept, asked, by_histories, collected
from experiments.terminal.columns import Columns
from experiments.terminal.console import (
    Changes,
    Processes,
    Results,
    console_of,
    say_written,
    tell_of_compiling,
    told_aside,
)
from experiments.terminal.names import command_line
from experiments.terminal.numbers import counted

FIGURES = "figures"
NAME, NAME_FULL = "essay", "essay-full"  # of the folders of results


def essay(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="One experiment; may be repeated.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The size for a talk: [full] of each file.")] = False,
    style: Annotated[str, typer.Option(metavar="STYLE", help=f"Of the figures: {' or '.join(STYLES)}.")] = "talk",
    data: Annotated[bool, typer.Option("--data", help="Also write the plotted values of each figure as CSV.")] = False,
    changes: Changes = None,
    configs: Annotated[Path, typer.Option(help="Folder of the experiments' files.")] = CONFIGS,
    docs: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also write essay.md and gallery.md with small figures there.")
    ] = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """Put the essay to the test: run what is missing, judge each sentence, write one report with all figures."""
    sentences = essays.chosen(only or ())
    of_figures = style_named(style)
    experiments = essays.experiments_of(sentences, configs, changes or (), full=full)
    sweeps = {name: asked(experiment) for name, experiment in experiments.items()}
    folder, console = results / (NAME_FULL if full else NAME), console_of()
    make(list(sweeps.values()), folder, processes, console)
    told = [essays.judged(sentence, _collected(sweeps, folder)) for sentence in sentences]
    console.print(_verdicts(told))
    for one in told:
        for picture in one.finding.pictures:
            essays.saved(one, picture, of_figures, folder / FIGURES)
            if data:
                say_written(essays.write_data(picture, folder / FIGURES), console)
    command = command_of(full, changes or (), configs)
    for path in report.write(told, folder, command):
        say_written(path, console)
    if docs is not None:
        for path in _write_docs(told, docs, command):
            say_written(path, console)


def style_named(name: str) -> Style:
    """A style of figures.

    Raises:
        ConfigError: there is none of this name.
    """
    if name not in STYLES:
        raise ConfigError(f"--style {name}: write {' or '.join(STYLES)}.")
    return STYLES[name]


def command_of(full: bool, changes: Sequence[str], configs: Path) -> str:
    """The command that makes this report, as short as it can be."""
    words = ["essay", *(["--full"] if full else [])]
    words += ["--configs", str(configs)] if configs != CONFIGS else []
    words += [word for change in changes for word in ("--set", change)]
    return command_line(words)


def make(sweeps: Sequence[Asked], folder: Path, processes: int | None, console: Console) -> None:
    """Make the runs that are missing, each once however many sweeps ask for it.

    Raises:
        ConfigError: some failed.
    """
    checkpoints = runner.Checkpoints((folder / CHECKPOINTS).absolute(), 0)
    limits = [one.experiment.run.timeout_minutes for one in sweeps]
    limit = max(limits) if all(limits) else 0
    for histories, runs in by_histories(sweeps).items():
        prepare(folder, histories)
        missing = planning.missing(runs, folder, histories)
        kept = f" with {' and '.join(map(str, histories))}" if histories else ""
        console.print(
            f"{counted(len(runs), 'run')}{kept}; {len(runs) - len(missing):,} there already.", highlight=False
        )
        if missing:
            many = min(processes or os.cpu_count() or 1, len(missing))
            tell_of_compiling(told_aside())
            workers = workers_of(None, many)
            failed = carry_out(missing, histories, folder, checkpoints, workers, fail_fast=False, minutes=limit)
            if failed:
                raise ConfigError(f"{counted(len(failed), 'run')} failed, the first with: {failed[0]['error']}.")
            store.require_all(folder, {run.id for run in planning.missing(runs, folder, histories)})


def _collected(sweeps: dict[str, Asked], folder: Path) -> dict[str, Swept]:
    return {name: collected(one, folder) for name, one in sweeps.items()}


def _verdicts(told: Sequence[JudgedClaim]) -> Columns:
    table = Columns("experiment", "verdict", "effect", text=("verdict", "effect"), whole=True)
    for one in told:
        on = f": {one.ruling.on}" if one.ruling.on else ""
        table.add_row(one.claim.name, f"{one.ruling.verdict}{on}", one.finding.effect)
    return table


def _write_docs(told: Sequence[JudgedClaim], docs: Path, command: str) -> list[Path]:
    """The report and the gallery with small figures, for the pages of the project."""
    places = {}
    for one in told:
        for picture in one.finding.pictures:
            for path in essays.saved(one, picture, FOR_DOCS, docs / NAME):
                if path.suffix != ".png":
                    path.unlink()
            places[picture.name] = f"{NAME}/{picture.name}.png"
    written = []
    for template, name in ((report.MARKDOWN, "essay.md"), (report.GALLERY, "gallery.md")):
        text = report.rendered(told, template, command, places)
        store.write_whole(docs / name, lambda temporary: temporary.write_text(text, encoding="utf-8"))  # noqa: B023
        written.append(docs / name)
    return written
