"""Telegram's `result.json`, of a chat and of an account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from experiments.imports.contacts import Contact
from experiments.imports.telegram import READER
from sim.contact_logs import LogError
from tests.experiments.imports.chat_exports import (
    SUMMER,
    WINTER,
    check_alterations,
    check_damage,
    check_survives,
    found,
    likeness,
    packed,
    saved,
    triples,
)

ANN, BEN, CHEN = ("Ann Smith", "user11"), ("Ben", "user22"), ("Chen", "user33")


def said(who: tuple[str | None, Any], seconds: int = WINTER, **more: Any) -> dict[str, Any]:
    """A message as Telegram Desktop writes it since 2021."""
    message = {"id": 5, "type": "message", "date": "2024-01-15T11:00:00", "date_unixtime": str(seconds)}
    message |= {"from": who[0], "from_id": who[1], "text": "private words", "text_entities": []}
    return message | more


def done(who: tuple[str | None, Any], action: str, seconds: int = WINTER, **more: Any) -> dict[str, Any]:
    message = {"id": 6, "type": "service", "date": "2024-01-15T11:00:00", "date_unixtime": str(seconds)}
    message |= {"actor": who[0], "actor_id": who[1], "action": action, "text": "", "text_entities": []}
    return message | more


def chat(*messages: Any, kind: str = "personal_chat", name: str | None = "Ben", key: Any = 22) -> dict[str, Any]:
    return {"name": name, "type": kind, "id": key, "messages": list(messages)}


def account(*chats: Any, left: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {
        "about": "Here is the data you requested. Telegram is a cloud service.",
        "personal_information": {
            "user_id": 11, "first_name": "Ann", "last_name": "Smith",
            "phone_number": "+49 170 5550100", "username": "@ann",
        },
        "contacts": {"about": "", "list": [{"user_id": 22, "first_name": "Ben", "last_name": ""}]},
        "chats": {"about": "", "list": list(chats)},
        "left_chats": {"about": "", "list": list(left)},
    }  # fmt: skip


BOTH = [("Ann Smith", "Ben", WINTER), ("Ben", "Ann Smith", WINTER + 60)]
WHOLE = account(
    chat(
        said(ANN), said(BEN, WINTER + 60), done(BEN, "phone_call", SUMMER, duration_seconds=61, discard_reason="hangup")
    ),
    chat(said((None, "user44")), name=None, key=44),
    chat(said(ANN), said(BEN), done(ANN, "invite_members"), kind="private_supergroup", name="Trip", key=901),
    chat(said(ANN), kind="saved_messages", key=11),
    chat(said(("News", "channel77")), kind="private_channel", name="News", key=77),
    chat(said(ANN), said(("Helper", "user88")), kind="bot_chat", name="Helper", key=88),
    left=(chat(said(CHEN), kind="private_group", name="Old club", key=902),),
)


def test_a_chat_of_two_says_who_is_who(tmp_path: Path) -> None:
    path = saved(tmp_path / "result.json", chat(said(ANN), said(BEN, WINTER + 60)))
    result = found(READER, path)
    assert triples(result) == BOTH
    assert (result.skipped, result.unread, result.notes) == ({}, {}, [])


def test_in_a_chat_of_one_writer_the_id_tells_the_other(tmp_path: Path) -> None:
    path = saved(tmp_path / "result.json", chat(said(BEN)))
    assert triples(found(READER, path)) == [("Ben", "me", WINTER)]
    assert triples(found(READER, path, me=("Ann",))) == [("Ben", "Ann", WINTER)]
    path = saved(tmp_path / "result.json", chat(said(ANN)))
    assert triples(found(READER, path)) == [("Ann Smith", "Ben", WINTER)]


def test_an_account_has_its_owner_and_every_chat(tmp_path: Path) -> None:
    path = saved(tmp_path / "result.json", WHOLE)
    result = found(READER, path)
    assert result.rows == [
        Contact("Ann Smith", "Ben", WINTER, "chat"),
        Contact("Ben", "Ann Smith", WINTER + 60, "chat"),
        Contact("Ben", "Ann Smith", SUMMER, "call"),
        Contact("user44", "Ann Smith", WINTER, "chat"),
    ]
    assert result.skipped == {
        "to several people": 3, "notes of the app": 1, "to oneself": 1, "in channels": 1, "with bots": 2,
    }  # fmt: skip
    assert (result.unread, result.records) == ({}, 12)
    assert result.where["with bots"] == "chat 6 of 7, message 1 of 2"


def test_messages_in_groups_are_rows_if_asked_for(tmp_path: Path) -> None:
    path = saved(tmp_path / "result.json", WHOLE)
    groups = [row for row in triples(found(READER, path, groups=True)) if row[1].startswith("group: ")]
    assert groups == [
        ("Ann Smith", "group: Trip", WINTER),
        ("Ben", "group: Trip", WINTER),
        ("Chen", "group: Old club", WINTER),
    ]


def test_namesakes_and_groups_of_one_name_stay_apart(tmp_path: Path) -> None:
    export = account(
        chat(said(BEN)),
        chat(said(("Ben", "user23")), key=23),
        chat(said(("Ann Smith", "user24")), key=24, name="Ann Smith"),
        chat(said(ANN), kind="private_group", name="Trip", key=901),
        chat(said(ANN), kind="private_group", name="Trip", key=902),
    )
    rows = triples(found(READER, saved(tmp_path / "result.json", export), groups=True))
    assert [row[:2] for row in rows] == [
        ("Ben", "Ann Smith"),
        ("Ben (user23)", "Ann Smith"),
        ("Ann Smith (user24)", "Ann Smith"),
        ("Ann Smith", "group: Trip"),
        ("Ann Smith", "group: Trip (chat902)"),
    ]


def test_posts_of_channels_in_groups_are_no_messages_of_people(tmp_path: Path) -> None:
    path = saved(tmp_path / "result.json", chat(said(("News", "channel7")), kind="public_supergroup", key=901))
    result = found(READER, path, groups=True)
    assert (result.rows, result.skipped) == ([], {"in channels": 1})


@pytest.mark.parametrize(
    ("date", "seconds"), [("2024-01-15T11:00:00", WINTER), ("2024-07-15T10:00:00", SUMMER)], ids=["winter", "summer"]
)
def test_old_exports_have_local_times_and_bare_numbers(tmp_path: Path, date: str, seconds: int) -> None:
    message = said(("Ben", 22), date=date)
    del message["date_unixtime"]
    path = saved(tmp_path / "result.json", chat(message))
    result = found(READER, path, zone=ZoneInfo("Europe/Berlin"))
    assert triples(result) == [("Ben", "me", seconds)]
    assert result.notes == ["Some times of Telegram name no time zone, and were read as times of Europe/Berlin."]


@pytest.mark.parametrize("seconds", ["0", "-1", "99999999999", "1e9", "", None, 5, True, "9" * 400, [], 1.5])
def test_an_impossible_date_is_counted(tmp_path: Path, seconds: object) -> None:
    path = saved(tmp_path / "result.json", chat(said(ANN), said(BEN, date_unixtime=seconds)))
    result = found(READER, path)
    assert triples(result) == BOTH[:1]
    assert (result.unread, result.where) == (
        {"with an impossible date": 1},
        {"with an impossible date": "message 2 of 2"},
    )


@pytest.mark.parametrize("bad", [None, 5, [], "x", {}, {"id": 7, "type": "unsupported"}, {"type": "message"}])
def test_a_record_that_is_no_message_is_counted(tmp_path: Path, bad: object) -> None:
    result = found(READER, saved(tmp_path / "result.json", chat(said(ANN), bad, said(BEN, WINTER + 60))))
    assert triples(result) == BOTH
    assert (sum(result.unread.values()), result.records) == (1, 3)


def test_a_chat_of_an_unknown_kind_is_counted(tmp_path: Path) -> None:
    export = account(chat(said(ANN), kind="secret_thing"), {"type": "personal_chat"}, None, chat(said(BEN)))
    result = found(READER, saved(tmp_path / "result.json", export))
    assert triples(result) == [("Ben", "Ann Smith", WINTER)]
    assert result.unread == {"of an unknown kind": 3}


def test_control_characters_are_read_as_telegram_writes_them(tmp_path: Path) -> None:
    """It writes a vertical tab as `\\x0B`, which is no JSON."""
    text = json.dumps(chat(said(ANN), said(BEN, WINTER + 60))).replace("private words", r"a \x0B b \\x0B")
    with pytest.raises(ValueError, match="escape"):
        json.loads(text)
    assert triples(found(READER, saved(tmp_path / "result.json", text))) == BOTH


def test_a_folder_and_an_archive_hold_a_result(tmp_path: Path) -> None:
    text = json.dumps(chat(said(ANN), said(BEN, WINTER + 60)))
    saved(tmp_path / "DataExport_2024-01-15" / "result.json", text)
    saved(tmp_path / "DataExport_2024-01-15" / "photos" / "photo.jpg", b"\xff\xd8")
    archive = packed(tmp_path / "export.zip", {"ChatExport/result.json": text, "ChatExport/photos/a.jpg": b"\xff"})
    for path in (tmp_path / "DataExport_2024-01-15", archive):
        assert triples(found(READER, path)) == BOTH
        assert likeness(READER, path) > 0.9


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"type": "personal_chat", "messages": [', "line 1: this is not JSON; expected a `result.json`"),
        ("[" * 100_000, "this is not JSON"),
        ("{}", "has no chats; expected"),
        ("[]", "has no chats"),
        ('{"messages": {}}', "has no chats"),
        ("", "this is not JSON"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(LogError, match=message):
        found(READER, saved(tmp_path / "result.json", content))
    check_survives(READER, tmp_path / "result.json")
    with pytest.raises(LogError, match="does not exist"):
        found(READER, tmp_path / "none.json")


def test_nothing_of_a_text_and_no_name_is_told(tmp_path: Path) -> None:
    export = account(
        chat(said(ANN), said(BEN, date_unixtime="x"), None, done(BEN, "pin_message")), chat(None, name="Zoë")
    )
    result = found(READER, saved(tmp_path / "result.json", export))
    told = str([result.skipped, result.unread, result.where, result.notes])
    assert not any(word in told for word in ("private", "Ann", "Ben", "Zoë", "user"))


def messages_in(value: Any) -> int | None:
    """How many records an altered account has; None if it is not plain."""
    try:
        lists = [value[name]["list"] for name in ("chats", "left_chats") if isinstance(value.get(name), dict)]
        chats = [chat for chats in lists if isinstance(chats, list) for chat in chats]
        each = [chat.get("messages") if isinstance(chat, dict) else None for chat in chats]
        return sum(len(messages) if isinstance(messages, list) else 1 for messages in each)
    except (TypeError, KeyError, AttributeError):
        return None


def test_damage_never_ends_in_another_error(tmp_path: Path) -> None:
    content = json.dumps(WHOLE, indent=1).encode()
    check_damage(READER, tmp_path / "result.json", content, 300, seed=1)
    check_alterations(READER, tmp_path / "result.json", WHOLE, messages_in, 300, seed=2)
