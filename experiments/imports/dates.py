"""Times as people and programs write them in tables: what they mean, and what they leave open.

The order of day and month belongs to a whole file, so a column is looked at before it is read: `TimeColumn.look` at
every value, `TimeColumn.decide` once, then `TimeColumn.seconds` of each value.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from dateutil import parser  # type: ignore[import-untyped, unused-ignore]

from experiments.imports.contacts import MARKS, Choices, Tally, believable, seconds_of
from sim.contact_logs import LogError

LONGEST = 80  # characters of a time; longer values are something else
UNITS = {1: "seconds", 1_000: "milliseconds", 1_000_000: "microseconds", 1_000_000_000: "nanoseconds"}
# Abbreviations of zones that mean one offset wherever they are used; minutes. Others, such as IST, mean several.
ZONES = {"UTC": 0, "GMT": 0, "Z": 0, "UT": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420,
         "MDT": -360, "PST": -480, "PDT": -420, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120}  # fmt: skip

AM = {"am", "vorm", "vm", "fm", "de", "öö", "pg", "sa", "πμ", "дп", "ص", "قظ", "पूर्वाह्न", "上午", "午前", "오전",
      "صباحا", "凌晨", "清晨", "早上", "半夜"}  # fmt: skip
PM = {"pm", "nachm", "nm", "em", "du", "ös", "ptg", "ch", "μμ", "пп", "م", "بظ", "अपराह्न", "下午", "午後", "오후",
      "مساء", "ظهرا", "中午", "傍晚", "晚上"}  # fmt: skip
_FILLERS = {"", "at", "um", "uhr", "à", "às", "alas", "as", "alle", "ore", "kl", "klo", "h", "o", "ob", "u", "в", "г",
            "ч"}  # fmt: skip

_DATE = r"(?P<one>\d{1,4})\s?(?P<by>[-./年년])\s?(?P<two>\d{1,2})\s?[-./月월]\s?(?P<three>\d{1,4})[.日일]?"
_TIME = (
    r"(?P<hour>\d{1,2})\s?[:.h時时]\s?(?P<minute>\d{2})(?:\s?[:.分]\s?(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"(?P<after>[^\d+:-]{0,12}?)\s?(?P<zone>[+-]\d{2}:?\d{2}|UTC|GMT|Z)?"
)
_DATE_FIRST = re.compile(rf"{_DATE}(?:(?P<between>[^\d:+-]{{1,12}}){_TIME})?")
_TIME_FIRST = re.compile(rf"{_TIME},?\s+{_DATE}(?P<between>)")
_NUMBER = re.compile(r"\d{5,19}(?:\.\d{1,9})?")
_COMPACT = re.compile(r"(?:19|20)\d{6}(?:[T ]?\d{4}(?:\d\d)?)?")


class Parts(NamedTuple):
    """A date of three numbers, and the time of day with it: hour, minute and second."""

    numbers: tuple[str, str, str]
    by: str
    clock: tuple[int, int, int] | None
    zone: tzinfo | None

    @property
    def year_stands_first(self) -> bool:
        """Whether the first number can only be a year."""
        return len(self.numbers[0]) > 2


DAY_FIRST, MONTH_FIRST, YEAR_FIRST = (2, 1, 0), (2, 0, 1), (0, 1, 2)
_WORDS = {DAY_FIRST: "the day comes first", MONTH_FIRST: "the month comes first", YEAR_FIRST: "the year comes first"}
_EXAMPLE = {DAY_FIRST: 0, MONTH_FIRST: 1}  # which number shows the order if it is more than 12


@dataclass
class _Order:
    """What the dates of a file say about one order of day, month and year."""

    impossible: int = 0
    back: int = 0  # how often a date is before the one above it, and after it
    forward: int = 0
    last: datetime | None = None

    def add(self, day: datetime | None) -> None:
        if day is None:
            self.impossible += 1
            return
        if self.last is not None:
            self.back += day < self.last
            self.forward += day > self.last
        self.last = day

    @property
    def disorder(self) -> int:
        """How often dates go the other way than most; files are sorted from old to new or from new to old."""
        return min(self.back, self.forward)


@dataclass
class TimeColumn:
    """A column of times.

    Attributes:
        choices: the order of day and month and the zone, as far as the user gave them.
        column: what notes and errors call it.
    """

    choices: Choices
    column: str = "the times"
    _orders: dict[tuple[int, int, int], _Order] = field(default_factory=dict)
    _order: tuple[int, int, int] | None = None
    _shown: dict[tuple[int, int, int], str] = field(default_factory=dict)  # where the order shows
    _open: str = ""  # where the first date stands that both orders allow
    _dotted: bool = False
    _units: Counter[int] = field(default_factory=Counter)
    _unit: int = 1
    _without_zone: bool = False

    def look(self, text: str, where: str) -> None:
        """Learn from a value, before any is read."""
        text = _plain(text)
        if _NUMBER.fullmatch(text):
            if (unit := _unit_of(text)) is not None:
                self._units[unit] += 1
            return
        parts = None if _iso(text) else _parts(text)
        if parts is None or parts.year_stands_first:
            return
        days = {order: _day(parts, order) for order in (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)}
        if not any(days.values()):
            return  # an impossible date shows nothing
        self._dotted |= parts.by == "."
        for order, day in days.items():
            self._orders.setdefault(order, _Order()).add(day)
        by_day, by_month = days[DAY_FIRST], days[MONTH_FIRST]
        for order, day, other in ((DAY_FIRST, by_day, by_month), (MONTH_FIRST, by_month, by_day)):
            if day and not other and order not in self._shown:
                number = parts.numbers[_EXAMPLE[order]]
                self._shown[order] = f"{where} has {number} as its {'second' if _EXAMPLE[order] else 'first'} number"
        if by_day and by_month and by_day != by_month and not self._open:
            self._open = where

    def decide(self, tally: Tally, name: str) -> None:
        """Settle the order of day and month, and the unit of numbers, and note what was guessed.

        Args:
            tally: gets the notes.
            name: the file, for errors.

        Raises:
            LogError: a date may be read in two ways, and nothing in the file says which is meant.
        """
        if self._units:
            self._unit = max(self._units, key=lambda unit: (self._units[unit], -unit))
            tally.note(f"The numbers in {self.column} are taken for {UNITS[self._unit]} since 1970, by their size.")
        if not self._orders:
            return
        if self.choices.day_first is not None:
            self._order = DAY_FIRST if self.choices.day_first else MONTH_FIRST
            return
        by_day, by_month, by_year = (self._orders[order].impossible for order in _WORDS)
        if by_year < min(by_day, by_month):
            self._order = YEAR_FIRST
        elif by_day != by_month and (4 * min(by_day, by_month) <= max(by_day, by_month) or not self._open):
            self._order = DAY_FIRST if by_day < by_month else MONTH_FIRST
            if self._open:
                tally.note(f"In dates, {_WORDS[self._order]}: {self._shown[self._order]}.")
        elif not self._open:
            self._order = DAY_FIRST  # every date means the same in both orders
        elif self._dotted:
            self._order = DAY_FIRST  # dates with dots are never written with the month first
        else:
            self._order = self._by_sequence(tally)
        if self._order is None:
            raise LogError(
                f"{name}, {self._open}: the date may begin with the day or with the month, and the other dates do not "
                "decide. Add --day-first or --month-first."
            )

    def _by_sequence(self, tally: Tally) -> tuple[int, int, int] | None:
        """The order in which the dates of a sorted file follow one another; None if that does not show it."""
        by_day, by_month = self._orders[DAY_FIRST].disorder, self._orders[MONTH_FIRST].disorder
        if by_day == by_month or 4 * min(by_day, by_month) > max(by_day, by_month):
            return None
        order = DAY_FIRST if by_day < by_month else MONTH_FIRST
        other = "--month-first" if order == DAY_FIRST else "--day-first"
        tally.note(
            f"In dates, {_WORDS[order]}: otherwise, {max(by_day, by_month):,} of them would be out of sequence. This "
            f"is a guess; {other} changes it."
        )
        return order

    def seconds(self, text: str) -> int | None:
        """Seconds since 1970, UTC; None if the value is no time, impossible, in the future or before 1971."""
        text = _plain(text)
        if not text or len(text) > LONGEST:
            return None
        if _NUMBER.fullmatch(text) and (unit := _unit_of(text)) is not None:
            return round(float(text) / unit) if unit == self._unit else None
        try:
            moment = _iso(text) or self._numeric(text) or (None if _parts(text) else _worded(text))
            if moment is None:
                return None
            seconds = seconds_of(moment, self.choices.zone)
        except (ValueError, OverflowError, OSError):
            return None
        if not believable(seconds):
            return None
        self._without_zone |= moment.tzinfo is None
        return seconds

    def note_zone(self, tally: Tally) -> None:
        """After reading: say which zone was assumed."""
        if self._without_zone and self.choices.zone is None:
            tally.note(
                f"There is no time zone in {self.column}, which {'are' if self.column.endswith('s') else 'is'} read in "
                "the zone of this machine; --zone sets another."
            )

    def _numeric(self, text: str) -> datetime | None:
        if _COMPACT.fullmatch(text):
            digits = re.sub(r"\D", "", text)
            return datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")
        parts = _parts(text)
        if parts is None:
            return None
        day = _day(parts, YEAR_FIRST if parts.year_stands_first else self._order or DAY_FIRST)
        if day is None:
            return None
        hour, minute, second = parts.clock or (0, 0, 0)
        return day.replace(hour=hour, minute=minute, second=second, tzinfo=parts.zone)


def _plain(text: str) -> str:
    """A value without marks of direction, with plain digits and single spaces."""
    digits = "".join(str(unicodedata.decimal(letter, letter)) for letter in text[: LONGEST + 1])
    return " ".join(digits.translate(MARKS).split())


def _unit_of(text: str) -> int | None:
    """How many of its units are in a second, by the only unit in which a number is a possible time."""
    number = float(text)
    return next((unit for unit in UNITS if believable(number / unit)), None)


def _iso(text: str) -> datetime | None:
    """A moment as ISO 8601 has it, perhaps followed by `UTC`."""
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    text = re.sub(r"\s?(?:UTC|GMT|Z)$", "+00:00", text)
    text = re.sub(r"\s(?=[+-]\d\d:?\d\d$)", "", text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _parts(text: str) -> Parts | None:
    """A date of three numbers and a time of day; None if the text is something else or has an impossible time."""
    found = _DATE_FIRST.fullmatch(text) or _TIME_FIRST.fullmatch(text)
    if not found:
        return None
    clock = None
    if found["hour"]:
        half = "".join(
            word for word in (_letters(found["between"]), _letters(found["after"])) if word not in _FILLERS
        )  # such as `pm`
        hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
        if half:
            hour = hour % 12 + 12 * (half in PM) if 1 <= hour <= 12 and half in AM | PM else 24
        if hour > 23 or minute > 59 or second > 59:
            return Parts(("0", "0", "0"), found["by"], None, None)  # looks like a date, and is none
        clock = (hour, minute, second)
    return Parts((found["one"], found["two"], found["three"]), found["by"], clock, _zone(found["zone"]))


def _letters(words: str | None) -> str:
    letters = "".join(re.findall(r"[^\W\d_]|[\u093c-\u094d]", words or "")).casefold()  # with the vowel signs of Hindi
    return "" if letters == "t" else letters  # of `2023-4-5T10:00`


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes)) if minutes < 1_440 else None


def _day(parts: Parts, order: tuple[int, int, int]) -> datetime | None:
    texts = [parts.numbers[place] for place in order]
    if len(texts[1]) > 2 or len(texts[2]) > 2 or len(texts[0]) not in (1, 2, 4):
        return None
    year, month, day = map(int, texts)
    try:
        found = datetime(year + 2000 if len(texts[0]) <= 2 else year, month, day)
    except ValueError:
        return None
    return found if believable((found - datetime(1970, 1, 1)).total_seconds()) else None


def _worded(text: str) -> datetime | None:
    """A moment with the name of its month, such as `Apr 5, 2023 3:04 PM`. Nothing that is missing is filled in."""
    text = re.sub(r"\s?\([^()]*\)$", "", text)  # the name of a zone after its offset, as JavaScript writes it
    text = re.sub(r"\b(?:GMT|UTC)(?=[+-]\d)", "", text)  # as JavaScript means it; dateutil turns the sign round
    if not re.search(r"[^\W\d_]{3}", text):
        return None
    first, second = (_parsed(text, default) for default in (datetime(2001, 2, 3), datetime(2012, 11, 10)))
    return first if first == second else None


def _parsed(text: str, default: datetime) -> datetime | None:
    def offset_of(name: str | None, seconds: int | None) -> tzinfo | None:
        if seconds is not None:
            return timezone(timedelta(seconds=seconds))
        if name is None:
            return None
        if name.upper() not in ZONES:
            raise ValueError("this zone has no offset, or several")
        return timezone(timedelta(minutes=ZONES[name.upper()]))

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parser.parse(text, default=default, tzinfos=offset_of)
    except (
        ValueError,
        OverflowError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        ArithmeticError,
        RecursionError,
    ):
        return None
