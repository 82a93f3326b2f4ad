from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.figures.validation import FAMILIES, validation
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.discriminator import ToldApart
from experiments.logs.validate import (
    EMERGENT,
    FITTED,
    SEEN,
    Judgement,
    accepted,
    copies,
    facts_side_by_side,
    gate,
    judged,
    report,
    summary,
    table,
    untestable,
    yardstick,
)


def real_log(values: dict[str, float], spread: float = 0.05) -> pd.DataFrame:
    rows = [(name, values.get(name, np.nan)) for name in STATISTICS]
    found = pd.DataFrame(rows, columns=["statistic", "value"])
    return found.assign(low=found["value"] * (1 - spread), high=found["value"] * (1 + spread), count=100, units=50)


def world(**values: float) -> dict[str, float]:
    return {name: values.get(name, np.nan) for name in STATISTICS}


def judgement(rows: pd.DataFrame, apart: str | None = None) -> Judgement:
    telling = pd.DataFrame({"loss": [0.2], "alone": [0.75], "real": [3.0], "simulated": [4.0]}, index=["contacts"])
    others = pd.DataFrame({"first": [5], "all": [7]}, index=["mail"])
    found = {"pairs": ToldApart(0.876, 0.8, 0.9, 10, telling)}
    return Judgement(rows, gate(rows), {"clustering": "why"}, others, apart or found)


def test_a_statistic_is_met_when_it_is_near_or_inside_the_interval() -> None:
    real = real_log({"isolated": 0.40, "clustering": 0.20, "transitivity": 0.10}, spread=0.3)
    rows = table(real, [world(isolated=0.44, clustering=0.25, transitivity=0.14)])
    assert rows.index.tolist() == ["isolated", "clustering", "transitivity"]
    assert rows.columns.tolist() == [
        "mark", "real", "low", "high", "simulated", "least", "most", "ratio", "near", "inside", "met", "in_range",
    ]  # fmt: skip
    assert rows["near"].tolist() == [True, False, False]
    assert rows["inside"].tolist() == [True, True, False]
    assert rows["met"].tolist() == [True, True, False]
    assert rows["in_range"].isna().all(), "no other log, no range"


def test_worlds_are_averaged_and_their_extremes_given() -> None:
    rows = table(real_log({"isolated": 0.4}), [world(isolated=0.3), world(isolated=0.5), world()])
    row = rows.loc["isolated"]
    assert (row["simulated"], row["least"], row["most"]) == (pytest.approx(0.4), 0.3, 0.5)


def test_a_world_too_thin_for_a_statistic_misses_it() -> None:
    rows = table(real_log({"isolated": 0.4}), [world()])
    assert not rows.loc["isolated", "met"]
    assert np.isnan(rows.loc["isolated", "simulated"])


def test_marks_are_counted_apart() -> None:
    real = real_log({"isolated": 0.4, "clustering": 0.2, "transitivity": 0.1})
    simulated = [world(isolated=0.4, clustering=0.4, transitivity=0.1)]
    rows = table(real, simulated, fitted=["isolated"], seen=frozenset({"isolated", "clustering"}))
    assert rows["mark"].tolist() == [FITTED, SEEN, EMERGENT]
    counts = summary(rows)
    assert counts["met"].tolist() == [1, 0, 1, 2, 2]
    assert counts["statistics"].tolist() == [1, 1, 1, 3, 3]
    assert counts.loc["all", "share"] == pytest.approx(2 / 3)


def test_the_range_is_what_all_real_logs_span() -> None:
    others = {"mail": {"isolated": 0.6, "clustering": np.nan}, "chat": {"isolated": 0.5}}
    real = real_log({"isolated": 0.4, "clustering": 0.2})
    within = table(real, [world(isolated=0.55, clustering=0.2)], others=others)["in_range"]
    assert within["isolated"]
    assert pd.isna(within["clustering"]), "one value spans nothing"
    assert not table(real, [world(isolated=0.39)], others=others)["in_range"]["isolated"]


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0.01, 0.99))
def test_the_gate_compares_with_the_own_values_of_the_log(one: float, two: float, back: float) -> None:
    real = {"hazard_per_day_90_180": 0.003, "hazard_per_day_180_365": 0.0015, "reactivated_90d": 0.37}
    rows = table(
        real_log(real),
        [world(hazard_per_day_90_180=0.003 * one, hazard_per_day_180_365=0.0015 * two, reactivated_90d=back)],
    )
    told = gate(rows)
    expected = {
        "hazard_per_day_90_180": 0.5 <= rows["ratio"]["hazard_per_day_90_180"] <= 2,
        "hazard_per_day_180_365": 0.5 <= rows["ratio"]["hazard_per_day_180_365"] <= 2,
        "reactivated_90d": 0.37 / 1.5 <= back <= 0.37 * 1.5,
    }
    assert told == {**expected, "passed": all(expected.values())}


def test_a_gate_of_nothing_is_not_passed() -> None:
    assert gate(table(real_log({"isolated": 0.4}), [world(isolated=0.4)])) == {"passed": False}


def test_every_statistic_has_a_family_in_the_figure() -> None:
    names = pd.Index(STATISTICS)
    count = sum(names.str.match(pattern).astype(int) for pattern in FAMILIES.values())
    assert names[count != 1].tolist() == []


def test_the_figure_counts_what_is_met_and_names_the_worst_miss() -> None:
    real = real_log({"isolated": 0.4, "clustering": 0.2, "transitivity": 0.1})
    rows = table(real, [world(isolated=0.4, clustering=0.5, transitivity=0.11)])
    figure = validation(rows, "a log")
    said = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
    assert "match 2 of 3" in figure.axes[0].get_title(loc="left")
    assert "clustering × 2.5" in said


def test_the_report_holds_every_miss() -> None:
    rows = table(real_log({"isolated": 0.4, "clustering": 0.2}), [world(isolated=0.4, clustering=0.5)])
    row = {"low": 0.0, "high": np.inf, "count": 99}
    real = pd.DataFrame([{"fact": "B1_x", "value": 0.5, "holds": True, **row}])
    simulated = pd.DataFrame(
        [
            {"fact": "B1_x", "value": -0.5, "holds": False, **row},
            {"fact": "like", "value": np.nan, "holds": None, **row},
        ]
    )
    known = facts_side_by_side(real, simulated)
    assert known.index.tolist() == ["B1_x", "like"]
    text = report(judgement(rows), known, "a log", "two people")
    assert "| `clustering` | emergent | 0.2 | 0.19 … 0.21 | 0.5 | 0.5 … 0.5 | 2.50 | **no** | – |" in text
    assert "| `B1_x` | above 0 | 0.5 | -0.5 ✗ |" in text
    assert "| `like` | above 0 | – | – |" in text


def test_ranges_and_values_in_words() -> None:
    assert [accepted(2, 4), accepted(-np.inf, 1), accepted(0, np.inf), accepted(0, 0)] == [
        "2 to 4", "below 1", "above 0", "exactly 0",
    ]  # fmt: skip
    assert [judged(1.0, True), judged(1.0, False), judged(1.0, None), judged(np.nan, None)] == ["1", "1 ✗", "1", "–"]


def test_near_is_fifteen_percent_on_either_side_and_inside_is_what_the_interval_spans() -> None:
    names = ("isolated", "clustering", "transitivity", "both_directions", "overlap_weight")
    real = real_log(dict.fromkeys(names, 0.5), spread=0.5)
    real.loc[real["statistic"] != "both_directions", ["low", "high"]] = (0.5, 0.5)
    simulated = world(isolated=0.574, clustering=0.576, transitivity=0.426, both_directions=0.25, overlap_weight=0.424)
    rows = table(real, [simulated])
    assert rows.loc[list(names), "near"].tolist() == [True, False, True, False, False]
    assert rows.loc[list(names), "inside"].tolist() == [False, False, False, True, False]
    assert rows.loc[list(names), "met"].tolist() == [True, False, True, True, False]
    assert rows.loc[list(names), "ratio"].tolist() == pytest.approx([1.148, 1.152, 0.852, 0.5, 0.848])


def test_a_real_value_of_zero_has_no_ratio() -> None:
    rows = table(real_log({"isolated": 0.0}), [world(isolated=0.1)])
    assert np.isnan(rows.loc["isolated", "ratio"])
    assert not rows.loc["isolated", "met"]
    assert table(real_log({"isolated": 0.0}), [world(isolated=0.0)]).loc["isolated", "met"]


def test_extremes_are_of_the_worlds_that_have_a_value() -> None:
    rows = table(
        real_log({"isolated": 0.4, "hazard_slope": -1.0, "clustering": 0.2}),
        [world(hazard_slope=-3.0), world(isolated=7.0, hazard_slope=-2.0), world(isolated=5.0)],
    )
    assert rows.loc["isolated", ["simulated", "least", "most"]].to_list() == [6.0, 5.0, 7.0]
    assert rows.loc["hazard_slope", ["simulated", "least", "most"]].to_list() == [-2.5, -3.0, -2.0]
    assert rows.loc["clustering", ["simulated", "least", "most"]].isna().all()


def test_a_range_needs_two_logs_and_a_simulated_value_and_has_its_ends() -> None:
    real = real_log({"isolated": 0.4, "clustering": 0.2, "transitivity": 0.1})
    others = {"mail": {"isolated": 0.6, "clustering": 0.3}}

    def in_range(**values: float) -> list[object]:
        found = table(real, [world(**values)], others=others)["in_range"]
        return [None if pd.isna(one) else bool(one) for one in found[["isolated", "clustering", "transitivity"]]]

    assert in_range(isolated=0.4, clustering=0.3, transitivity=0.1) == [True, True, None]
    assert in_range(isolated=0.61, clustering=0.19, transitivity=0.1) == [False, False, None]
    assert in_range(isolated=0.6) == [True, None, None]


@pytest.mark.parametrize(
    ("ratio", "back", "passed"),
    [
        (2.0, 0.02, True),
        (0.5, 0.045, True),
        (2.01, 0.03, False),
        (0.49, 0.03, False),
        (1, 0.0199, False),
        (1, 0.0451, False),
    ],
)
def test_the_gate_has_its_ends(ratio: float, back: float, passed: bool) -> None:
    """On a log where few pairs come back, few must in its worlds."""
    names = ["hazard_per_day_90_180", "reactivated_90d"]
    rows = pd.DataFrame({"real": [0.5, 0.03], "simulated": [0.5 * ratio, back]}, index=names)
    assert gate(rows) == {
        "hazard_per_day_90_180": 0.5 <= ratio <= 2, "reactivated_90d": 0.02 <= back <= 0.045, "passed": passed,
    }  # fmt: skip
    assert gate(rows.head(1))["passed"] == (0.5 <= ratio <= 2)


def test_a_world_without_a_value_of_the_gate_does_not_pass() -> None:
    rows = pd.DataFrame({"real": [0.3], "simulated": [np.nan]}, index=["reactivated_90d"])
    assert gate(rows) == {"reactivated_90d": False, "passed": False}


def test_what_rests_on_fewer_than_five_people_or_pairs_is_untestable() -> None:
    real = real_log({"isolated": 0.4, "clustering": 0.2})
    real.loc[real["statistic"] == "isolated", "units"] = 4
    assert table(real, [world(isolated=0.4, clustering=0.2)]).index.tolist() == ["clustering"]
    why = untestable(real)
    assert len(why) == len(STATISTICS) - 1
    assert why["isolated"] == "people or pairs: 4, and 5 are needed"
    assert why["hazard_slope"] == "the log is too short, or has no such data"


def test_a_copy_of_another_log_is_judged_by_the_same_rule() -> None:
    real = real_log({"isolated": 0.4, "clustering": 0.2, "gone": 0.3})
    others = {"mail": {"isolated": 0.41, "clustering": 0.9, "gone": 0.3}, "chat": {"isolated": 0.38, "clustering": 0.2}}
    others = {name: world(**values) for name, values in others.items()}
    found = copies(real, others)
    assert found.loc["mail"].to_dict() == {"first": 1, "all": 2}
    assert found.loc["chat"].to_dict() == {"first": 2, "all": 2}
    assert found.index.tolist() == ["chat", "mail"]
    rows = table(real, [world(isolated=0.4, gone=0.9)])
    assert yardstick(rows, found) == [
        "Of the first 74 statistics, 2 can be tested: model 1, best copy 2 (chat).",
        "Of all statistics, 3 can be tested: model 1, best copy 2 (chat).",
    ]
    assert yardstick(rows, copies(real, {}))[1] == "Of all statistics, 3 can be tested: model 1."


def test_a_mark_that_no_statistic_has_is_counted_as_none() -> None:
    counts = summary(table(real_log({"isolated": 0.4, "clustering": 0.2}), [world(isolated=0.4, clustering=0.9)]))
    assert counts.index.tolist() == [FITTED, SEEN, EMERGENT, "first 74", "all"]
    assert counts["statistics"].tolist() == [0, 0, 2, 2, 2]
    assert counts["met"].tolist() == [0, 0, 1, 1, 1]
    assert counts["share"].isna().tolist() == [True, True, False, False, False]


def test_the_report_gives_counts_the_gate_and_every_row_in_full() -> None:
    real = real_log({"isolated": 0.4, "reactivated_90d": 0.3})
    rows = table(
        real, [world(isolated=0.41, reactivated_90d=0.5)], fitted=["isolated"], others={"mail": {"isolated": 0.5}}
    )
    columns = ["fact", "low", "high", "value", "holds"]
    known = facts_side_by_side(
        pd.DataFrame([("B1", 2.0, 4.0, 3.0, True), ("B2", np.nan, np.nan, 1.0, None)], columns=columns),
        pd.DataFrame([("B2", np.nan, np.nan, 7.0, None), ("B1", 2.0, 4.0, 5.0, False)], columns=columns),
    )
    assert known.columns.tolist() == ["low", "high", "real", "real_holds", "simulated", "simulated_holds"]
    lines = report(judgement(rows, apart="Too few people."), known, "a log", "two people").splitlines()
    assert lines[0] == "# Simulated worlds against a log"
    assert lines[2] == "Simulated: two people."
    for line in (
        "| fitted | 1 | 1 |", "| seen | 0 | 0 |", "| emergent | 0 | 1 |", "| all | 1 | 2 |",
        "Gate: failed (reactivated_90d failed).", "Too few people.",
        "Of all statistics, 2 can be tested: model 1, best copy 7 (mail).", "| mail | 5 | 7 |",
        "- `clustering`: why",
        "| `isolated` | fitted | 0.4 | 0.38 … 0.42 | 0.41 | 0.41 … 0.41 | 1.02 | yes | yes |",
        "| `reactivated_90d` | emergent | 0.3 | 0.285 … 0.315 | 0.5 | 0.5 … 0.5 | 1.67 | **no** | – |",
        "| `B2` | – | 1 | 7 |", "| `B1` | 2 to 4 | 3 | 5 ✗ |",
    ):  # fmt: skip
        assert line in lines, line
    passing = table(real, [world(isolated=0.1, reactivated_90d=0.3)], others={"mail": {"isolated": 0.5}})
    lines = report(judgement(passing), known, "a log", "two people").splitlines()
    assert "Gate: passed (reactivated_90d passed)." in lines
    assert any(line.startswith("Trees tell simulated pairs from real ones with an AUC of 0.88") for line in lines)
    assert "| pairs | `contacts` | 0.200 | 0.75 | 3 | 4 |" in lines
    assert "| `isolated` | emergent | 0.4 | 0.38 … 0.42 | 0.1 | 0.1 … 0.1 | 0.25 | **no** | no |" in lines
