"""Checkpoints: a long run saves its state in a file, and continues from it bit for bit after a crash.

The file has everything that the remaining days need: the world, the measures and the log so far. It also has a hash of
the first morning's world, the arguments and the program, so that no run continues from the file of another. A run also
ignores the file of another kind of machine, where numbers may have been rounded differently.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
import warnings
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine.day import Core
from sim.measures import OutcomeRecorder
from sim.model.former_names import lasting_json
from sim.runtime.fingerprint import model_fingerprint
from sim.runtime.machine import kind_of_machine
from sim.runtime.plain_values import NotPlainError, plain_bytes, plain_value
from sim.runtime.soundness import check_world
from sim.runtime.storage import load_records, remove_records, save_records
from sim.state.population import GESTURE, World, joined

# Arrays that `OutcomeRecorder.observe` changes.
_RECORDED = ("at_risk", "sent", "initiated", "answered", "new_ties", "unsold", "kept_ties")


class Checkpoint:
    """The checkpoint file of one run.

    Args:
        path: the file, which needn't exist yet.
        minutes: wall time between checkpoints, in minutes; 0 writes one after each day.
        start: the world on the first morning.
        adopters: ids of the adopters.
        inputs: all other arguments that determine the results of the run.

    Raises:
        TypeError, ValueError: if an argument has the wrong type or is out of range.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        minutes: float,
        start: World,
        adopters: np.ndarray,
        inputs: list[int | str | None],
    ) -> None:
        if isinstance(minutes, bool) or not isinstance(minutes, int | float):
            raise TypeError(f"checkpoint_minutes is {minutes!r}; it must be a number of minutes.")
        if not minutes >= 0:
            raise ValueError(f"checkpoint_minutes is {minutes}; it must be 0 or more.")
        self.path = Path(path)
        if self.path.is_dir():
            raise ValueError(
                f"checkpoint is {path}, which is a folder; give the path of a file, which need not exist yet."
            )
        self.seconds, self.last = 60 * minutes, time.monotonic()
        self.start, self.adopters, self.inputs = start, adopters, inputs

    @cached_property
    def run(self) -> str:
        """A hash of everything that determines the results. Short runs never compute it."""
        start, arrays = self.start, [getattr(self.start, name) for name in World.ARRAYS]
        arguments = {
            "model": model_fingerprint(),
            "parameters": start.parameters.model_dump(mode="json"),
            "dates": [start.day, start.strategies_end, start.strategies_begin],
            "rows": [len(array) for array in arrays],
            "told": self.inputs,
        }
        digest = hashlib.sha256(lasting_json(arguments).encode())
        # Column by column, because the bytes between columns are arbitrary.
        columns = (array[name] for array in arrays for name in array.dtype.names)
        for values in (self.adopters, *columns):
            digest.update(np.ascontiguousarray(values).data)
        return digest.hexdigest()

    def taken_up(self, recorder: OutcomeRecorder) -> tuple[World, list[np.ndarray]]:
        """Load the checkpoint: the world and the gestures sent so far. It also restores ``recorder``.

        Without a file, the run starts at the first morning. If the file is damaged or from another run, it does so with
        a warning.
        """
        try:
            records = load_records(self.path)
            description = json.loads(records["said"].tobytes())
            run, machine = description["run"], description["machine"]
        except FileNotFoundError:
            return self.start, []
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as problem:
            return self._restart(f"is damaged or is not a checkpoint ({problem})")
        if run != self.run:
            return self._restart("belongs to a different run, or to a different version of the program")
        if machine != kind_of_machine():
            why = "where numbers may differ in the last bit"
            return self._restart(
                f"was saved on a different kind of machine ({machine}; this is {kind_of_machine()}), {why}"
            )
        try:
            return self._restored(records, description, recorder)
        except Exception as problem:  # the checksum is right, so another program must have written it
            return self._restart(f"is damaged or is not a checkpoint ({problem})")

    def _restored(
        self, records: dict[str, np.ndarray], description: dict[str, Any], recorder: OutcomeRecorder
    ) -> tuple[World, list[np.ndarray]]:
        """The state in the records, after checking that it fits this run.

        Raises:
            ValueError: if it doesn't fit.
        """
        arrays: dict[str, Any] = {name: records[name] for name in World.ARRAYS}
        world, log = replace(self.start, day=description["day"], **arrays), records["log"].view(GESTURE)
        check_world(world)
        recorded = {name: records[f"recorded_{name}"] for name in _RECORDED}
        alike = [(getattr(recorder, name), array) for name, array in recorded.items()]
        alike += [(recorder.at_risk[side], recorded["at_risk"][side]) for side in ("low", "high")]
        if len(world) != len(self.start) or any((a.shape, a.dtype) != (b.shape, b.dtype) for a, b in alike):
            raise ValueError("its arrays have different shapes from those of this run")
        if any((mine != theirs).any() for mine, theirs in alike[len(_RECORDED) :]):
            raise ValueError("its dormant pairs are not those of this run")
        if recorder.own is not None:
            states = plain_value(records["own"].tobytes())
            recorder.own.take_up({name: plain_value(state) for name, state in states.items()})
        recorder.rows = description["rows"]
        for name, array in recorded.items():
            getattr(recorder, name)[:] = array
        return world, [log]

    def _restart(self, why: str) -> tuple[World, list[np.ndarray]]:
        warnings.warn(
            f"The checkpoint {self.path} {why}. The run starts again from the first day and replaces it.", stacklevel=4
        )
        return self.start, []

    def save_if_due(self, core: Core, recorder: OutcomeRecorder, sent: list[np.ndarray]) -> None:
        """Save the state between two days if a checkpoint is due.

        If writing fails, it only warns, because the run itself is fine.
        """
        if time.monotonic() - self.last < self.seconds:
            return
        own = self._own_state(recorder)
        if own is None:
            return
        world = core.to_world()
        description = {"run": self.run, "machine": kind_of_machine(), "day": world.day, "rows": recorder.rows}
        records = {
            "said": np.frombuffer(json.dumps(description).encode(), np.uint8),
            "log": joined(np.zeros(0, GESTURE), *sent),
            **{name: getattr(world, name) for name in World.ARRAYS},
            **{f"recorded_{name}": getattr(recorder, name) for name in _RECORDED},
            **own,
        }
        try:
            save_records(records, self.path)
        except OSError as problem:
            warnings.warn(f"The checkpoint {self.path} could not be saved: {problem}", stacklevel=3)
        self.last = time.monotonic()

    def _own_state(self, recorder: OutcomeRecorder) -> dict[str, np.ndarray] | None:
        """The state of the user's own measures, as an array of bytes; none if there are no such measures.

        If it can't be saved, the run goes on without checkpoints after a warning, and the result is None.
        """
        if recorder.own is None:
            return {}
        states = {}
        for name, values in recorder.own.state().items():
            try:
                states[name] = plain_bytes(values)
            except NotPlainError as problem:
                self.seconds = math.inf
                warnings.warn(
                    f"The run goes on without the checkpoint {self.path}, because the attributes of {name} cannot be "
                    f"saved ({problem}); they may be numbers, text, lists, sets, dicts and NumPy arrays. If the run is "
                    "interrupted, it starts again from the first day.",
                    stacklevel=4,
                )
                return None
        return {"own": np.frombuffer(plain_bytes(states), np.uint8)}

    def remove(self) -> None:
        """Delete the file after the last day; if that fails, it only warns."""
        try:
            remove_records(self.path)
        except OSError as problem:
            warnings.warn(f"The checkpoint {self.path} could not be deleted: {problem}", stacklevel=3)
