"""Which reader of chats an export is for: only the right one is sure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.imports import meta, signal, telegram, whatsapp
from experiments.imports.contacts import Reader
from sim.contact_logs import LogError
from tests.experiments.imports.chat_exports import found, likeness, packed, saved
from tests.experiments.imports.test_meta import DOWNLOAD, TWO, encrypted, wrote
from tests.experiments.imports.test_signal import DATA, ITEMS, PEOPLE, TEXT, WHOLE, lines
from tests.experiments.imports.test_telegram import ANN, BEN, account, chat, said
from tests.experiments.imports.test_telegram import WHOLE as ACCOUNT

READERS = [whatsapp.READER, telegram.READER, signal.APP, signal.WRITTEN, meta.MESSENGER, meta.INSTAGRAM]
CHAT = "31/12/2023, 21:05 - Ann: hi\n31/12/2023, 21:06 - Ben: yes\n"
IPHONE = "\u200e[15.01.24, 11:00:00] Ann: \u200eend-to-end encrypted\n[15.01.24, 11:00:10] Ann: hi\n"
FILES: dict[str, tuple[Reader, str | object]] = {
    "WhatsApp Chat with Ben.txt": (whatsapp.READER, CHAT),
    "iphone/_chat.txt": (whatsapp.READER, IPHONE),
    "swedish.txt": (whatsapp.READER, "[2024-01-15 11:00:00] Ann: hej\n"),
    "chat/result.json": (telegram.READER, chat(said(ANN), said(BEN))),
    "minified.json": (telegram.READER, json.dumps(chat(said(BEN)), separators=(",", ":"))),
    "account/result.json": (telegram.READER, ACCOUNT),
    "bom.json": (telegram.READER, "\ufeff" + json.dumps(account())),
    "main.jsonl": (signal.APP, lines(*PEOPLE, *ITEMS)),
    "data.json": (signal.WRITTEN, DATA),
    "chat.md": (signal.WRITTEN, TEXT),
    "inbox/ben_1/message_1.json": (meta.MESSENGER, TWO),
    "Ben_15.json": (meta.MESSENGER, encrypted(wrote("Ann"), wrote("Ben"))),
    "your_instagram_activity/messages/inbox/ben_1/message_1.json": (meta.INSTAGRAM, TWO),
}  # fmt: skip
OTHERS: dict[str, str | bytes] = {
    "log.csv": "source,target,time\nann,ben,1705312800\n",
    "linkedin.csv": "CONVERSATION ID,FROM,TO,DATE\n1,Ann,Ben,2024-01-15 10:00:00 UTC\n",
    "mail.mbox": "From x Thu Jan  1 00:00:00 2020\nFrom: ann@example.org\nTo: ben@example.org\n\nhi\n",
    "sms.xml": "<?xml version='1.0'?><smses count='1'><sms address='+491705550100' date='1705312800000'/></smses>",
    "slack.json": '[{"type": "message", "user": "U1", "text": "hi", "ts": "1705312800.000100"}]',
    "users.json": '[{"id": "U1", "name": "ann"}]',
    "posts.json": '{"messages": 5, "participants": 3}',
    "story.txt": "Once upon a time\nthere was a Friday.\n",
    "empty.txt": "",
    "zeros.bin": bytes(5_000),
    "odd.bin": bytes(range(256)) * 10,
    "cut.zip": b"PK\x03\x04\x00\x00",
}


RECORDS = [2, 2, 1, 2, 1, 12, 0, len(ITEMS), 2, 2, 2, 2, 2]  # of the files


@pytest.mark.parametrize("groups", [False, True])
def test_every_record_is_a_contact_or_counted(tmp_path: Path, groups: bool) -> None:
    for (name, (reader, content)), records in zip(FILES.items(), RECORDS, strict=True):
        assert found(reader, saved(tmp_path / name, content), groups=groups).records == records, name


def test_only_the_right_reader_is_sure(tmp_path: Path) -> None:
    for number, (name, (right, content)) in enumerate(FILES.items()):
        path = saved(tmp_path / str(number) / name, content)
        sure = {reader.name: likeness(reader, path) for reader in READERS}
        assert max(sure, key=lambda reader: sure[reader]) == right.name, name
        assert sure.pop(right.name) >= 0.8
        assert max(sure.values()) < 0.5, (name, sure)


@pytest.mark.parametrize("as_archive", [False, True])
def test_only_the_right_reader_is_sure_of_folders_and_archives(tmp_path: Path, as_archive: bool) -> None:
    exports = {
        whatsapp.READER: {"WhatsApp Chat with Ben.txt": CHAT, "photo.jpg": "x"},
        telegram.READER: {"result.json": json.dumps(ACCOUNT), "photos/a.jpg": "x"},
        signal.APP: {"main.jsonl": lines(*PEOPLE, *ITEMS), "metadata.json": "{}"},
        signal.WRITTEN: WHOLE,
        meta.MESSENGER: {name: json.dumps(content) for name, content in DOWNLOAD.items()},
    }
    for right, files in exports.items():
        path = tmp_path / f"{right.name}.zip"
        if as_archive:
            packed(path, files)
        else:
            for name, content in files.items():
                saved(path / name, content)
        sure = {reader.name: likeness(reader, path) for reader in READERS}
        assert sure.pop(right.name) >= 0.8, right.name
        assert max(sure.values()) < 0.5, (right.name, sure)


def test_what_is_no_chat_is_no_chat_to_all(tmp_path: Path) -> None:
    for name, content in OTHERS.items():
        path = saved(tmp_path / "others" / name, content)
        assert [likeness(reader, path) for reader in READERS] == [0] * len(READERS), name
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "others", tmp_path / "empty"):
        assert [likeness(reader, path) for reader in READERS] == [0] * len(READERS)


def test_a_reader_of_another_format_refuses_or_counts(tmp_path: Path) -> None:
    """Each reader survives the files of all others, and takes nobody's text for a contact."""
    for number, (name, (right, content)) in enumerate(FILES.items()):
        path = saved(tmp_path / str(number) / name, content)
        for reader in READERS:
            try:
                rows = found(reader, path).rows
            except LogError:
                continue
            alike = name in ("swedish.txt", "chat.md")  # which differ only by their names
            assert not rows or reader.read is right.read or alike
