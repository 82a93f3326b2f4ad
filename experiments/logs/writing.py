"""The part of a simulated world that a real log of messages contains: what people write on the private channel.

These are questions and messages, and added gestures with words that are neither answered at once, as calls are, nor
invitations. Likes, comments, calls and meetings happen and have effects, but are not in such a log.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sim.model.gestures import DEFAULT_GESTURES, KINDS, Channel, GestureRow, Kind

_CHANNEL, _KINDS = Channel.PRIVATE, (Kind.QUESTION.label, Kind.MESSAGE.label)


def written(sent: np.ndarray, gestures: Mapping[str, GestureRow] = DEFAULT_GESTURES) -> np.ndarray:
    """The written gestures of a day, shape (gestures,), type `sim.state.population.GESTURE`.

    Args:
        sent: the gestures of a day.
        gestures: the run's table of gestures, in the order of their numbers.
    """
    numbers = [number for number, kind in enumerate(gestures) if _is_written(kind, gestures[kind])]
    return np.asarray(sent[(sent["channel"] == _CHANNEL) & np.isin(sent["kind"], numbers)])


def _is_written(kind: str, row: GestureRow) -> bool:
    return kind in _KINDS or (kind not in KINDS and row.worded and not row.answered_at_once and not row.invites)


def written_in(log: pd.DataFrame, gestures: Mapping[str, GestureRow] = DEFAULT_GESTURES) -> pd.DataFrame:
    """The written gestures in a run's log, as source, target and time; ``gestures`` is the run's table."""
    kinds = [kind for kind, row in gestures.items() if _is_written(kind, row)]
    return log.loc[(log["channel"] == _CHANNEL.label) & log["kind"].isin(kinds), ["source", "target", "time"]]
