from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from experiments.analysis.compare import ends_of_interval, minutes, paired_differences, resampled_means
from experiments.analysis.comparison_table import comparison_table, difference, row_name
from experiments.forecasts.forecast import Forecast
from experiments.forecasts.tables import forecast_table, week_table
from experiments.forecasts.week import Week
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.tables import log_table
from experiments.sweeps.tables import _footnotes, progress_table, run_tables, sweep_table, sweep_tables
from experiments.terminal.columns import Columns
from experiments.terminal.console import Terminal
from experiments.terminal.legend import Legend
from experiments.terminal.numbers import counted, counted_runs, digits, number, plain, points, signed, with_sign
from experiments.terminal.tables import frame_table
from sim.model.gestures import KINDS
from sim.model.outcomes import MADE_OF_OTHERS, MEASURES
from tests.experiments.terminal.test_columns import is_shown


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.56, "1,235"), (12.345, "12.3"), (1.2345, "1.23"), (0.01234, "0.012"), (0.00012, "0.000"),
     (-3.21, "-3.21"), (math.nan, "–"), (math.inf, "∞")],
)  # fmt: skip
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.234, "+1.23"), (-1.234, "−1.23"), (58.7, "+58.7"), (-0.001, "0.00"), (math.nan, "–")]
)
def test_signed(value: float, text: str) -> None:
    assert signed(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [((43.12, 42.5, 43.9), ("+43.1", "+42.5 … +43.9")), ((-0.182, -0.36, 0.00506), ("−0.18", "−0.36 … +0.01")),
     ((0.000212, 0.0001, 0.0003), ("+0.00021", "+0.00010 … +0.00030")),
     ((1234.5, 1200, 1290), ("+1,234", "+1,200 … +1,290")),
     ((-0.004, -0.8, 0.004), ("0.00", "−0.80 … 0.00")),
     ((0.5, 0.5, 0.5), ("+0.500", "+0.500 … +0.500")), ((0, 0, 0), ("0", "0 … 0")),
     ((2.0, math.nan, math.nan), ("+2.00", "–")), ((math.nan, math.nan, math.nan), ("–", "–"))],
)  # fmt: skip
def test_a_difference_has_the_digits_that_its_interval_leaves(
    values: tuple[float, float, float], texts: tuple[str, str]
) -> None:
    row = pd.Series(values, index=["difference", "low", "high"])
    assert difference(row) == texts


@pytest.mark.parametrize(
    ("count", "what", "text"),
    [(1, "run", "1 run"), (0, "run", "0 runs"), (2_000, "day", "2,000 days"), (3, "strategy", "3 strategies")],
)
def test_things_are_counted(count: int, what: str, text: str) -> None:
    assert counted(count, what) == text


def test_rows_with_the_same_settings_are_one_run() -> None:
    assert [counted_runs(48, 32), counted_runs(48, 48), counted_runs(2, 1), counted_runs(1, 1)] == [
        "48 rows, 32 different runs", "48 runs", "2 rows, 1 different run", "1 run",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.1, "0.100"), (-0.1, "-0.100"), (0.0999, "0.0999"), (0.00012345, "0.000123"), (-0.05, "−0.05"),
     (math.nan, "–"), (1_234.5, "1,234"), (0.5, "0.500")],
)  # fmt: skip
def test_a_small_number_has_three_significant_digits(value: float, text: str) -> None:
    assert plain(value) == text


def test_numbers_in_a_row_have_three_digits_each_or_none_is_shown() -> None:
    assert digits(0.12345, -2, 3) == "0.123 … −2 … 3"
    assert digits(0.12345, math.nan) == "–"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(0.5, 2, "+0.50"), (-0.5, 0, "0"), (-0.004, 2, "0.00"), (-0.006, 2, "−0.01"), (-1_234.5, 1, "−1,234.5"),
     (0, 3, "0.000"), (10, 0, "+10")],
)  # fmt: skip
def test_what_rounds_to_zero_has_no_sign(value: float, decimals: int, text: str) -> None:
    assert with_sign(value, decimals) == text


def test_a_difference_of_shares_is_in_points() -> None:
    assert [points(0.1234), points(-0.5), points(0.0)] == ["+12.3", "−50.0", "+0.0"]


def test_a_difference_of_ten_or_more_has_one_decimal() -> None:
    assert [signed(9.994), signed(10), signed(-10), signed(-9.5)] == ["+9.99", "+10.0", "−10.0", "−9.50"]
    assert [number(999.4), number(99.96), number(0.1), number(12.5, 2), number(1.25, 2)] == [
        "999", "100.0", "0.100", "12", "1.2",
    ]  # fmt: skip


MIXTURE = "check_in 0.333333 + engage_regularly 0.333333 + handwritten_notes 0.333333"


def made_up(worlds: int = 3, **more: float) -> pd.DataFrame:
    """Runs of waiting, of a strategy and of a long mixture; numbers as large as they come."""
    arms = {"wait": 10.0, "handwritten_notes": 67.25, MIXTURE: 1_234.5}
    rows = [
        {
            "scenario": arm,
            "replicate": world,
            "reconnected": ties + world * (arm != "wait"),
            "kept_up": ties / 2,
            "kept": ties / 8,
        }
        | {"minutes_planned": 6_247.0, "minutes_used": 6_218.0, "minutes_lost": 1_669.0, "used_share": 0.5, **more}
        for world in range(worlds)
        for arm, ties in arms.items()
    ]
    return pd.DataFrame(rows)


def footnotes(paired: pd.DataFrame, effort: pd.DataFrame) -> str:
    return "\n".join(_footnotes(paired, effort))


def printed(runs: pd.DataFrame, width: int) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(sweep_table(runs))
    return captured.get()


@pytest.mark.parametrize("width", [60, 72, 80, 100, 130, 200])
def test_no_number_of_a_sweep_is_cut(width: int) -> None:
    text = printed(made_up(), width)
    assert "…" not in re.sub(r"\d … [+−]?\d", "", text)
    for whole in ("+58.2", "+57.2 … +59.2", "+1225.5", "+1224.5 … +1226.5", "6,247", "6,218", "1,669", "50% !", "10.0"):
        assert whole in text, whole
    assert max(len(line) for line in text.splitlines()) <= width
    for word in MIXTURE.split() if width > 60 else ():
        assert word in text, word


def test_what_fits_stands_in_one_table() -> None:
    assert sum(line.startswith(" strategy") for line in printed(made_up(), 160).splitlines()) == 1
    assert sum(line.startswith(" strategy") for line in printed(made_up(), 80).splitlines()) > 1


def test_one_world_is_one_world() -> None:
    text = printed(made_up(worlds=1), 130)
    assert "over 1 world;" in text
    assert "bootstrap" not in text


def test_no_number_of_runs_is_infinite() -> None:
    """Pairing that is perfect says nothing of independent seeds."""
    runs = made_up()
    constant = runs.assign(reconnected=runs.groupby("scenario")["reconnected"].transform("first"))
    assert "∞" not in printed(constant, 130)


@pytest.mark.parametrize(
    ("share", "said"), [(0.896, "89.6% !"), (0.89996, "89.9% !"), (0.894, "89% !"), (0.9, "90%"), (0.904, "90%")]
)
def test_a_share_says_on_which_side_it_is(share: float, said: str) -> None:
    text = printed(made_up(used_share=share), 130)
    assert said in text
    assert ("!" in text) == (share < 0.9)


def test_an_arm_that_spends_nothing_is_marked() -> None:
    text = printed(made_up(minutes_used=0.0, used_share=math.nan), 130)
    assert "– !" in text
    assert "! This strategy used less than 90% of its time budget" in text
    assert "!" not in printed(made_up(minutes_planned=0.0, minutes_used=0.0, used_share=math.nan), 130)


def test_one_arm_that_spends_too_little_is_told() -> None:
    runs = made_up(used_share=1.0)
    one = runs.assign(used_share=np.where(runs["scenario"] == "handwritten_notes", 0.5, 1.0))
    said = "! This strategy used less than 90%"
    assert said in footnotes(paired_differences(one, "reconnected"), minutes(one))
    assert said not in footnotes(paired_differences(runs, "reconnected"), minutes(runs))


def test_what_looks_like_markup_is_printed_as_it_is() -> None:
    odd = ["a[/x]b", "a:x:b", "[bold]c[/bold]"]
    console = Console(width=120)
    with console.capture() as capture:
        console.print(frame_table(pd.DataFrame({"[red]arm[/red]": odd})), highlight=False)
    said = capture.get()
    assert all(text in said for text in ("[red]arm[/red]", *odd))


# Every table, with names as long as they come ------------------------------------------------------------------------

IDS = ("annegret.maria+lists@example.org", "=cmd|calc[/]:smile:$x^2$---------")  # of 32 characters, without a space


def tables() -> dict[str, tuple[RenderableType, list[str]]]:
    """Tables of several commands, and what must be found in each: long names, and all numbers, dates and words."""
    week = pd.DataFrame(
        [{"tie": 27, "id": name, "last_contact": "2023-11-30", "silent_days": 1_234, "known_years": 12.3,
          "contacts": 1_017, "last_word": "other", "gesture": "message", "minutes": 3.0, "without": 0.07, "after": 0.53,
          "gain": 0.47, "low": -0.3, "high": 0.63} for name in IDS]
    )  # fmt: skip
    plan = week_table(Week(week, (1.0, 0.5, 1.5), (0.7, 1.3), 2, None, []), ["Said."])
    ties = pd.DataFrame(
        [{"tie": 5, "sender": name, "receiver": name[::-1], "silent_days": 1_234.0, "contacts": 1_017,
          "comes_back": 0.12, "receiver_writes": 0.34, "after_like": 0.56, "after_handwritten": 0.78} for name in IDS]
    )  # fmt: skip
    gains = pd.DataFrame(
        {"gain": 0.1, "low": 0.0, "high": 0.2, "least": -0.1, "most": 0.3}, index=["like", "handwritten"]
    )
    forecast = forecast_table(Forecast(ties, gains, 1, []), 20, 90, 30, 10)
    statistics = pd.DataFrame(
        {"statistic": list(STATISTICS), "value": 0.012345, "low": 0.0111, "high": 0.0222, "count": 5}
    )
    rows = pd.DataFrame(
        [{"measure": "reconnected", "a": name, "b": "wait", "level": "", "a_mean": 1_234.5, "b_mean": 0.0123,
          "difference": 1_234.4, "low": 1_200.0, "high": 1_290.0, "worlds": 1_000, "fewer_runs": 12.3,
          "note": "too few"} for name in IDS]
    )  # fmt: skip
    numbers = ["+1,234", "+1,200 … +1,290", "1,000", "12"]
    arms = pd.DataFrame({"scenario": IDS, "requested": 1_234_567, "done": 987_654})
    many = pd.DataFrame({f"column_{k}": [1_234.5] for k in range(30)}).assign(name=IDS[0], day="2023-11-30")
    return {
        "plan-week": (plan, [*IDS, "2023-11-30", "1,234 d", "12.3 y", "1,017", "message", "+47", "−30 … +63", "53%"]),
        "forecast": (forecast, [*IDS, *(name[::-1] for name in IDS), "1,234", "1,017", "12%", "34%", "56%", "78%"]),
        "log": (log_table(dict.fromkeys(IDS, statistics), 10), [*IDS, *STATISTICS, "0.0123", "0.0111 … 0.0222"]),
        "compare": (comparison_table(rows, []), [*IDS, *numbers]),
        "status": (progress_table(arms), [*IDS, "1,234,567", "987,654"]),
        "results": (frame_table(many), [IDS[0], "2023-11-30", "1,234", "column_29"]),
    }


@pytest.mark.parametrize("width", [40, 60, 80, 130])
@pytest.mark.parametrize("command", ["plan-week", "forecast", "log", "compare", "status", "results"])
def test_every_table_can_be_read_in_a_narrow_terminal_and_with_long_names(command: str, width: int) -> None:
    table, values = tables()[command]
    terminal = Terminal(width=width)
    with terminal.capture() as captured:
        terminal.print(table)
    said = captured.get()
    assert max(map(len, said.splitlines())) <= width
    assert "…" not in re.sub(r"\S\s+…\s+\S", "", said)
    for value in values:
        assert value in said or (value in {*IDS, *(name[::-1] for name in IDS)} and is_shown(value, said)), value


@pytest.mark.parametrize(("worlds", "is_said"), [(3, False), (19, False), (20, True)])
def test_what_independent_seeds_would_need_takes_twenty_worlds(worlds: int, is_said: bool) -> None:
    console = Console(width=130)
    with console.capture() as capture:
        console.print(sweep_table(made_up(worlds)))
    assert ("Without pairing, the same precision would need" in capture.get()) == is_said
    assert ("Too few worlds for a verdict" in capture.get()) != is_said


@pytest.mark.parametrize(("worlds", "is_said"), [(19, False), (20, True)])
def test_a_comparison_has_fewer_runs_from_twenty_worlds_on(worlds: int, is_said: bool) -> None:
    row = {
        "measure": "reconnected", "a": "check_in", "b": "wait", "level": "", "a_mean": 2.0, "b_mean": 1.0,
        "difference": 1.0, "low": 0.5, "high": 1.5, "worlds": worlds, "fewer_runs": 37.0, "note": "",
    }  # fmt: skip
    console = Console(width=130)
    with console.capture() as capture:
        console.print(comparison_table(pd.DataFrame([row]), []))
    assert ("Fewer runs: how many" in capture.get()) == is_said
    assert ("37" in capture.get()) == is_said


# Cells of tables -----------------------------------------------------------------------------------------------------


def rows_of(table: RenderableType) -> list[tuple[str, ...]]:
    assert isinstance(table, Columns)
    return list(zip(*(column.cells for column in table.columns), strict=True))


def titles_of(table: RenderableType) -> list[str]:
    assert isinstance(table, Columns)
    return [column.title for column in table.columns]


def parts_of(group: RenderableType) -> list[RenderableType]:
    return list(group.renderables)  # type: ignore[attr-defined]


def test_the_tables_of_a_run_have_each_measure_and_each_gesture_in_its_place() -> None:
    names = [name for name in MEASURES if not name.startswith(MADE_OF_OTHERS)]
    measures = {name: 1.0 + k for k, name in enumerate(names)}
    measures |= {f"everyone_{name}": 101.0 + k for k, name in enumerate(names[1:], start=1)}
    measures |= {f"sent_{KINDS[0]}": 7.0, f"answered_{KINDS[0]}": 3.0}
    measures |= {f"everyone_sent_{KINDS[0]}": 70.0, f"everyone_answered_{KINDS[0]}": 30.0}
    outcomes, gestures = parts_of(run_tables(measures))
    for table in (outcomes, gestures):
        assert isinstance(table, Columns)
        assert not table.columns[0].text, "names of the program's own are never folded"
    assert rows_of(outcomes) == [
        (name, number(1.0 + k), number(101.0 + k) if k else "–", MEASURES[name].unit) for k, name in enumerate(names)
    ]
    assert rows_of(gestures) == [(KINDS[0], "7.00", "3.00", "70.0", "30.0"), *((kind, *"––––") for kind in KINDS[1:])]


def swept(points: int = 1, arms: tuple[str, ...] = ("wait", "check_in"), worlds: int = 3) -> pd.DataFrame:
    """Runs of arms at points of one factor."""
    frames = [
        made_up(worlds).query("scenario == 'wait'").assign(
            strategy=arm, scenario=f"{arm}, ease {point}", point=point, ease=float(point),
            reconnected=lambda runs, at=10 * (k + 1): at + runs["replicate"] * 1.0, kept=2.0,
        )
        for point in range(points)
        for k, arm in enumerate(arms)
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def test_each_point_of_a_sweep_has_its_table_under_its_levels() -> None:
    *shown, notes = parts_of(sweep_tables(swept(2), ["ease"]))
    assert [str(one) for one in shown[::2]] == ["\nease = 0", "\nease = 1"]
    assert str(notes).startswith("Ties per adopter: paired differences")
    for table in shown[1::2]:
        assert [row[:3] for row in rows_of(table)] == [
            ("check_in", "+10.0", "+10.0 … +10.0"),
            ("wait", "11.0", "(mean)"),
        ]
    assert len(parts_of(sweep_tables(swept(1), []))) == 2


def test_what_holds_at_each_point_is_said_once_and_the_rest_below_its_table() -> None:
    runs = swept(3, worlds=2).assign(used_share=1.0, kept_up=np.nan)
    runs.loc[(runs["point"] == 1) & (runs["strategy"] == "check_in"), "used_share"] = 0.5
    shown = parts_of(sweep_tables(runs, ["ease"]))
    assert [type(one).__name__ for one in shown] == ["Text", "Columns"] * 2 + ["Text"] * 2 + ["Columns", "Text"]
    said = [str(one) for one in shown]
    assert said[4].startswith("! This strategy used less than 90%")
    assert "Too few worlds" in said[-1]
    assert "Kept up is missing" in said[-1]
    assert "Kept up: in two-way contact" not in said[-1], "it is no column"
    assert "Kept: dormant at the start" in said[-1]


@pytest.mark.parametrize(("points", "printed_whole"), [(60, True), (61, False)])
def test_up_to_120_arms_are_printed(points: int, printed_whole: bool) -> None:
    shown = parts_of(sweep_tables(swept(points, worlds=2), ["ease"]))
    assert len(shown) == (2 * points + 1 if printed_whole else 1)
    assert printed_whole or str(shown[0]).startswith(f"The sweep has {2 * points} arms, too many")


@pytest.mark.parametrize("arms", [("check_in",), ("show_up", "check_in"), ("wait",)])
def test_arms_that_cannot_be_compared_with_waiting_have_means_with_intervals(arms: tuple[str, ...]) -> None:
    runs = swept(1, arms, worlds=4).assign(used_share=1.0)
    runs.loc[runs.index[0], "kept_up"] = np.nan
    (table,) = parts_of(sweep_tables(runs, ["ease"]))
    assert titles_of(table)[:3] == ["arm", "reconnected", "95% interval"]
    assert titles_of(table)[-1] == "worlds"
    for k, row in enumerate(rows_of(table)):
        values = 10.0 * (k + 1) + np.arange(4)
        low, high = np.quantile(resampled_means(values, 10_000), ends_of_interval(4))
        assert row[:3] == (f"{arms[k]}, ease 0", number(values.mean()), f"{number(low)} … {number(high)}")
        assert row[3:5] == ("5.00", "5.00 … 5.00")
        assert row[-1] == "4"


def test_one_world_has_a_mean_without_an_interval_and_none_has_neither() -> None:
    runs = swept(1, ("check_in",), worlds=1).assign(kept_up=np.nan, used_share=1.0)
    (table,) = parts_of(sweep_tables(runs, []))
    assert rows_of(table) == [("check_in, ease 0", "10.0", "–", "–", "–", "2.00", "–", "1")]
    (table,) = parts_of(sweep_tables(swept(1, ("check_in",), worlds=2).assign(used_share=1.0), []))
    assert rows_of(table)[0][:3] == ("check_in, ease 0", "10.5", "10.0 … 11.0"), "two worlds have the widest"


def test_the_best_arm_is_first_and_waiting_is_last_with_its_means() -> None:
    table, notes = parts_of(sweep_table(made_up()))
    rows = rows_of(table)
    assert [row[0] for row in rows] == [MIXTURE, "handwritten_notes", "wait"]
    assert rows[2][1:7] == ("10.0", "(mean)", "5.00", "(mean)", "1.25", "(mean)")
    assert rows[1][1:3] == ("+58.2", "+57.2 … +59.2")
    assert rows[1][7:] == ("6,247", "6,218", "1,669", "50% !")
    assert isinstance(table, Columns)
    alone = [column.title for column in table.columns if not column.joined]
    assert alone == ["strategy", "reconnected", "kept up", "kept", "minutes planned"]
    assert "is missing" not in str(notes)
    some = made_up().assign(kept_up=lambda runs: runs["kept_up"].where(runs["replicate"] > 0))
    assert "is missing" not in str(parts_of(sweep_table(some))[1])
    unknown = str(parts_of(sweep_table(made_up().assign(kept_up=np.nan)))[1])
    assert "Kept up is missing: it is defined only 240 days after a tie came back" in unknown


@pytest.mark.parametrize(("worlds", "told"), [(1, False), (2, True)])
def test_a_bootstrap_is_named_from_two_worlds_on(worlds: int, told: bool) -> None:
    runs = made_up(worlds)
    said = footnotes(paired_differences(runs, "reconnected"), minutes(runs))
    assert ("(bootstrap over worlds)" in said) == told
    assert f"there are {worlds}, and at least 20 are needed" in said
    assert "over 0 worlds" in footnotes(paired_differences(runs, "reconnected").head(0), minutes(runs))


def test_the_runs_that_pairing_saves_are_the_median_over_arms() -> None:
    runs = made_up(20)
    paired = paired_differences(runs, "reconnected").assign(fewer_runs=[2.0, 8.0])
    assert "would need 5.0 times as many runs" in footnotes(paired, minutes(runs))
    assert "over 3 worlds" in footnotes(paired.assign(worlds=[20, 3]), minutes(runs)), "the fewest of any arm"
    none = footnotes(paired.assign(fewer_runs=[math.inf, math.nan]), minutes(runs))
    assert "Without pairing" not in none
    assert "would need 8.0 times" in footnotes(paired.assign(fewer_runs=[math.inf, 8.0]), minutes(runs))


@pytest.mark.parametrize(("arms", "left_out"), [(119, 0), (120, 0), (121, 1), (123, 3)])
def test_the_first_and_last_sixty_arms_of_many_are_printed(arms: int, left_out: int) -> None:
    frame = pd.DataFrame({"scenario": [f"a{k}" for k in range(arms)], "requested": 3_000, "done": range(arms)})
    rows = rows_of(progress_table(frame))
    expected = [(f"a{k}", f"{k}", "3,000") for k in range(arms)]
    if left_out:
        expected = [*expected[:60], (f"… {left_out} more …", "", ""), *expected[-60:]]
    assert rows == expected


# Comparisons ---------------------------------------------------------------------------------------------------------


def compared_row(measure: str = "reconnected", a: str = "x", level: str = "", **more: object) -> dict[str, object]:
    return {
        "measure": measure, "a": a, "b": "wait", "level": level, "a_mean": 2.0, "b_mean": 0.05, "difference": 1.0,
        "low": 0.5, "high": 1.5, "worlds": 1_020, "fewer_runs": 3.7, "note": "", **more,
    }  # fmt: skip


def test_measures_that_occur_once_stand_in_one_table() -> None:
    table, said = parts_of(comparison_table(pd.DataFrame([compared_row(), compared_row("kept")]), ["And this."]))
    assert titles_of(table) == ["measure", "A", "B", "A − B", "95% interval", "worlds", "fewer runs"]
    assert rows_of(table) == [
        (name, "2.00", "0.05", "+1.0", "+0.5 … +1.5", "1,020", "3.7") for name in ("reconnected", "kept")
    ]
    lines = str(said).splitlines()
    assert lines[0].startswith("A: x. B: wait.")
    assert lines[1].startswith("Fewer runs:")
    assert lines[2:] == ["And this."]
    some = [compared_row(worlds=20), compared_row("kept", worlds=19)]
    table, said = parts_of(comparison_table(pd.DataFrame(some), []))
    assert [row[-2:] for row in rows_of(table)] == [("20", "3.7"), ("19", "–")]
    assert "Fewer runs:" in str(said), "if any row has enough worlds"


def test_several_levels_or_contrasts_have_a_table_for_each_measure() -> None:
    rows = [compared_row(measure, level=level) for measure in ("reconnected", "kept") for level in ("ease=1", "all")]
    *tables, said = parts_of(comparison_table(pd.DataFrame(rows), []))
    assert [titles_of(table)[0] for table in tables] == ["reconnected", "kept"]
    assert [row[0] for row in rows_of(tables[0])] == ["ease=1", "all"]
    assert str(said).startswith("A: x. B: wait.")
    several = [compared_row(a=a, level="ease=1") for a in ("x", "y")]
    table, said = parts_of(comparison_table(pd.DataFrame(several), []))
    assert [row[0] for row in rows_of(table)] == ["x, ease=1", "y, ease=1"]
    assert str(said).startswith("A: the arm that the row names. B: wait.")
    assert row_name(pd.Series({"a": "x", "level": ""}), several=True) == "x"


def test_a_note_of_all_rows_is_said_once_and_others_by_their_number() -> None:
    notes = ["few", "few; 2 worlds left out", "few; A is idle; 2 worlds left out"]
    rows = [compared_row(name, note=note, worlds=19) for name, note in zip(("a", "b", "c"), notes, strict=True)]
    table, said = parts_of(comparison_table(pd.DataFrame(rows), []))
    assert titles_of(table)[-1] == "note"
    assert [row[-1] for row in rows_of(table)] == ["", "1", "2, 1"]
    assert {row[-2] for row in rows_of(table)} == {"–"}
    assert str(said).splitlines()[1:] == ["All rows: few.", "Note 1: 2 worlds left out.", "Note 2: A is idle."]
    table, said = parts_of(comparison_table(pd.DataFrame([compared_row(note="few")]), []))
    assert str(said).splitlines()[2:] == ["Note: few."]
    assert len(titles_of(table)) == 7, "a note that is said below needs no column"
    assert isinstance(said, Text)


@pytest.mark.parametrize(
    ("values", "texts"),
    [((1.0, 0.95, 1.05), ("+1.00", "+0.95 … +1.05")),
     ((1.0, 1.0, 1 + 1e-12), ("+1.000000000", "+1.000000000 … +1.000000000")),
     ((0.02, 0.02, 0.02), ("+0.0200", "+0.0200 … +0.0200")), ((10.0, 0.0, 20.0), ("+10", "0 … +20")),
     ((5.0, 0.0, 10.0), ("+5", "0 … +10")), ((5.0, 0.1, 9.9), ("+5.0", "+0.1 … +9.9")),
     ((200.0, 200.0, 200.0), ("+200", "+200 … +200"))],
)  # fmt: skip
def test_the_last_digit_is_a_tenth_of_the_interval_or_a_hundredth_of_the_value(
    values: tuple[float, float, float], texts: tuple[str, str]
) -> None:
    assert difference(pd.Series(values, index=["difference", "low", "high"])) == texts


LABELLED = Legend({"gifts": {"label": "Birthday gifts"}})
NEVER_SPENT = {"minutes_used": 0.0, "used_share": 0.0}


def test_an_arm_that_never_spends_its_minutes_is_marked_in_every_table_of_a_sweep_and_of_a_run() -> None:
    against_waiting = swept(1, ("wait", "gifts")).assign(**NEVER_SPENT)
    table, notes = parts_of(sweep_tables(against_waiting, []))
    assert rows_of(table)[0][-1] == "0% !"
    assert "! This strategy used less than 90%" in str(notes)
    table, notes = parts_of(sweep_tables(swept(1, ("gifts",)).assign(**NEVER_SPENT), []))
    assert titles_of(table)[-2:] == ["share used", "worlds"]
    assert rows_of(table)[0][-2] == "0% !"
    assert "! This strategy used less than 90%" in str(notes)
    spent = {"minutes_planned": 100.0, "minutes_used": 50.0}
    for measures in (spent | {"used_share": 0.5}, {**spent, "minutes_used": 0.0, "used_share": math.nan}):
        outcomes, _, note = parts_of(run_tables(measures))
        (marked,) = [row for row in rows_of(outcomes) if row[0] == "used_share"]
        assert marked[1].endswith(" !")
        assert "! This strategy used less than 90%" in str(note)
    assert len(parts_of(run_tables({**spent, "used_share": 0.9}))) == 2
    assert len(parts_of(run_tables({}))) == 2


def test_added_gestures_are_in_the_tables_of_a_run() -> None:
    kinds = (*KINDS, "voice_memo")
    _, gestures = parts_of(run_tables({"sent_voice_memo": 2.5, "answered_voice_memo": 1.5}, kinds=kinds))
    assert rows_of(gestures)[-1] == ("voice_memo", "2.50", "1.50", "–", "–")


@pytest.mark.parametrize("arms", [("wait", "gifts"), ("gifts", "check_in")])
def test_names_are_shown_as_they_are_typed_and_labels_are_explained_once(arms: tuple[str, ...]) -> None:
    runs = swept(2, arms).assign(used_share=1.0)
    shown = sweep_tables(runs, ["ease"], LABELLED)
    assert [str(part) for part in parts_of(shown)].count("Labels: gifts is “Birthday gifts”.") == 1
    assert "Labels" not in str(parts_of(sweep_tables(runs, ["ease"]))[-1])
