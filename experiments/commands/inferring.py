"""`rekindle infer`: the posterior of what people have in common, from several contact logs at once.

Many parameters because each option of a command is one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numba
import typer
from rich.console import Console

import sim
from experiments import provenance
from experiments.config.errors import ConfigError
from experiments.config.reading import load, stem_of_log
from experiments.figures import save
from experiments.figures.posterior import posterior as draw_posterior
from experiments.logs import posterior
from experiments.logs.calibrate import number_at
from experiments.logs.levels import ROUNDS, measured, read_levels
from experiments.logs.log import Log, read
from experiments.logs.observed import with_observed
from experiments.logs.pooled import Pooled, pooled, report
from experiments.logs.reference_table import COMMON, TABLE, Design, RealLog, real_log, rows_of, window_in_table
from experiments.terminal.columns import Columns
from experiments.terminal.console import (
    Changes,
    Config,
    report_compiling,
    report_log_notes,
    say_written,
    stderr_console,
    stdout_console,
)
from experiments.terminal.names import file_name, private, write_csv
from experiments.terminal.progress import progress_bar
from experiments.terminal.stopping import saying
from sim.runtime.atomic_files import write_whole
from sim.runtime.fingerprint import model_fingerprint

FEWEST_PEOPLE, FEWEST_DAYS = 20, 60
_SEED_OF_LEVELS = 1  # so that a table with another seed has the same levels


def infer(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOG...", help="Contact logs: CSV, CSV.gz or Parquet with source, target, time."),
    ],
    rows: Annotated[
        int,
        typer.Option(min=1, max=1_000_000, help="Simulated rows in all, with those of earlier calls; 100 or more."),
    ] = 500,
    people: Annotated[
        int, typer.Option(min=FEWEST_PEOPLE, max=100_000, help="Largest number of people in a simulated world.")
    ] = 400,
    draws: Annotated[int, typer.Option(min=1, max=100_000, help="Number of draws to write.")] = 200,
    seed: Annotated[int, typer.Option(min=0, max=10**15, help="Seed of the prior's draws and of all worlds.")] = 1,
    config: Config = None,
    changes: Changes = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of rows and results.")
    ] = Path("results/posterior"),
) -> None:  # fmt: skip
    """Infer from contact logs what people have in common: draws from the posterior, and how far to trust them."""
    console, stderr = stdout_console(), stderr_console()
    if output.exists() and not output.is_dir():
        raise ConfigError(f"--output {output} is a file; give a folder.")
    if rows < posterior.FEWEST_ROWS:
        raise ConfigError(f"--rows {rows}: an inference needs at least {posterior.FEWEST_ROWS}.")
    base = load(config, changes or (), logs[0]).parameters
    by_name = _read(logs, stderr)
    report_compiling(stderr)
    threads = min(os.cpu_count() or 1, numba.config.NUMBA_NUM_THREADS)
    kept = f"Finished rows are saved in {output / TABLE}; the same command continues."
    with saying(kept):
        real = tuple(_with_levels(name, log, base, people, output, threads) for name, log in by_name.items())
        design = Design(real, seed=seed)
        with progress_bar(stderr, "rows", rows) as progress:
            table = rows_of(design, rows, output, threads=threads, progress=progress, say=stderr.print)
        found = pooled(design, table, draws=draws)
    console.print(_table(found))
    for path in _write(found, output, logs, rows):
        say_written(path, console)


def _read(logs: Sequence[Path], stderr: Console) -> dict[str, Log]:
    """The logs by name.

    Raises:
        ConfigError: two have one name, or one is too small.
    """
    found: dict[str, Log] = {}
    for path in logs:
        name = stem_of_log(path)
        if name in found:
            raise ConfigError(f"Two logs are called {name}; rename one, because reports tell them apart by name.")
        log = with_observed(read(path), None)
        report_log_notes(path, log.notes, stderr)
        if log.people < FEWEST_PEOPLE or log.days < FEWEST_DAYS:
            raise ConfigError(
                f"{path} has {log.people} people in {log.days:.0f} days; an inference needs at least {FEWEST_PEOPLE} "
                f"people and {FEWEST_DAYS} days."
            )
        found[name] = log
    return found


def _with_levels(name: str, log: Log, base: sim.Parameters, people: int, output: Path, threads: int) -> RealLog:
    """A log with its levels, which are read once and kept in the folder."""
    stderr, values, window = stderr_console(), measured(log), window_in_table(log, people)
    common = [one.name for one in COMMON]
    of = {
        "values": values, "window": asdict(window), "seed": _SEED_OF_LEVELS, "base": base.identity(), "common": common,
        "rounds": ROUNDS, "model": model_fingerprint(),
    }  # fmt: skip
    path = output / f"levels-{file_name(name)}.json"
    found = _kept(path, of)
    if found is None:
        with progress_bar(stderr, f"levels of {name}, rounds", ROUNDS) as progress:
            fixed = {one: number_at(base, one) for one in common}
            reading = read_levels(
                log, base, window, seed=_SEED_OF_LEVELS, threads=threads, progress=progress, fixed=fixed
            )
        for note in reading.notes:
            stderr.print(f"{name}: {note}", soft_wrap=True)
        found = reading.parameters
        text = json.dumps({"of": of, "parameters": found.model_dump(mode="json")}, indent=1)
        output.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda temporary: temporary.write_text(text + "\n", encoding="utf-8"))
    return real_log(name, values, window, found)


def _kept(path: Path, of: dict[str, Any]) -> sim.Parameters | None:
    """Parameters with the levels that an earlier call has read from the same; None if there are none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        same = json.dumps(record["of"], sort_keys=True) == json.dumps(json.loads(json.dumps(of)), sort_keys=True)
        return sim.Parameters.model_validate(record["parameters"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _table(found: Pooled) -> Columns:
    table = Columns("parameter", "prior", "median", "95%", "shrinkage", "coverage of 95%", text=("prior", "95%"))
    for name, row in found.summary.iterrows():
        table.add_row(
            str(name), f"{row['least']:g} to {row['most']:g}", f"{row['median']:.3g}",
            f"{row['low']:.3g} to {row['high']:.3g}", f"{row['shrinkage']:.2f}",
            f"{found.calibration.loc[name, 'coverage_95']:.3f}",
        )  # fmt: skip
    return table


def _write(found: Pooled, output: Path, logs: Sequence[Path], rows: int) -> list[Path]:
    """Write draws with their provenance, tables, report and figure; returns the files."""
    origin = provenance.of_logs(logs, 0)
    del origin["resamples"]
    origin |= {"model": model_fingerprint(), "names": list(found.given.logs), "rows": len(found.given.targets)}
    origin |= {"asked": rows}
    files = [output / name for name in ("draws.csv", "draws.json", "posterior.csv", "calibration.csv", "report.md")]
    texts = {files[1]: json.dumps(private(origin), indent=1) + "\n", files[4]: report(found)}
    for path, text in texts.items():
        write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))  # noqa: B023
    write_whole(files[0], lambda path: write_csv(found.draws, path, index=False, float_format="%.6g"))
    for path, table in ((files[2], found.summary), (files[3], found.calibration)):
        write_whole(path, lambda temporary: write_csv(table, temporary, float_format="%.6g"))  # noqa: B023
    return [*files, *save(draw_posterior(found.summary, list(found.given.logs)), output, "posterior", origin)]
