"""The ids of a contact log. Different spellings of the same id are merged.

Whole numbers are compared as numbers. All other ids are compared as text, after removing differences that nobody sees:
white space at the ends, the Unicode normal form, and the ``.0`` that spreadsheets append to whole numbers.
"""

from __future__ import annotations

import decimal
import math
import re
import unicodedata
from collections.abc import Hashable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from itertools import filterfalse
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sim.contact_logs.errors import BadRowError, LogError, Note, counted, in_a_line

Column: TypeAlias = pa.ChunkedArray | pd.Series

# Invisible characters at the ends of an id: white space (with codes below 2**16), direction marks, joiners and the
# byte-order mark.
_UNSEEN = "".join(filter(str.isspace, map(chr, range(0x10000)))) + (
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_FRACTION = r"^-?\d+\.\d*[1-9]\d*$"
_WHOLE = r"^(-?(?:0|[1-9]\d*))\.0$"
_INNER_SPACE = r"[\s\p{Z}\p{Cf}]+"
_PADDED = r"^\+?0*(\d+)(?:\.0*)?$"
_SHORTENED = r"^\d(?:\.\d+)?[eE]\+\d+$"
_NOBODY = ("nan", "none", "null", "<na>", "n/a", "undefined")
_NUMBERS = (int, float, np.integer, np.floating, decimal.Decimal)
_WRITABLE = (str, bytes, bool, np.bool_, *_NUMBERS)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_EXACT = {np.dtype(np.float16): 2**11, np.dtype(np.float32): 2**24, np.dtype(np.float64): 2**53}


class Ids(NamedTuple):
    """The people of a log.

    Attributes:
        source, target: the number of the person in each row, shape (rows,).
        names: the ids of people, shape (people,): whole numbers if all are, else text, or other objects of a table.
        notes: remarks on ids that were merged, and on similar ids that weren't.
    """

    source: np.ndarray
    target: np.ndarray
    names: np.ndarray
    notes: list[Note]


class _Coded(NamedTuple):
    """A column as codes: for each row the index of its value, or -1 if it's missing; and the distinct values."""

    codes: np.ndarray
    values: Any


def ids_of(source: Column, target: Column) -> Ids:
    """Read the ids in the two columns of a table or file.

    Raises:
        BadRowError: if a value is empty or cannot be an id.
    """
    columns = {"source": _coded(source, "source"), "target": _coded(target, "target")}
    sources, targets = (_classified(column.values) for column in columns.values())
    if isinstance(sources, list) and isinstance(targets, pa.Array) and len(targets):
        sources = _as_text(sources)
    elif isinstance(targets, list) and isinstance(sources, pa.Array) and len(sources):
        targets = _as_text(targets)
    notes = list(dict.fromkeys(note for values in (sources, targets) for note in _imprecise(values)))
    if isinstance(sources, _Whole) and isinstance(targets, _Whole):
        names, places = _numbered(sources.numbers, targets.numbers)
    elif isinstance(sources, list) or isinstance(targets, list):
        names, places = _as_they_are(_objects(sources), _objects(targets))
    else:
        names, places, joining_notes = _joined(_text(sources), _text(targets))
        notes += joining_notes
    ends = np.split(places, [len(columns["source"].values)])
    empty = names == "" if names.dtype == object else np.zeros(len(names), bool)
    people = [_people(name, of, end, empty) for (name, of), end in zip(columns.items(), ends, strict=True)]
    return Ids(people[0], people[1], names, notes)


def _people(name: str, column: _Coded, places: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """The number of the person in each row of a column, shape (rows,).

    Raises:
        BadRowError: if a value is empty.
    """
    codes = places[column.codes] if len(places) else column.codes
    missing = column.codes < 0
    missing |= empty[codes] if len(empty) else True
    if missing.any():
        raise BadRowError(int(missing.argmax()), f"the {name} is empty. Each row needs the ids of two people.")
    return np.asarray(codes, np.int64)


# Values ---------------------------------------------------------------------------------------------------------------


def _coded(column: Column, name: str) -> _Coded:
    if isinstance(column, pd.Series):
        return _coded_of_table(column, name)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_nested(kind):
        raise BadRowError(0, f"the {name} has the type {kind}. Ids must be text or numbers.")
    if str(kind).endswith("_view"):
        column = column.cast(pa.large_binary() if "binary" in str(kind) else pa.large_string())
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([pa.array(map(_plain, column.to_pylist()), pa.string())])
    coded = column.dictionary_encode().combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return _without_nan(codes, _of_arrow(coded.dictionary))


def _plain(value: object) -> str | None:
    return None if value is None else str(value)


def _of_arrow(values: pa.Array) -> Any:
    """Convert values to an array of numbers, Arrow text, or a list of objects."""
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return values.to_numpy(zero_copy_only=False)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return values
    objects = values.to_pylist()
    return [value if isinstance(value, bytes | bool | decimal.Decimal) else str(value) for value in objects]


def _coded_of_table(column: pd.Series, name: str) -> _Coded:
    try:
        codes, values = pd.factorize(column)
    except TypeError:
        row, value = next((row, value) for row, value in enumerate(column) if not isinstance(value, Hashable))
        written = in_a_line(repr(value), 80)
        raise BadRowError(row, f"the {name} is {written}. Ids must be text or numbers.") from None
    numbers = np.asarray(values) if pd.api.types.is_numeric_dtype(values.dtype) else None
    if numbers is not None and numbers.dtype.kind in "iuf":
        return _without_nan(codes, numbers)
    return _Coded(codes, list(values))


def _without_nan(codes: np.ndarray, values: Any) -> _Coded:
    """Treat nan as a missing value."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f" and np.isnan(values).any():
        codes = np.where(np.isnan(values)[codes] & (codes >= 0), -1, codes)
    return _Coded(codes, values)


class _Whole(NamedTuple):
    """Whole numbers, and the limit from which on floating-point ids may have been rounded."""

    numbers: np.ndarray
    exact_below: float = np.inf


def _classified(values: Any) -> _Whole | pa.Array | list[Any]:
    """Convert values to whole numbers or text if possible; otherwise return them as a list of objects."""
    if isinstance(values, pa.Array):
        return values
    if isinstance(values, np.ndarray):
        return _whole_or_text(values)
    if all(map(_is_whole, values)):
        return _Whole(_smallest([int(value) for value in values]))
    if all(isinstance(value, _WRITABLE) for value in values) or any(isinstance(value, str) for value in values):
        return _as_text(values)
    return list(values)


def _is_whole(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool) and math.isfinite(value) and value == int(value)


def _whole_or_text(numbers: np.ndarray) -> _Whole | pa.Array:
    if numbers.dtype.kind != "f":
        return _Whole(numbers)
    known = np.where(np.isnan(numbers), 0, numbers)
    if np.isfinite(known).all() and (known == np.floor(known)).all():
        return _Whole(_smallest([int(number) for number in known]), _EXACT[numbers.dtype])
    return _as_text(numbers.tolist())


def _smallest(numbers: list[int]) -> np.ndarray:
    """Whole numbers as an array, of a 64-bit type if they fit."""
    low, high = min(numbers, default=0), max(numbers, default=0)
    kind = np.int64 if low >= -(2**63) and high < 2**63 else np.uint64 if low >= 0 and high < 2**64 else object
    return np.array(numbers, dtype=kind)


def _as_text(values: Sequence[Any]) -> pa.Array:
    return pa.array([_written(value) for value in values], pa.large_string())


def _written(value: Any) -> str:
    """A value as text: 7 for 7.0, decoded text for bytes that are UTF-8, and hexadecimal digits for other bytes."""
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return value.hex()
        return value.hex() if _CONTROLS.search(text) else text
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise LogError(f"The id {value!r} contains half of a surrogate pair. Ids must be valid Unicode.") from None
        return str(value)
    if _is_whole(value):
        return str(int(value))
    return format(value, "f") if isinstance(value, decimal.Decimal) else str(value)


def _text(values: _Whole | pa.Array) -> pa.Array:
    if isinstance(values, _Whole):
        return pa.array(map(str, values.numbers.tolist()), pa.large_string())
    return values.cast(pa.large_string())


def _objects(values: _Whole | pa.Array | list[Any]) -> list[Any]:
    if isinstance(values, _Whole):
        return list(values.numbers.tolist())
    return values.to_pylist() if isinstance(values, pa.Array) else values


def _imprecise(values: object) -> list[Note]:
    if not isinstance(values, _Whole) or not len(values.numbers):
        return []
    if max(abs(int(values.numbers.min())), abs(int(values.numbers.max()))) < values.exact_below:
        return []
    return [
        Note(
            f"Some ids are floating-point numbers of {int(values.exact_below):,} or more, which cannot "
            "represent every whole number: several people may have been merged. Write ids as integers or as text."
        )
    ]


# Joining --------------------------------------------------------------------------------------------------------------


def _numbered(sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct ids, and the index of each value among them; values of the second column follow those of the first."""
    if sources.dtype != targets.dtype or sources.dtype.kind not in "iu":
        values = _smallest([*map(int, sources), *map(int, targets)])
    else:
        values = np.concatenate([sources, targets])
    places, names = pd.factorize(values)
    return np.asarray(names), np.asarray(places)


def _as_they_are(sources: list[Any], targets: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    places: dict[Any, int] = {}
    indices = [places.setdefault(value, len(places)) for value in (*sources, *targets)]
    names = np.empty(len(places), dtype=object)
    names[:] = list(places)
    return names, np.array(indices, dtype=np.int64)


def _joined(sources: pa.Array, targets: pa.Array) -> tuple[np.ndarray, np.ndarray, list[Note]]:
    """Distinct ids of text, the index of each value among them, and notes."""
    written = pa.concat_arrays([sources, targets]).dictionary_encode()
    names = keys_of(written.dictionary).dictionary_encode()
    places = names.indices.to_numpy()
    notes = _notes(written.dictionary, places, names.dictionary)
    return (
        np.array(names.dictionary.to_pylist(), dtype=object),
        places[written.indices.to_numpy()].astype(np.int64),
        notes,
    )


def keys_of(written: pa.Array) -> pa.Array:
    """Normalise ids: remove invisible differences, but keep everything else as written."""
    keys = pc.utf8_normalize(pc.utf8_trim(written, characters=_UNSEEN), form="NFC")
    if not pc.any(pc.match_substring_regex(keys, _FRACTION), min_count=0).as_py():
        keys = pc.replace_substring_regex(keys, _WHOLE, r"\1")
    return keys


def _notes(written: pa.Array, places: np.ndarray, names: pa.Array) -> list[Note]:
    notes = []
    joined, example = _several(places, written)
    if joined:
        notes.append(
            Note(
                f"{counted(joined, 'id is', 'ids are')} written in several ways that differ only in white space at the "
                "ends, Unicode normal form or a .0 after a whole number. These spellings are merged.",
                example,
            )
        )
    close = pc.replace_substring_regex(pc.utf8_lower(pc.utf8_normalize(names, form="NFKC")), _INNER_SPACE, "")
    close = pc.replace_substring_regex(close, _PADDED, r"\1").dictionary_encode()
    apart, example = _several(close.indices.to_numpy(), names)
    if apart:
        notes.append(
            Note(
                f"{'There is' if apart == 1 else 'There are'} {counted(apart, 'group')} of ids that differ only in "
                "case, inner spaces, width of characters, leading zeros, a + or a .0. They count as different people. "
                "If they are the same person, use one spelling.",
                example,
            )
        )
    short = names.filter(pc.match_substring_regex(names, _SHORTENED))
    if len(short):
        notes.append(
            Note(
                f"{counted(len(short), 'id looks', 'ids look')} like 4.92E+10, the form to which spreadsheets shorten "
                "long numbers: several people may have been merged. Export ids as text.",
                repr(short[0].as_py()),
            )
        )
    lost = names.filter(pc.match_substring(names, "\ufffd"))
    if len(lost):
        notes.append(
            Note(
                f"{counted(len(lost), 'id contains', 'ids contain')} U+FFFD, the replacement for letters that a "
                "conversion lost: several people may have been merged. Export the log as UTF-8.",
                repr(lost[0].as_py()),
            )
        )
    nobody = names.filter(pc.is_in(pc.utf8_lower(names), pa.array(_NOBODY, names.type)))
    if len(nobody):
        notes.append(Note("An id looks like a missing value, but is read as a person.", repr(nobody[0].as_py())))
    return notes


def _several(places: np.ndarray, written: pa.Array) -> tuple[int, str]:
    """The number of ids with several spellings, and the first two spellings of the first such id."""
    counts = np.bincount(places)
    several = np.flatnonzero(counts > 1)
    if not len(several):
        return 0, ""
    rows = np.flatnonzero(places == several[0])[:2]
    return len(several), " and ".join(repr(written[int(row)].as_py()) for row in rows)


# Finding --------------------------------------------------------------------------------------------------------------


def person_of(names: Sequence[Any] | np.ndarray, text: str) -> int:
    """Find the person with an id.

    Args:
        names: the ids of people.
        text: the id. Spellings that `keys_of` merges find the same person: ``7``, ``7.0`` and `` 7``.

    Returns:
        The number of the person.

    Raises:
        LogError: if there is no such person. The message suggests a similar id.
    """
    known = [str(name) for name in names]
    with suppress(UnicodeError):  # without a UTF-8 locale, the command line has surrogate escapes
        text = text.encode("utf-8", "surrogateescape").decode()
    try:
        (key,) = keys_of(pa.array([text], pa.large_string())).to_pylist()
    except UnicodeEncodeError:
        key = text
    for spelling in (text, key):
        if spelling in known:
            return known.index(spelling)
    folded = {_folded(name): name for name in reversed(known)}
    near = [folded[name] for name in get_close_matches(_folded(key), folded, n=1, cutoff=0.75)]
    raise LogError(f"no person has the id {text!r}{f'; did you mean {near[0]!r}?' if near else '.'}")


def _folded(name: str) -> str:
    """An id without case and accents."""
    return "".join(filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", name).casefold()))
