"""Exports of chats as apps write them, of invented people, and what readers of them must do with damaged ones."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from experiments.imports.contacts import Choices, Contact, Reader, Tally, believable
from sim.contact_logs import LogError

WINTER = 1_705_312_800  # Monday, 15 January 2024, 10:00 UTC
SUMMER = 1_721_030_400  # Monday, 15 July 2024, 8:00 UTC
MEDIA = {"mail", "chat", "sms", "call", "post"}


class Found(NamedTuple):
    """What a reader made of an export."""

    rows: list[Contact]
    skipped: dict[str, int]
    unread: dict[str, int]
    where: dict[str, str]
    notes: list[str]

    @property
    def records(self) -> int:
        return len(self.rows) + sum(self.skipped.values()) + sum(self.unread.values())


def found(reader: Reader, path: Path, **choices: Any) -> Found:
    """Everything in a file, by default with times in UTC."""
    tally = Tally()
    rows = list(reader.read(path, Choices(**{"zone": UTC, **choices}), tally))
    return Found(rows, dict(tally.skipped), dict(tally.unread), tally.where, tally.notes)


def triples(result: Found) -> list[tuple[str, str, int]]:
    return [(row.source, row.target, row.time) for row in result.rows]


def saved(path: Path, content: object) -> Path:
    """A file with a text, bytes, or a value as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path


def packed(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def likeness(reader: Reader, path: Path) -> float:
    return reader.recognises(path, b"" if path.is_dir() else path.read_bytes()[:65_536])


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


# Damage -------------------------------------------------------------------------------------------------------------


def damaged(content: bytes, draw: random.Random) -> bytes:
    """A file with a few bytes or lines deleted, doubled, flipped, mixed, or without its end."""
    for _ in range(draw.randint(1, 4)):
        at, end = sorted(draw.randrange(len(content) + 1) for _ in range(2))
        end = min(end, at + draw.choice([1, 2, 8, 200]))
        lines = content.split(b"\n")
        kind = draw.randrange(7)
        if kind == 0:
            content = content[:at] + content[end:]
        elif kind == 1:
            content = content[:end] + content[at:]
        elif kind == 2:
            content = content[:at] + bytes(byte ^ 1 << draw.randrange(8) for byte in content[at:end]) + content[end:]
        elif kind == 3:
            draw.shuffle(lines)
            content = b"\n".join(lines)
        elif kind == 4:
            content = content[:at]
        elif kind == 5:
            content = content[:at] + draw.choice(ODD_BYTES) + content[end:]
        else:
            content = b"\n".join(line for line in lines if draw.random() < 0.9)
    return content


ODD_BYTES = [b"\x00", b"\xff\xfe", b'"', b"[" * 2_000, b"{", b"null", b"9" * 5_000, b"\\ud800", b"\xed\xa0\x80", b"NaN"]
ODD: list[Any] = [
    None, True, -1, 0, 1, 3, 1.5, 10**30, -(10**30), float("nan"), float("inf"), "", " ", "x", "\ud800", "\u0000",
    "1e9", "9" * 400, "-5", "２０", [], {}, [[]], [{}], {"name": None}, {"id": []}, "message", "user1", "\u200e",
    "\ufffd", "a" * 9_000,
]  # fmt: skip


def altered(value: Any, draw: random.Random, often: float) -> Any:
    """A JSON value in which some parts are of wrong types, missing, or doubled."""
    if draw.random() < often:
        return draw.choice(ODD)
    if isinstance(value, dict):
        kept = {name: altered(part, draw, often) for name, part in value.items() if draw.random() > often / 2}
        return dict(draw.sample(list(kept.items()), len(kept))) if draw.random() < often else kept
    if isinstance(value, list):
        return [altered(part, draw, often) for part in value]
    return value


def check_survives(reader: Reader, path: Path, records: int | None = None) -> None:
    """Whatever a file holds, its contacts are sound and its records counted, or it is refused in a sentence."""
    likeness(reader, path)
    for groups in (False, True):
        try:
            result = found(reader, path, groups=groups)
        except LogError as error:
            str(error).encode()
            continue
        for row in result.rows:
            assert row.source.strip()
            assert row.target.strip()
            assert row.source != row.target
            assert isinstance(row.time, int)
            assert believable(row.time)
            assert row.medium in MEDIA
        str(result).encode()
        assert records is None or result.records == records


def check_damage(reader: Reader, path: Path, content: bytes, cases: int, seed: int) -> None:
    """Damaged bytes of an export never end in another error."""
    draw = random.Random(seed)
    for _ in range(cases):
        path.write_bytes(damaged(content, draw))
        check_survives(reader, path)


def check_alterations(
    reader: Reader, path: Path, value: Any, messages: Callable[[Any], int | None], cases: int, seed: int
) -> None:
    """Values of wrong types never end in another error, and each message is counted."""
    draw = random.Random(seed)
    for case in range(cases):
        other = altered(value, draw, (0.005, 0.02, 0.1)[case % 3])
        path.write_text(json.dumps(other), encoding="utf-8")
        check_survives(reader, path, messages(other))
