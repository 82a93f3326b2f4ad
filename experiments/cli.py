"""The `rekindle` command line: dispatch to one command, and turn its errors into messages and exit codes.

Only the requested command is imported, because importing all of them takes seconds. The others are represented by one
line of help. The signal handlers are installed before anything else is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.terminal import stopping
from experiments.terminal.names import legible_output, visible, warn_in_words

if TYPE_CHECKING:
    import typer


class Command(NamedTuple):
    """A command: the module of `experiments.commands` that defines it, its one-line help, and example arguments."""

    module: str
    help: str
    example: str


COMMANDS = {
    "run": Command(
        "sweeping",
        "Simulate one run and print a summary of its outcome.",
        "configs/one_run.toml --set run.strategy=check_in",
    ),
    "sweep": Command(
        "sweeping",
        "Run every arm in every world, in parallel. Finished runs are not repeated.",
        "configs/nine_strategies.toml --set sweep.replicates=4",
    ),
    "plan": Command(
        "planning",
        "Show which runs a sweep needs, how many are finished, and about how long the rest takes.",
        "configs/nine_strategies.toml --set sweep.replicates=40",
    ),
    "status": Command(
        "results",
        "Show how many runs of a sweep are finished, failed or remaining, and how to continue.",
        "nine_strategies",
    ),
    "results": Command(
        "results",
        "Query the runs of a sweep with SQL (DuckDB). The sweep may be unfinished.",
        'nine_strategies "SELECT scenario, avg(reconnected) FROM runs GROUP BY scenario"',
    ),
    "verify": Command(
        "verifying",
        "Check every stored byte of results or cached worlds. Damage gives exit code 1 and the command for repair.",
        "nine_strategies",
    ),
    "schema": Command(
        "planning",
        "Print the JSON Schema of experiment files, for editors.",
        "--out experiment.schema.json",
    ),
    "new": Command(
        "asking",
        "Write a commented experiment file for a question of your own, and say which commands answer it.",
        "my_question --about parameter",
    ),
    "tour": Command(
        "touring",
        "Learn the program in a minute: five commands on a toy world, each explained before and after it runs.",
        "my_first_look",
    ),
    "configs": Command(
        "configs",
        "List, print or copy the bundled experiments.",
        "one_run --out .",
    ),
    "essay": Command(
        "essaying",
        "Test the essay: make the missing runs, judge each claim, and write one report with all figures.",
        "--only one_like --set sweep.replicates=20",
    ),
    "story": Command(
        "telling",
        "Follow one like that made two people talk again: every event that would not have happened without it.",
        "configs/one_like.toml --worlds 40",
    ),
    "figure": Command(
        "drawing",
        "Draw a figure as PNG, SVG and PDF, with its provenance in the metadata.",
        "one_like --style paper --data",
    ),
    "compare": Command(
        "comparing",
        "Compare two arms, tables or levels of a factor: paired differences A − B with 95% intervals, and plots.",
        "check_in wait --runs results/nine_strategies/runs.parquet",
    ),
    "sensitivity": Command(
        "sensitivity",
        "Compute Morris screening or Sobol indices of a sampled sweep, and draw a figure for each arm.",
        "my_screening --measure kept",
    ),
    "search": Command(
        "searching",
        "Look for the settings that make a measure best, and check the winner in worlds that the search never saw.",
        "my_screening.toml --measure reconnected --trials 50",
    ),
    "log": Command(
        "logs",
        "Summarize contact logs: statistics of how people keep in touch, side by side, and a page of plots.",
        "wall.csv.gz email.csv.gz --figure results/logs",
    ),
    "start": Command(
        "starting",
        "Go from exports to a plan for this week: read them, say who you are, and get a sheet and a calendar.",
        "sent.mbox received.mbox WhatsApp_chats",
    ),
    "import": Command(
        "importing",
        "Make a contact log from exports of mail, chats and calls: who, whom, when. No text is kept, nothing is sent.",
        "sent.mbox received.mbox chats --output log.parquet",
    ),
    "calibrate": Command(
        "calibration",
        "Fit parameters to a contact log. The same command resumes a search that was stopped.",
        "wall.csv.gz --fit routine_rate=0.01:0.5 --trials 50",
    ),
    "validate": Command(
        "calibration",
        "Compare simulated worlds with a real log, statistic by statistic: fitted, seen or emergent, met or missed.",
        "wall.csv.gz --against email.csv.gz",
    ),
    "infer": Command(
        "inferring",
        "Infer from contact logs what people have in common: draws from the posterior, and how far to trust them.",
        "wall.csv.gz email.csv.gz --rows 500 --output results/posterior",
    ),
    "forecast": Command(
        "forecasting",
        "Estimate the chance that each silent tie of a contact log comes back, spontaneously and after a gesture.",
        "LOG.csv.gz --person ann --gestures like,note --worlds 50",
    ),
    "plan-week": Command(
        "forecasting",
        "Suggest which dormant ties one person could contact this week, by which small gesture, and the expected gain.",
        "LOG.csv.gz --person ann --minutes 60",
    ),
    "trial": Command(
        "trying",
        "Evaluate a trial that plan-week began: did the people who got a gesture write more often?",
        "trial.jsonl LOG.parquet",
    ),
    "benchmark-forecasts": Command(
        "benchmarking",
        "Compare forecasts of who comes back on any logs: the learned chance, and all simple ones.",
        "wall.csv.gz email.csv.gz --days 90",
    ),
    "watch": Command(
        "watching",
        "Watch a world in the browser: compare two strategies side by side, follow a person, send a like.",
        "configs/one_run.toml --set world.people=300",
    ),
    "film": Command(
        "watching",
        "Make a film (MP4 or GIF) of a world, or of two strategies side by side with the same random draws.",
        "configs/one_run.toml --set world.people=300 --side-by-side wait check_in --out film.mp4",
    ),
    "replay": Command(
        "watching",
        "Record a world, or two strategies side by side, in one HTML file that plays in any browser, offline.",
        "configs/one_run.toml --set world.people=300 --side-by-side wait check_in --out story.html",
    ),
    "explain": Command(
        "explaining",
        "Explain a parameter, gesture, strategy, measure, statistic or setting: value, unit, range and source.",
        "memory_decay",
    ),
    "doctor": Command(
        "doctor",
        "Check versions, cores, cache, disk and the model itself. A problem gives exit code 1.",
        "--results results",
    ),
}
# Modules of commands that do without the model. Loading it takes a second, and a minute if it has to be compiled first.
WITHOUT_MODEL = frozenset(("asking", "comparing", "configs", "explaining", "importing", "results", "sensitivity"))
GROUPS = {"world": ("worlds", "Manage the cache of burnt-in worlds: build, list, show, prune.")}

# Errors that describe a mistake in the user's input, by the modules that define them.
ERRORS_FOR_USERS = {
    "experiments.config.errors": "ConfigError",
    "experiments.sweeps.store": "StoreError",
    "sim.contact_logs.errors": "LogError",
    "sim.model.functions": "FunctionError",
    "sim.model.python_files": "PythonFileError",
    "sim.runtime.storage": "CacheError",
}


def app_for(requested: str) -> typer.Typer:
    """The Typer application: the requested command in full, and the name and help of each other command."""
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
        if name == requested:
            app.command(name, epilog=f"Example: `rekindle {name} {command.example}`")(loaded(command.module, name))
        else:
            app.command(name, help=command.help)(_not_loaded)
    for name, (module, text) in GROUPS.items():
        if name == requested:
            app.add_typer(loaded(module, "app"), name=name, help=text)
        else:
            app.command(name, help=text)(_not_loaded)
    return app


def loaded(module: str, name: str) -> Any:
    """The attribute of a command module with this name: `plan-week` is ``plan_week``, and `import` is ``import_``."""
    attribute = name.replace("-", "_") + "_" * iskeyword(name)
    return getattr(import_module(f"experiments.commands.{module}"), attribute)


def _not_loaded() -> None:
    """Placeholder for a command that was not requested."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. An error in the input prints one paragraph and gives exit code 2."""
    if arguments is None:  # called as a program, so this process is ours
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
    except BaseException:  # after a signal, any exception may be a consequence of it
        if not stopping.came():
            raise
        return stopping.say_stopped()


def _ended(arguments: list[str]) -> int:
    """The exit code of a command that no signal ended, after printing its error if there is one."""
    requested = next(iter(arguments), "")
    try:
        if _needs_model(requested):
            _load_model()
        return app_for(requested)(args=arguments, prog_name="rekindle", standalone_mode=False) or 0
    except (ValueError, RuntimeError) as error:
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


def _needs_model(requested: str) -> bool:
    module = COMMANDS[requested].module if requested in COMMANDS else GROUPS.get(requested, ("",))[0]
    return bool(module) and module not in WITHOUT_MODEL


def _load_model() -> None:
    """Import the model. If the import has to compile it, print a notice and the progress."""
    from experiments.terminal import compiling

    if compiling.is_imported():
        return
    from experiments.terminal.console import compiling_progress, stderr_console

    stderr = stderr_console()
    stderr.print("Compiling the model's rules, because this is the first time that it is loaded.", highlight=False)
    with compiling_progress(stderr) as report:
        compiling.load_model(report)


def _is_usage(error: Exception) -> bool:
    """Whether this is a usage error: typer raises a ClickException of click, or of its own bundled click."""
    from typer import BadParameter

    return isinstance(error, next(kind for kind in BadParameter.__mro__ if kind.__name__ == "ClickException"))


def _out_of_memory(error: MemoryError) -> str:
    """The message for a lack of memory. A world that is refused before it is built has its own message."""
    from sim.runtime.memory_limit import NotEnoughMemoryError

    details = " ".join(str(error).split())
    if isinstance(error, NotEnoughMemoryError):
        return details
    return f"There is not enough memory ({details or 'no details available'}). Try a smaller world.people."


def _is_for_users(error: Exception) -> bool:
    """Whether an error describes a mistake in the user's input."""
    imported = [module for module in ERRORS_FOR_USERS if module in sys.modules]  # as is the one that raised it
    return isinstance(error, tuple(getattr(sys.modules[module], ERRORS_FOR_USERS[module]) for module in imported))


def _usage(error: Any) -> str:
    """The message for a usage error."""
    command = error.ctx.command_path if getattr(error, "ctx", None) else "rekindle"
    message = _expected(error) or " ".join(error.format_message().split())
    if message.startswith("Missing argument") and "CONFIG" in message:
        message = (
            "CONFIG is missing: give a TOML file or the name of a bundled experiment (`rekindle configs` lists them)."
        )
    return f"{message}{'' if message.endswith(('.', '?')) else '.'} See `{command} --help`."


def _expected(error: Any) -> str | None:
    """What a choice or number option accepts, in the same words as for files; None for any other mistake."""
    option: Any = getattr(error, "param", None)
    wrong: Any = getattr(error.__cause__, "errors", list)()  # typer parses option values with pydantic
    if not wrong:
        return None
    value = str(wrong[0]["input"])
    where = f"{option.opts[0]} {value}: expected"
    low, high = getattr(option, "min", None), getattr(option, "max", None)
    if low is not None and high is not None:
        return f"{where} a {'whole ' if isinstance(low, int) else ''}number from {low:,} to {high:,}"
    known = _choices_in(error.message)
    if not known:
        return None
    from sim.model.spelling import nearest

    close = nearest(value, known)
    return f"{where} one of {', '.join(known)}{f'; did you mean {close}?' if close else ''}"


def _choices_in(message: str) -> list[str]:
    """The choices that a message of typer lists: ``'a' is not one of 'b', 'c'.``; its errors do not have them."""
    import re

    _, _, choices = message.partition(" is not one of ")
    return re.findall("'(.+?)'", choices)


if __name__ == "__main__":
    main()
