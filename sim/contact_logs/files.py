"""Reading the files of contact logs: CSV, optionally compressed, and Parquet. Their content determines the format."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO, cast

import psutil
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from sim.contact_logs.errors import LogError, counted, in_a_line
from sim.contact_logs.ids import Column

COLUMNS = ("source", "target", "time")
MOST_GIGABYTES = 2.0  # default size limit of a log without compression; REKINDLE_LOG_GB overrides it

_GIGABYTE = 10**9
_MEMORY_FACTOR = 10  # approximate memory for reading a log, as a multiple of its size
_PIECE = 2**20  # bytes
_LONGEST_LINE = 2**20  # characters, more than any row of a contact log has
_BATCH = 2**16  # rows
_ENDINGS = (".csv", ".csv.gz", ".parquet")
_BYTES_OF_A_ROW = 40  # approximate bytes of a row of Parquet in memory

# First bytes of files of other formats, and the end of the error message about each.
_OTHERS = (
    (b"BZh", "compressed with bzip2; decompress it, or use gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard; decompress it, or use gzip"),
    (b"\xfd7zXZ\0", "compressed with xz; decompress it, or use gzip"),
    (b"\x04\x22\x4d\x18", "compressed with LZ4; decompress it, or use gzip"),
    (b"\x1f\x9d", "compressed with compress; decompress it, or use gzip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; extract it and give the path of the log"),
    (b"Rar!", "a RAR archive; extract it and give the path of the log"),
    (b"SQLite format 3\0", "an SQLite database; export the table of contacts as CSV"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook; save the sheet as CSV"),
    (b"%PDF", "a PDF; export the log as CSV"),
    (b"ARROW1", "an Arrow file; write it as Parquet, with pyarrow.parquet.write_table"),
    (b"FEA1", "a Feather file; write it as Parquet, with pyarrow.parquet.write_table"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file; write the table as Parquet, with pandas' to_parquet"),
    (b"\x93NUMPY", "a NumPy array; write it as CSV with named columns"),
    (b"\x80\x04\x95", "a Python pickle; write the table as Parquet, with pandas' to_parquet"),
    (b"\x80\x05\x95", "a Python pickle; write the table as Parquet, with pandas' to_parquet"),
    (b"Obj\x01", "an Avro file; write it as Parquet"),
    (b"PARE", "an encrypted Parquet file; write it without encryption"),
    (b"ORC", "an ORC file; write it as Parquet"),
    (b"version https://git-lfs", "a Git LFS pointer; fetch the log itself with `git lfs pull`"),
)  # fmt: skip
_MARKS = (  # longer ones first, since the UTF-32 mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_IN_WINDOWS_1252 = set(b"\x81\x8d\x8f\x90\x9d")
_SCRIPTS = ("shift_jis", "gb18030", "cp1251", "koi8_r", "cp850")
# Signs of a wrong encoding: box drawing, capitals within words, and squared characters.
_UNLIKELY = re.compile(r"[\uff61-\uff9f\u2500-\u259f]|[а-я][А-Я]|[\u3300-\u33ff]")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_DAMAGED = {
    ".csv": "The file must be UTF-8 text with commas between the columns.",
    ".csv.gz": "The file is damaged or is not gzip; fetch the file again, or decompress it and use the .csv file.",
    ".parquet": "The file is damaged or is not Parquet; write it again, for example with pandas' `to_parquet`.",
}


@dataclass(frozen=True)
class Table:
    """The columns of a log as read from its file or table.

    Attributes:
        columns: columns of equal length, by name.
        name: the name of the log in errors.
        where: a function from a row, counted from 0, to its description in errors.
    """

    columns: dict[str, Column]
    name: str
    where: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.columns[COLUMNS[0]])


def table_of(path: Path, also: Sequence[str] = ()) -> Table:
    """Read the columns of a log from its file.

    Args:
        path: the path of the file.
        also: additional columns to read, if the file has all of them.

    Raises:
        LogError: if the file cannot be read or lacks a column.
    """
    if not path.is_file():
        raise LogError(_missing(path))
    kind = ".csv"
    try:
        kind = ".csv.gz" if _begins(path, b"\x1f\x8b") else kind
        kind = _kind(path, _start(path))
        if kind == ".parquet":
            return Table(_read_parquet(path, also), str(path), lambda row: f"{path}, row {row} (counted from 0)")
        return Table(_read_csv(path, also), str(path), lambda row: f"{path}, line {_line(path, row)}")
    except (OSError, EOFError, zlib.error, UnicodeError, csv.Error, pa.ArrowException) as problem:
        raise LogError(f"{path} cannot be read: {in_a_line(problem)}. {_DAMAGED[kind]}") from problem


def _missing(path: Path) -> str:
    """The error message for a path that isn't a file, with a suggestion."""
    if path.is_dir():
        return f"{path} is a folder; give the path of the log in it."
    if path.exists():
        return f"{path} is a pipe or a device, not a regular file; write the log to a file first."
    if not path.parent.is_dir():
        return f"{path} does not exist, because the folder {path.parent} does not exist."
    logs = [file.name for file in path.parent.iterdir() if file.name.lower().endswith(_ENDINGS)]
    near = get_close_matches(path.name, logs, n=1, cutoff=0.4)
    guess = f"Did you mean {near[0]}?" if near else f"The folder {path.parent} has no file with a similar name."
    return f"{path} does not exist. {guess}"


def require_columns(found: Sequence[Any], name: str) -> None:
    """Check that a log has each of its columns once.

    Raises:
        LogError: if it doesn't.
    """
    for column in COLUMNS:
        if list(found).count(column) > 1:
            raise LogError(f"{name} has several columns named {column}; keep one of them.")
    missing = [column for column in COLUMNS if column not in found]
    if not missing:
        return
    renames = [f"{near!r} to {column}" for column in missing for near in _similar_column(column, list(map(str, found)))]
    raise LogError(
        f"{name} has no column {missing[0]} (columns: {_listed(found)}). "
        + (f"Rename {' and '.join(renames)}. " if renames else "")
        + f"The first line of a contact log must be {','.join(COLUMNS)}."
    )


def _similar_column(column: str, columns: list[str]) -> list[str]:
    """The column that was probably meant, as a list of one or none."""
    same = [name for name in columns if name.strip("\"' \t\ufeff\xa0").lower() == column]
    return same[:1] or [name for name in get_close_matches(column, columns, n=1) if name not in COLUMNS]


def _listed(columns: Sequence[Any]) -> str:
    return in_a_line(", ".join(repr(str(name)) for name in columns)) or "none"


# Kinds ----------------------------------------------------------------------------------------------------------------


def _start(path: Path) -> bytes:
    """The first bytes of a file, decompressed."""
    with _unpacked(path) as file:
        return file.read(_PIECE)


def _begins(path: Path, start: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(start)) == start


@contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    """Open a file, decompressing it if it begins like gzip."""
    with path.open("rb") as file:
        is_gzip = file.peek(2)[:2] == b"\x1f\x8b"
        yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_gzip else file


def _kind(path: Path, start: bytes) -> str:
    """The format of a file: one of `_ENDINGS`.

    Raises:
        LogError: if it has another format. The message says which.
    """
    is_gzip = _begins(path, b"\x1f\x8b")
    if not is_gzip and start[:4] == b"PAR1":
        return ".parquet"
    if is_gzip and start[:4] == b"PAR1":
        raise LogError(f"{path} is a Parquet file inside gzip; decompress it. Parquet already compresses its columns.")
    format_and_advice = _other_format(path, start, is_gzip)
    if format_and_advice:
        raise LogError(f"{path} is {format_and_advice}.")
    if not is_gzip and path.suffix.lower() not in (".gz", ".parquet") and _begins_with_junk(start):
        raise LogError(
            f"{path} contains binary data instead of text. If it is compressed, decompress it; otherwise, convert it "
            "to CSV or Parquet."
        )
    file_name = path.name.lower()
    if not is_gzip and start and _is_binary(start):
        if file_name.endswith(".parquet"):
            raise LogError(f"{path} cannot be read: it does not begin like a Parquet file. {_DAMAGED['.parquet']}")
        if file_name.endswith(".gz"):
            raise LogError(f"{path} cannot be read: it does not begin like a gzip file. {_DAMAGED['.csv.gz']}")
    return ".csv.gz" if is_gzip else ".csv"


def _other_format(path: Path, start: bytes, is_gzip: bool) -> str | None:
    """The format of a file that is neither CSV nor Parquet, with advice; None if it isn't recognised."""
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "a ZIP archive inside gzip; extract both and give the path of the log" if is_gzip else _zip_format(path)
    if is_gzip and start[:2] == b"\x1f\x8b":
        return "compressed twice with gzip; decompress it once"
    for beginning, format_and_advice in _OTHERS:
        if start.startswith(beginning):
            return format_and_advice
    if start[257:262] == b"ustar":
        return "a tar archive; extract it and give the path of the log"
    text = start[:_PIECE].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page; download the log itself"
    if text.startswith((b"<?xml", b"<")):
        return "XML; export the log as CSV"
    if text.startswith((b"{", b"[")):
        lines = "lines=True, " if text.startswith(b"{") else ""
        return f'JSON; in pandas, pandas.read_json({path.name!r}, {lines}dtype=False).to_csv("log.csv", index=False)'
    return None


def _zip_format(path: Path) -> str:
    names: list[str] = []
    with suppress(zipfile.BadZipFile, OSError, RuntimeError):  # the last one if it needs a newer version of ZIP
        names = zipfile.ZipFile(path).namelist()
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook; save the sheet as CSV UTF-8"
    if "mimetype" in names and "content.xml" in names:
        return "an OpenDocument file; save the sheet as CSV"
    content = f" that contains {in_a_line(', '.join(names), 80)}" if names else ""
    return f"a ZIP archive{content}; extract it and give the path of the log"


def _is_binary(start: bytes) -> bool:
    """Whether bytes aren't text: they include NUL or control characters that no known encoding explains."""
    return _encoding(start)[0] == "utf-8" and any(byte < 9 for byte in start[:4_096])


def _begins_with_junk(start: bytes) -> bool:
    """Whether the first line isn't text in a known encoding or in any extension of ASCII."""
    if _encoding(start)[0] != "utf-8":
        return False
    first = re.split(rb"[\r\n]", start[:4_096].removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n"))[0]
    odd = sum(byte > 126 or (byte < 32 and byte != 9) for byte in first)
    try:
        first.decode()
    except UnicodeDecodeError:
        return 4 * odd > len(first)
    return 4 * sum(byte < 32 and byte != 9 for byte in first) > len(first)


def _encoding(start: bytes) -> tuple[str, int]:
    """The encoding of a text, from its byte-order mark or the zeros of UTF-16 and UTF-32; and the mark's length."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            length = len(mark)
            while start.startswith(mark, length):  # some programs add a second mark
                length += len(mark)
            return encoding, length
    for encoding, zeros in (("utf-32-le", (1, 2, 3)), ("utf-32-be", (0, 1, 2))):
        if len(start) >= 32 and not any(byte for first in zeros for byte in start[first:32:4]):
            return encoding, 0
    even, odd = start[:32:2], start[1:32:2]
    if len(odd) >= 8 and not any(odd) and all(even):
        return "utf-16-le", 0
    if len(odd) >= 8 and not any(even) and all(odd):
        return "utf-16-be", 0
    return "utf-8", 0


# Sizes ----------------------------------------------------------------------------------------------------------------


def limit() -> int:
    """The size limit of a decompressed log, in bytes: from REKINDLE_LOG_GB, or 2 GB or less if memory is short.

    Raises:
        LogError: if REKINDLE_LOG_GB isn't a number above 0.
    """
    setting = os.environ.get("REKINDLE_LOG_GB")
    if not setting:
        return int(min(MOST_GIGABYTES * _GIGABYTE, psutil.virtual_memory().available / _MEMORY_FACTOR))
    with suppress(ValueError, OverflowError):
        if float(setting) > 0:
            return int(float(setting) * _GIGABYTE)
    raise LogError(f"REKINDLE_LOG_GB is {setting!r}; set it to a number of gigabytes, such as {MOST_GIGABYTES:g}.")


def _too_large(path: Path, most: int) -> LogError:
    return LogError(
        f"{path} is larger than {most / _GIGABYTE:.3g} GB (decompressed), the size limit of a log. To read it anyway, "
        f"set REKINDLE_LOG_GB to its size in GB; reading takes about {_MEMORY_FACTOR} times as much memory."
    )


# CSV ------------------------------------------------------------------------------------------------------------------


class _Text(io.RawIOBase):
    """A CSV file as a stream of UTF-8 without byte-order mark; it records whether the text has quotes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.has_quotes = False
        self._pieces = _pieces(path)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into a buffer; returns their number, 0 at the end."""
        if not self._rest:
            piece = next(self._pieces, b"")
            self.has_quotes |= b'"' in piece
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Close the file."""
        with suppress(ValueError):  # Arrow's thread may still be in it after an error; it ends with that
            self._pieces.close()
        super().close()


def _pieces(path: Path) -> Generator[bytes, None, None]:
    """Yield the text of a file in pieces of UTF-8.

    Raises:
        LogError: if the text is too large, includes NUL, or has a line that is too long.
    """
    most, size, lines, unended = limit(), 0, 1, 0
    with _unpacked(path) as file:
        piece = file.read(_PIECE)
        encoding, mark = _encoding(piece)
        piece = piece[mark:]
        decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
        while piece:
            size += len(piece)
            if size > most:
                raise _too_large(path, most)
            text = piece if decoder is None else decoder.decode(piece).encode("utf-8", "surrogatepass")
            if b"\0" in text:
                line = lines + text[: text.index(b"\0")].count(b"\n")
                raise LogError(f"{path}, line {line}: the line contains a NUL byte. {_DAMAGED['.csv']}")
            ends = text.count(b"\n") or text.count(b"\r")
            unended = unended + len(text) if not ends else 0
            if unended > 2 * _LONGEST_LINE:
                raise _too_long(path, lines)
            lines += ends
            yield text
            piece = file.read(_PIECE)
    if decoder is not None:
        decoder.decode(b"", final=True)


def _too_long(path: Path, line: int) -> LogError:
    return LogError(
        f"{path}, line {line}: the line is longer than {_LONGEST_LINE:,} characters. Check that this is a contact log."
    )


def _read_csv(path: Path, also: Sequence[str]) -> dict[str, Column]:
    header = _header(path)
    _require_commas(header, path)
    require_columns(header, str(path))
    wanted = [*COLUMNS, *(also if all(header.count(name) == 1 for name in also) else ())]
    as_text = pa.csv.ConvertOptions(
        include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
    )
    lines = pa.csv.ParseOptions(newlines_in_values=True)
    with _Text(path) as text:
        try:
            table = pa.csv.read_csv(text, parse_options=lines, convert_options=as_text)
        except pa.ArrowInvalid as problem:
            raise _explanation(path, len(header)) or problem from None
        # Arrow accepts a quote that is never closed.
        if text.has_quotes and (error := _malformed_row(path, len(header))):
            raise error
    return {name: table.column(name) for name in wanted}


def _header(path: Path) -> list[str]:
    with _lines(path) as lines:
        header = next(filter(None, csv.reader(lines)), None)
    if header is None:
        raise LogError(f"{path} is empty. Its first line must be {','.join(COLUMNS)}.")
    return header


def _require_commas(header: Sequence[str], path: Path) -> None:
    if len(header) <= 2 and header[0].lower().startswith("sep="):
        raise LogError(f"{path}, line 1: {','.join(header)!r} is a hint for Excel; delete this line.")
    between = next((mark for mark in _SEPARATORS if len(header) < len(COLUMNS) and mark in header[0]), None)
    if between is not None:
        raise LogError(
            f"{path} has {_SEPARATORS[between]} between its columns: {_listed(header)}. Write the log with commas; in "
            f"pandas, pandas.read_csv({path.name!r}, sep={between!r}, dtype=str, "
            'keep_default_na=False).to_csv("log.csv", index=False).'
        )


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[str]]:
    """The lines of a CSV file, for the `csv` module; bytes that aren't UTF-8 become surrogate escapes."""
    before = csv.field_size_limit(_LONGEST_LINE)
    try:
        with _Text(path) as binary:
            text = io.TextIOWrapper(io.BufferedReader(binary), "utf-8", "surrogateescape", newline="")
            yield _short_lines(path, text)
    finally:
        csv.field_size_limit(before)


def _short_lines(path: Path, text: io.TextIOWrapper) -> Iterator[str]:
    number = 1
    while line := text.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise _too_long(path, number)
        yield line
        number += 1


def _line(path: Path, row: int) -> int:
    """The line number of a row, which counts from 0. The header is line 1; blank lines count as lines, not as rows."""
    with _lines(path) as lines:
        reader = csv.reader(lines)
        numbers = (reader.line_num for fields in reader if fields)
        return next(itertools.islice(numbers, row + 1, None))


def _explanation(path: Path, width: int) -> LogError | None:
    """The error that explains why Arrow cannot read a file; None if the reason isn't found."""
    with _lines(path) as lines:
        rows = sum(1 for _ in itertools.islice(filter(None, csv.reader(lines)), 2))
    if rows == 1:  # the header, without the end of its line
        return LogError(f"{path} has a header but no rows. A contact log must have at least one row.")
    return _malformed_row(path, width) or _not_utf8(path)


def _malformed_row(path: Path, width: int) -> LogError | None:
    """The error for the first row with too many or too few values or an open quote; None if there is none."""
    with _lines(path) as lines:
        reader = csv.reader(lines, strict=True)
        row = 1
        try:
            for fields in reader:
                if fields and len(fields) != width:
                    remedy = "Put text that contains a comma in double quotes."
                    if len(fields) < width:
                        remedy = "Delete the line, or add the missing values."
                    return LogError(
                        f"{path}, line {reader.line_num}: the line has {counted(len(fields), 'value')}, but the "
                        f"header has {width} columns: {_quoted(','.join(fields))!r}. {remedy}"
                    )
                row = reader.line_num + 1
        except csv.Error as problem:
            return LogError(
                f"{path}, line {row}: a double quote opens here but is not closed correctly ({problem}). Close each "
                "quote, and double any quote that is part of the text."
            )
    return None


def _quoted(text: str) -> str:
    return text[:80].encode("utf-8", "replace").decode()


def _not_utf8(path: Path) -> LogError | None:
    """The error for the first line that isn't UTF-8, with its probable encoding; None if there is none."""
    with _lines(path) as lines:
        first = next((place for place in enumerate(lines, start=1) if not _is_utf8(place[1])), None)
    if first is None:
        return None
    number, line = first
    raw = line.encode("utf-8", "surrogateescape")
    name, encoding = ("Latin-1", "latin-1") if set(raw) & _NOT_IN_WINDOWS_1252 else ("Windows-1252", "cp1252")
    western = raw.decode(encoding).strip()
    guess = f"It looks like {name} ({_quoted(western)!r})"
    other_scripts = [] if _is_western(western) else list(_readings(raw))
    if other_scripts:
        readings = ", ".join(f"{script} ({_quoted(text)!r})" for script, text in ((encoding, western), *other_scripts))
        guess = f"It may be {readings} or another encoding: choose the one that gives readable text"
        encoding = other_scripts[0][0]
    return LogError(
        f"{path}, line {number}: the line is not UTF-8 text. {guess}; in pandas, pandas.read_csv({path.name!r}, "
        f'encoding={encoding!r}, dtype=str, keep_default_na=False).to_csv("log.csv", index=False).'
    )


def _is_western(text: str) -> bool:
    """Whether a text looks like a western European language: words consist mostly of plain letters."""
    words = [word for word in re.findall(r"[^\s,;\"\x80-\x9f]+", text) if not word.isascii()]
    return all(
        all(letter.isascii() or letter.isalpha() for letter in word)
        and 2 * sum(letter.isascii() or letter.islower() for letter in word) >= len(word)
        and 3 * sum(map(str.isascii, word)) >= len(word)
        for word in words
    )


def _readings(raw: bytes) -> Iterator[tuple[str, str]]:
    """Yield encodings of other scripts in which a line may be text, with the decoded line."""
    for encoding in _SCRIPTS:
        with suppress(UnicodeDecodeError):
            text = raw.decode(encoding).strip()
            if text.isprintable() and not _UNLIKELY.search(text):
                yield encoding, text


def _is_utf8(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


# Parquet --------------------------------------------------------------------------------------------------------------


def _read_parquet(path: Path, also: Sequence[str]) -> dict[str, Column]:
    schema = pa.parquet.read_schema(path)
    require_columns(schema.names, str(path))
    wanted = [*COLUMNS, *(also if all(_is_text(schema, name) for name in also) else ())]
    for name in COLUMNS:
        kind = schema.field(name).type
        if pa.types.is_nested(kind):
            raise LogError(
                f"{path}, row 0 (counted from 0): the {name} has the type {in_a_line(kind, 80)}. Ids must be text "
                "or numbers, and times must be numbers or dates."
            )
    text = [name for name in wanted if _is_text(schema, name)]
    most = limit()
    with pa.parquet.ParquetFile(path, read_dictionary=text) as file:
        if _unpacked_size(file.metadata, wanted) > most:
            raise _too_large(path, most)
        batches, size = [], 0
        for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
            size += batch.nbytes
            if size > most:
                raise _too_large(path, most)
            batches.append(batch)
        if not batches:
            return {name: pa.chunked_array([], schema.field(name).type) for name in wanted}
        table = pa.Table.from_batches(batches)
    table.validate(full=True)  # a damaged page may refer to values that don't exist
    return {name: table.column(name) for name in wanted}


def _is_text(schema: pa.Schema, name: str) -> bool:
    if schema.names.count(name) != 1:
        return False
    kind = schema.field(name).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))


def _unpacked_size(metadata: pa.parquet.FileMetaData, wanted: Sequence[str]) -> int:
    """The approximate size of some columns in memory, in bytes, according to the file's metadata."""
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    columns = (group.column(column) for group in groups for column in range(metadata.num_columns))
    stored = sum(column.total_uncompressed_size for column in columns if column.path_in_schema in wanted)
    return int(max(stored, metadata.num_rows * _BYTES_OF_A_ROW))
