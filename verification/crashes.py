"""A sweep that is killed at random moments and resumed leaves the tables of one that was left alone.

SIGKILL takes the whole process group, so nothing can tidy up. Each time the same command is given again; the last
time it may end. Then its runs, series and events, sorted by id, must be the same bytes, and no run may be there twice.

    python -m verification.crashes [KILLS]    prints what was killed when; 100 kills if not said
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc

from experiments import results, store

CONFIG = """\
[world]
people = 60
burn_in_years = 0.2
[run]
adopters = 5
strategy_days = 120
follow_up_days = 0
[sweep]
strategies = ["wait", "check_in", "show_up"]
replicates = 60
series_days = 7
events = true
[sweep.grid]
parameters.effort_minutes = [30, 120]
"""
RUNS = 360
ROOT = Path(__file__).parents[1]


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """The sweep, in a process group of its own."""
    command = [sys.executable, "-m", "experiments.cli", "sweep", str(folder / "killed.toml")]
    return subprocess.Popen(
        [*command, "--results", str(folder), *more],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def table_bytes(folder: Path) -> bytes:
    """The tables of runs, series and events, sorted by id, as bytes."""
    frames = [results.load("killed", folder, name) for name in results.HISTORIES]
    sink = pa.BufferOutputStream()
    for frame in (store.read_table(folder / "killed" / store.TABLE)[0], *frames):
        rows = frame.sort_values("id", kind="stable")
        table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
        with ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def killed_and_resumed(folder: Path, kills: int, luck: random.Random) -> tuple[int, int]:
    """Kill the sweep so many times at random moments, then let it end; returns (kills that hit it, parts left)."""
    hits, longest = 0, 12.0
    for _ in range(kills):
        sweep = start(folder, "--processes", str(luck.choice([1, 2])))
        began = time.monotonic()
        try:
            sweep.wait(timeout=luck.uniform(0.0, longest))
            longest = max(2.0, 0.8 * (time.monotonic() - began))  # it ended: kill it sooner from now on
            (folder / "killed" / store.TABLE).unlink(missing_ok=True)
            for name in (store.PARTS, *results.HISTORIES):
                for part in list((folder / "killed" / name).glob("*.parquet"))[::2]:
                    part.unlink()  # so that there is something left to do
        except subprocess.TimeoutExpired:
            os.killpg(sweep.pid, signal.SIGKILL)
            sweep.wait()
            hits += 1
    assert start(folder).wait() == 0
    return hits, len(list((folder / "killed" / store.PARTS).glob("*.parquet")))


def main(kills: int = 100) -> tuple[bytes, bytes]:
    """The tables of a sweep that was left alone and of one that was killed."""
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary) / name for name in ("alone", "killed")]
        for folder in folders:
            folder.mkdir()
            (folder / "killed.toml").write_text(CONFIG)
        assert start(folders[0], "--processes", "2").wait() == 0
        began = time.monotonic()
        hits, parts = killed_and_resumed(folders[1], kills, random.Random(1))
        alone, killed = (table_bytes(folder) for folder in folders)
        table = store.read_table(folders[1] / "killed" / store.TABLE)[0]
        verdict = "equal" if alone == killed else "DIFFER"
        took = time.monotonic() - began
        print(
            f"{hits} of {kills} kills hit a sweep of {RUNS} runs ({took:.0f} s): {len(table)} rows, "
            f"{table['id'].nunique()} ids, {parts} parts; tables {verdict}"
        )
        return alone, killed


def test_killed_sweeps_leave_the_same_table() -> None:
    """Ten kills of the hundred."""
    alone, killed = main(10)
    assert alone == killed


if __name__ == "__main__":
    alone, killed = main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    sys.exit(alone != killed)
