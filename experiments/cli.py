"""`rekindle`: its commands under one name, and what happens when one of them can not go on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer

from experiments.commands import worlds
from experiments.commands.calibration import calibrate, validate
from experiments.commands.comparing import compare
from experiments.commands.doctor import doctor
from experiments.commands.explaining import explain
from experiments.commands.forecasting import forecast
from experiments.commands.logs import log
from experiments.commands.planning import plan, schema
from experiments.commands.results import results, status
from experiments.commands.sensitivity import sensitivity
from experiments.commands.sweeping import figure, run, sweep
from experiments.config import ConfigError
from experiments.stopping import Stopped, disk_refused, signals_stop, stop_behind
from experiments.store import StoreError
from sim.storage import CacheError, LogError

app = typer.Typer(
    name="rekindle",
    help="An agent-based model of reconnecting with people through small gestures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for command, example in (
    (run, "run configs/one_run.toml --set run.strategy=check_in"),
    (sweep, "sweep configs/nine_strategies.toml --set sweep.replicates=4"),
    (plan, "plan configs/nine_strategies.toml --set sweep.replicates=40"),
    (status, "status nine_strategies"),
    (results, 'results nine_strategies "SELECT scenario, avg(reconnected) FROM runs GROUP BY scenario"'),
    (schema, "schema --out experiment.schema.json"),
    (figure, "figure nine_strategies --runs results/nine_strategies/runs.parquet"),
    (compare, "compare check_in wait --runs results/nine_strategies/runs.parquet"),
    (sensitivity, "sensitivity my_screening --measure lasting"),
    (log, "log wall.csv.gz email.csv.gz --figure results/logs"),
    (calibrate, "calibrate wall.csv.gz --fit routine_rate=0.01:0.5 --trials 50"),
    (validate, "validate wall.csv.gz --against email.csv.gz --refit-activity"),
    (forecast, "forecast LOG.csv.gz --person ann --gestures like,note --worlds 50"),
    (explain, "explain memory_decay"),
    (doctor, "doctor --results results"),
):
    app.command(epilog=f"Example: `rekindle {example}`")(command)
app.add_typer(worlds.app, name="world")

# What typer raises for a wrong option; it comes from click, or from the click that typer has within.
_UsageError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; whatever is wrong with what it was given is one paragraph and exit code 2."""
    sys.exit(_exit_code(list(sys.argv[1:] if arguments is None else arguments)))


def _exit_code(arguments: list[str]) -> int:
    try:
        with signals_stop():
            return app(args=arguments, prog_name="rekindle", standalone_mode=False) or 0
    except (CacheError, ConfigError, LogError, StoreError) as error:
        print(error, file=sys.stderr)
    except _UsageError as error:
        print(_usage(error), file=sys.stderr)
    except OSError as error:
        print(disk_refused(error), file=sys.stderr)
    except MemoryError as error:
        print(f"There is not enough memory ({error or 'no more is said'}); ask for fewer people.", file=sys.stderr)
    except (Stopped, SystemError) as error:
        stopped = stop_behind(error)
        if stopped is None:
            raise
        print("Stopped.", file=sys.stderr)
        return stopped.code
    return 2


def _usage(error: Any) -> str:
    """A wrong option in words."""
    command = error.ctx.command_path if getattr(error, "ctx", None) else "rekindle"
    said = " ".join(error.format_message().split())
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} `{command} --help` shows what can be written."


if __name__ == "__main__":
    main()
