"""Mail: mbox files, Maildir and Apple's folders, and folders of `.eml` files. Only the headers of messages are read."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import IO, NamedTuple

from experiments.imports.contacts import MARKS, Choices, Contact, Reader, Tally, believable, clean
from sim.contact_logs import LogError

MOST_RECEIVERS = 50  # mail to more people is an announcement, with or without `--groups`
LONGEST_HEAD = 1 << 20  # bytes of headers that are read of a message; real ones have less than 100 KB
CHUNK = 1 << 16  # bytes read at once, so that a line without an end needs no memory

_SENDER, _RECEIVERS = ("From",), ("To", "Cc", "Bcc")
_OF_LISTS = ("List-Id", "List-Post", "List-Unsubscribe")
_IN_BRACKETS = re.compile(r"<\s*([^<>\s@]+@[^<>\s@]+)\s*>")
_ALONE = re.compile(r"([^<>@:;()]*)<\s*[^<>\s@]+@[^<>\s@]+\s*>\s*")  # one address, after a name
_MACHINES = re.compile(r"(?:mailer-daemon|no-?_?reply|do-?_?not-?_?reply)@")
_DRAFTS = {"draft", "drafts", "entwürfe", "brouillons", "borradores", "rascunhos", "bozze", "concepten", "черновики",
           "koncepty", "wersje robocze", "utkast", "kladder", "luonnokset", "taslaklar",
           "下書き", "草稿", "임시보관함"}  # fmt: skip
_SPAM = {"spam", "junk", "спам", "nevyžádaná pošta", "迷惑メール", "垃圾邮件", "垃圾郵件", "스팸함"}
_CHATS = {"chat", "chats"}  # a conversation in Hangouts, which Takeout writes as one message
_ADDRESS = re.compile(r"[^\s@<>,;:()]+@[^\s@<>,;:()]+")
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,60}:")
_OF_MAIL = re.compile(rb"^(?:from|to|date|message-id|received|return-path|mime-version|delivered-to):", re.I | re.M)


class Letter(NamedTuple):
    """The headers of a message, where it stands, and the flags of a Maildir."""

    message: Message
    where: str
    flags: str = ""


def read(path: Path, choices: Choices, tally: Tally) -> Iterator[Contact]:
    """Messages from one person to one person; with ``choices.groups``, also to several, one row per receiver.

    A person is an address in lower case, and the tally learns the names beside it. The same message in two files of a
    tally counts once. Skipped are messages to several people or oneself, from mailing lists and machines, drafts, spam,
    chats, resent messages, and messages without a sender or receiver. A message without a date, or with an impossible
    one, is unread.

    Raises:
        LogError: the path is missing or not a mailbox.
    """
    for letter in _letters(path):
        found = _contacts_of(letter.message, letter.flags, choices.groups)
        if isinstance(found, str):
            count = tally.fail if found in (NO_DATE, BAD_DATE) else tally.skip
            count(found, letter.where)
            continue
        contacts, names = found
        number = " ".join(_texts(letter.message, ("Message-ID",))).strip()
        first = contacts[0]
        if tally.is_copy("mail", number or first.time, first.source, *(contact.target for contact in contacts)):
            tally.skip("copies", letter.where)
            continue
        for address, name in names.items():
            tally.call(address, name)
        yield from contacts


# Files --------------------------------------------------------------------------------------------------------------


def _letters(path: Path) -> Iterator[Letter]:
    if not path.exists():
        raise LogError(f"{path} does not exist.")
    if (path / "mbox").is_file():  # as Apple's Mail exports it
        path = path / "mbox"
    if not path.is_dir():
        yield from _letters_of_file(path)
    elif (path / "cur").is_dir():
        yield from _maildir(path)
    else:
        files = sorted(_mail_files(path))
        if not files:
            raise LogError(
                f"{path} is not a Maildir, because it has no folder `cur`, and it has no files .mbox or .eml. Name the "
                "mailbox in it."
            )
        for file in files:
            yield from _letters_of_file(file)


def _mail_files(folder: Path) -> Iterator[Path]:
    for one in folder.iterdir():
        if (one / "mbox").is_file():
            yield one / "mbox"
        elif one.is_file() and (one.suffix.lower() in (".mbox", ".eml", ".emlx") or _of_thunderbird(one)):
            yield one


def _of_thunderbird(file: Path) -> bool:
    """Whether it is a mailbox in Thunderbird's folder, which has an index with the same name beside it."""
    return not file.suffix and file.with_name(f"{file.name}.msf").is_file()


def _letters_of_file(path: Path) -> Iterator[Letter]:
    with path.open("rb") as file:
        start = file.read(1_000)
        start_is_marked = start.startswith(b"\xef\xbb\xbf")
        start = start.lstrip(b"\xef\xbb\xbf \t\r\n")
        file.seek(3 if start_is_marked else 0)
        if path.suffix.lower() in (".eml", ".emlx") and not start.startswith(b"From "):
            if path.suffix.lower() == ".emlx":
                file.readline(CHUNK)  # the number of bytes that follow
            yield Letter(_parsed(_head_of(file)), path.name)
            return
        if start and not start.startswith(b"From "):
            raise LogError(f"{path} is not an mbox file, which begins with a line `From …`. Export the mail as mbox.")
        for number, head in enumerate(_heads_of_mbox(file), start=1):
            yield Letter(_parsed(head), f"{path.name}, message {number}")


def _heads_of_mbox(file: IO[bytes]) -> Iterator[bytes]:
    """The headers of each message in an mbox, in which messages begin with a line `From …`."""
    head: bytearray | None = None
    inside = False  # of the headers
    begins = True  # a line: the last piece ended with one
    while line := file.readline(CHUNK):
        if begins and line.startswith(b"From "):
            if head is not None:
                yield bytes(head)
            head, inside = bytearray(), True
        elif inside and head is not None:
            if begins and not line.strip(b"\r\n"):
                inside = False
            elif len(head) < LONGEST_HEAD:
                head += line
        begins = line.endswith(b"\n")
    if head is not None:
        yield bytes(head)


def _head_of(file: IO[bytes]) -> bytes:
    head = bytearray()
    while (line := file.readline(CHUNK)) and (line.strip(b"\r\n") or not head) and len(head) < LONGEST_HEAD:
        if line.strip(b"\r\n"):
            head += line
    return bytes(head)


def _maildir(path: Path) -> Iterator[Letter]:
    """The messages of a Maildir. What follows `:2,` in the name of a file are its flags."""
    for folder in ("cur", "new"):
        if not (path / folder).is_dir():
            continue
        for name in sorted(os.listdir(path / folder)):
            file = path / folder / name
            if name.startswith(".") or not file.is_file():
                continue
            with file.open("rb") as opened:
                head = _head_of(opened)
            flags = re.split(r"[:;!]2,", name)[-1] if re.search(r"[:;!]2,", name) else ""
            yield Letter(_parsed(head), f"{path.name}/{folder}/{name}", flags)


def _parsed(head: bytes) -> Message:
    return BytesHeaderParser().parsebytes(head.replace(b"\r\n", b"\n") + b"\n")


# Messages -----------------------------------------------------------------------------------------------------------

NO_DATE, BAD_DATE = "without a date", "with an impossible date"


def _contacts_of(message: Message, flags: str, groups: bool) -> tuple[list[Contact], dict[str, str]] | str:
    """The contacts of a message, and the names of its addresses; or the reason why it has none."""
    if why := _no_letter(message, flags):
        return why
    who, whom = _addresses(message, _SENDER), _addresses(message, _RECEIVERS)
    if any(map(_MACHINES.match, who)):
        return "from machines"
    if len(who) != 1:
        return "from several people" if who else "without a sender's address"
    others = sorted(whom.keys() - who.keys())
    if whom and not others:
        return "to oneself"
    if not others:
        return "without a receiver's address"
    if len(others) > 1 and not groups:
        return "to several people"
    if len(others) > MOST_RECEIVERS:
        return f"to more than {MOST_RECEIVERS} people"
    if not message["Date"]:
        return NO_DATE
    sent = _time_of(message)
    if sent is None:
        return BAD_DATE
    (source,) = who
    return [Contact(source, target, sent, "mail") for target in others], whom | who


def _no_letter(message: Message, flags: str) -> str | None:
    """Why a message was not written by one person to another; None if it was."""
    header = " ".join(map(_decoded, _texts(message, ("X-Gmail-Labels",))))
    labels = {clean(label).strip(' "').lower() for label in header.split(",")}
    if labels & _DRAFTS or "D" in flags or message["X-Mozilla-Draft-Info"] or _starts(message, "X-Unsent", ("1",)):
        return "drafts"
    if labels & _SPAM or _starts(message, "X-Spam-Flag", ("yes",)):
        return "spam"
    if labels & _CHATS:
        return "chats kept as mail"
    if message["Resent-From"] or message["Resent-To"]:
        return "resent"
    if any(message[name] for name in _OF_LISTS) or _starts(message, "Precedence", ("list", "bulk", "junk")):
        return "from mailing lists"
    if _starts(message, "Auto-Submitted", ("auto",)):
        return "from machines"
    return None


def _starts(message: Message, name: str, words: tuple[str, ...]) -> bool:
    return any(text.strip().lower().startswith(words) for text in _texts(message, (name,)))


def _texts(message: Message, names: Iterable[str]) -> list[str]:
    wanted = {name.lower() for name in names}
    return [_as_text(text) for name, text in message.raw_items() if name.lower() in wanted]


def _as_text(raw: object) -> str:
    """A header as text: UTF-8 or, if that fails, Latin-1."""
    content = str(raw).encode("utf-8", "surrogateescape")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _addresses(message: Message, names: tuple[str, ...]) -> dict[str, str]:
    """Addresses in headers of these names, in lower case, each with the name beside it, which may be empty."""
    found: dict[str, str] = {}
    for text in _texts(message, names):
        for address, name in (_addresses_in(text) or _addresses_in(_decoded(text))).items():
            found[address] = found.get(address) or name
    return found


def _addresses_in(text: str) -> dict[str, str]:
    try:
        candidates = [(address, name) for name, address in getaddresses([text])]
    except (RecursionError, IndexError, ValueError, TypeError):  # of comments within comments
        candidates = []
    if not any(_ADDRESS.fullmatch(address) for address, _ in candidates):
        candidates = [(address, "") for address in _IN_BRACKETS.findall(text)]
    # The whole name in `Smith, Ann <ann@example.org>`, which lacks its quotes.
    alone = None if len(candidates) == 1 and candidates[0][1] else _ALONE.fullmatch(text)
    found: dict[str, str] = {}
    for address, name in candidates:
        plain = unicodedata.normalize("NFC", address.translate(MARKS).strip().strip("'").rstrip(".")).lower()
        if _ADDRESS.fullmatch(plain):
            named = alone[1] if alone else name
            found[clean(plain)] = _decoded(named) if "=?" in named else named
    return found


def _decoded(text: str) -> str:
    """A header that was encoded including its addresses or labels."""
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError, MessageError):
        return ""


def _time_of(message: Message) -> int | None:
    """When a message was sent, in seconds since 1970; None if that is unreadable or impossible."""
    try:
        sent = parsedate_to_datetime(str(message["Date"]))
        seconds = int((sent if sent.tzinfo else sent.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return seconds if believable(seconds) else None


# Recognition --------------------------------------------------------------------------------------------------------


def recognises(path: Path, head: bytes) -> float:
    """How sure it is that this is a mailbox, 0 to 1."""
    if path.is_dir():
        if (path / "mbox").is_file():
            return 1.0
        if (path / "cur").is_dir() and (path / "new").is_dir():
            return 1.0
        return 0.9 if any(_mail_files(path)) else 0.0
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    mbox = start.startswith(b"From ")
    lines = start.split(b"\n")[mbox : mbox + 10]
    headers = bool(lines) and bool(_HEADER_LINE.match(lines[0])) and bool(_OF_MAIL.search(start))
    if mbox:
        return 1.0 if headers else 0.3
    if path.suffix.lower() in (".eml", ".emlx"):
        return 0.9 if _OF_MAIL.search(start) else 0.2
    return 0.5 if not head and path.suffix.lower() == ".mbox" else 0.0


READER = Reader("mail", "Mail (mbox, Maildir, .eml)", recognises, read)
