"""Contact logs, good and bad: whatever people's exports hold is read, or refused with advice that works."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import itertools
import random
import unicodedata
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.contact_logs import LogError, person_of, read, read_log
from tests.conftest import DATA

LOG = "source,target,time\n3,1,50\n1,2,10\n1,1,20\n1,2,10\n2,1,50\n1,2,40\n"
TIDY = [("1", "2", 10), ("1", "2", 40), ("3", "1", 50), ("2", "1", 50)]
NOW = 1_750_000_000.0
EVENTS = 900


def rows(log: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(log.itertuples(index=False, name=None))


def written(folder: Path, kind: str, text: str) -> Path | pd.DataFrame:
    """The same log as a file of this kind, or as a table."""
    path = folder / f"log.{kind}"
    if kind == "csv":
        path.write_text(text)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        lines = [line.split(",") for line in text.split()]
        table = pd.DataFrame(lines[1:], columns=lines[0]).astype(int)
        if kind == "table":
            return table
        table.to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "table"])
def test_a_log_is_put_in_order_whatever_holds_it(tmp_path: Path, kind: str) -> None:
    log = read_log(written(tmp_path, kind, LOG))
    assert list(log.columns) == ["source", "target", "time"]
    assert [(str(one), str(two), time) for one, two, time in rows(log)] == TIDY
    assert list(log.index) == [0, 1, 2, 3]


def test_rows_of_one_time_keep_their_order() -> None:
    table = pd.DataFrame(
        {"source": np.arange(2_000), "target": np.arange(2_000) + 1, "time": np.arange(2_000) // 1_000 * 5_000}
    )
    assert rows(read_log(table.iloc[np.r_[1_000:2_000, :1_000]])) == rows(table)


def test_a_table_is_left_as_it_is() -> None:
    table = pd.DataFrame({"time": [9.5, 1.0], "source": ["b", "a"], "target": ["a", "c"], "kind": ["like", "note"]})
    before = table.copy()
    assert rows(read_log(table)) == [("a", "c", 1.0), ("b", "a", 9.5)]
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\ufeffsource,target,time\r\nAnn,Bob,1\r\n", [("Ann", "Bob", 1)]),
        ('time,kind,target,source\n1.5,"a, b",Bob,Ann\n', [("Ann", "Bob", 1.5)]),
        ("source,target,time\n1,Bob,1e3\n\n\n", [("1", "Bob", 1000.0)]),
        ("source,target,time\n01,2,1", [("01", "2", 1)]),
    ],
)
def test_ordinary_variants_of_csv_are_understood(tmp_path: Path, text: str, expected: list[tuple[object, ...]]) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode())
    assert rows(read_log(path)) == expected


BAD = {
    "": r"log\.csv is empty\. Its first line must be source,target,time",
    "source,target,time\n": "has a header but no rows",
    "source,target\n1,2\n": r"has no column time \(columns: 'source', 'target'\)\.",
    "source,taget,time\n1,2,3\n": r"no column target .*Rename 'taget' to target",
    "Source,target,time\n1,2,3\n": "Rename 'Source' to source",
    "source;target;time\n1;2;3\n": r"columns: 'source;target;time'\. .*with commas",
    "1,2,3\n1,2,4\n": r"has no column source \(columns: '1', '2', '3'\)\.",
    "source,source,target,time\n1,2,3,4\n": "several columns named source; keep one",
    "source,target,time\n1,2,3\n1,2,yesterday\n": r"log\.csv, line 3: the time 'yesterday' is not a number.*1700000000",
    "source,target,time\n1,2,3\n\n\n1,2,2024-05-01\n": "line 5: the time '2024-05-01' is a date, but others are",
    'a,source,target,time\n"x\ny",1,2,3\nz,1,2,-4\n': r"log\.csv, line 4: the time '-4' is negative",
    "source,target,time\n1,2,\n": r"line 2: the time is empty",
    "source,target,time\n1,2,nan\n": r"line 2: the time 'nan' is not a number",
    "source,target,time\n1,2,3\n1,2,inf\n": r"line 3: the time 'inf' is not a number",
    "source,target,time\n1,2,3\n1,2,-7\n": r"line 3: the time '-7' is negative\. Subtract the earliest",
    "source,target,time\n1,2,1700000000000\n": r"line 2: the time '17.*' looks like milliseconds \(2023.*/ 1000",
    "source,target,time\n1,2,3\n,2,4\n": r"line 3: the source is empty",
    "source,target,time\n1,,3\n": r"line 2: the target is empty",
    "source,target,time\n1,2,3\n1,2,3,4\n": r"line 3: the line has 4 values, but the header has 3 columns: '1,2,3,4'",
    "source,target,time\n1,2,3\n1,2\n": r"line 3: the line has 2 values, but the header has 3 columns",
    "source,target,time\n1,1,3\n2,2,4\n": "the source equals the target in every row",
    b"source,target,time\nM\xfcller,2,3\n": r"line 2: .* not UTF-8 text\. It looks like Windows-1252 \('Müller,2,3'\)",
    "source,target,time\n1,2,3\n1\0,2,4\n": r"line 3: the line contains a NUL byte",
    "source\ttarget\ttime\n1\t2\t3\n": r"tabs between its columns.*sep='\\t'",
    "sep=,\nsource,target,time\n1,2,3\n": r"line 1: .* hint for Excel; delete this line",
    "source,target,time\n1,2,3\n" + "x" * (3 * 2**20) + ",2,4\n": r"line 3: the line is longer than 1,048,576",
    "source,target,time\n" + '"' + "x" * (3 * 2**20) + '",2,4\n': r"line 2: the line is longer than 1,048,576",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: repr(text)[:40])
def test_a_bad_csv_is_refused_with_its_line(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(LogError, match=BAD[text]) as caught:  # type: ignore[index]
        read_log(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_line_is_found_in_a_packed_file(tmp_path: Path) -> None:
    text = "source,target,time\n" + "1,2,3\n" * 5_000 + "1,2,soon\n"
    with pytest.raises(LogError, match=r"log\.csv\.gz, line 5002: the time 'soon'"):
        read_log(written(tmp_path, "csv.gz", text))


@pytest.mark.parametrize("damage", [lambda whole: whole[: len(whole) // 2], lambda _: b"no gzip at all", lambda _: b""])
def test_a_broken_gzip_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "log.csv.gz"
    lines = "".join(f"{k % 97},{k % 89 + 100},{k * k}\n" for k in range(20_000))
    path.write_bytes(damage(gzip.compress(("source,target,time\n" + lines).encode())))
    with pytest.raises(
        LogError,
        match=r"log\.csv\.gz (cannot be read: .*fetch the file again|is empty|has no column)",
    ):
        read_log(path)


@pytest.mark.parametrize("content", [b"PAR1 and nothing else", b"XAR1\0\0\1\2" * 9])
def test_a_broken_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.parquet"
    path.write_bytes(content)
    with pytest.raises(LogError, match=r"log\.parquet cannot be read: .*write it again"):
        read_log(path)


def test_a_bad_row_of_a_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pd.DataFrame({"source": [1, 2], "target": [2, 1], "time": [1.0, np.nan]}).to_parquet(path)
    with pytest.raises(LogError, match=r"log\.parquet, row 1 \(counted from 0\): the time is empty"):
        read_log(path)
    pd.DataFrame({"source": [1, 2], "goal": [2, 1], "time": [1, 2]}).to_parquet(path)
    with pytest.raises(LogError, match=r"log\.parquet has no column target \(columns: 'source', 'goal', 'time'\)"):
        read_log(path)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"source": [1], "target": [2]}, "the table has no column time"),
        ({"source": [], "target": [], "time": []}, "the table has a header but no rows"),
        (
            {"source": [1, None], "target": [2, 3], "time": [0, 1]},
            r"the table, row 1 \(counted from 0\): the source is empty",
        ),
        ({"source": [1], "target": [2], "time": [dt.time(9)]}, "is not a number"),
        ({"source": [[1]], "target": [2], "time": [1]}, r"the source is \[1\]\. Ids must be"),
        ({"source": [1], "target": [2], "time": ["soon"]}, "the time 'soon' is not a number"),
    ],
)
def test_a_bad_table_is_refused(table: dict[str, object], text: str) -> None:
    with pytest.raises(LogError, match=text):
        read_log(pd.DataFrame(table))


def test_a_missing_file_brings_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "facebook_wall.csv").write_text(LOG)
    with pytest.raises(LogError, match=r"facebok_wall\.csv does not exist\. Did you mean facebook_wall\.csv\?"):
        read_log(tmp_path / "facebok_wall.csv")
    (tmp_path / "parquet").mkdir()
    with pytest.raises(LogError, match="has no file with a similar name"):
        read_log(tmp_path / "x.parquet")
    with pytest.raises(LogError, match=r"the folder .* does not exist"):
        read_log(tmp_path / "nowhere" / "log.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(LogError, match="is a folder"):
        read_log(tmp_path / "folder.csv")


# Ids --------------------------------------------------------------------------------------------------------------


def events(names: list[str], count: int = EVENTS, start: int = 1_600_000_000) -> pd.DataFrame:
    """A log among these people, events hours apart, no two alike."""
    chance = random.Random(1)
    pairs = [chance.sample(names, 2) for _ in range(count)]
    times = [start + 50_000 * k + chance.randrange(50_000) for k in range(count)]
    return pd.DataFrame(pairs, columns=["source", "target"]).assign(time=times)


def as_csv(folder: Path, table: pd.DataFrame, name: str = "log.csv") -> Path:
    path = folder / name
    table.to_csv(path, index=False)
    return path


IDS = st.lists(
    st.from_regex(r"\A(\+?0{0,3}[0-9]{1,20}|[0-9]e[0-9]|[a-z][a-zA-Z ,'\"é]{0,6}[a-z])\Z"),
    min_size=3, max_size=8, unique_by=lambda one: unicodedata.normalize("NFC", one),
)  # fmt: skip


@given(IDS)
def test_ids_of_a_csv_are_text_as_written(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    table = events(names, 40)
    found = read(as_csv(tmp_path_factory.mktemp("log"), table))
    assert len(found) == 40
    assert set(found.names) == {unicodedata.normalize("NFC", name) for name in {*table["source"], *table["target"]}}
    assert all(found.names[person_of(found.names, name)] == name for name in found.names)


INTEGERS = [pa.int64(), pa.uint64(), pa.int32(), pa.uint32(), pa.decimal128(38, 0), pa.float64(), pa.string(),
            pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.binary(), pa.string_view()]  # fmt: skip


@pytest.mark.parametrize(("one", "two"), list(itertools.combinations_with_replacement(INTEGERS, 2)))
def test_whole_numbers_are_one_whatever_their_types(tmp_path: Path, one: pa.DataType, two: pa.DataType) -> None:
    base = 2**60 if {one, two} <= {pa.int64(), pa.uint64(), pa.decimal128(38, 0), pa.string()} else 5
    table = events([str(base + k) for k in range(12)])
    plain = {name: pa.array(table[name].astype(object).map(str)) for name in ("source", "target")}
    numbers = {name: pa.array(table[name].map(int).tolist(), pa.int64()) for name in ("source", "target")}
    columns = {}
    for name, kind in zip(("source", "target"), (one, two), strict=True):
        if pa.types.is_dictionary(kind):
            columns[name] = plain[name].dictionary_encode()
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            columns[name] = numbers[name].cast(kind)
        else:
            columns[name] = plain[name].cast(kind)
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table(columns | {"time": table["time"].tolist()}), path)
    found = read(path)
    assert (len(found), len(found.names)) == (EVENTS, 12)
    assert {str(name) for name in found.names} == {str(base + k) for k in range(12)}
    assert not found.notes


def test_numbers_beyond_64_bits_signed_and_unsigned_stay_apart() -> None:
    source = pd.Series([-1, 2**63 - 1, 5], dtype="int64")
    target = pd.Series([2**64 - 1, 2**63, 6], dtype="uint64")
    found = read(pd.DataFrame({"source": source, "target": target, "time": [1, 2, 3]}))
    assert sorted(map(int, found.names)) == [-1, 5, 6, 2**63 - 1, 2**63, 2**64 - 1]


MIXED = {
    "objects": (lambda k: [k, str(k), k * 1.0, f"{k}.0", np.int16(k), decimal.Decimal(k), b"%d" % k][k % 7], object),
    "nullable": (lambda k: k, "Int64"),
    "categories": (str, "category"),
    "strings": (str, "string"),
    "small": (lambda k: k, "uint8"),
    "floats": (float, "float32"),
}  # fmt: skip


@pytest.mark.parametrize("of_target", MIXED)
@pytest.mark.parametrize("of_source", MIXED)
def test_a_table_of_any_types_has_as_many_people(of_source: str, of_target: str) -> None:
    table = events([str(k) for k in range(12)])
    for name, kind in (("source", of_source), ("target", of_target)):
        said, dtype = MIXED[kind]
        table[name] = pd.Series([said(int(one)) for one in table[name]], dtype=dtype)  # type: ignore[operator, call-overload]
    found = read(table)
    assert (len(found), sorted(map(str, found.names), key=int)) == (EVENTS, [str(k) for k in range(12)])


def test_a_missing_integer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    table = pd.DataFrame({"source": pd.Series([1, None], dtype="Int64"), "target": [2, 3], "time": [0, 9]})
    table.to_parquet(path)
    for log in (path, table):
        with pytest.raises(LogError, match=r"row 1 \(counted from 0\): the source is empty"):
            read(log)


UNSEEN = [" ", "\t", "\u00a0", "\u3000", "\u2009", "\ufeff", "\u200b", "\u200e", "\u202c"]


@pytest.mark.parametrize("mark", UNSEEN, ids=ascii)
@pytest.mark.parametrize("at", ["before", "behind"])
def test_ids_that_differ_in_what_nobody_sees_are_joined_and_noted(tmp_path: Path, mark: str, at: str) -> None:
    table = events([f"user{k}" for k in range(12)])
    table["target"] = mark + table["target"] if at == "before" else table["target"] + mark
    found = read(as_csv(tmp_path, table))
    assert sorted(found.names) == sorted(f"user{k}" for k in range(12))
    (note,) = found.notes
    assert note.text.startswith("12 ids are written in several ways")
    assert "user" in note.example
    assert "user" not in note.text
    assert found.names[person_of(found.names, f"{mark}user1")] == "user1"


def test_other_spellings_of_one_id(tmp_path: Path) -> None:
    table = events(["Jörgen", "7", "8", "9"])
    table["target"] = [
        unicodedata.normalize("NFD", name) if name == "Jörgen" else f"{name}.0" for name in table["target"]
    ]
    found = read(as_csv(tmp_path, table))
    assert sorted(found.names) == ["7", "8", "9", "Jörgen"]
    for said in ("7", "7.0", " 7 "):
        assert found.names[person_of(found.names, said)] == "7"
    assert person_of(found.names, "Jo\u0308rgen") == list(found.names).index("Jörgen")
    with pytest.raises(LogError, match="no person has the id 'jorgen'; did you mean 'Jörgen'"):
        person_of(found.names, "jorgen")


def test_versions_are_no_whole_numbers(tmp_path: Path) -> None:
    found = read(as_csv(tmp_path, events(["7", "7.0", "7.1", "8.0"])))
    assert sorted(found.names) == ["7", "7.0", "7.1", "8.0"]
    assert any("count as different people" in note.text for note in found.notes)


@pytest.mark.parametrize(
    "names", [["Ann", "ann"], ["049", "49"], ["+49", "49"], ["\uff17", "7"], ["Ann Lee", "Ann  Lee"]], ids=ascii
)
def test_ids_that_may_be_one_stay_apart_and_are_noted(tmp_path: Path, names: list[str]) -> None:
    found = read(as_csv(tmp_path, events([*names, "else"])))
    assert sorted(found.names) == sorted([*names, "else"])
    (note,) = found.notes
    assert "count as different people" in note.text
    assert all(repr(name) in note.example for name in names)


@pytest.mark.parametrize("name", ["4.92E+10", "NaN", "null"])
def test_ids_that_a_program_has_spoilt_are_noted(tmp_path: Path, name: str) -> None:
    (note,) = read(as_csv(tmp_path, events([name, "b", "c"]))).notes
    assert note.example == repr(name)


def test_floats_too_large_to_be_exact_are_noted(tmp_path: Path) -> None:
    table = events(["1", "2", "3"])
    large = [float(2**60 + 1_000 * int(name)) for name in table["source"]]
    table = table.assign(source=large, target=[str(2**61 + int(name)) for name in table["target"]])
    assert any("people may have been merged" in note.text for note in read(table).notes)


def test_uuids_and_other_objects_are_ids() -> None:
    one, two = uuid.UUID(int=1), (1, 2)
    assert list(read(pd.DataFrame({"source": [one], "target": [two], "time": [1]})).names) == [one, two]


@pytest.mark.parametrize("kind", ["csv", "parquet", "table"])
def test_renaming_people_changes_nothing_but_names(tmp_path: Path, kind: str) -> None:
    table = events([str(k) for k in range(30)])
    renamed = table.assign(**{name: "person " + table[name] for name in ("source", "target")})
    if kind == "parquet":
        table.astype({"source": int, "target": int}).to_parquet(tmp_path / "one.parquet")
        renamed.to_parquet(tmp_path / "two.parquet")
        logs: list[Path | pd.DataFrame] = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    elif kind == "csv":
        logs = [as_csv(tmp_path, table, "one.csv"), as_csv(tmp_path, renamed, "two.csv")]
    else:
        logs = [table.astype({"source": int, "target": int}), renamed]
    one, two = map(read, logs)
    for name in ("source", "target", "time"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    assert [f"person {name}" for name in one.names] == list(two.names)


# Times ------------------------------------------------------------------------------------------------------------


def dated(kind: str) -> pd.DataFrame:
    """A log whose times are of a type or form that says what they are."""
    table = events([f"u{k}" for k in range(12)])
    stamps = pd.to_datetime(table["time"], unit="s", utc=True)
    said = {
        "iso": stamps.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "zone": stamps.dt.tz_convert("Asia/Kolkata").map(lambda one: one.isoformat()),
        "naive": stamps.dt.strftime("%Y-%m-%d %H:%M:%S"),
        "named": stamps.dt.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "git": stamps.dt.tz_convert("America/Lima").dt.strftime("%Y-%m-%d %H:%M:%S %z"),
        "comma": stamps.dt.strftime("%Y-%m-%d %H:%M:%S,000"),
        "text": table["time"].map(lambda time: f" {time}.0"),
        "numpy": stamps.dt.tz_localize(None),
        "aware": stamps.dt.tz_convert("Europe/Berlin"),
        "python": pd.Series([one.to_pydatetime() for one in stamps], dtype=object),
        "periods": stamps.dt.tz_localize(None).dt.to_period("s"),
        "category": stamps.dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype("category"),
        "nullable": table["time"].astype("Int64"),
        "decimals": table["time"].map(decimal.Decimal),
    }
    return table.assign(time=said[kind])


TYPED = ["iso", "zone", "naive", "named", "git", "comma", "text", "numpy", "aware", "python", "periods", "category",
         "nullable", "decimals"]  # fmt: skip


@pytest.mark.parametrize("kind", TYPED)
@pytest.mark.parametrize("held", ["table", "csv", "parquet"])
def test_times_that_say_what_they_are_are_read(tmp_path: Path, kind: str, held: str) -> None:
    table = dated(kind)
    log: Path | pd.DataFrame = table
    if held == "csv" and kind != "comma":
        log = as_csv(tmp_path, table)
    elif held == "parquet" and kind != "periods":
        table.to_parquet(tmp_path / "log.parquet")
        log = tmp_path / "log.parquet"
    found = read(log)
    assert np.array_equal(found.time, events([f"u{k}" for k in range(12)])["time"])
    assert not found.notes


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_timestamps_of_every_unit(tmp_path: Path, unit: str, zone: str | None) -> None:
    table = events(["a", "b", "c"])
    per = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    times = pa.array([time * per for time in table["time"]], pa.int64()).cast(pa.timestamp(unit, zone))
    path = tmp_path / "log.parquet"
    pq.write_table(
        pa.table({"source": table["source"].tolist(), "target": table["target"].tolist(), "time": times}), path
    )
    assert np.array_equal(read(path).time, table["time"])


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64(), pa.string()])
def test_dates_are_read_and_no_event_of_a_day_is_lost(tmp_path: Path, kind: pa.DataType) -> None:
    table = events(["a", "b", "c"])
    days = pa.array([time // 86_400 for time in table["time"]], pa.int32()).cast(pa.date32()).cast(kind)
    twice = [*range(EVENTS), 3, 3]
    columns = {"source": table["source"].tolist(), "target": table["target"].tolist(), "time": days}
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table(columns).take(twice), path)
    found = read(path)
    assert len(found) == EVENTS + 2
    assert np.array_equal(np.unique(found.time), np.unique(table["time"] // 86_400 * 86_400))
    assert any("no finer than days" in note.text for note in found.notes)


def test_events_a_nanosecond_apart_are_two(tmp_path: Path) -> None:
    times = pa.array([1_600_000_000_000_000_000 + k for k in (0, 1, 1)], pa.int64()).cast(pa.timestamp("ns"))
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"source": ["a"] * 3, "target": ["b"] * 3, "time": times}), path)
    assert len(read(path)) == 2
    text = "source,target,time\na,b,1600000000.123456789\na,b,1600000000.123456788\na,b,1600000000.1234567890\n"
    (tmp_path / "log.csv").write_text(text)
    found = read(tmp_path / "log.csv")
    assert len(found) == 2
    assert [note.text[:16] for note in found.notes] == ["1 row equals an "]


UNITS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "days": lambda time: time // 86_400,
    "fractions of days": lambda time: time / 86_400,
    "excel": lambda time: time / 86_400 + 25_569,
    "julian": lambda time: time / 86_400 + 2_440_587.5,
    "ordinal": lambda time: time // 86_400 + 719_163,
    "ymd": lambda time: pd.to_datetime(time, unit="s").dt.strftime("%Y%m%d").astype(int),
    "ymdhms": lambda time: pd.to_datetime(time, unit="s").dt.strftime("%Y%m%d%H%M%S").astype(int),
    "ymdhm": lambda time: pd.to_datetime(time, unit="s").dt.strftime("%Y%m%d%H%M").astype(int),
    "ms": lambda time: time * 10**3,
    "us": lambda time: time * 10**6,
    "ns": lambda time: time * 10**9,
    "chrome": lambda time: (time + 11_644_473_600) * 10**6,
    "filetime": lambda time: (time + 11_644_473_600) * 10**7,
    "apple": lambda time: (time - 978_307_200) * 10**9,
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("held", ["csv", "parquet", "table"])
def test_times_in_another_unit_are_refused_with_a_conversion_that_works(tmp_path: Path, unit: str, held: str) -> None:
    truth = events([f"u{k}" for k in range(12)])
    log = truth.assign(time=UNITS[unit](truth["time"]))
    where: Path | pd.DataFrame = log
    if held == "csv":
        where = as_csv(tmp_path, log)
    elif held == "parquet":
        log.to_parquet(tmp_path / "log.parquet")
        where = tmp_path / "log.parquet"
    with pytest.raises(LogError, match=r"the time '.*' looks like .*; in pandas: .+\.$") as refused:
        read(where, now=NOW)
    assert "\n" not in str(refused.value)
    if held == "csv":
        log = pd.read_csv(tmp_path / "log.csv", dtype={"source": str, "target": str})
    advice = str(refused.value).rpartition("; in pandas: ")[2].removesuffix(".")
    log["time"] = eval(advice, {"pandas": pd, "log": log})
    for again in (log, as_csv(tmp_path, log, "converted.csv")):
        found = read(again, now=NOW)
        assert len(found) == EVENTS
        off = {"days": 86_400, "ymd": 86_400, "ordinal": 86_400, "ymdhm": 60}.get(unit, 0.1)
        assert np.abs(found.time - truth["time"]).max() < off


@pytest.mark.parametrize("times", [range(365), [k / 3 for k in range(900)]])
def test_a_log_that_lasts_no_time_does_not_pass(times: list[float]) -> None:
    log = pd.DataFrame({"source": ["a"] * len(times), "target": ["b"] * len(times), "time": times})
    with pytest.raises(LogError, match=r"If they are seconds, all are within \d+ minutes"):
        read(log)
    found = read(log.assign(time=log["time"] * 86_400))
    assert len(found) == len(times)
    (note,) = read(log.assign(time=log["time"] * 50)).notes
    assert "are within" in note.text


def test_days_in_another_form_are_refused_with_advice_that_works(tmp_path: Path) -> None:
    truth = events(["a", "b", "c"])
    log = truth.assign(time=pd.to_datetime(truth["time"], unit="s").dt.strftime("%d/%m/%Y %H:%M:%S"))
    with pytest.raises(LogError, match=r"line 2: the time '\d\d/.* is not a number") as refused:
        read(as_csv(tmp_path, log))
    advice = str(refused.value).rpartition("; in pandas: ")[2].removesuffix(".")
    log["time"] = eval(advice, {"pandas": pd, "log": log})
    assert np.array_equal(read(log).time, truth["time"])


def test_seconds_from_zero_are_read() -> None:
    log = events(["a", "b", "c"], start=0)
    assert not read(log).notes
    assert len(read(log)) == EVENTS


@pytest.mark.parametrize("year", [2044, 2600, 9999])
@pytest.mark.parametrize("form", ["seconds", "iso"])
def test_events_of_the_future_are_named_and_left_out(tmp_path: Path, year: int, form: str) -> None:
    log = events(["a", "b", "c"])
    late = int((dt.datetime(year, 1, 1) - dt.datetime(1970, 1, 1)).total_seconds())
    log.loc[[3, 7], "time"] = late
    if form == "iso":
        log["time"] = [str(np.datetime64(int(time), "s")) for time in log["time"]]
    found = read(as_csv(tmp_path, log), now=NOW)
    assert len(found) == EVENTS - 2
    assert found.time.max() < NOW
    (note,) = found.notes
    assert note.text == f"2 events are in the future, up to {year}-01-01, and left out: the first is in line 5."
    with pytest.raises(LogError, match="is in the future, like all others"):
        read(as_csv(tmp_path, log.iloc[[3, 7]]), now=NOW)


def test_tomorrow_is_not_yet_the_future() -> None:
    log = events(["a", "b", "c"])
    assert not read(log, now=log["time"].max() - 86_400).notes
    assert len(read(log, now=log["time"].max() - 86_401).notes) == 1


def test_clocks_that_were_not_set_are_named_and_left_out() -> None:
    log = events(["a", "b", "c"])
    log.loc[[0, 5, 9], "time"] = [0, 3_600, 7]
    found = read(log)
    assert len(found) == EVENTS - 3
    assert found.notes[0].text.startswith("3 events are on the first day of 1970")


# Files ------------------------------------------------------------------------------------------------------------

TEXT = events([f"Jürgen{k}" for k in range(12)]).to_csv(index=False)


@pytest.mark.parametrize("name", ["log.csv", "LOG.CSV", "log.csv.gz", "LOG.CSV.GZ", "log.txt", "log.parquet"])
@pytest.mark.parametrize("kind", ["plain", "gzip", "parquet"])
def test_files_are_known_by_their_content(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    if kind == "parquet":
        events([f"Jürgen{k}" for k in range(12)]).to_parquet(path)
    else:
        path.write_bytes(TEXT.encode() if kind == "plain" else gzip.compress(TEXT.encode()))
    assert len(read(path)) == EVENTS


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_unicode_is_read_in_every_encoding(tmp_path: Path, encoding: str, packed: bool) -> None:
    path = tmp_path / "log.csv"
    content = TEXT.encode(encoding)
    path.write_bytes(gzip.compress(content) if packed else content)
    found = read(path)
    assert (len(found), set(found.names)) == (EVENTS, {f"Jürgen{k}" for k in range(12)})


def advised(error: LogError, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the advice in an error writes."""
    monkeypatch.chdir(folder)
    exec(str(error).rpartition("pandas, ")[2].removesuffix("."), {"pandas": pd})
    return folder / "log.csv"


@pytest.mark.parametrize("form", ["cp1252", "latin-1", ";", "\t", "|", "json", "jsonl"])
def test_the_advice_for_other_texts_works(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "export.csv"
    log = events(["007", "Jürgen", "c"])
    if form in ("json", "jsonl"):
        log.to_json(path, orient="records", lines=form == "jsonl")
    elif len(form) == 1:
        log.to_csv(path, sep=form, index=False)
    else:
        path.write_bytes((log.to_csv(index=False) + ("\x8d" if form == "latin-1" else "")).encode(form, "replace"))
        if form == "latin-1":
            path.write_bytes(log.replace("c", "\x8d").to_csv(index=False).encode(form))
    with pytest.raises(LogError) as refused:
        read(path)
    found = read(advised(refused.value, tmp_path, monkeypatch))
    assert (len(found), set(found.names) >= {"007", "Jürgen"}) == (EVENTS, True)


OTHERS = {
    b"BZh91AY": "bzip2", b"\x28\xb5\x2f\xfd": "Zstandard", b"\xfd7zXZ\0": "xz", b"SQLite format 3\0": "SQLite",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "Excel", b"<!DOCTYPE html><html>": "web page", b"%PDF-1.7": "PDF",
    b'{"source": 1}': "JSON", b"ARROW1\0\0": "Arrow", b"7z\xbc\xaf\x27\x1c": "7z",
}  # fmt: skip


@pytest.mark.parametrize("start", OTHERS)
@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.parquet"])
def test_other_kinds_of_files_are_named(tmp_path: Path, start: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(start + b"\1\2\3\0" * 50)
    with pytest.raises(LogError, match=OTHERS[start]):
        read(tmp_path / name)


def test_a_zip_says_what_it_holds(tmp_path: Path) -> None:
    for inside, said in (("wall.csv", "archive that contains wall.csv"), ("xl/workbook.xml", "an Excel workbook")):
        path = tmp_path / "log.csv"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(inside, "source,target,time")
        with pytest.raises(LogError, match=said):
            read(path)


# Sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", ["1,2,3\n", "x" * 100, '"', "\n", "a" * 500_000 + ",2,3\n"])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(
    tmp_path: Path, piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_LOG_GB", "0.02")
    path = tmp_path / "log.csv"
    path.write_bytes(
        gzip.compress(b"source,target,time\n" + piece.encode() * (3 * 10**7 // len(piece)), compresslevel=1)
    )
    with pytest.raises(LogError, match=r"larger than 0\.02 GB .*REKINDLE_LOG_GB|line 2: the line is longer"):
        read(path)


def test_a_small_parquet_that_unpacks_to_a_large_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_LOG_GB", "0.02")
    path = tmp_path / "log.parquet"
    count = 10**6
    columns = {
        "source": np.zeros(count, np.int64),
        "target": np.ones(count, np.int64),
        "time": np.zeros(count, np.int64),
    }
    pq.write_table(pa.table(columns), path)
    assert path.stat().st_size < 20_000
    with pytest.raises(LogError, match=r"larger than 0\.02 GB \(decompressed\)"):
        read(path)
    few = pa.table({"source": ["x" * 10**7 + str(k) for k in range(4)], "target": ["y"] * 4, "time": [1, 2, 3, 4]})
    pq.write_table(few, path, compression="zstd")
    assert path.stat().st_size < 200_000
    with pytest.raises(LogError, match=r"larger than 0\.02 GB \(decompressed\)"):
        read(path)


def test_the_limit_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_csv(tmp_path, events(["a", "b", "c"]))
    monkeypatch.setenv("REKINDLE_LOG_GB", "0.000001")
    with pytest.raises(LogError, match=r"\(decompressed\)"):
        read(path)
    monkeypatch.setenv("REKINDLE_LOG_GB", "much")
    with pytest.raises(LogError, match="REKINDLE_LOG_GB is 'much'; set it to a number"):
        read(path)


def test_uuids_and_bytes_are_one_id_in_any_column(tmp_path: Path) -> None:
    ids = [uuid.UUID(int=7 + k) for k in range(2)]
    columns = {"source": ids, "target": [str(one) for one in ids[::-1]], "time": [1_600_000_000, 1_600_100_000]}
    assert len(read(pd.DataFrame(columns)).names) == 2
    packed = pa.array([one.bytes for one in ids], pa.uuid())
    pq.write_table(pa.table({**columns, "source": packed}), tmp_path / "uuid.parquet")
    assert list(read(tmp_path / "uuid.parquet").names) == [str(ids[0]), str(ids[1])]
    pq.write_table(pa.table({**columns, "source": packed.cast(pa.binary(16))}), tmp_path / "bytes.parquet")
    assert read(tmp_path / "bytes.parquet").names[0] == ids[0].hex


def test_lost_letters_are_noted() -> None:
    log = pd.DataFrame({"source": ["M\ufffdller"], "target": ["Ann"], "time": [1_600_000_000]})
    assert any("letters that a conversion lost" in note.text for note in read(log).notes)


@pytest.mark.parametrize(
    ("form", "conversion"),
    [("%d%m%Y", "%d%m%Y"), ("%m%d%Y", "%m%d%Y"), ("%y%m%d", "%y%m%d"), ("%Y%m%d%H%M%S123", "%Y%m%d%H%M%S%f")],
)
def test_dates_without_marks_are_refused_with_their_form(form: str, conversion: str) -> None:
    log = events([f"u{k}" for k in range(12)])
    log["time"] = pd.to_datetime(log["time"], unit="s").dt.strftime(form).astype(int)
    with pytest.raises(LogError, match=f'format="{conversion}"'):
        read(log, now=NOW)


def test_times_in_a_doubtful_unit_are_refused_or_noted() -> None:
    log = events([f"u{k}" for k in range(12)])
    with pytest.raises(LogError, match="looks like hours since 1970"):
        read(log.assign(time=log["time"] // 3_600), now=NOW)
    with pytest.raises(LogError, match=r"Excel days since 1904.*Excel days|Excel.*since 1904"):
        read(log.assign(time=log["time"] / 86_400 + 24_107), now=NOW)
    for changed in (log["time"] // 60, log["time"] - 978_307_200):
        assert any("read as seconds" in note.text for note in read(log.assign(time=changed), now=NOW).notes)
    few = log.assign(time=log["time"] // 86_400).head(10)
    assert any("days since 1970" in note.text for note in read(few, now=NOW).notes)


@pytest.mark.parametrize(
    ("form", "advice"),
    [
        ("%m/%d/%Y %H:%M", "dayfirst=False"),
        ("%d.%m.%Y %H:%M", "dayfirst=True"),
        ("%Y-%m-%d %I:%M:%S %p", 'format="mixed", utc'),
    ],
)
def test_advice_for_dates_keeps_day_and_month(tmp_path: Path, form: str, advice: str) -> None:
    truth = events([f"u{k}" for k in range(12)])
    log = truth.assign(time=pd.to_datetime(truth["time"], unit="s").dt.strftime(form))
    with pytest.raises(LogError) as refused:
        read(as_csv(tmp_path, log), now=NOW)
    assert advice in str(refused.value)
    log["time"] = eval(str(refused.value).rpartition("in pandas: ")[2].removesuffix("."), {"pandas": pd, "log": log})
    assert np.abs(read(log, now=NOW).time - truth["time"]).max() < 61


def test_a_first_event_years_before_the_others_is_noted() -> None:
    log = events([f"u{k}" for k in range(12)])
    log.loc[0, "time"] = 315_532_800
    dated = log.assign(time=pd.to_datetime(log["time"], unit="s"))
    assert any("1980-01-01" in note.text for note in read(dated, now=NOW).notes)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_without_a_mark(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "log.csv").write_bytes("source,target,time\n\u7528\u6237,Ann,1600000000\n".encode(encoding))
    assert list(read(tmp_path / "log.csv").names) == ["\u7528\u6237", "Ann"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(gzip.compress(b"source,target,time\na,b,1\n", mtime=0), mtime=0), "compressed twice"),
        (bytes(range(160, 256)) * 4 + b"\n", "binary data"),
        (b"source,target,time", "no rows"),
        (b"source,target,time\na,b\n", "Delete the line"),
        (b"SOURCE,TARGET,TIME\na,b,1\n", "'SOURCE' to source and 'TARGET' to target and 'TIME' to time"),
        ("source,target,time\n\u0418\u0432\u0430\u043d,b,1\n".encode("cp1251"), "cp1251 .'\u0418\u0432\u0430\u043d"),
    ],
)
def test_more_files_that_are_no_log_are_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "log.csv").write_bytes(content)
    with pytest.raises(LogError, match=said):
        read(tmp_path / "log.csv")


def test_two_byte_order_marks(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(b"\xef\xbb\xbf" * 2 + b"source,target,time\na,b,1600000000\n")
    assert len(read(tmp_path / "log.csv")) == 1


def test_a_person_is_found_in_a_locale_without_utf8() -> None:
    assert person_of(["Ann", "用户"], "用户".encode().decode("ascii", "surrogateescape")) == 1


def test_real_logs_are_read_whole() -> None:
    paths = sorted(DATA.glob("*.csv.gz"))
    if not paths:
        pytest.skip(f"{DATA} has no logs")
    events = {path.name: len(read_log(path)) for path in paths}
    assert events["facebook_wall.csv.gz"] == 133_446
    assert events["college_messages.csv.gz"] == 59_798
    assert events["university_email.csv.gz"] == 173_288
