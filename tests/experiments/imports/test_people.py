"""Who the user is and what people are called: how that is kept beside a log, shown, and used."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.commands import starting
from experiments.imports.contacts import Choices, Tally, clean
from experiments.imports.gathering import gather
from experiments.imports.mail import READER
from experiments.imports.people import People, beside, called, owners, read, written
from sim.contact_logs import LogError

Rekindle = Callable[..., Any]
texts = st.text(max_size=12).map(clean)
known = st.dictionaries(texts.filter(bool), texts.filter(bool), max_size=8)


def mailbox(path: Path, *messages: tuple[str, str]) -> Path:
    """An mbox of messages, one each day: the headers From and To."""
    path.write_bytes(
        b"".join(
            f"From x Thu Jan  1 00:00:00 2020\nFrom: {one}\nTo: {other}\nMessage-ID: <{day}@{path.name}>\n"
            f"Date: Thu, {day:02} Feb 2024 10:00:00 +0000\nSubject: SECRET NAME\n\nSECRET NAME\n\n".encode()
            for day, (one, other) in enumerate(messages, start=1)
        )
    )
    return path


def names_in(tmp_path: Path, header: str) -> dict[str, Counter[str]]:
    tally = Tally()
    list(READER.read(mailbox(tmp_path / "a.mbox", (header, "me@x.org")), Choices(), tally))
    return dict(tally.names)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Ann Smith <ann@x.org>", "Ann Smith"),
        ('"Smith, Ann" <ANN@x.org>', "Smith, Ann"),
        ("Smith, Ann <ann@x.org>", "Smith, Ann"),
        ("'Ann Smith' <ann@x.org>", "Ann Smith"),
        ("=?utf-8?q?Ann_B=C3=A4r?= <ann@x.org>", "Ann Bär"),
        ("=?utf-8?b?QW5uIFNtaXRoIDxhbm5AeC5vcmc+?=", "Ann Smith"),
        ("ann@x.org (Ann Smith)", "Ann Smith"),
        ("ann@x.org", None),
        ("ann@x.org <ann@x.org>", None),
        ('"=HYPERLINK(1)" <ann@x.org>', None),
        (f"{'Ann ' * 30}<ann@x.org>", None),
        ("<ann@x.org>", None),
    ],
)
def test_the_name_beside_an_address_is_learned_if_it_is_one(tmp_path: Path, header: str, name: str | None) -> None:
    assert names_in(tmp_path, header) == ({"ann@x.org": Counter({name: 1})} if name else {})


def test_a_long_header_of_spaces_takes_no_time(tmp_path: Path) -> None:
    assert names_in(tmp_path, " " * 500_000 + "ann@x.org") == {}


def test_people_have_the_name_that_they_are_called_most_often_also_when_ids_are_merged(tmp_path: Path) -> None:
    box = mailbox(
        tmp_path / "a.mbox",
        ("Ann S <ann@x.org>", "Ben Lee <ben@x.org>"),
        ("Ben Lee <ben@x.org>", "Ann Smith <ann+a@x.org>"),
        ("ben@x.org", "Ann Smith <ann@x.org>"),
    )
    assert gather([box], Choices()).names == {"ann@x.org": "Ann S", "ann+a@x.org": "Ann Smith", "ben@x.org": "Ben Lee"}
    merged = gather([box], Choices(), aliases={"ann+a@x.org": "ann@x.org"})
    assert merged.names == {"ann@x.org": "Ann Smith", "ben@x.org": "Ben Lee"}
    assert not any("SECRET" in name for name in merged.names.values())


# The file ------------------------------------------------------------------------------------------------------------


@given(names=known, you=st.one_of(st.just(""), texts))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, names: dict[str, str], you: str) -> None:
    path = tmp_path_factory.mktemp("people") / "log.people.csv"
    assert read(path) == People()
    written(People(you, names), path)
    assert read(path) == People(you, names)


@given(
    names=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["Ann", "ANN", "Ben", "a"])),
    others=st.lists(st.sampled_from("abcxyz")),
)
def test_everybody_is_shown_and_nobody_as_somebody_else(names: dict[str, str], others: list[str]) -> None:
    """A name that nobody else has is shown alone; a shared one with the id; without a name, the id is."""
    ids = list(dict.fromkeys([*names, *others]))
    shown = called(ids, names)
    assert len(shown) == len(ids)
    for one, said in zip(ids, shown, strict=True):
        name = names.get(one)
        alone = name is not None and [other.casefold() for other in names.values()].count(name.casefold()) == 1
        assert said == (one if name is None else name if alone or name == one else f"{name} ({one})")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,you\na,\n", "line 1: there is no column name"),
        ("id,name,you\n,Ann,\n", "line 2: an id is missing"),
        ("id,name,you\na,Ann,\na,Ben,\n", "line 3: this id has a line above it"),
        ("id,name,you\na,Ann,yes\nb,Ben,YES\n", "line 3: a line above it is already marked as you"),
        ("", "line 1: there is no column id"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "log.people.csv"
    path.write_text(text)
    with pytest.raises(LogError, match=said):
        read(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LogError, match="cannot be read as a CSV file"):
        read(path)


def test_the_file_is_beside_the_log() -> None:
    for log in ("log.parquet", "log.csv", "log.csv.gz"):
        assert beside(Path("week") / log) == Path("week") / "log.people.csv"


def rows(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["source", "target"])


def test_the_owner_of_an_export_is_who_takes_part_in_almost_all_of_it() -> None:
    mail = rows(*[("me", "ben"), ("cem", "me")] * 10)
    assert owners([mail]) == ["me"]
    assert owners([pd.concat([mail, rows(("ben", "cem"))])]) == ["me"]  # one of 21
    assert owners([rows(*[("I", "ben"), ("ben", "I")] * 10)]) == []  # both take part in all of a chat
    assert owners([rows(("me", "ben"), ("me", "cem"))]) == []  # too few to tell
    assert owners([rows(*[("ann", "ben"), ("ben", "cem"), ("cem", "ann")] * 10)]) == []  # of a company
    assert owners([mail, rows(*[("I", "ben"), ("dan", "I")] * 10), mail]) == ["me", "I"]


# The commands --------------------------------------------------------------------------------------------------------


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    back_and_forth = [("Ann Smith <ann@x.org>", "Ben Lee <ben@x.org>"), ("Ben Lee <ben@x.org>", "ann@x.org")]
    second = [("Ben Lee <lee@work.org>", "Ann Smith <ann@x.org>"), ("Cem <cem@x.org>", "ben@x.org")]
    return mailbox(Path("a.mbox"), *back_and_forth, *back_and_forth, *second)


def test_an_import_keeps_names_and_who_is_you_and_what_the_user_corrected(box: Path, rekindle: Rekindle) -> None:
    ended = rekindle("import", box, "-o", "log.csv", "--me", "ann@x.org")
    assert ended.code == 0, ended.err
    assert "Written: log.people.csv" in ended.out
    assert "Next: rekindle plan-week log.csv --ids" in ended.out
    kept = Path("log.people.csv")
    assert read(kept).you == "ann@x.org"
    kept.write_text(kept.read_text().replace("Cem", "Cem Kaya"))
    again = rekindle("import", box, "-o", "log.csv")
    assert again.code == 0, again.err
    assert read(kept) == People(
        "ann@x.org",
        {"ann@x.org": "Ann Smith", "ben@x.org": "Ben Lee", "lee@work.org": "Ben Lee", "cem@x.org": "Cem Kaya"},
    )
    assert "Ben" not in ended.out + ended.err + again.out + again.err
    with Path("log.aliases.csv").open() as file:
        assert [(row["id"], row["same_as"]) for row in csv.DictReader(file)] == [("lee@work.org", "ben@x.org")]


def test_an_import_without_you_asks_for_a_person(box: Path, rekindle: Rekindle) -> None:
    ended = rekindle("import", box, "-o", "log.csv")
    assert "Next: rekindle plan-week log.csv --person YOU --ids" in ended.out
    assert read(Path("log.people.csv")).you == ""


def test_a_second_start_does_not_ask_who_you_are(
    box: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, asked = [], []

    def answer(question: str, **options: Any) -> Any:
        asked.append(question)
        return "ann@x.org" if "Numbers, or ids" in question else options["default"]

    monkeypatch.setattr(starting, "plan_week", lambda log, person, **options: planned.append(person))
    monkeypatch.setattr(starting.typer, "prompt", answer)
    first = rekindle("start", box, "--minutes", "20")
    assert first.code == 0, first.err
    assert any("Numbers, or ids" in question for question in asked)
    assert "lee@work.org = ben@x.org (the same name beside the address" in " ".join(first.out.split())
    for said in (first, second := rekindle("start", box, "--minutes", "20")):
        assert "You are ann@x.org. my_week/log.people.csv keeps that for the next time; --me changes it." in said.out
    assert sum("Numbers, or ids" in question for question in asked) == 1
    assert "--me ann@x.org" in second.out.split("The same, as commands:")[1]
    other = rekindle("start", box, "--minutes", "20", "--me", "ben@x.org")
    assert other.code == 0, other.err
    assert planned == ["ann@x.org", "ann@x.org", "ben@x.org"]
    assert read(Path("my_week/log.people.csv")).you == "ben@x.org"


def test_somebody_who_is_in_other_exports_is_asked_again(
    box: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[str] = []
    monkeypatch.setattr(starting, "plan_week", lambda log, person, **options: planned.append(person))
    Path("my_week").mkdir()
    written(People("gone@x.org", {}), Path("my_week/log.people.csv"))
    pairs = [(f"Dee <d{number}@x.org>", "Ann Smith <ann@x.org>") for number in range(9)]
    more = mailbox(Path("b.mbox"), *pairs)
    ended = rekindle("start", box, more, "--yes")
    assert ended.code == 0, ended.err
    assert planned == ["ann@x.org"]


def test_without_questions_nobody_is_you_who_does_not_stand_out(
    box: Path, rekindle: Rekindle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "plan_week", lambda *_, **__: None)
    ended = rekindle("start", box, "--yes")
    assert ended.code == 2
    assert ended.err == (
        "Nobody stands out as you: ann@x.org and ben@x.org have most contacts. Say who you are, as in --me ann@x.org.\n"
    )
    assert rekindle("start", box, "--yes", "--me", "ben@x.org").code == 0


@pytest.mark.parametrize(
    ("me", "hint"), [("an@x.org", "did you mean ann@x.org?"), ("Nobody", "leave out --me to choose from a list.")]
)
def test_a_misspelt_id_gets_the_nearest_one(box: Path, rekindle: Rekindle, me: str, hint: str) -> None:
    ended = rekindle("start", box, "--yes", "--me", me)
    assert ended.code == 2
    assert ended.err.strip() == f"--me {me}: nobody in these exports is called that; {hint}"


def test_an_import_says_that_nobody_is_called_what_the_user_wrote(box: Path, rekindle: Rekindle) -> None:
    ended = rekindle("import", box, "-o", "log.csv", "--me", "an@x.org", "--me", "BEN@x.org")
    assert ended.code == 0, ended.err
    assert "--me an@x.org: nobody in these exports is called that. Did you mean ann@x.org?" in ended.out
    assert "BEN" not in ended.out
