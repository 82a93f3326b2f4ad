"""A log of writing, of arrays and of tables: the same gestures."""

from __future__ import annotations

import numpy as np
import pandas as pd

import sim
from experiments.logs.writing import written, written_in
from sim.engine.day import Core
from sim.model.rules import SECONDS_A_DAY


def test_a_run_and_its_log_have_the_same_writing_and_more_happens_unseen() -> None:
    world = sim.worlds.generated(people=60, burn_in_years=0, seed=2, cache=False)
    log = sim.simulate(world, days=30, seed=3, log=True).log
    assert log is not None
    core = Core(world, seed=3)
    sent = np.concatenate([core.step().sent for _ in range(30)])
    seen = written(sent)
    assert 0 < len(seen) < len(log)
    time = seen["day"].astype(np.int64) * SECONDS_A_DAY + seen["second"]
    rows = pd.DataFrame({"source": seen["sender"], "target": seen["receiver"], "time": time})
    order = ["time", "source", "target"]
    expected = written_in(log).sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(rows.sort_values(order, ignore_index=True), expected, check_dtype=False)
    kinds = log.loc[written_in(log).index, ["channel", "kind"]].drop_duplicates().to_numpy().tolist()
    assert sorted(kinds) == [["private", "message"], ["private", "question"]]
