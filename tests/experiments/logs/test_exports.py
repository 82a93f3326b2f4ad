"""Mailboxes and chats as people export them: each message is read, passed over and counted, or named by its line."""

from __future__ import annotations

import mailbox
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experiments.logs import exports
from experiments.logs.exports import Export, read_chat, read_mail
from experiments.logs.log import read
from sim.contact_logs import LogError

TEN = 1_577_869_200  # Wednesday, 1 January 2020, 9:00 UTC


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


def rows(export: Export) -> list[list[Any]]:
    return [list(row) for row in export.rows.itertuples(index=False)]


ANN_TO_ME = ["ann@example.org", "me@example.org", TEN]
NO_SENDER, NO_RECEIVER = "without a sender's address", "without a receiver's address"
SEVERAL, NO_DATE = "to several people", "without a readable date"
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
    "year 99999": (mail(Date="Wed, 01 Jan 99999 10:00:00 +0100"), NO_DATE),
    "32 January": (mail(Date="Wed, 32 Jan 2020 10:00:00 +0100"), NO_DATE),
    "no month": (mail(Date="Wed, 32 Foo 2020 99:99:99"), NO_DATE),
    "a huge number": (mail(Date="Wed, " + "9" * 5_000 + " Jan 2020 10:00:00"), NO_DATE),
    "a huge zone": (mail(Date="Wed, 01 Jan 2020 10:00:00 +999999999"), NO_DATE),
    "before mail": (mail(Date="Thu, 01 Jan 1970 00:00:00 +0000"), NO_DATE),
    "of a clock that was not set": (mail(Date="Thu, 31 Dec 1970 23:59:59 +0000"), NO_DATE),
    "to come": (mail(Date="Fri, 01 Jan 2044 00:00:00 +0000"), NO_DATE),
    "list": (mail(List_Id="<club.example.org>"), "from mailing lists"),
    "newsletter": (mail(List_Unsubscribe="<https://example.org>"), "from mailing lists"),
    "bulk": (mail(Precedence="Bulk"), "from mailing lists"),
    "out of office": (mail(Auto_Submitted="auto-replied"), "from machines"),
    "written by hand": (mail(Auto_Submitted="no"), ANN_TO_ME),
    "resent": (mail(Resent_From="ben@example.org", Resent_To="me@example.org"), "resent"),
    "draft": (mail(X_Gmail_Labels="Opened,Drafts"), "drafts"),
    "spam": (mail(X_Gmail_Labels="Spam"), "spam"),
}


def kept(folder: Path, name: str, *messages: bytes) -> Path:
    path = folder / name
    path.write_bytes(b"".join(messages))
    return path


@pytest.mark.parametrize("name", MAILS)
def test_a_message_is_a_contact_or_counted(tmp_path: Path, name: str) -> None:
    message, expected = MAILS[name]
    found = read_mail(kept(tmp_path, "box.mbox", message))
    if isinstance(expected, str):
        assert rows(found) == []
        assert found.passed_over == {expected: 1}
        assert str(found) == f"0 contacts of 0 people. Skipped: 1 {expected}."
    else:
        assert rows(found) == [expected]
        assert found.passed_over == {}


@settings(max_examples=30, deadline=None)
@given(names=st.lists(st.sampled_from(sorted(MAILS))), ends=st.sampled_from([b"\n", b"\r\n"]))
def test_no_message_of_a_mailbox_is_lost(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], ends: bytes
) -> None:
    """However they follow one another: contacts and counts are those of each alone; of equal ones there is one."""
    path = kept(tmp_path_factory.mktemp("box"), "box.mbox", *(MAILS[name][0].replace(b"\n", ends) for name in names))
    found = read_mail(path)
    expected = [MAILS[name][1] for name in names]
    reasons = Counter(each for each in expected if isinstance(each, str))
    contacts = sum(isinstance(each, list) for each in expected)
    if contacts > 1:
        reasons["copies"] = contacts - 1
    assert rows(found) == [ANN_TO_ME][:contacts]
    assert found.passed_over == reasons


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
    found = read_mail(path)
    assert len(found.rows) + sum(found.passed_over.values()) == 2
    assert ANN_TO_ME in rows(found)
    for person in (*found.rows["source"], *found.rows["target"]):
        assert person == person.strip()
        assert all(person.partition("@"))


def test_sent_and_received_mail_make_a_log(tmp_path: Path) -> None:
    """A message that is in both counts once, and two of one second with names of their own count twice."""
    answer = {"From": "me@example.org", "To": "Ann@example.org", "Date": "Thu, 02 Jan 2020 12:00:00 +0000"}
    received = kept(tmp_path, "received.mbox", mail(Message_ID="<1>"), mail(Message_ID="<2>"))
    sent = kept(tmp_path, "sent.mbox", mail(Message_ID="<3>", **answer), mail(Message_ID="<1>"))
    found = read_mail(received, sent)
    assert found.rows["source"].tolist() == ["ann@example.org"] * 2 + ["me@example.org"]
    assert str(found) == "3 contacts of 2 people. Skipped: 1 copies."
    found.rows.to_csv(tmp_path / "mail.csv", index=False)
    assert read(tmp_path / "mail.csv").people == 2


def test_a_maildir_and_apples_folder_are_mailboxes(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "maildir")
    for flags in ("S", "D"):
        message = mailbox.MaildirMessage(mail().partition(b"\n")[2])
        message.set_flags(flags)
        box.add(message)
    box.close()
    found = read_mail(tmp_path / "maildir")
    assert (rows(found), found.passed_over) == ([ANN_TO_ME], {"drafts": 1})
    (tmp_path / "Sent.mbox").mkdir()
    kept(tmp_path / "Sent.mbox", "mbox", mail())
    assert rows(read_mail(str(tmp_path / "Sent.mbox"))) == [ANN_TO_ME]


def test_what_is_no_mailbox_is_named(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "none.mbox", "none.mbox does not exist"),
        (tmp_path, "Name the mailbox in it"),
        (kept(tmp_path, "mail.csv", b"source,target,time\n"), "mail.csv is not an mbox file"),
    ):
        with pytest.raises(LogError, match=said):
            read_mail(path)
    assert len(read_mail(kept(tmp_path, "empty.mbox")).rows) == 0


# Chats ------------------------------------------------------------------------------------------------------------


def in_halves(hour: str, am: str, pm: str, text: str) -> Callable[[datetime], str]:
    """A form with twelve hours: `hour` of the clock, and what is said before and after noon."""
    return lambda at: (
        at.strftime(text).replace(hour, str((at.hour - 1) % 12 + 1)).replace("½", pm if at.hour > 11 else am)
    )


def dated(text: str) -> Callable[[datetime], str]:
    return lambda at: at.strftime(text)


def unpadded(text: str) -> Callable[[datetime], str]:
    return lambda at: text.format(d=at.day, m=at.month, y=at.year % 100, Y=at.year, H=at.hour, M=f"{at.minute:02}")


ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
FORMS: dict[str, Callable[[datetime], str]] = {
    "British": in_halves("h", "am", "pm", "%d/%m/%Y, h:%M ½ - "),
    "American": in_halves("h", "AM", "PM", "%m/%d/%y, h:%M\u202f½ - "),
    "American iPhone": in_halves("h", "AM", "PM", "\u200e[%m/%d/%y, h:%M:%S\u202f½] "),
    "Canadian": in_halves("h", "a.m.", "p.m.", "%Y-%m-%d, h:%M ½ - "),
    "Spanish": in_halves("h", "a.\u00a0m.", "p.\u00a0m.", "%d/%m/%y, h:%M ½ - "),
    "Greek": in_halves("h", "π.μ.", "μ.μ.", "%d/%m/%y, h:%M ½ - "),
    "Chinese": in_halves("h", "上午", "下午", "%Y/%m/%d ½h:%M - "),
    "Japanese": in_halves("h", "午前", "午後", "%Y年%m月%d日 ½h:%M - "),
    "Korean": in_halves("h", "오전", "오후", "%Y. %m. %d. ½ h:%M - "),
    "Hindi": in_halves("h", "पूर्वाह्न", "अपराह्न", "%d/%m/%Y, h:%M ½ - "),
    "Arabic": lambda at: in_halves("h", "ص", "م", "%d\u200f/%m\u200f/%Y، h:%M ½ - ")(at).translate(ARABIC),
    "Italian": dated("%d/%m/%Y %H:%M - "),
    "French": dated("%d/%m/%Y à %H:%M - "),
    "German": dated("%d.%m.%y, %H:%M - "),
    "German iPhone": dated("[%d.%m.%y, %H:%M:%S] "),
    "Finnish": dated("%d.%m.%Y klo %H.%M - "),
    "Hungarian": dated("%Y. %m. %d. %H:%M - "),
    "Swedish": dated("%Y-%m-%d %H:%M - "),
    "Dutch": dated("%d-%m-%Y %H:%M - "),
    "Bulgarian": dated("%d.%m.%y г., %H:%M ч. - "),
    "French of Canada": dated("%Y-%m-%d %H h %M - "),
    "copied from the page": dated("[%H:%M, %d/%m/%Y] "),
    "old": dated("%d/%m/%y, %H:%M:%S: "),
    "without zeros": unpadded("{d}/{m}/{y}, {H}:{M} - "),
    "American without zeros": unpadded("{m}/{d}/{y}, {H}:{M} - "),
}
START = datetime(2019, 11, 28, 6, 40, 10, tzinfo=UTC)  # the 28th tells days from months


def chat(folder: Path, text: str, name: str = "chat.txt", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=8, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 40 * 86_400), max_size=12),
    who=st.lists(st.booleans(), min_size=13, max_size=13),
    names=st.sampled_from(
        [("Ann", "Ben Smith"), ("آن", "+49 170 1234"), ("~\u202fAnn", "Bén: work"), ("A" * 60, "Dr. B")]
    ),
    said=st.lists(st.text("ab :-[]\n,'é\u2028\x85 🎉", max_size=20), min_size=13, max_size=13),
    ends=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_chat_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, form: str, gaps: list[int], who: list[bool], names: tuple[str, str],
    said: list[str], ends: str, encoding: str,
) -> None:  # fmt: skip
    """In any form of dates, with messages of many lines."""
    times = [START]
    for gap in gaps:
        times.append(times[-1] + timedelta(seconds=gap))
    who = [True, *who[: len(times) - 1]]
    lines = [f"{FORMS[form](at)}{names[mine]}: {text}" for at, mine, text in zip(times, who, said, strict=False)]
    path = chat(tmp_path_factory.mktemp("chat"), ends.join("\n".join(lines).split("\n")), encoding=encoding)
    people = ["Ann" if name.startswith("~") else name for name in names]
    found = read_chat(path, people=people, zone="UTC")
    seconds = "%S" in str(FORMS[form](START)) or FORMS[form](START) != FORMS[form](START + timedelta(seconds=1))
    expected = [int(at.timestamp()) if seconds else int(at.timestamp()) // 60 * 60 for at in times]
    assert found.rows["time"].tolist() == expected
    assert found.rows["source"].tolist() == [people[mine] for mine in who]
    assert found.rows["target"].tolist() == [people[not mine] for mine in who]
    assert (found.passed_over, found.notes) == ({}, [])


def test_notes_of_the_app_are_passed_over(tmp_path: Path) -> None:
    path = chat(
        tmp_path,
        "[31.12.23, 21:00:00] Ann: \u200eMessages and calls are end-to-end encrypted.\n"
        "[31.12.23, 21:01:00] Ann: is this end-to-end encrypted?\n"
        "[31.12.23, 21:02:00] Ann changed the subject to: us\n"
        "[31.12.23, 21:03:00] Your security code with Ann changed. Tap to learn more: here\n"
        "[31.12.23, 21:04:00] Ben: yes\n"
        "[31.12.23, 21:05:00] You blocked this contact.\n",
    )
    found = read_chat(path, zone="UTC")
    assert found.rows["source"].tolist() == ["Ann", "Ben"]
    assert found.passed_over == {"notes of the app": 4}


@pytest.mark.parametrize(
    ("file", "other"),
    [
        ("WhatsApp Chat with Ben Smith.txt", "Ben Smith"),
        ("WhatsApp Chat - Ben.txt", "Ben"),
        ("chat_mit_Ben.txt", "Ben"),
        ("WhatsApp Chat with Ann.txt", "someone in WhatsApp Chat with Ann.txt"),
        ("_chat.txt", "someone in _chat.txt"),
    ],
)
def test_a_chat_in_which_one_person_wrote(tmp_path: Path, file: str, other: str) -> None:
    found = read_chat(chat(tmp_path, "31/12/2023, 9:05 pm - Ann: hi\n", file))
    assert found.rows[["source", "target"]].to_numpy().tolist() == [["Ann", other]]
    assert f"Only Ann wrote. The other person is called {other!r}" in str(found)
    assert rows(read_chat(tmp_path / file, people=["Ann", "Cat"]))[0][1] == "Cat"


def test_of_two_names_that_begin_alike_the_longer_one_is_meant(tmp_path: Path) -> None:
    path = chat(tmp_path, "".join(f"31/12/2023, 21:05 - {who}: hi\n" for who in ("Ann", "Ann: work", "Ann")))
    assert read_chat(path, people=["Ann", "Ann: work"]).rows["source"].tolist() == ["Ann", "Ann: work", "Ann"]


def test_a_renamed_contact_and_a_third_person_are_named(tmp_path: Path) -> None:
    """With advice that works."""
    path = chat(
        tmp_path, "".join(f"31/12/2023, 21:05 - {who}: hi\n" for who in ("Ann", "Me", "Me", "Ann", "Ann Smith"))
    )
    with pytest.raises(LogError, match=r"chat.txt, line 5: 'Ann Smith' wrote, in addition to Ann and Me\.") as error:
        read_chat(path)
    assert "renamed={'Ann Smith': 'Ann'}" in str(error.value)
    assert read_chat(path, renamed={"Ann Smith": "Ann"}).rows["source"].tolist() == ["Ann", "Me", "Me", "Ann", "Ann"]
    assert "people=('Ann', 'Me')" in str(error.value)
    assert read_chat(path, people=("Ann", "Me")).passed_over == {"by others": 1}


@pytest.mark.parametrize(
    ("third", "is_note"),
    [("Ann Bea Cat Dee", False), ("Ann van der Berg", False), ("Ann changed the subject to", True)],
)
def test_four_words_are_a_note_if_most_are_in_small_letters(tmp_path: Path, third: str, is_note: bool) -> None:
    lines = [f"31/12/2023, 21:05 - {who}: hi\n" for who in ("Ann", "Ben", "Ann", "Ben", third)]
    if is_note:
        assert len(read_chat(chat(tmp_path, "".join(lines))).rows) == 4
    else:
        with pytest.raises(LogError, match=f"line 5: '{third}' wrote, in addition to Ann and Ben"):
            read_chat(chat(tmp_path, "".join(lines)))


def test_an_order_of_day_and_month_that_nothing_shows_must_be_given(tmp_path: Path) -> None:
    path = chat(tmp_path, "05/05/2023, 21:05 - Ann: hi\n05/06/2023, 21:05 - Ben: hi\n")
    with pytest.raises(LogError, match="line 2: 05/06/2023 may begin with the day or with the month"):
        read_chat(path)
    times = [rows(read_chat(path, day_first=first, zone="UTC"))[1][2] for first in (True, False)]
    assert [datetime.fromtimestamp(at, UTC).month for at in times] == [6, 5]


@pytest.mark.parametrize(("then", "steps"), [(6, 0), (5, 0), (4, 0), (3, 1)])
def test_a_step_back_is_more_than_a_day(then: int, steps: int) -> None:
    assert exports._steps_back([datetime(2023, 5, 5), None, datetime(2023, 5, then)]) == steps


def test_dates_that_would_go_back_tell_the_order(tmp_path: Path) -> None:
    """5 May, 6 May and 7 April would not follow one another; 5 May, 5 June and 4 July do."""
    path = chat(tmp_path, "".join(f"{day}/2023, 21:05 - Ann: hi\n" for day in ("05/05", "05/06", "04/07")))
    found = read_chat(path, zone="UTC").rows["time"]
    assert [datetime.fromtimestamp(at, UTC).month for at in found] == [5, 6, 7]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("32/12/2023, 21:05 - Ann: hi", "32/12/2023 is not a date"),
        ("30/02/2023, 21:05 - Ann: hi", "30/02/2023 is not a date"),
        ("31/12/2566, 21:05 - Ann: hi", "31/12/2566 is not a date"),
        ("31/12/2023, 25:05 - Ann: hi", "25:05 is not a time of day"),
        ("31/12/2023, 21:65 - Ann: hi", "21:65 is not a time of day"),
        ("31/12/2023, 21:60 - Ann: hi", "21:60 is not a time of day"),
    ],
)
def test_a_line_that_cannot_be_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = chat(tmp_path, f"29/12/2023, 21:05 - Ann: hi\nand more\n{line}\n30/12/2023, 21:05 - Ben: hi\n")
    with pytest.raises(LogError, match=f"chat.txt, line 3: {said}; expected a line such as"):
        read_chat(path)


def test_a_minute_has_seconds_up_to_59(tmp_path: Path) -> None:
    path = chat(tmp_path, "[31.12.23, 21:04:59] Ben: yes\n[31.12.23, 21:05:60] Ann: yes\n")
    with pytest.raises(LogError, match=r"chat.txt, line 2: .* is not a time of day"):
        read_chat(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello\nyou", "line 1: 'hello' does not begin with a date and time; expected a line such as"),
        (b"", "line 1: '' does not begin"),
        (b"31 Dez. 2023 - Ann: hi", "line 1: '31 Dez. 2023 - Ann: hi' does not begin"),
        (b"31/12/2023, 9:05 xx - Ann: hi", "'xx' is not a known abbreviation of am or pm"),
        (b"31/12/2023, 21:05 - You joined.", "this chat has no messages"),
        ("31/12/2023, 21:05 - Ann: hi\n\nGr\u00fc\u00dfe".encode("latin-1"), "line 3: the text is not UTF-8"),
    ],
)
def test_what_is_no_chat_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "chat.txt").write_bytes(content)
    with pytest.raises(LogError, match=said):
        read_chat(tmp_path / "chat.txt")


def test_an_archive_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "chat.zip", "w") as archive:
        archive.writestr("_chat.txt", "31/12/2023, 21:05 - Ann: hi\n")
    with pytest.raises(LogError, match="Unpack it"):
        read_chat(tmp_path / "chat.zip")
    with pytest.raises(LogError, match="is not a file"):
        read_chat(tmp_path / "none.txt")


def test_a_pasted_message_is_text_and_said_so(tmp_path: Path) -> None:
    path = chat(
        tmp_path, "31/12/2023, 21:05 - Ann: look\n[31.12.22, 20:00:01] Cat: hi\n31/12/2023, 21:06 - Ben: nice\n"
    )
    found = read_chat(path)
    assert len(found.rows) == 2
    assert "not dated as line 1 is, and passed for text; see line 2." in str(found)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("0123456789/.,-:[] apmAnn٣年\u202f\u200e", max_size=40), max_size=6))
@example(["1/1/1, 1:11 - :"])
@example(["[1/1/1 1:11] : "])
def test_no_text_ends_in_another_error(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = chat(tmp_path_factory.mktemp("chat"), "\n".join(["31/12/2023, 21:05 - Ann: hi", *lines]))
    try:
        found = read_chat(path)
    except LogError:
        return
    assert all(name.strip() for name in (*found.rows["source"], *found.rows["target"]))


@pytest.mark.parametrize(
    ("sender", "receiver", "found"),
    [
        ("ann@x.org", "ben@b\u00fccher.de", ["ben@b\u00fccher.de"]),
        ("ann@x.org", "\u200fben@y.org\u200b", ["ben@y.org"]),
        ("ann@x.org", "'Ben' <'ben@y.org'>", ["ben@y.org"]),
        ("MAILER-DAEMON@x.org", "ben@y.org", []),
        ("no-reply@x.org", "ben@y.org", []),
    ],
)
def test_odd_addresses_of_mail(tmp_path: Path, sender: str, receiver: str, found: list[str]) -> None:
    box = tmp_path / "odd.mbox"
    head = f"From x Sat Jan  1 00:00:00 2022\nFrom: {sender}\nTo: {receiver}\n"
    box.write_text(f"{head}Date: Sat, 01 Jan 2022 10:00:00 +0000\n\nhi\n", encoding="utf-8")
    assert list(read_mail(box).rows["target"]) == found


@pytest.mark.parametrize(
    "lines",
    [
        "21:05, 31/12/2023 - Ann: hi\n21:06, 31/12/2023 - Ben: ok\n",
        "2023/12/31 \u665a\u4e0a9:05 - Ann: hi\n2023/12/31 \u665a\u4e0a9:06 - Ben: ok\n",
        "31/12/2023, 9:05 \u0645\u0633\u0627\u0621\u064b - Ann: hi\n"
        "31/12/2023, 9:06 \u0645\u0633\u0627\u0621\u064b - Ben: ok\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_more_forms_of_chats(tmp_path: Path, lines: str, encoding: str) -> None:
    (tmp_path / "chat.txt").write_bytes(lines.encode(encoding))
    found = read_chat(tmp_path / "chat.txt", zone="UTC").rows
    assert list(found["time"]) == [1_704_056_700, 1_704_056_760]
