"""What is said of six claims of the essay, from made-up results whose answer is known."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import experiments
from experiments.analysis.verdicts import Estimate, Ruling, Verdict, difference, mean, ratio
from experiments.config.reading import load
from experiments.essay.findings import (
    ClaimFinding,
    barrier,
    everyone_does_it,
    how_many_friends,
    nine_strategies,
    no_door,
    one_like,
    over_draws,
)
from experiments.figures.page import STYLES
from experiments.logs.gate import Gate
from experiments.sweeps.sweep_result import SweepResult
from sim.model.strategies import NAMES
from tests.experiments.essay.conftest import relabelled

CONFIGS = Path(experiments.__file__).parents[1] / "configs"
WORLDS = 20


def swept(name: str, rows: Sequence[Mapping[str, Any]], gates: Sequence[Gate] = ()) -> SweepResult:
    """A sweep with the thresholds of its file and these runs, shuffled so that no order can be relied on."""
    runs = pd.DataFrame(rows).assign(people=240).sample(frac=1, random_state=3)
    return SweepResult(load(CONFIGS / f"{name}.toml"), runs, list(gates), {}, Path())


def worlds(value: float, seed: int, count: int = WORLDS) -> np.ndarray:
    """An outcome in each world: around a mean, with a little noise."""
    return value + np.random.default_rng(seed).normal(0, 0.05, count)


def gate(passed: bool, **levels: Any) -> Gate:
    return Gate("", levels, {}, passed, [])


# Everyone does it ----------------------------------------------------------------------------------------------------


def of_everyone(few: Mapping[str, float], all_: Mapping[str, float]) -> tuple[dict[Any, np.ndarray], SweepResult]:
    arms = {
        (share, name): worlds(value, seed)
        for share, of in ((0.025, few), (1.0, all_))
        for seed, (name, value) in enumerate(of.items(), start=round(100 * share))
    }
    rows = [
        {"run.adopters": share, "strategy": name, "replicate": world, "reconnected": float(values[world])}
        for (share, name), values in arms.items()
        for world in range(WORLDS)
    ]
    return arms, swept("everyone_does_it", rows)


@pytest.mark.parametrize(
    ("gain", "verdict", "title"),
    [
        (2.0, Verdict.FAILS, "If everyone does it, it is worth less: “check in” keeps\n{:.0%} of its gain"),
        (8.0, Verdict.HOLDS, "If everyone does it, it is worth more: “check in” gains\n{:.2f} times as much"),
    ],
)
def test_advice_keeps_its_value_if_an_adopter_gains_as_much_when_everyone_adopts(
    gain: float, verdict: Verdict, title: str
) -> None:
    few = {"wait": 1.0, "check_in": 5.0, "engage_regularly": 5.0}
    arms, result = of_everyone(few, {"wait": 1.0, "check_in": 1 + gain, "engage_regularly": 1 + (gain + 4) / 2})
    found = everyone_does_it.finding({"everyone_does_it": result})
    assert found.ruling.verdict is verdict
    name = "check_in"
    few_gain, all_gain = (arms[share, name] - arms[share, "wait"] for share in (0.025, 1.0))
    kept = found.tables["Ratio of the gain if everyone adopts to the gain if few do"].set_index("strategy")
    assert kept.loc["check in", "value"] == pytest.approx(all_gain.sum() / few_gain.sum())
    assert found.pictures[0].words.title.startswith(title.format(all_gain.sum() / few_gain.sum()))
    gains = found.pictures[0].data.set_index(["strategy", "share"])["value"]
    assert gains[name, 0.025] == pytest.approx(few_gain.mean())
    assert gains[name, 1.0] == pytest.approx(all_gain.mean())
    assert "compared with 2.5% of the people" in found.effect
    assert found.checked == ("everyone_does_it",)


def test_the_title_on_everyone_is_the_largest_change_and_only_if_its_interval_leaves_one() -> None:
    _, result = of_everyone({"wait": 1.0, "check_in": 5.0}, {"wait": 1.0, "check_in": 5.0})
    ends = {
        (0.5, 0.99): "worth less", (0.5, 1.0): "as much per person", (1.0, 2.0): "as much per person",
        (1.01, 2.0): "worth more",
    }  # fmt: skip
    for (low, high), start in ends.items():
        kept = {"check_in": Estimate((low + high) / 2, low, high, 20), "show_up": Estimate(1.0, 0.99, 1.01, 20)}
        assert start in everyone_does_it._words(result, kept).title.replace("\n", " ")
    three = [
        {"run.adopters": share, "strategy": name, "replicate": world, "reconnected": 1.0 + (name == "check_in") * share}
        for share in (0.025, 0.3, 1.0) for name in ("wait", "check_in") for world in range(WORLDS)
    ]  # fmt: skip
    found = everyone_does_it.finding({"everyone_does_it": swept("everyone_does_it", three)})
    table = found.tables["Ratio of the gain if everyone adopts to the gain if few do"]
    assert table["value"].to_list() == pytest.approx([40.0])


def test_a_loss_of_value_turns_the_verdict_round() -> None:
    turned = everyone_does_it._turned
    assert turned(Ruling(Verdict.HOLDS)).verdict is Verdict.FAILS
    assert turned(Ruling(Verdict.FAILS)).verdict is Verdict.HOLDS
    assert turned(Ruling(Verdict.UNDECIDED)).verdict is Verdict.UNDECIDED
    assert (
        turned(Ruling(Verdict.DEPENDS, "effect with a; no effect with b")).on == "value lost with a; value kept with b"
    )


# What keeps old friends apart ----------------------------------------------------------------------------------------

WEIGHTS, BELIEFS = (1.4, 2.15), (0.55, 1.0)


def of_barrier(new: float, passed: bool = True) -> tuple[dict[Any, np.ndarray], SweepResult]:
    """Reconnections: 8 and 10 with little strangeness, 6 and 9 with much."""
    levels = {(1.4, 0.55): 8.0, (1.4, 1.0): 10.0, (2.15, 0.55): 6.0, (2.15, 1.0): 9.0}
    arms = {cell: worlds(value, seed) for seed, (cell, value) in enumerate(levels.items())}
    rows = [
        {barrier.RETICENCE: cell[0], barrier.ACCEPTANCE: cell[1], "replicate": world,
         "everyone_reconnected": float(values[world]), "everyone_new_ties": new + cell[0]}
        for cell, values in arms.items() for world in range(WORLDS)
    ]  # fmt: skip
    gates = [gate(passed or weight < 2, **{barrier.RETICENCE: weight}) for weight in WEIGHTS]
    return arms, swept("barrier", rows, gates)


def test_knowing_ones_welcome_is_compared_with_the_usual_belief_at_each_weight() -> None:
    arms, result = of_barrier(new=0.5)
    found = barrier.finding({"barrier": result})
    assert found.ruling.verdict is Verdict.HOLDS
    ratios = found.tables["Reconnections if people knew how welcome they are, as a ratio to the usual belief"]
    expected = [ratio(arms[weight, 1.0], arms[weight, 0.55]) for weight in WEIGHTS]
    by_level = ratios.set_index("level")["value"].to_dict()
    assert by_level == {f"reticence {weight:g}": one.value for weight, one in zip(WEIGHTS, expected, strict=True)}
    first = expected[0]
    assert f"{first.value:.2f} ({first.low:.2f} … {first.high:.2f}) with reticence 1.4" in found.effect
    assert "they believe in 55% of their welcome" in found.effect
    cells = found.pictures[0].data.set_index(["reticence", "acceptance"])
    assert cells.loc[(2.15, 1.0), "value"] == mean(arms[2.15, 1.0]).value
    assert cells.loc[(2.15, 1.0), "new_ties"] == pytest.approx(2.65)
    assert cells["open"].all()
    title = found.pictures[0].words.title
    gain = arms[2.15, 1.0].mean() / arms[2.15, 0.55].mean()
    easier = arms[1.4, 0.55].mean() / arms[2.15, 0.55].mean()
    assert title.startswith(f"If people knew how welcome they are, {gain:.2f} times")
    assert title.endswith(f"bolder, {easier:.1f} times")
    assert "New ties are fewer in every cell: 1.9 to 2.6" in found.pictures[0].words.footer


def test_the_title_on_welcome_takes_the_first_weight_if_the_usual_one_is_missing() -> None:
    arms, result = of_barrier(new=0.5)
    runs = result.runs.replace({barrier.RETICENCE: {2.15: 2.9, 1.4: 0.65}})
    other = SweepResult(result.experiment, runs, [gate(True)], {}, Path())
    cells = barrier._cells(other, set())
    first = cells["reticence"].iloc[0]
    weight = {2.9: 2.15, 0.65: 1.4}[first]
    gain = arms[weight, 1.0].mean() / arms[weight, 0.55].mean()
    assert barrier._words(other, cells, 0.55).title.startswith(f"If people knew how welcome they are, {gain:.2f} times")


@pytest.mark.parametrize("ascending", [True, False])
def test_the_title_on_welcome_is_of_the_usual_weight_in_any_order_of_the_runs(ascending: bool) -> None:
    arms, result = of_barrier(new=0.5)
    runs = result.runs.sort_values([barrier.RETICENCE, barrier.ACCEPTANCE], ascending=ascending)
    cells = barrier._cells(SweepResult(result.experiment, runs, [gate(True)], {}, Path()), set())
    gain = arms[2.15, 1.0].mean() / arms[2.15, 0.55].mean()
    title = barrier._words(result, cells, 0.55).title
    assert title.startswith(f"If people knew how welcome they are, {gain:.2f} times")


def test_cells_that_fail_the_gate_are_left_out_and_a_crossing_is_drawn() -> None:
    _, result = of_barrier(new=7.0, passed=False)
    found = barrier.finding({"barrier": result})
    table = found.tables["Reconnections if people knew how welcome they are, as a ratio to the usual belief"]
    assert table["level"].to_list() == ["reticence 1.4"]
    assert found.effect.endswith(" 2 of 4 cells fail the gate and are left out.")
    words = found.pictures[0].words
    assert "Dashed line" in words.subtitle
    assert "Hatched" in words.footer
    none = SweepResult(result.experiment, result.runs, [], {}, Path())
    closed = barrier.finding({"barrier": none})
    assert closed.ruling.verdict is Verdict.CLOSED
    assert closed.effect == "No pair of cells passes the gate. 4 of 4 cells fail the gate and are left out."


# How many friends ----------------------------------------------------------------------------------------------------


def curve(simulated: Sequence[float], real: Sequence[float]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"log": how_many_friends.SIMULATED, "length": 10.0 * k, "value": v} for k, v in enumerate(simulated)]
        + [{"log": "wall_posts", "length": 10.0 * k, "value": v} for k, v in enumerate(real)]
    ).sample(frac=1, random_state=1)


def test_a_share_that_rises_with_the_list_is_said_to_disagree() -> None:
    rising = how_many_friends._falling(curve([0.1, 0.2], [0.3, 0.1]))
    assert "simulated 10% to 20%" in rising
    assert "wall posts 30% to 10%" in rising
    assert rising.endswith("This disagrees with published shares, which fall.")
    for shares in ([0.2, 0.2], [0.1, 0.3, 0.1]):
        assert "disagrees" not in how_many_friends._falling(curve(shares, [0.3, 0.1]))
    assert "disagrees" in how_many_friends._falling(curve([0.1, 0.05, 0.2], [0.3, 0.1]))


@pytest.mark.parametrize(
    ("simulated", "real", "said"), [(0.06, 0.09, "few"), (0.06, 0.1, "some"), (0.1, 0.06, "some"), (0.15, 0.2, "some")]
)
def test_few_are_under_a_tenth_in_the_model_and_in_real_logs(simulated: float, real: float, said: str) -> None:
    result = swept("how_many_friends", [{"replicate": 0}])
    words = how_many_friends._words(result, curve([0.05, simulated], [0.02, real]))
    assert (
        f"in touch with {said} of the people they know:\n5% to {simulated:.0%} in the model, "
        f"2% to {real:.0%} in real logs" in words.title
    )


class WithHistories(SweepResult):
    """A sweep whose histories are tables of its own."""

    table: pd.DataFrame

    def events(self) -> pd.DataFrame:
        return self.table

    def series(self) -> pd.DataFrame:
        return self.table


def with_history(result: SweepResult, table: pd.DataFrame) -> WithHistories:
    made = WithHistories(result.experiment, result.runs, result.gates, {}, Path())
    object.__setattr__(made, "table", table)
    return made


def pairs_of_friends(count: int, replicate: int) -> pd.DataFrame:
    """A log of `count` pairs over a hundred days; the first half of them wrote both ways in the last month."""
    rows = []
    for pair in range(count):
        one, two = f"{replicate}-{pair}-a", f"{replicate}-{pair}-b"
        rows += [(one, two, 0.0), (one, two, 99.0), (two, one, 100.0 if pair < count // 2 else 50.0)]
    log = pd.DataFrame(rows, columns=["source", "target", "day"])
    return log.assign(time=log["day"] * 86_400, kind="message", channel="private", replicate=replicate)


def test_shares_of_simulated_logs_are_means_over_worlds_of_classes_with_enough_people() -> None:
    result = swept("how_many_friends", [{"replicate": k} for k in range(3)])
    enough = pd.concat([pairs_of_friends(4, k) for k in range(3)])  # 24 people who know one other
    rows = how_many_friends._simulated(with_history(result, enough))
    assert rows[["length", "people", "value", "low", "high"]].to_numpy().tolist() == [[1.0, 24, 0.5, 0.5, 0.5]]
    exactly = pd.concat([pairs_of_friends(4, 0), pairs_of_friends(6, 1)])  # 20 people
    assert how_many_friends._simulated(with_history(result, exactly))["people"].to_list() == [20]
    apart = pd.concat([pairs_of_friends(4, 0), pairs_of_friends(7, 1)])  # shares of 2 in 4 and of 3 in 7
    (row,) = how_many_friends._simulated(with_history(result, apart)).to_dict("records")
    assert (row["low"], row["value"], row["high"]) == pytest.approx((3 / 7, (1 / 2 + 3 / 7) / 2, 1 / 2))
    few = pd.concat([pairs_of_friends(4, 0), pairs_of_friends(5, 1)])  # 18 people
    assert how_many_friends._simulated(with_history(result, few)).empty
    assert how_many_friends.EDGES == (1, 3, 6, 11, 21, 41, 10_000)


def test_the_share_of_friends_is_judged_against_the_limit_of_the_file() -> None:
    rows = [
        {"replicate": k, "everyone_contact_share": 0.03 + 0.001 * (k % 3), "everyone_active_ties": 7.0}
        for k in range(WORLDS)
    ]
    events = pd.concat([pairs_of_friends(4, k) for k in range(3)])
    found = how_many_friends.finding({"how_many_friends": with_history(swept("how_many_friends", rows), events)})
    share = mean(np.array([row["everyone_contact_share"] for row in rows]))
    assert found.ruling.verdict is Verdict.HOLDS
    assert f"two-way contact with {share.value:.1%} of the people they know" in found.effect
    assert "within three months with 7.0 people" in found.effect
    curve_of = found.pictures[0].data
    assert curve_of["log"].iloc[0] == how_many_friends.SIMULATED
    assert curve_of.index.is_unique
    assert (curve_of["people"] >= 20).all()
    order = found.effect.split("longest lists: ")[1]
    assert order.startswith("simulated 50% to 50%; ")


def test_the_shares_of_real_logs_are_kept_as_the_command_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Computed again, unchanged shares give the same file, so that only changes are seen in a commit."""
    kept = json.loads(how_many_friends.REAL.read_text(encoding="utf-8"))
    monkeypatch.setattr(how_many_friends, "read", lambda path: path.name.split(".")[0])
    monkeypatch.setattr(how_many_friends, "shares_by_length", lambda log: pd.DataFrame(kept[log]))
    monkeypatch.setattr(how_many_friends, "REAL", tmp_path / "again.json")
    how_many_friends.main([Path(f"{name}.csv.gz") for name in kept])
    assert (tmp_path / "again.json").read_bytes() == (
        Path(how_many_friends.__file__).with_name("real_lists.json").read_bytes()
    )


def test_the_command_computes_the_shares_of_the_logs_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs_of_friends(3, 0)[["source", "target", "time"]].to_csv(tmp_path / "club.csv", index=False)
    written: dict[str, str] = {}
    monkeypatch.setattr(Path, "write_text", lambda path, text, **_: written.update({path.name: text}))
    monkeypatch.setattr("sys.argv", ["how_many_friends", str(tmp_path / "club.csv")])
    runpy.run_path(how_many_friends.__file__, run_name="__main__")
    (shares,) = json.loads(written["real_lists.json"])["club"]
    assert shares == {"least": 1, "length": 1.0, "people": 6, "share": pytest.approx(1 / 3)}


# Nine strategies -----------------------------------------------------------------------------------------------------

EFFORTS = (15.0, 120.0)


def of_nine(hour: Mapping[str, float], double: float) -> tuple[dict[Any, np.ndarray], dict[str, SweepResult]]:
    """Ties kept up with an hour; with a quarter of it half as many beyond waiting, with two hours `double` times."""
    arms: dict[Any, np.ndarray] = {}
    for seed, (name, value) in enumerate(hour.items()):
        beyond = value - hour["wait"]
        for k, (effort, factor) in enumerate(((60.0, 1.0), (15.0, 0.5), (120.0, double))):
            arms[effort, name] = worlds(hour["wait"] + factor * beyond, 10 * seed + k)
        arms["kept", name] = worlds(0.1 * value, 100 + seed)

    def row(effort: float, name: str, world: int) -> dict[str, Any]:
        used = 50.0 if name == "trade_shows" else 95.0
        return {
            "strategy": name, "replicate": world, "kept_up": float(arms[effort, name][world]),
            "kept": float(arms["kept", name][world]), "reconnected": float(2 * arms[effort, name][world]),
            "everyone_dormant_at_start": 64.0, "minutes_planned": 100.0 * (name != "wait"),
            "minutes_used": used * (name != "wait"), "minutes_lost": 3.0, "used_share": used / 100,
        }  # fmt: skip

    def drawn(name: str, world: int) -> dict[str, Any]:
        """As with an hour, and with new ties; everybody keeps what the adopters do."""
        kept = float(arms["kept", name][world])
        return row(60.0, name, world) | {"kept_new": 0.0, "everyone_kept_all": kept * 20 / 240}

    usual = [row(60.0, name, world) for name in hour for world in range(WORLDS)]
    others = [
        {**row(effort, name, world), nine_strategies.EFFORT: effort}
        for effort in EFFORTS for name in hour for world in range(WORLDS)
    ]  # fmt: skip
    return arms, {
        "nine_strategies": swept("nine_strategies", usual),
        "nine_strategies_effort": swept("nine_strategies_effort", others),
        "strategies_draws": swept("strategies_draws", [drawn(name, world) for name in hour for world in range(WORLDS)]),
    }


HOUR = {"wait": 2.0, "check_in": 32.0, "trade_shows": 4.0}


def test_gains_of_the_nine_are_differences_from_waiting_at_each_effort() -> None:
    arms, sweeps = of_nine(HOUR, double=1.5)
    found = nine_strategies.finding(sweeps)
    gain = {key: difference(arms[key], arms[key[0], "wait"]) for key in arms if key[1] != "wait"}
    first, last, left = gain[60.0, "check_in"], gain[60.0, "trade_shows"], gain["kept", "check_in"]
    assert f"“check in” keeps up {first.value:.1f} ({first.low:.1f} … {first.high:.1f}) more ties" in found.effect
    assert f"“trade shows” {last.value:.1f} ({last.low:.1f} … {last.high:.1f}). A person has 64 dormant" in found.effect
    more = gain[120.0, "check_in"].value - first.value
    assert f"A second hour a week adds {more:.1f} more ties to “check in”." in found.effect
    assert f"{left.value:+.2f} ({left.low:.2f} … {left.high:.2f}) more of these ties are in contact" in found.effect
    by_effort = found.pictures[2].data.set_index(["minutes", "strategy"])["value"]
    assert by_effort.to_dict() == {
        (effort, name): gain[effort, name].value
        for effort in (15.0, 60.0, 120.0)
        for name in ("check_in", "trade_shows")
    }
    assert found.pictures[1].data["strategy"].to_list() == ["check_in", "trade_shows"]
    assert f"keeps up {first.value:.0f} more ties" in found.pictures[1].words.title
    assert f"{left.value:+.1f} of them are left" in found.pictures[1].words.title
    assert f"the first hour a week keeps up {first.value:.0f} ties" in found.pictures[2].words.title
    assert f"and a second one {more:.0f} more" in found.pictures[2].words.title
    assert found.pictures[3].words.title.startswith(f"240 days after the plan stopped, at most {left.value:+.1f} ties")


def test_the_table_of_the_nine_has_minutes_and_marks_those_who_used_too_few() -> None:
    arms, sweeps = of_nine(HOUR, double=1.5)
    table = (
        nine_strategies.finding(sweeps)
        .tables["At the default numbers, an hour a week for two years"]
        .set_index("strategy")
    )
    assert table["comparable effort"].to_list() == ["yes", "no: under 90% of the minutes used"]
    assert table.loc["check in", ["minutes planned", "minutes used", "minutes lost"]].to_list() == ["100", "95", "3"]
    back = difference(2 * arms[60.0, "check_in"], 2 * arms[60.0, "wait"])
    left = difference(arms["kept", "check_in"], arms["kept", "wait"])
    kept = difference(arms[60.0, "check_in"], arms[60.0, "wait"])
    assert table.loc["check in", "left 240 days after it stopped"] == (
        f"{left.value:+.2f} ({left.low:.2f} … {left.high:.2f})"
    )
    assert table.loc["check in", "kept up while the plan runs"] == (
        f"{kept.value:+.1f} ({kept.low:.1f} … {kept.high:.1f})"
    )
    assert table.loc["check in", "reconnected"] == f"{back.value:+.1f} ({back.low:.1f} … {back.high:.1f})"


def test_the_first_and_the_last_of_the_nine_are_named() -> None:
    arms, sweeps = of_nine({**HOUR, "show_up": 12.0}, double=1.5)
    found = nine_strategies.finding(sweeps)
    last = difference(arms[60.0, "trade_shows"], arms[60.0, "wait"])
    assert f"“trade shows” {last.value:.1f}" in found.effect
    assert found.pictures[1].data["strategy"].to_list() == ["check_in", "show_up", "trade_shows"]
    assert [picture.data["strategy"].iloc[0] for picture in (found.pictures[1], found.pictures[3])] == ["check_in"] * 2
    assert all(callable(picture.draw) for picture in found.pictures)
    turned = pd.DataFrame(
        [{"minutes": minutes, "strategy": name, "value": value} for minutes, name, value in (
            (60.0, "check_in", 30.0), (120.0, "check_in", 31.0), (60.0, "show_up", 10.0), (120.0, "show_up", 50.0),
        )]
    )  # fmt: skip
    title = nine_strategies._words_of_effort(sweeps["nine_strategies"], turned).title
    assert title.startswith("With “show up” the first hour a week keeps up 10 ties")
    assert title.endswith("and a second one 40 more")


ALL_NINE = [name for name in NAMES if name != "wait"]
ALL_WORK, NONE_WORKS = dict.fromkeys(ALL_NINE, 9.0), dict.fromkeys(ALL_NINE, 0.1)


@pytest.mark.parametrize(
    ("kept", "verdict", "said"),
    [
        (ALL_WORK, Verdict.HOLDS, ""),
        (NONE_WORKS, Verdict.FAILS, ""),
        (ALL_WORK | {"check_in": 0.1}, Verdict.DEPENDS, "in under 10% of the plausible worlds: check"),
        (NONE_WORKS | {"check_in": 9.0}, Verdict.DEPENDS, "in over 90% of the plausible worlds: check"),
        (ALL_WORK | {"check_in": 0.5}, Verdict.DEPENDS, "in 10% to 90% of the plausible worlds: check"),
    ],
)  # fmt: skip
def test_a_strategy_works_if_it_keeps_enough_in_nearly_all_plausible_worlds(
    kept: dict[str, float], verdict: Verdict, said: str
) -> None:
    """At least half a tie beyond waiting, in 200 draws."""
    rows = [
        {"strategy": name, "replicate": world, "kept": value + random, "minutes_used": 100.0}
        for name, value in {"wait": 0.0, **kept}.items()
        for world, random in enumerate(np.random.default_rng(1).normal(0, 0.05 * (name != "wait"), 200))
    ]
    result = swept("strategies_draws", rows)
    ruling = over_draws.ruling(over_draws.shares(result), ALL_NINE, result)
    assert ruling.verdict is verdict
    assert said in ruling.on
    few = replace(result, passing=frozenset(range(6)))
    unclear = over_draws.ruling(over_draws.shares(few), ALL_NINE, few)
    assert unclear.verdict is Verdict.UNDECIDED, "6 draws do not tell"
    assert "undecided: " in unclear.on


def test_gains_over_draws_leave_out_what_fails_the_gate_and_count_ends_of_ties_per_hour() -> None:
    """The table, the figure and the spillover, from the runs by hand."""
    arms, sweeps = of_nine(HOUR, double=1.5)
    drawn = replace(sweeps["strategies_draws"], passing=frozenset(range(0, WORLDS, 2)))
    even = {name: arms["kept", name][::2] for name in HOUR}
    found = over_draws.gains(drawn, "kept")
    assert list(found.index) == list(range(0, WORLDS, 2))
    assert found["check_in"].to_numpy() == pytest.approx(even["check_in"] - even["wait"])
    hours = 95 * 20 / 60
    ends = 20 * (even["check_in"] - even["wait"])
    assert over_draws.spillover(drawn)["check_in"].to_numpy() == pytest.approx(ends / hours * 100)
    table = over_draws.table(drawn).set_index("strategy")
    assert list(table.index) == ["check in", "trade shows"], "the one that keeps most first"
    assert table.loc["check in", "keeps the most"].startswith("100%")
    assert table["comparable effort"].to_list() == ["yes", "no: under 90% of the minutes used"]
    assert table.loc["check in", ["minutes planned", "minutes used", "minutes lost"]].to_list() == ["100", "95", "3"]
    rows = over_draws.plotted(drawn).set_index(["measure", "strategy"])
    assert rows.loc[("kept", "check_in"), "most"] == pytest.approx(np.quantile(even["check_in"] - even["wait"], 0.95))
    finding = nine_strategies.finding({**sweeps, "strategies_draws": drawn})
    assert "In 10 plausible worlds, an hour a week for two years keeps the most ties with “check in”" in finding.effect
    assert "10 of 20 drawn worlds pass the gate" in finding.pictures[0].words.footer
    title = finding.pictures[0].words.title
    assert title.startswith(
        "No strategy leaves most behind in nine of ten plausible worlds. “check in” does in 100%"
    ), "ten are few"
    assert set(over_draws.dependence(drawn)["hangs on"]) == {"none found"}, "the runs are made up"


def test_without_a_draw_that_passes_there_is_no_number_and_still_a_figure() -> None:
    _, sweeps = of_nine(HOUR, double=1.5)
    none = replace(sweeps["strategies_draws"], passing=frozenset())
    found = nine_strategies.finding({**sweeps, "strategies_draws": none})
    first = found.pictures[0]
    assert first.draw(first.data, first.words, STYLES["paper"]).axes


# One like ------------------------------------------------------------------------------------------------------------


def of_likes(name: str, like: float, more: Mapping[str, Sequence[Any]], kinds: Mapping[str, float]) -> SweepResult:
    """Focal ties that talk again: 10 in 100 of each world after nothing, `like` and others times as many."""
    keys = list(more)
    rows = []
    for levels in zip(*more.values(), strict=True):
        for world in range(WORLDS):
            base = 8 + 2 * (world % 3)
            for kind, factor in {"nothing": 1.0, "like": like, **kinds}.items():
                rows.append(
                    {**dict(zip(keys, levels, strict=True)), one_like.KIND: kind, "replicate": world, "focal": 100.0,
                     "focal_reconnected": factor * base / 100, "focal_answered": factor * base / 50,
                     "focal_kept_up": base / 100}
                )  # fmt: skip
    return swept(name, rows)


DOORS = {one_like.HALF_LIFE: [7.0, 21.0], one_like.BOOST: [0.0, 0.0]}


@pytest.mark.parametrize(
    ("like", "title"),
    [
        (2.0, "under\nevery assumption about the door that it opens: up to 2.00 times"),
        (1.0, "Under none of 2 assumptions about its door"),
    ],
)
def test_one_like_is_the_ratio_of_ties_that_talk_again(like: float, title: str) -> None:
    result = of_likes("one_like", like, DOORS, {})
    ratios = {
        half: one_like._ratio(result.runs[result.runs[one_like.HALF_LIFE] == half], "like") for half in (7.0, 21.0)
    }
    assert all(one == Estimate(like, like, like, WORLDS) for one in ratios.values())
    base, with_like = one_like._risks(result)
    assert (base, with_like) == (pytest.approx(0.099), pytest.approx(0.099 * like))
    rows = pd.DataFrame({"value": [like] * 2, "low": [like] * 2, "worlds": WORLDS, "sure": like > 1.05})
    assert title in one_like._words_of_ratios(result, rows, 0.05).title
    if like > 1.05:
        apart = rows.assign(value=[1.5, like])
        assert f"up to {like:.2f} times" in one_like._words_of_ratios(result, apart, 0.05).title, "the largest of them"
    some = rows.assign(sure=[True, False])
    assert "under\n1 of 2 assumptions" in one_like._words_of_ratios(result, some, 0.05).title


def test_the_usual_door_is_the_default_or_the_first_there_is() -> None:
    result = of_likes("one_like", 2.0, DOORS, {})
    assert set(one_like._usual(result)[one_like.HALF_LIFE]) == {21.0}
    short = of_likes("one_like", 2.0, {one_like.HALF_LIFE: [7.0], one_like.BOOST: [0.5]}, {})
    assert set(one_like._usual(short)[one_like.HALF_LIFE]) == {7.0}


def test_gestures_are_compared_by_outcome_and_by_years_of_silence() -> None:
    result = of_likes("one_like_gestures", 1.5, {"x": [0]}, {"message": 4.0})
    by_gesture = one_like._by_gesture(result).set_index(["outcome", "gesture"])["value"]
    assert by_gesture["talk again within 60 days"].to_dict() == {"like": 1.5, "message": 4.0}
    assert by_gesture["in touch after 150 to 240 days"].to_list() == [1.0, 1.0]
    said = one_like._of_words(one_like._by_gesture(result))
    assert said.startswith("The other person writes 1.50 (1.50 … 1.50) times as often after a like")
    assert said.endswith("and 4.0 (4.0 … 4.0) times as often after a message.")
    title = one_like._words_of_gestures({"one_like_gestures": result}, one_like._by_gesture(result)).title
    assert title.startswith("After one message, 4.0 times as many old friends talk again as after nothing;")
    assert title.endswith("after one like, 1.50 times as many")
    silence = of_likes(
        "one_like_silence", 2.0, {"inject.silent_from": [365, 730, 1095], "inject.silent_to": [729, 10_000, 16_383]}, {}
    )
    rows = one_like._by_silence(silence)
    assert rows["silent"].to_list() == ["1.0 to 2.0 years", "2.0 to 27.4 years", "3.0 years or more"]
    assert rows["ties"].to_list() == [100 * WORLDS] * 3
    assert rows["value"].to_list() == [2.0] * 3


def test_all_that_is_said_of_one_like_is_of_the_same_ratios() -> None:
    likes = of_likes("one_like", 2.0, DOORS, {})
    gestures = of_likes("one_like_gestures", 2.0, {"x": [0]}, {"message": 4.0})
    silence = of_likes("one_like_silence", 2.0, {"inject.silent_from": [365], "inject.silent_to": [729]}, {})
    kinds = {"nothing": 0.1, "like": 0.2, "message": 0.4}
    series = pd.DataFrame(
        [{one_like.KIND: kind, "day": day, "replicate": world, "focal_reconnected": share * day / 240 + 0.01 * world}
         for kind, share in kinds.items() for day in (120, 240) for world in range(3)]
    )  # fmt: skip
    found = one_like.finding(
        {"one_like": likes, "one_like_gestures": with_history(gestures, series), "one_like_silence": silence}
    )
    assert found.ruling == Ruling(Verdict.HOLDS)
    assert "9.90% of dormant ties talk again spontaneously and 19.80% after one like" in found.effect
    assert "from 2,000 ties in 20 worlds." in found.effect
    rows = found.pictures[0].data
    assert rows["sure"].to_list() == [True, True]
    assert rows["level"].to_list() == ["half-life 7 days, feed boost 0", "half-life 21 days, feed boost 0"]
    curves = found.pictures[1].data.set_index(["gesture", "day"])
    assert curves.loc[("like", 240), "value"] == pytest.approx(0.21)
    assert (curves["low"] < curves["value"]).all()
    assert (curves["value"] < curves["high"]).all()
    title = found.pictures[1].words.title
    assert title == (
        "After eight months 41% of dormant ties have talked again after one message,\n21.0% after one like, "
        "11.0% after nothing"
    )
    assert all(isinstance(picture.data, pd.DataFrame) and callable(picture.draw) for picture in found.pictures)
    assert found.pictures[2].words.title.startswith("After one message, 4.0 times as many")


@pytest.mark.parametrize(("margin", "sure"), [(0.99, [True, True]), (1.0, [False, False])])
def test_an_effect_is_sure_if_its_whole_interval_is_beyond_the_margin(margin: float, sure: list[bool]) -> None:
    likes = of_likes("one_like", 2.0, DOORS, {})
    verdict = likes.verdict.model_copy(update={"margin": margin})
    strict = SweepResult(likes.experiment.model_copy(update={"verdict": verdict}), likes.runs, [], {}, Path())
    gestures = of_likes("one_like_gestures", 2.0, {"x": [0]}, {"message": 4.0})
    series = pd.DataFrame(
        [{one_like.KIND: kind, "day": 1, "replicate": world, "focal_reconnected": 0.1 * world}
         for kind in ("nothing", "like", "message") for world in range(3)]
    )  # fmt: skip
    silence = of_likes("one_like_silence", 2.0, {"inject.silent_from": [365], "inject.silent_to": [729]}, {})
    sweeps = {"one_like": strict, "one_like_gestures": with_history(gestures, series), "one_like_silence": silence}
    assert one_like.finding(sweeps).pictures[0].data["sure"].to_list() == sure


# No door -------------------------------------------------------------------------------------------------------------

SHUT = "all doors shut"


def of_no_door(shut_gain: float, shut_like: float) -> tuple[dict[Any, np.ndarray], dict[str, SweepResult]]:
    levels = {
        ("as given", "check_in"): 4.0,
        (SHUT, "check_in"): shut_gain,
        ("as given", "show_up"): 2.0,
        (SHUT, "show_up"): 2.0,
    }
    arms = {key: worlds(1 + value, seed) for seed, (key, value) in enumerate(levels.items())}
    arms |= {(row, "wait"): worlds(1, 50 + k) for k, row in enumerate(("as given", SHUT))}
    rows = [
        {"row": row, "strategy": name, "replicate": world, "reconnected": float(values[world])}
        for (row, name), values in arms.items() for world in range(WORLDS)
    ]  # fmt: skip
    likes = of_likes("no_door_like", 1.5, {"row": ["as given"]}, {}).runs
    other = of_likes("no_door_like", shut_like, {"row": [SHUT]}, {}).runs
    gates = [gate(True, row="as given"), gate(shut_gain > 1, row=SHUT)]
    both = pd.concat([likes, other])
    return arms, {
        "no_door": swept("no_door", rows, gates),
        "no_door_like": SweepResult(load(CONFIGS / "no_door_like.toml"), both, gates, {}, Path()),
    }


def test_conclusions_that_hold_without_the_door_are_supported() -> None:
    arms, sweeps = of_no_door(shut_gain=3.0, shut_like=1.5)
    found = no_door.finding(sweeps)
    assert found.ruling == Ruling(Verdict.HOLDS)
    table = found.tables["Gains over waiting in a year, as a ratio to those at the default parameters"]
    values = table.set_index("outcome")["value"]
    gain = {key: arms[key] - arms[key[0], "wait"] for key in arms if key[1] != "wait"}
    assert values["gain of check in"] == ratio(gain[SHUT, "check_in"], gain["as given", "check_in"]).value
    assert found.pictures[0].words.title.startswith("All 3 conclusions are the same without the open door")
    assert f"the gain of check in changes most: it is {values['gain of check in']:.2f}" in found.effect
    assert found.effect.endswith("Every change passes the gate, so none had to be calibrated again.")


def test_a_conclusion_that_needs_the_door_is_named() -> None:
    _, sweeps = of_no_door(shut_gain=0.0, shut_like=1.0)
    found = no_door.finding(sweeps)
    assert found.ruling == Ruling(Verdict.DEPENDS, f"with “{SHUT}”, the conclusion on check in and one like changes")
    assert found.pictures[0].words.title == (
        "1 of 3 conclusions hold without the open door;\nthat on check in and on one like depends on it"
    )
    assert f"The worlds fail the gate with “{SHUT}”." in found.effect
    assert "is 1.50 (1.50 … 1.50) at the default parameters; 1.00 (1.00 … 1.00) with “all doors shut”." in found.effect
    assert found.pictures[0].data.index.is_unique
    assert set(found.pictures[0].data["outcome"]) == {"gain of check in", "gain of show up", no_door.LIKE}
    assert no_door._ruling({"a": ["x"]}, 19, 20) == Ruling(Verdict.UNDECIDED)


def test_a_like_counts_only_if_its_whole_interval_is_beyond_the_margin() -> None:
    gains = {(row, "a"): worlds(3, k) for k, row in enumerate(("as given", SHUT))}
    like = {"as given": Estimate(1.5, 1.2, 1.9, 20), SHUT: Estimate(1.5, 1.0, 1.9, 20)}
    changed = no_door._changed(gains, like, [SHUT], ["a"], 0.05, 0.05)
    assert changed == {SHUT: [no_door.LIKE]}
    like[SHUT] = Estimate(1.5, 1.05, 1.9, 20)
    assert no_door._changed(gains, like, [SHUT], ["a"], 0.05, 0.05) == {SHUT: [no_door.LIKE]}, "at the margin"
    like[SHUT] = Estimate(1.5, 1.06, 1.9, 20)
    assert no_door._changed(gains, like, [SHUT], ["a"], 0.05, 0.05) == {SHUT: []}


@pytest.mark.parametrize("short", ["no_door", "no_door_like"])
def test_both_sweeps_of_the_door_need_enough_worlds(short: str) -> None:
    _, sweeps = of_no_door(shut_gain=3.0, shut_like=1.5)
    result = sweeps[short]
    fewer = result.runs[result.runs["replicate"] < WORLDS - 1]
    sweeps[short] = SweepResult(result.experiment, fewer, result.gates, {}, Path())
    assert no_door.finding(sweeps).ruling == Ruling(Verdict.UNDECIDED)


# Labels --------------------------------------------------------------------------------------------------------------


def all_said(found: ClaimFinding) -> str:
    """Everything that a finding says: ruling, effect, tables, and the texts in its figures."""
    figures = [picture.draw(picture.data, picture.words, STYLES["paper"]) for picture in found.pictures]
    drawn = [text.get_text() for figure in figures for text in figure.findobj(Text)]
    return "\n".join([found.ruling.on, found.effect, *map(str, found.tables.values()), *drawn])


def test_labels_are_in_everything_that_is_said_and_drawn() -> None:
    _, nine = of_nine(HOUR, double=1.5)
    _, everyone = of_everyone({"wait": 1.0, "check_in": 5.0}, {"wait": 1.0, "check_in": 3.0})
    _, doors = of_no_door(shut_gain=0.0, shut_like=1.0)
    found = [
        nine_strategies.finding({name: relabelled(result) for name, result in nine.items()}),
        everyone_does_it.finding({"everyone_does_it": relabelled(everyone)}),
        no_door.finding({name: relabelled(result) for name, result in doors.items()}),
    ]
    for one in found:
        said = all_said(one)
        assert "Phone calls" in said
        assert "check in" not in said.lower()
        assert "check_in" not in said
    assert found[2].ruling.on == f"with “{SHUT}”, the conclusion on Phone calls and one like changes"
    figure = found[0].pictures[2].draw(found[0].pictures[2].data, found[0].pictures[2].words, STYLES["paper"])
    assert "#117733" in {line.get_color() for line in figure.axes[0].lines}
