"""How far the work has come, told where there is no terminal."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from experiments.terminal import progress


def test_the_time_left_is_estimated_from_the_second_step_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of 100 days takes 80 s, in which the model is compiled; each other one a second."""
    clock = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock)
    told = io.StringIO()
    with progress.progress_bar(Console(file=told, width=100), "days", 100) as report:
        report(0, 100)
        for day in range(1, 101):
            clock = 79.0 + day
            report(day, 100)
    first, second, last = told.getvalue().splitlines()
    assert first == "days: 1 of 100, 80 s"
    assert second == "days: 61 of 100, 2 min, 39 s left"
    assert last == "days: 100 of 100, 3 min"


@pytest.mark.parametrize("quiet", [False, True])
def test_a_notebook_gets_a_bar(
    quiet: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In text, where there are no widgets."""
    monkeypatch.setattr(progress, "_SECONDS_TO_A_BAR", 0.0)
    with progress.progress_bar(Console(force_jupyter=True, quiet=quiet), "runs", 0) as report:
        report(3, 12)
        time.sleep(0.2)  # it is drawn ten times a second
        report(6, 12, "1 failed")
    assert ("6/12" in (said := capsys.readouterr().err)) != quiet
    assert (", 1 failed" in said) != quiet


@given(st.floats(1, 10 * 86_400))
def test_a_duration_is_read_as_it_is_written(seconds: float) -> None:
    step = 1 if seconds < 90 else 60 if seconds < 48 * 3_600 else 3_600
    read = progress.seconds_in(progress.duration(seconds))
    assert read is not None
    assert abs(read - seconds) <= step


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5_400), ("2h", 7_200), ("1h30m", 5_400), ("1.5 h", 5_400), ("2 days 5 h", 190_800), ("1d", 86_400),
     ("20s", 20), (" 2h ", 7_200), ("2", None), ("", None), ("h", None), ("-2h", None), ("2h!", None),
     ("2 weeks", None)],
)  # fmt: skip
def test_durations_as_people_write_them(text: str, seconds: float | None) -> None:
    assert progress.seconds_in(text) == seconds
