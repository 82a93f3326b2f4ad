"""A calibration that was killed, or whose file of trials was damaged, goes on as if it had not been."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sim
from experiments.config.errors import ConfigError
from experiments.logs import calibrate as module
from experiments.logs.calibrate import LEDGER, PARAMETERS, Ledger, Range, Search, calibrate, proposed, read_ledger
from experiments.logs.simulated import Window
from experiments.logs.trials import TRIALS, Trial, trials_in
from sim.contact_logs import LogError
from tests.experiments.logs.test_calibrate import FIT

ALL = 8  # trials, of which the first four are drawn at random


class StubbedLog:
    """Stands for a log, real or simulated: a smooth function of the parameters, in no time."""

    def __init__(self, parameters: sim.Parameters) -> None:
        self.rate, self.answer = parameters.routine_rate, parameters.gestures["message"].answer or 0.0


@pytest.fixture(autouse=True, scope="module")
def _stubbed() -> Iterator[None]:
    def simulated_log(parameters: sim.Parameters, *_: object, **__: object) -> StubbedLog:
        if parameters.routine_rate > 0.3:
            raise LogError("Nobody wrote to anybody.")
        return StubbedLog(parameters)

    def values(log: StubbedLog) -> dict[str, float]:
        delay = math.nan if log.rate < 0.05 else 10 / log.rate
        return {"sends_per_week_q50": 7 * log.rate, "first_answered_7d": 0.4 * math.exp(log.answer), "delay": delay}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "simulated_log", simulated_log)
        patch.setattr(module, "values", values)
        patch.setattr(module, "commit", lambda: None)
        patch.setattr(os, "fsync", lambda _: None)  # no power fails here, and thousands take their time
        yield


def search(folder: Path, trials: int = ALL, **changes: Any) -> tuple[Ledger, list[str]]:
    """The ledger of a search, and what was said beside it."""
    said: list[str] = []
    arguments: dict[str, Any] = {
        "log": StubbedLog(sim.Parameters(routine_rate=0.2, gestures={"message": {"answer": 0.1}})),
        "name": "own.csv", "fit": FIT, "to": ("sends_per_week_q50", "first_answered_7d", "delay"),
        "window": Window(people=60, days=120), "seed": 3,
    }  # fmt: skip
    arguments |= changes
    log, name = arguments.pop("log"), arguments.pop("name")
    return calibrate(log, Search(**arguments), name=name, trials=trials, folder=folder, say=said.append), said


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search that nobody interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    search(folder)
    return folder


@pytest.fixture(scope="module")
def content(whole: Path) -> bytes:
    return (whole / TRIALS).read_bytes()


def continued(folder: Path, content: bytes) -> tuple[Ledger, list[str]]:
    """A search that finds this content in its file of trials."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / TRIALS).write_bytes(content)
    return search(folder)


def assert_same(folder: Path, whole: Path) -> None:
    for name in (TRIALS, LEDGER, PARAMETERS):
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_search_goes_on_from_any_line(tmp_path: Path, whole: Path, content: bytes) -> None:
    lines = content.splitlines(keepends=True)
    assert len(lines) == 1 + ALL
    for kept in range(len(lines) + 1):
        _, said = continued(tmp_path / "cut", b"".join(lines[:kept]))
        assert said == []
        assert_same(tmp_path / "cut", whole)


@pytest.mark.parametrize("line", [0, ALL - 3, ALL])
def test_a_search_goes_on_from_a_line_cut_at_any_byte(tmp_path: Path, whole: Path, content: bytes, line: int) -> None:
    lines = content.splitlines(keepends=True)
    before, last = b"".join(lines[:line]), lines[line]
    for byte in range(1, len(last) - 1, 1 if line == ALL else len(last) // 6):
        _, said = continued(tmp_path / "cut", before + last[:byte])
        assert_same(tmp_path / "cut", whole)
        assert (tmp_path / "cut" / f"{TRIALS}.damaged").read_bytes() == last[:byte]
        assert len(said) == 1
        assert f"is set aside as {tmp_path / 'cut' / TRIALS}.damaged" in said[0]
    _, said = continued(tmp_path / "cut", before + last[:-1])  # all but the end of the line
    assert_same(tmp_path / "cut", whole)
    assert said == []


@settings(max_examples=30, deadline=None)
@given(lines=st.integers(0, 1 + ALL), garbage=st.binary(min_size=1, max_size=60))
def test_garbage_at_the_end_is_set_aside(
    tmp_path_factory: pytest.TempPathFactory, whole: Path, content: bytes, lines: int, garbage: bytes
) -> None:
    assume(garbage.strip())
    folder = tmp_path_factory.mktemp("garbage") / "search"
    _, said = continued(folder, b"".join(content.splitlines(keepends=True)[:lines]) + garbage)
    assert_same(folder, whole)
    assert (folder / f"{TRIALS}.damaged").read_bytes() == garbage
    assert len(said) == 1


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_flipped_bit_passes(
    tmp_path_factory: pytest.TempPathFactory, whole: Path, content: bytes, data: st.DataObject
) -> None:
    """In the last line it is set aside; elsewhere an error names the line, and its advice works."""
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    line = content[: bit // 8].count(b"\n")
    folder = tmp_path_factory.mktemp("flipped") / "search"
    if line == ALL:
        continued(folder, bytes(flipped))
    else:
        with pytest.raises(ConfigError, match=f"{TRIALS}, line {line + 1}: damaged, but .* follow"):
            continued(folder, bytes(flipped))
        assert (folder / TRIALS).read_bytes() == bytes(flipped)
        continued(folder, b"".join(bytes(flipped).splitlines(keepends=True)[:line]))
    assert_same(folder, whole)


def test_lines_that_are_sound_but_out_of_order_are_no_search(tmp_path: Path, content: bytes) -> None:
    lines = content.splitlines(keepends=True)
    for wrong in ([*lines[:3], *lines[4:]], [*lines[:3], lines[2], *lines[3:]], lines[1:]):
        with pytest.raises(ConfigError, match="damaged"):
            continued(tmp_path / "wrong", b"".join(wrong))


def test_what_is_proposed_depends_on_completed_trials_and_seed_alone(content: bytes) -> None:
    records = [json.loads(line) for line in content.splitlines()[1:]]
    done = [Trial(each["numbers"], each["simulated"], each["loss"]) for each in records]
    for k in range(1, ALL):
        assert proposed(FIT, done[:k], 3) == done[k].numbers
    assert proposed(FIT, done[:-1], 4) != done[-1].numbers
    worse_is_better = [Trial(each.numbers, each.simulated, 100 - each.loss) for each in done[:-1]]
    assert proposed(FIT, worse_is_better, 3) != done[-1].numbers


def test_a_seed_may_be_large(tmp_path: Path) -> None:
    assert search(tmp_path, trials=3, seed=10**15)[0].trials == 3


def test_a_search_may_start_outside_its_ranges(tmp_path: Path) -> None:
    fit = (Range("routine_rate", 0.3, 0.5),)
    once, _ = search(tmp_path / "once", fit=fit)
    search(tmp_path / "twice", trials=2, fit=fit)
    assert search(tmp_path / "twice", fit=fit)[0] == once
    assert once.start == {"routine_rate": sim.Parameters().routine_rate}


def test_a_world_that_cannot_be_or_is_silent_is_the_worst(tmp_path: Path, whole: Path) -> None:
    """The search goes on, and such a trial is kept as any other."""
    losses = [json.loads(line)["loss"] for line in (whole / TRIALS).read_bytes().splitlines()[1:]]
    assert math.inf in losses
    assert read_ledger(whole / LEDGER).loss < 10
    fit = (Range("encounter_known", 0.6, 1.0), Range("encounter_community", 0.6, 1.0))  # together at most 1
    ledger, _ = search(tmp_path / "together", fit=fit, trials=4)
    assert ledger.found == ledger.start
    assert read_ledger(tmp_path / "together" / LEDGER).trials == 4
    with pytest.raises(ConfigError, match="Check the ranges"):
        search(
            tmp_path / "silent", fit=(Range("routine_rate", 0.5, 0.6),), trials=2,
            base=sim.Parameters(routine_rate=0.5),
        )  # fmt: skip


def test_two_searches_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    with trials_in(folder, {"log": "own.csv"}, print), pytest.raises(ConfigError, match=f"running in {folder}"):
        search(folder)
    shutil.rmtree(folder)
    search(folder)


def test_a_search_of_an_earlier_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "study.log").write_text("{}\n")
    with pytest.raises(ConfigError, match="earlier version"):
        search(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["study.log"]


def test_fewer_trials_than_there_are_change_nothing(tmp_path: Path, whole: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    search(tmp_path / "copy", trials=2)
    assert_same(tmp_path / "copy", whole)
