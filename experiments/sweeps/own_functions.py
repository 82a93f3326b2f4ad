"""The functions that strategies of a configuration name: checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from experiments.config.errors import SettingError
from experiments.config.settings import Experiment
from experiments.sweeps.design import RunSpec, names_in
from sim.model.functions import load
from sim.model.python_files import PythonFileError, carrying, read


def setting_of(strategy: str) -> str:
    """The path of the function of a strategy's row."""
    return f"parameters.strategies.{strategy}.function"


def check(experiment: Experiment) -> None:
    """Check that the files of functions that arms follow exist and have their names, without executing them.

    Raises:
        SettingError: if one doesn't.
    """
    for strategy, reference in _followed(experiment):
        file, _, name = reference.rpartition(":")
        try:
            read(file, name).require_name()
        except PythonFileError as error:
            raise SettingError(setting_of(strategy), str(error)) from None


def check_loaded(runs: Iterable[RunSpec]) -> None:
    """Check that functions can be compiled, which executes their files, before anything is simulated.

    Raises:
        SettingError: if one can't.
    """
    checked = set[str]()
    for run in runs:
        for number, reference in run.parameters.functions(names_in(run.strategy)).items():
            if reference in checked:
                continue
            checked.add(reference)
            try:
                with carrying(run.texts):
                    load(reference)
            except PythonFileError as error:
                raise SettingError(setting_of(run.parameters.strategy_names[number]), str(error)) from None


def _followed(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """The strategies of all arms that are functions, and those that follow on them, with their references."""
    arms = experiment.sweep.strategies if experiment.sweep else ()
    names = [name for arm in arms or (experiment.run.strategy,) for name in names_in(arm)]
    for number, reference in experiment.parameters.functions(names).items():
        yield experiment.parameters.strategy_names[number], reference
