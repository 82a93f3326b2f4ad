"""The part of a simulated world that a real log of messages contains: questions and messages on the private channel.

Likes, comments, calls and meetings happen and have effects, but are not in such a log.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.model.gestures import Channel, Kind

_CHANNEL, _KINDS = Channel.PRIVATE, (Kind.QUESTION, Kind.MESSAGE)


def written(sent: np.ndarray) -> np.ndarray:
    """The written gestures of a day, shape (gestures,), type `sim.state.population.GESTURE`."""
    return np.asarray(sent[(sent["channel"] == _CHANNEL) & np.isin(sent["kind"], _KINDS)])


def written_in(log: pd.DataFrame) -> pd.DataFrame:
    """The written gestures in a run's log, as source, target and time."""
    kinds = [kind.label for kind in _KINDS]
    return log.loc[(log["channel"] == _CHANNEL.label) & log["kind"].isin(kinds), ["source", "target", "time"]]
