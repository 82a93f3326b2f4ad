"""`rekindle tour`: five commands on a toy world, each explained, from a question to an answer."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import pandas as pd
import typer

import experiments
from experiments.analysis.compare import BASELINE, minutes, paired_differences
from experiments.config.errors import ConfigError
from experiments.config.reading import load
from experiments.sweeps import store
from experiments.terminal.console import stdout_console
from experiments.terminal.numbers import signed

NAME = "first"
WORLDS = 20
# A toy that takes seconds: as it is written, the experiment takes minutes.
TOY = {
    "world.people": 60,
    "world.burn_in_years": 0,
    "run.adopters": 6,
    "run.strategy_days": 60,
    "run.follow_up_days": 0,
    "parameters.effort_minutes": 20,
    "sweep.replicates": WORLDS,
}
ONE, OTHER = "my_way", "check_in"
MEASURE = "reconnected"
_TABLE = Path("results") / NAME / store.TABLE
_CHANGES = [word for setting, value in TOY.items() for word in ("--set", f"{setting}={value}")]


class _Stop(NamedTuple):
    """A command of the tour, without ``rekindle``; why it comes now, and what its output shows, given the folder."""

    command: list[str]
    before: str
    after: Callable[[Path], str]


def tour(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="A new folder for what the tour makes.")] = Path(
        "tour"
    ),
    yes: Annotated[bool, typer.Option("--yes", help="Do not wait for Enter before each command.")] = False,
) -> None:
    """Learn the program in a minute: five commands on a toy world, each explained before and after it runs."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} already exists; give a folder that is new or empty, such as {folder}_2.")
    folder.mkdir(parents=True, exist_ok=True)
    waits = not yes and _is_terminal()
    console = stdout_console()
    console.print(
        f"This tour asks which way of keeping in touch brings back most ties, in {WORLDS} worlds of "
        f"{TOY['world.people']} people. Everything that it makes is in {folder}; delete it when you like.",
    )
    console.print(f"\n$ cd {shlex.quote(str(folder))}", soft_wrap=True)
    stops = _stops()
    for number, stop in enumerate(stops, start=1):
        console.print(f"\n{number} of {len(stops)}. {stop.before}")
        console.print(f"$ {shlex.join(['rekindle', *stop.command])}", soft_wrap=True)
        if waits:
            _wait()
        code = _run(stop.command, folder)
        if code:
            print(f"The tour ends here, because this command ended with exit code {code}.", file=sys.stderr)
            raise typer.Exit(code)
        console.print(f"→ {stop.after(folder)}")
    console.print(
        f"\nThat was it. Go on in the folder {folder}: change {NAME}.toml and run the same commands, or list other "
        "questions with `rekindle new`. `rekindle watch` shows a world in the browser."
    )


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _wait() -> None:
    try:
        input("Enter runs it, Ctrl-C ends the tour. ")
    except EOFError:
        print()


def _run(command: list[str], folder: Path) -> int:
    """Run a command as the user would, in the folder; returns its exit code."""
    sys.stdout.flush()
    here = str(Path(experiments.__file__).parents[1])  # so that a checkout that isn't installed can be toured
    paths = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    words = [sys.executable, "-m", "experiments.cli", *command]
    return subprocess.run(words, cwd=folder, env=os.environ | {"PYTHONPATH": paths}, check=False).returncode


def _stops() -> list[_Stop]:
    return [
        _Stop(
            ["new", NAME],
            "A question is a file. This writes one that you can change, with a comment at each setting.",
            _of_new,
        ),
        _Stop(
            ["plan", f"{NAME}.toml", *_CHANGES],
            "Before anything is simulated, look at what it would take. --set changes a setting for one command; here "
            "they make the worlds small.",
            lambda folder: (
                "Each strategy runs once in each world. Nothing was simulated, so nobody knows yet how "
                "long that takes; `--time 3` would find out."
            ),
        ),
        _Stop(
            ["sweep", f"{NAME}.toml", *_CHANGES],
            "Now all runs are made. If you stop this, the same command goes on where it was.",
            _of_sweep,
        ),
        _Stop(
            ["compare", ONE, OTHER, "--runs", str(_TABLE), "--measure", MEASURE],
            f"Which is better, the strategy {ONE} of the file or {OTHER} of the program? Both ran in the same worlds "
            "with the same random draws, so they are compared world by world.",
            _of_compare,
        ),
        _Stop(
            ["explain", MEASURE],
            f"And what exactly is “{MEASURE}”? Every name in a file or a table can be looked up.",
            lambda folder: (
                "The same works for settings, strategies and gestures, with their ranges and sources: "
                f"try `rekindle explain {OTHER}`."
            ),
        ),
    ]


def _of_new(folder: Path) -> str:
    sweep = load(folder / f"{NAME}.toml").sweep
    arms = len(sweep.strategies or ()) if sweep else 0
    return f"{NAME}.toml describes a world, the people who follow a strategy, and the {arms} strategies to compare."


def _runs(folder: Path) -> pd.DataFrame:
    return store.read_table(folder / _TABLE)[0]


def _of_sweep(folder: Path) -> str:
    runs = _runs(folder)
    found = paired_differences(runs, MEASURE, BASELINE)["difference"]
    idle = " A strategy with ! left minutes unused, so what it brings back took less effort."
    return (
        f"Compared with people who only wait, {found.idxmax()} brings back most: {signed(found.max())} ties per "
        f"person over {TOY['run.strategy_days']} days.{idle if minutes(runs)['idle'].any() else ''}"
    )


def _of_compare(folder: Path) -> str:
    row = paired_differences(_runs(folder), MEASURE, OTHER).loc[ONE]
    tells = row["low"] > 0 or row["high"] < 0
    verdict = (
        f"the interval leaves out zero, so {ONE if row['difference'] > 0 else OTHER} is better in worlds like these"
        if tells
        else f"the interval includes zero, so {WORLDS} worlds of this size cannot tell them apart"
    )
    return f"The column A − B is the difference, {signed(row['difference'])} ties per person: {verdict}."
