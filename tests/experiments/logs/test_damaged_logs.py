"""Damaged contact logs: whatever bytes a file has, it is read as a strict reader would, or refused in a paragraph."""

from __future__ import annotations

import csv
import decimal
import gzip
import io
import tempfile
import time
import unicodedata
from contextlib import redirect_stderr, redirect_stdout
from datetime import time as time_of_day
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import cli
from sim.contact_logs import COLUMNS, LogError, read_log
from tests.conftest import examples

Row = tuple[object, object, float]
SOON = timedelta(seconds=20)  # a file this small takes a hundredth of a second

LINES = [
    "source,target,time,kind",
    '"Jøsé",Bob,1700000000,like',
    "Bob,Cleo,1700000060.5,note",
    '"Ann, M.D.",Bob,1.7e9,"a ""b"""',
    '"two\nlines",Cleo,1700000000,',
    *(f"{k % 7},{k % 5 + 10},{1_600_000_000 + k},message" for k in range(40)),
]
TEXT = ("\n".join(LINES) + "\n").encode()
NUMBERS = ("source,target,time\r\n" + "".join(f"{k % 9},{k % 5 + 10},{k * 1_000}\r\n" for k in range(60))).encode()


def packed(table: pd.DataFrame, **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), sink, **options)
    return sink.getvalue()


def table_of(text: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(text), dtype={"source": str, "target": str, "time": float})


VALID = {
    "csv": [TEXT, NUMBERS, b"\xef\xbb\xbf" + TEXT],
    "csv.gz": [gzip.compress(TEXT, mtime=0), gzip.compress(NUMBERS, mtime=0) + gzip.compress(b"1,2,3\r\n", mtime=0)],
    "parquet": [
        packed(table_of(TEXT)),
        packed(table_of(NUMBERS).astype({"source": int, "target": int}), row_group_size=20, compression="none"),
        packed(table_of(NUMBERS), write_page_checksum=True, compression="zstd", use_dictionary=False),
    ],
}
BITS = [b"\0", b'"', b",", b"\n", b"\r", b"\r\n", b"\xff", b"\xc3", "é".encode("latin-1"), b"-", b"e", b"nan", b"\x1a"]


@st.composite
def damaged(draw: st.DrawFn, kind: str) -> bytes:
    """A valid file with some bytes flipped, cut off, doubled, moved, put in or taken out, or in another encoding."""
    content = draw(st.sampled_from(VALID[kind]))
    for _ in range(draw(st.sampled_from([1, 1, 2, 4]))):
        at, end = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        end = min(end, at + draw(st.sampled_from([1, 1, 2, 9, 60, 10**9])))
        before, within, after = content[:at], content[at:end], content[end:]
        how = draw(st.sampled_from(sorted({*CHANGES} - ({"encode"} if kind != "csv" else set()))))
        put = draw(st.one_of(st.sampled_from(BITS), st.binary(max_size=9)))
        other = VALID[draw(st.sampled_from(sorted(VALID)))][0]
        content = CHANGES[how](before, within, after, put, other)
    return content


CHANGES = {
    "cut": lambda before, within, after, put, other: before,
    "behead": lambda before, within, after, put, other: within + after,
    "delete": lambda before, within, after, put, other: before + after,
    "double": lambda before, within, after, put, other: before + within + within + after,
    "flip": lambda before, within, after, put, other: before + bytes(byte ^ 1 << len(put) % 8 for byte in within[:2])
    + within[2:] + after,
    "insert": lambda before, within, after, put, other: before + put + within + after,
    "replace": lambda before, within, after, put, other: before + put + after,
    "blank": lambda before, within, after, put, other: before + bytes(len(within)) + after,
    "turn": lambda before, within, after, put, other: after + before + within,
    "splice": lambda before, within, after, put, other: before + other[len(before) :],
    "append": lambda before, within, after, put, other: before + within + after + put,
    "encode": lambda before, within, after, put, other: (before + within + after)
    .decode(errors="replace").encode(ENCODINGS[len(put) % len(ENCODINGS)], errors="replace"),
}  # fmt: skip
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp037")


def strictly_read(content: bytes) -> list[Row]:
    """What these bytes say to a strict reader: rows in order of time, each once, without loops."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if not any(content[1:16:2]):  # as a reader can tell from the zeros in the names of columns
        content = "\ufeff".encode("utf-16-le" if any(content[2:16:4]) else "utf-32-le") + content
    marked = next((encoding for mark, encoding in MARKS.items() if content.startswith(mark)), "utf-8-sig")
    text = io.StringIO(content.decode(marked, errors="surrogateescape"), newline="")
    header, *lines = filter(None, csv.reader(text, strict=True))
    assert all(len(line) == len(header) for line in lines)
    rows = [tuple(line[header.index(name)] for name in COLUMNS) for line in lines]
    for row in rows:
        "".join(row).encode()  # the ids must be UTF-8
    read = [(seen(a), seen(b), float(time)) for a, b, time in rows]
    dates = sum(time >= 631_152_000 for _, _, time in read) > len(read) / 2
    kept = [row for row in read if row[0] != row[1] and not (dates and (row[2] > LATEST or row[2] < 86_400))]
    return sorted(dict.fromkeys(kept), key=lambda row: row[2])


MARKS = {b"\xff\xfe\0\0": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
LATEST = time.time() + 86_400


def seen(name: str) -> str:
    """An id without what nobody sees at its ends."""
    return unicodedata.normalize("NFC", name.strip().strip("\ufeff\u200b"))


def read_or_refused(content: bytes, kind: str) -> pd.DataFrame | None:
    """The log that a file of these bytes holds; None where it is refused in one paragraph that names it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"log.{kind}")
        path.write_bytes(content)
        try:
            return read_log(path)
        except LogError as error:
            said = str(error)
    assert str(path) in said
    assert "\n" not in said
    assert len(said) < 700
    return None


@pytest.mark.parametrize("kind", ["csv", "csv.gz"])
def test_text_is_read_strictly_or_refused(kind: str) -> None:
    @settings(max_examples=examples(1_000), deadline=SOON)
    @given(damaged(kind))
    def check(content: bytes) -> None:
        found = read_or_refused(content, kind)
        if found is not None and content[:4] != b"PAR1":
            assert list(found.itertuples(index=False, name=None)) == strictly_read(content)

    check()


@settings(max_examples=examples(1_000), deadline=SOON)
@given(damaged("parquet"))
def test_parquet_is_read_or_refused(content: bytes) -> None:
    found = read_or_refused(content, "parquet")
    if found is not None:
        assert list(found.columns) == list(COLUMNS)
        assert 1 <= len(found) <= 60
        assert found["time"].max() < LATEST


@pytest.mark.parametrize("kind", sorted(VALID))
@pytest.mark.parametrize("which", range(2))
def test_what_is_cut_off_is_missed(kind: str, which: int) -> None:
    """Packed files say where they end; a plain CSV does not, so one that is cut is read as what is left, strictly."""
    whole = VALID[kind][which]
    members = {len(gzip.compress(NUMBERS, mtime=0))} if kind == "csv.gz" else set()  # the first of two is a file
    for end in range(max(0, len(whole) - 120), len(whole)):
        found = read_or_refused(whole[:end], kind)
        if kind == "csv" and found is not None:
            assert list(found.itertuples(index=False, name=None)) == strictly_read(whole[:end])
        elif end not in members:
            assert found is None or kind == "csv", end
    assert read_or_refused(whole, kind) is not None


UNCLOSED = [TEXT[: TEXT.index(b"lines")], TEXT.replace(b'D."', b"D."), TEXT + b'"', TEXT + b'1,2,"3']


@pytest.mark.parametrize("text", UNCLOSED)
def test_a_quote_that_is_not_closed_is_refused_with_its_line(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(text)
    with pytest.raises(LogError, match=r"log\.csv, line \d+: .*(double quote|values)"):
        read_log(path)


def test_pages_with_checksums_are_checked() -> None:
    whole = VALID["parquet"][2]
    at = whole.index(b"\x28\xb5\x2f\xfd")  # a page that zstd packed
    assert read_or_refused(whole[: at + 20] + bytes([whole[at + 20] ^ 1]) + whole[at + 21 :], "parquet") is None


STRANGE = {
    "source": [[[1], [2]], [{"a": 1}, {"a": 2}]],
    "time": [[[1], [2]], [{"a": 1}, {"a": 2}], [True, False], [time_of_day(9)] * 2, [None] * 2],
}


@pytest.mark.parametrize(("name", "values"), [(name, values) for name, each in STRANGE.items() for values in each])
def test_values_of_strange_types_are_named(tmp_path: Path, name: str, values: list[object]) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"source": ["a", "b"], "target": ["b", "a"], "time": [1, 2], name: values}), path)
    with pytest.raises(LogError, match=rf"log\.parquet, row 0 \(counted from 0\): the {name} "):
        read_log(path)


def test_values_of_other_types_are_read(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    times = [decimal.Decimal("1.5"), decimal.Decimal(2)]
    pq.write_table(pa.table({"source": [b"a", b"b"], "target": [True, False], "time": times}), path)
    assert list(read_log(path).itertuples(index=False, name=None)) == [("a", "True", 1.5), ("b", "False", 2)]


@pytest.mark.parametrize("kind", sorted(VALID))
def test_the_command_refuses_in_a_paragraph(kind: str) -> None:
    @settings(max_examples=examples(60), deadline=SOON)
    @given(damaged(kind))
    def check(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"log.{kind}")
            path.write_bytes(content)
            said, out = io.StringIO(), io.StringIO()
            with redirect_stderr(said), redirect_stdout(out), pytest.raises(SystemExit) as ended:
                cli.main(["log", str(path), "--resamples", "0", "--format", "csv"])
            assert "Traceback" not in said.getvalue()
            if ended.value.code:
                assert ended.value.code == 2
                assert (out.getvalue(), said.getvalue().count("\n")) == ("", 1)
                assert str(path) in said.getvalue()

    check()
