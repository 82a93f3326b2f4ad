"""LinkedIn's table of messages, in the forms that it has had since 2020."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from experiments.imports.contacts import Choices, Tally
from experiments.imports.linkedin import READER
from sim.contact_logs import LogError
from tests.experiments.imports.damaged import damage, found, survives

DATE, WINTER = 1_688_560_496, 1_672_749_296  # 5 July 2023, 12:34:56 UTC, and 3 January
OLD = [
    "CONVERSATION ID",
    "CONVERSATION TITLE",
    "FROM",
    "SENDER PROFILE URL",
    "TO",
    "DATE",
    "SUBJECT",
    "CONTENT",
    "FOLDER",
]
NEW = [*OLD[:5], "RECIPIENT PROFILE URLS", *OLD[5:]]
ALL = [*NEW, "ATTACHMENTS", "IS MESSAGE DRAFT", "IS CONVERSATION DRAFT"]
ME = {"FROM": "Zoë Bee", "SENDER PROFILE URL": "https://www.linkedin.com/in/zo%C3%AB-bee"}
TO_ME = {"TO": "Zoë Bee", "RECIPIENT PROFILE URLS": "https://www.linkedin.com/in/zo%C3%AB-bee"}
ANN = {"FROM": "Ann Lee", "SENDER PROFILE URL": "https://www.linkedin.com/in/ann-lee"}
TO_ANN = {"TO": "Ann Lee", "RECIPIENT PROFILE URLS": "https://www.linkedin.com/in/ann-lee"}
OTHER_ANN = {"FROM": "Ann Lee", "SENDER PROFILE URL": "https://www.linkedin.com/in/ann-lee-2/"}
BEN = {"FROM": "Ben Ode, Ph.D.", "SENDER PROFILE URL": "https://www.linkedin.com/in/ben"}
TO_BEN = {"TO": "Ben Ode, Ph.D.", "RECIPIENT PROFILE URLS": "https://www.linkedin.com/in/ben"}
TO_BOTH = {
    "TO": "Ann Lee,Ben Ode, Ph.D.",
    "RECIPIENT PROFILE URLS": "https://www.linkedin.com/in/ann-lee,https://www.linkedin.com/in/ben",
}
NOTES = 'Notes:\n"When exporting your data, some messages may be missing, such as those of others"\n\n'


def row(*people: dict[str, str], **values: str) -> dict[str, str]:
    known = {"CONVERSATION ID": "2-abc=", "DATE": "2023-07-05 12:34:56 UTC", "FOLDER": "INBOX"}
    known["CONTENT"] = 'Hi,\nthere "you"\r\n'
    for person in people:
        known |= person
    return known | {name.replace("_", " "): value for name, value in values.items()}


def kept(folder: Path, *rows: dict[str, str], columns: list[str] = NEW, start: str = "", quoted: bool = False) -> Path:
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(text, columns, quoting=quoting, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "messages.csv"
    path.write_text(start + text.getvalue(), encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("start", ["", NOTES])
@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("columns", [OLD, NEW, ALL])
def test_messages_of_two_people_are_contacts(tmp_path: Path, columns: list[str], quoted: bool, start: str) -> None:
    rows = [row(ANN, TO_ME), row(ME, TO_ANN, DATE="2023-01-03 12:34:56 UTC"), row(BEN, TO_ME), row(ME, TO_BEN)]
    path = kept(tmp_path, *rows, columns=columns, start=start, quoted=quoted)
    got = found(READER, path)
    assert got.rows == [
        ("Ann Lee", "Zoë Bee", DATE, "chat"),
        ("Zoë Bee", "Ann Lee", WINTER, "chat"),
        ("Ben Ode, Ph.D.", "Zoë Bee", DATE, "chat"),
        ("Zoë Bee", "Ben Ode, Ph.D.", DATE, "chat"),
    ]
    assert (got.skipped, got.unread, got.notes) == ({}, {}, [])
    assert READER.recognises(path, path.read_bytes()) == 1
    assert found(READER, tmp_path).rows == got.rows
    assert READER.recognises(tmp_path, b"") == 1


COUNTED = [
    (row(ME, TO_BOTH), "to several people"),
    (row(ANN, TO_ANN), "to oneself"),
    (row(ANN, TO_ME, FOLDER="SPAM"), "spam"),
    (row(ANN, TO_ME, FOLDER="ARCHIVE", CONTENT="other"), ""),
    (row(ME, TO_ANN, IS_MESSAGE_DRAFT="Yes"), "drafts"),
    (row(ME, TO_ANN, IS_CONVERSATION_DRAFT="Yes"), "drafts"),
    (row(TO_ME, FROM="LinkedIn Member"), "sponsored or from members who left"),
    (row(TO_ME, FROM="Shop", CONTENT="<p>%FIRSTNAME%"), "sponsored or from members who left"),
    (row(ANN, TO="LinkedIn Member"), "without a receiver"),
    (row(ANN), "without a receiver"),
    (row(ANN, TO_ME, DATE="2044-07-05 12:34:56 UTC"), "with an impossible date"),
    (row(ANN, TO_ME, DATE=""), "with an impossible date"),
    (row(ANN, TO_ME, DATE="soon"), "with an impossible date"),
    (row(ANN, DATE=""), "with too few columns"),
    (row(ANN, TO_ME), ""),
    (row(ANN, TO_ME), "copies"),
]  # fmt: skip


def test_every_message_is_a_contact_or_counted(tmp_path: Path) -> None:
    path = kept(tmp_path, *(each for each, _ in COUNTED), columns=ALL, quoted=True)
    got = found(READER, path)
    assert got.rows == [("Ann Lee", "Zoë Bee", DATE, "chat")] * 2
    for reason in {reason for _, reason in COUNTED if reason}:
        assert (got.skipped | got.unread)[reason] == sum(each == reason for _, each in COUNTED)
    assert got.records == len(COUNTED)
    assert set(got.unread) == {"with an impossible date", "with too few columns"}


def test_two_people_of_one_name_are_called_by_their_profiles(tmp_path: Path) -> None:
    got = found(READER, kept(tmp_path, row(ANN, TO_ME), row(OTHER_ANN, TO_ME), row(ME, TO_ANN)))
    assert [line[:2] for line in got.rows] == [
        ("linkedin.com/in/ann-lee", "Zoë Bee"),
        ("linkedin.com/in/ann-lee-2", "Zoë Bee"),
        ("Zoë Bee", "linkedin.com/in/ann-lee"),
    ]


def test_groups(tmp_path: Path) -> None:
    path = kept(
        tmp_path, row(ME, TO_BOTH, CONVERSATION_TITLE="Walks"), row(ME, TO_BOTH), row(ANN, TO_ME), row(BEN, TO_ME)
    )
    got = found(READER, path, Choices(groups=True))
    assert [line[:2] for line in got.rows[:2]] == [("Zoë Bee", "group: Walks"), ("Zoë Bee", "group: 2-abc=")]
    assert len(got.rows) == 4
    old = kept(tmp_path, row(ME, TO="Ann Lee, Chen"), row(ME, TO_BEN), row(BEN, TO_ME), columns=OLD)
    assert found(READER, old).skipped == {"to several people": 1}
    assert len(found(READER, old).rows) == 2


def test_two_exports_count_once(tmp_path: Path) -> None:
    tally = Tally()
    path = kept(tmp_path, row(ANN, TO_ME), row(ANN, TO_ME, CONTENT="again"))
    assert len(found(READER, path, tally=tally).rows) == 2
    assert found(READER, path, tally=tally).skipped == {"copies": 2}


def test_what_is_no_export_is_named(tmp_path: Path) -> None:
    (tmp_path / "messages.csv").write_text("From,To\nAnn,Ben\n")
    with pytest.raises(LogError, match=r"messages.csv, line 1: the file has no columns of LinkedIn's messages"):
        found(READER, tmp_path)


def test_no_text_reaches_a_note_or_a_name(tmp_path: Path) -> None:
    rows = [
        row(ANN, TO_ME, CONTENT="Secret", SUBJECT="Secret", CONVERSATION_TITLE="Secret", DATE=date)
        for date in ("", "x")
    ]
    got = found(READER, kept(tmp_path, *rows, row(ANN, TO_ME, CONTENT="Secret", SUBJECT="Secret")))
    assert "Secret" not in str(got)
    assert got.records == 3


def test_damage_is_counted_and_never_an_error(tmp_path: Path) -> None:
    for seed in range(500):
        rows = [each for each, _ in COUNTED] + [row(BEN, TO_ME), row(ME, TO_BEN)]
        path = kept(tmp_path, *rows, columns=[OLD, NEW, ALL][seed % 3], quoted=bool(seed % 2))
        path.write_bytes(damage(path.read_bytes(), seed))
        survives(READER, path, Choices(groups=bool(seed % 5)))
