"""WhatsApp's texts: each message is read, skipped and counted, or named by its line."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experiments.imports import whatsapp
from experiments.imports.contacts import Contact
from experiments.imports.whatsapp import READER
from sim.contact_logs import LogError
from tests.experiments.imports.chat_exports import (
    SUMMER,
    WINTER,
    Found,
    at,
    check_damage,
    check_survives,
    found,
    likeness,
    packed,
    saved,
    triples,
)


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
    return saved(folder / name, text.encode(encoding))


def read(path: Path, **choices: Any) -> Found:
    return found(READER, path, **choices)


def sources(result: Found) -> list[str]:
    return [row.source for row in result.rows]


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
    people = ["Ann" if name.startswith("~") else name for name in names]
    name = f"WhatsApp Chat with {people[False]}.txt"
    text = ends.join("\n".join(lines).split("\n"))
    path = chat(tmp_path_factory.mktemp("chat"), text, name, encoding)
    result = read(path, me=(people[True],))
    seconds = "%S" in str(FORMS[form](START)) or FORMS[form](START) != FORMS[form](START + timedelta(seconds=1))
    expected = [int(at.timestamp()) if seconds else int(at.timestamp()) // 60 * 60 for at in times]
    assert [row.time for row in result.rows] == expected
    assert sources(result) == [people[mine] for mine in who]
    assert [row.target for row in result.rows] == [people[not mine] for mine in who]
    assert (result.skipped, result.unread) == ({}, {})
    assert likeness(READER, path) > 0.7


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
    result = read(path)
    assert sources(result) == ["Ann", "Ben"]
    assert result.skipped == {"notes of the app": 4}
    assert result.where == {"notes of the app": "line 1"}
    assert likeness(READER, path) == 0.9


def test_media_edits_and_deletions_are_messages_and_calls_are_calls(tmp_path: Path) -> None:
    said = [
        ("Ann", "<Media omitted>", "chat"),
        ("Ben", "\u200eimage omitted", "chat"),
        ("Ann", "This message was deleted", "chat"),
        ("Ben", "yes \u200e<This message was edited>", "chat"),
        ("Ann", "\u200eVoice call, \u200e3 min", "call"),
        ("Ben", "\u200eVideo call. \u200e1 hr 5 min", "call"),
        ("Ben", "\u200eMissed voice call, \u200eTap to call back", "call"),
        ("Ann", "\u200eSprachanruf, \u200eKeine Antwort", "call"),
        ("Ann", "Chamada de vídeo perdida", "call"),
        ("Ben", "video call, tomorrow?", "chat"),
        ("Ben", "", "chat"),
        ("Ann", "null", "chat"),
        ("Ann", "\u200ePhotos we added yesterday.pdf • \u200e2 pages \u200edocument omitted", "chat"),
    ]
    path = chat(tmp_path, "".join(f"[31.12.23, 21:05:10] {who}: {text}\n" for who, text, _ in said))
    result = read(path)
    assert [(row.source, row.medium) for row in result.rows] == [(who, medium) for who, _, medium in said]
    assert (result.skipped, result.unread) == ({}, {})


@pytest.mark.parametrize(
    ("file", "other"),
    [
        ("WhatsApp Chat with Ben Smith.txt", "Ben Smith"),
        ("WhatsApp Chat with Ben Smith (1).txt", "Ben Smith"),
        ("WhatsApp Chat - Ben.txt", "Ben"),
        ("WhatsApp Chat - Ben/_chat.txt", "Ben"),
        ("chat_mit_Ben.txt", "Ben"),
        ("WhatsApp Chat with Ann.txt", "me"),  # then Ann is the other, and the owner never wrote
        ("mine.txt", "someone in mine.txt"),
        ("from_ben/_chat.txt", "someone in from_ben/_chat.txt"),
    ],
)
def test_a_chat_in_which_one_person_wrote(tmp_path: Path, file: str, other: str) -> None:
    path = chat(tmp_path, "31/12/2023, 9:05 pm - Ann: hi\n", file)
    result = read(path)
    assert triples(result) == [("Ann", other, at("2023-12-31T21:05"))]
    assert "only one person wrote" in result.notes[-1]
    if other.startswith(("me", "someone")):
        assert triples(read(path, me=("Cat",)))[0][1] == "Cat"


def test_a_chat_with_oneself(tmp_path: Path) -> None:
    result = read(chat(tmp_path, "31/12/2023, 9:05 pm - Ann: hi\n", "WhatsApp Chat with Ann.txt"), me=("ann",))
    assert (result.rows, result.skipped) == ([], {"to oneself": 1})


def test_of_two_names_that_begin_alike_the_longer_one_is_meant(tmp_path: Path) -> None:
    text = "".join(f"31/12/2023, 21:05 - {who}: hi\n" for who in ("Ann", "Ann: work", "Ann"))
    path = chat(tmp_path, text, "WhatsApp Chat with Ann: work.txt")
    assert sources(read(path, me=("Ann",))) == ["Ann", "Ann: work", "Ann"]


GROUP = ("Ann", "Me", "Me", "Ann", "Ann Smith")


def test_three_writers_are_a_group(tmp_path: Path) -> None:
    """Its messages are counted, or go to the group, which is called as its file is."""
    text = "".join(f"31/12/2023, 21:05 - {who}: hi\n" for who in GROUP)
    result = read(chat(tmp_path, text, "WhatsApp Chat with Family.txt"))
    assert (result.rows, result.skipped) == ([], {"to several people": 5})
    result = read(tmp_path / "WhatsApp Chat with Family.txt", groups=True)
    assert [row[:2] for row in triples(result)] == [(who, "group: Family") for who in GROUP]
    result = read(chat(tmp_path, text, "WhatsApp Chat - Family/_chat.txt"), groups=True)
    assert {row.target for row in result.rows} == {"group: Family"}
    result = read(chat(tmp_path, text, "mine.txt"), groups=True)
    assert {row.target for row in result.rows} == {"group: mine"}


def test_a_third_name_in_a_chat_named_after_a_person_is_left_out(tmp_path: Path) -> None:
    text = "".join(f"31/12/2023, 21:05 - {who}: hi\n" for who in GROUP)
    result = read(chat(tmp_path, text, "WhatsApp Chat with Ann.txt"))
    assert sources(result) == ["Ann", "Me", "Me", "Ann"]
    assert (result.unread, result.where) == ({"by a third name": 1}, {"by a third name": "line 5"})
    assert "Three names write in a chat that is named after one of them" in result.notes[-1]


@pytest.mark.parametrize(("title", "said"), [("Ann", False), ("Ann  B.", False), ("BEN", False), ("Family", True)])
def test_a_chat_named_after_neither_writer_may_be_a_group(tmp_path: Path, title: str, said: bool) -> None:
    text = f"31/12/2023, 21:05 - {'Ann: B' if 'B.' in title else 'Ann'}: hi\n31/12/2023, 21:06 - Ben: hi\n"
    result = read(chat(tmp_path, text, f"WhatsApp Chat with {title}.txt"), me=("Ann: B",))
    assert len(result.rows) == 2
    assert any("may be a group" in note for note in result.notes) == said


@pytest.mark.parametrize(
    "note",
    [
        '31/12/2023, 21:04 - Ann created group "Trip: us"',
        "31/12/2023, 21:04 - Ann added +49 170 5550100",
        "31/12/2023, 21:04 - You were added",
        "31/12/2023, 21:04 - Zoë joined using this group's invite link",
        "31/12/2023, 21:04 - Ann hat dich hinzugefügt",
        "31/12/2023, 21:04 - Ann: \u200eAnn added you",
        "31/12/2023, 21:04 - Trip: \u200eAnn created this group",
    ],
)
def test_notes_tell_a_group_in_which_two_people_wrote(tmp_path: Path, note: str) -> None:
    lines = [note, *(f"31/12/2023, 21:05 - {who}: hi, I added a photo" for who in ("Ann", "Ben"))]
    result = read(chat(tmp_path, "\n".join(lines)))
    assert (result.rows, result.skipped) == ([], {"notes of the app": 1, "to several people": 2})
    assert len(read(chat(tmp_path, "\n".join(lines[1:]))).rows) == 2


@pytest.mark.parametrize(
    ("third", "is_note"),
    [("Ann Bea Cat Dee", False), ("Ann van der Berg", False), ("Ann changed the subject to", True)],
)
def test_four_words_are_a_note_if_most_are_in_small_letters(tmp_path: Path, third: str, is_note: bool) -> None:
    lines = [f"31/12/2023, 21:05 - {who}: hi\n" for who in ("Ann", "Ben", "Ann", "Ben", third)]
    result = read(chat(tmp_path, "".join(lines)))
    assert len(result.rows) == (4 if is_note else 0)
    assert result.skipped == ({"notes of the app": 1} if is_note else {"to several people": 5})


# Dates --------------------------------------------------------------------------------------------------------------


def test_an_order_of_day_and_month_that_nothing_shows_must_be_given(tmp_path: Path) -> None:
    path = chat(tmp_path, "05/05/2023, 21:05 - Ann: hi\n05/06/2023, 21:05 - Ben: hi\n")
    with pytest.raises(LogError, match="line 2: 05/06/2023 may begin with the day or with the month") as error:
        read(path)
    assert "`--day-first` or `--month-first`" in str(error.value)
    times = [read(path, day_first=first).rows[1].time for first in (True, False)]
    assert [datetime.fromtimestamp(at, UTC).month for at in times] == [6, 5]


def test_a_guess_of_the_order_says_what_it_rests_on(tmp_path: Path) -> None:
    for dates, note in (
        (("01/02/2023", "31/03/2023"), "The day comes first: line 2 has 31 as its first number."),
        (("01/02/23", "03/31/23"), "The month comes first: line 2 has 31 as its second number."),
        (("23/01/02", "23/01/31"), "The year comes first: line 1 has 23 as its first number."),
        (("05/05/2023", "05/06/2023", "04/07/2023"), "The day comes first: otherwise, dates would go back in time."),
        (("05.05.2023", "05.06.2023"), "The day is guessed to come first, as dates without slashes have it. "
         "`--month-first` changes it."),
    ):  # fmt: skip
        result = read(chat(tmp_path, "".join(f"{date}, 21:05 - Ann: hi\n" for date in dates)))
        assert result.notes[0] == note
        assert len(result.rows) == len(dates)
    assert read(chat(tmp_path, "2023-05-06 21:05 - Ann: hi\n2023-05-06 21:05 - Ben: hi\n")).notes == []


def test_one_wrong_date_does_not_outweigh_the_order_of_the_others(tmp_path: Path) -> None:
    dates = ["28/05/2023", "29/05/2023", "05/13/2023", "30/05/2023"]
    result = read(chat(tmp_path, "".join(f"{date}, 21:05 - Ann: hi\n" for date in dates)))
    assert (len(result.rows), result.unread, result.where) == (
        3, {"with an impossible date": 1}, {"with an impossible date": "line 3"},
    )  # fmt: skip


@pytest.mark.parametrize(("then", "steps"), [(6, 0), (5, 0), (4, 0), (3, 1)])
def test_a_step_back_is_more_than_a_day(then: int, steps: int) -> None:
    assert whatsapp._steps_back([datetime(2023, 5, 5), None, datetime(2023, 5, then)]) == steps


def test_dates_that_would_go_back_tell_the_order(tmp_path: Path) -> None:
    """5 May, 6 May and 7 April would not follow one another; 5 May, 5 June and 4 July do."""
    path = chat(tmp_path, "".join(f"{day}/2023, 21:05 - Ann: hi\n" for day in ("05/05", "05/06", "04/07")))
    assert [datetime.fromtimestamp(row.time, UTC).month for row in read(path).rows] == [5, 6, 7]


def test_times_are_those_of_the_zone(tmp_path: Path) -> None:
    path = chat(tmp_path, "[15.01.24, 11:00:00] Ann: hi\n[15.07.24, 10:00:00] Ben: hi\n")
    result = read(path, zone=ZoneInfo("Europe/Berlin"))
    assert [row.time for row in result.rows] == [WINTER, SUMMER]
    assert not any("zone" in note for note in result.notes)
    assert any("this machine's zone" in note for note in read(path, zone=None).notes)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("32/12/2023, 21:05 - Ann: hi", "with an impossible date"),
        ("30/02/2023, 21:05 - Ann: hi", "with an impossible date"),
        ("31/12/2566, 21:05 - Ann: hi", "with an impossible date"),
        ("31/12/2044, 21:05 - Ann: hi", "with an impossible date"),
        ("31/12/2023, 25:05 - Ann: hi", "with an impossible date"),
        ("31/12/2023, 21:65 - Ann: hi", "with an impossible date"),
        ("31/12/2023, 21:60 - Ann: hi", "with an impossible date"),
    ],
)
def test_a_line_that_cannot_be_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = chat(tmp_path, f"29/12/2023, 21:05 - Ann: hi\nand more\n{line}\n30/12/2023, 21:05 - Ben: hi\n")
    result = read(path)
    assert sources(result) == ["Ann", "Ben"]
    assert (result.unread, result.where) == ({reason: 1}, {reason: "line 3"})


def test_a_minute_has_seconds_up_to_59(tmp_path: Path) -> None:
    path = chat(tmp_path, "[31.12.23, 21:04:59] Ben: yes\n[31.12.23, 21:05:60] Ann: yes\n")
    result = read(path)
    assert (sources(result), result.where) == (["Ben"], {"with an impossible date": "line 2"})


def test_a_word_next_to_one_time_that_is_no_half_of_the_day_is_counted(tmp_path: Path) -> None:
    path = chat(tmp_path, "31/12/2023, 9:05 pm - Ann: hi\n31/12/2023, 9:05 xx - Ben: hi\n")
    assert read(path).where == {"with an unknown abbreviation of am or pm": "line 2"}


# Files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello\nyou", "line 1 does not begin with a date and time; expected a line such as"),
        (b"", "line 1 does not begin"),
        (b"31 Dez. 2023 - Ann: hi", "line 1 does not begin"),
        (b"31/12/2023, 9:05 xx - Ann: hi", "line 1: the word next to the time is no known abbreviation of am or pm"),
        ("31/12/2023, 21:05 - Ann: hi\n\nGr\u00fc\u00dfe".encode("latin-1"), "line 3: the text is not UTF-8"),
    ],
)
def test_what_is_no_chat_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "chat.txt").write_bytes(content)
    with pytest.raises(LogError, match=said) as error:
        read(tmp_path / "chat.txt")
    assert not any(word in str(error.value) for word in ("hello", "Ann: hi\n", "Dez"))


def test_a_chat_of_notes_has_no_messages(tmp_path: Path) -> None:
    result = read(chat(tmp_path, "31/12/2023, 21:05 - You joined."))
    assert (result.rows, result.skipped) == ([], {"notes of the app": 1})


ANN_TO_BEN = [("Ann", "Ben", at("2023-12-31T21:05"))]


@pytest.mark.parametrize(
    ("archive", "name"),
    [
        ("WhatsApp Chat - Ben.zip", "_chat.txt"),
        ("WhatsApp Chat with Ben.zip", "WhatsApp Chat with Ben.txt"),
        ("export.zip", "WhatsApp Chat - Ben/_chat.txt"),
        ("chat.zip", "Chat de WhatsApp con Ben.txt"),
    ],
)
def test_an_archive_is_read_as_the_phone_made_it(tmp_path: Path, archive: str, name: str) -> None:
    text = "31/12/2023, 21:05 - Ann: hi\n"
    path = packed(tmp_path / archive, {"00000-PHOTO.jpg": b"\xff\xd8", "a list.txt": "milk\n", name: text})
    assert triples(read(path)) == ANN_TO_BEN
    assert likeness(READER, path) > 0.7


def test_a_folder_of_chats_and_a_missing_file(tmp_path: Path) -> None:
    for name in ("Ben", "Cat"):
        chat(
            tmp_path / "all",
            "31/12/2023, 21:05 - Ann: hi\n32/12/2023, 21:05 - Ann: hi\n",
            f"WhatsApp Chat with {name}.txt",
        )
    chat(tmp_path / "all", "milk\n", "chat about milk.txt")
    result = read(tmp_path / "all")
    assert [row.target for row in result.rows] == ["Ben", "Cat"]
    assert result.unread == {"with an impossible date": 2, "in files that are no chats": 1}
    assert result.where["with an impossible date"] == "chat 1 of 3, line 2"
    with pytest.raises(LogError, match="does not exist"):
        read(tmp_path / "none.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LogError, match="has no chat"):
        read(tmp_path / "empty")


def test_a_pasted_message_is_text_and_said_so(tmp_path: Path) -> None:
    path = chat(
        tmp_path, "31/12/2023, 21:05 - Ann: look\n[31.12.22, 20:00:01] Cat: hi\n31/12/2023, 21:06 - Ben: nice\n"
    )
    result = read(path)
    assert len(result.rows) == 2
    assert (
        result.notes[0] == "1 line looks like a message but is not dated as line 1 is, and passed for text; see line 2."
    )


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
    assert read(tmp_path / "chat.txt").rows == [
        Contact("Ann", "Ben", 1_704_056_700, "chat"),
        Contact("Ben", "Ann", 1_704_056_760, "chat"),
    ]


def test_nothing_of_a_text_and_no_name_is_told(tmp_path: Path) -> None:
    for name in ("WhatsApp Chat with Ann.txt", "mine.txt", "WhatsApp Chat with Zoë.txt"):
        for writers in (GROUP, GROUP[:4], ("Ann",)):
            text = "".join(
                f"32/12/2023, 21:05 - {who}: private\n28/12/2023, 21:05 - {who}: private\n" for who in writers
            )
            result = read(chat(tmp_path, text, name))
            told = str([result.skipped, result.unread, result.where, result.notes])
            assert not any(word in told for word in ("private", "Ann", "Zoë", "mine"))


# Damage -------------------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("0123456789/.,-:[] apmAnn٣年\u202f\u200e", max_size=40), max_size=6))
@example(["1/1/1, 1:11 - :"])
@example(["[1/1/1 1:11] : "])
def test_no_text_ends_in_another_error(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = chat(tmp_path_factory.mktemp("chat"), "\n".join(["31/12/2023, 21:05 - Ann: hi", *lines]))
    check_survives(READER, path)


@pytest.mark.parametrize("form", ["British", "German iPhone", "Korean", "Arabic"])
def test_damage_never_ends_in_another_error(tmp_path: Path, form: str) -> None:
    draw = random.Random(10)
    times = [START + timedelta(hours=7 * hours) for hours in range(20)]
    names = ["Ann", "Ben", "Zoë"][: draw.randint(2, 3)]
    lines = [f"{FORMS[form](at)}{draw.choice(names)}: \u200eVoice call, 3 min\nand more\n" for at in times]
    path = tmp_path / "WhatsApp Chat with Ben.txt"
    check_damage(READER, path, "".join(lines).encode(), 100, seed=11)
    for _ in range(100):
        kept = [line for line in draw.sample(lines, len(lines)) if draw.random() < 0.8]
        saved(path, "".join(kept))
        check_survives(READER, path, len(kept) or None)


def test_damage_to_an_archive_never_ends_in_another_error(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {"_chat.txt": "31/12/2023, 21:05 - Ann: hi\n" * 30}).read_bytes()
    check_damage(READER, tmp_path / "b.zip", archive, 150, seed=12)
