"""Lists of calls as apps, routers and carriers export them."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.imports.calls import READER
from experiments.imports.contacts import Choices
from sim.contact_logs import LogError
from tests.experiments.imports.damaged import BERLIN, UTC, damage, found, survives

DATE = 1_577_869_200  # Wednesday, 1 January 2020, 9:00 UTC
HOUR = 3_600
IN, OUT = ("Ann", "me", DATE, "call"), ("me", "Ann", DATE + HOUR, "call")
MISSED, NOBODY = "missed or declined calls", "calls that nobody answered"

# Lists in which Ann calls, is called, and does not answer; the number without a name calls last.
LISTS: dict[str, str] = {
    "app": (
        "Name,Number,Date,Type,Duration\n"
        "Ann,+49 170 5550101,2020-01-01 09:00:00,Incoming,83\n"
        "Ann,+49 170 5550101,2020-01-01 10:00:00,Outgoing,12\n"
        "Ann,+49 170 5550101,2020-01-01 11:00:00,Missed,0\n"
        "Unknown,+49 170 5550102,2020-01-01 12:00:00,Incoming,5\n"
    ),
    "app with two columns for the time": (
        "Contact Name;Phone Number;Call Type;Call Date;Call Time;Call Duration\r\n"
        "Ann;+491705550101;INCOMING;31/12/2019;10:00:00 PM;00:01:23\r\n"
        "Ann;+491705550101;INCOMING;01/01/2020;9:00:00 AM;00:01:23\r\n"
        "Ann;+491705550101;OUTGOING;01/01/2020;10:00:00 AM;00:00:12\r\n"
        "Ann;+491705550101;MISSED;01/01/2020;11:00:00 AM;00:00:00\r\n"
        ";+491705550102;INCOMING;01/01/2020;12:00:00 PM;00:00:05\r\n"
    ),
    "router": (
        "sep=;\r\n"
        "Typ;Datum;Name;Rufnummer;Landes-/Ortsnetzbereich;Nebenstelle;Eigene Rufnummer;Dauer\r\n"
        "1;01.01.20 12:00;;01705550102;;;97555;0:05\r\n"
        "2;01.01.20 11:00;Ann;01705550101;München;;97555;0:00\r\n"
        "4;01.01.20 10:00;Ann;01705550101;München;ISDN Gerät;97555;0:12\r\n"
        "1;01.01.20 09:00;Ann;01705550101;München;ISDN Gerät;97555;0:05\r\n"
    ),
    "older router": (
        "Type;Date;Name;Number;Extension;Telephone Number;Duration\n"
        "1;01.01.20 09:00;Ann;01705550101;;97555;0:05\n"
        "3;01.01.20 10:00;Ann;01705550101;;97555;0:12\n"
        "2;01.01.20 11:00;Ann;01705550101;;97555;0:00\n"
        "1;01.01.20 12:00;;01705550102;;97555;0:05\n"
    ),
    "database of a phone": (
        "_id\tnumber\tdate\tduration\ttype\tname\n"
        "1\t+491705550101\t1577869200000\t83\t1\tAnn\n"
        "2\t+491705550101\t1577872800000\t12\t2\tAnn\n"
        "3\t+491705550101\t1577876400000\t0\t3\tAnn\n"
        "4\t+491705550102\t1577880000000\t5\t7\tnull\n"
    ),
    "carrier": (
        "Usage details\n\n"
        "Date,Time,Number,Name,Direction,Minutes\n"
        '"Jan 1, 2020",9:00 AM,(170) 555-0101,Ann,IN,1\n'
        '"Jan 1, 2020",10:00 AM,(170) 555-0101,Ann,OUT,1\n'
        '"Jan 1, 2020",11:00 AM,(170) 555-0101,Ann,Missed call,0\n'
        '"Jan 1, 2020",12:00 PM,170.555.0102,,IN,1\n'
    ),
    "French": (
        "Nom;Numéro;Date;Type d'appel;Durée\n"
        "Ann;0170555101;01/01/2020 09:00;Appel reçu;1 min 23 s\n"
        "Ann;0170555101;01/01/2020 10:00;Appel émis;12 s\n"
        "Ann;0170555101;01/01/2020 11:00;Appel manqué;0 s\n"
        "Inconnu;01705550102;01/01/2020 12:00;Entrant;5 s\n"
    ),
    "Spanish": (
        "Nombre,Teléfono,Fecha y hora,Tipo,Duración\n"
        "Ann,170555101,01/01/2020 09:00,Entrante,83\n"
        "Ann,170555101,01/01/2020 10:00,Saliente,12\n"
        "Ann,170555101,01/01/2020 11:00,Perdida,0\n"
        "Desconocido,01705550102,01/01/2020 12:00,Recibida,5\n"
    ),
    "Italian": (
        "Nome;Numero;Data;Ora;Tipo;Durata\n"
        "Ann;170555101;01.01.2020;09:00;In arrivo;00:01:23\n"
        "Ann;170555101;01.01.2020;10:00;In uscita;00:00:12\n"
        "Ann;170555101;01.01.2020;11:00;Persa;00:00:00\n"
        ";01705550102;01.01.2020;12:00;Ricevuta;00:00:05\n"
    ),
    "German app": (
        "Kontakt;Telefonnummer;Datum;Uhrzeit;Anruftyp;Dauer\n"
        "Ann;0170 5550101;01.01.2020;09:00;Eingehender Anruf;83 s\n"
        "Ann;0170 5550101;01.01.2020;10:00;Ausgehend;12 s\n"
        "Ann;0170 5550101;01.01.2020;11:00;nicht angenommen;0 s\n"
        "Unbekannt;0170 5550102;01.01.2020;12:00;Angenommen;5 s\n"
    ),
    "Russian": (
        "Имя;Номер;Дата;Время;Тип;Длительность\n"
        "Ann;+79170555101;01.01.2020;09:00;Входящий;83\n"
        "Ann;+79170555101;01.01.2020;10:00;Исходящий;12\n"
        "Ann;+79170555101;01.01.2020;11:00;Пропущенный;0\n"
        ";01705550102;01.01.2020;12:00;Входящий;5\n"
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(LISTS[name].encode("latin-1" if name == "router" else "utf-8"))
    got = found(READER, path, Choices(zone=UTC))
    rows = sorted((row for row in got.rows if row[2] >= DATE), key=lambda row: row[2])
    assert rows[:2] == [IN, OUT]
    assert rows[2][0].endswith("5550102")
    assert rows[2][1:] == ("me", DATE + 3 * HOUR, "call")
    assert got.skipped == {MISSED: 1}
    assert got.unread == {}
    assert READER.recognises(path, path.read_bytes()) == 0.9


COUNTED = """Name,Number,Date,Type,Duration
Ann,+491705550101,2020-07-15 12:00:00,Outgoing,12
Ann,+491705550101,2020-01-15 12:00:00,Voicemail,12
Ann,+491705550101,2020-01-15 12:00:00,Outgoing,0
Ann,+491705550101,2020-01-15 12:00:00,Outgoing,00:00:00
Ann,+491705550101,2020-01-15 12:00:00,Rejected,0
Ann,+491705550101,2020-01-15 12:00:00,Blocked,0
Ann,+491705550101,2020-01-15 12:00:00,SMS,
,Private number,2020-01-15 12:00:00,Incoming,5
,,2020-01-15 12:00:00,Incoming,5
,110,2020-01-15 12:00:00,Outgoing,5
,BANK,2020-01-15 12:00:00,Incoming,5
Ann,+491705550101,2044-01-15 12:00:00,Incoming,5
Ann,+491705550101,,Incoming,5
Ann,+491705550101,2020-01-15 12:00:00,Sideways,5
Ann,+491705550101,2020-01-15 12:00:00,,5
Me,+491705550100,2020-01-15 12:00:00,Incoming,5
Ann
"""


def test_every_call_is_a_contact_or_counted(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(COUNTED)
    got = found(READER, path, Choices(zone=BERLIN, me=("Zoë", "+49 170 5550100")))
    assert got.rows == [("Zoë", "Ann", 1_594_807_200, "call"), ("Ann", "Zoë", 1_579_086_000, "call")]
    assert got.skipped == {
        NOBODY: 2,
        MISSED: 2,
        "no calls": 1,
        "without a number": 2,
        "from services and to short numbers": 2,
        "to oneself": 1,
    }
    assert got.unread == {"with an impossible date": 2, "of an unknown type": 3}
    assert got.records == COUNTED.count("\n") - 1
    assert got.where["of an unknown type"] == "line 15"


def test_what_is_no_list_of_calls_is_named(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("Date,Time,Number,Minutes\n2020-01-01,9:00,1705550101,2\n")
    with pytest.raises(LogError, match=r"calls.csv, line 1: the file has no columns for a date, a number or name, and"):
        found(READER, path)
    assert READER.recognises(path, path.read_bytes()) == 0


def test_older_routers_and_phones_are_noted(tmp_path: Path) -> None:
    for name, said in (("older router", "Calls of type 3 are taken for placed"), ("database of a phone", "of Android")):
        path = tmp_path / "calls.csv"
        path.write_text(LISTS[name])
        assert any(said in note for note in found(READER, path).notes)


def test_damage_is_counted_and_never_an_error(tmp_path: Path) -> None:
    for seed in range(600):
        path = tmp_path / "calls.csv"
        path.write_bytes(damage([*LISTS.values(), COUNTED][seed % 12].encode(), seed))
        survives(READER, path)
