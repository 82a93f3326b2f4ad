"""Mailboxes as people export them: each message is read, skipped with a reason, or counted as unread."""

from __future__ import annotations

import mailbox
import random
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experiments.imports.contacts import Choices, Tally
from experiments.imports.mail import READER
from sim.contact_logs import LogError
from tests.experiments.imports.damaged import damage, found, survives

TEN = 1_577_869_200  # Wednesday, 1 January 2020, 9:00 UTC
ANN_TO_ME = ("ann@example.org", "me@example.org", TEN, "mail")
NO_SENDER, NO_RECEIVER = "without a sender's address", "without a receiver's address"
SEVERAL, NO_DATE, BAD_DATE = "to several people", "without a date", "with an impossible date"


def mail(**headers: str | list[str] | None) -> bytes:
    """A message of Ann's to me, with other headers where they are given, as it stands in an mbox."""
    known: dict[str, Any] = {"From": "Ann <ann@example.org>", "To": "me@example.org"}
    known["Date"] = "Wed, 01 Jan 2020 10:00:00 +0100"
    known |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [
        f"{name}: {value}"
        for name, values in known.items()
        if values is not None
        for value in ([values] if isinstance(values, str) else values)
    ]
    return ("From x Thu Jan  1 00:00:00 2020\n" + "\n".join(lines) + "\n\nbody\n\n").encode()


MAILS: dict[str, tuple[bytes, list[Any] | str]] = {
    "plain": (mail(), ANN_TO_ME),
    "upper case": (mail(From="ANN@EXAMPLE.ORG", To="Me@Example.ORG"), ANN_TO_ME),
    "encoded name": (mail(From="=?utf-8?q?Ann=2C_Dr=2E?= <ann@example.org>"), ANN_TO_ME),
    "encoded whole": (mail(From="=?utf-8?b?QW5uIDxhbm5AZXhhbXBsZS5vcmc+?="), ANN_TO_ME),
    "raw bytes": (mail(From="Änn <ann@example.org>"), ANN_TO_ME),
    "comma without quotes": (mail(From="Smith, Ann <ann@example.org>"), ANN_TO_ME),
    "comment": (mail(To="me@example.org (it is (really) me)"), ANN_TO_ME),
    "group of one": (mail(To="friends: me@example.org;"), ANN_TO_ME),
    "folded": (mail(To="Me,\n <me@example.org>"), ANN_TO_ME),
    "same twice": (mail(Cc="ME@example.org"), ANN_TO_ME),
    "copy to the sender": (mail(Cc="ann@example.org"), ANN_TO_ME),
    "two equal senders": (mail(From=["ann@example.org", "Ann <ANN@example.org>"]), ANN_TO_ME),
    "no zone": (mail(Date="Wed, 01 Jan 2020 09:00:00 -0000"), ANN_TO_ME),
    "old zone": (mail(Date="1 Jan 20 04:00 EST"), ANN_TO_ME),
    "undisclosed": (mail(To="undisclosed-recipients:;"), NO_RECEIVER),
    "empty": (mail(To=""), NO_RECEIVER),
    "no receiver": (mail(To=None), NO_RECEIVER),
    "only a name": (mail(To="Ann Smith"), NO_RECEIVER),
    "no sender": (mail(From=None), NO_SENDER),
    "empty brackets": (mail(From="Ann <>"), NO_SENDER),
    "line of a body": (b"From here on it rained.\nAnd so on.\n\n", NO_SENDER),
    "several senders": (mail(From="ann@example.org, ben@example.org"), "from several people"),
    "several receivers": (mail(Cc="ben@example.org"), SEVERAL),
    "group of two": (mail(To="friends: me@example.org, ben@example.org;"), SEVERAL),
    "oneself": (mail(To="Ann@example.org"), "to oneself"),
    "no date": (mail(Date=None), NO_DATE),
    "year 99999": (mail(Date="Wed, 01 Jan 99999 10:00:00 +0100"), BAD_DATE),
    "32 January": (mail(Date="Wed, 32 Jan 2020 10:00:00 +0100"), BAD_DATE),
    "no month": (mail(Date="Wed, 32 Foo 2020 99:99:99"), BAD_DATE),
    "a huge number": (mail(Date="Wed, " + "9" * 5_000 + " Jan 2020 10:00:00"), BAD_DATE),
    "a huge zone": (mail(Date="Wed, 01 Jan 2020 10:00:00 +999999999"), BAD_DATE),
    "before mail": (mail(Date="Thu, 01 Jan 1970 00:00:00 +0000"), BAD_DATE),
    "of a clock that was not set": (mail(Date="Thu, 31 Dec 1970 23:59:59 +0000"), BAD_DATE),
    "to come": (mail(Date="Fri, 01 Jan 2044 00:00:00 +0000"), BAD_DATE),
    "list": (mail(List_Id="<club.example.org>"), "from mailing lists"),
    "newsletter": (mail(List_Unsubscribe="<https://example.org>"), "from mailing lists"),
    "bulk": (mail(Precedence="Bulk"), "from mailing lists"),
    "out of office": (mail(Auto_Submitted="auto-replied"), "from machines"),
    "written by hand": (mail(Auto_Submitted="no"), ANN_TO_ME),
    "resent": (mail(Resent_From="ben@example.org", Resent_To="me@example.org"), "resent"),
    "draft": (mail(X_Gmail_Labels="Opened,Drafts"), "drafts"),
    "spam": (mail(X_Gmail_Labels="Spam"), "spam"),
    "draft in German": (mail(X_Gmail_Labels="=?UTF-8?Q?Ge=C3=B6ffnet,Entw=C3=BCrfe?="), "drafts"),
    "draft in two words of MIME": (
        mail(X_Gmail_Labels="=?UTF-8?Q?Ge=C3=B6ffnet,?=\n =?UTF-8?Q?Entw=C3=BCrfe?="),
        "drafts",
    ),
    "draft in Russian": (mail(X_Gmail_Labels="=?UTF-8?B?0KfQtdGA0L3QvtCy0LjQutC4?="), "drafts"),
    "draft of Thunderbird": (mail(X_Mozilla_Draft_Info="internal/draft; vcard=0"), "drafts"),
    "draft of Outlook": (mail(X_Unsent="1"), "drafts"),
    "sent in Czech": (mail(X_Gmail_Labels="=?UTF-8?Q?Odesl=C3=A1no,Nep=C5=99e=C4=8Dten=C3=A9?="), ANN_TO_ME),
    "in the bin": (mail(X_Gmail_Labels="Trash,Opened"), ANN_TO_ME),
    "chat of Hangouts": (mail(X_Gmail_Labels="Chat", Message_ID="<1@google.com>"), "chats kept as mail"),
    "marked as spam": (mail(X_Spam_Flag="YES"), "spam"),
    "several hundred comments": (mail(To="(" * 3_000 + "me@example.org"), NO_RECEIVER),
}


def kept(folder: Path, name: str, *messages: bytes) -> Path:
    path = folder / name
    path.write_bytes(b"".join(messages))
    return path


@pytest.mark.parametrize("name", MAILS)
def test_a_message_is_a_contact_or_counted(tmp_path: Path, name: str) -> None:
    message, expected = MAILS[name]
    got = found(READER, kept(tmp_path, "box.mbox", message))
    if not isinstance(expected, str):
        assert (got.rows, got.skipped, got.unread) == ([expected], {}, {})
        return
    assert got.rows == []
    assert got.where == {expected: "box.mbox, message 1"}
    assert (got.unread if expected in (NO_DATE, BAD_DATE) else got.skipped) == {expected: 1}
    assert got.records == 1


@settings(max_examples=30, deadline=None)
@given(names=st.lists(st.sampled_from(sorted(MAILS))), ends=st.sampled_from([b"\n", b"\r\n"]))
def test_no_message_of_a_mailbox_is_lost(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], ends: bytes
) -> None:
    """However they follow one another: contacts and counts are those of each alone; of equal ones there is one."""
    path = kept(tmp_path_factory.mktemp("box"), "box.mbox", *(MAILS[name][0].replace(b"\n", ends) for name in names))
    got = found(READER, path)
    expected = [MAILS[name][1] for name in names]
    reasons = Counter(each for each in expected if isinstance(each, str))
    contacts = sum(not isinstance(each, str) for each in expected)
    if contacts > 1:
        reasons["copies"] = contacts - 1
    assert got.rows == [ANN_TO_ME][:contacts]
    assert got.skipped | got.unread == reasons
    assert got.records == len(names)


HEADER = st.one_of(
    st.binary(max_size=40),
    st.text('<>()@,;:"\\ .=?qbB-_+[]abAnn', max_size=40).map(str.encode),
    st.text(max_size=20).map(str.encode),
)


@settings(max_examples=50, deadline=None)
@given(who=HEADER, whom=HEADER, date=HEADER, name=HEADER)
@example(who=b"=?unknown?q?x?=", whom=b"=?utf-8?b?!?=", date=b" ", name=b"")
@example(who=b"\xff@\xfe", whom=b"<@>", date=b"1 Jan", name=b"=?x")
def test_no_header_ends_in_an_error_or_an_empty_person(
    tmp_path_factory: pytest.TempPathFactory, who: bytes, whom: bytes, date: bytes, name: bytes
) -> None:
    headers = {b"From": who, b"To": whom, b"Date": date, b"Message-ID": name}
    odd = b"".join(
        key + b": " + value.replace(b"\n", b"").replace(b"\r", b"") + b"\n" for key, value in headers.items()
    )
    path = kept(tmp_path_factory.mktemp("box"), "box.mbox", b"From x\n" + odd + b"\nbody\n\n", mail())
    got = found(READER, path)
    assert got.records == 2
    assert ANN_TO_ME in got.rows
    for source, target, _, _ in got.rows:
        for person in (source, target):
            assert person == person.strip()
            assert all(person.partition("@"))


def test_sent_and_received_mail_count_once(tmp_path: Path) -> None:
    """A message that is in both counts once, and two of one second with names of their own count twice."""
    answer = {"From": "me@example.org", "To": "Ann@example.org", "Date": "Thu, 02 Jan 2020 12:00:00 +0000"}
    kept(tmp_path, "received.mbox", mail(Message_ID="<1>"), mail(Message_ID="<2>"))
    kept(tmp_path, "sent.mbox", mail(Message_ID="<3>", **answer), mail(Message_ID="<1>"))
    tally = Tally()
    rows = [row for name in ("received", "sent") for row in found(READER, tmp_path / f"{name}.mbox", tally=tally).rows]
    assert [row[0] for row in rows] == ["ann@example.org"] * 2 + ["me@example.org"]
    assert tally.skipped == {"copies": 1}
    assert tally.where == {"copies": "sent.mbox, message 2"}
    together = found(READER, tmp_path)  # the folder with both
    assert (together.rows, together.skipped) == (rows, {"copies": 1})


def test_mail_to_several_people_counts_with_groups_only(tmp_path: Path) -> None:
    """A row per receiver, for up to 50 of them."""
    few = mail(To="ben@example.org, Chen <chen@example.org>", Cc="me@example.org, ann@example.org")
    people = [f"p{number:02}@example.org" for number in range(51)]
    path = kept(tmp_path, "box.mbox", few, mail(To=", ".join(people[:50])), mail(To=", ".join(people)))
    assert found(READER, path).skipped == {"to several people": 3}
    got = found(READER, path, Choices(groups=True))
    assert [row[1] for row in got.rows[:3]] == ["ben@example.org", "chen@example.org", "me@example.org"]
    assert [row[1] for row in got.rows[3:]] == people[:50]
    assert {row[0] for row in got.rows} == {"ann@example.org"}
    assert got.skipped == {"to more than 50 people": 1}


def test_maildir_apples_folder_and_files_are_mailboxes(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "maildir")
    for flags in ("S", "D"):
        message = mailbox.MaildirMessage(mail().partition(b"\n")[2])
        message.set_flags(flags)
        box.add(message)
    box.close()
    got = found(READER, tmp_path / "maildir")
    assert (got.rows, got.skipped) == ([ANN_TO_ME], {"drafts": 1})
    (tmp_path / "Sent.mbox").mkdir()
    kept(tmp_path / "Sent.mbox", "mbox", mail())
    assert found(READER, tmp_path / "Sent.mbox").rows == [ANN_TO_ME]
    (tmp_path / "files").mkdir()
    letter = mail(Message_ID="<1>").partition(b"\n")[2]
    kept(tmp_path / "files", "1.eml", letter)
    kept(tmp_path / "files", "2.EML", b"\r\n" + mail(Message_ID="<2>").partition(b"\n")[2].replace(b"\n", b"\r\n"))
    kept(tmp_path / "files", "3.emlx", b"%d\n" % len(letter) + letter)
    kept(tmp_path / "files", "4.eml", b"")
    kept(tmp_path / "files", "note.txt", b"nothing")
    got = found(READER, tmp_path / "files")
    assert got.rows == [ANN_TO_ME] * 2
    assert got.skipped == {"copies": 1, NO_SENDER: 1}
    assert got.where["copies"] == "3.emlx"
    assert found(READER, tmp_path / "files" / "1.eml").rows == [ANN_TO_ME]


def test_the_folders_of_programs_are_read_whole(tmp_path: Path) -> None:
    """Thunderbird's, with an index for each mailbox, and Apple's, with a folder for each."""
    (tmp_path / "Thunderbird").mkdir()
    for name in ("Inbox", "Sent"):
        kept(tmp_path / "Thunderbird", name, mail(Message_ID=f"<{name}>"))
        kept(tmp_path / "Thunderbird", f"{name}.msf", b'// <!-- <mdb:mork:z v="1.4"/> -->')
        (tmp_path / "Apple" / f"{name}.mbox").mkdir(parents=True)
        kept(tmp_path / "Apple" / f"{name}.mbox", "mbox", mail(Message_ID=f"<{name}>"))
    kept(tmp_path / "Thunderbird", "filterlog.html", b"<html>")
    for folder in ("Thunderbird", "Apple"):
        assert found(READER, tmp_path / folder).rows == [ANN_TO_ME] * 2
        assert READER.recognises(tmp_path / folder, b"") == 0.9


def test_what_is_no_mailbox_is_named(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "none.mbox", "none.mbox does not exist"),
        (tmp_path, "Name the mailbox in it"),
        (kept(tmp_path, "mail.csv", b"source,target,time\n"), "mail.csv is not an mbox file"),
    ):
        with pytest.raises(LogError, match=said):
            found(READER, path)
    assert found(READER, kept(tmp_path, "empty.mbox")).records == 0


@pytest.mark.parametrize(
    ("sender", "receiver", "targets"),
    [
        ("ann@x.org", "ben@b\u00fccher.de", ["ben@b\u00fccher.de"]),
        ("ann@x.org", "\u200fben@y.org\u200b", ["ben@y.org"]),
        ("ann@x.org", "'Ben' <'ben@y.org'>", ["ben@y.org"]),
        ("MAILER-DAEMON@x.org", "ben@y.org", []),
        ("no-reply@x.org", "ben@y.org", []),
    ],
)
def test_odd_addresses_of_mail(tmp_path: Path, sender: str, receiver: str, targets: list[str]) -> None:
    box = tmp_path / "odd.mbox"
    head = f"From x Sat Jan  1 00:00:00 2022\nFrom: {sender}\nTo: {receiver}\n"
    box.write_text(f"{head}Date: Sat, 01 Jan 2022 10:00:00 +0000\n\nhi\n", encoding="utf-8")
    assert [row[1] for row in found(READER, box).rows] == targets


@pytest.mark.parametrize(
    ("date", "hour"),
    [("Wed, 15 Jan 2020 12:00:00 +0100", 11), ("Wed, 15 Jul 2020 12:00:00 +0200", 10), ("15 Jul 2020 12:00 EDT", 16)],
)
def test_summer_and_winter(tmp_path: Path, date: str, hour: int) -> None:
    assert found(READER, kept(tmp_path, "box.mbox", mail(Date=date))).rows[0][2] % 86_400 == hour * 3_600


def test_large_bodies_need_no_memory(tmp_path: Path) -> None:
    """Neither one of many lines nor one without an end of a line."""
    body = b"QUFB" * 19 + b"\n"
    with (tmp_path / "box.mbox").open("wb") as file:
        for number in range(4):
            file.write(mail(Message_ID=f"<{number}>"))
            for _ in range(20):
                file.write(body * 10_000 if number % 2 else b"QUFB" * 190_000)
            file.write(b"\n\n")
    tracemalloc.start()
    assert len(found(READER, tmp_path / "box.mbox").rows) == 4
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_damage_is_counted_and_never_an_error(tmp_path: Path) -> None:
    draw = random.Random(4)
    content = b"".join(MAILS[name][0] for name in MAILS if len(MAILS[name][0]) < 2_000)
    for seed in range(300):
        letters = content[: draw.randrange(400, 3_000)] if seed % 2 else content
        path = kept(tmp_path, "box.mbox", damage(letters, seed))
        result = survives(READER, path, Choices(groups=bool(seed % 3)))
        if result is not None and not seed % 3:
            assert result.records == path.read_bytes().count(b"\nFrom ") + path.read_bytes().startswith(b"From ")
