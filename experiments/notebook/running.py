"""Run a sweep from Python: the settings of a file, a dict or an `Experiment`, and the steps of `rekindle sweep`."""

from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from experiments.config import toml_text
from experiments.config.catalogue import canonical_path, short_name
from experiments.config.errors import ConfigError, SettingError
from experiments.config.reading import load, place_of, settings_in
from experiments.config.settings import Experiment, require_adopters, require_tagged
from experiments.config.toml_text import KeyPath
from experiments.notebook.result import Sweep, read
from experiments.sweeps import own_functions, own_outcomes, store
from experiments.sweeps.design import note_on_unfollowed, runs_of
from experiments.sweeps.making import SweepFolder, workers_of
from experiments.sweeps.results import RESULTS
from experiments.terminal.console import Terminal, report_compiling, report_log_notes
from experiments.terminal.names import command_line
from experiments.terminal.numbers import counted
from sim.contact_logs import read as read_contacts

Config = str | os.PathLike[str] | Mapping[str, Any] | Experiment
SETTINGS_FILE = "experiment.toml"  # in the results folder of a sweep that was given as a dict
_UNNAMED = "notebook"  # name of a sweep that was given as a dict without one
_AGAIN = "Finished runs are saved in {}; the same call continues from there."


def sweep(
    config: Config,
    changes: Mapping[str, Any] | None = None,
    *,
    model: type | None = None,
    processes: int | None = None,
    results: str | os.PathLike[str] = RESULTS,
    progress: bool = True,
) -> Sweep:
    """Run every arm in every world, as `rekindle sweep` does. Finished runs are not repeated.

    Args:
        config: the path of an experiment file, or the name of a bundled one; or a dict of settings, such as
            ``{"world.people": 120, "sweep.replicates": 4}``, in which all others have their defaults; or an
            `Experiment`.
        changes: settings that replace those of a file or a dict, likewise a dict.
        model: a subclass of `sim.ReconnectionModel` that makes the runs, in a file of its own; it is much slower. The
            same as the setting ``run.model``, ``"my_model.py:MyModel"``.
        processes: worker processes; by default, one per core.
        results: the folder for results; the sweep's is within it, and has its ``name``.
        progress: whether to show how many runs are done.

    Returns:
        The finished sweep. Runs that failed are rows with an error; a warning says so.

    Raises:
        ConfigError: if a setting is wrong; the message has its path, its value and what is expected.
        LogError: if the contact log cannot be read.
        StoreError: if the results folder cannot be used.
        KeyboardInterrupt: if you interrupt it. Finished runs are saved, and the same call continues from there.
    """
    if multiprocessing.parent_process() is not None:
        raise RuntimeError(
            "This is a worker process, which has executed your script again. Put what the script does below "
            'if __name__ == "__main__": so that workers can import it.'
        )
    console, changes = Terminal(stderr=True, quiet=not progress), {**(changes or {}), **_named(model)}
    experiment = _checked(config, changes, console)
    if note := note_on_unfollowed(experiment):
        warnings.warn(note, stacklevel=2)
    runs = runs_of(experiment)
    try:
        own_functions.check_loaded(runs if any(run.texts for run in runs) else [])
    except SettingError as error:
        raise _at_fault(config, changes, error) from None
    folder = Path(results) / experiment.name
    there = SweepFolder(experiment, runs, folder, _command(config, changes, Path(results), folder))
    there.begin()
    _keep_settings(config, changes, there)
    failed = _made(there, processes, console)
    path, _ = there.write_table(failed)
    if failed:
        warnings.warn(
            f"{counted(len(failed), 'run')} failed; `failed` of the result has their errors. The first: "
            f"{failed[0]['error']}",
            stacklevel=2,
        )
    return read(path)


def _named(model: type | None) -> dict[str, str]:
    """The setting that names a class in its file.

    Raises:
        ConfigError: if it has none, such as a class of the notebook itself.
    """
    if model is None:
        return {}
    name, file = model.__qualname__, getattr(sys.modules.get(model.__module__), "__file__", None)
    if model.__module__ == "__main__" or file is None or "." in name:
        raise ConfigError(
            f"model: {name} is not at the top of a Python file that can be imported, so workers cannot execute it. "
            f"Write it into a file such as my_model.py, and `from my_model import {name.rpartition('.')[2]}`."
        )
    return {"run.model": f"{file}:{name}"}


def _made(there: SweepFolder, processes: int | None, console: Console) -> list[store.Row]:
    """Make what is missing; returns the rows of failed runs."""
    missing = there.missing()
    different = len({run.id for run in there.runs})
    console.print(f"{counted(different, 'run')}; {different - len(missing):,} already done.", highlight=False)
    if missing:
        report_compiling(console)
    workers = workers_of(None, min(processes or os.cpu_count() or 1, max(1, len(missing))))
    try:
        failed = there.make(missing, workers, console)
    except BaseException as problem:
        problem.add_note(_AGAIN.format(there.folder))
        raise
    if not failed:
        store.require_all(there.folder, {run.id for run in there.missing()})
    return failed


def _checked(config: Config, changes: Mapping[str, Any], console: Console) -> Experiment:
    """The experiment, once everything that can be wrong with it has been checked."""
    experiment = _read(config, changes)
    try:
        own_outcomes.check(experiment)
        own_functions.check(experiment)
        if experiment.world.log is not None:
            contacts = read_contacts(experiment.world.log)
            report_log_notes(experiment.world.log, contacts.notes, console)
            require_adopters(experiment.run.adopters, len(contacts.names))
            require_tagged(experiment, contacts.names)
    except SettingError as error:
        raise _at_fault(config, changes, error) from None
    if experiment.sweep is None:
        raise ConfigError('There is no sweep in these settings; add one, such as {"sweep.replicates": 4}.')
    return experiment


def _read(config: Config, changes: Mapping[str, Any]) -> Experiment:
    if isinstance(config, Experiment):
        if changes:
            raise ConfigError("changes are for a file or a dict; change an Experiment before you give it.")
        return config
    if isinstance(config, Mapping):
        return load(None, given=_settings(config, changes), unnamed=_UNNAMED)
    return load(Path(config), given=_settings(changes))


def _settings(*given: Mapping[str, Any]) -> list[tuple[KeyPath, Any]]:
    """The settings of several dicts, the later ones first in rank."""
    return [one for each in given for one in settings_in(each)]


def _at_fault(config: Config, changes: Mapping[str, Any], error: SettingError) -> ConfigError:
    """The error of a setting with its place: the line of the file, or its path."""
    place = short_name(error.setting)
    given = {canonical_path(path) for path, _ in settings_in(changes)}
    if isinstance(config, str | os.PathLike) and tuple(error.setting.split(".")) not in given:
        place = place_of(Path(config), (), tuple(error.setting.split(".")))
    return ConfigError(f"{place}: {error.problem.rstrip('.')}{'' if error.problem.endswith('?') else '.'}")


# What continues the sweep ------------------------------------------------------------------------------------------


def _command(config: Config, changes: Mapping[str, Any], results: Path, folder: Path) -> str:
    """The command that makes the same sweep: of the file, or of the one that keeps the settings of a dict."""
    if isinstance(config, Experiment):
        return "experiments.notebook.sweep(experiment)"
    options = [] if results == RESULTS else ["--results", str(results)]
    if isinstance(config, Mapping):
        return command_line(["sweep", str(folder / SETTINGS_FILE), *options])
    for path, value in settings_in(changes):
        options += ["--set", f"{'.'.join(path)}={toml_text.show(value)}"]
    return command_line(["sweep", str(config), *options])


def _keep_settings(config: Config, changes: Mapping[str, Any], there: SweepFolder) -> None:
    """Write the settings of a dict next to its results, so that commands can continue the sweep."""
    if isinstance(config, Mapping):
        given: dict[KeyPath, Any] = {("name",): there.experiment.name}
        given |= {canonical_path(path): value for path, value in _settings(config, changes)}
        text = f"# What {__package__}.sweep was given.\n{toml_text.lines(given.items())}"
        store.write_whole(there.folder / SETTINGS_FILE, lambda file: file.write_text(text, encoding="utf-8"))
