"""What is said of nine strategies, of newcomers, of showing up and of the way from the feed, from made-up runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.analysis import verdicts
from experiments.analysis.compare import resampled_counts
from experiments.analysis.verdicts import Ruling, Verdict
from experiments.config.reading import load
from experiments.essay.findings import ClaimFinding, nine_strategies, online_to_person, showing_up, zero_to_connected
from experiments.essay.findings.nine_strategies import EFFORT
from experiments.figures.page import STYLES
from experiments.sweeps.sweep_result import SweepResult
from tests.experiments.essay.conftest import relabelled
from tests.experiments.essay.test_findings import (
    CONFIGS,
    DRAWS,
    average,
    by_draw,
    drawn,
    plotted,
    swept,
    texts,
)

# Nine strategies -----------------------------------------------------------------------------------------------------

KEPT = {"trade_shows": 1.0, "check_in": 3.0, "wait": 0.25, "show_up": 2.0}
NEW = {"trade_shows": 1.0, "check_in": 0.5, "wait": 0.25, "show_up": 4.0}
USED = {"trade_shows": 50.0, "check_in": 95.0, "wait": 0.0, "show_up": 95.0}
WORLDS = 20  # at the default numbers
STOP = 730
Kept = Mapping[str, np.ndarray]


def arms_of(kept: Kept) -> dict[str, dict[str, np.ndarray]]:
    """All outcomes of strategies that keep these ties; everybody in the world has half as many."""
    return {
        name: {
            "kept": of, "kept_up": 4 * of, "kept_new": drawn(NEW[name], 7), "everyone_kept_all": of / 2,
            **{f"minutes_{key}": np.full(len(of), value)
               for key, value in (("planned", 100.0 * (name != "wait")), ("used", USED[name]), ("lost", 3.0))},
            "used_share": np.full(len(of), USED[name] / 100),
        }
        for name, of in kept.items()
    }  # fmt: skip


def usual(**changed: np.ndarray) -> dict[str, np.ndarray]:
    return {name: drawn(value, 1) for name, value in KEPT.items()} | changed


def at_defaults() -> tuple[dict[str, dict[str, np.ndarray]], SweepResult]:
    """Twenty worlds at the default numbers, where trade shows reconnect most."""
    random = np.random.default_rng(4)
    back = {"trade_shows": 9.0, "check_in": 6.0, "wait": 1.0, "show_up": 2.0}
    arms = {
        name: {of: value + random.normal(0, 0.1, WORLDS) for of, value in (
            ("reconnected", back[name]), ("kept", KEPT[name]), ("kept_up", 8.0), ("kept_new", 1.0))}
        for name in KEPT
    }  # fmt: skip
    rows = [
        {"strategy": name, "replicate": world, "people": 240, "minutes_planned": 100.0, "minutes_lost": 3.0,
         "minutes_used": USED[name], "used_share": USED[name] / 100, **{of: each[world] for of, each in of_arm.items()}}
        for name, of_arm in arms.items() for world in range(WORLDS)
    ]  # fmt: skip
    experiment = load(CONFIGS / "nine_strategies.toml", [f"sweep.replicates={WORLDS}"])
    return arms, SweepResult(experiment, pd.DataFrame(rows).sample(frac=1, random_state=2), [], {}, Path())


def fading() -> pd.DataFrame:
    """Old ties in touch in each world: what check in gained halves in 30 days; show up gained less, and keeps it."""
    gains = {"wait": 0.0, "show_up": 2.0, "trade_shows": 0.5}
    rows = [
        {"strategy": name, "replicate": world, "day": day,
         "revived": world + gains.get(name, 8 * 0.5 ** ((day - STOP) / 30) + 0.1 * (world % 2))}
        for name in KEPT for world in range(WORLDS) for day in range(700, 971, 10)
    ]  # fmt: skip
    return pd.DataFrame(rows).sample(frac=1, random_state=2)


@pytest.fixture(autouse=True, scope="module")
def _made_up() -> Iterator[None]:
    """The series are made up. Resamples, which are the same for all estimates of as many draws, are made once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SweepResult, "series", lambda _: fading())
        patched.setattr(verdicts, "resampled_counts", cache(resampled_counts))
        yield


@pytest.fixture(scope="module")
def nine() -> dict[str, SweepResult]:
    """The four sweeps. With 15 minutes a week, a quarter of the ties are kept, and twice as many with 120."""
    kept = usual()
    efforts = {120.0: {name: 2 * of for name, of in kept.items()}, 15.0: {name: of / 4 for name, of in kept.items()}}
    runs = [swept("strategies_effort", "strategy", arms_of(of)).runs.assign(**{EFFORT: k}) for k, of in efforts.items()]
    hour, town, other = (swept(f"strategies_{one}", "strategy", arms_of(kept)) for one in ("draws", "town", "effort"))
    return {
        "strategies_draws": hour,
        "strategies_town": replace(town, runs=town.runs.assign(people=1_200)),
        "strategies_effort": replace(other, runs=pd.concat(runs)),
        "nine_strategies": at_defaults()[1],
    }


@pytest.fixture(scope="module")
def found(nine: dict[str, SweepResult]) -> ClaimFinding:
    return nine_strategies.finding(nine)


def test_gains_are_beyond_waiting_in_the_same_worlds_the_largest_first(nine: dict[str, SweepResult]) -> None:
    arms = arms_of(usual())
    orders = {"kept": ["check_in", "show_up", "trade_shows"], "kept_new": ["show_up", "trade_shows", "check_in"]}
    for measure, order in orders.items():
        gains = nine_strategies.gains(nine["strategies_draws"], measure)
        assert [one.label for one in gains] == order
        for one in gains:
            assert one.least == 0.5
            assert one.by_draw.tolist() == pytest.approx(by_draw(arms[one.label][measure], arms["wait"][measure]))


def test_spillover_counts_ends_of_ties_in_the_whole_world_by_hours_of_all_adopters() -> None:
    """Twenty adopters among 240 people; trade shows take no minute in one draw."""
    arms = arms_of(usual())
    arms["trade_shows"]["minutes_used"][8:10] = 0
    spill = nine_strategies.spillover(swept("strategies_draws", "strategy", arms))
    assert set(spill) == {"check_in", "show_up", "trade_shows"}
    for name, one in spill.items():
        expected = []
        for k in range(1, DRAWS):
            ends = 240 * (arms[name]["everyone_kept_all"][2 * k] - arms["wait"]["everyone_kept_all"][2 * k])
            hours = 20 * arms[name]["minutes_used"][2 * k] / 60
            if hours:
                expected.append(ends / hours * 100)
        assert one.by_draw.tolist() == pytest.approx(expected)
    assert len(spill["trade_shows"].by_draw) == DRAWS - 2


@pytest.mark.parametrize(("adopters", "count"), [(20, 20), (0.25, 60), ("newcomers", 3), ((4, 9, 11, 12), 4)])
def test_adopters_are_a_number_a_share_newcomers_or_listed(
    nine: dict[str, SweepResult], adopters: Any, count: int
) -> None:
    experiment = nine["strategies_draws"].experiment
    update = {"run": experiment.run.model_copy(update={"adopters": adopters}),
              "world": experiment.world.model_copy(update={"newcomers": 3})}  # fmt: skip
    changed = replace(nine["strategies_draws"], experiment=experiment.model_copy(update=update))
    assert nine_strategies._adopters(changed) == count


def test_the_strategy_that_wins_everywhere_is_called_the_best(found: ClaimFinding) -> None:
    kept = usual()
    gain, busy = average(kept["check_in"], kept["wait"]), 4 * average(kept["check_in"], kept["wait"])
    assert found.ruling == Ruling(Verdict.HOLDS)
    assert "an hour a week for two years leaves most behind on average with “check in”" in found.effect
    assert f"stopped, {gain:+.1f} (" in found.effect
    assert "and at least 0.5 in 100% (88% to 100%) of the worlds" in found.effect
    assert "keeps the most of 3 strategies in 100% (88% to 100%) of them, so it is the best." in found.effect
    assert f"While it runs, “check in” keeps up most: {busy:+.1f} (" in found.effect
    title = found.pictures[0].words.title
    assert title.startswith("Among 240 people: “check in” leaves most behind in nine of ten plausible worlds.\n")
    assert title.endswith(f"\n“check in” comes first in 100%, with {gain:+.1f} old ties 240 days after two years of it")
    assert found.pictures[1].words.title.startswith("Among 1,200 people: “check in” leaves most")


def test_there_is_no_winner_if_another_one_wins_in_half_of_the_worlds(nine: dict[str, SweepResult]) -> None:
    """Check in has the largest mean, and is the best in the 15 odd ones of 29 draws."""
    half = np.repeat(np.where(np.arange(DRAWS) % 2, 6.0, 1.5), 2)
    arms = arms_of(usual(check_in=half, show_up=np.full(2 * DRAWS, 2.0)))
    split = nine_strategies.finding({**nine, "strategies_draws": swept("strategies_draws", "strategy", arms)})
    assert "leaves most behind on average with “check in”" in split.effect
    assert "in 52% (" in split.effect
    assert "so there is no winner" in split.effect
    title = split.pictures[0].words.title
    assert title.startswith("Among 240 people: No strategy leaves most behind in nine of ten plausible worlds.")
    assert "“check in” comes first in 52%" in title
    shares = next(iter(split.tables.values())).set_index("strategy")["keeps the most"]
    assert [shares[name].split(" ")[0] for name in ("check in", "show up", "trade shows")] == ["52%", "48%", "0%"]


def test_the_nine_are_judged_in_the_order_of_the_essay_and_no_other(nine: dict[str, SweepResult]) -> None:
    """Warming up is none of the nine, and keeps as little as waiting."""
    some = np.repeat(np.where(np.arange(DRAWS) % 2, 3.0, 0.0), 2)
    arms = arms_of(usual(wait=np.zeros(2 * DRAWS), trade_shows=some))
    hour = swept("strategies_draws", "strategy", {**arms, "warm_up": arms["wait"]})
    ruling = nine_strategies.finding({**nine, "strategies_draws": hour}).ruling
    assert ruling.verdict is Verdict.DEPENDS
    assert ruling.on == "holds for show up (100%) and check in (100%); in some plausible worlds for trade shows (52%)"


def test_the_table_has_gains_and_minutes_and_marks_who_used_too_few(found: ClaimFinding) -> None:
    arms = arms_of(usual())
    hour, town = list(found.tables.values())[:2]
    assert hour["strategy"].to_list() == town["strategy"].to_list() == ["check in", "show up", "trade shows"]
    for row in hour.to_dict("records"):
        name = row["strategy"].replace(" ", "_")
        for title, measure in (("kept up", "kept_up"), ("kept", "kept"), ("new, kept", "kept_new")):
            gain = by_draw(arms[name][measure], arms["wait"][measure])
            low, high = np.quantile(gain, (0.05, 0.95))
            assert row[title] == f"{sum(gain) / len(gain):+.1f} ({low:+.1f} to {high:+.1f})"
        hours = 20 * USED[name] / 60
        ends = 240 * average(arms[name]["everyone_kept_all"], arms["wait"]["everyone_kept_all"])
        assert row["everyone's tie ends per 100 hours"].startswith(f"{100 * ends / hours:+.1f} (")
    assert hour["comparable effort"].to_list() == ["yes", "yes", "no: under 90% of the minutes used"]
    assert hour["minutes used"].to_list() == ["95", "95", "50"]
    assert hour["keeps 0.5 or more"].to_list() == ["100% (88% to 100%)"] * 3


def test_figures_have_a_panel_per_measure_in_the_order_of_what_is_kept(found: ClaimFinding) -> None:
    arms = arms_of(usual())
    rows = plotted(found)
    panels = {"kept up while it runs": "kept_up", "kept 240 days later": "kept", "new ties, kept": "kept_new"}
    for title, measure in panels.items():
        assert rows.loc[title].index.to_list() == ["check_in", "show_up", "trade_shows"]
        expected = [average(arms[name][measure], arms["wait"][measure]) for name in rows.loc[title].index]
        assert rows.loc[title]["value"].to_list() == pytest.approx(expected)
    said = texts(found)
    assert "ties per adopter, beyond waiting" in said
    assert "planned minutes a week" in said


def test_the_town_has_its_own_sentence(found: ClaimFinding) -> None:
    kept, new = usual(), {name: drawn(value, 7) for name, value in NEW.items()}
    keeps, brings = average(kept["check_in"], kept["wait"]), average(new["show_up"], new["wait"])
    town = "In a town of 1,200 people (29 plausible draws, 3 strategies)"
    assert f"{town}, “check in” keeps most old ties on average ({keeps:+.1f} (" in found.effect
    assert f"“show up” brings most new ones that last ({brings:+.1f} (" in found.effect


@pytest.mark.parametrize(("draws", "few"), [(9, True), (10, False)])
def test_a_town_with_fewer_draws_than_its_file_asks_for_has_no_verdict(
    nine: dict[str, SweepResult], draws: int, few: bool
) -> None:
    town = replace(nine["strategies_town"], passing=frozenset(range(2, 2 + 2 * draws)))
    assert town.verdict.worlds == 10
    shown = nine_strategies.finding({**nine, "strategies_town": town})
    assert (f"({draws} plausible draws, 3 strategies)" in shown.effect) != few
    assert (f"only {draws} draws passed the gate, too few to say more" in shown.effect) == few
    hour, other = (picture.words.title for picture in shown.pictures[:2])
    assert ("too few to say what lasts" in other) == few
    assert "in nine of ten plausible worlds" in hour
    assert ("nine of ten" in other) != few


def test_gains_name_the_numbers_that_they_hang_on() -> None:
    ease = swept("strategies_draws", "strategy", arms_of(usual())).levels["ease"].rank().to_numpy()
    follows = np.repeat(np.concatenate([[0.0], ease]), 2)  # the first draw fails the gate
    result = swept("strategies_draws", "strategy", arms_of(usual(wait=np.zeros(2 * DRAWS), check_in=follows)))
    table = nine_strategies._dependence(result).set_index(["outcome", "strategy"])["hangs on"]
    assert table.to_dict() == dict.fromkeys([("kept", "check in"), ("kept up", "check in")], "`ease`"), "only these"
    nothing = nine_strategies._dependence(swept("strategies_draws", "strategy", arms_of(usual())))
    assert nothing["hangs on"].to_list() == ["none found"]


# By minutes a week


def test_what_is_kept_is_told_by_minutes_a_week(found: ClaimFinding) -> None:
    kept = usual()
    rows = found.pictures[2].data.set_index(["minutes", "strategy"])["value"]
    factors = {15.0: 0.25, 60.0: 1.0, 120.0: 2.0}
    assert rows.to_dict() == pytest.approx(
        {(minutes, name): factor * average(kept[name], kept["wait"])
         for minutes, factor in factors.items() for name in kept if name != "wait"}
    )  # fmt: skip
    table = found.tables[
        "Ties kept per adopter beyond waiting, by minutes a week (mean with 95% interval; share that keeps enough)"
    ]
    assert list(table) == ["strategy", "15 minutes", "60 minutes", "120 minutes"]
    row = table.set_index("strategy").loc["trade shows"]
    assert row["15 minutes"].startswith(f"{average(kept['trade_shows'], kept['wait']) / 4:+.1f} (")
    assert row["15 minutes"].endswith("; 0% (0% to 12%)")
    assert row["120 minutes"].endswith("; 100% (88% to 100%)")
    assert found.pictures[2].words.title == (
        "“check in” leaves most behind on average\nwith 15 minutes a week as well as with 120"
    )


def test_another_strategy_may_leave_most_behind_with_less_time(nine: dict[str, SweepResult]) -> None:
    kept = {"show_up": (3.0, 2.0, 1.0), "check_in": (1.0, 9.0, 4.0)}
    rows = [(*one, name) for name, values in kept.items() for one in zip((15.0, 60.0, 120.0), values, strict=True)]
    data = pd.DataFrame(rows, columns=["minutes", "value", "strategy"])
    words = nine_strategies._words_of_effort(data, nine["strategies_draws"], nine["strategies_effort"])
    assert words.title == "“show up” leaves most behind on average with 15\nminutes a week, and “check in” with 120"


# After it stopped, at the default numbers


def decay(values: Sequence[float]) -> pd.DataFrame:
    rows = [{"strategy": "check_in", "day": 10 * k, "value": value} for k, value in enumerate(values)]
    return pd.DataFrame([*rows, {"strategy": "show_up", "day": 0, "value": 1.0}]).sample(frac=1, random_state=1)


@pytest.mark.parametrize(
    ("values", "days"),
    [([8, 6, 4, 2], 20), ([8, 6, 4.1, 3.9, 5], 30), ([8, 7, 6, 5], float("nan")), ([8, 0], 10), ([0, 0], float("nan")),
     ([-2, -1], float("nan"))],
)  # fmt: skip
def test_half_of_a_gain_is_gone_on_the_first_day_with_at_most_half(values: list[float], days: float) -> None:
    assert nine_strategies.half_life(decay(values), "check_in") == pytest.approx(days, nan_ok=True)
    assert np.isnan(nine_strategies.half_life(decay(values), "trade_shows")), "nothing is known of it"


def test_ties_in_touch_are_followed_from_the_day_on_which_strategies_stop(found: ClaimFinding) -> None:
    rows = found.pictures[3].data
    assert sorted(set(rows["day"])) == list(range(0, 241, 10))
    mine = rows[rows["strategy"] == "check_in"].set_index("day")
    for day in (0, 30, 240):
        gain = sum(8 * 0.5 ** (day / 30) + 0.1 * (world % 2) for world in range(WORLDS)) / WORLDS
        assert mine.loc[day, "value"] == pytest.approx(gain)
        assert mine.loc[day, "low"] < gain < mine.loc[day, "high"]
    assert rows[rows["strategy"] == "show_up"]["value"].to_list() == pytest.approx([2.0] * 25)
    assert "“check in” has 8.1 more old ties in touch than waiting on the day on which it stops" in found.effect
    assert "and 0.1 (0.1 … 0.1) 240 days later; half of the gain is gone after 40 days." in found.effect
    later = sum(8 * 0.5**3 + 0.1 * (world % 2) for world in range(WORLDS)) / WORLDS
    assert f"on day 90, {later:.1f} are left." in found.effect
    assert found.pictures[3].words.title.startswith("What “check in” gained fades: 8 ties when it stops, 0.1 after 240")
    assert "half is gone after 40 days" in found.pictures[3].words.title


def test_a_gain_that_stays_is_told(nine: dict[str, SweepResult]) -> None:
    stays = nine_strategies._after(nine["nine_strategies"])
    stays = stays[stays["strategy"] == "show_up"]
    said = nine_strategies._fading(stays, nine["nine_strategies"])
    assert "half of the gain is gone after more days than were run." in said
    assert said.endswith("on day 90, 2.0 are left.")
    words = nine_strategies._words_after(stays, nine["nine_strategies"])
    assert "\nmore than half is left at the end" in words.title
    assert f"over {WORLDS} worlds" in words.subtitle
    assert nine_strategies._fading(stays.iloc[:0], nine["nine_strategies"]) == ""


def test_at_the_default_numbers_the_one_that_reconnects_most_comes_first(found: ClaimFinding) -> None:
    arms, _ = at_defaults()
    table = found.tables["At the default numbers, an hour a week for two years (95% intervals over worlds)"]
    assert table["strategy"].to_list() == ["trade shows", "check in", "show up"]
    for row in table.to_dict("records"):
        mine = arms[row["strategy"].replace(" ", "_")]
        titles = {"reconnected": "reconnected", "kept": "kept", "kept up": "kept_up", "new, kept": "kept_new"}
        for title, of in titles.items():
            gain = sum(mine[of] - arms["wait"][of]) / WORLDS
            assert row[title].startswith(f"{round(gain, 1) + 0.0:+.1f} (")
    assert table["comparable effort"].to_list()[0] == "no: under 90% of the minutes used"


def test_without_a_draw_that_passes_there_is_no_number_and_still_every_figure(nine: dict[str, SweepResult]) -> None:
    none = {
        name: replace(result, passing=None if name == "nine_strategies" else frozenset())
        for name, result in nine.items()
    }
    empty = nine_strategies.finding(none)
    assert empty.ruling.verdict is Verdict.UNDECIDED
    assert "stopped, – old ties per adopter" in empty.effect
    assert "0 of 30 draws" in texts(empty)
    assert set(next(iter(empty.tables.values()))["keeps the most"]) == {"–"}


# From zero to connected ----------------------------------------------------------------------------------------------


def of_newcomers(ranks: Kept) -> SweepResult:
    arms = {
        name: {"industry_rank": of, "industry_rank_two_steps": 121 - of, "active_ties": 60 - of / 2}
        for name, of in ranks.items()
    }
    return swept("zero_to_connected", "strategy", arms)


RANKS = {name: drawn(value, 1) for name, value in (("show_up", 40.0), ("wait", 80.0), ("check_in", 3.0))}


def test_newcomers_are_where_the_best_strategy_takes_them() -> None:
    some = np.repeat(np.where(np.arange(DRAWS) % 2, 1.0, 12.0), 2)  # the best of all in 15 of 29 draws
    found = zero_to_connected.finding({"zero_to_connected": of_newcomers({**RANKS, "host_event": some})})
    first, wait = average(RANKS["check_in"]), average(RANKS["wait"])
    assert found.ruling == Ruling(Verdict.HOLDS)
    assert "6 or better in 100% (88% to 100%) of the plausible worlds" in found.effect
    assert f"“check in”, somebody who knew nobody has rank {first:.0f} (" in found.effect
    assert f"of about 120 people of the industry by ties in touch; with waiting, {wait:.0f}." in found.effect
    assert "“check in” takes newcomers furthest in 48% (" in found.effect
    assert "so there is no winner (needed: 90%)" in found.effect
    assert "“most connected” means rank 6 or better" in found.effect
    assert found.pictures[0].words.title.startswith(f"From zero to rank {first:.0f} of 120 in three years")
    ranks, said = found.tables.values()
    assert ranks["strategy"].to_list() == ["check in", "host event", "show up", "wait"]
    by = ranks.set_index("strategy")
    low, high = np.quantile(by_draw(RANKS["show_up"]), (0.05, 0.95))
    mean = average(RANKS["show_up"])
    mine = by.loc["show up"]
    assert mine["rank by ties in touch"] == f"{mean:.0f} ({low:.0f} to {high:.0f})"
    assert mine["rank by people within two steps"] == f"{121 - mean:.0f} ({121 - high:.0f} to {121 - low:.0f})"
    assert mine["ties in touch"].startswith(f"{60 - mean / 2:.1f} (")
    assert by["rank 6 or better"].str.split(" ").str[0].to_list() == ["100%", "52%", "0%", "–"]
    assert by["furthest of all"].str.split(" ").str[0].to_list() == ["48%", "52%", "0%", "0%"]
    assert set(said["strategy"]) == {"check in", "host event", "show up"}, "waiting is not judged"
    rows = plotted(found)
    assert rows.loc["rank by ties in touch"].index.to_list() == ["check_in", "host_event", "show_up", "wait"]
    assert rows.loc[("rank by people within two steps", "wait"), "value"] == pytest.approx(121 - wait)


def test_a_strategy_that_takes_newcomers_furthest_everywhere_is_told() -> None:
    ranks = {**RANKS, "host_event": 0 * RANKS["wait"] + 5}
    found = zero_to_connected.finding({"zero_to_connected": of_newcomers(ranks)})
    assert "furthest in 100% (88% to 100%) of the plausible worlds, so it is the best." in found.effect
    assert found.ruling == Ruling(Verdict.HOLDS)
    slow = of_newcomers({**RANKS, "check_in": RANKS["show_up"] + 1})
    assert zero_to_connected.finding({"zero_to_connected": slow}).ruling == Ruling(Verdict.FAILS)


def test_luck_does_not_take_newcomers_to_the_top() -> None:
    """Nine strategies lead to rank 9: the luckiest of a world is mostly at 6, but not in the other of its draw."""
    chance = np.random.default_rng(3)
    ranks = {f"strategy_{k}": 9 + chance.normal(0, 4, 2 * DRAWS) for k in range(9)} | {"wait": RANKS["wait"]}
    lucky = np.min([of for name, of in ranks.items() if name != "wait"], axis=0)
    assert np.mean(lucky <= 6) > 0.8
    found = zero_to_connected.finding({"zero_to_connected": of_newcomers(ranks)})
    assert found.ruling.verdict is not Verdict.HOLDS
    assert "of the same draw, the rank is 9 (" in found.effect


# Online to person ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("met", "verdict"), [(1.5, Verdict.HOLDS), (0.25, Verdict.FAILS)])
def test_old_ties_are_followed_from_the_feed_to_words_in_person(met: float, verdict: Verdict) -> None:
    """Of ordinary people, those whom everybody else has; of people who engage, their own."""
    own = {
        "wait": {"reconnected": drawn(10.0, 1), "began_in_feed": drawn(5.0, 1), "feed_to_person": drawn(1.0, 1)},
        "engage_regularly": {
            "reconnected": drawn(20.0, 1), "began_in_feed": drawn(16.0, 1), "feed_to_person": drawn(3.0, 1),
        },
    }  # fmt: skip
    everyone = {"reconnected": drawn(8.0, 2), "began_in_feed": drawn(4.0, 2), "feed_to_person": drawn(met, 2)}
    others = {f"everyone_{of}": values for of, values in everyone.items()}
    arms = {"engage_regularly": {**own["engage_regularly"], **{of: 9 * values for of, values in others.items()}},
            "wait": {**own["wait"], **others}}  # fmt: skip
    found = online_to_person.finding({"strategies_draws": swept("strategies_draws", "strategy", arms)})
    assert found.ruling.verdict is Verdict.BY_CONSTRUCTION, "whatever the size"
    assert f"ordinary life, 50 begin in the feed, and {100 * met / 8:.0f} of the 100 also have words" in found.effect
    more = average(own["engage_regularly"]["feed_to_person"], own["wait"]["feed_to_person"])
    assert f"gains {more:.1f} such ties in 970 days beyond waiting" in found.effect
    assert f"50 begin in the feed,\nand {100 * met / 8:.0f} of these also" in found.pictures[0].words.title
    rows = plotted(found)["value"]
    for of, title in online_to_person.CHAIN.items():
        assert rows[("ordinary life", title)] == pytest.approx(average(everyone[of]))
        assert rows[("engaging regularly", title)] == pytest.approx(average(own["engage_regularly"][of]))
    (table,) = found.tables.values()
    assert table["smallest of interest"].to_list() == ["0.5", "0"]
    assert table["verdict"].iloc[0] == str(verdict)
    assert "ties per person" in texts(found)
    assert online_to_person._of_hundred(0.0, 0.0) == "–"


# Showing up ----------------------------------------------------------------------------------------------------------


VISITS = {"every two weeks": 0.3, "all on one day": 0.1, "weekly": 0.4, "daily": 0.25}


def test_weekly_visits_are_compared_with_all_on_one_day_and_with_four(monkeypatch: pytest.MonkeyPatch) -> None:
    """By day 27, a tenth to a half of a year's buyers have bought. In the last draw nobody visited weekly ever buys.

    In even draws, half as many buy after four visits; in odd ones, as many.
    """
    sold = {row: drawn(value, 1) for row, value in VISITS.items()}
    early = np.repeat(np.round(np.random.default_rng(2).uniform(0.1, 0.5, DRAWS), 2), 2)
    sold["weekly"][-2:] = 0
    sold["weekly, four visits"] = sold["weekly"] * np.repeat(np.where(np.arange(DRAWS) % 2, 1, 0.5), 2)
    by = {0: 0 * early, 18: 0 * early + 0.01, 27: early, 28: 0 * early + 0.9, 36: 0 * early + 1}
    series = pd.DataFrame(
        [{"row": row, "replicate": world, "day": day,
          "focal_sold": (of[world] if row == "weekly" else 9.0) * by[day][world]}
         for row, of in sold.items() for day in (36, 0, 27, 18, 28) for world in range(2 * DRAWS)]
    )  # fmt: skip
    monkeypatch.setattr(SweepResult, "series", lambda _: series)
    result = swept("showing_up", "row", {row: {showing_up.YEAR: of} for row, of in sold.items()})
    assert set(load(CONFIGS / "showing_up.toml", []).sweep.rows) == set(sold)
    before = showing_up.before_fifth(result)
    assert before.by_draw.tolist() == pytest.approx([early[2 * k] for k in range(1, DRAWS - 1)])
    found = showing_up.finding({"showing_up": result})
    of_hundred = {row: 100 * average(of) for row, of in sold.items()}
    weekly, once, four = (of_hundred[row] for row in ("weekly", "all on one day", "weekly, four visits"))
    share = 100 * sum(before.by_draw) / (DRAWS - 2)
    assert found.ruling.verdict is Verdict.BY_CONSTRUCTION
    assert f"for half a year, {weekly:.0f} buy within a year, and {share:.0f} of 100 buyers do so" in found.effect
    assert f"after four, {four:.0f} buy within the year: going on adds {weekly - four:.0f} (" in found.effect
    assert "), at least 2 in 48% (" in found.effect, "in the 14 even ones of 29 draws"
    assert f"on one day, {once:.0f} buy; spreading them adds {weekly - once:.0f} (" in found.effect
    assert "), at least 2 in 97% (" in found.effect, "in all but one of 29 draws"
    assert "no single number stands out" in found.effect
    assert found.pictures[0].words.title == (
        f"Of 100 strangers, {weekly:.0f} buy within a year if visited weekly for half a year,\n"
        f"{four:.0f} if the visits stop after four, and {once:.0f} if all are on one day"
    )
    rows = plotted(found)["value"]
    assert rows.loc["buyers within a year, of 100"].to_dict() == pytest.approx(of_hundred)
    spread = [row for row in VISITS if row != "all on one day"]
    beyond = {row: of_hundred[row] - once for row in spread}
    assert rows.loc["more than on one day"].to_dict() == pytest.approx(beyond)
    (table,) = found.tables.values()
    means = table.set_index("visits")["mean (95% interval)"].str.split(" ").str[0].to_dict()
    beyond["weekly, 24 visits less four"] = weekly - four
    assert means == {row: f"{value / 100:+.3f}" for row, value in beyond.items()}
    assert "people" in texts(found)


# Labels --------------------------------------------------------------------------------------------------------------


def test_labels_are_in_everything_that_is_said_and_drawn(nine: dict[str, SweepResult]) -> None:
    many = [
        nine_strategies.finding({name: relabelled(result) for name, result in nine.items()}),
        zero_to_connected.finding({"zero_to_connected": relabelled(of_newcomers(RANKS))}),
    ]
    for one in many:
        said = texts(one)
        assert "Phone calls" in said
        assert "check in" not in said.lower()
        assert "check_in" not in said
    lines = many[0].pictures[3].draw(many[0].pictures[3].data, many[0].pictures[3].words, STYLES["paper"]).axes[0].lines
    assert "#117733" in {line.get_color() for line in lines}
