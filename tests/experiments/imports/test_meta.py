"""Facebook Messenger and Instagram: threads in files, folders and downloads, encrypted ones, and deleted accounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.imports.meta import INSTAGRAM, MESSENGER
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

ANN, BEN, ZOE = "Ann Smith", "Ben", "Zoë"


def mangled(text: str) -> str:
    """UTF-8 written as if it was Latin-1, as Meta does."""
    return text.encode().decode("latin-1")


def said(who: Any, seconds: int = WINTER, **more: Any) -> dict[str, Any]:
    """A message, milliseconds after a second."""
    name = mangled(who) if isinstance(who, str) else who
    message = {"sender_name": name, "timestamp_ms": seconds * 1000 + 427, "content": "private words"}
    return message | {"is_geoblocked_for_viewer": False} | more


def thread(*messages: Any, people: tuple[str, ...] = (BEN, ANN), title: str = BEN, **more: Any) -> dict[str, Any]:
    return {
        "participants": [{"name": mangled(name)} for name in people],
        "messages": list(messages),
        "title": mangled(title),
        "is_still_participant": True,
        "thread_path": f"inbox/{title.lower().replace(' ', '')}_123",
        "magic_words": [],
    } | more


def encrypted(*messages: Any, people: tuple[str, ...] = (ANN, BEN), name: str = "Ben_15") -> dict[str, Any]:
    return {"participants": list(people), "threadName": name, "messages": list(messages)}


def wrote(who: Any, seconds: int = WINTER, **more: Any) -> dict[str, Any]:
    message = {"isUnsent": False, "media": [], "reactions": [{"actor": ANN, "reaction": "x"}], "senderName": who}
    return message | {"text": "private words", "timestamp": seconds * 1000 + 427, "type": "text"} | more


BOTH = [(ANN, BEN, WINTER + 60), (BEN, ANN, WINTER)]
TWO = thread(said(ANN, WINTER + 60), said(BEN))
DOWNLOAD = {
    "your_facebook_activity/messages/inbox/ben_123/message_1.json": TWO,
    "your_facebook_activity/messages/inbox/ben_123/message_2.json": thread(said(BEN, WINTER - 86_400)),
    "your_facebook_activity/messages/inbox/trip_5/message_1.json": thread(
        said(ANN), said(ZOE), people=(BEN, ZOE, ANN), title="Trip", thread_path="inbox/trip_5"
    ),
    "your_facebook_activity/messages/archived_threads/chen_9/message_1.json": thread(
        said("Chen", SUMMER), people=("Chen", ANN), title="Chen", thread_path="archived_threads/chen_9"
    ),
}
OTHER = {
    "your_facebook_activity/messages/autofill_information.json": {"autofill_information_v2": {}},
    "your_facebook_activity/posts/your_posts_1.json": [{"timestamp": WINTER, "title": "private words"}],
}


def unpacked(folder: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        saved(folder / name, content)
    return folder


def test_a_thread_of_two_in_one_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "ben_123" / "message_1.json", TWO)
    result = found(MESSENGER, path)
    assert triples(result) == BOTH
    assert {row.medium for row in result.rows} == {"chat"}
    assert (result.skipped, result.unread, result.notes) == ({}, {}, [])
    assert triples(found(MESSENGER, path.parent)) == BOTH


def test_names_are_read_as_they_were_meant(tmp_path: Path) -> None:
    """Even where bytes of a letter would be a space or the end of a line; right names stay right."""
    for name in ("Zoë", "Jana Dvořáková", "Łucja", "…", "Борис", "陈", "à Ð"):
        path = saved(tmp_path / "message_1.json", thread(said(name), people=(name, ANN), title=name))
        assert triples(found(MESSENGER, path)) == [(name, ANN, WINTER)]
    right = thread(said(BEN) | {"sender_name": "Zoë"}, people=(ANN,)) | {"title": "Zoë"}
    assert triples(found(MESSENGER, saved(tmp_path / "message_1.json", right))) == [("Zoë", ANN, WINTER)]


def test_a_download_as_folder_and_as_archive(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "facebook-ann", DOWNLOAD | OTHER)
    archive = packed(tmp_path / "facebook.zip", {name: json.dumps(it) for name, it in (DOWNLOAD | OTHER).items()})
    for path in (folder, archive, folder / "your_facebook_activity" / "messages"):
        result = found(MESSENGER, path)
        assert sorted(triples(result)) == sorted(
            [(BEN, ANN, WINTER - 86_400), *BOTH, ("Chen", ANN, SUMMER)],
        )
        assert (result.skipped, result.unread) == ({"to several people": 2}, {})
        assert result.where == {"to several people": "file 4 of 4, message 1 of 2"}
        assert likeness(MESSENGER, path) > 0.9
    groups = [row for row in triples(found(MESSENGER, folder, groups=True)) if "group" in row[1]]
    assert groups == [(ANN, "group: Trip", WINTER), (ZOE, "group: Trip", WINTER)]


@pytest.mark.parametrize(
    "chat",
    [
        thread(said(BEN), people=(BEN, ANN, ZOE)),
        thread(said(BEN), thread_type="RegularGroup"),
        thread(said(BEN), said(ZOE)),
    ],
    ids=["participants", "type", "left"],
)
def test_a_group_is_known_by_its_people_or_its_type(tmp_path: Path, chat: dict[str, Any]) -> None:
    result = found(MESSENGER, saved(tmp_path / "message_1.json", chat))
    assert (result.rows, result.skipped) == ([], {"to several people": len(chat["messages"])})


def test_two_groups_of_one_name_stay_two(tmp_path: Path) -> None:
    for key in ("trip_5", "trip_6"):
        chat = thread(said(BEN), people=(BEN, ANN, ZOE), title="Trip", thread_path=f"inbox/{key}")
        saved(tmp_path / "inbox" / key / "message_1.json", chat)
    result = found(MESSENGER, tmp_path, groups=True)
    assert [row.target for row in result.rows] == ["group: Trip", "group: Trip (trip_6)"]


def test_calls_reactions_and_notes(tmp_path: Path) -> None:
    chat = thread(
        said(ANN, call_duration=61),
        said(ANN, type="Call", call_duration=0),
        said(BEN, content="Ben missed your video call."),
        said(BEN, content="Audio call ended"),
        said(BEN, content="Liked a message"),
        said(BEN, content=mangled("Reacted 👍 to your message ")),
        said(BEN, type="Subscribe", users=[{"name": "Chen"}]),
        said(BEN, content="Say hi to your new Facebook friend, Ben."),
        said(BEN, is_unsent=True),
        said(BEN, photos=[{"uri": "private.jpg"}]),
        said(BEN, SUMMER, content="I called you"),
    )
    result = found(MESSENGER, saved(tmp_path / "message_1.json", chat))
    assert [(row.source, row.medium) for row in result.rows] == [
        (ANN, "call"), (ANN, "call"), (BEN, "call"), (BEN, "chat"), (BEN, "chat"), (BEN, "chat"),
    ]  # fmt: skip
    assert result.skipped == {"notes of the app": 3, "reactions": 2}
    assert result.rows[-1].time == SUMMER


def test_deleted_accounts_are_kept_apart_by_their_threads(tmp_path: Path) -> None:
    for number, name in enumerate(("Facebook user", "Facebook user", "Instagram-Nutzer", "")):
        chat = thread(said(name), people=(name, ANN), title=name or "x", thread_path=f"inbox/gone_{number}")
        saved(tmp_path / "inbox" / f"gone_{number}" / "message_1.json", chat)
    rows = triples(found(MESSENGER, tmp_path))
    assert [row[0] for row in rows] == [
        "Facebook user (gone_0)", "Facebook user (gone_1)", "Instagram-Nutzer (gone_2)", "deleted account (gone_3)",
    ]  # fmt: skip
    assert {row[1] for row in rows} == {ANN}


@pytest.mark.parametrize(
    ("people", "title", "me", "expected"),
    [
        ((ANN,), BEN, (), [(ANN, BEN, WINTER)]),
        ((ANN,), "Facebook user", (), [(ANN, "Facebook user (facebookuser_123)", WINTER)]),
        ((ANN,), ANN, (), []),
        ((ANN, ANN), ANN, (), []),
        ((ANN,), ANN, ("Chen",), [(ANN, "Chen", WINTER)]),
    ],
)
def test_a_thread_that_names_one_person(
    tmp_path: Path, people: tuple[str, ...], title: str, me: tuple[str, ...], expected: list[tuple[str, str, int]]
) -> None:
    result = found(MESSENGER, saved(tmp_path / "message_1.json", thread(said(ANN), people=people, title=title)), me=me)
    assert triples(result) == expected
    assert result.skipped == ({} if expected else {"to oneself": 1})


def test_encrypted_chats(tmp_path: Path) -> None:
    files = {
        "Ben_15.json": encrypted(wrote(ANN, WINTER + 60), wrote(BEN), wrote(BEN, isUnsent=True, type="placeholder")),
        "Zoë_3.json": encrypted(wrote("Zoë", SUMMER), people=(ANN, "Zoë"), name="Zoë_3"),
        "Trip_4.json": encrypted(wrote(ANN), people=(ANN, BEN, "Zoë"), name="Trip_4"),
        "Ann_5.json": encrypted(wrote(ANN), people=(ANN, ANN), name="Ann Smith_5"),
    }
    path = saved(tmp_path / "Ben_15.json", files["Ben_15.json"])
    assert triples(found(MESSENGER, path)) == [*BOTH, BOTH[1]]
    assert likeness(MESSENGER, path) > 0.9
    folder = unpacked(tmp_path / "messages", files | {"media/a.json": {"x": 1}})
    archive = packed(tmp_path / "messages.zip", {name: json.dumps(it) for name, it in files.items()})
    for path in (folder, archive):
        result = found(MESSENGER, path)
        assert triples(result) == [*BOTH, BOTH[1], ("Zoë", ANN, SUMMER)]
        assert result.skipped == {"to several people": 1, "to oneself": 1}
        assert likeness(MESSENGER, path) > 0.9
        assert ("Ann Smith", "group: Trip", WINTER) in triples(found(MESSENGER, path, groups=True))


def test_a_message_from_before_and_after_encryption_counts_once(tmp_path: Path) -> None:
    saved(tmp_path / "e2ee_cutover" / "ben_123" / "message_1.json", thread(said(BEN), said(BEN)))
    saved(tmp_path / "Ben_15.json", encrypted(wrote(BEN), wrote(BEN, WINTER + 60)))
    result = found(MESSENGER, tmp_path)
    assert [row[2] - WINTER for row in triples(result)] == [0, 0, 60]
    assert (result.skipped, result.records) == ({"copies": 1}, 4)


def test_instagram_is_told_by_its_folders(tmp_path: Path) -> None:
    files = {"your_instagram_activity/messages/inbox/ben_123/message_1.json": TWO}
    folder = unpacked(tmp_path / "download", files)
    archive = packed(tmp_path / "download.zip", {name: json.dumps(it) for name, it in files.items()})
    for path in (folder, archive, folder / next(iter(files))):
        assert triples(found(INSTAGRAM, path)) == BOTH
        assert likeness(INSTAGRAM, path) > 0.9 > 0.5 > likeness(MESSENGER, path)
    assert likeness(INSTAGRAM, saved(tmp_path / "ben_123" / "message_1.json", TWO)) < 0.5
    photo = said(BEN, photos=[{"uri": "your_instagram_activity/messages/inbox/x.jpg"}])
    assert likeness(INSTAGRAM, saved(tmp_path / "message_1.json", thread(photo))) > 0.9


def test_a_damaged_file_of_a_download_stops_no_other(tmp_path: Path) -> None:
    saved(tmp_path / "inbox" / "ben_123" / "message_1.json", TWO)
    saved(tmp_path / "inbox" / "chen_9" / "message_1.json", '{"participants": [{"name": "Ch')
    saved(tmp_path / "inbox" / "zoe_9" / "message_1.json", {"participants": []})
    result = found(MESSENGER, tmp_path)
    assert triples(result) == BOTH
    assert result.unread == {"in files that are no JSON": 1, "in files without messages": 1}
    assert result.where["in files that are no JSON"] == "file 2 of 3"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (said(BEN, timestamp_ms=0), "with an impossible date"),
        (said(BEN, timestamp_ms=WINTER), "with an impossible date"),
        (said(BEN, timestamp_ms=4_000_000_000_000), "with an impossible date"),
        (said(BEN, timestamp_ms="soon"), "with an impossible date"),
        (said(None), "without a readable name"),
        (said(5), "without a readable name"),
        (None, "of an unknown kind"),
        ([], "of an unknown kind"),
    ],
)
def test_a_record_that_cannot_be_read_is_counted(tmp_path: Path, bad: object, reason: str) -> None:
    result = found(MESSENGER, saved(tmp_path / "message_1.json", thread(said(ANN, WINTER + 60), bad, said(BEN))))
    assert triples(result) == BOTH
    assert (result.unread, result.where) == ({reason: 1}, {reason: "message 2 of 3"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"participants": [', "line 1: this is not JSON; expected a `message_1.json`"),
        ('{"participants": []}', "has no messages; expected"),
        ("[]", "has no messages"),
        ("", "this is not JSON"),
    ],
)
def test_what_is_no_thread_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(LogError, match=message):
        found(MESSENGER, saved(tmp_path / "message_1.json", content))


def test_a_folder_without_chats_and_a_damaged_archive_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="has no chats"):
        found(MESSENGER, unpacked(tmp_path / "empty", {"posts.json": []}))
    archive = packed(tmp_path / "download.zip", {"inbox/ben_1/message_1.json": json.dumps(TWO)})
    with pytest.raises(LogError, match="damaged"):
        found(MESSENGER, saved(tmp_path / "cut.zip", archive.read_bytes()[:-30]))
    assert likeness(MESSENGER, tmp_path / "cut.zip") == 0


def test_nothing_of_a_text_and_no_name_is_told(tmp_path: Path) -> None:
    chat = thread(said(ANN), said(BEN, timestamp_ms=None), None, said(BEN, content="Liked a message"))
    result = found(MESSENGER, saved(tmp_path / "ben_123" / "message_1.json", chat))
    told = str([result.skipped, result.unread, result.where, result.notes])
    assert not any(word in told for word in ("private", "Ann", "Ben", "ben", "Liked"))


def messages_in(value: Any) -> int | None:
    return len(value["messages"]) if isinstance(value, dict) and isinstance(value.get("messages"), list) else None


@pytest.mark.parametrize(
    "value",
    [
        thread(said(ANN, call_duration=3), said(BEN), said(ZOE), said("Facebook user"), people=(BEN, ANN)),
        thread(said(ANN), said(BEN, content="Liked a message"), said(BEN, photos=[{"uri": "x"}]), TWO["messages"][0]),
        encrypted(wrote(ANN), wrote(BEN), wrote(ANN, isUnsent=True)),
    ],
    ids=["group", "two", "encrypted"],
)
def test_damage_never_ends_in_another_error(tmp_path: Path, value: dict[str, Any]) -> None:
    path = tmp_path / "message_1.json"
    check_damage(MESSENGER, path, json.dumps(value, indent=1).encode(), 150, seed=3)
    check_alterations(MESSENGER, path, value, messages_in, 150, seed=4)


def test_damage_to_an_archive_never_ends_in_another_error(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.zip", {name: json.dumps(it) for name, it in DOWNLOAD.items()}).read_bytes()
    check_damage(MESSENGER, tmp_path / "b.zip", archive, 200, seed=5)
    check_survives(MESSENGER, tmp_path)
