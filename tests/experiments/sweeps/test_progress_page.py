"""`rekindle status --page` and `--watch`: the numbers of `status`, on a page that needs nothing from elsewhere."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.commands import results as commands
from experiments.sweeps import progress_log, results, store
from experiments.sweeps.progress_log import Pace
from experiments.sweeps.progress_page import SECONDS_TO_RENEW, page_of
from experiments.sweeps.results import Progress
from tests.experiments.conftest import RESULTS, Rekindle, refused

PAGE = Path("progress.html")
GRID = ("--set", "sweep.grid.parameters.effort_minutes=[60, 240]")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
IDLE = Pace(0, 0, float("nan"), float("nan"))


def progress(arms: pd.DataFrame, failures: pd.DataFrame | None = None, pace: Pace = IDLE) -> Progress:
    none = pd.DataFrame({"scenario": [], "replicate": [], "error": []})
    return Progress(
        requested=int(arms["requested"].sum()),
        done=int(arms["done"].sum()),
        failed=int(arms["failed"].sum()),
        arms=arms,
        failures=none if failures is None else failures,
        pace=pace,
        seconds=1.0,
        parts=1,
        size=1,
        histories=[],
        origin={"command": "rekindle sweep tiny.toml"},
    )


class Read:
    """A page as its reader sees it; it is well-formed, so that nothing of a browser is needed to read it."""

    def __init__(self, text: str) -> None:
        self.root = ElementTree.fromstring(text)

    def texts(self, path: str) -> list[str]:
        return ["".join(one.itertext()).strip() for one in self.root.findall(path)]

    @property
    def text(self) -> str:
        return " ".join("".join(self.root.itertext()).split())

    @property
    def sentence(self) -> str:
        (found,) = self.texts(".//p[@id='sentence']")
        return found

    @property
    def renewed(self) -> list[str | None]:
        return [one.get("content") for one in self.root.findall(".//meta[@http-equiv='refresh']")]


def page(found: Progress) -> Read:
    return Read(page_of("tiny", found, NOW))


def numbers(text: str) -> list[int]:
    return [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", text)]


arms_of_points = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(0, 50), st.integers(0, 3_000)), min_size=1, max_size=12
)


@given(arms_of_points, st.integers(1, 3))
def test_the_numbers_of_the_page_are_those_of_status(counts: list[tuple[int, int, int]], strategies: int) -> None:
    rows = [
        {"scenario": f"s{k % strategies}, x {k // strategies}", "strategy": f"s{k % strategies}",
         "point": k // strategies, "requested": sum(count), "done": count[0], "failed": count[1]}
        for k, count in enumerate(counts)
    ]  # fmt: skip
    found = progress(pd.DataFrame(rows))
    there = page(found)
    assert there.sentence == found.sentence
    assert list(map(numbers, there.texts(".//p[@class='key quiet']"))) == [
        [found.done, found.failed, found.left - found.failed]
    ]
    cells = [numbers(cell) for cell in there.texts(".//tbody/tr/td") if cell != "–"]
    expected = [[row["done"], row["requested"], *[row["failed"]] * bool(row["failed"])] for row in rows]
    assert cells == expected
    widths = [float(one) for one in re.findall(r"width: ([\d.e-]+)%", page_of("tiny", found, NOW))]
    assert all(0 <= width <= 100 for width in widths)


def test_the_page_loads_nothing_and_escapes_names() -> None:
    arm = {"scenario": "<b>wait</b>", "strategy": "<b>wait</b>", "point": 0, "requested": 3, "done": 1, "failed": 1}
    failed = pd.DataFrame({"scenario": ["<i>"], "replicate": [2], "error": ["E: <script src='//x.example/a.js'>\x1b"]})
    text = page_of("<u>", progress(pd.DataFrame([arm]), failed), NOW)
    there = Read(text)
    assert {one.tag for one in there.root.iter()}.isdisjoint({"script", "link", "img", "iframe", "b", "u"})
    assert [one for one in there.root.iter() if {"src", "href", "action"} & one.attrib.keys()] == []
    assert not re.search(r"url\(|@import|https?:", text)
    assert there.texts(".//table[@class='failures']/tbody/tr/td") == [
        "<i>", "2", r"E: <script src='//x.example/a.js'>\x1b"
    ]  # fmt: skip


def test_the_page_renews_itself_until_the_sweep_is_over() -> None:
    arm = {"scenario": "wait", "strategy": "wait", "point": 0, "requested": 3, "done": 1, "failed": 0}
    going = progress(pd.DataFrame([arm]), pace=Pace(1, 2, 0.5, 0.0))
    assert page(going).renewed == [str(SECONDS_TO_RENEW)]
    assert "1 command at work on 2 cores, 30.0 runs per minute; about 4 s left" in page(going).text
    stopped = progress(pd.DataFrame([arm]))
    assert page(stopped).renewed == [str(SECONDS_TO_RENEW)]
    assert "To continue:" in page(stopped).text
    assert page(stopped).texts(".//pre") == ["rekindle sweep tiny.toml"]
    for over in (arm | {"done": 3}, arm | {"failed": 2}):
        assert page(progress(pd.DataFrame([over]))).renewed == []
    again = progress(pd.DataFrame([arm | {"failed": 2}]), pace=Pace(1, 2, 0.5, 0.0))
    assert page(again).renewed, "what failed is being tried again"


def _unfinished() -> None:
    """Make it look as if a longer sweep had been stopped."""
    path = RESULTS / store.DESIGN
    design, origin = store.read_table(path)
    more = pd.concat([design, design.tail(2).assign(id=["x", "y"], replicate=3)], ignore_index=True)
    store.write_design(RESULTS, more, origin)


def test_a_page_of_a_sweep(config: Path, rekindle: Rekindle, in_threads: None) -> None:
    assert rekindle("sweep", config, *GRID).code == 0
    _unfinished()
    (RESULTS / progress_log.LOG).unlink()  # as in folders of earlier versions
    ended = rekindle("status", "tiny", "--page", PAGE)
    assert ended.code == 0, ended.err
    assert f"Written: {PAGE}" in ended.out
    there = Read(PAGE.read_text())
    assert there.sentence == "18 of 20 runs are done; 0 failed, 2 remaining."
    assert there.sentence in ended.out
    assert there.texts(".//thead//th") == ["", "wait", "check_in", "handwritten_notes 0.5 + show_up 0.5"]
    assert there.texts(".//tbody//th") == ["effort_minutes 60", "effort_minutes 240"]
    assert "To continue, repeat the same command:" in ended.out
    with progress_log.logged(RESULTS, 1):
        assert "To continue" not in rekindle("status", "tiny").out, "a command is at work on it"
    assert "expected the name of an HTML file" in refused(rekindle("status", "tiny", "--page", "page.txt"))


def test_watching_ends_with_the_sweep_and_rewrites_the_page(
    config: Path, rekindle: Rekindle, in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SECONDS_BETWEEN_LOOKS", 0.05)
    monkeypatch.setattr(commands, "SECONDS_BETWEEN_LINES", 0.0)
    assert rekindle("sweep", config).code == 0
    design, origin = store.read_table(RESULTS / store.DESIGN)
    _unfinished()

    def finish() -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until and not PAGE.exists():
            time.sleep(0.01)
        time.sleep(0.5)
        store.write_design(RESULTS, design, origin)

    finisher = threading.Thread(target=finish)
    finisher.start()
    ended = rekindle("status", "tiny", "--watch", "--page", PAGE)
    finisher.join()
    assert ended.code == 0
    assert "9 of 11 runs are done; 0 failed, 2 remaining." in ended.out
    assert "9 of 9 runs are done; 0 failed, 0 remaining." in ended.out
    last = Read(PAGE.read_text())
    assert (last.sentence, last.renewed) == (results.progress("tiny").sentence, [])
    assert rekindle("status", "tiny", "--watch").code == 0, "nothing to wait for"
