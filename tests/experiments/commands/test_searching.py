"""`rekindle search`, and the page about it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from experiments import cli
from experiments.sweeps import results
from tests.conftest import ROOT
from tests.experiments.conftest import Rekindle, refused

RANGES = "\n[sweep.sample.ranges]\nparameters.effort_minutes = [15, 480]\n"
CHECK_IN = ("--strategy", "check_in", "--trials", "4", "--held-out", "3")
PAGE = (ROOT / "docs" / "scenario_discovery.md").read_text(encoding="utf-8")


@pytest.fixture
def ranges(config: Path, in_threads: None) -> Path:
    config.write_text(config.read_text() + RANGES)
    return config


def test_a_search_prints_trials_lines_and_the_check(ranges: Path, rekindle: Rekindle) -> None:
    ended = rekindle("search", ranges, *CHECK_IN, "--measure", "sent")
    assert ended.code == 0, ended.err
    said = " ".join(ended.out.split())
    for part in (
        "4 trials in the same 3 worlds; a larger sent is better.",
        "as it stands",
        "[parameters] effort_minutes = ",
        "In the worlds of the search, sent is ",
        "In 3 fresh worlds, it is ",
        "too few worlds for a verdict",
        "Written: results/tiny-search/runs.parquet",
    ):
        assert part in said
    runs = results.load("tiny-search")
    fresh = runs["scenario"].str.endswith("fresh worlds")
    assert (len(runs), fresh.sum()) == (3 * 5 + 2 * 3, 6)
    assert set(runs[fresh]["world_seed"]).isdisjoint(runs[~fresh]["world_seed"])
    assert runs.loc[runs["scenario"] == "as it stands", "parameters.effort_minutes"].tolist() == [240] * 3
    assert rekindle("search", ranges, *CHECK_IN, "--measure", "sent").out == ended.out


def test_all_trials_as_a_table(ranges: Path, rekindle: Rekindle) -> None:
    rows = json.loads(rekindle("search", ranges, *CHECK_IN, "--format", "json").out)
    assert [row["trial"] for row in rows] == ["as it stands", 0, 1, 2, 3]
    first, *lines = rekindle("search", ranges, *CHECK_IN, "--format", "csv").out.splitlines()
    assert first == "trial,reconnected,strategy,parameters.effort_minutes,problem"
    assert [line.split(",")[0] for line in lines] == ["as it stands", "0", "1", "2", "3"]


def test_mistakes_are_named(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    assert "tiny has nothing to search" in refused(rekindle("search", config, *CHECK_IN))
    config.write_text(config.read_text() + RANGES)
    assert "did you mean reconnected?" in refused(rekindle("search", config, *CHECK_IN, "--measure", "reconected"))
    assert "expected one of check_in, handwritten_notes+show_up." in refused(rekindle("search", config))
    kept = refused(rekindle("search", config, *CHECK_IN, "--measure", "kept"))
    assert "increase run.follow_up_days" in kept
    assert "expected a whole number from 1 to 100,000" in refused(rekindle("search", config, "--trials", "0"))


def test_help_has_the_options_of_the_page_whose_commands_work(
    config: Path, rekindle: Rekindle, in_threads: None
) -> None:
    said = rekindle("search", "--help").out
    options = set(re.findall(r"--[a-z][a-z-]+", PAGE.partition("**Common")[0])) - {"--set"}
    assert {"--measure", "--maximise", "--minimise", "--strategy", "--trials", "--held-out", "--seed"} <= options
    assert all(option in said for option in options)
    assert "scenario_discovery.md" in (ROOT / "docs" / "command_line.md").read_text(encoding="utf-8")
    assert "search" in cli.COMMANDS
    write_file()
    (commands,) = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for command in map(shlex.split, commands.splitlines()):
        ended = rekindle(*command[1:], "--held-out", "2")
        assert ended.code == 0, ended.err


def test_the_workbench_takes_the_points(config: Path, in_threads: None, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ema_workbench", reason="the EMA Workbench is not installed: extra `discovery`")
    write_file()
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(block, "page", "exec"), names)
    scores = names["scores"]
    assert scores["effect"].sum() == pytest.approx(1)  # type: ignore[index]
    assert scores["effect"].idxmax() == "parameters.strategies.check_in.message_share"  # type: ignore[index]
    assert "coverage" in capsys.readouterr().out
    assert 0 < names["density"] <= 1  # type: ignore[operator]
    assert 0 < names["coverage"] <= 1  # type: ignore[operator]


def write_file() -> None:
    """The file of the page."""
    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    Path(text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
