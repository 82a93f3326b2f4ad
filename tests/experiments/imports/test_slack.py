"""Slack's export of a workspace, as a folder and as an archive."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from experiments.imports.contacts import Choices, Tally
from experiments.imports.slack import READER
from sim.contact_logs import LogError
from tests.experiments.imports.damaged import damage, found, survives

DATE = 1_577_869_200  # Wednesday, 1 January 2020, 9:00 UTC
ANN, BEN, CHEN, CHEN_2, BOT, GONE = "U0000ANN1", "U0000BEN1", "U000CHEN1", "U000CHEN2", "U0000BOT1", "U000GONE1"


def user(person: str, name: str, display: str = "", **values: object) -> dict[str, Any]:
    known = {"id": person, "team_id": "T0000001", "name": name, "deleted": False, "real_name": f"{name} R"}
    return known | {"profile": {"real_name": f"{name} R", "display_name": display}, "is_bot": False} | values


USERS = [
    user(ANN, "ann", "Ann"),
    user(BEN, "ben", profile={}, real_name=None),
    user(CHEN, "chen", "Chen"),
    user(CHEN_2, "chen2", "chen"),
    user(BOT, "robot", "Robot", is_bot=True),
]
DMS = [
    {"id": "D00000001", "created": DATE, "members": [ANN, BEN]},
    {"id": "D00000002", "created": DATE, "members": [ANN, CHEN]},
    {"id": "D00000003", "created": DATE, "members": [ANN, BOT]},
    {"id": "D00000004", "created": DATE, "members": [ANN, ANN]},
    {"id": "D00000005", "created": DATE, "members": [ANN, GONE]},
]
MPIMS = [{"id": "G00000001", "name": "mpdm-ann--ben--chen-1", "members": [ANN, BEN, CHEN]}]
GROUPS = [{"id": "G00000002", "name": "secret-plans", "members": [ANN, BEN]}]
CHANNELS = [{"id": "C00000001", "name": "general", "members": [ANN, BEN, CHEN, CHEN_2], "is_general": True}]


def said(person: str | None, second: float = 0, **values: object) -> dict[str, Any]:
    known: dict[str, Any] = {"client_msg_id": "0b1c", "type": "message", "text": "secret", "user": person}
    known |= {"ts": f"{DATE + second:.6f}", "team": "T0000001", "blocks": [{"type": "rich_text", "elements": []}]}
    return {name: value for name, value in (known | values).items() if value is not None}


PARENT = said(ANN, 1, thread_ts=f"{DATE + 1:.6f}", reply_count=1, replies=[{"user": BEN, "ts": f"{DATE + 2:.6f}"}])
REPLY = said(BEN, 2, thread_ts=f"{DATE + 1:.6f}", parent_user_id=ANN)
SHOWN = said(BEN, 3, subtype="thread_broadcast", root=PARENT)
DIRECT: list[tuple[object, tuple[str, str, int, str] | str]] = [
    (said(ANN), ("Ann", "ben", DATE, "chat")),
    (said(BEN, 0.5), ("ben", "Ann", DATE, "chat")),
    (PARENT, ("Ann", "ben", DATE + 1, "chat")),
    (REPLY, ("ben", "Ann", DATE + 2, "chat")),
    (SHOWN, ("ben", "Ann", DATE + 3, "chat")),
    (SHOWN, "copies"),
    (said(ANN, 4, subtype="file_share", files=[{"name": "secret.png"}]), ("Ann", "ben", DATE + 4, "chat")),
    (said(ANN, 5, subtype="me_message"), ("Ann", "ben", DATE + 5, "chat")),
    (said(ANN, 6, ts=DATE + 6), ("Ann", "ben", DATE + 6, "chat")),
    (said(ANN, subtype="channel_join"), "notes of the app"),
    (said("USLACKBOT"), "with machines"),
    (said(None, subtype="bot_message", bot_id="B1", username="robot"), "with machines"),
    (said(BOT, bot_id="B1"), "with machines"),
    (said(ANN, type="event"), "notes of the app"),
    (said("USLACKBOT", subtype="tombstone"), "with machines"),
    (said(ANN, subtype=["x"]), "notes of the app"),
    (said(CHEN), "by others"),
    (said(None), "without a sender"),
    (said(""), "without a sender"),
    (said(ANN) | {"user": 5}, "without a sender"),
    (said(ANN, ts="soon"), "with an impossible date"),
    (said(ANN, ts=None), "with an impossible date"),
    (said(ANN, ts="0.0"), "with an impossible date"),
    (said(ANN, ts="99999999999.000000"), "with an impossible date"),
    (said(ANN) | {"ts": float("nan")}, "with an impossible date"),
    (said(ANN) | {"ts": 10**400}, "with an impossible date"),
    (None, "in damaged JSON"),
    ([], "in damaged JSON"),
    ("text", "in damaged JSON"),
]


def export(folder: Path, days: dict[str, object], **lists: object) -> Path:
    """The export with these days, such as ``general/2020-01-01``, and lists of people and conversations."""
    known: dict[str, object] = {"users": USERS, "dms": DMS, "mpims": MPIMS, "groups": GROUPS, "channels": CHANNELS}
    known |= {"integration_logs": []} | lists
    for name, content in (known | days).items():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_text(json.dumps(content, indent=4), encoding="utf-8")
    return folder


def zipped(folder: Path, archive: Path, root: str = "") -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*.json")):
            file.write(path, root + path.relative_to(folder).as_posix())
    return archive


def test_every_direct_message_is_a_contact_or_counted(tmp_path: Path) -> None:
    path = export(tmp_path / "export", {"D00000001/2020-01-01": [message for message, _ in DIRECT]})
    got = found(READER, path)
    assert got.rows == [expected for _, expected in DIRECT if isinstance(expected, tuple)]
    reasons = [expected for _, expected in DIRECT if isinstance(expected, str)]
    assert got.skipped | got.unread == {reason: reasons.count(reason) for reason in reasons}
    assert set(got.unread) == {"in damaged JSON", "with an impossible date", "without a sender"}
    assert got.records == len(DIRECT)
    assert got.where["copies"] == "D00000001/2020-01-01.json, message 6"
    assert "secret" not in str(got)
    for archive in (zipped(path, tmp_path / "a.zip"), zipped(path, tmp_path / "b.zip", "My workspace/")):
        assert found(READER, archive) == got
        assert READER.recognises(archive, archive.read_bytes()) == 1
    assert READER.recognises(path, b"") == 1


def test_who_is_in_a_conversation(tmp_path: Path) -> None:
    """Two people of one name have their ids, and so have people who are not in the list."""
    days = {f"D0000000{number}/2020-01-0{number}": [said(ANN, number)] for number in range(1, 6)}
    got = found(READER, export(tmp_path, days))
    assert [row[:2] for row in got.rows] == [("Ann", "ben"), ("Ann", CHEN), ("Ann", GONE)]
    assert got.skipped == {"with machines": 1, "to oneself": 1}
    assert got.notes == ["2 people share a name or have none, and are called by their ids."]


def test_groups_count_with_groups_only(tmp_path: Path) -> None:
    days = {
        f"{name}/2020-01-01": [said(ANN), said(BEN, 1)] for name in ("mpdm-ann--ben--chen-1", "secret-plans", "general")
    }
    path = export(tmp_path, days)
    got = found(READER, path)
    assert (got.rows, got.skipped) == ([], {"to several people": 6})
    assert got.where == {"to several people": "2020-01-01.json, message 1"}
    got = found(READER, path, Choices(groups=True))
    assert len(got.rows) == 6
    assert got.rows[0] == ("Ann", "group: general", DATE, "chat")
    assert {row[1] for row in got.rows} == {"group: general", "group: mpdm-ann--ben--chen-1", "group: secret-plans"}


def test_conversations_that_lack_a_member(tmp_path: Path) -> None:
    """As other programs write them: the one who is not the owner, nobody, or no list at all."""
    days: dict[str, object] = {"D00000001/2020-01-01": [said(ANN), said(BEN)], "D00000002/2020-01-01": [said(BEN)]}
    days |= {"D00000009/2020-01-01": [said(BEN), said(ANN)], "unlisted/2020-01-01": [said(BEN)]}
    path = export(tmp_path, days, dms=[{"id": "D00000001", "user": BEN}, {"id": "D00000002"}])
    got = found(READER, path, Choices(me=("Zoë",)))
    assert [row[:2] for row in got.rows] == [
        ("Ann", "ben"),
        ("ben", "Ann"),
        ("ben", "Zoë"),
        ("ben", "Ann"),
        ("Ann", "ben"),
    ]
    assert got.skipped == {"to several people": 1}


def test_two_exports_count_once(tmp_path: Path) -> None:
    path, tally = export(tmp_path, {"D00000001/2020-01-01": [said(ANN), said(BEN)]}), Tally()
    assert len(found(READER, path, tally=tally).rows) == 2
    assert found(READER, path, tally=tally).skipped == {"copies": 2}


def test_a_damaged_message_does_not_end_the_others(tmp_path: Path) -> None:
    path = export(tmp_path, {"D00000001/2020-01-01": [said(ANN, number) for number in range(9)]})
    day = path / "D00000001/2020-01-01.json"
    text = day.read_text()
    day.write_text(text.replace('"ts": "1577869203.000000"', '"ts": 15778692030.'))
    got = found(READER, path)
    assert (len(got.rows), got.unread) == (8, {"in damaged JSON": 1})
    day.write_text(text[:-300])
    got = found(READER, path)
    assert (len(got.rows), got.unread) == (8, {"in damaged JSON": 1})
    day.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(found(READER, path).rows) == 9
    for content in (b"", b"{}", b"null", b"[" * 100_000, b'[{"a":' * 50_000, b"[" + b"1" * 9_999 + b"]"):
        day.write_bytes(content)
        assert found(READER, path).unread.keys() == {"in damaged JSON"}


@pytest.mark.parametrize(
    "content", [b"{}", b"[null, 5, []]", b"[", b"", b'[{"id": 5}, {"id": "U1", "profile": []}]', b"\xff"]
)
@pytest.mark.parametrize("name", ["users", "dms"])
def test_damaged_lists_are_noted(tmp_path: Path, name: str, content: bytes) -> None:
    path = export(tmp_path, {"D00000001/2020-01-01": [said(ANN), said(BEN)]})
    (path / f"{name}.json").write_bytes(content)
    got = found(READER, path)
    assert len(got.rows) == 2
    if name == "users":
        assert {row[0] for row in got.rows} == {ANN, BEN}
    assert any(f"{name}.json" in note for note in got.notes) == (b"profile" not in content)


def test_names_have_no_halves_of_characters(tmp_path: Path) -> None:
    users = [user(ANN, "ann", "Ann \ud83d\ude00"), user(BEN, "ben", "Ben\ud83d")]
    got = found(READER, export(tmp_path, {"D00000001/2020-01-01": [said(ANN)]}, users=users))
    assert got.rows == [("Ann 😀", "Ben\ufffd", DATE, "chat")]


def test_what_is_no_export_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(LogError, match=r"a\.zip cannot be read: it is damaged"):
        found(READER, tmp_path / "a.zip")
    with pytest.raises(LogError, match="is no export of Slack"):
        found(READER, tmp_path)
    with pytest.raises(LogError, match="none does not exist"):
        found(READER, tmp_path / "none")


def test_damage_is_counted_and_never_an_error(tmp_path: Path) -> None:
    days: dict[str, object] = {
        "D00000001/2020-01-01": [message for message, _ in DIRECT if message != said(ANN) | {"ts": 10**400}]
    }
    days |= {"D00000002/2020-01-01": [said(ANN), said(CHEN)], "general/2020-01-01": [said(ANN), said(BEN)]}
    files = {}
    path = export(tmp_path / "export", days)
    for file in sorted(path.rglob("*.json")):
        files[file] = file.read_bytes()
    whole = zipped(path, tmp_path / "whole.zip").read_bytes()
    draw = random.Random(1)
    for seed in range(300):
        changed = draw.choice(sorted(files))
        changed.write_bytes(damage(files[changed], seed))
        survives(READER, path, Choices(groups=bool(seed % 5)))
        changed.write_bytes(files[changed])
        (tmp_path / "damaged.zip").write_bytes(damage(whole, seed))
        survives(READER, tmp_path / "damaged.zip", Choices(groups=bool(seed % 5)))
