"""The pages of the report, from made-up findings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.verdicts import Ruling, Verdict
from experiments.config.reading import load
from experiments.essay import report
from experiments.essay.essay import BY_NAME, JudgedClaim
from experiments.essay.findings import ClaimFinding, FigureSpec
from experiments.essay.findings.effects import Effect, MainEffect
from experiments.figures.page import Words
from experiments.logs.gate import GATE_STATISTICS, Gate
from experiments.sweeps.sweep_result import SweepResult
from tests.conftest import ROOT

IMAGES = {"a_figure": "figures/a_figure.png", "rests_on": "figures/rests_on.png"}
PAGES = (report.HTML, report.MARKDOWN, report.GALLERY)
TABLE = pd.DataFrame({"strategy": ["wait", "check_in"], "value": [12.0, 0.5], "low": [float("nan"), 0.25],
                      "high": [float("nan"), 1.5], "sure": [False, True]})  # fmt: skip


def gate(name: str, passed: bool) -> Gate:
    return Gate(name, dict.fromkeys(GATE_STATISTICS, 0.00123 if passed else 0.5), passed, ())


def claim_with(
    tables: Mapping[str, pd.DataFrame], gates: Mapping[str, list[Gate]], worlds: tuple[int, int] = (3, 2)
) -> JudgedClaim:
    """A claim with two sweeps, of these many worlds."""
    sweeps = {
        name: SweepResult(
            load(ROOT / "configs" / f"{name}.toml"),
            pd.DataFrame({"replicate": [*range(count)] * 2, "people": [40, 1_200] * count}),
            gates.get(name, []),
            {},
            Path(),
        )
        for name, count in zip(("strategies_draws", "nine_strategies"), worlds, strict=True)
    }
    picture = FigureSpec("a_figure", Words("A title\nin two lines", "Subtitle.", "Footer."), TABLE, lambda *_: None)  # type: ignore[arg-type,return-value]
    main = MainEffect("strategies_draws", Effect("an effect", np.full((-(-worlds[0] // 2), 2), 1.5)))
    finding = ClaimFinding(
        Ruling(Verdict.DEPENDS, "with <a>"), "An effect.", main, (picture,), tables, ("strategies_draws",)
    )
    return JudgedClaim(BY_NAME["nine_strategies"], finding, finding.ruling, sweeps)


def rendered(one: JudgedClaim, name: str) -> str:
    return report.rendered([one, one], name, "rekindle essay --seed 1", IMAGES)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "–"), (0.0, "0"), (1.0, "1"), (-1.0, "-1"), (1234.0, "1,234"), (1.5, "1.50"), (0.1, "0.10"),
        (0.15, "0.15"), (-0.25, "-0.25"), (0.012345, "0.0123"), (-0.05, "-0.05"),
        (True, "yes"), (False, "no"), (3, "3"), ("a_b", "a_b"),
    ],
)  # fmt: skip
def test_a_number_has_as_many_digits_as_it_needs(value: object, said: str) -> None:
    assert report._cell(value) == said


def test_a_value_and_the_ends_of_its_interval_are_one_column() -> None:
    plain = TABLE.drop(columns=["low", "high"])
    one = claim_with({"Intervals": TABLE, "Only these": TABLE[["value", "low", "high"]], "None": plain}, {})
    first, second, third = report._grids(one)
    assert first.title == "Intervals"
    assert first.columns == ["strategy", "value (95% interval)", "sure"]
    assert first.rows == [["wait", "12 (– … –)", "no"], ["check_in", "0.50 (0.25 … 1.50)", "yes"]]
    assert second.columns == ["value (95% interval)"]
    assert [row for (row,) in second.rows] == ["12 (– … –)", "0.50 (0.25 … 1.50)"]
    assert third.columns == ["strategy", "value", "sure"]
    assert third.rows == [["wait", "12", "no"], ["check_in", "0.50", "yes"]]
    unknown = TABLE.assign(value=float("nan"), low=float("nan"), high=float("nan"))
    assert [row[1] for row in report._grid("", unknown).rows] == ["–", "–"]


def test_the_gate_of_each_set_of_parameters_is_shown_once() -> None:
    here = [gate("", True), gate("shut", False)]
    (grid,) = report._gate_grids(claim_with({}, {"strategies_draws": here, "nine_strategies": here}))
    assert grid.columns[0] == "parameters"
    assert grid.columns[1:-1] == [name.replace("_", " ") for name in GATE_STATISTICS]
    assert grid.rows == [
        ["as given", "0.0012", "0.0012", "0.0012", "passed"],
        ["shut", "0.5000", "0.5000", "0.5000", "failed"],
    ], "both sweeps have the same gates"
    assert report._gate_grids(claim_with({}, {})) == [], "drawn numbers have no gates of their own"


@pytest.mark.parametrize(("worlds", "said"), [((3, 2), "2 to 3 worlds"), ((2, 2), "2 worlds")])
def test_the_worlds_behind_a_claim_are_counted(worlds: tuple[int, int], said: str) -> None:
    assert report._worlds(claim_with({}, {}, worlds)) == f"{2 * sum(worlds)} runs, {said} of 40 to 1,200 people"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_all_that_is_known_of_a_claim(name: str) -> None:
    one = claim_with({"Intervals": TABLE}, {"strategies_draws": [gate("", True)]})
    page = rendered(one, name)
    assert page.endswith("\n")
    assert "\n\n\n" not in page
    assert page.count("figures/a_figure.png") == 2
    assert "A title in two lines" in page
    assert "rekindle essay --seed 1" in page
    assert one.claim.question in page


def test_rows_of_a_table_in_markdown_stand_together() -> None:
    lines = rendered(claim_with({"Intervals": TABLE}, {}), report.MARKDOWN).splitlines()
    at = lines.index("| strategy | value (95% interval) | sure |")
    assert lines[at + 1 : at + 5] == [
        "|---|---|---|", "| wait | 12 (– … –) | no |", "| check_in | 0.50 (0.25 … 1.50) | yes |", "",
    ]  # fmt: skip
    first = lines.index("| experiment | claim | verdict |")
    assert [line[:1] for line in lines[first : first + 5]] == ["|", "|", "|", "|", ""]


def test_only_the_web_page_escapes_what_html_would_take_for_a_tag() -> None:
    one = claim_with({}, {})
    assert "with &lt;a&gt;" in rendered(one, report.HTML)
    assert "with <a>" in rendered(one, report.MARKDOWN)


def test_the_web_page_has_its_figures_in_it_and_markdown_links_them(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a_figure.png").write_bytes(b"a picture")
    (tmp_path / "figures" / "rests_on.png").write_bytes(b"another")
    written = report.write([claim_with({}, {})], tmp_path, "rekindle essay")
    assert written == [tmp_path / report.HTML, tmp_path / report.MARKDOWN]
    page, text = (path.read_text(encoding="utf-8") for path in written)
    assert 'src="data:image/png;base64,YSBwaWN0dXJl"' in page
    assert "](figures/a_figure.png)" in text
