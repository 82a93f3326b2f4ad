"""The times of a contact log, in seconds since 1970 or since the beginning of the log.

Times with an unambiguous type or form (timestamps, dates, ISO 8601) are converted. Numbers that may be days,
milliseconds or dates without hyphens raise an error whose message contains the conversion, since a guess could be
wrong.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sim.contact_logs.errors import BadRowError, Note, counted, in_a_line
from sim.contact_logs.ids import Column

DAY = 86_400
LONGEST_YEARS = 50  # in a longer log, times have a different unit or some are wrong
_YEAR = 365.25 * DAY
_DATED = 631_152_000  # Unix seconds of 1990; smaller numbers count from the beginning of the log
_END = 253_402_300_800  # Unix seconds of the year 10000; larger numbers aren't seconds
_SHARE = 0.9  # share of times that must look like another unit; the rest may be mistakes
_FEW, _MANY = 20, 100  # numbers of events that may, or may not, fall within an hour by chance
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_ISO_DATE = r"^\s*\d{4}[-/]?\d{1,2}[-/]?\d{1,2}(?:[T t]\s*\d.*)?$"
_HOW_TO_WRITE = "Times must be Unix seconds, such as 1700000000, or ISO 8601, such as 2023-11-14T22:13:20Z"
_TO_ISO = 'pandas.to_datetime(log["time"], format="mixed", {day_first}utc=True)'
_YEAR_AHEAD = r"^\s*\d{4}[-/. ]"
_BY_NUMBERS = r"^\s*(\d{1,2})[-/. ](\d{1,2})[-/. ]\d{2}"


@dataclass(frozen=True, eq=False)
class Times:
    """The times of all rows.

    Attributes:
        seconds: the times, all finite, shape (rows,).
        shown: a function from a row to its time as written, for errors.
        dated: whether the times are dates by type or form, not numbers.
        by_the_day: whether the resolution is a day or coarser.
        exact: a function from rows to values that distinguish times with equal seconds; None if nothing does.
        notes: remarks about the times.
    """

    seconds: np.ndarray
    shown: Callable[[int], str]
    dated: bool = False
    by_the_day: bool = False
    exact: Callable[[np.ndarray], Any] | None = None
    notes: list[Note] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.seconds)


class Usable(NamedTuple):
    """A mask of rows with a usable time; and notes on the others, as (row, function from its name to the note)."""

    rows: np.ndarray
    notes: list[tuple[int, Callable[[str], Note]]]


# Types ----------------------------------------------------------------------------------------------------------------


def times_of(column: Column) -> Times:
    """Read the times in a column of a table or file.

    Raises:
        BadRowError: if a value is missing or isn't a time.
    """
    if isinstance(column, pd.Series):
        column = _as_arrow(column)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    shown = _shown_by(column)
    if column.null_count:
        row = int(pc.index(pc.is_null(column), True).as_py())
        raise BadRowError(row, f"the time is empty. {_HOW_TO_WRITE}.")
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        ticks = column.cast(pa.int64()).to_numpy()
        return _of_ticks(ticks, _PER_SECOND[kind.unit], shown, dated=pa.types.is_timestamp(kind))
    if pa.types.is_date32(kind):
        days = column.cast(pa.int32()).to_numpy().astype(np.int64)
        return Times(days * float(DAY), shown, dated=True, by_the_day=True)
    if pa.types.is_date64(kind):
        return _of_ticks(column.cast(pa.int64()).to_numpy(), 1_000, shown, dated=True)
    if pa.types.is_integer(kind):
        numbers = column.to_numpy()
        return _positive(Times(numbers.astype(float), shown, exact=lambda rows: numbers[rows]))
    if pa.types.is_floating(kind):
        return _of_floats(column.to_numpy(), shown)
    if pa.types.is_decimal(kind):
        return _of_text(column.cast(pa.string()), shown)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view":
        return _of_text(column.cast(pa.large_string()), shown)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _of_text(pa.chunked_array([_decoded(column)]), shown)
    raise BadRowError(0, f"the time {shown(0)!r} is not a number. {_HOW_TO_WRITE}.")


def _as_arrow(column: pd.Series) -> pa.ChunkedArray:
    """Convert a column of a table to Arrow; to text if it has several types."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if column.dtype == object:
        column = column.infer_objects()
    try:
        array = pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        array = pa.array(map(_text_of, column), pa.large_string())
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _text_of(value: Any) -> str | None:
    """A time of any type as equivalent text; None if it's missing."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return "" if isinstance(value, bool | np.bool_) else str(value)


def _shown_by(column: pa.ChunkedArray) -> Callable[[int], str]:
    def shown(row: int) -> str:
        value = column[row]
        try:
            value = value.as_py()
        except (ValueError, OverflowError):  # a date that Python does not have
            value = value.cast(pa.string()).as_py()
        return in_a_line(value, 80)

    return shown


def _decoded(column: pa.ChunkedArray) -> pa.Array:
    return pa.array((value.decode(errors="replace") for value in column.to_pylist()), pa.large_string())


def _of_ticks(ticks: np.ndarray, per_second: int, shown: Callable[[int], str], *, dated: bool) -> Times:
    whole, rest = np.divmod(ticks, per_second)
    by_the_day = dated and not rest.any() and _whole_days(whole)
    times = Times(whole + rest / per_second, shown, dated, by_the_day, lambda rows: ticks[rows])
    return times if dated else _positive(times)


def _whole_days(seconds: np.ndarray) -> bool:
    """Whether all times are whole days apart, and at least two differ."""
    return bool(len(seconds) and seconds.min() < seconds.max() and ((seconds - seconds.min()) % DAY == 0).all())


def _of_floats(numbers: np.ndarray, shown: Callable[[int], str]) -> Times:
    times = _positive(Times(numbers.astype(float), shown))
    apart = float(np.spacing(np.abs(numbers).max(initial=0).astype(numbers.dtype)))
    if numbers.dtype == np.float64 or apart <= 1:
        return times
    note = f"Times are {8 * numbers.itemsize}-bit floating-point numbers, which are exact only to {apart:g} seconds."
    return replace(times, by_the_day=True, notes=[Note(note)])


def _positive(times: Times) -> Times:
    """Check that times are finite and non-negative, and detect a resolution of days.

    Raises:
        BadRowError: if a time is negative or not finite.
    """
    seconds = times.seconds
    if not np.isfinite(seconds).all():
        row = int((~np.isfinite(seconds)).argmax())
        raise BadRowError(row, f"the time {times.shown(row)!r} is not a number. {_HOW_TO_WRITE}.")
    if (seconds < 0).any():
        row = int((seconds < 0).argmax())
        remedy = "Subtract the earliest time from all of them, so that they start at 0"
        if np.median(seconds) >= _DATED:
            remedy = "If it marks a missing time, delete the row"
        raise BadRowError(row, f"the time {times.shown(row)!r} is negative. {remedy}.")
    return replace(times, by_the_day=times.by_the_day or _whole_days(seconds))


# Text -----------------------------------------------------------------------------------------------------------------


def _of_text(column: pa.ChunkedArray, shown: Callable[[int], str]) -> Times:
    """Read times from text: either all numbers or all dates in ISO 8601.

    Raises:
        BadRowError: if they are neither.
    """
    try:
        numbers = column.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        pass
    else:
        return _positive(Times(numbers.astype(float), shown, exact=lambda rows: numbers[rows]))
    text = column.to_pandas()
    seconds = pd.to_numeric(text, errors="coerce").to_numpy(float)
    if np.isfinite(seconds).all():
        times = _positive(Times(seconds, shown, exact=lambda rows: [_fraction(text[row]) for row in rows]))
        short = text.str.extract(r"^\s*\d(?:\.(\d*))?[eE]\+?(\d+)\s*$").fillna({0: ""}).dropna()
        lost = 10.0 ** (short[1].astype(int) - short[0].str.len()).max() if len(short) > len(text) / 2 else 1
        if lost < 10:
            return times
        note = (
            f"A spreadsheet has shortened the times, so they are exact only to {lost:,.0f} seconds. Export all digits."
        )
        return replace(times, by_the_day=True, notes=[Note(note)])
    dates, ticks = _dates(text)
    if dates.all():
        by_the_day = bool(text.str.len().max() <= len("2024-05-01") or _whole_days(ticks // 10**9))
        times = Times(ticks // 10**9 + ticks % 10**9 / 1e9, shown, True, by_the_day, lambda rows: ticks[rows])
        return replace(times, notes=_mixed_zones(text))
    raise _unreadable(text, np.isfinite(seconds), dates, shown)


def _mixed_zones(text: pd.Series) -> list[Note]:
    """A note if some times have a time zone and others don't."""
    timed = text[text.str.contains(":", regex=False)]
    zoned = timed.str.contains(r"(?:[A-Za-z\]]|[+-]\d\d(?::?\d\d)?)\s*$")
    if not len(timed) or zoned.all() or not zoned.any():
        return []
    return [Note(f"{counted(int((~zoned).sum()), 'time has', 'times have')} no time zone, but others do. Read as UTC.")]


def _fraction(text: str) -> Any:
    """The exact value of a number as written; the text itself if it isn't a fraction."""
    try:
        return Fraction(text.strip())
    except ValueError:
        return text


def _unreadable(text: pd.Series, numbers: np.ndarray, dates: np.ndarray, shown: Callable[[int], str]) -> BadRowError:
    """The error for the first time that is neither a number nor a date, or that is of the less common form."""
    fits = dates if dates.sum() > numbers.sum() else numbers
    row = int((~fits).argmax())
    written = shown(row)
    if not written:
        return BadRowError(row, f"the time is empty. {_HOW_TO_WRITE}.")
    if fits.any() and (dates | numbers)[row]:
        kind, others = ("a date", "numbers") if dates[row] else ("a number", "dates")
        return BadRowError(row, f"the time {written!r} is {kind}, but others are {others}. Write all in one form.")
    expected = "a date in ISO 8601" if dates.any() else "a number"
    remedy = _remedy(text, written)
    return BadRowError(row, f"the time {written!r} is not {expected}. {_HOW_TO_WRITE}{remedy}.")


def _remedy(text: pd.Series, written: str) -> str:
    """Advice for times that are neither numbers nor dates in ISO 8601; it begins with a full stop, or is empty."""
    if re.fullmatch(r"\D?\d{1,2}:\d{2}(?::\d{2}.{0,8})?", written):
        return ". It is a time of day without a date; add the date before it"
    if re.fullmatch(r"['\d.,\s_\u2019]+", written) and re.fullmatch(
        r"'?\d+(?:[.,\s_\u2019]\d{3})+|'?\d+(?:,\d+)?", written
    ):
        return ". Write numbers with digits only, and a point before a fraction of a second"
    if not (any(mark in written for mark in "/-.:, ") and any(map(str.isdigit, written))) or "Date(" in written:
        return ""
    if re.fullmatch(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-][\d:]+)?)?", written):
        return ". Correct the date, or delete the row"
    if re.match(r"\d{4}-?W\d", written):
        return '. In pandas: pandas.to_datetime(log["time"], format="%G-W%V-%u")'
    if re.fullmatch(r"\d{4}-\d{3}", written):
        return '. In pandas: pandas.to_datetime(log["time"], format="%Y-%j")'
    day_first = ""
    first_two = text.str.extract(_BY_NUMBERS).dropna().astype(int)
    if len(first_two) and not text.str.match(_YEAR_AHEAD).any():
        month_leads = bool((first_two[1] > 12).any() and not (first_two[0] > 12).any())
        day_first = f"dayfirst={not month_leads}, "
    remedy = f". If it is a date, convert all times; in pandas: {_TO_ISO.format(day_first=day_first)}"
    if len(first_two) and not (first_two > 12).any(axis=None):
        remedy += ", or dayfirst=False if the month comes first"
    return remedy


def _dates(text: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """A mask of dates in ISO 8601, and their times in nanoseconds; naive dates are in UTC.

    The array has Python integers if 64 bits aren't enough.
    """
    plain = text.str.strip().str.replace(r"(Z|[+-]\d\d:?\d\d)\s*(?:UTC|\[[\w/+-]+\])$", r"\1", regex=True)
    plain = plain.str.replace(r"\s*(?:UTC|GMT|\[UTC\])$", "Z", regex=True).str.replace(",", ".")
    formed = plain.str.match(_ISO_DATE).to_numpy(bool)
    parsed = pd.to_datetime(plain.where(formed), format="ISO8601", utc=True, errors="coerce")
    is_date = parsed.notna().to_numpy()
    ticks: np.ndarray = parsed.dt.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64)
    far = {row: _far_date(plain.iloc[row]) for row in np.flatnonzero(formed & ~is_date)}
    if any(tick is not None for tick in far.values()):
        ticks = ticks.astype(object)
    for row, tick in far.items():
        if tick is not None:
            ticks[row], is_date[row] = tick, True
    return is_date, ticks


def _far_date(text: str) -> int | None:
    """The nanoseconds of a date before 1677 or after 2262, which don't fit in 64 bits; None if it isn't a date."""
    try:
        date = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=datetime.UTC)
    since = aware - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (since // datetime.timedelta(microseconds=1)) * 1_000


# Units ----------------------------------------------------------------------------------------------------------------


class _Unit(NamedTuple):
    """A unit that numbers may have instead of seconds.

    Attributes:
        name: the name of the unit, in the plural.
        seconds: a function from a number to Unix seconds.
        conversion: the conversion of a column in pandas.
        since: the first year for which this unit is plausible.
    """

    name: str
    seconds: Callable[[Any], Any]
    conversion: str
    since: int = 1990


_LARGE = (
    _Unit("milliseconds", lambda time: time / 1e3, 'log["time"] / 1000'),
    _Unit("microseconds", lambda time: time / 1e6, 'log["time"] / 10**6'),
    _Unit("nanoseconds", lambda time: time / 1e9, 'log["time"] / 10**9', 2000),
    _Unit("nanoseconds since 2001", lambda time: time / 1e9 + 978_307_200, 'log["time"] / 10**9 + 978307200', 2007),
    _Unit("microseconds since 1601", lambda time: time / 1e6 - 11_644_473_600, 'log["time"] / 10**6 - 11644473600'),
    _Unit("tenths of microseconds since 1601", lambda time: time / 1e7 - 11_644_473_600,
          'log["time"] / 10**7 - 11644473600'),
    _Unit("Discord ids", lambda time: time / 2**22 / 1e3 + 1_420_070_400,
          '(log["time"] // 2**22 + 1420070400000) / 1000', 2015),
    _Unit("tenths of microseconds since the year 1", lambda time: time / 1e7 - 62_135_596_800,
          'log["time"] / 10**7 - 62135596800', 2000),
)  # fmt: skip
_SMALL = (
    _Unit("days since 1970", lambda time: time * DAY, 'log["time"] * 86400'),
    _Unit("Excel days", lambda time: (time - 25_569) * DAY, '(log["time"] - 25569) * 86400'),
    _Unit("Excel days since 1904", lambda time: (time - 24_107) * DAY, '(log["time"] - 24107) * 86400'),
    _Unit("days since the year 1", lambda time: (time - 719_163) * DAY, '(log["time"] - 719163) * 86400'),
    _Unit("Julian days", lambda time: (time - 2_440_587.5) * DAY, '(log["time"] - 2440587.5) * 86400'),
    _Unit("modified Julian days", lambda time: (time - 40_587) * DAY, '(log["time"] - 40587) * 86400'),
)
_UNSURE = (
    _Unit("minutes since 1970", lambda time: time * 60, 'log["time"] * 60'),
    _Unit("seconds since 2001 (Apple)", lambda time: time + 978_307_200, 'log["time"] + 978307200', 2007),
)
_HOURS = _Unit("hours since 1970", lambda time: time * 3_600, 'log["time"] * 3600')
_COMPACT = (
    (1, "YYYYMMDD", "%Y%m%d"),
    (10**4, "YYYYMMDDHHMM", "%Y%m%d%H%M"),
    (10**6, "YYYYMMDDHHMMSS", "%Y%m%d%H%M%S"),
    (10**9, "YYYYMMDDHHMMSS and milliseconds", "%Y%m%d%H%M%S%f"),
)


def require_seconds(times: Times, now: float) -> None:
    """Check that numbers are in seconds.

    Args:
        times: the times of a log.
        now: the present time, in Unix seconds.

    Raises:
        BadRowError: if they look like another unit. The message contains the conversion.
    """
    if times.dated or not len(times):
        return
    _require_no_compact_dates(times)
    numbers = times.seconds
    too_large = numbers >= _END
    if too_large.any():
        raise _too_large(times, too_large, now)
    if len(numbers) < _FEW or np.quantile(numbers, _SHARE) >= _DATED:
        return
    fitting = [unit for unit in _SMALL if _inside(unit, numbers, now).mean() >= _SHARE]
    if fitting:
        raise _other_unit(times, int(_inside(fitting[0], numbers, now).argmax()), *fitting)
    if _inside(_HOURS, numbers, now).all():
        raise _other_unit(times, 0, _HOURS)
    if len(numbers) >= _MANY and np.ptp(numbers) < 3_600:
        raise BadRowError(
            int(numbers.argmin()),
            f"the time {times.shown(int(numbers.argmin()))!r} is the first of {len(numbers):,}. If they are seconds, "
            f"all are within {np.ptp(numbers) / 60:.0f} minutes. If they are days, convert them; in pandas: "
            'log["time"] * 86400; if hours, log["time"] * 3600.',
        )


def _inside(unit: _Unit, numbers: np.ndarray, now: float) -> np.ndarray:
    """A mask of the numbers that are plausible times in this unit."""
    seconds = unit.seconds(numbers)
    return np.asarray((seconds >= _start_of(unit.since)) & (seconds <= now + DAY))


def doubts(times: Times, now: float) -> list[Note]:
    """Notes on numbers that are read as seconds but may have another unit."""
    numbers = times.seconds
    if times.dated or not len(numbers) or np.median(numbers) >= _DATED + 6 * _YEAR:
        return []
    units = _UNSURE if len(numbers) >= _FEW else (*_SMALL, _HOURS, *_UNSURE)
    return [
        Note(
            f"Times are read as seconds. If they are {unit.name} (the first is then on "
            f"{_date(unit.seconds(float(numbers.min())))}), convert them; in pandas: {unit.conversion}."
        )
        for unit in units
        if _inside(unit, numbers, now).all()
    ]


def _require_no_compact_dates(times: Times) -> None:
    numbers = np.floor(times.seconds)
    if len(numbers) < 2:
        return
    whole = bool((numbers == times.seconds).all())
    for scale, name, form in _COMPACT:
        date = numbers // scale
        if whole or scale == 10**6:
            _raise_if_dates(
                times, _dated(date // 10**4, date // 100 % 100, date % 100), name, form + ".%f" * (not whole)
            )
    if whole and len(numbers) >= 5:
        first, second, year, short = numbers // 10**6, numbers // 10**4 % 100, numbers % 10**4, numbers // 10**4 + 2_000
        _raise_if_dates(times, _dated(year, second, first), "DDMMYYYY", "%d%m%Y", 8)
        _raise_if_dates(times, _dated(year, first, second), "MMDDYYYY", "%m%d%Y", 8)
        if np.unique(numbers).size >= 5 and numbers.min() >= 10_000:
            _raise_if_dates(times, _dated(short, numbers // 100 % 100, numbers % 100), "YYMMDD", "%y%m%d", 6)
    if whole and len(numbers) >= _FEW:
        _raise_if_dates(times, _dated(numbers // 100, numbers % 100, np.ones(len(numbers))), "YYYYMM", "%Y%m")


def _dated(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """A mask of plausible dates between 1900 and 2100."""
    fits = (year >= 1900) & (year <= 2100) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    return np.asarray(fits)


def _raise_if_dates(times: Times, fits: np.ndarray, name: str, form: str, digits: int = 0) -> None:
    """Raise a `BadRowError` if most times are dates in this form; `digits` is its width if zeros may be lost."""
    if fits.mean() >= _SHARE:
        row = int(fits.argmax())
        text = f'log["time"].astype(str){f".str.zfill({digits})" if digits else ""}'
        raise BadRowError(
            row,
            f"the time {times.shown(row)!r} looks like a date in the form {name}, not seconds. Convert all "
            f'times; in pandas: pandas.to_datetime({text}, format="{form}").',
        )


def _too_large(times: Times, too_large: np.ndarray, now: float) -> BadRowError:
    row = int(too_large.argmax())
    typical = float(np.median(times.seconds[too_large]))
    fitting = [unit for unit in _LARGE if _start_of(unit.since) <= unit.seconds(typical) <= now + 366 * DAY]
    if fitting and fitting[0] in _LARGE[:3]:  # by far the most common units, so other matches are ignored
        fitting = fitting[:1]
    if fitting and too_large.mean() >= _SHARE:
        return _other_unit(times, row, *fitting)
    if fitting:
        return BadRowError(
            row, f"the time {times.shown(row)!r} looks like {fitting[0].name}, but others do not. Write all in seconds."
        )
    return BadRowError(
        row,
        f"the time {times.shown(row)!r} is too large to be in seconds. {_HOW_TO_WRITE}. If times are in "
        'milliseconds, divide them by 1000; in pandas: log["time"] / 1000.',
    )


def _other_unit(times: Times, row: int, unit: _Unit, *others: _Unit) -> BadRowError:
    number = float(times.seconds[row])
    also = "".join(
        f"If they are {other.name} ({_date(other.seconds(number))}), use {other.conversion}; otherwise: "
        for other in others
    )
    return BadRowError(
        row,
        f"the time {times.shown(row)!r} looks like {unit.name} ({_date(unit.seconds(number))}), not seconds. "
        f"{also}Convert all times; in pandas: {unit.conversion}.",
    )


def _start_of(year: int) -> float:
    return datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp()


def _date(seconds: float) -> str:
    """The date of Unix seconds, for messages."""
    return str(np.datetime64(int(seconds // DAY), "D"))


# Clocks ---------------------------------------------------------------------------------------------------------------


def usable(times: Times, now: float) -> Usable:
    """Find the usable times, without those in the future and those of clocks that weren't set.

    Args:
        times: times in seconds, at least one.
        now: the present time in Unix seconds. Times more than a day later are in the future.

    Raises:
        BadRowError: if all times are in the future, or if the others span more than `LONGEST_YEARS`.
    """
    seconds = times.seconds
    rows = np.ones(len(seconds), bool)
    notes: list[tuple[int, Callable[[str], Note]]] = []
    if times.dated or (seconds >= _DATED).mean() > 0.5:
        future = seconds > now + DAY
        if future.all():
            row = int(seconds.argmin())
            raise BadRowError(
                row, f"the time {times.shown(row)!r} is in the future, like all others. Check their unit and the clock."
            )
        rows &= ~future
        notes += _left_out(future, times, "in the future, up to {last}")
        unset = (seconds >= -DAY) & (seconds < DAY)  # start of 1970 in any time zone
        if not (rows & ~unset & (seconds < _DATED)).any() and not unset.all():
            rows &= ~unset
            notes += _left_out(unset, times, "on the first day of 1970, probably from a clock that was not set")
    _require_plausible_span(times, rows)
    return Usable(rows, notes)


def _left_out(flagged: np.ndarray, times: Times, where: str) -> list[tuple[int, Callable[[str], Note]]]:
    count = int(flagged.sum())
    if not count:
        return []
    last = _date(float(times.seconds[flagged].max()))
    text = f"{counted(count, 'event is', 'events are')} {where.format(last=last)}, and left out: the first is in"
    return [(int(flagged.argmax()), lambda row: Note(f"{text} {row}."))]


def _require_plausible_span(times: Times, rows: np.ndarray) -> None:
    kept = np.flatnonzero(rows)
    first, last = (int(kept[extreme(times.seconds[kept])]) for extreme in (np.argmin, np.argmax))
    years = (times.seconds[last] - times.seconds[first]) / _YEAR
    if years > LONGEST_YEARS:
        raise BadRowError(
            first,
            f"the log spans {years:,.0f} years, from the time {times.shown(first)!r} here to {times.shown(last)!r}. "
            + ("Some" if times.dated else "If its times are in milliseconds, divide them by 1000; if not, some")
            + " of them are wrong: check the earliest and the latest.",
        )


def gap(times: Times, rows: np.ndarray) -> list[tuple[int, Callable[[str], Note]]]:
    """A note if a few of the first events are years before the others, as after a reset of the clock."""
    kept = np.flatnonzero(rows)
    order = kept[np.argsort(times.seconds[kept], kind="stable")]
    apart = np.diff(times.seconds[order[: 1 + max(1, len(order) // 10)]])
    if len(order) < _FEW or not len(apart) or apart.max() < 5 * _YEAR:
        return []
    count = int(apart.argmax()) + 1
    first, later = (_date(float(times.seconds[order[rank]])) for rank in (0, count))
    text = (
        f"The log begins with {counted(count, 'event')} from {first} on, and the next event is on {later}. "
        "If a clock was wrong, delete these rows: the first is in"
    )
    return [(int(order[0]), lambda row: Note(f"{text} {row}."))]


def brevity(times: Times, rows: np.ndarray) -> list[Note]:
    """A note if many events are within less than a day."""
    span = float(np.ptp(times.seconds[rows]))
    if rows.sum() < _FEW or span >= DAY or times.by_the_day:
        return []
    return [
        Note(
            f"All {rows.sum():,} events are within {span / 3_600:.2g} hours. If times are not seconds, convert them; "
            'in pandas, days: log["time"] * 86400; hours: log["time"] * 3600.'
        )
    ]
