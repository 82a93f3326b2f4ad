"""`rekindle trial`: what a gesture did, by the trial that `plan-week --trial` began."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.config.errors import ConfigError
from experiments.forecasts import trials
from experiments.forecasts.tables import trial_table
from experiments.logs.log import read
from experiments.terminal.console import LogFile, report_log_notes, stderr_console, stdout_console


def trial(
    entries: Annotated[Path, typer.Argument(metavar="FILE", help="What `plan-week --trial FILE` wrote.")],
    log: LogFile,
) -> None:
    """Evaluate a trial that plan-week began: did the people who got a gesture write more often?"""
    if not entries.exists():
        raise ConfigError(
            f"{entries} does not exist; `rekindle plan-week LOG --person ID --trial {entries}` begins a trial."
        )
    contacts = read(log)
    report_log_notes(log, contacts.notes, stderr_console(), ids=False)
    found = trials.read(entries)
    unknown = {one.id for one in found} - {str(name) for name in contacts.names}
    if unknown:
        stderr_console().print(
            f"{len(unknown)} of the {len({one.id for one in found})} people of this trial are not in the log, and "
            "count as if they had not written. If ids were merged for the plan, import again with the same --aliases.",
            highlight=False,
        )
    stdout_console().print(trial_table(trials.outcome(found, contacts)), highlight=False)
