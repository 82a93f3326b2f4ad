"""Statistics and facts of contact logs, counted again in plain loops; many silences are of just 7 or 30 days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, entropy, pearsonr, spearmanr

from experiments.logs import facts_of_networks
from experiments.logs.contact_log import curves, values
from experiments.logs.facts_of_pairs import layer_ratio
from experiments.logs.log import Log, of_run, read
from experiments.logs.published import facts

DAY = 86_400
# Days between the contacts of a pair, at, below and above all that statistics tell apart; exact as binary fractions.
GAPS = (0.5, 1, 1.5, 6.5, 7, 7.5, 8, 29, 29.5, 30, 30.5, 36.5, 37, 37.5, 59.5, 60, 90, 119.5, 120, 150)


class Contact(NamedTuple):
    """An event in the history of a pair: its time in days, and whether the first of the two made it."""

    day: float
    forward: bool


def made_up(seed: int, pairs: int = 60) -> pd.DataFrame:
    """A log of pairs among forty people, with gaps of GAPS, of which some follow each other at once."""
    random = np.random.default_rng(seed)
    ends = {tuple(sorted(random.choice(40, 2, replace=False))) for _ in range(pairs)}
    rows = []
    for one, other in sorted(ends):
        day = float(random.integers(0, 200)) / 2
        quick = random.random() < 0.5
        for _ in range(random.choice((1, 2, 3, 5, 10, 20, 40))):
            source, target = (one, other) if random.random() < 0.5 else (other, one)
            rows.append((source, target, day * DAY))
            day += random.choice(GAPS[:7] if quick and random.random() < 0.8 else GAPS)
    frame = pd.DataFrame(rows, columns=["source", "target", "time"])
    return frame[frame["time"] <= 600 * DAY]


def histories(log: Log) -> dict[tuple[int, int], list[Contact]]:
    """The contacts of each pair of people in order of time."""
    found: dict[tuple[int, int], list[Contact]] = defaultdict(list)
    for source, target, time in zip(log.source.tolist(), log.target.tolist(), log.time.tolist(), strict=True):
        found[min(source, target), max(source, target)].append(
            Contact((time - log.time[0]) / DAY, bool(source < target))
        )
    return {pair: sorted(of, key=lambda one: one.day) for pair, of in found.items()}


class Known(NamedTuple):
    """What is known of a contact: its place in the history, the silence before it and what comes after it."""

    before: list[Contact]
    this: Contact
    after: list[Contact]

    @property
    def silence(self) -> float:
        return self.this.day - self.before[-1].day if self.before else np.nan

    @property
    def following(self) -> float:
        return self.after[0].day - self.this.day if self.after else np.inf

    @property
    def answer(self) -> float:
        return min((one.day - self.this.day for one in self.after if one.forward != self.this.forward), default=np.inf)

    @property
    def returns(self) -> bool:
        return bool(self.before) and self.before[-1].forward == self.this.forward

    def both(self, *, itself: bool) -> bool:
        return len({one.forward for one in (*self.before, *([self.this] if itself else []))}) == 2


def contacts(log: Log) -> Iterator[Known]:
    for of in histories(log).values():
        for at, this in enumerate(of):
            yield Known(of[:at], this, of[at + 1 :])


def share(flags: list[bool]) -> float:
    return sum(flags) / len(flags) if flags else np.nan


@pytest.fixture(scope="module", params=range(4))
def log(request: pytest.FixtureRequest) -> Log:
    return read(made_up(request.param))


@pytest.fixture(scope="module")
def found(log: Log) -> dict[str, float]:
    return values(log)


def same(found: dict[str, float], expected: dict[str, float]) -> None:
    assert {name: found[name] for name in expected} == pytest.approx(expected, nan_ok=True)


# Events --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [1, 30, 200])
def test_a_log_before_a_day_has_what_came_earlier_and_its_people_alone(log: Log, day: int) -> None:
    earlier = log.before(day)
    rows = [
        (log.names[source], log.names[target], time)
        for source, target, time in zip(log.source, log.target, log.since_start, strict=True)
        if time < day * DAY
    ]
    there = earlier.frame()
    named = list(zip(log.names[there["source"]], log.names[there["target"]], there["time"], strict=True))
    assert named == rows
    assert set(earlier.names) == {name for *ends, _ in rows for name in ends}
    assert earlier.people == len(earlier.names)


def test_a_log_of_one_event_has_no_gap() -> None:
    assert read(pd.DataFrame({"source": ["a"], "target": ["b"], "time": [5]})).longest_gap == (0, 0)


def test_the_log_of_a_run_has_its_senders_and_receivers() -> None:
    run = pd.DataFrame(
        {"source": [7, 3, 3], "target": [3, 9, 7], "time": [0, 1, 2], "kind": "message", "channel": "private"}
    )
    log = of_run(run)
    named = list(zip(log.names[log.source], log.names[log.target], strict=True))
    assert named == [(7, 3), (3, 9), (3, 7)]


# Pairs ---------------------------------------------------------------------------------------------------------------


def test_each_event_of_a_pair(log: Log) -> None:
    events = log.by_pair
    pairs = histories(log)
    assert list(zip(events.low.tolist(), events.high.tolist(), strict=True)) == sorted(pairs)
    known = [one for pair in sorted(pairs) for one in contacts_of(pairs[pair])]
    assert events.time.tolist() == [one.this.day for one in known]
    assert events.before.tolist() == [len(one.before) for one in known]
    assert events.silence.tolist() == pytest.approx([one.silence for one in known], nan_ok=True)
    assert events.following.tolist() == [one.following for one in known]
    assert events.seen.tolist() == [min(one.following, log.days - one.this.day) for one in known]
    assert events.answer.tolist() == [one.answer for one in known]
    assert events.returns.tolist() == [one.returns for one in known]
    assert events.mutual_before.tolist() == [one.both(itself=False) for one in known]
    assert events.mutual.tolist() == [one.both(itself=True) for one in known]
    weeks = [len({one.day // 7 for one in (*known_.before, known_.this)}) for known_ in known]
    assert events.weeks.tolist() == weeks
    assert events.both.tolist() == [len({one.forward for one in pairs[pair]}) == 2 for pair in sorted(pairs)]


def contacts_of(history: list[Contact]) -> list[Known]:
    return [Known(history[:at], this, history[at + 1 :]) for at, this in enumerate(history)]


@pytest.mark.parametrize("seed", range(5))
def test_two_gestures_at_one_time_go_in_turn(seed: int) -> None:
    """First goes who was alone at the pair's latest other time, or else at its first; then they alternate."""
    random = np.random.default_rng(seed)
    rows = []
    for pair in range(12):
        for day in np.sort(random.choice(40, random.integers(1, 8), replace=False)):
            way = int(random.integers(0, 3))  # there, back, or both
            rows += [(2 * pair, 2 * pair + 1, day)] * (way != 1) + [(2 * pair + 1, 2 * pair, day)] * (way != 0)
    frame = pd.DataFrame(rows, columns=["source", "target", "time"]).sample(frac=1, random_state=seed)
    events = read(frame.assign(time=frame["time"] * DAY)).by_pair
    for pair in range(events.pairs):
        mine = events.pair == pair
        days, forward = events.time[mine].tolist(), events.forward[mine].tolist()
        often = Counter(days)
        alone = [(day, ahead) for day, ahead in zip(days, forward, strict=True) if often[day] == 1]
        for day in (day for day, count in often.items() if count == 2):
            earlier, later = ([one for one in alone if (one[0] < day) == is_earlier] for is_earlier in (True, False))
            speaker = earlier[-1][1] if earlier else later[0][1] if later else True
            at = days.index(day)
            assert forward[at] == (speaker if at // 2 % 2 == 0 else not speaker), (pair, day)
            assert forward[at + 1] != forward[at]


# Answers and silences ------------------------------------------------------------------------------------------------


def test_answers_to_first_gestures(log: Log, found: dict[str, float]) -> None:
    margin = min(30, log.days / 10)
    firsts = [one for one in contacts(log) if not one.before and margin <= one.this.day <= log.days - 30]
    assert len(firsts) > 5
    same(found, {f"first_answered_{days}d": share([one.answer <= days for one in firsts]) for days in (1, 7, 30)})
    hours = [24 * one.answer for one in firsts if one.answer <= 30]
    same(found, {f"answer_delay_hours_q{q}": float(np.percentile(hours, q)) for q in (10, 25, 50, 75, 90)})


def test_the_curve_of_answers_goes_up_with_each(log: Log) -> None:
    margin = min(30, log.days / 10)
    firsts = [one for one in contacts(log) if not one.before and margin <= one.this.day <= log.days - 30]
    hours, shares = curves(log).answered
    expected = sorted(24 * one.answer for one in firsts if one.answer <= 30)
    assert hours.tolist() == expected
    assert shares.tolist() == pytest.approx([(k + 1) / len(firsts) for k in range(len(expected))])


def test_an_answer_after_thirty_days_is_on_the_curve_of_a_single_gesture() -> None:
    rows = [("x", "y", 0), ("a", "b", 40), ("b", "a", 70), ("x", "y", 100)]
    frame = pd.DataFrame(rows, columns=["source", "target", "time"])
    hours, shares = curves(read(frame.assign(time=frame["time"] * DAY))).answered
    assert (hours.tolist(), shares.tolist()) == ([720.0], [1.0])


def test_answers_and_returns_by_silence(log: Log, found: dict[str, float]) -> None:
    later = [one for one in contacts(log) if one.before and one.this.day <= log.days - 7]
    edges = {"1h_1d": (1 / 24, 1), "1_7d": (1, 7), "7_30d": (7, 30), "gt_30d": (30, np.inf)}
    for name, (low, high) in edges.items():
        answered = [one.answer <= 7 for one in later if low <= one.silence < high]
        assert len(answered) > 5
        same(found, {f"answered_7d_{name}": share(answered)})
    silent = [one for one in contacts(log) if one.silence > 30]
    early = [one for one in silent if one.this.day <= log.days - 30]
    expected = {
        "last_sender_returns": share([one.returns for one in silent]),
        "last_sender_returns_1_7d": share([one.returns for one in contacts(log) if 1 < one.silence <= 7]),
        "isolated": share([one.following > 30 for one in early]),
    }
    same(found, expected)
    late = min(120, 0.4 * log.days)
    opening = [one for one in contacts(log) if one.this.day >= late and not one.silence <= 1]
    kinds = {"new": (np.nan, np.nan), "1_7d": (1, 7), "7_30d": (7, 30), "gt_30d": (30, np.inf)}
    for name, (low, high) in kinds.items():
        flags = [not one.before if name == "new" else low < one.silence <= high for one in opening]
        same(found, {f"session_mix_{name}": share(flags)})


def test_contacts_per_day_of_silence(log: Log, found: dict[str, float]) -> None:
    edges = (1, 3, 7, 14, 30, 60, 90, 180, 365)
    margin = min(30, log.days / 10)
    for low, high in pairwise(edges):
        seen = [(min(one.following, log.days - one.this.day), one.following) for one in contacts(log)]
        ended = sum(low < days and following <= high for days, following in seen)
        exposure = sum(min(days, high) - low for days, _ in seen if days > low)
        rate = ended / exposure if exposure and low <= log.days - margin else np.nan
        same(found, {f"hazard_per_day_{low}_{high}": rate})


def kaplan_meier(silences: list[tuple[float, bool]], days: float) -> float:
    """The share that is back by a day after the thirtieth, of silences by their end and whether a contact ended it."""
    survived = 1.0
    for end in sorted({end for end, ended in silences if ended and end - 30 <= days}):
        at_risk = sum(other >= end for other, _ in silences)
        survived *= 1 - sum(ended for other, ended in silences if other == end) / at_risk
    return 1 - survived


def test_silent_pairs_come_back(log: Log, found: dict[str, float]) -> None:
    seen = [(one, min(one.following, log.days - one.this.day)) for one in contacts(log)]
    silent = [(one, days) for one, days in seen if days > 30]
    groups = {
        "": silent,
        "_established": [(one, days) for one, days in silent if len(one.before) >= 9 and one.both(itself=True)],
        "_one_contact": [(one, days) for one, days in silent if not one.before],
    }
    for whom, of in groups.items():
        assert len(of) > 5
        for horizon in (90,) if whom == "_one_contact" else (30, 90, 180):
            ends = [(days, bool(np.isfinite(one.following))) for one, days in of]
            expected = kaplan_meier(ends, horizon)
            same(found, {f"reactivated_{horizon}d{whom}": expected})


def test_contact_after_an_answered_return() -> None:
    """Of many pairs, so that strata have gestures of both kinds."""
    log = read(made_up(9, pairs=400))
    strata: dict[tuple[int, bool, int], dict[bool, list[bool]]] = defaultdict(lambda: {True: [], False: []})
    for one in contacts(log):
        if one.silence > 30 and one.this.day <= log.days - 37:
            history = sum(len(one.before) >= least for least in (2, 4, 8, 16, 32))
            silence = sum(one.silence >= least for least in (60, 120))
            followed = any(7 < other.day - one.this.day <= 37 for other in one.after)
            strata[history, one.both(itself=False), silence][one.answer <= 7].append(followed)
    shared = [of for of in strata.values() if of[True] and of[False]]
    assert len(shared) > 20
    answered = sum(sum(of[True]) for of in shared)
    expected = sum(len(of[True]) * share(of[False]) for of in shared)
    same(values(log), {"after_answered_return": answered / expected})


# People --------------------------------------------------------------------------------------------------------------


def writing(egos: dict[str, list[list[int]]]) -> Log:
    """A log of the numbers of messages to each alter of each ego, in the first half of all events and in the second."""
    rows = []
    for half in (0, 1):
        sends = [
            (ego, f"{ego} {alter}") for ego, of in egos.items() for alter, n in enumerate(of[half]) for _ in range(n)
        ]
        rows += [(ego, alter, half * 100 + k / len(sends)) for k, (ego, alter) in enumerate(sends)]
    total = [sum(sum(of[half]) for of in egos.values()) for half in (0, 1)]
    assert abs(total[0] - total[1]) <= 1, "so that the median time is between the halves"
    frame = pd.DataFrame(rows, columns=["source", "target", "time"])
    return read(frame.assign(time=(frame["time"] * DAY).round(3)))


def test_shares_of_alters_are_those_of_egos_with_enough() -> None:
    """At least 20 alters and 50 sends; those just below have other shares, and do not count."""
    enough = [31, *[1] * 19], [12, 6, 5, 4, 3, *[2] * 5, *[1] * 20]
    below = [32, *[1] * 18], [30, *[1] * 19]  # 19 alters; 49 sends
    egos = {f"ego {k}": [of, []] for k, of in enumerate((*enough, *below))}
    rest = sum(sum(of[0]) for of in egos.values())
    found = values(writing({**egos, "other": [[], [rest]]}))
    shares = [np.array(of) / sum(of) for of in enough]
    for rank in (1, 2, 3, 5, 10, 20):
        assert found[f"signature_{rank}"] == pytest.approx(np.mean([of[rank - 1] for of in shares]))
    for top in (3, 5):
        assert found[f"signature_top{top}"] == pytest.approx(np.mean([of[:top].sum() for of in shares]))


def test_turnover_is_between_the_halves_of_egos_with_ten_alters_in_both() -> None:
    random = np.random.default_rng(4)
    egos: dict[str, list[list[int]]] = {}
    for ego, known in enumerate(((10, 10), (10, 9), (9, 10), (30, 25), (25, 30), (12, 22))):
        of = [np.zeros(40, int), np.zeros(40, int)]
        for half, many in enumerate(known):
            of[half][random.choice(40, many, replace=False)] = random.permutation(np.arange(1, many + 1))
        egos[f"ego {ego}"] = [of[0].tolist(), of[1].tolist()]
    sums = [sum(sum(of[half]) for of in egos.values()) for half in (0, 1)]
    egos["other"] = [[max(sums) - sums[0] + 1], [max(sums) - sums[1] + 2]]  # the median is an event of the second half
    found = values(writing(egos))
    expected: dict[str, list[float]] = defaultdict(list)
    for first, second in (of for of in egos.values() if all(np.count_nonzero(half) >= 10 for half in of)):
        tops = {
            most: [{int(k) for k in np.argsort(half)[::-1][:most] if half[k]} for half in (first, second)]
            for most in (1, 5, 20)
        }
        for most in (5, 20):
            early, late = tops[most]
            expected[f"turnover_top{most}"].append(len(early & late) / len(early | late))
        expected["turnover_first_stays"].append(float(tops[1][0] <= tops[5][1]))
        ranked = [np.sort(np.array(half) / sum(half))[::-1] for half in (first, second)]
        mixed = (ranked[0] + ranked[1]) / 2
        expected["signature_distance_own"].append(entropy(mixed) - (entropy(ranked[0]) + entropy(ranked[1])) / 2)
    assert len(expected["turnover_top5"]) == 4
    same(found, {name: float(np.mean(of)) for name, of in expected.items()})


@pytest.mark.parametrize("many", [24, 60])
def test_a_signature_is_compared_with_those_of_the_next_fifty_egos(many: int) -> None:
    """Each ego needs ten alters and 50 sends in both halves; shares go by rank, even if the alters are others."""
    random = np.random.default_rng(many)
    egos: dict[str, list[list[int]]] = {}
    for ego in range(many):
        of = [np.zeros(30, int), np.zeros(30, int)]
        taste = random.uniform(0.2, 1.1)
        for half in of:
            known = int(random.integers(10, 25))
            half[random.choice(30, known, replace=False)] = (
                1 + np.arange(known) + (np.arange(known) ** taste).astype(int)
            )
        egos[f"ego {ego:02}"] = [of[0].tolist(), of[1].tolist()]
    egos["too few"] = [[40, *[1] * 9], [5] * 10]  # 49 sends in the first half
    egos["nine"] = [[5] * 10, [40, 20, *[1] * 7]]
    sums = [sum(sum(of[half]) for of in egos.values()) for half in (0, 1)]
    egos["other"] = [[max(sums) - sums[0] + 1], [max(sums) - sums[1] + 2]]
    log = writing(egos)
    order = [name for name in log.names.tolist() if name in egos and name not in ("too few", "nine", "other")]
    ranked = {name: [np.sort(np.array(half) / sum(half))[::-1] for half in egos[name]] for name in order}

    def apart(one: str, other: str) -> float:
        first, second = ranked[one][0], ranked[other][1]
        return entropy((first + second) / 2) - (entropy(first) + entropy(second)) / 2

    closer = []
    for k, name in enumerate(order):
        others = [order[(k + step) % many] for step in range(1, min(many, 51))]
        closer.append(apart(name, name) < np.median([apart(name, other) for other in others]))
    turnover = []
    for name in order:
        early, late = ({int(k) for k in np.argsort(half)[::-1][:20] if half[k]} for half in egos[name])
        turnover.append(1 - len(early & late) / len(early | late))
    table = facts(log).set_index("fact")
    expected = {"B1_signature_own_below_others": np.mean(closer), "B1_alter_turnover": np.mean(turnover)}
    for name, value in expected.items():
        assert table.loc[name, ["value", "count"]].to_list() == [pytest.approx(value), many], name


# Published facts -----------------------------------------------------------------------------------------------------

LUCK = np.random.default_rng(6)
TIES = [(one, other) for one in range(40) for other in range(one) if LUCK.random() < (one + other) / 80]


@pytest.fixture(scope="module")
def large() -> Log:
    """A log in which each of forty people has many pairs."""
    return read(made_up(11, pairs=1_500))


@pytest.fixture(scope="module")
def known(large: Log) -> dict[str, tuple[float, int]]:
    table = facts(large, ties=np.array(TIES)).set_index("fact")
    return dict(zip(table.index, zip(table["value"], table["count"], strict=True), strict=True))


def agree(known: dict[str, tuple[float, int]], name: str, value: float, count: int) -> None:
    assert count >= 20, name
    assert known[name] == (pytest.approx(value), count), name


def test_pairs_of_a_month_and_of_the_next(large: Log, known: dict[str, tuple[float, int]]) -> None:
    months = int(large.days // 30)
    flags: dict[bool, list[bool]] = {True: [], False: []}
    for history in histories(large).values():
        active: dict[int, set[bool]] = defaultdict(set)
        for one in history:
            if one.day < 30 * months:
                active[int(one.day // 30)].add(one.forward)
        for month, ways in active.items():
            if month < months - 1:
                flags[len(ways) == 2].append(month + 1 in active)
    both = flags[True] + flags[False]
    agree(known, "B4_next_month", share(both), len(both))
    fewest = min(map(len, flags.values()))
    agree(known, "B4_reciprocated_outlive", share(flags[True]) / share(flags[False]), fewest)


def test_how_mutual_contact_is(large: Log, known: dict[str, tuple[float, int]]) -> None:
    pairs = [[one.forward for one in of] for of in histories(large).values()]
    ordered = sum(len(set(of)) for of in pairs)
    agree(known, "B6_reciprocated", sum(2 for of in pairs if len(set(of)) == 2) / ordered, ordered)
    more = []
    for of in (of for of in pairs if len(of) >= 10):
        ways = np.arange(len(of) + 1)
        fair = (np.maximum(ways, len(of) - ways) * binom.pmf(ways, len(of), 0.5)).sum() / len(of)
        more.append(max(sum(of), len(of) - sum(of)) / len(of) - fair)
    agree(known, "B6_lopsided", float(np.mean(more)), len(more))


def test_answers_in_pairs_of_five_contacts_each_way(large: Log, known: dict[str, tuple[float, int]]) -> None:
    got: dict[int, list[float]] = defaultdict(list)
    for target, time in zip(large.target.tolist(), large.since_start.tolist(), strict=True):
        got[target].append(time / DAY)
    hours, load, answered, delays, before = [], [], [], [], []
    for (low, high), history in histories(large).items():
        ways = [one.forward for one in history]
        if min(sum(ways), len(ways) - sum(ways)) < 5:
            continue
        for one in contacts_of(history):
            if one.this.day > large.days - 7:
                continue
            if one.answer <= 7 and one.after[0].forward != one.this.forward:
                hours.append(24 * one.answer)
            if not one.silence <= 1:
                receiver = high if one.this.forward else low
                load.append(sum(one.this.day - 1 < day <= one.this.day for day in got[receiver]))
                answered.append(one.answer <= 7)
                if one.answer <= 7:
                    delays.append(one.answer)
                    before.append(len(one.before))
    agree(known, "B10_median_delay", float(np.median(hours)), len(hours))
    agree(known, "B10_within_a_day", share([one <= 24 for one in hours]), len(hours))
    agree(known, "B10_load", spearmanr(load, answered).statistic, len(load))
    agree(known, "B10_closeness", spearmanr(delays, before).statistic, len(delays))


def test_ties_that_open_and_close(large: Log, known: dict[str, tuple[float, int]]) -> None:
    months = int(large.days // 30)
    edge = int(np.ceil(months / 4))
    opened, closed = np.zeros((2, large.people, months), int)
    for pair, history in histories(large).items():
        if len(history) < 3:
            continue
        patience = max(8 * (history[-1].day - history[0].day) / (len(history) - 1), 30)
        for one in contacts_of(history):
            month = int(one.this.day // 30)
            if month < months:
                opened[list(pair), month] += not one.silence <= patience
                closed[list(pair), month] += min(one.following, large.days - one.this.day) > patience
    stock = (opened.cumsum(axis=1) - closed.cumsum(axis=1))[:, edge : months - edge]
    opened, closed = opened[:, edge : months - edge], closed[:, edge : months - edge]
    there = [k for k in range(large.people) if stock[k].any() or opened[k].any() or closed[k].any()]
    moves = opened[there].ravel(), closed[there].ravel()
    agree(known, "B11_openings_follow_closings", spearmanr(*moves).statistic, len(moves[0]))
    steadiness = []
    for k in there:
        flow = opened[k] + closed[k]
        if stock[k].mean() >= 5 and flow.any():
            steadiness.append((stock[k].std() / stock[k].mean()) / (flow.std() / flow.mean()))
    agree(known, "B11_steady_stock", float(np.median(steadiness)), len(steadiness))


def test_whom_people_write_to(large: Log, known: dict[str, tuple[float, int]]) -> None:
    sends = Counter(zip(large.source.tolist(), large.target.tolist(), strict=True))
    tops: dict[int, list[float]] = {1: [], 3: []}
    for ego in range(large.people):
        mine = sorted((n for (source, _), n in sends.items() if source == ego), reverse=True)
        if sum(mine) >= 50 and len(mine) >= 20:
            for most, of in tops.items():
                of.append(sum(mine[:most]) / sum(mine))
    agree(known, "B1_top_alter", float(np.mean(tops[1])), len(tops[1]))
    agree(known, "B1_top_three", float(np.mean(tops[3])), len(tops[3]))
    contacts_of_pairs = {pair: len(of) for pair, of in histories(large).items()}
    spread = []
    for ego in range(large.people):
        numbers = [n for pair, n in contacts_of_pairs.items() if ego in pair]
        if len(numbers) >= 10:
            spread.append(bool(np.var(numbers, ddof=1) > np.mean(numbers)))
    agree(known, "B2_egos_overdispersed", share(spread), len(spread))


def test_layers_are_of_contacts_in_the_last_year() -> None:
    rows = made_up(11, pairs=1_500)
    log = read(rows[rows["time"] <= 370 * DAY])
    recent = {pair: sum(one.day > log.days - 365 for one in of) for pair, of in histories(log).items()}
    ratios = []
    for ego in range(log.people):
        year = [n for pair, n in recent.items() if ego in pair]
        if sum(n > 0 for n in year) >= 20:
            ratios.append(layer_ratio(np.array([n for n in year if n])))
    row = facts(log).set_index("fact").loc["B8_layer_ratio"]
    assert len(ratios) >= 20
    assert row[["value", "count"]].to_list() == [pytest.approx(np.median(ratios)), len(ratios)]


def test_friends_in_contact_in_the_last_month(large: Log, known: dict[str, tuple[float, int]]) -> None:
    names = large.names.astype(int)
    wrote = {
        (int(names[source]), int(names[target]))
        for source, target, time in zip(large.source, large.target, large.time, strict=True)
        if time > large.time[-1] - 30 * DAY
    }
    friends = {one: [sum(tie) - one for tie in TIES if one in tie] for one in range(40)}
    one_way = {one: share([(one, other) in wrote for other in of]) for one, of in friends.items() if of}
    two_way = {one: share([{(one, other), (other, one)} <= wrote for other in of]) for one, of in friends.items() if of}
    agree(known, "B5_one_way", float(np.mean(list(one_way.values()))), len(one_way))
    agree(known, "B5_two_way", float(np.mean(list(two_way.values()))), len(two_way))
    long = [one for one in two_way if len(friends[one]) >= 10]
    falls = spearmanr([len(friends[one]) for one in long], [two_way[one] for one in long]).statistic
    agree(known, "B5_falls_with_list", falls, len(long))


def test_who_knows_whom() -> None:
    log = read(made_up(12, pairs=90))
    table = facts(log).set_index("fact")
    known = dict(zip(table.index, zip(table["value"], table["count"], strict=True), strict=True))
    pairs = histories(log)

    def friends_in(kept: list[tuple[int, int]]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for one, other in kept:
            found[one].add(other)
            found[other].add(one)
        return found

    friends = friends_in(list(pairs))
    clustering = {
        one: sum(b in friends[a] for a in of for b in of if a < b) / (len(of) * (len(of) - 1) / 2)
        for one, of in friends.items() if len(of) >= 2
    }  # fmt: skip
    falls = spearmanr([len(friends[one]) for one in clustering], list(clustering.values())).statistic
    agree(known, "B9_clustering_falls", falls, len(clustering))
    fewer = [len(of) < np.median([len(friends[other]) for other in of]) for of in friends.values()]
    agree(known, "B9_friend_paradox", float(np.mean(fewer)), len(fewer))
    ends = [(len(friends[a]), len(friends[b])) for one, other in pairs for a, b in ((one, other), (other, one))]
    agree(known, "B9_assortative", pearsonr(*np.array(ends).T).statistic, len(pairs))
    mutual = [pair for pair, of in pairs.items() if len({one.forward for one in of}) == 2]
    near = friends_in(mutual)
    common = {(one, other): len(near[one] & near[other]) for one, other in mutual}
    around = {pair: len(near[pair[0]] | near[pair[1]]) - 2 for pair in mutual}
    some = [pair for pair in mutual if around[pair]]
    rises = spearmanr([len(pairs[pair]) for pair in some], [common[pair] / around[pair] for pair in some]).statistic
    agree(known, "B3_overlap_rises_with_weight", rises, len(some))


def test_strong_pairs_removed_first_break_the_network_less_or_more() -> None:
    """Weights are all different, so that there is one order; a pair removed last was added first."""
    random = np.random.default_rng(5)
    pairs = sorted({tuple(sorted(random.choice(12, 2, replace=False).tolist())) for _ in range(20)})
    weights = random.permutation(len(pairs)) + 1
    weakest = [pairs[k] for k in np.argsort(weights)]

    def largest(kept: list[tuple[int, ...]]) -> int:
        groups = [{person} for person in range(12)]
        for one, other in kept:
            joined = next(group for group in groups if one in group) | next(group for group in groups if other in group)
            groups = [group for group in groups if not group & joined] + [joined]
        return max(map(len, groups))

    steps = range(1, len(pairs) + 1)
    strong_first, weak_first = (np.mean([largest(of[:k]) for k in steps]) for of in (weakest, weakest[::-1]))
    low, high = np.array(pairs).T
    found = facts_of_networks._fragility(low, high, weights, 12)
    assert found == pytest.approx((strong_first - weak_first) / largest(pairs))
