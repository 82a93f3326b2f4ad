"""Each fixture is recognised by its own reader, more surely than by any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.imports import calls, linkedin, mail, slack, sms, table
from experiments.imports.contacts import Reader
from experiments.imports.phones import is_service, key_of, number_of
from tests.experiments.imports import test_calls, test_linkedin, test_mail, test_slack, test_sms, test_table

READERS: tuple[Reader, ...] = (
    mail.READER, sms.TEXTS, sms.CALLS, calls.READER, slack.READER, linkedin.READER, table.READER,
)  # fmt: skip


def written(folder: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return path


def maildir(folder: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / "Maildir" / name).mkdir(parents=True)
    return folder / "Maildir"


def of_slack(folder: Path) -> Path:
    return test_slack.export(folder / "export", {"D00000001/2020-01-01": [test_slack.said(test_slack.ANN)]})


LETTER = test_mail.mail().partition(b"\n")[2]
FIXTURES: dict[str, tuple[Reader, Callable[[Path], Path]]] = {
    "mbox": (mail.READER, lambda folder: written(folder, "All mail.mbox", test_mail.mail())),
    "mbox without an ending": (mail.READER, lambda folder: written(folder, "Sent", test_mail.mail())),
    "file": (mail.READER, lambda folder: written(folder, "1.eml", LETTER)),
    "Maildir": (mail.READER, maildir),
    "folder of files": (mail.READER, lambda folder: written(folder, "1.eml", LETTER).parent),
    "texts": (sms.TEXTS, lambda folder: test_sms.kept(folder, test_sms.sms())),
    "no texts": (sms.TEXTS, lambda folder: test_sms.kept(folder)),
    "texts in UTF-16": (sms.TEXTS, lambda folder: test_sms.kept(folder, test_sms.sms(), encoding="utf-16")),
    "calls": (sms.CALLS, lambda folder: test_sms.kept(folder, test_sms.call(), root="calls")),
    "LinkedIn": (linkedin.READER, lambda folder: test_linkedin.kept(folder, test_linkedin.row(test_linkedin.ANN))),
    "LinkedIn's folder": (linkedin.READER, lambda folder: test_linkedin.kept(folder).parent),
    "LinkedIn with notes": (linkedin.READER, lambda folder: test_linkedin.kept(folder, start=test_linkedin.NOTES)),
    "Slack": (slack.READER, of_slack),
    "Slack's archive": (slack.READER, lambda folder: test_slack.zipped(of_slack(folder), folder / "export.zip")),
    "columns to be named": (
        table.READER,
        lambda folder: written(folder, "a.csv", "who,whom,sent\nAnn,Ben,2020-01-01\n"),
    ),
}
for _name, _text in test_calls.LISTS.items():
    FIXTURES[f"calls: {_name}"] = calls.READER, lambda folder, text=_text: written(folder, "calls.csv", text)  # type: ignore[misc]
for _name, _text in test_table.TABLES.items():
    FIXTURES[f"table: {_name}"] = table.READER, lambda folder, text=_text: written(folder, "log.csv", text)  # type: ignore[misc]


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_is_recognised_by_its_own_reader(tmp_path: Path, name: str) -> None:
    reader, make = FIXTURES[name]
    path = make(tmp_path)
    head = path.read_bytes()[: 1 << 16] if path.is_file() else b""
    sure = {each.name: each.recognises(path, head) for each in READERS}
    others = {other: chance for other, chance in sure.items() if other != reader.name}
    assert sure[reader.name] >= (0.1 if reader is table.READER else 0.7)
    assert max(others.values()) <= min(0.5, sure[reader.name] / 2)


OTHERS = {
    "chat.txt": b"31/12/2023, 21:05 - Ann: hi\n31/12/2023, 21:06 - Ben: From here, to there, at that time\n",
    "result.json": b'{"name": "Ann", "type": "personal_chat", "messages": []}',
    "page.html": b"<html><body>sms, calls</body></html>",
    "letter.txt": b"From Ann\n\nDear Ben, the date: soon.\n",
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "empty.csv": b"",
    "prose.csv": b"Dear Ben, I went from A, to B\nAnn\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_not_recognised(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, OTHERS[name])
    assert max(reader.recognises(path, OTHERS[name]) for reader in READERS) <= 0.3
    assert max(reader.recognises(tmp_path, b"") for reader in READERS) == 0


@pytest.mark.parametrize(
    ("text", "number", "service"),
    [
        ("+49 170 / 555-01.01", "+491705550101", False),
        ("(170) 555-0101", "1705550101", False),
        ("\u202a+49 170 5550101\u202c", "+491705550101", False),
        ("+491705550101,,12#", "+491705550101,,12#", False),
        ("Ann@Example.org", "ann@example.org", False),
        ("72277", "72277", True),
        ("MyBank", "MyBank", True),
        ("My-Bank", "My-Bank", True),
        ("Unknown", "", True),
        ("-2", "", True),
        (None, "", True),
        ("\ufffd", "", True),
    ],
)
def test_numbers_of_phones(text: str | None, number: str, service: bool) -> None:
    assert number_of(text) == number
    assert is_service(number) == service


def test_a_number_is_the_same_with_and_without_its_country() -> None:
    assert key_of("+491705550101") == key_of("01705550101") == key_of("00491705550101")
    assert key_of("+491705550101") != key_of("+491705550102")
