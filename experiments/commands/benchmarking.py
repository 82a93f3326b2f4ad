"""`rekindle benchmark-forecasts`: forecasts of who comes back, compared on any logs.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from experiments import provenance
from experiments.config.errors import ConfigError
from experiments.config.reading import names_of_logs
from experiments.figures import save
from experiments.figures.leaderboard import MOST_LOGS, leaderboard_figure
from experiments.forecasts.baselines import require_scikit_learn
from experiments.forecasts.leaderboard import CUTS, LEARNED, TITLES, Board, board
from experiments.forecasts.tables import BOARD_NOTE, board_said, board_table
from experiments.logs.log import read_in_file_order
from experiments.logs.observed import with_observed
from experiments.terminal.console import Format, Results, report_log_notes, say_written, stderr_console, stdout_console
from experiments.terminal.names import as_csv, write_csv
from experiments.terminal.progress import progress_bar
from sim.contact_logs import LogError
from sim.runtime.atomic_files import write_whole

FOLDER = "forecast_benchmark"


def benchmark_forecasts(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG", help="Contact logs (source,target,time).")],
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days within which a tie may come back.")] = 90,
    silent: Annotated[
        int, typer.Option(min=1, max=36_500, help="Forecast ties that are silent for more than this many days.")
    ] = 30,
    cuts: Annotated[
        str, typer.Option(metavar="SHARES", help="When forecasts are made, as shares of each log's time.")
    ] = ",".join(map(str, CUTS)),
    resamples: Annotated[int, typer.Option(min=0, max=100_000, help="Bootstrap resamples over people.")] = 2_000,
    observed: Annotated[
        list[str] | None,
        typer.Option(metavar="LOG=FILE", help="Ids of the people all of whose contacts are in that log, one per line."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TABLE,
    results: Results = Path("results"),
) -> None:  # fmt: skip
    """Compare forecasts of who comes back on any logs: the learned chance, and all simple ones."""
    shares, who = _shares(cuts), _observed(observed, logs)
    require_scikit_learn()
    names = names_of_logs(logs)
    stdout, stderr = stdout_console(), stderr_console()
    boards: dict[str, Board] = {}
    for name, path in zip(names, logs, strict=True):
        log = with_observed(read_in_file_order(path), who.get(path))
        report_log_notes(path, log.notes, stderr, ids=False)
        with progress_bar(stderr, f"{name}, mornings", len(shares)) as report:
            found = board(log, days=days, silent=silent, cuts=shares, resamples=resamples, report=report)
        if found is None:
            stderr.print(f"{path}: on no morning are there silent pairs now and {days} days earlier; left out.")
        else:
            boards[name] = found
    if not boards:
        raise LogError("No log is long enough for a forecast that can be compared with what happened.")
    table = scores_of(boards)
    if form is not Format.TABLE:
        print(
            as_csv(table, index=False).rstrip("\n") if form is Format.CSV else table.to_json(orient="records", indent=1)
        )
        return
    for name, one in boards.items():
        stdout.print(f"\n{name}: {board_said(one)}")
        stdout.print(board_table(one))
    stdout.print(BOARD_NOTE)
    folder = results / FOLDER
    write_whole(folder / "scores.csv", lambda file: write_csv(table, file, index=False))
    say_written(folder / "scores.csv", stdout)
    if len(boards) <= MOST_LOGS:
        figure = leaderboard_figure(plotted(table), LEARNED)
        for path in save(figure, folder, "leaderboard", provenance.of_logs(logs, resamples)):
            say_written(path, stdout)


def scores_of(boards: Mapping[str, Board]) -> pd.DataFrame:
    """One row per log and forecast; see `Board.rows`."""
    return pd.concat([one.rows().assign(log=name) for name, one in boards.items()], ignore_index=True)


def plotted(table: pd.DataFrame) -> pd.DataFrame:
    """What the figure shows: how much worse than the learned forecast each other one is, as a share of its log loss."""
    best = table["log"].map(table[table["forecast"] == LEARNED].set_index("log")["log_loss"])
    columns = {"value": "learned_minus_value", "low": "learned_minus_high", "high": "learned_minus_low"}
    worse = table.assign(**{name: -table[column] / best for name, column in columns.items()})
    others = worse[worse["forecast"] != LEARNED]
    return others.assign(forecast=others["forecast"].map(TITLES))[["log", "forecast", *columns]]


def _shares(cuts: str) -> tuple[float, ...]:
    try:
        found = tuple(float(one) for one in cuts.split(","))
    except ValueError:
        found = ()
    if not found or not all(0 < one < 1 for one in found):
        raise ConfigError(f"--cuts {cuts}: expected shares of a log's time between 0 and 1, such as 0.5,0.7,0.9.")
    return tuple(sorted(set(found)))


def _observed(given: list[str] | None, logs: list[Path]) -> dict[Path, Path]:
    found = {}
    for one in given or ():
        log, equals, file = one.rpartition("=")
        if not equals or Path(log) not in logs:
            raise ConfigError(f"--observed {one}: expected LOG=FILE, where LOG is one of the logs given.")
        found[Path(log)] = Path(file)
    return found
