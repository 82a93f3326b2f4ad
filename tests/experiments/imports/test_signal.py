"""Signal: the `main.jsonl` of the app, and the `data.json` and `chat.md` of signal-export."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from experiments.imports.contacts import Contact
from experiments.imports.signal import APP, WRITTEN
from sim.contact_logs import LogError
from tests.experiments.imports.chat_exports import (
    SUMMER,
    WINTER,
    altered,
    check_damage,
    check_survives,
    found,
    likeness,
    packed,
    saved,
    triples,
)

# The app ------------------------------------------------------------------------------------------------------------

ANN, BEN, CHEN, TRIP = "1", "2", "3", "4"
HEADER = {"version": "1", "backupTimeMs": "1734989194736", "currentAppVersion": "8.10.2", "mediaRootBackupKey": "AA=="}
PEOPLE: list[dict[str, Any]] = [
    HEADER,
    {"account": {"givenName": "Ann", "familyName": "Smith", "username": "ann.01"}},
    {"recipient": {"id": ANN, "self": {"avatarColor": "A130"}}},
    {"recipient": {"id": BEN, "contact": {"e164": "491705550100", "profileGivenName": "B", "systemGivenName": "Ben"}}},
    {"recipient": {"id": CHEN, "contact": {"e164": "491705550101", "aci": "AA=="}}},
    {
        "recipient": {
            "id": TRIP,
            "group": {"masterKey": "AA==", "snapshot": {"title": {"title": "Trip"}, "members": []}},
        }
    },
    {"recipient": {"id": "5", "releaseNotes": {}}},
    {"recipient": {"id": "6", "distributionList": {"distributionId": "AA=="}}},
    *({"chat": {"id": f"{who}0", "recipientId": who, "expireTimerVersion": 1}} for who in (ANN, BEN, CHEN, TRIP, "5")),
]
IN, OUT = {"incoming": {"dateReceived": "1705312801000", "read": True}}, {"outgoing": {"sendStatus": []}}


def item(chat: str, author: str, seconds: int = WINTER, way: dict[str, Any] = IN, **more: Any) -> dict[str, Any]:
    message = {"chatId": f"{chat}0", "authorId": author, "dateSent": f"{seconds}427"} | way
    return {"chatItem": message | (more or {"standardMessage": {"text": {"body": "private words"}, "reactions": []}})}


def call(direction: str, state: str = "ACCEPTED") -> dict[str, Any]:
    told = {"callId": "9", "type": "AUDIO_CALL", "direction": direction, "state": state}
    return {"individualCall": told | {"startedCallTimestamp": f"{SUMMER}000"}}


ITEMS = [
    item(BEN, BEN),
    item(BEN, ANN, WINTER + 60, OUT),
    item(CHEN, CHEN, SUMMER, stickerMessage={}),
    item(BEN, BEN, updateMessage=call("INCOMING")),
    item(BEN, ANN, way=OUT, updateMessage=call("OUTGOING", "NOT_ACCEPTED")),
    item(BEN, BEN, remoteDeletedMessage={}),
    item(BEN, BEN, sms=True, standardMessage={}),
    item(BEN, BEN, way={"directionless": {}}, updateMessage={"simpleUpdate": {"type": "IDENTITY_UPDATE"}}),
    item(TRIP, BEN),
    item(TRIP, ANN, way=OUT),
    item(TRIP, BEN, updateMessage={"groupCall": {"state": "GENERIC"}}),
    item(ANN, ANN, way=OUT),
    item("5", "5"),
]


def lines(*frames: object) -> str:
    return "".join(json.dumps(frame, separators=(",", ":")) + "\n" for frame in frames)


def test_the_apps_history(tmp_path: Path) -> None:
    path = saved(tmp_path / "signal" / "main.jsonl", lines(*PEOPLE, *ITEMS))
    saved(tmp_path / "signal" / "metadata.json", {"version": 1})
    saved(tmp_path / "signal" / "files" / "ab" / "abc.jpg", b"\xff")
    archive = packed(tmp_path / "signal.zip", {"signal/main.jsonl": lines(*PEOPLE, *ITEMS)})
    for place in (path, path.parent, archive):
        result = found(APP, place)
        assert result.rows == [
            Contact("Ben", "Ann Smith", WINTER, "chat"),
            Contact("Ann Smith", "Ben", WINTER + 60, "chat"),
            Contact("+491705550101", "Ann Smith", SUMMER, "chat"),
            Contact("Ben", "Ann Smith", SUMMER, "call"),
            Contact("Ann Smith", "Ben", SUMMER, "call"),
            Contact("Ben", "Ann Smith", WINTER, "chat"),
            Contact("Ben", "Ann Smith", WINTER, "sms"),
        ]
        assert result.skipped == {"notes of the app": 3, "to several people": 2, "to oneself": 1}
        assert (result.unread, result.notes, result.records) == ({}, [], len(ITEMS))
        assert likeness(APP, place) > 0.9
    assert result.where["to oneself"] == f"line {len(PEOPLE) + 12}"
    groups = [row for row in triples(found(APP, path, groups=True)) if "group" in row[1]]
    assert groups == [("Ben", "group: Trip", WINTER), ("Ann Smith", "group: Trip", WINTER)]


def test_an_account_without_a_name_is_called_as_the_user_says(tmp_path: Path) -> None:
    frames = [frame for frame in PEOPLE if "account" not in frame]
    path = saved(tmp_path / "main.jsonl", lines(*frames, {"account": {}}, item(BEN, BEN)))
    assert triples(found(APP, path)) == [("Ben", "me", WINTER)]
    assert triples(found(APP, path, me=("Ann",))) == [("Ben", "Ann", WINTER)]


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        ({"nickname": {"given": "Benny"}, "systemGivenName": "Ben"}, "Benny"),
        ({"systemGivenName": "Ben", "systemFamilyName": "Lee", "profileGivenName": "B"}, "Ben Lee"),
        ({"profileGivenName": "B", "profileFamilyName": "L", "e164": "491705550100"}, "B L"),
        ({"e164": "+491705550100", "username": "b.01"}, "+491705550100"),
        ({"username": "b.01"}, "b.01"),
        ({}, "2"),
        ({"systemGivenName": "Ann Smith"}, "Ann Smith (2)"),
    ],
)
def test_people_are_called_as_in_signal(tmp_path: Path, contact: dict[str, Any], name: str) -> None:
    frames = [*PEOPLE[:3], {"recipient": {"id": BEN, "contact": contact}}, {"chat": {"id": "20", "recipientId": BEN}}]
    path = saved(tmp_path / "main.jsonl", lines(*frames, item(BEN, BEN)))
    assert triples(found(APP, path)) == [(name, "Ann Smith", WINTER)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"chatItem":{"chat', "that are no JSON"),
        ("hello", "that are no JSON"),
        (lines(item(BEN, BEN, 0)), "with an impossible date"),
        (lines(item(BEN, BEN, 99_999_999_999)), "with an impossible date"),
        (lines({"chatItem": {"chatId": "20", "standardMessage": {}}}), "with an impossible date"),
        (lines(item("77", BEN)), "in an unknown chat"),
        (lines({"chatItem": None}), "of an unknown kind"),
        (lines({"chatItem": {"chatId": "20", "authorId": "2", "dateSent": "1"}}), "of an unknown kind"),
        (lines({"weather": {}}), "of an unknown kind"),
        ("[]", "of an unknown kind"),
        ("5", "of an unknown kind"),
    ],
)
def test_a_line_that_cannot_be_read_is_counted(tmp_path: Path, bad: str, reason: str) -> None:
    text = lines(*PEOPLE) + bad.strip() + "\n\n" + lines(item(BEN, BEN))
    result = found(APP, saved(tmp_path / "main.jsonl", text))
    assert triples(result) == [("Ben", "Ann Smith", WINTER)]
    assert (result.unread, result.where) == ({reason: 1}, {reason: f"line {len(PEOPLE) + 1}"})


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    for text in ("", "hello\n", '{"a": 1}\n', "[" * 50_000):
        with pytest.raises(LogError, match=r"no line is a part of a chat history; expected a `main.jsonl`"):
            found(APP, saved(tmp_path / "main.jsonl", text))
    saved(tmp_path / "folder" / "a.txt", "")
    saved(tmp_path / "folder" / "b.txt", "")
    with pytest.raises(LogError, match=r"has no `main\.jsonl`"):
        found(APP, tmp_path / "folder")


def test_damage_to_a_history_never_ends_in_another_error(tmp_path: Path) -> None:
    path = tmp_path / "main.jsonl"
    check_damage(APP, path, lines(*PEOPLE, *ITEMS).encode(), 250, seed=6)
    draw = random.Random(7)
    for case in range(250):
        items = [altered(frame, draw, (0.02, 0.1)[case % 2]) for frame in ITEMS]
        items = [frame if isinstance(frame, dict) and "chatItem" in frame else {"chatItem": frame} for frame in items]
        path.write_text(lines(*altered(PEOPLE, draw, 0.005 * (case % 2)), *items), encoding="utf-8")
        check_survives(APP, path, None if case % 2 else len(ITEMS))


# signal-export ------------------------------------------------------------------------------------------------------


def said(who: object, date: object = "2024-01-15T10:00:00.427000", body: str = "private words  ", **more: Any) -> str:
    message = {
        "date": date,
        "sender": who,
        "body": body,
        "quote": "",
        "sticker": "",
        "reactions": [],
        "attachments": [],
    }
    return json.dumps(message | more, ensure_ascii=False) + "\n"


BEFORE_NOON = "2024-07-15T08:00:00"
BOTH = [("me", "Ben", WINTER), ("Ben", "me", SUMMER)]
DATA = said("Me") + said("Ben", BEFORE_NOON)
TEXT = (
    "[2024-01-15 10:00:00] Me: private words  \nand more\n\n"
    "[2024-07-15 08:00:00] Ben: \n\n> quoted\n\n![a](./b.jpg)  \n\n"
)
WHOLE = {
    "Ben/data.json": DATA,
    "Ben/chat.md": TEXT,
    "Trip/data.json": said("Me") + said("Ben") + said("Chen"),
    "Zoë2/chat.md": "[2019-05-29, 15:04] Zoë2: hi\n",
    "NotetoSelf/data.json": said("Me"),
    "style.css": "",
}


@pytest.mark.parametrize(("name", "text"), [("data.json", DATA), ("chat.md", TEXT)])
def test_a_chat_of_signal_export(tmp_path: Path, name: str, text: str) -> None:
    path = saved(tmp_path / "Ben" / name, text)
    result = found(WRITTEN, path)
    assert triples(result) == BOTH
    assert (result.skipped, result.unread) == ({}, {})
    assert result.notes == ["Times of signal-export name no time zone, and were read as times of UTC."]
    assert triples(found(WRITTEN, path, me=("Ann",))) == [("Ann", "Ben", WINTER), ("Ben", "Ann", SUMMER)]
    assert likeness(WRITTEN, path) > 0.9


def test_an_export_has_a_folder_for_each_chat(tmp_path: Path) -> None:
    for name, text in WHOLE.items():
        saved(tmp_path / "out" / name, text)
    for place in (tmp_path / "out", packed(tmp_path / "out.zip", WHOLE)):
        result = found(WRITTEN, place)
        assert sorted(triples(result)) == sorted([*BOTH, ("Zoë2", "me", 1_559_142_240)])
        assert (result.skipped, result.unread) == ({"to several people": 3, "to oneself": 1}, {})
        assert result.where["to several people"] == "chat 3 of 4, line 1"
        assert likeness(WRITTEN, place) > 0.9
    groups = [row[:2] for row in triples(found(WRITTEN, tmp_path / "out", groups=True)) if "group" in row[1]]
    assert groups == [("me", "group: Trip"), ("Ben", "group: Trip"), ("Chen", "group: Trip")]


def test_times_are_those_of_the_zone(tmp_path: Path) -> None:
    path = saved(tmp_path / "Ben" / "data.json", said("Me", "2024-01-15T11:00:00") + said("Ben", "2024-07-15T10:00:00"))
    assert triples(found(WRITTEN, path, zone=ZoneInfo("Europe/Berlin"))) == BOTH


def test_calls_notes_and_messages_without_words(tmp_path: Path) -> None:
    text = (
        said("Me", body="Outgoing voice call (accepted, 3m 2s)  ")
        + said("Ben", body="Missed video call  ")
        + said("Ben", body="Incoming call  ", call=True, missed=True)
        + said("Ben", body="I missed a call  ")
        + said("Ben", body="  ")
        + said("No-Sender", body="x")
        + said("Ben", body="  ", attachments=[{"name": "private.jpg", "path": "./media/private.jpg"}])
        + said("Ben", body="  ", deleted=True)
    )
    result = found(WRITTEN, saved(tmp_path / "Ben" / "data.json", text))
    assert [(row.source, row.medium) for row in result.rows] == [
        ("me", "call"), ("Ben", "call"), ("Ben", "call"), ("Ben", "chat"), ("Ben", "chat"), ("Ben", "chat"),
    ]  # fmt: skip
    assert result.skipped == {"notes of the app": 2}


def test_a_chat_is_of_two_if_its_folder_is_named_after_its_writer(tmp_path: Path) -> None:
    result = found(WRITTEN, saved(tmp_path / "Trip" / "data.json", said("Me") + said("Ben")))
    assert (result.rows, result.skipped) == ([], {"to several people": 2})
    assert "is taken for a group" in result.notes[0]
    result = found(WRITTEN, saved(tmp_path / "BenLee2" / "data.json", said("Me") + said("Ben Lee")))
    assert [row[:2] for row in triples(result)] == [("me", "Ben Lee"), ("Ben Lee", "me")]
    result = found(WRITTEN, saved(tmp_path / "Chen" / "data.json", said("Me")))
    assert triples(result) == [("me", "Chen", WINTER)]
    assert "only the owner wrote" in result.notes[0]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (said("Ben", "1970-01-01T00:00:00"), "with an impossible date"),
        (said("Ben", "2099-01-01T00:00:00"), "with an impossible date"),
        (said("Ben", "0001-01-01T00:00:00"), "with an impossible date"),
        (said("Ben", 5), "with an impossible date"),
        (said(None), "without a readable name"),
        ("{'date': 1}\n", "that are no JSON"),
        ("[]\n", "that are no JSON"),
    ],
)
def test_a_bad_line_of_signal_export_is_counted(tmp_path: Path, bad: str, reason: str) -> None:
    result = found(WRITTEN, saved(tmp_path / "Ben" / "data.json", said("Me") + bad + said("Ben", BEFORE_NOON)))
    assert triples(result) == BOTH
    assert (result.unread, result.where) == ({reason: 1}, {reason: "line 2"})


def test_what_signal_export_did_not_write_is_refused(tmp_path: Path) -> None:
    for name, text in (("data.json", ""), ("data.json", "{}\n"), ("chat.md", "hello\n")):
        with pytest.raises(LogError, match=r"there is no message of signal-export; expected a `data\.json`"):
            found(WRITTEN, saved(tmp_path / name, text))


def test_nothing_of_a_text_and_no_name_is_told(tmp_path: Path) -> None:
    for reader, path in (
        (APP, saved(tmp_path / "main.jsonl", lines(*PEOPLE, *ITEMS, item(BEN, BEN, 0)))),
        (WRITTEN, saved(tmp_path / "Ben" / "data.json", DATA + said("Ben", "x") + said("Chen", "x") + "private\n")),
    ):
        result = found(reader, path)
        told = str([result.skipped, result.unread, result.where, result.notes])
        assert not any(word in told for word in ("private", "Ann", "Ben", "Chen", "49170"))


@pytest.mark.parametrize(("name", "text"), [("data.json", DATA * 3 + said("Me", body="x")), ("chat.md", TEXT * 3)])
def test_damage_to_a_written_chat_never_ends_in_another_error(tmp_path: Path, name: str, text: str) -> None:
    path = saved(tmp_path / "Ben" / name, text)
    check_damage(WRITTEN, path, text.encode(), 200, seed=8)
    draw, messages = random.Random(9), [json.loads(line) for line in DATA.splitlines()] * 3
    for case in range(200):
        changed = [altered(message, draw, (0.05, 0.2)[case % 2]) for message in messages]
        saved(tmp_path / "Ben" / "data.json", lines(*changed))
        check_survives(WRITTEN, tmp_path / "Ben" / "data.json", len(messages))
