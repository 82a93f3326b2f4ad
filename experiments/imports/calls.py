"""Lists of calls in tables, as apps, routers and carriers export them, with columns named in several languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from experiments.imports.contacts import Choices, Contact, Reader, Tally, clean, same
from experiments.imports.dates import TimeColumn
from experiments.imports.delimited import Row, TextTable, columns_in, table_of
from experiments.imports.phones import UNKNOWN, PhoneBook, is_service, key_of, number_of

IN, OUT, MISSED, VOICEMAIL, OTHER = "in", "out", "missed or declined calls", "voicemail", "no calls"

_MOMENT = ("timestamp", "date time", "datetime", "call date time", "call time stamp", "start time", "call start",
           "date and time", "datum uhrzeit", "fecha y hora", "date et heure", "data e ora", "utc time")  # fmt: skip
_DATE = ("date", "call date", "datum", "fecha", "data", "дата", "dato", "päivämäärä", "日期", "日付", "when")
_CLOCK = ("time", "call time", "uhrzeit", "zeit", "hora", "heure", "ora", "время", "tijd", "tid", "klockslag", "时间",
          "時間")  # fmt: skip
_NUMBER = ("number", "phone number", "phone", "telephone number", "caller number", "contact number", "from to number",
           "number called", "called number", "rufnummer", "nummer", "telefonnummer", "número", "numero", "teléfono",
           "telefono", "numéro", "téléphone", "numéro de téléphone", "número de teléfono", "numero di telefono",
           "telefone", "número de telefone", "номер", "номер телефона", "telefoonnummer", "puhelinnumero", "号码",
           "电话号码", "電話番号", "formatted number", "to from", "phonenumber", "phone no")  # fmt: skip
_NAME = ("name", "contact", "contact name", "caller name", "cached name", "kontakt", "kontaktname", "nombre",
         "contacto", "nom", "nome", "contatto", "contato", "имя", "контакт", "naam", "namn", "navn", "姓名",
         "名前")  # fmt: skip
_KIND = ("type", "call type", "direction", "call direction", "typ", "anruftyp", "art", "richtung", "tipo",
         "tipo de llamada", "dirección", "type d appel", "sens", "tipo di chiamata", "tipo de chamada", "direção",
         "тип", "тип вызова", "soort", "richting", "类型", "種類", "in out", "incoming outgoing", "status")  # fmt: skip
_LENGTH = ("duration", "duration seconds", "duration in seconds", "duration sec", "call duration", "durationseconds",
           "dauer", "gesprächsdauer", "duración", "durée", "durata", "duração", "длительность", "продолжительность",
           "duur", "varaktighet", "varighet", "kesto", "时长", "通話時間", "minutes", "seconds")  # fmt: skip

_WORDS = {
    MISSED: "missed unanswered rejected declined blocked refused cancelled canceled failed busy spam noanswer "
            "verpasst verpasster verpasste abwesenheit abgewiesen abgelehnt blockiert abgebrochen perdida perdidas "
            "rechazada bloqueada manqué manqués refusé rejeté bloqué persa perse rifiutata bloccata perdidas recusada "
            "rejeitada пропущенный пропущен отклонённый отклоненный gemist geweigerd geblokkeerd missat missad "
            "未接 未接来电 拒接 不在着信",
    VOICEMAIL: "voicemail mailbox anrufbeantworter buzón messagerie répondeur segreteria голосовая",
    IN: "incoming received inbound in answered eingehend eingehender ankommend angenommen entrante entrantes recibida "
        "reçu reçus entrant entrada recebida ricevuta ricevute arrivo входящий входящие inkomend ontvangen inkommande "
        "indgående 呼入 来电 已接 着信 mt i",
    OUT: "outgoing dialed dialled placed made outbound out ausgehend ausgehender abgehend gewählt saliente salientes "
         "realizada sortant émis passé uscita effettuata efetuada saída исходящий исходящие uitgaand utgående udgående "
         "呼出 去电 已拨 発信 mo o",
    OTHER: "sms mms text message data internet roaming nachricht mensaje messaggio mensagem",
}  # fmt: skip
_KIND_OF = {word: kind for kind in reversed(_WORDS) for word in _WORDS[kind].split()}
_ALONE = {"in", "i", "o", "mo", "mt", "no"}  # words that mean this only if nothing else stands with them
_PHONE = {"1": IN, "2": OUT, "3": MISSED, "4": VOICEMAIL, "5": MISSED, "6": MISSED, "7": IN}  # numbers of Android
_ROUTER = {"1": IN, "2": MISSED, "3": MISSED, "4": OUT, "10": MISSED}  # and of a FRITZ!Box since 2013
_OLD_ROUTER = {"1": IN, "2": MISSED, "3": OUT}
EXPECTED = "for a date, a number or name, and whether a call came in or went out, such as Date, Number and Type"


class _Columns(NamedTuple):
    """The places of the columns; -1 if there is none."""

    moment: int
    clock: int
    number: int
    name: int
    kind: int
    length: int

    def moment_in(self, cells: Row) -> str:
        """The date and time of a row, which may be two columns."""
        clock = cells.cells[self.clock] if self.clock >= 0 else ""
        return f"{cells.cells[self.moment]} {clock}".strip()


def _columns(names: Mapping[str, int]) -> _Columns | None:
    """The columns of a list of calls; None if the names are those of something else."""

    def place(known: tuple[str, ...]) -> int:
        return next((names[name] for name in known if name in names), -1)

    moment, date, clock = place(_MOMENT), place(_DATE), place(_CLOCK)
    number, name, kind, length = place(_NUMBER), place(_NAME), place(_KIND), place(_LENGTH)
    alone = moment if moment >= 0 else date
    if (alone < 0 and clock < 0) or (number < 0 and name < 0) or kind < 0:
        return None
    return _Columns(alone if alone >= 0 else clock, clock if moment < 0 <= date else -1, number, name, kind, length)


def read(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """Calls that reached somebody, and messages left on the owner's voicemail.

    People are called by the name in the list, or else by their number. Missed and declined calls, and placed ones of no
    length, are skipped, because nobody spoke.

    Raises:
        LogError: the file is no list of calls, or the order of day and month is open.
    """
    table = table_of(path, lambda names: _columns(names) is not None, EXPECTED, tally)
    columns = _columns(table.columns)
    assert columns is not None
    times, book, kinds = TimeColumn(choices, "the times of calls"), PhoneBook(), set()
    for row in table.rows():
        times.look(columns.moment_in(row), row.where)
        number, name = _who(row, columns)
        book.learn(number, name)
        kinds.add(row.cells[columns.kind].strip())
    times.decide(tally, path.name)
    codes = _codes(table, kinds, tally)
    own = {key_of(number) for one in choices.me if (number := number_of(one))}
    for row in table.rows(tally):
        kind = _kind(row.cells[columns.kind], codes)
        number, name = _who(row, columns)
        who = book.name(number) if number else name
        moment = times.seconds(columns.moment_in(row))
        nobody = kind == OUT and columns.length >= 0 and _length(row.cells[columns.length]) == 0
        if "\n" in name or "\r" in name:
            tally.fail("with a line break in a name", row.where)
        elif kind is None:
            tally.fail("of an unknown type", row.where)
        elif kind in (MISSED, OTHER):
            tally.skip(kind, row.where)
        elif not who:
            tally.skip("without a number", row.where)
        elif number and is_service(number, shortest=4):
            tally.skip("from services and to short numbers", row.where)
        elif nobody:
            tally.skip("calls that nobody answered", row.where)
        elif moment is None:
            tally.fail("with an impossible date", row.where)
        elif key_of(number) in own or same((choices.owner, *choices.me), who):
            tally.skip("to oneself", row.where)
        else:
            one, other = (choices.owner, who) if kind == OUT else (who, choices.owner)
            yield Contact(one, other, moment, "call")
    times.note_zone(tally)


def _who(row: Row, columns: _Columns) -> tuple[str, str]:
    """The number and the name of the other person, empty if withheld."""
    name = row.cells[columns.name].strip() if columns.name >= 0 else ""
    name = name if "\n" in name or "\r" in name else clean(name)  # a quote without an end takes in other rows
    number = number_of(row.cells[columns.number]) if columns.number >= 0 else ""
    return number, "" if name.casefold() in UNKNOWN or "\ufffd" in name else name


def _codes(table: TextTable, kinds: set[str], tally: Tally) -> Mapping[str, str]:
    """What numbers in the column for the type mean."""
    if not {"nebenstelle", "extension"} & set(table.columns):
        if kinds & set(_PHONE):
            tally.note("The numbers for the type of a call are those of Android: 1 received, 2 placed, 3 missed.")
        return _PHONE
    if "3" in kinds and not kinds & {"4", "10"}:
        tally.note("Calls of type 3 are taken for placed ones, as older FRITZ!Boxes write them.")
        return _OLD_ROUTER
    return _ROUTER


def _kind(text: str, codes: Mapping[str, str]) -> str | None:
    """What kind of call it is; None if it is unknown."""
    plain = clean(text).casefold()
    if plain in codes:
        return codes[plain]
    if plain in _KIND_OF:
        return _KIND_OF[plain]
    words = re.findall(r"[^\W\d_]+", plain.replace("no answer", "noanswer").replace("not answered", "noanswer"))
    found = {_KIND_OF[word] for word in words if word in _KIND_OF and word not in _ALONE}
    if {"nicht", "non", "no", "не"} & set(words) and IN in found:  # such as `nicht angenommen`
        return MISSED
    if found >= {IN, OUT}:
        return None
    return next((kind for kind in _WORDS if kind in found), None)


def _length(text: str) -> int | None:
    """How long a call was, in seconds or the like; 0 only if it had no length, None if that is not known."""
    numbers = re.findall(r"\d{1,9}", text)
    return sum(map(int, numbers)) if numbers else None


def recognises(path: Path, head: bytes) -> float:
    """How sure it is that this is a list of calls, 0 to 1: surer with a column for how long calls were."""
    if path.is_dir():
        return 0.0
    if columns_in(head, lambda names: (found := _columns(names)) is not None and found.length >= 0):
        return 0.9
    has_number = columns_in(head, lambda names: (found := _columns(names)) is not None and found.number >= 0)
    return 0.5 if has_number else 0.0


READER = Reader("calls", "Calls (table of an app, router or carrier)", recognises, read)
