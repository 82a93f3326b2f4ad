"""What a real log of writing sees of a simulated world: the questions and messages on the private channel.

Likes, comments, calls and meetings happen, and matter, unseen.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.model.gestures import Channel, Kind

_CHANNEL, _KINDS = Channel.PRIVATE, (Kind.QUESTION, Kind.MESSAGE)


def written(sent: np.ndarray) -> np.ndarray:
    """Those of a day's gestures, type `sim.state.population.GESTURE`, shape (gestures,)."""
    return np.asarray(sent[(sent["channel"] == _CHANNEL) & np.isin(sent["kind"], _KINDS)])


def written_in(log: pd.DataFrame) -> pd.DataFrame:
    """Those of a run's log, as source, target and time."""
    kinds = [kind.label for kind in _KINDS]
    return log.loc[(log["channel"] == _CHANNEL.label) & log["kind"].isin(kinds), ["source", "target", "time"]]
