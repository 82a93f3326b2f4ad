"""Times in tables: each form means one moment, and what a file leaves open is guessed with a note or refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.imports.contacts import Choices, Tally, believable
from experiments.imports.dates import TimeColumn
from sim.contact_logs import LogError
from tests.experiments.imports.damaged import BERLIN
from tests.experiments.imports.damaged import UTC as ZONE


def times(texts: list[str], choices: Choices | None = None) -> tuple[list[int | None], list[str]]:
    column, tally = TimeColumn(choices or Choices(zone=ZONE), "the times"), Tally()
    for number, text in enumerate(texts, start=2):
        column.look(text, f"line {number}")
    column.decide(tally, "table.csv")
    seconds = [column.seconds(text) for text in texts]
    column.note_zone(tally)
    return seconds, tally.notes


AT = int(datetime(2023, 4, 5, 15, 4, 6, tzinfo=UTC).timestamp())
MINUTE = AT - 6


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1680707046", AT),
        ("1680707046.789", AT + 1),
        ("1680707046000", AT),
        ("1680707046000000", AT),
        ("1680707046000000000", AT),
        ("20230405", AT - 54_246),
        ("20230405150406", AT),
        ("20230405T150406", AT),
        ("2023-04-05", AT - 54_246),
        ("2023-04-05 15:04:06", AT),
        ("2023-04-05T15:04:06Z", AT),
        ("2023-04-05T15:04:06.000Z", AT),
        ("2023-04-05T17:04:06+02:00", AT),
        ("2023-04-05 17:04:06 +0200", AT),
        ("2023-04-05 15:04:06 UTC", AT),
        ("2023/04/05 15:04:06", AT),
        ("2023/4/5 3:04:06 PM", AT),
        ("2023.04.05. 15:04:06", AT),
        ("2023年4月5日 15:04:06", AT),
        ("2023/04/05 下午3:04:06", AT),
        ("30.04.2023 15:04:06", AT + 25 * 86_400),
        ("30.04.23 15:04", MINUTE + 25 * 86_400),
        ("30.04.2023, 15.04 Uhr", MINUTE + 25 * 86_400),
        ("30/04/2023 3:04 p. m.", MINUTE + 25 * 86_400),
        ("4/30/23, 3:04\u202fPM", MINUTE + 25 * 86_400),
        ("15:04, 30/04/2023", MINUTE + 25 * 86_400),
        ("30-04-2023 15:04:06", AT + 25 * 86_400),
        ("٣٠/٠٤/٢٠٢٣ 15:04", MINUTE + 25 * 86_400),
        ("Wed, 05 Apr 2023 17:04:06 +0200", AT),
        ("Apr 5, 2023 3:04:06 PM", AT),
        ("5 April 2023 15:04:06", AT),
        ("Wed Apr 05 15:04:06 2023", AT),
        ("Wed Apr 05 11:04:06 EDT 2023", AT),
        ("Apr 5, 2023 5:04:06 PM MESZ", AT),
        ("Wed Apr 05 2023 17:04:06 GMT+0200 (Central European Summer Time)", AT),
        ("2023-04-05T15:04:06.1234567Z", AT),
        ("", None),
        ("soon", None),
        ("5 pm", None),
        ("Apr 2023", None),
        ("Wednesday", None),
        ("5", None),
        ("45021.627", None),
        ("1.68071E+12", None),
        ("-1680707046", None),
        ("NaN", None),
        ("30.02.2023", None),
        ("99/99/9999", None),
        ("30.04.2023 25:04", None),
        ("30.04.2023 13:04 pm", None),
        ("30.04.2023 11:04 xx", None),
        ("2023-13-05", None),
        ("2044-04-05", None),
        ("1969-04-05", None),
        ("0001-01-01", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("Apr 5, 2023 5:04 PM IST", None),
        ("9" * 400, None),
        ("(" * 400, None),
    ],
)
def test_a_form_means_one_moment(text: str, seconds: int | None) -> None:
    assert times([text])[0] == [seconds]


def test_summer_and_winter_in_a_zone() -> None:
    texts = ["15.01.2020 12:00", "15.07.2020 12:00", "2020-07-15 12:00", "2020-07-15T12:00Z"]
    seconds, notes = times(texts, Choices(zone=BERLIN))
    assert [each and each % 86_400 // 3_600 for each in seconds] == [11, 10, 10, 12]
    assert notes == []


def test_a_zone_that_was_assumed_is_noted() -> None:
    noted = "There is no time zone in the times, which are read in the zone of this machine; --zone sets another."
    assert noted in times(["2020-07-15 12:00"], Choices())[1]
    assert times(["2020-07-15 12:00Z"], Choices())[1] == []


@pytest.mark.parametrize(
    ("texts", "months", "note"),
    [
        (["05/06/2023", "31/05/2023"], [6, 5], "In dates, the day comes first: line 3 has 31 as its first number."),
        (["05/06/2023", "05/31/2023"], [5, 5], "In dates, the month comes first: line 3 has 31 as its second number."),
        (["05/05/2023", "05/06/2023", "04/07/2023"], [5, 6, 7], "In dates, the day comes first: otherwise, 1 of them"),
        (["04/07/2023", "05/06/2023", "05/05/2023"], [7, 6, 5], "In dates, the day comes first: otherwise, 1 of them"),
        (
            ["01/02/2023", "01/09/2023", "02/01/2023"],
            [1, 1, 2],
            "In dates, the month comes first: otherwise, 1 of them",
        ),
        (["05.06.2023", "06.06.2023"], [6, 6], ""),
        (["05/05/2023", "06/06/2023"], [5, 6], ""),
        (["99/99/2023", "05/06/2023", "31/05/2023"], [None, 6, 5], "In dates, the day comes first: line 4 has 31"),
        (["31/12/23", "05/06/23"], [12, 6], "In dates, the day comes first: line 2 has 31"),
        (["23/12/31", "22/06/30"], [12, 6], ""),
    ],
)
def test_the_order_of_day_and_month(texts: list[str], months: list[int | None], note: str) -> None:
    seconds, notes = times(texts)
    assert [each and datetime.fromtimestamp(each, UTC).month for each in seconds] == months
    assert len(notes) == bool(note)
    assert "".join(notes).startswith(note)


@pytest.mark.parametrize(
    "texts", [["05/06/2023"], ["05-06-2023", "05-07-2023"], ["31/05/2023", "05/31/2023", "01/02/2023"]]
)
def test_an_order_that_nothing_shows_must_be_given(texts: list[str]) -> None:
    with pytest.raises(LogError, match=r"table.csv, line \d: the date may begin.*Add --day-first or --month-first"):
        times(texts)
    for first, month in ((True, 6), (False, 5)):
        seconds, notes = times(["05/06/2023"], Choices(day_first=first, zone=ZONE))
        assert seconds[0] is not None
        assert datetime.fromtimestamp(seconds[0], UTC).month == month
        assert notes == []


def test_one_unit_for_all_numbers() -> None:
    """The one of most of them; others would be other dates, so they are impossible."""
    seconds, notes = times(["1680707046000", "1680707047000", "1680707046"])
    assert seconds == [AT, AT + 1, None]
    assert notes == ["The numbers in the times are taken for milliseconds since 1970, by their size."]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("0123456789/.,-:[] apmTZ+年AprUTC٣\u202f()", max_size=30), max_size=4))
def test_no_text_ends_in_another_error(texts: list[str]) -> None:
    try:
        seconds, _ = times(texts)
    except LogError:
        return
    assert all(each is None or believable(each) for each in seconds)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.datetimes(datetime(2015, 1, 1), datetime(2025, 1, 1)), min_size=1, max_size=8), st.booleans())
def test_a_guess_is_never_wrong_for_dates_in_sequence(moments: list[datetime], day_first: bool) -> None:
    """Sorted dates are read as they were written, or not at all, if they say anything."""
    moments.sort()
    form = "%d/%m/%Y %H:%M" if day_first else "%m/%d/%Y %H:%M"
    try:
        seconds, notes = times([moment.strftime(form) for moment in moments])
    except LogError:
        return
    if any("out of sequence" in note for note in notes):
        return  # a guess, and said to be one
    assert seconds == [int(moment.replace(second=0, microsecond=0, tzinfo=UTC).timestamp()) for moment in moments]
