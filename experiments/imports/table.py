"""Any table of who contacted whom and when, with columns that are named for it or that the user names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from experiments.imports.contacts import Choices, Contact, Reader, Tally, clean
from experiments.imports.dates import TimeColumn
from experiments.imports.delimited import Row, columns_in, plain_name, table_of
from sim.contact_logs import LogError

KNOWN = {
    "source": ("source", "from", "sender", "from user", "from id", "sender id", "sender name", "from address",
               "from name", "caller", "caller id", "author", "writer", "absender", "von", "de", "expéditeur",
               "remitente", "emisor", "mittente", "remetente", "отправитель", "van", "src", "user a", "i",
               "ego"),
    "target": ("target", "to", "recipient", "receiver", "to user", "to id", "recipient id", "receiver id",
               "recipient name", "to address", "to name", "callee", "recipients", "empfänger", "an", "à",
               "destinataire", "destinatario", "destinatário", "получатель", "aan", "dst", "user b", "j", "alter"),
    "time": ("time", "timestamp", "date", "datetime", "date time", "sent at", "sent", "date sent", "sent date",
             "created at", "created", "when", "unix time", "time stamp", "datum", "zeit", "gesendet", "fecha", "data",
             "enviado", "дата", "utc time", "t"),
    "medium": ("medium", "channel", "kind", "type", "service", "app", "kanal", "canal"),
}  # fmt: skip
NEEDED = ("source", "target", "time")
MEDIA = {
    "mail": "mail email",
    "chat": "chat im dm direct whatsapp telegram signal messenger facebook instagram slack discord imessage teams",
    "sms": "sms mms text texts rcs",
    "call": "call calls phone voice video facetime anruf llamada appel chiamata",
    "post": "post letter card postcard parcel brief",
}
_MEDIUM_OF = {word: medium for medium in reversed(MEDIA) for word in MEDIA[medium].split()}
OTHER = "other"  # of a table that does not say, or not in known words
EXPECTED = "for who, whom and when, such as source, target and time; name them with --columns"


def _places(names: Mapping[str, int], given: Mapping[str, str]) -> dict[str, int] | None:
    """Where the columns are; None if one is missing that is needed."""
    wanted: Mapping[str, tuple[str, ...]] = KNOWN
    if given:
        wanted = {key: (plain_name(name),) for key, name in given.items()}
    found = {key: next((names[name] for name in known if name in names), -1) for key, known in wanted.items()}
    missing = [key for key in (given or NEEDED) if found[key] < 0]
    return None if missing else {key: place for key, place in found.items() if place >= 0}


def read(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """A contact for each row, between the people in two columns, at the time in a third.

    Raises:
        LogError: a column is missing, or the order of day and month is open.
    """
    given = choices.columns
    _check(given)
    expected = f"named {', '.join(given.values())}" if given else EXPECTED
    table = table_of(path, lambda names: _places(names, given) is not None, expected, tally)
    places = _places(table.columns, given)
    assert places is not None
    named = {key: clean(table.names[place]) for key, place in places.items()}
    if not given:
        columns = ", ".join(f"{key}={name}" for key, name in named.items())
        tally.note(f"The columns are taken to be {columns}; --columns names others.")
    times = TimeColumn(choices, f"the column {named['time']}")
    for row in table.rows():
        times.look(row.cells[places["time"]], row.where)
    times.decide(tally, path.name)
    for row in table.rows(tally):
        found = _contact(row, places, times, tally)
        if isinstance(found, Contact):
            yield found
        elif found == "to oneself":
            tally.skip(found, row.where)
        else:
            tally.fail(found, row.where)
    times.note_zone(tally)


def _check(given: Mapping[str, str]) -> None:
    if not given:
        return
    unknown, missing = [key for key in given if key not in KNOWN], [key for key in NEEDED if key not in given]
    if unknown or missing:
        raise LogError(
            f"--columns {'has ' + unknown[0] if unknown else 'lacks ' + missing[0]}; expected "
            "source=…, target=…, time=… and perhaps medium=…"
        )


def _contact(row: Row, places: Mapping[str, int], times: TimeColumn, tally: Tally) -> Contact | str:
    """The contact of a row, or the reason why it is none."""
    source, target = (row.cells[places[key]] for key in ("source", "target"))
    if any("\n" in name.strip() or "\r" in name.strip() for name in (source, target)):
        return "with a line break in a name"
    source, target = clean(source), clean(target)
    if not source or not target:
        return f"without a {'source' if not source else 'target'}"
    if "\ufffd" in source + target:
        return "with unreadable characters"
    moment = times.seconds(row.cells[places["time"]])
    if moment is None:
        return "with an impossible date"
    if source == target:
        return "to oneself"
    return Contact(source, target, moment, _medium(row, places, tally))


def _medium(row: Row, places: Mapping[str, int], tally: Tally) -> str:
    if "medium" not in places:
        return OTHER
    words = re.findall(r"[^\W\d_]+", clean(row.cells[places["medium"]]).casefold())
    found = next((_MEDIUM_OF[word] for word in words if word in _MEDIUM_OF), None)
    if found is None:
        tally.note(f"Some rows have a medium that is none of {', '.join(MEDIA)}; theirs is called “{OTHER}”.")
    return found or OTHER


def _is_header(known: Mapping[str, tuple[str, ...]]) -> Callable[[Mapping[str, int]], bool]:
    return lambda names: all(any(name in names for name in known[key]) for key in NEEDED)


def recognises(path: Path, head: bytes) -> float:
    """How sure it is that this is a table of contacts, 0 to 1; other formats that are tables are surer."""
    if path.is_dir() or not head:
        return 0.0
    if columns_in(head, lambda names: all(name in names for name in NEEDED)):
        return 0.9  # a log as this program writes it
    if columns_in(head, _is_header(KNOWN)):
        return 0.4
    return 0.1 if path.suffix.lower() in (".csv", ".tsv") and columns_in(head, lambda names: len(names) > 2) else 0.0


READER = Reader("table", "Table (CSV, TSV)", recognises, read)
