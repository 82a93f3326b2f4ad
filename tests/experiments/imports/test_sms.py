"""Backups of texts and calls by SMS Backup & Restore: every record is a contact, skipped, or unread."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from experiments.imports.contacts import Choices, Tally
from experiments.imports.sms import CALLS, TEXTS
from sim.contact_logs import LogError
from tests.experiments.imports.damaged import damage, found, survives

DATE = 1_577_869_200  # Wednesday, 1 January 2020, 9:00 UTC
ANN, BEN, CHEN = "+49 170 5550101", "+491705550102", "+491705550103"
OWN = "+491705550100"
HEAD = """<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>
<!--File Created By SMS Backup & Restore v10.21.002 on 02/01/2024 01:00:00-->
<!--

To view this file in a more readable format, visit https://example.org/
-->
"""


def sms(**values: object) -> str:
    known: dict[str, object] = {"protocol": 0, "address": ANN, "date": f"{DATE}000", "type": 1, "subject": "null"}
    known |= {"body": "hi", "toa": "null", "sc_toa": "null", "service_center": "+49555", "read": 1, "status": -1}
    known |= {"locked": 0, "readable_date": "1 Jan 2020 10:00:00", "contact_name": "Ann"} | values
    return "  <sms " + " ".join(f'{key}="{value}"' for key, value in known.items() if value is not None) + " />\n"


def mms(addresses: tuple[tuple[str, int], ...] = (), **values: object) -> str:
    known: dict[str, object] = {"text_only": 0, "ct_t": "application/vnd.wap.multipart.related", "msg_box": 1}
    known |= {"sub": "null", "date": f"{DATE}000", "address": ANN, "m_type": 132, "m_id": "x"}
    known |= {"contact_name": "Ann"} | values
    inside = "".join(f'<addr address="{address}" type="{kind}" charset="106" />' for address, kind in addresses)
    part = '<part seq="0" ct="image/jpeg" name="dock.jpg" text="a &gt; b" data="{}" />'.format("QUFB" * 40)
    head = " ".join(f'{key}="{value}"' for key, value in known.items() if value is not None)
    return f"  <mms {head}>\n<parts>{part}</parts>\n<addrs>{inside}</addrs>\n</mms>\n"


def call(**values: object) -> str:
    known: dict[str, object] = {"number": ANN, "duration": 72, "date": f"{DATE}000", "type": 1, "presentation": 1}
    known |= {"subscription_id": "null", "post_dial_digits": "", "contact_name": "Ann"} | values
    return "  <call " + " ".join(f'{key}="{value}"' for key, value in known.items() if value is not None) + " />\n"


def kept(folder: Path, *records: str, root: str = "smses", count: int | None = None, encoding: str = "utf-8") -> Path:
    path = folder / "sms-20240102010000.xml"
    number = len(records) if count is None else count
    text = f'{HEAD}<{root} count="{number}" backup_set="0" backup_date="1704157200000">\n{"".join(records)}</{root}>\n'
    path.write_bytes(text.encode(encoding, "surrogatepass"))
    return path


TO_ME, BY_ME = ("Ann", "me", DATE, "sms"), ("me", "Ann", DATE, "sms")
BAD_DATE, SEVERAL, NO_NUMBER = "with an impossible date", "to several people", "without a number"
SERVICE, BROKEN = "from services and to short numbers", "with damaged markup"
TEXT_RECORDS: dict[str, tuple[str, tuple[str, str, int, str] | str]] = {
    "received": (sms(), TO_ME),
    "sent": (sms(type=2), BY_ME),
    "draft": (sms(type=3), "drafts"),
    "outbox": (sms(type=4), "not sent"),
    "failed": (sms(type=5), "not sent"),
    "queued": (sms(type=6), "not sent"),
    "another type": (sms(type=9), "of an unknown type"),
    "no type": (sms(type=None), "of an unknown type"),
    "type null": (sms(type="null"), "of an unknown type"),
    "unknown name": (sms(contact_name="(Unknown)", address=BEN), (BEN, "me", DATE, "sms")),
    "name null": (sms(contact_name="null", address="0170 / 555-0102"), ("01705550102", "me", DATE, "sms")),
    "no name": (sms(contact_name=None, address=BEN), (BEN, "me", DATE, "sms")),
    "address of mail": (sms(address="Ben@Example.org", contact_name="null"), ("ben@example.org", "me", DATE, "sms")),
    "no address": (sms(address=None), NO_NUMBER),
    "address null": (sms(address="null"), NO_NUMBER),
    "bank": (sms(address="BANK", contact_name="(Unknown)"), SERVICE),
    "short number": (sms(address="72277", contact_name="(Unknown)"), SERVICE),
    "two receivers": (sms(type=2, address=f"{ANN}~{BEN}", contact_name="Ann, Ben"), SEVERAL),
    "seconds": (sms(date=DATE), TO_ME),
    "no date": (sms(date=None), BAD_DATE),
    "date null": (sms(date="null"), BAD_DATE),
    "before 1971": (sms(date=1000), BAD_DATE),
    "to come": (sms(date="4102444800000"), BAD_DATE),
    "huge": (sms(date="9" * 500), BAD_DATE),
    "no number": (sms(date="NaN"), BAD_DATE),
    "emoji in halves": (sms(body="&#55357;&#56842;", contact_name="A &#55357;&#56842;"), ("A 😊", "me", DATE, "sms")),
    "half an emoji": (sms(body="&#55357; &#xD83D;"), TO_ME),
    "forbidden reference": (sms(body="&#0;&#x1F;&#xFFFF;&#99999999;"), TO_ME),
    "control characters": (sms(body="\x00\x01\x1f\x0b"), TO_ME),
    "bare ampersand": (sms(body="you & me &nbsp; &lol9;"), TO_ME),
    "sign of a tag in the text": (sms(body="&lt;sms type=&quot;2&quot;&gt; a > b />"), TO_ME),
    "quotes of the other kind": (sms().replace('body="hi"', "body='say \"hi\"'"), TO_ME),
    "lines in the text": (sms(body="a&#10;b\nc"), TO_ME),
    "two tags": (sms().replace(" />", "></sms>"), TO_ME),
    "attribute twice": (sms().replace("<sms ", '<sms type="2" '), BROKEN),
    "no quote": (sms().replace('body="hi"', 'body="hi'), BROKEN),
    "picture received": (mms(((ANN, 137), (OWN, 151))), TO_ME),
    "picture sent": (mms((("insert-address-token", 137), (ANN, 151)), msg_box=2, m_type=128), BY_ME),
    "picture without its list": (mms(), TO_ME),
    "picture that was not fetched": (mms(((ANN, 137),), m_type=130), TO_ME),
    "picture without a box": (mms(((ANN, 137),), msg_box=None), TO_ME),
    "draft with a picture": (mms(msg_box=3), "drafts"),
    "picture in the outbox": (mms(msg_box=4), "not sent"),
    "report": (mms(m_type=134), "reports of delivery"),
    "group by list": (mms(((ANN, 137), (OWN, 151), (BEN, 151)), address=f"{ANN}~{BEN}"), SEVERAL),
    "group by receivers": (mms(((ANN, 137), (OWN, 151), (BEN, 130))), SEVERAL),
    "group that the owner wrote to": (
        mms((("insert-address-token", 137), (ANN, 151), (BEN, 151)), msg_box=2, address="null"), SEVERAL,
    ),
    "the same number twice": (mms(((ANN, 137), (OWN, 151)), address=f"{ANN}~0170 5550101"), TO_ME),
    "picture without addresses": (mms(address="null"), NO_NUMBER),
    "picture without an end": (mms().replace("</mms>", ""), BROKEN),
    "call": (call(), "calls among texts"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXT_RECORDS)
def test_a_text_is_a_contact_or_counted(tmp_path: Path, name: str) -> None:
    record, expected = TEXT_RECORDS[name]
    last = sms(date="1577872800000", address=CHEN, contact_name="Chen")
    got = found(TEXTS, kept(tmp_path, record, last))
    assert got.rows[-1] == ("Chen", "me", DATE + 3_600, "sms")
    assert got.records == 2
    if isinstance(expected, str):
        assert got.skipped | got.unread == {expected: 1}
        assert got.where == {expected: "record 1"}
        assert (expected in got.unread) == (expected in (BAD_DATE, BROKEN, "of an unknown type"))
    else:
        assert got.rows[0] == expected
    assert got.notes == (["Some times are in seconds instead of milliseconds, by their size."] * (name == "seconds"))


def test_no_text_of_a_backup_is_lost(tmp_path: Path) -> None:
    """Together they give what each gives alone, and the same again counts as copies."""
    records = [sms(body=name) if record == sms() else record for name, (record, _) in TEXT_RECORDS.items()]
    path = kept(tmp_path, *records, count=60)
    tally = Tally()
    got = found(TEXTS, path, tally=tally)
    assert got.records == len(TEXT_RECORDS)
    assert got.skipped[SEVERAL] == 4
    assert "The backup says that it has 60 records, and 51 are in the file." in got.notes
    again = found(TEXTS, path, tally=tally)
    assert again.rows == []
    assert again.skipped["copies"] == got.skipped.get("copies", 0) * 2 + len(got.rows)


def test_groups_and_the_owners_name(tmp_path: Path) -> None:
    """In a group, a message is one row to the group, of the owner too, and its name has everybody but the owner."""
    received = mms(((BEN, 137), (OWN, 151), (ANN, 151)), address=f"{ANN}~{BEN}", contact_name="Ann, Ben")
    sent = mms(((OWN, 137), (ANN, 151), (BEN, 151)), msg_box=2, address=f"{BEN}~{ANN}", contact_name="Ben, Ann")
    names = sms(), sms(address=BEN, contact_name="Ben"), sms(address=OWN, contact_name="My number")
    path = kept(tmp_path, *names, received, sent)
    got = found(TEXTS, path, Choices(groups=True, me=("Zoë", OWN)))
    assert got.rows == [
        ("Ann", "Zoë", DATE, "sms"),
        ("Ben", "Zoë", DATE, "sms"),
        ("Ben", "group: Ann, Ben", DATE, "sms"),
        ("Zoë", "group: Ann, Ben", DATE, "sms"),
    ]
    assert got.skipped == {"to oneself": 1}


def test_a_number_has_its_name_throughout(tmp_path: Path) -> None:
    """With or without the country, and before it was saved in the phone."""
    got = found(
        TEXTS, kept(tmp_path, sms(contact_name="(Unknown)", address="0170 5550101", date="1577869100000"), sms())
    )
    assert [row[0] for row in got.rows] == ["Ann", "Ann"]


CALL_RECORDS: dict[str, tuple[str, tuple[str, str, int, str] | str]] = {
    "received": (call(), ("Ann", "me", DATE, "call")),
    "placed": (call(type=2), ("me", "Ann", DATE, "call")),
    "placed, not answered": (call(type=2, duration=0), "calls that nobody answered"),
    "missed": (call(type=3, duration=0), "missed or declined calls"),
    "voicemail": (call(type=4), ("Ann", "me", DATE, "call")),
    "rejected": (call(type=5), "missed or declined calls"),
    "refused": (call(type=6), "missed or declined calls"),
    "answered elsewhere": (call(type=7, duration=0), ("Ann", "me", DATE, "call")),
    "another type": (call(type=1000), "of an unknown type"),
    "withheld": (call(number="", presentation=2), NO_NUMBER),
    "withheld, number -2": (call(number="-2"), NO_NUMBER),
    "withheld number": (call(presentation=3), NO_NUMBER),
    "emergency": (call(number="112", type=2), SERVICE),
    "unknown": (call(number=BEN, contact_name="(Unknown)"), (BEN, "me", DATE, "call")),
    "no date": (call(date="null"), BAD_DATE),
    "broken": (call().replace('type="', "type="), BROKEN),
    "text": (sms(), "texts among calls"),
}


@pytest.mark.parametrize("name", CALL_RECORDS)
def test_a_call_is_a_contact_or_counted(tmp_path: Path, name: str) -> None:
    record, expected = CALL_RECORDS[name]
    got = found(CALLS, kept(tmp_path, record, root="calls"))
    assert got.records == 1
    if isinstance(expected, str):
        assert got.skipped | got.unread == {expected: 1}
    else:
        assert got.rows == [expected]


def test_entities_are_refused(tmp_path: Path) -> None:
    path = kept(tmp_path, sms())
    path.write_text('<!DOCTYPE smses [<!ENTITY a "aaaa">]>' + path.read_text())
    with pytest.raises(LogError, match="document type"):
        found(TEXTS, path)


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", b"source,target\n", b"\x00" * 99, b"<calls count='0'></calls>"]
)
def test_what_is_no_backup_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xml").write_bytes(content)
    with pytest.raises(LogError, match=r"a.xml, line 1: this is no backup"):
        found(TEXTS, tmp_path / "a.xml")
    with pytest.raises(LogError, match="is not a file"):
        found(TEXTS, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    got = found(TEXTS, kept(tmp_path, sms(contact_name="Zoë"), encoding=encoding))
    assert got.rows == [("Zoë", "me", DATE, "sms")]
    assert (
        TEXTS.recognises(tmp_path / "sms-20240102010000.xml", (tmp_path / "sms-20240102010000.xml").read_bytes()) == 1
    )


def test_a_backup_that_is_cut_off_keeps_what_it_has(tmp_path: Path) -> None:
    path = kept(tmp_path, *(sms(date=1_577_869_200_000 + number) for number in range(9)))
    path.write_bytes(path.read_bytes()[:-60])
    got = found(TEXTS, path)
    assert len(got.rows) == 8
    assert got.unread == {BROKEN: 1}


def test_large_pictures_need_no_memory(tmp_path: Path) -> None:
    large = mms(((ANN, 137), (OWN, 151))).replace("QUFB" * 40, "QUFB" * 3_000_000)
    path = kept(tmp_path, large, sms(), large.replace('m_id="x"', 'm_id="y"'))
    tracemalloc.start()
    assert len(found(TEXTS, path).rows) == 3
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000


def test_damage_is_counted_and_never_an_error(tmp_path: Path) -> None:
    texts = "".join(record for record, _ in TEXT_RECORDS.values())
    calls = "".join(record for record, _ in CALL_RECORDS.values())
    for seed in range(400):
        reader, records, root = ((TEXTS, texts, "smses"), (CALLS, calls, "calls"))[seed % 2]
        path = kept(tmp_path, records, root=root)
        content = path.read_bytes()
        start = content.index(b"<" + root.encode()) + 60
        path.write_bytes(content[:start] + damage(content[start:], seed) if seed % 3 else damage(content, seed))
        survives(reader, path, Choices(groups=bool(seed % 5)))
