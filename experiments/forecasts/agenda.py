"""A week's plan to take along: a calendar file, and a sheet of paper."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

import jinja2
import pandas as pd

EVENING = time(18, 0)  # of the phone's own time zone, wherever that is
_WEEK = 7  # days over which gestures are spread
_LEAST_MINUTES = 5  # that an entry takes, so that it can be seen
_APART = 30  # minutes between two entries of one evening
_MEANS = {
    "like": "Like something of theirs",
    "comment": "Comment on something of theirs",
    "message": "Write a message",
    "note": "Send a note by post",
    "call": "Call",
}


def who(row: pd.Series | Mapping[Hashable, Any]) -> str:
    """What the other person is called: the name or else the id, if the plan has these; otherwise the tie's number."""
    return next((str(row[title]) for title in ("name", "id") if title in row), f"tie {row['tie']}")


def what(row: pd.Series) -> str:
    """The gesture in words."""
    return _MEANS.get(str(row["gesture"]), str(row["gesture"]).capitalize())


def calendar(plan: pd.DataFrame, first: date, *, name: str) -> bytes:
    """The gestures of a plan as entries of a calendar (iCalendar, RFC 5545), spread evenly over seven evenings.

    Times have no zone, so that they are in the evening wherever the phone is. The same plan gives the same file.

    Args:
        plan: as in `experiments.forecasts.week.Week`, perhaps without ids.
        first: the first day.
        name: of the log, which tells entries of two logs apart.
    """
    from icalendar import Calendar, Event  # only needed here, and takes a tenth of a second to load

    found = Calendar()
    found.add("prodid", "-//Rekindle//plan-week//EN")
    found.add("version", "2.0")
    days = [place * _WEEK // max(len(plan), 1) for place in range(len(plan))]
    for place, (_, row) in enumerate(plan.iterrows()):
        later = timedelta(days=days[place], minutes=_APART * days[:place].count(days[place]))
        begins = datetime.combine(first, EVENING) + later
        entry = Event()
        key = hashlib.sha256(f"{name} {row['tie']} {first}".encode()).hexdigest()[:16]
        entry.add("uid", f"{key}@rekindle")
        entry.add("dtstamp", datetime.combine(first, time()))
        entry.add("dtstart", begins)
        entry.add("dtend", begins + timedelta(minutes=max(_LEAST_MINUTES, math.ceil(row["minutes"]))))
        entry.add("summary", f"{what(row)}: {who(row)}")
        entry.add("description", f"Silent for {row['silent_days']:,} days, {row['contacts']:,} contacts before.")
        found.add_component(entry)
    return bytes(found.to_ical())


def sheet(plan: pd.DataFrame, notes: Sequence[str], first: date) -> str:
    """A plan on one page of HTML that prints on A4 or Letter, with a box to tick for each gesture.

    Args:
        plan: as in `experiments.forecasts.week.Week`, perhaps without ids.
        notes: sentences on what the plan rests on.
        first: the first day of the week.
    """
    rows = [
        {
            "who": who(row),
            "what": what(row),
            "last": row["last_contact"] or "",
            "silent": f"{row['silent_days']:,} days",
            "contacts": f"{row['contacts']:,}",
            "minutes": f"{row['minutes']:g}",
        }
        for _, row in plan.iterrows()
    ]
    source = files("experiments.forecasts").joinpath("sheet.html.jinja").read_text("utf-8")
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    total = f"{plan['minutes'].sum():g}" if len(plan) else "0"
    return template.render(rows=rows, notes=notes, first=f"{first.day} {first:%B %Y}", total=total)
