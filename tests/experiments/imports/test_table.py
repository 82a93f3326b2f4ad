"""Tables of any kind: their columns, delimiters, encodings and times are found, and what is guessed is noted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from experiments.imports.contacts import Choices
from experiments.imports.table import READER
from sim.contact_logs import LogError
from tests.experiments.imports.damaged import BERLIN, UTC, damage, found, survives

DATE = 1_577_869_200  # Wednesday, 1 January 2020, 9:00 UTC
ROWS = [("Ann", "Ben", DATE, "other"), ("Ben", "Ann", DATE + 60, "other")]


def kept(folder: Path, text: str, encoding: str = "utf-8", name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


TABLES = {
    "plain": "source,target,time\nAnn,Ben,1577869200\nBen,Ann,1577869260\n",
    "quoted": '"From","To","Timestamp"\n"Ann","Ben","1577869200000"\n"Ben","Ann","1577869260000"\n',
    "semicolons": "sep=;\nSender;Recipient;Sent at\nAnn;Ben;2020-01-01 09:00\nBen;Ann;2020-01-01 09:01\n",
    "tabs": "sender\treceiver\tdate\nAnn\tBen\t2020-01-01T10:00:00+01:00\nBen\tAnn\t2020-01-01T10:01:00+01:00\n",
    "bars": "id|from_user|to_user|created_at\n1|Ann|Ben|2020-01-01 09:00:00 UTC\n2|Ben|Ann|2020-01-01 09:01:00 UTC\n",
    "German": "Absender;Empfänger;Datum\nAnn;Ben;01.01.2020 09:00\nBen;Ann;01.01.2020 09:01\n",
    "notes above": "Export of 2 Jan 2020\n\nfrom,to,when\nAnn,Ben,20200101 090000\nBen,Ann,20200101T090100\n",
    "Windows": "source,target,time\r\nAnn,Ben,1577869200\r\n\r\nBen,Ann,1577869260\r\n",
    "words": "FromName,ToName,DateSent\nAnn,Ben,Jan 1 2020 9:00 AM\nBen,Ann,Jan 1 2020 9:01 AM\n",
    "names twice": "source,target,time\nAnn,Ben,1577869200\nsource,target,time\nBen,Ann,1577869260\n",
    "spaces": "source , target , time\n Ann , Ben , 1577869200 \nBen,Ann,1577869260\n,,\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_as_it_was_written(tmp_path: Path, name: str, encoding: str) -> None:
    path = kept(tmp_path, TABLES[name], encoding)
    got = found(READER, path, Choices(zone=UTC))
    assert got.rows == ROWS
    assert got.skipped == ({"names of columns, repeated": 1} if name == "names twice" else {})
    assert got.unread == {}
    assert got.notes[-1 - ("numbers" in got.notes[-1])].startswith("The columns are taken to be source=")
    assert any("Windows-1252" in note for note in got.notes) == (name == "German" and encoding == "cp1252")
    own = re.match(r"\s*source\s*,\s*target\s*,\s*time", TABLES[name]) is not None
    assert READER.recognises(path, path.read_bytes()) == (0.9 if own else 0.4), "a log of this program's is recognised"


COUNTED = """source,target,time,medium
Ann,Ben,2020-01-01 09:00Z,E-Mail
Ann,Ann,2020-01-01 09:00Z,mail
,Ben,2020-01-01 09:00Z,mail
Ann,,2020-01-01 09:00Z,mail
Ann,Ben,,mail
Ann,Ben,2044-01-01 09:00Z,mail
Ann,Ben,1970-01-01 09:00Z,mail
Ann,Ben,soon,mail
Ann,Ben
"Ann
Smith",Ben,2020-01-01 09:00Z,mail
Zoë,Ben,2020-01-01 09:00Z,WhatsApp message
Ann,Ben,2020-01-01 09:00Z,SMS
Ann,Ben,2020-01-01 09:00Z,phone call
Ann,Ben,2020-01-01 09:00Z,letter
Ann,Ben,2020-01-01 09:00Z,pigeon
"""


def test_every_row_is_a_contact_or_counted(tmp_path: Path) -> None:
    got = found(READER, kept(tmp_path, COUNTED))
    assert [row[3] for row in got.rows] == ["mail", "chat", "sms", "call", "post", "other"]
    assert got.rows[1][0] == "Zoë"
    assert got.skipped == {"to oneself": 1}
    assert got.unread == {
        "without a source": 1,
        "without a target": 1,
        "with an impossible date": 5,
        "with a line break in a name": 1,
    }
    assert got.where == {
        "to oneself": "line 3",
        "without a source": "line 4",
        "without a target": "line 5",
        "with an impossible date": "line 6",
        "with a line break in a name": "line 12",
    }
    assert got.records == COUNTED.count("\n") - 2
    assert "Some rows have a medium that is none of mail, chat, sms, call, post; theirs is called “other”." in got.notes


def test_columns_that_the_user_names(tmp_path: Path) -> None:
    text = "who;whom;Sent_At;type;text\nAnn;Ben;15.07.2020 12:00;mail;secret\nAnn;Ben;15.01.2020 12:00;sms;secret\n"
    path = kept(tmp_path, text)
    columns = {"source": "who", "target": "WHOM", "time": "sent at", "medium": "type"}
    got = found(READER, path, Choices(columns=columns, zone=BERLIN))
    assert got.rows == [("Ann", "Ben", 1_594_807_200, "mail"), ("Ann", "Ben", 1_579_086_000, "sms")]
    assert got.notes == []
    for wrong, said in (
        (columns | {"time": "sent"}, "the file has no columns named who, WHOM, sent, type"),
        ({"source": "who", "target": "whom"}, "--columns lacks time; expected source=…"),
        (columns | {"from": "who"}, "--columns has from; expected source=…"),
    ):
        with pytest.raises(LogError, match=said):
            found(READER, path, Choices(columns=wrong))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"hello\n", b"\x00" * 99, b"a,b,c\n1,2,3\n", b"{}", b"\xff\xfe"])
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log.csv").write_bytes(content)
    with pytest.raises(LogError, match=r"log.csv, line 1: the file has no columns for who, whom and when"):
        found(READER, tmp_path / "log.csv")


def test_the_order_of_dates_must_be_clear(tmp_path: Path) -> None:
    path = kept(tmp_path, "source,target,time\nAnn,Ben,05/06/2020\nBen,Ann,05/06/2020\n")
    with pytest.raises(LogError, match=r"log.csv, line 2: the date may begin with the day or with the month"):
        found(READER, path)
    assert found(READER, path, Choices(day_first=True, zone=UTC)).rows[0][2] == 1_591_315_200


def test_bytes_that_are_no_characters_make_no_names(tmp_path: Path) -> None:
    """A file that was cut off within a character keeps its other rows."""
    path = tmp_path / "log.csv"
    path.write_bytes("source,target,time\nAnn,Ben,1577869200\nAnn,Zoë".encode()[:-1])
    got = found(READER, path)
    assert got.rows == ROWS[:1]
    assert got.unread == {"with unreadable characters": 1}


def test_no_cell_reaches_a_note_or_an_error(tmp_path: Path) -> None:
    text = "source,target,time,text\n" + "\n".join(
        f"Secret,Ben,{time},Secret" for time in ("x", "Secret", "2020-01-01")
    )
    got = found(READER, kept(tmp_path, text))
    assert "Secret" not in str((got.skipped, got.unread, got.notes, got.where))


def test_a_quote_without_an_end_is_noted(tmp_path: Path) -> None:
    """The rows that it takes in are in a cell."""
    text = 'source,target,time,text\nAnn,Ben,1577869200,"hi\nAnn,Ben,1577869260,hi\nBen,Ann,1577869260,"hi\n'
    got = found(READER, kept(tmp_path, text))
    assert got.rows == ROWS[:1]
    assert any("look like rows. A quote may be missing" in note for note in got.notes)
    assert len(found(READER, kept(tmp_path, text.replace(',"hi', ',"""hi"""'))).rows) == 3


def test_damage_is_counted_and_never_an_error(tmp_path: Path) -> None:
    for seed in range(600):
        text = [*TABLES.values(), COUNTED][seed % 12]
        path = tmp_path / "log.csv"
        path.write_bytes(damage(text.encode(["utf-8", "utf-16", "cp1252"][seed % 3]), seed))
        survives(READER, path)
