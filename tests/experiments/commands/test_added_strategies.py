"""A strategy and a gesture of somebody's own go through sweeps, tables, figures and comparisons as others do."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.experiments.conftest import Rekindle

CONFIG = """
name = "mine"

[world]
people = 30
burn_in_years = 0

[run]
strategy = "gifts"
adopters = 4
strategy_days = 21
follow_up_days = 0

[parameters]
follow_through = 3.0

[parameters.gestures.voice_memo]
based_on = "message"
minutes = 2.0

[parameters.strategies.gifts]
whom = "ties, longest silent first"
what = "voice_memo"
session_minutes = 4.0
label = "Birthday gifts"
colour = "#117733"

[parameters.strategies.never]
whom = "acquaintances, at least 255 two-way contacts"
what = "call"
session_minutes = 15.0

[sweep]
strategies = ["wait", "gifts", "never", { gifts = 0.5, check_in = 0.5 }]
replicates = 2
"""


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rekindle: Rekindle) -> str:
    """What a sweep of them prints."""
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(CONFIG)
    ended = rekindle("sweep", "mine.toml", "--processes", "1")
    assert ended.code == 0, ended.err
    return str(ended.out)


def test_they_are_in_the_tables_figures_and_comparisons_of_a_sweep(swept: str, rekindle: Rekindle) -> None:
    assert "gifts 0.5" in swept
    assert "Labels: gifts is “Birthday gifts”." in swept
    (never,) = [line for line in swept.splitlines() if line.startswith(" never") and line.rstrip().endswith("!")]
    assert "0% !" in never

    means = rekindle("results", "mine").out
    assert "Labels: gifts is “Birthday gifts”." in means
    (idle,) = [line for line in means.splitlines() if line.startswith("Not like-for-like")]
    assert "never" in idle
    counts = rekindle("results", "mine", "SELECT strategy, avg(sent_voice_memo) AS memos FROM runs GROUP BY strategy")
    memos = {line.split()[0]: line.split()[-1] for line in counts.out.splitlines() if len(line.split()) == 2}
    assert (memos["wait"], memos["never"]) == ("0", "0")
    assert float(memos["gifts"]) > 0

    assert rekindle("figure", "mine", "--data").code == 0
    assert set(pd.read_csv("results/mine/strategies.csv")["strategy"]) >= {"gifts", "never"}
    stored = json.loads(Image.open("results/mine/strategies.png").info["Description"])["config"]
    assert stored["parameters"]["strategies"]["gifts"]["label"] == "Birthday gifts"
    assert rekindle("figure", "--check", "results/mine/strategies.png").code == 0

    table = ("--runs", "results/mine/runs.parquet")
    compared = rekindle("compare", "gifts", "wait", *table, "--measure", "answered_voice_memo")
    assert compared.code == 0, compared.err
    assert Path("results/mine/compare-gifts-wait-answered_voice_memo.png").exists()
    assert "used less than 90%" in " ".join(rekindle("compare", "never", "wait", *table).out.split())


def test_a_run_of_one_counts_its_gestures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rekindle: Rekindle) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(CONFIG)
    printed = rekindle("run", "mine.toml").out
    (memos,) = [line.split() for line in printed.splitlines() if line.startswith(" voice_memo")]
    assert float(memos[1]) > 0
    never = rekindle("run", "mine.toml", "--set", "run.strategy=never").out
    assert "! This strategy used less than 90% of its time budget" in never
