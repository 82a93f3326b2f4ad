"""Each rival does what its source says, and finds the numbers of a log that was made with them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.logs.contact_log import statistics, values
from experiments.logs.contact_statistics import STATISTICS
from experiments.logs.features import features_of
from experiments.logs.log import Log, read
from experiments.logs.validate import table
from experiments.rivals import growing, hawkes, jin, judging, kumpula, shuffled, tie_decay
from experiments.rivals.logs import made_log
from sim.contact_logs import LogError

DAY = 86_400


def log_of(source: list[int], target: list[int], days: list[float]) -> Log:
    return read(pd.DataFrame({"source": source, "target": target, "time": [int(day * DAY) for day in days]}))


def random_log(people: int = 30, contacts: int = 2_000, days: float = 100.0, seed: int = 1) -> Log:
    """Contacts of a ring of people, each with four others, at random times; one in ten is answered after an hour."""
    random = np.random.default_rng(seed)
    source = random.integers(people, size=contacts)
    target = (source + random.choice([-2, -1, 1, 2], contacts)) % people
    time = random.uniform(0, days * DAY, contacts)
    answered = random.random(contacts) < 0.1
    rows = {"source": np.append(source, target[answered]), "target": np.append(target, source[answered])}
    return read(pd.DataFrame(rows | {"time": np.floor(np.append(time, time[answered] + 3_600))}))


def test_shuffled_times_keep_who_writes_to_whom_and_all_times() -> None:
    log = random_log()
    made = shuffled.shuffled_times(log, 1)

    def ways(of: Log) -> Counter[int]:
        """How many directions have each number of contacts; people can have other numbers."""
        return Counter(Counter(zip(of.source.tolist(), of.target.tolist(), strict=True)).values())

    assert ways(made) == ways(log)
    assert sorted(made.time) == sorted(log.since_start)
    before, after = values(log), values(made)
    for name in ("clustering", "degree_q90", "contacts_per_pair_mean", "both_directions"):
        assert after[name] == pytest.approx(before[name]), name
    assert after["burstiness_pair"] == pytest.approx(0.0, abs=0.05)


def test_constant_rates_are_counts_over_time() -> None:
    """Counts of a direction are Poisson around those of the log, and times even."""
    log = log_of([0] * 400 + [1] * 100, [1] * 400 + [0] * 100, np.linspace(0, 50, 500).tolist())
    made = [shuffled.constant_rates(log, seed) for seed in range(40)]
    busy = int(np.flatnonzero(log.names == 0)[0])  # the number by which a rival knows this person
    counts = np.array([(one.names[one.source] == busy).sum() for one in made])
    assert counts.mean() == pytest.approx(400, abs=4 * 20 / math.sqrt(40))
    assert 10 < counts.std() < 30
    assert np.concatenate([one.since_start for one in made]).mean() == pytest.approx(25 * DAY, rel=0.02)


def pairs_with(found: hawkes.Excitation, pairs: int, days: float, rate: float, seed: int = 1) -> Log:
    """A log of separate pairs that a self-exciting process with these numbers made."""
    ways = np.arange(2 * pairs)
    random = np.random.default_rng(seed)
    way, time = hawkes.simulated(found, ways, np.full(2 * pairs, rate * days), days, random)
    pair, forward = way >> 1, way % 2
    return read(pd.DataFrame({"source": 2 * pair + forward, "target": 2 * pair + 1 - forward, "time": time * DAY}))


def test_the_fit_finds_the_numbers_of_a_self_exciting_process() -> None:
    true = hawkes.Excitation(1.0, np.array([0.3]), np.array([0.2]), np.array([4.0]))
    log = pairs_with(true, pairs=60, days=200.0, rate=0.25)
    found = hawkes.fitted(log, 1)
    assert found.same[0] == pytest.approx(0.3, abs=0.05)
    assert found.other[0] == pytest.approx(0.2, abs=0.05)
    assert found.decay[0] == pytest.approx(4.0, rel=0.2)
    assert found.base == pytest.approx(0.5, abs=0.06)  # of all contacts, the share that none brought


def test_contacts_that_none_brought_are_told_from_brought_ones() -> None:
    """Without excitation, the fit finds none; and the likelihood is that of a Poisson process."""
    none = hawkes.Excitation(1.0, np.zeros(1), np.zeros(1), np.ones(1))
    log = pairs_with(none, pairs=50, days=100.0, rate=0.5)
    found = hawkes.fitted(log, 1)
    assert found.same[0] + found.other[0] < 0.03
    events = log.by_pair
    ways = events.pair * 2 + events.forward
    rate = np.bincount(ways)[ways] / events.days
    direct = float(np.log(rate).sum() - len(events))
    assert hawkes._log_likelihood(events.pair, events.time, events.forward, rate, events.days, *none) == pytest.approx(
        direct
    )


def test_the_likelihood_is_that_of_its_definition() -> None:
    """Computed again without recursion, for one pair with three contacts and two time scales."""
    one = hawkes.Excitation(0.5, np.array([0.1, 0.2]), np.array([0.3, 0.05]), np.array([2.0, 0.1]))
    time, forward = np.array([0.0, 1.5, 4.0]), np.array([True, False, False])
    rate, days = np.array([0.2, 0.4, 0.4]), 5.0
    total = -0.5 * 3.0
    for k in range(3):
        found = 0.5 * rate[k]
        for earlier in range(k):
            brings = one.same if forward[earlier] == forward[k] else one.other
            found += float((brings * one.decay * np.exp(-one.decay * (time[k] - time[earlier]))).sum())
        total += math.log(found)
        total -= float(((one.same + one.other) * (1 - np.exp(-one.decay * (days - time[k])))).sum())
    computed = hawkes._log_likelihood(np.zeros(3, int), time, forward, rate, days, *one)
    assert computed == pytest.approx(total)


def test_strength_decays_and_grows_by_one_with_each_contact() -> None:
    found = tie_decay.strengths(np.array([0, 0, 0, 1]), np.array([0.0, 1.0, 3.0, 9.0]), 0.5)
    second = math.exp(-0.5)
    assert found == pytest.approx([0.0, second, (second + 1) * math.exp(-1.0), 0.0])


def test_the_fit_finds_decay_and_rate_of_ties() -> None:
    """First contacts at random times bring others at the rate 0.04 a day in each direction, with decay 0.1 a day."""
    random = np.random.default_rng(2)
    brings = np.array([0.4])
    excitation = hawkes.Excitation(0.0, brings, brings, np.array([0.1]))
    way, time = hawkes.brought(excitation, 2 * np.arange(1_500), random.uniform(0, 300, 1_500), 400.0, random)
    pair, forward = way >> 1, way % 2
    log = read(pd.DataFrame({"source": 2 * pair + forward, "target": 2 * pair + 1 - forward, "time": time * DAY}))
    decay, rate = tie_decay.fitted(log.by_pair)
    assert decay == pytest.approx(0.1, rel=0.1)
    assert rate == pytest.approx(0.04, rel=0.1)


def test_a_friendship_begins_only_below_the_limit_and_ends_on_both_sides() -> None:
    friends, count, most = np.zeros((4, 2), np.int64), np.zeros(4, np.int64), np.array([2, 2, 1, 1])
    assert jin._meet(friends, count, most, 0, 1)
    assert jin._meet(friends, count, most, 0, 2)
    assert not jin._meet(friends, count, most, 0, 3)  # 0 has two already
    assert not jin._meet(friends, count, most, 1, 2)  # 2 has one
    assert jin._meet(friends, count, most, 1, 0)  # they are friends
    assert count.tolist() == [2, 1, 1, 0]
    jin._part(friends, count, 0, 1)
    assert count.tolist() == [1, 0, 1, 0]
    assert friends[0, 0] == 2
    assert jin._meet(friends, count, most, 0, 3)


def test_a_growing_network_closes_triangles() -> None:
    """Friends of friends become friends, so clustering is far above that of a random network as dense (Jin 2001)."""
    size = growing.Size(250, steps=200, density=5.0, shown=0.2)
    met = jin.meetings(size, np.random.default_rng(1))
    log = made_log(random_log(), met.one, met.other, met.step * float(DAY))
    found = values(log)
    assert found["clustering"] > 5 * found["degree_q50"] / 250


def test_a_tie_that_is_used_becomes_heavier_and_ends_with_the_person() -> None:
    ties, weights = np.zeros((3, 3), np.int64), np.zeros((3, 3))
    count, total = np.zeros(3, np.int64), np.zeros(3)
    for one, other in ((0, 1), (1, 0), (1, 2)):
        assert kumpula._use(ties, weights, count, total, one, other)
    assert total.tolist() == [1 + kumpula.REINFORCED, 2 + kumpula.REINFORCED, 1.0]
    kumpula._leave(ties, weights, count, total, 1)
    assert (count.tolist(), total.tolist()) == ([0, 0, 0], [0.0, 0.0, 0.0])


def test_heavier_ties_are_chosen_more_often() -> None:
    random = np.random.default_rng(3)
    weights = np.array([1.0, 3.0, 6.0])
    drawn = [kumpula._drawn(weights, 3, 10.0, -1, random) for _ in range(4_000)]
    assert np.bincount(drawn) / 4_000 == pytest.approx([0.1, 0.3, 0.6], abs=0.04)
    drawn = [kumpula._drawn(weights, 3, 10.0, 2, random) for _ in range(4_000)]
    assert np.bincount(drawn) / 4_000 == pytest.approx([0.25, 0.75], abs=0.04)


@pytest.mark.parametrize("make", [jin.jin_girvan_newman, kumpula.kumpula])
def test_what_grows_is_fitted_to_contacts_and_degree(make: object) -> None:
    log = random_log()
    contacts, degree, _ = growing.of_log(log)
    found = growing.of_log(make(log, 1))  # type: ignore[operator]
    assert found[0] == pytest.approx(contacts, rel=0.35)
    assert found[1] == pytest.approx(degree, rel=0.5)


def test_every_statistic_has_a_group() -> None:
    groups = Counter(map(judging.group_of, STATISTICS))
    assert groups.keys() == judging.GROUPS.keys()
    assert judging.group_of("signature_top3") == "counts"
    assert judging.group_of("signature_distance_own") == "change"


@pytest.mark.parametrize("name", judging.RIVALS)
def test_a_rival_is_the_same_with_the_same_seed(name: str) -> None:
    log = random_log(people=20, contacts=400)
    one, again, other = (judging.RIVALS[name].make(log, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.time, again.time)
    assert np.array_equal(one.source, again.source)
    assert len(one) != len(other) or not np.array_equal(one.source, other.source)


def test_a_network_is_not_grown_for_a_log_of_some_people() -> None:
    log = random_log()
    cut = replace(log, observed=np.arange(log.people) < 3)
    made = judging.made("growing network", cut, 1)
    assert made.features is None
    assert "everybody is observed" in made.refused
    with pytest.raises(LogError):
        kumpula.kumpula(cut, 1)
    assert judging.made("shuffled times", cut, 1).features is not None


def test_the_comparison_counts_by_group_and_marks_copies() -> None:
    """A rival that returns the real log meets everything; the model's own row is that of its table."""
    log = random_log(people=60, contacts=3_000)
    real, features = statistics(log, resamples=10), features_of(log)
    model = table(real, [{name: value * 2 for name, value in values(log).items()}], fitted=["within_10m"])
    copy = judging.Made(values(log), features)
    found = judging.comparison(
        real,
        features,
        judging.JudgedLog(model, features),
        {"shuffled times": copy, "tie decay": judging.Made({}, None, "No.")},
    )
    assert list(found.index) == ["statistics", judging.MODEL, "shuffled times"]
    tested, copied = found.loc["statistics"], found.loc["shuffled times"]
    columns = [*judging.GROUPS, "first", "all", "not_copied", "neither"]
    assert (tested[columns] == copied[columns]).all()
    assert tested["all"] == len(model) == sum(tested[group] for group in judging.GROUPS)
    assert found.loc[judging.MODEL, "all"] == model["met"].sum() < tested["all"] / 2
    assert tested["neither"] == tested["not_copied"] - 1  # the one that the model was fitted to
    lines = judging.in_lines(found, {"tie decay": judging.Made({}, None, "No.")})
    row = next(line for line in lines if line.startswith("| shuffled times"))
    assert f"| {copied['counts']}* |" in row
    assert "Left out: tie decay. No." in lines
