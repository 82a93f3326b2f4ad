"""A log of writing, of arrays and of tables: the same gestures."""

from __future__ import annotations

import numpy as np
import pandas as pd

import sim
from experiments.logs.writing import written, written_in
from sim.engine.day import Core
from sim.model.gestures import Channel
from sim.model.rules import SECONDS_A_DAY
from sim.state.population import GESTURE


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


def test_added_gestures_with_words_are_written_unless_they_are_answered_at_once_or_invite() -> None:
    gestures = sim.Parameters(
        gestures={
            "letter": {"based_on": "message"},
            "video_call": {"based_on": "call"},
            "wave": {"based_on": "like", "channel": "private"},
            "dinner": {"based_on": "invitation"},
        }
    ).gestures
    rows = [(kind, channel) for kind in gestures for channel in ("private", "feed")]
    log = pd.DataFrame(rows, columns=["kind", "channel"]).assign(source=1, target=2, time=range(len(rows)))
    assert sorted(log.loc[written_in(log, gestures).index, "kind"]) == ["letter", "message", "question"]
    sent = np.zeros(len(rows), GESTURE)
    sent["kind"] = [list(gestures).index(kind) for kind, _ in rows]
    sent["channel"] = [Channel[channel.upper()] for _, channel in rows]
    assert sorted(list(gestures)[kind] for kind in written(sent, gestures)["kind"]) == ["letter", "message", "question"]
    assert len(written(sent)) == 2, "without a table, only what ships is known"
