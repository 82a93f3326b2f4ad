"""What tells two logs apart: nothing if they are halves of one, and what was changed if something was."""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
import pandas as pd
import pytest

from experiments.logs.discriminator import FEWEST, auc, told_apart
from experiments.logs.features import features_of
from experiments.logs.log import Log, read
from experiments.logs.observed import cut
from tests.conftest import DATA

DAY = 86_400


def lively(people: int, seed: int, days: int = 300) -> pd.DataFrame:
    """Pairs on a ring, some busier than others, in conversations of a few messages that go to and fro."""
    random = np.random.default_rng(seed)
    rows = []
    for one in range(people):
        for step in range(1, 6):
            other = (one + step) % people
            for start in random.uniform(0, days * DAY, random.poisson(random.gamma(1, 4))):
                time, speaks = start, random.random() < 0.5
                for _ in range(random.geometric(0.4)):
                    rows.append((one, other, time) if speaks else (other, one, time))
                    time += random.exponential(300)
                    speaks = not speaks
    return pd.DataFrame(rows, columns=["source", "target", "time"]).astype({"time": int})


def log_of(people: int, seed: int) -> Log:
    return read(lively(people, seed))


def test_two_halves_of_a_log_cannot_be_told_apart() -> None:
    """Two rings that do not touch, as one log cut into two at random would be."""
    found = told_apart(features_of(log_of(200, 1)), features_of(log_of(200, 2)))
    assert not isinstance(found, str)
    for one in found.values():
        assert one.low - 0.05 < 0.5 < one.high + 0.05
        assert abs(one.auc - 0.5) < 0.1


@pytest.mark.parametrize("name", ["university_email", "facebook_wall"])
def test_two_halves_of_the_people_of_a_real_log_cannot_be_told_apart(name: str) -> None:
    path = DATA / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"there is no {path.name} in shared/data beside the repository")
    log = read(path)
    half = np.random.default_rng(1).random(log.people) < 0.5
    within = [log.chosen(side[log.source] & side[log.target]) for side in (half, ~half)]
    found = told_apart(*map(features_of, within))
    assert not isinstance(found, str)
    assert abs(found["people"].auc - 0.5) < 0.08
    assert found["pairs"].low < 0.55
    assert found["pairs"].high > 0.45


def test_shuffled_times_are_told_apart_by_what_they_change() -> None:
    rows = lively(200, 1)
    shuffled = rows.assign(time=np.random.default_rng(3).permutation(rows["time"]))
    found = told_apart(features_of(read(rows)), features_of(read(shuffled)))
    assert not isinstance(found, str)
    assert found["people"].auc > 0.95
    assert found["pairs"].auc > 0.8
    assert found["pairs"].low < found["pairs"].auc < found["pairs"].high
    alone = found["pairs"].features["alone"]
    assert alone["within_10m"] > 0.7 > 0.55 > alone["contacts"]
    assert found["people"].features["loss"].is_monotonic_decreasing
    assert found["people"].features.columns.tolist() == ["loss", "alone", "real", "simulated"]


def test_the_same_logs_and_seed_give_the_same() -> None:
    one, other = features_of(log_of(40, 1)), features_of(log_of(40, 2))
    first, second = told_apart(one, other), told_apart(one, other)
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert first["pairs"][:4] == second["pairs"][:4]


def test_few_observed_people_and_a_missing_library_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(40, 1)
    few = cut(log, np.arange(log.people) < FEWEST - 1)
    features = features_of(few)
    assert len(features.people) == FEWEST - 1
    assert len(features.pairs) == few.by_pair.pairs
    assert told_apart(features_of(log), features) == (
        f"Too few people are observed for a discriminator: {FEWEST - 1}, and it needs {FEWEST}."
    )
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    assert "needs scikit-learn" in str(told_apart(features_of(log), features_of(log)))


def test_pairs_with_a_person_who_is_not_observed_count() -> None:
    logs = [log_of(200, seed) for seed in (1, 2)]
    found = told_apart(*(features_of(cut(log, np.arange(log.people) % 4 == 0)) for log in logs))
    assert not isinstance(found, str)
    assert found["pairs"].rows > found["people"].rows > 90


def test_features_are_what_they_say() -> None:
    rows = [("a", "b", 0), ("b", "a", 300), ("a", "c", DAY), ("a", "b", 3 * DAY), ("a", "b", 20 * DAY)]
    log = read(pd.DataFrame(rows, columns=["source", "target", "time"]))
    found = features_of(log)
    a, b = (found.people.iloc[log.names.tolist().index(name)] for name in "ab")
    assert a[["sent", "received", "people_in_contact", "people_written_to"]].tolist() == [4, 1, 2, 2]
    assert a[["share_of_one_contact", "share_one_sided", "share_of_first"]].tolist() == [0.5, 0.5, 0.75]
    assert a[["answers_given", "answers_got"]].tolist() == pytest.approx([1, 1 / 3]), "the last week is left out"
    assert b["silent_at_end"] == 1
    assert a[["begins", "silent_at_end", "burstiness"]].isna().tolist() == [False, False, True]
    pair = found.pairs.iloc[int(np.argmax(found.pairs["contacts"]))]
    assert pair[["contacts", "share_of_busier", "longest_conversation", "weeks"]].tolist() == [4, 0.75, 2, 2]
    assert pair["gap_days_q100"] == 17
    assert pair["within_10m"] == 0.25
    assert pair[["people_in_contact_less", "people_in_contact_more", "people_in_common"]].tolist() == [1, 2, 0]


def test_the_area_is_the_chance_of_a_higher_score() -> None:
    random = np.random.default_rng(1)
    scores, positive = random.integers(0, 6, 50).astype(float), random.random(50) < 0.4
    times = random.integers(0, 3, 50)
    repeated, flags = np.repeat(scores, times), np.repeat(positive, times)
    ahead = [float((x > repeated[~flags]).mean() + (x == repeated[~flags]).mean() / 2) for x in repeated[flags]]
    assert auc(scores, positive, times.astype(float)) == pytest.approx(np.mean(ahead))
    assert np.isnan(auc(scores, np.ones(50, bool)))


def test_four_thousand_people_take_seconds() -> None:
    random = np.random.default_rng(1)
    logs = []
    for _ in range(2):
        source = random.integers(0, 4_000, 80_000)
        target = (source + random.integers(1, 10, 80_000)) % 4_000
        logs.append(read(pd.DataFrame({"source": source, "target": target, "time": random.integers(0, 10**7, 80_000)})))
    start = perf_counter()
    told_apart(*map(features_of, logs))
    assert perf_counter() - start < 20
