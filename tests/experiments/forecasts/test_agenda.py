"""A plan to take along: entries of a calendar that other programs read, and a page of paper."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import icalendar
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.forecasts.agenda import EVENING, calendar, sheet
from experiments.forecasts.values import read_values
from sim.contact_logs import LogError

FIRST = date(2026, 3, 2)


def plan(ties: int, *, ids: bool = True) -> pd.DataFrame:
    rows = [
        {
            "tie": k, "id": f"Ann <{k}> & Söhne", "last_contact": "2025-01-02", "contacts": 12,
            "silent_days": 1_000 + k,
            "gesture": ("like", "message", "wave")[k % 3], "minutes": (0.1, 3.0, 12.5)[k % 3],
        }
        for k in range(ties)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["tie", "id", "last_contact", "silent_days", "contacts", "gesture", "minutes"])
    return table if ids else table.drop(columns="id")


@given(st.integers(0, 25))
def test_each_gesture_is_an_entry_of_one_of_seven_evenings(ties: int) -> None:
    entries = icalendar.Calendar.from_ical(calendar(plan(ties), FIRST, name="log")).walk("VEVENT")
    assert len(entries) == ties
    begins = [entry["dtstart"].dt for entry in entries]
    assert begins == sorted(begins)
    assert len(set(begins)) == ties, "no two at once"
    assert all(FIRST <= one.date() <= FIRST + timedelta(days=6) for one in begins)
    assert all(one.tzinfo is None and one.time() >= EVENING for one in begins)
    assert all(entry["dtend"].dt - entry["dtstart"].dt >= timedelta(minutes=5) for entry in entries)
    assert len({str(entry["uid"]) for entry in entries}) == ties
    if ties >= 7:
        assert len({one.date() for one in begins}) == 7


def test_the_same_plan_is_the_same_file_and_names_are_only_there_if_the_plan_has_them() -> None:
    named, hidden = (calendar(plan(4, ids=ids), FIRST, name="log") for ids in (True, False))
    assert named == calendar(plan(4), FIRST, name="log")
    summaries = [str(entry["summary"]) for entry in icalendar.Calendar.from_ical(named).walk("VEVENT")]
    assert summaries[:3] == [
        "Like something of theirs: Ann <0> & Söhne", "Write a message: Ann <1> & Söhne", "Wave: Ann <2> & Söhne"
    ]  # fmt: skip
    assert b"hne" not in hidden
    assert b"tie 3" in hidden


def test_a_page_has_a_row_for_each_gesture_and_escapes_what_people_are_called() -> None:
    page = sheet(plan(3), ["One <note>."], FIRST)
    assert page.count('class="box"') == 3 + 0
    assert "Ann &lt;0&gt; &amp; Söhne" in page
    assert "From 2 March 2026: 3 small gestures, 15.6 minutes." in page
    assert "One &lt;note&gt;." in page
    assert "http" not in page, "nothing is loaded from elsewhere"
    assert "hne" not in sheet(plan(3, ids=False), [], FIRST)
    assert "0 small gestures, 0 minutes" in sheet(plan(0), [], FIRST)


def test_values_are_read_by_id(tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    path.write_text("id,value,why\n  Ann ,3,trust\nBen,0,\n", encoding="utf-8")
    assert read_values(path, {"Ann", "Ben", "Cem"}) == {"Ann": 3.0, "Ben": 0.0}


def test_values_may_have_the_semicolons_and_decimal_commas_of_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    path.write_text("id;value;why\nAnn, the first;2,5;trust, and more\n", encoding="utf-8-sig")
    assert read_values(path, {"Ann, the first"}) == {"Ann, the first": 2.5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,worth\nAnn,1\n", "line 1: there is no column value"),
        ("id,value\nZoe,1\n", "line 2: the log has no person with this id"),
        ("id,value\nAnn,1\nAnn,2\n", "line 3: this id has a value in a line above"),
        ("id,value\nAnn,much\n", "line 2: the value 'much' is not a number from 0 to 1,000"),
        ("id,value\nAnn,-1\n", "is not a number from 0 to 1,000"),
        ("id,value\nAnn,nan\n", "is not a number from 0 to 1,000"),
        ("id,value\nAnn\n", "is not a number from 0 to 1,000"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "values.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LogError, match=said) as refused:
        read_values(path, {"Ann"})
    assert "Zoe" not in str(refused.value)
