"""Errors in settings, with the setting, its place and the problem as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.model.playbook import RowError


class Origin(NamedTuple):
    """Where a setting was given: on a line of the file (from 1), or by an option such as ``--set run.seed=3``.

    What is given in Python has no place but itself: ``run.seed = 3`` is in the stead of the option.

    `short` says that its path was given without `parameters.`, as in ``[strategies.check_in]``.
    """

    line: int = 0
    option: str = ""
    short: bool = False

    def __str__(self) -> str:
        return self.option or f"line {self.line}"


class Mistake(NamedTuple):
    """A mistake in the user's input.

    Attributes:
        place: where it is: ``line 4, world.people = -3``, or the option.
        problem: what is wrong, and what would be right.
        is_option: whether the place is an option as the user typed it, and nothing else.
    """

    place: str
    problem: str
    is_option: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class ConfigError(ValueError):
    """One or more mistakes in the user's input; the message has one line for each.

    Attributes:
        mistakes: the mistakes in settings, as far as they were found there.
    """

    def __init__(self, message: str, mistakes: Sequence[Mistake] = ()) -> None:
        super().__init__(message)
        self.mistakes = tuple(mistakes)


def wrong_option(option: str, problem: str) -> ConfigError:
    """The error for one option: ``--set world.people=3: expected …``."""
    mistake = Mistake(option, problem, is_option=True)
    return ConfigError(str(mistake), [mistake])


class SettingError(ValueError):
    """A setting that contradicts another one, or a rule that no range can express.

    Attributes:
        setting: path of the setting within the table that was validated.
        problem: what is wrong with it.
    """

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting} {problem}")
        self.setting, self.problem = setting, problem


def at_fault(error: Exception) -> tuple[str, str]:
    """The setting that an error of a validator is about, within its table, and the problem.

    The model raises plain errors, because it knows nothing of settings; their messages begin with the parameter. So
    for these, the first word is the setting. It may be an ordinary word, so check whether there is such a setting.
    """
    if isinstance(error, SettingError):
        return error.setting, error.problem
    if isinstance(error, RowError):
        return error.path, error.problem
    setting, _, problem = str(error).partition(" ")
    return setting, problem
