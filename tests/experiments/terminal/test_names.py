"""Names of users outside of figures: shown whole, in any code page, in files' names, in CSV; and closed pipes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import cli
from experiments.terminal.names import (
    LONGEST_FILE_NAME,
    as_csv,
    command_line,
    distinct_endings,
    file_name,
    legible_output,
    private,
    shortened,
    visible,
    warn_in_words,
    write_csv,
)
from tests.conftest import ROOT

CODE_PAGES = ("latin-1", "ascii", "cp437", "cp1252", "utf-8")


# Shown ---------------------------------------------------------------------------------------------------------------


@given(name=st.text(st.characters(exclude_categories=("C", "Z"))))
def test_what_can_be_seen_is_shown_as_it_is(name: str) -> None:
    assert visible(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\x1b[31mb", r"a\x1b[31mb"), ("one\ntwo\tthree\r", r"one\ntwo\tthree\r"), ("x\u202ey", r"x\u202ey"),
     ("\udce9", r"\udce9"), ("\x9b2J", r"\x9b2J"), ("Zoë 中 😀 मी", "Zoë 中 😀 मी"), ("\U000e0001", r"\udb40\udc01")],
)  # fmt: skip
def test_invisible_characters_are_escaped(name: str, shown: str) -> None:
    assert visible(name) == shown


@given(text=st.text(), most=st.integers(1, 40))
def test_a_shortened_text_keeps_both_ends(text: str, most: int) -> None:
    said = shortened(text, most)
    assert len(said) <= most
    assert said == text or (said.count("…") > text.count("…") - len(text) and text.startswith(said.partition("…")[0]))


# Code pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", CODE_PAGES)
@given(text=st.text())
def test_any_text_can_be_written_in_any_code_page(encoding: str, text: str) -> None:
    before = sys.stdout
    sys.stdout = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="")
    try:
        with legible_output():
            print(text, end="")
        said = sys.stdout.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    finally:
        sys.stdout = before
    for character in text:
        try:
            assert character.encode(encoding).decode(encoding) in said
        except UnicodeEncodeError:
            assert character not in said


@pytest.mark.parametrize("encoding", CODE_PAGES)
def test_json_stays_what_it_was_in_any_code_page(encoding: str) -> None:
    names = ["Zoë", "中文", "😀", "\udce9"]
    said = json.dumps(names, ensure_ascii=False)
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdout", out)
        with legible_output():
            print(said)
    assert json.loads(out.buffer.getvalue().decode(encoding)) == names  # type: ignore[attr-defined]


@pytest.mark.parametrize("encoding", CODE_PAGES)
@pytest.mark.parametrize("arguments", [["explain", "memory_decay"], ["explain"], ["explain", "größe→"], ["--help"]])
def test_commands_speak_in_any_code_page(
    encoding: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == (2 if arguments[-1].startswith("g") else 0)
    for stream in streams.values():
        stream.flush()
    said = b"".join(stream.buffer.getvalue() for stream in streams.values())  # type: ignore[attr-defined]
    assert said.decode(encoding).strip()
    assert b"Traceback" not in said
    assert rb"\u2500" not in said  # boxes become lines of hyphens


# Closed pipes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["schema", "explain"])  # one prints, the other draws a table
def test_a_closed_pipe_ends_quietly(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "experiments.cli", command], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert ended.returncode in (0, 141)
    assert ended.stderr == b""


# Files' names --------------------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(name=st.text(min_size=1, max_size=300), other=st.text(min_size=1, max_size=300))
def test_any_name_is_that_of_a_file(name: str, other: str) -> None:
    said = file_name(name)
    assert Path(said).name == said
    assert 0 < len(os.fsencode(said)) <= LONGEST_FILE_NAME
    assert said[0] not in "-. "
    assert said[-1] not in ". "
    assert not set(said) & set('/\\:*?"<>|\n\0')
    assert (file_name(other) == said) == (other == name) or len(name) > 50


@pytest.mark.parametrize("name", ["CON", "nul", "com1.txt", "..", ".", "-rf", "a/b", "../../x", "x" * 400, "中" * 200])
def test_names_that_systems_keep_for_themselves_are_not_used(name: str, tmp_path: Path) -> None:
    said = file_name(name)
    assert said.split(".")[0].upper() not in {"CON", "NUL", "COM1"}
    (tmp_path / f"forecast-{said}.csv").write_text("")
    assert [path.parent for path in tmp_path.rglob("*")] == [tmp_path]


def test_a_plain_name_stays() -> None:
    assert [file_name(name) for name in ("ann", "Zoë", "a.b-c_1")] == ["ann", "Zoë", "a.b-c_1"]


# CSV -----------------------------------------------------------------------------------------------------------------

FORMULAS = [
    "=1+1",
    "@SUM(A1)",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
    '=LINK("x")',
    "-x",
    "@ann",
]
HARMLESS = ["+491705550001", "+49 170 5550001", "-0.5", "ann", "a=b", "", "'quoted", "007", "1e5", "-1.5e-3"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_made_harmless_wherever_it_stands(text: str) -> None:
    table = pd.DataFrame({text: [text], "number": [-0.5]}, index=pd.Index([text], name=text))
    text = text.replace("\r", r"\r")
    read = pd.read_csv(io.StringIO(as_csv(table)), dtype={f"'{text}": str})
    assert list(read.columns[:2]) == [f"'{text}", f"'{text}.1"] or read.columns[0] == f"'{text}"
    assert read.iloc[0, 0] == read.iloc[0, 1] == f"'{text}"
    assert read["number"].tolist() == [-0.5]


@pytest.mark.parametrize("text", HARMLESS)
def test_telephone_numbers_and_the_like_are_read_back_as_they_were(text: str) -> None:
    table = pd.DataFrame({"id": [text], "value": [-1.25]})
    read = pd.read_csv(io.StringIO(as_csv(table, index=False)), dtype={"id": str}, keep_default_na=False)
    pd.testing.assert_frame_equal(read, table, check_dtype=False)


@given(text=st.text(min_size=1))
def test_no_text_begins_like_a_formula(text: str) -> None:
    cell = as_csv(pd.DataFrame({"id": [text]}), index=False).removeprefix("id\n").lstrip('"')
    assert cell[:1] not in ("=", "@", "\t", "\r")
    assert cell[:1] not in ("+", "-") or set(cell.strip()[1:]) <= set("0123456789 .eE+-")


def test_whole_numbers_and_truth_beside_missing_cells_stay_what_they_are() -> None:
    table = pd.DataFrame({"a": [30, None], "b": [True, None], "c": ["=x", pd.NA]}, dtype=object)
    assert as_csv(table, index=False) == "a,b,c\n30,True,'=x\n,,\n"


def test_written_csv_is_utf_8_and_the_table_stays(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": ["=1", "Zoë", "a\nb", "c\rd"]})
    write_csv(table, tmp_path / "x.csv", index=False)
    assert (tmp_path / "x.csv").read_bytes().decode() == 'id\n\'=1\nZoë\n"a\nb"\nc\\rd\n'
    assert table["id"].tolist() == ["=1", "Zoë", "a\nb", "c\rd"]


# Paths of the user ---------------------------------------------------------------------------------------------------


def test_a_home_folder_is_left_out_wherever_it_stands(home: Path) -> None:
    said = {"error": f"No file '{home}/x.csv'.", "list": [f"{home}", 1, None], f"{home}/key": f"{home}by/x"}
    assert private(said) == {"error": "No file '~/x.csv'.", "list": ["~", 1, None], "~/key": f"{home}by/x"}


@pytest.mark.skipif(os.name == "nt", reason="is for a POSIX shell")
def test_a_command_of_the_metadata_means_the_same_in_the_same_folder(home: Path) -> None:
    words = ["sweep", f"{home}/my files/a.toml", f"{home}/desk/b.toml", f"--results={home}/out", "x y"]
    words += ["--set", f"world.log={home}/$1.csv"]
    line = command_line(words)
    assert "ann" not in line
    echoed = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True, env={**os.environ}
    ).stdout.splitlines()
    assert [os.path.abspath(one) if one == "b.toml" else one for one in echoed[1:]] == words


def test_whose_week_it_is_stays_out_of_metadata_unless_ids_are_shown() -> None:
    for option in (["--person", "ann"], ["--person=ann"]):
        assert "ann" not in command_line(["forecast", "log.csv", *option])
        assert "ann" in command_line(["forecast", "log.csv", *option, "--ids"])


# Commands ------------------------------------------------------------------------------------------------------------

TINY = """\
world = { people = 30, burn_in_years = 0 }
run = { strategy_days = 3, follow_up_days = 0, adopters = 3 }
[sweep]
strategies = ["wait", "check_in"]
replicates = 1
[sweep.rows."[/b] off"]
parameters.answer_openness = 0.2
[sweep.rows."costs $5^ not $6^ :smile:"]
parameters.answer_openness = 0.5
[sweep.rows."Zoë \\u001b[31m line\\n2"]
parameters.answer_openness = 0.8
"""


def test_names_of_rows_are_printed_as_written(
    config: Path, rekindle: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(TINY, encoding="utf-8")
    for arguments in (["sweep", config, "--processes", "1"], ["status", "tiny"], ["plan", config, "--time", "0"],
                      ["results", "tiny"], ["results", "tiny", "SELECT DISTINCT row FROM runs"]):  # fmt: skip
        ended = rekindle(*arguments)
        assert ended.code == 0, ended.err
        said = " ".join(ended.out.split())
        for name in (
            () if arguments[0] == "sweep" else ("[/b] off", "costs $5^ not $6^ :smile:", r"Zoë \x1b[31m line\n2")
        ):
            assert name in said, (arguments, name)
        assert "\x1b" not in ended.out + ended.err


def test_warnings_of_a_command_are_sentences_without_source(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = warnings.formatwarning
    monkeypatch.setattr(warnings, "formatwarning", usual)  # put back afterwards
    warn_in_words()
    assert warnings.formatwarning(UserWarning("The kept world is damaged."), UserWarning, "worlds.py", 93) == (
        "The kept world is damaged.\n"
    )
    old = warnings.formatwarning(DeprecationWarning("old"), DeprecationWarning, "other.py", 3)
    assert old == usual(DeprecationWarning("old"), DeprecationWarning, "other.py", 3)


@pytest.mark.parametrize(
    ("paths", "short"),
    [
        (
            ["parameters.ease", "gestures.like.noticed", "gestures.note.noticed"],
            ["ease", "like.noticed", "note.noticed"],
        ),
        (["parameters.ease", "world.parameters.ease"], ["parameters.ease", "world.parameters.ease"]),
        (["a.x", "b.x", "b.y"], ["a.x", "b.x", "y"]),
    ],
)
def test_a_path_is_as_short_as_tells_it_from_the_others(paths: list[str], short: list[str]) -> None:
    """Even if it is the end of another, as a parameter of runs is of the same one of worlds."""
    assert distinct_endings(paths) == short
