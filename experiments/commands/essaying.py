"""`rekindle essay`: test every claim of the essay, and write one report.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from experiments.analysis.verdicts import Verdict
from experiments.commands.sweeping import kept_in
from experiments.config.errors import ConfigError
from experiments.config.settings import Experiment
from experiments.essay import answers, report
from experiments.essay import essay as essays
from experiments.essay.essay import CONFIGS, Claim, JudgedClaim
from experiments.figures.page import FOR_DOCS, STYLES, Style
from experiments.sweeps import planning, runner, store
from experiments.sweeps.design import RunSpec
from experiments.sweeps.histories import History
from experiments.sweeps.making import carry_out, prepare, workers_of
from experiments.sweeps.sweep_result import SweepPlan, by_histories, collected, of_the_gates, sweep_plan
from experiments.sweeps.time_limit import Bounds
from experiments.terminal import stopping
from experiments.terminal.columns import Columns
from experiments.terminal.console import (
    Changes,
    Processes,
    Results,
    report_compiling,
    say_written,
    stderr_console,
    stdout_console,
)
from experiments.terminal.names import command_line
from experiments.terminal.numbers import counted

FIGURES = "figures"
MOST_TIMES = 1_000
NAME, NAME_FULL = "essay", "essay-full"  # names of the results folders


def essay(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this experiment. Can be repeated.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Use the sizes in [full] of each file.")] = False,
    full_of: Annotated[
        list[str] | None, typer.Option("--full-of", metavar="NAME", help="[full] of this file only. Can be repeated.")
    ] = None,
    decide: Annotated[
        bool, typer.Option("--decide", help="Add draws until each claim is decided, up to the sizes in [full].")
    ] = False,
    times: Annotated[
        float, typer.Option("--times", metavar="FACTOR", help="Times the worlds of each file: 0.3 is a first look.")
    ] = 1.0,
    style: Annotated[str, typer.Option(metavar="STYLE", help=f"Style of the figures: {' or '.join(STYLES)}.")] = "talk",
    data: Annotated[bool, typer.Option("--data", help="Also write the plotted values of each figure as CSV.")] = False,
    changes: Changes = None,
    configs: Annotated[Path, typer.Option(help="Folder of the configurations.")] = CONFIGS,
    docs: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also write essay.md and gallery.md with small figures there.")
    ] = None,
    processes: Processes = None,
    results: Results = Path("results"),
) -> None:
    """Test the essay: make the missing runs, judge each claim, and write one report with all figures."""
    sentences = essays.chosen(only or ())
    of_figures = style_named(style)
    if full and decide:
        raise ConfigError("--decide adds draws up to the sizes of --full; use one of the two.")
    if not 0 < times <= MOST_TIMES:
        raise ConfigError(f"--times {times:g}: expected a number above 0 and up to {MOST_TIMES:,}.")
    folder, console = results / (NAME_FULL if full else NAME), stdout_console()
    experiments = essays.experiments_of(
        sentences, configs, changes or (), full=full, times=times, full_of=full_of or ()
    )
    others = [change for change in changes or () if not change.startswith("sweep.replicates=")]
    most = essays.experiments_of(sentences, configs, others, full=True) if decide else experiments
    looks = {name: essays.looks(experiment, most[name]) for name, experiment in experiments.items()}
    judged = _looked_at(sentences, experiments, looks, folder, processes, console)
    console.print(_verdicts(judged))
    for of, picture in report.pictures(judged):
        essays.saved(of, picture, of_figures, folder / FIGURES)
        if data:
            say_written(essays.write_data(picture, folder / FIGURES), console)
    command = command_of(full, changes or (), configs, decide=decide, times=times, full_of=full_of or ())
    for path in (*report.write(judged, folder, command), answers.write(judged, folder)):
        say_written(path, console)
    if docs is not None:
        for path in _write_docs(judged, docs, command):
            say_written(path, console)


def style_named(name: str) -> Style:
    """The style of figures with this name.

    Raises:
        ConfigError: if there is none.
    """
    if name not in STYLES:
        raise ConfigError(f"--style {name}: expected {' or '.join(STYLES)}.")
    return STYLES[name]


def command_of(
    full: bool,
    changes: Sequence[str],
    configs: Path,
    *,
    decide: bool = False,
    times: float = 1.0,
    full_of: Sequence[str] = (),
) -> str:
    """The shortest command that makes this report."""
    words = ["essay", *(["--full"] if full else []), *(["--decide"] if decide else [])]
    words += ["--times", f"{times:g}"] if times != 1.0 else []
    words += [word for name in full_of for word in ("--full-of", name)]
    words += ["--configs", str(configs)] if configs != CONFIGS else []
    words += [word for change in changes for word in ("--set", change)]
    return command_line(words)


def make(sweeps: Sequence[SweepPlan], folder: Path, processes: int | None, console: Console) -> None:
    """Make the missing runs; one that several sweeps share is made once.

    Those of the gates are made first. Drawn parameters that fail the gate need no other runs.

    Raises:
        ConfigError: if runs failed.
    """
    limits = [one.experiment.run.timeout_minutes for one in sweeps]
    limit = max(limits) if all(limits) else 0
    gates = of_the_gates(sweeps)
    if gates:
        console.print("Worlds for the gate:", highlight=False)
        _make_missing(gates, (), folder, processes, limit, console)
        console.print("Worlds that pass it:", highlight=False)
    for histories, runs in by_histories(sweeps, folder).items():
        _make_missing(runs, histories, folder, processes, limit, console)


def _make_missing(
    runs: Sequence[RunSpec],
    histories: tuple[History, ...],
    folder: Path,
    processes: int | None,
    limit: float,
    console: Console,
) -> None:
    prepare(folder, histories)
    missing = planning.missing(runs, folder, histories)
    kept = f" with {' and '.join(map(str, histories))}" if histories else ""
    console.print(f"{counted(len(runs), 'run')}{kept}; {len(runs) - len(missing):,} already done.", highlight=False)
    if missing:
        checkpoints = runner.Checkpoints((folder / store.CHECKPOINTS).absolute(), 0)
        many = min(processes or os.cpu_count() or 1, len(missing))
        report_compiling(stderr_console())
        workers = workers_of(None, many)
        with stopping.saying(kept_in(folder)):
            bounds = Bounds(minutes=limit)
            failed = carry_out(missing, histories, folder, checkpoints, workers, stderr_console(), bounds)
        if failed:
            raise ConfigError(f"{counted(len(failed), 'run')} failed; the first error: {failed[0]['error']}.")
        store.require_all(folder, {run.id for run in planning.missing(runs, folder, histories)})


def _looked_at(
    claims: Sequence[Claim],
    experiments: Mapping[str, Experiment],
    looks: Mapping[str, tuple[int, ...]],
    folder: Path,
    processes: int | None,
    console: Console,
) -> list[JudgedClaim]:
    """Judge claims, with more replicates at each look for those that are undecided, until there are no more looks."""
    judged: dict[str, JudgedClaim] = {}
    left = list(claims)
    for turn in range(max(map(len, looks.values()))):
        names = dict.fromkeys(name for claim in left for name in claim.sweeps)
        sweeps = {name: sweep_plan(essays.at_look(experiments[name], looks[name], turn)) for name in names}
        make(list(sweeps.values()), folder, processes, console)
        swept = {
            name: replace(collected(one, folder), error=essays.error_at(looks[name], turn))
            for name, one in sweeps.items()
        }
        judged |= {claim.name: essays.judged(claim, swept) for claim in left}
        left = [
            claim
            for claim in left
            if judged[claim.name].ruling.verdict is Verdict.UNDECIDED
            and any(turn + 1 < len(looks[name]) for name in claim.sweeps)
        ]
        if not left:
            break
        more = ", ".join(claim.name for claim in left)
        console.print(f"Undecided after look {turn + 1}, so draws are added: {more}.", highlight=False)
    return [judged[claim.name] for claim in claims]


def _verdicts(judged: Sequence[JudgedClaim]) -> Columns:
    table = Columns("experiment", "verdict", "effect", text=("verdict", "effect"), whole=True)
    for one in judged:
        on = f": {one.ruling.on}" if one.ruling.on else ""
        table.add_row(one.claim.name, f"{one.ruling.verdict}{on}", one.finding.effect)
    return table


def _write_docs(judged: Sequence[JudgedClaim], docs: Path, command: str) -> list[Path]:
    """Write the report and the gallery with small figures, for the documentation."""
    places = {}
    for of, picture in report.pictures(judged):
        for path in essays.saved(of, picture, FOR_DOCS, docs / NAME):
            if path.suffix != ".png":
                path.unlink()
        places[picture.name] = f"{NAME}/{picture.name}.png"
    written = []
    for template, name in ((report.MARKDOWN, "essay.md"), (report.GALLERY, "gallery.md")):
        text = report.rendered(judged, template, command, places)
        store.write_whole(docs / name, lambda temporary: temporary.write_text(text, encoding="utf-8"))  # noqa: B023
        written.append(docs / name)
    return [*written, answers.write(judged, docs / NAME)]
