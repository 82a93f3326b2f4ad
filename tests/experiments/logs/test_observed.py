"""Who is observed in a log: inferred, read from a file, and what is counted then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.logs.contact_log import statistics, values
from experiments.logs.log import Log, read
from experiments.logs.observed import as_observed, cut, number_observed, observed_of, read_observed, with_observed
from sim.contact_logs import LogError
from tests.conftest import DATA

DAY = 86_400


def complete(people: int = 60, events: int = 3_000, seed: int = 1) -> Log:
    """A log of everybody, in which people write to those near them on a ring."""
    random = np.random.default_rng(seed)
    source = random.integers(0, people, events)
    target = (source + random.integers(1, 9, events)) % people
    return read(pd.DataFrame({"source": source, "target": target, "time": random.integers(0, 300 * DAY, events)}))


def of(log: Log, *ids: object) -> np.ndarray:
    return np.isin(log.names.astype(str), [str(one) for one in ids])


def mailbox(log: Log, one: object) -> Log:
    return replace(cut(log, of(log, one)), observed=None)


def star(centre: str, others: int, letter: str) -> list[tuple[str, str]]:
    return [(centre, f"{letter}{k}") for k in range(others)]


def of_pairs(*pairs: tuple[str, str]) -> Log:
    frame = pd.DataFrame(pairs, columns=["source", "target"])
    return read(frame.assign(time=np.arange(len(frame)) * DAY * 3.1))


# Inferring --------------------------------------------------------------------------------------------------------


def test_a_complete_log_looks_complete() -> None:
    assert observed_of(complete()) is None
    assert observed_of(of_pairs(("a", "b"), ("b", "a"))) is None


def test_the_owner_of_a_mailbox_is_found() -> None:
    log = mailbox(complete(), 7)
    found = observed_of(log)
    assert found is not None
    assert log.names[found].tolist() == [7]


def test_a_few_phones_are_found_although_they_call_each_other_and_share_contacts() -> None:
    rows = [*star("x", 20, "a"), *star("y", 30, "b"), ("x", "y"), ("y", "a3"), ("a4", "y")]
    log = of_pairs(*rows)
    found = observed_of(log)
    assert found is not None
    assert sorted(log.names[found]) == ["x", "y"]


@pytest.mark.parametrize(
    "rows",
    [
        star("x", 4, "a"),  # too few others
        [*star("x", 20, "a"), ("a1", "a2")],  # a contact between others
        [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")],  # any of the two could be observed
        [*star("x", 8, "a"), *star("y", 8, "b"), *star("z", 8, "c")],  # three of 27 are not few
    ],
)
def test_nobody_is_inferred_unless_it_is_clear(rows: list[tuple[str, str]]) -> None:
    assert observed_of(of_pairs(*rows)) is None


@pytest.mark.parametrize("name", ["facebook_wall", "college_messages", "university_email", "company_mail", "phones"])
def test_real_logs_look_as_they_are(name: str) -> None:
    path = DATA / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"there is no {path.name} in shared/data beside the repository")
    log = read(path)
    found = observed_of(log)
    if name != "phones":
        assert found is None
        busiest = np.bincount(np.append(log.source, log.target)).argmax()
        box = mailbox(log, log.names[busiest])
        inferred = observed_of(box)
        assert inferred is not None
        assert box.names[inferred].tolist() == [log.names[busiest]]
        return
    listed, notes = read_observed(DATA / "phones_observed.txt", log)
    assert len(cut(log, listed)) == len(log), "every row has an observed phone"
    assert [note.text for note in notes] == ["1 observed person has no contact in the log."]
    assert notes[0].example.endswith("phones_observed.txt, line 4: no person has the id '7'")
    assert found is not None
    assert not (found & ~listed).any()
    assert found.sum() >= 0.9 * listed.sum()


# Reading ----------------------------------------------------------------------------------------------------------


def test_a_file_names_the_observed_and_rows_of_others_are_left_out(tmp_path: Path) -> None:
    log = complete()
    file = tmp_path / "observed.txt"
    file.write_text("\ufeff7\n\n 9 \n", encoding="utf-8")
    found = with_observed(log, file)
    assert sorted(found.names[found.counted]) == [7, 9]
    assert len(found) == (of(log, 7, 9)[log.source] | of(log, 7, 9)[log.target]).sum()
    assert f"{len(log) - len(found):,} rows have no observed person" in found.notes[-1].text


def test_an_inferred_owner_is_noted() -> None:
    log = with_observed(mailbox(complete(), 7), None)
    assert log.counted.sum() == 1
    assert log.notes[-1].text.startswith("Every contact is with one person,")
    assert log.notes[-1].example == "7"
    assert with_observed(complete(), None).observed is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7\n8\nnobody\n", "observed.txt, line 3: no person has the id 'nobody'"),
        ("\n \n", "has no id"),
    ],
)
def test_ids_that_are_not_in_the_log_are_named_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "observed.txt"
    file.write_text(text)
    with pytest.raises(LogError, match=message):
        with_observed(complete(), file)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "observed.txt"
    with pytest.raises(LogError, match=r"observed\.txt cannot be read"):
        with_observed(complete(), file)
    with pytest.raises(LogError, match=r"cannot be read: it is a folder\. It must be a text file with one id per line"):
        with_observed(complete(), tmp_path)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LogError, match=r"observed\.txt cannot be read"):
        with_observed(complete(), file)


# Cutting and counting ---------------------------------------------------------------------------------------------


def test_everybody_observed_changes_nothing() -> None:
    log = complete()
    everyone = cut(log, np.ones(log.people, bool))
    assert values(everyone) == pytest.approx(values(log), nan_ok=True)
    pd.testing.assert_frame_equal(statistics(everyone, resamples=20), statistics(log, resamples=20))


def test_people_are_the_observed_alone_and_pairs_those_with_one() -> None:
    log = complete()
    few = of(log, *range(20))
    found, whole = statistics(cut(log, few), resamples=0).set_index("statistic"), statistics(log, resamples=0)
    whole = whole.set_index("statistic")
    assert found.loc["degree_q50", "count"] == 20
    assert found.loc["sends_per_week_q50", "count"] == 20
    assert found.loc["burstiness_ego", "count"] == 20
    pairs = few[log.by_pair.low] | few[log.by_pair.high]
    assert found.loc["contacts_per_pair_q50", "count"] == pairs.sum() < whole.loc["contacts_per_pair_q50", "count"]
    degree = np.bincount(np.append(log.by_pair.low, log.by_pair.high))
    assert found.loc["degree_q50", "value"] == np.median(degree[few])


def test_a_cut_log_before_a_day_still_knows_who_is_observed() -> None:
    log = cut(complete(), of(complete(), 1, 2, 3))
    earlier = log.before(100)
    assert set(earlier.names[earlier.counted]) == {1, 2, 3}


def test_nobody_with_a_contact_cannot_be_cut_to() -> None:
    log = complete()
    with pytest.raises(LogError, match="None of the observed people"):
        cut(log, np.zeros(log.people, bool))


def test_a_simulated_log_is_cut_to_as_many() -> None:
    log = complete()
    assert as_observed(log, number_observed(log)) is log
    one, again, other = (as_observed(log, 5, seed=seed) for seed in (1, 1, 2))
    assert one.counted.sum() == 5
    assert (one.counted[one.source] | one.counted[one.target]).all()
    assert one.names[one.counted].tolist() == again.names[again.counted].tolist()
    assert sorted(one.names[one.counted]) != sorted(other.names[other.counted])
    assert as_observed(one, 3) is one, "it is cut already"
    assert as_observed(log, 999).counted.sum() == log.people


def test_one_person_has_no_interval_but_their_pairs_do() -> None:
    found = statistics(with_observed(mailbox(complete(events=9_000), 7), None), resamples=20).set_index("statistic")
    assert found.loc["sends_per_week_q50", ["value", "units"]].notna().all()
    assert found.loc["sends_per_week_q50", ["low", "high"]].isna().all()
    assert found.loc["contacts_per_pair_mean", ["low", "high"]].notna().all()
    assert found.loc["contacts_per_pair_mean", "units"] == 16
