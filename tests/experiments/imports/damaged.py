"""What tests of readers share: reading, and damage to files that must be counted or refused, and never more."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from experiments.imports.contacts import Choices, Contact, Reader, Tally, believable
from sim.contact_logs import LogError

BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
ODD = (b"null", b"-1", b"[]", b"{}", b"NaN", b"\xff\xfe", b"\xed\xa0\x80", b"\x00", b'"', b"<", b"&#55357;", b"9" * 400,
       b"(" * 3_000, b"[" * 3_000, b"\\ud83d", b"99/99/9999", b"\r", b"\xe2\x80\xa8", b"<!DOCTYPE x>")  # fmt: skip


class Found(NamedTuple):
    """What a reader made of a file."""

    rows: list[tuple[str, str, int, str]]
    skipped: dict[str, int]
    unread: dict[str, int]
    notes: list[str]
    where: dict[str, str]

    @property
    def records(self) -> int:
        return len(self.rows) + sum(self.skipped.values()) + sum(self.unread.values())


def found(reader: Reader, path: Path, choices: Choices | None = None, tally: Tally | None = None) -> Found:
    tally = tally or Tally()
    rows = [tuple(contact) for contact in reader.read(path, choices or Choices(), tally)]
    return Found(rows, dict(tally.skipped), dict(tally.unread), tally.notes, tally.where)  # type: ignore[arg-type]


def damage(content: bytes, seed: int) -> bytes:
    """The content with bytes lost, doubled or flipped, lines moved or lost, the end cut off, or odd values put in."""
    draw = random.Random(seed)
    for _ in range(draw.choice((1, 1, 2, 5, 20))):
        place = draw.randrange(len(content) + 1)
        end = min(len(content), place + draw.choice((1, 1, 2, 8, 60)))
        kind = draw.randrange(7)
        if kind == 0:
            content = content[:place] + content[end:]
        elif kind == 1:
            content = content[:end] + content[place:]
        elif kind == 2:
            content = content[:place] + draw.randbytes(end - place) + content[end:]
        elif kind == 3:
            lines = content.split(b"\n")
            draw.shuffle(lines)
            content = b"\n".join(lines)
        elif kind == 4:
            content = content[:place]
        elif kind == 5:
            content = content[:place] + draw.choice(ODD) + content[end:]
        else:
            lines = content.split(b"\n")
            del lines[draw.randrange(len(lines))]
            content = b"\n".join(lines)
        if not content:
            return content
    return content


def survives(reader: Reader, path: Path, choices: Choices | None = None) -> Found | None:
    """Read a damaged file: it gives sound contacts, or a `LogError`."""
    head = path.read_bytes()[: 1 << 16] if path.is_file() else b""
    assert 0 <= reader.recognises(path, head) <= 1
    try:
        result = found(reader, path, choices)
    except LogError:
        return None
    for row in result.rows:
        contact = Contact(*row)
        for name in (contact.source, contact.target):
            assert name.strip() == name != ""
            name.encode()  # no halves of characters
        assert believable(contact.time)
        assert isinstance(contact.time, int)
    assert all(result.where.values())
    assert "" not in result.where
    return result
