"""The statistics that were added to the first 74, counted again in plain loops, and logs whose truth is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from experiments.logs.contact_log import statistics, values
from experiments.logs.contact_statistics import CORE, STATISTICS
from experiments.logs.log import Log, read
from experiments.logs.observed import cut
from tests.conftest import DATA

DAY, HOUR, MINUTE = 86_400, 3_600, 60
GAPS = (30, 60, 61, 600, 601, HOUR - 1, HOUR, 2 * HOUR, DAY, 7 * DAY, 20 * DAY, 89 * DAY, 95 * DAY, 170 * DAY)
LIKELY = np.array([2, 2, 1, 2, 1, 1, 1, 3, 4, 4, 3, 3, 2, 2]) / 31
LATER = [name for name in STATISTICS if name not in CORE]


def made_up(seed: int, pairs: int = 90) -> Log:
    """Pairs among forty people with contacts at gaps of GAPS; some leave and some arrive."""
    random = np.random.default_rng(seed)
    rows = []
    for one, other in sorted({tuple(sorted(random.choice(40, 2, replace=False).tolist())) for _ in range(pairs)}):
        time, bias = float(random.integers(0, 400 * DAY)), random.choice((0.5, 0.9))
        until = random.choice((300, 900)) * DAY
        while time < until:
            rows.append((one, other, time) if random.random() < bias else (other, one, time))
            gap = random.choice(GAPS, p=LIKELY)
            time += float(gap + (gap >= DAY) * random.integers(1, HOUR))  # so that no time is at the end of a window
    return read(pd.DataFrame(rows, columns=["source", "target", "time"]))


Event = tuple[float, int, int]  # seconds since the first event, sender, receiver


def histories(log: Log) -> dict[tuple[int, int], list[Event]]:
    found: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for time, source, target in zip(log.since_start.tolist(), log.source.tolist(), log.target.tolist(), strict=True):
        found[min(source, target), max(source, target)].append((time, source, target))
    return found


def share(flags: list[bool]) -> float:
    return sum(flags) / len(flags) if flags else np.nan


@pytest.fixture(scope="module", params=range(3))
def log(request: pytest.FixtureRequest) -> Log:
    return made_up(request.param)


@pytest.fixture(scope="module")
def found(log: Log) -> dict[str, float]:
    return values(log)


def same(found: dict[str, float], expected: dict[str, float]) -> None:
    assert {name: found[name] for name in expected} == pytest.approx(expected, nan_ok=True)


def test_there_are_as_many_as_said() -> None:
    assert (len(CORE), len(STATISTICS)) == (74, 92)
    assert list(STATISTICS)[:74] == list(CORE)


def test_contacts_in_conversations(log: Log, found: dict[str, float]) -> None:
    gaps = [b[0] - a[0] for of in histories(log).values() for a, b in pairwise(of)]
    replies = [b[0] - a[0] for of in histories(log).values() for a, b in pairwise(of) if a[1] != b[1]]
    conversations: list[int] = []
    for of in histories(log).values():
        conversations.append(1)
        for a, b in pairwise(of):
            if b[0] - a[0] < HOUR:
                conversations[-1] += 1
            else:
                conversations.append(1)
    expected = {
        "within_1m": sum(gap <= 60 for gap in gaps) / len(log),
        "within_10m": sum(gap <= 600 for gap in gaps) / len(log),
        "within_10m_reply": sum(gap <= 600 for gap in replies) / len(log),
        "conversation_mean": float(np.mean(conversations)),
        "conversation_q90": float(np.quantile(conversations, 0.9)),
    }
    same(found, expected)
    assert max(conversations) > 3


def test_who_leaves_and_who_arrives(log: Log, found: dict[str, float]) -> None:
    end = log.since_start[-1]
    gone, arrived = [], []
    for person in range(log.people):
        own = log.since_start[log.source == person]
        if (own < 0.8 * end).sum() >= 10:
            gone.append(not (own >= 0.8 * end).any())
        if (own >= 0.2 * end).sum() >= 10:
            arrived.append(not (own < 0.2 * end).any())
    same(found, {"gone": share(gone), "arrived": share(arrived)})
    assert 0 < share(gone) < 1


def test_hazards_until_either_is_seen_last(log: Log, found: dict[str, float]) -> None:
    last = {
        person: max(log.since_start[(log.source == person) | (log.target == person)]) for person in range(log.people)
    }
    for low, high in ((90, 180), (180, 365)):
        contacts, exposure = 0, 0.0
        for (one, other), of in histories(log).items():
            times = [event[0] / DAY for event in of]
            until = min(last[one], last[other]) / DAY
            for time, following in zip(times, [*times[1:], np.inf], strict=True):
                seen = min(following, until) - time
                exposure += max(0.0, min(seen, high) - low)
                contacts += low < following - time <= high and following <= until
        same(found, {f"hazard_while_seen_{low}_{high}": contacts / exposure})


def test_how_people_answer(log: Log, found: dict[str, float]) -> None:
    end, received = log.since_start[-1], defaultdict(list)
    for of in histories(log).values():
        for k, (time, sender, receiver) in enumerate(of):
            answer = min((later[0] for later in of[k + 1 :] if later[1] != sender), default=np.inf)
            if time <= end - 7 * DAY:
                received[receiver].append(answer - time <= 7 * DAY)
    shares = [share(flags) for flags in received.values() if len(flags) >= 10]
    assert len(shares) > 20
    same(found, {f"answers_given_q{q}": float(np.quantile(shares, q / 100)) for q in (10, 90)})


def test_pairs_in_which_one_does_most(log: Log, found: dict[str, float]) -> None:
    flags = []
    for (one, _), of in histories(log).items():
        mine = sum(event[1] == one for event in of)
        if len(of) >= 10:
            flags.append(max(mine, len(of) - mine) >= 0.8 * len(of))
    same(found, {"lopsided": share(flags)})
    assert 0 < share(flags) < 1


def in_touch(of: list[Event], since: float) -> bool:
    """Whether both made contact 150 to 240 days after a time."""
    return len({event[1] for event in of if 150 * DAY <= event[0] - since <= 240 * DAY}) == 2


def returns(of: list[Event]) -> Iterator[float]:
    """When the third contact in alternation was made, of those that began after 90 days of silence."""
    for k in range(1, len(of)):
        if of[k][0] - of[k - 1][0] < 90 * DAY:
            continue
        second = next((j for j in range(k, len(of)) if of[j][1] != of[k][1]), None)
        third = next((j for j in range(second, len(of)) if of[j][1] == of[k][1]), None) if second else None
        if third is not None and of[third][0] - of[k][0] <= 60 * DAY:
            yield of[third][0]


def test_what_lasts_after_a_return_and_after_silence(log: Log, found: dict[str, float]) -> None:
    end = log.since_start[-1]
    back = [in_touch(of, day) for of in histories(log).values() for day in returns(of) if day <= end - 240 * DAY]
    stayed = []
    for of in histories(log).values():
        times = [event[0] for event in of]
        for time, following in zip(times, [*times[1:], end], strict=True):
            if following - time >= 150 * DAY and time + 90 * DAY <= end - 240 * DAY:
                stayed.append(in_touch(of, time + 90 * DAY))
    assert min(len(back), len(stayed)) > 20
    same(found, {"kept_after_return": share(back), "kept_after_silence": share(stayed)})


# Rhythm -----------------------------------------------------------------------------------------------------------


def awake(hours: tuple[float, float], weekdays: tuple[int, ...] = tuple(range(7)), weeks: int = 20) -> pd.DataFrame:
    """A log of thirty people who send in some hours of the day only, and on some days of the week only."""
    random = np.random.default_rng(1)
    source = np.repeat(np.arange(30), 100)
    day = random.choice(weekdays, len(source)) + 7 * random.integers(0, weeks, len(source))
    time = (day + random.uniform(*hours, len(source)) / 24) * DAY
    target = (source + random.integers(1, 30, len(source))) % 30
    return pd.DataFrame({"source": source, "target": target, "time": time.astype(int)})


def test_a_log_of_office_hours_is_quiet_at_night_and_at_weekends() -> None:
    for offset in (0, 1_700_000_000, 5 * HOUR + 17):
        rows = awake((8, 18), (0, 1, 2, 3, 4))
        found = values(read(rows.assign(time=rows["time"] + offset)))
        assert found["quiet_hours"] == 0
        assert found["quiet_hours_own"] == 0
        assert found["quiet_weekdays"] == 0


def test_a_log_without_rhythm_has_its_shares() -> None:
    found = statistics(read(awake((0, 24))), resamples=20).set_index("statistic")
    assert found.loc["quiet_hours", "value"] == pytest.approx(6 / 24, abs=0.03)
    assert found.loc["quiet_weekdays", "value"] == pytest.approx(2 / 7, abs=0.03)
    assert 0.1 < found.loc["quiet_hours_own", "value"] < found.loc["quiet_hours", "value"]
    assert found.loc["quiet_hours", ["count", "units"]].tolist() == [3_000, 30]
    for name in ("quiet_hours", "quiet_weekdays", "quiet_hours_own", "sends_per_active_day"):
        assert found.loc[name, "low"] < found.loc[name, "high"]


def test_a_log_may_begin_at_any_hour() -> None:
    rows = awake((3, 20))
    found = values(read(rows.assign(time=(rows["time"] - 12 * HOUR) % (140 * DAY))))
    assert found["quiet_hours"] == 0


def test_a_day_begins_in_the_middle_of_the_night() -> None:
    """Somebody who sends twice an evening, before and after twelve, does so on one day."""
    days = np.arange(60) * DAY
    rows = pd.DataFrame(
        {"source": "a", "target": "b", "time": np.concatenate([days + 23.5 * HOUR, days + 24.5 * HOUR])}
    )
    both = pd.concat([rows, rows.assign(source="b", target="a", time=rows["time"] + 60)])
    assert values(read(both))["sends_per_active_day"] == 2


def test_whole_days_have_no_rhythm_and_no_conversations() -> None:
    rows = awake((0, 24))
    found = values(read(rows.assign(time=rows["time"] // DAY * DAY)))
    missing = ("quiet_hours", "quiet_hours_own", "quiet_weekdays", "within_1m", "within_10m_reply", "conversation_mean")
    assert all(np.isnan(found[name]) for name in missing)
    assert found["sends_per_active_day"] >= 1


def test_a_short_log_has_no_weekdays() -> None:
    found = values(read(awake((8, 18), weeks=2)))
    assert np.isnan(found["quiet_weekdays"])
    assert found["quiet_hours"] == 0


# Who is observed, and real logs -----------------------------------------------------------------------------------


def test_only_the_observed_have_statistics_of_people(log: Log) -> None:
    few = cut(log, np.arange(log.people) < 12)
    found = statistics(few, resamples=0).set_index("statistic")
    of_people = ("quiet_hours", "quiet_hours_own", "sends_per_active_day", "gone", "arrived", "answers_given_q10")
    assert all(found.loc[name, "units"] <= 12 for name in of_people)
    assert found.loc["within_1m", "units"] == few.by_pair.pairs


def test_whoever_is_not_observed_cannot_be_missed() -> None:
    """The others are seen only when they are in contact, which says nothing about where they are."""
    rows = [("a", "b", day * DAY) for day in (0, 100, 500)] + [("a", "c", day * DAY) for day in (0, 400, 900)]
    log = read(pd.DataFrame(rows, columns=["source", "target", "time"]))
    assert values(log)["hazard_while_seen_90_180"] == pytest.approx(1 / (10 + 90 + 90 + 90))
    assert values(cut(log, log.names == "a"))["hazard_while_seen_90_180"] == pytest.approx(1 / (10 + 90 * 4))


REAL = {
    "facebook_wall": {
        "within_10m": 0.096,
        "gone": 0.132,
        "hazard_while_seen_180_365": 0.0026,
        "kept_after_return": 0.2,
    },
    "university_email": {"within_10m": 0.146, "kept_after_return": 0.163, "kept_after_silence": 0.049},
    "company_mail": {"within_10m": 0.242, "quiet_hours": 0.002, "lopsided": 0.304},
}


@pytest.mark.parametrize("name", REAL)
def test_real_logs_have_known_values(name: str) -> None:
    path = DATA / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"there is no {path.name} in shared/data beside the repository")
    found = values(read(path))
    assert {of: found[of] for of in REAL[name]} == pytest.approx(REAL[name], rel=0.02, abs=6e-4)
