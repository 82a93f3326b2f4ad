"""Which ids are proposed to be one person's, and the file in which a user confirms it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.imports.identities import SURE, Alias, Answers, Pair, lines_of, proposals, read, written
from sim.contact_logs import LogError

ids = st.one_of(
    st.sampled_from(["ann@example.org", "ann+a@example.org", "Ann Smith", "Smith, Ann"]),
    st.sampled_from(["+49 170 5550001", "01705550001", "0049 170 5550001"]),
    st.text(min_size=1, max_size=12),
    st.from_regex(r"\+?[0-9]{3,16}", fullmatch=True),
    st.from_regex(r"[a-c.+]{1,6}@(gmail|googlemail|example)\.com", fullmatch=True),
)  # fmt: skip


def merged(contacts: dict[str, int], **options: Any) -> dict[str, str]:
    return {one.id: one.same_as for one in proposals(contacts, **options)}


@pytest.mark.parametrize(
    ("stays", "goes"),
    [
        ("ann@example.org", "ann+news@example.org"),
        ("ann@example.org", "Ann@Example.org"),
        ("a.n.n@gmail.com", "ann@googlemail.com"),
        ("+49 170 5550001", "0170 5550001"),
        ("+491705550001", "0049 (170) 555-0001"),
        ("Ann Smith", "Smith, Ann"),
        ("Zoë Bär", "ZOE BAR"),
        ("Katrin Vogel", "Prof. Dr. Katrin Vogel"),
        ("Ann Smith", "ann.smith@example.org"),
    ],
)
def test_what_is_probably_one_person_is_proposed_and_the_id_with_more_contacts_stays(stays: str, goes: str) -> None:
    others = {"+49 170 5550009": 1, "Ben": 1}
    assert merged({stays: 3, goes: 2, **others}) == {goes: stays}
    assert merged({stays: 2, goes: 3, **others}) == {stays: goes}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@example.org", "ann@example.com"),
        ("a.nn@example.org", "ann@example.org"),  # only Google ignores dots
        ("+491705550001", "+431705550001"),
        ("Ann", "Ann Smith"),  # there may be several
        ("Ann", "ann"),  # a word may be anybody
        ("Dr. Smith", "Smith"),
        ("group: Ann Smith", "Ann Smith"),
        ("17", "017"),
    ],
)
def test_what_may_be_two_people_is_not(one: str, other: str) -> None:
    assert proposals({one: 2, other: 1, "+491705550009": 1}) == []


def test_numbers_without_a_country_are_from_where_most_others_are_or_where_the_user_says() -> None:
    local, abroad = "0170 5550001", "+43 170 5550001"
    contacts = {local: 1, abroad: 2, "+49 170 5550002": 1, "+49 170 5550003": 1}
    assert merged(contacts) == {}
    assert merged(contacts, country="AT") == {local: abroad}


@given(st.dictionaries(ids, st.integers(1, 50), max_size=12))
def test_nobody_is_merged_twice_or_into_somebody_who_goes(contacts: dict[str, int]) -> None:
    found = proposals(contacts)
    goes = [one.id for one in found]
    assert len(set(goes)) == len(goes)
    assert not {one.same_as for one in found} & set(goes)
    assert {*goes, *(one.same_as for one in found)} <= contacts.keys()
    assert [one.sure for one in found] == sorted((one.sure for one in found), reverse=True)
    left = {one: count for one, count in contacts.items() if one not in goes}
    assert [one for one in proposals(left) if one.sure >= SURE] == []


def test_addresses_with_one_full_name_are_proposed_but_never_almost_sure() -> None:
    contacts = {
        "ann@example.org": 5,
        "a.smith@example.com": 3,
        "Smith, Ann": 2,
        "ben@example.org": 4,
        "ben@work.org": 1,
    }
    names = {"ann@example.org": "Ann Smith", "a.smith@example.com": "ann smith", "ben@example.org": "Ben"}
    names["ben@work.org"] = "Ben"  # a word may be anybody
    assert merged(contacts, names=names) == {"a.smith@example.com": "ann@example.org", "Smith, Ann": "ann@example.org"}
    assert all(one.sure < SURE for one in proposals(contacts, names=names))
    assert merged(contacts) == {}


@given(
    st.dictionaries(st.one_of(ids, st.sampled_from(["ann.smith@a.org", "ann.smith+a@a.org"])), st.integers(1, 9)),
    st.lists(st.sampled_from(["Ann Smith", "Smith, Ann", "Ben Lee", "Ann", "", "@ 7"]), min_size=1),
)
def test_all_proposals_together_go_in_no_circle(contacts: dict[str, int], some: list[str]) -> None:
    """However ids and names are alike, each id goes once at most, and leads to one that stays."""
    names = {one: some[at % len(some)] for at, one in enumerate(contacts)}
    found = proposals(contacts, names=names)
    goes = {one.id: one for one in found}
    assert len(goes) == len(found)
    for one in found:
        seen = {one.id}
        while one.same_as in goes:
            one = goes[one.same_as]
            assert one.id not in seen
            seen.add(one.id)
        assert one.same_as in contacts


@given(st.dictionaries(ids, st.integers(1, 50), max_size=12))
def test_a_file_of_proposals_says_what_was_proposed(
    tmp_path_factory: pytest.TempPathFactory, contacts: dict[str, int]
) -> None:
    path = tmp_path_factory.mktemp("aliases") / "log.aliases.csv"
    plain = {
        " ".join(one.split()): count
        for one, count in contacts.items()
        if " ".join(one.split()) == one and one.isprintable()
    }
    found = proposals(plain)
    written(found, path)
    assert read(path) == Answers({one.id: one.same_as for one in found})


def test_aliases_of_aliases_lead_to_the_last(tmp_path: Path) -> None:
    path = tmp_path / "aliases.csv"
    written([Alias("a", "b", "", 1), Alias("b", "c", "", 1)], path)
    assert read(path).aliases == {"a": "c", "b": "c"}


@given(st.dictionaries(ids, st.integers(1, 50), min_size=2, max_size=12), st.data())
def test_what_the_user_calls_two_people_is_not_proposed_again(contacts: dict[str, int], data: st.DataObject) -> None:
    found = proposals(contacts)
    denied = frozenset(Pair({one.id, one.same_as}) for one in found if data.draw(st.booleans()))
    assert not denied & {Pair({one.id, one.same_as}) for one in proposals(contacts, apart=denied)}


def test_answers_are_read_as_they_were_written_and_zero_says_two_people(tmp_path: Path) -> None:
    path = tmp_path / "aliases.csv"
    said = Answers({"a": "b"}, frozenset({Pair({"b", "c"}), Pair({"d", "e"})}))
    written(lines_of(said), path)
    assert read(path) == said
    for text in ("id,same_as,sure\na,b,\nc,d,0\ne,f,0.4\n", "id;same_as;sure\na;b;\nc;d;0\ne;f;0,4\n"):
        path.write_text(text)
        assert read(path) == Answers({"a": "b", "e": "f"}, frozenset({Pair({"c", "d"})}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,other\na,b\n", "line 1: there is no column same_as"),
        ("id,same_as\na,\n", "line 2: an id is missing"),
        ("id,same_as\na,b\na,c\n", "line 3: this id has another alias"),
        ("id,same_as\na,b\nb,a\n", "in a circle"),
        ("", "line 1: there is no column id"),
        ("id,same_as,sure\na,b,no\n", "line 2: sure is 'no'; expected a number from 0"),
        ("id,same_as,sure\na,b,2\n", "line 2: sure is '2'; expected a number from 0"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "aliases.csv"
    path.write_text(text)
    with pytest.raises(LogError, match=said):
        read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LogError, match="cannot be read as a CSV file"):
        read(path)
