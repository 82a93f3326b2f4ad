"""The trials of a calibration on disk: a list that only grows, and that determines the rest of the search.

The file has one line of JSON for the search and one per trial (`experiments.logs.json_lines`), so a kill loses at most
the current trial. A damaged line with valid lines after it is an error, because those trials were proposed from its
content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.config.errors import ConfigError
from experiments.logs.json_lines import Records, Wording, records_in

TRIALS = "trials.jsonl"
OF_EARLIER_VERSIONS = "study.log"
# What determines a search, in a user's words.
_PARTS = {
    "log": "log",
    "real": "content of the log or choice of statistics",
    "fit": "choice of parameters",
    "seed": "seed",
    "window": "size of simulated worlds",
    "base": "value of a parameter that is not fitted",
    "model": "version of the model",
}
_WORDING = Wording("search", "trial", "--results", _PARTS)


@dataclass(frozen=True)
class Trial:
    """A trial and its result.

    Attributes:
        numbers: parameters by name.
        simulated: statistics of the simulated log, by name.
        loss: their loss; infinite if the parameters are not allowed or nobody wrote.
    """

    numbers: dict[str, float]
    simulated: dict[str, float]
    loss: float


class Trials:
    """The trials of a search that are on disk; `trials_in` opens them.

    Attributes:
        done: the trials, in the order in which they were made.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.done = [Trial(each["numbers"], each["simulated"], each["loss"]) for each in records.done]

    def add(self, trial: Trial) -> None:
        """Add a trial. It is on disk when this returns."""
        self._records.add(asdict(trial))
        self.done.append(trial)


@contextmanager
def trials_in(folder: Path, search: Mapping[str, Any], say: Callable[[str], object]) -> Iterator[Trials]:
    """The trials of a search in a folder; creates the file if there is none.

    Args:
        folder: folder of the search, which is created if it does not exist.
        search: everything that determines the search except its length, as JSON values.
        say: called with a sentence if the end of the file was damaged.

    Raises:
        ConfigError: the folder has another search, a damaged one, or one that is running.
    """
    path = folder / TRIALS
    if (folder / OF_EARLIER_VERSIONS).exists() and not path.exists():
        raise ConfigError(
            f"{folder} has a search by an earlier version ({OF_EARLIER_VERSIONS}), which this version cannot continue. "
            f"Name another folder with --results, or delete {folder} if you no longer need its search."
        )
    with records_in(path, search, _WORDING, say) as records:
        yield Trials(records)
