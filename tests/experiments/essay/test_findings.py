"""What is said about claims of the essay, from made-up results whose answer is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import experiments
from experiments.analysis.compare import RESAMPLES, ends_of_interval, resampled_counts
from experiments.analysis.verdicts import Estimate, Ruling, Verdict, chances_of_being_best, difference, mean, ratio
from experiments.config.reading import load
from experiments.essay.findings import (
    FigureSpec,
    mixtures,
    row_of,
    setting,
    showing_up,
    temperaments,
    zero_to_connected,
)
from experiments.essay.findings.how_many_friends import shares_by_length
from experiments.figures.page import STYLES
from experiments.logs.log import read
from experiments.sweeps.sweep_result import SweepResult
from tests.experiments.essay.conftest import relabelled

CONFIGS = Path(experiments.__file__).parents[1] / "configs"
WORLDS = 20


def swept(name: str, rows: Sequence[Mapping[str, Any]]) -> SweepResult:
    """A sweep with the thresholds of its file and these runs, mixed so that no order can be relied on."""
    runs = pd.DataFrame(rows).assign(people=240).sample(frac=1, random_state=3)
    return SweepResult(load(CONFIGS / f"{name}.toml"), runs, [], {}, Path())


def noise(seed: int, worlds: int = WORLDS) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.3, worlds)


def test_an_estimate_is_a_row_behind_what_it_is_of() -> None:
    row = row_of(Estimate(1, 0.5, 2, 20), strategy="a")
    assert list(row.items()) == [("strategy", "a"), ("value", 1), ("low", 0.5), ("high", 2), ("worlds", 20)]
    result = swept("mixtures", [{"replicate": k, "strategy": "wait"} for k in range(3)])
    assert setting(result).startswith("Simulated, not measured: 3 worlds of 240 people.")
    assert "1 worlds of 240 people" in setting(swept("mixtures", [{"replicate": 0, "strategy": "wait"}]))


# Mixtures ------------------------------------------------------------------------------------------------------------

HALVES, QUARTERS = "check_in 0.5 + show_up 0.5", "check_in 0.25 + show_up 0.75"


def of_mixtures(means: Mapping[str, float], worlds: int = WORLDS) -> tuple[dict[str, np.ndarray], SweepResult]:
    arms = {name: value + noise(k, worlds) for k, (name, value) in enumerate(means.items())}
    rows = [
        {"strategy": name, "replicate": world, "kept_up": float(values[world])}
        for name, values in arms.items()
        for world in range(worlds)
    ]
    return arms, swept("mixtures", rows)


MEANS = {"wait": 1.0, "check_in": 4.0, "show_up": 3.0, HALVES: 4.05, QUARTERS: 3.9}


def test_a_blend_is_best_as_often_as_any_of_the_blends_is() -> None:
    arms, result = of_mixtures(MEANS)
    found = mixtures.finding({"mixtures": result})
    # in the order of the alphabet, as are the columns of a pivot; chances are of sums in that order
    chances = chances_of_being_best([{name: arms[name] for name in sorted(MEANS) if name != "wait"}])
    blended = chances[HALVES] + chances[QUARTERS]
    gains = {name: difference(values, arms["wait"]) for name, values in arms.items()}
    blend = max((HALVES, QUARTERS), key=lambda name: arms[name].mean())
    beyond = difference(arms[blend], arms["check_in"])
    assert f"that a blend is best is {blended:.2f} over worlds" in found.effect
    assert f"keeps up {gains[blend].value:.1f} ties per adopter beyond waiting" in found.effect
    assert f"check in alone {gains['check_in'].value:.1f}: a difference of {beyond.value:+.1f}" in found.effect
    assert f"{beyond.low:.1f} … {beyond.high:.1f})" in found.effect
    data = found.pictures[0].data
    names = sorted(name for name in MEANS if name != "wait")
    assert data["value"].to_list() == pytest.approx([gains[name].value for name in names])
    assert data["chance"].to_list() == pytest.approx([chances[name] for name in names])
    shares = {"check_in": (1, 0), "show_up": (0, 1), HALVES: (0.5, 0.5), QUARTERS: (0.25, 0.75)}
    assert data[["check_in", "show_up"]].to_numpy().tolist() == [list(shares[name]) for name in names]
    assert found.checked == ("mixtures",)


@pytest.mark.parametrize(
    ("blended", "worlds", "verdict"),
    [
        (0.75, 20, Verdict.HOLDS), (0.74, 20, Verdict.UNDECIDED), (0.26, 20, Verdict.UNDECIDED),
        (0.25, 20, Verdict.FAILS), (1.0, 19, Verdict.UNDECIDED),
    ],
)  # fmt: skip
def test_a_verdict_on_blends_needs_enough_worlds_and_a_chance_at_either_end(
    blended: float, worlds: int, verdict: Verdict
) -> None:
    assert mixtures._ruling(blended, worlds, 20, 0.75).verdict is verdict


@pytest.mark.parametrize(
    ("blend", "said"),
    [
        (9.0, "A blend keeps up more ties than any"),
        (1.0, "No blend keeps up more ties than an hour of “check in” alone"),
    ],
)
def test_the_title_on_blends_is_the_verdict(blend: float, said: str) -> None:
    _, result = of_mixtures({**MEANS, HALVES: blend, QUARTERS: blend - 0.5})
    found = mixtures.finding({"mixtures": result})
    assert found.pictures[0].words.title.startswith(said)
    assert found.ruling.verdict is (Verdict.HOLDS if blend > 5 else Verdict.FAILS)
    _, unclear = of_mixtures(MEANS)
    assert mixtures.finding({"mixtures": unclear}).pictures[0].words.title.startswith("Too few worlds to tell")
    assert mixtures._said(QUARTERS, result.legend) == "25% check in and 75% show up"


def drawn_texts(spec: FigureSpec) -> dict[str, Any]:
    """The texts of a figure, with the colour of each."""
    figure = spec.draw(spec.data, spec.words, STYLES["paper"])
    return {text.get_text(): text.get_color() for text in figure.findobj(Text)}


def test_labels_are_in_the_text_and_the_figure_of_blends() -> None:
    _, result = of_mixtures({**MEANS, "show_up": 2.0})
    found = mixtures.finding({"mixtures": relabelled(result)})
    assert "Phone calls alone" in found.effect
    assert "50% Phone calls and 50% show up" in found.effect
    assert "check in" not in found.effect
    assert {"Phone calls", "50% Phone calls, 50% show up"} <= drawn_texts(found.pictures[0]).keys(), "one row per blend"
    three = {**MEANS, "handwritten_notes": 2.5, "check_in 0.5 + handwritten_notes 0.5": 3.0}
    _, result = of_mixtures(three)
    corners = drawn_texts(mixtures.finding({"mixtures": relabelled(result)}).pictures[0])
    assert corners["Phone calls"] == "#117733"
    assert any("corners: one strategy" in text for text in corners)
    assert {"show up", "handwritten notes"} <= corners.keys()


@pytest.mark.parametrize("strategies", [1, 4])
def test_blends_of_any_number_of_strategies_can_be_drawn(strategies: int) -> None:
    alone = ["check_in", "show_up", "trade_shows", "host_event"][:strategies]
    blends = {" + ".join(f"{name} {1 / strategies:g}" for name in alone): 3.0} if strategies > 1 else {HALVES: 2.0}
    _, result = of_mixtures({"wait": 1.0, **dict.fromkeys(alone, 2.0), **blends})
    texts = drawn_texts(mixtures.finding({"mixtures": result}).pictures[0])
    assert {name.replace("_", " ") for name in alone} <= texts.keys()
    assert not any("corners" in text for text in texts)


@pytest.mark.parametrize(
    ("blended", "said"), [(0.75, "A blend"), (0.74, "Too few"), (0.26, "Too few"), (0.25, "No blend")]
)
def test_the_title_on_blends_changes_where_the_verdict_does(blended: float, said: str) -> None:
    _, result = of_mixtures(MEANS)
    gains = dict.fromkeys(MEANS, Estimate(3.0, 2.0, 4.0, 20))
    words = mixtures._words(result, HALVES, "check_in", gains, Estimate(0.1, -0.1, 0.3, 20), blended, 0.75)
    assert words.title.startswith(said)


# Temperaments --------------------------------------------------------------------------------------------------------


def of_temperaments(
    gains: Callable[[str, str, str], float],
) -> tuple[dict[tuple[str, str, str], np.ndarray], SweepResult]:
    strategies, levels = ("wait", "check_in", "show_up"), ("low", "high")
    arms = {
        (sociable, hesitant, name): 5.0 + (name != "wait") * gains(sociable, hesitant, name) + noise(k)
        for k, (sociable, hesitant, name) in enumerate((s, h, n) for s in levels for h in levels for n in strategies)
    }
    rows = [
        {"run.sociability": key[0], "run.reticence": key[1], "strategy": key[2], "replicate": world,
         "reconnected": float(values[world])}
        for key, values in arms.items() for world in range(WORLDS)
    ]  # fmt: skip
    return arms, swept("temperaments", rows)


def unequal(sociable: str, hesitant: str, name: str) -> float:
    return 2.0 + 3 * (sociable == "high") + (hesitant == "low") + 2 * (name == "show_up")


def test_temperaments_gain_what_they_have_beyond_waiting() -> None:
    arms, result = of_temperaments(unequal)
    found = temperaments.finding({"temperaments": result})
    rows = found.pictures[0].data
    named = {"low": "quiet", "high": "outgoing"}, {"low": "bold", "high": "hesitant"}
    assert len(rows) == 8
    for (sociable, hesitant, name), values in arms.items():
        if name != "wait":
            temper = f"{named[0][sociable]}, {named[1][hesitant]}"
            row = rows[(rows["temperament"] == temper) & (rows["strategy"] == name)].iloc[0]
            expected = difference(values, arms[sociable, hesitant, "wait"])
            assert row[["value", "low", "high"]].to_list() == pytest.approx(list(expected[:3]))
    assert found.ruling == Ruling(Verdict.HOLDS)
    least, most = rows.loc[rows["value"].idxmin()], rows.loc[rows["value"].idxmax()]
    assert (least["temperament"], least["strategy"]) == ("quiet, hesitant", "check_in")
    assert (most["temperament"], most["strategy"]) == ("outgoing, bold", "show_up")
    for row, after in ((least, " more ties come back"), (most, " more (outgoing, bold people, show up)")):
        assert f"{row['value']:.1f} ({row['low']:.1f} … {row['high']:.1f}){after}" in found.effect
    assert "more ties come back than with waiting (quiet, hesitant people, check in)" in found.effect


def test_quiet_people_are_compared_with_outgoing_ones_bold_and_hesitant_together() -> None:
    arms, result = of_temperaments(unequal)
    found = temperaments.finding({"temperaments": result})
    for name in ("check_in", "show_up"):
        quiet, outgoing = (
            sum(arms[which, hesitant, name] - arms[which, hesitant, "wait"] for hesitant in ("low", "high"))
            for which in ("low", "high")
        )
        one = ratio(np.asarray(quiet), np.asarray(outgoing))
        assert f"{one.value:.2f} ({one.low:.2f} … {one.high:.2f}) with {name.replace('_', ' ')}" in found.effect
        if name == "check_in":
            words = found.pictures[0].words
            assert words.title.startswith("The hour works for every temperament; quiet people gain")
            assert f"{1 - one.value:.0%} less than outgoing people with “check in”" in words.title
            assert "over 20 worlds" in words.subtitle


def test_a_temperament_without_a_gain_is_told() -> None:
    _, result = of_temperaments(lambda sociable, hesitant, _: 6.0 * (sociable == "low") + 2 * (hesitant == "low"))
    found = temperaments.finding({"temperaments": result})
    title = found.pictures[0].words.title
    assert title.startswith("The hour does not work for every temperament")
    assert "more than outgoing people" in title
    _, small = of_temperaments(lambda *_: 0.6)
    title = temperaments.finding({"temperaments": small}).pictures[0].words.title
    assert title.startswith("The hour works for every temperament"), "a small gain is one"


@pytest.mark.parametrize(
    ("low", "value", "said"),
    [
        (0.1, 1.5, "works for every temperament; quiet people gain\n50% more"),
        (0.1, 1.0, "works for every temperament; quiet people gain\n0% more"),
        (0.1, 0.9, "works for every temperament; quiet people gain\n10% less"),
        (0.0, 2.0, "does not work for every temperament; quiet people gain\n100% more"),
    ],
)
def test_the_title_on_temperaments_needs_a_gain_of_each_and_says_who_gains_more(
    low: float, value: float, said: str
) -> None:
    _, result = of_temperaments(unequal)
    rows = pd.DataFrame({"low": [2.0, low]})
    alike = pd.DataFrame({"strategy": ["check in", "show up"], "value": [value, 0.1]})
    title = temperaments._words(result, rows, alike).title
    assert title == f"The hour {said} than outgoing people with “check in”"


def test_temperaments_of_which_some_gain_depend() -> None:
    _, result = of_temperaments(lambda sociable, hesitant, _: 6.0 * (sociable == "low") + 2 * (hesitant == "low"))
    found = temperaments.finding({"temperaments": result})
    assert found.ruling.verdict is Verdict.DEPENDS


# From zero to connected ----------------------------------------------------------------------------------------------


def of_newcomers(
    ranks: Mapping[str, float], by_steps: Mapping[str, float], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], SweepResult]:
    first = {name: value + noise(k) for k, (name, value) in enumerate(ranks.items())}
    second = {name: value + noise(50 + k) for k, (name, value) in enumerate(by_steps.items())}
    rows = [
        {"strategy": name, "replicate": world, "industry_rank": float(first[name][world]),
         "industry_rank_two_steps": float(second[name][world])}
        for name in ranks for world in range(WORLDS)
    ]  # fmt: skip
    series = pd.DataFrame(
        [{"strategy": name, "day": day, "industry_rank": first[name][world] * day, "replicate": world}
         for name in ranks for day in (1, 2) for world in range(WORLDS)]
    )  # fmt: skip
    monkeypatch.setattr(SweepResult, "series", lambda _: series)
    return first, second, swept("zero_to_connected", rows)


def test_a_newcomer_is_where_the_best_strategy_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = {"wait": 1.2, "check_in": 3.0, "show_up": 40.0, "host_event": 6.0}
    steps = {"wait": 90.0, "check_in": 50.0, "show_up": 2.0, "host_event": 6.0}
    first, second, result = of_newcomers(ranks, steps, monkeypatch)
    found = zero_to_connected.finding({"zero_to_connected": result})
    best, other = mean(first["check_in"]), mean(second["show_up"])
    assert f"“check in”, a newcomer who knew nobody has rank {best.value:.0f} ({best.low:.0f} …" in found.effect
    assert f"{best.high:.0f}) by active ties among about 120 people" in found.effect
    assert "With waiting, the rank is 1." in found.effect
    assert "“most connected” means rank 6 or better" in found.effect
    assert f"“show up” reaches the best rank, {other.value:.0f} ({other.low:.0f} … {other.high:.0f})" in found.effect
    assert "the verdict would differ for check in and show up." in found.effect
    assert found.ruling.verdict is Verdict.DEPENDS
    assert found.ruling.on == "holds with check in; fails with show up; unclear with host event"
    by_ties, by_steps = found.tables.values()
    assert by_ties["strategy"].to_list() == ["wait", "check in", "host event", "show up"], "the best rank first"
    assert by_steps["strategy"].to_list() == ["show up", "host event", "check in", "wait"]
    assert by_ties["value"].to_list() == pytest.approx(sorted(values.mean() for values in first.values()))
    title = found.pictures[0].words.title
    assert title == "From zero to rank 3 of 120 in three years:\n“check in” takes a newcomer furthest"


def test_the_title_says_when_a_newcomer_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for rank, said in ((1.3, "to the most connected of 120"), (1.8, "to rank 2 of 120")):
        ranks = {"wait": 90.0, "check_in": rank, "show_up": 40.0}
        _, _, result = of_newcomers(ranks, ranks, monkeypatch)
        found = zero_to_connected.finding({"zero_to_connected": result})
        assert f"From zero {said} in three years" in found.pictures[0].words.title
        assert "the verdict would differ for no strategy." in found.effect
    halfway = {"check_in": Estimate(1.5, 1.0, 2.0, 20)}
    assert "to the most connected of 9 in" in zero_to_connected._words(result, halfway, "check_in", 9).title


def test_a_rank_over_time_has_an_interval_of_its_own_day(monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = {"wait": 9.0, "check_in": 5.0}
    first, _, result = of_newcomers(ranks, ranks, monkeypatch)
    rows = zero_to_connected.finding({"zero_to_connected": result}).pictures[0].data
    assert rows[["strategy", "day"]].to_numpy().tolist() == [[name, day] for name in ranks for day in (1, 2)]
    counts = resampled_counts(WORLDS, RESAMPLES // 5)
    for row in rows.to_dict("records"):
        values = first[row["strategy"]] * row["day"]
        ends = np.quantile(counts @ values / WORLDS, ends_of_interval(WORLDS))
        assert [row["value"], row["low"], row["high"]] == pytest.approx([values.mean(), *ends])


@pytest.mark.parametrize(
    ("verdicts", "together", "on"),
    [
        ("NN", Verdict.FAILS, ""), ("SS", Verdict.HOLDS, ""), ("NT", Verdict.UNDECIDED, ""),
        ("TT", Verdict.UNDECIDED, ""), ("SN", Verdict.DEPENDS, "holds with a b0; fails with a b1"),
        ("SNTT", Verdict.DEPENDS, "holds with a b0; fails with a b1; unclear with a b2 or a b3"),
    ],
)  # fmt: skip
def test_strategies_are_ruled_on_together(verdicts: str, together: Verdict, on: str) -> None:
    kinds = {"S": Verdict.HOLDS, "N": Verdict.FAILS, "T": Verdict.UNDECIDED}
    rulings = {f"a_b{k}": Ruling(kinds[one]) for k, one in enumerate(verdicts)}
    assert zero_to_connected._together(rulings) == Ruling(together, on)


# Showing up ----------------------------------------------------------------------------------------------------------


def of_conversations(
    end: Mapping[int, float], monkeypatch: pytest.MonkeyPatch
) -> tuple[Callable[[int, int, float], np.ndarray], SweepResult]:
    """Chances of a sale by spacing; without saturation, spacing changes nothing, and a quarter is sold by day 90."""

    def sold(by: int, cadence: int, saturation: float) -> np.ndarray:
        level = end[cadence] if saturation else 0.4
        return np.asarray((level + noise(cadence + int(10 * saturation)) / 30) * (0.25 if by == 90 else 1))

    keys = [(cadence, saturation) for cadence in end for saturation in (1.0, 0.0)]
    rows = [
        {"inject.every_days": cadence, "parameters.saturation": saturation, "replicate": world,
         **{f"focal_sold_{by}": float(sold(by, cadence, saturation)[world]) for by in (90, 365)}}
        for cadence, saturation in keys for world in range(WORLDS)
    ]  # fmt: skip
    series = pd.DataFrame(
        [{"inject.every_days": cadence, "parameters.saturation": saturation, "day": day, "replicate": world,
          "focal_sold": sold(365, cadence, saturation)[world] * day / 365}
         for cadence, saturation in keys for day in (5, 365) for world in range(WORLDS)]
    )  # fmt: skip
    monkeypatch.setattr(SweepResult, "series", lambda _: series)
    return sold, swept("showing_up", rows)


def test_spacings_are_compared_with_all_on_one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    sold, result = of_conversations({0: 0.2, 1: 0.35, 7: 0.5, 14: 0.3}, monkeypatch)
    found = showing_up.finding({"showing_up": result})
    (table,) = found.tables.values()
    assert len(table) == 2 * 2 * 3
    for row in table.to_dict("records"):
        arm, base = (sold(row["by"], cadence, row["saturation"]) for cadence in (row["cadence"], 0))
        assert [row["value"], row["low"], row["high"]] == pytest.approx(list(ratio(arm, base)[:3]))
    for by, within in ((90, "within 90 days"), (365, "within a year")):
        one = ratio(sold(by, 1, 1.0), sold(by, 0, 1.0))
        assert f"{one.value:.2f} ({one.low:.2f} … {one.high:.2f}) {within}" in found.effect
    assert "24 conversations on 24 days in a row" in found.effect
    weekly, burst = sold(365, 7, 1.0).mean(), sold(365, 0, 1.0).mean()
    assert f"weekly sells most in a year: {weekly:.1%}, compared with {burst:.1%} for all on one day" in found.effect
    title = found.pictures[0].words.title
    assert title.startswith(f"Twelve hours spread out (weekly) sell {weekly / burst:.1f} times")
    assert found.ruling.verdict is Verdict.DEPENDS
    assert found.ruling.on == (
        "effect with 90 days, with saturation or 365 days, with saturation; "
        "no effect with 90 days, without saturation or 365 days, without saturation"
    )
    curves = found.pictures[0].data
    assert set(curves["saturation"]) == {1.0}
    assert set(curves["name"]) == {"all on one day", "daily", "weekly", "every 14 days"}
    counts = resampled_counts(WORLDS, RESAMPLES // 5)
    for row in curves.to_dict("records"):
        values = sold(365, row["cadence"], 1.0) * row["day"] / 365
        ends = np.quantile(counts @ values / WORLDS, ends_of_interval(WORLDS))
        assert [row["value"], row["low"], row["high"]] == pytest.approx([values.mean(), *ends])


def test_spreading_out_that_gains_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, result = of_conversations({14: 0.2, 0: 0.5, 1: 0.3}, monkeypatch)
    found = showing_up.finding({"showing_up": result})
    curves = found.pictures[0].data
    assert curves["name"].unique().tolist() == ["every 14 days", "all on one day", "daily"], "in the order of the file"
    assert found.pictures[0].words.title.startswith("Twelve hours on one day sell best")
    assert "all on one day sells most in a year" in found.effect
    assert found.ruling.verdict is Verdict.FAILS


def test_shares_of_people_in_two_way_contact_by_the_length_of_their_lists() -> None:
    """Day 70 of 100 is not among the last 30 days; both directions must be. Class 1 has lists of 1 and 2 people."""
    rows = [
        ("hub", "a", 70.5), ("a", "hub", 71), ("hub", "b", 80), ("b", "hub", 81), ("hub", "c", 90), ("hub", "d", 69),
        ("d", "hub", 70), ("hub", "e", 70), ("e", "hub", 90), ("x", "y", 0), ("x", "y", 99), ("y", "x", 100),
    ]  # fmt: skip
    log = pd.DataFrame(rows, columns=["source", "target", "time"])
    found = shares_by_length(read(log.assign(time=log["time"] * 86_400)))
    assert found.to_dict("records") == [
        {"least": 1, "length": 1.0, "people": 7, "share": pytest.approx(4 / 7)},
        {"least": 3, "length": 5.0, "people": 1, "share": pytest.approx(2 / 5)},
    ]


def test_labels_are_in_what_is_said_of_temperaments_and_newcomers() -> None:
    _, result = of_temperaments(unequal)
    found = temperaments.finding({"temperaments": relabelled(result)})
    assert "Phone calls" in found.effect
    assert "check in" not in found.effect
    assert set(found.tables["Ties per adopter that came back in a year, beyond waiting"]["strategy"]) == {
        "Phone calls", "show up",
    }  # fmt: skip
    assert drawn_texts(found.pictures[0])["Phone calls"] == "#117733"
