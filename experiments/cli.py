"""`rekindle`: its commands under one name, and what happens when one of them can not go on.

Only the command that is asked for is loaded, since all of them together take seconds; of the others, a line is known.
Nothing else is loaded before signals are listened to.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.terminal import stopping
from experiments.terminal.names import legible_output, visible, warn_in_words

if TYPE_CHECKING:
    import typer


class Command(NamedTuple):
    """A command: the module of `experiments.commands` that has a function of its name, its line of help, an example."""

    module: str
    help: str
    example: str


COMMANDS = {
    "run": Command(
        "sweeping",
        "One run, and a summary of what came of it.",
        "configs/one_run.toml --set run.strategy=check_in",
    ),
    "sweep": Command(
        "sweeping",
        "All arms in all worlds, in parallel; what is there already is not run again.",
        "configs/nine_strategies.toml --set sweep.replicates=4",
    ),
    "plan": Command(
        "planning",
        "What a sweep would run, how much of it is there, and about how long the rest takes.",
        "configs/nine_strategies.toml --set sweep.replicates=40",
    ),
    "status": Command(
        "results",
        "How many runs of a sweep are there, failed or left, and how to go on.",
        "nine_strategies",
    ),
    "results": Command(
        "results",
        "Ask the runs of a sweep, finished or not, in SQL (DuckDB).",
        'nine_strategies "SELECT scenario, avg(reconnected) FROM runs GROUP BY scenario"',
    ),
    "verify": Command(
        "verifying",
        "Read every stored byte of results, or of kept worlds: what is damaged (exit code 1), and what makes it again.",
        "nine_strategies",
    ),
    "schema": Command(
        "planning",
        "The JSON Schema of an experiment's file, for editors.",
        "--out experiment.schema.json",
    ),
    "configs": Command(
        "configs",
        "List, print or copy the experiments that ship with the program.",
        "one_run --out .",
    ),
    "essay": Command(
        "essaying",
        "Put the essay to the test: run what is missing, judge each sentence, write one report with all figures.",
        "--only one_like --set sweep.replicates=20",
    ),
    "story": Command(
        "telling",
        "Follow one like that made two people talk again: the chain of what would not have happened without it.",
        "configs/one_like.toml --worlds 40",
    ),
    "figure": Command(
        "drawing",
        "Draw a figure: PNG, SVG and PDF, with what it was made from in its metadata.",
        "one_like --style paper --data",
    ),
    "compare": Command(
        "comparing",
        "Paired differences A − B over worlds: 95 % intervals, how many runs pairing saved, and a plot a measure.",
        "check_in wait --runs results/nine_strategies/runs.parquet",
    ),
    "sensitivity": Command(
        "sensitivity",
        "Morris screening or Sobol indices of a sweep whose points were drawn for them, and a figure for each arm.",
        "my_screening --measure lasting",
    ),
    "log": Command(
        "logs",
        "What contact logs say of how people keep in touch: statistics side by side, and a page of plots.",
        "wall.csv.gz email.csv.gz --figure results/logs",
    ),
    "calibrate": Command(
        "calibration",
        "Fit parameters to a contact log; a search that was stopped goes on with the same command.",
        "wall.csv.gz --fit routine_rate=0.01:0.5 --trials 50",
    ),
    "validate": Command(
        "calibration",
        "Simulated worlds against a real log, statistic by statistic: fitted, seen or emergent, met or missed.",
        "wall.csv.gz --against email.csv.gz --refit-activity",
    ),
    "forecast": Command(
        "forecasting",
        "The chance that each silent tie of a contact log comes back, by itself and after a gesture.",
        "LOG.csv.gz --person ann --gestures like,note --worlds 50",
    ),
    "plan-week": Command(
        "forecasting",
        "A short list for one person's week: which dormant ties, by which small gesture, and what it may gain.",
        "LOG.csv.gz --person ann --minutes 60",
    ),
    "watch": Command(
        "watching",
        "A world in the browser: watch it, lay two strategies side by side, follow a person, send a like.",
        "configs/one_run.toml --set world.people=300",
    ),
    "film": Command(
        "watching",
        "Films of worlds, or of two side by side with the same luck, drawn from the seed: MP4 or GIF.",
        "configs/one_run.toml --set world.people=300 --side-by-side wait check_in --out film.mp4",
    ),
    "explain": Command(
        "explaining",
        "What a parameter, gesture, strategy, measure, statistic or setting is: value, unit, range, source, assumed.",
        "memory_decay",
    ),
    "doctor": Command(
        "doctor",
        "Check versions, cores, cache, disk and the model itself; exit code 1 if there is a problem.",
        "--results results",
    ),
}
GROUPS = {"world": ("worlds", "Burnt-in worlds, which are kept: build, list, show, prune.")}


def app_for(asked: str) -> typer.Typer:
    """The application with the command that is asked for, and the names and help of the others."""
    import typer

    app = typer.Typer(
        name="rekindle",
        help="An agent-based model of reconnecting with people through small gestures.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
    )
    for name, command in COMMANDS.items():
        if name == asked:
            app.command(name, epilog=f"Example: `rekindle {name} {command.example}`")(loaded(command.module, name))
        else:
            app.command(name, help=command.help)(_not_loaded)
    for name, (module, text) in GROUPS.items():
        if name == asked:
            app.add_typer(loaded(module, "app"), name=name, help=text)
        else:
            app.command(name, help=text)(_not_loaded)
    return app


def loaded(module: str, name: str) -> Any:
    """What a module of the commands calls by this name, with _ for a hyphen."""
    return getattr(import_module(f"experiments.commands.{module}"), name.replace("-", "_"))


def _not_loaded() -> None:
    """Stands for a command that is not asked for."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; whatever is wrong with what it was given is one paragraph and exit code 2."""
    if arguments is None:  # in a process of its own
        stopping.listen()
        warn_in_words()
        with legible_output():
            code = _exit_code(sys.argv[1:])
        stopping.leave(code)
    with stopping.signals_stop(), legible_output():
        code = _exit_code(list(arguments))
    sys.exit(code)


def _exit_code(arguments: list[str]) -> int:
    try:
        return _ended(arguments)
    except BaseException:  # after a signal, whatever was raised may have come of it
        if not stopping.came():
            raise
        return stopping.say_stopped()


def _ended(arguments: list[str]) -> int:
    """The exit code of a command that ended by itself; what is wrong is said."""
    asked = next(iter(arguments), "")
    try:
        if asked in COMMANDS or asked in GROUPS:
            _load_model()
        return app_for(asked)(args=arguments, prog_name="rekindle", standalone_mode=False) or 0
    except ValueError as error:
        if stopping.came() or not _is_for_users(error):
            raise
        print(visible(str(error), keep="\n"), file=sys.stderr)
    except OSError as error:
        if stopping.came() or isinstance(error, BrokenPipeError):
            raise
        print(visible(stopping.disk_refused(error)), file=sys.stderr)
    except MemoryError as error:
        print(_out_of_memory(error), file=sys.stderr)
    except Exception as error:
        if not _is_usage(error):
            raise
        print(visible(_usage(error)), file=sys.stderr)
    return 2


def _load_model() -> None:
    """Import the model; where that compiles for the first time, say so."""
    from experiments.terminal import compiling

    if compiling.is_imported():
        return
    from experiments.terminal.console import shown_compiling, told_aside

    told = told_aside()
    told.print("The model is loaded for the first time, and its rules are compiled.", highlight=False)
    with shown_compiling(told) as report:
        compiling.load_model(report)


def _is_usage(error: Exception) -> bool:
    """Whether typer raised this for a wrong option: by a class of click, or of the click that typer has within."""
    from typer import BadParameter

    return isinstance(error, next(kind for kind in BadParameter.__mro__ if kind.__name__ == "ClickException"))


def _out_of_memory(error: MemoryError) -> str:
    """What to do about it: a world that was refused beforehand says it itself."""
    from sim.runtime.memory_limit import NotEnoughMemoryError

    said = " ".join(str(error).split())
    if isinstance(error, NotEnoughMemoryError):
        return said
    return f"There is not enough memory ({said or 'no more is said'}); ask for fewer people."


def _is_for_users(error: ValueError) -> bool:
    """Whether an error says in words what users gave that can not be."""
    from experiments.config.settings import ConfigError  # whoever raised one of these has loaded it
    from experiments.sweeps.store import StoreError
    from sim.contact_logs import LogError
    from sim.runtime.storage import CacheError

    return isinstance(error, CacheError | ConfigError | LogError | StoreError)


def _usage(error: Any) -> str:
    """A wrong option in words."""
    command = error.ctx.command_path if getattr(error, "ctx", None) else "rekindle"
    said = _expected(error) or " ".join(error.format_message().split())
    if said.startswith("Missing argument") and "CONFIG" in said:
        said = "CONFIG is missing: name a TOML file, or an experiment that ships: `rekindle configs` lists them."
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} `{command} --help` shows what can be written."


def _expected(error: Any) -> str | None:
    """What an option with few words or a range of numbers wants, as files have it; None for any other mistake."""
    option: Any = getattr(error, "param", None)
    wrong: Any = getattr(error.__cause__, "errors", list)()  # pydantic's, by which typer reads what is given
    if not wrong:
        return None
    value = str(wrong[0]["input"])
    where = f"{option.opts[0]} {value}: expected"
    low, high = getattr(option, "min", None), getattr(option, "max", None)
    if low is not None and high is not None:
        return f"{where} a {'whole ' if isinstance(low, int) else ''}number from {low:,} to {high:,}"
    _, among, words = error.message.partition(" is not one of ")
    if not among:
        return None
    import re

    from experiments.config.settings import nearest

    known = re.findall("'(.+?)'", words)
    close = nearest(value, known)
    return f"{where} one of {', '.join(known)}{f'; did you mean {close}?' if close else ''}"


if __name__ == "__main__":
    main()
