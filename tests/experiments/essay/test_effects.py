"""Effects over plausible worlds, from made-up runs whose effects are known, and how many are in touch in logs."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import experiments
from experiments.analysis.plausible import Judged
from experiments.analysis.verdicts import Estimate, Ruling, Verdict, mean
from experiments.config.reading import load
from experiments.essay.findings import effects, in_touch, nine_strategies, row_of, setting, zero_to_connected
from experiments.essay.findings.effects import Effect
from experiments.logs.log import read
from experiments.sweeps.sweep_result import SweepResult

CONFIGS = Path(experiments.__file__).parents[1] / "configs"
NAN = float("nan")
DRAWS = 60


def swept(rows: Sequence[Mapping[str, Any]], replicates: int, passing: Sequence[int]) -> SweepResult:
    """A sweep with two worlds per draw, and its runs in no order."""
    runs = pd.DataFrame(rows).assign(people=240).sample(frac=1, random_state=3)
    experiment = load(CONFIGS / "knowing_welcome.toml", [f"sweep.replicates={replicates}"])
    return SweepResult(experiment, runs, [], {}, Path(), frozenset(passing))


@pytest.fixture(scope="module")
def few() -> SweepResult:
    """Four draws: one passes whole, one in its second world, one not at all, and one whole again."""
    rows = [{"row": "a", "replicate": world, "ties": 10.0 * world} for world in range(8)]
    return swept(rows, 8, (0, 1, 3, 6, 7))


@pytest.fixture(scope="module")
def many() -> SweepResult:
    """Sixty draws that all pass."""
    rows = [{"row": "a", "replicate": world, "ties": 0.0} for world in range(2 * DRAWS)]
    return swept(rows, 2 * DRAWS, range(2 * DRAWS))


def same_in_both(values: np.ndarray) -> np.ndarray:
    """An effect that is the same in both worlds of a draw."""
    return np.column_stack([values, values])


# From runs to effects ------------------------------------------------------------------------------------------------


def test_worlds_of_a_draw_are_side_by_side_and_failing_ones_are_missing(few: SweepResult) -> None:
    values = pd.Series({0: 1.0, 1: 2.0, 3: 4.0, 6: 7.0, 7: 8.0})
    found = effects.by_draw(few, values)
    np.testing.assert_array_equal(found, [[1, 2], [4, NAN], [7, 8]])
    assert list(few.levels.index) == [0, 1, 3], "the draw without a passing world has no row"


def test_a_draw_without_a_value_keeps_its_row(few: SweepResult) -> None:
    """Numbers are compared with effects by row, so an effect has a row for each draw of them."""
    found = effects.by_draw(few, pd.Series({6: 7.0, 0: 1.0}))
    np.testing.assert_array_equal(found, [[1], [NAN], [7]])
    assert effects.by_draw(few, pd.Series(dtype=float)).shape == (3, 0)
    assert Effect("none", effects.by_draw(few, pd.Series(dtype=float))).mean.worlds == 0


def test_runs_of_several_seeds_count_as_their_mean_in_each_world() -> None:
    """World 2 lacks an arm, and world 3 fails the gate."""
    ties = {
        (row, world, seed): 100 * world + 10 * seed + (7.0 if row == "b" else seed**2)
        for row in "ab" for world in range(6) for seed in (1, 2, 5) if (row, world) != ("b", 2)
    }  # fmt: skip
    rows = [{"row": row, "replicate": world, "run.seed": seed, "ties": n} for (row, world, seed), n in ties.items()]
    result = swept(rows, 6, (0, 1, 2, 4, 5))
    arms = result.arms("ties", "row")
    assert sorted(arms.index) == [0, 1, 4, 5]
    for row in "ab":
        for world in (0, 1, 4, 5):
            assert arms.loc[world, row] == pytest.approx(sum(ties[row, world, seed] for seed in (1, 2, 5)) / 3)
    more = effects.gain(result, "more", arms["a"], arms["b"], 0.5)
    assert (more.label, more.least) == ("more", 0.5)
    # a has 1, 4 and 25 where b has 7: 3 more on average
    np.testing.assert_allclose(more.values, np.array([[3, 3], [NAN, NAN], [3, 3]]))


def test_one_seed_without_a_value_leaves_the_others() -> None:
    rows = [
        {"row": row, "replicate": world, "ties": NAN if (row, world, seed) == ("a", 0, 1) else world + seed}
        for row in "ab" for world in (0, 1) for seed in (1, 3)
    ]  # fmt: skip
    arms = swept(rows, 2, (0, 1)).arms("ties", "row")
    assert arms.sort_index()["a"].to_list() == [3, 3]
    assert arms.sort_index()["b"].to_list() == [2, 3]


def test_a_level_is_described_and_not_judged(few: SweepResult) -> None:
    found = effects.level(few, "ties", few.arms("ties", "row")["a"])
    assert np.isnan(found.least)
    assert sorted(found.values[0]) == [0, 10]
    assert found.by_draw.tolist() == [5, 30, 65]


def test_each_draw_counts_once_however_many_of_its_worlds_pass() -> None:
    one = Effect("ties", np.array([[1, NAN], [NAN, NAN], [3, 5]]))
    assert one.by_draw.tolist() == [1, 4]
    assert one.mean.value == 2.5
    assert one.mean.worlds == 2


def test_the_range_is_that_of_nine_tenths_of_the_draws() -> None:
    """Of 0 to 20, a twentieth is below 1 and a twentieth above 19."""
    values = np.random.default_rng(1).permutation(21)
    spread = Effect("ties", np.column_stack([values - 100, values + 100]))
    assert spread.range == pytest.approx((1, 19)), "of draws, not of their worlds"
    nothing = Effect("ties", np.full((3, 2), NAN))
    assert nothing.by_draw.tolist() == []
    assert np.isnan(nothing.range).all()


# Verdicts ------------------------------------------------------------------------------------------------------------


def above(many: SweepResult, share: float) -> Effect:
    """2 where a number is largest, in this share of the draws, and otherwise 0; 1 is of interest."""
    number = many.levels["ease"].to_numpy()
    return Effect("ties", same_in_both(2.0 * (number > np.quantile(number, 1 - share))), 1.0)


@pytest.mark.parametrize(
    ("share", "word", "said"),
    [
        (1.0, Verdict.HOLDS, "holds in 98% ("), (0.0, Verdict.FAILS, "fails: it holds in 0% ("),
        (0.5, Verdict.DEPENDS, "mainly those with high `ease`"),
        (0.85, Verdict.UNDECIDED, "undecided: it holds in 85%"),
    ],
)  # fmt: skip
def test_an_effect_is_judged_by_the_share_of_draws_that_reach_it(
    many: SweepResult, share: float, word: Verdict, said: str
) -> None:
    """The draw with the smallest number is never above its own quantile, so the largest share is 59 of 60."""
    found = effects.judge(many, above(many, share))
    assert found.word is word
    assert said in found.sentence
    assert found.share.value == pytest.approx(min(share, 59 / 60))


def test_worlds_that_disagree_more_than_draws_decide_nothing(many: SweepResult) -> None:
    random = np.random.default_rng(5)
    found = effects.judge(many, Effect("ties", 1 + random.normal(0, 1, (DRAWS, 2)), 1.0))
    assert found.word is Verdict.UNDECIDED
    assert "noise" in found.sentence


def test_no_plausible_world_has_an_effect(many: SweepResult) -> None:
    found = effects.judge(many, Effect("ties", np.full((DRAWS, 2), NAN), 1.0))
    assert (found.word, found.sentence) == (Verdict.UNDECIDED, "undecided: no plausible world has an effect")


def test_the_numbers_behind_an_effect_are_named_the_strongest_first(many: SweepResult) -> None:
    numbers = many.levels.rank()
    one = Effect("ties", same_in_both((1.3 * numbers["ease"] - numbers["acceptance_ratio"]).to_numpy()), 0.0)
    assert effects.named(many, one) == ["ease", "acceptance_ratio"]
    assert effects.hanging_on(many, one) == "The effect hangs mostly on `ease` and `acceptance_ratio`."
    assert effects.hanging_on(many, one, what="The number").startswith("The number hangs mostly on `ease` and ")
    same = Effect("ties", np.ones((DRAWS, 2)), 0.0)
    assert effects.named(many, same) == []
    assert effects.hanging_on(many, same) == "In 60 draws, no single number stands out."
    some = Effect("ties", np.where(np.arange(DRAWS)[:, None] < 13, NAN, same.values), 0.0)
    assert effects.hanging_on(many, some).startswith("In 47 draws, "), "draws without an effect do not count"


def test_a_number_is_named_less_readily_where_many_effects_are_listed(many: SweepResult) -> None:
    """A correlation that chance alone brings in one of 20 outcomes is to be expected in a table of 20."""
    noise = np.random.default_rng(3).normal(size=DRAWS)
    number = many.levels["ease"].rank().to_numpy()
    for weight in np.linspace(0, 0.1, 21):  # the first weight at which the number is named on its own
        one = Effect("ties", same_in_both(weight * number + noise), NAN)
        if "ease" in effects.named(many, one):
            break
    alone, beside = (effects.table_of(many, [one] * count, first="x") for count in (1, 20))
    assert "`ease`" in alone["hangs on"][0]
    assert set(beside["hangs on"]) == {"none found"}
    assert effects.hanging_on(many, one).startswith("The effect hangs mostly on `ease`")
    assert effects.hanging_on(many, one, 20).startswith("In 60 draws, no single number stands out"), "as in its table"


def judged(word: Verdict, share: float, sentence: str = "") -> Judged:
    return Judged(word, Estimate(share, share - 0.01, share + 0.01, 30), sentence)


HOLDS, FAILS = judged(Verdict.HOLDS, 0.95, "holds in 95%"), judged(Verdict.FAILS, 0.03, "fails: it holds in 3%")
SOME = judged(Verdict.DEPENDS, 0.5, "holds in 50% of plausible worlds, mainly those with high `ease`")
UNSURE = judged(Verdict.UNDECIDED, 0.8, "undecided: about 90 draws would decide")


@pytest.mark.parametrize(
    ("members", "verdict", "on"),
    [
        ([HOLDS], Verdict.HOLDS, ""),
        ([FAILS], Verdict.FAILS, ""),
        ([SOME], Verdict.DEPENDS, "holds in 50% of plausible worlds, mainly those with high `ease`"),
        ([UNSURE], Verdict.UNDECIDED, "about 90 draws would decide"),
        ([HOLDS, HOLDS], Verdict.HOLDS, ""),
        ([FAILS, FAILS, FAILS], Verdict.FAILS, ""),
        ([SOME, judged(Verdict.DEPENDS, 0.7)], Verdict.DEPENDS, "in some plausible worlds for b (70%) and a (50%)"),
        ([UNSURE, judged(Verdict.UNDECIDED, NAN)], Verdict.UNDECIDED, "undecided for a (80%) and b"),
        ([FAILS, HOLDS], Verdict.FAILS, "holds for b (95%); fails for a (3%)"),
        ([FAILS, UNSURE], Verdict.FAILS, "fails for a (3%); undecided for b (80%)"),
        ([UNSURE, HOLDS], Verdict.UNDECIDED, "holds for b (95%); undecided for a (80%)"),
        ([SOME, UNSURE], Verdict.UNDECIDED, "in some plausible worlds for a (50%); undecided for b (80%)"),
        ([HOLDS, SOME], Verdict.DEPENDS, "holds for a (95%); in some plausible worlds for b (50%)"),
        ([SOME, FAILS], Verdict.FAILS, "in some plausible worlds for a (50%); fails for b (3%)"),
        (
            [UNSURE, FAILS, SOME, HOLDS, judged(Verdict.HOLDS, 1.0), judged(Verdict.HOLDS, 0.97)], Verdict.FAILS,
            "holds for e (100%), f (97%) and d (95%); in some plausible worlds for c (50%); fails for b (3%); "
            "undecided for a (80%)",
        ),
    ],
)  # fmt: skip
def test_effects_are_ruled_on_together(members: Sequence[Judged], verdict: Verdict, on: str) -> None:
    """A claim about each of them holds for each or not at all."""
    assert effects.together(dict(zip("abcdef", members, strict=False))) == Ruling(verdict, on)


def test_verdicts_of_made_up_effects_are_ruled_on_together(many: SweepResult) -> None:
    shares = {"all": 1.0, "none": 0.0, "half": 0.5, "most": 0.85}
    judged = {name: effects.judge(many, above(many, share)) for name, share in shares.items()}
    assert effects.together(judged) == Ruling(
        Verdict.FAILS,
        "holds for all (98%); in some plausible worlds for half (50%); fails for none (0%); undecided for most (85%)",
    )
    del judged["none"]
    assert effects.together(judged).verdict is Verdict.UNDECIDED
    del judged["most"]
    said = "holds for all (98%); in some plausible worlds for half (50%)"
    assert effects.together(judged) == Ruling(Verdict.DEPENDS, said)
    del judged["half"]
    assert effects.together(judged) == Ruling(Verdict.HOLDS)


# The best -------------------------------------------------------------------------------------------------------------


def test_the_best_is_told_after_the_one_with_the_largest_mean() -> None:
    """A strategy may have the largest mean because of a few draws, and another may be the best in nearly all."""

    def told(shares: Mapping[str, tuple[float, float]], named: str) -> str:
        best = {name: Estimate(value, low, 1.0, 300) for name, (value, low) in shares.items()}
        return effects.best_of(best, named, str.upper)

    clear = {"a": (0.95, 0.92), "b": (0.05, 0.03)}
    assert told(clear, "a") == ", so it is the best"
    assert told(clear, "b") == "; “A” is in 95%, so that is the best"
    nobody = ", so there is no winner (needed: 90%)"
    assert told({"a": (0.89, 0.86), "b": (0.11, 0.08)}, "a") == nobody
    assert told({"a": (0.95, 0.84), "b": (0.05, 0.0)}, "b") == nobody, "that may be chance"
    assert told(dict.fromkeys("ab", (NAN, NAN)), "a") == nobody


RARE = np.repeat(np.arange(100) < 5, 2)  # both worlds of 5 of 100 draws


def of_hundred_draws(name: str, measures: Sequence[str], outcomes: Mapping[str, np.ndarray]) -> SweepResult:
    rows = [
        {"strategy": arm, "replicate": world, "people": 240, **dict.fromkeys(measures, float(of[world]))}
        for arm, of in outcomes.items() for world in range(200)
    ]  # fmt: skip
    experiment = load(CONFIGS / f"{name}.toml", ["sweep.replicates=200"])
    return SweepResult(experiment, pd.DataFrame(rows), [], {}, Path(), frozenset(range(200)))


def test_the_best_is_the_one_that_is_named() -> None:
    """One strategy is ahead in 95 of 100 draws, and another has the larger mean because of five."""
    kept = {"wait": np.zeros(200), "check_in": np.full(200, 2.0), "show_up": np.where(RARE, 50.0, 1.0)}
    result = of_hundred_draws("strategies_draws", ("kept", "kept_up"), kept)
    found = nine_strategies.gains(result, "kept")
    assert [one.label for one in found] == ["show_up", "check_in"]
    said = nine_strategies._sentence(result, found, found)
    assert "strategies in 5% (" in said
    assert "of them; “check in” is in 95%, so that is the best. " in said
    assert nine_strategies._words(result, found, "240 people").title == (
        "Among 240 people: “check in” leaves most behind in nine of ten plausible worlds.\n“show up” comes first in "
        f"5%, with {(5 * 50 + 95 * 1) / 100:+.1f} old ties 240 days after two years of it"
    )


def test_the_one_that_takes_newcomers_furthest_is_the_one_that_is_named() -> None:
    """In 95 of 100 draws one is just ahead, and in the others it is so far behind that its mean is worse."""
    ranks = {"wait": np.full(200, 80.0), "check_in": np.where(RARE, 100.0, 5.0), "show_up": np.full(200, 6.0)}
    measures = ("industry_rank", "industry_rank_two_steps", "active_ties")
    result = of_hundred_draws("zero_to_connected", measures, ranks)
    found = zero_to_connected.finding({"zero_to_connected": result})
    assert "“show up” takes newcomers furthest in 5% (" in found.effect
    assert "of the plausible worlds; “check in” is in 95%, so that is the best. Here" in found.effect


def test_the_lowest_elsewhere_is_chosen_by_the_other_worlds() -> None:
    """Where the worlds of a draw disagree, each has the arm that is lowest in the other. One world alone has none."""
    one = np.array([[1.0, 1.0], [1.0, 9.0], [1.0, NAN]])
    two = np.array([[2.0, 2.0], [5.0, 6.0], [2.0, NAN]])
    found = effects.lowest_elsewhere("best", [Effect("one", one), Effect("two", two)], 4.0)
    assert found.least == 4.0
    assert np.array_equal(found.values, [[1.0, 1.0], [5.0, 9.0], [NAN, NAN]], equal_nan=True)
    alone = effects.lowest_elsewhere("best", [Effect("one", one[:, :1]), Effect("two", two[:, :1])])
    assert np.isnan(alone.values).all()


# Tables, figures and texts -------------------------------------------------------------------------------------------


def test_a_table_has_one_row_per_effect(many: SweepResult) -> None:
    rank = many.levels["ease"].rank().to_numpy()  # 1 to 60
    steep = Effect("steep", same_in_both(rank), 20.0)
    none = Effect("none", np.full((DRAWS, 2), NAN), 20.0)
    first, second = effects.table_of(many, [steep, none], first="what", digits=2).to_dict("records")
    interval = mean(np.arange(1.0, 61.0))
    assert first.pop("mean (95% interval)").startswith("+30.50 (")
    assert abs(interval.low - 26) < 1
    assert first == {
        "what": "steep", "90% of draws": "+3.95 to +57.05", "smallest of interest": "20",
        "share of draws that reach it": "68% (55% to 80%)", "without correcting for chance": f"{41 / 60:.0%}",
        "verdict": "holds under some assumptions", "hangs on": "`ease`",
    }  # fmt: skip
    assert second == {
        "what": "none", "mean (95% interval)": "–", "90% of draws": "–", "smallest of interest": "20",
        "share of draws that reach it": "–", "without correcting for chance": "–",
        "verdict": "undecided", "hangs on": "none found",
    }  # fmt: skip


def test_the_share_is_told_with_and_without_correcting_for_chance(many: SweepResult) -> None:
    """The effect is 1 everywhere. Chance, which is as wide within draws as between them, moves 12 of 60 below 0."""
    moved = np.concatenate([np.linspace(-3.0, -0.1, 12), np.linspace(0.05, 4.9, 48)])
    apart = np.abs(moved - 1) * 1.2
    effect = Effect("ties", np.column_stack([moved - apart, moved + apart]), 0.0)
    (row,) = effects.table_of(many, [effect], first="what").to_dict("records")
    assert row["without correcting for chance"] == f"{48 / 60:.0%}"
    corrected = effects.judge(many, effect).share.value
    assert row["share of draws that reach it"].startswith(f"{corrected:.0%} (")
    assert corrected > 48 / 60 + 0.05
    exact = Effect("ties", same_in_both(np.where(np.arange(DRAWS) < 15, 0.3 - 0.1, 0.0)), 0.2)
    assert exact.values.max() < 0.2, "by rounding alone"
    (row,) = effects.table_of(many, [exact], first="what").to_dict("records")
    assert row["without correcting for chance"] == "25%"
    assert row["share of draws that reach it"].startswith("25% (")


def test_a_panel_has_the_share_of_those_that_are_judged(many: SweepResult) -> None:
    rank = many.levels["ease"].rank().to_numpy()
    shown = effects.plotted("ties", many, [Effect("judged", same_in_both(rank), 45.0), Effect("level", -rank[:, None])])
    judged, level = shown.to_dict("records")
    assert (judged["panel"], judged["row"], judged["value"], judged["smallest"]) == ("ties", "judged", 30.5, 45)
    assert judged["share"] == pytest.approx(16 / 60), "45 is large enough"
    assert (judged["least"], judged["most"]) == pytest.approx((3.95, 57.05))
    assert judged["least"] < judged["low"] < 30.5 < judged["high"] < judged["most"]
    assert np.isnan([level["smallest"], level["share"]]).all()
    assert (level["value"], level["least"], level["most"]) == pytest.approx((-30.5, -57.05, -3.95))


@pytest.mark.parametrize(
    ("passing", "said"),
    [
        ((0, 1, 3, 6, 7), "3 of 4 draws of the assumed numbers pass the gate; 2 worlds of 240 people each."),
        ((3, 4), "2 of 4 draws of the assumed numbers pass the gate; 1 world of 240 people each."),
        ((), "0 of 4 draws of the assumed numbers pass the gate; 0 worlds of 240 people each."),
    ],
)
def test_the_footer_counts_draws_that_pass(passing: Sequence[int], said: str) -> None:
    rows = [{"row": row, "replicate": world} for row in "ab" for world in range(7)]  # one world of the last draw failed
    assert effects.setting_of(swept(rows, 8, passing)) == f"Simulated, not measured: {said}"


def test_an_estimate_is_a_row_behind_what_it_is_of(few: SweepResult) -> None:
    row = row_of(Estimate(1, 0.5, 2, 20), strategy="a")
    assert list(row.items()) == [("strategy", "a"), ("value", 1), ("low", 0.5), ("high", 2), ("worlds", 20)]
    assert setting(few).startswith("Simulated, not measured: 8 worlds of 240 people."), "passing or not"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0"), (0.0021, "2.1"), (0.0095, "9.5"), (0.00996, "10"), (-0.00025, "-0.2"), (-1e-5, "0"),
         (0.0123, "12"), (0.25, "250"), (1.2, "1,200"),
     (NAN, "–")],
)  # fmt: skip
def test_shares_are_told_of_a_thousand(value: float, said: str) -> None:
    assert effects.thousand(value) == said


@pytest.mark.parametrize(
    ("one", "digits", "said"),
    [
        (Estimate(1.52, 1.24, 1.78, 30), 1, "+1.5 (1.2 … 1.8)"),
        (Estimate(-0.5, -1, 0.25, 30), 2, "-0.50 (-1.00 … 0.25)"),
        (Estimate(2, NAN, NAN, 1), 1, "+2.0"), (Estimate(NAN, NAN, NAN, 0), 1, "–"),
        (Estimate(-0.01, 0, 0, 2), 1, "+0.0 (0.0 … 0.0)"),
    ],
)  # fmt: skip
def test_an_estimate_has_its_interval(one: Estimate, digits: int, said: str) -> None:
    assert effects.interval(one, digits) == said


def test_ranges_shares_and_lists_are_told() -> None:
    assert effects.span((0.31, 3.94)) == "+0.3 to +3.9"
    assert effects.span((-1.0, 0.004), 2) == "-1.00 to +0.00"
    assert effects.span((NAN, NAN)) == "–"
    assert effects.share(Estimate(0.834, 0.69, 0.92, 30)) == "83% (69% to 92%)"
    assert effects.share(Estimate(NAN, NAN, NAN, 0)) == "–"
    assert [effects.signed(value) for value in (-0.04, 0.0, 0.05, -1.25)] == ["+0.0", "+0.0", "+0.1", "-1.2"]
    assert [effects.listed(names) for names in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


# Lists of contacts in logs --------------------------------------------------------------------------------------------


def test_real_lists_are_told_by_their_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classes = [(41, 60.0, 19, 0.5), (3, 4.0, 20, 0.25), (21, 30.0, 20, 0.1), (1, 1.5, 400, 0.5)]
    rows = [dict(zip(("least", "length", "people", "share"), one, strict=True)) for one in classes]
    monkeypatch.setattr(in_touch, "REAL", tmp_path / "lists.json")
    in_touch.REAL.write_text(json.dumps({"chess_club": rows, "choir": rows[1:2]}), encoding="utf-8")
    real = in_touch._real()
    assert real[real["log"] == "chess_club"]["number"].to_list() == [1.0, 3.0, 0.75], "not of 19 people"
    told = in_touch._told(real)
    assert "3.0 of 30 (chess club)" in told
    assert "1.0 of 4 (choir)" in told
    assert told.endswith("for those with the longest lists"), "choir has one class, so nothing grows in it"
    assert "since they are more active" in in_touch._told(real[real["log"] == "chess_club"])


def test_shares_of_people_in_two_way_contact_by_the_length_of_their_lists() -> None:
    """Day 70 of 100 is not among the last 30 days; both directions must be. Class 1 has lists of 1 and 2 people."""
    rows = [
        ("hub", "a", 70.5), ("a", "hub", 71), ("hub", "b", 80), ("b", "hub", 81), ("hub", "c", 90), ("hub", "d", 69),
        ("d", "hub", 70), ("hub", "e", 70), ("e", "hub", 90), ("x", "y", 0), ("x", "y", 99), ("y", "x", 100),
    ]  # fmt: skip
    log = pd.DataFrame(rows, columns=["source", "target", "time"])
    found = in_touch.shares_by_length(read(log.assign(time=log["time"] * 86_400)))
    assert found.to_dict("records") == [
        {"least": 1, "length": 1.0, "people": 7, "share": pytest.approx(4 / 7)},
        {"least": 3, "length": 5.0, "people": 1, "share": pytest.approx(2 / 5)},
    ]


def test_the_shares_of_real_logs_are_kept_as_the_command_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Computed again, unchanged shares give the same file, so that only changes are seen in a commit."""
    text = in_touch.REAL.read_bytes()
    kept = json.loads(text)
    monkeypatch.setattr(in_touch, "read", lambda path: path.name.split(".")[0])
    monkeypatch.setattr(in_touch, "shares_by_length", lambda log: pd.DataFrame(kept[log]))
    monkeypatch.setattr(in_touch, "REAL", tmp_path / "again.json")
    in_touch.main([Path(f"{name}.csv.gz") for name in kept])
    assert (tmp_path / "again.json").read_bytes() == text


def test_the_command_computes_the_shares_of_the_logs_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three pairs, of which one wrote both ways in the last month."""
    rows = [(f"a{k}", f"b{k}", day) for k in range(3) for day in (0, 99)]
    rows += [(f"b{k}", f"a{k}", 100 if k == 0 else 50) for k in range(3)]
    log = pd.DataFrame(rows, columns=["source", "target", "time"])
    log.assign(time=log["time"] * 86_400).to_csv(tmp_path / "club.csv", index=False)
    written: dict[str, str] = {}
    monkeypatch.setattr(Path, "write_text", lambda path, text, **_: written.update({path.name: text}))
    monkeypatch.setattr("sys.argv", ["in_touch", str(tmp_path / "club.csv")])
    runpy.run_path(in_touch.__file__, run_name="__main__")
    (shares,) = json.loads(written["real_lists.json"])["club"]
    assert shares == {"least": 1, "length": 1.0, "people": 6, "share": pytest.approx(1 / 3)}
