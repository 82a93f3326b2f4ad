"""Published facts: logs in which each is known to be true or false, odd logs, a real one; and what must not happen."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

import sim
from experiments.logs import absences as module
from experiments.logs.absences import ABSENCES, TOUCHES, _rows, absences
from experiments.logs.contact_log import values
from experiments.logs.facts_of_networks import _largest
from experiments.logs.facts_of_pairs import _turns, layer_ratio, persistence
from experiments.logs.log import Log, of_run, read
from experiments.logs.published import FACTS, facts, holds, judged_facts, ties_of
from sim.engine.network import contact_shares
from sim.measures import dormant_pairs
from sim.state.population import NOBODY
from tests.conftest import DATA

DAY = 86_400
few = settings(max_examples=25, deadline=None, derandomize=True)

Row = tuple[object, object, float]  # source, target, day


def log_of(rows: Iterable[Row]) -> Log:
    frame = pd.DataFrame(list(rows), columns=["source", "target", "time"])
    return read(frame.assign(time=(frame["time"] * DAY).round()))


def asked(log: Log, *, ties: np.ndarray | None = None) -> pd.DataFrame:
    """The facts of a log, by name; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return facts(log, ties=ties).set_index("fact")


def both_ways(one: object, two: object, days: Iterable[float]) -> list[Row]:
    """A contact and its answer half an hour later, on each of some days."""
    return [row for day in days for row in ((one, two, day), (two, one, day + 1 / 48))]


# The table --------------------------------------------------------------------------------------------------------


def test_each_fact_says_what_it_is() -> None:
    for name, fact in {**FACTS, **ABSENCES}.items():
        assert fact.statement.endswith("."), name
        assert fact.measure.endswith("."), name
        assert fact.source, name
        assert fact.low <= fact.high or (math.isnan(fact.low) and math.isnan(fact.high)), name
    assert {name.split("_")[0] for name in FACTS} == {f"B{row}" for row in range(1, 12)}


def test_the_accepted_ranges_are_those_of_the_sources() -> None:
    """A range decides whether a fact holds, so it may not change with the code around it."""
    least = {"B1_signature_own_below_others": 0.8, "B1_alter_turnover": 0.3, "B2_egos_overdispersed": 0.5,
             "B4_reciprocated_outlive": 1, "B9_friend_paradox": 0.7, "B9_giant_component": 0.99}  # fmt: skip
    above_zero = ("B3_overlap_rises_with_weight", "B3_weak_ties_first", "B4_power_law", "B6_lopsided",
                  "B7_pairs_bursty", "B7_pairs_above_people", "B9_assortative",
                  "B11_openings_follow_closings", "touch_second_helps")  # fmt: skip
    most = {"B5_falls_with_list": 0, "B9_clustering_falls": 0, "B10_median_delay": 1, "B10_load": 0,
            "B11_steady_stock": 1, "touch_further_ones_do_not": 0.02}  # fmt: skip
    both = {"B1_top_alter": (0.2, 0.25), "B1_top_three": (0.4, 0.5), "B4_next_month": (0.2, 0.4),
            "B5_two_way": (0.02, 0.05), "B5_one_way": (0.03, 0.08), "B6_reciprocated": (0.22, 0.84),
            "B7_people_bursty": (0.2, 0.6), "B8_layer_ratio": (2, 4), "B10_within_a_day": (0.85, 0.95),
            "B10_closeness": (-0.3, 0.3), "like_alone": (0, 0)}  # fmt: skip
    expected = {
        **both, **{name: (low, math.inf) for name, low in least.items()}, **dict.fromkeys(above_zero, (0, math.inf)),
        **{name: (-math.inf, high) for name, high in most.items()},
    }  # fmt: skip
    touches = [f"touch_{number}_answered" for number in (1, 2, 3, 4, 6, 8, 12)]
    assert [name for name, fact in ABSENCES.items() if math.isnan(fact.low)] == ["like_and_what_follows", *touches]
    ranges = {name: (fact.low, fact.high) for name, fact in {**FACTS, **ABSENCES}.items() if not math.isnan(fact.low)}
    assert ranges == expected


def test_a_value_needs_twenty_things_behind_it() -> None:
    known = dict.fromkeys(("enough", "too_few"), FACTS["B9_assortative"])
    table = judged_facts(known, {"enough": (0.5, 20), "too_few": (0.5, 19)}).set_index("fact")
    assert table.loc["enough", ["value", "holds", "count"]].tolist() == [0.5, True, 20]
    assert table["value"].isna().tolist() == [False, True]
    assert table.loc["too_few", "holds"] is None


def test_a_range_leaves_its_ends_out_but_a_number_is_itself() -> None:
    open_range, one_number, nothing = FACTS["B3_weak_ties_first"], ABSENCES["like_alone"], ABSENCES["touch_1_answered"]
    assert [holds(value, open_range) for value in (-1.0, 0.0, 0.1, math.nan)] == [False, False, True, None]
    assert [holds(value, FACTS["B5_two_way"]) for value in (0.02, 0.03, 0.05)] == [False, True, False]
    assert [holds(value, one_number) for value in (0.0, 1e-12)] == [True, False]
    assert holds(0.3, nothing) is None


# B1: signatures ---------------------------------------------------------------------------------------------------


def signatures(shares: Callable[[int, int], Sequence[int]], alters: Callable[[int, int], int]) -> Log:
    """Two halves of 100 days: how much each of 24 egos sends to each rank, and with which number its alters begin."""
    rows: list[Row] = []
    for ego, half in itertools.product(range(24), (0, 1)):
        for rank, sends in enumerate(shares(ego, half)):
            alter = f"alter {ego} {alters(ego, half) + rank}"
            rows += [(f"ego {ego}", alter, 100 * half + 99 * k / sends) for k in range(sends)]
    return log_of(rows)


def steep(power: float) -> list[int]:
    return [math.ceil(60 * (rank + 1) ** -power) for rank in range(12)]


def test_a_signature_of_ones_own_with_new_alters() -> None:
    own = asked(signatures(lambda ego, _: steep(0.5 + ego / 12), lambda _, half: 12 * half))
    assert own.loc["B1_signature_own_below_others", "value"] == 1
    assert own.loc["B1_alter_turnover", "value"] == 1
    assert own.loc["B1_alter_turnover", "count"] == 24


def test_signatures_that_change_and_alters_that_stay_fail() -> None:
    luck = np.random.default_rng(1)
    found = asked(signatures(lambda *_: steep(luck.uniform(0.5, 2.5)), lambda *_: 0))
    assert not found.loc["B1_signature_own_below_others", "holds"]
    assert found.loc["B1_alter_turnover", "value"] == 0


def test_a_signature_that_all_have_in_the_end_is_nobodys_own() -> None:
    """Each is as far from its own later signature as from those of others."""

    def shares(ego: int, half: int) -> list[int]:
        first = 24 if half else 12 + ego
        return [first, *((120 - first + k) // 11 for k in range(11))]  # 120 in all

    alike = asked(signatures(shares, lambda *_: 0))
    assert alike.loc["B1_signature_own_below_others", "value"] == 0


def test_shares_of_the_most_contacted() -> None:
    liked = asked(signatures(lambda *_: [11, 6, 5, *[2] * 11, *[1] * 6], lambda *_: 0))
    assert liked.loc["B1_top_alter", "value"] == pytest.approx(0.22)
    assert liked.loc["B1_top_three", "value"] == pytest.approx(0.44)
    alike = asked(signatures(lambda *_: [3] * 20, lambda *_: 0))
    assert not alike.loc[["B1_top_alter", "B1_top_three"], "holds"].any()


# B2, B6, B8: contacts of pairs ------------------------------------------------------------------------------------


def test_contacts_that_vary_more_than_by_chance() -> None:
    def spread(counts: Sequence[int]) -> Log:
        return log_of(
            (f"ego {ego}", f"{ego} {alter}", k)
            for ego in range(25)
            for alter in range(12)
            for k in range(counts[alter])
        )

    assert asked(spread([40, 10, *[1] * 10])).loc["B2_egos_overdispersed", "value"] == 1
    assert asked(spread([3, 4] * 6)).loc["B2_egos_overdispersed", "value"] == 0


@pytest.mark.parametrize(("alters", "egos"), [(9, 0), (10, 25)])
def test_the_spread_of_contacts_is_that_of_egos_with_ten_pairs(alters: int, egos: int) -> None:
    rows = [(f"ego {ego}", f"{ego} {alter}", alter) for ego in range(25) for alter in range(alters)]
    assert asked(log_of(rows)).loc["B2_egos_overdispersed", "count"] == egos


def test_reciprocity_of_pairs() -> None:
    mutual = [row for pair in range(20) for row in both_ways(f"a{pair}", f"b{pair}", range(5))]
    one_way = [(f"c{pair}", f"d{pair}", day) for pair in range(20) for day in range(10)]
    assert asked(log_of(mutual)).loc["B6_reciprocated", ["value", "holds"]].tolist() == [1, False]
    mixed = asked(log_of(mutual + one_way)).loc["B6_reciprocated"]
    assert mixed["value"] == pytest.approx(2 / 3)
    assert mixed["holds"]
    assert mixed["count"] == 60


@pytest.mark.parametrize(("first_writes", "lopsided"), [(5, False), (7, True), (10, True)])
def test_more_of_the_contacting_than_chance(first_writes: int, lopsided: bool) -> None:
    rows = [
        (*((f"a{pair}", f"b{pair}") if day < first_writes else (f"b{pair}", f"a{pair}")), day)
        for pair in range(20)
        for day in range(10)
    ]
    found = asked(log_of(rows)).loc["B6_lopsided"]
    sides = np.arange(11)
    fair = (np.maximum(sides, 10 - sides) / 10 * stats.binom.pmf(sides, 10, 0.5)).sum()
    assert found["value"] == pytest.approx(first_writes / 10 - fair)
    assert found["holds"] == lopsided


def test_layers_of_three_times_the_size() -> None:
    assert layer_ratio(np.repeat([1000, 100, 10, 1], [3, 6, 18, 54])) == pytest.approx(3)
    assert math.isnan(layer_ratio(np.array([3, 2, 1])))

    def of_layers(sizes: Sequence[int]) -> Log:
        counts = np.repeat([64, 16, 4, 1], sizes)
        rows = [
            (f"ego {ego}", f"{ego} {alter}", 365 * k / contacts + alter / 99)
            for ego in range(21)
            for alter, contacts in enumerate(counts)
            for k in range(contacts)
        ]
        return log_of([*rows, ("first", "last", 0.0), ("first", "last", 365.0)])

    layered = asked(of_layers([2, 4, 12, 36])).loc["B8_layer_ratio"]
    assert layered["value"] == pytest.approx(3, rel=0.05)
    assert layered["count"] == 21
    assert not asked(of_layers([12, 4, 4, 2])).loc["B8_layer_ratio", "holds"]


@given(st.lists(st.integers(1, 60), min_size=4, max_size=9))
@few
def test_layers_are_the_best_of_all_splits(contacts: list[int]) -> None:
    numbers, many = np.unique(contacts, return_counts=True)
    logs = np.log(np.repeat(numbers, many))
    if len(numbers) < 4:
        assert math.isnan(layer_ratio(np.array(contacts)))
        return
    ends = np.cumsum(many)
    splits = [np.split(logs, cut) for cut in itertools.combinations(ends[:-1], 3)]
    spread = [sum(((group - group.mean()) ** 2).sum() for group in split) for split in splits]
    best = [split for split, squares in zip(splits, spread, strict=True) if squares <= min(spread) + 1e-9]
    assert any(layer_ratio(np.array(contacts)) == pytest.approx((len(logs) / len(top)) ** (1 / 3)) for *_, top in best)


# B3, B9: the network ----------------------------------------------------------------------------------------------


def cliques_in_a_ring(within: int, between: int) -> Log:
    """Ten cliques of five people, neighbours joined by one bridge; contacts both ways by kind of pair."""
    rows: list[Row] = []
    for clique in range(10):
        for one, two in itertools.combinations(range(5), 2):
            rows += both_ways(f"{clique} {one}", f"{clique} {two}", range(within))
        rows += both_ways(f"{clique} 0", f"{(clique + 1) % 10} 1", range(between))
    return log_of(rows)


def test_weak_ties_that_bridge_cliques() -> None:
    weak, strong = asked(cliques_in_a_ring(8, 1)), asked(cliques_in_a_ring(1, 8))
    for fact in ("B3_overlap_rises_with_weight", "B3_weak_ties_first"):
        assert weak.loc[fact, "holds"]
        assert strong.loc[fact, "value"] < 0
    assert weak.loc["B3_weak_ties_first", "value"] == pytest.approx(
        -strong.loc["B3_weak_ties_first", "value"], abs=0.05
    )


def test_equal_weights_say_nothing_of_weak_ties() -> None:
    found = asked(cliques_in_a_ring(2, 2))
    assert math.isnan(found.loc["B3_overlap_rises_with_weight", "value"])
    assert found.loc["B3_weak_ties_first", ["value", "holds"]].tolist() == [0, False]


def test_overlap_is_that_of_the_statistics_where_all_contact_is_mutual() -> None:
    log = log_of(row for one, two, day in crowd(4)[:600] for row in both_ways(one, two, [day]))
    assert asked(log).loc["B3_overlap_rises_with_weight", "value"] == pytest.approx(values(log)["overlap_weight"])


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=15))
@few
def test_largest_component_as_pairs_are_added(pairs: list[tuple[int, int]]) -> None:
    low, high = np.array(pairs).T
    sizes = []
    for upto in range(1, len(pairs) + 1):
        graph = sparse.coo_array((np.ones(upto), (low[:upto], high[:upto])), shape=(8, 8))
        sizes.append(np.bincount(sparse.csgraph.connected_components(graph, directed=False)[1]).max())
    assert _largest(low, high, 8).tolist() == sizes


def network(edges: Iterable[tuple[object, object]]) -> pd.DataFrame:
    return asked(log_of((one, two, k / 24) for k, (one, two) in enumerate(edges)))


def test_clustering_that_falls_with_degree() -> None:
    quartets = (itertools.combinations([f"{k}a", f"{k}b", f"{k}c", "hub"], 2) for k in range(10))
    assert network(itertools.chain(*quartets)).loc["B9_clustering_falls", "value"] == pytest.approx(-1)


def test_clustering_that_rises_with_degree_fails() -> None:
    clique = itertools.combinations([f"core {k}" for k in range(12)], 2)
    ring = [(f"ring {k}", f"ring {(k + 1) % 12}") for k in range(12)]
    assert network([*clique, *ring]).loc["B9_clustering_falls", "value"] == pytest.approx(1)


def test_friends_with_more_friends() -> None:
    star = network(("hub", k) for k in range(30))
    ring = network((k, (k + 1) % 30) for k in range(30))
    assert star.loc["B9_friend_paradox", "value"] == pytest.approx(30 / 31)
    assert ring.loc["B9_friend_paradox", ["value", "holds"]].tolist() == [0, False]


def test_who_knows_whom_by_degree() -> None:
    apart = network([*itertools.combinations(range(8), 2), *((f"ring {k}", f"ring {(k + 1) % 30}") for k in range(30))])
    assert apart.loc["B9_assortative", "value"] == pytest.approx(1)
    assert apart.loc["B9_giant_component", "value"] == pytest.approx(30 / 38)
    star = network(("hub", k) for k in range(30))
    assert star.loc["B9_assortative", "value"] == pytest.approx(-1)
    assert star.loc["B9_giant_component", "value"] == 1


# B4: persistence --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stay", "holding"), [(30, True), (100, False), (3, False)])
def test_pairs_that_stay_for_a_month(stay: int, holding: bool) -> None:
    rows = [(f"a{pair}", f"b{pair}", 10.0) for pair in range(100)]
    rows += [(f"a{pair}", f"b{pair}", 40.0) for pair in range(stay)]
    found = asked(log_of([("x", "y", 0.0), *rows, ("x", "y", 60.0)])).loc["B4_next_month"]
    assert found["value"] == pytest.approx(stay / 101)
    assert found["holds"] == holding


@pytest.mark.parametrize("better", ["mutual", "one_way"])
def test_which_pairs_outlive_the_others(better: str) -> None:
    stay = {"mutual": 10, "one_way": 10, better: 30}
    rows: list[Row] = [("x", "y", 0.0), ("x", "y", 60.0)]
    for pair in range(40):
        rows += both_ways(f"a{pair}", f"b{pair}", [10.0, *[40.0] * (pair < stay["mutual"])])
        rows += [(f"c{pair}", f"d{pair}", day) for day in (10.0, *[40.0] * (pair < stay["one_way"]))]
    found = asked(log_of(rows)).loc["B4_reciprocated_outlive"]
    assert found["holds"] == (better == "mutual")


def back_after(share: Callable[[int], float]) -> Log:
    """2000 pairs that appear in the last period of the first half; this share is back this many periods later."""
    rows: list[Row] = [("x", "y", 0.0), ("x", "y", 360.0)]
    for pair in range(2000):
        back = (k for k in range(1, 13) if pair < 2000 * share(k))
        rows += [(f"a{pair}", f"b{pair}", 15 * (11 + k) + 7.0) for k in (0, *back)]
    return log_of(rows)


def test_a_power_of_time_or_an_exponential() -> None:
    power, exponential = back_after(lambda k: 0.5 * k**-0.4), back_after(lambda k: 0.5 * math.exp(-k / 4))
    later, share, count = persistence(power.by_pair)
    assert share == pytest.approx([0.5 * k**-0.4 for k in range(1, 13)], abs=0.002)
    assert later.tolist() == [15 * k for k in range(1, 13)]
    assert count == 2001
    assert asked(power).loc["B4_power_law", "holds"]
    assert asked(exponential).loc["B4_power_law", "value"] < -10


# B5: friends in contact -------------------------------------------------------------------------------------------


def circles(people: int, reach: int, contact: int, name: str) -> tuple[list[Row], list[tuple[str, str]]]:
    """Everyone has ties to this many on either side, is in touch with the nearest, and writes to one more."""
    ids = [f"{name}{k}" for k in range(people)]
    ties = [(ids[k], ids[(k + step) % people]) for k in range(people) for step in range(1, reach + 1)]
    rows = [
        row for k in range(people) for step in range(1, contact + 1)
        for row in both_ways(ids[k], ids[(k + step) % people], [50.0])
    ]  # fmt: skip
    return [*rows, *((ids[k], ids[(k + contact + 1) % people], 50.0) for k in range(people))], ties


def list_facts(*worlds: tuple[list[Row], list[tuple[str, str]]]) -> pd.DataFrame:
    old = [(*tie, 5.0) for _, ties in worlds for tie in ties]  # before the month in question
    rows, ties = [[thing for world in worlds for thing in world[side]] for side in (0, 1)]
    return asked(log_of([*old, *rows, ("x", "y", 60.0)]), ties=np.array(ties))


def test_few_friends_are_in_contact() -> None:
    some = list_facts(circles(60, 25, 1, "a"))
    assert some.loc["B5_two_way", "value"] == pytest.approx(2 / 50)
    assert some.loc["B5_one_way", "value"] == pytest.approx(3 / 50)
    assert some.loc["B5_two_way", "count"] == 60
    assert math.isnan(some.loc["B5_falls_with_list", "value"])
    assert not list_facts(circles(60, 25, 20, "a")).loc[["B5_two_way", "B5_one_way"], "holds"].any()


def test_the_share_falls_with_the_list() -> None:
    assert list_facts(circles(60, 25, 1, "a"), circles(60, 10, 1, "b")).loc["B5_falls_with_list", "holds"]
    assert not list_facts(circles(60, 25, 8, "a"), circles(60, 10, 1, "b")).loc["B5_falls_with_list", "holds"]


# B7: bursts -------------------------------------------------------------------------------------------------------


def rhythm(gaps: Callable[[np.random.Generator], np.ndarray]) -> Log:
    luck = np.random.default_rng(2)
    return log_of(
        (f"a{pair}", f"b{pair}", day) for pair in range(60) for day in luck.uniform(0, 9) + np.cumsum(gaps(luck))
    )


def test_bursts_chance_and_clockwork() -> None:
    bursty = asked(rhythm(lambda luck: luck.lognormal(0, 2, 40)))
    poisson = asked(rhythm(lambda luck: luck.exponential(1, 40)))
    regular = asked(rhythm(lambda luck: luck.uniform(0.9, 1.1, 40)))
    assert bursty.loc["B7_pairs_bursty", "value"] > 0.2
    assert poisson.loc["B7_pairs_bursty", "value"] == pytest.approx(0, abs=0.06)
    assert not regular.loc["B7_pairs_bursty", "holds"]
    assert bursty.loc["B7_people_bursty", "holds"]
    assert not poisson.loc["B7_people_bursty", "holds"]


def test_bursts_of_pairs_or_of_people() -> None:
    luck = np.random.default_rng(3)
    rows_of_pairs: list[Row] = []
    rows_of_people: list[Row] = []
    for ego in range(30):
        starts = np.sort(luck.uniform(0, 300, 15))
        for alter in range(12):
            days = np.concatenate([luck.uniform(0, 300) + np.arange(4) / 500 for _ in range(4)])
            rows_of_pairs += [(f"ego {ego}", f"{ego} {alter}", day) for day in days]
            rows_of_people += [(f"ego {ego}", f"{ego} {alter}", day + alter / 500) for day in starts]
    assert asked(log_of(rows_of_pairs)).loc["B7_pairs_above_people", "holds"]
    assert not asked(log_of(rows_of_people)).loc["B7_pairs_above_people", "holds"]


# B10: answers -----------------------------------------------------------------------------------------------------


def conversations(hours: Callable[[int], float | None], crowd: Callable[[int], int] = lambda _: 0) -> pd.DataFrame:
    """25 pairs, 20 questions ten days apart: hours to each answer, and how many others write to the receiver then."""
    rows: list[Row] = []
    for pair, k in itertools.product(range(25), range(20)):
        day = 10.0 * k + pair / 100
        rows.append((f"a{pair}", f"b{pair}", day))
        rows += [(f"other {other}", f"b{pair}", day - 0.1) for other in range(crowd(k))]
        delay = hours(k)
        if delay is not None:
            rows.append((f"b{pair}", f"a{pair}", day + delay / 24))
    return asked(log_of([*rows, ("x", "y", 210.0)]))


def test_how_soon_answers_come() -> None:
    soon = conversations(lambda k: 48.0 if k in (4, 14) else 0.5)
    assert soon.loc["B10_median_delay", "value"] == pytest.approx(0.5)
    assert soon.loc["B10_within_a_day", "value"] == pytest.approx(0.9)
    assert soon.loc[["B10_median_delay", "B10_within_a_day", "B10_closeness"], "holds"].all()
    late = conversations(lambda _: 30.0)
    assert not late.loc[["B10_median_delay", "B10_within_a_day"], "holds"].any()


def test_an_answer_answers_the_latest_contact() -> None:
    questions = [
        (f"a{pair}", f"b{pair}", 10 * k + hour / 24) for pair in range(25) for k in range(9) for hour in (0, 20)
    ]
    answers = [(f"b{pair}", f"a{pair}", 10 * k + 21 / 24) for pair in range(25) for k in range(9)]
    assert asked(log_of([*questions, *answers])).loc["B10_median_delay", "value"] == pytest.approx(1)


@pytest.mark.parametrize(("end", "rounds"), [(57.0, 6), (56.9, 5)])
def test_a_gesture_needs_seven_days_in_which_it_could_be_answered(end: float, rounds: int) -> None:
    """The last of six rounds is on day 50."""
    rows = [row for pair in range(25) for row in both_ways(f"a{pair}", f"b{pair}", range(0, 60, 10))]
    found = asked(log_of([*rows, ("x", "y", end)]))
    assert found.loc[["B10_load", "B10_closeness"], "count"].tolist() == [25 * rounds] * 2


def test_answers_that_take_longer_or_shorter_with_every_contact_fail() -> None:
    assert conversations(lambda k: 1.0 + k).loc["B10_closeness", "value"] == pytest.approx(1, abs=0.01)
    assert conversations(lambda k: 30.0 - k).loc["B10_closeness", "value"] == pytest.approx(-1, abs=0.01)


def test_who_gets_much_answers_little() -> None:
    drowned = conversations(lambda k: None if k % 2 else 1.0, lambda k: 5 * (k % 2))
    keen = conversations(lambda k: 1.0 if k % 2 else None, lambda k: 5 * (k % 2))
    assert drowned.loc["B10_load", "value"] == pytest.approx(-1)
    assert keen.loc["B10_load", "value"] == pytest.approx(1)


# B11: turnover ----------------------------------------------------------------------------------------------------


def open_and_close(opened: Callable[[int], int], days: Sequence[float], lasting: int = 6) -> pd.DataFrame:
    """25 people with ties that last; each month some new ones with contacts on some days from its beginning."""
    rows: list[Row] = []
    for ego in range(25):
        for tie in range(lasting):
            rows += [(f"ego {ego}", f"{ego} lasting {tie}", 10.0 * k) for k in range(37)]
        for month in range(12):
            for tie in range(opened(month)):
                rows += [(f"ego {ego}", f"{ego} {month} {tie}", 30 * month + day) for day in days if month < 11]
    return asked(log_of([*rows, ("x", "y", 0.0), ("x", "y", 362.0)]))


def test_a_tie_closes_after_eight_of_its_mean_gaps_or_a_month_if_that_is_longer() -> None:
    """The log ends on day 45. Two contacts are no tie."""
    days = {"none": [0, 1], "patient": [0, 5, 10], "closed": [0, 4, 8], "month": [12, 13, 14], "less": [14, 15, 16],
            "again": [*np.arange(20) / 10, 45]}  # fmt: skip
    log = log_of((name, "hub", day) for name, of in days.items() for day in of)
    events = log.by_pair
    hub = log.names.tolist().index("hub")
    names = log.names[np.where(events.low == hub, events.high, events.low)]
    opens, closes = (dict(zip(names, events.per_pair(flags), strict=True)) for flags in _turns(events))
    assert opens == {"none": 0, "patient": 1, "closed": 1, "month": 1, "less": 1, "again": 2}
    assert closes == {"none": 0, "patient": 0, "closed": 1, "month": 1, "less": 0, "again": 1}


def test_ties_that_come_and_go_together() -> None:
    together = open_and_close(lambda month: month % 2, (2.0, 7.0, 12.0))
    assert together.loc["B11_openings_follow_closings", "value"] == pytest.approx(1)
    assert together.loc["B11_steady_stock", "value"] == 0
    assert together.loc["B11_steady_stock", "count"] == 25
    in_turn = open_and_close(lambda month: month % 2, (2.0, 20.0, 40.0))
    assert in_turn.loc["B11_openings_follow_closings", "value"] < 0


@pytest.mark.parametrize(("end", "known"), [(209.0, False), (210.0, True)])
def test_open_ties_need_three_months_in_the_middle_of_a_log(end: float, known: bool) -> None:
    """Of six months, two at either end are left out, and of seven too."""
    rows = [(f"ego {ego}", f"{ego} {tie}", 10.0 * k) for ego in range(25) for tie in range(6) for k in range(20)]
    found = asked(log_of([*rows, ("x", "y", 0.0), ("x", "y", end)]))
    assert (found.loc["B11_openings_follow_closings", "count"] > 0) == known


def test_a_stock_that_only_grows_fails() -> None:
    growing = open_and_close(lambda month: 5 + month % 2, np.arange(2.0, 360.0, 20), lasting=0)
    assert growing.loc["B11_steady_stock", ["holds"]].tolist() == [False]


# Any log ----------------------------------------------------------------------------------------------------------

events = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.floats(0, 400)).filter(lambda row: row[0] != row[1]),
    min_size=1,
    max_size=60,
)


@given(events)
@few
def test_any_log_has_all_facts_or_says_that_they_are_missing(rows: list[Row]) -> None:
    found = asked(log_of(rows), ties=np.array([(0, 1), (1, 2), (30, 31)]))
    assert found.index.tolist() == list(FACTS)
    for name, row in found.iterrows():
        assert row["holds"] is holds(row["value"], FACTS[name])
        assert row["count"] >= 20 or math.isnan(row["value"])
        assert (row["low"], row["high"]) == (FACTS[name].low, FACTS[name].high)


def test_a_log_of_nothing_has_no_facts() -> None:
    empty = of_run(pd.DataFrame({"source": [], "target": [], "time": [], "kind": [], "channel": []}, dtype=object))
    found = asked(empty, ties=np.zeros((0, 2), int))
    assert found["value"].isna().all()
    assert (found["count"] == 0).all()
    assert found["holds"].isna().all()


def crowd(seed: int) -> list[Row]:
    """Eighty days of forty people who prefer some to others."""
    luck = np.random.default_rng(seed)
    rows = np.column_stack([luck.geometric(0.08, 4000) % 40, luck.geometric(0.15, 4000) % 40])
    return [
        (int(a), int(b), float(day)) for (a, b), day in zip(rows, luck.uniform(0, 200, 4000), strict=True) if a != b
    ]


@given(st.integers(0, 2**20), st.integers(0, 10_000))
@settings(few, max_examples=4)
def test_names_and_the_date_do_not_matter(seed: int, shift: float) -> None:
    rows, ties = crowd(seed), np.array([*itertools.combinations(range(0, 40, 2), 2)])
    plain = asked(log_of(rows), ties=ties)
    named = [(f"person {a}", f"person {b}", day + shift) for a, b, day in rows]
    moved = asked(log_of(named), ties=np.array([[f"person {one}" for one in tie] for tie in ties]))
    assert plain["value"].notna().sum() > 20
    np.testing.assert_allclose(plain["value"], moved["value"], rtol=1e-6, atol=1e-9)


SYMMETRIC = ("B2", "B3", "B4", "B6", "B7_pairs_bursty", "B8", "B9", "B11")


def test_who_wrote_to_whom_does_not_matter_where_it_should_not() -> None:
    rows = crowd(5)
    plain, turned = (
        found["value"] for found in (asked(log_of(rows)), asked(log_of((b, a, day) for a, b, day in rows)))
    )
    same = plain.index.str.startswith(SYMMETRIC) & (plain.index != "B3_weak_ties_first")
    np.testing.assert_allclose(plain[same], turned[same], rtol=1e-9, atol=1e-12)
    assert plain["B3_weak_ties_first"] == pytest.approx(
        turned["B3_weak_ties_first"], abs=0.01
    )  # equals are in any order


def test_the_facts_of_wall_posts() -> None:
    path = DATA / "facebook_wall.csv.gz"
    if not path.is_file():
        pytest.skip("shared/data/facebook_wall.csv.gz is not here; it is test data that the repository does not hold")
    found = asked(read(path))
    assert found["value"].isna().sum() == 3  # those that need the list of friends
    assert found.loc["B1_top_alter", "value"] == pytest.approx(0.231, abs=0.0005)
    assert found.loc["B1_top_three", "value"] == pytest.approx(0.45, abs=0.005)
    for fact in ("B3_overlap_rises_with_weight", "B3_weak_ties_first", "B4_next_month", "B7_pairs_above_people"):
        assert found.loc[fact, "holds"]


# What must not happen ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> sim.World:
    return sim.worlds.generated(people=300, burn_in_years=0, seed=3, cache=False)


def test_a_simulated_log_has_facts_with_its_list_of_ties(world: sim.World) -> None:
    run = sim.simulate(world, days=60, seed=1, log=True, series=False)
    assert run.log is not None
    ties = ties_of(run.world)
    assert (ties[:, 0] < ties[:, 1]).all()
    assert 2 * len(ties) == (run.world.ties["other"] >= 0).sum() - run.world.ties["acquaintance"].sum()
    found = asked(of_run(run.log), ties=ties)
    assert found.loc["B5_two_way", "count"] == 300
    recent = contact_shares(run.world.people, run.world.ties, run.world.day)
    assert 0 < found.loc["B5_two_way", "value"] < 2 * recent.mean()


def test_each_memory_is_found_by_its_two_people(world: sim.World) -> None:
    rows = np.flatnonzero(world.ties["other"] != NOBODY)
    sides = np.column_stack([world.owners()[rows], world.ties["other"][rows]]).astype(np.int64)
    assert _rows(world, sides).tolist() == rows.tolist()
    nobody = np.array([[0, 0], [len(world) - 1, len(world) - 1]])
    assert _rows(world, nobody).tolist() == [-1, -1]
    assert not np.isnan(module._strengths(world, sides)).any()
    assert np.isnan(module._strengths(world, nobody)).all()


@pytest.mark.parametrize("most", [(9, 5, 5), (5, 9, 5), (5, 5, 9)])
def test_gestures_between_two_are_counted_in_both_directions(most: tuple[int, int, int]) -> None:
    """The person with the largest number may be among the senders, the receivers or the pairs alone."""
    luck = np.random.default_rng(3)
    sender, receiver = luck.integers(0, 5, (2, 200))
    sender[7], receiver[8] = most[:2]
    pairs = np.array([(0, 1), (3, 2), (4, 0), (2, 4), (1, most[2])])
    expected = [sum({one, two} == set(pair) for one, two in zip(sender, receiver, strict=True)) for pair in pairs]
    assert module._between(pd.DataFrame({"source": sender, "target": receiver}), pairs).tolist() == expected
    assert module._between(pd.DataFrame({"source": [], "target": []}), pairs).tolist() == [0] * 5


def test_ties_apart_are_dormant_and_share_nobody(world: sim.World) -> None:
    """And no other dormant tie could be added to them; which they are depends on the seed."""
    dormant = {(int(one["low"]), int(one["high"])) for one in dormant_pairs(world, world.parameters)}
    first, second = (module._apart(world, world.parameters, seed).tolist() for seed in (1, 2))
    for kept in (first, second):
        people = [person for pair in kept for person in pair]
        assert {tuple(pair) for pair in kept} <= dormant
        assert len(set(people)) == len(people) > 100
        assert all(low in people or high in people for low, high in dormant)
    assert first != second


def test_memories_without_contact_weaken(world: sim.World) -> None:
    later = sim.simulate(world, days=30, seed=1, series=False).world
    rows = np.flatnonzero(world.ties["other"] != NOBODY)
    sides = np.column_stack([world.owners()[rows], world.ties["other"][rows]]).astype(np.int64)
    now = _rows(later, sides)
    alone = (now >= 0) & (later.ties["last_contact"][now] == world.ties["last_contact"][rows])
    assert alone.sum() > 1_000
    before, after = (module._strengths(one, sides[alone]) for one in (world, later))
    assert (after <= before).all()
    assert after.mean() < before.mean()


def test_both_absences_have_the_seed_and_the_threads_that_were_asked_for(
    world: sim.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    for part in ("_likes", "_touches"):
        monkeypatch.setattr(f"experiments.logs.absences.{part}", lambda *options: given.append(options[-2:]) or {})
    monkeypatch.setattr("experiments.logs.absences.ABSENCES", {})
    assert absences(world, seed=2, threads=3).empty
    assert given == [(2, 3), (2, 3)]


def test_likes_alone_and_ever_more_touches_bring_nothing(world: sim.World) -> None:
    """Even where a like makes the other think of its sender, so that words follow."""
    found = absences(world, pairs=110, parameters=sim.Parameters(feed_boost=1, post_rate=3)).set_index("fact")
    assert found.index.tolist() == list(ABSENCES)
    assert found.loc["like_alone", ["value", "holds"]].tolist() == [0, True]
    assert found.loc["like_and_what_follows", "value"] > 0.005
    assert found.loc["like_alone", "count"] < found.loc["like_and_what_follows", "count"] == 110
    assert found.loc[["touch_second_helps", "touch_further_ones_do_not"], "holds"].all()
    assert 60 < found.loc["touch_12_answered", "count"] < 110, "pairs with words of their own are left out"
    assert found.loc["touch_1_answered", "holds"] is None
    share = {number: found.loc[f"touch_{number}_answered", "value"] for number in TOUCHES}
    assert found.loc["touch_second_helps", "value"] == share[2] - share[1]
    later = max(share[number] - share[2] for number in TOUCHES[2:])
    assert found.loc["touch_further_ones_do_not", "value"] == later


@pytest.mark.parametrize("number", [1, 2, 12])
def test_touches_are_on_successive_days_of_a_fortnight(
    world: sim.World, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The last is on the fourteenth day, whatever their number, and can be answered for a week."""
    ran: list[tuple[int, list[int]]] = []
    logs: list[pd.DataFrame] = []

    def noted(world: sim.World, **options: Any) -> Any:
        run = simulate(world, **options)
        ran.append((options["days"], sorted({gesture.day for gesture in options["extra"]})))
        logs.append(run.log)
        return run

    simulate = module.simulate
    monkeypatch.setattr(module, "simulate", noted)
    focal = module._apart(world, world.parameters, 1)[:60]
    undisturbed, answered = module._last_touch(world, focal, number, world.parameters, 1, 1)
    (before, first), (after, last) = ran
    noon = (world.day + 13.5) * DAY
    for pair, alone, replied in zip(focal.tolist(), undisturbed, answered, strict=True):
        earlier, later = (log[log["source"].isin(pair) & log["target"].isin(pair)] for log in logs)
        assert alone == (len(earlier) == number - 1 and (later["time"] >= noon).all())
        touch = later.index[(later["time"] == noon) & (later["kind"] == "message") & (later["source"] == pair[0])]
        assert replied == later["in_reply_to"].isin(touch).any()
    assert before + 1 == 14
    assert [*first, *(before + day for day in last)] == list(range(14 - number, 14))
    assert after == 7


def test_a_model_in_which_likes_and_touches_do_it_all_is_found_out(world: sim.World) -> None:
    wrong = sim.Parameters(gestures={"like": {"mass": 0.1}}, answer_fatigue=0, answer_strength=3)
    found = absences(world, pairs=110, parameters=wrong).set_index("fact")
    assert not found.loc["like_alone", "holds"]
    assert not found.loc["touch_further_ones_do_not", "holds"]
