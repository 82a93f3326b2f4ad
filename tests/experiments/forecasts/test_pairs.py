"""What is said of the pairs of a log, against the log gone through contact by contact."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.forecasts.pairs import FEATURES, came_back, number_of_person, numbers_of_ties, silent_pairs
from experiments.logs.log import Log, read_in_file_order

DAY = 86_400
few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def made_up(seed: int, people: int = 7, contacts: int = 60, days: int = 200) -> pd.DataFrame:
    """Contacts on whole and half days, so that what is said of a limit matters."""
    random = np.random.default_rng(seed)
    ends = np.array([random.choice(people, 2, replace=False) for _ in range(contacts)])
    when = np.sort(random.choice(2 * days, contacts)) * (DAY // 2) + 1_000
    return pd.DataFrame({"source": ends[:, 0], "target": ends[:, 1], "time": when}).drop_duplicates(ignore_index=True)


def gone_through(log: pd.DataFrame, contacts: Log) -> list[tuple[int, int, float]]:
    """Who wrote to whom, by their numbers, and when, in days since the first contact."""
    number = {str(name): at for at, name in enumerate(contacts.names.tolist())}
    began = log["time"].min()
    rows = [(number[str(one.source)], number[str(one.target)], (one.time - began) / DAY) for one in log.itertuples()]
    return sorted(rows, key=lambda row: row[2])


def described(rows: list[tuple[int, int, float]], day: int) -> dict[tuple[int, int], dict[str, float]]:
    """All that is said of each pair on the morning of a day."""
    past = [row for row in rows if row[2] < day]
    pairs = sorted({(min(one, other), max(one, other)) for one, other, _ in past})
    friends = {person: {sum(pair) - person for pair in pairs if person in pair} for pair in pairs for person in pair}
    recent = Counter(person for one, other, when in past if when >= day - 30 for person in (one, other))
    found = {}
    for low, high in pairs:
        own = [row for row in past if {row[0], row[1]} == {low, high}]
        when = [row[2] for row in own]
        gaps = np.diff(when)
        by_low = sum(row[0] == low for row in own)
        found[low, high] = {
            "last_sender": own[-1][0],
            "silence": day - when[-1],
            "contacts": len(own),
            "contacts_90d": sum(day - one <= 90 for one in when),
            "active_weeks": len({one // 7 for one in when}),
            "tenure": day - when[0],
            "both_wrote": float(0 < by_low < len(own)),
            "balance": min(by_low, len(own) - by_low) / len(own),
            "longest_silence": max(gaps, default=0),
            "returns": sum(gap > 30 for gap in gaps),
            "quieter_activity": min(recent[low], recent[high]),
            "livelier_activity": max(recent[low], recent[high]),
            "common_contacts": len(friends[low] & friends[high]),
        }
    return found


@few
@given(seeds, st.integers(1, 210), st.sampled_from([0, 10, 30]))
def test_a_pair_is_described_by_its_contacts(seed: int, day: int, silent: int) -> None:
    log = made_up(seed)
    contacts = read_in_file_order(log)
    expected = described(gone_through(log, contacts), day)
    expected = {pair: one for pair, one in expected.items() if one["silence"] > silent}
    found = silent_pairs(contacts, day, silent)
    assert [*zip(found["low"], found["high"], strict=True)] == list(expected)
    assert found.index.tolist() == list(range(len(found)))
    assert [*found.columns[3:]] == list(FEATURES)
    for row, one in zip(found.to_dict("records"), expected.values(), strict=True):
        assert {name: row[name] for name in one} == pytest.approx(one)


def test_a_limit_of_days_is_within_them() -> None:
    log = pd.DataFrame({"source": ["a", "b", "a"], "target": ["b", "a", "b"], "time": [0, 30 * DAY, 61 * DAY]})
    told = [silent_pairs(read_in_file_order(log), day, 0).iloc[0] for day in (90, 91, 92)]
    assert [one["contacts_90d"] for one in told] == [3, 2, 2]
    assert [one["quieter_activity"] for one in told] == [1, 1, 0]
    assert told[0]["returns"] == 1, "a silence of 30 days is none"


def test_a_return_is_from_the_morning_on_and_before_the_last_is_over() -> None:
    log = pd.DataFrame({"source": ["a", "b"], "target": ["b", "a"], "time": [0, 41 * DAY]})
    contacts, pair = read_in_file_order(log), pd.DataFrame({"low": [0], "high": [1]})
    back = {(day, days): came_back(contacts, pair, day, days).item() for day in (40, 41, 42) for days in (1, 2)}
    assert back == {(40, 1): False, (40, 2): True, (41, 1): True, (41, 2): True, (42, 1): False, (42, 2): False}


def test_contacts_at_one_time_stay_in_the_order_of_the_log() -> None:
    log = pd.DataFrame({"source": ["a", "b", "a", "c"], "target": ["b", "a", "b", "a"], "time": [0, 5, 5, 9]})
    assert silent_pairs(read_in_file_order(log), 1, 0)["last_sender"].tolist() == [0, 2]
    assert silent_pairs(read_in_file_order(log.iloc[[0, 2, 1, 3]]), 1, 0)["last_sender"].tolist() == [1, 2]


@few
@given(seeds, st.integers(1, 200), st.integers(1, 60))
def test_who_comes_back_is_who_has_a_contact_in_the_time_after(seed: int, day: int, days: int) -> None:
    log = made_up(seed)
    contacts = read_in_file_order(log)
    rows = gone_through(log, contacts)
    pairs = silent_pairs(contacts, day, 0)
    later = {frozenset(row[:2]) for row in rows if day <= row[2] < day + days}
    expected = [frozenset(pair) in later for pair in pairs[["low", "high"]].to_numpy().tolist()]
    assert came_back(contacts, pairs, day, days).tolist() == expected


@few
@given(seeds)
def test_ties_and_people_are_numbered_by_their_contacts(seed: int) -> None:
    log = made_up(seed)
    contacts = read_in_file_order(log)
    rows = gone_through(log, contacts)
    pairs = [(min(one, other), max(one, other)) for one, other, _ in rows]
    ranked = sorted(set(pairs), key=lambda pair: (-pairs.count(pair), pairs.index(pair)))
    asked = ranked[::-2]
    table = pd.DataFrame(asked, columns=["low", "high"])
    assert numbers_of_ties(contacts, table).tolist() == [ranked.index(pair) + 1 for pair in asked]
    ends = [person for pair in pairs for person in pair]
    people = sorted(set(ends), key=lambda person: (-ends.count(person), person))
    for person in people:
        assert number_of_person(contacts, person) == people.index(person) + 1


@few
@given(seeds, st.integers(1, 210))
def test_a_morning_has_what_was_before_it(seed: int, day: int) -> None:
    log = made_up(seed)
    contacts = read_in_file_order(log)
    past, rows = contacts.before(day), [row for row in gone_through(log, contacts) if row[2] < day]
    assert past.frame().to_dict("list") == {
        "source": [row[0] for row in rows],
        "target": [row[1] for row in rows],
        "time": [row[2] * DAY for row in rows],
    }
    assert past.names.tolist() == contacts.names[: 1 + max(max(row[:2]) for row in rows)].tolist()
    assert past.began == contacts.began == log["time"].min()


def test_times_of_a_log() -> None:
    times = np.array([100, 100 + DAY // 2, 100 + 3 * DAY + 7, 100 + 4 * DAY, 100 + 10 * DAY, 100 + 13 * DAY - 1])
    contacts = read_in_file_order(pd.DataFrame({"source": 1, "target": 2, "time": times}))
    assert contacts.began == 100
    assert contacts.days == pytest.approx(13 - 1 / DAY)
    assert contacts.end == 13
    assert contacts.longest_gap == (4, 10)
    assert read_in_file_order(pd.DataFrame({"source": [1], "target": [2], "time": [9]})).longest_gap == (0, 0)
    whole = read_in_file_order(pd.DataFrame({"source": 1, "target": 2, "time": [0, 2 * DAY]}))
    assert (whole.days, whole.end, whole.longest_gap) == (2, 3, (0, 2))


def test_made_by_hand_a_log_begins_at_zero_and_has_no_notes() -> None:
    one = Log(np.array([0]), np.array([1]), np.array([0.0]), np.array(["a", "b"]))
    assert (one.began, one.notes) == (0, ())
